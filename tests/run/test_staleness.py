"""When outputs are out of date: what makes a chapter stale, and what leaves it fresh.

On copies of a small tree; nothing is executed.
"""

import json

import nbformat
import pytest

from lmcourse.runner import results, staleness
from lmcourse.runner.find import Chapter, ChapterError
from lmcourse.runner.notebook import dumps, to_notebook
from lmcourse.runner.run import Plan

TREE = {
    "__init__.py": '__version__ = "0.1.0"\n',
    "claims.py": 'def check(x):\n    """Doc."""\n    return x\n',
    "plot.py": "import matplotlib\ndef bars():\n    return matplotlib\ndef heat():\n    return 2\n",
    "data/__init__.py": "",
    "data/catalogue.py": "REVIEWS = 'sha-of-reviews'\nNAMES = 'sha-of-names'\n",
    "data/download.py": "def fetch(asset):\n    return asset\n",
    "data/reviews.py": (
        "from lmcourse.data import download\nfrom lmcourse.data.catalogue import REVIEWS\n"
        "def load():\n    return download.fetch(REVIEWS)\n"
    ),
    "weights/__init__.py": "",
    "weights/gpt.py": "import torch\ndef load():\n    return torch\ndef train():\n    return 1\n",
    "weights/other.py": "def load():\n    return 1\n",
    "exercises/__init__.py": "",
    "exercises/part/__init__.py": "",
    "exercises/part/one.py": "def check():\n    return 1\n",
    "exercises/part/two.py": "def check():\n    return 2\n",
    "runner/__init__.py": "",
    "runner/cli.py": "import lmcourse.claims\n",
}
ONE = (
    "from lmcourse import plot\nfrom lmcourse.claims import check\n"
    "from lmcourse.data.reviews import load\nfrom lmcourse.exercises.part import one",
    "x = load()  # the reviews\nplot.bars()\ncheck(x)\none.check()",
)
TWO = (
    "from lmcourse import plot\nfrom lmcourse.exercises.part import two\n"
    "from lmcourse.weights import gpt",
    "plot.heat(), gpt.load(), two.check()",
)
LOCK = "torch==2.0\nmatplotlib==3.0\nnumpy==2.0\nsphinx==7.0\nmatplotlib-inline==0.1\n"


@pytest.fixture
def tree(book):
    """Two chapters with stored outputs, up to date."""
    for name, text in TREE.items():
        book.module(name, text)
    (book.root / "lmcourse/weights/gpt.safetensors").write_bytes(b"weights")
    (book.root / "lmcourse/weights/gpt.json").write_text("{}")
    (book.root / "lmcourse/weights/other.safetensors").write_bytes(b"other")
    sweep = book.root / "results/sweeps/cpu/part/one.json"
    sweep.parent.mkdir(parents=True)
    sweep.write_text("[]")
    (book.root / "requirements.lock").write_text(LOCK)
    book.write("part/one", *ONE)
    book.write("part/two", *TWO)
    for name in ("part/one", "part/two"):
        store(Chapter(book.root, name))
    return book


def store(chapter, profile="cpu", edit=lambda notebook: None):
    """What a run would leave, with invented outputs."""
    notebook = to_notebook(chapter)
    for count, cell in enumerate((c for c in notebook.cells if c.cell_type == "code"), 1):
        cell.execution_count = count
        cell.outputs = [nbformat.v4.new_output("stream", text=f"{count}\n")]
    data = {
        "records": {},
        "inputs": Plan(profile).inputs(chapter),
        "outputs": staleness.outputs_digest(notebook),
    }
    results.store(chapter, profile, data)
    edit(notebook)
    path = Plan(profile).stored(chapter)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dumps(notebook), "utf8")


def stale(book):
    """The chapters that would run, with the reason."""
    names = ("part/one", "part/two")
    reasons = {name: Plan().stale(Chapter(book.root, name)) for name in names}
    return {name: reason for name, reason in reasons.items() if reason}


