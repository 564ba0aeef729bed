"""Formulas of bert/few_labels against brute force, a dense grid and counting all throws."""

import itertools
import math

import numpy as np
import pytest
import tokenizers
import torch
import transformers

from tests.chapter import functions

chapter = functions("bert/few_labels")


@pytest.mark.formula(1, "chapter:score")
def test_the_score_is_a_difference_of_plain_log_softmax_values():
    names = ["?", "a", "b", "c", "d", "bad", "good"]
    inner = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({name: i for i, name in enumerate(names)}, unk_token="?")
    )
    inner.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    reader = transformers.PreTrainedTokenizerFast(tokenizer_object=inner)
    torch.manual_seed(0)
    model = transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            vocab_size=7,
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            intermediate_size=16,
            initializer_range=0.5,
        )
    ).eval()
    chapter["score"].__globals__.update(reader=reader, language_model=model)
    texts = ["a b c", "d", "c c"]
    found = chapter["score"](texts, "a {text} b", ("bad", "good"))
    for text, value in zip(texts, found, strict=True):
        ids = reader(f"a {text} b", return_tensors="pt")["input_ids"]
        with torch.inference_mode():
            p = model(input_ids=ids).logits[0, -1].double().softmax(dim=-1)
        assert math.isclose(value, math.log(p[6] / p[5]), abs_tol=1e-5)


@pytest.mark.formula(2, "chapter:less_the_mean")
def test_less_the_mean_centres_what_it_was_measured_on_and_keeps_every_difference():
    rng = np.random.default_rng(0)
    scores, others = rng.normal(3, 1, 50), rng.normal(2, 1, 7)
    found = chapter["less_the_mean"](scores, others)
    for s, value in zip(scores, found, strict=True):
        assert math.isclose(value, s - sum(others.tolist()) / 7)
    assert abs(chapter["less_the_mean"](others, others).sum()) < 1e-9


@pytest.mark.formula(3, "chapter:crossing")
@pytest.mark.parametrize("seed", range(20))
def test_crossing_is_where_the_line_over_log_n_is_positive_for_good(seed):
    sizes = [8, 16, 32, 64, 128]
    lead = np.random.default_rng(seed).normal(size=5)
    found = chapter["crossing"](sizes, lead)
    grid = np.linspace(3, 7, 400_001)
    line = np.interp(grid, np.log2(sizes), lead)
    behind = grid[line <= 0]
    if lead[-1] <= 0:
        assert found == math.inf
    elif len(behind) == 0:
        assert found == 0
    else:
        assert math.isclose(math.log2(found), behind[-1], abs_tol=1e-4)


@pytest.mark.formula(4, "chapter:coverage")
@pytest.mark.parametrize(("S", "k"), [(2, 1), (6, 1), (9, 2), (10, 1), (10, 3), (11, 6)])
def test_coverage_counts_the_throws_with_the_median_between(S, k):
    inside = 0
    for throw in itertools.product([0, 1], repeat=S):  # 1: below the median
        below = sum(throw)
        inside += k <= below <= S - k
    assert math.isclose(chapter["coverage"](S, k), inside / 2**S, abs_tol=1e-12)


@pytest.mark.parametrize("S", [6, 20, 21])
def test_median_interval_holds_the_true_median_as_often_as_it_says(S):
    rng = np.random.default_rng(0)
    inside = []
    for _ in range(4000):
        middle, low, high = chapter["median_interval"](rng.exponential(size=S).tolist())
        assert low <= middle <= high
        inside.append(low <= math.log(2) <= high)
    assert 0.94 < np.mean(inside) < 0.985


def test_median_interval_takes_censored_values():
    assert chapter["median_interval"]([0.0, 9.0, 20.0, 30.0, math.inf, math.inf]) == (
        20.0,
        0.0,
        math.inf,
    )
