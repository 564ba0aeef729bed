"""What a distribution keeps before a token is drawn from it: top-k, top-p, min-p, repetition.

Each takes logits [..., V] and gives logits of the same shape: those of the ids left out are -inf,
and softmax shares their probability among the kept. At least one id is always kept; which of equal
ids at the border stay is decided by their order.
"""

from __future__ import annotations

import torch
from torch import Tensor


def top_k(logits: Tensor, k: int) -> Tensor:
    """Keeps the k likeliest ids (Fan et al. 2018); all of them when k is at least V.

    Raises:
        ValueError: k below 1.
    """
    if k < 1:
        raise ValueError(f"top_k must be at least 1, got {k}")
    order = logits.sort(dim=-1, descending=True, stable=True).indices  # [..., V]
    return _only(logits, order, torch.arange(logits.shape[-1], device=logits.device) < k)


def top_p(logits: Tensor, p: float) -> Tensor:
    """Keeps the fewest likeliest ids that have probability p or more (Holtzman et al. 2020).

    Raises:
        ValueError: p not above 0, or above 1.
    """
    if not 0 < p <= 1:
        raise ValueError(f"top_p must be above 0 and at most 1, got {p}")
    ordered, order = logits.sort(dim=-1, descending=True, stable=True)  # [..., V] each
    probabilities = ordered.softmax(-1)  # [..., V]
    before = probabilities.cumsum(-1) - probabilities  # [..., V], of those ahead of each
    keep = (before < p) | (p == 1)
    keep[..., 0] = True  # rounding must not leave nothing
    return _only(logits, order, keep)


def min_p(logits: Tensor, p: float) -> Tensor:
    """Keeps the ids with at least p times the probability of the likeliest (Nguyen et al. 2024).

    Raises:
        ValueError: p below 0 or above 1.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"min_p must be from 0 to 1, got {p}")
    probabilities = logits.softmax(-1)  # [..., V]
    return logits.masked_fill(probabilities < p * probabilities.amax(-1, keepdim=True), -torch.inf)


def penalise_repetition(logits: Tensor, ids: Tensor, penalty: float) -> Tensor:
    """Makes the ids that have occurred less likely (Keskar et al. 2019): logits [B, V], ids [B, T].

    Their logits are divided by the penalty where positive, and multiplied by it where negative.

    Raises:
        ValueError: a penalty below 1, which would reward repetition.
    """
    if not penalty >= 1:
        raise ValueError(f"penalty must be at least 1, got {penalty}")
    seen = torch.zeros_like(logits, dtype=torch.bool).scatter_(-1, ids, True)  # [B, V]
    lower = torch.where(logits > 0, logits / penalty, logits * penalty)  # [B, V]
    return torch.where(seen, lower, logits)


def _only(logits: Tensor, order: Tensor, keep: Tensor) -> Tensor:
    """logits with -inf where the id at that rank of `order` is not kept."""
    kept = torch.zeros_like(logits, dtype=torch.bool)
    return logits.masked_fill(~kept.scatter(-1, order, keep.expand_as(order)), -torch.inf)
