import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from sidedoor import Analysis, Analyzer, Message
from sidedoor.api.app import create_app
from sidedoor.api.logs import ConsoleFormatter, JsonFormatter, Writer
from sidedoor.api.settings import Settings

CANARY = "canary-5d1f"
KEY = "a-key-of-sixteen-or-more"


@pytest.fixture(scope="module")
def client(analyzer: Analyzer) -> Iterator[TestClient]:
    with TestClient(create_app(analyzer, Settings())) as client:
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


@pytest.mark.parametrize("text", ["jo@fern.co", "😉 jo 😉😉 07 45 11", "😉" * 30 + "a", ""])
def test_offsets_count_utf16_code_units_on_request(client: TestClient, text: str) -> None:
    units = text.encode("utf-16-le")
    plain = client.post("/v1/analyze", json={"text": text}).json()
    body = {"messages": [{"text": text}]}
    batch = client.post("/v1/analyze/batch?offsets=utf16", json=body).json()["results"][0]
    assert client.post("/v1/analyze?offsets=utf16", json={"text": text}).json() == batch
    for span in batch["pii"]:
        assert units[2 * span["start"] : 2 * span["end"]].decode("utf-16-le") == span["text"]
    for intent, words in plain["evidence"].items():
        for word, moved in zip(words, batch["evidence"][intent], strict=True):
            cut = units[2 * moved["start"] : 2 * moved["end"]].decode("utf-16-le")
            assert cut == text[word["start"] : word["end"]]


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
    assert "sidedoor_queue_seconds_count" in text
    assert 'sidedoor_model{name="tiny"' in text
    assert "sidedoor_waiting_messages 0.0" in text
    assert "sidedoor_cache" not in text
    assert CANARY not in text


def test_what_comes_again_is_answered_from_the_cache_and_counted(model_folder: Path) -> None:
    caching = Analyzer.load(model_folder, cache=10)
    with TestClient(create_app(caching, Settings())) as client:
        answers = [
            client.post("/v1/analyze", json={"id": str(k), "text": f"{CANARY} jo@fern.co"}).json()
            for k in range(3)
        ]
        text = client.get("/metrics").text
    assert answers == [{**answers[0], "id": str(k)} for k in range(3)]
    assert 'sidedoor_cache_lookups_total{result="hit"} 2.0' in text
    assert 'sidedoor_cache_lookups_total{result="miss"} 2.0' in text  # and the warm-up's
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
        (b'{"text": "' + CANARY.encode() + b' \\ud800"}', 422, "text"),
        (b'{"text": "x", "context": [{}, {}, {}, {}]}', 422, "3"),
        (b'"' + CANARY.encode() + b'"', 422, ""),
        (b"[" * 50_000, 400, ""),
        (CANARY.encode() * 100_000, 413, "1048576"),
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
    assert response.json()["request_id"] == response.headers["x-request-id"]
    assert names in response.json()["detail"]
    assert CANARY not in response.text


def test_a_broken_limit_is_named_with_its_field(client: TestClient) -> None:
    message = {"text": "x", "context": [{"text": "y" * 20_001}]}
    problem = client.post("/v1/analyze/batch", json={"messages": [message]}).json()
    (error,) = problem["errors"]
    assert (error["field"], error["limit"]) == ("messages.0.context.0.text", 20_000)


def test_a_body_that_is_not_declared_as_json_is_refused(client: TestClient) -> None:
    headers = {"content-type": "text/plain"}
    assert client.post("/v1/analyze", content=b"{}", headers=headers).status_code == 415


def test_unknown_paths_and_methods_are_problems(client: TestClient) -> None:
    for response in (client.get("/nowhere"), client.get("/v1/analyze")):
        assert response.status_code in (404, 405)
        assert response.headers["content-type"] == "application/problem+json"
    assert "nowhere" not in client.get("/metrics").text


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("0123abcd-4567-89ab-cdef-0123456789ab", True),
        ("some words of a message", False),
        ("ab", False),
    ],
)
def test_only_hexadecimal_request_ids_are_taken_over(
    client: TestClient, given: str, kept: bool
) -> None:
    response = client.get("/healthz", headers={"X-Request-ID": given})
    assert (response.headers["x-request-id"] == given) is kept


