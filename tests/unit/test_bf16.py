"""Training in bf16 with fp32 weights: against a loop in fp32, and against a run without a stop."""

import copy
import math

import pytest
import torch
from torch import nn

from lmcourse import session
from lmcourse.models.llama import Llama, LlamaConfig
from lmcourse.training.bf16 import fit_bf16
from lmcourse.training.checkpoints import CheckpointError
from lmcourse.training.language_model import next_symbol_loss
from lmcourse.training.loop import schedule
from lmcourse.training.muon import MuonAdamW, split_matrices

SETTINGS = {"matrix_rate": 0.02, "learning_rate": 3e-3}


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setenv("TQDM_DISABLE", "1")
    return session.start("cpu", 0)


def fresh(dropout=0.0):
    torch.manual_seed(0)
    return Llama(LlamaConfig(11, 8, 2, 2, 2, 16, 24, dropout=dropout))


def batch_at(step):
    ids = torch.randint(11, (4, 9), generator=torch.Generator().manual_seed(step % 3))
    return ids[:, :-1], ids[:, 1:]


def test_the_losses_are_those_of_fp32_up_to_rounding(run):
    model, twin = fresh(), fresh()
    history = fit_bf16(model, next_symbol_loss, batch_at, steps=40, session=run, **SETTINGS)
    optimizer = MuonAdamW(*split_matrices(twin), weight_decay=0.1, **SETTINGS)
    losses = []
    for step in range(40):
        optimizer.zero_grad()
        loss = next_symbol_loss(twin, batch_at(step))
        loss.backward()
        nn.utils.clip_grad_norm_(twin.parameters(), 1.0)
        optimizer.scale(schedule(step, 40, 0.03))
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.2  # it learns the three batches
    assert history.losses == pytest.approx(losses, abs=0.03)
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert not model.training


def test_an_interrupted_run_ends_as_one_without_a_stop(run, tmp_path):
    def stopped(step):
        if step == 7:
            raise KeyboardInterrupt

    kept = {"steps": 12, "session": run, "checkpoint_every": 5, **SETTINGS}
    whole, pieces = fresh(dropout=0.3), fresh(dropout=0.3)
    torch.manual_seed(5)
    losses = fit_bf16(
        whole, next_symbol_loss, batch_at, checkpoint=tmp_path / "whole", **kept
    ).losses
    torch.manual_seed(5)
    with pytest.raises(KeyboardInterrupt):
        fit_bf16(
            pieces, next_symbol_loss, batch_at, checkpoint=tmp_path / "a", on_step=stopped, **kept
        )
    again = fresh(dropout=0.3)
    found = fit_bf16(again, next_symbol_loss, batch_at, checkpoint=tmp_path / "a", **kept)
    assert found.losses == losses
    assert all(map(torch.equal, whole.parameters(), again.parameters()))
    with pytest.raises(CheckpointError, match="another run"):
        fit_bf16(
            fresh(), next_symbol_loss, batch_at, checkpoint=tmp_path / "a", **kept | {"steps": 13}
        )


def test_attention_is_not_the_fused_kernel(run, monkeypatch):
    seen = []

    def loss(model, batch):
        seen.append(torch.backends.cuda.flash_sdp_enabled())
        return next_symbol_loss(model, batch)

    fit_bf16(fresh(), loss, batch_at, steps=1, session=run, **SETTINGS)
    assert seen == [False]
    assert torch.backends.cuda.flash_sdp_enabled()


def test_a_loss_that_is_no_number_is_named_and_changes_nothing(run):
    model = fresh()
    before = copy.deepcopy(model)
    with pytest.raises(FloatingPointError, match="step 1 is nan"):
        fit_bf16(
            model,
            lambda model, batch: next_symbol_loss(model, batch) * math.nan,
            batch_at,
            steps=2,
            session=run,
            **SETTINGS,
        )
    assert all(map(torch.equal, before.parameters(), model.parameters()))


def test_there_is_at_least_one_step(run):
    with pytest.raises(ValueError, match="steps must be at least 1, got 0"):
        fit_bf16(fresh(), next_symbol_loss, batch_at, steps=0, session=run, **SETTINGS)
