"""Ranks of pairs and analogies against sorting and a parallelogram."""

import numpy as np
import pytest

from lmcourse.evaluation.word_vectors import analogies, pair_ranks, unit


def test_ranks_are_places_in_a_sorted_list():
    vectors = np.random.default_rng(0).normal(size=(30, 4))
    rows = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    for a, b in ((3, 4), (0, 29)):
        places = []
        for here, there in ((a, b), (b, a)):
            order = np.argsort(-(rows @ rows[here]))
            places.append([*order[order != here]].index(there) + 1)
        assert pair_ranks(vectors, [(a, b)]) == pytest.approx(np.mean(places))


def test_ties_count_against_the_pair_and_zeros_are_last():
    assert pair_ranks([[1, 0], [1, 0], [1, 0]], [(0, 1)]) == [2]
    assert pair_ranks([[1, 0], [0, 0], [0, 1], [1, 1]], [(0, 1), (1, 3)]).tolist() == [3, 3]
    np.testing.assert_array_equal(unit([[0, 0], [0, 3]]), [[0, 0], [0, 1]])


def test_a_parallelogram_is_found_and_a_short_offset_needs_the_exclusion():
    turn = {"man": 0.0, "woman": 0.6, "king": 1.2, "queen": 1.8, "tree": 4.0}
    vectors = [[np.cos(a), np.sin(a), 1] for a in turn.values()]
    pairs = [(0, 1), (2, 3)]
    assert analogies(vectors, pairs).tolist() == [True, True]
    turn = {"man": 0.0, "woman": 0.1, "king": 1.5, "queen": 1.7, "tree": 4.0}
    vectors = [[np.cos(a), np.sin(a)] for a in turn.values()]
    assert analogies(vectors, pairs)[0]
    assert not analogies(vectors, pairs, exclude=False)[0]


def test_without_the_offset_only_the_third_word_counts():
    vectors = np.random.default_rng(1).normal(size=(9, 3))
    rows = unit(vectors)
    found = analogies(vectors, [(0, 1), (2, 3)], offset=False)
    for (a, b, c, d), right in zip([(0, 1, 2, 3), (2, 3, 0, 1)], found, strict=True):
        cosines = rows @ rows[c]
        cosines[[a, b, c]] = -2
        assert right == (cosines.argmax() == d)


def test_a_question_with_an_unknown_word_is_not_answered():
    vectors = [[1, 0], [0, 0], [1, 1], [0, 1]]
    assert not analogies(vectors, [(0, 1), (2, 3)]).any()
