"""Masking for the objective of BERT (Devlin et al. 2019): hide symbols, keep the true ones aside.

Taught by the chapter pretraining/objectives.
"""

from collections.abc import Collection
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from lmcourse.text.batches import IGNORED, Rows, pad


class Masked(NamedTuple):
    """A batch: inputs [B, T], targets [B, T] with -100 where none, real [B, T] true off padding."""

    inputs: Tensor
    targets: Tensor
    real: Tensor


def masked(
    rows: Rows,
    *,
    vocab_size: int,
    mask_id: int,
    special_ids: Collection[int] = (),
    pad_id: int = 0,
    share: float = 0.15,
    mask_share: float = 0.8,
    random_share: float = 0.1,
    generator: torch.Generator,
) -> Masked:
    """Choose each symbol with probability `share`; the chosen ones are the targets.

    Of the chosen, in expectation `mask_share` become `mask_id`, `random_share` become an ordinary
    id drawn at random (now and then the same one), and the rest stay. `special_ids` and `mask_id`
    are not ordinary: never chosen, never drawn. Padding is `pad_id` in the inputs, never chosen,
    and false in `real`; `pad_id` inside a row is a symbol like any other unless it is special.

    The same rows and a `generator` in the same state give the same batch.
    `share` 0 gives no targets, 1 makes every ordinary symbol a target. Rows may be empty, and so
    may the batch. ValueError, naming the parameter: a share outside [0, 1], `mask_share` and
    `random_share` above 1 together, an id outside the vocabulary, no ordinary id left to draw.
    """
    for name, value in [
        ("share", share),
        ("mask_share", mask_share),
        ("random_share", random_share),
    ]:
        if not 0 <= value <= 1:  # NaN is refused as well
            raise ValueError(f"{name} must be a probability from 0 to 1, got {value}")
    if mask_share + random_share > 1 + 1e-9:
        raise ValueError(
            f"mask_share and random_share must be at most 1 together, "
            f"got {mask_share} and {random_share}"
        )
    named = {"mask_id": [mask_id], "pad_id": [pad_id], "special_ids": special_ids}
    named["rows"] = [i for row in rows for i in row]
    for name, ids in named.items():
        for i in ids:
            if not 0 <= i < vocab_size:
                raise ValueError(f"{name}: {i} is outside the vocabulary of {vocab_size}")
    special = torch.zeros(vocab_size, dtype=torch.bool)  # [V]
    special[[mask_id, *special_ids]] = True
    ordinary = (~special).nonzero()[:, 0]  # the ids that may be drawn
    if not len(ordinary):
        raise ValueError(f"special_ids leave no ordinary id in a vocabulary of {vocab_size}")

    flat = torch.tensor(named["rows"], dtype=torch.long)  # [N], all rows one after the other
    dice = torch.rand(2, len(flat), generator=generator, dtype=torch.float64)  # [2, N]
    drawn = ordinary[torch.randint(len(ordinary), (len(flat),), generator=generator)]  # [N]
    chosen = (dice[0] < share) & ~special[flat]  # [N]
    targets = torch.where(chosen, flat, IGNORED)  # [N]
    hidden = chosen & (dice[1] < mask_share)  # [N]
    swapped = chosen & ~hidden & (dice[1] < mask_share + random_share)  # [N]
    inputs = torch.where(hidden, mask_id, torch.where(swapped, drawn, flat))  # [N]

    lengths = [len(row) for row in rows]
    real = pad([[1] * length for length in lengths], 0).bool()  # [B, T]
    return Masked(_rows(inputs, lengths, pad_id), _rows(targets, lengths, IGNORED), real)


def masked_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy in nats over the positions with a target; 0 where there is none.

    `logits` [B, T, V], `targets` [B, T]. What stands at a position without target, padding
    included, is not even read.
    """
    counted = targets != IGNORED  # [B, T]
    total = F.cross_entropy(logits[counted], targets[counted], reduction="sum")
    return total / max(int(counted.sum()), 1)


def _rows(flat: Tensor, lengths: list[int], value: int) -> Tensor:
    """[N] cut into rows of these lengths, padded with `value`: [B, T]."""
    return pad([row.tolist() for row in flat.split(lengths)], value)
