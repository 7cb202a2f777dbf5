"""How the model's outputs become scores and spans.

Tags are decoded by a Viterbi search that allows only well-formed BIO sequences: `I-X` follows
`B-X` or `I-X` of the same type and nothing else (Viterbi 1967; Ramshaw and Marcus 1995). A span
that begins or ends inside of a string like `jo.fern@web-mail.co` has to be worth `SPLIT_COST`.
"""

import math
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sidedoor import tags
from sidedoor.analysis import Span
from sidedoor.encoding import Encoding, IntArray

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

SPLIT_COST: Final = 10.0
"""In logits; chosen on the validation split, where 8 to 20 do alike."""
_JOINTS: Final = frozenset(".@_-+=")
_OPENING: Final = frozenset("([{\"'«“‘")
_CLOSING: Final = frozenset(".,;:!?)]}\"'»”’…")


def merge_windows(encoding: Encoding, outputs: Sequence[FloatArray]) -> FloatArray:
    """Joins per-token outputs of overlapping windows.

    Each of `outputs` has shape = (window tokens, k). A token that stands in two windows is
    taken from the one in which it is farther from the edge. Returns shape = (message tokens, k).
    """
    rows = [
        output[1 : 1 + window.count]
        for window, output in zip(encoding.windows, outputs, strict=True)
    ]
    if len(rows) == 1:
        return rows[0]
    merged = np.empty((len(encoding.offsets), rows[0].shape[1]), dtype=np.float32)
    for index, window in enumerate(encoding.windows):
        shared = 0
        if index:
            before = encoding.windows[index - 1]
            shared = (before.first + before.count - window.first + 1) // 2
        merged[window.first + shared : window.first + window.count] = rows[index][shared:]
    return merged


def decode_tags(logits: FloatArray, joined: BoolArray | None = None) -> list[int]:
    """The likeliest well-formed BIO sequence; `logits` has shape = (tokens, tags).

    `joined`, shape = (tokens,), says which tokens a span should not part from the one before.
    """
    greedy: list[int] = logits.argmax(axis=1).tolist()
    if joined is None:
        joined = np.zeros(len(greedy), dtype=np.bool_)
    if _well_formed(greedy) and not any(
        _is_border(greedy, k) for k in np.flatnonzero(joined).tolist()
    ):
        return greedy
    return _viterbi(logits, np.where(joined, SPLIT_COST, 0.0))


def spans(text: str, encoding: Encoding, logits: FloatArray, types: Sequence[str]) -> list[Span]:
    """The spans of the text, in order, without overlaps or white space at their edges.

    `logits` has shape = (message tokens, tags). A word is inside of a span as a whole or not at
    all. A span's score is the mean probability of its tokens' being of its type.
    """
    firsts = first_tokens(encoding.words)
    scores = word_logits(logits, firsts)
    if not scores.argmax(axis=1).any():
        return []
    path = decode_tags(scores, joined_words(text, encoding.offsets, firsts))
    probabilities = _softmax(logits)
    ends = [*firsts[1:].tolist(), len(logits)]
    found = []
    for first_word, last_word in _runs(path):
        kind = tags.type_of(path[first_word])
        first, last = int(firsts[first_word]), ends[last_word] - 1
        start, end = _characters(text, encoding.offsets, first, last)
        if start < end:
            columns = [tags.begin(kind), tags.inside(kind)]
            score = float(probabilities[first : last + 1, columns].sum(axis=1).mean())
            found.append(Span(types[kind], start, end, min(score, 1.0), text[start:end]))
    return list(_without_overlaps(found))


def first_tokens(words: IntArray) -> NDArray[np.intp]:
    """The first token of each word; `words`, shape = (tokens,), is the index of each one's word."""
    is_first = np.ones(len(words), dtype=np.bool_)
    np.not_equal(words[1:], words[:-1], out=is_first[1:])
    return np.flatnonzero(is_first)


def word_logits(logits: FloatArray, firsts: NDArray[np.intp]) -> FloatArray:
    """Joins the tokens of each word, `firsts` being the words' first tokens.

    A word is `B-X` if its first token is and the rest are `I-X`; it is `I-X` or `O` if all its
    tokens are. Shapes: (tokens, tags) to (words, tags).
    """
    sums: FloatArray = np.add.reduceat(logits, firsts, axis=0)
    sums[:, 1::2] = sums[:, 2::2] + logits[firsts, 1::2] - logits[firsts, 2::2]
    return sums


