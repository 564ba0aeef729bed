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
# # Where am I?
#
# Tell attention the order of the words in four ways, test what each lets it know, and read four times further than
# it was trained.
#
# *Dog bites man*, *man bites dog*: the same three words, and only one of the two is news. What does attention make of them?

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
import copy
import itertools
import math

import matplotlib.pyplot as plt
import numpy as np
import torch
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation.intervals import seeds_interval
from lmcourse.exercises.transformer import positions as exercises
from lmcourse.models import positions as library
from lmcourse.records import sweep
from lmcourse.text.characters import CharTokenizer
from lmcourse.training import loop
from torch import nn

run = session.start(PROFILE, SEED)


# %% [markdown]
# Three features for each word, as in [attention](attention.ipynb): is it a being, an action, a human? Every word asks
# with its own vector and receives an average of all vectors.


# %%
def attend(x):
    """Self-attention without anything learned: x [T, d] to [T, d]."""
    return (x @ x.T).softmax(dim=-1) @ x


features = {"dog": [1.0, 0, 0], "bites": [0.0, 1, 0], "man": [1.0, 0, 1]}

# %% tags=["hide-input"]
outputs = {}
for sentence in ("dog bites man", "man bites dog"):
    words = sentence.split()
    x = torch.tensor([features[word] for word in words])  # [3, 3]
    outputs[sentence] = dict(zip(words, attend(x), strict=True))
    print(sentence)
    for word, vector in outputs[sentence].items():
        print(f"   {word:<6}", *(f"{number:.3f}" for number in vector))

# %% [markdown]
# Word by word the same numbers. From these vectors nobody can tell who was bitten.
#
# **You will**
#
# - show that attention without positions sees a bag of words, and how much a causal mask gives away,
# - turn a query and a key by hand, and see their score keep to the distance,
# - write sinusoidal, learned and rotary positions and ALiBi,
# - test by moving a text what a score may depend on,
# - read beyond the trained length, and find out which novelty does the harm.
#
# **You need** [attention](attention.ipynb); [the GPT chapter](gpt.ipynb) writes out how such a model is trained.

# %% [markdown]
# ## A bag of words
#
# Let $P$ be a matrix that puts the rows of $X$ into another order. The scores of $PX$ are $PX(PX)^\top = P\,XX^\top P^\top$: the
# old scores, rows and columns in the new order. The softmax works row by row, and a weighted sum does not care in which order it is
# added up. So
#
# $$\operatorname{attend}(PX) = P \operatorname{attend}(X) \tag{1}$$
#
# Learned $W^Q$, $W^K$ and $W^V$ change nothing in this: they treat every word alike. Attention without a mask is permutation equivariant, and
# what we add to tell it the order is called a **positional encoding**.
#
# The score is a natural place for it to arrive. Query $q_t$ at place $t$ and key $k_s$ at place $s$ are compared by $q_t \cdot k_s$; without positions
# this number depends, in the first layer, on the two words alone. Ways differ in where they step in, and in what a score may depend on.

# %% tags=["claims"]
there, back = outputs.values()
for word in features:
    close(f"{word}: the same in both sentences", there[word], back[word])
torchs, some = nn.MultiheadAttention(32, 4), torch.randn(9, 32)  # [T, C]
order = torch.randperm(9)
before, after = torchs(some, some, some)[0], some[order]
close(
    "PyTorch's attention: words permuted, outputs permuted",
    torchs(after, after, after)[0],
    before[order],
    atol=1e-5,
)

# %% [markdown]
# ## First way: add a vector for the place
#
# The simplest is a second table: place $t$ has a vector $p_t$, which is added to the vector of the word before the first layer.
# These are **learned positions**, trained like everything else. A table has an end: of places beyond it the model knows nothing.


# %%
class LearnedPlaces(nn.Module):
    """A trained vector for each place, and none beyond the table."""

    def __init__(self, places, C):
        super().__init__()
        self.table = nn.Embedding(places, C)
        nn.init.normal_(self.table.weight, std=0.5)

    def forward(self, places):  # [T]
        if places[-1] >= self.table.num_embeddings:
            raise ValueError(f"no vector for place {places[-1]}")
        return self.table(places)  # [T, C]


# %% [markdown]
# Vaswani et al. (2017) compared them with a formula, **sinusoidal positions**. Think of a clock. One hand turns by one radian from place to
# place, the next by a hundredth of that; instead of the angle we write down where the tip of the hand is, by its sine and its cosine.


# %%
def sinusoids(places, width):
    """Formula (2): a vector [T, width] for each of the places [T]."""
    if width % 2:
        raise ValueError(f"{width} is odd; a hand has two numbers")
    pair = torch.arange(0, width, 2, device=places.device).double()
    angle = places[:, None] * 10_000.0 ** (-pair / width)  # [T, width / 2]
    both = torch.stack([angle.sin(), angle.cos()], dim=-1)  # [T, width / 2, 2]
    return both.flatten(1)  # [T, width]


# %% tags=["hide-input"]
clock = sinusoids(torch.arange(4), 4)  # [4, 4]
print("place     fast hand         slow hand")
for place, (a, b, c, d) in enumerate(clock.tolist()):
    print(f"{place:>5} {a:8.3f} {b:7.3f} {c:9.4f} {d:7.4f}")

