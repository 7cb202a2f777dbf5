from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from tests.conftest import tiny_model
from tests.training.test_model import project

from sidedoor import Analyzer, ExportError, Message
from sidedoor.encoding import Encoder, Window
from sidedoor.session import Session
from sidedoor_onnx.export import check_agreement, export_checkpoint
from sidedoor_onnx.graph import export_fp32, fuse, quantise
from sidedoor_onnx.parity import Agreement, agreement, max_logit_difference
from sidedoor_training.fine_tuning import fine_tune
from sidedoor_training.narrowing import narrowed
from sidedoor_training.recipe import Export, Width

__all__ = ["project"]

MESSAGES = [Message("write me"), Message("a b c d e f g", "order"), Message(""), Message("1 2" * 9)]


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("graphs")
    export_fp32(tiny_model(), folder / "plain.onnx")
    fuse(folder / "plain.onnx", folder / "fused.onnx", heads=2, hidden=32, layers=2)
    quantise(folder / "fused.onnx", folder / "int8.onnx")
    return folder


def test_onnx_equals_torch(graphs: Path, encoder: Encoder) -> None:
    session = Session(graphs / "fused.onnx")
    assert max_logit_difference(tiny_model(), session, encoder, MESSAGES) <= 1e-4


def test_layer_norms_run_as_vectorised_operators(graphs: Path) -> None:
    for name in ("fused", "int8"):
        nodes = [node.op_type for node in onnx.load(str(graphs / f"{name}.onnx")).graph.node]
        assert nodes.count("MeanVarianceNormalization") == 4
        assert not {"SkipLayerNormalization", "LayerNormalization"} & set(nodes)


def test_the_bias_of_each_product_is_added_inside_of_it(graphs: Path, tmp_path: Path) -> None:
    """What onnxruntime makes of the file as it loads it."""
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.log_severity_level = 3
    ort.InferenceSession(graphs / "int8.onnx", options, providers=["CPUExecutionProvider"])
    nodes = onnx.load(str(tmp_path / "optimised.onnx")).graph.node
    products = [node for node in nodes if node.op_type == "DynamicQuantizeMatMul"]
    assert len(products) == 6
    assert sum(node.input[4] != "" for node in products) == 4  # GELU has the others' bias


@pytest.mark.parametrize(
    ("layers", "hidden", "heads"), [(1, 32, 2), (2, 16, 1), (3, 16, 1), (4, 32, 1)]
)
def test_students_of_any_shape_are_exported(
    tmp_path: Path, encoder: Encoder, layers: int, hidden: int, heads: int
) -> None:
    width = Width(hidden_size=hidden, heads=heads, intermediate_size=2 * hidden)
    model = narrowed(tiny_model(layers), width).eval()
    export_fp32(model, tmp_path / "plain.onnx")
    fuse(tmp_path / "plain.onnx", tmp_path / "x.onnx", heads=heads, hidden=hidden, layers=layers)
    assert max_logit_difference(model, Session(tmp_path / "x.onnx"), encoder, MESSAGES) <= 1e-4
    quantise(tmp_path / "x.onnx", tmp_path / "int8.onnx")
    window = encoder.encode(MESSAGES[0]).windows[0]
    assert np.isfinite(Session(tmp_path / "int8.onnx").run(window).tags).all()


def test_everything_fuses_or_the_export_fails(graphs: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="did not fuse"):
        fuse(graphs / "plain.onnx", tmp_path / "x.onnx", heads=2, hidden=32, layers=3)


def test_int8_covers_the_layers_and_spares_the_heads(graphs: Path) -> None:
    nodes = [node.op_type for node in onnx.load(str(graphs / "int8.onnx")).graph.node]
    assert nodes.count("QAttention") == 2
    assert nodes.count("MatMulInteger") == 6
    assert nodes.count("MatMul") == 1


def test_int8_weights_keep_to_seven_bits(graphs: Path) -> None:
    graph = onnx.load(str(graphs / "int8.onnx")).graph
    weights = [
        onnx.numpy_helper.to_array(tensor)
        for tensor in graph.initializer
        if tensor.data_type == onnx.TensorProto.INT8 and tensor.name.endswith("_quantized")
    ]
    assert len(weights) == 8
    assert max(int(np.abs(weight.astype(int)).max()) for weight in weights) <= 64


def test_the_embedding_by_rows_is_near_the_original(graphs: Path) -> None:
    fused, int8 = (Session(graphs / f"{name}.onnx") for name in ("fused", "int8"))
    window = Window(
        np.arange(30, 50, dtype=np.int32), np.zeros(20, dtype=np.int32), first=0, count=18
    )
    difference = np.abs(fused.run(window).tags - int8.run(window).tags).max()
    assert 0 < difference < 1.0


def test_a_model_agrees_with_itself(model_folder: Path) -> None:
    analyzer = Analyzer.load(model_folder)
    found = agreement(analyzer, analyzer, MESSAGES)
    assert (found.labels, found.spans) == (1.0, 1.0)


@pytest.mark.parametrize("found", [Agreement(0.97, 1.0), Agreement(1.0, 0.96)])
def test_int8_that_is_too_far_off_fails_the_export(found: Agreement) -> None:
    with pytest.raises(ExportError, match="the recipe asks for"):
        check_agreement(found, Export(min_label_agreement=0.98, min_span_agreement=0.97))


@pytest.mark.slow
def test_a_checkpoint_becomes_a_model_folder_that_answers(project: Path) -> None:
    checkpoint = fine_tune(project / "recipe.yaml", project / "run")
    report = export_checkpoint(checkpoint, project / "model")
    assert report.torch_difference <= 1e-4
    assert report.int8_agreement is not None
    analyzer = Analyzer.load(project / "model")
    assert analyzer.analyze("mail me at jo@fern.co").labels == ("solicit-contact",)
    assert analyzer.analyze("that is against the rules here").labels == ("explain-policy",)
    (span,) = analyzer.analyze("print Kim Lee on it").pii
    assert (span.type, span.text) == ("PERSON", "Kim Lee")
    names = {"model.onnx", "tokenizer.json", "config.json"}
    assert {file.name for file in (project / "model").iterdir()} >= names
    _float_is_kept_on_request(checkpoint, project)
    _without_validation_nothing_is_written(checkpoint, project)


def _float_is_kept_on_request(checkpoint: Path, folder: Path) -> None:
    assert export_checkpoint(checkpoint, folder / "float", int8=False).int8_agreement is None
    size = [(folder / name / "model.onnx").stat().st_size for name in ("float", "model")]
    assert size[0] > size[1]


def _without_validation_nothing_is_written(checkpoint: Path, folder: Path) -> None:
    (folder / "corpus" / "validation.jsonl").unlink()
    with pytest.raises(ExportError, match="validation"):
        export_checkpoint(checkpoint, folder / "unwritten")
    assert not (folder / "unwritten").exists()
