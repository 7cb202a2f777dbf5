import pytest

from sidedoor import InputError
from sidedoor_training.markup import Item, TextSpan, mark, parse, render


def test_parts_and_spans() -> None:
    parts = parse("🙂 write [[EMAIL_ADDRESS|jo@fern.co]], order [[NOT_PII|A 12]]\n[[PERSON!|Jo]]")
    assert parts == (
        "🙂 write ",
        Item("EMAIL_ADDRESS", "jo@fern.co", fixed=False),
        ", order ",
        Item("NOT_PII", "A 12", fixed=False),
        "\n",
        Item("PERSON", "Jo", fixed=True),
    )
    text, spans = render(parts)
    assert text == "🙂 write jo@fern.co, order A 12\nJo"
    assert spans == (TextSpan("EMAIL_ADDRESS", 8, 18), TextSpan("PERSON", 31, 33))
    assert [text[span.start : span.end] for span in spans] == ["jo@fern.co", "Jo"]


def test_marking_is_the_inverse_of_rendering() -> None:
    marked = "a [[PERSON|Jo B]] b [[URL|x.co]][[HANDLE|@c]]"
    assert mark(*render(parse(marked))) == marked


@pytest.mark.parametrize(
    "marked",
    ["a [[PERSON|Jo", "a PERSON|Jo]]", "[[person|Jo]]", "[[PERSON|]]", "[[PERSON| Jo]]", "[[Jo]]"],
)
def test_broken_markup_is_refused(marked: str) -> None:
    with pytest.raises(InputError, match=r"markup|value"):
        parse(marked)
