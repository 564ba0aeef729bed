"""Outputs that can be compared: what an executed notebook leaves behind, without what changes.

Clock times, standard error, widget state, terminal colours and object addresses go; what a reader
sees stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy

from nbformat import NotebookNode

from lmcourse.runner import images
from lmcourse.runner.notebook import INJECTED, is_injected

ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")
WIDGET = "application/vnd.jupyter.widget-view+json"


def with_outputs(fresh: NotebookNode, executed: NotebookNode) -> NotebookNode:
    """`fresh` with the cleaned outputs of `executed`, the same notebook after its execution.

    A cell of injected parameters is kept where papermill put it.
    """
    result = deepcopy(fresh)
    result.cells = []
    cells = iter(fresh.cells)
    for done in executed.cells:
        injected = is_injected(done)
        cell = deepcopy(done if injected else next(cells))
        if injected:
            cell["id"], cell.metadata = INJECTED, NotebookNode(tags=[INJECTED])
        if cell.cell_type == "code":
            cell.execution_count = done.execution_count
            cell.outputs = clean(done.outputs)
        result.cells.append(cell)
    return result


def clean(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """The outputs of one cell, merged and without what differs between two equal runs."""
    kept: list[NotebookNode] = []
    for output in deepcopy(outputs):
        if output.output_type == "stream":
            if output.name == "stderr":
                continue
            if kept and kept[-1].output_type == "stream":
                kept[-1].text += output.text
            else:
                kept.append(output)
        elif WIDGET not in output.get("data", {}):
            kept.append(output)
    for output in kept:
        if output.output_type == "stream":
            output.text = _plain(output.text)
        for kind, value in output.get("data", {}).items():
            if kind in ("text/plain", "text/html") and isinstance(value, str):
                output.data[kind] = _plain(value)
        images.compact(output)
    return kept


def complaints(executed: NotebookNode) -> list[str]:
    """What `clean` takes out and an author should mend, since `pytest --nbval` would see it."""
    return sorted({complaint for cell in executed.cells for complaint in _complaints(cell)})


def _complaints(cell: NotebookNode) -> Iterator[str]:
    for output in cell.get("outputs", []):
        text = output.get("text", "") + str(output.get("data", {}).get("text/plain", ""))
        if output.get("name") == "stderr":
            yield f"writes to stderr ({_last_line(text)[:60]})"
            continue
        if ADDRESS.search(text):
            yield "prints an object's address"
        if ANSI.search(text):
            yield "prints terminal colours"
        if WIDGET in output.get("data", {}):
            yield "shows a widget"


def _plain(text: str) -> str:
    text = ADDRESS.sub("at 0x…", ANSI.sub("", text))
    return re.sub(r"[^\n]*\r(?!\n)", "", text)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1].strip()
