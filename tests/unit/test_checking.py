"""The exercise core: unsolved, wrong and right answers are told apart."""

import inspect

import numpy as np
import pytest
import torch

from lmcourse.exercises.checking import Mistake, exercise, same


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


def test_a_checker_sees_the_name_and_the_arguments_of_a_function():
    @exercise
    def named(answer):
        """Right."""
        if (answer.__name__, inspect.signature(answer).parameters.keys()) != ("twice", {"x"}):
            raise Mistake("disguised")

    def twice(x):
        return 2 * x

    assert named.verdict(twice) == ("right", "Right.")


@pytest.mark.parametrize(
    ("a", "b", "agree"),
    [
        (1, 1.0, True),
        (1, 1.1, False),
        ([1, 2], np.array([1.0, 2.0]), True),
        ([1, 2], [[1, 2]], False),  # a row is not a matrix of one row
        (2.0, [2.0, 2.0], False),  # nor a number an array of it
        ([], 0.0, False),
        (torch.ones(2, requires_grad=True), [1, 1], True),
        (torch.ones(2, requires_grad=True) * 2, torch.tensor([2, 2]), True),
        (torch.tensor([1, 2]), torch.tensor([1.0, 3.0]), False),
        (np.float32(0.1), 0.1, True),
        (-np.inf, -np.inf, True),
        (np.nan, np.nan, False),
    ],
)
def test_same_compares_shapes_and_values(a, b, agree):
    assert same(a, b) == same(b, a) == agree


def test_same_within_the_tolerance():
    assert same(0.0, 9e-7)
    assert not same(0.0, 2e-6)
    assert same(0.0, 0.09, tolerance=0.1)
    assert not same(0.0, 0.11, tolerance=0.1)
    assert not same(1.0, 1.0001)
