"""Exercise checkers of bert/beyond_two_classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from lmcourse.exercises.checking import Mistake, exercise, same


@exercise
def always_blame(always_blame: Any) -> None:
    """Right: a class that is never named has an F1 of zero and counts like any other."""
    result = always_blame()
    if np.size(result) != 2:
        raise Mistake("Return two numbers: accuracy and macro-F1.")
    accuracy, macro = (float(number) for number in result)
    f1 = 96 / 148
    if same(macro, accuracy):
        raise Mistake("Macro-F1 is not the accuracy: work out the F1 of each class first.")
    if same(macro, f1, 1e-3):
        raise Mistake("That is the F1 of blame alone: the two other classes count too, as zero.")
    if same(macro, 0.48 / 3, 1e-3):
        raise Mistake("You averaged precision or accuracy: F1 is 2 TP over 2 TP + FP + FN.")
    if not (same(accuracy, 0.48, 1e-3) and same(macro, f1 / 3, 1e-3)):
        raise Mistake("The accuracy is the share of blame; macro-F1 is the mean of three F1.")


@exercise
def people_needed(people_needed: Any) -> None:
    """Right: half the error takes four times the people."""
    result = people_needed()
    if np.size(result) != 2:
        raise Mistake("Return two numbers: people for 1/4, and how many more for 1/8.")
    first, more = (float(number) for number in result)
    if first == 4:
        raise Mistake("The error is the square root of 1/n: with four people it is 1/2.")
    if (first, more) == (16, 64):
        raise Mistake("64 is how many there are in all; how many come to the first ones?")
    if (first, more) == (16, 16):
        raise Mistake("Twice the people do not halve the error: it falls with the square root.")
    if (first, more) != (16, 48):
        raise Mistake("Set the square root of 1/n equal to 1/4, then to 1/8.")


@exercise
def weighted(weighted_cross_entropy: Any) -> None:
    """Right: the weighted surprises are divided by the sum of their weights."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(6, 3, generator=generator)  # [B, K]
    labels, weights = torch.tensor([0, 2, 1, 0, 2, 2]), torch.tensor([1.0, 10.0, 0.5])
    surprise = F.cross_entropy(logits, labels, reduction="none")  # [B]
    result = weighted_cross_entropy(logits, labels, weights)
    if same(result, surprise.mean()):
        raise Mistake("The weights have no effect: look up the weight of each label.")
    if same(result, (weights[labels] * surprise).mean()):
        raise Mistake("You divide by B: then larger weights also mean a larger learning rate.")
    if same(result, (weights[labels] * surprise).sum()):
        raise Mistake("That is the sum; divide it by the sum of the weights of this batch.")
    if same(result, (weights[labels] * surprise).sum() / weights.sum()):
        raise Mistake("Divide by the weights of the batch's labels, not of the classes.")
    if not same(result, F.cross_entropy(logits, labels, weight=weights)):
        raise Mistake("The value differs from the weighted mean of the surprises.")


@exercise
def crowd(crowd: Any) -> None:
    """Right: the mean of k people against the mean of the people left."""
    rng = np.random.default_rng(0)
    table = rng.normal(size=(20_000, 1)) + rng.normal(size=(20_000, 8))  # truth + noise
    shuffled = np.random.default_rng(2).permuted(table, axis=1)
    k = 3
    result = float(crowd(list(table), k, np.random.default_rng(1)))

    def near(some: np.ndarray, rest: np.ndarray, power: int = 1) -> bool:
        """Whether the result is the correlation of these means, but for the draw of the people."""
        expected = np.corrcoef(some.mean(axis=1), rest.mean(axis=1))[0, 1] ** power
        return abs(result - expected) < 0.005

    some, rest = shuffled[:, :k], shuffled[:, k:]
    if near(some, table):
        raise Mistake("The k people are among the others as well: compare with the remaining ones.")
    if near(shuffled[:, :1], shuffled[:, 1:]):
        raise Mistake("You used one rating; take the mean of k.")
    if near(some, shuffled[:, k : k + 1]):
        raise Mistake("The other side is one rating; take the mean of all remaining ones.")
    if near(some, rest, power=2):
        raise Mistake("That is the square of the correlation.")
    if not near(some, rest):
        raise Mistake("The value differs from the correlation of the two means.")
