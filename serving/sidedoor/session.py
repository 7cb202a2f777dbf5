"""Runs the ONNX model, one window at a time; knows nothing of text or labels."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from sidedoor.decoding import FloatArray
from sidedoor.encoding import Window
from sidedoor.errors import ModelFolderError

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
import onnxruntime as ort

INPUTS: Final = ("input_ids", "attention_mask", "token_type_ids")
OUTPUTS: Final = ("intent_logits", "tag_logits", "intent_evidence")


@dataclass(frozen=True, slots=True)
class Output:
    """The model's outputs for one window.

    `intents` has shape = (intents,), `tags` shape = (tokens, tags), `evidence` shape =
    (tokens, intents): the summands of the intents' logits.
    """

    intents: FloatArray
    tags: FloatArray
    evidence: FloatArray


class Session:
    """One single-threaded ONNX session; safe to run from several threads at once.

    A run holds one window at its own length: dynamic int8 uses one activation scale a tensor,
    so neither padding nor batch mates may share it if the same message is always to get the
    same scores.

    Raises:
        ModelFolderError: the file is no ONNX model, or its inputs and outputs are others.
    """

    def __init__(self, path: Path) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.enable_mem_pattern = False
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = ort.InferenceSession(
                path, sess_options=options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            # onnxruntime's own errors share no base but Exception
            raise ModelFolderError(
                f"{path} can't be loaded as an ONNX model ({type(error).__name__}); "
                "export it again or reinstall the package"
            ) from error
        self._check_names(path)

    def run(self, window: Window) -> Output:
        """Scores one window."""
        feeds = {
            "input_ids": window.input_ids[None],
            "attention_mask": np.ones((1, len(window.input_ids)), dtype=np.int32),
            "token_type_ids": window.token_type_ids[None],
        }
        intents, tag_logits, evidence = self._session.run(OUTPUTS, feeds)
        return Output(intents=intents[0], tags=tag_logits[0], evidence=evidence[0])

    def _check_names(self, path: Path) -> None:
        inputs = {node.name for node in self._session.get_inputs()}
        outputs = {node.name for node in self._session.get_outputs()}
        if inputs != set(INPUTS) or outputs != set(OUTPUTS):
            raise ModelFolderError(
                f"{path} has the inputs {sorted(inputs)} and outputs {sorted(outputs)}, "
                f"not {sorted(INPUTS)} and {sorted(OUTPUTS)}; export it with `sidedoor export`"
            )
