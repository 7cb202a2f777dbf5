"""What a system says of one message, in the form that is scored; and such rows read from a file."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sidedoor import Analysis
from sidedoor.errors import InputError
from sidedoor.rows import numbered_lines, parse_object
from sidedoor_evaluation.gold import GoldRow, GoldSpan, read_spans


@dataclass(frozen=True, slots=True)
class Prediction:
    """Labels and spans found; `scores` (0 … 1) is empty where the system gives none."""

    labels: frozenset[str]
    pii: tuple[GoldSpan, ...]
    scores: dict[str, float]

    @classmethod
    def of(cls, analysis: Analysis) -> "Prediction":
        """What an analysis says."""
        return cls(
            labels=frozenset(analysis.labels),
            pii=tuple(GoldSpan(span.type, span.start, span.end) for span in analysis.pii),
            scores={intent.name: intent.score for intent in analysis.intents},
        )


def read_predictions(
    path: str, gold: Sequence[GoldRow], intents: Collection[str], types: Collection[str]
) -> list[Prediction]:
    """Reads what `sidedoor analyze` wrote, in the order of the gold rows, joined by id.

    Raises:
        InputError: a row is malformed, has no id, one that stood before, or one that no gold
            row has; or a gold row has none. The error names file, line and remedy.
    """
    rows = {row.message.id: row for row in gold if row.message.id is not None}
    found: dict[str, tuple[int, Prediction]] = {}
    for number, line in numbered_lines(path):
        try:
            fields = parse_object(line)
            identifier = _identifier(fields, rows)
            if identifier in found:
                raise InputError(
                    f"the id {identifier!r} stands in line {found[identifier][0]} already; "
                    "remove one of the rows"
                )
            found[identifier] = number, _prediction(fields, rows[identifier], intents, types)
        except InputError as error:
            raise InputError(f"{path}:{number}: {error}") from None
    return [found[_id_of(number, row, found, path)][1] for number, row in enumerate(gold, 1)]


def _id_of(number: int, row: GoldRow, found: Collection[str], path: str) -> str:
    identifier = row.message.id
    if identifier is None:
        raise InputError(
            f"gold message {number} has no id, so no prediction can be found for it; give it one"
        )
    if identifier not in found:
        raise InputError(
            f"{path} has no row with the id {identifier!r}; analyse all gold messages again"
        )
    return identifier


def _identifier(fields: dict[str, Any], rows: Collection[str]) -> str:
    if fields.get("id") is None:
        raise InputError("the row has no id; give it the id of its gold row")
    identifier = str(fields["id"])
    if identifier not in rows:
        raise InputError(f"no gold row has the id {identifier!r}; remove the row")
    return identifier


def _prediction(
    fields: dict[str, Any], row: GoldRow, intents: Collection[str], types: Collection[str]
) -> Prediction:
    labels, scores = fields.get("labels"), fields.get("intents", {})
    if not isinstance(labels, list) or not isinstance(scores, dict):
        raise InputError("'labels' must be a list and 'intents' an object of scores")
    unknown = sorted({*map(str, labels), *scores} - set(intents))
    if unknown:
        raise InputError(f"unknown intent {unknown[0]!r}; known are: {', '.join(intents)}")
    for name, score in scores.items():
        if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
            raise InputError(f"the score of {name!r} must be a number from 0 to 1")
    return Prediction(frozenset(labels), read_spans(fields, row.message.text, types), scores)
