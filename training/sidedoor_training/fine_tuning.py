"""Fine-tunes the model by a recipe; `transformers.Trainer` is the loop.

One process or several, as `torchrun` or `accelerate launch` start them: the recipe's batch is
that of all of them together.
"""

import os
from pathlib import Path

import torch
from rich.console import Console
from tokenizers import Tokenizer
from transformers import EarlyStoppingCallback, TrainingArguments, set_seed
from transformers.utils import SAFE_WEIGHTS_NAME

from sidedoor.cores import usable_cores
from sidedoor.encoding import Encoder
from sidedoor.errors import ConfigurationError
from sidedoor.model_folder import sha256
from sidedoor_training.base_model import vocabulary
from sidedoor_training.checkpoint import complete
from sidedoor_training.corpus import CorpusRow, corpus_sha256, read_corpus
from sidedoor_training.dataset import (
    Featurizer,
    RefilledDataset,
    TokenMask,
    WrittenDataset,
    collate,
)
from sidedoor_training.distillation import Teachers, add_projection, remove_projection
from sidedoor_training.model import SidedoorModel
from sidedoor_training.recipe import LabelSet, Recipe, read_labels, read_recipe
from sidedoor_training.refill import Augmentation
from sidedoor_training.run_states import StateMarks, newest_state, prepare
from sidedoor_training.scores import scorer
from sidedoor_training.starting_model import starting_model
from sidedoor_training.things import with_things
from sidedoor_training.tokenizer import build_tokenizer
from sidedoor_training.trainer import Int8Noise, RecipeTrainer, Refilling


def fine_tune(recipe_path: Path, output: Path, *, resume: bool = False) -> Path:
    """Trains by a recipe and gives the folder of the best checkpoint, `output`/checkpoint.

    With `resume`, goes on from the last whole state in `output`, if there is one.

    Raises:
        ConfigurationError: the recipe, its labels or its teachers are malformed, or the run to be
            resumed was another one's.
        InputError: the corpus is malformed.
    """
    recipe = read_recipe(recipe_path)
    labels = read_labels(recipe.data.labels)
    set_seed(recipe.optimisation.seed)
    tokenizer = build_tokenizer(vocabulary(recipe.base_model))
    corpus = corpus_sha256(recipe.data.corpus)
    training, validation = datasets(recipe, labels, tokenizer)
    model = starting_model(recipe, labels)
    teachers = _teachers(recipe, labels, tokenizer, model)
    arguments = _arguments(recipe, output, len(training))
    with arguments.main_process_first(local=False, desc="the folder of the run"):
        if arguments.should_save:
            prepare(output, _about(recipe, corpus), resume=resume)
    trainer = RecipeTrainer(
        recipe=recipe,
        teachers=teachers,
        model=model,
        args=arguments,
        train_dataset=training,
        eval_dataset=validation,
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
            f"{len(training)} messages to train on, {len(validation)} to validate on, "
            f"{sum(p.numel() for p in model.parameters()) / 1e6:.1f} million parameters, "
            f"{arguments.world_size} processes of {arguments.per_device_train_batch_size} messages"
        )
    state = newest_state(output) if resume else None
    trainer.train(resume_from_checkpoint=str(state) if state else None)
    remove_projection(model)
    best = output / "checkpoint"
    trainer.save_model(str(best))
    if trainer.is_world_process_zero():
        complete(best, tokenizer, recipe, corpus)
    trainer.accelerator.wait_for_everyone()
    if arguments.world_size > 1:
        torch.distributed.destroy_process_group()
    return best


def datasets(
    recipe: Recipe, labels: LabelSet, tokenizer: Tokenizer
) -> tuple[RefilledDataset, WrittenDataset]:
    """The messages to train on and those to validate on."""
    encoder = Encoder(tokenizer, recipe.lengths.limits())
    featurizer = Featurizer(encoder, labels.intents, labels.pii_types)
    train, validation = (
        read_corpus(recipe.data.corpus, [split]) for split in ("train", "validation")
    )
    check_labels(train + validation, labels)
    refilled = RefilledDataset(
        with_things(train) if recipe.data.exchange_things else train,
        featurizer,
        augmentation(recipe),
        TokenMask.of(tokenizer, recipe.data.mask_tokens),
        recipe.optimisation.seed,
        unmasked=recipe.distillation is not None,
    )
    return refilled, WrittenDataset(validation, featurizer)


def _teachers(
    recipe: Recipe, labels: LabelSet, tokenizer: Tokenizer, student: SidedoorModel
) -> Teachers | None:
    if recipe.distillation is None:
        return None
    teachers = Teachers.load(recipe.distillation.teachers, labels, tokenizer)
    if recipe.distillation.hidden_weight > 0:
        add_projection(student, teachers)
    return teachers


def _about(recipe: Recipe, corpus: str) -> dict[str, str]:
    """What a resumed run must have in common with the one that was interrupted."""
    about = {"recipe": recipe.sha256(), "corpus": corpus}
    if recipe.distillation is None:
        return about
    weights = [sha256(folder / SAFE_WEIGHTS_NAME) for folder in recipe.distillation.teachers]
    return about | {"teacher": " ".join(weights)}


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
