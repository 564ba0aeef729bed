"""Formulas of probability/softmax against SciPy, PyTorch and finite differences."""

import math

import numpy as np
import pytest
import scipy.special
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.chapter import functions

chapter = functions("probability/softmax")
logits = arrays(float, st.integers(1, 8), elements=st.floats(-50, 50))


@pytest.mark.formula(1, "chapter:softmax")
@given(logits)
def test_softmax_equals_scipy_and_the_formula(z):
    total = sum(math.exp(score) for score in z)
    by_hand = [math.exp(score) / total for score in z]
    np.testing.assert_allclose(chapter["softmax"](z), by_hand, atol=1e-12)
    np.testing.assert_allclose(chapter["naive_softmax"](z), by_hand, atol=1e-12)
    np.testing.assert_allclose(chapter["softmax"](z * 40), scipy.special.softmax(z * 40))


@pytest.mark.formula(2, "chapter:logsumexp")
@given(logits)
def test_logsumexp_equals_scipy(z):
    large = z * 40  # up to 2,000: exp overflows
    expected = scipy.special.logsumexp(large)
    np.testing.assert_allclose(chapter["logsumexp"](large)[0], expected, atol=1e-12)
    np.testing.assert_allclose(
        chapter["log_softmax"](large), scipy.special.log_softmax(large), atol=1e-9
    )


@pytest.mark.parametrize("name", ["naive_softmax", "softmax", "log_softmax", "logsumexp"])
def test_each_row_of_a_batch_is_treated_alone(name):
    rows = np.random.default_rng(0).normal(size=(3, 5))
    reference = getattr(scipy.special, name.removeprefix("naive_"))
    options = {"keepdims": True} if name == "logsumexp" else {}
    np.testing.assert_allclose(chapter[name](rows), reference(rows, axis=-1, **options))


@pytest.mark.formula(3, "chapter:cross_entropy")
def test_cross_entropy_equals_torch():
    rng = np.random.default_rng(0)
    z, targets = rng.normal(scale=20, size=(50, 7)), rng.integers(7, size=50)
    expected = F.cross_entropy(torch.tensor(z), torch.tensor(targets)).item()
    assert math.isclose(chapter["cross_entropy"](z, targets), expected)


@pytest.mark.formula(4, "chapter:gradient")
@given(logits)
def test_gradient_equals_finite_differences(z):
    step, target = 1e-4, len(z) - 1
    slopes = chapter["gradient"](z, target)
    for i, nudge in enumerate(np.eye(len(z)) * step):
        above = scipy.special.logsumexp(z + nudge) - (z + nudge)[target]
        below = scipy.special.logsumexp(z - nudge) - (z - nudge)[target]
        assert math.isclose(slopes[i], (above - below) / (2 * step), abs_tol=1e-6)


@pytest.mark.formula(5, "chapter:kl_divergence")
def test_cross_entropy_is_entropy_plus_divergence():
    rng = np.random.default_rng(0)
    f, p = rng.dirichlet(np.ones(6)), rng.dirichlet(np.ones(6))
    cross = -sum(fi * math.log(pi) for fi, pi in zip(f, p, strict=True))
    entropy = -sum(fi * math.log(fi) for fi in f)
    assert math.isclose(cross, entropy + chapter["kl_divergence"](f, p))
    assert math.isclose(chapter["entropy"](f), entropy / math.log(2))
    assert chapter["kl_divergence"](np.array([0.5, 0.5]), np.array([1.0, 0.0])) == math.inf


@pytest.mark.formula(6, "chapter:slopes_of")
def test_slopes_of_weights_and_bias_equal_torch():
    rng = np.random.default_rng(0)
    x, targets = rng.normal(size=(8, 54)), rng.integers(27, size=8)
    W, b = (torch.tensor(rng.normal(size=s), requires_grad=True) for s in ((27, 54), 27))
    loss = F.cross_entropy(torch.tensor(x) @ W.T + b, torch.tensor(targets))
    loss.backward()
    chapter["one_hot"] = np.eye(27)
    slope_W, slope_b = chapter["slopes_of"](x, targets, W.detach().numpy(), b.detach().numpy())
    np.testing.assert_allclose(slope_W, W.grad, atol=1e-12)
    np.testing.assert_allclose(slope_b, b.grad, atol=1e-12)


@pytest.mark.formula(7, "chapter:smoothed_cross_entropy")
@given(logits, st.floats(0, 0.9))
def test_smoothed_loss_equals_torch(z, epsilon):
    expected = F.cross_entropy(
        torch.tensor(z)[None], torch.tensor([0]), label_smoothing=epsilon
    ).item()
    assert math.isclose(
        chapter["smoothed_cross_entropy"](z, 0, epsilon), expected, rel_tol=1e-6, abs_tol=1e-6
    )
