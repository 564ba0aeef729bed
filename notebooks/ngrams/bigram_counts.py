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
# One table of letter counts invents names, reads new text and is measured in bits: the first language
# model of the book, and the first rungs of its ladder.
#
# You meet a name that begins with *q*. What is its second letter? You did not hesitate, and you used
# no grammar and no neural network: you have seen many names, and after *q* it was nearly always the
# same letter. How far does a program get that has this experience and nothing else?

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
import time
from collections import Counter
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import scipy.special
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.first_names import load_names
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation.intervals import bootstrap_ratio
from lmcourse.exercises.ngrams import bigram_counts as exercises
from lmcourse.generation import sampling
from lmcourse.models.ngram import NGram
from lmcourse.records import record
from lmcourse.text.characters import CharTokenizer
from matplotlib.colors import PowerNorm

run = session.start(PROFILE, SEED)

# %%
names = load_names()
seen_pairs = Counter()
for name in names["train"]["name"]:
    seen_pairs.update(pairwise(f"↵{name}↵"))
print("the commonest:", seen_pairs.most_common(3))
print("after q:", {b: n for (a, b), n in seen_pairs.items() if a == "q"})

# %% tags=["hide-input"] mystnb={"image": {"alt": "Square heat map of counts, 27 symbols before by 27 symbols after. The darkest cells are a and e followed by the end of the name. The columns a, e and i are darker than most. Large parts are empty, among them nearly all of the q row, where only the cell u is filled well."}}
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
# follows, darker for more often; an empty cell was never seen. The vowels *a*, *e* and *i* make dark columns, and *q*
# has in effect one cell. Less obvious is the darkest cell of all: *a* at the end. The first column
# says where names like to stop, the first row how they like to begin. This picture *is* a language
# model, and no more training is needed.

# %% [markdown]
# **You will**
#
# - count which letter follows which, and prove that the counts *are* the best possible fit,
# - invent names by sampling, and say exactly what is right and what is wrong with them,
# - measure a model in bits per character on text it has not seen,
# - watch a single unseen pair make that measure infinite, and repair it with add-k smoothing,
# - set the first three rungs of the ladder on which every language model of this book stands.
#
# **You need** conditional probability and [the chain rule](../probability/chain_rule.ipynb), and
# from [softmax and cross-entropy](../probability/softmax.ipynb) what surprise and cross-entropy are.

# %% [markdown]
# ## Counting pairs
#
# The names come from a census of the USA. Every name stands in the list once, however many people
# bear it. The list is split at random: the program learns from the **training set**, we make our
# choices with the **validation set**, and the **test set** is opened after the choices are made.

# %%
for split in names:
    print(f"{split:<10} {len(names[split]):>5,} names")
print("training names:", ", ".join(names["train"]["name"][:6]))

# %% [markdown]
# A name is more than its letters. That *anna* begins with *a* and stops after four letters is
# information too, so we add one symbol that opens and closes every name, the line break, drawn as
# ↵. It has number 0, and the letters have the numbers 1 to 26. The name *anna* now shows five
# **bigrams**, pairs of neighbours.

# %%
tokenizer = CharTokenizer("\n" + string.ascii_lowercase)
rows = {
    split: [tokenizer.encode(name) for name in names[split]["name"]]
    for split in names
}

anna = tokenizer.encode("anna")
print(anna)
print(" ".join(symbols[a] + symbols[b] for a, b in pairwise(anna)))

# %% [markdown]
# Counting is one addition for each pair. A row without its last symbol holds the symbols before, a
# row without its first those that follow; `np.add.at` adds one to the cell of each pair, also when
# a pair occurs twice in a name.


# %%
def count_pairs(rows, vocab_size):
    """How often symbol b follows symbol a, as entry [a, b] of [V, V]."""
    counts = np.zeros((vocab_size, vocab_size), dtype=int)  # [V, V]
    for row in rows:
        np.add.at(counts, (row[:-1], row[1:]), 1)
    return counts


counts = count_pairs(rows["train"], 27)  # [V, V]
print(f"{counts.sum():,} pairs counted in a table of {counts.size} cells,")
print(f"{(counts == 0).mean():.0%} of which are empty")

# %% [markdown]
# Frequent pairs tend to be made of frequent letters, which is not very interesting. Which pairs occur more
# often than their letters would make us expect? If neighbours were independent, the pair $ab$ would
# occur $c(a)\,c(b)/N$ times, with $c(a)$ the pairs that begin with $a$, $c(b)$ those that end with $b$,
# and $N$ all pairs. The ratio of what we saw to that number is the **lift** of a pair. Pairs seen fewer
# than twenty times are left out.

# %%
before = counts.sum(axis=1)  # [V]: pairs that begin with a
after = counts.sum(axis=0)  # [V]: pairs that end with b
expected = np.outer(before, after) / counts.sum()  # [V, V]
lift = {
    symbols[a] + symbols[b]: counts[a, b] / expected[a, b]
    for a in range(27)
    for b in range(27)
    if counts[a, b] >= 20
}
top = sorted(lift, key=lift.get, reverse=True)[:10]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Horizontal bars of the ten pairs with the largest lift, on a logarithmic axis. The pair qu is far ahead; then follow ph, ju, sh and ch, and among the rest ck and th."}}
figure, ax = plot.panels(height=3.6)
plot.bars(ax, top, [lift[pair] for pair in top], fmt=".1f")
ax.set(xscale="log", xlim=(1, 130), xlabel="times as often as by chance")
ax.set_xticks([1, 3, 10, 30, 100], [1, 3, 10, 30, 100])
ax.minorticks_off()
plt.show()

