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


def read_gold(
    path: str, intents: Collection[str] | None = None, types: Collection[str] | None = None
) -> list[GoldRow]:
    """Reads all rows; nothing is evaluated on half of the data. Without names, any are taken.

    Raises:
        InputError: a row is malformed, names a label that the model does not know, has a span
            outside of its text or overlapping another, or an id that stood before; the error
            names file, line and remedy.
    """
    rows: list[GoldRow] = []
    ids: dict[str, int] = {}
    for number, line in numbered_lines(path):
        try:
            row = gold_row(parse_object(line), intents, types)
            identifier = row.message.id
            if identifier is not None and identifier in ids:
                raise InputError(
                    f"the id {identifier!r} stands in line {ids[identifier]} already; "
                    "give each row its own"
                )
        except InputError as error:
            raise InputError(f"{path}:{number}: {error}") from None
        if identifier is not None:
            ids[identifier] = number
        rows.append(row)
    if not rows:
        raise InputError(f"{path} holds no messages; give a file with one labelled message a line")
    return rows


def gold_row(
    fields: dict[str, Any],
    intents: Collection[str] | None = None,
    types: Collection[str] | None = None,
) -> GoldRow:
    """Checks one row.

    Raises:
        InputError: the row is malformed or names a label that is not known.
    """
    message = Message.from_dict(fields)
    labels = fields.get("intents")
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise InputError("the field 'intents' is missing or no list of names; label the row first")
    if len(set(labels)) < len(labels):
        raise InputError("an intent is named twice; remove one")
    unknown = sorted(set(labels) - set(labels if intents is None else intents))
    if unknown:
        raise InputError(
            f"unknown intent {unknown[0]!r}; the model knows: {', '.join(intents or ())}"
        )
    return GoldRow(message, frozenset(labels), read_spans(fields, message.text, types), fields)


def read_spans(
    fields: dict[str, Any], text: str, types: Collection[str] | None = None
) -> tuple[GoldSpan, ...]:
    """The spans of a row's field `pii`, in order.

    Raises:
        InputError: a span is malformed, out of range, overlapping, or of an unknown type.
    """
    entries = fields.get("pii")
    if not isinstance(entries, list):
        raise InputError("the field 'pii' is missing or no list; label the row first")
    spans = sorted((_span(entry, text, types) for entry in entries), key=lambda span: span.start)
    for before, span in itertools.pairwise(spans):
        if span.start < before.end:
            raise InputError(f"spans overlap at code point {span.start}; shorten one of them")
    return tuple(spans)


def _span(entry: Any, text: str, types: Collection[str] | None) -> GoldSpan:
    try:
        kind, start, end = entry["type"], entry["start"], entry["end"]
    except (TypeError, KeyError):
        raise InputError("each span needs 'type', 'start' and 'end'") from None
    if not isinstance(kind, str) or (types is not None and kind not in types):
        raise InputError(f"unknown PII type {kind!r}; the model knows: {', '.join(types or ())}")
    if type(start) is not int or type(end) is not int or not 0 <= start < end <= len(text):
        raise InputError(
            f"the span {start!r}…{end!r} does not lie inside of the text, which is {len(text)} "
            "code points long; offsets count code points from 0, the end not included"
        )
    return GoldSpan(kind, start, end)
