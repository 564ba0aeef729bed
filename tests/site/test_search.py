"""What the search shows of a page: prose in whole words, no code, no controls, no TeX."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.site.browser import Visitor

pytestmark = pytest.mark.site

HTML = r"""<div role="main"><div class="article-header-buttons">.pdf Search</div>
<article class="bd-article"><p class="place">Chapter 3</p>
<section id="all"><h1>Softmax<a class="headerlink">¶</a></h1>
<p class="chapter-measure">Measured: 5 s</p>
<p>The gradient <span class="math">\(p - y\)</span> of
<span class="math">\(\log \sum_i e^{z_i}\)</span> is short.</p><div class="math">\[\int x\]</div>
<div class="cell"><div class="cell_input"><pre>import torch</pre></div>
<div class="cell_output"><pre>0.1</pre></div></div>
<details><summary>Hint</summary><p>Think.</p></details>
<section id="part"><h2>Temperature<a class="headerlink">#</a></h2>
<p>Colder is sharper.</p></section>
</section></article></div>"""


@pytest.fixture(scope="module")
def tab(visitor: Visitor) -> Iterator[Page]:
    page = visitor.open("search")
    yield page
    page.close()


def test_text_of_a_page(tab: Page) -> None:
    text = tab.evaluate("html => Search.htmlToText(html)", HTML)
    assert text == "The gradient p - y of … is short. Think. Temperature Colder is sharper."


def test_text_of_a_section(tab: Page) -> None:
    text = tab.evaluate("html => Search.htmlToText(html, '#part')", HTML)
    assert text == "Temperature Colder is sharper."


def excerpt(tab: Page, prose: str, *words: str) -> str:
    return tab.evaluate(
        "([prose, words]) => Search.makeSearchSummary("
        "`<article class='bd-article'><p>${prose}</p></article>`, new Set(words), '').textContent",
        [prose, words],
    )


def test_excerpt_is_cut_between_words(tab: Page) -> None:
    words = [f"w{n:03}" for n in range(200)]
    shown = excerpt(tab, " ".join(words), "w100").split()
    assert (shown[0], shown[-1]) == ("…", "…")
    assert "w100" in shown
    assert set(shown[1:-1]) <= set(words)
    assert 200 < len(" ".join(shown)) < 320


def test_excerpt_of_a_short_page_is_the_page(tab: Page) -> None:
    assert excerpt(tab, "Counts are a model.", "model") == "Counts are a model."


def test_page_that_has_the_word_in_code_only_begins_at_its_beginning(tab: Page) -> None:
    assert excerpt(tab, "Counts are a model.", "torch") == "Counts are a model."


@pytest.mark.parametrize("query", ["attention", "gradient", "perplexity", "困惑度"])
def test_results_are_clean(visitor: Visitor, address: str, query: str) -> None:
    tab = visitor.open("search")
    tab.goto(f"{address}search.html?q={query}")
    expect(tab.locator("#search-results .search-summary")).to_contain_text("found")
    expect(tab.locator("#search-results p.context").first).to_be_visible()
    for line in tab.locator("#search-results p.context").all_inner_texts():
        assert not re.search(r"[¶#]|\\[a-z(]|\.pdf|\bimport \w|Measured:", line)
    tab.close()
