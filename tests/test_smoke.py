"""Every chapter runs from a cold kernel in the smoke profile, each in seconds."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys

import pytest
from filelock import FileLock
from rich.console import Console

from lmcourse.runner import terminal
from lmcourse.runner.execute import Failure
from lmcourse.runner.find import Chapter, find_chapters
from lmcourse.runner.run import Outcome
from tests.structure.rules import ROOT

CHAPTERS = find_chapters(ROOT)
SECONDS = 2 * 20  # of processors that a chapter may take: twenty seconds on two cores
SLOWER = 2  # a core that is shared with another thread computes at about half its speed


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> str:
    """What `lmcourse run` says about all chapters; parallel workers share one run."""
    base = tmp_path_factory.getbasetemp()
    kept = (base.parent if hasattr(request.config, "workerinput") else base) / "smoke.txt"
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
            kept.write_text(done.stdout, encoding="utf8")
        return kept.read_text(encoding="utf8")


def judge(name: str, transcript: str, limit: int) -> str | None:
    """What is wrong with the chapter's smoke run, in the words of `lmcourse run`."""
    line = rf"^✓ {name}  [\d.]+ s, ([\d.]+) s of processors$"
    if ran := re.search(line, transcript, re.MULTILINE):
        slow = float(ran[1]) > limit
        return f"{name} takes {ran[1]} of {limit} s of processors at smoke size" if slow else None
    if failed := re.search(rf"^✗ {name} failed.*\n(?:  .*\n)*", transcript, re.MULTILINE):
        return failed[0]
    return f"{name} did not run:\n{transcript}"


@pytest.mark.smoke
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_chapter_runs_in_the_smoke_profile(chapter, smoke):
    if complaint := judge(chapter.name, smoke, SLOWER * SECONDS):
        pytest.fail(complaint, pytrace=False)


@pytest.fixture
def example() -> str:
    """What `lmcourse run` says of a chapter that ran, one that is slow, and two that failed."""
    console = Console(file=io.StringIO(), width=80)
    failure = Failure("NameError: toss", 3, 40, "toss()", "Traceback\n  line 1\nNameError: toss")
    outcomes = [
        Outcome(Chapter(ROOT, "dice/one"), "ran", 90.0, 4.0, 300),
        Outcome(Chapter(ROOT, "dice/two"), "failed", 4.0, 4.0, 300, failure),
        Outcome(Chapter(ROOT, "dice/slow"), "ran", 40.0, 61.0, 300),
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
        ("dice/slow", "dice/slow takes 61.0 of 60 s of processors", "at smoke size"),
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
