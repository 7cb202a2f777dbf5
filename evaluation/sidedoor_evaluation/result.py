"""Everything that one run of `sidedoor evaluate` finds, and its form as JSON.

The model card, the README's table and the report are made of this JSON alone.
"""

import hashlib
import importlib.metadata
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sidedoor.errors import InputError
from sidedoor.rows import STANDARD
from sidedoor_evaluation.bootstrap import Bootstrap
from sidedoor_evaluation.comparison import Comparison
from sidedoor_evaluation.gold import GoldRow
from sidedoor_evaluation.metrics import Evaluation
from sidedoor_evaluation.mistakes import Mistake
from sidedoor_evaluation.robustness import Robustness
from sidedoor_evaluation.slices import Slice

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class About:
    """What was evaluated on what, and how; `commit` is None outside of a git checkout."""

    system: str
    model_sha256: str | None
    gold: str
    gold_sha256: str | None
    messages: int
    draws: int
    seed: int
    commit: str | None
    command: str
    version: str

    @classmethod
    def of(
        cls,
        system: str,
        model_sha256: str | None,
        gold: str,
        rows: Sequence[GoldRow],
        bootstrap: Bootstrap,
    ) -> "About":
        """Gathers the circumstances of the running command."""
        return cls(
            system=system,
            model_sha256=model_sha256,
            gold=Path(gold).name,
            gold_sha256=None
            if gold == STANDARD
            else hashlib.sha256(Path(gold).read_bytes()).hexdigest(),
            messages=len(rows),
            draws=bootstrap.draws,
            seed=bootstrap.seed,
            commit=_commit(),
            command=shlex.join(["sidedoor", *sys.argv[1:]]),
            version=importlib.metadata.version("sidedoor"),
        )


@dataclass(frozen=True, slots=True)
class Beside:
    """Another system's figures on the same messages; `kind` is `baseline` or `model`."""

    name: str
    kind: str
    evaluation: Evaluation

    def to_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"name": self.name, "kind": self.kind, "figures": self.evaluation.to_dict()}


@dataclass(frozen=True, slots=True)
class Result:
    """One run; `robustness` is None where it was not asked for."""

    about: About
    gold: Sequence[GoldRow]
    evaluation: Evaluation
    slices: tuple[Slice, ...]
    beside: tuple[Beside, ...]
    comparisons: tuple[Comparison, ...]
    robustness: Robustness | None
    mistakes: tuple[Mistake, ...]

    def to_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "format": FORMAT,
            "about": asdict(self.about),
            "figures": self.evaluation.to_dict(),
            "slices": [part.to_dict() for part in self.slices],
            "beside": [other.to_dict() for other in self.beside],
            "comparisons": [comparison.to_dict(self.gold) for comparison in self.comparisons],
            "robustness": None if self.robustness is None else self.robustness.to_dict(),
            "mistakes": [mistake.to_dict() for mistake in self.mistakes],
        }


def check_format(content: Any, path: Path) -> dict[str, Any]:
    """Checks that a JSON file's content is a result of this format.

    Raises:
        InputError: it is something else.
    """
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(
            f"{path} holds no evaluation of format {FORMAT}; write one with "
            "`sidedoor evaluate … --json FILE`"
        )
    return content


def _commit() -> str | None:
    """The commit of the folder that the command runs in."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
