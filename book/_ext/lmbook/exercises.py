"""An exercise is one box: the task, its hint, the cell to fill in and the folded solution.

In a chapter the four follow one another, as Jupyter wants them. What the checker prints before
anybody has tried ("○ not solved yet") says nothing on a static page and is left out.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from . import cells
from .folds import fold

UNSOLVED = "○"


def is_exercise(node: nodes.Node) -> bool:
    """Whether `node` is the task of an exercise."""
    return isinstance(node, nodes.admonition) and "exercise" in node["classes"]


def belongs(node: nodes.Node) -> bool:
    """Whether `node` can end an exercise: a fold, a stub or a solution."""
    return (
        isinstance(node, fold) or cells.tagged(node, "exercise") or cells.tagged(node, "solution")
    )


def followers(task: nodes.admonition) -> list[nodes.Node]:
    """What follows a task and belongs to it: up to the last part before the next exercise."""
    siblings = task.parent.children[task.parent.index(task) + 1 :]
    last = 0
    for place, node in enumerate(siblings, start=1):
        if is_exercise(node) or isinstance(node, nodes.section):
            break
        if belongs(node):
            last = place
    return siblings[:last]


def drop_unsolved(stub: nodes.Element) -> None:
    """Take "○ not solved yet" out of the output of a stub, and the output if nothing is left."""
    for block in cells.printed(stub):
        kept = [line for line in block.astext().split("\n") if not line.startswith(UNSOLVED)]
        if any(map(str.strip, kept)):
            block.rawsource = "\n".join(kept)
            block.children = [nodes.Text(block.rawsource)]
        else:
            block.parent.remove(block)
    for output in cells.parts(stub, cells.OUTPUT):
        if not output.children:
            output.parent.remove(output)


class ExerciseBoxes(SphinxTransform):
    """Move hint, stub and solution into the box of their exercise."""

    default_priority = 440

    def apply(self) -> None:
        for task in [n for n in self.document.findall(nodes.admonition) if is_exercise(n)]:
            for node in followers(task):
                task.parent.remove(node)
                task.append(node)
        for cell in cells.code_cells(self.document):
            if cells.tagged(cell, "exercise"):
                drop_unsolved(cell)


def setup(app: Sphinx) -> None:
    app.add_transform(ExerciseBoxes)
