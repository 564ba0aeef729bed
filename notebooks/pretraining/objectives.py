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
# # Objectives
#
# Five tasks that are made from bare text, all described by one function that says who may look at whom, and tested by
# poking.
#
# Reviewers often write *a … of*. Which word stands in the gap? Bet twice: first knowing only the *a* before it, then
# knowing the *of* after it as well.

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
import re
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
import scipy.stats
import torch
import torch.nn.functional as F
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation.influence import movement
from lmcourse.exercises.pretraining import objectives as exercises
from lmcourse.models.attention import causal_mask, scaled_dot_product_attention
from lmcourse.text import masking
from torch import nn

run = session.start(PROFILE, SEED)

# %% tags=["hide-input"]
# @title Counting the words in the gap
texts = load_reviews("text")["train"]["text"]
left, both = Counter(), Counter()  # after "a"; between "a" and "of"
for text in texts:
    words = re.findall(r"[a-z']+", text.lower())
    for i in range(1, len(words) - 1):
        if words[i - 1] == "a":
            left[words[i]] += 1
            if words[i + 1] == "of":
                both[words[i]] += 1

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two bar charts of words with their shares, one below the other, on the same axis. Above, after a: movie, film and good lead, each with one to three hundredths. Below, between a and of: lot leads with a share more than twice that of any word above."}}
_, axes = plot.panels(2, height=2.1, sharex=True)
titles = ("after 'a'", "between 'a' and 'of'")
for ax, counts, title in zip(axes, (left, both), titles, strict=True):
    top = counts.most_common(5)
    shares = [n / counts.total() for _, n in top]
    plot.bars(ax, [word for word, _ in top], shares)
    ax.set_title(title)
axes[1].set_xlabel("share of the gaps")
plt.show()
print(f"{left.total():,} gaps after 'a', {both.total()} of them before 'of'")
for word in ("movie", "lot"):
    print(f"before 'of', {word!r} is right {both[word]} times")

# %% [markdown]
# Before *of*, *lot* is right more than twice as often as *movie*, the best bet without it.
# Then why does a GPT look to the left only?
#
# **You will**
#
# - write the mask of every objective with one short function,
# - poke a network to test what each of its predictions depends on,
# - mask a text as BERT does, and test the counts, the loss and the bad inputs,
# - corrupt spans, and put them back,
# - say which objectives give a distribution over texts, and sum over all texts to see it.
#
# **You need** [attention](../transformer/attention.ipynb) with its test by poking, the
# [chain rule](../probability/chain_rule.ipynb), and
# [cross-entropy](../probability/softmax.ipynb). Nothing is trained here.

# %% tags=["claims"]
check(
    "After 'a' alone, 'movie' is the best bet",
    max(left, key=left.get) == "movie",
)
check(
    "'a … of': 'lot' is right more than twice as often",
    both["lot"] > 2 * both["movie"],
)

# %% [markdown]
# ## One number a symbol
#
# An **objective** says which symbols a model is asked for, and what it may see when it answers. Give each
# symbol $t$ of the text a number $w_t$, its **turn**. The rule: *whoever is asked for symbol $t$ may use the symbols
# of earlier turns.*
#
# Take four symbols. If their turns are 1, 2, 3, 4, then each is guessed from those on its left: a GPT. If the turns
# are 0, 1, 0, 1, then symbols one and three are given, and two and four are both guessed from
# them: masking, as in BERT. If the turns are 3, 1, 4, 2, then the second symbol is guessed from nothing, the fourth from the
# second, the first from both, and the third from all.
#
# As a table with a row for who looks and a column for who is looked at, where the bracket is true or false:
#
# $$M_{ts} = [\,w_s < w_t\,] \quad\text{for predictions}, \qquad M_{ts} = [\,w_s \le w_t\,] \quad\text{inside} \tag{1}$$
#
# The second form is for the vectors inside a network that carry symbol $t$: they know it already, so they may
# look at themselves. They may look at others of their turn too; a prediction may not.


# %%
def visible(turns, strictly=False):
    """bool [T, T]: may t (row) look at s (column)?"""
    turns = torch.as_tensor(turns)  # [T]
    row, column = turns[:, None], turns[None, :]  # [T, 1], [1, T]
    return column < row if strictly else column <= row  # [T, T]


# %% tags=["hide-input"]
small = {"GPT": [1, 2, 3, 4], "BERT": [0, 1, 0, 1], "permuted": [3, 1, 4, 2]}
for strictly, name in ((True, "predictions: w_s < w_t"), (False, "inside: ≤")):
    print(name)
    heads = [f"{name + ' ' + str(w):<22}" for name, w in small.items()]
    print("   ".join(heads).rstrip())
    masks = [visible(w, strictly) for w in small.values()]
    for t in range(4):
        rows = ["".join("■ " if m else "· " for m in mask[t]) for mask in masks]
        print("   ".join(f"{row:<22}" for row in rows).rstrip())
    print()

# %% [markdown]
# Row two of the first block: under BERT's turns, symbol two depends on symbols one and three, and
# not on symbol four, which is hidden as well. (BERT itself opens everything inside, and hides in the input: below.)
#
# Does the rule survive many layers? In the second layer, $t$ may look at $s$, which has looked at
# $r$ in the first. Then $w_r \le w_s \le w_t$: what comes at second hand was allowed at first hand.
# (A mask that is not made of turns can fail: if each symbol sees one to its left, two layers see
# two.)

# %% tags=["claims"]
close("Turns 0, 1, 2, …: the causal mask", visible(range(7)), causal_mask(7))
for name, w in small.items():
    once = visible(w).int()
    close(f"{name}: looking twice sees no more", once @ once > 0, once > 0)
window = causal_mask(4) ^ causal_mask(4).tril(-2)
wider = (window.int() @ window.int()) > 0
check("A window of one to the left: looking twice sees more", wider[2, 0])

# %% [markdown]
# ## Five objectives on one text
#
# Which questions can be made of eight words? Of the five objectives, one needs a little code.
# **Span corruption** (T5; Raffel et al. 2020) makes two texts out of one: it cuts out runs of
# symbols and leaves a **sentinel** `<1>`, `<2>`, … for each.


