from pathlib import Path
from typing import Any

import pytest
from tests.conftest import INTENTS, TYPES
from tests.evaluation.cases import write_rows

from sidedoor import Analyzer, InputError
from sidedoor_evaluation.gold import GoldSpan, read_gold

GOOD: dict[str, Any] = {"id": "1", "text": "🙂 jo@fern.co", "intents": [], "pii": []}


def _file(tmp_path: Path, *rows: dict[str, Any]) -> str:
    return str(write_rows(tmp_path / "gold.jsonl", *rows))


def test_gold_rows_are_read(tmp_path: Path) -> None:
    spans = [{"type": "EMAIL_ADDRESS", "start": 2, "end": 12}]
    (row,) = read_gold(_file(tmp_path, {**GOOD, "pii": spans, "group": "a"}), INTENTS, TYPES)
    assert row.pii == (GoldSpan("EMAIL_ADDRESS", 2, 12),)
    assert row.fields["group"] == "a"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"intents": ["flirt"]}, "unknown intent 'flirt'"),
        ({"intents": None}, "'intents' is missing"),
        ({"intents": [["x"]]}, "no list of names"),
        ({"intents": [INTENTS[0], INTENTS[0]]}, "named twice"),
        ({"pii": "x"}, "'pii' is missing"),
        ({"pii": [{"type": "SHOE", "start": 0, "end": 1}]}, "unknown PII type 'SHOE'"),
        ({"pii": [{"type": ["URL"], "start": 0, "end": 1}]}, "unknown PII type"),
        ({"pii": [{"type": "URL", "start": 0, "end": 13}]}, "does not lie inside"),
        ({"pii": [{"type": "URL", "start": 3, "end": 3}]}, "does not lie inside"),
        ({"pii": [{"type": "URL", "start": -1, "end": 3}]}, "does not lie inside"),
        ({"pii": [{"type": "URL", "start": False, "end": True}]}, "does not lie inside"),
        ({"pii": [{"type": "URL"}]}, "each span needs"),
        ({"pii": [{"type": "URL", "start": 0, "end": 5}, {"type": "URL", "start": 4, "end": 6}]},
         "spans overlap"),
        ({"text": 4}, "text must be a string"),
        ({}, "stands in line 1 already"),
    ],
)  # fmt: skip
def test_a_broken_gold_row_is_named(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    row = {**GOOD, "id": "2" if change else "1", **change}
    with pytest.raises(InputError, match=says) as caught:
        read_gold(_file(tmp_path, GOOD, row), INTENTS, TYPES)
    assert "gold.jsonl:2: " in str(caught.value)
    assert "fern" not in str(caught.value)


def test_no_rows_give_no_figures(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no messages"):
        read_gold(_file(tmp_path), INTENTS, TYPES)


def test_gold_and_model_meet(tmp_path: Path, analyzer: Analyzer) -> None:
    rows = read_gold(_file(tmp_path, GOOD), INTENTS, TYPES)
    assert len(list(analyzer.analyze_many(row.message for row in rows))) == 1
