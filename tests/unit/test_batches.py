"""Batches: every row once, of similar length, padded with what no loss counts."""

import itertools
import math
import random
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lmcourse.text.batches import LengthBuckets, batches, by_length, pad, shifted

LENGTHS = st.lists(st.integers(0, 50), min_size=1, max_size=300)
ROWS = [[0, 1, 2, 3, 0], [0, 2, 0], [0, 4, 4, 4, 4, 0], [0, 0], [0, 3, 1, 0]]


@given(LENGTHS, st.integers(1, 9), st.integers(0, 5))
def test_every_item_once_an_epoch(lengths: list[int], batch_size: int, seed: int) -> None:
    buckets = LengthBuckets(lengths, batch_size, seed)
    steps = buckets.batches_per_epoch
    assert steps == math.ceil(len(lengths) / batch_size)
    for epoch in range(3):
        batches = [buckets(epoch * steps + i) for i in range(steps)]
        assert Counter(itertools.chain(*batches)) == Counter(range(len(lengths)))
        assert sorted(map(len, batches))[1:] == [batch_size] * (steps - 1)


def test_batches_depend_on_the_step_alone() -> None:
    lengths = random.Random(0).choices(range(100), k=500)
    ordered, other = LengthBuckets(lengths, 8, 1), LengthBuckets(lengths, 8, 2)
    batches = [ordered(step) for step in range(150)]
    fresh = LengthBuckets(lengths, 8, 1)
    assert [fresh(step) for step in reversed(range(150))] == batches[::-1]
    assert batches[:63] != batches[63:126]  # another epoch, another order
    assert batches[:63] != [other(step) for step in range(63)]


def test_batches_hold_similar_lengths_and_come_in_no_order_of_length() -> None:
    lengths = np.random.default_rng(0).integers(1, 200, size=2000)
    buckets = LengthBuckets(lengths, 16)
    batches = [lengths[buckets(step)] for step in range(buckets.batches_per_epoch)]
    padded = sum(len(batch) * batch.max() for batch in batches)
    assert padded < 1.06 * lengths.sum()
    means = np.array([batch.mean() for batch in batches])
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.3


@pytest.mark.parametrize("arguments", [([], 4), ([1, 2], 0)])
def test_refused_batches(arguments: tuple) -> None:
    with pytest.raises(ValueError, match="batch_size"):
        LengthBuckets(*arguments)


def test_pad() -> None:
    assert pad([[1, 2], [], [3]], -100).tolist() == [[1, 2], [-100] * 2, [3, -100]]
    assert pad([[], []], 0).shape == (2, 0)
    assert pad([], 0).shape == (0, 0)
    assert pad([[1]], 0).dtype == torch.long


@given(st.lists(st.integers(0, 50), max_size=300), st.integers(1, 60))
def test_evaluation_sees_every_item_once_shortest_first(
    lengths: list[int], batch_size: int
) -> None:
    chosen = by_length(lengths, batch_size)
    items = list(itertools.chain(*chosen))
    assert Counter(items) == Counter(range(len(lengths)))
    assert [lengths[i] for i in items] == sorted(lengths)
    assert all(len(batch) == batch_size for batch in chosen[:-1])
    assert all(batch for batch in chosen)


def test_evaluation_in_batches_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        by_length([1, 2], 0)


def test_targets_are_the_next_symbols() -> None:
    inputs, targets = shifted([[0, 3, 1, 0], [0, 2, 0], [4], []])
    assert inputs.tolist() == [[0, 3, 1], [0, 2, 0], [0] * 3, [0] * 3]
    assert targets.tolist() == [[3, 1, 0], [2, 0, -100], [-100] * 3, [-100] * 3]


def test_every_row_comes_once_an_epoch() -> None:
    at = batches(ROWS, 2, seed=3)
    for epoch in range(2):
        seen = [
            tuple(i for i in row if i != -100)
            for step in range(3)
            for row in at(3 * epoch + step)[1].tolist()
        ]
        assert sorted(seen) == sorted(tuple(row[1:]) for row in ROWS)


def test_a_batch_depends_on_seed_and_step_alone() -> None:
    at, fresh, other = batches(ROWS, 2, seed=3), batches(ROWS, 2, seed=3), batches(ROWS, 2, seed=4)
    first = [at(step) for step in range(12)]
    for step in reversed(range(12)):
        for ours, again in zip(first[step], fresh(step), strict=True):
            assert ours.tolist() == again.tolist()
    assert any(first[step][0].tolist() != other(step)[0].tolist() for step in range(12))
