"""What lies beside the output: what the job is, which parts are done, what was rejected.

DST/
├── SOURCE-00000.parquet …       the output, a file a part
└── _sidedoor/
    ├── job.json                 what all parts have in common; a rerun must agree with it
    ├── parts/SOURCE-00000.json  a part's record: it is done
    ├── rejected/…               positions and reasons of malformed rows, where there are any
    ├── scratch/                 what is being written
    └── manifest.json            all counts, once all parts are done
"""

import json
import uuid
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sidedoor.bulk.parts import Part
from sidedoor.bulk.places import Place
from sidedoor.bulk.targets import Format
from sidedoor.columns import Columns
from sidedoor.errors import InputError

FORMAT: Final = 1
_READERS: Final = 16


@dataclass(frozen=True, slots=True)
class Job:
    """What all parts have in common."""

    source: str
    target: str
    columns: Columns
    form: Format
    prefix: str
    part_rows: int
    model: Path
    model_sha256: str
    policy: Path
    policy_sha256: str
    version: str

    def identity(self) -> dict[str, Any]:
        """What a rerun must agree with; where model, policy and files lie may change."""
        content = asdict(self)
        for name in ("source", "target", "model", "policy"):
            del content[name]
        return {"format": FORMAT, **content}


class Ledger:
    """The records of a job's output folder."""

    def __init__(self, target: Place) -> None:
        self.target = target
        self._folder = target / "_sidedoor"

    def open(self, job: Job) -> None:
        """Takes the folder for the job, or finds that it is the job's already.

        Raises:
            InputError: the folder holds another job's output, or something else.
        """
        file = self._folder / "job.json"
        wanted = job.identity()
        if not file.is_file:
            if self.target.is_file or self.target.listed():
                raise InputError(
                    f"{self.target.name} holds something else already; choose a new or empty folder"
                )
        elif (self._folder / "parts").listed():
            other = [k for k, v in file.read_json().items() if wanted.get(k) != v]
            if other:
                raise InputError(
                    f"{self.target.name} holds the output of a run with another "
                    f"{', '.join(other)}; choose another folder, or remove this one"
                )
        self._write(file, json.dumps(wanted, indent=2).encode())

    def done(self, parts: Iterable[Part]) -> dict[str, dict[str, Any]]:
        """The records of those parts that are done, by name.

        Raises:
            InputError: an input file is another than it was when the part was done.
        """
        there = {name.removesuffix(".json") for name, _ in (self._folder / "parts").listed()}
        by_name = {part.name: part for part in parts}
        gone = sorted(there - set(by_name))
        if gone:
            raise InputError(
                f"{gone[0]} was done by an earlier run, but its input is not there any more or "
                "was cut otherwise; give the same input, or choose another folder"
            )
        with ThreadPoolExecutor(_READERS) as pool:
            records = dict(zip(there, pool.map(self.record, map(by_name.get, there)), strict=True))
        for name, record in records.items():
            part = by_name[name]
            if (record["size"], record["start"], record["stop"]) != (
                part.size,
                part.start,
                part.stop,
            ):
                raise InputError(
                    f"{part.source} has changed since an earlier run read it; choose another folder"
                )
        return records

    def record(self, part: Part | None) -> dict[str, Any]:
        """The record of a part that is done."""
        record: dict[str, Any] = self._record_file(part).read_json() if part else {}
        return record

    def is_done(self, part: Part) -> bool:
        """Whether the part has its record."""
        return self._record_file(part).is_file

    def scratch(self, suffix: str) -> Place:
        """A new name to write under."""
        file = self._folder / "scratch" / f"{uuid.uuid4().hex}.{suffix}"
        file.make_parent()
        return file

    def commit(self, part: Part, output: Place, rejected: bytes, record: dict[str, Any]) -> None:
        """Gives the output its name, then the rejected rows, and then writes the record."""
        output.move_to(self.target / f"{part.name}.{output.path.rpartition('.')[2]}")
        if rejected:
            self._write(self._folder / "rejected" / f"{part.name}.jsonl", rejected)
        self._write(self._record_file(part), json.dumps(record).encode())

    def begin(self) -> None:
        """Removes what says that all is done."""
        (self._folder / "manifest.json").remove()

    def finish(self, manifest: dict[str, Any]) -> Place:
        """Writes the manifest and clears what interrupted runs left half written."""
        file = self._folder / "manifest.json"
        (self._folder / "scratch").remove()
        self._write(file, (json.dumps(manifest, indent=2) + "\n").encode())
        (self._folder / "scratch").remove()
        return file

    def _record_file(self, part: Part) -> Place:
        return self._folder / "parts" / f"{part.name}.json"

    def _write(self, file: Place, content: bytes) -> None:
        """Writes a file that is there whole or not at all."""
        scratch = self.scratch("json")
        scratch.write_bytes(content)
        scratch.move_to(file)
