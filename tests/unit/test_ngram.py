"""N-gram probabilities against dictionaries and loops, over all rows of a tiny vocabulary."""

import math
from collections import Counter, defaultdict
from itertools import product

import nltk.lm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmcourse.models.ngram import NGram
from tests.unit import beside_nltk
from tests.unit.beside_nltk import TRAIN, compare_orders, told

V = 3
ROWS = st.lists(st.lists(st.integers(1, V - 1), max_size=6), max_size=6)
SMOOTHING = st.sampled_from(["witten_bell", "add_k", "mle"])


def close(inner: list[list[int]]) -> list[list[int]]:
    return [[0, *row, 0] for row in inner]


class BruteForce:
    """The same definitions with one dictionary an order."""

    def __init__(self, order: int, smoothing: str, k: float, rows: list[list[int]]) -> None:
        self.order, self.smoothing, self.k = order, smoothing, k
        self.counts: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
        for row in rows:
            padded = [0] * order + row
            for i in range(order + 1, len(padded)):
                for n in range(order):
                    self.counts[tuple(padded[i - n : i])][padded[i]] += 1

    def p(self, symbol: int, context: tuple[int, ...]) -> float:
        after = self.counts[context]
        if self.smoothing == "add_k":
            return (after[symbol] + self.k) / (after.total() + self.k * V)
        if self.smoothing == "mle":
            return after[symbol] / after.total() if after else 0.0
        shorter = self.p(symbol, context[1:]) if context else 1 / V
        if not after:
            return shorter
        return (after[symbol] + len(after) * shorter) / (after.total() + len(after))

    def row(self, row: list[int]) -> list[float]:
        padded = [0] * self.order + row
        positions = range(self.order + 1, len(padded))
        return [self.p(padded[i], tuple(padded[i - self.order + 1 : i])) for i in positions]


@settings(deadline=None, max_examples=200)
@given(ROWS, ROWS, st.integers(1, 5), SMOOTHING, st.sampled_from([0.1, 1.0, 2.5]))
def test_equal_to_brute_force(
    train: list[list[int]], test: list[list[int]], order: int, smoothing: str, k: float
) -> None:
    train, test = close(train), close(test)
    model = NGram(order, V, smoothing, k).fit(train)
    brute = BruteForce(order, smoothing, k, train)
    for row in test:
        expected = [math.log(p) if p else -math.inf for p in brute.row(row)]
        np.testing.assert_allclose(model.log_probs(row), expected, rtol=1e-12)
    np.testing.assert_allclose(
        model.nll(test), [-model.log_probs(row).sum() for row in test], rtol=1e-12
    )


@settings(deadline=None)
@given(ROWS, st.integers(1, 4), SMOOTHING)
def test_every_context_has_a_distribution(
    train: list[list[int]], order: int, smoothing: str
) -> None:
    model = NGram(order, V, smoothing).fit(close(train))
    for context in product(range(V), repeat=order):  # one symbol more than the model looks at
        try:
            distribution = model.next(context)
        except ValueError:
            assert smoothing == "mle"
            continue
        assert distribution.shape == (V,)
        assert distribution.sum() == pytest.approx(1, abs=1e-12)
        assert (distribution > 0).all() or smoothing == "mle"
        scored = np.exp([model.log_probs([*context, symbol])[-1] for symbol in range(V)])
        np.testing.assert_allclose(scored, distribution, rtol=1e-12)


def test_next_is_what_scoring_uses_from_the_first_symbol_on() -> None:
    rows = close([[1, 2, 1], [1, 1], [2]])
    model = NGram(3, V).fit(rows)
    for row in rows:
        one_by_one = [model.next(row[:i])[row[i]] for i in range(1, len(row))]
        np.testing.assert_allclose(np.exp(model.log_probs(row)), one_by_one, rtol=1e-12)
    np.testing.assert_allclose(model.next([]), model.next([0]), rtol=1e-12)


def test_unseen_context_falls_back_to_the_shorter_one() -> None:
    rows = close([[1, 1, 2]])
    long, short = NGram(3, V).fit(rows), NGram(2, V).fit(rows)
    np.testing.assert_allclose(long.next([2, 2]), short.next([2]))


