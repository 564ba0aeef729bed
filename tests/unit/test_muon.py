"""Muon and AdamW as one optimizer: against torch's two, and against the singular values."""

import copy

import pytest
import torch
from torch import nn

from lmcourse.models.llama import Llama, LlamaConfig
from lmcourse.training.muon import MuonAdamW, split_matrices

RATES = {"matrix_rate": 0.1, "learning_rate": 0.01, "weight_decay": 0.5}


def small():
    torch.manual_seed(0)
    return Llama(LlamaConfig(11, 8, 2, 2, 1, 8, 12))


def with_slopes(model, seed=1):
    torch.manual_seed(seed)
    for parameter in model.parameters():
        parameter.grad = torch.randn_like(parameter)
    return model


def test_matrices_are_the_linear_layers_of_the_blocks():
    model = small()
    matrices, others = split_matrices(model)
    assert len(matrices) == 2 * 7  # four of attention, three of the feed-forward layer
    assert {id(p) for p in others} == {
        id(p) for n, p in model.named_parameters() if "norm" in n or n == "tokens.weight"
    }


def test_a_step_is_that_of_the_two_optimizers_of_torch():
    model = with_slopes(small())
    twin = with_slopes(copy.deepcopy(model))
    optimizer = MuonAdamW(*split_matrices(model), **RATES)
    matrices, others = split_matrices(twin)
    muon = torch.optim.Muon(matrices, lr=0.05, weight_decay=0.5)
    adamw = torch.optim.AdamW(others, lr=0.005, weight_decay=0, betas=(0.9, 0.95))
    optimizer.scale(0.5)
    for part in (optimizer, muon, adamw):
        part.step()
    for ours, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_a_matrix_moves_by_singular_values_near_one():
    matrix = nn.Parameter(torch.zeros(16, 16, dtype=torch.float32))
    matrix.grad = torch.diag(torch.logspace(0, 1, 16))
    MuonAdamW([matrix], [nn.Parameter(torch.zeros(3))], **RATES | {"weight_decay": 0.0}).step()
    moved = torch.linalg.svdvals(matrix.detach()) / 0.1
    assert 0.6 < moved.min() < moved.max() < 1.3


def test_a_stored_state_goes_on_as_if_nothing_had_happened():
    model = with_slopes(small())
    optimizer = MuonAdamW(*split_matrices(model), **RATES)
    optimizer.step()
    twin = copy.deepcopy(model)
    again = MuonAdamW(*split_matrices(twin), **RATES)
    again.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for one, its in ((model, optimizer), (twin, again)):
        with_slopes(one, 2)
        its.step()
    assert all(map(torch.equal, model.parameters(), twin.parameters()))


def test_vectors_are_no_matrices():
    with pytest.raises(ValueError, match="2D"):
        MuonAdamW([nn.Parameter(torch.zeros(3))], [nn.Parameter(torch.zeros(3))], **RATES)
