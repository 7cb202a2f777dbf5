"""Load figures of the service, measured with wrk on the same cores as the service itself.

    python -m benchmarks.service [MESSAGES.jsonl] [--model DIR] [-o RESULT.json]

Everything stays on 127.0.0.1. The service is measured at saturation with 1, 8 and 64 connections,
one message a request and 32; at 70 % of each; at twice of it; and, with `--soak`, for minutes.
Before and after comes the engine alone. About ten minutes without a soak. What is promised stands
in `service_report.py`.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.machine import machine
from benchmarks.messages import as_fields, read_messages
from benchmarks.output import save
from benchmarks.service_load import Service, overload, rate_of, serving, wrk
from benchmarks.service_report import BATCH, CONNECTIONS, targets

from sidedoor import Analyzer, Message
from sidedoor.model_folder import DEFAULT, read_config

ROUNDS: Final = 3


@dataclass(frozen=True)
class _Requests:
    """Requests to one path: a file of bodies, one a line, of `count` messages each."""

    path: str
    bodies: Path
    count: int

    def with_messages(self, row: dict[str, float]) -> dict[str, float]:
        return {**row, "messages_per_second": round(row["answered_per_second"] * self.count, 1)}


def main() -> None:
    options = _options()
    messages = read_messages(options.messages)
    result: dict[str, Any] = {
        "machine": machine("onnxruntime"),
        "model": _model(options.model),
        "messages": len(messages),
        "seconds_a_phase": options.seconds,
    }
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        requests = _requests(messages, work)
        result["ready_s"] = _ready(options.model, work)
        before = _rates(options.model, messages)
        with serving(options.model, work / "log") as service:
            result["service"] = _phases(service, requests, options)
            result["lost"] = service.errors()
        result["engine"] = _engine(options.model, messages, before)
    result["targets"] = targets(result)
    save(result, options.output)


def _phases(
    service: Service, requests: Mapping[str, _Requests], options: argparse.Namespace
) -> dict[str, Any]:
    single = requests["one_message"]
    wrk(service.url(single.path), single.bodies, connections=8, seconds=3)
    phases: dict[str, Any] = {"saturation": {}, "at_70_percent": {}}
    for name, kind in requests.items():
        for connections in CONNECTIONS:
            row = wrk(service.url(kind.path), kind.bodies, connections, options.seconds)
            _wait_until_idle(service)
            phases["saturation"][f"{name}_{connections}"] = kind.with_messages(row)
    for name, kind in requests.items():
        for connections in CONNECTIONS:
            saturated = phases["saturation"][f"{name}_{connections}"]["answered_per_second"]
            rate = 0.7 * max(saturated, 1 / options.seconds)  # short phases may answer nothing
            row = rate_of(service.url(kind.path), kind.bodies, connections, rate, options.seconds)
            _wait_until_idle(service)
            phases["at_70_percent"][f"{name}_{connections}"] = kind.with_messages(row)
    best = max(phases["saturation"][f"one_message_{c}"]["answered_per_second"] for c in CONNECTIONS)
    phases["at_200_percent"] = overload(service, single.bodies, 2 * best, options.overload_seconds)
    if options.soak:
        phases["soak"] = _soak(service, single.bodies, options.soak)
    return phases


def _wait_until_idle(service: Service) -> None:
    """Waits for what a phase has left behind, which the next one would pay for."""
    while service.metric("sidedoor_waiting_messages"):
        time.sleep(0.1)


def _soak(service: Service, bodies: Path, minutes: float) -> dict[str, Any]:
    """Eight connections for minutes, with the memory after each tenth."""
    rows, memory = [], []
    for _ in range(10):
        rows.append(wrk(service.url("/v1/analyze"), bodies, 8, max(1, round(6 * minutes))))
        memory.append(service.resident_mb())
    return {
        "minutes": minutes,
        "requests_per_second": [row["requests_per_second"] for row in rows],
        "p99_ms": [row["p99_ms"] for row in rows],
        "refused": sum(row["refused"] for row in rows),
        "broken": sum(row["broken"] for row in rows),
        "resident_mb": memory,
    }


def _rates(model: Path, messages: Sequence[Message]) -> list[float]:
    """The engine's messages a second, on all cores, in each of some rounds."""
    analyzer = Analyzer.load(model)
    list(analyzer.analyze_many(messages[:100]))
    rates = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        count = sum(1 for _ in analyzer.analyze_many(messages))
        rates.append(count / (time.perf_counter() - start))
    return rates


def _engine(model: Path, messages: Sequence[Message], before: list[float]) -> dict[str, Any]:
    """The engine by itself: rounds before and after the service's, in case the machine drifts."""
    rates = [*before, *_rates(model, messages)]
    analyzer = Analyzer.load(model)
    times = []
    for message in messages:
        start = time.perf_counter()
        analyzer.analyze(message)
        times.append(1000 * (time.perf_counter() - start))
    return {
        "messages_per_second": round(statistics.median(rates), 1),
        "rounds": [round(rate, 1) for rate in rates],
        "p50_ms": round(statistics.median(times), 2),
    }


def _ready(model: Path, work: Path) -> float:
    """Seconds from the start to a positive readiness, the median of some starts."""
    times = []
    for k in range(ROUNDS):
        start = time.perf_counter()
        with serving(model, work / f"start-{k}"):
            times.append(time.perf_counter() - start)
    return round(statistics.median(times), 2)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("messages", nargs="?", help="JSONL file; the corpus's test split if none")
    parser.add_argument("--model", type=Path, default=DEFAULT)
    parser.add_argument("--seconds", type=int, default=20, help="of each phase")
    parser.add_argument("--overload-seconds", type=int, default=60)
    parser.add_argument("--soak", type=float, default=0, metavar="MINUTES")
    parser.add_argument("-o", "--output", type=Path)
    return parser.parse_args()


def _requests(messages: Sequence[Message], folder: Path) -> dict[str, _Requests]:
    """The bodies, one a line: each message by itself, and all of them in batches."""
    singles = [as_fields(message) for message in messages]
    # the last batch is filled up from the first messages
    batches = [
        {"messages": [singles[(first + k) % len(singles)] for k in range(BATCH)]}
        for first in range(0, len(singles), BATCH)
    ]
    kinds = {
        "one_message": _Requests("/v1/analyze", folder / "single.txt", 1),
        "batch_of_32": _Requests("/v1/analyze/batch", folder / "batch.txt", BATCH),
    }
    for kind, bodies in zip(kinds.values(), (singles, batches), strict=True):
        kind.bodies.write_text("\n".join(map(json.dumps, bodies)))
    return kinds


def _model(folder: Path) -> dict[str, str]:
    config = read_config(folder)
    return {"name": config.name, "sha256": config.files["model.onnx"]}


if __name__ == "__main__":
    main()
