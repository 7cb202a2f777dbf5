import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pytest
from tests.conftest import INTENTS, TYPES
from tests.evaluation.cases import ROWS, S

from sidedoor import Message
from sidedoor.disguises import DISGUISES
from sidedoor_evaluation.bootstrap import Bootstrap
from sidedoor_evaluation.gold import GoldRow, GoldSpan, gold_row
from sidedoor_evaluation.prediction import Prediction
from sidedoor_evaluation.retyping import RETYPINGS
from sidedoor_evaluation.robustness import PLAIN, Robustness, hide, robustness

GOLD = [gold_row(row) for row in ROWS]


@dataclass(frozen=True, slots=True)
class Naive:
    """Finds one address, as it is written, and flags nothing else but shouting."""

    name: str = "naive"
    intents: tuple[str, ...] = INTENTS
    types: tuple[str, ...] = TYPES

    def predict(self, messages: Iterable[Message]) -> Iterator[Prediction]:
        for message in messages:
            start = message.text.find("jo@fern.co")
            spans = (GoldSpan("EMAIL_ADDRESS", start, start + 10),) if start >= 0 else ()
            flagged = bool(spans) or message.text.isupper()
            yield Prediction(frozenset({S} if flagged else ()), spans, {})


@pytest.fixture(scope="module")
def found() -> Robustness:
    predictions = list(Naive().predict(row.message for row in GOLD))
    return robustness(GOLD, predictions, Naive(), Bootstrap(20))


def test_recall_is_counted_by_family(found: Robustness) -> None:
    families = {family.name: family for family in found.families}
    plain = families[PLAIN]
    assert (plain.items, plain.flagged.value) == (3, 0.5)
    assert plain.exact.value == pytest.approx(1 / 3)
    assert families["at-word"].exact.value == families["at-word"].flagged.value == 0
    assert (families["at-word"].items, families["at-word"].solicitations) == (1, 1)
    assert families["digit-words"].solicitations == 0
    assert set(families) - {PLAIN} <= {family.name for family in DISGUISES}


def test_innocent_messages_that_flip_are_counted(found: Robustness) -> None:
    flips = {flips.name: (flips.messages, flips.flipped) for flips in found.flips}
    assert flips["capitals"] == (3, 3)
    assert flips["no punctuation"][1] == 0
    assert set(flips) == set(RETYPINGS)


def test_a_disguise_moves_only_its_own_item() -> None:
    row = GOLD[0]
    family = next(family for family in DISGUISES if family.name == "spaced-letters")
    variant = hide(row, row.pii[0], family, random.Random(1))
    assert variant is not None
    text = variant.message.text
    assert text[variant.span.start : variant.span.end].replace(" ", "") == "jo@fern.co"
    assert text.startswith("🙂 mail ")
    assert text.endswith(" please, it is quicker")
    assert variant.message.context == row.message.context


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("capitals", "CARD SAYS 👍🏽 KIM LEE, 0771 5550142"),
        ("lower case", "card says 👍🏽 kim lee, 0771 5550142"),
        ("no punctuation", "card says 👍🏽 Kim Lee 0771 5550142"),
    ],
)
def test_retyping_changes_the_form_alone(name: str, expected: str) -> None:
    assert RETYPINGS[name](random.Random(1), GOLD[2]) == expected


def test_other_names_and_numbers_take_the_place_of_the_first() -> None:
    names = RETYPINGS["other names"](random.Random(1), GOLD[2])
    assert names.startswith("card says 👍🏽 ")
    assert names.endswith(", 0771 5550142")
    assert "Kim Lee" not in names
    numbers = RETYPINGS["other numbers"](random.Random(1), GOLD[2])
    assert numbers.startswith("card says 👍🏽 Kim Lee, ")
    assert [len(part) for part in numbers.split(", ")[1].split()] == [4, 7]


def test_typos_spare_personal_data() -> None:
    row = GoldRow(Message("please " * 20 + "jo@fern.co"), frozenset(),
                  (GoldSpan("EMAIL_ADDRESS", 140, 150),), {})  # fmt: skip
    made = RETYPINGS["typos"](random.Random(1), row)
    assert made != row.message.text
    assert made.endswith("jo@fern.co")
