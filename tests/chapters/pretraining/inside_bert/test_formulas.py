"""Formulas of pretraining/inside_bert by brute force and against transformers."""

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

from tests.chapter import functions

chapter = functions("pretraining/inside_bert")


@pytest.mark.formula(1, "chapter:layer_zero")
def test_layer_zero_is_what_transformers_calls_the_first_hidden_state():
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=50, hidden_size=12, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=20,
    )  # fmt: skip
    model = BertModel(config, add_pooling_layer=False).eval()
    ids = torch.randint(50, (3, 7))
    with torch.inference_mode():
        theirs = model(ids, output_hidden_states=True).hidden_states[0]
        torch.testing.assert_close(chapter["layer_zero"](model, ids), theirs)


@pytest.mark.formula(2, "chapter:selectivity_of")
def test_selectivity_word_by_word():
    rng = np.random.default_rng(0)
    true, control = rng.random(20) < 0.9, rng.random((3, 20)) < 0.6
    per_word = [true[i] - sum(int(c[i]) for c in control) / 3 for i in range(20)]
    ours = chapter["selectivity_of"](true, control)
    np.testing.assert_allclose(ours, per_word)
    np.testing.assert_allclose(ours.mean(), true.mean() - np.mean([c.mean() for c in control]))


@pytest.mark.formula(3, "chapter:mean_cosine")
def test_mean_cosine_over_all_pairs():
    X = np.random.default_rng(0).normal(0.3, 1, (9, 5))
    cosines = [
        X[i] @ X[j] / np.sqrt((X[i] @ X[i]) * (X[j] @ X[j]))
        for i in range(9)
        for j in range(9)
        if i != j
    ]
    np.testing.assert_allclose(chapter["mean_cosine"](X), np.mean(cosines))


def test_shuffled_keeps_one_label_a_word_and_all_counts():
    labels = {word: i % 3 for i, word in enumerate("abcdefghij")}
    dealt = chapter["shuffled"](labels, 0)
    assert dealt.keys() == labels.keys()
    assert sorted(dealt.values()) == sorted(labels.values())


def test_found_counts_a_tie_as_lost():
    answers = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 2.0]])
    questions = np.array([[3.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    assert chapter["found"](questions, answers).tolist() == [True, False, False]
