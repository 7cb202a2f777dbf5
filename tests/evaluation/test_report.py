import json
import re
from pathlib import Path

import pytest
from tests.conftest import INTENTS
from tests.evaluation.cases import ROWS, S, analysis, gold, run, write_rows

from sidedoor.model_folder import read_config
from sidedoor_evaluation import charts
from sidedoor_evaluation.gold import gold_row
from sidedoor_evaluation.mistake_html import mistake_html
from sidedoor_evaluation.mistakes import mistake
from sidedoor_evaluation.prediction import Prediction
from sidedoor_evaluation.recalibration import recalibrate

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.slow
def test_the_report_is_one_page_with_all_in_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_folder: Path
) -> None:
    source = write_rows(tmp_path / "gold.jsonl", *ROWS)
    out = tmp_path / "out"
    code = run(
        monkeypatch, "evaluate", source, "--model", model_folder, "--model", model_folder,
        "--report", out, "--draws", "20", "--mask",
    )  # fmt: skip
    assert code == 0
    page = (out / "report.html").read_text(encoding="utf-8")
    images = sorted(path.name for path in out.glob("*.png"))
    assert len(images) == page.count("data:image/png;base64,") == 8
    assert all((out / name).read_bytes().startswith(PNG) for name in images)
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "jo@fern.co" not in page
    assert "0771" not in page
    content = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert content["about"]["messages"] == len(ROWS)
    assert "jo@fern.co" not in json.dumps(content)
    assert len(content["robustness"]["families"]) > 30
    for part in ("precision-recall", "worst errors", "sidedoor evaluate", "SHA-256", "McNemar"):
        assert part in page


def test_spans_are_marked_as_right_wrong_or_missed() -> None:
    row = gold_row(ROWS[2])
    pii = (row.pii[0], type(row.pii[0])("HANDLE", 22, 30))
    shown = mistake(row, Prediction(frozenset([S]), pii, {S: 0.7}), 0, INTENTS, masked=False)
    page = "\n".join(mistake_html(shown))
    assert '<mark title="PERSON">Kim Lee<sub>PERSON</sub></mark>' in page
    assert '<ins title="HANDLE">0771 555<sub>HANDLE</sub></ins>' in page
    assert '<del title="PHONE_NUMBER">0771 5550142</del>' in page
    assert "model: solicit-contact; label: share-requirement-info" in page


def test_texts_are_no_html() -> None:
    row = gold_row({**ROWS[3], "text": "<script>alert(1)</script>"})
    shown = mistake(row, Prediction(frozenset(), (), {}), 0, INTENTS, masked=False)
    assert "<script>" not in "\n".join(mistake_html(shown))


def test_the_curve_of_a_calibration_is_drawn(tmp_path: Path, model_folder: Path) -> None:
    config = read_config(model_folder)
    rows = [gold(INTENTS if k % 2 else ()) for k in range(40)]
    by_name = [
        {name.replace("-", "_"): (k % 7 + 1) / 9 for name in INTENTS} for k in range(len(rows))
    ]
    fits = recalibrate(config, rows, [analysis((), **scores) for scores in by_name], {S: 0.1})
    charts.save(charts.threshold_curves(fits, {S: 0.1}), tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(PNG)
