"""The best weights: measured when it is time, kept, and put back."""

import math
from pathlib import Path

import pytest
import torch
from torch import nn

from lmcourse.training.best import BestWeights


def run(values: list[float], looks: int, checkpoint: Path | None = None, first: int = 1):
    """Steps after each of which the weight is the step's number and the measure `values`' own."""
    model = nn.Linear(1, 1, bias=False)
    best = BestWeights(
        model,
        lambda: values[int(model.weight.item()) - 1],
        steps=len(values),
        looks=looks,
        checkpoint=checkpoint,
    )
    for step in range(first, len(values) + 1):
        nn.init.constant_(model.weight, step)
        best(step)
    return model, best


@pytest.mark.parametrize(
    ("steps", "looks", "at"),
    [(6, 1, [6]), (6, 3, [2, 4, 6]), (6, 6, [1, 2, 3, 4, 5, 6]), (10, 4, [2, 5, 7, 10])],
)
def test_looks_at_equal_distances_and_last_at_the_end(steps: int, looks: int, at: list) -> None:
    _, best = run([1.0] * steps, looks)
    assert list(best.curve) == at


def test_the_best_are_put_back() -> None:
    model, best = run([3.0, 1.5, 2.0, 1.5001, 9.0], looks=5)
    assert best.curve == {1: 3.0, 2: 1.5, 3: 2.0, 4: 1.5001, 5: 9.0}
    assert best.best_step == 2
    assert model.weight.item() == 5
    best.restore()
    assert model.weight.item() == 2


def test_what_is_not_measured_is_not_kept() -> None:
    model, best = run([0.0, 5.0, 0.0, 4.0], looks=2)
    best.restore()
    assert (best.best_step, model.weight.item()) == (4, 4)


def test_a_measure_that_is_not_finite_is_not_the_best() -> None:
    model, best = run([math.nan, 2.0, -math.inf, 3.0], looks=4)
    best.restore()
    assert (best.best_step, model.weight.item()) == (2, 2)


def test_of_equals_the_first_is_kept() -> None:
    model, best = run([2.0, 1.0, 1.0], looks=3)
    best.restore()
    assert (best.best_step, model.weight.item()) == (2, 2)


def test_an_interrupted_run_goes_on_with_what_was_kept(tmp_path: Path) -> None:
    checkpoint = tmp_path / "run.pt"
    values = [3.0, 1.0, 2.0, 4.0]
    run(values, looks=4, checkpoint=checkpoint)
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt.best"]
    assert torch.load(tmp_path / "run.pt.best")["weights"]["weight"].item() == 2
    checkpoint.write_bytes(b"")
    model, best = run(values, looks=4, checkpoint=checkpoint, first=4)
    assert best.curve == dict(enumerate(values, start=1))
    best.restore()
    assert (best.best_step, model.weight.item()) == (2, 2)


def test_without_the_trainings_own_file_it_begins_anew(tmp_path: Path) -> None:
    checkpoint = tmp_path / "run.pt"
    run([0.5, 1.0], looks=2, checkpoint=checkpoint)
    _, best = run([2.0, 1.0], looks=1, checkpoint=checkpoint)
    assert best.curve == {2: 1.0}


@pytest.mark.parametrize("looks", [0, 7])
def test_refused_looks(looks: int) -> None:
    with pytest.raises(ValueError, match=rf"looks must be from 1 to steps \(6\), got {looks}"):
        run([1.0] * 6, looks)
