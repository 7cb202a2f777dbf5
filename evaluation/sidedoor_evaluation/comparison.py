"""Whether one system is better than another on the same messages.

Differences have intervals by a paired bootstrap: both systems are scored on the same draws.
McNemar's exact test (1947) asks whether messages that only one of them gets right are as many
on the one side as on the other.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sidedoor_evaluation.bootstrap import Bootstrap, Figure, Floats, Path, Sample, interval, rounded
from sidedoor_evaluation.counts import ALL, SOLICIT, Counts
from sidedoor_evaluation.gold import GoldRow
from sidedoor_evaluation.metrics import sample
from sidedoor_evaluation.slices import false_flags

SHOWN: Final = 20
"""Most messages listed that got better, and that got worse."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The second system's figure less the first's.

    `probability` is the two-sided share of draws on which the difference has the other sign.
    """

    name: str
    first: float
    second: float
    difference: Figure
    probability: float

    def to_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "name": self.name,
            "first": round(self.first, 4),
            "second": round(self.second, 4),
            "difference": self.difference.to_dict(),
            "probability": rounded(self.probability),
        }


@dataclass(frozen=True, slots=True)
class McNemar:
    """Messages that only the first, and only the second system gets right, and the p-value."""

    name: str
    only_first: int
    only_second: int
    probability: float

    def to_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "name": self.name,
            "only_first": self.only_first,
            "only_second": self.only_second,
            "probability": round(self.probability, 4),
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """A second system against a first; `better` and `worse` are row indices, most changed first."""

    first: str
    second: str
    differences: tuple[Difference, ...]
    tests: tuple[McNemar, ...]
    better: tuple[int, ...]
    worse: tuple[int, ...]

    def to_dict(self, gold: Sequence[GoldRow]) -> dict[str, Any]:
        """As a JSON object; messages by id, or by their number in the file."""
        return {
            "first": self.first,
            "second": self.second,
            "differences": [difference.to_dict() for difference in self.differences],
            "mcnemar": [test.to_dict() for test in self.tests],
            "better": [_name(gold, index) for index in self.better],
            "worse": [_name(gold, index) for index in self.worse],
        }


def compare(
    names: tuple[str, str], first: Counts, second: Counts, bootstrap: Bootstrap
) -> Comparison:
    """Compares the counts of two systems on the same messages, over what both speak of."""

    def differences(weights: Floats) -> Sample:
        a, b = _headlines(first, weights), _headlines(second, weights)
        return {path: b[path] - a[path] for path in a if path in b}

    even = np.ones((1, len(first)))
    a, b = _headlines(first, even), _headlines(second, even)
    drawn = bootstrap.sample(differences, len(first))
    rows = []
    for path in (path for path in a if path in b):
        value = float((b[path] - a[path])[0])
        draws = drawn.get(path, np.empty(0))
        rows.append(
            Difference(
                name=" ".join(path),
                first=float(a[path][0]),
                second=float(b[path][0]),
                difference=Figure(value, *interval(draws)),
                probability=_sign_probability(draws),
            )
        )
    change = _errors(second) - _errors(first)
    order = np.argsort(change, kind="stable")
    return Comparison(
        first=names[0],
        second=names[1],
        differences=tuple(row for row in rows if not math.isnan(row.difference.value)),
        tests=tuple(_tests(first, second)),
        better=tuple(int(k) for k in order if change[k] < 0),
        worse=tuple(int(k) for k in order[::-1] if change[k] > 0),
    )


def mcnemar(name: str, first: NDArray[np.bool_], second: NDArray[np.bool_]) -> McNemar:
    """The exact two-sided test on which messages each system gets right."""
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    total, least = only_first + only_second, min(only_first, only_second)
    tail = sum(math.comb(total, k) for k in range(least + 1))
    return McNemar(name, only_first, only_second, min(1.0, float(2 * tail / 2**total)))


def _tests(first: Counts, second: Counts) -> list[McNemar]:
    tests = [
        mcnemar(name, *(_right(counts, name) for counts in (first, second)))
        for name in first.intents
        if name in second.intents
    ]
    if first.intents == second.intents:
        tests.append(mcnemar("all intents", *(_exact(counts) for counts in (first, second))))
    spans = (counts.spans["strict"][:, -1, 1:].sum(axis=1) == 0 for counts in (first, second))
    return [*tests, mcnemar("all spans", *spans)]


def _headlines(counts: Counts, weights: Floats) -> dict[Path, Floats]:
    figures = sample(counts, weights)
    keys: list[Path] = [("macro_f1",), ("exact_match",)] if len(counts.intents) > 1 else []
    keys += [("intents", name, "f1") for name in counts.intents]
    keys += [("average_precision", name) for name in counts.intents]
    keys += [("spans", measure, ALL, "f1") for measure in counts.spans]
    found = {_short(path): figures[path] for path in keys if path in figures}
    if SOLICIT in counts.intents:
        found["false", "flags"] = false_flags(counts, weights)
    return found


def _short(path: Path) -> Path:
    names = {"macro_f1": "macro F1", "exact_match": "exact match", "f1": "F1", ALL: ""}
    parts = [names.get(part, part.replace("_", " ")) for part in path if part != "intents"]
    return tuple(part for part in parts if part)


def _right(counts: Counts, name: str) -> NDArray[np.bool_]:
    column = counts.intents.index(name)
    right: NDArray[np.bool_] = counts.gold[:, column] == counts.found[:, column]
    return right


def _exact(counts: Counts) -> NDArray[np.bool_]:
    exact: NDArray[np.bool_] = (counts.gold == counts.found).all(axis=1)
    return exact


def _errors(counts: Counts) -> NDArray[np.int64]:
    """Wrong intents and wrong or missing spans of each message."""
    wrong = (counts.gold != counts.found).sum(axis=1)
    errors: NDArray[np.int64] = wrong + counts.spans["strict"][:, -1, 1:].sum(axis=1)
    return errors


def _sign_probability(draws: Floats) -> float:
    defined = draws[~np.isnan(draws)]
    if not len(defined):
        return math.nan
    below, above = (defined <= 0).mean(), (defined >= 0).mean()
    return float(min(1.0, 2 * min(below, above)))


def _name(gold: Sequence[GoldRow], index: int) -> str:
    return gold[index].message.id or f"message {index + 1}"
