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
# You ask a real language model how a text goes on, open it up, watch it write and fail, and see that
# through all of it the model does a single thing: it forecasts the next token.
#
# Play first. How would you go on: *I have never been so bored in my …*, *The film was so boring
# that I fell …*, *She opened the door and …*? What would a machine say that has read an enormous
# amount of text?

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
import matplotlib.pyplot as plt
import numpy as np
import torch
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data import catalogue, download
from lmcourse.data.reviews import load_reviews
from lmcourse.exercises.background import what_is_a_language_model as exercises
from lmcourse.models import pretrained
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import FancyBboxPatch, Rectangle

run = session.start(PROFILE, SEED)

# %% [markdown]
# SmolLM2 is a small relative of the models behind the well-known chatbots, here with most of its numbers rounded to four bits, and trained to chat. It is **pretrained**: somebody else has already let it read. Its numbers
# lie in a file on your disk. For the two calls `from_pretrained` in an empty notebook, install transformers, gguf and accelerate and set `folder` and `name` yourself. Who
# reads no Python skips the cell. (In comments T counts the tokens, D the numbers in a vector, V the
# vocabulary; *logits* are scores.)

# %%
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer

torch.set_grad_enabled(False)  # we use the model, we do not train it
pretrained.read_gguf_once()  # optional, only for speed
file = download.file(catalogue.CAUSAL_LM, "*.gguf")  # where the file lies
folder, name = file.parent, file.name
tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name)
# from the hub: .from_pretrained("HuggingFaceTB/SmolLM2-135M-Instruct")
model = model.to(run.device)

# %%
START = 0  # <|endoftext|>: something to forecast the first token from


def encode(text):
    """The numbers that the model reads: the start mark, then the text."""
    return [START, *tokenizer(text)["input_ids"]]


def next_probabilities(ids):
    """Probability of each possible next piece after those of `ids`, [V]."""
    scores = model(torch.tensor([ids], device=run.device)).logits
    return scores[0, -1].softmax(dim=-1).cpu()  # explained below


def likeliest(text, k=6):
    """The k likeliest next pieces and their probabilities."""
    p, ids = next_probabilities(encode(text)).topk(k)  # [k], [k]
    return [tokenizer.decode([i]).strip() for i in ids.tolist()], p.numpy()


# %% tags=["hide-input"]
# @title Three beginnings
prompts = [
    "I have never been so bored in my",
    "The film was so boring that I fell",
    "She opened the door and",
]
answers = [likeliest(prompt) for prompt in prompts]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three bar charts, each the six likeliest next tokens after one of the three beginnings. After I have never been so bored in my, one long bar: life. After The film was so boring that I fell, asleep takes about half. After She opened the door and, only short bars; two of their labels, cre and sl, are no words."}}
figure, axes = plot.panels(3, height=2.2, sharex=True)
for ax, prompt, (words, p) in zip(axes, prompts, answers, strict=True):
    plot.bars(ax, [word or "(space)" for word in words], p)
    ax.set_title(f"{prompt} …")
axes[-1].set_xlabel("probability")
plt.show()

# %% [markdown]
# Did you say *life* and *asleep*? In the third case no bar is long: much is possible. *This word
# surely, that one perhaps, that one hardly*: a language model puts this into numbers. (What are
# *cre* and *sl*?)

# %% [markdown]
# **You will**
#
# - load a real language model and ask it how your own sentence goes on,
# - follow one sentence through it: what goes in, what is inside, what comes out,
# - see which words of a text surprise it, and let it write,
# - measure where it fails, and try out what rounding its numbers does,
# - know which kind of model is for what, and where the book takes it apart.
#
# **You need** no earlier chapter. Probabilities and logarithms from school suffice for the text, some
# Python for the code.
#
# Your turn: change the sentence, guess, and run the cell again.

# %% tags=["nbval-ignore-output"]
yours = "My grandmother always told me that"

for word, p in zip(*likeliest(yours), strict=True):
    print(f"{p:6.3f}  {yours} {word}")

# %% [markdown]
# ## Open it up
#
# ### What goes in
#
# The model does not read words but **tokens**: pieces from a fixed list, its **vocabulary**. Each has
# a number.

# %%
sentence = "The film was so boring that I fell"
texts = [sentence, "She crept", "unwatchably", "电影"]
for text in texts:
    ids = tokenizer(text)["input_ids"]
    print([tokenizer.decode([i]) for i in ids], ids)

# %% [markdown]
# The words of the first line are one token each, with the space in front, if any. Other words are
# put together from parts: *cre* begins *crept*, and *sl* perhaps *slammed*. The last line is *film*
# in Chinese; here a token can be part of a character, which cannot be printed alone (�).
#
# ### What is inside
#
# Numbers in layers. We follow one sentence through them.

# %%
ids = torch.tensor([encode(sentence)], device=run.device)  # [1, T]
body = model.model
vectors = body.embed_tokens(ids)  # [1, T, D]
print("token numbers     ", tuple(ids.shape))
print("as vectors        ", tuple(vectors.shape))
print("layers            ", len(body.layers))
vectors = body(ids).last_hidden_state  # [1, T, D]
print("after the layers  ", tuple(vectors.shape))
scores = model.lm_head(vectors)  # [1, T, V]
print("as scores         ", tuple(scores.shape))

# %% tags=["hide-input"]
# @title How many numbers the parts have
attention = sum(
    p.numel() for layer in body.layers for p in layer.self_attn.parameters()
)
rework = sum(p.numel() for layer in body.layers for p in layer.mlp.parameters())
sizes = {"vectors of the tokens": body.embed_tokens.weight.numel()}
sizes |= {"layers, looking back": attention, "layers, thinking over": rework}
total = sum(p.numel() for p in model.parameters())
sizes["scalings in between"] = total - sum(sizes.values())
sizes["together"] = total
for part, size in sizes.items():
    print(f"{part:<22} {size:>12,} numbers")

# %% [markdown]
# Every token is looked up in a table and becomes a *vector*, a list of numbers. The *layers* change
# these vectors one after the other; each first *looks back* at the tokens so far and then *thinks
# over* each vector by itself. The last step compares each vector with every token
# of the vocabulary and gives each a score; here it uses the table of the first step once more.
#
# ### What comes out
#
# At every position a score for each token that might come next. We want those after the last token,
# `scores[0, -1]`: text 0, last position. To make shares of the scores, raise $e$ to each and divide
# by the sum. This is the [softmax](../probability/softmax.ipynb).

