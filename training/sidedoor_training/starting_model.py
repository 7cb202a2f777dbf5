"""The model that a run starts from: a base model with fresh heads, or a checkpoint; all of its
layers or some, as wide as it was or narrower.
"""

from typing import Any

from torch import nn
from transformers import AutoConfig, BertModel

from sidedoor.errors import ConfigurationError
from sidedoor.tags import tag_names
from sidedoor_training.base_model import resolve
from sidedoor_training.model import SidedoorConfig, SidedoorModel
from sidedoor_training.narrowing import narrowed
from sidedoor_training.recipe import LabelSet, Recipe


def starting_model(recipe: Recipe, labels: LabelSet) -> SidedoorModel:
    """The recipe's model before its first step.

    Raises:
        ConfigurationError: `start_from` is no checkpoint or has another number of labels, or the
            model can't be cut to the recipe's layers and width.
    """
    model = _from_base(recipe, labels) if recipe.start_from is None else _loaded(recipe, labels)
    if recipe.keep_layers is not None:
        _keep_layers(model, recipe.keep_layers)
    return model if recipe.narrow_to is None else narrowed(model, recipe.narrow_to)


def _from_base(recipe: Recipe, labels: LabelSet) -> SidedoorModel:
    base = resolve(recipe.base_model)
    settings = {
        key: value
        for key, value in AutoConfig.from_pretrained(base).to_dict().items()
        if key not in ("model_type", "architectures", "transformers_version", "_name_or_path")
    }
    config = SidedoorConfig(
        **settings | _settings(recipe),
        intent_count=len(labels.intents),
        tag_count=len(tag_names(labels.pii_types)),
    )
    config.keys_to_ignore_at_inference = ["intent_evidence"]
    model = SidedoorModel(config)
    model.bert = BertModel.from_pretrained(
        base, add_pooling_layer=False, attn_implementation="sdpa",
        hidden_dropout_prob=recipe.optimisation.dropout,
        attention_probs_dropout_prob=recipe.optimisation.dropout,
    )  # fmt: skip
    return model


def _loaded(recipe: Recipe, labels: LabelSet) -> SidedoorModel:
    folder = recipe.start_from
    if folder is None or not (folder / "config.json").is_file():
        raise ConfigurationError(
            f"start_from: {folder} is no checkpoint; train it first, or give the folder that "
            "`sidedoor train` named at its end"
        )
    model: SidedoorModel = SidedoorModel.from_pretrained(folder, **_settings(recipe))
    if model.config.intent_count != len(labels.intents) or model.config.tag_count != len(
        tag_names(labels.pii_types)
    ):
        raise ConfigurationError(f"start_from: {folder} was trained for another number of labels")
    return model


def _settings(recipe: Recipe) -> dict[str, Any]:
    """What the recipe says about a model's configuration, whatever it starts from."""
    optimisation = recipe.optimisation
    return {
        "hidden_dropout_prob": optimisation.dropout,
        "attention_probs_dropout_prob": optimisation.dropout,
        "tag_loss_weight": optimisation.tag_loss_weight,
        "label_smoothing": optimisation.label_smoothing,
    }


def _keep_layers(model: SidedoorModel, kept: list[int]) -> None:
    layers = model.bert.encoder.layer
    if not kept or len(set(kept)) < len(kept) or not set(kept) <= set(range(len(layers))):
        raise ConfigurationError(
            f"keep_layers: {kept} must name layers of the model to start from, each once; "
            f"it has the layers 0 to {len(layers) - 1}"
        )
    model.bert.encoder.layer = nn.ModuleList([layers[index] for index in kept])
    model.config.num_hidden_layers = model.bert.config.num_hidden_layers = len(kept)
