"""The command `sidedoor evaluate`; heavy imports wait for the call."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from sidedoor.analyzer import Analyzer
from sidedoor.errors import MissingExtraError
from sidedoor.model_folder import DEFAULT
from sidedoor.rows import written_whole

app = typer.Typer()


@app.command()
def evaluate(
    gold: Annotated[str, typer.Argument(metavar="GOLD.jsonl", help="Labelled messages.")],
    model: Annotated[Path, typer.Option("--model", help="Model folder.")] = DEFAULT,
    json_file: Annotated[
        str | None,
        typer.Option(
            "--json", metavar="FILE", help="Write the figures as JSON; - for standard output."
        ),
    ] = None,
) -> None:
    """Scores a model on labelled messages: intents, spans, false flags."""
    try:
        from sidedoor_evaluation import metrics
        from sidedoor_evaluation.display import tables
    except ImportError as error:
        raise MissingExtraError("eval", error.name or "scikit-learn") from None
    from sidedoor_evaluation.gold import read_gold

    analyzer = Analyzer.load(model)
    intents = [intent.name for intent in analyzer.config.intents]
    types = analyzer.config.pii_types
    rows = read_gold(gold, intents, types)
    analyses = list(
        track(
            analyzer.analyze_many(row.message for row in rows),
            description="evaluating",
            total=len(rows),
            console=Console(stderr=True),
            transient=True,
        )
    )
    evaluation = metrics.evaluate(rows, analyses, intents, types)
    if json_file is not None:
        with written_whole(json_file) as file:
            json.dump(evaluation.to_dict(), file, indent=2)
            file.write("\n")
    if json_file != "-":
        for table in tables(evaluation):
            Console().print(table)


@app.command()
def card(
    evaluation: Annotated[
        Path, typer.Argument(metavar="FIGURES.json", help="What `evaluate --json` wrote.")
    ],
    model: Annotated[Path, typer.Option("--model", help="Model folder.")] = DEFAULT,
) -> None:
    """Writes the model card into the model folder."""
    from sidedoor_evaluation.card import write_card

    Console().print(str(write_card(model, evaluation)), highlight=False, soft_wrap=True)
