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
# # From probabilities to text
#
# Turn a model's probabilities into text in nine ways, count what three of them keep, and write faster without
# changing the distribution of what is written.
#
# Here is a public model (SmolLM2 of 135 million numbers, tuned for chat, most of them rounded to 4 bits), put into our own code as in [real weights](real_weights.ipynb):

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
import time

import matplotlib.pyplot as plt
import numpy as np
import torch
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation.intervals import bootstrap_mean, paired_bootstrap
from lmcourse.exercises.transformer import decoding as exercises
from lmcourse.generation import cached, filters
from lmcourse.models import llama, pretrained
from lmcourse.models.ngram import NGram
from lmcourse.records import sweep
from lmcourse.text.characters import CharTokenizer
from lmcourse.weights import char_gpt
from scipy.stats import chisquare
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

run = session.start(PROFILE, SEED)

# %%
tokenizer, reference = pretrained.causal_lm()  # SmolLM2
config = llama.reference_config(reference.config)
model = llama.from_reference(reference.state_dict(), config).to(run.device)

# %% tags=["hide-input", "nbval-ignore-output"]
# @title One beginning, three texts
PROMPT = "The film was so boring that I"


def encode(text):
    """ids [1, T] on the device."""
    ids = tokenizer(text, return_tensors="pt")["input_ids"]
    return ids.to(run.device)


for name, temperature, offset in (
    ("greedy", 0, 0),
    ("drawn", 1.0, 1),
    ("drawn again", 1.0, 2),
):
    ids = cached.generate(
        model,
        encode(PROMPT),
        run.size(smoke=4, cpu=30, gpu=30),
        temperature=temperature,
        generator=run.generator(offset),
    )
    print(f"{name + ':':<13}{tokenizer.decode(ids[0]).replace(chr(10), ' ')}\n")

# %% [markdown]
# One model, one beginning, three texts. What a model gives is a *distribution*: for each token of its vocabulary the
# probability to come next. It does not say what to do with it. Everything called **decoding** is a way of turning many
# distributions into one text. Which texts does each way allow, which does it prefer, and what does it cost?
#
# **You will**
#
# - draw by temperature, top-k, top-p and min-p, and say what each keeps,
# - search for the likeliest text with a beam, and see it miss,
# - keep keys and values, and count what that saves,
# - compare what the ways write with what people wrote,
# - let a small model write for a large one, the distribution unchanged.
#
# **You need** [attention](attention.ipynb), [the GPT](gpt.ipynb) and
# [softmax](../probability/softmax.ipynb); *real weights* says where the model comes from.

# %% [markdown]
# ## Five words
#
# A model knows five words. Three times we ask what comes next, and it is more or less sure:

# %%
WORDS = ["bad", "dull", "long", "odd", "blue"]
sure = np.array([0.90, 0.05, 0.03, 0.01, 0.01])  # [V], V = 5 words
fair = np.array([0.40, 0.25, 0.20, 0.10, 0.05])
unsure = np.array([0.22, 0.21, 0.20, 0.19, 0.18])


# %% [markdown]
# We could draw a word with these probabilities. Or we change them first. The *temperature* $T$ of the softmax chapter makes it
# sharper ($T < 1$) or flatter ($T > 1$):
#
# $$p_i^{(T)} = \frac{p_i^{1/T}}{\sum_j p_j^{1/T}} \tag{1}$$
#
# It is what softmax gives when the logits are divided by $T$. At $T = \tfrac12$ the probabilities of *fair* are squared,
# that of *bad* to $0.4 \cdot 0.4$, and the squares are divided by their sum. Near zero the likeliest word gets
# nearly everything, and *temperature 0* is short for taking the likeliest: **greedy** decoding.


# %%
def at_temperature(p, T):
    """Formula (1)."""
    powers = p ** (1 / T)  # [V]
    return powers / powers.sum()


# %% [markdown]
# Or we leave words out, and share what they had among the others in proportion. Three ways to say which stay:
#
# - **top-k** (Fan et al. 2018): the $k$ likeliest;
# - **top-p** (Holtzman et al. 2020): the fewest likeliest that together have the probability $P$ or more;
# - **min-p** (Nguyen et al. 2024): those with at least the share $m$ of the likeliest word's probability:
#
# $$\text{keep } i \iff p_i \ge m \cdot \max_j p_j \tag{2}$$


# %%
def top_k(p, k):
    likeliest_first = np.argsort(-p, kind="stable")
    return {int(i) for i in likeliest_first[:k]}


def top_p(p, P):
    kept, mass = set(), 0.0
    for i in np.argsort(-p, kind="stable"):  # likeliest first
        kept.add(int(i))
        mass += p[i]
        if mass >= P:
            break
    return kept


def min_p(p, m):
    """Formula (2)."""
    line = m * p.max()
    return {i for i in range(len(p)) if p[i] >= line}


# %% tags=["hide-input"]
for name, p in {"sure": sure, "fair": fair, "unsure": unsure}.items():
    print(
        f"{name:<7}", *(f"{w} {x:.2f} " for w, x in zip(WORDS, p, strict=True))
    )
    for label, kept in {
        "top-k 2": top_k(p, 2),
        "top-p 0.7": top_p(p, 0.7),
        "min-p 0.2": min_p(p, 0.2),
    }.items():
        print(f"  {label:<10} keeps", *(WORDS[i] for i in sorted(kept)))

