"""The book's Sphinx extension: one concept a module, each with its own `setup`."""

from importlib import import_module
from typing import Any

from sphinx.application import Sphinx

__all__ = ["setup"]

PARTS = (
    "addresses",
    "admonitions",
    "claims",
    "contents",
    "exercises",
    "figures",
    "folds",
    "formulas",
    "glossary",
    "ladder",
    "live",
    "live_files",
    "live_figure",
    "markup",
    "page_size",
    "reading_time",
    "references",
    "setup_fold",
    "text_outputs",
    "timings",
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register every part of the extension."""
    for part in PARTS:
        import_module(f"{__name__}.{part}").setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
