"""`lmcourse new`: after one run the chapter passes its tests; a refusal or fault leaves nothing."""

import re
import shutil
import subprocess
import sys

import pytest
import yaml
from lmbook.glossary_entries import Glossary

from lmcourse.errors import UnknownName
from lmcourse.runner import skeleton
from lmcourse.runner.contents import with_chapter
from lmcourse.runner.find import ChapterError
from tests.run.conftest import REPOSITORY
from tests.structure import rules

WRITTEN = [
    "notebooks/part/first_steps.py",
    "lmcourse/exercises/part/__init__.py",
    "lmcourse/exercises/part/first_steps.py",
    "tests/chapters/part/first_steps/test_formulas.py",
    "tests/chapters/part/first_steps/mistakes.py",
    "book/glossary/part/first_steps.toml",
    "_toc.yml",
]


@pytest.fixture
def tree(book):
    """A clone with the package, the tests of chapters and the contents, and no chapter."""
    hidden = shutil.ignore_patterns("__pycache__", "*.safetensors")
    shutil.copytree(REPOSITORY / "lmcourse", book.root / "lmcourse", ignore=hidden)
    (book.root / "tests" / "chapters").mkdir(parents=True)
    names = ["chapter.py", "chapters/test_every_exercise.py"]
    for name in [*names, "chapters/test_every_formula_is_proved.py"]:
        shutil.copy(REPOSITORY / "tests" / name, book.root / "tests" / name)
    shutil.copy(REPOSITORY / "_toc.yml", book.root)
    return book


def state(root):
    """Every path under `root`, with the content of the files."""
    paths = [path for path in root.rglob("*") if "__pycache__" not in path.parts]
    return {path: path.is_file() and path.read_bytes() for path in paths}


def tool(tree, *arguments):
    command = [sys.executable, "-m", *arguments]
    environment = tree.command(PYTHONPATH=str(tree.root))["env"]
    done = subprocess.run(command, cwd=tree.root, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_a_new_chapter_runs_and_passes_its_tests(tree):
    done = tree.lmcourse("new", "part/first_steps", PYTHONPATH=str(tree.root))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[:-1] == WRITTEN
    done = tree.lmcourse("run", "first_steps", PYTHONPATH=str(tree.root))
    assert done.returncode == 0, done.stdout + done.stderr

    source = tree.root / WRITTEN[0]
    assert rules.complaints(rules.Chapter.read(source)) == []
    code, said = tool(
        tree,
        "pytest",
        "-v",
        "-p",
        "no:cacheprovider",
        "tests/chapters",
        "-k",
        "first_steps or shares",
    )
    assert code == 0, said
    for test in (
        "judged_as_it_should_be[part/first_steps]",
        "a_test[part/first_steps]",
        "[counts0]",
    ):
        assert re.search(rf"{re.escape(test)} PASSED", said), said
    code, said = tool(
        tree, "ruff", "check", "lmcourse/exercises", "tests/chapters/part", "notebooks"
    )
    assert code == 0, said
    code, said = tool(tree, "ruff", "format", "--check", *WRITTEN[1:5])
    assert code == 0, said
    assert Glossary.read(tree.root / "book" / "glossary", {"part/first_steps": ""}).entries == ()


def test_a_chapter_without_a_file_of_its_tests_is_found(tree):
    skeleton.new(tree.root, "part/first_steps")
    lost = WRITTEN[3:5]
    for name in lost:
        (tree.root / name).unlink()
    code, said = tool(tree, "pytest", "-p", "no:cacheprovider", "tests/chapters", "-k", "part")
    assert code == 1
    for name in lost:
        assert f"{name} is missing; `lmcourse new` writes it" in said


def test_a_second_chapter_joins_its_part(tree):
    for name in ("part/first_steps", "part/second"):
        skeleton.new(tree.root, name)
    toc = yaml.safe_load((tree.root / "_toc.yml").read_text(encoding="utf8"))
    (part,) = [part for part in toc["parts"] if part["caption"] == "Part"]
    files = [f"notebooks/part/{name}" for name in ("first_steps", "second")]
    assert [entry["file"] for entry in part["chapters"]] == files
    assert [part["caption"] for part in toc["parts"]][-2:] == ["Part", "Reference"]


def test_the_install_cell_is_that_of_the_other_chapters(tree):
    def cell(root, name):
        text = (root / "notebooks" / f"{name}.py").read_text(encoding="utf8")
        return text.partition('# %% tags=["install"]')[2].partition("# %%")[0]

    skeleton.new(tree.root, "part/name")
    assert cell(tree.root, "part/name") == cell(REPOSITORY, "probability/softmax")


@pytest.mark.parametrize("name", ["part/name", f"part_{'x' * 20}/name_{'y' * 19}"])
def test_lines_have_at_most_80_columns(tree, name):
    source, *_ = skeleton.new(tree.root, name)
    lines = source.read_text(encoding="utf8").splitlines()
    assert [line for line in lines if len(line) > 80 and not line.startswith("# %%")] == []
    assert tool(tree, "ruff", "check", "notebooks")[0] == 0


@pytest.mark.parametrize(
    "taken",
    [*WRITTEN[:1], "notebooks/part/first_steps.ipynb", *WRITTEN[2:6], "lmcourse/exercises/part.py"],
)
def test_a_file_that_exists_is_named_and_nothing_is_written(tree, taken):
    path = tree.root / taken
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    before = state(tree.root)
    with pytest.raises(ChapterError, match=f"^{re.escape(taken)} exists; choose another name.$"):
        skeleton.new(tree.root, "part/first_steps")
    assert state(tree.root) == before


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Part/name", "is not of the form part/name"),
        ("part", "is not of the form part/name"),
        ("part/name/more", "is not of the form part/name"),
        ("part/../name", "is not of the form part/name"),
        ("part/2_names", "each beginning with a letter"),
        ("part/name\n", "is not of the form part/name"),
        ("part/class", "'class' is a keyword of Python; choose another name"),
        ("import/name", "'import' is a keyword of Python; choose another name"),
        ("part/" + 46 * "x", "more than 50 characters; choose a shorter one"),
    ],
)
def test_a_malformed_name_is_refused(tree, name, sentence):
    before = state(tree.root)
    with pytest.raises(UnknownName, match=sentence):
        skeleton.new(tree.root, name)
    assert state(tree.root) == before


