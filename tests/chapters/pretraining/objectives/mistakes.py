"""Wrong answers of pretraining/objectives: exercise, answer, a piece of what is said of it."""

import math

import torch


def _moved(predict, turns, poke):
    """bool [T, T]: which predictions move when a symbol is poked."""
    x = torch.randn(len(turns), 16, generator=torch.Generator().manual_seed(0))
    moved = torch.zeros(len(turns), len(turns), dtype=torch.bool)
    for s in range(len(turns)):
        poked = x.clone()
        poked[s] += poke
        moved[:, s] = (predict(poked) - predict(x)).abs().amax(dim=1) > 1e-5
    return moved


def _named(suspects, turns, poke=None, part=None):
    w = torch.tensor(turns)
    part = w >= w[:, None] if part is None else part
    poke = torch.randn(16, generator=torch.Generator().manual_seed(1)) if poke is None else poke
    return [name for name, f in suspects.items() if (_moved(f, turns, poke) & part).any()]


def _past(lengths):
    return torch.ones(sum(lengths), sum(lengths), dtype=torch.bool).tril()


def _own(lengths):
    return torch.block_diag(*(torch.ones(n, n) for n in lengths)).bool()


MISTAKES = [
    (1, lambda: [1 / 6, 2 / 3], "four numbers"),
    (1, lambda: [1 / 4, 1 / 2, 1 / 4, 0], "Those are the probabilities"),
    (1, lambda: [3 / 8, 3 / 8, 1 / 8, 1 / 8], "without any context"),
    (1, lambda: [1 / 3, 2 / 3, 1, 0], "first is guessed as well"),
    (1, lambda: [1 / 2, 1, 1 / 2, 0], "second is guessed too"),
    (1, lambda: [1 / 8, 1 / 2, 3 / 8, 0], "leave the sum of all"),
    (1, lambda: [1, 1, 1, 0], "Multiply P"),
    (2, lambda: 7, "on average"),
    (2, lambda: 18, "one more"),
    (2, lambda: math.log(0.05) / math.log(0.85), "round up"),
    (2, lambda: 20, "One fewer"),
    (2, lambda: 95, "at most 0.05"),
    (3, lambda lengths: _past(lengths[:1]), "5 by 5"),
    (3, _past, "looks into the first"),
    (3, _own, "comes after it"),
    (3, lambda lengths: _own(lengths) & _past(lengths).tril(-1), "itself here"),
    (3, lambda lengths: (_own(lengths) & _past(lengths)).T, "other way round"),
    (3, lambda lengths: ~(_own(lengths) & _past(lengths)), "upside down"),
    (3, lambda lengths: _own(lengths) & False, "lower triangle"),
    (4, lambda fs, w: _named(fs, w, part=torch.ones(6, 6, dtype=torch.bool)), "earlier turns:"),
    (4, lambda fs, w: _named(fs, w, poke=torch.ones(16)), "random direction"),
    (4, lambda fs, w: _named(fs, w, part=torch.eye(6, dtype=torch.bool)), "F does not see its own"),
    (4, lambda fs, w: ["B", "D"], "Besides its own"),
    (4, lambda fs, w: ["A", "E"], "honest"),
    (4, lambda fs, w: ["B", "C", "D", "E", "F"], "E has the same hole"),
    (4, lambda fs, w: ["B", "D", "F"], "C sees"),
    (4, lambda fs, w: ["B", "F"], "C cheats too"),
    (4, lambda fs, w: ["A", "B", "C", "D", "F"], "A does not cheat"),
    (4, lambda fs, w: ["B", "C", "D", "F"], "for any networks"),
]
