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
# # Embeddings
#
# One sentence that promises what the reader will understand or be able to
# build at the end.
#
# Then something concrete that the reader can look at, and a question about it:
# in a short text, *the* stands three times, *film* twice and *boring* once. How
# much of the text is each of them?

# %% tags=["install"]
if not __import__("importlib").util.find_spec("lmcourse"):
    get_ipython().run_line_magic(
        "pip",
        'install -q "lmcourse @ git+https://github.com/OWNER/language-models"',
    )

# %% tags=["parameters"]
PROFILE = "cpu"
SEED = 0

# %%
import matplotlib.pyplot as plt
import numpy as np

from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.exercises.neural import embeddings as exercises

run = session.start(PROFILE, SEED)

# %%
words = ["the", "film", "boring"]
counts = np.array([3, 2, 1])  # [V], V = 3 words

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three horizontal bars that get shorter from top to bottom: the word that was counted most often leads."}}
figure, ax = plot.panels(height=1.8)
plot.bars(ax, words, counts, xlabel="occurrences")
plt.show()

# %% [markdown]
# Say what the picture shows, what is surprising about it, and what it leaves
# open.

# %% [markdown]
# **You will**
#
# - do the first thing, which can be tried at the keyboard,
# - do the second thing,
# - do the third thing.
#
# **You need** Python with NumPy, and the chapters that this one builds on, as
# links.

# %% [markdown]
# ## From counts to shares
#
# Prose stands before the code that answers. A formula that is used has a
# number, a function that implements it, and a test that proves it. The share
# of word $i$, counted $c_i$ times among $V$ words, is
#
# $$p_i = \frac{c_i}{\sum_{j=1}^{V} c_j} \tag{1}$$


# %%
def shares(counts):
    """Shares [V] that sum to one; counts [V] are not negative."""
    return counts / counts.sum()


p = shares(counts)  # [V]
for word, share in zip(words, p, strict=True):
    print(f"{word:<8} {share:.3f}")

# %% [markdown]
# What the prose says about an output is checked in a cell that follows it.

# %% tags=["claims"]
close("The shares sum to one", p.sum(), 1.0)
check("The word counted most often has the largest share", p.argmax() == 0)

# %% [markdown]
# ## Summary
#
# What the reader knows now, in three sentences.
#
# ## Exercises
#
# > **Exercise 1.** In percent (★☆☆, 5 minutes). Write `percentages(counts)`:
# > the shares (1) in percent.
#
# <details><summary>Hint</summary>
#
# What do all percentages sum to?
#
# </details>


# %% tags=["exercise"]
def percentages(counts):
    """Percentages [V] that sum to a hundred; counts [V]."""
    ...


exercises.percentages(percentages)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def percentages(counts):
    """Percentages [V] that sum to a hundred; counts [V]."""
    return 100 * shares(counts)


exercises.percentages(percentages)

# %% [markdown]
# > **Exercise 2.** How many times (★★☆, 5 minutes). Write
# > `ratio(counts, i, j)`: how many times as frequent word $i$ is as word $j$.
#
# <details><summary>Hint</summary>
#
# Write down the quotient of two shares. What cancels?
#
# </details>


# %% tags=["exercise"]
def ratio(counts, i, j):
    """How many times as frequent word i is as word j; counts [V]."""
    ...


exercises.ratio(ratio)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def ratio(counts, i, j):
    """How many times as frequent word i is as word j; counts [V]."""
    return counts[i] / counts[j]


exercises.ratio(ratio)

# %% [markdown]
# > **Exercise 3.** A word more of each (★★★, 10 minutes). Write
# > `smoothed(counts, k)`: the shares when `k` is added to every count.
#
# <details><summary>Hint</summary>
#
# By how much does the sum of all counts grow?
#
# </details>


# %% tags=["exercise"]
def smoothed(counts, k):
    """Shares [V] after every count has grown by k; counts [V]."""
    ...


exercises.smoothed(smoothed)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def smoothed(counts, k):
    """Shares [V] after every count has grown by k; counts [V]."""
    return shares(counts + k)


exercises.smoothed(smoothed)

# %% [markdown]
# ## Common mistakes
#
# - *What people get wrong*: how one notices, and what to do instead.
#
# ## Further reading
#
# - Author (year), [Title](https://doi.org/10.1000/182): what it adds to this
#   chapter.
