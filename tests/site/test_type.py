"""From which face the characters come: the book's own wherever it has them."""

from __future__ import annotations

import pytest

from tests.site import browser
from tests.site.browser import Visitor

pytestmark = pytest.mark.site

FONTS = browser.ROOT / "book" / "assets" / "fonts"
BUDGET = 120_000  # bytes of all faces together
PROSE = "Hands’ “bits” — the range 2–3, naïve Čech, α and β, p₁, a² ≤ 1 − x …"


def faces(visitor: Visitor, markup: str) -> dict[str, bool]:
    """The families that draw ``markup`` at the end of a page; whether each came from the site."""
    tab = visitor.open("book/how_to_use")
    tab.evaluate(
        "html => document.querySelector('article').insertAdjacentHTML('beforeend', html)",
        f'<div id="probe">{markup}</div>',
    )
    tab.evaluate("document.fonts.ready")
    session = tab.context.new_cdp_session(tab)
    for domain in ("DOM", "CSS"):
        session.send(f"{domain}.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    innermost = {"nodeId": root, "selector": "#probe :not(:has(*))"}
    probe = session.send("DOM.querySelector", innermost)["nodeId"]
    used = session.send("CSS.getPlatformFontsForNode", {"nodeId": probe})["fonts"]
    tab.close()
    return {font["familyName"]: font["isCustomFont"] for font in used}


@pytest.mark.parametrize("tag", ["p", "em", "strong"])
def test_prose_comes_from_the_serif(visitor: Visitor, tag: str) -> None:
    used = faces(visitor, f"<{tag}>{PROSE}</{tag}>")
    assert set(used) <= {"Book Serif", "Book Serif Italic"}
    assert all(used.values())


def test_titles_come_from_the_display_cut(visitor: Visitor) -> None:
    assert faces(visitor, "<h2>What’s next — and why?</h2>") == {"Book Serif Display": True}


@pytest.mark.parametrize("tag", ["p", "em", "pre", "table", "h2"])
@pytest.mark.parametrize("mark", ["✓", "✗", "○", "★", "☆"])
def test_marks_come_from_one_face(visitor: Visitor, tag: str, mark: str) -> None:
    inner = f"<tbody><tr><td><p>{mark}</p></td></tr></tbody>" if tag == "table" else mark
    assert faces(visitor, f"<{tag}>{inner}</{tag}>") == {"Book Marks": True}


def test_chinese_is_chinese_and_latin_beside_it_is_ours(visitor: Visitor) -> None:
    used = faces(visitor, '<p><span lang="zh">GPT’s 语言模型</span></p>')
    assert used.pop("Book Serif")
    assert list(used.values()) == [False]
    assert "CJK SC" in next(iter(used)) or "Song" in next(iter(used))


def test_chinese_term_is_lighter_than_the_english(visitor: Visitor) -> None:
    tab = visitor.open("book/glossary")
    term, chinese = tab.evaluate(
        """() => ["article dt", "article dt :lang(zh)"].map((selector) => {
          const style = getComputedStyle(document.querySelector(selector));
          return [Number(style.fontWeight), style.color];
        })"""
    )
    assert chinese[0] < term[0]
    assert chinese[1] != term[1]
    tab.close()


def test_faces_are_small_and_licensed() -> None:
    assert sum(face.stat().st_size for face in FONTS.glob("*.woff2")) <= BUDGET
    notes = (FONTS / "README.txt").read_text(encoding="utf-8")
    assert all(face.name in notes for face in FONTS.glob("*.woff2"))
    assert "SIL OPEN FONT LICENSE" in (FONTS / "OFL.txt").read_text(encoding="utf-8").upper()
    assert "Bitstream" in (FONTS / "DEJAVU.txt").read_text(encoding="utf-8")
