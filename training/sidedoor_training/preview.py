"""What `sidedoor corpus show` prints: rows as they are trained on, spans marked."""

import random
from collections.abc import Iterator
from pathlib import Path

from sidedoor_training.corpus import read_corpus
from sidedoor_training.markup import mark
from sidedoor_training.refill import Augmentation, refill

_SHOWN = Augmentation(disguise_solicitation=0.5, disguise_other=0.2, disguise_app_name=0.3)


def preview(folder: Path, count: int, seed: int) -> Iterator[str]:
    """Lines of text for `count` rows chosen under the seed."""
    rng = random.Random(seed)
    rows = read_corpus(folder)
    for row in rng.sample(rows, min(count, len(rows))):
        example = refill(row, rng, _SHOWN)
        for turn in example.message.context:
            yield f"    {turn.sender}: {turn.text}"
        labels = " + ".join(example.intents) or "none"
        yield f"{labels}: {mark(example.message.text, example.pii)}"
