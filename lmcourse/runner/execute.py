"""Executing notebooks, each in a process of its own, some at the same time."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import psutil
from nbformat import NotebookNode

from lmcourse.runner.find import Chapter
from lmcourse.runner.machine import cores
from lmcourse.runner.notebook import dumps
from lmcourse.runner.outputs import ANSI

TIMEOUT = 1800  # seconds a cell may take before the run gives up on the chapter
POLL = 0.1  # seconds between two looks at the memory of the kernels
QUIET = {  # what a kernel's environment holds so that two equal runs print the same
    "TQDM_DISABLE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "NO_COLOR": "1",
    "LMCOURSE_FIGURES": "svg",
    "JUPYTER_PREFER_ENV_PATH": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}


@dataclass(frozen=True)
class Task:
    """A chapter's fresh notebook and the parameters that differ from its defaults."""

    chapter: Chapter
    notebook: NotebookNode
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """Why a chapter failed; `cell` counts its code cells from 1, `line` its source's lines."""

    error: str
    cell: int | None = None
    line: int | None = None
    code: str = ""
    traceback: str = ""


@dataclass(frozen=True)
class Finished:
    """One executed task: `seconds` of wall time; the kernel's process tree took `busy` seconds of
    processors, whoever else was waiting for them, and at most `peak_mb` of memory.
    """

    task: Task
    seconds: float = 0.0
    busy: float = 0.0
    peak_mb: int = 0
    notebook: NotebookNode | None = None
    failure: Failure | None = None


def execute(
    tasks: Iterable[Task],
    *,
    jobs: int = 1,
    timeout: int = TIMEOUT,
    on_start: Callable[[Task], None] = lambda task: None,
) -> Iterator[Finished]:
    """Execute the tasks, `jobs` at a time, and yield each as it finishes.

    The cores are divided among the jobs. Whatever ends this generator ends its processes.
    """
    waiting = list(tasks)
    running: list[_Process] = []
    threads = max(1, cores() // jobs)
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                on_start(waiting[0])
                running.append(_Process(waiting.pop(0), timeout, threads))
            time.sleep(POLL)
            for process in list(running):
                if process.is_done():
                    running.remove(process)
                    yield process.finish()
    finally:
        for process in running:
            process.kill()


class _Process:
    """A worker process, its kernel, and the scratch folder they share with us."""

    def __init__(self, task: Task, timeout: int, threads: int) -> None:
        self.task = task
        self.peak, self.busy = 0, 0.0
        self.started = time.monotonic()
        scratch = task.chapter.root / "_build" / "scratch"
        scratch.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(dir=scratch))
        (self.folder / "input").write_text(dumps(task.notebook), encoding="utf8")
        order = {
            **{name: str(self.folder / name) for name in ("input", "output", "failure")},
            "folder": str(task.chapter.source.parent),
            "parameters": task.parameters,
            "timeout": timeout,
        }
        with (self.folder / "log").open("wb") as log:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "lmcourse.runner.worker"],
                stdin=subprocess.PIPE, stdout=log, stderr=log,
                env=self._environment(threads), start_new_session=True,
            )  # fmt: skip
        assert self.popen.stdin
        with contextlib.suppress(BrokenPipeError):
            self.popen.stdin.write(json.dumps(order).encode() + b"\n")
            self.popen.stdin.flush()

    def is_done(self) -> bool:
        """Whether the worker has ended; measures memory and processor time on the way."""
        done = self.popen.poll() is not None
        memory, busy = 0, 0.0
        for process in () if done else self._kernel():
            with contextlib.suppress(psutil.Error):
                memory += process.memory_info().rss
                times = process.cpu_times()
                busy += times.user + times.system
        self.peak, self.busy = max(self.peak, memory), max(self.busy, busy)
        return done

    def finish(self) -> Finished:
        """The result of a worker that has ended."""
        seconds = time.monotonic() - self.started
        try:
            peak = round(self.peak / 2**20)
            if self.popen.returncode:
                return Finished(self.task, seconds, self.busy, peak, failure=self._failure())
            executed = nbformat.read(self.folder / "output", as_version=4)
            seconds = executed.metadata.papermill.duration
            return Finished(self.task, seconds, self.busy, peak, executed)
        finally:
            self._clean_up()

    def kill(self) -> None:
        with contextlib.suppress(psutil.Error):
            for process in [psutil.Process(self.popen.pid), *self._kernel()]:
                with contextlib.suppress(psutil.Error):
                    process.kill()
        self.popen.wait()
        self._clean_up()

    def _kernel(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.popen.pid).children(recursive=True)
        except psutil.Error:
            return []

    def _clean_up(self) -> None:
        if self.popen.stdin:
            with contextlib.suppress(OSError):
                self.popen.stdin.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _failure(self) -> Failure:
        report = self.folder / "failure"
        if not report.is_file():
            log = (self.folder / "log").read_text(encoding="utf8", errors="replace")
            last = (log.strip().splitlines() or [f"exit code {self.popen.returncode}"])[-1]
            return Failure(f"the process that ran the notebook ended early: {last}")
        told = json.loads(report.read_text(encoding="utf8"))
        cell, line = _place(self.task, told["source"])
        traceback = ANSI.sub("", "\n".join(told["traceback"]))
        code = (told["source"] or "").strip().partition("\n")[0]
        return Failure(told["error"], cell, line, code, traceback)

    def _environment(self, threads: int) -> dict[str, str]:
        """The environment of worker and kernel: quiet, without colours or private settings."""
        environment = {
            "OMP_NUM_THREADS": str(threads),
            **os.environ,
            **QUIET,
            "IPYTHONDIR": str(self.folder / "ipython"),
        }
        for name in ("FORCE_COLOR", "MPLBACKEND"):  # both would change what is stored
            environment.pop(name, None)
        return environment


def _place(task: Task, source: str | None) -> tuple[int | None, int | None]:
    """Number of the code cell with this source, and the line of the .py where it begins."""
    codes = [cell.source for cell in task.notebook.cells if cell.cell_type == "code"]
    if source not in codes:
        return None, None
    text = task.chapter.source.read_text(encoding="utf8")
    start = text.find(source or "")
    return codes.index(source) + 1, text.count("\n", 0, start) + 1 if start >= 0 else None
