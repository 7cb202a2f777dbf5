"""The model folder: `model.onnx`, `tokenizer.json`, `config.json` and the model card."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sidedoor.errors import ModelFolderError

FORMAT: Final = 1
DEFAULT: Final = Path(__file__).parent / "models" / "default"
MODEL_FILE: Final = "model.onnx"
TOKENIZER_FILE: Final = "tokenizer.json"
CONFIG_FILE: Final = "config.json"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class IntentConfig(_Strict):
    """An intent: score = sigmoid(logit / temperature + bias), present from `threshold` on."""

    name: str
    threshold: Annotated[float, Field(gt=0, lt=1)]
    temperature: Annotated[float, Field(gt=0)] = 1.0
    bias: float = 0.0


class LimitsConfig(_Strict):
    """Lengths in tokens; see `sidedoor.encoding.Limits`."""

    window: Annotated[int, Field(ge=32)]
    context: Annotated[int, Field(ge=3)]
    overlap: Annotated[int, Field(ge=0)]


class ModelConfig(_Strict):
    """The contents of `config.json`."""

    format: Literal[1]
    name: str
    intents: Annotated[list[IntentConfig], Field(min_length=1)]
    pii_types: Annotated[list[str], Field(min_length=1)]
    limits: LimitsConfig
    base_model: str
    corpus_sha256: str
    recipe_sha256: str
    versions: dict[str, str]
    files: dict[str, str]
    """SHA-256 of the folder's other files, by name."""


def read_config(folder: Path) -> ModelConfig:
    """Reads and checks a model folder: its configuration and its files' checksums.

    Raises:
        ModelFolderError: a file is missing, or is not what `config.json` says it is.
    """
    path = folder / CONFIG_FILE
    if not path.is_file():
        raise ModelFolderError(
            f"{folder} is no model folder: it has no {CONFIG_FILE}; "
            "give the folder that `sidedoor export` wrote"
        )
    try:
        config = ModelConfig.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise ModelFolderError(
            f"{path}: {where}: {first['msg']}; export the model again with this version"
        ) from None
    for name in (MODEL_FILE, TOKENIZER_FILE):
        _check_sum(folder / name, config.files.get(name))
    return config


def write_config(folder: Path, config: ModelConfig) -> None:
    """Writes `config.json`."""
    text = json.dumps(config.model_dump(), indent=2, ensure_ascii=False) + "\n"
    (folder / CONFIG_FILE).write_text(text, encoding="utf-8")


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_sum(path: Path, expected: str | None) -> None:
    if not path.is_file():
        raise ModelFolderError(
            f"{path} is missing; copy the whole folder again or reinstall the package"
        )
    if expected is None or sha256(path) != expected:
        raise ModelFolderError(
            f"{path} is damaged or was changed: its SHA-256 is not the one in {CONFIG_FILE}; "
            "copy the whole folder again or reinstall the package"
        )
