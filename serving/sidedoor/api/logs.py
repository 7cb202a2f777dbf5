"""Structured log lines, on standard error, that hold no message's text.

Of an error only its types and places are shown: an error's own text may quote what it is about.
"""

import json
import logging
import os
import sys
import threading
import traceback
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from sidedoor.api import request_id
from sidedoor.api.settings import Settings

MAX_WAITING: Final = 20_000
"""Most lines that wait to be written; more are lost, and counted."""
WRITE_EVERY_S: Final = 0.1
FIELDS: Final = ("path", "status", "ms", "phase", "address")
"""What a line may hold beside its time, level, logger, text and request."""

_crashes = logging.getLogger("sidedoor.crash")


class Writer(logging.Handler):
    """Writes lines from a thread of its own, several at once.

    Neither a full disk nor a reader that has stopped reading holds up a request.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.lost = 0
        self._descriptor = descriptor
        self._lines: deque[str] = deque()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sidedoor-log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        if len(self._lines) < MAX_WAITING:
            self._lines.append(self.format(record) + "\n")
        else:
            self.lost += 1

    def close(self) -> None:
        """Writes what waits, unless that takes more than a second."""
        self._stop.set()
        self._thread.join(1)
        super().close()

    def _run(self) -> None:
        while not self._stop.wait(WRITE_EVERY_S):
            self._write()
        self._write()

    def _write(self) -> None:
        lines = [self._lines.popleft() for _ in range(len(self._lines))]
        left = "".join(lines).encode("utf-8", "backslashreplace")
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError:
            self.lost += left.count(b"\n")


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_fields(record), ensure_ascii=False)


class ConsoleFormatter(logging.Formatter):
    """One line for people to read."""

    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        head = f"{fields.pop('time')} {fields.pop('level'):7} {fields.pop('message')}"
        fields.pop("logger")
        return " ".join([head, *(f"{name}={value}" for name, value in fields.items())])


def install(settings: Settings) -> Writer:
    """Sends every log line of the process, and what is left of a crash, through one writer."""
    writer = Writer(sys.stderr.fileno())
    writer.setFormatter(JsonFormatter() if settings.log_format == "json" else ConsoleFormatter())
    root = logging.getLogger()
    root.handlers = [writer]
    root.setLevel(logging.WARNING)
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    level = settings.log_level.upper()
    logging.getLogger("sidedoor").setLevel(level)
    logging.getLogger("uvicorn").setLevel("ERROR")
    threading.excepthook = lambda crash: _report(
        crash.exc_type, crash.exc_value, crash.exc_traceback
    )
    sys.unraisablehook = lambda crash: _report(crash.exc_type, crash.exc_value, crash.exc_traceback)
    return writer


def _report(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    _crashes.error("an error outside of any request", exc_info=(kind, error or kind(), trace))


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        # asyncio appends the representation of what failed, line by line
        "message": record.getMessage().partition("\n")[0],
    }
    if identifier := request_id.current.get():
        fields["request_id"] = identifier
    fields.update({name: getattr(record, name) for name in FIELDS if hasattr(record, name)})
    if record.exc_info and record.exc_info[1]:
        fields["error"] = _places(record.exc_info[1])
    return fields


def _places(error: BaseException) -> str:
    """The types of an error and its causes, each with the places it came through."""
    parts = []
    cause: BaseException | None = error
    while cause is not None:
        frames = traceback.extract_tb(cause.__traceback__)
        places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
        parts.append(f"{type(cause).__name__} at {' > '.join(places)}")
        cause = cause.__cause__ or cause.__context__
    return " from ".join(parts)