# %%
def corrupt(words, spans):
    """Source and target; `spans` are pairs (start, end), in order."""
    source, target, done = [], [], 0
    for number, (start, end) in enumerate(spans, 1):
        if not done <= start < end <= len(words):
            raise ValueError(f"spans: {(start, end)} is empty or out of order")
        source += [*words[done:start], f"<{number}>"]
        target += [f"<{number}>", *words[start:end]]
        done = end
    return source + words[done:], [*target, f"<{len(spans) + 1}>"]


# %% tags=["hide-input"]
# @title Undoing it
def restore(source, target):
    """The text: each sentinel gives way to what follows it in target."""
    hidden = {}
    for word in target:
        if re.fullmatch(r"<\d+>", str(word)):
            run_of_words = hidden.setdefault(word, [])
        else:
            run_of_words.append(word)
    return [w for word in source for w in hidden.get(word, [word])]


# %% tags=["hide-input"]
# @title What each objective reads, and what it is asked
sentence = ["the", "film", "is", "long", "we", "loved", "every", "minute"]
T, spans = len(sentence), [(1, 3), (6, 7)]
hidden = [t for start, end in spans for t in range(start, end)]  # 1, 2, 6
TURNS = {
    "causal": [1, 2, 3, 4, 5, 6, 7, 8],
    "masked": [0, 1, 1, 0, 0, 0, 1, 0],
    "span corruption": [0, 1, 2, 0, 0, 0, 3, 0],
    "permuted": [5, 3, 8, 4, 6, 1, 7, 2],
}
source, target = corrupt(sentence, spans)
gaps = [word if t not in hidden else "[M]" for t, word in enumerate(sentence)]
by_turn = sorted(range(T), key=lambda t: TURNS["permuted"][t])

# %% tags=["hide-input"]
lines = [
    ("causal", "reads", ["[S]", *sentence[:-1]]),
    ("", "is asked", sentence),
    ("masked", "reads", gaps),
    ("", "is asked", [sentence[t] for t in hidden]),
    ("span", "reads", [*source, "|", *target[:-1]]),
    ("corruption", "is asked", target[1:]),
    ("permuted", "is asked", [sentence[t] for t in by_turn]),
    ("next", "reads", ["[C]", *sentence[:4], "[SEP]", *sentence[4:], "[SEP]"]),
    ("sentence", "is asked", ["follows? (yes)"]),
]
for name, what, words in lines:
    print(f"{name:<11} {what:<9} {' '.join(words)}")

# %% [markdown]
# A **causal** model is asked for every symbol, from left to right. A **masked** model reads the text with some symbols
# replaced by `[M]`, and is asked for these. Span corruption asks for its runs one symbol after another. (T5 asks for
# the first sentinel too; we give it.) A **permuted** model is asked for every symbol, in a shuffled order (XLNet; Yang et al. 2019).
# **Next-sentence prediction** by itself hides nothing, and asks about two sentences: did the second follow the first? BERT trains it
# together with masking.

# %% tags=["hide-input"]
print(f"{'turns':<17}" + "".join(f"{word:>7}" for word in sentence))
for name, turns in TURNS.items():
    print(f"{name:<17}" + "".join(f"{turn:7}" for turn in turns))

# %% [markdown]
# Masking and span corruption hide the same three words: the first gives them one turn, the second
# three. (Besides, a sentinel does not tell how many symbols it stands for.) T5 has an encoder for
# the source and a decoder for the target; we put one behind the other in one network, where the
# source has turn 0. That is a **prefix mask**. In next-sentence prediction all symbols have turn 0,
# and the answer has turn 1.
#
# If turns are all different, as in causal and permuted, each answer becomes known before the next question: the
# model is **autoregressive**. If hidden symbols share a turn, it is asked to repair a damaged text in one go: it is
# **autoencoding**. Span corruption does both: its source is damaged, its target is guessed in order.

# %% tags=["claims"]
asked_of_masked = [t for t, turn in enumerate(TURNS["masked"]) if turn]
close("The spans hide what masked is asked for", hidden, asked_of_masked)
check("Source and target give the text", restore(source, target) == sentence)

# %% [markdown]
# ## Poke
#
# Are these words true of a network? Build one for each objective and poke. All five share two untrained layers of a
# Transformer, and random vectors for words, places and special symbols.


# %% tags=["hide-input"]
# @title A Transformer layer
class Layer(nn.Module):
    """x [..., N, d] looks at source [..., S, d], as far as allowed [N, S]."""

    def __init__(self, d):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(d) for _ in range(2))
        self.query, self.key = nn.Linear(d, d), nn.Linear(d, d)
        self.value, self.mix = nn.Linear(d, d), nn.Linear(d, d)
        sizes = nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d)
        self.feed_forward = nn.Sequential(*sizes)

    def forward(self, x, source, allowed):
        asks, asked = self.norms[0](x), self.norms[0](source)
        query, key, value = self.query(asks), self.key(asked), self.value(asked)
        seen, _ = scaled_dot_product_attention(query, key, value, allowed)
        x = x + self.mix(seen)  # [..., N, d]
        return x + self.feed_forward(self.norms[1](x))  # [..., N, d]


# %% tags=["hide-input"]
# @title Two layers, and random vectors
d = 32
torch.manual_seed(SEED)
layers = nn.ModuleList([Layer(d), Layer(d)]).requires_grad_(False)
place = torch.randn(64, d)
names = ("[S]", "[M]", "[C]", "[SEP]", "<1>", "<2>", "<3>", "blank")
special = {name: torch.randn(d) for name in names}

# %% [markdown]
# Each objective is now a function from the vectors of a text, `[T, d]`, to vectors from which symbols would be predicted: row $t$ for symbol $t$, and zeros where nothing is asked. (Next sentence: a single row, for the answer.)


# %%
def read(items, x, turns):
    """Symbols (numbers: rows of x; names: special) through the layers."""
    rows = [special[i] if isinstance(i, str) else x[i] for i in items]
    y = torch.stack(rows) + place[: len(rows)]  # [N, d]
    for layer in layers:
        y = layer(y, y, visible(turns))  # [N, d]
    return y


def causal(x):
    T = len(x)
    return read(["[S]", *range(T - 1)], x, range(T))  # row t: before t


def masked(x, hidden, kept=()):
    T = len(x)
    gone = {*hidden} - {*kept}
    y = read(["[M]" if t in gone else t for t in range(T)], x, [0] * T)
    asked = torch.tensor([[t in hidden] for t in range(T)])  # [T, 1]
    return y * asked  # [T, d]


