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
# The one idea that separates a Transformer from everything before it is a dictionary lookup that
# can be undecided; after this chapter you can write it, test it and say what it costs.
#
# **You will**
#
# - turn a hard lookup into a soft one that can be trained,
# - derive where the $\sqrt{d_k}$ comes from, and see what happens without it,
# - mask the future and the padding, and prove by perturbation that nothing leaks,
# - write multi-head attention that agrees with PyTorch's, with copied weights,
# - watch a single layer learn what averaging cannot, and measure what the heads of a real
#   pretrained model look at, without reading too much into it.
#
# **You need** vectors, matrix products and a little PyTorch, and from
# [softmax and cross-entropy](../probability/softmax.ipynb) the softmax with its temperature.

# %% tags=["install"]
if not __import__("importlib").util.find_spec("lmcourse"):
    get_ipython().run_line_magic(
        "pip", 'install -q "lmcourse @ git+https://github.com/OWNER/language-models"'
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
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation import intervals
from lmcourse.exercises.transformer import attention as exercises
from lmcourse.models import attention as reference
from lmcourse.models import pretrained
from lmcourse.records import record
from lmcourse.training.loop import fit

run = session.start(PROFILE, SEED)

# %% [markdown]
# ## A dictionary that can be undecided
#
# *The film bored the critic because it dragged.* What dragged? You looked back, compared *it* with
# each earlier word, and fetched *film*. How would a program do that? The nearest thing Python has is
# a dictionary: it compares a **query** with stored **keys** and returns the **value** of the key that
# is equal.

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
# So let keys and queries be vectors and let them be compared by a dot product. Here we choose three
# features by hand: is it a thing, a person, an event? A network will choose its own. The pronoun *it*
# asks for a thing, *she* would ask for a person; the factor 3 says how strongly it asks. What each word
# hands over, its value, are two other numbers: how much it is about cinema, and how much about people.

# %%
words = ["the", "film", "bored", "the", "critic", "because"]
thing, person, event = torch.eye(3)  # [d_k] each
nothing = torch.zeros(3)  # [d_k]
keys = torch.stack([nothing, thing, event, nothing, person, nothing])  # [T, d_k]
values = torch.tensor([[0, 0], [1, 0], [0.3, 0.3], [0, 0], [0, 1], [0, 0]])  # [T, d_v]
queries = {"it": 3 * thing, "she": 3 * person}  # [d_k] each


def soft_lookup(query, keys, values, sharpness=1.0):
    """Mean of the values [T, d_v], weighted by how well each key [T, d_k] fits query [d_k]."""
    weights = (sharpness * keys @ query).softmax(dim=-1)  # [T]
    return weights @ values, weights  # [d_v], [T]


answers = {pronoun: soft_lookup(query, keys, values) for pronoun, query in queries.items()}
for pronoun, (answer, _) in answers.items():
    print(f"{pronoun:<4} cinema {answer[0]:.2f}  people {answer[1]:.2f}")

# %% mystnb={"image": {"alt": "Two bar charts over the six words before the pronoun. For it, the longest bar by far belongs to film; for she, to critic. All other words keep short bars of equal length."}}
figure, axes = plt.subplots(1, 2, figsize=(6.8, 2.6), sharey=True, sharex=True)
for ax, (pronoun, (_, weights)) in zip(axes, answers.items(), strict=True):
    plot.bars(ax, words, weights, xlabel="attention weight", fmt=".2f")
    ax.set_title(f"… because {pronoun}")
plt.show()

# %% [markdown]
# The weights are a softmax over the keys, and what comes back is an average of the values: mostly
# *film*, with a little of everything. How undecided it is depends on the sharpness, which is one
# over the softmax's temperature. With sharpness zero the lookup is **mean pooling**, the plain average of
# all words. With a very large one it is the dictionary again. Attention is everything in between,
# and the network learns for each word and each query where to stand.

# %%
flat, _ = soft_lookup(queries["it"], keys, values, sharpness=0.0)
sharp, _ = soft_lookup(queries["it"], keys, values, sharpness=100.0)
close("Sharpness zero is the mean of all values", flat, values.mean(dim=0))
close("Great sharpness is the dictionary: the value of film", sharp, values[1])
check(
    "it fetches film, she fetches critic",
    [answers[p][1].argmax().item() for p in answers] == [1, 4],
)

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
# attention. Where $Q$, $K$ and $V$ come from, and why there is a square root, follows below.


# %%
def attention(query, key, value):
    """softmax(QKᵀ / √d_k) V for query [..., T, d_k], key [..., S, d_k], value [..., S, d_v]."""
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # [..., T, S]
    weights = scores.softmax(dim=-1)  # [..., T, S]
    return weights @ value, weights  # [..., T, d_v], [..., T, S]


random = run.generator()
query, key, value = torch.randn(3, 2, 5, 16, generator=random)  # each [B, T, d_k]
output, weights = attention(query, key, value)
close("Every row of weights sums to one", weights.sum(dim=-1), 1.0)
reference = F.scaled_dot_product_attention(query, key, value)
close("Our attention equals PyTorch's", output, reference, atol=1e-5)

# %% [markdown]
# ## Why √d_k?
#
# Take a query and a key whose $d_k$ components are independent, with mean zero and variances
# $\sigma_q^2$ and $\sigma_k^2$; that is about what a fresh network has. With mean zero the variance is
# the mean of the square, written $\mathrm{E}[\cdot^2]$. The product $q_i k_i$ has mean zero too, so its
# variance is $\mathrm{E}[q_i^2 k_i^2]$, which for independent factors is
# $\mathrm{E}[q_i^2]\,\mathrm{E}[k_i^2] = \sigma_q^2\sigma_k^2$. Variances of independent terms add up, so
#
# $$\operatorname{Var}(q \cdot k) = \sum_{i=1}^{d_k} \operatorname{Var}(q_i k_i)
# = d_k\,\sigma_q^2\,\sigma_k^2 \tag{2}$$
#
# We never needed the shape of the distribution. Measure it with two very different ones.


# %%
def dot_product_variance(d_k, variance_query=1.0, variance_key=1.0):
    """Variance of the dot product of vectors with independent components of mean zero."""
    return d_k * variance_query * variance_key


dims = [4**n for n in range(6)]
formula = [dot_product_variance(d_k) for d_k in dims]
pairs = run.size(smoke=200, cpu=20_000, gpu=20_000)
products = {"normal": [], "coin flips ±1": []}
for d_k in dims:
    q, k = torch.randn(2, pairs, d_k, generator=random)  # each [pairs, d_k]
    products["normal"].append((q * k).sum(dim=-1))  # [pairs]
    products["coin flips ±1"].append((q.sign() * k.sign()).sum(dim=-1))  # [pairs]

# %% mystnb={"image": {"alt": "Left: histograms of the dot product for d_k of 4, 64 and 256; each is centred on zero and wider than the one before. Right: the variance against d_k, both axes logarithmic; the measured points for normal components and for coin flips lie on the straight line variance equals d_k."}}
figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.2))
for place in (4, 3, 1):
    d_k, dots = dims[place], products["normal"][place]
    left.hist(dots, bins=np.linspace(-60, 60, 61), density=True, alpha=0.6, label=f"$d_k$ = {d_k}")
