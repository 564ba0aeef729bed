"""Wrong answers of ngrams/bigram_network: exercise, answer, what is said of it."""

import numpy as np
from scipy.special import softmax


def _overwrites(slopes, ids, vocab_size):
    G = np.zeros((vocab_size, slopes.shape[1]))
    G[ids] += slopes
    return G


def _averages(slopes, ids, vocab_size):
    X = np.eye(vocab_size)[ids]
    return X.T @ slopes / np.maximum(X.sum(axis=0), 1)[:, None]


def _lacking(W, counts):
    total = counts.sum(axis=1, keepdims=True)
    return np.where(total > 0, counts / np.maximum(total, 1) - softmax(W, axis=1), 0)


def _in_place(W, counts):
    W += _lacking(W, counts)
    return W


def _power(factors, n):
    return np.linalg.matrix_power(factors, n)


MISTAKES = [
    (1, _overwrites, "must add"),
    (1, _averages, "averaged"),
    (1, lambda slopes, ids, vocab_size: slopes, "shape of W"),
    (2, lambda W, c: W + _lacking(W, c) * c.sum(axis=1, keepdims=True) / c.sum(), "plain step"),
    (2, lambda W, c: W - _lacking(W, c), "sign"),
    (2, lambda W, c: W + c - c.sum(axis=1, keepdims=True) * softmax(W, axis=1), "1/N"),
    (2, lambda W, c: W + c / c.sum(axis=1, keepdims=True) - softmax(W, axis=1), "zero"),
    (2, lambda W, c: W + c / np.maximum(c.sum(axis=1, keepdims=True), 1) - softmax(W, axis=1),
     "must stay"),
    (2, _in_place, "return new ones"),
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
