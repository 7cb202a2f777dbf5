"""One run of `sidedoor evaluate`: systems predict, counts are taken, figures made of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.progress import Progress

from sidedoor.disguises import DISGUISES
from sidedoor.errors import InputError
from sidedoor_evaluation.bootstrap import Bootstrap
from sidedoor_evaluation.comparison import compare
from sidedoor_evaluation.counts import Counts, count
from sidedoor_evaluation.gold import GoldRow
from sidedoor_evaluation.metrics import evaluate
from sidedoor_evaluation.mistakes import mistakes
from sidedoor_evaluation.prediction import Prediction
from sidedoor_evaluation.result import About, Beside, Result
from sidedoor_evaluation.robustness import Robustness, robustness
from sidedoor_evaluation.slices import check_fields, slices
from sidedoor_evaluation.system import FileSystem, ModelSystem, System

MISTAKES: Final = 25
"""Worst messages kept in a result."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What to do beyond the plain figures: slice, disguise and retype, chart, mask texts.

    A report has a chart of robustness, wherever the system can be run on new messages.
    """

    bootstrap: Bootstrap
    by: tuple[str, ...] = ()
    robustness: bool = False
    report: bool = False
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a system said, and the counts of it."""

    system: System
    kind: str
    predictions: Sequence[Prediction]
    counts: Counts


def run(
    source: str,
    gold: Sequence[GoldRow],
    systems: Sequence[tuple[str, System]],
    wishes: Wishes,
    progress: Progress,
) -> tuple[list[Outcome], Result]:
    """Runs the systems, the first being the evaluated one, and makes all figures of it.

    Raises:
        InputError: no row has a field that is to be sliced by; or predictions from a file are
            to be disguised.
    """
    check_fields(gold, wishes.by)
    if wishes.robustness and isinstance(systems[0][1], FileSystem):
        raise InputError("predictions from a file can't be disguised; leave out --robustness")
    outcomes = [_outcome(kind, system, gold, progress) for kind, system in systems]
    tried = _robustness(outcomes[0], gold, wishes, progress)
    progress.add_task("bootstrapping", total=None)
    return outcomes, _result(source, gold, outcomes, tried, wishes)


def _outcome(kind: str, system: System, gold: Sequence[GoldRow], progress: Progress) -> Outcome:
    predicted = system.predict(row.message for row in gold)
    predictions = list(progress.track(predicted, total=len(gold), description=system.name))
    counts = count(gold, predictions, system.intents, system.types)
    return Outcome(system, kind, predictions, counts)


def _robustness(
    first: Outcome, gold: Sequence[GoldRow], wishes: Wishes, progress: Progress
) -> Robustness | None:
    if not (wishes.robustness or wishes.report) or isinstance(first.system, FileSystem):
        return None
    task = progress.add_task("disguising", total=len(DISGUISES) + 1)
    return robustness(
        gold, first.predictions, first.system, wishes.bootstrap, lambda: progress.advance(task)
    )


def _result(
    source: str,
    gold: Sequence[GoldRow],
    outcomes: Sequence[Outcome],
    tried: Robustness | None,
    wishes: Wishes,
) -> Result:
    first, *others = outcomes
    name, bootstrap = first.system.name, wishes.bootstrap
    worst = mistakes(
        gold, first.predictions, first.counts.intents, limit=MISTAKES, masked=wishes.masked
    )
    return Result(
        about=About.of(name, _digest(first.system), source, gold, bootstrap),
        gold=gold,
        evaluation=evaluate(first.counts, bootstrap),
        slices=tuple(slices(gold, first.counts, bootstrap, wishes.by)),
        beside=tuple(
            Beside(other.system.name, other.kind, evaluate(other.counts, bootstrap))
            for other in others
        ),
        comparisons=tuple(
            compare((name, other.system.name), first.counts, other.counts, bootstrap)
            for other in others
            if other.kind == "model"
        ),
        robustness=tried,
        mistakes=tuple(worst),
    )


def _digest(system: System) -> str | None:
    if not isinstance(system, ModelSystem):
        return None
    return system.analyzer.config.files["model.onnx"]
