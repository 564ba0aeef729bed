"""Exercise checkers of appendix/popular_claims_examined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from lmcourse.exercises.checking import Mistake, exercise, same

Learner = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
GUILTY = {"C", "D", "F"}


@exercise
def two_weights(two_weights: Any) -> None:
    """Right: with L2 the sign turns; AdamW goes down and up by the same amount."""
    result = [float(number) for number in two_weights()]
    if len(result) != 2:
        raise Mistake("Return two numbers: Adam with L2, then AdamW.")
    if same(result, [2.00, 1.99]):
        raise Mistake("You have the two the other way round.")
    if same(result, [2.01, 2.00]):
        raise Mistake("With L2 the penalty joins the slope first: its sign turns.")
    if same(result, [1.995, 1.995]):
        raise Mistake("That is plain gradient descent: Adam divides the slope by its size.")
    if same(result, [1.99, 2.01]):
        raise Mistake(
            "AdamW shrinks the weight as well, by the learning rate times lambda times it."
        )
    if same(result, [1.99, 1.98]):
        raise Mistake("The slope is negative: for AdamW the step goes up.")
    if not same(result, [1.99, 2.00]):
        raise Mistake("Put w = 2, g = -0.5 into both sides of formula (2).")


def _batches() -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Batches of 4, 4 and 2 questions with 3, 1 and 2 right answers."""
    answers = [[0, 2, 1, 1], [1, 0, 0, 2], [2, 1]]
    labels = [[0, 2, 1, 2], [1, 1, 2, 0], [2, 1]]
    rows = zip(answers, labels, strict=True)
    return [(torch.eye(3)[a] * (1 + i), torch.tensor(b)) for i, (a, b) in enumerate(rows)]


@exercise
def share_right(share_right: Any) -> None:
    """Right: one answer a question, and each question counts once."""
    batches = _batches()
    result = float(share_right(batches))
    pairs = [((x.argmax(-1) == y), (x.argmax() == y)) for x, y in batches]
    if same(result, float(np.mean([b.float().mean() for _, b in pairs]))):
        raise Mistake("argmax() gives one number a batch: say along which dimension.")
    if same(result, float(torch.cat([b for _, b in pairs]).float().mean())):
        raise Mistake("argmax() still gives one number a batch: say along which dimension.")
    if same(result, float(np.mean([a.float().mean() for a, _ in pairs]))):
        raise Mistake("The mean of the batches' means gives small batches too much weight.")
    if same(result, float(pairs[-1][0].float().mean())):
        raise Mistake("Only the last batch is judged.")
    if same(result, float(pairs[0][0].float().mean())):
        raise Mistake("Only the first batch is judged: does your function return inside the loop?")
    if same(result, 60):
        raise Mistake("Return a share, not a percentage.")
    if same(result, 6):
        raise Mistake("That is the number of right answers: divide it by the questions.")
    if not same(result, 0.6):
        raise Mistake("Of ten questions six are answered rightly.")


def _counted(train: np.ndarray, labels: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Votes of the words: how often each stood under either label."""
    votes = Counter[int]()
    for row, label in zip(train, labels, strict=True):
        for word in row:
            votes[int(word)] += 1 if label else -1
    return np.array([sum(votes[int(word)] for word in row) > 0 for row in test])


def _overlap(train: np.ndarray, labels: np.ndarray, test: np.ndarray) -> np.ndarray:
    """The label of the training text that has most words in the same places."""
    equal = (test[:, None, :] == train[None, :, :]).sum(axis=2)  # [M, N]
    return labels[equal.argmax(axis=1)] == 1


def _nearest(train: np.ndarray, labels: np.ndarray, test: np.ndarray) -> np.ndarray:
    """The label of the training text whose ids are nearest."""
    distance = np.abs(test[:, None, :] - train[None, :, :]).sum(axis=2)  # [M, N]
    return labels[distance.argmin(axis=1)] == 1


def _mean_id(train: np.ndarray, labels: np.ndarray, test: np.ndarray) -> np.ndarray:
    """A threshold on the mean id."""
    return test.mean(axis=1) > train.mean()


def _repeats(train: np.ndarray, labels: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Whether a word stands twice."""
    return np.array([len(set(row.tolist())) < len(row) for row in test])


def _rare(train: np.ndarray, labels: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Votes as above, but only of the words whose ids are below 8."""
    return _counted(np.where(train < 8, train, -1), labels, np.where(test < 8, test, -1))


def learners() -> dict[str, Learner]:
    """Six programs: training ids [N, T], labels [N], test ids [M, T] to labels [M]."""
    return {
        "A": _counted,
        "B": _overlap,
        "C": _nearest,
        "D": _mean_id,
        "E": _repeats,
        "F": _rare,
    }


@exercise
def readers_of_numbers(readers_of_numbers: Any) -> None:
    """Right: distances, means and thresholds of ids change with their numbers."""
    named = {str(name) for name in readers_of_numbers(learners())}
    if named == {*"ABCDEF"}:
        raise Mistake("Rename the training texts and the test texts by the same renumbering.")
    if named == {"A", "B", "E"}:
        raise Mistake("Those are honest: name the others.")
    if missed := sorted(GUILTY - named):
        raise Mistake(f"{missed[0]} reads numbers too: try more renumberings and more texts.")
    if wrong := sorted(named - GUILTY):
        raise Mistake(f"{wrong[0]} gives the same answers under every numbering.")
    turned = dict(zip("ABCDEF", reversed(learners().values()), strict=True))
    if {str(name) for name in readers_of_numbers(turned)} != {"A", "C", "D"}:
        raise Mistake("Right for these six: now let your function find it out for any programs.")
