"""The commands `sidedoor train` and `sidedoor corpus …`; heavy imports wait for the call."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sidedoor.errors import InputError, MissingExtraError
from sidedoor.rows import STANDARD, written_whole

app = typer.Typer()
corpus_app = typer.Typer(
    help="Checks, counts and shows the training messages.", no_args_is_help=True
)
app.add_typer(corpus_app, name="corpus")

FolderArgument = Annotated[Path, typer.Argument(help="Folder of the corpus.")]
_CORPUS = Path("training/corpus")


@app.command()
def train(
    recipe: Annotated[Path, typer.Argument(help="Recipe (YAML), such as configs/small.yaml.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder of the run; artifacts/NAME by default."),
    ] = None,
    resume: Annotated[bool, typer.Option(help="Go on from the run's last state.")] = False,
) -> None:
    """Trains a model by a recipe.

    A recipe with teachers (distillation) makes a smaller model learn from larger ones.
    """
    try:
        from sidedoor_training.fine_tuning import fine_tune
    except ImportError as error:
        raise MissingExtraError("train", error.name or "torch") from None
    folder = output or Path("artifacts") / recipe.stem
    checkpoint = fine_tune(recipe, folder, resume=resume)
    Console().print(f"best checkpoint: {checkpoint}", highlight=False, soft_wrap=True)


@app.command()
def average(
    checkpoints: Annotated[list[Path], typer.Argument(help="Checkpoints, two or more.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Checkpoint to write.")],
) -> None:
    """Averages the weights of checkpoints that went on from the same one."""
    try:
        from sidedoor_training.averaging import average as average_weights
    except ImportError as error:
        raise MissingExtraError("train", error.name or "torch") from None
    average_weights(checkpoints, output)
    Console().print(f"average of {len(checkpoints)}: {output}", highlight=False, soft_wrap=True)


@corpus_app.command()
def check(
    folder: FolderArgument = _CORPUS,
    labels: Annotated[
        Path | None, typer.Option(help="Label file (YAML); the project's own by default.")
    ] = None,
) -> None:
    """Finds broken markup, unknown labels, near-duplicates and leaks between the splits."""
    from sidedoor_training.checks import check_corpus

    problems = check_corpus(folder, labels)
    console = Console()
    for problem in problems:
        console.print(problem, highlight=False, markup=False, soft_wrap=True)
    if problems:
        console.print(f"{len(problems)} problems", style="bold red")
        raise typer.Exit(2)
    console.print("no problems found", style="green")


@corpus_app.command()
def similar(
    folder: FolderArgument = _CORPUS,
    at_least: Annotated[
        float, typer.Option(help="Lowest cosine that is shown.", min=0.5, max=1.0)
    ] = 0.9,
) -> None:
    """Lists messages that say nearly the same in other words, by embeddings."""
    try:
        from sidedoor_training.similarity import alike
    except ImportError as error:
        raise MissingExtraError("train", error.name or "torch") from None
    console = Console(highlight=False, markup=False, soft_wrap=True)
    found = alike(folder, at_least)
    for pair in found:
        across = "" if pair.first.split == pair.second.split else "  across splits"
        console.print(f"{pair.cosine:.3f}  {pair.first.id}  {pair.second.id}{across}")
    console.print(f"{len(found)} pairs")


@corpus_app.command()
def stats(folder: FolderArgument = _CORPUS) -> None:
    """Shows what the corpus covers."""
    from sidedoor_training.statistics import tables

    for table in tables(folder):
        Console().print(table)


@corpus_app.command()
def gold(
    folder: FolderArgument = _CORPUS,
    split: Annotated[str, typer.Option(help="train, validation or test.")] = "test",
    output: Annotated[str, typer.Option("-o", "--output", help="JSONL file, or -.")] = STANDARD,
) -> None:
    """Writes a split as labelled messages, for `sidedoor evaluate`."""
    try:
        from sidedoor_training.gold import gold_row
    except ImportError as error:
        raise MissingExtraError("train", error.name or "Faker") from None
    from sidedoor_training.corpus import SPLITS, read_corpus

    if split not in SPLITS:
        raise InputError(f"--split must be one of {', '.join(SPLITS)}")
    with written_whole(output) as file:
        for row in read_corpus(folder, [split]):
            file.write(json.dumps(gold_row(row), ensure_ascii=False) + "\n")


@corpus_app.command()
def show(
    folder: FolderArgument = _CORPUS,
    count: Annotated[int, typer.Option("-n", help="How many rows.")] = 10,
    seed: Annotated[
        int, typer.Option(help="Seed of the choice, the values and the disguises.")
    ] = 1,
) -> None:
    """Shows rows as they are trained on: values refilled, some disguised."""
    try:
        from sidedoor_training.preview import preview
    except ImportError as error:
        raise MissingExtraError("train", error.name or "Faker") from None
    for line in preview(folder, count, seed):
        Console().print(line, highlight=False, markup=False, soft_wrap=True)
