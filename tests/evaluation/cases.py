"""Hand-made gold rows and predictions, and what reads and writes them."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import INTENTS

from sidedoor import Analysis, Decision, Intent, Message, Span, cli
from sidedoor_evaluation.gold import GoldRow, GoldSpan
from sidedoor_evaluation.prediction import Prediction

S, P, R = INTENTS
Triple = tuple[str, int, int]


def gold(
    intents: tuple[str, ...], *spans: Triple, message: Message | None = None, **fields: Any
) -> GoldRow:
    """A labelled message; without one, of 40 letters."""
    message = message or Message("x" * 40)
    return GoldRow(message, frozenset(intents), tuple(GoldSpan(*span) for span in spans), fields)


def found(intents: tuple[str, ...], *spans: Triple, **scores: float) -> Prediction:
    """A prediction; scores are 0.9 for the labels and 0.1 for the others unless given."""
    by_name = {name: 0.9 if name in intents else 0.1 for name in INTENTS}
    by_name |= {name.replace("_", "-"): score for name, score in scores.items()}
    return Prediction(frozenset(intents), tuple(GoldSpan(*span) for span in spans), by_name)


def analysis(
    intents: tuple[str, ...] = (), *spans: Triple, threshold: float = 0.5, **scores: float
) -> Analysis:
    """An analysis with the same scores as `found` would give."""
    prediction = found(intents, *spans, **scores)
    return Analysis(
        id=None,
        intents=tuple(Intent(name, prediction.scores[name], threshold) for name in INTENTS),
        pii=tuple(
            Span(s.type, s.start, s.end, 0.9, "x" * (s.end - s.start)) for s in prediction.pii
        ),
        decision=Decision("allow", "default", "none"),
        evidence={},
    )


GOLD = [
    gold((S,), ("EMAIL_ADDRESS", 0, 10)),
    gold((S, P), ("PERSON", 0, 4), ("PERSON", 10, 14)),
    gold((P,)),
    gold((P,)),
    gold((R,), ("URL", 5, 15)),
    gold(()),
]
FOUND = [
    found((S,), ("EMAIL_ADDRESS", 0, 10)),
    found((P,), ("PERSON", 0, 4), ("PERSON", 11, 14)),
    found((P,)),
    found((S,)),
    found((R,), ("HANDLE", 5, 15)),
    found((), ("PERSON", 20, 22)),
]


def write_rows(path: Path, *rows: Any) -> Path:
    """Writes JSONL."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")
    return path


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Reads JSONL."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    """Runs the command line; gives its exit code."""
    monkeypatch.setattr(sys, "argv", ["sidedoor", *map(str, arguments)])
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    return int(exit_.value.code or 0)


ROWS: list[dict[str, Any]] = [
    {"id": "a", "text": "🙂 mail jo@fern.co please, it is quicker", "surface": "inbox",
     "sender": "buyer", "context": [{"sender": "seller", "text": "Hi!"}], "intents": [S],
     "pii": [{"type": "EMAIL_ADDRESS", "start": 7, "end": 17}], "group": "one"},
    {"id": "b", "text": "sorry, only in here", "surface": "inbox", "sender": "seller",
     "context": [], "intents": [P], "pii": [], "group": "one"},
    {"id": "c", "text": "card says 👍🏽 Kim Lee, 0771 5550142", "surface": "requirements",
     "sender": "buyer", "context": [], "intents": [R],
     "pii": [{"type": "PERSON", "start": 13, "end": 20},
             {"type": "PHONE_NUMBER", "start": 22, "end": 34}], "group": "two"},
    {"id": "d", "text": "thanks, looks great", "surface": None, "sender": None, "context": [],
     "intents": [], "pii": [], "group": "two"},
    {"id": "e", "text": "I know the rule, but t.me/kimlee", "surface": "order", "sender": "seller",
     "context": [], "intents": [S, P], "pii": [{"type": "URL", "start": 21, "end": 32}],
     "group": "two"},
]  # fmt: skip
"""A small gold file, emoji before spans."""
