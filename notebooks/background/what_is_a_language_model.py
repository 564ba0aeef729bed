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
# # What is a language model?
#
# You ask a real language model how a text goes on, watch it write, judge and fail, and see that
# through all of it the model does a single thing.
#
# Play first. How would you go on: *I have never been so bored in my …*, *The film was so boring that
# I fell …*, *She opened the door and …*? For one of them you have a word at once, for another you can
# only shrug. What would a machine say that has read an enormous amount of text?

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
import re
import textwrap

import matplotlib.pyplot as plt
import numpy as np
import torch
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation.intervals import bootstrap_mean, paired_bootstrap
from lmcourse.exercises.background import what_is_a_language_model as exercises
from lmcourse.models import pretrained
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import FancyBboxPatch, Rectangle
from scipy.stats import binomtest, spearmanr

run = session.start(PROFILE, SEED)

# %% [markdown]
# SmolLM2 is a small cousin of the models behind the well-known chatbots, small enough for a laptop,
# and **pretrained**: somebody else has already let it read. The code is short, and you may skip it:
# text goes in, a list of probabilities comes out. (The model gives scores for every position of the
# text. `logits[0, -1]` are those after the last piece, and
# [the softmax](../probability/softmax.ipynb) turns them into probabilities.)

# %%
torch.set_grad_enabled(False)  # we only use the model, we do not train it
tokenizer, model = pretrained.causal_lm()
model.to(run.device)
START = 0  # the id of <|endoftext|>, which stood between the texts it has read


def encode(text):
    """The ids that the model reads: the start mark, then those of the text."""
    return [START, *tokenizer(text)["input_ids"]]


def next_probabilities(ids):
    """Probability of each possible next piece, [V], after the pieces `ids`."""
    logits = model(torch.tensor([ids], device=run.device)).logits  # [1, T, V]
    return logits[0, -1].softmax(dim=-1).cpu()  # [V]


def likeliest(text, k=6):
    """The k likeliest continuations of a text, and their probabilities."""
    p, ids = next_probabilities(encode(text)).topk(k)  # [k], [k]
    words = [tokenizer.decode([i]).strip() or "(blank)" for i in ids.tolist()]
    return words, p.numpy()


# %%
prompts = [
    "I have never been so bored in my",
    "The film was so boring that I fell",
    "She opened the door and",
]
answers = [likeliest(prompt) for prompt in prompts]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three bar charts, one below the other, each the six likeliest next words after one of the three beginnings. After I have never been so bored in my, one long bar: life. After The film was so boring that I fell, asleep takes about half. After She opened the door and, only short bars of similar length; two of their labels, cre and sl, are no words."}}
figure, axes = plot.panels(3, height=2.2, sharex=True)
for ax, prompt, (words, p) in zip(axes, prompts, answers, strict=True):
    plot.bars(ax, words, p)
    ax.set_title(f"{prompt} …")
axes[-1].set_xlabel("probability")
plt.show()

# %% [markdown]
# Did you say *life* and *asleep*? The model is fairly sure in the first place, half sure in the
# second, and in the third so much is possible that no bar is long. That feeling, *this word surely,
# that one perhaps, that one never*, is what a language model puts into numbers. (And what are *cre*
# and *sl*? That will be answered.)

# %% [markdown]
# **You will**
#
# - ask a real language model how your own sentence goes on, and read its answer as a distribution,
# - see which words of a text surprise it, and why shuffling the words costs so much,
# - let it write, judge grammar, fill gaps and answer questions, and measure where it fails,
# - compare the meanings of words and sentences as arrows in space,
# - know which tasks are built on this, and where in the book each idea is taken apart.
#
# **You need** no earlier chapter. For the prose and the pictures it is enough to know what a
# probability and a logarithm are; whoever reads Python can change the code and run it again.

# %% [markdown]
# ## Guess the next word
#
# Now it is your turn. Change the sentence, run the cell again, and guess before you look.

# %% tags=["nbval-ignore-output"]
sentence = "My grandmother always told me that"

for word, p in zip(*likeliest(sentence), strict=True):
    print(f"{p:6.3f}  {sentence} {word}")

# %% [markdown]
# What is inside? Many numbers, adjusted until the forecasts fitted the texts that were read. To keep
# the download small they are rounded to four bits each; the original may answer a little differently.
# Larger models have a thousand times as many, so what ours cannot do says little about them.

# %%
numbers = sum(p.numel() for p in model.parameters())
print(f"{numbers:,} adjustable numbers")

# %% tags=["claims"]
top = [p[0] for _, p in answers]
check("One word takes more than half of the first blank", top[0] > 0.5)
check("In the third no word has even a fifth", top[2] < 0.2)

# %% [markdown]
# ## What the model reads
#
# So far we said *words*. In truth the model reads **tokens**: pieces from a fixed list of some
# fifty thousand, its **vocabulary**. Frequent words are one token each, with the space in front
# of them. Rare words are put together from parts, so that nothing is ever unreadable.

# %%
texts = ["I love films", " crept", " unwatchably", "2024", "我爱电影"]
for text in texts:
    pieces = [tokenizer.decode([i]) for i in tokenizer(text)["input_ids"]]
    print(f"{len(text):>3} characters  {len(pieces)} tokens  {pieces}")

# %% [markdown]
# So *cre* is where a word like *crept* begins. The last line is worth a thought: it says *I love
# films* in Chinese. The list was made from mostly English text, so English comes in large pieces and
# these characters in crumbs, which cannot be printed alone (�). What a model
# was fed shows before it has computed anything.
#
# ## The definition
#
# The bars above were only the top. The model gives *every* token of its vocabulary a share, and
# the shares add up to one. Such a list is called a **distribution**. Write $x_1, \dots, x_{t-1}$
# for the tokens so far, $w$ for a token that might come and $\mathcal V$ for the vocabulary. A
# **language model** is a rule that gives, for every beginning of a text,
#
# $$P(w \mid x_1, \dots, x_{t-1}) \ge 0 \quad\text{for each } w \in \mathcal V, \qquad
# \sum_{w \in \mathcal V} P(w \mid x_1, \dots, x_{t-1}) = 1. \tag{1}$$
#
# The bar is read *given*. Nothing in the definition mentions grammar, meaning or truth. Whatever
# the model has of them must show up in these numbers.

