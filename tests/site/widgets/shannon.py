"""Shannon's game: what the reader's guesses and those of the models cost."""

from __future__ import annotations

from typing import Any

import numpy as np
from playwright.sync_api import Locator

from tests.site.widgets import Answers, numbers, stored

CHAPTER = "background/what_is_a_language_model"
WRONG = [
    ("by_guess[number - 1]", "by_guess[number]"),
    ("number === 1 ? 1 : 0", "number === 2 ? 1 : 0"),
    ("bits[game].slice(0, needed.length)", "bits[game]"),
    ("found(tried.length + 1)", "found(tried.length)"),
    ("+ 1 + tried.length)) }", "+ tried.length)) }"),
    (".filter((c) => !tried.includes(c))", ""),
]


def change(place: Locator) -> None:
    """A letter given up."""
    place.get_by_role("button", name="Tell me").press("Enter")


def answers(place: Locator, example: dict[str, Any]) -> Answers:
    """Shown and expected: shares in percent and bits, of the reader and of every model.

    The reader guesses from the most frequent character down, at every other letter two of them,
    and then gives up.
    """
    data, i = stored(place), example["text"]
    place.get_by_label("sentence", exact=True).select_option(index=i)
    field, give_up = place.locator("#live-guess"), place.get_by_role("button", name="Tell me")
    beginning = data["starts"][i]
    text = data["texts"][i][beginning : beginning + example["letters"]]
    for n, letter in enumerate(text):
        for guess in data["frequent"][: 2 if n % 2 else None]:
            field.fill(guess)
            if guess == letter:
                break
        else:
            give_up.click()
    models = np.array(example["rungs"]) * [100, 1, 1]  # [rungs, 3]
    like_letters_alone = models[0, :2]
    return numbers(place), [*like_letters_alone, *models.flat]
