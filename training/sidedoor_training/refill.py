"""Turns a corpus row into an example: fresh values, disguises, the noise of typing.

The values of a row are exchanged anew each time, so that no name or number is learnt by heart;
equal values of a row, its context included, stay equal.
"""

import random
import re
from dataclasses import dataclass
from typing import Final, TypeGuard

from sidedoor.disguises import disguise
from sidedoor.message import Message, Turn
from sidedoor_training import app_names, values
from sidedoor_training.corpus import CorpusRow
from sidedoor_training.markup import UNTAGGED, Item, Part, TextSpan, render

SOLICIT: Final = "solicit-contact"


@dataclass(frozen=True, slots=True)
class Example:
    """A message with its labels; `disguises` names the families used, in the text's order."""

    message: Message
    intents: tuple[str, ...]
    pii: tuple[TextSpan, ...]
    disguises: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Shares (0 … 1) of what is done to the rows when they are refilled."""

    disguise_solicitation: float = 0.0
    disguise_other: float = 0.0
    disguise_app_name: float = 0.0
    typing_noise: float = 0.0
    drop_surface: float = 0.0
    drop_sender: float = 0.0


def as_written(row: CorpusRow) -> Example:
    """The row with its hand-written values."""
    text, spans = render(row.parts)
    context = tuple(Turn(render(turn.parts)[0], turn.sender) for turn in row.context)
    message = Message(text, row.surface, row.sender, context, row.id)
    return Example(message, row.intents, spans)


def refill(row: CorpusRow, rng: random.Random, augmentation: Augmentation) -> Example:
    """The row with fresh values, some of them disguised, and some noise."""
    solicits = SOLICIT in row.intents
    share = augmentation.disguise_solicitation if solicits else augmentation.disguise_other
    exchanged: dict[tuple[str, str], str] = {}
    names: list[str] = []

    def exchange(part: Part) -> Part:
        if isinstance(part, str) or part.fixed:
            return part
        key = (part.type, part.value)
        if key not in exchanged:
            exchanged[key] = values.fresh(rng, part.type, part.value)
        return Item(part.type, exchanged[key], fixed=False)

    context = tuple(
        Turn(render([exchange(part) for part in turn.parts])[0], turn.sender)
        for turn in row.context
    )
    parts = []
    for part in row.parts:
        made = exchange(part)
        if _can_be_disguised(made) and rng.random() < share:
            hidden, families = disguise(rng, made.type, made.value)
            made = Item(made.type, hidden, fixed=True)
            names.extend(families)
        parts.append(made)
    if rng.random() < augmentation.disguise_app_name * (1.0 if solicits else 0.3):
        parts = _with_disguised_app(rng, parts)
    if rng.random() < augmentation.typing_noise:
        parts = [_mistyped(rng, part) if isinstance(part, str) else part for part in parts]
    text, spans = render(parts)
    message = Message(
        text,
        None if rng.random() < augmentation.drop_surface else row.surface,
        None if rng.random() < augmentation.drop_sender else row.sender,
        context,
        row.id,
    )
    return Example(message, row.intents, spans, tuple(names))


def _can_be_disguised(part: Part) -> TypeGuard[Item]:
    return isinstance(part, Item) and not part.fixed and part.type not in UNTAGGED


def _with_disguised_app(rng: random.Random, parts: list[Part]) -> list[Part]:
    position = rng.randrange(len(parts))
    part = parts[position]
    if isinstance(part, str):
        parts[position] = app_names.disguise_one(rng, part)
    return parts


def _mistyped(rng: random.Random, text: str) -> str:
    """Text as typed in a hurry: one kind of carelessness a call."""
    kind = rng.randrange(4)
    if kind == 0:
        return re.sub(r"[.,!?;:'’](?=\s|$)", "", text)
    if kind == 1:
        return re.sub(r"['’](?=\w)", "", text)
    if kind == 2:
        return re.sub(r"(?<=[.!?]) (?=[A-Z])", "", text)
    return re.sub(r"\b\w{5,}\b", lambda match: _typo(rng, match.group()), text)


def _typo(rng: random.Random, word: str) -> str:
    if rng.random() > 0.15:
        return word
    position = rng.randrange(1, len(word) - 1)
    before, letter, after = word[:position], word[position], word[position + 1 :]
    return rng.choice(
        [before + after, before + letter + letter + after, before + after[:1] + letter + after[1:]]
    )
