"""The ONNX graph: exported from torch, fused, and quantised to int8."""

import logging
import warnings
from collections import Counter
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions
from torch import Tensor, nn

from sidedoor.errors import ExportError
from sidedoor.session import INPUTS, OUTPUTS
from sidedoor_training.model import SidedoorModel

OPSET: Final = 17


def export_fp32(model: SidedoorModel, path: Path) -> None:
    """Writes the model as a plain ONNX graph with free batch and token axes.

    Inputs `input_ids`, `attention_mask`, `token_type_ids`, shape = (batch, tokens); outputs
    `intent_logits` (batch, intents), `tag_logits` (batch, tokens, tags) and `intent_evidence`
    (batch, tokens, intents).
    """
    model.set_attn_implementation("eager")
    axes = {name: {0: "batch", 1: "tokens"} for name in (*INPUTS, *OUTPUTS[1:])}
    example = torch.ones((1, 8), dtype=torch.long)
    with torch.no_grad(), warnings.catch_warnings():
        # what the tracer warns of is held constant on purpose; parity is checked on real lengths
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Traced(model).eval(),
            (example, example, torch.zeros_like(example)),
            str(path),
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_axes={**axes, "intent_logits": {0: "batch"}},
            opset_version=OPSET,
            dynamo=False,
        )


def fuse(source: Path, target: Path, *, heads: int, hidden: int, layers: int) -> dict[str, int]:
    """Fuses attention, GELU and embeddings, and gives layer norms their faster form; inputs become
    int32.

    Gives the counts of the fused operators.

    Raises:
        ExportError: something that must fuse did not.
    """
    options = FusionOptions("bert")
    # the silent level: the optimiser logs what it tries, the counts below say what it did
    logging.getLogger("onnxruntime.transformers").setLevel(logging.ERROR)
    fused = optimizer.optimize_model(
        str(source),
        model_type="bert",
        num_heads=heads,
        hidden_size=hidden,
        opt_level=0,
        optimization_options=options,
    )
    fused.change_graph_inputs_to_int32()
    fused.topological_sort()
    if all(entry.domain != "com.microsoft" for entry in fused.model.opset_import):
        fused.model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    _open_layer_norms(fused.model.graph)
    counts = Counter(node.op_type for node in fused.model.graph.node)
    expected = {
        "Attention": layers,
        "MeanVarianceNormalization": 2 * layers,
        "BiasGelu": layers,
        "EmbedLayerNormalization": 1,
    }
    found = {name: counts[name] for name in expected}
    if found != expected:
        raise ExportError(
            f"the graph did not fuse as it must: {found} instead of {expected}; "
            "use the versions of torch and onnxruntime that the package names"
        )
    onnx.save(fused.model, str(target))
    return found


def quantise(source: Path, target: Path) -> None:
    """Quantises the weights of attention and matrix products to int8, by channel.

    Activations are quantised at run time. Weights keep to seven bits (`reduce_range`): the sum
    of two products then fits 16 bits, so that processors without VNNI, which saturate there,
    give the same scores as those with it. The heads stay in float. The word embedding is
    int8 by row, in the file and in memory.
    """
    graph = onnx.load(str(source)).graph
    logging.getLogger().setLevel(logging.ERROR)  # it advises steps that are done already
    quantize_dynamic(
        source,
        target,
        op_types_to_quantize=["MatMul", "Attention"],
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=[node.name for node in graph.node if "/heads/" in node.name],
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )
    model = onnx.load(str(target))
    _store_embedding_by_row(model.graph)
    onnx.save(model, str(target))


def _open_layer_norms(graph: onnx.GraphProto) -> None:
    """Replaces the fused layer norms by additions, a normalisation, and scale and shift.

    onnxruntime's kernel of SkipLayerNormalization sums one element after the other; those of these
    operators use the vector unit, which takes less time though they are five. The first addition
    becomes the bias of the int8 product before it. onnxruntime's MeanVarianceNormalization adds
    nothing to the variance, where BERT adds 1e-12: no difference in float, unless all values of a
    row are the same. The export's check of all logits against torch would tell.
    """
    for index, node in enumerate([n for n in graph.node if n.op_type == "SkipLayerNormalization"]):
        if len(node.input) != 5:
            continue
        product, skip, scale, shift, bias = node.input
        name = f"layer_norm_{index}"
        place = list(graph.node).index(node)
        graph.node.remove(node)
        normalise = "MeanVarianceNormalization"
        for step, new in enumerate(
            [
                helper.make_node("Add", [product, bias], [f"{name}_biased"]),
                helper.make_node("Add", [f"{name}_biased", skip], [f"{name}_sum"]),
                helper.make_node(normalise, [f"{name}_sum"], [f"{name}_normal"], axes=[2]),
                helper.make_node("Mul", [f"{name}_normal", scale], [f"{name}_scaled"]),
                helper.make_node("Add", [f"{name}_scaled", shift], [node.output[0]]),
            ]
        ):
            graph.node.insert(place + step, new)


def _store_embedding_by_row(graph: onnx.GraphProto) -> None:
    """Replaces the word embedding by int8 rows and a scale each; what is read is made float.

    EmbedLayerNormalization gets the window's own rows as its table, and their numbers as its ids.
    Were the whole table multiplied out, onnxruntime would do so at load time and keep it in float.
    """
    embed = next(node for node in graph.node if node.op_type == "EmbedLayerNormalization")
    ids, table_name = embed.input[0], embed.input[2]
    table = next(tensor for tensor in graph.initializer if tensor.name == table_name)
    weights = numpy_helper.to_array(table)
    scales = (np.abs(weights).max(axis=1, keepdims=True) / 127).clip(min=1e-12).astype(np.float32)
    graph.initializer.remove(table)
    values = {
        "rows": np.round(weights / scales).astype(np.int8),
        "scales": scales,
        "all": np.array([-1], dtype=np.int64),
        "zero": np.array(0, dtype=np.int64),
        "one": np.array(1, dtype=np.int64),
    }
    graph.initializer.extend(
        numpy_helper.from_array(value, f"word_{name}") for name, value in values.items()
    )
    make, int32 = helper.make_node, onnx.TensorProto.INT32
    added = [
        make("Shape", [ids], ["word_shape"]),
        make("Reshape", [ids, "word_all"], ["word_flat"]),
        make("Gather", ["word_rows", "word_flat"], ["word_read"]),
        make("Cast", ["word_read"], ["word_cast"], to=onnx.TensorProto.FLOAT),
        make("Gather", ["word_scales", "word_flat"], ["word_scale"]),
        make("Mul", ["word_cast", "word_scale"], ["word_table"]),
        make("Size", [ids], ["word_count"]),
        make("Range", ["word_zero", "word_count", "word_one"], ["word_numbers"]),
        make("Cast", ["word_numbers"], ["word_numbers_int32"], to=int32),
        make("Reshape", ["word_numbers_int32", "word_shape"], ["word_ids"]),
    ]
    embed.input[0], embed.input[2] = "word_ids", "word_table"
    for position, node in enumerate(added):
        graph.node.insert(position, node)


class _Traced(nn.Module):
    """The model with its outputs as a tuple, as the exporter wants them."""

    def __init__(self, model: SidedoorModel) -> None:
        super().__init__()
        self._model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Any:
        output = self._model(input_ids, attention_mask, token_type_ids)
        return output.intent_logits, output.tag_logits, output.intent_evidence
