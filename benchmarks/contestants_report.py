"""What is promised of the engine's speed and memory, and the tables of benchmarks/README.md.

    python -m benchmarks.contestants_report

writes the tables between their marks, of the results that are there.
"""

import json
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.output import between
from benchmarks.peers import INT8, PIPELINES, REFERENCE, SIDEDOOR

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "benchmarks" / "README.md"
RESULTS: Final = ROOT / "benchmarks" / "results"

PACKAGES: Final = ("onnxruntime", "tokenizers", "torch", "transformers")
TOKENS: Final = "32"
"""The length at which single messages are promised."""
TIMES_INT8: Final = 2.0
TIMES_PIPELINES: Final = 30.0
SHARE_OF_INT8_MS: Final = 0.6
SHARE_OF_LIMIT: Final = 0.6
RESIDENT_MB: Final = 200
SWING: Final = 0.03
NONE_YET: Final = "Not measured yet: `make bench`."


def main() -> None:
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def with_tables(page: str, results: Path = RESULTS) -> str:
    """The page with all its tables made anew of the results in a folder.

    Raises:
        ValueError: a mark is missing.
    """
    bench, memory = _read(results / "bench.json"), _read(results / "memory.json")
    training = [json.loads(file.read_text()) for file in sorted(results.glob("training*.json"))]
    for name, rows in (
        ("contestants", _contestants(bench) if bench else [NONE_YET]),
        ("limit", _limit(bench) if bench else [NONE_YET]),
        ("promises", _promises(bench, memory) if bench or memory else [NONE_YET]),
        ("memory", _memory(memory) if memory else [NONE_YET]),
        ("training", _training(training) if training else [NONE_YET]),
    ):
        start = f"<!-- {name}: made by `python -m benchmarks.contestants_report`, do not edit -->"
        page = between(page, start, f"<!-- end of {name} -->", rows)
    return page


def figures(result: dict[str, Any]) -> dict[str, Any]:
    """How many times as fast as those that do the same the engine is, and what it keeps to.

    Ratios are the medians of the rounds' own, by number of threads.
    """
    rows = result["contestants"]
    ratios = {
        name: {threads: _ratio(rows[SIDEDOOR], row, threads) for threads in _rates(row)}
        for name, row in rows.items()
        if name != SIDEDOOR and row.get("whole") and _rates(row) and _rates(rows.get(SIDEDOOR, {}))
    }
    return {"times_as_fast_as": ratios, "promises": list(_speed_promises(result, ratios))}


