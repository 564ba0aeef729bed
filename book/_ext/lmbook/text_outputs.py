"""Text outputs wrap, unless their columns carry the meaning: decided here, once, when building.

Two lines that follow each other (empty ones apart) are *rows* when they

- are both numbers in brackets, as NumPy and torch print arrays, or
- share two columns, or share one and neither is longer than `WIDTH` characters.

A text is *aligned* when it has rows and every line longer than `WIDTH` is one of them. A column is
a piece of text after two or more spaces; lines share it when it begins or ends at the same place in
both. A piece that only the indentation precedes counts by its end alone, because indented prose is
no table. So a label before long prose wraps, and a table does not.
"""

import re
from itertools import pairwise

from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from . import cells

WIDTH = 80
ALIGNED, WRAPS = "aligned", "wraps"
PIECE = re.compile(r"(?P<gap>^|^ +|  +)(?P<text>\S+(?: \S+)*)")
NUMBERS = re.compile(r"\s*(?:tensor\(|array\()?\[(?:[\d\s.,eE+\-\[\]]|nan|inf)+(?:\.\.\.)?.{0,40}")


def columns(line: str) -> list[tuple[int | None, int]]:
    """Where each piece of `line` begins and ends; None for the beginning of the first one."""
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


def rows(one: str, other: str) -> bool:
    """Whether two lines stand under each other as rows of a table or of an array."""
    enough = 1 if max(len(one), len(other)) <= WIDTH else 2
    numbers = NUMBERS.fullmatch(one) and NUMBERS.fullmatch(other)
    return bool(numbers) or shared(one, other) >= enough


def aligned(text: str) -> bool:
    """Whether the columns of a text output carry its meaning; the rule stands at the top."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    pairs = [rows(one, other) for one, other in pairwise(lines)]
    is_row = [before or after for before, after in pairwise([False, *pairs, False])]
    return any(pairs) and all(
        row or len(line) <= WIDTH for line, row in zip(lines, is_row, strict=True)
    )


class ClassifyTextOutputs(SphinxTransform):
    """Give every text output a class for the style sheet: `ALIGNED` or `WRAPS`."""

    default_priority = 428

    def apply(self) -> None:
        for block in cells.text_outputs(self.document):
            block["classes"].append(ALIGNED if aligned(block.astext()) else WRAPS)


def setup(app: Sphinx) -> None:
    app.add_transform(ClassifyTextOutputs)
