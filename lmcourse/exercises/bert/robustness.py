"""Exercise checkers of bert/robustness."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmcourse.exercises.checking import Mistake, exercise, same
from lmcourse.text.perturbations import with_typos

_LABELS = np.array([0, 0, 0, 0, 1, 1, 3, 3, 3, 3])
_ANSWERS = np.array([0, 0, 0, 2, 1, 0, 3, 3, 0, 2])


@exercise
def recall(macro_recall: Any) -> None:
    """Right: each class that occurs counts the same, however many texts it has."""
    result = macro_recall(_ANSWERS, _LABELS)
    if same(result, 0.6):
        raise Mistake("That is plain accuracy: take the share class by class, then the mean.")
    if same(result, 1.75 / 4):
        raise Mistake("Class 2 has no text: leave classes out that do not occur in the labels.")
    if same(result, (3 / 5 + 1 + 1 + 0) / 4) or same(result, (3 / 5 + 1 + 1) / 3):
        raise Mistake("You divide by how often a class is answered: divide by its texts.")
    if not same(result, 1.75 / 3):
        raise Mistake("The classes' shares here are 3/4, 1/2 and 2/4; return their mean.")


@exercise
def typing(typing_curve: Any) -> None:
    """Right: the same texts, more and more typos."""
    texts = [f"a wonderful story number {i}" for i in range(200)]
    labels = np.arange(200) % 4 > 0  # three in four

    def by_word(texts: list[str]) -> np.ndarray:
        """1 where *wonderful* is spelled rightly."""
        return np.array(["wonderful" in text for text in texts], dtype=int)

    chances = [0, 0.3, 1]
    expected = [np.mean(by_word(with_typos(texts, k, 0)) == labels) for k in chances]
    result = typing_curve(by_word, texts, labels.astype(int), chances)
    if np.shape(result) != (3,):
        raise Mistake("Return one accuracy for each chance.")
    if same(result, 3 * [expected[0]]):
        raise Mistake("Your texts keep their spelling: classify those with typos.")
    if same(result, expected[0] - np.array(expected)):
        raise Mistake("Those are the losses: return the accuracies themselves.")
    if same(result, 1 - np.array(expected)):
        raise Mistake("Those are the shares of wrong answers.")
    if same(result, expected[::-1]):
        raise Mistake("The order is that of the chances.")
    if not same(result, expected):
        raise Mistake("The accuracies differ: typos by with_typos(texts, k, seed=0), each k anew.")


@exercise
def temperatures(two_temperatures: Any) -> None:
    """Right: doubled margins need a doubled temperature to mean the same."""
    result = np.asarray(two_temperatures(), dtype=float)
    if result.shape != (2,):
        raise Mistake("Return two numbers: before and after the doubling.")
    first, second = result
    if same(first, 1):
        raise Mistake("The standard deviation is squared: 9 stands above the line, not 3.")
    if same(first, 6):
        raise Mistake("The 2 is missing: there is 2μ below the line.")
    if same(first, 1 / 3):
        raise Mistake("Upside down: you have the factor of z in the log odds, 1/T.")
    if not same(first, 3):
        raise Mistake("The first T is s²/(2μ) with s = 3 and μ = 1.5.")
    if same(second, 12):
        raise Mistake("The means double as well, below the line.")
    if same(second, 1.5):
        raise Mistake("Larger margins are surer: T must grow to take that back.")
    if same(second, 3):
        raise Mistake("s² grows by four and μ by two: they do not cancel.")
    if not same(second, 6):
        raise Mistake("The second T has s = 6 and μ = 3.")
