from pathlib import Path

import pytest

from sidedoor import ConfigurationError, InputError, Message, MissingExtraError
from sidedoor_evaluation import baselines
from sidedoor_evaluation.baselines import KeywordFilter
from sidedoor_evaluation.baselines.found import without_overlaps
from sidedoor_evaluation.gold import GoldSpan

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "flagged", "marked"),
    [
        ("Do you have WhatsApp?", True, []),
        ("whatsapping is no word", False, []),
        ("jo@fern.co works", True, ["jo@fern.co"]),
        ("see https://fern.co/a?b=1.", True, ["https://fern.co/a?b=1"]),
        ("call +44 7700 955142 now", True, ["+44 7700 955142"]),
        ("ask @kim_d there", True, ["@kim_d"]),
        ("order 4471, 50 x 70 cm", False, []),
        ("thanks a lot", False, []),
    ],
)
def test_the_keyword_filter_flags_words_and_marks_patterns(
    text: str, flagged: bool, marked: list[str]
) -> None:
    (prediction,) = KeywordFilter.load().predict([Message(text)])
    assert bool(prediction.labels) == flagged
    assert [text[span.start : span.end] for span in prediction.pii] == marked


def test_the_list_in_configs_is_the_one_that_is_used() -> None:
    path = ROOT / "configs" / "keywords.yaml"
    assert KeywordFilter.load(path) == KeywordFilter.load()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("words: []\npatterns: {}", "words"),
        ("words: [a]\npatterns: {URL: '('}", "no list of keywords"),
        ("a: [", "no list of keywords"),
        ("words: [a]\npatterns: {}\nmore: 1", "more"),
    ],
)
def test_a_broken_list_is_named(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "keywords.yaml"
    path.write_text(content)
    with pytest.raises(ConfigurationError, match=says):
        KeywordFilter.load(path)


def test_a_baseline_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="choose from: keywords, presidio, scrubadub"):
        baselines.load("magic")
    monkeypatch.setattr("importlib.metadata.version", _missing)
    monkeypatch.setattr("importlib.import_module", _missing)
    with pytest.raises(MissingExtraError, match="sidedoor\\[presidio\\]"):
        baselines.load("presidio")
    with pytest.raises(MissingExtraError, match="sidedoor\\[eval\\]"):
        baselines.load("scrubadub")


def _missing(name: str) -> None:
    raise ModuleNotFoundError(f"no {name}", name=name)


def test_of_overlapping_finds_the_first_stays() -> None:
    first, second, third = GoldSpan("URL", 5, 9), GoldSpan("URL", 0, 6), GoldSpan("URL", 9, 10)
    assert without_overlaps([first, second, third]) == (first, third)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("name", ["presidio", "scrubadub"])
def test_other_peoples_filters_run_offline(name: str) -> None:
    pytest.importorskip({"presidio": "presidio_analyzer"}.get(name, name))
    system = baselines.load(name)
    fine, flagged = system.predict([Message("thanks a lot"), Message("mail jo@fern.com please")])
    assert not fine.labels
    assert not fine.pii
    assert flagged.labels == {"solicit-contact"}
    assert flagged.pii == (GoldSpan("EMAIL_ADDRESS", 5, 16),)