def memory_promises(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Which promises the serving process's memory keeps."""
    size, swing = result["resident_mb"], result["second_half_swing"]
    name = f"MB resident after {result['messages']:,} messages"
    return [
        _promise(name, size, f"<= {RESIDENT_MB}", size <= RESIDENT_MB),
        _promise("its swing in the second half", swing, f"<= {SWING}", swing <= SWING),
        _promise("messages not answered", result["failed"], "0", not result["failed"]),
    ]


def _speed_promises(result: dict[str, Any], ratios: dict[str, Any]) -> Iterator[dict[str, Any]]:
    rows = result["contestants"]
    shape = result["models"]["reference"]
    reference = INT8 if result["models"]["shape"] == shape else REFERENCE
    named = f"plain dynamic int8 of {shape['layers']} layers of {shape['hidden']}"
    for name, shown, least in (
        (reference, named, TIMES_INT8),
        (PIPELINES, "transformers' pipelines", TIMES_PIPELINES),
    ):
        by_threads = ratios.get(name, {})
        threads = max(by_threads, default="?")
        figure = by_threads.get(threads)
        kept = figure is not None and figure >= least
        yield _promise(f"times {shown}, {_cores(threads)}", figure, f">= {least:g}", kept)
    own, other = (rows.get(name, {}).get("ms_by_tokens") for name in (SIDEDOOR, reference))
    share = round(own[TOKENS]["p50"] / other[TOKENS]["p50"], 3) if own and other else None
    kept = share is not None and share <= SHARE_OF_INT8_MS
    shown = f"p50 at {TOKENS} tokens, share of that of {named}"
    yield _promise(shown, share, f"<= {SHARE_OF_INT8_MS}", kept)
    limit = result["ceiling"].get("by_tokens", {}).get(TOKENS, {}).get("share")
    kept = limit is not None and limit >= SHARE_OF_LIMIT
    shown = f"share of the int8 products' speed at {TOKENS} tokens"
    yield _promise(shown, limit, f">= {SHARE_OF_LIMIT}", kept)


def _promise(name: str, figure: float | None, limit: str, kept: bool) -> dict[str, Any]:
    return {"promise": name, "figure": figure, "limit": limit, "kept": kept}


def _rates(row: dict[str, Any]) -> dict[str, Any]:
    """The row's messages a second by number of threads; none where it could not run."""
    rates: dict[str, Any] = {} if "reason" in row else row.get("messages_per_second", {})
    return rates


def _ratio(own: dict[str, Any], other: dict[str, Any], threads: str) -> float:
    pairs = zip(_rates(own)[threads]["rounds"], _rates(other)[threads]["rounds"], strict=True)
    ratio: float = statistics.median(a / b for a, b in pairs)
    return round(ratio, 2)


def _read(path: Path) -> dict[str, Any]:
    """A result's contents; nothing where it was not measured."""
    content: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return content


def _contestants(bench: dict[str, Any]) -> Iterator[str]:
    measured, rows = bench["measured"], bench["contestants"]
    threads = sorted({key for row in rows.values() for key in _rates(row)})
    lengths = next((list(row["ms_by_tokens"]) for row in rows.values() if _rates(row)), [])
    versions = [f"{name} {bench['machine'][name]}" for name in PACKAGES]
    yield (
        f"{_where(bench)}. {measured['messages']} messages of the {measured['source']}, "
        f"{measured['mean_tokens']:g} tokens on average, {measured['rounds']} rounds. "
        f"Joint model: {_shape(bench['models']['shape'])}, {bench['models']['weights']} weights. "
        f"Versions: {', '.join(versions)}."
    )
    yield ""
    heads = [f"messages/s, {_cores(count)}" for count in threads]
    heads += [f"ms, {length} tokens" for length in lengths]
    yield f"| | {' | '.join(heads)} | MB | start, s |"
    yield "|---" * (3 + len(heads)) + "|"
    for row in rows.values():
        if "reason" in row:
            yield f"| {row['title']} | did not run: {row['reason']} |" + " |" * (len(heads) + 1)
            continue
        cells = [f"{_rates(row)[count]['median']:,.0f}" for count in threads]
        times = (row["ms_by_tokens"][length] for length in lengths)
        cells += [f"{_ms(time['p50'])} / {_ms(time['p99'])}" for time in times]
        cells += [f"{row['resident_mb']:.0f}", f"{row['start_s']:.1f}"]
        yield f"| {row['title']}{'' if row['whole'] else ', spans alone'} | {' | '.join(cells)} |"
    yield ""
    for row in rows.values():
        yield f"- {row['title'].strip('*')}: {row['how']}."


def _limit(bench: dict[str, Any]) -> Iterator[str]:
    limit = bench["ceiling"]
    if "reason" in limit:
        yield f"Not measured: {limit['reason']}."
        return
    shapes = ", ".join(
        f"{row['count']} of {row['shape'][0]} × {row['shape'][1]}" for row in limit["products"]
    )
    yield f"Products: {shapes}."
    yield ""
    yield "| tokens | the model, ms | its products alone, ms | share |"
    yield "|---|---|---|---|"
    for tokens, row in limit["by_tokens"].items():
        times = f"{row['model_ms']:.2f} | {row['products_ms']:.2f}"
        yield f"| {tokens} | {times} | {row['share']:.0%} |"


def _promises(bench: dict[str, Any], memory: dict[str, Any]) -> Iterator[str]:
    yield "| promise | figure | limit | kept |"
    yield "|---|---|---|---|"
    for row in (*bench.get("promises", ()), *memory.get("promises", ())):
        figure = "not measured" if row["figure"] is None else f"{row['figure']:g}"
        kept = "yes" if row["kept"] else "**no**"
        yield f"| {row['promise']} | {figure} | {row['limit']} | {kept} |"


def _memory(memory: dict[str, Any]) -> Iterator[str]:
    yield (
        f"{memory['messages']:,} messages from {memory['clients']} clients, "
        f"{memory['long_share']:.0%} of them of several windows; {_where(memory)}."
    )
    yield ""
    samples = memory["samples"]
    shown = samples[:: max(1, -(-len(samples) // 10))]
    yield "| messages | " + " | ".join(f"{row['messages']:,}" for row in shown) + " |"
    yield "|---" * (1 + len(shown)) + "|"
    yield "| MB | " + " | ".join(f"{row['resident_mb']:.0f}" for row in shown) + " |"


def _training(results: list[dict[str, Any]]) -> Iterator[str]:
    yield "| | messages/s | bf16 | padding | examples/s that a core makes up |"
    yield "|---|---|---|---|---|"
    for row in results:
        device = "" if row["device"] == "cpu" else f"{row['device']}, "
        cells = [f"{device}{_where(row)}, {row['recipe']}", f"{row['messages_per_second']:g}"]
        if batches := row.get("batches"):
            cells += ["yes" if row["bf16"] else "no", f"{batches['padding']:.1%}"]
            cells.append(f"{batches['examples_per_second_one_core']:,.0f}")
        else:
            cells += ["", "", ""]
        yield f"| {' | '.join(cells)} |"


def _ms(time: float) -> str:
    return f"{time:.1f}" if time >= 1 else f"{time:.2f}"


def _cores(threads: str) -> str:
    return f"{threads} core{'s' * (threads != '1')}"


def _shape(shape: dict[str, int]) -> str:
    return f"{shape['layers']} layers of {shape['hidden']}"


def _where(result: dict[str, Any]) -> str:
    about = result["machine"]
    kind = "with" if about["vnni"] else "without"
    note = f"; {result['note']}" if result.get("note") else ""
    return (
        f"{about['processor']}, {about['cores']} cores, {kind} VNNI, {about['date']}, "
        f"commit {about['commit']}{note}"
    )


if __name__ == "__main__":
    main()
