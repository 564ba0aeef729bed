"""Formulas of background/text_as_data against brute force, simulation and scipy."""

import math
from collections import Counter

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from tests.chapter import functions

chapter = functions("background/text_as_data")
texts = st.lists(st.text("abc .", max_size=12), min_size=1, max_size=5)


@pytest.mark.formula(1, "chapter:jaccard")
@given(st.sets(st.integers(0, 9), min_size=1), st.sets(st.integers(0, 9)))
def test_jaccard_counts_members(a, b):
    common = sum(member in a and member in b for member in range(10))
    either = sum(member in a or member in b for member in range(10))
    assert chapter["jaccard"](a, b) == common / either


@given(texts, texts)
def test_the_table_of_similarities_is_jaccard_of_every_pair(some, others):
    shingles, jaccard = chapter["shingles"], chapter["jaccard"]
    by_hand = [[jaccard(shingles(a), shingles(b)) for b in others] for a in some]
    np.testing.assert_allclose(chapter["similarities"](some, others), by_hand, rtol=1e-6)


def test_shingles_by_hand():
    assert chapter["shingles"]("Good fun!", 3) == {"goo", "ood", "odf", "dfu", "fun"}
    assert chapter["shingles"]("a", 3) == {"a"}


@pytest.mark.formula(2, "chapter:with_memory")
def test_a_memory_leaves_a_distribution_and_costs_one_bit_at_what_is_new():
    p = np.array([0.5, 0.25, 0.125, 0.125])  # of all four texts that there are
    copies = np.array([3, 0, 1, 0])
    bits = chapter["with_memory"](-np.log2(p), copies, 4)
    np.testing.assert_allclose(2**-bits, copies / 4 / 2 + p / 2)
    assert math.isclose((2**-bits).sum(), 1.0)
    far = chapter["with_memory"](np.array([5000.0, 5000.0]), np.array([0, 1]), 8192)
    np.testing.assert_allclose(far, [5001, 14])  # where 2**-5000 is 0 as a float


@pytest.mark.formula(3, "chapter:break_even")
@pytest.mark.parametrize(("a", "b", "m"), [(3.5, 1.9, 0.1), (2.1, 1.8, 0.3), (2, 2, 1)])
def test_break_even_is_where_the_average_reaches_the_rival(a, b, m):
    def gap(share):
        return (1 - share) * a + share * m - b

    root = scipy.optimize.brentq(gap, -0.1, 1.1)
    assert math.isclose(chapter["break_even"](a, b, m), root, abs_tol=1e-9)


@pytest.mark.formula(4, "chapter:zipf_exponent")
@given(st.lists(st.integers(1, 50), min_size=3, max_size=20))
def test_the_exponent_is_the_likeliest_of_a_grid(counts):
    counts = np.sort(np.array(counts))[::-1]
    ranks = np.arange(1, len(counts) + 1)

    found = chapter["zipf_exponent"](counts)
    grid = np.append(found, np.linspace(0.001, 4.999, 400))
    log_p = scipy.stats.zipfian.logpmf(ranks, grid[:, None], len(ranks))
    log_likelihood = log_p @ counts
    assert log_likelihood[0] >= log_likelihood.max() - 1e-6
    assert math.isclose(chapter["zipf_exponent"](np.array([6, 3, 2])), 1.0, abs_tol=1e-4)


@pytest.mark.formula(5, "chapter:heaps")
def test_heaps_finds_an_exact_law_and_scipys_line():
    n = np.arange(1, 2001)
    np.testing.assert_allclose(chapter["heaps"](3.0 * n**0.6, 1), [3.0, 0.6])
    growth = chapter["different_words"](np.random.default_rng(0).zipf(1.5, size=2000))
    places = np.unique(np.geomspace(1, 2000, 100).astype(int))
    line = scipy.stats.linregress(np.log(places), np.log(growth[places - 1]))
    k, beta = chapter["heaps"](growth, 1)
    assert math.isclose(beta, line.slope)
    assert math.isclose(k, math.exp(line.intercept))


@given(st.lists(st.integers(0, 5), max_size=30))
def test_different_words_are_counted_one_by_one(ids):
    by_hand = [len(set(ids[:n])) for n in range(1, len(ids) + 1)]
    assert chapter["different_words"](np.array(ids, dtype=int)).tolist() == by_hand


@pytest.mark.formula(6, "chapter:new_words")
@given(st.lists(st.integers(0, 40), max_size=30))
def test_new_words_is_the_alternating_sum(counts):
    seen = Counter(counts)
    by_hand = sum((-1) ** (k + 1) * seen[k] for k in range(1, 41))
    assert chapter["new_words"](np.array(counts, dtype=int)) == by_hand


@pytest.mark.parametrize("rate", [0.05, 0.7, 3.0])
def test_new_words_expects_what_the_second_half_brings(rate):
    k = np.arange(60)
    chance = scipy.stats.poisson.pmf(k, rate)
    expected = sum(p * chapter["new_words"](np.array([i])) for p, i in zip(chance, k, strict=True))
    assert math.isclose(expected, math.exp(-rate) * (1 - math.exp(-rate)), abs_tol=1e-12)


def test_by_rank_takes_ranks_and_counts_from_different_sentences():
    sentences = [["a", "a", "b"], ["a", "c"], ["b", "a"], ["d", "a"]]
    order = np.random.default_rng(3).permutation(4)
    seen = Counter(word for i in order[:2] for word in sentences[i])
    table = chapter["by_rank"](sentences, np.random.default_rng(3)).toarray()
    ranking = [word for word, _ in seen.most_common()]
    by_hand = [[sentences[i].count(word) for word in ranking] for i in order[2:]]
    np.testing.assert_array_equal(table, by_hand)
