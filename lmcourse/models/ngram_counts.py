"""N-grams as integers: writing them, counting them, looking them up.

An n-gram of ids a b c is stored as one integer, its digits in base `vocab_size`: (a·V + b)·V + c.
So dropping the oldest symbol is a remainder, dropping the newest a division, and looking up a
million n-grams is one binary search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

LARGEST_CODE = 2**63 - 1


@dataclass(frozen=True)
class Counts:
    """What was seen at one order: sorted codes, so that a lookup is a binary search."""

    grams: np.ndarray  # [G] codes of the n-grams seen
    gram_counts: np.ndarray  # [G] how often each
    contexts: np.ndarray  # [H] codes of the contexts seen
    totals: np.ndarray  # [H] how often each context was followed by anything
    types: np.ndarray  # [H] by how many different symbols

    @classmethod
    def of(cls, codes: np.ndarray, vocab_size: int) -> Counts:
        grams, gram_counts = np.unique(codes, return_counts=True)
        contexts, first, types = contexts_of(grams, vocab_size)
        return cls(grams, gram_counts, contexts, sums(gram_counts, first), types)


def contexts_of(grams: np.ndarray, vocab_size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The contexts of sorted n-grams [H], where the n-grams of each begin, and how many it has."""
    return np.unique(grams // vocab_size, return_index=True, return_counts=True)


def sums(values: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The sum of `values` in each of the stretches that begin at `first`."""
    return np.add.reduceat(values, first) if len(first) else values


def lookup(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """values[i] where keys[i] == wanted, 0 where no key matches; `keys` is sorted."""
    if not len(keys):
        return np.zeros(len(wanted), dtype=values.dtype)
    index = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
    return np.where(keys[index] == wanted, values[index], 0)


def encode(
    rows: Sequence[Sequence[int]], order: int, vocab_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """For each predicted symbol of all rows: the code of its full n-gram, and its row's index.

    Both are int64 [N] with N the sum of len(row) - 1. Symbols before a row count as 0. Raises
    ValueError for an id outside the vocabulary.
    """
    before = order - 1  # symbols of context
    padding = [0] * before  # so that even the first symbol has a full context
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    padded = chain.from_iterable(chain(padding, row) for row in rows)
    flat = np.fromiter(padded, dtype=np.int64)
    outside = flat[(flat < 0) | (flat >= vocab_size)]
    if len(outside):
        raise ValueError(f"id {outside[0]} is outside the vocabulary of {vocab_size}")

    offset = np.concatenate([np.arange(1, n) for n in lengths]) if len(rows) else lengths
    of_row = np.repeat(np.arange(len(rows)), (lengths - 1).clip(min=0))
    starts = np.cumsum(lengths + len(padding)) - lengths  # where each row's own ids begin
    predicted = starts[of_row] + offset
    codes = np.zeros(len(predicted), dtype=np.int64)
    for back in range(before, -1, -1):
        codes = codes * vocab_size + flat[predicted - back]
    return codes, of_row


def inside_texts(
    codes: np.ndarray, order: int, vocab_size: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of each order 1 to `order`: the n-grams seen inside a text, sorted, and how often each.

    `codes` are those of all n-grams of length `order`; what was put before a text is left out.
    """
    seen = []
    for n in range(1, order + 1):
        grams, counts = np.unique(codes % vocab_size**n, return_counts=True)
        inside = within_text(grams, n, vocab_size)
        seen.append((grams[inside], counts[inside]))
    return seen


def within_text(codes: np.ndarray, n: int, vocab_size: int) -> np.ndarray:
    """Whether each n-gram of length `n` has the boundary, id 0, at most at its two ends."""
    inside = np.ones(len(codes), dtype=bool)
    for place in range(1, n - 1):
        inside &= codes // vocab_size**place % vocab_size != 0
    return inside
