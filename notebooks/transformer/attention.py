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
# # Attention
#
# From a dictionary lookup to multi-head attention in six steps, each tied to the one before by a check.
#
# *Dog bites man.* What does *bites* need to know? Above all, who is there to bite. So let it ask the
# sentence: is there a being? How would a program ask that, and learn what to ask?

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
import itertools
import math
from functools import partial

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from lmcourse import live, plot, session
from lmcourse.claims import check, close
from lmcourse.evaluation import intervals
from lmcourse.evaluation.influence import movement
from lmcourse.exercises.transformer import attention as exercises
from lmcourse.models import attention as library
from matplotlib.patches import FancyBboxPatch, Rectangle
from torch import nn

run = session.start(PROFILE, SEED)

# %% [markdown]
# Give each word three features by hand: is it a being, an action, a human? The question is a vector too; its 2
# says how strongly *bites* wants a being. A dot product compares the question with each word. Then comes the
# softmax: raise $e$ to each score, and divide by the sum.

# %%
words = ["dog", "bites", "man"]
x = torch.tensor([[1.0, 0, 0], [0, 1, 0], [1, 0, 1]])  # [T, d]
being = torch.tensor([2.0, 0, 0])  # [d]
scores = x @ being  # [T]
shares = scores.softmax(dim=-1)  # [T]

# %% tags=["hide-input"]
print("word    its numbers        score   e^score   share")
for word, vector, score, share in zip(words, x, scores, shares, strict=True):
    print(f"{word:<7} {vector.tolist()!s:<17} {score:6.0f}", end="")
    print(f" {score.exp():9.2f} {share:7.2f}")
print(f"{'sum':<32}{scores.exp().sum():10.2f} {shares.sum():7.2f}")

# %% [markdown]
# *Bites* divides its look between the two beings and keeps a little
# for itself.
#
# **You will**
#
# - climb from a dictionary to multi-head attention and tie each step to the one before,
# - recompute the attention of a three-word sentence by hand,
# - derive $\sqrt{d_k}$, and measure what it does and what it does not do,
# - mask the future and the padding,
# - test that nothing leaks, with a test that has itself been tested.
#
# **You need** vectors, matrix products and a little PyTorch, and
# [softmax and cross-entropy](../probability/softmax.ipynb).

# %% [markdown]
# ## Step 1: a dictionary that can be undecided
#
# A Python dictionary compares a **query** with stored **keys** and returns the **value** of the key that is
# equal. Two things are wrong with it. *Puppy* is nearly *dog*, but nearly does not count: a `KeyError`. And
# a small change of the query changes either nothing or everything, so there is no slope along which to learn.
#
# The soft lookup compares by dot products, and returns the average of *all* values, weighted with the shares:
# the *context*. Our values are simply the words' own numbers.


# %%
def lookup(query, keys, values):
    """The average of values, by how well each key fits the query."""
    parts = [math.exp(query @ key) for key in keys]
    weights = [part / sum(parts) for part in parts]
    pairs = zip(weights, values, strict=True)
    context = sum(weight * value for weight, value in pairs)  # [d]
    return context, torch.tensor(weights)  # [d], [T]


# %% [markdown]
# How undecided is it? Ask for a human being, $(1, 0, 1)$, with the query multiplied by a *sharpness*, which is
# one over the temperature of the softmax:

# %% tags=["hide-input"]
human = torch.tensor([1.0, 0, 1])  # [d]
asked = {
    sharpness: lookup(sharpness * human, x, x) for sharpness in (0, 1, 3, 100)
}
print("sharpness     weights of dog, bites, man     context")
for sharpness, (context, weights) in asked.items():
    row = "".join(f"{weight:7.2f}" for weight in weights)
    answer = "".join(f"{number:6.2f}" for number in context)
    print(f"{sharpness:>9}     {row:<25}{answer}")

# %% [markdown]
# At zero the lookup is **mean pooling**, the plain average of all words. At a hundred it returns
# *man*, as the dictionary would. (For *dog*, whose score ties with that of *man*, it would not: the keys have
# different lengths.) Attention is everything in between.
#
# The flow of the data, with shapes:


# %% tags=["hide-input"]
# @title Drawing boxes and arrows
def flow(boxes, arrows, new=(), height=2.2, show=plt.show):
    """Boxes {text: (x, y)}, arrows (from, to, label); what is new is orange."""
    _, ax = plot.panels(height=height)
    ax.set(xlim=(-0.52, 4.82), ylim=(-0.25, 2.25))
    ax.axis("off")
    wide, high = 0.94, 0.66  # of a box
    for text, (x, y) in boxes.items():
        fresh = any(word in text for word in new)
        edge = {"ec": plot.ORANGE if fresh else plot.INK, "lw": 1 + fresh}
        style = {"boxstyle": "round,pad=0,rounding_size=0.08", **edge}
        corner = (x - wide / 2, y - high / 2)
        box = FancyBboxPatch(corner, wide, high, fc=plot.PAPER, **style)
        ax.add_patch(box)
        ax.text(x, y, text, ha="center", va="center")
    for start, end, label in arrows:
        (x0, y0), (x1, y1) = boxes[start], boxes[end]
        side, down = (wide / 2, 0) if x0 < x1 else (0, high / 2)
        tail, tip = (x0 + side, y0 - down), (x1 - side, y1 + down)
        line = {"arrowstyle": "-|>", "color": plot.INK}
        ax.annotate("", tip, tail, arrowprops=line)
        middle = ((tail[0] + tip[0]) / 2, (tail[1] + tip[1]) / 2 + 0.06)
        ax.text(*middle, label, ha="center", va="bottom", size=plot.SMALL)
    show()


# %% tags=["hide-input"]
# @title What the site's widget has to show for three queries
answers, exact = [], x.double()
for sharpness, query in [(1, [1, 0, 1]), (0, [2, 0, 0]), (10, [-1.5, 0.7, 1])]:
    question = sharpness * torch.tensor(query).double()  # [d]
    context, weights = lookup(question, exact, exact)
    answer = {"sharpness": sharpness, "query": query}
    answers.append({**answer, "weights": weights, "context": context})

# %% tags=["hide-input"] mystnb={"image": {"alt": "Flow of one lookup: a query of d numbers and keys of T by d give T scores; a softmax makes them T weights; the weights and the values, T by d, give one context of d numbers."}}
PLACES = [
    (1.35, 1.8),
    (1.35, 1),
    (1.35, 0.2),
    (2.74, 1.4),
    (4.3, 1.4),
    (4.3, 0.2),
]
boxes = ["query\n[d]", "keys\n[T, d]", "values\n[T, d]"]
boxes += ["scores\n[T]", "weights\n[T]", "context\n[d]"]
ARROWS = [  # from, to: numbers of boxes
    (0, 3, ""),
    (1, 3, ""),
    (3, 4, "softmax"),
    (4, 5, ""),
    (2, 5, "weighted average"),
]
flow(
    dict(zip(boxes, PLACES, strict=True)),
    [(boxes[a], boxes[b], label) for a, b, label in ARROWS],
    show=partial(live.show, "lookup", words=words, vectors=x, examples=answers),
)

