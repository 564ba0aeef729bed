"""Figures in the page: the theme's colours, one scale, and what the notebook's drawing showed."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, writes
from PIL import Image
from playwright.sync_api import Browser, Page

from lmcourse import plot
from lmcourse.runner import images
from tests.site import browser
from tests.site.drawings import PHONE, PROSE, type_sizes

pytestmark = pytest.mark.site

ALT = 'Bars & a "heat map"'
PYTHON = {"language_info": {"name": "python", "pygments_lexer": "python"}}
CONF = f"""
import sys
sys.path.insert(0, {str(browser.ROOT / "book" / "_ext")!r})
extensions = ["myst_nb", "lmbook.figures"]
html_theme = "sphinx_book_theme"
html_static_path = [{str(browser.ROOT / "book" / "assets")!r}]
html_css_files = ["theme.css", "figures.css"]
html_js_files = ["scrolling.js"]
html_context = {{"default_mode": "auto"}}
nb_execution_mode = "off"
"""


def drawn() -> dict[str, bytes]:
    """A figure with every colour of the style, as matplotlib writes it in both formats."""
    with plt.rc_context():
        plot.use_style()
        figure, (above, below) = plot.panels(2, height=2.4)
        plot.bars(above, "abcdefgh", range(1, 9), color=plot.COLORS, xlabel="zebra", fmt=".1f")
        above.annotate("", (1, 1), (2, 2), arrowprops={"arrowstyle": "-|>"})
        plot.heatmap(below, np.arange(8).reshape(2, 4), "ij", "wxyz", fmt=".0f")
        files = {}
        for kind in ("png", "svg"):
            buffer = io.BytesIO()
            figure.savefig(buffer, format=kind, dpi=192 if kind == "png" else 72)
            files[kind] = buffer.getvalue()
        plt.close(figure)
    return files


def shown(files: dict[str, bytes], *kinds: str) -> dict[str, object]:
    """A stored output with the figure, from what the kernel showed of it."""
    png = {images.PNG: base64.b64encode(files["png"]).decode()}
    vector = {images.SVG: files["svg"].decode()} if "svg" in kinds else {}
    size = {images.PNG: {"width": 537, "height": 460}}
    output = new_output("display_data", data={**png, **vector}, metadata=size)
    images.compact(output)
    return output


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[SimpleNamespace]:
    """A page with one drawing twice and one picture, and the drawing alone, all built by Sphinx."""
    folder, files = tmp_path_factory.mktemp("figures"), drawn()
    cells = [new_markdown_cell("# A page")]
    for alt, *kinds in ([ALT, "svg"], ["again", "svg"], ["picture"]):
        said = {"mystnb": {"image": {"alt": alt}}}
        cells.append(new_code_cell("show()", outputs=[shown(files, *kinds)], metadata=said))
    (folder / "conf.py").write_text(CONF)
    (folder / "index.ipynb").write_text(writes(new_notebook(cells=cells, metadata=PYTHON)))
    command = [sys.executable, "-m", "sphinx", "-q", "-W", str(folder), str(folder / "html")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (folder / "html" / "raw.svg").write_bytes(files["svg"])
    small = images.small_svg(files["svg"].decode())
    fonts = 'font-family="DejaVu Sans" '
    (folder / "html" / "small.svg").write_text(small.replace("<svg ", f"<svg {fonts}", 1))
    with browser.serve(folder / "html") as base:
        visitor = browser.Visitor(chromium, base)
        yield SimpleNamespace(html=folder / "html", base=base, visitor=visitor)


@pytest.fixture(params=[(s, w) for s in browser.SCHEMES for w in browser.WIDTHS])
def tab(site: SimpleNamespace, request: pytest.FixtureRequest) -> Iterator[Page]:
    tab = site.visitor.open("index", *request.param)
    assert tab.evaluate("document.documentElement.dataset.theme") == request.param[0]
    yield tab
    tab.close()


def test_drawings_stand_in_the_page_and_pictures_beside_it(site: SimpleNamespace) -> None:
    page = browser.soup(site.html / "index.html")
    drawings = page.select("div.cell_output svg")
    assert [(d["role"], d["aria-label"]) for d in drawings] == [("img", ALT), ("img", "again")]
    assert [image["alt"] for image in page.select("div.cell_output img")] == ["picture"]
    assert len(list(site.html.glob("_images/*"))) == 1


def test_ids_are_unique_and_lead_somewhere(site: SimpleNamespace) -> None:
    page = browser.soup(site.html / "index.html")
    drawings = page.select("svg.drawing")
    assert len(drawings) == 2
    for drawing in drawings:
        own = {element["id"] for element in drawing.select("[id]")}
        assert own == set(re.findall(r'(?:url\(|href=")#([\w-]+)', str(drawing))) != set()
    ids = [element["id"] for element in page.select("svg [id]")]
    assert len(ids) == len(set(ids))


def test_the_search_does_not_read_the_axes(site: SimpleNamespace) -> None:
    assert "zebra" in (site.html / "index.html").read_text()
    assert "zebra" not in (site.html / "searchindex.js").read_text()


def test_colours_stand_out_from_the_page(tab: Page) -> None:
    for name in ("BLUE", "ORANGE", "GREEN", "PINK", "SKY", "RED", "GREY"):
        assert plot.contrast(_variable(tab, name), _variable(tab, "paper")) >= 3, name
    assert plot.contrast(_variable(tab, "ink"), _variable(tab, "paper")) >= 7


def test_text_on_a_colour_can_be_read(tab: Page) -> None:
    for name in ("BLUE", "ORANGE", "GREEN", "PINK", "SKY", "RED", "YELLOW", "GREY"):
        text = plot.on(getattr(plot, name))
        text = _variable(tab, "paper") if text == plot.PAPER else text
        assert plot.contrast(text, _variable(tab, name)) >= 4.5, name


def test_light_is_what_the_chapter_draws(site: SimpleNamespace) -> None:
    tab = site.visitor.open("index")
    for name in ("ORANGE", "BLUE", "GREEN", "PINK", "SKY", "RED", "YELLOW", "GREY", "RULE"):
        assert _variable(tab, name).lower() == getattr(plot, name).lower()
    tab.close()


def test_no_colour_of_the_style_is_left_as_it_is(tab: Page) -> None:
    """Bars are drawn in the variables, and the ground is the page's."""
    fills = tab.evaluate(
        "[...document.querySelector('svg.drawing').querySelectorAll('path')]"
        ".map(path => getComputedStyle(path).fill)"
    )
    expected = [_variable(tab, name) for name in ("paper", "BLUE", "ORANGE", "RED", "YELLOW")]
    assert {_rgb(color) for color in expected} <= set(fills)
    page = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert fills[0] == page