left.set(xlabel="dot product $q · k$", ylabel="density", yscale="log", ylim=(1e-4, 1))
left.legend(fontsize=9)
right.plot(dims, formula, color=plot.GREY, linewidth=1, label="formula (2)")
for (name, rows), marker in zip(products.items(), "ox", strict=True):
    right.plot(dims, [row.square().mean() for row in rows], marker, label=name)
right.set(xscale="log", yscale="log", xlabel="$d_k$", ylabel="variance of $q · k$")
right.legend(fontsize=9)
plt.show()

# %%
formula = torch.tensor(formula)  # [dims]
for name, rows in products.items():
    squares = torch.stack(rows).square()  # [dims, pairs]; their mean is the variance
    error = squares.std(dim=1) / math.sqrt(pairs)  # [dims]
    off = squares.mean(dim=1) - formula  # [dims]
    check(f"{name}: formula (2) holds within four standard errors", (off.abs() <= 4 * error).all())
    check(f"{name}: and a standard error is below a thirtieth", (error < formula / 30).all())

# %% [markdown]
# Scores therefore spread like $\sqrt{d_k}$; divided by $\sqrt{d_k}$ they spread by
# $\sigma_q\sigma_k$, whatever the width. And if we leave the division out? Wide scores make a softmax
# that is nearly one-hot, and there it is **saturated**: the slope of a weight $w$ along its own score is
# $w(1-w)$, nearly zero at both ends, so next to nothing is learned. We let random queries look at 64
# random keys and measure two things: the entropy of the weights (6 bits, the dotted line, is all 64
# keys alike; 0 bits a single one), and the length of the gradient that reaches the scores when
# something behind them asks for a random change (line: the median row; band: from the tenth to the
# ninetieth percentile).


# %%
def saturation(d_k, scale, generator):
    """Entropy in bits, and gradient length at the scores, of 2,048 rows over 64 random keys."""
    query = torch.randn(64, 32, d_k, generator=generator)  # [B, T, d_k]
    key = torch.randn(64, 64, d_k, generator=generator)  # [B, S, d_k]
    scores = (query @ key.transpose(1, 2) / scale).flatten(0, 1).requires_grad_()  # [2048, S]
    weights = scores.softmax(dim=-1)  # [2048, S]
    wish = torch.randn(weights.shape, generator=generator)  # [2048, S]
    (weights * wish).sum().backward()
    entropy = torch.special.entr(weights.detach()).sum(dim=-1) / math.log(2)  # [2048]
    return entropy, scores.grad.norm(dim=-1)  # [2048], [2048]


scaled = [saturation(d_k, math.sqrt(d_k), random) for d_k in dims]
unscaled = [saturation(d_k, 1.0, random) for d_k in dims]

# %% mystnb={"image": {"alt": "Two panels against d_k. Left, mean entropy of the weights: flat above five bits with scaling, falling towards zero without. Right, gradient length on a logarithmic axis with a band from the tenth to the ninetieth percentile: flat with scaling; without scaling the median and above all the lower edge of the band collapse."}}
figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.2))
for name, runs, color in [
    ("divided by √d_k", scaled, plot.BLUE),
    ("not divided", unscaled, plot.ORANGE),
]:
    left.plot(dims, [entropy.mean() for entropy, _ in runs], "o-", color=color, label=name)
    low, middle, high = np.array([np.quantile(slope, [0.1, 0.5, 0.9]) for _, slope in runs]).T
    right.plot(dims, middle, "o-", color=color, label=name)
    right.fill_between(dims, low, high, color=color, alpha=0.2, linewidth=0)
left.axhline(math.log2(64), color=plot.GREY, linewidth=1, linestyle=":")
left.set(xscale="log", xlabel="$d_k$", ylabel="entropy of the weights in bits")
right.set(
    xscale="log", yscale="log", ylim=(1e-5, 2), xlabel="$d_k$", ylabel="gradient at the scores"
)
right.legend(loc="lower left", fontsize=9)
plt.show()

# %%
spread = [entropy.mean() for entropy, _ in scaled]
check("Scaled: the entropy hardly depends on d_k", max(spread) - min(spread) < 0.3)
check("Unscaled, d_k = 1024: less than half a bit is left", unscaled[-1][0].mean() < 0.5)
without, divided = unscaled[-1][1], scaled[-1][1]  # [2048] each
check("Its median gradient is below a hundredth", without.median() < divided.median() / 100)
check("Its mean gradient is above a twentieth", without.mean() > divided.mean() / 20)
top = without.sort(descending=True).values[:205].sum() / without.sum()
check("A tenth of its rows gets more than half of all its gradient", top > 0.5)
without, divided = unscaled[3][1], scaled[3][1]  # [2048] each
check("At d_k = 64 the median is above a third", without.median() > divided.median() / 3)
lowest = without.quantile(0.1), divided.quantile(0.1)
check("At d_k = 64 the lowest tenth is below a twentieth", lowest[0] < lowest[1] / 20)

