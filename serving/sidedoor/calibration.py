"""Calibration: a temperature and a bias an intent, and a threshold for a budget of false flags.

Platt scaling (Platt 1999) with a positive slope, fitted on logits of labelled messages; thresholds
are chosen on the same messages. Both the export and `sidedoor calibrate` use it.
"""

import numpy as np
from numpy.typing import NDArray

from sidedoor.model_folder import IntentConfig

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_STEPS = 100
_PULL = 1e-3
"""Weight of the pull towards temperature 1 and bias 0."""


def calibrate(name: str, logits: Floats, gold: Flags, false_flag_budget: float) -> IntentConfig:
    """Fits one intent; `logits` and `gold` have shape = (messages,)."""
    temperature, bias = fit(logits, gold)
    scores = 1 / (1 + np.exp(-(logits / temperature + bias)))
    return IntentConfig(
        name=name,
        threshold=choose_threshold(scores, gold, false_flag_budget),
        temperature=round(temperature, 6),
        bias=round(bias, 6),
    )


def fit(logits: Floats, gold: Flags) -> tuple[float, float]:
    """Temperature and bias of the least log loss, with a weak pull towards 1 and 0.

    Fisher scoring over (log slope, bias), each step halved until it lessens the loss.
    """
    parameters = np.zeros(2)
    for _ in range(_STEPS):
        step = _step(parameters, logits, gold)
        before = _loss(parameters, logits, gold)
        while _loss(parameters + step, logits, gold) > before and np.abs(step).max() > 1e-12:
            step = step / 2
        parameters = parameters + step
        if np.abs(step).max() < 1e-10:
            break
    return float(np.exp(-parameters[0])), float(parameters[1])


def choose_threshold(scores: Floats, gold: Flags, false_flag_budget: float) -> float:
    """The threshold of the best F1 among those that keep to the budget.

    The budget is the largest share of messages without the intent that may be flagged. The
    threshold lies half way between the lowest score let through and the next one below.
    """
    ranked = np.unique(scores)[::-1]
    negatives = max(1, int((~gold).sum()))
    best, chosen = -1.0, 0.5
    for index, score in enumerate(ranked):
        flagged = scores >= score
        hits = int((flagged & gold).sum())
        false = int(flagged.sum()) - hits
        if false / negatives > false_flag_budget:
            break
        value = 2 * hits / (int(flagged.sum()) + int(gold.sum()))
        if value > best:
            below = ranked[index + 1] if index + 1 < len(ranked) else 0.0
            best, chosen = value, (score + below) / 2
    return round(float(min(max(chosen, 0.01), 0.99)), 4)


def _loss(parameters: Floats, logits: Floats, gold: Flags) -> float:
    margins = logits * np.exp(parameters[0]) + parameters[1]
    losses = np.logaddexp(0, margins) - margins * gold
    return float(losses.mean() + _PULL * (parameters**2).sum())


def _step(parameters: Floats, logits: Floats, gold: Flags) -> Floats:
    slope = np.exp(parameters[0])
    scores = 1 / (1 + np.exp(-np.clip(logits * slope + parameters[1], -60, 60)))
    jacobian = np.stack([logits * slope, np.ones_like(logits)])
    gradient = jacobian @ (scores - gold) / len(logits) + 2 * _PULL * parameters
    information = (jacobian * (scores * (1 - scores))) @ jacobian.T / len(logits)
    step: Floats = -np.linalg.solve(information + 2 * _PULL * np.eye(2), gradient)
    return step
