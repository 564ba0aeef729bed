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
# # Bigrams: a language model you can count
#
# One table of letter counts invents names, reads new text and is measured in bits: a whole language model, and the
# first rungs of the book's ladder.
#
# You meet a name with a *q* in it. Which letter is next? You did not hesitate: you have seen many
# names, and after *q* it was nearly always the same letter. How far does a program get that has this
# experience and nothing else?

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
import string
import textwrap
import time
from collections import Counter
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import scipy.special
from lmcourse import live, plot, session
from lmcourse.claims import check, close
from lmcourse.data.first_names import load_names
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation.intervals import bootstrap_ratio
from lmcourse.exercises.ngrams import bigram_counts as exercises
from lmcourse.models.ngram import NGram
from lmcourse.records import record
from lmcourse.text.characters import CharTokenizer
from matplotlib.colors import PowerNorm

run = session.start(PROFILE, SEED)

# %%
names = load_names()
seen_pairs = Counter()
for name in names["train"]["name"]:
    seen_pairs.update(pairwise(f"↵{name}↵"))  # ↵a, an, nn, na, a↵
print("after q:", {b: n for (a, b), n in seen_pairs.items() if a == "q"})

# %% tags=["hide-input"] mystnb={"image": {"alt": "Square heat map of counts, 27 symbols before by 27 symbols after. The darkest cells are a and e followed by the end of the name. The columns a, e and i are darker than most. Large parts are empty, among them nearly all of the q row, where only two cells, i and u, are filled."}}
symbols = ["↵", *string.ascii_lowercase]
grid = np.array([[seen_pairs[a, b] for b in symbols] for a in symbols])
figure, ax = plot.panels(height=6.2)
filled = np.where(grid > 0, grid, np.nan)  # [V, V]
norm = PowerNorm(0.4, vmin=-20)
image = plot.heatmap(ax, filled, symbols, symbols, norm=norm)
ax.tick_params(length=0)
ax.set(xlabel="the symbol that follows", ylabel="the symbol before")
ticks = [1, 30, 150, 500, 1200]
options = {"label": "count", "location": "top", "aspect": 40}
bar = figure.colorbar(image, ax=ax, ticks=ticks, **options)
bar.ax.set_xlim(1, grid.max())
plt.show()

# %% [markdown]
# These are the letters of a few thousand first names, each name written between two signs ↵ that mark
# its beginning and its end. One row for each symbol that stands before, one column for each that
# follows, darker for more often; an empty cell was never seen. Look along the row of *q*: two pale cells, for the colour shows counts, and *q* is rare. Then look for the
# darkest cell of all: it is *a* at the end. The first column says where names stop, the first row how they
# begin. Divide each row by its sum, and this picture *is* a language model.

# %% [markdown]
# **You will**
#
# - count which letter follows which, and follow one name through the table by hand,
# - show that the counted table is the one that makes its text most probable,
# - invent names by sampling, and measure a model in bits per character on names it has not seen,
# - watch a single unseen pair make that measure infinite, and repair it with add-k smoothing,
# - set the first three rungs of the ladder on which later language models of this book stand.
#
# **You need** conditional probability and [the chain rule](../probability/chain_rule.ipynb), and
# from [softmax and cross-entropy](../probability/softmax.ipynb) what surprise and cross-entropy are.

# %% [markdown]
# ## Counting pairs
#
# The names come from the census of the USA of 1990. Every name stands in the list once, however many people
# bear it. The list was split, as good as at random, by a hash of each name: the program learns from the
# **training set**, and we make our choices with the **validation set**. A third part, the **test set**, is for a last look after all
# choices; for the names we shall not need it.
#
# A name is more than its letters. That *anna* begins with *a* and stops after four letters is
# information too, so one more symbol opens and closes every name: the line break, drawn as
# ↵. It has number 0, and the letters have the numbers 1 to 26.

# %%
tokenizer = CharTokenizer("\n" + string.ascii_lowercase)
rows = {}
for split in ("train", "validation"):
    # a row is one name as ids, from ↵ to ↵
    rows[split] = [tokenizer.encode(name) for name in names[split]["name"]]
    print(f"{split:<10} {len(rows[split]):>5,} names")

anna = tokenizer.encode("anna")
print(anna)
print(" ".join(symbols[a] + symbols[b] for a, b in pairwise(anna)))

# %% [markdown]
# Four letters give five **bigrams**, pairs of neighbours (`pairwise` lists them). Counting is one
# addition for each. Comments in brackets give shapes: $V$ is the number of symbols, here 27, and $T$ the
# number of pairs in one name.