# %% tags=["nbval-ignore-output"]
p = next_probabilities(encode("The film was so boring that I fell"))  # [V]
print(f"{len(p):,} probabilities for {len(tokenizer):,} tokens")
print(
    f"sum {p.double().sum():.4f}, smallest {p.min():.0e}, largest {p.max():.2f}"
)

# %% tags=["claims"]
close("The probabilities sum to one", p.double().sum(), 1.0, atol=1e-4)
check("None is zero: everything is possible", p.min() > 0)

# %% [markdown]
# ## It writes by rolling dice
#
# How does a thing that only forecasts one token write a whole answer? It draws a token at random,
# each with its probability, appends it, and asks itself again. That is **sampling**. (Or it takes
# the likeliest token each time; then the same beginning always goes on in the same way.) The die
# is `torch.multinomial`, which draws one id according to the probabilities.


# %%
def write(text, length, generator):
    """Continue a text by drawing `length` tokens one after the other."""
    ids = encode(text)
    for _ in range(length):
        p = next_probabilities(ids)  # [V]
        ids.append(torch.multinomial(p, 1, generator=generator).item())
    return tokenizer.decode(ids[1:]).replace("\n", " ")


# %% tags=["nbval-ignore-output"]
length = run.size(smoke=2, cpu=20, gpu=40)
for i in range(3):
    text = write("The film was so boring that I fell", length, run.generator(i))
    print(text, end="\n\n")

# %% [markdown]
# Nearly fluent, a little mad, different each time. From one draw to the next the model keeps nothing
# but the text: each token is a bet on what may follow it. And what is drawn stays: there is no
# eraser, so an unlucky word early on has to be lived with to the end.
#
# ## Surprise
#
# Turn the game round: the text is given, and we watch the model's face as it reads. A token that
# it had expected leaves it cold. A token with a tiny probability is a shock. The natural measure
# counts coin tosses: probability one half is the surprise of one toss, one quarter of two, one
# eighth of three. This is the **surprise** in *bits*:
#
# $$s_t = -\log_2 P(x_t \mid x_1, \dots, x_{t-1}) \tag{2}$$
#
# One pass through the model gives the forecasts at all positions. Position $t$ has read the tokens up
# to the one numbered $t$ and forecasts the next; dividing by $\log 2$ turns natural logarithms into
# bits.


# %%
def surprise(text):
    """Surprise in bits of each token of a text, [T]."""
    ids = encode(text)  # the start mark and T tokens
    logits = model(torch.tensor([ids], device=run.device)).logits[0]
    log_p = logits.log_softmax(dim=-1).cpu().numpy()  # [T + 1, V]
    steps = range(len(ids) - 1)
    return np.array([-log_p[t, ids[t + 1]] for t in steps]) / np.log(2)


def shuffled(text, rng):
    """The words of a text in random order, the first and the last in place."""
    first, *inner, last = text.split()
    return " ".join([first, *rng.permutation(inner), last])


# %% [markdown]
# Here is a sentence from a real film review, each token coloured by its surprise; below it the
# same words in another order, only the first and the last left in place.

# %%
reviews = load_reviews("three")["validation"]  # 0 blame, 1 neutral, 2 praise
decided = [i for i, label in enumerate(reviews["label"]) if label != 1]
reviews = reviews.select(decided)
beginning = "This is a movie where"
example = next(t for t in reviews["text"] if t.startswith(beginning))
rng = np.random.default_rng(SEED)
mixed = shuffled(example, rng)


# %% tags=["hide-input"]
# @title How the pictures of surprise are drawn
def draw_text(ax, text, shades, width=42):
    """Draw the tokens of a text as boxes coloured by surprise, in lines."""
    tokens = [tokenizer.decode([i]) for i in encode(text)[1:]]
    x, y = 0, 0
    for token, bits in zip(tokens, surprise(text), strict=True):
        if token.startswith(" ") and x + len(token) > width:
            x, y, token = 0, y + 1, token.strip()
        place, size = x + len(token) - len(token.strip()), len(token.strip())
        shade = shades(min(bits / 16, 1.0))
        ax.add_patch(Rectangle((place, y), size, 0.8, color=shade))
        style = {"family": "monospace", "va": "center", "color": "#000000"}
        ax.text(place, y + 0.42, token.strip(), **style)
        x += len(token)
    ax.set(xlim=(0, width), ylim=(y + 1, 0))
    ax.axis("off")


# %% tags=["hide-input"] mystnb={"image": {"alt": "A review sentence twice, each token in a box that is pale when the model expected it and orange when it did not. In the original the small words are pale; the first word and the words that carry the joke are orange. In the shuffled version most boxes are orange."}}
shades = LinearSegmentedColormap.from_list("bits", ["#FFFFFF", plot.ORANGE])
figure, axes = plot.panels(2, height=1.8)
for ax, text in zip(axes, [example, mixed], strict=True):
    draw_text(ax, text, shades)
axes[0].set_title("as written")
axes[1].set_title("shuffled")
scale = plt.cm.ScalarMappable(plt.Normalize(0, 16), shades)
bar = figure.colorbar(scale, ax=axes, orientation="horizontal", aspect=40)
bar.set_label("surprise in bits, 16 and more in full orange")
plt.show()

# %% tags=["hide-input", "nbval-ignore-output"]
pieces = [tokenizer.decode([i]).strip() for i in encode(example)[1:]]
bits_of = surprise(example)  # [T]
print("surprise of each token as written, in bits:")
for start in range(0, len(pieces), 6):
    part = slice(start, start + 6)
    pairs = zip(pieces[part], bits_of[part], strict=True)
    print("   " + "   ".join(f"{piece} {bits:.1f}" for piece, bits in pairs))

# %% [markdown]
# Read the upper half slowly. A small word like *been* comes nearly free: after what stands before it,
# it was to be expected. The words that carry the news cost most, *movie* and *observation* above all.
# *This* is orange too: at the start of a text almost anything may come. In the lower half there
# is much more orange. Is that so in general, or is it this sentence? We add up the surprises of each of
# a few dozen sentences and compare each with its own shuffled version. Adding is the right thing to
# do: multiplying the probabilities of the tokens gives the probability that a text begins with them
# all (why, is the subject of [the chain rule](../probability/chain_rule.ipynb)), and the logarithm
# turns the product into a sum.
#
# $$-\log_2 P(x_1, \dots, x_T) = \sum_{t=1}^{T} s_t \tag{3}$$


