"""The joint model in torch, as it is and compiled, within an `Analyzer`."""

from typing import Any

import torch
from benchmarks.peers import JOINT_FOLDER, Place
from benchmarks.peers.joint import Joint, analyzer_with

from sidedoor.encoding import Window
from sidedoor.session import Output, Session
from sidedoor_training.model import SidedoorModel


def eager(place: Place) -> Joint:
    return _joint(place, _load(place))


def compiled(place: Place) -> Joint:
    return _joint(place, torch.compile(_load(place), dynamic=True))


def _load(place: Place) -> Any:
    return SidedoorModel.from_pretrained(place.work / JOINT_FOLDER).eval()


def _joint(place: Place, model: Any) -> Joint:
    torch.set_num_threads(place.threads)
    # one message after the other: torch itself has the threads
    return Joint(analyzer_with(_TorchSession(model), place.model), threads=1)


class _TorchSession(Session):
    """Runs a torch module where the engine runs onnxruntime."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def run(self, window: Window) -> Output:
        ids = torch.from_numpy(window.input_ids[None]).long()
        types = torch.from_numpy(window.token_type_ids[None]).long()
        with torch.inference_mode():
            output = self._model(ids, torch.ones_like(ids), types)
        return Output(
            intents=output.intent_logits[0].numpy(),
            tags=output.tag_logits[0].numpy(),
            evidence=output.intent_evidence[0].numpy(),
        )
