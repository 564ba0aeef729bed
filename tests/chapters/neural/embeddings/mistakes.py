"""Wrong answers of neural/embeddings: exercise, answer, a piece of what is said of it."""

import numpy as np

PMI, PRODUCT = np.log(1.5), np.log(0.5)
MISTAKES = [
    (1, lambda: PMI, "Three numbers"),
    (1, lambda: (np.log2(1.5), PRODUCT, 1 / 3), "natural logarithm"),
    (1, lambda: (np.log(6 / 16), PRODUCT, 1 / 3), "D is the sum"),
    (1, lambda: (1.5, PRODUCT, 1 / 3), "the logarithm of 6"),
    (1, lambda: (PMI, PMI + np.log(3), 1 / 3), "push it down"),
    (1, lambda: (PMI, PMI - 3, 1 / 3), "not k"),
    (1, lambda: (PMI, 0.5, 1 / 3), "PMI − log 3"),
    (1, lambda: (PMI, PRODUCT, 0.6), "not of the PMI"),
    (1, lambda: (PMI, PRODUCT, 0.5), "e to the product"),
    (1, lambda: (PMI, PRODUCT, 0.2), "0.5 / 1.5"),
    (2, lambda u, a, b, c: u @ (u[b] - u[a] + u[c]), "One id"),
    (2, lambda u, a, b, c: int((u @ (u[b] - u[a] + u[c])).argmax()), "left out"),
    (2, lambda u, a, b, c: best(u, u[a] - u[b] + u[c], (a, b, c)), "wrong way round"),
    (2, lambda u, a, b, c: best(u, u[a], (a, b, c)), "larger product"),
    (2, lambda u, a, b, c: changing(u, a, b, c), "was changed"),
    (3, lambda: 5, "Two windows"),
    (3, lambda: (1, 2), "comes first"),
    (3, lambda: (2, 10), "higher ranks"),
    (3, lambda: (5, 1), "lower ranks"),
]


def best(unit, wanted, given):
    """The id of the largest product, none of those given."""
    products = unit @ wanted
    products[list(given)] = -np.inf
    return int(products.argmax())


def changing(unit, a, b, c):
    """The right answer, and the given words' vectors lost."""
    found = best(unit, unit[b] - unit[a] + unit[c], (a, b, c))
    unit[[a, b, c]] = 0
    return found
