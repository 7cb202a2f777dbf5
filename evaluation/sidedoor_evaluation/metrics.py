"""Scores of intents, spans and flags against labelled messages.

Intents are scored one by one (independent labels); spans as sets of (type, start, end) by
message; false flags by what the message really is.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sklearn.metrics import precision_recall_fscore_support

from sidedoor.analysis import Analysis
from sidedoor_evaluation.gold import GoldRow

SOLICIT: Final = "solicit-contact"
OVERLAP: Final = 0.5
"""Least intersection over union, in code points, for two spans of a type to match loosely."""

Triple = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Scores:
    """Precision, recall and F1 with the counts that they come from."""

    precision: float
    recall: float
    f1: float
    tp: int
    fp: int
    fn: int

    @classmethod
    def of(cls, tp: int, fp: int, fn: int) -> "Scores":
        """From true positives, false positives and false negatives; 0 where undefined."""
        precision = tp / (tp + fp) if tp + fp else 0.0
        recall = tp / (tp + fn) if tp + fn else 0.0
        f1 = 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else 0.0
        return cls(precision, recall, f1, tp, fp, fn)


@dataclass(frozen=True, slots=True)
class Flags:
    """How many messages of a kind are labelled `solicit-contact`."""

    messages: int
    flagged: int

    @property
    def rate(self) -> float:
        return self.flagged / self.messages if self.messages else 0.0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All scores of one model on one set of messages.

    `span_strict` and `span_overlap` have an entry a type and one called `all`; `characters`
    counts code points of personal data of any type.
    """

    messages: int
    intents: dict[str, Scores]
    macro_f1: float
    exact_match: float
    span_strict: dict[str, Scores]
    span_overlap: Scores
    characters: Scores
    flags: dict[str, Flags]

    def to_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        content = asdict(self)
        for kind, flags in self.flags.items():
            content["flags"][kind]["rate"] = flags.rate
        return content


def evaluate(
    gold: Sequence[GoldRow],
    analyses: Sequence[Analysis],
    intents: Sequence[str],
    types: Sequence[str],
) -> Evaluation:
    """Scores analyses against the gold rows in the same order."""
    pairs = list(zip(gold, analyses, strict=True))
    by_intent = _intents(pairs, intents)
    strict = {kind: _strict(pairs, kind) for kind in types}
    return Evaluation(
        messages=len(pairs),
        intents=by_intent,
        macro_f1=sum(scores.f1 for scores in by_intent.values()) / len(by_intent),
        exact_match=_share(row.intents == set(analysis.labels) for row, analysis in pairs),
        span_strict={**strict, "all": _strict(pairs, None)},
        span_overlap=_overlapping(pairs),
        characters=_characters(pairs),
        flags={kind: _flags(pairs, is_kind) for kind, is_kind in _KINDS.items()},
    )


def gold_spans(row: GoldRow) -> set[Triple]:
    """The labelled spans of a row."""
    return {(span.type, span.start, span.end) for span in row.pii}


def found_spans(analysis: Analysis) -> set[Triple]:
    """The spans of an analysis."""
    return {(span.type, span.start, span.end) for span in analysis.pii}


_Pairs = Sequence[tuple[GoldRow, Analysis]]


def _intents(pairs: _Pairs, intents: Sequence[str]) -> dict[str, Scores]:
    gold = [[name in row.intents for name in intents] for row, _ in pairs]
    found = [[name in analysis.labels for name in intents] for _, analysis in pairs]
    precision, recall, f1, _ = precision_recall_fscore_support(
        gold, found, average=None, zero_division=0.0
    )
    scores = {}
    for index, name in enumerate(intents):
        tp = sum(g[index] and f[index] for g, f in zip(gold, found, strict=True))
        fp = sum(f[index] for f in found) - tp
        fn = sum(g[index] for g in gold) - tp
        scores[name] = Scores(
            float(precision[index]), float(recall[index]), float(f1[index]), tp, fp, fn
        )
    return scores


def _strict(pairs: _Pairs, kind: str | None) -> Scores:
    tp = fp = fn = 0
    for row, analysis in pairs:
        gold = {span for span in gold_spans(row) if kind in (None, span[0])}
        found = {span for span in found_spans(analysis) if kind in (None, span[0])}
        tp += len(gold & found)
        fp += len(found - gold)
        fn += len(gold - found)
    return Scores.of(tp, fp, fn)


def _overlapping(pairs: _Pairs) -> Scores:
    """Spans of a type match, one to one and greedily, from an IoU of `OVERLAP` on."""
    tp = fp = fn = 0
    for row, analysis in pairs:
        found = found_spans(analysis)
        count = len(found)
        hits = 0
        for span in sorted(gold_spans(row)):
            ranked = sorted((_iou(span, other), other) for other in found)
            if ranked and ranked[-1][0] >= OVERLAP:
                found.remove(ranked[-1][1])
                hits += 1
        tp += hits
        fp += count - hits
        fn += len(row.pii) - hits
    return Scores.of(tp, fp, fn)


def _iou(first: Triple, second: Triple) -> float:
    if first[0] != second[0]:
        return 0.0
    shared = min(first[2], second[2]) - max(first[1], second[1])
    union = max(first[2], second[2]) - min(first[1], second[1])
    return max(0, shared) / union


def _characters(pairs: _Pairs) -> Scores:
    tp = fp = fn = 0
    for row, analysis in pairs:
        gold = {k for _, start, end in gold_spans(row) for k in range(start, end)}
        found = {k for _, start, end in found_spans(analysis) for k in range(start, end)}
        tp += len(gold & found)
        fp += len(found - gold)
        fn += len(gold - found)
    return Scores.of(tp, fp, fn)


_KINDS: Final[dict[str, Callable[[GoldRow], bool]]] = {
    "refusals and rules": lambda row: row.intents == {"explain-policy"},
    "work details": lambda row: row.intents == {"share-requirement-info"},
    "no intent": lambda row: not row.intents,
    "solicitations": lambda row: SOLICIT in row.intents,
}


def _flags(pairs: _Pairs, is_kind: Callable[[GoldRow], bool]) -> Flags:
    kind = [analysis for row, analysis in pairs if is_kind(row)]
    return Flags(len(kind), sum(SOLICIT in analysis.labels for analysis in kind))


def _share(values: Iterable[bool]) -> float:
    values = list(values)
    return sum(values) / len(values)
