"""Exercise checkers of neural/neural_ngram."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmcourse.exercises.checking import Mistake, exercise, same


@exercise
def on_paper(on_paper: Any) -> None:
    """Right: one letter more costs d·H numbers, and 3168 + 321·H passes 100,000 at H = 302."""
    result = np.asarray(on_paper(), dtype=float)
    if result.shape != (2,):
        raise Mistake("Two numbers: (a) how many hidden ones, (b) what one more letter costs.")
    hidden, letter = result
    if same(hidden, 301):
        raise Mistake("With 301 hidden numbers it is still below 100,000: round up.")
    if same(hidden, 343):
        raise Mistake("The window holds n − 1 letters: seven, not eight.")
    if same(hidden, 312):
        raise Mistake("The vectors of the V symbols are parameters too.")
    if not same(hidden, 302):
        raise Mistake("(a): collect what stands beside H in formula (2).")
    if same(letter, 32 * 96):
        raise Mistake("(b): a letter more makes W wider, not the table of vectors.")
    if not same(letter, 32 * 302):
        raise Mistake("(b): W gets d more columns; each has one number for every hidden one.")


@exercise
def windows(windows: Any) -> None:
    """Right: each window ends just before the symbol that it is to foretell."""
    row, n = [0, 7, 3, 9, 4, 0], 4
    right = np.array([[0, 0, 0], [0, 0, 7], [0, 7, 3], [7, 3, 9], [3, 9, 4]])
    result = np.asarray(windows(row, n))
    if result.ndim == 2 and result.shape[1] == n:
        raise Mistake("n counts the symbol that is foretold: a window holds n − 1.")
    if result.shape == (6, 3):
        raise Mistake("Nothing is foretold after the last symbol: one window too many.")
    if result.shape == (3, 3):
        raise Mistake("The first symbols have windows too, with zeros in front.")
    if same(result, right[:, ::-1]):
        raise Mistake("The latest symbol belongs at the end of the window.")
    if same(result, np.roll(right, -1, axis=0)) or same(
        result, [[0, 0, 7], [0, 7, 3], [7, 3, 9], [3, 9, 4], [9, 4, 0]]
    ):
        raise Mistake("The window holds the very symbol that it is to foretell.")
    if not same(result, right):
        raise Mistake("The windows of 0 7 3 9 4 0 for n = 4 begin 0 0 0, 0 0 7, 0 7 3.")
    if not same(windows([0, 5, 0], 2), [[0], [5]]):
        raise Mistake("For n = 2 each window is the one symbol before.")


@exercise
def without_hidden_layer(without_hidden_layer: Any) -> None:
    """Right: letters side by side that cannot work together lose about half a bit."""
    result = np.asarray(without_hidden_layer(), dtype=float)
    if result.shape != (2,):
        raise Mistake("Two numbers: bits without the hidden layer, and with it.")
    without, with_it = result
    if max(without, with_it) > 6.6:
        raise Mistake("More bits than a uniform guess: nats, or an untrained network?")
    if without < 2.5 and with_it < 2.2:
        raise Mistake("Both are too small for bits: are these nats?")
    if without < with_it:
        raise Mistake("The network without the hidden layer comes first.")
    if not (3.1 < without < 3.6 and 2.6 < with_it < 3.0):
        raise Mistake(
            "With the chapter's settings (rate 0.01, 300 steps) the two differ from that."
        )
