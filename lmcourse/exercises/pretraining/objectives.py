"""Exercise checkers of pretraining/objectives."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from lmcourse.exercises.checking import Mistake, exercise, same

Predict = Callable[[Tensor], Tensor]
TURNS = [3, 1, 5, 2, 6, 4]  # of the six symbols that the suspects read
CHEATS = {"B", "C", "D", "F"}


@exercise
def pseudo(four_pseudo_likelihoods: Any) -> None:
    """Right: two factors each, and four thirds in all."""
    result = [float(number) for number in four_pseudo_likelihoods()]
    if len(result) != 4:
        raise Mistake("Return four numbers, for aa, ab, ba and bb.")
    if same(result, [1 / 4, 1 / 2, 1 / 4, 0]):
        raise Mistake("Those are the probabilities: pseudo-likelihood gives each symbol the other.")
    if same(result, [3 / 8, 3 / 8, 1 / 8, 1 / 8]):
        raise Mistake("Those are guesses without any context: each may see the other symbol.")
    if same(result, [1 / 3, 2 / 3, 1, 0]):
        raise Mistake("Those are the second symbols given the first: the first is guessed as well.")
    if same(result, [1 / 2, 1, 1 / 2, 0]):
        raise Mistake("Those are the first symbols given the second: the second is guessed too.")
    if same(result, [1 / 8, 1 / 2, 3 / 8, 0], 1e-3):
        raise Mistake("Divide by the sum once for each symbol, and leave the sum of all as it is.")
    if not same(result, [1 / 6, 2 / 3, 1 / 2, 0], 0.005):
        raise Mistake("Multiply P(first given second) with P(second given first).")


@exercise
def passes(passes: Any) -> None:
    """Right: what is never chosen in n passes has probability 0.85 to the n."""
    result = passes()
    if result == 7:
        raise Mistake("Seven is 1 / 0.15: so many are enough on average, not in 95 of 100 cases.")
    if result == 18:
        raise Mistake("After 18 passes it is 94.6 %: one more.")
    if same(result, math.log(0.05) / math.log(0.85)):
        raise Mistake("Passes are whole: round up.")
    if result == 20:
        raise Mistake("One fewer is enough.")
    if result != 19:
        raise Mistake("When is 0.85 to the n at most 0.05?")


@exercise
def packed(packed: Any) -> None:
    """Right: the past, and the same text; no list of turns can do it."""
    for lengths in ([2, 3], [1, 4, 2], [5]):
        number = [i for i, length in enumerate(lengths) for _ in range(length)]
        n = len(number)
        own = torch.tensor([[number[t] == number[s] for s in range(n)] for t in range(n)])
        past = torch.ones(n, n, dtype=torch.bool).tril()
        result = torch.as_tensor(packed(lengths))
        if result.shape != own.shape:
            raise Mistake(f"For texts of {lengths} the mask is {n} by {n}.")
        if same(result, own & past):
            continue
        if same(result, past):
            raise Mistake("The second text looks into the first.")
        if same(result, own):
            raise Mistake("Inside a text a symbol sees what comes after it.")
        if same(result, own & past.tril(-1)):
            raise Mistake("A symbol may see itself here: compare with ≤.")
        if same(result, (own & past).T):
            raise Mistake("Rows look, columns are looked at: you have them the other way round.")
        if same(result, ~(own & past)):
            raise Mistake("True means may look: your mask is upside down.")
        raise Mistake("Inside each text the lower triangle, its diagonal included; nothing else.")


def suspects(seed: int = 0) -> dict[str, Predict]:
    """Six networks from [6, 16] to [6, 16], all of which are said to respect `TURNS`."""
    generator = torch.Generator().manual_seed(seed)
    W = torch.randn(2, 3, 16, 16, generator=generator) / 4  # two layers; query, key, value
    place = torch.randn(6, 16, generator=generator)
    turns = torch.tensor(TURNS)
    upto, before = turns <= turns[:, None], turns < turns[:, None]  # [6, 6]

    def layer(i: int, x: Tensor, source: Tensor, allowed: Tensor) -> Tensor:
        asks, asked = (torch.nn.functional.layer_norm(y, (16,)) for y in (x, source))
        scores = (asks @ W[i, 0]) @ (asked @ W[i, 1]).T / 4  # [6, 6]
        weights = scores.masked_fill(~allowed, -1e9).softmax(dim=-1) * allowed
        return x + weights @ (asked @ W[i, 2])

    def network(
        inside: Tensor, ahead: Tensor, *, depth: int = 2, start: float = 0.0, size: float = 1.0
    ) -> Predict:
        def predict(x: Tensor) -> Tensor:
            content, query = x + place, place + start * x
            for i in range(depth):
                query, content = (
                    layer(i, query, content, ahead),
                    layer(i, content, content, inside),
                )
            return size * query

        return predict

    everything = torch.ones_like(upto)
    return {
        "A": network(upto, before),
        "B": network(upto, upto),  # the query stream sees itself
        "C": network(everything, before),  # the future comes through the contents of others
        "D": network(upto, before, start=1.0),  # the query stream starts from the symbols
        "E": network(everything, before, depth=1, size=2.0),  # one layer reads the symbols alone
        "F": network(upto, ~upto, depth=1),  # the order turned round
    }


@exercise
def cheats(cheats: Any) -> None:
    """Right: strictness, the mask of the content, the start, and the order turned round."""
    named = {str(name) for name in cheats(suspects(), TURNS)}
    if named == {*"ABCDEF"}:
        raise Mistake("A prediction may depend on symbols of earlier turns: compare with them.")
    if named == {"D"}:
        raise Mistake("The norms hide a constant: poke in a random direction, not with ones.")
    if named == {"B", "D"}:
        raise Mistake("Besides its own symbol a prediction must not see those of later turns.")
    if named == {"A", "E"}:
        raise Mistake("Those are honest: name the others.")
    if named == CHEATS - {"F"}:
        raise Mistake("F does not see its own symbol, but later ones: look at these too.")
    if named == CHEATS - {"C"}:
        raise Mistake("C sees later symbols at second hand: poke all symbols, look at all rows.")
    if named == CHEATS | {"E"}:
        raise Mistake("E has the same hole as C, but one layer: poke it, do not guess.")
    if missed := sorted(CHEATS - named):
        raise Mistake(f"{missed[0]} cheats too: which of its predictions moves, and should not?")
    if wrong := sorted(named - CHEATS):
        raise Mistake(f"{wrong[0]} does not cheat: it depends on earlier turns only.")
    others = {name + "'": network for name, network in suspects(seed=1).items()}
    if {str(name) for name in cheats(others, TURNS)} != {name + "'" for name in CHEATS}:
        raise Mistake("Right for these six: now let your function find it out for any networks.")
