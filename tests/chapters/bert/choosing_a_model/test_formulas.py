"""Formulas of bert/choosing_a_model against other libraries and by enumeration."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from tests.chapter import functions

chapter = functions("bert/choosing_a_model")
small = st.integers(0, 3)


@pytest.mark.formula(1, "chapter:quantile")
@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=30), st.floats(0, 1))
def test_quantile_is_that_of_numpy(times, p):
    assert np.isclose(chapter["quantile"](np.array(times), p), np.quantile(times, p))


@pytest.mark.formula(2, "chapter:macro_f1")
@pytest.mark.parametrize("K", [2, 3, 4])
@pytest.mark.parametrize("seed", range(4))
def test_macro_f1_is_that_of_scikit_learn(K, seed):
    answers, truth = np.random.default_rng(seed).integers(0, K, size=(2, 40))
    theirs = f1_score(truth, answers, labels=range(K), average="macro", zero_division=0)
    assert np.isclose(chapter["macro_f1"](answers, truth, K), theirs)


@pytest.mark.formula(3, "chapter:front")
@given(st.lists(st.tuples(small, small), min_size=1, max_size=12))
def test_front_is_what_no_pair_dominates(points):
    def dominated(c, a):
        return any(x <= c and y >= a and (x < c or y > a) for x, y in points)

    costs, qualities = np.array(points).T
    expected = [not dominated(c, a) for c, a in points]
    assert chapter["front"](costs, qualities).tolist() == expected


@pytest.mark.formula(4, "chapter:cascade")
@pytest.mark.parametrize("threshold", [0.0, 0.2, 0.5, 2.0])
def test_cascade_asks_one_sentence_after_the_other(threshold):
    rng = np.random.default_rng(0)
    doubt, first, second = rng.random(50), rng.integers(0, 2, 50), rng.random(50)
    passed = right = 0.0
    for d, r, R in zip(doubt, first, second, strict=True):
        passed += d < threshold
        right += R if d < threshold else r
    share, accuracy = chapter["cascade"](doubt, first, second, threshold)
    assert np.isclose(share, passed / 50)
    assert np.isclose(accuracy, right / 50)
