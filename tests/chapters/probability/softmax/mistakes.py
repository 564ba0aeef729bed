"""Wrong answers of probability/softmax: exercise, answer, what is said of it."""

import numpy as np
from scipy.special import log_softmax, softmax


def _surprise(logits, targets):
    return -log_softmax(logits, axis=1)[np.arange(len(targets)), targets]


MISTAKES = [
    (1, lambda z, T: softmax(np.asarray(z) * T, axis=-1), "divide by T"),
    (1, lambda z, T: softmax(np.asarray(z) / T), "wrong axis"),
    (1, lambda z, T: np.exp(z / T) / np.exp(z / T).sum(-1, keepdims=True), "overflow"),
    (1, lambda z, T: softmax(np.asarray(z), axis=-1) / T, "divide the scores"),
    (2, lambda z: 1 / (1 + np.exp(-(z[:, 0] - z[:, 1]))), "first class"),
    (2, lambda z: 1 / (1 + np.exp(-z[:, 1])), "second score alone"),
    (2, lambda z: np.exp(z[:, 1]) / np.exp(z).sum(axis=1), "overflow"),
    (3, lambda z, t: softmax(z, axis=1) - np.eye(z.shape[1])[t], "1/N"),
    (3, lambda z, t: (np.eye(z.shape[1])[t] - softmax(z, axis=1)) / len(t), "sign"),
    (3, lambda z, t: (softmax(z, axis=1) - np.eye(z.shape[1])[t]) / z.size, "N rows only"),
    (4, lambda z, t, pad: _surprise(z, t).mean(), "Padding still counts"),
    (4, lambda z, t, pad: (_surprise(z, t) * (t != pad)).sum() / len(t), "all positions"),
    (4, lambda z, t, pad: _surprise(z, t)[t != 0].mean(), "any id"),
    (4, lambda z, t, pad: (_surprise(z, t) * (t != pad)).sum(), "That is the sum"),
]
