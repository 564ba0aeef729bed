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
# Attention is a dictionary lookup that can be undecided: write it, test it, and say what it costs.
#
# *The film bored the critic because it dragged.* What dragged? You looked back, compared *it* with each
# earlier word, and fetched *film*. How would a program do that, and one that can learn where to look?

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
import math
import time

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation import intervals
from lmcourse.exercises.transformer import attention as exercises
from lmcourse.models import attention as library
from lmcourse.models import pretrained
from lmcourse.records import record
from lmcourse.training.loop import fit
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

run = session.start(PROFILE, SEED)

# %% [markdown]
# Give each word three features by hand: is it a thing, a person, an event? Let *it* ask for a thing and,
# for comparison, let *she* ask for a person; the factor 3 says how strongly. A dot product compares the
# question with each word, and a softmax turns the six results into shares.

# %%
words = ["the", "film", "bored", "the", "critic", "because"]
thing, person, event = torch.eye(3)  # [3] each
nothing = torch.zeros(3)  # [3]
keys = torch.stack([nothing, thing, event, nothing, person, nothing])  # [T, 3]
queries = {"it": 3 * thing, "she": 3 * person}  # [3] each
shares = {
    pronoun: (keys @ query).softmax(dim=-1)  # [T]
    for pronoun, query in queries.items()
}

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two bar charts over the six words before the pronoun. For it, the longest bar by far belongs to film; for she, to critic. All other words keep short bars of equal length."}}
figure, axes = plot.panels(2, height=2.8, beside=True, sharey=True, sharex=True)
for ax, (pronoun, weights) in zip(axes, shares.items(), strict=True):
    plot.bars(ax, words, weights, xlabel="share of the look", fmt=".2f")
    ax.set_title(f"… because {pronoun}")
plt.show()

# %% [markdown]
# Both pronouns look back at the same six words, and each finds its own. You can recompute the shares on
# paper: for *it* the dot product is 3 with *film* and 0 with the five others, $e^3 \approx 20$ and
# $e^0 = 1$, so *film* gets about 20 parts of 25 and each other word one. A Transformer does this,
# at every word and many times over, with features that it has learned.

# %% [markdown]
# **You will**
#
# - turn a hard lookup into a soft one that can be trained,
# - derive where the $\sqrt{d_k}$ comes from, and see what happens without it,
# - mask the future and the padding, and test by perturbation that nothing leaks,
# - write multi-head attention that agrees with PyTorch's, with copied weights,
# - watch a single layer learn what averaging the same vectors cannot, and measure what the heads of a real
#   pretrained model look at, without reading too much into it.
#
# **You need** vectors, matrix products and a little PyTorch, and from
# [softmax and cross-entropy](../probability/softmax.ipynb) the softmax with its temperature.

# %% [markdown]
# ## A dictionary that can be undecided
#
# The nearest thing Python has is a dictionary: it compares a **query** with stored **keys** and returns
# the **value** of the key that is equal.

# %%
meaning = {"film": "a thing", "critic": "a person"}
print(meaning["film"])
try:
    meaning["movie"]
except KeyError as error:
    print("KeyError:", error)

# %% [markdown]
# Two things are wrong with it for our purpose. *Movie* is nearly *film*, but nearly does not count.
# And the result jumps: there is no small change of the query that changes the answer a little, so
# there is no slope along which to train.
#
# So let keys and queries be vectors and compare them by dot products, as above. What is still missing
# is the value, that which a word hands over when it is looked at. Here it is two numbers a word: how
# much it is about cinema, and how much about people. The answer is the average of all values, weighted
# with the shares.

# %%
values = torch.tensor(
    [[0, 0], [1, 0], [0.3, 0.3], [0, 0], [0, 1], [0, 0]]
)  # [T, d_v]


def soft_lookup(query, keys, values, sharpness=1.0):
    """Mean of values [T, d_v] by how well keys [T, d_k] fit query [d_k]."""
    weights = (sharpness * keys @ query).softmax(dim=-1)  # [T]
    return weights @ values, weights  # [d_v], [T]


# %% [markdown]
# The *sharpness* is one over the temperature of the softmax; it says how undecided the lookup is. We
# ask for *it* at five of them. Each line shows the weight of *film* and the answer.

# %%
print("sharpness   film   cinema  people")
for sharpness in (0, 0.5, 1, 2, 100):
    answer, weights = soft_lookup(queries["it"], keys, values, sharpness)
    print(f"{sharpness:>9} {weights[1]:6.2f}", end="   ")
    print(f"{answer[0]:6.2f}  {answer[1]:6.2f}")

# %% [markdown]
# With sharpness zero the lookup is **mean pooling**, the plain average of all words. With a very large
# one it is the dictionary again. Attention is everything in between, and where to stand is learned.

# %% tags=["claims"]
flat, _ = soft_lookup(queries["it"], keys, values, sharpness=0.0)
sharp, _ = soft_lookup(queries["it"], keys, values, sharpness=100.0)
close("Sharpness zero: the mean of all values", flat, values.mean(dim=0))
close("Sharpness 100: the value of film, as in a dictionary", sharp, values[1])

# %% [markdown]
# ## The formula
#
# Every word asks a question of its own. Stack the $T$ queries as rows of a matrix $Q$, the keys as
# rows of $K$, the values as rows of $V$; one matrix product then makes all comparisons at once. This
# is **scaled dot-product attention** (Vaswani et al. 2017):
#
# $$\operatorname{Attention}(Q, K, V) = \operatorname{softmax}\!\left(\frac{QK^\top}{\sqrt{d_k}}\right) V
# \tag{1}$$
#
# The softmax runs over the keys, so each *row* sums to one: row $t$ says how word $t$ divides its
# attention. Where $Q$, $K$ and $V$ come from, and why there is a square root, follows below. In code
# the three dots stand for any axes in front, such as the batch, and $S$ is the number of keys.


# %%
def attention(query, key, value):
    """softmax(QKᵀ / √d_k) V, and the weights.

    query [..., T, d_k], key [..., S, d_k], value [..., S, d_v]
    """
    d_k = query.shape[-1]
    scores = query @ key.transpose(-2, -1) / math.sqrt(d_k)  # [..., T, S]
    weights = scores.softmax(dim=-1)  # [..., T, S]
    return weights @ value, weights  # [..., T, d_v], [..., T, S]


# %% [markdown]
# On random input it must give what PyTorch's own function gives. The weights are a table, a row a word:

# %%
random = run.generator()
query, key, value = torch.randn(3, 2, 5, 16, generator=random)  # [B, T, d_k]
output, weights = attention(query, key, value)
torchs = F.scaled_dot_product_attention(query, key, value)  # [B, T, d_k]
print(weights[0].numpy().round(2))  # of the first of two texts

# %% tags=["claims"]
close("Every row of weights sums to one", weights.sum(dim=-1), 1.0)
close("Our attention equals PyTorch's", output, torchs, atol=1e-5)

# %% [markdown]
# ## Why √d_k?
#
# Take a query and a key whose $d_k$ components are independent, with mean zero and variances
# $\sigma_q^2$ and $\sigma_k^2$. With mean zero the variance is
# the mean of the square, written $\mathrm{E}[\cdot^2]$. The product $q_i k_i$ has mean zero too, so its
# variance is $\mathrm{E}[q_i^2 k_i^2]$, which for independent factors is
# $\mathrm{E}[q_i^2]\,\mathrm{E}[k_i^2] = \sigma_q^2\sigma_k^2$. Variances of independent terms add up, so
#
# $$\operatorname{Var}(q \cdot k) = \sum_{i=1}^{d_k} \operatorname{Var}(q_i k_i)
# = d_k\,\sigma_q^2\,\sigma_k^2 \tag{2}$$
#
# We never needed the shape of the distribution. Measure it with two very different ones, normal
# components and coin flips.


