"""Scores on the validation split while training, over tokens; `sidedoor evaluate` has the rest."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from transformers import EvalPrediction

from sidedoor import tags
from sidedoor.decoding import decode_tags
from sidedoor_training.dataset import IGNORED


def scorer(intents: list[str]) -> Callable[[EvalPrediction], dict[str, float]]:
    """A `compute_metrics`: F1 by intent at logit 0, macro F1, strict span F1, and their mean."""

    def score(prediction: EvalPrediction) -> dict[str, float]:
        predictions: Any = prediction.predictions
        labels: Any = prediction.label_ids
        by_intent = intent_f1(predictions[0] > 0, labels[0] > 0.5)
        span = span_f1(predictions[1], labels[1])
        macro = float(np.mean(by_intent))
        names = {f"f1_{name}": value for name, value in zip(intents, by_intent, strict=True)}
        return {**names, "macro_f1": macro, "span_f1": span, "mean_f1": (macro + span) / 2}

    return score


def intent_f1(predicted: NDArray[np.bool_], gold: NDArray[np.bool_]) -> list[float]:
    """F1 by intent; both arrays have shape = (messages, intents)."""
    hits = (predicted & gold).sum(axis=0)
    return [
        float(f1(*row)) for row in zip(hits, predicted.sum(axis=0), gold.sum(axis=0), strict=True)
    ]


def span_f1(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Strict F1 of spans in tokens; shapes = (messages, tokens, tags) and (messages, tokens)."""
    hits = predicted_count = gold_count = 0
    for row, gold in zip(logits, labels, strict=True):
        kept = gold != IGNORED
        if kept.any():
            found, expected = token_spans(decode_tags(row[kept])), token_spans(gold[kept].tolist())
            hits += len(found & expected)
            predicted_count += len(found)
            gold_count += len(expected)
    return f1(hits, predicted_count, gold_count)


def token_spans(path: list[int]) -> set[tuple[int, int, int]]:
    """The spans of a tag sequence as (type, first token, last token)."""
    found: set[tuple[int, int, int]] = set()
    first = None
    for position, tag in enumerate([*path, tags.OUTSIDE]):
        opens = tag != tags.OUTSIDE and tags.is_begin(tag)
        if first is not None and (tag == tags.OUTSIDE or opens):
            found.add((tags.type_of(path[first]), first, position - 1))
            first = None
        if opens:
            first = position
    return found


def f1(hits: int, predicted: int, gold: int) -> float:
    """F1 from the counts of hits, predictions and gold items; 0 where all are 0."""
    return 2 * hits / (predicted + gold) if predicted + gold else 0.0
