"""The ways in which people hide contact data from a filter, one function a family.

Each takes a plain value and gives its disguise, or None where it does not apply. A disguise
replaces the whole value, so the span around it stays exact. Evaluation reports recall by the
families' names.
"""

import random
from typing import Final

from sidedoor.disguises.addresses import ADDRESSES
from sidedoor.disguises.family import CONTACT_TYPES, Disguise
from sidedoor.disguises.letters import CHARACTERS
from sidedoor.disguises.numbers import NUMBERS

__all__ = ["CONTACT_TYPES", "DISGUISES", "Disguise", "applicable", "disguise"]

DISGUISES: Final = (*ADDRESSES, *NUMBERS, *CHARACTERS)
"""All families, in the order of the reports."""


def applicable(kind: str) -> tuple[Disguise, ...]:
    """The families for a type."""
    return tuple(disguise for disguise in DISGUISES if kind in disguise.types)


def disguise(rng: random.Random, kind: str, value: str) -> tuple[str, tuple[str, ...]]:
    """Disguises a value by one family, sometimes by two; gives the value and their names.

    A value to which no drawn family applies stays as it is, with no names.
    """
    families = applicable(kind)
    names: list[str] = []
    for _ in range(2 if rng.random() < 0.2 else 1):
        for family in rng.sample(families, min(4, len(families))):
            hidden = family.apply(rng, value)
            if hidden and hidden.strip() == hidden and hidden != value:
                value = hidden
                names.append(family.name)
                break
    return value, tuple(names)
