"""Interpolated n-gram models as tables in which all texts of a batch walk from context to context.

A context and the symbol after it are, one place further on, a context of the next order. So a
context is found from the one before it: one look-up an order for all symbols of all texts, in a
table of all contexts and symbols where such a table fits, by binary search where not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from lmcourse.models.interpolation import Level

CELLS = 2**23  # so many cells, at most, has a table with a column for each symbol


@dataclass(frozen=True)
class Table:
    """One order with H contexts and G n-grams. Row H, or place G, stands for what was not seen."""

    share: np.ndarray  # [H] the weight of the shorter context
    keys: np.ndarray  # [G] row of the context · V + symbol, sorted
    kept: np.ndarray  # [G + 1] what is left of each count, over the total
    child: np.ndarray  # [G + 1] the n-gram's row as a context of the next order
    opening: int  # the row of the context that is all boundary
    all_p: np.ndarray | None  # [H·V] p(w|h) by key, where that fits
    all_child: np.ndarray | None  # [(H + 1)·V] `child` by key, where that fits


def tables(levels: Sequence[Level], vocab_size: int) -> list[Table]:
    """The tables of the orders 1, 2, …; to be made once for each fitted model."""
    V, made = vocab_size, list[Table]()
    below = np.full((1, V), 1.0 / V)  # [contexts of the order below, V]
    for n, level in enumerate(levels, start=1):
        H, grams, kept = len(level.contexts), level.grams, level.kept
        if H and level.contexts[0] == 0 and grams[0] != 0:  # two boundaries in a row lead to
            grams, kept = np.append(0, grams), np.append(0, kept)  # the opening, seen or not
        row = np.searchsorted(level.contexts, grams // V)  # [G] of its context
        keys = row * V + grams % V
        share, kept = level.mass / level.totals, np.append(kept / level.totals[row], 0.0)
        longer = levels[n].contexts if n < len(levels) else np.array([], dtype=np.int64)
        child = np.append(_places(longer, grams), len(longer)).astype(np.int32)
        opening = int(_places(level.contexts, np.zeros(1, dtype=np.int64))[0])
        all_p = all_child = None
        if (H + 1) * V <= CELLS and (n == 1 or made[-1].all_p is not None):
            shorter = level.contexts % V ** max(n - 2, 0)
            rows = _places(levels[n - 2].contexts, shorter) if n > 1 else shorter
            below = share[:, None] * below[rows]  # [H, V]
            all_p = below.reshape(-1)
            all_p[keys] += kept[:-1]
            all_child = np.full((H + 1) * V, len(longer), dtype=np.int32)
            all_child[keys] = child[:-1]
        made.append(Table(share, keys, kept, child, opening, all_p, all_child))
    return made


def score(
    tables: Sequence[Table], rows: Sequence[Sequence[int]], vocab_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """p of each predicted symbol of all rows, and its row's index: both [N], like `encode`.

    ValueError for an id outside the vocabulary.
    """
    V = vocab_size
    lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
    ids = np.fromiter(chain.from_iterable(rows), dtype=np.int64, count=lengths.sum())
    outside = ids[(ids < 0) | (ids >= V)]
    if len(outside):
        raise ValueError(f"id {outside[0]} is outside the vocabulary of {V}")
    first = (np.cumsum(lengths) - lengths)[lengths > 0]  # the opening of each row
    p = np.full(len(ids), 1.0 / V)
    context = child = np.zeros(len(ids), dtype=np.int64)
    at: list[np.ndarray] = []  # the keys of the orders that lie in whole tables
    for n, table in enumerate(tables, start=1):
        if n > 1:  # where the symbol before stood, one order below
            context = np.append(0, child[:-1])[: len(ids)]
            context[first] = table.opening  # boundaries stand before it
        keys = context * V + ids
        if table.all_child is not None:
            at.append(keys)
            child = table.all_child[keys]
            continue
        if len(at) == n - 1:
            _longest(tables[: n - 1], at, p)
        seen = np.flatnonzero(context < len(table.share))
        place = _places(table.keys, keys[seen])
        p[seen] = table.kept[place] + table.share[context[seen]] * p[seen]
        child = np.full(len(ids), table.child[-1], dtype=np.int32)
        child[seen] = table.child[place]
    if len(at) == len(tables):
        _longest(tables, at, p)
    predicted = np.ones(len(ids), dtype=bool)
    predicted[first] = False
    return p[predicted], np.repeat(np.arange(len(rows)), (lengths - 1).clip(min=0))


def _longest(tables: Sequence[Table], at: Sequence[np.ndarray], p: np.ndarray) -> None:
    """Fills in what the longest seen context says, of orders that lie in whole tables."""
    left: np.ndarray | slice = slice(None)
    for table, keys in zip(reversed(tables), reversed(at), strict=True):
        all_p, wanted = table.all_p, keys[left]
        if all_p is None or not len(all_p):
            continue
        p[left] = all_p.take(wanted, mode="clip")
        unseen = np.flatnonzero(wanted >= len(all_p))
        left = unseen if isinstance(left, slice) else left[unseen]
        if not len(left):
            break


def _places(keys: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Where each of `wanted` stands in the sorted `keys`; len(keys) for what is not there."""
    if not len(keys):
        return np.zeros(len(wanted), dtype=np.int64)
    order = np.argsort(wanted)  # neighbours are then found near each other, in memory at hand
    place = np.empty(len(wanted), dtype=np.int64)
    place[order] = np.searchsorted(keys, wanted[order])
    found = keys[place.clip(max=len(keys) - 1)] == wanted
    return np.where(found, place, len(keys))