# %%
def dot_product_variance(d_k, variance_query=1.0, variance_key=1.0):
    """Variance of q · k for independent components of mean zero."""
    return d_k * variance_query * variance_key


dims = [4**n for n in range(6)]
formula = [dot_product_variance(d_k) for d_k in dims]
pairs = run.size(smoke=200, cpu=20_000, gpu=20_000)
products = {"normal": [], "coin flips ±1": []}
for d_k in dims:
    q, k = torch.randn(2, pairs, d_k, generator=random)  # each [pairs, d_k]
    flips_q, flips_k = q.sign(), k.sign()  # each [pairs, d_k]
    products["normal"].append((q * k).sum(dim=-1))  # [pairs]
    products["coin flips ±1"].append((flips_q * flips_k).sum(dim=-1))

# %% tags=["hide-input"] mystnb={"image": {"alt": "Top: histograms of the dot product for d_k of 4, 64 and 256; each is centred on zero and wider than the one before. Bottom: the variance against d_k, both axes logarithmic; the measured points for normal components and for coin flips lie on the straight line variance equals d_k."}}
figure, (top, bottom) = plot.panels(2, height=2.9)
for place in (4, 3, 1):
    dots, label = products["normal"][place], f"$d_k$ = {dims[place]}"
    bins = np.linspace(-60, 60, 61)
    top.hist(dots, bins=bins, density=True, alpha=0.6, label=label)
top.set(xlabel="dot product $q · k$", ylabel="density")
top.set(yscale="log", ylim=(1e-4, 1))
top.legend()
bottom.plot(dims, formula, color=plot.GREY, linewidth=1, label="formula (2)")
for (name, rows), marker in zip(products.items(), "ox", strict=True):
    bottom.plot(dims, [row.square().mean() for row in rows], marker, label=name)
bottom.set(xscale="log", yscale="log")
bottom.set(xlabel="$d_k$", ylabel="variance of $q · k$")
bottom.legend()
plt.show()

# %% [markdown]
# How far from the line may a point lie? A mean of $n$ numbers is uncertain by about their standard
# deviation over $\sqrt{n}$, its standard error. In that unit the points are off by:

# %%
distances = {}
for name, rows in products.items():
    squares = torch.stack(rows).square()  # [dims, pairs]
    error = squares.std(dim=1) / math.sqrt(pairs)  # [dims]
    off = (squares.mean(dim=1) - torch.tensor(formula)).abs()  # [dims]
    distances[name] = off / error.clamp(min=1e-9)  # all flips are 1 at d_k = 1
    print(f"{name:<14}", *(f"{distance:4.1f}" for distance in distances[name]))

# %% [markdown]
# Scores therefore spread like $\sqrt{d_k}$; divided by $\sqrt{d_k}$ they spread by
# $\sigma_q\sigma_k$, whatever the width. And if we leave the division out? Wide scores make a softmax
# that is nearly one-hot, and there it is **saturated**: the slope of a weight $w$ along its own score is
# $w(1-w)$, nearly zero at both ends. How much is then left to learn from? We let random queries look at
# 64 random keys and measure two things: the entropy of the weights (6 bits, the dotted line, is all 64
# keys alike; 0 bits a single one), and the length of the gradient that reaches the scores when
# something behind them asks for a random change.


# %%
def saturation(d_k, scale, generator):
    """Entropy in bits, and gradient length at the scores, of 2,048 rows."""
    query = torch.randn(64, 32, d_k, generator=generator)  # [B, T, d_k]
    key = torch.randn(64, 64, d_k, generator=generator)  # [B, S, d_k]
    scores = query @ key.transpose(1, 2) / scale  # [B, T, S]
    scores = scores.flatten(0, 1).requires_grad_()  # [2048, S]
    weights = scores.softmax(dim=-1)  # [2048, S]
    wish = torch.randn(weights.shape, generator=generator)  # [2048, S]
    (weights * wish).sum().backward()
    nats = torch.special.entr(weights.detach()).sum(dim=-1)  # [2048]
    return nats / math.log(2), scores.grad.norm(dim=-1)  # [2048], [2048]


scaled = [saturation(d_k, math.sqrt(d_k), random) for d_k in dims]
unscaled = [saturation(d_k, 1.0, random) for d_k in dims]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels against d_k. Top, mean entropy of the weights: flat above five bits with scaling, falling towards zero without. Bottom, gradient length on a logarithmic axis with a band from the tenth to the ninetieth percentile: flat with scaling; without scaling the median and above all the lower edge of the band collapse."}}
figure, (top, bottom) = plot.panels(2, height=2.9, sharex=True)
for name, runs, color in [
    ("divided by √d_k", scaled, plot.BLUE),
    ("not divided", unscaled, plot.ORANGE),
]:
    bits = [entropy.mean() for entropy, _ in runs]
    top.plot(dims, bits, "o-", color=color, label=name)
    slopes = [np.quantile(slope, [0.1, 0.5, 0.9]) for _, slope in runs]
    low, middle, high = np.transpose(slopes)
    bottom.plot(dims, middle, "o-", color=color, label=name)
    bottom.fill_between(dims, low, high, color=color, alpha=0.2, linewidth=0)
top.axhline(math.log2(64), color=plot.GREY, linewidth=1, linestyle=":")
top.set(xscale="log", ylabel="entropy of the weights in bits")
bottom.set(xscale="log", yscale="log", ylim=(1e-5, 2))
bottom.set(xlabel="$d_k$", ylabel="gradient at the scores")
bottom.legend(loc="lower left")
plt.show()

# %% [markdown]
# (Line: the median row; band: from the tenth to the ninetieth percentile.) The same in numbers, each as
# a fraction of the gradient with scaling. The last column is the share of all gradient that goes to the
# tenth of the rows with the largest.

# %% tags=["hide-input"]
print(" d_k    mean  median  tenth percentile  top tenth's share")
for place in (3, 5):
    with_root, without = scaled[place][1], unscaled[place][1]  # [2048] each
    mean = without.mean() / with_root.mean()
    median = without.median() / with_root.median()
    low = without.quantile(0.1) / with_root.quantile(0.1)
    top = without.sort(descending=True).values[:205].sum() / without.sum()
    print(f"{dims[place]:4} {mean:7.2f} {median:7.3f} {low:17.3f} {top:18.2f}")

# %% [markdown]
# The usual account, that the gradient vanishes, leaves out the fine print. At the widest $d_k$ the
# *typical* row gets next to none; but the mean does not collapse, because a few rows still get a good
# deal. At the usual width of 64 the typical row keeps about half, and it is the lower end of the rows
# that suffers.
#
# And the derivation describes the first step only. Training may make queries and keys as long and as
# dependent as it likes; the division just sees to it that it *starts* undecided.

# %% tags=["claims"]
check(
    "Formula (2) holds within four standard errors, all twelve times",
    max(distance.max() for distance in distances.values()) <= 4,
)
spread = [entropy.mean() for entropy, _ in scaled]
check(
    "Scaled: the mean entropy varies by less than 0.3 bits over all d_k",
    max(spread) - min(spread) < 0.3,
)
with_root, without = scaled[3][1], unscaled[3][1]  # at d_k = 64, [2048]
low_root, low = with_root.quantile(0.1), without.quantile(0.1)
check(
    "At d_k = 64 the median is above a third, a tenth under a twentieth",
    without.median() > with_root.median() / 3 and low < low_root / 20,
)
with_root, without = scaled[5][1], unscaled[5][1]  # at d_k = 1024, [2048]
check(
    "At d_k = 1024 the median is below a hundredth",
    without.median() < with_root.median() / 100,
)
check(
    "but the mean above a twentieth",
    without.mean() > with_root.mean() / 20,
)

# %% [markdown]
# ## Masks: who may look where
#
# A language model predicts the next word, so during training word $t$ must not see word $t+1$: the
# **causal mask**. And texts in a batch differ in length; the short ones are filled up with
# padding that nobody should look at: the **padding mask**. Here, as in PyTorch's function, true
# means *may attend*.

