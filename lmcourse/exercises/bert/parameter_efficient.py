"""Exercise checkers of bert/parameter_efficient."""

from __future__ import annotations

from typing import Any

import torch

from lmcourse.exercises.checking import Mistake, exercise, same


@exercise
def largest_rank(largest_rank: Any) -> None:
    """Right: from four fifths of the smaller side on, LoRA saves nothing here."""
    rank = float(largest_rank())
    if rank == 307:
        return
    if 307 < rank <= 308:
        raise Mistake("A rank is a whole number, and at 308 LoRA has more numbers than W.")
    if rank in (383, 384):
        raise Mistake("384 is the largest rank that W can have; count the numbers of A and B.")
    if rank in (153, 153.6, 154):
        raise Mistake("A has r rows of 384 and B has r columns of 1,536: each is counted once.")
    if rank in (191, 192):
        raise Mistake("That holds for a square matrix of 384; this one has 1,536 rows.")
    raise Mistake("Solve r · (384 + 1536) < 384 · 1536 for the largest whole r.")


@exercise
def moving(moving: Any) -> None:
    """Right: each is moved through the other, so one of them must not be zero."""
    cases = [(False, False), (False, True), (True, False), (True, True)]
    found = {}
    for zeros in cases:
        answer = moving(*zeros)
        if not isinstance(answer, tuple) or len(answer) != 2:
            raise Mistake("Return two truth values: whether A moves, and whether B does.")
        found[zeros] = tuple(bool(moves) for moves in answer)
    right = {(a, b): (not b, not a) for a, b in cases}
    if found == right:
        return
    if any(found[True, True]):
        raise Mistake("With both at zero the slope of each is a product with the other's zero.")
    if found == {(a, b): (not a, not b) for a, b in cases}:
        raise Mistake("It is the other way round: the slope of A passes through B.")
    if found[False, True] == (True, True):
        raise Mistake("With B at zero, nudging A changes nothing, so A has no slope yet.")
    raise Mistake("Ask, for each of the two, whether nudging it changes B (A x).")


@exercise
def merged(merged: Any) -> None:
    """Right: one matrix, the same answers."""
    generator = torch.Generator().manual_seed(0)
    W, A, B = (torch.randn(size, generator=generator) for size in ((5, 4), (2, 4), (5, 2)))
    before = W.clone()
    result = merged(W, A, B, 6.0)
    if not torch.equal(W, before):
        raise Mistake("You changed W itself: return a new matrix.")
    for factor, said in {
        6.0: "Divide alpha by the rank.",
        1.0: "The factor alpha / r is missing.",
        6 / 4: "The rank is the number of rows of A, not of its columns.",
        6 / 5: "The rank is the number of rows of A, not of the rows of B.",
    }.items():
        if same(result, W + factor * B @ A):
            raise Mistake(said)
    if same(result, 3 * B @ A):
        raise Mistake("That is the change alone: add W.")
    if not same(result, W + 3 * B @ A):
        raise Mistake("The matrix differs from W plus alpha / r times B A.")


@exercise
def cut(cut: Any) -> None:
    """Right: the largest parts are kept, and no matrix of that rank is nearer."""
    generator = torch.Generator().manual_seed(0)
    left = torch.linalg.qr(torch.randn(6, 4, generator=generator))[0]  # [6, 4]
    right = torch.linalg.qr(torch.randn(5, 4, generator=generator))[0]  # [5, 4]
    sizes = torch.tensor([4.0, 3.0, 2.0, 1.0])
    change = left * sizes @ right.T  # [6, 5]
    for k in (1, 3):
        result = torch.as_tensor(cut(change, k))
        if result.shape != change.shape:
            raise Mistake(f"The shape is {list(result.shape)}; it must stay that of the change.")
        if torch.allclose(result, left[:, :k] @ right[:, :k].T, atol=1e-4):
            raise Mistake("The singular values are missing: multiply by the entries of S.")
        if torch.allclose(result, left[:, -k:] * sizes[-k:] @ right[:, -k:].T, atol=1e-4):
            raise Mistake("You kept the smallest parts; the largest come first.")
        if torch.allclose(result, change, atol=1e-4):
            raise Mistake("Nothing was cut: take k columns of U, k entries of S, k rows of V.")
        if not torch.allclose(result, left[:, :k] * sizes[:k] @ right[:, :k].T, atol=1e-4):
            raise Mistake("That is not the nearest: keep the first k parts and sum them.")
