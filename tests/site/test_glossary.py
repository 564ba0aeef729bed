"""Glossary entries are checked before anything is built, and bold terms lead to them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.utils import new_document
from lmbook.glossary import bar, link_first_uses
from lmbook.glossary_entries import Entry, Glossary, GlossaryError

from tests.site import browser

CHAPTERS = {
    "one/first": "A **token** is read; two *tokens* and a `key`. $$ head $$ [x](query)",
    "one/second": "The **tokens** again, and many **query vectors** with **strategies**.",
}


def write(folder: Path, chapter: str, *entries: str) -> None:
    path = folder / f"{chapter}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(entries), encoding="utf-8")


def term(english: str, chinese: str = "词", definition: str = "What it is.", more: str = "") -> str:
    return (
        f'[[term]]\nenglish = "{english}"\nchinese = "{chinese}"\n'
        f'definition = "{definition}"\n{more}\n'
    )


def refusal(folder: Path) -> str:
    with pytest.raises(GlossaryError) as caught:
        Glossary.read(folder, CHAPTERS)
    return str(caught.value)


def test_terms_are_found_in_singular_and_plural(tmp_path: Path) -> None:
    write(tmp_path, "one/first", term("token"))
    write(tmp_path, "one/second", term("query vector"), term("strategy"))
    glossary = Glossary.read(tmp_path, CHAPTERS)
    assert [entry.english for entry in glossary.entries] == ["query vector", "strategy", "token"]
    found = {text: glossary.find(text) for text in ("Tokens", "query\nvectors", "strategies", "to")}
    names = ["token", "query vector", "strategy", None]
    assert [entry and entry.english for entry in found.values()] == names


def test_a_term_is_introduced_where_it_is_first_bold(tmp_path: Path) -> None:
    write(tmp_path, "one/second", term("token"), term("vector", more='forms = ["query vector"]'))
    introduced = Glossary.read(tmp_path, CHAPTERS).introduced
    assert introduced == {"token": "one/first", "vector": "one/second"}


def test_without_chinese_the_message_names_file_term_and_remedy(tmp_path: Path) -> None:
    write(tmp_path, "one/first", '[[term]]\nenglish = "token"\ndefinition = "x"')
    message = refusal(tmp_path)
    for part in ("book/glossary/one/first.toml", "'token'", "中文", 'chinese = "…"'):
        assert part in message
    write(tmp_path, "one/first", term("token", chinese=" "))
    assert "中文" in refusal(tmp_path)


def test_a_term_stands_in_one_chapter(tmp_path: Path) -> None:
    write(tmp_path, "one/first", term("token"))
    write(tmp_path, "one/second", term("Token"))
    message = refusal(tmp_path)
    assert "book/glossary/one/first.toml" in message
    assert "book/glossary/one/second.toml" in message


@pytest.mark.parametrize("unused", ["key", "head", "query", "tok", "oken", "vector-like"])
def test_code_formulas_links_and_parts_of_words_are_no_use(tmp_path: Path, unused: str) -> None:
    write(tmp_path, "one/first", term(unused))
    message = refusal(tmp_path)
    assert "book/glossary/one/first.toml" in message
    assert repr(unused) in message


def test_an_entry_that_another_chapter_uses_is_sent_there(tmp_path: Path) -> None:
    write(tmp_path, "one/first", term("strategy"))
    assert "move the entry to book/glossary/one/second.toml" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[[term", "not TOML"),
        ('english = "token"', "[[term]]"),
        (term("token", definition=""), "no definition"),
        (term("token", more='zh = "x"'), "unknown key 'zh'"),
        (term("token", more='forms = "x"'), "a list"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str, part: str) -> None:
    write(tmp_path, "one/first", text)
    message = refusal(tmp_path)
    assert part in message
    assert "book/glossary/one/first.toml" in message


def test_a_file_without_a_chapter_is_named(tmp_path: Path) -> None:
    write(tmp_path, "one/third", term("token"))
    assert "there is no chapter 'one/third'" in refusal(tmp_path)


def test_the_first_bold_use_is_linked_and_stays_bold() -> None:
    entry = Entry("token", "词元", "x", "one/first")
    document = new_document("chapter")
    words = ["plain", "Tokens", "tokens"]
    document += nodes.paragraph("", "", *(nodes.strong("", word) for word in words))
    link_first_uses(document, Glossary((entry,), {"token": "one/first"}), "notebooks/one/first")
    strong = list(document.findall(nodes.strong))
    assert [part[0].tagname for part in strong] == ["#text", "pending_xref", "#text"]
    assert [part.astext() for part in strong] == words


def test_letters_without_terms_are_no_links() -> None:
    letters = BeautifulSoup(bar(["B", "Z"]), "html.parser")
    assert [link["href"] for link in letters.select("a")] == ["#letter-b", "#letter-z"]
    assert len(letters.select("li")) == 26


@pytest.mark.site
class TestPage:
    """The built glossary."""

    def test_every_letter_and_chapter_link_resolves(self, html: Path) -> None:
        page = browser.soup(html / "book" / "glossary.html")
        ids = {tag["id"] for tag in page.find_all(id=True)}
        assert {link["href"][1:] for link in page.select(".glossary-bar a")} <= ids
        terms = page.select("dl.glossary > dt")
        assert len(terms) > 100
        assert len(page.select("dd .introduced a")) == len(terms)
        assert all(term.select_one("[lang=zh]") for term in terms)

    @pytest.mark.parametrize("chapter", browser.chapters())
    def test_chapters_lead_to_their_terms(self, html: Path, chapter: str) -> None:
        glossary = browser.soup(html / "book" / "glossary.html")
        links = browser.soup(html / f"{chapter}.html").select("strong > a.term")
        targets = [link["href"].rpartition("#")[2] for link in links]
        assert targets
        assert len(targets) == len(set(targets))
        assert all(glossary.find("dt", id=target) for target in targets)

    def test_terms_and_their_chinese_are_in_the_search(self, html: Path) -> None:
        index = (html / "searchindex.js").read_text(encoding="utf-8").partition('"indexentries"')[2]
        assert '"perplexity"' in index
        assert json.dumps("困惑度") in index