# %%
def total_surprise(text):
    """Bits of surprise of a whole text."""
    return float(surprise(text).sum())


sentences = [text for text in reviews["text"] if len(text.split()) >= 6]
sentences = sentences[: run.size(smoke=2, cpu=40, gpu=400)]
as_written = np.array([total_surprise(text) for text in sentences])  # [N]
in_disorder = np.array(
    [total_surprise(shuffled(text, rng)) for text in sentences]
)  # [N]

# %% tags=["hide-input", "nbval-ignore-output"]
extra = paired_bootstrap(in_disorder, as_written)
dearer = np.mean(in_disorder > as_written)
print(f"a sentence as written costs {as_written.mean():.0f} bits on average")
print(f"shuffling: {extra.value:.0f} more [{extra.low:.0f}, {extra.high:.0f}]")
print(f"share of the sentences that get dearer: {dearer:.2f}")

# %% [markdown]
# Same words, same letters; the difference is what the model knows about *order*. (The brackets hold a
# 95 % interval: how far the mean may be off with so few sentences. It is found by the *bootstrap*:
# draw the sentences anew with replacement, ten thousand times, and see how the mean varies.) A text
# that a model finds likely can also be written down in few bits, and all language models of this
# book, from counting letters upwards, are compared by this number, per character, on the same
# reviews. (Our model may well have read some of them. A sentence that it knows by heart is cheap only
# as written, so this would widen the gap.)

# %% tags=["claims"]
dearest = {pieces[i] for i in np.argsort(bits_of)[-2:]}
check(
    "'movie' and 'observation' cost most", dearest == {"movie", "observation"}
)
check("More than nine in ten cost more when shuffled", dearer > 0.9)
check("by more than a third on average", extra.low > as_written.mean() / 3)

# %% [markdown]
# ## What did it pick up?
#
# Nobody has built a rule of grammar into the model. Did it find any? Give it two sentences that
# are alike but for one point, one right and one wrong, a **minimal pair**, and see which of them
# surprises it more. We made four times eight of them, some hard on purpose:
#
# | kind | right | wrong |
# |---|---|---|
# | agreement, neighbours | *The child is asleep.* | *The child are asleep.* |
# | agreement, far apart | *The key to the cabinets is lost.* | *The key to the cabinets are lost.* |
# | words that need a *not* | *I have not finished yet.* | *I have finished yet.* |
# | how the world goes | *The stone sank.* | *The stone floated.* |
#
# The lists stand in the next two cells, with `[right|wrong]` where the two sentences differ.

# %% tags=["hide-input"]
# @title Sixteen pairs on agreement
PAIRS = {
    "agreement, neighbours": """The dog [barks|bark] at night.
The dogs [bark|barks] at night.
The child [is|are] asleep.
The children [are|is] asleep.
This [film|films] was a waste of time.
These [films|film] were a waste of time.
My sister [writes|write] well.
My sisters [write|writes] well.""",
    "agreement, far apart": """The key to the cabinets [is|are] lost.
The keys to the cabinet [are|is] lost.
The picture of my sisters [was|were] lost.
The pictures of my sister [were|was] lost.
The author that the critics love [writes|write] well.
The critics that the author hates [write|writes] well.
The boy that the teachers like [sings|sing] well.
The boys that the teacher likes [sing|sings] well.""",
}

# %% tags=["hide-input"]
# @title Sixteen pairs on not and on the world
PAIRS |= {
    "words that need a not": """I [do not|do] have any money.
I have [not finished|finished] yet.
She [never|always] says anything.
He [did not|did] help us either.
[None|All] of us could sleep at all.
[No student has|Most students have] ever failed.
I [do not|do] think that anybody knows.
[Nobody|Somebody] has ever seen it.""",
    "how the world goes": """He drank a glass of [water|sand].
If you drop a glass, it [breaks|flies].
The sun rises in the [east|west].
The stone [sank|floated].
She put on her [socks and then her shoes|shoes and then her socks].
The [full|empty] bottle is heavier than the [empty|full] one.
She [opened the bottle|poured the wine] and [poured the wine|opened the bottle].
Ann is shorter than Tom, so [Tom is taller than Ann|Ann is taller than Tom].""",
}


# %%
def right_and_wrong(line):
    """The two sentences of a line with [right|wrong] in it."""
    choice = r"\[(.*?)\|(.*?)\]"
    return re.sub(choice, r"\1", line), re.sub(choice, r"\2", line)


n_pairs = run.size(smoke=1, cpu=8, gpu=8)
lead = {}  # for each kind: how many bits more the wrong sentences cost
missed = []  # wrong sentences that cost less
for kind, lines in PAIRS.items():
    bits = []
    for line in lines.splitlines()[:n_pairs]:
        right, wrong = right_and_wrong(line)
        bits.append(total_surprise(wrong) - total_surprise(right))
        if bits[-1] < 0:
            missed.append(wrong)
    lead[kind] = np.array(bits)  # [8]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four rows of dots, one dot a minimal pair, by how many bits the wrong sentence costs more. Nearly all dots of neighbouring agreement and of words that need a not lie right of zero, many by far. In agreement far apart several dots lie left of zero: there the model prefers the wrong sentence."}}
figure, ax = plot.panels(height=3.2)
for row, bits in enumerate(lead.values()):
    colors = [plot.BLUE if b > 0 else plot.RED for b in bits]
    ax.scatter(bits, np.full(len(bits), row), color=colors)
ax.axvline(0, color=plot.INK, linewidth=1)
ax.set_yticks(range(len(lead)), lead)
ax.set_ylim(len(lead) - 0.5, -0.5)
ax.set_xlim(left=min(-6.5, min(bits.min() for bits in lead.values()) - 1))
ax.set_xlabel("extra surprise of the wrong sentence in bits")
plt.show()

# %% tags=["hide-input", "nbval-ignore-output"]
all_leads = np.concatenate(list(lead.values()))  # [32]
share = binomtest(int((all_leads > 0).sum()), len(all_leads))
low, high = share.proportion_ci(0.95, method="wilson")
print(f"{share.k} of {share.n} pairs right:", end=" ")
print(f"{share.statistic:.2f} [{low:.2f}, {high:.2f}]")
for kind, bits in lead.items():
    print(f"    {kind:<22} median lead {np.median(bits):4.1f} bits")
print("preferred although wrong:", *missed, sep="\n    ")

