"""Each rule finds the chapter that breaks it, and is content with one that does not."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import jupytext
import nbformat
import pytest
from jupytext.config import load_jupytext_config
from nbformat import NotebookNode, v4

from tests.structure.rules import ROOT, RULES, Chapter, complaints, tags

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
OPENING = """
# %% [markdown]
# # Coins
#
# A promise in one sentence, and a question?

# %% tags=["install"]
"install"

# %% tags=["parameters"]
PROFILE = "cpu"
SEED = 0

# %%
from lmcourse import session

run = session.start(PROFILE, SEED)

# %%
print("heads")

# %% [markdown]
# **You will**
#
# - toss,
# - count,
# - and be surprised.
#
# **You need** [the other one](coins.ipynb).

# %% [markdown]
# ## Tossing
#
# A **fair coin** shows heads half of the time, `0.8231` or not:
#
# $$p = 0.8231 \\tag{1}$$

# %%
print(0.8 + 0.0231)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Equal bars: heads and tails are as likely."}}
draw()

# %% tags=["claims"]
gap = heads - tails
gap.backward()
check("It is fair", gap < 1)
for side in sides:
    close("Each side", side, 0.5)

# %% [markdown]
# ## Summary
#
# It is fair.
#
# ## Exercises
"""
EXERCISE = """
# %% [markdown]
# > **Exercise {n}.** Toss it (★☆☆, 5 minutes). Write `toss`.
#
# <details><summary>Hint</summary>
#
# Draw a number.
#
# </details>

# %% tags=["exercise"]
def toss():
    \"\"\"Heads or tails.\"\"\"
    ...


exercises.coins_toss(toss)

# %% cellView="form" jupyter={{"source_hidden": true}} tags=["solution", "hide-cell"]
# @title Solution {n}
def toss():
    return "heads"


