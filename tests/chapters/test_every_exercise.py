"""Every exercise: the solution is right, the stub unsolved, typical wrong answers are named.

The wrong answers of part/name are the MISTAKES of tests/chapters/<part>/<name>/mistakes.py: number
of the exercise, answer, a piece of what is said of it.
"""

from __future__ import annotations

import runpy
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
import torch

from lmcourse.exercises import checking
from tests.chapter import CHAPTERS, FOLDERS, Exercise, exercises, missing

Mistakes = list[tuple[int, Any, str]]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # wrong answers divide by zero
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_exercise_is_judged_as_it_should_be(chapter):
    file = FOLDERS / chapter / "mistakes.py"
    assert file.is_file(), missing(file)
    mistakes = runpy.run_path(str(file)).get("MISTAKES", [])
    assert [*complaints(exercises(chapter), mistakes)] == []


def complaints(exercises: Mapping[int, Exercise], mistakes: Mistakes) -> Iterator[str]:
    """What is wrong with the exercises of a chapter and with the mistakes listed for them."""
    listed = {number for number, _, _ in mistakes}
    for number in sorted(exercises.keys() - listed):
        yield f"exercise {number} has no wrong answer in MISTAKES"
    for number in sorted(listed - exercises.keys()):
        yield f"MISTAKES has a wrong answer to exercise {number}, which the chapter does not have"
    for number, exercise in exercises.items():
        yield from _judged(f"the solution of exercise {number}", exercise, exercise.solution)
        yield from _judged(f"the stub of exercise {number}", exercise, exercise.stub, "unsolved")
        spoiled = _spoil(exercise.solution)
        beside = f"an answer beside the right one of exercise {number}"
        yield from _judged(beside, exercise, spoiled, "wrong", but="stopped with")
    for number, answer, message in mistakes:
        if number in exercises:
            what = f"a mistake in exercise {number}"
            yield from _judged(what, exercises[number], answer, "wrong", message)


def _judged(
    what: str, exercise: Exercise, answer: Any, status: str = "right", message: str = "", but=None
) -> Iterator[str]:
    found, said = exercise.checker.verdict(answer)
    if found != status:
        yield f"{what} is {found}, not {status}: {said}"
    elif message not in said:
        yield f"{what} is not named {message!r}: {said}"
    elif but and but in said:
        yield f"{what} {said}"


def _spoil(answer: Any) -> Any:
    return lambda *inputs: _spoiled(answer(*inputs))


def _spoiled(value: Any) -> Any:
    """A little beside the value, or short of its last part."""
    if isinstance(value, torch.Tensor):
        return value.logical_not() if value.dtype == torch.bool else value + 1
    if isinstance(value, bool | np.bool_):
        return not value
    if isinstance(value, tuple):
        return (_spoiled(value[0]), *value[1:])
    if isinstance(value, list):
        return value[:-1]
    return value + (1 if np.asarray(value).dtype.kind == "i" else 0.01)


@checking.exercise
def double(answer):
    """Right: twice the number."""
    if answer(3) == 9:
        raise checking.Mistake("You squared it.")
    if answer(3) != 6:
        raise checking.Mistake("For 3 the answer is 6.")


@checking.exercise
def lenient(answer):
    """Right: whatever it is."""
    answer(3)


RIGHT, STUB = (lambda x: 2 * x), (lambda x: None)
SQUARED = (1, lambda x: x * x, "squared")


def test_a_good_exercise_has_no_complaint():
    assert [*complaints({1: Exercise(double, RIGHT, STUB)}, [SQUARED])] == []


@pytest.mark.parametrize(
    ("exercise", "mistakes", "complaint"),
    [
        (Exercise(double, RIGHT, STUB), [], "exercise 1 has no wrong answer"),
        (Exercise(double, RIGHT, STUB), [SQUARED, (2, STUB, "")], "to exercise 2, which"),
        (Exercise(double, lambda x: x + 2, STUB), [SQUARED], "solution of exercise 1 is wrong"),
        (Exercise(double, RIGHT, RIGHT), [SQUARED], "stub of exercise 1 is right, not unsolved"),
        (Exercise(double, RIGHT, STUB), [(1, RIGHT, "")], "a mistake in exercise 1 is right"),
        (Exercise(double, RIGHT, STUB), [(1, lambda x: x, "squared")], "is not named 'squared'"),
        (Exercise(lenient, RIGHT, STUB), [SQUARED], "beside the right one of exercise 1 is right"),
        (Exercise(double, lambda x: "6", STUB), [SQUARED], "exercise 1 your answer stopped with"),
    ],
)
def test_a_bad_exercise_is_found(exercise, mistakes, complaint):
    assert any(complaint in line for line in complaints({1: exercise}, mistakes))
