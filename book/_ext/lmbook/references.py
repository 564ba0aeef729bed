"""The references page: one entry a paper, with the chapters that cite it."""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from . import chapters, reading
from .chapters import FOLDER
from .reading import Paper, ReadingError

PAGE = "book/references"


def read(app: Sphinx) -> None:
    """Read the chapters' lists before anything is built, and notice whether they changed."""
    try:
        papers = reading.papers(chapters.all_markdown(Path(app.srcdir)))
    except ReadingError as error:
        raise ExtensionError(str(error)) from None
    app.env.lm_papers_changed = getattr(app.env, "lm_papers", None) != papers
    app.env.lm_papers = papers


def outdated(app: Sphinx, env: BuildEnvironment, *changes: set[str]) -> list[str]:
    """A changed list in a chapter makes a new references page."""
    return [PAGE] if env.lm_papers_changed and PAGE in env.found_docs else []


def entry(paper: Paper) -> str:
    """One paper in Markdown: author, year, title with its link, and where it is cited."""
    year = f" ({paper.year})" if paper.year else ""
    stop = "" if paper.title.endswith(("?", "!", ".")) else "."
    cited = ", ".join(f"{{doc}}`/{FOLDER}{chapter}`" for chapter in paper.chapters)
    return (
        f"- {paper.authors}{year}. [{paper.title}]({paper.link}){stop}\n\n"
        f"  {{.cited}}\n  Cited in {cited}\n"
    )


class ReferencesDirective(SphinxDirective):
    """All papers that the chapters list as further reading."""

    def run(self) -> list[nodes.Node]:
        papers: list[Paper] = self.env.lm_papers
        if not papers:
            return self.parse_text_to_nodes("No chapter lists any further reading yet.")
        (listed,) = self.parse_text_to_nodes("\n".join(map(entry, papers)))
        listed["classes"].append("references")
        return [listed]


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", read)
    app.connect("env-get-outdated", outdated)
    app.add_directive("references", ReferencesDirective)
