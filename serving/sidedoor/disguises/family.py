"""What a family of disguises is, and the types that families apply to."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

Function = Callable[[random.Random, str], str | None]
"""Gives a plain value's disguise, or None where the family does not apply."""

CONTACT_TYPES: Final = ("EMAIL_ADDRESS", "PHONE_NUMBER", "URL", "HANDLE")
EMAIL: Final = ("EMAIL_ADDRESS",)
PHONE: Final = ("PHONE_NUMBER",)
WEB: Final = ("EMAIL_ADDRESS", "URL")
LETTERS: Final = ("EMAIL_ADDRESS", "URL", "HANDLE")


@dataclass(frozen=True, slots=True)
class Disguise:
    """A named family of disguises and the types that it applies to."""

    name: str
    types: tuple[str, ...]
    apply: Function
