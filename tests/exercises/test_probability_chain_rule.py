"""Exercises of probability/chain_rule: solutions pass, stubs and typical mistakes do not."""

import itertools
import math

import numpy as np
import pytest

from lmcourse.exercises import probability as exercises
from tests.chapter import solutions, stubs

CHECKERS = {
    1: exercises.chain_rule_log_probability,
    2: exercises.chain_rule_parameters,
    3: exercises.chain_rule_pairs,
    4: exercises.chain_rule_wall,
}


def _terms(text, conditional):
    return [math.log(conditional(tuple(text[:t]), text[t])) for t in range(len(text))]


def _pairs(text, symbols, denominator):
    counts = np.zeros((len(symbols), len(symbols)))
    for a, b in itertools.pairwise(text):
        counts[symbols.index(a), symbols.index(b)] += 1
    return counts / denominator(text, symbols, counts)


MISTAKES = [
    (1, lambda text, p: sum(_terms(text, p)[1:]), "first symbol"),
    (1, lambda text, p: sum(_terms(text, p)[:-1]), "last symbol"),
    (1, lambda text, p: math.exp(sum(_terms(text, p))), "logarithm"),
    (2, lambda v, k: v**k * (v - 1), "shorter contexts"),
    (2, lambda v, k: sum(v**j for j in range(k + 1)) * v, "sum to one"),
    (
        3,
        lambda t, s: _pairs(t, s, lambda t, s, c: np.array([[max(t.count(x), 1)] for x in s])),
        "not followed",
    ),
    (3, lambda t, s: _pairs(t, s, lambda t, s, c: c.sum()), "joint"),
    (3, lambda t, s: _pairs(t, s, lambda t, s, c: c.sum(1, keepdims=True)), "zero"),
    (4, lambda t, k: [t - 1], "no wall"),
    (4, lambda t, k: list(range(t - k, t)), "before the first"),
]


@pytest.mark.parametrize("number", CHECKERS)
def test_the_solution_is_right_and_the_stub_unsolved(number):
    assert CHECKERS[number].verdict(solutions("probability/chain_rule")[number]).status == "right"
    assert CHECKERS[number].verdict(stubs("probability/chain_rule")[number]).status == "unsolved"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("number", "answer", "message"), MISTAKES)
def test_a_typical_mistake_is_named(number, answer, message):
    status, said = CHECKERS[number].verdict(answer)
    assert status == "wrong"
    assert message in said
