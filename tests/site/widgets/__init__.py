"""Widgets worked by hand: for each the chapter that has it, its numbers, and errors to notice.

A module of the widget's name holds `CHAPTER`; `answers`, which sets the widget to one of the
chapter's examples and gives what is shown and what Python said; and `WRONG`, pieces of the script
with errors to put in their place, each of which has to be seen in those numbers. A widget without
sliders has `change`, which changes something by the keyboard.
"""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Locator

Answers = tuple[list[float], list[float]]


def move(slider: Locator, position: float) -> None:
    """Put a slider at a position and tell the page, as a hand does."""
    slider.evaluate(
        "(s, x) => { s.value = x; s.dispatchEvent(new Event('input', {bubbles: true})) }", position
    )


def numbers(place: Locator) -> list[float]:
    """What the widget shows, in the page's order, with all digits."""
    found = place.locator("data").evaluate_all(
        "all => all.filter(each => !each.closest('[hidden]')).map(each => each.value)"
    )
    return [float(value) for value in found if value]


def stored(place: Locator) -> dict[str, Any]:
    """What the chapter stored for a widget."""
    script = place.locator("xpath=..").locator("script[type='application/json']")
    return json.loads(script.evaluate("script => script.textContent"))
