import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score
from tests.conftest import INTENTS, TYPES
from tests.evaluation.cases import FOUND, GOLD, S

from sidedoor_evaluation.bootstrap import Bootstrap, Figure, Floats, Sample
from sidedoor_evaluation.counts import count
from sidedoor_evaluation.metrics import average_precision, evaluate, sample


def test_the_interval_of_a_share_is_the_binomial_one() -> None:
    values = np.repeat([1.0, 0.0], [300, 700])

    def share(weights: Floats) -> Sample:
        return {("share",): weights @ values / len(values)}

    figure = Bootstrap(draws=4000, seed=3).figures(share, len(values))["share",]
    error = 1.96 * math.sqrt(0.3 * 0.7 / 1000)
    assert figure.value == pytest.approx(0.3)
    assert figure.low == pytest.approx(0.3 - error, abs=0.003)
    assert figure.high == pytest.approx(0.3 + error, abs=0.003)


def test_a_draw_of_weights_equals_the_figures_of_the_messages_drawn() -> None:
    counts = count(GOLD, FOUND, INTENTS, TYPES)
    drawn = [0, 0, 1, 3, 5, 5]
    weights = np.bincount(drawn, minlength=len(GOLD)).astype(float)[None]
    direct = sample(counts.take(drawn), np.ones((1, len(drawn))))
    for path, value in sample(counts, weights).items():
        np.testing.assert_allclose(value, direct[path], err_msg=str(path))


def test_average_precision_with_weights_is_that_of_repeated_messages() -> None:
    rng = np.random.default_rng(5)
    scores, labels = rng.integers(0, 8, 60) / 8, rng.random(60) < 0.4
    weights = rng.multinomial(60, np.full(60, 1 / 60), size=20).astype(float)
    ours = average_precision(weights, scores, labels.astype(float))
    theirs = [average_precision_score(labels, scores, sample_weight=row) for row in weights]
    np.testing.assert_allclose(ours, theirs)


def test_the_same_seed_gives_the_same_intervals_and_draws_can_be_left_out() -> None:
    counts = count(GOLD, FOUND, INTENTS, TYPES)
    first, second = (evaluate(counts, Bootstrap(200, 7)).macro_f1 for _ in range(2))
    assert first == second
    assert first.low < first.value < first.high
    assert math.isnan(evaluate(counts, Bootstrap(0)).intents[S].f1.low)


@pytest.mark.parametrize(
    ("value", "count", "low", "high"),
    [(0.0, 30, 0.0, 0.1157), (1.0, 30, 0.8843, 1.0), (0.4, 30, 0.2, 0.6), (0.0, 0, 0.2, 0.6)],
)
def test_a_share_without_spread_gets_the_exact_bound(
    value: float, count: int, low: float, high: float
) -> None:
    figure = Figure(value, 0.2, 0.6).of_proportion(count)
    assert (figure.low, figure.high) == pytest.approx((low, high), abs=1e-4)
