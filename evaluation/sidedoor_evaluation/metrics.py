"""All figures of one system on one set of messages, each with its bootstrap interval.

Intents are scored one by one, as independent labels; a figure that is not defined (the precision
of what was never said, the recall of what never occurs) is NaN and left out of means.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sidedoor_evaluation.bootstrap import Bootstrap, Figure, Floats, Path, Sample, ratio
from sidedoor_evaluation.counts import ALL, KINDS, MEASURES, SOLICIT, Counts, Integers

BINS: Final = 10
"""Bins of equal width for the expected calibration error."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Precision, recall and F1 with the counts that they come from."""

    precision: Figure
    recall: Figure
    f1: Figure
    tp: int
    fp: int
    fn: int

    def to_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        counts = {"tp": self.tp, "fp": self.fp, "fn": self.fn}
        return {
            **{name: getattr(self, name).to_dict() for name in ("precision", "recall", "f1")},
            **counts,
        }


@dataclass(frozen=True, slots=True)
class Flags:
    """How many messages of a kind are labelled `solicit-contact`."""

    messages: int
    flagged: int
    rate: Figure

    def to_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"messages": self.messages, "flagged": self.flagged, "rate": self.rate.to_dict()}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All figures.

    `average_precision` and `calibration_error` are empty where the system gives no scores;
    `spans` holds for each measure an entry a type and one called `all`, which for characters
    counts code points of any type.
    """

    messages: int
    intents: dict[str, Scores]
    average_precision: dict[str, Figure]
    calibration_error: dict[str, Figure]
    macro_f1: Figure
    exact_match: Figure
    spans: dict[str, dict[str, Scores]]
    flags: dict[str, Flags]

    def to_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "messages": self.messages,
            "intents": {name: scores.to_dict() for name, scores in self.intents.items()},
            "average_precision": _dicts(self.average_precision),
            "calibration_error": _dicts(self.calibration_error),
            "macro_f1": self.macro_f1.to_dict(),
            "exact_match": self.exact_match.to_dict(),
            "spans": {
                measure: {kind: scores.to_dict() for kind, scores in by_type.items()}
                for measure, by_type in self.spans.items()
            },
            "flags": {kind: flags.to_dict() for kind, flags in self.flags.items()},
        }


def evaluate(counts: Counts, bootstrap: Bootstrap) -> Evaluation:
    """The figures of a system's counts."""
    figures = bootstrap.figures(lambda weights: sample(counts, weights), len(counts))
    intents = _hits(counts).sum(axis=0)
    spans = {measure: counts.spans[measure].sum(axis=0) for measure in MEASURES}
    return Evaluation(
        messages=len(counts),
        intents={
            name: _scores(figures, ("intents", name), intents[index])
            for index, name in enumerate(counts.intents)
        },
        average_precision=_named(figures, "average_precision"),
        calibration_error=_named(figures, "calibration_error"),
        macro_f1=figures["macro_f1",],
        exact_match=figures["exact_match",].of_proportion(len(counts)),
        spans={
            measure: {
                kind: _scores(figures, ("spans", measure, kind), spans[measure][index])
                for index, kind in enumerate((*counts.types, ALL))
            }
            for measure in MEASURES
        },
        flags=_flags(figures, counts) if SOLICIT in counts.intents else {},
    )


def sample(counts: Counts, weights: Floats) -> Sample:
    """All figures for each draw; `weights` has shape = (draws, messages)."""
    found: Sample = {}
    intents = np.tensordot(weights, _hits(counts), axes=(1, 0))
    for index, name in enumerate(counts.intents):
        _add(found, ("intents", name), intents[:, index])
    found["macro_f1",] = _mean([found["intents", name, "f1"] for name in counts.intents], weights)
    exact = (counts.gold == counts.found).all(axis=1)
    found["exact_match",] = weights @ exact / weights.sum(axis=1)
    for measure, array in counts.spans.items():
        totals = np.tensordot(weights, array, axes=(1, 0))
        for index, kind in enumerate((*counts.types, ALL)):
            _add(found, ("spans", measure, kind), totals[:, index])
    kinds = np.tensordot(weights, counts.kinds, axes=(1, 0))
    for index, kind in enumerate(KINDS):
        found["flags", kind, "rate"] = ratio(kinds[:, index, 1], kinds[:, index, 0])
    if counts.scores is not None:
        for index, name in enumerate(counts.intents):
            scores, gold = counts.scores[:, index], counts.gold[:, index].astype(float)
            found["average_precision", name] = average_precision(weights, scores, gold)
            found["calibration_error", name] = calibration_error(weights, scores, gold)
    return found