# %% [markdown]
# The fast hand tells neighbours apart, the slow one tells far from near. With $d$ numbers there are $d/2$ hands, and for the first number
# of hand $i = 0, 1, \dots$ and the second:
#
# $$p_{t,2i} = \sin(t\,\omega_i), \qquad p_{t,2i+1} = \cos(t\,\omega_i), \qquad \omega_i = 10000^{-2i/d} \tag{2}$$
#
# Two such vectors have a pretty property. Since $\sin\alpha\sin\beta + \cos\alpha\cos\beta = \cos(\alpha-\beta)$, the product
# $p_t \cdot p_s = \sum_i \cos((t-s)\,\omega_i)$ depends on the *distance* $t - s$ alone. But attention does not compare $p_t$ with $p_s$. With
# $A = W^Q (W^K)^\top$ it computes
#
# $$(x_t + p_t)\,A\,(x_s + p_s)^\top = x_t A x_s^\top + x_t A\, p_s^\top + p_t A\, x_s^\top + p_t A\, p_s^\top$$
#
# In the middle terms a word meets a place, and in the last one $A$ stands between the two places. In general all three depend on the places themselves.

# %% [markdown]
# ## Second way: turn the query and the key
#
# Can a score be made to know the distance and nothing else about the places? Take a query of two numbers, $q = (1, 2)$, and a key, $k = (4, 1)$. At
# place $t$ both are turned $t$ times by a quarter: $(a, b)$ becomes $(-b, a)$.


# %%
def turn(a, b, angle):
    """Formula (3): the pair (a, b) turned by an angle."""
    cos, sin = math.cos(angle), math.sin(angle)
    return a * cos - b * sin, b * cos + a * sin


queries = [turn(1, 2, place * math.pi / 2) for place in range(4)]
keys = [turn(4, 1, place * math.pi / 2) for place in range(4)]

# %% tags=["hide-input"]
pairs = {"query": queries, "key": keys}
for name, turned in pairs.items():
    cells = [f"({a:2.0f},{b:2.0f})" for a, b in turned]
    print(f"{name:<6}", *cells)
quarter = torch.tensor(queries) @ torch.tensor(keys).T  # [4, 4]
print("\nscores      key at 0   1   2   3")
for place, row in enumerate(quarter.tolist()):
    print(f"query at {place}    ", *(f"{score:3.0f}" for score in row))

# %% [markdown]
# Check one by hand: query at 2, key at 1, $(-1, -2) \cdot (-1, 4) = 1 - 8 = -7$. Query at 1, key at 0: $(-2, 1) \cdot (4, 1) = -8 + 1 = -7$. Along each
# diagonal the scores are equal.
#
# A turn by the angle $\alpha$ is
#
# $$\operatorname{turn}_\alpha(a, b) = (a \cos\alpha - b \sin\alpha,\; b \cos\alpha + a \sin\alpha) \tag{3}$$
#
# Turning two arrows by the same angle changes neither their lengths nor the angle between them, hence not their product. So turn both back by
# the angle of the query: with $\omega$ for the angle of one step,
#
# $$\operatorname{turn}_{t\omega}(q) \cdot \operatorname{turn}_{s\omega}(k) = q \cdot \operatorname{turn}_{(s-t)\omega}(k) \tag{4}$$
#
# The places themselves are gone. These are **rotary positions** (Su et al. 2021). A quarter turn confuses a distance of four with none; so a head of $d$ numbers
# has $d/2$ pairs, and pair $i$ turns by the $\omega_i$ of (2). Nothing is added to the words, and nothing is learned. As in the Llama of `transformers`, our pairs
# are number $i$ and number $i + d/2$ (Meta's own code pairs neighbours).


# %%
def rotate(x, start=0):
    """Formula (3): x [..., T, d] stands at places start, start + 1, …"""
    T, d = x.shape[-2:]
    if d % 2:
        raise ValueError(f"{d} is odd; a turn takes pairs of numbers")
    pair = torch.arange(0, d, 2, dtype=torch.float64)  # [d / 2]
    places = torch.arange(start, start + T)  # [T]
    angle = places[:, None] * 10_000.0 ** (-pair / d)  # [T, d / 2]
    angle = angle.to(x.device)
    a, b = x.chunk(2, dim=-1)  # [..., T, d / 2] each
    first = a * angle.cos() - b * angle.sin()  # [..., T, d / 2]
    second = b * angle.cos() + a * angle.sin()  # [..., T, d / 2]
    return torch.cat([first, second], dim=-1).to(x.dtype)  # [..., T, d]


# %% [markdown]
# Queries and keys are turned in every layer, values never. The width of a head has to be even.
#
# ## Third way: fine the distance
#
# Or take the score as it is, and subtract something for every step back. Say four words have the same score, and each step back
# costs $\ln 2$. Then $e^{\text{score}}$ halves with each step: parts $1, \frac12, \frac14, \frac18$, together $\frac{15}{8}$, so
# the weights are $\frac{8}{15}, \frac{4}{15}, \frac{2}{15}, \frac{1}{15}$, the nearest word first.
#
# These are **linear biases** (Press, Smith and Lewis 2022: attention with linear biases, ALiBi). Head $h = 1, \dots, H$ pays by a slope of
# its own, so that some look near and some far, and nothing of it is learned:
#
# $$\text{score}_{ts} = \frac{q_t \cdot k_s}{\sqrt{d}} - m_h\,(t - s), \qquad m_h = 2^{-8h/H} \tag{5}$$


