"""Exercise checkers of transformer/gpt."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from lmcourse.exercises.checking import Mistake, exercise, same


@exercise
def inputs_and_targets(inputs_and_targets: Any) -> None:
    """Right: each target stands one place after its input, and padding is no target."""
    rows = [[0, 5, 6, 7, 0], [0, 8, 0]]
    inputs, targets = inputs_and_targets(rows)
    if same(inputs, targets) or same(targets, [[0, 5, 6, 7], [0, 8, -100, -100]]):
        raise Mistake("Your targets are the inputs: the model would learn to copy. Shift by one.")
    if same(targets, [[5, 6, 7, 0], [8, 0, 0, 0]]):
        raise Mistake("Padding counts as a target: the short row must end in -100.")
    if np.shape(inputs) == (2, 5):
        raise Mistake("The last id of the longest row is read but predicts nothing: leave it out.")
    if same(inputs, [[0, 5, 6, 7], [0, 8, -100, -100]]):
        raise Mistake("-100 is no id that a model can read: fill up the inputs with 0.")
    if same(inputs, [[0, 5, 6, 7], [0, 8, 0, 0]]) and same(
        targets, [[5, 6, 7, 0], [8, 0, -100, -100]]
    ):
        return
    if same(targets, [[5, 6, 7, 0], [8, 0, -100, -100]]):
        raise Mistake("The targets are right; the inputs are the rows without their last id.")
    raise Mistake("The targets are the rows without their first id, filled up with -100.")


@exercise
def bits(bits: Any) -> None:
    """Right: all bits over all predicted symbols, closing marks included."""
    nats, lengths = np.array([30.0, 240.0, 90.0]), np.array([9, 119, 59])
    result, chars = bits(nats, lengths), lengths + 1
    if same(result, np.mean(nats / np.log(2) / chars)):
        raise Mistake("That is the mean of the sentences' ratios; divide the sums instead.")
    if same(result, nats.sum() / chars.sum()):
        raise Mistake("These are nats: divide by ln 2 for bits.")
    if same(result, nats.sum() * np.log(2) / chars.sum()):
        raise Mistake("You multiplied by ln 2; a nat is more than a bit, so divide.")
    if same(result, nats.sum() / np.log(2) / lengths.sum()):
        raise Mistake("The closing mark is predicted too: each sentence has one symbol more.")
    if not same(result, nats.sum() / np.log(2) / chars.sum()):
        raise Mistake("The value is not all bits divided by all predicted symbols.")


@exercise
def leaks(leaks: Any) -> None:
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
def widest(widest: Any) -> None:
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
