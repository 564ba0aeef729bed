"""Statements that a run must confirm, and numbers that it leaves behind."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmcourse import session
from lmcourse.choices import unknown

LADDERS = ("language", "classification")
UNITS = {"bits/char": "{:.3f}", "accuracy": "{:.3f}", "count": "{:,.0f}", "seconds": "{:.0f}"}


class ClaimFailed(AssertionError):
    """A statement of the text was not confirmed by the run."""


def check(sentence: str, condition: Any) -> None:
    """Print ``✓ sentence`` if ``condition`` holds, or stop the run.

    The ``smoke`` profile is too small to judge results: there the sentence is printed unjudged.

    Raises:
        ClaimFailed: the condition is false (profiles ``cpu`` and ``gpu``).
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
    """Print ``✓ sentence`` if two arrays of the same shape agree, or stop the run.

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


def record(
    name: str,
    value: float,
    unit: str,
    interval: tuple[float, float] | None = None,
    *,
    ladder: str | None = None,
    label: str | None = None,
    parameters: int | None = None,
    seconds: float | None = None,
    note: str = "",
) -> None:
    """Show a measured number and leave it in the notebook's outputs for the results page.

    The output doubles as a MyST glue value, so pages insert it with ``{glue:text}`` and ``name``.

    Args:
        name: unique in the book, for example "gpt.test_bits".
        value: the number, in ``unit``.
        unit: for example "bits/char" or "accuracy".
        interval: lower and upper bound of the 95 % interval.
        ladder: "language" or "classification" to make it a rung of that ladder.
        label: what the rung is called in the figure; required with ``ladder``.
        parameters: trained numbers of the model, or counts stored.
        seconds: time to train, in seconds.
        note: shown beside the rung.

    Raises:
        ValueError: unknown ladder, a rung without label, a value outside its interval.
    """
    from IPython.display import display

    if ladder is not None and ladder not in LADDERS:
        raise unknown("ladder", ladder, LADDERS)
    if ladder is not None and not label:
        raise ValueError(f"record {name!r} is a rung of the ladder {ladder!r} and needs a label")
    bounds = None if interval is None else [float(bound) for bound in interval[-2:]]
    if bounds and not bounds[0] <= value <= bounds[1]:
        raise ValueError(f"record {name!r}: value {value} lies outside its interval {bounds}")
    shown = UNITS.get(unit, "{:.4g}").format(value)
    spread = "" if bounds is None else " [{:.3f}, {:.3f}]".format(*bounds)
    print(f"{label or name}: {shown}{spread} {unit}")
    entry = {
        "name": name, "value": float(value), "unit": unit, "interval": bounds, "ladder": ladder,
        "label": label, "parameters": parameters, "seconds": seconds, "note": note,
    }  # fmt: skip
    prefix = "application/papermill.record/"
    display(
        {f"{prefix}text/plain": shown},
        raw=True,
        metadata={"scrapbook": {"name": name, "mime_prefix": prefix}, "lmcourse": entry},
    )


def _numbers(values: Any) -> np.ndarray:
    if hasattr(values, "detach"):
        values = values.detach().cpu().double()
    return np.asarray(values, dtype=float)
