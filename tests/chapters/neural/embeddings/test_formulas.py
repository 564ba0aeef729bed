"""Formulas of neural/embeddings against fractions, finite differences, autograd and the library."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lmcourse.models.pmi import positive_pmi
from tests.chapter import functions

chapter = functions("neural/embeddings")
TABLES = st.lists(st.lists(st.integers(1, 9), min_size=3, max_size=3), min_size=3, max_size=3)


@pytest.mark.formula(1, "chapter:pmi")
@given(TABLES)
@settings(deadline=None)
def test_pmi_is_the_ratio_of_shares(table):
    found, total = chapter["pmi"](np.array(table)), sum(map(sum, table))
    for i, row in enumerate(table):
        for j, count in enumerate(row):
            among_neighbours = Fraction(count, sum(row))
            overall = Fraction(sum(line[j] for line in table), total)
            assert found[i, j] == pytest.approx(math.log(among_neighbours / overall))


@given(TABLES)
@settings(deadline=None)
def test_the_librarys_positive_pmi_is_that_of_the_chapter_with_another_noise(table):
    from scipy.sparse import csr_matrix

    both = np.array(table) + np.array(table).T  # neighbours are neighbours of one another
    found = positive_pmi(csr_matrix(both), power=1.0).toarray()
    np.testing.assert_allclose(found, np.maximum(chapter["pmi"](both), 0), atol=1e-12)


def vectors(seed, *shape):
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=draw, dtype=torch.float64)


@pytest.mark.formula(2, "chapter:loss")
@given(st.integers(0, 99))
@settings(deadline=None)
def test_the_loss_is_the_surprise_at_every_answer(seed):
    w, c, n = vectors(seed, 4, 3), vectors(seed + 1, 4, 3), vectors(seed + 2, 4, 2, 3)
    expected = 0.0
    for b in range(4):
        expected += math.log(1 + math.exp(-sum(w[b] * c[b])))
        for i in range(2):
            expected += math.log(1 + math.exp(sum(w[b] * n[b, i])))
    assert chapter["loss"](w, c, n).item() == pytest.approx(expected)


@pytest.mark.formula(3, "chapter:gradients")
@given(st.integers(0, 99))
@settings(deadline=None)
def test_the_gradients_are_finite_differences_of_the_loss(seed):
    parts = [vectors(seed, 2, 3), vectors(seed + 1, 2, 3), vectors(seed + 2, 2, 4, 3)]
    step = 1e-5
    for which, found in enumerate(chapter["gradients"](*parts)):
        assert found.shape == parts[which].shape
        for place in np.ndindex(*found.shape):
            losses = []
            for sign in (1, -1):
                moved = [part.clone() for part in parts]
                moved[which][place] += sign * step
                losses.append(chapter["loss"](*moved).item())
            slope = (losses[0] - losses[1]) / (2 * step)
            assert found[place].item() == pytest.approx(slope, abs=1e-7)


@pytest.mark.formula(4, "chapter:optimum")
@given(TABLES, st.integers(1, 9))
@settings(deadline=None)
def test_no_other_product_has_a_lower_loss_in_a_cell(table, k):
    counts = np.array(table)
    best = chapter["optimum"](counts, k)
    made_up = k * counts.sum(1, keepdims=True) * counts.sum(0) / counts.sum()

    def loss(x):
        return counts * np.log1p(np.exp(-x)) + made_up * np.log1p(np.exp(x))

    for step in (-1, -0.1, 0.1, 1):
        assert (loss(best) < loss(best + step)).all()


@pytest.mark.formula(4, "chapter:optimum")
@pytest.mark.parametrize("k", [1, 5])
def test_the_whole_game_ends_there_if_it_has_the_dimensions(k):
    counts = np.array([[5.0, 2, 1], [2, 8, 3], [1, 3, 4]])

    class Run:
        def generator(self):
            return torch.Generator().manual_seed(0)

    play = chapter["whole_game"]
    play.__globals__["run"] = Run()
    np.testing.assert_allclose(play(counts, k, d=3), chapter["optimum"](counts, k), atol=1e-3)


@pytest.mark.formula(5, "chapter:glove_loss")
@given(st.integers(0, 99))
@settings(deadline=None)
def test_gloves_loss_is_the_weighted_square_and_its_slope_a_finite_difference(seed):
    w, c, bias = vectors(seed, 5, 3), vectors(seed + 1, 5, 3), vectors(seed + 2, 5)
    x = vectors(seed + 3, 5).exp() * 5
    weight = (x / 10).clamp(max=1) ** 0.75

    def brute(w):
        total = 0.0
        for i in range(5):
            error = sum(w[i] * c[i]).item() + bias[i].item() - math.log(x[i])
            total += min(1.0, (x[i].item() / 10) ** 0.75) * error**2
        return total

    w.requires_grad_()
    loss = chapter["glove_loss"](w, c, bias, x.log(), weight)
    assert loss.item() == pytest.approx(brute(w.detach()))
    loss.backward()
    step = torch.zeros(5, 3, dtype=torch.float64)
    step[2, 1] = 1e-5
    slope = (brute(w.detach() + step) - brute(w.detach() - step)) / 2e-5
    assert w.grad[2, 1].item() == pytest.approx(slope, rel=1e-5, abs=1e-6)


def test_pairs_are_those_within_reach_in_one_row():
    draw = np.random.default_rng(0)
    pairs = chapter["pairs_of"]([[7, 8, 9], [1, 2]], 1, draw)
    assert sorted(map(tuple, pairs.tolist())) == [(1, 2), (2, 1), (7, 8), (8, 7), (8, 9), (9, 8)]
