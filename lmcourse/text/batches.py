"""Batches: rows of ids of similar length, padded to one tensor."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

IGNORED = -100  # the target of padding: torch's own convention
Rows = Sequence[Sequence[int]]


def pad(rows: Sequence[Sequence[int]], value: int) -> Tensor:
    """`rows` of ids as one LongTensor [B, T], T the longest; the short ones end in `value`."""
    padded = torch.full((len(rows), max(map(len, rows), default=0)), value)  # [B, T]
    for i, row in enumerate(rows):
        padded[i, : len(row)] = torch.as_tensor(row)
    return padded


def shifted(rows: Rows) -> tuple[Tensor, Tensor]:
    """`rows` as inputs [B, T] and targets [B, T], each target the symbol after its input.

    Short rows are padded: inputs with id 0, targets with -100, which the loss leaves out.
    """
    return pad([row[:-1] for row in rows], 0), pad([row[1:] for row in rows], IGNORED)


class LengthBuckets:
    """Batches of similar length, so that little is computed on padding.

    Each epoch shuffles all items, sorts them by length within chunks of `CHUNK` batches, cuts the
    batches, and shuffles those: every item comes exactly once an epoch, in an order that depends
    on (seed, epoch) alone. The smallest batch of an epoch is the one that was left over.
    """

    CHUNK = 50  # long enough to sort well, short enough that batches differ between epochs

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int = 0) -> None:
        """`lengths`: of each item, in any unit. ValueError for no items or an empty batch."""
        if not len(lengths) or batch_size < 1:
            raise ValueError(
                f"need at least one item and batch_size at least 1, "
                f"got {len(lengths)} items and batch_size {batch_size}"
            )
        self.lengths, self.batch_size, self.seed = np.asarray(lengths), batch_size, seed
        self._epoch, self._batches = -1, list[list[int]]()

    @property
    def batches_per_epoch(self) -> int:
        """How many steps show every item once."""
        return math.ceil(len(self.lengths) / self.batch_size)

    def __call__(self, step: int) -> list[int]:
        """The item numbers of the batch of `step`, counted from 0 over all epochs."""
        epoch, index = divmod(step, self.batches_per_epoch)
        if epoch != self._epoch:
            self._epoch, self._batches = epoch, self._order(epoch)
        return self._batches[index]

    def _order(self, epoch: int) -> list[list[int]]:
        rng = np.random.default_rng([self.seed, epoch])
        items, size = rng.permutation(len(self.lengths)), self.batch_size
        batches = []
        for start in range(0, len(items), self.CHUNK * size):
            chunk = items[start : start + self.CHUNK * size]
            chunk = chunk[np.argsort(self.lengths[chunk], kind="stable")]
            batches += [chunk[i : i + size].tolist() for i in range(0, len(chunk), size)]
        return [batches[i] for i in rng.permutation(len(batches))]


def by_length(lengths: Sequence[int], batch_size: int) -> list[list[int]]:
    """Item numbers in batches of similar length, shortest first: for evaluation, any order will do.

    Each item comes once. ValueError for an empty batch.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    order = np.argsort(np.asarray(lengths), kind="stable").tolist()
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


def batches(rows: Rows, batch_size: int, seed: int = 0) -> Callable[[int], tuple[Tensor, Tensor]]:
    """The function from a step to its batch: rows of similar length, `shifted`."""
    buckets = LengthBuckets([len(row) for row in rows], batch_size, seed)
    return lambda step: shifted([rows[i] for i in buckets(step)])