# %% [markdown]
# By hand, for *fair*: top-p adds 0.40 + 0.25 = 0.65, not yet 0.7, so *long* comes along; min-p draws the line at
# $0.2 \cdot 0.40 = 0.08$. Top-k keeps two whatever the model thinks; the other two ways keep one word where the
# model is sure, and four or five where it is not.
#
# The package has the same for logits (`lmcourse.generation.filters`: what is left out gets $-\infty$). A top-k larger than the vocabulary keeps everything. Does it keep
# the same sets, on a thousand random distributions?

# %% tags=["hide-input"]
# @title Random distributions through ours and the package's
rng = np.random.default_rng(SEED)
same = []
for _ in range(1000):
    logits = rng.normal(size=12) * rng.uniform(0.2, 4)  # [12]
    p = np.exp(logits) / np.exp(logits).sum()
    k, share = int(rng.integers(1, 15)), float(rng.uniform(0.01, 0.99))
    for ours, theirs, amount in (
        (top_k, filters.top_k, k),
        (top_p, filters.top_p, share),
        (min_p, filters.min_p, share),
    ):
        kept = theirs(torch.tensor(logits), amount).isfinite().nonzero()
        same.append(ours(p, amount) == {*kept.flatten().tolist()})
scaled = torch.tensor(fair).log() / 0.5
print(f"{sum(same):,} of {len(same):,} sets are equal")

# %% tags=["claims"]
close(
    "Formula (1) is softmax of logits divided by T",
    at_temperature(fair, 0.5),
    scaled.softmax(-1),
)
check("All sets of ours are the package's", all(same))

# %% [markdown]
# ### Along a sentence
#
# How many of SmolLM2's tokens does each way keep, from word to word of a sentence?

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three lines over the tokens of The film was so boring that I fell asleep, full stop, on a logarithmic axis: how many tokens each way keeps before each token. Top-k is flat at forty. Top-p lies at hundreds to a thousand for the first four tokens and between ten and a hundred after them. Min-p lies below top-k everywhere."}}
SENTENCE = PROMPT + " fell asleep."
ids = encode(SENTENCE)  # [1, T]
with torch.no_grad():
    logits = model(ids)[0, :-1].cpu().double()  # [T - 1, V]
chances = logits.softmax(-1).numpy()
amounts = {"top-k 40": (top_k, 40), "top-p 0.9": (top_p, 0.9)}
amounts["min-p 0.1"] = (min_p, 0.1)
kept_along = {
    name: [len(keep(p, amount)) for p in chances]
    for name, (keep, amount) in amounts.items()
}
figure, ax = plot.panels(height=3.0)
for (name, numbers), marker in zip(kept_along.items(), "so^", strict=True):
    ax.plot(numbers, marker=marker, label=name)
pieces = [tokenizer.decode([i]).strip() for i in ids[0, 1:].tolist()]
ax.set_xticks(range(len(pieces)), pieces, rotation=45)
ax.set(yscale="log", xlabel="token to come", ylabel="tokens kept")
ax.legend()
plt.show()

# %% [markdown]
# Top-k keeps forty at each place. Top-p keeps more at some places of this sentence and fewer at others, min-p fewer at all of them. All three rule words out;
# how many, their amounts decide. How many of the words that *people* wrote? Take validation sentences; a token is *ruled out* if it is not
# among the kept. A sentence in which one token is ruled out cannot be written in these tokens. (The first token is given.)

# %% tags=["hide-input"]
# @title What people wrote, and what each way rules out
reviews = load_reviews("text")
texts = list(reviews["validation"]["text"])
order = np.random.default_rng(SEED).permutation(len(texts))
read = [texts[i] for i in order[: run.size(smoke=4, cpu=60, gpu=200)]]
possible = {name: [] for name in amounts}  # for each sentence: bool [T - 1]
for text in read:
    ids = encode(text)
    with torch.no_grad():
        p = model(ids)[0, :-1].softmax(-1)  # [T - 1, V]
    own = p.gather(1, ids[0, 1:, None])  # [T - 1, 1]: what people wrote
    likelier = p > own  # [T - 1, V]
    mass = (p * likelier).sum(1)  # [T - 1], of all that is likelier
    possible["top-k 40"].append(likelier.sum(1) < 40)
    possible["top-p 0.9"].append(mass < 0.9)  # nine tenths not reached yet
    possible["min-p 0.1"].append(own[:, 0] >= 0.1 * p.max(1).values)

# %% tags=["hide-input", "nbval-ignore-output"]
print(f"{len(read)} sentences       ruled out    could be written")
ruled_out, whole = {}, {}
for name, rows in possible.items():
    shares = [1 - float(row.double().mean()) for row in rows]
    ruled_out[name] = bootstrap_mean(shares)
    whole[name] = sum(bool(row.all()) for row in rows)
    mean = ruled_out[name]
    print(
        f"{name:<12} {mean.value:6.0%} [{mean.low:.0%}, {mean.high:.0%}]"
        f" of the tokens {whole[name]:8} sentences"
    )

# %% [markdown]
# (Means over sentences; the 95 % intervals are bootstrapped over them: draw as many sentences anew, with repetition, ten thousand times,
# and take the middle 95 % of the means.) The model itself expects top-p 0.9 to rule out at most a tenth. Of what
# people wrote in these reviews it rules out more. And a sentence is many tokens: hardly one of them could be written whole. That is no
# fault by itself. Whoever cuts wants fewer odd texts, and pays with some of what people would say.

# %% tags=["claims"]
check(
    "Top-p 0.9 rules out more than a tenth of what people wrote",
    ruled_out["top-p 0.9"].low > 0.1,
)
check(
    "No way could write more than a tenth of the sentences",
    max(whole.values()) <= len(read) / 10,
)

