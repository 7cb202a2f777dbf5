import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from tests.conftest import INTENTS, TYPES, tiny_model, tiny_vocabulary
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from sidedoor import ConfigurationError
from sidedoor.encoding import SLOT_TOKENS, Encoder
from sidedoor_training.averaging import average
from sidedoor_training.checkpoint import Checkpoint
from sidedoor_training.corpus import read_corpus
from sidedoor_training.dataset import (
    Featurizer,
    RefilledDataset,
    TokenMask,
    WrittenDataset,
    collate,
)
from sidedoor_training.fine_tuning import check_labels, fine_tune
from sidedoor_training.model import SidedoorModel
from sidedoor_training.recipe import LabelSet
from sidedoor_training.refill import Augmentation, as_written
from sidedoor_training.scores import f1, intent_f1, span_f1, token_spans

ROWS = [
    {"text": "mail me at [[EMAIL_ADDRESS!|jo@fern.co]]", "intents": ["solicit-contact"]},
    {"text": "that is against the rules here", "intents": ["explain-policy"]},
    {"text": "print [[PERSON!|Kim Lee]] on it", "intents": ["share-requirement-info"]},
    {"text": "thanks a lot", "intents": []},
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a base model, labels, four messages and a recipe that overfits them."""
    base = tmp_path / "base"
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(tiny_vocabulary()),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
    )
    BertModel(config).save_pretrained(base)
    vocabulary = sorted(tiny_vocabulary(), key=tiny_vocabulary().__getitem__)
    (base / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    (base / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}')
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for split in ("train", "validation"):
        lines = [{"brief": "four messages", "split": split}, *ROWS]
        text = "\n".join(json.dumps(line) for line in lines) + "\n"
        (corpus / f"{split}.jsonl").write_text(text)
    labels = {"intents": list(INTENTS), "pii_types": list(TYPES)}
    (tmp_path / "labels.yaml").write_text(yaml.safe_dump(labels))
    recipe = {
        "name": "tiny",
        "base_model": str(base),
        "data": {"corpus": "corpus", "labels": "labels.yaml"},
        "lengths": {"window": 64, "context": 16, "overlap": 6},
        "optimisation": {
            "epochs": 150,
            "batch_size": 4,
            "learning_rate": 3e-3,
            "head_learning_rate": 1e-2,
            "dropout": 0.0,
            "patience": 10,
            "evaluations": 3,
        },
        "export": {"min_label_agreement": 0.75, "min_span_agreement": 0.75},
    }
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    return tmp_path


@pytest.mark.slow
def test_four_messages_are_overfitted_and_the_checkpoint_reloads(project: Path) -> None:
    checkpoint = Checkpoint.load(fine_tune(project / "recipe.yaml", project / "run"))
    rows = read_corpus(project / "corpus", ["train"])
    encoder = Encoder(checkpoint.tokenizer, checkpoint.recipe.lengths.limits())
    featurizer = Featurizer(encoder, INTENTS, TYPES)
    batch = collate([WrittenDataset(rows, featurizer)[index] for index in range(4)])
    with torch.no_grad():
        output = checkpoint.model(**batch)
    assert intent_f1(output.intent_logits.numpy() > 0, batch["intent_labels"].numpy() > 0.5) == [
        1.0,
        1.0,
        1.0,
    ]
    assert span_f1(output.tag_logits.numpy(), batch["tag_labels"].numpy()) == 1.0
    resumed = fine_tune(project / "recipe.yaml", project / "run", resume=True)
    assert resumed == project / "run" / "checkpoint"


def test_a_model_saves_and_loads(tmp_path: Path) -> None:
    model = tiny_model()
    model.save_pretrained(tmp_path)
    again = SidedoorModel.from_pretrained(tmp_path).eval()
    ids = torch.arange(5, 15)[None]
    mask = torch.ones_like(ids)
    with torch.no_grad():
        first, second = (m(ids, mask, torch.zeros_like(ids)) for m in (model, again))
    torch.testing.assert_close(first.intent_logits, second.intent_logits)
    torch.testing.assert_close(first.tag_logits, second.tag_logits)


def test_a_logit_is_its_bias_plus_the_sum_of_its_evidence() -> None:
    model = tiny_model()
    with torch.no_grad():
        model.intent_bias.copy_(torch.tensor([0.5, -1.0, 2.0]))
        ids = torch.randint(25, 90, (3, 12))
        types = torch.tensor([[0] * 8 + [1] * 4] * 3)
        output = model(ids, torch.ones_like(ids), types)
    expected = output.intent_evidence.sum(dim=1) + model.intent_bias
    torch.testing.assert_close(output.intent_logits, expected)
    assert output.intent_evidence[types == 1].abs().max() == 0


def test_padding_does_not_change_the_scores() -> None:
    model = tiny_model()
    ids = torch.randint(25, 90, (1, 9))
    padded = torch.nn.functional.pad(ids, (0, 5))
    mask = torch.nn.functional.pad(torch.ones_like(ids), (0, 5))
    with torch.no_grad():
        alone = model(ids, torch.ones_like(ids), torch.zeros_like(ids))
        beside = model(padded, mask, torch.zeros_like(padded))
    torch.testing.assert_close(alone.intent_logits, beside.intent_logits, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(alone.tag_logits, beside.tag_logits[:, :9], atol=1e-5, rtol=1e-4)


def test_tags_cover_every_token_that_touches_a_span(
    project: Path, encoder: Encoder, tokenizer: Tokenizer
) -> None:
    rows = read_corpus(project / "corpus", ["train"])
    features = WrittenDataset(rows, Featurizer(encoder, INTENTS, TYPES))[0]
    tagged = [
        (str(tokenizer.id_to_token(token)).removeprefix("##"), tag)
        for token, tag in zip(features["input_ids"], features["tag_labels"], strict=True)
        if tag > 0
    ]
    assert "".join(token for token, _ in tagged) == "jo@fern.co"
    assert [tag for _, tag in tagged] == [1] + [2] * (len(tagged) - 1)
    assert features["tag_labels"][0] == features["tag_labels"][-1] == -100


def test_a_mask_hides_words_but_neither_labels_nor_slots(
    project: Path, encoder: Encoder, tokenizer: Tokenizer
) -> None:
    rows = read_corpus(project / "corpus", ["train"])
    written = Featurizer(encoder, INTENTS, TYPES).features(as_written(rows[0]))
    hidden = TokenMask.of(tokenizer, 1.0).applied(written, random.Random(1))
    tokens = {str(tokenizer.id_to_token(identifier)) for identifier in hidden["input_ids"]}
    assert tokens - set(SLOT_TOKENS) == {"[CLS]", "[SEP]", "[MASK]"}
    assert {**hidden, "input_ids": written["input_ids"]} == written
    some = TokenMask.of(tokenizer, 0.3).applied(written, random.Random(1))["input_ids"]
    assert 0 < sum(a != b for a, b in zip(some, written["input_ids"], strict=True)) < len(some) / 2


def test_each_epoch_refills_anew_and_the_same_way_under_a_seed(
    project: Path, encoder: Encoder, tokenizer: Tokenizer
) -> None:
    batch = project / "corpus" / "train.jsonl"
    batch.write_text(batch.read_text().replace("!|", "|"))
    rows = read_corpus(project / "corpus", ["train"])
    featurizer = Featurizer(encoder, INTENTS, TYPES)
    mask = TokenMask.of(tokenizer, 0.0)
    first, second = (RefilledDataset(rows, featurizer, Augmentation(), mask, 5) for _ in range(2))
    seen = set()
    for epoch in range(5):
        first.epoch = second.epoch = epoch
        assert first[0] == second[0]
        seen.add(tuple(first[0]["input_ids"]))
    assert len(seen) > 2


def test_rows_with_other_labels_are_refused(project: Path) -> None:
    rows = read_corpus(project / "corpus")
    with pytest.raises(ConfigurationError, match="explain-policy"):
        check_labels(rows, LabelSet(intents=["solicit-contact"], pii_types=list(TYPES)))


def test_scores_count_as_they_should() -> None:
    assert f1(0, 0, 0) == 0.0
    assert f1(2, 3, 4) == pytest.approx(4 / 7)
    assert token_spans([1, 2, 0, 1, 1, 2]) == {(0, 0, 1), (0, 3, 3), (0, 4, 5)}
    logits = np.zeros((1, 4, 5), dtype=np.float32)
    logits[0, [0, 1, 2, 3], [0, 1, 2, 0]] = 9
    labels = np.array([[-100, 1, 2, 0]])
    assert span_f1(logits, labels) == 1.0
    assert span_f1(logits, np.array([[-100, 1, 0, 0]])) == 0.0


def _checkpoint(folder: Path, project: Path, tokenizer: Tokenizer, shift: float) -> Path:
    model = tiny_model()
    with torch.no_grad():
        model.intent_bias.copy_(torch.tensor([shift, 2 * shift, 0.0]))
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "corpus.sha256").write_text("0\n")
    for name in ("recipe.yaml", "labels.yaml"):
        (folder / name).write_text((project / name).read_text())
    return folder


def test_weights_are_averaged(project: Path, tokenizer: Tokenizer) -> None:
    folders = [
        _checkpoint(project / name, project, tokenizer, shift)
        for name, shift in (("a", 1.0), ("b", 4.0))
    ]
    average(folders, project / "mean")
    mean = Checkpoint.load(project / "mean").model
    assert mean.intent_bias.tolist() == [2.5, 5.0, 0.0]
    torch.testing.assert_close(mean.heads.weight, tiny_model().heads.weight)


def test_one_checkpoint_or_unlike_ones_are_not_averaged(
    project: Path, tokenizer: Tokenizer
) -> None:
    first = _checkpoint(project / "a", project, tokenizer, 1.0)
    with pytest.raises(ConfigurationError, match="at least two"):
        average([first], project / "mean")
    second = _checkpoint(project / "b", project, tokenizer, 1.0)
    tiny_model(layers=1).save_pretrained(second)
    with pytest.raises(ConfigurationError, match="other layers"):
        average([first, second], project / "mean")


@pytest.mark.slow
def test_a_run_starts_from_a_checkpoint(project: Path) -> None:
    checkpoint = fine_tune(project / "recipe.yaml", project / "run")
    recipe = yaml.safe_load((project / "recipe.yaml").read_text())
    recipe["start_from"] = str(checkpoint)
    recipe["optimisation"]["epochs"] = 1
    (project / "further.yaml").write_text(yaml.safe_dump(recipe))
    further = Checkpoint.load(fine_tune(project / "further.yaml", project / "further"))
    before = Checkpoint.load(checkpoint).model.heads.weight
    assert (further.model.heads.weight - before).abs().max() < 0.1
    recipe["start_from"] = "nowhere"
    (project / "further.yaml").write_text(yaml.safe_dump(recipe))
    with pytest.raises(ConfigurationError, match="no checkpoint"):
        fine_tune(project / "further.yaml", project / "again")
