"""Formulas of neural/recurrent against exact fractions."""

from fractions import Fraction

import numpy as np
import pytest

from tests.chapter import functions

chapter = functions("neural/recurrent")


@pytest.mark.formula(1, "chapter:shares")
@pytest.mark.parametrize("counts", [[4], [3, 2, 1], [0, 5]])
def test_shares_are_the_fractions_of_the_sum(counts):
    by_hand = [float(Fraction(count, sum(counts))) for count in counts]
    np.testing.assert_allclose(chapter["shares"](np.array(counts)), by_hand)
