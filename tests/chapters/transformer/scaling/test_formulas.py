"""Formulas of transformer/scaling: algebra in fractions, and SciPy's least squares."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import least_squares

from tests.chapter import functions

chapter = functions("transformer/scaling")
N = np.array([5e3, 10e3, 25e3, 80e3, 200e3, 550e3])


@pytest.fixture(autouse=True)
def amounts(monkeypatch):
    monkeypatch.setitem(chapter, "ALPHAS", np.geomspace(0.05, 1.5, 200))


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


def test_a_negative_floor_is_not_an_answer():
    bits = 3 - 0.4 * np.log10(N / N[0])  # falls in a straight line, towards no floor
    assert chapter["fitted"](N, bits)[0] >= 0


@pytest.mark.parametrize("floor", [0, 0.7, 1.3])
def test_the_line_through_logarithms_finds_a_law_whose_floor_is_told(floor):
    bits = floor + 1.1 * (N / N[0]) ** -0.3
    assert chapter["with_floor"](N, bits, floor) == pytest.approx((floor, 1.1, 0.3))


def test_the_rivals_on_halves_and_lines():
    n, means = np.array([1.0, 2.0, 4.0]), np.array([4.0, 2.0, 1.0])
    said = chapter["guesses"](n, means, 8.0)
    assert said["as the last"] == 1
    assert said["no floor"] == pytest.approx(0.5)
    assert said["gain goes on"] == pytest.approx(0)
    assert said["the law"] == pytest.approx(0.5, abs=0.02)


def test_runs_are_drawn_within_their_size():
    points = np.array([[1.0, 1.0, 1.0], [2.0, 5.0, 8.0]])
    found = chapter["resampled"](points)
    assert found.shape == (200, 2)
    assert (found[:, 0] == 1).all()
    assert set(found[:, 1].round(6)) == {2, 3, 4, 5, 6, 7, 8}
