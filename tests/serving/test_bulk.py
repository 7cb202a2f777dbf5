"""Bulk analysis without Ray: what is read, cut, written, recorded and refused."""

import csv
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import dataset, parquet

from sidedoor import Analyzer, InputError, SidedoorError
from sidedoor.bulk.ledger import Job, Ledger
from sidedoor.bulk.parts import Part, plan
from sidedoor.bulk.places import Place
from sidedoor.bulk.scoring import PartScorer
from sidedoor.bulk.sources import MAX_LINE_BYTES
from sidedoor.columns import Columns
from sidedoor.model_folder import MODEL_FILE, read_config
from sidedoor.policy import DEFAULT as POLICY

ROWS: list[dict[str, Any]] = [
    {"id": str(k), "text": f"line\n{k}, \"quoted\" 🙂", "lang": "en", "price": k / 4}
    for k in range(40)
]  # fmt: skip


def _job(source: Path, target: Path, model: Path, **changes: Any) -> Job:
    settings: dict[str, Any] = {
        "columns": Columns(),
        "form": "parquet",
        "prefix": "",
        "part_rows": 7,
        "policy_sha256": "0",
        "version": "1",
    }
    return Job(
        source=str(source),
        target=str(target),
        model=model,
        model_sha256=read_config(model).files[MODEL_FILE],
        policy=POLICY,
        **settings | changes,
    )


def _run(job: Job) -> list[dict[str, Any]]:
    """Scores all parts; the records, or the error of the first that has none."""
    ledger = Ledger(Place.at(job.target))
    parts = plan(Place.at(job.source), job.columns, job.part_rows).parts
    ledger.open(job)
    ledger.done(parts)
    scorer = PartScorer(job)
    rows = [scorer(part.to_dict()) for part in parts]
    for row in rows:
        if row["error"]:
            raise AssertionError(row["error"])
    return [json.loads(row["record"]) for row in rows]


def _jsonl(path: Path, rows: list[Any]) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def _written(target: Path, form: str) -> list[dict[str, Any]]:
    if form == "parquet":
        files = sorted(file for file in target.rglob("*.parquet") if "_sidedoor" not in file.parts)
        return [row for file in files for row in parquet.read_table(file).to_pylist()]
    files = sorted(file for file in target.rglob("*.jsonl") if "_sidedoor" not in file.parts)
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def _rejected(target: Path) -> list[dict[str, Any]]:
    files = sorted((target / "_sidedoor" / "rejected").rglob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "csv"])
@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_every_kind_goes_in_and_out_with_the_analyzers_answers(
    tmp_path: Path, model_folder: Path, analyzer: Analyzer, kind: str, form: str
) -> None:
    source = tmp_path / f"in.{kind}"
    if kind == "parquet":
        parquet.write_table(pa.Table.from_pylist(ROWS), source, row_group_size=15)
    else:
        (_csv if kind == "csv" else _jsonl)(source, ROWS)
    records = _run(_job(source, tmp_path / "out", model_folder, form=form))
    assert sum(record["messages"] for record in records) == len(ROWS)
    assert len(records) == (1 if kind == "csv" else 6)
    rows = _written(tmp_path / "out", form)
    assert [row["id"] for row in rows] == [row["id"] for row in ROWS]
    for row, before in zip(rows, ROWS, strict=True):
        expected = analyzer.analyze(before["text"]).to_dict()
        assert {name: row[name] for name in expected if name != "id"} == {
            name: value for name, value in expected.items() if name != "id"
        }
        assert row["lang"] == "en"
        assert row["price"] == before["price"] or float(row["price"]) == before["price"]
        assert "text" not in row


def test_columns_have_the_users_names_and_the_others_keep_their_types(
    tmp_path: Path, model_folder: Path, analyzer: Analyzer
) -> None:
    context = [[{"sender": "buyer", "text": "can we meet?"}], None]
    table = pa.table(
        {
            "nr": pa.array([7, 8], pa.int16()),
            "body": ["write me", "a b c"],
            "place": ["order", None],
            "who": ["seller", None],
            "before": context,
            "at": pa.array([datetime(2025, 1, 2), None], pa.timestamp("us")),
            "tags": [["x", "y"], []],
        }
    )
    parquet.write_table(table, tmp_path / "in.parquet")
    columns = Columns("body", "place", "who", "before", "nr")
    job = _job(tmp_path / "in.parquet", tmp_path / "out", model_folder, columns=columns)
    _run(job)
    found = parquet.read_table(tmp_path / "out" / "in.parquet-00000.parquet")
    assert found.schema.names[:3] == ["nr", "at", "tags"]
    for name in ("nr", "at", "tags"):
        assert found.schema.field(name).type == table.schema.field(name).type
        assert found[name].to_pylist() == table[name].to_pylist()
    message = columns.message(table.to_pylist()[0])
    assert (message.surface, message.sender, len(message.context)) == ("order", "seller", 1)
    assert found["intents"][0].as_py() == analyzer.analyze(message).to_dict()["intents"]


