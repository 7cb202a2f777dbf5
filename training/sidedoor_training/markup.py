"""The corpus's markup: `write me at [[EMAIL_ADDRESS|jo@fern.co]] please`.

`[[TYPE|value]]` is a value that is replaced by a fresh one at load time, `[[TYPE!|value]]` one
that stays as written, and the type `NOT_PII` marks what only looks like personal data.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sidedoor.errors import InputError

NOT_PII: Final = "NOT_PII"
THING: Final = "THING"
"""The type of names of things; no corpus writes it, `with_things` finds them."""
UNTAGGED: Final = frozenset({NOT_PII, THING})
_ITEM: Final = re.compile(r"\[\[([A-Z_]+)(!?)\|(.*?)\]\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Item:
    """A marked value; `fixed` ones are never replaced or disguised."""

    type: str
    value: str
    fixed: bool


Part = str | Item


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A labelled range of a text: half-open, in code points."""

    type: str
    start: int
    end: int


def parse(marked: str) -> tuple[Part, ...]:
    """Splits a marked text into plain strings and items.

    Raises:
        InputError: the markup is broken, or a value is empty or has white space at an edge.
    """
    parts: list[Part] = []
    end = 0
    for match in _ITEM.finditer(marked):
        parts.append(marked[end : match.start()])
        parts.append(_item(match))
        end = match.end()
    parts.append(marked[end:])
    for part in parts:
        if isinstance(part, str) and ("[[" in part or "]]" in part):
            raise InputError("broken markup: write [[TYPE|value]], with both pairs of brackets")
    return tuple(part for part in parts if part != "")


def render(parts: Iterable[Part]) -> tuple[str, tuple[TextSpan, ...]]:
    """The plain text of the parts, and the spans of its personal data."""
    text, spans = "", []
    for part in parts:
        value = part if isinstance(part, str) else part.value
        if isinstance(part, Item) and part.type not in UNTAGGED:
            spans.append(TextSpan(part.type, len(text), len(text) + len(value)))
        text += value
    return text, tuple(spans)


def mark(text: str, spans: Iterable[TextSpan]) -> str:
    """The inverse of `render` for spans that are in order and do not overlap."""
    marked, end = "", 0
    for span in spans:
        marked += f"{text[end : span.start]}[[{span.type}|{text[span.start : span.end]}]]"
        end = span.end
    return marked + text[end:]


def _item(match: re.Match[str]) -> Item:
    kind, fixed, value = match.groups()
    if not value or value != value.strip():
        raise InputError(f"a value of type {kind} is empty or has white space at its edge")
    return Item(kind, value, fixed == "!")
