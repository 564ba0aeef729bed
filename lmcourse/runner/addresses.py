"""The book's public addresses.

They are set once, under `[project.urls]` in pyproject.toml. A checkout reads that file, so that
an edit counts at once; an installed wheel reads the same addresses from its metadata.
"""

import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path


@cache
def _urls() -> dict[str, str]:
    """The project's URLs by label, from the checkout if there is one, else from the metadata."""
    pyproject = Path(__file__).resolve().parents[2] / "pyproject.toml"
    if pyproject.is_file():
        project = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("project", {})
        if project.get("name") == "lmcourse":
            return dict(project["urls"])
    entries = metadata.metadata("lmcourse").get_all("Project-URL") or []
    return dict(entry.split(", ", 1) for entry in entries)


def repository() -> str:
    """Address of the source repository, without a trailing slash."""
    return _urls()["Repository"].rstrip("/")


def site() -> str:
    """Address of the published book, without a trailing slash."""
    return _urls()["Homepage"].rstrip("/")


def colab(notebook: str) -> str:
    """Address that opens `notebook` (`"probability/softmax"`) in Google Colab."""
    owner_and_name = "/".join(repository().split("/")[-2:])
    path = f"github/{owner_and_name}/blob/main/notebooks/{notebook}.ipynb"
    return f"https://colab.research.google.com/{path}"
