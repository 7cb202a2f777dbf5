"""Fine-tunes the model by a recipe; `transformers.Trainer` is the loop.

One process or several, as `torchrun` or `accelerate launch` start them: the recipe's batch is
that of all of them together.
"""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
import yaml
from rich.console import Console
from tokenizers import Tokenizer
from torch import nn
from transformers import (
    AutoConfig,
    BertModel,
    EarlyStoppingCallback,
    TrainingArguments,
    set_seed,
)

from sidedoor.cores import usable_cores
from sidedoor.encoding import Encoder
from sidedoor.errors import ConfigurationError
from sidedoor.tags import tag_names
from sidedoor_training.base_model import resolve, vocabulary
from sidedoor_training.corpus import CorpusRow, corpus_sha256, read_corpus
from sidedoor_training.dataset import (
    Featurizer,
    RefilledDataset,
    TokenMask,
    WrittenDataset,
    collate,
)
from sidedoor_training.model import SidedoorConfig, SidedoorModel
from sidedoor_training.recipe import LabelSet, Recipe, read_labels, read_recipe
from sidedoor_training.refill import Augmentation
from sidedoor_training.run_states import StateMarks, newest_state, prepare
from sidedoor_training.scores import scorer
from sidedoor_training.things import with_things
from sidedoor_training.tokenizer import build_tokenizer
from sidedoor_training.trainer import Int8Noise, RecipeTrainer, Refilling

RECIPE_FILE: Final = "recipe.yaml"
LABELS_FILE: Final = "labels.yaml"
TOKENIZER_FILE: Final = "tokenizer.json"
CORPUS_FILE: Final = "corpus.sha256"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A trained model as it lies in its folder, with all that the export needs."""

    model: SidedoorModel
    tokenizer: Tokenizer
    recipe: Recipe
    labels: LabelSet
    corpus_sha256: str

    @classmethod
    def load(cls, folder: Path) -> "Checkpoint":
        """Loads what `fine_tune` wrote.

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


def fine_tune(recipe_path: Path, output: Path, *, resume: bool = False) -> Path:
    """Trains by a recipe and gives the folder of the best checkpoint, `output`/checkpoint.

    With `resume`, goes on from the last whole state in `output`, if there is one.

    Raises:
        ConfigurationError: the recipe or its labels are malformed, or the run to be resumed was
            another one's.
        InputError: the corpus is malformed.
    """
    recipe = read_recipe(recipe_path)
    labels = read_labels(recipe.data.labels)
    set_seed(recipe.optimisation.seed)
    tokenizer = build_tokenizer(vocabulary(recipe.base_model))
    encoder = Encoder(tokenizer, recipe.lengths.limits())
    featurizer = Featurizer(encoder, labels.intents, labels.pii_types)
    corpus = corpus_sha256(recipe.data.corpus)
    rows = {split: read_corpus(recipe.data.corpus, [split]) for split in ("train", "validation")}
    check_labels(rows["train"] + rows["validation"], labels)
    training = RefilledDataset(
        with_things(rows["train"]) if recipe.data.exchange_things else rows["train"],
        featurizer,
        augmentation(recipe),
        TokenMask.of(tokenizer, recipe.data.mask_tokens),
        recipe.optimisation.seed,
    )
    model = _starting_model(recipe, labels)
    arguments = _arguments(recipe, output, len(training))
    about = {"recipe": _sha256(recipe), "corpus": corpus}
    with arguments.main_process_first(local=False, desc="the folder of the run"):
        if arguments.should_save:
            prepare(output, about, resume=resume)
    trainer = RecipeTrainer(
        recipe=recipe,
        model=model,
        args=arguments,
        train_dataset=training,
        eval_dataset=WrittenDataset(rows["validation"], featurizer),
        data_collator=collate,
        compute_metrics=scorer(labels.intents),
        callbacks=[
            EarlyStoppingCallback(early_stopping_patience=recipe.optimisation.patience),
            StateMarks(),
            Refilling(training),
            Int8Noise(model, recipe.optimisation.int8_noise_from),
        ],
    )
    if trainer.is_world_process_zero():
        Console(stderr=True).print(
            f"{len(training)} messages to train on, {len(rows['validation'])} to validate on, "
            f"{sum(p.numel() for p in model.parameters()) / 1e6:.1f} million parameters, "
            f"{arguments.world_size} processes of {arguments.per_device_train_batch_size} messages"
        )
    state = newest_state(output) if resume else None
    trainer.train(resume_from_checkpoint=str(state) if state else None)
    best = output / "checkpoint"
    trainer.save_model(str(best))
    if trainer.is_world_process_zero():
        _complete(best, tokenizer, recipe, corpus)
    trainer.accelerator.wait_for_everyone()
    if arguments.world_size > 1:
        torch.distributed.destroy_process_group()
    return best


def _starting_model(recipe: Recipe, labels: LabelSet) -> SidedoorModel:
    if recipe.start_from is None:
        return build_model(recipe, labels)
    if not (recipe.start_from / "config.json").is_file():
        raise ConfigurationError(f"start_from: {recipe.start_from} is no checkpoint")
    model: SidedoorModel = SidedoorModel.from_pretrained(recipe.start_from)
    if model.config.intent_count != len(labels.intents) or model.config.tag_count != len(
        tag_names(labels.pii_types)
    ):
        raise ConfigurationError(
            f"start_from: {recipe.start_from} was trained for another number of labels"
        )
    return model


