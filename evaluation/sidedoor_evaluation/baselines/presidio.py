"""Microsoft Presidio's recognisers without a language model: patterns, checksums, numbering plans.

Needs the extra `presidio`. Nothing is looked up on the network.
"""

import importlib
import importlib.metadata
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sidedoor import Message
from sidedoor_evaluation.baselines.found import flag, without_overlaps
from sidedoor_evaluation.counts import SOLICIT
from sidedoor_evaluation.gold import GoldSpan
from sidedoor_evaluation.prediction import Prediction

MIN_SCORE: Final = 0.3
"""Below it are bare digits that only a context word would raise; they would all be false."""
_TYPES: Final[Mapping[str, str]] = {
    "EMAIL_ADDRESS": "EMAIL_ADDRESS",
    "PHONE_NUMBER": "PHONE_NUMBER",
    "URL": "URL",
    "IP_ADDRESS": "URL",
    "CREDIT_CARD": "PAYMENT_ACCOUNT",
    "IBAN_CODE": "PAYMENT_ACCOUNT",
    "CRYPTO": "PAYMENT_ACCOUNT",
    "US_BANK_NUMBER": "PAYMENT_ACCOUNT",
    "US_SSN": "ID_NUMBER",
    "US_ITIN": "ID_NUMBER",
    "US_PASSPORT": "ID_NUMBER",
    "US_DRIVER_LICENSE": "ID_NUMBER",
    "UK_NHS": "ID_NUMBER",
}


@dataclass(frozen=True, slots=True)
class PresidioPatterns:
    """Flags a message in which a recogniser finds contact data."""

    name: str
    intents: tuple[str, ...]
    types: tuple[str, ...]
    recognizers: tuple[Any, ...]

    @classmethod
    def load(cls) -> "PresidioPatterns":
        """Loads the recognisers for English that need no language model.

        Raises:
            ImportError: Presidio is not installed.
        """
        _stay_offline()
        analyzer = importlib.import_module("presidio_analyzer")
        registry = analyzer.RecognizerRegistry()
        registry.load_predefined_recognizers(languages=["en"])
        return cls(
            name=f"Presidio {importlib.metadata.version('presidio-analyzer')}, patterns",
            intents=(SOLICIT,),
            types=tuple(dict.fromkeys(_TYPES.values())),
            recognizers=tuple(
                recognizer
                for recognizer in registry.recognizers
                if set(recognizer.supported_entities) <= set(_TYPES)
            ),
        )

    def predict(self, messages: Iterable[Message]) -> Iterator[Prediction]:
        return (flag(self._spans(message.text)) for message in messages)

    def _spans(self, text: str) -> tuple[GoldSpan, ...]:
        found = [
            result
            for recognizer in self.recognizers
            for result in recognizer.analyze(text, recognizer.supported_entities, None) or ()
            if result.score >= MIN_SCORE
        ]
        found.sort(key=lambda result: (-result.score, result.start - result.end))
        return without_overlaps(
            GoldSpan(_TYPES[result.entity_type], result.start, result.end) for result in found
        )


def _stay_offline() -> None:
    """Makes tldextract use the list of suffixes that it brings, and not fetch a newer one."""
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    extract: Any = importlib.import_module("tldextract.tldextract")
    extract.TLD_EXTRACTOR = extract.TLDExtract(suffix_list_urls=(), cache_dir=None)
