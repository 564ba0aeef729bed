"""Formulas of pretraining/objectives against loops, enumeration and scipy."""

import itertools

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.chapter import functions

chapter = functions("pretraining/objectives")
SEED = st.integers(0, 10**6)


def table(seed, *shape):
    return np.random.default_rng(seed).dirichlet(np.ones(np.prod(shape))).reshape(shape)


def conditional(joint, text, t, known):
    """P(x_t | the known symbols), by adding up texts one by one."""
    above = below = 0.0
    for other in itertools.product(*map(range, joint.shape)):
        if all(other[s] == text[s] for s in known):
            below += joint[other]
            above += joint[other] * (other[t] == text[t])
    return above / below


@pytest.mark.formula(1, "chapter:visible")
@given(st.lists(st.integers(0, 5), min_size=1, max_size=7))
def test_visible_compares_turns(turns):
    for strictly in (False, True):
        mask = chapter["visible"](turns, strictly)
        for t, s in itertools.product(range(len(turns)), repeat=2):
            expected = turns[s] < turns[t] if strictly else turns[s] <= turns[t]
            assert mask[t, s].item() == expected


@pytest.mark.formula(2, "chapter:pseudo_likelihood")
@pytest.mark.parametrize("shape", [(2, 2), (3, 2), (2, 3, 2)])
def test_pseudo_likelihood_by_enumeration(shape):
    joint = table(1, *shape)
    found = chapter["pseudo_likelihood"](joint)
    for text in itertools.product(*map(range, shape)):
        places = range(len(shape))
        factors = [conditional(joint, text, t, {*places} - {t}) for t in places]
        assert found[text] == pytest.approx(np.prod(factors))


@pytest.mark.formula(3, "chapter:in_order")
@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
def test_any_order_gives_the_joint_table_and_its_factors(order):
    joint = table(2, 2, 3, 2)
    found = chapter["in_order"](joint, order)
    np.testing.assert_allclose(found, joint)
    for text in itertools.product(range(2), range(3), range(2)):
        factors = [conditional(joint, text, t, order[:i]) for i, t in enumerate(order)]
        assert found[text] == pytest.approx(np.prod(factors))


@pytest.mark.formula(4, "chapter:excess")
@given(SEED)
def test_excess_is_scipys_chi_squared_and_what_is_over_one(seed):
    joint = table(seed, 3, 4)
    found = chapter["excess"](joint)
    statistic = scipy.stats.chi2_contingency(joint, correction=False).statistic
    assert found == pytest.approx(statistic)
    assert chapter["pseudo_likelihood"](joint).sum() == pytest.approx(1 + found)


def test_certain_worlds_need_no_division_by_zero():
    two = np.array([[0.0, 0.5], [0.5, 0.0]])
    assert chapter["pseudo_likelihood"](two).tolist() == [[0, 1], [1, 0]]
    np.testing.assert_allclose(chapter["in_order"](two, [1, 0]), two)
    assert chapter["excess"](two) == pytest.approx(1)


@given(st.integers(1, 60), st.sampled_from([0.0, 0.15, 0.5, 0.9, 1.0]), SEED)
def test_spans_are_in_order_and_come_back(T, share, seed):
    generator = torch.Generator().manual_seed(seed)
    spans = chapter["random_spans"](T, share, 3, generator)
    assert sum(end - start for start, end in spans) == round(share * T)
    words = [f"w{i}" for i in range(T)]
    source, target = chapter["corrupt"](words, spans)
    assert chapter["restore"](source, target) == words
    assert len(source) + len(target) == T + 2 * len(spans) + 1


@pytest.mark.parametrize("spans", [[(0, 0)], [(0, 9)], [(1, 3), (2, 3)], [(2, 1)], [(-1, 1)]])
def test_bad_spans_are_refused(spans):
    with pytest.raises(ValueError, match="spans"):
        chapter["corrupt"](["a", "b", "c"], spans)


def test_sentence_pairs():
    texts = [f"A{i}. B{i}! C{i}?" for i in range(9)] + ["Only one.", "", "A. "]
    pairs = chapter["sentence_pairs"](texts, torch.Generator().manual_seed(0))
    assert len(pairs) == 9
    for first, second, follows in pairs:
        if follows:
            assert first[1] == second[1]
            assert ord(second[0]) == ord(first[0]) + 1
        else:
            assert first[1] != second[1]
        assert second[0] != "A"  # an opening follows nothing: it would give the answer away
    assert sum(follows for _, _, follows in pairs) == 5
    with pytest.raises(ValueError, match="second sentence"):
        chapter["sentence_pairs"](["One.", "A. B."], torch.Generator())
