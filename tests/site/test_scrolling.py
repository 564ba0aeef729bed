"""What is wider than its box: it wraps or scrolls, shows that it does, and takes the focus."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from matplotlib.image import imread
from playwright.sync_api import Locator, Page, expect

from tests.site import browser
from tests.site.browser import Visitor

pytestmark = pytest.mark.site

CHAPTER = next(page for page in browser.chapters() if page.endswith("softmax"))
PHONE = 390


@pytest.fixture
def phone(visitor: Visitor) -> Iterator[Page]:
    """A chapter with code, outputs and formulas, on a phone."""
    tab = visitor.open(CHAPTER, width=PHONE)
    yield tab
    tab.close()


def is_wide(box: Locator) -> bool:
    return box.evaluate("box => box.scrollWidth > box.clientWidth + 1")


def first_wide(tab: Page, selector: str) -> Locator:
    """The first visible box that scrolls sideways."""
    boxes = [box for box in tab.locator(selector).all() if box.is_visible() and is_wide(box)]
    assert boxes, f"nothing scrolls among {selector}"
    return boxes[0]


@pytest.mark.parametrize("where", [".cell_input pre", ".exercise .cell_input pre"])
def test_eighty_characters_fit_at_1280(visitor: Visitor, where: str) -> None:
    tab = visitor.open(CHAPTER)
    boxes = [box for box in tab.locator(where).all() if box.is_visible()]
    box = boxes[0]
    box.evaluate("box => { box.textContent = 'm'.repeat(80) }")
    assert not is_wide(box)
    box.evaluate("box => { box.textContent = 'm'.repeat(120) }")
    assert is_wide(box)
    tab.close()


@pytest.mark.parametrize(
    ("selector", "label"),
    [(".cell_input pre", "Code, scrolls sideways"), ("div.math", "Formula, scrolls sideways")],
)
def test_what_scrolls_is_named_and_takes_the_focus(phone: Page, selector: str, label: str) -> None:
    box = first_wide(phone, selector)
    expect(box).to_have_attribute("tabindex", "0")
    expect(box).to_have_attribute("role", "group")
    expect(box).to_have_attribute("aria-label", label)
    box.focus()
    phone.keyboard.press("ArrowRight")
    phone.wait_for_function("box => box.scrollLeft > 0", arg=box.element_handle())


def test_what_fits_takes_no_focus(phone: Page) -> None:
    boxes = [b for b in phone.locator("div.math").all() if not is_wide(b)]
    assert boxes
    for box in boxes:
        expect(box).not_to_have_attribute("role", "group")
        expect(box).not_to_have_class("scrolls")


def colours(box: Locator) -> list[np.ndarray]:
    """What Chromium draws below the last line of a box: at its left edge, middle, right edge."""
    below = imread(io.BytesIO(box.screenshot()), format="png")[-5:-2, :, :3]
    places = (2, below.shape[1] // 2, -3)
    return [255 * np.median(below[:, place], axis=0) for place in places]


@pytest.mark.parametrize("scheme", browser.SCHEMES)
def test_edge_shows_where_there_is_more(visitor: Visitor, scheme: str) -> None:
    tab = visitor.open(CHAPTER, scheme, PHONE)
    box = first_wide(tab, ".cell_input pre")
    for end, place in (("0", 2), ("box.scrollWidth", 0)):
        box.evaluate(f"box => {{ box.scrollLeft = {end} }}")
        tab.wait_for_timeout(100)  # until the next frame is drawn
        drawn = colours(box)
        change = [np.abs(colour - drawn[1]).max() for colour in drawn]
        assert change[place] > 25
        assert change[2 - place] < 3
    tab.close()


def test_a_fold_that_opens_is_looked_at(phone: Page) -> None:
    fold = phone.locator("details.fold:has(.cell_input pre)", has_text="Solution 2").first
    box = fold.locator(".cell_input pre")
    box.evaluate("box => box.removeAttribute('role')")
    fold.locator("summary").focus()
    phone.keyboard.press("Enter")
    assert is_wide(box)
    expect(box).to_have_attribute("role", "group")


def test_number_of_a_formula_stays_visible(phone: Page) -> None:
    box = first_wide(phone, "div.math")
    number = box.locator("xpath=../span[@class='formula-number']")
    for _ in range(2):
        place = number.bounding_box()
        assert place is not None
        assert 0 <= place["x"] <= place["x"] + place["width"] <= PHONE
        box.evaluate("box => { box.scrollLeft = box.scrollWidth }")


def test_focus_on_a_fold_is_visible(visitor: Visitor) -> None:
    tab = visitor.open(CHAPTER)
    tab.keyboard.press("Tab")  # from here on the browser takes the focus for the keyboard's
    summary = tab.locator("details.setup > summary")
    summary.focus()
    assert summary.evaluate("s => getComputedStyle(s).outlineStyle") == "solid"
    tab.close()


def test_folds_are_open_on_paper(visitor: Visitor) -> None:
    tab = visitor.open(CHAPTER)
    code = tab.locator("details.setup pre").first
    assert not code.evaluate("code => code.checkVisibility()")
    tab.emulate_media(media="print")
    assert code.evaluate("code => code.checkVisibility()")
    tab.close()
