"""Messages a second that training reads, forward and backward, by the shipped recipe.

    python -m benchmarks.training [-o benchmarks/results/training.json]
    python -m benchmarks.training --launcher "torchrun --standalone --nproc-per-node=8 --no-python"

Measured between the first and the last logged step; the evaluation at the end is left out. Beside
it stand the share of padding in the batches, which are grouped by length, and how many examples a
second one core makes up: they are refilled and tokenised anew in every epoch.
"""

import argparse
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import torch
import yaml
from benchmarks.machine import machine
from benchmarks.output import save
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from transformers import TrainingArguments

from sidedoor_training.base_model import vocabulary
from sidedoor_training.corpus import read_corpus
from sidedoor_training.dataset import collate
from sidedoor_training.fine_tuning import datasets
from sidedoor_training.recipe import Recipe, read_labels, read_recipe
from sidedoor_training.sampling import LengthSampler
from sidedoor_training.tokenizer import build_tokenizer

RECIPE: Final = Path("configs/small.yaml")
BATCHES: Final = 100
"""How many batches' filling is looked at: whole groups of those that are sorted by length."""


def main() -> None:
    options = _options()
    recipe = read_recipe(options.recipe)
    rows = len(read_corpus(recipe.data.corpus, ["train"]))
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        content = recipe.model_dump(mode="json")
        batch = recipe.optimisation.batch_size * recipe.optimisation.gradient_accumulation
        content["optimisation"] |= {"epochs": options.steps * batch / rows, "evaluations": 1}
        (work / "recipe.yaml").write_text(yaml.safe_dump(content))
        program = str(Path(sys.executable).with_name("sidedoor"))
        command = [program, "train", str(work / "recipe.yaml"), "-o", str(work / "run")]
        subprocess.run([*shlex.split(options.launcher), *command], check=True)
        steps, seconds = _span(work / "run")
        bf16 = _arguments_of(work / "run").bf16
    result: dict[str, Any] = {
        "machine": machine("torch", "transformers"),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "launcher": options.launcher,
        "recipe": options.recipe.name,
        "corpus_messages": rows,
        "epochs": recipe.optimisation.epochs,
        "steps": steps,
        "messages_per_second": round(steps * batch / seconds, 1),
        "bf16": bf16,
        "batches": _batches(recipe),
    }
    save(result, options.output)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", type=Path, default=RECIPE)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--launcher", default="", help="put before `sidedoor train`")
    parser.add_argument("-o", "--output", type=Path)
    return parser.parse_args()


def _arguments_of(run: Path) -> TrainingArguments:
    arguments: TrainingArguments = torch.load(
        run / "checkpoint" / "training_args.bin", weights_only=False
    )
    return arguments


def _batches(recipe: Recipe) -> dict[str, float]:
    """How the recipe's batches are filled, and the examples a second that one core makes up."""
    labels, tokenizer = (
        read_labels(recipe.data.labels),
        build_tokenizer(vocabulary(recipe.base_model)),
    )
    dataset, _ = datasets(recipe, labels, tokenizer)
    size = recipe.optimisation.batch_size
    together = size * recipe.optimisation.gradient_accumulation
    order = list(LengthSampler(dataset, together, recipe.optimisation.seed))[: BATCHES * size]
    start = time.perf_counter()
    examples = [dataset[index] for index in order]
    seconds = time.perf_counter() - start
    masks = [
        collate(examples[first : first + size])["attention_mask"]
        for first in range(0, len(examples), size)
    ]
    filled, places = sum(int(mask.sum()) for mask in masks), sum(mask.numel() for mask in masks)
    return {
        "mean_tokens": round(filled / len(examples), 1),
        "padding": round(1 - filled / places, 4),
        "examples_per_second_one_core": round(len(examples) / seconds, 1),
    }


def _span(run: Path) -> tuple[int, float]:
    """Steps and seconds between the first and the last logged loss."""
    (folder,) = {file.parent for file in run.rglob("events.out.tfevents*")}
    events = EventAccumulator(str(folder))
    events.Reload()
    losses = events.Scalars("train/loss")
    return losses[-1].step - losses[0].step, losses[-1].wall_time - losses[0].wall_time


if __name__ == "__main__":
    main()
