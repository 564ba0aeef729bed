"""Where the keyboard is: one ring in the theme's own colour on everything that takes the focus."""

from __future__ import annotations

import pytest

from tests.site import browser
from tests.site.browser import Visitor

pytestmark = pytest.mark.site

RINGS = """() => {
  const probe = document.createElement("i");
  probe.style.color = "var(--pst-color-primary)";
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  const { outlineColor, outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  return [document.activeElement.tagName, outlineColor === colour, outlineStyle, outlineWidth];
}"""


@pytest.mark.parametrize("scheme", browser.SCHEMES)
@pytest.mark.parametrize("page", [browser.chapters()[0], "search"])
def test_ring_has_the_colour_of_the_theme(visitor: Visitor, scheme: str, page: str) -> None:
    tab = visitor.open(page, scheme)
    seen = set()
    for _ in range(45):
        tab.keyboard.press("Tab")
        tag, *ring = tab.evaluate(RINGS)
        if tag != "BODY":
            assert ring == [True, "solid", "2px"], tab.evaluate("document.activeElement.outerHTML")
            seen.add(tag)
    assert {"A", "BUTTON", "SUMMARY"} <= seen
    tab.close()


@pytest.mark.parametrize("scheme", browser.SCHEMES)
def test_search_field_has_the_ring(visitor: Visitor, scheme: str) -> None:
    tab = visitor.open("search", scheme)
    tab.locator(".bd-search-container input[name=q]").focus()
    tag, *ring = tab.evaluate(RINGS)
    assert (tag, ring) == ("INPUT", [True, "solid", "2px"])
    tab.close()
