"""Kernels that ``pytest --nbval notebooks`` starts see what ``lmcourse run`` gives its own.

One thread each: two kernels with two threads on two cores wait for each other most of the time.
One that loses a race for its ports is started again.
"""

import os

import nbval.kernel
import pytest

from lmcourse.runner.execute import QUIET
from lmcourse.runner.kernels import persistent

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.update(QUIET)
for name in ("FORCE_COLOR", "MPLBACKEND"):
    os.environ.pop(name, None)

nbval.kernel.start_new_kernel = persistent(nbval.kernel.start_new_kernel)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The site's tests look at a page of each kind in all modes; here, at every page."""
    parser.addoption("--all-modes", action="store_true", help="visit every page in all modes")
