"""Measured time and memory: a line under every chapter's title and a table of all chapters."""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective

from . import records, wording
from .records import Timing

FOLDER = "notebooks/"


def sentence(timing: Timing) -> str:
    """What a reader should expect of a run of this chapter."""
    return (
        f"Measured: {wording.seconds(timing.seconds)} and {wording.memory(timing.peak_mb)} of "
        f"memory in the cpu profile on {timing.device}, {timing.date}."
    )


class ChapterTiming(SphinxTransform):
    """Insert the measured line below the title of a chapter that has a record."""

    default_priority = 410

    def apply(self) -> None:
        if not self.env.docname.startswith(FOLDER):
            return
        source = Path(self.env.srcdir) / "results"
        self.env.note_dependency(str(source / "cpu.json"))
        timing = records.timings(source).get(self.env.docname.removeprefix(FOLDER))
        title = next(iter(self.document.findall(nodes.title)), None)
        if timing is None or title is None:
            return
        line = nodes.paragraph("", sentence(timing), classes=["chapter-measure"])
        title.parent.insert(title.parent.index(title) + 1, line)


class TimingsDirective(SphinxDirective):
    """Table of every recorded chapter's time and memory."""

    def run(self) -> list[nodes.Node]:
        source = Path(self.env.srcdir) / "results"
        self.env.note_dependency(str(source / "cpu.json"))
        timings = records.timings(source)
        if not timings:
            return self.parse_text_to_nodes("No chapter has been executed in the cpu profile yet.")
        lines = ["| Chapter | Time | Peak memory | Date |", "|:--|--:|--:|:--|"]
        for chapter, timing in timings.items():
            page = FOLDER + chapter
            name = f"{{doc}}`/{page}`" if page in self.env.found_docs else f"`{chapter}`"
            time, memory = wording.seconds(timing.seconds), wording.memory(timing.peak_mb)
            lines.append(f"| {name} | {time} | {memory} | {timing.date} |")
        total = sum(timing.seconds for timing in timings.values())
        peak = max(timing.peak_mb for timing in timings.values())
        lines.append(f"| All chapters | {wording.seconds(total)} | {wording.memory(peak)} | |")
        (table,) = self.parse_text_to_nodes("\n".join(lines))
        table["classes"].append("timings")
        return [table]


def setup(app: Sphinx) -> None:
    app.add_transform(ChapterTiming)
    app.add_directive("timings", TimingsDirective)
