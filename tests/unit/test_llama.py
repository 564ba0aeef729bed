"""Our Llama against that of transformers with random weights."""

import dataclasses
from typing import Any

import pytest
import torch
from transformers import LlamaConfig as ReferenceConfig
from transformers import LlamaForCausalLM

from lmcourse.generation.sampling import sample
from lmcourse.models.llama import (
    Cache,
    Llama,
    LlamaConfig,
    from_reference,
    reference_config,
    reference_names,
)

SMALL = LlamaConfig(
    vocab_size=17, context_length=12, n_layers=2, n_heads=4, n_kv_heads=2, d_model=16, d_hidden=24
)

FP32 = 5e-5  # the reference norms in fp32 even where its weights are float64


def reference(tied: bool = True, kv_heads: int = 2, **options: Any) -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = ReferenceConfig(
        vocab_size=17,
        max_position_embeddings=12,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=kv_heads,
        hidden_size=16,
        intermediate_size=24,
        rope_parameters={"rope_type": "default", "rope_theta": 500.0},
        rms_norm_eps=1e-3,
        tie_word_embeddings=tied,
        **options,
    )
    model = LlamaForCausalLM(config).double().eval()
    for parameter in model.parameters():  # norms start as ones, and would hide a swap
        torch.nn.init.normal_(parameter, mean=0.3 if parameter.dim() == 1 else 0.0, std=0.5)
    return model


def ours(model: LlamaForCausalLM) -> Llama:
    return from_reference(model.state_dict(), reference_config(model.config))


@pytest.fixture
def ids() -> torch.Tensor:
    return torch.randint(17, (3, 9), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("kv_heads", [1, 2, 4])
def test_logits_are_those_of_the_reference(ids: torch.Tensor, tied: bool, kv_heads: int) -> None:
    theirs = reference(tied, kv_heads)
    with torch.no_grad():
        torch.testing.assert_close(ours(theirs)(ids), theirs(ids).logits, rtol=0, atol=FP32)


def test_every_layer_is_that_of_the_reference(ids: torch.Tensor) -> None:
    theirs = reference()
    model, states = ours(theirs), []
    for block in model.blocks:
        block.register_forward_hook(lambda _, __, output: states.append(output))
    with torch.no_grad():
        states.append(model.hidden(ids))
        expected = theirs(ids, output_hidden_states=True).hidden_states
    for got, wanted in zip([states[0], states[2]], [expected[1], expected[2]], strict=True):
        torch.testing.assert_close(got, wanted, rtol=0, atol=FP32)


def test_tensors_are_shared_not_copied() -> None:
    theirs = reference()
    model = ours(theirs)
    state = theirs.state_dict()
    for name, theirs_name in reference_names(model.config).items():
        assert model.state_dict()[name].data_ptr() == state[theirs_name].data_ptr()
    assert model.output.weight is model.tokens.weight
    assert sum(p.numel() for p in model.parameters()) == theirs.num_parameters()


def test_fresh_weights_are_drawn_small() -> None:
    torch.manual_seed(0)
    for name, weight in Llama(dataclasses.replace(SMALL, d_model=64)).named_parameters():
        if weight.dim() == 2:
            assert 0.018 < float(weight.detach().std()) < 0.022, name


def test_untied_weights_are_two() -> None:
    model = Llama(dataclasses.replace(SMALL, tied=False))
    assert model.output.weight is not model.tokens.weight


def test_dropout_is_for_training_alone(ids: torch.Tensor) -> None:
    torch.manual_seed(0)
    model = Llama(dataclasses.replace(SMALL, dropout=0.5))
    plain = Llama(SMALL)
    plain.load_state_dict(model.state_dict())
    assert (model(ids) - model(ids)).abs().max() > 1e-3  # other numbers are silenced
    torch.testing.assert_close(model.eval()(ids), plain(ids))


def test_no_position_sees_the_future(ids: torch.Tensor) -> None:
    model = ours(reference())
    other = ids.clone()
    other[:, 5] = (other[:, 5] + 1) % 17
    with torch.no_grad():
        moved = (model(ids) - model(other)).abs().amax(dim=(0, 2))  # [T]
    assert (moved[:5] == 0).all()
    assert (moved[5:] > 0).all()


def test_greedy_goes_on_like_the_reference(ids: torch.Tensor) -> None:
    theirs = reference()
    prompt = ids[:1, :3]
    expected = theirs.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=8,
        do_sample=False,
        eos_token_id=None,
        pad_token_id=0,
    )[0].tolist()
    got = sample(ours(theirs).next_logits, prompt[0].tolist(), 8, temperature=0, stop=None)
    assert got == expected