def test_keys_guard_the_api_and_the_metrics(analyzer: Analyzer) -> None:
    settings = Settings.model_validate({"api_keys": f"{KEY}-1, {KEY}-2"})
    with TestClient(create_app(analyzer, settings)) as client:
        for path in ("/v1/model", "/metrics", "/v1/nowhere"):
            refused = client.get(path)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"] == "Bearer"
        for value in (f"bearer {KEY}-1", f"Bearer {KEY}-2"):
            assert client.get("/v1/model", headers={"Authorization": value}).status_code == 200
        for value in (f"Bearer {KEY}", f"Basic {KEY}-1", f"{KEY}-1", "Bearer", "Bearer \xff"):
            headers = {b"Authorization": value.encode("latin-1")}
            assert client.get("/v1/model", headers=headers).status_code == 401
        for path in ("/", "/docs", "/healthz", "/readyz", "/openapi.json"):
            assert client.get(path).status_code == 200
        assert client.get("/openapi.json").json()["components"]["securitySchemes"]


def test_other_origins_are_let_in_only_by_name(analyzer: Analyzer, client: TestClient) -> None:
    origin = {"Origin": "https://shop.example"}
    assert "access-control-allow-origin" not in client.get("/healthz", headers=origin).headers
    settings = Settings.model_validate({"cors_origins": "https://shop.example"})
    with TestClient(create_app(analyzer, settings)) as open_client:
        headers = open_client.get("/healthz", headers=origin).headers
        assert headers["access-control-allow-origin"] == "https://shop.example"


class _Failing(Analyzer):
    """An analyzer whose error quotes the message."""

    def analyze(self, message: Message | str) -> Analysis:
        if message == "warm-up":
            return super().analyze(message)
        raise ValueError(f"can't read {message}")


@pytest.mark.parametrize("formatter", [JsonFormatter(), ConsoleFormatter()])
def test_a_crash_is_a_500_that_names_places_and_quotes_nothing(
    model_folder: Path, caplog: pytest.LogCaptureFixture, formatter: logging.Formatter
) -> None:
    with TestClient(create_app(_Failing.load(model_folder), Settings())) as client:
        response = client.post("/v1/analyze", json={"text": CANARY})
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    (record,) = (record for record in caplog.records if record.name == "sidedoor.crash")
    line = formatter.format(record)
    assert "ValueError at " in line
    assert "test_api.py:" in line
    assert CANARY not in line + response.text


def test_log_lines_that_can_not_be_written_are_lost_and_counted() -> None:
    reader, writer = os.pipe()
    handler = Writer(writer)
    handler.setFormatter(JsonFormatter())
    os.close(reader)
    handler.handle(logging.makeLogRecord({"name": "x", "msg": "first\nsecond"}))
    handler.close()
    os.close(writer)
    assert handler.lost == 1


def test_spans_hold_route_and_status_and_join_the_callers_trace(analyzer: Analyzer) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    with TestClient(create_app(analyzer, Settings(), provider=provider)) as client:
        headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
        client.post(f"/v1/analyze?offsets={CANARY}", json={"text": CANARY}, headers=headers)
        client.get(f"/{CANARY}")
        with suppress(ValueError):
            client.post("/v1/analyze", json={"text": CANARY})
    spans = exporter.get_finished_spans()
    assert [span.name for span in spans] == ["POST /v1/analyze", "other", "POST /v1/analyze"]
    assert spans[0].context is not None
    assert f"{spans[0].context.trace_id:032x}" == trace
    assert [(span.attributes or {})["http.response.status_code"] for span in spans] == [
        422,
        404,
        200,
    ]
    assert CANARY not in "".join(span.to_json() for span in spans)


def test_the_pages_load_nothing_from_elsewhere(client: TestClient) -> None:
    for path in ("/", "/docs", "/style.css", "/playground.js", "/icon.svg"):
        response = client.get(path)
        assert response.status_code == 200
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert response.headers["x-content-type-options"] == "nosniff"
        text = response.text.replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text
        assert "https://" not in text
        assert "style=" not in text


def test_the_playground_can_be_left_out(analyzer: Analyzer) -> None:
    with TestClient(create_app(analyzer, Settings(playground=False))) as client:
        assert client.get("/").status_code == 404
        assert client.get("/docs").status_code == 200
