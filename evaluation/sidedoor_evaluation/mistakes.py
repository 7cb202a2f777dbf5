"""The messages that a system gets most wrong, with both sides' labels and spans."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sidedoor_evaluation.counts import strict
from sidedoor_evaluation.gold import GoldRow, GoldSpan
from sidedoor_evaluation.prediction import Prediction

MASK: Final = "•"


@dataclass(frozen=True, slots=True)
class Mistake:
    """One message with what it is and what was found; the text may be masked."""

    id: str
    text: str
    context: tuple[str, ...]
    surface: str | None
    sender: str | None
    gold_intents: tuple[str, ...]
    found_intents: tuple[str, ...]
    scores: dict[str, float]
    gold_pii: tuple[GoldSpan, ...]
    found_pii: tuple[GoldSpan, ...]

    def to_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "id": self.id,
            "text": self.text,
            "context": list(self.context),
            "surface": self.surface,
            "sender": self.sender,
            "gold_intents": list(self.gold_intents),
            "found_intents": list(self.found_intents),
            "scores": {name: round(score, 4) for name, score in self.scores.items()},
            "gold_pii": [_span(span) for span in self.gold_pii],
            "found_pii": [_span(span) for span in self.found_pii],
        }


def mistakes(
    gold: Sequence[GoldRow],
    predictions: Sequence[Prediction],
    intents: Sequence[str],
    *,
    limit: int,
    masked: bool,
) -> list[Mistake]:
    """The `limit` worst messages.

    A wrong intent counts 1, and up to 1 more the surer the system was; a wrong span ½.
    """
    costs = [
        (_cost(row, prediction, intents), index)
        for index, (row, prediction) in enumerate(zip(gold, predictions, strict=True))
    ]
    worst = sorted((entry for entry in costs if entry[0]), key=lambda entry: (-entry[0], entry[1]))
    return [mistake(gold[k], predictions[k], k, intents, masked=masked) for _, k in worst[:limit]]


def mistake(
    row: GoldRow, prediction: Prediction, index: int, intents: Sequence[str], *, masked: bool
) -> Mistake:
    """The message at `index`, wrong or not; `intents` gives the order of the labels."""
    message = row.message
    text = mask(message.text, (*row.pii, *prediction.pii)) if masked else message.text
    return Mistake(
        id=message.id or f"message {index + 1}",
        text=text,
        context=() if masked else tuple(turn.text for turn in message.context),
        surface=message.surface,
        sender=message.sender,
        gold_intents=tuple(name for name in intents if name in row.intents),
        found_intents=tuple(name for name in intents if name in prediction.labels),
        scores=prediction.scores,
        gold_pii=row.pii,
        found_pii=prediction.pii,
    )


def mask(text: str, spans: Sequence[GoldSpan]) -> str:
    """Hides the spans, all digits, and every word with an @; the length stays."""
    hidden = {k for span in spans for k in range(span.start, span.end)}
    for match in re.finditer(r"\d|\S*@\S*", text):
        hidden.update(range(*match.span()))
    return "".join(
        MASK if index in hidden and not character.isspace() else character
        for index, character in enumerate(text)
    )


def _cost(row: GoldRow, prediction: Prediction, intents: Sequence[str]) -> float:
    cost = 0.0
    for name in intents:
        if (name in row.intents) != (name in prediction.labels):
            cost += 1 + abs((name in row.intents) - prediction.scores.get(name, 0.5))
    _, false, missed = strict(row.pii, prediction.pii)
    return cost + (false + missed) / 2


def _span(span: GoldSpan) -> dict[str, Any]:
    return {"type": span.type, "start": span.start, "end": span.end}
