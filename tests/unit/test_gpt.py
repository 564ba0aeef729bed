"""The GPT: what it starts from, what it may see, and how it reads on."""

import dataclasses
import math

import pytest
import torch
import torch.nn.functional as F
import transformers

from lmcourse.models.gpt import GPT, GPTConfig

SMALL = GPTConfig(vocab_size=11, context_length=8, n_layers=2, n_heads=2, d_model=16, dropout=0.0)

GPT2_NAMES = {
    f"{ours}.{kind}": f"{theirs}.{kind}"
    for ours, theirs in {
        "blocks.{i}.norm_1": "h.{i}.ln_1",
        "blocks.{i}.attention.qkv": "h.{i}.attn.c_attn",
        "blocks.{i}.attention.projection": "h.{i}.attn.c_proj",
        "blocks.{i}.norm_2": "h.{i}.ln_2",
        "blocks.{i}.feed_forward.0": "h.{i}.mlp.c_fc",
        "blocks.{i}.feed_forward.2": "h.{i}.mlp.c_proj",
        "norm": "ln_f",
    }.items()
    for kind in ("weight", "bias")
} | {"tokens.weight": "wte.weight", "positions.weight": "wpe.weight"}


@pytest.fixture
def model() -> GPT:
    torch.manual_seed(0)
    return GPT(SMALL).eval()


@pytest.mark.parametrize("vocab_size", [27, 96, 1000])
@pytest.mark.parametrize("d_model", [32, 128, 384])
def test_the_first_loss_is_that_of_guessing(vocab_size: int, d_model: int) -> None:
    torch.manual_seed(0)
    model = GPT(GPTConfig(vocab_size, d_model=d_model)).eval()
    ids = torch.randint(vocab_size, (4, 201))
    with torch.no_grad():
        loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten()).item()
    assert loss == pytest.approx(math.log(vocab_size), rel=0.01)


def test_residual_projections_start_smaller() -> None:
    torch.manual_seed(0)
    block = GPT(GPTConfig(96, n_layers=8)).blocks[0]
    for small, usual in [
        (block.attention.projection, block.attention.qkv),
        (block.feed_forward[2], block.feed_forward[0]),
    ]:
        assert usual.weight.std().item() == pytest.approx(0.02, rel=0.03)
        assert small.weight.std().item() == pytest.approx(0.02 / 4, rel=0.03)
        assert not small.bias.any()


def test_embeddings_are_tied(model: GPT) -> None:
    C, V, T = SMALL.d_model, SMALL.vocab_size, SMALL.context_length
    block = 2 * 2 * C + (C + 1) * 3 * C + (C + 1) * C + (C + 1) * 4 * C + (4 * C + 1) * C
    parameters = sum(p.numel() for p in model.parameters())
    assert parameters == V * C + T * C + SMALL.n_layers * block + 2 * C


def test_the_future_does_not_matter(model: GPT) -> None:
    ids = torch.randint(SMALL.vocab_size, (2, 8), generator=torch.Generator().manual_seed(0))
    changed = ids.clone()
    changed[:, 5] = (ids[:, 5] + 1) % SMALL.vocab_size
    a, b = model(ids), model(changed)
    torch.testing.assert_close(a[:, :5], b[:, :5], atol=0, rtol=0)
    assert not torch.allclose(a[:, 5:], b[:, 5:])


def test_equal_to_the_gpt2_of_transformers(model: GPT) -> None:
    settings = transformers.GPT2Config(
        vocab_size=SMALL.vocab_size,
        n_positions=SMALL.context_length,
        n_embd=SMALL.d_model,
        n_layer=SMALL.n_layers,
        n_head=SMALL.n_heads,
        activation_function="gelu",  # GPT-2 itself approximates it by a tanh
        initializer_range=0.5,  # so that every part of the model leaves a trace in the logits
        bos_token_id=0,
        eos_token_id=0,
    )
    theirs = transformers.GPT2LMHeadModel(settings).eval()
    weights = theirs.transformer.state_dict()
    for ours, name in GPT2_NAMES.items():
        for i in range(SMALL.n_layers if "{i}" in ours else 1):
            weights[ours.format(i=i)] = weights.pop(name.format(i=i))
    for name, weight in weights.items():
        if ".weight" in name and weight.dim() == 2 and name.startswith("blocks"):
            weights[name] = weight.T  # GPT-2 writes its linear layers the other way round
    model.load_state_dict(weights)
    ids = torch.randint(SMALL.vocab_size, (3, 8), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(model(ids), theirs(ids).logits, atol=1e-4, rtol=1e-4)


def test_logits_are_fp32_under_autocast(model: GPT) -> None:
    ids = torch.tensor([[1, 2, 3]])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(ids)
    assert logits.dtype == torch.float32
    torch.testing.assert_close(logits, model(ids), atol=0.02, rtol=0.02)


def test_too_long(model: GPT) -> None:
    with pytest.raises(ValueError, match="ids has 9 positions, more than context_length 8"):
        model(torch.zeros(1, 9, dtype=torch.long))


@pytest.mark.parametrize("length", [1, 8, 20])
@pytest.mark.parametrize("training", [True, False])
def test_next_logits_are_the_last_of_a_cropped_row(length: int, training: bool) -> None:
    torch.manual_seed(0)
    model = GPT(dataclasses.replace(SMALL, dropout=0.5)).train(training)
    ids = torch.randint(SMALL.vocab_size, (length,)).tolist()
    ours = model.next_logits(ids)
    assert model.training == training
    assert not ours.requires_grad
    expected = model.eval()(torch.tensor([ids[-8:]]))[0, -1]
    torch.testing.assert_close(ours, expected, atol=0, rtol=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_heads": 3}, "d_model 16 is not divisible by n_heads 3"),
        ({"context_length": 0}, "context_length must be at least 1, got 0"),
        ({"dropout": 1.0}, r"dropout must be in \[0, 1\), got 1.0"),
    ],
)
def test_refused_configuration(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(SMALL, **change)
