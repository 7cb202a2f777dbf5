"""Bulk analysis with Ray, as a process: whole, with an actor killed, with the driver killed."""

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pytest
from pyarrow import dataset, parquet
from tests.serving.ray_processes import MARK, started_by
from tests.serving.service import PROGRAM

pytestmark = pytest.mark.slow

WAIT_S: Final = 180
LONG: Final = "a message that takes its time, 12 34 56. " * 40
COUNT: Final = 240


def _start(source: Path, target: Path, model: Path, log: Path, *more: str) -> Any:
    arguments = ["analyze", str(source), "-o", str(target), "--engine", "ray"]
    with log.open("wb") as file:
        return subprocess.Popen(
            [PROGRAM, *arguments, "--model", model, "--part-rows", "10", "--actors", "2", *more],
            stdout=file,
            stderr=file,
        )


def _wait_for(holds: Callable[[], Any], process: subprocess.Popen[bytes], log: Path) -> Any:
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end and process.poll() is None:
        if found := holds():
            return found
        time.sleep(0.02)
    raise AssertionError(f"it did not come to that: {log.read_text()}")


def _records(target: Path) -> list[Path]:
    return list((target / "_sidedoor" / "parts").rglob("*.json"))


def _source(folder: Path) -> Path:
    """A folder with a file of each kind, and three malformed rows in it."""
    folder.mkdir()
    rows = [{"id": str(k), "text": f"{k} {LONG}", "lang": "en"} for k in range(COUNT)]
    third = COUNT // 3
    parquet.write_table(pa.Table.from_pylist(rows[:third]), folder / "a.parquet")
    lines = [json.dumps(row) for row in rows[third : 2 * third]]
    (folder / "b.jsonl").write_text("\n".join([*lines, "{", '{"text": 1}']) + "\n")
    cells = [f'{row["id"]},"{row["text"]}",{row["lang"]}' for row in rows[2 * third :]]
    (folder / "c.csv").write_text("\n".join(["id,text,lang", *cells, "canary"]) + "\n")
    return folder


def _check(target: Path, done_before: int = 0) -> None:
    manifest = json.loads((target / "_sidedoor" / "manifest.json").read_text())
    assert (manifest["messages"], manifest["rejected"]) == (COUNT, 3)
    assert manifest["parts_done_before"] >= done_before
    assert len(manifest["model_sha256"]) == len(manifest["policy_sha256"]) == 64
    assert not (target / "_sidedoor" / "scratch").exists() or not any(
        (target / "_sidedoor" / "scratch").iterdir()
    )


def test_an_actor_killed_in_mid_run_costs_no_row_and_doubles_none(
    monkeypatch: pytest.MonkeyPatch, model_folder: Path, tmp_path: Path
) -> None:
    log, target = tmp_path / "log", tmp_path / "out"
    monkeypatch.setenv(MARK, str(log))
    source = _source(tmp_path / "in")
    process = _start(source, target, model_folder, log)
    _wait_for(lambda: len(_records(target)) >= 2, process, log)
    victim = _wait_for(lambda: started_by(str(log), "ray::MapWorker"), process, log)[0]
    os.kill(victim, signal.SIGKILL)
    assert process.wait(WAIT_S) == 0, log.read_text()
    table = dataset.dataset(target, format="parquet").to_table()
    assert Counter(table["id"].to_pylist()) == Counter(str(k) for k in range(COUNT))
    assert set(table["lang"].to_pylist()) == {"en"}
    _check(target)
    assert "canary" not in log.read_text()
    assert "takes its time" not in log.read_text()


def test_a_killed_driver_is_rerun_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, model_folder: Path, tmp_path: Path
) -> None:
    log, target = tmp_path / "log", tmp_path / "out"
    monkeypatch.setenv(MARK, str(log))
    source = _source(tmp_path / "in")
    process = _start(source, target, model_folder, log, "--format", "jsonl")
    _wait_for(lambda: len(_records(target)) >= 3, process, log)
    process.kill()
    process.wait()
    assert not (target / "_sidedoor" / "manifest.json").exists()
    done = len(_records(target))
    again = _start(source, target, model_folder, log, "--format", "jsonl")
    assert again.wait(WAIT_S) == 0, log.read_text()
    files = [file for file in target.rglob("*.jsonl") if "_sidedoor" not in file.parts]
    rows = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    assert Counter(row["id"] for row in rows) == Counter(str(k) for k in range(COUNT))
    _check(target, done_before=done)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-", "--engine", "ray"], "give IN and -o OUT"),
        (["in.jsonl", "--actors", "2"], "need --engine ray"),
        (["nowhere", "-o", "out", "--engine", "ray"], "nowhere can't be read"),
        (
            ["pyproject.toml", "-o", "out", "--engine", "ray", "--ray-address", "127.0.0.1:1"],
            "no file that ends in",
        ),
    ],
)
def test_what_does_not_go_is_said(model_folder: Path, arguments: list[str], says: str) -> None:
    done = subprocess.run(
        [PROGRAM, "analyze", *arguments, "--model", model_folder], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
