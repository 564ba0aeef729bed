"""Exercise checkers of bert/few_labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmcourse.exercises.checking import Mistake, exercise


@exercise
def threshold(threshold_for: Any) -> None:
    """Right: a share of praise that is known replaces the guess of one half."""
    rng = np.random.default_rng(0)
    for share in (0.2, 0.5, 0.9):
        scores = rng.normal(3, 2, 1000)
        above = float(np.mean(scores > float(threshold_for(scores, share))))
        if abs(above - share) <= 0.002:
            continue
        if abs(above - (1 - share)) <= 0.002:
            raise Mistake("That share lies below the threshold, and praise lies above it.")
        if abs(above - np.mean(scores > scores.mean())) <= 0.002:
            raise Mistake("That is the mean, whatever the share: use `share`.")
        raise Mistake(
            f"Of 1,000 scores the share above your threshold is {above:.3f}, not {share}."
        )


@exercise
def draws(draws_needed: Any) -> None:
    """Right: all six lie on one side of the median in 1 case of 32."""
    n = float(draws_needed())
    if n == 6:
        return
    if n == 5:
        raise Mistake("All five on one given side: 1 in 32. But there are two sides: 1 in 16.")
    if n == 20:
        raise Mistake("One in twenty is the risk that you may take, not the number of draws.")
    if n == 7:
        raise Mistake("Seven will do, and so will fewer.")
    raise Mistake("Outside means all S above the median or all S below it: 2 · (1/2)^S ≤ 0.05.")


@exercise
def unbalanced(draw_any: Any) -> None:
    """Right: now chance decides how many of the labels are praise."""
    labels = np.tile([0, 1], 500)
    found = {
        (n, seed): np.asarray(draw_any(labels, n, seed)) for n in (8, 64) for seed in range(200)
    }
    for (n, _), chosen in found.items():
        if chosen.shape != (n,):
            raise Mistake(f"Return n numbers of sentences, not an array of shape {chosen.shape}.")
        if len({*chosen.tolist()}) < n:
            raise Mistake("A sentence came twice: draw without putting back.")
        if not (chosen.min() >= 0 and chosen.max() < len(labels)):
            raise Mistake(f"The numbers of {len(labels)} sentences go from 0 to {len(labels) - 1}.")
    if not all(np.array_equal(found[8, s], found[64, s][:8]) for s in range(200)):
        if all({*found[8, s].tolist()} <= {*found[64, s].tolist()} for s in range(200)):
            return
        raise Mistake("The draw of 64 must hold the draw of 8: take the first of one order.")
    if np.array_equal(found[8, 0], found[8, 1]):
        raise Mistake("Two seeds gave the same draw.")
    praise = np.array([labels[found[8, s]].sum() for s in range(200)])
    if praise.std() < 0.5:
        raise Mistake("Every draw has as much praise: do not look at the labels.")
    if not (abs(praise.mean() - 4) < 0.5 and 1.1 < praise.std() < 1.8):
        raise Mistake("Praise is half of the sentences: all of them alike must have a chance.")
