"""Results of messages that came before, for those that come again to the letter."""

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b
from threading import Lock
from typing import Final

from sidedoor.analysis import Analysis, Span
from sidedoor.message import Message

KEY_BYTES: Final = 32
DIGEST_BYTES: Final = 16


class Cache:
    """The analyses of the messages asked for last; safe to share between threads.

    A message is known by a hash of its text, surface, sender and context, under a random key
    that stays in this object. What is kept holds no text and no id: those of a hit are the asked
    message's own.

    Raises:
        ValueError: `entries`, the most analyses kept, is less than 1.
    """

    def __init__(self, entries: int) -> None:
        if entries < 1:
            raise ValueError(f"a cache of {entries} entries can't be made; give 1 or more")
        self.hits = 0
        self.misses = 0
        self._capacity = entries
        self._key = secrets.token_bytes(KEY_BYTES)
        self._kept: OrderedDict[bytes, Analysis] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def analysis(self, message: Message, analyze: Callable[[Message], Analysis]) -> Analysis:
        """The analysis that is kept, or else that of `analyze`, which is then kept.

        Threads that ask for the same new message at the same time each analyse it.
        """
        digest = self._digest(message)
        with self._lock:
            kept = self._kept.get(digest)
            if kept is None:
                self.misses += 1
            else:
                self.hits += 1
                self._kept.move_to_end(digest)
        if kept is not None:
            return _with_text(kept, message)
        analysis = analyze(message)
        with self._lock:
            self._kept[digest] = _without_text(analysis)
            if len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
        return analysis

    def _digest(self, message: Message) -> bytes:
        # repr tells None from "None", and quotes what stands between two texts
        turns = [(turn.sender, turn.text) for turn in message.context]
        asked = repr((message.text, message.surface, message.sender, turns))
        return blake2b(asked.encode(), digest_size=DIGEST_BYTES, key=self._key).digest()


def _without_text(analysis: Analysis) -> Analysis:
    pii = tuple(replace(span, text="") for span in analysis.pii)
    return replace(analysis, id=None, pii=pii, evidence=dict(analysis.evidence))


def _with_text(kept: Analysis, message: Message) -> Analysis:
    pii = tuple(
        Span(span.type, span.start, span.end, span.score, message.text[span.start : span.end])
        for span in kept.pii
    )
    return replace(kept, id=message.id, pii=pii, evidence=dict(kept.evidence))
