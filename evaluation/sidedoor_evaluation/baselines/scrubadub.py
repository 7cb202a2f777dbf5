"""scrubadub's default detectors; needs the extra `eval`."""

import importlib
import importlib.metadata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sidedoor import Message
from sidedoor_evaluation.baselines.found import flag, without_overlaps
from sidedoor_evaluation.counts import SOLICIT
from sidedoor_evaluation.gold import GoldSpan
from sidedoor_evaluation.prediction import Prediction

_TYPES: Final[Mapping[str, str]] = {
    "email": "EMAIL_ADDRESS",
    "phone": "PHONE_NUMBER",
    "url": "URL",
    "twitter": "HANDLE",
    "credit_card": "PAYMENT_ACCOUNT",
    "social_security_number": "ID_NUMBER",
    "credential": "CREDENTIAL",
}


@dataclass(frozen=True, slots=True)
class Scrubadub:
    """Flags a message in which a detector finds contact data."""

    name: str
    intents: tuple[str, ...]
    types: tuple[str, ...]
    scrubber: Any

    @classmethod
    def load(cls) -> "Scrubadub":
        """Loads the detectors that are on by default.

        Raises:
            ImportError: scrubadub is not installed.
        """
        return cls(
            name=f"scrubadub {importlib.metadata.version('scrubadub')}",
            intents=(SOLICIT,),
            types=tuple(_TYPES.values()),
            scrubber=importlib.import_module("scrubadub").Scrubber(),
        )

    def predict(self, messages: Iterable[Message]) -> Iterator[Prediction]:
        for message in messages:
            found = self.scrubber.iter_filth(message.text)
            yield flag(
                without_overlaps(
                    GoldSpan(_TYPES[filth.type], filth.beg, filth.end)
                    for filth in found
                    if filth.type in _TYPES
                )
            )
