"""The report's charts; needs the extra `eval`.

Colours are Okabe and Ito's, which people with any colour vision tell apart; lines also differ in
dashes and markers. Whiskers and bands are 95 % intervals.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Chart
from matplotlib.ticker import PercentFormatter
from sklearn.metrics import precision_recall_curve

from sidedoor_evaluation.bootstrap import Bootstrap, Figure
from sidedoor_evaluation.counts import KINDS, Counts
from sidedoor_evaluation.gold import GoldRow
from sidedoor_evaluation.metrics import BINS, Evaluation, bin_of
from sidedoor_evaluation.recalibration import Fit, point
from sidedoor_evaluation.robustness import PLAIN, Robustness
from sidedoor_evaluation.slices import Slice, length_class

COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES: Final = ("-", "--", "-.", ":")
MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X")
MOST_SLICES: Final = 30
"""Most slices drawn, the largest ones; the JSON has them all."""
_GREY: Final = "#666666"
_STYLE: Final[Any] = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.7,
}


def save(chart: Chart, path: Path) -> None:
    """Writes a chart as PNG, without the time of writing."""
    chart.savefig(path, dpi=120, bbox_inches="tight", metadata={"Software": None})


def precision_recall(counts: Counts) -> Chart:
    """Precision over recall for each intent, the model's threshold as a dot."""
    chart, axes = _chart(6.2, 4.4, "Precision and recall at every threshold")
    if counts.scores is not None:
        for index, name in enumerate(counts.intents):
            gold, found = counts.gold[:, index], counts.found[:, index]
            if not gold.any():
                continue
            precision, recall, _ = precision_recall_curve(gold, counts.scores[:, index])
            colour, dash, marker = _look(index)
            axes.step(recall, precision, where="post", color=colour, linestyle=dash, label=name)
            hits = (gold & found).sum()
            at = hits / max(1, found.sum())
            axes.plot(
                hits / gold.sum(), at, marker, color=colour, markersize=9, markeredgecolor="white"
            )
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.02))
    axes.plot([], [], "o", color=_GREY, label="at the model's threshold")
    axes.legend(loc="lower left")
    return chart


def reliability(counts: Counts, evaluation: Evaluation) -> Chart:
    """Share of messages that have an intent, over the score given, with counts below."""
    with rc_context(_STYLE):
        chart = Chart(figsize=(6.2, 5.2), layout="constrained")
        axes, below = chart.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    axes.set_title(
        "Reliability: is a score of 0.8 right four times in five?", loc="left", fontweight="bold"
    )
    axes.plot([0, 1], [0, 1], color=_GREY, linewidth=1, linestyle=":", label="perfect")
    if counts.scores is not None:
        for index, name in enumerate(counts.intents):
            colour, dash, marker = _look(index)
            scores, gold = counts.scores[:, index], counts.gold[:, index]
            bins = bin_of(scores)
            sizes = np.bincount(bins, minlength=BINS)
            full = sizes > 0
            means = np.bincount(bins, weights=scores, minlength=BINS)[full] / sizes[full]
            shares = np.bincount(bins, weights=gold, minlength=BINS)[full] / sizes[full]
            error = evaluation.calibration_error[name].value
            label = f"{name} (calibration error {error:.3f})"
            axes.plot(means, shares, color=colour, linestyle=dash, marker=marker, label=label)
            edges = (np.arange(BINS) + 0.2 + 0.3 * index) / BINS
            below.bar(edges, sizes, width=0.25 / BINS, color=colour)
    axes.set(ylabel="share that has the intent", ylim=(-0.02, 1.02))
    axes.legend(loc="upper left")
    below.set(xlabel="score", ylabel="messages", xlim=(-0.02, 1.02), yscale="symlog")
    return chart


def confusion(counts: Counts) -> Chart:
    """Which sets of intents are taken for which; rows add up to 100 %."""
    gold, found = _sets(counts.gold, counts.intents), _sets(counts.found, counts.intents)
    names = [name for name, _ in (Counter(gold) + Counter(found)).most_common(10)]
    pairs = Counter(zip(gold, found, strict=True))
    table = np.array([[pairs[row, column] for column in names] for row in names], dtype=float)
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    side = 2.6 + 0.75 * len(names)
    chart, axes = _chart(side + 1.2, side, "Confusion of intents (messages; shade: share of row)")
    axes.grid(visible=False)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row in range(len(names)):
        for column in range(len(names)):
            if table[row, column]:
                dark = shares[row, column] > 0.55
                axes.text(
                    column, row, f"{table[row, column]:.0f}", ha="center", va="center",
                    color="white" if dark else "black", fontsize=10,
                )  # fmt: skip
    labels = [name.replace(" + ", " +\n") for name in names]
    axes.set_xticks(range(len(names)), labels, rotation=40, ha="right", fontsize=8)
    axes.set_yticks(range(len(names)), labels, fontsize=8)
    axes.set(xlabel="the model says", ylabel="the label says")
    return chart


