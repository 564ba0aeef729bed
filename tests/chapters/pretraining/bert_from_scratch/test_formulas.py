"""Formulas of pretraining/bert_from_scratch by brute force, and the encoder against PyTorch's."""

import math

import numpy as np
import pytest
import scipy.special
import torch
from torch import nn

from lmcourse.text.masking import masked_loss
from tests.chapter import functions

chapter = functions("pretraining/bert_from_scratch")
V = 7


@pytest.fixture
def tiny():
    torch.manual_seed(0)
    return chapter["OurBERT"](V, 9, 2, 2, 8).eval()


@pytest.mark.formula(1, "chapter:mlm_loss")
def test_loss_is_the_mean_surprise_where_something_is_asked(tiny):
    vectors = torch.randn(2, 4, 8)
    targets = torch.tensor([[-100, 3, -100, 6], [5, -100, -100, -100]])
    logits = tiny.words(vectors).detach()
    surprises = [
        -scipy.special.log_softmax(logits[b, t].double().numpy())[targets[b, t]]
        for b in range(2)
        for t in range(4)
        if targets[b, t] >= 0
    ]
    ours = chapter["mlm_loss"](tiny, vectors, targets).item()
    assert math.isclose(ours, sum(surprises) / 3, rel_tol=1e-5)
    assert math.isclose(ours, masked_loss(logits, targets).item(), rel_tol=1e-5)


def test_loss_without_a_question_is_zero_and_has_no_slope(tiny):
    vectors = torch.randn(2, 4, 8, requires_grad=True)
    loss = chapter["mlm_loss"](tiny, vectors, torch.full((2, 4), -100))
    loss.backward()
    assert loss.item() == 0
    assert not vectors.grad.any()


@pytest.mark.formula(2, "chapter:between_neighbours")
def test_between_neighbours_is_bayes_rule_for_independent_neighbours():
    rng = np.random.default_rng(0)
    p_x = rng.dirichlet(np.ones(4))
    l_given_x, r_given_x = rng.dirichlet(np.ones(3), 4), rng.dirichlet(np.ones(5), 4)
    joint = p_x[:, None, None] * l_given_x[:, :, None] * r_given_x[:, None, :]  # [x, l, r]
    for left in range(3):
        for right in range(5):
            expected = joint[:, left, right] / joint[:, left, right].sum()
            x_left = joint.sum(2)[:, left] / joint.sum((0, 2))[left]
            x_right = joint.sum(1)[:, right] / joint.sum((0, 1))[right]
            ours = chapter["between_neighbours"](x_left[None], x_right[None], p_x)[0]
            np.testing.assert_allclose(ours, expected, rtol=1e-9)


def test_the_three_pieces_of_the_text():
    shares = [np.array(p) / 4 for p in ([1, 2, 1], [1, 1, 2], [2, 1, 1])]
    ours = chapter["between_neighbours"](shares[0][None], shares[1][None], shares[2])[0]
    np.testing.assert_allclose(ours, [1 / 9, 4 / 9, 4 / 9])


@pytest.mark.formula(3, "chapter:witten_bell")
def test_witten_bell_by_hand_and_as_a_distribution():
    counts = np.array([[3, 1, 0], [0, 0, 0], [0, 0, 5]], dtype=float)
    unigram = np.array([0.5, 0.3, 0.2])
    ours = chapter["witten_bell"](counts, unigram)
    np.testing.assert_allclose(ours[0], [(3 + 2 * 0.5) / 6, (1 + 2 * 0.3) / 6, 2 * 0.2 / 6])
    np.testing.assert_allclose(ours[1], unigram)
    np.testing.assert_allclose(ours.sum(1), 1)


def test_block_equals_torchs_pre_norm_layer_with_padding():
    torch.manual_seed(0)
    block = chapter["Block"](16, 4).eval()
    layer = nn.TransformerEncoderLayer(
        16, 4, 64, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    ).eval()
    parts = {
        "norm1": block.norm_1, "norm2": block.norm_2, "linear1": block.feed_forward[0],
        "linear2": block.feed_forward[2], "self_attn.out_proj": block.attention.projection,
    }  # fmt: skip
    state = {f"{k}.{n}": p for k, part in parts.items() for n, p in part.state_dict().items()}
    state["self_attn.in_proj_weight"] = block.attention.qkv.weight
    state["self_attn.in_proj_bias"] = block.attention.qkv.bias
    layer.load_state_dict(state)
    x, real = torch.randn(3, 7, 16), torch.arange(7) < torch.tensor([[7], [4], [1]])
    ours, theirs = block(x, real), layer(x, src_key_padding_mask=~real)
    torch.testing.assert_close(ours[real], theirs[real], atol=1e-5, rtol=1e-5)


def test_no_pair_and_no_second_sentence(tiny):
    ids = torch.tensor([[2, 5, 6, 3]])
    vectors = tiny(ids, torch.zeros_like(ids), torch.ones_like(ids).bool())
    loss = chapter["nsp_loss"](tiny, vectors, torch.tensor([-100]))
    loss.backward()
    assert loss.item() == 0
    assert tiny.next_sentence.weight.grad is None or not tiny.next_sentence.weight.grad.any()


@pytest.mark.parametrize("n", [1, 4])
def test_padding_is_not_read(tiny, n):
    ids = torch.tensor([[2, 5, 6, 3]])
    padded = torch.cat([ids, torch.full((1, n), 6)], 1)
    other = torch.cat([ids, torch.full((1, n), 4)], 1)
    real = torch.arange(4 + n)[None] < 4
    segments = torch.zeros_like(padded)
    a, b = tiny(padded, segments, real), tiny(other, segments, real)
    assert torch.equal(a[:, :4], b[:, :4])
    alone = tiny(ids, segments[:, :4], real[:, :4])
    torch.testing.assert_close(a[:, :4], alone, atol=1e-5, rtol=1e-5)
