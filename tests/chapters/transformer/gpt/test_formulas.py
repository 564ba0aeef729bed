"""Formulas of transformer/gpt by brute force, and against PyTorch's own layer and SciPy."""

import itertools
import math

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from lmcourse.evaluation import scoring
from lmcourse.models.gpt import GPT, GPTConfig
from tests.chapter import functions

chapter = functions("transformer/gpt")
V = 4


@pytest.fixture
def tiny():
    torch.manual_seed(0)
    model = chapter["OurGPT"](V, 8, n_layers=2, n_heads=2, C=8)
    with torch.no_grad():
        model.tokens.weight.mul_(0.5)
    return model.eval()


@pytest.mark.formula(1, "lmcourse.evaluation.scoring.nll")
def test_nll_is_the_product_of_single_predictions(tiny):
    def probability(row):  # one call for each prediction, nothing behind it
        product = 1.0
        for t in range(1, len(row)):
            logits = tiny(torch.tensor([row[:t]]))[0, -1].detach().double().numpy()
            product *= scipy.special.softmax(logits)[row[t]]
        return product

    rows = [[0, *symbols] for symbols in itertools.product(range(V), repeat=4)]
    by_hand = np.array([probability(row) for row in rows])
    ours = np.exp(-scoring.nll(tiny, rows))
    np.testing.assert_allclose(ours, by_hand, rtol=1e-5)
    assert math.isclose(by_hand.sum(), 1.0, rel_tol=1e-6)


@pytest.mark.formula(2, "chapter:layer_norm")
@pytest.mark.parametrize("shape", [(6,), (4, 1), (2, 3, 5)])
def test_layer_norm_equals_torchs(shape):
    torch.manual_seed(0)
    x, scale, shift = torch.randn(shape), torch.randn(shape[-1]), torch.randn(shape[-1])
    expected = nn.functional.layer_norm(x, shape[-1:], scale, shift, eps=1e-5)
    ours = chapter["layer_norm"](x, scale, shift)
    torch.testing.assert_close(ours, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.formula(3, "chapter:gelu")
@given(st.floats(-8, 8))
def test_gelu_is_x_times_the_normal_share_below_it(x):
    ours = chapter["gelu"](torch.tensor(x, dtype=torch.float64)).item()
    assert math.isclose(ours, x * scipy.stats.norm.cdf(x), rel_tol=1e-9, abs_tol=1e-12)


@pytest.mark.formula(4, "chapter:Block")
def test_block_equals_torchs_pre_norm_layer():
    torch.manual_seed(0)
    block = chapter["Block"](16, 4).eval()
    layer = nn.TransformerEncoderLayer(
        16, 4, 64, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    ).eval()
    names = {
        "norm1": block.norm_1, "norm2": block.norm_2, "linear1": block.feed_forward[0],
        "linear2": block.feed_forward[2], "self_attn.out_proj": block.attention.projection,
    }  # fmt: skip
    weights = {f"{k}.{n}": p for k, part in names.items() for n, p in part.state_dict().items()}
    weights["self_attn.in_proj_weight"] = block.attention.qkv.weight
    weights["self_attn.in_proj_bias"] = block.attention.qkv.bias
    layer.load_state_dict(weights)
    for parameter in layer.parameters():  # random norms and biases as well
        nn.init.normal_(parameter, std=0.3)
    block_names = dict(block.named_parameters())
    with torch.no_grad():
        for key, part in names.items():
            for n, p in part.named_parameters():
                p.copy_(layer.state_dict()[f"{key}.{n}"])
        block_names["attention.qkv.weight"].copy_(layer.self_attn.in_proj_weight)
        block_names["attention.qkv.bias"].copy_(layer.self_attn.in_proj_bias)
    x = torch.randn(3, 7, 16)
    mask = torch.ones(7, 7, dtype=torch.bool).triu(1)
    torch.testing.assert_close(block(x), layer(x, src_mask=mask), atol=1e-5, rtol=1e-5)


@pytest.mark.formula(5, "chapter:parameter_count")
@given(st.integers(1, 100), st.integers(1, 40), st.integers(1, 3), st.integers(1, 4))
def test_parameter_count(vocab_size, context_length, n_layers, n_heads):
    config = GPTConfig(vocab_size, context_length, n_layers, n_heads, d_model=4 * n_heads)
    measured = sum(p.numel() for p in GPT(config).parameters())
    predicted = chapter["parameter_count"](vocab_size, context_length, n_layers, 4 * n_heads)
    assert predicted == measured


@pytest.mark.formula(6, "chapter:batch_loss")
def test_batch_loss_is_the_mean_over_real_targets():
    torch.manual_seed(0)
    logits = torch.randn(3, 5, V)
    targets = torch.tensor([[1, 2, 3, 0, 1], [2, 0, -100, -100, -100], [3, 3, 0, -100, -100]])
    surprises = [
        -scipy.special.log_softmax(logits[b, t].numpy())[targets[b, t]]
        for b in range(3)
        for t in range(5)
        if targets[b, t] != -100
    ]
    assert len(surprises) == 10
    expected = sum(surprises) / 10
    assert math.isclose(chapter["batch_loss"](logits, targets).item(), expected, rel_tol=1e-5)


def test_mixture_is_a_distribution():
    a, b = np.log([0.5, 0.25, 0.25]), np.log([0.1, 0.1, 0.8])
    mixture = np.exp(chapter["mix"](0.3, a, b))
    np.testing.assert_allclose(mixture, 0.3 * np.exp(a) + 0.7 * np.exp(b))
    assert math.isclose(mixture.sum(), 1.0)
