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
# # Smoothing: what was never seen
#
# A context is followed by a symbol that never followed it before. How much probability should be kept for
# that, and who gets it? From four counts on paper to modified Kneser–Ney smoothing, the rival that the networks of this
# book have to beat.
#
# Cut the training sentences at random into two halves and look for sequences of seven symbols. Some sequence occurs in
# the first half exactly once. How often will it occur in the second half, which is as large? Once, you might say.

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
import io
import math
import time
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation import scoring
from lmcourse.evaluation.intervals import bootstrap_ratio
from lmcourse.exercises.ngrams import smoothing as exercises
from lmcourse.models.arpa import tokens, write_arpa
from lmcourse.models.interpolation import discounted, probabilities
from lmcourse.models.ngram import NGram
from lmcourse.models.ngram_counts import encode, lookup
from lmcourse.records import record
from lmcourse.text.characters import CharTokenizer

run = session.start(PROFILE, SEED)

# %%
V = 96  # symbols: 95 printable characters, and the line break ↵
reviews = load_reviews("text")
texts = {}
for split in reviews:  # a line break opens and closes each sentence
    texts[split] = [f"\n{text}\n" for text in reviews[split]["text"]]
keep = run.size(smoke=400, cpu=None, gpu=None)  # None keeps them all
texts = {split: some[:keep] for split, some in texts.items()}


def count(texts, n):
    """How often each sequence of n symbols occurs in texts, as a Counter."""
    counts = Counter()
    for text in texts:  # the opening break alone is not counted
        ends = range(max(n, 2), len(text) + 1)
        counts.update(text[end - n : end] for end in ends)
    return counts


# %% tags=["hide-input"]
shuffled = np.random.default_rng(SEED).permutation(len(texts["train"]))
half = len(shuffled) // 2
first = count([texts["train"][i] for i in shuffled[:half]], 7)
second = count([texts["train"][i] for i in shuffled[half:]], 7)
print("seen in the    how many     mean count in")
print("first half     sequences    the second half")
other_half = {}
for r in (1, 2, 3, 4, 5):
    there = [second[gram] for gram, c in first.items() if c == r]
    other_half[r] = np.mean(there)
    print(f"{r:>6} times {len(there):12,} {other_half[r]:12.2f}")
new = sum(c for gram, c in second.items() if gram not in first)
unseen = new / second.total()
print(f"never: {unseen:.0%} of what is read in the second half")

# %% [markdown]
# Less than half, on average. What was seen twice comes less than twice as well, and so on down the table: every one of these counts is too high.
# The missing part is in the last line: what was *never* seen in the first half makes up a third of the second. So
# each count should give something up. The table even seems to say how much.

# %% tags=["claims"]
check(
    "Seen once: less than 0.5 times in the other half, on average",
    other_half[1] < 0.5,
)
check(
    "Seen two to five times: at least 0.5 less in the other half, on average",
    all(other_half[r] < r - 0.5 for r in (2, 3, 4, 5)),
)

# %% [markdown]
# **You will**
#
# - give a share to what was never seen in five ways, on one context with four counts,
# - read from the *counts of counts* how much each count should give up, and confirm it on the other half,
# - build modified Kneser–Ney smoothing in some forty lines, and see what each of its two ideas is worth,
# - see for which methods more context starts to hurt, and where, and set four rungs of the ladder (the fifth waits for GPT),
# - write the model to a file that other programs read, and read it with a program of your own.
#
# **You need** [bigrams](bigram_counts.ipynb): counting, add-k smoothing, bits per character, the bootstrap.

# %% [markdown]
# ## One context, four counts
#
# With six symbols of context nearly every cell of the table of counts is
# empty, and add-k gives all empty cells of a row the same. But we know better: if *amazin* was never followed
# by *e*, we can still ask what follows *mazin*, *azin*, … This is **interpolation**: what was counted after the
# long context is mixed with what the context without its oldest symbol says.
#
# Let a context $h$ have been seen nine times in an alphabet of six symbols: five times before *l*, twice before *r*, once before *s*, once
# before *t*, never before *d* or *n*. The shorter context $h'$ says 0.3, 0.2, 0.1, 0.1, 0.2, 0.1. All methods of this chapter but add-k do the same:
# they keep all or a part of each count, and some *mass* goes to the shorter context.
#
# $$p(w \mid h) = \frac{\text{kept}(h,w) + \text{mass}(h)\; p(w \mid h')}
# {\sum_{w'} \text{kept}(h,w') + \text{mass}(h)} \tag{1}$$
#
# If the shorter context's probabilities sum to one, so do these: summed over $w$, the numerator is the denominator.


# %%
def blend(kept, mass, shorter):
    """Formula (1), from what is kept of each count [V] and p(w | h') [V]."""
    return (kept + mass * shorter) / (kept.sum() + mass)


counts = np.array([5, 2, 1, 1, 0, 0])  # after h: l r s t d n
shorter = np.array([0.3, 0.2, 0.1, 0.1, 0.2, 0.1])  # after h'
seen, types = counts.sum(), (counts > 0).sum()  # 9 times, 4 symbols
taken = np.array([1.5, 1.0, 0.5, 0.5, 0, 0])  # from 5, 2, 1, 1, 0, 0
methods = {  # what is kept of the counts, the mass, and where the mass goes
    "add-k, k = 1/2": (counts, 0.5 * 6, np.full(6, 1 / 6)),
    "Jelinek–Mercer, 0.7": (0.7 * counts, 0.3 * seen, shorter),
    "Witten–Bell": (counts, types, shorter),
    "absolute, D = 1/2": (counts - 0.5 * (counts > 0), 0.5 * types, shorter),
    "three discounts": (counts - taken, taken.sum(), shorter),
}

# %% tags=["hide-input"]
print(f"{'':20} share     l     r     s     t     d     n")
print(f"{'counts':20}       " + "".join(f"{c:6}" for c in counts))
for name, (kept, mass, to) in methods.items():
    row = "".join(f"{p:6.3f}" for p in blend(kept, mass, to))
    share = mass / (kept.sum() + mass)
    print(f"{name:20} {share:5.2f} {row}")

