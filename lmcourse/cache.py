"""When a chapter's stored outputs are out of date.

A chapter depends on its own source, on the modules of this package that it imports (directly or
through one another), on the weights in the packages among them, on the exact versions in
requirements.lock, on the profile and on where data comes from.
"""

from __future__ import annotations

import ast
import hashlib
import json
from modulefinder import ModuleFinder
from pathlib import Path
from typing import Any

from lmcourse import hub
from lmcourse.assets import sha256
from lmcourse.chapters import Chapter, read_text

PACKAGE = "lmcourse"


def cache_key(chapter: Chapter, profile: str) -> str:
    """SHA-256 over everything the chapter's outputs depend on."""
    root = chapter.root
    lock = root / "requirements.lock"
    parts = [profile, hub.source(), chapter.text(), read_text(lock) if lock.is_file() else ""]
    for file in modules(chapter.text(), root):
        parts.append(f"{file.relative_to(root).as_posix()}\n{read_text(file)}")
        if file.name == "__init__.py":
            stored = sorted(file.parent.glob("*.safetensors"))
            parts += [f"{weights.name}\n{sha256(weights)}" for weights in stored]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def stale(chapter: Chapter, profile: str, stored: Path) -> str | None:
    """Why ``stored`` is not this chapter's up-to-date notebook; None when it is."""
    if not stored.is_file():
        return "never run"
    key = cache_key(chapter, profile)
    try:
        notebook = json.loads(read_text(stored))
        ours = notebook["metadata"].get(PACKAGE, {})
        if ours.get("key") != key:
            return "changed"
        if ours.get("cells") != digest(notebook["cells"]):
            return "stored notebook was edited"
    except (ValueError, KeyError, TypeError, AttributeError):
        return "stored notebook is damaged"
    return None


def digest(cells: list[Any]) -> str:
    """SHA-256 over a notebook's cells, outputs included, as they stand in its file."""
    return hashlib.sha256(json.dumps(cells, sort_keys=True).encode()).hexdigest()


def modules(text: str, root: Path) -> list[Path]:
    """Files of ``root/lmcourse`` that this source imports, and those that they import in turn."""
    finder = ModuleFinder(path=[str(root)])
    code = compile(text, "chapter", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    finder.scan_code(code, finder.add_module("__main__"))
    files = [
        getattr(module, "__file__", None)
        for name, module in finder.modules.items()
        if name.partition(".")[0] == PACKAGE
    ]
    return sorted(Path(file) for file in files if file)
