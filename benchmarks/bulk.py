"""Messages a second of bulk analysis with Ray beside those of the engine alone, and memory.

    python -m benchmarks.bulk [--messages 200000] [-o benchmarks/results/bulk.json]

The corpus's test split is repeated until there are as many messages as asked for. The engine
alone is measured before and after, on the same cores. The time of a run is that from the first
part's beginning to the last one's end: Ray's start and the loading of the models come before it.
"""

import argparse
import itertools
import json
import multiprocessing
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

from benchmarks.machine import machine, processes, resident_mb
from benchmarks.messages import as_fields, read_messages
from benchmarks.output import save

from sidedoor import Analyzer
from sidedoor.cores import usable_cores
from sidedoor.model_folder import DEFAULT
from sidedoor.policy import DEFAULT as POLICY

FILES: Final = 8
SAMPLES: Final = 60
MARK_NAME: Final = "BULK_BENCHMARK"
MARK: Final = f"{MARK_NAME}={os.getpid()}"


def main() -> None:
    options = _options()
    os.environ[MARK_NAME] = str(os.getpid())
    with tempfile.TemporaryDirectory(dir=options.work) as folder:
        work = Path(folder)
        _write(work / "in", options.messages)
        before = _engine(options.model, options.engine_seconds)
        bulk = _bulk(work, options)
        after = _engine(options.model, options.engine_seconds)
    engine = statistics.mean([before, after])
    result = {
        "note": options.note,
        "machine": machine("ray", "pyarrow", "onnxruntime"),
        "messages": options.messages,
        "part_rows": options.part_rows,
        "engine_messages_per_second": {"before": before, "after": after, "mean": round(engine, 1)},
        "bulk": bulk,
        "share_of_engine": round(bulk["messages_per_second"] / engine, 3),
    }
    save(result, options.output)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--part-rows", type=int, default=5000)
    parser.add_argument("--engine-seconds", type=float, default=60, help="before, and after")
    parser.add_argument("--sample-seconds", type=float, default=5, help="between looks at memory")
    parser.add_argument("--model", type=Path, default=DEFAULT)
    parser.add_argument("--work", type=Path, help="folder for the files, the system's if none")
    parser.add_argument("--note", default="", help="what a reader of the figures must know")
    parser.add_argument("-o", "--output", type=Path)
    return parser.parse_args()


def _write(folder: Path, count: int) -> None:
    """JSONL files with `count` messages, each with an id of its own."""
    folder.mkdir()
    rows = _rows(count)
    for number in range(FILES):
        size = count // FILES + (number < count % FILES)
        with (folder / f"{number}.jsonl").open("w", encoding="utf-8") as file:
            for row in itertools.islice(rows, size):
                file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _rows(count: int) -> Iterator[dict[str, Any]]:
    for number, message in zip(range(count), itertools.cycle(read_messages()), strict=False):
        yield {"id": str(number), **as_fields(message)}


def _engine(model: Path, seconds: float) -> float:
    """Messages a second of the engine alone on all cores, in a process of its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_engine_rate, model, seconds).result()


def _engine_rate(model: Path, seconds: float) -> float:
    analyzer = Analyzer.load(model)
    messages = read_messages()
    list(analyzer.analyze_many(messages[:100]))
    started = time.perf_counter()
    count = 0
    while time.perf_counter() < started + seconds:
        count += sum(1 for _ in analyzer.analyze_many(messages))
    return round(count / (time.perf_counter() - started), 1)


def _bulk(work: Path, options: argparse.Namespace) -> dict[str, Any]:
    from sidedoor.bulk.run import Options, analyze_files

    memory = _Memory(options.sample_seconds)
    started = time.perf_counter()
    chosen = Options(
        source=str(work / "in"),
        target=str(work / "out"),
        model=options.model,
        policy=POLICY,
        part_rows=options.part_rows,
    )
    manifest = analyze_files(chosen, lambda _: None)
    whole = time.perf_counter() - started
    memory.stop()
    records = [
        json.loads(file.read_text())
        for file in (work / "out" / "_sidedoor" / "parts").rglob("*.json")
    ]
    span = max(r["ended"] for r in records) - min(r["ended"] - r["seconds"] for r in records)
    return {
        "actors": manifest["actors"],
        "parts": manifest["parts"],
        "rows_out": _rows_out(work / "out"),
        "bytes_a_message": {
            name: round(_size(work / name) / manifest["messages"]) for name in ("in", "out")
        },
        "messages_per_second": round(manifest["messages"] / span, 1),
        "seconds": round(span, 1),
        "start_and_end_seconds": round(whole - span, 1),
        "cores": usable_cores(),
        "memory": memory.figures(),
    }


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*.*"))


def _rows_out(target: Path) -> dict[str, int]:
    from pyarrow import compute, dataset

    ids = dataset.dataset(target, format="parquet").to_table(columns=["id"])["id"]
    return {"all": len(ids), "distinct": compute.count_distinct(ids).as_py()}


class _Memory:
    """Looks at the memory of the driver and the actors once in a while."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._driver: list[float] = []
        self._actors: list[float] = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        self._thread.join()

    def figures(self) -> dict[str, Any]:
        """Samples, and by how much the last quarter's median is above the second one's."""
        return {
            "driver_mb": _thinned(self._driver),
            "driver_growth_mb": _growth(self._driver),
            "largest_actor_mb": _thinned(self._actors),
            "largest_actor_growth_mb": _growth(self._actors),
        }

    def _run(self) -> None:
        while not self._end.wait(self._every_s):
            actors = processes("ray::MapWorker", MARK)
            if actors:
                self._driver.append(resident_mb(os.getpid()))
                self._actors.append(max(map(resident_mb, actors)))


def _thinned(samples: list[float]) -> list[float]:
    step = max(1, -(-len(samples) // SAMPLES))
    return samples[::step]


def _growth(samples: list[float]) -> float | None:
    quarter = len(samples) // 4
    if quarter < 1:
        return None
    second, last = samples[quarter : 2 * quarter], samples[-quarter:]
    return round(statistics.median(last) - statistics.median(second), 1)


if __name__ == "__main__":
    main()
