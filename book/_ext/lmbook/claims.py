"""A cell tagged `claims` becomes one closed fold that says how many statements hold."""

from collections import Counter
from collections.abc import Iterable

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from . import cells
from .folds import make_fold

#: How `lmcourse.claims` begins a line, and what the line means. A failed check raises instead.
HELD, FAILED, UNJUDGED, OTHER = "✓", "✗", "·", ""
RAISED = "ClaimFailed: "


def verdict(line: str) -> str:
    """What one line of the output says: one of the marks above, `OTHER` for anything else."""
    if line.startswith(RAISED):
        return FAILED
    return next((mark for mark in (HELD, FAILED, UNJUDGED) if line.startswith(mark)), OTHER)


def plural(number: int, one: str, many: str) -> str:
    """`number` with the form of the words that fits it."""
    return f"{number} {one if number == 1 else many}"


def summary(lines: Iterable[str]) -> str:
    """One line on what the output of a claims cell says, no more than is true."""
    count = Counter(verdict(line) for line in lines if line.strip())
    said = []
    if count[FAILED]:
        failed = plural(count[FAILED], "statement does not hold", "statements do not hold")
        said.append(f"{FAILED} {failed} in this run")
    if count[HELD] and said:
        said.append(plural(count[HELD], "holds", "hold"))
    elif count[HELD]:
        held = plural(count[HELD], "statement holds", "statements hold")
        said.append(f"{HELD} {held} in this run")
    if count[UNJUDGED]:
        unjudged = plural(count[UNJUDGED], "is not judged", "are not judged")
        said.append(unjudged if said else f"{UNJUDGED} {unjudged} in this run")
    if not said:
        return "Statements that this run did not reach"
    if count[OTHER]:
        said.append(plural(count[OTHER], "more line of output", "more lines of output"))
    return ", ".join(said)


def output_lines(cell: nodes.Element) -> list[str]:
    """What a cell printed, line by line; of a traceback only the statement that failed."""
    lines = []
    for block in cells.printed(cell):
        own = block.astext().splitlines()
        raised = "traceback" in block["classes"]
        lines += [line for line in own if RAISED in line] if raised else own
    return lines


class FoldClaims(SphinxTransform):
    """Fold every cell tagged `claims`."""

    default_priority = 432

    def apply(self) -> None:
        for cell in cells.code_cells(self.document):
            if cells.tagged(cell, "claims"):
                said = summary(output_lines(cell))
                inside, cell.children = cell.children, []
                cell.append(make_fold(said, "claims", *inside))


def setup(app: Sphinx) -> None:
    app.add_transform(FoldClaims)
