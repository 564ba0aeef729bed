"""Fine-tuning a classifier on rows of ids, and asking it; `bert/finetune_sentiment` teaches it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lmcourse.text.batches import LengthBuckets, Rows, by_length, pad
from lmcourse.training.loop import History, fit

if TYPE_CHECKING:
    from lmcourse.session import Session

PAD = 0  # [PAD] of BERT's vocabularies


def padded(rows: Rows, device: torch.device) -> tuple[Tensor, Tensor]:
    """Ids and attention mask [B, T] of rows of ids, T the longest."""
    ids = pad(rows, PAD).to(device)
    mask = pad([[1] * len(row) for row in rows], 0).to(device)
    return ids, mask


def fine_tune(
    model: nn.Module,
    rows: Rows,
    labels: Sequence[int] | np.ndarray,
    *,
    session: Session,
    learning_rate: float = 2e-4,
    batch_size: int = 32,
    epochs: float = 1,
    **settings: Any,
) -> History:
    """Minimizes the mean surprise at `labels` [N]; leaves the model in evaluation mode.

    Args:
        model: `model(ids, mask)` gives scores [B, K], as a `SentenceClassifier` does.
        rows: N rows of ids with their special tokens, in batches of similar length.
        session: its seed draws the order of the rows and dropout.
        epochs: how often each row is seen; a part of one makes the last epoch shorter.
        settings: what `lmcourse.training.loop.fit` takes besides, such as `warmup` or `on_step`.

    Raises:
        ValueError: rows and labels are not equally many, `epochs` is not positive, or what `fit`
            and `LengthBuckets` refuse.
    """
    if len(rows) != len(labels):
        raise ValueError(f"{len(rows)} rows but {len(labels)} labels")
    if not epochs > 0:
        raise ValueError(f"epochs must be positive, got {epochs}")
    targets = torch.as_tensor(np.asarray(labels)).to(session.device)  # [N]
    buckets = LengthBuckets([len(row) for row in rows], batch_size, session.seed)

    def loss(model: nn.Module, chosen: list[int]) -> Tensor:
        ids, mask = padded([rows[i] for i in chosen], session.device)
        return F.cross_entropy(model(ids, mask).float(), targets[chosen])

    torch.manual_seed(session.seed)  # dropout
    return fit(
        model,
        loss,
        buckets,
        steps=math.ceil(epochs * buckets.batches_per_epoch - 1e-9),
        learning_rate=learning_rate,
        session=session,
        **settings,
    )


@torch.inference_mode()
def scores(model: nn.Module, rows: Rows, session: Session, batch_size: int = 64) -> Tensor:
    """Scores [N, K] in fp32 on the CPU of all rows, in their order.

    The model is left in evaluation mode on the session's device, as `fit` leaves it.

    ValueError for no rows or an empty batch.
    """
    if not len(rows):
        raise ValueError("no rows to score")
    model.to(session.device).eval()
    groups = by_length([len(row) for row in rows], batch_size)
    with session.autocast():
        found = [model(*padded([rows[i] for i in group], session.device)) for group in groups]
    place = np.argsort(np.concatenate(groups))  # where each row has gone
    return torch.cat([part.float().cpu() for part in found])[place]