# %% tags=["claims"]
context, weights = lookup(being, x, x)
close("The loop gives the shares of the opening", weights, shares)
close("Sharpness 0: the mean of all values", asked[0][0], x.mean(dim=0))
close("Sharpness 100: the value of man", asked[100][0], x[2])

# %% [markdown]
# ## Step 2: every word asks at once
#
# Now let every word ask, and for a start let its question be its own vector. With the loop:

# %%
contexts = torch.stack([lookup(query, x, x)[0] for query in x])  # [T, d]

# %% [markdown]
# The same without a loop: stack the queries as rows of a matrix $Q$, the keys as rows of $K$, the values as rows of
# $V$. Then one matrix product makes all comparisons, and another one all averages:
#
# $$\operatorname{attend}(Q, K, V) = \operatorname{softmax}\!\left(QK^\top\right) V \tag{1}$$
#
# Row $t$ of $QK^\top$ has the scores of word $t$ for all words. The softmax runs along the row, so each row sums
# to one. In code the three dots stand for any axes in front, such as a batch; `transpose(-2, -1)` swaps the
# last two.


# %%
def attend(query, key, value):
    """softmax(QKᵀ) V, and the weights."""
    scores = query @ key.transpose(-2, -1)  # [..., T, T]
    weights = scores.softmax(dim=-1)  # [..., T, T]
    return weights @ value, weights  # [..., T, d], [..., T, T]


outputs, weights = attend(x, x, x)  # [T, d], [T, T]


# %% tags=["hide-input"]
# @title Printing matrices side by side
def table(rows, **matrices):
    """Matrices with one row a word, beside each other."""
    widths = [7 * matrix.shape[1] for matrix in matrices.values()]
    heads = zip(matrices, widths, strict=True)
    print(" " * 7 + "   ".join(f"{name:>{width}}" for name, width in heads))
    for number, row in enumerate(rows):
        cells = [
            "".join(f"{entry:7.2f}" for entry in matrix[number].tolist())
            for matrix in matrices.values()
        ]
        print(f"{row:<7}" + "   ".join(cells))


# %% tags=["hide-input"]
table(words, scores=x @ x.T, weights=weights, contexts=outputs)

# %% [markdown]
# Take *man* with pencil and paper: its scores are 1, 0 and 2; raise $e$ to them, divide by the sum, and
# average the three words' numbers with the result. (Orange marks the main change.)

# %% tags=["hide-input"] mystnb={"image": {"alt": "The same flow for all words at once. X of T by d goes to Q, K and V unchanged; Q and K give scores, now T by T; a softmax makes them weights, T by T; with V they give the contexts, T by d. Scores, weights and contexts are marked as new."}}
text = "X\n[T, $d$]"
boxes = ["Q = X\n[T, $d$]", "K = X\n[T, $d$]", "V = X\n[T, $d$]"]
boxes += ["scores\n[T, T]", "weights\n[T, T]", "contexts\n[T, $d$]"]
flow(
    {text: (0, 1), **dict(zip(boxes, PLACES, strict=True))},
    [(text, boxes[n], "") for n in range(3)]
    + [(boxes[a], boxes[b], label) for a, b, label in ARROWS],
    new=("T, T", "contexts"),
)

# %% tags=["claims"]
close("The matrix form gives what the loop gives", outputs, contexts)

# %% [markdown]
# Queries, keys and values all come from the same words: this is **self-attention**. So far: $X$ of shape `[T, d]` goes in, and `[T, d]` comes out.
#
# ## Step 3: learned queries, keys and values
#
# In step 2 a word can only ask for what it is itself: look at the row of *bites*. In the opening it asked for
# a being. A matrix can do that (a row for what the word is, a column for what it asks for): let $W^Q$ turn an action into
# twice a being, and anything else into no question at all.

# %%
W_query = torch.tensor([[0.0, 0, 0], [2, 0, 0], [0, 0, 0]])  # [d, d]


def by_hand(x):
    """Queries, keys and values of a head set by hand."""
    return x @ W_query, x, x  # [T, d] each


outputs, weights = attend(*by_hand(x))  # [T, d], [T, T]

# %% tags=["hide-input"]
table(words, queries=x @ W_query, weights=weights, contexts=outputs)

# %% [markdown]
# The row of *bites* is that of the opening. *Dog* and *man* ask for nothing and look everywhere alike. (The star in
# `attend(*by_hand(x))` hands over the three matrices as three arguments.)
#
# In a head all three are learned, $W^Q$, $W^K$ and $W^V$. They also
# set the widths: $d_k$ numbers for queries and keys, $d_v$ for values.


# %%
class Head(nn.Module):
    """What one head learns: how words ask, are found, and answer."""

    def __init__(self, d_model, d_k, d_v):
        super().__init__()
        self.query = nn.Linear(d_model, d_k)  # x @ Wᵀ + b
        self.key = nn.Linear(d_model, d_k)
        self.value = nn.Linear(d_model, d_v)

    def forward(self, x):
        # [..., T, d_k], [..., T, d_k], [..., T, d_v]
        return self.query(x), self.key(x), self.value(x)


# %% tags=["hide-input"] mystnb={"image": {"alt": "The same flow with three learned matrices, marked as new: Q is X times W Q, K is X times W K, V is X times W V. Q and K have now d k columns and V has d v columns, and so have the contexts."}}
boxes = ["$Q = XW^Q$\n[T, $d_k$]", "$K = XW^K$\n[T, $d_k$]"]
boxes += ["$V = XW^V$\n[T, $d_v$]", "scores\n[T, T]", "weights\n[T, T]"]
boxes += ["contexts\n[T, $d_v$]"]
flow(
    {text: (0, 1), **dict(zip(boxes, PLACES, strict=True))},
    [(text, boxes[n], "") for n in range(3)]
    + [(boxes[a], boxes[b], label) for a, b, label in ARROWS],
    new=("W",),
)

# %% tags=["hide-input"]
# @title A head whose three matrices are identities
plain = Head(3, 3, 3)
for layer in (plain.query, plain.key, plain.value):
    nn.init.eye_(layer.weight)
    nn.init.zeros_(layer.bias)

# %% tags=["claims"]
close("Bites, by its matrix, asks as in the opening", weights[1], shares)
same, _ = attend(*plain(x))
close("A head with identities as matrices is step 2", same, contexts)

# %% [markdown]
# ### Can three matrices learn to be a dictionary?
#
# A text is eight random entries, each a letter with a number, and a question: one of the letters, without its
# number. The last place should find the number. The training is folded away ([GPT](gpt.ipynb) writes it out).

# %% tags=["hide-input"]
# @title Random dictionaries
LETTERS, NUMBERS, ENTRIES = 26, 16, 8


