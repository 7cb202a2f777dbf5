import json

import numpy as np
import pytest
from scipy.stats import binomtest  # type: ignore[import-untyped, unused-ignore]
from tests.conftest import INTENTS, TYPES
from tests.evaluation.cases import FOUND, GOLD, P, R, S, found

from sidedoor_evaluation.bootstrap import Bootstrap
from sidedoor_evaluation.comparison import Comparison, compare, mcnemar
from sidedoor_evaluation.counts import count
from sidedoor_evaluation.prediction import Prediction

PERFECT = [
    Prediction(row.intents, row.pii, {name: float(name in row.intents) for name in INTENTS})
    for row in GOLD
]


def _compare(first: list[Prediction], second: list[Prediction]) -> Comparison:
    counts = [count(GOLD, predictions, INTENTS, TYPES) for predictions in (first, second)]
    return compare(("old", "new"), counts[0], counts[1], Bootstrap(300))


def test_a_better_system_is_better_in_every_difference() -> None:
    comparison = _compare(FOUND, PERFECT)
    by_name = {row.name: row for row in comparison.differences}
    assert by_name["exact match"].difference.value == pytest.approx(2 / 6)
    assert by_name["false flags"].difference.value == pytest.approx(-1 / 4)
    for name, row in by_name.items():
        assert row.difference.value * (-1 if name == "false flags" else 1) >= 0
        assert row.difference.low <= row.difference.value <= row.difference.high
    assert set(comparison.better) == {1, 3, 4, 5}
    assert comparison.worse == ()


def test_the_same_system_does_not_differ_from_itself() -> None:
    comparison = _compare(FOUND, FOUND)
    assert all(row.difference.low == row.difference.high == 0 for row in comparison.differences)
    assert all(row.probability == 1 for row in comparison.differences)
    assert comparison.better == comparison.worse == ()


def test_messages_are_listed_most_changed_first() -> None:
    worse = [*FOUND[:2], found((S, R), ("URL", 0, 3)), *FOUND[3:5], found((P,), ("PERSON", 20, 22))]
    assert _compare(FOUND, worse).worse == (2, 5)


@pytest.mark.parametrize(("only_first", "only_second"), [(0, 0), (3, 12), (7, 7), (1, 0), (40, 20)])
def test_mcnemar_is_the_exact_binomial_test(only_first: int, only_second: int) -> None:
    first = np.array([True] * only_first + [False] * only_second + [True] * 5)
    second = np.array([False] * only_first + [True] * only_second + [True] * 5)
    test = mcnemar("x", first, second)
    assert (test.only_first, test.only_second) == (only_first, only_second)
    total = only_first + only_second
    expected = binomtest(only_first, total).pvalue if total else 1.0
    assert test.probability == pytest.approx(expected)


def test_a_comparison_is_json() -> None:
    content = json.loads(json.dumps(_compare(FOUND, PERFECT).to_dict(GOLD), allow_nan=False))
    assert content["better"][0] == "message 2"