# %%
def count_pairs(rows, vocab_size):
    """How often symbol b follows symbol a, as entry [a, b] of [V, V]."""
    counts = np.zeros((vocab_size, vocab_size), dtype=int)  # [V, V]
    for row in rows:
        for a, b in pairwise(row):
            counts[a, b] += 1
    return counts


counts = count_pairs(rows["train"], 27)  # [V, V]
held_out = count_pairs(rows["validation"], 27)  # [V, V]

# %% [markdown]
# Here is a corner of the table with its numbers: seven symbols, and at the end of each row the sum of the
# *whole* row, all 27 cells of it.

# %% tags=["hide-input"] mystnb={"image": {"alt": "A part of the count table with numbers in the cells: rows and columns for the end mark, a, e, i, n, q and u, and a last column with the row totals. The row of q has 43 under u, a one under i and zeros under the others shown."}}
chosen = [symbols.index(symbol) for symbol in "↵aeinqu"]
part = counts[np.ix_(chosen, chosen)]  # [7, 7]
totals = counts[chosen].sum(axis=1)  # [7]
labels = [symbols[i] for i in chosen]
figure, ax = plot.panels(height=3.2)
norm = PowerNorm(0.4, vmin=-3)
plot.heatmap(ax, part, labels, [*labels, "all 27"], fmt=".0f", norm=norm)
for i, total in enumerate(totals):
    ax.text(7, i, f"{total}", ha="center", va="center", size=plot.SMALL)
ax.set_xlim(-0.5, 7.5)
ax.set(xlabel="the symbol that follows", ylabel="the symbol before")
plt.show()

# %% [markdown]
# ## One name by hand
#
# How probable is *anna*? Five questions, each answered by one row. What comes after ↵? In the row of ↵
# we find how many names begin, and how many of them with *a*; their ratio is the probability. What comes
# after *a*? The row of *a*, the cell of *n*. And so on to the last question: after the *a*, does the name
# stop? The **surprise** at each answer is $-\log_2 p$, in bits: nothing when the model was certain, one
# bit for a coin toss.

# %%
p = np.array([counts[a, b] / counts[a].sum() for a, b in pairwise(anna)])  # [5]
bits = -np.log2(p)  # [5]

# %% tags=["hide-input"]
print("input  next  count   row total   probability  surprise")
for i, (a, b) in enumerate(pairwise(anna)):
    print(f"{symbols[a]:>5}  {symbols[b]:>4}  {counts[a, b]:5}", end="")
    print(f" / {counts[a].sum():9} = {p[i]:11.4f} {bits[i]:9.2f}")
print(f"P(anna) = product of the five = {p.prod():.8f}")
print(
    f"surprise = sum = {bits.sum():.2f} bits, mean {bits.mean():.2f} a symbol"
)

# %% [markdown]
# You can recompute each line from the picture. The probabilities multiply, so their logarithms add: the mean
# over the five predictions, in bits, says how well this model reads *anna*.
#
# In letters: a language model assigns a probability to every text. The chain rule writes it as a product of
# predictions, each of them given *everything* that came before. The bigram model cuts that
# short: each symbol is predicted from the one before it and from nothing else. For a name
# $x_0 x_1 \dots x_T$, where $x_0$ and $x_T$ are the opening and the closing line break,
#
# $$P(x) = \prod_{t=1}^{T} p(x_t \mid x_{t-1}) \tag{1}$$
#
# The opening symbol is certain and is not predicted. The closing one is, and it counts. With $c(a,b)$ for
# the count of the pair $ab$, our probabilities were
#
# $$\hat p(b \mid a) = \frac{c(a,b)}{\sum_{b'} c(a,b')} \tag{2}$$
#
# The whole table is one division, and there is a trap in it. Take a table of two symbols with rows that sum to 4
# and 2. Which of these is (2)?

# %%
tiny = np.array([[3, 1], [1, 1]])
print(tiny / tiny.sum(axis=1))
print(tiny / tiny.sum(axis=1, keepdims=True))

# %% [markdown]
# The second: its rows sum to one. In the first, `sum` returns `[4 2]`, which NumPy lays
# *along* the rows, so that the first column is divided by 4 and the second by 2. The table is square, so
# nothing complains. With `keepdims=True` the sums stay a column, `[V, 1]`, and each row meets its own.


# %%
def maximum_likelihood(counts):
    """Each row of counts [V, V] divided by its sum: [a, b] is p(b | a)."""
    return counts / counts.sum(axis=1, keepdims=True)


table = maximum_likelihood(counts)  # [V, V]

