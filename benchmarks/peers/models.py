"""Makes the model files that Sidedoor's peers run: of a checkpoint, or random ones.

Random weights find nothing, which costs the decoding least; else time does not depend on them.
"""

import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import onnx
import torch
from benchmarks.peers import (
    FUSED_FILE,
    INT8_FILE,
    INTENTS_FOLDER,
    JOINT_FOLDER,
    REFERENCE_FILE,
    SPANS_FOLDER,
)
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertTokenizer,
)

from sidedoor.errors import ConfigurationError, ModelFolderError
from sidedoor.model_folder import MODEL_FILE, TOKENIZER_FILE, ModelConfig, read_config
from sidedoor.tags import tag_names
from sidedoor_onnx.graph import export_fp32, fuse
from sidedoor_training.checkpoint import Checkpoint
from sidedoor_training.model import SidedoorConfig, SidedoorModel

POSITIONS: Final = 512
"""Tokens that a BERT reads; what is longer the pipelines cut."""
_NOTHING: Final = 100.0
"""Logit of the tag `O` in a random model."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a BERT: layers, width, heads, and the width inside of the feed-forward part."""

    layers: int
    hidden: int
    heads: int
    intermediate: int


REFERENCE: Final = Shape(layers=6, hidden=384, heads=12, intermediate=1536)
"""MiniLM-L6, which the shipped model began as."""


def make_models(folder: Path, model: Path, checkpoint: Path | None) -> dict[str, Any]:
    """Writes the peers' models and says what they are.

    Their shape and labels are those of the model folder `model`; so must the checkpoint's be.

    Raises:
        ConfigurationError: the checkpoint is none, or has other labels or another shape.
        ModelFolderError: the model folder is damaged, or its graph has no attention nodes.
    """
    config = read_config(model)
    tokenizer = Tokenizer.from_file(str(model / TOKENIZER_FILE))
    shape = shape_of(model / MODEL_FILE)
    joint = _joint(shape, config, tokenizer)
    if checkpoint:
        trained = Checkpoint.load(checkpoint).model
        _check_alike(trained.config, joint.config, checkpoint)
        joint = trained
    joint.save_pretrained(folder / JOINT_FOLDER)
    _write_onnx(joint, shape, folder)
    if shape != REFERENCE:
        _write_plain_int8(_joint(REFERENCE, config, tokenizer), folder / REFERENCE_FILE)
    _write_pipelines(shape, config, tokenizer, folder)
    return {
        "weights": checkpoint.name if checkpoint else "random",
        "shape": asdict(shape),
        "reference": asdict(REFERENCE),
    }


def shape_of(path: Path) -> Shape:
    """The shape of the BERT in an exported graph, of its attention nodes and their weights.

    Raises:
        ModelFolderError: there are none.
    """
    graph = onnx.load(str(path)).graph
    sizes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    attention = [node for node in graph.node if node.op_type in ("Attention", "QAttention")]
    if not attention:
        raise ModelFolderError(
            f"{path} has no fused attention, so its shape can't be told; export it again"
        )
    hidden = sizes[attention[0].input[1]][0]
    heads = next(a.i for a in attention[0].attribute if a.name == "num_heads")
    inner = [size[1] for size in sizes.values() if len(size) == 2 and size[0] == hidden]
    feed_forward = [width for width in inner if (width, hidden) in sizes.values()]
    return Shape(len(attention), hidden, heads, max(feed_forward))


def _joint(shape: Shape, config: ModelConfig, tokenizer: Tokenizer) -> SidedoorModel:
    torch.manual_seed(7)
    model = SidedoorModel(
        SidedoorConfig(
            **_sizes(shape, tokenizer),
            intent_count=len(config.intents),
            tag_count=len(tag_names(config.pii_types)),
        )
    )
    with torch.no_grad():
        model.heads.bias[2 * len(config.intents)] = _NOTHING
    model.eval()
    return model


def _sizes(shape: Shape, tokenizer: Tokenizer) -> dict[str, Any]:
    return {
        "vocab_size": tokenizer.get_vocab_size(),
        "num_hidden_layers": shape.layers,
        "hidden_size": shape.hidden,
        "num_attention_heads": shape.heads,
        "intermediate_size": shape.intermediate,
        "max_position_embeddings": POSITIONS,
    }


def _check_alike(found: Any, expected: Any, checkpoint: Path) -> None:
    names = ("num_hidden_layers", "hidden_size", "intermediate_size", "intent_count", "tag_count")
    for name in names:
        if getattr(found, name) != getattr(expected, name):
            raise ConfigurationError(
                f"{checkpoint}: {name} is {getattr(found, name)}, the model folder's is "
                f"{getattr(expected, name)}; give the checkpoint that the model was exported from"
            )


def _write_onnx(model: SidedoorModel, shape: Shape, folder: Path) -> None:
    plain = folder / "plain.onnx"
    export_fp32(model, plain)
    fuse(plain, folder / FUSED_FILE, heads=shape.heads, hidden=shape.hidden, layers=shape.layers)
    _quantise_plainly(plain, folder / INT8_FILE)


def _write_plain_int8(model: SidedoorModel, path: Path) -> None:
    plain = path.with_suffix(".float")
    export_fp32(model, plain)
    _quantise_plainly(plain, path)


def _quantise_plainly(source: Path, target: Path) -> None:
    """Dynamic int8 with nothing set but the weights' type."""
    logging.getLogger().setLevel(logging.ERROR)  # it advises to fuse first
    quantize_dynamic(source, target, weight_type=QuantType.QInt8)


def _write_pipelines(shape: Shape, config: ModelConfig, tokenizer: Tokenizer, folder: Path) -> None:
    """One model a task, as `transformers.pipeline` takes them."""
    torch.manual_seed(7)
    sizes = _sizes(shape, tokenizer)
    intents = dict(enumerate(intent.name for intent in config.intents))
    tags = dict(enumerate(tag_names(config.pii_types)))
    multiple = BertConfig(**sizes, id2label=intents, problem_type="multi_label_classification")
    sequence = BertForSequenceClassification(multiple)
    token = BertForTokenClassification(BertConfig(**sizes, id2label=tags))
    with torch.no_grad():
        token.classifier.bias[0] = _NOTHING
    words = BertTokenizer(vocab=tokenizer.get_vocab(), model_max_length=POSITIONS)
    for name, model in ((INTENTS_FOLDER, sequence), (SPANS_FOLDER, token)):
        model.save_pretrained(folder / name)
        words.save_pretrained(folder / name)
