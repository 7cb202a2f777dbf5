"""The figures of parts of the messages: by surface, sender, context, length, any field."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sidedoor.errors import InputError
from sidedoor_evaluation.bootstrap import Bootstrap, Figure, Floats, Sample, ratio
from sidedoor_evaluation.counts import ALL, SOLICIT, Counts
from sidedoor_evaluation.gold import GoldRow
from sidedoor_evaluation.metrics import sample

LENGTHS: Final = (40, 120, 300)
"""Upper bounds of the length classes, in code points."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The headline figures of the messages whose `field` has this `value`.

    `false_flags` is the share of messages without `solicit-contact` that are labelled so.
    """

    field: str
    value: str
    messages: int
    macro_f1: Figure
    exact_match: Figure
    intent_f1: dict[str, Figure]
    span_f1: Figure
    false_flags: Figure

    def to_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "field": self.field,
            "value": self.value,
            "messages": self.messages,
            "macro_f1": self.macro_f1.to_dict(),
            "exact_match": self.exact_match.to_dict(),
            "intent_f1": {name: figure.to_dict() for name, figure in self.intent_f1.items()},
            "span_f1": self.span_f1.to_dict(),
            "false_flags": self.false_flags.to_dict(),
        }


def slices(
    gold: Sequence[GoldRow], counts: Counts, bootstrap: Bootstrap, by: Sequence[str] = ()
) -> Iterator[Slice]:
    """All slices; `by` names further fields of the rows."""
    for field in dict.fromkeys((*_FIELDS, *by)):
        value_of = _FIELDS.get(field, _of_field(field))
        members: dict[str, list[int]] = defaultdict(list)
        for index, row in enumerate(gold):
            members[value_of(row)].append(index)
        for value in sorted(members, key=lambda value: (_rank(field, value), value)):
            yield _slice(field, value, counts.take(members[value]), bootstrap)


def check_fields(gold: Sequence[GoldRow], by: Sequence[str]) -> None:
    """Checks that the rows have the fields to slice by.

    Raises:
        InputError: no row has such a field.
    """
    for field in by:
        if field not in _FIELDS and not any(field in row.fields for row in gold):
            raise InputError(f"no row has the field {field!r} to slice by; check its spelling")


def length_class(row: GoldRow) -> str:
    """The class of a message's length, in code points."""
    length = len(row.message.text)
    low = 1
    for high in LENGTHS:
        if length <= high:
            return f"{low} to {high}"
        low = high + 1
    return f"over {LENGTHS[-1]}"


_FIELDS: Final[dict[str, Callable[[GoldRow], str]]] = {
    "surface": lambda row: row.message.surface or "unknown",
    "sender": lambda row: row.message.sender or "unknown",
    "context": lambda row: "with" if row.message.context else "without",
    "length": length_class,
}


def _of_field(field: str) -> Callable[[GoldRow], str]:
    def value(row: GoldRow) -> str:
        content = row.fields.get(field)
        if isinstance(content, list):
            return " + ".join(map(str, content)) or "none"
        return "none" if content is None else str(content)

    return value


def _rank(field: str, value: str) -> int:
    if field != "length":
        return 0
    return int(value.split()[0]) if value[0].isdigit() else LENGTHS[-1]


def _slice(field: str, value: str, counts: Counts, bootstrap: Bootstrap) -> Slice:
    brief = counts.overall()
    figures = bootstrap.figures(lambda weights: _headlines(brief, weights), len(counts))
    if SOLICIT in counts.intents:
        innocent = int((~counts.gold[:, counts.intents.index(SOLICIT)]).sum())
    else:
        innocent = 0
    return Slice(
        field=field,
        value=value,
        messages=len(counts),
        macro_f1=figures["macro_f1",],
        exact_match=figures["exact_match",].of_proportion(len(counts)),
        intent_f1={name: figures["intents", name, "f1"] for name in counts.intents},
        span_f1=figures["spans", "strict", ALL, "f1"],
        false_flags=figures["false_flags",].of_proportion(innocent),
    )


def _headlines(counts: Counts, weights: Floats) -> Sample:
    found = sample(counts, weights)
    found["false_flags",] = false_flags(counts, weights)
    return found


def false_flags(counts: Counts, weights: Floats) -> Floats:
    """Of the messages without `solicit-contact`, the share labelled so, for each draw."""
    if SOLICIT not in counts.intents:
        return ratio(weights.sum(axis=1), weights.sum(axis=1) * 0)
    column = counts.intents.index(SOLICIT)
    innocent = ~counts.gold[:, column]
    return ratio(
        weights @ (innocent & counts.found[:, column]).astype(float),
        weights @ innocent.astype(float),
    )
