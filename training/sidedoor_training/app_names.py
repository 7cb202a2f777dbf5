"""Disguises of the names of messengers and mail services in the running text."""

import random
import re
from collections.abc import Sequence
from typing import Final

_NAMES: Final = re.compile(
    r"\b(whats ?app|telegram|skype|zoom|discord|instagram|signal|viber|wechat|gmail|email|e-mail|"
    r"paypal|venmo|facebook|messenger|hangouts|google meet|line|imo|snapchat|cash ?app|phone|"
    r"number)\b",
    re.IGNORECASE,
)
_LEET: Final = str.maketrans("aeiost", "@310$7")
_CYRILLIC: Final = str.maketrans("aceopxyisjh", "асеорхуіѕјһ")
_SHORT: Final = {
    "whatsapp": ["wa", "watsap", "whatsap", "wapp", "whtsapp", "wsp", "zap", "whats"],
    "telegram": ["tg", "telegrm", "tele", "t.gram", "telega"],
    "skype": ["skyp", "sky pe", "s/kype", "skipe"],
    "instagram": ["ig", "insta", "1nsta", "gram"],
    "facebook": ["fb", "face book", "facebk"],
    "email": ["e mail", "eml", "e.mail", "emeil", "imeil", "electronic mail"],
    "gmail": ["gee mail", "g mail", "gmeil", "jimail"],
    "paypal": ["pay pal", "pp", "p4ypal", "paypl", "pay-pal"],
    "discord": ["disc", "dis cord", "d1scord", "dc"],
    "zoom": ["z00m", "zooom", "z o o m"],
}


def disguise_one(rng: random.Random, text: str) -> str:
    """Disguises one name of an app in the text, if there is one."""
    matches = list(_NAMES.finditer(text))
    if not matches:
        return text
    match = rng.choice(matches)
    name = match.group()
    short: Sequence[str] = _SHORT.get(name.lower().replace(" ", ""), ())
    made = rng.choice(
        [
            " ".join(name),
            rng.choice(".-_*").join(name),
            name.translate(_LEET),
            name.translate(_CYRILLIC),
            f"{name[:2]} {name[2:]}",
            f"{name[0]}{'*' * rng.randint(1, 3)}{name[-2:]}",
            name[:1] + "\u200b" + name[1:],
            *short,
            *short,
        ]
    )
    return text[: match.start()] + made + text[match.end() :]
