"""What marketplaces use today, to be scored beside the model: chosen by name.

Each flags a message as `solicit-contact` and marks spans; none knows of rules or work details.
"""

from collections.abc import Callable
from typing import Final

from sidedoor.errors import InputError, MissingExtraError
from sidedoor_evaluation.baselines.keywords import KeywordFilter
from sidedoor_evaluation.system import System

__all__ = ["BASELINES", "KeywordFilter", "load"]


def _presidio() -> System:
    try:
        from sidedoor_evaluation.baselines.presidio import PresidioPatterns

        return PresidioPatterns.load()
    except ImportError as error:
        raise MissingExtraError("presidio", error.name or "presidio_analyzer") from None


def _scrubadub() -> System:
    try:
        from sidedoor_evaluation.baselines.scrubadub import Scrubadub

        return Scrubadub.load()
    except ImportError as error:
        raise MissingExtraError("eval", error.name or "scrubadub") from None


BASELINES: Final[dict[str, Callable[[], System]]] = {
    "keywords": KeywordFilter.load,
    "presidio": _presidio,
    "scrubadub": _scrubadub,
}


def load(name: str) -> System:
    """The baseline of this name.

    Raises:
        InputError: there is none of this name.
        MissingExtraError: its packages are not installed.
    """
    if name not in BASELINES:
        raise InputError(f"unknown baseline {name!r}; choose from: {', '.join(BASELINES)}")
    return BASELINES[name]()
