import pytest

from sidedoor import InputError, Message, Turn


def test_a_row_becomes_a_message() -> None:
    row = {
        "id": 7,
        "text": "hi",
        "surface": "order",
        "sender": "seller",
        "context": [{"sender": "buyer", "text": "hello"}],
        "labels": "ignored",
    }
    assert Message.from_dict(row) == Message(
        "hi", "order", "seller", (Turn("hello", "buyer"),), "7"
    )


@pytest.mark.parametrize(
    ("row", "names"),
    [
        ({}, "text"),
        ({"text": 5}, "text"),
        ({"text": "secret" * 4000}, "20000"),
        ({"text": "secret", "surface": "shop"}, "surface"),
        ({"text": "secret", "sender": "bot"}, "sender"),
        ({"text": "secret", "context": "x"}, "context"),
        ({"text": "secret", "context": [{"sender": "buyer"}]}, "context"),
        ({"text": "secret", "context": [{"text": "a"}] * 4}, "at most 3"),
        ({"text": "secret \ud800"}, "surrogate"),
    ],
)
def test_a_bad_row_is_refused_without_repeating_its_text(
    row: dict[str, object], names: str
) -> None:
    with pytest.raises(InputError, match=names) as caught:
        Message.from_dict(row)
    assert "secret" not in str(caught.value)
