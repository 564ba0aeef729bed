"""Wrong answers of bert/few_labels: exercise, answer, what is said of it."""

import numpy as np


def _order(labels, seed):
    return np.random.default_rng(seed).permutation(len(labels))


def _balanced(labels, n, seed):
    order = _order(labels, seed)
    pairs = zip(order[labels[order] == 0], order[labels[order] == 1], strict=True)
    return np.array([i for pair in pairs for i in pair])[:n]


MISTAKES = [
    (1, lambda s, share: np.quantile(s, share), "lies below"),
    (1, lambda s, share: np.mean(s), "That is the mean"),
    (1, lambda s, share: 0.0, "not 0.2"),
    (2, lambda: 5, "two sides"),
    (2, lambda: 20, "risk"),
    (2, lambda: 7, "fewer"),
    (2, lambda: 4, "Outside"),
    (3, lambda y, n, seed: _order(y, seed), "Return n numbers"),
    (3, lambda y, n, seed: np.random.default_rng(seed).choice(len(y), n), "without putting back"),
    (3, lambda y, n, seed: 500 + _order(y, seed)[:n], "go from 0"),
    (
        3,
        lambda y, n, seed: np.random.default_rng([seed, n]).permutation(len(y))[:n],
        "must hold the draw of 8",
    ),
    (3, lambda y, n, seed: _order(y, 0)[:n], "Two seeds"),
    (3, _balanced, "do not look at the labels"),
    (3, lambda y, n, seed: _order(y[: len(y) // 2], seed)[:n] * 2, "as much praise"),
]
