"""A query and its sharpness: scores, weights, context."""

from __future__ import annotations

from typing import Any

import numpy as np
from playwright.sync_api import Locator

from tests.site.widgets import Answers, move, numbers, stored

CHAPTER = "transformer/attention"
WRONG = [
    ("sharpness.value * dot", "dot"),
    ("weights[t] * vector[i]", "vector[i] / weights.length"),
    ("score.set(scores[t])", "score.set(parts[t])"),
]


def answers(place: Locator, example: dict[str, Any]) -> Answers:
    """Shown and expected: score and weight of each word, the context."""
    sliders = place.locator("input[type=range]")
    sharpness = example["sharpness"]
    move(sliders.first, np.log10(sharpness) if sharpness else -2)
    for i, feature in enumerate(example["query"]):
        move(sliders.nth(i + 1), feature)
    scores = sharpness * np.array(stored(place)["vectors"]) @ example["query"]  # [T]
    pairs = zip(scores, example["weights"], strict=True)
    return numbers(place), [*(number for pair in pairs for number in pair), *example["context"]]
