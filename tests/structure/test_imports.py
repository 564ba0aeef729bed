"""The package imports downwards only, chapters import the library only, nothing goes in circles."""

from __future__ import annotations

import pytest

from tests.structure.imports import INSIDE, complaints, cycle, everything, read
from tests.structure.rules import ROOT

CHAPTER = "notebooks/ngrams/bigram_counts.py"


@pytest.mark.parametrize("file", everything())
def test_imports_follow_the_table(file):
    assert not complaints(everything()[file])


def test_nothing_is_imported_in_a_circle():
    assert cycle(everything()) is None


def test_every_exception_is_used():
    used = {(found.file, found.module) for file in everything().values() for found in file}
    assert set(INSIDE) <= used


def test_what_is_not_the_runner_does_not_need_it():
    """Read another way: the word does not occur in the code of the library."""
    library = [file for file in everything() if "lmcourse/runner" not in file]
    assert not [file for file in library if "lmcourse.runner" in (ROOT / file).read_text("utf8")]


WRONG = [
    (CHAPTER, "from lmcourse.runner import results", "readers do not have it"),
    (CHAPTER, "import lmcourse.runner.find", "readers do not have it"),
    (CHAPTER, "def f():\n    from lmcourse import runner", "readers do not have it"),
    (CHAPTER, "from lmcourse.exercises.probability import softmax", "another chapter's: import"),
    (CHAPTER, "from lmcourse.exercises.ngrams import bigram_network", "another chapter's"),
    ("lmcourse/text/batches.py", "from lmcourse.data import reviews", "not below it: pass"),
    ("lmcourse/text/batches.py", "from ..data import reviews", "not below it"),
    ("lmcourse/text/batches.py", "import lmcourse.models.gpt", "not below it"),
    ("lmcourse/claims.py", "if TYPE_CHECKING:\n    from lmcourse import records", "not below it"),
    ("lmcourse/weights/stored.py", "from lmcourse.runner import find", "not below it"),
    ("lmcourse/training/loop.py", "from lmcourse.tricks import trick", "tricks has no place"),
    ("lmcourse/tricks.py", "from lmcourse import errors", "tricks has no place"),
    ("lmcourse/models/gpt.py", "def f():\n    import json", "json is imported inside a function"),
    ("lmcourse/models/gpt.py", "def f():\n    from lmcourse import errors", "to the file's top"),
    (
        "lmcourse/models/gpt.py",
        "class A:\n    def f(self):\n        import csv",
        "to the file's top",
    ),
]


@pytest.mark.parametrize(("file", "text", "what"), WRONG)
def test_a_wrong_import_is_found(file, text, what):
    (complaint,) = complaints(read(file, text))
    assert complaint.startswith(f"{file}, line {text.count(chr(10)) + 1}: ")
    assert what in complaint


RIGHT = [
    (CHAPTER, "from lmcourse.exercises.ngrams import bigram_counts as exercises"),
    (CHAPTER, "from lmcourse import plot, session\nimport numpy as np"),
    ("lmcourse/data/reviews.py", "from lmcourse.data import download\nfrom lmcourse import errors"),
    ("lmcourse/data/reviews.py", "import lmcourse"),
    ("lmcourse/models/gpt.py", "def f():\n    import torch.nn"),
    ("lmcourse/runner/run.py", "from lmcourse.exercises import checking"),
]


@pytest.mark.parametrize(("file", "text"), RIGHT)
def test_a_right_import_is_left_alone(file, text):
    assert not complaints(read(file, text))


@pytest.mark.parametrize(
    "back",
    [
        "from lmcourse.models.attention import heads",
        "def f():\n    from lmcourse.models import attention",
        "if TYPE_CHECKING:\n    import lmcourse.models.attention",
    ],
)
def test_a_circle_is_found(back):
    files = {
        "lmcourse/models/attention.py": "from lmcourse.models import gpt",
        "lmcourse/models/gpt.py": back,
    }
    circle = cycle({file: read(file, text) for file, text in files.items()})
    assert circle is not None
    assert "lmcourse.models.gpt imports lmcourse.models.attention" in circle
    assert circle.endswith("move what they share into a module below them")
