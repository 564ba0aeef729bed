"""Formulas of probability/perplexity against brute force, SciPy and simulation."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from lmcourse.evaluation import metrics
from tests.chapter import functions

chapter = functions("probability/perplexity")


def _dirichlet(seed, size=6):
    return np.random.default_rng(seed).dirichlet(np.ones(size))


@pytest.mark.formula(1, "chapter:cross_entropy")
@given(st.integers(0, 1000))
def test_cross_entropy_is_entropy_plus_divergence(seed):
    f, p = _dirichlet(seed), _dirichlet(seed + 1)
    expected = scipy.stats.entropy(f, base=2) + scipy.stats.entropy(f, p, base=2)
    assert math.isclose(chapter["cross_entropy"](f, p), expected)
    assert chapter["cross_entropy"](f, p) >= chapter["cross_entropy"](f, f)


@pytest.mark.formula(2, "chapter:perplexity")
@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=20))
def test_perplexity_is_one_over_the_geometric_mean(p):
    bits = -sum(math.log2(value) for value in p)
    found = chapter["perplexity"](bits, len(p))
    assert math.isclose(found, 1 / scipy.stats.gmean(p))
    assert math.isclose(found, metrics.perplexity(np.log(p)))


@pytest.mark.formula(3, "chapter:bits_per_char")
def test_bits_per_char_is_the_librarys_and_counts_the_end():
    bits, texts = np.array([12.0, 30.0, 3.0]), ["film", "a film", ""]
    chars = np.array([len(text) + 1 for text in texts])
    found = chapter["bits_per_char"](bits, chars)
    assert math.isclose(found, 45 / 13)
    assert math.isclose(found, metrics.bits_per_char(bits * math.log(2), chars))


@pytest.mark.formula(4, "chapter:bits_of_all_cuts")
@given(st.integers(0, 200), st.text("ab", max_size=7))
def test_recursion_equals_all_sequences_of_pieces(seed, text):
    """Brute force over sequences, not over cuts: those whose pieces spell the text."""
    number = {"a": 1, "b": 2, "ab": 3, "bba": 4}
    p = np.random.default_rng(seed).dirichlet(np.ones(5), size=5)  # [5, 5]
    total, spelling = 0.0, {i: piece for piece, i in number.items()}
    for length in range(len(text) + 1):
        for ids in itertools.product(spelling, repeat=length):
            if "".join(spelling[i] for i in ids) == text:
                path = [0, *ids, 0]
                total += math.prod(p[a, b] for a, b in itertools.pairwise(path))
    found = chapter["bits_of_all_cuts"](text, number, np.log2(p))
    assert math.isclose(found, -math.log2(total), abs_tol=1e-9)


def test_probabilities_of_all_texts_sum_to_one():
    """Summed over the texts up to a length, the sum over cuts comes close to one from below."""
    number = {"a": 1, "b": 2, "ab": 3}
    p = np.array([[0.5, 0.2, 0.2, 0.1]] * 4)
    texts = ["".join(t) for n in range(13) for t in itertools.product("ab", repeat=n)]
    total = sum(2 ** -chapter["bits_of_all_cuts"](t, number, np.log2(p)) for t in texts)
    assert 0.99 < total < 1


def test_every_cut_is_listed_once():
    number = {"a": 1, "b": 2, "ab": 3}
    assert sorted(chapter["cuts"]("abab", number)) == [[1, 2, 1, 2], [1, 2, 3], [3, 1, 2], [3, 3]]
    assert list(chapter["cuts"]("", number)) == [[]]


@pytest.mark.formula(5, "chapter:standard_error")
def test_standard_error_equals_simulation_and_the_usual_one():
    rng = np.random.default_rng(0)
    chars = rng.integers(5, 200, size=(4000, 300)).astype(float)  # test sets of 300 sentences
    bits = 2 * chars + rng.normal(size=chars.shape) * np.sqrt(chars) * 3
    spread = (bits.sum(axis=1) / chars.sum(axis=1)).std()
    found = [chapter["standard_error"](b, c) for b, c in zip(bits[:300], chars[:300], strict=True)]
    assert math.isclose(np.mean(found), spread, rel_tol=0.05)
    x = rng.normal(size=50)
    assert math.isclose(chapter["standard_error"](x, np.ones(50)), scipy.stats.sem(x))


def test_interval_of_equal_sentences_is_a_point():
    low, high = chapter["interval"](np.full(9, 6.0), np.full(9, 3.0), np.random.default_rng(0))
    assert low == high == 2


@pytest.mark.formula(6, "chapter:design_effect")
@given(st.integers(1, 12), st.floats(0, 0.9))
def test_design_effect_equals_the_covariance_matrix(m, rho):
    covariances = np.full((m, m), rho)
    np.fill_diagonal(covariances, 1)
    assert math.isclose(chapter["design_effect"](m, rho), covariances.sum() / m)
