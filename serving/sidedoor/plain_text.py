"""A shorter way to the same tokens for text of plain characters.

The normaliser in `tokenizer.json` undoes disguises in some forty steps, each of which walks through
the whole text. Most texts hold no character that any of them would change.
"""

import json
import re
from typing import Any, Final

from tokenizers import Tokenizer
from tokenizers.normalizers import Normalizer, Sequence

PLAIN: Final = "".join(map(chr, (*range(0x80), *range(0xC0, 0x100), *range(0x1F600, 0x1F645)))) + (
    "¡£¥§©«®°±»¿‘’“”–—•€"
)
"""Letters, signs and faces; none combines with another, so that what a step that looks at
characters one by one does to each of them it does to any text of them."""

_PLAIN: Final = frozenset(PLAIN)
_ONE_CHARACTER: Final = re.compile(r"\[[^\[\]]+\]")


def is_plain(text: str) -> bool:
    """Whether the text is made of `PLAIN` characters alone."""
    return text.isascii() or _PLAIN.issuperset(text)


def for_plain_text(tokenizer: Tokenizer) -> Tokenizer:
    """A tokenizer that gives the same tokens and offsets where `is_plain` holds.

    It shares the vocabulary and lacks the normaliser's first steps, as far as they look at
    characters one by one and change none of `PLAIN`.
    """
    steps = tokenizer.normalizer
    if not isinstance(steps, Sequence) or tokenizer.get_added_tokens_decoder():
        return tokenizer
    described = json.loads(steps.__getstate__())["normalizers"]
    idle = 0
    while idle < len(described) and _is_idle(steps[idle], described[idle]):
        idle += 1
    shorter = Tokenizer(tokenizer.model)
    shorter.normalizer = Sequence([steps[k] for k in range(idle, len(described))])
    shorter.pre_tokenizer = tokenizer.pre_tokenizer
    return shorter


def _is_idle(step: Normalizer, described: dict[str, Any]) -> bool:
    """NFKC looks at a character and what combines with it, a class in brackets at one alone."""
    pattern = described.get("pattern", {}).get("Regex", "")
    one_by_one = described["type"] == "NFKC" or _ONE_CHARACTER.fullmatch(pattern)
    return bool(one_by_one) and step.normalize_str(PLAIN) == PLAIN
