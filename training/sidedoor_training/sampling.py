"""The order in which rows are trained on: alike in length together, by seed and epoch alone.

An order drawn from the state of a global generator, as `transformers` draws it, is another one
after an interruption.
"""

from collections.abc import Iterator

import torch
from torch.utils.data import Sampler
from transformers.trainer_pt_utils import get_length_grouped_indices

from sidedoor_training.dataset import RefilledDataset


class LengthSampler(Sampler[int]):
    """Groups rows of about the same length into batches of `batch_size`, anew in each epoch."""

    def __init__(self, dataset: RefilledDataset, batch_size: int, seed: int) -> None:
        self._dataset = dataset
        self._batch_size = batch_size
        self._seed = seed
        self._lengths = [len(dataset[index]["input_ids"]) for index in range(len(dataset))]

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator()
        generator.manual_seed(self._seed * 1_000_003 + self._dataset.epoch)
        order: list[int] = get_length_grouped_indices(
            self._lengths, self._batch_size, generator=generator
        )
        return iter(order)
