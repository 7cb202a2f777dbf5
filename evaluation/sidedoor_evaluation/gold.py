"""Reads labelled messages in the annotation format, one JSON object a line."""

import itertools
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sidedoor.errors import InputError
from sidedoor.message import Message
from sidedoor.rows import numbered_lines, parse_object


@dataclass(frozen=True, slots=True)
class GoldSpan:
    """A labelled span; `start` and `end` are half-open, in Unicode code points."""

    type: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class GoldRow:
    """A message with its labels; `fields` holds the row as it was read, for slicing."""

    message: Message
    intents: frozenset[str]
    pii: tuple[GoldSpan, ...]
    fields: dict[str, Any]


def read_gold(path: str, intents: Collection[str], types: Collection[str]) -> list[GoldRow]:
    """Reads all rows; nothing is evaluated on half of the data.

    Raises:
        InputError: a row is malformed, names a label that the model does not know, has a span
            outside of its text or overlapping another, or an id that stood before; the error
            names file, line and remedy.
    """
    rows: list[GoldRow] = []
    ids: dict[str, int] = {}
    for number, line in numbered_lines(path):
        try:
            row = _row(parse_object(line), intents, types)
            identifier = row.message.id
            if identifier is not None and identifier in ids:
                raise InputError(f"the id {identifier!r} stands in line {ids[identifier]} already")
        except InputError as error:
            raise InputError(f"{path}:{number}: {error}") from None
        if identifier is not None:
            ids[identifier] = number
        rows.append(row)
    if not rows:
        raise InputError(f"{path} holds no messages")
    return rows


def _row(fields: dict[str, Any], intents: Collection[str], types: Collection[str]) -> GoldRow:
    message = Message.from_dict(fields)
    for key in ("intents", "pii"):
        if not isinstance(fields.get(key), list):
            raise InputError(f"the field {key!r} is missing or no list; label the row first")
    labels = frozenset(fields["intents"])
    unknown = sorted(labels - set(intents))
    if unknown:
        raise InputError(f"unknown intent {unknown[0]!r}; the model knows: {', '.join(intents)}")
    spans = sorted(
        (_span(entry, message, types) for entry in fields["pii"]), key=lambda span: span.start
    )
    for before, span in itertools.pairwise(spans):
        if span.start < before.end:
            raise InputError(f"spans overlap at code point {span.start}; shorten one of them")
    return GoldRow(message, labels, tuple(spans), fields)


def _span(entry: Any, message: Message, types: Collection[str]) -> GoldSpan:
    try:
        kind, start, end = entry["type"], entry["start"], entry["end"]
    except (TypeError, KeyError):
        raise InputError("each span needs 'type', 'start' and 'end'") from None
    if kind not in types:
        raise InputError(f"unknown PII type {kind!r}; the model knows: {', '.join(types)}")
    if not (
        isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(message.text)
    ):
        raise InputError(
            f"the span {start}…{end} does not lie inside of the text, which is "
            f"{len(message.text)} code points long"
        )
    return GoldSpan(kind, start, end)
