from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.conftest import INTENTS
from tests.evaluation.cases import S, analysis, gold

from sidedoor import Analyzer, InputError, ModelFolderError
from sidedoor.model_folder import MODEL_FILE, ModelConfig, read_config, sha256
from sidedoor_evaluation.recalibration import (
    Fit,
    budgets_of,
    curve,
    recalibrate,
    write_recalibrated,
)


def _fits(config: ModelConfig, budget: float) -> list[Fit]:
    """Scores that are twice as sure as they may be, and a little too high."""
    rng = np.random.default_rng(4)
    rows, analyses = [], []
    for _ in range(600):
        logits = rng.normal(-0.5, 1.5, len(INTENTS))
        labels = rng.random(len(INTENTS)) < 1 / (1 + np.exp(-logits))
        scores = 1 / (1 + np.exp(-(2 * logits + 0.5)))
        names = tuple(name for name, there in zip(INTENTS, labels, strict=True) if there)
        by_name = {k.replace("-", "_"): float(s) for k, s in zip(INTENTS, scores, strict=True)}
        rows.append(gold(names))
        analyses.append(analysis((), **by_name))
    return recalibrate(config, rows, analyses, dict.fromkeys(INTENTS, budget))


@pytest.fixture(scope="module")
def config(model_folder: Path) -> ModelConfig:
    return read_config(model_folder)


def test_calibration_is_undone_and_fitted_anew(config: ModelConfig) -> None:
    for fit in _fits(config, 0.05):
        assert fit.after.temperature == pytest.approx(2, rel=0.25)
        assert abs(fit.scores.mean() - fit.gold.mean()) < 0.02
        assert _log_loss(fit.scores, fit.gold) < _log_loss(fit.old_scores, fit.gold) - 0.03


def _log_loss(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    return float(-np.log(np.where(labels, scores, 1 - scores)).mean())


@pytest.mark.parametrize("budget", [0.0, 0.01, 0.2])
def test_the_chosen_threshold_keeps_to_the_budget(config: ModelConfig, budget: float) -> None:
    for fit in _fits(config, budget):
        points = curve(fit)
        (chosen,) = [point for point in points if point.threshold == fit.after.threshold]
        assert chosen.false_flags <= budget
        falling = [point.recall for point in points]
        assert falling == sorted(falling, reverse=True)


def test_a_new_folder_is_written_and_the_old_one_stays(
    tmp_path: Path, model_folder: Path, config: ModelConfig
) -> None:
    before = sha256(model_folder / "config.json")
    output = tmp_path / "new"
    fits = _fits(config, 0.01)
    write_recalibrated(model_folder, output, config, fits)
    loaded = Analyzer.load(output)
    assert list(loaded.config.intents) == [fit.after for fit in fits]
    assert sha256(output / MODEL_FILE) == sha256(model_folder / MODEL_FILE)
    assert sha256(model_folder / "config.json") == before
    with pytest.raises(ModelFolderError, match="none is changed in place"):
        write_recalibrated(model_folder, output, config, fits)


def test_too_few_messages_are_named(config: ModelConfig) -> None:
    rows = [gold((S,)) for _ in range(30)]
    with pytest.raises(InputError, match="30 of 30 messages are 'solicit-contact'"):
        recalibrate(config, rows, [analysis() for _ in rows], {})


def test_budgets_are_read(config: ModelConfig) -> None:
    assert budgets_of(config, 0.01, ["explain-policy=0.5"]) == {S: 0.01, "explain-policy": 0.5}
    for entry in ("explain-policy", "flirt=0.1", "explain-policy=2"):
        with pytest.raises(InputError, match="--budget"):
            budgets_of(config, 0.01, [entry])
