"""Sizes of a Transformer: what cannot be is named before anything is built."""

from types import SimpleNamespace

import pytest

from lmcourse.models.sizes import check_sizes

GOOD = {"n_layers": 2, "d_model": 12, "n_heads": 3, "dropout": 0.0}


def test_sizes_that_can_be():
    check_sizes(SimpleNamespace(**GOOD), GOOD.keys() - {"dropout"})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_layers": 0}, "n_layers must be at least 1, got 0"),
        ({"d_model": 13}, "d_model 13 is not divisible by n_heads 3"),
        ({"dropout": 1.0}, r"dropout must be in \[0, 1\), got 1.0"),
        ({"dropout": -0.1}, r"dropout must be in \[0, 1\), got -0.1"),
    ],
)
def test_sizes_that_cannot_be(wrong, message):
    with pytest.raises(ValueError, match=message):
        check_sizes(SimpleNamespace(**GOOD | wrong), ("n_layers", "d_model"))
