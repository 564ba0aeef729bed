"""Exercise checkers of transformer/attention."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from lmcourse.exercises.checking import Mistake, exercise, same

Layer = Callable[[Tensor], Tensor]
LEAKS = {"B", "C", "E", "G"}


@exercise
def contexts(two_contexts: Any) -> None:
    """Right: parts of a sum over all words, then of a sum over the visible ones."""
    result = two_contexts()
    if not same(torch.zeros(2, 2), torch.zeros_like(torch.tensor(result, dtype=torch.float))):
        raise Mistake("Return two contexts of two numbers each: [[a, b], [c, d]].")
    whole, masked = result
    third = 1 / 3
    if same(whole, [48, 56]):
        raise Mistake("Divide by the sum of the parts: the weights must sum to one.")
    if same(whole, [16 * third, 16 * third]):
        raise Mistake("That is the plain mean: raise e to the scores and weight with the result.")
    scores = [8 * math.log(5), 8 * math.log(10)]
    if any(same(whole, [s / total for s in scores], 0.05) for total in (1, math.log(10))):
        raise Mistake("You weighted with the scores: raise e to them first.")
    if not same(whole, [6, 7], 0.01):
        raise Mistake("e to the scores is 1, 2 and 5: what share of their sum has each word?")
    if same(masked, [1, 2], 0.01):
        raise Mistake("That is a mask after the softmax: the third word still stands in the sum.")
    if same(masked, [4, 6], 0.01):
        raise Mistake("A score of zero still has a part, since e to the zero is 1.")
    if not same(masked, [8 / 3, 16 / 3], 0.01):
        raise Mistake("With the third word masked only the parts 1 and 2 are left, of a sum of 3.")


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


def suspects(seed: int = 0) -> dict[str, Layer]:
    """Seven layers, x [B, T, 16] to the same shape, all of which are said to be causal."""
    generator = torch.Generator().manual_seed(seed)
    W = torch.randn(3, 16, 16, generator=generator) / 4  # for query, key and value

    def attend(x: Tensor, mask: Tensor, *, late: bool = False, axis: int = -1) -> Tensor:
        query, key, value = x @ W[0], x @ W[1], x @ W[2]  # [B, T, 16] each
        scores = query @ key.mT / 4  # [B, T, T]
        if late:
            return scores.softmax(dim=axis) * mask @ value
        return scores.masked_fill(~mask, -math.inf).softmax(dim=axis) @ value

    def mixed_up(x: Tensor, mask: Tensor) -> Tensor:
        three = (x @ matrix for matrix in W)  # [B, T, 16] each
        query, key, value = (y.unflatten(-1, (2, 8)).transpose(1, 2) for y in three)
        scores = (query @ key.mT / math.sqrt(8)).masked_fill(~mask, -math.inf)  # [B, 2, T, T]
        return (scores.softmax(dim=-1) @ value).reshape(x.shape)  # no transpose

    def past(x: Tensor) -> Tensor:
        return torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).tril()  # [T, T]

    def normal(x: Tensor) -> Tensor:
        return torch.nn.functional.layer_norm(x, x.shape[-1:])

    return {
        "A": lambda x: attend(x, past(x)),
        "B": lambda x: x + attend(normal(x), past(x) | True),  # no mask, behind a norm
        "C": lambda x: attend(x, past(x), late=True),  # masked after the softmax
        "D": lambda x: x + attend(normal(x), past(x)),
        "E": lambda x: attend(x, past(x), axis=-2),  # softmax over the queries
        "F": lambda x: attend(x, past(x) ^ past(x).tril(-3)),  # a window of three words
        "G": lambda x: mixed_up(x, past(x)),  # heads joined without the transpose
    }


@exercise
def leaks(leaking: Any) -> None:
    """Right: a norm, a late mask, a wrong axis or a wrong join hides it; random poking does not."""
    named = {str(name) for name in leaking(suspects())}
    if named == {*"ABCDEFG"}:
        raise Mistake("A word may move its own and later outputs: look above the diagonal only.")
    if named == LEAKS - {"B"}:
        raise Mistake("B has no mask, but a norm: poke in a random direction, not with ones.")
    if named == {"B"}:
        raise Mistake("In C, E and G a hidden word moves the outputs of others: poke them too.")
    if named == {*"ADF"}:
        raise Mistake("Those are the layers that do not leak: name the others.")
    if named != LEAKS:
        missed, wrong = sorted(LEAKS - named), sorted(named - LEAKS)
        if missed:
            raise Mistake(
                f"{missed[0]} leaks too: poke each word, and look at all earlier outputs."
            )
        raise Mistake(f"{wrong[0]} does not leak: which earlier output did a later word move?")
    others = {name + "'": layer for name, layer in suspects(seed=1).items()}
    if {str(name) for name in leaking(others)} != {name + "'" for name in LEAKS}:
        raise Mistake("Right for these seven: now let your function find it out for any layers.")
