"""Exercise checkers of transformer/attention."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from lmcourse.exercises.checking import Mistake, exercise, same


@exercise
def divisor(score_divisor: Any) -> None:
    """Right: the standard deviation of the dot product is √d_k · std_query · std_key."""
    result = score_divisor(64, 0.5, 3.0)
    if same(result, 64 * 0.25 * 9):
        raise Mistake("That is the variance: what divides the scores is its square root.")
    if same(result, 8):
        raise Mistake("√d_k alone fits components of variance one; here they have others.")
    if same(result, 8 * 0.25 * 9):
        raise Mistake("You squared the standard deviations; only d_k stands under the root.")
    if same(result, 64 * 0.5 * 3):
        raise Mistake("d_k must stand under the root: variances add up, standard deviations not.")
    if not same(result, 8 * 0.5 * 3):
        raise Mistake("Take the square root of formula (2).")


@exercise
def batch_mask(batch_mask: Any) -> None:
    """Right: the causal triangle, and no column of padding."""
    result = batch_mask(torch.tensor([4, 2, 3]), 4)
    real = torch.arange(4) < torch.tensor([4, 2, 3])[:, None]  # [B, T]
    columns = real[:, None, None, :].expand(3, 1, 4, 4)  # [B, 1, T, T]
    past = torch.ones(4, 4, dtype=torch.bool).tril().expand(3, 1, 4, 4)  # [B, 1, T, T]
    if result.dtype != torch.bool:
        raise Mistake(f"The mask must be boolean, yours is {result.dtype}: combine with &.")
    if result.shape == (3, 4, 4) or result.shape == (3, 4):
        raise Mistake("The axis for the heads is missing: the shape must be [B, 1, T, T].")
    if result.shape != (3, 1, 4, 4):
        raise Mistake(f"The shape must be [B, 1, T, T], yours is {list(result.shape)}.")
    if torch.equal(result, ~(past & columns)):
        raise Mistake("Upside down: true must mean that a word may attend.")
    if torch.equal(result, columns):
        raise Mistake("Words still see the future: the causal triangle is missing.")
    if torch.equal(result, past):
        raise Mistake("Padding is still looked at: its columns must be false.")
    if torch.equal(result, past & real[:, None, :, None]):
        raise Mistake("You closed the rows of the padding; close its columns, which are looked at.")
    if torch.equal(result, past.mT & columns):
        raise Mistake("The triangle points the wrong way: rows look, columns are looked at.")
    if torch.equal(result, past.tril(-1) & columns):
        raise Mistake("A word may look at itself: the diagonal belongs to the triangle.")
    if not torch.equal(result, past & columns):
        raise Mistake("The mask differs from causal & real columns.")


@exercise
def window_pairs(window_pairs: Any) -> None:
    """Right: a band of T·w pairs, minus the corner over the beginning."""
    cases = [(5, 3), (7, 1), (6, 6), (100, 10)]
    results = [window_pairs(T, w) for T, w in cases]
    if same(results, [T * w for T, w in cases]):
        raise Mistake("The first words have fewer than w - 1 words before them: take off a corner.")
    if same(results, [T * w - w * (w + 1) // 2 for T, w in cases]):
        raise Mistake("The corner is one too wide: it has w - 1, w - 2, …, 1 pairs.")
    if same(results, [T * (w + 1) - w * (w + 1) // 2 for T, w in cases]):
        raise Mistake("The window counts the word itself: w - 1 words before it, not w.")
    if same(results, [T * (2 * w - 1) - w * (w - 1) for T, w in cases]):
        raise Mistake("Your window looks ahead as well; it must be causal.")
    if not same(results, [sum(min(t + 1, w) for t in range(T)) for T, w in cases]):
        raise Mistake("Draw the mask for T = 5, w = 3 and count: there are 12 pairs.")


@exercise
def streaming(streaming_attention: Any) -> None:
    """Right: one pass, two numbers and a vector to keep, and the same result."""
    rng = np.random.default_rng(0)
    query, keys, values = rng.normal(size=4), rng.normal(size=(9, 4)), rng.normal(size=(9, 3))
    keys = keys[np.argsort(keys @ query)]  # the largest score rises with every key
    scores = keys @ query

    def stream(keys: np.ndarray, step: int = 1) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        yield from zip(keys[::step], values[::step], strict=True)

    def reused(keys: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        key, value = np.empty(4), np.empty(3)
        for key[:], value[:] in zip(keys, values, strict=True):
            yield key, value  # the same two arrays each time: who keeps them keeps the last pair

    def expected(scores: np.ndarray) -> np.ndarray:
        weights = np.exp(scores - scores.max())
        return weights @ values / weights.sum()

    result = streaming_attention(query, stream(keys))
    if same(result, expected(scores)):
        raise Mistake("The division by √d_k is missing.")
    running = np.maximum.accumulate(scores / 2)
    stale = np.exp(scores / 2 - running)
    if same(result, stale @ values / stale.sum()):
        raise Mistake("When a larger score arrives, multiply both old sums by exp(old - new).")
    factors = np.exp(np.append(-math.inf, running[:-1]) - running)
    total, weighted = 0.0, np.zeros(3)
    for factor, weight, value in zip(factors, stale, values, strict=True):
        total, weighted = total * factor + weight, weighted + weight * value
    if same(result, weighted / total):
        raise Mistake(
            "You rescaled the sum of the exponentials; the sum of the values needs it too."
        )
    shifted = np.exp(scores / 2 - running[-1])
    if same(result, np.exp(scores / 2) @ values) or same(result, shifted @ values):
        raise Mistake("Divide by the sum of the exponentials at the end.")
    if not same(result, expected(scores / 2)):
        raise Mistake("The result differs from attention over all keys at once.")
    grow = 1000 / (scores.max() / 2)
    for step in (1, -1):
        with np.errstate(over="ignore", invalid="ignore"):
            try:
                large = streaming_attention(query, stream(keys * grow, step))
            except OverflowError:
                large = np.full(3, math.nan)
        if not same(large, expected(scores / 2 * grow)):
            raise Mistake("Scores of a thousand overflow: keep all relative to the largest so far.")
    if same(streaming_attention(query, reused(keys)), values[-1]):
        raise Mistake("You kept the keys and values: use each pair as it arrives and forget it.")
