"""Exercise checkers of the part *transformer*."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from lmcourse.exercises import Mistake, exercise


def _same(a: Any, b: Any, tolerance: float = 1e-6) -> bool:
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return a.shape == b.shape and bool(np.allclose(a, b, atol=tolerance))


@exercise
def attention_divisor(score_divisor: Any) -> None:
    """Right: the standard deviation of the dot product is √d_k · std_query · std_key."""
    result = score_divisor(64, 0.5, 3.0)
    if _same(result, 64 * 0.25 * 9):
        raise Mistake("That is the variance: what divides the scores is its square root.")
    if _same(result, 8):
        raise Mistake("√d_k alone fits components of variance one; here they have others.")
    if _same(result, 8 * 0.25 * 9):
        raise Mistake("You squared the standard deviations; only d_k stands under the root.")
    if _same(result, 64 * 0.5 * 3):
        raise Mistake("d_k must stand under the root: variances add up, standard deviations not.")
    if not _same(result, 8 * 0.5 * 3):
        raise Mistake("Take the square root of formula (2).")


@exercise
def attention_batch_mask(batch_mask: Any) -> None:
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
def attention_window_pairs(window_pairs: Any) -> None:
    """Right: a band of T·w pairs, minus the corner over the beginning."""
    cases = [(5, 3), (7, 1), (6, 6), (100, 10)]
    results = [window_pairs(T, w) for T, w in cases]
    if _same(results, [T * w for T, w in cases]):
        raise Mistake("The first words have fewer than w - 1 words before them: take off a corner.")
    if _same(results, [T * w - w * (w + 1) // 2 for T, w in cases]):
        raise Mistake("The corner is one too wide: it has w - 1, w - 2, …, 1 pairs.")
    if _same(results, [T * (w + 1) - w * (w + 1) // 2 for T, w in cases]):
        raise Mistake("The window counts the word itself: w - 1 words before it, not w.")
    if _same(results, [T * (2 * w - 1) - w * (w - 1) for T, w in cases]):
        raise Mistake("Your window looks ahead as well; it must be causal.")
    if not _same(results, [sum(min(t + 1, w) for t in range(T)) for T, w in cases]):
        raise Mistake("Draw the mask for T = 5, w = 3 and count: there are 12 pairs.")


@exercise
def attention_streaming(streaming_attention: Any) -> None:
    """Right: one pass, three numbers to keep, and the same result."""
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
    if _same(result, expected(scores)):
        raise Mistake("The division by √d_k is missing.")
    running = np.maximum.accumulate(scores / 2)
    stale = np.exp(scores / 2 - running)
    if _same(result, stale @ values / stale.sum()):
        raise Mistake("When a larger score arrives, multiply both old sums by exp(old - new).")
    factors = np.exp(np.append(-math.inf, running[:-1]) - running)
    total, weighted = 0.0, np.zeros(3)
    for factor, weight, value in zip(factors, stale, values, strict=True):
        total, weighted = total * factor + weight, weighted + weight * value
    if _same(result, weighted / total):
        raise Mistake(
            "You rescaled the sum of the exponentials; the sum of the values needs it too."
        )
    shifted = np.exp(scores / 2 - running[-1])
    if _same(result, np.exp(scores / 2) @ values) or _same(result, shifted @ values):
        raise Mistake("Divide by the sum of the exponentials at the end.")
    if not _same(result, expected(scores / 2)):
        raise Mistake("The result differs from attention over all keys at once.")
    grow = 1000 / (scores.max() / 2)
    for step in (1, -1):
        with np.errstate(over="ignore", invalid="ignore"):
            try:
                large = streaming_attention(query, stream(keys * grow, step))
            except OverflowError:
                large = np.full(3, math.nan)
        if not _same(large, expected(scores / 2 * grow)):
            raise Mistake("Scores of a thousand overflow: keep all relative to the largest so far.")
    if _same(streaming_attention(query, reused(keys)), values[-1]):
        raise Mistake("You kept the keys and values: use each pair as it arrives and forget it.")


@exercise
def gpt_inputs_and_targets(inputs_and_targets: Any) -> None:
    """Right: each target stands one place after its input, and padding is no target."""
    rows = [[0, 5, 6, 7, 0], [0, 8, 0]]
    inputs, targets = inputs_and_targets(rows)
    if _same(inputs, targets) or _same(targets, [[0, 5, 6, 7], [0, 8, -100, -100]]):
        raise Mistake("Your targets are the inputs: the model would learn to copy. Shift by one.")
    if _same(targets, [[5, 6, 7, 0], [8, 0, 0, 0]]):
        raise Mistake("Padding counts as a target: the short row must end in -100.")
    if np.shape(inputs) == (2, 5):
        raise Mistake("The last id of the longest row is read but predicts nothing: leave it out.")
    if _same(inputs, [[0, 5, 6, 7], [0, 8, -100, -100]]):
        raise Mistake("-100 is no id that a model can read: fill up the inputs with 0.")
    if _same(inputs, [[0, 5, 6, 7], [0, 8, 0, 0]]) and _same(
        targets, [[5, 6, 7, 0], [8, 0, -100, -100]]
    ):
        return
    if _same(targets, [[5, 6, 7, 0], [8, 0, -100, -100]]):
        raise Mistake("The targets are right; the inputs are the rows without their last id.")
    raise Mistake("The targets are the rows without their first id, filled up with -100.")


@exercise
def gpt_bits(bits: Any) -> None:
    """Right: all bits over all predicted symbols, closing marks included."""
    nats, lengths = np.array([30.0, 240.0, 90.0]), np.array([9, 119, 59])
    result, chars = bits(nats, lengths), lengths + 1
    if _same(result, np.mean(nats / np.log(2) / chars)):
        raise Mistake("That is the mean of the sentences' ratios; divide the sums instead.")
    if _same(result, nats.sum() / chars.sum()):
        raise Mistake("These are nats: divide by ln 2 for bits.")
    if _same(result, nats.sum() * np.log(2) / chars.sum()):
        raise Mistake("You multiplied by ln 2; a nat is more than a bit, so divide.")
    if _same(result, nats.sum() / np.log(2) / lengths.sum()):
        raise Mistake("The closing mark is predicted too: each sentence has one symbol more.")
    if not _same(result, nats.sum() / np.log(2) / chars.sum()):
        raise Mistake("The value is not all bits divided by all predicted symbols.")


@exercise
def gpt_leaks(leaks: Any) -> None:
    """Right: it finds each of the leaks and accuses no innocent model."""
    T = 10
    place = torch.arange(T)
    past = place[:, None] - place  # how far back, [T, T]

    def reader(visible: torch.Tensor) -> Any:
        weights = visible / (1.0 + past.abs())  # [T, T]
        table = torch.randn(96, 96, generator=torch.Generator().manual_seed(0))
        return lambda ids: weights @ table[ids]  # [1, T, 96]

    ids = torch.randint(96, (1, T), generator=torch.Generator().manual_seed(1))
    if leaks(reader(past >= 0), ids):
        raise Mistake(
            "You accuse a causal model: when letter s changes, predictions from s on may move, "
            "only those before s may not."
        )
    last_to_second = (past >= 0) | ((place == T - 1) & (place == 1)[:, None])
    bugs = {
        "sees everything": past <= T,
        "looks one letter ahead": past >= -1,
        "lets place 1 see the last letter only": last_to_second,
        "lets every place see letter 1": (past >= 0) | (place == 1),
    }
    for name, visible in bugs.items():
        if not leaks(reader(visible), ids):
            raise Mistake(f"You miss a model that {name}: change every place in turn.")


@exercise
def gpt_widest(widest: Any) -> None:
    """Right: the widest model that stays within the budget."""

    def size(width: int, n_layers: int) -> int:
        return 386 * width + n_layers * (12 * width**2 + 13 * width)

    budgets = [(1_000_000, 4), (size(96, 2), 2), (size(160, 4) - 1, 4), (124_000_000, 12)]
    for budget, n_layers in budgets:
        right = max(c for c in range(32, 4096, 32) if size(c, n_layers) <= budget)
        result = widest(budget, n_layers)
        if result % 32:
            raise Mistake(f"{result} is no multiple of 32, so the heads would not fit.")
        if result > right:
            raise Mistake(
                f"Width {result} with {n_layers} layers has {size(result, n_layers):,} parameters, "
                f"more than {budget:,}: count the embeddings and the biases, and round down."
            )
        if result < right:
            raise Mistake(f"Width {right} also fits into {budget:,} parameters; {result} is less.")
