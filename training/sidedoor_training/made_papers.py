"""Fresh addresses, payment accounts, credentials and dates of birth."""

import random
import re
import string
from typing import Final

from stdnum import iban, luhn

from sidedoor_training.made_words import (
    LOCALES,
    account,
    alike,
    faker_of,
    in_case_of,
    reshape,
    word,
)

MONTHS: Final = (
    "January February March April May June July August September October November December"
).split()


def address(rng: random.Random, value: str) -> str:
    """A street address; with town and postcode where the given one goes on after the street."""
    if not any(character.isdigit() for character in value):
        return value
    faker = faker_of(rng.choice(LOCALES))
    faker.seed_instance(rng.getrandbits(32))
    street = faker.street_address().replace("\n", ", ")
    separator = "\n" if "\n" in value else ", "
    if not re.search(r"[,\n]", value):
        return in_case_of(value, street)
    town = rng.choice(
        [f"{faker.postcode()} {faker.city()}", f"{faker.city()} {faker.postcode()}", faker.city()]
    )
    parts = [street, town]
    if len(re.split(r"[,\n]", value)) > 2 and rng.random() < 0.5:
        parts.append(faker.current_country())
    return in_case_of(value, separator.join(parts))


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
        return start + "".join(alike(rng, character) for character in value[len(start) :])
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
    first, second = word(rng), word(rng)
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
