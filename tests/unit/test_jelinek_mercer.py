"""Jelinek–Mercer interpolation against its formula in fractions, and by hand."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmcourse.models.ngram import NGram
from tests.unit.slow_ngrams import Slow

V = 3
ROWS = st.lists(st.lists(st.integers(1, V - 1), max_size=8).map(lambda ids: [0, *ids, 0]))
WEIGHTS = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.875]), min_size=1, max_size=4)


def slow(rows: list[list[int]], weights: list[float]) -> Slow:
    def rule(n: int, after: dict[int, int], symbol: int) -> tuple[Fraction, Fraction]:
        weight = Fraction(weights[n - 1])
        return weight * after.get(symbol, 0), (1 - weight) * sum(after.values())

    return Slow(len(weights), V, rows, rule)


@settings(deadline=None, max_examples=100)
@given(ROWS, ROWS, WEIGHTS)
def test_equal_to_the_formula(
    train: list[list[int]], test: list[list[int]], weights: list[float]
) -> None:
    model = NGram(len(weights), V, "jelinek_mercer", weights=weights).fit(train)
    formula = slow(train, weights)
    for row in [*train, *test]:
        expected = [math.log(formula.after(row[:i])[row[i]]) for i in range(1, len(row))]
        np.testing.assert_allclose(model.log_probs(row), expected, rtol=1e-9, atol=1e-12)


@settings(deadline=None, max_examples=50)
@given(ROWS, WEIGHTS)
def test_every_context_has_a_distribution(train: list[list[int]], weights: list[float]) -> None:
    model = NGram(len(weights), V, "jelinek_mercer", weights=weights).fit(train)
    for context in product(range(V), repeat=len(weights)):
        distribution = model.next([0, *context])
        assert distribution.sum() == pytest.approx(1, abs=1e-12)
        assert (distribution > 0).all()
        np.testing.assert_allclose(
            distribution, slow(train, weights).after([0, *context]), rtol=1e-9
        )


def test_by_hand() -> None:
    """The row is aab: order 1 is 1/2 of (1, 2, 1)/4 and 1/2 of 1/3; after a come a and b."""
    model = NGram(2, V, "jelinek_mercer", weights=[0.5, 0.75]).fit([[0, 1, 1, 2, 0]])
    p = 0.5 * np.array([1, 2, 1]) / 4 + 0.5 / 3
    np.testing.assert_allclose(model.next([0, 1]), 0.75 * np.array([0, 1, 1]) / 2 + 0.25 * p)


def test_weight_1_is_maximum_likelihood_and_weight_0_asks_the_shorter_context() -> None:
    rows = [[0, 1, 1, 2, 0]]
    only = NGram(2, V, "jelinek_mercer", weights=1.0).fit(rows)
    np.testing.assert_allclose(only.next([0, 1]), NGram(2, V, "mle").fit(rows).next([0, 1]))
    assert only.log_probs([0, 1, 0])[-1] == -math.inf
    below = NGram(2, V, "jelinek_mercer", weights=[0.5, 0.0]).fit(rows)
    one = NGram(1, V, "jelinek_mercer").fit(rows)
    np.testing.assert_allclose(below.next([0, 1]), one.next([]))


@pytest.mark.parametrize("weights", [1.5, -0.1, [0.5], [0.5, 0.5, 0.5], [0.5, 2.0], []])
def test_weights_that_make_no_model(weights: float | list[float]) -> None:
    with pytest.raises(ValueError, match="weights must be 2 numbers from 0 to 1"):
        NGram(2, V, "jelinek_mercer", weights=weights)