# %%
tokens = ["[PAD]", "[PAD]", "a", "fine", "film"]
real = torch.tensor([token != "[PAD]" for token in tokens])  # [T]
causal = torch.ones(5, 5, dtype=torch.bool).tril()  # [T, T]
padding = real.expand(5, 5)  # [T, T]: the same columns are open to every row
allowed = causal & padding  # [T, T]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three five by five grids over two padding tokens and the words a, fine, film; rows look at columns. Causal: the lower triangle is filled. Padding: the columns of the three words are filled. Both: a triangle over the words only; the rows of the two padding tokens are empty."}}
figure, axes = plot.panels(3, height=2.7, beside=True, sharey=True)
masks = {"causal": causal, "padding": padding, "both": allowed}
for ax, (name, mask) in zip(axes, masks.items(), strict=True):
    plot.heatmap(ax, mask, tokens, tokens, vmin=0, vmax=1.3)
    ax.tick_params(axis="x", labelrotation=90)
    ax.set(title=name, xlabel="is looked at")
axes[0].set_ylabel("looks")
plt.show()

# %% [markdown]
# How does a mask enter (1)? A forbidden score is replaced by $-\infty$ *before* the softmax, which
# makes its exponential zero and takes it out of the sum as well:
#
# $$w_{ts} = \frac{m_{ts}\,e^{z_{ts}}}{\sum_{r} m_{tr}\,e^{z_{tr}}}
# = \operatorname{softmax}_s\!\left(z_{ts} + \log m_{ts}\right), \qquad m_{ts} \in \{0, 1\} \tag{3}$$
#
# Would it not be simpler to set the *weight* to zero afterwards? Or the score to zero? Try all three
# on four scores of which the last is forbidden.


# %%
def masked_softmax(scores, allowed):
    """Softmax over the last axis among the scores where allowed is true."""
    return scores.masked_fill(~allowed, -math.inf).softmax(dim=-1)


def zero_after(scores, allowed):
    """Not a mask: the weight is set to zero after the softmax."""
    return scores.softmax(dim=-1) * allowed


def score_zero(scores, allowed):
    """Not a mask: the score is set to zero before the softmax."""
    return scores.masked_fill(~allowed, 0.0).softmax(dim=-1)


# %%
visible = torch.tensor([True, True, True, False])
print("hidden score                    weights   sum")
for way in (masked_softmax, zero_after, score_zero):
    for hidden in (0.5, 4.0):
        row = way(torch.tensor([2.0, 1.0, 0.5, hidden]), visible)  # [4]
        weights = "".join(f"{weight:6.2f}" for weight in row)
        print(f"{way.__name__:<14}{hidden:4} {weights}{row.sum():6.2f}")

# %% [markdown]
# Only the first is a mask. *Score zero* forbids nothing: $e^0 = 1$ is a perfectly good numerator.
# *Zero after* is the subtle one. The forbidden word gets no weight, yet raising its score changed the
# weights of all the others, because it still stood in the denominator. Whatever the future contains,
# the past can feel it. Dividing by the new sum would repair that on paper, until the forbidden score
# is so large that the visible exponentials underflow: then it divides zero by zero.

# %% tags=["claims"]
low = torch.tensor([2.0, 1.0, 0.5, 0.5])  # [4]
high = torch.tensor([2.0, 1.0, 0.5, 200.0])  # [4]
close(
    "masked_softmax: a hidden score of 200 gives what one of 0.5 gives",
    masked_softmax(high, visible),
    masked_softmax(low, visible),
)
after = zero_after(low, visible)  # [4]
close(
    "zero_after, divided by its sum, gives the same",
    after / after.sum(),
    masked_softmax(low, visible),
)
late = zero_after(high, visible)  # [4]
check(
    "but with a hidden score of 200 that is not a number",
    (late / late.sum()).isnan().all(),
)

# %% [markdown]
# ### A row that may look at nothing
#
# In the picture the two padding rows are empty. Their softmax is $0/0$, and a single such row is
# enough to ruin a training run, even if the loss never looks at it: in the backward pass its NaN is
# multiplied by a gradient of zero, and NaN times zero is NaN.


# %%
def attention(query, key, value, allowed=None):
    """Attention (1) with the mask (3); allowed broadcasts to [..., T, S]."""
    d_k = query.shape[-1]
    scores = query @ key.transpose(-2, -1) / math.sqrt(d_k)  # [..., T, S]
    if allowed is not None:  # as in masked_softmax
        scores = scores.masked_fill(~allowed, -math.inf)  # [..., T, S]
    weights = scores.softmax(dim=-1)  # [..., T, S]
    return weights @ value, weights  # [..., T, d_v], [..., T, S]


# %% [markdown]
# To see it, take a loss that depends on the last word only, *film*, which may look at three words.
# Its gradient in the vectors of all five words should be a table of ordinary numbers.


# %%
def slopes_of_last_word(attend):
    """Gradient of a loss on the last word only, in the vectors of all words."""
    x = torch.randn(5, 16, generator=run.generator(1)).requires_grad_()
    output, _ = attend(x, x, x, allowed)  # [T, d_k]
    output[-1].square().sum().backward()
    return x.grad  # [T, d_k]


slopes = {
    "ours": slopes_of_last_word(attention),
    "the library's": slopes_of_last_word(library.scaled_dot_product_attention),
}
for name, slope in slopes.items():
    print(f"{name:<14} {slope.isnan().sum():3} of {slope.numel()} are NaN")

# %% [markdown]
# The cure in `lmcourse.models.attention`: use the lowest finite number in place of $-\infty$, then set
# the forbidden weights to zero, which now changes nothing but the empty rows. Those return zero.
# PyTorch's function decides likewise; its *module* depends on how it is asked. Here is what each of them
# answers to a row in which nothing may be looked at.

# %% tags=["hide-input"]
empty = torch.zeros(5, 5, dtype=torch.bool)  # [T, T]
module = nn.MultiheadAttention(16, 1, batch_first=True).eval()
three = (query, key, value)
answers = {
    "the library": library.scaled_dot_product_attention(*three, empty)[0],
    "F.scaled_dot_product_attention": F.scaled_dot_product_attention(
        *three, empty
    ),
    "nn.MultiheadAttention, asked for weights": module(
        *three, attn_mask=~empty
    )[0],
    "nn.MultiheadAttention, not asked": module(
        *three, attn_mask=~empty, need_weights=False
    )[0],
}
for name, answer in answers.items():
    print(f"{name:<42} {answer.abs().max():.1f}")

# %% [markdown]
# > **Common mistake.** In `nn.MultiheadAttention` true means *may not attend*, hence the `~` above; in
# > `F.scaled_dot_product_attention` it means *may*. One library, two opposite conventions. A
# > perturbation test, below, settles in seconds which one you got.
#
# Empty rows come from padding on the *left*. With padding on the right, the causal mask already keeps
# every real word from the padding behind it, and no row is empty.

# %% tags=["claims"]
ours, _ = attention(query, key, value, causal)
theirs, _ = library.scaled_dot_product_attention(query, key, value, causal)
torchs = F.scaled_dot_product_attention(query, key, value, causal)
close("With a mask, ours equals PyTorch's", ours, torchs, atol=1e-5)
close("and the library's equals PyTorch's", theirs, torchs, atol=1e-5)

