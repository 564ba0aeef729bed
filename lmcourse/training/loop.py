"""The one training loop of the book."""

import hashlib
import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor, nn
from tqdm import tqdm

from lmcourse.training.checkpoints import Checkpoint

if TYPE_CHECKING:
    from lmcourse.session import Session

Batch = TypeVar("Batch")


@dataclass(frozen=True)
class History:
    """What training went through: one loss a step, in the loss's own unit, and the seconds."""

    losses: list[float]
    seconds: float

    @property
    def steps(self) -> int:
        """How many updates were made."""
        return len(self.losses)


def schedule(step: int, steps: int, warmup: float) -> float:
    """The factor on the learning rate at `step` of `steps`.

    It rises linearly over the first `warmup`·steps, then falls linearly, to reach 0 at `steps`.
    """
    rising = math.ceil(warmup * steps)
    return min((step + 1) / max(rising, 1), (steps - step) / max(steps - rising, 1))


def fit(
    model: nn.Module,
    loss_fn: Callable[[Any, Batch], Tensor],
    batch_at: Callable[[int], Batch],
    *,
    steps: int,
    learning_rate: float,
    warmup: float = 0.1,
    weight_decay: float = 0.01,
    clip: float = 1.0,
    session: "Session",
    label: str = "training",
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int = 0,
    on_step: Callable[[int], object] | None = None,
) -> History:
    """Trains `model` on the session's device, and leaves it there in evaluation mode.

    AdamW (Loshchilov & Hutter 2019) with linear warm-up and decay; weights decay, biases and norms
    do not; gradients are clipped to norm `clip`; products are in the session's precision.
    Parameters with `requires_grad` False stay as they are and cost no gradient and no update: half
    of a small BERT's weights are word embeddings (benchmarks/finetune.py has what that saves).

    Args:
        loss_fn: `loss_fn(model, batch)` gives a scalar.
        batch_at: `batch_at(step)` gives the batch of a step, always the same one; tensors in it
            (also inside mappings, lists and tuples) are moved to the device.
        checkpoint: a file. Written whole or not at all after every `checkpoint_every` steps (0:
            only at the end); when it exists, training goes on from it, to the same result as if
            it had never stopped.
        on_step: called after each update with the number of updates made so far.

    Raises:
        ValueError: steps, learning_rate, warmup, weight_decay or clip out of range, or no parameter
            requires a gradient.
        FloatingPointError: the loss is not finite; the message names the step.
        CheckpointError: the checkpoint is damaged or of another run.
        RuntimeError: the GPU is out of memory; the message says what to lower.
    """
    _check_settings(steps, learning_rate, warmup, weight_decay, clip)
    if checkpoint_every and checkpoint is None:
        raise ValueError(f"checkpoint_every is {checkpoint_every} but checkpoint names no file")
    device = session.device
    model.to(device).train()
    optimizer = _optimizer(model, learning_rate, weight_decay)
    losses = torch.full((steps,), math.nan, device=device)  # [steps]
    saved, done, before = None, 0, 0.0
    if checkpoint is not None:
        settings = {
            "steps": steps,
            "learning_rate": learning_rate,
            "warmup": warmup,
            "weight_decay": weight_decay,
            "clip": clip,
            "seed": session.seed,
            "precision": session.precision,
            "model": _digest(
                [[name, p.shape, p.requires_grad] for name, p in model.named_parameters()]
            ),
            "first batch": _digest(batch_at(0)),
        }
        saved = Checkpoint(Path(checkpoint), settings)
        done, before = saved.resume(model, optimizer, losses)

    look_every = 1 if device.type == "cpu" else 50  # reading a GPU's loss makes it wait
    start = time.perf_counter()
    with tqdm(total=steps, initial=done, desc=label, unit="step") as progress:
        for step in range(done, steps):
            last = step + 1 == steps
            saving = last or (checkpoint_every > 0 and (step + 1) % checkpoint_every == 0)
            for group in optimizer.param_groups:
                group["lr"] = learning_rate * schedule(step, steps, warmup)
            batch = batch_at(step)
            try:
                with session.autocast():
                    loss = loss_fn(model, _map(batch, lambda t: t.to(device, non_blocking=True)))
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                losses[step] = loss.detach()
                if saving or (step + 1) % look_every == 0:
                    progress.set_postfix(loss=_latest(losses[: step + 1]), refresh=False)
                nn.utils.clip_grad_norm_(model.parameters(), clip)
                optimizer.step()
            except RuntimeError as error:  # CUDA's is a subclass, Apple's is not
                if "out of memory" not in str(error):
                    raise
                raise RuntimeError(
                    f"out of GPU memory in step {step + 1}, tensors {_map(batch, _size)}: "
                    "set a smaller batch_size or a shorter context_length"
                ) from error
            if on_step is not None:
                on_step(step + 1)
                model.train()
            progress.update()
            if saved is not None and saving:
                seconds = before + time.perf_counter() - start
                saved.save(model, optimizer, losses, step + 1, seconds)
    model.eval()
    return History(losses.tolist(), before + time.perf_counter() - start)


def _check_settings(
    steps: int, learning_rate: float, warmup: float, weight_decay: float, clip: float
) -> None:
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    if not 0 <= warmup <= 1:
        raise ValueError(f"warmup is a share of the steps, from 0 to 1, got {warmup}")
    if not (learning_rate > 0 and weight_decay >= 0 and clip > 0):
        raise ValueError(
            "learning_rate and clip must be positive and weight_decay not negative, got "
            f"{learning_rate}, {clip} and {weight_decay}"
        )


def _optimizer(
    model: nn.Module, learning_rate: float, weight_decay: float
) -> torch.optim.Optimizer:
    trained = [p for p in model.parameters() if p.requires_grad]
    if not trained:
        raise ValueError("no parameter requires a gradient: there is nothing to train")
    groups = [
        {"params": [p for p in trained if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.dim() < 2], "weight_decay": 0.0},
    ]
    fused = all(p.device.type in ("cpu", "cuda") for p in trained)
    return torch.optim.AdamW(groups, lr=learning_rate, fused=fused)


def _latest(losses: Tensor) -> float:
    """The last of `losses` as a number; FloatingPointError names the first that is not finite."""
    wrong = (~losses.isfinite()).nonzero()  # [number of wrong losses, 1]
    if len(wrong):
        step = int(wrong[0])
        raise FloatingPointError(
            f"the loss of step {step + 1} is {losses[step].item()}: "
            "lower learning_rate, or look at that batch"
        )
    return losses[-1].item()


def _map(batch: Any, function: Callable[[Tensor], Any]) -> Any:
    """`batch` with `function` applied to each tensor, also inside mappings, lists and tuples."""
    if isinstance(batch, Tensor):
        return function(batch)
    if isinstance(batch, Mapping):
        return {key: _map(value, function) for key, value in batch.items()}
    if isinstance(batch, list | tuple):
        return [_map(value, function) for value in batch]
    return batch


def _size(tensor: Tensor) -> list[int]:
    return list(tensor.shape)


def _digest(value: Any) -> str:
    """A short fingerprint of a batch or a description, the same in every process."""
    return hashlib.sha256(repr(_map(value, Tensor.tolist)).encode()).hexdigest()[:12]
