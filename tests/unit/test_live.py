"""What a figure carries for the site's widgets, and what it is without them."""

from __future__ import annotations

import json

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.pylabtools import select_figure_formats
from IPython.utils.capture import capture_output

from lmcourse import live


@pytest.fixture
def shown():
    """What a shell is told to display by `live.show`."""
    shell = InteractiveShell.instance()
    shell.display_formatter.active_types = ["text/plain", "image/png"]
    select_figure_formats(shell, {"png"})

    def show(*arguments, **data):
        plt.plot([1, 2])
        with capture_output() as captured:
            live.show(*arguments, **data)
        assert not plt.get_fignums(), "the figure would be shown twice"
        return captured.outputs

    yield show
    InteractiveShell.clear_instance()


def test_the_picture_carries_the_data(shown):
    (output,) = shown("dice", faces=np.arange(3), p=torch.tensor([1 / 3]), names=("a", None))
    assert {"image/png", live.TYPE} <= set(output.data)
    stored = output.data[live.TYPE]
    assert stored == {"widget": "dice", "faces": [0, 1, 2], "p": [0.3333333], "names": ["a", None]}
    assert json.loads(json.dumps(stored, allow_nan=False)) == stored


@pytest.mark.parametrize("bad", [float("nan"), np.inf, {"deep": [1.0, -np.inf]}])
def test_a_number_that_is_not_finite_is_named(shown, bad):
    with pytest.raises(ValueError, match=r"p.* is -?(nan|inf)"):
        shown("dice", p=bad)


def test_what_json_does_not_know_is_named(shown):
    with pytest.raises(TypeError, match=r"p\[1\] is a set"):
        shown("dice", p=[1, {2}])


def test_a_script_shows_the_figure_alone(monkeypatch):
    calls = []
    monkeypatch.setattr(plt, "show", lambda: calls.append(1))
    InteractiveShell.clear_instance()
    live.show("dice", faces=6)
    assert calls == [1]
