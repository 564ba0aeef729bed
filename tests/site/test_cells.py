"""A small chapter, built by Sphinx alone: what its cells look like on the page."""

from __future__ import annotations

import os
import subprocess
import sys

import nbformat
import pytest
from bs4 import BeautifulSoup, Tag
from lmbook import claims, reading_time, text_outputs, timings
from lmbook.measured import Timing
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.site import browser

PIXEL = (  # one transparent pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
PARTS = [
    "admonitions",
    "claims",
    "exercises",
    "folds",
    "reading_time",
    "setup_fold",
    "text_outputs",
]


def cell(source: str, printed: str = "", *tags: str, png: bool = False) -> nbformat.NotebookNode:
    """A code cell that has printed something, or drawn one pixel."""
    made = new_code_cell(source, metadata={"tags": list(tags)}, execution_count=1)
    if printed:
        made.outputs.append(new_output("stream", name="stdout", text=printed))
    if png:
        data = {"image/png": PIXEL, "text/plain": "<Figure>"}
        made.outputs.append(new_output("display_data", data=data))
    return made


def shown(source: str, html: str) -> nbformat.NotebookNode:
    """A cell that only shows HTML: a table, or a drawing."""
    made = cell(source, "", "hide-input")
    made.outputs.append(new_output("display_data", data={"text/html": html, "text/plain": "-"}))
    return made


CELLS = [
    new_markdown_cell("# A chapter\n\n" + "word " * 3998),
    cell("install()", "", "install"),
    cell("SEED = 0", "", "parameters"),
    cell("import numpy as np\nrun = session.start()"),
    new_markdown_cell("## Section"),
    cell("\n".join(f"line{i} = {i}\n" for i in range(40))),
    cell("check('a', True)\nclose('b', 1, 1)", "✓ a\n✓ b\n", "claims"),
    cell("plt.show()", "", "hide-input", png=True),
    shown("frame", "<table><tr><td>1</td></tr></table>"),
    shown("drawn", "<svg></svg>"),
    cell("print(table)", "name  1.5\nlong  2.5\n"),
    cell("print(text)", "One sentence.\nAnother  one.\n"),
    new_markdown_cell(
        "## Exercises\n\n> **Exercise 1.** Double (★☆☆, 5 minutes). Write `double`.\n\n"
        "<details><summary>Hint</summary>\n\nTwice *as much*.\n\n</details>"
    ),
    cell("def double(x): ...", "○ not solved yet\n", "exercise"),
    cell("# @title Solution 1\ndouble = 2", "✓ Right: twice.\n", "solution", "hide-cell"),
    new_markdown_cell("> **Exercise 2.** Think (★☆☆, 5 minutes). With a pencil."),
    cell("trial()", "seen 3\n○ not solved yet\n", "exercise"),
    new_markdown_cell(
        "<details><summary>Solution 2</summary>\n\nA thought.\n\n</details>\n\nAfter both."
    ),
]


@pytest.fixture(scope="module")
def article(tmp_path_factory: pytest.TempPathFactory) -> BeautifulSoup:
    """The built page of the small chapter."""
    folder = tmp_path_factory.mktemp("chapter")
    source = folder / "source" / "notebooks" / "part"
    source.mkdir(parents=True)
    metadata = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
    nbformat.write(new_notebook(cells=CELLS, metadata=metadata), source / "name.ipynb")
    (folder / "source" / "index.md").write_text(
        "# Book\n\n```{toctree}\nnotebooks/part/name\n```\n"
    )
    (folder / "source" / "conf.py").write_text(
        f"extensions = ['myst_nb', *{[f'lmbook.{part}' for part in PARTS]}]\n"
        "nb_execution_mode, html_theme = 'off', 'basic'\n"
    )
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", "source", "html"]
    paths = os.pathsep.join([str(browser.ROOT), str(browser.ROOT / "book" / "_ext")])
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return browser.soup(folder / "html" / "notebooks" / "part" / "name.html")


def summary(fold: Tag) -> str:
    """What a fold says while it is closed."""
    assert fold.name == "details"
    assert not fold.has_attr("open")
    found = fold.find("summary", recursive=False)
    assert found is not None
    assert not found.has_attr("aria-label")
    return found.get_text(" ", strip=True)


def fold_around(article: BeautifulSoup, text: str) -> Tag | None:
    """The fold that holds the code or output with ``text``."""
    block = next(pre for pre in article.find_all("pre") if text in pre.get_text())
    return block.find_parent("details")


def test_setup_is_one_fold(article: BeautifulSoup) -> None:
    folds = {id(fold_around(article, text)) for text in ("install()", "SEED = 0", "import numpy")}
    assert len(folds) == 1
    fold = fold_around(article, "SEED = 0")
    assert fold is not None
    assert summary(fold) == "Set-up"
    assert len(fold.select("div.cell")) == 3


def test_claims_are_one_line_until_opened(article: BeautifulSoup) -> None:
    fold = fold_around(article, "check(")
    assert fold is not None
    assert summary(fold) == "✓ 2 statements hold in this run"
    assert fold.select_one(".cell_output").get_text().split() == ["✓", "a", "✓", "b"]


def test_picture_stays_and_its_code_is_folded_beneath(article: BeautifulSoup) -> None:
    picture = article.find("img")
    assert picture is not None
    assert picture.find_parent("details") is None
    fold = fold_around(article, "plt")
    assert fold is not None
    assert summary(fold) == "Code of the figure"
    assert picture in fold.find_all_previous("img")
    assert picture.find_parent("div", class_="cell") is fold.parent


@pytest.mark.parametrize(
    ("text", "name"), [("frame", "Code of the table"), ("drawn", "Code of the figure")]
)
def test_folded_code_is_named_by_what_it_shows(
    article: BeautifulSoup, text: str, name: str
) -> None:
    fold = fold_around(article, text)
    assert fold is not None
    assert summary(fold) == name


def test_ordinary_cells_stay_open(article: BeautifulSoup) -> None:
    assert fold_around(article, "line1") is None
    assert fold_around(article, "print(table)") is None


def test_exercise_is_one_box(article: BeautifulSoup) -> None:
    box = article.select_one("#exercise-1")
    assert box is not None
    inside = box.find_all(True, recursive=False)
    assert [part.name for part in inside] == ["p", "p", "details", "div", "div"]
    assert [part["class"][1] for part in inside[3:]] == ["tag_exercise", "tag_solution"]
    hint, solution = box.find_all("details")
    assert (summary(hint), summary(solution)) == ("Hint", "Solution 1")
    assert hint.find("em").get_text() == "as much"
    assert "✓ Right: twice." in solution.get_text()


def test_box_ends_with_the_exercise(article: BeautifulSoup) -> None:
    second = article.select_one("#exercise-2")
    assert second is not None
    assert second.find_parent(id="exercise-1") is None
    assert "A thought." in second.get_text()
    assert "After both." not in second.get_text()


def test_nobody_has_solved_it_is_not_said(article: BeautifulSoup) -> None:
    assert "○" not in article.get_text()
    assert article.select_one("#exercise-1 .tag_exercise .cell_output") is None
    kept = article.select_one("#exercise-2 .tag_exercise .cell_output")
    assert kept is not None
    assert kept.get_text().split() == ["seen", "3"]


def test_text_outputs_wrap_unless_aligned(article: BeautifulSoup) -> None:
    kinds = {
        output.get_text().split()[0]: [c for c in output["class"] if c in ("aligned", "wraps")]
        for output in article.select(".output.stream")
    }
    assert kinds["name"] == ["aligned"]
    assert kinds["One"] == ["wraps"]


def test_reading_time_counts_what_is_visible(article: BeautifulSoup) -> None:
    """4,000 words and a few at 200 a minute, 40 lines and a few at 4: about 31 minutes."""
    line = article.select_one("h1 + p.reading-time")
    assert line is not None
    assert line.get_text() == "About 30 minutes of reading"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["✓ a"], "✓ 1 statement holds in this run"),
        (["✓ a", "", "✓ b"], "✓ 2 statements hold in this run"),
        (["✓ a", "✗ b"], "✗ 1 statement does not hold in this run, 1 holds"),
        (
            ["✓ a", "ClaimFailed: This run does not confirm: b"],
            "✗ 1 statement does not hold in this run, 1 holds",
        ),
        (["✗ a", "✗ b", "✓ c", "✓ d"], "✗ 2 statements do not hold in this run, 2 hold"),
        (
            ["✓ a", "· b (not judged at smoke size)"],
            "✓ 1 statement holds in this run, 1 is not judged",
        ),
        (["· a", "· b"], "· 2 are not judged in this run"),
        (["✓ a", "[1. 2.]", "3"], "✓ 1 statement holds in this run, 2 more lines of output"),
        ([], "Statements that this run did not reach"),
        (["hello"], "Statements that this run did not reach"),
    ],
)
def test_summary_says_no_more_than_is_true(lines: list[str], said: str) -> None:
    assert claims.summary(lines) == said


