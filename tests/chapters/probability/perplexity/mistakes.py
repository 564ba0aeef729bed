"""Wrong answers of probability/perplexity: exercise, answer, what is said of it."""

import itertools

import numpy as np


def _all(text, number):
    if not text:
        yield []
    for end in range(1, len(text) + 1):
        if text[:end] in number:
            yield from ([number[text[:end]], *rest] for rest in _all(text[end:], number))


def _bits(text, number, log_p, close=(0,)):
    paths = [[0, *ids, *close] for ids in _all(text, number)]
    return np.array([-sum(log_p[a, b] for a, b in itertools.pairwise(path)) for path in paths])


def _interval(bits, chars, rng):
    drawn = rng.integers(len(bits), size=(200, len(bits)))
    return np.quantile(bits[drawn].sum(axis=1) / chars[drawn].sum(axis=1), [0.025, 0.975])


def _held(bits, chars, n, n_sets, rng, truth=None, same=True):
    hits = 0
    for _ in range(n_sets):
        drawn = rng.integers(len(bits), size=n)
        other = drawn if same else rng.integers(len(bits), size=n)
        low, high = _interval(bits[drawn], chars[other], rng)
        value = truth(bits, chars, drawn) if truth else bits.sum() / chars.sum()
        hits += low <= value <= high
    return hits


MISTAKES = [
    (1, lambda: (6 * np.log(2), 4, 1), "in nats"),
    (1, lambda: (6, 2, 1), "bits per piece"),
    (1, lambda: (6, 14 / 3, 1), "average the bits"),
    (1, lambda: (6, 8, 1), "end mark is predicted"),
    (1, lambda: (6, 4, 6 / 5), "divide by six"),
    (2, lambda t, n, p: -np.log2((2.0 ** -_bits(t, n, p)).sum()), "sum over all cuts"),
    (2, lambda t, n, p: -_bits(t, n, p).min(), "minus"),
    (2, lambda t, n, p: _bits(t, n, p, close=()).min(), "end mark is missing"),
    (2, lambda t, n, p: _bits(t, n, p).max(), "worst cut"),
    (3, lambda b, c, n, k, rng: _held(b, c, n, k, rng), "divide by n_sets"),
    (
        3,
        lambda b, c, n, k, rng: _held(b, c, n, k, rng, lambda b, c, d: b[d].sum() / c[d].sum()) / k,
        "ratio of the world",
    ),
    (
        3,
        lambda b, c, n, k, rng: _held(b, c, n, k, rng, lambda b, c, d: (b / c).mean()) / k,
        "not the mean of the ratios",
    ),
    (3, lambda b, c, n, k, rng: 1 - _held(b, c, n, k, rng) / k, "Hardly any"),
    (4, lambda: (500 / 1.5, np.sqrt(1.5), 1000), "four companions"),
    (4, lambda: (500 / 1.4, 1.4, 1000), "its root"),
    (4, lambda: (500 / 1.4, np.sqrt(1.4), 100), "more than one sentence"),
]
