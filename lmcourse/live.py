"""Figures that answer: what a widget of the book's site needs is stored beside the picture.

Wherever there is no widget (Jupyter, Colab, GitHub, print, a browser without JavaScript) the figure
is what it was. CONTRIBUTING.md says how a widget is written; book/assets/live/ holds them.
"""

from __future__ import annotations

import math
import sys
from typing import Any

TYPE = "application/vnd.lmcourse.live+json"
DIGITS = 7  # significant ones that are stored: a widget is compared with Python to 1e-4


def show(widget: str, **data: Any) -> None:
    """Show the current figure, as `plt.show()` does, with `data` for a widget of the site.

    Args:
        widget: the name of a file in book/assets/live/, without its ending.
        data: what the widget is given: numbers (rounded to `DIGITS` digits), strings, booleans,
            None, and arrays, lists and dictionaries of them. Usually also `examples`: inputs and
            what Python says to them, which the site's tests compare with what the widget shows.

    Raises:
        ValueError: a number is not finite; the message names the place.
        TypeError: something that JSON has no word for; the message names the place.
    """
    import matplotlib.pyplot as plt

    stored = {"widget": widget, **{key: _plain(value, key) for key, value in data.items()}}
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        plt.show()
        return
    from IPython.display import display

    figure = plt.gcf()
    formats, metadata = shell.display_formatter.format(figure)
    display({**formats, TYPE: stored}, metadata=metadata, raw=True)
    plt.close(figure)


def _plain(value: Any, place: str) -> Any:
    """`value` in what JSON knows."""
    if hasattr(value, "tolist"):  # an array, a tensor, or one of its numbers
        value = value.tolist()
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{place} is {value}: a widget is given finite numbers only")
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, list | tuple):
        return [_plain(each, f"{place}[{i}]") for i, each in enumerate(value)]
    if isinstance(value, dict):
        return {str(key): _plain(each, f"{place}[{key!r}]") for key, each in value.items()}
    raise TypeError(f"{place} is a {type(value).__name__}: give numbers, strings, lists or dicts")
