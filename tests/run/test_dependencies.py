"""Which definitions and packages some code reaches, on a small package of its own."""

import ast

import pytest

from lmcourse.runner.dependencies import Library, Target, fingerprint

MODULES = {
    "__init__.py": '"""Docs."""\n__version__ = "1"\n',
    "plot.py": (
        "import numpy as np\nimport scipy\n"
        "INK = 1\n"
        "def bars(): return np.ones(INK)\n"
        "def heat(): return scipy.pi\n"
    ),
    "models/__init__.py": "",
    "models/ngram.py": (
        "from lmcourse.models import codes\n"
        "class NGram:\n    def fit(self):\n        return codes.encode\n"
        "def unused(): return codes.decode\n"
    ),
    "models/codes.py": (
        "from ..plot import INK as BASE\n"
        "def encode(): return BASE\n"
        "def decode():\n    import torch\n    return torch\n"
    ),
    "loud.py": "import lmcourse.plot\nprint('loading')\nquiet = 1\n",
    "late.py": (
        "def f():\n    from lmcourse import loud\n    from lmcourse.models.codes import decode\n"
    ),
    "types.py": (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from lmcourse.plot import heat\n"
        "def f(x: 'heat'): return x\n"
    ),
    "again.py": "from lmcourse.plot import bars\n",
    "table.py": (
        "from lmcourse import plot\nKINDS = {'bars': plot.bars}\ndef draw(k): return KINDS[k]\n"
    ),
}


@pytest.fixture
def library(book):
    for name, text in MODULES.items():
        book.module(name, text)
    return Library(book.root)


def reached(library, code):
    found = library.reach(ast.parse(code).body)
    names = {
        f"{target.module.removeprefix('lmcourse.')}.{target.member}" for target in found.definitions
    }
    return names, found.packages


@pytest.mark.parametrize(
    ("code", "names", "packages"),
    [
        ("from lmcourse.plot import bars", set(), set()),  # imported, not used
        ("from lmcourse.plot import bars\nbars()", {"plot.bars", "plot.INK"}, {"numpy"}),
        ("from lmcourse import plot\nplot.heat()", {"plot.heat"}, {"scipy"}),
        ("import lmcourse.plot as p\np.INK", {"plot.INK"}, set()),
        ("import lmcourse.plot\nlmcourse.plot.INK", {"plot.INK"}, set()),
        (
            "from lmcourse import plot as p\nf(p)",
            {"plot.bars", "plot.heat", "plot.INK"},
            {"numpy", "scipy"},
        ),
        ("from lmcourse.plot import *", {"plot.bars", "plot.heat", "plot.INK"}, {"numpy", "scipy"}),
        (
            "from lmcourse.models.ngram import NGram\nNGram().fit()",
            {"models.ngram.NGram", "models.codes.encode", "plot.INK"},
            set(),
        ),
        ("from lmcourse.models import codes\ncodes.decode()", {"models.codes.decode"}, {"torch"}),
        ("from lmcourse import loud", {"loud."}, set()),  # what importing it does counts
        ("from lmcourse.late import f\nf()", {"late.f", "loud."}, set()),
        ("from lmcourse.types import f\nf(1)", {"types.f"}, set()),
        ("from lmcourse.again import bars\nbars()", {"plot.bars", "plot.INK"}, {"numpy"}),
        (
            "from lmcourse.table import draw\ndraw(1)",
            {"table.draw", "table.KINDS", "plot.bars", "plot.INK"},
            {"numpy"},
        ),
        ("import pandas as pd\nfrom torch import nn\npd, nn", set(), {"pandas", "torch"}),
        ("def plot(): pass\nplot()", set(), set()),
        ("x.plot.bars()\n'lmcourse.plot.bars'", set(), set()),
    ],
)
def test_what_code_reaches(library, code, names, packages):
    assert reached(library, code) == (names, packages - {"typing"})


def test_a_module_that_is_not_there_is_nobodys(library):
    assert library.module("lmcourse.nowhere") is None
    assert reached(library, "from lmcourse.nowhere import f\nf()") == (set(), set())


def test_opaque_modules_are_not_entered(library, book):
    book.module("data/__init__.py", "")
    book.module("data/download.py", "import pip\ndef fetch(): return pip\n")
    assert reached(library, "from lmcourse.data.download import fetch\nfetch()") == (set(), set())


def same(*texts):
    return len({fingerprint(ast.parse(text).body) for text in texts}) == 1


def test_a_fingerprint_sees_what_runs_and_nothing_else():
    plain = "def f(x):\n    return x + 1\n"
    documented = 'def f(x):  # adds\n    """Adds one."""\n    return (x\n            + 1)\n'
    assert same(plain, documented)
    assert same("class A:\n    x = 1\n", "class A:\n    '''A.'''\n    x = 1  # one\n")
    assert not same(plain, "def f(x):\n    return x + 2\n")
    assert not same(plain, "def f(x=0):\n    return x + 1\n")
    assert not same("x = 1", "x = 1.0")
    assert not same("x = 'a'", "x = b'a'")
    assert not same("@d\ndef f(): pass", "def f(): pass")
    assert not same("f'{x}'", "f'{x!r}'")


def test_a_cell_that_shows_a_string_is_not_a_docstring():
    shown, other = (ast.Interactive(ast.parse(text).body) for text in ("'a'", "'b'"))
    assert fingerprint([shown]) != fingerprint([other])


def test_targets_have_names():
    assert Target("lmcourse.plot").member is None
