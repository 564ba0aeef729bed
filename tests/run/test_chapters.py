"""Finding chapters, the pair of .py and .ipynb, atomic files, results: without a kernel."""

import json
import os
from pathlib import Path

import pytest
from lmcourse.chapters import (
    Chapter,
    ChapterError,
    find_chapters,
    find_root,
    parameters,
    select,
    to_notebook,
    write_atomic,
)
from lmcourse.choices import UnknownName
from lmcourse.run import Plan

from lmcourse import results


def test_chapters_are_found_and_selected(book):
    for name in ("a/one", "a/two", "b/one", "b/_draft"):
        book.write(name, "1")
    chapters = find_chapters(book.root)
    assert [chapter.name for chapter in chapters] == ["a/one", "a/two", "b/one"]
    assert find_root(book.root / "notebooks" / "a") == book.root

    def names(*asked, only=None):
        return [chapter.name for chapter in select(chapters, asked, only)]

    assert names() == ["a/one", "a/two", "b/one"]
    assert names("a") == ["a/one", "a/two"]
    assert names("one") == ["a/one", "b/one"]
    assert names("notebooks/b/one.ipynb", "./notebooks/a/two.py") == ["a/two", "b/one"]
    assert names(only="two") == ["a/two"]
    assert names(only="*/o*") == ["a/one", "b/one"]
    with pytest.raises(UnknownName, match="did you mean 'a/two'\\? The choices are a/one, a/two"):
        names("a/twoo")
    with pytest.raises(UnknownName, match="pattern 'three'"):
        names(only="three")


def test_a_folder_that_is_not_the_book(tmp_path):
    with pytest.raises(ChapterError, match="not inside a clone"):
        find_root(tmp_path)


def test_ids_come_from_the_sources(book):
    book.write("a/one", "x = 1", "y = 2", "x = 1")
    chapter = Chapter(book.root, "a/one")
    before = [cell.id for cell in to_notebook(chapter).cells]
    assert len(set(before)) == len(before)
    book.write("a/one", "x = 1", "new = 3", "y = 2", "x = 1")
    after = [cell.id for cell in to_notebook(chapter).cells]
    assert [name for name in after if name in before] == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# %%\nx = (\n", "line 2 is not valid Python"),
        ("# ---\n# jupyter: [\n# ---\n\n# %%\n1\n", "header that is not valid YAML"),
        ("# ---\n# jupyter:\n#   jupytext: 3\n# ---\n\n# %%\n1\n", "cannot be read as py:percent"),
        ("# %% tags=[\n1\n", r"options cannot be read: tags=\["),
        (b"# %%\nx = '\xff'\n", "not UTF-8"),
        ("# %%\n\0\n", "not valid Python"),
    ],
)
def test_a_chapter_that_cannot_be_read_says_so_in_one_sentence(book, text, words):
    path = book.write("a/one")
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ChapterError, match=words) as raised:
        to_notebook(Chapter(book.root, "a/one"))
    assert "\n" not in str(raised.value)


def test_parameters_are_the_literals_of_their_cell(book):
    cell = '# %% tags=["parameters"]\nPROFILE = "cpu"\nRATE = -1e-3\n'
    book.write("a/one", "x = 1", parameters=cell)
    chapter = Chapter(book.root, "a/one")
    assert parameters(to_notebook(chapter)) == {"PROFILE": "cpu", "RATE": -1e-3}
    assert Plan("cpu").task(chapter).parameters == {}
    assert Plan("gpu", {"RATE": 1}).task(chapter).parameters == {"PROFILE": "gpu", "RATE": 1}
    with pytest.raises(UnknownName, match="'RATTE': did you mean 'RATE'"):
        Plan("cpu", {"RATTE": 1}).task(chapter)
    book.write("a/one", parameters=cell.replace("-1e-3", "1 + x"))
    with pytest.raises(ChapterError, match="RATE is not a literal"):
        Plan("cpu").task(chapter)


def test_writing_is_all_or_nothing(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomic(path, "old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def _entry(**records):
    return {"seconds": 1.0, "peak_mb": 2, "date": "2026-01-01", "records": records}


def test_results_keep_the_other_chapters(book, monkeypatch):
    for name in ("a/one", "a/two"):
        book.write(name)
    results.update(book.root, "cpu", "a/one", _entry(x={"value": 1.0}))
    results.update(book.root, "cpu", "a/gone", _entry(z={"value": 1.0}))
    old = results.environment("cpu")
    monkeypatch.setattr(results, "environment", lambda profile: {**old, "torch": "9.9"})
    results.update(book.root, "cpu", "a/two", _entry(y={"value": 2.0}))
    text = (book.root / "results" / "cpu.json").read_text("utf8")
    data = json.loads(text)
    assert text == json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert set(data["chapters"]) == {"a/one", "a/two"}
    assert data["environment"]["torch"] == "9.9"
    assert data["chapters"]["a/one"]["environment"] == old
    assert "environment" not in data["chapters"]["a/two"]
    with pytest.raises(ChapterError, match="'x' is already recorded in a/one"):
        results.update(book.root, "cpu", "a/two", _entry(x={"value": 1.0}))
    with pytest.raises(ChapterError, match="not finite"):
        results.update(book.root, "cpu", "a/two", _entry(y={"value": float("nan")}))
    assert (book.root / "results" / "cpu.json").read_text("utf8") == text
    Path(book.root, "results", "cpu.json").write_text("{")
    with pytest.raises(ChapterError, match=r"cpu\.json is not valid JSON"):
        results.read(book.root, "cpu")


@pytest.mark.parametrize(
    ("profile", "forced", "name"),
    [("gpu", "", "Big GPU"), ("gpu", "cpu", "My CPU"), ("cpu", "", "My CPU")],
)
def test_the_device_has_its_name(monkeypatch, profile, forced, name):
    monkeypatch.setenv("LMCOURSE_DEVICE", forced)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.get_device_name", lambda: "Big GPU")
    monkeypatch.setattr(results, "_processor", lambda: "My CPU")
    assert results.device(profile) == name
