"""A `sidedoor serve` process for a test, and plain HTTP to talk to it."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PROGRAM: Final = Path(sys.executable).with_name("sidedoor")
START_S: Final = 120
"""Seconds that a start may take on a machine that does much else."""
JSON: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Service:
    """A running process; `written` is all that it has written so far."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.process = process
        self.output = output
        self.port = self._wait_for_port()

    def request(
        self, path: str, body: bytes | None = None, headers: Mapping[str, str] = JSON
    ) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET" if body is None else "POST", path, body, dict(headers))
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, response.read())
        finally:
            connection.close()

    def analyze(self, text: str, **fields: Any) -> Answer:
        """Asks for one message."""
        return self.request("/v1/analyze", json.dumps({"text": text, **fields}).encode())

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def metric(self, start: str) -> float:
        """The sum of the metrics whose lines start so."""
        lines = self.request("/metrics").body.decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(start))

    def stop(self, sig: int = signal.SIGTERM) -> int:
        """Ends the process and gives its exit code."""
        self.process.send_signal(sig)
        return self.process.wait(30)

    @property
    def written(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")

    def _wait_for_port(self) -> int:
        end = time.monotonic() + START_S
        while time.monotonic() < end and self.process.poll() is None:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", self.written):
                return int(found[1])
            time.sleep(0.02)
        raise AssertionError(f"the service did not start: {self.written}")


def environment(**settings: object) -> dict[str, str]:
    """An environment with these settings of the service and no others."""
    bare = {k: v for k, v in os.environ.items() if not k.startswith(("SIDEDOOR_", "OTEL_"))}
    return bare | {
        name if name.startswith("OTEL_") else f"SIDEDOOR_{name.upper()}": str(value)
        for name, value in settings.items()
    }


def start(model: Path, output: Path, **settings: object) -> Service:
    """Starts the service on a free port, by default with no time to drain."""
    chosen = {"model": model, "port": 0, "drain_s": 0, **settings}
    with output.open("wb") as file:
        process = subprocess.Popen(
            [PROGRAM, "serve"], env=environment(**chosen), stdout=file, stderr=file
        )
    try:
        return Service(process, output)
    except AssertionError:
        process.kill()
        process.wait()
        raise


@contextmanager
def running(model: Path, output: Path, **settings: object) -> Iterator[Service]:
    """A service for as long as the block takes."""
    service = start(model, output, **settings)
    try:
        yield service
    finally:
        service.process.kill()
        service.process.wait()
