"""The GPT in the page: surprises, what is likeliest next, what it writes; an n-gram beside it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from playwright.sync_api import Locator

from lmcourse.text.characters import fold_ascii
from tests.site.widgets import Answers, move, numbers

CHAPTER = "transformer/gpt"
ORDER = "order of the n-gram (Witten–Bell)"
TANH = "return x / (1 + Math.exp(-1.5957691216 * (x + 0.044715 * x ** 3)))"
WRONG = [
    ("return x * (x < 0 ? beyond : 1 - beyond)", TANH),  # GELU, nearly
    ("positions[t * d_model + i]", "positions[(t + 1) * d_model + i]"),
    ("y1 += W[second + c]", "y1 += W[c * rows + r + 1]"),  # a row in four as if transposed
    ("dot / Math.sqrt(size)", "dot"),
    (
        "for (let s = 0; s <= t; s++) {\n          let",
        "for (let s = 0; s < t; s++) {\n          let",
    ),
    ("variance + 1e-5", "variance + 1e-3"),
    ("scale[i] * (each - mean) / deviation + shift[i]", "scale[i] * (each - mean) / deviation"),
    ("let n = 1; n <= order", "let n = 1; n < order"),  # a history one too short
    ("+ types * p)", "+ p)"),
    ("if (end >= this.order)", "if (end > this.order)"),  # the first letter is not counted
    ("ids = [0, ...", "ids = [1, ..."),  # no opening
    ("ids.length + 1 - gpt.config", "ids.length + 2 - gpt.config"),  # a context one too short
    ("z / Math.max(temperature, 1e-9)", "z"),
    ("start + i, id, order", "start + i - 1, id, order"),
    ("let rest = Math.random()", "let rest = 1 - Math.random()"),
    ('.replace(/^ /, "")', ".trim()"),
]


def prepare(place: Locator) -> None:
    """Load the GPT and count the n-gram, if that has not been done."""
    for name, then in (("Load the GPT", "Your text"), ("Count a simple n-gram", ORDER)):
        button = place.get_by_role("button", name=name)
        if button.count():
            button.click()
            place.get_by_label(then).wait_for()
    rest(place)


def rest(place: Locator) -> None:
    """Wait until everything that was typed or asked for is there."""
    place.locator(".gpt-letters:not([aria-busy])").wait_for()


def answers(place: Locator, example: dict[str, Any]) -> Answers:
    """Shown and expected: letters, means, surprise at the end, likeliest symbols; the text."""
    prepare(place)
    place.page.emulate_media(reduced_motion="reduce")  # what is written comes at once
    field = place.get_by_label("Your text")
    move(place.get_by_label("temperature of the GPT"), example["tau"])
    move(place.get_by_label(ORDER), example["order"])
    field.fill(example["text"])
    rest(place)
    shown, symbols = numbers(place), place.locator(".gpt-rows b").all_inner_texts()
    place.page.evaluate(
        "numbers => { Math.random = () => numbers.shift() ?? 0 }", example["numbers"]
    )
    place.get_by_role("button", name="Let it write").click()
    rest(place)
    names = [name for name, _, _ in example["likeliest"]]
    same_symbols = symbols == [{" ": "␣", "\n": "↵"}.get(name, name) for name in names]
    read = fold_ascii(example["text"]) + " " * example["text"].endswith(" ")
    same_text = field.input_value() == read + example["written"]
    both = np.transpose([example["bits"], example["counted"]])  # [T, 2]
    likeliest = [p for _, *pair in example["likeliest"] for p in pair]
    expected = [*both.ravel(), *both.mean(0), *both[-1], *likeliest]
    if len(shown) != len(expected):
        shown = [math.nan] * len(expected)
    return [*shown, float(same_symbols), float(same_text)], [*expected, 1.0, 1.0]
