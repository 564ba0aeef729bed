"""From py:percent to a notebook and to the text of its file."""

import pytest

from lmcourse.errors import UnknownName
from lmcourse.runner.find import Chapter, ChapterError
from lmcourse.runner.notebook import parameters, to_notebook
from lmcourse.runner.run import Plan


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
