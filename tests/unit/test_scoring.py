"""Scores of texts against a loop over prefixes, one forward pass a symbol."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from lmcourse.evaluation.scoring import log_probs, n_predicted, nll
from lmcourse.models.gpt import GPT, GPTConfig
from lmcourse.models.ngram import NGram

CONFIG = GPTConfig(vocab_size=5, context_length=8, n_layers=1, n_heads=2, d_model=8, dropout=0.5)
ROWS = [[0, 1, 2, 3, 0], [0, 2, 0], [0, 4, 4, 4, 4, 0], [0, 0], [0, 3, 1, 0], [0], []]


class Wrapped(nn.Module):
    """A network whose output has the logits as an attribute, as in transformers."""

    def __init__(self, network: GPT) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: Tensor) -> SimpleNamespace:
        return SimpleNamespace(logits=self.network(ids))


@pytest.fixture
def model() -> GPT:
    torch.manual_seed(0)
    network = GPT(CONFIG)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(20)  # far from uniform, so that every symbol matters
    return network


def by_prefixes(network: GPT, row: list[int]) -> list[float]:
    """The same numbers from the last logits after each prefix."""
    network.eval()
    with torch.no_grad():
        return [
            network(torch.tensor([row[:t]]))[0, -1].double().log_softmax(-1)[row[t]].item()
            for t in range(1, len(row))
        ]


@pytest.mark.parametrize("wrap", [lambda network: network, Wrapped], ids=["logits", ".logits"])
@pytest.mark.parametrize("batch_size", [1, 3, 50])
def test_a_network_scores_as_prefix_by_prefix(model: GPT, wrap, batch_size: int) -> None:
    ours = log_probs(wrap(model), ROWS, batch_size)
    assert [len(row) for row in ours] == [4, 2, 5, 1, 3, 0, 0]
    for row, scores in zip(ROWS, ours, strict=True):
        assert scores.dtype == np.float64
        # In fp32 a batch of another shape adds up in another order.
        np.testing.assert_allclose(scores, by_prefixes(model, row), rtol=1e-5, atol=1e-5)


@settings(deadline=None, max_examples=20)
@given(
    st.lists(st.lists(st.integers(0, 4), max_size=8), min_size=1, max_size=9), st.integers(1, 10)
)
def test_neither_neighbours_nor_padding_matter(rows: list[list[int]], batch_size: int) -> None:
    torch.manual_seed(0)
    network = GPT(CONFIG)
    together = log_probs(network, rows, batch_size)
    for row, scores in zip(rows, together, strict=True):
        np.testing.assert_allclose(scores, log_probs(network, [row])[0], atol=1e-5)


def test_counts_score_as_prefix_by_prefix() -> None:
    rows = ROWS[:5]
    counts = NGram(3, 5).fit(rows)
    for row, scores in zip(rows, log_probs(counts, rows), strict=True):
        slow = [np.log(counts.next(row[:t])[row[t]]) for t in range(1, len(row))]
        np.testing.assert_allclose(scores, slow, rtol=1e-12)
    np.testing.assert_allclose(nll(counts, ROWS), counts.nll(ROWS))


@pytest.mark.parametrize("training", [True, False])
def test_the_mode_is_kept_and_dropout_does_not_count(model: GPT, training: bool) -> None:
    model.train(training)
    first, again = nll(model, ROWS), nll(model, ROWS)
    assert first.tolist() == again.tolist()
    assert model.training == training
    with pytest.raises(ValueError, match="context"):
        log_probs(model, [[0] * 20])
    assert model.training == training
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_text_costs_the_sum_of_its_symbols(model: GPT) -> None:
    slow = [-sum(by_prefixes(model, row)) for row in ROWS]
    np.testing.assert_allclose(nll(model, ROWS), slow, atol=1e-4)
    assert nll(model, ROWS)[5:].tolist() == [0, 0]
    assert nll(model, []).shape == (0,)


def test_the_first_symbol_is_not_predicted() -> None:
    assert n_predicted(ROWS).tolist() == [4, 2, 5, 1, 3, 0, 0]
