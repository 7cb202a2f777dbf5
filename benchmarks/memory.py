"""The memory of a serving process that analyses very many messages of mixed lengths.

    python -m benchmarks.memory [--messages 100000] [-o benchmarks/results/memory.json]

`sidedoor serve` gets messages of the corpus's test split, drawn at random but always the same, in
batches from clients that ask again once they are answered. Some are joined to long ones, of several
windows. About 15 minutes on two cores at 110 messages a second.
"""

import argparse
import http.client
import json
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from benchmarks.contestants_report import memory_promises
from benchmarks.machine import machine
from benchmarks.messages import as_fields, read_messages
from benchmarks.output import save
from benchmarks.service_load import Service, serving

from sidedoor import Message
from sidedoor.message import MAX_TEXT_LENGTH
from sidedoor.model_folder import DEFAULT, read_config

CLIENTS: Final = 2
BATCH: Final = 8
"""Few enough to be answered before their deadline on a slow machine."""
LONG: Final = 0.02
"""Share of long messages: so many joined to one."""
JOINED: Final = (10, 60)
SAMPLES: Final = 100


def main() -> None:
    options = _options()
    batches = _Batches(read_messages(options.source), options.messages)
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(options.model, Path(folder) / "log") as service,
    ):
        samples = [{"messages": 0, "resident_mb": service.resident_mb()}]
        started = time.perf_counter()
        failed = _load(service, batches, samples)
        seconds = time.perf_counter() - started
    half = [row["resident_mb"] for row in samples if row["messages"] >= options.messages / 2]
    middle = statistics.median(half)
    result: dict[str, Any] = {
        "note": options.note,
        "machine": machine("onnxruntime"),
        "model": read_config(options.model).name,
        "messages": options.messages,
        "clients": CLIENTS,
        "batch": BATCH,
        "long_share": LONG,
        "messages_per_second": round(options.messages / seconds, 1),
        "failed": failed,
        "resident_mb": samples[-1]["resident_mb"],
        "second_half_swing": round(max(abs(size - middle) for size in half) / middle, 4),
        "samples": samples,
    }
    save({**result, "promises": memory_promises(result)}, options.output)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", nargs="?", help="JSONL file; the corpus's test split if none")
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--model", type=Path, default=DEFAULT)
    parser.add_argument("--note", default="", help="what a reader of the figures must know")
    parser.add_argument("-o", "--output", type=Path)
    return parser.parse_args()


class _Batches:
    """Bodies of requests until there were enough messages; several threads may take them."""

    def __init__(self, messages: Sequence[Message], count: int) -> None:
        self.count = count
        self._lock = threading.Lock()
        self._bodies = self._make(messages)

    def __iter__(self) -> "_Batches":
        return self

    def __next__(self) -> tuple[int, bytes]:
        with self._lock:
            return next(self._bodies)

    def _make(self, messages: Sequence[Message]) -> Iterator[tuple[int, bytes]]:
        rng = random.Random(7)
        for first in range(0, self.count, BATCH):
            rows = [_drawn(messages, rng) for _ in range(min(BATCH, self.count - first))]
            yield len(rows), json.dumps({"messages": rows}).encode()


def _drawn(messages: Sequence[Message], rng: random.Random) -> dict[str, Any]:
    fields = as_fields(rng.choice(messages))
    if rng.random() < LONG:
        parts = rng.choices(messages, k=rng.randint(*JOINED))
        fields["text"] = "\n".join(part.text for part in parts)[:MAX_TEXT_LENGTH]
    return fields


def _load(service: Service, batches: _Batches, samples: list[dict[str, Any]]) -> int:
    """Sends all batches, adds to the samples, and gives the count of messages not answered."""
    lock, failed = threading.Lock(), 0
    done, every = 0, -(-batches.count // SAMPLES)

    def client() -> None:
        nonlocal done, failed
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=120)
        for count, body in batches:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/v1/analyze/batch", body, headers)
            response = connection.getresponse()
            response.read()
            with lock:
                failed += count * (response.status != 200)
                before, done = done, done + count
                if done // every > before // every or done == batches.count:
                    samples.append({"messages": done, "resident_mb": service.resident_mb()})
        connection.close()

    with ThreadPoolExecutor(CLIENTS) as pool:
        for ended in [pool.submit(client) for _ in range(CLIENTS)]:
            ended.result()
    return failed


if __name__ == "__main__":
    main()