# %% tags=["hide-input"]
# @title Span corruption and next sentence, in vectors
def span_corruption(x, spans):
    source, target = corrupt([*range(len(x))], spans)
    turns = [0] * len(source) + [*range(1, len(target) + 1)]
    y = read(source + target, x, turns)  # [N, d]
    answers = torch.zeros_like(x)  # [T, d]
    for i, symbol in enumerate(target):
        if not isinstance(symbol, str):
            answers[symbol] = y[len(source) + i - 1]  # from the one before
    return answers


def next_sentence(x, cut):
    items = ["[C]", *range(cut), "[SEP]", *range(cut, len(x)), "[SEP]"]
    return read(items, x, [0] * len(items))[:1]  # [1, d]: at [C] alone


# %% [markdown]
# In `causal` and `span_corruption` symbol $t$ is predicted at the position before it, which does
# not know it yet. In `masked` all positions may look at all, so inside, all turns are 0: what is
# hidden is hidden *in the input*, not in the mask. In one pass, the permuted objective needs a trick. After
# *loved*, our order asks for *minute*; but the position of *loved* does not know *which place* is
# asked for next. So XLNet runs two streams through the same layers. The **content stream** carries
# the symbols, and each may look at itself. The **query stream** starts from places only; it looks at
# the contents of strictly earlier turns, and predicts.


# %%
def permuted(x, turns):
    """Query stream and content stream, [T, d] each."""
    content = x + place[: len(x)]  # [T, d]
    query = special["blank"] + place[: len(x)]  # [T, d]
    for layer in layers:
        query, content = (
            layer(query, content, visible(turns, strictly=True)),
            layer(content, content, visible(turns)),
        )
    return query, content


# %% [markdown]
# Now the test of [the attention chapter](../transformer/attention.ipynb): add a random vector to one word of the text, before anything is masked or moved, and see which
# predictions move. A true cell proves dependence; a false one says *less than* $10^{-5}$ for this text and this poke.


# %% tags=["hide-input"]
# @title Poking all of them
def influence(predict, x, poke):
    """bool [rows, T]: does prediction t move when symbol s is poked?"""
    return movement(predict, x, poke) > 1e-5


x = torch.randn(T, d, generator=run.generator(1))  # [T, d]: the text
poke = torch.randn(d, generator=run.generator(2))  # [d]
order = TURNS["permuted"]
objectives = {
    "causal": causal,
    "masked": lambda x: masked(x, hidden),
    "span corruption": lambda x: span_corruption(x, spans),
    "permuted": lambda x: permuted(x, order)[0],
    "content stream": lambda x: permuted(x, order)[1],
    "next sentence": lambda x: next_sentence(x, 4),
}
found = {name: influence(f, x, poke) for name, f in objectives.items()}


# %% tags=["hide-input"]
# @title Drawing what moves
def draw(names):
    _, axes = plot.panels(len(names), height=2.6, beside=True)
    for ax, name in zip(axes, names, strict=True):
        rows = sentence if ax is axes[0] else [""] * T
        plot.heatmap(ax, found[name], rows, range(1, T + 1), vmin=0, vmax=1.3)
        for edge in range(1, T):
            ax.axhline(edge - 0.5, color=plot.PAPER, linewidth=1)
            ax.axvline(edge - 0.5, color=plot.PAPER, linewidth=1)
        ax.set(title=name, xlabel="poked symbol")
    axes[0].set_ylabel("prediction that moves")
    plt.show()


# %% tags=["hide-input"] mystnb={"image": {"alt": "Three eight by eight grids, rows the predicted word, columns the poked word. Causal: the triangle below the diagonal, without the diagonal. Masked: only rows film, is and every are filled, each in the same five columns. Span corruption: the same cells; besides, is depends on film, and every on film and is."}}
draw(["causal", "masked", "span corruption"])

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two grids. Permuted: the row of loved is empty, that of is full but for itself; no diagonal cell is filled. Content stream: the same with the whole diagonal filled."}}
draw(["permuted", "content stream"])

# %% tags=["hide-input"] mystnb={"image": {"alt": "A single row for the answer of next sentence, with a column for each of the eight poked words. All eight cells are filled."}}
figure, ax = plot.panels(height=1.2)
grid = found["next sentence"]  # [1, T]
plot.heatmap(ax, grid, ["follows?"], sentence, vmin=0, vmax=1.3)
for edge in range(1, T):
    ax.axvline(edge - 0.5, color=plot.PAPER, linewidth=1)
ax.set(title="next sentence", xlabel="poked symbol")
plt.show()

# %% [markdown]
# Compare the rows of *is* under masked and under span corruption: the second knows *film* by then. And each picture is
# `visible` of the turns: strictly, but for the content stream.
#
# A test must be shown to fail. Let the query stream use $\le$, or forget the shift of the causal model: the poke must
# find that symbols see themselves.


# %% tags=["hide-input"]
# @title Two leaks on purpose
def not_strict(x):
    """The query stream may look at its own symbol."""
    content, query = x + place[:T], special["blank"] + place[:T]  # [T, d]
    for layer in layers:
        query = layer(query, content, visible(order))
        content = layer(content, content, visible(order))
    return query


def no_shift(x):
    """Causal, without moving the text to the right."""
    return read([*range(T)], x, range(T))


# %% tags=["claims"]
for name, turns in TURNS.items():
    expected = visible(turns, strictly=True)
    close(f"{name}: predictions move as the turns say", found[name], expected)
close(
    "content stream: each symbol sees itself too",
    found["content stream"],
    visible(order),
)
answer = visible([0] * T + [1], strictly=True)[-1:, :T]  # [1, T]
close("next sentence: moves as the turns say", found["next sentence"], answer)
for name, wrong in {"not strict": not_strict, "no shift": no_shift}.items():
    own = influence(wrong, x, poke).diagonal()
    check(f"The test finds the leak: {name}", own.all())

# %% [markdown]
# ## Masking in detail
#
# When BERT is fine-tuned later, it meets no `[M]`. To soften this change, of the symbols chosen for prediction (15 %) only 80 % become `[M]`;
# 10 % become a random symbol, and 10 % stay as they are (Devlin et al. 2019). We choose each word with probability 15 %. The target is always the true symbol, and elsewhere $-100$: *no target*.
#
# Each symbol throws two dice: the first decides whether it is chosen, the second what becomes of it.
# Our vocabulary has 0 for padding, 1 for `[C]`, 2 for `[SEP]`, 3 for `[M]`, and then the words of the reviews.


