"""Runs the API under uvicorn, from its start to its orderly end."""

import asyncio
import logging
import signal
import socket
import sys
from contextlib import suppress
from types import FrameType
from typing import Any, Final

import uvicorn

from sidedoor.analyzer import Analyzer
from sidedoor.api import logs
from sidedoor.api.app import create_app
from sidedoor.api.lifecycle import Lifecycle, Phase
from sidedoor.api.protocol import Protocol
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
    analyzer = Analyzer.load(
        settings.model, policy=Policy.load(settings.policy), cache=settings.cache
    )
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
        if self._lifecycle.phase is Phase.SERVING:
            self._lifecycle.phase = Phase.DRAINING
        elif sig == signal.SIGINT:
            self.force_exit = True
        drain_s = self._settings.drain_s if sig == signal.SIGTERM else 0
        self._loop.call_soon_threadsafe(self._loop.call_later, drain_s, self._close)

    def _close(self) -> None:
        self._lifecycle.phase = Phase.CLOSED
        self.should_exit = True


def _config(app: Any, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=type("_Protocol", (Protocol,), {"head_s": settings.receive_s}),
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
