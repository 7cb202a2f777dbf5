"""A service process to measure, and what loads it: wrk, and an open loop of our own.

wrk is a closed loop: it asks again when it is answered, so it can't offer more than is served.
For more than that, requests are sent here at their own times, whatever the answers do.
"""

import asyncio
import http.client
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

SCRIPT: Final = """
local requests, n, mean = {}, 0, tonumber(os.getenv("DELAY_MS"))
function init(args)
  math.randomseed(tonumber(os.getenv("SEED")))
  local headers = {["Content-Type"] = "application/json"}
  for line in io.lines(os.getenv("BODIES")) do
    requests[#requests + 1] = wrk.format("POST", nil, headers, line)
  end
  n = math.random(#requests)
end
function request()
  n = n % #requests + 1
  return requests[n]
end
if mean > 0 then
  function delay()
    return math.floor(-mean * math.log(1 - math.random()) + 0.5)
  end
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("FIGURES %d %d %d %d %d %d %d %d\\n", summary.requests,
    summary.duration, latency.mean, latency:percentile(50), latency:percentile(99),
    latency:percentile(99.9), e.status, e.connect + e.read + e.write + e.timeout))
end
"""


class Service:
    """A running service on this machine."""

    def __init__(self, port: int) -> None:
        self.port = port

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def metric(self, name: str) -> float:
        """The value of a metric without labels."""
        lines = self.get("/metrics")[1].splitlines()
        return float(next(x for x in lines if x.startswith(f"{name} ")).split()[1])

    def resident_mb(self) -> float:
        """The process's memory."""
        return round(self.metric("process_resident_memory_bytes") / 2**20, 1)

    def errors(self) -> dict[str, float]:
        """Counts of answers that failed or came too late."""
        found: dict[str, float] = {}
        pattern = r'sidedoor_requests_total\{.*status="(500|504)"\} (\S+)'
        for status, count in re.findall(pattern, self.get("/metrics")[1]):
            found[status] = found.get(status, 0) + float(count)
        return found


