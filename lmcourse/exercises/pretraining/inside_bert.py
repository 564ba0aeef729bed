"""Exercise checkers of pretraining/inside_bert."""

from __future__ import annotations

from typing import Any

from lmcourse.exercises.checking import Mistake, exercise, same


@exercise
def by_heart(by_heart: Any) -> None:
    """Right: a high score for knowing a list."""
    answer = tuple(by_heart())
    if len(answer) != 2:
        raise Mistake("Return two numbers: accuracy on the control, selectivity.")
    control, selectivity = map(float, answer)
    if control > 1 or selectivity > 1:
        raise Mistake("Give shares between 0 and 1, not per cent.")
    if same(control, 0.8):
        raise Mistake("A guess is right now and then: one in four of the other words.")
    if same(control, 0.25):
        raise Mistake("That is guessing all words: those of known types it knows by heart.")
    if not same(control, 0.85, 1e-3):
        raise Mistake("The control: 4/5 known, and a quarter of the remaining 1/5.")
    if same(selectivity, -0.12, 1e-3):
        raise Mistake("Selectivity is true minus control, not the other way round.")
    if not same(selectivity, 0.12, 1e-3):
        raise Mistake("Selectivity, formula (2): subtract the control's accuracy from 0.97.")


@exercise
def shared(shared: Any) -> None:
    """Right: each shared vector of three adds a third."""
    answer = [float(number) for number in shared()]
    if len(answer) != 3:
        raise Mistake("Return three cosines.")
    if same(answer, [1, 2, 1], 1e-3):
        raise Mistake("Those are the products: divide by both lengths, the root of 3 each.")
    if same(answer[0], 0):
        raise Mistake("Two tokens of one sentence share their segment's vector.")
    if same(answer[0], 3**-0.5, 1e-3):
        raise Mistake("Divide by both lengths: the root of 3 twice.")
    if not same(answer[0], 1 / 3, 1e-3):
        raise Mistake("Different words, different positions: one of three vectors is shared.")
    if not same(answer[1], 2 / 3, 1e-3):
        raise Mistake("The same word elsewhere: word and segment are shared.")
    if same(answer[2], 2 / 3, 1e-3):
        raise Mistake("In different segments only the position is shared.")
    if not same(answer[2], 1 / 3, 1e-3):
        raise Mistake("The last two share the position and nothing else.")


@exercise
def length_read(length_read: Any) -> None:
    """Right: at layer 6 less of it is read."""
    answer = [float(number) for number in length_read()]
    if len(answer) != 2:
        raise Mistake("Return two accuracies: of layer 0 and of layer 6.")
    lowest, top = answer
    if max(answer) > 1:
        raise Mistake("Give shares between 0 and 1.")
    if lowest < 0.6:
        raise Mistake("That is guessing: is it the full stop, before [SEP], that you read?")
    if lowest < 0.95:
        raise Mistake("Layer 0 gives the position away almost without fault: layer 0 comes first.")
    if top > 0.97:
        raise Mistake("Layer 6 as good as layer 0? Read the vector of the full stop, at the top.")