# %% [markdown]
# ## Several heads
#
# A softmax has one budget. In *the film bored the critic because it dragged*, the word *it* should look
# at *film* for its meaning and at *because* for its role, and a single average of the two is neither. So
# let several lookups run side by side, each on vectors of its own: **multi-head attention**. An
# **attention head** $i$ has its own learned matrices that turn the words $X$ into its queries, keys and
# values; the results are joined and mixed:
#
# $$\begin{aligned}
# \operatorname{MultiHead}(X) &= [H_1, \dots, H_h]\,W^O \\
# H_i &= \operatorname{Attention}(XW_i^Q,\; XW_i^K,\; XW_i^V)
# \end{aligned} \tag{4}$$
#
# Since all three come from the same words, this is **self-attention**; when the queries come from
# another text than keys and values, it is **cross-attention**. $X$ has one row of $d_{\text{model}}$
# numbers a word. A head works in $d_k = d_{\text{model}} / h$ dimensions, so $W_i^Q$, $W_i^K$ and $W_i^V$
# are $d_{\text{model}} \times d_k$ and $W^O$ is $d_{\text{model}} \times d_{\text{model}}$. In code all
# heads together are one matrix of the full width, with a bias, which is then cut: split, attend, join.


# %%
class MultiHead(nn.Module):
    """Multi-head self-attention: x [B, T, d_model] to the same shape."""

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

    def join(self, heads):
        return heads.transpose(1, 2).flatten(2)  # [B, T, n_heads · d_k]

    def forward(self, x, allowed=None):
        query = self.split(self.query(x))  # [B, n_heads, T, d_k]
        key = self.split(self.key(x))  # [B, n_heads, T, d_k]
        value = self.split(self.value(x))  # [B, n_heads, T, d_k]
        heads, weights = attention(query, key, value, allowed)
        return self.mix(self.join(heads)), weights  # …, [B, n_heads, T, T]


# %% [markdown]
# The shapes tell the story: `split` cuts each word's vector into pieces, one a head, and `transpose` puts
# the heads in front, so that `attention` treats them like a batch; `join` undoes both.
#
# Is it the thing itself? The hardest test is a foreign implementation with the same weights. PyTorch
# and our package both keep the three matrices stacked as one, so we stack ours.

# %% tags=["hide-input"]
# @title The same weights for all three
torch.manual_seed(SEED)
ours = MultiHead(d_model=32, n_heads=4)
torchs = nn.MultiheadAttention(32, 4, batch_first=True)
package = library.MultiHeadAttention(32, 4, causal=True)
parts = (ours.query, ours.key, ours.value)
torchs.out_proj.load_state_dict(ours.mix.state_dict())
package.projection.load_state_dict(ours.mix.state_dict())
with torch.no_grad():
    weight = torch.cat([part.weight for part in parts])  # [96, 32]
    bias = torch.cat([part.bias for part in parts])  # [96]
    torchs.in_proj_weight.copy_(weight)
    torchs.in_proj_bias.copy_(bias)
    package.qkv.weight.copy_(weight)
    package.qkv.bias.copy_(bias)

# %% [markdown]
# Two texts of seven words, of which the second has three words of padding, go through all three layers,
# with the causal mask and the padding mask together.

# %%
x = torch.randn(2, 7, 32, generator=random)  # [B, T, d_model]
real = torch.tensor([[True] * 7, [True] * 4 + [False] * 3])  # [B, T]
past = library.causal_mask(7)  # [T, T]: true where a word may look
output, weights = ours(x, past & real[:, None, None, :])
theirs, their_weights = torchs(
    x,
    x,
    x,
    attn_mask=~past,
    key_padding_mask=~real,
    average_attn_weights=False,
)
stored, _ = package(x, padding_mask=real, return_weights=True)
fused = package(x, padding_mask=real)  # by PyTorch's fast kernel

# %% tags=["claims"]
close("Output as nn.MultiheadAttention's", output, theirs, atol=1e-5)
close(
    "Weights of all heads as nn.MultiheadAttention's",
    weights,
    their_weights,
    atol=1e-5,
)
close("Output as the package's", output, stored, atol=1e-5)
close("Output as the package's without weights", output, fused, atol=1e-5)

# %% [markdown]
# ## Who influences whom?
#
# Equality with a reference is a luxury; much code has none. What it often has is a property that can
# be tested by poking: change one word and see which outputs move. For a causal layer the answer must
# be a triangle. The tool below adds a random vector to one word after the other.


# %%
def influence(model, x, allowed=None, poke=None):
    """bool [T, T]: does output t move when word s of x [1, T, C] is poked?

    poke [C] is what is added to the word, a random vector unless given.
    """
    if poke is None:
        poke = torch.randn(x.shape[-1], generator=run.generator(2))  # [C]
    with torch.no_grad():
        before = model(x, allowed)[0]  # [1, T, C]
        columns = []
        for s in range(x.shape[1]):
            changed = x.clone()
            changed[:, s] += poke
            moved = (model(changed, allowed)[0] - before).abs()  # [1, T, C]
            columns.append(moved.amax(dim=(0, 2)) > 1e-5)  # [T]
    return torch.stack(columns, dim=1)  # [T, T]


# %% [markdown]
# A well-known bug in home-made attention is a `join` without the transpose. All shapes fit, so nothing
# complains. Here it is, poked beside the correct layer:


# %%
class WrongJoin(MultiHead):
    """The classic: right shape, wrong order."""

    def join(self, heads):
        B, n_heads, T, d_k = heads.shape
        return heads.reshape(B, T, n_heads * d_k)


wrong = WrongJoin(32, 4)
wrong.load_state_dict(ours.state_dict())
reach = {
    "correct": influence(ours, x[:1], past),
    "join without transpose": influence(wrong, x[:1], past),
}

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two seven by seven grids; a filled cell means that the output in this row moves when the word in this column is changed. Correct: exactly the lower triangle. Join without transpose: cells above the diagonal are filled too, so early outputs depend on later words."}}
figure, axes = plot.panels(2, height=2.9, beside=True, sharey=True)
places = [str(t + 1) for t in range(7)]
for ax, (name, matrix) in zip(axes, reach.items(), strict=True):
    plot.heatmap(ax, matrix, places, places, vmin=0, vmax=1.3)
    ax.set(title=name, xlabel="changed word")
axes[0].set_ylabel("output that moves")
plt.show()

# %% [markdown]
# Without the transpose the pieces lie head by head, not word by word. Output 1 is made of what head 1
# found for words 1 to 4; output 2 of words 5, 6, 7 of head 1 and word 1 of head 2; and so on.
#
# ### How not to poke
#
# A tool that finds leaks must itself be shown to find them. Why a *random* vector,
# and not simply a one added to every component? Put a layer normalization in front, as
# [the GPT chapter](gpt.ipynb) does. It subtracts the mean of each vector, so a constant that was added to
# all components is gone before attention sees it. The block below has no mask at all, and every word
# looks at every other.


# %%
class PreNorm(nn.Module):
    """Attention behind a layer normalization, beside a shortcut."""

    def __init__(self, attend, d_model):
        super().__init__()
        self.norm, self.attend = nn.LayerNorm(d_model), attend

    def forward(self, x, allowed=None):
        mixed, weights = self.attend(self.norm(x), allowed)  # [B, T, d_model]
        return x + mixed, weights


block = PreNorm(ours, 32)
ones = torch.ones(32)  # [d_model]
found = {
    "a one everywhere": influence(block, x[:1], poke=ones),
    "a random vector": influence(block, x[:1]),
    "random, with mask": influence(block, x[:1], past),
}

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three seven by seven grids for a block with a layer normalization. Poked with a one in every component, only the diagonal is filled although nothing is masked. Poked with a random vector, all cells are filled. With the causal mask and a random vector, exactly the lower triangle is filled."}}
figure, axes = plot.panels(3, height=2.3, beside=True, sharey=True)
for ax, (name, matrix) in zip(axes, found.items(), strict=True):
    plot.heatmap(ax, matrix, places, places, vmin=0, vmax=1.3)
    ax.set(title=name, xlabel="changed word")
axes[0].set_ylabel("output that moves")
plt.show()