# %% [markdown]
# ## Why the counts are the best fit
#
# Is (2) more than a plausible choice? Take one row with two symbols, seen 3 times and once. If the first has
# probability $p$, the four observations together have probability $p^3(1-p)$. Which $p$ makes that largest?

# %% tags=["hide-input"]
for p in (0.5, 0.6, 0.7, 0.75, 0.8, 0.9):
    print(f"p = {p:<4}  p³(1-p) = {p**3 * (1 - p):.4f}")

# %% [markdown]
# Three quarters, the share that was counted. The choice that makes the training text as probable as possible
# is called **maximum likelihood**, and for every row it is (2). Take the natural logarithm of (1) and add it up over all
# names. The factor $p(b \mid a)$ appears once for each time that the pair was seen, so the names
# enter only through the table: $\sum_{a,b} c(a,b) \ln p(b \mid a)$.
#
# Move a little probability $\varepsilon$ from $b$ to $b'$, two pairs of a row that were both seen. As
# $\ln(p + \varepsilon)$ is about $\ln p + \varepsilon / p$, the sum gains
# $\varepsilon\,c(a,b')/p(b' \mid a)$ and loses $\varepsilon\,c(a,b)/p(b \mid a)$. While the two ratios
# differ, moving one way or the other is an improvement. So at the best point $c/p$ is the same for all
# pairs seen in a row: $p$ is proportional to $c$, and the sum to one fixes the rest. (The
# logarithm bends downwards everywhere, so there is no other best point.)
#
# A pair that was never seen contributes
# nothing to the sum, and whatever probability it has is better given to the others. It ends at zero. Remember
# that zero.

# %% [markdown]
# ## Inventing names
#
# A model that predicts can also write. Start with ↵, draw the next symbol from its row, move to
# that symbol's row, and go on until ↵ is drawn again. (`rng.choice(n, p=p)` draws one of the numbers
# below `n` with the probabilities `p`.)


# %%
def sample(table, rng):
    """One row drawn symbol by symbol from [V, V]; opens and closes with 0."""
    row = [0]
    while len(row) == 1 or row[-1] != 0:
        row.append(int(rng.choice(len(table), p=table[row[-1]])))
    return row


# %% [markdown]
# Beside our table two others may write: one that draws all 27 symbols alike, and one that draws each
# with the frequency it has in names, whatever came before (a **unigram model**; `np.tile` repeats
# its single row for each symbol before).

# %%
after = counts.sum(axis=0)  # [V]: how often each symbol is the second
tables = {
    "uniform": np.full((27, 27), 1 / 27),
    "unigram": np.tile(after / after.sum(), (27, 1)),
    "bigram": table,
}

# %% tags=["hide-input"]
for label, one in tables.items():
    rng = np.random.default_rng(SEED)
    words = [tokenizer.decode(sample(one, rng)) for _ in range(8)]
    print(f"{label:<8}", " ".join(word[:14] or "(empty)" for word in words))

# %% [markdown]
# (Long words are cut after 14 letters.) The second line has the letters of names in any order. Parts
# of the third can be pronounced. Does the bigram ever hit a real name that it has not been shown? The
# probability of hitting a list is the sum of (1) over the list; ours holds the validation names of
# four letters and more.


# %%
def surprise(row, table):
    """Bits of surprise at each symbol of a row after the opening one, [T]."""
    with np.errstate(divide="ignore"):  # no warning where p = 0: infinite
        bits = -np.log2(table)  # [V, V]
    return np.array([bits[a, b] for a, b in pairwise(row)])


def probability(row, table):
    """Probability of a whole row, formula (1)."""
    return 2.0 ** -surprise(row, table).sum()  # undoes the logarithm


# %% [markdown]
# Two controls beside it. How new are these names? We count those that are one letter, added, dropped or
# changed, away from a training name: two names are, if leaving a letter out of one gives the other, or if both
# become the same when one place is hidden by a `?`. And are the lengths of invented names those of real ones?

# %% tags=["hide-input"]
# @title Hits, how near the unseen names are, and lengths
n_samples = run.size(smoke=200, cpu=2000, gpu=2000)
unseen = [row for row in rows["validation"] if len(row) >= 6]
chances, lengths = {}, {}
for label in ("unigram", "bigram"):
    rng = np.random.default_rng(SEED)
    drawn = [len(sample(tables[label], rng)) - 2 for _ in range(n_samples)]
    lengths[label] = np.array(drawn)
    chances[label] = np.array([probability(r, tables[label]) for r in unseen])