# %% [markdown]
# I had expected vowels after consonants, and *ju*, *jo* and *vi* are such pairs. But half of the list
# is English spelling: *ph*, *sh*, *ch*, *th* and *ck* write one sound with two letters. And *q* is bound
# to *u* whatever it sounds like. Nobody told the table that there are sounds.

# %% tags=["claims"]
one_sound = {"ph", "sh", "ch", "th", "ck"}
check(
    "Half of the ten strongest pairs write one sound", one_sound.issubset(top)
)
close(
    "The table holds the counts of the first picture",
    counts,
    [[seen_pairs[a, b] for b in symbols] for a in symbols],
)

# %% [markdown]
# ## From counts to probabilities
#
# A language model assigns a probability to every text. The chain rule writes it as a product of
# predictions, each of them given *everything* that came before. The bigram model cuts that
# short: each symbol is predicted from the one before it and from nothing else. For a name
# $x_0 x_1 \dots x_T$, where $x_0$ and $x_T$ are the opening and the closing line break,
#
# $$P(x) = \prod_{t=1}^{T} p(x_t \mid x_{t-1}) \tag{1}$$
#
# The opening symbol is certain and is not predicted. The closing one is, and it counts.
#
# Which numbers $p(b \mid a)$ should we choose? The **maximum likelihood** answer: those that make
# the training names as probable as possible. [The chain rule](../probability/chain_rule.ipynb) proved
# with an inequality which these are; here is a second way to see it. Take the logarithm of (1) and add it up over all
# names. The factor $p(b \mid a)$ appears once for each time that the pair was seen, so the names
# enter only through the table:
#
# $$\log P(\text{all names}) = \sum_{a,b} c(a,b) \log p(b \mid a).$$
#
# Each row $a$ is a problem of its own: choose numbers with $\sum_b p(b \mid a) = 1$. Imagine moving
# a little probability $\varepsilon$ from $b$ to $b'$, two pairs that were seen. The sum gains
# $\varepsilon\,c(a,b')/p(b' \mid a)$ and loses $\varepsilon\,c(a,b)/p(b \mid a)$. As long as these
# differ, one of the two directions is an improvement. (For small $\varepsilon$,
# $\log(p + \varepsilon)$ is $\log p + \varepsilon / p$.) At the best point the ratios
# $c(a,b)/p(b \mid a)$ of all pairs seen in a row must be equal. A pair that was never seen only gives,
# until it has nothing left: remember that zero. In other words $p(b \mid a)$ is proportional to
# $c(a,b)$, and the sum to one fixes the rest:
#
# $$\hat p(b \mid a) = \frac{c(a,b)}{\sum_{b'} c(a,b')} \tag{2}$$
#
# (The common value of the ratios is what textbooks call the Lagrange multiplier; it is the row's
# total. The logarithm is concave, so the point is a maximum and the only one.)
#
# In code, `keepdims=True` leaves the sums of the rows standing in a column `[V, 1]`, so that each row
# is divided by its own.


# %%
def maximum_likelihood(counts):
    """Each row of counts [V, V] divided by its sum: [a, b] is p(b | a)."""
    return counts / counts.sum(axis=1, keepdims=True)


table = maximum_likelihood(counts)  # [V, V]
print("pair  count  row total  probability")
for a, b in pairwise(anna):
    row = f"{counts[a, b]:5}  {counts[a].sum():9}  {table[a, b]:11.3f}"
    print(f"{symbols[a] + symbols[b]:<4}  {row}")
print(f"P(anna) = {np.prod([table[a, b] for a, b in pairwise(anna)]):.7f}")

# %% [markdown]
# Whether (2) is a maximum can be tried. We move random amounts of probability inside the rows, from
# hardly any to much, a thousand times, and look at whether the names ever become more probable. Unseen
# pairs get a little too. (`xlogy` is $x \log y$ with $0 \log 0 = 0$.)

# %%
rng = np.random.default_rng(SEED)
best = scipy.special.xlogy(counts, table).sum()
others = []
for amount in np.geomspace(1e-3, 1, 1000):
    gift = amount * rng.random(table.shape) / 1000
    factor = np.exp(amount * rng.normal(size=table.shape))  # [V, V]
    other = maximum_likelihood((table + gift) * factor)  # rows sum to one
    others.append(scipy.special.xlogy(counts, other).sum())

n_pairs = counts.sum()
print(f"log P(all names) / pairs, counted table: {best / n_pairs:.6f}")
print(f"the best of 1000 other tables:           {max(others) / n_pairs:.6f}")

# %% [markdown]
# Now a longer name, letter by letter. The **surprise** at a symbol is $-\log_2 p$, in bits: nothing when
# the model was certain, one bit for a coin toss. Indexing the table with two lists of the same length
# gives one cell for each pair of the name.


# %%
def surprise(row, table):
    """Bits of surprise at each symbol of a row after the opening one, [T]."""
    p = table[row[:-1], row[1:]]  # [T]
    with np.errstate(divide="ignore"):  # probability zero: infinite surprise
        return -np.log2(p)


