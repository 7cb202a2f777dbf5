"""Contestants that run the joint model within an `Analyzer`, Sidedoor's own engine among them.

They differ in what computes the model and in nothing else.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
from benchmarks.peers import FUSED_FILE, INT8_FILE, REFERENCE_FILE, Place
from tokenizers import Tokenizer

from sidedoor import Analyzer
from sidedoor.encoding import Encoder, Limits, Window
from sidedoor.model_folder import TOKENIZER_FILE, read_config
from sidedoor.policy import Policy
from sidedoor.session import OUTPUTS, Output, Session


class Joint:
    """An analyzer with so many threads, each message in one of them."""

    def __init__(self, analyzer: Analyzer, threads: int) -> None:
        self._analyzer = analyzer
        self._threads = threads

    def one(self, text: str) -> object:
        return self._analyzer.analyze(text)

    def many(self, texts: Sequence[str]) -> object:
        return list(self._analyzer.analyze_many(texts, workers=self._threads))


def sidedoor(place: Place) -> Joint:
    return Joint(Analyzer.load(place.model), place.threads)


def onnx_float(place: Place) -> Joint:
    return _onnx(place, FUSED_FILE)


def onnx_int8(place: Place) -> Joint:
    return _onnx(place, INT8_FILE)


def onnx_int8_reference(place: Place) -> Joint:
    return _onnx(place, REFERENCE_FILE)


def analyzer_with(session: Session, model: Path) -> Analyzer:
    """An analyzer with the model folder's tokenizer and labels and another session."""
    config = read_config(model)
    tokenizer = Tokenizer.from_file(str(model / TOKENIZER_FILE))
    encoder = Encoder(tokenizer, Limits(**config.limits.model_dump()))
    return Analyzer(config, encoder, session, Policy.load())


def _onnx(place: Place, name: str) -> Joint:
    return Joint(analyzer_with(_PlainSession(place.work / name), place.model), place.threads)


class _PlainSession(Session):
    """onnxruntime with its own settings, but one thread a run; inputs of the graph's type."""

    def __init__(self, path: Path) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = ort.InferenceSession(
            path, sess_options=options, providers=["CPUExecutionProvider"]
        )
        wide = {node.type for node in self._session.get_inputs()} == {"tensor(int64)"}
        self._type = np.int64 if wide else np.int32

    def run(self, window: Window) -> Output:
        ids = window.input_ids[None].astype(self._type)
        feeds = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": window.token_type_ids[None].astype(self._type),
        }
        intents, tags, evidence = self._session.run(OUTPUTS, feeds)
        return Output(intents=intents[0], tags=tags[0], evidence=evidence[0])