def dictionaries(count, seed):
    """Texts [B, 9, 42], answers [B], and the places [B] where they stand.

    A word is 26 numbers for its letter, then 16 for its number: one-hot.
    """
    generator = torch.Generator().manual_seed(seed)
    letters = torch.rand(count, LETTERS, generator=generator).argsort(dim=1)
    numbers = torch.rand(count, NUMBERS, generator=generator).argsort(dim=1)
    letters, numbers = letters[:, :ENTRIES], numbers[:, :ENTRIES]  # [B, 8]
    place = torch.randint(ENTRIES, (count, 1), generator=generator)  # [B, 1]
    # gather picks from each row the column that place names.
    asked, answer = letters.gather(1, place), numbers.gather(1, place)
    texts = torch.zeros(count, ENTRIES + 1, LETTERS + NUMBERS)  # [B, 9, 42]
    all_letters = torch.cat([letters, asked], dim=1)  # [B, 9]
    # scatter_ writes a 1 into the columns that the letters, the numbers name.
    texts.scatter_(2, all_letters[..., None], 1.0)
    texts[:, :ENTRIES].scatter_(2, LETTERS + numbers[..., None], 1.0)
    return texts, answer[:, 0], place[:, 0]


# %% tags=["hide-input"]
def spelled(text):
    """A text [9, 42] as letters and numbers."""
    letters, numbers = text[:, :LETTERS], text[:, LETTERS:]  # [9, 26], [9, 16]
    names = [chr(97 + number) for number in letters.argmax(dim=1).tolist()]
    found = [str(number) for number in numbers.argmax(dim=1).tolist()]
    pairs = zip(names[:-1], found[:-1], strict=True)
    return [name + number for name, number in pairs] + [names[-1] + "?"]


texts, answer, _ = dictionaries(1, seed=2**31 + 1)  # in no training batch
print(*spelled(texts[0]), "→", answer.item())

# %% [markdown]
# The head's context at the last place has 16 numbers; the place of the largest is the answer. The control is the
# same head with queries of zero: mean pooling. We know beforehand that it cannot do it. The mean of the words says which
# letters and which numbers occur, but not which belong together. All eight numbers are equally likely, so
# in the long run nothing that reads this mean is right more often than once in eight.


# %% tags=["hide-input"]
# @title The control, and the training
def mean_pooling(query, key, value):
    """attend with queries of zero."""
    return attend(0 * query, key, value)


def train(head, look, learning_rate, seed, groups=None):
    """Train head on random dictionaries; look is attend or its rival."""
    optimizer = torch.optim.Adam(groups or head.parameters(), learning_rate)
    losses = []
    for step in range(steps):
        texts, answer, _ = dictionaries(64, seed * 10_000 + step)
        contexts, _ = look(*head(texts))  # [B, 9, 16]
        loss = F.cross_entropy(contexts[:, -1], answer)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% tags=["hide-input"]
# @title Training three heads with attention, three with the control
steps = run.size(smoke=3, cpu=100, gpu=100)
learned = {}
for look, seed in itertools.product([attend, mean_pooling], range(3)):
    torch.manual_seed(run.seed + seed)
    head = learned[look.__name__, seed] = Head(LETTERS + NUMBERS, 16, NUMBERS)
    train(head, look, 0.03, run.seed + seed)


# %% tags=["hide-input"]
# @title On new texts
@torch.no_grad()
def on_new_texts(head, look):
    """Accuracy on 2,000 new texts; how the last place looks there [2000, 9]."""
    texts, answer, _ = dictionaries(2000, seed=2**31)
    contexts, weights = look(*head(texts))  # [2000, 9, 16], [2000, 9, 9]
    right = contexts[:, -1].argmax(dim=-1) == answer  # [2000]
    return right.float().mean().item(), weights[:, -1]


place = dictionaries(2000, seed=2**31)[2]  # [2000]
right, on_answer, on_itself = {}, [], []
for look in (attend, mean_pooling):
    name = look.__name__
    three = [on_new_texts(learned[name, seed], look) for seed in range(3)]
    right[name] = [accuracy for accuracy, _ in three]
    if look is attend:
        on_answer = [w.gather(1, place[:, None]).mean() for _, w in three]
        on_itself = [w[:, -1].max() for _, w in three]

# %% [markdown]
# After a hundred steps, on two thousand new texts. The interval is a 95 % one over three trainings (Student's $t$)
# that share these texts; zero width says that they agree, not that the error is zero.

# %% tags=["hide-input", "nbval-ignore-output"]
for name, values in right.items():
    print(f"{name:<13} accuracy {intervals.seeds_interval(values)}")
shown = ", ".join(f"{weight:.2f}" for weight in on_answer)
print(f"attend's mean weight on the entry asked for: {shown}")

# %% tags=["nbval-ignore-output", "hide-input"] mystnb={"image": {"alt": "Heat map of the learned weights for one dictionary, eight questions against nine places. In every row the one entry with the letter asked for is dark; all other places, the question itself among them, are empty."}}
texts, *_ = dictionaries(1, seed=2**31 + 1)  # [1, 9, 42]
eight = texts.repeat(ENTRIES, 1, 1)  # [8, 9, 42]
eight[:, -1, :LETTERS] = texts[0, :ENTRIES, :LETTERS]  # each letter is asked
with torch.no_grad():
    _, seen = attend(*learned["attend", 0](eight))  # [8, 9, 9]
entries = spelled(texts[0])[:-1]
questions = [spelled(text)[-1] for text in eight]
figure, ax = plot.panels(height=2.8)
columns = [*entries, "itself"]
plot.heatmap(ax, seen[:, -1], questions, columns, vmin=0, vmax=1)
ax.set(xlabel="looked at", ylabel="question")
plt.show()

# %% [markdown]
# One row a question: the head has become a dictionary. Even the question itself, whose letter fits
# perfectly, gets next to no weight.

# %% tags=["claims"]
check(
    "Attention: at least 99 in 100 right, all three times",
    min(right["attend"]) > 0.99,
)
check(
    "Mean pooling: within 0.04 of one in eight, all three times",
    all(abs(accuracy - 1 / 8) < 0.04 for accuracy in right["mean_pooling"]),
)
check(
    "The question itself: below a twentieth in all new texts, three heads",
    max(on_itself) < 0.05,
)
check(
    "The entry asked for gets at least 0.9 on average, all three times",
    min(on_answer) > 0.9,
)

# %% [markdown]
# ## Step 3, continued: why √d_k?
#
# Scores are sums of $d_k$ products. How large do they get? The smallest case: all components are coin flips,
# $+1$ or $-1$. Then so is each product, and one can list all sums.

# %% tags=["hide-input"]
print("d_k   all equally likely sums                mean of the squares")
for d_k in (1, 2, 4):
    products = itertools.product((-1, 1), repeat=d_k)
    sums = sorted(sum(signs) for signs in products)
    mean = sum(value**2 for value in sums) / len(sums)
    print(f"{d_k:3}   {' '.join(map(str, sums)):<39}{mean:.0f}")

# %% [markdown]
# Let the $d_k$ components of query and key be independent, with mean zero and variances $\sigma_q^2$ and
# $\sigma_k^2$. With mean zero the variance is the mean of the square, and for independent factors
# $\mathrm{E}[q_i^2 k_i^2] = \mathrm{E}[q_i^2]\,\mathrm{E}[k_i^2]$. Variances of independent terms add up:
#
# $$\begin{aligned}
# \operatorname{Var}(q \cdot k) &= \sum_{i=1}^{d_k} \operatorname{Var}(q_i k_i) \\
# &= d_k\,\sigma_q^2\,\sigma_k^2
# \end{aligned} \tag{2}$$
#
# So scores spread like $\sqrt{d_k}$. Divided by $\sqrt{d_k}$ they spread alike at every width. This is
# **scaled dot-product attention** (Vaswani et al. 2017), $\operatorname{softmax}(QK^\top\!/\sqrt{d_k})\,V$, a lookup with sharpness $1 / \sqrt{d_k}$:


# %%
def scaled(query, key, value):
    """attend, with scores divided by √d_k."""
    return attend(query / math.sqrt(query.shape[-1]), key, value)


# %% [markdown]
# What if we do not divide? A wide spread makes the weights nearly one-hot, and there a softmax is **saturated**: the
# slope of a weight $w$ along its own score is $w(1-w)$, nearly zero at both ends. We let 2,048 random queries look
# at 64 random keys each (32 share a set), take as loss a random combination of the weights, and measure the length
# of the gradient at the softmax's input.
#
# In the table: the largest weight of the median row; the gradient, undivided over divided; and the share of
# undivided rows that get less than a tenth of the median divided row.


# %% tags=["hide-input"]
# @title Variance and gradient for random queries and keys
def variance_of_scores(d_k, variance_query=1.0, variance_key=1.0):
    """Formula (2)."""
    return d_k * variance_query * variance_key


def random_scores(d_k, generator):
    """Dot products [2048, 64] of standard normal queries and keys."""
    query = torch.randn(64, 32, d_k, generator=generator)  # [B, T, d_k]
    key = torch.randn(64, 64, d_k, generator=generator)  # [B, S, d_k]
    return (query @ key.transpose(1, 2)).flatten(0, 1)  # [2048, S]


def gradients(scores, generator):
    """Length of the gradient at each row of scores [2048, S], as softmaxed."""
    scores = scores.clone().requires_grad_()
    weights = scores.softmax(dim=-1)  # [2048, S]
    wish = torch.randn(weights.shape, generator=generator)  # [2048, S]
    (weights * wish).sum().backward()
    return scores.grad.norm(dim=-1)  # [2048]


# %% tags=["hide-input"]
# @title The same for five widths
widths, raws, kept, spreads = (4, 16, 64, 256, 1024), {}, {}, {}
for d_k in widths:
    raw = raws[d_k] = random_scores(d_k, run.generator(d_k))
    with_root = gradients(raw / math.sqrt(d_k), run.generator(1))  # [2048]
    kept[d_k] = with_root, gradients(raw, run.generator(1))
    spreads[d_k] = raw.square().mean().item()

# %% tags=["hide-input", "nbval-ignore-output"]
print("       variance of  largest weight      gradient         rows")
print(" d_k   the scores   div.  undivided   mean  median  under a tenth")
largest = {}
for d_k, (with_root, without) in kept.items():
    print(f"{d_k:4} {spreads[d_k]:12.1f}", end="")
    ways = (raws[d_k] / math.sqrt(d_k), raws[d_k])  # [2048, S] each
    both = [scores.softmax(dim=-1).amax(dim=-1) for scores in ways]
    largest[d_k] = [weights.median().item() for weights in both]
    print(f"{largest[d_k][0]:7.2f} {largest[d_k][1]:10.2f}", end="")
    mean = without.mean() / with_root.mean()
    median = without.median() / with_root.median()
    few = (without < with_root.median() / 10).float().mean()
    print(f" {mean:6.2f} {median:7.3f} {few:14.2f}")

# %% tags=["claims"]
check(
    "Divided, the largest weight of the median row is below 0.15 throughout",
    max(divided for divided, _ in largest.values()) < 0.15,
)
ratios = [spreads[d_k] / variance_of_scores(d_k) for d_k in widths]
check(
    "The measured variances are within a tenth of formula (2)",
    all(abs(ratio - 1) < 0.1 for ratio in ratios),
)
means = {d_k: b.mean() / a.mean() for d_k, (a, b) in kept.items()}
check(
    "d_k = 4 and 16: the undivided mean is larger than the divided",
    min(means[4], means[16]) > 1.2,
)
check(
    "d_k = 256 and 1024: the undivided mean is smaller",
    max(means[256], means[1024]) < 1,
)
medians = {d_k: b.median() / a.median() for d_k, (a, b) in kept.items()}
check(
    "There the mean keeps over twice as much as the median",
    all(means[d_k] > 2 * medians[d_k] for d_k in (256, 1024)),
)

# %% [markdown]
# The usual account, that for large $d_k$ the gradient becomes extremely small (Vaswani et al. 2017), fits the median row here
# better than the mean. With these 64 keys the mean is larger than the divided one at widths 4 and 16 and smaller at 256 and 1024, and it falls
# far more slowly than the median. (All this is at the softmax, not at the query.)
#
# Does that matter for learning? Our head above learned without any root; but its scores started small (last row
# of the table below). Now take a head of width $d_k = 256$ whose
# first queries and keys have components of variance one (the question is a single one-hot) or two (an entry is two), and train it in three ways, at two learning rates:
# divided; undivided; and undivided, but with the first $W^Q$ and $W^K$ so much smaller, a quarter each, that the scores *start* as the
# divided ones.


# %% tags=["hide-input"]
# @title Three ways to begin
def wide_head(seed, factor):
    """A head with d_k = 256, first weights normal times factor."""
    torch.manual_seed(run.seed + seed)
    head = Head(LETTERS + NUMBERS, 256, NUMBERS)
    for layer in (head.query, head.key):
        nn.init.normal_(layer.weight, std=factor)
        nn.init.zeros_(layer.bias)
    return head


@torch.no_grad()
def spread(head, divisor):
    """Standard deviation of the scores of the last place."""
    texts, *_ = dictionaries(500, seed=2**31)
    query, key, _ = head(texts)  # [500, 9, 256] each
    return (query[:, -1:] @ key.transpose(1, 2)).std().item() / divisor


WAYS = {
    "divided": (scaled, 1.0, 16.0),  # how it looks, factor, divisor
    "undivided": (attend, 1.0, 1.0),
    "undivided, small start": (attend, 0.25, 1.0),  # 16 = 1 / (0.25 · 0.25)
}

# %% tags=["hide-input"]
# @title Training three heads each way, at two learning rates
RATES, curves, spreading = (0.01, 0.05), {}, {}
for rate, name, seed in itertools.product(RATES, WAYS, range(3)):
    look, factor, divisor = WAYS[name]
    head = wide_head(seed, factor)
    first = spread(head, divisor)
    curves[rate, name, seed] = train(head, look, rate, run.seed + seed)
    spreading[rate, name, seed] = first, spread(head, divisor)

head = wide_head(0, 1.0)  # divided, four times the rate for queries and keys
faster = [*head.query.parameters(), *head.key.parameters()]
groups = [{"params": faster, "lr": 4 * 0.01}]
groups.append({"params": head.value.parameters()})
four_times = train(head, scaled, 0.01, run.seed, groups)