# %% [markdown]
# Right of the line the model prefers the right sentence. (The interval is again one of 95 %, by
# Wilson's formula for a share.) Much of this grammar can be had from guessing alone. Among the pairs
# far apart it does not slip where a phrase stands between noun and verb, as in *the key to the
# cabinets*; it slips where a whole clause does, as in *the author that the critics love*. (With *the
# dog bark* it may have had the bark of a dog in mind. One cannot ask it.)

# %% tags=["claims"]
near, far = lead["agreement, neighbours"], lead["agreement, far apart"]
check("The model is right clearly more often than a coin", low > 0.5)
check("Its median lead is smaller far apart", np.median(far) < np.median(near))
check(
    "Far apart it slips where a clause stands between, and only there",
    (far[:4] > 0).all() and (far[4:] < 0).sum() >= 2,
)

# %% [markdown]
# ### Likely is not true
#
# What about facts? We ask for three capitals.

# %% tags=["nbval-ignore-output"]
capitals = {}
for country in ["France", "Kenya", "Australia"]:
    words, p = likeliest(f"The capital of {country} is the city of", k=3)
    capitals[country] = words[0], p[0]
    three = [f"{words[i]} {p[i]:.2f}" for i in range(3)]
    print(f"{country:<10}", ", ".join(three))

# %% [markdown]
# For Australia it says *Sydney*, with confidence, and is wrong. (With another wording it may answer
# otherwise. One example shows no more than that such things happen.) Nothing in (1) separates the
# likely from the true.
#
# And where the answer must be worked out? We show the model two sums, draw thirty more at random,
# and let it complete each, always with the likeliest next token.


# %%
def first_number(text):
    """The number that a text begins with, 0 where there is none."""
    found = re.match(r"\s*(\d+)", text)
    return int(found[1]) if found else 0


n_sums = run.size(smoke=2, cpu=30, gpu=200)
pairs = np.random.default_rng(SEED).integers(100, 1000, size=(n_sums, 2))
shown = "12 + 30 = 42\n105 + 210 = 315\n"
ids = torch.tensor([encode(f"{shown}{a} + {b} =") for a, b in pairs])  # [N, T]
ids = ids.to(run.device)
out = model.generate(
    ids,
    attention_mask=torch.ones_like(ids),
    max_new_tokens=8,
    do_sample=False,
    pad_token_id=START,
)
completed = tokenizer.batch_decode(out[:, ids.shape[1] :])
said = np.array([first_number(text) for text in completed])  # [N]
true = pairs.sum(axis=1)  # [N]

# %% tags=["hide-input"] mystnb={"image": {"alt": "The model's answer against the true sum, one dot a sum. More than half of the dots lie near the diagonal line of right answers, hardly any exactly on it; several lie far below it and a few far above."}}
figure, ax = plot.panels(height=3.8)
ax.plot([200, 2000], [200, 2000], color=plot.GREY, linewidth=1, label="right")
colors = [plot.BLUE if right else plot.RED for right in said == true]
ax.scatter(true, said, color=colors)
ax.set(
    xlabel="true sum of two three-digit numbers", ylabel="the model's answer"
)
ax.set_ylim(0, max(2300, 1.05 * said.max()))
ax.legend()
plt.show()

# %% tags=["hide-input", "nbval-ignore-output"]
exact = binomtest(int((said == true).sum()), len(true))
low, high = exact.proportion_ci(0.95, method="wilson")
off = np.abs(said - true) / true  # [N], as a share of the true sum
order = spearmanr(said, true).statistic
print(f"exact:                 {exact.k} of {exact.n}", end=" ")
print(f"({exact.statistic:.2f} [{low:.2f}, {high:.2f}])")
print(f"within a sixth:        {(off < 1 / 6).sum()} of {exact.n}")
print(f"less than half of it:  {(said < true / 2).sum()} of {exact.n}")
print(f"rank correlation:      {order:.2f}")

# %% [markdown]
# This surprised us most. It does not add. Yet the answers are not arbitrary: the *rank correlation*
# would be zero if they had nothing to do with the true sums, and one if a larger sum always got a
# larger answer. Many have about the size that the sum ought to have, others are not half of it, and
# nothing in the output tells the one from the other. Plausible, fluent, unmarked: expect this kind
# of error.

# %% tags=["claims"]
known = [capitals[country][0] for country in ["France", "Kenya"]]
check("Paris and Nairobi lead", known == ["Paris", "Nairobi"])
check(
    "Sydney takes more than half of the probability",
    capitals["Australia"][0] == "Sydney" and capitals["Australia"][1] > 0.5,
)
check("Most sums are wrong", high < 0.5)
check("yet the answers follow the true sums", order > 0.4)

# %% [markdown]
# ## Both sides of a gap
#
# So far the model looked only to the left. Such a model is called **causal**, and for writing
# that is the natural direction. But often both sides are known. *She went to the … to borrow a
# book*: what is missing? Before the gap, a library is one place among many. A causal model can be
# asked all the same, by putting every candidate $w$ in and taking the probability of the *whole*
# sentence:
#
# $$P(w \mid \text{left}, \text{right}) = \frac{P(\text{left}, w, \text{right})}
# {\sum_{v} P(\text{left}, v, \text{right})} \tag{4}$$
#
# where $v$ runs over the candidates.


# %%
def fill_gap(left, candidates, right):
    """Probability of each candidate between left and right, [C]."""
    bits = np.array([total_surprise(left + w + right) for w in candidates])
    p = 2.0 ** (bits.min() - bits)  # relative to the best: no underflow
    return p / p.sum()


places = ["library", "bank", "cinema", "beach", "doctor"]
endings = [
    "",
    " to borrow a book.",
    " to borrow some money.",
    " to see a film.",
    " to swim.",
]
filled = np.array(
    [fill_gap("She went to the ", places, right) for right in endings]
)  # [5, C]

# %% tags=["hide-input"] mystnb={"image": {"alt": "A table of probabilities, one row for each ending of She went to the blank, one column for each place. Without an ending beach leads, without certainty. With to borrow a book nearly all probability is on library, with to borrow some money on bank, with to see a film on cinema, with to swim on beach."}}
figure, ax = plot.panels(height=2.8)
rows = ["(nothing yet)", *(f"… {ending.strip()}" for ending in endings[1:])]
plot.heatmap(ax, filled, rows, places, fmt=".2f")
ax.set_title("She went to the …")
plt.show()

