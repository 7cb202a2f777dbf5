"""Reads the hand-written corpus: `*.jsonl` files, one a batch, the brief in the first line."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sidedoor.errors import InputError
from sidedoor.message import MAX_CONTEXT
from sidedoor_training.markup import Part, parse

SPLITS: Final = ("train", "validation", "test")
Split = Literal["train", "validation", "test"]
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class CorpusTurn:
    """A context message of a corpus row, its markup parsed."""

    sender: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class CorpusRow:
    """One hand-written message.

    `way`, `trade` and `voice` say what it does, about what, and in whose English; rows of the
    same `pair` are (nearly) the same message under other circumstances.
    """

    id: str
    batch: str
    split: str
    parts: tuple[Part, ...]
    surface: str | None
    sender: str | None
    context: tuple[CorpusTurn, ...]
    intents: tuple[str, ...]
    way: str | None
    trade: str | None
    voice: str | None
    pair: str | None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Header(_Strict):
    brief: Annotated[str, Field(min_length=1)]
    split: Split


class _Turn(_Strict):
    sender: Literal["buyer", "seller"]
    text: Annotated[str, Field(min_length=1)]


class _Row(_Strict):
    text: Annotated[str, Field(min_length=1)]
    surface: Literal["inbox", "order", "requirements", "listing"] | None = None
    sender: Literal["buyer", "seller"] | None = None
    context: Annotated[list[_Turn], Field(max_length=MAX_CONTEXT)] = []
    intents: list[str]
    way: str | None = None
    trade: str | None = None
    voice: str | None = None
    pair: str | None = None


def read_corpus(folder: Path, splits: Sequence[str] = SPLITS) -> list[CorpusRow]:
    """Reads all batches of the given splits, in the order of their names.

    Raises:
        InputError: a file is malformed; the error names file and line.
    """
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise InputError(f"{folder} holds no *.jsonl file; name the folder of the corpus")
    return [row for file in files for row in read_batch(file) if row.split in splits]


def read_batch(file: Path) -> list[CorpusRow]:
    """Reads one batch.

    Raises:
        InputError: the header or a row is malformed; the error names file and line.
    """
    lines = list(_objects(file))
    if not lines:
        raise InputError(f"{file} is empty; its first line must hold the brief and the split")
    header: _Header = _validated(_Header, file, *lines[0])
    return [
        _row(file, number, header.split, _validated(_Row, file, number, content))
        for number, content in lines[1:]
    ]


def corpus_sha256(folder: Path) -> str:
    """The SHA-256 over all files of the corpus, names included."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.jsonl")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _objects(file: Path) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(file.read_text(encoding="utf-8").split("\n"), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except json.JSONDecodeError as error:
                raise InputError(f"{file}:{number}: no JSON: {error.msg}") from None


def _validated(model: type[_Model], file: Path, number: int, content: Any) -> _Model:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{file}:{number}: {where}: {first['msg']}") from None


def _row(file: Path, number: int, split: str, row: _Row) -> CorpusRow:
    try:
        parts = parse(row.text)
        context = tuple(CorpusTurn(turn.sender, parse(turn.text)) for turn in row.context)
    except InputError as error:
        raise InputError(f"{file}:{number}: {error}") from None
    return CorpusRow(
        id=f"{file.stem}-{number:04d}",
        batch=file.stem,
        split=split,
        parts=parts,
        surface=row.surface,
        sender=row.sender,
        context=context,
        intents=tuple(row.intents),
        way=row.way,
        trade=row.trade,
        voice=row.voice,
        pair=row.pair,
    )
