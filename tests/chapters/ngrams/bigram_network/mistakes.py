"""Wrong answers of ngrams/bigram_network: exercise, answer, what is said of it."""

import numpy as np
from scipy.special import softmax

LACKING = 1 / 3 - np.array([3 / 4, 1 / 4, 0])


def _descent(counts, rate, steps):
    W, share = np.zeros(counts.shape), counts.sum(axis=1, keepdims=True)
    for _ in range(steps):
        W = W - rate * (share * softmax(W, axis=1) - counts) / counts.sum()
        yield W


def _stopped(counts, held_out, rate, steps, late=0):
    path = [softmax(W, axis=1) for W in _descent(counts, rate, steps + late)]
    losses = [-(held_out * np.log(p)).sum() for p in path[:steps]]
    return path[int(np.argmin(losses)) + late]


def _weights(counts, held_out, rate, steps):
    return list(_descent(counts, rate, steps))[5]


def _power(factors, n):
    return np.linalg.matrix_power(factors, n)


MISTAKES = [
    (1, lambda: LACKING, "c(a)/N"),
    (1, lambda: -LACKING / 2, "sign"),
    (1, lambda: (*(LACKING / 2)[:2], 0), "not zero"),
    (1, lambda: (1 / 3 - np.array([3 / 8, 1 / 8, 0])) / 2, "not among all"),
    (2, lambda c, h, r, n: softmax(list(_descent(c, r, n))[-1], axis=1), "last table"),
    (2, lambda c, h, r, n: _stopped(c, h, r, n, late=1), "One step late"),
    (2, _weights, "not weights"),
    (3, lambda c, e: e * c.sum(axis=1) / (1 - e), "divide by V"),
    (3, lambda c, e: e * c.sum(axis=1) / c.shape[1], "1 − ε"),
    (3, lambda c, e: e / (c.shape[1] * (1 - e)), "One k for each row"),
    (3, lambda c, e: (e * c.sum(axis=1) / (c.shape[1] * (1 - e)))[:, None], "not [V, 1]"),
    (4, lambda f, n: _power(f, n).sum(), "every start"),
    (4, lambda f, n: _power(f, n - 1)[0].sum(), "too few"),
    (4, lambda f, n: _power(f, n + 1)[0].sum(), "too many"),
    (4, lambda f, n: _power(f, n)[:, 0].sum(), "transposed"),
    (4, lambda f, n: f[0].sum() ** n, "row 0"),
]  # fmt: skip
