import random

import pytest

from sidedoor_training.corpus import CorpusRow, CorpusTurn
from sidedoor_training.markup import parse
from sidedoor_training.refill import Augmentation, as_written, refill

EVERYTHING = Augmentation(1.0, 1.0, 1.0, 1.0, 0.5, 0.5)


def _row(text: str, context: str = "hello", intents: tuple[str, ...] = ()) -> CorpusRow:
    turn = CorpusTurn("buyer", parse(context))
    return CorpusRow(
        id="r-1",
        batch="r",
        split="train",
        parts=parse(text),
        surface="inbox",
        sender="seller",
        context=(turn,),
        intents=intents,
        way=None,
        trade=None,
        voice=None,
        pair=None,
    )


def test_as_written_keeps_every_value() -> None:
    example = as_written(_row("I am [[PERSON|Mira]], order [[NOT_PII|A12]]"))
    assert example.message.text == "I am Mira, order A12"
    assert [(span.type, span.start, span.end) for span in example.pii] == [("PERSON", 5, 9)]


def test_equal_values_stay_equal_also_in_the_context() -> None:
    row = _row("[[PERSON|Mira]] and [[PERSON|Mira]]", "hi [[PERSON|Mira]]")
    for seed in range(30):
        example = refill(row, random.Random(seed), Augmentation())
        first, second = example.message.text.split(" and ")
        assert first == second
        assert example.message.context[0].text == f"hi {first}"


@pytest.mark.parametrize("seed", range(200))
def test_spans_stay_exact_through_values_disguises_and_typos(seed: int) -> None:
    text = (
        "Hello [[PERSON|Kim Lee]]!\nWhatsApp me at [[PHONE_NUMBER|+44 7700 955142]] or "
        "[[EMAIL_ADDRESS|jo@gmail.com]], [[URL|https://fern.co]] [[HANDLE!|kim dot d]] 🙂"
    )
    row = _row(text, intents=("solicit-contact",))
    example = refill(row, random.Random(seed), EVERYTHING)
    found = example.message.text
    assert [span.type for span in example.pii] == [
        "PERSON", "PHONE_NUMBER", "EMAIL_ADDRESS", "URL", "HANDLE",
    ]  # fmt: skip
    assert found[example.pii[4].start : example.pii[4].end] == "kim dot d"
    assert found[example.pii[0].end] == "!" or found[example.pii[0].end] == "\n"
    for span in example.pii:
        value = found[span.start : span.end]
        assert value == value.strip() != ""
    assert refill(row, random.Random(seed), EVERYTHING) == example


def test_shares_of_zero_change_nothing_but_values() -> None:
    row = _row("please write, today.")
    assert refill(row, random.Random(1), Augmentation()).message == as_written(row).message