def by_type(evaluation: Evaluation) -> Chart:
    """F1 of spans by type, by all three measures."""
    kinds = [
        kind
        for kind, scores in evaluation.spans["strict"].items()
        if scores.tp + scores.fn + scores.fp
    ]
    chart, axes = _chart(7, 1.6 + 0.5 * len(kinds), "Personal data: F1 by type")
    names = {"strict": "exact", "overlap": "overlap (IoU ≥ 0.5)", "characters": "characters"}
    for index, (measure, name) in enumerate(names.items()):
        figures = [evaluation.spans[measure][kind].f1 for kind in kinds]
        _dots(axes, figures, index, name, shift=(index - 1) * 0.22)
    spans = evaluation.spans["strict"]
    _rows(axes, [f"{kind} ({spans[kind].tp + spans[kind].fn})" for kind in kinds])
    axes.set(xlabel="F1 (in brackets: labelled spans)", xlim=(-0.02, 1.02))
    _legend_below(axes, 3)
    return chart


def by_slice(slices: Sequence[Slice]) -> Chart:
    """F1 of intents and of spans by slice."""
    largest = sorted(slices, key=lambda part: -part.messages)[:MOST_SLICES]
    shown = [part for part in slices if part in largest]
    chart, axes = _chart(7, 1.6 + 0.42 * len(shown), "F1 by slice")
    _dots(axes, [part.macro_f1 for part in shown], 0, "intents, macro F1", shift=-0.12)
    _dots(axes, [part.span_f1 for part in shown], 1, "spans, exact F1", shift=0.12)
    _rows(axes, [f"{part.field}: {part.value} ({part.messages})" for part in shown])
    for k in range(1, len(shown)):
        if shown[k].field != shown[k - 1].field:
            axes.axhline(k - 0.5, color=_GREY, linewidth=0.8)
    axes.set(xlabel="F1 (in brackets: messages)", xlim=(-0.02, 1.02))
    _legend_below(axes, 2)
    return chart


def by_family(robustness: Robustness) -> Chart:
    """Recall of disguised items and of the solicitations that hold them, worst family last."""
    plain = [family for family in robustness.families if family.name == PLAIN]
    hidden = [family for family in robustness.families if family.name != PLAIN]
    shown = [*plain, *sorted(hidden, key=lambda family: -family.overlap.value)]
    chart, axes = _chart(7.4, 1.6 + 0.25 * len(shown), "Recall by family of disguise")
    overlap = [family.overlap for family in shown]
    flagged = [family.flagged for family in shown]
    _dots(axes, overlap, 0, "the item is found (IoU ≥ 0.5)", shift=-0.15)
    _dots(axes, flagged, 1, "the solicitation is flagged", shift=0.15)
    _rows(axes, [f"{family.name} ({family.items})" for family in shown])
    if plain:
        axes.axhline(0.5, color=_GREY, linewidth=0.8)
    axes.set(xlabel="recall (in brackets: disguised items)", xlim=(-0.02, 1.02))
    _legend_below(axes, 2)
    return chart


def by_length(gold: Sequence[GoldRow], counts: Counts, bootstrap: Bootstrap) -> Chart:
    """Share of messages with a wrong intent, and with a wrong span, by length."""
    classes = [length_class(row) for row in gold]
    names = sorted(set(classes), key=lambda name: int(name.removeprefix("over ").split()[0]))
    chart, axes = _chart(6.2, 3.8, "Length and error")
    wrong = {
        "some intent is wrong": (counts.gold != counts.found).any(axis=1),
        "some span is wrong": counts.spans["strict"][:, -1, 1:].any(axis=1),
    }
    for index, (label, errors) in enumerate(wrong.items()):
        figures = [_share(errors[[c == name for c in classes]], bootstrap) for name in names]
        colour, _, marker = _look(index)
        positions = np.arange(len(names)) + (index - 0.5) * 0.12
        axes.errorbar(
            positions, [figure.value for figure in figures], yerr=_whiskers(figures),
            fmt=marker, color=colour, label=label, capsize=3,
        )  # fmt: skip
    sizes = Counter(classes)
    axes.set_xticks(range(len(names)), [f"{name}\n({sizes[name]})" for name in names])
    axes.set(xlabel="length in code points (in brackets: messages)", ylabel="messages")
    axes.set_ylim(0, None)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.legend()
    return chart


