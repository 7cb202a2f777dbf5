"""Offsets in UTF-16 code units, the way that JavaScript, Java and C# count."""

from bisect import bisect_left
from typing import Any


def in_utf16(text: str, analysis: dict[str, Any]) -> dict[str, Any]:
    """An analysis of `text` as a JSON object, with its offsets in UTF-16 code units."""
    pairs = [position for position, character in enumerate(text) if character > "\uffff"]
    if not pairs:
        return analysis
    evidence = {
        intent: [_moved(word, pairs) for word in words]
        for intent, words in analysis["evidence"].items()
    }
    return {
        **analysis,
        "pii": [_moved(span, pairs) for span in analysis["pii"]],
        "evidence": evidence,
    }


def _moved(part: dict[str, Any], pairs: list[int]) -> dict[str, Any]:
    """The part with its offsets raised by the surrogate pairs in front of them."""
    start, end = part["start"], part["end"]
    return {
        **part,
        "start": start + bisect_left(pairs, start),
        "end": end + bisect_left(pairs, end),
    }