# %%
MASK, FIRST, NONE = 3, 4, -100


def bert_mask(ids, vocab_size, generator, share=0.15):
    """Inputs [T] and targets [T] for one text ids [T]."""
    dice = torch.rand(2, len(ids), generator=generator, dtype=torch.float64)
    other = torch.randint(FIRST, vocab_size, ids.shape, generator=generator)
    chosen = (dice[0] < share) & (ids >= FIRST)  # [T]
    inputs = ids.clone()
    inputs[chosen & (dice[1] < 0.9)] = other[chosen & (dice[1] < 0.9)]
    inputs[chosen & (dice[1] < 0.8)] = MASK
    return inputs, torch.where(chosen, ids, NONE)


# %% tags=["hide-input"]
# @title The reviews as numbers
token_lists = [re.findall(r"[a-z']+", text.lower()) for text in texts]
token_lists = token_lists[: run.size(smoke=200, cpu=None, gpu=None)]
words = sorted({word for tokens in token_lists for word in tokens})
number = {word: i for i, word in enumerate(words, FIRST)}
vocab_size = FIRST + len(words)
rows = [[1, *(number[w] for w in tokens), 2] for tokens in token_lists]

# %%
ids = torch.tensor([i for row in rows for i in row])  # [N]: all reviews
inputs, targets = bert_mask(ids, vocab_size, run.generator())

# %% tags=["hide-input"]
# @title What became of the chosen
chosen = targets != NONE  # [N]
became, was = inputs[chosen], targets[chosen]
counts = {
    "[M]": (became == MASK).sum().item(),
    "another": ((became != MASK) & (became != was)).sum().item(),
    "the same": (became == was).sum().item(),
}

# %% tags=["hide-input"]
n = chosen.sum().item()
same = 0.1 / len(words)  # a random symbol that happens to be the true one
expected = n * np.array([0.8, 0.1 - same, 0.1 + same])
p_value = scipy.stats.chisquare([*counts.values()], expected).pvalue
wrong = scipy.stats.chisquare(
    [*counts.values()], n * np.array([0.78, 0.11, 0.11])
)
words_in_all = (ids >= FIRST).sum().item()
print(f"{words_in_all:,} words, {n:,} chosen: {n / words_in_all:.4f}")
for (name, count), e in zip(counts.items(), expected, strict=True):
    print(f"{name:<9} {count:7,}   expected {e:10,.1f}")
print(f"p-value {p_value:.3f}; if the rule were 78/11/11: {wrong.pvalue:.1g}")

# %% [markdown]
# The **chi-squared test** adds up (count − expected)² / expected, and its p-value says how often, if the rule holds, chance makes that sum at least
# so large. Ours is not suspicious (we would call it so below 0.001); against a rule two points off, the same counts are.
#
# A chosen symbol that stays is *seen by all predictions* of its turn, its own included: the
# exception to the rule of turns. Poke the masked network when *every* is kept:

# %% tags=["hide-input"]
kept = influence(lambda x: masked(x, hidden, kept=[6]), x, poke)
for t in hidden:
    sees = [sentence[s] for s in range(T) if kept[t, s]]
    print(f"{sentence[t]:<6} depends on {' '.join(sees)}")

# %% [markdown]
# The loss is the mean cross-entropy over the targets. Two things must not change it, not even in the last bit: the
# predictions where there is no target, and the padding. (In the last line below, as a control, attention looks at the padding.)


# %%
def loss_of(logits, targets):
    """Mean over positions with a target, in nats; 0 if there is none."""
    counted = targets != NONE  # [B, T]
    losses = F.cross_entropy(
        logits[counted], targets[counted], reduction="none"
    )
    return losses.sum() / max(len(losses), 1)


# %% tags=["hide-input"]
# @title A batch of eight short reviews through the network
def logits_of(inputs, real):
    """[B, T, V], by the untrained layers; padding is not looked at."""
    y = table[inputs] + place[: inputs.shape[1]]  # [B, T, d]
    for layer in layers:
        y = layer(y, y, real[:, None, :])  # [B, T, d]
    return y @ table.T / math.sqrt(d)  # [B, T, V]


table = torch.randn(vocab_size, d, generator=run.generator(3))
SETTINGS = {"vocab_size": vocab_size, "mask_id": MASK, "special_ids": [0, 1, 2]}
short = [row for row in rows if len(row) <= 30][:8]
batch = masking.masked(short, **SETTINGS, generator=run.generator(4))
logits = logits_of(batch.inputs, batch.real)

# %% tags=["hide-input", "nbval-ignore-output"]
# @title Spoiling what must not count
loss = loss_of(logits, batch.targets)
noise = 100 * torch.randn(logits.shape, generator=run.generator(5))
unasked = (batch.targets == NONE)[..., None]  # [B, T, 1]
spoiled = torch.where(unasked, noise, logits)
junk = torch.where(batch.real, batch.inputs, FIRST + 7)  # other padding
padded = logits_of(junk, batch.real)
looked_at = logits_of(junk, torch.ones_like(batch.real))
print(f"{batch.targets.numel()} positions, ", end="")
print(f"{(~batch.real).sum()} of padding, {(~unasked).sum()} targets")
other = {"": logits, "other logits without target": spoiled}
other |= {"other padding": padded, "other padding, looked at": looked_at}
for name, these in other.items():
    print(f"loss {name:<30} {loss_of(these, batch.targets):.6f}")

# %% [markdown]
# In a batch of few and short texts nothing at all may be chosen. The mean of no losses is 0/0, and
# PyTorch's `cross_entropy` answers `nan`; hence the `max` above. The package's `masking.masked`
# does for a batch what `bert_mask` does for a text, and says what is wrong with odd inputs:

# %% tags=["hide-input"]
cases = {
    "share 0": {"share": 0.0},
    "share 1": {"share": 1.0},
    "share 1.5": {"share": 1.5},
    "share nan": {"share": math.nan},
    "mask_id 9": {"mask_id": 9},
    "all special": {"special_ids": range(7)},
}
tiny = {"vocab_size": 7, "mask_id": 3, "special_ids": [0, 1, 2]}
odd = {}
for name, options in cases.items():
    try:
        settings = {**tiny, **options, "generator": run.generator()}
        odd[name] = masking.masked([[1, 4, 5, 6, 2]], **settings)
        print(f"{name:<12} targets {odd[name].targets[0].tolist()}")
    except ValueError as error:
        print(f"{name:<12} ValueError: {error}")

