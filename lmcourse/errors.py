"""Names that are not among the choices: one exception, one sentence, the nearest choice in it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UnknownName(ValueError):
    """A name that is not one of the choices; the message names them and the nearest one."""


def unknown(kind: str, name: object, choices: Iterable[str]) -> UnknownName:
    """The exception for a `name` that is not among `choices`; one sentence."""
    choices, typed = list(choices), str(name)
    near = difflib.get_close_matches(typed, choices, n=1, cutoff=0.5)
    near = near or [choice for choice in choices if typed and typed in choice][:1]
    hint = f"did you mean {near[0]!r}? " if near else ""
    listed = f"The choices are {', '.join(choices)}." if choices else "There are none to choose."
    return UnknownName(f"unknown {kind} {name!r}: {hint}{listed}")
