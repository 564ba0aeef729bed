"""What top-k, top-p and min-p keep is the set that the definition names; and repetition."""

from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from lmcourse.generation import filters

LOGITS = st.lists(st.floats(-6, 6, width=32), min_size=1, max_size=7, unique=True).map(
    lambda numbers: torch.tensor(numbers, dtype=torch.float64)
)
SHARES = st.floats(0.01, 0.99)


def kept(logits: torch.Tensor) -> set[int]:
    return {*logits.isfinite().nonzero().flatten().tolist()}


def probabilities(logits: torch.Tensor) -> np.ndarray:
    exponentials = np.exp(logits.numpy())
    return exponentials / exponentials.sum()


@given(LOGITS, st.integers(1, 9))
def test_top_k_keeps_those_with_fewer_than_k_above_them(logits, k):
    expected = {
        i for i, here in enumerate(logits) if sum(bool(other > here) for other in logits) < k
    }
    result = filters.top_k(logits, k)
    assert kept(result) == expected
    assert len(expected) == min(k, len(logits))
    torch.testing.assert_close(result[[*expected]], logits[[*expected]])


@given(LOGITS, SHARES)
def test_top_p_keeps_the_smallest_set_that_reaches_p(logits, p):
    chances = probabilities(logits)
    sums = np.cumsum(sorted(chances, reverse=True))
    assume(np.abs(sums - p).min() > 1e-9)  # at the border rounding decides
    found = kept(filters.top_p(logits, p))
    assert chances[[*found]].sum() >= p
    everything = range(len(chances))
    assert not any(  # no set that is smaller reaches it
        chances[list(smaller)].sum() >= p for smaller in combinations(everything, len(found) - 1)
    )
    left_out = set(everything) - found
    assert not left_out or max(chances[[*left_out]]) <= min(chances[[*found]])


@given(LOGITS, SHARES)
def test_min_p_keeps_those_within_p_of_the_likeliest(logits, p):
    ratios = probabilities(logits) / probabilities(logits).max()
    assume(np.abs(ratios - p).min() > 1e-9)
    assert kept(filters.min_p(logits, p)) == {*np.flatnonzero(ratios >= p)}


@given(LOGITS)
def test_the_ends_of_the_range(logits):
    V = len(logits)
    assert kept(filters.top_k(logits, V + 5)) == {*range(V)}
    assert kept(filters.top_p(logits, 1.0)) == {*range(V)}
    assert kept(filters.min_p(logits, 0.0)) == {*range(V)}
    likeliest = {int(logits.argmax())}
    assert kept(filters.top_k(logits, 1)) == likeliest
    assert kept(filters.top_p(logits, 1e-9)) == likeliest
    assert kept(filters.min_p(logits, 1.0)) >= likeliest


def test_equal_ids_stay_in_their_order():
    logits = torch.zeros(4)
    assert kept(filters.top_k(logits, 2)) == {0, 1}
    assert kept(filters.top_p(logits, 0.6)) == {0, 1, 2}
    assert kept(filters.min_p(logits, 1.0)) == {0, 1, 2, 3}


def test_every_row_for_itself_and_minus_infinity_stays_out():
    logits = torch.tensor([[0.0, 1.0, -torch.inf], [3.0, 1.0, 2.0]])
    for keep, amount in ((filters.top_k, 2), (filters.top_p, 0.9), (filters.min_p, 0.2)):
        together = keep(logits, amount)
        for row in range(2):
            torch.testing.assert_close(together[row], keep(logits[row], amount))
        assert together[0, 2] == -torch.inf


def test_filters_agree_with_transformers():
    from transformers import generation as theirs

    torch.manual_seed(0)
    logits, ids = torch.randn(5, 50) * 3, torch.randint(50, (5, 12))
    for ours, reference in (
        (filters.top_k(logits, 7), theirs.TopKLogitsWarper(7)),
        (filters.top_p(logits, 0.8), theirs.TopPLogitsWarper(0.8)),
        (filters.min_p(logits, 0.1), theirs.MinPLogitsWarper(0.1)),
        (
            filters.penalise_repetition(logits, ids, 1.3),
            theirs.RepetitionPenaltyLogitsProcessor(1.3),
        ),
    ):
        torch.testing.assert_close(ours, reference(ids, logits.clone()))


@pytest.mark.parametrize(
    ("keep", "amount", "says"),
    [
        (filters.top_k, 0, "at least 1, got 0"),
        (filters.top_p, 0.0, "above 0"),
        (filters.top_p, 1.1, "at most 1"),
        (filters.top_p, float("nan"), "above 0"),
        (filters.min_p, -0.1, "from 0 to 1"),
        (filters.min_p, 1.1, "from 0 to 1"),
    ],
)
def test_out_of_range(keep, amount, says):
    with pytest.raises(ValueError, match=says):
        keep(torch.zeros(3), amount)


def test_a_reward_for_repetition_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        filters.penalise_repetition(torch.zeros(1, 3), torch.zeros(1, 1, dtype=torch.long), 0.9)