lengths["real"] = np.array([len(row) - 2 for row in rows["train"]])

known = set(names["train"]["name"])
shorter, patterns = set(), set()
for name in known:
    shorter |= {name[:i] + name[i + 1 :] for i in range(len(name))}
    patterns |= {name[:i] + "?" + name[i + 1 :] for i in range(len(name))}
near = []
for name in map(tokenizer.decode, unseen):
    cut = {name[:i] + name[i + 1 :] for i in range(len(name))}
    changed = {name[:i] + "?" + name[i + 1 :] for i in range(len(name))}
    near.append(name in shorter or bool(cut & known or changed & patterns))
near = np.array(near)
hits = {label: chance.sum() for label, chance in chances.items()}

# %% tags=["hide-input"]
print(f"{'':36} {'unigram':>8}{'bigram':>8}{'real':>8}")
print("hits on these in 1,000, expected    ", end="")
print(f" {1000 * hits['unigram']:8.3f}{1000 * hits['bigram']:8.3f}")
print(f"unseen names near a training name: {near.mean():.0%}")
print(f"lengths ({n_samples:,} invented names of each model)")
means = "".join(f"{one.mean():8.2f}" for one in lengths.values())
print(f"{'  mean':36} {means}")
for label, asked in {
    "  shorter than three letters": lambda one: one < 3,
    "  longer than ten letters": lambda one: one > 10,
}.items():
    shares = "".join(f"{asked(n).mean():8.1%}" for n in lengths.values())
    print(f"{label:36} {shares} ({asked(lengths['real']).sum()} names)")

# %% [markdown]
# The bigram hits these unseen names far more often than the unigram does. Performing well on what was not in the
# training data is called **generalization**. But four in five of these names are one letter away from a training name.
#
# Far too many invented names are long, and far too many short, though the mean is right but for the luck of the
# draw (a check computes it exactly: the sum over $t$ of the probability to reach a letter number $t$). The model does not count its letters.

# %% tags=["claims"]
library = NGram(order=2, vocab_size=27, smoothing="mle").fit(rows["train"])
close(
    "The library's table is ours", [library.next([a]) for a in range(27)], table
)
check(
    "Unseen names of four and more letters: five times the unigram's chance",
    hits["bigram"] > 5 * hits["unigram"],
)
check("Most of them are a letter away from a training name", near.mean() > 0.5)
invented, real = lengths["bigram"], lengths["real"]
expected, alive = 0.0, table[0, 1:]  # [26]: a first letter
for _ in range(1000):  # one more letter each time, and no ↵ yet
    expected, alive = expected + alive.sum(), alive @ table[1:, 1:]
close("Bigram: the expected length is the real mean", expected, real.mean())
check(
    "Bigram: too many short names and too many long ones, by over ten times",
    (invented < 3).mean() > 10 * (real < 3).mean()
    and (invented > 10).mean() > 10 * (real > 10).mean(),
)

# %% [markdown]
# ## How good is it?
#
# The measure is the mean surprise over text, as for *anna*: in bits
# for each predicted symbol, the closing ↵ included.
#
# $$\text{bits per character} = -\frac{1}{N} \sum_{a,b} c(a,b) \log_2 p(b \mid a),
# \qquad N = \sum_{a,b} c(a,b) \tag{3}$$
#
# The counts $c$ in this formula are those of the text that is *measured*, the probabilities those of
# the model. (`xlogy(c, p)` is $c \log p$ with $0 \log 0 = 0$.) Two to the power of this number, the *perplexity* per symbol,
# is the number of faces of a fair die that is as hard to foretell.


# %%
def bits_per_char(counts, table):
    """Mean surprise in bits of the text with these pair counts, [V, V]."""
    nats = -scipy.special.xlogy(counts, table).sum()
    return nats / np.log(2) / counts.sum()


# %% tags=["hide-input"]
print("bits per character  training  validation")
for label, one in tables.items():
    on_train, on_new = bits_per_char(counts, one), bits_per_char(held_out, one)
    print(f"{label:<18} {on_train:9.3f}  {on_new:10.3f}")

# %% [markdown]
# ## The zero problem
#
# Infinite. The model that reads the training names best of all bigram tables is, on **held-out data**,
# infinitely worse than rolling a die with 27 faces. Who did that?

# %% tags=["hide-input"]
impossible = [
    row for row in rows["validation"] if np.isinf(surprise(row, table)).any()
]
print(f"{len(impossible)} of {len(rows['validation'])} validation names:")
for row in impossible:
    never = [
        symbols[a] + symbols[b] for a, b in pairwise(row) if counts[a, b] == 0
    ]
    print(f"{tokenizer.decode(row):<11} because of {', '.join(never)}")

