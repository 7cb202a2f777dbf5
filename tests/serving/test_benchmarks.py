"""The comparison with peers: what it reads, what it promises, and that its page follows it."""

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import torch
from benchmarks.ceiling import ceiling, int8_products
from benchmarks.contestants import start
from benchmarks.contestants_report import PACKAGES, PAGE, figures, memory_promises, with_tables
from benchmarks.memory import LONG, _Batches
from benchmarks.messages import drawn, texts_of_length
from benchmarks.peers import INT8, PEERS, PIPELINES, REFERENCE, SIDEDOOR, Place, models
from benchmarks.peers.models import Shape, shape_of
from tests.conftest import tiny_model
from tokenizers import Tokenizer

from sidedoor import Analysis, InputError, Message, ModelFolderError
from sidedoor.model_folder import MODEL_FILE
from sidedoor_onnx.graph import export_fp32

ROOT: Final = Path(__file__).parents[2]
SIX: Final = {"layers": 6, "hidden": 384, "heads": 12, "intermediate": 1536}
MESSAGES: Final = [Message("write me a b c d"), Message("e f g, not here"), Message("1 2 3 4 5")]


def _row(title: str, rates: list[float], p50: float) -> dict[str, Any]:
    by_threads = {"median": statistics.median(rates), "rounds": rates}
    times = {str(length): {"p50": p50, "p99": 2 * p50} for length in (8, 16, 32, 64, 128)}
    return {
        "title": title,
        "how": "somehow",
        "whole": True,
        "messages_per_second": {"1": by_threads, "2": by_threads},
        "ms_by_tokens": times,
        "resident_mb": 100.0,
        "start_s": 1.0,
    }


def _result() -> dict[str, Any]:
    """Figures that keep every promise."""
    about = {"processor": "Some CPU", "cores": 2, "vnni": True, "date": "2026-01-01", "commit": "a"}
    about |= dict.fromkeys(PACKAGES, "1.0")
    result: dict[str, Any] = {
        "machine": about,
        "measured": {"messages": 4, "source": "test split", "mean_tokens": 20.0, "rounds": 3},
        "models": {"weights": "random", "shape": SIX, "reference": SIX},
        "contestants": {
            PIPELINES: _row("pipelines", [20.0, 20.0, 20.0], 60.0),
            "torch-compiled": {"title": "compiled", "how": "x", "whole": True, "reason": "no g++"},
            INT8: _row("int8", [300.0, 400.0, 200.0], 5.0),
            SIDEDOOR: _row("Sidedoor", [600.0, 1200.0, 600.0], 2.9),
        },
        "ceiling": {
            "products": [{"shape": [384, 1536], "count": 6}],
            "by_tokens": {"32": {"model_ms": 2.0, "products_ms": 1.3, "share": 0.65}},
        },
    }
    return result | figures(result)


def _memory() -> dict[str, Any]:
    result: dict[str, Any] = {
        "machine": _result()["machine"],
        "messages": 100,
        "clients": 2,
        "long_share": 0.02,
        "failed": 0,
        "resident_mb": 150.0,
        "second_half_swing": 0.01,
        "samples": [{"messages": count, "resident_mb": 150.0} for count in range(101)],
    }
    return result | {"promises": memory_promises(result)}


def _broken(promises: list[dict[str, Any]]) -> list[str]:
    return [row["promise"] for row in promises if not row["kept"]]


def test_good_figures_keep_every_promise() -> None:
    assert _broken(_result()["promises"]) == []
    assert _broken(_memory()["promises"]) == []


def test_a_ratio_is_the_median_of_the_rounds_own() -> None:
    assert _result()["times_as_fast_as"][INT8] == {"1": 3.0, "2": 3.0}


@pytest.mark.parametrize(
    ("name", "row", "broken"),
    [
        (INT8, _row("int8", [301.0, 700.0, 301.0], 5.0), "times plain dynamic int8 of 6 layers"),
        (INT8, _row("int8", [300.0, 400.0, 200.0], 4.8), "p50 at 32 tokens, share of that of"),
        (PIPELINES, _row("pipelines", [20.0, 41.0, 21.0], 60.0), "times transformers' pipelines"),
        (PIPELINES, {"title": "x", "reason": "none"}, "times transformers' pipelines"),
        (REFERENCE, _row("six layers", [900.0, 900.0, 900.0], 5.0), "times plain dynamic int8"),
    ],
)
def test_each_promise_of_speed_can_be_broken(name: str, row: dict[str, Any], broken: str) -> None:
    result = _result()
    result["contestants"][name] = row
    if name == REFERENCE:  # it takes part where the shipped model has another shape
        result["models"]["shape"] = {"layers": 3, "hidden": 384}
    (found,) = _broken(figures(result)["promises"])
    assert found.startswith(broken)


@pytest.mark.parametrize("limit", [{"reason": "no int8"}, {"by_tokens": {"32": {"share": 0.59}}}])
def test_the_promised_share_of_the_limit_can_be_broken(limit: dict[str, Any]) -> None:
    assert _broken(figures(_result() | {"ceiling": limit})["promises"]) == [
        "share of the int8 products' speed at 32 tokens"
    ]


@pytest.mark.parametrize("change", [{"resident_mb": 201.0}, {"second_half_swing": 0.031}])
def test_each_promise_of_memory_can_be_broken(change: dict[str, float]) -> None:
    assert len(_broken(memory_promises(_memory() | change))) == 1


