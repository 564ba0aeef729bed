"""Formulas of bert/robustness against scikit-learn, brute force, PyTorch and simulation."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from lmcourse.evaluation import calibration
from lmcourse.text import perturbations
from tests.chapter import functions

chapter = functions("bert/robustness")


@pytest.mark.formula(1, "chapter:balanced_accuracy")
def test_balanced_accuracy_is_scikit_learns():
    rng = np.random.default_rng(0)
    labels, answers = rng.integers(0, 2, 90), rng.integers(0, 2, 90)
    labels[:60] = 1
    expected = balanced_accuracy_score(labels, answers)
    assert math.isclose(chapter["balanced_accuracy"](answers == labels, labels), expected)
    assert chapter["balanced_accuracy"](labels == 1, labels) == 0.5


def test_the_share_of_pairs_in_order_is_scikit_learns_area_under_the_curve():
    rng = np.random.default_rng(0)
    z, y = rng.integers(-5, 6, 90), rng.integers(0, 2, 90)  # with ties
    table = chapter["in_order"](z, y)
    assert table.shape == (y.sum(), (1 - y).sum())
    assert math.isclose(table.mean(), roc_auc_score(y, z))
    by_hand = chapter["in_order"](np.array([-1, -3, -2, -5]), np.array([1, 1, 0, 0]))
    assert by_hand.mean() == 0.75


@pytest.mark.formula(2, "chapter:step_against")
def test_no_step_of_the_same_length_goes_further_along_the_slope():
    torch.manual_seed(0)
    vectors, slope = torch.randn(3, 5, 4), torch.randn(3, 5, 4)
    step = chapter["step_against"](vectors, slope, 0.1)
    for e, g, r in zip(vectors, slope, step, strict=True):
        assert math.isclose(r.norm(), 0.1 * e.norm(), rel_tol=1e-5)
        for _ in range(200):
            other = torch.randn(5, 4)
            other *= r.norm() / other.norm()
            assert (g * other).sum() < (g * r).sum()
    by_hand = chapter["step_against"](
        torch.tensor([[[3.0, 4.0]]]), torch.tensor([[[0.8, -0.6]]]), 0.1
    )
    torch.testing.assert_close(by_hand, torch.tensor([[[0.4, -0.3]]]))


@pytest.mark.formula(3, "chapter:calibration_error")
def test_the_calibration_error_is_the_packages_and_that_by_hand():
    rng = np.random.default_rng(0)
    p = rng.random(1000)
    y = (rng.random(1000) < p**2).astype(int)
    ours = chapter["calibration_error"](p, y)
    assert math.isclose(ours, calibration.calibration_error(p, y))
    p, y = np.array([0.9] * 5 + [0.3] * 5), np.array([1, 1, 1, 1, 0, 1, 1, 0, 0, 0])
    assert math.isclose(chapter["calibration_error"](p, y), 0.1)


@pytest.mark.formula(4, "chapter:surprise_at")
@pytest.mark.parametrize("T", [0.5, 1.0, 3.0])
def test_the_surprise_is_torchs_and_the_best_temperature_the_packages(T):
    rng = np.random.default_rng(0)
    z, y = rng.normal(0, 3, 400), rng.integers(0, 2, 400)
    y[:300] = z[:300] > 0
    expected = torch.nn.functional.binary_cross_entropy_with_logits(
        torch.tensor(z / T), torch.tensor(y, dtype=torch.double)
    )
    assert math.isclose(chapter["surprise_at"](T, z, y), expected, rel_tol=1e-9)
    best = calibration.fit_temperature(np.stack([0 * z, z], axis=1), y)
    assert math.isclose(chapter["best_temperature"](z, y), best, rel_tol=1e-2)


@pytest.mark.formula(5, "chapter:gaussian_temperature")
@pytest.mark.parametrize(("mu", "sigma"), [(0.5, 1.0), (1.0, 2.0), (2.0, 1.0)])
def test_the_temperature_of_normal_margins_is_found_and_makes_probabilities_true(mu, sigma):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200_000)
    z = rng.normal(mu * (2 * y - 1), sigma)
    T = chapter["gaussian_temperature"](mu, sigma)
    assert math.isclose(chapter["best_temperature"](z, y), T, rel_tol=0.03)
    assert chapter["calibration_error"](chapter["sigmoid"](z / T), y) < 0.01


def test_the_chapters_typos_are_the_packages():
    texts = ["An unforgettably overwrought mess, but go and see it anyway."] * 50
    for k in (0.2, 1.0):
        theirs = perturbations.with_typos(texts, k, 3, {"mess"})
        assert chapter["with_typos"](texts, k, 3, {"mess"}) == theirs


def test_the_adversarial_slopes_are_those_at_both_places():
    """Against the gradients of two losses written out; the encoder is a linear layer."""
    torch.manual_seed(0)

    class Encoder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embeddings = torch.nn.Module()
            self.embeddings.word_embeddings = torch.nn.Embedding(9, 4).requires_grad_(False)
            self.mix = torch.nn.Linear(4, 4)

        def forward(self, inputs_embeds, attention_mask):
            hidden = torch.tanh(self.mix(inputs_embeds))
            return torch.nn.Module().__class__, hidden

    encoder = Encoder()
    encoder.forward = lambda inputs_embeds, attention_mask: type(
        "Output", (), {"last_hidden_state": torch.tanh(encoder.mix(inputs_embeds))}
    )
    model = torch.nn.Module()
    model.encoder, model.head = encoder, torch.nn.Linear(4, 2)
    model.dropout = torch.nn.Identity()
    ids, mask = torch.tensor([[1, 2, 3], [4, 5, 0]]), torch.tensor([[1, 1, 1], [1, 1, 0]])
    targets = torch.tensor([0, 1])
    e, r = chapter["adversarial_slopes"](model, ids, mask, targets, 0.3)
    found = [p.grad.clone() for p in (encoder.mix.weight, model.head.weight)]
    model.zero_grad()
    total = sum(chapter["loss_at"](model, x, mask, targets) for x in (e, e + r))
    expected = torch.autograd.grad(total, [encoder.mix.weight, model.head.weight])
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b)
    assert (r[1, 2] == 0).all()  # padding does not move
