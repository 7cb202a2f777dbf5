"""Training that is killed and goes on, and training by several processes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import pytest
import torch
import yaml
from tests.conftest import INTENTS
from tests.training.test_model import ROWS, project

from sidedoor import ConfigurationError
from sidedoor_training.checkpoint import Checkpoint
from sidedoor_training.fine_tuning import fine_tune, share_of_batch
from sidedoor_training.recipe import read_recipe
from sidedoor_training.run_states import newest_state, prepare

__all__ = ["project"]

BIN: Final = Path(sys.executable).parent
WAIT_S: Final = 300


@pytest.fixture
def longer(project: Path) -> Path:
    """A recipe whose states lie within epochs, with dropout and values that are refilled."""
    corpus = project / "corpus"
    lines = [{**row, "text": str(row["text"]).replace("!|", "|")} for row in ROWS] * 4
    for k, row in enumerate(lines):
        row["text"] = f"{k} {row['text']}"
    header = {"brief": "sixteen messages", "split": "train"}
    text = "\n".join(json.dumps(line) for line in [header, *lines]) + "\n"
    (corpus / "train.jsonl").write_text(text)
    recipe = yaml.safe_load((project / "recipe.yaml").read_text())
    recipe["data"] |= {"typing_noise": 0.5, "disguise_solicitation": 0.5}
    recipe["optimisation"] |= {
        "epochs": 45,
        "batch_size": 4,
        "gradient_accumulation": 2,
        "dropout": 0.1,
        "int8_noise_from": 0.5,
        "evaluations": 10,
        "patience": 99,
        "learning_rate": 1e-3,
    }
    (project / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    return project


def _losses(run: Path) -> dict[int, float]:
    state = newest_state(run)
    assert state is not None
    history = json.loads((state / "trainer_state.json").read_text())["log_history"]
    return {row["step"]: row["loss"] for row in history if "loss" in row}


def _start(project: Path, run: str, *launcher: str, resume: bool = False) -> Any:
    command = [*launcher, str(BIN / "sidedoor"), "train", "recipe.yaml", "-o", run]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PATH": f"{BIN}:{os.environ['PATH']}"}
    return subprocess.Popen(
        [*command, *(["--resume"] if resume else [])],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _finish(process: Any) -> None:
    output, _ = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0, output


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_losses_and_weights(longer: Path) -> None:
    process = _start(longer, "killed")
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end and process.poll() is None:
        if newest_state(longer / "killed"):
            break
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = newest_state(longer / "killed")
    assert before is not None
    assert process.returncode == -signal.SIGKILL
    assert not (longer / "killed" / "checkpoint").exists()
    # What is half written is not resumed from.
    (longer / "killed" / "checkpoint-9999").mkdir()
    whole = _start(longer, "whole")
    _finish(whole)
    _finish(_start(longer, "killed", resume=True))
    assert not (longer / "killed" / "checkpoint-9999").exists()
    losses = [_losses(longer / name) for name in ("whole", "killed")]
    assert losses[0].keys() == losses[1].keys()
    assert max(losses[0]) > int(before.name.rpartition("-")[2])
    for step, loss in losses[0].items():
        assert losses[1][step] == pytest.approx(loss, abs=1e-3), step
    models = [Checkpoint.load(longer / name / "checkpoint").model for name in ("whole", "killed")]
    for first, second in zip(*(model.parameters() for model in models), strict=True):
        torch.testing.assert_close(first, second, atol=1e-4, rtol=1e-4)


@pytest.mark.slow
def test_two_processes_train_by_the_same_recipe(longer: Path) -> None:
    launcher = (
        str(BIN / "torchrun"), "--standalone", "--nproc-per-node=2", "--no-python",
    )  # fmt: skip
    _finish(_start(longer, "two", *launcher))
    _finish(_start(longer, "one"))
    losses = [_losses(longer / name) for name in ("one", "two")]
    assert losses[0].keys() == losses[1].keys()
    last = max(losses[0])
    assert losses[1][last] == pytest.approx(losses[0][last], abs=0.5)
    assert losses[1][last] < 0.5 * losses[1][min(losses[1])]
    one, two = (Checkpoint.load(longer / name / "checkpoint") for name in ("one", "two"))
    assert one.recipe.optimisation == two.recipe.optimisation
    assert two.labels.intents == list(INTENTS)
    assert list((longer / "two").rglob("events.out.tfevents*"))


def test_accumulated_batches_count_as_their_mean(longer: Path) -> None:
    recipe = yaml.safe_load((longer / "recipe.yaml").read_text())
    recipe["optimisation"] |= {"epochs": 1, "evaluations": 1, "dropout": 0.0}
    first = []
    for batch, accumulated in ((8, 1), (4, 2), (2, 4)):
        recipe["optimisation"] |= {"batch_size": batch, "gradient_accumulation": accumulated}
        (longer / "recipe.yaml").write_text(yaml.safe_dump(recipe))
        fine_tune(longer / "recipe.yaml", longer / f"by-{batch}")
        losses = _losses(longer / f"by-{batch}")
        first.append(losses[min(losses)])
    assert first == pytest.approx([first[0]] * 3, rel=0.2)


def test_a_batch_is_shared_out_evenly_or_not_at_all(project: Path) -> None:
    recipe = read_recipe(project / "recipe.yaml")
    assert [share_of_batch(recipe, processes) for processes in (1, 2, 4)] == [4, 2, 1]
    with pytest.raises(ConfigurationError, match="a multiple of 3"):
        share_of_batch(recipe, 3)


def test_another_run_is_not_resumed(tmp_path: Path) -> None:
    about = {"recipe": "1", "corpus": "1"}
    prepare(tmp_path, about, resume=False)
    assert newest_state(tmp_path) is None
    for step, whole in ((5, True), (40, True), (200, False)):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if whole:
            (tmp_path / f"checkpoint-{step}" / "whole").touch()
    assert newest_state(tmp_path) == tmp_path / "checkpoint-40"
    with pytest.raises(ConfigurationError, match="another corpus"):
        prepare(tmp_path, {**about, "corpus": "2"}, resume=True)
    prepare(tmp_path, about, resume=True)
    assert not (tmp_path / "checkpoint-200").exists()
    prepare(tmp_path, about, resume=False)
    assert newest_state(tmp_path) is None
