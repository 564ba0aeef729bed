"""What of a cell's outputs is stored, and what its author is told."""

from copy import deepcopy

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from lmcourse.runner import outputs


def said(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def shown(**data):
    return new_output("display_data", data={kind.replace("_", "/"): v for kind, v in data.items()})


def widget():
    return new_output("display_data", data={outputs.WIDGET: {}, "text/plain": "bar"})


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([said("a\n"), said("b\n")], [said("a\nb\n")]),
        ([said("a\n"), said("warned\n", "stderr"), said("b\n")], [said("a\nb\n")]),
        ([said("a\n"), shown(text_plain="1"), said("b\n")], None),
        ([shown(text_plain="1"), shown(text_plain="2")], None),
        ([widget(), said("a\n")], [said("a\n")]),
        ([said("10 %\r50 %\r100 %\nend\n")], [said("100 %\nend\n")]),
        ([said("line\r\n")], None),
        ([said("\x1b[31mred\x1b[0m")], [said("red")]),
        ([said("<f at 0x7f3a12>")], [said("<f at 0x…>")]),
        ([shown(text_plain="<f at 0x7f3a12>")], [shown(text_plain="<f at 0x…>")]),
        ([shown(text_html="<b>0x7 at 0x7f3a12</b>")], [shown(text_html="<b>0x7 at 0x…</b>")]),
        ([shown(image_jpeg="at 0x7f3a12")], None),
    ],
)
def test_what_is_kept(given, kept):
    before = deepcopy(given)
    assert outputs.clean(given) == (given if kept is None else kept)
    assert given == before  # what was executed is not touched


@pytest.mark.parametrize(
    ("output", "complaint"),
    [
        (said("first\nthe last\n", "stderr"), "writes to stderr (the last)"),
        (said("", "stderr"), "writes to stderr ()"),
        (said("<f at 0x7f3a12>"), "prints an object's address"),
        (shown(text_plain="<f at 0x7f3a12>"), "prints an object's address"),
        (said("\x1b[31mred\x1b[0m"), "prints terminal colours"),
        (widget(), "shows a widget"),
    ],
)
def test_what_an_author_should_mend(output, complaint):
    cells = [new_code_cell(outputs=[said("fine\n"), output, output]) for _ in range(2)]
    assert outputs.complaints(new_notebook(cells=cells)) == [complaint]  # once


def test_nothing_to_mend():
    cell = new_code_cell(outputs=[said("fine\n"), shown(text_plain="1", image_png="at 0x7f3a12")])
    assert outputs.complaints(new_notebook(cells=[cell])) == []
