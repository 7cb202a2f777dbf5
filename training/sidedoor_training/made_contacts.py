"""Fresh contact data: email addresses, phone numbers, web addresses, account names."""

import random
import re
import string
from typing import Final

import phonenumbers

from sidedoor_training.made_words import account, alike, domain_name, full_name, reshape, word

REGIONS: Final = (
    "US GB IN PK BD LK NP CA AU NZ IE ZA NG KE GH EG MA TN SA AE IL TR DE AT CH FR BE NL ES PT IT "
    "GR PL CZ SK HU RO BG RS HR UA RU KZ GE SE NO DK FI EE LV LT BR AR CL CO MX PE VE PH ID MY SG "
    "TH VN CN HK TW JP KR"
).split()
FREE_MAIL: Final = (
    "gmail.com yahoo.com hotmail.com outlook.com icloud.com proton.me protonmail.com gmx.de web.de "
    "gmx.net mail.ru yandex.ru aol.com live.com msn.com me.com yahoo.co.uk yahoo.co.in rediffmail"
    ".com libero.it orange.fr laposte.net free.fr wp.pl o2.pl seznam.cz ukr.net abv.bg uol.com.br "
    "bol.com.br hotmail.fr outlook.es qq.com 163.com naver.com zoho.com fastmail.com tutanota.com "
    "hey.com btinternet.com googlemail.com ymail.com"
).split()
COMMON_MAIL: Final = (
    "gmail.com gmail.com gmail.com yahoo.com hotmail.com outlook.com icloud.com proton.me"
).split()
KEPT_HOSTS: Final = re.compile(
    r"(^|\.)(t\.me|telegram\.me|wa\.me|chat\.whatsapp\.com|drive\.google\.com|docs\.google\.com|"
    r"meet\.google\.com|forms\.gle|dropbox\.com|wetransfer\.com|we\.tl|bit\.ly|tinyurl\.com|"
    r"linkedin\.com|instagram\.com|facebook\.com|fb\.com|m\.me|behance\.net|dribbble\.com|"
    r"github\.com|gitlab\.com|bitbucket\.org|figma\.com|zoom\.us|teams\.microsoft\.com|"
    r"discord\.gg|discord\.com|calendly\.com|youtu\.be|youtube\.com|vimeo\.com|tiktok\.com|"
    r"twitter\.com|x\.com|linktr\.ee|paypal\.me|paypal\.com|buymeacoffee\.com|ko-fi\.com|"
    r"soundcloud\.com|spotify\.com|open\.spotify\.com|notion\.so|trello\.com|airtable\.com|"
    r"skype\.com|join\.skype\.com|signal\.me|line\.me|vk\.com|pinterest\.com|etsy\.com|"
    r"codepen\.io|herokuapp\.com|netlify\.app|vercel\.app|myshopify\.com|wordpress\.com|"
    r"goo\.gl|maps\.app\.goo\.gl|1drv\.ms|icloud\.com|mega\.nz|loom\.com|canva\.com)$",
    re.IGNORECASE,
)


def email(rng: random.Random, value: str) -> str:
    """An address at a free-mail provider or a business, like the given one."""
    match = re.fullmatch(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)", value)
    if not match:
        return value
    if match[1].lower() in FREE_MAIL or rng.random() < 0.2:
        provider = rng.choice(COMMON_MAIL) if rng.random() < 0.6 else rng.choice(FREE_MAIL)
        made = f"{_personal_account(rng)}@{provider}"
    else:
        role = rng.choice(
            "info hello contact office sales team booking studio hi mail kontakt support orders "
            "hola bonjour ciao jobs press events shop admin".split()
        )
        local = role if rng.random() < 0.5 else _personal_account(rng)
        made = f"{local}@{domain_name(rng)}"
    return made.upper() if value.isupper() else made


def phone(rng: random.Random, value: str) -> str:
    """A number of a random country; international if the given one is, else national or local."""
    match = re.fullmatch(
        r"([+(]?[\d][\d\s().\-/–]{5,}\d)(\s*(?:ext\.?|x|#|extension|Durchwahl)\s*\d+)?", value
    )
    if not match or sum(character.isdigit() for character in value) < 7:
        return value
    number = _number(rng)
    international = value.startswith(("+", "00", "(+"))
    style = rng.random()
    if international and style < 0.55:
        made = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    elif international:
        made = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if style > 0.85:
            made = "00" + made[1:]
    else:
        made = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    if rng.random() < 0.35:
        made = _other_separators(rng, made)
    return made + (reshape(rng, match[2]) if match[2] else "")