def edit(book, path, swap=None):
    """Swap one text in a file for another; without a swap, add a line to it, new or not."""
    file = book.root / path
    text = file.read_text("utf8") if file.exists() else ""
    assert swap is None or swap[0] in text
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text.replace(*swap) if swap else text + "\nADDED = 1\n", "utf8")


def test_nothing_is_stale_at_first(tree):
    assert stale(tree) == {}


@pytest.mark.parametrize(
    ("path", "swap"),
    [
        ("lmcourse/claims.py", ("Doc.", "Other words.")),
        ("lmcourse/claims.py", ("return x", "return x  # a comment")),
        ("lmcourse/plot.py", ("def bars", "\n\n\ndef bars")),
        ("lmcourse/__init__.py", ("0.1.0", "0.2.0")),
        ("notebooks/part/one.py", ("  # the reviews", "")),
        ("notebooks/part/three.py", None),
        ("lmcourse/exercises/part/three.py", None),
        ("lmcourse/runner/cli.py", None),
        ("lmcourse/runner/run.py", None),
        ("lmcourse/data/download.py", ("return asset", "return asset + 1")),
        ("lmcourse/data/names.py", None),
        ("lmcourse/plot.py", None),  # something new beside what is used
        ("lmcourse/weights/gpt.py", ("return 1", "return 2")),  # how they were trained
        ("lmcourse/weights/other.safetensors", ("other", "others")),
        ("requirements.lock", ("sphinx==7.0", "sphinx==8.0")),
        ("README.md", None),
        ("tests/test_one.py", None),
    ],
)
def test_what_cannot_change_an_output_leaves_everything_fresh(tree, path, swap):
    edit(tree, path, swap)
    assert stale(tree) == {}


@pytest.mark.parametrize(
    ("path", "swap", "expected"),
    [
        (
            "lmcourse/plot.py",
            ("return matplotlib", "return matplotlib, 1"),
            {"part/one": "lmcourse.plot.bars changed"},
        ),
        ("lmcourse/plot.py", ("return 2", "return 3"), {"part/two": "lmcourse.plot.heat changed"}),
        (
            "lmcourse/claims.py",
            ("return x", "return not x"),
            {"part/one": "lmcourse.claims.check changed"},
        ),
        (
            "lmcourse/data/catalogue.py",
            ("sha-of-reviews", "another"),
            {"part/one": "lmcourse.data.catalogue.REVIEWS changed"},
        ),
        ("lmcourse/data/catalogue.py", ("sha-of-names", "another"), {}),
        (
            "lmcourse/exercises/part/two.py",
            ("return 2", "return 3"),
            {"part/two": "lmcourse.exercises.part.two.check changed"},
        ),
        (
            "lmcourse/weights/gpt.safetensors",
            ("weights", "others"),
            {"part/two": "lmcourse/weights/gpt.safetensors changed"},
        ),
        (
            "lmcourse/weights/gpt.json",
            ("{}", "[]"),
            {"part/two": "lmcourse/weights/gpt.json changed"},
        ),
        (
            "results/sweeps/cpu/part/one.json",
            ("[]", "{}"),
            {"part/one": "results/sweeps/cpu/part/one.json changed"},
        ),
        (
            "results/sweeps/gpu/part/one.json",
            None,
            {"part/one": "results/sweeps/gpu/part/one.json added"},
        ),
        ("results/sweeps/cpu/part/three.json", None, {}),
        (
            "requirements.lock",
            ("matplotlib==3.0", "matplotlib==3.1"),
            {"part/one": "matplotlib 3.0 → 3.1"},
        ),
        (  # what a package requires
            "requirements.lock",
            ("numpy==2.0", "numpy==2.1"),
            {"part/one": "numpy 2.0 → 2.1"},
        ),
        (
            "requirements.lock",
            ("matplotlib-inline==0.1", "matplotlib-inline==0.2"),
            dict.fromkeys(("part/one", "part/two"), "matplotlib-inline 0.1 → 0.2"),
        ),
        ("requirements.lock", ("torch==2.0\n", ""), {"part/two": "torch removed"}),
        ("notebooks/part/one.py", ("check(x)", "check(not x)"), {"part/one": "code cells changed"}),
        (
            "notebooks/part/one.py",
            ("plot.bars()", "plot.heat()"),
            {
                "part/one": "code cells changed, lmcourse.plot.bars removed, "
                "lmcourse.plot.heat added, and 2 more"  # matplotlib, numpy removed
            },
        ),
    ],
)
def test_a_change_concerns_the_chapters_that_use_it(tree, path, swap, expected):
    edit(tree, path, swap)
    assert stale(tree) == expected


