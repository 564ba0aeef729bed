"""The book's Sphinx extension: one concept a module, each with its own `setup`."""

from typing import Any

from sphinx.application import Sphinx

from . import addresses, admonitions, contents, formulas, ladder, markup, page_size, timings

__all__ = ["setup"]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register every part of the extension."""
    for part in (addresses, admonitions, contents, formulas, ladder, markup, page_size, timings):
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
