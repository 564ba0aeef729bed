"""What the runs measured, read from ``results/*.json`` and ``results/seeds/*.json``."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

PROFILES = ("cpu", "gpu")


@dataclass(frozen=True)
class Timing:
    """Seconds and peak memory of one executed chapter."""

    chapter: str
    seconds: float
    peak_mb: float
    date: str
    device: str


@dataclass(frozen=True)
class Rung:
    """One model on a ladder; ``seeds`` counts the runs behind ``value``."""

    name: str
    label: str
    value: float
    unit: str
    interval: tuple[float, float] | None
    parameters: int | None
    seconds: float | None
    note: str
    chapter: str
    profile: str
    device: str
    seeds: int = 1


def load(path: Path) -> dict[str, Any]:
    """One results file, empty when it is not there yet."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def machine(environment: dict[str, Any], profile: str) -> str:
    """The machine of a run in a few words: the GPU's name, or how many cores of which processor."""
    device, cores = environment.get("device"), environment.get("cpu_count")
    if profile == "gpu" and device:
        return str(device)
    if not cores:
        return "CPU"
    return f"{cores} CPU cores" + (f" ({device})" if device and device != "cpu" else "")


def timings(folder: Path, profile: str = "cpu") -> dict[str, Timing]:
    """Time and memory of every chapter executed in ``profile``, by chapter."""
    file = load(folder / f"{profile}.json")
    found = {}
    for chapter, run in file.get("chapters", {}).items():
        where = machine(run.get("environment") or file.get("environment", {}), profile)
        found[chapter] = Timing(chapter, run["seconds"], run["peak_mb"], run["date"], where)
    return found


def rungs(folder: Path, ladder: str) -> list[Rung]:
    """The rungs of ``ladder``, best first: fewest bits per character, or highest accuracy."""
    found = []
    for profile in PROFILES:
        file = load(folder / f"{profile}.json")
        for chapter, run in file.get("chapters", {}).items():
            environment = run.get("environment") or file.get("environment", {})
            if ladder == "classification" and environment.get("source") == "hub":
                continue  # IMDB is another test set
            where = machine(environment, profile)
            for name, record in run.get("records", {}).items():
                if record.get("ladder") == ladder:
                    rung = _rung(name, record, chapter, profile, where)
                    found.append(over_seeds(folder, rung))
    return sorted(found, key=lambda rung: rung.value, reverse=ladder == "classification")


def _rung(name: str, record: dict[str, Any], chapter: str, profile: str, where: str) -> Rung:
    interval = record.get("interval")
    label = record.get("label") or name
    return Rung(
        name=name,
        label=label[0].upper() + label[1:],
        value=record["value"],
        unit=record.get("unit", ""),
        interval=(interval[0], interval[1]) if interval else None,
        parameters=record.get("parameters"),
        seconds=record.get("seconds"),
        note=record.get("note") or "",
        chapter=chapter,
        profile=profile,
        device=where,
    )


def over_seeds(folder: Path, rung: Rung) -> Rung:
    """``rung`` with the mean over seeds where a record over seeds of that profile exists.

    A model that does not depend on the seed keeps its value and its interval over test items.
    """
    file = load(folder / "seeds" / f"{rung.chapter.replace('/', '.')}.{rung.profile}.json")
    summary = file.get("records", {}).get(rung.name)
    if not summary:
        return rung
    low, high = summary["interval"]
    if low == high:
        return rung
    seeds = len(file["seeds"])
    return replace(rung, value=summary["mean"], interval=(low, high), seeds=seeds)
