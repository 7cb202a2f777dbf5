"""What the service promises under load, and the table of what was measured.

    python -m benchmarks.service_report [RESULT.json] [--document docs/operations.md]

writes the table between the marks of the document.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.output import between

CONNECTIONS: Final = (1, 8, 64)
BATCH: Final = 32
START: Final = "<!-- load figures: made by `python -m benchmarks.service_report`, do not edit -->"
END: Final = "<!-- end of load figures -->"
RESULT: Final = Path("benchmarks/results/service.json")
DOCUMENT: Final = Path("docs/operations.md")

DEADLINE_MS: Final = 10_000
GROWTH: Final = 1.05
"""Most that memory may grow from the first half of a phase to its second, as a factor."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("result", nargs="?", type=Path, default=RESULT)
    parser.add_argument("--document", type=Path, default=DOCUMENT)
    options = parser.parse_args()
    text = options.document.read_text(encoding="utf-8")
    result = json.loads(options.result.read_text(encoding="utf-8"))
    options.document.write_text(with_table(text, result), encoding="utf-8")


def targets(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Each promise with its figure, its limit, and whether it was kept."""
    return [
        {"target": name, "figure": figure, "limit": limit, "kept": kept}
        for name, figure, limit, kept in _targets(result)
    ]


def with_table(text: str, result: dict[str, Any]) -> str:
    """The text with the table between its marks renewed."""
    return between(text, START, END, _table(result))


def _targets(result: dict[str, Any]) -> Iterator[tuple[str, Any, str, bool]]:
    service, engine = result["service"], result["engine"]
    for name, least, shown in (
        ("one_message", 0.65, "one message a request"),
        ("batch_of_32", 0.9, "32 messages a request"),
    ):
        rates = [service["saturation"][f"{name}_{c}"]["messages_per_second"] for c in CONNECTIONS]
        share = round(max(rates) / engine["messages_per_second"], 3)
        yield f"{shown}, share of the engine's rate", share, f">= {least}", share >= least
    rows = [service["at_70_percent"][f"one_message_{c}"] for c in CONNECTIONS]
    ratio = round(max(row["p99_ms"] for row in rows) / engine["p50_ms"], 2)
    yield "p99 at 70 %, in p50s of the engine", ratio, "<= 8", ratio <= 8
    yield from _overload_targets(service["at_200_percent"])
    if soak := service.get("soak"):
        growth = _growth(soak["resident_mb"])
        yield "growth of memory in the soak", growth, f"<= {GROWTH}", growth <= GROWTH
        lost = soak["refused"] + soak["broken"]
        yield "requests refused or broken in the soak", lost, "0", lost == 0
    lost = sum(result["lost"].values())
    yield "answers that failed (500) or were late (504)", lost, "0", lost == 0
    yield "seconds from start to ready", result["ready_s"], "<= 2", result["ready_s"] <= 2


def _overload_targets(row: dict[str, Any]) -> Iterator[tuple[str, Any, str, bool]]:
    p99 = row["admitted_p99_ms"]
    yield "p99 of the admitted at 200 %, ms", p99, f"<= {DEADLINE_MS}", _within(p99, DEADLINE_MS)
    p99 = row["refused_p99_ms"]
    yield "p99 of the refused at 200 %, ms", p99, "<= 50", _within(p99, 50)
    others = sorted(set(row["statuses"]) - {"200", "503"})
    yield "other statuses at 200 %", ", ".join(others), "none", not others
    growth = _growth(row["resident_mb"])
    yield "growth of memory at 200 %", growth, f"<= {GROWTH}", growth <= GROWTH


def _within(figure: float | None, limit: float) -> bool:
    """A phase too short to fill the queue has refused nobody, and shows nothing."""
    return figure is not None and figure <= limit


def _growth(memory: list[float]) -> float:
    half = len(memory) // 2
    return round(max(memory[half:]) / max(memory[:half]), 3)


def _table(result: dict[str, Any]) -> Iterator[str]:
    machine, engine = result["machine"], result["engine"]
    yield (
        f"{machine['processor']}, {machine['cores']} cores, of which the load generator takes its "
        f"part; {machine['date']}, commit {machine['commit']}. The engine alone: "
        f"{engine['messages_per_second']:g} messages a second, p50 {engine['p50_ms']:g} ms."
    )
    yield ""
    yield "| load | connections | messages a second | p50 ms | p99 ms | p99.9 ms | refused |"
    yield "|---|---|---|---|---|---|---|"
    for phase, shown in (("saturation", "saturated"), ("at_70_percent", "70 %")):
        for kind, size in (("one_message", "one message"), ("batch_of_32", f"{BATCH} messages")):
            for connections in CONNECTIONS:
                row = result["service"][phase][f"{kind}_{connections}"]
                times = [f"{row[name]:.1f}" for name in ("p50_ms", "p99_ms", "p999_ms")]
                cells = [f"{row['messages_per_second']:g}", *times, f"{row['refused']:g}"]
                yield f"| {shown}, {size} | {connections} | {' | '.join(cells)} |"
    yield ""
    yield "| promise | figure | limit | kept |"
    yield "|---|---|---|---|"
    for target in result["targets"]:
        figure = target["figure"] if target["figure"] not in ("", None) else "none"
        kept = "yes" if target["kept"] else "**no**"
        yield f"| {target['target']} | {figure} | {target['limit']} | {kept} |"


if __name__ == "__main__":
    main()
