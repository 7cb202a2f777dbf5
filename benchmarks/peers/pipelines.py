"""Two models, one a task, in transformers' pipelines: the usual way."""

from collections.abc import Sequence
from typing import Any

import torch
from benchmarks.peers import INTENTS_FOLDER, SPANS_FOLDER, Place
from transformers import pipeline
from transformers.utils import logging


class Pipelines:
    """Text classification for the intents, token classification for the spans."""

    def __init__(self, place: Place) -> None:
        logging.set_verbosity_error()
        torch.set_num_threads(place.threads)
        # annotated with one overload a task, none of which takes a folder
        load: Any = pipeline
        self._intents = load(
            "text-classification",
            str(place.work / INTENTS_FOLDER),
            top_k=None,
            truncation=True,
            device="cpu",
        )
        self._spans = load(
            "token-classification",
            str(place.work / SPANS_FOLDER),
            aggregation_strategy="simple",
            device="cpu",
        )

    def one(self, text: str) -> object:
        return self._intents(text), self._spans(text)

    def many(self, texts: Sequence[str]) -> object:
        return self._intents(list(texts)), self._spans(list(texts))