LONG = "and so on " * 9


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a  1\nb  2", True),
        ("majority    0.521\nfine-tuned  0.867", True),
        ("one      8\nsecond  12", True),  # numbers end at one place
        ("    '↵' → 'P'\n   '↵P' → 'o'", True),
        ("[ 1.    0.5]\n[-0.5  -0. ]", True),
        ("tensor([[1, 2],\n        [3, 4]])", True),
        (f"a  b  {LONG}\nc  d  {LONG}", True),
        ("A sentence.\nAnother sentence.", False),
        ("a  1", False),
        ("    The dog barks.\n    Cats meow loudly.", False),
        ("prompt\n    → an answer\nprompt two\n    → another", False),
        (f"+2.2  {LONG}\n\n-1.2  {LONG}", False),  # a label before prose
        (f"a  1\nb  2\n{LONG}", False),
        ("", False),
    ],
)
def test_aligned(text: str, expected: bool) -> None:
    assert text_outputs.aligned(text) is expected


@pytest.mark.parametrize(("time", "said"), [(0.2, "5"), (12, "10"), (13, "15"), (41, "40")])
def test_reading_time_is_said_to_five_minutes(time: float, said: str) -> None:
    assert reading_time.sentence(time) == f"About {said} minutes of reading"


def test_cost_of_a_run() -> None:
    timing = Timing("a/b", 21.2, 612.0, "2026-11-04", "2 CPU cores (Processor X)")
    said = timings.cost(timing).replace("\N{NO-BREAK SPACE}", " ")
    assert said == "· runs in 21 s, 0.6 GB · 2 CPU cores (Processor X), 4 Nov 2026"
