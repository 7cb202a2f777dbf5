import itertools
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import TYPES

from sidedoor import tags
from sidedoor.decoding import (
    SPLIT_COST,
    FloatArray,
    decode_tags,
    joined_words,
    merge_windows,
    spans,
    word_logits,
)
from sidedoor.encoding import Encoder, Encoding
from sidedoor.message import Message

TAGS = tags.tag_names(TYPES)
KINDS = ("EMAIL_ADDRESS", "PHONE_NUMBER")


def _allowed(path: tuple[int, ...]) -> bool:
    for before, tag in itertools.pairwise((0, *path)):
        if tag and tag % 2 == 0 and before not in (tag - 1, tag):
            return False
    return True


def _logits(path: list[str], strength: float = 8.0) -> FloatArray:
    logits = np.zeros((len(path), len(TAGS)), dtype=np.float32)
    for position, name in enumerate(path):
        logits[position, TAGS.index(name)] = strength
    return logits


def test_tag_names_and_numbers_agree() -> None:
    names = tags.tag_names(KINDS)
    assert names == ("O", "B-EMAIL_ADDRESS", "I-EMAIL_ADDRESS", "B-PHONE_NUMBER", "I-PHONE_NUMBER")
    for index, kind in enumerate(KINDS):
        assert names[tags.begin(index)] == f"B-{kind}"
        assert names[tags.inside(index)] == f"I-{kind}"
        assert tags.type_of(tags.begin(index)) == tags.type_of(tags.inside(index)) == index


@pytest.mark.parametrize("seed", range(40))
def test_viterbi_finds_the_best_of_all_allowed_paths(seed: int) -> None:
    logits = np.random.default_rng(seed).normal(size=(5, 5)).astype(np.float32)
    allowed = [path for path in itertools.product(range(5), repeat=5) if _allowed(path)]
    best = max(allowed, key=lambda path: sum(logits[k, tag] for k, tag in enumerate(path)))
    assert decode_tags(logits) == list(best)


@pytest.mark.parametrize("seed", range(40))
def test_viterbi_weighs_the_cost_of_a_border_between_joined_tokens(seed: int) -> None:
    random = np.random.default_rng(seed)
    logits = (random.normal(size=(5, 5)) * 6).astype(np.float32)
    joined = np.array([False, *(random.random(4) < 0.6)])

    def worth(steps: Iterable[int]) -> float:
        path = list(steps)
        pairs = enumerate(itertools.pairwise(path), start=1)
        borders = sum(
            joined[k] and (tag % 2 == 1 or (tag == 0 and before != 0)) for k, (before, tag) in pairs
        )
        return float(sum(logits[k, tag] for k, tag in enumerate(path)) - SPLIT_COST * borders)

    allowed = [path for path in itertools.product(range(5), repeat=5) if _allowed(path)]
    assert decode_tags(logits, joined) == list(max(allowed, key=worth))


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("a.b@c-d", "a.b@c-d"),
        ("(a.b).", "( a.b ) ."),
        ("a/b: c.", "a / b : c ."),
        ("a's, b", "a ' s , b"),
        ("@a_b!", "@a_b !"),
        ("a .b", "a .b"),
        ("...", "."),
    ],
)
def test_words_are_joined_by_dots_and_the_like_but_not_at_the_edges(
    encoder: Encoder, text: str, joined: str
) -> None:
    encoding = encoder.encode(Message(text))
    firsts = np.flatnonzero(np.diff(encoding.words, prepend=-1))
    hangs = joined_words(text, encoding.offsets, firsts)
    pieces = ""
    for index, first in enumerate(firsts):
        start, end = encoding.offsets[first]
        pieces += ("" if hangs[index] else " ") + text[start:end]
    assert pieces.split()[: len(joined.split())] == joined.split()


def test_a_span_keeps_an_address_whole(encoder: Encoder) -> None:
    text = "a jo.k@b"
    encoding = encoder.encode(Message(text))
    tokens = [text[start:end] for start, end in encoding.offsets]
    logits = _logits(["O", *["I-HANDLE"] * (len(tokens) - 1)], strength=4.0)
    logits[1, TAGS.index("B-HANDLE")] = 9.0
    logits[tokens.index("."), TAGS.index("O")] = 7.0
    logits[tokens.index(".") + 1, TAGS.index("B-HANDLE")] = 5.0
    (span,) = spans(text, encoding, logits, TYPES)
    assert span.text == "jo.k@b"
    apart = spans("a jo. k@b", encoder.encode(Message("a jo. k@b")), logits, TYPES)
    assert [span.text for span in apart] == ["jo", "k@b"]