# %% tags=["hide-input", "nbval-ignore-output"] mystnb={"image": {"alt": "Training loss against the step, three ways, three seeds each, in two panels. At a learning rate of 0.01 the divided heads and those with a small start all end between one and two nats, one of the divided heads well behind. At 0.05 the divided heads come near zero, and those with a small start end above them, with many spikes. In both panels the undivided heads are highest over the last ten steps, seed by seed."}}
figure, axes = plot.panels(2, height=3.0, beside=True, sharey=True)
colors = (plot.BLUE, plot.ORANGE, plot.GREEN)
for ax, rate in zip(axes, RATES, strict=True):
    for (name, color), seed in itertools.product(
        zip(WAYS, colors, strict=True), range(3)
    ):
        style = {"color": color, "linewidth": 1.2}
        label = name if seed == 0 else None
        ax.plot(curves[rate, name, seed], label=label, **style)
    ax.set(title=f"learning rate {rate}", xlabel="training step")
    ax.set_ylim(0, 4.5)
axes[0].set_ylabel("loss in nats")
axes[1].legend()
plt.show()

# %% tags=["hide-input", "nbval-ignore-output"]
print("rate  standard deviation of the scores, before → after training")
rows = {
    (rate, name): [spreading[rate, name, seed] for seed in range(3)]
    for rate, name in itertools.product(RATES, WAYS)
}
pairs = rows[0.03, "our head, nn.Linear"] = []
for seed in range(3):
    torch.manual_seed(run.seed + seed)
    fresh = Head(LETTERS + NUMBERS, 16, NUMBERS)
    pairs.append((spread(fresh, 1.0), spread(learned["attend", seed], 1.0)))
for (rate, name), three in rows.items():
    shown = "  ".join(f"{first:5.1f} → {last:5.1f}" for first, last in three)
    print(f"{rate:<5} {name:<23}{shown}")

# %% [markdown]
# After these hundred steps the undivided heads are highest at both rates (last ten steps, seed by seed). At 0.01 a small start ends near the
# divided heads or below, without dividing at all; at 0.05 it does not. Adam's steps do not shrink with the weights, so a small start begins, but for rounding and Adam's ε, as the divided head with a four times larger rate for queries and keys.
#
# Nor does the division *keep* the scores narrow: formula (2) is about random vectors, and training has widened the scores in
# every row. What the root gives is a start that is undecided at every width, if queries and keys are independent, with components
# of mean zero and variance near one.

# %% tags=["claims"]
ends = {  # mean loss of the last ten steps
    case: sum(losses[-10:]) / 10 for case, losses in curves.items()
}
div, und, small = (
    {rate: [ends[rate, name, seed] for seed in range(3)] for rate in RATES}
    for name in WAYS
)
for rate in RATES:
    check(
        f"Rate {rate}: each undivided loss is the largest of its seed",
        all(
            b > 1.1 * max(a, c)
            for a, b, c in zip(div[rate], und[rate], small[rate], strict=True)
        ),
    )

# %% tags=["claims"]
check(
    "Rate 0.01: small start and divided differ by less than a third, each time",
    all(
        abs(c / a - 1) < 1 / 3
        for a, c in zip(div[0.01], small[0.01], strict=True)
    ),
)
close(
    "A small start: ten losses of divided with four times the rate",
    four_times[:10],
    curves[0.01, "undivided, small start", 0][:10],
    atol=1e-3,
)
check(
    "Training widens the scores, in all cases of the table",
    all(last > first for three in rows.values() for first, last in three),
)

# %% [markdown]
# ## Step 4: masks
#
# A language model predicts the next word, so word $t$ must not see word $t + 1$: the **causal mask**. And texts in a
# batch differ in length; the short ones are filled up with padding that nobody should look at: the
# **padding mask**. True means *may look*. A forbidden score becomes $-\infty$ before the softmax, and $e^{-\infty}
# = 0$: it takes no part in the sum either. With $m_{ts}$ one where word $t$ may look at word $s$, zero elsewhere
# ($\log 1 = 0$ and $\log 0 = -\infty$), and $z_{ts}$ the scaled score,
#
# $$\begin{aligned}
# w_{ts} &= \operatorname{softmax}_s\left(z_{ts} + \log m_{ts}\right) \\
# &= \frac{m_{ts}\,e^{z_{ts}}}{\sum_{r} m_{tr}\,e^{z_{tr}}}
# \end{aligned} \tag{3}$$


# %%
def attention(query, key, value, allowed=None):
    """Scaled dot-product attention; allowed [..., T, T] is true or false."""
    scores = query @ key.transpose(-2, -1)  # [..., T, T]
    scores = scores / math.sqrt(query.shape[-1])  # [..., T, T]
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -math.inf)  # [..., T, T]
    weights = scores.softmax(dim=-1)  # [..., T, T]
    return weights @ value, weights  # [..., T, d_v], [..., T, T]


causal = torch.ones(3, 3, dtype=torch.bool).tril()  # [T, T]
outputs, weights = attention(*by_hand(x), causal)  # [T, d], [T, T]

# %% tags=["hide-input"]
query, key, _ = by_hand(x)  # [T, d] each
masked = (query @ key.T / math.sqrt(3)).masked_fill(~causal, -math.inf)
table(words, scores=masked, weights=weights)

# %% [markdown]
# (`tril` keeps the lower triangle, `~` swaps true and false.) Now *bites* finds
# the dog and not the man. Each row is the `scaled` attention of step 3, in a text that ends at its word; and with padding masked, the words get what they
# get without any padding.
#
# Why not set the weight to zero *after* the softmax? Hide the last of four words, and change
# only its score:

# %% tags=["hide-input"]
visible = torch.tensor([True, True, True, False])
print("hidden score    −∞ before the softmax       zero after it")
for hidden in (0.5, 4.0):
    z = torch.tensor([2.0, 1.0, 0.5, hidden])  # [S]
    before = z.masked_fill(~visible, -math.inf).softmax(dim=-1)  # [S]
    after = z.softmax(dim=-1) * visible  # [S]
    for row in (before, after):
        start = f"{hidden:<12}" if row is before else "   "
        print(start + "".join(f"{weight:6.2f}" for weight in row), end="")
    print()

# %% [markdown]
# *Zero after* is no mask: the hidden word has no weight, and yet its score moves the weights of all the others.
# It still stands in the sum below the line.
#
# ### A row that may look at nothing
#
# A tokenizer can also put the padding on the left. Under both masks its rows are empty.

# %%
tokens = ["[PAD]", "dog", "bites", "man"]
is_word = torch.tensor([token != "[PAD]" for token in tokens])  # [T]
past = torch.ones(4, 4, dtype=torch.bool).tril()  # [T, T]
both = past & is_word  # [T, T]: the columns of padding are closed

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three four by four grids over a padding token and the words dog, bites, man; rows look at columns. Causal: the lower triangle is filled. Padding: the columns of the three words are filled. Both: a triangle over the words only; the row of the padding token is empty."}}
_, axes = plot.panels(3, height=2.4, beside=True, sharey=True)
masks = {"causal": past, "padding": is_word.expand(4, 4), "both": both}
for ax, (name, mask) in zip(axes, masks.items(), strict=True):
    plot.heatmap(ax, mask, tokens, tokens, vmin=0, vmax=1.3)
    ax.tick_params(axis="x", labelrotation=90)
    ax.set(title=name, xlabel="is looked at")