# %% tags=["nbval-ignore-output"]
last = scores[0, -1].cpu()  # [V]
powers = last.exp()  # [V]
shares = powers / powers.sum()  # [V]
print(f"sum of all {len(powers):,} powers: {powers.sum():.4g}")
for i in last.topk(3).indices.tolist():
    print(f"{tokenizer.decode([i]):>8}  score {last[i]:.3f}", end="  ")
    print(f"power {powers[i]:.4g}  share {shares[i]:.3f}")

# %% [markdown]
# *Every* token gets a share, and the shares add up to one. Such a list is called a
# **distribution**. Write $x_1, \dots, x_{t-1}$ for the tokens so far, $w$ for a token that might
# come and $\mathcal V$ for the vocabulary. A **language model** is a rule that gives, for every
# beginning of a text,
#
# $$P(w \mid x_1, \dots, x_{t-1}) \ge 0 \quad\text{for each } w \in \mathcal V, \qquad
# \sum_{w \in \mathcal V} P(w \mid x_1, \dots, x_{t-1}) = 1. \tag{1}$$
#
# The bar is read *given*. Nothing here mentions grammar, meaning or truth.

# %% tags=["claims"]
by_hand = next_probabilities(encode(sentence))  # [V]
close("Our shares are those of `softmax`", shares, by_hand, atol=1e-5)
close("They sum to one", by_hand.double().sum(), 1.0, atol=1e-4)
check("None is zero", by_hand.min() > 0)
check(
    "The table of the first step is that of the last",
    model.lm_head.weight is body.embed_tokens.weight,
)
top = [p[0] for _, p in answers]
check("one token has more than half", top[0] > 0.5)
check("After the door no token has even a fifth", top[2] < 0.2)

# %% [markdown]
# ## How a token hears the others
#
# How can the vector of the last *the* come to know what the text is about? By **attention**, the
# looking back in each layer. Picture people in a row, each with a note. Each asks those in front,
# and the own note as well: who has what I need? Each answer gets a weight by how well it fits and
# how far away it stands, and everybody adds to the own note a mixture of what is offered, in
# proportion. Then all think over their notes. After thirty rounds the forecast is made from the
# last note. What to ask and what to answer is learnt.
#
# An experiment: we change one word early in a text and look at the forecast at its end.

# %% tags=["hide-input"]
# @title Five things in three texts, and what is forecast
things = ["piano", "clock", "mirror", "stove", "desk"]
TEXTS = [
    "The old {} stood in the corner of the room. Nobody had touched it for "
    "years. One day she sat down in front of the",
    "They bought a new {} yesterday. Today the children are not allowed to "
    "touch the",
    "My uncle repaired the {} last winter. We still have to pay him for the",
]
numbers = [tokenizer(f" {thing}")["input_ids"][0] for thing in things]


def forecasts(text):
    """Row: the thing in the text. Column: the thing forecast. [5, 5]"""
    rows = [next_probabilities(encode(text.format(t))) for t in things]
    return torch.stack(rows)[:, numbers].numpy()


hearing = [forecasts(text) for text in TEXTS[: run.size(smoke=1, cpu=3, gpu=3)]]

# %% [markdown]
# And the control: the same model, but in every layer the looking back adds nothing.

# %% tags=["hide-input"]
# @title Switch attention off, forecast, switch it on again


def nothing(module, inputs, outputs):
    """Called after a layer's attention; zeros take the place of its output."""
    return (torch.zeros_like(outputs[0]), *outputs[1:])


switches = [
    layer.self_attn.register_forward_hook(nothing) for layer in body.layers
]
deaf = forecasts(TEXTS[0])  # [5, 5]
for switch in switches:
    switch.remove()

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two tables of five by five probabilities, row the thing named in the text, column the thing forecast. In the upper one, with attention, the diagonal is much darker than the rest: each thing is likelier where it is named. In the lower one, without attention, all five rows are the same and pale."}}
figure, axes = plot.panels(2, height=2.4, sharex=True)
titles = ["with attention", "without attention"]
for ax, table, title in zip(axes, [hearing[0], deaf], titles, strict=True):
    plot.heatmap(ax, table, things, things, fmt=".3f", vmin=0, vmax=0.7)
    ax.set(title=title, ylabel="in the text")
axes[1].set_xlabel("probability of this word after … sat down in front of the")
plt.show()

# %% tags=["hide-input", "nbval-ignore-output"]
print("How many times likelier a thing is where it stands in the text")
print("than in the row of another thing where it is likeliest:")
times = []
for number, table in enumerate(hearing, 1):
    others = (table - np.diag(np.diag(table))).max(axis=0)  # [5]
    times.append(np.diag(table) / others)
    print(f"  text {number}  ", *(f"{x:8.0f}" for x in times[-1]))
print("Without attention, in text 1 with")
for thing, row in zip(things, deaf, strict=True):
    print(f"  {thing:<8}", *(f"{x:8.1e}" for x in row))

# %% [markdown]
# Without attention the five rows are equal: in these numbers nothing of the changed word is left. By its plan attention is
# the only place where the model carries anything from one token to another. [A whole
# chapter](../transformer/attention.ipynb) builds attention step by step.

# %% tags=["claims"]
check(
    "In each text the thing named is at least five times likelier than there "
    "where another one is named",
    np.min(times) > 5,
)
check(
    "Without attention the rows are equal",
    np.allclose(deaf, deaf[0], rtol=1e-3, atol=0),
)

# %% [markdown]
# ## It writes by rolling dice
#
# How does a thing that only forecasts one token write an answer? It draws a token at random, each
# with its probability, appends it, and forecasts again. This is **sampling**. (Or it takes the
# likeliest token each time; or the scores are divided by a *temperature* first, which makes it [bolder or
# tamer](../probability/softmax.ipynb).) The die is `torch.multinomial`.


# %%
def write(text, length, generator):
    """Continue a text by drawing `length` tokens one after the other."""
    ids = encode(text)
    for _ in range(length):
        p = next_probabilities(ids)  # [V]
        ids.append(torch.multinomial(p, 1, generator=generator).item())
    return tokenizer.decode(ids[1:]).replace("\n", " ")