name = "jacqueline"
bits = surprise(tokenizer.encode(name), table)  # [T]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Vertical bars of the surprise in bits at each letter of the name jacqueline and at its end. The c after a and the q after c are the tallest; the u after q is almost nothing."}}
figure, ax = plot.panels(height=2.8)
ax.bar(range(len(bits)), bits, color=plot.BLUE)
ax.set_xticks(range(len(bits)), [*name, "↵"])
ax.set_xlabel("the symbol predicted from the one before it")
ax.set_ylabel("surprise in bits")
ax.grid(axis="x", visible=False)
plt.show()

# %% [markdown]
# The book's library has the same model for every order, `lmcourse.models.ngram`; with order 2 its
# table must be ours.

# %% tags=["claims"]
product = np.prod([table[a, b] for a, b in pairwise(tokenizer.encode(name))])
library = NGram(order=2, vocab_size=27, smoothing="mle").fit(rows["train"])
check("None of a thousand other tables is better", max(others) < best)
close("Two to the minus total surprise is (1)", 2 ** -bits.sum() / product, 1.0)
close(
    "The library's table is ours", [library.next([a]) for a in range(27)], table
)

# %% [markdown]
# ## Inventing names
#
# A model that predicts can also write. Start with ↵, draw the next symbol from its row, move to
# that symbol's row, and go on until ↵ is drawn again. Beside it we let two other tables write: one
# that draws every symbol with the frequency it has in names, whatever came before (a
# **unigram model**), and one that draws all 27 symbols alike. `np.tile` repeats the unigram's row
# for each symbol before.


# %%
def sample(table, rng):
    """One row drawn symbol by symbol from [V, V]; opens and closes with 0."""
    row = [0]
    while len(row) == 1 or row[-1] != 0:
        row.append(int(rng.choice(len(table), p=table[row[-1]])))
    return row


tables = {
    "uniform": np.full((27, 27), 1 / 27),
    "unigram": np.tile(after / after.sum(), (27, 1)),
    "bigram": table,
}
for label, chosen in tables.items():
    rng = np.random.default_rng(SEED)
    words = [tokenizer.decode(sample(chosen, rng)) for _ in range(8)]
    print(f"{label:<8}", " ".join(word[:14] or "(empty)" for word in words))

# %% [markdown]
# (Long words are cut after 14 letters.) Nobody would mistake the first line for names. The second
# has the right letters in the wrong places. The third can be pronounced, for the most part, and now
# and then it is somebody's name. How often? That needs no sampling: the probability of hitting a
# given list is the sum of (1) over the list.


# %%
def probability(row, table):
    """Probability of a whole row, formula (1)."""
    return 2.0 ** -surprise(row, table).sum()


targets = {
    "training names": rows["train"],
    "validation names": rows["validation"],
    "of two letters": [row for row in rows["validation"] if len(row) == 4],
    "of four and more": [row for row in rows["validation"] if len(row) >= 6],
}
hits = {
    label: [
        sum(probability(row, chosen) for row in t) for t in targets.values()
    ]
    for label, chosen in tables.items()
}
print("chance to hit    ", "  ".join(f"{label:>8}" for label in tables))
for i, target in enumerate(targets):
    print(f"{target:<17}", "  ".join(f"{h[i]:8.4%}" for h in hits.values()))

# %% [markdown]
# It invents real names that were kept from it. Do not compare the first two lines: most of the second
# one is a few names of two letters that happened to fall into the validation set. The longer names say
# more. The bigram hits these far more often than the unigram, although it never saw them. That is
# generalization in the plainest sense: twenty-seven rows cannot store thousands of names.
#
# From here on the book draws its texts with `lmcourse.generation.sampling`, which works for every
# model: it asks a function for the log-probabilities of the next symbol. Given our rows, it must draw
# as `sample` does. We let both write three thousand names and compare how often each pair occurs.

# %%
rng, generator = np.random.default_rng(SEED), run.generator()
with np.errstate(divide="ignore"):  # log 0 is minus infinity: never drawn
    log_table = np.log(table)  # [V, V]
ours = [sample(table, rng) for _ in range(3000)]
theirs = [
    sampling.sample(
        lambda ids: log_table[ids[-1]], [0], 200, generator=generator
    )
    for _ in range(3000)
]
ours, theirs = count_pairs(ours, 27), count_pairs(theirs, 27)  # [V, V] each
between = np.abs(ours / ours.sum() - theirs / theirs.sum()).max()
print(f"largest difference between the shares of a pair: {between:.4f}")
drawn = ours + theirs > 0  # [V, V]
print("drawn pairs of probability zero:", (drawn & (table == 0)).sum())

# %% [markdown]
# And what is wrong with the invented names? Compare the lengths. These too can be computed instead of
# sampled. Let $v_n$ hold, for every letter, the probability that the word still lives after $n$ letters
# and ends in that one. The next $v_n$ is $v_n$ times the part of the table that holds letters only, row
# by table; what goes to ↵ instead is the probability that the word ends with $n$ letters.

# %%
alive = table[0, 1:]  # [26]: after one letter
lengths = []
for _ in range(200):
    lengths.append(alive @ table[1:, 0])  # the word ends here
    alive = alive @ table[1:, 1:]  # [26]: or goes on
lengths = np.array(lengths)  # [200]: of 1, 2, …, 200 letters

