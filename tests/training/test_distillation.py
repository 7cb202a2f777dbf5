import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from tests.conftest import tiny_model
from tests.training.test_model import project
from tests.training.test_scale_out import longer

from sidedoor import Analyzer, ConfigurationError
from sidedoor_onnx.export import export_checkpoint
from sidedoor_training import fine_tuning
from sidedoor_training.checkpoint import Checkpoint
from sidedoor_training.dataset import INPUTS, UNMASKED
from sidedoor_training.distillation import (
    Teachers,
    add_projection,
    distillation_loss,
    remove_projection,
)
from sidedoor_training.fine_tuning import fine_tune
from sidedoor_training.model import SidedoorModel
from sidedoor_training.narrowing import narrowed
from sidedoor_training.recipe import Distillation, Width
from sidedoor_training.run_states import StateMarks, newest_state

__all__ = ["longer", "project"]

THIN = Width(hidden_size=16, heads=1, intermediate_size=32)
NO_LABELS = {"label_weight": 0.0, "intent_weight": 0.0, "tag_weight": 0.0, "hidden_weight": 0.0}


def _batch() -> dict[str, torch.Tensor]:
    torch.manual_seed(5)
    ids = torch.randint(25, 90, (4, 12))
    types = torch.tensor([[0] * 9 + [1] * 3] * 4)
    attended = torch.ones_like(ids)
    attended[3, 10:] = 0
    tags = torch.where((types == 0) & (torch.arange(12) > 0), 0, -100)
    return {
        "input_ids": ids,
        UNMASKED: ids,
        "attention_mask": attended,
        "token_type_ids": types,
        "intent_labels": torch.zeros(4, 3),
        "tag_labels": tags,
    }


def _loss(
    student: SidedoorModel, teachers: Teachers, batch: dict[str, torch.Tensor], **weights: float
) -> torch.Tensor:
    settings = Distillation(teachers=[Path("teacher")], **(NO_LABELS | weights))
    given = {name: tensor for name, tensor in batch.items() if name != UNMASKED}
    output = student(**given, output_hidden_states=True)
    return distillation_loss(settings, student, output, teachers(batch), batch)


def _other(layers: int = 2) -> SidedoorModel:
    model = tiny_model(layers)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model


def test_a_student_that_equals_its_teacher_has_nothing_to_learn_but_labels() -> None:
    batch, teachers = _batch(), Teachers([tiny_model()])
    same = tiny_model()
    zero = torch.tensor(0.0)
    torch.testing.assert_close(_loss(same, teachers, batch, hidden_weight=1.0), zero)
    torch.testing.assert_close(_loss(same, teachers, batch, tag_weight=1.0), zero)
    _loss(same, teachers, batch, intent_weight=1.0).backward()
    assert same.intent_bias.grad is not None
    assert same.intent_bias.grad.abs().max() < 1e-6
    given = {name: tensor for name, tensor in batch.items() if name != UNMASKED}
    torch.testing.assert_close(_loss(same, teachers, batch, label_weight=1.0), same(**given).loss)


@pytest.mark.parametrize(
    ("weight", "learnt"),
    [
        ("intent_weight", "intent_logits"),
        ("tag_weight", "tag_logits"),
        ("hidden_weight", "hidden_states"),
    ],
)
@pytest.mark.parametrize("layers", [1, 2])
def test_each_loss_brings_the_student_nearer_to_its_teacher(
    weight: str, learnt: str, layers: int
) -> None:
    batch, teachers, student = _batch(), Teachers([tiny_model()]), _other(layers)
    before = _gap(student, teachers, batch, learnt)
    optimizer = torch.optim.AdamW(student.parameters(), lr=3e-3)
    for _ in range(30):
        optimizer.zero_grad()
        _loss(student, teachers, batch, **{weight: 1.0}).backward()
        optimizer.step()
    assert _gap(student, teachers, batch, learnt) < 0.6 * before


@torch.no_grad()
def _gap(
    student: SidedoorModel, teachers: Teachers, batch: dict[str, torch.Tensor], learnt: str
) -> float:
    """The mean distance of one output from the teacher's, in what a loss compares."""
    given = {name: batch[name] for name in INPUTS}
    found = getattr(student(**given, output_hidden_states=True), learnt)
    wanted = getattr(teachers(batch), learnt)
    if learnt == "hidden_states":
        return float((found[-1] - wanted[-1])[batch["attention_mask"].bool()].abs().mean())
    if learnt == "tag_logits":
        kept = batch["tag_labels"] != -100
        found, wanted = found[kept].softmax(-1), wanted[kept].softmax(-1)
    return float((found - wanted).abs().mean())


def test_several_teachers_say_their_mean() -> None:
    batch, models = _batch(), [tiny_model(), _other()]
    lesson = Teachers(models)(batch)
    alone = [Teachers([model])(batch) for model in models]
    mean = torch.stack([single.intent_logits for single in alone]).mean(dim=0)
    torch.testing.assert_close(lesson.intent_logits, mean)
    torch.testing.assert_close(lesson.hidden_states[-1], alone[0].hidden_states[-1])
    assert not any(parameter.requires_grad for parameter in Teachers(models).parameters())


def test_teachers_read_the_words_that_are_hidden_from_the_student() -> None:
    batch, teachers = _batch(), Teachers([tiny_model()])
    masked = batch | {"input_ids": torch.full_like(batch["input_ids"], 24)}
    torch.testing.assert_close(teachers(masked).tag_logits, teachers(batch).tag_logits)


