"""Exercise checkers of transformer/block."""

from __future__ import annotations

from typing import Any

from lmcourse.exercises.checking import Mistake, exercise


@exercise
def on_paper(on_paper: Any) -> None:
    """Right: both numbers."""
    answer = tuple(on_paper())
    if len(answer) != 2:
        raise Mistake("Return two numbers: the parameters, and the length.")
    parameters, length = answer
    if parameters == 2_491_392:
        raise Mistake("(a): a gated layer has three matrices, not two.")
    if parameters == 3_211_264:
        raise Mistake("(a): you left out the norms, one number a place each.")
    if parameters == 3_213_312:
        raise Mistake("(a): an RMS norm has a scale and no shift.")
    if parameters != 3_212_288:
        raise Mistake("(a): four matrices C × C, three C × H, and two norms of C.")
    if length == 3_136:
        raise Mistake("(b): at 3136 the two cost the same; they cost more from the next length on.")
    if length in (2_113, 2_112):
        raise Mistake("(b): that is the feed-forward layer alone; attention has matrices, too.")
    if length in (2_432, 2_433):
        raise Mistake("(b): the gated layer has three matrices.")
    if length in (6_272, 6_273):
        raise Mistake("(b): a position is compared with T keys and averages T values: 2TC.")
    if length != 3_137:
        raise Mistake("(b): 2TC > 4C² + 3CH, divided by 2C.")


@exercise
def next_flops(next_flops: Any) -> None:
    """Right: one position through the matrices, one row of scores and averages."""
    for T, C, n, V in ((0, 4, 1, 7), (5, 8, 3, 11), (100, 16, 2, 96)):
        answer = next_flops(T, C, n, V)
        matrices, row = 12 * C**2, 2 * (T + 1) * C
        right = 2 * (n * (matrices + row) + V * C)
        known = {
            2 * (n * (matrices + 2 * T * C) + V * C): "It attends to itself, too: T + 1 keys.",
            n * (matrices + row) + V * C: "A multiplication and an addition are two FLOP.",
            2 * n * (matrices + row): "The head of V symbols is missing.",
            2 * (n * (matrices + row) + n * V * C): "There is one head, not one a block.",
            2 * (matrices + row + V * C): "There are n blocks.",
            2 * (T + 1) * (n * (matrices + row) + V * C): (
                "That is the whole text again; only one position goes through the matrices."
            ),
            2 * (n * (matrices + row / 2) + V * C): (
                "The query is compared with T + 1 keys, and as many values are averaged: twice."
            ),
        }
        if answer == right:
            continue
        if answer in known:
            raise Mistake(known[answer])
        raise Mistake(f"For T={T}, C={C}, n={n}, V={V} it should be {right}, not {answer}.")


@exercise
def rescue(rescue: Any) -> None:
    """Right: with small last matrices at the start post-norm learns, at this depth and rate."""
    answer = list(rescue())
    if len(answer) != 2:
        raise Mistake("Return two numbers: bits without, bits with the smaller matrices.")
    without, smaller = answer
    if max(answer) < 3.3:
        raise Mistake("That looks like nats: divide by ln 2 for bits.")
    if without < smaller:
        raise Mistake("The smaller matrices came out worse? The first number is the one without.")
    if without < 4.35:
        raise Mistake("Without them it stays at the line here: is the gain √3, the depth 12?")
    if smaller > 4.2:
        raise Mistake("It still learns next to nothing: did you scale both parts, in every block?")
