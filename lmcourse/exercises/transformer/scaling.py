"""Exercise checkers of transformer/scaling."""

from __future__ import annotations

import math
from typing import Any

from lmcourse.exercises.checking import Mistake, exercise


@exercise
def pencil(three_points: Any) -> None:
    """Right: the gains are in equal ratio, and what lies above the floor is, too."""
    result = [float(number) for number in three_points()]
    if len(result) != 3:
        raise Mistake("Return three numbers: the bits of the fourth, the floor and alpha.")
    fourth, floor, alpha = result
    if abs(fourth - 2.25) < 0.005:
        raise Mistake("The fourth: the gain is not halved. Which part of 1.5 is 0.5?")
    if abs(fourth - 2) < 0.005:
        raise Mistake("The fourth: a gain of 0.5 would be that of the step before.")
    if abs(fourth - 7 / 3) > 0.01:
        raise Mistake("The fourth: the next gain is the same part of 0.5 as 0.5 is of 1.5.")
    if abs(floor - 7 / 3) < 0.005:
        raise Mistake("The floor: after the fourth there are more gains, each a third of the last.")
    if abs(floor - 2.25) > 0.01:
        raise Mistake("The floor: put 4.5, 3 and 2.5 into formula (2).")
    if abs(alpha + 0.5) < 0.01:
        raise Mistake("Alpha stands in (1) with a minus of its own: it is positive.")
    if abs(alpha - math.log(3) / math.log(4)) < 0.02:
        raise Mistake("Alpha: the models grow by nine, not by four.")
    if abs(alpha - 2) < 0.01:
        raise Mistake("Alpha is upside down: log 3 over log 9.")
    if abs(alpha - 0.5) > 0.01:
        raise Mistake("Alpha: nine times as much leaves a third above the floor.")


@exercise
def inverse(needed: Any) -> None:
    """Right: what lies above the floor decides, and below the floor nothing helps."""
    law = 1.0, 2.0, 0.5
    found = float(needed(law, 1.0, 1.1))
    if abs(found - 20**0.5) < 1e-6:
        raise Mistake("The exponent of the quotient is 1 / alpha, not alpha.")
    if abs(found - (2 / 1.1) ** 2) < 1e-6:
        raise Mistake("Take the floor off the target first.")
    if abs(found - (0.1 / 2) ** 2) < 1e-6:
        raise Mistake("Upside down: a target nearer to the floor needs more.")
    if abs(found - 400) > 1e-6:
        raise Mistake("With E = 1, A = 2, alpha = 1/2 and n_0 = 1, 1.1 bits need 400.")
    if abs(float(needed(law, 3.0, 1.1)) - 1200) > 1e-6:
        raise Mistake("The amount is counted in n_0: with three times the n_0 it is three times.")
    for target in (1.0, 0.9):
        try:
            below = needed(law, 1.0, target)
        except ZeroDivisionError:
            raise Mistake("At the floor you divide by zero: return infinity.") from None
        if isinstance(below, complex) or below != math.inf:
            raise Mistake("At the floor and below the answer is infinity (`math.inf`).")


@exercise
def doubling(last_doubling: Any) -> None:
    """Right: a small table is soon full; the larger one goes on learning."""
    result = [float(number) for number in last_doubling()]
    if len(result) != 2:
        raise Mistake("Return two gains: of order 3 and of order 7.")
    small, large = result
    if min(result) < 0 and max(result) < 0:
        raise Mistake("A gain is bits with half of the text minus bits with all of it.")
    if max(result) > 1:
        raise Mistake("That is too much for a gain: are those the bits themselves?")
    if small > large:
        raise Mistake("In the other order: first order 3, which gains less.")
    if not 0 < small < 0.03 or not 0.08 < large < 0.14:
        raise Mistake("Fit to drawn(1 / 2, 0) and drawn(1, 0), and score the validation rows.")
