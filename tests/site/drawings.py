"""How large the type in a page's drawings comes out."""

from __future__ import annotations

from playwright.sync_api import Page

PROSE, PHONE = 17.5, 8  # pixels: type no larger than the prose, none smaller on a phone


def type_sizes(tab: Page) -> list[float]:
    """Size of every text in a drawing in pixels of the screen, its sub- and superscripts apart."""
    return tab.evaluate("""
        [...document.querySelectorAll('svg.drawing')].flatMap(drawing => {
          const scale = drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width;
          return [...drawing.querySelectorAll('text')].map(text => scale * Math.max(
            ...[text, ...text.children].filter(e => !e.children.length)
              .map(e => parseFloat(getComputedStyle(e).fontSize))));
        })""")