# %% [markdown]
# With ones the unmasked block passes for one in which no word sees any other. With random vectors the
# tool tells the truth about both.
#
# A second property says what attention does *not* know. Shuffle the words, and without a mask the
# outputs are the same, shuffled: attention is **permutation equivariant**, a bag of words that talk to
# each other. *Dog bites man* and *man bites dog* are one to it. Order has to be added to the vectors. The
# causal mask alone already breaks the symmetry, since it depends on the places.

# %%
order = torch.randperm(7, generator=random)
gaps = {}
with torch.no_grad():
    for name, mask in {"without a mask": None, "causal mask": past}.items():
        shuffled_before = ours(x[:, order], mask)[0]  # [B, T, d_model]
        shuffled_after = ours(x, mask)[0][:, order]  # [B, T, d_model]
        gaps[name] = (shuffled_before - shuffled_after).abs().max()
        print(f"{name:<15} largest difference {gaps[name]:.2f}")

# %% tags=["claims"]
close("The correct layer: exactly the causal mask", reach["correct"], past)
leaked = reach["join without transpose"] & ~past
check("Wrong join: the future leaks into the past", leaked.any())
own = torch.eye(7, dtype=torch.bool)
check(
    "Poked with ones, no other word is found",
    (found["a one everywhere"] == own).all(),
)
check("Poked at random, every word is found", found["a random vector"].all())
close("and with the mask exactly the past", found["random, with mask"], past)
padded = influence(ours, x[1:], real[1].expand(7, 7))
check(
    "Padding, without causal mask: words react to all words, nothing else",
    (padded[:4] == real[1]).all(),
)
close(
    "Words shuffled before or after: the same",
    gaps["without a mask"],
    0,
    atol=1e-5,
)

# %% [markdown]
# ## A layer that learns to look things up
#
# We began with a dictionary. Can a single layer *learn* to be one? Each example is a new random
# dictionary of eight letters with a number each, and the question is one of the letters. The
# dictionaries are drawn anew all the time, so there is nothing to memorize but the act of looking up.

# %%
LETTERS, NUMBERS, ENTRIES = 26, 16, 8


def dictionaries(count, seed, entries=ENTRIES):
    """Random dictionaries, and a question to each.

    letters and numbers [B, N], question [B], its place [B], the answer [B]
    """
    generator = torch.Generator().manual_seed(seed)
    letters = torch.rand(count, LETTERS, generator=generator).argsort(dim=1)
    numbers = torch.rand(count, NUMBERS, generator=generator).argsort(dim=1)
    letters, numbers = letters[:, :entries], numbers[:, :entries]  # [B, N]
    place = torch.randint(entries, (count, 1), generator=generator)  # [B, 1]
    question = letters.gather(1, place)  # [B, 1]
    answer = numbers.gather(1, place)  # [B, 1]
    return letters, numbers, question[:, 0], place[:, 0], answer[:, 0]


letters, numbers, question, _, answer = dictionaries(1, seed=run.seed)
names = [chr(97 + letter) for letter in letters[0].tolist()]
print(dict(zip(names, numbers[0].tolist(), strict=True)))
print(chr(97 + question.item()), "→", answer.item())

# %% [markdown]
# (Sorting random numbers, `argsort`, gives a random order of all letters, of which we take the first
# eight; `gather` picks one entry of each row.)
#
# An entry's vector is the embedding of its letter plus that of its number. The control is the same
# network with sharpness zero, hence equal weights: mean pooling. It cannot do it, and we can say so
# beforehand. The mean of the sums is the mean letter plus the mean number; *which* number stood at which
# letter is gone, so it is a guess among eight. A third version leaves out the $\sqrt{d_k}$.


# %%
class Lookup(nn.Module):
    """One attention layer over a dictionary; sharpness scales its scores."""

    def __init__(self, sharpness, d=64):
        super().__init__()
        self.sharpness = sharpness
        self.letter = nn.Embedding(LETTERS, d)
        self.number = nn.Embedding(NUMBERS, d)
        self.query, self.key = nn.Linear(d, d), nn.Linear(d, d)
        self.value = nn.Linear(d, d)
        wide, out = nn.Linear(2 * d, 2 * d), nn.Linear(2 * d, NUMBERS)
        self.head = nn.Sequential(wide, nn.GELU(), out)

    def forward(self, letters, numbers, question):
        x = self.letter(letters) + self.number(numbers)  # [B, N, d]
        asked = self.letter(question)[:, None]  # [B, 1, d]
        query = self.sharpness * self.query(asked)  # [B, 1, d]
        mixed, weights = attention(query, self.key(x), self.value(x))
        both = torch.cat([mixed, asked], dim=-1)  # [B, 1, 2 d]
        return self.head(both)[:, 0], weights[:, 0]  # [B, NUMBERS], [B, N]


# %%
VERSIONS = {
    "attention": 1.0,
    "mean pooling": 0.0,
    "attention without √d_k": 8.0,
}

# %% [markdown]
# Each version is trained three times, from other random weights on other dictionaries. `fit` is the
# book's training loop: a batch, the loss, its gradient, a step, and again.

# %% tags=["hide-input"]
# @title Training a lookup
steps = run.size(smoke=5, cpu=300, gpu=2000)


def lookup_loss(model, batch):
    """Cross-entropy of the answers [B]."""
    letters, numbers, question, _, answer = batch
    logits, _ = model(letters, numbers, question)  # [B, NUMBERS]
    return F.cross_entropy(logits.float(), answer)


def train_lookup(name, trial):
    """A trained Lookup, and the history of its loss."""
    torch.manual_seed(run.seed + trial)
    model = Lookup(VERSIONS[name])
    first = 1_000_000 * (run.seed + trial + 1)  # seed of the first batch

    def batch_at(step):
        return dictionaries(128, first + step)

    options = {"steps": steps, "learning_rate": 3e-3}
    history = fit(
        model, lookup_loss, batch_at, **options, session=run, label=name
    )
    return model.cpu(), history


# %% tags=["nbval-ignore-output"]
models, histories = {}, {}
for name in VERSIONS:
    for trial in range(3):
        models[name, trial], histories[name, trial] = train_lookup(name, trial)

# %% [markdown]
# All are tested on two thousand fresh dictionaries, and then on a harder test: dictionaries of sixteen
# entries, twice as long as any in training. The table has the mean over the three trainings with its 95 %
# interval (Student's t). An interval of width zero says that the three agree, not that the error is
# exactly zero.


# %% tags=["hide-input"]
# @title Accuracy on new dictionaries
@torch.no_grad()
def accuracy(model, entries):
    """Share of right answers on 2,000 new dictionaries."""
    test = dictionaries(2000, run.seed, entries)
    letters, numbers, question, _, answer = test
    logits, _ = model(letters, numbers, question)  # [2000, NUMBERS]
    return (logits.argmax(dim=-1) == answer).float().mean().item()


results = {}
for name in VERSIONS:
    three = [models[name, trial] for trial in range(3)]
    results[name] = {n: [accuracy(m, n) for m in three] for n in (ENTRIES, 16)}

# %% tags=["hide-input", "nbval-ignore-output"]
print(f"{'':<24}{'8 entries':<24}16 entries")
for name, right in results.items():
    short = intervals.seeds_interval(right[ENTRIES])
    print(f"{name:<24}{short!s:<24}{intervals.seeds_interval(right[16])}")

for name in ("attention", "mean pooling"):
    short = intervals.seeds_interval(results[name][ENTRIES])
    key = f"attention.lookup_{name.replace(' ', '_')}"
    note = "8 entries, three seeds"
    record(key, short.value, "accuracy", short, note=note)

# %% [markdown]
# The layer looks up, the average guesses. The third line deserves an honest word: on this task the
# missing square root hardly changes the final accuracy. What we measured above is a bad start for a wide layer with components of
# variance one, not a proof that every layer without it fails to learn.
#
# What did it learn? Ask one dictionary all its eight questions and look at the weights.

