"""Wrong answers of transformer/attention_at_work: exercise, answer, what is said of it."""

import math

import numpy as np
import torch


def _merge(first, second, *, sums=True, vectors=True, overflow=False):
    (m1, l1, a1), (m2, l2, a2) = first, second
    m = max(m1, m2)
    f1, f2 = math.exp(m1 - m), math.exp(m2 - m)
    if overflow:
        scale = np.exp(-m)
        f1, f2 = np.exp(m1) * scale, np.exp(m2) * scale
    total = f1 * l1 + f2 * l2 if sums else l1 + l2
    return m, total, f1 * a1 + f2 * a2 if vectors else a1 + a2


def _first_maximum(first, second):
    factor = math.exp(min(700, second[0] - first[0]))
    return first[0], first[1] + factor * second[1], first[2] + factor * second[2]


@torch.no_grad()
def _replace(encoder, ids, mask_id, *, own=False, total=False, shape=False, inplace=False):
    T, result = len(ids), []
    before = encoder(ids[None]).last_hidden_state[0]
    for s in range(T):
        text = ids if inplace else ids.clone()
        text[s] = mask_id
        moved = encoder(text[None]).last_hidden_state[0] - before
        kept = moved if own else moved[torch.arange(T) != s]
        result.append(kept.norm(dim=-1) if shape else (kept.sum(0) if total else kept.mean(0)))
    return torch.stack(result) if shape else torch.stack(result).norm(dim=-1)


MISTAKES = [
    (1, lambda d: 2 * d, "attention alone"),
    (1, lambda d: 4 * d, "feed-forward part alone"),
    (1, lambda d: 3 * d, "additions"),
    (1, lambda d: 12 * d, "weighted sums"),
    (2, lambda a, b: _merge(a, b, sums=False, vectors=False), "Rescale before"),
    (2, lambda a, b: _merge(a, b, vectors=False), "factors as well"),
    (2, _first_maximum, "larger of the two"),
    (2, lambda a, b: _merge(a, b, overflow=True), "overflows"),
    (3, lambda f: 1 / f, "1 - w"),
    (3, lambda f: f / (1 + f), "o plus change"),
    (4, lambda e, i, m: _replace(e, i, m, own=True), "own vector"),
    (4, lambda e, i, m: _replace(e, i, m, total=True), "T - 1"),
    (4, lambda e, i, m: _replace(e, i, m, shape=True), "One number a token"),
    (4, lambda e, i, m: _replace(e, i, m, inplace=True), "changed `ids`"),
]
