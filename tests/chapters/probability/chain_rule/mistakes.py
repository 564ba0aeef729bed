"""Wrong answers of probability/chain_rule: exercise, answer, what is said of it."""

import math

import numpy as np


def _terms(text, conditional):
    return [math.log(conditional(tuple(text[:t]), text[t])) for t in range(len(text))]


def _bits(first, last, now):
    """I(first; now | last) in bits, from counts."""

    def entropy(*columns):
        _, counts = np.unique(np.column_stack(columns), axis=0, return_counts=True)
        p = counts / counts.sum()
        return -(p * np.log2(p)).sum()

    given = entropy(first, last) + entropy(last, now) - entropy(last)
    return given - entropy(first, last, now)


def _told(ids, d):
    return _bits(ids[:-d], ids[d - 1 : -1], ids[d:])


def _chance(ids, d):
    now = ids[d:].copy()
    for last in range(6):
        places = np.flatnonzero(ids[d - 1 : -1] == last)
        now[places] = np.random.default_rng(0).permutation(now[places])
    return _bits(ids[:-d], ids[d - 1 : -1], now)


MISTAKES = [
    (1, lambda text, p: sum(_terms(text, p)[1:]), "first symbol"),
    (1, lambda text, p: sum(_terms(text, p)[:-1]), "last symbol"),
    (1, lambda text, p: math.exp(sum(_terms(text, p))), "logarithm"),
    (1, lambda text, p: np.log(np.prod([p(tuple(text[:t]), s) for t, s in enumerate(text)])),
     "underflows"),
    (1, lambda text, p: -sum(_terms(text, p)), "sign"),
    (2, lambda: (1 / 8, 1 / 4, 1 / 2), "must end"),
    (2, lambda: (1 / 16, 3 / 8, 1 / 2), "weigh"),
    (2, lambda: (1 / 16, 1 / 4, 1 / 4), "which of the two"),
    (3, lambda ids, d: _told(ids, d), "subtract"),
    (3, lambda ids, d: _told(ids, d + 1) - _chance(ids, d + 1), "off by one"),
    (3, lambda ids, d: (_told(ids, d) - _chance(ids, d)) * np.log(2), "nats"),
    (3, lambda ids, d: _told(ids, 2) - _chance(ids, 2), "copy that place"),
    (4, lambda t, k: [t - 1], "no wall"),
    (4, lambda t, k: list(range(t - k, t)), "before the first"),
    (4, lambda t, k: list(range(max(1, t - k), t + 1)), "belongs to the future"),
    (4, lambda t, k: list(range(1, t)), "smaller set"),
]  # fmt: skip
