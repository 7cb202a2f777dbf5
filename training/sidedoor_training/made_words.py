"""What made values are put together from: names, words, accounts, and characters of a class."""

import random
import re
import string
from functools import cache
from typing import Final

from faker import Faker

from sidedoor_training.names import FAMILY, GIVEN

LOCALES: Final = (
    "en_US en_GB en_IN en_AU en_CA en_IE de_DE de_AT de_CH fr_FR fr_CA es_ES es_MX it_IT nl_NL "
    "pl_PL pt_BR pt_PT tr_TR sv_SE no_NO da_DK fi_FI cs_CZ hu_HU ro_RO id_ID vi_VN hr_HR sk_SK"
).split()
TOP_LEVEL: Final = (
    "com com com com net org co io de fr es it nl pl pt com.br co.uk co.in in com.au ca ie ch at "
    "be se no dk fi cz ro hu gr tr com.tr ae co.za com.ng co.ke ph id my sg vn jp kr ru ua rs hr "
    "shop store studio design app dev me info biz online site art agency cafe xyz eu us"
).split()

_STARTS: Final = (
    "b br c ch cl d dr f fl g gr h j k kl kr l m n p pl pr qu r s sch sh sk sl sp st str t tr "
    "v w z zh"
).split()
_MIDDLES: Final = "a a a e e e i i o o o u u ai au ea ee io ou á é ö ü".split()
_LINKS: Final = ["", "", "", *"b d g k l m n nd ng r rt s sk st t tz v x z".split()]
_ENDS: Final = ["", "", "", *"a o ex ia ix us en ova et ium ly ify bank works hub soft".split()]


def reshape(rng: random.Random, value: str) -> str:
    """Exchanges digits, and letters in codes, by others of their class.

    Words (runs of three and more letters that touch no digit) stay.
    """
    hexadecimal = re.fullmatch(r"#?[0-9a-fA-F-]{3,}", value) is not None

    def exchange(match: re.Match[str]) -> str:
        run = match.group()
        if run.isdigit():
            return "".join(_digit(rng, digit, position) for position, digit in enumerate(run))
        if hexadecimal:
            letters = "abcdef" if run.islower() else "ABCDEF"
            return "".join(rng.choice(letters) for _ in run)
        touches = value[match.start() - 1 : match.start()] + value[match.end() : match.end() + 1]
        if len(run) >= 3 and not re.search(r"\d", touches):
            return run
        return "".join(
            rng.choice(string.ascii_lowercase if letter.islower() else string.ascii_uppercase)
            for letter in run
        )

    return re.sub(r"[0-9]+|[A-Za-z]+", exchange, value)


def full_name(rng: random.Random) -> tuple[str, str]:
    """A given and a family name in Latin letters, of any culture."""
    if rng.random() < 0.5:
        return rng.choice(GIVEN), rng.choice(FAMILY)
    faker = faker_of(rng.choice(LOCALES))
    faker.seed_instance(rng.getrandbits(32))
    return faker.first_name(), faker.last_name()


def thing(rng: random.Random) -> str:
    """A word that could be the name of a firm, a product or a place."""
    syllables = [
        rng.choice(_STARTS) + rng.choice(_MIDDLES) + rng.choice(_LINKS)
        for _ in range(rng.choice([1, 2, 2]))
    ]
    return ("".join(syllables) + rng.choice(_ENDS)).capitalize()


def word(rng: random.Random) -> str:
    """An English word of three to nine letters, as names of brands and accounts use."""
    return rng.choice(_words())


def account(rng: random.Random) -> str:
    """An account name as people choose them."""
    given, family = (re.sub(r"[^a-z]", "", name.lower()) for name in full_name(rng))
    first, second = word(rng), word(rng)
    year = rng.choice([str(rng.randint(70, 99)), str(rng.randint(1, 2020)), "", ""])
    glue = rng.choice(["_", ".", "", "-"])
    return rng.choice(
        [
            f"{given}{glue}{family}{year}",
            f"{given[0]}{glue}{family}",
            f"{given}{glue}{first}",
            f"{first}{glue}{second}{year}",
            f"{first}{year}",
            f"{given}{year}",
            f"the{glue}{first}{glue}{second}",
            f"{first.capitalize()}{second.capitalize()}",
            f"{given}{glue}{rng.choice(['art', 'dev', 'studio', 'design', 'photo', 'official'])}",
        ]
    )


def domain_name(rng: random.Random) -> str:
    """A domain that a small business might have."""
    name = rng.choice(
        [
            word(rng),
            word(rng) + word(rng),
            f"{word(rng)}-{word(rng)}",
            re.sub(r"[^a-z]", "", full_name(rng)[1].lower()) + word(rng),
        ]
    )
    return f"{name}.{rng.choice(TOP_LEVEL)}"


@cache
def faker_of(locale: str) -> Faker:
    """A Faker of one locale; seed it before use."""
    return Faker(locale)


def alike(rng: random.Random, character: str) -> str:
    """Another character of the same class: digit, small or capital letter."""
    for letters in (string.digits, string.ascii_lowercase, string.ascii_uppercase):
        if character in letters:
            return rng.choice(letters)
    return character


def in_case_of(original: str, made: str) -> str:
    """The made value in the case of the original: all small, all capitals, or as made."""
    if original.islower():
        return made.lower()
    return made.upper() if original.isupper() and len(original) > 2 else made


@cache
def _words() -> tuple[str, ...]:
    provider = faker_of("en_US")
    provider.seed_instance(0)
    nouns = {word for _ in range(2000) for word in provider.words(1) if 3 <= len(word) <= 9}
    own = (
        "fern heron cedar copper willow maple nordic atlas pixel velvet amber harbor lemon fox "
        "tiger raven moss clay tin salt ember brook meadow linen cobalt sparrow otter quartz bloom"
    ).split()
    return tuple(sorted(nouns | set(own)))


def _digit(rng: random.Random, digit: str, position: int) -> str:
    if position == 0:
        return digit if digit == "0" else rng.choice("123456789")
    return rng.choice(string.digits)
