"""The GPT in the page: what it loads and when, and what it does with texts that are not plain."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from lmbook import live_files
from playwright.sync_api import Locator, Page, expect
from safetensors.numpy import load

from lmcourse import weights
from lmcourse.data.download import AssetError
from lmcourse.data.reviews import load_reviews
from lmcourse.text.characters import ALPHABET
from tests.site import axe, browser, live
from tests.site.browser import Visitor
from tests.site.widgets import gpt, numbers, stored

pytestmark = pytest.mark.site

PAGE = f"notebooks/{gpt.CHAPTER}"
HEAVIEST = 2_500_000  # bytes that one click may load
FILES = "**/live/files/**"
BOTH_LOOKS = pytest.mark.parametrize(
    "opened", [*zip(browser.SCHEMES, browser.WIDTHS, strict=True)], ids=str, indirect=True
)


def _place(tab: Page) -> Locator:
    return live.place(tab, "gpt")


def _button(place: Locator, name: str) -> Locator:
    return place.get_by_role("button", name=name)


def _names(place: Locator) -> list[str]:
    return place.get_by_role("option").evaluate_all("all => all.map(each => each.ariaLabel)")


def _read(place: Locator, text: str) -> list[str]:
    """The letters' labels after a text was put into the field."""
    place.get_by_label("Your text").fill(text)
    gpt.rest(place)
    return _names(place)


@pytest.fixture
def closed(visitor: Visitor) -> Iterator[Page]:
    """The page as it opens."""
    tab = visitor.open(PAGE)
    yield tab
    tab.close()


