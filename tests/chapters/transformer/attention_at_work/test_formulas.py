"""Formulas of transformer/attention_at_work by brute force and against PyTorch."""

import itertools
import math
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from transformers import BertConfig, BertModel

from tests.chapter import functions

chapter = functions("transformer/attention_at_work")
SIZE, SEED = st.integers(1, 5), st.integers(0, 99)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.formula(1, "chapter:attention_flops")
@pytest.mark.parametrize(("length", "d_model"), [(1, 8), (7, 16), (40, 8)])
@pytest.mark.parametrize("n_heads", [1, 4])
def test_flops_are_those_that_run(length, d_model, n_heads):
    layer = chapter["CrossAttention"](d_model, n_heads)
    x, real = normal(1, length, d_model), torch.ones(1, length, dtype=torch.bool)
    with FlopCounterMode(display=False) as counter:
        layer(x, x, real)
    assert counter.get_total_flops() == chapter["attention_flops"](length, d_model)


@pytest.mark.formula(2, "chapter:step")
@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-800, 800), st.floats(-9, 9)), min_size=1, max_size=8))
def test_the_stream_ends_in_the_softmax_average(pairs):
    state = (-math.inf, 0.0, 0.0)
    for score, value in pairs:
        state = chapter["step"](state, score, value)
    scores, values = torch.tensor(pairs, dtype=torch.float64).T
    assert state[2] / state[1] == pytest.approx((scores.softmax(0) @ values).item(), abs=1e-9)
    expected = scores.logsumexp(0).item()
    assert state[0] + math.log(state[1]) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_streamed_equals_torch(size):
    query, key, value = 9 * normal(2, 4, 6, 8), normal(2, 4, 7, 8, seed=1), normal(2, 4, 7, 3)
    expected = F.scaled_dot_product_attention(query, key, value)
    found = chapter["streamed"](query, key, value, size)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.formula(3, "chapter:CrossAttention")
@settings(deadline=None, max_examples=20)
@given(st.sampled_from([1, 2, 4]), SIZE, SIZE, SEED)
def test_cross_attention_equals_torch(n_heads, T, S, seed):
    torch.manual_seed(seed)
    ours = chapter["CrossAttention"](8, n_heads)
    theirs = nn.MultiheadAttention(8, n_heads, batch_first=True)
    three = (ours.query, ours.key, ours.value)
    theirs.in_proj_weight.data = torch.cat([f.weight for f in three]).detach()
    theirs.in_proj_bias.data = torch.cat([f.bias for f in three]).detach()
    theirs.out_proj.load_state_dict(ours.mix.state_dict())
    x, memory = normal(2, T, 8, seed=seed), normal(2, S, 8, seed=seed + 1)
    real = torch.rand(2, S, generator=torch.Generator().manual_seed(seed)) < 0.6
    real[:, 0] = True
    output, weights = ours(x, memory, real)
    options = {"key_padding_mask": ~real, "average_attn_weights": False}
    expected = theirs(x, memory, memory, **options)
    torch.testing.assert_close(output, expected[0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(weights, expected[1], atol=1e-5, rtol=1e-5)


@pytest.mark.formula(4, "chapter:removed")
@settings(deadline=None)
@given(st.integers(2, 6), SEED)
def test_removing_a_token_by_recomputing(S, seed):
    scores, values = normal(S, seed=seed).double(), normal(S, 3, seed=seed + 1).double()
    weights = scores.softmax(0)
    for s in range(S):
        silence, hide = chapter["removed"](weights, values, s)
        silent, masked = values.clone(), scores.clone()
        silent[s], masked[s] = 0, -math.inf
        torch.testing.assert_close(silence, weights @ silent - weights @ values)
        torch.testing.assert_close(hide, masked.softmax(0) @ values - weights @ values)


def test_habits_by_loops():
    weights = normal(2, 3, 5, 5).softmax(-1)
    found = chapter["habits"](weights)
    for layer, head in itertools.product(range(2), range(3)):
        w = weights[layer, head]
        expected = [
            sum(w[t, t - 1] for t in range(1, 5)) / 4,
            sum(w[t, t + 1] for t in range(4)) / 4,
            sum(w[t, 0] for t in range(1, 5)) / 4,
            sum(w[t, 4] for t in range(4)) / 4,
        ]
        torch.testing.assert_close(found[:, layer, head], torch.stack(expected))


def test_carried_by_loops():
    torch.manual_seed(0)
    value, dense = nn.Linear(4, 4), nn.Linear(4, 4)
    attention = SimpleNamespace(
        self=SimpleNamespace(value=value), output=SimpleNamespace(dense=dense)
    )
    vectors, weights = normal(3, 4), normal(2, 3, 3, seed=1).softmax(-1)
    found = chapter["carried"](SimpleNamespace(attention=attention), vectors, weights)
    for h, t, s in itertools.product(range(2), range(3), range(3)):
        part = slice(2 * h, 2 * h + 2)
        term = weights[h, t, s] * dense.weight[:, part] @ value(vectors[s])[part]
        torch.testing.assert_close(found[h, t, s], term.norm().detach())


def test_received_leaves_out_what_a_token_gives_itself():
    tables = normal(2, 3, 4, 4).softmax(-1)
    found = chapter["received"](tables)
    for s in range(4):
        expected = sum(tables[..., t, s] for t in range(4) if t != s) / 3
        torch.testing.assert_close(found[..., s], expected)


def test_effects_are_those_of_a_deleted_key_and_of_a_zero_value():
    """One token at a time, by a mask of one row and by weights that are set to zero."""
    sizes = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2}
    torch.manual_seed(0)
    config = BertConfig(vocab_size=12, intermediate_size=16, max_position_embeddings=16, **sizes)
    config._attn_implementation = "eager"
    encoder = BertModel(config).eval()
    for weight in encoder.parameters():
        nn.init.normal_(weight, std=0.5)
    ids = torch.tensor([2, 7, 5, 9, 3])
    hiding, silencing = chapter["effects"](encoder, ids)
    with torch.no_grad():
        before = encoder(ids[None]).last_hidden_state[0]
        for s in range(5):
            others = torch.arange(5) != s
            mask = others.long()[None]
            moved = encoder(ids[None], mask).last_hidden_state[0] - before
            expected = moved[others].mean(0).norm()
            torch.testing.assert_close(hiding[s], expected, atol=1e-5, rtol=1e-4)

            def zero(module, inputs, value, s=s):
                value = value.clone()
                value[:, s] = 0
                return value

            parts = [layer.attention.self.value for layer in encoder.encoder.layer]
            hooks = [part.register_forward_hook(zero) for part in parts]
            moved = encoder(ids[None]).last_hidden_state[0] - before
            for hook in hooks:
                hook.remove()
            expected = moved[others].mean(0).norm()
            torch.testing.assert_close(silencing[s], expected, atol=1e-5, rtol=1e-4)
