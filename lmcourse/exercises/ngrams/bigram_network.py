"""Exercise checkers of ngrams/bigram_network."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from lmcourse.exercises.checking import Mistake, exercise, same

_COUNTS = np.array([[0, 6, 1, 3], [4, 1, 0, 5], [2, 2, 3, 1], [3, 1, 7, 4]])


@exercise
def lookup(lookup_gradient: Any) -> None:
    """Right: the slopes of a row that was looked up twice are added."""
    ids = np.array([2, 0, 2, 3])
    slopes = np.array([[1.0, 2.0], [0.5, -1.0], [3.0, -4.0], [0.25, 0.125]])
    result = lookup_gradient(slopes, ids, 5)
    expected = np.eye(5)[ids].T @ slopes
    overwritten = np.zeros((5, 2))
    overwritten[ids] = slopes
    if same(result, overwritten):
        raise Mistake("Id 2 appears twice and only its last slope was kept: the slopes must add.")
    if same(result, expected / np.array([[1], [1], [2], [1], [1]])):
        raise Mistake("You averaged the slopes of a repeated id; the chain rule adds them.")
    if np.shape(result) != (5, 2):
        raise Mistake(f"The slope has the shape of W, (5, 2), not {np.shape(result)}.")
    if not same(result, expected):
        raise Mistake("The values differ from one-hot ids, transposed, times the slopes.")


@exercise
def fair_step(fair_step: Any) -> None:
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
    if same(result, W + total / total.sum() * lacking):
        raise Mistake("That is the plain step (3): rare contexts still move less.")
    if same(result, W - lacking):
        raise Mistake("The sign is reversed: downhill is towards p̂, away from p.")
    if same(result, W + counts - total * p):
        raise Mistake("You took the factor 1/N away; now frequent contexts move even more.")
    if same(result, W + counts / np.maximum(total, 1) - p):
        raise Mistake("A context that never occurs must stay where it is.")
    if not same(result, W + lacking):
        raise Mistake("The rows did not move by p̂ − p.")


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