axes[0].set_ylabel("looks")
plt.show()

# %% [markdown]
# The softmax of the first row of *both* is zero divided by zero, NaN. We take a loss that does not depend on that row
# (only on *man*), and count the NaN in its gradient in the vectors of the four words:

# %% tags=["hide-input"]
packaged = library.scaled_dot_product_attention
missing = {}
for name, f in {"ours": attention, "the package's": packaged}.items():
    vectors = torch.randn(4, 8, generator=run.generator(1)).requires_grad_()
    outputs, _ = f(vectors, vectors, vectors, both)  # [T, d]
    outputs[-1].square().sum().backward()
    missing[name] = vectors.grad.isnan().sum().item()
    print(f"{name:<14} {missing[name]:3} of {vectors.numel()} are NaN")

# %% [markdown]
# Zero times NaN is NaN. The package's function uses the lowest
# finite number in place of $-\infty$, and then sets forbidden weights to zero; the empty row returns zero. With
# padding on the *right* no row is empty: under the causal mask all may look at the first word.

# %% tags=["claims"]
outputs, _ = attention(*by_hand(x), causal)
prefixes = [scaled(*by_hand(x[: t + 1]))[0][-1] for t in range(3)]
close(
    "Causal: row t is scaled attention in the text up to t",
    outputs,
    torch.stack(prefixes),
)
noise = torch.randn(2, 3, generator=run.generator())
words_only = torch.tensor([True] * 3 + [False] * 2)
padded, _ = attention(*by_hand(torch.cat([x, noise])), words_only)
close(
    "Padding masked: the words get what they get without it",
    padded[:3],
    attention(*by_hand(x))[0],
)
close(
    "Without a mask it is step 3, divided by √d_k",
    attention(*by_hand(x))[0],
    scaled(*by_hand(x))[0],
)

# %% tags=["claims"]
check("Ours: all are NaN", missing["ours"] == 4 * 8)
check("The package's has none", missing["the package's"] == 0)
q, k, v = torch.randn(3, 2, 4, 16, generator=run.generator())
torchs = F.scaled_dot_product_attention(q, k, v, past)
close("Ours equals torch's", attention(q, k, v, past)[0], torchs, atol=1e-5)
close("The package's too", packaged(q, k, v, past)[0], torchs, atol=1e-5)
empty_row = packaged(q, k, v, both)[0][:, 0]  # [B, d_v]
close("The package's empty row is zero", empty_row, torch.zeros(2, 16))

# %% [markdown]
# ## Step 5: several heads, as a list
#
# One average mixes all that it finds. The idea: let $h$ heads look side by side, each with
# matrices of its own, join their contexts, and mix them with one more matrix: **multi-head attention**. For the
# words $X$, **attention head** $i$ contributes $H_i$ (the code adds biases):
#
# $$\begin{aligned}
# \operatorname{MultiHead}(X) &= [H_1, \dots, H_h]\,W^O \\
# H_i &= \operatorname{attention}(XW_i^Q,\; XW_i^K,\; XW_i^V)
# \end{aligned} \tag{4}$$
#
# With $d$ numbers a word (`d_model` in code), each head usually gets $d_k = d_v = d / h$, so that the joined contexts
# are as wide as the words.


# %%
class HeadList(nn.Module):
    """Multi-head attention, one head after the other."""

    def __init__(self, d_model, n_heads):
        super().__init__()
        d_k = d_model // n_heads
        heads = [Head(d_model, d_k, d_k) for _ in range(n_heads)]
        self.heads = nn.ModuleList(heads)
        self.mix = nn.Linear(d_model, d_model)

    def forward(self, x, allowed=None):
        # found: n_heads times [B, T, d_k]
        found = [attention(*head(x), allowed)[0] for head in self.heads]
        return self.mix(torch.cat(found, dim=-1))  # [B, T, d_model]


# %% tags=["hide-input"] mystnb={"image": {"alt": "Flow of multi-head attention: X of T by d goes to head 1, head 2 and so on to head h, each of which gives T by d k; they are joined to T by h d k, and mixed by W O to T by d. Heads, joining and mixing are marked as new."}}
mixed, joined = "output\n[T, $d$]", "joined\n[T, $h d_k$]"
each = [f"head {name}\n[T, $d_k$]" for name in ("1", "2", "$h$")]
spots = {head: (1.35, 1.8 - 0.8 * n) for n, head in enumerate(each)}
flow(
    {text: (0, 1), **spots, joined: (2.74, 1), mixed: (4.3, 1)},
    [(text, head, "") for head in each]
    + [(head, joined, "") for head in each]
    + [(joined, mixed, "$W^O$")],
    new=("head", "joined", "output"),
)

# %% tags=["hide-input"]
# @title A list of one head, set by hand
single = HeadList(3, 1)
head = single.heads[0]
for layer in (head.query, head.key, head.value, single.mix):
    nn.init.eye_(layer.weight)
    nn.init.zeros_(layer.bias)
head.query.weight.data = W_query.T

# %% tags=["claims"]
close("A list of one head, set by hand: step 4", single(x, causal), outputs)

# %% [markdown]
# ## Step 6: all heads in one tensor
#
# Put the $W_i^Q$ of all heads side by side: they are one matrix $d \times d$, and one product makes the queries of
# all heads. Then cut the result into heads, and move the heads to the front, where `attention` treats them like a
# batch; at the end they are joined again.


# %%
class MultiHead(nn.Module):
    """Multi-head attention, all heads at once."""

    def __init__(self, d_model, n_heads):
        super().__init__()
        self.n_heads = n_heads
        self.query = nn.Linear(d_model, d_model)
        self.key = nn.Linear(d_model, d_model)
        self.value = nn.Linear(d_model, d_model)
        self.mix = nn.Linear(d_model, d_model)

    def split(self, x):
        heads = x.unflatten(-1, (self.n_heads, -1))  # [B, T, n_heads, d_k]
        return heads.transpose(1, 2)  # [B, n_heads, T, d_k]

    def forward(self, x, allowed=None):
        query = self.split(self.query(x))  # [B, n_heads, T, d_k]
        key = self.split(self.key(x))  # [B, n_heads, T, d_k]
        value = self.split(self.value(x))  # [B, n_heads, T, d_k]
        heads, _ = attention(query, key, value, allowed)
        joined = heads.transpose(1, 2).flatten(2)  # [B, T, d_model]
        return self.mix(joined)  # [B, T, d_model]


# %% tags=["hide-input"] mystnb={"image": {"alt": "Left, one matrix of T rows whose columns are coloured by head, four blocks beside each other. Right, after split, the four blocks lie one behind the other, each T by d k. An arrow labelled split leads to the right and one labelled join back to the left."}}
_, ax = plot.panels(height=2.2)
ax.set(xlim=(-0.4, 11), ylim=(-1.1, 3.6), aspect="equal")
ax.axis("off")
shades = (plot.BLUE, plot.ORANGE, plot.GREEN, plot.PINK)
for head, shade in reversed([*enumerate(shades)]):
    style = {"fc": shade, "ec": plot.PAPER, "lw": 1}
    for row, column in itertools.product(range(3), range(2)):
        here = (0.5 * (2 * head + column), 0.7 * row)
        ax.add_patch(Rectangle(here, 0.5, 0.7, **style))
        there = (7.2 + 0.5 * column + 0.6 * head, 0.7 * row + 0.4 * head)
        ax.add_patch(Rectangle(there, 0.5, 0.7, **style))
