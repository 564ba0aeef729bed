"""The probability that a model gives to a text: what the language ladder is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F

from lmcourse.text.batches import IGNORED, Rows, by_length, shifted


class CountModel(Protocol):
    """A model that gives the log-probabilities of a row itself, as `NGram` does."""

    def log_probs(self, row: Sequence[int]) -> np.ndarray:
        """Log-probability in nats of each of row[1:] given what stands before: float64 [T-1]."""


def log_probs(
    model: torch.nn.Module | CountModel, rows: Rows, batch_size: int = 50
) -> list[np.ndarray]:
    """For each row the log-probability in nats of each of row[1:], given all that stands before.

    Args:
        model: a network that maps ids [B, T] to logits [B, T, V], alone or as `.logits` of its
            output; or an object with `log_probs(row)`. A network is asked in fp32 and without
            dropout, and stays on its device and in its mode.
        rows: ids, each row opening with a symbol that is not predicted.
        batch_size: how many rows of similar length a network sees at once.

    Raises:
        ValueError: of the model, for a row longer than its context.
    """
    if not isinstance(model, torch.nn.Module):
        return [model.log_probs(row) for row in rows]
    was_training = model.training
    model.eval()
    result: list[np.ndarray] = [np.empty(0)] * len(rows)
    try:
        for chosen in by_length([len(row) for row in rows], batch_size):
            surprises = _surprises(model, [rows[i] for i in chosen])  # [B, T]
            for i, surprise in zip(chosen, surprises, strict=True):
                result[i] = -surprise[: max(len(rows[i]) - 1, 0)]
    finally:
        model.train(was_training)
    return result


def nll(model: torch.nn.Module | CountModel, rows: Rows, batch_size: int = 50) -> np.ndarray:
    """Negative log-likelihood in nats of each row: float64 [rows]. See `log_probs`."""
    return np.array([-row.sum() for row in log_probs(model, rows, batch_size)])


def n_predicted(rows: Rows) -> np.ndarray:
    """How many symbols of each row are predicted: all but the first, int [rows].

    For a row of characters between two boundaries: its characters and the closing mark.
    """
    return np.array([max(len(row) - 1, 0) for row in rows])


@torch.no_grad()
def _surprises(model: torch.nn.Module, rows: Rows) -> np.ndarray:
    """Surprise in nats of every target, 0 at padding: float64 [B, T]."""
    device = next(model.parameters()).device
    inputs, targets = (tensor.to(device) for tensor in shifted(rows))  # [B, T]
    output = model(inputs)
    logits = getattr(output, "logits", output)  # [B, T, V]
    flat = F.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="none"
    )
    return flat.view_as(targets).double().cpu().numpy()