# %% [markdown]
# (All fractions are of the scaled gradients.) The fine print is usually left out. The *mean* gradient
# does not collapse, because now and then the two best scores of a row are nearly equal, and such a row
# still learns. At the widest $d_k$ one row in ten gets most of the correction and the others next to
# none; at the usual width of 64 the typical row is still well and only the lowest tenth suffers.
#
# And the derivation describes the first step only. Training may make queries and keys as long and as
# dependent as it likes; the division just sees to it that it *starts* undecided.
#
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

# %% mystnb={"image": {"alt": "Three five by five grids over two padding tokens and the words a, fine, film; rows look at columns. Causal: the lower triangle is filled. Padding: the columns of the three words are filled. Both: a triangle over the words only; the rows of the two padding tokens are empty."}}
figure, axes = plt.subplots(1, 3, figsize=(7, 2.9), sharey=True)
for ax, (name, mask) in zip(
    axes, {"causal": causal, "padding": padding, "both": allowed}.items(), strict=True
):
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


ways = {
    "-inf before": masked_softmax,
    "zero after": lambda scores, allowed: scores.softmax(dim=-1) * allowed,
    "score zero": lambda scores, allowed: scores.masked_fill(~allowed, 0.0).softmax(dim=-1),
}
visible = torch.tensor([True, True, True, False])
for hidden_score in (0.5, 4.0):
    scores = torch.tensor([2.0, 1.0, 0.5, hidden_score])
    for name, way in ways.items():
        row = way(scores, visible)
        print(
            f"hidden score {hidden_score}  {name:<12}", row.numpy().round(3), f"sum {row.sum():.3f}"
        )

# %% [markdown]
# Only the first is a mask. *Score zero* forbids nothing: $e^0 = 1$ is a perfectly good numerator.
# *Zero after* is the subtle one. The forbidden word gets no weight, yet raising its score changed the
# weights of all the others, because it still stood in the denominator. Whatever the future contains,
# the past can feel it. Dividing by the new sum would repair that on paper, until the forbidden score
# is so large that the visible exponentials underflow.

# %%
low, high = torch.tensor([[2.0, 1.0, 0.5, 0.5], [2.0, 1.0, 0.5, 200.0]])  # [T] each
close(
    "−∞ before: the hidden score has no influence",
    ways["-inf before"](low, visible),
    ways["-inf before"](high, visible),
)
after = ways["zero after"](low, visible)
check("Score zero: the forbidden word keeps a weight", ways["score zero"](low, visible)[3] > 0)
check("Zero after: the weights no longer sum to one", after.sum() < 0.95)
raised = ways["zero after"](torch.tensor([2.0, 1.0, 0.5, 4.0]), visible)  # [T]
check("Zero after: the hidden score lowers all visible weights", (raised < after)[:3].all())
close("Divided by their sum they are right", after / after.sum(), masked_softmax(low, visible))
late = ways["zero after"](high, visible)
check("but with a large hidden score that is 0/0", (late / late.sum()).isnan()[:3].all())

# %% [markdown]
# ### A row that may look at nothing
#
# In the picture the two padding rows are empty. Their softmax is $0/0$, and a single such row is
# enough to ruin a training run, even if the loss never looks at it: in the backward pass its NaN is
# multiplied by a gradient of zero, and NaN times zero is NaN.


# %%
def attention(query, key, value, allowed=None):
    """Attention (1) with the mask (3): allowed is bool and broadcasts to [..., T, S]."""
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # [..., T, S]
    weights = scores.softmax(dim=-1) if allowed is None else masked_softmax(scores, allowed)
    return weights @ value, weights  # [..., T, d_v], [..., T, S]


def slopes_of_last_word(attend):
    """Gradient of a loss on the last word only, in the vectors of all words."""
    x = torch.randn(5, 16, generator=run.generator(1)).requires_grad_()  # [T, d_k]
    output, _ = attend(x, x, x, allowed)  # [T, d_k]
    output[-1].square().sum().backward()
    return x.grad  # [T, d_k]


ours, package = (
    slopes_of_last_word(attention),
    slopes_of_last_word(reference.scaled_dot_product_attention),
)
check("The empty rows turn the whole gradient into NaN", ours.isnan().all())
check("The package's attention survives it", package.isfinite().all())

# %% [markdown]
# The cure in `lmcourse.nn`: use the lowest finite number in place of $-\infty$, then set the
# forbidden weights to zero, which now changes nothing but the empty rows. Those return zero. PyTorch's
# function decides likewise; its *module* depends on how it is asked.

# %%
ours, _ = attention(query, key, value, causal)
package, _ = reference.scaled_dot_product_attention(query, key, value, causal)
torchs = F.scaled_dot_product_attention(query, key, value, causal)
close(
    "Ours, the package's and PyTorch's agree under a mask",
    [(ours - torchs).abs().max(), (package - torchs).abs().max()],
    0.0,
    atol=1e-5,
)
empty = torch.zeros(5, 5, dtype=torch.bool)  # [T, T]
close(
    "PyTorch's function answers an empty row with zero",
    F.scaled_dot_product_attention(query, key, value, empty),
    0.0,
)
module = nn.MultiheadAttention(16, 1, batch_first=True).eval()
asked, _ = module(query, key, value, attn_mask=~empty)  # [B, T, d_k]
check("nn.MultiheadAttention, when asked for weights, answers NaN", asked.isnan().all())
unasked, _ = module(query, key, value, attn_mask=~empty, need_weights=False)  # [B, T, d_k]
close("the same module, not asked for them, answers zero", unasked, 0.0)

