"""Finds the input files and cuts them into parts."""

import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any, Final

import pyarrow as pa
from pyarrow import parquet

from sidedoor.bulk.places import Place
from sidedoor.columns import Columns
from sidedoor.errors import InputError

KINDS: Final = {".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}
SAMPLE_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of one input file: rows of Parquet, bytes of JSONL, or the whole of a CSV file.

    `source` is relative to what the user named, `size` is the file's in bytes; a JSONL part has
    the lines that begin within it.
    """

    source: str
    kind: str
    size: int
    number: int
    start: int
    stop: int

    @property
    def name(self) -> str:
        """The part's name in the output, without suffix."""
        return f"{self.source}-{self.number:05d}"

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Plan:
    """The parts of all input files, and how many files of other kinds were passed over."""

    parts: list[Part]
    files: int
    passed_over: int


def plan(source: Place, columns: Columns, rows: int) -> Plan:
    """Cuts the input into parts of about `rows` messages.

    Raises:
        InputError: nothing to read is there, or a file lacks the text's column.
    """
    folder, listed = input_files(source)
    known = [(name, size) for name, size in listed if _kind(name)]
    if not known:
        raise InputError(f"{source.name} holds no file that ends in {', '.join(KINDS)}")
    parts = [part for name, size in known for part in _cut(folder, name, size, columns, rows)]
    return Plan(parts, len(known), len(listed) - len(known))


def input_files(source: Place) -> tuple[Place, list[tuple[str, int]]]:
    """The folder that parts' sources are relative to, and the files in it that are meant.

    Files and folders whose names begin with a dot or an underscore are not looked at.
    """
    if source.is_file:
        folder, _, name = source.path.rpartition("/")
        size = source.files.get_file_info(source.path).size
        return Place(source.files, folder, source.name), [(name, size)]
    listed = source.listed()
    if not listed:
        raise InputError(f"{source.name} can't be read: no such file, or an empty folder")
    seen = [(n, s) for n, s in listed if not any(p[0] in "._" for p in PurePosixPath(n).parts)]
    return source, seen


def _kind(name: str) -> str | None:
    return KINDS.get(PurePosixPath(name).suffix.lower())


def _cut(folder: Place, name: str, size: int, columns: Columns, rows: int) -> Iterator[Part]:
    kind = _kind(name) or ""
    try:
        end, step = _measure(folder / name, kind, size, columns, rows)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{name} can't be read as {kind} ({type(error).__name__})") from None
    for number, start in enumerate(range(0, max(end, 1), step)):
        yield Part(name, kind, size, number, start, min(start + step, end))


def _measure(
    file: Place, kind: str, size: int, columns: Columns, rows: int
) -> tuple[int, int]:  # fmt: skip
    """Where the file ends and how long a part is: in rows for Parquet, else in bytes."""
    if kind == "parquet":
        with parquet.ParquetFile(file.path, filesystem=file.files) as opened:
            _check_column(file, opened.schema_arrow.names, columns)
            return opened.metadata.num_rows, rows
    if kind == "csv":
        from sidedoor.bulk.sources import csv_rows

        with csv_rows(file) as (header, _):
            _check_column(file, header, columns)
        return size, max(size, 1)
    with file.files.open_input_stream(file.path, compression=None) as stream:
        sample = io.BytesIO(stream.read(SAMPLE_BYTES))
    lines = max(1, sum(1 for _ in sample))
    return size, max(1, rows * sample.tell() // lines)


def _check_column(file: Place, names: list[str], columns: Columns) -> None:
    if columns.text not in names:
        raise InputError(
            f"{file.name} has no column {columns.text!r}; name the one that holds the messages "
            "with --text-column"
        )
    if len(set(names)) != len(names):
        raise InputError(f"{file.name} has two columns of one name; rename one")
