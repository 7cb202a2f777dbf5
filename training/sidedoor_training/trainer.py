"""What is ours in the training loop: rates by layer, the rows' order, teachers, fresh values, int8
noise.
"""

import math
from typing import Any

import torch
from torch import Tensor
from transformers import (
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from sidedoor_training.dataset import UNMASKED, RefilledDataset
from sidedoor_training.distillation import Teachers, distillation_loss
from sidedoor_training.int8_noise import add_int8_noise, remove_int8_noise
from sidedoor_training.model import SidedoorModel
from sidedoor_training.recipe import Recipe
from sidedoor_training.sampling import LengthSampler


class RecipeTrainer(Trainer):
    """A Trainer whose optimiser knows layers: lower ones learn more slowly, heads fast.

    The order of the rows depends on seed and epoch alone. With teachers, the loss in training is
    that of distillation; in evaluation it stays that of the written labels.
    """

    def __init__(self, recipe: Recipe, teachers: Teachers | None, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._recipe = recipe
        self._teachers = teachers and teachers.to(self.args.device)

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        if self.optimizer is None:
            settings = self._recipe.optimisation
            self.optimizer = torch.optim.AdamW(
                _groups(self.model, self._recipe), lr=settings.learning_rate, fused=True
            )
        return self.optimizer

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Tensor | tuple[Tensor, Any]:
        settings = self._recipe.distillation
        if settings is None or self._teachers is None or not model.training:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        with self.accelerator.autocast():
            lesson = self._teachers(inputs)
        given = {name: tensor for name, tensor in inputs.items() if name != UNMASKED}
        output = model(**given, output_hidden_states=settings.hidden_weight > 0)
        student: Any = self.model
        loss = distillation_loss(settings, student, output, lesson, inputs)
        return (loss, output) if return_outputs else loss

    def _get_train_sampler(self, train_dataset: Any = None) -> LengthSampler:
        settings = self._recipe.optimisation
        dataset: Any = self.train_dataset if train_dataset is None else train_dataset
        together = settings.batch_size * settings.gradient_accumulation
        return LengthSampler(dataset, together, settings.seed)


class Refilling(TrainerCallback):
    """Tells the dataset the epoch, so that each has fresh values."""

    def __init__(self, dataset: RefilledDataset) -> None:
        self._dataset = dataset

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        # A resumed run begins within an epoch; what floats leave over must not count as one more.
        self._dataset.epoch = math.floor((state.epoch or 0) + 1e-6)


class Int8Noise(TrainerCallback):
    """Lets the encoder feel int8 from a share of the run on."""

    def __init__(self, model: SidedoorModel, start: float) -> None:
        self._encoder = model.bert.encoder
        self._start = start

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        if state.global_step >= self._start * state.max_steps:
            add_int8_noise(self._encoder)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        remove_int8_noise(self._encoder)


def _groups(model: Any, recipe: Recipe) -> list[dict[str, Any]]:
    settings = recipe.optimisation
    depth = model.config.num_hidden_layers
    groups = []
    for name, parameter in model.named_parameters():
        if name.startswith("bert.encoder.layer."):
            rate = settings.learning_rate * settings.layer_decay ** (
                depth - 1 - int(name.split(".")[3])
            )
        elif name.startswith("bert."):
            rate = settings.learning_rate * settings.layer_decay**depth
        else:
            rate = settings.head_learning_rate
        decays = parameter.ndim > 1 and "LayerNorm" not in name
        groups.append(
            {"params": [parameter], "lr": rate, "weight_decay": settings.weight_decay * decays}
        )
    return groups
