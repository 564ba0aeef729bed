"""A row of a head's table: weights, lengths, what is carried, and the first token's shares."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator

from tests.site.widgets import Answers, move, numbers

CHAPTER = "transformer/attention_at_work"
WRONG = [
    ("tables[l][h][t * T + s]", "tables[l][h][s * T + t]"),
    ("tables[l][h][t * T + s]", "tables[l][h][t * T + (s + 1) % T]"),
    ("h = head.value - 1", "h = head.value % H"),
    ("weight * lengths[l][h][s]", "weight * lengths[l][h][t]"),
    ("weight * lengths[l][h][s]", "weight"),
    ("row.carried.set(carried[s])", "row.carried.set(carried[s] / total)"),
    ("ofLengths.set(carried[0] / total)", "ofLengths.set(carried[t] / total)"),
    ("const l = Number(layer.value)", "const l = start.layer"),
]


def answers(place: Locator, example: dict[str, Any]) -> Answers:
    """Shown and expected: weight, length and product of each token, two shares of the first."""
    place.get_by_label("layer").select_option(index=example["layer"])
    move(place.locator("input[type=range]"), example["head"] + 1)
    place.locator("input[type=radio]").nth(example["token"]).check()
    rows = zip(example["weights"], example["lengths"], example["carried"], strict=True)
    return numbers(place), [*(number for row in rows for number in row), *example["shares"]]
