"""Formulas of appendix/popular_claims_examined against enumeration and torch.optim."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.chapter import functions

chapter = functions("appendix/popular_claims_examined")


@pytest.mark.formula(1, "chapter:product")
@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_the_product_is_the_share_of_a_table_filled_step_by_step(length):
    draw = np.random.default_rng(length)
    chapter["start"] = start = draw.dirichlet([1, 1])
    chapter["follow"] = follow = draw.dirichlet([1, 1], size=2)
    table = start  # P of all texts, one axis a symbol
    for _ in range(length - 1):
        table = table[..., None] * follow
    assert table.sum() == pytest.approx(1)
    for text in itertools.product(range(2), repeat=length):
        assert chapter["product"](text, length) == pytest.approx(table[text])


NUMBER = st.floats(-5, 5).filter(lambda x: abs(x) > 1e-3)
POSITIVE = st.floats(1e-3, 0.5)


@pytest.mark.formula(2, "chapter:first_step")
@given(NUMBER, NUMBER, POSITIVE, POSITIVE)
def test_first_steps_are_those_of_torch(w, g, lr, strength):
    for kind, name in ((torch.optim.Adam, "l2"), (torch.optim.AdamW, "decay")):
        weight = torch.nn.Parameter(torch.tensor(w, dtype=torch.float64))
        weight.grad = torch.tensor(g, dtype=torch.float64)
        kind([weight], lr=lr, weight_decay=strength).step()
        found = chapter["first_step"](w, g, lr, **{name: strength})
        assert found == pytest.approx(weight.item(), abs=1e-6)