# %%
letters, numbers, *_ = dictionaries(1, seed=run.seed)  # [1, N] each
learned = models["attention", 0]
with torch.no_grad():
    same = letters.expand(8, 8), numbers.expand(8, 8)  # one dictionary, 8 times
    _, weights = learned(*same, letters[0])  # [8, N]

# %% tags=["hide-input", "nbval-ignore-output"] mystnb={"image": {"alt": "Top: training loss against the step. Attention falls from above two nats to nearly zero within the first part of training; mean pooling falls slowly towards the dotted line at the logarithm of eight and stays above it. Bottom: an eight by eight heat map of the attention weights, question against entry; the diagonal is dark and the rest is empty."}}
figure, (top, bottom) = plot.panels(2, height=3.2)
for name, color in [("attention", plot.BLUE), ("mean pooling", plot.ORANGE)]:
    losses = histories[name, 0].losses
    top.plot(losses, color=color, linewidth=1.2, label=name)
top.axhline(
    math.log(ENTRIES),
    color=plot.INK,
    linestyle=":",
    linewidth=1,
    label="guess among 8",
)
top.set(xlabel="training step", ylabel="loss in nats")
top.legend()
names = [chr(97 + letter) for letter in letters[0].tolist()]
pairs = zip(names, numbers[0].tolist(), strict=True)
entries = [f"{name}:{number}" for name, number in pairs]
plot.heatmap(bottom, weights, names, entries, vmin=0, vmax=1)
bottom.set(xlabel="entry", ylabel="question")
plt.show()

# %% tags=["claims"]
right = {name: runs[ENTRIES] for name, runs in results.items()}
check(
    "Attention: at least 99 in 100, with every seed",
    min(right["attention"]) > 0.99,
)
check(
    "Mean pooling: no more than 0.03 above a guess among eight",
    max(right["mean pooling"]) < 1 / 8 + 0.03,
)
check(
    "Attention, sixteen entries: at least 97 in 100",
    min(results["attention"][16]) > 0.97,
)
check(
    "Without √d_k: at least 99 in 100",
    min(right["attention without √d_k"]) > 0.99,
)
check(
    "Each question gives its own entry most of its weight",
    (weights.diagonal() > 0.5).all(),
)

# %% [markdown]
# ## What it costs
#
# Every word looks at every other, and that must be paid for. Count a multiplication and an addition as
# two floating-point operations (**FLOPs**) and leave out all but the matrix products. With
# $d = d_{\text{model}}$, the four matrices of (4) take $2Td^2$ each, the scores $2T^2d$ and the weighted
# sums another $2T^2d$:
#
# $$\text{FLOPs} = \underbrace{8\,T d^2}_{\text{matrices}} + \underbrace{4\,T^2 d}_{\text{looking}} \tag{5}$$
#
# The number of heads does not occur (it does in the softmax, which has $hT^2$ exponentials). The two
# parts are equal at $T = 2d$; below that the famous square is the smaller half of the bill. PyTorch has
# a counter for the matrix products that run.


# %%
def attention_flops(length, d_model):
    """Operations of one multi-head attention layer on one text."""
    return 8 * length * d_model**2 + 4 * length**2 * d_model


layer = MultiHead(d_model=64, n_heads=4)
lengths = [128, 256, 512, 1024, 2048][: run.size(smoke=4, cpu=5, gpu=5)]
counted = []
for length in lengths[:3]:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        layer(torch.zeros(1, length, 64))
    counted.append(counter.get_total_flops())
    print(f"{length:4} words {counted[-1]:>12,} operations")

# %% [markdown]
# Memory grows differently. The weights are $h\,T^2$ numbers, and training keeps them for the backward
# pass. We compare our layer with the **fused kernel** that the package calls
# (FlashAttention, Dao et al. 2022): it computes the same sums block by block and never has the whole
# table of weights in memory. Both run on the CPU here. PyTorch lets us watch each tensor that is kept.


# %% tags=["hide-input"]
# @title What autograd keeps
def kept_for_backward(layer, x):
    """Bytes that autograd keeps: all, and those in tables [..., T, T]."""
    kept = {}

    def note(tensor):
        storage = tensor.untyped_storage()  # views share one: counted once
        kept[storage.data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda saved: saved):
        layer(x)
    T = x.shape[1]
    whole = sum(t.untyped_storage().nbytes() for t in kept.values())
    tables = sum(t.nbytes for t in kept.values() if t.shape[-2:] == (T, T))
    return whole, tables


# %% tags=["hide-input"]
# @title The time of a forward pass
@torch.no_grad()
def seconds(layer, x, repeats=5):
    """Shortest of several forward passes, after one to warm up."""
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        layer(x)
        times.append(time.perf_counter() - start)
    return min(times[1:])


# %%
layers = {"plain": layer, "fused kernel": library.MultiHeadAttention(64, 4)}
inputs = [torch.randn(1, T, 64, generator=random) for T in lengths]
memory, timing = {}, {}
for name, f in layers.items():
    memory[name] = np.array([kept_for_backward(f, x) for x in inputs])
    timing[name] = np.array([seconds(f, x) for x in inputs])

# %% tags=["hide-input", "nbval-ignore-output"] mystnb={"image": {"alt": "Two log-log panels against the length of the text. Top, megabytes kept for the backward pass: the plain layer rises towards a slope of two, the fused kernel with a slope of at most one. Bottom, milliseconds of a forward pass: both rise, the plain layer more steeply."}}
figure, (top, bottom) = plot.panels(2, height=2.8, sharex=True)
for name in layers:
    top.plot(lengths, memory[name][:, 0] / 2**20, "o-", label=name)
    bottom.plot(lengths, 1000 * timing[name], "o-")
for ax in (top, bottom):
    ax.set(xscale="log", yscale="log")
    ax.set_xticks(lengths, map(str, lengths))
    ax.minorticks_off()
top.set_ylabel("MB kept for backward")
bottom.set(xlabel="words T", ylabel="milliseconds, forward")
top.legend()
plt.show()

# %% [markdown]
# The fused kernel gives the same output up to rounding. It only stops keeping
# what can be computed again. The price is that there are no weights to look at.

# %% tags=["claims"]
formula = [attention_flops(length, 64) for length in lengths[:3]]
close(
    "The operations counted are those of formula (5)",
    counted,
    formula,
    atol=0.5,
)
tables = [4 * 4 * T**2 for T in lengths]  # four heads, four bytes a number
close("Plain: one float32 table a head is kept", memory["plain"][:, 1], tables)
fused = memory["fused kernel"]  # [lengths, 2]
check("Fused: no table of weights is kept", (fused[:, 1] == 0).all())
check(
    "Fused: twice the text, at most twice the memory",
    (fused[1:, 0] <= 2 * fused[:-1, 0]).all(),
)

# %% [markdown]
# ## What do real heads look at?
#
# Now a real model: MiniLM, a small relative of BERT that was trained further to turn sentences into vectors.
# It reads in both directions, so there is no causal mask. Its tokenizer puts [CLS] in front of every
# text and [SEP] behind it, and cuts rare words into pieces (`##` continues a word). It stacks six layers
# of twelve heads, with parts between them that [the GPT chapter](gpt.ipynb) explains. It is tempting to
# leaf through its heads until one looks meaningful. Let us rather fix four patterns beforehand, score
# every head for each, choose the best on one set of review sentences, and judge the chosen on *another*.


# %% tags=["hide-input"]
# @title Four patterns of looking
def pattern_scores(weights):
    """Mean weight [4, L, H] on the previous and next token, [CLS] and [SEP].

    weights [L, H, T, T]; row t of the last two axes is how token t looks
    """
    previous = weights.diagonal(-1, -2, -1).mean(dim=-1)  # [L, H]
    following = weights.diagonal(1, -2, -1).mean(dim=-1)  # [L, H]
    first = weights[..., 1:, 0].mean(dim=-1)  # [L, H], [CLS] itself left out
    last = weights[..., :-1, -1].mean(dim=-1)  # [L, H], [SEP] itself left out
    return torch.stack([previous, following, first, last])


