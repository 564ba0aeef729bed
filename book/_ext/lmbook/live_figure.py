"""`{live} part/chapter widget`: a chapter's figure with its widget, on another page of the book.

With `:on-click:` the page carries the picture and a button, and what the chapter stored is loaded
when the button is pressed: a page with many widgets stays light.
"""

import json
import posixpath
from html import escape
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from . import live
from .chapters import FOLDER
from .figures import Drawing, read

DATA = "_static/live/data"


def figures(notebook: Path) -> dict[str, str]:
    """The HTML of each figure with a widget, by the widget's name."""
    found = {}
    for cell in read(notebook.read_text(encoding="utf-8"), f"{notebook.stem}-").cells:
        for output in cell.get("outputs", []):
            html = output.get("data", {}).get("text/html", "")
            if name := live.WIDGET.match(html):
                found[name[1]] = html
    return found


class LiveDirective(SphinxDirective):
    """Put a figure of a chapter here."""

    required_arguments = 2
    option_spec: ClassVar = {"on-click": directives.flag}

    def run(self) -> list[nodes.Node]:
        chapter, widget = self.arguments
        notebook = Path(self.env.srcdir) / FOLDER / f"{chapter}.ipynb"
        if not notebook.is_file():
            raise self.error(f"there is no chapter {chapter!r}")
        self.env.note_dependency(str(notebook))
        known = figures(notebook)
        if widget not in known:
            raise self.error(f"{chapter} has no widget {widget!r}: it has {', '.join(known) or 0}")
        html = known[widget]
        return [Drawing(svg=self.light(html, widget) if "on-click" in self.options else html)]

    def light(self, html: str, widget: str) -> str:
        """The figure without its data, which go into a script of their own."""
        start, _, rest = html.partition(live.DATA)
        data = rest.removesuffix("</script></div>")
        file = f"{DATA}/{widget}.js"
        path = Path(self.env.app.outdir) / file
        path.parent.mkdir(parents=True, exist_ok=True)
        name, text = json.dumps(widget), json.dumps(data)
        path.write_text(f"(window.liveData ??= {{}})[{name}] = {text};\n", encoding="utf-8")
        src = escape(posixpath.relpath(file, posixpath.dirname(self.env.docname)))
        opened = start.replace(" data-widget=", f' data-src="{src}" data-widget=', 1)
        return f"{opened}</div>"


def setup(app: Sphinx) -> None:
    app.add_directive("live", LiveDirective)
