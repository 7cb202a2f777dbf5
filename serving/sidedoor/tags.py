"""The BIO tags of the token head, derived from the PII types.

Tag 0 is `O`; type k (from 0) has the tags `B-` = 1 + 2k and `I-` = 2 + 2k.
"""

from collections.abc import Sequence
from typing import Final

OUTSIDE: Final = 0


def tag_names(types: Sequence[str]) -> tuple[str, ...]:
    """The names of all tags, in the order of the token head's outputs."""
    return ("O", *(f"{prefix}-{name}" for name in types for prefix in "BI"))


def begin(type_index: int) -> int:
    """The tag of the first token of a span of this type."""
    return 1 + 2 * type_index


def inside(type_index: int) -> int:
    """The tag of a later token of a span of this type."""
    return 2 + 2 * type_index


def type_of(tag: int) -> int:
    """The index of the type that a tag other than `OUTSIDE` belongs to."""
    return (tag - 1) // 2


def is_begin(tag: int) -> bool:
    """Whether the tag opens a span."""
    return tag % 2 == 1
