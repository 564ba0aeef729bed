"""The built files without a browser: links, anchors, alternatives to pictures, buttons."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from lmcourse.runner import addresses
from tests.site import browser

pytestmark = pytest.mark.site


@pytest.fixture(scope="module")
def pages(html: Path) -> dict[Path, browser.BeautifulSoup]:
    """Every built page, parsed."""
    return {
        path: browser.soup(path) for path in html.rglob("*.html") if "_static" not in path.parts
    }


def test_every_page_of_the_contents_is_built(html: Path) -> None:
    assert [page for page in browser.toc() if not (html / f"{page}.html").is_file()] == []


def test_nothing_else_is_built(html: Path, pages: dict[Path, browser.BeautifulSoup]) -> None:
    built = {path.relative_to(html).with_suffix("").as_posix() for path in pages}
    assert built == {*browser.toc(), "index", "search"}


def test_internal_links_and_anchors_resolve(pages: dict[Path, browser.BeautifulSoup]) -> None:
    broken = []
    anchors = {
        path: {tag["id"] for tag in page.find_all(id=True)} | {"", "top"}
        for path, page in pages.items()
    }
    for path, page in pages.items():
        for tag in page.find_all(["a", "link", "script", "img"]):
            link = urlsplit(tag.get("href") or tag.get("src") or "")
            if link.scheme or link.netloc:
                continue
            target = (path.parent / unquote(link.path)).resolve() if link.path else path
            anchor = unquote(link.fragment)
            known = target in anchors and anchor in anchors[target]
            if not target.is_file() or (target.suffix == ".html" and not known):
                broken.append(f"{path.name}: {link.geturl()}")
    assert not broken


def test_pictures_have_alternatives(pages: dict[Path, browser.BeautifulSoup]) -> None:
    """Every image says what it shows; only those inside buttons with a name may be mute."""
    mute = [
        f"{path.name}: {picture}"
        for path, page in pages.items()
        for picture in page.find_all(["img", lambda tag: tag.get("role") == "img"])
        if not (picture.get("alt") or picture.get("aria-label") or "").strip()
    ]
    assert not mute


@pytest.mark.parametrize("chapter", browser.chapters())
def test_chapter_has_its_buttons(html: Path, chapter: str) -> None:
    page = browser.soup(html / f"{chapter}.html")
    links = {link["href"] for link in page.select(".article-header-buttons a")}
    assert addresses.colab(chapter.removeprefix("notebooks/")) in links
    assert addresses.repository() in links
    download = page.select_one("a.btn-download-source-button")
    assert download is not None
    given = (html / chapter).parent / download["href"]
    assert json.loads(given.read_text("utf-8")) == json.loads(
        (browser.ROOT / f"{chapter}.ipynb").read_text("utf-8")
    )


@pytest.mark.parametrize("page", browser.toc())
def test_page_says_where_it_is_published(html: Path, page: str) -> None:
    link = browser.soup(html / f"{page}.html").select_one("link[rel=canonical]")
    assert link is not None
    assert link["href"] == f"{addresses.site()}/{page}.html"


def test_no_address_is_typed_into_the_configuration() -> None:
    assert "://" not in (browser.ROOT / "_config.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("chapter", browser.chapters())
def test_chapter_shows_its_measured_time(html: Path, chapter: str) -> None:
    file = browser.ROOT / "results" / "cpu" / f"{chapter.removeprefix('notebooks/')}.json"
    seconds = json.loads(file.read_text("utf-8"))["seconds"]
    line = browser.soup(html / f"{chapter}.html").select_one("details.setup > summary")
    assert line is not None
    said = line.get_text().replace("\N{NO-BREAK SPACE}", " ")
    found = re.match(r"Set-up · runs in (?:(\d+) min ?)?(?:([\d.]+) s)?", said)
    assert found
    assert abs(60 * int(found[1] or 0) + float(found[2] or 0) - seconds) <= 0.5


@pytest.mark.parametrize("chapter", browser.chapters())
def test_installation_and_solutions_are_folded(html: Path, chapter: str) -> None:
    page = browser.soup(html / f"{chapter}.html")
    cells = page.select("div.cell.tag_install, div.cell.tag_solution")
    assert len(cells) >= 2
    assert all(cell.find("details") or cell.find_parent("details") for cell in cells)
