"""``{ladder} language`` and ``{ladder} classification``: the book's two opening pictures.

The picture is HTML and CSS, not an image: it takes its colours from the theme (light and dark), its
letters stay readable on a phone, and it costs two kilobytes.
"""

from collections.abc import Sequence
from html import escape
from math import ceil, floor
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from . import records, wording
from .records import Rung

AXES = {
    "language": "bits per character on the test reviews, less is better",
    "classification": "accuracy on the test reviews, more is better",
}
TITLES = {
    "language": "The ladder of language models",
    "classification": "The ladder of classifiers",
}
EMPTY = (
    "No run has been recorded yet. `lmcourse run` executes the chapters and fills this ladder from "
    "what they measure."
)


def choose(argument: str) -> str:
    """One of the two ladders; ``ValueError`` naming them for anything else."""
    return directives.choice(argument, tuple(AXES))


def axis(rungs: Sequence[Rung], ladder: str) -> tuple[float, float, list[float]]:
    """Lower end, upper end and ticks of the scale: from zero bits, or from the worst accuracy."""
    highs = [r.interval[1] if r.interval else r.value for r in rungs]
    lows = [r.interval[0] if r.interval else r.value for r in rungs]
    if ladder == "language":
        high = max(1, ceil(max(highs)))
        return 0.0, float(high), [float(t) for t in range(high + 1)]
    low = min(0.5, floor(min(lows) * 10) / 10)
    return low, 1.0, [round(low + 0.1 * i, 1) for i in range(round((1 - low) * 10) + 1)]


def describe(rungs: Sequence[Rung], ladder: str) -> str:
    """The picture in words: the text alternative."""
    best, worst = rungs[0], rungs[-1]
    value = lambda r: wording.estimate(r.value, r.interval)  # noqa: E731
    steps = "; ".join(f"{r.label} {value(r)}" for r in rungs)
    return (
        f"{TITLES[ladder]}, one row a model, {AXES[ladder]}. From {worst.label} at the bottom to "
        f"{best.label} at the top. {steps}."
    )


def row(rung: Rung, low: float, high: float, *, best: bool) -> str:
    """One rung: its name, a bar with the interval as a whisker, its value."""

    def at(value: float) -> str:
        return f"{100 * (value - low) / (high - low):.2f}%"

    whisker = ""
    if rung.interval:
        left, right = (max(low, min(high, end)) for end in rung.interval)
        width = f"{100 * (right - left) / (high - low):.2f}%"
        whisker = f'<i class="whisker" style="left:{at(left)};width:{width}"></i>'
    return (
        f'<div class="rung{" best" if best else ""}">'
        f'<span class="label">{escape(rung.label)}</span>'
        f'<span class="track"><i class="bar" style="width:{at(rung.value)}"></i>{whisker}</span>'
        f'<span class="value">{rung.value:.3f}</span></div>'
    )


def picture(rungs: Sequence[Rung], ladder: str) -> str:
    """The ladder as HTML with a text alternative."""
    low, high, ticks = axis(rungs, ladder)
    rows = "".join(row(r, low, high, best=i == 0) for i, r in enumerate(rungs))
    marks = "".join(
        f'<i style="left:{100 * (t - low) / (high - low):.2f}%">{t:g}</i>' for t in ticks
    )
    return (
        f'<figure class="ladder {ladder}">'
        f'<div role="img" aria-label="{escape(describe(rungs, ladder))}">{rows}'
        f'<div class="scale"><span class="label"></span><span class="track">{marks}</span>'
        f'<span class="value"></span></div></div>'
        f"<figcaption>{escape(AXES[ladder][0].upper() + AXES[ladder][1:])}.</figcaption></figure>"
    )


def table(rungs: Sequence[Rung], known: set[str]) -> str:
    """The ladder as a Markdown table; models link to their chapter where the book has it."""
    head = ["Model", "Value", "Parameters", "Training", "Measured"]
    lines = [f"| {' | '.join(head)} |", "|:--|--:|--:|--:|:--|"]
    for r in rungs:
        page = f"notebooks/{r.chapter}"
        label = f"{{doc}}`{r.label} </{page}>`" if page in known else r.label
        how = f"{r.profile} profile, {r.device}" + (f", {r.seeds} seeds" if r.seeds > 1 else "")
        value = wording.estimate(r.value, r.interval)
        cells = [label, value, wording.count(r.parameters), wording.seconds(r.seconds), how]
        lines.append(f"| {' | '.join(cells)} |")
    notes = [f"{{.ladder-note}}\n{r.label}: {r.note}\n" for r in rungs if r.note]
    return "\n".join([*lines, "", *notes])


class LadderDirective(SphinxDirective):
    """Draw a ladder from the records; ``:picture:`` leaves the table out."""

    required_arguments = 1
    option_spec: ClassVar = {"picture": directives.flag}

    def run(self) -> list[nodes.Node]:
        ladder = choose(self.arguments[0])
        folder = Path(self.env.srcdir) / "results"
        for path in [*folder.glob("*.json"), *folder.glob("seeds/*.json")]:
            self.env.note_dependency(str(path))
        rungs = records.rungs(folder, ladder)
        if not rungs:
            return self.parse_text_to_nodes(EMPTY)
        drawn: list[nodes.Node] = [nodes.raw("", picture(rungs, ladder), format="html")]
        if "picture" not in self.options:
            drawn += self.parse_text_to_nodes(table(rungs, self.env.found_docs))
        for node in drawn:
            if isinstance(node, nodes.table):
                node["classes"].append("ladder")  # the style sheet keeps its columns wide enough
        return drawn


def setup(app: Sphinx) -> None:
    app.add_directive("ladder", LadderDirective)
