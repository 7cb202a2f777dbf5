"""A tiny random model, so that the tests of everything around a model need no weights."""

import string
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from sidedoor import Analyzer
from sidedoor.encoding import Encoder, Limits
from sidedoor.model_folder import (
    MODEL_FILE,
    TOKENIZER_FILE,
    IntentConfig,
    LimitsConfig,
    ModelConfig,
    sha256,
    write_config,
)
from sidedoor.tags import tag_names
from sidedoor_onnx.graph import export_fp32, fuse, quantise
from sidedoor_training.model import SidedoorConfig, SidedoorModel
from sidedoor_training.tokenizer import build_tokenizer

INTENTS = ("solicit-contact", "explain-policy", "share-requirement-info")
TYPES = (
    "EMAIL_ADDRESS",
    "PHONE_NUMBER",
    "URL",
    "HANDLE",
    "PERSON",
    "ADDRESS",
    "PAYMENT_ACCOUNT",
    "CREDENTIAL",
    "ID_NUMBER",
    "DATE_OF_BIRTH",
)
LIMITS = Limits(window=48, context=16, overlap=6)


def tiny_vocabulary() -> dict[str, int]:
    """Single characters as whole words and as continuations, and unused slots."""
    characters = string.ascii_lowercase + string.digits + string.punctuation
    tokens = [
        "[PAD]",
        *(f"[unused{k}]" for k in range(20)),
        *("[UNK]", "[CLS]", "[SEP]", "[MASK]"),
        *characters,
        *(f"##{character}" for character in characters),
    ]
    return {token: index for index, token in enumerate(tokens)}


def tiny_model(layers: int = 2) -> SidedoorModel:
    """A random BERT with two layers of 32."""
    torch.manual_seed(7)
    config = SidedoorConfig(
        vocab_size=len(tiny_vocabulary()),
        hidden_size=32,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        intent_count=len(INTENTS),
        tag_count=len(tag_names(TYPES)),
        initializer_range=0.4,
    )
    model = SidedoorModel(config)
    model.eval()
    return model


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return build_tokenizer(tiny_vocabulary())


@pytest.fixture(scope="session")
def encoder(tokenizer: Tokenizer) -> Encoder:
    return Encoder(tokenizer, LIMITS)


@pytest.fixture(scope="session")
def model_folder(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with the tiny random model, int8 as shipped ones are."""
    work = tmp_path_factory.mktemp("tiny")
    folder = work / "model"
    folder.mkdir()
    model = tiny_model()
    export_fp32(model, work / "plain.onnx")
    fuse(work / "plain.onnx", work / "fused.onnx", heads=2, hidden=32, layers=2)
    quantise(work / "fused.onnx", folder / MODEL_FILE)
    tokenizer.save(str(folder / TOKENIZER_FILE))
    config = ModelConfig(
        format=1,
        name="tiny",
        intents=[IntentConfig(name=name, threshold=0.5) for name in INTENTS],
        pii_types=list(TYPES),
        limits=LimitsConfig(window=LIMITS.window, context=LIMITS.context, overlap=LIMITS.overlap),
        base_model="random",
        corpus_sha256="0" * 64,
        recipe_sha256="0" * 64,
        versions={},
        files={name: sha256(folder / name) for name in (MODEL_FILE, TOKENIZER_FILE)},
    )
    write_config(folder, config)
    return folder


@pytest.fixture(scope="session")
def analyzer(model_folder: Path) -> Analyzer:
    return Analyzer.load(model_folder)
