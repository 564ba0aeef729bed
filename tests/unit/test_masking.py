"""Masking: the right counts, same for the same seed, nothing else touched."""

import math

import pytest
import scipy.stats
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from lmcourse.text.masking import masked, masked_loss

V, MASK = 20, 4
SETTINGS = {"vocab_size": V, "mask_id": MASK, "special_ids": [0, 1, 2, 3]}
ROWS = st.lists(st.lists(st.integers(0, V - 1), max_size=12), max_size=6)


def drawn(rows, seed=0, **options):
    generator = torch.Generator().manual_seed(seed)
    return masked(rows, **{**SETTINGS, **options}, generator=generator)


@given(ROWS, st.integers(0, 99), st.sampled_from([0.0, 0.15, 0.5, 1.0]))
def test_targets_are_the_true_symbols_and_the_rest_is_untouched(rows, seed, share):
    inputs, targets, real = drawn(rows, seed, share=share)
    longest = max(map(len, rows), default=0)
    assert inputs.shape == targets.shape == real.shape == (len(rows), longest)
    for i, row in enumerate(rows):
        assert real[i].tolist() == [t < len(row) for t in range(longest)]
        for t in range(longest):
            given_, target = inputs[i, t].item(), targets[i, t].item()
            if t >= len(row):
                assert (given_, target) == (0, -100)
            elif target == -100:
                assert given_ == row[t]
                assert share < 1 or row[t] <= MASK
            else:
                assert target == row[t] > MASK
                assert given_ >= MASK
                assert share > 0


def test_counts_by_a_chi_squared_test():
    rows = [[5 + i % 15 for i in range(100)] for _ in range(2000)]
    inputs, targets, _ = drawn(rows)
    chosen = targets != -100
    p = scipy.stats.binomtest(int(chosen.sum()), 200_000, 0.15).pvalue
    assert p > 1e-3
    became, was = inputs[chosen], targets[chosen]
    n = len(was)
    counts = [(became == MASK).sum(), ((became != MASK) & (became != was)).sum()]
    counts = [int(count) for count in counts]
    counts.append(n - sum(counts))
    expected = [0.8 * n, 0.1 * 14 / 15 * n, (0.1 + 0.1 / 15) * n]  # one draw in 15 is the same
    assert scipy.stats.chisquare(counts, expected).pvalue > 1e-3
    assert scipy.stats.chisquare(counts, [0.7 * n, 0.15 * n, 0.15 * n]).pvalue < 1e-6


def test_swapped_symbols_are_drawn_evenly():
    _, targets, _ = batch = drawn([[5] * 60_000], share=1.0, mask_share=0.0, random_share=1.0)
    counts = torch.bincount(batch.inputs[0], minlength=V)
    assert not counts[: MASK + 1].any()
    assert scipy.stats.chisquare(counts[MASK + 1 :].numpy()).pvalue > 1e-3
    assert (targets == 5).all()


def test_same_seed_same_masks_whatever_the_padding():
    rows = [[5, 6, 7, 8, 9, 10] * 3, [11, 12]]
    for a, b in zip(drawn(rows), drawn(rows), strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(drawn(rows, 0).targets, drawn(rows, 1).targets)
    assert torch.equal(drawn(rows, pad_id=3).targets, drawn(rows).targets)


def test_the_generator_moves_on():
    generator = torch.Generator().manual_seed(0)
    first = masked([[5] * 99], **SETTINGS, generator=generator)
    second = masked([[5] * 99], **SETTINGS, generator=generator)
    assert not torch.equal(first.targets, second.targets)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"share": -0.1}, "share"),
        ({"share": 1.5}, "share"),
        ({"share": math.nan}, "share"),
        ({"mask_share": 2.0}, "mask_share"),
        ({"random_share": -1.0}, "random_share"),
        ({"mask_share": 0.8, "random_share": 0.3}, "together"),
        ({"mask_id": 20}, "mask_id: 20"),
        ({"pad_id": -1}, "pad_id: -1"),
        ({"special_ids": [99]}, "special_ids: 99"),
        ({"special_ids": range(20)}, "no ordinary id"),
        ({"rows": [[5, 77]]}, "rows: 77"),
    ],
)
def test_bad_input_is_named(options, name):
    with pytest.raises(ValueError, match=name):
        drawn(**{"rows": [[5, 6]], **options})


def test_loss_is_that_of_torch_and_reads_targets_alone():
    generator = torch.Generator().manual_seed(0)
    rows = [list(range(5, 20)), [5, 6, 7]]
    inputs, targets, real = drawn(rows, share=0.5)
    logits = torch.randn(*inputs.shape, V, generator=generator)
    loss = masked_loss(logits, targets)
    expected = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    torch.testing.assert_close(loss, expected)
    for value in (1e9, math.nan):
        spoiled = torch.where((targets == -100)[..., None], value, logits)
        assert masked_loss(spoiled, targets).item() == loss.item()
    assert not real.all()


def test_loss_without_targets_is_zero_and_has_a_gradient():
    logits = torch.zeros(2, 3, V, requires_grad=True)
    loss = masked_loss(logits, torch.full((2, 3), -100))
    assert loss.item() == 0
    loss.backward()
    assert not logits.grad.any()
