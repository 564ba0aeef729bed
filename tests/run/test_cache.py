"""When outputs are out of date: the cache key, and what it looks at."""

import json

import pytest
from lmcourse.cache import cache_key, digest, modules, stale
from lmcourse.chapters import Chapter, dumps, to_notebook
from nbformat.v4 import new_output

SOURCE = "from lmcourse import claims, nn\nimport lmcourse.data as data\nnn.f()"


@pytest.fixture
def chapter(book):
    book.write("part/tiny", SOURCE)
    book.module("__init__.py", "")
    book.module("claims.py", "from lmcourse import session")
    book.module("session.py", "def f():\n    from . import plot")
    book.module("plot.py", "import numpy")
    book.module("data.py", "from .assets import fetch")
    book.module("assets.py", "")
    book.module("nn/__init__.py", "from lmcourse.nn.attention import f")
    book.module("nn/attention.py", "from ..metrics import g")
    book.module("nn/gpt.py", "")
    book.module("metrics.py", "")
    book.module("cli.py", "import lmcourse.claims")
    return Chapter(book.root, "part/tiny")


USED = {
    "lmcourse/__init__.py", "lmcourse/claims.py", "lmcourse/session.py", "lmcourse/plot.py",
    "lmcourse/data.py", "lmcourse/assets.py", "lmcourse/nn/__init__.py",
    "lmcourse/nn/attention.py", "lmcourse/metrics.py",
}  # fmt: skip


def test_the_modules_of_a_chapter_are_those_it_reaches(chapter):
    files = modules(chapter.text(), chapter.root)
    assert {file.relative_to(chapter.root).as_posix() for file in files} == USED


@pytest.mark.parametrize("changed", [*sorted(USED), "notebooks/part/tiny.py", "requirements.lock"])
def test_the_key_changes_with_everything_the_outputs_depend_on(chapter, changed):
    before = cache_key(chapter, "cpu")
    path = chapter.root / changed
    path.write_text(path.read_text("utf8") + "# changed\n", "utf8")
    assert cache_key(chapter, "cpu") != before


def test_the_key_changes_with_the_profile(chapter):
    assert cache_key(chapter, "cpu") != cache_key(chapter, "gpu")


@pytest.mark.parametrize("changed", ["lmcourse/cli.py", "lmcourse/nn/gpt.py", "README.md"])
def test_the_key_ignores_the_rest(chapter, changed):
    before = cache_key(chapter, "cpu")
    (chapter.root / changed).write_text("changed = 1\n")
    assert cache_key(chapter, "cpu") == before


def test_the_key_does_not_depend_on_the_checkouts_line_ends(chapter):
    before = cache_key(chapter, "cpu")
    for path in [chapter.source, chapter.root / "lmcourse" / "session.py"]:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert cache_key(chapter, "cpu") == before


def test_the_key_changes_with_the_weights_of_an_imported_package(chapter):
    folder = chapter.root / "lmcourse" / "checkpoints"
    folder.mkdir()
    (folder / "__init__.py").touch()
    without = cache_key(chapter, "cpu")
    (folder / "tiny.safetensors").write_bytes(b"1")
    assert cache_key(chapter, "cpu") == without  # nothing that the chapter imports reads them
    (chapter.root / "lmcourse" / "metrics.py").write_text("from lmcourse import checkpoints\n")
    before = cache_key(chapter, "cpu")
    (folder / "tiny.safetensors").write_bytes(b"2")
    assert cache_key(chapter, "cpu") != before


def test_the_key_changes_with_the_source_of_data(chapter, monkeypatch):
    before = cache_key(chapter, "cpu")
    monkeypatch.setenv("LMCOURSE_SOURCE", "hub")
    assert cache_key(chapter, "cpu") != before


def test_a_stored_notebook_is_stale_when_it_is_not_ours(chapter):
    def store(edit=lambda notebook: None):
        notebook = to_notebook(chapter)
        cells = digest(json.loads(dumps(notebook))["cells"])
        notebook.metadata["lmcourse"] = {"cells": cells, "key": cache_key(chapter, "cpu")}
        edit(notebook)
        chapter.notebook.write_text(dumps(notebook), "utf8")
        return stale(chapter, "cpu", chapter.notebook)

    assert stale(chapter, "cpu", chapter.notebook) == "never run"
    assert store() is None
    assert store(lambda notebook: notebook.metadata.pop("lmcourse")) == "changed"
    assert store(lambda notebook: notebook.cells.pop()) == "stored notebook was edited"

    def other_source(notebook):
        notebook.cells[-1].source += "\n"

    def other_output(notebook):
        notebook.cells[-1].outputs = [new_output("stream", text="2")]

    assert store(other_source) == "stored notebook was edited"
    assert store(other_output) == "stored notebook was edited"
    chapter.notebook.write_text(json.dumps([1]))
    assert stale(chapter, "cpu", chapter.notebook) == "stored notebook is damaged"
    chapter.notebook.write_text("<<<<<<< HEAD")
    assert stale(chapter, "cpu", chapter.notebook) == "stored notebook is damaged"
