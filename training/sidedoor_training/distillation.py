"""What a student learns from its teachers: softened logits, and the first one's hidden states.

Soft labels are after Hinton, Vinyals and Dean (2015), hidden states layer by layer after TinyBERT
(Jiao et al. 2020).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from sidedoor.errors import ConfigurationError
from sidedoor_training.checkpoint import Checkpoint
from sidedoor_training.dataset import IGNORED, UNMASKED
from sidedoor_training.model import SidedoorModel, SidedoorOutput
from sidedoor_training.recipe import Distillation, LabelSet

_PROJECTION: Final = "projection"


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the teachers say of a batch.

    `intent_logits` (batch, intents) and `tag_logits` (batch, tokens, tags) are their means,
    `hidden_states` the first one's: before and after each layer, shape = (batch, tokens, units).
    """

    intent_logits: Tensor
    tag_logits: Tensor
    hidden_states: tuple[Tensor, ...]


class Teachers(nn.Module):
    """Trained models that are asked, and not trained any more."""

    def __init__(self, models: Sequence[SidedoorModel]) -> None:
        super().__init__()
        self.models = nn.ModuleList(models).requires_grad_(False).eval()

    @classmethod
    def load(cls, folders: Sequence[Path], labels: LabelSet, tokenizer: Tokenizer) -> "Teachers":
        """Loads checkpoints.

        Raises:
            ConfigurationError: a folder is no checkpoint, or its labels or vocabulary are others
                than the student's.
        """
        return cls([_teacher(folder, labels, tokenizer) for folder in folders])

    @property
    def width(self) -> int:
        """Units of the hidden states."""
        first: Any = self.models[0]
        return int(first.config.hidden_size)

    @torch.no_grad()
    def forward(self, batch: Mapping[str, Tensor]) -> Lesson:
        """Reads a batch as it was before words were hidden from the student."""
        outputs = [
            model(
                input_ids=batch[UNMASKED],
                attention_mask=batch["attention_mask"],
                token_type_ids=batch["token_type_ids"],
                output_hidden_states=model is self.models[0],
            )
            for model in self.models
        ]
        return Lesson(
            torch.stack([output.intent_logits for output in outputs]).mean(dim=0),
            torch.stack([output.tag_logits for output in outputs]).mean(dim=0),
            outputs[0].hidden_states,
        )


def distillation_loss(
    settings: Distillation,
    student: SidedoorModel,
    output: SidedoorOutput,
    lesson: Lesson,
    batch: Mapping[str, Tensor],
) -> Tensor:
    """The weighted sum of four losses: written labels, soft intents, soft tags, hidden states."""
    if output.loss is None or output.intent_logits is None or output.tag_logits is None:
        raise ValueError("the student's output lacks its loss; give it the labels")
    loss = settings.label_weight * output.loss.mean()
    loss = loss + settings.intent_weight * _soft_intent_loss(
        output.intent_logits, lesson.intent_logits, settings.temperature
    )
    in_message = batch["tag_labels"] != IGNORED
    loss = loss + settings.tag_weight * _soft_tag_loss(
        output.tag_logits[in_message], lesson.tag_logits[in_message], settings.temperature
    )
    if settings.hidden_weight and output.hidden_states is not None:
        hidden = [_projected(student, states) for states in output.hidden_states[1:]]
        loss = loss + settings.hidden_weight * _hidden_loss(
            hidden, lesson.hidden_states[1:], batch["attention_mask"].bool()
        )
    return loss


@torch.no_grad()
def add_projection(student: SidedoorModel, teachers: Teachers) -> None:
    """Gives a student of another width the linear map from its hidden states to its teacher's.

    It is learnt along with the student and starts as the map from the one's word embeddings to
    the other's that fits best.
    """
    width = student.config.hidden_size
    if width == teachers.width:
        return
    projection = nn.Linear(width, teachers.width, bias=False)
    models: Any = (student, teachers.models[0])
    tables = [model.get_input_embeddings().weight for model in models]
    projection.weight.copy_(torch.linalg.lstsq(*tables).solution.T)
    student.add_module(_PROJECTION, projection)


def remove_projection(student: SidedoorModel) -> None:
    """Undoes `add_projection`: what is left is a model like any other."""
    if hasattr(student, _PROJECTION):
        delattr(student, _PROJECTION)


def _teacher(folder: Path, labels: LabelSet, tokenizer: Tokenizer) -> SidedoorModel:
    try:
        checkpoint = Checkpoint.load(folder)
    except ConfigurationError as error:
        raise ConfigurationError(f"distillation.teachers: {error}") from None
    if checkpoint.labels != labels:
        raise ConfigurationError(
            f"distillation.teachers: {folder} was trained for other labels, or in another order; "
            "take a teacher with the recipe's label file"
        )
    if checkpoint.tokenizer.get_vocab() != tokenizer.get_vocab():
        raise ConfigurationError(
            f"distillation.teachers: {folder} has another vocabulary than the recipe's base_model; "
            "take a teacher of the same base model"
        )
    return checkpoint.model


def _soft_intent_loss(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    target = (teacher / temperature).sigmoid()
    loss = functional.binary_cross_entropy_with_logits(student / temperature, target)
    return loss * temperature**2


def _soft_tag_loss(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Shapes = (tokens, tags)."""
    loss = functional.kl_div(
        (student / temperature).log_softmax(dim=-1),
        (teacher / temperature).log_softmax(dim=-1),
        reduction="batchmean",
        log_target=True,
    )
    return loss * temperature**2


def _hidden_loss(student: Sequence[Tensor], teacher: Sequence[Tensor], read: Tensor) -> Tensor:
    """Squared distance as a share of the teacher's squares, so that it needs no scale; the mean
    over the student's layers, of which the last learns from the last.

    `read` has shape = (batch, tokens), false for padding.
    """
    losses = []
    for layer, states in enumerate(student, start=1):
        target = teacher[-(-layer * len(teacher) // len(student)) - 1][read].float()
        losses.append((states[read].float() - target).square().sum() / target.square().sum())
    return torch.stack(losses).mean()


def _projected(student: SidedoorModel, states: Tensor) -> Tensor:
    projection: Any = getattr(student, _PROJECTION, None)
    return states if projection is None else projection(states)
