"""Runs the API under uvicorn, from its start to its orderly end."""

import asyncio
import logging
import signal
import socket
import sys
from contextlib import suppress
from contextvars import copy_context
from http import HTTPStatus
from types import FrameType
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sidedoor.analyzer import Analyzer
from sidedoor.api import logs, request_id
from sidedoor.api.app import create_app
from sidedoor.api.lifecycle import Lifecycle, Phase
from sidedoor.api.problems import problem_response
from sidedoor.api.settings import Settings, check_exposure
from sidedoor.api.tracing import provider_from_environment
from sidedoor.errors import ConfigurationError
from sidedoor.policy import Policy

SWITCH_S: Final = 0.001
"""Longest that an analysing thread holds the interpreter while the event loop waits for it."""
KEEP_ALIVE_S: Final = 75
"""Longer than load balancers keep idle connections, which else send requests into closed ones."""

_log = logging.getLogger("sidedoor.service")


def run(settings: Settings, *, no_auth: bool = False) -> None:
    """Serves until told to stop.

    Raises:
        ConfigurationError: the settings contradict each other, or the address is taken.
        ModelFolderError: the model can't be loaded.
        PolicyError: the policy can't be used.
    """
    check_exposure(settings, no_auth=no_auth)
    provider = provider_from_environment()
    analyzer = Analyzer.load(settings.model, policy=Policy.load(settings.policy))
    _forbid_core_dumps()
    sys.setswitchinterval(SWITCH_S)
    with _listen(settings) as listener:
        writer = logs.install(settings)
        lifecycle = Lifecycle()
        app = create_app(
            analyzer, settings, lifecycle, provider=provider, lost_lines=lambda: writer.lost
        )
        server = _Server(_config(app, settings), settings, lifecycle)
        server.run([listener])
        _log.info("stopped")
        if provider:
            provider.shutdown()
        writer.close()


class _Server(uvicorn.Server):
    """Ends in phases: readiness goes first, then admission, then what is admitted is answered."""

    def __init__(self, config: uvicorn.Config, settings: Settings, lifecycle: Lifecycle) -> None:
        super().__init__(config)
        self._settings = settings
        self._lifecycle = lifecycle
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        for listener in sockets or []:
            host, port = listener.getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            _log.info("ready", extra={"address": f"http://{shown}:{port}"})

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Not recorded as uvicorn does, which would raise the signal again at the end: an
        # orderly end is exit code 0.
        if self._loop is None:
            raise SystemExit(0)
        again = self._lifecycle.phase is not Phase.SERVING
        self._lifecycle.phase = Phase.DRAINING
        if sig == signal.SIGINT and again:
            self.force_exit = True
        drain_s = self._settings.drain_s if sig == signal.SIGTERM else 0
        self._loop.call_soon_threadsafe(self._loop.call_later, drain_s, self._close)

    def _close(self) -> None:
        self._lifecycle.phase = Phase.CLOSED
        self.should_exit = True


class _Protocol(HttpToolsProtocol):
    """HTTP, with a limit on the time that a request's head may take."""

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


def _config(app: Any, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=type("Protocol", (_Protocol,), {"head_s": settings.receive_s}),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=settings.stop_s,
    )


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if settings.reuse_port:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"{settings.host}:{settings.port} can't be listened on: {error.strerror}; "
            "set SIDEDOOR_HOST and SIDEDOOR_PORT, or end what listens there"
        ) from None
    return listener


def _forbid_core_dumps() -> None:
    """A core dump would hold the messages that were being read."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
