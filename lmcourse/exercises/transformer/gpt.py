"""Exercise checkers of transformer/gpt."""

from __future__ import annotations

from typing import Any

import torch

from lmcourse.exercises.checking import Mistake, exercise


@exercise
def on_paper(on_paper: Any) -> None:
    """Right: both numbers."""
    answer = tuple(on_paper())
    if len(answer) != 2:
        raise Mistake("Return two numbers: the parameters, and the width.")
    parameters, width = answer
    if parameters == 124_544:
        raise Mistake("(a): the last norm has 2·64 parameters, too.")
    if parameters == 74_688:
        raise Mistake("(a): that is one block; there are two.")
    if parameters == 130_816:
        raise Mistake("(a): the table is used twice but counted once: the weights are tied.")
    if parameters == 123_008:
        raise Mistake("(a): you left out the biases and norms of the blocks, 13·64 each.")
    if parameters != 124_672:
        raise Mistake("(a): two tables, two blocks of 12C² + 13C, and 2C for the last norm.")
    if width == 31:
        raise Mistake("(b): at 31 the block is still a little short of half; round up.")
    if width == 33:
        raise Mistake("(b): did you forget the 13C of biases and norms? One width less will do.")
    if width != 32:
        raise Mistake("(b): half means as many as all the rest: 12C + 13 against 96 + 288 + 2.")


@exercise
def leaks(leaks: Any) -> None:
    """Right: it finds each of the leaks and clears the innocent model."""
    T = 10
    place = torch.arange(T)
    past = place[:, None] - place  # how far back, [T, T]

    def reader(visible: torch.Tensor) -> Any:
        weights = visible / (1.0 + past.abs())  # [T, T]
        table = torch.randn(96, 96, generator=torch.Generator().manual_seed(0))
        return lambda ids: weights @ table[ids]  # [1, T, 96]

    ids = torch.randint(96, (1, T), generator=torch.Generator().manual_seed(1))
    if leaks(reader(past >= 0), ids):
        raise Mistake(
            "You accuse a causal model: when letter s changes, predictions from s on may move, "
            "only those before s may not."
        )
    last_to_second = (past >= 0) | ((place == T - 1) & (place == 1)[:, None])
    bugs = {
        "sees everything": past <= T,
        "looks one letter ahead": past >= -1,
        "lets place 1 see the last letter only": last_to_second,
        "lets every place see letter 1": (past >= 0) | (place == 1),
    }
    for name, visible in bugs.items():
        if not leaks(reader(visible), ids):
            raise Mistake(f"You miss a model that {name}: change every place in turn.")


@exercise
def with_and_without(with_and_without: Any) -> None:
    """Right: without attention it knows a letter and its place: about the bigram mark."""
    answer = list(with_and_without())
    if len(answer) != 2:
        raise Mistake("Return two numbers: bits without attention, bits with it.")
    without, attending = answer
    if without < attending:
        raise Mistake("Without attention it is better? The first number is the one without.")
    if max(answer) < 2.6:
        raise Mistake("That looks like nats: divide by ln 2 for bits.")
    if without < 3.35:
        raise Mistake("One letter and its place do not tell so much: does a block still attend?")
    if without > 4.0:
        raise Mistake("It has not yet learned what one letter tells: train it for longer.")
    if attending > 3.35:
        raise Mistake("The second number is that of the chapter's model after all its steps.")
