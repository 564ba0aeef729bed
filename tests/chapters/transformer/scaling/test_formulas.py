"""Formulas of transformer/scaling: algebra in fractions, and SciPy's least squares."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import least_squares

from tests.chapter import functions

chapter = functions("transformer/scaling")
N = np.array([25e3, 80e3, 200e3, 550e3, 1.2e6, 3e6])
D = np.array([54e3, 107e3, 214e3, 428e3, 856e3])


@pytest.fixture(autouse=True)
def amounts(monkeypatch):
    monkeypatch.setitem(chapter, "ALPHAS", np.geomspace(0.05, 1.5, 400))
    monkeypatch.setitem(chapter, "N", N)
    monkeypatch.setitem(chapter, "D", D)


@pytest.mark.formula(1, "chapter:fitted")
@pytest.mark.parametrize("seed", range(5))
def test_the_law_is_that_of_scipys_least_squares(seed):
    rng = np.random.default_rng(seed)
    true = rng.uniform(0.8, 1.8), rng.uniform(0.4, 1.2), rng.uniform(0.2, 0.8)
    bits = chapter["foretell"](true, N, N[0]) * (1 + 0.003 * rng.normal(size=len(N)))

    def misses(law):
        return (law[0] + law[1] * (N / N[0]) ** -law[2]) / bits - 1

    theirs = least_squares(misses, (1.0, 1.0, 0.4), bounds=(0, np.inf))
    ours = chapter["fitted"](N, bits)
    assert np.square(misses(ours)).sum() <= 2 * theirs.cost * 1.25 + 1e-9
    assert chapter["foretell"](ours, 8e6, N[0]) == pytest.approx(
        theirs.x[0] + theirs.x[1] * (8e6 / N[0]) ** -theirs.x[2], abs=0.005
    )


@pytest.mark.formula(2, "chapter:floor_of")
@given(st.integers(0, 9), st.integers(1, 9), st.fractions(Fraction(1, 9), Fraction(8, 9)))
def test_the_floor_of_three_points_in_equal_ratio(E, A, ratio):
    points = [E + A * ratio**i for i in range(3)]
    assert chapter["floor_of"](*points) == E


@pytest.mark.formula(3, "chapter:fitted_jointly")
@pytest.mark.parametrize("seed", range(3))
def test_the_law_of_both_is_that_of_scipys_least_squares(seed):
    rng = np.random.default_rng(seed)
    true = 1.2, 0.4, rng.uniform(0.6, 1.0), rng.uniform(0.3, 0.6), rng.uniform(0.3, 0.6)
    n, d = (part.ravel() for part in np.meshgrid(N, D))
    bits = chapter["foretell_jointly"](true, n, d) * (1 + 0.002 * rng.normal(size=len(n)))

    def law(E, A, B, alpha, beta):
        return E + A * (n / N[0]) ** -alpha + B * (d / D[0]) ** -beta

    theirs = least_squares(lambda x: law(*x) / bits - 1, true, bounds=(0, np.inf))
    ours = chapter["fitted_jointly"](n, d, bits)
    np.testing.assert_allclose(law(*ours), law(*theirs.x), atol=0.01)
    for a, b in ((8e6, D[-1]), (N[-1], 2 * D[-1])):
        value = chapter["foretell_jointly"](theirs.x, a, b)
        assert chapter["foretell_jointly"](ours, a, b) == pytest.approx(value, abs=0.03)


def test_a_negative_floor_is_not_an_answer():
    bits = 3 - 0.4 * np.log10(N / N[0])  # falls in a straight line, towards no floor
    assert chapter["fitted"](N, bits)[0] >= 0
