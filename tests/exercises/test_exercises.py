"""Every exercise: the solution is right, the stub unsolved, typical wrong answers are named.

The wrong answers of part/name are the MISTAKES of part_name.py beside this file.
"""

from importlib import import_module

import pytest

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
