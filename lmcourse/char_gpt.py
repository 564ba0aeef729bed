"""The character GPT of the book: trained, scored and stored by the same few functions everywhere.

The chapter transformer/gpt calls `train_char_gpt` with a short budget, `lmcourse.longer` with a
long one and settings that suit it.
"""

import json
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lmcourse import checkpoints
from lmcourse import session as sessions
from lmcourse.choices import unknown
from lmcourse.files import replacing
from lmcourse.metrics import bits_per_char
from lmcourse.nn.gpt import GPT, IGNORED, GPTConfig
from lmcourse.train import History, LengthBuckets, fit, pad

Rows = Sequence[Sequence[int]]  # each opens and closes with id 0


@dataclass(frozen=True)
class Trained:
    """A model with the weights that were best on validation, and how it came to them."""

    model: GPT
    history: History
    curve: dict[int, float]  # bits per character on validation after so many steps

    @property
    def best_step(self) -> int:
        """After how many steps the kept weights were reached."""
        return min(self.curve, key=lambda step: self.curve[step])


def shifted(rows: Rows) -> tuple[Tensor, Tensor]:
    """`rows` as inputs [B, T] and targets [B, T], each target the symbol after its input.

    Short rows are padded: inputs with id 0, targets with -100, which the loss leaves out.
    """
    return pad([row[:-1] for row in rows], 0), pad([row[1:] for row in rows], IGNORED)


def batches(rows: Rows, batch_size: int, seed: int = 0) -> Callable[[int], tuple[Tensor, Tensor]]:
    """The function from a step to its batch: rows of similar length, `shifted`."""
    buckets = LengthBuckets([len(row) for row in rows], batch_size, seed)
    return lambda step: shifted([rows[i] for i in buckets(step)])


@torch.no_grad()
def log_probs(model: torch.nn.Module, rows: Rows, batch_size: int = 50) -> list[np.ndarray]:
    """For each row the log-probability in nats of each of row[1:], given all that stands before.

    In fp32 and without dropout; `model` maps ids [B, T] to logits [B, T, V] and stays on its
    device and in its mode. ValueError (of the model) for a row longer than its context.
    """
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    result: list[np.ndarray] = [np.empty(0)] * len(rows)
    by_length = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    try:
        for start in range(0, len(rows), batch_size):
            chosen = by_length[start : start + batch_size]
            inputs, targets = (t.to(device) for t in shifted([rows[i] for i in chosen]))  # [B, T]
            logits = model(inputs)  # [B, T, V]
            surprise = F.cross_entropy(
                logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="none"
            ).view_as(targets)  # [B, T], 0 at padding
            for i, row in zip(chosen, surprise.double().cpu().numpy(), strict=True):
                result[i] = -row[: len(rows[i]) - 1]
    finally:
        model.train(was_training)
    return result


def nll(model: torch.nn.Module, rows: Rows, batch_size: int = 50) -> np.ndarray:
    """Negative log-likelihood in nats of each row: float64 [rows]. See `log_probs`."""
    return np.array([-row.sum() for row in log_probs(model, rows, batch_size)])


def characters(rows: Rows) -> np.ndarray:
    """How many symbols of each row are predicted: its characters and the closing mark, [rows]."""
    return np.array([len(row) - 1 for row in rows])


def train_char_gpt(
    config: GPTConfig,
    rows: Rows,
    validation: Rows,
    *,
    steps: int,
    batch_size: int,
    learning_rate: float,
    session: sessions.Session,
    weight_decay: float = 0.01,
    looks: int = 4,
    label: str = "GPT",
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int = 0,
) -> Trained:
    """Trains a GPT on `rows`, and keeps the weights that do best on `validation`.

    Args:
        looks: how many times validation is measured, at equal distances, last after all steps.
        checkpoint: a file from which an interrupted run goes on, see `lmcourse.train.fit`; the
            best weights so far stand in a second file beside it.

    Raises:
        ValueError: looks is less than 1 or more than steps; and whatever `fit` raises.
    """
    if not 1 <= looks <= steps:
        raise ValueError(f"looks must be from 1 to steps ({steps}), got {looks}")
    torch.manual_seed(session.seed)
    model = GPT(config)
    watch = _Watch(model, validation, _at(steps, looks), checkpoint)
    history = fit(
        model,
        lambda model, batch: model.loss(*batch),
        batches(rows, batch_size, session.seed),
        steps=steps,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        session=session,
        label=label,
        checkpoint=checkpoint,
        checkpoint_every=checkpoint_every,
        on_step=watch,
    )
    model.load_state_dict(watch.weights)
    return Trained(model, history, watch.curve)


def save(folder: Path, name: str, model: GPT, recipe: dict[str, Any]) -> None:
    """Writes `name`.safetensors, the weights in fp16, and `name`.json, sizes and `recipe`."""
    from safetensors.torch import save

    weights = {key: value.cpu().half().contiguous() for key, value in model.state_dict().items()}
    text = json.dumps({"config": asdict(model.config), **recipe}, indent=1, sort_keys=True)
    with replacing(folder / f"{name}.safetensors") as file:
        file.write(save(weights))
    with replacing(folder / f"{name}.json") as file:
        file.write((text + "\n").encode())


def load(name: str = "gpt", folder: Path | None = None) -> tuple[GPT, dict[str, Any]]:
    """A stored model in evaluation mode, fp32 on the CPU, and its recipe.

    Without `folder`, one that comes with the package. ValueError names those that there are.
    """
    from safetensors.torch import load

    stored = resources.files(checkpoints) if folder is None else folder
    names = sorted(
        file.name.removesuffix(".json") for file in stored.iterdir() if file.name.endswith(".json")
    )
    if name not in names:
        raise unknown("checkpoint", name, names)
    recipe = json.loads((stored / f"{name}.json").read_text(encoding="utf8"))
    model = GPT(GPTConfig(**recipe["config"]))
    weights = load((stored / f"{name}.safetensors").read_bytes())
    model.load_state_dict({key: value.float() for key, value in weights.items()})
    return model.eval(), recipe


class _Watch:
    """Called after each step: measures validation when it is time, and keeps the best weights."""

    def __init__(
        self,
        model: GPT,
        rows: Rows,
        at: set[int],
        checkpoint: str | os.PathLike[str] | None,
    ) -> None:
        self.model, self.rows, self.at = model, rows, at
        self.curve: dict[int, float] = {}
        self.weights: dict[str, Tensor] = {}
        self.file = None if checkpoint is None else Path(f"{os.fspath(checkpoint)}.best")
        if self.file and Path(os.fspath(checkpoint or "")).exists() and self.file.exists():
            state = torch.load(self.file, weights_only=True)
            self.curve, self.weights = state["curve"], state["weights"]

    def __call__(self, step: int) -> None:
        if step not in self.at:
            return
        bits = bits_per_char(nll(self.model, self.rows), characters(self.rows))
        self.curve[step] = bits
        if math.isfinite(bits) and bits <= min(self.curve.values()):
            self.weights = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        if self.file is not None:
            with replacing(self.file) as file:
                torch.save({"curve": self.curve, "weights": self.weights}, file)


def _at(steps: int, looks: int) -> set[int]:
    return {steps * (look + 1) // looks for look in range(looks)}
