"""Where a measurement's figures go: printed, kept if a file is named, and shown in a page."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def save(result: Mapping[str, Any], output: Path | None) -> None:
    """Prints the figures as JSON and writes them to the file, if there is one."""
    text = json.dumps(result, indent=2) + "\n"
    print(text, end="")
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")


def between(page: str, start: str, end: str, rows: Iterable[str]) -> str:
    """The page with the lines between two marks made anew.

    Raises:
        ValueError: a mark is missing.
    """
    before, found, rest = page.partition(start)
    _, found_end, after = rest.partition(end)
    if not found or not found_end:
        raise ValueError(f"the page lacks the marks {start!r} and {end!r}; put them in")
    return "\n".join([before + start, "", *rows, "", end + after])
