"""Labelled messages as a batch of the training corpus: spans marked in the text."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sidedoor.errors import InputError
from sidedoor_evaluation.gold import GoldRow

_KEPT = ("way", "trade", "voice", "pair")


def lines(rows: Sequence[GoldRow], brief: str, split: str) -> Iterator[str]:
    """The lines of a batch: the brief and the split, then a row a line.

    Raises:
        InputError: a text holds the markup's own brackets.
    """
    yield json.dumps({"brief": brief, "split": split}, ensure_ascii=False)
    for number, row in enumerate(rows, 1):
        texts = (row.message.text, *(turn.text for turn in row.message.context))
        if any("[[" in text or "]]" in text for text in texts):
            name = row.message.id or f"message {number}"
            raise InputError(
                f"{name}: the text holds [[ or ]], which the corpus uses for its markup; "
                "leave the row out or put a space between the brackets"
            )
        yield json.dumps(_content(row), ensure_ascii=False)


def marked(row: GoldRow) -> str:
    """The text with its spans as `[[TYPE|value]]`."""
    text, made, end = row.message.text, "", 0
    for span in row.pii:
        made += f"{text[end : span.start]}[[{span.type}|{text[span.start : span.end]}]]"
        end = span.end
    return made + text[end:]


def _content(row: GoldRow) -> dict[str, Any]:
    message = row.message
    content: dict[str, Any] = {
        "text": marked(row),
        "surface": message.surface,
        "sender": message.sender,
        "intents": list(row.fields["intents"]),
        **{key: row.fields[key] for key in _KEPT if row.fields.get(key) is not None},
    }
    if message.context:
        content["context"] = [
            {"sender": turn.sender or "buyer", "text": turn.text} for turn in message.context
        ]
    return content
