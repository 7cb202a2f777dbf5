"""New calibration and thresholds for a model folder, from labelled messages of one's own.

The model itself stays as it is; a new folder is written, never one changed in place.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from sidedoor import Analysis
from sidedoor.calibration import calibrate
from sidedoor.errors import InputError, ModelFolderError
from sidedoor.model_folder import IntentConfig, ModelConfig, write_config
from sidedoor_evaluation.bootstrap import Floats
from sidedoor_evaluation.counts import SOLICIT
from sidedoor_evaluation.gold import GoldRow
from sidedoor_evaluation.metrics import calibration_error

FEWEST: Final = 10
"""Fewest messages with an intent, and without it, to calibrate on."""
_CLIP: Final = 1e-12
_SHOWN: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


@dataclass(frozen=True, slots=True)
class Fit:
    """One intent before and after; `scores` are the new ones, shape = (messages,)."""

    before: IntentConfig
    after: IntentConfig
    old_scores: Floats
    scores: Floats
    gold: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold costs: shares of the messages with, and without the intent."""

    threshold: float
    precision: float
    recall: float
    false_flags: float


def budgets_of(config: ModelConfig, flags: float, others: Sequence[str]) -> dict[str, float]:
    """The budgets by intent: `flags` for `solicit-contact`, `others` as `INTENT=SHARE`.

    Raises:
        InputError: one names an intent that the model does not know, or no share.
    """
    names = [intent.name for intent in config.intents]
    budgets = {SOLICIT: flags} if SOLICIT in names else {}
    for entry in others:
        name, _, share = entry.partition("=")
        try:
            budgets[name] = float(share)
        except ValueError:
            raise InputError(f"--budget {entry}: write INTENT=SHARE, such as x=0.02") from None
        if name not in names or not 0 <= budgets[name] <= 1:
            raise InputError(
                f"--budget {entry}: the intent must be one of {', '.join(names)}, "
                "the share lie between 0 and 1"
            )
    return budgets


def recalibrate(
    config: ModelConfig,
    gold: Sequence[GoldRow],
    analyses: Sequence[Analysis],
    budgets: Mapping[str, float],
) -> list[Fit]:
    """Fits each intent to the messages; one without a budget of false flags has none to keep.

    Raises:
        InputError: an intent occurs too seldom, or too often, to be fitted.
    """
    fits = []
    for index, before in enumerate(config.intents):
        labels = np.array([before.name in row.intents for row in gold])
        if min(labels.sum(), (~labels).sum()) < FEWEST:
            raise InputError(
                f"{int(labels.sum())} of {len(gold)} messages are {before.name!r}; at least "
                f"{FEWEST} with it and {FEWEST} without are needed: label more"
            )
        old = np.array([analysis.intents[index].score for analysis in analyses])
        logits = _logits(old, before)
        after = calibrate(before.name, logits, labels, budgets.get(before.name, 1.0))
        scores = 1 / (1 + np.exp(-(logits / after.temperature + after.bias)))
        fits.append(Fit(before, after, old, scores, labels))
    return fits


def write_recalibrated(
    source: Path, output: Path, config: ModelConfig, fits: Sequence[Fit]
) -> None:
    """Writes a copy of the model folder with the new configuration, without the old card.

    Raises:
        ModelFolderError: the folder to write exists.
    """
    check_new(output)
    output.mkdir(parents=True)
    for name in config.files:
        shutil.copyfile(source / name, output / name)
    write_config(output, config.model_copy(update={"intents": [fit.after for fit in fits]}))


def check_new(output: Path) -> None:
    """Checks that a folder can be written.

    Raises:
        ModelFolderError: it exists.
    """
    if output.exists():
        raise ModelFolderError(f"{output} exists; name a new folder, none is changed in place")


def curve(fit: Fit) -> list[Point]:
    """What thresholds cost, the chosen one among them, in order."""
    return [point(fit, at) for at in sorted({*_SHOWN, fit.after.threshold})]


def point(fit: Fit, threshold: float) -> Point:
    """What one threshold costs."""
    flagged = fit.scores >= threshold
    hits = int((flagged & fit.gold).sum())
    return Point(
        threshold,
        precision=hits / flagged.sum() if flagged.any() else float("nan"),
        recall=hits / fit.gold.sum(),
        false_flags=int((flagged & ~fit.gold).sum()) / (~fit.gold).sum(),
    )


def curve_table(fit: Fit) -> Table:
    """The curve, the chosen point marked, and the calibration error before and after."""
    before, after = (_error(scores, fit.gold) for scores in (fit.old_scores, fit.scores))
    table = Table(
        title=f"{fit.after.name}: calibration error {before:.3f} → {after:.3f}, threshold "
        f"{fit.before.threshold:.3f} → {fit.after.threshold:.3f}",
        title_justify="left",
    )
    for column in ("threshold", "precision", "recall", "false flags", ""):
        table.add_column(column, justify="right")
    for row in curve(fit):
        chosen = row.threshold == fit.after.threshold
        table.add_row(
            f"{row.threshold:.3f}",
            f"{row.precision:.3f}",
            f"{row.recall:.3f}",
            f"{row.false_flags:.1%}",
            "← chosen" if chosen else "",
            style="bold" if chosen else None,
        )
    return table


def _logits(scores: Floats, config: IntentConfig) -> Floats:
    """The model's logits, from scores that were calibrated by `config`."""
    clipped = np.clip(scores, _CLIP, 1 - _CLIP)
    logits: Floats = (np.log(clipped / (1 - clipped)) - config.bias) * config.temperature
    return logits


def _error(scores: Floats, gold: NDArray[np.bool_]) -> float:
    even = np.ones((1, len(scores)))
    return float(calibration_error(even, scores, gold.astype(float))[0])