real = np.array([len(row) - 2 for row in rows["train"]])
mean = (np.arange(1, 201) * lengths).sum()
print("                        real names  invented")
print(f"mean length             {real.mean():10.4f}  {mean:8.4f}")
print(f"one letter              {(real == 1).mean():10.2%}  {lengths[0]:8.2%}")
print(f"more than ten letters   {(real > 10).mean():10.2%}", end="")
print(f"  {lengths[10:].sum():8.2%}")

# %% [markdown]
# The first line surprised me. Nothing in (2) mentions length, and yet the mean is right to the last
# digit. The reason is a book-keeping one: in the training names every symbol is entered exactly as
# often as it is left, ↵ included, because each name closes with the symbol that opens the next. So
# the training frequencies are what the table keeps reproducing in the long run, and with
# them the frequency of ↵, which is $1 / (\text{mean length} + 1)$. The other lines are another matter.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Share of names by length from 1 to 20 letters. Real names form a narrow hill around six letters. The invented ones start high at one and two letters and fall in a long tail far beyond ten."}}
figure, ax = plot.panels(height=3.4)
places = np.arange(1, 21)
real_share = np.bincount(real, minlength=21)[1:21] / len(real)
ax.bar(places, real_share, color=plot.SKY, label="real names")
ax.plot(places, lengths[:20], "o-", color=plot.RED, label="bigram model")
ax.axvline(real.mean(), color=plot.GREY, linestyle=":", label="mean of both")
ax.set(xlabel="letters", ylabel="share of names", xticks=[1, 5, 10, 15, 20])
ax.legend()
plt.show()

# %% [markdown]
# The mean is exact and the shape is hopeless. The model cannot know how long the word already is: it
# remembers one letter.

# %% tags=["claims"]
short, longer = hits["bigram"][2], hits["bigram"][3]
check("Most unseen hits here have two letters", short > hits["bigram"][1] / 2)
check(
    "Unseen names of four letters and more: five times the unigram's chance",
    longer > 5 * hits["unigram"][3],
)
check(
    "Our sampler and the library's: no pair differs by 0.004", between < 0.004
)
close("Words of all lengths have probability one", lengths.sum(), 1.0)
close(
    "Invented names are as long as the real ones on average", mean, real.mean()
)
check(
    "More than ten times too many names longer than ten letters",
    lengths[10:].sum() > 10 * (real > 10).mean(),
)

# %% [markdown]
# ## How good is it?
#
# Samples please and prove little. The honest measure is the mean surprise over text, here in bits
# for each predicted symbol, the closing ↵ included:
#
# $$\text{bits per character} = -\frac{1}{N} \sum_{a,b} c(a,b) \log_2 p(b \mid a),
# \qquad N = \sum_{a,b} c(a,b) \tag{3}$$
#
# The counts $c$ in this formula are those of the text that is *measured*, the probabilities those of
# the model.


# %%
def bits_per_char(counts, table):
    """Mean surprise in bits of the text with these pair counts, [V, V]."""
    nats = -scipy.special.xlogy(counts, table).sum()
    return nats / np.log(2) / counts.sum()


held_out = count_pairs(rows["validation"], 27)  # [V, V]
print("bits per character  training  validation")
for label, chosen in tables.items():
    on_train = bits_per_char(counts, chosen)
    print(
        f"{label:<18} {on_train:9.3f}  {bits_per_char(held_out, chosen):10.3f}"
    )

# %% [markdown]
# ## The zero problem
#
# Infinite. The model that reads the training names best of all bigram tables is, on new names,
# infinitely worse than rolling a die with 27 faces. Who did that?

# %%
impossible = [
    row for row in rows["validation"] if np.isinf(surprise(row, table)).any()
]
print(f"{len(impossible)} of {len(rows['validation'])} validation names:")
for row in impossible:
    unseen = [
        symbols[a] + symbols[b] for a, b in pairwise(row) if counts[a, b] == 0
    ]
    print(f"{tokenizer.decode(row):<11} because of {', '.join(unseen)}")

# %% [markdown]
# No training name holds *aa*, so (2) gives the pair probability zero, so the product (1) is zero and
# the model declares that nobody can be called *Aaron*. A single name in the whole file is enough:
# the average of finite numbers and one infinity is infinity.
#
# This is the **zero-frequency problem**, and the fault lies in (2). *Never seen in some thousands of
# names* is evidence that a pair is rare. It is not evidence that it is impossible. Would more data
# cure it?

# %%
sizes = [10, 30, 100, 300, 1000, len(rows["train"])]
shares = []  # of the validation names, given probability zero
for size in sizes:
    never = count_pairs(rows["train"][:size], 27) == 0  # [V, V]
    hit = [never[row[:-1], row[1:]].any() for row in rows["validation"]]
    shares.append(np.mean(hit))

# %% tags=["hide-input"] mystnb={"image": {"alt": "Share of validation names that contain a pair unseen in training, against the number of training names, both axes logarithmic. The share falls steadily from nearly all at ten names to about two in a hundred at the full list."}}
figure, ax = plot.panels(height=3.3)
ax.loglog(sizes, shares, "o-")
ax.set_xlabel("training names")
ax.set_ylabel("validation names\ngiven probability zero")
ax.set_yticks(
    [1, 0.3, 0.1, 0.03, 0.01], ["100 %", "30 %", "10 %", "3 %", "1 %"]
)
ax.minorticks_off()
plt.show()