# %% [markdown]
# > **Common mistake.** In `nn.MultiheadAttention` true means *may not attend*, hence the `~` above; in
# > `F.scaled_dot_product_attention` it means *may*. One library, two opposite conventions. A
# > perturbation test, below, settles in seconds which one you got.
#
# Empty rows come from padding on the *left*. With padding on the right, the causal mask already keeps
# every real word from the padding behind it, and no row is empty.
#
# ## Several heads
#
# A softmax has one budget. In *the film bored the critic because it dragged*, the word *it* should look
# at *film* for its meaning and at *because* for its role, and a single average of the two is neither. So
# let several lookups run side by side, each on vectors of its own: **multi-head attention**. An **attention head** $i$ has its own
# learned matrices that turn the words $X$ into its queries, keys and values; the results are joined
# and mixed:
#
# $$\operatorname{MultiHead}(X) = [H_1, \dots, H_h]\,W^O, \qquad
# H_i = \operatorname{Attention}(XW_i^Q,\; XW_i^K,\; XW_i^V) \tag{4}$$
#
# Since all three come from the same words, this is **self-attention**; when the queries come from
# another text than keys and values, it is **cross-attention**. $X$ has one row of $d_{\text{model}}$
# numbers a word. A head works in $d_k = d_{\text{model}} / h$ dimensions, so $W_i^Q$, $W_i^K$ and $W_i^V$
# are $d_{\text{model}} \times d_k$ and $W^O$ is $d_{\text{model}} \times d_{\text{model}}$. In code all
# heads together are one matrix of the full width, with a bias, which is then cut: split, attend, join.


