"""Exercise checkers of neural/embeddings."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmcourse.exercises.checking import Mistake, exercise, same


@exercise
def on_paper(on_paper: Any) -> None:
    """Right: a third, the true share of all times that the pair appears in the game."""
    result = np.asarray(on_paper(), dtype=float)
    if result.shape != (3,):
        raise Mistake("Three numbers are wanted: PMI, product, probability.")
    pmi, product, probability = result
    if same(pmi, np.log2(1.5)):
        raise Mistake("PMI: the natural logarithm is wanted, this is the one to base two.")
    if same(pmi, np.log(6 / 64)) or same(pmi, np.log(6 / 16)):
        raise Mistake("PMI: 6 · D / (8 · 8), and D is the sum of the whole table, 16.")
    if not same(pmi, np.log(1.5)):
        raise Mistake("PMI: the logarithm of 6 · 16 / (8 · 8).")
    if same(product, np.log(1.5) + np.log(3)):
        raise Mistake("Product: more made-up pairs push it down, so log k is subtracted.")
    if same(product, np.log(1.5) - 3):
        raise Mistake("Product: the logarithm of k is subtracted, not k.")
    if not same(product, np.log(0.5)):
        raise Mistake("Product: PMI − log 3.")
    if same(probability, 0.6):
        raise Mistake("Probability: σ of the product with k = 3, not of the PMI.")
    if same(probability, 0.5):
        raise Mistake("Probability: that is e to the product; σ is a / (1 + a).")
    if not same(probability, 1 / 3):
        raise Mistake("Probability: σ(log 0.5) = 0.5 / 1.5.")


@exercise
def complete(complete: Any) -> None:
    """Right: the nearest word to b − a + c that was not given."""
    angles = np.array([0.0, 0.3, 1.2, 1.45, 2.0, -0.35, 1.0])
    unit = np.stack([np.cos(angles), np.sin(angles)], axis=1)  # [V, 2]
    table = unit.copy()
    result = complete(table, 0, 1, 2)
    if np.shape(result) != ():
        raise Mistake("One id is wanted, that of the best word.")
    if not np.array_equal(table, unit):
        raise Mistake("The table of vectors was changed: work on the products.")
    wanted = [int(i) for i in np.argsort(-(unit @ (unit[1] - unit[0] + unit[2])))]
    reverse = [int(i) for i in np.argsort(-(unit @ (unit[0] - unit[1] + unit[2])))]
    if result in (0, 1, 2):
        raise Mistake("The answer is one of the three given words: they are to be left out.")
    if result == next(i for i in reverse if i > 2):
        raise Mistake("The difference is the wrong way round: b − a, from the first to the second.")
    if result != next(i for i in wanted if i > 2):
        raise Mistake("Another word has a larger product with b − a + c.")


@exercise
def two_windows(two_windows: Any) -> None:
    """Right: the halves differ, and all pairs together prefer the small window."""
    result = np.asarray(two_windows(), dtype=float)
    if result.shape != (6,):
        raise Mistake("Six numbers are wanted: two ranks, two ranks, and the ends of an interval.")
    ranks, ends = np.array([72, 23, 79, 99]), np.array([1.28, 3.59])

    def near(found: np.ndarray, wanted: np.ndarray) -> bool:
        return np.allclose(found, wanted, rtol=0.1)

    if near(result[:4], np.log2(ranks)):
        raise Mistake("Ranks: two to the mean of the logarithms, not the mean itself.")
    if near(result[:4], ranks[[2, 3, 0, 1]]):
        raise Mistake("Ranks: the window of 2 comes first.")
    if near(result[:4], ranks[[0, 2, 1, 3]]):
        raise Mistake("Ranks: both halves of one window, then both of the other.")
    if near(result[:4], ranks[[1, 0, 3, 2]]):
        raise Mistake("Ranks: the pairs for choosing come first, alike[::2].")
    if not near(result[:4], ranks):
        raise Mistake("Ranks: other numbers than those measured with p = 1 and 100 dimensions.")
    if near(result[4:], np.log2(ends)):
        raise Mistake("Interval: two to the power of the ends makes it one of a ratio.")
    if near(result[4:], 1 / ends[::-1]):
        raise Mistake("Interval: of 10 places over 2, so the ranks of 10 go first.")
    if not near(result[4:], ends):
        raise Mistake("Interval: the paired one on all 54 pairs, the pairs of both halves.")
