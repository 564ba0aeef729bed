"""Exercises of probability/softmax: solutions pass, stubs and typical mistakes do not."""

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from lmcourse.exercises import probability as exercises
from tests.chapter import solutions, stubs

CHECKERS = {
    1: exercises.softmax_temperature,
    2: exercises.softmax_two_classes,
    3: exercises.softmax_batch_gradient,
    4: exercises.softmax_masked,
}


def _surprise(logits, targets):
    return -log_softmax(logits, axis=1)[np.arange(len(targets)), targets]


MISTAKES = [
    (1, lambda z, T: softmax(np.asarray(z) * T, axis=-1), "divide by T"),
    (1, lambda z, T: softmax(np.asarray(z) / T), "wrong axis"),
    (1, lambda z, T: np.exp(z / T) / np.exp(z / T).sum(-1, keepdims=True), "overflow"),
    (2, lambda z: 1 / (1 + np.exp(-(z[:, 0] - z[:, 1]))), "first class"),
    (2, lambda z: 1 / (1 + np.exp(-z[:, 1])), "second score alone"),
    (3, lambda z, t: softmax(z, axis=1) - np.eye(z.shape[1])[t], "1/N"),
    (3, lambda z, t: (np.eye(z.shape[1])[t] - softmax(z, axis=1)) / len(t), "sign"),
    (4, lambda z, t, pad: _surprise(z, t).mean(), "Padding still counts"),
    (4, lambda z, t, pad: (_surprise(z, t) * (t != pad)).sum() / len(t), "all positions"),
]


@pytest.mark.parametrize("number", CHECKERS)
def test_the_solution_is_right_and_the_stub_unsolved(number):
    assert CHECKERS[number].verdict(solutions("probability/softmax")[number]).status == "right"
    assert CHECKERS[number].verdict(stubs("probability/softmax")[number]).status == "unsolved"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("number", "answer", "message"), MISTAKES)
def test_a_typical_mistake_is_named(number, answer, message):
    status, said = CHECKERS[number].verdict(answer)
    assert status == "wrong"
    assert message in said
