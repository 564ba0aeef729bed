"""The chapters as the site shows them: their order, and the Markdown of their notebooks."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

FOLDER = "notebooks/"


def reading_order(root: Path) -> list[str]:
    """The chapters of `_toc.yml`, first to last, as `part/name`."""
    tree = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    return [file.removeprefix(FOLDER) for file in _files(tree) if file.startswith(FOLDER)]


def _files(tree: Any) -> Iterator[str]:
    if isinstance(tree, list):
        for branch in tree:
            yield from _files(branch)
    elif isinstance(tree, dict):
        if "file" in tree:
            yield tree["file"]
        for branch in tree.values():
            yield from _files(branch)


def markdown(root: Path, chapter: str) -> str:
    """All Markdown cells of a chapter's stored notebook; empty when it has none yet."""
    path = root / FOLDER / f"{chapter}.ipynb"
    if not path.is_file():
        return ""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def all_markdown(root: Path) -> dict[str, str]:
    """The Markdown of every chapter, in reading order."""
    return {chapter: markdown(root, chapter) for chapter in reading_order(root)}
