"""Reads a part batch by batch: the rows' messages, and their other columns."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

import pyarrow as pa
from pyarrow import parquet
from pydantic_core import PydanticSerializationError, to_json

from sidedoor.bulk.parts import Part
from sidedoor.bulk.places import Place
from sidedoor.columns import Columns
from sidedoor.errors import InputError
from sidedoor.rows import parse_object

BATCH: Final = 256
"""Most rows that are read at a time."""
MAX_LINE_BYTES: Final = 4 * 1024 * 1024
"""Longest line of JSONL, and longest field of CSV in characters."""
_BUFFER_BYTES: Final = 1024 * 1024

Row = dict[str, Any] | InputError
"""A row's values by column, or why it has none."""


class Carried(Protocol):
    """The other columns of some rows."""

    def table(self, kept: Sequence[int]) -> pa.Table: ...

    def dicts(self, kept: Sequence[int]) -> list[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows with their positions (rows from 1, or bytes), and what is carried through."""

    positions: list[int]
    rows: list[Row]
    carried: Carried


@dataclass(frozen=True, slots=True)
class Source:
    """A part that can be read.

    `unit` says what positions count; `schema` is that of the other columns.
    """

    unit: str
    schema: pa.Schema
    batches: Callable[[], Iterator[Batch]]


def open_part(folder: Place, part: Part, columns: Columns) -> Source:
    """The rows of a part.

    Raises:
        InputError: the file is another than it was when it was cut into parts.
    """
    file = folder / part.source
    if file.files.get_file_info(file.path).size != part.size:
        raise InputError(f"{part.source} has changed while it was read; start anew elsewhere")
    if part.kind == "parquet":
        return _parquet(file, part, columns)
    read = _csv if part.kind == "csv" else _jsonl
    names: dict[str, None] = {}
    for _, row in read(file, part, columns):
        if isinstance(row, dict):
            names.update(dict.fromkeys(row))
    carried = [name for name in names if name not in columns.read]
    schema = pa.schema([(name, pa.string()) for name in carried])
    unit = "row" if part.kind == "csv" else "byte"
    return Source(unit, schema, lambda: _untyped(read(file, part, columns), schema))


@contextmanager
def csv_rows(file: Place) -> Iterator[tuple[list[str], Iterator[list[str]]]]:
    """The header of a CSV file, and its rows; bytes that are no UTF-8 become lone surrogates.

    Raises:
        InputError: the header can't be read.
    """
    csv.field_size_limit(MAX_LINE_BYTES)
    with file.files.open_input_stream(file.path, compression=None) as raw:
        text = io.TextIOWrapper(raw, "utf-8-sig", "surrogateescape", newline="")
        rows = csv.reader(text)
        try:
            header = next(rows, [])
        except csv.Error as error:
            raise InputError(f"{file.name}: no CSV header: {error}") from None
        yield header, rows
        text.detach()


@dataclass(frozen=True, slots=True)
class _Typed:
    """Columns of Parquet, kept as they are."""

    content: pa.Table

    def table(self, kept: Sequence[int]) -> pa.Table:
        return self.content.take(pa.array(kept, pa.int64()))

    def dicts(self, kept: Sequence[int]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.table(kept).to_pylist()
        return rows


@dataclass(frozen=True, slots=True)
class _Untyped:
    """Columns of JSONL or CSV; in a table they are strings, numbers and objects as JSON."""

    rows: list[dict[str, Any]]
    schema: pa.Schema

    def table(self, kept: Sequence[int]) -> pa.Table:
        rows = [{name: _as_text(v) for name, v in row.items()} for row in self.dicts(kept)]
        return pa.Table.from_pylist(rows, self.schema)

    def dicts(self, kept: Sequence[int]) -> list[dict[str, Any]]:
        return [self.rows[index] for index in kept]


def _as_text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _parquet(file: Place, part: Part, columns: Columns) -> Source:
    with parquet.ParquetFile(file.path, filesystem=file.files) as opened:
        schema = opened.schema_arrow
    others = [name for name in schema.names if name not in columns.read]

    def batches() -> Iterator[Batch]:
        wanted = [name for name in (*columns.read, columns.id) if name in schema.names]
        for first, table in _stretch(file, part):
            positions = list(range(first + 1, first + 1 + len(table)))
            rows = [_row(table, wanted, index) for index in range(len(table))]
            yield Batch(positions, rows, _Typed(table.select(others)))

    carried = pa.schema([schema.field(name) for name in others])
    return Source("row", carried, batches)


def _stretch(file: Place, part: Part) -> Iterator[tuple[int, pa.Table]]:
    """The part's rows as tables, each with the index of its first row."""
    with parquet.ParquetFile(
        file.path, filesystem=file.files, buffer_size=_BUFFER_BYTES, pre_buffer=False
    ) as opened:
        first = 0
        for group in range(opened.metadata.num_row_groups):
            count = opened.metadata.row_group(group).num_rows
            if first + count > part.start and first < part.stop:
                at = first
                for batch in opened.iter_batches(BATCH, [group], use_threads=False):
                    start, stop = max(part.start, at), min(part.stop, at + len(batch))
                    if start < stop:
                        yield start, pa.Table.from_batches([batch.slice(start - at, stop - start)])
                    at += len(batch)
            first += count


def _row(table: pa.Table, names: list[str], index: int) -> Row:
    try:
        return {name: table.column(name)[index].as_py() for name in names}
    except UnicodeDecodeError:
        return InputError("a field is no UTF-8")


def _untyped(rows: Iterator[tuple[int, Row]], schema: pa.Schema) -> Iterator[Batch]:
    names = set(schema.names)
    positions: list[int] = []
    found: list[Row] = []
    others: list[dict[str, Any]] = []
    for position, row in rows:
        carried = {k: v for k, v in row.items() if k in names} if isinstance(row, dict) else {}
        positions.append(position)
        found.append(row if _is_writable(carried) else InputError("a field is no valid Unicode"))
        others.append(carried)
        if len(found) == BATCH:
            yield Batch(positions, found, _Untyped(others, schema))
            positions, found, others = [], [], []
    if found:
        yield Batch(positions, found, _Untyped(others, schema))


def _is_writable(carried: dict[str, Any]) -> bool:
    try:
        to_json(carried)
    except (PydanticSerializationError, UnicodeEncodeError):
        return False
    return True


def _csv(file: Place, part: Part, columns: Columns) -> Iterator[tuple[int, Row]]:
    """The rows of a CSV file; an empty field is none, but for the text and what is carried."""
    optional = {columns.surface, columns.sender, columns.context, columns.id}
    with csv_rows(file) as (header, rows):
        number = 0
        while True:
            number += 1
            try:
                values = next(rows, None)
            except csv.Error as error:
                yield number, InputError(f"no CSV: {error}")
                continue
            if values is None:
                return
            if not values:
                number -= 1
            elif len(values) != len(header):
                reason = f"{len(values)} fields where the header has {len(header)}"
                yield number, InputError(reason)
            else:
                pairs = zip(header, values, strict=True)
                yield number, {k: None if k in optional and not v else v for k, v in pairs}


def _jsonl(file: Place, part: Part, columns: Columns) -> Iterator[tuple[int, Row]]:
    with file.files.open_input_file(file.path) as raw, io.BufferedReader(raw, _BUFFER_BYTES) as f:
        at = 0
        if part.start:
            # The line that holds the byte before the part belongs to the part before.
            at = f.seek(part.start - 1)
            at += _skip_line(f)
        while at < part.stop:
            line = f.readline(MAX_LINE_BYTES + 1)
            if not line:
                return
            length = len(line)
            if length > MAX_LINE_BYTES and not line.endswith(b"\n"):
                yield at, InputError(f"the line is longer than {MAX_LINE_BYTES} bytes")
                length += _skip_line(f)
            elif line.strip():
                yield at, _parsed(line, first=at == 0)
            at += length


def _skip_line(file: io.BufferedReader) -> int:
    """Goes to the next line; gives the bytes passed over."""
    count = 0
    while line := file.readline(MAX_LINE_BYTES):
        count += len(line)
        if line.endswith(b"\n"):
            break
    return count


def _parsed(line: bytes, *, first: bool) -> Row:
    try:
        return parse_object(line.decode("utf-8-sig" if first else "utf-8"))
    except UnicodeDecodeError as error:
        return InputError(f"no UTF-8 at byte {error.start} of the line")
    except InputError as error:
        return error
