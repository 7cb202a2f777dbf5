"""The identifier that a request's answer and log lines share."""

import re
import secrets
from contextvars import ContextVar
from typing import Final

HEADER: Final = b"x-request-id"

current: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)
"""The request that the running task answers."""

_TAKEN_OVER = re.compile(rb"[0-9a-fA-F-]{8,64}")
# Hexadecimal alone, as in UUIDs and trace ids: what is logged can't carry words.


def choose(headers: list[tuple[bytes, bytes]]) -> str:
    """The client's own identifier where it is a hexadecimal one, else a new one."""
    for name, value in headers:
        if name == HEADER and _TAKEN_OVER.fullmatch(value):
            return value.decode()
    return secrets.token_hex(16)