# %% tags=["nbval-ignore-output"]
length = run.size(smoke=2, cpu=15, gpu=40)
for i in range(run.size(smoke=1, cpu=3, gpu=3)):
    print(write(prompts[1], length, run.generator(i)), end="\n\n")

# %% [markdown]
# From one draw to the next the model gets nothing but the text so far, and what is drawn stays.
#
# ## Surprise
#
# Turn the game round: the text is given, and we watch the model read. Count in coin tosses: what
# had probability one half surprises like one toss, one quarter like two, one eighth like three.
# This is the **surprise** in *bits*:
#
# $$s_t = -\log_2 P(x_t \mid x_1, \dots, x_{t-1}) \tag{2}$$
#
# One pass through the model gives the forecasts at all positions. Position `t` has read the tokens up
# to number `t` (the start mark is number 0) and forecasts number `t + 1`; dividing by $\log 2$ turns natural logarithms into bits.


# %%
def surprise(text):
    """Surprise in bits of each token of a text, [T]."""
    ids = encode(text)  # the start mark and T tokens
    scores = model(torch.tensor([ids], device=run.device)).logits[0]
    log_p = scores.log_softmax(dim=-1).cpu().numpy()  # [T + 1, V]
    steps = range(len(ids) - 1)
    return np.array([-log_p[t, ids[t + 1]] for t in steps]) / np.log(2)


# %% [markdown]
# A sentence from a real film review, each token coloured by its surprise; below, all its words but
# the first and last are shuffled.


# %% tags=["hide-input"]
# @title Real sentences, and how their words are shuffled
def shuffled(text, rng):
    """The words of a text in random order, the first and the last in place."""
    first, *inner, last = text.split()
    return " ".join([first, *rng.permutation(inner), last])


reviews = load_reviews("text")["validation"]["text"]
sentences = [text for text in reviews if len(text.split()) >= 6]
sentences = sentences[: run.size(smoke=1, cpu=20, gpu=400)]
rng = np.random.default_rng(SEED)
beginning = "This is a movie where"
example = next(text for text in reviews if text.startswith(beginning))


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


# %% tags=["hide-input"] mystnb={"image": {"alt": "A review sentence twice, each token in a box that is pale when the model expected it and orange when it did not. In the original is, a, the and been are pale; the first word, movie and observation are dark orange. In the shuffled version more boxes are dark orange."}}
shades = LinearSegmentedColormap.from_list(
    "bits", ["#FFFFFF", plot.ORANGE], N=8
)
figure, axes = plot.panels(2, height=1.8)
pair = [example, shuffled(example, rng)]
for ax, text in zip(axes, pair, strict=True):
    draw_text(ax, text, shades)
axes[0].set_title("as written")
axes[1].set_title("shuffled")
scale = plt.cm.ScalarMappable(plt.Normalize(0, 16), shades)
bar = figure.colorbar(scale, ax=axes, orientation="horizontal", aspect=40)
bar.set_label("surprise in bits, 14 and more in full orange")
plt.show()

# %% tags=["hide-input", "nbval-ignore-output"]
for title, text in zip(["as written", "shuffled"], pair, strict=True):
    bits_of = surprise(text)  # [T]
    print(f"{title}, {bits_of.sum():.0f} bits together:")
    pieces = [tokenizer.decode([i]).strip() for i in encode(text)[1:]]
    for start in range(0, len(pieces), 7):
        part = slice(start, start + 7)
        pairs = zip(pieces[part], bits_of[part], strict=True)
        print("  ", "  ".join(f"{piece} {bits:.1f}" for piece, bits in pairs))

# %% [markdown]
# The surprises may be added. The probability that the model, drawing token after token, begins
# with exactly these is a product ([why](../probability/chain_rule.ipynb)), and the logarithm makes a sum of it. Two things
# are left out: no mark for the end is scored, so the text may go on; and the same text could be put
# together from other tokens, whose probabilities are not added.
#
# Now twenty sentences, each against three of its own shuffles.

# %% tags=["hide-input"]
# @title Add up the surprises
n_shuffles = run.size(smoke=1, cpu=3, gpu=3)
as_written = np.array([surprise(text).sum() for text in sentences])  # [N]
shuffles = [
    [shuffled(text, rng) for _ in range(n_shuffles)] for text in sentences
]
in_disorder = np.array(
    [[surprise(text).sum() for text in texts] for texts in shuffles]
)  # [N, 3]

# %% tags=["hide-input"] mystnb={"image": {"alt": "For each of twenty sentences the surprise of its shuffled versions against that of the sentence as written. The dots lie above the diagonal line where both would be equal, most of them far above."}}
figure, ax = plot.panels(height=3.4)
ax.plot([50, 350], [50, 350], color=plot.GREY, linewidth=1, label="equal")
x = np.repeat(as_written, n_shuffles)
ax.scatter(x, in_disorder.ravel(), s=16, color=plot.BLUE, label="a shuffle")
ax.set(xlabel="bits as written", ylabel="bits shuffled")
ax.legend()
plt.show()

# %% [markdown]
# Only the *order* of the tokens differs. (Perhaps the model has read some of these reviews; then the gap may be too wide. We cannot tell.) Bits for each
# character make models with different tokens comparable; you find out why in exercise 2.

# %% tags=["claims"]
check(
    "A shuffle has the tokens of its sentence",
    all(
        sorted(encode(text)) == sorted(encode(mixed))
        for text, mixed_ones in zip(sentences, shuffles, strict=True)
        for mixed in mixed_ones
    ),
)
n = len(surprise(sentence))
close(
    "A later token changes no earlier surprise here",
    surprise(sentence + " asleep")[:n],
    surprise(sentence),
    atol=1e-3,
)
ratio = in_disorder / as_written[:, None]  # [N, 3]
check("At least 95 % of the shuffles cost more", np.mean(ratio > 1) >= 0.95)
check("They cost over 1.4 times as much on average", ratio.mean() > 1.4)

# %% [markdown]
# ### Letter by letter
#
# Shannon (1951) covered a text and had people guess it, one letter at a time, each until it was
# right: **Shannon's game**. Here are three models of this book at one sentence, by their surprise
# at each letter: a table of single letters; counts of what follows the last seven; a small
# Transformer. (The other rows of the table are models of later chapters. The sentence is not among the reviews from which they learned, but among those on
# which some settings of the networks were chosen. On the site you play below.)

