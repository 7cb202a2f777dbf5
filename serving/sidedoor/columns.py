"""Which columns of a table or keys of a JSON object hold the parts of a message."""

from collections.abc import Mapping
from dataclasses import dataclass
from json import JSONDecodeError, loads
from typing import Any, Final

from sidedoor.errors import InputError
from sidedoor.message import Message


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of a message's columns; only the text's must be there."""

    text: str = "text"
    surface: str = "surface"
    sender: str = "sender"
    context: str = "context"
    id: str = "id"

    @property
    def read(self) -> tuple[str, ...]:
        """The columns that the analysis takes the place of; the id is carried through."""
        return (self.text, self.surface, self.sender, self.context)

    def message(self, row: Mapping[str, Any]) -> Message:
        """The message of a row; a context that is a string is read as JSON.

        Raises:
            InputError: the text is missing, or a part has the wrong type or breaks its limit.
        """
        if self.text not in row:
            raise InputError(f"the row has no field {self.text!r}")
        context = row.get(self.context)
        return Message.from_dict(
            {
                "text": row[self.text],
                "surface": row.get(self.surface),
                "sender": row.get(self.sender),
                "context": _parsed(context) if isinstance(context, str) else context,
                "id": row.get(self.id),
            }
        )


STANDARD: Final = Columns()
"""The names that `sidedoor analyze` reads where none are given."""


def _parsed(context: str) -> Any:
    if not context.strip():
        return None
    try:
        return loads(context)
    except (JSONDecodeError, RecursionError):
        raise InputError("context is a string, but no JSON list of messages") from None