# %% [markdown]
# ## The likeliest text
#
# Why draw at all? Let us write the *likeliest* text. Greedy takes the likeliest word at each step; is that not
# the same? A tree with two steps:

# %%
first = {"the": 0.6, "a": 0.4}
second = {
    "the": {"film": 0.4, "story": 0.3, "plot": 0.3},
    "a": {"bore": 0.9, "joy": 0.1},
}

# %% tags=["hide-input"]
products = {}
for one, p_one in first.items():
    for two, p_two in second[one].items():
        products[f"{one} {two}"] = p_one * p_two
        print(f"{one + ' ' + two:<10} {p_one} · {p_two} = {p_one * p_two:.2f}")

# %% [markdown]
# Greedy goes to *the*, and from there to *film*. The likeliest text is *a bore*: its first word is not the likeliest.
# Looking at all texts is sure to find it, but of $n$ words out of $V$ there are $V^n$. A **beam search** looks
# at some: after each step it keeps the `width` likeliest beginnings. (Logarithms are added where probabilities would be multiplied.)


# %%
def beam_search(next_log_probs, ids, n, width):
    """The likeliest continuations that it finds, with log-probability."""
    beams = [(0.0, list(ids))]
    for _ in range(n):
        grown = []
        for score, row in beams:
            for token, log_p in enumerate(next_log_probs(row)):
                grown.append((score + log_p, [*row, token]))
        grown.sort(key=lambda pair: pair[0], reverse=True)  # by score
        beams = grown[:width]
    return beams


# %% [markdown]
# Width 1 is greedy. A width of $V^{n-1}$ keeps every beginning until the last step, so it cannot miss. And between?
# Take random little models with four words and texts of five, where each beginning has a random distribution of its own, and
# look at all 1,024 texts.

# %% tags=["hide-input"]
# @title Random models: beam search against all texts
V, N = 4, 5
WIDTHS = (1, 2, 4, 16, V ** (N - 1))
rng = np.random.default_rng(SEED)
hits = {width: [] for width in WIDTHS}
for _ in range(run.size(smoke=5, cpu=200, gpu=200)):
    tables = {}  # log-probabilities after each beginning
    for length in range(N):
        for row in itertools.product(range(V), repeat=length):
            z = rng.normal(size=V) * 1.5
            tables[row] = z - np.log(np.exp(z).sum())
    scores = {
        text: sum(tables[text[:t]][text[t]] for t in range(N))
        for text in itertools.product(range(V), repeat=N)
    }
    best = max(scores, key=scores.get)
    for width in WIDTHS:
        found = beam_search(lambda row, t=tables: t[tuple(row)], [], N, width)
        hits[width].append(tuple(found[0][1]) == best)

# %% tags=["hide-input"]
print("width   finds the likeliest text")
for width, found in hits.items():
    print(f"{width:5} {np.mean(found):10.1%}")

# %% tags=["claims"]
check(
    "In the tree, 'a bore' is likeliest",
    max(products, key=products.get) == "a bore",
)
check(
    "With V^(n-1) beginnings beam search found the likeliest text each time",
    all(hits[V ** (N - 1)]),
)
check(
    "Greedy missed it in a quarter of the models or more",
    np.mean(hits[1]) < 0.75,
)

# %% [markdown]
# ## Reading each token once
#
# Before it can write the next token, a model reads all that stands before, and most of it has been read already. What can be kept?
# Small numbers: a causal attention with three tokens, and then with a fourth.

# %%
keys = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])  # [3, d]
values = torch.tensor([[1.0], [2.0], [3.0]])  # [3, 1]
query, key = torch.tensor([[0.0, 2.0], [2.0, 0.0]])  # [d] each
value = torch.tensor([5.0])  # [1]
new_keys = torch.cat([keys, key[None]])  # [4, d]
new_values = torch.cat([values, value[None]])  # [4, 1]


def attend(query, keys, values):
    """One query over all keys so far (the scores are not scaled)."""
    return (keys @ query).softmax(0) @ values  # [1]


# %% tags=["hide-input"]
# @title All four tokens at once, each seeing itself and those before
queries = torch.tensor([[1.0, 1.0], [0.0, 1.0], [1.0, 0.0], [0.0, 2.0]])
table = queries @ new_keys.T  # [4, 4]
future = torch.ones(4, 4).triu(1).bool()
at_once = table.masked_fill(future, -torch.inf).softmax(-1) @ new_values
alone = attend(query, new_keys, new_values)
early = torch.stack(
    [attend(queries[t], keys[: t + 1], values[: t + 1]) for t in range(3)]
)
print("at once, row by row:", [f"{x:.3f}" for x in at_once[:, 0]])
print("the fourth query alone, over kept keys and one new:", f"{alone[0]:.3f}")

# %% [markdown]
# The new token needs its own query, and the keys and values of *all*. Those before do not see the new token, so their outputs stay, and
# with them what the next layer makes of them. So we keep each layer's keys and values: a **KV cache**. `llama.Cache`
# holds them, and the model adds to them what it reads. Here are both ways to write.


# %%
@torch.no_grad()
def greedy_uncached(model, ids, n):
    """ids [1, T] to [1, T + n]."""
    for _ in range(n):
        hidden = model.hidden(ids)  # [1, T, C]: reads everything again
        new = model.logits(hidden[:, -1]).argmax(-1, keepdim=True)  # [1, 1]
        ids = torch.cat([ids, new], dim=1)
    return ids


