"""The references page lists what the chapters' further reading links to, in order."""

from __future__ import annotations

import json
import re

import pytest

from tests.site import browser

PAGE = (browser.ROOT / "book" / "references.md").read_text(encoding="utf-8")
LINK = re.compile(r"\]\((https?://[^)\s]+)\)")


@pytest.mark.parametrize("chapter", browser.chapters())
def test_further_reading_is_listed(chapter: str) -> None:
    notebook = json.loads((browser.ROOT / f"{chapter}.ipynb").read_text("utf-8"))
    sources = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "markdown"]
    reading = next(text for text in sources if "## Further reading" in text)
    links = LINK.findall(reading.partition("## Further reading")[2])
    assert links
    assert [link for link in links if f"]({link})" not in PAGE] == []


def test_entries_are_in_order_and_unique() -> None:
    entries = PAGE.partition('<div class="references">')[2].partition("</div>")[0].split("\n\n")
    entries = [entry.strip() for entry in entries if entry.strip()]
    assert entries == sorted(entries, key=str.lower)
    assert len(LINK.findall(PAGE)) == len(set(LINK.findall(PAGE)))
