"""Examples as tensors for `transformers.Trainer`: windows with intent and tag labels."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.utils.data import Dataset

from sidedoor import tags
from sidedoor.encoding import SLOT_TOKENS, Encoder, Encoding
from sidedoor_training.corpus import CorpusRow
from sidedoor_training.markup import TextSpan
from sidedoor_training.refill import Augmentation, Example, as_written, refill

IGNORED: Final = -100
"""The label of tokens that have none: special ones, context and padding."""
INPUTS: Final = ("input_ids", "attention_mask", "token_type_ids")
UNMASKED: Final = "unmasked_ids"
"""The name of the `input_ids` as they were before words were hidden."""

Features = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Featurizer:
    """Turns examples into the model's inputs and labels."""

    encoder: Encoder
    intents: Sequence[str]
    types: Sequence[str]

    def features(self, example: Example) -> Features:
        """The features of an example's first window.

        Later windows of a message that is longer are left out of training: which of them
        carries the intent is not known.
        """
        encoding = self.encoder.encode(example.message)
        window = encoding.windows[0]
        labels = self.tag_labels(encoding, example.pii)[: window.count]
        rest = len(window.input_ids) - window.count - 1
        return {
            "input_ids": window.input_ids.tolist(),
            "attention_mask": [1] * len(window.input_ids),
            "token_type_ids": window.token_type_ids.tolist(),
            "tag_labels": [IGNORED, *labels, *[IGNORED] * rest],
            "intent_labels": [float(name in example.intents) for name in self.intents],
        }

    def tag_labels(self, encoding: Encoding, spans: Sequence[TextSpan]) -> list[int]:
        """The tag of each of the message's tokens; any token that touches a span is in it."""
        labels = [tags.OUTSIDE] * len(encoding.offsets)
        for span in spans:
            kind = self.types.index(span.type)
            touched = [
                position
                for position, (start, end) in enumerate(encoding.offsets)
                if start < span.end and end > span.start
            ]
            for position in touched:
                labels[position] = tags.begin(kind) if position == touched[0] else tags.inside(kind)
        return labels


@dataclass(frozen=True, slots=True)
class TokenMask:
    """Hides a share of an example's words, so that no message is learnt by heart."""

    token: int
    share: float
    kept: frozenset[int]
    """The special tokens and slots, which are never hidden."""

    @classmethod
    def of(cls, tokenizer: Tokenizer, share: float) -> "TokenMask":
        """The mask of a tokenizer that `build_tokenizer` made."""
        ids = tokenizer.get_vocab()
        kept = frozenset(ids[token] for token in ("[CLS]", "[SEP]", *SLOT_TOKENS))
        return cls(ids["[MASK]"], share, kept)

    def applied(self, features: Features, rng: random.Random) -> Features:
        """The features with tokens of message and context exchanged for the mask."""
        hidden = [
            identifier if identifier in self.kept or rng.random() >= self.share else self.token
            for identifier in features["input_ids"]
        ]
        return {**features, "input_ids": hidden}


class RefilledDataset(Dataset[Features]):
    """Corpus rows, refilled with fresh values at every epoch and under a fixed seed.

    With `unmasked`, the features hold the words that are hidden as well, for teachers.
    """

    def __init__(
        self,
        rows: Sequence[CorpusRow],
        featurizer: Featurizer,
        augmentation: Augmentation,
        mask: TokenMask,
        seed: int,
        *,
        unmasked: bool = False,
    ) -> None:
        self._rows = rows
        self._featurizer = featurizer
        self._augmentation = augmentation
        self._mask = mask
        self._seed = seed
        self._unmasked = unmasked
        self.epoch = 0

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Features:
        rng = random.Random(f"{self._seed}/{self.epoch}/{index}")
        example = refill(self._rows[index], rng, self._augmentation)
        features = self._featurizer.features(example)
        masked = self._mask.applied(features, rng)
        return masked | {UNMASKED: features["input_ids"]} if self._unmasked else masked


class WrittenDataset(Dataset[Features]):
    """Corpus rows with their hand-written values, for evaluation."""

    def __init__(self, rows: Sequence[CorpusRow], featurizer: Featurizer) -> None:
        self._features = [featurizer.features(as_written(row)) for row in rows]

    def __len__(self) -> int:
        return len(self._features)

    def __getitem__(self, index: int) -> Features:
        return self._features[index]


def collate(batch: Sequence[Features]) -> dict[str, Tensor]:
    """Pads to the batch's longest window; padding has attention 0 and no labels."""
    length = max(len(features["input_ids"]) for features in batch)
    padded = {
        key: torch.tensor(
            [row[key] + [fill] * (length - len(row[key])) for row in batch], dtype=torch.long
        )
        for key, fill in (*((name, 0) for name in (*INPUTS, UNMASKED)), ("tag_labels", IGNORED))
        if key in batch[0]
    }
    intents = torch.tensor([row["intent_labels"] for row in batch], dtype=torch.float32)
    return {**padded, "intent_labels": intents}
