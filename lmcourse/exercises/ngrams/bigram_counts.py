"""Exercise checkers of ngrams/bigram_counts."""

from __future__ import annotations

import itertools
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
def trust(trust: Any) -> None:
    """Right: a row seen often is trusted, a row seen rarely becomes uniform."""
    result = trust(_COUNTS, 0.5)
    total = _COUNTS.sum(axis=1)
    if same(result, total / (total + 0.5)):
        raise Mistake("k was added V times in every row: the denominator is c(a) + kV.")
    if same(result, 2.0 / (total + 2.0)):
        raise Mistake("That is the share of the uniform distribution; trust is one minus it.")
    if same(result, (total / (total + 2.0))[:, None]):
        raise Mistake("One number a row: the shape must be [V], not [V, 1].")
    if np.shape(result) == _COUNTS.shape:
        raise Mistake("The share depends on the row only, not on the pair: the result is [V].")
    if not same(result, total / (total + 2.0)):
        raise Mistake("The values differ from c(a) / (c(a) + kV).")


@exercise
def missing_mass(missing_mass: Any) -> None:
    """Right: what was seen once measures what was not seen at all."""
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


@exercise
def likeliest(likeliest: Any) -> None:
    """Right: the best beginning for each last letter is all you have to remember."""
    # The best word, the greedy one and the best without its ending differ for n = 2, 3 and 4.
    table = np.array(
        [
            [0.00, 0.15, 0.35, 0.50],
            [0.10, 0.20, 0.36, 0.34],
            [0.10, 0.30, 0.35, 0.25],
            [0.55, 0.16, 0.15, 0.14],
        ]
    )
    for n in (2, 3, 4, 1):
        words = [[0, *word, 0] for word in itertools.product((1, 2, 3), repeat=n)]
        by_value = {tuple(word): float(np.prod(table[word[:-1], word[1:]])) for word in words}
        result = [int(i) for i in likeliest(table, n)]
        if len(result) != n + 2 or result[0] != 0 or result[-1] != 0:
            raise Mistake(f"For n = {n} the row must hold {n + 2} numbers, from 0 to 0.")
        if 0 in result[1:-1]:
            raise Mistake("There is a 0 inside the word: it would end there.")
        best = max(by_value.values())
        if by_value[tuple(result)] > best - 1e-12:
            continue
        if result == _greedy(table, n):
            raise Mistake("You take the best next letter each time; a good start may end badly.")
        without_end = {word: value / table[word[-2], 0] for word, value in by_value.items()}
        if without_end[tuple(result)] > max(without_end.values()) - 1e-12:
            raise Mistake("You left out the step back to ↵: the ending has a probability too.")
        raise Mistake(f"For n = {n} there is a more probable word than {result}.")


def _greedy(table: np.ndarray, n: int) -> list[int]:
    row = [0]
    for _ in range(n):
        row.append(1 + int(table[row[-1], 1:].argmax()))
    return [*row, 0]
