"""What a chapter defines, without running the chapter.

Only imports, assignments of literals, functions and classes are executed: nothing is trained,
fetched or checked. Line numbers are the file's, so tracebacks point into the chapter.
"""

from __future__ import annotations

import ast
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
FOLDERS = Path(__file__).with_name("chapters")  # what guards one chapter: FOLDERS / "part/name"
SOURCES = sorted(NOTEBOOKS.glob("[!_.]*/[!_.]*.py"))
CHAPTERS = [path.relative_to(NOTEBOOKS).with_suffix("").as_posix() for path in SOURCES]
MARKER = re.compile(r"^# %%(?P<options>.*)$", re.MULTILINE)
TAGS = re.compile(r"tags=(\[[^\]]*\])")
EXERCISE = re.compile(r"\*\*Exercise (\d+)\.")


@dataclass
class Cell:
    """One code cell: its tags, its statements, and the number of the exercise it belongs to."""

    tags: list[str]
    exercise: int
    body: list[ast.stmt] = field(default_factory=list)


def missing(file: Path) -> str:
    """What a test says when a chapter lacks a file: the path, and what would have written it."""
    path = file.relative_to(NOTEBOOKS.parent).as_posix()
    return f"{path} is missing; `lmcourse new` writes it for a new chapter: write it like that"


def source(chapter: str) -> str:
    """The text of `chapter` ("probability/softmax")."""
    return _path(chapter).read_text(encoding="utf8")


def functions(chapter: str) -> dict[str, Any]:
    """Namespace of what `chapter` ("probability/softmax") defines outside its exercises."""
    cells = [cell for cell in _cells(chapter) if not {"exercise", "solution"} & {*cell.tags}]
    return _execute(chapter, itertools.chain.from_iterable(cell.body for cell in cells), {})


@dataclass
class Exercise:
    """One exercise: the checker its cells call, and what the solution and the stub hand to it."""

    checker: Any
    solution: Any = None
    stub: Any = None


@cache
def exercises(chapter: str) -> dict[int, Exercise]:
    """The exercises of `chapter` by number, from the last lines `checker(answer)` of cells."""
    found: dict[int, Exercise] = {}
    for cell in _cells(chapter):
        for tag, role in (("exercise", "stub"), ("solution", "solution")):
            if tag in cell.tags:
                namespace = _execute(chapter, cell.body, functions(chapter))
                checker, answer = _call(chapter, cell.body[-1], namespace)
                setattr(found.setdefault(cell.exercise, Exercise(checker)), role, answer)
    return found


def _call(chapter: str, line: ast.stmt, namespace: dict[str, Any]) -> tuple[Any, Any]:
    if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Call)):
        raise ValueError(f"{chapter}, line {line.lineno}: an exercise ends in checker(answer)")
    parts = (line.value.func, line.value.args[0])
    checker, answer = (eval(ast.unparse(part), namespace) for part in parts)
    return checker, answer


@cache
def _cells(chapter: str) -> list[Cell]:
    text = source(chapter)
    starts, cells = [], []
    for mark in MARKER.finditer(text):
        tags = TAGS.search(mark["options"])
        numbers = EXERCISE.findall(text, 0, mark.start())
        starts.append(text.count("\n", 0, mark.start()) + 1)
        cells.append(Cell(json.loads(tags[1]) if tags else [], int(numbers[-1]) if numbers else 0))
    for node in ast.parse(text).body:
        position = sum(start <= node.lineno for start in starts) - 1
        cells[position].body.append(node)
    return [cell for cell in cells if cell.body]


def _execute(chapter: str, body: Iterator[ast.stmt] | list[ast.stmt], namespace: dict) -> dict:
    module = ast.Module([node for node in body if _is_definition(node)], type_ignores=[])
    namespace.setdefault("__name__", chapter)
    exec(compile(module, str(_path(chapter)), "exec"), namespace)
    return namespace


def _is_definition(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(target, ast.Subscript | ast.Attribute) for target in targets):
            return False
        try:
            ast.literal_eval(node.value) if node.value else None
        except ValueError:
            return False
        return True
    return isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)


def _path(chapter: str) -> Path:
    return NOTEBOOKS / f"{chapter}.py"