arrow = {"arrowstyle": "-|>", "color": plot.INK}
ax.annotate("", (6.8, 1.5), (4.4, 1.5), arrowprops=arrow)
ax.annotate("", (4.4, 0.8), (6.8, 0.8), arrowprops=arrow)
ax.text(5.6, 1.6, "split", ha="center", va="bottom")
ax.text(5.6, 0.7, "join", ha="center", va="top")
ax.text(2.0, -0.2, "[T, $h · d_k$]", ha="center", va="top")
ax.text(8.6, -0.2, "[$h$, T, $d_k$]", ha="center", va="top")
plt.show()

# %% [markdown]
# To compare, the list, the tensor, PyTorch's module and the package's get the same weights. (`None` inserts an axis of
# length one: `[B, 1, 1, T]` fits all heads and all rows.)

# %% tags=["hide-input"]
# @title The same weights for all four
torch.manual_seed(SEED)
listed, ours = HeadList(32, 4), MultiHead(32, 4)
torchs = nn.MultiheadAttention(32, 4, batch_first=True)
package = library.MultiHeadAttention(32, 4, causal=True)
roles = ("query", "key", "value")
with torch.no_grad():
    for role in roles:
        layers = [getattr(head, role) for head in listed.heads]
        whole = getattr(ours, role)
        whole.weight.copy_(torch.cat([layer.weight for layer in layers]))
        whole.bias.copy_(torch.cat([layer.bias for layer in layers]))
    weight = torch.cat([getattr(ours, role).weight for role in roles])
    bias = torch.cat([getattr(ours, role).bias for role in roles])
    torchs.in_proj_weight.copy_(weight)  # [96, 32]
    torchs.in_proj_bias.copy_(bias)  # [96]
    package.qkv.load_state_dict({"weight": weight, "bias": bias})
for mix in (ours.mix, torchs.out_proj, package.projection):
    mix.load_state_dict(listed.mix.state_dict())

# %%
batch = torch.randn(2, 7, 32, generator=run.generator())  # [B, T, d_model]
real = torch.tensor([[True] * 7, [True] * 4 + [False] * 3])  # [B, T]
past = library.causal_mask(7)  # [T, T]: true where a word may look
output = ours(batch, past & real[:, None, None, :])  # [B, T, d_model]
theirs, _ = torchs(batch, batch, batch, attn_mask=~past, key_padding_mask=~real)

# %% [markdown]
# Note the `~`: in `nn.MultiheadAttention` true means *may not look*, in `F.scaled_dot_product_attention` it means *may*.

# %% tags=["hide-input"]
with torch.no_grad():
    cut = ours.query(batch).unflatten(-1, (4, -1))  # [B, T, n_heads, d_k]
    print(f"words                 {[*batch.shape]}")
    print(f"queries of all heads  {[*ours.query(batch).shape]}")
    print(f"cut                   {[*cut.shape]}")
    print(f"heads in front        {[*ours.split(ours.query(batch)).shape]}")
    print(f"output                {[*output.shape]}")

# %% tags=["claims"]
close(
    "Heads in one tensor give what the list gives",
    output,
    listed(batch, past & real[:, None, :]),
    atol=1e-5,
)
close("and what nn.MultiheadAttention gives", output, theirs, atol=1e-5)
stored, _ = package(batch, padding_mask=real, return_weights=True)
close("and what the package gives", output, stored, atol=1e-5)
close(
    "and what it gives without handing out weights",
    output,
    package(batch, padding_mask=real),
    atol=1e-5,
)

# %% [markdown]
# ## Does it leak?
#
# Where words are vectors one can poke: change one, and see which
# outputs move. For a causal layer nothing above the diagonal may.


# %%
def influence(layer, x, poke, allowed=None):
    """bool [T, T]: does output t move when poke [d] is added to word s?"""
    T = x.shape[1]  # x is [1, T, d]
    moved = torch.zeros(T, T, dtype=torch.bool)
    with torch.no_grad():
        before = layer(x, allowed)  # [1, T, d]
        for s in range(T):
            poked = x.clone()
            poked[:, s] += poke
            change = (layer(poked, allowed) - before).abs()  # [1, T, d]
            moved[:, s] = ~(change.amax(dim=(0, 2)) <= 1e-5)  # NaN moves
    return moved


# %% [markdown]
# If the layer draws nothing at random and gives no NaN (which counts as moved), a true cell is proof, up to rounding; a false one says only *less than* $10^{-5}$, for this text
# and this poke. A trained layer may give a word next to no weight: poke an untrained one.
#
# A tool that finds leaks must itself be shown to find them. Here is the attention half of a block as [the GPT chapter](gpt.ipynb) uses it: a
# layer normalization, which among other things subtracts from each vector its mean, then attention, and a shortcut around both. We leave
# out the mask, so that every word sees every other. Does the tool notice?


# %% tags=["hide-input"]
# @title A block with a layer normalization
class PreNorm(nn.Module):
    """Attention behind a layer normalization, with a shortcut."""

    def __init__(self, inner, d_model):
        super().__init__()
        self.norm, self.inner = nn.LayerNorm(d_model), inner

    def forward(self, x, allowed=None):
        return x + self.inner(self.norm(x), allowed)  # [B, T, d_model]


# %% tags=["hide-input"] mystnb={"image": {"alt": "Three seven by seven grids for a block with a layer normalization. Poked with a one in every component, only the diagonal is filled although nothing is masked. Poked with a random vector, all cells are filled. With the causal mask and a random vector, exactly the lower triangle is filled."}}
block, one = PreNorm(ours, 32), batch[:1]  # …, [1, T, d_model]
direction = torch.randn(32, generator=run.generator(2))  # [d_model]
found = {
    "poked with ones": influence(block, one, torch.ones(32)),
    "at random": influence(block, one, direction),
    "at random, mask": influence(block, one, direction, past),
}

_, axes = plot.panels(3, height=2.3, beside=True, sharey=True)
numbers = [str(t + 1) for t in range(7)]
for ax, (name, matrix) in zip(axes, found.items(), strict=True):
    plot.heatmap(ax, matrix, numbers, numbers, vmin=0, vmax=1.3)
    ax.set(title=name, xlabel="poked word")
axes[0].set_ylabel("output that moves")
plt.show()

# %% [markdown]
# Poked with ones, the leaking block passes as one in which no word sees any other: a constant added to all components
# is what the normalization subtracts. Poked in a random direction, the tool tells the truth about both.
#
# ## What attention does not know
#
# *Dog bites man* and *man bites dog* are not the same news. We give both to the head set by hand (score $2/\sqrt 3$
# again) and look at the row of *bites*:

