import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers.normalizers import NFKC, BertNormalizer, Lowercase, Replace, Sequence

from sidedoor.model_folder import DEFAULT, TOKENIZER_FILE
from sidedoor.plain_text import PLAIN, for_plain_text, is_plain


def _steps(tokenizer: Tokenizer) -> int:
    normalizer = tokenizer.normalizer
    assert isinstance(normalizer, Sequence)
    return len(normalizer)


def _tokens(tokenizer: Tokenizer, text: str) -> tuple[list[int], list[tuple[int, int]]]:
    tokens = tokenizer.encode(text, add_special_tokens=False)
    return tokens.ids, tokens.offsets


@pytest.fixture(scope="module")
def shipped() -> Tokenizer:
    return Tokenizer.from_file(str(DEFAULT / TOKENIZER_FILE))


def test_the_shipped_tokenizer_needs_one_step_for_plain_text(shipped: Tokenizer) -> None:
    assert _steps(shipped) > 30
    assert _steps(for_plain_text(shipped)) == 1


@settings(max_examples=100, deadline=None)
@given(text=st.text(alphabet=PLAIN, max_size=60))
def test_plain_text_gets_the_same_tokens_and_offsets(shipped: Tokenizer, text: str) -> None:
    assert is_plain(text)
    assert _tokens(for_plain_text(shipped), text) == _tokens(shipped, text)


@pytest.mark.parametrize("text", ["ｊo", "jо", "e\u0301", "a\u200bb", "①", "²", "🅰", "…", "\ufe0f"])
def test_whatever_a_step_might_change_is_not_plain(text: str) -> None:
    assert not is_plain(f"plain {text} plain")


@pytest.mark.parametrize(
    ("first", "dropped"),
    [
        (Replace(Regex("[хХ]"), "x"), True),
        (Replace(Regex("[xy]"), "z"), False),
        (Replace(Regex("х+"), "x"), False),
        (Replace("х", "x"), False),
        (Lowercase(), False),
        (NFKC(), True),
    ],
)
def test_only_steps_known_to_be_idle_are_dropped(
    shipped: Tokenizer, first: Replace | Lowercase | NFKC, dropped: bool
) -> None:
    tokenizer = Tokenizer(shipped.model)
    tokenizer.normalizer = Sequence([first, NFKC(), BertNormalizer()])
    assert _steps(for_plain_text(tokenizer)) == (1 if dropped else 3)


def test_a_tokenizer_with_tokens_of_its_own_is_kept_as_it_is(shipped: Tokenizer) -> None:
    tokenizer = Tokenizer(shipped.model)
    tokenizer.normalizer = Sequence([NFKC(), BertNormalizer()])
    tokenizer.add_tokens([AddedToken("ab")])
    assert for_plain_text(tokenizer) is tokenizer
    tokenizer = Tokenizer(shipped.model)
    tokenizer.normalizer = NFKC()
    assert for_plain_text(tokenizer) is tokenizer
