"""Kneser–Ney against the formulas of Chen and Goodman (1999), in dictionaries and loops."""

import math
from collections import Counter
from fractions import Fraction
from itertools import product

import nltk.lm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmcourse.models.kneser_ney import FALLBACK, discounts
from lmcourse.models.ngram import NGram
from tests.unit import beside_nltk
from tests.unit.beside_nltk import TRAIN, compare_orders, told

V = 3
INNER = st.lists(st.integers(1, V - 1), max_size=8)
ROWS = st.lists(INNER.map(lambda inner: [0, *inner, 0]), max_size=12)
Gram = tuple[int, ...]


class FromThePaper:
    """p(w|h) = (a(hw) - D(a(hw))) / a(h) + gamma(h) p(w|h'), with fractions throughout."""

    def __init__(self, order: int, rows: list[list[int]]) -> None:
        self.seen: dict[int, Counter[Gram]] = {n: Counter() for n in range(1, order + 1)}
        for row in rows:
            for end in range(1, len(row)):
                for n in range(1, min(order, end + 1) + 1):
                    self.seen[n][tuple(row[end - n + 1 : end + 1])] += 1
        self.order = order
        self.adjusted = {n: {gram: self.adjust(gram) for gram in self.seen[n]} for n in self.seen}
        self.discounts = {n: self.estimate(list(self.adjusted[n].values())) for n in self.seen}

    def adjust(self, gram: Gram) -> int:
        n = len(gram)
        if n == self.order or (n > 1 and gram[0] == 0):
            return self.seen[n][gram]
        return len({longer[0] for longer in self.seen[n + 1] if longer[1:] == gram})

    @staticmethod
    def estimate(counts: list[int]) -> dict[int, Fraction]:
        n1, n2, n3, n4 = (counts.count(i) for i in (1, 2, 3, 4))
        fixed = {1: Fraction(1, 2), 2: Fraction(1), 3: Fraction(3, 2)}
        if 0 in (n1, n2, n3, n4):
            return fixed
        y = Fraction(n1, n1 + 2 * n2)
        d1, d2, d3 = 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
        return {1: d1, 2: d2, 3: d3} if 0 < d1 <= 1 and 0 < d2 <= 2 and 0 < d3 <= 3 else fixed

    def p(self, symbol: int, context: Gram) -> Fraction:
        n = len(context) + 1
        shorter = self.p(symbol, context[1:]) if context else Fraction(1, V)
        after = {gram[-1]: a for gram, a in self.adjusted[n].items() if gram[:-1] == context}
        if not after:
            return shorter
        taken = {w: self.discounts[n][min(a, 3)] for w, a in after.items()}
        own = after[symbol] - taken[symbol] if symbol in after else Fraction(0)
        return (own + sum(taken.values()) * shorter) / sum(after.values())

    def after(self, before: list[int]) -> list[float]:
        """The distribution after all of `before`, which reaches back to its latest 0."""
        latest = max((i for i, symbol in enumerate(before) if symbol == 0), default=0)
        context = tuple(before[latest:][max(0, len(before[latest:]) - self.order + 1) :])
        return [float(self.p(symbol, context)) for symbol in range(V)]


@settings(deadline=None, max_examples=150)
@given(ROWS, ROWS, st.integers(1, 4))
def test_equal_to_the_paper(train: list[list[int]], test: list[list[int]], order: int) -> None:
    model, paper = NGram(order, V, "kneser_ney").fit(train), FromThePaper(order, train)
    assert model.parameters == sum(len(grams) for grams in paper.adjusted.values())
    for row in [*train, *test]:
        expected = [math.log(paper.after(row[:i])[row[i]]) for i in range(1, len(row))]
        np.testing.assert_allclose(model.log_probs(row), expected, rtol=1e-9, atol=1e-12)
        assert model.nll([row])[0] == pytest.approx(-sum(expected))


@settings(deadline=None, max_examples=60)
@given(ROWS, st.integers(1, 4))
def test_every_context_has_a_distribution(train: list[list[int]], order: int) -> None:
    """Seen or not, and with boundaries at odd places; every symbol has a chance."""
    model, paper = NGram(order, V, "kneser_ney").fit(train), FromThePaper(order, train)
    for context in product(range(V), repeat=order):
        distribution = model.next([0, *context])
        assert distribution.sum() == pytest.approx(1, abs=1e-12)
        assert (distribution > 0).all()
        np.testing.assert_allclose(distribution, paper.after([0, *context]), rtol=1e-9)