def joined_words(text: str, offsets: IntArray, firsts: NDArray[np.intp]) -> BoolArray:
    """Which words hang on the one before by a joint, as `.`, `@` and `-` do in `a.b@c-d`.

    Punctuation at the edges of a string between white space is no part of it. `firsts` are the
    words' first tokens; returns shape = (words,).
    """
    lasts = np.append(firsts[1:], len(offsets)) - 1
    bounds = list(zip(offsets[firsts, 0].tolist(), offsets[lasts, 1].tolist(), strict=True))
    joined = np.zeros(len(bounds), dtype=np.bool_)
    for first, last in _strings(bounds):
        if first == last:
            continue
        words = {k: frozenset(text[slice(*bounds[k])]) for k in range(first, last + 1)}
        while last > first and words[last] <= _CLOSING:
            last -= 1
        while last > first and words[first] <= _OPENING:
            first += 1
        for k in range(first + 1, last + 1):
            joined[k] = words[k] <= _JOINTS or words[k - 1] <= _JOINTS
    return joined


def _strings(bounds: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """First and last word of each run of words without anything between them."""
    first = 0
    for k in range(1, len(bounds) + 1):
        if k == len(bounds) or bounds[k][0] > bounds[k - 1][1]:
            yield first, k - 1
            first = k


def _is_border(path: Sequence[int], position: int) -> bool:
    """Whether a span begins or ends between a token and the one before."""
    tag, before = path[position], path[position - 1]
    return tag != before if tag == tags.OUTSIDE else tags.is_begin(tag)


def _well_formed(path: Sequence[int]) -> bool:
    before = tags.OUTSIDE
    for tag in path:
        if (
            tag != tags.OUTSIDE
            and not tags.is_begin(tag)
            and (before == tags.OUTSIDE or tags.type_of(before) != tags.type_of(tag))
        ):
            return False
        before = tag
    return True


def _viterbi(logits: FloatArray, costs: NDArray[np.float64]) -> list[int]:
    """Viterbi over BIO: any tag may come before `O` and `B-X`, only `B-X` and `I-X` before `I-X`.

    `costs`, shape = (tokens,), is the price of a span's border before each token. A step needs
    the best score over all tags and one comparison a type, no full matrix.
    """
    count = logits.shape[1]
    score, *rows = logits.tolist()
    score[2::2] = [-math.inf] * len(score[2::2])
    pointers = []
    # A row is short: lists take a third of the time of arrays here.
    for row, cost in zip(rows, costs[1:].tolist(), strict=True):
        highest = max(score)
        before = [score.index(highest)] * count
        arrival = [highest - cost] * count
        if score[tags.OUTSIDE] > arrival[tags.OUTSIDE]:
            before[tags.OUTSIDE], arrival[tags.OUTSIDE] = tags.OUTSIDE, score[tags.OUTSIDE]
        for inside in range(2, count, 2):
            stays = score[inside] > score[inside - 1]
            before[inside] = inside if stays else inside - 1
            arrival[inside] = score[before[inside]]
        pointers.append(before)
        score = [reached + logit for reached, logit in zip(arrival, row, strict=True)]
    path = [score.index(max(score))]
    for before in reversed(pointers):
        path.append(before[path[-1]])
    return path[::-1]


def _runs(path: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last token of each span."""
    first = None
    for position, tag in enumerate([*path, tags.OUTSIDE]):
        if first is not None and (tag == tags.OUTSIDE or tags.is_begin(tag)):
            yield first, position - 1
            first = None
        if tag != tags.OUTSIDE and tags.is_begin(tag):
            first = position


def _characters(text: str, offsets: IntArray, first: int, last: int) -> tuple[int, int]:
    """The code points from one token to another, without white space at the edges.

    Marks and invisible characters that the normaliser dropped belong to no token; those right
    behind the last token (a keycap's ring, a zero-width joiner) belong to the span.
    """
    start, end = int(offsets[first, 0]), int(offsets[last, 1])
    limit = int(offsets[last + 1, 0]) if last + 1 < len(offsets) else len(text)
    while end < limit and unicodedata.category(text[end]) in ("Mn", "Me", "Cf"):
        end += 1
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def _without_overlaps(found: Sequence[Span]) -> Iterator[Span]:
    """Drops a span that starts inside its predecessor: one character may be two tokens."""
    end = 0
    for span in found:
        if span.start >= end:
            yield span
            end = span.end


def _softmax(logits: FloatArray) -> FloatArray:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: FloatArray = exponentials / exponentials.sum(axis=1, keepdims=True)
    return result