def test_a_context_in_a_csv_file_is_json(tmp_path: Path, model_folder: Path) -> None:
    context = json.dumps([{"sender": "buyer", "text": "hello?"}])
    _csv(
        tmp_path / "in.csv",
        [
            {"text": "yes", "context": context, "surface": "inbox"},
            {"text": "no", "context": "", "surface": ""},
            {"text": "so", "context": "canary", "surface": ""},
        ],
    )
    (record,) = _run(_job(tmp_path / "in.csv", tmp_path / "out", model_folder))
    assert (record["messages"], record["rejected"]) == (2, 1)
    assert "JSON list" in _rejected(tmp_path / "out")[0]["reason"]


MALFORMED = [
    "{",
    "[1]",
    '{"txet": "canary"}',
    '{"text": 1, "lang": "canary"}',
    '{"text": null}',
    '{"text": "canary", "surface": "shop"}',
    '{"text": "canary \\ud800"}',
    '{"text": "fine", "lang": "canary \\ud800"}',
    '{"text": "canary", "context": ["canary"]}',
    "[" * 50_000,
]


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_malformed_rows_go_aside_with_place_and_reason_but_no_text(
    tmp_path: Path, model_folder: Path, form: str
) -> None:
    lines: list[Any] = []
    for k, line in enumerate(MALFORMED):
        lines += [{"id": str(k), "text": "fine", "lang": "en"}, line, ""]
    source = _jsonl(tmp_path / "in.jsonl", lines)
    with source.open("ab") as file:
        file.write(b'{"text": "canary \xff"}\n{"text": "' + b"x" * MAX_LINE_BYTES + b'"}\n')
        file.write(b'{"id": "last", "text": "fine"}')
    records = _run(_job(source, tmp_path / "out", model_folder, form=form))
    assert sum(record["messages"] for record in records) == len(MALFORMED) + 1
    rejected = _rejected(tmp_path / "out")
    assert len(rejected) == sum(record["rejected"] for record in records) == len(MALFORMED) + 2
    content = source.read_bytes()
    for row, malformed in zip(rejected, MALFORMED, strict=False):
        assert content[row["byte"] :].startswith(malformed.encode())
        assert row["source"] == "in.jsonl"
    assert all(row["reason"] and "canary" not in json.dumps(row) for row in rejected)
    assert [row["id"] for row in _written(tmp_path / "out", form)][-1] == "last"


def test_malformed_csv_and_parquet_rows_are_numbered(tmp_path: Path, model_folder: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.csv").write_bytes(b"text,lang\nhi,en\ncanary\n\nho,en,canary\nhu,\xff\nha,en\n")
    parquet.write_table(pa.table({"text": ["hi", None, "ho"]}), source / "b.parquet")
    records = _run(_job(source, tmp_path / "out", model_folder))
    assert [(record["messages"], record["rejected"]) for record in records] == [(2, 3), (2, 1)]
    places = [(row["source"], row["row"]) for row in _rejected(tmp_path / "out")]
    assert places == [("a.csv", 2), ("a.csv", 3), ("a.csv", 4), ("b.parquet", 2)]


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 8, 100])
def test_however_a_file_is_cut_each_line_is_in_one_part(
    tmp_path: Path, model_folder: Path, rows: int
) -> None:
    lines = [{"id": str(k), "text": "é" * (k % 7)} for k in range(23)]
    source = _jsonl(tmp_path / "in.jsonl", lines)
    _run(_job(source, tmp_path / "out", model_folder, part_rows=rows, form="jsonl"))
    assert [row["id"] for row in _written(tmp_path / "out", "jsonl")] == [r["id"] for r in lines]


def test_folders_keep_their_shape_and_read_back_as_one_dataset(
    tmp_path: Path, model_folder: Path
) -> None:
    source = tmp_path / "in"
    (source / "2025").mkdir(parents=True)
    (source / "_old").mkdir()
    _jsonl(source / "2025" / "a.jsonl", [{"id": "1", "text": "a"}])
    _csv(source / "b.csv", [{"id": "2", "text": "b"}])
    _jsonl(source / "_old" / "c.jsonl", [{"id": "3", "text": "c"}])
    (source / "notes.txt").write_text("hello")
    found = plan(Place.at(str(source)), Columns(), 100)
    assert (found.files, found.passed_over) == (2, 1)
    _run(_job(source, tmp_path / "out", model_folder))
    assert (tmp_path / "out" / "2025" / "a.jsonl-00000.parquet").is_file()
    table = dataset.dataset(tmp_path / "out", format="parquet").to_table()
    assert sorted(table["id"].to_pylist()) == ["1", "2"]


def test_a_csv_column_stays_as_it_is_written(tmp_path: Path, model_folder: Path) -> None:
    (tmp_path / "in.csv").write_text("text,code,none\nhi,0012,\n")
    _run(_job(tmp_path / "in.csv", tmp_path / "out", model_folder))
    found = parquet.read_table(tmp_path / "out" / "in.csv-00000.parquet")
    assert (found["code"].to_pylist(), found["none"].to_pylist()) == (["0012"], [""])


