"""Both versions of axe-core find what is wrong, and the newer one is the one that is pinned."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.site import axe, browser
from tests.site.browser import Visitor

pytestmark = pytest.mark.site

PAGE = """<!doctype html><html lang="en"><head><title>Faults</title></head><body><main>
<h1>Faults</h1>{}</main></body></html>"""
FAULTS = {
    "image-alt": '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
    "color-contrast": '<pre><span style="color: #ccc; background: #fff">pale</span></pre>',
    "scrollable-region-focusable": (
        '<div style="height: 3em; overflow: auto">' + "<p>A line of many.</p>" * 20 + "</div>"
    ),
    "heading-order": "<h4>A level left out</h4>",
}


@pytest.fixture
def tab(visitor: Visitor) -> Iterator[Page]:
    page = visitor.context("light", 1280).new_page()
    yield page
    page.close()


@pytest.fixture(params=[axe.CARRIED, axe.NEWER])
def version(request: pytest.FixtureRequest) -> str:
    if request.param == axe.NEWER:
        try:
            axe.newer()
        except axe.Unavailable as error:
            browser.missing(str(error))
    return request.param


def test_version_is_the_one_named(tab: Page, version: str) -> None:
    tab.set_content(PAGE.format(""))
    assert axe.violations(tab, version) == []
    assert axe.version(tab).startswith(f"{version}.")


@pytest.mark.parametrize("rule", FAULTS)
def test_fault_is_found(tab: Page, version: str, rule: str) -> None:
    tab.set_content(PAGE.format(FAULTS[rule]))
    assert [line.split(":")[0] for line in axe.violations(tab, version)] == [rule]


def test_newer_reads_the_label_of_a_button(tab: Page) -> None:
    try:
        axe.newer()
    except axe.Unavailable as error:
        browser.missing(str(error))
    tab.set_content(PAGE.format('<button aria-label="Find">Search the book</button>'))
    (line,) = axe.violations(tab, axe.NEWER)
    assert line.startswith("label-content-name-mismatch")


def test_words_of_one_look_are_judged_once(tab: Page) -> None:
    pale = '<span style="color: #ccc">pale</span>'
    tab.set_content(PAGE.format(f"<pre>{pale * 3}<span>dark</span></pre><p>{pale}</p>"))
    (line,) = axe.violations(tab, axe.CARRIED)
    assert line.count("<span") == 2  # the first in the code, and the one outside
    assert tab.locator("pre").inner_text() == "palepalepaledark"


def test_another_package_is_refused() -> None:
    with pytest.raises(ValueError, match="sha512-"):
        axe.unpack(b"another package")
