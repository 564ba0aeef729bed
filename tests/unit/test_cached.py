"""Generation with a cache: against the model without one, and against transformers."""

import pytest
import torch
from transformers import LlamaConfig as TheirConfig
from transformers import LlamaForCausalLM

from lmcourse.generation import filters
from lmcourse.generation.cached import generate
from lmcourse.generation.sampling import sample
from lmcourse.models.llama import Llama, LlamaConfig, from_reference, reference_config

CONFIG = LlamaConfig(
    vocab_size=11,
    context_length=20,
    n_layers=2,
    n_heads=4,
    n_kv_heads=2,
    d_model=16,
    d_hidden=24,
)


@pytest.fixture
def model() -> Llama:
    torch.manual_seed(0)
    model = Llama(CONFIG).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return model


@pytest.mark.parametrize("prompt", [[3], [1, 2, 3, 4, 5]])
def test_greedy_is_that_of_the_uncached_model(model, prompt):
    expected = sample(model.next_logits, prompt, 12, temperature=0, stop=None)
    assert generate(model, torch.tensor([prompt]), 12, temperature=0).tolist() == [expected]


def test_rows_do_not_see_each_other(model):
    prompts = torch.tensor([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    together = generate(model, prompts, 10, temperature=0)
    alone = [generate(model, row[None], 10, temperature=0)[0] for row in prompts]
    assert together.tolist() == torch.stack(alone).tolist()


def test_draws_follow_the_models_distribution(model):
    from scipy.stats import chisquare

    N = 20_000
    prompt, generator = torch.tensor([[1, 2]]), torch.Generator().manual_seed(0)
    drawn = generate(
        model, prompt.expand(N, 2), 1, temperature=1.5, top_p=0.9, generator=generator
    )[:, -1]
    expected = filters.top_p(model.next_logits([1, 2]) / 1.5, 0.9).softmax(-1).double()
    counts = torch.bincount(drawn, minlength=11)
    inside = expected > 0
    assert counts[~inside].sum() == 0
    expected = expected[inside] / expected[inside].sum()
    assert chisquare(counts[inside], N * expected).pvalue > 1e-4


def test_greedy_is_that_of_transformers():
    torch.manual_seed(0)
    theirs = LlamaForCausalLM(
        TheirConfig(
            vocab_size=11,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            hidden_size=16,
            intermediate_size=24,
            tie_word_embeddings=True,
            initializer_range=0.5,
        )
    ).eval()
    ours = from_reference(theirs.state_dict(), reference_config(theirs.config))
    prompt = torch.tensor([[1, 2, 3]])
    for penalty in (1.0, 1.4):
        written = theirs.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=12,
            do_sample=False,
            repetition_penalty=penalty,
            eos_token_id=None,
            pad_token_id=0,
        )
        mine = generate(ours, prompt, 12, temperature=0, penalty=penalty)
        assert mine.tolist() == written.tolist()


def test_stopped_rows_are_filled_and_forbidden_ids_not_written(model):
    prompts = torch.arange(11)[:, None]
    ids = generate(model, prompts, 15, stop=0, generator=torch.Generator().manual_seed(1))
    for row in ids[:, 1:].tolist():
        if 0 in row:
            assert {*row[row.index(0) :]} == {0}
    ids = generate(model, prompts, 15, temperature=3, forbidden=[0, 4])
    assert not {0, 4} & {*ids[:, 1:].flatten().tolist()}


def test_the_last_position_may_be_filled_and_no_more(model):
    prompt = torch.tensor([[1, 2, 3, 4, 5]])
    assert generate(model, prompt, 16, temperature=0).shape == (1, 21)  # the last is not read
    assert generate(model, prompt, 0).tolist() == prompt.tolist()
    with pytest.raises(ValueError, match="21 positions, more than context_length 20"):
        generate(model, prompt, 17)


@pytest.mark.parametrize(
    ("prompt", "options", "says"),
    [
        (torch.zeros(1, 0, dtype=torch.long), {}, "at least one id"),
        (torch.tensor([1, 2]), {}, "must be"),
        (torch.tensor([[1]]), {"temperature": -1.0}, "must not be negative, got -1"),
        (torch.tensor([[1]]), {"top_k": 0}, "top_k"),
        (torch.tensor([[1]]), {"top_p": 0.0}, "top_p"),
        (torch.tensor([[1]]), {"min_p": 2.0}, "min_p"),
        (torch.tensor([[1]]), {"penalty": 0.5}, "penalty"),
        (torch.tensor([[1]]), {"forbidden": range(11)}, "all 11 ids"),
        (torch.tensor([[11]]), {}, "tokens from 0 to 10"),
    ],
)
def test_bad_input(model, prompt, options, says):
    with pytest.raises(ValueError, match=says):
        generate(model, prompt, 3, **options)


def test_a_negative_number_of_new_ids(model):
    with pytest.raises(ValueError, match="max_new must not be negative"):
        generate(model, torch.tensor([[1]]), -1)