# %% tags=["hide-input"]
# @title Models that the book builds
from lmcourse import live
from lmcourse.evaluation import guessing
from lmcourse.models.ngram import NGram
from lmcourse.text.characters import CharTokenizer
from lmcourse.weights import best_gpt, char_gpt, char_neural_ngram, lstm

alphabet = CharTokenizer()  # the end mark, then 95 characters
train = [
    alphabet.encode(text) for text in load_reviews("text")["train"]["text"]
]
V = alphabet.vocab_size
RUNGS = {
    "letters alone": NGram(1, V, "kneser_ney").fit(train),
    "counts, the last letter": NGram(2, V, "kneser_ney").fit(train),
    "counts, the last 2": NGram(3, V, "kneser_ney").fit(train),
    "counts, the last 4": NGram(5, V, "kneser_ney").fit(train),
    "counts, the last 7": NGram(8, V, "kneser_ney").fit(train),
    "network, the last 8": char_neural_ngram.load()[0],
    "LSTM": lstm.load()[0],
    "Transformer": char_gpt.load()[0],
    "Transformer, larger": best_gpt.load()[0],
}


# %% tags=["hide-input"]
# @title Six sentences, and forty others
BEGINNINGS = """An excellent romp
Comes across as
A deftly entertaining
The movie has very little
Hip hop prison thriller
May be more genial""".splitlines()
n = run.size(smoke=1, cpu=6, gpu=6)
six = [next(t for t in reviews if t.startswith(b)) for b in BEGINNINGS[:n]]
others = [text for text in reviews if text not in six]
others = others[: run.size(smoke=2, cpu=40, gpu=40)]
played = {}  # bits and number of guesses of each letter of the others
for name, rung in RUNGS.items():
    games = [guessing.play(rung, alphabet, text) for text in others]
    played[name] = [np.concatenate(each) for each in zip(*games, strict=True)]


# %% tags=["hide-input", "nbval-ignore-output"] mystnb={"image": {"alt": "The sentence An excellent romp that boasts both a heart and a mind, letter by letter, under three models: the bits that each letter costs. Letters alone: most columns between 2.6 and 6.4 bits, none low. Counts of the last seven letters and the Transformer: high columns where romp, boasts, both and heart begin, many others close to zero."}}
figure, axes = plot.panels(3, height=1.3, sharex=True, sharey=True)
places, costs = np.arange(len(six[0])), {}
for ax, name in zip(
    axes, ["letters alone", "counts, the last 7", "Transformer"], strict=True
):
    costs[name], _ = guessing.play(RUNGS[name], alphabet, six[0])
    ax.bar(places, costs[name], width=1, color=plot.BLUE)
    ax.set(title=name, ylabel="bits")
    ax.tick_params(axis="x", length=0)
    ax.grid(False)
axes[-1].set_xticks(places, [*six[0].replace(" ", "·")])
by_guess = guessing.code_lengths(played["Transformer, larger"][1], V - 1)
game = guessing.widget(RUNGS, alphabet, six[1:], by_guess)
live.show("shannon", **game)

# %% tags=["hide-input", "nbval-ignore-output"]
print(f"{len(others)} other sentences       bits a letter   first guess right")
for name, (bits, guesses) in played.items():
    print(f"{name:<25}{bits.mean():10.2f}{(guesses == 1).mean():16.0%}")

# %% [markdown]
# On these sentences counts of seven letters need fewer bits than three of the networks; the
# [results](../../book/results.md) have more models, other sentences and intervals. In the two lower panels the first letters of words cost more, on average, than the other signs.

# %% tags=["claims"]
taught = {alphabet.decode(row) for row in train}
check(
    "No sentence is, word for word, a training review",
    taught.isdisjoint([*six, *others]),
)
begins = np.array([c == " " for c in " " + six[0][:-1]])  # a word
for name in ("counts, the last 7", "Transformer"):
    check(
        f"A word's first letter costs more, on average, "
        f"than other signs: {name}",
        costs[name][begins].mean() > costs[name][~begins].mean(),
    )

# %% [markdown]
# ## Likely is not true
#
# What about facts? We ask for eight capitals, each with three wordings, and look at the likeliest
# token. (*Ank* and *Bras*, which begin *Ankara* and *Brasília*, count as right.)

# %% tags=["hide-input"]
# @title Countries, beginnings of their capitals, wordings
CAPITALS = {
    "France": "Paris",
    "Japan": "Tokyo",
    "Kenya": "Nairobi",
    "Canada": "Ottawa",
    "Australia": "Canberra",
    "Brazil": "Bras",
    "Turkey": "Ank",
    "New Zealand": "Wellington",
}
WORDINGS = [
    "The capital of {} is",
    "The capital of {} is the city of",
    "{}'s capital city is",
]


# %% tags=["hide-input"]
# @title Ask for the capitals, and count
def say_capitals():
    """The likeliest next token for each country and wording."""
    countries = list(CAPITALS)[: run.size(smoke=1, cpu=8, gpu=8)]
    return {
        country: [likeliest(w.format(country), k=1)[0][0] for w in WORDINGS]
        for country in countries
    }


def right_ones(said):
    """How many of the answers begin the name of the capital."""
    return sum(
        word == CAPITALS[country]
        for country, words in said.items()
        for word in words
    )


said = say_capitals()

# %% tags=["hide-input", "nbval-ignore-output"]
short = ["… is", "… is the city of", "…'s capital city is"]
print(f"{'':<12}", "".join(f"{w:<20}" for w in short))
for country, words in said.items():
    marked = [w + (" ✗" if w != CAPITALS[country] else "") for w in words]
    print(f"{country:<12}", "".join(f"{w:<20}" for w in marked))
print("Australia, the two likeliest:")
for wording in WORDINGS:
    pairs = zip(*likeliest(wording.format("Australia"), k=2), strict=True)
    shown = "  ".join(f"{word} {p:.2f}" for word, p in pairs)
    print(f"  {wording.format('Australia') + ' …':<42}{shown}")

