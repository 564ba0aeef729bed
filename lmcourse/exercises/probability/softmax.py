"""Exercise checkers of probability/softmax."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax

from lmcourse.exercises.checking import Mistake, exercise, same

_LOGITS = np.array([[2.0, 1.0, 0.5, -1.5], [0.3, -0.2, 4.0, 0.0], [-1.0, 2.0, 0.0, 0.5]])
_TARGETS = np.array([1, 2, 3])


@exercise
def temperature(soften: Any) -> None:
    """Right: dividing by T before the softmax flattens when T is large."""
    result = soften(_LOGITS, 4.0)
    if same(result, softmax(_LOGITS * 4.0, axis=-1)):
        raise Mistake("Your distribution gets sharper as T grows: divide by T, do not multiply.")
    if same(result, softmax(_LOGITS / 4.0)) or same(result, softmax(_LOGITS / 4.0, axis=0)):
        raise Mistake("The softmax runs over the wrong axis: each row must sum to one.")
    if same(result, softmax(_LOGITS, axis=-1) / 4.0):
        raise Mistake("You divided the probabilities; divide the scores, then take softmax.")
    if not same(result, softmax(_LOGITS / 4.0, axis=-1)):
        raise Mistake("The values are not softmax(logits / T) over the last axis.")
    with np.errstate(over="ignore", invalid="ignore"):
        large = soften(np.array([1000.0, 999.0]), 0.5)
    if not same(large, softmax(np.array([2000.0, 1998.0]))):
        raise Mistake("Scores of a thousand overflow: subtract the maximum before exp.")


@exercise
def two_classes(probability_of_second: Any) -> None:
    """Right: softmax over two classes is the sigmoid of the difference."""
    pairs = _LOGITS[:, :2]
    result = probability_of_second(pairs)
    expected = softmax(pairs, axis=1)
    if same(result, expected[:, 0]):
        raise Mistake("That is the probability of the first class: the difference is z₂ − z₁.")
    if same(result, 1 / (1 + np.exp(-pairs[:, 1]))):
        raise Mistake("You used the second score alone; only the difference of the two counts.")
    if not same(result, expected[:, 1]):
        raise Mistake("The values differ from the softmax of the two logits.")
    with np.errstate(over="ignore", invalid="ignore"):
        large = probability_of_second(np.array([[1000.0, 0.0], [0.0, 1000.0]]))
    if not same(large, [0, 1]):
        raise Mistake("Large scores overflow: use expit on the difference.")


@exercise
def batch_gradient(batch_gradient: Any) -> None:
    """Right: (p − y) / N, because the loss is a mean over the N rows."""
    result = batch_gradient(_LOGITS, _TARGETS)
    expected = (softmax(_LOGITS, axis=1) - np.eye(4)[_TARGETS]) / len(_TARGETS)
    if same(result, expected * len(_TARGETS)):
        raise Mistake("That is the gradient of the sum: the mean has a factor 1/N in front.")
    if same(result, -expected):
        raise Mistake("The sign is reversed: forecast minus fact, p − y.")
    if same(result, expected * len(_TARGETS) / _LOGITS.size):
        raise Mistake("You divided by N·V; the mean runs over the N rows only.")
    if not same(result, expected):
        raise Mistake("The values differ from (p − y) / N.")


@exercise
def masked(masked_cross_entropy: Any) -> None:
    """Right: padding is left out of the sum and of the count."""
    logits = np.vstack([_LOGITS, _LOGITS])
    targets = np.array([1, 2, 3, 0, 0, 0])
    surprise = -log_softmax(logits, axis=1)[np.arange(6), targets]
    result = masked_cross_entropy(logits, targets, 0)
    if same(result, surprise.mean()):
        raise Mistake("Padding still counts as a target: its surprise is in your sum.")
    if same(result, surprise[:3].sum() / 6):
        raise Mistake("You divide by all positions: divide by the number of real targets.")
    if same(result, surprise[:3].sum()):
        raise Mistake("That is the sum; the loss is the mean over the real targets.")
    if not same(result, surprise[:3].mean()):
        raise Mistake("The value differs from the mean surprise of the real targets.")
    scattered = np.array([2, 0, 1, 2, 3, 0])
    surprise = -log_softmax(logits, axis=1)[np.arange(6), scattered]
    if not same(masked_cross_entropy(logits, scattered, 2), surprise[scattered != 2].mean()):
        raise Mistake("Padding may be any id and stand anywhere: compare the targets with pad.")
