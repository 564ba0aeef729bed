"""Exercise checkers of pretraining/bert_from_scratch."""

from __future__ import annotations

from typing import Any

from lmcourse.exercises.checking import Mistake, exercise


@exercise
def on_paper(on_paper: Any) -> None:
    """Right: both numbers."""
    answer = tuple(on_paper())
    if len(answer) != 2:
        raise Mistake("Return two numbers: the pieces that become [MASK], and the chance.")
    pieces, chance = answer
    if abs(pieces - 60) < 1e-6:
        raise Mistake("(a): 60 are chosen, but only 80 % of them become [MASK].")
    if abs(pieces - 320) < 1e-6:
        raise Mistake("(a): that is 80 % of all pieces; only 15 % are chosen.")
    if abs(pieces - 48) > 1e-6:
        raise Mistake("(a): 15 % of 400 are chosen, and 80 % of those become [MASK].")
    if abs(chance - 2 / 5) < 1e-3:
        raise Mistake("(b): divide each product by the share of its piece before you add them up.")
    if abs(chance - 3 / 8) < 1e-3:
        raise Mistake("(b): that is the mean of the two shares; formula (2) multiplies them.")
    if abs(chance - 1 / 2) > 1e-3:
        raise Mistake("(b): the products divided by the shares are ¼, ½ and ¼.")


@exercise
def pack(pack: Any) -> None:
    """Right: one sentence and two, every [SEP] with the sentence that it closes."""
    for first, second in (([7, 8], [9]), ([5], [6, 7, 8]), ([], [9])):
        ids, segments = map(list, pack(first, second))
        if ids == [2, *first, 3, *second]:
            raise Mistake("The second sentence is closed by a [SEP], too.")
        if ids == [2, *first, 3, 2, *second, 3]:
            raise Mistake("There is one [CLS] in a row, at its start.")
        if ids != [2, *first, 3, *second, 3]:
            raise Mistake("The ids are [CLS], the first, [SEP], the second, [SEP].")
        if len(segments) != len(ids):
            raise Mistake("Every id has its segment, those of [CLS] and [SEP] as well.")
        if segments == [0] * (len(first) + 1) + [1] * (len(second) + 2):
            raise Mistake("The first [SEP] closes the first sentence: its segment is 0.")
        if segments != [0] * (len(first) + 2) + [1] * (len(second) + 1):
            raise Mistake("Segment 0 goes up to the first [SEP], segment 1 from there on.")
    ids, segments = map(list, pack([7, 8], None))
    if ids == [2, 7, 8, 3, 3]:
        raise Mistake("None is no second sentence, not an empty one: there is one [SEP].")
    if (ids, segments) != ([2, 7, 8, 3], [0, 0, 0, 0]):
        raise Mistake("Without a second sentence: [CLS], the first, [SEP], all of segment 0.")


@exercise
def with_and_without(with_and_without: Any) -> None:
    """Right: two short trainings, told apart; of one seed, so no more than an example."""
    answer = list(with_and_without())
    if len(answer) != 2:
        raise Mistake("Return two numbers: bits with look_near, bits without.")
    near, far = answer
    if max(answer) < 8:
        raise Mistake("That looks like nats: ask gives bits already.")
    if min(answer) > 11:
        raise Mistake("That is an untrained network: train it for 300 steps.")
    if near == far:
        raise Mistake("Both are equal: one of the two models must start without look_near.")
