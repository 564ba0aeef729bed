"""Wrong answers of bert/beyond_two_classes: exercise, answer, a piece of what is said of it."""

import numpy as np
import torch.nn.functional as F


def _surprise(logits, labels):
    return F.cross_entropy(logits, labels, reduction="none")


def _correlation(ratings, rng, some, rest):
    shuffled = [rng.permutation(given) for given in ratings]
    means = [(np.mean(some(given)), np.mean(rest(given))) for given in shuffled]
    return np.corrcoef(np.array(means).T)[0, 1]


MISTAKES = [
    (1, lambda: (0.48, 0.48), "not the accuracy"),
    (1, lambda: (0.48, 96 / 148), "blame alone"),
    (1, lambda: (0.48, 0.16), "precision or accuracy"),
    (1, lambda: 0.48, "two numbers"),
    (1, lambda: (0.5, 96 / 148 / 3), "share of blame"),
    (2, lambda: (4, 12), "square root of 1/n"),
    (2, lambda: (16, 64), "in all"),
    (2, lambda: (16, 16), "Twice the people"),
    (2, lambda: 16, "two numbers"),
    (2, lambda: (8, 24), "1/8"),
    (3, lambda z, y, w: _surprise(z, y).mean(), "no effect"),
    (3, lambda z, y, w: (w[y] * _surprise(z, y)).mean(), "divide by B"),
    (3, lambda z, y, w: (w[y] * _surprise(z, y)).sum(), "That is the sum"),
    (3, lambda z, y, w: (w[y] * _surprise(z, y)).sum() / w.sum(), "not of the classes"),
    (4, lambda r, k, g: _correlation(r, g, lambda x: x[:k], lambda x: x), "among the others"),
    (4, lambda r, k, g: _correlation(r, g, lambda x: x[0], lambda x: x[1:]), "one rating"),
    (4, lambda r, k, g: _correlation(r, g, lambda x: x[:k], lambda x: x[k]), "other side is one"),
    (4, lambda r, k, g: _correlation(r, g, lambda x: x[:k], lambda x: x[k:]) ** 2, "square of"),
]
