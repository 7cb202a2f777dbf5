"""The service in replicas: the plain one's answers, and what a killed replica costs."""

import json
import os
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, Final

import pytest
from fastapi.testclient import TestClient
from tests.serving.ray_processes import MARK, started_by
from tests.serving.service import PROGRAM, Answer, Service, environment

from sidedoor import Analyzer, ConfigurationError
from sidedoor.api.app import create_app
from sidedoor.api.settings import Settings

pytestmark = pytest.mark.slow

MESSAGE: Final = {"id": "m-1", "text": "Sure 🙂, write jo@fern.co", "sender": "seller"}
REQUESTS: Final[list[tuple[str, Any]]] = [
    ("/v1/analyze", MESSAGE),
    ("/v1/analyze?offsets=utf16", MESSAGE),
    ("/v1/analyze/batch", {"messages": [MESSAGE, {"text": ""}]}),
    ("/v1/analyze", {"text": "canary", "no": "field"}),
    ("/v1/analyze", {"text": "canary" * 10_000}),
    ("/v1/model", None),
    ("/healthz", None),
    ("/readyz", None),
    ("/openapi.json", None),
    ("/nowhere", None),
]
LOADERS: Final = 4


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def replicas(
    model_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, str]]:
    """Two replicas, and the name of their run."""
    log = tmp_path_factory.mktemp("replicas") / "log"
    ports = {f"RAY_SERVE_HAPROXY_{n}_PORT": str(_free_port()) for n in ("METRICS", "STATS")}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [PROGRAM, "serve", "--engine", "ray", "--replicas", "2", "--port", str(_free_port())],
            env=environment(model=model_folder) | ports | {MARK: str(log)},
            stdout=file,
            stderr=file,
        )
    try:
        yield Service(process, log), str(log)
    finally:
        process.terminate()
        try:
            process.wait(60)
        finally:
            process.kill()


def _comparable(answer: Answer) -> Any:
    content = answer.json()
    content.pop("request_id", None)
    return answer.status, content


def _in_one_piece(service: Service, text: str) -> int:
    """The status of an answer; the proxy can only send again what it had whole."""
    body = json.dumps({"text": text}).encode()
    head = b"POST /v1/analyze HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with service.connect() as connection:
        connection.sendall(head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        response = HTTPResponse(connection)
        response.begin()
        response.read()
        return response.status


def test_replicas_answer_as_the_plain_service_does(
    replicas: tuple[Service, str], analyzer: Analyzer, model_folder: Path
) -> None:
    service, _ = replicas
    with TestClient(create_app(analyzer, Settings(model=model_folder))) as client:
        for path, body in REQUESTS:
            content = None if body is None else json.dumps(body).encode()
            answer = service.request(path, content)
            headers = {"Content-Type": "application/json"}
            expected = client.request(
                "GET" if body is None else "POST", path, content=content, headers=headers
            )
            plain = Answer(expected.status_code, {}, expected.content)
            assert _comparable(answer) == _comparable(plain), path
            assert answer.headers["x-request-id"]
    assert "canary" not in service.written


def test_a_killed_replica_costs_no_answer_and_comes_back(replicas: tuple[Service, str]) -> None:
    service, run = replicas
    before = started_by(run, "ray::ServeReplica")
    assert len(before) == 2
    end = time.monotonic() + 4

    def load() -> Counter[int]:
        statuses: Counter[int] = Counter()
        while time.monotonic() < end:
            statuses[_in_one_piece(service, "a message that takes its time. " * 20)] += 1
        return statuses

    with ThreadPoolExecutor(LOADERS) as pool:
        loaders = [pool.submit(load) for _ in range(LOADERS)]
        time.sleep(1)
        os.kill(before[0], signal.SIGKILL)
        statuses = sum((loader.result() for loader in loaders), Counter[int]())
    assert set(statuses) == {200}
    back = time.monotonic() + 60
    while len(started_by(run, "ray::ServeReplica")) < 2:
        assert time.monotonic() < back
        time.sleep(0.1)


def test_the_end_is_orderly(replicas: tuple[Service, str]) -> None:
    service, _ = replicas
    assert service.stop() == 0
    assert "Traceback" not in service.written


def test_a_scale_that_does_not_go_is_named() -> None:
    wrong = {
        "replicas: ": {"replicas": 0},
        "no_such: ": {"no_such": 1},
        "max_replicas: 1 is less": {"replicas": 2, "max_replicas": 1},
    }
    code = (
        "import sys, json; from sidedoor.api.replicas import build\n"
        "for arguments in json.loads(sys.argv[1]):\n"
        "    try: build(arguments)\n"
        "    except Exception as error: print(type(error).__name__, error)"
    )
    arguments = [str(PROGRAM.with_name("python")), "-c", code, json.dumps(list(wrong.values()))]
    done = subprocess.run(arguments, env=environment(), capture_output=True, text=True)
    for line, says in zip(done.stdout.splitlines(), wrong, strict=True):
        assert line.startswith(f"{ConfigurationError.__name__} {says}")
