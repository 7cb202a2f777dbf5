"""Shows a result as tables on a terminal."""

import math
from collections.abc import Iterator, Mapping

from rich.table import Table

from sidedoor_evaluation.bootstrap import Figure
from sidedoor_evaluation.comparison import Comparison
from sidedoor_evaluation.metrics import Evaluation, Scores
from sidedoor_evaluation.result import Beside, Result
from sidedoor_evaluation.robustness import Robustness
from sidedoor_evaluation.slices import Slice


def tables(result: Result) -> Iterator[Table]:
    """All tables of a result, intervals in brackets."""
    evaluation = result.evaluation
    yield _intents(evaluation, result.about.system)
    yield _spans(evaluation)
    if evaluation.flags:
        yield _flags(evaluation)
    yield _slices(result.slices)
    if result.beside:
        yield _beside(result)
    for comparison in result.comparisons:
        yield _differences(comparison)
        yield _mcnemar(comparison)
    if result.robustness is not None:
        yield _families(result.robustness)
        yield _flips(result.robustness)


def number(value: float) -> str:
    """Three digits, or a dash where not defined."""
    return "–" if math.isnan(value) else f"{value:.3f}"


def share(value: float) -> str:
    """Per cent with one digit, or a dash where not defined."""
    return "–" if math.isnan(value) else f"{value:.1%}"


def with_interval(figure: Figure) -> str:
    """A figure with its interval."""
    if math.isnan(figure.low):
        return number(figure.value)
    return f"{figure.value:.3f} [dim]({figure.low:.3f}–{figure.high:.3f})[/]"


def _percent(figure: Figure) -> str:
    if math.isnan(figure.low):
        return share(figure.value)
    return f"{figure.value:.1%} [dim]({figure.low:.1%}–{figure.high:.1%})[/]"


def _intents(evaluation: Evaluation, system: str) -> Table:
    title = f"{system}: intents, {evaluation.messages} messages (95 % intervals)"
    table = _table(
        title, "intent", "precision", "recall", "F1", "average precision", "calib. error", "support"
    )
    for name, scores in evaluation.intents.items():
        table.add_row(
            name,
            *_cells(scores),
            _cell(evaluation.average_precision, name),
            _cell(evaluation.calibration_error, name),
            str(scores.tp + scores.fn),
        )
    for label, figure in (
        ("macro F1", evaluation.macro_f1),
        ("exact match", evaluation.exact_match),
    ):
        table.add_row(label, "", "", with_interval(figure), "", "", "", style="bold")
    return table


def _spans(evaluation: Evaluation) -> Table:
    table = _table("Spans", "type", "precision", "recall", "F1", "F1, IoU ≥ 0.5", "F1, characters",
                   "support")  # fmt: skip
    for name, scores in evaluation.spans["strict"].items():
        if scores.tp + scores.fp + scores.fn:
            loose = [evaluation.spans[measure][name].f1 for measure in ("overlap", "characters")]
            table.add_row(
                name, *_cells(scores), *map(with_interval, loose), str(scores.tp + scores.fn)
            )
    return table


def _flags(evaluation: Evaluation) -> Table:
    table = _table("Labelled solicit-contact", "messages", "count", "flagged", "share")
    for kind, flags in evaluation.flags.items():
        table.add_row(kind, str(flags.messages), str(flags.flagged), _percent(flags.rate))
    return table


def _slices(slices: tuple[Slice, ...]) -> Table:
    table = _table(
        "Slices", "field", "value", "messages", "macro F1", "exact match", "span F1", "false flags"
    )
    before = None
    for part in slices:
        table.add_row(
            "" if part.field == before else part.field,
            part.value,
            str(part.messages),
            with_interval(part.macro_f1),
            with_interval(part.exact_match),
            with_interval(part.span_f1),
            _percent(part.false_flags),
        )
        before = part.field
    return table


def _beside(result: Result) -> Table:
    title = "Side by side: what is flagged, what is marked"
    table = _table(title, "system", "solicit-contact F1", "of refusals", "of work details",
                   "of solicitations", "span F1", "span recall")  # fmt: skip
    first = Beside(result.about.system, "model", result.evaluation)
    for other in (first, *result.beside):
        table.add_row(other.name, *_headlines(other.evaluation))
    return table


def _headlines(evaluation: Evaluation) -> Iterator[str]:
    solicit = evaluation.intents.get("solicit-contact")
    yield "–" if solicit is None else with_interval(solicit.f1)
    for kind in ("refusals and rules", "work details", "solicitations"):
        yield _percent(evaluation.flags[kind].rate) if kind in evaluation.flags else "–"
    spans = evaluation.spans["strict"]["all"]
    yield with_interval(spans.f1)
    yield with_interval(spans.recall)


def _differences(comparison: Comparison) -> Table:
    title = f"{comparison.second} less {comparison.first}, paired"
    table = _table(title, "figure", "first", "second", "difference", "p")
    for row in comparison.differences:
        low, high = row.difference.low, row.difference.high
        bold = "bold" if low > 0 or high < 0 else None
        interval = f"{row.difference.value:+.3f} [dim]({low:+.3f}–{high:+.3f})[/]"
        table.add_row(
            row.name,
            number(row.first),
            number(row.second),
            interval,
            number(row.probability),
            style=bold,
        )
    return table


def _mcnemar(comparison: Comparison) -> Table:
    table = _table(
        f"Right in one only (McNemar); {len(comparison.better)} messages better, "
        f"{len(comparison.worse)} worse",
        "what",
        f"only {comparison.first}",
        f"only {comparison.second}",
        "p",
    )
    for test in comparison.tests:
        table.add_row(
            test.name, str(test.only_first), str(test.only_second), number(test.probability)
        )
    return table


def _families(robustness: Robustness) -> Table:
    table = _table("Recall by family of disguise", "family", "items", "span, exact",
                   "span, IoU ≥ 0.5", "solicitations", "solicit-contact")  # fmt: skip
    for family in robustness.families:
        table.add_row(
            family.name,
            str(family.items),
            with_interval(family.exact),
            with_interval(family.overlap),
            str(family.solicitations),
            with_interval(family.flagged),
        )
    return table


def _flips(robustness: Robustness) -> Table:
    table = _table("Innocent messages flagged once retyped", "retyped", "messages", "flagged",
                   "share")  # fmt: skip
    for flips in robustness.flips:
        table.add_row(flips.name, str(flips.messages), str(flips.flipped), _percent(flips.rate))
    return table


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="left" if column == "value" else "right")
    return table


def _cells(scores: Scores) -> list[str]:
    return [with_interval(scores.precision), with_interval(scores.recall), with_interval(scores.f1)]


def _cell(figures: Mapping[str, Figure], name: str) -> str:
    return with_interval(figures[name]) if name in figures else "–"