def real_looking(rows: int = 150) -> list[list[int]]:
    """Text whose counts of counts are all above zero, so that discounts are estimated."""
    random = np.random.default_rng(5)
    return [
        [0, *(random.integers(1, 40, 6) * random.integers(1, 40, 6) // 40 + 1), 0]
        for _ in range(rows)
    ]


@pytest.mark.parametrize("order", [2, 3])
def test_equal_to_the_paper_with_estimated_discounts(
    order: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = 42
    monkeypatch.setitem(globals(), "V", wide)
    train = [[int(i) for i in row] for row in real_looking()]
    model, paper = NGram(order, wide, "kneser_ney").fit(train), FromThePaper(order, train)
    assert tuple(map(float, paper.discounts[order].values())) != FALLBACK
    for row in train[:8]:
        for i in range(1, len(row)):
            np.testing.assert_allclose(model.next(row[:i]), paper.after(row[:i]), rtol=1e-9)


def test_by_hand() -> None:
    """The rows are ab, ab, cb, of ids 1, 2, 3: b was seen after two different symbols.

    Order 1 counts predecessors: a 1 (the opening), b 2 (a, c), c 1 (the opening), end 1 (b). No
    count is 3, so the discounts are 1/2 and 1: of 5, 3/2 + 1 = 5/2 is shared among 4 symbols.
    """
    model = NGram(2, 4, "kneser_ney").fit([[0, 1, 2, 0], [0, 1, 2, 0], [0, 3, 2, 0]])
    p = (np.array([1, 1, 2, 1]) - [0.5, 0.5, 1, 0.5] + 2.5 / 4) / 5
    # after the opening: a twice, c once, raw counts; the shorter context gets 1 + 1/2 of 3
    opening = (np.array([0, 2, 0, 1]) - [0, 1, 0, 0.5] + 1.5 * p) / 3
    np.testing.assert_allclose(model.next([]), opening, rtol=1e-12)
    np.testing.assert_allclose(model.next([0]), opening, rtol=1e-12)


def test_a_boundary_cuts_the_context() -> None:
    model = NGram(3, V, "kneser_ney").fit([[0, 1, 2, 0], [0, 2, 2, 0]])
    np.testing.assert_allclose(model.next([0, 2, 0]), model.next([0]))
    joined = NGram(3, V, "kneser_ney").fit([[0, 1, 2, 0, 2, 2, 0]])
    np.testing.assert_allclose(joined.next([0, 1]), model.next([0, 1]))


def test_discounts_by_hand() -> None:
    """n1…n4 = 8, 4, 2, 1: Y = 8/16, D1 = 1 - 2/2·4/8, D2 = 2 - 3/2·2/4, D3+ = 3 - 4/2·1/2."""
    counts = np.repeat([1, 2, 3, 4, 9], [8, 4, 2, 1, 3])
    np.testing.assert_allclose(discounts(counts), [0.5, 1.25, 2.0])


@pytest.mark.parametrize(
    "how_many",
    [
        (0, 0, 0, 0),
        (0, 4, 2, 1),
        (8, 0, 2, 1),
        (8, 4, 0, 1),
        (8, 4, 2, 0),
        (8, 1, 9, 1),  # D2 would be 2 - 3·0.8·9, below zero
        (8, 4, 1, 9),  # and D3+ here 3 - 4·0.5·9
    ],
)
def test_discounts_fall_back(how_many: tuple[int, ...]) -> None:
    counts = np.repeat([1, 2, 3, 4], how_many)
    assert tuple(discounts(counts)) == FALLBACK == (0.5, 1.0, 1.5)


def test_without_any_text_it_is_uniform() -> None:
    model = NGram(3, V, "kneser_ney").fit([])
    np.testing.assert_allclose(model.next([0, 1]), np.full(V, 1 / V))
    assert model.parameters == 0
    assert model.nll([]).shape == (0,)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match=r"'kneser' is unknown.*'kneser_ney'"):
        NGram(2, V, "kneser")
    with pytest.raises(RuntimeError, match="call fit"):
        NGram(2, V, "kneser_ney").nll([[0, 1, 0]])
    with pytest.raises(RuntimeError, match="call fit"):
        assert NGram(2, V, "kneser_ney").parameters
    with pytest.raises(ValueError, match="id 3 is outside the vocabulary of 3"):
        NGram(2, V, "kneser_ney").fit([[0, 3, 0]])


def test_equal_to_nltk() -> None:
    """With the one discount that theirs has. A text's opening has nothing in front: not asked."""
    theirs = told(nltk.lm.KneserNeyInterpolated(4, discount=0.6), 4)
    ours = NGram(4, beside_nltk.V + 1, "kneser_ney", discount=0.6).fit(TRAIN)
    compare_orders(ours, theirs, contexts_of=(1, 2, 3))
