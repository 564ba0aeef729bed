"""Statements that a run must confirm."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmcourse import session


class ClaimFailed(AssertionError):
    """A statement of the text was not confirmed by the run."""


def check(sentence: str, condition: Any) -> None:
    """Print `✓ sentence` if `condition` holds, or stop the run.

    The `smoke` profile is too small to judge results: there the sentence is printed unjudged.

    Raises:
        ClaimFailed: the condition is false (profiles `cpu` and `gpu`).
        TypeError: the condition is not a single truth value.
    """
    if hasattr(condition, "detach"):  # a tensor, perhaps on a GPU
        condition = condition.detach().cpu()
    holds = np.asarray(condition)
    if holds.size != 1 or holds.dtype != np.bool_:
        raise TypeError(
            f"condition must be one true or false, not {condition!r}; reduce it with all() or any()"
        )
    if session.current().profile == "smoke":
        print(f"· {sentence} (not judged at smoke size)")
    elif not holds:
        raise ClaimFailed(f"This run does not confirm: {sentence}")
    else:
        print(f"✓ {sentence}")


def close(
    sentence: str, actual: Any, expected: Any, *, atol: float = 1e-6, rtol: float = 0.0
) -> None:
    """Print `✓ sentence` if two arrays of the same shape agree, or stop the run.

    Meant for exact arithmetic, which does not depend on the size of an experiment, so it is judged
    in every profile. Agreement means |actual − expected| ≤ atol + rtol·|expected| everywhere.

    Raises:
        ClaimFailed: shapes or values differ, or a value is not a number.
    """
    a, b = _numbers(actual), _numbers(expected)
    if a.shape != b.shape and b.shape != ():
        raise ClaimFailed(f"This run does not confirm: {sentence} (shapes {a.shape} and {b.shape})")
    if not np.allclose(a, b, atol=atol, rtol=rtol):
        gap = np.max(np.abs(a - b)) if a.size else 0.0
        raise ClaimFailed(f"This run does not confirm: {sentence} (largest difference {gap:.3g})")
    print(f"✓ {sentence}")


def _numbers(values: Any) -> np.ndarray:
    if hasattr(values, "detach"):
        values = values.detach().cpu().double()
    return np.asarray(values, dtype=float)