# %% [markdown]
# It works, at the price of one pass through the model for every candidate. A **masked language
# model** is trained for such gaps directly: words are hidden, and it must restore them from both
# sides at once. BERT, to which a whole part of this book belongs, is of this kind. In the sense of
# (1) it is no language model: it does not forecast what comes next from what came before. The name
# has stuck. It cannot easily write, but when it reads, it uses all there is.

# %% tags=["claims"]
check("From the left alone no place has nine tenths", filled[0].max() < 0.9)
right_answers = filled[1:].argmax(axis=1) == [0, 1, 2, 3]
check("The right side decides each time, and rightly", right_answers.all())
check(
    "with more certainty by a fifth at least",
    filled[1:].max(axis=1).min() > filled[0].max() + 0.2,
)

# %% [markdown]
# ## Meaning as a place
#
# What does a model that reads both sides make of a word? An **encoder** turns each token of a
# text into a vector, a list of a few hundred numbers, an arrow in a space of as many dimensions.
# Such a vector is called an **embedding**. (A causal model has such vectors too; those of an encoder
# have seen both sides.) Take an encoder of the BERT family, MiniLM, and give it eight sentences with
# the word *bank*, four at a river, such as *The river broke its bank after the rain*, and four with
# money, such as *Thieves robbed the bank at noon*. From its eight arrows we take away their mean:
# what they share, the word itself, would otherwise make all of them look alike. How alike two of them
# are is measured by the cosine of the angle between them: one if they point the same way, zero at a
# right angle, negative if they point apart.

# %% tags=["hide-input"]
# @title Sixteen sentences with bank and spring
WORDS = {
    "bank": """We sat on the bank and watched the boats.
The river broke its bank after the rain.
He tied the boat to a tree on the bank.
Wild flowers grew along the bank of the stream.
She opened an account at the bank.
The bank refused to lend him any money.
He works for a bank in London.
Thieves robbed the bank at noon.""",
    "spring": """Tulips bloom in spring.
The spring was cold and wet that year.
They married in spring, before the heat came.
Birds return in the spring.
The spring in the mattress is broken.
A metal spring pulls the door shut.
The toy jumps because of a spring inside.
Oil the spring, and the lock will work.""",
}

# %% tags=["hide-input"]
# @title Sixteen sentences with star and match
WORDS |= {
    "star": """He is the star of the film.
The star signed photographs for her fans.
The star forgot her lines.
A young actor became a star.
The telescope found a new star.
A star is a ball of burning gas.
The brightest star rose over the hills.
The light of that star is a thousand years old.""",
    "match": """Our team lost the match.
The match ended without a goal.
She won the match in three sets.
The crowd cheered all through the match.
He lit the candle with a match.
The match went out in the wind.
She struck a match in the dark.
One match was left in the box.""",
}

# %%
encoder_tokenizer, encoder = pretrained.encoder()


def cosines(vectors):
    """Cosine of the angle between every two of N vectors, [N, N]."""
    unit = vectors / vectors.norm(dim=-1, keepdim=True)  # [N, D]
    return (unit @ unit.T).numpy()


def word_vectors(sentences, word, layer):
    """The encoder's vector of `word` in each sentence, less their mean."""
    batch = encoder_tokenizer(sentences, padding=True, return_tensors="pt")
    states = encoder(**batch, output_hidden_states=True).hidden_states[layer]
    word_id = encoder_tokenizer.convert_tokens_to_ids(word)
    vectors = []
    for state, ids in zip(states, batch["input_ids"].tolist(), strict=True):
        vectors.append(state[ids.index(word_id)])  # [D], where the word stands
    vectors = torch.stack(vectors)  # [N, D]
    return vectors - vectors.mean(dim=0)


# %%
sentences_of = {word: lines.splitlines() for word, lines in WORDS.items()}
alike = {
    word: cosines(word_vectors(lines, word, layer=-1))
    for word, lines in sentences_of.items()
}  # each [8, 8]

# %% tags=["hide-input"] mystnb={"image": {"alt": "An eight by eight table of cosines between the vectors of bank, first four river sentences, then four money sentences. The two four by four blocks on the diagonal are darker than the blocks off the diagonal: the same sense is more alike than the other sense."}}
labels = ["boats", "river", "tree", "flowers"]  # four at a river
labels += ["account", "lend", "London", "robbed"]  # four with money
figure, ax = plot.panels(height=3.8)
plot.heatmap(ax, alike["bank"], labels, labels, fmt=".1f", vmax=0.7)
ax.tick_params(axis="x", rotation=35)
ax.set_title("bank, in the sentence with …")
plt.show()

# %% [markdown]
# Two blocks. The river block is loose: it falls into two pairs that have little in common. Still no two
# of different senses are as alike as any two of the same, and nobody has told the encoder that there
# are two senses. Now all four words, with a control: the vectors at the
# encoder's entrance, where each token has not yet seen its neighbours. For each occurrence we ask
# whether its nearest fellow has the same sense; by chance three of the seven others have. (Taking 3
# from the diagonal keeps an occurrence from being its own nearest.)


# %%
def same_sense(cosines):
    """Whether the nearest other occurrence has the same sense, [N].

    The first half of the occurrences has one sense, the second the other.
    """
    n = len(cosines)
    nearest = (cosines - 3 * np.eye(n)).argmax(axis=1)  # [N]
    sense = np.arange(n) >= n // 2  # [N]
    return sense[nearest] == sense


before = {
    word: cosines(word_vectors(lines, word, layer=0))
    for word, lines in sentences_of.items()
}  # each [8, 8]
hits_before = {word: same_sense(c).sum() for word, c in before.items()}
hits_after = {word: same_sense(c).sum() for word, c in alike.items()}

# %% tags=["hide-input"]
print("nearest fellow of the same sense, of 8:  before  after")
for word in WORDS:
    print(f"    {word:<36} {hits_before[word]:6}  {hits_after[word]:5}")
total_before, total_after = sum(hits_before.values()), sum(hits_after.values())
print(f"    {'all, of 32':<36} {total_before:6}  {total_after:5}")

# %% [markdown]
# Three words come out without an error. *Match* does not: among others, the match that *went out* is
# nearest to the one that *ended*. Averaging the arrows of all tokens gives one for a whole sentence,
# and with it a search that can do without common words. (This encoder was trained a second time, on
# pairs of sentences that belong together, for just this purpose.) Padding, which fills up the short
# sentences of a batch, must be left out of the mean: the *attention mask* is one where a token is
# real.


