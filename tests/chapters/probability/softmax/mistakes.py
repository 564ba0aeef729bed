"""Wrong answers of probability/softmax: exercise, answer, what is said of it."""

import numpy as np
from scipy.special import log_softmax


def _surprise(logits, targets):
    return -log_softmax(logits, axis=1)[np.arange(len(targets)), targets]


def _windows(ids, places, backs):
    return np.concatenate([np.eye(27)[ids[places - back]] for back in backs], axis=1)


MISTAKES = [
    (1, lambda: (np.log(5) / np.log(10), 2, 5 / 8), "exponentials first"),
    (1, lambda: (5 / 8, np.log(4), 5 / 8), "in nats"),
    (1, lambda: (5 / 8, 2, -3 / 8), "did not come"),
    (3, lambda ids, n, k: _windows(ids, n, range(1, k + 1)), "newest symbol"),
    (3, lambda ids, n, k: _windows(ids, n, range(k - 1, -1, -1)), "what is predicted"),
    (3, lambda ids, n, k: _windows(ids, n, [2, 1]), "shape"),
    (
        3,
        lambda ids, n, k: np.stack([np.eye(27)[ids[n - b]] for b in range(k, 0, -1)], -1).reshape(
            len(n), -1
        ),
        "interleaved",
    ),
    (2, lambda z: 1 / (1 + np.exp(-(z[:, 0] - z[:, 1]))), "first class"),
    (2, lambda z: 1 / (1 + np.exp(-z[:, 1])), "second score alone"),
    (2, lambda z: np.exp(z[:, 1]) / np.exp(z).sum(axis=1), "overflow"),
    (4, lambda z, t, pad: _surprise(z, t).mean(), "Padding still counts"),
    (4, lambda z, t, pad: (_surprise(z, t) * (t != pad)).sum() / len(t), "all positions"),
    (4, lambda z, t, pad: _surprise(z, t)[t != 0].mean(), "any id"),
    (4, lambda z, t, pad: (_surprise(z, t) * (t != pad)).sum(), "That is the sum"),
]
