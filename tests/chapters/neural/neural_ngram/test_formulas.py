"""Formulas of neural/neural_ngram against loops, PyTorch and simulation."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from lmcourse.models.neural_ngram import NeuralNGram, NeuralNGramConfig
from tests.chapter import functions

chapter = functions("neural/neural_ngram")


@pytest.mark.formula(1, "chapter:logits_of")
def test_logits_are_the_sums_written_out():
    rng = np.random.default_rng(5)
    V, n, d, H = 4, 4, 3, 5
    E, W, U = rng.normal(size=(V, d)), rng.normal(size=(H, (n - 1) * d)), rng.normal(size=(V, H))
    b, c = rng.normal(size=H), rng.normal(size=V)
    window = [2, 0, 3]
    expected = []
    for v in range(V):
        z = c[v]
        for h in range(H):
            inside = b[h]
            for place, symbol in enumerate(window):
                for k in range(d):
                    inside += W[h, place * d + k] * E[symbol, k]
            z += U[v, h] * math.tanh(inside)
        expected.append(z)
    np.testing.assert_allclose(chapter["logits_of"](window, E, W, b, U, c), expected, atol=1e-12)


@pytest.mark.formula(2, "chapter:n_parameters")
@pytest.mark.parametrize("sizes", [(5, 2, 1, 1), (96, 8, 32, 512), (7, 3, 4, 6)])
def test_the_size_is_that_of_torch_layers(sizes):
    V, n, d, H = sizes
    layers = nn.Embedding(V, d), nn.Linear((n - 1) * d, H), nn.Linear(H, V)
    counted = sum(weight.numel() for layer in layers for weight in layer.parameters())
    assert chapter["n_parameters"](V, n, d, H) == counted
    model = NeuralNGram(NeuralNGramConfig(V, n, d, H))
    assert sum(weight.numel() for weight in model.parameters()) == counted


@pytest.mark.formula(3, "chapter:first_loss")
@pytest.mark.parametrize("sigma", [0.0, 0.3, 1.0])
def test_the_first_loss_is_that_of_random_logits(sigma):
    torch.manual_seed(3)
    logits = sigma * torch.randn(4000, 1000, dtype=torch.float64)
    loss = nn.functional.cross_entropy(logits, torch.zeros(4000, dtype=torch.long)).item()
    assert chapter["first_loss"](1000, sigma) == pytest.approx(loss, abs=0.06)
