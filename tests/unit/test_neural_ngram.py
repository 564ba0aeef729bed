"""The neural n-gram: what it sees, equality with a convolution, and sizes that cannot be."""

import pytest
import torch
from torch import nn

from lmcourse.evaluation.scoring import nll
from lmcourse.models.neural_ngram import NeuralNGram, NeuralNGramConfig


@pytest.mark.parametrize("order", [2, 3, 5])
def test_a_window_over_a_text_is_a_convolution(order):
    torch.manual_seed(1)
    model = NeuralNGram(NeuralNGramConfig(7, order, 4, 6)).double()
    ids = torch.randint(7, (3, 9))
    convolution = nn.Conv1d(4, 6, order - 1).double()
    with torch.no_grad():
        weight = model.hidden.weight.unflatten(1, (order - 1, 4))  # [H, n - 1, d]
        convolution.weight.copy_(weight.transpose(1, 2))
        convolution.bias.copy_(model.hidden.bias)
        padded = torch.cat([torch.zeros(3, order - 2, dtype=torch.long), ids], dim=1)
        hidden = convolution(model.embedding(padded).transpose(1, 2)).tanh().transpose(1, 2)
        assert torch.allclose(model.activations(ids), hidden, atol=1e-12)
        assert torch.allclose(model(ids), model.output(hidden), atol=1e-12)


def test_each_place_sees_its_window_and_nothing_else():
    torch.manual_seed(2)
    model = NeuralNGram(NeuralNGramConfig(5, 4, 3, 8))
    nn.init.normal_(model.output.weight)
    ids = torch.randint(5, (1, 8))
    for changed in range(8):
        other = ids.clone()
        other[0, changed] = (ids[0, changed] + 1) % 5
        moved = (model(other) != model(ids)).any(dim=2)[0]
        assert moved.nonzero().flatten().tolist() == [
            t for t in range(8) if changed <= t < changed + 3
        ]


def test_it_begins_with_nearly_equal_probabilities():
    torch.manual_seed(0)
    model = NeuralNGram(NeuralNGramConfig(96, 8))
    with torch.no_grad():
        probabilities = model(torch.randint(96, (4, 50))).softmax(dim=2)
    assert (probabilities * 96 - 1).abs().max() < 0.8


@pytest.mark.parametrize("length", [0, 1, 3])
def test_a_text_may_be_empty_or_shorter_than_the_window(length):
    torch.manual_seed(3)
    model = NeuralNGram(NeuralNGramConfig(5, 9, 3, 8))
    ids = torch.randint(5, (2, length))
    longer = torch.cat([torch.zeros(2, 12, dtype=torch.long), ids], dim=1)
    assert model(ids).shape == (2, length, 5)
    torch.testing.assert_close(model(ids), model(longer)[:, 12:])


def test_an_only_symbol_is_certain():
    model = NeuralNGram(NeuralNGramConfig(1, 3, 2, 4))
    assert nll(model, [[0, 0, 0], [0, 0]]).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"order": 1}, "order must be at least 2, got 1"),
        ({"vocab_size": 0}, "vocab_size must be at least 1, got 0"),
        ({"d_model": 0}, "d_model must be at least 1, got 0"),
        ({"d_hidden": 0}, "d_hidden must be at least 1, got 0"),
        ({"dropout": 1.0}, r"dropout must be in \[0, 1\)"),
    ],
)
def test_sizes_that_cannot_be(wrong, message):
    with pytest.raises(ValueError, match=message):
        NeuralNGramConfig(**{"vocab_size": 5, "order": 3} | wrong)
