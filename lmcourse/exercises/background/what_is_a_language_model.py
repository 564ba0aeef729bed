"""Exercise checkers of background/what_is_a_language_model."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax

from lmcourse.exercises.checking import Mistake, exercise, same

_LOGITS = np.array(
    [[2.0, 0.5, -1.0, 0.0], [0.3, 1.2, 0.1, -2.0], [-0.5, 0.4, 1.5, 0.2], [0.9, -0.7, 0.6, 2.2]]
)
_IDS = np.array([1, 3, 0, 2])
_CANDIDATES = [np.array([-2.0, -1.5]), np.array([-1.0, -0.9, -1.2]), np.array([-3.0, -0.2])]


@exercise
def bits(bits: Any) -> None:
    """Right: one half is one bit, and each halving adds one."""
    p = np.array([1.0, 0.5, 0.25, 0.001])
    result = bits(p)
    if same(result, -np.log(p)):
        raise Mistake("These are nats: the natural logarithm gives 0.69 for one half, log2 one.")
    if same(result, -np.log10(p)):
        raise Mistake("That is the logarithm to base ten; bits count halvings, log2.")
    if same(result, np.log2(p)):
        raise Mistake("The sign is reversed: a surprise is never negative.")
    if same(result, 1 - p):
        raise Mistake("1 − p never exceeds one, but surprise grows without bound as p shrinks.")
    if not same(result, -np.log2(p)):
        raise Mistake("The values are not −log2(p).")
    if not same(bits(0.25), 2.0):
        raise Mistake("It must also take a single number.")


@exercise
def next_token(log_p_of_next: Any) -> None:
    """Right: row t forecasts token t + 1, and nothing follows the last row."""
    log_p = log_softmax(_LOGITS, axis=1)
    result = np.asarray(log_p_of_next(log_p, _IDS), dtype=float)
    here = log_p[np.arange(4), _IDS]
    if same(result, here) or same(result, here[1:]) or same(result, here[:-1]):
        raise Mistake(
            "Row t has already seen token t: shift by one, it is the forecast of token t + 1."
        )
    if same(result, log_p[np.arange(1, 4), _IDS[:-1]]):
        raise Mistake("You shifted the wrong way: row t must not be asked about token t − 1.")
    if result.ndim == 2:
        raise Mistake("You took whole columns: pair each row with its one token, log_p[rows, ids].")
    expected = log_p[np.arange(3), _IDS[1:]]
    if same(result, np.exp(expected)):
        raise Mistake("These are probabilities: log_p already holds what is asked for.")
    if not same(result, expected):
        raise Mistake("The values are not log_p[t, ids[t + 1]] for t = 0 … T − 2.")


@exercise
def bits_per_character(bits_per_character: Any) -> None:
    """Right: the total surprise over the number of characters, however the text was cut."""
    tokens, surprises = ["The", " film", " was", " unw", "atch", "able"], [7.0, 6, 2, 12, 3, 1]
    result = bits_per_character(tokens, surprises)
    if same(result, 31 / 6):
        raise Mistake("You divide by the tokens: whoever cuts finer would look better.")
    if same(result, np.mean([s / len(t) for t, s in zip(tokens, surprises, strict=True)])):
        raise Mistake("A mean of ratios weighs short tokens too much: divide sum by sum.")
    if same(result, 31 / len("Thefilmwasunwatchable")):
        raise Mistake("Spaces are characters too, and the tokens contain them.")
    if same(result, 31.0):
        raise Mistake("That is the total; divide it by the number of characters.")
    if not same(result, 31 / len("The film was unwatchable")):
        raise Mistake("The value is not the sum of the surprises over the number of characters.")


@exercise
def gap(gap_probabilities: Any) -> None:
    """Right: whole sentences compete, and the largest is taken out before the exponential."""
    result = gap_probabilities(_CANDIDATES)
    totals = np.array([log_p.sum() for log_p in _CANDIDATES])
    if same(result, softmax([log_p.mean() for log_p in _CANDIDATES])):
        raise Mistake(
            "You averaged over tokens: the probability of a sentence is the product, so add."
        )
    if same(result, np.exp(totals)):
        raise Mistake("They do not sum to one: divide by the sum over the candidates.")
    if same(result, totals / totals.sum()):
        raise Mistake("You normalized logarithms: take the exponential first.")
    if not same(result, softmax(totals)):
        raise Mistake("The values are not exp(total) over the sum of exp(total).")
    with np.errstate(divide="ignore", invalid="ignore"):
        long = gap_probabilities([np.full(400, -4.0), np.full(400, -4.01)])
    if not same(long, softmax([-1600.0, -1604.0])):
        raise Mistake("A long text underflows to zero: subtract the largest total before exp.")
