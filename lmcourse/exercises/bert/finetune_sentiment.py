"""Exercise checkers of bert/finetune_sentiment."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmcourse.exercises.checking import Mistake, exercise


@exercise
def discordant(discordant: Any) -> None:
    """Right: only sentences that exactly one of the two gets right carry evidence."""
    truth = np.array([0, 1, 2, 0, 1, 2, 2, 0, 1])
    first = np.array([0, 1, 2, 0, 0, 0, 2, 1, 2])
    second = np.array([1, 1, 0, 2, 1, 1, 2, 2, 2])
    result = tuple(int(count) for count in discordant(first, second, truth))
    if len(result) != 2:
        raise Mistake("Return two counts: first alone right, second alone right.")
    if result == (1, 3):
        raise Mistake("The order is b, c: first alone right, then second alone right.")
    if sum(result) == int(np.sum(first != second)):
        raise Mistake("Where both answers are wrong they can differ too; such a sentence is a tie.")
    if result == (5, 3):
        raise Mistake("You counted all that each gets right; leave out those both get right.")
    if result != (3, 1):
        raise Mistake("b: the first is right and the second wrong; c: the other way round.")


@exercise
def order(lost_without_order: Any) -> None:
    """Right: same words, other order."""
    n = 300  # of each label
    texts = ["good plot bad cast"] * n + ["bad plot good cast"] * n
    labels = np.array([1] * n + [0] * n)

    def by_first(texts: list[str]) -> np.ndarray:
        """Praise when *good* comes before *bad*: shuffled, a coin."""
        return np.array([int(t.find("good") < t.find("bad")) for t in texts])

    def by_plot(texts: list[str]) -> np.ndarray:
        """Whether *plot* comes before *cast*: shuffled, a coin."""
        return np.array([int(t.find("plot") < t.find("cast")) for t in texts])

    def by_words(texts: list[str]) -> np.ndarray:
        """Whether the four words are all there, each whole."""
        return np.array([int({"good", "bad", "plot", "cast"} == {*t.split()}) for t in texts])

    lost = float(lost_without_order(by_first, texts, labels))
    ones = np.ones(2 * n, dtype=int)
    also, kept = (float(lost_without_order(f, texts, ones)) for f in (by_plot, by_words))
    if kept == 1 and abs(also - 0.5) < 0.12:
        raise Mistake("That is an accuracy: take the one on the shuffled texts from the first.")
    if kept not in (0, 1):
        raise Mistake("A classifier that only looks which words are there must lose nothing.")
    if kept == 1:
        raise Mistake("Shuffle the words, not the characters, and keep them all.")
    if abs(lost) < 0.01:
        raise Mistake("Your texts keep their order: are the shuffled ones those you classify?")
    if abs(lost + 0.5) < 0.12:
        raise Mistake("The sign: accuracy on the texts minus that on the shuffled ones.")
    if abs(lost) > 1:
        raise Mistake("You return a number of texts; accuracy is their share.")
    if max(abs(lost - 0.5), abs(also - 0.5)) >= 0.12:
        raise Mistake("Each text needs an order of its own, drawn anew, all orders alike.")


@exercise
def needed(sentences_needed: Any) -> None:
    """Right: half the width needs four times the sentences."""
    n = float(sentences_needed())
    if 3457 <= n <= 3458 or n == 3600:  # 2 for 1.96 is what one does on paper
        return
    if 13_820 <= n <= 13_840 or round(n) == 14_400:
        raise Mistake("One point to *either* side: the part after ± is 0.01, not 0.005.")
    if round(n) == 900:
        raise Mistake("The 1.96 is missing: without it the interval holds in 68 of 100 cases.")
    if 1763 <= n <= 1765 or round(n) == 1800:
        raise Mistake("Squaring takes away the root; the 1.96 is squared too.")
    if 58 <= n <= 61:
        raise Mistake("N stands under a root: square both sides before you solve for it.")
    if n < 1:
        raise Mistake("One point is 0.01; with 1 in its place hardly a sentence is needed.")
    raise Mistake("Solve 1.96 · √(0.9 · 0.1 / N) = 0.01 for N.")
