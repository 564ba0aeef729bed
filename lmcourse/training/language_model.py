"""Training a language model on rows of ids: the loss, the batches, the look at validation."""

import os
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from lmcourse.evaluation.metrics import bits_per_char
from lmcourse.evaluation.scoring import n_predicted, nll
from lmcourse.session import Session
from lmcourse.text.batches import IGNORED, Rows, batches
from lmcourse.training.best import BestWeights
from lmcourse.training.loop import History, fit


@dataclass(frozen=True)
class Trained:
    """How a model came to the weights that were best on validation."""

    history: History
    curve: dict[int, float]  # bits per symbol on validation after so many steps
    best_step: int


def next_symbol_loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Mean cross-entropy in nats of targets [B, T] after inputs [B, T].

    Targets of -100 (padding) do not count; with no other target the loss is 0.
    """
    inputs, targets = batch
    logits = model(inputs)  # [B, T, V]
    total = F.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="sum"
    )
    return total / (targets != IGNORED).sum().clamp(min=1)


def train_language_model(
    model: nn.Module,
    rows: Rows,
    validation: Rows,
    *,
    steps: int,
    batch_size: int,
    learning_rate: float,
    session: Session,
    weight_decay: float = 0.01,
    looks: int = 4,
    label: str = "training",
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int = 0,
) -> Trained:
    """Trains `model`, ids [B, T] to logits [B, T, V], and leaves it with its best weights.

    Args:
        looks: how many times validation is measured, at equal distances, last after all steps.
        checkpoint: a file from which an interrupted run goes on, see `lmcourse.training.loop.fit`;
            the best weights so far stand in a second file beside it.

    Raises:
        ValueError: looks is less than 1 or more than steps; and whatever `fit` raises.
    """
    best = BestWeights(
        model,
        lambda: bits_per_char(nll(model, validation), n_predicted(validation)),
        steps=steps,
        looks=looks,
        checkpoint=checkpoint,
    )
    history = fit(
        model,
        next_symbol_loss,
        batches(rows, batch_size, session.seed),
        steps=steps,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        session=session,
        label=label,
        checkpoint=checkpoint,
        checkpoint_every=checkpoint_every,
        on_step=best,
    )
    best.restore()
    return Trained(history, best.curve, best.best_step)