@torch.no_grad()
def greedy_cached(model, ids, n):
    """The same, each token read once."""
    cache, new = llama.Cache(ids.shape[1] + n), ids
    for _ in range(n):
        hidden = model.hidden(new, cache)  # the prompt first, then [1, 1, C]
        new = model.logits(hidden[:, -1]).argmax(-1, keepdim=True)  # [1, 1]
        ids = torch.cat([ids, new], dim=1)
    return ids


# %% tags=["hide-input"]
# @title Four programs, five prompts
BEGINNINGS = [PROMPT, "A film about", "The actors are", "If you", "It is"]
BEGINNINGS = BEGINNINGS[: run.size(smoke=1, cpu=5, gpu=5)]
written = []
for text in BEGINNINGS:
    ids = encode(text)
    with torch.no_grad():
        theirs = reference.to(run.device).generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=10,
            do_sample=False,
            eos_token_id=None,
            pad_token_id=0,
        )
    four = [
        greedy_uncached(model, ids, 10),
        greedy_cached(model, ids, 10),
        cached.generate(model, ids, 10, temperature=0),
        theirs,
    ]
    written.append([ids[0].tolist() for ids in four])

# %% tags=["hide-input"]
# @title A text token by token, and at once
long = encode(" ".join(read[:40]))[:, : run.size(smoke=24, cpu=512, gpu=512)]
with torch.no_grad():
    whole_logits = model(long[:, :64])  # [1, 64, V]
    cache = llama.Cache(64)
    step_logits = torch.cat(
        [
            model(long[:, t : t + 1], cache)
            for t in range(whole_logits.shape[1])
        ],
        dim=1,
    )
print(tokenizer.decode(written[0][0]))

# %% tags=["claims"]
close(
    "Small numbers: the fourth query alone gives the fourth row",
    alone,
    at_once[3],
)
close(
    "Small numbers: the first three rows need no fourth token",
    early,
    at_once[:3],
)
check(
    "Uncached, cached, the package's and transformers' tokens are equal",
    all(row == rows[0] for rows in written for row in rows),
)
close(
    "Token by token, the logits agree to 1e-4",
    step_logits,
    whole_logits,
    atol=1e-4,
)

# %% [markdown]
# What does it save? Count the multiplications of all matrix products for one new token behind $n - 1$ others. In the blocks,
# each token read is multiplied once by each of their $N$ weights. In each of the $L$ layers, a query of width $C$ meets $n$ keys, and its weights
# meet $n$ values. The output layer has $V C$ weights and is asked once:
#
# $$M_{\text{cached}} = N + 2LCn + VC, \qquad M_{\text{uncached}} = nN + 2LCn^2 + VC \tag{3}$$
#
# (Computed without a cache, the table of scores has $n^2$ entries, those of the future included.)


# %% tags=["hide-input"]
# @title Formula (3)
def multiplies(n, cached, N, L, C, V):
    """Formula (3): of one new token, the n-th."""
    rows = 1 if cached else n
    return rows * N + 2 * L * C * rows * n + V * C


# %% tags=["hide-input"]
# @title A profiler that counts
N_WEIGHTS = sum(w.numel() for w in model.blocks.parameters() if w.dim() == 2)
sizes = N_WEIGHTS, config.n_layers, config.d_model, config.vocab_size
counted = {}
n = min(64, long.shape[1])
with torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
    cache = llama.Cache(n)
    model.hidden(long[:, : n - 1], cache)
    for name, ids, held in (
        ("cached", long[:, n - 1 : n], cache),
        ("uncached", long[:, :n], None),
    ):
        with FlopCounterMode(display=False) as counter:
            model.logits(model.hidden(ids, held)[:, -1])
        counted[name] = counter.get_total_flops() // 2  # a multiply and an add
for at in (n, 512):
    few, many = (multiplies(at, kept, *sizes) for kept in (True, False))
    print(f"n = {at:3}: cached {few:,}, uncached {many:,}", end="")
    print(f": {many / few:.0f} times")
print(f"PyTorch's counter at n = {n}:", counted)

# %% [markdown]
# And in seconds? One new token behind texts of different length, both ways:


# %% tags=["hide-input"]
# @title Seconds for new tokens
@torch.no_grad()
def seconds(n, new, use_cache):
    """Shortest of five: to read `new` tokens that end at n, and give logits."""
    times = []
    cache = llama.Cache(n)
    if use_cache:
        model.hidden(long[:, : n - new], cache)
    for _ in range(5):
        begun = time.perf_counter()
        if use_cache:
            model.logits(model.hidden(long[:, n - new : n], cache)[:, -new:])
            cache.cut(n - new)
        else:
            model.logits(model.hidden(long[:, :n])[:, -1])
        times.append(time.perf_counter() - begun)
    return min(times)


# %% tags=["hide-input", "nbval-ignore-output"] mystnb={"image": {"alt": "Two lines on logarithmic axes: seconds for one new token against the length of the text, from 32 to 512 tokens. Without a cache the line rises with the length; with a cache it does not rise as steeply, and at 512 tokens it is far below."}}
lengths = run.size(smoke=(12, 24), cpu=(32, 128, 256, 512), gpu=(32, 128, 512))
took = {c: [seconds(n, 1, c) for n in lengths] for c in (False, True)}
figure, ax = plot.panels(height=2.8)
ax.plot(lengths, took[False], marker="s", label="without cache")
ax.plot(lengths, took[True], marker="o", label="with cache")
ax.set(xscale="log", yscale="log", xlabel="tokens", ylabel="seconds a token")
ax.set_xticks(lengths, [str(n) for n in lengths])
ends = min(took[True]) / 2, max(took[False]) * 2
ticks = [t for t in (0.01, 0.03, 0.1, 0.3, 1, 3) if ends[0] < t < ends[1]]
ax.set_yticks(ticks, [str(t) for t in ticks])
ax.minorticks_off()
ax.legend()
plt.show()
factor = took[False][-1] / took[True][-1]
print(f"at {lengths[-1]} tokens with the cache {factor:.0f} times as fast")

