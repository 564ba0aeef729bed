"""Exercise checkers of transformer/encoder_decoder."""

from __future__ import annotations

from typing import Any

from lmcourse.exercises.checking import Mistake, exercise, same


@exercise
def on_paper(on_paper: Any) -> None:
    """Right: all that is written is in the reference, but not all runs of two."""
    answer = [float(number) for number in on_paper()]
    if len(answer) != 3:
        raise Mistake("Return three numbers: P, R and chrF.")
    P, R, score = answer
    if same(P, 0.65) and same(R, 5 / 6):
        raise Mistake("P and R are exchanged: precision divides by what is written.")
    if same(P, 6 / 7) and same(R, 6 / 9):
        raise Mistake("First a precision for each n, then their mean: not all runs together.")
    if same(P, 1.0) or same(R, 0.8):
        raise Mistake("That is n = 1 alone: take the mean with n = 2.")
    if not same(P, 5 / 6):
        raise Mistake("Of three runs of two written, 打开 and 文件 are in the reference.")
    if not same(R, 0.65):
        raise Mistake("The reference has five symbols and four runs of two.")
    if same(score, 200 * P * R / (P + R), 1e-2):
        raise Mistake("That is β = 1: here β² = 4.")
    if same(score, 500 * P * R / (P + 4 * R), 1e-2):
        raise Mistake("In formula (3) β² stands with P, so that recall weighs more.")
    if same(score, 5 * P * R / (4 * P + R), 1e-3):
        raise Mistake("Times 100.")
    if not same(score, 500 * P * R / (4 * P + R), 0.06):
        raise Mistake("P and R are right; put them into formula (3).")


@exercise
def best(best: Any) -> None:
    """Right: the mean for each symbol, so that a longer text can win."""
    texts = [(-2.0, 2), (-2.4, 4), (-9.0, 6)]
    if (found := best(texts)) == 0:
        raise Mistake("The first has the highest sum; its mean is -1, that of the second -0.6.")
    if found == 2:
        raise Mistake("The third has the lowest mean, or is merely the longest.")
    if found in ((-2.4, 4), -0.6):
        raise Mistake("Return the number of the text, from 0.")
    if found != 1:
        raise Mistake("The means are -1, -0.6 and -1.5.")
    if best([(-1.0, 1), (-1.5, 1), (-1.2, 1)]) != 0:
        raise Mistake("Of equal length, the highest sum has the highest mean.")
    if best([(-6.0, 3), (-1.0, 2), (-4.0, 4)]) != 1:
        raise Mistake("The means are -2, -0.5 and -1: not every time the second text or so.")


@exercise
def in_reverse(in_reverse: Any) -> None:
    """Right: with the words reversed, chrF is lower."""
    answer = [float(number) for number in in_reverse()]
    if len(answer) != 2:
        raise Mistake("Return two scores: as they are, and reversed.")
    straight, backwards = answer
    if same(straight, backwards):
        raise Mistake("The same twice: did you translate the reversed texts?")
    if straight < backwards:
        raise Mistake("The other way round: first the texts as they are.")
    if straight <= 1:
        raise Mistake("chrF goes from 0 to 100: score texts, not ids, and all together.")
    if backwards < 5:
        raise Mistake("Reverse the order of the words, not of the letters.")