# %%
class MultiHead(nn.Module):
    """Multi-head self-attention: x [B, T, d_model] to the same shape, and the weights."""

    def __init__(self, d_model, n_heads):
        super().__init__()
        self.n_heads = n_heads
        self.query, self.key, self.value, self.mix = (nn.Linear(d_model, d_model) for _ in range(4))

    def split(self, x):
        B, T, d_model = x.shape
        heads = x.view(B, T, self.n_heads, d_model // self.n_heads)  # [B, T, n_heads, d_k]
        return heads.transpose(1, 2)  # [B, n_heads, T, d_k]

    def join(self, heads):
        return heads.transpose(1, 2).flatten(2)  # [B, T, n_heads · d_k] = [B, T, d_model]

    def forward(self, x, allowed=None):
        query, key, value = (self.split(f(x)) for f in (self.query, self.key, self.value))
        heads, weights = attention(query, key, value, allowed)  # [B, n_heads, T, d_k]
        return self.mix(self.join(heads)), weights  # [B, T, d_model], [B, n_heads, T, T]


# %% [markdown]
# Is it the thing itself? The hardest test is a foreign implementation with the same weights. PyTorch
# and our package both keep the three matrices stacked as one.

# %%
torch.manual_seed(SEED)
ours = MultiHead(d_model=32, n_heads=4)
torchs = nn.MultiheadAttention(32, 4, batch_first=True)
package = reference.MultiHeadAttention(32, 4, causal=True)
with torch.no_grad():
    for part in ("weight", "bias"):
        stacked = torch.cat(
            [getattr(f, part) for f in (ours.query, ours.key, ours.value)]
        )  # [96, …]
        getattr(torchs, f"in_proj_{part}").copy_(stacked)
        getattr(package.qkv, part).copy_(stacked)
        getattr(torchs.out_proj, part).copy_(getattr(ours.mix, part))
        getattr(package.projection, part).copy_(getattr(ours.mix, part))

# %%
x = torch.randn(2, 7, 32, generator=random)  # [B, T, d_model]
real = torch.tensor([[True] * 7, [True] * 4 + [False] * 3])  # [B, T]
past = reference.causal_mask(7)  # [T, T]: true where a word may look
output, weights = ours(x, past & real[:, None, None, :])
theirs, their_weights = torchs(
    x, x, x, attn_mask=~past, key_padding_mask=~real, average_attn_weights=False
)
book, book_weights = package(x, padding_mask=real, return_weights=True)
close("Output equals nn.MultiheadAttention's", output, theirs, atol=1e-5)
close("Weights of all heads equal nn.MultiheadAttention's", weights, their_weights, atol=1e-5)
close("Output equals lmcourse.nn's", output, book, atol=1e-5)
close("Output equals lmcourse.nn's fused path", output, package(x, padding_mask=real), atol=1e-5)
count = sum(parameter.numel() for parameter in ours.parameters())
close("4 d² + 4 d parameters, however many heads", count, 4 * 32**2 + 4 * 32)

# %% [markdown]
# ## Who influences whom?
#
# Equality with a reference is a luxury; most code has none. What it always has is a property that can
# be tested by poking: change one word and see which outputs move. For a causal layer the answer must
# be a triangle.
#
# A well-known bug in home-made attention is a `join` without the transpose. All shapes fit, so nothing
# complains. Beside it, the correct layer:


# %%
class WrongJoin(MultiHead):
    """The classic: right shape, wrong order."""

    def join(self, heads):
        return heads.reshape(heads.shape[0], heads.shape[2], -1)  # [B, T, d_model]


def influence(model, x, allowed=None):
    """bool [T, T]: entry (t, s) says whether output t moves when word s of x [1, T, C] is changed."""
    before = model(x, allowed)[0]  # [1, T, C]
    columns = []
    for s in range(x.shape[1]):
        changed = x.clone()
        changed[:, s] += 1.0
        columns.append((model(changed, allowed)[0] - before).abs().amax(dim=(0, 2)) > 1e-6)  # [T]
    return torch.stack(columns, dim=1)  # [T, T]


wrong = WrongJoin(32, 4)
wrong.load_state_dict(ours.state_dict())
with torch.no_grad():
    reach = {
        "correct": influence(ours, x[:1], past),
        "join without transpose": influence(wrong, x[:1], past),
    }

# %% mystnb={"image": {"alt": "Two seven by seven grids; a filled cell means that the output in this row moves when the word in this column is changed. Correct: exactly the lower triangle. Join without transpose: cells above the diagonal are filled too, so early outputs depend on later words."}}
figure, axes = plt.subplots(1, 2, figsize=(6.4, 3.1), sharey=True)
places = [str(t + 1) for t in range(7)]
for ax, (name, matrix) in zip(axes, reach.items(), strict=True):
    plot.heatmap(ax, matrix, places, places, vmin=0, vmax=1.3)
    ax.set(title=name, xlabel="changed word")
axes[0].set_ylabel("output that moves")
plt.show()

# %% [markdown]
# Without the transpose the pieces lie head by head, not word by word. Output 1 is made of what head 1
# found for words 1 to 4; output 2 of words 5, 6, 7 of head 1 and word 1 of head 2; and so on. The
# padding can be poked in the same way.

# %%
check("Correct: the influence is exactly the causal mask", (reach["correct"] == past).all())
check("Wrong join: the future leaks into the past", (reach["join without transpose"] & ~past).any())
with torch.no_grad():
    padded = influence(ours, x[1:], real[1].expand(7, 7))  # no causal mask, so that padding counts
check("Padding: real words react to all real words, no other", (padded[:4] == real[1]).all())

# %% [markdown]
# A second property says what attention does *not* know. Shuffle the words, and without a mask the
# outputs are the same, shuffled: attention is **permutation equivariant**, a bag of words that talk to
# each other. *Dog bites man* and *man bites dog* are one to it. Order has to be added to the vectors, as
# [the GPT chapter](gpt.ipynb) does. The causal mask alone already breaks the symmetry, since each word
# then sees a different number of others.

# %%
order = torch.randperm(7, generator=random)
shuffled = ours(x[:, order])[0]  # [B, T, d_model]
close("Shuffled input gives the same outputs, shuffled", shuffled, ours(x)[0][:, order], atol=1e-5)
gap = (ours(x[:, order], past)[0] - ours(x, past)[0][:, order]).abs().max()
check("With a causal mask it does not", gap > 0.01)

# %% [markdown]
# ## A layer that learns to look things up
#
# We began with a dictionary. Can a single layer *learn* to be one? Each example is a new random
# dictionary of eight letters with a number each, and the question is one of the letters. Since
# no dictionary comes twice, there is nothing to memorize but the act of looking up.

# %%
LETTERS, NUMBERS, ENTRIES = 26, 16, 8


def dictionaries(count, seed, entries=ENTRIES):
    """letters and numbers [B, N] of the entries, the question [B], its place [B], the answer [B]."""
    generator = torch.Generator().manual_seed(seed)
    letters = torch.rand(count, LETTERS, generator=generator).argsort(dim=1)[:, :entries]
    numbers = torch.rand(count, NUMBERS, generator=generator).argsort(dim=1)[:, :entries]
    place = torch.randint(entries, (count, 1), generator=generator)  # [B, 1]
    question, answer = letters.gather(1, place), numbers.gather(1, place)  # [B, 1] each
    return letters, numbers, question[:, 0], place[:, 0], answer[:, 0]


letters, numbers, question, _, answer = dictionaries(1, seed=run.seed)
print({chr(97 + a): b for a, b in zip(letters[0].tolist(), numbers[0].tolist(), strict=True)})
print(f"{chr(97 + question.item())} → {answer.item()}")

# %% [markdown]
# An entry's vector is the embedding of its letter plus that of its number. The control is the same
# network with sharpness zero, hence equal weights: mean pooling. It cannot do it, and we can say so
# beforehand. The mean of the sums is the mean letter plus the mean number; *which* number stood at which
# letter is gone, so it is a guess among eight. A third version leaves out the $\sqrt{d_k}$.


# %%
class Lookup(nn.Module):
    """One attention layer over the entries of a dictionary; sharpness multiplies the scores."""

    def __init__(self, sharpness, d=64):
        super().__init__()
        self.letter, self.number = nn.Embedding(LETTERS, d), nn.Embedding(NUMBERS, d)
        self.query, self.key, self.value = (nn.Linear(d, d) for _ in range(3))
        self.head = nn.Sequential(nn.Linear(2 * d, 2 * d), nn.GELU(), nn.Linear(2 * d, NUMBERS))
        self.sharpness = sharpness

    def forward(self, letters, numbers, question):
        x = self.letter(letters) + self.number(numbers)  # [B, N, d]
        asked = self.letter(question)[:, None]  # [B, 1, d]
        query = self.sharpness * self.query(asked)  # [B, 1, d]
        mixed, weights = attention(query, self.key(x), self.value(x))  # [B, 1, d], [B, 1, N]
        logits = self.head(torch.cat([mixed, asked], dim=-1))  # [B, 1, NUMBERS]
        return logits[:, 0], weights[:, 0]  # [B, NUMBERS], [B, N]


VERSIONS = {"attention": 1.0, "mean pooling": 0.0, "attention without √d_k": 8.0}

# %% tags=["nbval-ignore-output"]
steps = run.size(smoke=5, cpu=300, gpu=2000)


def lookup_loss(model, batch):
    letters, numbers, question, _, answer = batch
    return F.cross_entropy(model(letters, numbers, question)[0].float(), answer)


models, histories = {}, {}
for name, sharpness in VERSIONS.items():
    for trial in range(3):
        torch.manual_seed(run.seed + trial)
        model, first = Lookup(sharpness), 1_000_000 * (run.seed + trial + 1)
        histories[name, trial] = fit(
            model, lookup_loss, lambda step, first=first: dictionaries(128, first + step),
            steps=steps, learning_rate=3e-3, session=run, label=name,
        )  # fmt: skip
        models[name, trial] = model.cpu()

# %% [markdown]
# All are tested on two thousand fresh dictionaries; the interval is over the three seeds. (An interval
# of width zero says that the three seeds agree, not that the error is exactly zero.) For
# the curious there is a harder test: dictionaries of sixteen entries, twice as long as any in training.


# %%
@torch.no_grad()
def accuracy(model, entries):
    """Share of right answers on 2,000 dictionaries that training did not see."""
    letters, numbers, question, _, answer = dictionaries(2000, run.seed, entries)
    return (model(letters, numbers, question)[0].argmax(dim=-1) == answer).float().mean().item()


results = {
    name: [[accuracy(models[name, trial], n) for trial in range(3)] for n in (ENTRIES, 16)]
    for name in VERSIONS
}

# %% tags=["nbval-ignore-output"]
for name, (short, long) in results.items():
    print(
        f"{name:<24} 8 entries {intervals.seeds_interval(short)}   16 entries {intervals.seeds_interval(long)}"
    )
for key, name in [("lookup_attention", "attention"), ("lookup_mean_pooling", "mean pooling")]:
    mean, *interval = intervals.seeds_interval(results[name][0])
    record(f"attention.{key}", mean, "accuracy", interval, note="8 entries, three seeds")

# %%
check("Attention answers at least 99 in 100, with every seed", min(results["attention"][0]) > 0.99)
check(
    "Mean pooling is not above a guess among eight", max(results["mean pooling"][0]) < 1 / 8 + 0.03
)
check("Attention holds on dictionaries twice as long", min(results["attention"][1]) > 0.97)
check("Here it learns without √d_k just as well", min(results["attention without √d_k"][0]) > 0.99)
moved = models["mean pooling", 0](letters, numbers.roll(1, dims=1), question)[0]
stayed = models["mean pooling", 0](letters, numbers, question)[0]
close("To mean pooling, numbers dealt to other letters are the same", moved, stayed, atol=1e-3)
dealt = [
    models["attention", 0](letters, n, question)[0] for n in (numbers, numbers.roll(1, dims=1))
]
check("To attention they are not", (dealt[0] - dealt[1]).abs().max() > 1)
torch.manual_seed(run.seed)
with torch.no_grad():
    _, fresh = Lookup(VERSIONS["attention without √d_k"])(*dictionaries(2000, run.seed)[:3])
spread = fresh.log().std(dim=1).mean()
check("A fresh layer without √d_k spreads its scores by less than 6, not 8", spread < 6)

# %% [markdown]
# The fourth check is worth an honest word: on this task the missing square root does no harm. Two
# reasons. PyTorch's `nn.Linear` starts with weights so small that $\sigma_q\sigma_k$ is below one: the
# scores spread by about half of $\sqrt{64}$, where the figure above shows no lack of gradient. And a
# lookup wants a sharp softmax in the end. What we measured above is a bad start for a wide layer with
# components of variance one, not a proof that every layer fails.
#
# What did it learn? Ask one dictionary all its eight questions and look at the weights.

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Left: training loss against the step. Attention falls from above two nats to nearly zero within the first part of training; mean pooling falls slowly towards the dotted line at the logarithm of eight and stays above it. Right: an eight by eight heat map of the attention weights, question against entry; the diagonal is dark and the rest is empty."}}
letters, numbers, *_ = dictionaries(1, seed=run.seed)
with torch.no_grad():
    _, weights = models["attention", 0](
        letters.expand(8, 8), numbers.expand(8, 8), letters[0]
    )  # [8, N]

figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.2))
for name, color in [("attention", plot.BLUE), ("mean pooling", plot.ORANGE)]:
    left.plot(histories[name, 0].losses, color=color, linewidth=1.2, label=name)
