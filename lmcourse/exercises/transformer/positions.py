"""Exercise checkers of transformer/positions."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from lmcourse.exercises.checking import Mistake, exercise, same
from lmcourse.models.positions import rotate


@exercise
def quarters(quarter_turns: Any) -> None:
    """Right: the distance decides, and four quarter turns are none."""
    result = [float(number) for number in quarter_turns()]
    if len(result) != 3:
        raise Mistake("Return three numbers: two scores and a distance.")
    near, far, distance = result
    if near == -7:
        raise Mistake("The first has the wrong direction: (a, b) becomes (-b, a), not (b, -a).")
    if near == 6:
        raise Mistake("The first is the product without any turn: they stand one place apart.")
    if near != 7:
        raise Mistake("First: turn the query twice and the key once, then multiply.")
    if far == 6:
        raise Mistake(
            "The second is the product at distance zero, but the two are half a turn apart."
        )
    if far != -6:
        raise Mistake("Second: only the distance of two counts, and half a turn changes all signs.")
    if distance == 2:
        raise Mistake("Half a turn changes the sign of the score: that is not the same score.")
    if distance != 4:
        raise Mistake("Third: how many quarter turns bring an arrow back to where it was?")


@exercise
def reach(distances: Any) -> None:
    """Right: the weight falls by a factor of e in every 1/slope steps."""
    result = [float(number) for number in distances()]
    if len(result) != 2:
        raise Mistake("Return two distances: for the slope 1/4 and for 1/256.")
    if result == [18, 1178]:
        raise Mistake("There the weight is still above a hundredth: one step more.")
    if result in ([8, 512], [9, 513]):
        raise Mistake("That is the logarithm to the base ten: the softmax raises e.")
    if result in ([27, 1701], [26, 1700]):
        raise Mistake("That is the logarithm to the base two: the softmax raises e.")
    if result in ([1, 1], [2, 2]):
        raise Mistake("You multiplied by the slope: divide by it.")
    if result in ([400, 25600], [396, 25344]):
        raise Mistake("The fine is subtracted from the score, and the softmax raises e to it.")
    if result != [19, 1179]:
        raise Mistake("Solve e^(-slope · distance) < 1/100 for the smallest whole distance.")


def _neighbours(x: Tensor, start: int) -> Tensor:
    """Formula (3) number by number, pairs 2i and 2i + 1."""
    turned, d = x.clone(), x.shape[-1]
    for t in range(x.shape[-2]):
        for i in range(d // 2):
            angle = (start + t) * 10_000 ** (-2 * i / d)
            a, b = x[..., t, 2 * i], x[..., t, 2 * i + 1]
            turned[..., t, 2 * i] = a * math.cos(angle) - b * math.sin(angle)
            turned[..., t, 2 * i + 1] = b * math.cos(angle) + a * math.sin(angle)
    return turned


@exercise
def neighbours(rotate_neighbours: Any) -> None:
    """Right: the same turns, of other pairs."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 5, 6, generator=generator, dtype=torch.float64)
    for start in (0, 3):
        result, expected = rotate_neighbours(x, start), _neighbours(x, start)
        if same(result, expected):
            continue
        if same(result, rotate(x, start)):
            raise Mistake("Those are the pairs i and i + d/2: pair number 2i with number 2i + 1.")
        if same(result, x):
            raise Mistake("Nothing is turned.")
        if start and same(result, _neighbours(x, 0)):
            raise Mistake("The first row stands at place start, not at 0.")
        back = _neighbours(x.flip(-1), start).flip(-1)
        halves = torch.cat([expected[..., 0::2], expected[..., 1::2]], dim=-1)
        if same(result, halves):
            raise Mistake("The turns are right: put the numbers back where they came from.")
        if same(result, back):
            raise Mistake("The turns go the wrong way, or the speeds run from the last pair on.")
        raise Mistake("Turn the pair of the numbers 2i and 2i + 1 by place · 10000^(-2i/d).")


@exercise
def window(with_a_window: Any) -> None:
    """Right: what is too far away is hidden, and the harm is gone."""
    result = [float(number) for number in with_a_window()]
    if len(result) != 3 or not all(1 < number < 6 for number in result):
        raise Mistake("Return three numbers in bits per character, beyond the trained length.")
    whole, windowed, pieces = result
    if abs(whole - windowed) < 0.02:
        raise Mistake("The window changes nothing: is its mask really added to the scores?")
    if windowed > whole:
        raise Mistake("With the window it is worse: hide what is 64 or more steps back, no more.")
    if windowed > pieces + 0.1:
        raise Mistake("Some of what is too far is still seen: hide it in both blocks.")
    if pieces > whole - 0.1:
        raise Mistake("In pieces a character is predicted from places 0 to 63: see `readings`.")
