"""Fresh values for the corpus's markup, shaped like the ones they replace.

Faker gives names, streets and words in many locales, `phonenumbers` the numbering plans,
`python-stdnum` the check digits; what they lack is made here. A value whose shape is unknown
(a fragment, a disguise, a riddle) keeps its text or only has its characters exchanged.
"""

import random
import re
import string
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

import phonenumbers
from faker import Faker
from stdnum import iban, luhn

from sidedoor_training.names import FAMILY, GIVEN

LOCALES: Final = (
    "en_US en_GB en_IN en_AU en_CA en_IE de_DE de_AT de_CH fr_FR fr_CA es_ES es_MX it_IT nl_NL "
    "pl_PL pt_BR pt_PT tr_TR sv_SE no_NO da_DK fi_FI cs_CZ hu_HU ro_RO id_ID vi_VN hr_HR sk_SK"
).split()
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
TOP_LEVEL: Final = (
    "com com com com net org co io de fr es it nl pl pt com.br co.uk co.in in com.au ca ie ch at "
    "be se no dk fi cz ro hu gr tr com.tr ae co.za com.ng co.ke ph id my sg vn jp kr ru ua rs hr "
    "shop store studio design app dev me info biz online site art agency cafe xyz eu us"
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
MONTHS: Final = (
    "January February March April May June July August September October November December"
).split()
BLANK_RATIO: Final = 0.15
"""Share of values that stay as written, so that the hand-made ones are learnt from too."""

Maker = Callable[[random.Random, str], str]


def fresh(rng: random.Random, kind: str, value: str) -> str:
    """A new value of the type, shaped like the given one; unknown types are reshaped."""
    if rng.random() < BLANK_RATIO:
        return value
    return _MAKERS.get(kind, reshape)(rng, value)


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


def person(rng: random.Random, value: str) -> str:
    """A name with as many words as the given one, in its case."""
    if not re.fullmatch(
        r"[^\W\d_]+(?:[.'’-]?[^\W\d_]*)*(?: [^\W\d_]+\.?(?:['’-]?[^\W\d_]+)*)*", value
    ):
        return value
    words = value.split()
    given, family = _name(rng)
    if len(words) == 1:
        name = given
    elif re.fullmatch(r"[A-Z]\.?", words[0]):
        name = f"{words[0]} {family}"
    elif re.fullmatch(r"[A-Z]\.?", words[-1]):
        name = f"{given} {words[-1]}"
    elif len(words) == 2:
        name = f"{given} {family}"
    else:
        name = " ".join([given, *(_name(rng)[0] for _ in words[2:]), family])
    return _in_case_of(value, name)


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
        made = f"{local}@{_domain(rng)}"
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
        host = prefix + _domain(rng)
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
        tail = tail[0] + _domain(rng)
    return f"{prefix}{account(rng)}{tail}"


def address(rng: random.Random, value: str) -> str:
    """A street address; with town and postcode where the given one goes on after the street."""
    if not any(character.isdigit() for character in value):
        return value
    faker = _faker(rng.choice(LOCALES))
    faker.seed_instance(rng.getrandbits(32))
    street = faker.street_address().replace("\n", ", ")
    separator = "\n" if "\n" in value else ", "
    if not re.search(r"[,\n]", value):
        return _in_case_of(value, street)
    town = rng.choice(
        [f"{faker.postcode()} {faker.city()}", f"{faker.city()} {faker.postcode()}", faker.city()]
    )
    parts = [street, town]
    if len(re.split(r"[,\n]", value)) > 2 and rng.random() < 0.5:
        parts.append(faker.current_country())
    return _in_case_of(value, separator.join(parts))


def payment_account(rng: random.Random, value: str) -> str:
    """An IBAN, card number, wallet, UPI id or cashtag, as the given one is."""
    compact = re.sub(r"[\s-]", "", value)
    if re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}", compact):
        made = _iban(rng)
        return _grouped(made, 4) if " " in value else made
    if re.fullmatch(r"\d{15,16}", compact):
        return _card(rng, " " if " " in value else "-" if "-" in value else "")
    if re.fullmatch(r"0x[0-9a-fA-F]{30,}", value):
        return "0x" + "".join(rng.choice("0123456789abcdefABCDEF") for _ in value[2:])
    if re.fullmatch(r"(bc1|T|[13])[0-9a-zA-Z]{25,60}", value):
        prefix = "bc1" if value.startswith("bc1") else value[0]
        letters = string.ascii_lowercase if prefix == "bc1" else string.ascii_letters
        rest = (rng.choice(letters + string.digits) for _ in value[len(prefix) :])
        return prefix + "".join(rest)
    if re.fullmatch(r"[\w.-]+@[a-z]+", value):
        bank = rng.choice("okaxis oksbi okhdfcbank okicici ybl paytm upi ibl axl apl".split())
        return f"{account(rng)}@{bank}"
    if re.fullmatch(r"[$£][A-Za-z]\w+", value):
        return value[0] + account(rng).replace(".", "").replace("-", "")
    return reshape(rng, value)


def credential(rng: random.Random, value: str) -> str:
    """A password, PIN, key or login name of the given one's kind."""
    if re.fullmatch(r"[\d\s*#-]+", value):
        return reshape(rng, value)
    if len(value) >= 20 and " " not in value:
        prefix = re.match(r"(?:[A-Za-z]{2,8}[_-]){0,2}", value)
        start = prefix.group() if prefix else ""
        return start + "".join(_alike(rng, character) for character in value[len(start) :])
    if re.fullmatch(r"[a-z]+([._-][a-z]+)*\d{0,4}", value):
        return account(rng)
    if " " in value:
        return reshape(rng, value)
    return _password(rng)


