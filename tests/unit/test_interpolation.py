"""Interpolated levels on numbers small enough to compute by hand."""

import numpy as np
import pytest

from lmcourse.models.interpolation import Level, probabilities, witten_bell
from lmcourse.models.ngram_counts import Counts

V = 3
# order 1: 0 three times, 1 once; order 2: after 0 twice 1, once 0; after 1 once 2
ONE = Counts.of(np.array([0, 0, 0, 1]), V)
TWO = Counts.of(np.array([1, 1, 0, 5]), V)


def test_witten_bell_gives_a_unit_a_type() -> None:
    level = witten_bell(TWO)
    assert level.kept.tolist() == [1, 2, 1]
    assert level.contexts.tolist() == [0, 1]
    assert level.totals.tolist() == [3 + 2, 1 + 1]
    assert level.mass.tolist() == [2, 1]


def test_each_level_mixes_with_the_one_below() -> None:
    levels = [witten_bell(ONE), witten_bell(TWO)]
    one = [(3 + 2 / 3) / 6, (1 + 2 / 3) / 6, (2 / 3) / 6]
    np.testing.assert_allclose(probabilities(levels[:1], np.arange(V), V), one)
    after_0 = [(1 + 2 * one[0]) / 5, (2 + 2 * one[1]) / 5, 2 * one[2] / 5]
    np.testing.assert_allclose(probabilities(levels, np.arange(V), V), after_0)
    np.testing.assert_allclose(probabilities(levels, 6 + np.arange(V), V), one)  # 2 is unseen
    np.testing.assert_allclose(probabilities([], np.arange(V), V), 1 / V)


def test_the_share_of_the_shorter_context() -> None:
    share = witten_bell(TWO).share(np.array([0, 1, 2]))
    assert share.tolist() == pytest.approx([2 / 5, 1 / 2, 1])


def test_a_level_without_n_grams_says_nothing() -> None:
    none = np.array([], dtype=np.int64)
    level = Level(none, none, none, none, none)
    assert level.share(np.array([0, 1])).tolist() == [1, 1]
    np.testing.assert_allclose(probabilities([level], np.arange(V), V), 1 / V)
