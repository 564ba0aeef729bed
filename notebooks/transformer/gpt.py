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
# # A GPT, from the parts
#
# Forty lines make a GPT out of attention. This chapter writes them, tests them before the first
# training step, trains them, and then asks the question that demonstrations leave out: does it beat
# counting?
#
# **You will**
#
# - build the block and the model from attention, and prove them equal to the package's,
# - predict the number of parameters and the first loss on paper, and measure both,
# - catch a leak from the future, a leak from padding and a broken loss *before* training,
# - watch the loss pass the uniform, the unigram and the bigram mark, and say what was learned there,
# - compare the network with the best n-gram of the same text, sentence by sentence, and accept the
#   result.
#
# **You need** [attention](attention.ipynb) and [softmax and cross-entropy](../probability/softmax.ipynb);
# the count models come from [bigram counts](../ngrams/bigram_counts.ipynb).

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
import re
import time

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation.intervals import bootstrap_ratio
from lmcourse.evaluation.metrics import bits_per_char
from lmcourse.evaluation.scoring import log_probs, n_predicted, nll
from lmcourse.exercises.transformer import gpt as exercises
from lmcourse.models.attention import MultiHeadAttention
from lmcourse.models.gpt import GPT, GPTConfig
from lmcourse.models.ngram import NGram
from lmcourse.records import record
from lmcourse.text.batches import pad, shifted
from lmcourse.text.characters import CharTokenizer
from lmcourse.training.loop import fit
from lmcourse.weights import char_gpt

run = session.start(PROFILE, SEED)

# %% [markdown]
# ## One sentence, many questions
#
# *The acting is wonderf*: which letter comes next? You know, and you used everything that stands
# before. A language model is asked exactly this, at every letter of every sentence. Our sentences
# come from film reviews. Each is a document of its own, which opens and closes with the boundary
# symbol, id 0, drawn here as ↵.

# %%
tokenizer = CharTokenizer()
V = tokenizer.vocab_size
reviews = load_reviews("text")
limit = run.size(smoke=120, cpu=None, gpu=None)
rows = {s: [tokenizer.encode(t) for t in reviews[s]["text"][:limit]] for s in reviews}

for split, sentences in rows.items():
    n_chars = n_predicted(sentences).sum()
    print(f"{split:<10} {len(sentences):>5,} sentences, {n_chars:>7,} characters to predict")

# %%
example = next(row for row in rows["validation"] if 24 <= len(row) <= 32)
shown = [tokenizer.decode([i]) or "↵" for i in example]
for t in (1, 2, 9, 16, len(example) - 1):
    print(f"{''.join(shown[:t])!r:>34} → {shown[t]!r}")

# %% [markdown]
# A sentence of 30 letters is 31 such questions, the last of which is whether it ends here. The chain
# rule says that their answers, multiplied, are the probability of the sentence:
#
# $$\log p(x_1 \dots x_T \mid x_0) = \sum_{t=1}^{T} \log p(x_t \mid x_0 \dots x_{t-1}) \tag{1}$$
#
# An n-gram answers each question from the last few letters. A **GPT** (Radford et al. 2018) answers
# from all of them, and it answers all questions in one pass: position $t$ gets to see positions
# $0 \dots t$, and says what it expects at $t + 1$. That is why it can be trained fast, and it hangs
# on a single condition, which we shall test: nobody may see the future.

# %% [markdown]
# ## The parts
#
# Think of a road on which each letter's vector travels from left to right: the **residual stream**.
# Nothing on the way replaces the vector. Each part reads it, computes something and *adds* it. Only
# attention moves information from one letter to another; everything else treats each letter alone.

# %% mystnb={"image": {"alt": "Diagram. A thick horizontal arrow, the residual stream, runs from the ids, through token plus position embedding, to the final norm and the logits. Above it two loops leave the stream and come back with a plus sign: norm then attention, and norm then feed-forward. A bracket marks the two loops as one block, repeated."}}
figure, ax = plt.subplots(figsize=(7, 2.7))
ax.annotate("", (10.1, 0), (0.1, 0), arrowprops={"arrowstyle": "-|>", "lw": 4, "color": plot.GREY})
box = {"boxstyle": "round,pad=0.35", "fc": plot.PAPER, "ec": plot.INK}
stops = {0.3: "ids", 1.5: "token +\nposition", 8.2: "norm", 9.3: "logits"}
for x, name in stops.items():
    ax.text(x, 0, name, ha="center", va="center", bbox=box, fontsize=9.5)
parts = [(2.7, "attention", plot.SKY), (5.2, "feed-forward", plot.ORANGE)]
for x, name, color in parts:
    ax.plot([x, x, x + 2, x + 2], [0, 1, 1, 0.12], color=plot.INK, lw=1.4)
    ax.text(x + 1, 1, f"norm → {name}", ha="center", va="center", fontsize=9.5,
            bbox={**box, "fc": color})  # fmt: skip
    ax.text(x + 2, 0, "+", ha="center", va="center", fontsize=14,
            bbox={"boxstyle": "circle,pad=0.1", "fc": plot.PAPER, "ec": plot.INK})  # fmt: skip
ax.plot([2.5, 2.5, 7.5, 7.5], [-0.5, -0.7, -0.7, -0.5], color=plot.INK, lw=1)
ax.text(5, -0.95, "one block, repeated with other weights", ha="center", fontsize=9.5)
ax.set(xlim=(-0.2, 10.2), ylim=(-1.2, 1.5))
ax.axis("off")
plt.show()

