"""The same message, typed otherwise: what should change no label."""

import random
import re
from collections.abc import Callable
from typing import Final

from sidedoor_evaluation.gold import GoldRow

NAMES: Final = (
    "Amara Bilal Chiara Dmitri Elif Femi Giulia Hamza Ingrid Jovana Kwame Linh Mateo Nadia Oksana "
    "Priya Quentin Rania Sipho Thandiwe Umut Vikram Wei Ximena Yusuf Zanele"
).split()
FAMILIES: Final = (
    "Adeyemi Bauer Castillo Demir Fofanah Gupta Haddad Ivanova Kowalski Lindqvist".split()
)

Retyping = Callable[[random.Random, GoldRow], str]


def _capitals(rng: random.Random, row: GoldRow) -> str:
    return row.message.text.upper()


def _lower_case(rng: random.Random, row: GoldRow) -> str:
    return row.message.text.lower()


def _no_punctuation(rng: random.Random, row: GoldRow) -> str:
    """Without the marks that end a word or a sentence; those inside of an address stay."""
    return re.sub(r"[.,!?;:'’\"()]+(?=\s|$)|(?<=\w)['’](?=\w)", "", row.message.text)


def _typos(rng: random.Random, row: GoldRow) -> str:
    """One slip in about every sixth word, none in personal data."""
    text, end = "", 0
    for span in row.pii:
        text += _slips(rng, row.message.text[end : span.start])
        text += row.message.text[span.start : span.end]
        end = span.end
    return text + _slips(rng, row.message.text[end:])


def _other_names(rng: random.Random, row: GoldRow) -> str:
    text, end = "", 0
    for span in row.pii:
        value = row.message.text[span.start : span.end]
        text += row.message.text[end : span.start]
        text += _name(rng, value) if span.type == "PERSON" else value
        end = span.end
    return text + row.message.text[end:]


def _other_numbers(rng: random.Random, row: GoldRow) -> str:
    """Every digit exchanged, the first of a number never for a 0."""
    return re.sub(
        r"\d+",
        lambda match: "".join(
            rng.choice("123456789" if position == 0 and digit != "0" else "0123456789")
            for position, digit in enumerate(match.group())
        ),
        row.message.text,
    )


RETYPINGS: Final[dict[str, Retyping]] = {
    "capitals": _capitals,
    "lower case": _lower_case,
    "no punctuation": _no_punctuation,
    "typos": _typos,
    "other names": _other_names,
    "other numbers": _other_numbers,
}


def _name(rng: random.Random, value: str) -> str:
    words = value.split()
    made = " ".join([rng.choice(NAMES), *(rng.choice(FAMILIES) for _ in words[1:])])
    return made.lower() if value.islower() else made.upper() if value.isupper() else made


def _slips(rng: random.Random, text: str) -> str:
    return re.sub(r"[^\W\d_]{4,}", lambda match: _slip(rng, match.group()), text)


def _slip(rng: random.Random, word: str) -> str:
    if rng.random() > 1 / 6:
        return word
    k = rng.randrange(1, len(word) - 1)
    before, letter, after = word[:k], word[k], word[k + 1 :]
    return rng.choice(
        [before + after, before + 2 * letter + after, before + after[0] + letter + after[1:]]
    )
