import random

import pytest
from tests.conftest import LIMITS, tiny_vocabulary

from sidedoor.disguises import CONTACT_TYPES, DISGUISES, Disguise, disguise
from sidedoor.encoding import Encoder
from sidedoor.message import Message
from sidedoor_training.tokenizer import build_tokenizer

VALUES = {
    "EMAIL_ADDRESS": ["jo.fern@gmail.com", "info@blue-fern.co.uk", "kimlee@yahoo.com"],
    "PHONE_NUMBER": ["+44 7700 955142", "0221 / 58 94 07-12", "5551234"],
    "URL": ["https://t.me/fernstudio", "www.fern.co", "10.0.0.1"],
    "HANDLE": ["@kim_d", "kim#2231", "live:kim.d", "kimlee"],
}


def test_there_are_at_least_35_families_with_names_of_their_own() -> None:
    assert len({family.name for family in DISGUISES}) == len(DISGUISES) >= 35


@pytest.mark.parametrize("family", DISGUISES, ids=lambda family: family.name)
def test_each_family_hides_some_value_and_breaks_on_none(family: Disguise) -> None:
    made = []
    for kind in family.types:
        for value in VALUES[kind]:
            for seed in range(20):
                hidden = family.apply(random.Random(seed), value)
                if hidden:
                    made.append(hidden != value)
    assert any(made)


@pytest.mark.parametrize("kind", CONTACT_TYPES)
def test_disguised_values_have_no_white_space_at_their_edges(kind: str) -> None:
    for seed in range(400):
        rng = random.Random(seed)
        value, names = disguise(rng, kind, rng.choice(VALUES[kind]))
        assert value == value.strip() != ""
        assert len(names) <= 2


@pytest.mark.parametrize(
    ("family", "value"),
    [
        ("fullwidth", "jo@fern.co"),
        ("mathematical-bold", "jo@fern.co"),
        ("mathematical-sans", "jo@fern.co"),
        ("mathematical-script", "jo@fern.co"),
        ("monospace", "jo@fern.co"),
        ("circled-letters", "jo@fern.co"),
        ("squared-letters", "jo@fern.co"),
        ("small-capitals", "jo@fern.co"),
        ("cyrillic-letters", "jo@space.co"),
        ("greek-letters", "jo@fauna.co"),
        ("zero-width", "jo@fern.co"),
        ("soft-hyphens", "jo@fern.co"),
        ("combining-marks", "jo@fern.co"),
        ("keycap-digits", "0123456789"),
        ("circled-digits", "0123456789"),
        ("superscript-digits", "0123456789"),
        ("arabic-digits", "0123456789"),
        ("devanagari-digits", "0123456789"),
    ],
)
def test_the_tokenizer_undoes_disguises_of_single_characters(family: str, value: str) -> None:
    encoder = Encoder(build_tokenizer(tiny_vocabulary()), LIMITS)
    apply = next(entry.apply for entry in DISGUISES if entry.name == family)
    plain = encoder.encode(Message(value)).windows[0].input_ids.tolist()
    for seed in range(10):
        hidden = apply(random.Random(seed), value)
        assert hidden is not None
        found = encoder.encode(Message(hidden))
        assert found.windows[0].input_ids.tolist() == plain
        assert found.offsets[0, 0] == 0