# %% [markdown]
# The picture, as formulas. With LN the layer normalization, which gives the $C$ numbers of each vector
# mean 0 and variance 1, then scales and shifts each by learned amounts, a **block** is
#
# $$x \leftarrow x + \operatorname{Attention}(\operatorname{LN}_1(x)), \qquad
# x \leftarrow x + W_2\,\operatorname{GELU}(W_1 \operatorname{LN}_2(x) + b_1) + b_2 \tag{2}$$
#
# First look around, then think about what was seen. The second line is the feed-forward layer: four
# times as wide as the stream inside, with the smooth threshold GELU between its two matrices. Norms
# on the branches and none on the road is called *pre-norm*; it keeps the road open for the gradient
# and lets deep stacks train without warm-up (Xiong et al. 2020).


# %%
class Block(nn.Module):
    """One block of a GPT: two branches, each added to the residual stream."""

    def __init__(self, d_model, n_heads):
        super().__init__()
        self.norm_1 = nn.LayerNorm(d_model)
        self.attention = MultiHeadAttention(d_model, n_heads, causal=True)
        self.norm_2 = nn.LayerNorm(d_model)
        self.feed_forward = nn.Sequential(
            nn.Linear(d_model, 4 * d_model), nn.GELU(), nn.Linear(4 * d_model, d_model)
        )

    def forward(self, x):  # [B, T, C]
        x = x + self.attention(self.norm_1(x))  # [B, T, C]
        return x + self.feed_forward(self.norm_2(x))  # [B, T, C]


# %% [markdown]
# The model is a stack of blocks between two uses of one table. On the way in, a letter's id selects
# its row of the table, and a second table adds a vector for the position: attention by itself averages
# over the letters before and does not notice in which order they came. (The causal mask gives deeper
# layers a hint of it, see Haviv et al. 2022.) On the way out, the final vector is compared by dot
# products with all rows of the first table, and the products are the logits. Using the table twice is called
# **weight tying** (Press and Wolf 2017).


# %%
class OurGPT(nn.Module):
    """ids [B, T] to logits [B, T, V]; logits[:, t] are about position t + 1."""

    def __init__(self, vocab_size, context_length, n_layers, n_heads, d_model):
        super().__init__()
        self.tokens = nn.Embedding(vocab_size, d_model)
        self.positions = nn.Embedding(context_length, d_model)
        self.blocks = nn.ModuleList(Block(d_model, n_heads) for _ in range(n_layers))
        self.norm = nn.LayerNorm(d_model)

    def forward(self, ids):
        T = ids.shape[1]
        x = self.tokens(ids) + self.positions.weight[:T]  # [B, T, C]
        for block in self.blocks:
            x = block(x)  # [B, T, C]
        return self.norm(x) @ self.tokens.weight.T  # [B, T, V]


# %% [markdown]
# That is all. The package's `lmcourse.nn.GPT`, which we shall train, adds dropout, careful initial
# weights and error messages. Is it otherwise the same model? Give both the same weights and compare
# what they say.

# %%
config = run.size(
    smoke=GPTConfig(V, n_layers=1, n_heads=2, d_model=32, dropout=0.0),
    cpu=GPTConfig(V, n_layers=3, n_heads=4, d_model=128, dropout=0.0),
    gpu=GPTConfig(V, n_layers=6, n_heads=6, d_model=384, dropout=0.2),
)
torch.manual_seed(SEED)
model = GPT(config).eval()
ours = OurGPT(V, config.context_length, config.n_layers, config.n_heads, config.d_model)
ours.load_state_dict(model.state_dict())

inputs, targets = shifted(rows["validation"][:8])  # [B, T], [B, T]
with torch.no_grad():
    close(
        "Our model equals lmcourse.nn.GPT, logit by logit",
        ours(inputs),
        model(inputs),
        atol=1e-5,
    )

# %% [markdown]
# ## Count before you train
#
# How large is it? With $C$ for the width, attention has four $C \times C$ matrices and the
# feed-forward layer two of $C \times 4C$. Adding the biases ($3C + C + 4C + C$) and the two norms
# ($4C$), each of the $L$ blocks has $12C^2 + 13C$ parameters. With $V$ symbols and
# $T_{\max}$ positions:
#
# $$N = \underbrace{V C + T_{\max} C}_{\text{embeddings}} + L\,(12 C^2 + 13 C)
# + \underbrace{2C}_{\text{last norm}} \tag{3}$$


# %%
def parameter_count(vocab_size, context_length, n_layers, d_model):
    """The number of trained numbers of a GPT with tied embeddings."""
    C = d_model
    return vocab_size * C + context_length * C + n_layers * (12 * C**2 + 13 * C) + 2 * C


N = parameter_count(V, config.context_length, config.n_layers, config.d_model)
measured = sum(p.numel() for p in model.parameters())
in_blocks = sum(p.numel() for p in model.blocks.parameters())
print(f"formula {N:,}, measured {measured:,}, of which in the blocks {in_blocks / N:.0%}")
close("The formula counts every parameter", N, measured)
check("At least nine tenths of them are in the blocks", in_blocks > 0.9 * N)

