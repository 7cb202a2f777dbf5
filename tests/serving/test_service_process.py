"""The real process: its start, its end, what happens to it, and what it promises meanwhile."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from tests.serving.service import JSON, PROGRAM, START_S, Service, environment, running

pytestmark = pytest.mark.slow

FULL_S = float(os.environ.pop("SIDEDOOR_TEST_FULL_S", "60"))
"""Seconds for which the queue is kept full."""
LONG = "a long message that takes its time. " * 500
KEY = "a-key-of-sixteen-or-more"


def _fails(**settings: object) -> str:
    """The one line that a start which fails writes."""
    done = subprocess.run(
        [PROGRAM, "serve"], env=environment(**settings), capture_output=True, timeout=START_S
    )
    assert done.returncode == 2
    assert done.stdout == b""
    error = done.stderr.decode()
    assert error.startswith("sidedoor: ")
    assert error.count("\n") == 1
    return error


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda folder: (folder / "model.onnx").unlink(), "is missing"),
        (lambda folder: (folder / "model.onnx").write_bytes(b"\0" * 4096), "is damaged"),
        (lambda folder: os.truncate(folder / "model.onnx", 1000), "is damaged"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), "is damaged"),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json"),
        (shutil.rmtree, "no model folder"),
    ],
)
def test_a_damaged_model_stops_the_start(
    model_folder: Path, tmp_path: Path, damage: Callable[[Path], object], says: str
) -> None:
    folder = shutil.copytree(model_folder, tmp_path / "model")
    damage(folder)
    assert says in _fails(model=folder)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"host": "0.0.0.0"}, "0.0.0.0 can be reached from other machines"),
        ({"port": "http"}, "SIDEDOOR_PORT"),
        ({"threds": 2}, "SIDEDOOR_THREDS"),
        ({"api_keys": "short"}, "SIDEDOOR_API_KEYS"),
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_its_name(
    model_folder: Path, settings: dict[str, object], says: str
) -> None:
    error = _fails(**{"model": model_folder, **settings})
    assert says in error
    assert "short" not in error


def test_a_taken_port_stops_the_start(model_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"127.0.0.1:{port} can't be listened on" in _fails(model=model_folder, port=port)


@pytest.fixture(scope="module")
def service(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    output = tmp_path_factory.mktemp("service") / "log"
    settings = {"threads": 1, "queue": 4, "deadline_s": 20, "receive_s": 1, "log_format": "json"}
    with running(model_folder, output, **settings) as service:
        yield service


def test_each_answer_has_an_id_that_its_log_line_has_too(service: Service) -> None:
    identifier = service.analyze("hello").headers["x-request-id"]
    own = service.request("/healthz", headers={"X-Request-ID": "0123-4567-89ab-cdef"})
    assert own.headers["x-request-id"] == "0123-4567-89ab-cdef"
    time.sleep(0.5)
    rows = [json.loads(line) for line in service.written.splitlines()]
    (row,) = (row for row in rows if row.get("request_id") == identifier)
    assert (row["path"], row["status"], row["level"]) == ("/v1/analyze", "200", "info")


def test_a_full_queue_answers_503_and_the_admitted_all_get_answers(service: Service) -> None:
    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda _: service.analyze(LONG), range(60)))
    statuses = [answer.status for answer in answers]
    assert set(statuses) == {200, 503}
    refused = answers[statuses.index(503)]
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["content-type"] == "application/problem+json"
    assert service.metric("sidedoor_waiting_messages") == 0
    assert service.metric('sidedoor_rejections_total{reason="queue"}') >= statuses.count(503)


def test_the_queue_may_be_full_for_a_minute(service: Service) -> None:
    before = service.metric("process_resident_memory_bytes")
    stop = threading.Event()
    with ThreadPoolExecutor(12) as pool:
        load = [pool.submit(_ask_until, service, stop, LONG) for _ in range(12)]
        refused = []
        for _ in range(6):
            time.sleep(FULL_S / 6)
            refused.append(service.metric('sidedoor_rejections_total{reason="queue"}'))
        stop.set()
        statuses = [status for asked in load for status in asked.result()]
    assert refused == sorted(set(refused))
    assert set(statuses) == {200, 503}
    assert service.metric("sidedoor_waiting_messages") == 0
    assert service.metric("process_resident_memory_bytes") < before + 50 * 2**20
    assert service.analyze("hello").status == 200


def test_work_whose_client_has_gone_does_not_run(service: Service) -> None:
    before = service.metric("sidedoor_messages_total")
    body = json.dumps({"messages": [{"text": LONG}] * 4}).encode()
    head = b"POST /v1/analyze/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with service.connect() as connection:
        connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        time.sleep(0.02)
    end = time.monotonic() + 10
    while service.metric("sidedoor_waiting_messages") and time.monotonic() < end:
        time.sleep(0.02)
    assert service.analyze("hello").status == 200
    assert service.metric("sidedoor_messages_total") == before + 1
    assert service.metric('sidedoor_requests_total{path="/v1/analyze/batch",status="499"}') >= 1


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", None),
        (b"POST /v1/analyze HT", None),
        (b"POST /v1/analyze HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{", b" 408 "),
    ],
)
def test_slow_senders_are_not_waited_for(
    service: Service, sent: bytes, status: bytes | None
) -> None:
    with service.connect() as connection:
        connection.sendall(sent)
        answer = connection.recv(65536)
        assert status in answer if status else answer == b""


def test_a_half_closed_connection_is_ended(service: Service) -> None:
    with service.connect() as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
    assert service.request("/healthz").status == 200


def test_sigterm_takes_readiness_first_and_answers_what_is_admitted(
    model_folder: Path, tmp_path: Path
) -> None:
    with running(model_folder, tmp_path / "log", threads=1, drain_s=1) as service:
        with ThreadPoolExecutor(8) as pool:
            admitted = [pool.submit(service.analyze, LONG) for _ in range(8)]
            while service.metric("sidedoor_waiting_messages") < 8:
                time.sleep(0.01)
            service.process.send_signal(signal.SIGTERM)
            while service.request("/readyz").status == 200:
                time.sleep(0.01)
            assert service.request("/healthz").status == 200
            assert service.analyze("still admitted").status == 200
            assert [future.result().status for future in admitted] == [200] * 8
        assert service.process.wait(20) == 0
        assert "Traceback" not in service.written
        with pytest.raises(ConnectionRefusedError):
            service.connect()


def test_the_end_does_not_wait_for_a_client_that_reads_nothing(
    model_folder: Path, tmp_path: Path
) -> None:
    with running(model_folder, tmp_path / "log", stop_s=1) as service, service.connect() as idle:
        request = b"POST /v1/analyze HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
        idle.sendall(request)
        time.sleep(0.2)
        started = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - started < 20


def test_a_killed_process_starts_again_at_once_on_its_port(
    model_folder: Path, tmp_path: Path
) -> None:
    with running(model_folder, tmp_path / "first") as service:
        port = service.port
        stop = threading.Event()
        with ThreadPoolExecutor(8) as pool:
            load = [pool.submit(_ask_until, service, stop) for _ in range(8)]
            time.sleep(0.3)
            assert service.stop(signal.SIGKILL) == -signal.SIGKILL
            with running(model_folder, tmp_path / "second", port=port) as again:
                assert again.analyze("hello").status == 200
                time.sleep(0.3)
                stop.set()
                statuses = [status for asked in load for status in asked.result()]
        assert statuses.count(0) >= 1
        assert set(statuses) == {0, 200}


def test_a_second_process_on_the_port_goes_on_when_the_first_is_killed(
    model_folder: Path, tmp_path: Path
) -> None:
    with running(model_folder, tmp_path / "1", reuse_port=True, threads=1) as first:
        settings = {"reuse_port": True, "threads": 1, "port": first.port}
        with running(model_folder, tmp_path / "2", **settings) as second:
            first.stop(signal.SIGKILL)
            answers = [second.analyze("hello") for _ in range(20)]
            assert {answer.status for answer in answers} == {200}


def test_a_full_disk_for_logs_stops_no_answer(model_folder: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = environment(model=model_folder, port=port, drain_s=0)
    with Path("/dev/full").open("wb") as full:
        process = subprocess.Popen([PROGRAM, "serve"], env=settings, stderr=full)
    try:
        service = _wait_for(process, port, tmp_path)
        assert {service.analyze("hello").status for _ in range(50)} == {200}
        time.sleep(0.3)
        assert service.metric("sidedoor_lost_log_lines") > 50
        assert service.stop() == 0
    finally:
        process.kill()
        process.wait()


def test_a_log_that_nobody_reads_stops_no_answer(model_folder: Path, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = environment(model=model_folder, port=port, drain_s=0)
    process = subprocess.Popen([PROGRAM, "serve"], env=settings, stderr=writer)
    try:
        service = _wait_for(process, port, tmp_path)
        _fill(writer)
        assert {service.analyze("hello").status for _ in range(20)} == {200}
    finally:
        process.kill()
        process.wait()
        os.close(reader)
        os.close(writer)


def test_keys_open_and_can_be_rotated(model_folder: Path, tmp_path: Path) -> None:
    keys = f"{KEY}-old,{KEY}-new"
    with running(model_folder, tmp_path / "log", api_keys=keys) as service:
        for key, status in ((f"{KEY}-old", 200), (f"{KEY}-new", 200), (KEY, 401)):
            headers = {**JSON, "Authorization": f"Bearer {key}"}
            assert service.request("/v1/model", headers=headers).status == status
        assert service.request("/metrics").status == 401
        assert service.request("/readyz").status == 200
        time.sleep(0.3)
        assert KEY not in service.written


def test_a_public_address_needs_no_keys_if_that_is_spelled_out(
    model_folder: Path, tmp_path: Path
) -> None:
    arguments = [str(PROGRAM), "serve", "--host", "0.0.0.0", "--no-auth", "--port", "0"]
    output = tmp_path / "log"
    with output.open("wb") as file:
        process = subprocess.Popen(arguments, env=environment(model=model_folder), stderr=file)
    try:
        end = time.monotonic() + START_S
        while b"http://0.0.0.0:" not in output.read_bytes() and time.monotonic() < end:
            time.sleep(0.05)
        assert b"http://0.0.0.0:" in output.read_bytes()
    finally:
        process.kill()
        process.wait()


def _ask_until(service: Service, stop: threading.Event, text: str = "hello") -> list[int]:
    """The statuses of the answers; 0 stands for a broken connection, 503 is waited after."""
    statuses = []
    while not stop.is_set():
        try:
            statuses.append(service.analyze(text).status)
        except (OSError, http.client.HTTPException):
            statuses.append(0)
        if statuses[-1] != 200:
            time.sleep(0.02)
    return statuses


def _fill(pipe: int) -> None:
    os.set_blocking(pipe, False)
    with suppress(BlockingIOError):
        while True:
            os.write(pipe, b"x" * 4096)
    os.set_blocking(pipe, True)


def _wait_for(process: subprocess.Popen[bytes], port: int, tmp_path: Path) -> Service:
    (tmp_path / "address").write_text(f"http://127.0.0.1:{port}")
    service = Service(process, tmp_path / "address")
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        try:
            if service.request("/readyz").status == 200:
                return service
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the service did not start")
