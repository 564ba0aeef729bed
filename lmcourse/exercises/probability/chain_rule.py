"""Exercise checkers of probability/chain_rule."""

from __future__ import annotations

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
def on_paper(on_paper: Any) -> None:
    """Right: 1/16, 1/4 and 1/2."""
    whole, second_b, first_a = on_paper()
    if same(whole, 1 / 8):
        raise Mistake("The text must end: the factor for ↵ after b is missing.")
    if not same(whole, 1 / 16):
        raise Mistake("P(ab↵) is a product of three factors: a first, b after a, ↵ after b.")
    if same(second_b, 3 / 8):
        raise Mistake("The second symbol: weigh P(b | first) with the probability of the first.")
    if not same(second_b, 1 / 4):
        raise Mistake("The second symbol: add the ways a, b and b, b, each a product.")
    if same(first_a, 1 / 4):
        raise Mistake("That is P(b | a). The question is P(a | b): which of the two is known?")
    if not same(first_a, 1 / 2):
        raise Mistake("P(first a | second b) = P(a, b) / P(second is b).")


@exercise
def told_at(told_at: Any) -> None:
    """Right: what the third character back tells is found, less what chance tells."""
    rng = np.random.default_rng(0)
    ids = rng.integers(6, size=12_000)
    for t in range(3, len(ids)):
        if rng.random() < 0.7:
            ids[t] = ids[t - 3]
    result = told_at(ids, 3)
    if max(told_at(ids, 2), told_at(ids, 4)) > 1:
        raise Mistake("The distance is off by one: the last character has distance 1.")
    if result < 0.5:
        raise Mistake("At distance 3 you find little, and most of these ids copy that place.")
    raw = _bits_told(ids[:-3], ids[2:-1], ids[3:])
    if same(result, raw, 1e-4):
        raise Mistake("Shuffled runs tell something as well: subtract what they tell on average.")
    dealt = [_bits_told(ids[:-3], ids[2:-1], _dealt(ids[2:-1], ids[3:], rng)) for _ in range(5)]
    expected = raw - np.mean(dealt)
    if same(result, expected * math.log(2), 5e-3):
        raise Mistake("That is in nats: divide by log 2 for bits.")
    if not same(result, expected, 5e-3):
        raise Mistake("The value at distance 3 differs from I(x_t; x_{t−3} | x_{t−1}).")


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


def _bits_told(first: np.ndarray, last: np.ndarray, now: np.ndarray) -> float:
    """I(first; now | last) in bits, from entropies."""
    both = _entropy(first, last) + _entropy(last, now)
    return both - _entropy(last) - _entropy(first, last, now)


def _entropy(*columns: np.ndarray) -> float:
    """Bits of the relative frequencies of the rows that the columns make."""
    _, counts = np.unique(np.column_stack(columns), axis=0, return_counts=True)
    shares = counts / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


def _dealt(last: np.ndarray, now: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """`now` in a random order within each value of `last`."""
    dealt = now.copy()
    for value in np.unique(last):
        dealt[last == value] = rng.permutation(now[last == value])
    return dealt
