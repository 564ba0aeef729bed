"""Exercise checkers of transformer/real_weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from lmcourse.exercises.checking import Mistake, exercise, same
from lmcourse.models.positions import rotate

SPOILED = 17
MISTAKES = {
    "other base",
    "no scale",
    "norms swapped",
    "transposed",
    "alphabetical",
    "other eps",
}


def spoil(model: Any) -> None:
    """Puts one mistake into a decoder of the chapter; its place is Exercise 3."""
    value = model.blocks[SPOILED].attention.value
    value.weight = nn.Parameter(value.weight.flip(0))  # the rows in reverse


@exercise
def cache_numbers(cache_numbers: Any) -> None:
    """Right: three heads for nine queries keep a third."""
    answer = [float(number) for number in cache_numbers()]
    if len(answer) != 2:
        raise Mistake("Return two numbers: with 3 heads of keys and values, and with 9.")
    shared, own = answer
    if shared > own:
        raise Mistake("The other way round: sharing saves. First with 3 heads, then with 9.")
    if same(shared, 30 * 3 * 64):
        raise Mistake("Keys and values: two vectors, not one.")
    if same(shared, 2 * 3 * 64):
        raise Mistake("That is one layer; there are 30.")
    if same(shared, 4 * 30 * 2 * 3 * 64):
        raise Mistake("Those are bytes in fp32; the question is how many numbers.")
    if not same(shared, 11520):
        raise Mistake("With 3 heads: 30 layers, 2 vectors, 3 heads, 64 numbers each.")
    if not same(own, 34560):
        raise Mistake("With 9 heads: each query head its own pair of vectors.")


@exercise
def unseen_at_first(unseen_at_first: Any) -> None:
    """Right: alone, a token gives itself the weight 1; and later layers come later."""
    answer = {str(name).replace("_", " ") for name in unseen_at_first()}
    if unknown := answer - MISTAKES:
        raise Mistake(f"{sorted(unknown)[0]!r} is not in the table of mistakes.")
    if "other eps" in answer or "norms swapped" in answer:
        raise Mistake("A norm looks at one position by itself: position 0 is no exception.")
    if "other base" not in answer:
        raise Mistake("Position 0 is turned by the angle 0, whatever the base.")
    if "no scale" not in answer:
        raise Mistake("A softmax over one score is 1, whatever the score.")
    if not {"transposed", "alphabetical"} <= answer:
        raise Mistake("The question is about layer 0: which mistakes sit in later layers only?")


@exercise
def found(found: Any) -> None:
    """Right: the first layer, and in it the first part."""
    answer = tuple(found())
    if len(answer) != 2:
        raise Mistake("Return two things: the number of the layer and the part.")
    layer, part = int(answer[0]), str(answer[1])
    if layer == SPOILED + 1:
        raise Mistake("Layers are counted from 0; and the first that differs counts.")
    if layer != SPOILED:
        raise Mistake("Not that layer: compare after each block, and take the first above 1e-4.")
    if "projection" in part:
        raise Mistake("There one sees what the mistake does: an earlier part differs already.")
    if not part.endswith("value"):
        raise Mistake("Not that part: its input differs already, or its output still agrees.")


@exercise
def to_halves(to_halves: Any) -> None:
    """Right: the scores between all positions are those of the other layout."""
    generator = torch.Generator().manual_seed(0)
    H, T, d, C = 2, 5, 6, 4
    query, key = torch.randn(2, H * d, C, generator=generator, dtype=torch.float64)
    x = torch.randn(T, C, generator=generator, dtype=torch.float64)
    turned = [torch.as_tensor(to_halves(w.clone(), H)) for w in (query, key)]
    if turned[0].shape != query.shape:
        raise Mistake(f"The shape must stay {[*query.shape]}, yours is {[*turned[0].shape]}.")
    if same(turned[0], query):
        raise Mistake("Nothing has moved.")
    if same(turned[0], torch.cat([query[::2], query[1::2]])):
        raise Mistake("Head by head: you have sorted the rows of all heads together.")
    if same(turned[0], query.unflatten(0, (H, 2, d // 2)).transpose(1, 2).flatten(0, 2)):
        raise Mistake("That is the way back, from halves to neighbours.")
    q, k = ((x @ w.T).unflatten(-1, (H, d)).transpose(0, 1) for w in turned)  # [H, T, d]
    got = rotate(q) @ rotate(k).transpose(1, 2)  # [H, T, T]
    a, b = ((x @ w.T).unflatten(-1, (H, d)).transpose(0, 1) for w in (query, key))
    wanted = _neighbours(a) @ _neighbours(b).transpose(1, 2)  # [H, T, T]
    if not same(got, wanted):
        raise Mistake("The scores differ: first the even rows of a head, then its odd ones.")


def _neighbours(x: torch.Tensor) -> torch.Tensor:
    """Turns the pairs (2i, 2i + 1) of x [H, T, d], as complex numbers."""
    _, T, d = x.shape
    angle = torch.arange(T)[:, None] * 10_000.0 ** (-torch.arange(0, d, 2) / d)  # [T, d/2]
    pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())  # [H, T, d/2]
    turned = pairs * torch.polar(torch.ones_like(angle), angle)
    return torch.view_as_real(turned).flatten(-2)