def average_precision(weights: Floats, scores: Floats, gold: Floats) -> Floats:
    """Average precision of each draw: precision weighted by the recall gained at each score."""
    order = np.argsort(-scores, kind="stable")
    ranked, drawn = scores[order], weights[:, order]
    last_of_ties = np.flatnonzero(np.diff(ranked, append=-1.0))
    hits = np.cumsum(drawn * gold[order], axis=1)[:, last_of_ties]
    flagged = np.cumsum(drawn, axis=1)[:, last_of_ties]
    precision = hits / np.maximum(flagged, 1)
    return ratio((np.diff(hits, prepend=0, axis=1) * precision).sum(axis=1), hits[:, -1])


def calibration_error(weights: Floats, scores: Floats, gold: Floats) -> Floats:
    """Expected calibration error of each draw (Naeini et al. 2015), over `BINS` bins."""
    residuals = np.zeros((len(scores), BINS))
    residuals[np.arange(len(scores)), bin_of(scores)] = gold - scores
    error: Floats = np.abs(weights @ residuals).sum(axis=1) / weights.sum(axis=1)
    return error


def bin_of(scores: Floats) -> Integers:
    """The bin of each score."""
    bins: Integers = np.minimum((scores * BINS).astype(np.int64), BINS - 1)
    return bins


def _hits(counts: Counts) -> Floats:
    """Hits, false alarms and misses of intents; shape = (messages, intents, 3)."""
    gold, found = counts.gold, counts.found
    stacked: Floats = np.stack([gold & found, found & ~gold, gold & ~found], axis=2).astype(float)
    return stacked


def _add(found: Sample, path: Path, totals: Floats) -> None:
    """Adds precision, recall and F1; `totals` has shape = (draws, 3)."""
    tp, fp, fn = totals[:, 0], totals[:, 1], totals[:, 2]
    found[*path, "precision"] = ratio(tp, tp + fp)
    found[*path, "recall"] = ratio(tp, tp + fn)
    found[*path, "f1"] = ratio(2 * tp, 2 * tp + fp + fn)


def _mean(columns: list[Floats], weights: Floats) -> Floats:
    """The mean over the columns that are defined in a draw."""
    if not columns:
        return np.full(len(weights), np.nan)
    stacked = np.stack(columns)
    defined = (~np.isnan(stacked)).sum(axis=0).astype(float)
    return ratio(np.nansum(stacked, axis=0), defined)


def _scores(figures: dict[Path, Figure], path: Path, counts: Floats) -> Scores:
    tp, fp, fn = (int(number) for number in counts)
    return Scores(
        precision=figures[*path, "precision"].of_proportion(tp + fp),
        recall=figures[*path, "recall"].of_proportion(tp + fn),
        f1=figures[*path, "f1"],
        tp=tp,
        fp=fp,
        fn=fn,
    )


def _flags(figures: dict[Path, Figure], counts: Counts) -> dict[str, Flags]:
    totals = counts.kinds.sum(axis=0)
    return {
        kind: Flags(
            messages=int(totals[index, 0]),
            flagged=int(totals[index, 1]),
            rate=figures["flags", kind, "rate"].of_proportion(totals[index, 0]),
        )
        for index, kind in enumerate(KINDS)
    }


def _named(figures: dict[Path, Figure], first: str) -> dict[str, Figure]:
    return {path[1]: figure for path, figure in figures.items() if path[0] == first}


def _dicts(figures: dict[str, Figure]) -> dict[str, Any]:
    return {name: figure.to_dict() for name, figure in figures.items()}