# %% [markdown]
# Fewer multiplications are not as many times less time. (A guess: for one token, too, all weights have to be fetched from memory.) And the cache has a price of its own,
# $2 \cdot 30 \cdot 192 \cdot n$ numbers: keys and values, 30 layers, three heads of width 64, which nine heads of queries share.

# %% tags=["claims"]
close(
    "Formula (3) is the profiler's count, cached",
    counted["cached"],
    multiplies(n, True, *sizes),
)
close(
    "Formula (3) is the profiler's count, uncached",
    counted["uncached"],
    multiplies(n, False, *sizes),
)
held = sum(part.numel() for pair in cache.layers.values() for part in pair)
close("The cache holds 2 · 30 · 192 numbers a token", held, 2 * 30 * 192 * n)
if run.device.type == "cpu":
    check("With the longest text: at least five times as fast", factor > 5)

# %% [markdown]
# ## What the ways write
#
# What comes out, beside what people write? Take forty long sentences of the reviews. The first 8 tokens are the beginning; each way goes
# on, and so did the person who wrote it. Compare the next 32 tokens by two numbers:
#
# - *surprise*: the mean of $-\log_2$ of the probability that the model, unchanged, gives to each token;
# - *repetition*: the share of 4-grams (four tokens in a row) that stood earlier in the same 32.
#
# Greedy decoding with a *penalty* (after Keskar et al. 2019, as programs now do it) makes tokens that have occurred, the beginning's included, less likely: positive logits are divided by 1.2, negative ones multiplied. End marks were forbidden, and the sentences of people chosen to be long. The beam searched for 48 tokens, of which 32 are compared.
#
# A model that had people's own
# distribution would, drawn at temperature 1, write texts as surprising as theirs on average, were both chosen alike. (Here they are not quite: people's sentences have 40 tokens or more.) Does ours?
#
# All ways, those that draw with three seeds, are too much for this page. `benchmarks/sweep_decoding.py` ran them, and
# left a record. We read it, and run a piece of it again: greedy, the first four sentences.

# %% tags=["hide-input"]
# @title The record, and a piece of it again
past = sweep("transformer/decoding")
ways = {}  # for each way: the runs of its seeds
for trial in past["runs"]:
    ways.setdefault(trial["way"], []).append(trial)


def by_sentence(way, what):
    """The mean over seeds, for each sentence: [40]."""
    return np.mean([trial[what] for trial in ways[way]], axis=0)


every = [*reviews["train"]["text"], *texts]
rows = [row for row in tokenizer(every)["input_ids"] if len(row) >= 40]
chosen = np.random.default_rng(0).choice(len(rows), 40, replace=False)
starts = torch.tensor([rows[i][:8] for i in chosen[:4]], device=run.device)
marks = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
marks = tokenizer.convert_tokens_to_ids(marks)  # never written
more = run.size(smoke=4, cpu=32, gpu=32)
again = cached.generate(model, starts, more, temperature=0, forbidden=marks)
with torch.no_grad():
    logs = model(again[:, :-1])[:, 7:].log_softmax(-1)  # [4, 32, V]
taken = logs.gather(-1, again[:, 8:, None])[..., 0]  # [4, 32]
bits_again = -taken.mean(1).cpu() / np.log(2)  # [4]

# %% [markdown]
# One of the forty beginnings, as a person went on (first line) and in four ways:

# %% tags=["hide-input"]
for way in ("human", "beam 4", "greedy", "top-p 0.9", "temperature 1.3"):
    text = ways[way][0]["texts"][0].replace("\n", " ")
    print(f"{way + ':':<17}{text[:125]} …")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Horizontal dot plot of the mean surprise in bits a token, a row for each way of decoding, with intervals, and a dashed line where people's sentences lie. Greedy, beam and the ways that cut lie to the left of the line, temperature 1 as well but nearer, temperature 1.3 to its right."}}
names = sorted(ways, key=lambda way: by_sentence(way, "bits").mean())
surprise = {way: bootstrap_mean(by_sentence(way, "bits")) for way in names}
repeats = {way: bootstrap_mean(by_sentence(way, "repeated")) for way in names}
figure, ax = plot.panels(height=3.6)
for place, way in enumerate(names):
    mean = surprise[way]
    color = plot.ORANGE if way == "human" else plot.BLUE
    ax.plot([mean.low, mean.high], [place, place], color=color)
    ax.plot(mean.value, place, "o", color=color)
ax.axvline(surprise["human"].value, ls="--", color=plot.ORANGE)
ax.set_yticks(range(len(names)), names)
ax.set(xlabel="surprise, bits a token", xlim=(0, None))
plt.show()
print(f"{'':<21} surprise          repetition")
for way in names:
    mean, (share, low, high) = surprise[way], repeats[way]
    print(f"{way:<21} {mean.value:5.2f}", end=" ")
    print(f"[{mean.low:5.2f}, {mean.high:5.2f}]", end=" ")
    print(f"{share:6.1%} [{low:.1%}, {high:.1%}]")

