"""Hand-made cases with known answers."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import INTENTS, TYPES

from sidedoor import Analysis, Analyzer, Decision, InputError, Intent, Message, Span
from sidedoor_evaluation.gold import GoldRow, GoldSpan, read_gold
from sidedoor_evaluation.metrics import Scores, evaluate

S, P, R = INTENTS


def _gold(intents: tuple[str, ...], *spans: tuple[str, int, int]) -> GoldRow:
    message = Message("x" * 40)
    return GoldRow(message, frozenset(intents), tuple(GoldSpan(*span) for span in spans), {})


def _found(intents: tuple[str, ...], *spans: tuple[str, int, int]) -> Analysis:
    return Analysis(
        id=None,
        intents=tuple(Intent(name, 0.9 if name in intents else 0.1, 0.5) for name in INTENTS),
        pii=tuple(Span(kind, start, end, 0.9, "x" * (end - start)) for kind, start, end in spans),
        decision=Decision("allow", "default", "none"),
        evidence={},
    )


GOLD = [
    _gold((S,), ("EMAIL_ADDRESS", 0, 10)),
    _gold((S, P), ("PERSON", 0, 4), ("PERSON", 10, 14)),
    _gold((P,)),
    _gold((P,)),
    _gold((R,), ("URL", 5, 15)),
    _gold(()),
]
FOUND = [
    _found((S,), ("EMAIL_ADDRESS", 0, 10)),
    _found((P,), ("PERSON", 0, 4), ("PERSON", 11, 14)),
    _found((P,)),
    _found((S,)),
    _found((R,), ("HANDLE", 5, 15)),
    _found((), ("PERSON", 20, 22)),
]


def test_intents_are_scored_one_by_one() -> None:
    scores = evaluate(GOLD, FOUND, INTENTS, TYPES)
    assert scores.intents[S] == Scores(0.5, 0.5, 0.5, 1, 1, 1)
    assert scores.intents[P] == Scores(1.0, 2 / 3, 0.8, 2, 0, 1)
    assert scores.intents[R] == Scores(1.0, 1.0, 1.0, 1, 0, 0)
    assert scores.macro_f1 == pytest.approx((0.5 + 0.8 + 1.0) / 3)
    assert scores.exact_match == pytest.approx(4 / 6)


def test_spans_are_scored_strictly_loosely_and_by_characters() -> None:
    scores = evaluate(GOLD, FOUND, INTENTS, TYPES)
    strict = scores.span_strict
    assert (strict["all"].tp, strict["all"].fp, strict["all"].fn) == (2, 3, 2)
    assert (strict["PERSON"].tp, strict["PERSON"].fp, strict["PERSON"].fn) == (1, 2, 1)
    assert strict["URL"].recall == 0.0
    overlap = scores.span_overlap
    assert (overlap.tp, overlap.fp, overlap.fn) == (3, 2, 1)
    characters = scores.characters
    assert (characters.tp, characters.fp, characters.fn) == (27, 2, 1)


def test_flags_are_counted_by_what_the_message_is() -> None:
    flags = evaluate(GOLD, FOUND, INTENTS, TYPES).flags
    counts = {kind: (value.messages, value.flagged) for kind, value in flags.items()}
    assert counts == {
        "refusals and rules": (2, 1),
        "work details": (1, 0),
        "no intent": (1, 0),
        "solicitations": (2, 1),
    }
    assert flags["refusals and rules"].rate == 0.5


def test_one_found_span_matches_one_gold_span_only() -> None:
    gold = [_gold((), ("PERSON", 0, 4), ("PERSON", 4, 8))]
    found = [_found((), ("PERSON", 0, 8))]
    overlap = evaluate(gold, found, INTENTS, TYPES).span_overlap
    assert (overlap.tp, overlap.fp, overlap.fn) == (1, 0, 1)


def test_a_missing_analysis_is_an_error() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        evaluate(GOLD, FOUND[:-1], INTENTS, TYPES)


def test_the_figures_are_json() -> None:
    content = json.loads(json.dumps(evaluate(GOLD, FOUND, INTENTS, TYPES).to_dict()))
    assert content["flags"]["refusals and rules"]["rate"] == 0.5
    assert content["span_strict"]["all"]["tp"] == 2


GOOD: dict[str, Any] = {"id": "1", "text": "🙂 jo@fern.co", "intents": [], "pii": []}


def _file(tmp_path: Path, *rows: dict[str, Any]) -> str:
    path = tmp_path / "gold.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


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
        ({"pii": "x"}, "'pii' is missing"),
        ({"pii": [{"type": "SHOE", "start": 0, "end": 1}]}, "unknown PII type 'SHOE'"),
        ({"pii": [{"type": "URL", "start": 0, "end": 13}]}, "does not lie inside"),
        ({"pii": [{"type": "URL", "start": 3, "end": 3}]}, "does not lie inside"),
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
    analyses = list(analyzer.analyze_many(row.message for row in rows))
    assert evaluate(rows, analyses, INTENTS, TYPES).messages == 1
