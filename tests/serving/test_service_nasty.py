"""What a hostile or broken client sends: no 5xx, no hang, and nothing of it anywhere.

A canary is planted wherever a client can write; then all that the process wrote and answered is
searched for it. `SIDEDOOR_TEST_NASTY` sets the number of made-up requests.
"""

import http.client
import json
import os
import random
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.serving.service import JSON, Answer, Service, running

pytestmark = pytest.mark.slow

CANARY: Final = "canary8d41f7"
COUNT: Final = int(os.environ.pop("SIDEDOOR_TEST_NASTY", "10000"))
ALLOWED: Final = {200, 400, 401, 404, 405, 408, 411, 413, 415, 422, 503, 504}


SETTINGS: Final[dict[str, object]] = {
    "log_format": "json",
    "log_level": "debug",
    "receive_s": 5,
    "OTEL_TRACES_EXPORTER": "console",
}


@pytest.fixture(scope="module")
def service(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("nasty")
    with running(model_folder, folder / "log", **SETTINGS) as service:
        yield service


def _check(answer: Answer) -> None:
    assert answer.status in ALLOWED
    assert answer.headers["x-request-id"]
    if answer.status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert CANARY.encode() not in answer.body
    assert CANARY not in str(answer.headers)


def _assert_nothing_is_kept(service: Service) -> None:
    assert service.process.poll() is None
    assert CANARY not in service.request("/metrics").body.decode()
    assert CANARY not in service.request("/v1/model").body.decode()
    assert service.analyze("hello").status == 200
    time.sleep(0.5)
    assert '"logger": "sidedoor.crash"' not in service.written
    assert "Traceback" not in service.written
    assert CANARY not in service.written


C = CANARY.encode()
BODIES: Final[dict[str, bytes]] = {
    "empty": b"",
    "cut": b'{"text": "' + C,
    "no utf-8": b'{"text": "\xff\xfe' + C + b'"}',
    "utf-16": f'{{"text": "{CANARY}"}}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"text": "' + C + b'"}',
    "lone surrogate": b'{"text": "' + C + b' \\ud83d"}',
    "reversed surrogates": b'{"text": "' + C + b' \\ude00\\ud83d"}',
    "surrogate in the id": b'{"text": "x", "id": "' + C + b'\\udfff"}',
    "surrogate in a turn": b'{"text": "x", "context": [{"text": "' + C + b'\\udfff"}]}',
    "NUL": b'{"text": "' + C + b'\\u0000\\u0000"}',
    "bare control characters": b'{"text": "' + C + b'\x00\x01\x1b[31m"}',
    "right to left": ('{"text": "\u202e\u2066\u200f' + CANARY + '"}').encode(),
    "10 MB": b'{"text": "' + C * 900_000 + b'"}',
    "100 levels": b'{"text": ' + b"[" * 100 + b'"' + C + b'"' + b"]" * 100 + b"}",
    "100000 levels": b"[" * 100_000,
    "100000 objects deep": b'{"a":' * 100_000,
    "number as text": b'{"text": 12345, "id": "' + C + b'"}',
    "text as number": b'{"text": "x", "id": 5, "sender": "' + C + b'"}',
    "huge number": b'{"text": ' + b"9" * 5000 + b', "id": "' + C + b'"}',
    "NaN": b'{"text": NaN, "id": "' + C + b'"}',
    "infinite": b'{"text": 1e999, "id": "' + C + b'"}',
    "duplicate keys": b'{"text": "a", "text": ["' + C + b'"]}',
    "unknown key": b'{"text": "a", "' + C + b'": "' + C + b'"}',
    "prototype": b'{"text": "a", "__proto__": {"' + C + b'": 1}}',
    "wrong surface": b'{"text": "a", "surface": "' + C + b'"}',
    "wrong sender": b'{"text": "a", "sender": "' + C + b'"}',
    "wrong turn": b'{"text": "a", "context": [{"text": "b", "sender": "' + C + b'"}]}',
    "four turns": json.dumps({"text": "a", "context": [{"text": CANARY}] * 4}).encode(),
    "too long": json.dumps({"text": CANARY * 5000}).encode(),
    "too long id": json.dumps({"text": "x", "id": CANARY * 50}).encode(),
    "257 messages": json.dumps({"messages": [{"text": CANARY}] * 257}).encode(),
    "no messages": b'{"messages": []}',
    "a list": b'["' + C + b'"]',
    "a string": b'"' + C + b'"',
    "null": b"null",
    "two documents": b'{"text": "a"}{"text": "' + C + b'"}',
    "a form": b"text=" + C,
    "xml": b"<text>" + C + b"</text>",
    "yaml bomb": b"a: &a [" + C + b"]\nb: [*a,*a]",
    "gzip": b"\x1f\x8b\x08\x00" + C,
    "one code point 20000 times": json.dumps({"text": "\u0e49" * 20_000}).encode(),
    "only zero-width": json.dumps({"text": "\u200b\u200d\ufeff" * 3000}).encode(),
}


@pytest.mark.parametrize("name", BODIES)
def test_nasty_bodies_get_an_answer_that_repeats_nothing(service: Service, name: str) -> None:
    for path in ("/v1/analyze", "/v1/analyze/batch?offsets=utf16"):
        for headers in (JSON, {"Content-Type": f"text/{CANARY}"}, {}):
            _check(service.request(path, BODIES[name], headers))


def test_canaries_in_every_place_are_kept_nowhere(service: Service) -> None:
    headers = {
        **JSON,
        "User-Agent": CANARY,
        "X-Request-ID": CANARY,
        "Authorization": f"Bearer {CANARY}",
        "Cookie": f"a={CANARY}",
        "Referer": f"http://{CANARY}/",
        "X-Forwarded-For": CANARY,
        "traceparent": f"00-{CANARY}-01",
        "tracestate": f"a={CANARY}",
        "baggage": f"a={CANARY}",
        CANARY: CANARY,
    }
    turn = {"text": CANARY, "sender": "buyer"}
    whole = {"text": CANARY, "id": CANARY, "surface": "inbox", "context": [turn] * 3}
    for path in ("/v1/analyze", f"/v1/analyze?{CANARY}=1", f"/v1/analyze?offsets={CANARY}"):
        _check(service.request(path, json.dumps(whole).encode(), headers))
    for path in (f"/{CANARY}", f"/{CANARY}.js", f"/v1/{CANARY}", f"/v1/analyze/{CANARY}", "/%00"):
        _check(service.request(path, None, headers))
        _check(service.request(path, b"{}", headers))
    _assert_nothing_is_kept(service)


RAW: Final[dict[str, bytes]] = {
    "no HTTP": C + b"\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00" + C,
    "unknown method": C.upper() + b" / HTTP/1.1\r\nHost: x\r\n\r\n",
    "bad version": b"GET / HTTP/9.9\r\nHost: " + C + b"\r\n\r\n",
    "wide path": b"GET /\xff" + C + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "connect": b"CONNECT " + C + b":443 HTTP/1.1\r\nHost: x\r\n\r\n",
    "absolute": b"GET http://" + C + b"/healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "long path": b"GET /" + C * 10_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "long header": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + C * 10_000 + b"\r\n\r\n",
    "bad length": b"POST /v1/analyze HTTP/1.1\r\nHost: x\r\nContent-Length: " + C + b"\r\n\r\n",
    "two lengths": b"POST /v1/analyze HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
    b"Content-Length: 2\r\n\r\n{}" + C,
    "bad chunk": b"POST /v1/analyze HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    + C
    + b"\r\n",
    "upgrade": b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: " + C + b"\r\n\r\n",
    "http/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + C,
    "pipelined": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 200,
}


@pytest.mark.parametrize("name", RAW)
def test_nasty_connections_end(service: Service, name: str) -> None:
    with service.connect() as connection:
        connection.settimeout(20)
        try:
            connection.sendall(RAW[name])
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while part := connection.recv(65536):
                answer += part
        except (ConnectionError, BrokenPipeError):
            answer = b""
    assert not answer.startswith(b"HTTP/1.1 5")
    assert C not in answer
    if answer.startswith(b"HTTP/1.1 400"):
        assert b"application/problem+json" in answer
        assert b"x-request-id: " in answer


PIECES: Final = (b"", b'"', b"{", b"[", b"\\", b"\\ud800", b"\xff", b"\0", b"1e9", b",")


def test_many_made_up_requests_do_no_harm(service: Service) -> None:
    chance = random.Random(5)
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
    before = service.metric("process_resident_memory_bytes")
    for _ in range(COUNT):
        body = _mutated(chance)
        path = chance.choice(("/v1/analyze", "/v1/analyze/batch", "/v1/analyze?offsets=utf16"))
        connection.request("POST", path, body, JSON)
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        _check(Answer(response.status, names, response.read()))
    connection.close()
    _assert_nothing_is_kept(service)
    assert service.metric("process_resident_memory_bytes") < before + 100 * 2**20


def _mutated(chance: random.Random) -> bytes:
    """A message or a batch that is right, with a few bytes changed, cut out or put in."""
    message: dict[str, Any] = {
        "text": chance.choice(("", "mail me 😉 ", "07 45 ", "\u202e\u0000")) + CANARY,
        "surface": chance.choice(("inbox", None, CANARY, 1)),
        "sender": chance.choice(("buyer", None, CANARY, [])),
        "context": [{"text": CANARY, "sender": None}] * chance.randrange(5),
    }
    whole = message if chance.random() < 0.7 else {"messages": [message] * chance.randrange(4)}
    body = bytearray(json.dumps(whole, ensure_ascii=chance.random() < 0.5).encode())
    for _ in range(chance.randrange(4)):
        position = chance.randrange(len(body))
        piece = chance.choice(
            (b"", b'"', b"{", b"[", b"\\", b"\\ud800", b"\xff", b"\0", b"1e9", b",")
        )
        body[position : position + chance.randrange(3)] = piece
    return bytes(body)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(CANARY),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just(CANARY), inner),
)
_fields = st.fixed_dictionaries(
    {"text": st.text() | _json},
    optional={"surface": _json, "sender": _json, "context": _json, "id": _json, CANARY: _json},
)


@settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(body=_fields | _json)
def test_whatever_json_comes_is_answered(service: Service, body: object) -> None:
    encoded = json.dumps(body).encode()
    _check(service.request("/v1/analyze", encoded))
    _check(service.request("/v1/analyze/batch", b'{"messages": [' + encoded + b"]}"))


def test_a_crash_leaves_nothing_behind(model_folder: Path, tmp_path: Path) -> None:
    with running(model_folder, tmp_path / "log", threads=1, **SETTINGS) as service:
        body = json.dumps({"text": f"{CANARY} " * 1500}).encode()
        head = b"POST /v1/analyze HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        with service.connect() as connection:
            connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            time.sleep(0.1)
            assert service.stop(signal.SIGSEGV) == -signal.SIGSEGV
        assert CANARY not in service.written
        assert not list(Path.cwd().glob("core*"))
