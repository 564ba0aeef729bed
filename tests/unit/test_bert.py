"""The small BERT: its parts against direct formulas, and what must not matter to its losses."""

import pytest
import torch
import torch.nn.functional as F

from lmcourse.evaluation.influence import movement
from lmcourse.models.bert import BERT, BERTConfig, Block, look_near, losses

CONFIG = BERTConfig(vocab_size=30, positions=9, n_layers=2, n_heads=2, d_model=16)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return BERT(CONFIG).eval()


@pytest.fixture
def batch():
    draw = torch.Generator().manual_seed(1)
    ids = torch.randint(5, 30, (3, 7), generator=draw)  # [B, T]
    real = torch.arange(7) < torch.tensor([[7], [4], [5]])  # [B, T]
    segments = (torch.arange(7) > 2).long().expand(3, 7)  # [B, T]
    return ids, segments, real


def test_a_block_is_that_of_torch_with_the_norms_first(batch):
    torch.manual_seed(0)
    ours = Block(16, 2).eval()
    theirs = torch.nn.TransformerEncoderLayer(
        16, 2, 64, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    ).eval()
    with torch.no_grad():
        theirs.self_attn.in_proj_weight.copy_(ours.attention.qkv.weight)
        theirs.self_attn.in_proj_bias.copy_(ours.attention.qkv.bias)
        theirs.self_attn.out_proj.load_state_dict(ours.attention.projection.state_dict())
        theirs.linear1.load_state_dict(ours.feed_forward[0].state_dict())
        theirs.linear2.load_state_dict(ours.feed_forward[2].state_dict())
        theirs.norm1.load_state_dict(ours.norm_1.state_dict())
        theirs.norm2.load_state_dict(ours.norm_2.state_dict())
        x, real = torch.randn(3, 7, 16), batch[2]
        # gradients on: torch takes its plain path, which leaves padded places as they are
    expected = theirs(x, src_key_padding_mask=~real)
    torch.testing.assert_close(ours(x, real)[real], expected[real], atol=1e-5, rtol=1e-5)


def test_the_way_in_adds_three_vectors_and_the_way_out_is_tied(model, batch):
    ids, segments, real = batch
    x = model.pieces.weight[ids] + model.segments.weight[segments]
    x = x + model.positions.weight[:7]
    for block in model.blocks:
        x = block(x, real)
    vectors = model(ids, segments, real)
    torch.testing.assert_close(vectors, F.layer_norm(x, (16,)))
    logits = model.words(vectors)
    by_hand = torch.einsum("btc,vc->btv", model.transform(vectors), model.pieces.weight)
    torch.testing.assert_close(logits, by_hand + model.bias)


def test_both_sides_are_read_and_padding_is_not(model):
    ids, real = torch.tensor([[2, 7, 8, 9, 3, 0, 0]]), torch.arange(7)[None] < 5

    def from_vectors(x):
        x = x[None]
        for block in model.blocks:
            x = block(x, real)
        return model.norm(x)[0]

    x = (model.pieces(ids) + model.positions.weight[:7])[0].detach()
    poke = torch.randn(16, generator=torch.Generator().manual_seed(2))
    moved = movement(from_vectors, x, poke)
    assert (moved[:5, :5] > 1e-5).all()
    assert (moved[:5, 5:] == 0).all()


def test_losses_equal_a_direct_computation_and_read_nothing_else(model, batch):
    ids, segments, real = batch
    targets = torch.full((3, 7), -100)
    targets[0, 2], targets[1, 1], targets[1, 3] = 11, 12, 13
    follows = torch.tensor([1, -100, 0])
    vectors = model(ids, segments, real)
    pieces, pairs = losses(model, vectors, targets, follows)
    surprise = -model.words(vectors).log_softmax(dim=-1)
    expected = (surprise[0, 2, 11] + surprise[1, 1, 12] + surprise[1, 3, 13]) / 3
    torch.testing.assert_close(pieces, expected)
    two = -model.follows(vectors).log_softmax(dim=-1)
    torch.testing.assert_close(pairs, (two[0, 1] + two[2, 0]) / 2)
    noisy = vectors.clone()
    noisy[:, 4:] = torch.randn(3, 3, 16)
    again = losses(model, noisy, targets, follows)
    assert (again[0], again[1]) == (pieces, pairs)


def test_rows_of_which_nothing_is_asked_cost_nothing(model, batch):
    vectors = model(*batch)
    nothing = torch.full((3, 7), -100), torch.full((3,), -100)
    pieces, pairs = losses(model, vectors, *nothing)
    (pieces + pairs).backward()
    assert pieces == pairs == 0
    assert all(p.grad is None or not p.grad.any() for p in model.parameters())


def test_rows_longer_than_the_positions_are_refused(model):
    ids = torch.ones(1, 10, dtype=torch.long)
    with pytest.raises(ValueError, match="rows of 10 ids, but positions is 9"):
        model(ids, ids, ids.bool())


def test_the_near_start_looks_near():
    torch.manual_seed(0)
    config = BERTConfig(vocab_size=30, positions=40, n_layers=1, n_heads=4, d_model=64)
    far, near = BERT(config), look_near(BERT(config))
    ids = torch.randint(5, 30, (1, 40), generator=torch.Generator().manual_seed(1))
    gap = (torch.arange(40)[:, None] - torch.arange(40)).abs()  # [T, T]
    shares = []
    for model in (far, near):
        block = model.blocks[0]
        x = block.norm_1(model.pieces(ids) + model.positions.weight)
        weights = block.attention(x, return_weights=True)[1]  # [1, h, T, T]
        shares.append((weights * (gap <= 2)).sum(-1).mean().item())
    assert shares[1] > 2 * shares[0]
