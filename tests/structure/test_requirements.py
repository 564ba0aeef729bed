"""Versions are pinned once, floors are where we promised them, and both fit together."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tests.structure.imports import everything, third_party
from tests.structure.rules import ROOT
from tests.structure.test_repository import texts, tracked

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
LISTED = [Requirement(text) for text in sum(EXTRAS.values(), PROJECT["dependencies"])]
DIRECT = [needed for needed in LISTED if needed.name != "lmcourse"]  # extras name extras
PYTHONS = ("3.11.0", "3.12.0", "3.13.0")
RUNNER = "lmcourse/runner/"
BROUGHT = {"PIL": "matplotlib", "cycler": "matplotlib", "matplotlib_inline": "ipython"}
UNIMPORTED = {
    "pip": "downloads the data, as a command",
    "ipykernel": "is the kernel that runs a chapter, as a process",
}
CUDA = re.compile(r"(nvidia|cuda|triton)\b")  # pinned by the wheel of torch that brings them


def read_lock() -> list[Requirement]:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf8").splitlines()
    pins = [re.sub(r"\s*#.*", "", line) for line in lines]
    return [Requirement(pin) for pin in pins if pin]


PINS = {canonicalize_name(pin.name): pin for pin in read_lock()}


def test_lock_pins_exact_versions_once():
    assert len(PINS) == len(read_lock())
    for pin in PINS.values():
        assert re.fullmatch(r"==[\w.!]+", str(pin.specifier)), pin


@pytest.mark.parametrize("needed", DIRECT, ids=lambda needed: needed.name)
def test_direct_dependencies_are_pinned_inside_their_bounds(needed):
    if needed.name != "pip":  # pip installs the rest; any version that the floor admits will do
        version = str(PINS[canonicalize_name(needed.name)].specifier).removeprefix("==")
        assert needed.specifier.contains(version, prereleases=True)


def test_everything_that_is_installed_is_pinned_and_everything_pinned_runs_on_all_pythons():
    needed = {"lmcourse": {"book", "test"}}
    done: set[str] = set()
    while waiting := set(needed) - done:
        name = waiting.pop()
        done.add(name)
        distribution = metadata.distribution(name)
        if name not in ("lmcourse", "pip"):
            assert name in PINS, f"{name} is not in requirements.lock: make lock"
            supported = SpecifierSet(distribution.metadata.get("Requires-Python") or "")
            if PINS[name].specifier.contains(distribution.version):
                assert all(supported.contains(python) for python in PYTHONS), name
        for text in distribution.requires or []:
            requirement = Requirement(text)
            extras = needed[name] or {""}
            marker = requirement.marker
            if CUDA.match(requirement.name):
                continue
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
                other = canonicalize_name(requirement.name)
                if not requirement.extras <= needed.setdefault(other, set()):
                    needed[other] |= requirement.extras
                    done.discard(other)  # more of it is needed than was looked at


def test_extras_name_the_runner_once():
    assert "lmcourse[run]" in EXTRAS["book"]
    assert "lmcourse[run]" in EXTRAS["test"]
    names = [canonicalize_name(needed.name) for needed in DIRECT]
    assert sorted(names) == sorted(set(names))


def test_library_and_chapters_import_what_pip_install_brings():
    assert _imported(runner=False) - _names(PROJECT["dependencies"]) == set()


def test_the_runner_imports_what_its_extra_brings():
    brought = _names(PROJECT["dependencies"]) | _names(EXTRAS["run"])
    assert _imported(runner=True) - brought == set()


def test_nothing_is_required_that_nobody_imports():
    unused = _names(PROJECT["dependencies"]) - _imported(runner=False)
    unused |= _names(EXTRAS["run"]) - _imported(runner=True)
    assert unused == set(UNIMPORTED)


@pytest.mark.parametrize(("package", "by"), BROUGHT.items())
def test_what_is_not_listed_comes_with_something_listed(package, by):
    required = {
        canonicalize_name(Requirement(text).name)
        for text in metadata.requires(by) or []
        if "extra ==" not in text
    }
    assert set(map(canonicalize_name, metadata.packages_distributions()[package])) <= required


@pytest.mark.parametrize(("name", "version"), [("torch", "2.11.0"), ("transformers", "5.17.0")])
def test_floors_admit_older_releases(name, version):
    needed = next(needed for needed in DIRECT if needed.name == name)
    assert needed.specifier.contains(version)


def test_python_floor_is_the_same_everywhere():
    assert PROJECT["requires-python"] == ">=3.11"
    assert "(3, 11)" in (ROOT / "Makefile").read_text(encoding="utf8")


def test_conda_takes_the_same_pins_by_reference():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf8"))
    *conda, nested = environment["dependencies"]
    assert nested == {"pip": ["-c requirements.lock", "-e .[book,test]"]}
    assert [entry.partition(" ")[0] for entry in conda] == ["python", "pip"]


def test_versions_are_pinned_nowhere_else():
    """`name==1.2` occurs in the lock alone, apart from the assets' catalogue and its tests."""
    names = {canonicalize_name(needed.name) for needed in DIRECT}
    known = {file.relative_to(ROOT).as_posix() for file in tracked("*.lock", "tests", "lmcourse")}
    for file, text in texts().items():
        if file not in known:
            pinned = re.findall(r"\b([A-Za-z][\w.-]*)\s?={2,3}\s?\d+\.\d", text)
            assert not names & {canonicalize_name(name) for name in pinned}, file


def _names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def _imported(runner: bool) -> set[str]:
    """Distributions that the runner imports, or else the library and the chapters."""
    files = [found for name, found in everything().items() if name.startswith(RUNNER) == runner]
    tops = set().union(*map(third_party, files))
    providers = metadata.packages_distributions()
    unknown = [top for top in tops if top not in providers]
    assert not unknown, f"not installed: {unknown}"
    return {canonicalize_name(name) for top in tops - {*BROUGHT} for name in providers[top]}
