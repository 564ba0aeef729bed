"""Exercise checkers of background/text_as_data."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lmcourse.exercises.checking import Mistake, exercise, same

_DISGUISES = ["lower", "gaps", "reversed", "upper"]


@exercise
def three_counts(three_counts: Any) -> None:
    """Right: one text, and every unit gives another length."""
    result = [int(count) for count in three_counts()]
    if len(result) != 3:
        raise Mistake("Three numbers are wanted: words, characters, bytes.")
    words, characters, n_bytes = result
    if words != 3:
        raise Mistake("Words: split at the two spaces.")
    if characters == 3:
        raise Mistake("Characters: the two spaces are characters too.")
    if characters != 5:
        raise Mistake("Characters: each of the three signs is one code point, and so is a space.")
    if n_bytes == 9:
        raise Mistake("Bytes: you left out the spaces, one byte each.")
    if n_bytes == 5:
        raise Mistake("Bytes: only code points below 128 take one byte.")
    if n_bytes == 10:
        raise Mistake("Bytes: ½ is 189 and takes two; a code point from 65,536 on takes four.")
    if n_bytes != 11:
        raise Mistake("Bytes: compare each code point with 128, 2,048 and 65,536.")


@exercise
def worth(worth: Any) -> None:
    """Right: on what is new the first model is worse than its report."""
    result = np.asarray(worth(), dtype=float)
    if result.shape != (2,):
        raise Mistake("Two numbers are wanted: bits on the rest, and a share.")
    rest, share = result
    if same(rest, 1.80):
        raise Mistake("The rest: 1.80 is the average of both parts, and one of them is cheaper.")
    if same(rest, 2.70):
        raise Mistake("The rest: the two parts do not weigh the same; one is a tenth.")
    if same(rest, 1.71):
        raise Mistake("The rest: what is left are bits of nine tenths of the text; divide by them.")
    if not same(rest, 1.90):
        raise Mistake("The rest: 1.80 is 0.1 times 0.90 plus 0.9 times the number wanted.")
    if same(share, 5 / 6):
        raise Mistake("The share: that is the part that is new.")
    if same(share, 1 / 7):
        raise Mistake("The share: below the line stands 2.10 minus 0.30.")
    if same(share, 0.3):
        raise Mistake("The share: that is the gain in bits; a leaked character gains 1.80.")
    if not same(share, 1 / 6):
        raise Mistake("The share: formula (3) with a = 2.10, b = 1.80 and m = 0.30.")


@exercise
def disguises(disguises: Any) -> None:
    """Right: a guess at why: what counts is how many runs of characters survive."""
    result = list(disguises())
    if sorted(result) != sorted(_DISGUISES):
        raise Mistake("Name each of the four once: lower, upper, reversed, gaps.")
    if result == _DISGUISES[::-1]:
        raise Mistake("Your order is upside down: the most valuable leak first.")
    if result[-1] != "upper":
        raise Mistake("In capitals nearly no run of characters is left; measure it again.")
    if result[0] == "gaps":
        raise Mistake("In small letters most characters stay what they are: measure it again.")
    if result != _DISGUISES:
        raise Mistake("Reversed order keeps the words, gaps keep three words in a row as well.")


@exercise
def expected_different(expected_different: Any) -> None:
    """Right: words that are missed by all n places are taken off."""
    counts, n = np.array([1, 2, 3, 9]), 7
    result = expected_different(counts, n)
    total = int(counts.sum())
    missed = [math.comb(total - int(c), n) / math.comb(total, n) for c in counts]
    if same(result, sum(missed)):
        raise Mistake("That is the expected number of words that are missed.")
    if same(result, np.sum(1 - (1 - counts / total) ** n)):
        raise Mistake("You put the words back: then a place can be drawn twice.")
    if same(result, n):
        raise Mistake("That is how many places are drawn; some hold the same word.")
    if np.any(np.isnan(result)):
        raise Mistake("The frequent word cannot be missed: there are too few other places.")
    if not same(result, len(counts) - sum(missed)):
        raise Mistake("Add up one minus the chance to be missed, over all words.")
