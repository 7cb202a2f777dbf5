"""Sidedoor beside its peers: text in, intents and spans out, with the same threads.

    python -m benchmarks.contestants [MESSAGES.jsonl] [-o benchmarks/results/bench.json] [--quick]

Every contestant has a process of its own and is kept to the same cores. In each round all have
their turn, so that a machine that grows slower does so for all; figures are medians over rounds.
Only the messages' own texts are given, since not all contestants know of context. One that can't
run is named with the reason. About 20 minutes on two cores.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.ceiling import LENGTHS
from benchmarks.contestants_report import PACKAGES, figures
from benchmarks.machine import machine
from benchmarks.messages import drawn, name_of, read_messages, texts_of_length
from benchmarks.output import save
from benchmarks.peers import PEERS, REFERENCE, Place
from benchmarks.peers.models import make_models
from benchmarks.peers.process import ContestantError, Running
from tokenizers import Tokenizer

from sidedoor.cores import usable_cores
from sidedoor.model_folder import DEFAULT, TOKENIZER_FILE

MESSAGES: Final = "messages"
TEXTS: Final = "texts.json"


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: rounds, messages a round, texts of each length, starts, runs."""

    rounds: int
    messages: int
    singles: int
    starts: int
    ceiling_runs: int


FULL: Final = Plan(rounds=7, messages=400, singles=40, starts=3, ceiling_runs=500)
QUICK: Final = Plan(rounds=2, messages=24, singles=4, starts=1, ceiling_runs=20)


def main() -> None:
    options = _options()
    plan = QUICK if options.quick else FULL
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        measured = _write_texts(work / TEXTS, plan, options)
        models = make_models(work, options.model, options.checkpoint)
        names = [name for name in options.only or PEERS if _takes_part(name, models)]
        contestants: dict[str, dict[str, Any]] = {
            name: {"title": PEERS[name].title, "how": PEERS[name].how, "whole": PEERS[name].whole}
            for name in names
        }
        for threads in sorted({1, min(2, usable_cores())}):
            _compete(contestants, Place(work, options.model, threads), plan)
        limit = _ceiling(options.model, plan.ceiling_runs, work / "ceiling.json")
    result = {
        "note": options.note,
        "measured": measured,
        "machine": machine(*PACKAGES),
        "models": models,
        "contestants": contestants,
        "ceiling": limit,
    }
    save({**result, **figures(result)}, options.output)


def start(
    contestants: Mapping[str, dict[str, Any]], place: Place, starts: int
) -> dict[str, "Entry"]:
    """Starts all that can run, by turns and so many times each; the last ones stay."""
    entries: dict[str, Entry] = {}
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(starts):
        for name, row in contestants.items():
            if "reason" in row:
                continue
            try:
                running = Running(name, place, place.work / TEXTS)
                seconds[name].append(running.start_s)
                if number < starts - 1:
                    running.close()
                else:
                    running.many(MESSAGES)  # to warm up
                    entries[name] = Entry(running)
            except ContestantError as error:
                row["reason"] = str(error)
    for name in entries:
        contestants[name].setdefault("start_s", round(statistics.median(seconds[name]), 2))
    return entries


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("messages", nargs="?", help="JSONL file; the corpus's test split if none")
    parser.add_argument("--model", type=Path, default=DEFAULT)
    parser.add_argument(
        "--checkpoint", type=Path, help="the model's float weights; random ones if none"
    )
    parser.add_argument("--only", nargs="+", choices=PEERS, help="contestants; all if none")
    parser.add_argument("--quick", action="store_true", help="to try it out: a few messages")
    parser.add_argument("--note", default="", help="what a reader of the figures must know")
    parser.add_argument("-o", "--output", type=Path)
    return parser.parse_args()


def _write_texts(path: Path, plan: Plan, options: argparse.Namespace) -> dict[str, Any]:
    """Writes the texts by name, and says what they are."""
    messages = read_messages(options.messages)
    tokenizer = Tokenizer.from_file(str(options.model / TOKENIZER_FILE))
    texts = {MESSAGES: [message.text for message in drawn(messages, plan.messages)]}
    tokens = [len(tokenizer.encode(text, add_special_tokens=False)) for text in texts[MESSAGES]]
    for length in LENGTHS:
        texts[str(length)] = texts_of_length(length, messages, tokenizer, plan.singles)
    path.write_text(json.dumps(texts), encoding="utf-8")
    return {
        "source": name_of(options.messages),
        "messages": len(tokens),
        "mean_tokens": round(statistics.mean(tokens), 1),
        "rounds": plan.rounds,
    }


def _takes_part(name: str, models: Mapping[str, Any]) -> bool:
    """The reference is a contestant of its own only where the shipped model has another shape."""
    return name != REFERENCE or models["shape"] != models["reference"]


def _compete(contestants: Mapping[str, dict[str, Any]], place: Place, plan: Plan) -> None:
    """Adds the figures of so many threads to the contestants that can run."""
    entries = start(contestants, place, plan.starts if place.threads == 1 else 1)
    try:
        for number in range(plan.rounds):
            names = list(entries)
            first = number % max(1, len(names))
            for name in [*names[first:], *names[:first]]:
                try:
                    entries[name].take_turn(alone=place.threads == 1)
                except ContestantError as error:
                    contestants[name]["reason"] = str(error)
                    entries.pop(name).running.close()
        for name, entry in entries.items():
            entry.write_figures(contestants[name], place)
    finally:
        for entry in entries.values():
            entry.running.close()


class Entry:
    """A running contestant and what was measured of it, round by round."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self._seconds: list[float] = []
        self._times: dict[str, list[float]] = {str(length): [] for length in LENGTHS}

    def take_turn(self, *, alone: bool) -> None:
        """All messages, and with `alone` the single texts of each length."""
        self._seconds.append(self.running.many(MESSAGES))
        if alone:
            for length, row in self._times.items():
                row.extend(self.running.one(length))

    def write_figures(self, row: dict[str, Any], place: Place) -> None:
        texts = json.loads((place.work / TEXTS).read_text(encoding="utf-8"))
        rates = [round(len(texts[MESSAGES]) / seconds, 1) for seconds in self._seconds]
        row.setdefault("messages_per_second", {})[str(place.threads)] = {
            "median": round(statistics.median(rates), 1),
            "rounds": rates,
        }
        if place.threads == 1:
            row["ms_by_tokens"] = {length: _cuts(times) for length, times in self._times.items()}
            row["resident_mb"] = self.running.resident_mb()


def _cuts(times: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return {"p50": round(cuts[49], 2), "p99": round(cuts[98], 2)}


def _ceiling(model: Path, runs: int, output: Path) -> dict[str, Any]:
    """What `benchmarks.ceiling` measures, in a process of its own, or why it can't."""
    arguments = ["--model", str(model), "--runs", str(runs), "-o", str(output)]
    command = [sys.executable, "-m", "benchmarks.ceiling", *arguments]
    done = subprocess.run(command, stdout=subprocess.DEVNULL)
    if done.returncode:
        return {"reason": f"it ended with {done.returncode}"}
    limit: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    del limit["machine"]
    return limit


if __name__ == "__main__":
    main()
