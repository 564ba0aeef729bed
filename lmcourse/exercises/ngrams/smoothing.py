"""Exercise checkers of ngrams/smoothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmcourse.exercises.checking import Mistake, exercise, same

_COUNTS = np.array([4, 0, 1, 0, 3])
_SHORTER = np.array([0.1, 0.3, 0.2, 0.15, 0.25])


@exercise
def on_paper(on_paper: Any) -> None:
    """Right: a context that has surprised us often gives more away, by both methods."""
    result = np.asarray(on_paper(), dtype=float)
    if result.shape != (4,):
        raise Mistake("Four numbers: Witten–Bell same and eight, absolute discounting same, eight.")
    wb_same, wb_eight, same_symbol, eight = result
    if same(wb_same, 1 / 8) or same(wb_eight, 8 / 8):
        raise Mistake("Witten–Bell: the denominator is all counts plus the mass, not the counts.")
    if same(wb_same, 8 / 9) or same(wb_same, 8 / 16):
        raise Mistake("Witten–Bell: the mass counts different symbols, and here there is one.")
    if not same(wb_same, 1 / 9):
        raise Mistake("Witten–Bell, the same symbol eight times: mass 1, denominator 8 + 1.")
    if not same(wb_eight, 1 / 2):
        raise Mistake("Witten–Bell, eight different symbols: mass 8, denominator 8 + 8.")
    if same(same_symbol, 4 / 8):
        raise Mistake("Absolute: the discount is taken once from a count, not once an occurrence.")
    if same(same_symbol, 0.5 / 8.5) or same(eight, 4 / 12):
        raise Mistake("Absolute: what is kept and the mass add up to the eight that were counted.")
    if not same(same_symbol, 1 / 16):
        raise Mistake("Absolute, the same symbol: one count gives up a half, of eight in all.")
    if same(eight, 1 / 16):
        raise Mistake("Absolute, eight symbols: each of the eight counts gives up a half.")
    if not same(eight, 1 / 2):
        raise Mistake("Absolute, eight different symbols: eight halves, of eight in all.")


@exercise
def total(total: Any) -> None:
    """Right: seen symbols sum to one already, and the unseen come on top."""
    result = total(_COUNTS, _SHORTER)
    if np.shape(result) != ():
        raise Mistake("One number is wanted: the sum of the scores over all symbols.")
    if same(result, 1.0):
        raise Mistake("The sum is one: did you divide by it, or leave out what was never seen?")
    if same(result, 1.0 + _SHORTER[_COUNTS == 0].sum()):
        raise Mistake("The shorter context's score is multiplied by 0.4.")
    if same(result, 1.0 + 0.4 * _SHORTER.sum()):
        raise Mistake("That is interpolation: a seen symbol has c(h,w)/c(h) and no more.")
    if same(result, 0.6 + 0.4 * _SHORTER[_COUNTS == 0].sum()):
        raise Mistake("Nothing is taken from the seen symbols: their scores are c(h,w)/c(h).")
    if not same(result, 1.0 + 0.4 * _SHORTER[_COUNTS == 0].sum()):
        raise Mistake("The sum is that of c(h,w)/c(h) where seen, and 0.4 · shorter where not.")


@exercise
def best_orders(best_orders: Any) -> None:
    """Right: with less text Witten–Bell wants less context; Kneser–Ney does not, up to order 9."""
    result = np.asarray(best_orders(), dtype=float)
    if result.shape != (2,):
        raise Mistake("Two orders are wanted: Witten–Bell's, then Kneser–Ney's.")
    if same(result, np.array([9, 5])):
        raise Mistake("Witten–Bell's order comes first.")
    if same(result, np.array([6, 9])):
        raise Mistake("Witten–Bell: that is its best order with the whole training text.")
    if same(result, np.array([9, 9])):
        raise Mistake("Look for the smallest bits per character on validation, not on training.")
    if result[0] != 5:
        raise Mistake("Witten–Bell: another order is better on validation with every eighth row.")
    if result[1] in (6, 7, 8):
        raise Mistake("Kneser–Ney: the gains are small, but the next order is still better.")
    if result[1] != 9:
        raise Mistake("Kneser–Ney: another of the orders 1 to 9 is better on validation.")