# %% [markdown]
# Two things are not in (3). The number of heads: more heads only cut the same matrices into thinner
# slices. And the length of the text: a letter at position 200 has cost more time than one at
# position 2, but no more parameters, except for its own row of the position table.
#
# ## Four tests before the first step
#
# A network with a bug trains. The loss goes down, the curve looks like every other curve, and the
# result is a little worse, or far too good. So we test while we still know what the answer must be.
#
# **First: the first loss.** The loss is the mean surprise over all real targets of the batch,
#
# $$\mathcal{L} = -\frac{1}{\sum_b T_b} \sum_{b=1}^{B} \sum_{t=1}^{T_b}
# \log p\big(x^{(b)}_t \mid x^{(b)}_0 \dots x^{(b)}_{t-1}\big) \tag{4}$$
#
# where sentence $b$ has $T_b$ targets and the padding behind it, marked −100, has none. A model that
# knows nothing should give each of the $V$ symbols the same probability, so the first loss must be
# $\ln V$, or very nearly, since the random weights are small but not zero. If it is larger, the model
# starts out convinced of something that nobody has taught it.


# %%
def batch_loss(logits, targets):
    """Mean surprise in nats over targets [B, T] other than -100; logits [B, T, V]."""
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-100)


def first_loss(model):
    """The loss of `model` on the first validation sentences."""
    with torch.no_grad():
        return batch_loss(model(inputs), targets).item()


torch.manual_seed(SEED)
careless = OurGPT(V, config.context_length, config.n_layers, config.n_heads, config.d_model)
print(f"ln V {math.log(V):.2f}   package's weights {first_loss(model):.2f}")
check("The first loss is within 1 % of ln V", abs(first_loss(model) / math.log(V) - 1) < 0.01)
check(
    "With torch's default embeddings it is more than five times that",
    first_loss(careless) > 5 * math.log(V),
)
with torch.no_grad():
    copies = (careless(inputs).argmax(-1) == inputs)[targets != -100].float().mean().item()
check("Its likeliest next letter is almost always the last one again", copies > 0.9)

# %% [markdown]
# The careless version is the same program with the initial weights that `nn.Embedding` has by
# default, of variance one. Tied to the output, each letter's vector then resembles nothing so much
# as itself, and the untrained model bets heavily that every letter is repeated. It would train, too;
# it would spend its first steps unlearning.
#
# **Second: the future.** Change one letter and see which predictions move. Here every row is one
# experiment: the letter at that place is replaced by *x*, and the shade shows how much the logits at
# each position move.

# %% mystnb={"image": {"alt": "Square map of one sentence against itself. Each row is the place of a changed letter, each column a position whose prediction may move. All cells left of the diagonal are empty: earlier predictions do not move. The diagonal is darkest; to its right everything moves a little."}}
ids = torch.tensor(example[:-1])  # [T]
changed = ids.repeat(len(ids), 1)  # [T, T]
changed.fill_diagonal_(tokenizer.encode("x")[1])
with torch.no_grad():
    moved = (model(changed) - model(ids[None])).abs().amax(-1).numpy()  # [T, T]

figure, ax = plt.subplots(figsize=(4.8, 4.3))
shade = np.where(moved > 1e-6, np.log10(np.maximum(moved, 1e-6)), np.nan)
image = plot.heatmap(ax, shade, shown[:-1], shown[:-1])
ax.set(xlabel="prediction after this letter", ylabel="letter that was changed")
ax.tick_params(labelsize=9, length=0)
figure.colorbar(image, ax=ax, label="log₁₀ of the largest change of a logit", aspect=30)
plt.show()

# %%
T = len(ids)
past = np.tril(np.ones((T, T), dtype=bool), -1)  # column before row
close("No prediction before the changed letter moves", moved[past], 0.0, atol=1e-5)
different = (changed != ids).any(1).numpy()  # [T]: all but an x replaced by an x
later = moved[~past & different[:, None]]
check("Every prediction from the changed letter on does", (later > 1e-6).all())

# %% [markdown]
# A test that has never failed proves little. So we take the mask away and run it again.

# %%
for block in ours.blocks:
    block.attention.causal = False
with torch.no_grad():
    leaked = (ours(changed) - ours(ids[None])).abs().amax(-1).numpy()  # [T, T]
check("Without the causal mask the same test finds the leak", (leaked[past] > 1e-6).any())

# %% [markdown]
# **Third: the padding.** In a batch, short sentences are filled up to the length of the longest. A
# causal model needs no mask for that, since padding stands behind, and behind is the future. The
# loss needs to skip the padded targets. If both is right, a sentence gets the same log-probability
# (1) in company as alone.


# %%
def log_likelihood(model, row):
    """Sum (1) of one row on its own, in nats: no batch, no padding."""
    with torch.no_grad():
        log_p = model(torch.tensor([row[:-1]])).log_softmax(-1)[0]  # [T, V]
    return log_p[torch.arange(len(row) - 1), torch.tensor(row[1:])].sum().item()


company = rows["validation"][:8]
alone = np.array([log_likelihood(model, row) for row in company])  # [8]
together = -nll(model, company)  # [8], one padded batch
print("lengths in this batch:", sorted(map(len, company)))
close("Padding changes no sentence's log-probability", together / alone, 1.0, atol=1e-5)

with torch.no_grad():
    logits = model(inputs)  # [B, T, V], the same eight sentences
per_letter = -alone.sum() / n_predicted(company).sum()
close("The loss (4) of the padded batch is that of the sentences alone",
      batch_loss(logits, targets), per_letter, atol=1e-4)  # fmt: skip
broken = batch_loss(logits, targets.clamp(min=0)).item()  # padding counts as ↵
check("A loss that counts the padding fails this test", abs(broken - per_letter) > 0.01)

# %% [markdown]
# **Fourth: can it learn anything at all?** Take one small batch and train on nothing else. A model
# of this size must learn a few sentences by heart within seconds. If it cannot, no amount of data
# will help, and the error is in the model, the targets or the optimizer.
#
# How low can the loss go? Not to zero, for nothing tells the model *which* of the sentences comes.
# The probabilities of $n$ different sentences sum to at most one, and then their product is largest
# when each is $1/n$. So a sentence costs $\ln n$ nats on average, at best, whatever its length.

