"""Exercise checkers of transformer/training_at_scale."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmcourse.exercises.checking import Mistake, exercise, same


@exercise
def on_paper(on_paper: Any) -> None:
    """Right: 20 nats over 20 letters, and 4 over 3."""
    answer = [float(number) for number in on_paper()]
    if len(answer) != 2:
        raise Mistake("Return two numbers: the loss of the whole batch, and the mean of the means.")
    whole, means = answer
    if same(whole, 4 / 3, 0.01) and same(means, 1.0):
        raise Mistake("The other way round: first the loss of the whole batch.")
    if same(whole, 20 / 3, 0.01):
        raise Mistake("Divide by the number of letters, not of processes.")
    if not same(whole, 1.0):
        raise Mistake("The whole batch: all nats over all letters.")
    if same(means, 4.0):
        raise Mistake("That is the sum of the three means: divide by three.")
    if not same(means, 4 / 3, 0.01):
        raise Mistake("The means are 12/4, 6/12 and 2/4; take their mean.")


@exercise
def clipped(clipped: Any) -> None:
    """Right: sum, divide by all letters, clip once."""
    short = [np.array([1.0, 0.0]), np.array([0.0, 3.0])]
    found = clipped(short, [1, 3], 100.0)
    if same(found, np.array([0.5, 1.5])):
        raise Mistake("[1, 0] and [0, 3] over 4 letters: divide by letters, not by parts.")
    if same(found, np.array([1.0, 1.0])) or same(found, np.array([0.5, 0.5])):
        raise Mistake("Each part was divided by itself: sum first, divide once.")
    if same(found, np.array([25.0, 75.0]) * np.sqrt(1.6)):
        raise Mistake("Slopes shorter than `longest` stay as they are: the factor is 1 at most.")
    if not same(found, np.array([0.25, 0.75])):
        raise Mistake("[1, 0] and [0, 3] over 1 and 3 letters make [0.25, 0.75].")
    opposed = [np.array([30.0, 0.0]), np.array([-20.0, 0.0])]
    found = clipped(opposed, [1, 1], 3.0)
    if same(found, np.array([0.0, 0.0])):
        raise Mistake("30 and −20 were clipped before they were summed: clip once, at the end.")
    if same(found, np.array([1.5, 0.0])):
        raise Mistake("Divide by the letters before clipping: the length of L's slopes counts.")
    if not same(found, np.array([3.0, 0.0])):
        raise Mistake("30 and −20 over 2 letters make 5, and clipped to 3 make 3.")
    found = clipped([np.array([3.0, 4.0])], [1], 1.0)
    if same(found, np.array([1.0, 1.0])):
        raise Mistake("Shorten the whole row by one factor, not number by number.")
    if not same(found, np.array([0.6, 0.8])):
        raise Mistake("[3, 4] has the length 5; of length 1 it is [0.6, 0.8].")


@exercise
def two_numbers(two_numbers: Any) -> None:
    """Right: alone it never moves; with what was lost it arrives, to within its gap."""
    answer = [float(number) for number in two_numbers()]
    if len(answer) != 2:
        raise Mistake("Return two numbers: the end without `lost`, and with it.")
    alone, helped = answer
    if abs(alone - 1.5) < 0.1:
        raise Mistake("Without `lost` it arrives? Then that weight is not in bf16.")
    if not same(alone, 0.5):
        raise Mistake("Without `lost` every step is rounded away, from the first on.")
    if same(helped, 0.5):
        raise Mistake("`lost` must remember: add the step to it, and do not empty it.")
    if helped > 1.6:
        raise Mistake("Too far: subtract from `lost` what arrived, `new - weight`.")
    if abs(helped - 1.5) > 0.03:
        raise Mistake("A thousand steps of 0.001 from 0.5: it should come near 1.5.")