def test_the_page_shows_each_contestant_and_promise_and_why_one_did_not_run(tmp_path: Path) -> None:
    (tmp_path / "bench.json").write_text(json.dumps(_result()))
    (tmp_path / "memory.json").write_text(json.dumps(_memory()))
    page = with_tables(PAGE.read_text(encoding="utf-8"), tmp_path)
    assert "| compiled | did not run: no g++ |" in page
    assert "| Sidedoor | 600 | 600 | 2.9 / 5.8 |" in page
    assert page.count("| yes |") == len(_result()["promises"]) + len(_memory()["promises"])
    assert with_tables(page, tmp_path) == page


def test_the_page_shows_the_figures_that_were_measured() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_tables(page) == page, "run `python -m benchmarks.contestants_report`"


def test_texts_have_the_length_that_is_asked_for(tokenizer: Tokenizer) -> None:
    texts = texts_of_length(5, MESSAGES, tokenizer, 20)
    assert len(texts) == 20
    assert {len(tokenizer.encode(text)) for text in texts} == {5}
    assert not any(text != text.strip() for text in texts)
    with pytest.raises(InputError, match="too few words for 1 texts of 999 tokens"):
        texts_of_length(999, MESSAGES, tokenizer, 1)


def test_messages_are_drawn_alike_every_time() -> None:
    assert drawn(MESSAGES, 2) == drawn(MESSAGES, 2)
    assert sorted(m.text for m in drawn(MESSAGES, 9)) == sorted(m.text for m in MESSAGES)


def test_the_limit_is_of_the_graphs_own_products(model_folder: Path, tmp_path: Path) -> None:
    products = int8_products(model_folder / MODEL_FILE)
    assert sorted(products) == sorted(2 * [(32, 96), (32, 32), (32, 64), (64, 32)])
    limit = ceiling(model_folder, runs=1, lengths=[8])
    assert limit["by_tokens"]["8"]["products_ms"] > 0
    export_fp32(tiny_model(), tmp_path / MODEL_FILE)
    with pytest.raises(ModelFolderError, match="multiplies by no int8 weights"):
        int8_products(tmp_path / MODEL_FILE)


def test_the_peers_have_the_shape_of_the_shipped_model(model_folder: Path, tmp_path: Path) -> None:
    assert shape_of(model_folder / MODEL_FILE) == Shape(2, 32, 2, 64)
    export_fp32(tiny_model(), tmp_path / MODEL_FILE)
    with pytest.raises(ModelFolderError, match="no fused attention"):
        shape_of(tmp_path / MODEL_FILE)


@pytest.mark.slow
def test_all_peers_answer_and_the_joint_ones_alike(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "REFERENCE", Shape(1, 32, 2, 64))
    made = models.make_models(tmp_path, model_folder, None)
    assert made["shape"] == {"layers": 2, "hidden": 32, "heads": 2, "intermediate": 64}
    place = Place(tmp_path, model_folder, torch.get_num_threads())
    names = (PIPELINES, "torch", "onnx-float", INT8, REFERENCE, SIDEDOOR, "scrubadub")
    answers = {name: PEERS[name].load(place).one("write me at a b c") for name in names}
    floats = [answers[name] for name in ("torch", "onnx-float")]
    scores = [[i.score for i in a.intents] for a in floats if isinstance(a, Analysis)]
    assert scores[0] == pytest.approx(scores[1], abs=1e-4)
    assert isinstance(answers[PIPELINES], tuple)
    assert not any(answer.pii for answer in floats if isinstance(answer, Analysis))


def test_requests_hold_as_many_messages_as_asked_for_and_some_long_ones() -> None:
    batches = list(_Batches(MESSAGES, 1000))
    rows = [row for _, body in batches for row in json.loads(body)["messages"]]
    assert sum(count for count, _ in batches) == len(rows) == 1000
    longest = max(len(message.text) for message in MESSAGES)
    assert 0 < sum(len(row["text"]) > longest for row in rows) < 3 * LONG * len(rows)


@pytest.mark.slow
def test_a_contestant_that_can_not_run_is_named_with_the_reason(
    model_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "texts.json").write_text(json.dumps({"messages": ["hello there"]}))
    rows: dict[str, dict[str, Any]] = {name: {} for name in ("onnx-float", SIDEDOOR)}
    entries = start(rows, Place(tmp_path, model_folder, threads=1), starts=1)
    assert list(entries) == [SIDEDOOR]
    assert rows["onnx-float"]["reason"].startswith("NoSuchFile")
    assert rows[SIDEDOOR]["start_s"] > 0
    assert entries[SIDEDOOR].running.resident_mb() > 10
    entries[SIDEDOOR].running.close()


def test_every_contestant_says_what_it_does() -> None:
    assert all(peer.title and peer.how and ":" in peer.loader for peer in PEERS.values())


@pytest.mark.slow
def test_memory_is_measured_of_a_serving_process(model_folder: Path, tmp_path: Path) -> None:
    source, output = tmp_path / "messages.jsonl", tmp_path / "memory.json"
    source.write_text("".join(json.dumps({"text": m.text}) + "\n" for m in MESSAGES))
    arguments: list[str | Path] = [
        source,
        "--messages",
        "100",
        "--model",
        model_folder,
        "-o",
        output,
    ]
    subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", *arguments],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    result = json.loads(output.read_text())
    assert result["failed"] == 0
    assert result["samples"][-1]["messages"] == 100
    assert result["resident_mb"] > 10
