"""Calibration: a temperature and a bias an intent, and a threshold for a budget of false flags.

Platt scaling (Platt 1999) with a positive slope, fitted on validation logits; thresholds are
chosen on the same messages.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from sidedoor.model_folder import IntentConfig
from sidedoor_training.scores import f1

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


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
    """Temperature and bias of the least log loss, with a weak pull towards 1 and 0."""
    inputs = torch.tensor(logits, dtype=torch.float64)
    targets = torch.tensor(gold, dtype=torch.float64)
    log_slope = torch.zeros((), dtype=torch.float64, requires_grad=True)
    bias = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([log_slope, bias], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        value = torch.nn.functional.binary_cross_entropy_with_logits(
            inputs * log_slope.exp() + bias, targets
        ) + 1e-3 * (log_slope.square() + bias.square())
        value.backward()
        return value

    optimiser.step(loss)
    return float((-log_slope).exp().detach()), float(bias.detach())


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
        value = f1(hits, int(flagged.sum()), int(gold.sum()))
        if value > best:
            below = ranked[index + 1] if index + 1 < len(ranked) else 0.0
            best, chosen = value, (score + below) / 2
    return round(float(min(max(chosen, 0.01), 0.99)), 4)
