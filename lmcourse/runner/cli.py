"""The command `lmcourse`: run · fetch · doctor · new · seeds.

Thin on purpose: each command asks its module and turns the answer into text and an exit code:
0 done, 1 something failed, 2 a name that does not exist.
"""

from __future__ import annotations

import ast
import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer
from rich.console import Console
from rich.markup import escape

from lmcourse.data import catalogue, download
from lmcourse.errors import UnknownName, unknown
from lmcourse.runner import doctor as examination
from lmcourse.runner import find, skeleton, terminal
from lmcourse.runner import run as runs
from lmcourse.runner import seeds as spread
from lmcourse.runner.dependencies import Library
from lmcourse.runner.machine import cores

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Run and maintain the executable book.",
)

Profile = Annotated[str, typer.Option(help="How much to compute: smoke, cpu or gpu.")]
Jobs = Annotated[
    int, typer.Option("--jobs", "-j", min=0, help="Chapters at a time; 0: by cores and memory.")
]
Seconds = Annotated[int, typer.Option(min=1, help="Seconds one cell may take.")]


@app.callback()
def main() -> None:
    pass


@app.command()
def run(
    chapters: Annotated[list[str] | None, typer.Argument(help="part/name, or a part.")] = None,
    profile: Profile = "cpu",
    only: Annotated[str | None, typer.Option(help="Glob or piece of part/name.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Run what is up to date, too.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only list which chapters would run, and why.")
    ] = False,
    jobs: Jobs = 0,
    timeout: Seconds = 1800,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="Result goes to _build/."),
    ] = None,
) -> None:
    """Execute the chapters whose outputs are out of date."""
    with clear_errors():
        root = find.find_root()
        plan = runs.Plan(profile, _parameters(parameter or []))
        chosen = find.select(find.find_chapters(root), chapters or [], only)
        if dry_run:
            raise typer.Exit(_would_run(plan, chosen, force))
        console = _console()
        outcomes = []
        with terminal.live(console, len(chosen)) as live:
            options: dict[str, Any] = {"jobs": jobs or _default_jobs(profile), "timeout": timeout}
            for outcome in runs.run(chosen, plan, force=force, on_start=live.start, **options):
                live.end(outcome)
                outcomes.append(outcome)
        console.print(terminal.table(outcomes))
        raise typer.Exit(int(any(outcome.failure for outcome in outcomes)))


@app.command()
def fetch(
    names: Annotated[list[str] | None, typer.Argument(help="Assets; none: all.")] = None,
    archives: Annotated[
        Path | None, typer.Option(help="Leave the verified archives here, for use without network.")
    ] = None,
) -> None:
    """Download data and weights, verified, into the cache."""
    with clear_errors():
        for asset in [catalogue.find(name) for name in names or catalogue.ASSETS]:
            path = download.download(asset, archives) if archives else download.fetch(asset)
            print(f"{asset.name}: {path}")


@app.command()
def doctor() -> None:
    """Say what is missing and how to get it."""
    with clear_errors():
        console = _console()
        ill = False
        for fine, what, state, remedy in examination.examine():
            ill = ill or not fine
            sign = "[green]✓[/]" if fine else "[red]✗[/]"
            advice = "" if fine else f" [bold]→ {escape(remedy)}[/]"
            console.print(f"{sign} {what}: {escape(state)}{advice}", soft_wrap=True)
        raise typer.Exit(int(ill))


@app.command()
def new(name: Annotated[str, typer.Argument(help="part/name of the new chapter.")]) -> None:
    """Write every file of a new chapter, and list it in _toc.yml."""
    with clear_errors():
        root = find.find_root()
        for path in skeleton.new(root, name):
            print(path.relative_to(root).as_posix())
        print(f"Now write it, and lmcourse run {name}")


@app.command()
def seeds(
    chapter: Annotated[str, typer.Argument(help="part/name.")],
    seeds: Annotated[str, typer.Option(help="Whole numbers with commas.")] = "0,1,2",
    profile: Profile = "cpu",
    jobs: Jobs = 0,
    timeout: Seconds = 1800,
) -> None:
    """Run a chapter with several seeds; store the spread."""
    with clear_errors():
        root = find.find_root()
        chosen = find.select(find.find_chapters(root), [chapter])
        if len(chosen) != 1:
            raise unknown("chapter", chapter, [found.name for found in chosen])
        console = _console()

        def tell(seed: int, finished: Any) -> None:
            if finished.failure:
                text = terminal.failure(chosen[0].name, finished.failure)
            else:
                text = f"✓ seed {seed}  {finished.seconds:.1f} s"
            console.print(text, soft_wrap=True)

        options: dict[str, Any] = {"jobs": jobs or _default_jobs(profile), "timeout": timeout}
        numbers = spread.parse(seeds)
        path = spread.run_seeds(chosen[0], numbers, profile, on_end=tell, **options)
        print(path.relative_to(root).as_posix())


@contextlib.contextmanager
def clear_errors() -> Iterator[None]:
    """Turn what can go wrong into one sentence on standard error and an exit code."""
    _readable_output()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        yield
    except UnknownName as error:
        _fail(str(error), 2)
    except (find.ChapterError, download.AssetError) as error:
        _fail(str(error), 1)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        _fail(f"{error.strerror or error}{where}.", 1)
    except KeyboardInterrupt:
        _fail("Interrupted; what was stored is as it was.", 130)


def _fail(sentence: str, code: int) -> None:
    print(f"lmcourse: {sentence}", file=sys.stderr)
    raise typer.Exit(code) from None


def _readable_output() -> None:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _console() -> Console:
    return Console(highlight=False)


def _default_jobs(profile: str) -> int:
    """One chapter at a time on a GPU; else as many as find two cores and 3 GB each."""
    room = psutil.virtual_memory().available // (3 * 2**30)
    return 1 if profile == "gpu" else max(1, min(cores() // 2, room))


def _would_run(plan: runs.Plan, chapters: list[find.Chapter], force: bool) -> int:
    """Print each chapter that would run, and why; 1 when one of them cannot be read."""
    library, broken = Library(find.find_root()), False
    for chapter in chapters:
        try:
            reason = plan.stale(chapter, library) or ("--force" if force else None)
        except find.ChapterError as error:
            reason, broken = str(error), True
        if reason:
            print(f"{chapter.name}: {reason}")
    return int(broken)


def _parameters(given: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name.isidentifier():
            raise UnknownName(f"parameter {text!r} is not of the form NAME=VALUE.")
        try:
            values[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            values[name] = value
    return values


if __name__ == "__main__":
    app()
