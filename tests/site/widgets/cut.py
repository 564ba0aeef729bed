"""How many to call neutral: borders, counts, F1s, bars, accuracy and macro-F1 at their best."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator

from tests.site.widgets import Answers, move, numbers

CHAPTER = "bert/beyond_two_classes"
NAMES = ("blame", "neutral", "praise")
SCORES = ("accuracy", "macro-F1")
WIDTHS = "bars => bars.map(bar => parseFloat(bar.style.width) / 100)"
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
    ("f1s[is].bar.set(now.f1[is])", "f1s[is].bar.set(now.accuracy)"),
    ("value.set(now[name]); bar.set(now[name]);", "value.set(now[name]); bar.set(now.accuracy);"),
    ('is === called ? "blue"', 'is !== called ? "blue"'),
    ("${name} ${value.textContent}, best", "${name} ${best.textContent}, best"),
    ("share.position = bestOf(name); update();", "share.position = bestOf(name);"),
    (
        'element("span", {}, name), element("span", {}, value',
        'element("span", {}, scores.find((s) => s.name !== name).name), element("span", {}, value',
    ),
    ("${table[1][1]} of", "${table[1][0]} of"),
    ('["blame", "neutral", "praise"]', '["praise", "neutral", "blame"]'),
]


def answers(place: Locator, example: dict[str, Any]) -> Answers:
    """Shown and expected: border, counts, F1s, both scores, bars, what is spoken, the buttons."""
    place.get_by_label("the model was told").select_option(label=example["loss"])
    place.get_by_label("training run").select_option(label=str(example["run"] + 1))
    move(place.locator("input[type=range]"), example["per cent"])
    best = list(zip(example["scores"], example["best"], example["best at"], strict=True))
    expected, bars = [example["border"], *example["rule"]], []
    for counts, f1 in zip(example["counts"], example["f1"], strict=True):
        expected += [*counts, f1]
        bars += [*(count / sum(counts) for count in counts), f1]
    for score in best:
        expected += score
    shown = numbers(place) + place.locator(".bar i").evaluate_all(WIDTHS)
    expected += [*bars, *example["scores"]]
    heads = place.locator("thead th").all_text_contents()
    blue = {"blue": 1.0, "orange": 0.0}
    for i, name in enumerate(NAMES):  # found by the words that stand beside them
        row = place.get_by_role("row").filter(has=place.page.get_by_role("rowheader", name=name))
        for k, called in enumerate(NAMES):
            cell = row.get_by_role("cell").nth(heads.index(f"called {called}"))
            shown += [value(cell), blue[color(cell)]]
            expected += [example["counts"][i][k], i == k]
    if example["run"] == 1:
        place.page.wait_for_timeout(500)  # it speaks when the hand has come to rest
        shown.append(place.get_by_role("status").inner_text() == sentence(example, best))
        expected.append(True)
    for name, (_, highest, at) in zip(SCORES, best, strict=True):
        place.get_by_role("button", name=f"Go to best {name}").click()
        line = place.locator(".live-score", has_text=re.compile(f"^{name}"))
        shown += [float(place.locator("input[type=range]").input_value()), value(line)]
        expected += [at, highest]
    return shown, expected


def value(box: Locator) -> float:
    """The first number in a box."""
    return float(box.locator("data").first.get_attribute("value") or "nan")


def color(box: Locator) -> str:
    """What the bar in a box is painted with."""
    style = box.locator(".bar i").get_attribute("style") or ""
    return style.partition("--lm-")[2].partition(")")[0]


def sentence(example: dict[str, Any], best: list[tuple[float, float, int]]) -> str:
    """What a screen reader is to say of an example."""
    found, of = example["counts"][1][1], sum(example["counts"][1])
    scores = [
        f"{name} {now:.3f}, best {highest:.3f} at {at} per cent"
        for name, (now, highest, at) in zip(SCORES, best, strict=True)
    ]
    return (
        f"{example['loss']}, run {example['run'] + 1}, {example['per cent']} per cent called "
        f"neutral: {found} of {of} neutral sentences found; {'; '.join(scores)}."
    )
