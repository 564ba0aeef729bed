"""Exercise checkers of the part *ngrams*."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from lmcourse.exercises import Mistake, exercise

_COUNTS = np.array([[0, 6, 1, 3], [4, 1, 0, 5], [2, 2, 3, 1], [3, 1, 7, 4]])


def _same(a: Any, b: Any) -> bool:
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return a.shape == b.shape and np.allclose(a, b, atol=1e-6)


@exercise
def bigram_counts_backwards(preceding: Any) -> None:
    """Right: every column sums to one; the same counts, read the other way round."""
    result = preceding(_COUNTS)
    expected = _COUNTS / _COUNTS.sum(axis=0)
    if _same(result, _COUNTS / _COUNTS.sum(axis=1, keepdims=True)):
        raise Mistake("Your rows sum to one: that is what follows, not what comes before.")
    if _same(result, expected.T):
        raise Mistake("Your table is transposed: entry [a, b] must stay a before b.")
    if _same(result, _COUNTS / _COUNTS.sum(axis=0, keepdims=True).T):
        raise Mistake("Each row was divided by the sum of a column: the shapes [V, 1] and [1, V].")
    if _same(result, _COUNTS / _COUNTS.sum(axis=1)):
        raise Mistake("Each column was divided by the sum of a row: sum over axis 0.")
    if _same(result, _COUNTS / _COUNTS.sum()):
        raise Mistake("You divided by the grand total: that is the probability of the whole pair.")
    if not _same(result, expected):
        raise Mistake("The values are not counts divided by the sum of their column.")


@exercise
def bigram_counts_trust(trust: Any) -> None:
    """Right: a row seen often is trusted, a row seen rarely becomes uniform."""
    result = trust(_COUNTS, 0.5)
    total = _COUNTS.sum(axis=1)
    if _same(result, total / (total + 0.5)):
        raise Mistake("k was added V times in every row: the denominator is c(a) + kV.")
    if _same(result, 2.0 / (total + 2.0)):
        raise Mistake("That is the share of the uniform distribution; trust is one minus it.")
    if _same(result, (total / (total + 2.0))[:, None]):
        raise Mistake("One number a row: the shape must be [V], not [V, 1].")
    if np.shape(result) == _COUNTS.shape:
        raise Mistake("The share depends on the row only, not on the pair: the result is [V].")
    if not _same(result, total / (total + 2.0)):
        raise Mistake("The values differ from c(a) / (c(a) + kV).")


@exercise
def bigram_counts_missing_mass(missing_mass: Any) -> None:
    """Right: what was seen once measures what was not seen at all."""
    result = missing_mass(_COUNTS)
    once, total = (_COUNTS == 1).sum(), _COUNTS.sum()
    if _same(result, (_COUNTS == 0).mean()):
        raise Mistake("That is the share of empty cells; how often would new text use them?")
    if _same(result, once / (_COUNTS > 0).sum()):
        raise Mistake("You divided by the number of different pairs: divide by all occurrences.")
    if _same(result, once / _COUNTS.size):
        raise Mistake("You divided by the number of cells: divide by all occurrences.")
    if _same(result, once):
        raise Mistake("That is a number of occurrences; the answer is a share of all of them.")
    if _same(result, (_COUNTS <= 1).sum() / total):
        raise Mistake("Pairs with count zero have no occurrence that could be taken out.")
    if not _same(result, once / total):
        raise Mistake("The value differs from (pairs seen exactly once) / (all occurrences).")


@exercise
def bigram_counts_likeliest(likeliest: Any) -> None:
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


@exercise
def bigram_network_lookup(lookup_gradient: Any) -> None:
    """Right: the slopes of a row that was looked up twice are added."""
    ids = np.array([2, 0, 2, 3])
    slopes = np.array([[1.0, 2.0], [0.5, -1.0], [3.0, -4.0], [0.25, 0.125]])
    result = lookup_gradient(slopes, ids, 5)
    expected = np.eye(5)[ids].T @ slopes
    overwritten = np.zeros((5, 2))
    overwritten[ids] = slopes
    if _same(result, overwritten):
        raise Mistake("Id 2 appears twice and only its last slope was kept: the slopes must add.")
    if _same(result, expected / np.array([[1], [1], [2], [1], [1]])):
        raise Mistake("You averaged the slopes of a repeated id; the chain rule adds them.")
    if np.shape(result) != (5, 2):
        raise Mistake(f"The slope has the shape of W, (5, 2), not {np.shape(result)}.")
    if not _same(result, expected):
        raise Mistake("The values differ from one-hot ids, transposed, times the slopes.")


@exercise
def bigram_network_fair_step(fair_step: Any) -> None:
    """Right: every context moves by what its own forecasts lack."""
    counts = np.array([[0, 6, 2], [1, 1, 0], [0, 0, 0]])
    W = np.array([[0.2, -0.1, 0.4], [1.0, 0.0, -1.0], [0.3, 0.3, 0.1]])
    given = W.copy()
    p = np.exp(W) / np.exp(W).sum(axis=1, keepdims=True)
    total = counts.sum(axis=1, keepdims=True)
    lacking = counts / np.maximum(total, 1) - np.where(total > 0, p, 0.0)
    result = fair_step(W, counts)
    if not np.array_equal(W, given):
        raise Mistake("You changed the weights that were handed in: return new ones (no -=).")
    if np.shape(result) == W.shape and np.isnan(np.asarray(result, dtype=float)).any():
        raise Mistake("Context 2 never occurs and you divide by its share, zero.")
    if _same(result, W + total / total.sum() * lacking):
        raise Mistake("That is the plain step (3): rare contexts still move less.")
    if _same(result, W - lacking):
        raise Mistake("The sign is reversed: downhill is towards p̂, away from p.")
    if _same(result, W + counts - total * p):
        raise Mistake("You took the factor 1/N away; now frequent contexts move even more.")
    if _same(result, W + counts / np.maximum(total, 1) - p):
        raise Mistake("A context that never occurs must stay where it is.")
    if not _same(result, W + lacking):
        raise Mistake("The rows did not move by p̂ − p.")


@exercise
def bigram_network_label_smoothing(equivalent_k: Any) -> None:
    """Right: label smoothing takes the same share of every row, so its k grows with the counts."""
    epsilon, vocab_size = 0.2, len(_COUNTS)
    result = equivalent_k(_COUNTS, epsilon)
    total = _COUNTS.sum(axis=1)
    if _same(result, epsilon * total / (1 - epsilon)):
        raise Mistake("k is added V times in a row: divide by V.")
    if _same(result, epsilon * total / vocab_size):
        raise Mistake("The factor 1 − ε is missing: the k's enlarge the row's total as well.")
    if np.shape(result) == ():
        raise Mistake("One k for each row: its total c(a) belongs into the formula.")
    if np.shape(result) == (vocab_size, 1):
        raise Mistake("One number a row: the shape must be [V], not [V, 1].")
    if not _same(result, epsilon * total / (vocab_size * (1 - epsilon))):
        raise Mistake("With your k, kV / (c(a) + kV) is not ε in every row.")


@exercise
def bigram_network_total_mass(total_mass: Any) -> None:
    """Right: one vector-matrix product a symbol replaces the sum over all strings."""
    factors = np.array([[0.5, 0.9, 0.2], [0.1, 0.7, 0.4], [0.3, 0.8, 0.6]])
    for n in (3, 2, 1):
        rows = [[0, *word] for word in itertools.product(range(3), repeat=n)]
        expected = sum(float(np.prod(factors[row[:-1], row[1:]])) for row in rows)
        result = total_mass(factors, n)
        if _same(result, expected):
            continue
        power = np.linalg.matrix_power
        if _same(result, power(factors, n).sum()):
            raise Mistake("You summed over every start; the formula starts after symbol 0 only.")
        if _same(result, power(factors, n - 1)[0].sum()):
            raise Mistake("One symbol too few: n symbols make n factors, from symbol 0 on.")
        if _same(result, power(factors, n + 1)[0].sum()):
            raise Mistake("One symbol too many: n symbols make n factors, from symbol 0 on.")
        if _same(result, power(factors, n)[:, 0].sum()):
            raise Mistake(
                "The table is transposed: that ends in symbol 0 instead of starting there."
            )
        if _same(result, (factors[0] ** n).sum()) or _same(result, factors[0].sum() ** n):
            raise Mistake("You used row 0 for every symbol; each factor depends on the one before.")
        raise Mistake(f"For n = {n} the sum over all {3**n} strings is {expected:.4f}.")