# %% tags=["claims"]
check("80/10/10: not suspicious", p_value > 0.001)
check("and the test sees a rule two points off", wrong.pvalue < 0.001)
again = bert_mask(ids, vocab_size, run.generator())
check("The same seed masks the same symbols", torch.equal(again[1], targets))
check("and replaces them by the same", torch.equal(again[0], inputs))

# %% tags=["claims"]
theirs = masking.masked(rows, **SETTINGS, generator=run.generator())
same = torch.equal(theirs.inputs[theirs.real], inputs)
check("The package's inputs, all reviews as one batch, are ours", same)
same = torch.equal(theirs.targets[theirs.real], targets)
check("and so are its targets", same)
check("All hidden places see the kept symbol", kept[hidden, 6].all())
check(
    "Symbols behind [M] do not see themselves", not (kept[1, 1] or kept[2, 2])
)
same_loss = loss_of(spoiled, batch.targets)
check("Logits without target count nothing, to the last bit", same_loss == loss)
same_loss = loss_of(padded, batch.targets)
check("nor does padding, to the last bit", same_loss == loss)
other_loss = loss_of(looked_at, batch.targets)
check("Padding that is looked at does", other_loss != loss)
theirs = masking.masked_loss(logits, batch.targets)
close("The package's loss is ours", theirs, loss, atol=1e-4)
no_targets = torch.full_like(batch.targets, NONE)  # [B, T]
nothing = loss_of(logits, no_targets)
check("Without targets the loss is 0", nothing == 0)
mean = F.cross_entropy(logits.flatten(0, 1), no_targets.flatten())
check("and PyTorch's mean is nan", mean.isnan())
close("Share 0: no target", odd["share 0"].targets[0], [-100] * 5)
close("Share 1: all words", odd["share 1"].targets[0], [-100, 4, 5, 6, -100])
check("The other four are refused", len(odd) == 2)

# %% [markdown]
# ## Is it the probability of a text?
#
# The world has only two texts, *ab* and *ba*, each with probability ½. A perfect causal model says
# ½ for the first symbol, and 1 for the second, which the first gives away: ½ in all, as it should
# be. A perfect masked model is asked for one symbol at a time, with the other in sight: it says 1,
# and 1. The product is 1 for *ab* and for *ba*: their "probabilities" sum to two.
#
# This product of all one-gap guesses is called the **pseudo-likelihood** (Besag 1975):
#
# $$\operatorname{PL}(x) = \prod_{t=1}^{T} P(x_t \mid \text{all other symbols}) \tag{2}$$
#
# The one that is right lets each symbol depend on those before it, in whichever order $o$ one likes: the chain rule
#
# $$P(x) = \prod_{i=1}^{T} P(x_{o_i} \mid x_{o_1}, \dots, x_{o_{i-1}}) \tag{3}$$
#
# Here are both on larger worlds: three letters, texts of four, a random probability for each
# of the 81. A sum over an axis forgets that symbol; `keepdims` leaves the axis there, with length
# one, so that tables still fit.


# %%
def pseudo_likelihood(joint):
    """The product (2) for every text; joint [V, …, V] has T axes."""
    product = np.ones_like(joint)
    for t in range(joint.ndim):
        others = joint.sum(axis=t, keepdims=True)  # P(all others)
        product = product * joint / np.where(others > 0, others, 1)  # no 0/0
    return product


# %% tags=["hide-input"]
# @title The chain rule in any order
def in_order(joint, order):
    """The product (3) for every text; order lists the axes."""
    product, known = np.ones_like(joint), []
    for t in order:
        before = joint.sum(axis=hidden_axes(joint, known), keepdims=True)
        known = [*known, t]
        now = joint.sum(axis=hidden_axes(joint, known), keepdims=True)
        product = product * now / np.where(before > 0, before, 1)
    return product


def hidden_axes(joint, known):
    """The axes that are summed over."""
    return tuple(t for t in range(joint.ndim) if t not in known)


# %% tags=["hide-input"]
two = np.array([[0.0, 0.5], [0.5, 0.0]])  # P(aa), P(ab); P(ba), P(bb)
worlds = {"ab or ba": two}
for number_of_world in range(3):
    rng = np.random.default_rng([SEED, number_of_world])
    numbers = rng.dirichlet(np.ones(81)).reshape(3, 3, 3, 3)
    worlds[f"random {number_of_world + 1}"] = numbers
gap = 0.0  # between joint and product (3), over all orders
print("world       left to right   all orders, from … to …   pseudo-likelihood")
for name, joint in worlds.items():
    orders = [*itertools.permutations(range(joint.ndim))]
    products = [in_order(joint, order) for order in orders]
    gap = max(gap, *(abs(p - joint).max() for p in products))
    sums = [p.sum() for p in products]
    print(
        f"{name:<11} {sums[0]:13.6f}   {min(sums):9.6f} {max(sums):9.6f}",
        end="",
    )
    print(f"      {pseudo_likelihood(joint).sum():13.6f}")

# %% [markdown]
# These are *perfect* models of their worlds, and still the last column is not one. For texts of two symbols one can say what it is, with $P(a)$ for the first and $P(b)$ for the second:
#
# $$\sum_{x} \operatorname{PL}(x) = \sum_{a,b} \frac{P(a,b)^2}{P(a)\,P(b)} = 1 + \sum_{a,b} \frac{\bigl(P(a,b) - P(a)P(b)\bigr)^2}{P(a)\,P(b)} \tag{4}$$
#
# The last sum is the chi-squared formula again: how far the pairs are from independent. It is zero for independent symbols, and for
# no others.
#
# Can one hide both symbols at once instead? Then a masked model answers without either, ½ and ½, and the product gives *aa*, which
# does not exist, a quarter. Multiplying guesses that share a turn treats the symbols as independent, given what is seen.


# %% tags=["hide-input"]
# @title The excess of (4)
def excess(joint):
    """The last sum of (4), for a table [V, V] of pairs."""
    alone = np.outer(joint.sum(axis=1), joint.sum(axis=0))  # [V, V]
    seen = alone > 0
    return ((joint - alone)[seen] ** 2 / alone[seen]).sum()


