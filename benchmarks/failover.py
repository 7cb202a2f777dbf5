"""Two Ray Serve replicas under load, one of them killed; and how many requests a replica may have.

    python -m benchmarks.failover [-o benchmarks/results/failover.json]

A closed loop of connections asks, one message a request, on the same cores as the replicas. Head
and body of a request leave in one piece: the proxy can only send again what it had whole. A request
fails if its answer is not 200 or its connection breaks. The rate is back at the end of the last
window of two seconds that holds less than 80 % of the rate before the kill.
"""

import argparse
import http.client
import itertools
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from benchmarks.machine import machine, processes
from benchmarks.output import save

from sidedoor.model_folder import DEFAULT

WINDOW_S: Final = 2
BACK_SHARE: Final = 0.8
MARK_NAME: Final = "FAILOVER_BENCHMARK"
MARK: Final = f"{MARK_NAME}={os.getpid()}"
SERVE: Final = """
import sys
from pathlib import Path
from sidedoor.api.replicas import load_settings, read_scale, run
port, replicas, ongoing, model = sys.argv[1:]
settings = load_settings(port=int(port), model=Path(model), log_level="warning")
scale = read_scale({"replicas": int(replicas), "max_ongoing_requests": int(ongoing)})
run(settings, scale, address=None)
"""

Answer = tuple[float, float, int]
"""When it came, after how many milliseconds, and its status; 0 for a broken connection."""


def main() -> None:
    options = _options()
    os.environ[MARK_NAME] = str(os.getpid())
    bodies = _bodies()
    sweep: dict[str, Any] = {}
    for ongoing in options.ongoing:
        with _service(options.model, options.replicas, ongoing) as port:
            _load(port, bodies, options.connections, 3)
            answers = _load(port, bodies, options.connections, options.sweep_seconds)
        sweep[str(ongoing)] = _figures(answers, options.sweep_seconds)
    with _service(options.model, options.replicas, options.max_ongoing) as port:
        _load(port, bodies, options.connections, 3)
        killed = _killed(port, bodies, options)
    result = {
        "note": options.note,
        "machine": machine("ray", "onnxruntime"),
        "replicas": options.replicas,
        "connections": options.connections,
        "by_max_ongoing_requests": sweep,
        "max_ongoing_requests": options.max_ongoing,
        "one_replica_killed": killed,
    }
    save(result, options.output)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--max-ongoing", type=int, default=32, help="while one is killed")
    parser.add_argument("--ongoing", type=int, nargs="*", default=[1, 2, 5, 16, 32, 64])
    parser.add_argument("--sweep-seconds", type=int, default=20)
    parser.add_argument("--before", type=int, default=20, help="seconds before the kill")
    parser.add_argument("--after", type=int, default=40, help="seconds after the kill")
    parser.add_argument("--model", type=Path, default=DEFAULT)
    parser.add_argument("--note", default="", help="what a reader of the figures must know")
    parser.add_argument("-o", "--output", type=Path)
    return parser.parse_args()


def _bodies() -> Sequence[bytes]:
    from sidedoor_training.corpus import read_corpus
    from sidedoor_training.refill import as_written

    rows = read_corpus(Path("training/corpus"), ["test"])
    messages = [as_written(row).message for row in rows]
    return [
        json.dumps({"text": m.text, "surface": m.surface, "sender": m.sender}).encode()
        for m in messages
    ]


@contextmanager
def _service(model: Path, replicas: int, ongoing: int) -> Iterator[int]:
    """The port of a service of its own, from its readiness to its end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    arguments = [str(port), str(replicas), str(ongoing), str(model)]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, *arguments], stdout=log, stderr=log
        )
        try:
            _wait_until_ready(process, port)
            yield port
        finally:
            process.terminate()
            process.wait(120)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    while process.poll() is None:
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise SystemExit("the service did not start")


def _load(port: int, bodies: Sequence[bytes], connections: int, seconds: float) -> list[Answer]:
    """What came back to `connections` clients that ask again as soon as they are answered."""
    answers: list[Answer] = []
    end = time.perf_counter() + seconds
    threads = [
        threading.Thread(target=_ask, args=(port, bodies, k, end, answers))
        for k in range(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _ask(port: int, bodies: Sequence[bytes], first: int, end: float, answers: list[Answer]) -> None:
    head = b"POST /v1/analyze HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    connection: socket.socket | None = None
    for body in itertools.cycle(bodies[first * 50 % len(bodies) :]):
        started = time.perf_counter()
        if started > end:
            break
        status = 0
        try:
            connection = connection or socket.create_connection(("127.0.0.1", port), timeout=30)
            connection.sendall(head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            response = http.client.HTTPResponse(connection)
            response.begin()
            response.read()
            status = response.status
            kept = not response.will_close
        except (OSError, http.client.HTTPException):
            kept = False
        if connection and not kept:
            connection.close()
            connection = None
        now = time.perf_counter()
        answers.append((now, 1000 * (now - started), status))
    if connection:
        connection.close()


def _killed(port: int, bodies: Sequence[bytes], options: argparse.Namespace) -> dict[str, Any]:
    killed_at = 0.0

    def kill() -> None:
        nonlocal killed_at
        os.kill(processes("ray::ServeReplica", MARK)[0], signal.SIGKILL)
        killed_at = time.perf_counter()

    timer = threading.Timer(options.before, kill)
    timer.start()
    answers = _load(port, bodies, options.connections, options.before + options.after)
    if not killed_at:
        raise SystemExit("no replica was found to kill")
    good = sorted(at for at, _, status in answers if status == 200)
    before = sum(at < killed_at for at in good) / options.before
    return {
        "messages_per_second_before": round(before, 1),
        "statuses": dict(Counter(str(status) for _, _, status in answers)),
        "failed": sum(status != 200 for _, _, status in answers),
        "failed_after_s": [round(at - killed_at, 2) for at, _, status in answers if status != 200],
        "longest_ms": round(max(ms for _, ms, _ in answers), 1),
        "back_after_s": _back(good, killed_at, before),
        "answered_by_second": _by_second(good, killed_at, options),
    }


def _back(good: Sequence[float], killed_at: float, before: float) -> float:
    """Seconds from the kill to the end of the last window that is slower than before."""
    back = 0.0
    for tenth in range(int(10 * (good[-1] - killed_at - WINDOW_S))):
        start = killed_at + tenth / 10
        if sum(start <= at < start + WINDOW_S for at in good) < BACK_SHARE * before * WINDOW_S:
            back = tenth / 10 + WINDOW_S
    return round(back, 1)


def _by_second(good: Sequence[float], killed_at: float, options: argparse.Namespace) -> list[int]:
    """Answers in each second, the kill at the beginning of second `before`."""
    counts = Counter(int(at - killed_at + options.before) for at in good)
    return [counts[second] for second in range(options.before + options.after)]


def _figures(answers: Sequence[Answer], seconds: float) -> dict[str, Any]:
    times = [ms for _, ms, status in answers if status == 200]
    cuts = statistics.quantiles(times, n=100)
    return {
        "messages_per_second": round(len(times) / seconds, 1),
        "p50_ms": round(cuts[49], 1),
        "p99_ms": round(cuts[98], 1),
        "failed": len(answers) - len(times),
    }


if __name__ == "__main__":
    main()
