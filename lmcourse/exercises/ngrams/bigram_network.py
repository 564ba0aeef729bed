"""Exercise checkers of ngrams/bigram_network."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from lmcourse.exercises.checking import Mistake, exercise, same

_COUNTS = np.array([[0, 6, 1, 3], [4, 1, 0, 5], [2, 2, 3, 1], [3, 1, 7, 4]])


@exercise
def on_paper(on_paper: Any) -> None:
    """Right: half of 1/3 − 3/4, of 1/3 − 1/4 and of 1/3."""
    result = np.array(on_paper(), dtype=float)
    lacking = 1 / 3 - np.array([3 / 4, 1 / 4, 0])
    if same(result, lacking):
        raise Mistake("Half of all pairs begin with a: the factor c(a)/N is missing.")
    if same(result, -lacking / 2):
        raise Mistake("The sign is reversed: forecast minus fact.")
    if same(result[:2], lacking[:2] / 2) and same(result[2], 0):
        raise Mistake("d never came, but it was forecast: its slope is not zero.")
    if same(result, (1 / 3 - np.array([3 / 8, 1 / 8, 0])) / 2):
        raise Mistake("p̂ is the share among the pairs that begin with a, not among all eight.")
    if not same(result, lacking / 2):
        raise Mistake("The slopes differ from c(a)/N times p − p̂.")


@exercise
def stopped_early(stopped_early: Any) -> None:
    """Right: the table from the step with the lowest held-out loss."""
    counts = np.array([[0.0, 6, 2], [5, 1, 0], [1, 3, 2]])
    held_out = np.array([[1.0, 5, 2], [3, 1, 2], [2, 2, 1]])
    W, on_the_way = np.zeros((3, 3)), []
    for _ in range(60):
        W = W - 2.0 * (counts.sum(axis=1, keepdims=True) * _softmax(W) - counts) / counts.sum()
        on_the_way.append(_softmax(W))
    losses = [-(held_out * np.log(p)).sum() for p in on_the_way]
    training = [-(counts * np.log(np.maximum(p, 1e-12))).sum() for p in on_the_way]
    result = stopped_early(counts, held_out, 2.0, 60)
    if same(result, on_the_way[-1]):
        raise Mistake("That is the last table: keep a copy of the best one on the way.")
    if same(result, on_the_way[int(np.argmin(training))]):
        raise Mistake("You judge by the loss on the training counts: use held_out.")
    best = int(np.argmin(losses))
    if same(result, on_the_way[best + 1]):
        raise Mistake("One step late: the table must be the one whose loss you measured.")
    if np.shape(result) == (3, 3) and not same(np.sum(result, axis=1), np.ones(3)):
        raise Mistake("Return probabilities, not weights: each row sums to one.")
    if not same(result, on_the_way[best]):
        raise Mistake("The table differs from that of the step with the lowest held-out loss.")


@exercise
def label_smoothing(equivalent_k: Any) -> None:
    """Right: label smoothing takes the same share of every row, so its k grows with the counts."""
    epsilon, vocab_size = 0.2, len(_COUNTS)
    result = equivalent_k(_COUNTS, epsilon)
    total = _COUNTS.sum(axis=1)
    if same(result, epsilon * total / (1 - epsilon)):
        raise Mistake("k is added V times in a row: divide by V.")
    if same(result, epsilon * total / vocab_size):
        raise Mistake("The factor 1 − ε is missing: the k's enlarge the row's total as well.")
    if np.shape(result) == ():
        raise Mistake("One k for each row: its total c(a) belongs into the formula.")
    if np.shape(result) == (vocab_size, 1):
        raise Mistake("One number a row: the shape must be [V], not [V, 1].")
    if not same(result, epsilon * total / (vocab_size * (1 - epsilon))):
        raise Mistake("With your k, kV / (c(a) + kV) is not ε in every row.")


@exercise
def total_mass(total_mass: Any) -> None:
    """Right: one vector-matrix product a symbol replaces the sum over all strings."""
    factors = np.array([[0.5, 0.9, 0.2], [0.1, 0.7, 0.4], [0.3, 0.8, 0.6]])
    for n in (3, 2, 1):
        rows = [[0, *word] for word in itertools.product(range(3), repeat=n)]
        expected = sum(float(np.prod(factors[row[:-1], row[1:]])) for row in rows)
        result = total_mass(factors, n)
        if same(result, expected):
            continue
        power = np.linalg.matrix_power
        if same(result, power(factors, n).sum()):
            raise Mistake("You summed over every start; the formula starts after symbol 0 only.")
        if same(result, power(factors, n - 1)[0].sum()):
            raise Mistake("One symbol too few: n symbols make n factors, from symbol 0 on.")
        if same(result, power(factors, n + 1)[0].sum()):
            raise Mistake("One symbol too many: n symbols make n factors, from symbol 0 on.")
        if same(result, power(factors, n)[:, 0].sum()):
            raise Mistake(
                "The table is transposed: that ends in symbol 0 instead of starting there."
            )
        if same(result, (factors[0] ** n).sum()) or same(result, factors[0].sum() ** n):
            raise Mistake("You used row 0 for every symbol; each factor depends on the one before.")
        raise Mistake(f"For n = {n} the sum over all {3**n} strings is {expected:.4f}.")


def _softmax(W: np.ndarray) -> np.ndarray:
    powers = np.exp(W - W.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
