"""What requests and answers look like; field names equal the command line's."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sidedoor.message import MAX_CONTEXT, MAX_TEXT_LENGTH, Message, Turn

MAX_BATCH = 256

Text = Annotated[str, Field(max_length=MAX_TEXT_LENGTH)]
Sender = Literal["buyer", "seller"]
Surface = Literal["inbox", "order", "requirements", "listing"]


class TurnIn(BaseModel):
    """A message that came before."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: Text
    sender: Sender | None = None


class MessageIn(BaseModel):
    """One message; `context` holds up to three earlier ones, oldest first."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {
                    "text": "Sorry, I can only talk to you in here.",
                    "surface": "inbox",
                    "sender": "seller",
                    "context": [{"sender": "buyer", "text": "Can you call me instead?"}],
                }
            ]
        },
    )

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

    model_config = ConfigDict(extra="forbid", strict=True)

    messages: Annotated[list[MessageIn], Field(min_length=1, max_length=MAX_BATCH)]


class SpanOut(BaseModel):
    """An item of personal data; `start` and `end` are half-open, in Unicode code points."""

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

    results: list[AnalysisOut]


class IntentInfo(BaseModel):
    """An intent and its threshold."""

    name: str
    threshold: float


class ModelOut(BaseModel):
    """The model that answers."""

    name: str
    intents: list[IntentInfo]
    pii_types: list[str]
    base_model: str
    corpus_sha256: str
    versions: dict[str, str]
    model_sha256: str


class StatusOut(BaseModel):
    """Health or readiness."""

    status: Literal["ok", "stopping"]


class ProblemOut(BaseModel):
    """An error after RFC 9457; it never repeats a message's text."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]] | None = None
