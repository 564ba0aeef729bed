"""Exercise checkers of transformer/decoding."""

from __future__ import annotations

from typing import Any

from lmcourse.exercises.checking import Mistake, exercise, same


@exercise
def on_paper(on_paper: Any) -> None:
    """Right: three times 0.2, and 0.3 of 0.4."""
    answer = [float(number) for number in on_paper()]
    if len(answer) != 2:
        raise Mistake("Return two numbers: the share accepted, and word 1 after a refusal.")
    accepted, first = answer
    if same(accepted, 0.4):
        raise Mistake("That is the share refused.")
    if not same(accepted, 0.6):
        raise Mistake("Accepted is the sum of min(p, q) over the words.")
    if same(first, 0.3):
        raise Mistake("0.3 is missing there, of 0.4 in all: divide.")
    if same(first, 0.5):
        raise Mistake("After a refusal one draws from what is left of p, not from p.")
    if not same(first, 0.75):
        raise Mistake("max(0, p − q), divided by its sum.")


@exercise
def banned(banned: Any) -> None:
    """Right: what followed the last n − 1 tokens, wherever they stood before."""
    if found := set(banned([1, 2, 3], 2)):
        raise Mistake(f"In [1, 2, 3] nothing stands twice, and you ban {found}.")
    if set(banned([5, 6, 5], 2)) != {6}:
        raise Mistake("n = 2, [5, 6, 5]: after the last 5, a 6 would repeat (5, 6).")
    if set(banned([4, 4], 2)) != {4}:
        raise Mistake("n = 2, [4, 4]: the pair may overlap the end: another 4 repeats (4, 4).")
    if set(banned([1, 2, 9, 1, 2, 8, 1, 2], 3)) != {8, 9}:
        raise Mistake("n = 3, [1, 2, 9, 1, 2, 8, 1, 2]: 9 and 8 have both followed (1, 2).")
    if set(banned([7, 9, 5, 3, 2, 6, 7, 2], 3)):
        raise Mistake("n = 3: all of the last two tokens must agree, not one of them.")
    if set(banned([3, 1, 3], 1)) != {1, 3}:
        raise Mistake("n = 1: every token that stands there, since no token need agree.")
    if set(banned([7], 3)):
        raise Mistake("A row shorter than n − 1 bans nothing.")


@exercise
def kept(kept: Any) -> None:
    """Right: a flatter distribution needs far more tokens for nine tenths."""
    answer = [float(number) for number in kept()]
    if len(answer) != 2:
        raise Mistake("Return two means: temperature before top-p, and after it.")
    before, after = answer
    if same(before, after):
        raise Mistake("The same twice: where temperature comes first, apply it before you count.")
    if before < after:
        raise Mistake("The other way round: temperature 2 flattens, and more are needed.")
    if before > 49_152:
        raise Mistake("A mean for a place, not a sum: SmolLM2 has 49,152 tokens.")
    if before < 5 * after:
        raise Mistake("Is T = 2 the exponent 1/2? The first mean is many times the second.")
