"""Recurrent layers against torch.nn, finite differences and themselves, read in another way."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lmcourse.models import recurrent
from lmcourse.models.recurrent import GATES, Recurrent, RecurrentConfig, RecurrentLM, in_windows

TORCH = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
sizes = st.integers(1, 5)


def layer(kind, d_input, d_model, seed=0):
    torch.manual_seed(seed)
    made = Recurrent(kind, d_input, d_model).double()
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.7)
    return made


@pytest.mark.parametrize("kind", GATES)
@given(B=sizes, T=sizes, d_input=sizes, d_model=sizes, seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_equal_to_torch(kind, B, T, d_input, d_model, seed):
    ours = layer(kind, d_input, d_model, seed)
    theirs = TORCH[kind](d_input, d_model, batch_first=True).double()
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(B, T, d_input, dtype=torch.float64)
    state = tuple(torch.randn(B, d_model, dtype=torch.float64) for _ in ours.start(x))
    expected, last = theirs(x, tuple(s[None] for s in state) if kind == "lstm" else state[0][None])
    last = last if kind == "lstm" else (last,)
    for way in (ours.loop, ours):
        states, end = way(x, state)
        torch.testing.assert_close(states, expected, atol=1e-10, rtol=0)
        for mine, other in zip(end, last, strict=True):
            torch.testing.assert_close(mine, other[0], atol=1e-10, rtol=0)


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("way", ["loop", "forward"])
def test_gradients_by_finite_differences(kind, way):
    made = layer(kind, 2, 3)
    x = torch.randn(2, 4, 2, dtype=torch.float64, requires_grad=True)
    names = list(dict(made.named_parameters()))

    def states(x, *weights):
        pairs = dict(zip(names, weights, strict=True))
        copied = Recurrent(kind, 2, 3).double()
        for name, weight in pairs.items():
            delattr(copied, name)
            setattr(copied, name, weight)
        return getattr(copied, way)(x)[0]

    weights = [p.detach().clone().requires_grad_() for p in made.parameters()]
    assert torch.autograd.gradcheck(states, (x, *weights), atol=1e-6)


@pytest.mark.parametrize("kind", GATES)
def test_read_in_pieces_it_says_the_same(kind):
    torch.manual_seed(0)
    model = RecurrentLM(RecurrentConfig(7, kind, 2, 3, 5)).double().eval()
    ids = torch.randint(7, (3, 11))
    whole = model(ids)
    for window in (1, 4, 11, 100):
        torch.testing.assert_close(in_windows(model, ids, window), whole, atol=1e-12, rtol=0)
    with pytest.raises(ValueError, match="window must be at least 1, got 0"):
        in_windows(model, ids, 0)


@pytest.mark.parametrize("kind", GATES)
def test_a_window_over_the_whole_text_gives_the_full_slopes(kind):
    torch.manual_seed(0)
    model = RecurrentLM(RecurrentConfig(7, kind, 2, 3, 5)).double()
    ids, targets = torch.randint(7, (3, 11)), torch.randint(7, (3, 11))

    def slopes(logits):
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(model.parameters()))])

    full = slopes(model(ids))
    for window in (11, 12, 1000):
        torch.testing.assert_close(slopes(in_windows(model, ids, window)), full, atol=0, rtol=0)
    assert not torch.allclose(slopes(in_windows(model, ids, 4)), full)


@pytest.mark.parametrize("kind", GATES)
def test_the_future_does_not_matter(kind):
    torch.manual_seed(0)
    model = RecurrentLM(RecurrentConfig(7, kind, 2, 3, 5)).eval()
    ids = torch.randint(7, (2, 9))
    changed = ids.clone()
    changed[:, 5] = (ids[:, 5] + 1) % 7
    a, b = model(ids), model(changed)
    torch.testing.assert_close(a[:, :5], b[:, :5], atol=0, rtol=0)
    assert not torch.allclose(a[:, 5:], b[:, 5:])


@pytest.mark.parametrize("kind", GATES)
def test_the_first_loss_is_about_that_of_guessing(kind):
    torch.manual_seed(0)
    model = RecurrentLM(RecurrentConfig(96, kind)).eval()
    ids = torch.randint(96, (4, 101))
    loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten()).item()
    assert loss == pytest.approx(math.log(96), rel=0.01)


def test_how_it_starts():
    made = Recurrent("lstm", 4, 6)
    for block in made.weight_hh_l0.split(6):
        torch.testing.assert_close(block @ block.T, torch.eye(6), atol=1e-5, rtol=0)
    biases = made.bias_ih_l0 + made.bias_hh_l0
    assert biases.tolist() == [0.0] * 6 + [1.0] * 6 + [0.0] * 12


def test_locked_dropout_is_the_same_at_all_places():
    torch.manual_seed(0)
    x = torch.ones(3, 5, 40)
    assert recurrent.locked_dropout(x, 0.5, training=False) is x
    dropped = recurrent.locked_dropout(x, 0.5, training=True)
    assert {*dropped.flatten().tolist()} == {0.0, 2.0}
    assert (dropped == dropped[:, :1]).all()
    assert not (dropped == dropped[:1]).all()


def test_weight_drop_is_for_training_alone():
    torch.manual_seed(0)
    made = Recurrent("gru", 2, 8, weight_drop=0.5)
    share = (made.weights()[1] == 0).float().mean().item()
    assert 0.3 < share < 0.7
    assert made.eval().weights()[1] is made.weight_hh_l0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kind": "elman"}, "kind 'elman'"),
        ({"d_model": 0}, "d_model must be at least 1, got 0"),
        ({"n_layers": 0}, "n_layers must be at least 1, got 0"),
        ({"dropout": 1.0}, r"dropout must be in \[0, 1\), got 1.0"),
        ({"weight_drop": -0.1}, "weight_drop must be"),
    ],
)
def test_sizes_that_make_no_model(wrong, message):
    with pytest.raises(ValueError, match=message):
        RecurrentConfig(**{"vocab_size": 5} | wrong)


def test_layers_that_cannot_be():
    with pytest.raises(ValueError, match="kind 'tree'"):
        Recurrent("tree", 2, 2)
    with pytest.raises(ValueError, match="sizes must be at least 1, got 2 and 0"):
        Recurrent("rnn", 2, 0)
