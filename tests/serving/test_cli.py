import io
import json
import sys
from pathlib import Path

import pytest

from sidedoor import cli
from sidedoor.rows import written_whole


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr(sys, "argv", ["sidedoor", *map(str, arguments)])
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    return int(exit_.value.code or 0)


def _write(path: Path, *rows: object) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _read(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_analyze_gives_a_row_a_message_in_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_folder: Path
) -> None:
    source = _write(tmp_path / "in.jsonl", *({"id": k, "text": f"hi {k}"} for k in range(100)))
    target = tmp_path / "out.jsonl"
    assert _run(monkeypatch, "analyze", source, "-o", target, "--model", model_folder) == 0
    rows = _read(target)
    assert [row["id"] for row in rows] == [str(k) for k in range(100)]
    assert set(rows[0]) == {
        "id",
        "intents",
        "labels",
        "pii",
        "action",
        "rule",
        "reason",
        "evidence",
    }


def test_analyze_reads_plain_text_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], model_folder: Path
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"eins\n\nzwei\n")))
    assert _run(monkeypatch, "analyze", "-", "--text", "--model", model_folder) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "no JSON"),
        ("[1]", "JSON object"),
        ('{"text": 1}', "text must be a string"),
        ('{"text": "canary", "surface": "shop"}', "surface"),
        ("[" * 100_000, "nested too deep"),
    ],
)
def test_a_malformed_row_stops_without_a_half_written_output(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    model_folder: Path,
    line: str,
    says: str,
) -> None:
    source = _write(tmp_path / "in.jsonl", {"text": "hi"}, line, {"text": "ho"})
    target = tmp_path / "out.jsonl"
    assert _run(monkeypatch, "analyze", source, "-o", target, "--model", model_folder) == 2
    error = capsys.readouterr().err
    assert f"{source}:2: " in error.replace("\n", "")
    assert says in error
    assert "canary" not in error
    assert "Traceback" not in error
    assert [file.name for file in tmp_path.iterdir()] == ["in.jsonl"]


def test_malformed_rows_are_passed_over_and_counted(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    model_folder: Path,
) -> None:
    source = _write(tmp_path / "in.jsonl", {"text": "hi"}, "{", {"no": "text"}, {"text": "ho"})
    target = tmp_path / "out.jsonl"
    code = _run(
        monkeypatch, "analyze", source, "-o", target, "--model", model_folder, "--skip-errors"
    )
    assert code == 0
    assert len(_read(target)) == 2
    assert "2 messages analysed, 2 malformed rows passed over" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["analyze", "nowhere.jsonl"], "nowhere.jsonl can't be read"),
        (["analyze", "-", "--model", "nowhere"], "nowhere is no model folder"),
        (["analyze", "-", "--policy", "nowhere.yaml"], "nowhere.yaml can't be read"),
        (["train", "nowhere.yaml"], "nowhere.yaml can't be read"),
        (["export", "nowhere", "-o", "out"], "nowhere is no checkpoint"),
        (["evaluate", "nowhere.jsonl"], "nowhere.jsonl can't be read"),
        (["corpus", "stats", "nowhere"], "nowhere holds no"),
    ],
)
def test_what_is_missing_is_named_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    model_folder: Path,
    arguments: list[str],
    says: str,
) -> None:
    if arguments[0] in ("analyze", "evaluate") and "--model" not in arguments:
        arguments = [*arguments, "--model", str(model_folder)]
    assert _run(monkeypatch, *arguments) == 2
    error = capsys.readouterr().err
    assert says in error
    assert "Traceback" not in error


def test_a_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "sidedoor.api.server", raising=False)
    assert _run(monkeypatch, "serve") == 2
    assert "pip install 'sidedoor[api]'" in capsys.readouterr().err


def test_a_missing_ray_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    source = _write(tmp_path / "in.jsonl", {"text": "hi"})
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "sidedoor.bulk.run", raising=False)
    assert _run(monkeypatch, "analyze", source, "-o", tmp_path / "out", "--engine", "ray") == 2
    assert "pip install 'sidedoor[ray]'" in capsys.readouterr().err


def test_columns_may_have_other_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_folder: Path
) -> None:
    source = _write(tmp_path / "in.jsonl", {"nr": 7, "body": "hi", "where": "order"})
    target = tmp_path / "out.jsonl"
    names = ("--text-column", "body", "--id-column", "nr", "--surface-column", "where")
    assert _run(monkeypatch, "analyze", source, "-o", target, "--model", model_folder, *names) == 0
    assert [row["id"] for row in _read(target)] == ["7"]


def test_an_output_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.write_text("before")

    def fail() -> None:
        with written_whole(str(target)) as file:
            file.write("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]