# %% [markdown]
# No training name holds *aa*, so (2) gives the pair probability zero, so the product (1) is zero and
# the model declares that nobody can be called *Aaron*. A single such name is enough:
# the average of finite numbers and one infinity is infinity.
#
# This is the **zero-frequency problem**, and the fault lies in (2). *Never seen in some thousands of
# names* is evidence that a pair is rare. It does not show that it is impossible. Would more names
# cure it? Exercise 3 tries.
#
# ## Add-k smoothing
#
# Any method that moves some probability to what was never seen is called **smoothing**. The
# simplest, **add-k smoothing** (or Lidstone's; with $k = 1$, Laplace's), pretends that every pair was
# seen $k$ more times than it was:
#
# $$p_k(b \mid a) = \frac{c(a,b) + k}{\sum_{b'} c(a,b') + kV} \tag{4}$$
#
# Here $V$ is the number of symbols; $kV$ in the denominator makes the row sum to one again. For the
# row with counts 3 and 1, $k = 1$ gives $4/6$ and $2/6$ instead of $3/4$ and $1/4$. With $k \to 0$ we
# are back at the counts (in rows that have any), with $k \to \infty$ at the uniform model, and $k$ need not be a whole number. Which
# one is best? The training names cannot say: (2) is their best table, so they want $k = 0$. Ask names
# that were not counted.


# %%
def add_k(counts, k):
    """Probabilities from counts [V, V] or [V], k added to each of them."""
    totals = counts.sum(axis=-1, keepdims=True)  # -1: over the last axis
    return (counts + k) / (totals + k * counts.shape[-1])


ks = np.geomspace(1e-6, 1e3, 73)  # each the same multiple of the last
on_train = [bits_per_char(counts, add_k(counts, k)) for k in ks]
on_validation = [bits_per_char(held_out, add_k(counts, k)) for k in ks]
k_names = ks[np.argmin(on_validation)]

# %% tags=["hide-input"]
for k in (1e-6, k_names, 1.0, 10.0):
    bits = bits_per_char(held_out, add_k(counts, k))
    print(f"k = {k:<8.3g} {bits:.3f} bits per character on validation")

# %% tags=["hide-input"]
# @title What the site's widget has to show for three k
answers = []
for k, before in [(0.01, "q"), (1.0, "a"), (100.0, "↵")]:
    smooth = add_k(counts, k)  # [V, V]
    answer = {"k": k, "before": before, "p": smooth[symbols.index(before)]}
    answer["bits"] = bits_per_char(held_out, smooth)
    rng, sums = np.random.default_rng(0), smooth.cumsum(axis=1)  # [V, V]
    numbers, name = [], [0]
    while not numbers or name[-1] != 0:  # a name, as by `sample`
        numbers.append(round(rng.random(), 6))
        row = sums[name[-1]]  # [V]
        name.append(int(np.searchsorted(row, numbers[-1], side="right")))
    answer["random numbers"] = numbers
    answer["name"] = "".join(symbols[i] for i in name[1:])
    answers.append(answer)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Bits per character against k on a logarithmic axis, one curve for training names and one for validation names. The training curve is flat and then rises. The validation curve falls very slowly, has a wide flat valley between about 0.05 and 1, marked by a dot, and then rises steeply like the other."}}
figure, ax = plot.panels(height=3.4)
ax.plot(ks, on_train, label="training names")
ax.plot(ks, on_validation, label="validation names")
ax.plot(k_names, min(on_validation), "o", color=plot.RED, label="chosen k")
ax.set(xscale="log", xlabel="k", ylabel="bits per character", ylim=(3.3, 4.0))
ax.legend()
shown = {"symbols": symbols, "counts": counts, "held_out": held_out}
live.show("bigrams", **shown, examples=answers)

# %% [markdown]
# The training curve only rises. The validation curve has a wide valley: from $k = 0.05$ to 1 the exact value
# matters little to the mean. To the left the curve climbs towards infinity, but slowly: a factor of ten in $k$ costs
# each unseen pair about $\log_2 10$ bits, and unseen pairs are rare.

# %% tags=["claims"]
check(
    "On the training names every further k is worse",
    (np.diff(on_train) > 0).all(),
)
valley = np.array(on_validation)[(ks >= 0.05) & (ks <= 1)]
check(
    "Validation: from k = 0.05 to 1 within 0.02 bits of the best",
    valley.max() < min(on_validation) + 0.02,
)

