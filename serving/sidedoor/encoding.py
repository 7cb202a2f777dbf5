"""How a message becomes tokens; training and serving both encode here.

    [CLS] message [SEP] surface, sender, newest … oldest context [SEP]

All text normalisation lives in `tokenizer.json`. The message is never cut: one that is too
long for a window is read in several, which overlap. Context is cut at its oldest end.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding as Tokens
from tokenizers import Tokenizer

from sidedoor.message import SENDERS, SURFACES, Message, Turn
from sidedoor.plain_text import for_plain_text, is_plain

UNKNOWN: Final = "unknown"
SURFACE_TOKENS: Final = {name: f"[surface:{name}]" for name in (*SURFACES, UNKNOWN)}
SENDER_TOKENS: Final = {name: f"[sender:{name}]" for name in (*SENDERS, UNKNOWN)}
TURN_TOKENS: Final = {name: f"[turn:{name}]" for name in ("same", "other", UNKNOWN)}
"""Opens a context message: from the message's own sender, from the other side, or unknown."""
SLOT_TOKENS: Final = (*SURFACE_TOKENS.values(), *SENDER_TOKENS.values(), *TURN_TOKENS.values())
"""The tokens that take the vocabulary's unused slots."""

IntArray = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Limits:
    """Lengths in tokens: of a window, of the part behind the message, of windows' overlap."""

    window: int
    context: int
    overlap: int


@dataclass(frozen=True, slots=True)
class Window:
    """One input of the model; message tokens stand at 1 … `count`.

    `input_ids` and `token_type_ids` have shape = (tokens,); `first` is the index of the
    window's first message token among all of the message's tokens.
    """

    input_ids: IntArray
    token_type_ids: IntArray
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Encoding:
    """A message as one or more windows.

    `offsets`, shape = (message tokens, 2), holds each token's half-open range of code points
    in the original text; `words`, shape = (message tokens,), the index of its word.
    """

    windows: tuple[Window, ...]
    offsets: IntArray
    words: IntArray


class Encoder:
    """Encodes messages with one tokenizer; safe to share between threads."""

    def __init__(self, tokenizer: Tokenizer, limits: Limits) -> None:
        self._tokenizer = tokenizer
        self._for_plain_text = for_plain_text(tokenizer)
        self._limits = limits
        self._cls = self._id("[CLS]")
        self._sep = self._id("[SEP]")
        self._surfaces = {name: self._id(token) for name, token in SURFACE_TOKENS.items()}
        self._senders = {name: self._id(token) for name, token in SENDER_TOKENS.items()}
        self._turns = {name: self._id(token) for name, token in TURN_TOKENS.items()}

    def encode(self, message: Message) -> Encoding:
        """Encodes a message into windows of at most `Limits.window` tokens."""
        tokens = self._tokens(message.text)
        ids = tokens.ids
        second = self._second_segment(message)
        room = self._limits.window - 2 - len(second)
        windows = tuple(
            self._window(ids[first : first + room], second, first)
            for first in _window_starts(len(ids), room, self._limits.overlap)
        )
        offsets = np.array(tokens.offsets, dtype=np.int32).reshape(-1, 2)
        words = np.array(tokens.word_ids, dtype=np.int32)
        return Encoding(windows=windows, offsets=offsets, words=words)

    def _second_segment(self, message: Message) -> list[int]:
        ids = [
            self._surfaces[message.surface or UNKNOWN],
            self._senders[message.sender or UNKNOWN],
        ]
        for turn in reversed(message.context):
            if len(ids) >= self._limits.context - 1:
                break
            ids.append(self._turns[_relation(message, turn)])
            ids.extend(self._tokens(turn.text).ids)
        return [*ids[: self._limits.context - 1], self._sep]

    def _tokens(self, text: str) -> Tokens:
        tokenizer = self._for_plain_text if is_plain(text) else self._tokenizer
        return tokenizer.encode(text, add_special_tokens=False)

    def _window(self, ids: list[int], second: list[int], first: int) -> Window:
        head = len(ids) + 2
        token_types = np.zeros(head + len(second), dtype=np.int32)
        token_types[head:] = 1
        return Window(
            input_ids=np.array([self._cls, *ids, self._sep, *second], dtype=np.int32),
            token_type_ids=token_types,
            first=first,
            count=len(ids),
        )

    def _id(self, token: str) -> int:
        identifier = self._tokenizer.token_to_id(token)
        if identifier is None:
            raise ValueError(f"the tokenizer's vocabulary lacks the token {token}")
        return identifier


def _window_starts(length: int, room: int, overlap: int) -> range:
    """The first token of each window, so that all but the first repeat `overlap` tokens."""
    if length <= room:
        return range(1)
    return range(0, length - overlap, room - overlap)


def _relation(message: Message, turn: Turn) -> str:
    if message.sender is None or turn.sender is None:
        return UNKNOWN
    return "same" if message.sender == turn.sender else "other"