def test_unseen_is_minus_infinity_for_mle() -> None:
    model = NGram(2, V, "mle").fit([[0, 1, 0]])
    assert model.log_probs([0, 1, 0]).tolist() == [0.0, 0.0]
    assert model.log_probs([0, 2, 0]).tolist() == [-math.inf, -math.inf]
    assert model.nll([[0, 2, 0]]).tolist() == [math.inf]
    with pytest.raises(ValueError, match=r"never seen the context \[2\]"):
        model.next([0, 2])


@pytest.mark.parametrize("smoothing", ["witten_bell", "add_k"])
def test_without_any_text_it_is_uniform(smoothing: str) -> None:
    model = NGram(4, V, smoothing).fit([])
    np.testing.assert_allclose(model.next([0, 1]), np.full(V, 1 / V))


def test_rows_without_a_prediction() -> None:
    model = NGram(3, V).fit([[], [0], [0, 1, 0], []])
    assert model.log_probs([]).shape == model.log_probs([0]).shape == (0,)
    nll = model.nll([[], [0, 1, 0], [0], []])
    assert nll[[0, 2, 3]].tolist() == [0, 0, 0]
    assert nll[1] > 0
    assert model.nll([]).shape == (0,)


def test_parameters_are_the_stored_counts() -> None:
    rows = [[0, 1, 1, 0]]
    assert NGram(1, V).fit(rows).parameters == 2  # 1, 0
    assert NGram(2, V).fit(rows).parameters == 2 + 3  # and 01, 11, 10
    assert NGram(2, V, "mle").fit(rows).parameters == 3


def test_the_largest_order_that_fits_and_the_first_that_does_not() -> None:
    row = [0, *[95] * 12, 0]
    model = NGram(9, 96).fit([row])
    assert model.log_probs(row)[:-1].min() > math.log(0.5)  # no wrap-around mixes the codes
    with pytest.raises(ValueError, match="order 10 with vocab_size 96"):
        NGram(10, 96)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 3), "got 0 and 3"),
        ((2, 0), "got 2 and 0"),
        ((2, 3, "good_turing"), "'good_turing' is unknown.*witten_bell.*kneser_ney"),
        ((2, 3, "add_k", 0.0), "k must be positive, got 0.0"),
    ],
)
def test_refused_settings(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NGram(*arguments)


@pytest.mark.parametrize("wrong", [-1, 3])
def test_refused_ids(wrong: int) -> None:
    with pytest.raises(ValueError, match=f"id {wrong} is outside the vocabulary of 3"):
        NGram(2, V).fit([[0, wrong, 0]])


def test_scoring_before_fitting() -> None:
    with pytest.raises(RuntimeError, match="call fit"):
        NGram(2, V).nll([[0, 1, 0]])


def test_fitting_rows_without_an_opening() -> None:
    with pytest.raises(ValueError, match="row 1 opens with id 2, not with the boundary"):
        NGram(2, V).fit([[0, 1, 0], [2, 1, 0]])


@pytest.mark.parametrize("order", [1, 2, 3])
def test_equal_to_nltk(order: int) -> None:
    mle, lidstone = told(nltk.lm.MLE(order), order), told(nltk.lm.Lidstone(0.3, order), order)
    wide = beside_nltk.V + 1
    ours = NGram(order, wide, "mle").fit(TRAIN)
    smoothed = NGram(order, wide, "add_k", 0.3).fit(TRAIN)
    for row in TRAIN:
        for end in range(order, len(row)):
            before = row[end - order + 1 : end]
            for model, theirs in ((ours, mle), (smoothed, lidstone)):
                expected = [theirs.score(str(i), [*map(str, before)]) for i in range(wide - 1)]
                np.testing.assert_allclose(model.next(before)[:-1], expected)


def test_witten_bell_equals_nltk() -> None:
    theirs = told(nltk.lm.WittenBellInterpolated(3), 3)
    ours = NGram(3, beside_nltk.V + 1, "witten_bell").fit(TRAIN)
    compare_orders(ours, theirs, contexts_of=(1, 2, 3))