# %% [markdown]
# ### A network that knows nothing
#
# Is (3) a promise of perfect models only? Ask our untrained network: for each of the 81 texts,
# multiply its causal, masked and permuted answers. Do so with ten alphabets, of three random
# vectors each; a letter's score is the product with its vector, divided by $\sqrt d$. (`vmap`
# applies a function to each text of a batch; `gather` picks from each row the entry of its symbol.)
#
# Ask the masked network twice: with one gap at a time, all else in sight; and in an order. For that, hide all, ask for one
# symbol, show it, ask for the next: $T$ passes through the same network (as Hoogeboom et al. 2022 do).


# %%
def products(predict, texts, letters):
    """For each text [T]: what predict gives its symbols, multiplied."""
    answers = torch.vmap(predict)(letters[texts])  # [N, T, d]
    scores = answers @ letters.T / math.sqrt(d)  # [N, T, V]
    logs = scores.log_softmax(dim=-1)
    return logs.gather(2, texts[..., None]).sum(dim=(1, 2)).exp()  # [N]


def one_gap(x):
    """Row t: the masked network's vector for t, only t hidden."""
    return torch.stack([masked(x, [t])[t] for t in range(len(x))])  # [T, d]


def masked_in_order(x, order):
    """Row t: its vector when t and all later in the order are hidden."""
    row = {t: masked(x, order[i:])[t] for i, t in enumerate(order)}
    return torch.stack([row[t] for t in range(len(x))])  # [T, d]


# %% tags=["hide-input"]
# @title All texts, all orders, ten alphabets
all_texts = torch.tensor([*itertools.product(range(3), repeat=4)])  # [81, 4]
alphabets = torch.randn(10, 3, d, generator=run.generator(6))  # [10, V, d]
asked = {"causal": causal, "masked, one gap": one_gap}
for p in itertools.permutations(range(4)):  # p=p: each keeps its own
    asked[f"masked, in order {p}"] = lambda x, p=p: masked_in_order(x, p)
    asked[f"permuted {p}"] = lambda x, p=p: permuted(x, p)[0]
sums, of_one = {}, []  # sums over all texts; one text in each order
for name, predict in asked.items():
    each = [products(predict, all_texts, letters) for letters in alphabets]
    sums.setdefault(name.partition(" (")[0], []).extend(
        answer.sum().item() for answer in each
    )
    if "permuted" in name:
        of_one.append(each[0][5].item())
middle = products(
    lambda x: span_corruption(x, [(1, 3)]), all_texts, alphabets[0]
)
middle = middle.view(3, 3, 3, 3) * 9  # where nothing is asked: 1/3 a letter

# %% tags=["hide-input", "nbval-ignore-output"]
print("sum over all 81 texts, ten alphabets")
for name, totals in sums.items():
    print(f"{name:<20} {min(totals):.4f} to {max(totals):.4f}", end="")
    print(f", {len(totals)} sums")
print(f"one text, permuted   {min(of_one):.4f} to {max(of_one):.4f}")

# %% [markdown]
# Products of one-gap guesses need not sum to one. The other three give a distribution over texts of
# this length *by construction*: each answer is a softmax over one symbol, and no answer knows a
# symbol asked for later. (Sum over the last symbol asked for: one, whatever came before. Then over
# the one before it, and so on.) So it is not the network that forbids a probability, but the way of
# asking. The last line shows that the orders give one text different probabilities.

# %% tags=["claims"]
close("Product (3), all worlds and orders: the joint table", gap, 0.0)
for name in ("random 1", "random 2", "random 3"):
    total = pseudo_likelihood(worlds[name]).sum()
    check(f"Pseudo-likelihood, {name}: over one by a tenth", total > 1.1)
close("ab or ba: two", pseudo_likelihood(two).sum(), 2)
pair = np.random.default_rng(SEED).dirichlet(np.ones(9)).reshape(3, 3)
total = pseudo_likelihood(pair).sum()
close("Formula (4) on random pairs", total, 1 + excess(pair))
alone = np.outer(pair.sum(axis=1), pair.sum(axis=0))
close("Independent pairs: one", pseudo_likelihood(alone).sum(), 1)
close("The untrained network, causal: one", sums["causal"], 1.0, atol=1e-4)
close("permuted: one in each order", sums["permuted"], 1.0, atol=1e-4)
in_turn = sums["masked, in order"]
close("masked, asked in an order: one in each", in_turn, 1.0, atol=1e-4)
off = max(abs(total - 1) for total in sums["masked, one gap"])
check("masked, one gap: off by more than a thousandth in some", off > 0.001)
close(
    "span, letters only, lengths fixed: one",
    middle.sum((1, 2)),
    1.0,
    atol=1e-4,
)
check("Two orders differ about one text", max(of_one) > 1.1 * min(of_one))

# %% [markdown]
# ## What is gained, what is paid
#
# **Gained: near neighbours.** What is it worth to see the right side? Count all runs of three
# letters or spaces in the reviews, and take this table as the world. The mean surprise of a symbol given others is the entropy of all together less that of the others.
# Compare at equal numbers of symbols: two on the left, two on the right, or one on each side.


# %% tags=["hide-input"]
# @title Counting letters
def entropy(table):
    """Bits."""
    p = table[table > 0] / table.sum()
    return -(p * np.log2(p)).sum()


triples = np.zeros((27, 27, 27))
for text in texts:
    line = re.sub(r"[^a-z]+", " ", text.lower())
    codes = [" abcdefghijklmnopqrstuvwxyz".index(c) for c in line]
    for i in range(len(codes) - 2):
        triples[codes[i], codes[i + 1], codes[i + 2]] += 1

whole = entropy(triples)
surprise = {
    "one on the left": entropy(triples.sum(axis=2))
    - entropy(triples.sum((1, 2))),
    "two on the left": whole - entropy(triples.sum(axis=2)),
    "two on the right": whole - entropy(triples.sum(axis=0)),
    "one on each side": whole - entropy(triples.sum(axis=1)),
}

# %% tags=["hide-input"]
for name, bits in surprise.items():
    print(f"{name:<17} {bits:.2f} bits a symbol")

# %% [markdown]
# A symbol is less surprising with one neighbour on each side than with two on the left. Two on the right must be as good as two on the left: both are the entropy of three neighbours less that of two. (The counts differ only at the ends of the texts.)
#
# **Paid: predictions.** Count the vectors that one pass reads, and its predictions. The text has
# 512 symbols; masking asks for 15 % on average, 77 symbols, span corruption for 15 %, in spans of
# three on average as in T5 (as in its code, they never begin with the first symbol):


