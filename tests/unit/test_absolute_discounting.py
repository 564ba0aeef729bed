"""Absolute discounting against its formula in fractions, and by hand."""

import math
from fractions import Fraction
from itertools import product

import nltk.lm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmcourse.models.absolute_discounting import FALLBACK, one_discount
from lmcourse.models.ngram import NGram
from tests.unit import beside_nltk
from tests.unit.beside_nltk import TRAIN, compare_orders, told
from tests.unit.slow_ngrams import Slow

V = 3
ROWS = st.lists(st.lists(st.integers(1, V - 1), max_size=8).map(lambda ids: [0, *ids, 0]))
DISCOUNT = st.sampled_from([None, 0.25, 1.0])


def slow(order: int, rows: list[list[int]], discount: float | None) -> Slow:
    def taken(n: int) -> Fraction:
        once, twice = (model.counts(n).count(r) for r in (1, 2))
        estimated = Fraction(once, once + 2 * twice) if once and twice else Fraction(1, 2)
        return estimated if discount is None else Fraction(discount)

    def rule(n: int, after: dict[int, int], symbol: int) -> tuple[Fraction, Fraction]:
        D = taken(n)
        return (after[symbol] - D if symbol in after else Fraction(0)), D * len(after)

    model = Slow(order, V, rows, rule)
    return model


@settings(deadline=None, max_examples=100)
@given(ROWS, ROWS, st.integers(1, 4), DISCOUNT)
def test_equal_to_the_formula(
    train: list[list[int]], test: list[list[int]], order: int, discount: float | None
) -> None:
    model = NGram(order, V, "absolute_discounting", discount=discount).fit(train)
    formula = slow(order, train, discount)
    for row in [*train, *test]:
        expected = [math.log(formula.after(row[:i])[row[i]]) for i in range(1, len(row))]
        np.testing.assert_allclose(model.log_probs(row), expected, rtol=1e-9, atol=1e-12)
        assert model.nll([row])[0] == pytest.approx(-sum(expected))


@settings(deadline=None, max_examples=50)
@given(ROWS, st.integers(1, 4), DISCOUNT)
def test_every_context_has_a_distribution(
    train: list[list[int]], order: int, discount: float | None
) -> None:
    model = NGram(order, V, "absolute_discounting", discount=discount).fit(train)
    formula = slow(order, train, discount)
    for context in product(range(V), repeat=order):
        distribution = model.next([0, *context])
        assert distribution.sum() == pytest.approx(1, abs=1e-12)
        assert (distribution > 0).all()
        np.testing.assert_allclose(distribution, formula.after([0, *context]), rtol=1e-9)


def test_by_hand() -> None:
    """The row is aab of a, b, c: order 1 keeps 2 - 1/2, 1 - 1/2, 1 - 1/2 of 4, and 3/2 is free."""
    model = NGram(2, 4, "absolute_discounting", discount=0.5).fit([[0, 1, 1, 2, 0]])
    p = (np.array([0.5, 1.5, 0.5, 0]) + 1.5 / 4) / 4
    np.testing.assert_allclose(model.next([0, 1]), (np.array([0, 0.5, 0.5, 0]) + 1 * p) / 2)
    np.testing.assert_allclose(model.next([3]), p)  # never seen


@pytest.mark.parametrize(("how_many", "discount"), [((4, 2), 0.5), ((6, 1), 0.75)])
def test_the_discount_by_hand(how_many: tuple[int, int], discount: float) -> None:
    assert one_discount(np.repeat([1, 2], how_many)) == discount


@pytest.mark.parametrize("how_many", [(0, 0, 0), (0, 4, 1), (4, 0, 9)])
def test_the_discount_falls_back(how_many: tuple[int, ...]) -> None:
    assert one_discount(np.repeat([1, 2, 3], how_many)) == FALLBACK == 0.5


@pytest.mark.parametrize("smoothing", ["absolute_discounting", "kneser_ney"])
@pytest.mark.parametrize("discount", [0.0, -0.1, 1.5])
def test_a_discount_that_makes_no_model(smoothing: str, discount: float) -> None:
    with pytest.raises(ValueError, match="discount must be above 0 and at most 1"):
        NGram(2, 3, smoothing, discount=discount)


@pytest.mark.parametrize("smoothing", ["absolute_discounting", "jelinek_mercer"])
def test_odd_texts(smoothing: str) -> None:
    """No text, one symbol, an order longer than the text."""
    np.testing.assert_allclose(NGram(3, V, smoothing).fit([]).next([0, 1]), np.full(V, 1 / V))
    assert NGram(3, V, smoothing).fit([]).nll([[0, 1, 0], [0], []])[1:].tolist() == [0, 0]
    alone = NGram(3, 1, smoothing).fit([[0, 0], [0, 0]])
    assert alone.next([0]).tolist() == [1.0]
    assert alone.nll([[0, 0]]).tolist() == [0.0]
    long = NGram(9, V, smoothing).fit([[0, 1, 0]])
    assert long.next([0, 1]).sum() == pytest.approx(1)
    assert long.parameters == 5  # 1, 0; 01, 10; 010


def test_equal_to_nltk() -> None:
    theirs = told(nltk.lm.AbsoluteDiscountingInterpolated(4, discount=0.6), 4)
    ours = NGram(4, beside_nltk.V + 1, "absolute_discounting", discount=0.6).fit(TRAIN)
    compare_orders(ours, theirs, contexts_of=range(beside_nltk.V))
