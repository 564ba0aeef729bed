r"""Formulas: MathJax from the site itself, only on pages that have some, and numbers that stay.

MathJax would set the number of a `\tag` inside the box that scrolls on a phone. Here the tag is
taken out and written beside the box, and gives the formula an anchor (`#formula-1`).
"""

import re
from html import escape
from importlib.util import find_spec
from pathlib import Path
from shutil import copy2
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.domains.math import MathDomain
from sphinx.errors import ExtensionError

TAG = re.compile(r"\\tag\{([^}]*)\}")

#: What a page loads; the two files named last only when a formula needs them.
FILES = (
    "startup.js",
    "core.js",
    "input/tex.js",
    "output/chtml.js",
    "output/chtml/fonts/tex.js",
    "a11y/assistive-mml.js",
    "output/chtml/fonts/woff-v2/*.woff",
    "input/tex/extensions/*.js",
)
#: Extensions nobody writes in this book, or that would pull in every other one.
UNUSED = {"all-packages.js", "mhchem.js", "bussproofs.js", "physics.js", "colorv2.js"}


def display(formula: str) -> tuple[str, str | None]:
    """TeX for MathJax and the number of one display formula."""
    found = TAG.search(formula)
    body = TAG.sub("", formula).strip()
    if r"\\" in body and r"\begin{" not in body:
        body = rf"\begin{{split}}{body}\end{{split}}"
    return body, found[1] if found else None


def visit_display(translator: Any, node: nodes.math_block) -> None:
    """Write a display formula: a box that can scroll, and beside it the number."""
    tex, number = display(node.astext())
    ids = [*node.get("ids", []), *([f"formula-{number}"] if number else [])]
    anchors = "".join(f'<span id="{escape(i)}"></span>' for i in ids)
    label = f'<span class="formula-number">({escape(number)})</span>' if number else ""
    translator.body.append(
        f'<div class="formula">{anchors}'
        f'<div class="math notranslate nohighlight">\\[{escape(tex)}\\]</div>{label}</div>\n'
    )
    raise nodes.SkipNode


def visit_inline(translator: Any, node: nodes.math) -> None:
    """Write an inline formula."""
    translator.body.append(
        f'<span class="math notranslate nohighlight">\\({escape(node.astext())}\\)</span>'
    )
    raise nodes.SkipNode


def mathjax_folder() -> Path:
    """The MathJax files inside the package sphinx-mathjax-offline."""
    spec = find_spec("sphinx-mathjax-offline")
    if spec is None or not spec.submodule_search_locations:
        raise ExtensionError("the book's formulas need the package sphinx-mathjax-offline")
    return Path(spec.submodule_search_locations[0]) / "static" / "mathjax"


def copy_mathjax(app: Sphinx, exception: Exception | None) -> None:
    """Copy the few files of MathJax that the book uses."""
    if exception is not None or app.builder.format != "html":
        return
    source, target = mathjax_folder(), Path(app.outdir) / "_static" / "mathjax"
    for pattern in FILES:
        for path in source.glob(pattern):
            if path.name not in UNUSED:
                copy = target / path.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy2(path, copy)


class PageMathDomain(MathDomain):
    """Sphinx's math domain, but a page without formulas has none even if its children have some."""

    def has_equations(self, docname: str | None = None) -> bool:
        return bool(self.data["has_equations"].get(docname, False))


def configure(app: Sphinx, config: Any) -> None:
    """Point Sphinx at the site's own MathJax and load its parts without the 426 kB menu."""
    config.mathjax_path = "mathjax/startup.js"
    config.mathjax3_config = {
        "loader": {"load": ["core", "input/tex", "output/chtml", "a11y/assistive-mml"]},
        "options": {"ignoreHtmlClass": ".*", "processHtmlClass": "math"},
        "chtml": {"displayAlign": "center"},
    }


def setup(app: Sphinx) -> None:
    app.setup_extension("sphinx.ext.mathjax")
    app.add_domain(PageMathDomain, override=True)
    # Under Sphinx's own name, because "load MathJax only on pages with math" asks for that name.
    app.registry.html_inline_math_renderers["mathjax"] = (visit_inline, None)
    app.registry.html_block_math_renderers["mathjax"] = (visit_display, None)
    app.connect("config-inited", configure, priority=900)
    app.connect("build-finished", copy_mathjax)
