"""The package stays small, nothing names a machine, commands in the documents exist."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from lmcourse.runner import run
from lmcourse.runner.cli import app
from lmcourse.runner.find import find_chapters
from tests.structure.rules import HOST, MACHINE, ROOT

MODULES = sorted((ROOT / "lmcourse").rglob("*.py"))
SOURCES = [*MODULES, *sorted((ROOT / "book" / "_ext").rglob("*.py"))]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("book/*.md"))]
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def tracked(*patterns: str) -> list[Path]:
    """Files that git tracks or would, as far as they are there."""
    options = ["--cached", "--others", "--exclude-standard", "-z", "--", *patterns]
    listed = subprocess.run(
        ["git", "ls-files", *options], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [file for file in files if file.is_file()]


def texts() -> dict[str, str]:
    """Contents of the text files, by path."""
    found = {}
    for file in tracked():
        raw = file.read_bytes()
        if b"\0" not in raw:
            found[file.relative_to(ROOT).as_posix()] = raw.decode("utf8")
    return found


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_modules_have_300_lines_at_most(file):
    assert len(file.read_text(encoding="utf8").splitlines()) <= 300


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_docstrings_are_of_one_dialect(file):
    assert not list(other_dialects(file.read_text(encoding="utf8")))


@pytest.mark.parametrize(
    "docstring",
    [
        "Asks ``name``.",
        "Asks :func:`name`.",
        "Asks.\n\n    :param name: whom",
        "Asks `name` and `x.",
    ],
)
def test_another_dialect_would_be_found(docstring):
    (found,) = other_dialects(f'def f(name):\n    """{docstring}"""\n')
    assert found.startswith("line 2: ")


def other_dialects(text: str) -> Iterator[str]:
    """Docstrings that are more than plain text with `names` in single backticks."""
    for node in ast.walk(ast.parse(text)):
        docstring = ast.get_docstring(node) if isinstance(node, DOCUMENTED) else None
        if docstring is None:
            continue
        line = node.body[0].lineno
        if found := re.search(r"``|(?<!`):\w+:`|^\s*:(param|returns?|raises)\b", docstring, re.M):
            yield f"line {line}: {found[0]!r}; names stand in single backticks, text is plain"
        elif docstring.count("`") % 2:
            yield f"line {line}: a backtick is not closed"


def test_importing_the_package_is_quick_and_loads_nothing_heavy():
    program = (
        "import time; start = time.perf_counter(); import lmcourse, sys; "
        "print(time.perf_counter() - start, *sys.modules)"
    )
    runs = [subprocess.check_output([sys.executable, "-c", program], text=True) for _ in range(3)]
    seconds, *modules = min(runs, key=lambda text: float(text.split()[0])).split()
    assert float(seconds) < 0.5
    assert not {"torch", "transformers", "datasets", "numpy", "matplotlib"} & {*modules}


def test_no_file_names_a_machine_or_a_package_host():
    found = [
        f"{name}: {match[0]}"
        for name, text in texts().items()
        for pattern in (MACHINE, HOST)
        for match in pattern.finditer(re.sub(r"[a-z]+://\S+\.\S+", _only_host, text))
    ]
    assert not found


@pytest.mark.parametrize(
    "text",
    ["/" + "work/main", "/" + "home/ada/book", "C:" + "\\Users\\ada", "py" + "pi.org/simple"],
)
def test_a_machine_would_be_found(text):
    assert MACHINE.search(text) or HOST.search(text)


@pytest.mark.parametrize("text", ["how/to/work", "https://example.org/work/", "](/work)", "1/2"])
def test_what_is_no_machine_is_left_alone(text):
    assert not MACHINE.search(re.sub(r"[a-z]+://\S+\.\S+", _only_host, text))


def test_documents_name_targets_that_exist():
    rules = (ROOT / "Makefile").read_text(encoding="utf8")
    targets = set(re.findall(r"^([a-z]+):", rules, re.MULTILINE))
    for file in [*DOCUMENTS, ROOT / ".ci" / "run"]:
        text = file.read_text(encoding="utf8")
        named = re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE)
        assert set(named) <= targets, file.name
    assert {"book", "test", "run", "smoke", "serve", "clean"} <= targets


def unknown_commands(text: str) -> Iterator[str]:
    """What a document says of `lmcourse` and its options that the command does not know."""
    commands = typer.main.get_group(app).commands
    codes = re.findall(r"^```.*?^```|`[^`\n]+`", text, re.MULTILINE | re.DOTALL)
    for line in "\n".join(code.strip("`") for code in codes).splitlines():
        for name, arguments in re.findall(r"\blmcourse ([a-z]+\b)([^#;&\n]*)", line):
            if name not in commands:
                yield f"lmcourse {name}"
                continue
            known = {option for parameter in commands[name].params for option in parameter.opts}
            for option in re.findall(r"(?<!\S)--?[a-z][a-z-]*", arguments):
                if option not in known:
                    yield f"lmcourse {name} {option}"


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_documents_name_commands_that_exist(file):
    assert not list(unknown_commands(file.read_text(encoding="utf8")))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("`lmcourse walk part/name`", ["lmcourse walk"]),
        ("`.venv/bin/lmcourse run --slow -j 2`", ["lmcourse run --slow"]),
        ("```bash\nlmcourse seeds a/b --only x  # not --this\n```", ["lmcourse seeds --only"]),
        ("The package lmcourse walks; `lmcourse run x --profile gpu`.", []),
    ],
)
def test_a_command_that_does_not_exist_would_be_found(text, found):
    assert list(unknown_commands(text)) == found


def test_documents_name_files_that_exist():
    for file in DOCUMENTS[:2]:
        named = re.findall(r"`([\w./]+/(?:[\w.]+\.\w+|))`", file.read_text(encoding="utf8"))
        kept = [name for name in named if not name.startswith(("_build/", "results/gpu/"))]
        assert len(kept) > 2
        assert [name for name in kept if not (ROOT / name).exists()] == [], file.name


def test_ci_runs_what_people_run():
    script = ROOT / ".ci" / "run"
    lines = script.read_text(encoding="utf8").splitlines()
    assert "make test" in lines
    assert "set -euo pipefail" in lines
    mode = subprocess.check_output(["git", "ls-files", "-s", ".ci/run"], cwd=ROOT, text=True)
    assert mode.startswith("100755")


@pytest.mark.parametrize("chapter", find_chapters(ROOT), ids=lambda chapter: chapter.name)
def test_no_chapter_is_stale(chapter):
    """A fresh clone builds the book without executing anything."""
    assert run.Plan().stale(chapter) is None


def _only_host(match: re.Match[str]) -> str:
    return match[0].partition("://")[2].partition("/")[0]
