"""The ways in which people hide contact data from a filter, one function a family.

Each takes a plain value and gives its disguise, or None where it does not apply. A disguise
replaces the whole value, so the span around it stays exact. Evaluation reports recall by the
families' names.
"""

import base64
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_Function = Callable[[random.Random, str], str | None]

CONTACT_TYPES: Final = ("EMAIL_ADDRESS", "PHONE_NUMBER", "URL", "HANDLE")
_EMAIL: Final = ("EMAIL_ADDRESS",)
_PHONE: Final = ("PHONE_NUMBER",)
_WEB: Final = ("EMAIL_ADDRESS", "URL")
_LETTERS: Final = ("EMAIL_ADDRESS", "URL", "HANDLE")

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
_NATO: Final = (
    "alfa bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar "
    "papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu"
).split()
_CYRILLIC: Final = str.maketrans("aceopxyisjhk", "асеорхуіѕјһк")
_GREEK: Final = str.maketrans("oavipu", "οανιρυ")
_LEET: Final = str.maketrans("aeiost", "4310$7")
_SMALL_CAPITALS: Final = str.maketrans("abcdefghijklmnoprtuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡʏᴢ")
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


@dataclass(frozen=True, slots=True)
class Disguise:
    """A named family of disguises and the types that it applies to."""

    name: str
    types: tuple[str, ...]
    apply: _Function


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


def _digit_words(language: str, separators: Sequence[str]) -> _Function:
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


def _separated_digits(separators: Sequence[str]) -> _Function:
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


def _mapped_digits(table: str, suffix: str = "") -> _Function:
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


def _spaced_letters(separators: Sequence[str]) -> _Function:
    def apply(rng: random.Random, value: str) -> str | None:
        return rng.choice(separators).join(value.replace(" ", "")) if len(value) <= 32 else None

    return apply


def _translated(table: Mapping[int, int | str | None], share: float = 1.0) -> _Function:
    def apply(rng: random.Random, value: str) -> str | None:
        made = "".join(
            character.translate(table) if rng.random() < share else character for character in value
        )
        return made if made != value else None

    return apply


def _shifted(upper: int, lower: int, digit: int = 0) -> _Function:
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


def _inserted(marks: str, share: float) -> _Function:
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


def _handle_words(rng: random.Random, value: str) -> str | None:
    names = {"@": "at ", "_": " underscore ", ".": " dot ", "-": " dash ", "#": " hash "}
    made = "".join(names.get(character, character) for character in value).strip()
    return made if made != value else None


def _split_by_space(rng: random.Random, value: str) -> str | None:
    if len(value) < 6 or " " in value:
        return None
    cuts = sorted(rng.sample(range(2, len(value) - 1), rng.randint(1, 2)))
    pieces = [value[a:b] for a, b in zip([0, *cuts], [*cuts, len(value)], strict=True)]
    return rng.choice([" ", " ", " + ", "..", " - "]).join(pieces)


def _worded(
    rng: random.Random, value: str, words: Sequence[str], separator: str, share: float
) -> str | None:
    parts = [
        words[int(character)] if rng.random() < share else character
        for character in re.sub(r"\D", "", value)
    ]
    plus = "plus " if value.startswith("+") and rng.random() < 0.6 else ""
    return plus + separator.join(parts) if parts else None


