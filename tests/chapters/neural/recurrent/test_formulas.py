"""Formulas of neural/recurrent against torch's cells, finite differences and plain loops."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lmcourse.models.recurrent import GATES, RecurrentConfig, RecurrentLM
from lmcourse.models.recurrent import in_windows as library_windows
from tests.chapter import functions

chapter = functions("neural/recurrent")
sizes = st.integers(1, 5)


def inputs(B, D, H, seed):
    random = torch.Generator().manual_seed(seed)
    return [torch.randn(B, n, generator=random, dtype=torch.float64) for n in (D, H, H)]


def weights(cell, seed):
    torch.manual_seed(seed)
    for parameter in cell.double().parameters():
        nn.init.normal_(parameter)
    return list(cell.parameters())


@pytest.mark.formula(1, "chapter:rnn_step")
@given(sizes, sizes, sizes, st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_the_plain_step_is_a_loop_over_all_numbers(B, D, H, seed):
    x, h, _ = inputs(B, D, H, seed)
    cell = nn.RNNCell(D, H)
    W, U, b, d = weights(cell, seed)
    found = chapter["rnn_step"](x, h, W, U, b, d)
    torch.testing.assert_close(found, cell(x, h), atol=1e-12, rtol=0)
    for n in range(B):
        for row in range(H):
            inside = sum(W[row, i] * x[n, i] for i in range(D)) + b[row] + d[row]
            inside += sum(U[row, j] * h[n, j] for j in range(H))
            assert found[n, row].item() == pytest.approx(math.tanh(inside.item()))


@pytest.mark.formula(2, "chapter:through_time")
@given(sizes, st.integers(1, 12), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_the_product_of_jacobians_is_the_slope_through_time(H, k, seed):
    torch.manual_seed(seed)
    W, U = torch.randn(H, 2).double(), torch.randn(H, H).double()
    zero, x = torch.zeros(H).double(), torch.randn(k, 1, 2).double()

    def run(h):
        states = []
        for x_t in x:
            h = chapter["rnn_step"](x_t, h, W, U, zero, zero)
            states.append(h[0])
        return torch.stack(states)

    start = torch.randn(1, H).double()
    product = chapter["through_time"](run(start), U)
    columns = []
    for j in range(H):
        little = torch.zeros(1, H).double()
        little[0, j] = 1e-6
        columns.append((run(start + little)[-1] - run(start - little)[-1]) / 2e-6)
    torch.testing.assert_close(product, torch.stack(columns, 1), atol=1e-6, rtol=1e-5)
    # the length of the slope of a loss, by torch and by the product
    state, of_last = start.clone().requires_grad_(), torch.randn(H).double()
    (run(state)[-1] * of_last).sum().backward()
    assert state.grad.norm().item() == pytest.approx((of_last @ product).norm().item())
    # no longer than the largest stretch of U, once for every step
    norm, stretch = (torch.linalg.matrix_norm(m, 2).item() for m in (product, U))
    assert norm <= stretch**k * (1 + 1e-9)


@pytest.mark.formula(3, "chapter:lstm_step")
@given(sizes, sizes, sizes, st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_the_step_with_a_cell_is_torchs(B, D, H, seed):
    x, h, c = inputs(B, D, H, seed)
    cell = nn.LSTMCell(D, H)
    W, U, b, d = weights(cell, seed)
    found, expected = chapter["lstm_step"](x, (h, c), W, U, b, d), cell(x, (h, c))
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-12, rtol=0)


def test_gates_at_visible_values():
    odds = torch.tensor([0.0, math.log(3), math.atanh(0.5), -math.log(3)])  # i, f, g, o
    nothing = torch.zeros(4, 1)
    h, c = chapter["lstm_step"](
        torch.zeros(1, 1), (torch.zeros(1, 1), torch.tensor([[2.0]])), nothing, nothing, odds, 0
    )
    assert c.item() == pytest.approx(1.75)
    assert h.item() == pytest.approx(math.tanh(1.75) / 4)


@pytest.mark.formula(4, "chapter:gru_step")
@given(sizes, sizes, sizes, st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_the_step_with_two_gates_is_torchs(B, D, H, seed):
    x, h, _ = inputs(B, D, H, seed)
    cell = nn.GRUCell(D, H)
    found = chapter["gru_step"](x, h, *weights(cell, seed))
    torch.testing.assert_close(found, cell(x, h), atol=1e-12, rtol=0)


@pytest.mark.formula(5, "chapter:parameter_count")
@pytest.mark.parametrize("kind", GATES)
@given(sizes, sizes)
@settings(max_examples=10, deadline=None)
def test_the_formula_counts_what_torch_counts(kind, D, H):
    theirs = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[kind](D, H)
    counted = sum(p.numel() for p in theirs.parameters())
    assert chapter["parameter_count"](GATES[kind], D, H) == counted


@pytest.mark.formula(6, "chapter:mix")
@given(st.integers(0, 99), st.floats(0.01, 0.99))
def test_a_mixture_averages_probabilities_and_sums_to_one(seed, share):
    a, b = np.random.default_rng(seed).dirichlet(np.ones(5), 2)
    mixed = np.exp(chapter["mix"](share, np.log(a), np.log(b)))
    np.testing.assert_allclose(mixed, share * a + (1 - share) * b)
    assert mixed.sum() == pytest.approx(1)


def test_the_chapters_model_is_the_packages():
    torch.manual_seed(0)
    theirs = RecurrentLM(RecurrentConfig(7, "lstm", 1, 3, 5)).double()
    ours = chapter["OurLSTM"](7, 3, 5).double()
    layer = theirs.layers[0].state_dict().items()
    ours.cell.load_state_dict({name.replace("_l0", ""): w for name, w in layer})
    ours.tokens.load_state_dict(theirs.tokens.state_dict())
    ours.output.load_state_dict(theirs.output.state_dict())
    ids = torch.randint(7, (3, 9))
    torch.testing.assert_close(ours.read(ids)[0], theirs(ids), atol=1e-12, rtol=0)
    for window in (1, 4, 9, 20):
        expected = library_windows(theirs, ids, window)
        torch.testing.assert_close(chapter["in_windows"](theirs, ids, window), expected)
        torch.testing.assert_close(chapter["in_windows"](ours, ids, window), expected)


def test_shares_of_slopes_against_one_text_at_a_time():
    torch.manual_seed(0)
    model = RecurrentLM(RecurrentConfig(7, "gru", 1, 3, 5)).double()
    nn.init.normal_(model.output.weight)
    ids = torch.randint(7, (4, 9))  # [B, T + 1]
    found = chapter["slopes_back"](model, ids, 5)
    shares = []
    for row in ids:
        vectors = model.tokens(row[:-1]).detach().requires_grad_()  # [T, D]
        states, _ = model.layers[0].loop(vectors[None])
        chances = model.output(states[0, -1]).softmax(0)
        (-chances[row[-1]].log()).backward()
        lengths = [vectors.grad[-1 - k].norm().item() for k in range(6)]
        shares.append([length / lengths[0] for length in lengths])
    expected = np.exp(np.log(shares).mean(0))
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9)
