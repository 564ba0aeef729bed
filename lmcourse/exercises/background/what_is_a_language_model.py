"""Exercise checkers of background/what_is_a_language_model."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmcourse.exercises.checking import Mistake, exercise, same


@exercise
def on_paper(on_paper: Any) -> None:
    """Right: 6 bits, and two to the power of minus 6 is one in 64."""
    bits, p = on_paper()
    if same(bits, 2.0):
        raise Mistake("That is the mean surprise; asked is the sum.")
    if same(bits, 6 * np.log(2)):
        raise Mistake("These are nats; count tosses: one half is one.")
    if not same(bits, 6.0):
        raise Mistake("The bits are not the tosses of 1/2, 1/8 and 1/4 together.")
    if same(p, 7 / 8):
        raise Mistake("You added the probabilities: all three must happen, so multiply.")
    if not same(p, 1 / 64):
        raise Mistake("The probability is not the product of the three.")


@exercise
def bits_per_character(bits_per_character: Any) -> None:
    """Right: the total surprise over the number of characters, however the text was cut."""
    tokens, surprises = ["The", " film", " was", " unw", "atch", "able"], [7.0, 6, 2, 12, 3, 1]
    result = bits_per_character(tokens, surprises)
    if same(result, 31 / 6):
        raise Mistake("You divide by the tokens: whoever cuts finer would look better.")
    if same(result, np.mean([s / len(t) for t, s in zip(tokens, surprises, strict=True)])):
        raise Mistake("A mean of ratios weighs short tokens too much: divide sum by sum.")
    if same(result, 31 / len("Thefilmwasunwatchable")):
        raise Mistake("Spaces are characters too, and the tokens contain them.")
    if same(result, 31.0):
        raise Mistake("That is the total; divide it by the number of characters.")
    if not same(result, 31 / len("The film was unwatchable")):
        raise Mistake("The value is not the sum of the surprises over the number of characters.")


@exercise
def twice(twice: Any) -> None:
    """Right: the surprises are cut where the first copy ends, and each part is added up."""
    text = "so it goes and so it goes"
    result = twice(_toy, text)
    first, both = _toy(text), _toy(f"{text} {text}")
    one, two = first.sum(), both[len(first) :].sum()
    if same(result, (one, both.sum())):
        raise Mistake("The second number holds both copies: leave out the first.")
    if same(result, (two, one)):
        raise Mistake("The two are in the wrong order.")
    if same(result, (first.mean(), both[len(first) :].mean())):
        raise Mistake("These are means for each token; asked are the bits of each copy.")
    if same(result, (one, one)):
        raise Mistake("The second copy must be scored after the first, in one text.")
    if same(result, (one, _toy(text + text)[len(first) :].sum())):
        raise Mistake("A space belongs between the copies.")
    if not same(result, (one, two)):
        raise Mistake("The values are not the sums over the first and over the second copy.")


def _toy(text: str) -> np.ndarray:
    """Surprises of a model that expects a word the more, the more often it has read it."""
    words = text.split()
    return np.array([9.0 / 2 ** words[:t].count(word) for t, word in enumerate(words)])