DISGUISES: Final = (
    Disguise("at-dot-words", _EMAIL, _at_dot_words),
    Disguise("mixed-at-dot-words", _EMAIL, _mixed_at_dot),
    Disguise("at-word", _EMAIL, _at_word_only),
    Disguise("dot-words", _WEB, _dot_words),
    Disguise("fused-words", _EMAIL, _fused_words),
    Disguise("slashes", _EMAIL, _slashes),
    Disguise("missing-symbols", _EMAIL, _missing_symbols),
    Disguise("bracketed-symbols", _WEB, _bracketed_symbols),
    Disguise("spaced-symbols", _WEB, _spaced_symbols),
    Disguise("provider-alias", _EMAIL, _provider_alias),
    Disguise("letter-by-letter", _EMAIL, _spelled_out),
    Disguise("phonetic-alphabet", ("EMAIL_ADDRESS", "HANDLE"), _nato),
    Disguise("defanged-url", ("URL",), _defanged),
    Disguise("spoken-url", ("URL",), _spoken_url),
    Disguise("spaced-ending", _WEB, _spaced_ending),
    Disguise("digit-words", _PHONE, _digit_words("english", [" ", " ", "-", ", ", ""])),
    Disguise("digit-words-oh", _PHONE, _digit_words("english-oh", [" "])),
    *(
        Disguise(f"digit-words-{language}", _PHONE, _digit_words(language, [" ", " ", "-"]))
        for language in list(_DIGITS)[2:]
    ),
    Disguise("some-digit-words", _PHONE, _some_digit_words),
    Disguise("doubled-digit-words", _PHONE, _doubled_words),
    Disguise("number-words-by-pair", _PHONE, _number_words_by_pair),
    Disguise("filler-words", _PHONE, _filler_between),
    Disguise("spaced-digits", _PHONE, _separated_digits([" ", "  "])),
    Disguise(
        "punctuated-digits", _PHONE, _separated_digits([".", "-", ",", "_", "*", "/", "~", "|"])
    ),
    Disguise("regrouped-digits", _PHONE, _regrouped_digits),
    Disguise("keycap-digits", _PHONE, _mapped_digits("0123456789", "\ufe0f\u20e3")),
    Disguise("circled-digits", _PHONE, _mapped_digits("⓪①②③④⑤⑥⑦⑧⑨")),
    Disguise("superscript-digits", _PHONE, _mapped_digits("⁰¹²³⁴⁵⁶⁷⁸⁹")),
    Disguise("arabic-digits", _PHONE, _mapped_digits("٠١٢٣٤٥٦٧٨٩")),
    Disguise("devanagari-digits", _PHONE, _mapped_digits("०१२३४५६७८९")),
    Disguise("letters-for-digits", _PHONE, _letters_for_digits),
    Disguise("bracketed-digits", _PHONE, _bracketed_digits),
    Disguise("emoji-between", _PHONE, _emoji_between),
    Disguise("sums", _PHONE, _sums),
    Disguise("spaced-letters", _LETTERS, _spaced_letters([" "])),
    Disguise("punctuated-letters", _LETTERS, _spaced_letters([".", "-", "_", "*"])),
    Disguise("cyrillic-letters", _LETTERS, _translated(_CYRILLIC, 0.7)),
    Disguise("greek-letters", _LETTERS, _translated(_GREEK, 0.7)),
    Disguise("leetspeak", _LETTERS, _translated(_LEET, 0.8)),
    Disguise("small-capitals", _LETTERS, _translated(_SMALL_CAPITALS)),
    Disguise("mathematical-bold", CONTACT_TYPES, _shifted(0x1D400, 0x1D41A, 0x1D7CE)),
    Disguise("mathematical-sans", CONTACT_TYPES, _shifted(0x1D5A0, 0x1D5BA, 0x1D7E2)),
    Disguise("mathematical-script", _LETTERS, _shifted(0x1D4D0, 0x1D4EA)),
    Disguise("monospace", CONTACT_TYPES, _shifted(0x1D670, 0x1D68A, 0x1D7F6)),
    Disguise("circled-letters", _LETTERS, _shifted(0x24B6, 0x24D0)),
    Disguise("squared-letters", _LETTERS, _shifted(0x1F130, 0x1F130)),
    Disguise("fullwidth", CONTACT_TYPES, _fullwidth),
    Disguise("zero-width", CONTACT_TYPES, _inserted("\u200b\u200c\u200d\u2060", 0.5)),
    Disguise("soft-hyphens", _LETTERS, _inserted("\u00ad", 0.4)),
    Disguise("combining-marks", _LETTERS, _combining),
    Disguise("alternating-case", _LETTERS, _alternating_case),
    Disguise("reversed", CONTACT_TYPES, _reversed),
    Disguise("base64", _LETTERS, _encoded),
    Disguise("handle-words", ("HANDLE",), _handle_words),
    Disguise("split-by-space", _LETTERS, _split_by_space),
)
"""All families, in the order of the reports."""
