"""Exercise checkers of neural/recurrent."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lmcourse.exercises.checking import Mistake, exercise, same


@exercise
def on_paper(on_paper: Any) -> None:
    """Right: with gates that stay as they are, the cell is the card with u = f."""
    result = np.asarray(on_paper(), dtype=float)
    if result.shape != (3,):
        raise Mistake("Three numbers: the cell after steps 1 and 3, the RNN after step 3.")
    first, third, state = result
    if same(first, 1.0):
        raise Mistake("The first step writes the input gate times the candidate, not all of it.")
    if same(first, 0.45):
        raise Mistake("At the first step the forget gate multiplies the old cell, which is 0.")
    if not same(first, 0.5):
        raise Mistake("After the first step: 0.9 times 0, plus 0.5 times 1.")
    if same(third, 0.5 * 0.9**3):
        raise Mistake("From step 1 to step 3 there are two steps, so two factors.")
    if same(third, math.tanh(0.405)):
        raise Mistake("That is the state h: the cell itself goes through no tanh.")
    if not same(third, 0.405):
        raise Mistake("After the third step: 0.5, twice multiplied by the forget gate.")
    if not same(state, 0.405):
        raise Mistake("The RNN: 0.5 after the first step, then twice multiplied by 0.9.")


@exercise
def counter(counter: Any) -> None:
    """Right: a cell that keeps everything and adds 1 or -1 can count."""
    W, b = (np.asarray(part, dtype=float) for part in counter())
    if W.shape != (4, 3) or b.shape != (4,):
        raise Mistake(f"W is [4, 3] and b is [4], not {list(W.shape)} and {list(b.shape)}.")
    for text in ("(", "()", "aaaa", "(" + 60 * "a", "a(b(c)d", "((((a))"):
        found, expected = _cell(text, W, b), text.count("(") - text.count(")")
        if abs(found - expected) <= 0.1:
            continue
        if text == "(":
            raise Mistake(f"After one opening bracket the cell holds {found:.2f}, not 1.")
        if text == "()":
            raise Mistake(f"A closing bracket must take off 1; after () there is {found:.2f} left.")
        if text == "aaaa":
            raise Mistake(f"Other letters must add nothing; after four the cell holds {found:.2f}.")
        if len(text) > 60:
            raise Mistake(f"After 60 other letters only {found:.2f} is kept: open the forget gate.")
        raise Mistake(f"After {text} the cell holds {found:.2f}, not {expected}.")


def _cell(text: str, W: np.ndarray, b: np.ndarray) -> float:
    """The cell of an LSTM of one number after the text."""
    c = 0.0
    for letter in text:
        x = np.array([letter == "(", letter == ")", letter not in "()"], dtype=float)  # [3]
        i, f, g, _ = W @ x + b  # one number each
        c = c / (1 + math.exp(-f)) + math.tanh(g) / (1 + math.exp(-i))
    return c


@exercise
def near(near: Any) -> None:
    """Right: each longer window saves bits, and all beyond 16 letters less than a twentieth."""
    result = np.asarray(near(), dtype=float)
    if result.shape != (4,):
        raise Mistake("Four numbers: from the last 4, 8 and 16 letters, and from all.")
    four, eight, sixteen, whole = result
    if whole < 1.6:
        raise Mistake("These are nats: divide by ln 2.")
    if abs(four - whole) < 0.05:
        raise Mistake("The window makes no difference: does each start with an empty state?")
    if (np.diff(result) > 0).all():
        raise Mistake("The other way round: 4 letters first, all of them last.")
    if eight - whole > 0.4:
        raise Mistake(
            "That is too much for 8 letters: did you average over all places of a window? "
            "Only its last letter has seen all 8."
        )
    if not four > eight > sixteen > whole:
        raise Mistake(
            "More letters must cost fewer bits here: are the targets those after each window?"
        )
    if sixteen - whole > 0.05:
        raise Mistake(
            "Sixteen letters cost too much: do all four numbers speak of the same letters?"
        )
