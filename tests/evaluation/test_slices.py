import math

import pytest
from tests.conftest import INTENTS, TYPES
from tests.evaluation.cases import P, S, found, gold

from sidedoor import InputError, Message
from sidedoor_evaluation.bootstrap import Bootstrap
from sidedoor_evaluation.counts import count
from sidedoor_evaluation.slices import Slice, check_fields, length_class, slices

ROWS = [
    gold((S,), message=Message("x" * 10, "inbox", "buyer"), group="a"),
    gold((), message=Message("x" * 10, "inbox", "seller"), group="a"),
    gold((P,), message=Message("x" * 200, "order", "seller"), group="b"),
    gold((), message=Message("x" * 400), ways=["c", "d"]),
]
SAID = [found((S,)), found((S,)), found(()), found(())]


def _slices(by: tuple[str, ...] = ()) -> dict[tuple[str, str], Slice]:
    counts = count(ROWS, SAID, INTENTS, TYPES)
    return {(s.field, s.value): s for s in slices(ROWS, counts, Bootstrap(20), by)}


def test_each_slice_is_scored_on_its_own_messages() -> None:
    found_slices = _slices()
    inbox = found_slices["surface", "inbox"]
    assert (inbox.messages, inbox.exact_match.value) == (2, 0.5)
    assert inbox.false_flags.value == 1
    assert inbox.intent_f1[S].value == pytest.approx(2 / 3)
    assert found_slices["surface", "unknown"].exact_match.value == 1
    assert math.isnan(found_slices["surface", "unknown"].macro_f1.value)
    assert {value for field, value in found_slices if field == "context"} == {"without"}


def test_slices_by_length_come_in_the_order_of_length() -> None:
    values = [value for field, value in _slices() if field == "length"]
    assert values == ["1 to 40", "121 to 300", "over 300"]


def test_any_field_can_be_sliced_by() -> None:
    found_slices = _slices(("group", "ways"))
    assert found_slices["group", "a"].messages == 2
    assert found_slices["group", "none"].messages == 1
    assert found_slices["ways", "c + d"].messages == 1
    with pytest.raises(InputError, match="no row has the field 'gruop'"):
        check_fields(ROWS, ["gruop"])


@pytest.mark.parametrize(
    ("length", "name"),
    [(1, "1 to 40"), (40, "1 to 40"), (41, "41 to 120"), (300, "121 to 300"), (301, "over 300")],
)
def test_the_bounds_of_the_length_classes(length: int, name: str) -> None:
    assert length_class(gold((), message=Message("x" * length))) == name