# %% [markdown]
# The intervals are 95 %, bootstrapped over the forty sentences, not over seeds.
#
# At temperature 1 our model's texts surprise it less than people's do. This suggests that its distribution is not that of the people who wrote
# these reviews (it was also tuned to answer instructions, and rounded). Temperature 1.3 overshoots. All other ways stay below temperature 1, and the beam's texts surprise the model least.
#
# Greedy decoding and the beam also repeat themselves, as Holtzman et al. (2020) and Welleck et al. (2020) found with other models; in people's 32 tokens
# no 4-gram stands twice. The penalty all but ends the repetition, and its texts remain far less surprising than people's: repeated 4-grams are not all that
# sets likely text apart.
#
# A mean that agrees would not make a text human, and nothing here says which way is *better*: that takes readers.

# %% tags=["claims"]
check(
    "Greedy, again: within 0.3 bits of the record",
    np.abs(np.array(ways["greedy"][0]["bits"][:4]) - bits_again.numpy()).max()
    < 0.3,
)
human = by_sentence("human", "bits")
plain = by_sentence("temperature 1", "bits")
check(
    "Texts at temperature 1 are less surprising than people's",
    paired_bootstrap(human, plain).low > 0,
)
check(
    "Texts at temperature 1.3 are more surprising than people's",
    paired_bootstrap(by_sentence("temperature 1.3", "bits"), human).low > 0,
)

# %% tags=["claims"]
check(
    "All others are less surprising than those at temperature 1",
    all(
        paired_bootstrap(plain, by_sentence(way, "bits")).low > 0
        for way in ways
        if way not in ("human", "temperature 1", "temperature 1.3")
    ),
)
check(
    "The beam's texts are less surprising than greedy's",
    paired_bootstrap(
        by_sentence("greedy", "bits"), by_sentence("beam 4", "bits")
    ).low
    > 0,
)
check(
    "Greedy and beam repeat 4-grams",
    min(repeats["greedy"].low, repeats["beam 4"].low) > 0.01,
)
check("People do not, in these tokens", repeats["human"].high == 0)

# %% tags=["claims"]
below = paired_bootstrap(human, by_sentence("greedy, penalty 1.2", "bits"))
repeated = repeats["greedy, penalty 1.2"]
check(
    "Greedy with the penalty repeats less than a hundredth",
    repeated.high < 0.01,
)
check("and is still two bits below people", below.low > 2)

# %% [markdown]
# ## A small model writes for a large one
#
# One more way to write faster, and it does not change the distribution: **speculative decoding** (Leviathan et al. 2023, Chen et al. 2023). A
# cheap *draft* writes a few tokens ahead; then the *target*, the model we mean, reads all of them in one run and judges. How can text that a
# worse model proposed have the better model's distribution?
#
# Let the draft propose a word by its probabilities $q$, where the target has $p$. Accept the word $x$ with the probability
# $\min(1, p(x)/q(x))$. If it is refused, draw from what is left of $p$:
#
# $$r(x) = \frac{\max(0,\ p(x) - q(x))}{\sum_y \max(0,\ p(y) - q(y))} \tag{4}$$

# %%
p = fair  # the target's, for the five words
q = np.array([0.20, 0.40, 0.20, 0.10, 0.10])  # the draft's
accepted = np.minimum(p, q)  # q(x) · min(1, p(x) / q(x))
missing = np.maximum(p - q, 0)  # p(x) - q(x), where p is larger

# %% tags=["hide-input"]
for name, row in {
    "target p": p,
    "draft q": q,
    "accepted": accepted,
    "missing": missing,
    "their sum": accepted + missing,
}.items():
    print(
        f"{name:<10}",
        *(f"{w} {x:.2f} " for w, x in zip(WORDS, row, strict=True)),
    )
print(
    f"accepted in all {accepted.sum():.2f}, missing in all {missing.sum():.2f}"
)

# %% [markdown]
# Proposed *and* accepted, $x$ comes with the probability $q(x)\min(1, p(x)/q(x)) = \min(p(x), q(x))$. Summed over
# all words that is $\alpha$, the probability that a proposal is accepted. The rest, $1 - \alpha = \sum_y \big(p(y) - \min(p(y), q(y))\big) =
# \sum_y \max(0, p(y) - q(y))$, is the denominator of (4). So the word $x$ comes with
#
# $$\min(p(x), q(x)) + (1 - \alpha)\, r(x) = \min(p(x), q(x)) + \max(0,\ p(x) - q(x)) = p(x) \tag{5}$$
#
# and the draft is forgotten. It decides how many proposals are accepted, not the distribution. This holds at each place, whatever stands before, and so for the whole text.
#
# If all $k$ are accepted, the target's
# last distribution gives one more word for nothing; were each accepted with the same probability $\alpha$, a run would give $1 + \alpha + \dots + \alpha^k$ words on average.


# %%
def rest(p, q):
    """Formula (4)."""
    missing = np.maximum(p - q, 0)  # [V]
    return missing / missing.sum()


def speculate(target, draft, ids, k, rng, after_refusal=rest):
    """ids and 1 to k + 1 more; target gives p at every place of a row."""
    row, q = list(ids), []
    for _ in range(k):
        q.append(draft(row))  # [V]
        row.append(int(rng.choice(len(q[-1]), p=q[-1])))
    # what the target says at the k places of the draft, and at one more
    p = target(row)[-k - 1 :]  # [k + 1, V]
    for i in range(k):
        x = row[len(ids) + i]
        if rng.random() >= p[i][x] / q[i][x]:  # refused
            left = after_refusal(p[i], q[i])
            return [*row[: len(ids) + i], int(rng.choice(len(left), p=left))]
    return [*row, int(rng.choice(len(p[k]), p=p[k]))]