# %% [markdown]
# For Australia the answer depends on the wording (and where it is right, the lead is narrow), and
# for New Zealand it is wrong each time.
#
# ### Whose fault is it?
#
# The model has 135 million numbers, where GPT-3 has 175 billion (Brown et al. 2020); to keep the
# file small, most of them are rounded to *four bits*; and it was trained further to *chat*.
#
# Which of these makes it fail? About the rounding we can find out a little. It works (Q4_1) in
# blocks of thirty-two numbers: sixteen evenly spaced values run from the smallest number of a block to the largest, and each number becomes one of them, say the nearest. With four values, 0.10, 0.37, 0.61,
# 1.00 would become 0.10, 0.40, 0.70, 1.00. The unrounded numbers are not in our file. But we can
# round *a second time*. If our blocks begin where those of the file begin, nothing should change.
# If they begin later, a block may have another smallest or largest number, and its numbers may move. What does that cost?

# %% tags=["hide-input"]
# @title Round the numbers of the layers once more


def rounded(weights, steps, later):
    """Weights rounded to `steps` values in blocks of 32 that begin later."""
    blocks = weights.reshape(-1).roll(-later).reshape(-1, 32)  # [blocks, 32]
    low = blocks.min(dim=1, keepdim=True).values  # [blocks, 1]
    step = (blocks.max(dim=1, keepdim=True).values - low) / (steps - 1)
    blocks = low + ((blocks - low) / step).round() * step
    return blocks.reshape(-1).roll(later).reshape(weights.shape)


def measure():
    """Bits per character of the sentences, and the capitals."""
    bits = sum(surprise(text).sum() for text in sentences)
    return bits / n_characters, say_capitals()


# %% tags=["hide-input"]
# @title Measure, round, measure, and put the old numbers back
n_layers = run.size(smoke=1, cpu=30, gpu=30)
tables = [p for p in body.layers[:n_layers].parameters() if p.dim() == 2]
as_packaged = [p.clone() for p in tables]
n_characters = sum(len(text) for text in sentences)
quality = {"as packaged": (as_written.sum() / n_characters, said)}
for steps, later in [(16, 0), (16, 8), (16, 16), (16, 24), (8, 16)]:
    for p, old in zip(tables, as_packaged, strict=True):
        p.copy_(rounded(old, steps, later))
    quality[f"{steps} values, {later} later"] = measure()
for p, old in zip(tables, as_packaged, strict=True):
    p.copy_(old)

# %% tags=["hide-input", "nbval-ignore-output"]
print(f"{'':<22}bits per character   right capitals")
for title, (bits, answers_now) in quality.items():
    right = f"{right_ones(answers_now)} of {3 * len(answers_now)}"
    print(f"{title:<22}{bits:>14.2f}{right:>20}")

# %% [markdown]
# So the numbers are as we said: rounding in the same blocks changes nothing. In these other blocks
# it costs bits and many of the right capitals. The first rounding may have cost more or less; we
# cannot know.
#
# After *Q: What is the capital of France?* and *A:* the model's likeliest token is no city but
# `<|im_end|>`, the mark that ends a turn of conversation. That may come from the chatting.

# %% tags=["hide-input", "nbval-ignore-output"]
asked = {}
for country in said:
    words, p = likeliest(f"Q: What is the capital of {country}?\nA:", k=1)
    asked[country] = words[0]
    print(f"{country:<12} {words[0]} {p[0]:.2f}")

# %% [markdown]
# What it would have said before it learnt to chat, and what a larger model would say, this file
# cannot tell.

# %% tags=["claims"]
easy = ["France", "Japan", "Kenya"]
check(
    "France, Japan and Kenya are right with every wording",
    all(said.get(c) == 3 * [CAPITALS[c]] for c in easy),
)
mixed = [word == "Canberra" for word in said.get("Australia", [])]
check("Australia is right and wrong", any(mixed) and not all(mixed))
check("New Zealand is wrong each time", "Wellington" not in str(said))
packaged, same, *again, coarse = (bits for bits, _ in quality.values())
close("In the same blocks the bits are the same", same, packaged, rtol=1e-3)
close(
    "since no number changes",
    torch.stack([(rounded(p, 16, 0) - p).abs().max() for p in tables]),
    torch.zeros(len(tables)),
    atol=1e-5,
)
check("At these three beginnings it costs bits", min(again) > 1.01 * packaged)
_, _, *now, _ = (right_ones(answers_now) for _, answers_now in quality.values())
check("and at least three right capitals", max(now) <= right_ones(said) - 3)
check("Eight values cost more bits", coarse > max(again))
check(
    "After Q and A the turn ends for every country",
    all(word == "<|im_end|>" for word in asked.values()),
)

# %% [markdown]
# ## Three kinds of model
#
# SmolLM2 looks only to the left, but often both sides are known. *She went to the … to borrow a
# book*: what is missing? We try five places, with several endings, and compare the surprise of the
# whole sentence. One bit less means twice as likely.


# %% tags=["hide-input"]
# @title Try every place with every ending
def extra_bits(left, candidates, right):
    """Surprise of the sentence with each candidate, above the least, [C]."""
    bits = np.array([surprise(left + w + right).sum() for w in candidates])
    return bits - bits.min()


places = ["library", "bank", "cinema", "beach", "doctor"]
endings = [
    "",
    " to borrow a book.",
    " to borrow some money.",
    " to see a film.",
    " to swim.",
    " because of the pain in her knee.",
]
endings = endings[: run.size(smoke=1, cpu=6, gpu=6)]
extra = np.array([extra_bits("She went to the ", places, e) for e in endings])

# %% tags=["hide-input"] mystnb={"image": {"alt": "A table of extra bits, one row for each ending of She went to the blank, one column for each place. Without an ending beach is least surprising, the others cost one to four bits more. Each of the five endings has its own place that costs nothing: library for a book, bank for money, cinema for a film, beach for swimming, doctor for pain; most others cost many bits."}}
figure, ax = plot.panels(height=2.9)
labels = ["(nothing yet)", *(f"… {ending.strip()}" for ending in endings[1:])]
plot.heatmap(ax, extra, labels, places, fmt=".1f", cmap="Blues_r", vmax=10)
ax.set_title("She went to the …: extra bits (dark: few)")
plt.show()

