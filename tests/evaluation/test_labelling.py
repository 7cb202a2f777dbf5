"""Rows to Label Studio, doccano and the corpus, and back, offsets right under emoji."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import INTENTS, TYPES
from tests.evaluation.cases import ROWS, read_rows, run, write_rows

from sidedoor import InputError
from sidedoor_evaluation import doccano, label_studio
from sidedoor_evaluation.batch import lines, marked
from sidedoor_evaluation.gold import gold_row
from sidedoor_evaluation.utf16 import from_utf16, to_utf16
from sidedoor_training.corpus import read_batch
from sidedoor_training.refill import as_written

GOLD = [gold_row(row) for row in ROWS]


@pytest.mark.parametrize("text", ["abc", "🙂a👍🏽b", "", "é́🇩🇪x", "日本🙂語"])
def test_offsets_survive_the_way_to_code_units_and_back(text: str) -> None:
    for offset in range(len(text) + 1):
        units = to_utf16(text, offset)
        assert len(text[:offset].encode("utf-16-le")) // 2 == units
        assert from_utf16(text, units) == offset


@pytest.mark.parametrize("offset", [1, 5, -1])
def test_offsets_that_fit_no_character_are_errors(offset: int) -> None:
    with pytest.raises(InputError, match="none of this text's"):
        from_utf16("🙂ab", offset)


def test_label_studio_and_back_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "tasks.json"
    tasks = label_studio.tasks(GOLD)
    path.write_text(json.dumps(tasks))
    rows = list(label_studio.read(path))
    assert rows == ROWS
    assert [list(row) for row in rows] == [list(row) for row in ROWS]
    assert label_studio.tasks([gold_row(row) for row in rows]) == tasks


def test_label_studio_s_offsets_are_code_units() -> None:
    region = label_studio.tasks(GOLD)[2]["annotations"][0]["result"][0]["value"]
    assert region == {"start": 15, "end": 22, "text": "Kim Lee", "labels": ["PERSON"]}
    task = label_studio.tasks(GOLD, proposed=True)[0]
    assert "annotations" not in task
    assert task["predictions"][0]["result"][0]["value"]["labels"] == ["EMAIL_ADDRESS"]


def test_doccano_and_back_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    examples = list(doccano.examples(GOLD))
    write_rows(path, *({"id": k, **one, "Comments": []} for k, one in enumerate(examples)))
    rows = list(doccano.read(str(path)))
    assert rows == ROWS
    assert list(doccano.examples([gold_row(row) for row in rows])) == examples
    assert examples[2]["entities"][0] == [15, 22, "PERSON"]


def test_rows_made_in_the_tools_need_nothing_of_ours(tmp_path: Path) -> None:
    made = {"id": 7, "text": "hi 🙂 jo@fern.co", "entities": [[6, 16, "EMAIL_ADDRESS"]], "cats": []}
    (row,) = doccano.read(str(write_rows(tmp_path / "x.jsonl", made)))
    assert row == {
        "id": "7",
        "text": made["text"],
        "intents": [],
        "pii": [{"type": "EMAIL_ADDRESS", "start": 5, "end": 15}],
    }
    task = {"id": 3, "data": {"text": "hi"}, "annotations": [{"result": []}]}
    path = tmp_path / "x.json"
    path.write_text(json.dumps([task]))
    assert list(label_studio.read(path)) == [{"text": "hi", "intents": [], "pii": [], "id": "3"}]


def _task(**change: Any) -> dict[str, Any]:
    return {**label_studio.tasks(GOLD[:1])[0], **change}


def _moved(start: int) -> dict[str, Any]:
    task = label_studio.tasks(GOLD[:1])[0]
    task["annotations"][0]["result"][0]["value"]["start"] = start
    return task


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "is no JSON"),
        ({"a": 1}, "is no list of tasks"),
        ([_task(annotations=[])], "task 1: no one has labelled it"),
        ([_task(), _task(annotations=[{"was_cancelled": True, "result": []}])], "task 2: no one"),
        ([_task(data={})], "task 1 is none of this interface"),
        ([_moved(1)], "task 1: the offset 1 is none"),
        ([_moved(5)], "does not hold the text that it was drawn over"),
    ],
)
def test_a_broken_export_of_label_studio_is_named(tmp_path: Path, content: Any, says: str) -> None:
    path = tmp_path / "tasks.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(InputError, match=says):
        list(label_studio.read(path))


@pytest.mark.parametrize(
    ("example", "says"),
    [
        ({"text": "hi", "cats": []}, "x.jsonl:1: no example of such a project"),
        ({"text": "hi", "cats": [], "entities": [[0, 9, "URL"]]}, "offset 9 is none"),
        ({"text": "hi", "cats": [], "entities": [[0, 2]]}, "no example of such a project"),
    ],
)
def test_a_broken_export_of_doccano_is_named(
    tmp_path: Path, example: dict[str, Any], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        list(doccano.read(str(write_rows(tmp_path / "x.jsonl", example))))


def test_the_interface_names_every_label() -> None:
    made = label_studio.interface(INTENTS, TYPES)
    assert all(f'value="{name}"' in made for name in (*INTENTS, *TYPES))


def test_a_batch_is_read_by_the_training(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text("\n".join(lines(GOLD, "Ours.", "train")) + "\n")
    for row, gold in zip(read_batch(path), GOLD, strict=True):
        example = as_written(row)
        assert example.message.text == gold.message.text
        assert example.message.context == gold.message.context
        assert {(s.type, s.start, s.end) for s in example.pii} == {
            (s.type, s.start, s.end) for s in gold.pii
        }
        assert set(example.intents) == gold.intents
    assert marked(GOLD[0]) == "🙂 mail [[EMAIL_ADDRESS|jo@fern.co]] please, it is quicker"


def test_a_text_with_the_markup_s_brackets_is_refused() -> None:
    row = gold_row({**ROWS[3], "text": "see [[here"})
    with pytest.raises(InputError, match="d: the text holds"):
        list(lines([row], "x", "train"))


@pytest.mark.parametrize("tool", ["label-studio", "doccano"])
def test_the_commands_go_there_and_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tool: str
) -> None:
    source = write_rows(tmp_path / "gold.jsonl", *ROWS)
    there, back = tmp_path / "there", tmp_path / "back.jsonl"
    assert run(monkeypatch, "labels", "export", source, "--to", tool, "-o", there) == 0
    assert run(monkeypatch, "labels", "import", there, "--from", tool, "-o", back) == 0
    assert read_rows(back) == ROWS
    batch = tmp_path / "batch.jsonl"
    code = run(
        monkeypatch, "labels", "import", there, "--from", tool, "-o", batch, "--batch", "Ours."
    )
    assert code == 0
    assert len(read_batch(batch)) == len(ROWS)
