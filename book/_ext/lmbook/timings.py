"""Measured time and memory: words for the set-up fold of a chapter and a table of all chapters."""

from datetime import datetime
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from . import measured, wording
from .measured import Timing

FOLDER = "notebooks/"


def day(date: str) -> str:
    """An ISO date as a reader writes it: `24 Nov 2026`."""
    return f"{datetime.fromisoformat(date):%-d %b %Y}"


def cost(timing: Timing) -> str:
    """What a run of this chapter took, where and when."""
    time, memory = wording.seconds(timing.seconds), wording.memory(timing.peak_mb)
    return f"· runs in {time}, {memory} · {timing.device}, {day(timing.date)}"


def of_chapter(env: BuildEnvironment) -> Timing | None:
    """The measured time of the chapter that is being read, if it has one."""
    source, chapter = Path(env.srcdir) / "results", env.docname.removeprefix(FOLDER)
    env.note_dependency(str(source / "cpu" / f"{chapter}.json"))
    return measured.timings(source).get(chapter)


class TimingsDirective(SphinxDirective):
    """Table of every recorded chapter's time and memory."""

    def run(self) -> list[nodes.Node]:
        source = Path(self.env.srcdir) / "results"
        for file in source.glob("cpu/*/*.json"):
            self.env.note_dependency(str(file))
        timings = measured.timings(source)
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
    app.add_directive("timings", TimingsDirective)
