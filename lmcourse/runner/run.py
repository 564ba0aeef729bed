"""`lmcourse run`: executes what is out of date and stores what came out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import nbformat

from lmcourse.data.source import source
from lmcourse.errors import unknown
from lmcourse.files import replace_text
from lmcourse.runner import outputs, results, staleness
from lmcourse.runner.dependencies import Library
from lmcourse.runner.execute import Failure, Finished, Task, execute
from lmcourse.runner.find import Chapter, ChapterError, read_text
from lmcourse.runner.machine import environment
from lmcourse.runner.notebook import dumps, parameters, to_notebook, with_stored_outputs
from lmcourse.session import PROFILES


@dataclass(frozen=True)
class Outcome:
    """What became of one chapter.

    `state` is "ran", "unchanged", "carried" (new prose around the stored outputs) or "failed".
    """

    chapter: Chapter
    state: str
    seconds: float = 0.0
    busy: float = 0.0
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

    def stale(self, chapter: Chapter, library: Library | None = None) -> str | None:
        """Why the chapter has to run; None when its stored outputs are up to date.

        `ChapterError` when the chapter or its results cannot be read.
        """
        if self.custom:
            return "runs with parameters or hub data are not stored"
        known = results.read(chapter, self.profile)
        if known is None or not self.stored(chapter).is_file():
            return "never run"
        changed = staleness.changes(known["inputs"], self.inputs(chapter, library))
        if changed:
            more = f", and {len(changed) - 3} more" if len(changed) > 3 else ""
            return ", ".join(changed[:3]) + more
        try:
            stored = nbformat.reads(read_text(self.stored(chapter)), as_version=4)
            same = staleness.outputs_digest(stored) == known["outputs"]
        except (ValueError, KeyError, AttributeError, nbformat.ValidationError):
            return "the stored notebook is damaged"
        return None if same else "the stored outputs are not those of the last run"

    def inputs(self, chapter: Chapter, library: Library | None = None) -> dict[str, str]:
        """What the chapter's outputs depend on in this profile."""
        return staleness.inputs(chapter, self.profile, library)

    def carry(self, chapter: Chapter) -> bool:
        """Bring new prose into the notebook of a chapter that is not stale; whether it had any."""
        path = self.stored(chapter)
        old = read_text(path)
        stored = nbformat.reads(old, as_version=4)
        new = dumps(with_stored_outputs(to_notebook(chapter), stored))
        if new != old:
            replace_text(path, new)
        return new != old

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

    def store(self, finished: Finished, inputs: dict[str, str]) -> Outcome:
        """Keep a finished chapter: first its numbers, then its notebook, each in one step.

        After a kill in between, the results do not fit the notebook, and the next run repeats the
        chapter.
        """
        chapter, executed = finished.task.chapter, finished.notebook
        measured = finished.seconds, finished.busy, finished.peak_mb
        if executed is None:
            return Outcome(chapter, "failed", *measured, finished.failure)
        notebook = outputs.with_outputs(finished.task.notebook, executed)
        try:
            data = {
                "seconds": round(finished.seconds, 1),
                "peak_mb": finished.peak_mb,
                "date": date.today().isoformat(),
                "environment": environment(self.profile),
                "records": results.collect(notebook),
                "inputs": inputs,
                "outputs": staleness.outputs_digest(notebook),
            }
            if not self.custom:
                results.store(chapter, self.profile, data)
        except ChapterError as error:
            failure = Failure(str(error))
            return Outcome(chapter, "failed", *measured, failure)
        replace_text(self.stored(chapter), dumps(notebook))
        notes = outputs.complaints(executed)
        return Outcome(chapter, "ran", *measured, notes=notes)


def run(
    chapters: list[Chapter], plan: Plan, *, force: bool = False, **options: Any
) -> Iterator[Outcome]:
    """Bring the chapters up to date and yield what became of each as soon as it is known.

    A chapter that fails leaves its stored notebook as it was and does not stop the others.
    `options` are those of `execute`.

    Raises:
        UnknownName: one of the plan's parameters is not one of a chapter's.
    """
    library = Library(chapters[0].root) if chapters else None
    tasks, inputs = [], {}
    for chapter in chapters:
        try:
            if not force and plan.stale(chapter, library) is None:
                yield Outcome(chapter, "carried" if plan.carry(chapter) else "unchanged")
                continue
            tasks.append(plan.task(chapter))
            inputs[chapter] = plan.inputs(chapter, library)  # before the run: it may be edited
        except ChapterError as error:
            yield Outcome(chapter, "failed", failure=Failure(str(error)))
    for finished in execute(tasks, **options):
        yield plan.store(finished, inputs[finished.task.chapter])
