"""Formulas of ngrams/bigram_network against PyTorch, finite differences and brute force."""

import itertools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.chapter import functions

chapter = functions("ngrams/bigram_network")
weights = arrays(float, (4, 4), elements=st.floats(-20, 20))
tables = arrays(int, (4, 4), elements=st.integers(1, 50))


def _pairs(counts):
    """Every pair as often as it was counted: ids before [N] and ids after [N]."""
    pairs = [(a, b) for (a, b), c in np.ndenumerate(counts) for _ in range(c)]
    before, after = torch.tensor(pairs).T
    return before, after


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


@pytest.mark.formula(4, "chapter:left_over")
@pytest.mark.parametrize("row", [[3, 5, 0, 0, 0], [9, 0, 0, 0, 0], [2, 1, 4, 3, 0]])
def test_what_never_follows_fades_away_as_the_law_says(row):
    counts = np.array([row, [40, 1, 1, 1, 1]])
    W, rate, steps = np.zeros((2, 5)), 2.0, 200_000
    for _ in range(steps):
        p = np.exp(W - W.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        W -= rate * (counts.sum(axis=1, keepdims=True) * p - counts) / counts.sum()
    never = counts[0] == 0
    law = chapter["left_over"](
        rate, steps, counts[0].sum(), counts.sum(), never.sum(), (~never).sum()
    )
    np.testing.assert_allclose(p[0, never], law, rtol=0.01)


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


@pytest.mark.formula(6, "chapter:closed_form")
def test_closed_form_is_the_sum_over_all_sentences():
    g = np.array([0.2, 0.9, 0.4])
    for length in (1, 2, 5):
        sentences = itertools.product(range(3), repeat=length)
        expected = sum(math.prod(g[v] for v in sentence) for sentence in sentences)
        assert math.isclose(chapter["closed_form"](length, g), expected)
        assert math.isclose(chapter["total"](length, g), expected)
