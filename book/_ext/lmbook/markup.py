"""Repairs of what the theme and the notebooks' HTML say to a screen reader."""

import re
from html import escape
from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

EMPTY_HEADER = re.compile(r"<th(?P<attributes>[^>]*)>\s*</th>")
TITLE = re.compile(r"#\s*@title\s+(?P<title>.+)")


def fill_headers(html: str) -> str:
    """pandas writes an empty ``<th>`` in the corner of a table; a corner is not a header."""
    return EMPTY_HEADER.sub(r"<td\g<attributes>></td>", html)


class TableCorners(SphinxTransform):
    """Apply `fill_headers` to every piece of raw HTML."""

    default_priority = 420

    def apply(self) -> None:
        for node in list(self.document.findall(nodes.raw)):
            if node.get("format") == "html" and "<th" in node.astext():
                text = fill_headers(node.astext())
                node.replace_self(nodes.raw("", text, **node.attributes))


class FoldInstallation(SphinxTransform):
    """Fold the cell that installs the book's package: it is for Colab, not for readers."""

    default_priority = 430

    def apply(self) -> None:
        for cell in self.document.findall(nodes.container):
            if "tag_install" in cell["classes"]:
                fold = HideCodeCellNode(name="Installation, for Colab")
                fold += cell.children
                cell.children = []
                cell += fold


def prompt(node: nodes.Element) -> str:
    """What the fold is called: a solution by its ``# @title``, anything else by its kind."""
    if node.get("name"):
        return str(node["name"])
    for code in node.findall(nodes.literal_block):
        found = TITLE.match(code.astext())
        return found["title"].strip() if found else "Code"
    return "Output"


def visit_fold(translator: Any, node: nodes.Element) -> None:
    """Open a fold around a hidden cell, with a summary whose visible text is its name."""
    classes = " ".join(["fold", *node["classes"]])
    translator.body.append(
        f'<details class="{classes}">\n<summary>{escape(prompt(node))}</summary>\n'
    )


def depart_fold(translator: Any, node: nodes.Element) -> None:
    translator.body.append("</details>\n")


def setup(app: Sphinx) -> None:
    app.add_transform(TableCorners)
    app.add_transform(FoldInstallation)
    app.add_node(HideCodeCellNode, override=True, html=(visit_fold, depart_fold))
