"""Hand-made cases with known answers, and an independent computation of each figure."""

import json
import math
import random
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_recall_fscore_support
from tests.conftest import INTENTS, TYPES
from tests.evaluation.cases import FOUND, GOLD, P, R, S, found, gold

from sidedoor_evaluation.bootstrap import Bootstrap
from sidedoor_evaluation.counts import count
from sidedoor_evaluation.gold import GoldRow
from sidedoor_evaluation.metrics import Evaluation, Scores, calibration_error, evaluate
from sidedoor_evaluation.prediction import Prediction


def _evaluated(
    rows: list[GoldRow] = GOLD, predictions: list[Prediction] = FOUND, draws: int = 50
) -> Evaluation:
    return evaluate(count(rows, predictions, INTENTS, TYPES), Bootstrap(draws))


def _counts(scores: Scores) -> tuple[int, int, int]:
    return scores.tp, scores.fp, scores.fn


def _values(scores: Scores) -> list[float]:
    return [scores.precision.value, scores.recall.value, scores.f1.value]


def test_intents_are_scored_one_by_one() -> None:
    evaluation = _evaluated()
    assert _counts(evaluation.intents[S]) == (1, 1, 1)
    assert _values(evaluation.intents[S]) == [0.5, 0.5, 0.5]
    assert _values(evaluation.intents[P]) == pytest.approx([1, 2 / 3, 0.8])
    assert _values(evaluation.intents[R]) == [1, 1, 1]
    assert evaluation.macro_f1.value == pytest.approx((0.5 + 0.8 + 1.0) / 3)
    assert evaluation.exact_match.value == pytest.approx(4 / 6)


def test_spans_are_scored_strictly_loosely_and_by_characters() -> None:
    spans = _evaluated().spans
    assert _counts(spans["strict"]["all"]) == (2, 3, 2)
    assert _counts(spans["strict"]["PERSON"]) == (1, 2, 1)
    assert spans["strict"]["URL"].recall.value == 0
    assert math.isnan(spans["strict"]["URL"].precision.value)
    assert _counts(spans["overlap"]["all"]) == (3, 2, 1)
    assert _counts(spans["overlap"]["PERSON"]) == (2, 1, 0)
    assert _counts(spans["characters"]["all"]) == (27, 2, 1)
    assert _counts(spans["characters"]["HANDLE"]) == (0, 10, 0)


def test_flags_are_counted_by_what_the_message_is() -> None:
    flags = _evaluated().flags
    assert {kind: (value.messages, value.flagged) for kind, value in flags.items()} == {
        "refusals and rules": (2, 1),
        "work details": (1, 0),
        "no intent": (1, 0),
        "solicitations": (2, 1),
    }
    assert flags["refusals and rules"].rate.value == 0.5


def test_one_found_span_matches_one_gold_span_only() -> None:
    rows = [gold((), ("PERSON", 0, 4), ("PERSON", 4, 8))]
    overlap = _evaluated(rows, [found((), ("PERSON", 0, 8))]).spans["overlap"]["all"]
    assert _counts(overlap) == (1, 0, 1)


def test_what_is_not_defined_is_null_and_left_out_of_the_mean() -> None:
    evaluation = _evaluated([gold((S,)), gold(())], [found((S,)), found(())])
    assert evaluation.macro_f1.value == 1
    content = json.loads(json.dumps(evaluation.to_dict(), allow_nan=False))
    assert content["intents"][P]["f1"] == {"value": None, "low": None, "high": None}


def test_a_missing_prediction_is_an_error() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        count(GOLD, FOUND[:-1], INTENTS, TYPES)


def test_a_system_that_gives_no_scores_has_no_average_precision() -> None:
    predictions = [Prediction(frozenset(), (), {}) for _ in GOLD]
    evaluation = evaluate(count(GOLD, predictions, (S,), ()), Bootstrap(5))
    assert evaluation.average_precision == evaluation.calibration_error == {}


def _random_case(seed: int) -> tuple[list[GoldRow], list[Prediction]]:
    """Random labels, scores with ties, and spans that often touch."""
    rng = random.Random(seed)

    def spans() -> list[tuple[str, int, int]]:
        cuts = sorted(rng.sample(range(41), 2 * rng.randrange(4)))
        pairs = zip(cuts[::2], cuts[1::2], strict=True)
        return [(rng.choice(TYPES[:3]), a, b) for a, b in pairs]

    rows, predictions = [], []
    for _ in range(80):
        intents = tuple(name for name in INTENTS if rng.random() < 0.4)
        scores = {name.replace("-", "_"): round(rng.random(), 1) for name in INTENTS}
        said = tuple(name for name in INTENTS if scores[name.replace("-", "_")] >= 0.6)
        expected = spans()
        kept = [span for span in expected if rng.random() < 0.6] if rng.random() < 0.7 else spans()
        rows.append(gold(intents, *expected))
        predictions.append(found(said, *kept, **scores))
    return rows, predictions


@pytest.mark.parametrize("seed", range(5))
def test_intent_figures_equal_those_of_scikit_learn(seed: int) -> None:
    rows, predictions = _random_case(seed)
    evaluation = _evaluated(rows, predictions)
    expected = np.array([[name in row.intents for name in INTENTS] for row in rows])
    said = np.array([[name in p.labels for name in INTENTS] for p in predictions])
    scores = np.array([[p.scores[name] for name in INTENTS] for p in predictions])
    figures = precision_recall_fscore_support(expected, said, average=None)
    for index, name in enumerate(INTENTS):
        assert _values(evaluation.intents[name]) == pytest.approx(
            [column[index] for column in figures[:3]]
        )
        assert evaluation.average_precision[name].value == pytest.approx(
            average_precision_score(expected[:, index], scores[:, index])
        )
    assert evaluation.macro_f1.value == pytest.approx(figures[2].mean())


@pytest.mark.parametrize("seed", range(5))
def test_span_figures_equal_those_of_nervaluate(seed: int) -> None:
    nervaluate = pytest.importorskip("nervaluate")
    rows, predictions = _random_case(seed)
    evaluator = nervaluate.Evaluator(
        [_labelled(row.pii) for row in rows],
        [_labelled(prediction.pii) for prediction in predictions],
        tags=list(TYPES),
        loader="dict",
    )
    result = evaluator.evaluate()
    strict = _evaluated(rows, predictions).spans["strict"]
    theirs = result["overall"]["strict"]
    assert _values(strict["all"]) == pytest.approx([theirs.precision, theirs.recall, theirs.f1])
    for kind in TYPES[:3]:
        one = result["entities"][kind]["strict"]
        assert strict[kind].recall.value == pytest.approx(one.recall)


def _labelled(spans: Any) -> list[dict[str, Any]]:
    return [{"label": span.type, "start": span.start, "end": span.end} for span in spans]


def test_the_calibration_error_of_a_known_case() -> None:
    scores = np.array([0.95, 0.95, 0.95, 0.95, 0.05, 0.05])
    labels = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    error = calibration_error(np.ones((1, 6)), scores, labels)
    assert error == pytest.approx([(4 * 0.2 + 2 * 0.05) / 6])
