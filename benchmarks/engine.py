"""Messages a second and milliseconds of the engine: text in, analysis out.

    python -m benchmarks.engine [MESSAGES.jsonl] [--model DIR] [-o RESULT.json]

Without a file, the corpus's test split is measured. The figures are medians over rounds.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.messages import name_of, read_messages
from benchmarks.output import save

from sidedoor import Analyzer, Message
from sidedoor.cores import usable_cores
from sidedoor.model_folder import DEFAULT

ROUNDS = 5
WARM_UP = 50


def main() -> None:
    options = _options()
    analyzer = Analyzer.load(options.model)
    messages = read_messages(options.messages)
    list(analyzer.analyze_many(messages[:WARM_UP]))
    result = {
        "measured": {
            "messages": len(messages),
            "source": name_of(options.messages),
            "mean_code_points": round(statistics.mean(len(m.text) for m in messages), 1),
            "with_context": sum(bool(m.context) for m in messages),
        },
        "machine": machine("onnxruntime", "tokenizers"),
        "messages_per_second": {
            "one_thread": _throughput(analyzer, messages, workers=1),
            "all_cores": _throughput(analyzer, messages, workers=usable_cores()),
        },
        "ms_per_message_one_thread": _latency(analyzer, messages),
        "resident_mb": round(_resident_mb(), 1),
        "import_s": round(_import_seconds(), 3),
    }
    save(result, options.output)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("messages", nargs="?", help="JSONL file of messages")
    parser.add_argument("--model", type=Path, default=DEFAULT)
    parser.add_argument("-o", "--output", type=Path)
    return parser.parse_args()


def _throughput(analyzer: Analyzer, messages: Sequence[Message], workers: int) -> float:
    rates = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        count = sum(1 for _ in analyzer.analyze_many(messages, workers=workers))
        rates.append(count / (time.perf_counter() - start))
    return round(statistics.median(rates), 1)


def _latency(analyzer: Analyzer, messages: Sequence[Message]) -> dict[str, float]:
    times = []
    for message in messages:
        start = time.perf_counter()
        analyzer.analyze(message)
        times.append(1000 * (time.perf_counter() - start))
    cuts = statistics.quantiles(times, n=100)
    return {"p50": round(cuts[49], 2), "p95": round(cuts[94], 2), "p99": round(cuts[98], 2)}


def _resident_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _import_seconds() -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import sidedoor"], check=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
