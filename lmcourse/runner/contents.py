"""The line of a chapter in `_toc.yml`, added without touching the other lines."""

from __future__ import annotations

import re
from pathlib import Path

from lmcourse.runner.find import ChapterError, read_text

ENTRY = re.compile(r"(?P<indent> *)- file: *[\"']?notebooks/(?P<part>\w+)/(?P<name>\w+)")


def with_chapter(contents: Path, part: str, name: str) -> str:
    """The text of `_toc.yml` with the chapter as last of its part.

    A part that is not there yet becomes the last one that has chapters.

    Raises:
        ChapterError: the file is missing, lists the chapter, or lists no chapter at all.
    """
    if not contents.is_file():
        raise ChapterError(f"{contents.name} is missing; restore it with git.")
    lines = read_text(contents).splitlines()
    entries = {n: entry for n, line in enumerate(lines) if (entry := ENTRY.match(line))}
    if not entries:
        raise ChapterError(f"{contents.name} has no line `- file: notebooks/…`; restore it.")
    if any(entry["part"] == part and entry["name"] == name for entry in entries.values()):
        raise ChapterError(
            f"{contents.name} lists notebooks/{part}/{name}; remove the line or choose another "
            "name."
        )
    of_part = [n for n, entry in entries.items() if entry["part"] == part]
    last = max(of_part or entries)
    added = [f"{entries[last]['indent']}- file: notebooks/{part}/{name}"]
    if not of_part:
        added = [*_heading(lines[:last], part), *added]
    end = _end(lines, last, len(entries[last]["indent"]))
    return "\n".join([*lines[:end], *added, *lines[end:]]) + "\n"


def _heading(above: list[str], part: str) -> list[str]:
    """Caption and `chapters:` of a new part, indented as those of the part before."""
    captions = [line for line in above if line.lstrip().startswith("- caption:")]
    if not captions:
        raise ChapterError("_toc.yml has no line `- caption: …`; restore it with git.")
    indent = captions[-1][: -len(captions[-1].lstrip())]
    title = part.replace("_", " ").capitalize()
    return [f"{indent}- caption: {title}", f"{indent}  chapters:"]


def _end(lines: list[str], entry: int, indent: int) -> int:
    """First line behind an entry and the options that stand below it, further in."""
    deeper = re.compile(rf" {{{indent + 1},}}\S")
    end = entry + 1
    while end < len(lines) and deeper.match(lines[end]):
        end += 1
    return end
