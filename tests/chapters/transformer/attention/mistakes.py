"""Wrong answers of transformer/attention: exercise, answer, what is said of it."""

import math

import torch

LN2, LN5 = math.log(2), math.log(5)
MASKED = [8 / 3, 16 / 3]


def _found(layers, poke, threshold=1e-5, words=range(6), part=lambda moved: moved.triu(1)):
    """Names of the layers in which poking one of the words moves a part of the outputs."""
    x = torch.randn(1, 6, 16, generator=torch.Generator().manual_seed(0))
    names = []
    for name, layer in layers.items():
        moved = torch.zeros(6, 6)
        for s in words:
            poked = x.clone()
            poked[:, s] += poke
            moved[:, s] = (layer(poked) - layer(x)).abs().amax(dim=(0, 2)) > threshold
        if part(moved).any():
            names.append(name)
    return names


RANDOM = torch.randn(16, generator=torch.Generator().manual_seed(1))

MISTAKES = [
    (1, lambda: [6, 7], "two contexts"),
    (1, lambda: [[48, 56], [8, 16]], "sum to one"),
    (1, lambda: [[16 / 3, 16 / 3], [4, 4]], "plain mean"),
    (1, lambda: [[8 * LN5, 8 * LN2 + 8 * LN5], [0, 8 * LN2]], "weighted with the scores"),
    (1, lambda: [[8 * LN5 / (LN2 + LN5), 8], [0, 8]], "weighted with the scores"),
    (1, lambda: [[7, 6], MASKED], "share of their sum"),
    (1, lambda: [[6, 7], [1, 2]], "after the softmax"),
    (1, lambda: [[6, 7], [4, 6]], "score of zero"),
    (1, lambda: [[6, 7], [8, 16]], "parts 1 and 2"),
    (2, lambda d, q, k: d * q**2 * k**2, "square root"),
    (2, lambda d, q, k: math.sqrt(d), "√d_k alone"),
    (2, lambda d, q, k: math.sqrt(d) * q**2 * k**2, "squared"),
    (2, lambda d, q, k: d * q * k, "under the root"),
    (3, lambda layers: _found(layers, torch.ones(16)), "random direction"),
    (3, lambda layers: _found(layers, RANDOM, part=lambda moved: moved), "above the diagonal"),
    (3, lambda layers: [n for n in layers if n not in _found(layers, RANDOM)], "do not leak"),
    (3, lambda layers: ["B"], "C, E and G"),
    (3, lambda layers: ["B", "C", "D", "E", "G"], "D does not leak"),
    (3, lambda layers: ["B", "C", "G"], "E leaks too"),
    (3, lambda layers: ["B", "C", "E", "G"], "for any layers"),
]
