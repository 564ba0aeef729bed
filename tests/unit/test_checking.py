"""The exercise core: unsolved, wrong and right answers are told apart."""

import pytest

from lmcourse.exercises.checking import Mistake, exercise


@exercise
def double(answer):
    """Right: twice the number."""
    if answer(3) == 9:
        raise Mistake("That is the square.")
    if answer(3) != 6:
        raise Mistake("Not twice the number.")


def _not_implemented(x):
    raise NotImplementedError


@pytest.mark.parametrize(
    "stub",
    [None, ..., lambda x: None, lambda x: ..., _not_implemented],
    ids=["None", "...", "returns None", "returns ...", "not implemented"],
)
def test_a_stub_is_unsolved(stub, capsys):
    double(stub)
    assert capsys.readouterr().out == "○ not solved yet\n"


def test_right_and_wrong_answers(capsys):
    double(lambda x: 2 * x)
    double(lambda x: x * x)
    double(lambda x: x / 0)
    assert capsys.readouterr().out.splitlines() == [
        "✓ Right: twice the number.",
        "✗ That is the square.",
        "✗ your answer stopped with ZeroDivisionError: division by zero",
    ]
    assert double.verdict(lambda x: x + 1).status == "wrong"
