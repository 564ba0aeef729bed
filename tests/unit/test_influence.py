"""Poking finds what a function reads, for functions whose reading is known."""

import torch

from lmcourse.evaluation.influence import movement

X = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))  # [T, d]
POKE = torch.tensor([1.0, -2.0, 0.5])  # [d]


def test_a_linear_map_moves_by_its_own_entries():
    A = torch.randn(4, 5, generator=torch.Generator().manual_seed(1))  # [rows, T]
    moved = movement(lambda x: A @ x, X, POKE)
    torch.testing.assert_close(moved, 2.0 * A.abs())  # the largest entry of the poke


def test_outputs_of_any_shape_and_an_untouched_text():
    before = X.clone()
    moved = movement(lambda x: x.cumsum(0)[:, None, :].expand(-1, 2, -1), X, POKE)
    assert torch.equal(moved > 0, torch.ones(5, 5).tril().bool())
    assert torch.equal(X, before)


def test_what_is_no_number_counts_as_moved():
    def broken(x):
        y = x.sum(dim=1)  # [T]
        return torch.where(y == X.sum(dim=1), y, torch.nan)

    assert torch.equal(
        movement(broken, X, POKE), torch.eye(5).mul(torch.inf).nan_to_num(0, torch.inf)
    )
