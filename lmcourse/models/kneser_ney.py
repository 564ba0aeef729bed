"""Interpolated modified Kneser–Ney smoothing (Kneser & Ney 1995; Chen & Goodman 1999).

A lower order matters where a longer context has hardly seen the symbol. So what counts there is
not how often an n-gram occurs but after how many different symbols: its *continuation count*.
"Francisco" may be frequent, yet it follows almost nothing but "San".
"""

from __future__ import annotations

import numpy as np

from lmcourse.models.interpolation import Level, discounted
from lmcourse.models.ngram_counts import inside_texts

# What the discounts are where the counts cannot tell: those of KenLM's --discount_fallback.
FALLBACK = (0.5, 1.0, 1.5)


def kneser_ney(
    codes: np.ndarray, order: int, vocab_size: int, discount: float | None = None
) -> list[Level]:
    """The levels of orders 1 to `order`, from the codes of all n-grams of length `order`.

    A `discount` is taken from every count (Kneser & Ney 1995); None estimates three for each order.
    """
    seen, levels = inside_texts(codes, order, vocab_size), []
    for n, (grams, raw) in enumerate(seen, start=1):
        counts = raw if n == order else _continuations(n, grams, raw, seen[n][0], vocab_size)
        taken = discounts(counts) if discount is None else np.full(3, discount)
        levels.append(discounted(grams, counts, vocab_size, taken))
    return levels


def discounts(counts: np.ndarray) -> np.ndarray:
    """Chen and Goodman's D1, D2 and D3+, from how many of the counts are 1, 2, 3 and 4.

    The three are `FALLBACK` where one of these numbers is zero, or where a discount would not lie
    above zero and at most at the count it is taken from: small or odd texts.
    """
    n = [np.count_nonzero(counts == i) for i in range(5)]
    if not all(n[1:]):
        return np.array(FALLBACK)
    y = n[1] / (n[1] + 2 * n[2])
    estimated = np.array([i - (i + 1) * y * n[i + 1] / n[i] for i in (1, 2, 3)])
    sound = (estimated > 0) & (estimated <= (1, 2, 3))
    return estimated if sound.all() else np.array(FALLBACK)


def _continuations(
    n: int, grams: np.ndarray, raw: np.ndarray, longer: np.ndarray, vocab_size: int
) -> np.ndarray:
    """After how many different symbols each n-gram was seen; raw counts where the text begins.

    Nothing stands before an n-gram that opens with the boundary. (At order 1 the boundary is the
    end of a text, and has something before it.)
    """
    continued, before = np.unique(longer % vocab_size**n, return_counts=True)
    counts = raw.copy()
    counts[np.searchsorted(grams, continued)] = before
    return counts
