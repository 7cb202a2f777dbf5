"""The command line. Commands of the other packages join by the entry points `sidedoor.commands`."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sidedoor.analyzer import Analyzer
from sidedoor.columns import Columns
from sidedoor.errors import ConfigurationError, InputError, MissingExtraError, SidedoorError
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
ColumnOption = Annotated[
    str, typer.Option(metavar="NAME", rich_help_panel="Columns", help="Its column or JSON key.")
]
RayOption: Final = partial(typer.Option, rich_help_panel="With --engine ray")
PolicyOption = Annotated[Path, typer.Option("--policy", help="Policy file (YAML).")]
SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="IN",
        help="JSONL file, or - for standard input; with Ray also Parquet, CSV and folders.",
    ),
]
OutputOption = Annotated[
    str,
    typer.Option(
        "-o",
        "--output",
        metavar="OUT",
        help="JSONL file, or - for standard output; with Ray a folder.",
    ),
]
EngineOption = Annotated[
    Literal["local", "ray"],
    typer.Option(help="local: this process's threads, in order. ray: see docs/scaling.md."),
]


@app.command()
def analyze(
    source: SourceArgument,
    output: OutputOption = STANDARD,
    model: ModelOption = DEFAULT,
    policy: PolicyOption = DEFAULT_POLICY,
    text: Annotated[
        bool, typer.Option("--text", help="IN holds plain text, a message a line.")
    ] = False,
    skip_errors: Annotated[
        bool, typer.Option("--skip-errors", help="Pass over malformed rows and count them.")
    ] = False,
    text_column: ColumnOption = "text",
    surface_column: ColumnOption = "surface",
    sender_column: ColumnOption = "sender",
    context_column: ColumnOption = "context",
    id_column: ColumnOption = "id",
    engine: EngineOption = "local",
    ray_address: Annotated[
        str | None, RayOption(help="Address of a Ray cluster; this machine by default.")
    ] = None,
    form: Annotated[
        Literal["parquet", "jsonl"] | None,
        RayOption("--format", help="Of the output; parquet by default."),
    ] = None,
    prefix: Annotated[
        str | None, RayOption(help="Put before the names of the analysis' columns.")
    ] = None,
    part_rows: Annotated[
        int | None, RayOption(help="Messages a part, about; 5000 by default.", min=1)
    ] = None,
    actors: Annotated[
        int | None, RayOption(help="Actors; one a core of the cluster by default.", min=1)
    ] = None,
) -> None:
    """Analyses messages: one output row a message."""
    columns = Columns(text_column, surface_column, sender_column, context_column, id_column)
    chosen = {
        "address": ray_address,
        "form": form,
        "prefix": prefix,
        "part_rows": part_rows,
        "actors": actors,
    }
    given = {name: value for name, value in chosen.items() if value is not None}
    if engine == "ray":
        if STANDARD in (source, output) or text or skip_errors:
            raise ConfigurationError(
                "--engine ray reads and writes files: give IN and -o OUT, without --text and "
                "--skip-errors (malformed rows always go to a file of their own)"
            )
        _analyze_with_ray(
            source=source, target=output, model=model, policy=policy, columns=columns, **given
        )
    elif given:
        raise ConfigurationError(
            "--ray-address, --format, --prefix, --part-rows and --actors need --engine ray"
        )
    else:
        rows = Rows(source, text=text, skip_errors=skip_errors, columns=columns)
        _analyze_here(rows, source, output, Analyzer.load(model, policy=Policy.load(policy)))


def _analyze_here(rows: Rows, source: str, output: str, analyzer: Analyzer) -> None:
    console = Console(stderr=True)
    with written_whole(output) as file, _progress(console, source) as advance:
        for analysis in analyzer.analyze_many(rows):
            file.write(json.dumps(analysis.to_dict(), ensure_ascii=False) + "\n")
            advance()
    skipped = f", {rows.skipped} malformed rows passed over" if rows.skipped else ""
    console.print(f"{rows.read} messages analysed{skipped}", highlight=False)


def _analyze_with_ray(**options: Any) -> None:
    try:
        from sidedoor.bulk.run import Options
        from sidedoor.bulk.terminal import run
    except ImportError as error:
        raise MissingExtraError("ray", error.name or "ray") from None
    run(Options(**options))


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
    engine: Annotated[
        Literal["local", "ray"],
        typer.Option(help="local: one process. ray: replicas, see docs/scaling.md."),
    ] = "local",
    ray_address: Annotated[
        str | None, RayOption(help="Address of a Ray cluster; this machine by default.")
    ] = None,
    replicas: Annotated[int | None, RayOption(help="Replicas; 1 by default.", min=1)] = None,
    max_replicas: Annotated[
        int | None, RayOption(help="Most replicas, added as requests queue up.", min=1)
    ] = None,
) -> None:
    """Starts the HTTP API and the playground; see docs/operations.md for all its settings."""
    scale = {"replicas": replicas, "max_replicas": max_replicas}
    given = {name: value for name, value in scale.items() if value is not None}
    if engine == "local" and (given or ray_address):
        raise ConfigurationError("--ray-address, --replicas and --max-replicas need --engine ray")
    try:
        from sidedoor.api.server import run
        from sidedoor.api.settings import load_settings
    except ImportError as error:
        raise MissingExtraError("api", error.name or "fastapi") from None
    if engine == "ray":
        try:
            from sidedoor.api import replicas as ray_serve
        except ImportError as error:
            raise MissingExtraError("ray", error.name or "ray") from None
        settings = load_settings(host=host, port=port, model=model, policy=policy)
        ray_serve.run(settings, ray_serve.read_scale(given), address=ray_address, no_auth=no_auth)
        return
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
