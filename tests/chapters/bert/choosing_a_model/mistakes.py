"""Wrong answers of bert/choosing_a_model: exercise, answer, a piece of what is said of it."""

import numpy as np


def _pareto(costs, rule):
    others = [np.delete(costs, i, axis=0) for i in range(len(costs))]
    pairs = zip(others, costs, strict=True)
    return np.array([not any(rule(row, mine) for row in rows) for rows, mine in pairs])


def _dominates(row, mine):
    return (row <= mine).all() and (row < mine).any()


MISTAKES = [
    (1, lambda: (10 / 18, 19), "first millisecond"),
    (1, lambda: (9 / 17, 19), "both systems read them"),
    (1, lambda: (0.4, 19), "Solve"),
    (1, lambda: (0.5, 10), "mean"),
    (1, lambda: (0.5, 18), "through TF-IDF first"),
    (1, lambda: (0.5, 1), "not done after 1 ms"),
    (1, lambda: (0.5, 17), "Half of the answers"),
    (2, lambda costs: _pareto(costs, _dominates)[:-1], "one truth value"),
    (2, lambda costs: ~_pareto(costs, _dominates), "dominated ones"),
    (2, lambda costs: _pareto(costs, lambda a, b: (a < b).all()), "equal in one cost"),
    (2, lambda costs: _pareto(costs, lambda a, b: (a <= b).all()), "Two equal systems"),
    (2, lambda costs: costs.sum(axis=1) == costs.sum(axis=1).min(), "Compare each"),
    (3, lambda a, b, s: np.mean(b > np.quantile(a, s)), "go on"),
    (3, lambda a, b, s: np.mean(a < np.quantile(a, s)), "was set on"),
    (3, lambda a, b, s: np.mean(b < np.quantile(b, s)), "not on the others"),
    (3, lambda a, b, s: np.mean(b < s), "not a doubt"),
    (3, lambda a, b, s: np.mean(a) + 1, "Find the quantile"),
]
