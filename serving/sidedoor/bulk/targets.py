"""Writes a part's analyses beside its carried columns: Parquet or JSONL."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Final, Literal, Protocol

import pyarrow as pa
from pyarrow import parquet
from pydantic_core import to_json

from sidedoor.analysis import Analysis
from sidedoor.bulk.places import Place
from sidedoor.bulk.sources import Carried
from sidedoor.errors import ConfigurationError
from sidedoor.model_folder import ModelConfig

Format = Literal["parquet", "jsonl"]
ROW_GROUP: Final = 10_000
"""Rows after which a row group is written."""


class Target(AbstractContextManager["Target"], Protocol):
    """A file that is being written."""

    def write(self, analyses: Sequence[Analysis], carried: Carried, kept: list[int]) -> None: ...


def open_target(
    file: Place, form: Format, model: ModelConfig, prefix: str, carried: pa.Schema
) -> Target:
    """The file to write to.

    Raises:
        ConfigurationError: a carried column has the name of one of the analysis.
    """
    schema = analysis_schema(model, prefix)
    both = sorted(set(schema.names) & set(carried.names))
    if both:
        raise ConfigurationError(
            f"the input has a column {both[0]!r}, and so has the analysis; set the analysis' "
            "names apart with --prefix"
        )
    if form == "parquet":
        return _Parquet(file, schema, carried, prefix)
    return _Jsonl(file, prefix)


def analysis_schema(model: ModelConfig, prefix: str) -> pa.Schema:
    """The columns of an analysis, one struct field an intent."""
    whole, real, text = pa.int32(), pa.float64(), pa.string()
    place = [("start", whole), ("end", whole)]
    span = pa.struct([("type", text), *place, ("score", real), ("text", text)])
    words = pa.list_(pa.struct([*place, ("weight", real)]))
    fields = {
        "intents": pa.struct([(intent.name, real) for intent in model.intents]),
        "labels": pa.list_(text),
        "pii": pa.list_(span),
        "action": text,
        "rule": text,
        "reason": text,
        "evidence": pa.struct([(intent.name, words) for intent in model.intents]),
    }
    return pa.schema([(prefix + name, kind) for name, kind in fields.items()])


def _columns(analysis: Analysis, prefix: str) -> dict[str, Any]:
    """An analysis as `sidedoor analyze` writes it, but for the id, which is carried."""
    return {prefix + name: value for name, value in analysis.to_dict().items() if name != "id"}


class _Parquet:
    def __init__(self, file: Place, schema: pa.Schema, carried: pa.Schema, prefix: str) -> None:
        self._schema = schema
        self._whole = pa.schema([*carried, *schema])
        self._prefix = prefix
        self._waiting: list[pa.Table] = []
        self._writer = parquet.ParquetWriter(
            file.path, self._whole, filesystem=file.files, compression="zstd"
        )

    def write(self, analyses: Sequence[Analysis], carried: Carried, kept: list[int]) -> None:
        rows = [_columns(analysis, self._prefix) for analysis in analyses]
        columns = [
            *carried.table(kept).columns,
            *pa.Table.from_pylist(rows, self._schema).columns,
        ]
        self._waiting.append(pa.Table.from_arrays(columns, schema=self._whole))
        if sum(map(len, self._waiting)) >= ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting))
            self._waiting = []

    def __enter__(self) -> "_Parquet":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
        self._writer.close()


class _Jsonl:
    def __init__(self, file: Place, prefix: str) -> None:
        self._prefix = prefix
        self._file = file.files.open_output_stream(file.path, compression=None)

    def write(self, analyses: Sequence[Analysis], carried: Carried, kept: list[int]) -> None:
        others = carried.dicts(kept)
        lines = [
            to_json(
                {**other, **_columns(analysis, self._prefix)},
                bytes_mode="base64",
                inf_nan_mode="null",
            )
            for other, analysis in zip(others, analyses, strict=True)
        ]
        self._file.write(b"".join(line + b"\n" for line in lines))

    def __enter__(self) -> "_Jsonl":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
