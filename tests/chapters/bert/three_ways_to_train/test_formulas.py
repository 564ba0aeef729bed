"""Formulas of bert/three_ways_to_train against transformers' own schedule."""

import math

import pytest
import torch
import transformers

from tests.chapter import functions

chapter = functions("bert/three_ways_to_train")


@pytest.mark.formula(1, "chapter:rate_at")
@pytest.mark.parametrize("steps", [4, 8, 24, 100])
def test_rate_at_is_the_linear_schedule_of_transformers(steps):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2.0)
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, 3, steps)
    for step in range(steps):
        expected = schedule.get_last_lr()[0]
        assert math.isclose(chapter["rate_at"](step, steps, 2.0, 3), expected)
        optimizer.step()
        schedule.step()
    assert chapter["rate_at"](0, steps, 2.0, 3) == 0
