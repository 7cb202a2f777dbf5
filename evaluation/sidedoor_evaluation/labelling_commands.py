"""The commands `sidedoor sample` and `sidedoor labels …`: to labelling tools and back."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import track

from sidedoor import Analyzer
from sidedoor.errors import InputError
from sidedoor.model_folder import DEFAULT, read_config
from sidedoor.policy import ALLOW_ALL
from sidedoor.rows import STANDARD, Rows, written_whole

app = typer.Typer()
labels_app = typer.Typer(
    help="Takes messages to Label Studio or doccano, and back.", no_args_is_help=True
)

Tool = Literal["label-studio", "doccano"]
ToolOption = Annotated[Tool, typer.Option("--to", help="label-studio or doccano.")]
OutputOption = Annotated[str, typer.Option("-o", "--output", help="File to write, or -.")]
ModelOption = Annotated[Path, typer.Option("--model", help="Model folder.")]


@app.command()
def sample(
    log: Annotated[str, typer.Argument(metavar="LOG.jsonl", help="Messages, one a line.")],
    count: Annotated[int, typer.Option("-n", help="How many to pick.", min=1)] = 100,
    output: OutputOption = STANDARD,
    model: ModelOption = DEFAULT,
    seed: Annotated[int, typer.Option(help="Seed of the choice.")] = 1,
) -> None:
    """Picks messages worth labelling, with the model's labels to be corrected."""
    from sidedoor_evaluation.sampling import sample as picked

    messages = list(Rows(log))
    if not messages:
        raise InputError(f"{log} holds no messages; give a file with one message a line")
    analyses = track(
        Analyzer.load(model, policy=ALLOW_ALL).analyze_many(messages),
        description="analysing",
        total=len(messages),
        console=Console(stderr=True),
        transient=True,
    )
    _write(output, picked(messages, list(analyses), count, seed))


@labels_app.command(name="export")
def export_(
    source: Annotated[str, typer.Argument(metavar="GOLD.jsonl", help="Labelled messages.")],
    to: ToolOption,
    output: OutputOption = STANDARD,
    proposed: Annotated[
        bool, typer.Option("--proposed", help="Label Studio: labels are to be corrected.")
    ] = False,
) -> None:
    """Writes labelled messages as a labelling tool imports them."""
    from sidedoor_evaluation import doccano, label_studio
    from sidedoor_evaluation.gold import read_gold

    rows = read_gold(source)
    if to == "doccano":
        _write(output, doccano.examples(rows))
        return
    with written_whole(output) as file:
        json.dump(label_studio.tasks(rows, proposed=proposed), file, indent=1, ensure_ascii=False)
        file.write("\n")


@labels_app.command(name="import")
def import_(
    source: Annotated[str, typer.Argument(metavar="EXPORT", help="What the tool exported.")],
    tool: Annotated[Tool, typer.Option("--from", help="label-studio or doccano.")],
    output: OutputOption = STANDARD,
    batch: Annotated[
        str | None,
        typer.Option(metavar="BRIEF", help="Write a batch of the corpus with this brief."),
    ] = None,
    split: Annotated[
        Literal["train", "validation", "test"], typer.Option(help="The batch's split.")
    ] = "train",
) -> None:
    """Reads what a labelling tool exported; writes labelled messages, or a batch to train on."""
    from sidedoor_evaluation import doccano, label_studio
    from sidedoor_evaluation.batch import lines
    from sidedoor_evaluation.gold import gold_row

    found = doccano.read(source) if tool == "doccano" else label_studio.read(Path(source))
    rows = list(found)
    if not rows:
        raise InputError(f"{source} holds no messages; export the project again")
    if batch is None:
        _write(output, rows)
        return
    with written_whole(output) as file:
        for line in lines([gold_row(row) for row in rows], batch, split):
            file.write(line + "\n")


@labels_app.command()
def interface(model: ModelOption = DEFAULT) -> None:
    """Prints Label Studio's labelling interface for the model's labels."""
    from sidedoor_evaluation.label_studio import interface as made

    config = read_config(model)
    print(made([intent.name for intent in config.intents], config.pii_types), end="")


def _write(output: str, rows: Iterable[dict[str, Any]]) -> None:
    with written_whole(output) as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
