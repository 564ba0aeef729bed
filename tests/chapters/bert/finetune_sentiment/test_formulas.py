"""Formulas of bert/finetune_sentiment against brute force, simulation, PyTorch and SciPy."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats
import torch
import transformers

from lmcourse.evaluation import intervals
from lmcourse.training.loop import schedule
from tests.chapter import functions

chapter = functions("bert/finetune_sentiment")


@pytest.mark.formula(1, "chapter:log_odds")
def test_log_odds_is_the_log_of_an_odds_ratio_and_its_error_is_honest():
    weight, error = chapter["log_odds"](np.array([30]), 100, np.array([5]), 80)
    odds_ratio = (30.5 / 70.5) / (5.5 / 75.5)
    assert math.isclose(weight[0], math.log(odds_ratio))
    rng = np.random.default_rng(0)  # a word with probabilities 0.3 and 0.1, counted many times
    drawn, _ = chapter["log_odds"](
        rng.binomial(400, 0.3, 20_000), 400, rng.binomial(400, 0.1, 20_000), 400
    )
    _, expected = chapter["log_odds"](np.array([120]), 400, np.array([40]), 400)
    assert math.isclose(drawn.mean(), math.log((0.3 / 0.7) / (0.1 / 0.9)), abs_tol=0.01)
    assert math.isclose(drawn.std(), expected[0], rel_tol=0.03)
    assert math.isclose(error[0] ** 2, 1 / 30.5 + 1 / 70.5 + 1 / 5.5 + 1 / 75.5)


@pytest.mark.formula(2, "chapter:mean_of_tokens")
def test_mean_of_tokens_equals_the_mean_of_each_row_cut_to_its_length():
    torch.manual_seed(0)
    hidden = torch.randn(3, 5, 4)  # [B, T, d]
    lengths = [5, 2, 1]
    mask = torch.tensor([[1] * n + [0] * (5 - n) for n in lengths])  # [B, T]
    expected = torch.stack([row[:n].mean(dim=0) for row, n in zip(hidden, lengths, strict=True)])
    torch.testing.assert_close(chapter["mean_of_tokens"](hidden, mask), expected)


@pytest.mark.formula(3, "chapter:rate_at")
@pytest.mark.parametrize("steps", [3, 10, 100, 226])
def test_rate_at_rises_over_the_first_tenth_and_falls_to_the_last_step(steps):
    warmup = math.ceil(0.1 * steps)
    rates = [chapter["rate_at"](s, steps, 2.0) for s in range(steps)]
    for s, rate in enumerate(rates):
        assert math.isclose(rate, 2 * min((s + 1) / warmup, (steps - s) / (steps - warmup)))
        assert math.isclose(rate, 2 * schedule(s, steps, 0.1))
    assert max(rates) == rates[warmup - 1] == 2
    assert math.isclose(rates[-1], 2 / (steps - warmup))


@pytest.mark.parametrize("outputs", [1, 2, 3])
def test_the_chapters_classifier_puts_formula_2_on_an_encoder(outputs):
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=50,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
    )
    encoder = transformers.BertModel(config, add_pooling_layer=False)
    model = chapter["Classifier"](encoder, outputs).eval()
    ids = torch.tensor([[2, 9, 3], [2, 3, 0]])  # [B, T]
    h = encoder(input_ids=ids, attention_mask=(ids != 0).long()).last_hidden_state
    m = torch.stack([h[0].mean(dim=0), h[1, :2].mean(dim=0)])  # [B, d]
    expected = m @ model.head.weight.T + model.head.bias
    torch.testing.assert_close(model(ids, (ids != 0).long()), expected)


@pytest.mark.formula(4, "chapter:accuracy_interval")
def test_accuracy_interval_covers_in_95_percent_and_agrees_with_the_bootstrap():
    n, accuracy = 2000, 0.85
    covered = 0.0
    for right in range(n + 1):
        low, high = chapter["accuracy_interval"](np.arange(n) < right)[1:]
        if low <= accuracy <= high:
            covered += scipy.stats.binom.pmf(right, n, accuracy)
    assert abs(covered - 0.95) < 0.01
    correct = np.arange(n) < 1700
    bootstrap = intervals.bootstrap_mean(correct)
    np.testing.assert_allclose(chapter["accuracy_interval"](correct), bootstrap, atol=2e-3)


@pytest.mark.formula(5, "lmcourse.evaluation.intervals.mcnemar")
@pytest.mark.parametrize(("b", "c"), [(0, 0), (1, 1), (5, 1), (3, 9), (0, 6), (7, 6)])
def test_mcnemar_equals_counting_all_throws_of_coins(b, c):
    first = np.array([True] * b + [False] * c + [True, False])
    second = np.array([False] * b + [True] * c + [True, False])
    lopsided = abs(b - c)
    throws = list(itertools.product([0, 1], repeat=b + c))
    as_lopsided = sum(abs(2 * sum(throw) - len(throw)) >= lopsided for throw in throws)
    expected = as_lopsided / len(throws)
    formula = 2 * sum(math.comb(b + c, k) for k in range(min(b, c) + 1)) / 2 ** (b + c)
    assert math.isclose(intervals.mcnemar(first, second), expected)
    assert math.isclose(min(1.0, formula), expected)
