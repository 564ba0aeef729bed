"""Exercises of ngrams/bigram_network: solutions pass, stubs and typical mistakes do not."""

import numpy as np
import pytest
from scipy.special import softmax

from lmcourse.exercises import ngrams as exercises
from tests.chapter import solutions, stubs

CHECKERS = {
    1: exercises.bigram_network_lookup,
    2: exercises.bigram_network_fair_step,
    3: exercises.bigram_network_label_smoothing,
    4: exercises.bigram_network_total_mass,
}


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
    (4, lambda f, n: _power(f, n).sum(), "every start"),
    (4, lambda f, n: _power(f, n - 1)[0].sum(), "too few"),
    (4, lambda f, n: _power(f, n + 1)[0].sum(), "too many"),
    (4, lambda f, n: _power(f, n)[:, 0].sum(), "transposed"),
    (4, lambda f, n: f[0].sum() ** n, "row 0"),
]  # fmt: skip


@pytest.mark.parametrize("number", CHECKERS)
def test_the_solution_is_right_and_the_stub_unsolved(number):
    assert CHECKERS[number].verdict(solutions("ngrams/bigram_network")[number]).status == "right"
    assert CHECKERS[number].verdict(stubs("ngrams/bigram_network")[number]).status == "unsolved"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("number", "answer", "message"), MISTAKES)
def test_a_typical_mistake_is_named(number, answer, message):
    status, said = CHECKERS[number].verdict(answer)
    assert status == "wrong"
    assert message in said