# %% [markdown]
# ## The first rungs
#
# Now the text of the book's ladder: sentences from film reviews, with
# capitals, digits and punctuation. There are 96 symbols, the printable characters of ASCII and the
# line break that opens and closes a sentence. The method stays the same; the table is larger. Some symbols never
# occur in training, and where (2) would divide 0 by 0, (4) gives a uniform row.

# %%
sentences = load_reviews("text")
reader = CharTokenizer()
V = reader.vocab_size
reviews = {}
for split in sentences:
    reviews[split] = [reader.encode(text) for text in sentences[split]["text"]]

review_counts = count_pairs(reviews["train"], V)  # [V, V]
review_held_out = count_pairs(reviews["validation"], V)  # [V, V]
print(textwrap.fill(sentences["train"]["text"][0], 72))

# %% [markdown]
# We choose $k$ as before, on the validation sentences. The unigram model takes the same one, which
# hardly touches it.

# %%
review_bits = [
    bits_per_char(review_held_out, add_k(review_counts, k)) for k in ks
]
k_reviews = float(ks[np.argmin(review_bits)])
followers = review_counts.sum(axis=0)  # [V]
ladder = {
    "unigram": np.tile(add_k(followers, k_reviews), (V, 1)),
    "bigram": add_k(review_counts, k_reviews),
}

# %% tags=["hide-input"]
started = time.perf_counter()
count_pairs(reviews["train"], V)
seconds = time.perf_counter() - started
n_pairs, empty = review_counts.sum(), (review_counts == 0).mean()
print(f"{n_pairs:,} training pairs, {empty:.0%} of {V * V:,} cells empty")
nothing = (review_counts.sum(axis=1) == 0).sum()
print(f"{nothing} of {V} rows without any count")
print(f"chosen k = {k_reviews:.3f} (for the names {k_names:.3f})")
print("bits per character  training  validation")
for label, one in ladder.items():
    on_own = bits_per_char(review_counts, one)
    on_new = bits_per_char(review_held_out, one)
    print(f"{label:<18} {on_own:9.3f}  {on_new:10.3f}")

# %% tags=["claims"]
on_own = bits_per_char(review_counts, ladder["bigram"])
on_new = bits_per_char(review_held_out, ladder["bigram"])
check(
    "Bigram: training and validation less than 0.02 bits apart",
    abs(on_new - on_own) < 0.02,
)
unigram_bits = [
    bits_per_char(review_held_out, np.tile(add_k(followers, k), (V, 1)))
    for k in (1e-6, 10)
]
check(
    "Unigram: k = 10 in place of k = 0.000001 moves it by less than 0.01 bits",
    abs(unigram_bits[1] - unigram_bits[0]) < 0.01,
)

# %% [markdown]
# Training and validation hardly differ. Now the test sentences, once. Every later rung of the ladder reports its bits
# per character on them. How much would the number move with other test
# sentences? The **bootstrap** draws the sentences again with replacement, 10,000 times, and reports the
# range that holds the middle 95 % of the results (a percentile interval). It says nothing about other
# training sets, and it treats sentences as independent, though those of one review may resemble each other (and may lie in different splits).


# %%
def bits_interval(rows, table):
    """Bits per character of the rows, 95 % bootstrap interval over rows."""
    per_row = [surprise(row, table).sum() for row in rows]
    # in each draw: all its bits over all its symbols
    return bootstrap_ratio(per_row, [len(row) - 1 for row in rows])


uniform = float(np.log2(V))
rungs = {
    label: bits_interval(reviews["test"], one) for label, one in ladder.items()
}

# %% tags=["hide-input"]
stored = {"unigram": followers, "bigram": review_counts}
parameters = {label: int((one > 0).sum()) for label, one in stored.items()}
print("test sentences, 95 % bootstrap interval")
print("         bits per character    parameters")
print(f"uniform  {uniform:.3f}                {0:>11}")
for label, interval in rungs.items():
    print(f"{label:<8} {interval} {parameters[label]:>11,}")

# %% [markdown]
# *Uniform* is $\log_2 96$ whatever the text, and needs no measurement. The parameters of a count model on
# the ladder are the counts that it must store: of the symbols seen, or of the pairs seen.

# %% tags=["hide-input", "nbval-ignore-output"]
# @title Records for the results page
record(
    "bigram.bits_uniform",
    uniform,
    "bits/char",
    ladder="language",
    label="uniform",
    parameters=0,
    seconds=0.0,
    note="log2 of 96 symbols; exact, so without an interval",
)
for label in ladder:
    record(
        f"bigram.bits_{label}",
        rungs[label].value,
        "bits/char",
        rungs[label][1:],
        ladder="language",
        label=label,
        parameters=parameters[label],
        seconds=seconds,
        note="add-k, k of the bigram, by validation; seconds: counting pairs",
    )

