"""Widgets show Python's numbers, obey the keyboard, and leave the picture where they cannot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route

from tests.site import browser, live
from tests.site.browser import Visitor
from tests.site.widgets import move, numbers, stored

pytestmark = pytest.mark.site

LIGHT = 100_000  # bytes of a page's widgets before a click
SMALLEST = 24  # pixels of what is clicked


@pytest.fixture(params=live.WIDGETS, scope="module")
def widget(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=zip(browser.SCHEMES, browser.WIDTHS, strict=True), ids=str, scope="module")
def tab(visitor: Visitor, widget: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The widget's page, for several tests: each may leave it with other numbers."""
    tab = visitor.open(live.page(widget), *request.param)
    live.prepare(tab, widget)
    yield tab
    tab.close()


def test_every_widget_has_errors_to_notice(widget: str) -> None:
    assert len(live.WIDGETS[widget].WRONG) > 2


@pytest.mark.parametrize("scheme", browser.SCHEMES)
@pytest.mark.parametrize("width", browser.WIDTHS)
def test_the_numbers_are_those_of_python(
    visitor: Visitor, widget: str, scheme: str, width: int
) -> None:
    tab = visitor.open(live.page(widget), scheme, width)
    assert live.worst(tab, widget) < live.WITHIN
    tab.close()


def test_so_they_are_from_a_folder(visitor: Visitor, html: Path, widget: str) -> None:
    tab, errors = visitor.context("light", 1280).new_page(), list[str]()
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto((html / f"{live.page(widget)}.html").as_uri())
    assert live.worst(tab, widget) < live.WITHIN
    tab.close()
    assert not errors


@pytest.mark.parametrize(
    ("widget", "right", "wrong"),
    [(name, *pair) for name, widget in live.WIDGETS.items() for pair in widget.WRONG],
)
def test_an_error_would_be_seen(visitor: Visitor, widget: str, right: str, wrong: str) -> None:
    texts = {file: file.read_text(encoding="utf-8") for file in live.scripts(widget)}
    ((file, script),) = [each for each in texts.items() if right in each[1]]

    def answer(route: Route) -> None:
        route.fulfill(body=script.replace(right, wrong), content_type="text/javascript")

    tab = visitor.context("light", 1280).new_page()
    tab.route(f"**/live/{file.relative_to(live.ASSETS)}*", answer)
    tab.goto(f"{visitor.base}{live.PLAY}.html")
    live.press_open(tab, widget)
    worst = live.worst(tab, widget)
    tab.close()
    assert not worst < live.WITHIN  # infinite and undefined numbers are seen, too


def test_infinite_bits_are_shown(visitor: Visitor) -> None:
    tab = visitor.open(live.page("bigrams"))
    place = live.place(tab, "bigrams")
    move(place.get_by_label("k", exact=True), -7)
    shown = place.locator("data").first.inner_text()
    tab.close()
    assert shown == "∞"


def test_a_letter_that_was_told_is_not_right_at_once(visitor: Visitor) -> None:
    tab = visitor.open(live.page("shannon"))
    place = live.place(tab, "shannon")
    while place.get_by_role("button", name="Tell me").is_enabled():
        place.get_by_role("button", name="Tell me").click()
    shares, frequent = numbers(place), stored(place)["frequent"]
    tab.close()
    assert frequent[0] == " "  # the first guess of "letters alone"
    assert shares[2] > 0
    assert shares[0] == 0


def test_the_keyboard_reaches_everything(tab: Page, widget: str) -> None:
    """One tab stop for each control; radio buttons share one and are moved among by arrows."""
    place = live.place(tab, widget)
    controls = place.locator(live.CONTROLS)
    groups = place.locator("input[type=radio]").count()
    stops = controls.count() - max(0, groups - 1)
    controls.first.focus()
    seen = set()
    for _ in range(stops):
        seen.add(tab.evaluate("document.activeElement.outerHTML"))
        assert place.evaluate("place => place.contains(document.activeElement)")
        assert tab.evaluate("document.activeElement.matches(':focus-visible')")
        tab.keyboard.press("Tab")
    assert len(seen) == stops
    assert not place.evaluate("place => place.contains(document.activeElement)")


def _arrow(place: Locator) -> None:
    """Move the first slider by the keyboard."""
    place.locator("input[type=range]").first.press("ArrowRight")


def test_a_change_is_shown_and_spoken(tab: Page, widget: str) -> None:
    place = live.place(tab, widget)
    change = getattr(live.WIDGETS[widget], "change", _arrow)
    before = numbers(place)
    change(place)
    assert numbers(place) != before
    told = place.get_by_role("status")
    told.filter(has_text=".").wait_for()
    spoken = told.inner_text()
    change(place)
    tab.wait_for_function(
        "([line, old]) => line.textContent !== old", arg=[told.element_handle(), spoken]
    )


def test_what_is_clicked_is_large_enough(tab: Page, widget: str) -> None:
    sizes = (
        live.place(tab, widget)
        .locator(live.CONTROLS)
        .evaluate_all(
            "all => all.map(c => c.getBoundingClientRect()).map(b => Math.min(b.width, b.height))"
        )
    )
    assert min(sizes) >= SMALLEST


def test_without_scripts_the_picture_stands_alone(visitor: Visitor, widget: str) -> None:
    context = visitor.browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{visitor.base}{live.page(widget)}.html")
    figure = tab.locator(f'.live[data-widget="{widget}"]')
    assert figure.locator("svg.drawing").count() == 1
    assert figure.locator(live.CONTROLS).count() == 0
    context.close()


def test_a_script_that_does_not_load_leaves_the_picture(visitor: Visitor, widget: str) -> None:
    tab, errors = visitor.context("light", 1280).new_page(), list[str]()
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.route("**/live/live.js*", lambda route: route.abort())
    tab.goto(f"{visitor.base}{live.page(widget)}.html")
    browser.settle(tab)
    figure = tab.locator(f'.live[data-widget="{widget}"]')
    assert figure.locator("svg.drawing").is_visible()
    assert figure.locator(live.CONTROLS).count() == 0
    tab.close()
    assert not errors


def test_in_print_the_picture_stands_alone(tab: Page, widget: str) -> None:
    tab.emulate_media(media="print")
    assert not live.place(tab, widget).is_visible()
    assert tab.locator(f'.live[data-widget="{widget}"] svg.drawing').is_visible()
    tab.emulate_media(media="screen")


def test_a_widget_is_light(html: Path, widget: str) -> None:
    page = browser.soup(html / f"{live.page(widget)}.html")
    data = page.select(".live script[type='application/json']")
    files = [*live.ASSETS.glob("live.*"), *live.ASSETS.glob(f"{widget}.css")]
    weight = sum(file.stat().st_size for file in [*files, *live.scripts(widget)])
    assert weight + sum(len(each.string.encode()) for each in data) < LIGHT


def test_pages_without_widgets_load_none(html: Path) -> None:
    assert "/live/" not in (html / "book" / "how_to_use.html").read_text(encoding="utf-8")
