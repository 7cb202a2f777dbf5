"""Names of things (brands, places, works): marked, so that they are exchanged as people's are.

People's names are new in every epoch. Were those of things always the same, a model would learn
them by heart and take every other word that it never saw for a person.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from sidedoor_training.corpus import CorpusRow
from sidedoor_training.markup import THING, UNTAGGED, Item, Part
from sidedoor_training.refill import SOLICIT

MAX_ROWS: Final = 3
"""A name in more rows than this is well known, and its meaning counts."""
_NAME: Final = re.compile(r"(?<=[a-z,;] )[A-Z][a-zà-ÿ]{2,}\b(?![-'’.@/_])")
_WORD: Final = re.compile(r"[^\W\d_]+")


def with_things(rows: Sequence[CorpusRow]) -> list[CorpusRow]:
    """The rows with names of things marked as `THING`.

    Marked are capitalised words within sentences that are rare, never small, and no part of a
    person's name anywhere. Rows that solicit stay: there the name may be that of a messenger.
    """
    seen: Counter[str] = Counter()
    other: set[str] = set()
    for row in rows:
        seen.update({word for text in _texts(row) for word in _WORD.findall(text)})
        other.update(word.lower() for item in _items(row) for word in _WORD.findall(item.value))
    names = {
        word
        for word, count in seen.items()
        if count <= MAX_ROWS and word.lower() not in seen and word.lower() not in other
    }
    return [row if SOLICIT in row.intents else _marked(row, names) for row in rows]


def _marked(row: CorpusRow, names: set[str]) -> CorpusRow:
    context = tuple(replace(turn, parts=_split(turn.parts, names)) for turn in row.context)
    return replace(row, parts=_split(row.parts, names), context=context)


def _split(parts: Iterable[Part], names: set[str]) -> tuple[Part, ...]:
    made: list[Part] = []
    for part in parts:
        if not isinstance(part, str):
            made.append(part)
            continue
        end = 0
        for match in _NAME.finditer(part):
            if match.group() in names:
                made += [part[end : match.start()], Item(THING, match.group(), fixed=False)]
                end = match.end()
        made.append(part[end:])
    return tuple(made)


def _texts(row: CorpusRow) -> Iterable[str]:
    for parts in (row.parts, *(turn.parts for turn in row.context)):
        yield from (part for part in parts if isinstance(part, str))


def _items(row: CorpusRow) -> Iterable[Item]:
    for parts in (row.parts, *(turn.parts for turn in row.context)):
        yield from (part for part in parts if isinstance(part, Item) and part.type not in UNTAGGED)
