"""How sure we are: intervals and paired tests.

All of them raise ValueError for empty input, and those of two arrays when the shapes differ.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from lmcourse.evaluation.metrics import filled


class Interval(NamedTuple):
    """An estimate with the bounds of its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrap_mean(values: ArrayLike, seed: int = 0, n: int = 10_000) -> Interval:
    """Mean with its 95 % percentile bootstrap interval over the items (Efron 1979)."""
    items = filled(values, "values")
    return bootstrap_ratio(items, np.ones_like(items), seed, n)


def bootstrap_ratio(
    numerators: ArrayLike, denominators: ArrayLike, seed: int = 0, n: int = 10_000
) -> Interval:
    """sum(numerators) / sum(denominators), resampling the items jointly.

    For bits per character: bits of each sentence over characters of each sentence.
    """
    top, bottom = filled(numerators, "numerators"), filled(denominators, "denominators")
    if top.shape != bottom.shape:
        raise ValueError(f"numerators {top.shape} and denominators {bottom.shape} differ in shape")
    rng = np.random.default_rng(seed)
    ratios = np.empty(n)
    for i in range(n):
        chosen = rng.integers(len(top), size=len(top))
        ratios[i] = top[chosen].sum() / bottom[chosen].sum()
    low, high = np.quantile(ratios, [0.025, 0.975])
    return Interval(float(top.sum() / bottom.sum()), float(low), float(high))


def paired_bootstrap(a: ArrayLike, b: ArrayLike, seed: int = 0, n: int = 10_000) -> Interval:
    """Mean of `a − b` over the same test items, with its interval (Koehn 2004)."""
    first, second = filled(a, "a"), filled(b, "b")
    if first.shape != second.shape:
        raise ValueError(f"a {first.shape} and b {second.shape} are not the same test items")
    return bootstrap_mean(first - second, seed, n)


def mcnemar(correct_a: ArrayLike, correct_b: ArrayLike) -> float:
    """Exact two-sided p-value that two classifiers err equally often (McNemar 1947).

    Only the items count on which exactly one of the two is right; without any, p is 1, also for no
    items at all.
    """
    from scipy.stats import binomtest

    a, b = np.asarray(correct_a, dtype=bool), np.asarray(correct_b, dtype=bool)
    if a.shape != b.shape:
        raise ValueError(f"correct_a {a.shape} and correct_b {b.shape} are not the same test items")
    only_a, only_b = int(np.sum(a & ~b)), int(np.sum(b & ~a))
    if only_a + only_b == 0:
        return 1.0
    return float(binomtest(only_a, only_a + only_b).pvalue)


def seeds_interval(values: ArrayLike) -> Interval:
    """Mean over seeds with its 95 % Student-t interval; needs at least two seeds."""
    from scipy.stats import t

    runs = filled(values, "values")
    if len(runs) < 2:
        raise ValueError(f"values holds {len(runs)} seed; an interval needs at least two")
    half = float(t.ppf(0.975, len(runs) - 1) * np.std(runs, ddof=1) / math.sqrt(len(runs)))
    mean = float(np.mean(runs))
    return Interval(mean, mean - half, mean + half)
