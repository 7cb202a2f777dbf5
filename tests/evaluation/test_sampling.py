from pathlib import Path

import pytest
from tests.conftest import INTENTS, TYPES
from tests.evaluation.cases import S, analysis, read_rows, run, write_rows

from sidedoor import Message
from sidedoor_evaluation.gold import read_gold
from sidedoor_evaluation.sampling import REASONS, sample

MESSAGES = [Message(f"number {k}", "inbox", "buyer") for k in range(50)]
CALM = [analysis() for _ in MESSAGES]


def test_messages_near_a_threshold_in_disagreement_and_rare_ones_come_first() -> None:
    messages, analyses = list(MESSAGES), list(CALM)
    analyses[7] = analysis((), solicit_contact=0.49)
    analyses[8] = analysis((), ("EMAIL_ADDRESS", 0, 5))
    messages[9] = Message("rare", "listing", "seller")
    picked = {row["id"]: row["sampled_for"] for row in sample(messages, analyses, 4, 1)}
    assert picked["line-8"] == "near a threshold"
    assert picked["line-9"] == "heads disagree"
    assert picked["line-10"] == "rare"
    assert sorted(picked.values()) == sorted(REASONS)


def test_the_seed_decides_and_nothing_is_picked_twice() -> None:
    first, again, other = (sample(MESSAGES, CALM, 20, seed) for seed in (1, 1, 2))
    assert first == again != other
    assert len({row["id"] for row in first}) == 20
    doubled = sample([*MESSAGES, *MESSAGES], [*CALM, *CALM], 500, 1)
    assert len(doubled) == len(MESSAGES)


def test_rows_are_labelled_by_the_model() -> None:
    (row,) = sample([Message("jo@fern.co", id="x")], [analysis((S,), ("URL", 0, 4))], 1, 1)
    assert row["intents"] == [S]
    assert row["pii"] == [{"type": "URL", "start": 0, "end": 4}]


def test_the_command_writes_rows_to_correct(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_folder: Path
) -> None:
    log = write_rows(tmp_path / "log.jsonl", *({"text": f"hello {k}"} for k in range(30)))
    out = tmp_path / "picked.jsonl"
    code = run(monkeypatch, "sample", log, "-n", "10", "-o", out, "--model", model_folder)
    assert code == 0
    assert len(read_rows(out)) == len(read_gold(str(out), INTENTS, TYPES)) == 10
