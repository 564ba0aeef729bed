"""Formulas of bert/beyond_two_classes against brute force, differences and scikit-learn."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from tests.chapter import functions

chapter = functions("bert/beyond_two_classes")


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


@pytest.mark.formula(1, "chapter:class_probabilities")
@pytest.mark.parametrize("thresholds", [(-1.0, 1.0), (-0.1, 0.1), (0.5, 3.0)])
def test_class_probabilities_are_differences_and_sum_to_one(thresholds):
    scores = [-4.0, -0.3, 0.0, 1.7]
    found = chapter["class_probabilities"](torch.tensor(scores), torch.tensor(thresholds))
    for s, row in zip(scores, found.tolist(), strict=True):
        above = [sigmoid(s - t) for t in thresholds]
        assert row == pytest.approx([1 - above[0], above[0] - above[1], above[1]], abs=1e-6)
        assert min(row) > 0


def test_class_probabilities_are_what_noise_on_the_score_would_give():
    """A score with logistic noise, cut at the thresholds, falls into the classes so often."""
    rng = np.random.default_rng(0)
    noisy = 0.4 + rng.logistic(size=200_000)
    counts = np.bincount(np.digitize(noisy, [-1, 1]), minlength=3) / len(noisy)
    found = chapter["class_probabilities"](torch.tensor([0.4]), torch.tensor([-1.0, 1.0]))
    np.testing.assert_allclose(found[0], counts, atol=5e-3)


@pytest.mark.formula(2, "chapter:ordinal_loss")
def test_ordinal_loss_is_the_surprise_at_two_answers():
    torch.manual_seed(0)
    scores = torch.randn(12, dtype=torch.float64, requires_grad=True)
    labels, thresholds = torch.randint(3, (12,)), torch.tensor([-0.4, 1.1], dtype=torch.float64)
    loss = chapter["ordinal_loss"](scores, labels, thresholds)
    surprises = 0.0
    for s, y in zip(scores.tolist(), labels.tolist(), strict=True):
        for k, threshold in enumerate(thresholds.tolist()):
            p = sigmoid(s - threshold)
            surprises -= math.log(p if y > k else 1 - p)
    assert math.isclose(loss.item(), surprises / 12)
    loss.backward()
    step = torch.zeros(12, dtype=torch.float64)
    step[5] = 1e-6
    above, below = (
        chapter["ordinal_loss"](scores.detach() + sign * step, labels, thresholds)
        for sign in (1, -1)
    )
    assert math.isclose(scores.grad[5].item(), (above - below).item() / 2e-6, rel_tol=1e-5)


def test_ordinal_loss_is_higher_the_further_the_miss_and_stays_finite():
    thresholds = torch.tensor([-1.0, 1.0])
    scores = torch.tensor([-3.0, 0.0, 3.0, 300.0])
    losses = [
        chapter["ordinal_loss"](s[None], torch.tensor([0]), thresholds).item() for s in scores
    ]
    assert losses == sorted(losses)
    assert math.isfinite(losses[-1])


@pytest.mark.formula(3, "chapter:squared_error")
def test_squared_error_and_its_slope():
    torch.manual_seed(0)
    scores, ratings = torch.randn(9, dtype=torch.float64), torch.randn(9, dtype=torch.float64)
    by_hand = sum((s - r) ** 2 for s, r in zip(scores.tolist(), ratings.tolist(), strict=True)) / 9
    assert math.isclose(chapter["squared_error"](scores, ratings).item(), by_hand)
    nudge = torch.zeros(9, dtype=torch.float64)
    nudge[4] = 1e-6
    above, below = (chapter["squared_error"](scores + sign * nudge, ratings) for sign in (1, -1))
    slope = (above - below).item() / 2e-6
    assert math.isclose(slope, 2 * (scores[4] - ratings[4]).item() / 9, rel_tol=1e-6)


@pytest.mark.formula(4, "chapter:macro_f1")
def test_macro_f1_equals_scikit_learn_also_for_a_class_that_is_never_named():
    rng = np.random.default_rng(0)
    for named in (3, 2, 1):
        truth, found = rng.integers(3, size=60), rng.integers(named, size=60)
        expected = f1_score(truth, found, average="macro", zero_division=0)
        assert math.isclose(chapter["macro_f1"](truth, found), expected)


def test_classes_follow_the_definition_at_the_borders():
    means = np.array([-3.0, -0.5, -0.49, 0.0, 0.49, 0.5, 2.0])
    assert chapter["classes"](means).tolist() == [0, 0, 1, 1, 1, 2, 2]
