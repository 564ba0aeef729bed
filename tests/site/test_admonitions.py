"""Blockquotes that open with a keyword become admonitions, everything else stays."""

from __future__ import annotations

import textwrap

import pytest
from docutils.core import publish_doctree
from lmbook.admonitions import BlockquoteAdmonitions
from lmbook.markup import fill_headers
from myst_parser.docutils_ import Parser

QUIET = {"myst_enable_extensions": ["dollarmath"], "report_level": 5}


def transformed(markdown: str) -> str:
    """The document tree of ``markdown`` after the transform, as text."""
    document = publish_doctree(markdown, parser=Parser(), settings_overrides=QUIET)
    BlockquoteAdmonitions(document).apply()
    return "".join(child.pformat() for child in document.children)


def tree(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


def test_note() -> None:
    assert transformed("> **Note.** Counts are *not* probabilities.") == tree("""
        <note>
            <paragraph>
                Counts are \n                <emphasis>
                    not
                 probabilities.
        """)


def test_warning_keeps_its_other_paragraphs() -> None:
    assert transformed("> **Warning.** First.\n>\n> Second.") == tree("""
        <warning>
            <paragraph>
                First.
            <paragraph>
                Second.
        """)


def test_common_mistake() -> None:
    assert transformed("> **Common mistake.** Forgetting the mask.") == tree("""
        <admonition classes="mistake">
            <title>
                Common mistake
            <paragraph>
                Forgetting the mask.
        """)


def test_exercise_has_title_effort_and_anchor() -> None:
    markdown = "> **Exercise 2.** Stable `softmax` (★★☆, 10 minutes). Write $p$ so that it holds."
    assert transformed(markdown) == tree("""
        <admonition classes="exercise" ids="exercise-2">
            <title>
                Exercise 2. \n                Stable \n                <literal>
                    softmax
                <raw format="html" xml:space="preserve">
                     <span class="exercise-effort"><span role="img" aria-label="difficulty 2 of 3">★★☆</span> 10 minutes</span>
            <paragraph>
                Write \n                <math>
                    p
                 so that it holds.
        """)  # noqa: E501


def test_exercise_without_effort_is_all_text() -> None:
    assert transformed("> **Exercise 1.** Do it.") == tree("""
        <admonition classes="exercise" ids="exercise-1">
            <title>
                Exercise 1
            <paragraph>
                Do it.
        """)


@pytest.mark.parametrize(
    "quote",
    [
        "> It was a dark and stormy night.",
        "> **Remark.** Not a keyword.",
        "> **Note** without a full stop.",
        "> As a **Note.** in the middle",
        "> - **Note.** in a list",
    ],
)
def test_other_quotations_stay(quote: str) -> None:
    assert transformed(quote).startswith("<block_quote>")


def test_empty_table_corners_are_cells() -> None:
    table = '<tr style="text-align: right;"><th class="x"></th><th>a</th><th> </th></tr>'
    assert fill_headers(table) == (
        '<tr style="text-align: right;"><td class="x"></td><th>a</th><td></td></tr>'
    )