def flagged(systems: Mapping[str, Evaluation]) -> Chart:
    """What each system flags, by what the message really is."""
    shown = {name: found for name, found in systems.items() if found.flags}
    chart, axes = _chart(7, 1.8 + 0.26 * len(KINDS) * (len(shown) + 1), "What is flagged")
    for index, (name, evaluation) in enumerate(shown.items()):
        figures = [evaluation.flags[kind].rate for kind in KINDS]
        _dots(axes, figures, index, name, shift=(index - (len(shown) - 1) / 2) * 0.18)
    first = next(iter(shown.values()))
    _rows(axes, [f"{kind} ({first.flags[kind].messages})" for kind in KINDS])
    for k in range(1, len(KINDS)):
        axes.axhline(k - 0.5, color=_GREY, linewidth=0.8)
    axes.set(xlabel="flagged (in brackets: messages)", xlim=(-0.02, 1.02))
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    _legend_below(axes, 2)
    return chart


def threshold_curves(fits: Sequence[Fit], budgets: Mapping[str, float]) -> Chart:
    """Recall over false flags for each intent; the chosen threshold as a dot."""
    chart, axes = _chart(6.6, 4.4, "What a threshold costs")
    for index, fit in enumerate(fits):
        colour, dash, marker = _look(index)
        points = [point(fit, float(at)) for at in np.unique(fit.scores)[::-1]]
        false, recall = [p.false_flags for p in points], [p.recall for p in points]
        name = fit.after.name
        axes.step(false, recall, where="post", color=colour, linestyle=dash, label=name)
        chosen = point(fit, fit.after.threshold)
        axes.plot(
            chosen.false_flags, chosen.recall, marker, color=colour, markersize=9,
            markeredgecolor="white", label=f"threshold {fit.after.threshold:.3f}",
        )  # fmt: skip
        if name in budgets:
            label = f"budget for {name}"
            axes.axvline(budgets[name], color=colour, linewidth=1, linestyle=":", label=label)
    axes.set(xlabel="messages without the intent that get it", ylabel="recall")
    axes.set(xlim=(-0.005, 0.3), ylim=(0, 1.02))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.legend(loc="lower right")
    return chart


def _chart(width: float, height: float, title: str) -> tuple[Chart, Axes]:
    with rc_context(_STYLE):
        chart = Chart(figsize=(width, height), layout="constrained")
        axes = chart.subplots()
    axes.set_title(title, loc="left", fontweight="bold")
    return chart, axes


def _look(index: int) -> tuple[str, str, str]:
    return (
        COLOURS[index % len(COLOURS)],
        DASHES[index % len(DASHES)],
        MARKERS[index % len(MARKERS)],
    )


def _dots(axes: Axes, figures: Sequence[Figure], index: int, label: str, shift: float) -> None:
    """A dot with whiskers a row."""
    colour, _, marker = _look(index)
    axes.errorbar(
        [figure.value for figure in figures], np.arange(len(figures)) + shift,
        xerr=_whiskers(figures), fmt=marker, markersize=5, color=colour, elinewidth=1.2,
        capsize=2, label=label,
    )  # fmt: skip


def _whiskers(figures: Sequence[Figure]) -> Any:
    """Distances to the ends of the intervals; shape = (2, figures)."""
    ends = [(figure.value - figure.low, figure.high - figure.value) for figure in figures]
    return np.nan_to_num(np.maximum(np.array(ends).T, 0))


def _rows(axes: Axes, labels: Sequence[str]) -> None:
    axes.set_yticks(range(len(labels)), labels, fontsize=9)
    axes.set_ylim(len(labels) - 0.4, -0.6)


def _legend_below(axes: Axes, columns: int) -> None:
    axes.figure.legend(loc="outside lower center", ncols=columns)


def _sets(labels: Any, intents: Sequence[str]) -> list[str]:
    return [
        " + ".join(name for name, there in zip(intents, row, strict=True) if there) or "none"
        for row in labels
    ]


def _share(errors: Any, bootstrap: Bootstrap) -> Figure:
    count = len(errors)
    figures = bootstrap.figures(lambda weights: {("share",): weights @ errors / count}, count)
    return figures["share",].of_proportion(count)
