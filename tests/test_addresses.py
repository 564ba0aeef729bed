"""The public addresses are set in pyproject.toml; every other file follows."""

from __future__ import annotations

import re

import yaml

from lmcourse.runner import addresses
from tests.structure.rules import ROOT
from tests.structure.test_repository import texts

NAME = addresses.repository().rpartition("/")[2]
SITE = re.compile(rf"https://[\w.-]+/{NAME}\b|https://[\w-]+\.github\.io/[\w-]+")
REPOSITORY = re.compile(rf"https://github\.com/[\w-]+/{NAME}\b|github/[\w-]+/{NAME}\b")


def test_addresses_follow_pyproject():
    """To move the book, edit [addresses.urls] and replace the old addresses in these files."""
    owner = "/".join(addresses.repository().split("/")[-2:])
    wrong = {
        f"{file}: {found}"
        for file, text in texts().items()
        if not file.startswith("tests/")
        for pattern in (SITE, REPOSITORY)
        for found in pattern.findall(text)
        if found != addresses.site() and not found.endswith(f"/{owner}")
    }
    assert not wrong


def test_citation_has_the_addresses_and_the_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf8"))
    import lmcourse

    assert citation["repository-code"] == addresses.repository()
    assert citation["url"] == addresses.site()
    assert citation["version"] == lmcourse.__version__


def test_readme_links_to_the_site_and_to_colab():
    readme = (ROOT / "README.md").read_text(encoding="utf8")
    assert addresses.site() in readme
    assert addresses.colab("probability/softmax") in readme
