"""What a bulk run shows: a bar on a terminal, now and then a line elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from sidedoor.bulk import run as bulk
from sidedoor.bulk.places import Place

LINE_EVERY_S: Final = 30


def run(options: bulk.Options) -> None:
    """Runs the job, shows how it goes, and says at the end where things lie."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with _shown(console) as report:
        manifest = bulk.analyze_files(options, report)
    folder = Place.at(options.target) / "_sidedoor"
    console.print(
        f"{manifest['messages']} messages analysed in {manifest['parts']} parts, "
        f"{manifest['parts_done_before']} of them done before; counts: "
        f"{(folder / 'manifest.json').name}"
    )
    if manifest["rejected"]:
        console.print(
            f"{manifest['rejected']} malformed rows passed over; positions and reasons: "
            f"{(folder / 'rejected').name}"
        )
    if manifest["files_passed_over"]:
        console.print(f"{manifest['files_passed_over']} files of other kinds passed over")


@contextmanager
def _shown(console: Console) -> Iterator[Callable[[bulk.Progress], None]]:
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting", total=None)
        yield lambda state: progress.update(
            task, total=state.parts, completed=state.parts_done, description=_line(state)
        )


class _Lines:
    """Prints a line once in a while."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._next = 0.0

    def __call__(self, state: bulk.Progress) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + LINE_EVERY_S
            self._console.print(_line(state))


def _line(state: bulk.Progress) -> str:
    rate = state.messages / state.seconds if state.seconds else 0.0
    return (
        f"{state.parts_done} of {state.parts} parts, {state.messages} messages, "
        f"{state.rejected} malformed, {rate:.0f} messages a second"
    )