# %%
def penalties(T, n_heads):
    """Formula (5): what is added to the scores, [n_heads, T, T]."""
    slope = 2.0 ** (-8 * torch.arange(1, n_heads + 1) / n_heads)  # [n_heads]
    places = torch.arange(T)  # [T]
    back = places[:, None] - places  # [T, T]
    return -slope[:, None, None] * back


# %% tags=["hide-input"]
halves = torch.log(torch.tensor(2.0)) * -torch.arange(3, -1, -1)  # [4]
shares = halves.softmax(dim=-1)  # [4]
print("weights in fifteenths", *(f"{15 * share:.0f}" for share in shares))
slopes = [f"1/{round(1 / -head[1, 0].item())}" for head in penalties(2, 4)]
print("slopes of four heads ", *slopes)

# %% [markdown]
# ## Stripes
#
# What do the ways make of places when all words are the same? Each map shows scores of a query (row) with a key (column). Where only the
# distance counts, every diagonal has one colour.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four square maps of scores. The products of sinusoidal vectors among themselves, rotary and ALiBi show stripes along the diagonal: each diagonal has one colour. Sinusoidal vectors after random query and key matrices show a pattern without stripes."}}
random = run.generator()
p = sinusoids(torch.arange(24), 32)  # [24, 32]
W_query, W_key = torch.randn(2, 32, 32, generator=random, dtype=p.dtype)
same_words = torch.randn(2, 1, 32, generator=random, dtype=p.dtype)
query, key = same_words.expand(2, 24, 32)  # one word at all places
maps = {
    "$p_t \\cdot p_s$": p @ p.T,
    "after $W$": p @ W_query @ (p @ W_key).T,
    "rotary": rotate(query) @ rotate(key).T,
    "ALiBi": penalties(24, 4)[0],
}
figure, axes = plot.panels(4, height=1.75, beside=True)
for ax, (name, matrix) in zip(axes, maps.items(), strict=True):
    plot.heatmap(ax, matrix, [], [])
    ax.set_title(name)
axes[0].set(ylabel="query", xlabel="key")
plt.show()

# %% tags=["claims"]
loop_angle = [1 / 10_000 ** (2 * i / 8) for i in range(4)]  # [4]
by_formula = [
    [f(t * w) for w in loop_angle for f in (math.sin, math.cos)]
    for t in range(9)
]
close("Sinusoids: number by number", sinusoids(torch.arange(9), 8), by_formula)
for name in ("$p_t \\cdot p_s$", "rotary"):
    stripes = maps[name]  # [24, 24]
    gap = (stripes[1:, 1:] - stripes[:-1, :-1]).abs().max()
    check(f"{name}: equal along diagonals to 1e-10", gap < 1e-10)
fines = penalties(24, 4)  # [4, 24, 24]
close("ALiBi: equal along diagonals", fines[:, 1:, 1:], fines[:, :-1, :-1])
gaps = (maps["after $W$"][1:, 1:] - maps["after $W$"][:-1, :-1]).abs()
check("After W: they are not", gaps.max() > 1)
x = torch.randn(2, 7, 8, generator=random, dtype=torch.float64)  # [2, T, d]
close("Our rotate is the package's", rotate(x, 5), library.rotate(x, 5))
paired = [
    [turn(row[i], row[i + 4], (5 + t) * loop_angle[i]) for i in range(4)]
    for t, row in enumerate(x[0].tolist())
]  # [7, 4, 2]
close(
    "and formula (3) for each pair", rotate(x, 5)[0].reshape(7, 2, 4).mT, paired
)
close("A fine of ln 2: halves", 15 * shares, [1, 2, 4, 8], atol=1e-5)

# %% [markdown]
# ## One model, five ways
#
# Here is a small GPT that can do all of it, and nothing (`way="none"`). The attention, with the place of each way to step in:


# %%
class Attention(nn.Module):
    """Causal attention that may turn its queries and keys, or fine distance."""

    def __init__(self, C, n_heads, way):
        super().__init__()
        self.n_heads, self.way = n_heads, way
        self.qkv = nn.Linear(C, 3 * C)  # queries, keys and values at once
        self.mix = nn.Linear(C, C)

    def added(self, T):  # a mask [T, T], with ALiBi a fine [n_heads, T, T]
        fine = penalties(T, self.n_heads) if self.way == "ALiBi" else 0.0
        return torch.full((T, T), -math.inf).triu(1) + fine

    def compare(self, query, key, start):  # [B, heads, T, d] each
        if self.way == "rotary":
            query, key = rotate(query, start), rotate(key, start)
        return query @ key.mT / math.sqrt(query.shape[-1])

    def forward(self, x, start=0):  # [B, T, C]
        three = self.qkv(x).unflatten(-1, (3, self.n_heads, -1))
        query, key, value = three.permute(2, 0, 3, 1, 4)  # [B, heads, T, d]
        added = self.added(x.shape[1]).to(x.device)
        scores = self.compare(query, key, start) + added  # [B, heads, T, T]
        heads = scores.softmax(dim=-1).to(value.dtype) @ value
        return self.mix(heads.transpose(1, 2).flatten(2))  # [B, T, C]


# %% [markdown]
# Block and GPT around it are folded; they are much as in the GPT chapter. Vectors for places are added on the way in.


