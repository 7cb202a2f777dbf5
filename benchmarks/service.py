"""Load figures of the service, measured with wrk on the same cores as the service itself.

    python -m benchmarks.service [MESSAGES.jsonl] [--model DIR] [-o RESULT.json]

Everything stays on 127.0.0.1. First comes the engine alone, in the same run; then the service at
saturation with 1, 8 and 64 connections, one message a request and 32; then at 70 % of that, at
twice of it, and, with `--soak`, for minutes. About six minutes without a soak.
"""

import argparse
import json
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.service_load import Service, overload, rate_of, serving, wrk

from sidedoor import Analyzer, Message
from sidedoor.analyzer import usable_cores
from sidedoor.model_folder import DEFAULT, read_config
from sidedoor.rows import Rows

CONNECTIONS: Final = (1, 8, 64)
BATCH: Final = 32
ROUNDS: Final = 3


def main() -> None:
    options = _options()
    messages = _messages(options.messages)
    result: dict[str, Any] = {
        "machine": _machine(),
        "model": _model(options.model),
        "messages": len(messages),
        "seconds_a_phase": options.seconds,
        "engine": _engine(options.model, messages),
    }
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        single, batch = work / "single.txt", work / "batch.txt"
        bodies = [_body(message) for message in messages]
        single.write_text("\n".join(json.dumps(body) for body in bodies))
        batch.write_text("\n".join(json.dumps(_batch(bodies, k)) for k in range(len(bodies))))
        result["ready_s"] = _ready(options.model, work)
        with serving(options.model, work / "log") as service:
            result |= _phases(service, single, batch, result["engine"], options)
    result["kept"] = _kept(result)
    text = json.dumps(result, indent=2) + "\n"
    print(text, end="")
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(text, encoding="utf-8")


def _phases(
    service: Service, single: Path, batch: Path, engine: dict[str, float], options: Any
) -> dict[str, Any]:
    wrk(service.url("/v1/analyze"), single, connections=8, seconds=3)
    memory = {"warm": service.resident_mb()}
    phases: dict[str, Any] = {}
    for connections in CONNECTIONS:
        for name, path, bodies, count in (
            ("one_message", "/v1/analyze", single, 1),
            ("batch_of_32", "/v1/analyze/batch", batch, BATCH),
        ):
            row = wrk(service.url(path), bodies, connections, options.seconds)
            row["messages_per_second"] = round(row["answered_per_second"] * count, 1)
            phases[f"{name}_{connections}_connections"] = row
    best = max(phases[f"one_message_{c}_connections"]["requests_per_second"] for c in CONNECTIONS)
    memory["saturated"] = service.resident_mb()
    phases["at_70_percent"] = rate_of(
        service.url("/v1/analyze"), single, 0.7 * best, options.seconds
    )
    phases["at_200_percent"] = overload(service, single, 2 * best, options.overload_seconds)
    memory["overloaded"] = service.resident_mb()
    if options.soak:
        phases["soak"] = _soak(service, single, options.soak)
    return {"service": phases, "resident_mb": memory, "lost": service.errors()}


def _soak(service: Service, bodies: Path, minutes: float) -> dict[str, Any]:
    """Eight connections for minutes, with the memory after each tenth."""
    memory = []
    rates = []
    for _ in range(10):
        row = wrk(service.url("/v1/analyze"), bodies, 8, max(1, round(6 * minutes)))
        rates.append(row["requests_per_second"])
        memory.append(service.resident_mb())
    return {"minutes": minutes, "requests_per_second": rates, "resident_mb": memory}


def _kept(result: dict[str, Any]) -> dict[str, Any]:
    """The figures that are promised."""
    phases, engine = result["service"], result["engine"]
    singles = [phases[f"one_message_{c}_connections"] for c in CONNECTIONS]
    batches = [phases[f"batch_of_32_{c}_connections"] for c in CONNECTIONS]
    rate = engine["messages_per_second"]
    return {
        "one_message_share_of_engine": _share(singles, rate),
        "batch_share_of_engine": _share(batches, rate),
        "p99_at_70_percent_in_engine_p50s": round(
            phases["at_70_percent"]["p99_ms"] / engine["p50_ms"], 2
        ),
        "refusal_p99_ms": phases["at_200_percent"]["refused_p99_ms"],
    }


def _share(rows: Sequence[dict[str, float]], rate: float) -> float:
    return round(max(row["messages_per_second"] for row in rows) / rate, 3)


def _engine(model: Path, messages: Sequence[Message]) -> dict[str, float]:
    analyzer = Analyzer.load(model)
    list(analyzer.analyze_many(messages[:100]))
    rates = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        count = sum(1 for _ in analyzer.analyze_many(messages))
        rates.append(count / (time.perf_counter() - start))
    times = []
    for message in messages:
        start = time.perf_counter()
        analyzer.analyze(message)
        times.append(1000 * (time.perf_counter() - start))
    return {
        "messages_per_second": round(statistics.median(rates), 1),
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


def _messages(source: str | None) -> list[Message]:
    if source:
        return list(Rows(source))
    from sidedoor_training.corpus import read_corpus
    from sidedoor_training.refill import as_written

    return [as_written(row).message for row in read_corpus(Path("training/corpus"), ["test"])]


def _body(message: Message) -> dict[str, Any]:
    context = [{"text": turn.text, "sender": turn.sender} for turn in message.context]
    return {
        "text": message.text,
        "surface": message.surface,
        "sender": message.sender,
        "context": context,
    }


def _batch(bodies: Sequence[dict[str, Any]], first: int) -> dict[str, Any]:
    """A batch of the messages from `first` on, which begin again at their end."""
    return {"messages": [bodies[(first + k) % len(bodies)] for k in range(BATCH)]}


def _model(folder: Path) -> dict[str, str]:
    config = read_config(folder)
    return {"name": config.name, "sha256": config.files["model.onnx"]}


def _machine() -> dict[str, Any]:
    processor = platform.processor()
    with suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        line = next(line for line in lines if line.startswith("model name"))
        processor = line.partition(":")[2].strip()
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return {
        "processor": processor,
        "cores": usable_cores(),
        "python": platform.python_version(),
        "commit": done.stdout.strip() or "unknown",
        "date": datetime.now(UTC).date().isoformat(),
    }


if __name__ == "__main__":
    main()
