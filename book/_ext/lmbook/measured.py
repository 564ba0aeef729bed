"""What the runs measured, read from `results/`.

`results/<profile>/<part>/<chapter>.json` is one run of a chapter, `results/seeds/<profile>/…` the
same chapter over several seeds.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROFILES = ("cpu", "gpu")
SEEDS = "seeds"


class ResultsError(ValueError):
    """A results file that cannot be used, with its name and what to do."""


@dataclass(frozen=True)
class Timing:
    """Seconds and peak memory of one executed chapter."""

    chapter: str
    seconds: float
    peak_mb: float
    date: str
    device: str


@dataclass(frozen=True)
class OverSeeds:
    """Mean and 95 % Student-t interval over several seeds."""

    mean: float
    interval: tuple[float, float]
    seeds: int


@dataclass(frozen=True)
class Rung:
    """One model on a ladder: the value of the stored run, and how it spreads.

    `interval` is over the test sentences of that run; `over_seeds` is there where the chapter ran
    with several seeds and the model depends on them.
    """

    name: str
    label: str
    value: float
    interval: tuple[float, float] | None
    over_seeds: OverSeeds | None
    parameters: int | None
    seconds: float | None
    note: str
    chapter: str
    profile: str
    device: str


def load(folder: Path, place: str, chapter: str) -> dict[str, Any]:
    """The file of `chapter` under `folder / place`; empty when there is none.

    Raises:
        ResultsError: not a JSON object, or of another chapter than its place says.
    """
    path = folder / place / f"{chapter}.json"
    if not path.is_file():
        return {}
    name = f"results/{place}/{chapter}.json"
    again = f"restore it, or write it anew with `{_command(place, chapter)}`."
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ResultsError(f"{name} is not JSON ({error}); {again}") from None
    if not isinstance(data, dict):
        raise ResultsError(f"{name} is not a JSON object; {again}")
    if data.get("chapter") != chapter:
        raise ResultsError(f"{name} is of the chapter {data.get('chapter')!r}; {again}")
    return data


def _command(place: str, chapter: str) -> str:
    verb, _, profile = place.rpartition("/")
    return f"lmcourse {verb or 'run'} {chapter} --profile {profile}"


def runs(folder: Path, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every chapter that has a file under `folder / place`, and the file."""
    for path in sorted((folder / place).glob("*/*.json")):
        chapter = path.relative_to(folder / place).with_suffix("").as_posix()
        yield chapter, load(folder, place, chapter)


def check(folder: Path) -> None:
    """Read every results file once, so that a broken one stops the build before it begins."""
    for profile in PROFILES:
        for place in (profile, f"{SEEDS}/{profile}"):
            for _ in runs(folder, place):
                pass


def machine(environment: dict[str, Any], profile: str) -> str:
    """The machine of a run in a few words: the GPU's name, or how many cores of which processor."""
    device, cores = environment.get("device"), environment.get("cpu_count")
    if profile == "gpu" and device:
        return str(device)
    if not cores:
        return "CPU"
    return f"{cores} CPU cores" + (f" ({device})" if device and device != "cpu" else "")


def timings(folder: Path, profile: str = "cpu") -> dict[str, Timing]:
    """Time and memory of every chapter executed in `profile`, by chapter."""
    found = {}
    for chapter, run in runs(folder, profile):
        where = machine(run.get("environment", {}), profile)
        found[chapter] = Timing(chapter, run["seconds"], run["peak_mb"], run["date"], where)
    return found


def rungs(folder: Path, ladder: str) -> list[Rung]:
    """The rungs of `ladder`, best first: fewest bits per character, or highest accuracy."""
    found = []
    for profile in PROFILES:
        for chapter, run in runs(folder, profile):
            environment = run.get("environment", {})
            if ladder == "classification" and environment.get("source") == "hub":
                continue  # IMDB is another test set
            spread = load(folder, f"{SEEDS}/{profile}", chapter)
            for name, record in run.get("records", {}).items():
                if record.get("ladder") == ladder:
                    where = (chapter, profile, machine(environment, profile))
                    found.append(_rung(name, record, over_seeds(spread, name), *where))
    return sorted(found, key=lambda rung: rung.value, reverse=ladder == "classification")


def _rung(
    name: str,
    record: dict[str, Any],
    spread: OverSeeds | None,
    chapter: str,
    profile: str,
    device: str,
) -> Rung:
    interval = record.get("interval")
    label = record.get("label") or name
    return Rung(
        name=name,
        label=label[0].upper() + label[1:],
        value=record["value"],
        interval=(interval[0], interval[1]) if interval else None,
        over_seeds=spread,
        parameters=record.get("parameters"),
        seconds=record.get("seconds"),
        note=record.get("note") or "",
        chapter=chapter,
        profile=profile,
        device=device,
    )


def over_seeds(file: dict[str, Any], name: str) -> OverSeeds | None:
    """Mean and interval of one record over seeds; none for a model that no seed changes."""
    summary = file.get("records", {}).get(name)
    if not summary or summary["interval"][0] == summary["interval"][1]:
        return None
    low, high = summary["interval"]
    return OverSeeds(summary["mean"], (low, high), len(file["seeds"]))
