"""Exercise checkers of the part *probability*."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax

from lmcourse.exercises import Mistake, exercise

_LOGITS = np.array([[2.0, 1.0, 0.5, -1.5], [0.3, -0.2, 4.0, 0.0], [-1.0, 2.0, 0.0, 0.5]])
_TARGETS = np.array([1, 2, 3])


def _same(a: Any, b: Any) -> bool:
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return a.shape == b.shape and np.allclose(a, b, atol=1e-6)


@exercise
def softmax_temperature(soften: Any) -> None:
    """Right: dividing by T before the softmax flattens when T is large."""
    result = soften(_LOGITS, 4.0)
    if _same(result, softmax(_LOGITS * 4.0, axis=-1)):
        raise Mistake("Your distribution gets sharper as T grows: divide by T, do not multiply.")
    if _same(result, softmax(_LOGITS / 4.0)) or _same(result, softmax(_LOGITS / 4.0, axis=0)):
        raise Mistake("The softmax runs over the wrong axis: each row must sum to one.")
    if _same(result, softmax(_LOGITS, axis=-1) / 4.0):
        raise Mistake("You divided the probabilities; divide the scores, then take softmax.")
    if not _same(result, softmax(_LOGITS / 4.0, axis=-1)):
        raise Mistake("The values are not softmax(logits / T) over the last axis.")
    with np.errstate(over="ignore", invalid="ignore"):
        large = soften(np.array([1000.0, 999.0]), 0.5)
    if not _same(large, softmax(np.array([2000.0, 1998.0]))):
        raise Mistake("Scores of a thousand overflow: subtract the maximum before exp.")


@exercise
def softmax_two_classes(probability_of_second: Any) -> None:
    """Right: softmax over two classes is the sigmoid of the difference."""
    pairs = _LOGITS[:, :2]
    result = probability_of_second(pairs)
    expected = softmax(pairs, axis=1)
    if _same(result, expected[:, 0]):
        raise Mistake("That is the probability of the first class: the difference is z₂ − z₁.")
    if _same(result, 1 / (1 + np.exp(-pairs[:, 1]))):
        raise Mistake("You used the second score alone; only the difference of the two counts.")
    if not _same(result, expected[:, 1]):
        raise Mistake("The values differ from the softmax of the two logits.")
    with np.errstate(over="ignore", invalid="ignore"):
        large = probability_of_second(np.array([[1000.0, 0.0], [0.0, 1000.0]]))
    if not _same(large, [0, 1]):
        raise Mistake("Large scores overflow: use expit on the difference.")


@exercise
def softmax_batch_gradient(batch_gradient: Any) -> None:
    """Right: (p − y) / N, because the loss is a mean over the N rows."""
    result = batch_gradient(_LOGITS, _TARGETS)
    expected = (softmax(_LOGITS, axis=1) - np.eye(4)[_TARGETS]) / len(_TARGETS)
    if _same(result, expected * len(_TARGETS)):
        raise Mistake("That is the gradient of the sum: the mean has a factor 1/N in front.")
    if _same(result, -expected):
        raise Mistake("The sign is reversed: forecast minus fact, p − y.")
    if _same(result, expected * len(_TARGETS) / _LOGITS.size):
        raise Mistake("You divided by N·V; the mean runs over the N rows only.")
    if not _same(result, expected):
        raise Mistake("The values differ from (p − y) / N.")


@exercise
def softmax_masked(masked_cross_entropy: Any) -> None:
    """Right: padding is left out of the sum and of the count."""
    logits = np.vstack([_LOGITS, _LOGITS])
    targets = np.array([1, 2, 3, 0, 0, 0])
    surprise = -log_softmax(logits, axis=1)[np.arange(6), targets]
    result = masked_cross_entropy(logits, targets, 0)
    if _same(result, surprise.mean()):
        raise Mistake("Padding still counts as a target: its surprise is in your sum.")
    if _same(result, surprise[:3].sum() / 6):
        raise Mistake("You divide by all positions: divide by the number of real targets.")
    if _same(result, surprise[:3].sum()):
        raise Mistake("That is the sum; the loss is the mean over the real targets.")
    if not _same(result, surprise[:3].mean()):
        raise Mistake("The value differs from the mean surprise of the real targets.")
    scattered = np.array([2, 0, 1, 2, 3, 0])
    surprise = -log_softmax(logits, axis=1)[np.arange(6), scattered]
    if not _same(masked_cross_entropy(logits, scattered, 2), surprise[scattered != 2].mean()):
        raise Mistake("Padding may be any id and stand anywhere: compare the targets with pad.")


def _conditional(prefix: tuple[str, ...], symbol: str) -> float:
    """A toy model in which each symbol depends on the whole prefix."""
    return 1 / (2 + len(prefix) + (symbol == "b") + 3 * prefix.count("b"))


@exercise
def chain_rule_log_probability(log_probability: Any) -> None:
    """Right: one logarithm for each symbol, the first included."""
    text = "abba"
    terms = [math.log(_conditional(tuple(text[:t]), text[t])) for t in range(len(text))]
    result = log_probability(text, _conditional)
    if _same(result, sum(terms[1:])):
        raise Mistake(
            "The first symbol has no factor: its prefix is empty, but it must be guessed."
        )
    if _same(result, sum(terms[:-1])):
        raise Mistake("The last symbol has no factor: the product ends at T, not at T − 1.")
    if _same(result, math.exp(sum(terms))):
        raise Mistake("That is the probability; return its logarithm, by adding logarithms.")
    if _same(result, -sum(terms)):
        raise Mistake("The sign is reversed: a log-probability is never positive.")
    if not _same(result, sum(terms)):
        raise Mistake("The value differs from the sum of log P(symbol | prefix).")
    if np.isneginf(log_probability("a" * 300, lambda prefix, symbol: 1e-3)):
        raise Mistake("A long text underflows: add logarithms instead of multiplying.")


@exercise
def chain_rule_parameters(free_parameters: Any) -> None:
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
def chain_rule_pairs(pair_probabilities: Any) -> None:
    """Right: counts of pairs over how often the first of them was followed by something."""
    text, symbols = "abracadabra", "abcdrx"
    counts = np.zeros((6, 6))
    for a, b in itertools.pairwise(text):
        counts[symbols.index(a), symbols.index(b)] += 1
    occurrences = np.array([max(text.count(symbol), 1) for symbol in symbols])
    result = pair_probabilities(text, symbols)
    if not np.all(np.isfinite(result)):
        raise Mistake("A symbol that nothing follows divides by zero: give it a row of zeros.")
    if _same(result, counts / occurrences[:, None]):
        raise Mistake("You divide by how often a occurs; its last occurrence is not followed.")
    if _same(result, counts / counts.sum()):
        raise Mistake(
            "That is the joint probability of the pair: divide each row by its own total."
        )
    expected = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    if _same(result, expected.T):
        raise Mistake("Rows and columns are exchanged: the row is the first of the two.")
    if not _same(result, expected):
        raise Mistake("The values differ from c(a, b) / c(a followed by anything).")


@exercise
def chain_rule_wall(wall: Any) -> None:
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
