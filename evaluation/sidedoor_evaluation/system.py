"""What can be evaluated: anything that says labels and spans of a message."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sidedoor import Analyzer, Message
from sidedoor.errors import InputError
from sidedoor.model_folder import ModelConfig
from sidedoor.policy import ALLOW_ALL
from sidedoor_evaluation.gold import GoldRow
from sidedoor_evaluation.prediction import Prediction, read_predictions


class System(Protocol):
    """Predicts messages in order.

    `intents` and `types` are the labels that it speaks of; it is not scored on others.
    """

    @property
    def name(self) -> str: ...

    @property
    def intents(self) -> tuple[str, ...]: ...

    @property
    def types(self) -> tuple[str, ...]: ...

    def predict(self, messages: Iterable[Message]) -> Iterator[Prediction]: ...


@dataclass(frozen=True, slots=True)
class ModelSystem:
    """A model folder, loaded."""

    name: str
    analyzer: Analyzer

    @classmethod
    def load_all(cls, folders: Sequence[Path]) -> "list[ModelSystem]":
        """Loads model folders; those of the same name get their folder's name too."""
        loaded = [Analyzer.load(folder, policy=ALLOW_ALL) for folder in folders]
        names = [analyzer.config.name for analyzer in loaded]
        return [
            cls(name if names.count(name) == 1 else f"{name} ({folder.name})", analyzer)
            for name, folder, analyzer in zip(names, folders, loaded, strict=True)
        ]

    @property
    def intents(self) -> tuple[str, ...]:
        return tuple(intent.name for intent in self.analyzer.config.intents)

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(self.analyzer.config.pii_types)

    def predict(self, messages: Iterable[Message]) -> Iterator[Prediction]:
        return map(Prediction.of, self.analyzer.analyze_many(messages))


@dataclass(frozen=True, slots=True)
class FileSystem:
    """Predictions that were made before, for these messages and no others."""

    name: str
    intents: tuple[str, ...]
    types: tuple[str, ...]
    predictions: tuple[Prediction, ...]

    @classmethod
    def read(cls, path: str, gold: Sequence[GoldRow], config: ModelConfig) -> "FileSystem":
        """Reads what `sidedoor analyze` wrote, its labels those of the model's configuration.

        Raises:
            InputError: a row is malformed, superfluous or missing.
        """
        intents = tuple(intent.name for intent in config.intents)
        types = tuple(config.pii_types)
        predictions = read_predictions(path, gold, intents, types)
        return cls(Path(path).name, intents, types, tuple(predictions))

    def predict(self, messages: Iterable[Message]) -> Iterator[Prediction]:
        return iter(self.predictions)


def check_same_labels(systems: Sequence[System]) -> None:
    """Checks that systems can be compared.

    Raises:
        InputError: one knows other labels than the first.
    """
    for system in systems[1:]:
        if (system.intents, system.types) != (systems[0].intents, systems[0].types):
            raise InputError(
                f"{system.name} and {systems[0].name} know different labels, so they can't be "
                "compared; evaluate each on its own"
            )
