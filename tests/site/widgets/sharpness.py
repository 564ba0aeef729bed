"""Scores and temperature: probabilities, slopes, entropy, surprise."""

from __future__ import annotations

from typing import Any

import numpy as np
from playwright.sync_api import Locator

from tests.site.widgets import Answers, move, numbers

CHAPTER = "probability/softmax"
WRONG = [
    ("score.value / tau", "score.value"),
    ("Math.LN2", "Math.LN10"),
    ("row.came.checked ? 1 : 0", "0"),
    ("surprise.set(-logs[i])", "surprise.set(-logs[0])"),
    ("- largest - Math.log(total)", "- largest - Math.log(-total)"),  # undefined
]


def answers(place: Locator, example: dict[str, Any]) -> Answers:
    """Shown and expected: p and slope of each word, entropy, surprise."""
    sliders = place.locator("input[type=range]")
    move(sliders.nth(0), np.log10(example["tau"]))
    for i, score in enumerate(example["scores"]):
        move(sliders.nth(i + 1), score)
    place.locator("input[type=radio]").nth(example["came"]).check()
    pairs = zip(example["p"], example["slopes"], strict=True)
    expected = [number for pair in pairs for number in pair]
    return numbers(place), [*expected, example["entropy"], example["surprise"]]