# %% [markdown]
# - **Add-k** is of this form too, with the uniform distribution in place of the shorter context. So *d* and *n* get the same.
# - **Jelinek–Mercer** interpolation keeps a fixed share of everything, here 0.7, whatever the context.
# - **Witten–Bell** looks at the context: one unit of mass for each *different* symbol seen. After a context that has
#   surprised us often we expect more surprises.
# - **Absolute discounting** takes the same **discount** $D$ from every count, large or small.
# - **Three discounts** take $D_1$ from a count of 1, $D_2$ from a 2 and $D_{3+}$ from all larger
#   ones; here 0.5, 1 and 1.5, round numbers for now.
#
# The table shows what each makes of the nine observations; the first column is the share that goes to the shorter context, mass over denominator.
# All but add-k make *d* likelier than *n*, though both were never seen here. They differ in how large the share is, and in which counts pay
# for it; two of the rows nearly agree here. Which way is right?

# %% [markdown]
# ## What the counts of counts say
#
# The opening asked the second half. Can the first half alone tell? Let $n_r$ be the number of sequences
# seen exactly $r$ times: the **counts of counts**. Take one occurrence out of the text and ask how often the *rest* has its
# sequence. The answer is $r$ for every occurrence of a sequence seen $r + 1$ times. There are $(r+1)\,n_{r+1}$ of these, and they are shared by about $n_r$ sequences, those that
# such a text has $r$ times. So a sequence seen $r$ times should be met again about
#
# $$r^* = \frac{(r+1)\, n_{r+1}}{n_r} \tag{2}$$
#
# times in as much text. This is Good's estimate (1953), which he credits to Turing.


# %%
def good_turing(counts, r):
    """Formula (2), from the counts of all sequences."""
    n = Counter(counts.values())  # n[r]: how many counts are r
    return (r + 1) * n[r + 1] / n[r]


# %% tags=["hide-input"]
once, twice = (sum(c == r for c in first.values()) for r in (1, 2))
print(f"seen once, by (2): 2 · {twice:,} / {once:,}", end="")
print(f" = {good_turing(first, 1):.2f}; found above: {other_half[1]:.2f}")

# %% tags=["hide-input"]
# @title Two halves, orders 5 and 7: predicted and found
tokenizer = CharTokenizer()
rows = {}
for split, some in texts.items():
    rows[split] = [tokenizer.encode(text[1:-1]) for text in some]
halves = [[rows["train"][i] for i in shuffled[:half]]]
halves.append([rows["train"][i] for i in shuffled[half:]])


def whole(n, some):
    """All n-grams of some rows as codes and counts, by the library."""
    only_counts = NGram(n, V, "jelinek_mercer", weights=1.0).fit(some)
    return only_counts.levels[-1]


found, predicted, rs = {}, {}, range(1, 9)
for n in (5, 7):
    one, two = whole(n, halves[0]), whole(n, halves[1])
    there = lookup(two.grams, two.kept, one.grams)  # [G] in the other half
    found[n] = [r - there[one.kept == r].mean() for r in rs]
    as_counter = dict(enumerate(one.kept))
    predicted[n] = [r - good_turing(as_counter, r) for r in rs]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels, sequences of five and of seven symbols. Across, the count r in the first half, 1 to 8; upwards, r minus the mean count in the second half. For five symbols the dots rise a little from r = 1 and then stay nearly level at about a half; for seven they rise from about 0.6 to about one by r = 5. The line predicted from the counts of counts of the first half runs through the first dots."}}
figure, axes = plot.panels(2, height=2.7, sharex=True)
for ax, n in zip(axes, found, strict=True):
    ax.plot(rs, found[n], "o", label="found in the second half")
    ax.plot(rs, predicted[n], color=plot.GREY, label="Good–Turing, first half")
    ax.plot(rs, [r * found[n][0] for r in rs], ":", label="a fixed share of r")
    ax.set(ylabel="r less the count there", title=f"{n} symbols", ylim=(0, 2))
axes[0].legend(loc="upper left")
axes[1].set_xlabel("r, the count in the first half")
plt.show()

# %% [markdown]
# With seven symbols the dots show the opening's table once more, as what a count of $r$ has too much. The counts of counts foretell the first two without a look at the second
# half (further right the line zigzags). And a large count does not lose a fixed share of itself (dotted line): with seven symbols, what a six has too much is less than twice
# what a two has too much, not three times. That is nearer to a constant, as absolute
# discounting has it, with a smaller one where the count is 1.

# %% tags=["claims"]
for n in (5, 7):
    gap = np.abs(np.subtract(found[n], predicted[n]))[:2]
    check(
        f"{n} symbols, r = 1 and 2: Good–Turing within 0.1 of what is found",
        gap.max() < 0.1,
    )
    check(
        f"{n} symbols: a count of 1 has less too much than one of 2 or 3",
        found[n][0] < min(found[n][1:3]),
    )
check(
    "7 symbols: what a 6 has too much is less than twice that of a 2",
    found[7][5] < 2 * found[7][1],
)

# %% [markdown]
# Should a discount then be $r - r^*$? Not in formula (1). There a seen symbol gets a part of the
# mass *back*, through the shorter context, which also knows it. So more must be taken, and the formula of Chen and Goodman (1999) does take more:
#
# $$D_r = r - (r+1)\,Y\,\frac{n_{r+1}}{n_r}, \qquad Y = \frac{n_1}{n_1 + 2 n_2} \tag{3}$$
#
# for $r$ = 1, 2 and 3, the last for all counts from 3 on. It is (2) with the factor $Y < 1$. $D_1$ works out as $Y$ itself, and that is the usual single $D$ of absolute
# discounting (Ney, Essen and Kneser 1994).