PATTERNS = ["previous", "next", "[CLS]", "[SEP]"]
reviews = load_reviews("text")["validation"]["text"]
wanted = 2 * run.size(smoke=4, cpu=64, gpu=200)
sentences = [text for text in reviews if 60 <= len(text) <= 160][:wanted]

# %% [markdown]
# (The diagonal below the main one holds the weights on the previous token, the one above it those on the
# next.) Now let the model read; it hands out its weights when asked.

# %% tags=["hide-input", "nbval-ignore-output"]
# @title Reading sentences with a pretrained encoder
tokenizer, encoder = pretrained.encoder()
encoder.set_attn_implementation("eager")  # the fused kernel has no weights
encoder.to(run.device)


@torch.no_grad()
def read(text):
    """Tokens, weights [L, H, T, T] and hidden states [L + 1, T, d_model]."""
    inputs = tokenizer(text, return_tensors="pt").to(run.device)
    result = encoder(
        **inputs, output_attentions=True, output_hidden_states=True
    )
    tokens = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
    weights, hidden = result.attentions, result.hidden_states
    return tokens, torch.cat(weights).cpu(), torch.cat(hidden).cpu()


readings = [read(text) for text in sentences]
scores = torch.stack([pattern_scores(weights) for _, weights, _ in readings])
half = len(scores) // 2
L, H = scores.shape[2:]  # scores is [N, 4, L, H]
print(f"{2 * half} sentences, {L} layers with {H} heads each")

# %% tags=["hide-input", "nbval-ignore-output"] mystnb={"image": {"alt": "Four heat maps, one a pattern, layers against heads. For the previous token one head in the first layer is nearly full and few others are visible; for the next token one head stands out; for the token CLS most heads from the second layer on are dark; for SEP all are pale."}}
figure, axes = plt.subplots(2, 2, figsize=(5.6, 3.8), sharex=True, sharey=True)
means = scores[:half].mean(dim=0)  # [4, L, H]
layers, heads = range(1, L + 1), [h if h % 2 else "" for h in range(1, H + 1)]
for ax, name, matrix in zip(axes.flat, PATTERNS, means, strict=True):
    image = plot.heatmap(ax, matrix, layers, heads, vmin=0, vmax=1)
    ax.set_title(name)
for ax in axes[1]:
    ax.set_xlabel("head")
for ax in axes[:, 0]:
    ax.set_ylabel("layer")
figure.colorbar(image, ax=axes, label="mean attention weight")
plt.show()

# %% [markdown]
# The best head for each pattern, on the sentences that had no part in the choice. A head that looks
# everywhere alike would give each token one over the length; we subtract that, sentence by sentence. The
# brackets are 95 % intervals: the sentences are drawn again with replacement ten thousand times (the
# bootstrap), and the middle 95 % of the means are kept. The last column is the median head.

# %% tags=["hide-input", "nbval-ignore-output"]
uniform = torch.tensor([1 / len(tokens) for tokens, *_ in readings[half:]])
packaged = L == 6  # the hub's encoder is larger, with habits of its own
favourite = scores[half:].mean(dim=0).flatten(1).median(dim=1).values  # [4]
chosen, above = {}, {}
print("pattern   layer head   mean weight           above uniform      median")
for number, name in enumerate(PATTERNS):
    best = scores[:half, number].mean(dim=0).argmax().item()
    chosen[name] = divmod(best, H)  # layer and head, both from 0
    fresh = scores[half:, number].flatten(1)[:, best]  # [N/2]
    above[name] = intervals.paired_bootstrap(fresh, uniform, seed=run.seed)
    layer_number, head_number = chosen[name]
    print(f"{name:<9} {layer_number + 1:5} {head_number + 1:4}", end="   ")
    print(intervals.bootstrap_mean(fresh), above[name], end="  ")
    print(f"{favourite[number]:.2f}")

# %% [markdown]
# The surprise is in the last two lines. Clark et al. (2019) found that heads of BERT-base spend much
# of their attention on [SEP]. Here it is [CLS]. Their texts were pairs of paragraphs and ours are single
# sentences, so the model need not be the only cause. Either way, which special token collects the
# attention cannot be taken from a paper on another model. Measure yours.
#
# Three of the chosen heads, on the first fresh sentence that is short enough to print:

# %% tags=["hide-input", "nbval-ignore-output"] mystnb={"image": {"alt": "Three heat maps of attention weights in one review sentence, word against word. The first shows a dark line just below the diagonal, every token looks at the one before; the second a line just above it; in the third nearly every row is dark in the first column, CLS."}}
short = [reading for reading in readings[half:] if len(reading[0]) <= 17]
tokens, weights, _ = (short or readings)[0]
figure, axes = plt.subplots(3, 1, figsize=(5.0, 10.5), sharex=True)
for ax, name in zip(axes, PATTERNS[:3], strict=True):
    plot.heatmap(ax, weights[chosen[name]], tokens, tokens, vmin=0, vmax=1)
    ax.set_title(name)
axes[-1].tick_params(axis="x", labelrotation=90)
plt.show()

# %% tags=["claims"]
check(
    "All four chosen heads exceed the uniform share on fresh sentences",
    all(interval.low > 0 for interval in above.values()),
)
if packaged:
    check(
        "The median head gives [CLS] the most of the four",
        favourite.argmax() == 2,
    )
    check(
        "The head chosen for [SEP] gives it less than 0.3 above uniform",
        above["[SEP]"].value < 0.3,
    )

# %% [markdown]
# ## Attention is not an explanation
#
# Such pictures seduce. *The model decided because it looked at [CLS]*? The weight $w_{ts}$ is only half
# of what is added to the output: the term is $w_{ts}\,v_s W^O$, and a large weight on a tiny vector
# carries nothing. Kobayashi et al. (2020) measure the length of the whole term. For each head we
# compare the share of [CLS] in the weights with its share in what is carried.


# %% tags=["hide-input"]
# @title Shares of what a head carries
@torch.no_grad()
def carried(layer, hidden, weights):
    """Shares [H, T, T] of the lengths of all terms.

    hidden [T, d_model], weights [H, T, T]
    """
    value = layer.attention.self.value(hidden)  # [T, d_model]
    mix = layer.attention.output.dense.weight  # [d_model, d_model]
    d_k = value.shape[-1] // len(weights)
    shares = []
    for head, weight in enumerate(weights):
        part = slice(head * d_k, (head + 1) * d_k)  # this head's columns
        length = (value[:, part] @ mix[:, part].T).norm(dim=-1)  # [T]
        term = weight * length  # [T, T]
        shares.append(term / term.sum(dim=-1, keepdim=True))
    return torch.stack(shares)


# %% [markdown]
# For each layer it needs the vectors that went in and the weights that came out; we average over the
# fresh sentences.

# %% tags=["hide-input"]
# @title Shares of all heads
encoder.cpu()
parked = 2 if favourite[2] > favourite[3] else 3  # the favourite special token
share = scores[half:, parked].mean(dim=0)  # [L, H]
terms = torch.zeros(L, H)
for _, weights, hidden in readings[half:]:
    layers = zip(encoder.encoder.layer, hidden[:L], weights, strict=True)
    shares = torch.stack([carried(*layer) for layer in layers])  # [L, H, T, T]
    terms += pattern_scores(shares)[parked] / half  # [L, H]

# %% tags=["hide-input", "nbval-ignore-output"] mystnb={"image": {"alt": "Scatter plot with a dot a head: the share of CLS in the attention weights against its share in what is carried. Nearly all dots lie far below the dotted diagonal; most heads that give CLS much of their weight carry only a small part from it; the head with the largest weight carries far more than the others."}}
figure, ax = plot.panels(height=3.3)
ax.plot([0, 1], [0, 1], color=plot.GREY, linestyle=":", linewidth=1)
ax.plot(share.flatten(), terms.flatten(), "o", alpha=0.6)
ax.set(xlabel=f"share of {PATTERNS[parked]} in the weights")
ax.set(ylabel="share in what is carried", ylim=(0, 1))
plt.show()

