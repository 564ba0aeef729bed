"""Wrong answers of bert/robustness: exercise, answer, a piece of what is said of it."""

import numpy as np

from lmcourse.text.perturbations import with_typos


def _recall(answers, labels, classes):
    shares = [np.mean(answers[labels == k] == k) if (labels == k).any() else 0 for k in classes]
    return np.mean(shares)


def _precision(answers, labels):
    return np.mean([np.mean(labels[answers == k] == k) for k in np.unique(labels)])


def _curve(f, x, y, chances):
    return np.array([np.mean(f(with_typos(x, k, 0)) == y) for k in chances])


MISTAKES = [
    (1, lambda a, y: np.mean(a == y), "plain accuracy"),
    (1, lambda a, y: _recall(a, y, range(4)), "do not occur"),
    (1, _precision, "divide by its texts"),
    (1, lambda a, y: 0.0, "3/4, 1/2"),
    (2, lambda f, x, y, c: _curve(f, x, y, c).mean(), "for each chance"),
    (2, lambda f, x, y, c: _curve(f, x, y, [0] * len(c)), "keep their spelling"),
    (2, lambda f, x, y, c: _curve(f, x, y, [0])[0] - _curve(f, x, y, c), "losses"),
    (2, lambda f, x, y, c: 1 - _curve(f, x, y, c), "wrong answers"),
    (2, lambda f, x, y, c: _curve(f, x, y, c[::-1]), "The order"),
    (2, lambda f, x, y, c: 0.9 * _curve(f, x, y, c), "differ"),
    (3, lambda: 3, "two numbers"),
    (3, lambda: (1, 1), "squared"),
    (3, lambda: (6, 12), "2 is missing"),
    (3, lambda: (1 / 3, 1 / 6), "Upside down"),
    (3, lambda: (2, 4), "first T"),
    (3, lambda: (3, 12), "as well"),
    (3, lambda: (3, 1.5), "must grow"),
    (3, lambda: (3, 3), "do not cancel"),
    (3, lambda: (3, 9), "second T"),
]
