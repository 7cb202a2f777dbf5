"""Disguises of the digits of phone numbers."""

import random
import re
from collections.abc import Mapping, Sequence
from typing import Final

from sidedoor.disguises.family import PHONE, Disguise, Function

_DIGITS: Final[Mapping[str, Sequence[str]]] = {
    "english": "zero one two three four five six seven eight nine".split(),
    "english-oh": "oh one two three four five six seven eight nine".split(),
    "spanish": "cero uno dos tres cuatro cinco seis siete ocho nueve".split(),
    "french": "zéro un deux trois quatre cinq six sept huit neuf".split(),
    "german": "null eins zwei drei vier fünf sechs sieben acht neun".split(),
    "italian": "zero uno due tre quattro cinque sei sette otto nove".split(),
    "portuguese": "zero um dois três quatro cinco seis sete oito nove".split(),
    "turkish": "sıfır bir iki üç dört beş altı yedi sekiz dokuz".split(),
    "hindi": "shunya ek do teen char paanch chhe saat aath nau".split(),
    "indonesian": "nol satu dua tiga empat lima enam tujuh delapan sembilan".split(),
    "tagalog": "sero isa dalawa tatlo apat lima anim pito walo siyam".split(),
    "russian": "nol odin dva tri chetyre pyat shest sem vosem devyat".split(),
    "arabic": "sifr wahid ithnan thalatha arbaa khamsa sitta sabaa thamania tisaa".split(),
}


def _digit_words(language: str, separators: Sequence[str]) -> Function:
    def apply(rng: random.Random, value: str) -> str | None:
        return _worded(rng, value, _DIGITS[language], rng.choice(separators), share=1.0)

    return apply


def _some_digit_words(rng: random.Random, value: str) -> str | None:
    return _worded(rng, value, _DIGITS[rng.choice(list(_DIGITS)[:6])], " ", share=0.5)


def _doubled_words(rng: random.Random, value: str) -> str | None:
    words = _DIGITS["english"]
    made: list[str] = []
    found = False
    for match in re.finditer(r"(\d)\1?", re.sub(r"[^\d+]", "", value)):
        word = words[int(match[1])]
        found = found or len(match.group()) == 2
        made.append(f"double {word}" if len(match.group()) == 2 else word)
    return " ".join(made) if found else None


def _number_words_by_pair(rng: random.Random, value: str) -> str | None:
    tens = "twenty thirty forty fifty sixty seventy eighty ninety".split()
    teens = (
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
    )
    digits = re.sub(r"\D", "", value)
    made: list[str] = []
    for pair in re.findall(r"\d\d?", digits):
        number, words = int(pair), _DIGITS["english"]
        if len(pair) == 1 or number < 10:
            made.extend(words[int(digit)] for digit in pair)
        elif number < 20:
            made.append(teens[number - 10])
        else:
            made.append(tens[number // 10 - 2] + (f" {words[number % 10]}" if number % 10 else ""))
    return " ".join(made) if digits else None


def _filler_between(rng: random.Random, value: str) -> str | None:
    digits = re.findall(r"\d+", value)
    if len(digits) < 3:
        return None
    filler = rng.choice(
        [" then ", " and ", " space ", " ... ", " after that ", " followed by ", " und "]
    )
    return filler.join(digits)


def _separated_digits(separators: Sequence[str]) -> Function:
    def apply(rng: random.Random, value: str) -> str | None:
        return rng.choice(separators).join(re.findall(r"\+?\d", value)) or None

    return apply


def _regrouped_digits(rng: random.Random, value: str) -> str | None:
    digits = re.sub(r"\D", "", value)
    made: list[str] = []
    position = 0
    while position < len(digits):
        size = rng.randint(1, 4)
        made.append(digits[position : position + size])
        position += size
    return rng.choice([" ", "-", ".", "  ", " - ", "/", "_", " * "]).join(made)


def _mapped_digits(table: str, suffix: str = "") -> Function:
    def apply(rng: random.Random, value: str) -> str | None:
        made = re.sub(r"\d", lambda match: table[int(match.group())] + suffix, value)
        return made if made != value else None

    return apply


def _letters_for_digits(rng: random.Random, value: str) -> str | None:
    table = {"0": "oO", "1": "lI", "5": "sS", "8": "B", "2": "z", "6": "b", "9": "g"}
    made = "".join(
        rng.choice(table[character]) if character in table and rng.random() < 0.5 else character
        for character in value
    )
    return made if made != value else None


def _bracketed_digits(rng: random.Random, value: str) -> str | None:
    opening, closing = rng.choice([("(", ")"), ("[", "]"), ("{", "}"), ("<", ">"), ("*", "*")])
    return re.sub(r"\d", lambda match: f"{opening}{match.group()}{closing}", value)


def _emoji_between(rng: random.Random, value: str) -> str | None:
    mark = rng.choice("🔥⭐🙂📞🌸✨🍀💬")
    return mark.join(re.findall(r"\+?\d{1,3}", value)) or None


def _sums(rng: random.Random, value: str) -> str | None:
    digits = re.sub(r"\D", "", value)
    made = []
    for digit in digits:
        part = rng.randint(0, int(digit))
        made.append(f"{part}+{int(digit) - part}" if rng.random() < 0.25 else digit)
    return " ".join(made) if digits else None


def _worded(
    rng: random.Random, value: str, words: Sequence[str], separator: str, share: float
) -> str | None:
    parts = [
        words[int(character)] if rng.random() < share else character
        for character in re.sub(r"\D", "", value)
    ]
    plus = "plus " if value.startswith("+") and rng.random() < 0.6 else ""
    return plus + separator.join(parts) if parts else None


NUMBERS: Final = (
    Disguise("digit-words", PHONE, _digit_words("english", [" ", " ", "-", ", ", ""])),
    Disguise("digit-words-oh", PHONE, _digit_words("english-oh", [" "])),
    *(
        Disguise(f"digit-words-{language}", PHONE, _digit_words(language, [" ", " ", "-"]))
        for language in list(_DIGITS)[2:]
    ),
    Disguise("some-digit-words", PHONE, _some_digit_words),
    Disguise("doubled-digit-words", PHONE, _doubled_words),
    Disguise("number-words-by-pair", PHONE, _number_words_by_pair),
    Disguise("filler-words", PHONE, _filler_between),
    Disguise("spaced-digits", PHONE, _separated_digits([" ", "  "])),
    Disguise(
        "punctuated-digits", PHONE, _separated_digits([".", "-", ",", "_", "*", "/", "~", "|"])
    ),
    Disguise("regrouped-digits", PHONE, _regrouped_digits),
    Disguise("keycap-digits", PHONE, _mapped_digits("0123456789", "\ufe0f\u20e3")),
    Disguise("circled-digits", PHONE, _mapped_digits("⓪①②③④⑤⑥⑦⑧⑨")),
    Disguise("superscript-digits", PHONE, _mapped_digits("⁰¹²³⁴⁵⁶⁷⁸⁹")),
    Disguise("arabic-digits", PHONE, _mapped_digits("٠١٢٣٤٥٦٧٨٩")),
    Disguise("devanagari-digits", PHONE, _mapped_digits("०१२३४५६७८९")),
    Disguise("letters-for-digits", PHONE, _letters_for_digits),
    Disguise("bracketed-digits", PHONE, _bracketed_digits),
    Disguise("emoji-between", PHONE, _emoji_between),
    Disguise("sums", PHONE, _sums),
)
