"""Exercise checkers of bert/choosing_a_model."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from lmcourse.exercises.checking import Mistake, exercise, same


@exercise
def on_paper(on_paper: Any) -> None:
    """Right: half may go on, and one in two is slow, so p95 is that of the slow way."""
    share, late = on_paper()
    if same(share, 10 / 18):
        raise Mistake("(a) The first millisecond is spent on every sentence: 1 + 18 s = 10.")
    if same(share, 9 / 17):
        raise Mistake("(a) Those that go on take 1 + 18 ms, not 18: both systems read them.")
    if not same(share, 0.5):
        raise Mistake("(a) Solve 1 + 18 s = 10 for s.")
    if same(late, 10):
        raise Mistake("(b) 10 ms is the mean; no answer takes that long.")
    if same(late, 18):
        raise Mistake("(b) The slow answers have been through TF-IDF first.")
    if same(late, 1):
        raise Mistake("(b) With half of the answers slow, 95 of 100 are not done after 1 ms.")
    if not same(late, 19):
        raise Mistake("(b) Half of the answers take 1 ms, half of them 1 + 18.")


@exercise
def pareto(pareto: Any) -> None:
    """Right: no worse everywhere and better somewhere is what dominates."""
    rng = np.random.default_rng(0)
    tables = [rng.integers(0, 4, size=(8, k)) for k in (2, 3, 4) for _ in range(5)]
    tables.append(np.array([[1, 2], [1, 2], [1, 3], [2, 1]]))
    for table in tables:
        costs = table.astype(float)
        result = np.asarray(pareto(costs))
        if result.shape != (len(costs),):
            raise Mistake(f"Return one truth value a system: [{len(costs)}], not {result.shape}.")
        stays, strictly, unique = [], [], []
        for i, mine in enumerate(costs):
            others = [row for j, row in enumerate(costs) if j != i]
            beaten = [(row <= mine).all() and (row < mine).any() for row in others]
            stays.append(not any(beaten))
            strictly.append(not any((row < mine).all() for row in others))
            unique.append(not any((row <= mine).all() for row in others))
        if np.array_equal(result, stays):
            continue
        if np.array_equal(result, np.logical_not(stays)):
            raise Mistake("That marks the dominated ones: True is for those that remain.")
        if np.array_equal(result, strictly):
            raise Mistake("Who is equal in one cost and better in another dominates, too.")
        if np.array_equal(result, unique):
            raise Mistake("Two equal systems do not dominate each other: both may remain.")
        raise Mistake("Compare each system with each other: no worse in all, better in one.")


@exercise
def share_of_others(share_of_others: Any) -> None:
    """Right: what was set on the sentences learned from lets another share of others go on."""
    rng = np.random.default_rng(0)
    for share, scale in itertools.product((0.1, 0.3, 0.5), (0.5, 1.0)):
        chosen, others = rng.random(501), scale * rng.random(400)
        result = float(share_of_others(chosen, others, share))
        threshold = np.quantile(chosen, share)
        if same(result, np.mean(others < threshold)):
            continue
        if same(result, np.mean(others > threshold)):
            raise Mistake("Those in doubt go on: the doubts *below* the threshold.")
        if same(result, np.mean(others < np.quantile(others, share))):
            raise Mistake("The threshold is set on the chosen sentences, not on the others.")
        if same(result, np.mean(chosen < threshold)) or same(result, share):
            raise Mistake("That is the share of the sentences that the threshold was set on.")
        if same(result, np.mean(others < share)):
            raise Mistake("0.3 is a share of sentences, not a doubt: take the quantile.")
        raise Mistake("Find the quantile of the chosen, then the share of the others below it.")
