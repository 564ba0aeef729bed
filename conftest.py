"""Kernels that ``pytest --nbval notebooks`` starts see what ``lmcourse run`` gives its own."""

import os

from lmcourse.execute import QUIET
from lmcourse.results import cores

workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
os.environ.setdefault("OMP_NUM_THREADS", str(max(1, cores() // workers)))
os.environ.update(QUIET)
os.environ.pop("FORCE_COLOR", None)