# %% tags=["hide-input"]
# @title The block
class Block(nn.Module):
    """Attention, then a feed-forward layer; each is added to the stream."""

    def __init__(self, C, n_heads, way):
        super().__init__()
        self.norm_1, self.norm_2 = nn.LayerNorm(C), nn.LayerNorm(C)
        self.attention = Attention(C, n_heads, way)
        wide, narrow = nn.Linear(C, 4 * C), nn.Linear(4 * C, C)
        self.feed_forward = nn.Sequential(wide, nn.GELU(), narrow)

    def forward(self, x, start=0):  # [B, T, C]
        x = x + self.attention(self.norm_1(x), start)
        return x + self.feed_forward(self.norm_2(x))


# %% tags=["hide-input"]
# @title The GPT around it
class Reader(nn.Module):
    """ids [B, T], standing at start, start + 1, …, to logits [B, T, V]."""

    def __init__(self, way, V, places=256, n_layers=2, n_heads=4, C=128):
        super().__init__()
        self.way, self.tokens = way, nn.Embedding(V, C)
        nn.init.normal_(self.tokens.weight, std=0.5 / math.sqrt(C))
        self.places = LearnedPlaces(places, C) if way == "learned" else None
        blocks = [Block(C, n_heads, way) for _ in range(n_layers)]
        self.blocks, self.norm = nn.ModuleList(blocks), nn.LayerNorm(C)

    def forward(self, ids, start=0):
        x = self.tokens(ids)  # [B, T, C]
        x = x * math.sqrt(x.shape[-1])  # numbers of the size of the sinusoids
        places = torch.arange(ids.shape[1], device=ids.device) + start  # [T]
        if self.way == "learned":
            x = x + self.places(places)
        if self.way == "sinusoidal":
            x = x + sinusoids(places, x.shape[-1]).to(x.dtype)
        for block in self.blocks:
            x = block(x, start)  # [B, T, C]
        return self.norm(x) @ self.tokens.weight.T  # [B, T, V]


# %% [markdown]
# ### Move the text
#
# What can a model know? A test, before any training: let the same fifty characters stand at places 0 to 49, then at 100 to 149. If
# only words and distances count, no prediction may move.

# %%
tokenizer = CharTokenizer()
V = tokenizer.vocab_size
ids = torch.randint(V, (1, 50), generator=random)  # [B, T]
WAYS = ("none", "learned", "sinusoidal", "rotary", "ALiBi")
jumps = {}
for way in WAYS:
    model = Reader(way, V).double()
    with torch.no_grad():
        jumps[way] = (model(ids, 100) - model(ids)).abs().max().item()
    print(f"{way:<11} largest change of a logit {jumps[way]:.12f}")

# %% [markdown]
# Two families. Who adds vectors can tell page one from page two; for the others all pages are alike.
#
# ### What the mask gives away
#
# Without positions *and* with the causal mask: does the model still see a bag? Let us put all characters but the last in another order,
# and look at the prediction after the last.

# %%
mixed = ids.clone()  # [1, 50]
mixed[0, :49] = ids[0, torch.randperm(49, generator=random)]
told = {}
for layers in (1, 2):
    model = Reader("none", V, n_layers=layers).double()
    with torch.no_grad():
        told[layers] = (model(mixed) - model(ids))[0, -1].abs().max().item()
    print(f"{layers} layer(s): largest change of a logit {told[layers]:.12f}")

# %% [markdown]
# With one layer, a bag: the last character looks at all others, and these are only themselves. With two it is not: in the first layer each character
# has looked at those before it, and in another order these are others. How much of the order our models learn to read from this, we
# shall measure.

# %% tags=["claims"]
for way in ("none", "rotary", "ALiBi"):
    check(f"Moved, {way}: no logit changes by 1e-10", jumps[way] < 1e-10)
for way in ("learned", "sinusoidal"):
    check(f"Moved, {way}: a logit changes", jumps[way] > 0.01)
check("One layer, no positions: order unseen to 1e-10", told[1] < 1e-10)
check("Two layers: order seen", told[2] > 1e-4)

# %% [markdown]
# ## Longer than trained
#
# All sentences of the film reviews, one after the other, make one long row. Our models learn from pieces of 64 characters, cut anywhere. Then we
# hand them 256 characters of unseen reviews. What would you expect at place 200? Such a text brings two kinds of news: *places* that the model has never
# seen, and more *text in view* than ever, so distances beyond 63. We take them apart by reading the same characters three ways:
#
# - **In pieces**: 64 at a time, each piece standing at places 0 to 63. A piece overlaps the one before by half, and only its second half counts. Nothing is new.
# - **Moved**: the same pieces, but at their true places. Only the places are new.
# - **Whole**: all 256 at once. New places and more in view.
#
# The table of learned positions gets 256 rows for this, of which training reaches the first 64. (With 64 rows `LearnedPlaces` would refuse.)

# %% tags=["hide-input"]
# @title The text as one long row, and batches of it
TRAINED = 64  # characters a model reads at once while it learns
LONG = 256  # characters that it is asked to read afterwards


def long_row(texts, tokenizer):
    """All texts one after the other, a boundary between two: ids [N]."""
    ids = [0]
    for text in texts:
        ids += tokenizer.encode(text)[1:]
    return torch.tensor(ids)


