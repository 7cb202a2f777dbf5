"""Fresh values for the corpus's markup, shaped like the ones they replace.

Faker gives names, streets and words in many locales, `phonenumbers` the numbering plans,
`python-stdnum` the check digits; what they lack is made here. A value whose shape is unknown
(a fragment, a disguise, a riddle) keeps its text or only has its characters exchanged.
"""

import random
import re
from collections.abc import Callable, Mapping
from typing import Final

from sidedoor_training.made_contacts import email, handle, phone, url
from sidedoor_training.made_papers import address, credential, date_of_birth, payment_account
from sidedoor_training.made_words import full_name, in_case_of, reshape, thing
from sidedoor_training.markup import THING

BLANK_RATIO: Final = 0.15
"""Share of values that stay as written, so that the hand-made ones are learnt from too."""

KEPT_NAMES: Final = 0.4
"""Share that stays of the names of things that `BLANK_RATIO` does not keep already."""

Maker = Callable[[random.Random, str], str]


def fresh(rng: random.Random, kind: str, value: str) -> str:
    """A new value of the type, shaped like the given one; unknown types are reshaped."""
    if rng.random() < BLANK_RATIO:
        return value
    return _MAKERS.get(kind, reshape)(rng, value)


def person(rng: random.Random, value: str) -> str:
    """A name with as many words as the given one, in its case."""
    if not re.fullmatch(
        r"[^\W\d_]+(?:[.'’-]?[^\W\d_]*)*(?: [^\W\d_]+\.?(?:['’-]?[^\W\d_]+)*)*", value
    ):
        return value
    words = value.split()
    given, family = full_name(rng)
    if len(words) == 1:
        name = given
    elif re.fullmatch(r"[A-Z]\.?", words[0]):
        name = f"{words[0]} {family}"
    elif re.fullmatch(r"[A-Z]\.?", words[-1]):
        name = f"{given} {words[-1]}"
    elif len(words) == 2:
        name = f"{given} {family}"
    else:
        name = " ".join([given, *(full_name(rng)[0] for _ in words[2:]), family])
    return in_case_of(value, name)


def name_of_thing(rng: random.Random, value: str) -> str:
    """A made-up name, or the value itself: some names mean something."""
    return value if rng.random() < KEPT_NAMES else thing(rng)


_MAKERS: Final[Mapping[str, Maker]] = {
    "PERSON": person,
    "EMAIL_ADDRESS": email,
    "PHONE_NUMBER": phone,
    "URL": url,
    "HANDLE": handle,
    "ADDRESS": address,
    "PAYMENT_ACCOUNT": payment_account,
    "CREDENTIAL": credential,
    "DATE_OF_BIRTH": date_of_birth,
    THING: name_of_thing,
}
