"""The table of bigrams: a row, a name drawn, the bits of names held out."""

from __future__ import annotations

from typing import Any

import numpy as np
from playwright.sync_api import Locator

from tests.site.widgets import Answers, move, numbers, stored

CHAPTER = "ngrams/bigram_counts"
WRONG = [
    ("(counts[a][b] + k.value)", "(counts[b][a] + k.value)"),
    ("k.value * V)", "k.value)"),
    ("data.held_out.forEach", "counts.forEach"),
    ("letters.at(-1) ?? 0", "0"),
    ("count.set(counts[a][b])", "count.set(counts[b][a])"),
]


def answers(place: Locator, example: dict[str, Any]) -> Answers:
    """Shown and expected: bits of held-out names, row of a symbol; the name of some numbers."""
    move(place.get_by_label("k", exact=True), np.log10(example["k"]))
    place.page.evaluate(
        "numbers => { Math.random = () => numbers.shift() }", [*example["random numbers"]]
    )
    place.get_by_role("button", name="Draw a name").click()
    name = place.locator(".live-drawn").inner_text()
    data = stored(place)
    a = data["symbols"].index(example["before"])
    place.get_by_label("after").select_option(index=a)
    row = [number for pair in zip(data["counts"][a], example["p"], strict=True) for number in pair]
    same_name = float(name == example["name"])
    return [*numbers(place), same_name], [example["bits"], *row, 1.0]
