"""What a chapter defines, without running the chapter.

Only imports, assignments of literals, functions and classes are executed: nothing is trained,
fetched or checked. Line numbers are the file's, so tracebacks point into the chapter.
"""

from __future__ import annotations

import ast
import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
MARKER = re.compile(r"^# %%(?P<options>.*)$", re.MULTILINE)
TAGS = re.compile(r"tags=(\[[^\]]*\])")
EXERCISE = re.compile(r"\*\*Exercise (\d+)\.")
Answers = dict[int, Any]


@dataclass
class Cell:
    """One code cell: its tags, its statements, and the number of the exercise it belongs to."""

    tags: list[str]
    exercise: int
    body: list[ast.stmt] = field(default_factory=list)


def functions(chapter: str) -> dict[str, Any]:
    """Namespace of what ``chapter`` ("probability/softmax") defines outside its exercises."""
    cells = [cell for cell in _cells(chapter) if not {"exercise", "solution"} & {*cell.tags}]
    return _execute(chapter, itertools.chain.from_iterable(cell.body for cell in cells), {})


def solutions(chapter: str) -> Answers:
    """Exercise number -> what the worked solution hands to its checker."""
    return _answers(chapter, "solution")


def stubs(chapter: str) -> Answers:
    """Exercise number -> what the unsolved stub hands to its checker."""
    return _answers(chapter, "exercise")


def _answers(chapter: str, tag: str) -> Answers:
    answers: Answers = {}
    for cell in _cells(chapter):
        if tag in cell.tags:
            namespace = _execute(chapter, cell.body, functions(chapter))
            names = _answer_names(cell.body)
            found = tuple(namespace[name] for name in names)
            answers[cell.exercise] = found[0] if len(found) == 1 else found
    return answers


def _answer_names(body: list[ast.stmt]) -> list[str]:
    """Names handed to the checker in the cell's last line, else the last definition."""
    last = body[-1]
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        return [arg.id for arg in last.value.args if isinstance(arg, ast.Name)]
    return [node.name for node in body if isinstance(node, ast.FunctionDef)][-1:]


@cache
def _cells(chapter: str) -> list[Cell]:
    text = _path(chapter).read_text(encoding="utf8")
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


Function = Callable[..., Any]
