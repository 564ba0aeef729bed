"""Unknown names: one sentence with the choices, and the nearest of them first."""

import pytest

from lmcourse.errors import UnknownName, unknown


@pytest.mark.parametrize(
    ("typed", "choices", "message"),
    [
        (
            "gup",
            ["cpu", "gpu"],
            "unknown size 'gup': did you mean 'gpu'? The choices are cpu, gpu.",
        ),
        ("xyz", ["cpu", "gpu"], "unknown size 'xyz': The choices are cpu, gpu."),
        (
            "softmax",
            ["probability/chain_rule", "probability/of/words/softmax"],
            "unknown size 'softmax': did you mean 'probability/of/words/softmax'? "
            "The choices are probability/chain_rule, probability/of/words/softmax.",
        ),
        ("", ["cpu"], "unknown size '': The choices are cpu."),
        (None, ["cpu"], "unknown size None: The choices are cpu."),
        ("cpu", [], "unknown size 'cpu': There are none to choose."),
    ],
)
def test_the_sentence(typed, choices, message):
    error = unknown("size", typed, iter(choices))
    assert isinstance(error, UnknownName)
    assert isinstance(error, ValueError)
    assert str(error) == message
