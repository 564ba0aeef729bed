"""Kernels that ``pytest --nbval notebooks`` starts see what ``lmcourse run`` gives its own.

One thread each: two kernels with two threads on two cores wait for each other most of the time.
One that loses a race for its ports is started again. Pictures are not compared: their pixels and
curves depend on the fonts and the rounding of a machine.
"""

import os

import nbval.kernel
import pytest
from nbval.plugin import IPyNbFile

from lmcourse.runner.execute import QUIET
from lmcourse.runner.images import DRAWING, SVG
from lmcourse.runner.kernels import persistent

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("KERAS_BACKEND", "torch")  # tests run a chapter's imports, not its settings
os.environ.update(QUIET)
for name in ("FORCE_COLOR", "MPLBACKEND"):
    os.environ.pop(name, None)

nbval.kernel.start_new_kernel = persistent(nbval.kernel.start_new_kernel)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The site's tests look at a page of each kind in all modes; here, at every page."""
    parser.addoption("--all-modes", action="store_true", help="visit every page in all modes")


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Compare no SVG, as nbval compares no PNG."""
    if isinstance(collector, IPyNbFile):
        collector.skip_compare = (*collector.skip_compare, SVG, DRAWING)