# %%
few = sorted(rows["train"], key=len)[len(rows["train"]) // 8 :][:8]
memory = GPT(config)
batch = shifted(few)
history = fit(
    memory,
    next_symbol_loss,
    lambda step: batch,
    steps=run.size(smoke=5, cpu=150, gpu=300),
    learning_rate=3e-3,
    session=run,
    label="one batch",
)

# %%
floor = len(few) * math.log(len(few)) / n_predicted(few).sum()
by_heart = nll(memory, few).sum() / n_predicted(few).sum()
recited = sample(memory.next_logits, few[0][:12], 200, temperature=0)
check(
    "After training the loss is above the floor, by less than 0.02 nats",
    floor <= by_heart < floor + 0.02,
)
check("Given its first letters, it recites a whole sentence", recited == few[0])

# %% [markdown]
# ## Training
#
# The four tests are passed. What should the curve look like? Three marks can be computed from counts
# before the first step: the surprise of somebody who knows nothing (**uniform**), who knows how frequent each
# letter is (**unigram**), and who knows the letter before (**bigram**). In bits per character
# (nats divided by $\ln 2$), on the validation sentences:
#
# $$\text{bits per character} = \frac{-\sum_{s} \log p(\text{sentence } s)}
# {\ln 2 \cdot \sum_s T_s} \tag{5}$$
#
# The sum runs over all sentences, each scored with all of its preceding letters, and the closing
# mark counts as a letter.
#
# The counts come from n-grams: order 1 looks at no letter before, order 2 at one, and so on. The
# lowest line in the picture below is the best of orders 1 to 8; it gets a section of its own.

# %%
n_chars = {split: n_predicted(sentences) for split, sentences in rows.items()}
grams, validation_bits, counting_seconds = {}, {}, {}
for order in range(1, 9):
    start = time.perf_counter()
    grams[order] = NGram(order, V, "witten_bell").fit(rows["train"])
    counting_seconds[order] = time.perf_counter() - start
    nats = grams[order].nll(rows["validation"])
    validation_bits[order] = bits_per_char(nats, n_chars["validation"])

marks = {"uniform": math.log2(V), "unigram": validation_bits[1], "bigram": validation_bits[2]}
print({name: round(bits, 2) for name, bits in marks.items()})

# %% [markdown]
# Now the network. Batches hold sentences of similar length, so that little is computed on padding.
# The learning rate rises over the first tenth of the steps and then falls to zero. Four times on
# the way we look at the validation sentences, and the weights that did best there are the ones we keep. All
# of this is `train_language_model`, some thirty lines around the same `fit` as above.

# %% tags=["nbval-ignore-output"]
budget = run.size(
    smoke={"steps": 20, "batch_size": 4, "learning_rate": 4e-3},
    cpu={"steps": 3000, "batch_size": 8, "learning_rate": 4e-3},
    gpu={"steps": 4000, "batch_size": 64, "learning_rate": 1e-3},
)
torch.manual_seed(SEED)
gpt = GPT(config)
short = train_language_model(
    gpt,
    rows["train"],
    rows["validation"],
    session=run,
    looks=run.size(smoke=2, cpu=4, gpu=20),
    **budget,
)
epochs = budget["steps"] * budget["batch_size"] / len(rows["train"])
print(f"{short.history.seconds:.0f} s, {epochs:.1f} passes over the training sentences")
print({step: round(bits, 3) for step, bits in short.curve.items()})

# %% mystnb={"image": {"alt": "Loss in bits per character, on a linear axis, against the training step, on a logarithmic one. The curve starts on the dashed uniform line, falls steeply to the unigram line, bends, reaches the bigram line, stays near it for a while, then falls clearly below it. Validation points lie on the curve. A lower dashed line, the best n-gram, is not reached."}}
bits = np.array(short.history.losses) / math.log(2)  # [steps]
smooth = np.array([bits[t - t // 10 : t + 1].mean() for t in range(len(bits))])  # last tenth
best_order = min(validation_bits, key=validation_bits.get)

figure, ax = plt.subplots(figsize=(6.8, 4))
ax.plot(np.arange(1, len(smooth) + 1), smooth, label="training batches")
ax.plot(*zip(*short.curve.items(), strict=True), "o", color=plot.RED, label="validation")
ax.set(xscale="log", xlabel="training step", ylabel="bits per character", ylim=(1.5, None))
for name, level in {
    **marks,
    f"best n-gram (order {best_order})": validation_bits[best_order],
}.items():
    ax.axhline(level, color=plot.GREY, linestyle="--", linewidth=1)
    ax.annotate(name, (8, level), fontsize=9.5, va="bottom")
ax.legend(loc="upper right", bbox_to_anchor=(1, 0.92))
plt.show()

# %%
reached = min(short.curve.values())
levels = {**marks, "half a bit above": marks["bigram"] + 0.5}
below = {name: int((smooth < level).argmax()) for name, level in levels.items()}
check("The curve starts at the uniform mark", abs(bits[0] - marks["uniform"]) < 0.1)
check("It passes the unigram mark, then the bigram mark", 0 < below["unigram"] < below["bigram"])
check(
    "The last half bit above the bigram mark takes longer than all before it",
    below["bigram"] > 2 * below["half a bit above"],
)
check("It ends more than half a bit below the bigram mark", reached < marks["bigram"] - 0.5)

# %% [markdown]
# The bends fit what each mark needs. The unigram mark can be reached by moving the output towards the
# frequent letters, whatever the input, and the bigram mark from the last letter alone, without
# attention. There the curve lingers: to do better the model must fetch what
# stands further back, which only attention can, and it must find out where to look and what to make
# of it at the same time. Then the curve comes off the plateau, and from there on it uses what no
# bigram has.
#
# ## What does it write?
#
# To write, start with ↵ and draw the next letter, then the next, until ↵ is drawn again. The
# **temperature** $\tau$ sharpens or flattens every choice:
#
# $$p_\tau(i) = \frac{e^{z_i/\tau}}{\sum_j e^{z_j/\tau}} \tag{6}$$


# %%
def next_probabilities(logits, temperature):
    """Softmax of logits [..., V] at a temperature above zero."""
    return (logits / temperature).softmax(dim=-1)


@torch.no_grad()
def write(model, n, temperature, longest):
    """n sentences of at most `longest` letters, drawn side by side."""
    ids = torch.zeros(n, 1, dtype=torch.long)  # [n, 1]
    generator, device = run.generator(), next(model.parameters()).device
    for _ in range(longest):
        logits = model(ids.to(device))[:, -1].float().cpu()  # [n, V]
        drawn = torch.multinomial(next_probabilities(logits, temperature), 1, generator=generator)
        ids = torch.cat([ids, drawn], dim=1)  # [n, t + 1]
    return [tokenizer.decode(row).split("\n")[0] for row in ids.tolist()]


# %% tags=["nbval-ignore-output"]
n_samples, longest = run.size(smoke=2, cpu=24, gpu=100), run.size(smoke=20, cpu=100, gpu=200)
best_ngram = grams[best_order]
rng = run.generator()
samples = {
    f"GPT, temperature {tau}": write(gpt, n_samples, tau, longest)
    for tau in (0.5, 1.0, 1.5)
}
samples[f"{best_order}-gram"] = [
    tokenizer.decode(
        sample(lambda ids: np.log(best_ngram.next(ids)), [0], longest, generator=rng)
    )
    for _ in range(n_samples)
]
for label, texts in samples.items():
    print(label)
    for text in texts[:3]:
        print("   ", text[:90])

# %% [markdown]
# Cold, it repeats the safest phrases; hot, it stops spelling. Reading samples is pleasant and
# deceptive, so let us count something: how many of the words they wrote occur in the training
# sentences?

# %%
known = set(re.findall(r"[a-z]+", " ".join(reviews["train"]["text"]).lower()))


def real_words(texts):
    """The share of the words in `texts` that the training sentences contain."""
    words = [word for text in texts for word in re.findall(r"[a-z]+", text.lower())]
    return np.mean([word in known for word in words]) if words else 0.0


# %% tags=["nbval-ignore-output"]
share = {label: real_words(texts) for label, texts in samples.items()}
for label, value in share.items():
    print(f"{label:<20} {value:.0%} of the words are known")

# %%
cold, warm, hot, counted = share.values()
check("The colder, the more real words", cold > warm > hot)
if run.profile != "gpu":  # there the network of this chapter is larger and reads more
    check("At temperature 1 the n-gram writes more real words than the network", counted > warm)

# %% [markdown]
# ## Does it beat counting?
#
# The rival is the n-gram with Witten–Bell smoothing (Witten and Bell 1991). A context seen $c$ times,
# with $T$ different letters after it, is trusted with weight $c/(c+T)$; the rest of the probability is
# left to the context that is one letter shorter, and so on down. It knows the same training sentences.
# How long should its memory be? That is chosen on validation.

# %% mystnb={"image": {"alt": "Bits per character on validation against the order of the n-gram, from 1 to 8. The curve falls steeply, has its lowest point at about order 6, and rises again. A horizontal line marks the GPT, which lies above the lowest point."}}
figure, ax = plt.subplots(figsize=(6.4, 3.4))
ax.plot(*zip(*validation_bits.items(), strict=True), "o-", label="n-gram, Witten–Bell")
ax.axhline(reached, color=plot.RED, linewidth=1.5, label="GPT of this chapter")
ax.set(xlabel="order of the n-gram (letters of memory, plus one)", ylabel="bits per character")
ax.legend()
plt.show()

# %% [markdown]
# The choices so far are made; now the test sentences are opened. No choice below is made on them: the
# longer GPT and the mixture were settled on validation too. Each model gets its bits for each sentence.
# The interval comes from drawing the sentences again with replacement (the bootstrap). For
# the comparison we draw the *differences* of the two models on the same sentence: some sentences are
# hard for everybody, and that part of the noise cancels. The interval knows nothing of another seed,
# which would give a slightly different network; the [results page](../../book/results.md) has the mean
# over three.


# %%
def bits_interval(nats, chars):
    """Bits per character (5) with its interval over sentences."""
    return bootstrap_ratio(nats / math.log(2), chars, seed=SEED)


test_log_p = {
    "n-gram": [best_ngram.log_probs(row) for row in rows["test"]],
    "GPT": log_probs(gpt, rows["test"]),
}  # for each model a list of [T]
test_nats = {name: np.array([-p.sum() for p in log_p]) for name, log_p in test_log_p.items()}
estimates = {name: bits_interval(nats, n_chars["test"]) for name, nats in test_nats.items()}
difference = bits_interval(test_nats["GPT"] - test_nats["n-gram"], n_chars["test"])

# %% tags=["nbval-ignore-output"]
record("gpt.bits_ngram", estimates["n-gram"].value, "bits/char", estimates["n-gram"],
       ladder="language", label="n-gram, Witten–Bell", parameters=best_ngram.parameters,
       seconds=counting_seconds[best_order], note="order chosen on validation")  # fmt: skip
record("gpt.bits_short", estimates["GPT"].value, "bits/char", estimates["GPT"],
       ladder="language", label="GPT, short training", parameters=N,
       seconds=short.history.seconds, note=f"{epochs:.1f} passes over the same sentences")  # fmt: skip
record("gpt.bits_difference", difference.value, "bits/char", difference)

# %%
ahead = np.mean(test_nats["n-gram"] < test_nats["GPT"])
check("Counting took less than a hundredth of the time",
      100 * counting_seconds[best_order] < short.history.seconds)  # fmt: skip
if run.profile != "gpu":
    check("Counting is ahead: the interval of the difference is above zero", difference.low > 0)
    check("It is ahead on more than two sentences of three", ahead > 2 / 3)

# %% [markdown]
# Counting wins, and not narrowly, and it took a moment where the network took minutes. Should that
# surprise you? A good deal of what is written about small GPTs shows their charming nonsense and
# never asks. (In the `gpu` profile the network is larger and reads the text more often; there the tables
# below decide, and this paragraph is about the small one.)
#
# To see why, compare each model's marks on the training sentences with those on new ones.

# %%
seen = rows["train"][:: run.size(smoke=10, cpu=10, gpu=10)]
gaps = {}
for name, scored in {"n-gram": best_ngram, "GPT": gpt}.items():
    on_seen = bits_per_char(nll(scored, seen), n_predicted(seen))
    gaps[name] = estimates[name].value - on_seen

half = NGram(best_order, V).fit(rows["train"][::2])
half_bits = bits_per_char(half.nll(rows["validation"]), n_chars["validation"])

# %% tags=["nbval-ignore-output"]
for name, gap in gaps.items():
    print(f"{name:<8} {estimates[name].value - gap:.2f} bits on seen, {gap:.2f} more on new")

# %%
check("The n-gram is far better on what it has seen", gaps["n-gram"] > 0.4)
if run.profile != "gpu":
    check("The network is hardly better on what it has seen", gaps["GPT"] < 0.1)
check("With half of the sentences the n-gram is worse by more than a tenth of a bit",
      half_bits > validation_bits[best_order] + 0.1)  # fmt: skip

# %% [markdown]
# The two fail for opposite reasons. The n-gram has squeezed its training text nearly dry; what it
# lacks is *text*. The network has not even learned the text that it was given; what it lacks is
# *computing*. It started from random numbers and had to find out by thousands of small steps what a
# table of counts is told outright: that the last few letters matter most, and that each group of
# them is a case of its own. With so little computing, that prior knowledge is worth more than the
# ability to look back over the whole sentence. Large language models have many million times more
# text, and far more computing still.
#
# ## More time
#
# That explanation makes a prediction: with more computing on the *same* text the network must get
# better, and the n-gram cannot. More time than a chapter has was given in advance: the same function
# `train_language_model`, called by `python -m lmcourse.weights.char_gpt`, on the same training sentences, with
# dropout because it reads them many times. The weights come with the package, and the recipe is
# stored beside them.

# %% tags=["nbval-ignore-output"]
longer, recipe = char_gpt.load()
longer_size = sum(p.numel() for p in longer.parameters())
passes = recipe["training"]["steps"] * recipe["training"]["batch_size"] / len(reviews["train"])
print(recipe["command"], "·", recipe["date"], "· torch", recipe["versions"]["torch"])
print(f"{longer_size:,} parameters, {passes:.0f} passes in {recipe['seconds'] / 60:.0f} minutes")
for text in write(longer, 3, 1.0, longest):
    print("   ", text[:90])

# %%
test_log_p["longer GPT"] = log_probs(longer, rows["test"])  # list of [T]
test_nats["longer GPT"] = np.array([-p.sum() for p in test_log_p["longer GPT"]])  # [sentences]
estimates["longer GPT"] = bits_interval(test_nats["longer GPT"], n_chars["test"])
gain = bits_interval(test_nats["GPT"] - test_nats["longer GPT"], n_chars["test"])
lead = bits_interval(test_nats["longer GPT"] - test_nats["n-gram"], n_chars["test"])

# %% tags=["nbval-ignore-output"]
record("gpt.bits_longer", estimates["longer GPT"].value, "bits/char", estimates["longer GPT"],
       ladder="language", label="GPT, longer training", parameters=longer_size,
       seconds=recipe["seconds"], note=f"{passes:.0f} passes over the same sentences")  # fmt: skip
record("gpt.bits_longer_difference", lead.value, "bits/char", lead)

# %% mystnb={"image": {"alt": "Three dots with intervals, bits per character on the test sentences: the n-gram, the GPT of this chapter far to its right, and the GPT trained longer a little to its left."}}
figure, ax = plt.subplots(figsize=(6.4, 2.2))
colors = [plot.GREY, plot.BLUE, plot.GREEN]
plot.intervals(
    ax,
    list(estimates),
    list(estimates.values()),
    color=colors,
    xlabel="bits per character on the test sentences",
)
plt.show()

# %%
if run.profile != "gpu":  # there the GPT of this chapter is the larger of the two
    check("More training helps: the interval of the gain is above zero", gain.low > 0)
check("The network is ahead now: the interval of the difference is below zero", lead.high < 0)
check(
    "Counting took less than a thousandth of the time of the longer training",
    1000 * counting_seconds[best_order] < recipe["seconds"],
)
on_seen = bits_per_char(nll(longer, seen), n_predicted(seen))
gaps["longer GPT"] = estimates["longer GPT"].value - on_seen
check("It knows its training sentences less by heart than the table does",
      gaps["longer GPT"] < gaps["n-gram"])  # fmt: skip

# %% [markdown]
# The prediction holds. The same sentences, read many times as often, close the gap and more: the
# network is now ahead of this table of counts, without having seen more text. How much of that is due
# to the passes, and how much to the fourth layer and the dropout, one run cannot say. Nor does the
# interval say what another seed would bring: it is about the choice of test sentences, for these two
# models as they stand.
#
# The price is more than a thousand times the computing, and the rival is one way of counting, not the
# best there could be. With a second to spend, count; with half an hour, train.
#
# ## Where each of them is right
#
# An average hides where it comes from. How hard is a letter to predict, depending on whether it opens
# a word, comes second, third …? All three models are asked about the same validation letters.

# %%
by_model = {
    "n-gram": [best_ngram.log_probs(row) for row in rows["validation"]],
    "GPT": log_probs(gpt, rows["validation"]),
    "longer GPT": log_probs(longer, rows["validation"]),
}  # lists of [T]
flat = {name: np.concatenate(log_p) for name, log_p in by_model.items()}  # [all letters]

place = []
for row in rows["validation"]:
    count = 0
    for i in row[1:]:
        count = count + 1 if i and tokenizer.decode([i]).isalpha() else 0
        place.append(min(count, 7))
place = np.array(place)  # [all letters], 0 = no letter: a space, a sign, the end

# %% mystnb={"image": {"alt": "Three curves, bits per character against the place of the letter in its word. The first letter of a word is the hardest for all, later letters become easier, and spaces and signs are easy. Up to the third letter the curves are close together, with the longer GPT lowest at the first. From the fifth letter on the n-gram is below both networks."}}
figure, ax = plt.subplots(figsize=(6.4, 3.4))
means = {}
for (name, log_p), color in zip(flat.items(), colors, strict=True):
    surprise = -log_p / math.log(2)
    means[name] = np.array([surprise[place == k].mean() for k in range(8)])  # [8]
    ax.plot(range(8), means[name], "o-", color=color, label=name)
ax.set_xticks(range(8), ["space,\nsign", "1st", "2nd", "3rd", "4th", "5th", "6th", "later"])
ax.set(xlabel="place of the letter in its word", ylabel="bits per character", ylim=(0, None))
ax.legend()
plt.show()

# %%
hardest = {name: int(curve.argmax()) for name, curve in means.items()}
check("For every model the first letter of a word is the hardest", set(hardest.values()) == {1})

longer_gpt, counts = means["longer GPT"], means["n-gram"]
check("At the first letter the longer GPT is ahead of the n-gram", longer_gpt[1] < counts[1] - 0.05)
check("From the fifth letter on the n-gram is ahead", (counts[5:] < longer_gpt[5:] - 0.1).all())

# %% [markdown]
# Where a word *begins*, the network is ahead; from its fifth letter on, the table is, even of the network
# that beats it on the whole. That fits what each can see. The next word depends on the sentence, and only the network sees all of it. The rest of a
# word is mostly spelling, and a spelling that occurs in the training text stands in the table as it is,
# while the network has to work it into its weights, pass by pass.
#
# So each knows what the other does not, and that can be used. Let both answer and average their
# *probabilities*, with a share $\lambda$ for the network that is chosen on validation. An
# average of distributions is a distribution, so this is an honest language model.


# %%
def mix(share, network, counting):
    """Log-probabilities of share · network + (1 − share) · counting."""
    return np.logaddexp(math.log(share) + network, math.log(1 - share) + counting)


shares = np.arange(0.05, 1, 0.05)
surprises = [-mix(share, flat["longer GPT"], flat["n-gram"]).mean() for share in shares]
chosen = shares[int(np.argmin(surprises))]

pairs = zip(test_log_p["longer GPT"], test_log_p["n-gram"], strict=True)
mixture_nats = np.array([-mix(chosen, network, counting).sum() for network, counting in pairs])
mixture = bits_interval(mixture_nats, n_chars["test"])
better = min(("n-gram", "longer GPT"), key=lambda name: estimates[name].value)
saved = bits_interval(test_nats[better] - mixture_nats, n_chars["test"])

# %% tags=["nbval-ignore-output"]
print(f"share of the network: {chosen:.2f}")
record("gpt.bits_mixture", mixture.value, "bits/char", mixture, note="longer GPT and n-gram, mixed")

# %%
check(
    "The mixture is better than either, and the interval of what it saves is above zero",
    saved.low > 0,
)

# %% [markdown]
# ## Summary
#
# A GPT is two tables and a stack of blocks, and each block adds two corrections to a stream: what
# attention brings from the letters before, and what a feed-forward layer makes of it. Its size
# follows from four numbers, its first loss from one, and both can be checked before a minute of
# computing is spent, just like causality, padding and the ability to learn one batch by heart. On
# its way down the loss passes marks that counting can draw in advance. And at this scale counting
# also draws the mark that the network should be judged by. In the chapter's minutes ours did not reach
# it; it took a training more than a thousand times as long as the counting to pass it. The network knows
# things about sentences that no table knows; mixed, the two are better than either.
#
# ## Exercises
#
# > **Exercise 1.** Inputs and targets (★☆☆, 10 minutes). Write `inputs_and_targets(rows)`, which turns
# > rows of ids into two tensors of shape `[B, T]`: at each place the id that the model reads and the id
# > it must predict. Fill up inputs with 0 and targets with −100. (`pad(rows, value)` is imported.)
#
# <details><summary>Hint</summary>
#
# The last id of a row is never read, the first is never predicted.
#
# </details>


# %% tags=["exercise"]
def inputs_and_targets(rows):
    """Inputs and targets, both [B, T] with T one less than the longest row."""
    ...


exercises.inputs_and_targets(inputs_and_targets)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def inputs_and_targets(rows):
    """Inputs and targets, both [B, T] with T one less than the longest row."""
    return pad([row[:-1] for row in rows], 0), pad([row[1:] for row in rows], -100)


exercises.inputs_and_targets(inputs_and_targets)

# %% [markdown]
# > **Exercise 2.** Bits per character (★☆☆, 5 minutes). Write `bits(nats, lengths)` for formula (5):
# > `nats` holds the negative log-likelihood of each sentence, `lengths` how many characters it has,
# > *without* the closing mark.
#
# <details><summary>Hint</summary>
#
# Is it the mean of the sentences' ratios, or the ratio of the sums? And which symbols were predicted?
#
# </details>


# %% tags=["exercise"]
def bits(nats, lengths):
    """Bits per character of sentences with nats [S] and lengths [S]."""
    ...


exercises.bits(bits)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def bits(nats, lengths):
    """Bits per character of sentences with nats [S] and lengths [S]."""
    return np.sum(nats) / np.log(2) / np.sum(np.asarray(lengths) + 1)


exercises.bits(bits)

# %% [markdown]
# > **Exercise 3.** A leak detector (★★☆, 15 minutes). Write `leaks(model, ids)`: whether any prediction
# > of `model` depends on a later letter. `ids` has shape `[1, T]`, all ids are below 96, and
# > `model(ids)` gives logits `[1, T, 96]`. The checker tries it on models with different bugs.
#
# <details><summary>Hint</summary>
#
# Change one letter at a time, every place in turn: one bug only looks a single letter ahead, another
# only looks at the very last. Which predictions must not move when the letter at place $s$ changes?
#
# </details>


# %% tags=["exercise"]
def leaks(model, ids):
    """True if a prediction of `model` for ids [1, T] depends on a later letter."""
    ...


exercises.leaks(leaks)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def leaks(model, ids):
    """True if a prediction of `model` for ids [1, T] depends on a later letter."""
    with torch.no_grad():
        before = model(ids)  # [1, T, V]
        for s in range(1, ids.shape[1]):
            changed = ids.clone()  # [1, T]
            changed[0, s] = (ids[0, s] + 1) % 96
            if (model(changed)[0, :s] - before[0, :s]).abs().max() > 1e-5:
                return True
    return False


exercises.leaks(leaks)

# %% [markdown]
# > **Exercise 4.** The widest model that fits (★★★, 15 minutes). You may spend `budget` parameters
# > on `n_layers` layers, with 96 symbols and 288 positions. Write `widest(budget, n_layers)`: the
# > largest width with formula (3) within the budget that is also a multiple of 32.
#
# <details><summary>Hint</summary>
#
# (3) is a quadratic in $C$; solve it for $C$ and round *down* to a multiple. Or try all multiples
# from below.
#
# </details>


# %% tags=["exercise"]
def widest(budget, n_layers):
    """The largest multiple of 32 whose GPT has at most `budget` parameters."""
    ...


exercises.widest(widest)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 4
def widest(budget, n_layers):
    """The largest multiple of 32 whose GPT has at most `budget` parameters."""
    a, b = 12 * n_layers, 96 + 288 + 2 + 13 * n_layers  # a C² + b C
    width = (math.sqrt(b**2 + 4 * a * budget) - b) / (2 * a)
    return int(width) // 32 * 32


exercises.widest(widest)

# %% [markdown]
# ## Common mistakes
#
# *Targets that are not shifted*: the model learns to copy its input, and the loss falls to zero in
# no time. *Scoring in blocks*: a test text cut into windows gives the letters at the start of each
# window no context, and the model looks worse than it is; here every sentence is scored whole.
# *Scoring with dropout on*: call `model.eval()`. *Comparing perplexities per token* of models with
# different tokenizers: the units differ, bits per character do not. *No baseline*: a loss that goes
# down says that the program runs, not that the model is any good. *Choosing the stopping point on
# the test sentences*: that is training on them, slowly.
#
# ## Further reading
#
# - Radford, Narasimhan, Salimans and Sutskever (2018), [Improving language understanding by generative pre-training](https://cdn.openai.com/research-covers/language-unsupervised/language_understanding_paper.pdf): the first GPT.
# - Radford et al. (2019), [Language models are unsupervised multitask learners](https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf): pre-norm, and the scaled initial weights of the residual branches.
# - Xiong et al. (2020), [On layer normalization in the Transformer architecture](https://arxiv.org/abs/2002.04745).
# - Press and Wolf (2017), [Using the output embedding to improve language models](https://arxiv.org/abs/1608.05859): weight tying.
# - Ba, Kiros and Hinton (2016), [Layer normalization](https://arxiv.org/abs/1607.06450).
# - Haviv, Ram, Press, Izsak and Levy (2022), [Transformer language models without positional encodings still learn positional information](https://arxiv.org/abs/2203.16634).
# - Al-Rfou et al. (2019), [Character-level language modeling with deeper self-attention](https://arxiv.org/abs/1808.04444): what it takes for letters to win.
# - Witten and Bell (1991), [The zero-frequency problem](https://doi.org/10.1109/18.87000): the smoothing of the rival.
# - Karpathy, [nanoGPT](https://github.com/karpathy/nanoGPT), the readable GPT at a larger scale.
