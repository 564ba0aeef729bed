"""Training a language model, on rows small enough to check by hand."""

import dataclasses
import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from lmcourse import session
from lmcourse.models.gpt import GPT, GPTConfig
from lmcourse.text.batches import shifted
from lmcourse.training import language_model
from lmcourse.training.language_model import next_symbol_loss, train_language_model
from lmcourse.training.loop import fit

CONFIG = GPTConfig(vocab_size=5, context_length=8, n_layers=1, n_heads=2, d_model=8, dropout=0.0)
ROWS = [[0, 1, 2, 3, 0], [0, 2, 0], [0, 4, 4, 4, 4, 0], [0, 0], [0, 3, 1, 0]]
SETTINGS = {"steps": 6, "batch_size": 2, "learning_rate": 1e-2}


@pytest.fixture(autouse=True)
def _fp32(monkeypatch):
    monkeypatch.setattr(session, "_fast_bf16", lambda device: False)
    monkeypatch.setenv("TQDM_DISABLE", "1")


def train(rows=ROWS, validation=ROWS, **changes):
    """A model trained from seed 0, with dropout, and how it came to its weights."""
    run = session.start("smoke", 0)
    model = GPT(dataclasses.replace(CONFIG, dropout=0.1))
    return model, train_language_model(model, rows, validation, session=run, **SETTINGS | changes)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.lists(st.integers(0, 4), min_size=2, max_size=8), min_size=1, max_size=4))
def test_padding_changes_neither_loss_nor_gradients(rows: list[list[int]]) -> None:
    torch.manual_seed(0)
    model = GPT(CONFIG)
    loss = next_symbol_loss(model, shifted(rows))
    padded = torch.autograd.grad(loss, list(model.parameters()))
    alone = [F.cross_entropy(model(torch.tensor([r[:-1]]))[0], torch.tensor(r[1:])) for r in rows]
    symbols = [len(r) - 1 for r in rows]
    mean = sum(n * a for n, a in zip(symbols, alone, strict=True)) / sum(symbols)
    torch.testing.assert_close(loss, mean)
    for ours, theirs in zip(
        padded, torch.autograd.grad(mean, list(model.parameters())), strict=True
    ):
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-4)


def test_loss_of_nothing_is_zero() -> None:
    model = GPT(CONFIG)
    ids = torch.tensor([[1, 2]])
    loss = next_symbol_loss(model, (ids, torch.full((1, 2), -100)))
    loss.backward()
    assert loss.item() == 0
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_the_weights_that_did_best_on_validation_are_kept():
    strange = [[0, 4, 4, 4, 0]]  # the more is learned of the other row, the worse
    model, trained = train([[0, 1, 2, 1, 2, 1, 2, 0]], strange, looks=6)
    assert list(trained.curve) == [1, 2, 3, 4, 5, 6]
    assert trained.best_step == 1
    assert not model.training
    with torch.no_grad():
        nats = F.cross_entropy(model(torch.tensor([[0, 4, 4, 4]]))[0], torch.tensor([4, 4, 4, 0]))
    assert nats.item() / math.log(2) == pytest.approx(trained.curve[1], rel=1e-6)
    assert trained.curve[1] < min(trained.curve[step] for step in range(2, 7))


def test_training_lowers_the_surprise():
    _, trained = train(steps=60, looks=2)
    assert trained.best_step == 60
    assert trained.curve[60] < trained.curve[30] < math.log2(5)
    assert trained.history.losses[-1] < trained.history.losses[0]


def test_training_is_the_same_again_from_the_same_seed():
    (first, kept), (again, repeated) = train(), train()
    assert kept.history.losses == repeated.history.losses
    assert kept.curve == repeated.curve
    for p, q in zip(first.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(p, q, atol=0, rtol=0)


def test_the_seed_decides_the_batches():
    def losses(seed):
        run = session.start("smoke", seed)
        torch.manual_seed(0)  # the same weights
        return train_language_model(GPT(CONFIG), ROWS, ROWS, session=run, **SETTINGS).history.losses

    assert losses(1) == losses(1) != losses(2)


def test_an_interrupted_training_ends_like_an_uninterrupted_one(tmp_path, monkeypatch):
    whole_model, whole = train(looks=3)
    path = tmp_path / "run.pt"

    def killed(*args, on_step, **options):
        def step(done):
            on_step(done)
            if done == 5:
                raise KeyboardInterrupt

        return fit(*args, on_step=step, **options)

    with monkeypatch.context() as patch:
        patch.setattr(language_model, "fit", killed)
        with pytest.raises(KeyboardInterrupt):
            train(looks=3, checkpoint=path, checkpoint_every=2)
    assert torch.load(path)["step"] == 4
    model, resumed = train(looks=3, checkpoint=path, checkpoint_every=2)
    assert resumed.curve == whole.curve
    assert resumed.history.losses == whole.history.losses
    for key, value in whole_model.state_dict().items():
        torch.testing.assert_close(model.state_dict()[key], value, atol=0, rtol=0)


def test_refused_looks():
    with pytest.raises(ValueError, match=r"looks must be from 1 to steps \(6\), got 7"):
        train(looks=7)
