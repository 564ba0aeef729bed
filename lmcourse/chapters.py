"""The chapters of the book: finding them, and turning a py:percent file into its notebook.

``notebooks/<part>/<name>.py`` is the truth; ``<name>.ipynb`` beside it is made from it by
``lmcourse run`` and differs from ``to_notebook`` in the outputs and the cache key alone.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from lmcourse.choices import unknown
from lmcourse.files import replacing

FORMAT = "py:percent"
LANGUAGE = {"file_extension": ".py", "name": "python", "pygments_lexer": "ipython3"}
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


class ChapterError(RuntimeError):
    """A chapter cannot be used as it is; the message is one sentence."""


@dataclass(frozen=True, order=True)
class Chapter:
    """One chapter, for example ``Chapter(root, "probability/softmax")``."""

    root: Path
    name: str

    @property
    def source(self) -> Path:
        return self.root / "notebooks" / f"{self.name}.py"

    @property
    def notebook(self) -> Path:
        return self.source.with_suffix(".ipynb")

    def text(self) -> str:
        """The source; ``ChapterError`` when it is not Python that compiles."""
        text = read_text(self.source)
        where = self.source.relative_to(self.root).as_posix()
        try:
            compile(text, where, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None)
            place = f"{where}, line {line}" if line else where
            reason = getattr(error, "msg", str(error))
            raise ChapterError(f"{place} is not valid Python: {reason}.") from None
        return text


def find_root(start: Path | None = None) -> Path:
    """Nearest folder at or above ``start`` (default: here) with notebooks/ and pyproject.toml."""
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "notebooks").is_dir() and (folder / "pyproject.toml").is_file():
            return folder
    raise ChapterError(f"{start} is not inside a clone of the book; change into one.")


def find_chapters(root: Path) -> list[Chapter]:
    """All chapters under ``root``, by name; files that start with ``_`` or ``.`` are not."""
    files = sorted(root.glob("notebooks/*/*.py"))
    names = (file.relative_to(root / "notebooks") for file in files)
    return [
        Chapter(root, name.with_suffix("").as_posix())
        for name in names
        if not any(part.startswith(("_", ".")) for part in name.parts)
    ]


def select(chapters: list[Chapter], names: Iterable[str], only: str | None = None) -> list[Chapter]:
    """The chapters that ``names`` (part/name, part, name or a path; none: all) and ``only`` leave.

    ``only`` is a glob pattern over part/name, or a piece of it.

    Raises:
        UnknownName: a name or the pattern fits no chapter.
    """
    choices = [chapter.name for chapter in chapters]
    wanted: set[str] = set()
    for name in names:
        path = name.replace("\\", "/").removesuffix(".py").removesuffix(".ipynb").rstrip("/")
        path = path.removeprefix("./").rpartition("notebooks/")[2]
        found = {choice for choice in choices if path in (choice, *choice.split("/"))}
        if not found:
            raise unknown("chapter", name, choices)
        wanted |= found
    chosen = [chapter for chapter in chapters if not wanted or chapter.name in wanted]
    if only is None:
        return chosen
    pattern = only if any(sign in only for sign in "*?[") else f"*{only}*"
    matching = [chapter for chapter in chosen if fnmatch(chapter.name, pattern)]
    if not matching:
        raise unknown("pattern", only, [chapter.name for chapter in chosen])
    return matching


def to_notebook(chapter: Chapter) -> NotebookNode:
    """The chapter's notebook without outputs: cell ids come from the sources, so they last."""
    import jupytext

    try:
        notebook = jupytext.reads(chapter.text(), fmt=FORMAT)
    except ChapterError:
        raise
    except Exception as error:  # a header that is YAML but not jupytext's, in whatever way
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ChapterError(f"{chapter.name} cannot be read as {FORMAT}: {reason}.") from None
    notebook.metadata.setdefault("kernelspec", KERNEL)
    notebook.metadata["language_info"] = LANGUAGE
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    used: set[str] = set()
    for cell in notebook.cells:
        if cell.cell_type == "raw":
            raise ChapterError(f"{chapter.name} has a header that is not valid YAML.")
        if "incorrectly_encoded_metadata" in cell.metadata:
            options = cell.metadata["incorrectly_encoded_metadata"]
            raise ChapterError(f"{chapter.name} has a cell whose options cannot be read: {options}")
        copy = 0
        while (name := _cell_id(cell, copy)) in used:
            copy += 1
        used.add(name)
        cell["id"] = name
    return notebook


def parameters(notebook: NotebookNode) -> dict[str, Any]:
    """Names and default values of the cell tagged ``parameters``; empty without one."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", []):
            return _assignments(cell.source)
    return {}


def dumps(notebook: NotebookNode) -> str:
    """The notebook as the text of an .ipynb file.

    Keys are sorted, as Jupyter does it, except in the cells' metadata: there they keep the order
    of the .py, which could not be recovered otherwise.
    """
    import nbformat
    from nbformat.v4.rwbase import split_lines

    nbformat.validate(notebook)
    tidy = nbformat.from_dict(_sorted(notebook))
    for cell, given in zip(tidy.cells, notebook.cells, strict=True):
        cell.metadata = given.metadata
    return json.dumps(split_lines(tidy), indent=1, ensure_ascii=False) + "\n"


def read_text(path: Path) -> str:
    """A text file with newlines as ``\\n``, whatever the checkout made of them."""
    try:
        return path.read_text(encoding="utf8")
    except UnicodeDecodeError:
        raise ChapterError(f"{path.name} is not UTF-8 text.") from None


def write_atomic(path: Path, text: str) -> None:
    """Replace a text file in one step: a reader, or a kill, sees the old text or the new."""
    with replacing(path) as file:
        file.write(text.encode())


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def _cell_id(cell: NotebookNode, copy: int) -> str:
    content = f"{cell.cell_type}\n{copy}\n{cell.source}"
    return hashlib.sha256(content.encode()).hexdigest()[:8]


def _assignments(source: str) -> dict[str, Any]:
    values = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                values[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                raise ChapterError(f"parameter {node.targets[0].id} is not a literal.") from None
    return values