# %% [markdown]
# Is it true of the program? Two random tables say what follows each of the five words: the target's and the draft's. Draw
# the next *two* words many times and compare the counts of the 25 pairs with the target's own probabilities: the chi-squared test gives
# approximately the probability of counts at least so far off if the program is right. A test must be able to fail, so we also give it a plausible mistake:
# after a refusal, draw from $p$ again.


# %% tags=["hide-input", "nbval-ignore-output"]
# @title Pairs of words, by the rule and with the mistake
def pair_counts(seed, after_refusal):
    """How often each pair came, and how often it should: [25] each."""
    rng = np.random.default_rng(seed)
    large, small = rng.dirichlet(np.full(5, 5.0), size=(2, 5))  # [5, 5] each
    draws = run.size(smoke=200, cpu=6_000, gpu=6_000)
    counts = np.zeros((5, 5))
    for _ in range(draws):
        ids = [0]
        while len(ids) < 3:
            ids = speculate(
                lambda row: large[row],
                lambda row: small[row[-1]],
                ids,
                2,
                rng,
                after_refusal,
            )
        counts[ids[1], ids[2]] += 1
    expected = draws * large[0][:, None] * large  # [5, 5]
    return counts.ravel(), expected.ravel()


# %% tags=["hide-input", "nbval-ignore-output"]
p_values = {}
for name, rule in {"rule": rest, "mistake": lambda p, q: p}.items():
    p_values[name] = [
        chisquare(*pair_counts(SEED + s, rule)).pvalue for s in range(3)
    ]
    print(f"{name:<8} p-values", *(f"{value:.2g}" for value in p_values[name]))

# %% [markdown]
# Now real models. The target is the book's character [GPT](gpt.ipynb). The draft is a 5-gram, a smoothed table of counts
# ([bigram counts](../ngrams/bigram_counts.ipynb) with four letters of memory) from the same sentences. Both go on for 60 letters or more behind
# beginnings of validation sentences, the draft four letters ahead. How much does the target run, and how long does it take, against
# drawing letter by letter? There is no cache in either: each run reads the whole row. (Times with a cache we have not measured. An end mark does not end these texts.)

# %% tags=["hide-input", "nbval-ignore-output"]
# @title The character GPT, with and without a draft
letters = CharTokenizer()
gpt, _ = char_gpt.load()
train = [letters.encode(text) for text in reviews["train"]["text"]]
table = NGram(5, letters.vocab_size, "kneser_ney")
table.fit(train[: run.size(smoke=200, cpu=None, gpu=None)])


@torch.no_grad()
def target(row):
    """The GPT's distribution at each place: [T, V]."""
    return gpt(torch.tensor([row]))[0].double().softmax(-1).numpy()


def draft(row):
    """The table's distribution at the next place: [V]."""
    q = table.next(row)
    return q / q.sum()  # rounding: `choice` wants a sum of 1


# %% tags=["hide-input"]
# @title How long it takes
def write(ids, n, k, rng):
    """n letters or more: runs of the target, and seconds, for each."""
    begun, runs, row = time.perf_counter(), 0, ids
    while len(row) < len(ids) + n:
        row = speculate(target, draft, row, k, rng)
        runs += 1
    letters_new = len(row) - len(ids)
    return runs / letters_new, (time.perf_counter() - begun) / letters_new


# %% tags=["hide-input", "nbval-ignore-output"]
# @title Letter by letter is a draft of no letters, k = 0
heads = [letters.encode(text)[:12] for text in read if len(text) > 80]
heads = heads[: run.size(smoke=1, cpu=20, gpu=20)]
new = run.size(smoke=10, cpu=60, gpu=60)
runs, spent = {0: [], 4: []}, {0: [], 4: []}
for i, ids in enumerate(heads):
    for k in (0, 4):  # in turns
        found = write(ids, new, k, np.random.default_rng(SEED + i))
        runs[k].append(found[0])
        spent[k].append(found[1])
gaps, overlaps = [], []
for ids in heads:
    p, q = target(ids)[-1], draft(ids)
    overlap = np.minimum(p, q)  # [V]
    gaps.append(np.abs(overlap + (1 - overlap.sum()) * rest(p, q) - p).max())
    overlaps.append(overlap.sum())
per_run = bootstrap_mean([1 / share for share in runs[4]])
faster = sum(spent[0]) / sum(spent[4])
print(f"letters for a run of the target: {per_run} (95 %, over beginnings)")
alpha = np.mean(overlaps)  # of the first letter, mean over beginnings
expected = sum(alpha**i for i in range(5))
print(f"α = {alpha:.2f} for the first letter; with it {expected:.2f} a run")
print(f"in this run {faster:.1f} times as fast as letter by letter")

# %% tags=["claims"]
close(
    "Small numbers: accepted and missing make the target",
    accepted + missing,
    fair,
)
check(
    "By the rule, no table of pairs is unlikely (p > 0.0001)",
    min(p_values["rule"]) > 1e-4,
)
check(
    "The mistake is found in each (p < 0.000001)",
    max(p_values["mistake"]) < 1e-6,
)
close(
    "`rest` makes formula (5) hold for 96 symbols, too",
    gaps,
    np.zeros(len(gaps)),
    atol=1e-9,
)
check("A run of the target gives more than two letters", per_run.low > 2)

# %% [markdown]
# Whether it pays depends on the share accepted and on two prices: a proposal must be cheap, and the target must read its several new
# tokens in less time than it takes to write what a run gives, one by one. With a cache the second price can be measured, here of a larger target:

