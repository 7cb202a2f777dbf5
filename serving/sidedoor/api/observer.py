"""Pure ASGI middleware around every request: its identifier, its measure, its log line, its net."""

import logging
import time
from collections.abc import Collection
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sidedoor.api import request_id
from sidedoor.api.metrics import Metrics
from sidedoor.api.problems import problem_response

_log = logging.getLogger("sidedoor.access")
_crashes = logging.getLogger("sidedoor.crash")


class Observer:
    """Gives each request an identifier, counts, times and logs it, and catches what nobody did.

    Paths that are no route are all called `other`: what a client makes up is kept nowhere.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, paths: Collection[str]) -> None:
        self._app = app
        self._metrics = metrics
        self._paths = frozenset(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        identifier = request_id.choose(scope["headers"])
        request_id.current.set(identifier)
        status = 0

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, identifier, 1000 * (time.perf_counter() - started))
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception:
            # The formatter shows types and places only: an error's text may hold a message's.
            _crashes.exception("a request failed")
            if not status:
                await _failed()(scope, receive, watch)
        finally:
            self._record(scope, status, time.perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        path = scope["path"] if scope["path"] in self._paths else "other"
        outcome = str(status) if status else "gone"
        self._metrics.requests.labels(path, outcome).inc()
        self._metrics.latency.labels(path).observe(seconds)
        if _log.isEnabledFor(logging.INFO):
            _log.info(
                "request",
                extra={"path": path, "status": outcome, "ms": round(1000 * seconds, 2)},
            )


def _add_headers(message: Message, identifier: str, ms: float) -> None:
    message["headers"] = [
        *message["headers"],
        (request_id.HEADER, identifier.encode()),
        (b"server-timing", b"app;dur=%.2f" % ms),
        (b"x-content-type-options", b"nosniff"),
    ]


def _failed() -> ASGIApp:
    return problem_response(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "The service failed on this request; its log names the place under the request's id.",
    )
