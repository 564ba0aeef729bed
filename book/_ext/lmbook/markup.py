"""Repairs of what the theme and the notebooks' HTML say to a screen reader."""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

EMPTY_HEADER = re.compile(r"<th(?P<attributes>[^>]*)>\s*</th>")


def fill_headers(html: str) -> str:
    """pandas writes an empty `<th>` in the corner of a table; a corner is not a header."""
    return EMPTY_HEADER.sub(r"<td\g<attributes>></td>", html)


class TableCorners(SphinxTransform):
    """Apply `fill_headers` to every piece of raw HTML."""

    default_priority = 420

    def apply(self) -> None:
        for node in list(self.document.findall(nodes.raw)):
            if node.get("format") == "html" and "<th" in node.astext():
                text = fill_headers(node.astext())
                node.replace_self(nodes.raw("", text, **node.attributes))


def setup(app: Sphinx) -> None:
    app.add_transform(TableCorners)
