"""How the model's outputs become scores and spans.

Tags are decoded by a Viterbi search that allows only well-formed BIO sequences: `I-X` follows
`B-X` or `I-X` of the same type and nothing else (Viterbi 1967; Ramshaw and Marcus 1995).
"""

import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sidedoor import tags
from sidedoor.analysis import Span
from sidedoor.encoding import Encoding, IntArray

FloatArray = NDArray[np.float32]


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


def decode_tags(logits: FloatArray) -> list[int]:
    """The likeliest well-formed BIO sequence; `logits` has shape = (tokens, tags)."""
    greedy: list[int] = logits.argmax(axis=1).tolist()
    if _well_formed(greedy):
        return greedy
    return _viterbi(logits)


def spans(text: str, encoding: Encoding, logits: FloatArray, types: Sequence[str]) -> list[Span]:
    """The spans of the text, in order, without overlaps or white space at their edges.

    `logits` has shape = (message tokens, tags). A word is inside of a span as a whole or not at
    all. A span's score is the mean probability of its tokens' being of its type.
    """
    firsts = np.flatnonzero(np.diff(encoding.words, prepend=-1))
    path = decode_tags(word_logits(logits, firsts))
    if not any(path):
        return []
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


def word_logits(logits: FloatArray, firsts: NDArray[np.intp]) -> FloatArray:
    """Joins the tokens of each word, `firsts` being the words' first tokens.

    A word is `B-X` if its first token is and the rest are `I-X`; it is `I-X` or `O` if all its
    tokens are. Shapes: (tokens, tags) to (words, tags).
    """
    sums: FloatArray = np.add.reduceat(logits, firsts, axis=0)
    sums[:, 1::2] = sums[:, 2::2] + logits[firsts, 1::2] - logits[firsts, 2::2]
    return sums


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


def _viterbi(logits: FloatArray) -> list[int]:
    """Viterbi over BIO: any tag may come before `O` and `B-X`, only `B-X` and `I-X` before `I-X`.

    So a step needs the best score over all tags and one comparison a type, no full matrix.
    """
    tokens, count = logits.shape
    pointers = np.zeros((tokens, count), dtype=np.int64)
    score = logits[0].astype(np.float64)
    score[2::2] = -np.inf
    begins, insides = np.arange(1, count, 2), np.arange(2, count, 2)
    for position in range(1, tokens):
        best = int(score.argmax())
        arrival = np.full(count, score[best])
        pointers[position] = best
        stays = score[insides] > score[begins]
        pointers[position, insides] = np.where(stays, insides, begins)
        arrival[insides] = score[pointers[position, insides]]
        score = arrival + logits[position]
    path = [int(score.argmax())]
    for position in range(tokens - 1, 0, -1):
        path.append(int(pointers[position, path[-1]]))
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
