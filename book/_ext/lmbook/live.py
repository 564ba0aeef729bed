"""Widgets: what `lmcourse.live.show` stored beside a figure, and the scripts for it.

A widget is book/assets/live/<name>.js, after its parts in book/assets/live/<name>/ if it has any;
pages without one carry none of this.
"""

import json
import re
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from nbformat import NotebookNode
from sphinx.application import Sphinx

from lmcourse import live

from . import live_files

FOLDER = Path(__file__).parents[2] / "assets" / "live"
MARK = '<div class="live"'
WIDGET = re.compile(rf'{MARK}[^>]* data-widget="([^"]+)"')
DATA = '<script type="application/json">'


def around(drawing: str, output: NotebookNode) -> str:
    """The drawing of an output, with its widget's name and data where it has one."""
    stored = dict(output.data.get(live.TYPE, {}))
    if not stored:
        return drawing
    name = stored.pop("widget")
    if not (FOLDER / f"{name}.js").is_file():
        known = sorted(file.stem for file in FOLDER.glob("*.js") if file.stem != "live")
        raise ValueError(f"no widget {name!r} in book/assets/live: there are {', '.join(known)}")
    data = json.dumps(stored, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'{MARK} data-widget="{escape(name)}">{drawing}{DATA}{data}</script></div>'


def _scripts(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    names = dict.fromkeys(WIDGET.findall(context.get("body", "")))
    for name in ["live", *names] if names else []:
        for part in sorted((FOLDER / name).glob("*.js")):
            app.add_js_file(f"live/{name}/{part.name}", loading_method="defer")
        more = live_files.attributes(name)
        app.add_js_file(f"live/{name}.js", loading_method="defer", **more)
        if (FOLDER / f"{name}.css").is_file():
            app.add_css_file(f"live/{name}.css")


def setup(app: Sphinx) -> None:
    app.connect("html-page-context", _scripts)
