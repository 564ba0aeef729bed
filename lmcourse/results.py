"""Numbers that runs leave behind: from the outputs of notebooks into results/*.json."""

from __future__ import annotations

import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from filelock import FileLock
from nbformat import NotebookNode

from lmcourse import hub
from lmcourse.chapters import ChapterError, find_chapters, read_text, write_atomic

PROFILES = ("cpu", "gpu")  # those whose numbers are kept


def collect(notebook: NotebookNode) -> dict[str, dict[str, Any]]:
    """The records in a notebook's outputs by name; ``ChapterError`` when a name occurs twice."""
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


def read(root: Path, profile: str) -> dict[str, Any]:
    """results/<profile>.json, or an empty one when there is none."""
    path = root / "results" / f"{profile}.json"
    if not path.is_file():
        return {"profile": profile, "environment": {}, "chapters": {}}
    try:
        return json.loads(read_text(path))
    except ValueError:
        raise ChapterError(f"results/{path.name} is not valid JSON; restore it.") from None


def update(root: Path, profile: str, chapter: str, entry: dict[str, Any]) -> None:
    """Store one chapter's ``entry`` (seconds, peak_mb, date, records) of a run on this machine.

    Entries of chapters that are gone are dropped. An entry that another environment made keeps
    that environment with it.

    Raises:
        ChapterError: a record of the same name belongs to another chapter, or is not finite.
    """
    folder = root / "_build"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / "results.lock"):
        data = read(root, profile)
        chapters = data["chapters"]
        names = {found.name for found in find_chapters(root)} - {chapter}
        others = {name: old for name, old in chapters.items() if name in names}
        for name, old in others.items():
            for twice in old["records"].keys() & entry["records"].keys():
                raise ChapterError(f"the name {twice!r} is already recorded in {name}.")
        here = environment(profile)
        if data["environment"] and data["environment"] != here:
            for old in others.values():
                old.setdefault("environment", data["environment"])
        data = {"profile": profile, "environment": here, "chapters": {**others, chapter: entry}}
        write(root / "results" / f"{profile}.json", data)


def write(path: Path, data: dict[str, Any]) -> None:
    """Store ``data`` atomically as JSON with sorted keys."""
    try:
        text = json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise ChapterError("a recorded number is not finite.") from None
    write_atomic(path, text + "\n")


def environment(profile: str) -> dict[str, Any]:
    """What the numbers depend on beside the code: versions, device, CPU cores, source of data."""
    packages = ("torch", "transformers")
    return {
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
        "lmcourse": version("lmcourse"),
        "device": device(profile),
        "cpu_count": cores(),
        "source": hub.source(),
    }


def device(profile: str) -> str:
    """Name of the device that the profile computes on."""
    if profile == "gpu" and os.environ.get("LMCOURSE_DEVICE") != "cpu":
        import torch

        if torch.cuda.is_available():
            return torch.cuda.get_device_name()
        if torch.backends.mps.is_available():
            return f"Apple GPU ({platform.processor() or platform.machine()})"
    return _processor()


def cores() -> int:
    """CPU cores that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
