"""How long a chapter takes to read: one line under its title, counted from the page itself."""

from collections.abc import Iterable

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from . import cells
from .folds import fold
from .timings import FOLDER

WORDS_A_MINUTE = 200
CODE_LINES_A_MINUTE = 4
STEP = 5  # a claim of 23 minutes would be more exact than it is


def visible(node: nodes.Element) -> Iterable[nodes.Element]:
    """The prose and the code cells under `node` that stand outside of folds."""
    for child in node.children:
        if isinstance(child, fold):
            continue
        if isinstance(child, nodes.TextElement) or cells.is_cell(child):
            yield child
        if isinstance(child, nodes.Element) and not isinstance(child, nodes.TextElement):
            yield from visible(child)


def is_prose(node: nodes.Element) -> bool:
    """Whether the words of `node` are read one after another: not code, output or a formula."""
    return not isinstance(node, (nodes.literal_block, nodes.math_block, nodes.raw, nodes.comment))


def code_lines(cell: nodes.Element) -> int:
    """Lines of a cell's code that are not empty; none where the code is in a fold."""
    blocks = [b for b in visible(cell) if isinstance(b, nodes.literal_block)]
    lines = [
        line for b in blocks if "output" not in b["classes"] for line in b.astext().split("\n")
    ]
    return sum(bool(line.strip()) for line in lines)


def minutes(document: nodes.document) -> float:
    """Words of prose and lines of visible code, each at its own pace."""
    shown = list(visible(document))
    words = sum(len(n.astext().split()) for n in shown if not cells.is_cell(n) and is_prose(n))
    lines = sum(code_lines(n) for n in shown if cells.is_cell(n))
    return words / WORDS_A_MINUTE + lines / CODE_LINES_A_MINUTE


def sentence(time: float) -> str:
    """`time` in minutes as a reader wants it: to five minutes."""
    return f"About {max(STEP, STEP * round(time / STEP))} minutes of reading"


class ReadingTime(SphinxTransform):
    """Insert the line below the title of a chapter, once everything else is folded."""

    default_priority = 450

    def apply(self) -> None:
        title = next(iter(self.document.findall(nodes.title)), None)
        if title is None or not self.env.docname.startswith(FOLDER):
            return
        line = nodes.paragraph("", sentence(minutes(self.document)), classes=["reading-time"])
        title.parent.insert(title.parent.index(title) + 1, line)


def setup(app: Sphinx) -> None:
    app.add_transform(ReadingTime)
