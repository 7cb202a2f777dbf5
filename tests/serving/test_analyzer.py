import json
import math
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sidedoor
from sidedoor import Analysis, Analyzer, Message, ModelFolderError, Policy, PolicyError, Turn
from sidedoor.encoding import Encoder
from sidedoor.model_folder import MODEL_FILE
from sidedoor.session import Session

MESSAGES = [
    Message("write me at jo@fern.co"),
    Message("yes", "inbox", "seller", (Turn("may I call you?", "buyer"),)),
    Message(""),
    Message("word " * 200, "order", "buyer"),
    Message("🙂 ok 🙂", "listing"),
]


def test_public_names_are_pinned() -> None:
    assert sorted(sidedoor.__all__) == [
        "Analysis", "Analyzer",
        "BulkError", "ConfigurationError", "Decision", "Evidence", "ExportError",
        "InputError", "Intent", "Message", "MissingExtraError", "ModelFolderError", "Policy",
        "PolicyError", "SidedoorError", "Span", "Turn",
    ]  # fmt: skip


def test_many_equal_one_by_one_in_order_and_to_the_bit(analyzer: Analyzer) -> None:
    messages = MESSAGES * 30
    alone = [analyzer.analyze(message) for message in messages]
    for workers in (1, 2, 5):
        assert list(analyzer.analyze_many(messages, workers=workers)) == alone


def test_any_thread_gives_the_same_bits(analyzer: Analyzer) -> None:
    expected = analyzer.analyze(MESSAGES[3])
    with ThreadPoolExecutor(4) as pool:
        assert all(found == expected for found in pool.map(analyzer.analyze, [MESSAGES[3]] * 40))


@pytest.mark.parametrize("cache", [0, 3, 1000])
def test_alone_among_others_and_from_any_thread_a_message_gets_the_same_bits(
    model_folder: Path, analyzer: Analyzer, cache: int
) -> None:
    other = Analyzer.load(model_folder, cache=cache)
    alone = {message: analyzer.analyze(message) for message in MESSAGES}
    shuffled = random.Random(5).sample(MESSAGES * 12, len(MESSAGES) * 12)
    expected = [alone[message] for message in shuffled]
    with ThreadPoolExecutor(3) as pool:
        stream = pool.submit(lambda: list(other.analyze_many(shuffled, workers=2)))
        assert list(pool.map(other.analyze, shuffled)) == expected
        assert stream.result() == expected


def test_the_model_runs_in_the_thread_that_asks(model_folder: Path) -> None:
    """One session more or less makes no thread more or less: nobody else takes a core."""
    code = (
        "import os, sys; from sidedoor import Analyzer;"
        "analyzer = Analyzer.load(sys.argv[1]); before = len(os.listdir('/proc/self/task'));"
        "[analyzer.analyze('word ' * 30) for _ in range(3)];"
        "Analyzer.load(sys.argv[1]).analyze('x');"
        "print(len(os.listdir('/proc/self/task')) - before)"
    )
    command = [sys.executable, "-c", code, str(model_folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"


@pytest.mark.parametrize("cores", [1, 2, 3])
def test_as_many_workers_as_usable_cores(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch, cores: int
) -> None:
    names = set()

    def analyze(message: Message | str) -> Analysis:
        names.add(threading.current_thread().name)
        return Analyzer.analyze(analyzer, message)

    monkeypatch.setattr("sidedoor.analyzer.usable_cores", lambda: cores)
    monkeypatch.setattr(analyzer, "analyze", analyze)
    list(analyzer.analyze_many(["x"] * 300))
    assert 1 <= len(names) <= cores
    assert (names == {"MainThread"}) == (cores == 1)


def test_a_string_is_a_message(analyzer: Analyzer) -> None:
    assert analyzer.analyze("hello") == analyzer.analyze(Message("hello"))


def test_evidence_and_bias_add_up_to_the_logit(
    model_folder: Path, encoder: Encoder, analyzer: Analyzer
) -> None:
    session = Session(model_folder / MODEL_FILE)
    first, second = (
        session.run(encoder.encode(message).windows[0]) for message in (MESSAGES[0], MESSAGES[1])
    )
    bias = first.intents - first.evidence.sum(axis=0)
    np.testing.assert_allclose(second.intents, second.evidence.sum(axis=0) + bias, atol=1e-5)
    shown = analyzer.analyze(MESSAGES[0]).evidence["solicit-contact"]
    assert all(word.weight > 0 for word in shown)
    assert [word.weight for word in shown] == sorted((w.weight for w in shown), reverse=True)
    for word in shown:
        assert MESSAGES[0].text[word.start : word.end].strip()


def test_padding_and_context_carry_no_evidence(model_folder: Path, encoder: Encoder) -> None:
    window = encoder.encode(MESSAGES[1]).windows[0]
    evidence = Session(model_folder / MODEL_FILE).run(window).evidence
    assert not evidence[window.token_type_ids == 1].any()


def test_scores_are_calibrated_sigmoids(
    model_folder: Path, encoder: Encoder, analyzer: Analyzer
) -> None:
    logit = (
        Session(model_folder / MODEL_FILE).run(encoder.encode(MESSAGES[0]).windows[0]).intents[0]
    )
    score = analyzer.analyze(MESSAGES[0]).intents[0].score
    assert math.isclose(score, 1 / (1 + math.exp(-logit)), rel_tol=1e-6)


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=300))
def test_any_unicode_is_analysed(analyzer: Analyzer, text: str) -> None:
    analysis = analyzer.analyze(text)
    for span in analysis.pii:
        assert text[span.start : span.end] == span.text
        assert span.text == span.text.strip() != ""
    json.dumps(analysis.to_dict())


def _without_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def _broken_config(folder: Path) -> None:
    (folder / "config.json").write_text('{"format": 1')


def _foreign_config(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "format": 9}))


def _without_model(folder: Path) -> None:
    (folder / "model.onnx").unlink()


def _truncated_model(folder: Path) -> None:
    content = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(content[: len(content) // 2])


def _changed_tokenizer(folder: Path) -> None:
    with (folder / "tokenizer.json").open("a") as file:
        file.write(" ")


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (_without_config, "no model folder"),
        (_broken_config, r"config\.json"),
        (_foreign_config, "format"),
        (_without_model, r"model\.onnx is missing"),
        (_truncated_model, "damaged"),
        (_changed_tokenizer, "damaged"),
    ],
)
def test_a_damaged_folder_is_refused(
    model_folder: Path, tmp_path: Path, damage: Callable[[Path], None], says: str
) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    for file in model_folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    damage(folder)
    with pytest.raises(ModelFolderError, match=says):
        Analyzer.load(folder)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(ModelFolderError, match="can't be loaded"):
        Session(tmp_path / "model.onnx")


def test_a_policy_of_other_labels_is_refused(model_folder: Path) -> None:
    rule = {"name": "r", "when": {"pii": {"any": ["SHOE"]}}, "action": "block", "reason": "r"}
    default = {"action": "allow", "reason": "nothing"}
    policy = Policy.model_validate({"version": 1, "rules": [rule], "default": default})
    with pytest.raises(PolicyError, match="SHOE"):
        Analyzer.load(model_folder, policy=policy)


def test_importing_needs_neither_torch_nor_transformers_nor_the_api() -> None:
    code = (
        "import sys, sidedoor, sidedoor.cli; "
        "heavy = 'torch', 'transformers', 'onnx.helper', 'fastapi'; "
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
