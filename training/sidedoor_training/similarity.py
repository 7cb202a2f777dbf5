"""Finds messages that say the same in other words, by embeddings of the base model.

Mean-pooled, normalised sentence embeddings and their cosine (Reimers and Gurevych 2019). Slower
than the shingles of `corpus check`, and needs the base model.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from rich.console import Console
from rich.progress import track
from torch import Tensor
from transformers import AutoModel, AutoTokenizer

from sidedoor_training.base_model import resolve
from sidedoor_training.checks import plain
from sidedoor_training.corpus import CorpusRow, read_corpus

BASE_MODEL: Final = "sentence-transformers/all-MiniLM-L6-v2"
_BATCH: Final = 64
_MIN_WORDS: Final = 6
"""Shorter messages are told apart by their context and are not compared."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two messages and the cosine of their embeddings."""

    first: CorpusRow
    second: CorpusRow
    cosine: float


def alike(folder: Path, at_least: float) -> list[Likeness]:
    """All pairs of messages from a cosine of `at_least` on, the most alike first.

    Members of one flip pair are meant to be alike and are left out.
    """
    rows = [row for row in read_corpus(folder) if len(plain(row.parts).split()) >= _MIN_WORDS]
    return sorted(_pairs(rows, _embeddings(rows), at_least), key=lambda found: -found.cosine)


def _embeddings(rows: Sequence[CorpusRow]) -> Tensor:
    """Unit vectors, shape = (messages, hidden)."""
    base = resolve(BASE_MODEL)
    tokenizer, model = AutoTokenizer.from_pretrained(base), AutoModel.from_pretrained(base).eval()
    order = sorted(range(len(rows)), key=lambda index: len(plain(rows[index].parts)))
    vectors = torch.empty(len(rows), model.config.hidden_size)
    console = Console(stderr=True)
    for start in track(range(0, len(order), _BATCH), "embedding", console=console, transient=True):
        part = order[start : start + _BATCH]
        texts = [plain(rows[index].parts) for index in part]
        inputs = tokenizer(
            texts, padding=True, truncation=True, max_length=128, return_tensors="pt"
        )
        with torch.no_grad():
            hidden = model(**inputs).last_hidden_state
        mask = inputs["attention_mask"].unsqueeze(-1)
        vectors[part] = torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1))
    return vectors


def _pairs(rows: Sequence[CorpusRow], vectors: Tensor, at_least: float) -> Iterator[Likeness]:
    for start in range(0, len(rows), 1024):
        cosines = vectors[start : start + 1024] @ vectors.T
        for offset, second in (cosines >= at_least).nonzero().tolist():
            first = start + offset
            pair = rows[first].pair
            if first < second and (pair is None or pair != rows[second].pair):
                cosine = float(cosines[offset, second])
                yield Likeness(rows[first], rows[second], cosine)
