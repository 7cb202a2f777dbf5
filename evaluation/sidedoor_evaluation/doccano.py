"""doccano's JSONL for projects of intent detection and slot filling: `entities` and `cats`.

doccano gives each example an `id` of its own, so ours travels as `message_id`.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sidedoor.errors import InputError
from sidedoor.rows import numbered_lines, parse_object
from sidedoor_evaluation.gold import GoldRow, gold_row
from sidedoor_evaluation.utf16 import from_utf16, to_utf16

_OWN = ("id", "entities", "cats", "Comments", "row_keys", "message_id")


def examples(rows: Sequence[GoldRow]) -> Iterator[dict[str, Any]]:
    """Rows as examples to import."""
    for row in rows:
        text = row.message.text
        rest = {k: v for k, v in row.fields.items() if k not in ("id", "text", "intents", "pii")}
        yield {
            "text": text,
            "entities": [
                [to_utf16(text, span.start), to_utf16(text, span.end), span.type]
                for span in row.pii
            ],
            "cats": list(row.fields["intents"]),
            **rest,
            "message_id": row.fields.get("id"),
            "row_keys": list(row.fields),
        }


def read(path: str) -> Iterator[dict[str, Any]]:
    """The rows of an exported file (JSONL), in the annotation format.

    Raises:
        InputError: a line is malformed or its offsets do not fit its text; the error names file
            and line.
    """
    for number, line in numbered_lines(path):
        try:
            yield _row(parse_object(line))
        except InputError as error:
            raise InputError(f"{path}:{number}: {error}") from None
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{path}:{number}: no example of such a project ({type(error).__name__}: {error}); "
                "make one of the kind 'intent detection and slot filling'"
            ) from None


def _row(example: dict[str, Any]) -> dict[str, Any]:
    text = example["text"]
    fields = {key: value for key, value in example.items() if key not in _OWN}
    fields["intents"] = list(example["cats"])
    fields["pii"] = [
        {"type": kind, "start": from_utf16(text, start), "end": from_utf16(text, end)}
        for start, end, kind in sorted(example["entities"])
    ]
    own = example.get("message_id")
    fields["id"] = str(example["id"]) if own is None and "id" in example else own
    keys = example.get("row_keys") or ["id", *(key for key in fields if key != "id")]
    row = {key: fields[key] for key in keys}
    gold_row(row)
    return row
