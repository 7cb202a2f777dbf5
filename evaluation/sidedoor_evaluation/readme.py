"""The README's table of figures, between two marks, made of what `evaluate --json` wrote."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from sidedoor.errors import InputError
from sidedoor_evaluation.bootstrap import Figure
from sidedoor_evaluation.card import read_json
from sidedoor_evaluation.counts import ALL, SOLICIT
from sidedoor_evaluation.figures import percent, plain
from sidedoor_evaluation.result import check_format

START: Final = "<!-- figures: made by `sidedoor card`, do not edit -->"
END: Final = "<!-- end of figures -->"


def write_table(path: Path, figures: Path) -> Path:
    """Renews the table in a file; gives its path.

    Raises:
        InputError: the file lacks the marks, or the figures are something else.
    """
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    path.write_text(with_table(text, figures, path), encoding="utf-8")
    return path


def with_table(text: str, figures: Path, path: Path) -> str:
    """The text with the table between its marks renewed.

    Raises:
        InputError: the text lacks the marks, or the figures are something else.
    """
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise InputError(f"{path} lacks the lines {START!r} and {END!r}; put them in")
    result = check_format(read_json(figures), figures)
    return "\n".join([before + start, *_table(result), end + after])


def _table(result: dict[str, Any]) -> Iterator[str]:
    systems = [(result["about"]["system"], result["figures"])]
    systems += [(other["name"], other["figures"]) for other in result["beside"]]
    yield f"| {result['about']['messages']} messages | " + " | ".join(
        name if index else f"**{name}**" for index, (name, _) in enumerate(systems)
    ) + " |"  # fmt: skip
    yield "|---" * (len(systems) + 1) + "|"
    rows: dict[str, Callable[[dict[str, Any]], str]] = {
        f"`{SOLICIT}`, F1": lambda figures: _plain(figures["intents"][SOLICIT]["f1"]),
        "invitations flagged": lambda figures: _rate(figures, "solicitations"),
        "refusals flagged, wrongly": lambda figures: _rate(figures, "refusals and rules"),
        "work details flagged, wrongly": lambda figures: _rate(figures, "work details"),
        "personal data, exact F1": lambda figures: _plain(
            figures["spans"]["strict"][ALL]["f1"]
        ),
        "personal data, recall": lambda figures: _plain(
            figures["spans"]["strict"][ALL]["recall"]
        ),
    }  # fmt: skip
    for name, cell in rows.items():
        yield f"| {name} | " + " | ".join(cell(figures) for _, figures in systems) + " |"


def _plain(content: dict[str, Any]) -> str:
    return plain(Figure.from_dict(content))


def _rate(figures: dict[str, Any], kind: str) -> str:
    return percent(Figure.from_dict(figures["flags"][kind]["rate"]))
