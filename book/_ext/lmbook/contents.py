"""The book's contents: numbered chapters by part, in the sidebar and on the home page.

The order comes from _toc.yml, the titles and promises from the chapters; nothing is typed twice.
"""

import json
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

CHAPTERS = "notebooks/"  # pages under this folder are chapters and have numbers
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z“\"'*])")


@dataclass(frozen=True)
class Entry:
    """One page of the contents; `number` counts the chapters through all parts."""

    page: str
    number: int | None


@dataclass(frozen=True)
class Part:
    """The pages between two captions of _toc.yml."""

    caption: str
    entries: tuple[Entry, ...]


def parts(env: BuildEnvironment) -> list[Part]:
    """The parts of the book in the order of _toc.yml."""
    found, number = [], 0
    for subtree in env.app.config.external_site_map.root.subtrees:
        entries = []
        for page in map(str, subtree.items):
            is_chapter = page.startswith(CHAPTERS)
            number += is_chapter
            entries.append(Entry(page.removesuffix(".ipynb"), number if is_chapter else None))
        found.append(Part(subtree.caption or "", tuple(entries)))
    return found


def promise(notebook: Path) -> str:
    """The first sentence below the title of a chapter, as Markdown.

    Raises:
        ExtensionError: the first cell is no title with a sentence below it.
    """
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    blocks = re.split(r"\n\s*\n", "".join(cells[0]["source"]).strip()) if cells else []
    if len(blocks) < 2 or not blocks[0].startswith("# "):
        raise ExtensionError(
            f"{notebook.parent.name}/{notebook.name}: the first cell needs a title and, below it, "
            "the sentence that says what the chapter promises"
        )
    return SENTENCE_END.split(" ".join(blocks[1].split()), maxsplit=1)[0]


class _Contents(SphinxDirective):
    def markdown(self, text: str) -> list[nodes.Node]:
        """The nodes of a piece of Markdown."""
        box = nodes.Element()
        lines = StringList(text.splitlines(), self.get_source_info()[0])
        self.state.nested_parse(lines, self.content_offset, box)
        return list(box.children)

    def chapters(self) -> list[tuple[Part, list[Entry]]]:
        """The parts that have chapters."""
        numbered = [(part, [e for e in part.entries if e.number]) for part in parts(self.env)]
        return [(part, entries) for part, entries in numbered if entries]


class Start(_Contents):
    """A button to the first chapter, and beside it whatever the directive contains."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        first = self.chapters()[0][1][0]
        line = f"[Start with chapter 1](/{first.page}.ipynb){{.start-button}}"
        (paragraph,) = self.markdown(" ".join([line, *self.content]))
        assert isinstance(paragraph, nodes.Element)
        paragraph["classes"].append("start")
        return [paragraph]


class ChapterList(_Contents):
    """Every chapter by part: its number, its title and its promise."""

    def run(self) -> list[nodes.Node]:
        box = nodes.container(classes=["chapter-list"])
        for part, entries in self.chapters():
            heading = nodes.raw("", f"<h3>{escape(part.caption)}</h3>", format="html")
            box += [heading, nodes.bullet_list("", *map(self.item, entries))]
        return [box]

    def item(self, entry: Entry) -> nodes.list_item:
        """One line of the list."""
        notebook = Path(self.env.srcdir, f"{entry.page}.ipynb")
        self.env.note_dependency(str(notebook))
        title, sentence = self.markdown(f"[](/{entry.page}.ipynb)\n\n{promise(notebook)}")
        number = nodes.paragraph("", str(entry.number))
        for paragraph, name in ((number, "number"), (title, "title"), (sentence, "promise")):
            paragraph["classes"].append(name)  # type: ignore[index]
        return nodes.list_item("", number, title, sentence)


def give_to_templates(
    app: Sphinx, pagename: str, _template: str, context: dict[str, Any], _doctree: Any
) -> None:
    """What book-nav.html and page.html show: the parts, and which page this is."""
    context["book_parts"] = [
        {
            "caption": part.caption,
            "is_current": any(entry.page == pagename for entry in part.entries),
            "entries": [
                {
                    "page": entry.page,
                    "number": entry.number,
                    "title": app.env.titles[entry.page].astext(),
                    "is_current": entry.page == pagename,
                }
                for entry in part.entries
            ],
        }
        for part in parts(app.env)
    ]


def setup(app: Sphinx) -> None:
    app.add_directive("start", Start)
    app.add_directive("chapter-list", ChapterList)
    app.connect("html-page-context", give_to_templates)
