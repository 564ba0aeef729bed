"""Who may import whom in lmcourse and in the chapters: the table, and what breaks it, in words."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tests.structure.rules import ROOT

# From bottom to top: a part of lmcourse imports from parts further down, and from itself.
LAYERS = [
    ["errors", "files"],
    ["text"],
    ["evaluation"],
    ["plot"],
    ["session"],
    ["claims", "records"],
    ["data"],
    ["models"],
    ["training", "generation"],
    ["weights"],
    ["exercises"],
    ["runner"],  # imported by book/_ext, benchmarks and tests alone
]
HEIGHT = {part: height for height, layer in enumerate(LAYERS) for part in layer}

# Slow to import, so that a function may do it when it is called.
HEAVY = {
    *("IPython", "PIL", "accelerate", "cycler", "datasets", "gguf", "huggingface_hub", "jupytext"),
    *("matplotlib", "matplotlib_inline", "nbformat", "numpy", "papermill", "safetensors", "scipy"),
    *("torch", "transformers"),
}
INSIDE = {  # other imports inside functions, each for a reason
    ("lmcourse/runner/__init__.py", "lmcourse.runner.cli"): "its packages may be missing",
    ("lmcourse/session.py", "lmcourse.plot"): "the style counts from the start of a session on",
    ("lmcourse/data/reviews.py", "tarfile"): "for those who read from the archive alone",
}


@dataclass(frozen=True)
class Import:
    """One imported module: where, what, and whether it happens inside a function."""

    file: str
    line: int
    module: str
    inside: bool

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]

    @property
    def part(self) -> str:
        """`data` for lmcourse.data.download; empty for the package itself."""
        return self.module.partition(".")[2].partition(".")[0]


def read(file: str, text: str) -> list[Import]:
    """All imports of a file of the repository, those of `if TYPE_CHECKING` and functions too."""
    return list(_walk(file, ast.parse(text), False))


@cache
def everything() -> dict[str, list[Import]]:
    """The imports of lmcourse and of the chapters, by file."""
    files = [*ROOT.glob("lmcourse/**/*.py"), *ROOT.glob("notebooks/*/[!_.]*.py")]
    names = {file.relative_to(ROOT).as_posix(): file for file in sorted(files)}
    return {name: read(name, file.read_text(encoding="utf8")) for name, file in names.items()}


def complaints(imports: list[Import]) -> list[str]:
    """What is wrong with the imports of one file, with the place and a remedy."""
    return [f"{found.file}, line {found.line}: {what}" for found, what in _wrong(imports)]


def cycle(files: dict[str, list[Import]]) -> str | None:
    """The first circle of modules of lmcourse that import one another, and what to do."""
    graph = {
        dotted(file): {found.module for found in imports if found.top == "lmcourse"}
        for file, imports in files.items()
        if file.startswith("lmcourse/")
    }
    graph = {name: {*found} - {name, "lmcourse"} for name, found in graph.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " imports ".join(reversed(error.args[1]))
        return f"{circle}: move what they share into a module below them"
    return None


def third_party(imports: list[Import]) -> set[str]:
    """Top packages that belong neither to Python nor to this repository."""
    tops = {found.top for found in imports}
    return tops - {*sys.stdlib_module_names, "lmcourse"}


def dotted(file: str) -> str:
    """The module's name: `lmcourse.data` for lmcourse/data/__init__.py."""
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _walk(file: str, node: ast.AST, inside: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(file, child.lineno, alias.name, inside)
        elif isinstance(child, ast.ImportFrom):
            for module in _modules(file, child):
                yield Import(file, child.lineno, module, inside)
        function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _walk(file, child, inside or function)


def _modules(file: str, node: ast.ImportFrom) -> Iterator[str]:
    """`lmcourse.data` or, where a submodule is named, `lmcourse.data.download`."""
    base = node.module or ""
    if node.level:
        folders = Path(file).parts[: -node.level]
        base = ".".join([*folders, *([base] if base else [])])
    for alias in node.names:
        path = ROOT.joinpath(*base.split("."), alias.name)
        submodule = base.startswith("lmcourse") and (
            path.is_dir() or path.with_suffix(".py").exists()
        )
        yield f"{base}.{alias.name}" if submodule else base


def _wrong(imports: list[Import]) -> Iterator[tuple[Import, str]]:
    for found in imports:
        ours = found.top == "lmcourse" and found.part
        if found.file.startswith("notebooks/"):
            if ours == "runner":
                yield found, "a chapter imports the runner: readers do not have it; use the library"
            elif ours == "exercises" and _foreign(found):
                own = _checkers(found.file)
                yield found, f"{found.module} is another chapter's: import {own} as exercises"
            continue
        if ours:
            yield from _upwards(found)
        reason = (found.file, found.module) in INSIDE
        if found.inside and found.top not in HEAVY and not reason:
            yield found, f"{found.module} is imported inside a function: move it to the file's top"


def _upwards(found: Import) -> Iterator[tuple[Import, str]]:
    own = dotted(found.file).partition(".")[2].partition(".")[0]
    for part in {own, found.part} - {""}:
        if part not in HEIGHT:
            yield found, f"{part} has no place: give it one in LAYERS of tests/structure/imports.py"
            return
    if own and own != found.part and HEIGHT[own] <= HEIGHT[found.part]:
        yield (
            found,
            f"{own} imports {found.part}, which is not below it: pass the value in as an argument, "
            "or move what both need further down",
        )


def _foreign(found: Import) -> bool:
    return found.module not in (_checkers(found.file), "lmcourse.exercises.checking")


def _checkers(chapter: str) -> str:
    """The module of a chapter's checkers."""
    return dotted(chapter).replace("notebooks", "lmcourse.exercises", 1)
