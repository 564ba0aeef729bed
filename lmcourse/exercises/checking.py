"""Exercise checkers: `○ not solved yet`, `✗` with the likely mistake, or `✓`.

One file a chapter, one checker an exercise. A checker is a function of the reader's answer that
raises `Mistake` with what probably went wrong and returns when the answer is right.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Mistake(Exception):
    """What the reader probably did, in one sentence."""


class NotSolved(Exception):
    """The answer is still the stub."""


class Verdict(NamedTuple):
    """`status` is "unsolved", "wrong" or "right"."""

    status: str
    message: str


class Exercise:
    """A checker; call it on the answer to print the verdict."""

    def __init__(self, checker: Callable[[Any], None]) -> None:
        self._checker = checker
        functools.update_wrapper(self, checker)

    def verdict(self, answer: Any) -> Verdict:
        """Judge an answer without printing; an exception inside the answer is a wrong answer."""
        try:
            self._checker(_watched(answer))
        except (NotSolved, NotImplementedError):
            return Verdict("unsolved", "not solved yet")
        except Mistake as mistake:
            return Verdict("wrong", str(mistake))
        except Exception as error:
            return Verdict("wrong", f"your answer stopped with {type(error).__name__}: {error}")
        return Verdict("right", (self.__doc__ or "").strip().splitlines()[0])

    def __call__(self, answer: Any) -> None:
        """Print the verdict on an answer."""
        status, message = self.verdict(answer)
        print({"unsolved": "○", "wrong": "✗", "right": "✓"}[status], message)


def exercise(checker: Callable[[Any], None]) -> Exercise:
    """Make a checker an `Exercise`; its docstring's first line is what a right answer prints."""
    return Exercise(checker)


def same(a: Any, b: Any, tolerance: float = 1e-6) -> bool:
    """Whether two numbers, arrays or tensors agree in shape and, within `tolerance`, in value."""
    a, b = (np.asarray(x.detach() if hasattr(x, "detach") else x, dtype=float) for x in (a, b))
    return a.shape == b.shape and bool(np.allclose(a, b, atol=tolerance))


def _watched(answer: Any) -> Any:
    """The answer; a stub, or a function that returns the stub's nothing, raises `NotSolved`."""
    if answer is None or answer is ...:
        raise NotSolved
    if not callable(answer):
        return answer

    @functools.wraps(answer)
    def call(*args: Any, **options: Any) -> Any:
        result = answer(*args, **options)
        if result is None or result is ...:
            raise NotSolved
        return result

    return call
