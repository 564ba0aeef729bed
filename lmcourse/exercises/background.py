"""Exercise checkers of the part *background*."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax

from lmcourse.exercises import Mistake, exercise

_LOGITS = np.array(
    [[2.0, 0.5, -1.0, 0.0], [0.3, 1.2, 0.1, -2.0], [-0.5, 0.4, 1.5, 0.2], [0.9, -0.7, 0.6, 2.2]]
)
_IDS = np.array([1, 3, 0, 2])
_CANDIDATES = [np.array([-2.0, -1.5]), np.array([-1.0, -0.9, -1.2]), np.array([-3.0, -0.2])]


def _same(a: Any, b: Any) -> bool:
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return a.shape == b.shape and np.allclose(a, b, atol=1e-6)


@exercise
def what_bits(bits: Any) -> None:
    """Right: one half is one bit, and each halving adds one."""
    p = np.array([1.0, 0.5, 0.25, 0.001])
    result = bits(p)
    if _same(result, -np.log(p)):
        raise Mistake("These are nats: the natural logarithm gives 0.69 for one half, log2 one.")
    if _same(result, -np.log10(p)):
        raise Mistake("That is the logarithm to base ten; bits count halvings, log2.")
    if _same(result, np.log2(p)):
        raise Mistake("The sign is reversed: a surprise is never negative.")
    if _same(result, 1 - p):
        raise Mistake("1 − p never exceeds one, but surprise grows without bound as p shrinks.")
    if not _same(result, -np.log2(p)):
        raise Mistake("The values are not −log2(p).")
    if not _same(bits(0.25), 2.0):
        raise Mistake("It must also take a single number.")


@exercise
def what_next_token(log_p_of_next: Any) -> None:
    """Right: row t forecasts token t + 1, and nothing follows the last row."""
    log_p = log_softmax(_LOGITS, axis=1)
    result = np.asarray(log_p_of_next(log_p, _IDS), dtype=float)
    here = log_p[np.arange(4), _IDS]
    if _same(result, here) or _same(result, here[1:]) or _same(result, here[:-1]):
        raise Mistake(
            "Row t has already seen token t: shift by one, it is the forecast of token t + 1."
        )
    if _same(result, log_p[np.arange(1, 4), _IDS[:-1]]):
        raise Mistake("You shifted the wrong way: row t must not be asked about token t − 1.")
    if result.ndim == 2:
        raise Mistake("You took whole columns: pair each row with its one token, log_p[rows, ids].")
    expected = log_p[np.arange(3), _IDS[1:]]
    if _same(result, np.exp(expected)):
        raise Mistake("These are probabilities: log_p already holds what is asked for.")
    if not _same(result, expected):
        raise Mistake("The values are not log_p[t, ids[t + 1]] for t = 0 … T − 2.")


@exercise
def what_bits_per_character(bits_per_character: Any) -> None:
    """Right: the total surprise over the number of characters, however the text was cut."""
    tokens, surprises = ["The", " film", " was", " unw", "atch", "able"], [7.0, 6, 2, 12, 3, 1]
    result = bits_per_character(tokens, surprises)
    if _same(result, 31 / 6):
        raise Mistake("You divide by the tokens: whoever cuts finer would look better.")
    if _same(result, np.mean([s / len(t) for t, s in zip(tokens, surprises, strict=True)])):
        raise Mistake("A mean of ratios weighs short tokens too much: divide sum by sum.")
    if _same(result, 31 / len("Thefilmwasunwatchable")):
        raise Mistake("Spaces are characters too, and the tokens contain them.")
    if _same(result, 31.0):
        raise Mistake("That is the total; divide it by the number of characters.")
    if not _same(result, 31 / len("The film was unwatchable")):
        raise Mistake("The value is not the sum of the surprises over the number of characters.")


@exercise
def what_gap(gap_probabilities: Any) -> None:
    """Right: whole sentences compete, and the largest is taken out before the exponential."""
    result = gap_probabilities(_CANDIDATES)
    totals = np.array([log_p.sum() for log_p in _CANDIDATES])
    if _same(result, softmax([log_p.mean() for log_p in _CANDIDATES])):
        raise Mistake(
            "You averaged over tokens: the probability of a sentence is the product, so add."
        )
    if _same(result, np.exp(totals)):
        raise Mistake("They do not sum to one: divide by the sum over the candidates.")
    if _same(result, totals / totals.sum()):
        raise Mistake("You normalized logarithms: take the exponential first.")
    if not _same(result, softmax(totals)):
        raise Mistake("The values are not exp(total) over the sum of exp(total).")
    with np.errstate(divide="ignore", invalid="ignore"):
        long = gap_probabilities([np.full(400, -4.0), np.full(400, -4.01)])
    if not _same(long, softmax([-1600.0, -1604.0])):
        raise Mistake("A long text underflows to zero: subtract the largest total before exp.")
