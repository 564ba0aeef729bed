"""Attention against torch's own, and by perturbation: what is masked must not matter."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lmcourse.models.attention import (
    MultiHeadAttention,
    causal_mask,
    scaled_dot_product_attention,
)

SIZE = st.integers(1, 5)


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@settings(deadline=None)
@given(SIZE, SIZE, SIZE, SIZE, SIZE, st.integers(0, 99), st.booleans())
def test_equal_to_torch(
    batch: int, T: int, S: int, d_k: int, d_v: int, seed: int, masked: bool
) -> None:
    query, key = normal(batch, 2, T, d_k, seed=seed), normal(batch, 2, S, d_k, seed=seed + 1)
    value = normal(batch, 2, S, d_v, seed=seed + 2)
    mask = normal(batch, 1, T, S, seed=seed + 3) > 0 if masked else None
    output, weights = scaled_dot_product_attention(query, key, value, mask)
    expected = F.scaled_dot_product_attention(query, key, value, mask)
    torch.testing.assert_close(output, expected, atol=1e-5, rtol=1e-5)
    attends = torch.ones(batch, 2, T) if mask is None else mask.any(-1).expand(-1, 2, -1).float()
    torch.testing.assert_close(weights.sum(-1), attends)
    assert (weights >= 0).all()
    if mask is not None:
        assert (weights[~mask.expand_as(weights)] == 0).all()


@pytest.mark.filterwarnings("ignore:Anomaly Detection has been enabled")
def test_a_row_that_attends_to_nothing_is_zero_and_never_nan() -> None:
    x = normal(3, 4).requires_grad_()
    mask = torch.tensor([[True, False, True], [False] * 3, [True] * 3])
    with torch.autograd.detect_anomaly(check_nan=True):
        output, weights = scaled_dot_product_attention(x, x, x, mask)
        output.square().sum().backward()
    assert weights[1].tolist() == [0, 0, 0]
    assert output[1].tolist() == [0, 0, 0, 0]
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_causal_mask() -> None:
    assert causal_mask(3).tolist() == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


def reference(attention: MultiHeadAttention) -> nn.MultiheadAttention:
    """torch's module with the same weights."""
    d_model = attention.projection.in_features
    module = nn.MultiheadAttention(d_model, attention.n_heads, batch_first=True).eval()
    module.in_proj_weight.data, module.in_proj_bias.data = (
        attention.qkv.weight.data,
        attention.qkv.bias.data,
    )
    module.out_proj.load_state_dict(attention.projection.state_dict())
    return module


@settings(deadline=None)
@given(
    SIZE, SIZE, st.integers(1, 3), st.integers(1, 4), st.booleans(), st.booleans(),
    st.integers(0, 99),
)  # fmt: skip
def test_heads_equal_torch(
    B: int, T: int, n_heads: int, d_k: int, causal: bool, padded: bool, seed: int
) -> None:
    torch.manual_seed(seed)
    kind = {"causal": True} if causal else {}  # to see everything is the default
    attention = MultiHeadAttention(n_heads * d_k, n_heads, **kind).eval()
    nn.init.normal_(attention.qkv.bias)
    x = normal(B, T, n_heads * d_k, seed=seed)
    lengths = torch.randint(1, T + 1, (B,), generator=torch.Generator().manual_seed(seed))
    real = torch.arange(T) < lengths[:, None]  # [B, T], every row has a real first token
    if not padded:
        real = torch.ones_like(real)
    mask = real if padded else None
    expected, expected_weights = reference(attention)(
        x,
        x,
        x,
        key_padding_mask=~real,
        attn_mask=~causal_mask(T) if causal else None,
        average_attn_weights=False,
    )
    output, weights = attention(x, mask, return_weights=True)
    torch.testing.assert_close(output, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(weights, expected_weights, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(attention(x, mask), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("return_weights", [False, True])
@pytest.mark.parametrize("padded", [False, True])
def test_the_future_does_not_matter(padded: bool, return_weights: bool) -> None:
    attention = MultiHeadAttention(8, 2, causal=True).eval()
    real = torch.ones(2, 6, dtype=torch.bool) if padded else None
    x = normal(2, 6, 8)
    changed = x.clone()
    changed[:, 4] += 1
    outputs = [attention(v, real, return_weights) for v in (x, changed)]
    a, b = (o[0] for o in outputs) if return_weights else outputs
    torch.testing.assert_close(a[:, :4], b[:, :4], atol=0, rtol=0)
    assert not torch.allclose(a[:, 4], b[:, 4])
    assert not torch.allclose(a[:, 5], b[:, 5])


@pytest.mark.parametrize("return_weights", [False, True])
@pytest.mark.parametrize("causal", [False, True])
def test_padding_does_not_matter(causal: bool, return_weights: bool) -> None:
    attention = MultiHeadAttention(8, 2, causal=causal).eval()
    real = torch.tensor([[True] * 4 + [False] * 2, [True] * 6])
    x = normal(2, 6, 8)
    changed = x.clone()
    changed[0, 4:] += 1
    outputs = [attention(v, real, return_weights) for v in (x, changed)]
    a, b = (o[0] for o in outputs) if return_weights else outputs
    torch.testing.assert_close(a[0, :4], b[0, :4], atol=0, rtol=0)
    torch.testing.assert_close(a[1], b[1], atol=0, rtol=0)


@pytest.mark.parametrize("return_weights", [False, True])
@pytest.mark.parametrize("causal", [False, True])
def test_a_row_of_nothing_but_padding_is_the_bias(causal: bool, return_weights: bool) -> None:
    attention = MultiHeadAttention(8, 2, causal=causal)
    real = torch.tensor([[False] * 3, [True] * 3])
    x = normal(2, 3, 8).requires_grad_()
    result = attention(x, real, return_weights)
    output = result[0] if return_weights else result
    torch.testing.assert_close(output[0], attention.projection.bias.expand(3, 8))
    output.square().sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_dropout_only_in_training() -> None:
    attention = MultiHeadAttention(8, 2, dropout=0.5)
    x = normal(1, 6, 8)
    for return_weights in (False, True):
        first, second = (attention.train()(x, None, return_weights) for _ in range(2))
        again, same = (attention.eval()(x, None, return_weights) for _ in range(2))
        if return_weights:
            first, second, again, same = first[0], second[0], again[0], same[0]
        assert not torch.allclose(first, second)
        torch.testing.assert_close(again, same, atol=0, rtol=0)


@pytest.mark.parametrize(
    ("q", "k", "v", "message"),
    [((2, 3), (4, 5), (4, 3), "d_k 3 but key has 5"), ((2, 3), (4, 3), (5, 3), "4 .* value has 5")],
)
def test_refused_shapes(q: tuple, k: tuple, v: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        scaled_dot_product_attention(normal(*q), normal(*k), normal(*v))


def test_refused_heads() -> None:
    with pytest.raises(ValueError, match="d_model 10 is not divisible by n_heads 3"):
        MultiHeadAttention(10, 3)
