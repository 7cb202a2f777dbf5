"""Makes a model folder of a checkpoint: export, fuse, quantise, verify, calibrate."""

import importlib.metadata
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from sidedoor import Analyzer
from sidedoor.calibration import calibrate
from sidedoor.encoding import Encoder
from sidedoor.errors import ExportError
from sidedoor.model_folder import (
    MODEL_FILE,
    TOKENIZER_FILE,
    IntentConfig,
    LimitsConfig,
    ModelConfig,
    sha256,
    write_config,
)
from sidedoor.policy import ALLOW_ALL
from sidedoor.session import Session
from sidedoor_onnx.graph import export_fp32, fuse, quantise
from sidedoor_onnx.parity import Agreement, agreement, max_logit_difference
from sidedoor_training.checkpoint import Checkpoint
from sidedoor_training.corpus import CorpusRow, read_corpus
from sidedoor_training.recipe import Export
from sidedoor_training.refill import as_written

MAX_LOGIT_DIFFERENCE: Final = 1e-4
_PARITY_MESSAGES: Final = 100
_PACKAGES: Final = ("sidedoor", "torch", "transformers", "tokenizers", "onnx", "onnxruntime")


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What the export measured on the validation split.

    `torch_difference` is the largest |Δ| of any output from torch to ONNX in float;
    `int8_agreement` is None where the export kept float.
    """

    torch_difference: float
    int8_agreement: Agreement | None
    intents: tuple[IntentConfig, ...]
    size_bytes: int


def export_checkpoint(folder: Path, output: Path, *, int8: bool = True) -> ExportReport:
    """Writes the model folder `output` of the checkpoint in `folder`, whole or not at all.

    Raises:
        ConfigurationError: `folder` is no checkpoint.
        ExportError: the exported model differs from the checkpoint by more than allowed, or
            the corpus has no validation split.
    """
    checkpoint = Checkpoint.load(folder)
    rows = read_corpus(checkpoint.recipe.data.corpus, ["validation"])
    if not rows:
        raise ExportError(
            f"{checkpoint.recipe.data.corpus} has no batch of the split 'validation', on which "
            "the export is verified and calibrated; add one"
        )
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent) as work:
        report = _export(checkpoint, rows, Path(work), int8=int8)
        if output.exists():
            shutil.rmtree(output)
        (Path(work) / "folder").rename(output)
    return report


def check_agreement(found: Agreement, least: Export) -> None:
    """Checks that int8 lost no more than the recipe allows.

    Raises:
        ExportError: labels or spans agree too seldom.
    """
    if found.labels < least.min_label_agreement or found.spans < least.min_span_agreement:
        raise ExportError(
            f"int8 agrees with float in {found.labels:.1%} of the labels and {found.spans:.1%} "
            f"of the spans; the recipe asks for {least.min_label_agreement:.1%} and "
            f"{least.min_span_agreement:.1%}"
        )


def _export(
    checkpoint: Checkpoint, rows: Sequence[CorpusRow], work: Path, *, int8: bool
) -> ExportReport:
    messages = [as_written(row).message for row in rows]
    encoder = Encoder(checkpoint.tokenizer, checkpoint.recipe.lengths.limits())
    shape = checkpoint.model.config
    export_fp32(checkpoint.model, work / "plain.onnx")
    fuse(
        work / "plain.onnx",
        work / "fused.onnx",
        heads=shape.num_attention_heads,
        hidden=shape.hidden_size,
        layers=shape.num_hidden_layers,
    )
    difference = max_logit_difference(
        checkpoint.model, Session(work / "fused.onnx"), encoder, messages[:_PARITY_MESSAGES]
    )
    if not difference <= MAX_LOGIT_DIFFERENCE:
        raise ExportError(
            f"ONNX differs from torch by {difference:.2e} in some output, "
            f"allowed are {MAX_LOGIT_DIFFERENCE:.0e}"
        )
    chosen = work / "fused.onnx"
    if int8:
        quantise(work / "fused.onnx", work / "int8.onnx")
        chosen = work / "int8.onnx"
    intents = _calibrated(checkpoint, Session(chosen), encoder, rows)
    result = _write_folder(work / "folder", chosen, checkpoint, intents)
    agreed = None
    if int8:
        reference = _write_folder(work / "float", work / "fused.onnx", checkpoint, intents)
        agreed = agreement(_load(reference), _load(result), messages)
        check_agreement(agreed, checkpoint.recipe.export)
    size = (result / MODEL_FILE).stat().st_size + (result / TOKENIZER_FILE).stat().st_size
    return ExportReport(difference, agreed, intents, size)


def _calibrated(
    checkpoint: Checkpoint, session: Session, encoder: Encoder, rows: Sequence[CorpusRow]
) -> tuple[IntentConfig, ...]:
    logits = np.array(
        [
            np.max(
                [session.run(window).intents for window in encoder.encode(message).windows], axis=0
            )
            for message in (as_written(row).message for row in rows)
        ],
        dtype=np.float64,
    )
    budgets = checkpoint.recipe.calibration.false_flag_budget
    return tuple(
        calibrate(
            name,
            logits[:, index],
            np.array([name in row.intents for row in rows]),
            budgets.get(name, 1.0),
        )
        for index, name in enumerate(checkpoint.labels.intents)
    )


def _write_folder(
    folder: Path, model: Path, checkpoint: Checkpoint, intents: Sequence[IntentConfig]
) -> Path:
    folder.mkdir()
    shutil.copyfile(model, folder / MODEL_FILE)
    checkpoint.tokenizer.save(str(folder / TOKENIZER_FILE))
    recipe = checkpoint.recipe
    write_config(
        folder,
        ModelConfig(
            format=1,
            name=recipe.name,
            intents=list(intents),
            pii_types=checkpoint.labels.pii_types,
            limits=LimitsConfig(**recipe.lengths.model_dump()),
            base_model=recipe.base_model,
            corpus_sha256=checkpoint.corpus_sha256,
            recipe_sha256=recipe.sha256(),
            versions={name: importlib.metadata.version(name) for name in _PACKAGES},
            files={name: sha256(folder / name) for name in (MODEL_FILE, TOKENIZER_FILE)},
        ),
    )
    return folder


def _load(folder: Path) -> Analyzer:
    return Analyzer.load(folder, policy=ALLOW_ALL)
