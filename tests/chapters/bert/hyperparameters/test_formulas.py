"""Formulas of bert/hyperparameters against other libraries, simulation and enumeration."""

import itertools
import statistics

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from tests.chapter import functions

chapter = functions("bert/hyperparameters")
SAMPLES = [[80, 83, 86], [0.7, 0.9], [1.0, 2.0, 0.0, 3.0, -1.0]]


@pytest.mark.formula(1, "chapter:deviation")
@pytest.mark.parametrize("values", SAMPLES)
def test_deviation_is_that_of_the_standard_library(values):
    assert np.isclose(chapter["deviation"](np.array(values)), statistics.stdev(values))


@pytest.mark.formula(2, "chapter:spread")
@pytest.mark.parametrize("n", [3, 5, 12])
def test_spread_turns_simulated_quantiles_round(n):
    samples = np.random.default_rng(0).normal(size=(400_000, n))
    low, high = np.quantile(samples.std(axis=1, ddof=1), [0.025, 0.975])
    s, below, above = chapter["spread"](samples[0])
    assert np.isclose(s, samples[0].std(ddof=1))
    np.testing.assert_allclose([s / above, s / below], [low, high], rtol=0.01)


@pytest.mark.formula(3, "chapter:best_of")
@pytest.mark.parametrize("values", [[1, 2, 3, 4, 5, 6], [0.8, 0.7, 0.8]])
@pytest.mark.parametrize("k", [1, 2, 4])
def test_best_of_is_the_mean_over_all_draws(values, k):
    draws = [max(drawn) for drawn in itertools.product(values, repeat=k)]
    assert np.isclose(chapter["best_of"](np.array(values), k), np.mean(draws))


@pytest.mark.formula(4, "chapter:paired")
@pytest.mark.parametrize("values", SAMPLES)
@pytest.mark.parametrize("m", [1, 25])
def test_paired_is_the_interval_of_scipy(values, m):
    theirs = ttest_1samp(values, 0).confidence_interval(1 - 0.05 / m)
    mean, low, high = chapter["paired"](np.array(values), m)
    assert np.isclose(mean, np.mean(values))
    np.testing.assert_allclose([low, high], [theirs.low, theirs.high])


@pytest.mark.formula(5, "chapter:surprise_at_wrong")
@pytest.mark.parametrize("seed", range(20))
def test_surprise_at_wrong_holds_that_of_drawn_answers(seed):
    rng = np.random.default_rng(seed)
    given = rng.beta(4, 2, size=200)  # p(true label), of two
    losses, right = -np.log(given), given > 0.5
    low, high = chapter["surprise_at_wrong"](right.mean(), losses.mean())
    assert low <= losses[~right].mean() <= high


@pytest.mark.formula(5, "chapter:surprise_at_wrong")
def test_surprise_at_wrong_is_reached_at_both_ends():
    wrong = 1.5
    for at_right, end in ((np.log(2), 0), (0.0, 1)):
        bounds = chapter["surprise_at_wrong"](0.8, 0.8 * at_right + 0.2 * wrong)
        assert np.isclose(bounds[end], wrong)
