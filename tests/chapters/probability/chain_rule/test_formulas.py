"""Formulas of probability/chain_rule by brute force and against reference libraries."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.metrics import mutual_info_score

from tests.chapter import functions

chapter = functions("probability/chain_rule")


def _table(seed, shape):
    return np.random.default_rng(seed).dirichlet(np.ones(math.prod(shape))).reshape(shape)


@pytest.mark.formula(1, "chapter:conditional")
def test_conditional_probability_is_a_ratio_of_counts():
    pairs = Counter({("a", "b"): 3, ("a", "c"): 1, ("d", "b"): 4})
    assert chapter["conditional"](pairs, "a", "b") == pytest.approx(3 / 4)
    assert chapter["conditional"](pairs, "d", "b") == pytest.approx(1)


@pytest.mark.formula(2, "chapter:chain_rule")
@pytest.mark.parametrize("seed", range(5))
def test_the_chain_rule_rebuilds_any_joint_table(seed):
    joint = _table(seed, (3, 3, 3, 3))
    for text in itertools.product(range(3), repeat=4):
        assert chapter["chain_rule"](joint, text) == pytest.approx(joint[text])


@pytest.mark.formula(3, "chapter:markov_joint")
@pytest.mark.parametrize("order", [1, 2])
def test_a_markov_table_forgets_all_but_the_last_symbols(order):
    joint = chapter["markov_joint"](order, 4, 3, np.random.default_rng(0))
    assert joint.sum() == pytest.approx(1)
    last = {}
    for text in itertools.product(range(3), repeat=4):
        p = joint[text] / joint[text[:3]].sum()  # P(x4 | x1, x2, x3)
        known = last.setdefault(text[3 - order :], p)
        assert p == pytest.approx(known)
    assert len(set(np.round(list(last.values()), 6))) == len(last)


@pytest.mark.formula(4, "chapter:conditional_mutual_information")
def test_mutual_information_is_zero_exactly_when_the_definition_holds():
    cmi = chapter["conditional_mutual_information"]
    joint = chapter["markov_joint"](1, 4, 3, np.random.default_rng(1))
    for i, j, given in chapter["questions"](4):
        others = tuple(axis for axis in range(4) if axis not in (i, j, *given))
        p = np.moveaxis(joint.sum(axis=others, keepdims=True), (i, j), (0, 1)).reshape(3, 3, -1)
        p = p / p.sum(axis=(0, 1), keepdims=True)  # P(x_i, x_j | S)
        product = p.sum(axis=1, keepdims=True) * p.sum(axis=0, keepdims=True)
        assert np.allclose(p, product) == (cmi(joint, i, j, given) < 1e-9)


def test_mutual_information_equals_scikit_learn():
    rng = np.random.default_rng(0)
    triples = rng.integers(4, size=(500, 3))
    triples[:, 2] = (triples[:, 0] + rng.integers(2, size=500)) % 4
    table = chapter["triple_table"](triples, 4)
    ours = chapter["conditional_mutual_information"](table, 0, 2)
    assert ours == pytest.approx(mutual_info_score(triples[:, 0], triples[:, 2]))


def test_shuffling_keeps_both_pairs_and_breaks_the_link():
    rng = np.random.default_rng(0)
    middle = rng.integers(3, size=4000)
    first = rng.integers(5, size=4000)
    triples = np.column_stack([first, middle, (first + middle) % 5])
    dealt = chapter["shuffled"](triples, rng)
    for columns in ([0, 1], [1, 2]):
        assert Counter(map(tuple, dealt[:, columns])) == Counter(map(tuple, triples[:, columns]))
    cmi = chapter["conditional_mutual_information"]
    assert cmi(chapter["triple_table"](triples, 5), 0, 2, (1,)) > 1
    assert cmi(chapter["triple_table"](dealt, 5), 0, 2, (1,)) < 0.02


def test_an_end_symbol_makes_a_distribution_over_all_texts():
    """Closed form: the expected share not yet ended is start · (I − Q)⁻¹ · end."""
    rng = np.random.default_rng(0)
    start, step = rng.dirichlet(np.ones(4)), rng.dirichlet(np.ones(4), size=4)
    totals = chapter["total_up_to"](step, start, longest=3)
    by_hand = [
        sum(
            chapter["text_probability"](text, step, start)
            for length in range(n + 1)
            for text in itertools.product((1, 2, 3), repeat=length)
        )
        for n in range(4)
    ]
    np.testing.assert_allclose(totals, by_hand)
    absorbed = start[0] + start[1:] @ np.linalg.solve(np.eye(3) - step[1:, 1:], step[1:, 0])
    assert absorbed == pytest.approx(1)
    assert chapter["total_up_to"](step, start, longest=5000)[-1] == pytest.approx(absorbed)


def test_parameters_count_the_free_numbers_of_a_table():
    assert chapter["markov_parameters"](2, 3) == 8
    assert chapter["markov_parameters"](96, 1) == 96 * 95


@pytest.mark.formula(5, "chapter:maximum_likelihood")
def test_an_optimizer_finds_no_better_distribution_than_the_counts():
    counts = np.array([7.0, 1.0, 4.0, 0.0, 12.0])
    found = minimize(lambda z: -(counts * log_softmax(z)).sum(), np.zeros(5), tol=1e-12)
    best = chapter["maximum_likelihood"](counts)
    np.testing.assert_allclose(softmax(found.x), best, atol=1e-4)
    assert chapter["log_likelihood"](counts, best) >= -found.fun
