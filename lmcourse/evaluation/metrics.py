"""Log-loss metrics: one number for what a model is worth.

All of them raise ValueError for empty input, and those of two arrays when the shapes differ.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike


def cross_entropy(log_probs: ArrayLike) -> float:
    """Mean negative log-probability of the observed symbols, in nats a symbol."""
    return -float(np.mean(filled(log_probs, "log_probs")))


def perplexity(log_probs: ArrayLike) -> float:
    """exp of the cross-entropy: the size of a uniform choice that is as hard (Jelinek 1977)."""
    return math.exp(cross_entropy(log_probs))


def bits_per_char(nll_nats: ArrayLike, n_chars: ArrayLike) -> float:
    """Total negative log-likelihood in bits over the total number of characters.

    Args:
        nll_nats: negative log-likelihood of each text, in nats.
        n_chars: characters of each text, counting its one end mark.
    """
    nats, chars = filled(nll_nats, "nll_nats"), filled(n_chars, "n_chars")
    if nats.shape != chars.shape:
        raise ValueError(f"nll_nats {nats.shape} and n_chars {chars.shape} differ in shape")
    return float(nats.sum() / chars.sum() / math.log(2))


def filled(values: ArrayLike, name: str) -> np.ndarray:
    """`values` as a flat float array; the `ValueError` for an empty one calls it `name`."""
    array = np.asarray(values, dtype=float).ravel()
    if array.size == 0:
        raise ValueError(f"{name} is empty")
    return array
