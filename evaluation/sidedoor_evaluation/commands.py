"""The commands `sidedoor evaluate`, `calibrate` and `card`; heavy imports wait for the call."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sidedoor.analyzer import Analyzer
from sidedoor.errors import MissingExtraError
from sidedoor.model_folder import DEFAULT, read_config
from sidedoor.policy import ALLOW_ALL
from sidedoor.rows import STANDARD, written_whole
from sidedoor_evaluation import labelling_commands, policy_commands

if TYPE_CHECKING:
    from sidedoor_evaluation.gold import GoldRow
    from sidedoor_evaluation.system import System

app = typer.Typer()
app.add_typer(policy_commands.app, name="policy")
app.add_typer(labelling_commands.labels_app, name="labels")
app.registered_commands.extend(labelling_commands.app.registered_commands)

GoldArgument = Annotated[str, typer.Argument(metavar="GOLD.jsonl", help="Labelled messages.")]
ModelOption = Annotated[Path, typer.Option("--model", help="Model folder.")]


@app.command()
def evaluate(
    gold: GoldArgument,
    model: Annotated[
        list[Path] | None,
        typer.Option("--model", help="Model folder; further ones are compared with the first."),
    ] = None,
    predictions: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Score this output of `analyze`, not the first model."),
    ] = None,
    baseline: Annotated[
        list[str] | None,
        typer.Option(help="Also keywords (the default), presidio, scrubadub; or none."),
    ] = None,
    by: Annotated[list[str] | None, typer.Option(help="Also slice by this field.")] = None,
    robustness: Annotated[
        bool, typer.Option("--robustness", help="Disguise and retype the messages.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a page with charts; disguises too.")
    ] = None,
    mask: Annotated[
        bool, typer.Option("--mask", help="Hide personal data in all texts written.")
    ] = False,
    json_file: Annotated[
        str | None,
        typer.Option("--json", metavar="FILE", help="Write all as JSON; - for standard output."),
    ] = None,
    draws: Annotated[int, typer.Option(help="Bootstrap draws; 0 for none.", min=0)] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of draws, disguises and retyping.")] = 1,
) -> None:
    """Scores a model on labelled messages: intents, spans, false flags, with 95 % intervals."""
    from sidedoor_evaluation.bootstrap import Bootstrap
    from sidedoor_evaluation.display import tables
    from sidedoor_evaluation.run import Wishes, run

    if report is not None:
        _needs_matplotlib()
    wishes = Wishes(Bootstrap(draws, seed), tuple(by or ()), robustness, report is not None, mask)
    names = [name for name in baseline or ["keywords"] if name != "none"]
    rows, systems = _systems(gold, model or [], predictions, names)
    with _progress() as progress:
        outcomes, found = run(gold, rows, systems, wishes, progress)
    if json_file is not None:
        with written_whole(json_file) as file:
            json.dump(found.to_dict(), file, indent=2, ensure_ascii=False, allow_nan=False)
            file.write("\n")
    if report is not None:
        from sidedoor_evaluation.report import write_report

        page = write_report(report, found, outcomes, masked=mask)
        Console(stderr=True).print(f"report: {page}", highlight=False, soft_wrap=True)
    if json_file != STANDARD:
        for table in tables(found):
            Console().print(table)


@app.command()
def calibrate(
    gold: GoldArgument,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Model folder to write; NAME-calibrated by default."),
    ] = None,
    max_false_flags: Annotated[
        float,
        typer.Option(
            help="Largest share of other messages labelled solicit-contact.", min=0, max=1
        ),
    ] = 0.01,
    budget: Annotated[
        list[str] | None,
        typer.Option(metavar="INTENT=SHARE", help="The same for another intent."),
    ] = None,
    model: ModelOption = DEFAULT,
    chart: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw the curve with the point.")
    ] = None,
) -> None:
    """Fits calibration and thresholds to labelled messages; writes a new model folder."""
    from sidedoor_evaluation.gold import read_gold
    from sidedoor_evaluation.recalibration import (
        budgets_of,
        check_new,
        curve_table,
        recalibrate,
        write_recalibrated,
    )

    if chart is not None:
        _needs_matplotlib()
    analyzer = Analyzer.load(model, policy=ALLOW_ALL)
    config = analyzer.config
    budgets = budgets_of(config, max_false_flags, budget or ())
    folder = output or Path(f"{config.name}-calibrated")
    check_new(folder)
    rows = read_gold(gold, [intent.name for intent in config.intents], config.pii_types)
    with _progress() as progress:
        messages = (row.message for row in rows)
        found = progress.track(
            analyzer.analyze_many(messages), total=len(rows), description="analysing"
        )
        analyses = list(found)
    fits = recalibrate(config, rows, analyses, budgets)
    write_recalibrated(model, folder, config, fits)
    for fit in fits:
        Console().print(curve_table(fit))
    if chart is not None:
        from sidedoor_evaluation.charts import save, threshold_curves

        save(threshold_curves(fits, budgets), chart)
    Console().print(f"{folder}: {len(rows)} messages, thresholds renewed", highlight=False)


@app.command()
def card(
    evaluation: Annotated[
        Path, typer.Argument(metavar="FIGURES.json", help="What `evaluate --json` wrote.")
    ],
    model: ModelOption = DEFAULT,
    int8: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", help="`evaluate --json` of --model INT8 --model FLOAT."),
    ] = None,
    speed: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="What the benchmark wrote.")
    ] = None,
    readme: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also renew the table in this file.")
    ] = None,
) -> None:
    """Writes the model card into the model folder, and the README's table, from the figures."""
    from sidedoor_evaluation.card import write_card
    from sidedoor_evaluation.readme import write_table

    console = Console(highlight=False, soft_wrap=True)
    console.print(str(write_card(model, evaluation, int8, speed)))
    if readme is not None:
        console.print(str(write_table(readme, evaluation)))


def _systems(
    gold: str, folders: list[Path], predictions: str | None, baselines: list[str]
) -> "tuple[list[GoldRow], list[tuple[str, System]]]":
    """The gold rows, and the systems with their kinds: the first is the evaluated one."""
    from sidedoor_evaluation import baselines as others
    from sidedoor_evaluation.gold import read_gold
    from sidedoor_evaluation.system import FileSystem, ModelSystem, check_same_labels

    if predictions is None:
        folders = folders or [DEFAULT]
    config = read_config(folders[0] if folders else DEFAULT)
    rows = read_gold(gold, [intent.name for intent in config.intents], config.pii_types)
    systems: list[tuple[str, System]] = []
    if predictions is not None:
        systems.append(("model", FileSystem.read(predictions, rows, config)))
    systems += [("model", model) for model in ModelSystem.load_all(folders)]
    check_same_labels([system for _, system in systems])
    return rows, systems + [("baseline", others.load(name)) for name in baselines]


def _progress() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _needs_matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise MissingExtraError("eval", "matplotlib") from None