def windows(ids, count, length):
    """Rows [count, length + 1] cut from ids at equal distances."""
    starts = torch.linspace(0, len(ids) - length - 1, count).long()  # [count]
    return ids[starts[:, None] + torch.arange(length + 1)]


# %% tags=["hide-input"]
# @title Batches for training, and the loss
def batches_of(ids, size, seed):
    """The function from a step to rows [size, TRAINED + 1] from anywhere."""

    def batch_at(step):
        rng = np.random.default_rng([seed, step])
        starts = rng.integers(0, len(ids) - TRAINED, size)  # [size]
        return ids[torch.tensor(starts)[:, None] + torch.arange(TRAINED + 1)]

    return batch_at


def loss(model, rows):
    """Mean surprise in nats of each next character in rows [B, T + 1]."""
    logits = model(rows[:, :-1])  # [B, T, V]
    return nn.functional.cross_entropy(logits.mT, rows[:, 1:])


# %% tags=["hide-input"]
# @title Bits for every character
@torch.no_grad()
def bits(model, rows, start=0):
    """Surprise in bits at each place, rows [N, T + 1]: [N, T]."""
    found = []
    for some in rows.split(32):
        logits = model(some[:, :-1], start).mT  # [32, V, T]
        found.append(
            nn.functional.cross_entropy(logits, some[:, 1:], reduction="none")
        )
    return torch.cat(found) / math.log(2)


# %% tags=["hide-input"]
# @title Three ways to read a long text
def readings(model, rows):
    """Bits at the places of rows [N, LONG + 1], read in three ways: [LONG]."""
    whole = bits(model, rows).mean(dim=0)  # [LONG]
    half, head = TRAINED // 2, whole[:TRAINED]
    pieces, moved = [head], [head]
    for start in range(half, LONG - half, half):
        piece = rows[:, start : start + TRAINED + 1]  # [N, TRAINED + 1]
        pieces.append(bits(model, piece)[:, half:].mean(dim=0))
        moved.append(bits(model, piece, start)[:, half:].mean(dim=0))
    return {
        "in pieces": torch.cat(pieces),
        "moved": torch.cat(moved),
        "whole": whole,
    }


# %% tags=["hide-input"]
# @title The reviews, and the record of many trainings
record = sweep("transformer/positions")
reviews = load_reviews("text")
rows = {
    name: long_row(split["text"], tokenizer) for name, split in reviews.items()
}
test = windows(rows["test"], run.size(smoke=4, cpu=192, gpu=192), LONG)
final = [trial for trial in record["runs"] if trial["split"] == "test"]


# %% tags=["hide-input"]
# @title Training one model, with the settings of the record
seed = SEED % 3  # the record has three


def trained(way):
    """A model trained on pieces of 64 characters."""
    rate = next(trial["rate"] for trial in final if trial["way"] == way)
    torch.manual_seed(seed)
    model = Reader(way, V)
    loop.fit(
        model,
        loss,
        batches_of(rows["train"], record["batch"], seed),
        steps=run.size(smoke=5, cpu=800, gpu=800),
        learning_rate=rate,
        session=run,
        label=way,
    )
    return model.to("cpu")


# %% [markdown]
# Two of the five, trained before your eyes. The mean surprise in bits per character over all places, of characters with fewer and with more than
# 64 before them:

# %% tags=["hide-input", "nbval-ignore-output"]
models, live = {}, {}
for way in ("rotary", "ALiBi"):
    models[way] = trained(way)
    live[way] = readings(models[way], test)
passes = 800 * record["batch"] * TRAINED / len(rows["train"])
print(f"training shows {passes:.2f} times the characters of the reviews\n")
print("            within 64      beyond 64: in pieces    moved    whole")
for way, found in live.items():
    within = found["whole"][:TRAINED].mean()
    beyond = [values[TRAINED:].mean() for values in found.values()]
    cells = "".join(f"{value:10.3f}" for value in beyond)
    print(f"{way:<12}{within:9.3f}{'':12}{cells}")

# %% tags=["claims"]
for way, found in live.items():
    close(
        f"{way}: moving the pieces changes nothing",
        found["moved"],
        found["in pieces"],
        atol=1e-3,
    )

# %% [markdown]
# For these two the moved pieces cost what they cost in place; the theory said so. And more in view?
#
# The record below holds all five, three seeds each (`benchmarks/sweep_positions.py` made it). The learning rate of each way was chosen on validation,
# with a seed that was not used again. Intervals are 95 % Student-t intervals over the seeds: how sure the mean over trainings is, these test characters given.
# Each line is one training, the dots are the two models above.

# %% tags=["hide-input"]
# @title Reading the record
LENGTHS = {"within": slice(0, 8), "beyond": slice(8, 32)}  # in bins of 8 places


def curves(way, reading):
    """Bits by bin of 8 places, one row for each seed: [3, 32]."""
    chosen = [trial for trial in final if trial["way"] == way]
    return np.array([trial["curves"][reading] for trial in chosen])


def just_trained(way):
    """The curve on record of the model that this chapter trains anew: [32]."""
    mine = [trial for trial in final if trial["way"] == way]
    return np.array(mine[seed]["curves"]["whole"])


def mean_bits(way, reading, part):
    """Mean bits of one part of the places, one number for each seed: [3]."""
    return curves(way, reading)[:, LENGTHS[part]].mean(axis=1)


