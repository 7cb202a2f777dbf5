"""Figures as text, for pages and tables in Markdown."""

import math

from sidedoor_evaluation.bootstrap import Figure


def plain(figure: Figure) -> str:
    """Three digits with the interval in brackets; a dash where not defined."""
    if math.isnan(figure.value):
        return "–"
    if math.isnan(figure.low):
        return f"{figure.value:.3f}"
    return f"{figure.value:.3f} ({figure.low:.3f}–{figure.high:.3f})"


def percent(figure: Figure) -> str:
    """The same in per cent with one digit."""
    if math.isnan(figure.value):
        return "–"
    if math.isnan(figure.low):
        return f"{figure.value:.1%}"
    return f"{figure.value:.1%} ({figure.low:.1%}–{figure.high:.1%})"