def build_model(recipe: Recipe, labels: LabelSet) -> SidedoorModel:
    """The base model with fresh heads, reduced to the recipe's layers."""
    base = resolve(recipe.base_model)
    settings = {
        key: value
        for key, value in AutoConfig.from_pretrained(base).to_dict().items()
        if key not in ("model_type", "architectures", "transformers_version", "_name_or_path")
    }
    settings.update(
        hidden_dropout_prob=recipe.optimisation.dropout,
        attention_probs_dropout_prob=recipe.optimisation.dropout,
    )
    config = SidedoorConfig(
        **settings,
        intent_count=len(labels.intents),
        tag_count=len(tag_names(labels.pii_types)),
        tag_loss_weight=recipe.optimisation.tag_loss_weight,
        label_smoothing=recipe.optimisation.label_smoothing,
    )
    config.keys_to_ignore_at_inference = ["intent_evidence"]
    model = SidedoorModel(config)
    model.bert = BertModel.from_pretrained(
        base, add_pooling_layer=False, attn_implementation="sdpa",
        hidden_dropout_prob=recipe.optimisation.dropout,
        attention_probs_dropout_prob=recipe.optimisation.dropout,
    )  # fmt: skip
    if recipe.keep_layers is not None:
        layers = model.bert.encoder.layer
        model.bert.encoder.layer = nn.ModuleList([layers[index] for index in recipe.keep_layers])
        model.config.num_hidden_layers = len(recipe.keep_layers)
        model.bert.config.num_hidden_layers = len(recipe.keep_layers)
    return model


def augmentation(recipe: Recipe) -> Augmentation:
    """The recipe's augmentation of the corpus."""
    return Augmentation(
        **recipe.data.model_dump(exclude={"corpus", "labels", "mask_tokens", "exchange_things"})
    )


def check_labels(rows: list[CorpusRow], labels: LabelSet) -> None:
    """Checks that rows only use the label set's names.

    Raises:
        ConfigurationError: a row names another intent or type.
    """
    for row in rows:
        types = {part.type for part in row.parts if not isinstance(part, str)}
        unknown = (set(row.intents) - set(labels.intents)) | (
            types - set(labels.pii_types) - {"NOT_PII"}
        )
        if unknown:
            raise ConfigurationError(
                f"corpus row {row.id} uses {', '.join(sorted(unknown))}, which the label file "
                "does not name; correct the row or the label file"
            )


def share_of_batch(recipe: Recipe, processes: int) -> int:
    """The messages of a batch that each of the processes takes.

    Raises:
        ConfigurationError: the batch can't be shared out evenly.
    """
    batch = recipe.optimisation.batch_size
    if batch % processes:
        raise ConfigurationError(
            f"batch_size: {batch} messages can't be shared out evenly among {processes} processes; "
            f"take a multiple of {processes}"
        )
    return batch // processes


def _arguments(recipe: Recipe, output: Path, size: int) -> TrainingArguments:
    settings = recipe.optimisation
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    batch = settings.batch_size * settings.gradient_accumulation
    steps = max(1, round(settings.epochs * -(-size // batch)))
    interval = max(1, steps // settings.evaluations)
    return TrainingArguments(
        output_dir=str(output.absolute()),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=share_of_batch(recipe, processes),
        per_device_eval_batch_size=64,
        gradient_accumulation_steps=settings.gradient_accumulation,
        learning_rate=settings.learning_rate,
        warmup_steps=round(settings.warmup_share * steps),
        weight_decay=settings.weight_decay,
        bf16=_has_bf16(),
        use_cpu=processes > 1 and not torch.cuda.is_available(),
        seed=settings.seed,
        eval_strategy="steps",
        eval_steps=interval,
        save_strategy="steps",
        save_steps=interval,
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model="mean_f1",
        greater_is_better=True,
        logging_steps=max(1, interval // 5),
        report_to=["tensorboard"],
        label_names=["intent_labels", "tag_labels"],
        remove_unused_columns=False,
        restore_callback_states_from_checkpoint=True,
        ddp_find_unused_parameters=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        dataloader_num_workers=_workers(),
    )


def _workers() -> int:
    """Processes that make up batches beside each training one; a GPU would wait for less."""
    if not torch.cuda.is_available():
        return 0
    return min(8, usable_cores() // max(1, torch.cuda.device_count()))


def _has_bf16() -> bool:
    """Whether the GPU, or else the processor, multiplies bf16 in hardware."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def _sha256(recipe: Recipe) -> str:
    """Of what is trained and how, wherever its files lie."""
    content = recipe.model_dump_json(exclude={"data": {"corpus", "labels"}, "start_from": True})
    return hashlib.sha256(content.encode()).hexdigest()


def _complete(folder: Path, tokenizer: Tokenizer, recipe: Recipe, corpus: str) -> None:
    """Puts beside the weights what a checkpoint needs to stand on its own.

    The recipe names its labels, now beside it, and its corpus where it was.
    """
    tokenizer.save(str(folder / TOKENIZER_FILE))
    (folder / CORPUS_FILE).write_text(corpus + "\n")
    shutil.copyfile(recipe.data.labels, folder / LABELS_FILE)
    content = recipe.model_dump(mode="json")
    content["data"]["labels"] = LABELS_FILE
    (folder / RECIPE_FILE).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
