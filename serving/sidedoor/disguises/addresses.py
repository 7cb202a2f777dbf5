"""Disguises of the signs and names in email and web addresses and in account names."""

import random
import re
from collections.abc import Mapping, Sequence
from typing import Final

from sidedoor.disguises.family import EMAIL, WEB, Disguise

_NATO: Final = (
    "alfa bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar "
    "papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu"
).split()
_PROVIDERS: Final[Mapping[str, Sequence[str]]] = {
    "gmail.com": ["gee mail", "g mail dot com", "the google mail", "gmayl com", "jeemail", "gmial"],
    "hotmail.com": ["hot male", "hot mail dot com", "h0tmail", "hotmale com"],
    "outlook.com": ["out look", "outlook dot com", "microsoft's mail", "0utlook"],
    "yahoo.com": ["ya hoo", "yahoo dot com", "yah00", "yaho o"],
    "icloud.com": ["i cloud", "apple's cloud mail", "eye cloud dot com"],
    "proton.me": ["proton dot me", "proto n mail"],
}
AT_WORDS: Final = (
    "at",
    "AT",
    "(at)",
    "[at]",
    "{at}",
    "<at>",
    "-at-",
    "_at_",
    "arroba",
    "chez",
    "klammeraffe",
    "chiocciola",
    "arobase",
    "(a)",
    "@t",
    "et",
    "sign at",
)
DOT_WORDS: Final = (
    "dot",
    "DOT",
    "(dot)",
    "[dot]",
    "{dot}",
    "<dot>",
    "-dot-",
    "_dot_",
    "punto",
    "point",
    "punkt",
    "ponto",
    "d0t",
    "(.)",
    "[.]",
    ",",
    "nokta",
    "titik",
)


def _at_dot_words(rng: random.Random, value: str) -> str | None:
    if "@" not in value:
        return None
    index = rng.randrange(8)
    at, dot = AT_WORDS[index], DOT_WORDS[index]
    space = "" if at[0] in "-_" else " "
    return value.replace("@", f"{space}{at}{space}").replace(".", f"{space}{dot}{space}")


def _mixed_at_dot(rng: random.Random, value: str) -> str | None:
    if "@" not in value:
        return None
    at, dot = rng.choice(AT_WORDS), rng.choice(DOT_WORDS)
    return value.replace("@", f" {at} ").replace(".", f" {dot} ")


def _at_word_only(rng: random.Random, value: str) -> str | None:
    return (
        value.replace("@", rng.choice(["(at)", "[at]", " at ", "AT", " (at) "]))
        if "@" in value
        else None
    )


def _dot_words(rng: random.Random, value: str) -> str | None:
    if "." not in value:
        return None
    dot = rng.choice(DOT_WORDS)
    return re.sub(r"^https?://", "", value).replace(
        ".", rng.choice([f" {dot} ", f"({dot.strip('()')})"])
    )


def _fused_words(rng: random.Random, value: str) -> str | None:
    return value.replace("@", "AT").replace(".", "DOT") if "@" in value else None


def _slashes(rng: random.Random, value: str) -> str | None:
    mark = rng.choice(["/", "|", "\\", " / "])
    return value.replace("@", mark).replace(".", mark) if "@" in value else None


def _missing_symbols(rng: random.Random, value: str) -> str | None:
    if "@" not in value:
        return None
    return re.sub(r"[@.]", rng.choice(["_", " ", "-"]), value)


def _bracketed_symbols(rng: random.Random, value: str) -> str | None:
    opening, closing = rng.choice([("[", "]"), ("(", ")"), ("{", "}"), ("<", ">")])
    made = re.sub(r"[@.]", lambda match: f"{opening}{match.group()}{closing}", value)
    return made if made != value else None


def _spaced_symbols(rng: random.Random, value: str) -> str | None:
    made = re.sub(r"[@.]", lambda match: f" {match.group()} ", value)
    return made if made != value else None


def _provider_alias(rng: random.Random, value: str) -> str | None:
    local, _, domain = value.partition("@")
    if domain not in _PROVIDERS:
        return None
    return (
        f"{local} {rng.choice(['@', 'at', 'on', '(at)', 'a t'])} {rng.choice(_PROVIDERS[domain])}"
    )


def _spelled_out(rng: random.Random, value: str) -> str | None:
    if "@" not in value or len(value) > 30:
        return None
    names = {"@": "at", ".": "dot", "_": "underscore", "-": "dash", "+": "plus"}
    return rng.choice([" ", "-", ", "]).join(names.get(character, character) for character in value)


def _nato(rng: random.Random, value: str) -> str | None:
    local, at, rest = value.partition("@")
    if not (3 <= len(local) <= 9 and local.isascii() and local.isalpha()):
        return None
    letters = " ".join(_NATO[ord(letter) - 97] for letter in local.lower())
    return letters + (f" at {rest}" if at else "")


def _defanged(rng: random.Random, value: str) -> str | None:
    if "." not in value:
        return None
    made = re.sub(r"^http", rng.choice(["hxxp", "h**p", "http "]), value)
    return re.sub(r"\.", rng.choice(["[.]", "(.)", " . ", "{.}", " (dot) "]), made)


def _spoken_url(rng: random.Random, value: str) -> str | None:
    if "." not in value or "@" in value or len(value) > 40:
        return None
    made = re.sub(r"^(https?://)", "", value)
    for symbol, word in ((".", " dot "), ("/", " slash "), ("-", " dash "), ("_", " underscore ")):
        made = made.replace(symbol, word)
    return re.sub(r" +", " ", made).strip()


def _spaced_ending(rng: random.Random, value: str) -> str | None:
    made = re.sub(r"\.([a-z]{2,6})$", rng.choice([r" .\1", r". \1", r" \1", r" , \1"]), value)
    return made if made != value else None


def _handle_words(rng: random.Random, value: str) -> str | None:
    names = {"@": "at ", "_": " underscore ", ".": " dot ", "-": " dash ", "#": " hash "}
    made = "".join(names.get(character, character) for character in value).strip()
    return made if made != value else None


ADDRESSES: Final = (
    Disguise("at-dot-words", EMAIL, _at_dot_words),
    Disguise("mixed-at-dot-words", EMAIL, _mixed_at_dot),
    Disguise("at-word", EMAIL, _at_word_only),
    Disguise("dot-words", WEB, _dot_words),
    Disguise("fused-words", EMAIL, _fused_words),
    Disguise("slashes", EMAIL, _slashes),
    Disguise("missing-symbols", EMAIL, _missing_symbols),
    Disguise("bracketed-symbols", WEB, _bracketed_symbols),
    Disguise("spaced-symbols", WEB, _spaced_symbols),
    Disguise("provider-alias", EMAIL, _provider_alias),
    Disguise("letter-by-letter", EMAIL, _spelled_out),
    Disguise("phonetic-alphabet", ("EMAIL_ADDRESS", "HANDLE"), _nato),
    Disguise("defanged-url", ("URL",), _defanged),
    Disguise("spoken-url", ("URL",), _spoken_url),
    Disguise("spaced-ending", WEB, _spaced_ending),
    Disguise("handle-words", ("HANDLE",), _handle_words),
)
