"""The command line. Commands of the other packages join by the entry points `sidedoor.commands`."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sidedoor.analyzer import Analyzer
from sidedoor.errors import InputError, MissingExtraError, SidedoorError
from sidedoor.model_folder import DEFAULT
from sidedoor.policy import DEFAULT as DEFAULT_POLICY
from sidedoor.policy import Policy
from sidedoor.rows import STANDARD, Rows, written_whole

EXIT_ERROR: Final = 2

app = typer.Typer(
    name="sidedoor",
    help="Tells side-door invitations from talk about the rules and from work details.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

ModelOption = Annotated[
    Path, typer.Option("--model", help="Model folder; the shipped one by default.")
]
PolicyOption = Annotated[Path, typer.Option("--policy", help="Policy file (YAML).")]


@app.command()
def analyze(
    source: Annotated[
        str, typer.Argument(metavar="IN", help="JSONL file, or - for standard input.")
    ],
    output: Annotated[
        str,
        typer.Option("-o", "--output", metavar="OUT", help="JSONL file, or - for standard output."),
    ] = STANDARD,
    model: ModelOption = DEFAULT,
    policy: PolicyOption = DEFAULT_POLICY,
    text: Annotated[
        bool, typer.Option("--text", help="IN holds plain text, a message a line.")
    ] = False,
    skip_errors: Annotated[
        bool, typer.Option("--skip-errors", help="Pass over malformed rows and count them.")
    ] = False,
) -> None:
    """Analyses messages: one output row a message, in the same order."""
    analyzer = Analyzer.load(model, policy=Policy.load(policy))
    rows = Rows(source, text=text, skip_errors=skip_errors)
    console = Console(stderr=True)
    with written_whole(output) as file, _progress(console, source) as advance:
        for analysis in analyzer.analyze_many(rows):
            file.write(json.dumps(analysis.to_dict(), ensure_ascii=False) + "\n")
            advance()
    skipped = f", {rows.skipped} malformed rows passed over" if skip_errors else ""
    console.print(f"{rows.read} messages analysed{skipped}", highlight=False)


@app.command()
def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; 127.0.0.1 by default.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 8000 by default.")] = None,
    model: Annotated[
        Path | None, typer.Option(help="Model folder; the shipped one by default.")
    ] = None,
    policy: Annotated[Path | None, typer.Option(help="Policy file (YAML).")] = None,
    no_auth: Annotated[
        bool, typer.Option("--no-auth", help="Ask for no API key, on a public address too.")
    ] = False,
) -> None:
    """Starts the HTTP API and the playground; see docs/operations.md for all its settings."""
    try:
        from sidedoor.api.server import run
        from sidedoor.api.settings import load_settings
    except ImportError as error:
        raise MissingExtraError("api", error.name or "fastapi") from None
    run(load_settings(host=host, port=port, model=model, policy=policy), no_auth=no_auth)


def main() -> None:
    """Runs the command line; an expected error becomes one line and exit code 2."""
    _join_commands()
    try:
        app()
    except SidedoorError as error:
        print(f"sidedoor: {error}", file=sys.stderr)
        raise SystemExit(EXIT_ERROR) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(0) from None


def _join_commands() -> None:
    for entry in sorted(entry_points(group="sidedoor.commands"), key=lambda entry: entry.name):
        joined: typer.Typer = entry.load()
        app.registered_commands.extend(joined.registered_commands)
        app.registered_groups.extend(joined.registered_groups)


@contextmanager
def _progress(console: Console, source: str) -> Iterator[Callable[[], None]]:
    """A progress bar on the terminal; its total is the number of the file's lines."""
    total = None
    if source != STANDARD:
        try:
            with Path(source).open("rb") as file:
                total = sum(1 for line in file if line.strip())
        except OSError as error:
            raise InputError(f"{source} can't be read: {error.strerror}") from None
    columns = (
        TextColumn("analysing"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("analysing", total=total)
        yield lambda: progress.advance(task)
