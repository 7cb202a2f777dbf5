"""Bootstrap intervals: messages are drawn anew with replacement, figures computed for each draw.

A draw is a row of weights, how often each message is in it, so that counts become sums by one
matrix product (Efron 1979; percentile intervals). The unit drawn is the message.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Path = tuple[str, ...]
Sample = dict[Path, Floats]
"""Figures by their path, such as ("spans", "strict", "URL", "f1"), each with shape = (draws,)."""
Statistic = Callable[[Floats], Sample]
"""Takes weights with shape = (draws, messages)."""

CONFIDENCE: Final = 0.95
_CELLS: Final = 1_000_000
"""Most weights held at once."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its 95 % interval; NaN where it is not defined."""

    value: float
    low: float = math.nan
    high: float = math.nan

    def to_dict(self) -> dict[str, float | None]:
        """As a JSON object, numbers rounded to four digits, null where not defined."""
        return {name: rounded(getattr(self, name)) for name in ("value", "low", "high")}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Figure":
        """The inverse of `to_dict`, to four digits."""
        return cls(*(math.nan if content[k] is None else content[k] for k in cls.__slots__))

    def of_proportion(self, count: float) -> "Figure":
        """The figure as a share of `count` items.

        At 0 and at 1 all draws are alike and the bootstrap has no width; the bound is then the
        exact binomial one (Clopper and Pearson 1934).
        """
        if math.isnan(self.low) or not count or self.value not in (0.0, 1.0):
            return self
        bound = ((1 - CONFIDENCE) / 2) ** (1 / count)
        return Figure(0.0, 0.0, 1 - bound) if self.value == 0 else Figure(1.0, bound, 1.0)


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How many draws, and from which seed; without draws there are no intervals."""

    draws: int = 1000
    seed: int = 1

    def figures(self, statistic: Statistic, messages: int) -> dict[Path, Figure]:
        """The statistic on all messages, with intervals."""
        values = statistic(np.ones((1, messages)))
        drawn = self.sample(statistic, messages)
        return {
            path: Figure(float(value[0]), *interval(drawn.get(path, np.empty(0))))
            for path, value in values.items()
        }

    def sample(self, statistic: Statistic, messages: int) -> Sample:
        """The statistic on each draw."""
        parts: dict[Path, list[Floats]] = {}
        for weights in self._weights(messages):
            for path, values in statistic(weights).items():
                parts.setdefault(path, []).append(values)
        return {path: np.concatenate(values) for path, values in parts.items()}

    def _weights(self, messages: int) -> Iterator[Floats]:
        rng = np.random.default_rng(self.seed)
        even = np.full(messages, 1 / messages)
        chunk = max(1, _CELLS // messages)
        for first in range(0, self.draws, chunk):
            yield rng.multinomial(messages, even, size=min(chunk, self.draws - first)).astype(float)


def interval(draws: Floats) -> tuple[float, float]:
    """The middle 95 % of the draws on which the figure is defined."""
    defined = draws[~np.isnan(draws)]
    if not len(defined):
        return math.nan, math.nan
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(defined, [tail, 100 - tail])
    return float(low), float(high)


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Their quotient, NaN where the denominator is 0."""
    result: Floats = np.divide(
        numerator, denominator, out=np.full(np.shape(numerator), np.nan), where=denominator != 0
    )
    return result


def rounded(value: float) -> float | None:
    """Four digits; None where not defined."""
    return None if math.isnan(value) else round(value, 4)