# %% tags=["hide-input"] mystnb={"image": {"alt": "The three rungs as dots on one axis of bits per character: uniform highest, unigram two bits lower, bigram nearly another bit lower. The 95 % intervals are narrower than the dots."}}
figure, ax = plot.panels(height=2.2)
points = [(uniform, uniform, uniform), *rungs.values()]
plot.intervals(ax, ["uniform", "unigram", "bigram"], points)
ax.set(xlabel="bits per character, test reviews", xlim=(0, 7))
plt.show()

# %% [markdown]
# To end with, the bigram of the reviews writes a line. Read it once more after
# [the GPT chapter](../transformer/gpt.ipynb).

# %%
rng = np.random.default_rng(SEED)
print(reader.decode(sample(ladder["bigram"], rng)))

# %% tags=["claims"]
package = NGram(2, V, "add_k", k_reviews).fit(reviews["train"])
kept = reviews["validation"]
ours = [surprise(row, ladder["bigram"]).sum() for row in kept]
theirs = package.nll(kept) / np.log(2)
close("The library gives each validation sentence our surprise", theirs, ours)
check(
    "uniform lies above the unigram's interval", uniform > rungs["unigram"].high
)
check(
    "unigram > bigram, intervals apart",
    rungs["unigram"].low > rungs["bigram"].high,
)

# %% [markdown]
# ## Summary
#
# Counting pairs and dividing each row by its sum is maximum likelihood, not an approximation to it. The
# table predicts, writes, and is measured by its mean surprise on text it has not seen. A pair that was never seen
# makes that measure infinite when the text holds it, so some probability must be given away, and held-out text says how much.
# Three rungs stand.
#
# There are two ways on. One looks back further, with tables whose cells grow by a factor of $V$ with each symbol;
# that is [the next chapter](smoothing.ipynb). The other replaces the table by a function, and
# [the one after it](bigram_network.ipynb) asks what is gained by it for one symbol of context.
#
# ## Exercises
#
# > **Exercise 1.** Read it backwards (★☆☆, 5 minutes). After *q* comes *u*. But what comes *before
# > u*? Write `preceding(counts)`: from counts `[V, V]` the table whose entry `[a, b]` is the
# > probability that the symbol before `b` was `a`. Every symbol occurs.
#
# <details><summary>Hint</summary>
#
# Now it is the *columns* that must sum to one. Print both sums.
#
# </details>


# %% tags=["exercise"]
def preceding(counts):
    """Entry [a, b]: probability that the symbol before b was a."""
    ...


exercises.backwards(preceding)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def preceding(counts):
    """Entry [a, b]: probability that the symbol before b was a."""
    return counts / counts.sum(axis=0, keepdims=True)


q, u = symbols.index("q"), symbols.index("u")
print(
    f"u after q: {table[q, u]:.0%}, q before u: {preceding(counts)[q, u]:.0%}"
)
exercises.backwards(preceding)

# %% [markdown]
# > **Exercise 2.** On paper (★★☆, 10 minutes). An alphabet has two letters and the training names
# > are *ab*, *abb* and *b*. With pencil only: draw the table of counts, 3 × 3. What is $\hat p(b \mid b)$?
# > What is $P(ab)$ under (1) and (2)? And what is $p_k(a \mid b)$ under (4) with $k = 1$? Return the
# > three numbers.
#
# <details><summary>Hint</summary>
#
# Write out the pairs of each name with its ↵ at both ends; there are nine. The row of *b* holds four.
#
# </details>


# %% tags=["exercise"]
def on_paper():
    """Three numbers: p(b | b), P(ab), and p(a | b) with k = 1."""
    ...


exercises.on_paper(on_paper)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def on_paper():
    """Three numbers: p(b | b), P(ab), and p(a | b) with k = 1."""
    # pairs: ↵a ab b↵, ↵a ab bb b↵, ↵b b↵
    # row ↵: a 2, b 1.  row a: b 2.  row b: b 1, ↵ 3
    b_after_b = 1 / 4
    ab = (2 / 3) * (2 / 2) * (3 / 4)
    a_after_b = (0 + 1) / (4 + 1 * 3)
    return b_after_b, ab, a_after_b


exercises.on_paper(on_paper)

