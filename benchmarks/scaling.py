"""The tables of docs/scaling.md, made of the committed results.

    python -m benchmarks.scaling

Writes them between the marks; a test holds the page to what is written here.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.output import between

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "scaling.md"
SPEED: Final = ROOT / "evaluation" / "results" / "speed.json"
RESULTS: Final = ROOT / "benchmarks" / "results"

DAY_S: Final = 86_400
PEAK: Final = 3
"""Assumed: how many times the mean rate the busiest minutes have."""
LOAD: Final = 0.7
"""Assumed: the share of its capacity that a replica is planned for."""
LEAST_REPLICAS: Final = 2
VOLUMES: Final = (10**6, 10**8, 10**10)
CORPORA: Final = (10**5, 10**6)
"""Training messages beside the project's own."""


def main() -> None:
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def with_tables(page: str) -> str:
    """The page with all its tables made anew.

    Raises:
        ValueError: a mark is missing.
    """
    for name, rows in (
        ("measured", _measured()),
        ("bulk", _bulk()),
        ("serving", _serving()),
        ("training", _training()),
        ("killed", _killed()),
    ):
        start, end = f"<!-- {name}: made by benchmarks/scaling.py -->", f"<!-- end of {name} -->"
        page = between(page, start, end, rows)
    return page


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _rate() -> float:
    """Messages a second of one core."""
    rate: float = _read(SPEED)["messages_per_second"]["one_thread"]
    return rate


def _measured() -> Iterator[str]:
    speed, bulk = _read(SPEED), _read(RESULTS / "bulk.json")
    run, engine = bulk["bulk"], bulk["engine_messages_per_second"]
    memory = run["memory"]
    yield "| measured | | on |"
    yield "|---|---|---|"
    yield f"| engine, one core | {_rate():.0f} messages a second | {_where(speed)} |"
    yield (
        f"| engine, {run['cores']} cores, beside the bulk run | {engine['mean']:.0f} messages a "
        f"second | {_where(bulk)} |"
    )
    yield (
        f"| bulk with Ray, {run['actors']} actors, {_count(bulk['messages'])} messages | "
        f"{run['messages_per_second']:.0f} messages a second, "
        f"{bulk['share_of_engine']:.0%} of the engine | the same run |"
    )
    yield f"| start and end of a bulk run | {run['start_and_end_seconds']:.0f} s | |"
    for name in ("driver", "largest_actor"):
        samples, growth = memory[f"{name}_mb"], memory[f"{name}_growth_mb"]
        if samples and growth is not None:
            yield (
                f"| memory of {'the driver' if name == 'driver' else 'an actor'} | "
                f"{max(samples):.0f} MB at most; {growth:+.0f} MB from the second quarter of the "
                "run to the last | |"
            )
    size = run["bytes_a_message"]
    yield (
        f"| files | {size['in']} bytes a message in (JSONL), {size['out']} out (Parquet, which "
        "stores once what repeats itself, as these messages do) | |"
    )


def _bulk() -> Iterator[str]:
    result = _read(RESULTS / "bulk.json")
    # More than the engine itself is noise
    rate = _rate() * min(1.0, result["share_of_engine"])
    actor = max(result["bulk"]["memory"]["largest_actor_mb"] or [0])
    yield "| messages a day | a second | cores, all day | memory of the actors |"
    yield "|---|---|---|---|"
    for volume in VOLUMES:
        cores = math.ceil(volume / DAY_S / rate)
        yield (
            f"| {_count(volume)} | {volume / DAY_S:,.0f} | {cores:,} | "
            f"{_bytes(cores * actor * 2**20)} |"
        )


def _serving() -> Iterator[str]:
    speed = _read(SPEED)
    yield (
        f"| messages a day | a second, at the peak (× {PEAK}) | replicas of one core, at "
        f"{LOAD:.0%} load | memory |"
    )
    yield "|---|---|---|---|"
    for volume in VOLUMES:
        peak = PEAK * volume / DAY_S
        replicas = max(LEAST_REPLICAS, math.ceil(peak / (LOAD * _rate())))
        memory = replicas * speed["resident_mb"] * 2**20
        yield f"| {_count(volume)} | {peak:,.0f} | {replicas:,} | {_bytes(memory)} |"


def _training() -> Iterator[str]:
    files = sorted(RESULTS.glob("training*.json"))
    results = [_read(file) for file in files]
    names = [
        f"hours on {r['device']}" if r["device"] != "cpu" else f"hours on {r['machine']['cores']} "
        f"cores ({r['messages_per_second']:.0f} messages a second)"
        for r in results
    ]  # fmt: skip
    yield "| training messages | epochs | " + " | ".join(names) + " |"
    yield "|---" * (2 + len(names)) + "|"
    epochs = results[0]["epochs"]
    for count in (results[0]["corpus_messages"], *CORPORA):
        hours = [count * epochs / r["messages_per_second"] / 3600 for r in results]
        yield f"| {_count(count)} | {epochs:g} | " + " | ".join(f"{h:,.1f}" for h in hours) + " |"


def _killed() -> Iterator[str]:
    result = _read(RESULTS / "failover.json")
    yield "| `max_ongoing_requests` | messages a second | p50 | p99 | failed |"
    yield "|---|---|---|---|---|"
    for ongoing, row in result["by_max_ongoing_requests"].items():
        yield (
            f"| {ongoing} | {row['messages_per_second']:.0f} | {row['p50_ms']:.0f} ms | "
            f"{row['p99_ms']:.0f} ms | {row['failed']} |"
        )
    killed = result["one_replica_killed"]
    yield ""
    yield (
        f"{result['replicas']} replicas, {result['connections']} connections, "
        f"{_where(result)}. One replica killed under load: {killed['failed']} of "
        f"{sum(killed['statuses'].values()):,} requests failed, the longest took "
        f"{killed['longest_ms'] / 1000:.1f} s, and the rate was back, and stayed so, after "
        f"{killed['back_after_s']:.1f} s."
    )


def _where(result: dict[str, Any]) -> str:
    about = result["machine"]
    kind = "with" if about.get("vnni") else "without"
    note = f"; {result['note']}" if result.get("note") else ""
    return f"{about['processor']}, {about['cores']} cores, {kind} VNNI, {about['date']}{note}"


def _count(number: int) -> str:
    return f"{number:,}"


def _bytes(count: float) -> str:
    for unit in ("MB", "GB", "TB"):
        count /= 1000 if unit != "MB" else 1e6
        if count < 1000:
            break
    return f"{count:,.1f} {unit}"


if __name__ == "__main__":
    main()
