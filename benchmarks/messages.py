"""The messages that measurements read: a file's or the test split's, and texts of given lengths."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer

from sidedoor import Message
from sidedoor.errors import InputError
from sidedoor.rows import Rows

TEST_SPLIT: Final = "test split"
_TRIES: Final = 200
"""How many places are looked at for one text of a given length."""


def read_messages(source: str | None = None) -> list[Message]:
    """The messages of a JSONL file; without one, those of the corpus's test split.

    Raises:
        InputError: a row is malformed.
    """
    if source:
        return list(Rows(source))
    from sidedoor_training.corpus import read_corpus
    from sidedoor_training.refill import as_written

    return [as_written(row).message for row in read_corpus(Path("training/corpus"), ["test"])]


def name_of(source: str | None) -> str:
    """What a result calls the source, without its folder."""
    return Path(source).name if source else TEST_SPLIT


def as_fields(message: Message) -> dict[str, Any]:
    """The message as a row of JSONL or a request's body, without its id."""
    context = [{"text": turn.text, "sender": turn.sender} for turn in message.context]
    return {
        "text": message.text,
        "surface": message.surface,
        "sender": message.sender,
        "context": context,
    }


def drawn(messages: Sequence[Message], count: int, seed: int = 7) -> list[Message]:
    """As many of the messages as asked for, or all, always the same ones."""
    return random.Random(seed).sample(messages, min(count, len(messages)))


def texts_of_length(
    tokens: int, messages: Sequence[Message], tokenizer: Tokenizer, count: int, seed: int = 7
) -> list[str]:
    """Texts of exactly so many tokens each, cut at white space out of the messages' words.

    Raises:
        InputError: the messages hold too few words for it.
    """
    words = " ".join(message.text for message in messages).split()
    places = random.Random(seed)
    found: list[str] = []
    for _ in range(_TRIES * count):
        first = places.randrange(max(1, len(words) - tokens))
        text = " ".join(words[first : first + tokens])
        offsets = tokenizer.encode(text, add_special_tokens=False).offsets
        end = offsets[tokens - 1][1] if len(offsets) >= tokens else 0
        text, rest = text[:end], text[end:]
        whole = not rest or rest[0].isspace()
        if whole and len(tokenizer.encode(text, add_special_tokens=False)) == tokens:
            found.append(text)
        if len(found) == count:
            return found
    raise InputError(
        f"the messages hold too few words for {count} texts of {tokens} tokens; give a longer file"
    )
