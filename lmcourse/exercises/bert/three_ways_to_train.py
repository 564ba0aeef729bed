"""Exercise checkers of bert/three_ways_to_train."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmcourse.exercises.checking import Mistake, exercise


@exercise
def last(last_weight: Any) -> None:
    """Right: five clipped steps are as long as their rates."""
    w = float(last_weight())
    if abs(w - 0.5) < 0.005:
        raise Mistake("The rate falls: the second step is made at four fifths of it.")
    if abs(w - 1.345) < 0.005:
        raise Mistake("Those are plain steps: Trainer clips the slope and lets the rate fall.")
    if abs(w - 0.955) < 0.005:
        raise Mistake("The slope is clipped to length one before each step.")
    if abs(w - 0.2) < 0.005:
        raise Mistake("That is after three of three steps; with five the rate falls more slowly.")
    if abs(w - 0.25) < 0.005:
        raise Mistake("The rate reaches zero after the last step, not in it.")
    if abs(w - 0.3) > 0.005:
        raise Mistake("Each step is as long as its rate: 0.1, then 0.08, and so on; add up five.")


@exercise
def stopped(stopped: Any) -> None:
    """Right: the best so far, and how long ago it was."""

    def found(losses: list[float], patience: int) -> tuple[int, ...]:
        return tuple(int(number) for number in stopped(losses, patience))

    if len(answer := found([3.0, 2.0, 2.5], 1)) != 2:
        raise Mistake("Return two numbers: epochs made, and the epoch restored.")
    if answer == (2, 1):
        raise Mistake("Count epochs from one.")
    if answer == (3, 3):
        raise Mistake("Restored are the weights of the best epoch, not those of the last.")
    if found([3.0, 2.0, 1.0], 2) != (3, 3):
        raise Mistake("When the loss falls to the end, all epochs are made and the last is best.")
    answer = found([3.0, 1.0, 2.0, 1.5, 0.5], 2)
    if answer == (5, 5):
        raise Mistake("Compare with the smallest loss so far, not with the epoch before.")
    if answer == (3, 2):
        raise Mistake("Patience is the number of epochs without a new smallest loss: wait for it.")
    if answer == (4, 5):
        raise Mistake("The best of the epochs that were made: later ones were never seen.")
    if answer != (4, 2):
        raise Mistake("With patience 2 and losses 3, 1, 2, 1.5, 0.5 it stops after epoch 4.")
    if found([1.0, 1.0, 1.0], 2) != (3, 1):
        raise Mistake("An equal loss is no new smallest one: the first of them stays the best.")


@exercise
def differences(differences: Any) -> None:
    """Right: the largest difference, the same epsilon on both sides."""
    usual, tiny = 1e-8, 1e-14
    hand = {usual: [0.7, 0.6, 0.5], tiny: [0.71, 0.61, 0.51]}
    gaps = {usual: [-0.004, 0.002, -0.0003], tiny: [2e-5, -1e-5, 0.0]}

    def by_hand(epsilon: float = usual) -> np.ndarray:
        return np.array(hand[epsilon])

    def by_keras(epsilon: float = usual) -> np.ndarray:
        return np.array(hand[epsilon]) - np.array(gaps[epsilon])

    answer = differences(by_hand, by_keras)
    if np.shape(answer) != (2,):
        raise Mistake("Return two numbers: with 1e-8, and with 1e-14.")
    first, second = (float(number) for number in answer)

    def near(a: float, b: float) -> bool:
        return abs(first - a) < 1e-9 and abs(second - b) < 1e-9

    if near(0.002, 2e-5) or near(0.004, 1e-5):
        raise Mistake("Take the absolute value of each difference, then the largest.")
    if near(0.0021, 1e-5):
        raise Mistake("That is the mean difference: the largest is asked for.")
    if near(2e-5, 0.004):
        raise Mistake("The order: first with 1e-8, then with 1e-14.")
    if near(0.004, 0.004):
        raise Mistake("Nothing changed: has the second epsilon reached both functions?")
    if abs(first - 0.004) < 1e-9 and second > 0.005:
        raise Mistake("Both functions need the same epsilon.")
    if not near(0.004, 2e-5):
        raise Mistake("For each epsilon: subtract the losses, take absolute values, the largest.")