# %%
def discounts(counts):
    """D1, D2 and D3+ of formula (3), from the counts of all n-grams."""
    n = Counter(counts.values())
    if n[1] and n[2] and n[3] and n[4]:
        y = n[1] / (n[1] + 2 * n[2])
        ds = [r - (r + 1) * y * n[r + 1] / n[r] for r in (1, 2, 3)]
        if all(0 < d <= r for r, d in enumerate(ds, start=1)):
            return ds
    return [0.5, 1.0, 1.5]  # too few counts, as at order 1


# %% tags=["hide-input"]
print("first half, 7 symbols      a count of 1        2   3 or more")
print(
    "discount by formula (3)", "".join(f"{d:10.2f}" for d in discounts(first))
)
print(
    "too much, as found     ",
    "".join(f"{d:10.2f}" for d in found[7][:3]),
    "(3)",
)

# %% [markdown]
# Each discount is larger than what we found. Is it right once something has come back? We fit whole models to the first half,
# multiply their probabilities by how often each context occurs in the second, and compare with the counts
# there. One model has the three discounts and is otherwise absolute discounting, with plain counts at all orders.


# %% tags=["hide-input"]
# @title A model with three discounts and plain counts
def three_plain(n, some):
    """Orders 1 to n with the three discounts of (3) and plain counts."""
    one_less = NGram(n, V, "absolute_discounting", discount=1.0).fit(some)
    levels = []
    for level in one_less.levels:
        c = (level.kept + 1).astype(int)  # [G] the counts again
        taken = np.array(discounts(dict(enumerate(c.tolist()))))
        levels.append(discounted(level.grams, c, V, taken))
    return levels


