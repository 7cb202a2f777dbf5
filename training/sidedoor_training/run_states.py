"""The states of a run, from which it goes on after an interruption.

A process that is killed while it saves leaves half a state. A mark, written once every process
has saved its share, tells the whole ones.
"""

import json
import shutil
from pathlib import Path
from typing import Final

import torch.distributed
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from sidedoor.errors import ConfigurationError

RUN_FILE: Final = "run.json"
_MARK: Final = "whole"


class StateMarks(TrainerCallback):
    """Marks each state that was saved whole."""

    def on_save(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **_: object,
    ) -> None:
        if torch.distributed.is_initialized():
            torch.distributed.barrier()
        folder = Path(str(args.output_dir)) / f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}"
        if state.is_world_process_zero:
            (folder / _MARK).touch()


def newest_state(run: Path) -> Path | None:
    """The newest state that was saved whole, if there is one."""
    whole = [folder for folder in _states(run) if (folder / _MARK).is_file()]
    return max(whole, key=_step, default=None)


def prepare(run: Path, about: dict[str, str], *, resume: bool) -> None:
    """Readies the folder of a run: keeps whole states to resume from, else none.

    `about` holds what a resumed run must have in common with the interrupted one.

    Raises:
        ConfigurationError: the run to be resumed was another one's.
    """
    file = run / RUN_FILE
    if resume and newest_state(run) and file.is_file():
        before = json.loads(file.read_text(encoding="utf-8"))
        other = sorted(name for name in about if before.get(name) != about[name])
        if other:
            raise ConfigurationError(
                f"{run} holds a run with another {', '.join(other)}, which can't be resumed with "
                "this one; leave --resume out to start anew, or name another folder"
            )
    for folder in _states(run):
        if not resume or not (folder / _MARK).is_file():
            shutil.rmtree(folder)
    run.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(about) + "\n", encoding="utf-8")


def _states(run: Path) -> list[Path]:
    return [folder for folder in run.glob(f"{PREFIX_CHECKPOINT_DIR}-*") if folder.is_dir()]


def _step(folder: Path) -> int:
    return int(folder.name.rpartition("-")[2])
