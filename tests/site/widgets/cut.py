"""The border of the neutral class: confusion matrix, F1s, accuracy and macro-F1 at their best."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator

from tests.site.widgets import Answers, move, numbers

CHAPTER = "bert/beyond_two_classes"
WRONG = [
    (
        "table[is][doubts[i] > border ? 1 : sides[i]]++",
        "table[doubts[i] > border ? 1 : sides[i]][is]++",
    ),
    ("2 * table[k][k] / both", "table[k][k] / rows[k]"),
    ("q * (sorted.length - 1)", "q * sorted.length - 1"),
    ("quantile(1 - percent / 100)", "quantile(percent / 100)"),
    ("each[key] > all[best][key]", "each[key] < all[best][key]"),
    ("[run.select.value];", "[0];"),
    ("x / data.unit", "Number(x)"),
    ("at.set(bestOf(key))", 'at.set(bestOf("accuracy"))'),
]


def answers(place: Locator, example: dict[str, Any]) -> Answers:
    """Shown and expected: the borders, each row's counts and F1, both scores and their best."""
    place.get_by_label("loss").select_option(example["loss"])
    place.get_by_label("training run").select_option(index=example["run"])
    move(place.locator("input[type=range]"), example["per cent"])
    expected = [example["border"], example["trained"]]
    for counts, f1 in zip(example["counts"], example["f1"], strict=True):
        expected += [*counts, f1]
    for score in ("accuracy", "macro-F1"):
        expected += [example[score], *example[f"best {score}"]]
    shown = numbers(place)
    for score in ("accuracy", "macro-F1"):  # the buttons go where they say
        place.get_by_role("button", name=f"Best {score}").click()
        shown.append(float(place.locator("input[type=range]").input_value()))
        expected.append(example[f"best {score}"][1])
    return shown, expected
