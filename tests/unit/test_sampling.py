"""The sampler: drawn symbols follow the model's distribution, for every kind of model."""

import numpy as np
import pytest
import torch
from scipy.special import softmax
from scipy.stats import chisquare

from lmcourse.generation.sampling import sample
from lmcourse.models.gpt import GPT, GPTConfig
from lmcourse.models.ngram import NGram

LOGITS = [0.3, -1.0, 1.2, 0.0, 2.0]
CONFIG = GPTConfig(vocab_size=5, context_length=8, n_layers=1, n_heads=2, d_model=8)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def constant(logits: list[float]):
    return lambda ids: np.array(logits)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_frequencies_follow_the_softmax(temperature: float) -> None:
    ids = sample(
        constant(LOGITS), [0], 5000, temperature=temperature, generator=seeded(), stop=None
    )
    expected = 5000 * softmax(np.array(LOGITS) / temperature)
    assert len(ids) == 5001
    assert chisquare(np.bincount(ids[1:], minlength=5), expected).pvalue > 0.01


def test_counts_are_drawn_from_what_follows_the_last_symbol() -> None:
    rows = [[0, 1, 1, 2, 0], [0, 2, 1, 0], [0, 1, 2, 2, 1, 1, 0]]
    model = NGram(2, 3).fit(rows)
    ids = sample(lambda ids: np.log(model.next(ids)), [0], 6000, generator=seeded(), stop=None)
    pairs = np.zeros((3, 3))
    np.add.at(pairs, (ids[:-1], ids[1:]), 1)
    for symbol, seen in enumerate(pairs):
        assert chisquare(seen, seen.sum() * model.next([symbol])).pvalue > 0.01


def test_without_temperature_it_is_the_argmax_of_the_whole_prefix() -> None:
    torch.manual_seed(0)
    model = GPT(CONFIG)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(30)  # far from the start, every symbol of the context matters
    ids = sample(model.next_logits, [0, 3], 20, temperature=0, stop=None)
    model.eval()
    expected = [0, 3]
    for _ in range(20):
        expected.append(int(model(torch.tensor([expected[-8:]]))[0, -1].argmax()))
    assert ids == expected
    assert len(set(ids)) > 2
    assert sample(constant([1.0, 2.0, 2.0]), [0], 3, temperature=0) == [0, 1, 1, 1]


def test_nothing_follows_the_stop() -> None:
    def counting(ids: list[int]) -> list[float]:
        return [float(i == ids[-1] + 1) for i in range(9)]

    assert sample(counting, [0], 8, temperature=0, stop=4) == [0, 1, 2, 3, 4]
    assert sample(counting, [4], 2, temperature=0, stop=4) == [4, 5, 6]
    assert sample(counting, [5], 9, temperature=0) == [5, 6, 7, 8, 0]  # 0 ends a sentence
    assert sample(counting, [5], 5, temperature=0, stop=None) == [5, 6, 7, 8, 0, 1]
    assert sample(counting, [5], 0) == [5]


def test_the_same_generator_draws_the_same_text() -> None:
    texts = [sample(constant(LOGITS), [0], 40, generator=seeded(s), stop=None) for s in (0, 0, 1)]
    assert texts[0] == texts[1] != texts[2]
    torch.manual_seed(0)
    assert sample(constant(LOGITS), [0], 40, stop=None) == texts[0]  # torch's own generator


def test_a_prompt_of_any_kind_stays_as_it_is() -> None:
    prompt = torch.tensor([0, 3])
    ids = sample(constant(LOGITS), prompt, 2, temperature=0)
    assert ids == [0, 3, 4, 4]
    assert all(type(i) is int for i in ids)
    given = [0]
    sample(constant(LOGITS), given, 3)
    assert given == [0]


def test_refused() -> None:
    with pytest.raises(ValueError, match="prompt is empty"):
        sample(constant(LOGITS), [], 3)
    with pytest.raises(ValueError, match="temperature must not be negative, got -1"):
        sample(constant(LOGITS), [0], 3, temperature=-1)
