"""The model card: the README of a model folder, made of its configuration and its figures.

Every number comes from JSON files: what `evaluate --json` wrote, and where they lie beside it,
`int8.json` (`evaluate --json` of the int8 model and its float original) and `speed.json` (what
`benchmarks.engine` wrote).
"""

import json
from pathlib import Path
from typing import Any, Final

from sidedoor.errors import InputError
from sidedoor.model_folder import read_config
from sidedoor_evaluation.card_text import card
from sidedoor_evaluation.result import check_format

CARD_FILE: Final = "README.md"
INT8_FILE: Final = "int8.json"
SPEED_FILE: Final = "speed.json"


def write_card(
    folder: Path, figures: Path, int8: Path | None = None, speed: Path | None = None
) -> Path:
    """Writes the card of the model in `folder`; gives its path.

    Raises:
        ModelFolderError: the folder is damaged.
        InputError: a file holds something else, or figures of another model.
    """
    text = card_of(folder, figures, int8, speed)
    path = folder / CARD_FILE
    path.write_text(text, encoding="utf-8")
    return path


def card_of(
    folder: Path, figures: Path, int8: Path | None = None, speed: Path | None = None
) -> str:
    """The text of the card of the model in `folder`.

    Raises:
        ModelFolderError: the folder is damaged.
        InputError: a file holds something else, or figures of another model.
    """
    config = read_config(folder)
    result = check_format(read_json(figures), figures)
    measured = result["about"]["model_sha256"]
    if measured != config.files["model.onnx"]:
        raise InputError(
            f"{figures} holds figures of another model than {folder}; evaluate this one first"
        )
    int8 = int8 or _if_there(figures.parent / INT8_FILE)
    speed = speed or _if_there(figures.parent / SPEED_FILE)
    compared = None if int8 is None else check_format(read_json(int8), int8)
    if compared is not None and compared["about"]["model_sha256"] != measured:
        raise InputError(f"{int8} compares another model than {folder}; compare this one first")
    try:
        return card(config, result, compared, None if speed is None else read_json(speed))
    except (KeyError, TypeError, IndexError) as error:
        raise InputError(
            f"a file of figures lacks a part ({type(error).__name__}: {error}); write it again"
        ) from None


def read_json(path: Path) -> Any:
    """A JSON file's content.

    Raises:
        InputError: it can't be read, or is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"{path} is no JSON: {error}") from None


def _if_there(path: Path) -> Path | None:
    return path if path.is_file() else None
