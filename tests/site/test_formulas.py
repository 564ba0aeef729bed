"""TeX that MathJax accepts, and page parts cut to what a site uses."""

from __future__ import annotations

import pytest
from lmbook.formulas import display, mathjax_folder
from lmbook.page_size import trim_rules


@pytest.mark.parametrize(
    ("formula", "tex", "number"),
    [
        ("a = b", "a = b", None),
        (r"a = b \tag{3}", "a = b", "3"),
        (r"a &= b \\ c &= d \tag{4}", r"\begin{split}a &= b \\ c &= d\end{split}", "4"),
        (
            r"\begin{aligned} a &= b \\ c &= d \end{aligned} \tag{5}",
            r"\begin{aligned} a &= b \\ c &= d \end{aligned}",
            "5",
        ),
    ],
)
def test_number_stands_outside_of_the_formula(formula: str, tex: str, number: str | None) -> None:
    assert display(formula) == (tex, number)


def test_mathjax_is_on_hand() -> None:
    assert (mathjax_folder() / "startup.js").is_file()


def test_only_used_icons_keep_their_rules() -> None:
    css = (
        'a{b:c}.fa-bars:before,.fa-navicon:before{content:"\\f0c9"}'
        '.fa-bars-progress:before{content:"\\f828"}.fa-0:before{content:"0"}.fa-spin{d:e}'
    )
    kept = 'a{b:c}.fa-bars:before,.fa-navicon:before{content:"\\f0c9"}.fa-spin{d:e}'
    assert trim_rules(css, {"bars"}) == (kept, {0xF0C9})
