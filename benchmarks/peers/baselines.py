"""Systems of the evaluation that mark spans without a model."""

from collections.abc import Sequence

from benchmarks.peers import Place

from sidedoor import Message
from sidedoor_evaluation import baselines
from sidedoor_evaluation.system import System


class Baseline:
    """A system of the evaluation, one message after the other."""

    def __init__(self, system: System) -> None:
        self._system = system

    def one(self, text: str) -> object:
        return self.many([text])

    def many(self, texts: Sequence[str]) -> object:
        return list(self._system.predict(map(Message, texts)))


def presidio(_: Place) -> Baseline:
    return Baseline(baselines.load("presidio"))


def scrubadub(_: Place) -> Baseline:
    return Baseline(baselines.load("scrubadub"))
