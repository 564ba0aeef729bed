"""Every chapter keeps the rules, is in the book, and stays inside its budget."""

from __future__ import annotations

import ast
import importlib
import json
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml
from lmbook.chapters import all_markdown
from lmbook.glossary_entries import Glossary

from lmcourse import project
from tests.chapter import functions
from tests.structure.rules import ROOT, RULES, Chapter, formula_tags, terms

SOURCES = sorted(ROOT.glob("notebooks/*/[!_]*.py"))
NAMES = [path.relative_to(ROOT / "notebooks").with_suffix("").as_posix() for path in SOURCES]
LONGER = {"transformer/gpt", "bert/finetune_sentiment"}
every_chapter = pytest.mark.parametrize("source", SOURCES, ids=NAMES)


@cache
def read(source: Path) -> Chapter:
    if not source.with_suffix(".ipynb").is_file():
        pytest.fail(f"{source.stem} has no notebook yet: lmcourse run")
    return Chapter.read(source)


@every_chapter
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_chapter_keeps_the_rule(source, rule):
    assert not list(rule(read(source)))


def test_book_and_folders_hold_the_same_chapters():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))
    files = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    listed = [name.removeprefix("notebooks/") for name in files if name.startswith("notebooks/")]
    notebooks = ROOT.glob("notebooks/*/[!.]*.ipynb")
    stored = [path.relative_to(ROOT / "notebooks").with_suffix("") for path in notebooks]
    assert sorted(listed) == NAMES
    assert sorted(path.as_posix() for path in stored) == NAMES


def test_install_cell_is_the_same_everywhere_and_names_the_repository():
    cells = {read(source).tagged("install")[0].source for source in SOURCES}
    assert len(cells) == 1
    assert f"git+{project.repository()}" in cells.pop()


@every_chapter
def test_formulas_are_contracts(source):
    """Every numbered formula names the function that implements it and the test that proves it."""
    chapter = read(source)
    registry = ROOT / "tests" / "formulas" / f"{chapter.name.replace('/', '.')}.toml"
    entries = tomllib.loads(registry.read_text(encoding="utf8")) if registry.is_file() else {}
    assert sorted(entries) == sorted(formula_tags(chapter))
    for number, entry in entries.items():
        assert set(entry) == {"function", "test"}, f"formula {number}"
        assert callable(_function(entry["function"], chapter.name)), f"formula {number}"
        assert entry["test"] in _tests(entry["test"].partition("::")[0]), f"formula {number}"


def test_every_formula_file_belongs_to_a_chapter():
    files = {path.stem.replace(".", "/") for path in ROOT.glob("tests/formulas/*.toml")}
    assert files <= set(NAMES)


@every_chapter
def test_terms_are_in_the_glossary(source):
    glossary = Glossary.read(ROOT / "book" / "glossary", all_markdown(ROOT))
    assert [term for term in terms(read(source)) if glossary.find(term) is None] == []


@every_chapter
def test_time_and_memory_stay_in_the_budget(source):
    name = source.relative_to(ROOT / "notebooks").with_suffix("").as_posix()
    results = json.loads((ROOT / "results" / "cpu.json").read_text(encoding="utf8"))
    run = results["chapters"][name]
    assert run["seconds"] <= (240 if name in LONGER else 120)
    assert run["peak_mb"] <= 3 * 1024


@every_chapter
def test_exercises_are_tested(source):
    name = source.relative_to(ROOT / "notebooks").with_suffix("").as_posix()
    assert (ROOT / "tests" / "exercises" / f"{name.replace('/', '_')}.py").is_file()


def _function(address: str, chapter: str) -> object:
    if address.startswith("chapter:"):
        return functions(chapter)[address.removeprefix("chapter:")]
    parts = address.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            found = getattr(found, part)
        return found
    raise LookupError(address)


def _tests(path: str) -> set[str]:
    tree = ast.parse(Path(ROOT, path).read_text(encoding="utf8"))
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for group in tree.body:
        if isinstance(group, ast.ClassDef):
            inside = [node for node in group.body if isinstance(node, ast.FunctionDef)]
            found |= {f"{group.name}::{node.name}" for node in inside}
    return {f"{path}::{name}" for name in found}
