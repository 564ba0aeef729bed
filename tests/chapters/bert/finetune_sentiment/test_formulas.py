"""Formulas of bert/finetune_sentiment against brute force, scikit-learn, PyTorch and SciPy."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats
import torch
import torch.nn.functional as F
from sklearn.metrics import f1_score
from transformers import BertConfig, BertForSequenceClassification

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


@pytest.mark.formula(2, "chapter:head_logits")
@pytest.mark.parametrize("n_labels", [1, 2, 3])
def test_head_logits_equal_the_model(n_labels):
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=50,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        num_labels=n_labels,
    )
    model = BertForSequenceClassification(config).eval()
    torch.nn.init.normal_(model.bert.pooler.dense.bias)
    torch.nn.init.normal_(model.classifier.bias)
    ids = torch.randint(50, (3, 7))
    with torch.inference_mode():
        h = model.bert(input_ids=ids).last_hidden_state[:, 0]
        torch.testing.assert_close(chapter["head_logits"](model, h), model(input_ids=ids).logits)


@pytest.mark.formula(3, "chapter:cross_entropy")
def test_cross_entropy_equals_torch_and_brute_force():
    torch.manual_seed(0)
    logits, labels = 5 * torch.randn(20, 3, dtype=torch.float64), torch.randint(3, (20,))
    found = chapter["cross_entropy"](logits, labels).item()
    assert math.isclose(found, F.cross_entropy(logits, labels).item())
    surprises = []
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        surprises.append(-math.log(math.exp(row[label]) / sum(map(math.exp, row))))
    assert math.isclose(found, sum(surprises) / len(surprises))


@pytest.mark.formula(4, "lmcourse.training.loop.schedule")
@pytest.mark.parametrize("steps", [10, 100, 226])
def test_schedule_rises_over_the_first_tenth_and_falls_to_the_last_step(steps):
    warmup = math.ceil(0.1 * steps)
    factors = [schedule(s, steps, 0.1) for s in range(steps)]
    for s, factor in enumerate(factors):
        assert math.isclose(factor, min((s + 1) / warmup, (steps - s) / (steps - warmup)))
    assert max(factors) == factors[warmup - 1] == 1
    assert math.isclose(factors[-1], 1 / (steps - warmup))


@pytest.mark.formula(5, "chapter:accuracy_interval")
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


@pytest.mark.formula(6, "lmcourse.evaluation.intervals.mcnemar")
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


@pytest.mark.formula(7, "chapter:macro_f1")
def test_macro_f1_equals_scikit_learn_also_for_a_class_that_is_never_predicted():
    rng = np.random.default_rng(0)
    for predicted_classes in (3, 2, 1):
        truth, predicted = rng.integers(3, size=60), rng.integers(predicted_classes, size=60)
        expected = f1_score(truth, predicted, average="macro", zero_division=0)
        assert math.isclose(chapter["macro_f1"](truth, predicted), expected)


@pytest.mark.formula(8, "chapter:squared_error")
def test_squared_error_and_its_slope():
    torch.manual_seed(0)
    scores, ratings = torch.randn(9, dtype=torch.float64), torch.randn(9, dtype=torch.float64)
    by_hand = sum((s - r) ** 2 for s, r in zip(scores.tolist(), ratings.tolist(), strict=True)) / 9
    assert math.isclose(chapter["squared_error"](scores, ratings).item(), by_hand)
    step = 1e-6
    nudge = torch.zeros(9, dtype=torch.float64)
    nudge[4] = step
    above, below = (chapter["squared_error"](scores + sign * nudge, ratings) for sign in (1, -1))
    slope = (above - below).item() / (2 * step)
    assert math.isclose(slope, 2 * (scores[4] - ratings[4]).item() / 9, rel_tol=1e-6)


def test_cut_follows_the_definition_of_the_classes():
    scores = np.array([-3.0, -0.51, -0.49, 0.0, 0.49, 0.5, 2.0])
    assert chapter["cut"](scores, 0.5).tolist() == [0, 0, 1, 1, 1, 2, 2]
