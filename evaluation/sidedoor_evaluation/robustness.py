"""What disguises cost, family by family, and how often retyping flips an innocent message.

The gold's own contact data is hidden by every family that applies to it, one item at a time;
nothing else in the message changes, so the rest of its labels holds.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from sidedoor import Message
from sidedoor.disguises import DISGUISES, Disguise
from sidedoor_evaluation.bootstrap import Bootstrap, Figure, ratio
from sidedoor_evaluation.counts import OVERLAP, SOLICIT, iou
from sidedoor_evaluation.gold import GoldRow, GoldSpan
from sidedoor_evaluation.prediction import Prediction
from sidedoor_evaluation.retyping import RETYPINGS
from sidedoor_evaluation.system import System

PLAIN: Final = "as written"
LIMIT: Final = 100
"""Most disguised items a family, and most messages a way of retyping."""


@dataclass(frozen=True, slots=True)
class Family:
    """How much of what one family hides is still found.

    `exact` and `overlap` are the recall of the hidden items' spans, `flagged` that of
    `solicit-contact` among the messages that hold it.
    """

    name: str
    items: int
    exact: Figure
    overlap: Figure
    solicitations: int
    flagged: Figure

    def to_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "name": self.name,
            "items": self.items,
            "exact": self.exact.to_dict(),
            "overlap": self.overlap.to_dict(),
            "solicitations": self.solicitations,
            "flagged": self.flagged.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Flips:
    """Of innocent messages that were not flagged, how many are once retyped."""

    name: str
    messages: int
    flipped: int
    rate: Figure

    def to_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "name": self.name,
            "messages": self.messages,
            "flipped": self.flipped,
            "rate": self.rate.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Robustness:
    """All families, the plain items first, and all ways of retyping."""

    families: tuple[Family, ...]
    flips: tuple[Flips, ...]

    def to_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "families": [family.to_dict() for family in self.families],
            "flips": [flips.to_dict() for flips in self.flips],
        }


@dataclass(frozen=True, slots=True)
class Variant:
    """A message with one item hidden: its span, and whether the message solicits."""

    message: Message
    span: GoldSpan
    solicits: bool


def robustness(
    gold: Sequence[GoldRow],
    predictions: Sequence[Prediction],
    system: System,
    bootstrap: Bootstrap,
    advance: Callable[[], None] = lambda: None,
) -> Robustness:
    """Runs the system on disguised and retyped messages; `advance` is called for each family."""
    families = []
    for name, variants in _all_variants(gold, bootstrap.seed):
        if variants:
            families.append(_family(name, variants, system, bootstrap))
        advance()
    flips = tuple(_flips(gold, predictions, system, name, bootstrap) for name in RETYPINGS)
    return Robustness(tuple(families), flips)


def hide(row: GoldRow, span: GoldSpan, family: Disguise, rng: random.Random) -> Variant | None:
    """The message with this span's text hidden by a family; None where it does not apply."""
    text = row.message.text
    value = text[span.start : span.end]
    hidden = family.apply(rng, value)
    if not hidden or hidden != hidden.strip() or hidden == value:
        return None
    message = replace(row.message, text=text[: span.start] + hidden + text[span.end :])
    moved = GoldSpan(span.type, span.start, span.start + len(hidden))
    return Variant(message, moved, SOLICIT in row.intents)


def _all_variants(gold: Sequence[GoldRow], seed: int) -> Iterator[tuple[str, list[Variant]]]:
    contact = {kind for family in DISGUISES for kind in family.types}
    items = [(row, span) for row in gold for span in row.pii if span.type in contact]
    plain = [Variant(row.message, span, SOLICIT in row.intents) for row, span in items]
    yield PLAIN, random.Random(seed).sample(plain, min(len(plain), 10 * LIMIT))
    for family in DISGUISES:
        rng = random.Random(f"{seed} {family.name}")
        fitting = [(row, span) for row, span in items if span.type in family.types]
        rng.shuffle(fitting)
        made = (hide(row, span, family, rng) for row, span in fitting)
        yield family.name, _first(made, LIMIT)


def _first(variants: Iterator[Variant | None], limit: int) -> list[Variant]:
    kept: list[Variant] = []
    for variant in variants:
        if variant is not None:
            kept.append(variant)
        if len(kept) == limit:
            break
    return kept


def _family(name: str, variants: Sequence[Variant], system: System, bootstrap: Bootstrap) -> Family:
    found = list(system.predict(variant.message for variant in variants))
    pairs = list(zip(variants, found, strict=True))
    solicits = np.array([variant.solicits for variant in variants], dtype=float)
    hits = {
        "exact": [variant.span in prediction.pii for variant, prediction in pairs],
        "overlap": [
            any(iou(variant.span, span) >= OVERLAP for span in prediction.pii)
            for variant, prediction in pairs
        ],
        "flagged": [
            variant.solicits and SOLICIT in prediction.labels for variant, prediction in pairs
        ],
    }
    columns = {key: np.array(values, dtype=float) for key, values in hits.items()}
    figures = bootstrap.figures(
        lambda weights: {
            ("exact",): weights @ columns["exact"] / len(variants),
            ("overlap",): weights @ columns["overlap"] / len(variants),
            ("flagged",): ratio(weights @ columns["flagged"], weights @ solicits),
        },
        len(variants),
    )
    return Family(
        name=name,
        items=len(variants),
        exact=figures["exact",].of_proportion(len(variants)),
        overlap=figures["overlap",].of_proportion(len(variants)),
        solicitations=int(solicits.sum()),
        flagged=figures["flagged",].of_proportion(solicits.sum()),
    )


def _flips(
    gold: Sequence[GoldRow],
    predictions: Sequence[Prediction],
    system: System,
    name: str,
    bootstrap: Bootstrap,
) -> Flips:
    rng = random.Random(f"{bootstrap.seed} {name}")
    innocent = [
        row
        for row, prediction in zip(gold, predictions, strict=True)
        if SOLICIT not in row.intents and SOLICIT not in prediction.labels
    ]
    rng.shuffle(innocent)
    retyped = ((row, RETYPINGS[name](rng, row)) for row in innocent)
    changed = [
        replace(row.message, text=text) for row, text in retyped if text != row.message.text
    ][:LIMIT]
    flags = np.array([SOLICIT in p.labels for p in system.predict(changed)], dtype=float)
    count = len(changed)
    if not count:
        return Flips(name, 0, 0, Figure(np.nan))
    figures = bootstrap.figures(lambda weights: {("rate",): weights @ flags / count}, count)
    return Flips(name, count, int(flags.sum()), figures["rate",].of_proportion(count))
