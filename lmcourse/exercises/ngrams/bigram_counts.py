"""Exercise checkers of ngrams/bigram_counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmcourse.exercises.checking import Mistake, exercise, same

_COUNTS = np.array([[0, 6, 1, 3], [4, 1, 0, 5], [2, 2, 3, 1], [3, 1, 7, 4]])


@exercise
def backwards(preceding: Any) -> None:
    """Right: every column sums to one; the same counts, read the other way round."""
    result = preceding(_COUNTS)
    expected = _COUNTS / _COUNTS.sum(axis=0)
    if same(result, _COUNTS / _COUNTS.sum(axis=1, keepdims=True)):
        raise Mistake("Your rows sum to one: that is what follows, not what comes before.")
    if same(result, expected.T):
        raise Mistake("Your table is transposed: entry [a, b] must stay a before b.")
    if same(result, _COUNTS / _COUNTS.sum(axis=0, keepdims=True).T):
        raise Mistake("Each row was divided by the sum of a column: the shapes [V, 1] and [1, V].")
    if same(result, _COUNTS / _COUNTS.sum(axis=1)):
        raise Mistake("Each column was divided by the sum of a row: sum over axis 0.")
    if same(result, _COUNTS / _COUNTS.sum()):
        raise Mistake("You divided by the grand total: that is the probability of the whole pair.")
    if not same(result, expected):
        raise Mistake("The values are not counts divided by the sum of their column.")


@exercise
def on_paper(on_paper: Any) -> None:
    """Right: nine pairs on paper, the same three steps as for thousands of names."""
    result = np.asarray(on_paper(), dtype=float)
    if result.shape != (3,):
        raise Mistake("Three numbers are wanted: p(b | b), P(ab) and p(a | b) with k = 1.")
    b_after_b, ab, a_after_b = result
    if same(b_after_b, 1.0):
        raise Mistake("p(b | b): you left out that names end after b: its row has a cell for ↵.")
    if same(b_after_b, 1 / 3):
        raise Mistake("p(b | b): divide by all that follows b, which includes another b.")
    if not same(b_after_b, 1 / 4):
        raise Mistake("p(b | b) is the count of bb over the sum of the row of b.")
    if same(ab, 2 / 3):
        raise Mistake("P(ab): the name must also end: the last factor is p(↵ | b).")
    if same(ab, 3 / 4):
        raise Mistake("P(ab): the name must also begin: the first factor is p(a | ↵).")
    if same(ab, 1 / 3):
        raise Mistake("P(ab): that is the share of training names that are ab; the model differs.")
    if not same(ab, 1 / 2):
        raise Mistake("P(ab) is p(a | ↵) times p(b | a) times p(↵ | b).")
    if same(a_after_b, 0.0):
        raise Mistake("p(a | b): with k = 1 the pair ba counts as seen once.")
    if same(a_after_b, 1 / 5):
        raise Mistake("p(a | b): k was added to every cell of the row, so the sum grows by kV.")
    if same(a_after_b, 1 / 6):
        raise Mistake("p(a | b): V counts ↵ too, so it is 3.")
    if not same(a_after_b, 1 / 7):
        raise Mistake("p(a | b) is (0 + k) over the sum of the row of b plus kV.")


@exercise
def enough(enough: Any) -> None:
    """Right: the share falls as names are added, and is not zero when they run out."""
    result = np.asarray(enough(), dtype=float)
    if result.shape != ():
        raise Mistake("One number is wanted: how many training names.")
    if result not in [10 * 2**i for i in range(9)]:
        raise Mistake("The number is one of 10, 20, 40, 80, …, 2560.")
    if result == 1280:
        raise Mistake("With half of them fewer than one in ten are impossible already.")
    if result == 320:
        raise Mistake("With so many still more than one in ten are impossible. One step more.")
    if result != 640:
        raise Mistake("Count names, not pairs: what share has at least one unseen pair?")


@exercise
def missing_mass(missing_mass: Any) -> None:
    """Right: what was seen once estimates what was not seen at all."""
    result = missing_mass(_COUNTS)
    once, total = (_COUNTS == 1).sum(), _COUNTS.sum()
    if same(result, (_COUNTS == 0).mean()):
        raise Mistake("That is the share of empty cells; how often would new text use them?")
    if same(result, once / (_COUNTS > 0).sum()):
        raise Mistake("You divided by the number of different pairs: divide by all occurrences.")
    if same(result, once / _COUNTS.size):
        raise Mistake("You divided by the number of cells: divide by all occurrences.")
    if same(result, once):
        raise Mistake("That is a number of occurrences; the answer is a share of all of them.")
    if same(result, (_COUNTS <= 1).sum() / total):
        raise Mistake("Pairs with count zero have no occurrence that could be taken out.")
    if not same(result, once / total):
        raise Mistake("The value differs from (pairs seen exactly once) / (all occurrences).")
