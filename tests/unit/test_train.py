"""The training loop: batches, schedule, resume after a kill, and clear words when it fails."""

import itertools
import math
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from lmcourse.checkpoint import CheckpointError
from lmcourse.train import LengthBuckets, fit, pad, schedule
from torch import nn

from lmcourse.session import Session

CPU = Session("cpu", 0, torch.device("cpu"), "fp32")
LENGTHS = st.lists(st.integers(0, 50), min_size=1, max_size=300)


@given(LENGTHS, st.integers(1, 9), st.integers(0, 5))
def test_every_item_once_an_epoch(lengths: list[int], batch_size: int, seed: int) -> None:
    buckets = LengthBuckets(lengths, batch_size, seed)
    steps = buckets.batches_per_epoch
    assert steps == math.ceil(len(lengths) / batch_size)
    for epoch in range(3):
        batches = [buckets(epoch * steps + i) for i in range(steps)]
        assert Counter(itertools.chain(*batches)) == Counter(range(len(lengths)))
        assert sorted(map(len, batches))[1:] == [batch_size] * (steps - 1)


def test_batches_depend_on_the_step_alone() -> None:
    lengths = random.Random(0).choices(range(100), k=500)
    ordered, other = LengthBuckets(lengths, 8, 1), LengthBuckets(lengths, 8, 2)
    batches = [ordered(step) for step in range(150)]
    fresh = LengthBuckets(lengths, 8, 1)
    assert [fresh(step) for step in reversed(range(150))] == batches[::-1]
    assert batches[:63] != batches[63:126]  # another epoch, another order
    assert batches[:63] != [other(step) for step in range(63)]


def test_batches_hold_similar_lengths_and_come_in_no_order_of_length() -> None:
    lengths = np.random.default_rng(0).integers(1, 200, size=2000)
    buckets = LengthBuckets(lengths, 16)
    batches = [lengths[buckets(step)] for step in range(buckets.batches_per_epoch)]
    padded = sum(len(batch) * batch.max() for batch in batches)
    assert padded < 1.06 * lengths.sum()
    means = np.array([batch.mean() for batch in batches])
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.3


@pytest.mark.parametrize("arguments", [([], 4), ([1, 2], 0)])
def test_refused_batches(arguments: tuple) -> None:
    with pytest.raises(ValueError, match="batch_size"):
        LengthBuckets(*arguments)


def test_pad() -> None:
    assert pad([[1, 2], [], [3]], -100).tolist() == [[1, 2], [-100] * 2, [3, -100]]
    assert pad([[], []], 0).shape == (2, 0)
    assert pad([], 0).shape == (0, 0)
    assert pad([[1]], 0).dtype == torch.long


def test_schedule_in_closed_form() -> None:
    factors = [schedule(step, 10, 0.4) for step in range(11)]
    assert factors == pytest.approx(
        [1 / 4, 2 / 4, 3 / 4, 1, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6, 0]
    )
    assert [schedule(step, 4, 0) for step in range(5)] == pytest.approx([1, 3 / 4, 2 / 4, 1 / 4, 0])
    assert [schedule(step, 3, 1) for step in range(3)] == pytest.approx([1 / 3, 2 / 3, 1])


@given(st.integers(1, 500), st.floats(0, 1))
def test_schedule_stays_in_range(steps: int, warmup: float) -> None:
    factors = [schedule(step, steps, warmup) for step in range(steps)]
    assert all(0 < factor <= 1 for factor in factors)
    top = factors.index(max(factors))
    assert factors == sorted(factors[: top + 1]) + sorted(factors[top + 1 :], reverse=True)


def line() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(3, 1)


