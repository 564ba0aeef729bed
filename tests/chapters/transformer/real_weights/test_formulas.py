"""Formulas of transformer/real_weights against transformers, and by brute force."""

import math

import pytest
import torch
from transformers import BertConfig, BertModel, LlamaConfig, LlamaForCausalLM

from tests.chapter import functions

chapter = functions("transformer/real_weights")


@pytest.fixture
def bert() -> BertModel:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=30,
        hidden_size=12,
        num_hidden_layers=2,
        num_attention_heads=3,
        intermediate_size=20,
        max_position_embeddings=9,
    )
    model = BertModel(config).eval()
    for parameter in model.parameters():  # norms of ones and biases of zero would hide mistakes
        torch.nn.init.normal_(parameter, std=0.3)
    return model


@pytest.mark.formula(1, "chapter:encoder_block")
def test_the_encoder_block_is_that_of_transformers(bert):
    x, real = torch.randn(2, 5, 12), torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    hidden = torch.where(real, 0.0, torch.finfo(torch.float32).min)[:, None, None, :]
    layer = bert.encoder.layer[0]
    with torch.inference_mode():
        theirs = layer(x, hidden)
        theirs = theirs[0] if isinstance(theirs, tuple) else theirs
        ours = chapter["encoder_block"](layer.state_dict(), x, real, 3)
    torch.testing.assert_close(ours, theirs)


def test_every_state_of_the_encoder(bert):
    ids, real = torch.randint(30, (2, 5)), torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    with torch.inference_mode():
        theirs = bert(ids, attention_mask=real.long(), output_hidden_states=True).hidden_states
        ours = chapter["encode"](bert.state_dict(), ids, real, 3, 2)
    assert len(ours) == 3
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.formula(2, "chapter:grouped")
def test_grouped_attention_head_by_head():
    B, H, G, T, d = 2, 6, 2, 4, 3
    query, key, value = torch.randn(B, H, T, d), torch.randn(B, G, T, d), torch.randn(B, G, T, d)
    ours = chapter["grouped"](query, key, value, d**-0.5)
    for b in range(B):
        for h in range(H):
            g = h // (H // G)
            for t in range(T):
                parts = [
                    math.exp(float(query[b, h, t] @ key[b, g, s]) / math.sqrt(d))
                    for s in range(t + 1)
                ]
                mean = sum(p * value[b, g, s] for s, p in enumerate(parts)) / sum(parts)
                torch.testing.assert_close(ours[b, h, t], mean)


def test_the_decoder_of_the_chapter_is_a_llama():
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=17,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        hidden_size=16,
        intermediate_size=24,
        tie_word_embeddings=True,
    )
    reference = LlamaForCausalLM(config).eval()
    ours = chapter["Decoder"](config)
    names = {
        name.format(i): there.format(i)
        for i in range(2)
        for name, there in chapter["PARTS"].items()
    }
    state = reference.state_dict()
    ours.load_state_dict(
        {name: state[names[name.removesuffix(".weight")] + ".weight"] for name in ours.state_dict()}
    )
    ids = torch.randint(17, (2, 7))
    with torch.inference_mode():
        torch.testing.assert_close(ours(ids), reference(ids).logits)


def test_the_distance_is_relative_and_by_position():
    a, b = torch.tensor([[1e4, 0.0], [1.0, 1.0]]), torch.tensor([[1e4, 1.0], [1.0, 0.0]])
    assert chapter["apart"](a, b) == pytest.approx(1.0)
    assert chapter["first_clear"]({"x": 1e-6, "y": 0.1, "z": 1.0}) == "y"
    assert chapter["first_clear"]({"x": 1e-6}) is None
