"""What comes out: the analysis of one message, and its form as a JSON object."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Intent:
    """One intent with its calibrated score.

    `present` says whether the score reaches the intent's own threshold.
    """

    name: str
    score: float
    threshold: float

    @property
    def present(self) -> bool:
        return self.score >= self.threshold


@dataclass(frozen=True, slots=True)
class Span:
    """One item of personal data; `start` and `end` are half-open, in Unicode code points."""

    type: str
    start: int
    end: int
    score: float
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one word adds to an intent's logit (before calibration).

    `weight` is the sum of the word's tokens' summands; they, the summand of the whole message
    and the intent's bias add up to the logit.
    """

    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy says: an action, the rule that fired, and a reason a user may read."""

    action: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """The analysis of one message.

    `evidence` names for each intent the words that spoke for it, strongest first.
    """

    id: str | None
    intents: tuple[Intent, ...]
    pii: tuple[Span, ...]
    decision: Decision
    evidence: dict[str, tuple[Evidence, ...]]

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the intents over their thresholds; empty where none is."""
        return tuple(intent.name for intent in self.intents if intent.present)

    def to_dict(self) -> dict[str, Any]:
        """The analysis as a JSON object, numbers rounded to four digits."""
        return {
            "id": self.id,
            "intents": {intent.name: round(intent.score, 4) for intent in self.intents},
            "labels": list(self.labels),
            "pii": [_span(span) for span in self.pii],
            "action": self.decision.action,
            "rule": self.decision.rule,
            "reason": self.decision.reason,
            "evidence": {
                name: [_evidence(word) for word in words] for name, words in self.evidence.items()
            },
        }


def _span(span: Span) -> dict[str, Any]:
    return {
        "type": span.type,
        "start": span.start,
        "end": span.end,
        "score": round(span.score, 4),
        "text": span.text,
    }


def _evidence(word: Evidence) -> dict[str, Any]:
    return {"start": word.start, "end": word.end, "weight": round(word.weight, 4)}
