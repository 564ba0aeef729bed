"""``lmcourse run``: executes what is out of date and stores what came out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from lmcourse import cache, outputs, results
from lmcourse.chapters import Chapter, ChapterError, dumps, parameters, to_notebook, write_atomic
from lmcourse.choices import unknown
from lmcourse.execute import Failure, Finished, Task, execute
from lmcourse.hub import source
from lmcourse.session import PROFILES


@dataclass(frozen=True)
class Outcome:
    """What became of one chapter; ``state`` is "ran", "unchanged" or "failed"."""

    chapter: Chapter
    state: str
    seconds: float = 0.0
    peak_mb: int = 0
    failure: Failure | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """A run that was asked for: a profile, and parameters that replace the chapters' defaults."""

    profile: str = "cpu"
    parameters: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise unknown("profile", self.profile, PROFILES)

    @property
    def custom(self) -> bool:
        """Whether the outputs are not the book's: other parameters, or data from the hub."""
        return bool(self.parameters) or (self.profile == "cpu" and source() == "hub")

    def stored(self, chapter: Chapter) -> Path:
        """Where the executed notebook goes: beside the .py only for the book's own outputs."""
        if self.custom:
            return chapter.root / "_build" / "runs" / "custom" / f"{chapter.name}.ipynb"
        if self.profile == "cpu":
            return chapter.notebook
        return chapter.root / "_build" / "runs" / self.profile / f"{chapter.name}.ipynb"

    def stale(self, chapter: Chapter) -> str | None:
        """Why the chapter has to run; None when its stored outputs are up to date."""
        if self.custom:
            return "runs with parameters or hub data are not stored"
        reason = cache.stale(chapter, self.profile, self.stored(chapter))
        if not reason and self.profile in results.PROFILES:
            known = results.read(chapter.root, self.profile)["chapters"]
            return None if chapter.name in known else f"not in results/{self.profile}.json"
        return reason

    def task(self, chapter: Chapter) -> Task:
        """What to execute: only parameters that differ from the chapter's defaults are passed.

        Raises:
            UnknownName: the chapter has no such parameter.
            ChapterError: the chapter cannot be read.
        """
        notebook = to_notebook(chapter)
        defaults = parameters(notebook)
        wanted = {"PROFILE": self.profile, **self.parameters}
        for name in wanted:
            if name not in defaults:
                raise unknown(f"parameter of {chapter.name}", name, defaults)
        changed = {name: value for name, value in wanted.items() if value != defaults[name]}
        return Task(chapter, notebook, changed)

    def store(self, finished: Finished, key: str) -> Outcome:
        """Keep a finished chapter: first its numbers, then its notebook, each in one step.

        A kill in between leaves the chapter stale (unless it was forced), and the next run repeats
        it.
        """
        chapter, executed = finished.task.chapter, finished.notebook
        if executed is None:
            return Outcome(chapter, "failed", finished.seconds, finished.peak_mb, finished.failure)
        notebook = outputs.with_outputs(finished.task.notebook, executed)
        try:
            records = results.collect(notebook)
            if self.profile in results.PROFILES and not self.custom:
                entry = {
                    "seconds": round(finished.seconds, 1), "peak_mb": finished.peak_mb,
                    "date": date.today().isoformat(), "records": records,
                }  # fmt: skip
                results.update(chapter.root, self.profile, chapter.name, entry)
        except ChapterError as error:
            failure = Failure(str(error))
            return Outcome(chapter, "failed", finished.seconds, finished.peak_mb, failure)
        cells = cache.digest(json.loads(dumps(notebook))["cells"])
        notebook.metadata["lmcourse"] = {"cells": cells, "key": key, "profile": self.profile}
        write_atomic(self.stored(chapter), dumps(notebook))
        notes = outputs.complaints(executed)
        return Outcome(chapter, "ran", finished.seconds, finished.peak_mb, notes=notes)


def run(
    chapters: list[Chapter], plan: Plan, *, force: bool = False, **options: Any
) -> Iterator[Outcome]:
    """Bring the chapters up to date and yield what became of each as soon as it is known.

    A chapter that fails leaves its stored notebook as it was and does not stop the others.
    ``options`` are those of ``execute``.

    Raises:
        UnknownName: one of the plan's parameters is not one of a chapter's.
    """
    tasks, keys = [], {}
    for chapter in chapters:
        try:
            if not force and plan.stale(chapter) is None:
                yield Outcome(chapter, "unchanged")
                continue
            tasks.append(plan.task(chapter))
            keys[chapter] = cache.cache_key(chapter, plan.profile)
        except ChapterError as error:
            yield Outcome(chapter, "failed", failure=Failure(str(error)))
    for finished in execute(tasks, **options):
        yield plan.store(finished, keys[finished.task.chapter])
