"""The analyzer: message in, analysis out. Joins encoding, session, decoding and policy."""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
from tokenizers import Tokenizer

from sidedoor import decoding
from sidedoor.analysis import Analysis, Evidence, Intent
from sidedoor.cache import Cache
from sidedoor.cores import usable_cores
from sidedoor.decoding import FloatArray
from sidedoor.encoding import Encoder, Encoding, Limits, Window
from sidedoor.errors import ModelFolderError
from sidedoor.message import Message
from sidedoor.model_folder import (
    DEFAULT,
    MODEL_FILE,
    TOKENIZER_FILE,
    IntentConfig,
    ModelConfig,
    read_config,
)
from sidedoor.policy import Policy
from sidedoor.session import Output, Session

MAX_EVIDENCE: Final = 5
"""Most words shown an intent."""


class Analyzer:
    """Analyses messages with one model and one policy; safe to share between threads."""

    def __init__(
        self,
        config: ModelConfig,
        encoder: Encoder,
        session: Session,
        policy: Policy,
        cache: Cache | None = None,
    ) -> None:
        policy.check_labels([intent.name for intent in config.intents], config.pii_types)
        self.config = config
        self.policy = policy
        self.cache = cache
        self._encoder = encoder
        self._session = session

    @classmethod
    def load(
        cls, folder: str | Path = DEFAULT, *, policy: Policy | None = None, cache: int = 0
    ) -> "Analyzer":
        """Loads a model folder, by default the shipped one.

        `cache` is the number of analyses that are kept for messages that come again, 0 for none.

        Raises:
            ValueError: `cache` is negative.
            ModelFolderError: the folder is missing, incomplete or damaged.
            PolicyError: the policy names labels that the model does not know.
        """
        folder = Path(folder)
        config = read_config(folder)
        limits = Limits(**config.limits.model_dump())
        try:
            encoder = Encoder(Tokenizer.from_file(str(folder / TOKENIZER_FILE)), limits)
        except Exception as error:
            # tokenizers raises bare Exception
            raise ModelFolderError(
                f"{folder / TOKENIZER_FILE} can't be used: {error}; export the model again"
            ) from error
        session = Session(folder / MODEL_FILE)
        policy = Policy.load() if policy is None else policy
        return cls(config, encoder, session, policy, Cache(cache) if cache else None)

    def analyze(self, message: Message | str) -> Analysis:
        """Analyses one message; a string is a message without surface, sender or context."""
        if isinstance(message, str):
            message = Message(message)
        if self.cache is None:
            return self._analyze(message)
        return self.cache.analysis(message, self._analyze)

    def _analyze(self, message: Message) -> Analysis:
        encoding = self._encoder.encode(message)
        outputs = [self._session.run(window) for window in encoding.windows]
        logits = np.stack([output.intents for output in outputs])
        deciding = logits.argmax(axis=0)
        intents = tuple(
            _intent(config, float(logits[deciding[index], index]))
            for index, config in enumerate(self.config.intents)
        )
        tag_logits = decoding.merge_windows(encoding, [output.tags for output in outputs])
        pii = tuple(decoding.spans(message.text, encoding, tag_logits, self.config.pii_types))
        return Analysis(
            id=message.id,
            intents=intents,
            pii=pii,
            decision=self.policy.decide(message, intents, pii),
            evidence=_evidence(
                encoding, outputs, deciding.tolist(), [intent.name for intent in intents]
            ),
        )

    def analyze_many(
        self, messages: Iterable[Message | str], *, workers: int | None = None
    ) -> Iterator[Analysis]:
        """Analyses messages in order, on all cores; reads ahead a few messages a worker.

        `workers` is the number of threads, by default one a core that the process may use.
        """
        workers = workers or usable_cores()
        if workers == 1:
            yield from map(self.analyze, messages)
            return
        pending: deque[Future[list[Analysis]]] = deque()
        with ThreadPoolExecutor(workers, thread_name_prefix="sidedoor") as pool:
            for chunk in _chunks(messages, size=16):
                pending.append(pool.submit(lambda part: [self.analyze(m) for m in part], chunk))
                if len(pending) > 4 * workers:
                    yield from pending.popleft().result()
            while pending:
                yield from pending.popleft().result()


def _chunks(messages: Iterable[Message | str], size: int) -> Iterator[list[Message | str]]:
    chunk = []
    for message in messages:
        chunk.append(message)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _intent(config: IntentConfig, logit: float) -> Intent:
    score = 1 / (1 + math.exp(-min(max(logit / config.temperature + config.bias, -60), 60)))
    return Intent(config.name, score, config.threshold)


def _evidence(
    encoding: Encoding, outputs: list[Output], deciding: list[int], names: list[str]
) -> dict[str, tuple[Evidence, ...]]:
    """The words of each intent's deciding window that spoke for it, strongest first."""
    words = {
        window: _words(encoding, encoding.windows[window], outputs[window].evidence)
        for window in set(deciding)
    }
    return {
        name: _strongest(*words[window], intent)
        for intent, (name, window) in enumerate(zip(names, deciding, strict=True))
    }


def _words(
    encoding: Encoding, window: Window, evidence: FloatArray
) -> tuple[list[int], list[int], FloatArray]:
    """Starts and ends of the window's words, and what they add: shape = (words, intents)."""
    weights = evidence[1 : 1 + window.count]
    if not window.count:
        return [], [], weights
    part = slice(window.first, window.first + window.count)
    words, offsets = encoding.words[part], encoding.offsets[part]
    firsts = decoding.first_tokens(words)
    lasts = np.append(firsts[1:], window.count) - 1
    sums = np.add.reduceat(weights, firsts, axis=0)
    return offsets[firsts, 0].tolist(), offsets[lasts, 1].tolist(), sums


def _strongest(
    starts: list[int], ends: list[int], sums: FloatArray, intent: int
) -> tuple[Evidence, ...]:
    strongest = np.argsort(-sums[:, intent], kind="stable")[:MAX_EVIDENCE]
    weights = sums[strongest, intent].tolist()
    return tuple(
        Evidence(starts[k], ends[k], weight)
        for k, weight in zip(strongest.tolist(), weights, strict=True)
        if weight > 0
    )