left.axhline(math.log(ENTRIES), color=plot.INK, linestyle=":", linewidth=1, label="guess among 8")
left.set(xlabel="training step", ylabel="loss in nats")
left.legend()
names = [chr(97 + letter) for letter in letters[0].tolist()]
entries = [f"{name}:{number}" for name, number in zip(names, numbers[0].tolist(), strict=True)]
plot.heatmap(right, weights, names, entries, vmin=0, vmax=1)
right.tick_params(axis="x", labelrotation=90)
right.set(xlabel="entry", ylabel="question")
plt.show()

# %%
check("Each question puts most of its weight on its own entry", (weights.diagonal() > 0.5).all())
floor = np.mean(histories["mean pooling", 0].losses[-50:])
check("Mean pooling does not get below log 8", floor > math.log(ENTRIES) - 0.03)

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
    """Multiplications and additions of one multi-head attention layer on one text."""
    return 8 * length * d_model**2 + 4 * length**2 * d_model


layer = MultiHead(d_model=64, n_heads=4)
lengths = [128, 256, 512, 1024, 2048][: run.size(smoke=4, cpu=5, gpu=5)]
for length in lengths[:3]:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        layer(torch.zeros(1, length, 64))
    close(
        f"{length} words: the count is the formula",
        counter.get_total_flops(),
        attention_flops(length, 64),
        atol=0.5,
    )

# %% [markdown]
# Memory grows differently. The weights are $h\,T^2$ numbers, and training keeps them for the backward
# pass. We compare our layer with the **fused kernel** that the package calls
# (FlashAttention, Dao et al. 2022): it computes the same sums block by block and never has the whole table of
# weights in memory. Both run on the CPU here.


# %%
def kept_for_backward(layer, x):
    """Bytes that autograd keeps: all of them, and those in tables of shape [..., T, T]."""
    kept = {}

    def note(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        layer(x)
    tables = [t for t in kept.values() if t.shape[-2:] == (x.shape[1], x.shape[1])]
    whole = sum(t.untyped_storage().nbytes() for t in kept.values())  # views share a storage
    return whole, sum(t.nbytes for t in tables)


@torch.no_grad()
def seconds(layer, x, repeats=5):
    """Shortest of several forward passes."""
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        layer(x)
        times.append(time.perf_counter() - start)
    return min(times[1:])


# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Two log-log panels against the length of the text. Left, megabytes kept for the backward pass: the plain layer rises towards a slope of two, the fused kernel with a slope of at most one. Right, milliseconds of a forward pass: both rise, the plain layer more steeply."}}
layers = {"plain": layer, "fused kernel": reference.MultiHeadAttention(64, 4)}
inputs = [torch.randn(1, length, 64, generator=random) for length in lengths]  # [1, T, d_model]
memory = {name: np.array([kept_for_backward(f, x) for x in inputs]) for name, f in layers.items()}
timing = {name: np.array([seconds(f, x) for x in inputs]) for name, f in layers.items()}

figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.2))
for name in layers:
    left.plot(lengths, memory[name][:, 0] / 2**20, "o-", label=name)
    right.plot(lengths, 1000 * timing[name], "o-")
for ax, label in [(left, "MB kept for the backward pass"), (right, "milliseconds, forward")]:
    ax.set(xscale="log", yscale="log", xlabel="words T", ylabel=label)
    ax.set_xticks(lengths, map(str, lengths), rotation=45)
    ax.minorticks_off()
left.legend()
plt.show()

