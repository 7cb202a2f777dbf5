"""Averages the weights of checkpoints that went on from the same one (a "model soup":
Wortsman et al. 2022).
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch

from sidedoor.errors import ConfigurationError
from sidedoor_training.checkpoint import CORPUS_FILE, LABELS_FILE, RECIPE_FILE, Checkpoint

_FILES: Final = (RECIPE_FILE, LABELS_FILE, CORPUS_FILE)


def average(folders: Sequence[Path], output: Path) -> None:
    """Writes the checkpoint whose weights are the mean of the given ones'.

    Recipe, labels and tokenizer are the first one's.

    Raises:
        ConfigurationError: fewer than two checkpoints, or of different shapes or labels.
    """
    if len(folders) < 2:
        raise ConfigurationError("name at least two checkpoints to average")
    checkpoints = [Checkpoint.load(folder) for folder in folders]
    first = checkpoints[0]
    states = [checkpoint.model.state_dict() for checkpoint in checkpoints]
    shapes = [{name: tensor.shape for name, tensor in state.items()} for state in states]
    for folder, checkpoint, shape in zip(folders, checkpoints, shapes, strict=True):
        if shape != shapes[0] or checkpoint.labels != first.labels:
            raise ConfigurationError(
                f"{folder} has other layers or labels than {folders[0]}; only checkpoints that "
                "went on from the same one can be averaged"
            )
    mean = {
        name: torch.stack([state[name].float() for state in states]).mean(0).to(tensor.dtype)
        for name, tensor in states[0].items()
    }
    first.model.load_state_dict(mean)
    first.model.save_pretrained(output)
    first.tokenizer.save(str(output / "tokenizer.json"))
    for name in _FILES:
        shutil.copyfile(folders[0] / name, output / name)
