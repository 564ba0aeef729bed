"""Formulas of transformer/attention by brute force and against PyTorch."""

import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tests.chapter import functions

chapter = functions("transformer/attention")
SIZE, SEED = st.integers(1, 5), st.integers(0, 99)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def row_by_row(query, key, value, allowed, divisor):
    """Output and weights of attention by sums over single numbers."""
    T, S, d_v = len(query), len(key), value.shape[1]
    rows, means = [], []
    for t in range(T):
        z = [sum((query[t] * key[s]).tolist()) / divisor for s in range(S)]
        parts = [math.exp(z[s]) if allowed[t, s] else 0.0 for s in range(S)]
        rows.append([part / sum(parts) for part in parts])
        means.append([sum(rows[t][s] * value[s, j].item() for s in range(S)) for j in range(d_v)])
    return torch.tensor(means), torch.tensor(rows)


@pytest.mark.formula(1, "chapter:attend")
@settings(deadline=None)
@given(SIZE, SIZE, SIZE, SIZE, SEED)
def test_attend_and_the_loop_equal_the_sums_of_the_formula(T, S, d_k, d_v, seed):
    query, key, value = normal(T, d_k, seed=seed), normal(S, d_k, seed=seed + 1), normal(S, d_v)
    output, weights = chapter["attend"](query, key, value)
    means, rows = row_by_row(query, key, value, torch.ones(T, S), 1.0)
    torch.testing.assert_close(weights, rows, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(output, means, atol=1e-5, rtol=1e-5)
    context, shares = chapter["lookup"](query[0], key, value)
    torch.testing.assert_close(context, means[0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(shares, rows[0], atol=1e-5, rtol=1e-5)


@pytest.mark.formula(2, "chapter:variance_of_scores")
@pytest.mark.parametrize(("a", "b"), [(1.0, 1.0), (0.5, 3.0)])
@pytest.mark.parametrize("d_k", [1, 2, 4])
def test_variance_of_the_dot_product_by_enumeration(d_k, a, b):
    """All equally likely vectors with components ±a and ±b: mean zero, variances a² and b²."""
    signs = list(itertools.product((-1, 1), repeat=d_k))
    products = [
        sum(a * qi * b * ki for qi, ki in zip(q, k, strict=True)) for q in signs for k in signs
    ]
    mean = sum(products) / len(products)
    variance = sum((product - mean) ** 2 for product in products) / len(products)
    assert chapter["variance_of_scores"](d_k, a**2, b**2) == pytest.approx(variance)


@pytest.mark.formula(3, "chapter:attention")
@settings(deadline=None)
@given(SIZE, SIZE, SIZE, SEED)
def test_masked_attention_equals_the_sums_of_the_formula_and_torch(T, d_k, d_v, seed):
    query, key, value = normal(T, d_k, seed=seed), normal(T, d_k, seed=seed + 1), normal(T, d_v)
    allowed = (normal(T, T, seed=seed + 2) > 0) | torch.eye(T, dtype=torch.bool)
    output, weights = chapter["attention"](query, key, value, allowed)
    means, rows = row_by_row(query, key, value, allowed, math.sqrt(d_k))
    torch.testing.assert_close(weights, rows, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(output, means, atol=1e-5, rtol=1e-5)
    expected = F.scaled_dot_product_attention(query[None], key[None], value[None], allowed)[0]
    torch.testing.assert_close(output, expected, atol=1e-5, rtol=1e-5)
    empty = torch.zeros(T, T, dtype=torch.bool)
    assert chapter["attention"](query, key, value, empty)[1].isnan().all()


def test_scaled_is_attention_without_a_mask():
    query, key, value = normal(3, 4, 8)
    output, _ = chapter["scaled"](query, key, value)
    torch.testing.assert_close(output, chapter["attention"](query, key, value)[0])


@pytest.mark.formula(4, "chapter:MultiHead")
@settings(deadline=None, max_examples=20)
@given(st.sampled_from([1, 2, 4]), SIZE, SEED)
def test_multi_head_equals_torch_and_the_list_of_heads(n_heads, T, seed):
    torch.manual_seed(seed)
    ours, listed = chapter["MultiHead"](8, n_heads), chapter["HeadList"](8, n_heads)
    theirs = nn.MultiheadAttention(8, n_heads, batch_first=True)
    three = (ours.query, ours.key, ours.value)
    theirs.in_proj_weight.data = torch.cat([f.weight for f in three]).detach()
    theirs.in_proj_bias.data = torch.cat([f.bias for f in three]).detach()
    theirs.out_proj.load_state_dict(ours.mix.state_dict())
    listed.mix.load_state_dict(ours.mix.state_dict())
    for role in ("query", "key", "value"):
        whole = getattr(ours, role)
        parts = zip(whole.weight.chunk(n_heads), whole.bias.chunk(n_heads), strict=True)
        for head, (weight, bias) in zip(listed.heads, parts, strict=True):
            getattr(head, role).load_state_dict({"weight": weight, "bias": bias})
    x, allowed = normal(2, T, 8, seed=seed), torch.ones(T, T, dtype=torch.bool).tril()
    output = ours(x, allowed)
    expected, _ = theirs(x, x, x, attn_mask=~allowed)
    torch.testing.assert_close(output, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(output, listed(x, allowed), atol=1e-5, rtol=1e-5)


class WrongJoin(nn.Module):
    """Attention whose heads are joined without a transpose: right shape, mixed words."""

    def __init__(self, right):
        super().__init__()
        self.right = right

    def forward(self, x, allowed=None):
        three = (self.right.query, self.right.key, self.right.value)
        heads, _ = chapter["attention"](*(self.right.split(f(x)) for f in three), allowed)
        return self.right.mix(heads.reshape(x.shape))


def test_influence_finds_the_mask_and_the_wrong_join():
    x, past = normal(1, 6, 8), torch.ones(6, 6, dtype=torch.bool).tril()
    torch.manual_seed(0)
    right, poke = chapter["MultiHead"](8, 2), normal(8, seed=1)
    assert torch.equal(chapter["influence"](right, x, poke, past), past)
    assert (chapter["influence"](WrongJoin(right), x, poke, past) & ~past).any()


def test_influence_finds_the_missing_mask_behind_a_layer_norm():
    torch.manual_seed(0)
    block, x = chapter["PreNorm"](chapter["MultiHead"](8, 2), 8), normal(1, 6, 8)
    assert chapter["influence"](block, x, normal(8, seed=1)).all()


def test_dictionaries_ask_for_an_entry_and_never_repeat_a_letter():
    texts, answer, place = chapter["dictionaries"](200, seed=3)
    letters, numbers = texts[..., :26], texts[..., 26:]
    rows = torch.arange(200)
    assert (letters.sum(dim=-1) == 1).all()
    assert (numbers.sum(dim=-1) == torch.tensor([1] * 8 + [0])).all()
    assert torch.equal(letters[rows, place], letters[:, -1])
    assert torch.equal(numbers[rows, place].argmax(dim=-1), answer)
    assert (letters[:, :8].sum(dim=1) <= 1).all()
    assert (numbers.sum(dim=1) <= 1).all()
