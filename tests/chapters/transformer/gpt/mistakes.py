"""Wrong answers of transformer/gpt: exercise, answer, what is said of it."""

import numpy as np
import torch

from lmcourse.text.batches import pad


def _unshifted(rows):
    inputs = pad([row[:-1] for row in rows], 0)
    return inputs, inputs


def _moves(model, ids, places, kept):
    for s in places:
        changed = ids.clone()
        changed[0, s] = (ids[0, s] + 1) % 96
        if not torch.equal(model(changed)[0, kept(s)], model(ids)[0, kept(s)]):
            return True
    return False


def _solve(budget, n_layers, a=12, b=386, rounded=np.floor):
    a, b = a * n_layers, b + 13 * n_layers
    return int(rounded((np.sqrt(b**2 + 4 * a * budget) - b) / (2 * a) / 32)) * 32


MISTAKES = [
    (1, _unshifted, "Shift by one"),
    (1, lambda r: (pad([x[:-1] for x in r], 0), pad([x[1:] for x in r], 0)), "Padding counts"),
    (1, lambda r: (pad(r, 0), pad([x[1:] for x in r], -100)), "predicts nothing"),
    (1, lambda r: (pad([x[:-1] for x in r], -100), pad([x[1:] for x in r], -100)), "no id"),
    (1, lambda r: (pad([x[:-2] for x in r], 0), pad([x[1:] for x in r], -100)), "inputs are"),
    (2, lambda n, t: np.mean(n / np.log(2) / (t + 1)), "mean of the sentences' ratios"),
    (2, lambda n, t: n.sum() / (t + 1).sum(), "divide by ln 2"),
    (2, lambda n, t: n.sum() * np.log(2) / (t + 1).sum(), "multiplied"),
    (2, lambda n, t: n.sum() / np.log(2) / t.sum(), "closing mark"),
    (3, lambda m, ids: _moves(m, ids, [5], lambda s: slice(None)), "causal model"),
    (3, lambda m, ids: _moves(m, ids, [9], lambda s: slice(0, s)), "see letter 1"),
    (3, lambda m, ids: _moves(m, ids, [5], lambda s: slice(0, s)), "last letter only"),
    (3, lambda m, ids: _moves(m, ids, range(2, 10), lambda s: slice(0, s)), "see letter 1"),
    (4, lambda budget, n: _solve(budget, n, rounded=np.ceil), "more than"),
    (4, lambda budget, n: _solve(budget, n, b=0), "count the embeddings"),
    (4, lambda budget, n: 100, "multiple of 32"),
    (4, lambda budget, n: 32, "also fits"),
]
