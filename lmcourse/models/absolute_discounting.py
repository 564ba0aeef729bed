"""Interpolated absolute discounting (Ney, Essen & Kneser 1994): every count gives up the same."""

from __future__ import annotations

import numpy as np

from lmcourse.models.interpolation import Level, discounted
from lmcourse.models.ngram_counts import inside_texts

FALLBACK = 0.5  # the discount where the counts cannot tell


def absolute_discounting(
    codes: np.ndarray, order: int, vocab_size: int, discount: float | None = None
) -> list[Level]:
    """The levels of orders 1 to `order`, from the codes of all n-grams of length `order`.

    `discount` is that of every order; None estimates one for each.
    """
    levels = []
    for grams, counts in inside_texts(codes, order, vocab_size):
        D = one_discount(counts) if discount is None else discount
        levels.append(discounted(grams, counts, vocab_size, np.full(3, D)))
    return levels


def one_discount(counts: np.ndarray) -> float:
    """n1 / (n1 + 2·n2), from how many of the counts are 1 and 2; `FALLBACK` where one is zero."""
    once, twice = np.count_nonzero(counts == 1), np.count_nonzero(counts == 2)
    return once / (once + 2 * twice) if once and twice else FALLBACK
