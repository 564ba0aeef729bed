"""The widgets of the site: where each stands, and how far its numbers are from Python's."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
from playwright.sync_api import Locator, Page, expect

from tests.site import browser
from tests.site.widgets import stored

ASSETS = browser.ROOT / "book" / "assets" / "live"
PLAY = "book/play"  # where all of them are, each at a click
WITHIN = 1e-4  # of Python's number
CONTROLS = ":is(input, select, button, textarea, [tabindex='0']):visible"
WIDGETS = {
    file.stem: import_module(f"tests.site.widgets.{file.stem}")
    for file in sorted(ASSETS.glob("*.js"))
    if file.stem != "live"
}


def page(widget: str) -> str:
    """The chapter that has the widget."""
    return f"notebooks/{WIDGETS[widget].CHAPTER}"


def place(tab: Page, widget: str) -> Locator:
    """The widget in a page."""
    return tab.locator(f'.live[data-widget="{widget}"] .live-widget')


def scripts(widget: str) -> list[Path]:
    """Its own script and its parts."""
    return [ASSETS / f"{widget}.js", *sorted((ASSETS / widget).glob("*.js"))]


def prepare(tab: Page, widget: str) -> None:
    """Load all that the widget may be asked to load."""
    if hasattr(WIDGETS[widget], "prepare"):
        WIDGETS[widget].prepare(place(tab, widget))


def press_open(tab: Page, widget: str) -> None:
    """Press the widget's button on the page Play."""
    button = place(tab, widget).get_by_role("button", name="Open")
    button.press("Enter")
    expect(button).to_have_count(0)


def worst(tab: Page, widget: str) -> float:
    """The largest difference from its chapter's answers, or the first that is too large.

    It is undefined if one of them is.
    """
    box, answers = place(tab, widget), WIDGETS[widget].answers
    differences: list[float] = []
    for example in stored(box)["examples"]:
        shown, expected = answers(box, example)
        assert len(shown) == len(expected)
        differences.extend(np.abs(np.subtract(shown, expected)))
        if not np.max(differences) < WITHIN:
            break
    return float(np.max(differences))
