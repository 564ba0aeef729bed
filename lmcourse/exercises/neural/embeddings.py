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
def best_and_worst(best_and_worst: Any) -> None:
    """Right: on this text and list."""
    result = np.asarray(best_and_worst(), dtype=float)
    if result.shape != (2,):
        raise Mistake("Two windows are wanted: the best, then the worst.")
    if same(result, np.array([1, 2])):
        raise Mistake("A low rank is good: the best window comes first.")
    if result[1] != 1:
        raise Mistake("Worst: another window has higher ranks.")
    if result[0] != 2:
        raise Mistake("Best: another window has lower ranks on the pairs for choosing.")
