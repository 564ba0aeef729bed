"""Exercise checkers of bert/hyperparameters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lmcourse.exercises.checking import Mistake, exercise


@exercise
def needed(seeds_needed: Any) -> None:
    """Right: with τ = 2, half the width needs four times the seeds (by the exact quantile, 12)."""
    n = float(seeds_needed())
    if n in (9, 12):  # 12 with the quantile of Student's distribution in the place of 2
        return
    if n == 3:
        raise Mistake("Three is the root of the number: square it.")
    if n == 36:
        raise Mistake("One point to *either* side: the part after ± is one point, not half of one.")
    if n in (2.25, 2):
        raise Mistake("The 2 for τ is missing: squared, it makes four times as many.")
    if n in (4.5, 5):
        raise Mistake("To get rid of the root, square the whole other side, the 2 for τ too.")
    if n in (6, 18):
        raise Mistake("It is the standard deviation that is given, not its square.")
    raise Mistake("Set 2 · 1.5 / √n equal to 1 and solve for n.")


@exercise
def kept(promised_and_kept: Any) -> None:
    """Right: what chose a setting must not be asked again what it is worth."""
    table = np.array(
        [
            [0.80, 0.82, 0.81, 0.79],
            [0.81, 0.81, 0.84, 0.79],
            [0.78, 0.86, 0.80, 0.82],
        ]
    )
    found = promised_and_kept(table)
    if np.shape(found) != (2,):
        raise Mistake("Return two numbers: the mean promise, and the mean of what was kept.")
    promise, keep = (float(value) for value in found)
    right = _left_out(table)

    def near(a: float, b: float) -> bool:
        return abs(promise - a) < 1e-9 and abs(keep - b) < 1e-9

    if near(*right):
        return
    if near(right[1], right[0]):
        raise Mistake("The order: first what was promised, then what was kept.")
    best = table.mean(axis=1).argmax()
    if near(table[best].mean(), table[best].mean()):
        raise Mistake("All seeds chose: the seed that is asked afterwards must not choose.")
    if abs(keep - table.max(axis=0).mean()) < 1e-9:
        raise Mistake(
            "Kept is what the *chosen* setting gets, not the best, with the seed left out."
        )
    if abs(promise - right[0]) < 1e-9:
        raise Mistake("The promise is right; kept is the chosen setting at the seed left out.")
    if near(*_left_out(table.T)):
        raise Mistake("A row is a setting, a column a seed: leave out columns.")
    if abs(promise - table[best].mean()) < 1e-9:
        raise Mistake("The promise is the mean over the seeds that chose, without that left out.")
    raise Mistake("For each seed: leave it out, choose by the mean of the others, then ask it.")


def _left_out(table: np.ndarray) -> tuple[float, float]:
    promises, answers = [], []
    for seed in range(table.shape[1]):
        others = np.delete(table, seed, axis=1).mean(axis=1)
        promises.append(others.max())
        answers.append(table[others.argmax(), seed])
    return float(np.mean(promises)), float(np.mean(answers))


@exercise
def alarms(alarms: Any) -> None:
    """Right: corrected, a whole search cries wolf at most about once in twenty."""
    drawn = np.random.default_rng(1).normal(0.8, 0.01, size=(3000, 26, 5))
    answer = alarms(drawn)
    if np.shape(answer) != (2,):
        raise Mistake("Return two shares: with 95 % each, and with Bonferroni's correction.")
    found = tuple(float(share) for share in answer)
    right = _alarms(drawn)

    def near(other: tuple[float, ...]) -> bool:
        return np.allclose(found, other, atol=1e-9)

    if near(right):
        return
    if near(right[::-1]):
        raise Mistake("The order: first 95 % each, then the correction, which gives fewer alarms.")
    if near(tuple(1 - share for share in right)):
        raise Mistake("That is the share *without* an alarm: count searches that have one.")
    if near(_alarms(drawn, root=False)):
        raise Mistake("The standard deviation of the mean is that of the differences over √n.")
    if near(_alarms(drawn, ddof=0)):
        raise Mistake("Formula (1) divides by n − 1, NumPy's std by n: say ddof=1.")
    if near(_alarms(drawn, sides=1)):
        raise Mistake("Half of α lies on either side: take the 1 − α/2 quantile.")
    if near(_alarms(drawn, any_of=False)):
        raise Mistake("An alarm is a search in which *any* of the m intervals misses zero.")
    if near(_alarms(drawn, extra=1)):
        raise Mistake("Of m + 1 settings one is the base: there are m comparisons.")
    if abs(found[0] - right[0]) < 1e-9:
        raise Mistake("The first share is right. For the second, divide 0.05 by m in τ.")
    if abs(found[1] - right[1]) < 1e-9:
        raise Mistake("The second share is right. For the first, leave α at 0.05.")
    raise Mistake("Subtract the first setting within each seed, and count by formula (4).")


def _alarms(
    drawn: np.ndarray,
    *,
    root: bool = True,
    ddof: int = 1,
    sides: int = 2,
    any_of: bool = True,
    extra: int = 0,
) -> tuple[float, float]:
    from scipy.stats import t

    gaps = drawn[:, 1:] - drawn[:, :1]  # [searches, m, n]
    m, n = gaps.shape[1] + extra, gaps.shape[2]
    errors = gaps.std(axis=2, ddof=ddof) / (math.sqrt(n) if root else 1)
    size = np.abs(gaps.mean(axis=2)) / errors  # [searches, m]
    shares = []
    for parts in (1, m):
        missed = size > t.ppf(1 - 0.05 / parts / sides, n - 1)
        shares.append(float(missed.any(axis=1).mean() if any_of else missed.mean()))
    return shares[0], shares[1]
