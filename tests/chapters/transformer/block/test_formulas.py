"""Formulas of transformer/block, against PyTorch's own layers, loops and the profiler."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from tests.chapter import functions

chapter = functions("transformer/block")
SHAPES = pytest.mark.parametrize("shape", [(6,), (4, 2), (2, 3, 5)])


@pytest.mark.formula(1, "chapter:layer_norm")
@SHAPES
def test_layer_norm_is_that_of_torch(shape):
    torch.manual_seed(0)
    x, g, b = torch.randn(shape), torch.randn(shape[-1]), torch.randn(shape[-1])
    expected = nn.functional.layer_norm(x, shape[-1:], g, b, eps=1e-5)
    torch.testing.assert_close(chapter["layer_norm"](x, g, b), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.formula(2, "chapter:rms_norm")
@SHAPES
def test_rms_norm_is_that_of_torch(shape):
    torch.manual_seed(0)
    x, g = torch.randn(shape), torch.randn(shape[-1])
    expected = nn.functional.rms_norm(x, shape[-1:], g, eps=1e-5)
    torch.testing.assert_close(chapter["rms_norm"](x, g), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.formula(3, "chapter:Block")
@pytest.mark.parametrize("place", ["pre", "post"])
def test_block_is_torchs_layer(place):
    torch.manual_seed(0)
    block = chapter["Block"](16, 4, place).eval()
    layer = nn.TransformerEncoderLayer(
        *(16, 4, 64), dropout=0.0, activation="gelu", batch_first=True, norm_first=place == "pre"
    ).eval()
    for parameter in block.parameters():  # random norms and biases as well
        nn.init.normal_(parameter, std=0.3)
    names = {
        "norm1": block.norm_1, "norm2": block.norm_2, "linear1": block.feed_forward[0],
        "linear2": block.feed_forward[2], "self_attn.out_proj": block.attention.projection,
    }  # fmt: skip
    weights = {f"{k}.{n}": p for k, part in names.items() for n, p in part.state_dict().items()}
    weights["self_attn.in_proj_weight"] = block.attention.qkv.weight
    weights["self_attn.in_proj_bias"] = block.attention.qkv.bias
    layer.load_state_dict(weights)
    x = torch.randn(3, 7, 16)
    mask = torch.ones(7, 7, dtype=torch.bool).triu(1)
    torch.testing.assert_close(block(x), layer(x, src_mask=mask), atol=1e-5, rtol=1e-5)


@pytest.mark.formula(4, "chapter:SwiGLU")
def test_swiglu_number_by_number():
    torch.manual_seed(0)
    layer, x = chapter["SwiGLU"](3, 5), torch.randn(2, 3)
    gate, up, down = (part.weight.tolist() for part in (layer.gate, layer.up, layer.down))
    for row, output in zip(x.tolist(), layer(x).tolist(), strict=True):
        hidden = []
        for g, u in zip(gate, up, strict=True):
            z = sum(a * b for a, b in zip(g, row, strict=True))
            hidden.append(z / (1 + math.exp(-z)) * sum(a * b for a, b in zip(u, row, strict=True)))
        expected = [sum(a * b for a, b in zip(d, hidden, strict=True)) for d in down]
        assert output == pytest.approx(expected, abs=1e-5)


@pytest.mark.formula(5, "chapter:block_parameters")
@given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 40))
def test_parameters_of_both_blocks(heads, width, hidden):
    C = heads * width
    gpt = sum(p.numel() for p in chapter["Block"](C, heads).parameters())
    assert chapter["block_parameters"](C, 4 * C) == gpt
    feed_forward = [nn.Linear(C, hidden), nn.Linear(hidden, C)]
    rest = 4 * C**2 + 4 * C + 4 * C  # attention with biases, two layer norms
    plain = sum(p.numel() for part in feed_forward for p in part.parameters())
    assert chapter["block_parameters"](C, hidden) == rest + plain
    attention = [nn.Linear(C, C, bias=False) for _ in range(4)]
    llama = [*attention, chapter["SwiGLU"](C, hidden), nn.RMSNorm(C), nn.RMSNorm(C)]
    expected = sum(p.numel() for part in llama for p in part.parameters())
    assert chapter["block_parameters"](C, hidden, gated=True) == expected


@pytest.mark.formula(6, "chapter:forward_flops")
@settings(max_examples=15, deadline=None)
@given(st.integers(1, 12), st.integers(1, 3), st.integers(1, 3), st.integers(2, 9))
def test_flops_are_the_profilers(T, heads, n, V):
    C = 4 * heads
    model = chapter["Network"](V, n, "pre", C=C, heads=heads)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, T, dtype=torch.long))
    assert chapter["forward_flops"](T, C, n, V) == counter.get_total_flops()


def test_flops_of_a_gated_layer_are_the_profilers():
    layer, C, H, T = chapter["SwiGLU"](8, 20), 8, 20, 5
    with FlopCounterMode(display=False) as counter:
        layer(torch.randn(T, C))
    gated = chapter["forward_flops"](T, C, 1, 0, H, matrices=3)
    none = chapter["forward_flops"](T, C, 1, 0, 0)
    assert gated - none == counter.get_total_flops()