# %% [markdown]
# The line falls, and at our last training name it has not arrived. A model with a longer memory is
# worse off: with two letters of context far more names are impossible.

# %%
trigram = NGram(order=3, vocab_size=27, smoothing="mle").fit(rows["train"])
with_two = np.isinf(trigram.nll(rows["validation"])).mean()
print(f"impossible names, one letter of context:  {shares[-1]:.1%}")
print(f"impossible names, two letters of context: {with_two:.1%}")

# %% tags=["claims"]
check("More training names leave fewer impossible", (np.diff(shares) < 0).all())
check("With two letters five times as many", with_two > 5 * shares[-1] > 0)

# %% [markdown]
# ## Add-k smoothing
#
# The oldest repair, **add-k smoothing**, pretends that every pair was seen $k$ more times than it was:
#
# $$p_k(b \mid a) = \frac{c(a,b) + k}{\sum_{b'} c(a,b') + kV} \tag{4}$$
#
# This is (2) applied to a training text with $kV^2$ invented pairs at its end. Laplace used $k = 1$,
# and there is nothing sacred about it; $k$ need not be a whole number. With $k \to 0$ we are back at
# the counts, with $k \to \infty$ at the uniform model. Which one is best? The training names cannot
# say: they want $k = 0$, by the very derivation of (2). Ask names that were not counted.


# %%
def add_k(counts, k):
    """Probabilities from counts [V, V] or [V], k added to each of them."""
    totals = counts.sum(axis=-1, keepdims=True)
    return (counts + k) / (totals + k * counts.shape[-1])


def bits_by_k(train_counts, measured, ks):
    """Bits per character of the measured counts for each k."""
    return np.array(
        [bits_per_char(measured, add_k(train_counts, k)) for k in ks]
    )


ks = np.geomspace(1e-6, 1e3, 73)
on_train = bits_by_k(counts, counts, ks)  # [73]
on_validation = bits_by_k(counts, held_out, ks)  # [73]
k_names = float(ks[on_validation.argmin()])
print("k           validation, bits per character")
for k in (1e-6, k_names, 1.0, 10.0):
    print(f"{k:<10.3g}  {bits_per_char(held_out, add_k(counts, k)):.3f}")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Bits per character against k on a logarithmic axis, one curve for training names and one for validation names. The training curve is flat and then rises. The validation curve falls very slowly, has a wide flat valley between about 0.1 and 1, marked by a dot, and then rises steeply like the other."}}
figure, ax = plot.panels(height=3.4)
ax.plot(ks, on_train, label="training names")
ax.plot(ks, on_validation, label="validation names")
ax.plot(k_names, on_validation.min(), "o", color=plot.RED, label="chosen k")
ax.set(xscale="log", xlabel="k", ylabel="bits per character", ylim=(3.3, 4.0))
ax.legend()
plt.show()

# %% [markdown]
# Three things are worth seeing. The training curve only rises. The validation curve has a valley,
# below one, so Laplace's choice is too much here, though not by much. And to the left the curve
# climbs towards infinity so slowly that it hardly shows: unseen pairs are rare, and each factor of
# ten in $k$ costs each of them $\log_2 10$ bits. Within this picture too little smoothing is
# the smaller mistake; none at all is fatal.

# %% [markdown]
# Now we open the test names, once, with the chosen $k$. The intervals say how much the number
# would move with another sample of test names: the **bootstrap** draws the names again with
# replacement, many times, and reports the range of the middle 95 %.


# %%
def bits_interval(rows, table):
    """Bits per character of the rows, 95 % bootstrap interval over rows."""
    per_row = [surprise(row, table).sum() for row in rows]
    return bootstrap_ratio(per_row, [len(row) - 1 for row in rows])


smoothed = {
    "uniform": tables["uniform"],
    "unigram": np.tile(add_k(after, k_names), (27, 1)),
    "bigram": add_k(counts, k_names),
}
on_test = {}
print("          training   test, bits per character")
for label, chosen in smoothed.items():
    on_test[label] = bits_interval(rows["test"], chosen)
    fitted = bits_per_char(counts, chosen)
    print(f"{label:<8} {fitted:9.3f}   {on_test[label]}")

# %% [markdown]
# We fear that a model learns its training text by heart. This one must do so a little, since its table
# was fitted to the training names; but a table of 27 rows has little room for it. The film reviews, a
# larger text, will show how small the gap becomes.

# %% tags=["claims"]
check(
    "On the training names every further k is worse",
    (np.diff(on_train) > 0).all(),
)
check("The best k lies below Laplace's 1", k_names < 1)
check(
    "One letter of context is worth more than half a bit",
    on_test["unigram"].low - on_test["bigram"].high > 0.5,
)

# %% [markdown]
# ## Film reviews
#
# Now the text that all models of this book are compared on: sentences from film reviews, with
# capitals, digits and punctuation. There are 96 symbols, the printable characters of ASCII and the
# line break that opens and closes a sentence. Counting, sampling and smoothing stay as they are. Only
# (2) fails in a new way: some symbols never occur in training, so their row is empty and its division
# 0/0. With (4) an empty row becomes the uniform one. For the picture we add next to nothing.

