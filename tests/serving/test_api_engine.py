"""The API under load: a full queue, deadlines, turns, clients that have gone."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.types import Message as Event

from sidedoor import Analysis, Analyzer, Message
from sidedoor.api.app import create_app
from sidedoor.api.engine import Engine
from sidedoor.api.lifecycle import Lifecycle, Phase
from sidedoor.api.metrics import Metrics
from sidedoor.api.problems import ClientGoneError
from sidedoor.api.settings import Settings


class _Slow(Analyzer):
    """An analyzer that takes a while."""

    def analyze(self, message: Message | str) -> Analysis:
        if message != "warm-up":
            time.sleep(0.6)
        return super().analyze(message)


@pytest.fixture
def slow(model_folder: Path) -> Analyzer:
    return _Slow.load(model_folder)


def test_a_full_queue_is_refused_at_once_and_the_admitted_are_answered(slow: Analyzer) -> None:
    app = create_app(slow, Settings(queue=2))
    with TestClient(app) as client, ThreadPoolExecutor(8) as pool:

        def post(_: int) -> Any:
            return client.post("/v1/analyze", json={"text": "x"})

        responses = list(pool.map(post, range(8)))
    statuses = [response.status_code for response in responses]
    assert statuses.count(200) >= 2
    assert statuses.count(503) == 8 - statuses.count(200) > 0
    refused = next(response for response in responses if response.status_code == 503)
    assert refused.headers["retry-after"] == "1"


def test_a_full_queue_is_told_before_the_body_is_parsed(slow: Analyzer) -> None:
    app = create_app(slow, Settings(queue=1, threads=1))
    with TestClient(app) as client, ThreadPoolExecutor(1) as pool:
        admitted = pool.submit(client.post, "/v1/analyze", json={"text": "x"})
        _wait_for_waiting(client, 1)
        for path in ("/v1/analyze", "/v1/analyze/batch"):
            answer = client.post(path, content=b"{", headers={"Content-Type": "application/json"})
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "1"
        assert client.post("/v1/analyze", content=b"{").status_code == 415
        assert client.get("/v1/model").status_code == 200
        assert admitted.result().status_code == 200


def test_a_batch_that_finds_room_is_admitted_whole(slow: Analyzer) -> None:
    app = create_app(slow, Settings(queue=2, threads=1))
    with TestClient(app) as client, ThreadPoolExecutor(1) as pool:
        admitted = pool.submit(client.post, "/v1/analyze", json={"text": "x"})
        _wait_for_waiting(client, 1)
        batch = {"messages": [{"text": "x"}] * 3}
        assert client.post("/v1/analyze/batch", json=batch).status_code == 200
        assert admitted.result().status_code == 200


def _wait_for_waiting(client: TestClient, count: int) -> None:
    end = time.monotonic() + 10
    while f"sidedoor_waiting_messages {count}.0" not in client.get("/metrics").text:
        assert time.monotonic() < end


def test_a_passed_deadline_is_a_504(slow: Analyzer) -> None:
    with TestClient(create_app(slow, Settings(deadline_s=0.05))) as client:
        response = client.post("/v1/analyze", json={"text": "x"})
    assert response.status_code == 504
    assert response.headers["content-type"] == "application/problem+json"


def test_nothing_is_admitted_when_the_service_closes(analyzer: Analyzer) -> None:
    lifecycle = Lifecycle()
    with TestClient(create_app(analyzer, Settings(), lifecycle)) as client:
        lifecycle.phase = Phase.DRAINING
        assert client.get("/readyz").status_code == 503
        assert client.post("/v1/analyze", json={"text": "x"}).status_code == 200
        lifecycle.phase = Phase.CLOSED
        assert client.post("/v1/analyze", json={"text": "x"}).status_code == 503
        assert client.get("/healthz").status_code == 200


class _Recording(Analyzer):
    """An analyzer that notes what it runs and waits for a sign."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.ran: list[str] = []
        self.go = threading.Event()

    def analyze(self, message: Message | str) -> Analysis:
        assert isinstance(message, Message)
        self.ran.append(message.text)
        self.go.wait(10)
        return super().analyze(message)


def _engine(model_folder: Path, **settings: Any) -> tuple[_Recording, Engine]:
    recording = _Recording.load(model_folder)
    assert isinstance(recording, _Recording)
    lifecycle = Lifecycle()
    lifecycle.phase = Phase.SERVING
    chosen = Settings(threads=1, **settings)
    return recording, Engine(recording, chosen, lifecycle, Metrics(recording.config))


async def _never() -> Event:
    await asyncio.Event().wait()
    raise AssertionError


async def _gone() -> Event:
    return {"type": "http.disconnect"}


def test_a_batch_takes_turns_with_single_messages(model_folder: Path) -> None:
    recording, engine = _engine(model_folder)

    async def ask() -> None:
        batch = asyncio.create_task(engine.analyze([Message(f"b{k}") for k in range(5)], _never))
        await asyncio.sleep(0.05)
        single = asyncio.create_task(engine.analyze([Message("single")], _never))
        await asyncio.sleep(0.05)
        recording.go.set()
        await asyncio.gather(batch, single)

    asyncio.run(ask())
    engine.close(5)
    assert recording.ran == ["b0", "b1", "single", "b2", "b3", "b4"]


def test_work_whose_client_has_gone_is_dropped_before_it_runs(model_folder: Path) -> None:
    recording, engine = _engine(model_folder)

    async def ask() -> None:
        first = asyncio.create_task(engine.analyze([Message("first")], _never))
        await asyncio.sleep(0.05)
        with pytest.raises(ClientGoneError):
            await engine.analyze([Message("left")] * 3, _gone)
        assert engine.waiting == 1
        recording.go.set()
        await first

    asyncio.run(ask())
    engine.close(5)
    assert recording.ran == ["first"]
