"""When a chapter's stored outputs are out of date: when they could differ if it ran again.

What the outputs depend on is kept with the results, each ingredient by name with a short hash, so
that `lmcourse run --dry-run` can say what changed: the chapter's code cells (prose and comments
apart), the definitions of lmcourse that they reach, the pinned versions of the packages that these
import, the stored weights among them, the chapter's sweep, the profile and the
source of data.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lmcourse.data.download import sha256
from lmcourse.data.source import source
from lmcourse.runner.dependencies import Library, Reached, fingerprint
from lmcourse.runner.find import Chapter, read_text
from lmcourse.runner.notebook import dumps, to_notebook

DISPLAY = {"ipython", "matplotlib-inline"}  # what turns values and figures into stored outputs


def inputs(chapter: Chapter, profile: str, library: Library | None = None) -> dict[str, str]:
    """Everything that the chapter's outputs depend on, by name, each with a short hash or version.

    `library` spares reading the package again for every chapter.
    """
    codes = code_cells(to_notebook(chapter))
    reached = (library or Library(chapter.root)).reach([node for code in codes for node in code])
    return {
        "profile": profile,
        "source": source(),
        "code cells": fingerprint(ast.Interactive(code) for code in codes),
        **{
            f"{target.module}.{target.member}".rstrip("."): fingerprint(statements)
            for target, statements in reached.definitions.items()
        },
        **_weights(chapter.root, reached),
        **_sweep(chapter),
        **_pins(chapter.root, frozenset(reached.packages)),
    }


def changes(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """What differs between two sets of inputs, in words, the most telling first."""
    found = []
    for name in sorted({*before, *now}, key=lambda name: (name != "code cells", name)):
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        if old is None or new is None:
            found.append(f"{name} {'added' if old is None else 'removed'}")
        elif re.fullmatch(r"[0-9a-f]{12}", new):
            found.append(f"{name} changed")
        else:
            found.append(f"{name} {old} → {new}")
    return found


def outputs_digest(notebook: NotebookNode) -> str:
    """A hash over a notebook's outputs and their order, as they stand in its file."""
    cells: list[dict[str, Any]] = json.loads(dumps(notebook))["cells"]
    kept = [(cell["execution_count"], cell["outputs"]) for cell in cells if "outputs" in cell]
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:12]


def code_cells(notebook: NotebookNode) -> list[list[ast.stmt]]:
    """The statements of each code cell."""
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    return [
        compile(cell.source, "cell", "exec", flags).body
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def _weights(root: Path, reached: Reached) -> dict[str, str]:
    """Stored weights and recipes that lie beside a module that is reached."""
    found = {}
    for name in reached.modules:
        path = root.joinpath(*name.split("."))
        for file in (path.with_suffix(".safetensors"), path.with_suffix(".json")):
            if file.is_file():
                found[file.relative_to(root).as_posix()] = sha256(file)[:12]
    return found


def _sweep(chapter: Chapter) -> dict[str, str]:
    """The records of the runs that the chapter shows and could not make."""
    files = (chapter.root / "results" / "sweeps").glob(f"*/{chapter.name}.json")
    return {file.relative_to(chapter.root).as_posix(): sha256(file)[:12] for file in sorted(files)}


def _pins(root: Path, packages: frozenset[str]) -> dict[str, str]:
    """Pinned versions of the packages and of what they require, for those that are pinned."""
    lock = root / "requirements.lock"
    text = read_text(lock) if lock.is_file() else ""
    pins: dict[str, str] = {
        canonicalize_name(name): version
        for name, version in re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)
    }
    return {name: pins[name] for name in _required(packages) if name in pins}


@cache
def _required(packages: frozenset[str]) -> set[str]:
    """The distributions of these top-level packages, and what they require on any platform."""
    providers = _providers()
    waiting = [*DISPLAY, *(name for top in packages for name in providers.get(top, ()))]
    found: set[str] = set()
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        found.add(name)
        if name not in DISPLAY:
            waiting += _requirements(name)
    return found


@cache
def _requirements(name: str) -> list[str]:
    try:
        texts = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []
    return [Requirement(text).name for text in texts if "extra ==" not in text]


@cache
def _providers() -> dict[str, list[str]]:
    return dict(metadata.packages_distributions())
