"""Hits and errors of each message: what all figures and their intervals are sums of.

Spans are scored as sets of (type, start, end) by message: strictly, loosely (one to one, from an
intersection over union of `OVERLAP` on), and by code points.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sidedoor_evaluation.gold import GoldRow, GoldSpan
from sidedoor_evaluation.prediction import Prediction

SOLICIT: Final = "solicit-contact"
ALL: Final = "all"
OVERLAP: Final = 0.5
"""Least intersection over union, in code points, for two spans of a type to match loosely."""
MEASURES: Final = ("strict", "overlap", "characters")

Integers = NDArray[np.int64]
Hits = tuple[int, int, int]
"""True positives, false positives, false negatives."""

KINDS: Final[dict[str, Callable[[GoldRow], bool]]] = {
    "refusals and rules": lambda row: row.intents == {"explain-policy"},
    "work details": lambda row: row.intents == {"share-requirement-info"},
    "no intent": lambda row: not row.intents,
    "solicitations": lambda row: SOLICIT in row.intents,
}


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of all messages.

    `gold` and `found` have shape = (messages, intents), `scores` too, or None where the system
    gives no scores; `spans` holds for each measure an array of shape = (messages, types + 1, 3):
    hits, false alarms and misses by type, and at last of all types; `kinds` has shape =
    (messages, kinds, 2): whether the message is of the kind, and whether it is and is flagged.
    """

    intents: tuple[str, ...]
    types: tuple[str, ...]
    gold: NDArray[np.bool_]
    found: NDArray[np.bool_]
    scores: NDArray[np.float64] | None
    spans: dict[str, Integers]
    kinds: Integers

    def __len__(self) -> int:
        return len(self.gold)

    def take(self, rows: Sequence[int]) -> "Counts":
        """The counts of some of the messages."""
        chosen = np.asarray(rows, dtype=np.int64)
        return Counts(
            self.intents,
            self.types,
            self.gold[chosen],
            self.found[chosen],
            None if self.scores is None else self.scores[chosen],
            {measure: array[chosen] for measure, array in self.spans.items()},
            self.kinds[chosen],
        )

    def overall(self) -> "Counts":
        """Only what the headlines need: intents as they are labelled, and exact spans."""
        return Counts(
            self.intents,
            (),
            self.gold,
            self.found,
            None,
            {"strict": self.spans["strict"][:, -1:]},
            self.kinds,
        )


def count(
    gold: Sequence[GoldRow],
    predictions: Sequence[Prediction],
    intents: Sequence[str],
    types: Sequence[str],
) -> Counts:
    """Counts predictions against the gold rows in the same order.

    `intents` and `types` are those that the system speaks of; others are not counted against it.
    """
    pairs = list(zip(gold, predictions, strict=True))
    has_scores = all(set(intents) <= set(prediction.scores) for prediction in predictions)
    return Counts(
        intents=tuple(intents),
        types=tuple(types),
        gold=_matrix([[name in row.intents for name in intents] for row in gold], len(intents)),
        found=_matrix([[name in p.labels for name in intents] for p in predictions], len(intents)),
        scores=np.array([[p.scores[name] for name in intents] for p in predictions])
        if has_scores and intents
        else None,
        spans={
            measure: np.array(
                [_by_type(row, prediction, types, function) for row, prediction in pairs],
                dtype=np.int64,
            )
            for measure, function in _MEASURES.items()
        },
        kinds=np.array(
            [_kinds(row, SOLICIT in prediction.labels) for row, prediction in pairs],
            dtype=np.int64,
        ),
    )


def strict(gold: Sequence[GoldSpan], found: Sequence[GoldSpan]) -> Hits:
    """Spans that are exactly alike."""
    hits = len(set(gold) & set(found))
    return hits, len(set(found)) - hits, len(set(gold)) - hits


def overlapping(gold: Sequence[GoldSpan], found: Sequence[GoldSpan]) -> Hits:
    """Spans of one type that overlap enough, one to one, best first for each gold span."""
    left = set(found)
    hits = 0
    for span in sorted(set(gold), key=_key):
        best = max(left, key=lambda other: (iou(span, other), _key(other)), default=None)
        if best is not None and iou(span, best) >= OVERLAP:
            left.remove(best)
            hits += 1
    return hits, len(left), len(set(gold)) - hits


def characters(gold: Sequence[GoldSpan], found: Sequence[GoldSpan]) -> Hits:
    """Code points inside of spans."""
    expected = {k for span in gold for k in range(span.start, span.end)}
    marked = {k for span in found for k in range(span.start, span.end)}
    hits = len(expected & marked)
    return hits, len(marked) - hits, len(expected) - hits


def iou(first: GoldSpan, second: GoldSpan) -> float:
    """Intersection over union in code points; 0 for spans of different types."""
    if first.type != second.type:
        return 0.0
    shared = min(first.end, second.end) - max(first.start, second.start)
    return max(0, shared) / (max(first.end, second.end) - min(first.start, second.start))


_MEASURES: Final = {"strict": strict, "overlap": overlapping, "characters": characters}


def _by_type(
    row: GoldRow,
    prediction: Prediction,
    types: Sequence[str],
    measure: Callable[[Sequence[GoldSpan], Sequence[GoldSpan]], Hits],
) -> list[Hits]:
    if not row.pii and not prediction.pii:
        return [(0, 0, 0)] * (len(types) + 1)
    return [measure(gold, found) for gold, found in _groups(row, prediction, types)]


def _groups(
    row: GoldRow, prediction: Prediction, types: Sequence[str]
) -> Iterator[tuple[list[GoldSpan], list[GoldSpan]]]:
    for kind in types:
        yield (
            [span for span in row.pii if span.type == kind],
            [span for span in prediction.pii if span.type == kind],
        )
    yield list(row.pii), list(prediction.pii)


def _kinds(row: GoldRow, flagged: bool) -> list[tuple[int, int]]:
    return [(int(is_kind(row)), int(is_kind(row) and flagged)) for is_kind in KINDS.values()]


def _matrix(rows: list[list[bool]], width: int) -> NDArray[np.bool_]:
    return np.array(rows, dtype=np.bool_).reshape(len(rows), width)


def _key(span: GoldSpan) -> tuple[str, int, int]:
    return span.type, span.start, span.end
