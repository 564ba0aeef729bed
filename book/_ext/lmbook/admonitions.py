"""A blockquote that opens with a bold keyword becomes an admonition.

Chapters are plain Markdown, so that they read the same in Jupyter, on GitHub and in Colab. There,
`> **Note.** …` is a quotation; in the book it becomes a proper box.
"""

import re
from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

KEYWORD = re.compile(r"(Note|Warning|Common mistake|Exercise (\d+))\.$")
EFFORT = re.compile(r"\s*\((?P<stars>[★☆]+), (?P<minutes>\d+) minutes?\)\.?\s*")


def keyword(quote: nodes.block_quote) -> re.Match[str] | None:
    """The bold keyword that `quote` opens with, if it opens with one."""
    if not quote.children or not isinstance(quote[0], nodes.paragraph):
        return None
    inline = strip_left(quote[0].children)  # MyST puts an empty text before the bold one
    if not inline or not isinstance(inline[0], nodes.strong):
        return None
    return KEYWORD.match(inline[0].astext())


def strip_left(children: list[nodes.Node]) -> list[nodes.Node]:
    """`children` without the white space that the first of them opens with."""
    while children and isinstance(children[0], nodes.Text):
        text = children[0].astext().lstrip()
        if text:
            return [nodes.Text(text), *children[1:]]
        children = children[1:]
    return children


def split_title(
    children: list[nodes.Node],
) -> tuple[list[nodes.Node], re.Match[str] | None, list[nodes.Node]]:
    """Split the inline nodes after `Exercise n.` into title, effort and the rest.

    Without an effort in parentheses everything is the rest and the title is empty.
    """
    for index, child in enumerate(children):
        found = EFFORT.search(child.astext()) if isinstance(child, nodes.Text) else None
        if found:
            before, after = child.astext()[: found.start()], child.astext()[found.end() :]
            title = [*children[:index], nodes.Text(before)]
            return strip_left(title), found, strip_left([nodes.Text(after), *children[index + 1 :]])
    return [], None, strip_left(children)


def effort(found: re.Match[str]) -> nodes.raw:
    """Difficulty and minutes, the stars with a text that a screen reader can say."""
    stars = found["stars"]
    label = f"difficulty {stars.count('★')} of {len(stars)}"
    unit = "minute" if found["minutes"] == "1" else "minutes"
    html = (
        f' <span class="exercise-effort"><span role="img" aria-label="{label}">'
        f"{escape(stars)}</span> {found['minutes']} {unit}</span>"
    )
    return nodes.raw("", html, format="html")


def admonition(quote: nodes.block_quote, found: re.Match[str]) -> nodes.Element:
    """The admonition that `quote` stands for; the quote's children move into it."""
    word = found[1]
    rest = strip_left(quote[0].children)[1:]
    if found[2]:
        title, meta, rest = split_title(rest)
        heading = nodes.title("", f"Exercise {found[2]}" + (". " if title else ""))
        heading += title
        if meta:
            heading += effort(meta)
        box: nodes.Element = nodes.admonition("", heading, classes=["exercise"])
        box["ids"] = [f"exercise-{found[2]}"]
    elif word == "Common mistake":
        box = nodes.admonition("", nodes.title("", word), classes=["mistake"])
    else:
        box = nodes.note() if word == "Note" else nodes.warning()
    rest = strip_left(rest)
    if rest:
        box += nodes.paragraph("", "", *rest)
    box += quote.children[1:]
    box.source, box.line = quote.source, quote.line
    return box


class BlockquoteAdmonitions(SphinxTransform):
    """Replace every blockquote that opens with a keyword."""

    default_priority = 400

    def apply(self) -> None:
        for quote in list(self.document.findall(nodes.block_quote)):
            found = keyword(quote)
            if found:
                quote.replace_self(admonition(quote, found))


def setup(app: Sphinx) -> None:
    app.add_transform(BlockquoteAdmonitions)