# %%
sentences = load_reviews("text")
reader = CharTokenizer()
V = reader.vocab_size
reviews = {
    split: [reader.encode(text) for text in sentences[split]["text"]]
    for split in sentences
}

started = time.perf_counter()
review_counts = count_pairs(reviews["train"], V)  # [V, V]
seconds = time.perf_counter() - started
shown = add_k(review_counts, 1e-9)  # [V, V]
empty_rows = int((review_counts.sum(axis=1) == 0).sum())
print(f"{review_counts.sum():,} pairs in {len(reviews['train']):,} sentences")
print(f"{(review_counts == 0).mean():.0%} of the {V * V:,} cells are empty,")
print(f"{empty_rows} rows have nothing else")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Heat map of 96 by 96 probabilities with the groups marked: punctuation, digits, capitals, lower case. Capitals and lower-case letters are followed mostly by lower-case letters, punctuation by the space, digits by digits. Most of the area is empty."}}
figure, ax = plot.panels(height=6)
norm = PowerNorm(0.3, vmin=0, vmax=1)
filled = np.where(review_counts > 0, shown, np.nan)
image = ax.imshow(filled, cmap="Blues", norm=norm)
groups = {"↵ ␣": 0.5, "0–9": 21.5, "A–Z": 46.5, "a–z": 78.5}
ax.set_xticks(list(groups.values()), groups)
ax.set_yticks(list(groups.values()), groups)
for edge in (16.5, 26.5, 33.5, 59.5, 65.5, 91.5):
    ax.axhline(edge, color=plot.RULE, linewidth=0.6)
    ax.axvline(edge, color=plot.RULE, linewidth=0.6)
ax.grid(visible=False)
ax.set(xlabel="the symbol that follows", ylabel="the symbol before")
ticks = [0.001, 0.01, 0.1, 0.3, 1]
options = {"ticks": ticks, "format": "%g", "location": "top", "aspect": 40}
figure.colorbar(image, ax=ax, label="probability", **options)
plt.show()

# %% [markdown]
# The first two rows and columns are the line break ↵ and the space ␣; the lines set off the digits,
# the capitals and the small letters from the signs between them. Averaged over the rows of a
# kind, the table says:

# %% tags=["hide-input"]
kinds = {
    "a–z": string.ascii_lowercase,
    "A–Z": string.ascii_uppercase,
    "0–9": string.digits,
    "comma": ",",
    "space": " ",
}
ids = {kind: reader.encode(text)[1:-1] for kind, text in kinds.items()}
print("after", *(f"{kind:>6}" for kind in kinds))
for kind, rows_of_kind in ids.items():
    block = shown[rows_of_kind]  # [rows of this kind, V]
    shares = [block[:, columns].sum(axis=1).mean() for columns in ids.values()]
    print(f"{kind:<5}", *(f"{share:6.3f}" for share in shares))

# %% [markdown]
# A capital is followed mostly by small letters, a digit often by another digit, a comma by a space.

# %% [markdown]
# The zero problem is here too. These are some of the words that would sink a whole sentence.

# %% tags=["hide-input"]
sunk = []
for row in reviews["validation"]:
    never = review_counts[row[:-1], row[1:]] == 0  # [T]
    if never.any():
        text, place = reader.decode(row), int(never.argmax())
        start, end = text[:place], text[place:]
        sunk.append(start.rpartition(" ")[2] + end.partition(" ")[0])

print(f"{len(sunk)} of {len(reviews['validation']):,} sentences, because of")
print("  ".join(sunk[:14]))

# %% [markdown]
# Initials, titles and sums of money are among them. We
# choose $k$ as before, on the validation sentences. The unigram model takes the same one; its counts
# are so large that its $k$ changes almost nothing.

# %%
review_held_out = count_pairs(reviews["validation"], V)  # [V, V]
followers = review_counts.sum(axis=0)  # [V]
review_bits = bits_by_k(review_counts, review_held_out, ks)  # [73]
k_reviews = float(ks[review_bits.argmin()])
print(f"k = {k_reviews:.3f} for the reviews, {k_names:.3f} for the names")
for k in (0.01, 1.0):
    unigram = np.tile(add_k(followers, k), (V, 1))  # [V, V]
    bits = bits_per_char(review_held_out, unigram)
    print(f"unigram with k = {k:<4}: {bits:.5f} bits per character")

# %% [markdown]
# Does the model learn its text by heart, now that the table has thousands of cells? Train on more
# and more sentences, always with the same $k$, and measure on what was counted and on what was not.

# %% tags=["hide-input"]
# @title Training on more and more sentences
sizes = [30, 100, 300, 1000, 3000, len(reviews["train"])]
learning = []
for size in sizes:
    partial = count_pairs(reviews["train"][:size], V)  # [V, V]
    model = add_k(partial, k_reviews)
    on_own, on_new = (
        bits_per_char(measured, model)
        for measured in (partial, review_held_out)
    )
    learning.append([on_own, on_new])
learning = np.array(learning)  # [6, 2]
gap = learning[:, 1] - learning[:, 0]  # [6]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Bits per character against the number of training sentences on a logarithmic axis. The training curve begins low and rises slightly, the validation curve begins high and falls. At the full training set they have all but met."}}
figure, ax = plot.panels(height=3.3)
ax.semilogx(sizes, learning[:, 1], "o-", label="validation", color=plot.ORANGE)
ax.semilogx(sizes, learning[:, 0], "o-", label="training", color=plot.BLUE)
ax.set(xlabel="training sentences", ylabel="bits per character")
ax.legend()
plt.show()

