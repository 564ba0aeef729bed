"""Every numbered formula names, on a test that proves it, the function that implements it.

`@pytest.mark.formula(2, "chapter:logsumexp")` stands on a test in
tests/chapters/<part>/<name>/test_formulas.py: the number of the chapter's \\tag, and a function of
the chapter or of lmcourse, as "lmcourse.evaluation.metrics.bits_per_char". Several tests may prove
one formula.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chapter import CHAPTERS, FOLDERS, functions, missing, source

TAG = re.compile(r"^#.*\\tag\{([^}]*)\}", re.MULTILINE)
Marker = tuple[str, str, ast.FunctionDef]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_formula_has_a_function_and_a_test(chapter):
    tests = FOLDERS / chapter / "test_formulas.py"
    assert tests.is_file(), missing(tests)
    assert [*complaints(chapter, source(chapter), tests.read_text(encoding="utf8"))] == []


def test_every_folder_belongs_to_a_chapter():
    assert strangers(FOLDERS, CHAPTERS) == []


def strangers(folders: Path, chapters: list[str]) -> list[str]:
    """Folders with tests of a chapter that is not there."""
    found = {path.parent.relative_to(folders).as_posix() for path in folders.glob("*/*/*.py")}
    return [
        f"tests/chapters/{name} belongs to no chapter: rename it as the chapter, or remove it"
        for name in sorted(found - {*chapters})
    ]


def complaints(chapter: str, text: str, tests: str) -> Iterator[str]:
    """What is wrong with the markers in `tests`, given the text of the chapter."""
    file = f"tests/chapters/{chapter}/test_formulas.py"
    markers = [*_markers(ast.parse(tests))]
    numbered, proved = TAG.findall(text), [number for number, _, _ in markers]
    for number in sorted({*numbered} - {*proved}):
        yield f"{file}: no test is marked @pytest.mark.formula({number}, …)"
    for number in sorted({*proved} - {*numbered}):
        yield f"{file}: a test proves formula {number}, which the chapter does not have"
    for number, address, test in markers:
        name = re.split(r"[.:]", address)[-1]
        if not test.name.startswith("test_"):
            yield f"{file}: {test.name} has the marker of formula {number} and is no test"
        elif not callable(_function(address, chapter)):
            yield f"{file}: formula {number} names {address}, which is not there"
        elif not re.search(rf"\b{re.escape(name)}\b", ast.unparse(test.body)):
            yield f"{file}: {test.name} never calls {name}, which formula {number} names"


def _markers(tree: ast.Module) -> Iterator[Marker]:
    """Number, function and test of each marker, read without running anything."""
    for node in ast.walk(tree):
        for mark in node.decorator_list if isinstance(node, ast.FunctionDef) else []:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.formula":
                number, function = (ast.literal_eval(value) for value in mark.args)
                yield str(number), function, node


def _function(address: str, chapter: str) -> object:
    if address.startswith("chapter:"):
        return functions(chapter).get(address.removeprefix("chapter:"))
    module, _, name = address.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError:
        return None


CHAPTER = "# $$p = e^z \\tag{1}$$\n"
PROOF = '@pytest.mark.formula({}, "{}")\ndef test_it():\n    softmax(1)\n'
SOFTMAX = PROOF.format(1, "chapter:softmax")
CLASS = "class TestAll:\n    " + SOFTMAX.replace("\n", "\n    ").rstrip()


@pytest.mark.parametrize(
    ("text", "tests", "complaint"),
    [
        (CHAPTER, "", r"no test is marked @pytest\.mark\.formula\(1, …\)"),
        ("", SOFTMAX, "proves formula 1, which the chapter does not have"),
        (CHAPTER, SOFTMAX.replace("test_it", "it"), "it has the marker of formula 1 and is no"),
        (CHAPTER, PROOF.format(1, "chapter:softmx"), "softmx, which is not there"),
        (CHAPTER, PROOF.format(1, "lmcourse.training.loop.fti"), "fti, which is not there"),
        (CHAPTER, PROOF.format(1, "lmcourse.trane.fit"), "trane.fit, which is not there"),
        (CHAPTER, PROOF.format(1, "chapter:logsumexp"), "test_it never calls logsumexp"),
    ],
)
def test_a_formula_without_proof_is_found(text, tests, complaint):
    (found,) = complaints("probability/softmax", text, tests)
    assert re.search(complaint, found)


@pytest.mark.parametrize("tests", [SOFTMAX, 2 * SOFTMAX, CLASS], ids=["one", "two", "in a class"])
def test_a_proved_formula_is_seen(tests):
    assert [*complaints("probability/softmax", CHAPTER, tests)] == []


def test_a_folder_without_a_chapter_is_found(tmp_path):
    for name in ("part/here", "part/gone"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "mistakes.py").touch()
    (found,) = strangers(tmp_path, ["part/here", "part/new"])
    assert found.startswith("tests/chapters/part/gone belongs to no chapter")


def test_a_missing_file_is_named_with_its_remedy():
    sentence = missing(FOLDERS / "part/name" / "test_formulas.py")
    assert "tests/chapters/part/name/test_formulas.py is missing" in sentence
    assert "lmcourse new" in sentence
