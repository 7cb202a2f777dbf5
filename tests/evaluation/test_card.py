"""The card and the README's table say what the figures say; the shipped ones too."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import INTENTS, TYPES
from tests.evaluation.cases import FOUND, GOLD, found, run

from sidedoor import InputError
from sidedoor.model_folder import DEFAULT, MODEL_FILE, read_config, sha256
from sidedoor_evaluation.bootstrap import Bootstrap
from sidedoor_evaluation.card import CARD_FILE, card_of, write_card
from sidedoor_evaluation.comparison import compare
from sidedoor_evaluation.counts import count
from sidedoor_evaluation.metrics import evaluate
from sidedoor_evaluation.mistakes import mistakes
from sidedoor_evaluation.readme import END, START, with_table, write_table
from sidedoor_evaluation.result import About, Beside, Result
from sidedoor_evaluation.robustness import Family, Flips, Robustness
from sidedoor_evaluation.slices import slices

ROOT = Path(__file__).parents[2]
RESULT = ROOT / "evaluation" / "results" / "test.json"
SPEED = {
    "measured": {"messages": 10, "mean_code_points": 80.5},
    "machine": {"processor": "Some Processor", "cores": 2, "vnni": True},
    "messages_per_second": {"one_thread": 300.5, "all_cores": 600.1},
    "ms_per_message_one_thread": {"p50": 3.1, "p95": 6.2, "p99": 9.3},
}


def _result(digest: str) -> dict[str, Any]:
    counts = count(GOLD, FOUND, INTENTS, TYPES)
    other = count(GOLD, [found(()) for _ in GOLD], INTENTS, TYPES)
    bootstrap = Bootstrap(50)
    figure = evaluate(counts, bootstrap).exact_match
    return Result(
        about=About("tiny", digest, "gold.jsonl", "0" * 64, len(GOLD), 50, 1, "abc", "sidedoor x",
                    "0.1.0"),
        gold=GOLD,
        evaluation=evaluate(counts, bootstrap),
        slices=tuple(slices(GOLD, counts, bootstrap)),
        beside=(Beside("keyword filter", "baseline", evaluate(other, bootstrap)),),
        comparisons=(compare(("int8", "float"), counts, other, bootstrap),),
        robustness=Robustness(
            (Family("as written", 4, figure, figure, 2, figure),), (Flips("typos", 9, 1, figure),)
        ),
        mistakes=tuple(mistakes(GOLD, FOUND, INTENTS, limit=9, masked=False)),
    ).to_dict()  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, model_folder: Path) -> Path:
    """A model folder with its figures beside it."""
    result = _result(sha256(model_folder / MODEL_FILE))
    (tmp_path / "figures.json").write_text(json.dumps(result))
    return Path(shutil.copytree(model_folder, tmp_path / "model"))


def test_the_card_holds_every_figure(folder: Path) -> None:
    figures = folder.parent / "figures.json"
    (figures.parent / "int8.json").write_text(figures.read_text())
    (figures.parent / "speed.json").write_text(json.dumps(SPEED))
    text = card_of(folder, figures)
    for heading in ("Use", "Figures", "Limits", "Data", "int8 against float", "Speed", "Making"):
        assert f"\n## {heading}\n" in text
    for heading in ("By part", "By disguise"):
        assert f"\n### {heading}\n" in text
    assert "| `explain-policy` | 1.000 (0.158–1.000) | 0.667 (" in text
    assert "| refusals and rules | 2 | 1 | 50.0% (" in text
    assert "| length: 1 to 40 | 6 | 0.767 (" in text
    assert "- talk about the rules that was flagged: “xxxx" in text
    assert "| 300.5 | 600.1 | 3.1 | 6.2 | 9.3 |" in text
    assert "nan" not in text
    assert "None" not in text


def test_the_card_changes_with_its_figures(folder: Path) -> None:
    figures = folder.parent / "figures.json"
    path = write_card(folder, figures)
    assert path == folder / CARD_FILE
    assert path.read_text() == card_of(folder, figures)
    content = json.loads(figures.read_text())
    content["figures"]["macro_f1"]["value"] = 0.123
    figures.write_text(json.dumps(content))
    assert path.read_text() != card_of(folder, figures)


def test_figures_of_another_model_make_no_card(folder: Path) -> None:
    figures = folder.parent / "figures.json"
    figures.write_text(json.dumps(_result("1" * 64)))
    with pytest.raises(InputError, match="figures of another model"):
        card_of(folder, figures)


@pytest.mark.parametrize(
    ("content", "says"),
    [("{", "is no JSON"), ("[]", "holds no evaluation"), ('{"format": 9}', "holds no evaluation")],
)
def test_a_file_without_figures_makes_no_card(folder: Path, content: str, says: str) -> None:
    figures = folder.parent / "figures.json"
    figures.write_text(content)
    with pytest.raises(InputError, match=says):
        card_of(folder, figures)
    with pytest.raises(InputError, match="can't be read"):
        card_of(folder, figures.parent / "nowhere.json")


def test_the_table_in_the_readme_is_renewed_between_its_marks(folder: Path) -> None:
    figures, readme = folder.parent / "figures.json", folder.parent / "README.md"
    readme.write_text(f"# Name\n\n{START}\nold\n{END}\n\nMore.\n")
    text = write_table(readme, figures).read_text()
    assert text.startswith(f"# Name\n\n{START}\n| 6 messages | **tiny** | keyword filter |\n")
    assert text.endswith(f" |\n{END}\n\nMore.\n")
    assert "| refusals flagged, wrongly | 50.0% (0.0%–100.0%) | 0.0% (0.0%–84.2%) |" in text
    assert "old" not in text
    assert with_table(text, figures, readme) == text
    readme.write_text("# Name\n")
    with pytest.raises(InputError, match="lacks the lines"):
        write_table(readme, figures)


def test_the_command_writes_card_and_table(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    figures, readme = folder.parent / "figures.json", folder.parent / "README.md"
    readme.write_text(f"{START}\n{END}\n")
    assert run(monkeypatch, "card", figures, "--model", folder, "--readme", readme) == 0
    assert (folder / CARD_FILE).read_text() == card_of(folder, figures)
    assert "**tiny**" in readme.read_text()


@pytest.mark.skipif(not (DEFAULT.is_dir() and RESULT.is_file()), reason="no model is shipped yet")
def test_the_shipped_card_and_the_readme_say_what_the_figures_say() -> None:
    remedy = "run `make evaluate`"
    assert read_config(DEFAULT)
    assert (DEFAULT / CARD_FILE).read_text() == card_of(DEFAULT, RESULT), remedy
    readme = ROOT / "README.md"
    text = readme.read_text()
    if START in text:
        assert text == with_table(text, RESULT, readme), remedy