# %% tags=["hide-input"] mystnb={"image": {"alt": "Three lines for each of five ways: surprise in bits per character over places 0 to 255, with a vertical line at 64. Learned and sinusoidal leap up right behind the line. Rotary, lowest before it, stays low for a while and then climbs far above ALiBi, which runs on level. None lies high everywhere. Dots of the two models just trained lie near their lines."}}
figure, ax = plot.panels(height=3.8)
five = (plot.GREY, plot.ORANGE, plot.GREEN, plot.RED, plot.BLUE)
colors = dict(zip(WAYS, five, strict=True))
middle, label_at = np.arange(4, LONG, 8), 0.0  # middles of the bins
for way in sorted(WAYS, key=lambda way: curves(way, "whole")[:, -1].mean()):
    seeds = curves(way, "whole")  # [3, 32]
    ax.plot(middle, seeds.T, color=colors[way], lw=1)
    label_at = max(label_at + 0.16, seeds[:, -1].mean())  # apart from the last
    ax.text(LONG + 2, label_at, way, color=colors[way], va="center")
for way, found in live.items():
    by_bin = found["whole"].unflatten(0, (-1, 8)).mean(dim=1)  # [32]
    ax.plot(middle, by_bin, ".", color=colors[way])
ax.axvline(TRAINED, color=plot.INK, lw=1)
ax.set(xlabel="place", ylabel="bits per character", xlim=(0, LONG + 56))
ax.set_xticks(range(0, LONG + 1, TRAINED))
plt.show()

# %% tags=["hide-input"]
print("              within 64                beyond 64")
print("way           whole                  in pieces   moved    whole")
for way in WAYS:
    inside = seeds_interval(mean_bits(way, "whole", "within"))
    print(f"{way:<12}{inside}  ", end="")
    for reading in ("in pieces", "moved", "whole"):
        print(f"{mean_bits(way, reading, 'beyond').mean():9.3f}", end="")
    print()

# %% tags=["hide-input"]
costs = {}
print("way          cost of new places        cost of more in view")
for way in WAYS:
    parts = [mean_bits(way, reading, "beyond") for reading in live["rotary"]]
    costs[way] = [seeds_interval(b - a) for a, b in itertools.pairwise(parts)]
    print(f"{way:<12} {costs[way][0]!s:<25} {costs[way][1]}")


# %% tags=["hide-input", "nbval-ignore-output"]
# @title A control: no distance is turned further than the trained ones
class Clamped(Attention):
    """Rotary; a key 63 or more back is compared as if it stood 63 back."""

    def compare(self, query, key, start):
        last = rotate(query[..., None, :], TRAINED - 1)[..., 0, :]  # all at 63
        far = last @ key.mT / math.sqrt(query.shape[-1])  # all keys at 0
        place = torch.arange(query.shape[-2])  # [T]
        near = place[:, None] - place < TRAINED  # [T, T]
        return torch.where(near, super().compare(query, key, start), far)


clamped = copy.deepcopy(models["rotary"])
for block in clamped.blocks:
    attention = Clamped(128, 4, "rotary")
    attention.load_state_dict(block.attention.state_dict())
    block.attention = attention
live["clamped"] = {"whole": bits(clamped, test).mean(dim=0)}  # [LONG]
beyond = live["clamped"]["whole"][TRAINED:].mean()
print(f"rotary, whole, no distance above 63, beyond 64: {beyond:.3f}")

# %% [markdown]
# **The two that add vectors** fail at places that they have not met, and moving the pieces is enough: the same characters, the same distances, other places.
#
# **Rotary** does not notice the move, and at first hardly the longer view. Around place 100 its surprise leaps, and from each 64 places to the next the cost is higher. Formula (4) says that only the distance counts. It does not say that a
# distance never met in training does no harm. Is it that, or the number of keys in view? The line above is a control: the rotary model that was just trained reads the whole text, but
# turns keys that are more than 63 back as if they stood 63 back. As many are in view, and most of the cost is gone.
#
# **ALiBi** holds: it reads 256 characters at once about as well as in pieces. Nor does it gain from the longer view.
#
# Within the trained length rotary has the lowest surprise. And there is a rival that works with any way: *in pieces*, learned, sinusoidal and rotary all stay below ALiBi reading whole, in every seed, at the price of reading most characters twice. All this after a
# short training, of about one pass over the text; a longer one may rank them otherwise.

# %% tags=["claims"]
for way, found in list(live.items())[:2]:
    kept = just_trained(way)  # [32]
    within = np.mean(kept[:8]) - found["whole"][:64].mean().item()
    check(f"{way}, just trained: the record, within 64", abs(within) < 0.05)
    gap = np.mean(kept[8:]) - found["whole"][64:].mean().item()
    check(f"{way}, just trained: near the record beyond", abs(gap) < 0.25)

# %% tags=["claims"]
for way in ("learned", "sinusoidal"):
    check(f"{way}: new places cost over half a bit", costs[way][0].low > 0.5)
rise = curves("rotary", "whole") - curves("rotary", "moved")  # [3, 32]
thirds = rise[:, 8:].reshape(3, 3, 8).mean(axis=2)  # [3 seeds, 3 parts]
check(
    "Rotary, every seed: at places 64 to 79 below 0.1",
    rise[:, 8:10].max() < 0.1,
)
check("Rotary, every seed: at the last 64 above 0.3", rise[:, 24:].min() > 0.3)
check(
    "Rotary: the cost is higher from each 64 places to the next, in every seed",
    (np.diff(thirds, axis=1) > 0).all(),
)

