"""A trained model as it lies in its folder, from which it is exported, averaged or taught from."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml
from tokenizers import Tokenizer

from sidedoor.errors import ConfigurationError
from sidedoor_training.model import SidedoorModel
from sidedoor_training.recipe import LabelSet, Recipe, read_labels, read_recipe

RECIPE_FILE: Final = "recipe.yaml"
LABELS_FILE: Final = "labels.yaml"
TOKENIZER_FILE: Final = "tokenizer.json"
CORPUS_FILE: Final = "corpus.sha256"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model with all that the export needs."""

    model: SidedoorModel
    tokenizer: Tokenizer
    recipe: Recipe
    labels: LabelSet
    corpus_sha256: str

    @classmethod
    def load(cls, folder: Path) -> "Checkpoint":
        """Loads what `sidedoor train` or `sidedoor average` wrote.

        Raises:
            ConfigurationError: the folder is no checkpoint.
        """
        missing = [
            name
            for name in (RECIPE_FILE, LABELS_FILE, TOKENIZER_FILE, CORPUS_FILE)
            if not (folder / name).is_file()
        ]
        if missing:
            raise ConfigurationError(
                f"{folder} is no checkpoint: it lacks {', '.join(missing)}; "
                "give the folder that `sidedoor train` named at its end"
            )
        return cls(
            model=SidedoorModel.from_pretrained(folder).eval(),
            tokenizer=Tokenizer.from_file(str(folder / TOKENIZER_FILE)),
            recipe=read_recipe(folder / RECIPE_FILE),
            labels=read_labels(folder / LABELS_FILE),
            corpus_sha256=(folder / CORPUS_FILE).read_text().strip(),
        )


def complete(folder: Path, tokenizer: Tokenizer, recipe: Recipe, corpus: str) -> None:
    """Puts beside saved weights what a checkpoint needs to stand on its own.

    The recipe names its labels, now beside it, and its corpus where it was.
    """
    tokenizer.save(str(folder / TOKENIZER_FILE))
    (folder / CORPUS_FILE).write_text(corpus + "\n")
    shutil.copyfile(recipe.data.labels, folder / LABELS_FILE)
    content = recipe.model_dump(mode="json")
    content["data"]["labels"] = LABELS_FILE
    (folder / RECIPE_FILE).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