# %%
def sentence_vectors(sentences):
    """Mean of the token vectors of each sentence, padding left out, [N, D]."""
    batch = encoder_tokenizer(sentences, padding=True, return_tensors="pt")
    states = encoder(**batch).last_hidden_state  # [N, T, D]
    real = batch["attention_mask"].unsqueeze(-1)  # [N, T, 1]
    return (states * real).sum(dim=1) / real.sum(dim=1)


pool = reviews["text"][: run.size(smoke=10, cpu=320, gpu=320)]
blocks = [sentence_vectors(pool[i : i + 40]) for i in range(0, len(pool), 40)]
queries = [
    "Children will love it.",
    "It broke my heart.",
    "It is not funny at all.",
]
vectors = torch.cat([sentence_vectors(queries), *blocks])  # [3 + N, D]
similar = cosines(vectors)[:3, 3:]  # [3, N]
found = [pool[i] for i in similar.argmax(axis=1)]

# %% tags=["hide-input", "nbval-ignore-output"]
for query, text in zip(queries, found, strict=True):
    print(f"{query}\n    → {text[:66]}")

# %% [markdown]
# The second hit is the charm of the method and the third its trap: the arrow says *comedy, funny*
# so loudly that the *not* is lost. Being about the same thing is not saying the same thing.

# %% tags=["claims"]
sense = np.arange(8) >= 4
same = sense[:, None] == sense  # [8, 8]: True where both mean the same
least, most = alike["bank"][same].min(), alike["bank"][~same].max()
check("bank: same sense is always more alike than other sense", least > most)
check(
    "More have a nearest fellow of their sense after than before",
    total_after > total_before,
)
check(
    "bank, spring and star have no error, match has some",
    [hits_after[word] == 8 for word in WORDS] == [True, True, True, False],
)
nearest = (alike["match"] - 3 * np.eye(8)).argmax(axis=1)
check(
    "The match that went out is nearest to the one that ended", nearest[5] == 1
)
check("'It broke my heart' finds 'heartbreaking'", "heartbreaking" in found[1])
check("'not funny at all' finds 'consistently funny'", "ly funny" in found[2])

# %% [markdown]
# ## Where do the answers come from?
#
# Training needs questions with known answers. You can read that language models learn from texts
# which people have labelled by hand. Look at what one short sentence yields without anybody's
# help.

# %%
sentence = "The plot makes no sense."
tokens = [tokenizer.decode([i]) for i in encode(sentence)[1:]]
for t, token in enumerate(tokens):
    read = "".join(tokens[:t]) or "(start mark)"
    print(f"{read:<22} → {token.strip()}")

# %% [markdown]
# The text is its own answer sheet: the **label** of each position is the next token. So all that
# was ever written can serve, and our SmolLM2 has read about two trillion tokens. Learning from
# plain text comes first and is called pretraining; examples of a task, written by people or by a
# larger model, come afterwards and in small amounts. This second step is **fine-tuning**. Our
# model has had it too, for conversation, mostly with dialogues that larger models wrote; the
# *Instruct* in its full name says so. (What we saw above is therefore the work of both steps.)
#
# ## What people do with it
#
# Six families cover most uses. They differ in what goes in and what must come out.
#
# | task | goes in | should come out | in this book |
# |---|---|---|---|
# | classification | *The plot grinds on with yawn provoking dullness.* | negative | [fine-tuning for sentiment](../bert/finetune_sentiment.ipynb) |
# | tagging | *The old man opened the heavy door.* | the nouns: man, door | part *tasks* |
# | extraction | *Jane Austen wrote Emma in 1815.* Who wrote it? | Jane Austen | part *tasks* |
# | generation | a sentence about a lighthouse, please | any good one | [GPT](../transformer/gpt.ipynb) |
# | translation | *The cat sleeps on the chair.* | *Le chat dort sur la chaise.* | part *tasks* |
# | dialogue | *I cannot sleep before exams. What can I do?* | helpful advice | part *tasks* |
#
# A chat model takes them all as conversation. The text that we hand it is called the **prompt**.
# Let us see what ours makes of one of each; nothing is changed, but long answers are cut off. Between
# the turns of a conversation stand marks on which the model was trained; `apply_chat_template` sets
# them, and `generate` appends the likeliest token again and again.


# %%
def reply(question, length):
    """The chat model's answer, at most `length` tokens, the likeliest ones."""
    chat = [{"role": "user", "content": question}]
    inputs = tokenizer.apply_chat_template(
        chat, add_generation_prompt=True, return_tensors="pt", return_dict=True
    ).to(run.device)
    out = model.generate(
        **inputs,
        max_new_tokens=length,
        do_sample=False,
        pad_token_id=tokenizer.eos_token_id,
    )
    answer = out[0, inputs["input_ids"].shape[1] :]  # without the question
    return tokenizer.decode(answer, skip_special_tokens=True)


# %% tags=["hide-input"]
# @title The six requests
REQUESTS = {
    "classification": "Is this review positive or negative? "
    '"The plot grinds on with yawn provoking dullness." Answer with one word.',
    "tagging": "Which words in this sentence are nouns? "
    '"The old man opened the heavy door."',
    "extraction": 'Who wrote the book? "Jane Austen wrote Emma in 1815." '
    "Answer with the name only.",
    "generation": "Write one sentence about a lighthouse.",
    "translation": 'Translate into French: "The cat sleeps on the chair."',
    "dialogue": "I cannot sleep before exams. What can I do? "
    "Answer in one sentence.",
}

# %% tags=["nbval-ignore-output"]
asked = list(REQUESTS)[: run.size(smoke=1, cpu=6, gpu=6)]
length = run.size(smoke=3, cpu=32, gpu=40)
replies = {task: reply(REQUESTS[task], length) for task in asked}
for task, text in replies.items():
    question = textwrap.fill(REQUESTS[task], 72)
    answer = textwrap.indent(textwrap.fill(text, 68), "    ")
    print(f"{task}: {question}\n{answer}\n")

# %% [markdown]
# It gets the label, though not in one word, and it writes prettily about lighthouses. Asked to tag, it
# repeats the sentence; asked to extract or to translate, it answers without hesitation, and wrongly;
# the advice mixes up sleeping and not sleeping. These are the failures of a small model, rounded to
# four bits, asked once: they do not show that language models cannot translate. But remember how
# smoothly it said all that when a far larger model answers just as smoothly. And do not judge from
# one example! Let us measure one family.

