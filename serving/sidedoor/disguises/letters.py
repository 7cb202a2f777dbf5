"""Disguises of single characters: their script, their form, what stands between them."""

import base64
import random
from collections.abc import Mapping, Sequence
from typing import Final

from sidedoor.disguises.family import CONTACT_TYPES, LETTERS, Disguise, Function

_CYRILLIC: Final = str.maketrans("aceopxyisjhk", "асеорхуіѕјһк")
_GREEK: Final = str.maketrans("oavipu", "οανιρυ")
_LEET: Final = str.maketrans("aeiost", "4310$7")
_SMALL_CAPITALS: Final = str.maketrans("abcdefghijklmnoprtuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡʏᴢ")


def _spaced_letters(separators: Sequence[str]) -> Function:
    def apply(rng: random.Random, value: str) -> str | None:
        return rng.choice(separators).join(value.replace(" ", "")) if len(value) <= 32 else None

    return apply


def _translated(table: Mapping[int, int | str | None], share: float = 1.0) -> Function:
    def apply(rng: random.Random, value: str) -> str | None:
        made = "".join(
            character.translate(table) if rng.random() < share else character for character in value
        )
        return made if made != value else None

    return apply


def _shifted(upper: int, lower: int, digit: int = 0) -> Function:
    """Letters and digits moved to another Unicode block, by the block's first code points."""

    def moved(character: str) -> str:
        if "a" <= character <= "z":
            return chr(lower + ord(character) - 97)
        if "A" <= character <= "Z":
            return chr(upper + ord(character) - 65)
        if digit and character in "0123456789":
            return chr(digit + int(character))
        return character

    def apply(rng: random.Random, value: str) -> str | None:
        made = "".join(map(moved, value))
        return made if made != value else None

    return apply


def _fullwidth(rng: random.Random, value: str) -> str | None:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in value)


def _inserted(marks: str, share: float) -> Function:
    def apply(rng: random.Random, value: str) -> str | None:
        made = value[0] + "".join(
            rng.choice(marks) + character if rng.random() < share else character
            for character in value[1:]
        )
        return made if made != value else None

    return apply


def _combining(rng: random.Random, value: str) -> str | None:
    marks = "\u0301\u0308\u0323\u0336\u0302\u0327"
    return "".join(
        c + rng.choice(marks) if c.isalnum() and rng.random() < 0.6 else c for c in value
    )


def _alternating_case(rng: random.Random, value: str) -> str | None:
    return "".join(c.upper() if k % 2 else c.lower() for k, c in enumerate(value))


def _reversed(rng: random.Random, value: str) -> str | None:
    return value[::-1]


def _encoded(rng: random.Random, value: str) -> str | None:
    return base64.b64encode(value.encode()).decode() if len(value) <= 30 else None


def _split_by_space(rng: random.Random, value: str) -> str | None:
    if len(value) < 6 or " " in value:
        return None
    cuts = sorted(rng.sample(range(2, len(value) - 1), rng.randint(1, 2)))
    pieces = [value[a:b] for a, b in zip([0, *cuts], [*cuts, len(value)], strict=True)]
    return rng.choice([" ", " ", " + ", "..", " - "]).join(pieces)


CHARACTERS: Final = (
    Disguise("spaced-letters", LETTERS, _spaced_letters([" "])),
    Disguise("punctuated-letters", LETTERS, _spaced_letters([".", "-", "_", "*"])),
    Disguise("cyrillic-letters", LETTERS, _translated(_CYRILLIC, 0.7)),
    Disguise("greek-letters", LETTERS, _translated(_GREEK, 0.7)),
    Disguise("leetspeak", LETTERS, _translated(_LEET, 0.8)),
    Disguise("small-capitals", LETTERS, _translated(_SMALL_CAPITALS)),
    Disguise("mathematical-bold", CONTACT_TYPES, _shifted(0x1D400, 0x1D41A, 0x1D7CE)),
    Disguise("mathematical-sans", CONTACT_TYPES, _shifted(0x1D5A0, 0x1D5BA, 0x1D7E2)),
    Disguise("mathematical-script", LETTERS, _shifted(0x1D4D0, 0x1D4EA)),
    Disguise("monospace", CONTACT_TYPES, _shifted(0x1D670, 0x1D68A, 0x1D7F6)),
    Disguise("circled-letters", LETTERS, _shifted(0x24B6, 0x24D0)),
    Disguise("squared-letters", LETTERS, _shifted(0x1F130, 0x1F130)),
    Disguise("fullwidth", CONTACT_TYPES, _fullwidth),
    Disguise("zero-width", CONTACT_TYPES, _inserted("\u200b\u200c\u200d\u2060", 0.5)),
    Disguise("soft-hyphens", LETTERS, _inserted("\u00ad", 0.4)),
    Disguise("combining-marks", LETTERS, _combining),
    Disguise("alternating-case", LETTERS, _alternating_case),
    Disguise("reversed", CONTACT_TYPES, _reversed),
    Disguise("base64", LETTERS, _encoded),
    Disguise("split-by-space", LETTERS, _split_by_space),
)
