"""Many runs that a chapter shows and could not make itself, one after the other, on record.

`benchmarks/sweep_<chapter>.py` names the runs and says how one is measured; the chapter reads
results/sweeps/<profile>/<part>/<chapter>.json through `lmcourse.records.sweep`.
"""

import json
import multiprocessing
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
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
    jobs: int = 1,
    precision: str | None = None,
    **about: Any,
) -> list[Trial]:
    """Measures each trial that is not on record; all of them, with what was measured, in order.

    A trial is a dictionary with a "seed", and `measure` is given a session of `profile` begun with
    it. The record is written after every trial, and the same command goes on from it; that of
    another command, or with other words `about` it, is begun anew. With more `jobs` than one so
    many processes measure at a time; `measure` is then a function of a module. `precision` is what
    the record says the runs computed in, for a sweep that does not leave that to the session.
    """
    if precision is not None:
        about["precision"] = precision
    file = SWEEPS / profile / f"{chapter}.json"
    runs = kept(file, {"command": command, **about})
    trials = list(trials)

    def place(run: Trial) -> int:
        return next((i for i, trial in enumerate(trials) if trial.items() <= run.items()), -1)

    missing = [trial for trial in trials if not any(trial.items() <= run.items() for run in runs)]
    for found in _measured(missing, measure, profile, jobs):
        print(found, file=sys.stderr, flush=True)
        runs = sorted([*runs, found], key=place)
        begun = session.start(profile, found["seed"])
        storing.write(file, command, begun, chapter=chapter, **about, runs=runs)
    return runs


def _measured(
    trials: list[Trial],
    measure: Callable[[Session, Trial], dict[str, Any]],
    profile: str,
    jobs: int,
) -> Iterator[Trial]:
    """Each trial with what was measured, as soon as it is."""
    if jobs == 1:
        for trial in trials:
            yield _one(trial, measure, profile)
        return
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        started = [pool.submit(_one, trial, measure, profile) for trial in trials]
        for done in as_completed(started):
            yield done.result()


def _one(trial: Trial, measure: Callable[[Session, Trial], dict[str, Any]], profile: str) -> Trial:
    return trial | measure(session.start(profile, trial["seed"]), trial)


def kept(file: Path, same: dict[str, Any]) -> list[Trial]:
    """The runs in a record that agrees with `same`, or none."""
    if not file.is_file():
        return []
    record = json.loads(file.read_text(encoding="utf8"))
    return record["runs"] if same.items() <= record.items() else []