def test_a_long_row_is_read_from_its_end() -> None:
    model, row = Llama(SMALL), [i % 17 for i in range(20)]
    torch.testing.assert_close(model.next_logits(row), model.next_logits(row[-12:]))


def test_logits_are_fp32_under_autocast(ids: torch.Tensor) -> None:
    model = Llama(SMALL)
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        assert model(ids).dtype == torch.float32
    assert model.bfloat16()(ids).dtype == torch.float32


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[0] * 13], "13 positions are more than context_length 12"),
        ([[0, 17]], "ids reach from 0 to 17, tokens from 0 to 16"),
        ([[-1, 3]], "ids reach from -1 to 3"),
        ([[]], "at least one position"),
        ([0, 1], r"got \[2\]"),
    ],
)
def test_ids_that_the_model_cannot_read(rows: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Llama(SMALL)(torch.tensor(rows, dtype=torch.long))


def test_a_cache_counts_towards_the_context(ids: torch.Tensor) -> None:
    model, cache = Llama(SMALL), Cache(40)
    model(ids, cache)
    with pytest.raises(ValueError, match="13 positions"):
        model(ids[:, :4], cache)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_layers": 0}, "n_layers must be at least 1"),
        ({"d_model": 15}, "d_model 15 is not divisible by n_heads 4"),
        ({"n_kv_heads": 3}, "n_heads 4 is no multiple of 3"),
        ({"d_model": 12}, "heads of width 3"),
    ],
)
def test_sizes_that_cannot_be(change: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(SMALL, **change)


KEY = "model.layers.1.self_attn.k_proj.weight"


def test_what_is_missing_is_named_on_both_sides() -> None:
    state = reference().state_dict()
    del state[KEY]
    with pytest.raises(ValueError, match=rf"no '{KEY}', our 'blocks.1.attention.key.weight'$"):
        from_reference(state, SMALL)


def test_what_is_unexpected_is_named() -> None:
    state = reference().state_dict() | {"model.layers.0.mlp.bias": torch.zeros(3)}
    with pytest.raises(
        ValueError, match=r"'model.layers.0.mlp.bias' of the reference has no place"
    ):
        from_reference(state, SMALL)


def test_a_wrong_shape_is_named_on_both_sides() -> None:
    message = (
        rf"'{KEY}' of the reference is \[8, 16\], our 'blocks.1.attention.key.weight' is \[16, 16\]"
    )
    state = reference().state_dict()
    state |= {
        f"model.layers.0.self_attn.{part}_proj.weight": torch.zeros(16, 16) for part in "qkvo"
    }
    with pytest.raises(ValueError, match=message + r" \(1 more\)"):
        from_reference(state, dataclasses.replace(SMALL, n_kv_heads=4))


def test_an_output_layer_of_its_own_is_asked_for() -> None:
    state = reference().state_dict()
    state.pop("lm_head.weight", None)
    assert from_reference(state, SMALL)  # tied: it is the table of tokens
    with pytest.raises(ValueError, match=r"no 'lm_head.weight', our 'output.weight'"):
        from_reference(state, dataclasses.replace(SMALL, tied=False))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"attention_bias": True}, "attention_bias True"),
        ({"hidden_act": "gelu"}, "hidden_act 'gelu'"),
        ({"head_dim": 8}, "head_dim 8"),
    ],
)
def test_a_reference_with_other_arithmetic_is_refused(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        reference_config(reference(**options).config)


def test_stretched_angles_are_refused() -> None:
    config = reference().config
    config.rope_parameters = {"rope_type": "linear", "rope_theta": 500.0, "factor": 2.0}
    with pytest.raises(ValueError, match="rope_type 'linear'"):
        reference_config(config)
