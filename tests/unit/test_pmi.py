"""Counts of company, positive PMI and its factorization against loops and NumPy."""

import math

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from lmcourse.models.pmi import company, factorize, positive_pmi

ROWS = [[0, 1, 2, 1, 3], [2, 2, 0], [4], []]


@pytest.mark.parametrize("window", [1, 2, 9])
def test_company_is_that_of_a_loop_over_all_pairs(window):
    expected = np.zeros((5, 5))
    for row in ROWS:
        for i, a in enumerate(row):
            for j, b in enumerate(row):
                if 0 < abs(i - j) <= window:
                    expected[a, b] += 1 - (abs(i - j) - 1) / window
    np.testing.assert_allclose(company(ROWS, 5, window).toarray(), expected)


@pytest.mark.parametrize("negatives", [1, 3])
def test_positive_pmi_is_that_of_a_loop_over_all_cells(negatives):
    counts = company(ROWS, 5, 2).toarray()
    often = counts.sum(1)
    noise = often**0.75 / (often**0.75).sum()
    found = positive_pmi(csr_matrix(counts), negatives).toarray()
    for i, j in np.ndindex(5, 5):
        expected = 0.0
        if counts[i, j]:
            expected = max(0, math.log(counts[i, j] / often[i] / noise[j] / negatives))
        assert found[i, j] == pytest.approx(expected)


def test_the_factorization_keeps_the_strongest_dimensions():
    matrix = np.random.default_rng(0).normal(size=(8, 8))
    matrix = matrix + matrix.T
    left, strength, _ = np.linalg.svd(matrix)
    for power in (0.0, 0.5, 1.0):
        found = factorize(csr_matrix(matrix), 3, power)
        expected = left[:, :3] * strength[:3] ** power
        np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=1e-8)


@pytest.mark.parametrize(("rows", "window"), [([], 2), ([[0], [1]], 2), (ROWS, 0)])
def test_a_text_without_pairs_is_refused(rows, window):
    with pytest.raises(ValueError, match="no pair of words"):
        company(rows, 5, window)


@pytest.mark.parametrize("dim", [0, 5])
def test_dimensions_that_are_not_there_are_refused(dim):
    with pytest.raises(ValueError, match="dim must be from 1 to 4"):
        factorize(company(ROWS, 5, 2), dim)