# %% tags=["claims"]
check(
    "ALiBi: what more in view gains is below 0.02 bits",
    -costs["ALiBi"][1].low < 0.02,
)
fine = mean_bits("ALiBi", "whole", "beyond")
check(
    "ALiBi: more in view changes less than 0.05 bits",
    max(map(abs, costs["ALiBi"][1])) < 0.05,
)
for way in ("learned", "sinusoidal", "rotary"):
    rival = mean_bits(way, "in pieces", "beyond")
    check(
        f"{way} in pieces below ALiBi whole, every seed", (rival < fine).all()
    )
kept = live["rotary"]
cost, left = (
    (found["whole"] - kept["in pieces"])[TRAINED:].mean()
    for found in (kept, live["clamped"])
)
check("Rotary: without new distances under half of the cost", left < cost / 2)

# %% tags=["claims"]
others = [way for way in WAYS if way != "rotary"]
lowest = mean_bits("rotary", "whole", "within")
for way in others:
    gap = mean_bits(way, "whole", "within") - lowest
    check(f"Within 64, every seed: rotary below {way}", (gap > 0).all())

# %% [markdown]
# ### How much order without positions?
#
# The mask gives some of the order away; does a model make use of it? Take 64 characters of the test reviews, put all but the last in random order, and ask for
# the next. If that costs anything, the model made use of the order. (It may cost more than knowing nothing would: a false order misleads.)


# %% tags=["hide-input"]
# @title All characters but the last in random order
def shuffled(rows, seed=0):
    """Rows [N, T + 1] with all characters but the last two in random order."""
    rng = torch.Generator().manual_seed(seed)
    T = rows.shape[1] - 1
    order = torch.rand(len(rows), T - 1, generator=rng).argsort(dim=1)
    return torch.cat([rows[:, : T - 1].gather(1, order), rows[:, T - 1 :]], 1)


# %% tags=["hide-input"]
n = torch.zeros(V, V)  # how often one character follows another
n.index_put_((rows["test"][:-1], rows["test"][1:]), torch.tensor(1.0), True)
surprises = -torch.log2(n / n.sum(dim=1, keepdim=True))
floor = (n * surprises).nansum() / n.sum()
print(f"a table that knows the last character, at best {floor:.3f}\n")
print("way                  in order    shuffled    cost of shuffling")
used = {}
for way in WAYS:
    chosen = [trial for trial in final if trial["way"] == way]
    order, mixed_up = (
        np.array([trial[name] for trial in chosen])
        for name in ("ordered", "shuffled")
    )
    used[way] = seeds_interval(mixed_up - order)
    print(f"{way:<20}{order.mean():9.3f}{mixed_up.mean():12.3f}    {used[way]}")

# %% [markdown]
# With positions the shuffle costs more than a bit. Without them it costs next to nothing beside that, and the surprise is near that of the best table which
# knows the last character alone: after the short training the model makes little of what the mask gives away.
# Haviv et al. (2022) trained far larger models far longer, and theirs came near those with positions.

# %% tags=["claims"]
for way in WAYS[1:]:
    check(f"Shuffled, {way}: costs over a bit", used[way].low > 1)
little = used["none"]
check("Shuffled, none: costs less than 0.3 bits", little.high < 0.3)
bare = [trial["ordered"] for trial in final if trial["way"] == "none"]
check(
    "None: within 0.2 bits of the table of the last character",
    max(abs(found - floor.item()) for found in bare) < 0.2,
)

# %% [markdown]
# ## Summary
#
# | Way | Where it steps in | A score may depend on | Beyond the trained length, here |
# |:--|:--|:--|:--|
# | none | nowhere | the two vectors | a little worse than within, which is bad |
# | learned | vectors of the first layer | words and both places | fails at new places |
# | sinusoidal | vectors of the first layer | words and both places | fails at new places |
# | rotary | queries and keys | words and distance | no harm from new places, harm from more in view |
# | ALiBi | scores | words and distance, by a fixed fine | holds |
#
# Attention sees a bag. Test what a model can know by moving its text, and what it makes of length by reading pieces beside the whole.
#
# ## Exercises
#
# > **Exercise 1.** With a pencil (★☆☆, 5 minutes). A head of two numbers turns by a quarter from place to place. $q = (2, 1)$, $k = (1, 4)$. What is the
# > score (not divided by $\sqrt d$) of the query at place 2 with the key at place 1? Of the query at place 102 with the key at place 100? And which is the smallest distance above
# > zero at which this head gives every key, whatever it is, the score it has at distance zero?
#
# <details><summary>Hint</summary>
#
# Formula (4): leave the query, and turn the key *back* by the distance.
#
# </details>


# %% tags=["exercise"]
def quarter_turns():
    """[first score, second score, smallest distance]."""
    ...


exercises.quarters(quarter_turns)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def quarter_turns():
    """[first score, second score, smallest distance]."""
    # One quarter back (1, 4) is (4, -1): 2·4 - 1 = 7. Two: (-1, -4): -2 - 4.
    return [7, -6, 4]


exercises.quarters(quarter_turns)