# %% tags=["hide-input"]
# @title Random spans
def random_spans(T, share, mean, generator):
    """Pairs (start, end): a given number of symbols in random runs."""
    gone = round(share * T)
    if gone in (0, T):
        return [(0, T)] if gone else []
    count = min(max(1, round(gone / mean)), T - gone)

    def parts(total):  # `count` positive whole numbers with this sum
        cuts = torch.randperm(total - 1, generator=generator)[: count - 1] + 1
        edges = [0, *sorted(cuts.tolist()), total]
        return [b - a for a, b in itertools.pairwise(edges)]

    spans, end = [], 0
    for keep, hide in zip(parts(T - gone), parts(gone), strict=True):
        spans.append((end + keep, end + keep + hide))
        end += keep + hide
    return spans


# %% tags=["hide-input"]
long = torch.full((512,), FIRST)
_, asked_for = bert_mask(long, FIRST + 1, run.generator(7))
holes = random_spans(512, 0.15, 3, run.generator(8))
source, target = corrupt([*range(512)], holes)
budget = {
    "causal": (512, 512),
    "masked": (512, (asked_for != NONE).sum().item()),
    "permuted, all": (2 * 512, 512),
    "span corruption": (len(source) + len(target) - 1, len(target) - 1),
    "next sentence": (512 + 3, 1),  # [C] and two [SEP]
}
print("                 vectors read   predictions")
for name, (length, predictions) in budget.items():
    print(f"{name:<16} {length:12} {predictions:13}")

# %% [markdown]
# Masking and span corruption ask for less than a third of what the causal objective asks for. The two streams of the permuted objective read every place twice; XLNet itself asks only for the last symbols of each order, and its query stream holds only these. Span
# corruption counts its sentinels too. How much a prediction teaches is another matter: we only count.
#
# Span corruption can be undone if no word of the text looks like a sentinel: also when spans touch, cover everything, or there are none.

# %% tags=["hide-input"]
# @title Round trips
trips = 0
for seed in range(200):
    generator = run.generator(100 + seed)
    length = int(torch.randint(1, 40, (1,), generator=generator))
    share = [0, 1, 0.15, 0.3, 0.5, 0.6, 0.7, 0.85][seed % 8]
    some = random_spans(length, share, 3, generator)
    words = [f"w{i}" for i in range(length)]
    trips += restore(*corrupt(words, some)) == words
touching = corrupt(["a", "b", "c"], [(0, 1), (1, 3)])
try:
    refused = not corrupt(["a", "b"], [(0, 2), (1, 2)])
except ValueError:
    refused = True

# %% tags=["claims"]
_, left, right, both_sides = surprise.values()
check("One on each side beats two on the left", both_sides < left - 0.3)
check("Two on the right: the same, but for the ends", abs(right - left) < 0.1)
check("200 round trips come back", trips == 200)
check("Touching spans come back", restore(*touching) == ["a", "b", "c"])
check("Overlapping spans are refused", refused)
asked_for_few = budget["masked"][1], budget["span corruption"][1]
check("Masked and span: under a third of causal", max(asked_for_few) < 512 / 3)

# %% [markdown]
# ## Next sentence
#
# From each text with two sentences or more, draw a sentence that has a next one. In half of the cases its partner is the
# next one; in the other half a sentence of another text. It is never the first of its text, because a next sentence never is. (Here a sentence ends at every full
# stop, ! or ? before a space, *Ms.* and three dots included, which may give some pairs away. BERT
# also adds a vector that says which sentence a symbol belongs to; we have left it out.)


# %% tags=["hide-input"]
# @title Drawing pairs
def sentence_pairs(texts, generator):
    """Triples (first, second, follows); ValueError: too few with a second."""
    split = [re.split(r"(?<=[.!?]) +", text.strip()) for text in texts]
    split = [parts for parts in split if len(parts) > 1]
    if len(split) < 2:
        raise ValueError("texts: two of them need a second sentence")

    def below(n):
        return int(torch.randint(n, (1,), generator=generator))

    pairs = []
    for i in torch.randperm(len(split), generator=generator).tolist():
        start = below(len(split[i]) - 1)
        second, follows = split[i][start + 1], len(pairs) % 2 == 0
        if not follows:
            other = split[(i + 1 + below(len(split) - 1)) % len(split)]
            second = other[1 + below(len(other) - 1)]
        pairs.append((split[i][start], second, follows))
    return pairs


pairs = sentence_pairs(texts, run.generator(9))

# %% tags=["hide-input"]
true = sum(follows for _, _, follows in pairs)
print(f"{len(texts):,} texts give {len(pairs):,} pairs, {true:,} true")
shown_pairs = [p for p in pairs if min(len(p[0]), len(p[1])) > 20]
for first, second, follows in sorted(
    shown_pairs, key=lambda p: len(p[0] + p[1])
)[:4]:
    print("follows:" if follows else "random: ", first, "|", second)
print("\nalways answering q costs")
for q in (0.5, 0.6, 0.9):
    print(f"{q}   {-(math.log(q) + math.log(1 - q)) / 2:.4f} nats")
try:
    refusal = str(sentence_pairs(["One sentence."] * 9, run.generator()))
except ValueError as error:
    refusal = f"ValueError: {error}"
print(f"\nnine texts of one sentence: {refusal}")

# %% [markdown]
# Let $q$ be the probability given to *follows*. Among constant answers $q = ½$ is best, and costs $\ln 2$: the slope of $-\tfrac12 \ln q - \tfrac12 \ln(1 - q)$ is
# zero there. It is a first mark for a trained model. The authors of ALBERT (Lan et al. 2020) argue that topic alone solves much of the task, and ask for
# the order of two neighbours instead; RoBERTa (Liu et al. 2019) leaves the task out.

# %% tags=["claims"]
check("Half and half, to one pair", abs(2 * true - len(pairs)) <= 1)
costs = [-(math.log(q) + math.log(1 - q)) / 2 for q in np.arange(0.01, 1, 0.01)]
close("The best constant costs ln 2", min(costs), math.log(2))
check("Nine texts of one sentence are refused", "ValueError" in refusal)

