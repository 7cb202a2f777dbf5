"""What the baselines have in common: raw finds become spans without overlaps, and a flag."""

from collections.abc import Iterable
from typing import Final

from sidedoor_evaluation.counts import SOLICIT
from sidedoor_evaluation.gold import GoldSpan
from sidedoor_evaluation.prediction import Prediction

CONTACT: Final = frozenset(("EMAIL_ADDRESS", "PHONE_NUMBER", "URL", "HANDLE"))


def without_overlaps(ranked: Iterable[GoldSpan]) -> tuple[GoldSpan, ...]:
    """The spans in the order of the text; of two that overlap, the one that is named first."""
    kept: list[GoldSpan] = []
    for span in ranked:
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    return tuple(sorted(kept, key=lambda span: span.start))


def flag(spans: tuple[GoldSpan, ...], *, flagged: bool | None = None) -> Prediction:
    """Flags a message; by default if it holds contact data, as such filters are used."""
    if flagged is None:
        flagged = any(span.type in CONTACT for span in spans)
    return Prediction(frozenset({SOLICIT} if flagged else ()), spans, {})
