"""Every exercise: the solution is right, the stub unsolved, typical wrong answers are named.

The wrong answers of part/name are the MISTAKES of part_name.py beside this file.
"""

from importlib import import_module

import numpy as np
import pytest
import torch

from tests.chapter import NOTEBOOKS, exercises

CHAPTERS = sorted(file.relative_to(NOTEBOOKS) for file in NOTEBOOKS.glob("*/*.py"))
MISTAKES = {
    chapter.with_suffix("").as_posix(): import_module(
        f"tests.exercises.{chapter.parent}_{chapter.stem}"
    ).MISTAKES
    for chapter in CHAPTERS
}


@pytest.mark.parametrize("chapter", MISTAKES)
def test_solutions_are_right_and_stubs_unsolved(chapter):
    for number, exercise in exercises(chapter).items():
        assert exercise.checker.verdict(exercise.solution).status == "right", number
        assert exercise.checker.verdict(exercise.stub).status == "unsolved", number


@pytest.mark.parametrize("chapter", MISTAKES)
def test_each_exercise_has_a_typical_mistake(chapter):
    assert {number for number, _, _ in MISTAKES[chapter]} == set(exercises(chapter))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # wrong answers divide by zero
@pytest.mark.parametrize(
    ("chapter", "number", "answer", "message"),
    [(chapter, *mistake) for chapter, mistakes in MISTAKES.items() for mistake in mistakes],
)
def test_a_typical_mistake_is_named(chapter, number, answer, message):
    status, said = exercises(chapter)[number].checker.verdict(answer)
    assert status == "wrong"
    assert message in said


def _spoiled(value):
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


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("chapter", MISTAKES)
def test_an_answer_beside_the_right_one_is_wrong(chapter):
    for number, exercise in exercises(chapter).items():
        spoiled = lambda *inputs, answer=exercise.solution: _spoiled(answer(*inputs))  # noqa: E731
        status, said = exercise.checker.verdict(spoiled)
        assert status == "wrong", number
        assert "stopped with" not in said, number
