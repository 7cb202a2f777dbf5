"""Offsets of labelling tools, which count UTF-16 code units as JavaScript does, and ours.

An emoji is one code point and two code units. Label Studio and doccano (unless it counts grapheme
clusters) export code units.
"""

from sidedoor.errors import InputError


def to_utf16(text: str, offset: int) -> int:
    """Code units before a code point."""
    return offset + sum(character > "\uffff" for character in text[:offset])


def from_utf16(text: str, offset: int) -> int:
    """Code points before a code unit.

    Raises:
        InputError: the offset lies behind the text's end, or inside of a character.
    """
    units = points = 0
    while units < offset and points < len(text):
        units += 2 if text[points] > "\uffff" else 1
        points += 1
    if units != offset:
        raise InputError(
            f"the offset {offset} is none of this text's, which is {to_utf16(text, len(text))} "
            "UTF-16 code units long; was the text changed?"
        )
    return points
