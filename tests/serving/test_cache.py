import itertools
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from sidedoor import Analyzer, Message, Turn
from sidedoor.analysis import Analysis, Decision, Evidence, Intent, Span
from sidedoor.cache import Cache

CANARY = "canary-5d1f"
MESSAGES = [
    Message("write me at jo@fern.co, 07 45 11 22 33", id="a"),
    Message("yes", "inbox", "seller", (Turn("may I call you?", "buyer"),), id="b"),
    Message(""),
    Message("word " * 200, "order", "buyer"),
]


def _analysis(message: Message) -> Analysis:
    """An analysis that finds the whole text."""
    return Analysis(
        id=message.id,
        intents=(Intent("solicit-contact", 0.5, 0.4),),
        pii=(Span("HANDLE", 0, len(message.text), 0.9, message.text),),
        decision=Decision("block", "rule", "reason"),
        evidence={"solicit-contact": (Evidence(0, 1, 0.5),)},
    )


def test_nothing_is_kept_unless_asked_for(analyzer: Analyzer) -> None:
    assert analyzer.cache is None


def test_a_hit_equals_the_analysis_to_the_bit(model_folder: Path, analyzer: Analyzer) -> None:
    caching = Analyzer.load(model_folder, cache=100)
    assert caching.cache is not None
    for turn in range(2):
        for message in MESSAGES:
            asked = replace(message, id=f"{message.id}{turn}")
            assert caching.analyze(asked) == analyzer.analyze(asked)
    assert (caching.cache.hits, caching.cache.misses) == (len(MESSAGES), len(MESSAGES))


def test_any_thread_hits_and_all_are_counted(model_folder: Path, analyzer: Analyzer) -> None:
    caching = Analyzer.load(model_folder, cache=3)
    assert caching.cache is not None
    messages = MESSAGES * 20
    expected = [analyzer.analyze(message) for message in MESSAGES] * 20
    assert list(caching.analyze_many(messages, workers=4)) == expected
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(caching.analyze, messages)) == expected
    assert caching.cache.hits + caching.cache.misses == 2 * len(messages)
    assert len(caching.cache) == 3


def test_no_text_and_no_id_is_kept() -> None:
    cache = Cache(10)
    turns = (Turn(CANARY, "buyer"),)
    cache.analysis(Message(f"{CANARY} x", context=turns, id=CANARY), _analysis)
    assert len(cache) == 1
    kept = pickle.dumps(list(cache._kept.items()))
    assert b"solicit-contact" in kept
    assert CANARY.encode() not in kept


def test_whatever_tells_messages_apart_tells_their_keys_apart() -> None:
    turn, other = Turn("b", "buyer"), Turn("b", "seller")
    messages = [
        *(Message("a", surface) for surface in (None, "inbox", "order")),
        *(Message("a", sender=sender) for sender in ("buyer", "seller")),
        *(Message(text) for text in ("A", "a ", "a', None", "", "None")),
        *(Message("a", context=turns) for turns in itertools.product((turn, other), repeat=2)),
        *(Message("a", context=(kept,)) for kept in (turn, other, Turn("b"), Turn("b, c"))),
    ]
    cache = Cache(100)
    for message in messages * 2:
        assert cache.analysis(message, _analysis) == _analysis(message)
    assert cache.hits == cache.misses == len(messages)


def test_the_one_not_asked_for_longest_goes_first() -> None:
    cache = Cache(2)
    for text in "abacbab":
        cache.analysis(Message(text), _analysis)
    # a hits, c drops b, b drops a, a drops c, b hits
    assert (cache.hits, cache.misses, len(cache)) == (2, 5, 2)


def test_what_a_caller_does_to_an_analysis_stays_its_own() -> None:
    cache = Cache(1)
    for _ in range(3):
        found = cache.analysis(MESSAGES[0], _analysis)
        assert found == _analysis(MESSAGES[0])
        found.evidence.clear()


def test_two_caches_have_keys_of_their_own() -> None:
    caches = [Cache(1), Cache(1)]
    digests = [cache._digest(MESSAGES[0]) for cache in caches]
    assert digests[0] != digests[1]
    assert digests[0] == caches[0]._digest(MESSAGES[0])


@pytest.mark.parametrize("entries", [0, -1])
def test_a_cache_without_room_is_refused(entries: int) -> None:
    with pytest.raises(ValueError, match="give 1 or more"):
        Cache(entries)
