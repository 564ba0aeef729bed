"""Wrong answers of background/what_is_a_language_model: exercise, answer, what is said of it."""

import numpy as np
from scipy.special import softmax


def _unsafe(candidates):
    p = np.exp([np.sum(log_p) for log_p in candidates])
    return p / p.sum()


def _shares(candidates):
    totals = np.array([np.sum(log_p) for log_p in candidates])
    return totals / totals.sum()


MISTAKES = [
    (1, lambda p: -np.log(p), "nats"),
    (1, lambda p: -np.log10(p), "base ten"),
    (1, lambda p: np.log2(p), "sign"),
    (1, lambda p: 1 - p, "without bound"),
    (1, lambda p: [-np.log2(x) for x in p], "stopped with TypeError"),
    (2, lambda log_p, ids: log_p[np.arange(len(ids)), ids], "shift by one"),
    (2, lambda log_p, ids: log_p[np.arange(1, len(ids)), ids[1:]], "shift by one"),
    (2, lambda log_p, ids: log_p[np.arange(1, len(ids)), ids[:-1]], "wrong way"),
    (2, lambda log_p, ids: log_p[:-1, ids[1:]], "whole columns"),
    (2, lambda log_p, ids: np.exp(log_p[np.arange(len(ids) - 1), ids[1:]]), "probabilities"),
    (3, lambda tokens, s: sum(s) / len(tokens), "divide by the tokens"),
    (
        3,
        lambda tokens, s: np.mean([x / len(t) for t, x in zip(tokens, s, strict=True)]),
        "mean of ratios",
    ),
    (3, lambda tokens, s: sum(s) / len("".join(t.strip() for t in tokens)), "Spaces"),
    (3, lambda tokens, s: sum(s), "the total"),
    (4, lambda candidates: softmax([np.mean(log_p) for log_p in candidates]), "averaged"),
    (4, lambda candidates: np.exp([np.sum(log_p) for log_p in candidates]), "sum to one"),
    (4, _unsafe, "underflows"),
    (4, _shares, "normalized logarithms"),
]
