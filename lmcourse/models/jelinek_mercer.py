"""Jelinek–Mercer interpolation (1980): each order has a fixed share, whatever the context."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lmcourse.models.interpolation import Level
from lmcourse.models.ngram_counts import contexts_of, inside_texts, sums


def jelinek_mercer(
    codes: np.ndarray, order: int, vocab_size: int, weights: Sequence[float]
) -> list[Level]:
    """The levels of orders 1 to `order`, from the codes of all n-grams of length `order`.

    `weights` holds for each order the share of what was counted; the rest is for the one below.
    """
    levels = []
    seen = inside_texts(codes, order, vocab_size)
    for weight, (grams, counts) in zip(weights, seen, strict=True):
        contexts, first, _ = contexts_of(grams, vocab_size)
        totals = sums(counts, first)
        levels.append(Level(grams, weight * counts, contexts, totals, (1 - weight) * totals))
    return levels
