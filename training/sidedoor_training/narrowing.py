"""Makes a thinner model of a wide one: the weightiest units of each kind stay, the others go.

Units are those of the hidden states, the attention heads, and the neurons inside of each layer.
What is left is no good model yet, but a far better start for distillation than chance.
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import BertConfig

from sidedoor.errors import ConfigurationError
from sidedoor_training.model import SidedoorConfig, SidedoorModel
from sidedoor_training.recipe import Width


@torch.no_grad()
def narrowed(model: SidedoorModel, width: Width) -> SidedoorModel:
    """A model of the given width, made of the wider one's units.

    Attention heads are kept whole; where the new ones are larger, each is several old ones joined.

    Raises:
        ConfigurationError: the model is not as wide, or its heads can't be kept whole.
    """
    config = model.config
    head_size = config.hidden_size // config.num_attention_heads
    _check(width, config, head_size)
    settings = config.to_dict() | {
        "hidden_size": width.hidden_size,
        "num_attention_heads": width.heads,
        "intermediate_size": width.intermediate_size,
    }
    thin = SidedoorModel(SidedoorConfig(**settings))
    hidden = _weightiest(_read_weights(model).norm(dim=0), width.hidden_size)
    target, source = thin.bert.embeddings, model.bert.embeddings
    for name in ("word_embeddings", "position_embeddings", "token_type_embeddings"):
        getattr(target, name).weight.copy_(getattr(source, name).weight[:, hidden])
    _copy_norm(target.LayerNorm, source.LayerNorm, hidden)
    for new, old in zip(thin.bert.encoder.layer, model.bert.encoder.layer, strict=True):
        _copy_layer(new, old, hidden, head_size)
    _copy(thin.heads, model.heads, torch.arange(model.heads.out_features), hidden)
    thin.intent_bias.copy_(model.intent_bias)
    return thin


def _check(width: Width, config: BertConfig, head_size: int) -> None:
    if width.hidden_size > config.hidden_size or width.hidden_size % head_size:
        raise ConfigurationError(
            f"narrow_to.hidden_size: {width.hidden_size} must be at most {config.hidden_size}, the "
            f"width of the model to start from, and a multiple of {head_size}, its heads' size"
        )
    if width.hidden_size // width.heads % head_size:
        raise ConfigurationError(
            f"narrow_to.heads: {width.heads} heads of {width.hidden_size // width.heads} would cut "
            f"the old ones, of {head_size}; each must be one or several of those"
        )
    if width.intermediate_size > config.intermediate_size:
        raise ConfigurationError(
            f"narrow_to.intermediate_size: {width.intermediate_size} must be at most "
            f"{config.intermediate_size}, that of the model to start from"
        )


def _read_weights(model: SidedoorModel) -> Tensor:
    """All weights that read the hidden states; shape = (readers, hidden units)."""
    layers: Any = model.bert.encoder.layer
    read = [model.heads.weight]
    for layer in layers:
        attention = layer.attention.self
        read += [attention.query.weight, attention.key.weight, attention.value.weight]
        read.append(layer.intermediate.dense.weight)
    return torch.cat(read)


def _copy_layer(new: Any, old: Any, hidden: Tensor, head_size: int) -> None:
    written = old.attention.output.dense.weight
    by_head = written.T.reshape(-1, head_size * written.shape[0]).norm(dim=1)
    heads = _weightiest(by_head, len(hidden) // head_size)
    rows = (heads[:, None] * head_size + torch.arange(head_size)).flatten()
    for name in ("query", "key", "value"):
        linear = getattr(new.attention.self, name), getattr(old.attention.self, name)
        _copy(*linear, rows, hidden)
    _copy(new.attention.output.dense, old.attention.output.dense, hidden, rows)
    inner = _weightiest(
        old.output.dense.weight.norm(dim=0) * old.intermediate.dense.weight.norm(dim=1),
        new.intermediate.dense.out_features,
    )
    _copy(new.intermediate.dense, old.intermediate.dense, inner, hidden)
    _copy(new.output.dense, old.output.dense, hidden, inner)
    _copy_norm(new.attention.output.LayerNorm, old.attention.output.LayerNorm, hidden)
    _copy_norm(new.output.LayerNorm, old.output.LayerNorm, hidden)


def _weightiest(norms: Tensor, count: int) -> Tensor:
    """The indices of the `count` largest, in ascending order."""
    return norms.topk(count).indices.sort().values


def _copy(new: nn.Linear, old: nn.Linear, outputs: Tensor, inputs: Tensor) -> None:
    new.weight.copy_(old.weight[outputs][:, inputs])
    new.bias.copy_(old.bias[outputs])


def _copy_norm(new: nn.LayerNorm, old: nn.LayerNorm, units: Tensor) -> None:
    new.weight.copy_(old.weight[units])
    new.bias.copy_(old.bias[units])