# %% [markdown]
# The two curves have all but met: more reviews would gain a bigram little. When a model is said to need more data, first ask whether its curves have met.

# %% tags=["claims"]
check("With few sentences the gap is wide", gap[0] > 0.2)
check("With all of them it is below a hundredth of a bit", abs(gap[-1]) < 0.01)

# %% [markdown]
# ## The first rungs
#
# One test set, one number. From here on every language model of the book reports its bits per
# character on the same test sentences: every symbol of the sentence and the closing line break is
# predicted and counted, the opening one is not. We owe the ladder three rungs. *Uniform* has no
# free number and needs no measurement: it is $\log_2 96$ whatever the text. The parameters of a
# count model are the counts that it must store: of the symbols seen, or of the pairs seen.
#
# What do these bits buy? A bit saved is a halving of the choice. Two to the power of the rung is the
# **perplexity** per character: the number of equally likely symbols among which it would be as hard to choose.

# %%
ladder = {
    "unigram": np.tile(add_k(followers, k_reviews), (V, 1)),
    "bigram": add_k(review_counts, k_reviews),
}
rungs = {
    label: bits_interval(reviews["test"], chosen)
    for label, chosen in ladder.items()
}
uniform = float(np.log2(V))
print("         perplexity   bits per character, 95 % bootstrap interval")
print(f"uniform  {2**uniform:10.1f}   {uniform:.3f}")
for label, interval in rungs.items():
    print(f"{label:<8} {2**interval.value:10.1f}   {interval}")

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
for label, stored in (("unigram", followers), ("bigram", review_counts)):
    record(
        f"bigram.bits_{label}",
        rungs[label].value,
        "bits/char",
        rungs[label][1:],
        ladder="language",
        label=label,
        parameters=int((stored > 0).sum()),
        seconds=seconds,
        note="add-k, k chosen on validation",
    )

# %% tags=["hide-input"] mystnb={"image": {"alt": "The three rungs as dots on one axis of bits per character: uniform highest, unigram two bits lower, bigram nearly another bit lower. The 95 % intervals are narrower than the dots."}}
figure, ax = plot.panels(height=2.2)
points = [(uniform, uniform, uniform), *rungs.values()]
plot.intervals(ax, ["uniform", "unigram", "bigram"], points)
ax.set(xlabel="bits per character, test reviews", xlim=(0, 7))
plt.show()

# %% [markdown]
# (The interval treats the sentences as independent, which those of one review are not quite.) Finally
# the bigram of the reviews may write a sentence. We take the library's model, which must have our
# table, and the library's sampler.

# %%
package = NGram(order=2, vocab_size=V, smoothing="add_k", k=k_reviews)
package.fit(reviews["train"])


def next_log_probs(ids):
    """Log-probabilities [V] of the next symbol, for the sampler."""
    return np.log(package.next(ids))


written = sampling.sample(next_log_probs, [0], 300, generator=run.generator(3))
print(reader.decode(written))

# %% [markdown]
# It has the letters of English and some of its endings, and hardly a word. Read it once more after
# [the GPT chapter](../transformer/gpt.ipynb).

# %% tags=["claims"]
ours = [surprise(row, ladder["bigram"]).sum() for row in reviews["test"]]
theirs = package.nll(reviews["test"]) / np.log(2)
close(
    "The library's table is ours",
    [package.next([a]) for a in range(V)],
    ladder["bigram"],
    atol=1e-12,
)
close("So is the surprise of every test sentence", theirs, ours)
check("uniform > unigram, intervals apart", uniform > rungs["unigram"].high)
check(
    "unigram > bigram, intervals apart",
    rungs["unigram"].low > rungs["bigram"].high,
)

# %% [markdown]
# ## Summary
#
# Counting pairs and dividing by the row is maximum likelihood, not an approximation to it. The
# model generalizes: it invents real names, and on the reviews its training and
# validation numbers all but agree. It also knows nothing beyond one symbol; its mean word length is
# exactly right and its word lengths are wrong. Probability zero for what was not seen makes the
# held-out surprise infinite, so some probability must be given away, and held-out text says how much.
# Three rungs stand. There are two ways on. Looking back further needs tables that grow by a factor of
# $V$ with each symbol, and better smoothing than adding $k$; that is a later chapter. The other way is
# to replace the table by a function, and [the next chapter](bigram_network.ipynb) asks what is
# gained by it for one symbol of context.
#
# ## Exercises
#
# > **Exercise 1.** Read it backwards (★☆☆, 5 minutes). After *q* comes *u*. But what comes *before
# > u*? Write `preceding(counts)`: from counts `[V, V]` the table whose entry `[a, b]` is the
# > probability that the symbol before `b` was `a`. Every symbol occurs.
#
# <details><summary>Hint</summary>
#
# Now it is the *columns* that must sum to one. Print both sums. A division with the wrong shape
# raises no error here, because the table is square.
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
check(
    "After q nearly always u, but before u rarely q",
    table[q, u] > 0.9 and preceding(counts)[q, u] < 0.2,
)
exercises.backwards(preceding)