@pytest.mark.parametrize("existing", [[], ["part/other"]], ids=["new part", "old part"])
@pytest.mark.parametrize("last", WRITTEN[2:])
def test_a_fault_half_way_leaves_all_as_it_was(tree, monkeypatch, existing, last):
    for name in existing:
        skeleton.new(tree.root, name)
    before = state(tree.root)
    replace_text = skeleton.replace_text

    def full(path, text):
        if path == tree.root / last:
            path.parent.mkdir(parents=True, exist_ok=True)
            raise OSError(28, "No space left on device", str(path))
        replace_text(path, text)

    monkeypatch.setattr(skeleton, "replace_text", full)
    with pytest.raises(OSError, match="No space left"):
        skeleton.new(tree.root, "part/first_steps")
    assert state(tree.root) == before


TOC = """\
# the order of the book
format: jb-book
parts:
- caption: Start  # first
  chapters:
  - file: book/how_to_use
- caption: Old part
  chapters:
  - file: notebooks/old/one  # keep
    title: One
  # a remark
- caption: Last part
  chapters:
  - file: notebooks/last/one
- caption: Reference
  chapters:
  - file: book/results
"""


@pytest.mark.parametrize(
    ("part", "line", "added"),
    [
        ("old", "    title: One\n", "  - file: notebooks/old/two\n"),
        (
            "new_part",
            "  - file: notebooks/last/one\n",
            "- caption: New part\n  chapters:\n  - file: notebooks/new_part/two\n",
        ),
    ],
)
def test_the_other_lines_of_the_contents_stay(tmp_path, part, line, added):
    (tmp_path / "_toc.yml").write_text(TOC)
    assert with_chapter(tmp_path / "_toc.yml", part, "two") == TOC.replace(line, line + added)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "_toc.yml is missing; restore it"),
        ("parts:\n", "_toc.yml has no line `- file: notebooks/…`; restore it"),
        ("chapters:\n- file: notebooks/old/one\n", "_toc.yml has no line `- caption: …`; restore"),
        (TOC.replace("old/one", "part/two"), "_toc.yml lists notebooks/part/two; remove the line"),
    ],
)
def test_contents_that_cannot_take_the_chapter(tmp_path, text, sentence):
    if text is not None:
        (tmp_path / "_toc.yml").write_text(text)
    with pytest.raises(ChapterError, match=f"^{re.escape(sentence)}"):
        with_chapter(tmp_path / "_toc.yml", "part", "two")
