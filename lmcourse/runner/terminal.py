"""What `lmcourse run` shows in the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from lmcourse.runner.execute import Failure, Task
from lmcourse.runner.run import Outcome

SIGNS = {
    "ran": "[green]✓[/]",
    "carried": "[green]¶[/]",
    "unchanged": "[dim]·[/]",
    "failed": "[red]✗[/]",
}
LINES_OF_TRACEBACK = 14


class Live:
    """A progress bar over the chapters; away from a terminal, one line as each one ends."""

    def __init__(self, console: Console, progress: Progress, total: int) -> None:
        self.console = console
        self.progress = progress
        self.bar = progress.add_task("", total=total)
        self.running: list[str] = []

    def start(self, task: Task) -> None:
        self.running.append(task.chapter.name)
        self._show()

    def end(self, outcome: Outcome) -> None:
        name = outcome.chapter.name
        self.running = [other for other in self.running if other != name]
        self.progress.advance(self.bar)
        self._show()
        if outcome.failure:
            self.console.print(failure(name, outcome.failure), soft_wrap=True)
        elif not self.console.is_terminal and outcome.state == "ran":
            took = f"{outcome.seconds:.1f} s, {outcome.busy:.1f} s of processors"
            self.console.print(f"✓ {name}  {took}", soft_wrap=True)
        for note in outcome.notes:
            self.console.print(f"  [yellow]![/] {name} {escape(note)}", soft_wrap=True)

    def _show(self) -> None:
        self.progress.update(self.bar, description=", ".join(self.running))


@contextmanager
def live(console: Console, total: int) -> Iterator[Live]:
    """Show progress while the block runs."""
    running = TextColumn("{task.description}")
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), running)
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        yield Live(console, bar, total)


def failure(name: str, what: Failure) -> str:
    """The block that says which chapter failed, in which cell, and why."""
    where = f"in code cell {what.cell}" if what.cell else ""
    if what.line:
        where += f" (notebooks/{name}.py, line {what.line})"
    head = f"[bold red]✗ {name} failed[/] {where}".rstrip()
    lines = [f"{head}: {escape(what.code)}" if what.code else head]
    lines.append(f"  {escape(what.error)}")
    tail = what.traceback.rstrip().splitlines()[-LINES_OF_TRACEBACK:]
    lines += [f"  [dim]│[/] {escape(line)}" for line in tail]
    return "\n".join(lines)


def table(outcomes: list[Outcome]) -> Table:
    """Chapter, seconds, peak memory and state, in the order of the names."""
    view = Table(box=None, pad_edge=False, header_style="bold")
    view.add_column("chapter", no_wrap=True)
    view.add_column("seconds", justify="right")
    view.add_column("peak MB", justify="right")
    view.add_column("state", no_wrap=True)
    for outcome in sorted(outcomes, key=lambda outcome: outcome.chapter):
        measured = outcome.seconds > 0
        view.add_row(
            outcome.chapter.name,
            f"{outcome.seconds:.1f}" if measured else "",
            f"{outcome.peak_mb}" if measured else "",
            f"{SIGNS[outcome.state]} {outcome.state}",
        )
    return view
