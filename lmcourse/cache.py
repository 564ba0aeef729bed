"""When a chapter's stored outputs are out of date.

A chapter depends on its own source, on the modules of this package that it imports (directly or
through one another), on the exact versions in requirements.lock and on the profile.
"""

from __future__ import annotations

import ast
import hashlib
import json
from pathlib import Path

from lmcourse.chapters import Chapter, read_text, to_notebook

PACKAGE = "lmcourse"


def cache_key(chapter: Chapter, profile: str) -> str:
    """SHA-256 over everything the chapter's outputs depend on."""
    root = chapter.root
    files = modules(chapter.text(), root)
    lock = root / "requirements.lock"
    parts = [profile, chapter.text(), read_text(lock) if lock.is_file() else ""]
    parts += [f"{file.relative_to(root).as_posix()}\n{read_text(file)}" for file in files]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def stale(chapter: Chapter, profile: str, stored: Path) -> str | None:
    """Why ``stored`` is not this chapter's up-to-date notebook; None when it is."""
    if not stored.is_file():
        return "never run"
    key = cache_key(chapter, profile)
    try:
        notebook = json.loads(read_text(stored))
        if notebook["metadata"].get(PACKAGE, {}).get("key") != key:
            return "changed"
        ids = [cell["id"] for cell in notebook["cells"] if not _injected(cell)]
        sources = ["".join(cell["source"]) for cell in notebook["cells"] if not _injected(cell)]
    except (ValueError, KeyError, TypeError, AttributeError):
        return "stored notebook is damaged"
    fresh = to_notebook(chapter).cells
    if ids != [cell["id"] for cell in fresh] or sources != [cell.source for cell in fresh]:
        return "stored notebook was edited"
    return None


def modules(text: str, root: Path) -> list[Path]:
    """Files of ``root/lmcourse`` that this source imports, and those that they import in turn."""
    found: set[Path] = set()
    waiting = [(text, "")]
    while waiting:
        source, package = waiting.pop()
        for name in imported(source, package):
            for file in _files(name, root):
                if file not in found:
                    found.add(file)
                    inside = _name(file, root)
                    is_package = file.name == "__init__.py"
                    waiting.append((read_text(file), inside if is_package else _parent(inside)))
    return sorted(found)


def imported(source: str, package: str = "") -> set[str]:
    """Dotted names below ``lmcourse`` that ``source`` imports; some may be no modules.

    ``package`` is the one that holds the source, for relative imports. Attributes of what is
    imported count too (``from lmcourse import nn``, then ``nn.attention``), since a package may
    import its modules only when they are asked for.
    """
    names: set[str] = set()
    bound: dict[str, str] = {}
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names.add(alias.name)
                root = alias.name.partition(".")[0]
                bound[alias.asname or root] = alias.name if alias.asname else root
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, package)
            names.add(base)
            for alias in node.names:
                names.add(f"{base}.{alias.name}")
                bound[alias.asname or alias.name] = f"{base}.{alias.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            path = ast.unparse(node)
            first, _, rest = path.partition(".")
            if first in bound and all(part.isidentifier() for part in rest.split(".")):
                names.add(f"{bound[first]}.{rest}")
    return {name for name in names if name == PACKAGE or name.startswith(f"{PACKAGE}.")}


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*parts, *([node.module] if node.module else [])])


def _files(name: str, root: Path) -> list[Path]:
    """The module's file and the __init__ of every package around it, as far as they exist."""
    files = []
    path = root
    for part in name.split("."):
        path = path / part
        files += [path / "__init__.py", path.with_suffix(".py")]
    return [file for file in files if file.is_file()]


def _name(file: Path, root: Path) -> str:
    path = file.relative_to(root).with_suffix("")
    return ".".join(path.parent.parts if path.name == "__init__" else path.parts)


def _parent(name: str) -> str:
    return name.rpartition(".")[0]


def _injected(cell: dict) -> bool:
    return "injected-parameters" in cell.get("metadata", {}).get("tags", [])
