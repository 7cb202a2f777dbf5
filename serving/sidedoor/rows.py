"""JSONL in and out: messages read row by row, analyses written whole or not at all."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TextIO

from sidedoor import columns as names
from sidedoor.errors import InputError
from sidedoor.message import Message

STANDARD: Final = "-"


class Rows:
    """The messages of a JSONL file, or of plain text lines, as an iterator.

    `read` counts the messages given, `skipped` the malformed rows passed over, which only
    happens with `skip_errors`. Empty lines are passed over.

    Raises:
        InputError: while iterating, for a malformed row; the error names file and line.
    """

    def __init__(
        self,
        source: str,
        *,
        text: bool = False,
        skip_errors: bool = False,
        columns: names.Columns = names.STANDARD,
    ) -> None:
        self.read = 0
        self.skipped = 0
        self._source = source
        self._text = text
        self._skip_errors = skip_errors
        self._columns = columns

    def __iter__(self) -> Iterator[Message]:
        for number, line in numbered_lines(self._source):
            try:
                row = None if self._text else parse_object(line)
                message = Message(line) if row is None else self._columns.message(row)
            except InputError as error:
                if not self._skip_errors:
                    raise InputError(f"{self._source}:{number}: {error}") from None
                self.skipped += 1
                continue
            self.read += 1
            yield message


def parse_object(line: str) -> dict[str, Any]:
    """Parses one line of JSONL.

    Raises:
        InputError: the line is no JSON object.
    """
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deep"
        raise InputError(f"no JSON: {reason}") from None
    if not isinstance(row, dict):
        raise InputError(f"a JSON object is needed, not a {type(row).__name__}")
    return row


@contextmanager
def written_whole(target: str) -> Iterator[TextIO]:
    """A text file to write to that takes its name only if all went well; `-` is standard output."""
    if target == STANDARD:
        yield sys.stdout
        sys.stdout.flush()
        return
    path = Path(target)
    if not path.parent.is_dir():
        raise InputError(f"{path.parent} is no folder; make it before writing {path.name} there")
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yield file
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise


def numbered_lines(source: str) -> Iterator[tuple[int, str]]:
    """The lines of a UTF-8 file or of standard input that are not empty, with their numbers.

    Raises:
        InputError: the file can't be read, or a line is no UTF-8.
    """
    if source == STANDARD:
        yield from _numbered(sys.stdin.buffer, "standard input")
        return
    try:
        file = Path(source).open("rb")  # noqa: SIM115  (closed below)
    except OSError as error:
        raise InputError(f"{source} can't be read: {error.strerror}") from None
    with file:
        yield from _numbered(file, source)


def _numbered(file: Any, source: str) -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(file, 1):
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip("\r\n")
        except UnicodeDecodeError as error:
            raise InputError(f"{source}:{number}: no UTF-8 at byte {error.start}") from None
        if line.strip():
            yield number, line


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