# %% [markdown]
# ## Summary
#
# | Objective | Turns | Is asked for | A probability of the text? |
# |:--|:--|:--|:--|
# | causal (GPT) | 1, 2, 3, … | all | yes, in one pass |
# | permuted (XLNet) | shuffled | all, or the last | yes, in each order, if all are asked |
# | masked (BERT) | 0 seen, 1 hidden | the hidden | by one-gap guesses: not in general; asked one by one in an order, in $T$ passes: yes |
# | span corruption (T5) | 0 seen, then 1, 2, … | the hidden, in order | of the hidden runs, given the rest and their lengths |
# | next sentence (BERT) | 0 | one answer a pair | no |
#
# Back to the gap: who knew the *of* bet better. But one-gap guesses from both sides do not in general multiply to a probability of the text; guesses of all its symbols, each with a turn of its own, do. That is one reason to guess in an order. Left to right is such an order, and
# needs one stream and one pass.
#
# ## Exercises
#
# > **Exercise 1.** With a pencil (★★☆, 8 minutes). A world of two symbols: *ab* has probability ½, *aa* and *ba* ¼ each, *bb* none. What is
# > the pseudo-likelihood of *aa*, *ab*, *ba*, *bb*? Check their sum with (4), if you like.
#
# <details><summary>Hint</summary>
#
# Two factors each. For *aa*: of the texts whose second symbol is *a*, which share begins with *a*?
#
# </details>


# %% tags=["exercise"]
def four_pseudo_likelihoods():
    """The pseudo-likelihoods of aa, ab, ba and bb, as a list."""
    ...


exercises.pseudo(four_pseudo_likelihoods)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def four_pseudo_likelihoods():
    """The pseudo-likelihoods of aa, ab, ba and bb, as a list."""
    # aa: 1/2 of what ends in a begins with a; 1/3 of what begins with a
    # ends in a. ab: 1 · 2/3. ba: 1/2 · 1. bb never occurs. The sum is 4/3.
    return [1 / 2 * 1 / 3, 1 * 2 / 3, 1 / 2 * 1, 0]


exercises.pseudo(four_pseudo_likelihoods)

# %% [markdown]
# > **Exercise 2.** How many passes? (★☆☆, 5 minutes). In each pass over a text every symbol is chosen anew with probability 15 %. After how many passes is the
# > probability at least 95 % that a given symbol has been a target? Think first: is it more than seven?
#
# <details><summary>Hint</summary>
#
# What is the probability that it was not chosen in $n$ passes?
#
# </details>


# %% tags=["exercise"]
def passes():
    """The smallest number of passes."""
    ...


exercises.passes(passes)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def passes():
    """The smallest number of passes."""
    # 0.85 ** n must be at most 0.05: n is at least ln 0.05 / ln 0.85.
    return math.ceil(math.log(0.05) / math.log(0.85))


exercises.passes(passes)

# %% [markdown]
# > **Exercise 3.** Two texts in one row (★★☆, 10 minutes). To waste no padding, several texts are put one behind the other. Write the mask
# > for a causal model: inside each text the past and itself, and nothing of any other text. Can it be made of one list of
# > turns?
#
# <details><summary>Hint</summary>
#
# Two conditions, joined by `&`: one about turns, and one about the number of the text.
#
# </details>


# %% tags=["exercise"]
def packed(lengths):
    """bool [N, N] for texts of these lengths, N their sum."""
    ...


exercises.packed(packed)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def packed(lengths):
    """bool [N, N] for texts of these lengths, N their sum."""
    # No: of two turns, one is always at most the other, so that one of two
    # symbols always sees the other.
    texts = torch.arange(len(lengths)).repeat_interleave(torch.tensor(lengths))
    return visible(range(sum(lengths))) & (texts[:, None] == texts[None, :])


exercises.packed(packed)

# %% [markdown]
# > **Exercise 4.** Six suspects (★★★, 20 minutes). `exercises.suspects()` is a dictionary of six networks, each a function from a text
# > `[6, 16]` to predictions `[6, 16]`. All are said to respect the turns `exercises.TURNS`. Experiment: in which does a prediction depend on its own
# > symbol, or on one with a later turn?
#
# <details><summary>Hint</summary>
#
# `influence`, in a random direction; compare with `visible`.
#
# </details>


# %% tags=["exercise"]
def cheats(suspects, turns):
    """Names of the suspects that see what they should not."""
    ...


exercises.cheats(cheats)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 4
def cheats(suspects, turns):
    """Names of the suspects that see what they should not."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(len(turns), 16, generator=generator)
    poke = torch.randn(16, generator=generator)
    allowed = visible(turns, strictly=True)
    return [
        name
        for name, predict in suspects.items()
        if (influence(predict, x, poke) & ~allowed).any()
    ]


exercises.cheats(cheats)

# %% [markdown]
# ## Common mistakes
#
# - *No shift in a causal model*: it can copy. Poke symbol $t$, and prediction $t$ must stay.
# - *A query stream that sees itself*: the same for permuted. Compare strictly.
# - *A content stream without a mask*: with two layers the future comes in through the
#   contents of others.
# - *Padding that is looked at*: spoil the padding; the loss must be the same to the last bit.
# - *A mean over no targets*: `nan`. Count the targets, and divide by one at least.
# - *Pseudo-likelihood called probability, or* $\exp(-\ln \operatorname{PL} / T)$ *perplexity*: it is a pseudo-perplexity (Salazar et al. 2020). Do not compare it with a causal model's.
#
# ## Further reading
#
# - Devlin et al. (2019), [BERT](https://aclanthology.org/N19-1423/): masked symbols, 80/10/10, and next sentences.
# - Yang et al. (2019), [XLNet](https://arxiv.org/abs/1906.08237): permuted orders and two streams.
# - Raffel et al. (2020), [Exploring the limits of transfer learning with a unified text-to-text Transformer](https://arxiv.org/abs/1910.10683): span corruption, sentinels, and the three masks drawn.
# - Besag (1975), [Statistical analysis of non-lattice data](https://doi.org/10.2307/2987782): pseudo-likelihood.
# - Salazar et al. (2020), [Masked language model scoring](https://aclanthology.org/2020.acl-main.240/): pseudo-likelihood used as a score, with masked networks.
# - Hoogeboom et al. (2022), [Autoregressive diffusion models](https://arxiv.org/abs/2110.02037): a masked network asked in a random order, trained for it.
# - Liu et al. (2019), [RoBERTa](https://arxiv.org/abs/1907.11692): new masks in each pass, and no next sentence.
# - Lan et al. (2020), [ALBERT](https://arxiv.org/abs/1909.11942): the order of two sentences in place of the next one.
