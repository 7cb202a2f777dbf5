import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from sidedoor import InputError
from sidedoor_training.checks import check_corpus
from sidedoor_training.corpus import corpus_sha256, read_corpus
from sidedoor_training.statistics import flip_pairs, tables

ROOT = Path(__file__).parents[2]


def _batch(folder: Path, name: str, split: str, *rows: Mapping[str, object]) -> None:
    lines = [{"brief": "a brief", "split": split}, *rows]
    (folder / f"{name}.jsonl").write_text("\n".join(json.dumps(line) for line in lines) + "\n")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """An empty corpus folder with the project's codebook and labels where they belong."""
    folder = tmp_path / "training" / "corpus"
    folder.mkdir(parents=True)
    for name in ("training/codebook.yaml", "configs/labels.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text())
    return folder


LONG = "could you paint the small garden gate in dark green before friday please"


def test_a_clean_corpus_has_no_problems(corpus: Path) -> None:
    _batch(corpus, "a", "train", {"text": LONG, "intents": ["share-requirement-info"]})
    _batch(corpus, "b", "test", {"text": "the shop is open until six on sundays", "intents": []})
    assert check_corpus(corpus) == []
    assert [row.id for row in read_corpus(corpus, ["test"])] == ["b-0002"]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"text": "[[PERSON|Jo", "intents": []}, "a.jsonl:2: broken markup"),
        ({"text": "[[SHOE|Jo]]", "intents": []}, "unknown type 'SHOE'"),
        ({"text": "hi", "intents": ["flirt"]}, "unknown intent 'flirt'"),
        ({"text": "hi", "intents": [], "way": "walking"}, "unknown way 'walking'"),
        ({"text": "hi", "intents": [], "voice": "klingon"}, "unknown voice 'klingon'"),
        ({"text": "hi", "intents": [], "mood": "bad"}, "a.jsonl:2: mood"),
        ({"text": "hi", "intents": [], "surface": "shop"}, "a.jsonl:2: surface"),
        ({"intents": []}, "a.jsonl:2: text"),
    ],
)
def test_a_broken_row_is_named(corpus: Path, row: dict[str, object], says: str) -> None:
    _batch(corpus, "a", "train", row)
    (problem,) = check_corpus(corpus)
    assert says in problem


def test_duplicates_near_duplicates_and_leaks_are_found(corpus: Path) -> None:
    row = {"text": LONG, "intents": []}
    near = {"text": LONG + " thanks", "intents": []}
    _batch(corpus, "a", "train", row, row, near)
    _batch(corpus, "b", "test", near)
    problems = "\n".join(check_corpus(corpus))
    assert "a-0003: the same as a-0002" in problems
    assert "a-0004: nearly the same as a-0002" in problems
    assert "b-0002 (test): leaks, nearly a-0002 (train)" in problems
    assert "b-0002 (test): the same text as a-0004 (train)" in problems


def test_members_of_a_pair_may_be_alike_within_a_split_only(corpus: Path) -> None:
    members = [
        {"text": LONG, "intents": [], "pair": "p", "surface": "inbox"},
        {"text": LONG, "intents": ["explain-policy"], "pair": "p", "surface": "order"},
    ]
    _batch(corpus, "a", "train", *members)
    assert check_corpus(corpus) == []
    assert flip_pairs(read_corpus(corpus)) == 1
    _batch(corpus, "b", "validation", members[0])
    assert "leaks" in "\n".join(check_corpus(corpus))


def test_a_missing_header_or_folder_is_an_error(corpus: Path) -> None:
    with pytest.raises(InputError, match=r"no \*\.jsonl"):
        read_corpus(corpus)
    (corpus / "a.jsonl").write_text('{"text": "hi", "intents": []}\n')
    with pytest.raises(InputError, match=r"a\.jsonl:1: brief"):
        read_corpus(corpus)


def test_the_hash_changes_with_the_content(corpus: Path) -> None:
    _batch(corpus, "a", "train", {"text": "hi", "intents": []})
    before = corpus_sha256(corpus)
    assert before == corpus_sha256(corpus)
    _batch(corpus, "a", "train", {"text": "ho", "intents": []})
    assert corpus_sha256(corpus) != before


def test_the_shipped_corpus_is_clean_and_has_all_splits_and_labels() -> None:
    folder = ROOT / "training" / "corpus"
    assert check_corpus(folder) == []
    rows = read_corpus(folder)
    assert {row.split for row in rows} == {"train", "validation", "test"}
    assert len(rows) >= 1500
    assert len(tables(folder)) == 7
