"""Formulas of ngrams/bigram_network against PyTorch, finite differences and brute force."""

import itertools
import math
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.chapter import functions

chapter = functions("ngrams/bigram_network")
ROWS = [[0, 1, 2, 0], [0, 2, 2, 1, 0], [0, 1, 1, 2, 2, 0], [0, 2, 0], [0, 1, 2, 1, 0]]
weights = arrays(float, (4, 4), elements=st.floats(-20, 20))
tables = arrays(int, (4, 4), elements=st.integers(1, 50))


def _pairs(counts):
    """Every pair as often as it was counted: ids before [N] and ids after [N]."""
    pairs = [(a, b) for (a, b), c in np.ndenumerate(counts) for _ in range(c)]
    before, after = torch.tensor(pairs).T
    return before, after


def test_pairs_of_the_rows_are_counted_one_by_one():
    x, y = chapter["pair_columns"](ROWS)
    counts = chapter["count_pairs"](x, y)
    by_hand = np.zeros((27, 27), dtype=int)
    for row in ROWS:
        for a, b in itertools.pairwise(row):
            by_hand[a, b] += 1
    np.testing.assert_array_equal(counts, by_hand)


@pytest.mark.formula(1, "chapter:predict")
@given(weights)
def test_predict_is_one_hot_times_weights_and_softmax(W):
    expected = F.softmax(torch.eye(4, dtype=torch.float64) @ torch.tensor(W), dim=1)
    np.testing.assert_allclose(chapter["predict"](W), expected, atol=1e-12)


@pytest.mark.formula(2, "chapter:loss")
@pytest.mark.formula(3, "chapter:gradient")
@given(weights, tables)
def test_loss_and_gradient_are_those_of_torch_on_the_pairs(W, counts):
    before, after = _pairs(counts)
    leaf = torch.tensor(W, requires_grad=True)
    expected = F.cross_entropy(F.one_hot(before, 4).double() @ leaf, after)
    expected.backward()
    assert math.isclose(chapter["loss"](W, counts), expected.item(), abs_tol=1e-9)
    np.testing.assert_allclose(chapter["gradient"](W, counts), leaf.grad, atol=1e-9)


@pytest.mark.formula(4, "chapter:penalized")
@given(weights, tables, st.floats(0, 1))
def test_penalized_gradient_equals_finite_differences(W, counts, decay):
    _, slope = chapter["penalized"](W, counts, decay)
    step = 1e-4
    for place in [(0, 1), (3, 3), (2, 0)]:
        nudge = np.zeros((4, 4))
        nudge[place] = step
        above, _ = chapter["penalized"](W + nudge, counts, decay)
        below, _ = chapter["penalized"](W - nudge, counts, decay)
        assert math.isclose(slope[place], (above - below) / (2 * step), abs_tol=1e-6)


@given(weights, weights, tables, st.floats(0, 1))
def test_bend_is_the_change_of_the_gradient(W, direction, counts, decay):
    step = 1e-5
    above = chapter["penalized"](W + step * direction, counts, decay)[1]
    below = chapter["penalized"](W - step * direction, counts, decay)[1]
    expected = (above - below) / (2 * step)
    bend = chapter["bend"](W, direction, counts, decay)
    np.testing.assert_allclose(bend, expected, atol=1e-4)


def test_fit_ends_at_the_counts_and_with_much_decay_at_uniform():
    counts = np.array([[5, 1, 3], [2, 2, 7], [1, 9, 4]])
    table = counts / counts.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(chapter["predict"](chapter["fit"](counts)[0]), table, atol=1e-5)
    uniform = chapter["predict"](chapter["fit"](counts, decay=1e3)[0])
    np.testing.assert_allclose(uniform, 1 / 3, atol=1e-3)
    expected = -(counts * np.log2(table)).sum() / counts.sum()
    assert math.isclose(chapter["bits"](table, counts), expected)


@pytest.mark.formula(5, "chapter:factors")
def test_factors_are_two_layers_of_sigmoids():
    rng = np.random.default_rng(0)
    W1, W2 = rng.normal(size=(4, 3)), rng.normal(size=4)
    first = torch.nn.Linear(3, 4, bias=False)
    second = torch.nn.Linear(4, 1, bias=False)
    with torch.no_grad():
        first.weight.copy_(torch.tensor(W1))
        second.weight.copy_(torch.tensor(W2)[None])
        g = torch.sigmoid(second(torch.sigmoid(first(torch.eye(3)))))[:, 0]
    np.testing.assert_allclose(chapter["factors"](W1, W2), g, atol=1e-6)
    assert math.isclose(chapter["score"]((0, 2, 2), g.numpy()), g[0] * g[2] ** 2, rel_tol=1e-6)


@pytest.mark.formula(6, "chapter:closed_form")
def test_closed_form_is_the_sum_over_all_sentences():
    g = np.array([0.2, 0.9, 0.4])
    for length in (1, 2, 5):
        sentences = itertools.product(range(3), repeat=length)
        expected = sum(math.prod(g[v] for v in sentence) for sentence in sentences)
        assert math.isclose(chapter["closed_form"](length, g), expected)
        by_force = chapter["total"](length, 3, partial(chapter["score"], g=g))
        assert math.isclose(by_force, expected)
