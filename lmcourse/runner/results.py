"""Numbers that runs leave behind: results/<profile>/<part>/<name>.json, one file a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from lmcourse.files import replace_text
from lmcourse.runner.find import Chapter, ChapterError, find_chapters, read_text

PROFILES = ("cpu", "gpu")  # those whose numbers are kept


def path(chapter: Chapter, profile: str) -> Path:
    """Where a run's results go; those of a profile whose numbers are not kept go to _build."""
    kept = profile in PROFILES
    folder = Path("results", profile) if kept else Path("_build", "runs", profile)
    return chapter.root / folder / f"{chapter.name}.json"


def collect(notebook: NotebookNode) -> dict[str, dict[str, Any]]:
    """The records in a notebook's outputs by name; `ChapterError` when a name occurs twice."""
    records: dict[str, dict[str, Any]] = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            entry = dict(output.get("metadata", {}).get("lmcourse", {}))
            if entry:
                name = entry.pop("name")
                if name in records:
                    raise ChapterError(f"the name {name!r} is recorded twice.")
                records[name] = entry
    return records


def read(chapter: Chapter, profile: str) -> dict[str, Any] | None:
    """What the last run of the chapter left; None when there is no file.

    `ChapterError` when the file is not JSON or not of this chapter and profile.
    """
    file = path(chapter, profile)
    if not file.is_file():
        return None
    where = file.relative_to(chapter.root).as_posix()
    remedy = f"restore it, or delete it and `lmcourse run {chapter.name} --profile {profile}`"
    try:
        data = json.loads(read_text(file))
        owner = (data["chapter"], data["profile"])
        if missing := {"records", "inputs", "outputs"} - data.keys():
            raise KeyError(*missing)
    except (ValueError, KeyError, TypeError):
        raise ChapterError(f"{where} is not a file of results: {remedy}.") from None
    if owner != (chapter.name, profile):
        raise ChapterError(f"{where} is of {owner[0]}, profile {owner[1]}: {remedy}.")
    return data


def store(chapter: Chapter, profile: str, data: dict[str, Any]) -> None:
    """Keep what a run left.

    Raises:
        ChapterError: one of its records has the name of another chapter's, or is not finite;
            nothing is written.
    """
    for other in find_chapters(chapter.root):
        known = None if other == chapter else read(other, profile)
        for name in data["records"].keys() & (known or {}).get("records", {}).keys():
            raise ChapterError(f"the name {name!r} is already recorded in {other.name}.")
    write(path(chapter, profile), {"chapter": chapter.name, "profile": profile, **data})


def write(file: Path, data: dict[str, Any]) -> None:
    """Store `data` whole or not at all, as JSON with sorted keys."""
    try:
        text = json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise ChapterError("a recorded number is not finite.") from None
    replace_text(file, text + "\n")
