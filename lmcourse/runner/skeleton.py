"""`lmcourse new`: a chapter that runs and passes the structure tests before it says anything."""

from __future__ import annotations

import re
from pathlib import Path

from lmcourse.errors import UnknownName
from lmcourse.files import replace_text
from lmcourse.runner import addresses
from lmcourse.runner.find import ChapterError

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*/[a-z][a-z0-9]*(_[a-z0-9]+)*")
EXERCISES = 3
ALT = "Three horizontal bars that get shorter from top to bottom: the first word leads."


def new(root: Path, name: str) -> list[Path]:
    """Write the chapter, its exercise checkers and wrong answers for them; return the files.

    Raises:
        UnknownName: `name` is not part/name in lower case.
        ChapterError: one of the files exists.
    """
    if not NAME.fullmatch(name):
        raise UnknownName(
            f"chapter name {name!r} is not of the form part/name in lower-case letters, digits "
            "and underscores, as probability/softmax."
        )
    part, short = name.split("/")
    chapter = root / "notebooks" / f"{name}.py"
    mistakes = root / "tests" / "exercises" / f"{part}_{short}.py"
    checkers = root / "lmcourse" / "exercises" / f"{part}.py"
    for path in (chapter, chapter.with_suffix(".ipynb"), mistakes):
        if path.exists():
            raise ChapterError(f"{path.relative_to(root).as_posix()} exists; choose another name.")
    if checkers.is_file():
        old = checkers.read_text(encoding="utf8")
        if f"def {short}_1(" in old:
            raise ChapterError(f"lmcourse/exercises/{part}.py has {short}_1; choose another name.")
    else:
        old = CHECKERS_HEAD.format(part=part)
    numbers = range(1, EXERCISES + 1)
    replace_text(checkers, old + "".join(CHECKER.format(name=short, n=n) for n in numbers))
    replace_text(mistakes, MISTAKES.format(chapter=name, last=EXERCISES + 1))
    title = short.replace("_", " ").capitalize()
    text = CHAPTER.format(title=title, alt=ALT, part=part, repository=addresses.repository())
    text += "".join(
        EXERCISE.format(name=short, n=n, stars="★" * n + "☆" * (3 - n)) for n in numbers
    )
    replace_text(chapter, text + CLOSING)
    return [chapter, checkers, mistakes]


CHAPTER = """\
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

# %% [markdown]
# # {title}
#
# One sentence that promises what the reader will understand or be able to build at the end.
#
# **You will**
#
# - do the first thing, which can be tried at the keyboard,
# - do the second thing,
# - do the third thing.
#
# **You need** Python with NumPy, and the chapters that this one builds on, as links.

# %% tags=["install"]
if not __import__("importlib").util.find_spec("lmcourse"):
    get_ipython().run_line_magic("pip", 'install -q "lmcourse @ git+{repository}"')

# %% tags=["parameters"]
PROFILE = "cpu"
SEED = 0

# %%
import matplotlib.pyplot as plt
import numpy as np

from lmcourse import plot, session
from lmcourse.claims import check
from lmcourse.exercises import {part} as exercises

run = session.start(PROFILE, SEED)

# %% [markdown]
# ## A question
#
# Begin with something concrete that the reader can look at, and ask about it. Prose stands before
# the code that answers.

# %%
words = ["one", "two", "three"]
counts = np.array([3, 2, 1])  # [V]
print(dict(zip(words, counts.tolist(), strict=True)))

# %% [markdown]
# Say what the picture will show before it appears, and what it means afterwards.

# %% mystnb={{"image": {{"alt": "{alt}"}}}}
figure, axes = plt.subplots(figsize=(6.4, 2.2))
plot.bars(axes, words, counts, xlabel="occurrences")
plt.show()

# %% [markdown]
# A sentence about an output stands beside the check that holds it.

# %%
check("the first word is the most frequent one", counts.argmax() == 0)

# %% [markdown]
# ## Summary
#
# What the reader knows now, in three sentences.
#
# ## Exercises
"""

EXERCISE = '''\
#
# > **Exercise {n}.** A small change ({stars}, 5 minutes). Write `answer_{n}(x)`: the number that
# > is {n} larger than `x`.
#
# <details><summary>Hint</summary>
#
# Which operation undoes taking {n} away?
#
# </details>


# %% tags=["exercise"]
def answer_{n}(x):
    """The number that is {n} larger than x."""
    ...


exercises.{name}_{n}(answer_{n})


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={{"source_hidden": true}}
# @title Solution {n}
def answer_{n}(x):
    """The number that is {n} larger than x."""
    return x + {n}


exercises.{name}_{n}(answer_{n})

# %% [markdown]
'''

CLOSING = """\
# ## Common mistakes
#
# *What people get wrong*: how one notices, and what to do instead.
#
# ## Further reading
#
# - Author (year), [Title](https://doi.org/10.1000/182): what it adds to this chapter.
"""

CHECKERS_HEAD = '''\
"""Exercise checkers of the part *{part}*."""

from __future__ import annotations

from typing import Any

from lmcourse.exercises import Mistake, exercise
'''

CHECKER = '''

@exercise
def {name}_{n}(answer: Any) -> None:
    """Right: adding {n} makes a number {n} larger."""
    if answer(10) == 10 - {n}:
        raise Mistake("Your number is smaller: add {n}, do not subtract it.")
    if answer(10) != 10 + {n}:
        raise Mistake("For x = 10 the answer is {n} larger than 10.")
'''

MISTAKES = '''\
"""Wrong answers of {chapter}: exercise, answer, what is said of it."""

MISTAKES = [(n, lambda x, n=n: x - n, "do not subtract") for n in range(1, {last})]
'''
