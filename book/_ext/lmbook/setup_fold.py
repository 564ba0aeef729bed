"""Installation, parameters and imports of a chapter become one closed fold: "Set-up"."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from . import cells, timings
from .folds import make_fold

FIRST = "install"
CELLS = 3


def setup_cells(document: nodes.document) -> list[nodes.container]:
    """The cell tagged `install` and what follows it at once, three code cells at most."""
    first = next((c for c in cells.code_cells(document) if cells.tagged(c, FIRST)), None)
    if first is None:
        return []
    start = first.parent.index(first)
    found = []
    for node in first.parent.children[start : start + CELLS]:
        if not cells.is_cell(node):
            break
        found.append(node)
    return found


class FoldSetup(SphinxTransform):
    """Put the set-up of a chapter into one fold, with what a run of the chapter costs."""

    default_priority = 430

    def apply(self) -> None:
        found = setup_cells(self.document)
        if not found:
            return
        timing = timings.of_chapter(self.env)
        note = timings.cost(timing) if timing else ""
        parent, start = found[0].parent, found[0].parent.index(found[0])
        folded = make_fold("Set-up", "setup", *found, note=note)
        parent[start : start + len(found)] = [folded]


def setup(app: Sphinx) -> None:
    app.add_transform(FoldSetup)
