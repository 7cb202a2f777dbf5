import numpy as np
import pytest

from sidedoor.calibration import calibrate, choose_threshold, fit


def test_calibration_undoes_a_known_temperature_and_bias() -> None:
    random = np.random.default_rng(1)
    true_logits = random.normal(0, 2, 20_000)
    gold = random.random(20_000) < 1 / (1 + np.exp(-true_logits))
    temperature, bias = fit((true_logits - 0.7) * 3.0, gold)
    assert temperature == pytest.approx(3.0, rel=0.08)
    assert bias == pytest.approx(0.7, abs=0.08)


@pytest.mark.parametrize(
    ("budget", "expected"),
    [(0.0, 0.75), (0.25, 0.55), (0.5, 0.35)],
)
def test_the_threshold_keeps_to_the_budget(budget: float, expected: float) -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2])
    gold = np.array([True, True, False, True, False, True, False, False])
    assert choose_threshold(scores, gold, budget) == pytest.approx(expected)
    flagged = scores >= expected
    assert (flagged & ~gold).sum() / (~gold).sum() <= budget


def test_an_intent_that_never_occurs_still_gets_a_threshold() -> None:
    config = calibrate("x", np.array([-1.0, -2.0]), np.array([False, False]), 0.01)
    assert 0 < config.threshold < 1
