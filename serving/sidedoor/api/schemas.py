"""What requests and answers look like; field names equal the command line's."""

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from sidedoor.message import MAX_CONTEXT, MAX_TEXT_LENGTH, Message, Turn

MAX_BATCH = 256

Offsets = Annotated[
    Literal["codepoints", "utf16"],
    Query(description="How offsets count: Unicode code points, or UTF-16 code units."),
]
Text = Annotated[str, Field(max_length=MAX_TEXT_LENGTH)]
Sender = Literal["buyer", "seller"]
Surface = Literal["inbox", "order", "requirements", "listing"]


class TurnIn(BaseModel):
    """A message that came before."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: Text
    sender: Sender | None = None


_MESSAGE: dict[str, Any] = {
    "id": "m-1",
    "text": "Sure, mail me at jo@fern.co",
    "surface": "inbox",
    "sender": "seller",
    "context": [{"sender": "buyer", "text": "Can we talk outside of here?"}],
}
_ANALYSIS: dict[str, Any] = {
    "id": "m-1",
    "intents": {"solicit-contact": 0.98, "explain-policy": 0.01, "share-requirement-info": 0.02},
    "labels": ["solicit-contact"],
    "pii": [{"type": "EMAIL_ADDRESS", "start": 17, "end": 27, "score": 0.99, "text": "jo@fern.co"}],
    "action": "block",
    "rule": "invitation-with-contact-details",
    "reason": "This message gives contact details for dealing outside of the site.",
    "evidence": {"solicit-contact": [{"start": 6, "end": 10, "weight": 1.7}]},
}


def _example(example: dict[str, Any], *, strict: bool = False) -> ConfigDict:
    extra: dict[str, JsonValue] = {"examples": [example]}
    if strict:
        return ConfigDict(extra="forbid", strict=True, json_schema_extra=extra)
    return ConfigDict(json_schema_extra=extra)


class MessageIn(BaseModel):
    """One message; `context` holds up to three earlier ones, oldest first."""

    model_config = _example(_MESSAGE, strict=True)

    text: Text
    surface: Surface | None = None
    sender: Sender | None = None
    context: Annotated[list[TurnIn], Field(max_length=MAX_CONTEXT)] = []
    id: Annotated[str, Field(max_length=200)] | None = None

    def message(self) -> Message:
        """The message as the analyzer takes it."""
        context = tuple(Turn(turn.text, turn.sender) for turn in self.context)
        return Message(self.text, self.surface, self.sender, context, self.id)


class BatchIn(BaseModel):
    """Several messages, analysed independently of each other."""

    model_config = _example({"messages": [_MESSAGE]}, strict=True)

    messages: Annotated[list[MessageIn], Field(min_length=1, max_length=MAX_BATCH)]


class SpanOut(BaseModel):
    """An item of personal data; `start` and `end` are half-open, and count as `offsets` says."""

    type: str
    start: int
    end: int
    score: float
    text: str


class EvidenceOut(BaseModel):
    """A word and what it adds to the intent's logit."""

    start: int
    end: int
    weight: float


class AnalysisOut(BaseModel):
    """The analysis of one message."""

    model_config = _example(_ANALYSIS)

    id: str | None
    intents: dict[str, float]
    labels: list[str]
    pii: list[SpanOut]
    action: Literal["allow", "nudge", "mask", "review", "block"]
    rule: str
    reason: str
    evidence: dict[str, list[EvidenceOut]]


class BatchOut(BaseModel):
    """The analyses in the order of the messages."""

    model_config = _example({"results": [_ANALYSIS]})

    results: list[AnalysisOut]


_MODEL: dict[str, Any] = {
    "name": "default",
    "intents": [{"name": "solicit-contact", "threshold": 0.61}],
    "pii_types": ["EMAIL_ADDRESS", "PHONE_NUMBER"],
    "base_model": "sentence-transformers/all-MiniLM-L6-v2",
    "corpus_sha256": "9f2c…",
    "versions": {"onnxruntime": "1.23.0"},
    "model_sha256": "53aa…",
}


class IntentInfo(BaseModel):
    """An intent and its threshold."""

    name: str
    threshold: float


class ModelOut(BaseModel):
    """The model that answers."""

    model_config = _example(_MODEL)

    name: str
    intents: list[IntentInfo]
    pii_types: list[str]
    base_model: str
    corpus_sha256: str
    versions: dict[str, str]
    model_sha256: str


class StatusOut(BaseModel):
    """Health or readiness."""

    status: Literal["ok"]


class ProblemOut(BaseModel):
    """An error after RFC 9457; it never repeats a message's text."""

    model_config = _example(
        {
            "type": "about:blank",
            "title": "Unprocessable Content",
            "status": 422,
            "detail": "text: String should have at most 20000 characters",
            "request_id": "4f6c8d0e2a1b4c5d8e9f0a1b2c3d4e5f",
            "errors": [
                {
                    "field": "text",
                    "reason": "String should have at most 20000 characters",
                    "limit": 20000,
                }
            ],
        }
    )

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request_id: str | None
    errors: list[dict[str, str | int]] = []
