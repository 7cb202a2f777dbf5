"""API keys: who may call what."""

import hashlib
import hmac
from collections.abc import Sequence
from http import HTTPStatus

from pydantic import SecretStr
from starlette.types import ASGIApp, Receive, Scope, Send

from sidedoor.api.metrics import Metrics
from sidedoor.api.problems import problem_response


class Keys:
    """Asks for `Authorization: Bearer <key>` on everything under `/v1` and on `/metrics`.

    Any of several keys opens, so that they can be rotated. All are compared, each in constant
    time and by its hash, so that neither length nor order shows.
    """

    def __init__(self, app: ASGIApp, keys: Sequence[SecretStr], metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._hashes = [_hash(key.get_secret_value().encode()) for key in keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_guarded(scope["path"]) or self._opens(scope):
            await self._app(scope, receive, send)
            return
        self._metrics.rejections.labels("key").inc()
        response = problem_response(
            HTTPStatus.UNAUTHORIZED,
            "A valid API key is needed: send the header Authorization: Bearer <key>.",
            headers={"WWW-Authenticate": "Bearer"},
        )
        await response(scope, receive, send)

    def _opens(self, scope: Scope) -> bool:
        values = [value for name, value in scope["headers"] if name == b"authorization"]
        scheme, _, given = values[0].partition(b" ") if values else (b"", b"", b"")
        found = _hash(given.strip())
        matches = [hmac.compare_digest(known, found) for known in self._hashes]
        return scheme.lower() == b"bearer" and any(matches)


def _is_guarded(path: str) -> bool:
    return path.startswith("/v1/") or path == "/metrics"


def _hash(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
