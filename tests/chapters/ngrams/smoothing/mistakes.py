"""Wrong answers of ngrams/smoothing: exercise, answer, a piece of what is said of it."""

import numpy as np

MISTAKES = [
    (1, lambda: (1 / 8, 1.0, 1 / 16, 1 / 2), "plus the mass"),
    (1, lambda: (8 / 9, 1 / 2, 1 / 16, 1 / 2), "different symbols"),
    (1, lambda: (0.2, 1 / 2, 1 / 16, 1 / 2), "denominator 8 + 1"),
    (1, lambda: (1 / 9, 0.2, 1 / 16, 1 / 2), "denominator 8 + 8"),
    (1, lambda: (1 / 9, 1 / 2, 1 / 2, 1 / 2), "once an occurrence"),
    (1, lambda: (1 / 9, 1 / 2, 0.5 / 8.5, 4 / 12), "add up to the eight"),
    (1, lambda: (1 / 9, 1 / 2, 0.3, 1 / 2), "one count gives up"),
    (1, lambda: (1 / 9, 1 / 2, 1 / 16, 1 / 16), "each of the eight"),
    (1, lambda: (1 / 9, 1 / 2, 1 / 16, 0.3), "eight halves"),
    (1, lambda: (1 / 9, 1 / 2), "Four numbers"),
    (2, lambda c, s: np.where(c > 0, c / c.sum(), 0.4 * s), "One number"),
    (2, lambda c, s: (c / c.sum()).sum(), "The sum is one"),
    (2, lambda c, s: np.where(c > 0, c / c.sum(), s).sum(), "multiplied by 0.4"),
    (2, lambda c, s: (c / c.sum() + 0.4 * s).sum(), "That is interpolation"),
    (2, lambda c, s: np.where(c > 0, 0.6 * c / c.sum(), 0.4 * s).sum(), "Nothing is taken"),
    (2, lambda c, s: 2.0, "where not"),
    (3, lambda: 5, "Two orders"),
    (3, lambda: (9, 5), "comes first"),
    (3, lambda: (6, 9), "whole training text"),
    (3, lambda: (9, 9), "not on training"),
    (3, lambda: (4, 9), "every eighth"),
    (3, lambda: (5, 8), "still better"),
    (3, lambda: (5, 5), "another of the orders"),
]
