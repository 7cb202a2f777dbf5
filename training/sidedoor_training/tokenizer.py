"""Builds `tokenizer.json`: the base model's vocabulary with all text normalisation inside.

The normaliser chain undoes disguises of single characters (full-width, mathematical, circled
and small-capital letters, look-alikes of other scripts, keycaps, foreign digits, invisible
characters) and keeps the alignment with the original text, so training and serving can't drift
apart. Look-alikes are after Unicode's confusables (UTS 39).
"""

from typing import Final

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from sidedoor.encoding import SLOT_TOKENS

_LOOK_ALIKES: Final = {
    "a": "аАαΑɑᴀ",
    "b": "вВΒЬʙ",
    "c": "сСϲᴄ",
    "d": "ԁᴅ",
    "e": "еЕεΕєᴇ",
    "f": "ꜰƒ",
    "g": "ɡɢ",
    "h": "һНнΗʜ",
    "i": "іІιΙıɪӏ",
    "j": "јЈϳᴊ",
    "k": "кКκΚᴋ",
    "l": "ⅼʟ",
    "m": "мМΜᴍ",
    "n": "ոηΝɴ",
    "o": "оОοΟσօᴏ",
    "p": "рРρΡᴘ",
    "q": "ԛ",
    "r": "гʀ",
    "s": "ѕЅꜱ",
    "t": "тТτΤᴛ",
    "u": "υսᴜ",
    "v": "νѵᴠ",
    "w": "ԝѡᴡ",
    "x": "хХχΧ",
    "y": "уУγΥүʏ",
    "z": "ᴢΖ",
}
_DIGIT_ZEROS: Final = "٠۰०০੦૦୦௦౦೦൦๐໐၀០"
"""The zeros of scripts whose nine digits follow; compatibility forms are left to NFKC."""
_DINGBAT_ONES: Final = "❶➀➊⓵"
_INVISIBLE: Final = (
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064"
    r"\u2066-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\u20d0-\u20f0]"
)


def build_tokenizer(vocabulary: dict[str, int]) -> Tokenizer:
    """A WordPiece tokenizer over the vocabulary, whose first unused slots are renamed.

    It adds no special tokens and knows none: text that spells `[SEP]` is plain text.

    Raises:
        ValueError: the vocabulary has too few unused slots.
    """
    slots = _free_slots(vocabulary)
    renamed = {slots.get(token, token): index for token, index in vocabulary.items()}
    tokenizer = Tokenizer(models.WordPiece(renamed, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Replace(Regex(_INVISIBLE), ""),
            *(normalizers.Replace(Regex(f"[{alike}]"), to) for to, alike in _replacements()),
            normalizers.BertNormalizer(lowercase=True),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def _free_slots(vocabulary: dict[str, int]) -> dict[str, str]:
    unused = sorted(
        (token for token in vocabulary if token.startswith("[unused")), key=vocabulary.__getitem__
    )
    if set(SLOT_TOKENS) <= set(vocabulary):
        return {}
    if len(unused) < len(SLOT_TOKENS):
        raise ValueError(
            f"the base model's vocabulary has {len(unused)} unused slots, "
            f"{len(SLOT_TOKENS)} are needed; take a BERT with [unused…] entries"
        )
    return dict(zip(unused, SLOT_TOKENS, strict=False))


def _replacements() -> list[tuple[str, str]]:
    """Pairs of a plain character and all that is replaced by it."""
    digits = []
    for value in range(10):
        alike = "".join(chr(ord(zero) + value) for zero in _DIGIT_ZEROS)
        if value:
            alike += "".join(chr(ord(one) + value - 1) for one in _DINGBAT_ONES)
        digits.append((str(value), alike + ("⓿" if value == 0 else "")))
    letters = []
    for index, (letter, alike) in enumerate(_LOOK_ALIKES.items()):
        squared = "".join(chr(base + index) for base in (0x1F150, 0x1F170, 0x1F1E6))
        letters.append((letter, alike + squared))
    return [*letters, *digits]
