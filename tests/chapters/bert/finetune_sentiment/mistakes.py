"""Wrong answers of bert/finetune_sentiment: exercise, answer, what is said of it."""

import numpy as np
import torch.nn.functional as F


def _surprise(logits, labels):
    return F.cross_entropy(logits, labels, reduction="none")


def _fill(lengths, order, cost, budget):
    batches = [[]]
    for i in order:
        if cost([lengths[j] for j in [*batches[-1], i]]) > budget:
            batches.append([])
        batches[-1].append(i)
    return batches


def _padded(lengths):
    return len(lengths) * max(lengths)


def _counts(alone, also):
    return int(alone.sum()), int(also.sum())


MISTAKES = [
    (1, lambda a, b, y: _counts((b == y) & (a != y), (a == y) & (b != y)), "order"),
    (1, lambda a, b, y: _counts(a == y, b == y), "all that each gets right"),
    (
        1,
        lambda a, b, y: _counts((a == y) & (a != b), (a != y) & (a != b)),
        "both answers are wrong",
    ),
    (1, lambda a, b, y: _counts((a == y) & (b != y), (b == y) & (a != y))[:1], "two counts"),
    (2, lambda h, m: h.mean(dim=1), "Padding is in your mean"),
    (2, lambda h, m: (h * m[..., None]).mean(dim=1), "divide by T"),
    (2, lambda h, m: (h * m[..., None]).sum(dim=1) / m.sum(), "whole batch"),
    (2, lambda h, m: (h * m[..., None]).sum(dim=1), "That is the sum"),
    (2, lambda h, m: h[:, 0], "differ from the mean"),
    (3, lambda z, y, w: _surprise(z, y).mean(), "no effect"),
    (3, lambda z, y, w: (w[y] * _surprise(z, y)).mean(), "divide by B"),
    (3, lambda z, y, w: (w[y] * _surprise(z, y)).sum(), "That is the sum"),
    (3, lambda z, y, w: (w[y] * _surprise(z, y)).sum() / w.sum(), "not of the classes"),
    (4, lambda n, budget: _fill(n, np.argsort(n), sum, budget), "added up lengths"),
    (4, lambda n, budget: _fill(n, range(len(n)), _padded, budget), "in order of length"),
    (4, lambda n, budget: [[i] for i in range(len(n))], "More batches"),
    (4, lambda n, budget: _fill(n, np.argsort(n), _padded, budget)[:-1], "exactly once"),
    (4, lambda n, budget: [sorted(n)], "return the numbers"),
    (4, lambda n, budget: [*_fill(n, np.argsort(n), _padded, budget), []], "empty"),
]
