"""`{ladder} language` and `{ladder} classification`: what all models of the book reach.

A picture of all rungs, one of the close ones enlarged, and a table; with `:picture:` the first
alone.
"""

from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from . import ladder_picture, ladder_table, measured
from .chapters import FOLDER
from .ladder_scale import SCALES
from .measured import PROFILES, SEEDS, ResultsError

EMPTY = (
    "No run has been recorded yet. `lmcourse run` executes the chapters and fills this ladder from "
    "what they measure."
)


def choose(argument: str) -> str:
    """One of the two ladders; `ValueError` naming them for anything else."""
    return directives.choice(argument, tuple(SCALES))


def results(app: Sphinx) -> Path:
    """The folder of what the runs measured."""
    return Path(app.srcdir) / "results"


def check_results(app: Sphinx) -> None:
    """Stop before anything is built when a results file is broken."""
    try:
        measured.check(results(app))
    except ResultsError as error:
        raise ExtensionError(str(error)) from None


class LadderDirective(SphinxDirective):
    """Draw a ladder from the records."""

    required_arguments = 1
    option_spec: ClassVar = {"picture": directives.flag}

    def run(self) -> list[nodes.Node]:
        scale = SCALES[choose(self.arguments[0])]
        folder = results(self.env.app)
        for place in (*PROFILES, *(f"{SEEDS}/{profile}" for profile in PROFILES)):
            for path in (folder / place).glob("*/*.json"):
                self.env.note_dependency(str(path))
        rungs = measured.rungs(folder, scale.ladder)
        if not rungs:
            return self.parse_text_to_nodes(EMPTY)
        html = ladder_picture.overview(rungs, scale)
        if "picture" not in self.options:
            html += ladder_picture.close_rungs(rungs, scale)
            html += ladder_table.table(rungs, scale, self.links())
        return [nodes.raw("", html, format="html")]

    def links(self) -> dict[str, str]:
        """The address of each chapter of the book, seen from this page."""
        link = self.env.app.builder.get_relative_uri
        pages = [page for page in self.env.found_docs if page.startswith(FOLDER)]
        return {page.removeprefix(FOLDER): link(self.env.docname, page) for page in pages}


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", check_results)
    app.add_directive("ladder", LadderDirective)
