"""Exercises of ngrams/bigram_counts: solutions pass, stubs and typical mistakes do not."""

import itertools

import numpy as np
import pytest

from lmcourse.exercises import ngrams as exercises
from tests.chapter import solutions, stubs

CHECKERS = {
    1: exercises.bigram_counts_backwards,
    2: exercises.bigram_counts_trust,
    3: exercises.bigram_counts_missing_mass,
    4: exercises.bigram_counts_likeliest,
}


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


@pytest.mark.parametrize("number", CHECKERS)
def test_the_solution_is_right_and_the_stub_unsolved(number):
    assert CHECKERS[number].verdict(solutions("ngrams/bigram_counts")[number]).status == "right"
    assert CHECKERS[number].verdict(stubs("ngrams/bigram_counts")[number]).status == "unsolved"


@pytest.mark.parametrize(("number", "answer", "message"), MISTAKES)
def test_a_typical_mistake_is_named(number, answer, message):
    status, said = CHECKERS[number].verdict(answer)
    assert status == "wrong"
    assert message in said