def test_an_inside_without_a_begin_is_never_given() -> None:
    logits = _logits(["O", "I-URL", "I-URL"])
    assert _allowed(tuple(decode_tags(logits)))


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("a b c", ["O", "B-PERSON", "O"], [("PERSON", 2, 3, "b")]),
        ("a b c", ["B-PERSON", "I-PERSON", "O"], [("PERSON", 0, 3, "a b")]),
        ("a b c", ["B-PERSON", "B-PERSON", "O"], [("PERSON", 0, 1, "a"), ("PERSON", 2, 3, "b")]),
        ("a b c", ["B-URL", "B-PERSON", "I-PERSON"], [("URL", 0, 1, "a"), ("PERSON", 2, 5, "b c")]),
        ("a b c", ["O", "O", "O"], []),
        ("1\ufe0f\u20e32\ufe0f\u20e3 x", ["B-PHONE_NUMBER", "I-PHONE_NUMBER", "O"],
         [("PHONE_NUMBER", 0, 6, "1\ufe0f\u20e32\ufe0f\u20e3")]),
        ("🙂 a 🙂", ["O", "B-HANDLE", "O"], [("HANDLE", 2, 3, "a")]),
    ],
)  # fmt: skip
def test_spans_have_the_characters_of_their_tokens(
    encoder: Encoder, text: str, path: list[str], expected: list[tuple[str, int, int, str]]
) -> None:
    encoding = encoder.encode(Message(text))
    found = spans(text, encoding, _logits(path), TYPES)
    assert [(span.type, span.start, span.end, span.text) for span in found] == expected
    assert all(0.9 < span.score <= 1 for span in found)


@settings(max_examples=300)
@given(text=st.text(max_size=60), seed=st.integers(0, 10_000))
def test_any_text_and_any_logits_give_clean_spans(encoder: Encoder, text: str, seed: int) -> None:
    encoding = encoder.encode(Message(text))
    random = np.random.default_rng(seed)
    logits = random.normal(size=(len(encoding.offsets), len(TAGS))).astype(np.float32) * 3
    if not len(logits):
        return
    end = 0
    for span in spans(text, encoding, logits, TYPES):
        assert end <= span.start < span.end <= len(text)
        assert span.text == text[span.start : span.end]
        assert span.text == span.text.strip()
        assert 0 <= span.score <= 1
        end = span.end


def test_a_word_is_in_a_span_as_a_whole_or_not_at_all(encoder: Encoder) -> None:
    encoding = encoder.encode(Message("mira x"))
    half = _logits(["B-PERSON", "I-PERSON", "I-PERSON", "O", "O"])
    (span,) = spans("mira x", encoding, half, TYPES)
    assert (span.start, span.end) == (0, 4)
    assert spans("mira x", encoding, _logits(["O", "O", "O", "B-PERSON", "O"]), TYPES) == []


def test_the_tokens_of_a_word_add_up() -> None:
    logits = np.arange(20, dtype=np.float32).reshape(4, 5) ** 2
    words = word_logits(logits, np.array([0, 3]))
    assert words[0].tolist() == [
        logits[:3, 0].sum(),
        logits[0, 1] + logits[1:3, 2].sum(),
        logits[:3, 2].sum(),
        logits[0, 3] + logits[1:3, 4].sum(),
        logits[:3, 4].sum(),
    ]
    assert words[1].tolist() == logits[3].tolist()


def test_windows_merge_to_one_row_a_token(encoder: Encoder) -> None:
    encoding = encoder.encode(Message("a " * 120))
    outputs = [_positions(encoding, index) for index in range(len(encoding.windows))]
    assert len(outputs) > 2
    merged = merge_windows(encoding, outputs)
    assert merged[:, 0].tolist() == list(range(120))
    windows = merged[:, 1]
    assert (np.diff(windows) >= 0).all()


def _positions(encoding: Encoding, index: int) -> FloatArray:
    """Token index and window index for every token of a window, special ones included."""
    window = encoding.windows[index]
    rows = np.full((len(window.input_ids), 2), -1, dtype=np.float32)
    rows[1 : 1 + window.count, 0] = np.arange(window.first, window.first + window.count)
    rows[:, 1] = index
    return rows
