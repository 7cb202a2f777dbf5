import pytest
from tests.conftest import INTENTS
from tests.evaluation.cases import FOUND, GOLD, ROWS, P, S, found

from sidedoor_evaluation.gold import GoldSpan, gold_row
from sidedoor_evaluation.mistakes import mask, mistakes


def test_the_worst_messages_come_first() -> None:
    worst = mistakes(GOLD, FOUND, INTENTS, limit=10, masked=False)
    assert [mistake.id for mistake in worst] == ["message 4", "message 2", "message 5", "message 6"]
    assert worst[0].gold_intents == (P,)
    assert worst[0].found_intents == (S,)
    assert len(mistakes(GOLD, FOUND, INTENTS, limit=1, masked=False)) == 1


def test_masked_texts_hold_no_personal_data_and_no_context() -> None:
    row = gold_row(ROWS[0])
    (worst,) = mistakes([row], [found(())], INTENTS, limit=5, masked=True)
    assert worst.text == "🙂 mail •••••••••• please, it is quicker"
    assert worst.context == ()
    (open_,) = mistakes([row], [found(())], INTENTS, limit=5, masked=False)
    assert open_.text == row.message.text
    assert open_.context == ("Hi!",)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("call 0771 555", "call •••• •••"),
        ("ask @kim or j@x.co!", "ask •••• or •••••••"),
        ("Kim Lee here", "••• ••• here"),
    ],
)
def test_spans_digits_and_words_with_an_at_are_hidden(text: str, masked: str) -> None:
    spans = [GoldSpan("PERSON", 0, 7)] if text.startswith("Kim") else []
    assert mask(text, spans) == masked
