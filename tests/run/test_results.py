"""What runs leave behind: one file a chapter and profile, read with care, written whole."""

import json

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from lmcourse.runner import results
from lmcourse.runner.find import Chapter, ChapterError


@pytest.fixture
def chapters(book):
    for name in ("a/one", "a/two"):
        book.write(name)
    return Chapter(book.root, "a/one"), Chapter(book.root, "a/two")


def entry(**records):
    return {"seconds": 1.0, "records": records, "inputs": {}, "outputs": "0"}


def test_each_chapter_and_profile_has_a_file_of_its_own(chapters):
    one, two = chapters
    results.store(one, "cpu", entry(x={"value": 1.0}))
    before = results.path(one, "cpu").read_text("utf8")
    results.store(two, "cpu", entry(y={"value": 2.0}))
    results.store(one, "gpu", entry(x={"value": 3.0}))
    assert results.path(one, "cpu").read_text("utf8") == before
    files = sorted(
        file.relative_to(one.root).as_posix() for file in one.root.glob("results/**/*.*")
    )
    assert files == [
        "results/cpu/a/one.json",
        "results/cpu/a/two.json",
        "results/gpu/a/one.json",
    ]
    data = json.loads(before)
    assert before == json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert data == {"chapter": "a/one", "profile": "cpu", **entry(x={"value": 1.0})}
    assert results.read(one, "cpu") == data
    assert results.read(two, "gpu") is None


def test_two_chapters_cannot_record_one_name(chapters):
    one, two = chapters
    results.store(one, "cpu", entry(x={"value": 1.0}))
    with pytest.raises(ChapterError, match="'x' is already recorded in a/one"):
        results.store(two, "cpu", entry(x={"value": 1.0}))
    assert not results.path(two, "cpu").exists()
    results.store(one, "cpu", entry(x={"value": 2.0}))  # its own name it may keep
    results.store(two, "gpu", entry(x={"value": 1.0}))  # as in another profile


def test_one_notebook_cannot_record_one_name_twice():
    output = new_output("display_data", metadata={"lmcourse": {"name": "x", "value": 1.0}})
    once = new_notebook(cells=[new_code_cell(outputs=[output])])
    assert results.collect(once) == {"x": {"value": 1.0}}
    twice = new_notebook(cells=[new_code_cell(outputs=[output]), new_code_cell(outputs=[output])])
    with pytest.raises(ChapterError, match="'x' is recorded twice"):
        results.collect(twice)


def test_what_is_not_finite_is_not_written(chapters):
    one, _ = chapters
    with pytest.raises(ChapterError, match="not finite"):
        results.store(one, "cpu", entry(x={"value": float("nan")}))
    assert not results.path(one, "cpu").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not a file of results"),
        ("[1]", "is not a file of results"),
        ('{"records": {}}', "is not a file of results"),
        ('{"chapter": "a/one", "profile": "cpu", "records": {}}', "is not a file of results"),
        (json.dumps({"chapter": "a/two", "profile": "cpu", **entry()}), "is of a/two, profile cpu"),
        (json.dumps({"chapter": "a/one", "profile": "gpu", **entry()}), "is of a/one, profile gpu"),
    ],
)
def test_a_file_that_is_not_this_chapters_is_named_with_the_remedy(chapters, text, words):
    one, two = chapters
    file = results.path(one, "cpu")
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with pytest.raises(ChapterError, match=f"^results/cpu/a/one.json {words}") as raised:
        results.read(one, "cpu")
    assert "restore it, or delete it and `lmcourse run a/one --profile cpu`" in str(raised.value)
    with pytest.raises(ChapterError, match=words):
        results.store(two, "cpu", entry())
    assert not results.path(two, "cpu").exists()


def test_profiles_whose_numbers_are_not_kept_leave_no_results(chapters):
    one, _ = chapters
    results.store(one, "smoke", entry())
    assert results.path(one, "smoke").relative_to(one.root).parts[0] == "_build"
