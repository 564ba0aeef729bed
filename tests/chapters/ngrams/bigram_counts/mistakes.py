"""Wrong answers of ngrams/bigram_counts: exercise, answer, what is said of it."""

import itertools

import numpy as np


def _greedy(table, n):
    row = [0]
    for _ in range(n):
        row.append(1 + int(table[row[-1], 1:].argmax()))
    return [*row, 0]


def _without_ending(table, n):
    words = [[0, *w] for w in itertools.product(range(1, len(table)), repeat=n)]
    return [*max(words, key=lambda row: np.prod(table[row[:-1], row[1:]])), 0]


MISTAKES = [
    (1, lambda c: c / c.sum(axis=1, keepdims=True), "what follows"),
    (1, lambda c: (c / c.sum(axis=0)).T, "transposed"),
    (1, lambda c: c / c.sum(axis=0)[:, None], "[V, 1]"),
    (1, lambda c: c / c.sum(axis=1), "axis 0"),
    (1, lambda c: c / c.sum(), "grand total"),
    (2, lambda c, k: c.sum(axis=1) / (c.sum(axis=1) + k), "kV"),
    (2, lambda c, k: k * c.shape[1] / (c.sum(axis=1) + k * c.shape[1]), "one minus"),
    (2, lambda c, k: c / (c + k), "row only"),
    (2, lambda c, k: (c.sum(axis=1) / (c.sum(axis=1) + k * len(c)))[:, None], "not [V, 1]"),
    (3, lambda c: (c == 0).mean(), "empty cells"),
    (3, lambda c: (c == 1).sum() / (c > 0).sum(), "different pairs"),
    (3, lambda c: (c == 1).mean(), "number of cells"),
    (3, lambda c: (c == 1).sum(), "share"),
    (3, lambda c: (c <= 1).sum() / c.sum(), "count zero"),
    (4, _greedy, "best next letter"),
    (4, _without_ending, "step back"),
    (4, lambda table, n: _greedy(table, n)[1:-1], "numbers, from 0 to 0"),
    (4, lambda table, n: [0] * (n + 2), "inside the word"),
]
