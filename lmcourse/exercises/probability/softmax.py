"""Exercise checkers of probability/softmax."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax

from lmcourse.exercises.checking import Mistake, exercise, same

_LOGITS = np.array([[2.0, 1.0, 0.5, -1.5], [0.3, -0.2, 4.0, 0.0], [-1.0, 2.0, 0.0, 0.5]])
_TARGETS = np.array([1, 2, 3])


@exercise
def on_paper(on_paper: Any) -> None:
    """Right: 5/8, two bits and 5/8."""
    third, bits, slope = on_paper()
    if same(third, np.log(5) / np.log(10)):
        raise Mistake("You divided the scores by their sum: take exponentials first.")
    if not same(third, 5 / 8):
        raise Mistake("The exponentials are 1, 2 and 5: what is the share of the third?")
    if same(bits, np.log(4)):
        raise Mistake("That is in nats: the surprise in bits is -log2 of the probability.")
    if not same(bits, 2):
        raise Mistake("The surprise at the second is -log2(2/8).")
    if same(slope, -5 / 8) or same(slope, 5 / 8 - 1):
        raise Mistake("The slope is p − y, and y is zero at the third: it did not come.")
    if not same(slope, 5 / 8):
        raise Mistake("The slope of the loss in the third score is p − y there.")


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
def windows(windows: Any) -> None:
    """Right: k blocks of 27 numbers, the oldest symbol first."""
    ids, places = np.array([3, 1, 4, 1, 5, 9, 2, 6]), np.array([3, 6, 7])
    one_hot = np.eye(27)
    expected = np.array([np.concatenate(one_hot[ids[n - 3 : n]]) for n in places])
    result = np.asarray(windows(ids, places, 3), dtype=float)
    if result.shape != expected.shape:
        raise Mistake(
            f"The shape should be (3, 81) for three places and k = 3, not {result.shape}."
        )
    blocks = expected.reshape(3, 3, 27)
    if same(result, blocks[:, ::-1].reshape(3, 81)):
        raise Mistake("The newest symbol comes first: put the oldest first.")
    late = [np.concatenate(one_hot[ids[n - 2 : n + 1]]) for n in places]
    if same(result, np.array(late)):
        raise Mistake("The symbol at the place itself is in the window: it is what is predicted.")
    if same(result, blocks.transpose(0, 2, 1).reshape(3, 81)):
        raise Mistake("The blocks are interleaved: 27 numbers for the oldest, then for the next.")
    if not same(result, expected):
        raise Mistake("The rows differ from the one-hot rows of the three symbols before.")


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