@contextmanager
def serving(model: Path, log: Path) -> Iterator[Service]:
    """A `sidedoor serve` of its own, from its readiness to its end."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SIDEDOOR_", "OTEL_"))}
    program = Path(sys.executable).with_name("sidedoor")
    service = Service(_free_port())
    with log.open("wb") as file:
        process = subprocess.Popen(
            [program, "serve", "--port", str(service.port), "--model", model],
            env={**kept, "SIDEDOOR_DRAIN_S": "0"},
            stderr=file,
        )
    try:
        _wait_until_ready(process, service)
        yield service
    finally:
        process.terminate()
        process.wait(60)
    if process.returncode:
        raise SystemExit(f"the service ended badly: {log.read_text()[-2000:]}")


def _wait_until_ready(process: subprocess.Popen[bytes], service: Service) -> None:
    while process.poll() is None:
        with suppress(OSError):
            if service.get("/readyz")[0] == 200:
                return
        time.sleep(0.01)
    raise SystemExit("the service did not start")


def _free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def wrk(
    url: str, bodies: Path, connections: int, seconds: int, *, delay_ms: float = 0
) -> dict[str, float]:
    """Figures of wrk, one thread; `delay_ms` is the mean pause before each request."""
    program = shutil.which("wrk")
    if program is None:
        raise SystemExit("wrk is not installed; apt-get install wrk")
    command = [program, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout=30s", "-s"]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT)
        script.flush()
        done = subprocess.run(
            [*command, script.name, url],
            env={**os.environ, "BODIES": str(bodies), "DELAY_MS": str(delay_ms), "SEED": "7"},
            capture_output=True,
            text=True,
            check=True,
        )
    found = re.search(r"FIGURES (.*)", done.stdout)
    if found is None:
        raise SystemExit(f"wrk said: {done.stdout}")
    count, took_us, mean, p50, p99, p999, refused, broken = map(int, found[1].split())
    return {
        "requests_per_second": round(1e6 * count / took_us, 1),
        "answered_per_second": round(1e6 * (count - refused) / took_us, 1),
        "mean_ms": mean / 1000,
        "p50_ms": p50 / 1000,
        "p99_ms": p99 / 1000,
        "p999_ms": p999 / 1000,
        "refused": refused,
        "broken": broken,
    }


def rate_of(
    url: str, bodies: Path, connections: int, rate: float, seconds: int
) -> dict[str, float]:
    """Runs wrk at about `rate` requests a second, at random times."""
    answer_ms = 0.0
    row: dict[str, float] = {}
    for duration in (3, 3, seconds):
        delay_ms = max(0.0, 1000 * connections / rate - answer_ms)
        row = wrk(url, bodies, connections, duration, delay_ms=delay_ms)
        answer_ms = row["mean_ms"]
    return {"asked_requests_per_second": round(rate, 1), **row}


def overload(service: Service, bodies: Path, rate: float, seconds: int) -> dict[str, Any]:
    """Requests sent at `rate` whatever the answers do; figures of the admitted and the refused."""
    requests = [
        b"POST /v1/analyze HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        for body in bodies.read_bytes().splitlines()
    ]
    found, memory = asyncio.run(_watched(service, _Load(service.port, requests, rate, seconds)))
    admitted, refused = found.get(200, []), found.get(503, [])
    return {
        "offered_requests_per_second": round(sum(map(len, found.values())) / seconds, 1),
        "statuses": {str(status): len(times) for status, times in sorted(found.items())},
        "admitted_per_second": round(len(admitted) / seconds, 1),
        "admitted_p50_ms": _cut(admitted, 50),
        "admitted_p99_ms": _cut(admitted, 99),
        "refused_p50_ms": _cut(refused, 50),
        "refused_p99_ms": _cut(refused, 99),
        "resident_mb": memory,
    }


async def _watched(service: Service, load: "_Load") -> tuple[dict[int, list[float]], list[float]]:
    """What the load finds, and the service's memory each few seconds meanwhile."""
    running = asyncio.create_task(load.run())
    memory = []
    while not running.done():
        memory.append(await asyncio.to_thread(service.resident_mb))
        await asyncio.wait([running], timeout=load.seconds / 12)
    return running.result(), memory


class _Load:
    """An open loop: each request leaves at its time, on a connection that is free or new."""

    def __init__(self, port: int, requests: list[bytes], rate: float, seconds: int) -> None:
        self._port = port
        self._requests = requests
        self._rate = rate
        self.seconds = seconds
        self._free: deque[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = deque()
        self._times: dict[int, list[float]] = {}

    async def run(self) -> dict[int, list[float]]:
        """Milliseconds of the answers, by status; 0 stands for a broken connection."""
        chance = random.Random(7)
        start = at = time.perf_counter()
        running: set[asyncio.Task[None]] = set()
        while at < start + self.seconds:
            at += chance.expovariate(self._rate)
            if (wait := at - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            task = asyncio.create_task(self._ask(chance.choice(self._requests)))
            running.add(task)
            task.add_done_callback(running.discard)
        if running:
            await asyncio.wait(running)
        for _, writer in self._free:
            writer.close()
        return self._times

    async def _ask(self, request: bytes) -> None:
        start = time.perf_counter()
        status = 0
        with suppress(OSError, asyncio.IncompleteReadError):
            if self._free:
                reader, writer = self._free.pop()
            else:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            await reader.readexactly(int(length[1]) if length else 0)
            status = int(head[9:12])
            self._free.append((reader, writer))
        self._times.setdefault(status, []).append(1000 * (time.perf_counter() - start))


def _cut(times: list[float], percent: int) -> float | None:
    if len(times) < 2:
        return None
    return round(statistics.quantiles(times, n=100)[percent - 1], 1)
