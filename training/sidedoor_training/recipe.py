"""The training recipe: a YAML file with a strict schema. Paths are relative to the file.

A recipe with `extends: OTHER.yaml` has all that the other one in its folder has, but for the keys
that it sets itself, section by section.
"""

import hashlib
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sidedoor.encoding import Limits
from sidedoor.errors import ConfigurationError

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Weight = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
_Model = TypeVar("_Model", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LabelSet(_Strict):
    """The contents of `labels.yaml`: names in the order of the model's outputs."""

    intents: Annotated[list[str], Field(min_length=1)]
    pii_types: Annotated[list[str], Field(min_length=1)]


class Data(_Strict):
    """What is trained on, and what is done to it."""

    corpus: Path
    labels: Path
    disguise_solicitation: Share = 0.0
    disguise_other: Share = 0.0
    disguise_app_name: Share = 0.0
    typing_noise: Share = 0.0
    drop_surface: Share = 0.0
    drop_sender: Share = 0.0
    exchange_things: bool = False
    """Whether rare names of brands, places and works are exchanged, as people's are."""
    mask_tokens: Share = 0.0
    """Share of the words that are hidden from the model, drawn anew at every epoch."""


class Lengths(_Strict):
    """Lengths in tokens; see `sidedoor.encoding.Limits`."""

    window: Annotated[int, Field(ge=32, le=512)] = 256
    context: Annotated[int, Field(ge=3)] = 112
    overlap: Annotated[int, Field(ge=0)] = 32

    def limits(self) -> Limits:
        """The lengths as the encoder takes them."""
        return Limits(self.window, self.context, self.overlap)


class Optimisation(_Strict):
    """How long and how fast is learnt."""

    epochs: Positive
    batch_size: Count = 32
    """Messages that are read before gradients are summed, over all processes together."""
    gradient_accumulation: Count = 1
    """Batches whose gradients make up one step."""
    learning_rate: Positive = 1e-4
    head_learning_rate: Positive = 1e-3
    layer_decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Factor on the learning rate from each layer to the one below it."""
    weight_decay: Weight = 0.01
    warmup_share: Share = 0.06
    tag_loss_weight: Positive = 1.0
    label_smoothing: Share = 0.0
    dropout: Share = 0.1
    int8_noise_from: Share = 1.0
    """Share of the run after which the encoder is trained as if it were int8; 1 for never."""
    patience: Count = 3
    """Evaluations without progress after which training stops."""
    evaluations: Count = 10
    """Evaluations on the validation split in the whole run; each saves a state to resume from."""
    seed: int = 1


class Calibration(_Strict):
    """How thresholds are chosen on the validation split: for the best F1 within a budget."""

    false_flag_budget: dict[str, Share] = {}
    """By intent, the largest share of messages without it that its threshold may let through;
    an intent that is left out has none.
    """


class Export(_Strict):
    """What the export to int8 may lose, measured on the validation split."""

    min_label_agreement: Share = 0.98
    min_span_agreement: Share = 0.97


class Width(_Strict):
    """How wide a narrower model is."""

    hidden_size: Count
    heads: Count
    intermediate_size: Count

    @model_validator(mode="after")
    def _heads_share_evenly(self) -> "Width":
        if self.hidden_size % self.heads:
            raise ValueError("hidden_size must be a multiple of heads")
        return self


class Distillation(_Strict):
    """Learning from trained models beside the written labels: what, and with which weight.

    Teachers read each message with its fresh values and disguises, but with no word hidden.
    """

    teachers: Annotated[list[Path], Field(min_length=1)]
    """Checkpoints; the mean of their logits is learnt, and the hidden states of the first."""
    temperature: Positive = 2.0
    """What logits are divided by before they are compared."""
    label_weight: Weight = 1.0
    """Of the loss that a run without teachers has, by the written labels."""
    intent_weight: Weight = 1.0
    tag_weight: Weight = 1.0
    hidden_weight: Weight = 1.0


class Recipe(_Strict):
    """A whole training recipe."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    base_model: str
    start_from: Path | None = None
    """A checkpoint whose weights, heads included, the run starts from."""
    keep_layers: list[int] | None = None
    """Layers of the model to start from, by index; all where left out."""
    narrow_to: Width | None = None
    """The width to which the model to start from is cut; its own where left out."""
    data: Data
    lengths: Lengths = Lengths()
    optimisation: Optimisation
    distillation: Distillation | None = None
    calibration: Calibration = Calibration()
    export: Export = Export()

    def sha256(self) -> str:
        """Of what is trained and how, wherever its files lie; in hexadecimal."""
        paths: Any = {
            "data": {"corpus", "labels"},
            "start_from": True,
            "distillation": {"teachers"},
        }
        return hashlib.sha256(self.model_dump_json(exclude=paths).encode()).hexdigest()


def read_recipe(path: Path) -> Recipe:
    """Reads a recipe; its paths become absolute.

    Raises:
        ConfigurationError: the file or one that it extends is missing, is no YAML, or breaks the
            schema.
    """
    recipe = _checked(Recipe, path, _extended(path))
    folder = path.parent
    data = recipe.data.model_copy(
        update={
            "corpus": (folder / recipe.data.corpus).resolve(),
            "labels": (folder / recipe.data.labels).resolve(),
        }
    )
    start = recipe.start_from and (folder / recipe.start_from).resolve()
    distillation = recipe.distillation and recipe.distillation.model_copy(
        update={"teachers": [(folder / path).resolve() for path in recipe.distillation.teachers]}
    )
    return recipe.model_copy(
        update={"data": data, "start_from": start, "distillation": distillation}
    )


def read_labels(path: Path) -> LabelSet:
    """Reads a label set.

    Raises:
        ConfigurationError: the file is missing, is no YAML, breaks the schema or repeats a name.
    """
    labels = _checked(LabelSet, path, _content(path))
    for names in (labels.intents, labels.pii_types):
        if len(set(names)) != len(names):
            raise ConfigurationError(f"{path}: a label is named twice in: {', '.join(names)}")
    return labels


def _extended(path: Path, above: tuple[Path, ...] = ()) -> Any:
    """A recipe's content with that of the recipes below it."""
    content = _content(path)
    if not isinstance(content, dict) or "extends" not in content:
        return content
    name = content.pop("extends")
    if not isinstance(name, str) or Path(name).name != name or path.parent / name in (*above, path):
        raise ConfigurationError(
            f"{path}: extends: must name another recipe in the same folder, which does not extend "
            f"this one (value: {name!r})"
        )
    below = _extended(path.parent / name, (*above, path))
    if not isinstance(below, dict):
        raise ConfigurationError(f"{path.parent / name} is no recipe, but {path} extends it")
    return _merged(below, content)


def _merged(below: Any, above: Any) -> Any:
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return below | {key: _merged(below.get(key), value) for key, value in above.items()}


def _content(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path} is no YAML: {error}") from None


def _checked(model: type[_Model], path: Path, content: Any) -> _Model:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise ConfigurationError(
            f"{path}: {where}: {first['msg']} (value: {first['input']!r})"
        ) from None