# %% tags=["claims"]
answer = replies["classification"].lower()
check("The review is called negative", "negative" in answer)
french = replies.get("translation", "").lower()
check("There is no cat in the French sentence", "chat" not in french)

# %% [markdown]
# ### One task, measured
#
# No training, two words: after a review we compare the probabilities of a praising and a blaming
# word. This is called **zero-shot classification**. The score of a review is the logarithm of how many
# times likelier the praising word is. We show two of four wordings that we tried, one that does well
# and one that does not; beforehand we should have trusted both alike. (As we chose them afterwards,
# do not take the distance between them for that of any two wordings.)

# %%
n = run.size(smoke=2, cpu=60, gpu=400)
praise = np.array(reviews["label"][:n]) == 2  # [N]
WORDINGS = {
    "Review: … Sentiment: positive / negative": (
        "Review: {}\nSentiment:",
        " positive",
        " negative",
    ),
    "… All in all, it was great / terrible": (
        "{} All in all, it was",
        " great",
        " terrible",
    ),
}
scores = {}
for name, (template, good, bad) in WORDINGS.items():
    good, bad = (tokenizer(word)["input_ids"][0] for word in (good, bad))
    bits = []
    for text in reviews["text"][:n]:
        p = next_probabilities(encode(template.format(text)))  # [V]
        bits.append(float(torch.log2(p[good] / p[bad])))
    scores[name] = np.array(bits)  # [N]

# %% tags=["hide-input"] mystnb={"image": {"alt": "For each of two wordings the scores of the sentences as dots, praising ones in blue above and blaming ones in orange below, with a vertical line at zero where the decision changes. In both, the blue dots lie further right than the orange ones. With the second wording almost all dots of both colours lie right of the line, so nearly everything is called positive."}}
figure, axes = plot.panels(2, height=2.1, sharex=True)
jitter = np.random.default_rng(SEED).uniform(-0.25, 0.25, n)
colors = np.where(praise, plot.BLUE, plot.ORANGE)
for ax, (name, score) in zip(axes, scores.items(), strict=True):
    ax.scatter(score, jitter + np.where(praise, 0, 1), s=18, color=colors)
    ax.axvline(0, color=plot.INK, linewidth=1)
    ax.set_yticks([0, 1], ["praise", "blame"])
    ax.set(ylim=(1.5, -0.5), title=name)
axes[1].set_xlabel("score in bits; right of the line the model says positive")
plt.show()

# %% tags=["hide-input", "nbval-ignore-output"]
medians = {}
for name, score in scores.items():
    medians[name] = np.median(score[praise]), np.median(score[~praise])
    print(name)
    print(f"    accuracy     {bootstrap_mean((score > 0) == praise)}")
    print(f"    median score {medians[name][0]:.1f} bits for praise", end=", ")
    print(f"{medians[name][1]:.1f} for blame")
    print(f"    says positive in {np.mean(score > 0):.2f} of all cases")
print(f"always the commoner label: {max(praise.mean(), 1 - praise.mean()):.3f}")

# %% [markdown]
# With both wordings praise lies on the whole to the right of blame, so the model *has noticed* the
# difference. But after *it was* the model leans to *great* whatever came before, and the second
# wording is right about as often as a sentence happens to praise. What the model knows and what a
# question gets out of it are two things. To move the line a few labelled sentences would do.
# [Fine-tuning](../bert/finetune_sentiment.ipynb) goes further: a few thousand of them change the
# numbers inside an encoder.

# %% tags=["claims"]
check(
    "With both wordings the median of praise is higher than that of blame",
    all(good > bad for good, bad in medians.values()),
)
always = list(scores.values())[1] > 0  # [N], what the second wording says
check("The second wording says positive nearly always", always.mean() > 0.85)
check(
    "Its accuracy is about the share of praise in the sample",
    abs(np.mean(always == praise) - praise.mean()) < 0.1,
)

# %% [markdown]
# ## A map of the book

# %% tags=["hide-input"]
# @title Parts and arrows of the map; a star marks what is planned
PARTS = """background: text, tokens
probability: scores, chances
n-grams: counting
transformer: attention, GPT
pretraining*: plain text
BERT: fine-tuning
tasks*: names, answers
applications*: services
deployment*: small, fast"""
ARROWS = [
    (0, 1),
    (1, 2),
    (2, 3),
    (1, 3),
    (3, 4),
    (4, 5),
    (5, 6),
    (6, 7),
    (7, 8),
]
COLOURS = [plot.BLUE, plot.GREEN, plot.RED]  # a row each

