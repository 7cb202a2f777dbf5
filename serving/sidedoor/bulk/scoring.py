"""Analyses one part; knows nothing of Ray."""

import json
import time
import traceback
from pathlib import Path
from typing import Any

from sidedoor.analysis import Analysis
from sidedoor.analyzer import Analyzer
from sidedoor.bulk.ledger import Job, Ledger
from sidedoor.bulk.parts import Part, input_files
from sidedoor.bulk.places import Place
from sidedoor.bulk.sources import Batch, open_part
from sidedoor.bulk.targets import open_target
from sidedoor.columns import Columns
from sidedoor.errors import InputError, ModelFolderError, SidedoorError
from sidedoor.model_folder import MODEL_FILE
from sidedoor.policy import Policy


class PartScorer:
    """Analyses parts of a job in one thread.

    Raises:
        ModelFolderError: the model here is another than the one the job was started with.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._analyzer = Analyzer.load(job.model, policy=Policy.load(job.policy))
        if self._analyzer.config.files[MODEL_FILE] != job.model_sha256:
            raise ModelFolderError(f"{job.model} is another model on this machine; copy it here")
        self._ledger = Ledger(Place.at(job.target))
        self._folder, _ = input_files(Place.at(job.source))

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """The record of a part as JSON, or the reason why there is none."""
        part = Part(**row)
        try:
            return {"name": part.name, "record": json.dumps(self.score(part)), "error": ""}
        except Exception as error:
            return {"name": part.name, "record": "", "error": _without_text(error)}

    def score(self, part: Part) -> dict[str, Any]:
        """Analyses and writes a part, unless that was done already; gives its record."""
        if self._ledger.is_done(part):
            return self._ledger.record(part)
        started = time.perf_counter()
        source = open_part(self._folder, part, self._job.columns)
        output = self._ledger.scratch(self._job.form)
        rejected: list[dict[str, Any]] = []
        messages = 0
        with open_target(
            output, self._job.form, self._analyzer.config, self._job.prefix, source.schema
        ) as target:
            for batch in source.batches():
                kept, analyses = self._analyze(batch, rejected, source.unit)
                target.write(analyses, batch.carried, kept)
                messages += len(kept)
        record = {
            **part.to_dict(),
            "messages": messages,
            "rejected": len(rejected),
            "seconds": round(time.perf_counter() - started, 3),
            "ended": round(time.time(), 3),
        }
        lines = [json.dumps({"source": part.source, **row}) + "\n" for row in rejected]
        self._ledger.commit(part, output, "".join(lines).encode(), record)
        return record

    def _analyze(
        self, batch: Batch, rejected: list[dict[str, Any]], unit: str
    ) -> tuple[list[int], list[Analysis]]:
        """The indices of the rows that could be analysed, and their analyses."""
        kept, analyses = [], []
        for index, row in enumerate(batch.rows):
            found = _analysis(self._analyzer, row, self._job.columns)
            if isinstance(found, str):
                rejected.append({unit: batch.positions[index], "reason": found})
            else:
                kept.append(index)
                analyses.append(found)
        return kept, analyses


def _analysis(
    analyzer: Analyzer, row: dict[str, Any] | InputError, columns: Columns
) -> Analysis | str:
    """The analysis, or why there is none; one message that fails does not stop the others."""
    try:
        if isinstance(row, InputError):
            raise row
        return analyzer.analyze(columns.message(row))
    except InputError as error:
        return str(error)
    except Exception as error:
        return f"the analysis failed: {_without_text(error)}"


def _without_text(error: Exception) -> str:
    """What went wrong and where; an unforeseen error's own text might quote a message."""
    if isinstance(error, SidedoorError):
        return str(error)
    kind = type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        return f"{kind}: {error.strerror}"
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{kind} at {Path(last.filename).name}:{last.lineno}"
