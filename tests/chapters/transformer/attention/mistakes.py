"""Wrong answers of transformer/attention: exercise, answer, what is said of it."""

import math

import numpy as np
import torch
from scipy.special import softmax


def _triangle(T, diagonal=0):
    return torch.ones(T, T, dtype=torch.bool).tril(diagonal)


def _real(lengths, T):
    return torch.arange(T) < lengths[:, None]


def _columns(lengths, T):
    return _real(lengths, T)[:, None, None, :].expand(-1, 1, T, T)


def _stream(query, stream, *, scale=True, rescale_sum=True, rescale_values=True, divide=True):
    largest, total, weighted = -math.inf, 0.0, 0.0
    for key, value in stream:
        score = float(query @ key) / (math.sqrt(len(query)) if scale else 1)
        new = max(largest, score)
        old, factor = math.exp(largest - new), math.exp(score - new)
        total = total * (old if rescale_sum else 1) + factor
        weighted = weighted * (old if rescale_values else 1) + factor * value
        largest = new
    return weighted / total if divide else weighted


def _overflowing(query, stream):
    pairs = [(np.exp(query @ k / math.sqrt(len(query))), v) for k, v in stream]
    return sum(w * v for w, v in pairs) / sum(w for w, _ in pairs)


def _raising(query, stream):
    pairs = [(math.exp(query @ k / math.sqrt(len(query))), v) for k, v in stream]
    return sum(w * v for w, v in pairs) / sum(w for w, _ in pairs)


def _undivided(query, stream):
    return sum(math.exp(query @ k / math.sqrt(len(query))) * v for k, v in stream)


def _kept(query, stream):
    keys, values = map(np.array, zip(*stream, strict=True))
    return softmax(keys @ query / math.sqrt(len(query))) @ values


def _last_instead_of_largest(query, stream):
    last, total, weighted = 0.0, 0.0, 0.0
    for key, value in stream:
        new = float(query @ key) / math.sqrt(len(query))
        total = total * math.exp(last - new) + 1.0
        weighted = weighted * math.exp(last - new) + value
        last = new
    return weighted / total


MISTAKES = [
    (1, lambda d, q, k: d * q**2 * k**2, "square root"),
    (1, lambda d, q, k: math.sqrt(d), "√d_k alone"),
    (1, lambda d, q, k: math.sqrt(d) * q**2 * k**2, "squared"),
    (1, lambda d, q, k: d * q * k, "under the root"),
    (2, lambda n, T: ~(_triangle(T) & _columns(n, T)), "Upside down"),
    (2, lambda n, T: _columns(n, T), "future"),
    (2, lambda n, T: _triangle(T).expand(len(n), 1, T, T), "Padding is still"),
    (2, lambda n, T: _triangle(T) & _real(n, T)[:, None, :, None], "rows of the padding"),
    (2, lambda n, T: _triangle(T).T & _columns(n, T), "wrong way"),
    (2, lambda n, T: _triangle(T, -1) & _columns(n, T), "diagonal"),
    (2, lambda n, T: (_triangle(T) & _columns(n, T))[:, 0], "axis for the heads"),
    (2, lambda n, T: (_triangle(T) & _columns(n, T)).float(), "boolean"),
    (3, lambda T, w: T * w, "corner"),
    (3, lambda T, w: T * w - w * (w + 1) // 2, "one too wide"),
    (3, lambda T, w: T * (w + 1) - w * (w + 1) // 2, "counts the word itself"),
    (3, lambda T, w: T * (2 * w - 1) - w * (w - 1), "looks ahead"),
    (4, lambda q, s: _stream(q, s, scale=False), "√d_k"),
    (4, lambda q, s: _stream(q, s, rescale_sum=False, rescale_values=False), "both old sums"),
    (4, lambda q, s: _stream(q, s, rescale_values=False), "sum of the values"),
    (4, _undivided, "Divide by the sum"),
    (4, lambda q, s: _stream(q, s, divide=False), "Divide by the sum"),
    (4, _overflowing, "overflow"),
    (4, _raising, "overflow"),
    (4, _kept, "You kept"),
    (4, _last_instead_of_largest, "overflow"),
]
