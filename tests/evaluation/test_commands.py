"""The commands on a tiny random model: what they write, and what they say of bad input."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conftest import INTENTS
from tests.evaluation.cases import ROWS, S, run, write_rows

from sidedoor.model_folder import read_config


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "gold.jsonl", *ROWS)


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def test_evaluate_writes_everything_as_json(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_folder: Path, source: Path
) -> None:
    out = tmp_path / "out.json"
    code = run(
        monkeypatch, "evaluate", source, "--model", model_folder, "--json", out, "--draws", "20",
        "--by", "group",
    )  # fmt: skip
    assert code == 0
    content = _json(out)
    assert content["about"]["messages"] == len(ROWS)
    assert content["about"]["command"].startswith("sidedoor evaluate")
    assert content["figures"]["spans"]["strict"]["all"]["f1"].keys() == {"value", "low", "high"}
    assert {part["value"] for part in content["slices"] if part["field"] == "group"} == {
        "one",
        "two",
    }
    assert [other["name"] for other in content["beside"]] == ["keyword filter"]
    assert content["robustness"] is None
    assert content["comparisons"] == []


def test_models_are_compared_and_tables_shown(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    model_folder: Path,
    source: Path,
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    code = run(
        monkeypatch, "evaluate", source, "--model", model_folder, "--model", model_folder,
        "--draws", "20", "--robustness", "--baseline", "none",
    )  # fmt: skip
    assert code == 0
    shown = capsys.readouterr().out
    for title in ("intents, 5 messages", "Spans", "Slices", "paired", "McNemar",
                  "Recall by family of disguise", "flagged once retyped"):  # fmt: skip
        assert title in shown


def test_a_file_of_predictions_is_scored_in_the_model_s_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_folder: Path, source: Path
) -> None:
    rows = [
        {"id": row["id"], "labels": row["intents"], "intents": {}, "pii": row["pii"]}
        for row in ROWS
    ]
    predictions, out = write_rows(tmp_path / "found.jsonl", *rows), tmp_path / "out.json"
    code = run(
        monkeypatch, "evaluate", source, "--model", model_folder, "--predictions", predictions,
        "--json", out, "--draws", "0",
    )  # fmt: skip
    assert code == 0
    content = _json(out)
    assert content["about"]["system"] == "found.jsonl"
    assert content["figures"]["exact_match"]["value"] == 1
    assert content["figures"]["spans"]["strict"]["all"]["f1"]["value"] == 1
    assert content["figures"]["average_precision"] == {}
    assert content["comparisons"][0]["second"] == "tiny"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--by", "gruop"], "no row has the field 'gruop'"),
        (["--baseline", "magic"], "unknown baseline 'magic'"),
        (["--predictions", "nowhere.jsonl"], "nowhere.jsonl can't be read"),
    ],
)
def test_bad_input_to_evaluate_is_named_and_nothing_written(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    model_folder: Path,
    source: Path,
    arguments: list[str],
    says: str,
) -> None:
    out = tmp_path / "out.json"
    code = run(monkeypatch, "evaluate", source, "--model", model_folder, "--json", out, *arguments)
    assert code == 2
    assert says in capsys.readouterr().err
    assert not out.exists()


def test_a_broken_row_gives_no_figures(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    model_folder: Path,
) -> None:
    source = write_rows(tmp_path / "gold.jsonl", *ROWS[:3], {**ROWS[3], "intents": ["flirt"]})
    assert run(monkeypatch, "evaluate", source, "--model", model_folder) == 2
    output = capsys.readouterr()
    assert "gold.jsonl:4: unknown intent 'flirt'" in output.err
    assert output.out == ""


def test_calibrate_writes_a_new_folder(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    model_folder: Path,
) -> None:
    rows = [
        {"id": str(k), "text": f"message {k} of many", "intents": list(INTENTS) if k % 3 else [],
         "pii": []}
        for k in range(60)
    ]  # fmt: skip
    source, output = write_rows(tmp_path / "gold.jsonl", *rows), tmp_path / "new"
    arguments = ("calibrate", source, "--model", model_folder, "-o", output,
                 "--max-false-flags", "0.1", "--chart", tmp_path / "curve.png")  # fmt: skip
    assert run(monkeypatch, *arguments) == 0
    assert read_config(output).intents != read_config(model_folder).intents
    assert "← chosen" in capsys.readouterr().out
    assert (tmp_path / "curve.png").is_file()
    assert run(monkeypatch, *arguments) == 2
    assert "none is changed in place" in capsys.readouterr().err


def test_charts_without_their_extra_are_refused_before_any_work(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    model_folder: Path,
    source: Path,
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    out = tmp_path / "out"
    assert run(monkeypatch, "evaluate", source, "--model", model_folder, "--report", out) == 2
    assert "pip install 'sidedoor[eval]'" in capsys.readouterr().err
    assert not out.exists()
    assert run(monkeypatch, "evaluate", source, "--model", model_folder, "--draws", "5") == 0


POLICY: dict[str, Any] = {
    "version": 1,
    "rules": [{"name": "flag", "when": {"intents": {"all": [S]}}, "action": "review",
               "reason": "because"}],
    "default": {"action": "allow", "reason": "nothing"},
}  # fmt: skip


def _policy(path: Path, action: str, *, twice: bool = False) -> Path:
    rule = {**POLICY["rules"][0], "action": action}
    rules = [rule, {**rule, "name": "again"}] if twice else [rule]
    path.write_text(yaml.safe_dump({**POLICY, "rules": rules}))
    return path


def test_policy_check_says_what_is_dead(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    model_folder: Path,
) -> None:
    policy = _policy(tmp_path / "policy.yaml", "review", twice=True)
    assert run(monkeypatch, "policy", "check", policy, "--model", model_folder) == 2
    assert "the rule 'again' is dead" in capsys.readouterr().out
    policy = _policy(tmp_path / "policy.yaml", "review")
    assert run(monkeypatch, "policy", "check", policy, "--model", model_folder) == 0


def test_policy_replay_counts_what_would_change(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_folder: Path
) -> None:
    log = write_rows(tmp_path / "log.jsonl", *({"text": f"hello number {k}"} for k in range(20)))
    old, new = _policy(tmp_path / "old.yaml", "block"), _policy(tmp_path / "new.yaml", "nudge")
    out = tmp_path / "out.json"
    code = run(
        monkeypatch, "policy", "replay", log, "--policy", new, "--against", old, "--model",
        model_folder, "--json", out,
    )  # fmt: skip
    assert code == 0
    content = _json(out)
    assert content["messages"] == 20
    assert content["changed"] == content["rules"]["flag"]
    assert run(monkeypatch, "policy", "replay", log, "--policy", new, "--model", model_folder) == 0
    (tmp_path / "log.jsonl").write_text("")
    assert run(monkeypatch, "policy", "replay", log, "--policy", new, "--model", model_folder) == 2


def test_the_interface_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], model_folder: Path
) -> None:
    assert run(monkeypatch, "labels", "interface", "--model", model_folder) == 0
    assert '<Choice value="explain-policy"/>' in capsys.readouterr().out
