"""Kernels that die before they have said a word are started again."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Started = TypeVar("Started")

DIED = "Kernel died before replying"  # how jupyter_client puts it


def persistent(
    start: Callable[Arguments, Started], attempts: int = 3
) -> Callable[Arguments, Started]:
    """`start`, called up to `attempts` times while the kernel that it starts dies at once.

    Jupyter chooses free ports for a kernel, lets go of them, and the kernel takes them a moment
    later. When another program was faster the kernel dies, before any cell of the notebook has run
    (https://github.com/nteract/papermill/issues/511).
    """

    @functools.wraps(start)
    def again(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Started:
        for _ in range(attempts - 1):
            try:
                return start(*args, **kwargs)
            except RuntimeError as error:
                if DIED not in str(error):
                    raise
        return start(*args, **kwargs)

    return again