# %% [markdown]
# Each time the place that fits the ending wins, though the ending stands to its right. The price is one
# pass for each candidate. Three kinds of model are common:
#
# | kind | each token sees | made for | examples |
# |---|---|---|---|
# | **decoder** | what stands before it | writing: chat, code, stories | GPT, SmolLM2 |
# | **encoder** | the whole text | reading: labels, tags, search | BERT, MiniLM |
# | **encoder–decoder** | the input whole, its own output so far | one text into another: translation, summaries | T5 |
#
# An **architecture** is the plan: which layers, how wide. A *checkpoint* is one set of trained numbers for
# it: SmolLM2 and its chatting version are two checkpoints of one architecture.
#
# Decoders are models in the sense of (1), also called **causal**. BERT, an encoder, was trained as
# a **masked language model**: words are hidden and must be restored from both sides. What an
# encoder gives is a vector for each token, an **embedding**, which has seen the whole text.

# %% tags=["claims"]
margins = np.sort(extra, axis=1)[:, 1]  # of the best place, in bits
check(
    "With each ending the place that fits costs least",
    list(extra[1:].argmin(axis=1)) == [0, 1, 2, 3, 4],
)
check("Its lead is two bits at least", min(margins[1:], default=0) > 2)
check("Without an ending the best place leads by less", margins[0] < 2)

# %% [markdown]
# ### A small specialist
#
# MiniLM is an encoder that was [trained further](https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2), on
# pairs of texts that belong together, so that they get similar vectors and others do not, for search. It has a sixth of SmolLM2's numbers. To each of twelve
# sentences belongs one of roughly the same meaning in other words, one that shares words but is about
# something else, and one that shares words and says something different about the same thing:
#
# > *We missed the last train.* — *We got to the station too late.* — *We enjoyed the last film.* — *We
# > caught the last train.*
#
# Which one is nearest? Nearness is the *cosine* of the angle between two vectors: one if they point the
# same way, zero at a right angle. The vector of a sentence is the mean of those of its tokens. A rival needs no vectors. We put *In other words:* before the other sentence, with and
# without *We missed the last train.* in front: how many bits does the first sentence save SmolLM2?

# %% tags=["hide-input"]
# @title Twelve sentences, each with its three fellows
ROWS = """We missed the last train.|We got to the station too late.
|We enjoyed the last film.|We caught the last train.
He was very tired after work.|The job had left him exhausted.
|The work was printed very soon after he died.|He was very lively after work.
The film made me cry.|I was in tears at the cinema.
|A film of oil made me slip.|The film made me laugh.
She lost her job last week.|They fired her a few days ago.
|She lost her keys last week.|She found a job last week.
The bank is closed on Sunday.|You cannot get money there at the weekend.
|The path along the river bank is closed.|The bank is open on Sunday.
The soup is too hot to eat.|Let your meal cool down first.
|It is too hot to sleep in this room.|The soup is too cold to eat."""

# %% tags=["hide-input"]
# @title The other six
ROWS += """
My car does not start.|The engine will not turn over.
|My course does not start until May.|My car starts at once.
The doctor examined the boy.|A physician looked at the child.
|The lawyer examined the contract.|The boy examined the doctor.
It rained all night.|Water fell from the sky until morning.
|We danced all night.|It was dry all night.
The shop sells cheap shoes.|You can buy inexpensive footwear there.
|The shop sells fresh bread.|The shop sells expensive shoes.
The teacher praised the pupils.|The class was told it had done well.
|The critics praised the play.|The teacher scolded the pupils.
The cat chased the mouse.|A feline ran after a rodent.
|The mouse of the computer is broken.|The mouse chased the cat."""

# %%
where = download.file(catalogue.ENCODER, "config.json").parent
encoder_tokenizer = AutoTokenizer.from_pretrained(where)
encoder = AutoModel.from_pretrained(where)


def mean_vector(sentence, tokenizer, model):
    """Mean of a model's vectors of the tokens of a sentence, [D]."""
    ids = torch.tensor([tokenizer(sentence)["input_ids"]], device=model.device)
    states = model(ids).last_hidden_state  # [1, T, D]
    return states[0].mean(dim=0).cpu()


# %% tags=["hide-input"]
# @title How near the three fellows are
def cosine(a, b):
    """Cosine of the angle between two vectors."""
    return float(a @ b / (a.norm() * b.norm()))


def similar(row, tokenizer, model):
    """How alike the first sentence and its three fellows are, [3]."""
    first, *others = (mean_vector(s, tokenizer, model) for s in row)
    return [cosine(first, other) for other in others]


def common(row):
    """How many words each of the three shares with the first, [3]."""
    first, *others = (set(s.lower().strip(".").split()) for s in row)
    return [len(first & other) for other in others]


# %% tags=["hide-input"]
# @title How much less surprising the fellows become
def bits_saved(row):
    """Bits of each fellow alone, and saved by the first sentence, [3] each."""
    first, *others = row
    alone, saved = [], []
    for other in others:
        n = len(tokenizer(f" {other}")["input_ids"])
        alone.append(surprise(f"In other words: {other}")[-n:].sum())
        after = surprise(f"{first} In other words: {other}")[-n:].sum()
        saved.append(alone[-1] - after)
    return alone, saved


# %% tags=["hide-input"]
# @title Four ways to measure nearness, and a control
rows = [line.split("|") for line in ROWS.replace("\n|", "|").splitlines()]
rows = rows[: run.size(smoke=1, cpu=12, gpu=12)]
bits_of_rows = [bits_saved(row) for row in rows]
alike = {
    "counting common words": [common(row) for row in rows],
    "SmolLM2's vectors": [similar(row, tokenizer, body) for row in rows],
    "SmolLM2, bits saved": [saved for _, saved in bits_of_rows],
    "MiniLM's vectors": [
        similar(row, encoder_tokenizer, encoder) for row in rows
    ],
    "control: more surprising": [alone for alone, _ in bits_of_rows],
}
wins = {}
for method, values in alike.items():
    values = np.array(values)  # [12, 3]
    wins[method] = [(values[:, 0] > values[:, i]).sum() for i in (1, 2)]

# %% tags=["hide-input", "nbval-ignore-output"]
print("The same meaning is nearer than … (of 12; a coin would get 6)")
print(f"{'':<24}another subject   another statement")
for method, (subject, statement) in wins.items():
    print(f"{method:<24}{subject:>9}{statement:>19}")
