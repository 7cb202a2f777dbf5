"""Labels of another kind, by docs/train-your-own.md alone: its files and commands, in order."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from tests.serving.service import running
from tests.training.test_model import project

__all__ = ["project"]

DOCS: Final = Path(__file__).parents[2] / "docs" / "train-your-own.md"
BIN: Final = Path(sys.executable).parent
BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)


def _files() -> dict[str, str]:
    """The files that the page shows, by the names in their first lines."""
    found = {}
    for kind, content in BLOCK.findall(DOCS.read_text(encoding="utf-8")):
        if kind in ("yaml", "json"):
            first, _, rest = content.partition("\n")
            found[first.removeprefix("# ")] = rest
    return found


def _commands() -> list[str]:
    blocks = BLOCK.findall(DOCS.read_text(encoding="utf-8"))
    return [line for kind, content in blocks if kind == "sh" for line in content.splitlines()]


def test_the_page_shows_all_files_that_its_commands_name() -> None:
    made = {"run", "run/checkpoint", "student/checkpoint", "model", "messages"}
    for command in _commands():
        for word in shlex.split(command):
            if word.endswith((".yaml", ".jsonl")):
                assert word in _files(), command
            elif "/" in word and not word.startswith("http") and "json" not in word:
                assert word in made, command


@pytest.mark.slow
def test_foreign_labels_are_trained_exported_and_served_by_the_page(
    project: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "parcels"
    for name, content in _files().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    commands = [command for command in _commands() if command.startswith("sidedoor ")]
    (serve,) = (command for command in commands if command.startswith("sidedoor serve"))
    looks = [command for command in commands if command.startswith("sidedoor corpus")]
    for command in looks:
        _run(command, folder)
    _shrink(folder, project / "base")
    for command in commands:
        if command not in (serve, *looks):
            _run(command, folder)
    text = "please refund parcel PX-4471-90"
    options = dict(zip(*[iter(shlex.split(serve)[2:])] * 2, strict=True))
    settings = {name.removeprefix("--"): folder / value for name, value in options.items()}
    with running(settings.pop("model"), tmp_path / "log", **settings) as service:
        found = service.analyze(text).json()
        about = service.request("/v1/model").json()
    assert [intent["name"] for intent in about["intents"]] == ["ask-refund", "report-damage"]
    assert about["pii_types"] == ["PARCEL_NUMBER", "PERSON"]
    assert found["labels"] == ["ask-refund"]
    assert [(span["type"], span["text"]) for span in found["pii"]] == [
        ("PARCEL_NUMBER", "PX-4471-90")
    ]
    assert (found["action"], found["rule"]) == ("nudge", "refund")


def _shrink(folder: Path, base: Path) -> None:
    """A tiny base model and short recipes; with so little to learn from, what is learnt is the
    training split, so that is what is validated on.
    """
    student = yaml.safe_load((folder / "student.yaml").read_text())
    student |= {"keep_layers": [1], "optimisation": {"epochs": 2}}
    student["export"] = {"min_label_agreement": 0.0, "min_span_agreement": 0.0}
    (folder / "student.yaml").write_text(yaml.safe_dump(student))
    recipe = yaml.safe_load((folder / "recipe.yaml").read_text())
    recipe["base_model"] = str(base)
    recipe["data"]["typing_noise"] = 0.0
    recipe["lengths"] = {"window": 64, "context": 24, "overlap": 6}
    recipe["optimisation"] |= {
        "epochs": 120,
        "batch_size": 8,
        "learning_rate": 3e-3,
        "head_learning_rate": 1e-2,
        "dropout": 0.0,
        "evaluations": 3,
        "patience": 9,
    }
    recipe["export"] = {"min_label_agreement": 0.5, "min_span_agreement": 0.5}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    train = folder / "messages" / "train.jsonl"
    lines = [json.loads(line) for line in train.read_text().splitlines()]
    for line in lines[1:]:
        line["text"] = line["text"].replace("|", "!|")
    lines[0]["split"] = "validation"
    (folder / "messages" / "again.jsonl").write_text(_jsonl(lines))
    lines[0]["split"] = "train"
    train.write_text(_jsonl(lines))


def _jsonl(rows: list[Any]) -> str:
    return "\n".join(map(json.dumps, rows)) + "\n"


def _run(command: str, folder: Path) -> None:
    arguments = shlex.split(command)
    done = subprocess.run(
        [BIN / arguments[0], *arguments[1:]],
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
