import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from sidedoor import Analysis, Analyzer, Message
from sidedoor.api.app import create_app

CANARY = "canary-5d1f"


@pytest.fixture(scope="module")
def client(analyzer: Analyzer) -> Iterator[TestClient]:
    with TestClient(create_app(analyzer)) as client:
        yield client


def test_one_message_is_answered_as_the_analyzer_does(
    client: TestClient, analyzer: Analyzer
) -> None:
    body = {
        "id": "m1",
        "text": "write me at jo@fern.co",
        "surface": "inbox",
        "sender": "buyer",
        "context": [{"sender": "seller", "text": "hello"}],
    }
    response = client.post("/v1/analyze", json=body)
    assert response.status_code == 200
    assert response.json() == analyzer.analyze(Message.from_dict(body)).to_dict()


def test_a_batch_equals_its_messages(client: TestClient) -> None:
    messages = [{"text": f"hello {k}"} for k in range(20)]
    results = client.post("/v1/analyze/batch", json={"messages": messages}).json()["results"]
    assert results == [client.post("/v1/analyze", json=message).json() for message in messages]


def test_the_model_names_itself(client: TestClient) -> None:
    model = client.get("/v1/model").json()
    assert next(intent["name"] for intent in model["intents"]) == "solicit-contact"
    assert len(model["model_sha256"]) == 64


def test_health_readiness_and_docs_answer(client: TestClient) -> None:
    for path in ("/healthz", "/readyz", "/docs", "/openapi.json"):
        assert client.get(path).status_code == 200


def test_metrics_count_requests_and_decisions(client: TestClient) -> None:
    client.post("/v1/analyze", json={"text": CANARY})
    text = client.get("/metrics").text
    assert 'sidedoor_requests_total{path="/v1/analyze",status="200"}' in text
    assert "sidedoor_messages_total{action=" in text
    assert "sidedoor_waiting_messages 0.0" in text
    assert CANARY not in text


@pytest.mark.parametrize(
    ("content", "status", "names"),
    [
        (b'{"text": "' + CANARY.encode() + b'"', 422, "JSON"),
        (b"\xff" + CANARY.encode(), 400, ""),
        (b'{"text": ["' + CANARY.encode() + b'"]}', 422, "text"),
        (b'{"text": "x", "surface": "' + CANARY.encode() + b'"}', 422, "surface"),
        (b'{"text": "x", "' + CANARY.encode() + b'": 1}', 422, "unknown field"),
        (b'{"text": "x", "context": [{"sender": "' + CANARY.encode() + b'"}]}', 422, "context"),
        (b'{"text": "' + CANARY.encode() * 2000 + b'"}', 422, "20000"),
        (b'{"text": "' + CANARY.encode() + b' \\ud800"}', 422, ""),
        (b'"' + CANARY.encode() + b'"', 422, ""),
        (b"[" * 50_000, 400, ""),
        (CANARY.encode() * 100_000, 413, "larger than"),
    ],
)
def test_bad_bodies_are_problems_that_repeat_nothing(
    client: TestClient, content: bytes, status: int, names: str
) -> None:
    headers = {"content-type": "application/json"}
    response = client.post("/v1/analyze", content=content, headers=headers)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == status
    assert names in response.json()["detail"]
    assert CANARY not in response.text


def test_unknown_paths_and_methods_are_problems(client: TestClient) -> None:
    for response in (client.get("/nowhere"), client.get("/v1/analyze")):
        assert response.status_code in (404, 405)
        assert response.headers["content-type"] == "application/problem+json"


class _Slow(Analyzer):
    """An analyzer that takes a while."""

    def analyze(self, message: Message | str) -> Analysis:
        if message != "warm-up":
            time.sleep(0.3)
        return super().analyze(message)


@pytest.fixture
def slow(model_folder: Path) -> Analyzer:
    return _Slow.load(model_folder)


def test_a_full_queue_is_refused_at_once_and_the_admitted_are_answered(slow: Analyzer) -> None:
    with TestClient(create_app(slow, capacity=2)) as client, ThreadPoolExecutor(8) as pool:

        def post(_: int) -> Any:
            return client.post("/v1/analyze", json={"text": "x"})

        responses = list(pool.map(post, range(8)))
    statuses = [response.status_code for response in responses]
    assert statuses.count(200) >= 2
    assert statuses.count(503) == 8 - statuses.count(200) > 0
    refused = next(response for response in responses if response.status_code == 503)
    assert refused.headers["retry-after"] == "1"


def test_a_passed_deadline_is_a_504(slow: Analyzer) -> None:
    with TestClient(create_app(slow, deadline_s=0.05)) as client:
        response = client.post("/v1/analyze", json={"text": "x"})
    assert response.status_code == 504
    assert response.headers["content-type"] == "application/problem+json"