# %% [markdown]
# > **Exercise 2.** Whom does add-k trust? (★★☆, 10 minutes). Formula (4) is a mixture: a share
# > $\lambda_a$ of the counted row $\hat p(\cdot \mid a)$ and a share $1 - \lambda_a$ of the uniform
# > distribution. Write `trust(counts, k)`: the shares $\lambda_a$ of all rows, `[V]`.
#
# <details><summary>Hint</summary>
#
# Write $c(a)$ for the row's sum, so that $c(a,b) = c(a)\,\hat p(b \mid a)$ and $k = kV \cdot
# \frac{1}{V}$. Put both into (4) and read off the factors.
#
# </details>


# %% tags=["exercise"]
def trust(counts, k):
    """Weight of the counted row under add-k smoothing, for each row, [V]."""
    ...


exercises.trust(trust)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def trust(counts, k):
    """Weight of the counted row under add-k smoothing, for each row, [V]."""
    total = counts.sum(axis=1)  # [V]
    return total / (total + k * counts.shape[1])


weight = trust(counts, 1.0)[:, None]  # [V, 1]
close(
    "The mixture is add-k smoothing",
    weight * table + (1 - weight) / 27,
    add_k(counts, 1.0),
)
exercises.trust(trust)

# %% [markdown]
# > **Exercise 3.** How much is still unseen? (★★☆, 15 minutes). What share of the pairs in *new*
# > text will be pairs that the training text does not have? It can be estimated from the training
# > counts alone. Take one occurrence of a pair out of the training text and ask whether the rest
# > still has that pair; do this for every occurrence in turn. Write `missing_mass(counts)`: the
# > share of occurrences for which the answer is no.
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
# @title Solution 3
def missing_mass(counts):
    """Estimated share of unseen pairs in new text, from counts [V, V]."""
    return (counts == 1).sum() / counts.sum()


actual = review_held_out[review_counts == 0].sum() / review_held_out.sum()
print(f"reviews, predicted:     {missing_mass(review_counts):.4%}")
print(f"reviews, on validation: {actual:.4%}")
exercises.missing_mass(missing_mass)

# %% [markdown]
# The estimate is due to Good and Turing, who needed it for code-breaking: what you have seen once
# tells you about what you have not seen at all. That the two agree so closely here is luck; the
# validation share rests on a few dozen pairs. Several later smoothing methods start from this idea.
#
# > **Exercise 4.** The likeliest name (★★★, 25 minutes). Which name of exactly $n$ letters is the
# > most probable one? There are $26^n$ candidates. Write `likeliest(table, n)`: its row of $n + 2$
# > numbers, from ↵ to ↵, with no 0 in between. Time must not grow like $26^n$.
#
# <details><summary>Hint</summary>
#
# Taking the best next letter each time is wrong: a good start may have no good ending. Keep, for
# every letter, the most probable beginning that *ends in that letter*. The best beginning of length
# $t + 1$ that ends in $b$ extends one of those 26.
#
# </details>


# %% tags=["exercise"]
def likeliest(table, n):
    """Row [0, …, 0] of the likeliest word of n letters, numbers 1 … V-1."""
    ...


exercises.likeliest(likeliest)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 4
def likeliest(table, n):
    """Row [0, …, 0] of the likeliest word of n letters, numbers 1 … V-1."""
    letters = range(1, len(table))
    # for each last letter: the probability and the row of its best beginning
    best = {b: (table[0, b], [0, b]) for b in letters}
    for _ in range(n - 1):
        best = {
            b: max((p * table[a, b], [*row, b]) for a, (p, row) in best.items())
            for b in letters
        }
    return max((p * table[a, 0], [*row, 0]) for a, (p, row) in best.items())[1]


print([tokenizer.decode(likeliest(table, n)) for n in range(1, 8)])
exercises.likeliest(likeliest)

# %% [markdown]
# ## Common mistakes
#
# - *Dividing without `keepdims`*: `counts / counts.sum(axis=1)` divides the columns by the sums of
#   the rows. On a square table the division raises no error. Our `sample` would stop, because
#   `rng.choice` refuses rows that do not sum to one; `torch.multinomial` rescales them in silence.
#   Look at the row sums.
# - *Counting with `counts[before, after] += 1` on arrays*: a pair that occurs twice in a name is
#   counted once; that is why `np.add.at` exists.
# - *No closing symbol*: then the probabilities of all words of *each length* sum to one, and there is
#   no distribution over words.
# - *Averaging the bits per character of the sentences*: short sentences get too much weight. Add up
#   bits and characters, then divide.
# - *Choosing $k$ on the test text*: the test number is then no longer a forecast of anything.
#
# ## Further reading
#
# - Markov (1913), [An example of statistical investigation of the text *Eugene Onegin*](https://doi.org/10.1017/S0269889706001074): twenty thousand letters of a novel, counted by hand into a table of vowels and consonants.
# - Shannon (1948), [A mathematical theory of communication](https://doi.org/10.1002/j.1538-7305.1948.tb01338.x), section 3: sampled English of rising order.
# - Good (1953), [The population frequencies of species and the estimation of population parameters](https://doi.org/10.1093/biomet/40.3-4.237): exercise 3.
# - Chen and Goodman (1999), [An empirical study of smoothing techniques for language modeling](https://doi.org/10.1006/csla.1999.0128): why add-k is not the last word.
# - Karpathy (2022), [makemore](https://github.com/karpathy/makemore): names by bigram and by ever larger networks.
