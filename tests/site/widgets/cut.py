"""How many to call neutral: borders, counts, F1s, bars, accuracy and macro-F1 at their best."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator

from tests.site.widgets import Answers, move, numbers

CHAPTER = "bert/beyond_two_classes"
NAMES = ("blame", "neutral", "praise")
WRONG = [
    (
        "table[is][parseInt(chosen.since[i], 32) <= percent ? 1 : chosen.sides[i]]++",
        "table[parseInt(chosen.since[i], 32) <= percent ? 1 : chosen.sides[i]][is]++",
    ),
    ("32) <= percent", "32) < percent"),
    ("2 * table[k][k] / both", "table[k][k] / rows[k]"),
    ("each[name] > all[best][name]", "each[name] < all[best][name]"),
    ("[run.select.value];", "[0];"),
    ("chosen.borders[share.value]", "chosen.borders[most - share.value]"),
    ("at.set(bestOf(name))", 'at.set(bestOf("accuracy"))'),
    ("/ (now.rows[is] || 1)", "/ truth.length"),
    ("share.position = bestOf(name); update();", "share.position = bestOf(name);"),
    (
        'element("span", {}, name), element("span", {}, value',
        'element("span", {}, scores.find((s) => s.name !== name).name), element("span", {}, value',
    ),
    ("${table[1][1]} of", "${table[1][0]} of"),
    ('["blame", "neutral", "praise"]', '["praise", "neutral", "blame"]'),
]


def answers(place: Locator, example: dict[str, Any]) -> Answers:
    """Shown and expected: border and rule, each row's counts and F1, both scores and their best."""
    place.get_by_label("the model was told").select_option(example["loss"])
    place.get_by_label("training run").select_option(index=example["run"])
    move(place.locator("input[type=range]"), example["per cent"])
    expected = [example["border"], *example["rule"]]
    for counts, f1 in zip(example["counts"], example["f1"], strict=True):
        expected += [*counts, f1]
    best = list(zip(example["scores"], example["best"], example["best at"], strict=True))
    for score in best:
        expected += score
    shown = numbers(place)
    heads = place.locator("thead th").all_inner_texts()[1:]
    for name, counts in zip(NAMES, example["counts"], strict=True):  # found by the heads' words
        row = place.get_by_role("row").filter(has=place.get_by_role("rowheader", name=name))
        cell = row.get_by_role("cell").nth(heads.index(name))
        count = counts[NAMES.index(name)]
        shown += [value(cell), float(cell.locator("i").evaluate("i => parseFloat(i.style.width)"))]
        expected += [count, 100 * count / sum(counts)]
    if example["loss"] == "order":
        place.page.wait_for_timeout(500)  # it speaks when the hand has come to rest
        spoken = place.get_by_role("status").inner_text().replace("macro-F1", "")
        shown += [float(number) for number in re.findall(r"\d+(?:\.\d+)?", spoken)]
        counts = example["counts"][1]
        expected += [example["run"] + 1, example["per cent"], counts[1], sum(counts)]
        for now, highest, at in best:
            expected += [float(f"{now:.3f}"), float(f"{highest:.3f}"), at]
    for name, (_, highest, at) in zip(("accuracy", "macro-F1"), best, strict=True):
        place.get_by_role("button", name=f"Go to best {name}").click()
        line = place.locator(".live-score", has_text=re.compile(f"^{name}"))
        shown += [float(place.locator("input[type=range]").input_value()), value(line)]
        expected += [at, highest]
    return shown, expected


def value(box: Locator) -> float:
    """The first number in a box."""
    return float(box.locator("data").first.get_attribute("value") or "nan")
