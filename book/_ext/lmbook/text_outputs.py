"""Text outputs wrap, unless their columns carry the meaning: decided here, once, when building.

A text is *aligned* when two lines that follow each other (empty ones apart)

- are both rows of numbers in brackets, as NumPy and torch print arrays, or
- share two columns, or share one while no line of the text is longer than `WIDTH` characters.

A column is a piece of text after two or more spaces; lines share it when it begins or ends at the
same place in both. A piece that only the indentation precedes counts by its end alone, because
indented prose is no table. One shared column before long lines is a label before prose, and prose
wraps.
"""

import re
from itertools import pairwise

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from . import cells

WIDTH = 80
ALIGNED, WRAPS = "aligned", "wraps"
PIECE = re.compile(r"(?P<gap>^|^ +|  +)(?P<text>\S+(?: \S+)*)")
NUMBERS = re.compile(r"\s*(?:tensor\(|array\()?\[(?:[\d\s.,eE+\-\[\]]|nan|inf)+(?:\.\.\.)?.{0,40}")


def columns(line: str) -> list[tuple[int | None, int]]:
    """Where each piece of ``line`` begins and ends; None for the beginning of the first one."""
    found = [(m.start("text"), m.end("text"), m["gap"]) for m in PIECE.finditer(line)]
    return [
        (None if start == len(gap) else start, end)
        for start, end, gap in found
        if start > 0 and len(gap) > 1
    ]


def shared(one: str, other: str) -> int:
    """How many columns two lines share."""
    theirs = columns(other)
    begins = {begin for begin, _ in theirs if begin is not None}
    ends = {end for _, end in theirs}
    return sum(begin in begins or end in ends for begin, end in columns(one))


def aligned(text: str) -> bool:
    """Whether the columns of a text output carry its meaning; the rule stands at the top."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    enough = 1 if max(map(len, lines), default=0) <= WIDTH else 2
    return any(
        shared(one, other) >= enough or (NUMBERS.fullmatch(one) and NUMBERS.fullmatch(other))
        for one, other in pairwise(lines)
    )


class ClassifyTextOutputs(SphinxTransform):
    """Give every text output a class for the style sheet: `ALIGNED` or `WRAPS`."""

    default_priority = 428

    def apply(self) -> None:
        for block in cells.text_outputs(self.document):
            block["classes"].append(ALIGNED if aligned(block.astext()) else WRAPS)


def setup(app: Sphinx) -> None:
    app.add_transform(ClassifyTextOutputs)
