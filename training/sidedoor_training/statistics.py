"""What `sidedoor corpus stats` shows: the coverage of the corpus as tables."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from sidedoor_training.checks import Codebook, plain
from sidedoor_training.corpus import SPLITS, CorpusRow, read_corpus


def tables(folder: Path) -> list[Table]:
    """The coverage by split, intents, types, surface and sender, ways, trades and voices."""
    rows = read_corpus(folder)
    codebook = Codebook.load(folder)
    return [
        _splits(rows),
        _intents(rows, codebook),
        _types(rows, codebook),
        _surfaces(rows, codebook),
        _ways(rows, codebook),
        _counts("Trades", Counter(row.trade or "-" for row in rows), codebook.trades),
        _counts("First languages", Counter(row.voice or "-" for row in rows), codebook.voices),
    ]


def flip_pairs(rows: Sequence[CorpusRow]) -> int:
    """The pairs: members of a flip group less one, where their intents differ."""
    groups: dict[str, list[CorpusRow]] = {}
    for row in rows:
        if row.pair:
            groups.setdefault(f"{row.batch}/{row.pair}", []).append(row)
    return sum(
        len(members) - 1
        for members in groups.values()
        if len({frozenset(member.intents) for member in members}) > 1
    )


def _splits(rows: Sequence[CorpusRow]) -> Table:
    table = _table(
        "Messages", "split", "batches", "messages", "with context", "flip pairs", "words"
    )
    for split in (*SPLITS, "all"):
        part = [row for row in rows if split in (row.split, "all")]
        words = sum(len(plain(row.parts).split()) for row in part)
        table.add_row(
            split,
            str(len({row.batch for row in part})),
            str(len(part)),
            str(sum(bool(row.context) for row in part)),
            str(flip_pairs(part)),
            str(words),
        )
    return table


def _intents(rows: Sequence[CorpusRow], codebook: Codebook) -> Table:
    table = _table("Intents", "intents", *SPLITS, "all")
    for intent in codebook.intents:
        _add(table, intent, [row for row in rows if intent in row.intents])
    _add(table, "none", [row for row in rows if not row.intents])
    _add(table, "several at once", [row for row in rows if len(row.intents) > 1])
    return table


def _types(rows: Sequence[CorpusRow], codebook: Codebook) -> Table:
    table = _table("Marked values", "type", *SPLITS, "all")
    for kind in (*codebook.pii_types, "NOT_PII"):
        marked = [
            row
            for row in rows
            for part in row.parts
            if not isinstance(part, str) and part.type == kind
        ]
        _add(table, kind, marked)
    return table


def _surfaces(rows: Sequence[CorpusRow], codebook: Codebook) -> Table:
    """Shares of the intents by surface and sender: neither should give the intent away."""
    table = _table("Share of intents, %", "where and who", "messages", *codebook.intents, "none")
    for field in ("surface", "sender"):
        for value in sorted({getattr(row, field) or "unknown" for row in rows}):
            part = [row for row in rows if (getattr(row, field) or "unknown") == value]
            shares = [sum(intent in row.intents for row in part) for intent in codebook.intents]
            shares.append(sum(not row.intents for row in part))
            table.add_row(
                f"{field}: {value}", str(len(part)), *(f"{100 * n / len(part):.0f}" for n in shares)
            )
    return table


def _ways(rows: Sequence[CorpusRow], codebook: Codebook) -> Table:
    counts = Counter(row.way for row in rows)
    table = _table("Ways", "group", "ways", "messages", "fewest")
    for group, ways in codebook.ways.items():
        fewest = min(ways, key=lambda way: counts[way])
        table.add_row(
            group,
            f"{sum(counts[way] > 0 for way in ways)} of {len(ways)}",
            str(sum(counts[way] for way in ways)),
            f"{fewest} ({counts[fewest]})",
        )
    return table


def _counts(title: str, counts: Counter[str], names: Sequence[str]) -> Table:
    table = _table(title, "name", "messages")
    for name, count in counts.most_common():
        if name in names:
            table.add_row(name, str(count))
    return table


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _add(table: Table, name: str, rows: Sequence[CorpusRow]) -> None:
    counts = Counter(row.split for row in rows)
    table.add_row(name, *(str(counts[split]) for split in SPLITS), str(len(rows)))
