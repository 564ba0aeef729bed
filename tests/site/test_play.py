"""Widgets beside their chapters: on the home page at once, on the page Play at a click."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.site import browser, live
from tests.site.browser import Visitor

pytestmark = pytest.mark.site
HOME = "book/index"


@pytest.fixture(params=live.WIDGETS)
def widget(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def play(visitor: Visitor) -> Iterator[Page]:
    tab = visitor.open(live.PLAY)
    yield tab
    tab.close()


def test_every_widget_is_there_and_says_python_s_numbers(play: Page, widget: str) -> None:
    live.press_open(play, widget)
    asked: list[str] = []
    play.on("request", lambda request: asked.append(request.url))
    assert live.worst(play, widget) < live.WITHIN
    assert all("/_static/live/files/" in url for url in asked)  # what is typed goes nowhere


def test_so_it_does_from_a_folder(visitor: Visitor, html: Path, widget: str) -> None:
    tab = visitor.context("dark", 390).new_page()
    tab.goto((html / f"{live.PLAY}.html").as_uri())
    live.press_open(tab, widget)
    assert live.worst(tab, widget) < live.WITHIN
    tab.close()


def test_the_keyboard_goes_on_where_it_was(play: Page, widget: str) -> None:
    live.press_open(play, widget)
    inside = "place => place.contains(document.activeElement)"
    assert live.place(play, widget).evaluate(inside)


def test_numbers_that_do_not_load_can_be_asked_for_again(play: Page, widget: str) -> None:
    place, address = live.place(play, widget), f"**/data/{widget}.js"
    play.route(address, lambda route: route.abort())
    place.get_by_role("button", name="Open").click()
    expect(place.get_by_role("status")).to_contain_text("could not be loaded")
    play.unroute(address)
    live.press_open(play, widget)
    expect(place.locator(live.CONTROLS).first).to_be_visible()


def test_nothing_is_loaded_before_the_click(html: Path) -> None:
    page = browser.soup(html / f"{live.PLAY}.html")
    assert len(page.select(".live[data-src]")) == len(live.WIDGETS)
    assert not page.select(".live script")


def test_the_home_page_has_the_game_at_once(visitor: Visitor) -> None:
    tab = visitor.open(HOME)
    difference = live.worst(tab, "shannon")
    tab.close()
    assert difference < live.WITHIN
