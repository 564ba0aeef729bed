"""Whoever knows a module's name knows where its tests stand, and the other way round."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.structure.rules import ROOT

ELSEWHERE = {"runner", "exercises"}  # tests/run, tests/chapters; checking.py is of the library
OF_NO_MODULE = {"benchmarks", "benchmark_imdb"}  # what benchmarks/ holds


def complaints(root: Path) -> list[str]:
    """Modules of the library without a file in tests/unit, and files there without a module."""
    files = [path.relative_to(root / "lmcourse") for path in root.glob("lmcourse/**/*.py")]
    modules = Counter(
        path.stem
        for path in files
        if path.stem != "__init__" and (path.parts[0] not in ELSEWHERE or path.stem == "checking")
    )
    tests = {path.stem.removeprefix("test_") for path in root.glob("tests/unit/test_*.py")}
    found = [
        f"{name}: {n} modules have this name; rename one" for name, n in modules.items() if n > 1
    ]
    found += [f"tests/unit/test_{name}.py is missing" for name in modules.keys() - tests]
    alone = tests - modules.keys() - OF_NO_MODULE
    found += [f"tests/unit/test_{name}.py: no module is called {name}" for name in alone]
    return sorted(found)


def test_every_module_has_a_file_of_tests_and_every_file_a_module():
    assert complaints(ROOT) == []


@pytest.mark.parametrize(
    ("file", "complaint"),
    [
        ("lmcourse/text/words.py", "tests/unit/test_words.py is missing"),
        ("lmcourse/text/loop.py", "loop: 2 modules have this name; rename one"),
        ("tests/unit/test_words.py", "tests/unit/test_words.py: no module is called words"),
        ("lmcourse/runner/words.py", None),
        ("lmcourse/exercises/part/words.py", None),
    ],
)
def test_a_file_in_the_wrong_place_would_be_found(tmp_path, file, complaint):
    for name in ("lmcourse/training/loop.py", "tests/unit/test_loop.py", file):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert complaints(tmp_path) == ([complaint] if complaint else [])
