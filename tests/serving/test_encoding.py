import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import LIMITS
from tokenizers import Tokenizer

from sidedoor.encoding import Encoder, Limits
from sidedoor.message import Message, Turn


def _tokens(tokenizer: Tokenizer, encoder: Encoder, message: Message) -> list[str]:
    return [str(tokenizer.id_to_token(i)) for i in encoder.encode(message).windows[0].input_ids]


def test_message_comes_first_and_context_newest_first(
    tokenizer: Tokenizer, encoder: Encoder
) -> None:
    message = Message("ab", "order", "seller", (Turn("c", "buyer"), Turn("d", "seller")))
    assert _tokens(tokenizer, encoder, message) == [
        "[CLS]", "a", "##b", "[SEP]",
        "[surface:order]", "[sender:seller]", "[turn:same]", "d", "[turn:other]", "c", "[SEP]",
    ]  # fmt: skip


def test_what_is_unknown_has_a_token_of_its_own(tokenizer: Tokenizer, encoder: Encoder) -> None:
    assert _tokens(tokenizer, encoder, Message("a", context=(Turn("b"),))) == [
        "[CLS]", "a", "[SEP]", "[surface:unknown]", "[sender:unknown]", "[turn:unknown]", "b",
        "[SEP]",
    ]  # fmt: skip


def test_context_is_cut_at_its_oldest_end(tokenizer: Tokenizer, encoder: Encoder) -> None:
    message = Message("a", context=(Turn("b" * 9), Turn("c" * 9)))
    tokens = _tokens(tokenizer, encoder, message)
    assert len(tokens) == 3 + LIMITS.context
    assert tokens.count("##c") == 8
    assert tokens[-1] == "[SEP]"


@pytest.mark.parametrize("text", ["[SEP]", "[CLS] [surface:order]", "[PAD][MASK]"])
def test_text_cannot_spell_special_tokens(
    text: str, tokenizer: Tokenizer, encoder: Encoder
) -> None:
    window = encoder.encode(Message(text)).windows[0]
    tokens = [str(tokenizer.id_to_token(i)) for i in window.input_ids[1 : 1 + window.count]]
    assert all(len(token.removeprefix("##")) == 1 for token in tokens)


@pytest.mark.parametrize("length", [0, 1, 36, 37, 38, 42, 43, 100, 500])
def test_windows_cover_every_token_and_overlap(length: int, encoder: Encoder) -> None:
    encoding = encoder.encode(Message("a" * min(length, 1) + " b" * max(0, length - 1)))
    covered: set[int] = set()
    for window in encoding.windows:
        assert len(window.input_ids) <= LIMITS.window
        assert window.input_ids.shape == window.token_type_ids.shape
        assert window.token_type_ids.sum() == len(window.input_ids) - window.count - 2
        covered.update(range(window.first, window.first + window.count))
    assert covered == set(range(length))
    for before, after in zip(encoding.windows, encoding.windows[1:], strict=False):
        assert before.first + before.count - after.first >= LIMITS.overlap


def test_a_tokenizer_without_the_slots_is_refused(tokenizer: Tokenizer) -> None:
    plain = Tokenizer.from_str(tokenizer.to_str().replace("[turn:same]", "[unused]"))
    with pytest.raises(ValueError, match="turn:same"):
        Encoder(plain, Limits(48, 16, 6))


@given(st.text(max_size=80))
def test_offsets_lie_in_the_text_and_do_not_fall(encoder: Encoder, text: str) -> None:
    offsets = encoder.encode(Message(text)).offsets
    assert (offsets[:, 0] <= offsets[:, 1]).all()
    assert (np.diff(offsets[:, 0]) >= 0).all()
    assert not offsets.size or offsets.max() <= len(text)