def test_cells_that_are_cut_differently_are_other_cells(tree):
    tree.write("part/one", "\n".join(ONE))
    assert stale(tree) == {"part/one": "code cells changed"}


def test_the_checkouts_line_ends_do_not_count(tree):
    for path in (tree.root / "notebooks/part/one.py", tree.root / "lmcourse/plot.py"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert stale(tree) == {}


def test_profile_and_source_count(tree, monkeypatch):
    chapter = Chapter(tree.root, "part/one")
    assert Plan("gpu").stale(chapter) == "never run"
    store(chapter, "gpu")
    assert Plan("gpu").stale(chapter) is None
    monkeypatch.setenv("LMCOURSE_SOURCE", "hub")
    assert Plan("gpu").stale(chapter) == "source assets → hub"


def test_a_stored_notebook_that_is_not_the_runs(tree):
    chapter = Chapter(tree.root, "part/one")

    def other(notebook):
        notebook.cells[-1].outputs[0].text = "other\n"

    store(chapter, edit=other)
    assert stale(tree) == {"part/one": "the stored outputs are not those of the last run"}
    store(chapter, edit=lambda notebook: notebook.cells.pop())
    assert stale(tree) == {"part/one": "the stored outputs are not those of the last run"}
    for text in ("<<<<<<< HEAD", "[1]", "{}"):
        chapter.notebook.write_text(text)
        assert stale(tree) == {"part/one": "the stored notebook is damaged"}
    chapter.notebook.unlink()
    assert stale(tree) == {"part/one": "never run"}


def test_results_that_cannot_be_read_are_named(tree):
    file = tree.root / "results/cpu/part/one.json"
    file.write_text("{")
    with pytest.raises(ChapterError, match=r"results/cpu/part/one\.json is not a file of results"):
        stale(tree)


def test_new_prose_is_carried_around_the_stored_outputs(tree):
    chapter = Chapter(tree.root, "part/one")
    before = nbformat.read(chapter.notebook, as_version=4)
    kept = json.loads((tree.root / "results/cpu/part/one.json").read_text("utf8"))
    assert not Plan().carry(chapter)
    edit(
        tree,
        "notebooks/part/one.py",
        (
            "# %%\nx = load()  # the reviews",
            '# %% [markdown]\n# New words.\n\n# %% tags=["x"]\nx = load()',
        ),
    )
    assert stale(tree) == {}
    assert Plan().carry(chapter)
    after = nbformat.read(chapter.notebook, as_version=4)
    assert [c.source for c in after.cells if c.cell_type == "markdown"] == ["New words."]
    assert after.cells[-1].metadata.tags == ["x"]
    assert "# the reviews" not in after.cells[-1].source
    outputs = [
        [c.outputs for c in notebook.cells if c.cell_type == "code"] for notebook in (before, after)
    ]
    assert outputs[0] == outputs[1]
    assert stale(tree) == {}
    assert json.loads((tree.root / "results/cpu/part/one.json").read_text("utf8")) == kept
    assert not Plan().carry(chapter)
