"""Training in bf16: a copy of the model computes, the model itself keeps fp32 weights."""

import copy
import os
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from tqdm import tqdm

from lmcourse.session import Session
from lmcourse.training.checkpoints import Checkpoint
from lmcourse.training.loop import History, schedule
from lmcourse.training.muon import MuonAdamW, split_matrices

Batch = tuple[Tensor, Tensor]


def fit_bf16(
    model: nn.Module,
    loss_fn: Callable[[nn.Module, Batch], Tensor],
    batch_at: Callable[[int], Batch],
    *,
    steps: int,
    matrix_rate: float,
    learning_rate: float,
    warmup: float = 0.03,
    weight_decay: float = 0.1,
    clip: float = 1.0,
    session: Session,
    label: str = "training",
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int = 0,
    on_step: Callable[[int], object] | None = None,
) -> History:
    """Trains `model`, whose blocks stand in `model.blocks`, as fast as two cores can.

    The loss and its slopes are computed by a copy whose weights are bf16; `MuonAdamW` moves the
    fp32 weights of `model`, and the copy takes them, rounded. Attention is computed as written, in
    two products: PyTorch's fused kernel for the CPU is slower on the way back for short texts.
    The rates rise over the first `warmup`·steps and fall to 0, and slopes are clipped to norm
    `clip`. For the other arguments and the files see `lmcourse.training.loop.fit`.

    Raises:
        ValueError: steps is less than 1.
        FloatingPointError: the loss is not finite; the message names the step.
        CheckpointError: the checkpoint is damaged or of another run.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    model.to(session.device).train()
    copied = copy.deepcopy(model).bfloat16()
    pairs = list(zip(model.parameters(), copied.parameters(), strict=True))
    optimizer = MuonAdamW(
        *split_matrices(model),
        matrix_rate=matrix_rate,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
    )
    losses = torch.full((steps,), torch.nan)  # [steps]
    done, before, saved = 0, 0.0, None
    if checkpoint is not None:
        settings = {
            "steps": steps,
            "rates": [matrix_rate, learning_rate],
            "warmup": warmup,
            "weight_decay": weight_decay,
            "clip": clip,
            "seed": session.seed,
        }
        saved = Checkpoint(Path(checkpoint), settings)
        done, before = saved.resume(model, optimizer, losses)
        _round(pairs)
    start = time.perf_counter()
    with tqdm(total=steps, initial=done, desc=label, unit="step") as progress:
        for step in range(done, steps):
            inputs, targets = (tensor.to(session.device) for tensor in batch_at(step))
            with sdpa_kernel(SDPBackend.MATH):
                loss = loss_fn(copied, (inputs, targets))
                loss.backward()
            losses[step] = loss.detach()
            if not losses[step].isfinite():
                raise FloatingPointError(
                    f"the loss of step {step + 1} is {losses[step].item()}: lower the rates"
                )
            for own, rounded in pairs:
                own.grad = None if rounded.grad is None else rounded.grad.float()
                rounded.grad = None
            nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.scale(schedule(step, steps, warmup))
            optimizer.step()
            _round(pairs)
            if on_step is not None:
                on_step(step + 1)
                model.train()
            progress.update()
            last = step + 1 == steps
            if saved is not None and (
                last or (checkpoint_every and (step + 1) % checkpoint_every == 0)
            ):
                saved.save(model, optimizer, losses, step + 1, before + time.perf_counter() - start)
    model.eval()
    return History(losses.tolist(), before + time.perf_counter() - start)


@torch.no_grad()
def _round(pairs: list[tuple[nn.Parameter, nn.Parameter]]) -> None:
    """Gives each parameter of the copy the value of the model's, in bf16."""
    for own, rounded in pairs:
        rounded.copy_(own)
