"""The corpus as labelled messages in the annotation format, for `sidedoor evaluate`."""

from typing import Any

from sidedoor_training.corpus import CorpusRow
from sidedoor_training.refill import as_written


def gold_row(row: CorpusRow) -> dict[str, Any]:
    """A row with its hand-written values, spans as offsets, and what the row says of itself."""
    example = as_written(row)
    message = example.message
    return {
        "id": row.id,
        "batch": row.batch,
        "way": row.way,
        "trade": row.trade,
        "voice": row.voice,
        "text": message.text,
        "surface": message.surface,
        "sender": message.sender,
        "context": [{"sender": turn.sender, "text": turn.text} for turn in message.context],
        "intents": list(row.intents),
        "pii": [{"type": s.type, "start": s.start, "end": s.end} for s in example.pii],
    }
