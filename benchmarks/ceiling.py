"""How near the engine comes to its int8 matrix products alone, which are the limit.

    python -m benchmarks.ceiling [--model DIR] [-o RESULT.json]

The products of the model's graph stand alone in a second graph, as `MatMulInteger` with the same
shapes, into memory that is there already: no attention, no layer norm, no quantisation of what goes
in. Model and products run by turns in one thread on one core; times are medians.
"""

import argparse
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime as ort
from benchmarks.machine import machine, stay_on
from benchmarks.output import save
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer

from sidedoor.encoding import Window
from sidedoor.errors import ModelFolderError
from sidedoor.model_folder import DEFAULT, MODEL_FILE, TOKENIZER_FILE
from sidedoor.session import Session

LENGTHS: Final = (8, 16, 32, 64, 128)
"""Of what the model reads, in tokens."""
PRODUCTS: Final = frozenset(
    ("MatMulInteger", "MatMulIntegerToFloat", "DynamicQuantizeMatMul", "QAttention", "QGemm")
)
"""Operators that multiply by int8 weights."""
_TURN: Final = 5
"""Runs in a row of each before it is the other's turn."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=DEFAULT)
    parser.add_argument("--runs", type=int, default=500, help="of each length")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    about = machine("onnxruntime")  # of all cores, before they are given up
    stay_on(1)
    save({"machine": about, **ceiling(options.model, options.runs)}, options.output)


def ceiling(model: Path, runs: int, lengths: Sequence[int] = LENGTHS) -> dict[str, Any]:
    """The products' shapes, and by length the ms of the model and of its products alone.

    Raises:
        ModelFolderError: the model has no int8 products.
    """
    shapes = int8_products(model / MODEL_FILE)
    session = Session(model / MODEL_FILE)
    vocabulary = Tokenizer.from_file(str(model / TOKENIZER_FILE)).get_vocab_size()
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        _write_graph(shapes, Path(folder) / MODEL_FILE)
        for tokens in lengths:
            window = _window(tokens, vocabulary)
            alone = _Alone(Path(folder) / MODEL_FILE, shapes, tokens)
            whole_ms, alone_ms = _by_turns([partial(session.run, window), alone.run], runs)
            rows[str(tokens)] = {
                "model_ms": round(whole_ms, 3),
                "products_ms": round(alone_ms, 3),
                "share": round(alone_ms / whole_ms, 3),
            }
    counts = Counter(shapes)
    return {
        "products": [{"shape": list(shape), "count": counts[shape]} for shape in sorted(counts)],
        "by_tokens": rows,
    }


def int8_products(path: Path) -> list[tuple[int, int]]:
    """The shapes of the int8 weights by which the graph multiplies, one a product.

    Raises:
        ModelFolderError: there are none.
    """
    graph = onnx.load(str(path)).graph
    weights = {
        tensor.name: (tensor.dims[0], tensor.dims[1])
        for tensor in graph.initializer
        if tensor.data_type in (TensorProto.INT8, TensorProto.UINT8) and len(tensor.dims) == 2
    }
    shapes = [
        weights[name]
        for node in graph.node
        if node.op_type in PRODUCTS
        for name in node.input
        if name in weights
    ]
    if not shapes:
        raise ModelFolderError(
            f"{path} multiplies by no int8 weights, so it has no such limit; "
            "give a model folder that `sidedoor export` wrote without --fp32"
        )
    return shapes


def _write_graph(shapes: Sequence[tuple[int, int]], path: Path) -> None:
    """One `MatMulInteger` a shape, each with weights of its own."""
    rng = np.random.default_rng(7)
    nodes, weights, outputs = [], [], []
    for k, (inner, outer) in enumerate(shapes):
        values = rng.integers(-64, 65, (inner, outer), dtype=np.int8)
        weights.append(numpy_helper.from_array(values, f"weights_{k}"))
        names = [f"in_{inner}", f"weights_{k}", "zero"]
        nodes.append(helper.make_node("MatMulInteger", names, [f"out_{k}"]))
        outputs.append(
            helper.make_tensor_value_info(f"out_{k}", TensorProto.INT32, ["tokens", outer])
        )
    inputs = [
        helper.make_tensor_value_info(f"in_{inner}", TensorProto.UINT8, ["tokens", inner])
        for inner in sorted({inner for inner, _ in shapes})
    ]
    inputs.append(helper.make_tensor_value_info("zero", TensorProto.UINT8, []))
    graph = helper.make_graph(nodes, "products", inputs, outputs, weights)
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), str(path))


class _Alone:
    """The products of one length, bound to memory that is there already."""

    def __init__(self, path: Path, shapes: Sequence[tuple[int, int]], tokens: int) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = ort.InferenceSession(
            path, sess_options=options, providers=["CPUExecutionProvider"]
        )
        self._binding = self._session.io_binding()
        rng = np.random.default_rng(7)
        self._inputs = {"zero": _value(np.array(128, dtype=np.uint8))} | {
            f"in_{inner}": _value(rng.integers(0, 256, (tokens, inner), dtype=np.uint8))
            for inner in {inner for inner, _ in shapes}
        }
        # bound values are pointers: their arrays must outlive the binding
        self._outputs = {
            f"out_{k}": _value(np.empty((tokens, outer), dtype=np.int32))
            for k, (_, outer) in enumerate(shapes)
        }
        for name, value in self._inputs.items():
            self._binding.bind_ortvalue_input(name, value)
        for name, value in self._outputs.items():
            self._binding.bind_ortvalue_output(name, value)

    def run(self) -> None:
        self._session.run_with_iobinding(self._binding)


def _value(array: Any) -> Any:
    return ort.OrtValue.ortvalue_from_numpy(array)


def _window(tokens: int, vocabulary: int) -> Window:
    """Any tokens: time does not depend on which."""
    return Window(
        input_ids=(np.arange(tokens) % vocabulary).astype(np.int32),
        token_type_ids=np.zeros(tokens, dtype=np.int32),
        first=0,
        count=tokens - 2,
    )


def _by_turns(calls: Sequence[Callable[[], object]], runs: int) -> list[float]:
    """Median ms of each call."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(-(-runs // _TURN)):
        for call, row in zip(calls, times, strict=True):
            call()  # the other's turn has taken the caches
            for _ in range(_TURN):
                start = time.perf_counter()
                call()
                row.append(1000 * (time.perf_counter() - start))
    return [statistics.median(row) for row in times]


if __name__ == "__main__":
    main()
