"""Numbers that a run leaves behind for the results page, and those of a sweep before it."""

from __future__ import annotations

import json
import sysconfig
from pathlib import Path
from typing import Any

from lmcourse.errors import unknown

LADDERS = ("language", "classification")
UNITS = {"bits/char": "{:.3f}", "accuracy": "{:.3f}", "count": "{:,.0f}", "seconds": "{:.0f}"}


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

    The output doubles as a MyST glue value, so pages insert it with `{glue:text}` and `name`.

    Args:
        name: unique in the book, for example "gpt.test_bits".
        value: the number, in `unit`.
        unit: for example "bits/char" or "accuracy".
        interval: lower and upper bound of the 95 % interval.
        ladder: "language" or "classification" to make it a rung of that ladder.
        label: what the rung is called in the figure; required with `ladder`.
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
        "name": name,
        "value": float(value),
        "unit": unit,
        "interval": bounds,
        "ladder": ladder,
        "label": label,
        "parameters": parameters,
        "seconds": seconds,
        "note": note,
    }
    prefix = "application/papermill.record/"
    display(
        {f"{prefix}text/plain": shown},
        raw=True,
        metadata={"scrapbook": {"name": name, "mime_prefix": prefix}, "lmcourse": entry},
    )


def sweep(chapter: str) -> dict[str, Any]:
    """The record of many runs that `chapter` ("bert/finetune_sentiment") shows and could not make.

    It lies in results/sweeps/cpu/ of the repository, and is installed with the package; `command`
    in it is what made it. ValueError when there is none for the chapter.
    """
    below = Path("sweeps", "cpu", f"{chapter}.json")
    installed = Path(sysconfig.get_path("data"), "share", "lmcourse")
    for folder in (Path(__file__).parents[1] / "results", installed):
        if (folder / below).is_file():
            return json.loads((folder / below).read_text(encoding="utf8"))
    raise ValueError(f"no sweep on record for the chapter {chapter!r}")


def gpu_sweep(chapter: str) -> dict[str, Any]:
    """As `sweep`, of runs on a GPU: what lies in results/sweeps/gpu/."""
    return sweep(f"../gpu/{chapter}")
