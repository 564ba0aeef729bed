"""Exercise checkers of neural/recurrent."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmcourse.exercises.checking import Mistake, exercise, same

_COUNTS = np.array([3, 2, 1])


@exercise
def percentages(percentages: Any) -> None:
    """Right: a hundred times the share."""
    result = percentages(_COUNTS)
    if same(result, _COUNTS / 6):
        raise Mistake("Those are the shares, which sum to one: percentages sum to a hundred.")
    if not same(result, 100 * _COUNTS / 6):
        raise Mistake("The values differ from the shares times a hundred.")


@exercise
def ratio(ratio: Any) -> None:
    """Right: the sum of all counts cancels."""
    result = ratio(_COUNTS, 0, 1)
    if same(result, 2 / 3):
        raise Mistake("Your quotient is upside down: word i stands above the line.")
    if not same(result, 3 / 2):
        raise Mistake("The value differs from the quotient of the two counts.")


@exercise
def smoothed(smoothed: Any) -> None:
    """Right: the sum grows by k for every word."""
    result = smoothed(_COUNTS, 2)
    if same(result, (_COUNTS + 2) / 6):
        raise Mistake("Your shares sum to more than one: divide by the sum of the new counts.")
    if not same(result, np.array([5, 4, 3]) / 12):
        raise Mistake("The values differ from the shares of the new counts.")