def date_of_birth(rng: random.Random, value: str) -> str:
    """A date in the given one's notation."""
    if not re.search(r"\d", value):
        return value

    day = rng.randrange(2)
    highest = iter([28 if day == 0 else 12, 28 if day == 1 else 12, 99])

    def number(match: re.Match[str]) -> str:
        digits = match.group()
        if len(digits) == 4:
            return str(rng.randint(1938, 2014))
        if len(digits) <= 2:
            return f"{rng.randint(1, next(highest, 12)):0{len(digits)}d}"
        return reshape(rng, digits)

    made = re.sub(r"\d+", number, value)
    month = "|".join(MONTHS)
    made = re.sub(rf"\b({month})\b", lambda _: rng.choice(MONTHS), made)
    return re.sub(
        rf"\b({'|'.join(name[:3] for name in MONTHS)})\b", lambda _: rng.choice(MONTHS)[:3], made
    )


def account(rng: random.Random) -> str:
    """An account name as people choose them."""
    given, family = (re.sub(r"[^a-z]", "", name.lower()) for name in _name(rng))
    first, second = _word(rng), _word(rng)
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
}


@cache
def _faker(locale: str) -> Faker:
    return Faker(locale)


@cache
def _words() -> tuple[str, ...]:
    provider = _faker("en_US")
    provider.seed_instance(0)
    nouns = {word for _ in range(2000) for word in provider.words(1) if 3 <= len(word) <= 9}
    own = (
        "fern heron cedar copper willow maple nordic atlas pixel velvet amber harbor lemon fox "
        "tiger raven moss clay tin salt ember brook meadow linen cobalt sparrow otter quartz bloom"
    ).split()
    return tuple(sorted(nouns | set(own)))


def _word(rng: random.Random) -> str:
    return rng.choice(_words())


def _name(rng: random.Random) -> tuple[str, str]:
    if rng.random() < 0.5:
        return rng.choice(GIVEN), rng.choice(FAMILY)
    faker = _faker(rng.choice(LOCALES))
    faker.seed_instance(rng.getrandbits(32))
    return faker.first_name(), faker.last_name()


def _personal_account(rng: random.Random) -> str:
    given, family = (re.sub(r"[^a-z]", "", name.lower()) or "jo" for name in _name(rng))
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
            f"{_word(rng)}{number}",
            f"{given}+{_word(rng)}",
        ]
    )


def _domain(rng: random.Random) -> str:
    name = rng.choice(
        [
            _word(rng),
            _word(rng) + _word(rng),
            f"{_word(rng)}-{_word(rng)}",
            re.sub(r"[^a-z]", "", _name(rng)[1].lower()) + _word(rng),
        ]
    )
    return f"{name}.{rng.choice(TOP_LEVEL)}"


def _path(rng: random.Random, path: str) -> str:
    """Exchanges the parts of a path that identify something; short words stay."""

    def exchange(match: re.Match[str]) -> str:
        part = match.group()
        if re.search(r"\d", part) and len(part) >= 5:
            return "".join(_alike(rng, character) for character in part)
        if len(part) >= 4 and part.isalpha() and rng.random() < 0.5:
            return _word(rng)
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


def _iban(rng: random.Random) -> str:
    lengths = {
        "DE": 18,
        "FR": 23,
        "ES": 20,
        "NL": 14,
        "GB": 18,
        "IT": 23,
        "PL": 24,
        "PT": 21,
        "BE": 12,
        "AT": 16,
        "CH": 17,
        "RO": 20,
        "TR": 22,
        "SE": 20,
        "IE": 18,
        "LT": 16,
    }
    country = rng.choice(list(lengths))
    account_part = "".join(rng.choice(string.digits) for _ in range(lengths[country]))
    if country in ("NL", "GB", "RO", "IE"):
        account_part = (
            "".join(rng.choice(string.ascii_uppercase) for _ in range(4)) + account_part[4:]
        )
    check = iban.calc_check_digits(f"{country}00{account_part}")
    return f"{country}{check}{account_part}"


def _card(rng: random.Random, separator: str) -> str:
    start = rng.choice(["4", "51", "52", "54", "55", "6011", "2221"])
    body = start + "".join(rng.choice(string.digits) for _ in range(15 - len(start)))
    return _grouped(body + luhn.calc_check_digit(body), 4, separator)


def _grouped(value: str, size: int, separator: str = " ") -> str:
    return separator.join(value[k : k + size] for k in range(0, len(value), size))


def _password(rng: random.Random) -> str:
    first, second = _word(rng), _word(rng)
    number = rng.randint(1, 9999)
    mark = rng.choice("!#$%&*?@_-")
    jumble = "".join(
        rng.choice(string.ascii_letters + string.digits + "!#$%&*?")
        for _ in range(rng.randint(7, 14))
    )
    return rng.choice(
        [
            f"{first.capitalize()}{number}{mark}",
            f"{first}-{second}-{number}",
            jumble,
            f"{first.capitalize()}{mark}{second}{number}",
            f"{first}{number}",
            f"{mark}{jumble}",
            f"{first.upper()}{number}",
            f"{first.capitalize()}{second.capitalize()}{mark}{number % 100}",
        ]
    )


def _alike(rng: random.Random, character: str) -> str:
    for letters in (string.digits, string.ascii_lowercase, string.ascii_uppercase):
        if character in letters:
            return rng.choice(letters)
    return character


def _digit(rng: random.Random, digit: str, position: int) -> str:
    if position == 0:
        return digit if digit == "0" else rng.choice("123456789")
    return rng.choice(string.digits)


def _in_case_of(original: str, made: str) -> str:
    if original.islower():
        return made.lower()
    return made.upper() if original.isupper() and len(original) > 2 else made
