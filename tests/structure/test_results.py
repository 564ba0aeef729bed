"""What runs have left: every chapter's, within its budget, under names that occur once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from lmcourse.runner import results
from lmcourse.runner.find import Chapter, find_chapters
from tests.structure.rules import ROOT

CHAPTERS = find_chapters(ROOT)
SLOW = {"environment": {"cpu_bf16": False}}
SECONDS, MEGABYTES, MINUTES = 120, 3 * 1024, 40


def budgeted(run: dict[str, Any]) -> float:
    """Seconds of a run; those on a CPU without bf16, which takes twice as long, count half."""
    return (
        run["seconds"] if run.get("environment", {}).get("cpu_bf16", True) else run["seconds"] / 2
    )


def over_budget(name: str, run: dict[str, Any] | None) -> list[str]:
    """What is wrong with the run of a chapter in the `cpu` profile."""
    if run is None:
        return [f"{name} has left no results: lmcourse run {name}"]
    found = []
    if budgeted(run) > SECONDS:
        found.append(f"{name} takes {budgeted(run):g} of {SECONDS} seconds: smaller sizes for cpu")
    if run["peak_mb"] > MEGABYTES:
        found.append(f"{name} takes {run['peak_mb']} of {MEGABYTES} MB: smaller batches")
    return found


def strays(root: Path) -> list[str]:
    """Files of results that belong to no chapter, or not to the one that they name."""
    places = {
        root / "results" / folder / profile / f"{chapter.name}.json": chapter.name
        for chapter in find_chapters(root)
        for profile in results.PROFILES
        for folder in (Path(), Path("seeds"), Path("sweeps"))
    }
    files = sorted(path for path in (root / "results").rglob("*") if path.is_file())
    return [
        f"{file.relative_to(root).as_posix()} is of {_owner(file)}: delete or rename"
        for file in files
        if file not in places or _owner(file) != places[file]
    ]


def _owner(file: Path) -> str:
    """The chapter that a file of results says it is of."""
    try:
        return json.loads(file.read_text(encoding="utf8"))["chapter"]
    except (ValueError, KeyError, TypeError):
        return "no chapter"


def recorded_twice(root: Path, profile: str) -> list[str]:
    """Names of records that more than one chapter leaves."""
    owners: dict[str, list[str]] = {}
    for chapter in find_chapters(root):
        for name in (results.read(chapter, profile) or {"records": {}})["records"]:
            owners.setdefault(name, []).append(chapter.name)
    return [f"{name}: {', '.join(of)}" for name, of in owners.items() if len(of) > 1]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_time_and_memory_stay_in_the_budget(chapter):
    assert not over_budget(chapter.name, results.read(chapter, "cpu"))


def test_the_book_runs_in_forty_minutes():
    runs = [results.read(chapter, "cpu") for chapter in CHAPTERS]
    assert sum(budgeted(run) for run in runs if run) <= 60 * MINUTES


def test_every_result_belongs_to_a_chapter():
    assert not strays(ROOT)


@pytest.mark.parametrize("profile", results.PROFILES)
def test_every_record_has_a_name_of_its_own(profile):
    assert not recorded_twice(ROOT, profile)


@pytest.mark.parametrize(
    ("name", "run", "what"),
    [
        ("probability/softmax", {"seconds": 121, "peak_mb": 500}, ["121 of 120 seconds"]),
        ("probability/softmax", {"seconds": 239, "peak_mb": 500} | SLOW, []),
        ("probability/softmax", {"seconds": 241, "peak_mb": 500} | SLOW, ["120.5 of 120 seconds"]),
        ("bert/finetune_sentiment", {"seconds": 119, "peak_mb": 3000}, []),
        (
            "bert/finetune_sentiment",
            {"seconds": 121, "peak_mb": 4000},
            ["121 of 120 s", "4000 of 3072 MB"],
        ),
        ("probability/softmax", None, ["no results: lmcourse run probability/softmax"]),
    ],
)
def test_a_budget_that_is_exceeded_is_found(name, run, what):
    found = over_budget(name, run)
    assert len(found) == len(what)
    assert all(part in line for part, line in zip(what, found, strict=True))


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Two chapters and their results, made from one of ours."""
    source = next(chapter for chapter in CHAPTERS if results.read(chapter, "cpu"))
    entry = results.read(source, "cpu")
    for name in ("dice/one", "dice/two"):
        chapter = Chapter(tmp_path, name)
        chapter.source.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source.source, chapter.source)
        record = {f"{name}.bits": {"value": 1.0, "unit": "bits"}}
        results.write(results.path(chapter, "cpu"), entry | {"chapter": name, "records": record})
    assert strays(tmp_path) == recorded_twice(tmp_path, "cpu") == []
    return tmp_path


def test_results_of_a_chapter_that_is_gone_are_found(book):
    for kind in ("seeds", "sweeps"):
        file = book / "results" / kind / "cpu" / "dice" / "two.json"
        file.parent.mkdir(parents=True)
        shutil.copy(book / "results" / "cpu" / "dice" / "two.json", file)
    assert strays(book) == []
    Chapter(book, "dice/two").source.unlink()
    assert [line.partition(" ")[0] for line in strays(book)] == [
        "results/cpu/dice/two.json",
        "results/seeds/cpu/dice/two.json",
        "results/sweeps/cpu/dice/two.json",
    ]


def test_results_under_another_chapters_name_are_found(book):
    shutil.copy(book / "results/cpu/dice/one.json", book / "results/cpu/dice/two.json")
    assert strays(book) == ["results/cpu/dice/two.json is of dice/one: delete or rename"]


@pytest.mark.parametrize(
    "name",
    [
        "cpu.json",
        "smoke/dice/one.json",
        "cpu/dice/one.json",
        "x.txt",
        "sweeps/dice/one.json",
        "sweeps/smoke/dice/one.json",
        "sweeps/cpu/dice/one.json",
    ],
)
def test_files_that_are_no_results_are_found(book, name):
    file = book / "results" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("[]" if name.endswith("json") else "words", "utf8")
    assert strays(book) == [f"results/{name} is of no chapter: delete or rename"]


def test_a_name_that_is_recorded_twice_is_found(book):
    path = book / "results/cpu/dice/two.json"
    path.write_text(path.read_text("utf8").replace("dice/two.bits", "dice/one.bits"), "utf8")
    assert recorded_twice(book, "cpu") == ["dice/one.bits: dice/one, dice/two"]
