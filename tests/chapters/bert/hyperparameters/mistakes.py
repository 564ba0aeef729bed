"""Wrong answers of bert/hyperparameters: exercise, answer, a piece of what is said of it."""

import numpy as np
from scipy.stats import t


def _left_out(table, choose_with_all=False, ask="chosen", promise_with_all=False):
    promises, answers = [], []
    for seed in range(table.shape[1]):
        others = np.delete(table, seed, axis=1).mean(axis=1)
        best = (table.mean(axis=1) if choose_with_all else others).argmax()
        promises.append((table.mean(axis=1) if promise_with_all else others).max())
        answers.append(table[best, seed] if ask == "chosen" else table[:, seed].max())
    return float(np.mean(promises)), float(np.mean(answers))


def _all_choose(table):
    best = table.mean(axis=1).max()
    return best, best


def _alarms(drawn, *, any_of=True, root=True, sides=2, ddof=1, without=False, alphas=None):
    gaps = drawn[:, 1:] - drawn[:, :1]
    m, n = gaps.shape[1:]
    error = gaps.std(axis=-1, ddof=ddof) / (np.sqrt(n) if root else 1)
    size = np.abs(gaps.mean(axis=-1)) / error
    found = []
    for parts in alphas or (1, m):
        missed = size > t.ppf(1 - 0.05 / parts / sides, n - 1)
        share = missed.any(axis=1).mean() if any_of else missed.mean()
        found.append(1 - share if without else share)
    return tuple(found)


MISTAKES = [
    (1, lambda: 3, "square it"),
    (1, lambda: 36, "either"),
    (1, lambda: 2.25, "2 for τ is missing"),
    (1, lambda: 4.5, "square the whole"),
    (1, lambda: 6, "not its square"),
    (1, lambda: 25, "solve for n"),
    (2, lambda table: (*_left_out(table), 0), "two numbers"),
    (2, lambda table: _left_out(table)[::-1], "The order"),
    (2, _all_choose, "must not choose"),
    (2, lambda table: _left_out(table, ask="best"), "*chosen*"),
    (2, lambda table: _left_out(table, choose_with_all=True), "at the seed left out"),
    (2, lambda table: _left_out(table.T), "leave out columns"),
    (2, lambda table: _left_out(table, promise_with_all=True), "without that left out"),
    (2, lambda table: (0.0, 0.0), "then ask it"),
    (3, lambda drawn: (*_alarms(drawn), 0), "two shares"),
    (3, lambda drawn: _alarms(drawn)[::-1], "The order"),
    (3, lambda drawn: _alarms(drawn, without=True), "*without*"),
    (3, lambda drawn: _alarms(drawn, root=False), "over √n"),
    (3, lambda drawn: _alarms(drawn, ddof=0), "ddof=1"),
    (3, lambda drawn: _alarms(drawn, sides=1), "either side"),
    (3, lambda drawn: _alarms(drawn, any_of=False), "*any*"),
    (3, lambda drawn: _alarms(drawn, alphas=(1, 26)), "one is the base"),
    (3, lambda drawn: _alarms(drawn, alphas=(1, 5)), "divide 0.05 by m"),
    (3, lambda drawn: _alarms(drawn, alphas=(5, 25)), "leave α"),
    (3, lambda drawn: (0.3, 0.01), "formula (4)"),
]
