"""Runs a job with Ray Data: one actor a core, each with a session of its own."""

import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, cast

# Else every run warns that an actor's arguments live as long as the driver, which they need not
# outlive.
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
import ray
import ray.data

from sidedoor.bulk.ledger import Job, Ledger
from sidedoor.bulk.parts import Part, Plan, plan
from sidedoor.bulk.places import Place
from sidedoor.bulk.scoring import PartScorer
from sidedoor.bulk.targets import Format
from sidedoor.columns import STANDARD, Columns
from sidedoor.cores import usable_cores
from sidedoor.errors import BulkError
from sidedoor.model_folder import MODEL_FILE, read_config, sha256
from sidedoor.policy import Policy
from sidedoor.ray_cluster import connect

MAX_BLOCKS: Final = 10_000
SHOWN_ERRORS: Final = 3


@dataclass(frozen=True, slots=True)
class Options:
    """What the user may choose."""

    source: str
    target: str
    model: Path
    policy: Path
    columns: Columns = STANDARD
    form: Format = "parquet"
    prefix: str = ""
    part_rows: int = 5000
    actors: int | None = None
    """By default one a core of the cluster."""
    address: str | None = None
    """The cluster's; without one, Ray is started on this machine for as long as the run takes."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; `messages` counts this run's alone."""

    parts: int
    parts_done: int
    messages: int
    rejected: int
    seconds: float


def analyze_files(options: Options, report: Callable[[Progress], None]) -> dict[str, Any]:
    """Analyses all that is not done yet, and gives the manifest.

    Raises:
        InputError: the input can't be read, or the output folder is another job's.
        ModelFolderError: the model can't be used.
        PolicyError: the policy can't be used.
        ConfigurationError: the cluster can't be reached.
        BulkError: some parts could not be analysed; the others are done.
    """
    job = _job(options)
    ledger = Ledger(Place.at(options.target))
    found = plan(Place.at(options.source), options.columns, options.part_rows)
    ledger.open(job)
    records = ledger.done(found.parts)
    before = len(records)
    missing = [part for part in found.parts if part.name not in records]
    started = time.perf_counter()
    actors = 0
    if missing:
        ledger.begin()
        with _cluster(options.address):
            actors = min(options.actors or _cores(), len(missing))
            records |= _run(job, missing, actors, report)
    summary = _summary(job, found, records, time.perf_counter() - started)
    summary |= {"actors": actors, "parts_done_before": before}
    ledger.finish(summary)
    return summary


def _job(options: Options) -> Job:
    config = read_config(options.model)
    policy = Policy.load(options.policy)
    policy.check_labels([intent.name for intent in config.intents], config.pii_types)
    return Job(
        source=options.source,
        target=options.target,
        columns=options.columns,
        form=options.form,
        prefix=options.prefix,
        part_rows=options.part_rows,
        model=options.model.absolute(),
        model_sha256=config.files[MODEL_FILE],
        policy=options.policy.absolute(),
        policy_sha256=sha256(options.policy),
        version=version("sidedoor"),
    )


@contextmanager
def _cluster(address: str | None) -> Iterator[None]:
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    connect(address, usable_cores())
    try:
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        yield
    finally:
        ray.shutdown()


def _cores() -> int:
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return max(1, int(resources.get("CPU", 1)))


def _run(
    job: Job, parts: list[Part], actors: int, report: Callable[[Progress], None]
) -> dict[str, dict[str, Any]]:
    """The records of the parts, as Ray Data gives them back."""
    rows = ray.data.from_items(
        [part.to_dict() for part in parts], override_num_blocks=min(len(parts), MAX_BLOCKS)
    ).map(
        cast(Any, PartScorer),  # Ray's types know functions only; of a class each actor makes one
        fn_constructor_args=(job,),
        compute=ray.data.ActorPoolStrategy(size=actors, max_tasks_in_flight_per_actor=1),
        num_cpus=1,
    )
    records: dict[str, dict[str, Any]] = {}
    errors: dict[str, str] = {}
    started = time.perf_counter()
    messages = rejected = 0
    for row in rows.iter_rows():
        if row["error"]:
            errors[row["name"]] = row["error"]
            continue
        record = records[row["name"]] = json.loads(row["record"])
        messages += record["messages"]
        rejected += record["rejected"]
        seconds = time.perf_counter() - started
        report(Progress(len(parts), len(records), messages, rejected, seconds))
    if errors:
        raise BulkError(_shown(errors, len(parts)))
    return records


def _shown(errors: dict[str, str], parts: int) -> str:
    by_reason: dict[str, list[str]] = {}
    for name, reason in sorted(errors.items()):
        by_reason.setdefault(reason, []).append(name)
    some = "; ".join(
        f"{names[0]}{f' and {len(names) - 1} more' * (len(names) > 1)}: {reason}"
        for reason, names in list(by_reason.items())[:SHOWN_ERRORS]
    )
    return (
        f"{len(errors)} of {parts} parts could not be analysed: {some}. The others are done; a "
        "rerun goes on with these"
    )


def _summary(
    job: Job, found: Plan, records: dict[str, dict[str, Any]], seconds: float
) -> dict[str, Any]:
    return {
        "format": 1,
        "messages": sum(record["messages"] for record in records.values()),
        "rejected": sum(record["rejected"] for record in records.values()),
        "files": found.files,
        "files_passed_over": found.passed_over,
        "parts": len(records),
        "model_sha256": job.model_sha256,
        "policy_sha256": job.policy_sha256,
        "columns": job.identity()["columns"],
        "version": job.version,
        "seconds": round(seconds, 1),
        "analysing_seconds": round(sum(record["seconds"] for record in records.values()), 1),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