# %% tags=["hide-input", "nbval-ignore-output"]
at = long.shape[1] // 2
prices = {new: seconds(at, new, True) for new in (1, 5)}
print(
    f"SmolLM2 with a cache reads 5 tokens in {prices[5] / prices[1]:.1f} times "
    "the time for 1"
)

# %% tags=["claims"]
check(
    "Five tokens at once take less time than five, one by one",
    prices[5] < 5 * prices[1],
)

# %% [markdown]
# ## Summary
#
# - A model gives distributions; decoding makes a text of them. Temperature reshapes, top-k, top-p and min-p cut, a beam
#   searches.
# - What a way cuts off, it cannot write; of what top-k, top-p and min-p cut here, people wrote some.
# - Step by step the likeliest word need not give the likeliest text; and what people write is far from it.
# - A cache gives the same logits up to rounding, and each token is read once.
# - Speculative decoding gives the same distribution, and the proof is one line.

# %% [markdown]
# ## Exercises
#
# > **Exercise 1.** What is left, with pencil (★☆☆, 5 minutes). The target has (0.5, 0.3, 0.2) for three words, the draft
# > (0.2, 0.2, 0.6). Let `on_paper()` return two numbers: the share of proposals that are accepted, and the probability that the *first* word
# > is drawn after a refusal.
#
# <details><summary>Hint</summary>
#
# Write `min(p, q)` below each word, and `max(0, p − q)` below that.
#
# </details>


# %% tags=["exercise"]
def on_paper():
    """(share accepted, probability of word 1 after a refusal)."""
    ...


exercises.on_paper(on_paper)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def on_paper():
    """(share accepted, probability of word 1 after a refusal)."""
    # min: 0.2 0.2 0.2; max(0, p - q): 0.3 0.1 0
    return 0.6, 0.3 / 0.4


exercises.on_paper(on_paper)

# %% [markdown]
# > **Exercise 2.** No loops (★★☆, 15 minutes). Some programs forbid what would repeat an n-gram. Write `banned(ids, n)`: a list of the
# > tokens that, written next, would complete an n-gram that stands in `ids` already. With $n = 2$ and `[5, 6, 5]`, that is `[6]`.
#
# <details><summary>Hint</summary>
#
# Which are the last $n - 1$ tokens? Where else in the row do they stand, and what follows them there?
#
# </details>


# %% tags=["exercise"]
def banned(ids, n):
    """Tokens that would complete an n-gram of ids."""
    ...


exercises.banned(banned)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def banned(ids, n):
    """Tokens that would complete an n-gram of ids."""
    start = ids[len(ids) - n + 1 :]  # the last n - 1; none for n = 1
    return [
        ids[i + n - 1]
        for i in range(len(ids) - n + 1)
        if ids[i : i + n - 1] == start
    ]


exercises.banned(banned)

# %% [markdown]
# > **Exercise 3.** An experiment: in which order? (★★☆, 10 minutes). `chances` holds the distributions along the
# > sentence above. How many tokens does top-p 0.9 keep on average, if temperature 2 comes *before* it, and if it comes *after*? Let
# > `kept()` return both means.
#
# <details><summary>Hint</summary>
#
# `at_temperature(p, 2)` for each `p` of `chances`, then `top_p`. In the other order temperature comes too late to change what is kept.
#
# </details>


# %% tags=["exercise"]
def kept():
    """[mean number kept, temperature before top-p; after it]."""
    ...


exercises.kept(kept)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
means = [8000.0, 300.0]  # the next lines fill them
means[0] = float(
    np.mean([len(top_p(at_temperature(p, 2), 0.9)) for p in chances])
)
means[1] = float(np.mean([len(top_p(p, 0.9)) for p in chances]))
print(means)


def kept():
    """[mean number kept, temperature before top-p; after it]."""
    return means


exercises.kept(kept)

# %% [markdown]
# ## Common mistakes
#
# - *Temperature after the filter*: top-p (Exercise 3) and min-p (before it, the line of (2) becomes $p_i \ge m^T \max_j p_j$) can keep other sets; top-k keeps the same, since the order of the words stays. Say the order when you name settings.
# - *A beam of texts of different length*: each token more makes a text less likely, so short ones have an advantage. Compare equal lengths, or correct for it.
# - *One sample shown as what a setting does*: draw many, from many prompts, and count.
# - *A cache that outlives its text*: cut it when the text is cut, or the model goes on from words that are gone.
# - *After a refusal, a draw from p*: counting finds it.
#
# ## Further reading
#
# - Holtzman et al. (2020), [The curious case of neural text degeneration](https://arxiv.org/abs/1904.09751): top-p, and what likely text looks like.
# - Fan et al. (2018), [Hierarchical neural story generation](https://arxiv.org/abs/1805.04833): top-k.
# - Nguyen et al. (2024), [Turning up the heat: min-p sampling for creative and coherent LLM outputs](https://arxiv.org/abs/2407.01082): min-p.
# - Welleck et al. (2020), [Neural text generation with unlikelihood training](https://arxiv.org/abs/1908.04319): training against repetition.
# - Keskar et al. (2019), [CTRL: a conditional Transformer language model for controllable generation](https://arxiv.org/abs/1909.05858): the penalty on what has occurred.
# - Leviathan et al. (2023), [Fast inference from Transformers via speculative decoding](https://arxiv.org/abs/2211.17192): the rule and its proof.
# - Chen et al. (2023), [Accelerating large language model decoding with speculative sampling](https://arxiv.org/abs/2302.01318): the same, found independently.
