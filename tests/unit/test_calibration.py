"""Calibration error and temperature against loops, simulation and a closed form."""

import numpy as np
import pytest
import torch

from lmcourse.evaluation.calibration import COLDEST, calibration_error, fit_temperature


def test_the_error_equals_a_loop_over_bins():
    rng = np.random.default_rng(0)
    stated = rng.random(500)
    came = rng.random(500) < stated**2
    expected = 0.0
    for low in range(10):
        inside = [i for i in range(500) if low <= 10 * stated[i] < low + 1]
        gap = np.mean([stated[i] for i in inside]) - np.mean([came[i] for i in inside])
        expected += len(inside) / 500 * abs(gap)
    assert calibration_error(stated, came) == pytest.approx(expected)


def test_certainty_belongs_to_the_last_bin_and_one_bin_compares_the_means():
    assert calibration_error([1, 1, 0], [1, 1, 0]) == 0
    assert calibration_error([1.0, 0.95], [0, 1]) == pytest.approx(abs(1.95 - 1) / 2)
    assert calibration_error([0.2, 0.9], [1, 0], bins=1) == pytest.approx(0.05)


def test_an_ideal_model_has_an_error_that_shrinks_with_the_root_of_n():
    rng = np.random.default_rng(0)

    def mean_error(n):
        stated = rng.random((200, n))
        return np.mean([calibration_error(p, rng.random(n) < p) for p in stated])

    assert mean_error(200) / mean_error(3_200) == pytest.approx(4, rel=0.1)
    assert mean_error(200) > 0.03


@pytest.mark.parametrize("true", [0.4, 1.0, 2.5])
def test_the_temperature_of_a_model_that_has_one_is_found(true):
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 2, (40_000, 3))
    odds = np.exp(scores / true)
    chances = odds / odds.sum(axis=1, keepdims=True)
    labels = (rng.random((40_000, 1)) > chances.cumsum(axis=1)).sum(axis=1)
    assert fit_temperature(scores, labels) == pytest.approx(true, rel=0.05)


def test_at_the_temperature_found_the_slope_of_torchs_loss_is_zero():
    rng = np.random.default_rng(1)
    scores, labels = rng.normal(0, 3, (300, 4)), rng.integers(0, 4, 300)
    labels[:200] = scores[:200].argmax(axis=1)
    t = torch.tensor(fit_temperature(scores, labels), requires_grad=True)
    torch.nn.functional.cross_entropy(torch.tensor(scores) / t, torch.tensor(labels)).backward()
    assert t.grad is not None
    assert abs(t.grad.item()) < 1e-4


def test_answers_that_are_all_right_want_it_as_cold_as_it_gets():
    assert fit_temperature([[0, 2], [3, 0]], [1, 0]) == pytest.approx(COLDEST, rel=0.01)


@pytest.mark.parametrize(
    ("stated", "came", "bins"),
    [([], [], 10), ([0.5], [1, 0], 10), ([1.2], [1], 10), ([0.5], [2], 10), ([0.5], [1], 0)],
)
def test_what_is_no_probability_or_event_is_refused(stated, came, bins):
    with pytest.raises(ValueError, match=r"empty|shape|0 to 1|0 or 1|at least 1"):
        calibration_error(stated, came, bins)


@pytest.mark.parametrize(
    ("scores", "labels"),
    [([], []), ([[0.0, 1.0]], [2]), ([[0.0, 1.0]], [0, 1]), ([0.0, 1.0], [0, 1])],
)
def test_scores_and_labels_that_do_not_fit_are_refused(scores, labels):
    with pytest.raises(ValueError, match=r"scores must be|labels must be"):
        fit_temperature(scores, labels)