# %% [markdown]
# > **Exercise 2.** How far does a fine reach? (★★☆, 10 minutes). With pencil and calculator: two keys have the same score before the fine; one is the query's own place, the other
# > lies $n$ steps back. From which $n$ on is the weight of the far one less than a hundredth of the near one's, in the head with slope $\frac14$ and in the one with
# > $\frac1{256}$?
#
# <details><summary>Hint</summary>
#
# The ratio of the two weights is $e^{-m n}$.
#
# </details>


# %% tags=["exercise"]
def distances():
    """[n for slope 1/4, n for slope 1/256]."""
    ...


exercises.reach(distances)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def distances():
    """[n for slope 1/4, n for slope 1/256]."""
    # n > ln 100 / m = 4 · 4.605… = 18.4 and 256 · 4.605… = 1178.9
    return [math.floor(math.log(100) / m) + 1 for m in (1 / 4, 1 / 256)]


exercises.reach(distances)

# %% [markdown]
# > **Exercise 3.** Other pairs (★★☆, 15 minutes). The paper on rotary positions pairs neighbours: numbers $2i$ and $2i+1$ turn by $\omega_i$. Write it. (Weights are trained with
# > one kind of pairs; whoever loads public ones has to know which.)
#
# <details><summary>Hint</summary>
#
# Bring the numbers 0, 2, 4, … to the front and 1, 3, 5, … behind them (`x[..., 0::2]` takes every second). Call `rotate`. Then back.
#
# </details>


# %% tags=["exercise"]
def rotate_neighbours(x, start=0):
    """x [..., T, d], numbers 2i and 2i + 1 turned as a pair."""
    ...


exercises.neighbours(rotate_neighbours)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def rotate_neighbours(x, start=0):
    """x [..., T, d], numbers 2i and 2i + 1 turned as a pair."""
    apart = torch.cat([x[..., 0::2], x[..., 1::2]], dim=-1)  # [..., T, d]
    first, second = rotate(apart, start).chunk(2, dim=-1)
    return torch.stack([first, second], dim=-1).flatten(-2)  # [..., T, d]


exercises.neighbours(rotate_neighbours)

# %% [markdown]
# > **Exercise 4.** A window (★★★, 20 minutes). An experiment: the rotary model stumbles over more text in view. So hide it. Without training anew, let every query see
# > only its own place and the 63 before it, in both blocks, and read all 256 characters at once. Return three numbers, the bits beyond the trained length: whole, whole with the
# > window, in pieces.
#
# <details><summary>Hint</summary>
#
# Make a class `Windowed(Attention)` with an `added` of its own, put its objects into a copy of the model (`copy.deepcopy`), and give them the trained weights (`load_state_dict`).
#
# </details>


# %% tags=["exercise"]
def with_a_window():
    """[bits whole, bits with the window, bits in pieces], as measured."""
    ...


exercises.window(with_a_window)


# %% tags=["solution", "hide-cell", "nbval-ignore-output"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 4
class Windowed(Attention):
    def added(self, T):
        hidden = torch.full((T, T), -math.inf)  # [T, T]
        return super().added(T) + hidden.tril(-TRAINED)


short = copy.deepcopy(models["rotary"])
for block in short.blocks:
    weights = block.attention.state_dict()
    block.attention = Windowed(128, 4, "rotary")
    block.attention.load_state_dict(weights)
all_four = [*live["rotary"].values(), bits(short, test).mean(dim=0)]
bits_found = [3.5, 2.5, 2.5]  # places for three numbers
bits_found[:] = [all_four[i][TRAINED:].mean().item() for i in (2, 3, 0)]
print("{:.3f}, with a window {:.3f}, in pieces {:.3f}".format(*bits_found))


def with_a_window():
    """[bits whole, bits with the window, bits in pieces], as measured."""
    return bits_found


exercises.window(with_a_window)

# %% [markdown]
# ## Common mistakes
#
# - *Turning values, too*: they are averaged, not compared. The property (4) is about products of queries and keys.
# - *Turning after a cache, from place 0*: with stored keys, as in decoding, the new query stands at `start`, not at 0. Compare in a test with reading everything at once.
# - *The wrong pairs*: neighbours for halves. No error message; exercise 3.
# - *A longer text than the table of learned positions*: an index error in the good case. Let it be refused by name.
# - *Judging length by the mean over a long text*: the beginning hides the end. Plot the loss by place, and read in pieces beside it.
#
# ## Further reading
#
# - Vaswani et al. (2017), [Attention is all you need](https://arxiv.org/abs/1706.03762): sinusoidal positions, section 3.5; learned ones did as well in its translations.
# - Su et al. (2021), [RoFormer: enhanced Transformer with rotary position embedding](https://arxiv.org/abs/2104.09864): rotary positions.
# - Press, Smith and Lewis (2022), [Train short, test long: attention with linear biases enables input length extrapolation](https://arxiv.org/abs/2108.12409): ALiBi, and what longer texts bring.
# - Haviv, Ram, Press, Izsak and Levy (2022), [Transformer language models without positional encodings still learn positional information](https://arxiv.org/abs/2203.16634): what the mask tells, in larger models.
# - Kazemnejad et al. (2023), [The impact of positional encoding on length generalization in Transformers](https://arxiv.org/abs/2305.19466): tasks on which models without positions generalize best.