exercises.coins_toss(toss)
"""
CLOSING = """
# %% [markdown]
# ## Common mistakes
#
# - *Counting tosses*: count heads,
#   and only those.
#
# ## Further reading
#
# [A book](https://example.org/book).
"""
GOOD = HEADER + OPENING + "".join(EXERCISE.format(n=n) for n in (1, 2, 3)) + CLOSING
PICTURE = base64.b64encode(b"picture").decode()


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str], Chapter]:
    """A chapter from its text, with the outputs that running it would have stored."""
    (tmp_path / "coins.ipynb").touch()

    def make(text: str) -> Chapter:
        config = load_jupytext_config(str(ROOT / "notebooks" / "part" / "name.py"))
        notebook = jupytext.reads(text, fmt="py:percent", config=config)
        notebook.metadata.lmcourse = {"key": "0"}
        notebook = nbformat.from_dict(notebook)
        number = 0
        for cell in notebook.cells:
            if cell.cell_type == "code":
                number += 1
                cell.execution_count = number
                if "print" in cell.source:
                    cell.outputs = [v4.new_output("stream", text="0.8231\n")]
                if "draw" in cell.source:
                    cell.outputs = [v4.new_output("display_data", {"image/png": PICTURE})]
        return Chapter("probability/coins", text, notebook, tmp_path)

    return make


def test_a_good_chapter_breaks_no_rule(make):
    assert complaints(make(GOOD)) == []


def swap(old: str, new: str) -> Callable[[str], str]:
    assert old in GOOD
    return lambda text: text.replace(old, new)


TEXTS = [
    ("metadata_is_known", swap('tags=["install"]', 'tags=["instal"]')),
    ("metadata_is_known", swap('tags=["install"]', 'tags=["install"] editable=false')),
    ("opening", swap("# # Coins", "# Coins")),
    ("opening", swap("# # Coins", "# # Coins\n#\n# # Dice")),
    ("opening", swap(' tags=["install"]', "")),
    ("opening", swap("run = session.start(PROFILE, SEED)", "run = session.start()")),
    ("opening", swap("# %%\nfrom", '# %% tags=["claims"]\nfrom')),
    ("goals", swap("**You need**", "You need")),
    ("goals", swap("**You will**", "You will")),
    ("goals", swap("# - toss,\n", "# - toss,\n# - a,\n# - b,\n# - c,\n")),
    ("goals", swap("# - toss,\n", "")),
    ("goals", swap("# **You need**", "# %% [markdown]\n# **You need**")),
    ("goals", swap('# %%\nprint("heads")\n\n', "")),
    ("goals", swap("and a question?", "and a question?\n#\n# ## Early")),
    ("common_mistakes_are_a_list", swap("# - *Counting", "# *Counting")),
    ("common_mistakes_are_a_list", swap("- *Counting tosses*", "- Counting tosses")),
    ("common_mistakes_are_a_list", swap("#   and only", "#\n# And only")),
    ("one_parameters_cell", swap('tags=["parameters"]', "")),
    ("one_parameters_cell", swap("SEED = 0", "SEED = int(0)")),
    ("one_parameters_cell", swap('PROFILE = "cpu"', 'PROFILE = "gpu"')),
    ("closing", swap("## Summary", "## The end")),
    ("closing", swap("# ## Further reading", "# ## Further reading\n#\n# ## More")),
    ("closing", swap("# ## Further reading", "# ## Further reading\n#\n# ## Common mistakes")),
    ("exercises_are_complete", swap(EXERCISE.format(n=3), "")),
    ("exercises_are_complete", swap("Exercise 2.", "Exercise 4.")),
    ("exercises_are_complete", swap("★☆☆, 5 minutes", "easy")),
    ("exercises_are_complete", swap("5 minutes).", "5 minutes)?")),
    ("exercises_are_complete", swap("<summary>Hint</summary>", "<summary>Help</summary>")),
    ("exercises_are_complete", swap('tags=["exercise"]', "")),
    ("exercises_are_complete", swap("    ...\n", "    return None\n")),
    ("exercises_are_complete", swap("# @title Solution 2\n", "")),
    ("exercises_are_complete", swap('"solution", "hide-cell"', '"solution"')),
    ("exercises_are_complete", swap('cellView="form" ', "")),
    ("exercises_are_complete", swap("coins_toss(toss)\n\n# %% cell", "toss()\n\n# %% cell")),
    ("one_sitting", swap("It is fair.", "It is fair. " * 1000)),
    ("one_sitting", swap("It is fair.", f"<details>{'It is fair. ' * 1000}</details>")),
    ("one_sitting", swap("It is fair.", "It is fair. " + "$p$ `q` " * 1500)),
    ("one_sitting", swap("print(0.8", "print(0)\n" * 161 + "print(0.8")),
    ("code_cells_are_short", swap("print(0.8", "\n".join("ab" for _ in range(25)) + "\nprint(0.8")),
    ("code_lines_are_short", swap("0.8 + 0.0231", " + ".join(["0.01"] * 11))),
    ("code_lines_are_short", swap("draw()", f"draw()  # {'the figure ' * 7}")),
    ("layout_is_the_formatters", swap("draw()", "draw()  # fmt: skip")),
    ("layout_is_the_formatters", swap("draw()", "# fmt: off\ndraw()")),
    ("claims_only_claim", swap("gap = heads", "print(gap)\ngap = heads")),
    ("claims_only_claim", swap("gap = heads", "plot.bars(axes, gap)\ngap = heads")),
    ("claims_only_claim", swap("gap = heads", "history = fit(model)\ngap = heads")),
    ("claims_only_claim", swap("gap = heads", "optimizer.step()\ngap = heads")),
    ("claims_only_claim", swap("gap = heads", "while gap:\n    gap = 0\ngap = heads")),
    ("claims_only_claim", swap("gap = heads", "def toss():\n    return 1\n\n\ngap = heads")),
    ("claims_only_claim", swap("heads - tails", "(\n    heads\n    - tails\n    - a\n)")),
    ("claims_only_claim", swap('    close("Each side", side, 0.5)', "    print(side)")),
    ("claims_only_claim", swap('"claims"', '"claims", "nbval-ignore-output"')),
    ("claims_only_claim", swap('# %%\nprint("heads")', '# %% tags=["claims"]\nheads = 1')),
    ("claims_stand_together", swap('tags=["claims"]', "")),
    ("claims_stand_together", swap("draw()", 'draw()\nclose("Here", 1, 1)')),
    ("hidden_code_shows_or_says_what_it_does", swap("draw()", "paint()")),
    ("no_removed_api", swap("draw()", "draw(np.float(1))")),
    ("no_removed_api", swap("from lmcourse import", "from transformers import AdamW, session #")),
    ("no_removed_api", swap("draw()", 'draw(); arguments(evaluation_strategy="epoch")')),
    ("no_removed_api", swap("draw()", "draw(F.sigmoid(x))")),
    ("outputs_are_compared_by_tag_alone", swap("draw()", "# NBVAL_IGNORE_OUTPUT\ndraw()")),
    ("plain_markdown", swap("# It is fair.", "# ```{note}\n# It is fair.\n# ```")),
    ("plain_markdown", swap("# It is fair.", "# :::{note}\n# It is fair.\n# :::")),
    ("plain_markdown", swap("# It is fair.", "# See {ref}`there`.")),
    ("plain_markdown", swap("# It is fair.", "# (there)=\n#\n# It is fair.")),
    ("plain_markdown", swap("# It is fair.", "# It is <b>fair</b>.")),
    ("plain_markdown", swap("# It is fair.", "# <!-- really? --> It is fair.")),
    ("numbers_are_not_typed", swap("It is fair.", "It is fair: 0.8231 of them.")),
    ("numbers_are_not_typed", swap("It is fair.", "It is fair: 0.82 of them.")),
    ("numbers_are_not_typed", swap("It is fair.", "It is fair: 82 % of them.")),
    ("numbers_are_not_typed", swap("It is fair.", "It is fair: 82.3 percent of them.")),
    ("terms_are_bold_once", swap("It is fair.", "It is a **fair coin**.")),
    ("figures_have_alt_text", swap('"alt": "Equal', '"x": "Equal')),
    ("figures_have_alt_text", swap("Equal bars: heads and tails are as", "Bars: as")),
    ("links_resolve", swap("coins.ipynb", "dice.ipynb")),
    ("links_resolve", swap("https://example.org", "ftp://example.org")),
    ("formulas_are_numbered", swap("\\tag{1}", "\\tag{2}")),
    ("headings_descend", swap("## Tossing", "### Tossing")),
]


@pytest.mark.parametrize(("rule", "change"), TEXTS)
def test_a_broken_text_is_found(make, rule, change):
    text = change(GOOD)
    assert text != GOOD
    assert list(RULES[rule](make(text)))


def test_hidden_code_may_have_a_name_instead_of_an_output(make):
    chapter = make(GOOD.replace("draw()", "# @title Tossing a thousand times\npaint()"))
    assert not list(RULES["hidden_code_shows_or_says_what_it_does"](chapter))


def test_the_level_of_intervals_is_chosen_and_not_measured(make):
    chapter = make(GOOD.replace("It is fair.", "It is fair, says a 95 % interval, to 94 %."))
    _stream("stdout", "0.94 0.95")(chapter.notebook)
    (complaint,) = RULES["numbers_are_not_typed"](chapter)
    assert complaint.startswith("94 %")


def _cell(notebook: NotebookNode, word: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if word in cell.source)


def _stream(name: str, text: str) -> Callable[[NotebookNode], None]:
    def change(notebook: NotebookNode) -> None:
        _cell(notebook, "print").outputs = [v4.new_output("stream", name=name, text=text)]

    return change


def _heavy(notebook: NotebookNode) -> None:
    _cell(notebook, "draw").outputs[0].data["image/png"] = "A" * 401 * 1024


def _blank(notebook: NotebookNode) -> None:
    _cell(notebook, "draw").outputs = [v4.new_output("stream", text="\n")]


def _edit(notebook: NotebookNode) -> None:
    _cell(notebook, "print").source = "print(1)"


def _not_run(notebook: NotebookNode) -> None:
    _cell(notebook, "print").execution_count = None


def _error(notebook: NotebookNode) -> None:
    error = v4.new_output("error", ename="ValueError", evalue="no", traceback=[])
    _cell(notebook, "print").outputs = [error]


def _widget(notebook: NotebookNode) -> None:
    kind = "application/vnd.jupyter.widget-view+json"
    _cell(notebook, "print").outputs = [v4.new_output("display_data", {kind: {}})]


def _widget_state(notebook: NotebookNode) -> None:
    notebook.metadata.widgets = {}


def _clock(notebook: NotebookNode) -> None:
    notebook.cells[1].metadata["execution"] = {"iopub.execute_input": "now"}


def _swapped(notebook: NotebookNode) -> None:
    first, second = (cell for cell in notebook.cells if {*tags(cell)} & {"install", "parameters"})
    first.execution_count, second.execution_count = 2, 1


NOTEBOOKS = [
    ("pair_in_step", _edit),
    ("executed_in_order", _not_run),
    ("executed_in_order", _swapped),
    ("executed_in_order", _error),
    ("outputs_are_clean", _stream("stderr", "warning")),
    ("outputs_are_clean", _stream("stdout", "\x1b[31mred\x1b[0m")),
    ("outputs_are_clean", _stream("stdout", "saved in /" + "tmp/model")),
    ("outputs_are_clean", _stream("stdout", "from py" + "pi.org")),
    ("outputs_are_clean", _widget),
    ("outputs_are_clean", _widget_state),
    ("metadata_is_known", _clock),
    ("notebooks_stay_small", _heavy),
    ("hidden_code_shows_or_says_what_it_does", _blank),
]


@pytest.mark.parametrize(("rule", "change"), NOTEBOOKS)
def test_a_broken_notebook_is_found(make, rule, change):
    chapter = make(GOOD)
    change(chapter.notebook)
    assert list(RULES[rule](chapter))


def test_every_rule_has_a_chapter_that_breaks_it():
    assert {rule for rule, _ in TEXTS + NOTEBOOKS} == set(RULES)
