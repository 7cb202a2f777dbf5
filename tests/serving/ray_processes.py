"""The processes that Ray starts for a test."""

from pathlib import Path
from typing import Final

MARK: Final = "TEST_RUN_OF_RAY"
"""An environment variable that Ray's processes inherit from the one that starts it."""


def started_by(run: str, title: str) -> list[int]:
    """The processes of a run whose titles begin so."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            environment = (folder / "environ").read_bytes()
        except OSError:
            continue
        if command.startswith(title.encode()) and f"{MARK}={run}".encode() in environment:
            found.append(int(folder.name))
    return sorted(found)