def url(rng: random.Random, value: str) -> str:
    """An address of the given one's shape: scheme, known host, port, path and query stay alike."""
    match = re.fullmatch(
        r"(https?://|ftp://)?(www\.)?([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)(:\d+)?([/?#].*)?", value
    )
    if not match:
        return value
    scheme, www, host, port, path = (group or "" for group in match.groups())
    if re.fullmatch(r"\d+\.\d+\.\d+\.\d+", host):
        host = ".".join(str(rng.randint(1, 254)) for _ in range(4))
    elif not KEPT_HOSTS.search(host):
        labels = host.count(".")
        prefix = rng.choice(["shop.", "app.", "blog.", "staging.", "dev."]) if labels > 2 else ""
        host = prefix + domain_name(rng)
    return f"{scheme}{www}{host}{port}{_path(rng, path)}"


def handle(rng: random.Random, value: str) -> str:
    """An account name with the given one's prefix and tail."""
    if re.fullmatch(r"[\d\s-]{6,}", value):
        return reshape(rng, value)
    match = re.fullmatch(
        r"(@|u/|/u/|live:|r/|tg:|ig:|discord:)?([A-Za-z][\w.\-]{2,30})(#\d{3,6}|:[\w.]+|@[\w.]+)?",
        value,
    )
    if not match:
        return value
    prefix, _, tail = (group or "" for group in match.groups())
    if tail.startswith("#"):
        tail = "#" + "".join(rng.choice(string.digits) for _ in tail[1:])
    elif tail:
        tail = tail[0] + domain_name(rng)
    return f"{prefix}{account(rng)}{tail}"


def _personal_account(rng: random.Random) -> str:
    given, family = (re.sub(r"[^a-z]", "", name.lower()) or "jo" for name in full_name(rng))
    number = rng.choice(["", "", "", str(rng.randint(1, 99)), str(rng.randint(1960, 2009))])
    return rng.choice(
        [
            f"{given}.{family}{number}",
            f"{given}{family}{number}",
            f"{given[0]}.{family}",
            f"{given}_{family}{number}",
            f"{family}.{given}",
            f"{given}{number}",
            f"{given}-{family}",
            f"{word(rng)}{number}",
            f"{given}+{word(rng)}",
        ]
    )


def _path(rng: random.Random, path: str) -> str:
    """Exchanges the parts of a path that identify something; short words stay."""

    def exchange(match: re.Match[str]) -> str:
        part = match.group()
        if re.search(r"\d", part) and len(part) >= 5:
            return "".join(alike(rng, character) for character in part)
        if len(part) >= 4 and part.isalpha() and rng.random() < 0.5:
            return word(rng)
        return reshape(rng, part)

    return re.sub(r"[A-Za-z0-9]+", exchange, path)


def _number(rng: random.Random) -> phonenumbers.PhoneNumber:
    kinds = [phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE]
    while True:
        example = phonenumbers.example_number_for_type(rng.choice(REGIONS), rng.choice(kinds))
        if example is None:
            continue
        digits = list(phonenumbers.national_significant_number(example))
        for position in range(len(digits) - min(6, len(digits) - 2), len(digits)):
            digits[position] = rng.choice(string.digits)
        text = f"+{example.country_code}{''.join(digits)}"
        number = phonenumbers.parse(text)
        if phonenumbers.is_possible_number(number):
            return number


def _other_separators(rng: random.Random, number: str) -> str:
    separator = rng.choice([" ", "-", ".", "/", ""])
    if rng.random() < 0.3:
        digits = re.sub(r"\D", "", number)
        plus = "+" if number.startswith("+") else ""
        size = rng.choice([2, 3, 4])
        return plus + separator.join(digits[k : k + size] for k in range(0, len(digits), size))
    return re.sub(r"(?<=\d)[\s-]+(?=\d)", separator, number)
