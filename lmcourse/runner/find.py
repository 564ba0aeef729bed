"""The chapters of the book: `notebooks/<part>/<name>.py`, and how to find and choose them."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from lmcourse.errors import unknown


class ChapterError(RuntimeError):
    """A chapter cannot be used as it is; the message is one sentence."""


@dataclass(frozen=True, order=True)
class Chapter:
    """One chapter, for example `Chapter(root, "probability/softmax")`."""

    root: Path
    name: str

    @property
    def source(self) -> Path:
        return self.root / "notebooks" / f"{self.name}.py"

    @property
    def notebook(self) -> Path:
        return self.source.with_suffix(".ipynb")

    def text(self) -> str:
        """The source; `ChapterError` when it is not Python that compiles."""
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
    """Nearest folder at or above `start` (default: here) with notebooks/ and pyproject.toml."""
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "notebooks").is_dir() and (folder / "pyproject.toml").is_file():
            return folder
    raise ChapterError(f"{start} is not inside a clone of the book; change into one.")


def find_chapters(root: Path) -> list[Chapter]:
    """All chapters under `root`, by name; files that start with `_` or `.` are not."""
    files = sorted(root.glob("notebooks/*/*.py"))
    names = (file.relative_to(root / "notebooks") for file in files)
    return [
        Chapter(root, name.with_suffix("").as_posix())
        for name in names
        if not any(part.startswith(("_", ".")) for part in name.parts)
    ]


def select(chapters: list[Chapter], names: Iterable[str], only: str | None = None) -> list[Chapter]:
    """The chapters that `names` (part/name, part, name or a path; none: all) and `only` leave.

    `only` is a glob pattern over part/name, or a piece of it.

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


def read_text(path: Path) -> str:
    """A text file with newlines as `\\n`, whatever the checkout made of them."""
    try:
        return path.read_text(encoding="utf8")
    except UnicodeDecodeError:
        raise ChapterError(f"{path.name} is not UTF-8 text.") from None
