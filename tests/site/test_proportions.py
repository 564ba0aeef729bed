"""On the pages of the chapters teaching dominates, and nothing is cut at the right edge."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.site import browser, proportions
from tests.site.browser import Visitor

pytestmark = pytest.mark.site

MOST_CODE = 0.25
LEAST_PROSE = 0.40


@pytest.fixture(scope="module")
def measured(visitor: Visitor) -> dict[str, tuple[Counter[str], list[str], list[str]]]:
    """What `proportions.measure` finds on every chapter's page."""
    return {page: proportions.measure(visitor, page) for page in browser.chapters()}


def test_prose_dominates_and_code_does_not(measured: dict) -> None:
    total = sum((pixels for pixels, _, _ in measured.values()), Counter[str]())
    found, table = proportions.shares(total), proportions.table(measured)
    assert found["code"] <= MOST_CODE, table
    assert found["prose"] >= LEAST_PROSE, table


@pytest.mark.parametrize("page", browser.chapters())
def test_no_code_or_text_output_is_cut(measured: dict, page: str) -> None:
    _, cut, _ = measured[page]
    assert not cut


@pytest.mark.parametrize("page", browser.chapters())
def test_formulas_fit(measured: dict, page: str) -> None:
    _, _, wide = measured[page]
    assert not wide


PAGE = """<!DOCTYPE html><style>* {{margin: 0; padding: 0; border: 0; line-height: 1}}
  p, pre, details, h1 {{height: 100px; overflow: auto}} .gap {{margin-bottom: 50px}}
  pre {{width: 80px; white-space: pre}}</style>
<article class="bd-article"><section>{}</section></article>"""


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ("<h1>A</h1><p>b</p>", {"prose": 200}),
        ("<p class='gap'>b</p><p>c</p>", {"prose": 250}),
        ("<p>b</p><div class='cell_input'><pre>c</pre></div>", {"prose": 100, "code": 100}),
        ("<p>b</p><details class='fold claims'>c</details>", {"prose": 100, "checks": 100}),
        ("<details><div class='cell_input'><pre>c</pre></div></details>", {"folds": 100}),
        ("<div class='output stream'><pre>1.5</pre></div>", {"outputs": 100}),
        ("<div class='output stream'><pre>✓ a\n✓ b</pre></div>", {"checks": 100}),
        ("<div class='output stream'><pre>1.5\n✓ b</pre></div>", {"outputs": 100}),
    ],
)
def test_heights_are_those_of_the_blocks(
    visitor: Visitor, blocks: str, expected: dict[str, int]
) -> None:
    tab = visitor.context("light", 1280).new_page()
    tab.set_content(PAGE.format(blocks))
    assert proportions.heights(tab) == expected
    tab.close()


def test_cut_lines_are_found(visitor: Visitor) -> None:
    tab = visitor.context("light", 1280).new_page()
    cell = "<div class='cell_input'><pre>{}</pre></div>"
    tab.set_content(PAGE.format(cell.format("short") + cell.format("long " * 20)))
    assert tab.evaluate(proportions.CUT) == ["long " * 20]
    tab.close()