def test_a_thin_student_learns_hidden_states_through_a_projection_that_is_thrown_away() -> None:
    batch, teachers = _batch(), Teachers([tiny_model()])
    student = narrowed(tiny_model(), THIN)
    plain = set(student.state_dict())
    add_projection(student, teachers)
    assert set(student.state_dict()) - plain == {"projection.weight"}
    with torch.no_grad():
        table = student.get_submodule("projection")(student.bert.embeddings.word_embeddings.weight)
    wide = tiny_model().bert.embeddings.word_embeddings.weight
    assert (table - wide).square().sum() < 0.6 * wide.square().sum()
    _loss(student, teachers, batch, hidden_weight=1.0).backward()
    assert student.get_parameter("projection.weight").grad is not None
    remove_projection(student)
    assert set(student.state_dict()) == plain
    as_wide = tiny_model()
    add_projection(as_wide, teachers)
    assert "projection.weight" not in as_wide.state_dict()


@pytest.fixture
def lesson(longer: Path) -> Path:
    """A folder with a teacher of a few steps and a recipe for a thin student of one layer."""
    recipe = yaml.safe_load((longer / "recipe.yaml").read_text())
    brief = {"epochs": 1, "int8_noise_from": 1.0, "evaluations": 1}
    recipe["optimisation"] |= brief
    (longer / "teacher.yaml").write_text(yaml.safe_dump(recipe))
    fine_tune(longer / "teacher.yaml", longer / "teacher")
    student = {
        "extends": "recipe.yaml",
        "start_from": "teacher/checkpoint",
        "keep_layers": [1],
        "narrow_to": {"hidden_size": 16, "heads": 1, "intermediate_size": 32},
        "data": {"mask_tokens": 0.1},
        "distillation": {"teachers": ["teacher/checkpoint", "teacher/checkpoint"]},
        "optimisation": {"epochs": 10, "evaluations": 2},
        "export": {"min_label_agreement": 0.0, "min_span_agreement": 0.0},
    }
    (longer / "student.yaml").write_text(yaml.safe_dump(student))
    return longer


def _history(run: Path) -> list[dict[str, Any]]:
    state = newest_state(run)
    assert state is not None
    history: list[dict[str, Any]] = json.loads((state / "trainer_state.json").read_text())[
        "log_history"
    ]
    return history


class _Interrupted(StateMarks):
    """Ends a run once its first state is saved whole."""

    def on_save(self, *arguments: Any, **keywords: Any) -> None:
        super().on_save(*arguments, **keywords)
        raise KeyboardInterrupt


@torch.no_grad()
def _said(model: SidedoorModel) -> tuple[torch.Tensor, ...]:
    """Parameters may differ where they change nothing, such as the bias of the attention."""
    output = model(**{name: _batch()[name] for name in INPUTS})
    return output.intent_logits, output.tag_logits


@pytest.mark.slow
def test_a_student_learns_resumes_and_is_exported_like_any_model(
    lesson: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fine_tune(lesson / "student.yaml", lesson / "whole")
    losses = [row["loss"] for row in _history(lesson / "whole") if "loss" in row]
    assert losses[-1] < 0.9 * losses[0]
    with monkeypatch.context() as patch:
        patch.setattr(fine_tuning, "StateMarks", _Interrupted)
        with pytest.raises(KeyboardInterrupt):
            fine_tune(lesson / "student.yaml", lesson / "parts")
    assert not (lesson / "parts" / "checkpoint").exists()
    parts = fine_tune(lesson / "student.yaml", lesson / "parts", resume=True)
    first, second = (Checkpoint.load(folder).model for folder in (whole, parts))
    assert first.config.architectures == ["SidedoorModel"]
    assert first.state_dict().keys() == narrowed(tiny_model(layers=1), THIN).state_dict().keys()
    for one, other in zip(_said(first), _said(second), strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)
    tiny_model().save_pretrained(lesson / "teacher" / "checkpoint")
    with pytest.raises(ConfigurationError, match="another teacher"):
        fine_tune(lesson / "student.yaml", lesson / "parts", resume=True)
    report = export_checkpoint(whole, lesson / "model")
    assert report.torch_difference <= 1e-4
    assert set(Analyzer.load(lesson / "model").analyze("mail me at jo@fern.co").intents)


@pytest.mark.slow
def test_wrong_teachers_are_refused_before_anything_is_trained(lesson: Path) -> None:
    recipe = yaml.safe_load((lesson / "student.yaml").read_text())
    vocabulary, labels = lesson / "vocabulary", lesson / "labels"
    for folder in (vocabulary, labels):
        shutil.copytree(lesson / "teacher" / "checkpoint", folder)
    content = json.loads((vocabulary / "tokenizer.json").read_text())
    content["model"]["vocab"]["another"] = len(content["model"]["vocab"])
    (vocabulary / "tokenizer.json").write_text(json.dumps(content))
    names = yaml.safe_load((labels / "labels.yaml").read_text())
    names["intents"].reverse()
    (labels / "labels.yaml").write_text(yaml.safe_dump(names))
    for teacher, says in (
        ("nowhere", "distillation.teachers: .*nowhere is no checkpoint"),
        ("vocabulary", "another vocabulary"),
        ("labels", "other labels, or in another order"),
    ):
        recipe["distillation"] = {"teachers": ["teacher/checkpoint", teacher]}
        (lesson / "wrong.yaml").write_text(yaml.safe_dump(recipe))
        with pytest.raises(ConfigurationError, match=says):
            fine_tune(lesson / "wrong.yaml", lesson / "wrong")
    assert not (lesson / "wrong").exists()