def test_a_rerun_does_only_what_is_missing(tmp_path: Path, model_folder: Path) -> None:
    source = _jsonl(tmp_path / "in.jsonl", ROWS)
    job = _job(source, tmp_path / "out", model_folder)
    records = _run(job)
    files = sorted((tmp_path / "out").glob("*.parquet"))
    stamps = [file.stat().st_mtime_ns for file in files]
    assert _run(job) == records
    assert [file.stat().st_mtime_ns for file in files] == stamps
    # An output whose record was not written yet is written again, in its place.
    (tmp_path / "out" / "_sidedoor" / "parts" / "in.jsonl-00002.json").unlink()
    _run(job)
    assert sorted((tmp_path / "out").glob("*.parquet")) == files
    assert len(_written(tmp_path / "out", "parquet")) == len(ROWS)
    assert files[2].stat().st_mtime_ns > stamps[2]


def test_new_files_are_added_and_changed_ones_refused(tmp_path: Path, model_folder: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    _jsonl(source / "a.jsonl", ROWS[:5])
    job = _job(source, tmp_path / "out", model_folder)
    _run(job)
    _jsonl(source / "b.jsonl", ROWS[5:9])
    _run(job)
    assert len(_written(tmp_path / "out", "parquet")) == 9
    _jsonl(source / "a.jsonl", ROWS[:6])
    with pytest.raises(InputError, match=r"a\.jsonl has changed"):
        _run(job)
    (source / "a.jsonl").unlink()
    with pytest.raises(InputError, match="not there any more"):
        _run(job)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"prefix": "x_"}, "another prefix"),
        ({"policy_sha256": "1"}, "another policy_sha256"),
        ({"columns": Columns(id="nr")}, "another columns"),
    ],
)
def test_a_folder_holds_one_jobs_output(
    tmp_path: Path, model_folder: Path, change: dict[str, Any], says: str
) -> None:
    source = _jsonl(tmp_path / "in.jsonl", ROWS)
    _run(_job(source, tmp_path / "out", model_folder))
    with pytest.raises(InputError, match=says):
        _run(_job(source, tmp_path / "out", model_folder, **change))
    with pytest.raises(InputError, match="something else"):
        _run(_job(source, tmp_path, model_folder))


def test_a_name_that_input_and_analysis_share_is_refused(
    tmp_path: Path, model_folder: Path
) -> None:
    source = _jsonl(tmp_path / "in.jsonl", [{"text": "hi", "labels": ["x"]}])
    with pytest.raises(AssertionError, match="--prefix"):
        _run(_job(source, tmp_path / "out", model_folder))
    _run(_job(source, tmp_path / "out", model_folder, prefix="sd_"))
    (row,) = _written(tmp_path / "out", "parquet")
    assert row["labels"] == '["x"]'
    assert "sd_labels" in row


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("in.csv", b"message\nhi\n", "--text-column"),
        ("in.csv", b"text,a,a\nhi,1,2\n", "two columns of one name"),
        ("in.parquet", b"no parquet", "can't be read as parquet"),
        ("in.txt", b"hi\n", "no file that ends in"),
        ("nowhere/in.csv", None, "can't be read"),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, name: str, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=says):
        plan(Place.at(str(tmp_path / name)), Columns(), 10)


def test_an_unforeseen_error_is_told_without_its_text(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_folder: Path
) -> None:
    source = _jsonl(tmp_path / "in.jsonl", [{"text": "hi"}, {"text": "canary"}])
    before = Analyzer.analyze

    def fail(self: Analyzer, message: Any) -> Any:
        if message.text == "canary":
            raise ValueError("canary")
        return before(self, message)

    monkeypatch.setattr(Analyzer, "analyze", fail)
    (record,) = _run(_job(source, tmp_path / "out", model_folder))
    assert (record["messages"], record["rejected"]) == (1, 1)
    (row,) = _rejected(tmp_path / "out")
    assert row["reason"].startswith("the analysis failed: ValueError at test_bulk.py")
    assert "canary" not in row["reason"]


def test_a_full_disk_fails_the_part_and_not_the_run(tmp_path: Path, model_folder: Path) -> None:
    source = _jsonl(tmp_path / "in.jsonl", [{"text": "hi"}])
    job = _job(source, tmp_path / "out", model_folder)
    Ledger(Place.at(job.target)).open(job)
    (part,) = plan(Place.at(job.source), job.columns, 10).parts
    scratch = tmp_path / "out" / "_sidedoor" / "scratch"
    scratch.rmdir()
    scratch.write_text("in the way")
    row = PartScorer(job)(part.to_dict())
    assert row["error"]
    assert not row["record"]


def test_another_model_on_a_machine_is_refused(tmp_path: Path, model_folder: Path) -> None:
    job = _job(tmp_path, tmp_path / "out", model_folder)
    other = Job(**{name: getattr(job, name) for name in job.__slots__} | {"model_sha256": "0"})
    with pytest.raises(SidedoorError, match="another model"):
        PartScorer(other)


def test_a_part_is_named_after_its_file_and_number() -> None:
    assert Part("a/b.csv", "csv", 9, 3, 0, 9).name == "a/b.csv-00003"
