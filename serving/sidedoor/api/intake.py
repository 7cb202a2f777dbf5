"""Takes in a request's body: in time, within its limit, as JSON, and where there is room."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sidedoor.api.metrics import Metrics
from sidedoor.api.problems import ApiError, ClientGoneError, problem_response

ANALYSIS: Final = ("/v1/analyze", "/v1/analyze/batch")
"""The paths that need room in the queue."""
MAX_BODY_BYTES: Final = 1024 * 1024
MAX_DISCARDED_BYTES: Final = 16 * 1024 * 1024
"""Most that is read of a body that is too large: who still sends can't read the answer."""

Refusal = Callable[[], ApiError | None]
"""Why nothing is admitted now, if so."""


class Intake:
    """Answers 413, 415 and 408 to bodies that are too large, no JSON, or too slow.

    And 503 where nothing is admitted, before the body is parsed: dear refusals would starve what
    is admitted when a crowd asks again at once.
    """

    def __init__(self, app: ASGIApp, receive_s: float, metrics: Metrics, refusal: Refusal) -> None:
        self._app = app
        self._refusal = refusal
        self._receive_s = receive_s
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._receive_s):
                body = await _read(receive)
        except TimeoutError:
            await self._refuse(
                HTTPStatus.REQUEST_TIMEOUT,
                f"The body did not arrive within {self._receive_s:g} seconds.",
                (scope, receive, send),
            )
        except ClientGoneError:
            return
        else:
            await self._pass_on(body, scope, receive, send)

    async def _pass_on(self, body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        if len(body) > MAX_BODY_BYTES:
            await self._refuse(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"The body is larger than {MAX_BODY_BYTES} bytes; send fewer messages at once.",
                (scope, receive, send),
            )
            return
        if body and not _is_json(scope):
            await self._refuse(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "The body must be JSON, and its Content-Type application/json.",
                (scope, receive, send),
            )
            return
        if scope["path"] in ANALYSIS and (error := self._refusal()):
            response = problem_response(error.status, error.detail, headers=error.headers)
            await response(scope, receive, send)
            return
        first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return first.pop() if first else await receive()

        await self._app(scope, replay, send)

    async def _refuse(
        self, status: HTTPStatus, detail: str, exchange: tuple[Scope, Receive, Send]
    ) -> None:
        self._metrics.rejections.labels("body").inc()
        errors = [{"field": "body", "reason": detail}]
        response = problem_response(status, detail, errors, {"Connection": "close"})
        await response(*exchange)


async def _read(receive: Receive) -> bytes:
    """The body; of one that is too large, only as much as tells so."""
    parts: list[bytes] = []
    size = discarded = 0
    more = True
    while more and discarded < MAX_DISCARDED_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        part = message.get("body", b"")
        more = message.get("more_body", False)
        if size > MAX_BODY_BYTES:
            discarded += len(part)
        else:
            size += len(part)
            parts.append(part)
    return b"".join(parts)


def _is_json(scope: Scope) -> bool:
    for name, value in scope["headers"]:
        if name == b"content-type":
            kind: bytes = value.split(b";")[0].strip().lower()
            return kind == b"application/json" or (
                kind.startswith(b"application/") and kind.endswith(b"+json")
            )
    return False
