"""What a reader can press: search, colour mode, copy, folds, the menu on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.site import browser
from tests.site.browser import Visitor

pytestmark = pytest.mark.site

CHAPTER = browser.chapters()[0]


def expect_found(tab: Page, page: str) -> None:
    """Wait until the search results link to ``page``."""
    expect(tab.locator(f"#search-results a[href*='{page}']").first).to_be_visible()


@pytest.mark.parametrize("term", ["perplexity", "softmax", "困惑度"])
def test_search_finds_a_term(visitor: Visitor, address: str, term: str) -> None:
    tab = visitor.open("search")
    tab.goto(f"{address}search.html?q={term}")
    expect_found(tab, "book/glossary.html")
    tab.close()


@pytest.mark.parametrize("width", browser.WIDTHS)
def test_search_button_leads_to_the_results(visitor: Visitor, width: int) -> None:
    tab = visitor.open("book/index", width=width)
    tab.locator(".search-button__button:visible").first.click()
    field = tab.locator("#pst-search-dialog input[name=q]")
    expect(field).to_be_focused()
    field.fill("attention")
    field.press("Enter")
    tab.wait_for_url("**/search.html?q=attention")
    expect_found(tab, "notebooks/transformer/attention.html")
    tab.close()


def mode(tab: Page) -> str:
    return tab.evaluate("document.documentElement.dataset.theme")


@pytest.mark.parametrize("scheme", browser.SCHEMES)
def test_colour_mode_follows_the_system(visitor: Visitor, scheme: str) -> None:
    tab = visitor.open("book/index", scheme)
    assert mode(tab) == scheme
    tab.close()


def test_colour_mode_switches_and_is_remembered(visitor: Visitor, address: str) -> None:
    context = visitor.browser.new_context(color_scheme="light")
    tab = context.new_page()
    tab.goto(f"{address}book/index.html")
    browser.settle(tab)
    for _ in range(2):
        tab.locator(".theme-switch-button:visible").first.click()
        if mode(tab) == "dark":
            break
    assert mode(tab) == "dark"
    tab.goto(f"{address}book/glossary.html")
    assert mode(tab) == "dark"
    context.close()


def test_copy_button_copies_the_cell(visitor: Visitor, address: str) -> None:
    context = visitor.browser.new_context()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    tab.goto(f"{address}{CHAPTER}.html")
    browser.settle(tab)
    cell = tab.locator("div.cell_input:has(pre:has-text('PROFILE'))").first
    tab.locator("details.setup > summary").click()
    cell.hover()
    cell.locator("button.copybtn").click()
    copied = tab.evaluate("navigator.clipboard.readText()")
    assert 'PROFILE = "cpu"' in copied.splitlines()
    context.close()


def test_solutions_are_folded_and_open(visitor: Visitor) -> None:
    tab = visitor.open(CHAPTER)
    fold = tab.locator("details.fold", has=tab.locator("summary", has_text="Solution 1")).first
    code = fold.locator("pre").first
    expect(code).to_be_hidden()
    fold.locator("summary").click()
    expect(code).to_be_visible()
    tab.close()


def test_menu_opens_on_a_phone(visitor: Visitor) -> None:
    tab = visitor.open("book/index", width=390)
    link = tab.get_by_role("link", name="Glossary")
    expect(link).to_be_hidden()
    tab.locator("button.primary-toggle").first.click()
    expect(link).to_be_hidden()
    tab.locator("details.part > summary", has_text="Reference").click()
    expect(link).to_be_visible()
    tab.close()


def test_icons_are_drawn(visitor: Visitor) -> None:
    """The theme's icon script is left out, so the trimmed icon fonts must have every glyph."""
    tab = visitor.open(CHAPTER)
    tab.evaluate("document.fonts.ready")
    empty = tab.evaluate(
        """[...document.querySelectorAll('i[class*="fa-"], span[class*="fa-"]')].filter(i =>
             ["none", "normal", '""'].includes(getComputedStyle(i, "::before").content)
           ).map(i => i.className)"""
    )
    loaded = tab.evaluate(
        "[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family).join()"
    )
    assert not empty
    assert "Font Awesome" in loaded
    tab.close()
