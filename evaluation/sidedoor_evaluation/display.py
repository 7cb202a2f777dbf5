"""Shows an evaluation as tables on a terminal."""

from collections.abc import Iterator

from rich.table import Table

from sidedoor_evaluation.metrics import Evaluation, Scores


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """Intents, spans and false flags."""
    intents = _scores_table(f"Intents, {evaluation.messages} messages", "intent")
    for name, scores in evaluation.intents.items():
        _add(intents, name, scores)
    intents.add_row("macro F1", "", "", f"{evaluation.macro_f1:.3f}", "", style="bold")
    intents.add_row("exact match", "", "", f"{evaluation.exact_match:.3f}", "")
    yield intents
    spans = _scores_table("Spans, strict", "type")
    for name, scores in evaluation.span_strict.items():
        _add(spans, name, scores)
    _add(spans, "all, IoU ≥ 0.5", evaluation.span_overlap)
    _add(spans, "characters", evaluation.characters)
    yield spans
    flags = Table("messages", "count", "flagged", "share", title="Labelled solicit-contact")
    for kind, counts in evaluation.flags.items():
        flags.add_row(kind, str(counts.messages), str(counts.flagged), f"{counts.rate:.1%}")
    yield flags


def _scores_table(title: str, first: str) -> Table:
    table = Table(title=title)
    table.add_column(first)
    for column in ("precision", "recall", "F1", "support"):
        table.add_column(column, justify="right")
    return table


def _add(table: Table, name: str, scores: Scores) -> None:
    table.add_row(
        name,
        f"{scores.precision:.3f}",
        f"{scores.recall:.3f}",
        f"{scores.f1:.3f}",
        str(scores.tp + scores.fn),
    )
