"""The book's contents: numbers, promises, the folded parts and the button on the home page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from lmbook.contents import promise
from playwright.sync_api import expect
from sphinx.errors import ExtensionError

from tests.site import browser
from tests.site.browser import Visitor

pytestmark = pytest.mark.site

CHAPTERS = browser.chapters()
PARTS = yaml.safe_load((browser.ROOT / "_toc.yml").read_text("utf-8"))["parts"]


def notebook(folder: Path, *cells: str) -> Path:
    """A notebook with these Markdown cells."""
    path = folder / "chapter.ipynb"
    path.write_text(json.dumps({"cells": [{"source": [cell]} for cell in cells]}), "utf-8")
    return path


@pytest.mark.parametrize(
    ("below", "expected"),
    [
        ("One sentence.", "One sentence."),
        ("It spans\ntwo lines. A second sentence.", "It spans two lines."),
        ("About 1.5 bits, e.g. of names! Next.", "About 1.5 bits, e.g. of names!"),
        ("What comes *next*? **Bold** follows.", "What comes *next*?"),
        ("First paragraph.\n\nSecond.", "First paragraph."),
    ],
)
def test_promise_is_the_first_sentence(tmp_path: Path, below: str, expected: str) -> None:
    assert promise(notebook(tmp_path, f"# Title\n\n{below}")) == expected


@pytest.mark.parametrize("cells", [[], ["# Title"], ["No title.\n\nText."]])
def test_chapter_without_a_promise_is_named(tmp_path: Path, cells: list[str]) -> None:
    with pytest.raises(ExtensionError, match=r"chapter\.ipynb: the first cell needs"):
        promise(notebook(tmp_path, *cells))


def test_home_lists_every_chapter_with_number_title_and_promise(html: Path) -> None:
    home = browser.soup(html / "book" / "index.html")
    items = home.select(".chapter-list li")
    assert [item.select_one(".number").text for item in items] == [
        str(n) for n in range(1, len(CHAPTERS) + 1)
    ]
    for item, chapter in zip(items, CHAPTERS, strict=True):
        title = browser.soup(html / f"{chapter}.html").h1.contents[0]
        assert item.select_one(".title a")["href"].endswith(f"{chapter}.html")
        assert item.select_one(".title a").text == title
        assert item.select_one(".promise").text.rstrip()[-1] in ".!?"
    parts = [p["caption"] for p in PARTS if any(c["file"] in CHAPTERS for c in p["chapters"])]
    assert [heading.text for heading in home.select(".chapter-list h3")] == parts


def test_start_button_leads_to_the_first_chapter(visitor: Visitor) -> None:
    tab = visitor.open("book/index")
    button = tab.get_by_role("link", name="Start with chapter 1")
    expect(button).to_be_in_viewport()
    button.click()
    tab.wait_for_url(f"**/{CHAPTERS[0]}.html")
    tab.close()


@pytest.mark.parametrize("page", [*browser.toc()[1:]])
def test_only_the_part_that_is_read_stands_open(html: Path, page: str) -> None:
    tree = browser.soup(html / f"{page}.html").select("nav.bd-links details.part")
    (caption,) = (p["caption"] for p in PARTS if page in [c["file"] for c in p["chapters"]])
    assert [part.summary.contents[0].strip() for part in tree] == [p["caption"] for p in PARTS]
    (open_part,) = (part for part in tree if part.has_attr("open"))
    assert open_part.summary.contents[0].strip() == caption
    assert len(open_part.select("[aria-current=page]")) == 1


def test_no_part_stands_open_on_the_home_page(html: Path) -> None:
    assert not browser.soup(html / "book" / "index.html").select("details.part[open]")


def test_chapter_says_which_one_it_is(html: Path) -> None:
    for number, chapter in enumerate(CHAPTERS, 1):
        page = browser.soup(html / f"{chapter}.html")
        assert page.select_one("article p.place").text.startswith(f"Chapter {number} · ")
        assert page.select_one("nav.bd-links [aria-current] .number").text == str(number)


def test_title_and_search_stay_when_the_chapters_scroll(visitor: Visitor) -> None:
    tab = visitor.context("light", 1280).new_page()
    tab.set_viewport_size({"width": 1280, "height": 320})
    tab.goto(f"{visitor.base}{CHAPTERS[0]}.html")
    browser.settle(tab)
    tab.evaluate(
        """() => {
          document.querySelectorAll("details.part").forEach((part) => { part.open = true; });
          const bar = document.querySelector(".bd-sidebar-primary");
          bar.scrollTop = bar.scrollHeight;
        }"""
    )
    assert tab.evaluate("document.querySelector('.bd-sidebar-primary').scrollTop") > 100
    expect(tab.locator(".book-name .name")).to_be_in_viewport(ratio=1)
    expect(tab.locator(".book-head .search-button-field")).to_be_in_viewport(ratio=1)
    expect(tab.locator("nav.bd-links a").last).to_be_in_viewport()
    tab.close()
