"""`lmcourse seeds`: one chapter, several seeds, and how far its numbers spread."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from lmcourse.data.source import source
from lmcourse.errors import UnknownName
from lmcourse.evaluation.intervals import seeds_interval
from lmcourse.runner import results
from lmcourse.runner.execute import Finished, execute
from lmcourse.runner.find import Chapter, ChapterError
from lmcourse.runner.machine import environment
from lmcourse.runner.run import Plan


def parse(text: str) -> list[int]:
    """Seeds from `"0,1,2"`; `UnknownName` unless they are at least two different ones."""
    pieces = [piece.strip() for piece in text.split(",")]
    if not all(piece.isdecimal() for piece in pieces) or len(set(pieces)) < 2:
        raise UnknownName(f"seeds {text!r} are not two or more different whole numbers, as 0,1,2.")
    return [int(piece) for piece in dict.fromkeys(pieces)]


def run_seeds(
    chapter: Chapter,
    seeds: list[int],
    profile: str,
    *,
    on_end: Callable[[int, Finished], None],
    **options: Any,
) -> Path:
    """Run the chapter once a seed and write results/seeds/<profile>/<part>/<name>.json.

    Each record gets its mean and 95 % Student-t interval over the seeds; `options` are those of
    `execute`.

    Raises:
        ChapterError: the profile or the source of data is not one whose numbers are kept, a seed's
            run failed, or leaves other records than the rest; nothing is written.
    """
    tasks = {seed: Plan(profile, {"SEED": seed}).task(chapter) for seed in seeds}
    if profile not in results.PROFILES or source() != "assets":
        raise ChapterError("only cpu and gpu runs on the packaged data leave numbers over seeds.")
    runs: dict[int, dict[str, Any]] = {}
    for finished in execute(tasks.values(), **options):
        seed = next(seed for seed, task in tasks.items() if task is finished.task)
        on_end(seed, finished)
        if finished.notebook is None:
            raise ChapterError(f"{chapter.name} failed with seed {seed}; nothing was written.")
        runs[seed] = {
            "seconds": round(finished.seconds, 1),
            "records": results.collect(finished.notebook),
        }
    listed = ",".join(str(seed) for seed in seeds)
    path = chapter.root / "results" / "seeds" / profile / f"{chapter.name}.json"
    results.write(
        path,
        {
            "chapter": chapter.name,
            "command": f"lmcourse seeds {chapter.name} --seeds {listed} --profile {profile}",
            "date": date.today().isoformat(),
            "environment": environment(profile),
            "profile": profile,
            "seeds": {str(seed): runs[seed] for seed in seeds},
            "records": summary([runs[seed]["records"] for seed in seeds]),
        },
    )
    return path


def summary(runs: list[dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Mean and interval over the runs of every record; `ChapterError` when their names differ."""
    if any(run.keys() != runs[0].keys() for run in runs):
        raise ChapterError("the seeds do not leave the same records.")
    spread = {}
    for name, first in runs[0].items():
        values = [run[name]["value"] for run in runs]
        varies = len(set(values)) > 1  # the mean of equal numbers may differ from them in rounding
        mean, low, high = seeds_interval(values) if varies else (values[0],) * 3
        spread[name] = {
            "mean": mean,
            "interval": [low, high],
            "unit": first["unit"],
            "seeds": len(runs),
            "ladder": first.get("ladder"),
            "label": first.get("label"),
        }
    return spread
