"""Every chapter keeps the rules and is in the book."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import yaml
from lmbook.chapters import all_markdown
from lmbook.glossary_entries import Glossary

from lmcourse.runner import addresses
from tests.structure.rules import ROOT, RULES, Chapter, terms

SOURCES = sorted(ROOT.glob("notebooks/*/[!_]*.py"))
NAMES = [path.relative_to(ROOT / "notebooks").with_suffix("").as_posix() for path in SOURCES]
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
    assert f"git+{addresses.repository()}" in cells.pop()


@every_chapter
def test_terms_are_in_the_glossary(source):
    glossary = Glossary.read(ROOT / "book" / "glossary", all_markdown(ROOT))
    assert [term for term in terms(read(source)) if glossary.find(term) is None] == []