leads = np.array(alike["MiniLM's vectors"])  # [12, 3]
leads = np.sort(leads[:, 0] - leads[:, 1])  # [12]
print("MiniLM's leads over another subject:")
for part in np.split(leads, 2) if len(leads) == 12 else [leads]:
    print("  ", *(f"{lead:+.3f}" for lead in part))

# %% [markdown]
# On the first count the small specialist mostly succeeds; one lead is nearly zero. SmolLM2's vectors do not. By the bits saved SmolLM2 finds most; but the control, too, finds more than half. (Twelve are few: we do not rank these.)
# Counting is fooled by the list: the others share at least as many words.
#
# We wrote this list anew after seeing how MiniLM did on a first one. Do not take the count for how
# often it will succeed on yours.
#
# On the second count none of the four succeeds: on this list the same meaning in other words is
# mostly no nearer than something different in much the same words. (The last row knows nothing of
# the first sentence: it picks what is by itself more surprising.)

# %% tags=["claims"]
by_words, general, saved, special, control = wins.values()
check("Counting finds none", by_words == [0, 0])
check("MiniLM finds at least nine of twelve", special[0] >= 9)
check("SmolLM2's vectors at most eight", general[0] <= 8)
check("By the bits saved SmolLM2 finds at least nine, too", saved[0] >= 9)
check(
    "Against another statement none of the four finds half",
    max(general[1], saved[1], special[1]) < 6,
)
check(
    "Alone more surprising: right in over half, both counts", min(control) > 6
)
check(
    "MiniLM has a sixth of the numbers",
    abs(total / sum(p.numel() for p in encoder.parameters()) - 6) < 0.5,
)

# %% [markdown]
# ## What people do with it
#
# Six families of tasks:
#
# | task | goes in | should come out | in this book |
# |---|---|---|---|
# | classification | *The plot grinds on with yawn provoking dullness.* | negative | [fine-tuning for sentiment](../bert/finetune_sentiment.ipynb) |
# | tagging | *The old man opened the heavy door.* | the nouns: man, door | part *tasks* |
# | extraction | *Jane Austen published Emma in 1815.* Who wrote it? | Jane Austen | part *tasks* |
# | generation | a sentence about a lighthouse, please | any good one | [GPT](../transformer/gpt.ipynb) |
# | translation | *The cat sleeps on the chair.* | *Le chat dort sur la chaise.* | [encoder–decoder](../transformer/encoder_decoder.ipynb) |
# | dialogue | *I cannot sleep before exams. What can I do?* | helpful advice | part *tasks* |
#
# A chat model takes them all as conversation; what we hand it is the **prompt**. `apply_chat_template` sets
# marks between the turns, and in front of them a sentence about who is speaking; `generate` appends the likeliest token
# again and again.

# %% tags=["hide-input"]
# @title The six requests, and four more to translate
REQUESTS = {
    "classification": "Is this review positive or negative? "
    '"The plot grinds on with yawn provoking dullness." Answer with one word.',
    "tagging": "Which words in this sentence are nouns? "
    '"The old man opened the heavy door."',
    "extraction": 'Who wrote the book? "Jane Austen published Emma in 1815." '
    "Answer with the name only.",
    "generation": "Write one sentence about a lighthouse.",
    "dialogue": "I cannot sleep before exams. What can I do? "
    "Answer in one sentence.",
}
FRENCH = {
    "The cat sleeps on the chair.": "Le chat dort sur la chaise.",
    "The book is on the table.": "Le livre est sur la table.",
    "The dog drinks water.": "Le chien boit de l'eau.",
    "I love my sister.": "J'aime ma soeur.",
    "The house is red.": "La maison est rouge.",
}
REQUESTS |= {
    f"translation {i}": f'Translate into French: "{text}"'
    for i, text in enumerate(FRENCH, 1)
}

# %% tags=["hide-input"]
# @title Ask the chat model, all requests in one batch
requests = list(REQUESTS.items())[: run.size(smoke=1, cpu=10, gpu=10)]
chats = [[{"role": "user", "content": request}] for _, request in requests]
batch = tokenizer.apply_chat_template(
    chats,
    add_generation_prompt=True,
    padding=True,
    return_tensors="pt",
    return_dict=True,
    tokenizer_kwargs={"padding_side": "left"},  # all end at the same place
).to(run.device)
out = model.generate(
    **batch,
    max_new_tokens=run.size(smoke=2, cpu=28, gpu=40),
    do_sample=False,
    pad_token_id=tokenizer.eos_token_id,
)
written = out[:, batch["input_ids"].shape[1] :]  # without the prompts
replies = tokenizer.batch_decode(written, skip_special_tokens=True)

# %% tags=["hide-input", "nbval-ignore-output"]
print(tokenizer.decode(batch["input_ids"][0]).replace("<|endoftext|>", ""))
for (task, request), reply in zip(requests, replies, strict=True):
    print(f"{task}: {request}\n    {' '.join(reply.split())}")

# %% [markdown]
# Long replies are cut off. Which would you accept? None of the translations is right. (Whether
# size, rounding or our one wording is to blame, we have not measured.) None of the wrong replies
# shown says that it is unsure.

# %% tags=["claims"]
told = dict(zip((task for task, _ in requests), replies, strict=True))
reply = told["classification"]
check("The review is called negative", "negative" in reply)
check("and not positive", "positive" not in reply)
given = [
    " ".join(told.get(f"translation {i}", "").split()) for i in range(1, 6)
]
check(
    "No translation contains the right French sentence",
    not any(
        right[:-1].lower() in text.replace("œ", "oe").lower()
        for right, text in zip(FRENCH.values(), given, strict=True)
    ),
)

# %% [markdown]
# ### Where do the answers come from?
#
# Training a model needs questions with known answers. Plain text brings its own:

# %%
tokens = [tokenizer.decode([i]) for i in encode("The plot makes no sense.")]
for t in range(1, len(tokens)):
    print(f"{''.join(tokens[1:t]) or '(start)':<22} → {tokens[t].strip()}")

# %% [markdown]
# The **label** of each position is the next token; nobody has to write it. This is **pretraining**;
# SmolLM2 was pretrained on about two trillion tokens. Then comes
# **fine-tuning**, on far fewer examples of a task, written by people or by larger models (Ben Allal et al. 2025): here chats, and pairs of answers of which one is preferred.
#
# ## A map of the book

