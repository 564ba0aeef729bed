"""Figures drawn in the page itself, in its fonts and the theme's colours.

`lmcourse.runner.images` stores a figure as a PNG and, where it is small enough, as a compressed
SVG. The page gets the SVG: its colours become the variables of `figures.css`, which dark mode
changes, and its ids are made unique in the page.
"""

import re
from html import escape
from typing import Any

import nbformat
from docutils import nodes
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms import SphinxTransform
from sphinx.writers.html5 import HTML5Translator

from lmcourse import plot
from lmcourse.runner import images

from . import live

NAMES = ["PAPER", "INK", "RULE", "GREY", "BLUE", "ORANGE", "GREEN", "PINK", "SKY", "RED", "YELLOW"]
VARIABLES = {getattr(plot, name).lower(): f"var(--lm-{name.lower()})" for name in NAMES}
COLOR = re.compile(rf"(?<=fill:|roke:)(?:{'|'.join(VARIABLES)})\b")
BLACK_LINE, INK_LINE = f"stroke:{plot.BLACK}", f"stroke:{plot.INK.lower()}"  # of arrows, unasked
IDENTIFIER = re.compile(r'(?<= id=")|(?<= href="#)|(?<=url\(#)')
MARK = '<svg class="drawing"'


def in_page(svg: str, alt: str, prefix: str) -> str:
    """An SVG as a page carries it: its colours variables, `prefix` before its ids, named `alt`."""
    svg = svg.replace(BLACK_LINE, INK_LINE)
    svg = COLOR.sub(lambda color: VARIABLES[color[0]], svg)
    svg = IDENTIFIER.sub(prefix, svg)
    return svg.replace("<svg", f'{MARK} role="img" aria-label="{escape(alt)}"', 1)


def read(text: str, prefix: str = "f") -> NotebookNode:
    """The notebook, with each stored drawing in place of its PNG; its ids begin with `prefix`."""
    notebook = nbformat.reads(text, as_version=4)
    for number, cell in enumerate(notebook.cells):
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        for index, output in enumerate(cell.get("outputs", [])):
            svg = images.drawing(output)
            if svg is not None:
                html = live.around(in_page(svg, alt, f"{prefix}{number}-{index}-"), output)
                output.data = NotebookNode({"text/html": html})
    return notebook


class Drawing(nodes.General, nodes.Element):
    """An SVG in the page; unlike raw HTML, the search does not read the labels of its axes."""


class Drawings(SphinxTransform):
    """Take the drawings for what they are."""

    default_priority = 420

    def apply(self) -> None:
        for node in list(self.document.findall(nodes.raw)):
            if node.astext().startswith((MARK, live.MARK)):
                node.replace_self(Drawing(svg=node.astext()))


def _visit(translator: HTML5Translator, node: Drawing) -> None:
    translator.body.append(node["svg"])
    raise nodes.SkipNode


def _register(app: Sphinx, config: Config) -> None:
    config.nb_custom_formats = {**config.nb_custom_formats, ".ipynb": f"{__name__}.read"}


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(Drawing, html=(_visit, None))
    app.add_transform(Drawings)
    app.connect("config-inited", _register, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