# %% tags=["hide-input"]
# @title What each method makes of a count of r
net = {}
for n in (5, 7):
    one, two = whole(n, halves[0]), whole(n, halves[1])
    # a sequence is one integer; // V drops its newest symbol
    context = lookup(two.contexts, two.totals, one.grams // V)  # [G]
    fitted = {"three_plain": three_plain(n, halves[0])}
    for method in ("witten_bell", "absolute_discounting", "kneser_ney"):
        fitted[method] = NGram(n, V, method).fit(halves[0]).levels
    for method, some in fitted.items():
        there = context * probabilities(some, one.grams, V)
        net[n, method] = [r - there[one.kept == r].mean() for r in rs]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels like before, with dots for what is found and a line for each of four models. For seven symbols the line of modified Kneser\u2013Ney runs along the dots. Witten\u2013Bell and absolute discounting lie below them, and three discounts with plain counts begin near the dots and fall further and further below. For five symbols Kneser\u2013Ney lies above the dots from r = 2 on; from r = 2 on Witten\u2013Bell and absolute discounting lie below."}}
figure, axes = plot.panels(2, height=2.7, sharex=True)
labels = {
    "witten_bell": "Witten–Bell",
    "absolute_discounting": "absolute discounting",
    "kneser_ney": "modified Kneser–Ney",
}
for ax, n in zip(axes, found, strict=True):
    ax.plot(rs, found[n], "o", color=plot.INK, label="found in the second half")
    for method, label in labels.items():
        ax.plot(rs, net[n, method], label=label)
    ax.plot(rs, net[n, "three_plain"], "--", label="three, plain counts")
    ax.set(ylabel="r less the count there", title=f"{n} symbols")
    ax.set_ylim(-0.1, 1.9)
axes[0].legend(loc="upper left", ncols=2)
axes[1].set_xlabel("r, the count in the first half")
plt.show()

# %% [markdown]
# With seven symbols Witten–Bell and absolute discounting take too little from counts of 3 to 6. The three discounts alone do not yet
# do it either: from a 2 on its line is below the dots, by a 4 far below: too much comes back. Modified Kneser–Ney has the same formula (3), and one idea more about *what* comes back, the next section's. It takes
# about what the second half says.
#
# Such dots, one by one, do not rank models. With five symbols Kneser–Ney takes too much from a 3 or a 4, and Witten–Bell is nearer the dots there; yet
# at order 5 it will turn out to need more bits per character.

# %% tags=["claims"]
near = np.subtract(net[7, "kneser_ney"], found[7])[:6]
check(
    "7 symbols, r = 1 to 6: Kneser–Ney within 0.15 of what is found",
    np.abs(near).max() < 0.15,
)
for method in ("witten_bell", "absolute_discounting"):
    gap = np.subtract(found[7], net[7, method])[2:6]
    check(
        f"7 symbols, r = 3 to 6: {labels[method]}, 0.15 or more too little",
        gap.min() > 0.15,
    )
check(
    "7 symbols, r = 4 to 6: three discounts, plain counts: 0.15 too little",
    np.subtract(found[7], net[7, "three_plain"])[3:6].min() > 0.15,
)

# %% tags=["claims"]
check(
    "5 symbols, r = 3 and 4: Kneser–Ney takes at least 0.05 too much",
    np.subtract(net[5, "kneser_ney"], found[5])[2:4].min() > 0.05,
)
off = {m: np.abs(np.subtract(net[5, m], found[5]))[2:4] for m in labels}
check(
    "5 symbols, r = 3 and 4 together: Witten–Bell nearer than Kneser–Ney",
    off["witten_bell"].mean() < off["kneser_ney"].mean(),
)
check(
    "7 symbols: each discount is more than what was found",
    (np.array(discounts(first)) > found[7][:3]).all(),
)

# %% [markdown]
# ## What a shorter context should count
#
# What should the shorter context do with its mass? It says what follows it *on the whole*. But its word counts most where the longer one
# has little to say. Consider *il*.

# %% tags=["hide-input"]
grams = {n: count(texts["train"], n) for n in (3, 4)}
in_front = Counter(gram[1:] for gram in grams[4])  # different symbols
print("after il:    how often      share    symbols in front      share")
after = {gram: c for gram, c in grams[3].items() if gram[:2] == "il"}
often, kinds = sum(after.values()), sum(in_front[gram] for gram in after)
for gram in sorted(after, key=after.get, reverse=True)[:5]:
    print(f"{gram[2]:>9} {after[gram]:12,} {after[gram] / often:10.0%}", end="")
    print(f" {in_front[gram]:14} {in_front[gram] / kinds:15.0%}")
in_film = grams[4]["film"] / grams[3]["ilm"]
print(f"of the sequences ilm, those in film: {in_film:.0%}")

# %% [markdown]
# By counts *m* comes first, and nearly always it is the *m* of *film*. But a model of order 4, with *f* in its context, has counts of its own for
# that. It leans on *il* where the letter before is another one, too; does *film* tell much about such a place? Kneser and Ney (1995) ask instead after how many *different* symbols $v$ the
# sequence was seen, its **continuation count**:
#
# $$a(h, w) = \left|\{v : c(v\,h\,w) > 0\}\right| \tag{4}$$
#
# Of these five, *l* comes first by it. In word models the standard example is *Francisco*: frequent, but after little else than *San*. Kneser–Ney
# smoothing uses (4) in place of counts at all orders but the highest. One exception: nothing stands in front of a sequence that opens a sentence, so there the plain count stays.
#
# ## Modified Kneser–Ney in forty lines
#
# One order of the model is what (1) asks for: what is kept of each n-gram, and for each context the sum of its counts and the mass.


# %%
def one_order(counts, taken):
    """What is kept of each count; of each context the total and the mass."""
    kept, total, mass = {}, Counter(), Counter()
    for gram, c in counts.items():
        discount = taken[min(c, 3) - 1]
        kept[gram] = c - discount
        total[gram[:-1]] += c
        mass[gram[:-1]] += discount
    return kept, total, mass


def kneser_ney(texts, order, discounts=discounts, continuation=True):
    """The orders 1 to `order` of the model."""
    levels, longer = [], {}
    for n in range(order, 0, -1):
        counts = plain = count(texts, n)
        if continuation and n < order:
            counts = Counter(gram[1:] for gram in longer)  # formula (4)
            for gram in plain.keys() - counts.keys():
                counts[gram] = plain[gram]  # opens a sentence
        levels.insert(0, one_order(counts, discounts(counts)))
        longer = plain
    return levels


# %% [markdown]
# To predict, begin with the uniform distribution and go up: formula (1) at each order, as long as the
# context was ever seen. An unseen one says nothing, and what the shorter one says stands.


# %%
def predict(levels, before, symbol):
    """p(symbol | before), formula (1) from order 1 upwards."""
    p = 1 / V
    for n, (kept, total, mass) in enumerate(levels, start=1):
        context = before[len(before) - (n - 1) :]  # the last n - 1 symbols
        if n - 1 > len(before) or context not in total:
            break
        own = kept.get(context + symbol, 0)
        p = (own + mass[context] * p) / total[context]
    return p


# %% tags=["hide-input"]
def surprises(levels, text):
    """Bits of surprise at each symbol of a text after the opening one."""
    places = range(1, len(text))
    return [-math.log2(predict(levels, text[:i], text[i])) for i in places]


ours = kneser_ney(texts["train"], 5)
library = NGram(5, V, "kneser_ney").fit(rows["train"])
alphabet = tokenizer.alphabet
before = "\nI never thought that "
distribution = [predict(ours, before, symbol) for symbol in alphabet]  # [V]
for place in np.argsort(distribution)[:-6:-1]:  # the five largest
    print(f"{alphabet[place]!r} {distribution[place]:.3f}", end="   ")

# %% tags=["claims"]
close(
    "After this context the 96 probabilities sum to one", sum(distribution), 1.0
)
kept_texts = texts["validation"][:100]
bits = [sum(surprises(ours, text)) for text in kept_texts]
close(
    "100 validation sentences: the library gives each our surprise",
    bits,
    library.nll(rows["validation"][:100]) / math.log(2),
)

# %% [markdown]
# These are the likeliest symbols after *I never thought that*. The library, with integers in place of strings, gives whole sentences the same surprise.
#
# ## What is each idea worth?
#
# Kneser–Ney differs from absolute discounting in two ways: three discounts for one, and continuation counts for plain counts in
# the shorter contexts. Our function can have one without the other. All four have order 5.


# %% tags=["hide-input"]
# @title The four models, and the bits of each validation sentence
def one_discount(counts):
    """The Y of formula (3), for all counts."""
    n = Counter(counts.values())
    return [n[1] / (n[1] + 2 * n[2]) if n[1] * n[2] else 0.5] * 3


length = np.array([len(text) - 1 for text in texts["validation"]])
four, spent = {}, {}
for name, how in {"one": one_discount, "three": discounts}.items():
    for kind in (False, True):
        model = kneser_ney(texts["train"], 5, how, kind)
        scored = [sum(surprises(model, text)) for text in texts["validation"]]
        four[name, kind], spent[name, kind] = model, np.array(scored)

# %% tags=["hide-input"]
print("order 5, validation     bits per     saved, with its")
print("discounts  shorter      character    95 % interval")
saved = {}
for (name, kind), some in spent.items():
    saved[name, kind] = bootstrap_ratio(spent["one", False] - some, length)
    label = "continuation" if kind else "plain counts"
    bits = some.sum() / length.sum()
    print(f"{name:<9}  {label:<13} {bits:7.3f}    {saved[name, kind]}")

# %% [markdown]
# (The percentile bootstrap over sentences of [bigrams](bigram_counts.ipynb), of the difference on the same sentences.) Both help, alone and together, and counting
# continuations is worth more than the finer discounts, at this order.
#
# Is it for the reason given, that the shorter context is asked in special places? Take the two models with three discounts, cut each down to its orders 1 to 4, and
# let them read 300 validation sentences from the fifth symbol on: at all places, and only at the *new* ones, where order 5 never saw the symbol after these four. The answer picks
# such places, so we also ask what the whole models pay at the others.

# %% tags=["hide-input"]
# @title Plain counts and continuation counts, place by place
fives = four["three", True][4][0]  # all sequences of 5 seen in training
asked = {(n, where): [] for n in (4, 5) for where in ("all", "seen", "new")}
for text in texts["validation"][:300]:
    for n in (4, 5):
        plain = surprises(four["three", False][:n], text)
        continued = surprises(four["three", True][:n], text)
        for i in range(4, len(text)):
            pair = plain[i - 1], continued[i - 1]
            where = "seen" if text[i - 4 : i + 1] in fives else "new"
            asked[n, "all"].append(pair)
            asked[n, where].append(pair)

# %% tags=["hide-input"]
print("bits per character; seen, new: whether order 5 saw the symbol there")
print(f"{'':18} {'places':>8} {'plain counts':>14} {'continuation':>14}")
both = {name: np.mean(pairs, axis=0) for name, pairs in asked.items()}
for n, where in [(4, "all"), (4, "new"), (5, "seen"), (5, "new")]:
    plain, continued = both[n, where]
    print(f"orders 1 to {n}, {where:4}", end="")
    print(f" {len(asked[n, where]):8,} {plain:14.3f} {continued:14.3f}")

# %% [markdown]
# A crossing: on the text as a whole the plain counts are the better model of order 4 (a Kneser–Ney model made for order 4 has them at its top, too), and where order 5 never saw the symbol, continuation counts are. The whole
# model pays a little where order 5 saw the symbol, and saves much at the new places.

# %% tags=["claims"]
check("Of the sequences ilm over 95 % stand in film", in_film > 0.95)
check(
    "Three discounts help, with plain counts and with continuation counts",
    saved["three", False].low > 0
    and bootstrap_ratio(spent["one", True] - spent["three", True], length).low
    > 0,
)
gain = bootstrap_ratio(spent["three", False] - spent["three", True], length)
check(
    "Continuation counts help, with one discount and with three",
    saved["one", True].low > 0 and gain.low > 0,
)
check(
    "Continuation counts alone save twice what three discounts alone do",
    saved["one", True].value > 2 * saved["three", False].value,
)

# %% tags=["claims"]
check(
    "Orders 1 to 4: plain counts are better over all places together",
    both[4, "all"][0] < both[4, "all"][1] - 0.02,
)
check(
    "Orders 1 to 4: continuation counts are better at the new places",
    both[4, "new"][1] < both[4, "new"][0] - 0.1,
)
check(
    "Orders 1 to 5: continuation counts lose under 0.1 bits at seen places,"
    " and save over 0.3 at new ones",
    0 < both[5, "seen"][1] - both[5, "seen"][0] < 0.1
    and both[5, "new"][0] - both[5, "new"][1] > 0.3,
)

# %% [markdown]
# ## Where more context starts to hurt
#
# Now every method at every order, with the library, which stores a sequence as one integer; the longest
# that fits into 64 bits has nine symbols. Two methods need settings, chosen on validation: $k$ for add-k at each
# order, and for Jelinek–Mercer one weight for each order, all fitted together (Jelinek and Mercer, 1980, let a weight depend on how often the context was seen; this is the simplest form). The others need none.


# %%
def bits_per_char(model, split):
    """Mean surprise in bits of the symbols of a split."""
    n_symbols = sum(len(row) - 1 for row in rows[split])
    return model.nll(rows[split]).sum() / math.log(2) / n_symbols


orders = range(1, 10)
grid, settings = {}, {}
for method in ("witten_bell", "absolute_discounting", "kneser_ney"):
    for n in orders:
        model = NGram(n, V, method).fit(rows["train"])
        grid[method, n] = bits_per_char(model, "validation")
        settings[method, n] = {}

# %% tags=["hide-input"]
# @title Three discounts with plain counts, at every order
levels = three_plain(9, rows["train"])
codes, _ = encode(rows["validation"], 9, V)
no_continuation = [
    -np.log2(probabilities(levels[:n], codes, V)).mean() for n in orders
]

# %% tags=["hide-input"]
# @title The k of add-k
for n in orders:
    model, tried = NGram(n, V, "add_k").fit(rows["train"]), {}
    for k in (0.003, 0.01, 0.03, 0.1):
        model.k = k  # the counts stay
        tried[k] = bits_per_char(model, "validation")
    best_k = min(tried, key=tried.get)
    grid["add_k", n], settings["add_k", n] = tried[best_k], {"k": best_k}


# %% tags=["hide-input"]
# @title The weights of Jelinek–Mercer, by expectation maximization
def best_weights(own, known, steps=30):
    """A weight an order, from what each says of validation, [order, N]."""
    weights = np.full(len(own), 0.5)
    for _ in range(steps):
        p = [np.full(own[0].shape, 1 / V)]  # what orders up to n say
        for weight, own_p, seen in zip(weights, own, known, strict=True):
            mixed = weight * own_p + (1 - weight) * p[-1]
            p.append(np.where(seen, mixed, p[-1]))
        asked = np.ones(own[0].shape)  # chance that this order is asked
        for n in reversed(range(len(own))):
            answered = known[n] * asked * weights[n] * own[n] / p[n + 1]
            weights[n] = answered.sum() / asked[known[n]].sum()
            asked = asked - answered  # the rest is asked of the next shorter
    return weights


# %% tags=["hide-input"]
# @title Jelinek–Mercer with these weights, at every order
own, known = [], []
for n in orders:
    level, (codes, _) = (
        whole(n, rows["train"]),
        encode(rows["validation"], n, V),
    )
    times = lookup(level.contexts, level.totals, codes // V)
    own.append(lookup(level.grams, level.kept, codes) / np.maximum(times, 1))
    known.append(times > 0)
    weights = best_weights(own, known)
    settings["jelinek_mercer", n] = {"weights": [float(w) for w in weights]}
    model = NGram(n, V, "jelinek_mercer", **settings["jelinek_mercer", n])
    grid["jelinek_mercer", n] = bits_per_char(
        model.fit(rows["train"]), "validation"
    )

# %% tags=["hide-input"]
names = {"add_k": "add-k", "jelinek_mercer": "Jelinek–Mercer"} | labels
print("bits per character on validation; * the best order of each")
print("order                 " + "".join(f"{n:6}" for n in orders))
best = {}
for method, label in names.items():
    best[method] = min(orders, key=lambda n, m=method: grid[m, n])
    print(f"{label:22}", end="")
    for n in orders:
        mark = "*" if n == best[method] else " "
        print(f"{grid[method, n]:5.2f}{mark}", end="")
    print()
print(f"{'three, plain counts':22}", end="")
print("".join(f"{bits:5.2f} " for bits in no_continuation))
chosen_k = [settings["add_k", n]["k"] for n in orders]
print(f"{'k of add-k':22}" + "".join(f"{k:>6}" for k in chosen_k))
print("weights of Jelinek–Mercer", " ".join(f"{w:.3g}" for w in weights))

# %% tags=["hide-input"] mystnb={"image": {"alt": "Bits per character on validation against the order, 1 to 9, one curve for each of five methods and one for three discounts with plain counts. The axis ends at 3.2: all come in from above it, close together down to about 2.4 at order 4. Then add-k turns up steeply after order 5, Witten\u2013Bell, absolute discounting and three discounts with plain counts turn up gently after order 6, Jelinek\u2013Mercer flattens out a little below 2, and modified Kneser\u2013Ney falls lowest and flattens out below 1.9."}}
figure, ax = plot.panels(height=4.0)
for method, label in names.items():
    curve = [grid[method, n] for n in orders]
    (line,) = ax.plot(orders, curve, label=label)
    place = best[method]
    ax.plot(place, grid[method, place], "o", color=line.get_color())
dashed = {"color": plot.GREY, "label": "three, plain counts"}
ax.plot(orders, no_continuation, "--", **dashed)
ax.set(xlabel="order: symbols of context, and the one predicted")
ax.set(ylabel="bits per character", ylim=(1.8, 3.2), xticks=orders)
ax.legend(loc="lower left")
plt.show()

# %% [markdown]
# Up to order 3 the method hardly matters. Then they part. Add-k is worse with every order after the fifth, and
# Witten–Bell and absolute discounting after the sixth. Jelinek–Mercer and Kneser–Ney do not turn within
# nine orders. For Jelinek–Mercer that has to be so with the best weights: weight zero would switch an order off, and this same validation text has set the weights. Kneser–Ney has seen
# nothing but the training counts. With its three discounts but plain counts (dashed) the curve turns after order 6; with continuation counts in their place it goes on falling.
#
# Each at its best order, Jelinek–Mercer with such weights is the second, though at each order its share is the same after all contexts that were seen.

# %% tags=["claims"]
at = {m: [grid[m, n] for n in orders] for m in names}  # [order - 1]
check(
    "Orders 1 to 3: the five methods within 0.05 bits",
    all(
        max(at[m][i] for m in at) - min(at[m][i] for m in at) < 0.05
        for i in range(3)
    ),
)
for method, turn in {
    "add_k": 5,
    "witten_bell": 6,
    "absolute_discounting": 6,
}.items():
    check(
        f"{names[method]}: worse with every symbol after order {turn}",
        (np.diff(at[method])[turn - 1 :] > 0.01).all() and best[method] == turn,
    )

# %% tags=["claims"]
check(
    "Three discounts, plain counts: worse with every symbol after order 6",
    (np.diff(no_continuation)[5:] > 0.005).all()
    and np.argmin(no_continuation) == 5,
)
check(
    "Order 5: Witten–Bell needs over 0.02 bits more than Kneser–Ney",
    grid["witten_bell", 5] - grid["kneser_ney", 5] > 0.02,
)

# %% tags=["claims"]
for method in ("jelinek_mercer", "kneser_ney"):
    check(
        f"{names[method]}: each order to 9 better than the one before, here",
        (np.diff(at[method]) < 0).all(),
    )
check(
    "Each at its best order: Jelinek–Mercer is the second",
    sorted(names, key=lambda m: min(at[m]))[:2]
    == ["kneser_ney", "jelinek_mercer"],
)
check(
    "From order 4 on Kneser–Ney is the best of the five",
    all(
        at["kneser_ney"][i] < at[m][i]
        for i in range(3, 9)
        for m in at
        if m != "kneser_ney"
    ),
)

# %% [markdown]
# ## A file that other programs read
#
# N-gram models are passed on in the ARPA format, plain text. For each n-gram seen, and for every symbol, it lists
# $\log_{10} p(w \mid h)$, finished; and for each context the **back-off weight**, $\log_{10}$ of the factor $\beta(h)$ by which the shorter context's answer is multiplied
# for all other symbols:
#
# $$p(w \mid h) = \begin{cases} \text{as listed} & \text{if } h\,w \text{ is listed} \\
# \beta(h)\; p(w \mid h') & \text{otherwise, } \beta(h) = 1 \text{ if } h \text{ is not listed} \end{cases} \tag{5}$$
#
# For a symbol that was not seen, formula (1) has this very form: $\beta(h)$ is the mass over the denominator.

# %% tags=["hide-input"]
file = io.StringIO()
write_arpa(library, file, alphabet)
lines = file.getvalue().splitlines()
wanted = "\tf i l", "\tf i l m", "\tf i l m ␣", "\t␣ f i l m"
for line in lines[:7] + [
    entry
    for entry in lines
    if entry.endswith(wanted) or any(f"{w}\t" in entry for w in wanted)
]:
    print(line)


# %% tags=["hide-input"]
# @title Reading the two columns
def read_arpa(lines):
    """Both columns of an ARPA file, each by n-gram (a tuple of tokens)."""
    log10_p, log10_weight = {}, {}
    line = ""
    for line in lines:
        columns = line.split("\t")  # log10 p, n-gram, perhaps log10 of β
        if len(columns) > 1:
            gram = tuple(columns[1].split(" "))
            log10_p[gram] = float(columns[0])
            log10_weight[gram] = float(columns[2]) if columns[2:] else 0.0
    if line.strip() != "\\end\\":
        raise ValueError(
            "the ARPA file is cut off: its last line is not \\end\\"
        )
    return log10_p, log10_weight


# %% [markdown]
# The numbers above: how many n-grams there are of each order (at order 1 two marks more, `<s>` and `<unk>`), then four of them, each between its $\log_{10} p$ and its
# back-off weight; the longest order needs no weight. The first number of *f i l m* means one in ten for the *m*, for this is an order that counts continuations; with the blank in front, the longest order says nearly certain. A few lines read the two columns into dictionaries (folded); what does the work is (5), word for word:


# %%
def back_off(arpa, gram):
    """log10 of formula (5) for the last token of an n-gram."""
    log10_p, log10_weight = arpa
    if gram in log10_p:
        return log10_p[gram]
    return log10_weight.get(gram[:-1], 0.0) + back_off(arpa, gram[1:])


# %% [markdown]
# The program knows nothing of discounts or continuation counts. Does it give sentences the same probability?

# %% tags=["hide-input"]
arpa = read_arpa(lines)
written = tokens(alphabet)  # the visible token of each id
from_file = []
for row in rows["validation"][:100]:
    sentence = ["<s>", *(written[i] for i in row[1:])]  # "</s>" is the last
    ends = range(2, len(sentence) + 1)
    grams5 = [tuple(sentence[max(0, end - 5) : end]) for end in ends]
    from_file.append(sum(back_off(arpa, gram) for gram in grams5))
in_memory = library.nll(rows["validation"][:100])
for log10, nats in list(zip(from_file, in_memory, strict=True))[:3]:
    print(f"file {log10:9.3f}   model {-nats / math.log(10):9.3f}   log10 P")

# %% tags=["claims"]
close(
    "100 validation sentences: the file gives the model's log10 P",
    from_file,
    -in_memory / math.log(10),
    atol=1e-4,
)

# %% [markdown]
# KenLM (Heafield 2011), a program made to run such models fast, gives the same
# scores: the tests of this book write files of orders 2, 3 and 5 and ask it, symbol by symbol. (It must be compiled, so this chapter does without it.)
#
# ## The rungs
#
# Methods, orders and settings are chosen. Now the test sentences, once, at the best order of each. These are scored by `scoring.nll`, as the networks are, from the
# probabilities that they give to the text.

# %% tags=["hide-input"]
# @title Bits of each test sentence under each method
test_length = scoring.n_predicted(rows["test"])
test_bits, stored = {}, {}
for method in names:
    n = best[method]
    model = NGram(n, V, method, **settings[method, n])
    started = time.perf_counter()
    model.fit(rows["train"])
    stored[method] = model.parameters, time.perf_counter() - started
    test_bits[method] = scoring.nll(model, rows["test"]) / math.log(2)

# %% tags=["hide-input"]
rungs = {}
print("test sentences, 95 % bootstrap interval over sentences")
print(f"{'':23}order  bits per character      n-grams stored")
for method, label in names.items():
    rungs[method] = bootstrap_ratio(test_bits[method], test_length)
    print(
        f"{label:22} {best[method]:4}   {rungs[method]} {stored[method][0]:16,}"
    )
ranked = sorted(names, key=lambda m: -rungs[m].value)
lead = bootstrap_ratio(
    test_bits[ranked[-2]] - test_bits["kneser_ney"], test_length
)
print(f"lead of Kneser–Ney over the next: {lead}")

# %% tags=["hide-input", "nbval-ignore-output"]
# @title Records for the results page
for method, label in names.items():
    rung = {"ladder": "language"}
    if method == "kneser_ney":
        rung = {}  # its rung is set by the chapter on GPT, against the network
    record(
        f"smoothing.bits_{method}",
        rungs[method].value,
        "bits/char",
        rungs[method],
        **rung,
        label=f"n-gram of order {best[method]}, {label}",
        parameters=stored[method][0],
        seconds=stored[method][1],
        note="order and settings chosen on validation",
    )

# %% tags=["hide-input"] mystnb={"image": {"alt": "Five dots with short intervals on an axis of bits per character. From worst to best: add-k far to the right, absolute discounting and Witten\u2013Bell, then Jelinek\u2013Mercer, then modified Kneser\u2013Ney, leftmost."}}
figure, ax = plot.panels(height=2.6)
shown = [f"{names[m]}, {best[m]}" for m in ranked]
plot.intervals(ax, shown, [rungs[m] for m in ranked])
ax.set(xlabel="bits per character, test reviews")
plt.show()

# %% [markdown]
# The methods rank on the test sentences as on validation, and the interval of Kneser–Ney's lead over the next, taken on the same sentences, lies well above zero. (Order 9 is the largest that the library can encode. For add-k and Witten–Bell it also counts the breaks put before a sentence, hence their few more n-grams at the same order.) It is the rival of
# the networks to come: [the GPT chapter](../transformer/gpt.ipynb) puts it on the ladder, beside one.

# %% tags=["claims"]
check(
    "Test: the five methods rank as on validation",
    ranked == sorted(names, key=lambda m: -min(at[m])),
)
check(
    "Test: Kneser–Ney leads the next by over 0.03 bits, interval and all",
    ranked[-1] == "kneser_ney" and lead.low > 0.03,
)

# %% [markdown]
# ## Summary
#
# Counts are too high for what they are worth in new text; what was never seen has the difference. Each interpolating method keeps all or part of the counts after a
# context and gives some mass to the context one symbol shorter. Counts of counts, which need no second
# text, say roughly how much for the smallest counts; and a shorter context that is mixed with a longer one did better here to count after how many different symbols a sequence came than how often.
# Both ideas together are modified Kneser–Ney. On our text it is the only one of the curves drawn that, from training counts alone, gains with every order up to nine.
#
# Networks beside these tables, on the same text: the [neural n-gram](../neural/neural_ngram.ipynb) and [recurrent networks](../neural/recurrent.ipynb).
#
# ## Exercises
#
# > **Exercise 1.** On paper (★☆☆, 10 minutes). Two contexts were each seen eight times: one always before the
# > same symbol, the other before eight different ones. What share, $\text{mass}(h)$ over the denominator of (1), goes
# > to the shorter context? Return four numbers: Witten–Bell for the first and for the second, absolute discounting with $D = 1/2$ for the first and for the second. Then think: what does Jelinek–Mercer say to
# > these two?
#
# <details><summary>Hint</summary>
#
# First find the mass. For Witten–Bell it is the number of different symbols, and the kept counts are whole. For absolute discounting each
# symbol gives up a half, and the denominator stays eight.
#
# </details>


# %% tags=["exercise"]
def on_paper():
    """Four shares: Witten–Bell and absolute discounting, each same, eight."""
    ...


exercises.on_paper(on_paper)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def on_paper():
    """Four shares: Witten–Bell and absolute discounting, each same, eight."""
    same, eight = 1 / (8 + 1), 8 / (8 + 8)
    return same, eight, (1 * 0.5) / 8, (8 * 0.5) / 8


exercises.on_paper(on_paper)

# %% [markdown]
# Jelinek–Mercer gives both the same share, for it looks neither at the count nor at the number of symbols.
#
# > **Exercise 2.** Is it a distribution? (★★☆, 15 minutes). *Stupid backoff* (Brants et al. 2007) drops all
# > discounts: the score of $w$ after $h$ is $c(h,w)/c(h)$ if $hw$ was seen, and otherwise 0.4 times the score of $w$ after $h'$.
# > For very large models translations with it were found to be nearly as good as with Kneser–Ney. Write `total(counts, shorter)`: the sum of the scores after a
# > context with these `counts` [V], some of them zero, where `shorter` [V] has the scores after $h'$.
#
# <details><summary>Hint</summary>
#
# `np.where(counts > 0, …, …)` chooses symbol by symbol. Try it on the example of this chapter.
#
# </details>


# %% tags=["exercise"]
def total(counts, shorter):
    """Sum over all symbols of the scores of stupid backoff."""
    ...


exercises.total(total)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def total(counts, shorter):
    """Sum over all symbols of the scores of stupid backoff."""
    return np.where(counts > 0, counts / counts.sum(), 0.4 * shorter).sum()


print(f"in the example of this chapter: {total(counts, shorter):.2f}")
exercises.total(total)

# %% [markdown]
# More than one, as soon as a symbol is unseen to which $h'$ gives a score: it has no
# bits per character that could stand on the ladder.
#
# > **Exercise 3.** With less text (★★☆, 15 minutes). An experiment: fit Witten–Bell and Kneser–Ney to every
# > eighth training sentence, `rows["train"][::8]`, at the orders 1 to 9, and look at the validation text. Guess first: which order is then best for each? Return the
# > two orders, Witten–Bell's first.
#
# <details><summary>Hint</summary>
#
# `NGram(n, V, method).fit(few)` and `bits_per_char(model, "validation")`.
#
# </details>


# %% tags=["exercise"]
def best_orders():
    """The best order of Witten–Bell and of Kneser–Ney."""
    ...


exercises.best_orders(best_orders)

# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
few = rows["train"][::8]
shorter_best = {}
for method in ("witten_bell", "kneser_ney"):
    bits = {}
    for n in orders:
        bits[n] = bits_per_char(NGram(n, V, method).fit(few), "validation")
    shorter_best[method] = min(bits, key=bits.get)
    print(f"{labels[method]:20}", " ".join(f"{b:.3f}" for b in bits.values()))


def best_orders():
    """The best order of Witten–Bell and of Kneser–Ney."""
    return 5, 9  # read off


check(
    "They are the best orders of the table",
    best_orders() == tuple(shorter_best.values()),
)
exercises.best_orders(best_orders)

# %% [markdown]
# ## Common mistakes
#
# - *Continuation counts at the highest order too*: there is no longer context that could have spoken first, and the model keeps plain counts.
# - *One set of discounts for all orders*: the counts of counts may differ from order to order, and the discounts with them. Compute them from the counts that each order uses, continuation counts included.
# - *Back-off where interpolation is meant*: in (1) a seen symbol gets a part of the mass as well. Leave that out, and the probabilities after a context sum to less than one.
# - *Scores that do not sum to one, compared in bits*: sum over the vocabulary once, after some contexts seen and some unseen.
# - *A rival with plain defaults*: add-k at order 9 is easy to beat. Compare with Kneser–Ney, its order chosen on validation.
#
# ## Further reading
#
# - Good (1953), [The population frequencies of species and the estimation of population parameters](https://doi.org/10.1093/biomet/40.3-4.237): formula (2).
# - Church and Gale (1991), [A comparison of the enhanced Good-Turing and deleted estimation methods for estimating probabilities of English bigrams](https://doi.org/10.1016/0885-2308%2891%2990016-J): counts in one half of a text against the other, for words.
# - Witten and Bell (1991), [The zero-frequency problem: estimating the probabilities of novel events in adaptive text compression](https://doi.org/10.1109/18.87000): what we call Witten–Bell is their method C.
# - Ney, Essen and Kneser (1994), [On structuring probabilistic dependences in stochastic language modelling](https://doi.org/10.1006/csla.1994.1001): absolute discounting.
# - Kneser and Ney (1995), [Improved backing-off for m-gram language modeling](https://doi.org/10.1109/ICASSP.1995.479394): what a shorter context should count.
# - Chen and Goodman (1999), [An empirical study of smoothing techniques for language modeling](https://doi.org/10.1006/csla.1999.0128): all of them compared, and the modified Kneser–Ney of this chapter.
# - Brants et al. (2007), [Large language models in machine translation](https://aclanthology.org/D07-1090/): stupid backoff, on two trillion words.
# - Heafield (2011), [KenLM: faster and smaller language model queries](https://aclanthology.org/W11-2123/): how such models are stored and asked.
