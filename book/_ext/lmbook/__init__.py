"""The book's Sphinx extension: one concept a module, each with its own ``setup``."""

from typing import Any

from sphinx.application import Sphinx

from . import (
    addresses,
    admonitions,
    claims,
    exercises,
    folds,
    formulas,
    ladder,
    markup,
    reading_time,
    setup_fold,
    text_outputs,
    timings,
    weight,
)

PARTS = (
    addresses,
    admonitions,
    claims,
    exercises,
    folds,
    formulas,
    ladder,
    markup,
    reading_time,
    setup_fold,
    text_outputs,
    timings,
    weight,
)

__all__ = ["setup"]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register every part of the extension."""
    for part in PARTS:
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
