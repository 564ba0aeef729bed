"""Every chapter runs from a cold kernel in the smoke profile, each in seconds."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from typing import Any

import psutil
import pytest
from filelock import FileLock
from rich.console import Console

from lmcourse.runner import terminal
from lmcourse.runner.execute import Failure
from lmcourse.runner.find import Chapter, find_chapters
from lmcourse.runner.machine import cores
from lmcourse.runner.run import Outcome
from tests.structure.rules import ROOT

CHAPTERS = find_chapters(ROOT)
SECONDS = 20  # that a chapter may take, alone on two cores
BUSY = 3  # how much slower it is beside another one and other tests, at least


@pytest.fixture(scope="session")
def smoke(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> dict[str, Any]:
    """What `lmcourse run` says about all chapters, and the seconds that each may have taken on a
    machine as busy as this one was; parallel workers share one run.
    """
    base = tmp_path_factory.getbasetemp()
    kept = (base.parent if hasattr(request.config, "workerinput") else base) / "smoke.json"
    with FileLock(f"{kept}.lock"):
        if not kept.is_file():
            command = [sys.executable, "-m", "lmcourse.runner", "run", "--profile", "smoke"]
            done = subprocess.run(
                [*command, "--force", "--jobs", "2"],
                cwd=ROOT,
                env={**os.environ, "PYTHONIOENCODING": "utf8"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf8",
                check=False,
            )
            queue = psutil.getloadavg()[1] / cores()  # who wanted a core in the last five minutes
            found = {"said": done.stdout, "limit": round(SECONDS * max(BUSY, 2 * queue))}
            kept.write_text(json.dumps(found), encoding="utf8")
        return json.loads(kept.read_text(encoding="utf8"))


def judge(name: str, transcript: str, limit: int) -> str | None:
    """What is wrong with the chapter's smoke run, in the words of `lmcourse run`."""
    if ran := re.search(rf"^✓ {name}  ([\d.]+) s$", transcript, re.MULTILINE):
        took = float(ran[1])
        return f"{name} takes {took} of {limit} s at smoke size" if took > limit else None
    if failed := re.search(rf"^✗ {name} failed.*\n(?:  .*\n)*", transcript, re.MULTILINE):
        return failed[0]
    return f"{name} did not run:\n{transcript}"


@pytest.mark.smoke
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_chapter_runs_in_the_smoke_profile(chapter, smoke):
    if complaint := judge(chapter.name, smoke["said"], smoke["limit"]):
        pytest.fail(complaint, pytrace=False)


@pytest.fixture
def example() -> str:
    """What `lmcourse run` says of a chapter that ran, one that is slow, and two that failed."""
    console = Console(file=io.StringIO(), width=80)
    failure = Failure("NameError: toss", 3, 40, "toss()", "Traceback\n  line 1\nNameError: toss")
    outcomes = [
        Outcome(Chapter(ROOT, "dice/one"), "ran", 4.0, 300),
        Outcome(Chapter(ROOT, "dice/two"), "failed", 4.0, 300, failure),
        Outcome(Chapter(ROOT, "dice/slow"), "ran", 61.0, 300),
        Outcome(Chapter(ROOT, "dice/three"), "failed", failure=Failure("dice are missing")),
    ]
    with terminal.live(console, len(outcomes)) as live:
        for outcome in outcomes:
            live.end(outcome)
    console.print(terminal.table(outcomes))
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("dice/two", "✗ dice/two failed in code cell 3 (notebooks/dice/two", "│ NameError: toss"),
        ("dice/three", "✗ dice/three failed", "dice are missing"),
        ("dice/slow", "dice/slow takes 61.0 of 60 s", "at smoke size"),
        ("dice/four", "dice/four did not run", "✗ failed"),
    ],
)
def test_what_went_wrong_is_said_of_the_chapter_alone(example, name, first, last):
    complaint = judge(name, example, 60)
    assert complaint is not None
    assert complaint.startswith(first)
    assert complaint.rstrip().endswith(last)


def test_a_chapter_that_ran_is_left_alone(example):
    assert judge("dice/one", example, 60) is None
