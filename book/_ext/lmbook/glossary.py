"""The glossary page, and a link to it from the first bold use of a term in each chapter."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from string import ascii_uppercase

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.domains.std import make_glossary_term
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from . import chapters
from .chapters import FOLDER
from .glossary_entries import Entry, Glossary, GlossaryError

PAGE = "book/glossary"


def read(app: Sphinx) -> None:
    """Read the entries before anything is built, and notice whether they changed."""
    root = Path(app.srcdir)
    try:
        glossary = Glossary.read(root / PAGE, chapters.all_markdown(root))
    except GlossaryError as error:
        raise ExtensionError(str(error)) from None
    app.env.lm_glossary_changed = getattr(app.env, "lm_glossary", None) != glossary
    app.env.lm_glossary = glossary


def outdated(app: Sphinx, env: BuildEnvironment, *changes: set[str]) -> list[str]:
    """Changed entries make a new glossary page, whatever file they stand in."""
    return [PAGE] if env.lm_glossary_changed and PAGE in env.found_docs else []


def linking(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Changed entries make new links in all chapters: written again, not read again."""
    if not env.lm_glossary_changed:
        return []
    return sorted(page for page in env.found_docs if page.startswith(FOLDER))


class TermLinks(SphinxPostTransform):
    """Link the first bold use of every term to its entry; it stays bold."""

    default_priority = 5  # before Sphinx resolves links

    def run(self, **options: object) -> None:
        if self.env.docname.startswith(FOLDER):
            link_first_uses(self.document, self.env.lm_glossary, self.env.docname)


def link_first_uses(document: nodes.document, glossary: Glossary, page: str) -> None:
    """Turn the first bold use of each term in `document` into a link to its entry."""
    linked: set[Entry] = set()
    for strong in list(document.findall(nodes.strong)):
        entry = glossary.find(strong.astext())
        if entry is None or entry in linked or isinstance(strong.parent, nodes.title):
            continue
        linked.add(entry)
        text = nodes.inline("", "", *strong.children)
        strong.children = []
        strong += addnodes.pending_xref(
            "",
            text,
            refdomain="std",
            reftype="term",
            reftarget=entry.english,
            refdoc=page,
            refexplicit=True,
            refwarn=True,
            classes=["term"],
        )


class GlossaryDirective(SphinxDirective):
    """All entries from A to Z, with a bar of letters on top."""

    def run(self) -> list[nodes.Node]:
        glossary: Glossary = self.env.lm_glossary
        groups = [(key, list(group)) for key, group in groupby(glossary.entries, letter)]
        return [
            nodes.raw("", bar(key for key, _ in groups), format="html"),
            *(node for key, group in groups for node in self.letter_group(key, group)),
        ]

    def letter_group(self, key: str, entries: list[Entry]) -> Iterator[nodes.Node]:
        """The letter and its entries, in Sphinx's own glossary."""
        heading = nodes.paragraph("", key, classes=["glossary-letter"], ids=[letter_id(key)])
        listed = nodes.definition_list("", *map(self.item, entries), classes=["glossary"])
        yield heading
        yield addnodes.glossary("", listed, sorted=False)

    def item(self, entry: Entry) -> nodes.definition_list_item:
        """One term with its Chinese, its definition and the chapter that introduces it."""
        source, line = self.get_source_info()
        english, document = [nodes.Text(entry.english)], self.state.document
        term = make_glossary_term(self.env, english, letter(entry), source, line, None, document)
        chinese = nodes.inline("", entry.chinese, classes=["chinese", "language-zh"])
        term.insert(1, chinese)
        for index in term.findall(addnodes.index):  # the search looks here
            index["entries"].append(("single", entry.chinese, term["ids"][0], "main", None))
        chapter = self.env.lm_glossary.introduced[entry.english]
        where = f"{{.introduced}}\nIntroduced in {{doc}}`/{FOLDER}{chapter}`"
        words = self.parse_text_to_nodes(f"{entry.definition}\n\n{where}")
        return nodes.definition_list_item("", term, nodes.definition("", *words))


def letter(entry: Entry) -> str:
    """The letter that an entry stands under."""
    return entry.english[0].upper()


def letter_id(key: str) -> str:
    """The anchor of a letter."""
    return f"letter-{key.lower()}"


def bar(present: Iterable[str]) -> str:
    """The bar of letters; one without entries is no link."""
    known = set(present)
    items = "".join(
        f'<li><a href="#{letter_id(key)}">{key}</a></li>'
        if key in known
        else f'<li aria-hidden="true">{key}</li>'
        for key in ascii_uppercase
    )
    return f'<nav class="glossary-bar" aria-label="Terms by first letter"><ul>{items}</ul></nav>'


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", read)
    app.connect("env-get-outdated", outdated)
    app.connect("env-updated", linking)
    app.add_post_transform(TermLinks)
    app.add_directive("glossary-entries", GlossaryDirective)
