"""In which modes a page is visited: a book of fifty pages is not looked at four times every day."""

from __future__ import annotations

import subprocess
from functools import cache
from itertools import product
from typing import NamedTuple

from tests.site import axe, browser


class Mode(NamedTuple):
    """A colour scheme and the width of the window."""

    scheme: str
    width: int


MODES = [Mode(*mode) for mode in product(browser.SCHEMES, browser.WIDTHS)]
MANY = 8  # a commit that touches more pages changes what all share: the page of each kind shows it


def kinds() -> list[str]:
    """One page of each kind: home, prose, chapter, results, glossary, references, search."""
    prose = ["book/index", "book/how_to_use"]
    reference = ["book/results", "book/glossary", "book/references", "search"]
    return [*prose, browser.chapters()[0], *reference]


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(browser.ROOT), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:  # no git on this machine
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


@cache
def changed_files() -> frozenset[str]:
    """Files that differ from where this branch left main; on main itself, from the last commit.

    Empty where there is no git or no history.
    """
    base = ""
    for main in ("origin/main", "main"):
        base = base or _git("merge-base", "HEAD", main)
    if not base or base == _git("rev-parse", "HEAD"):
        base = "HEAD~1" if _git("rev-parse", "--verify", "--quiet", "HEAD~1") else "HEAD"
    names = _git("diff", "--name-only", base), _git("ls-files", "--others", "--exclude-standard")
    return frozenset("\n".join(names).split("\n")) - {""}


def changed(pages: list[str], files: frozenset[str]) -> list[str]:
    """The pages whose sources are among `files`; none when these are many."""
    found = [p for p in pages if {f"{p}.md", f"{p}.ipynb", f"{p}.py"} & files]
    return found if len(found) <= MANY else []


def modes(page: str, pages: list[str], thorough: list[str]) -> list[Mode]:
    """All modes for a page that is looked at thoroughly, for others one, in turn."""
    if page in thorough:
        return MODES
    return [MODES[sorted(pages).index(page) % len(MODES)]]


def versions(page: str, thorough: list[str]) -> list[str]:
    """Which axe-core judges the page: both where it is looked at thoroughly, else the newer."""
    return [axe.CARRIED, axe.NEWER] if page in thorough else [axe.NEWER]


def thorough_pages(pages: list[str], everything: bool) -> list[str]:
    """The pages that are looked at in all modes by both versions of axe-core."""
    return pages if everything else [*kinds(), *changed(pages, changed_files())]
