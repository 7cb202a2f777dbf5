"""The load figures: what is promised, and that the document shows what was measured."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from benchmarks.service_report import (
    CONNECTIONS,
    DOCUMENT,
    END,
    RESULT,
    START,
    targets,
    with_table,
)

ROOT: Final = Path(__file__).parents[2]
ROW: Final = {
    "messages_per_second": 190.0,
    "p50_ms": 10.0,
    "p99_ms": 60.0,
    "p999_ms": 70.0,
    "refused": 0,
}


def _result() -> dict[str, Any]:
    """Figures that keep every promise."""
    names = [f"{kind}_{c}" for kind in ("one_message", "batch_of_32") for c in CONNECTIONS]
    result: dict[str, Any] = {
        "machine": {"processor": "Some CPU", "cores": 2, "date": "2026-01-01", "commit": "abc"},
        "engine": {"messages_per_second": 200.0, "p50_ms": 9.0},
        "service": {
            "saturation": {name: dict(ROW) for name in names},
            "at_70_percent": {name: dict(ROW) for name in names},
            "at_200_percent": {
                "statuses": {"200": 100, "503": 100},
                "admitted_p99_ms": 3000.0,
                "refused_p99_ms": 20.0,
                "resident_mb": [200, 201, 201, 200],
            },
            "soak": {"refused": 0, "broken": 0, "resident_mb": [200, 201, 201, 200]},
        },
        "lost": {},
        "ready_s": 1.2,
    }
    return result | {"targets": targets(result)}


def test_good_figures_keep_every_promise() -> None:
    assert all(target["kept"] for target in _result()["targets"])


@pytest.mark.parametrize(
    ("place", "figure", "broken"),
    [
        ("engine.messages_per_second", 293.0, "one message a request, share of the engine's rate"),
        ("engine.messages_per_second", 212.0, "32 messages a request, share of the engine's rate"),
        ("engine.p50_ms", 7.0, "p99 at 70 %, in p50s of the engine"),
        ("service.at_200_percent.admitted_p99_ms", 10_001.0, "p99 of the admitted at 200 %, ms"),
        ("service.at_200_percent.refused_p99_ms", 50.1, "p99 of the refused at 200 %, ms"),
        ("service.at_200_percent.refused_p99_ms", None, "p99 of the refused at 200 %, ms"),
        ("service.at_200_percent.statuses", {"200": 9, "500": 1}, "other statuses at 200 %"),
        ("service.at_200_percent.resident_mb", [200, 211], "growth of memory at 200 %"),
        ("service.soak.resident_mb", [200, 211], "growth of memory in the soak"),
        ("service.soak.broken", 1, "requests refused or broken in the soak"),
        ("lost", {"504": 1.0}, "answers that failed (500) or were late (504)"),
        ("ready_s", 2.01, "seconds from start to ready"),
    ],
)
def test_each_promise_can_be_broken(place: str, figure: object, broken: str) -> None:
    result = _result()
    *folders, name = place.split(".")
    inner = result
    for folder in folders:
        inner = inner[folder]
    inner[name] = figure
    assert broken in [target["target"] for target in targets(result) if not target["kept"]]


def test_the_table_shows_each_load_and_each_promise() -> None:
    text = with_table(f"before\n{START}\n{END}\nafter\n", _result())
    assert text.count("| saturated, ") == text.count("| 70 %, ") == 2 * len(CONNECTIONS)
    assert text.count("| yes |") == len(_result()["targets"])
    assert with_table(text, _result()) == text


def test_the_document_shows_the_figures_that_were_measured() -> None:
    text = (ROOT / DOCUMENT).read_text(encoding="utf-8")
    if (ROOT / RESULT).is_file():
        result = json.loads((ROOT / RESULT).read_text(encoding="utf-8"))
        assert with_table(text, result) == text, "run `python -m benchmarks.service_report`"
        assert targets(result) == result["targets"]
    else:
        assert f"{START}\n{END}" in text