# %%
slope = np.polyfit(np.log(lengths), np.log(memory["plain"][:, 1]), 1)[0]
close("Plain: the tables of weights grow with slope 2 on log axes", slope, 2.0)
close("One float32 table for each head", memory["plain"][:, 1], [4 * 4 * T**2 for T in lengths])
growth = memory["fused kernel"][1:, 0] / memory["fused kernel"][:-1, 0]
check("Fused: twice the text, at most twice the memory", (growth <= 2).all())
five = [4 * 5 * 64 * T for T in lengths]  # bytes of the input, Q, K, V and the output
check("Fused: input, Q, K, V and output are kept", (memory["fused kernel"][:, 0] >= five).all())
check("and no table of weights at all", (memory["fused kernel"][:, 1] == 0).all())
check(
    "Plain: four times the text takes more than four times as long",
    timing["plain"][-1] > 4 * timing["plain"][-3],
)

# %% [markdown]
# The fused kernel does not save operations: it makes the same products, and in the backward pass it
# computes the scores a second time. It trades no accuracy, it only stops writing down what can be
# computed again. The price is that there are no weights to look at.
#
# ## What do real heads look at?
#
# Now a real model: MiniLM, a small relative of BERT that was trained further to turn sentences into vectors.
# It reads in both directions, so there is no causal mask. Its tokenizer puts [CLS] in front of every
# text and [SEP] behind it, and cuts rare words into pieces (`##` continues a word). It stacks six layers
# of twelve heads, with parts between them that [the GPT chapter](gpt.ipynb) explains. It is tempting to leaf through its heads until one
# looks meaningful. Let us rather fix four patterns beforehand, score every head for each, choose the
# best on one set of review sentences, and judge the chosen on *another*.


# %%
def pattern_scores(weights):
    """Mean weight [4, L, H] on the previous and next token, on [CLS] and [SEP]; weights [L, H, T, T]."""
    previous = weights.diagonal(-1, -2, -1).mean(dim=-1)  # [L, H]
    following = weights.diagonal(1, -2, -1).mean(dim=-1)  # [L, H]
    first, last = weights[..., 1:, 0].mean(dim=-1), weights[..., :-1, -1].mean(dim=-1)  # [L, H]
    return torch.stack([previous, following, first, last])


PATTERNS = ["previous", "next", "[CLS]", "[SEP]"]
sentences = load_reviews("text")["validation"]["text"]
sentences = [text for text in sentences if 60 <= len(text) <= 160][
    : 2 * run.size(smoke=4, cpu=64, gpu=200)
]

# %% tags=["nbval-ignore-output"]
tokenizer, encoder = pretrained.encoder()
encoder.set_attn_implementation("eager")  # the fused kernel has no weights to show
encoder.to(run.device)


@torch.no_grad()
def read(text):
    """Tokens of a text, its attention weights [L, H, T, T] and hidden states [L + 1, T, d_model]."""
    inputs = tokenizer(text, return_tensors="pt").to(run.device)
    result = encoder(**inputs, output_attentions=True, output_hidden_states=True)
    tokens = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
    return tokens, torch.cat(result.attentions).cpu(), torch.cat(result.hidden_states).cpu()


readings = [read(text) for text in sentences]
scores = torch.stack([pattern_scores(weights) for _, weights, _ in readings])  # [N, 4, L, H]
half = len(scores) // 2
L, H = scores.shape[2:]
print(f"{2 * half} sentences, {L} layers with {H} heads each")

# %% mystnb={"image": {"alt": "Four heat maps, one a pattern, layers against heads. For the previous token one head in the first layer is nearly black and few others are visible; for the next token one head stands out; for the token CLS most heads from the second layer on are dark; for SEP all are pale."}} tags=["nbval-ignore-output"]
figure, axes = plt.subplots(2, 2, figsize=(7, 4), sharex=True, sharey=True)
for ax, name, matrix in zip(axes.flat, PATTERNS, scores[:half].mean(dim=0), strict=True):
    image = plot.heatmap(ax, matrix, range(1, L + 1), range(1, H + 1), vmin=0, vmax=1)
    ax.set_title(name)
    ax.tick_params(labelsize=9)
for ax in axes[1]:
    ax.set_xlabel("head")
for ax in axes[:, 0]:
    ax.set_ylabel("layer")
figure.colorbar(image, ax=axes, label="mean attention weight")
plt.show()

# %% [markdown]
# The chosen heads, on the sentences that had no part in the choice. A head that looks everywhere alike
# would give each token one over the length; we subtract that, sentence by sentence.

# %% tags=["nbval-ignore-output"]
uniform = torch.tensor([1 / len(tokens) for tokens, *_ in readings[half:]])  # [N/2]
chosen, above = {}, {}
for number, name in enumerate(PATTERNS):
    best = scores[:half, number].mean(dim=0).argmax().item()
    chosen[name] = divmod(best, H)
    fresh = scores[half:, number].flatten(1)[:, best]  # [N/2]
    above[name] = intervals.paired_bootstrap(fresh, uniform, seed=run.seed)
    layer_number, head_number = chosen[name]
    print(
        f"{name:<9} layer {layer_number + 1}, head {head_number + 1:<3}",
        intervals.bootstrap_mean(fresh),
        " above uniform",
        above[name],
    )

# %%
packaged = L == 6  # the hub's encoder is a larger one, with habits of its own
check(
    "All four chosen heads exceed the uniform share on fresh sentences",
    all(i.low > 0 for i in above.values()),
)
check("One head gives the previous token half of its weight or more", above["previous"].low > 0.5)
favourite = scores[half:].mean(dim=0).flatten(1).median(dim=1).values  # [4]: of the median head
if packaged:
    check("The median head gives [CLS] more than any other of the four", favourite.argmax() == 2)
    check("No head is devoted to [SEP]", above["[SEP]"].value < 0.3)

