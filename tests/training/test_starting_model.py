from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from tests.conftest import tiny_model
from tests.training.test_model import project

from sidedoor import ConfigurationError
from sidedoor_training.model import SidedoorModel
from sidedoor_training.narrowing import narrowed
from sidedoor_training.recipe import Width, read_labels, read_recipe
from sidedoor_training.starting_model import starting_model

__all__ = ["project"]


def _start(project: Path, **changes: object) -> SidedoorModel:
    content = yaml.safe_load((project / "recipe.yaml").read_text()) | changes
    (project / "changed.yaml").write_text(yaml.safe_dump(content))
    recipe = read_recipe(project / "changed.yaml")
    return starting_model(recipe, read_labels(recipe.data.labels))


def _layers(model: SidedoorModel) -> Any:
    return model.bert.encoder.layer


def test_layers_of_a_checkpoint_are_kept_and_its_dropout_follows_the_recipe(project: Path) -> None:
    whole = tiny_model(layers=3)
    whole.save_pretrained(project / "start")
    model = _start(project, start_from="start", keep_layers=[0, 2])
    assert model.config.num_hidden_layers == model.bert.config.num_hidden_layers == 2
    assert model.config.hidden_dropout_prob == 0.0
    for new, old in zip(_layers(model), (_layers(whole)[0], _layers(whole)[2]), strict=True):
        torch.testing.assert_close(new.output.dense.weight, old.output.dense.weight)
    torch.testing.assert_close(model.heads.weight, whole.heads.weight)


def test_layers_of_a_base_model_are_kept(project: Path) -> None:
    assert len(_layers(_start(project, keep_layers=[1]))) == 1


@pytest.mark.parametrize("kept", [[2], [-1], [0, 0], []])
def test_layers_that_are_not_there_are_refused(project: Path, kept: list[int]) -> None:
    with pytest.raises(ConfigurationError, match="it has the layers 0 to 1"):
        _start(project, keep_layers=kept)


def test_a_model_narrowed_to_its_own_width_is_the_same() -> None:
    model = tiny_model()
    same = narrowed(model, Width(hidden_size=32, heads=2, intermediate_size=64)).eval()
    ids = torch.arange(30, 40)[None]
    with torch.no_grad():
        first, second = (m(ids, torch.ones_like(ids), torch.zeros_like(ids)) for m in (model, same))
    torch.testing.assert_close(first.tag_logits, second.tag_logits)
    torch.testing.assert_close(first.intent_logits, second.intent_logits)


def test_units_that_weigh_nothing_are_the_ones_to_go() -> None:
    model = tiny_model()
    with torch.no_grad():
        for layer in _layers(model):
            layer.output.dense.weight[:, ::2] = 0
            layer.attention.output.dense.weight[:, 16:] = 0
    thin = narrowed(model, Width(hidden_size=16, heads=1, intermediate_size=32))
    for new, old in zip(_layers(thin), _layers(model), strict=True):
        torch.testing.assert_close(new.intermediate.dense.bias, old.intermediate.dense.bias[1::2])
        torch.testing.assert_close(
            new.attention.self.query.bias, old.attention.self.query.bias[:16]
        )
    assert thin.heads.weight.shape == (27, 16)


def test_heads_may_be_joined() -> None:
    model = narrowed(tiny_model(), Width(hidden_size=32, heads=1, intermediate_size=64))
    assert _layers(model)[0].attention.self.attention_head_size == 32


@pytest.mark.parametrize(
    ("hidden", "heads", "intermediate", "says"),
    [
        (48, 1, 64, "at most 32"),
        (24, 1, 64, "a multiple of 16"),
        (32, 4, 64, "would cut the old ones"),
        (16, 1, 65, "at most 64"),
    ],
)
def test_a_width_that_can_not_be_cut_is_refused(
    hidden: int, heads: int, intermediate: int, says: str
) -> None:
    width = Width(hidden_size=hidden, heads=heads, intermediate_size=intermediate)
    with pytest.raises(ConfigurationError, match=says):
        narrowed(tiny_model(), width)
