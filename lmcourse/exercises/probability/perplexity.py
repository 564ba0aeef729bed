"""Exercise checkers of probability/perplexity."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from lmcourse.exercises.checking import Mistake, exercise, same

# Pieces a, b and ab; row: the piece before, 0 the boundary. The cuts of a text differ in cost.
_NUMBER = {"a": 1, "b": 2, "ab": 3}
_P = np.array(
    [[0.05, 0.5, 0.15, 0.3], [0.2, 0.3, 0.4, 0.1], [0.6, 0.2, 0.1, 0.1], [0.5, 0.2, 0.2, 0.1]]
)
_CUTS = {"aab": ([1, 1, 2], [1, 3]), "ab": ([1, 2], [3]), "b": ([2],)}


def _bits(ids: list[int], *, end: bool = True) -> float:
    path = [0, *ids, 0] if end else [0, *ids]
    return -float(sum(np.log2(_P[a, b]) for a, b in pairwise(path)))


@exercise
def on_paper(on_paper: Any) -> None:
    """Right: six bits, a choice of four, one bit per character."""
    bits, perplexity, per_character = on_paper()
    if same(bits, 6 * np.log(2), 1e-3):
        raise Mistake("That is in nats: the surprise in bits is -log2 of the probability.")
    if not same(bits, 6):
        raise Mistake("The three surprises are 2, 3 and 1 bits: add them.")
    if same(perplexity, 2):
        raise Mistake("That is the bits per piece; the perplexity is two to that power.")
    if same(perplexity, 14 / 3, 0.01):
        raise Mistake("You averaged 4, 8 and 2: average the bits, then raise two to them.")
    if same(perplexity, 8):
        raise Mistake("The end mark is predicted as well: divide by three pieces.")
    if not same(perplexity, 4):
        raise Mistake("The perplexity is 2 to the power of bits over predictions.")
    if same(per_character, 6 / 5):
        raise Mistake("The end mark counts as a character: divide by six.")
    if not same(per_character, 1):
        raise Mistake("Bits per character: all bits over the characters and the end mark.")


@exercise
def best_cut(bits_of_best_cut: Any) -> None:
    """Right: the largest probability among all cuts, end mark included."""
    log_p = np.log2(_P)
    for text, ways in _CUTS.items():
        result = bits_of_best_cut(text, _NUMBER, log_p)
        each = np.array([_bits(ids) for ids in ways])
        if same(result, each.min()):
            continue
        if same(result, -np.log2((2.0**-each).sum())):
            raise Mistake("That is the sum over all cuts: take the largest term, at the end too.")
        if same(result, -each.min()):
            raise Mistake("That is the logarithm of the probability: bits have a minus before it.")
        if same(result, min(_bits(ids, end=False) for ids in ways)):
            raise Mistake("The end mark is missing: after the last piece comes the boundary, 0.")
        if same(result, each.max()):
            raise Mistake("That is the worst cut: the likeliest has the fewest bits.")
        raise Mistake(f"For {text!r} the cuts have {each.round(3).tolist()} bits: which is least?")


@exercise
def held(held: Any) -> None:
    """Right: the share of intervals that hold the ratio of the whole world."""
    rng = np.random.default_rng(0)
    chars = rng.integers(5, 100, size=400).astype(float)
    bits = 2 * chars + 0.2 * chars * rng.normal(size=400)
    share = float(held(bits, chars, 60, 150, np.random.default_rng(1)))
    if 1 < share <= 150:
        raise Mistake("That is how many intervals hold the truth: divide by n_sets.")
    if share == 1:
        raise Mistake(
            "They all do: is your truth the ratio of the world, or of the drawn sentences?"
        )
    if share < 0.15:
        raise Mistake(
            "Hardly any does: draw bits and characters with the same numbers, and return hits."
        )
    if not same(share * 150, round(share * 150), 1e-4):
        raise Mistake("Of 150 sets the share is a whole number of hits over 150: divide by n_sets.")
    if not 0.85 < share < 0.99:
        raise Mistake(f"Of 60 sentences about 94 in a hundred should hold it, not {share:.0%}.")
    skewed = np.r_[np.full(200, 5.0), np.full(200, 100.0)]
    heavy = np.r_[np.full(200, 25.0), np.full(200, 100.0)] + rng.normal(size=400)
    if float(held(heavy, skewed, 60, 150, np.random.default_rng(1))) < 0.5:
        raise Mistake("The truth is all bits over all characters, not the mean of the ratios.")


@exercise
def worth(worth: Any) -> None:
    """Right: 500 / 1.4, the root of 1.4, and a thousand."""
    independent, factor, limit = worth()
    if same(independent, 500 / 1.5, 0.01):
        raise Mistake("A sentence has four companions in its review, not five.")
    if same(independent, 100):
        raise Mistake("That would be so if sentences of one review were all the same: use (6).")
    if not same(independent, 500 / 1.4, 0.005):
        raise Mistake("500 sentences with the design effect 1 + 4/10 are worth 500 over that.")
    if same(factor, 1.4, 0.001):
        raise Mistake("The variance grows by the design effect, the width by its root.")
    if not same(factor, np.sqrt(1.4), 0.001):
        raise Mistake("The width goes with the root of the variance.")
    if same(limit, 100):
        raise Mistake("With ρ below one, each review is worth more than one sentence.")
    if not same(limit, 1000, 0.1):
        raise Mistake("In 100 m / (1 + (m − 1) ρ) let m grow: what remains is 100 / ρ.")