# %% tags=["hide-input"]
news = {"dog bites man": [0, 1, 2], "man bites dog": [2, 1, 0]}
looks = {}
for sentence, order in news.items():
    for name, mask in {"no mask": None, "causal mask": causal}.items():
        _, weights = attention(*by_hand(x[order]), mask)  # [T, T]
        looks[sentence, name] = weights[1]  # the row of bites, [T]

print("weight that bites gives to       dog    man")
for (sentence, name), row in looks.items():
    dog, man = (row[0], row[2]) if sentence[0] == "d" else (row[2], row[0])
    print(f"{sentence}, {name:<14} {dog:7.2f}{man:7.2f}")

# %% [markdown]
# Without a mask a text is a bag of words: permute them, and the outputs are permuted, no more. Attention is
# **permutation equivariant**. Without a mask a word's place has to be brought in, for
# example by adding to each word a vector for its place, as the GPT chapter does; the causal mask gives some of it
# away (Haviv et al. 2022).

# %% tags=["claims"]
close(
    "The block with its mask: exactly the past", found["at random, mask"], past
)
check("Without mask, at random: all words", found["at random"].all())
own = torch.eye(7, dtype=torch.bool)
close("Without mask, with ones: only itself", found["poked with ones"], own)
with_ones = influence(ours, one, torch.ones(32))
check("With ones, but no normalization before: all words", with_ones.all())
wrong = ~past | own  # [T, T]
close("A mask upside down shows", influence(ours, one, direction, wrong), wrong)
close(
    "Step 6: exactly the causal mask",
    influence(ours, one, direction, past),
    past,
)
package = movement(lambda x: block(x[None], past)[0], one[0], direction)
close("The package's movement agrees", package > 1e-5, found["at random, mask"])
mixed_up = torch.randperm(7, generator=run.generator())
close(
    "Step 6 without mask: words permuted before or after, the same",
    ours(batch[:, mixed_up]),
    ours(batch)[:, mixed_up],
    atol=1e-5,
)

# %% [markdown]
# ## Summary
#
# | Step | What is new | Shown equal to |
# |:--|:--|:--|
# | 1 | a lookup that averages: one query, `[d]` | the mean at sharpness 0 |
# | 2 | every word asks: a matrix product, `[T, d]` | the loop of step 1 |
# | 3 | learned $W^Q$, $W^K$, $W^V$, then $1/\sqrt{d_k}$ | step 2, with identities and no root |
# | 4 | masks: $-\infty$ before the softmax | step 3, on shorter texts |
# | 5 | $h$ heads, joined and mixed | step 4, with one head |
# | 6 | all heads in one tensor, `[B, h, T, d_k]` | step 5, and PyTorch |
#
# For independent queries and keys of mean zero and variance near one the root makes the start undecided at every width; it does not
# keep training from changing that. Poke in a random direction to see who depends on whom. And without a mask attention does not know the order of the words.
#
# [Attention at work](attention_at_work.ipynb) measures what this costs, and looks at the heads of a trained model.
#
# ## Exercises
#
# > **Exercise 1.** With a pencil (★☆☆, 5 minutes). A query has the scores $0$, $\ln 2$ and $\ln 5$ with three words (already
# > scaled), whose values are $(8, 0)$, $(0, 8)$ and $(8, 8)$. What is the context? And what is it when
# > the third word is masked?
#
# <details><summary>Hint</summary>
#
# $e^{\ln 5} = 5$. The shares are parts of a sum; what is the sum when the third word is masked?
#
# </details>


# %% tags=["exercise"]
def two_contexts():
    """Both contexts as numbers: [[a, b], [c, d]], the masked one second."""
    ...


exercises.contexts(two_contexts)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def two_contexts():
    """Both contexts as numbers: [[a, b], [c, d]], the masked one second."""
    # Parts 1, 2 and 5 of 8: 1/8 · (8, 0) + 2/8 · (0, 8) + 5/8 · (8, 8).
    # Masked, parts 1 and 2 of 3: 1/3 · (8, 0) + 2/3 · (0, 8).
    return [[6, 7], [8 / 3, 16 / 3]]


exercises.contexts(two_contexts)

# %% [markdown]
# > **Exercise 2.** The right divisor (★☆☆, 5 minutes). Suppose the components of the queries have standard
# > deviation `std_query` and those of the keys `std_key`. What must the dot products be divided by, so that the
# > scores have variance one?
#
# <details><summary>Hint</summary>
#
# Formula (2) gives the variance. Dividing a number by $c$ divides its variance by what?
#
# </details>


# %% tags=["exercise"]
def score_divisor(d_k, std_query, std_key):
    """What to divide query · key by, for scores of variance one."""
    ...


exercises.divisor(score_divisor)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def score_divisor(d_k, std_query, std_key):
    """What to divide query · key by, for scores of variance one."""
    return math.sqrt(variance_of_scores(d_k, std_query**2, std_key**2))


exercises.divisor(score_divisor)

# %% [markdown]
# > **Exercise 3.** Seven suspects (★★★, 20 minutes). `exercises.suspects()` is a dictionary of seven layers, all of which are said
# > to be causal; each takes `[1, T, 16]` and gives as much. Experiment: in which of them does a later word move an earlier
# > output?
#
# <details><summary>Hint</summary>
#
# Poke as `influence` does. Not only the last word, and not only with ones.
#
# </details>


# %% tags=["exercise"]
def leaking(layers):
    """Names of those layers (a dictionary) that let the future through."""
    ...


exercises.leaks(leaking)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def leaking(layers):
    """Names of those layers (a dictionary) that let the future through."""
    x = torch.randn(1, 6, 16, generator=torch.Generator().manual_seed(0))
    poke = torch.randn(16, generator=torch.Generator().manual_seed(1))
    found = []
    for name, layer in layers.items():

        def without_mask(x, allowed, layer=layer):
            return layer(x)

        moved = influence(without_mask, x, poke)
        if moved.triu(1).any():  # above the diagonal
            found.append(name)
    return found


exercises.leaks(leaking)

# %% [markdown]
# ## Common mistakes
#
# - *A mask after the softmax*: hidden scores move visible weights. Put $-\infty$ before the softmax.
# - *The mask upside down*: two conventions in one library. Poke the last word: the first output must stay.
# - *Joining heads without the transpose*: the shape is right, the words are mixed. One suspect does it.
# - *Poking with a constant*: a layer normalization removes it. Poke in a random direction, and try the test on
#   a layer that leaks.
# - *The softmax over the queries*: the columns sum to one, and the rows need not. Poke, as for suspect E.
#
# ## Further reading
#
# - Bahdanau, Cho and Bengio (2015), [Neural machine translation by jointly learning to align and translate](https://arxiv.org/abs/1409.0473): the soft lookup in a recurrent translator, with another score.
# - Vaswani et al. (2017), [Attention is all you need](https://arxiv.org/abs/1706.03762): section 3.2; its fourth footnote is our variance.
# - Haviv, Ram, Press, Izsak and Levy (2022), [Transformer language models without positional encodings still learn positional information](https://arxiv.org/abs/2203.16634): what the mask tells.
# - Lee et al. (2019), [Set Transformer](https://arxiv.org/abs/1810.00825): where not knowing the order is what one wants.
