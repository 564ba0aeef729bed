"""Finding and choosing chapters."""

import pytest

from lmcourse.errors import UnknownName
from lmcourse.runner.find import ChapterError, find_chapters, find_root, select


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