# %% [markdown]
# The surprise is in the last two checks. Clark et al. (2019) found that heads of BERT-base spend much
# of their attention on [SEP]. Here it is [CLS]. Their texts were pairs of paragraphs and ours are single
# sentences, so the model need not be the only cause. Either way a special token serves as a parking
# place, and which one it is cannot be taken from a paper on another model. Measure yours.
#
# Three of the chosen heads, on the first fresh sentence that is short enough to print:

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Three heat maps of attention weights in one review sentence, word against word. The first shows a dark line just below the diagonal, every token looks at the one before; the second a line just above it; in the third nearly every row is dark in the first column, CLS."}}
tokens, weights, _ = next(
    (reading for reading in readings[half:] if len(reading[0]) <= 17), readings[0]
)
figure, axes = plt.subplots(3, 1, figsize=(4.4, 9.6), sharex=True)
for ax, name in zip(axes, PATTERNS, strict=False):
    plot.heatmap(ax, weights[chosen[name]], tokens, tokens, vmin=0, vmax=1)
    ax.set_title(name)
    ax.tick_params(labelsize=9)
axes[-1].tick_params(axis="x", labelrotation=90)
plt.show()

# %% [markdown]
# ## Attention is not an explanation
#
# Such pictures seduce. *The model decided because it looked at [CLS]*? The weight $w_{ts}$ is only half
# of what is added to the output: the term is $w_{ts}\,v_s W^O$, and a large weight on a tiny vector
# carries nothing. Kobayashi et al. (2020) measure the length of the whole term. For each head we
# compare the share of [CLS] in the weights with its share in what is carried.


# %%
@torch.no_grad()
def carried(layer, hidden, weights):
    """Shares [H, T, T] of the lengths of all terms; hidden [T, d_model], weights [H, T, T]."""
    H, T, _ = weights.shape
    value = layer.attention.self.value(hidden).view(T, H, -1).transpose(0, 1)  # [H, T, d_k]
    mix = layer.attention.output.dense.weight.view(-1, H, value.shape[-1])  # [d_model, H, d_k]
    length = (value @ mix.permute(1, 2, 0)).norm(dim=-1)  # [H, T]
    term = weights * length[:, None, :]  # [H, T, T]
    return term / term.sum(dim=-1, keepdim=True)


encoder.cpu()
parked = 2 if favourite[2] > favourite[3] else 3  # the special token that the model parks on
share = scores[half:, parked].mean(dim=0)  # [L, H]
terms = torch.zeros(L, H)
for _, weights, hidden in readings[half:]:
    shares = torch.stack(
        [carried(f, h, w) for f, h, w in zip(encoder.encoder.layer, hidden, weights, strict=False)]
    )
    terms += pattern_scores(shares)[parked] / half  # [L, H]

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Scatter plot with a dot a head: the share of CLS in the attention weights against its share in what is carried. Nearly all dots lie far below the dotted diagonal; most heads that give CLS much of their weight carry only a small part from it; the head with the largest weight carries far more than the others."}}
figure, ax = plt.subplots(figsize=(5.6, 3.4))
ax.plot([0, 1], [0, 1], color=plot.GREY, linestyle=":", linewidth=1)
ax.plot(share.flatten(), terms.flatten(), "o", alpha=0.6)
ax.set(
    xlabel=f"share of {PATTERNS[parked]} in the weights", ylabel="in what is carried", ylim=(0, 1)
)
plt.show()

# %%
busy, spent = share > 0.3, terms / share  # [L, H] each
check("In nine of ten heads it carries less than its weight", (terms < share).float().mean() > 0.9)
check(
    "Four of five heads that park over 30% there carry under a third of that",
    (spent[busy] < 1 / 3).float().mean() > 0.8,
)
if packaged:
    check("The head drawn above for [CLS] is an exception", spent[chosen["[CLS]"]] > 1 / 3)

# %% [markdown]
# So many heads give much of their attention to a token and carry little from it: the softmax must add up
# to one, and a token with a value near zero is a way to abstain. Such a token is called an **attention
# sink**. Not every head abstains: the one we drew for [CLS] carries a good part of what it looks at, and
# its weights alone would not have told. (Lengths are no last word either: terms can cancel.) Add that
# each head reads vectors into which earlier layers have already mixed all other words, and that in
# recurrent classifiers quite different weights gave nearly the same answer (Jain and Wallace 2019;
# Wiegreffe and Pinter 2019 on what follows and what does not). A heat map is a good question about a
# model. To answer it, change something and measure what happens.
#
# ## Summary
#
# Attention is a dictionary lookup made soft: compare a query with all keys, average the values with
# softmax weights. Dot products of width $d_k$ spread like $\sqrt{d_k}$, and dividing by that makes a fresh
# network start undecided. Masks put $-\infty$ before the softmax; zeros after it leak. Several heads are
# several lookups at the price of one. Poke a word to see who depends on whom. A layer learns
# to look up what an average has lost; looking costs $T^2$ operations, while the memory need not grow so fast. And
# a weight is not a contribution.
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
    """bool [B, 1, T, T], True where row may attend to column; lengths is an integer tensor [B]."""
    ...


exercises.batch_mask(batch_mask)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def batch_mask(lengths, T):
    """bool [B, 1, T, T], True where row may attend to column; lengths is an integer tensor [B]."""
    real = torch.arange(T) < lengths[:, None]  # [B, T]
    return torch.ones(T, T, dtype=torch.bool).tril() & real[:, None, None, :]  # [B, 1, T, T]


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
    """Number of (query, key) pairs in a causal window of w words over T words."""
    ...


exercises.window_pairs(window_pairs)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def window_pairs(T, w):
    """Number of (query, key) pairs in a causal window of w words over T words."""
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
    """softmax(q·k / √d_k)-weighted mean of the values, in one pass over (key, value) pairs."""
    ...


exercises.streaming(streaming_attention)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 4
def streaming_attention(query, stream):
    """softmax(q·k / √d_k)-weighted mean of the values, in one pass over (key, value) pairs."""
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
# *A mask after the softmax*, or zeros for scores: the future leaks through the denominator. *The mask upside
# down*: two conventions in one library. *Join without transpose*: right shape, words mixed. *The softmax over
# the queries*: columns sum to one instead of rows. *`-1e9` in float16*: it does not fit; ask
# `torch.finfo` for the lowest number. *Testing on the loss*: a layer that sees the future has the best loss of
# all. *Reading weights as reasons*.
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
