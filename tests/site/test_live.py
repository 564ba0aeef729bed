"""Widgets show Python's numbers, obey the keyboard, and leave the picture where they cannot."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, Route

from tests.site import browser
from tests.site.browser import Visitor

pytestmark = pytest.mark.site

ASSETS = browser.ROOT / "book" / "assets" / "live"
LIGHT = 100_000  # bytes of a page's widgets before a click
WITHIN = 1e-4  # of Python's number
SMALLEST = 24  # pixels of what is clicked
CONTROLS = "input, select, button"


def move(slider: Locator, position: float) -> None:
    """Put a slider at a position and tell the page, as a hand does."""
    slider.evaluate(
        "(s, x) => { s.value = x; s.dispatchEvent(new Event('input', {bubbles: true})) }", position
    )


def numbers(place: Locator) -> list[float]:
    """What the widget shows, in the page's order, with all digits."""
    found = place.locator("data").evaluate_all("all => all.map(each => each.value)")
    return [float(value) for value in found]


def sharpness(place: Locator, example: dict[str, Any]) -> tuple[list[float], list[float]]:
    """Shown and expected: p and slope of each word, entropy, surprise."""
    sliders = place.locator("input[type=range]")
    move(sliders.nth(0), np.log10(example["tau"]))
    for i, score in enumerate(example["scores"]):
        move(sliders.nth(i + 1), score)
    place.locator("input[type=radio]").nth(example["came"]).check()
    pairs = zip(example["p"], example["slopes"], strict=True)
    expected = [number for pair in pairs for number in pair]
    return numbers(place), [*expected, example["entropy"], example["surprise"]]


def bigrams(place: Locator, example: dict[str, Any]) -> tuple[list[float], list[float]]:
    """Shown and expected: bits of held-out names, row of a symbol; the name of some numbers."""
    move(place.get_by_label("k", exact=True), np.log10(example["k"]))
    place.page.evaluate(
        "numbers => { Math.random = () => numbers.shift() }", [*example["random numbers"]]
    )
    place.get_by_role("button", name="Draw a name").click()
    name = place.locator(".live-drawn").inner_text()
    data = _data(place)
    a = data["symbols"].index(example["before"])
    place.get_by_label("after").select_option(str(a))
    row = [number for pair in zip(data["counts"][a], example["p"], strict=True) for number in pair]
    same_name = float(name == example["name"])
    return [*numbers(place), same_name], [example["bits"], *row, 1.0]


def lookup(place: Locator, example: dict[str, Any]) -> tuple[list[float], list[float]]:
    """Shown and expected: score and weight of each word, the context."""
    sliders = place.locator("input[type=range]")
    sharpness = example["sharpness"]
    move(sliders.first, np.log10(sharpness) if sharpness else -2)
    for i, feature in enumerate(example["query"]):
        move(sliders.nth(i + 1), feature)
    scores = sharpness * np.array(_data(place)["vectors"]) @ example["query"]  # [T]
    pairs = zip(scores, example["weights"], strict=True)
    return numbers(place), [*(number for pair in pairs for number in pair), *example["context"]]


Driver = Callable[[Locator, dict[str, Any]], tuple[list[float], list[float]]]
WIDGETS: dict[str, tuple[str, Driver]] = {
    "sharpness": ("notebooks/probability/softmax", sharpness),
    "bigrams": ("notebooks/ngrams/bigram_counts", bigrams),
    "lookup": ("notebooks/transformer/attention", lookup),
}
WRONG = [  # a widget with this error in it has to fail
    ("sharpness", "score.value / tau", "score.value"),
    ("sharpness", "Math.LN2", "Math.LN10"),
    ("sharpness", "row.came.checked ? 1 : 0", "0"),
    ("sharpness", "surprise.set(-logs[i])", "surprise.set(-logs[0])"),
    ("bigrams", "(counts[a][b] + k.value)", "(counts[b][a] + k.value)"),
    ("bigrams", "k.value * V)", "k.value)"),
    ("bigrams", "data.held_out.forEach", "counts.forEach"),
    ("bigrams", "letters.at(-1) ?? 0", "0"),
    ("lookup", "sharpness.value * dot", "dot"),
    ("lookup", "weights[t] * vector[i]", "vector[i] / weights.length"),
    ("lookup", "score.set(scores[t])", "score.set(parts[t])"),
    ("bigrams", "count.set(counts[a][b])", "count.set(counts[b][a])"),
    ("sharpness", "- largest - Math.log(total)", "- largest - Math.log(-total)"),  # undefined
]


def _data(place: Locator) -> dict[str, Any]:
    """What the chapter stored for a widget."""
    stored = place.locator("xpath=..").locator("script[type='application/json']")
    return json.loads(stored.evaluate("script => script.textContent"))


def _place(tab: Page, widget: str) -> Locator:
    return tab.locator(f'.live[data-widget="{widget}"] .live-widget')


def _worst(tab: Page, widget: str) -> float:
    """The largest difference of a widget from its chapter's answers."""
    place, driver = _place(tab, widget), WIDGETS[widget][1]
    differences: list[float] = []
    for example in _data(place)["examples"]:
        shown, expected = driver(place, example)
        assert len(shown) == len(expected)
        differences.extend(np.abs(np.subtract(shown, expected)))
    return float(np.max(differences))  # undefined if one of them is


