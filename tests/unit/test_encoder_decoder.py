"""The encoder–decoder against torch's own layers, and by perturbation."""

import pytest
import torch
from torch import nn

from lmcourse.models.encoder_decoder import CrossAttention, EncoderDecoder, EncoderDecoderConfig

SIZES = EncoderDecoderConfig(
    source_size=11, target_size=13, longest=9, n_layers=2, n_heads=2, d_model=8, dropout=0.0
)


@pytest.fixture
def model():
    torch.manual_seed(0)
    made = EncoderDecoder(SIZES).eval()
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.5)
    return made


def ids(*rows):
    return torch.tensor(rows)


def real(*rows):
    return torch.tensor(rows).bool()


SOURCE, MASK = ids([3, 1, 4, 1], [5, 9, 0, 0]), real([1, 1, 1, 1], [1, 1, 0, 0])
TARGET = ids([0, 2, 7], [0, 8, 12])


def test_cross_attention_is_torchs():
    torch.manual_seed(1)
    ours, theirs = CrossAttention(8, 2), nn.MultiheadAttention(8, 2, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([ours.query.weight, ours.key_value.weight]))
        theirs.in_proj_bias.copy_(torch.cat([ours.query.bias, ours.key_value.bias]))
        theirs.out_proj.load_state_dict(ours.projection.state_dict())
    x, memory = torch.randn(2, 3, 8), torch.randn(2, 4, 8)
    output, weights = ours(x, memory, MASK)
    expected, their_weights = theirs(
        x, memory, memory, key_padding_mask=~MASK, average_attn_weights=False
    )
    torch.testing.assert_close(output, expected)
    torch.testing.assert_close(weights, their_weights)


def test_the_encoder_is_torchs(model):
    layers = []
    for block in model.encoder:
        layer = nn.TransformerEncoderLayer(8, 2, 32, 0.0, "gelu", batch_first=True, norm_first=True)
        layer.load_state_dict(
            {
                "self_attn.in_proj_weight": block.attention.qkv.weight,
                "self_attn.in_proj_bias": block.attention.qkv.bias,
                "self_attn.out_proj.weight": block.attention.projection.weight,
                "self_attn.out_proj.bias": block.attention.projection.bias,
                "linear1.weight": block.feed_forward[0].weight,
                "linear1.bias": block.feed_forward[0].bias,
                "linear2.weight": block.feed_forward[2].weight,
                "linear2.bias": block.feed_forward[2].bias,
                "norm1.weight": block.norm_1.weight,
                "norm1.bias": block.norm_1.bias,
                "norm2.weight": block.norm_2.weight,
                "norm2.bias": block.norm_2.bias,
            }
        )
        layers.append(layer)
    x = model.source_tokens(SOURCE) + model.source_positions.weight[: SOURCE.shape[1]]
    for layer in layers:
        x = layer(x, src_key_padding_mask=~MASK)
    expected = model.encoder_norm(x)
    torch.testing.assert_close(model.encode(SOURCE, MASK)[MASK], expected[MASK])


def test_the_future_of_the_target_does_not_matter(model):
    before = model(SOURCE, MASK, TARGET)
    changed = TARGET.clone()
    changed[:, 2] = 5
    after = model(SOURCE, MASK, changed)
    torch.testing.assert_close(after[:, :2], before[:, :2])
    assert (after[:, 2] - before[:, 2]).abs().max() > 1e-3


def test_all_of_the_source_matters_and_none_of_the_padding(model):
    before = model(SOURCE, MASK, TARGET)
    for row in range(2):
        for place in range(4):
            changed = SOURCE.clone()
            changed[row, place] = 10
            moved = (model(changed, MASK, TARGET) - before).abs().amax((1, 2))
            assert moved[1 - row] == 0
            assert (moved[row] > 1e-4) == MASK[row, place]


@pytest.mark.parametrize("empty", ["no place", "padding alone"])
def test_an_empty_source_leaves_a_language_model(model, empty):
    """Whatever the encoder's weights are; and no NaN, forwards and backwards."""
    width = 0 if empty == "no place" else 3
    source, mask = torch.zeros(2, width).long(), torch.zeros(2, width).bool()
    logits = model(source, mask, TARGET)
    assert logits.isfinite().all()
    with torch.no_grad():
        for parameter in model.encoder.parameters():
            parameter.mul_(2)
    torch.testing.assert_close(model(source, mask, TARGET), logits)
    model(source, mask, TARGET).logsumexp(-1).sum().backward()
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)


def test_an_empty_row_in_a_batch_changes_no_other(model):
    mask = MASK.clone()
    mask[1] = False
    torch.testing.assert_close(model(SOURCE, mask, TARGET)[0], model(SOURCE, MASK, TARGET)[0])
    alone = model(torch.zeros(1, 0).long(), torch.zeros(1, 0).bool(), TARGET[1:])
    torch.testing.assert_close(model(SOURCE, mask, TARGET)[1:], alone)


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        (ids([11]), ids([0]), "source has ids from 11 to 11, outside 0…10"),
        (ids([-1]), ids([0]), "source has ids from -1"),
        (ids([0]), ids([0, 13]), "target has ids from 0 to 13, outside 0…12"),
        (ids([0] * 10), ids([0]), "source has 10 positions, more than longest 9"),
        (ids([0]), ids([0] * 10), "target has 10 positions"),
    ],
)
def test_wrong_ids_are_refused(model, source, target, words):
    with pytest.raises(ValueError, match=words):
        model(source, torch.ones_like(source).bool(), target)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("source_size", 0, "source_size must be at least 1"),
        ("n_heads", 3, "not divisible"),
        ("dropout", 1.0, "dropout must be in"),
    ],
)
def test_sizes_are_checked(name, value, words):
    with pytest.raises(ValueError, match=words):
        EncoderDecoderConfig(**({"source_size": 3, "target_size": 3} | {name: value}))