# %% [markdown]
# Many heads give much of their attention to a token and carry little from it. Xiao et al. (2024), who call
# such a token an **attention sink**, suppose that it is a way to abstain, since a softmax must add up to
# one; we have not tested that. Not every head is so: the one we drew for [CLS] carries a good part of what
# it looks at, and its weights alone would not have told. (Lengths are no last word either: terms can
# cancel.) Add that each head reads vectors into which earlier layers have already mixed all other words,
# and that in recurrent classifiers quite different weights gave nearly the same answer (Jain and Wallace
# 2019; Wiegreffe and Pinter 2019 on what follows and what does not). A heat map is a good question about
# a model. To answer it, change something and measure what happens.

# %% tags=["claims"]
busy, spent = share > 0.3, terms / share  # [L, H] each
check(
    "More than nine in ten heads carry less from it than its weight",
    (terms < share).float().mean() > 0.9,
)
check(
    "Of those that give it over 0.3, four in five carry under a third of it",
    (spent[busy] < 1 / 3).float().mean() > 0.8,
)
if packaged:
    check(
        "The head drawn for [CLS] carries more than a third",
        spent[chosen["[CLS]"]] > 1 / 3,
    )

# %% [markdown]
# ## Summary
#
# Attention is a dictionary lookup made soft: compare a query with all keys, average the values with
# softmax weights. Dot products of width $d_k$ spread like $\sqrt{d_k}$, and dividing by that makes a fresh
# network start undecided. Masks put $-\infty$ before the softmax; zeros after it leak. Several heads are
# several lookups with the matrix products of one. Poke a word in a random direction to see who depends on
# whom. A layer learns to look up what an average of the same vectors has lost; looking costs $T^2$ operations, while the
# memory need not grow so fast. And a weight is not a contribution.
#
# ## Exercises
#
# > **Exercise 1.** The right divisor (★☆☆, 5 minutes). Suppose the components of the queries have standard
# > deviation `std_query` and those of the keys `std_key`. Write `score_divisor(d_k, std_query, std_key)`: what
# > must the dot products be divided by, so that the scores have variance one?
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
# @title Solution 1
def score_divisor(d_k, std_query, std_key):
    """What to divide query · key by, for scores of variance one."""
    return math.sqrt(dot_product_variance(d_k, std_query**2, std_key**2))


exercises.divisor(score_divisor)

# %% [markdown]
# > **Exercise 2.** The mask of a batch (★★☆, 10 minutes). Texts of the given `lengths` are padded on the right to
# > length `T`. Write `batch_mask(lengths, T)`: the boolean mask of shape `[B, 1, T, T]` that is true where a
# > word may look, causal *and* without padding. The axis of length one stands for the heads.
#
# <details><summary>Hint</summary>
#
# `torch.arange(T) < lengths[:, None]` says which tokens are real, `[B, T]`. Padding must not be *looked
# at*: is that a matter of rows or of columns?
#
# </details>


# %% tags=["exercise"]
def batch_mask(lengths, T):
    """bool [B, 1, T, T], True where row may attend to column; lengths [B]."""
    ...


exercises.batch_mask(batch_mask)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def batch_mask(lengths, T):
    """bool [B, 1, T, T], True where row may attend to column; lengths [B]."""
    real = torch.arange(T) < lengths[:, None]  # [B, T]
    past = torch.ones(T, T, dtype=torch.bool).tril()  # [T, T]
    return past & real[:, None, None, :]  # [B, 1, T, T]


exercises.batch_mask(batch_mask)

# %% [markdown]
# > **Exercise 3.** A window (★★☆, 10 minutes). In a *sliding window* of width `w` each word sees itself and the
# > `w - 1` words before it. Write `window_pairs(T, w)`: how many pairs of words are compared, for $w \le T$?
#
# <details><summary>Hint</summary>
#
# Draw the mask for $T = 5$, $w = 3$. A full band, minus a corner that sticks out over the beginning.
#
# </details>


# %% tags=["exercise"]
def window_pairs(T, w):
    """Number of (query, key) pairs in a causal window of w over T words."""
    ...


exercises.window_pairs(window_pairs)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def window_pairs(T, w):
    """Number of (query, key) pairs in a causal window of w over T words."""
    return T * w - w * (w - 1) // 2


exercises.window_pairs(window_pairs)

# %% [markdown]
# > **Exercise 4.** Attention from a stream (★★★, 20 minutes). This is the heart of the fused kernel. The keys and values
# > arrive one at a time and you may not keep them. Write `streaming_attention(query, stream)`: the attention output of
# > *one* query `[d_k]`, where `stream` yields pairs `(key, value)` of NumPy vectors. Scores may be as large as a thousand.
#
# <details><summary>Hint</summary>
#
# Keep three things: the largest score so far, the sum of the exponentials relative to it, and the sum of the
# values weighted with them. When a larger score arrives, both sums were taken relative to the wrong number: by
# which factor must they be multiplied?
#
# </details>


# %% tags=["exercise"]
def streaming_attention(query, stream):
    """Attention output of one query [d_k], in one pass over (key, value)."""
    ...


exercises.streaming(streaming_attention)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 4
def streaming_attention(query, stream):
    """Attention output of one query [d_k], in one pass over (key, value)."""
    largest, total, weighted = -math.inf, 0.0, 0.0
    for key, value in stream:
        score = float(query @ key) / math.sqrt(len(query))
        new = max(largest, score)
        old_factor, factor = math.exp(largest - new), math.exp(score - new)
        total = total * old_factor + factor
        weighted = weighted * old_factor + factor * value  # [d_v]
        largest = new
    return weighted / total


exercises.streaming(streaming_attention)

# %% [markdown]
# ## Common mistakes
#
# - *A mask after the softmax*: the weights of visible words move when a hidden score
#   is raised. Put $-\infty$ before the softmax.
# - *The mask upside down*: two conventions in one library. Poke the last word: the first output must stay.
# - *Join without transpose*: the shape is right, the words are mixed. Poke every word: nothing above the diagonal may move.
# - *Poking with a constant*: a layer normalization removes it, and no leak is found. Poke in a random
#   direction, and try the tool on a layer that leaks.
# - *The softmax over the queries*: columns sum to one instead of rows. Sum the rows.
# - *`-1e9` in float16*: it does not fit. Ask `torch.finfo` for the lowest number.
# - *Testing on the loss*: a layer that sees the future can have the better loss. Test the mask itself.
# - *Reading weights as reasons*: a large weight may carry little. Change something and measure.
#
# ## Further reading
#
# - Bahdanau, Cho and Bengio (2015), [Neural machine translation by jointly learning to align and translate](https://arxiv.org/abs/1409.0473), where attention began.
# - Vaswani et al. (2017), [Attention is all you need](https://arxiv.org/abs/1706.03762), sections 3.2 and 3.3; its fourth footnote is our variance.
# - Clark et al. (2019), [What does BERT look at?](https://arxiv.org/abs/1906.04341)
# - Jain and Wallace (2019), [Attention is not explanation](https://arxiv.org/abs/1902.10186), and the answer of Wiegreffe and Pinter (2019), [Attention is not not explanation](https://arxiv.org/abs/1908.04626).
# - Kobayashi et al. (2020), [Attention is not only a weight](https://arxiv.org/abs/2004.10102): the lengths of the terms.
# - Milakov and Gimelshein (2018), [Online normalizer calculation for softmax](https://arxiv.org/abs/1805.02867), and Dao et al. (2022), [FlashAttention](https://arxiv.org/abs/2205.14135): exercise 4 as a kernel.
# - Xiao et al. (2024), [Efficient streaming language models with attention sinks](https://arxiv.org/abs/2309.17453).
