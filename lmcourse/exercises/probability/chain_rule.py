"""Exercise checkers of probability/chain_rule."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from lmcourse.exercises.checking import Mistake, exercise, same


@exercise
def log_probability(log_probability: Any) -> None:
    """Right: one logarithm for each symbol, the first included."""
    text = "abba"
    terms = [math.log(_conditional(tuple(text[:t]), text[t])) for t in range(len(text))]
    result = log_probability(text, _conditional)
    if same(result, sum(terms[1:])):
        raise Mistake(
            "The first symbol has no factor: its prefix is empty, but it must be guessed."
        )
    if same(result, sum(terms[:-1])):
        raise Mistake("The last symbol has no factor: the product ends at T, not at T − 1.")
    if same(result, math.exp(sum(terms))):
        raise Mistake("That is the probability; return its logarithm, by adding logarithms.")
    if same(result, -sum(terms)):
        raise Mistake("The sign is reversed: a log-probability is never positive.")
    if not same(result, sum(terms)):
        raise Mistake("The value differs from the sum of log P(symbol | prefix).")
    if np.isneginf(log_probability("a" * 300, lambda prefix, symbol: 1e-3)):
        raise Mistake("A long text underflows: add logarithms instead of multiplying.")


@exercise
def parameters(free_parameters: Any) -> None:
    """Right: V − 1 free numbers in every row, short contexts included."""
    result = free_parameters(4, 2)
    if result == 4**2 * 3:
        raise Mistake("The rows of the shorter contexts at the beginning are missing.")
    if result == (1 + 4 + 16) * 4:
        raise Mistake("A row of V probabilities has V − 1 free ones: they must sum to one.")
    if result == (4 + 16) * 3:
        raise Mistake("The first symbol has a row as well: its context is empty.")
    if result != (1 + 4 + 16) * 3 or free_parameters(2, 10) != 2**11 - 1:
        raise Mistake("The number differs from the sum of V^j (V − 1) for j from 0 to k.")


@exercise
def pairs(pair_probabilities: Any) -> None:
    """Right: counts of pairs over how often the first of them was followed by something."""
    text, symbols = "abracadabra", "abcdrx"
    counts = np.zeros((6, 6))
    for a, b in itertools.pairwise(text):
        counts[symbols.index(a), symbols.index(b)] += 1
    occurrences = np.array([max(text.count(symbol), 1) for symbol in symbols])
    result = pair_probabilities(text, symbols)
    if not np.all(np.isfinite(result)):
        raise Mistake("A symbol that nothing follows divides by zero: give it a row of zeros.")
    if same(result, counts / occurrences[:, None]):
        raise Mistake("You divide by how often a occurs; its last occurrence is not followed.")
    if same(result, counts / counts.sum()):
        raise Mistake(
            "That is the joint probability of the pair: divide each row by its own total."
        )
    expected = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    if same(result, expected.T):
        raise Mistake("Rows and columns are exchanged: the row is the first of the two.")
    if not same(result, expected):
        raise Mistake("The values differ from c(a, b) / c(a followed by anything).")


@exercise
def wall(wall: Any) -> None:
    """Right: the k symbols before x_t, fewer near the beginning."""
    result = sorted(wall(7, 2))
    if result == [6]:
        raise Mistake("In order 2 an arc jumps over x_6: one symbol is no wall.")
    if result == [5, 6, 7]:
        raise Mistake("x_t belongs to the future that is to be separated, not to the wall.")
    if result == list(range(1, 7)):
        raise Mistake("The whole past separates too, but a smaller set does.")
    if result != [5, 6]:
        raise Mistake("The set differs from the k positions before t.")
    if any(position < 1 for position in wall(2, 3)):
        raise Mistake("Near the beginning your wall has positions before the first symbol.")
    if sorted(wall(2, 3)) != [1] or sorted(wall(9, 4)) != [5, 6, 7, 8]:
        raise Mistake("The set differs from the k positions before t, as far as they exist.")


def _conditional(prefix: tuple[str, ...], symbol: str) -> float:
    """A toy model in which each symbol depends on the whole prefix."""
    return 1 / (2 + len(prefix) + (symbol == "b") + 3 * prefix.count("b"))
