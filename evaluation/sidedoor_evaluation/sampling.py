"""Picks messages of a log that are worth labelling, in turns, for one of four reasons.

- `near a threshold`: some score is close to where the label would change.
- `heads disagree`: contact data but no intent at all, or an invitation to pay or to be reached
  whose intent is sure and whose message holds no span.
- `rare`: few messages of the log share its surface, its sender, and whether it has context.
- `chance`: drawn evenly, so that what nothing above looks for is seen too.
"""

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from sidedoor import Analysis, Message
from sidedoor_evaluation.counts import SOLICIT

CONTACT: Final = ("EMAIL_ADDRESS", "PHONE_NUMBER", "URL", "HANDLE", "PAYMENT_ACCOUNT")
REASONS: Final = ("near a threshold", "heads disagree", "rare", "chance")
_SURE: Final = 0.95


def sample(
    messages: Sequence[Message], analyses: Sequence[Analysis], count: int, seed: int
) -> list[dict[str, Any]]:
    """`count` rows in the annotation format, labelled by the model, in the order of the log.

    Each row's `sampled_for` names the reason. The same message, its context included, is picked
    once.
    """
    rng = random.Random(seed)
    order = _distinct(messages)
    rng.shuffle(order)
    shape = Counter(_shape(message) for message in messages)
    queues = [
        sorted(order, key=lambda k: _distance(analyses[k])),
        sorted(order, key=lambda k: -_disagreement(analyses[k])),
        sorted(order, key=lambda k: shape[_shape(messages[k])]),
        order,
    ]
    picked: dict[int, str] = {}
    positions = [0] * len(queues)
    while len(picked) < min(count, len(order)):
        for reason, queue in enumerate(queues):
            while positions[reason] < len(queue) and queue[positions[reason]] in picked:
                positions[reason] += 1
            exhausted = positions[reason] == len(queue) or (
                reason == 1 and not _disagreement(analyses[queue[positions[reason]]])
            )
            if not exhausted and len(picked) < count:
                picked[queue[positions[reason]]] = REASONS[reason]
    return [_row(messages[k], analyses[k], k, picked[k]) for k in sorted(picked)]


def _distinct(messages: Sequence[Message]) -> list[int]:
    seen: dict[object, int] = {}
    for index, message in enumerate(messages):
        seen.setdefault((message.text, message.surface, message.sender, message.context), index)
    return list(seen.values())


def _distance(analysis: Analysis) -> float:
    return min(abs(intent.score - intent.threshold) for intent in analysis.intents)


def _disagreement(analysis: Analysis) -> float:
    """How much the two heads speak against each other; 0 where they do not."""
    contact = [span.score for span in analysis.pii if span.type in CONTACT]
    if contact and not analysis.labels:
        return max(contact)
    sure = max((i.score for i in analysis.intents if i.name == SOLICIT), default=0.0)
    return sure / 2 if sure >= _SURE and not analysis.pii else 0.0


def _shape(message: Message) -> tuple[object, ...]:
    return message.surface, message.sender, bool(message.context)


def _row(message: Message, analysis: Analysis, index: int, reason: str) -> dict[str, Any]:
    return {
        "id": message.id or f"line-{index + 1}",
        "text": message.text,
        "surface": message.surface,
        "sender": message.sender,
        "context": [{"sender": turn.sender, "text": turn.text} for turn in message.context],
        "intents": list(analysis.labels),
        "pii": [{"type": s.type, "start": s.start, "end": s.end} for s in analysis.pii],
        "sampled_for": reason,
    }
