"""What `sidedoor corpus check` finds: broken rows, unknown names, near-duplicates and leaks.

Two messages are near-duplicates if their word trigrams overlap by more than `NEAR` (Jaccard).
Members of one flip pair are meant to be alike and are not compared, except across splits.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from sidedoor.errors import InputError
from sidedoor_training.corpus import CorpusRow, read_batch
from sidedoor_training.markup import NOT_PII, Part
from sidedoor_training.recipe import read_labels

NEAR: Final = 0.5
_TRIGRAM: Final = 3
_COMMON: Final = 200
"""Trigrams in more rows than this say nothing and are not looked up."""


@dataclass(frozen=True, slots=True)
class Codebook:
    """The labels, and the names that `way`, `trade` and `voice` may take; any where none are."""

    intents: list[str]
    pii_types: list[str]
    ways: dict[str, list[str]] = field(default_factory=dict)
    trades: list[str] = field(default_factory=list)
    voices: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, folder: Path, labels: Path | None = None) -> "Codebook":
        """Reads `codebook.yaml` beside the corpus, if it is there, and the label file.

        Raises:
            ConfigurationError: the label file is missing or malformed.
        """
        book = folder.parent / "codebook.yaml"
        names = yaml.safe_load(book.read_text(encoding="utf-8")) if book.is_file() else {}
        project = folder.parent.parent / "configs" / "labels.yaml"
        return cls(**read_labels(labels or project).model_dump(), **names)


def check_corpus(folder: Path, labels: Path | None = None) -> list[str]:
    """All problems of a corpus, each with file and line; empty where there are none.

    The labels are the project's where no file is given.

    Raises:
        InputError: the folder holds no batch.
        ConfigurationError: the label file is missing or malformed.
    """
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise InputError(f"{folder} holds no *.jsonl file; name the folder of the corpus")
    codebook = Codebook.load(folder, labels)
    rows: list[CorpusRow] = []
    problems: list[str] = []
    for file in files:
        try:
            rows.extend(read_batch(file))
        except InputError as error:
            problems.append(str(error))
    for row in rows:
        problems.extend(_unknown_names(row, codebook))
    problems.extend(_duplicates(rows))
    problems.extend(_near_duplicates(rows))
    return problems


def plain(parts: Sequence[Part]) -> str:
    """The text without markup."""
    return "".join(part if isinstance(part, str) else part.value for part in parts)


def _unknown_names(row: CorpusRow, codebook: Codebook) -> Iterator[str]:
    ways = {way for group in codebook.ways.values() for way in group}
    for kind, value, known in (
        ("way", row.way, ways),
        ("trade", row.trade, codebook.trades),
        ("voice", row.voice, codebook.voices),
    ):
        if value is not None and known and value not in known:
            yield f"{row.id}: unknown {kind} {value!r}; add it to codebook.yaml or take another"
    for intent in row.intents:
        if intent not in codebook.intents:
            yield f"{row.id}: unknown intent {intent!r}"
    for part in row.parts:
        if not isinstance(part, str) and part.type not in (*codebook.pii_types, NOT_PII):
            yield f"{row.id}: unknown type {part.type!r}"


def _duplicates(rows: Sequence[CorpusRow]) -> Iterator[str]:
    """The same message under the same circumstances, and the same message across splits."""
    seen: dict[tuple[object, ...], CorpusRow] = {}
    by_text: dict[tuple[str, ...], CorpusRow] = {}
    for row in rows:
        words = tuple(_words(row.parts))
        context = tuple(plain(turn.parts) for turn in row.context)
        key = (words, context, row.surface, row.sender)
        if key in seen:
            yield f"{row.id}: the same as {seen[key].id}, context and surface included"
        seen.setdefault(key, row)
        other = by_text.setdefault(words, row)
        if other.split != row.split and len(words) > 4:
            yield f"{row.id} ({row.split}): the same text as {other.id} ({other.split})"


def _near_duplicates(rows: Sequence[CorpusRow]) -> Iterator[str]:
    trigrams = [_trigrams(row.parts) for row in rows]
    where: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, grams in enumerate(trigrams):
        shared: dict[int, int] = defaultdict(int)
        for gram in grams:
            if len(where[gram]) <= _COMMON:
                for other in where[gram]:
                    shared[other] += 1
            where[gram].append(index)
        for other, count in shared.items():
            union = len(grams) + len(trigrams[other]) - count
            if min(len(grams), len(trigrams[other])) >= 4 and count / union > NEAR:
                first, second = rows[other], rows[index]
                if first.split != second.split:
                    yield f"{second.id} ({second.split}): leaks, nearly {first.id} ({first.split})"
                elif first.pair is None or first.pair != second.pair:
                    yield f"{second.id}: nearly the same as {first.id}"


def _words(parts: Sequence[Part]) -> list[str]:
    return re.findall(r"\w+", plain(parts).lower())


def _trigrams(parts: Sequence[Part]) -> set[tuple[str, ...]]:
    words = _words(parts)
    return {tuple(words[k : k + _TRIGRAM]) for k in range(len(words) - _TRIGRAM + 1)}
