"""Formulas of ngrams/bigram_counts against brute force, an optimizer and lmcourse."""

import itertools
import math

import numpy as np
import pytest
import scipy.optimize
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

from lmcourse.evaluation import metrics
from lmcourse.models.ngram import NGram
from tests.chapter import functions

chapter = functions("ngrams/bigram_counts")
ROWS = [[0, 1, 2, 0], [0, 2, 2, 1, 0], [0, 1, 1, 2, 2, 0], [0, 2, 0], [0, 1, 2, 1, 0]]
rows = st.lists(
    st.lists(st.integers(1, 4), max_size=6).map(lambda ids: [0, *ids, 0]), min_size=1, max_size=8
)


@given(rows)
def test_pairs_are_counted_one_by_one(rows):
    counts = chapter["count_pairs"](rows, 5)
    by_hand = np.zeros((5, 5), dtype=int)
    for row in rows:
        for before, after in itertools.pairwise(row):
            by_hand[before, after] += 1
    np.testing.assert_array_equal(counts, by_hand)


@pytest.mark.formula(1, "chapter:probability")
def test_probability_is_the_product_and_all_words_sum_to_one():
    table = chapter["maximum_likelihood"](chapter["count_pairs"](ROWS, 3))
    row = ROWS[2]
    product = math.prod(table[a, b] for a, b in itertools.pairwise(row))
    assert math.isclose(chapter["probability"](row, table), product)
    words = [w for n in range(11) for w in itertools.product((1, 2), repeat=n)]
    total = sum(chapter["probability"]([0, *word, 0], table) for word in words)
    alive = table[0, 1:] @ np.linalg.matrix_power(table[1:, 1:], 10)  # longer than ten letters
    assert math.isclose(total + alive.sum(), 1.0)
    assert math.isinf(chapter["surprise"]([0, 0], table)[0])


@pytest.mark.formula(2, "chapter:maximum_likelihood")
def test_maximum_likelihood_is_where_an_optimizer_ends():
    counts = chapter["count_pairs"](ROWS, 3)

    def loss(scores):
        log_p = scipy.special.log_softmax(scores.reshape(3, 3), axis=1)
        return -(counts * log_p).sum()

    found = scipy.optimize.minimize(loss, np.zeros(9)).x.reshape(3, 3)
    np.testing.assert_allclose(
        chapter["maximum_likelihood"](counts), scipy.special.softmax(found, axis=1), atol=1e-4
    )


@pytest.mark.formula(3, "chapter:bits_per_char")
def test_bits_per_char_are_those_of_metrics():
    counts = chapter["count_pairs"](ROWS, 3)
    table = chapter["add_k"](counts, 0.3)
    nats = [chapter["surprise"](row, table).sum() * math.log(2) for row in ROWS]
    characters = [len(row) - 1 for row in ROWS]
    expected = metrics.bits_per_char(nats, characters)
    assert math.isclose(chapter["bits_per_char"](counts, table), expected)
    assert math.isclose(chapter["bits_interval"](ROWS, table).value * math.log(2),
                        sum(nats) / sum(characters))  # fmt: skip
    assert chapter["bits_per_char"](np.array([[0, 1], [1, 0]]), np.eye(2)) == math.inf


@pytest.mark.formula(4, "chapter:add_k")
@given(rows, st.floats(0.01, 10))
def test_add_k_is_the_library_and_counting_invented_pairs(rows, k):
    counts = chapter["count_pairs"](rows, 5)
    smoothed = chapter["add_k"](counts, k)
    library = NGram(2, 5, "add_k", k).fit(rows)
    np.testing.assert_allclose(smoothed, [library.next([a]) for a in range(5)])
    np.testing.assert_allclose(smoothed, chapter["maximum_likelihood"](counts + k))
    np.testing.assert_allclose(chapter["add_k"](counts.sum(axis=0), k).sum(), 1.0)


def test_samples_open_and_close_and_follow_the_table():
    table = np.array([[0.0, 1.0, 0.0], [0.5, 0.25, 0.25], [1.0, 0.0, 0.0]])
    rng = np.random.default_rng(0)
    drawn = [chapter["sample"](table, rng) for _ in range(2000)]
    assert all(row[0] == row[-1] == 0 and 0 not in row[1:-1] for row in drawn)
    counts = chapter["count_pairs"](drawn, 3)
    assert counts[0, 2] == counts[0, 0] == 0
    assert chapter["maximum_likelihood"](counts) == pytest.approx(table, abs=0.05)
