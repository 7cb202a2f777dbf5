"""How far an exported model is from its original: in logits, in labels and in spans."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from sidedoor import Analysis, Analyzer, Message
from sidedoor.encoding import Encoder
from sidedoor.session import Session
from sidedoor_training.model import SidedoorModel


@dataclass(frozen=True, slots=True)
class Agreement:
    """Shares (0 … 1) of equal results of two models on the same messages.

    `labels`: messages with the same set of intents; `spans`: strict F1 of one model's spans
    against the other's.
    """

    labels: float
    spans: float


def max_logit_difference(
    model: SidedoorModel, session: Session, encoder: Encoder, messages: Sequence[Message]
) -> float:
    """The largest absolute difference of any output between torch and ONNX; NaN if one is."""
    differences = [torch.zeros(1)]
    for message in messages:
        window = encoder.encode(message).windows[0]
        ids = torch.tensor(window.input_ids[None], dtype=torch.long)
        types = torch.tensor(window.token_type_ids[None], dtype=torch.long)
        with torch.no_grad():
            expected = model(ids, torch.ones_like(ids), types)
        found = session.run(window)
        for left, right in (
            (expected.intent_logits, found.intents),
            (expected.tag_logits, found.tags),
            (expected.intent_evidence, found.evidence),
        ):
            differences.append((left[0] - torch.from_numpy(right)).abs().flatten())
    return float(torch.cat(differences).max())


def agreement(first: Analyzer, second: Analyzer, messages: Sequence[Message]) -> Agreement:
    """How often two models say the same."""
    same = hits = spans = 0
    for left, right in zip(
        first.analyze_many(messages), second.analyze_many(messages), strict=True
    ):
        same += left.labels == right.labels
        left_spans, right_spans = _spans(left), _spans(right)
        hits += len(left_spans & right_spans)
        spans += len(left_spans) + len(right_spans)
    return Agreement(same / max(1, len(messages)), 2 * hits / spans if spans else 1.0)


def _spans(analysis: Analysis) -> set[tuple[str, int, int]]:
    return {(span.type, span.start, span.end) for span in analysis.pii}
