"""How much of a page teaches: the share of an article's height that each kind of content takes.

`python -m tests.site.proportions` builds the book and prints a table, one row a chapter;
`python -m tests.site.proportions _build/html` measures a site that is already built.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Page

from tests.site import browser
from tests.site.browser import Visitor

KINDS = ("prose", "code", "outputs", "checks", "folds")
WIDTH = 1280

#: Every block of the article with its kind, from top to bottom. Space below a block counts as the
#: block's; a closed fold is its summary. Lines of checks stand in folds or in text outputs.
BLOCKS = """() => {
  const marks = /^(✓|✗|·)/;
  const rules = [
    ["checks", "details.claims"],
    ["folds", "details"],
    ["code", ".cell_input, div[class*='highlight-']:not(.output)"],
    ["outputs", ".output, figure, img, svg, .cell_output img"],
    ["prose", "h1, h2, h3, h4, h5, h6, p, ul, ol, dl, table, .formula, hr"],
  ];
  const kindOf = element => {
    const found = rules.find(([, selector]) => element.matches(selector));
    if (!found) return null;
    const lines = element.textContent.trim().split("\\n");
    if (found[0] === "outputs" && element.matches(".stream") && lines.every(l => marks.test(l)))
      return "checks";
    return found[0] === "prose" && element.querySelector("img, svg.figure") ? "outputs" : found[0];
  };
  const blocks = [];
  const walk = element => {
    const box = element.getBoundingClientRect();
    const kind = kindOf(element);
    if (kind && box.height) blocks.push([kind, box.top]);
    else if (!kind) for (const child of element.children) walk(child);
  };
  const article = document.querySelector("article.bd-article");
  for (const child of article.children) walk(child);
  return [blocks, article.getBoundingClientRect().bottom];
}"""

#: The text of every visible code cell and text output that is wider than its box.
CUT = """() => [...document.querySelectorAll("article .cell_input pre, article .cell_output pre")]
  .filter(box => box.checkVisibility() && box.scrollWidth > box.clientWidth)
  .map(box => box.textContent.split("\\n").reduce((a, b) => a.length < b.length ? b : a))"""

#: The MathJax source is gone by then: a formula that does not fit is named by its position.
WIDE = """() => [...document.querySelectorAll("article div.math")]
  .map((box, number) => [number + 1, box.scrollWidth - box.clientWidth])
  .filter(([, excess]) => excess > 1)  // one pixel is rounding
  .map(([number, excess]) => `formula ${number}: ${excess} px`)
"""


def heights(tab: Page) -> Counter[str]:
    """Pixels of the open page's article by kind of content, as it stands (folds closed)."""
    blocks, bottom = tab.evaluate(BLOCKS)
    ends = [top for _, top in blocks[1:]] + [bottom]
    found = Counter[str]()
    for (kind, top), end in zip(blocks, ends, strict=True):
        found[kind] += round(end - top)
    return found


def shares(pixels: Mapping[str, int]) -> dict[str, float]:
    """`pixels` as shares of their sum, every kind named."""
    total = sum(pixels.values())
    return {kind: pixels.get(kind, 0) / total for kind in KINDS}


def measure(visitor: Visitor, page: str) -> tuple[Counter[str], list[str], list[str]]:
    """Heights of one page by kind, its lines that are cut, its formulas that do not fit."""
    tab = visitor.open(page, width=WIDTH)
    found = heights(tab), tab.evaluate(CUT), tab.evaluate(WIDE)
    tab.close()
    return found


def row(name: str, pixels: Mapping[str, int], cut: str) -> str:
    """One line of the table."""
    cells = "".join(f"{share:>9.0%}" for share in shares(pixels).values())
    return f"{name:<36}{cells}{sum(pixels.values()):>9,}{cut:>6}"


def table(measured: Mapping[str, tuple[Counter[str], list[str], list[str]]]) -> str:
    """Shares of each page and of all together, with the number of boxes that are cut."""
    heads = "".join(f"{kind:>9}" for kind in KINDS)
    lines = [f"{'':<36}{heads}{'pixels':>9}{'cut':>6}"]
    total = Counter[str]()
    for page, (pixels, cut, _) in measured.items():
        total += pixels
        lines.append(row(page.removeprefix("notebooks/"), pixels, str(len(cut))))
    return "\n".join([*lines, row("all chapters", total, "")])


def main(folder: str | None = None) -> None:
    """Print the table for the site in ``folder``, or for one that is built for it."""
    with tempfile.TemporaryDirectory() as scratch:
        html = Path(folder) if folder else browser.build(Path(scratch))
        with browser.serve(html) as base, browser.launched() as chromium:
            visitor = browser.Visitor(chromium, base)
            print(table({page: measure(visitor, page) for page in browser.chapters()}))


if __name__ == "__main__":
    main(*sys.argv[1:2])
