"""Wrong answers of probability/chain_rule: exercise, answer, what is said of it."""

import itertools
import math

import numpy as np


def _terms(text, conditional):
    return [math.log(conditional(tuple(text[:t]), text[t])) for t in range(len(text))]


def _pairs(text, symbols, denominator):
    counts = np.zeros((len(symbols), len(symbols)))
    for a, b in itertools.pairwise(text):
        counts[symbols.index(a), symbols.index(b)] += 1
    return counts / denominator(text, symbols, counts)


MISTAKES = [
    (1, lambda text, p: sum(_terms(text, p)[1:]), "first symbol"),
    (1, lambda text, p: sum(_terms(text, p)[:-1]), "last symbol"),
    (1, lambda text, p: math.exp(sum(_terms(text, p))), "logarithm"),
    (1, lambda text, p: np.log(np.prod([p(tuple(text[:t]), s) for t, s in enumerate(text)])),
     "underflows"),
    (1, lambda text, p: -sum(_terms(text, p)), "sign"),
    (2, lambda v, k: v**k * (v - 1), "shorter contexts"),
    (2, lambda v, k: sum(v**j for j in range(k + 1)) * v, "sum to one"),
    (2, lambda v, k: sum(v**j for j in range(1, k + 1)) * (v - 1), "first symbol"),
    (
        3,
        lambda t, s: _pairs(t, s, lambda t, s, c: np.array([[max(t.count(x), 1)] for x in s])),
        "not followed",
    ),
    (3, lambda t, s: _pairs(t, s, lambda t, s, c: c.sum()), "joint"),
    (3, lambda t, s: _pairs(t, s, lambda t, s, c: c.sum(1, keepdims=True)), "zero"),
    (3, lambda t, s: _pairs(t, s, lambda t, s, c: np.maximum(c.sum(1, keepdims=True), 1)).T,
     "exchanged"),
    (4, lambda t, k: [t - 1], "no wall"),
    (4, lambda t, k: list(range(t - k, t)), "before the first"),
    (4, lambda t, k: list(range(max(1, t - k), t + 1)), "belongs to the future"),
    (4, lambda t, k: list(range(1, t)), "smaller set"),
]  # fmt: skip
