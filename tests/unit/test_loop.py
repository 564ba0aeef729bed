"""The training loop: schedule, update, and clear words when it fails."""

import math
import time

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from lmcourse.session import Session
from lmcourse.training.loop import fit, schedule

CPU = Session("cpu", 0, torch.device("cpu"), "fp32")


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


def test_frozen_parameters_stay_and_take_no_part(monkeypatch):
    model, alone = nn.Sequential(nn.Linear(3, 3), line()), line()
    model[0].requires_grad_(False)
    before = [p.clone() for p in model[0].parameters()]
    norms, clip_grad_norm = [], nn.utils.clip_grad_norm_

    def clipped(parameters, clip):
        norms.append(clip_grad_norm(parameters, clip))

    monkeypatch.setattr(nn.utils, "clip_grad_norm_", clipped)
    options = {"steps": 5, "learning_rate": 0.1, "clip": 0.5, "session": CPU}
    fit(model, squared, line_batch, **options)
    assert all(torch.equal(p, q) for p, q in zip(model[0].parameters(), before, strict=True))
    assert all(p.grad is None for p in model[0].parameters())

    def through_the_first(step):  # the same, with the frozen layer as part of the data
        x, y = line_batch(step)
        return model[0](x), y

    fit(alone, squared, through_the_first, **options)
    for p, q in zip(model[1].parameters(), alone.parameters(), strict=True):
        torch.testing.assert_close(p, q)
    torch.testing.assert_close(norms[:5], norms[5:])


def test_nothing_to_train_is_refused():
    with pytest.raises(ValueError, match="no parameter requires a gradient"):
        fit(
            line().requires_grad_(False),
            squared,
            line_batch,
            steps=1,
            learning_rate=0.1,
            session=CPU,
        )


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
