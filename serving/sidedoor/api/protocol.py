"""HTTP of a connection: uvicorn's, with a limit on a request's head and errors as problems."""

import asyncio
import logging
from contextvars import copy_context
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sidedoor.api import request_id
from sidedoor.api.problems import problem_response

_log = logging.getLogger("sidedoor.access")


class Protocol(HttpToolsProtocol):
    """Closes connections whose request's head takes longer than `head_s` seconds."""

    head_s = 10.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._head_came()
        self._wait_for_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_came()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answers what is no HTTP as every other error is answered."""
        copy_context().run(self._refuse)
        self.transport.close()

    def _refuse(self) -> None:
        identifier = request_id.choose([])
        request_id.current.set(identifier)
        _log.info("no HTTP request", extra={"status": "400"})
        response = problem_response(HTTPStatus.BAD_REQUEST, "This is no HTTP/1.1 request.")
        headers = [*response.raw_headers, (request_id.HEADER, identifier.encode())]
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        status = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n"
        self.transport.write(status + lines + b"\r\n" + bytes(response.body))

    def _wait_for_head(self) -> None:
        self._head_timer = self.loop.call_later(self.head_s, self.timeout_keep_alive_handler)

    def _head_came(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
