import pytest
from tests.conftest import tiny_vocabulary
from tokenizers import Tokenizer

from sidedoor.encoding import SLOT_TOKENS
from sidedoor_training.tokenizer import build_tokenizer


def test_slots_take_the_place_of_unused_tokens_and_no_id_moves(tokenizer: Tokenizer) -> None:
    vocabulary = tiny_vocabulary()
    assert [tokenizer.token_to_id(token) for token in SLOT_TOKENS] == [
        vocabulary[f"[unused{index}]"] for index in range(len(SLOT_TOKENS))
    ]
    assert tokenizer.token_to_id("[SEP]") == vocabulary["[SEP]"]
    assert tokenizer.get_vocab_size() == len(vocabulary)


def test_a_built_vocabulary_builds_again(tokenizer: Tokenizer) -> None:
    again = build_tokenizer(tokenizer.get_vocab())
    assert again.get_vocab() == tokenizer.get_vocab()


def test_a_vocabulary_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="unused slots"):
        build_tokenizer({"[UNK]": 0, "a": 1})


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Ｊｏ＠ｆｅｒｎ", "jo@fern"),
        ("ра\u200bураl", "paypal"),
        ("0️⃣7️⃣7️⃣", "077"),
        ("①②③ ❶❷ ⓿", "123 12 0"),
        ("٠١٢ ०१२", "012 012"),
        ("ᴊᴏ 🅰🅱 🇦🇧 🅐", "jo ab ab a"),
        ("𝐣𝐨 𝓳𝓸 𝚓𝚘", "jo jo jo"),
        ("JÓ é", "jo e"),
    ],
)
def test_normalisation_lives_in_the_tokenizer(tokenizer: Tokenizer, text: str, plain: str) -> None:
    found = tokenizer.encode(text, add_special_tokens=False)
    assert found.ids == tokenizer.encode(plain, add_special_tokens=False).ids
    for start, end in found.offsets:
        assert 0 <= start < end <= len(text)
