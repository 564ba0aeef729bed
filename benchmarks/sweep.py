"""Many runs that a chapter shows and could not make itself, one after the other, on record.

`benchmarks/sweep_<chapter>.py` names the runs and says how one is measured; the chapter reads
results/sweeps/cpu/<part>/<chapter>.json through `lmcourse.records.sweep`. What took a GPU lies in
results/sweeps/gpu, and its name for `sweep` is "../gpu/<part>/<chapter>".
"""

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import storing

from lmcourse import session
from lmcourse.session import Session

SWEEPS = Path(__file__).parents[1] / "results" / "sweeps"
Trial = dict[str, Any]


def run(
    chapter: str,
    command: str,
    trials: Iterable[Trial],
    measure: Callable[[Session, Trial], dict[str, Any]],
    profile: str = "cpu",
    **about: Any,
) -> list[Trial]:
    """Measures each trial that is not on record; all of them, with what was measured, in order.

    A trial is a dictionary with a "seed", and `measure` is given a session begun with it. The
    record is written after every trial, and the same command goes on from it; that of another
    command, or with other words `about` it, is begun anew.
    """
    file = SWEEPS / profile / f"{chapter}.json"
    runs = kept(file, {"command": command, **about})
    for trial in trials:
        if any(trial.items() <= done.items() for done in runs):
            continue
        begun = session.start(profile, trial["seed"])
        runs.append(trial | measure(begun, trial))
        print(runs[-1], file=sys.stderr, flush=True)
        storing.write(file, command, begun, chapter=chapter, **about, runs=runs)
    return runs


def kept(file: Path, same: dict[str, Any]) -> list[Trial]:
    """The runs in a record that agrees with `same`, or none."""
    if not file.is_file():
        return []
    record = json.loads(file.read_text(encoding="utf8"))
    return record["runs"] if same.items() <= record.items() else []
