"""The book's Sphinx extension: one concept a module, each with its own ``setup``."""

from typing import Any

from sphinx.application import Sphinx

from . import addresses, admonitions, figures, formulas, ladder, markup, timings, weight

__all__ = ["setup"]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register every part of the extension."""
    for part in (addresses, admonitions, figures, formulas, ladder, markup, timings, weight):
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
