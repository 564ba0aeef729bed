"""The references page lists what the chapters' further reading links to, each paper once."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from lmbook.reading import ReadingError, papers

from tests.site import browser

LINK = re.compile(r"\]\((https?://[^)\s]+)\)")


def reading(*items: str) -> str:
    return "Text.\n\n## Further reading\n\n" + "\n".join(items) + "\n\n## Appendix\n\n- [no](x)\n"


@pytest.mark.parametrize(
    ("item", "authors", "year", "title"),
    [
        ("- Bridle (1990), [Softmax](u): x.", "Bridle", "1990", "Softmax"),
        (
            "- Al-Rfou et al. (2019),\n  [Character\n  level](u).",
            "Al-Rfou et al.",
            "2019",
            "Character level",
        ),
        (
            "- Zhao, Wallace, Feng, Klein and Singh (2021), [Calibrate](u): y.",
            "Zhao, Wallace, Feng, Klein and Singh",
            "2021",
            "Calibrate",
        ),
        ("- Karpathy, [nanoGPT](u), readable.", "Karpathy", "", "nanoGPT"),
        (
            "- van den Oord, Li and Vinyals (2018), [CPC](u).",
            "van den Oord, Li and Vinyals",
            "2018",
            "CPC",
        ),
    ],
)
def test_an_item_is_read(item: str, authors: str, year: str, title: str) -> None:
    (paper,) = papers({"a/b": reading(item)})
    assert (paper.authors, paper.year, paper.title, paper.link) == (authors, year, title, "u")


def test_one_item_may_name_two_papers() -> None:
    item = "- Jain and Wallace (2019), [No](u), and the answer of Wiegreffe (2019), [Yes](v)."
    assert [(p.authors, p.link) for p in papers({"a/b": reading(item)})] == [
        ("Jain and Wallace", "u"),
        ("Wiegreffe", "v"),
    ]


def test_a_paper_of_two_chapters_is_one_entry_in_order_of_author_and_year() -> None:
    found = papers(
        {
            "a/b": reading("- Shannon (1951), [B](u2).", "- Shannon, [A](u1), long."),
            "c/d": reading("- Shannon (1948), [A theory](u1): x.", "- Good (1953), [G](u3)."),
        }
    )
    assert [(p.authors, p.year, p.title, p.chapters) for p in found] == [
        ("Good", "1953", "G", ["c/d"]),
        ("Shannon", "1948", "A theory", ["a/b", "c/d"]),
        ("Shannon", "1951", "B", ["a/b"]),
    ]


@pytest.mark.parametrize("item", ["- Bridle (1990), Softmax.", "- A (1990), [T](u); also [V](w)."])
def test_what_cannot_be_read_is_named_with_the_form_it_needs(item: str) -> None:
    with pytest.raises(ReadingError, match=r"notebooks/a/b\.py.*Author \(year\), \[Title\]"):
        papers({"a/b": reading(item)})


@pytest.mark.site
@pytest.mark.parametrize("chapter", browser.chapters())
def test_further_reading_is_listed_and_leads_back(html: Path, chapter: str) -> None:
    notebook = json.loads((browser.ROOT / f"{chapter}.ipynb").read_text("utf-8"))
    sources = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "markdown"]
    links = LINK.findall("\n".join(sources).partition("## Further reading")[2])
    entries = browser.soup(html / "book" / "references.html").select("ul.references > li")
    citing = [
        entry.select_one("a.external")["href"]
        for entry in entries
        if any(a["href"].endswith(f"{chapter}.html") for a in entry.select(".cited a"))
    ]
    assert links
    assert sorted(citing) == sorted(set(links))