# %% tags=["hide-input"]
# @title Parts and arrows of the map; a star marks what is planned
PARTS = """background: text, tokens
probability: scores, chances
counts to LSTM: n-grams, networks
transformer: attention, GPT
pretraining: plain text
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

# %% tags=["hide-input"] mystnb={"image": {"alt": "Map of the book in three rows of boxes joined by arrows. First row, ideas and first models: background (text, tokens) leads to probability (scores, chances), which leads to counts to LSTM (n-grams, networks). From there down to the second row, Transformers: Transformer (attention, GPT) leads to pretraining (plain text), which leads to BERT (fine-tuning). From BERT down to the third row, use: tasks (names, answers) leads to applications (services), which leads to deployment (small, fast). Probability also has an arrow to the Transformer. The third row has dashed outlines: it is planned."}}
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
# The first row has the ideas and the first models, the second the Transformers, the third their use; dashed parts are planned.
# Whoever wants to understand starts with [the chain rule](../probability/chain_rule.ipynb) and
# [softmax](../probability/softmax.ipynb), builds a model by [counting
# letters](../ngrams/bigram_counts.ipynb), then [attention](../transformer/attention.ipynb) and a
# [GPT](../transformer/gpt.ipynb). Whoever has texts to sort may go straight to
# [fine-tuning](../bert/finetune_sentiment.ipynb).
#
# ## Summary
#
# A language model gives every token a probability to come next, given what came before. Inside SmolLM2 each token is a vector, which hears the earlier ones through attention, layer by layer. Drawing again
# and again makes it write. A token's surprise is minus the logarithm of its probability. SmolLM2 was pretrained on plain text, where the next token is the label. Encoders see both
# sides and are made for reading, decoders for writing.
#
# ## Exercises
#
# > **Exercise 1.** On paper (★☆☆, 5 minutes). A model gave the three tokens of a text the probabilities
# > 1/2, 1/8 and 1/4, each given those before. How many bits of surprise is that together? And with what
# > probability does the model, drawing, begin with these three? Return both.
#
# <details><summary>Hint</summary>
#
# How many tosses is each? What do you do with probabilities of things that must all happen?
#
# </details>


# %% tags=["exercise"]
def on_paper():
    """The total surprise in bits, and the probability of the three tokens."""
    ...


exercises.on_paper(on_paper)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def on_paper():
    """The total surprise in bits, and the probability of the three tokens."""
    return 1 + 3 + 2, 1 / 64  # and 2 to the power of 6 is 64


exercises.on_paper(on_paper)

# %% [markdown]
# > **Exercise 2.** A fair comparison (★★☆, 10 minutes). Two models cut the same text into
# > different tokens. Write `bits_per_character(tokens, surprises)`, with which they can be
# > compared: `tokens` is a list of strings that make up the text, `surprises` their surprises in
# > bits.
#
# <details><summary>Hint</summary>
#
# Which length of the text does not depend on how it was cut?
#
# </details>


# %% tags=["exercise"]
def bits_per_character(tokens, surprises):
    """Bits of surprise for each character of the text of the tokens."""
    ...


exercises.bits_per_character(bits_per_character)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def bits_per_character(tokens, surprises):
    """Bits of surprise for each character of the text of the tokens."""
    return sum(surprises) / len("".join(tokens))


exercises.bits_per_character(bits_per_character)

# %% [markdown]
# > **Exercise 3.** The second time (★★☆, 15 minutes). An experiment. How much does a sentence surprise
# > when it follows a copy of itself? Guess first. Write `twice(surprise, text)`: the bits of the first
# > and of the second copy in the text followed by a space and the text again. Then try three sentences
# > of `sentences`, and the same with `shuffled` words. Which part of the model makes this possible?
#
# <details><summary>Hint</summary>
#
# Take it that the first copy has as many tokens as the text alone. By the model's plan later tokens change no earlier surprise.
#
# </details>


# %% tags=["exercise"]
def twice(surprise, text):
    """Bits of the first and of the second copy of a text."""
    ...


exercises.twice(twice)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def twice(surprise, text):
    """Bits of the first and of the second copy of a text."""
    first = len(surprise(text))
    both = surprise(f"{text} {text}")
    return both[:first].sum(), both[first:].sum()


# Attention: without it an early word did not reach the forecast, above.
for text in sentences[: run.size(smoke=1, cpu=3, gpu=10)]:
    print("as written {:.0f} and {:.0f} bits".format(*twice(surprise, text)))
    mixed_words = shuffled(text, rng)
    print("shuffled   {:.0f} and {:.0f}".format(*twice(surprise, mixed_words)))

exercises.twice(twice)

# %% [markdown]
# ## Common mistakes
#
# - *Taking likely for true*: the model forecasts texts, and nothing in (1) asks for truth. Look facts up elsewhere.
# - *Judging from one prompt*: another wording can turn the answer round. Try several, and count.
# - *Forgetting the start mark*: without it the first token has no forecast, and its surprise is
#   missing from the sum. Compare the numbers of surprises and of tokens.
# - *Comparing surprises per token* between models with different tokens: the cuts differ, not only
#   the models. Use characters.
# - *Taking similar vectors for the same statement*: on our list what says something different about the same thing was mostly nearer than the same meaning. Test with opposites.
#
# ## Further reading
#
# - Shannon (1951), [Prediction and entropy of printed English](https://doi.org/10.1002/j.1538-7305.1951.tb01366.x): the guessing game, played with people.
# - Jurafsky and Martin (2025), [Speech and Language Processing](https://web.stanford.edu/~jurafsky/slp3/): the standard textbook.
# - Vaswani et al. (2017), [Attention is all you need](https://arxiv.org/abs/1706.03762): the
#   Transformer.
# - Devlin et al. (2019), [BERT](https://aclanthology.org/N19-1423/), and Raffel et al. (2020), [Exploring the limits of transfer learning](https://arxiv.org/abs/1910.10683): T5.
# - Brown et al. (2020), [Language models are few-shot learners](https://arxiv.org/abs/2005.14165): GPT-3.
# - Ben Allal et al. (2025), [SmolLM2: when smol goes big](https://arxiv.org/abs/2502.02737): what our model has read.
# - Reimers and Gurevych (2019), [Sentence-BERT](https://aclanthology.org/D19-1410/): sentence vectors from an encoder.