# %% [markdown]
# > **Exercise 3.** Do more names cure the zeros? (★★☆, 15 minutes). An experiment: count the pairs of the first 10
# > training names only, and look at the share of validation names with an unseen pair. Then 20,
# > 40, 80, and so on. Guess first: how many does it take until *fewer than one in ten* validation names is
# > impossible? Return the first number of names, among 10, 20, 40, …,
# > with which it is so.
#
# <details><summary>Hint</summary>
#
# A validation name is impossible if `np.isinf(surprise(row, table)).any()`. A row without counts would be
# divided by zero: ask instead whether one of its pairs has count zero.
#
# </details>


# %% tags=["exercise"]
def enough():
    """The number of training names, of 10, 20, 40, …, that is enough."""
    ...


exercises.enough(enough)

# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
shares = {}
for size in [*(10 * 2**i for i in range(9)), len(rows["train"])]:
    few = count_pairs(rows["train"][:size], 27)  # [V, V]
    zero = [
        any(few[a, b] == 0 for a, b in pairwise(row))
        for row in rows["validation"]
    ]
    shares[size] = np.mean(zero)
    print(f"{size:5} names: {shares[size]:6.1%} impossible")


def enough():
    """The number of training names, of 10, 20, 40, …, that is enough."""
    return 640  # read off, for this order of the names


check(
    "It is the first of the sizes with fewer than one in ten",
    enough() == min(size for size, share in shares.items() if share < 0.1),
)
exercises.enough(enough)

# %% [markdown]
# > **Exercise 4.** How much is still unseen? (★★★, 15 minutes). What share of the pairs in *new*
# > text will be pairs that the training text does not have? It can be estimated from the training
# > counts alone. Take one occurrence of a pair out of the training text and ask whether the rest
# > still has that pair; do this for every occurrence in turn. Write `missing_mass(counts)`: the
# > share of occurrences for which the answer is no. Compare it with the validation sentences.
#
# <details><summary>Hint</summary>
#
# An occurrence is missing from the rest if its pair was seen exactly… how many times? You need to
# loop over nothing.
#
# </details>


# %% tags=["exercise"]
def missing_mass(counts):
    """Estimated share of unseen pairs in new text, from counts [V, V]."""
    ...


exercises.missing_mass(missing_mass)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 4
def missing_mass(counts):
    """Estimated share of unseen pairs in new text, from counts [V, V]."""
    return (counts == 1).sum() / counts.sum()


for label, old, new in (
    ("names", counts, held_out),
    ("reviews", review_counts, review_held_out),
):
    n_new = new[old == 0].sum()
    print(f"{label:<8} predicted     {missing_mass(old):.4%}")
    print(f"{'':8} on validation {n_new / new.sum():.4%} ({n_new} pairs)")
exercises.missing_mass(missing_mass)

# %% [markdown]
# The estimate is due to Good, who credits Turing: what you have seen once tells you about what you have not
# seen at all. Here that is 45 pairs for the reviews.
# For the names it foretold about 6 pairs, and 10 came.
#
# ## Common mistakes
#
# - *Dividing without `keepdims`*: the columns are divided by the sums of the rows, and on a square table nothing
#   complains. Look at the row sums.
# - *Counting with `counts[before, after] += 1` on arrays of ids*: a pair that repeats in the arrays is counted once: with `c = np.zeros(2)`, `c[[0, 0]] += 1` leaves `c[0]` at 1. Loop, or use `np.add.at`.
# - *No closing symbol*: then the probabilities of all words of *each length* sum to one, and there is no distribution over words ([why](../probability/chain_rule.ipynb)).
# - *Averaging the bits per character of the sentences*: short sentences get too much weight. Add up
#   bits and characters, then divide.
# - *Choosing $k$ on the test text*: the test is then no test any more.
#
# ## Further reading
#
# - Markov (1913), [An example of statistical investigation of the text *Eugene Onegin*](https://doi.org/10.1017/S0269889706001074): twenty thousand letters of a novel, counted by hand into a table of vowels and consonants (in English in 2006).
# - Shannon (1948), [A mathematical theory of communication](https://doi.org/10.1002/j.1538-7305.1948.tb01338.x), section 3: sampled English of rising order.
# - Good (1953), [The population frequencies of species and the estimation of population parameters](https://doi.org/10.1093/biomet/40.3-4.237): exercise 4.
# - Chen and Goodman (1999), [An empirical study of smoothing techniques for language modeling](https://doi.org/10.1006/csla.1999.0128): many ways of smoothing compared, adding a constant among them.
# - Karpathy (2022), [makemore](https://github.com/karpathy/makemore): names by bigram and by ever larger networks.