@pytest.fixture
def opened(visitor: Visitor, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page with model and n-gram; in both looks for the tests that say so."""
    tab = visitor.open(PAGE, *getattr(request, "param", ()))
    gpt.prepare(_place(tab))
    yield tab
    tab.close()


def test_the_script_holds_the_stored_weights(html: Path) -> None:
    script = (html / "_static" / live_files.FOLDER / "char_gpt.js").read_text(encoding="utf-8")
    file = json.loads(script[script.index("{", script.index("=", script.index("?") + 3)) : -2])
    data = np.frombuffer(base64.b64decode(file["data"]), dtype="<f2")
    tensors = load((resources.files(weights) / "char_gpt.safetensors").read_bytes())
    assert file["tensors"].keys() == tensors.keys()
    for name, (begin, size) in file["tensors"].items():
        np.testing.assert_array_equal(data[begin : begin + size], tensors[name].ravel())
    assert sum(size for _, size in file["tensors"].values()) == len(data)
    assert file["alphabet"] == ALPHABET


def test_the_other_script_holds_the_training_sentences() -> None:
    text = gzip.decompress(base64.b64decode(live_files.reviews()["gzip"])).decode()
    assert text.split("\n") == load_reviews("text")["train"]["text"][:]


def test_a_site_is_built_where_the_sentences_cannot_be_had(monkeypatch) -> None:
    def fail() -> dict[str, str]:
        raise AssetError("no network")

    monkeypatch.setitem(live_files.FILES["gpt"], "reviews", fail)
    live_files.scripts.cache_clear()
    assert [*json.loads(live_files.attributes("gpt")["data-files"])] == ["char_gpt"]
    live_files.scripts.cache_clear()
    assert live_files.attributes("sharpness") == {}


def test_nothing_heavy_is_loaded_before_it_is_asked_for(visitor: Visitor) -> None:
    tab, asked = visitor.context("light", 1280).new_page(), list[str]()
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(f"{visitor.base}{PAGE}.html")
    browser.settle(tab)
    assert not [url for url in asked if live_files.FOLDER in url]
    place, before = _place(tab), len(asked)
    for name in ("Load the GPT", "Count a simple n-gram"):
        button = _button(place, name)
        megabytes = float(re.search(r"\(([\d.]+) MB\)", button.inner_text())[1])
        with tab.expect_response(FILES) as loaded:
            button.click()
        size = len(loaded.value.body())
        assert abs(size / 1e6 - megabytes) <= 0.05
        assert size <= HEAVIEST
        button.wait_for(state="detached")
    assert len(asked) == before + 2
    tab.close()


def test_the_stored_answer_is_there_before_the_click(closed: Page) -> None:
    place = _place(closed)
    example = stored(place)["examples"][0]
    symbols = [{" ": "space"}.get(symbol, symbol) for symbol in example["text"]] + ["the end"]
    expected = [f"{a}, {b:.1f} bits" for a, b in zip(symbols, example["bits"], strict=True)]
    assert _names(place) == expected
    likeliest = [p for _, p, _ in example["likeliest"]]
    expected = [*example["bits"], np.mean(example["bits"]), example["bits"][-1], *likeliest]
    np.testing.assert_allclose(numbers(place), expected, atol=1e-6)
    place.get_by_role("listbox").press("Home")
    assert not place.locator(".gpt-rows li:visible").count()
    place.get_by_role("listbox").press("End")
    assert place.locator(".gpt-rows li:visible").count() == len(likeliest)


@pytest.mark.parametrize("body", [None, "", "(window.liveFiles ??= {}).char_gpt = {data: 1};"])
def test_what_does_not_load_leaves_all_and_can_be_asked_for_again(
    visitor: Visitor, body: str | None
) -> None:
    tab = visitor.open(PAGE)
    place = _place(tab)
    before = _names(place)
    tab.route(FILES, lambda route: route.abort() if body is None else route.fulfill(body=body))
    _button(place, "Load the GPT").click()
    again = _button(place, "Try again")
    again.wait_for()
    assert "did not load" in again.locator("..").inner_text()
    assert tab.locator('.live[data-widget="gpt"] svg.drawing').is_visible()
    assert _names(place) == before
    tab.unroute(FILES)
    again.click()
    place.get_by_label("Your text").wait_for()
    gpt.rest(place)
    expect(place.get_by_label("Your text")).to_be_focused()
    read = _names(place)[:-1]  # the end is another one
    assert read == before[: len("The acting is")]  # the model says what is stored
    tab.close()


def test_while_one_types_other_sections_rest_and_come_back_in_their_places(closed: Page) -> None:
    heights = "[...document.querySelectorAll('article section')].map(s => s.offsetHeight)"
    drawn = "e => e.checkVisibility({contentVisibilityAuto: true})"
    last = closed.locator("article section section").last.locator("a").last
    before = closed.evaluate("document.documentElement.scrollHeight")
    box = _place(closed).bounding_box()
    assert last.evaluate(drawn)
    assert box
    gpt.prepare(_place(closed))
    closed.wait_for_function(f"e => !({drawn})(e)", arg=last.element_handle())
    resting, now = closed.evaluate(heights), _place(closed).bounding_box()
    assert now
    grown = closed.evaluate("document.documentElement.scrollHeight") - before
    assert abs(grown - (now["height"] - box["height"])) <= 2
    last.scroll_into_view_if_needed()
    closed.wait_for_function(drawn, arg=last.element_handle())
    np.testing.assert_allclose(closed.evaluate(heights), resting, atol=1)


def test_an_empty_text_is_the_beginning(opened: Page) -> None:
    place = _place(opened)
    (end,) = _read(place, "")
    assert end.startswith("the end, ")
    assert "At the beginning" in place.inner_text()
    assert _read(place, " \n") == [end]


@pytest.mark.parametrize(
    ("typed", "letters", "told"),
    [
        ("Zoë’s", "Zoe's", "Read in the letters of the alphabet: ë as e, ’ as '."),
        ("更多 a\x07", "a", "Not in the alphabet, left out: 更 多 \x07."),
        ("a\n\tb  ", "ab", ""),
        ("no 🎬", "no", "left out: 🎬."),
    ],
)
def test_foreign_letters_are_told(opened: Page, typed: str, letters: str, told: str) -> None:
    place = _place(opened)
    read = [name.partition(",")[0] for name in _read(place, typed)]
    assert "".join(name for name in read[:-1] if name != "space") == letters
    note = place.locator(".gpt-note").text_content()
    assert told in note
    assert bool(note) == bool(told)


def test_a_hundred_kilobytes_leave_the_page_alive(opened: Page) -> None:
    place = _place(opened)
    paste = "The acting is wonderful, and more so. " * 2632
    opened.evaluate(
        "() => { window.frames_ = 0; const f = () => { frames_++; requestAnimationFrame(f) }; f() }"
    )
    names = _read(place, paste)
    assert opened.evaluate("frames_") > 5
    assert len(names) == 288
    assert "of 100,016 letters it reads the last 288" in place.locator(".gpt-note").inner_text()
    assert _read(place, paste[-1000:]) == names


def test_the_last_text_wins(opened: Page) -> None:
    place = _place(opened)
    field = place.get_by_label("Your text")
    expected = _read(place, "Bad")
    field.fill("The acting is wonderful, and more so. " * 7)
    field.fill("Bad")
    gpt.rest(place)
    opened.wait_for_timeout(200)  # for what an outdated reading might still draw
    assert _names(place) == expected


def test_writing_stops_when_asked_and_when_the_text_changes(opened: Page) -> None:
    place = _place(opened)
    field, pen = place.get_by_label("Your text"), _button(place, "Let it write")
    opened.evaluate("Math.random = () => 0.5")  # at 0.5 it goes on for long
    field.fill("The")
    pen.focus()
    pen.press("Enter")
    stop = _button(place, "Stop")
    expect(stop).to_be_focused()
    opened.wait_for_function("document.querySelector('#gpt-text').value.length > 6")
    stop.press("Enter")
    gpt.rest(place)
    expect(pen).to_be_focused()
    text = field.input_value()
    assert text.startswith("The")
    assert f"stopped after {len(text) - 3} letters" in place.locator(".gpt-note").inner_text()
    assert len(_names(place)) == len(text) + 1

    pen.press("Enter")
    stop.wait_for()
    field.evaluate(
        "f => { f.value = 'No'; f.dispatchEvent(new Event('input')) }"
    )  # between letters
    pen.wait_for()
    gpt.rest(place)
    opened.wait_for_timeout(200)
    assert field.input_value() == "No"
    assert len(_names(place)) == 3


def test_without_motion_what_is_written_comes_at_once(visitor: Visitor) -> None:
    context = visitor.browser.new_context(reduced_motion="reduce")
    tab = context.new_page()
    tab.goto(f"{visitor.base}{PAGE}.html")
    place = _place(tab)
    gpt.prepare(place)
    before = len(_read(place, "The"))
    tab.evaluate("const n = Array(20).fill(0.5); Math.random = () => n.shift() ?? 0")
    tab.evaluate(
        """() => { window.drawn = 0; const list = document.querySelector(".gpt-letters");
             new MutationObserver((all) => { drawn += all.length }).observe(list,
               {attributeFilter: ["aria-activedescendant"]}) }"""
    )
    _button(place, "Let it write").click()
    gpt.rest(place)
    assert tab.evaluate("drawn") == 1
    assert len(_names(place)) > before + 1
    context.close()


def test_the_keyboard_walks_through_the_letters(opened: Page) -> None:
    place = _place(opened)
    names = _read(place, "The acting is wonderful.")
    assert all(
        re.fullmatch(r"(.|space|the end), \d+\.\d bits, n-gram \d+\.\d bits", n) for n in names
    )
    place.get_by_label("Your text").focus()
    opened.keyboard.press("Tab")
    letters = place.get_by_role("listbox")
    expect(letters).to_be_focused()

    def chosen() -> str | None:
        return letters.evaluate(
            "list => document.getElementById(list.getAttribute('aria-activedescendant')).ariaLabel"
        )

    assert chosen() == names[-1]
    seen = set()
    for name in reversed(names[:-1]):
        opened.keyboard.press("ArrowLeft")
        assert chosen() == name
        assert place.locator("[aria-selected=true]").count() == 1
        seen.add(place.locator(".gpt-rows").inner_text())
    assert len(seen) == len(names) - 1
    opened.keyboard.press("ArrowLeft")
    assert chosen() == names[0]
    assert "At the beginning" in place.inner_text()
    opened.keyboard.press("End")
    assert chosen() == names[-1]
    opened.keyboard.press("Tab")
    expect(_button(place, "Let it write")).to_be_focused()


def test_another_order_leaves_the_letter_chosen_and_changes_the_n_gram_alone(opened: Page) -> None:
    place = _place(opened)
    _read(place, "The acting is wonderful.")
    place.get_by_role("listbox").press("Home")
    before = numbers(place)
    place.get_by_label("order of the n-gram").press("Home")
    after = numbers(place)
    assert before[0::2] == after[0::2]
    assert before[1::2] != after[1::2]
    assert "At the beginning" in place.inner_text()


@BOTH_LOOKS
@pytest.mark.parametrize("version", [axe.CARRIED, axe.NEWER])
def test_what_was_loaded_is_accessible_and_fits(opened: Page, version: str) -> None:
    _read(_place(opened), "The acting is wonderful, and more so. " * 9)
    assert opened.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    try:  # in the widget alone: where the sidebar has scrolled, its edge may cut a line of its own
        assert axe.violations(opened, version, '.live[data-widget="gpt"]') == []
    except axe.Unavailable as error:
        browser.missing(str(error))


@BOTH_LOOKS
def test_the_letter_at_which_one_types_is_in_sight(opened: Page) -> None:
    place = _place(opened)
    _read(place, "The acting is wonderful, and more so. " * 9)
    inside = """list => {
      const box = list.getBoundingClientRect();
      const chosen = list.querySelector("[aria-selected=true]").getBoundingClientRect();
      return box.top <= chosen.top && chosen.bottom <= box.bottom;
    }"""
    letters = place.get_by_role("listbox")
    assert letters.evaluate(inside)
    letters.press("Home")
    assert letters.evaluate(inside)