# %% tags=["hide-input"] mystnb={"image": {"alt": "Map of the book in three rows of boxes joined by arrows. First row, ideas: background (text, tokens) leads to probability (scores, chances), which leads to n-grams (counting). From n-grams down to the second row, models: Transformer (attention, GPT) leads to pretraining (plain text), which leads to BERT (fine-tuning). From BERT down to the third row, use: tasks (names, answers) leads to applications (services), which leads to deployment (small, fast). Probability also has an arrow to the Transformer. Pretraining and the whole third row have dashed outlines: they are planned."}}
figure, ax = plot.panels(height=4.2)
for i, part in enumerate(PARTS.splitlines()):
    (name, what), x, y = part.split(": "), i % 3 * 2.3, -(i // 3) * 1.7
    line = {"linestyle": "--" if "*" in name else "-", "linewidth": 2}
    line |= {"edgecolor": COLOURS[i // 3], "facecolor": plot.PAPER}
    ax.add_patch(FancyBboxPatch((x, y), 1.7, 0.8, "round,pad=0.1", **line))
    middle = {"ha": "center", "va": "center"}
    ax.text(x + 0.85, y + 0.6, name.strip("*"), weight="bold", **middle)
    ax.text(x + 0.85, y + 0.18, what, **middle)
for a, b in ARROWS:
    (x, y), (u, v) = ((i % 3 * 2.3 + 0.85, 0.4 - i // 3 * 1.7) for i in (a, b))
    tail, tip = ((x, y - 0.52), (u, v + 0.52))
    if y == v:
        tail, tip = ((x + 0.97, y), (u - 0.97, v))
    ax.annotate("", tip, tail, arrowprops={"arrowstyle": "-|>"})
ax.set(xlim=(-0.2, 6.5), ylim=(-3.6, 1.0))
ax.axis("off")
plt.show()

# %% [markdown]
# The first row has the ideas, the second the models, the third their use; dashed parts are
# planned. Two roads lead on from here. Whoever wants to understand starts with [the chain
# rule](../probability/chain_rule.ipynb) and [softmax](../probability/softmax.ipynb), builds a
# model by [counting letters](../ngrams/bigram_counts.ipynb), then
# [attention](../transformer/attention.ipynb) and a [GPT](../transformer/gpt.ipynb). Whoever has a
# pile of texts to sort may go straight to [fine-tuning](../bert/finetune_sentiment.ipynb) and
# come back.
#
# ## Summary
#
# A language model gives every token a probability to come next, given what came before. Drawing
# again and again makes it write. Minus the logarithm of the probability is its surprise, which
# adds up over a text and tells how well the model knows the language. It is trained on plain
# text, whose next token is the label. Ours has much grammar, some facts and the look of a sum, and
# it never tells which of them it has. A model that reads both sides gives words and sentences a
# place by their meaning. What a model has noticed and what a prompt gets out of it are different
# things, so measure.
#
# ## Exercises
#
# > **Exercise 1.** Bits (★☆☆, 5 minutes). Write `bits(p)`: the surprise in bits of something that
# > had the probability `p`, a number or an array.
#
# <details><summary>Hint</summary>
#
# One half must give exactly one. NumPy's `log` is the natural logarithm; which other one does it
# have?
#
# </details>


# %% tags=["exercise"]
def bits(p):
    """Surprise in bits of events of probability p."""
    ...


exercises.bits(bits)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def bits(p):
    """Surprise in bits of events of probability p."""
    return -np.log2(p)


exercises.bits(bits)

# %% [markdown]
# > **Exercise 2.** What came next (★★☆, 10 minutes). A model has read the tokens `ids`, `[T]`,
# > and row `t` of `log_p`, `[T, V]`, is its forecast after having read `ids[0]` to `ids[t]`.
# > Write `log_p_of_next(log_p, ids)`: the log-probability of each token that really came, of
# > length `T − 1`.
#
# <details><summary>Hint</summary>
#
# Row 0 has seen the first token. Which token does it forecast? And what can the last row be
# checked against?
#
# </details>


# %% tags=["exercise"]
def log_p_of_next(log_p, ids):
    """Log-probability of ids[1:], [T − 1], from forecasts log_p [T, V]."""
    ...


exercises.next_token(log_p_of_next)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def log_p_of_next(log_p, ids):
    """Log-probability of ids[1:], [T − 1], from forecasts log_p [T, V]."""
    return log_p[np.arange(len(ids) - 1), ids[1:]]


exercises.next_token(log_p_of_next)

# %% [markdown]
# > **Exercise 3.** A fair comparison (★★☆, 10 minutes). Two models cut the same text into
# > different tokens. Write `bits_per_character(tokens, surprises)`, with which they can be
# > compared: `tokens` is a list of strings that make up the text, `surprises` their surprises in
# > bits.
#
# <details><summary>Hint</summary>
#
# The sum of the surprises belongs to the text. Which length does not depend on how the text was
# cut?
#
# </details>


# %% tags=["exercise"]
def bits_per_character(tokens, surprises):
    """Bits of surprise for each character of the text of the tokens."""
    ...


exercises.bits_per_character(bits_per_character)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def bits_per_character(tokens, surprises):
    """Bits of surprise for each character of the text of the tokens."""
    return sum(surprises) / len("".join(tokens))


exercises.bits_per_character(bits_per_character)

# %% [markdown]
# > **Exercise 4.** Fill the gap (★★★, 15 minutes). For each candidate you have the
# > log-probabilities (natural logarithms) of all tokens of the sentence with this candidate in
# > the gap: `candidates` is a list of arrays, which may differ in length. Write
# > `gap_probabilities(candidates)` after (4). Long sentences have probabilities too small for a
# > computer.
#
# <details><summary>Hint</summary>
#
# What is the logarithm of the probability of the whole sentence? Subtract the largest before the
# exponential.
#
# </details>


# %% tags=["exercise"]
def gap_probabilities(candidates):
    """Probability of each candidate, [C]; a list of log-probabilities each."""
    ...


exercises.gap(gap_probabilities)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 4
def gap_probabilities(candidates):
    """Probability of each candidate, [C]; a list of log-probabilities each."""
    totals = np.array([np.sum(log_p) for log_p in candidates])
    p = np.exp(totals - totals.max())
    return p / p.sum()


exercises.gap(gap_probabilities)

# %% [markdown]
# ## Common mistakes
#
# - *Taking likely for true*: the model forecasts texts, and texts contain errors and gaps. Look facts
#   up elsewhere.
# - *Judging from one prompt or one example*: another wording can turn the result round, as we saw.
#   Count, and give an interval.
# - *Forgetting the start mark*: without it the first token has no forecast, and its surprise is
#   missing from the sum. Compare the number of surprises with the number of tokens.
# - *Comparing surprises per token* between models with different tokens: the cuts differ, not only
#   the models. Use characters.
# - *Reading "it prefers" as "it knows"*: we measured probabilities and nothing else. Say what was
#   measured.
#
# ## Further reading
#
# - Shannon (1951), [Prediction and entropy of printed English](https://doi.org/10.1002/j.1538-7305.1951.tb01366.x): the guessing game, played with people.
# - Jurafsky and Martin (2025), [Speech and Language Processing](https://web.stanford.edu/~jurafsky/slp3/): the standard textbook.
# - Ben Allal et al. (2025), [SmolLM2: when smol goes big](https://arxiv.org/abs/2502.02737): what our model has read.
# - Linzen, Dupoux and Goldberg (2016), [Assessing the ability of LSTMs to learn syntax-sensitive dependencies](https://arxiv.org/abs/1611.01368): agreement far apart.
# - Warstadt et al. (2020), [BLiMP](https://arxiv.org/abs/1912.00582): sixty-seven kinds of minimal pairs.
# - Zhao, Wallace, Feng, Klein and Singh (2021), [Calibrate before use](https://arxiv.org/abs/2102.09690): why a prompt can lean to one answer, and a cure.
# - Reimers and Gurevych (2019), [Sentence-BERT](https://aclanthology.org/D19-1410/): sentence vectors from an encoder.
