"""What is analysed: one message, where it was written, by whom, and what came before it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sidedoor.errors import InputError

SURFACES: Final = ("inbox", "order", "requirements", "listing")
SENDERS: Final = ("buyer", "seller")
MAX_TEXT_LENGTH: Final = 20_000
"""Longest text of a message or of one of its context messages, in code points."""
MAX_CONTEXT: Final = 3
"""Most context messages."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A message that came before the analysed one."""

    text: str
    sender: str | None = None

    def __post_init__(self) -> None:
        _check_text("text of a context message", self.text)
        _check_choice("sender of a context message", self.sender, SENDERS)


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a marketplace.

    `surface` is one of `SURFACES`, `sender` one of `SENDERS`; both are None where unknown.
    `context` holds up to three earlier messages, oldest first.

    Raises:
        InputError: a field breaks its limit; the error names the field, never its text.
    """

    text: str
    surface: str | None = None
    sender: str | None = None
    context: tuple[Turn, ...] = ()
    id: str | None = None

    def __post_init__(self) -> None:
        _check_text("text", self.text)
        _check_choice("surface", self.surface, SURFACES)
        _check_choice("sender", self.sender, SENDERS)
        if len(self.context) > MAX_CONTEXT:
            raise InputError(
                f"context holds {len(self.context)} messages, at most {MAX_CONTEXT} are read; "
                "send the newest ones"
            )

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> "Message":
        """Builds a message from a JSON object; keys that are no field of a message are ignored.

        Raises:
            InputError: `text` is missing, or a field has the wrong type or breaks its limit.
        """
        if "text" not in row:
            raise InputError("the row has no field 'text'")
        context = row.get("context") or []
        if not isinstance(context, list):
            raise InputError("context must be a list of objects with 'sender' and 'text'")
        identifier = row.get("id")
        return cls(
            text=row["text"],
            surface=row.get("surface"),
            sender=row.get("sender"),
            context=tuple(_turn(entry) for entry in context),
            id=None if identifier is None else str(identifier),
        )


def _turn(entry: object) -> Turn:
    if not isinstance(entry, Mapping) or "text" not in entry:
        raise InputError("each context message must be an object with 'sender' and 'text'")
    return Turn(text=entry["text"], sender=entry.get("sender"))


def _check_text(field: str, text: object) -> None:
    if not isinstance(text, str):
        raise InputError(f"{field} must be a string, not {type(text).__name__}")
    if len(text) > MAX_TEXT_LENGTH:
        raise InputError(
            f"{field} is {len(text)} code points long, at most {MAX_TEXT_LENGTH} are read; "
            "send it in parts"
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"{field} holds a lone surrogate at code point {error.start}, which is no valid "
            "Unicode; replace it by U+FFFD before sending"
        ) from None


def _check_choice(field: str, value: object, choices: tuple[str, ...]) -> None:
    if value is not None and value not in choices:
        raise InputError(f"{field} must be one of {', '.join(choices)}, or null")