def test_an_arrow_in_matplotlibs_own_black_has_the_ink_of_the_page(tab: Page) -> None:
    """Black on a dark page is not seen."""
    strokes = tab.evaluate(
        "[...document.querySelector('svg.drawing').querySelectorAll('path')]"
        ".map(path => getComputedStyle(path).stroke)"
    )
    assert _rgb(_variable(tab, "ink")) in strokes
    assert "rgb(0, 0, 0)" not in strokes


def test_type_is_readable_and_no_larger_than_prose(tab: Page) -> None:
    sizes = type_sizes(tab)
    assert sizes
    assert min(sizes) >= PHONE
    assert max(sizes) <= PROSE


def test_a_picture_keeps_its_proportions_and_has_no_frame(tab: Page) -> None:
    shape, padding, ground = tab.locator("div.cell_output img").evaluate(
        "i => [i.width / i.height - i.naturalWidth / i.naturalHeight,"
        " getComputedStyle(i).padding, getComputedStyle(i).backgroundColor]"
    )
    assert shape == pytest.approx(0, abs=0.02)
    assert (padding, ground) == ("0px", "rgba(0, 0, 0, 0)")


def test_nothing_is_lost_when_the_drawing_is_made_small(site: SimpleNamespace) -> None:
    """Chromium paints matplotlib's own SVG and the stored one alike."""
    context = site.visitor.context("light", 1280)
    painted = []
    for name in ("raw", "small"):
        tab = context.new_page()
        tab.goto(f"{site.base}{name}.svg")
        painted.append(Image.open(io.BytesIO(tab.screenshot())).convert("L"))
        tab.close()
    raw, small = (np.asarray(image, dtype=int) for image in painted)
    assert (raw < 100).sum() > 1000  # there is something on it
    assert np.abs(raw - small).mean() < 0.2


def _variable(tab: Page, name: str) -> str:
    """The value of one of the style sheet's colours in this page."""
    return tab.evaluate(
        "name => { const probe = document.body.appendChild(document.createElement('i'));"
        " probe.style.color = `var(--lm-${name})`; const color = getComputedStyle(probe).color;"
        " probe.remove(); return '#' + color.match(/\\d+/g).slice(0, 3)"
        ".map(c => (+c).toString(16).padStart(2, '0')).join('') }",
        name.lower(),
    )


def _rgb(color: str) -> str:
    return f"rgb({', '.join(str(int(color[i : i + 2], 16)) for i in (1, 3, 5))})"
