import random

import pytest

from sidedoor_training.corpus import CorpusRow, CorpusTurn
from sidedoor_training.markup import parse
from sidedoor_training.refill import Augmentation, as_written, refill
from sidedoor_training.things import with_things

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


def test_rare_names_of_things_are_exchanged_and_never_tagged() -> None:
    row = _row("my shop at Kotva sells mugs to [[PERSON|Mira]]", "is it like Kotva?")
    (marked,) = with_things([row])
    texts = set()
    for seed in range(40):
        example = refill(marked, random.Random(seed), Augmentation())
        name = example.message.text.split()[3]
        assert example.message.context[0].text == f"is it like {name}?"
        assert [span.type for span in example.pii] == ["PERSON"]
        texts.add(name)
    assert "Kotva" in texts
    assert len(texts) > 10


@pytest.mark.parametrize(
    ("text", "intents"),
    [
        ("find me on Kotva please", ("solicit-contact",)),
        ("the shop of Mira", ()),
        ("we sell Boots", ()),
        ("ask for Deposit here", ()),
        ("Kotva", ()),
        ("see Kotva.co or it's Kotva's", ()),
    ],
)
def test_other_words_are_no_names_of_things(text: str, intents: tuple[str, ...]) -> None:
    others = [_row("[[PERSON|Mira Boots]]"), _row("a deposit of 20")]
    row = _row(text, intents=intents)
    assert with_things([row, *others])[0] == row


def test_well_known_names_of_things_stay() -> None:
    rows = [_row(f"is {word} on Kotva") for word in ("this", "that", "it", "all")]
    assert with_things(rows) == rows