def squared(model: nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    x, y = batch
    return (model(x) - y).square().mean()


def line_batch(step: int, scale: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.randn(8, 3, generator=torch.Generator().manual_seed(step))
    return x, scale * (x @ torch.tensor([[1.0], [-2.0], [0.5]]) + 0.3)


@pytest.mark.parametrize(("clip", "warmup", "decay"), [(0.5, 0.3, 0.2), (1e9, 0.0, 0.0)])
def test_equal_to_the_loop_written_out(clip: float, warmup: float, decay: float) -> None:
    model, by_hand = line(), line()
    steps, peak, start = 7, 0.1, time.perf_counter()
    history = fit(
        model,
        squared,
        lambda step: line_batch(step, scale=10),
        steps=steps,
        learning_rate=peak,
        warmup=warmup,
        weight_decay=decay,
        clip=clip,
        session=CPU,
    )
    assert 0 < history.seconds < time.perf_counter() - start
    moments = {p: (torch.zeros_like(p), torch.zeros_like(p)) for p in by_hand.parameters()}
    for step in range(steps):
        loss = squared(by_hand, line_batch(step, scale=10))
        assert history.losses[step] == pytest.approx(loss.item(), rel=1e-5)
        gradients = torch.autograd.grad(loss, list(by_hand.parameters()))
        norm = torch.stack([g.square().sum() for g in gradients]).sum().sqrt()
        assert (norm > clip) == (clip == 0.5)
        rate = peak * schedule(step, steps, warmup)
        for (p, (m, v)), g in zip(moments.items(), gradients, strict=True):
            g = g * min(1.0, clip / norm.item())
            m.mul_(0.9).add_(0.1 * g)
            v.mul_(0.999).add_(0.001 * g**2)
            m_hat, v_hat = m / (1 - 0.9 ** (step + 1)), v / (1 - 0.999 ** (step + 1))
            p.data *= 1 - rate * (decay if p.dim() == 2 else 0)
            p.data -= rate * m_hat / (v_hat.sqrt() + 1e-8)
    for p, q in zip(model.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-4, atol=1e-5)
    assert history.steps == steps
    assert not model.training


def test_on_step_may_evaluate_without_ending_training() -> None:
    model, seen = nn.Sequential(nn.Dropout(0.5), line()), []

    def evaluate(step: int) -> None:
        seen.append(step)
        model.eval()

    def loss(model: nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        assert model.training
        return squared(model, batch)

    fit(model, loss, line_batch, steps=3, learning_rate=0.1, session=CPU, on_step=evaluate)
    assert seen == [1, 2, 3]


def test_autocast_is_the_sessions() -> None:
    kinds = []

    def loss(model: nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        kinds.append(model(batch[0]).dtype)
        return squared(model, batch)

    half = Session("cpu", 0, torch.device("cpu"), "bf16")
    for session in (CPU, half):
        fit(line(), loss, line_batch, steps=1, learning_rate=0.1, session=session)
    assert kinds == [torch.float32, torch.bfloat16]


def test_batches_of_any_shape_reach_the_model() -> None:
    def loss(model: nn.Module, batch: dict) -> torch.Tensor:
        assert batch["name"] == "a"
        return squared(model, batch["pair"])

    fit(
        line(),
        loss,
        lambda step: {"name": "a", "pair": list(line_batch(step))},
        steps=1,
        learning_rate=0.1,
        session=CPU,
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"warmup": 10}, "warmup is a share of the steps, from 0 to 1, got 10"),
        ({"learning_rate": 0.0}, "learning_rate and clip must be positive"),
        ({"clip": 0.0}, "learning_rate and clip must be positive"),
        ({"weight_decay": -1.0}, "weight_decay not negative"),
        ({"checkpoint_every": 5}, "checkpoint_every is 5 but checkpoint names no file"),
    ],
)
def test_refused_settings(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit(
            line(),
            squared,
            line_batch,
            **{"steps": 2, "learning_rate": 0.1, "session": CPU} | change,
        )


def test_a_loss_that_is_not_finite_stops_at_its_step() -> None:
    def batch(step: int) -> tuple[torch.Tensor, torch.Tensor]:
        return line_batch(step, scale=math.nan if step == 3 else 1)

    model = line()
    with pytest.raises(FloatingPointError, match="the loss of step 4 is nan"):
        fit(model, squared, batch, steps=9, learning_rate=0.1, session=CPU)
    assert all(p.isfinite().all() for p in model.parameters())


def test_out_of_memory_says_what_to_lower() -> None:
    def loss(model: nn.Module, batch: object) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(RuntimeError, match=r"step 1, .*\[8, 3\].*smaller batch_size"):
        fit(line(), loss, line_batch, steps=1, learning_rate=0.1, session=CPU)


class Network(nn.Module):
    """Draws from every generator that training may use."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 16), nn.Dropout(0.3), nn.Linear(16, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x) * (1 + 0.1 * random.random() + 0.1 * float(np.random.rand()))


def train(
    checkpoint: str | Path | None, steps: int = 40, pause: float = 0.0, **other: object
) -> list:
    """The run of the resume tests: parameters and losses at the end."""
    torch.manual_seed(7)
    random.seed(7)
    np.random.seed(7)
    model = Network()
    history = fit(
        model,
        squared,
        line_batch,
        session=CPU,
        on_step=lambda step: (print(step, flush=True), time.sleep(pause)),
        checkpoint=checkpoint,
        **{"steps": steps, "learning_rate": 0.01, "checkpoint_every": 3 if checkpoint else 0}
        | other,
    )
    return [*(p.tolist() for p in model.parameters()), history.losses]


def test_killed_and_resumed_equals_uninterrupted(tmp_path: Path) -> None:
    file = tmp_path / "run.pt"
    command = f"from tests.unit.test_train import train; train({str(file)!r}, pause=0.05)"
    process = subprocess.Popen(
        [sys.executable, "-c", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    for line_ in process.stdout:
        if int(line_) >= 13:
            break
    os.kill(process.pid, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
    process.stdout.close()
    assert process.wait() != 0

    assert 12 <= torch.load(file)["step"] < 40
    assert train(file) == train(None)
    assert torch.load(file)["step"] == 40
    assert os.listdir(tmp_path) == ["run.pt"]


def test_a_finished_run_is_read_not_repeated(tmp_path: Path) -> None:
    first = train(tmp_path / "run.pt")
    assert train(tmp_path / "run.pt", pause=1e9) == first


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "run.pt"
    train(file)
    with pytest.raises(CheckpointError, match=r"run\.pt .*steps was 40 and is 41"):
        train(file, steps=41)
    with pytest.raises(CheckpointError, match=r"learning_rate was 0.01 and is 0.02"):
        train(file, learning_rate=0.02)
    with pytest.raises(CheckpointError, match="model was"):
        fit(line(), squared, line_batch, steps=40, learning_rate=0.01, session=CPU, checkpoint=file)
    with pytest.raises(CheckpointError, match="first batch was"):
        fit(
            Network(),
            squared,
            lambda step: line_batch(step + 1),
            steps=40,
            learning_rate=0.01,
            session=CPU,
            checkpoint=file,
        )


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_checkpoint_is_one_clear_error(tmp_path: Path, kept: float) -> None:
    file = tmp_path / "run.pt"
    train(file)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(CheckpointError, match=r"run\.pt is damaged.*Delete it"):
        train(file)


def test_something_else_is_no_checkpoint(tmp_path: Path) -> None:
    torch.save({"weights": torch.zeros(2)}, tmp_path / "run.pt")
    with pytest.raises(CheckpointError, match="no checkpoint of this book"):
        train(tmp_path / "run.pt")


def test_a_failed_write_keeps_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "run.pt"

    def full(descriptor: int) -> None:
        if file.exists():
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        train(file)
    assert os.listdir(tmp_path) == ["run.pt"]
    assert torch.load(file)["step"] == 3
    monkeypatch.undo()
    assert train(file) == train(None)
