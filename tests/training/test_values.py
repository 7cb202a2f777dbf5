import random
import re

import phonenumbers
import pytest
from stdnum import luhn
from stdnum.iso7064 import mod_97_10

from sidedoor_training import values

CASES = [
    ("PERSON", "Mira", r"[^\W\d]\S*"),
    ("PERSON", "KIM LEE", r"[^a-z]+ [^a-z]+"),
    ("PERSON", "kim lee", r"[^A-Z]+ [^A-Z]+"),
    ("EMAIL_ADDRESS", "jo@gmail.com", r"[\w.+-]+@[\w.-]+\.\w+"),
    ("EMAIL_ADDRESS", "INFO@FERN.CO", r"[^a-z]+@[^a-z]+"),
    ("PHONE_NUMBER", "+44 7700 955142", r"(\+|00)\d[\d\s().\-/]+"),
    ("PHONE_NUMBER", "0221 589407 ext. 12", r".*\d ext\. \d\d"),
    ("URL", "https://www.fern.co/shop?x=1", r"https://www\.[\w.-]+/.*\?.*"),
    ("URL", "t.me/fernstudio", r"t\.me/\w+"),
    ("URL", "10.1.2.3:8080", r"\d+\.\d+\.\d+\.\d+:8080"),
    ("HANDLE", "@kim_d", r"@[A-Za-z]\S+"),
    ("HANDLE", "kim#2231", r"\S+#\d{4}"),
    ("HANDLE", "live:kim.d", r"live:\S+"),
    ("ADDRESS", "12 High Street, Leeds LS1 4DY", r".+, .+"),
    ("ADDRESS", "12 High Street\nLeeds", r"[\s\S]+\n.+"),
    ("PAYMENT_ACCOUNT", "DE89 3704 0044 0532 0130 00", r"[A-Z]{2}\d\d( [A-Z0-9]{1,4})+"),
    ("PAYMENT_ACCOUNT", "4111 1111 1111 1111", r"\d{4} \d{4} \d{4} \d{4}"),
    ("PAYMENT_ACCOUNT", "kim@okaxis", r"\S+@[a-z]+"),
    ("PAYMENT_ACCOUNT", "$kimlee", r"\$\w+"),
    ("CREDENTIAL", "4471", r"\d{4}"),
    ("CREDENTIAL", "sk_live_51HabcDEFghi998877", r"sk_live_[A-Za-z0-9]{18}"),
    ("ID_NUMBER", "AB 12 34 56 C", r"[A-Z]{2} \d\d \d\d \d\d [A-Z]"),
    ("DATE_OF_BIRTH", "14/03/1987", r"\d\d/\d\d/\d{4}"),
    ("DATE_OF_BIRTH", "14 March 1987", r"\d\d [A-Z][a-z]+ \d{4}"),
    ("NOT_PII", "ISBN 978-3-16-148410-0", r"ISBN \d{3}-\d-\d\d-\d{6}-\d"),
    ("NOT_PII", "#FF6600", r"#[0-9A-F]{6}"),
]


@pytest.mark.parametrize(("kind", "value", "shape"), CASES)
def test_fresh_values_have_the_shape_of_the_old(kind: str, value: str, shape: str) -> None:
    rng = random.Random(1)
    made = {values.fresh(rng, kind, value) for _ in range(60)}
    assert len(made) > 20
    for item in made:
        assert re.fullmatch(shape, item), item
        assert item == item.strip()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("EMAIL_ADDRESS", "jo at fern dot co"),
        ("PHONE_NUMBER", "4471"),
        ("PHONE_NUMBER", "zero seven seven"),
        ("URL", "fern dot co"),
        ("PERSON", "J0 L33"),
        ("ADDRESS", "the house by the lake"),
        ("DATE_OF_BIRTH", "the ninth of May"),
    ],
)
def test_values_of_unknown_shape_stay(kind: str, value: str) -> None:
    assert values.fresh(random.Random(2), kind, value) == value


def test_made_numbers_are_valid() -> None:
    rng = random.Random(3)
    for _ in range(200):
        made = values.fresh(rng, "PAYMENT_ACCOUNT", "DE89370400440532013000")
        assert mod_97_10.validate(made[4:] + made[:4])
        assert luhn.is_valid(values.fresh(rng, "PAYMENT_ACCOUNT", "4111111111111111"))
        phone = values.fresh(rng, "PHONE_NUMBER", "+447700955142")
        number = phonenumbers.parse(re.sub("^00", "+", phone), None)
        assert phonenumbers.is_possible_number(number)


def test_values_are_the_same_under_the_same_seed() -> None:
    for kind, value, _ in CASES:
        first = [values.fresh(random.Random(9), kind, value) for _ in range(3)]
        assert len(set(first)) == 1
