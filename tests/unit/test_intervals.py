"""Intervals and paired tests against closed forms and SciPy."""

import math

import numpy as np
import pytest
import scipy.stats

from lmcourse.evaluation import intervals


def test_bootstrap_of_a_mean_approaches_the_normal_interval():
    values = np.random.default_rng(1).normal(3, 2, size=2_000)
    interval = intervals.bootstrap_mean(values, n=4_000)
    half = 1.96 * values.std() / math.sqrt(len(values))
    assert interval.value == pytest.approx(values.mean())
    assert interval.low == pytest.approx(values.mean() - half, abs=half / 10)
    assert interval.high == pytest.approx(values.mean() + half, abs=half / 10)
    assert str(interval) == f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def test_bootstrap_interval_covers_the_truth_nineteen_times_in_twenty():
    rng = np.random.default_rng(0)
    hits = 0
    for trial in range(200):
        interval = intervals.bootstrap_mean(rng.random(200) < 0.8, seed=trial, n=400)
        hits += interval.low <= 0.8 <= interval.high
    assert 0.90 <= hits / 200 <= 0.99


def test_bootstrap_ratio_equals_scipys():
    rng = np.random.default_rng(0)
    top, bottom = rng.gamma(3, size=300), rng.gamma(5, size=300)
    ours = intervals.bootstrap_ratio(top, bottom, n=20_000)
    theirs = scipy.stats.bootstrap(
        (top, bottom),
        lambda a, b: a.sum() / b.sum(),
        paired=True,
        vectorized=False,
        n_resamples=20_000,
        method="percentile",
        rng=1,
    ).confidence_interval
    assert ours[1:] == pytest.approx((theirs.low, theirs.high), abs=0.002)


def test_pairing_removes_what_both_systems_share():
    rng = np.random.default_rng(0)
    difficulty = rng.normal(scale=5, size=500)
    a, b = difficulty + 0.1, difficulty + rng.normal(scale=0.1, size=500)
    paired = intervals.paired_bootstrap(a, b, n=1_000)
    assert paired.low > 0
    alone = intervals.bootstrap_mean(a, n=1_000)
    assert alone.high - alone.low > 20 * (paired.high - paired.low)


def test_mcnemar_is_the_sign_test_on_the_disagreements():
    a = np.array([1] * 20 + [1] * 9 + [0] * 2 + [0] * 5, dtype=bool)
    b = np.array([1] * 20 + [0] * 9 + [1] * 2 + [0] * 5, dtype=bool)
    by_hand = 2 * sum(math.comb(11, k) for k in range(3)) / 2**11
    assert intervals.mcnemar(a, b) == pytest.approx(by_hand)
    assert intervals.mcnemar(b, a) == pytest.approx(by_hand)
    assert intervals.mcnemar(a, a) == 1.0


@pytest.mark.parametrize("runs", [[0.84, 0.86], [0.84, 0.86, 0.85]])
def test_seeds_interval_equals_scipys_t_interval(runs):
    expected = scipy.stats.ttest_1samp(runs, 0).confidence_interval(0.95)
    assert intervals.seeds_interval(runs) == pytest.approx((0.85, expected.low, expected.high))


def test_bad_input_names_the_parameter():
    with pytest.raises(ValueError, match="values is empty"):
        intervals.bootstrap_mean([])
    with pytest.raises(ValueError, match="differ in shape"):
        intervals.bootstrap_ratio([1, 2], [1])
    with pytest.raises(ValueError, match="same test items"):
        intervals.paired_bootstrap([1, 2], [1])
    with pytest.raises(ValueError, match="same test items"):
        intervals.mcnemar([True], [True, False])
    with pytest.raises(ValueError, match="at least two"):
        intervals.seeds_interval([0.8])
