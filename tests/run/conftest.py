"""Tiny books in a temporary folder, run with real kernels."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PARAMETERS = '# %% tags=["parameters"]\nPROFILE = "cpu"\nSEED = 0\n'


class Book:
    """A clone of the book in miniature: its configuration, a lock file and the given chapters."""

    def __init__(self, root):
        self.root = root
        (root / "notebooks").mkdir()
        (root / "pyproject.toml").write_text((REPOSITORY / "pyproject.toml").read_text("utf8"))
        (root / "requirements.lock").write_text("numpy==2.0\n")

    def write(self, name, *cells, parameters=PARAMETERS):
        path = self.root / "notebooks" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        body = [f"# %%\n{cell}\n" for cell in cells]
        path.write_text("\n".join([HEADER, parameters, *body]), "utf8")
        return path

    def module(self, name, text):
        path = self.root / "lmcourse" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def stored(self, name):
        return self.root / "notebooks" / f"{name}.ipynb"

    def command(self, *arguments, **variables):
        """How a test starts ``lmcourse`` here, as arguments of subprocess.Popen."""
        environment = {**os.environ, "COLUMNS": "200", "OMP_NUM_THREADS": "1", **variables}
        return {
            "args": [sys.executable, "-m", "lmcourse.runner", *arguments],
            "cwd": self.root, "env": environment, "text": True, "encoding": "utf8",
            "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
        }  # fmt: skip

    def lmcourse(self, *arguments, **variables):
        return subprocess.run(**self.command(*arguments, **variables), timeout=120)


HEADER = """\
# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---
"""


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)
