"""Formulas of transformer/attention by brute force and against PyTorch."""

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

from tests.chapter import functions

chapter = functions("transformer/attention")
SIZE, SEED = st.integers(1, 5), st.integers(0, 99)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.formula(1, "chapter:attention")
@settings(deadline=None)
@given(SIZE, SIZE, SIZE, SIZE, SEED)
def test_attention_equals_the_sums_of_the_formula_and_torch(T, S, d_k, d_v, seed):
    query, key, value = normal(T, d_k, seed=seed), normal(S, d_k, seed=seed + 1), normal(S, d_v)
    output, weights = chapter["attention"](query, key, value)
    for t in range(T):
        scores = [
            sum(query[t, i].item() * key[s, i].item() for i in range(d_k)) / math.sqrt(d_k)
            for s in range(S)
        ]
        total = sum(math.exp(score) for score in scores)
        row = [math.exp(score) / total for score in scores]
        assert weights[t].tolist() == pytest.approx(row, abs=1e-5)
        mean = [sum(row[s] * value[s, j].item() for s in range(S)) for j in range(d_v)]
        assert output[t].tolist() == pytest.approx(mean, abs=1e-5)
    expected = F.scaled_dot_product_attention(query[None], key[None], value[None])[0]
    torch.testing.assert_close(output, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.formula(2, "chapter:dot_product_variance")
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
    assert chapter["dot_product_variance"](d_k, a**2, b**2) == pytest.approx(variance)


@pytest.mark.formula(3, "chapter:masked_softmax")
@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-20, 20), st.booleans()), min_size=1, max_size=8))
def test_masked_softmax_is_the_softmax_of_what_is_visible(row):
    scores = torch.tensor([score for score, _ in row], dtype=torch.float64)
    allowed = torch.tensor([visible for _, visible in row])
    weights = chapter["masked_softmax"](scores, allowed)
    if not allowed.any():
        assert weights.isnan().all()
        return
    total = sum(math.exp(score) for score, visible in row if visible)
    expected = [math.exp(score) / total if visible else 0.0 for score, visible in row]
    assert weights.tolist() == pytest.approx(expected, abs=1e-9)


@pytest.mark.formula(4, "chapter:MultiHead")
@settings(deadline=None, max_examples=20)
@given(st.sampled_from([1, 2, 4]), SIZE, SEED)
def test_multi_head_equals_torch(n_heads, T, seed):
    torch.manual_seed(seed)
    ours = chapter["MultiHead"](8, n_heads)
    theirs = nn.MultiheadAttention(8, n_heads, batch_first=True)
    three = (ours.query, ours.key, ours.value)
    theirs.in_proj_weight.data = torch.cat([f.weight for f in three]).detach()
    theirs.in_proj_bias.data = torch.cat([f.bias for f in three]).detach()
    theirs.out_proj.load_state_dict(ours.mix.state_dict())
    x, allowed = normal(2, T, 8, seed=seed), torch.ones(T, T, dtype=torch.bool).tril()
    output, weights = ours(x, allowed)
    expected = theirs(x, x, x, attn_mask=~allowed, average_attn_weights=False)
    torch.testing.assert_close(output, expected[0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(weights, expected[1], atol=1e-5, rtol=1e-5)


@pytest.mark.formula(5, "chapter:attention_flops")
@pytest.mark.parametrize(("length", "d_model"), [(1, 8), (7, 16), (40, 8)])
@pytest.mark.parametrize("n_heads", [1, 4])
def test_flops_are_those_that_run(length, d_model, n_heads):
    layer = chapter["MultiHead"](d_model, n_heads)
    with FlopCounterMode(display=False) as counter:
        layer(normal(1, length, d_model))
    assert counter.get_total_flops() == chapter["attention_flops"](length, d_model)


def test_influence_finds_the_mask_and_the_wrong_join():
    x, future = normal(1, 6, 8), torch.ones(6, 6, dtype=torch.bool).tril()
    torch.manual_seed(0)
    right, wrong = chapter["MultiHead"](8, 2), chapter["WrongJoin"](8, 2)
    poke = normal(8, seed=1)
    assert torch.equal(chapter["influence"](right, x, future, poke), future)
    assert (chapter["influence"](wrong, x, future, poke) & ~future).any()


def test_influence_finds_the_missing_mask_behind_a_layer_norm():
    torch.manual_seed(0)
    block, x = chapter["PreNorm"](chapter["MultiHead"](8, 2), 8), normal(1, 6, 8)
    assert chapter["influence"](block, x, None, normal(8, seed=1)).all()


def test_pattern_scores_by_loops():
    weights = normal(2, 3, 5, 5).softmax(-1)
    previous, following, first, last = chapter["pattern_scores"](weights)
    for layer, head in itertools.product(range(2), range(3)):
        w = weights[layer, head]
        mean = {
            "previous": sum(w[t, t - 1] for t in range(1, 5)) / 4,
            "next": sum(w[t, t + 1] for t in range(4)) / 4,
            "first": sum(w[t, 0] for t in range(1, 5)) / 4,
            "last": sum(w[t, 4] for t in range(4)) / 4,
        }
        found = [scores[layer, head] for scores in (previous, following, first, last)]
        torch.testing.assert_close(torch.stack(found), torch.stack(list(mean.values())))


def test_dictionaries_ask_for_an_entry_and_never_repeat_a_letter():
    letters, numbers, question, place, answer = chapter["dictionaries"](200, seed=3)
    rows = torch.arange(200)
    assert torch.equal(letters[rows, place], question)
    assert torch.equal(numbers[rows, place], answer)
    for table in (letters, numbers):
        assert all(len(set(row)) == 8 for row in table.tolist())


def test_kept_for_backward_counts_a_shared_storage_whole():
    linear = nn.Linear(4, 12)

    def packed(x):
        query, key, _ = linear(x).chunk(3, dim=-1)
        return query * key

    total, _ = chapter["kept_for_backward"](packed, normal(1, 6, 4))
    assert total >= 3 * 6 * 4 * 4  # input, query and key


def test_carried_by_loops():
    torch.manual_seed(0)
    value, dense = nn.Linear(4, 4), nn.Linear(4, 4)
    attention = SimpleNamespace(
        self=SimpleNamespace(value=value), output=SimpleNamespace(dense=dense)
    )
    hidden, weights = normal(3, 4), normal(2, 3, 3, seed=1).softmax(-1)
    shares = chapter["carried"](SimpleNamespace(attention=attention), hidden, weights)
    for h, t in itertools.product(range(2), range(3)):
        part = slice(2 * h, 2 * h + 2)
        terms = [
            weights[h, t, s] * dense.weight[:, part] @ value(hidden[s])[part] for s in range(3)
        ]
        length = torch.stack([term.norm() for term in terms])
        torch.testing.assert_close(shares[h, t], (length / length.sum()).detach())