@pytest.fixture(params=WIDGETS)
def widget(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=zip(browser.SCHEMES, browser.WIDTHS, strict=True), ids=str)
def tab(visitor: Visitor, widget: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    tab = visitor.open(WIDGETS[widget][0], *request.param)
    yield tab
    tab.close()


def test_every_widget_is_tested() -> None:
    files = {file.stem for file in ASSETS.glob("*.js")} - {"live"}
    assert files == set(WIDGETS) == {name for name, *_ in WRONG}


@pytest.mark.parametrize("scheme", browser.SCHEMES)
@pytest.mark.parametrize("width", browser.WIDTHS)
def test_the_numbers_are_those_of_python(
    visitor: Visitor, widget: str, scheme: str, width: int
) -> None:
    tab = visitor.open(WIDGETS[widget][0], scheme, width)
    assert _worst(tab, widget) < WITHIN
    tab.close()


def test_so_they_are_from_a_folder(visitor: Visitor, html: Path, widget: str) -> None:
    tab, errors = visitor.context("light", 1280).new_page(), list[str]()
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto((html / f"{WIDGETS[widget][0]}.html").as_uri())
    assert _worst(tab, widget) < WITHIN
    tab.close()
    assert not errors


@pytest.mark.parametrize(("widget", "right", "wrong"), WRONG)
def test_an_error_would_be_seen(visitor: Visitor, widget: str, right: str, wrong: str) -> None:
    script = (ASSETS / f"{widget}.js").read_text(encoding="utf-8")
    assert right in script

    def answer(route: Route) -> None:
        route.fulfill(body=script.replace(right, wrong), content_type="text/javascript")

    tab = visitor.context("light", 1280).new_page()
    tab.route(f"**/live/{widget}.js*", answer)
    tab.goto(f"{visitor.base}{WIDGETS[widget][0]}.html")
    browser.settle(tab)
    worst = _worst(tab, widget)
    tab.close()
    assert not worst < WITHIN  # infinite and undefined numbers are seen, too


def test_infinite_bits_are_shown(visitor: Visitor) -> None:
    tab = visitor.open(WIDGETS["bigrams"][0])
    place = _place(tab, "bigrams")
    move(place.get_by_label("k", exact=True), -7)
    shown = place.locator("data").first.inner_text()
    tab.close()
    assert shown == "∞"


def test_the_keyboard_reaches_everything(tab: Page, widget: str) -> None:
    """One tab stop for each control; radio buttons share one and are moved among by arrows."""
    place = _place(tab, widget)
    controls = place.locator(CONTROLS)
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


def test_arrows_move_a_slider_and_the_change_is_spoken(tab: Page, widget: str) -> None:
    place = _place(tab, widget)
    before = numbers(place)
    place.locator("input[type=range]").first.focus()
    for _ in range(5):
        tab.keyboard.press("ArrowRight")
    assert numbers(place) != before
    told = place.get_by_role("status")
    told.filter(has_text=".").wait_for()
    spoken = told.inner_text()
    place.locator("input[type=range]").first.press("End")
    tab.wait_for_function(
        "([line, old]) => line.textContent !== old", arg=[told.element_handle(), spoken]
    )


def test_what_is_clicked_is_large_enough(tab: Page, widget: str) -> None:
    sizes = (
        _place(tab, widget)
        .locator(CONTROLS)
        .evaluate_all(
            "all => all.map(c => c.getBoundingClientRect()).map(b => Math.min(b.width, b.height))"
        )
    )
    assert min(sizes) >= SMALLEST


def test_without_scripts_the_picture_stands_alone(visitor: Visitor, widget: str) -> None:
    context = visitor.browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{visitor.base}{WIDGETS[widget][0]}.html")
    figure = tab.locator(f'.live[data-widget="{widget}"]')
    assert figure.locator("svg.drawing").count() == 1
    assert figure.locator(CONTROLS).count() == 0
    context.close()


def test_a_script_that_does_not_load_leaves_the_picture(visitor: Visitor, widget: str) -> None:
    tab, errors = visitor.context("light", 1280).new_page(), list[str]()
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.route("**/live/live.js*", lambda route: route.abort())
    tab.goto(f"{visitor.base}{WIDGETS[widget][0]}.html")
    browser.settle(tab)
    figure = tab.locator(f'.live[data-widget="{widget}"]')
    assert figure.locator("svg.drawing").is_visible()
    assert figure.locator(CONTROLS).count() == 0
    tab.close()
    assert not errors


def test_in_print_the_picture_stands_alone(tab: Page, widget: str) -> None:
    tab.emulate_media(media="print")
    assert not _place(tab, widget).is_visible()
    assert tab.locator(f'.live[data-widget="{widget}"] svg.drawing').is_visible()
    tab.emulate_media(media="screen")


def test_a_widget_is_light(html: Path, widget: str) -> None:
    page = browser.soup(html / f"{WIDGETS[widget][0]}.html")
    data = page.select(".live script[type='application/json']")
    files = ["live.js", "live.css", f"{widget}.js"]
    weight = sum((ASSETS / file).stat().st_size for file in files)
    assert weight + sum(len(each.string.encode()) for each in data) < LIGHT


def test_pages_without_widgets_load_none(html: Path) -> None:
    assert "/live/" not in (html / "book" / "how_to_use.html").read_text(encoding="utf-8")
