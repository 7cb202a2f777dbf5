from pathlib import Path
from typing import Any

import pytest
from tests.conftest import INTENTS, TYPES
from tests.evaluation.cases import ROWS, S, analysis, write_rows

from sidedoor import Analyzer, InputError
from sidedoor_evaluation.gold import GoldSpan, gold_row
from sidedoor_evaluation.prediction import Prediction, read_predictions

GOLD = [gold_row(row) for row in ROWS[:2]]
FINE: list[dict[str, Any]] = [
    {"id": "b", "labels": [], "intents": {S: 0.1}, "pii": []},
    {"id": "a", "labels": [S], "intents": {S: 0.9},
     "pii": [{"type": "URL", "start": 1, "end": 4, "score": 0.7, "text": "x"}]},
]  # fmt: skip


def _read(tmp_path: Path, *rows: Any) -> list[Prediction]:
    path = write_rows(tmp_path / "found.jsonl", *rows)
    return read_predictions(str(path), GOLD, INTENTS, TYPES)


def test_predictions_are_joined_by_id(tmp_path: Path) -> None:
    first, second = _read(tmp_path, *FINE)
    assert first == Prediction(frozenset([S]), (GoldSpan("URL", 1, 4),), {S: 0.9})
    assert second.labels == frozenset()


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (FINE[:1], "found.jsonl has no row with the id 'a'"),
        ([*FINE, FINE[0]], "found.jsonl:3: the id 'b' stands in line 1 already"),
        ([*FINE, {**FINE[0], "id": "z"}], "found.jsonl:3: no gold row has the id 'z'"),
        ([{"labels": []}], "found.jsonl:1: the row has no id"),
        ([{"id": "a"}], "found.jsonl:1: 'labels' must be a list"),
        ([{**FINE[0], "labels": ["flirt"]}], "unknown intent 'flirt'"),
        ([{**FINE[0], "intents": {S: 3}}], "must be a number from 0 to 1"),
        ([{**FINE[1], "pii": [{"type": "URL", "start": 0, "end": 400}]}], "does not lie inside"),
        ([{**FINE[1], "pii": None}], "'pii' is missing"),
    ],
)
def test_a_missing_or_broken_prediction_is_named(
    tmp_path: Path, rows: list[dict[str, Any]], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        _read(tmp_path, *rows)


def test_the_output_of_analyze_can_be_read(tmp_path: Path, analyzer: Analyzer) -> None:
    analyses = [analyzer.analyze(row.message) for row in GOLD]
    found = _read(tmp_path, *(one.to_dict() for one in analyses))
    assert [p.labels for p in found] == [frozenset(one.labels) for one in analyses]


def test_an_analysis_becomes_a_prediction() -> None:
    prediction = Prediction.of(analysis((S,), ("URL", 0, 3)))
    assert prediction.labels == {S}
    assert prediction.pii == (GoldSpan("URL", 0, 3),)
    assert prediction.scores[S] == 0.9
