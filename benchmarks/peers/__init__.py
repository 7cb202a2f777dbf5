"""The contestants: what each does with a text, and where it is loaded.

A contestant's module is imported when it is loaded, so that a process holds one and no other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol

SIDEDOOR: Final = "sidedoor"
INT8: Final = "onnx-int8"
REFERENCE: Final = "onnx-int8-reference"
PIPELINES: Final = "pipelines"

JOINT_FOLDER: Final = "joint"
INTENTS_FOLDER: Final = "intents"
SPANS_FOLDER: Final = "spans"
FUSED_FILE: Final = "fused.onnx"
INT8_FILE: Final = "int8.onnx"
REFERENCE_FILE: Final = "int8-reference.onnx"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the models lie, and how many threads a contestant may use.

    `work` holds what `models.py` wrote, `model` is Sidedoor's model folder.
    """

    work: Path
    model: Path
    threads: int


class Contestant(Protocol):
    """Something loaded that answers texts: one, or many with all its threads."""

    def one(self, text: str) -> object: ...

    def many(self, texts: Sequence[str]) -> object: ...


@dataclass(frozen=True, slots=True)
class Peer:
    """A contestant before it is loaded; `whole` if it gives intents, too, not spans alone."""

    title: str
    how: str
    loader: str
    whole: bool = True

    def load(self, place: Place) -> Contestant:
        """Imports what it needs and loads it; any error means that it can't run here."""
        module, _, name = self.loader.partition(":")
        contestant: Contestant = getattr(import_module(f"{__name__}.{module}"), name)(place)
        return contestant


PEERS: Final = {
    PIPELINES: Peer(
        "transformers' pipelines",
        "float, a model each for text and token classification, cut at 512 tokens; torch's threads",
        "pipelines:Pipelines",
    ),
    "torch": Peer(
        "torch, joint model",
        "float, one model for both tasks; torch's threads",
        "torch_joint:eager",
    ),
    "torch-compiled": Peer(
        "torch, joint model, compiled",
        "the same after torch.compile with free lengths; torch's threads",
        "torch_joint:compiled",
    ),
    "onnx-float": Peer(
        "onnxruntime, float, fused",
        "joint model, fused graph; a message a thread",
        "joint:onnx_float",
    ),
    INT8: Peer(
        "onnxruntime, dynamic int8, unfused",
        "joint model, quantize_dynamic on the plain export; a message a thread",
        "joint:onnx_int8",
    ),
    REFERENCE: Peer(
        "onnxruntime, dynamic int8, unfused, six layers of 384",
        "the same with the shape that the shipped model began as",
        "joint:onnx_int8_reference",
    ),
    SIDEDOOR: Peer(
        "**Sidedoor**",
        "the shipped model folder; a message a thread",
        "joint:sidedoor",
    ),
    "presidio": Peer(
        "Presidio, patterns",
        "its recognisers that need no language model; one thread",
        "baselines:presidio",
        whole=False,
    ),
    "scrubadub": Peer(
        "scrubadub",
        "its default detectors; one thread",
        "baselines:scrubadub",
        whole=False,
    ),
}
"""In the order of the table. All joint models share tokenising, decoding and policy."""
