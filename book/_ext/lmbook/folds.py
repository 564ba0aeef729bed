"""Folds: everything on a page that opens on demand is one kind of node, drawn as `<details>`.

Cells become folds by Jupyter Book's own tags: `hide-input` leaves the output and puts the code
in a fold beneath it, `hide-cell` folds both, `hide-output` the output. `<details>` written
as HTML in a chapter becomes the same node, so that other modules can find and move it.
"""

import re
from html import escape, unescape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from . import cells

TITLE = re.compile(r"#\s*@title\s+(?P<title>.+)")
OPENING = re.compile(r"\s*<details>\s*<summary>(?P<name>[^<>]+)</summary>\s*")
CLOSING = "</details>"


class fold(nodes.General, nodes.Element):
    """A closed fold: `name` is what its summary says, `note` follows in a quieter voice."""


def make_fold(name: str, kind: str, *children: nodes.Node, note: str = "") -> fold:
    """A fold of the given children, with `fold` and `kind` as its classes."""
    return fold("", *children, name=name, note=note, classes=["fold", kind])


def visit_fold(translator: Any, node: fold) -> None:
    """Open the fold, with a summary whose visible text is its name."""
    note = f' <span class="fold-note">{escape(node["note"])}</span>' if node["note"] else ""
    translator.body.append(
        f'<details class="{" ".join(node["classes"])}">\n'
        f"<summary>{escape(node['name'])}{note}</summary>\n"
    )


def depart_fold(translator: Any, node: fold) -> None:
    translator.body.append("</details>\n")


def code_name(cell: nodes.Element) -> str:
    """What the code of a cell is called: by its `# @title`, or by what it makes."""
    found = TITLE.match(cells.code(cell))
    if found:
        return found["title"].strip()
    if cells.shows_table(cell):
        return "Code of the table"
    return "Code of the figure" if cells.shows_picture(cell) else "Code"


def fold_cell(cell: nodes.Element, mode: str) -> None:
    """Fold a cell in myst-nb's `mode`: "input", "output", "all" or "input+output"."""
    source, output = cells.parts(cell, cells.SOURCE), cells.parts(cell, cells.OUTPUT)
    name = code_name(cell)
    if mode == "input" and output:
        cell.children = []
        cell.extend([*output, make_fold(name, "code-fold", *source)])
    elif mode == "output":
        cell.children = []
        cell.extend([*source, make_fold("Output", "output-fold", *output)])
    else:
        kind = "solution-fold" if cells.tagged(cell, "solution") else "code-fold"
        cell.children = []
        cell.append(make_fold(name, kind, *source, *output))


class FoldHiddenCells(SphinxTransform):
    """Fold the cells whose tags hide something, before myst-nb does it in its own way."""

    default_priority = 434

    def apply(self) -> None:
        for cell in cells.code_cells(self.document):
            mode = cell.attributes.pop("hide_mode", None)
            if mode:
                fold_cell(cell, mode)


class DetailsToFolds(SphinxTransform):
    """Make a fold of `<details><summary>…</summary>`, Markdown, `</details>`."""

    default_priority = 425

    def apply(self) -> None:
        for opening in list(self.document.findall(nodes.raw)):
            found = OPENING.fullmatch(opening.astext())
            if found and opening.get("format") == "html":
                gather(opening, unescape(found["name"]).strip())


def gather(opening: nodes.raw, name: str) -> None:
    """Replace `opening`, its closing tag and what stands between by one fold."""
    parent = opening.parent
    start = parent.index(opening)
    for end in range(start + 1, len(parent)):
        node = parent[end]
        if isinstance(node, nodes.raw) and node.astext().strip() == CLOSING:
            inside = parent.children[start + 1 : end]
            parent[start : end + 1] = [make_fold(name, "text-fold", *inside)]
            return


def setup(app: Sphinx) -> None:
    app.add_node(fold, html=(visit_fold, depart_fold))
    app.add_transform(DetailsToFolds)
    app.add_transform(FoldHiddenCells)
