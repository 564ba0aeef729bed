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
# You have probably used one today, in the keyboard of a phone or in a chat window; here you open
# one up and find that it does a single thing, and that a surprising amount follows from it.
#
# **You will**
#
# - ask a real language model how your own sentence goes on, and read its answer as a distribution,
# - see which words of a text surprise it, and why shuffling the words costs so much,
# - let it write, judge grammar, fill gaps and answer questions, and measure where it fails,
# - compare the meanings of words and sentences as arrows in space,
# - know which tasks are built on this, and where in the book each idea is taken apart.
#
# **You need** nothing but curiosity. Read the prose and the pictures; whoever knows some Python
# can change the code and run it again.

# %% tags=["install"]
if not __import__("importlib").util.find_spec("lmcourse"):
    get_ipython().run_line_magic(
        "pip", 'install -q "lmcourse @ git+https://github.com/OWNER/language-models"'
    )

# %% tags=["parameters"]
PROFILE = "cpu"
SEED = 0

# %%
import re

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import FancyBboxPatch, Rectangle
from scipy.stats import binomtest, mannwhitneyu, spearmanr

from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.evaluation.intervals import bootstrap_mean, paired_bootstrap
from lmcourse.exercises.background import what_is_a_language_model as exercises
from lmcourse.models import pretrained

run = session.start(PROFILE, SEED)

# %% [markdown]
# ## Guess the next word
#
# Play first. How would you go on?
#
# > I have never been so bored in my …
# >
# > The film was so boring that I fell …
# >
# > She opened the door and …
#
# You had a word for the first at once, and for the third you could only shrug: so much is
# possible. That feeling, *this word surely, that one perhaps, that one never*, is what a language
# model puts into numbers. Let us fetch a real one. SmolLM2 is a small cousin of the models behind
# the well-known chatbots, small enough for a laptop, and **pretrained**: somebody else has
# already let it read an enormous amount of text. To keep the download small its numbers are rounded to
# four bits each; the original may answer a little differently, and here and there better.

# %%
torch.set_grad_enabled(False)  # we only use the model, we do not train it
tokenizer, model = pretrained.causal_lm()
model.to(run.device)
print(f"{sum(p.numel() for p in model.parameters()):,} adjustable numbers")

# %% [markdown]
# The next cell asks it for the next word. The code is short, and you may skip it: text goes in, a
# list of probabilities comes out.

# %%
START = 0  # the id of <|endoftext|>, which stood between the texts that the model has read


def encode(text):
    """The ids that the model reads: the start mark, then the pieces of the text."""
    return [START, *tokenizer(text)["input_ids"]]


def next_probabilities(ids):
    """The model's probability for each possible next piece, [V], after the pieces `ids`."""
    logits = model(torch.tensor([ids], device=run.device)).logits  # [1, T, V]
    return logits[0, -1].softmax(dim=-1).cpu()  # [V]


def likeliest(text, k=6):
    """The k likeliest continuations of a text, and their probabilities."""
    p, ids = next_probabilities(encode(text)).topk(k)  # [k], [k]
    return [tokenizer.decode([i]).strip() or "(blank)" for i in ids.tolist()], p.numpy()


# %% mystnb={"image": {"alt": "Three bar charts, each the six likeliest next words after one of the three beginnings. After I have never been so bored in my, one long bar: life. After The film was so boring that I fell, asleep takes about half. After She opened the door and, only short bars of similar length."}}
prompts = [
    "I have never been so bored in my",
    "The film was so boring that I fell",
    "She opened the door and",
]
titles = [
    "I have never been\nso bored in my …",
    "The film was so\nboring that I fell …",
    "She opened\nthe door and …",
]
answers = [likeliest(prompt) for prompt in prompts]
figure, axes = plt.subplots(1, 3, figsize=(7, 3.2), sharex=True)
for ax, title, (words, p) in zip(axes, titles, answers, strict=True):
    plot.bars(ax, words, p, xlabel="probability")
    ax.set_title(title)
plt.show()

# %%
top = [p[0] for _, p in answers]
check("The first blank is all but filled", top[0] > 0.5)
check("the third is wide open: no word has even a fifth of the probability", top[2] < 0.2)
check("and some of its bars are no words", {"cre", "sl"} & {*answers[2][0]} != set())

# %% [markdown]
# Did you say *life* and *asleep*? (And what are *cre* and *sl*? Wait for the next section.) Now
# it is your turn. Change the sentence, run the cell again, and guess before you look.

# %% tags=["nbval-ignore-output"]
sentence = "My grandmother always told me that"

for word, p in zip(*likeliest(sentence), strict=True):
    print(f"{p:6.3f}  {sentence} {word}")

# %% [markdown]
# ## What the model reads
#
# So far we said *words*. In truth the model reads **tokens**: pieces from a fixed list of some
# fifty thousand, its **vocabulary**. Frequent words are one token each, with the space in front
# of them. Rare words are put together from parts, so that nothing is ever unreadable.

# %%
for text in ["I love films", " crept", " unwatchably", "2024"]:
    pieces = [tokenizer.decode([i]) for i in tokenizer(text)["input_ids"]]
    print(f"{len(text):>3} characters  {len(pieces)} tokens  {pieces}")

in_english = len(tokenizer("I love films")["input_ids"])
in_chinese = len(tokenizer("我爱电影")["input_ids"])
check("The same sentence in Chinese takes more tokens than it has characters", in_chinese > 4)
check("and at least twice as many as in English", in_chinese >= 2 * in_english)

# %% [markdown]
# So *cre* is where a word like *crept* begins. The last two lines are worth a thought. The list
# was made from mostly English text, so English comes in large pieces and Chinese in crumbs
# smaller than a character. What a model was fed shows before it has computed anything.
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

# %%
p = next_probabilities(encode("The film was so boring that I fell"))  # [V]
close("One probability for each token of the vocabulary", len(p), len(tokenizer))
close("They sum to one", p.double().sum(), 1.0, atol=1e-4)
check("None is zero: everything is possible", p.min() > 0)

# %% [markdown]
# ## It writes by rolling dice
#
# How does a thing that only forecasts one token write a whole answer? It draws a token at random,
# each with its probability, appends it, and asks itself again. That is **sampling**. (Or it takes
# the likeliest token each time; then the same beginning always goes on in the same way.)


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
stories = [write("The film was so boring that I fell", length, run.generator(i)) for i in range(3)]
print(*stories, sep="\n\n")

# %%
check("Three rolls of the dice, three different texts", len(set(stories)) == 3)

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


# %%
def surprise(text):
    """Surprise in bits of each token of a text, [T]."""
    ids = encode(text)  # the start mark and T tokens
    logits = model(torch.tensor([ids], device=run.device)).logits[0]  # [T + 1, V]
    log_p = logits.log_softmax(dim=-1).cpu().numpy()  # [T + 1, V]: row t forecasts token t + 1
    return -log_p[np.arange(len(ids) - 1), ids[1:]] / np.log(2)


# %% [markdown]
# Here is a sentence from a real film review, each token coloured by its surprise; below it the
# same words in another order, only the first and the last left in place.


# %%
def shuffled(text, rng):
    """The words of a text in random order, the first and the last in their places."""
    first, *inner, last = text.split()
    return " ".join([first, *rng.permutation(inner), last])


def draw_text(ax, text, width=42):
    """Draw the tokens of a text as boxes coloured by surprise, wrapped after `width` letters."""
    tokens = [tokenizer.decode([i]) for i in encode(text)[1:]]
    shades = LinearSegmentedColormap.from_list("surprise", [plot.PAPER, plot.ORANGE])
    x, y = 0, 0
    for token, bits in zip(tokens, surprise(text), strict=True):
        if token.startswith(" ") and x + len(token) > width:
            x, y, token = 0, y + 1, token.strip()
        place = x + len(token) - len(token.strip())
        box = Rectangle((place, y), len(token.strip()), 0.8, color=shades(min(bits / 16, 1.0)))
        ax.add_patch(box)
        ax.text(place, y + 0.42, token.strip(), family="monospace", fontsize=12.5, va="center")
        x += len(token)
    ax.set(xlim=(0, width), ylim=(y + 1, 0))
    ax.axis("off")
    return plt.cm.ScalarMappable(plt.Normalize(0, 16), shades)


# %% mystnb={"image": {"alt": "A review sentence twice, each token in a box that is pale when the model expected it and orange when it did not. In the original about half of the boxes are pale, the small words among them; the first word and the words that carry the joke are orange. In the shuffled version nearly all boxes are orange."}}
reviews = load_reviews("three")["validation"]  # 0 blame, 1 neutral, 2 praise
reviews = reviews.select([i for i, label in enumerate(reviews["label"]) if label != 1])
example = next(text for text in reviews["text"] if text.startswith("This is a movie where"))
rng = np.random.default_rng(SEED)

figure, axes = plt.subplots(2, 1, figsize=(5.4, 3.4))
for ax, text, title in zip(
    axes, [example, shuffled(example, rng)], ["as written", "shuffled"], strict=True
):
    colours = draw_text(ax, text)
    ax.set_title(title)
figure.colorbar(
    colours,
    ax=axes,
    orientation="horizontal",
    aspect=40,
    label="surprise in bits, 16 and more in the darkest",
)
plt.show()

# %%
bits_of = dict(zip(encode(example)[1:], surprise(example), strict=True))
cheap, dear = (bits_of[tokenizer(word)["input_ids"][0]] for word in [" been", " observation"])
check("'been' costs less than a tenth of 'observation'", cheap < dear / 10)
dearest = {tokenizer.decode([i]).strip() for i in sorted(bits_of, key=bits_of.get)[-2:]}
check("'movie' and 'observation' cost most", dearest == {"movie", "observation"})

# %% [markdown]
# Read the upper half slowly. Small words like *is* and *been* come nearly free: after what stands
# before them they were to be expected. Dark are the words that carry the news, *movie* and
# *observation* above all. *This* is dark too: at the start of a text almost anything may come. In the
# lower half hardly anything is free. Is that so in general, or is it this sentence? We add up the surprises of each of a few dozen sentences and compare each with
# its own shuffled version. Adding is the right thing to do: multiplying the probabilities of the
# tokens gives the probability of the whole text (why, is the subject of [the chain
# rule](../probability/chain_rule.ipynb)), and the logarithm turns the product into a sum.
#
# $$-\log_2 P(x_1, \dots, x_T) = \sum_{t=1}^{T} s_t \tag{3}$$


# %%
def total_surprise(text):
    """Bits of surprise of a whole text."""
    return float(surprise(text).sum())


# %% tags=["nbval-ignore-output"]
sentences = [text for text in reviews["text"] if len(text.split()) >= 6]
sentences = sentences[: run.size(smoke=2, cpu=40, gpu=400)]
as_written = np.array([total_surprise(text) for text in sentences])  # [N]
in_disorder = np.array([total_surprise(shuffled(text, rng)) for text in sentences])  # [N]
extra = paired_bootstrap(in_disorder, as_written)
print(f"a sentence as written costs {as_written.mean():.0f} bits")
print(f"shuffling it costs {extra.value:.0f} more [{extra.low:.0f}, {extra.high:.0f}]")

# %%
check(
    "Shuffling makes nearly every sentence more surprising", np.mean(in_disorder > as_written) > 0.9
)
check("by more than a third on average", extra.low > as_written.mean() / 3)

# %% [markdown]
# Same words, same letters; the difference is what the model knows about *order*. (The brackets hold an
# interval: how far the mean may be off with so few sentences.) A text that a
# model finds likely can also be written down in few bits, and all language models of this book,
# from counting letters upwards, are compared by this number, per character, on the same reviews.
# (Our model may well have read some of them; for the comparison of orders that does not matter,
# later it will.)
#
# ## What did it pick up?
#
# Nobody has built a rule of grammar into the model. Did it find any? Give it two sentences that
# are alike but for one point, one right and one wrong, a **minimal pair**, and see which of them
# surprises it more. We made four times eight of them, some hard on purpose.

# %%
PAIRS = {
    "agreement, neighbours": """The dog barks at night. / The dog bark at night.
The dogs bark at night. / The dogs barks at night.
The child is asleep. / The child are asleep.
The children are asleep. / The children is asleep.
This film was a waste of time. / This films was a waste of time.
These films were a waste of time. / These film were a waste of time.
My sister writes well. / My sister write well.
My sisters write well. / My sisters writes well.""",
    "agreement, far apart": """The key to the cabinets is lost. / The key to the cabinets are lost.
The keys to the cabinet are lost. / The keys to the cabinet is lost.
The picture of my sisters was lost. / The picture of my sisters were lost.
The pictures of my sister were lost. / The pictures of my sister was lost.
The author that the critics love writes well. / The author that the critics love write well.
The critics that the author hates write well. / The critics that the author hates writes well.
The boy that the teachers like sings well. / The boy that the teachers like sing well.
The boys that the teacher likes sing well. / The boys that the teacher likes sings well.""",
}

# %%
PAIRS |= {
    "words that need a not": """I do not have any money. / I do have any money.
I have not finished yet. / I have finished yet.
She never says anything. / She always says anything.
He did not help us either. / He did help us either.
None of us could sleep at all. / All of us could sleep at all.
No student has ever failed. / Most students have ever failed.
I do not think that anybody knows. / I do think that anybody knows.
Nobody has ever seen it. / Somebody has ever seen it.""",
    "how the world goes": """He drank a glass of water. / He drank a glass of sand.
If you drop a glass, it breaks. / If you drop a glass, it flies.
The sun rises in the east. / The sun rises in the west.
The stone sank. / The stone floated.
She put on her socks and then her shoes. / She put on her shoes and then her socks.
The full bottle is heavier than the empty one. / The empty bottle is heavier than the full one.
She opened the bottle and poured the wine. / She poured the wine and opened the bottle.
Ann is shorter than Tom, so Tom is taller than Ann. / Ann is shorter than Tom, so Ann is taller than Tom.""",
}

# %% tags=["nbval-ignore-output"]
lead, missed = {}, []  # how many bits more the wrong sentence costs; where it costs less
for kind, lines in PAIRS.items():
    pairs = [line.split(" / ") for line in lines.splitlines()[: run.size(smoke=1, cpu=8, gpu=8)]]
    lead[kind] = np.array([total_surprise(bad) - total_surprise(good) for good, bad in pairs])
    missed += [bad for (_, bad), bits in zip(pairs, lead[kind], strict=True) if bits < 0]
all_leads = np.concatenate(list(lead.values()))
share = binomtest(int((all_leads > 0).sum()), len(all_leads))
low, high = share.proportion_ci(method="wilson")
print(f"{share.k} of {share.n} pairs right: {share.statistic:.2f} [{low:.2f}, {high:.2f}]")
print("preferred although wrong:", *missed, sep="\n    ")

# %% mystnb={"image": {"alt": "Four rows of dots, one dot a minimal pair, by how many bits the wrong sentence costs more. Nearly all dots of neighbouring agreement and of words that need a not lie right of zero, many by far. In agreement far apart several dots lie left of zero: there the model prefers the wrong sentence."}}
figure, ax = plt.subplots(figsize=(6.4, 3))
for row, bits in enumerate(lead.values()):
    ax.scatter(
        bits, np.full(len(bits), row), color=[plot.BLUE if b > 0 else plot.RED for b in bits]
    )
ax.axvline(0, color=plot.INK, linewidth=1)
ax.set_yticks(range(len(lead)), lead)
ax.set_ylim(len(lead) - 0.5, -0.6)
ax.set_xlim(left=min(-6.5, all_leads.min() - 1))
ax.set_xlabel("extra surprise of the wrong sentence in bits")
ax.text(-0.3, -0.25, "← wrong one", ha="right", fontsize=10)
ax.text(0.3, -0.25, "prefers the right one →", fontsize=10)
plt.show()

# %%
near, far = lead["agreement, neighbours"], lead["agreement, far apart"]
check("The model is right clearly more often than a coin", low > 0.5)
check("but it slips when other nouns stand between noun and verb", np.sum(far < 0) >= 2)
smaller = mannwhitneyu(near, far, alternative="greater")
check("and its lead is smaller there than between neighbours", smaller.pvalue < 0.05)
slips = [any(part in bad for bad in missed) for part in ("critics love write", "dog bark ")]
check("The author that the critics love and the dog are among the slips", all(slips))

# %% [markdown]
# Much of grammar can be had from guessing alone. Where it slips is telling: in *the author that
# the critics love …* the nearest noun is *critics*, and the model listens to the near one. (With
# *the dog bark* it may have had the bark of a dog in mind. One cannot ask it.)
#
# ### Likely is not true
#
# What about facts? We ask for three capitals.

# %% tags=["nbval-ignore-output"]
capitals = {}
for country in ["France", "Kenya", "Australia"]:
    words, p = likeliest(f"The capital of {country} is the city of", k=3)
    capitals[country] = words[0], p[0]
    print(f"{country:<10}", ", ".join(f"{w} {q:.2f}" for w, q in zip(words, p, strict=True)))

# %%
known = [capitals[country][0] for country in ["France", "Kenya"]]
check("Paris and Nairobi are known", known == ["Paris", "Nairobi"])
word, confidence = capitals["Australia"]
check("For Australia it says Sydney, and is wrong", word == "Sydney")
check("with more than half of the probability", confidence > 0.5)

# %% [markdown]
# A likely reason: people write *Sydney* near *Australia*, and near *city of*, more often than
# *Canberra*. Nothing in (1) separates the likely from the true.
#
# And where the answer must be worked out? We show the model two sums, draw thirty more at random,
# and let it complete each, always with the likeliest next token.

# %% tags=["nbval-ignore-output"]
n_sums = run.size(smoke=2, cpu=30, gpu=200)
pairs = np.random.default_rng(SEED).integers(100, 1000, size=(n_sums, 2))
asked = [encode(f"12 + 30 = 42\n105 + 210 = 315\n{a} + {b} =") for a, b in pairs]
ids = torch.tensor(asked, device=run.device)  # [N, T]
out = model.generate(
    ids, attention_mask=torch.ones_like(ids), max_new_tokens=8, do_sample=False, pad_token_id=START
)
said = tokenizer.batch_decode(out[:, ids.shape[1] :])
said = np.array([int(re.match(r"\s*(\d*)", text)[1] or 0) for text in said])  # [N]
true = pairs.sum(axis=1)  # [N]
exact = binomtest(int((said == true).sum()), len(true))
low, high = exact.proportion_ci(method="wilson")
print(f"{exact.k} of {exact.n} sums are exact: {exact.statistic:.2f} [{low:.2f}, {high:.2f}]")

# %% mystnb={"image": {"alt": "The model's answer against the true sum, one dot a sum. About half of the dots lie near the diagonal line of right answers, hardly any exactly on it; several lie far below it and a few far above."}}
figure, ax = plt.subplots(figsize=(4.6, 3.6))
ax.plot([200, 2000], [200, 2000], color=plot.GREY, linewidth=1, label="right")
ax.scatter(true, said, color=[plot.BLUE if right else plot.RED for right in said == true])
ax.set(xlabel="true sum of two three-digit numbers", ylabel="the model's answer")
ax.set_ylim(0, max(2300, 1.05 * said.max()))
ax.legend()
plt.show()

# %%
check("Most sums are wrong", high < 0.5)
check("yet the answers follow the true sums", spearmanr(said, true).statistic > 0.4)
check("and half of them are within a sixth", np.median(np.abs(said - true) / true) < 1 / 6)
check("but some are less than half of the true sum", (said < true / 2).any())

# %% [markdown]
# This surprised us most. It does not add. About half of its answers have the size that a sum of such
# numbers *ought to have*, the others are off, some by several times, and nothing in the output tells
# the one from the other. Plausible, fluent, unmarked: expect this kind of error.
#
# ## Both sides of a gap
#
# So far the model looked only to the left. Such a model is called **causal**, and for writing
# that is the natural direction. But often both sides are known. *She went to the … to borrow a
# book*: what is missing? Before the gap nothing speaks for a library. A causal model can be asked
# all the same, by putting every candidate $w$ in and taking the probability of the *whole*
# sentence:
#
# $$P(w \mid \text{left}, \text{right}) = \frac{P(\text{left}, w, \text{right})}
# {\sum_{v} P(\text{left}, v, \text{right})} \tag{4}$$
#
# where $v$ runs over the candidates.


# %%
def fill_gap(left, candidates, right):
    """Probability of each candidate between left and right, [C]; they compete with each other."""
    bits = np.array([total_surprise(left + word + right) for word in candidates])  # [C]
    p = 2.0 ** (bits.min() - bits)  # the smallest is subtracted so that nothing underflows
    return p / p.sum()


places = ["library", "bank", "cinema", "beach", "doctor"]
endings = ["", " to borrow a book.", " to borrow some money.", " to see a film.", " to swim."]
filled = np.array([fill_gap("She went to the ", places, right) for right in endings])  # [5, C]

# %% mystnb={"image": {"alt": "A table of probabilities, one row for each ending of She went to the blank, one column for each place. Without an ending beach leads, without certainty. With to borrow a book nearly all probability is on library, with to borrow some money on bank, with to see a film on cinema, with to swim on beach."}}
figure, ax = plt.subplots(figsize=(6.4, 2.8))
rows = ["(nothing yet)", *(f"… {ending.strip()}" for ending in endings[1:])]
plot.heatmap(ax, filled, rows, places, fmt=".2f")
ax.set_title("She went to the …")
plt.show()

# %%
check("From the left alone no place is certain", filled[0].max() < 0.9)
right_answers = filled[1:].argmax(axis=1) == [0, 1, 2, 3]
check("The right side decides each time, and rightly", right_answers.all())
check("with far more certainty", filled[1:].max(axis=1).min() > filled[0].max() + 0.2)

# %% [markdown]
# It works, at the price of one pass through the model for every candidate. A **masked language
# model** is trained for such gaps directly: words are hidden, and it must restore them from both
# sides at once. BERT, to which a whole part of this book belongs, is of this kind. By the letter of
# (1) it is no language model: it gives no probability to a whole text. The name has stuck. It cannot
# easily write, but when it reads, it uses all there is.
#
# ## Meaning as a place
#
# What does a model that reads both sides make of a word? An **encoder** turns each token of a
# text into a vector, a list of a few hundred numbers, an arrow in a space of as many dimensions.
# Such a vector is called an **embedding**. Take an encoder of the BERT family, MiniLM, and give
# it eight sentences with the word *bank*, four at a river and four with money. From its eight
# arrows we take away their mean: what they share, the word itself, would otherwise make all of
# them look alike. How alike two of them are is measured by the cosine of the angle between them:
# one if they point the same way, zero at a right angle, negative if they point apart.

# %%
WORDS = {
    "bank": """We sat on the bank and watched the boats. / The river broke its bank after the rain.
He tied the boat to a tree on the bank. / Wild flowers grew along the bank of the stream.
She opened an account at the bank. / The bank refused to lend him any money.
He works for a bank in London. / Thieves robbed the bank at noon.""",
    "spring": """Tulips bloom in spring. / The spring was cold and wet that year.
They married in spring, before the heat came. / Birds return in the spring.
The spring in the mattress is broken. / A metal spring pulls the door shut.
The toy jumps because of a spring inside. / Oil the spring, and the lock will work.""",
    "star": """He is the star of the film. / The star signed photographs for her fans.
The star forgot her lines. / A young actor became a star.
The telescope found a new star. / A star is a ball of burning gas.
The brightest star rose over the hills. / The light of that star is a thousand years old.""",
    "match": """Our team lost the match. / The match ended without a goal.
She won the match in three sets. / The crowd cheered all through the match.
He lit the candle with a match. / The match went out in the wind.
She struck a match in the dark. / One match was left in the box.""",
}


# %%
encoder_tokenizer, encoder = pretrained.encoder()


def cosines(vectors):
    """Cosine of the angle between every two of N vectors, [N, N]."""
    unit = vectors / vectors.norm(dim=-1, keepdim=True)  # [N, D]
    return (unit @ unit.T).numpy()


def word_vectors(sentences, word, layer):
    """The encoder's vector of `word` in each sentence, less what all have in common, [N, D]."""
    batch = encoder_tokenizer(sentences, padding=True, return_tensors="pt")
    states = encoder(**batch, output_hidden_states=True).hidden_states[layer]  # [N, T, D]
    place = batch["input_ids"] == encoder_tokenizer.convert_tokens_to_ids(word)  # [N, T]
    vectors = torch.stack([state[here][0] for state, here in zip(states, place, strict=True)])
    return vectors - vectors.mean(dim=0)  # [N, D]


# %% mystnb={"image": {"alt": "An eight by eight table of cosines between the vectors of bank, first four river sentences, then four money sentences. The two four by four blocks on the diagonal are darker than the blocks off the diagonal: the same sense is more alike than the other sense."}}
sentences_of = {word: re.split(" / |\n", lines) for word, lines in WORDS.items()}
alike = {word: cosines(word_vectors(lines, word, -1)) for word, lines in sentences_of.items()}
labels = ["boats", "river", "tree", "flowers", "account", "lend", "London", "robbed"]
figure, ax = plt.subplots(figsize=(6.2, 3.8))
plot.heatmap(ax, alike["bank"], labels, labels, fmt=".1f", vmax=0.7)
ax.tick_params(axis="x", rotation=35)
ax.set_title("bank, in the sentence with …")
plt.show()

# %%
same = np.kron(np.eye(2), np.ones((4, 4))) == 1  # [8, 8]: True where both mean the same
least, most = alike["bank"][same].min(), alike["bank"][~same].max()
check("Every two of the same sense are more alike than any two of different senses", least > most)

# %% [markdown]
# Two blocks. The river block is loose: it falls into two pairs that have little in common. Still no two
# of different senses are as alike as any two of the same, and nobody has told the encoder that there
# are two senses. Now all four words, with a control: the vectors at the
# encoder's entrance, where each token has not yet seen its neighbours. For each occurrence we ask
# whether its nearest fellow has the same sense.


# %%
def same_sense(cosines):
    """Whether the nearest other occurrence is of the same sense; the first half is one sense."""
    n = len(cosines)
    nearest = (cosines - 3 * np.eye(n)).argmax(axis=1)
    return nearest // (n // 2) == np.arange(n) // (n // 2)


before = {word: cosines(word_vectors(lines, word, 0)) for word, lines in sentences_of.items()}
hits_before = np.concatenate([same_sense(c) for c in before.values()])  # [32]
hits_after = np.concatenate([same_sense(c) for c in alike.values()])  # [32]
gain = paired_bootstrap(hits_after, hits_before)
print(f"{hits_before.sum()} of {len(hits_before)} before, {hits_after.sum()} after")
check(
    "Reading the neighbours separates the senses: the nearest fellow fits far more often",
    gain.low > 0,
)
check(
    "for bank, spring and star without an error",
    all(same_sense(alike[w]).all() for w in ["bank", "spring", "star"]),
)
check("but not for match", not same_sense(alike["match"]).all())
closest = (alike["match"] - 3 * np.eye(8)).argmax(axis=1)  # sentence 1 "ended", 5 "went out"
check("the match that went out is nearest to the one that ended", closest[5] == 1)

# %% [markdown]
# *Match* fails: a match that *ended* and one that *went out* are too much alike. Averaging the
# arrows of all tokens gives one for a whole sentence, and with it a search that needs no common
# words. (This encoder was trained a second time, on pairs of sentences that belong together, for
# just this purpose.)


# %%
def sentence_vectors(sentences):
    """Mean of the token vectors of each sentence, padding left out, [N, D]."""
    batch = encoder_tokenizer(sentences, padding=True, return_tensors="pt")
    states = encoder(**batch).last_hidden_state  # [N, T, D]
    real = batch["attention_mask"][..., None]  # [N, T, 1]
    return (states * real).sum(dim=1) / real.sum(dim=1)


# %% tags=["nbval-ignore-output"]
pool = reviews["text"][: run.size(smoke=10, cpu=320, gpu=320)]
blocks = [sentence_vectors(pool[i : i + 40]) for i in range(0, len(pool), 40)]
queries = ["Children will love it.", "It broke my heart.", "It is not funny at all."]
similar = cosines(torch.cat([sentence_vectors(queries), *blocks]))[:3, 3:]  # [3, N]
found = [pool[i] for i in similar.argmax(axis=1)]
for query, text in zip(queries, found, strict=True):
    print(f"{query}\n    → {text[:88]}")

# %%
common = {"it", "broke", "my", "heart"} & set(re.findall(r"\w+", found[1].lower()))
check(
    "A broken heart is found without a word in common", "heartbreaking" in found[1] and not common
)
check("Not funny at all finds something funny", "consistently funny" in found[2])

# %% [markdown]
# The second hit is the charm of the method and the third its trap: the arrow says *comedy, funny*
# so loudly that the *not* is lost. Being about the same thing is not saying the same thing.
#
# ## Where do the answers come from?
#
# Training needs questions with known answers. You can read that language models learn from texts
# which people have labelled by hand. Look at what one short sentence yields without anybody's
# help.

# %%
sentence = "The plot makes no sense."
tokens = [tokenizer.decode([i]) for i in encode(sentence)[1:]]
for t, token in enumerate(tokens):
    print(f"{''.join(tokens[:t]) or '(start mark)':<22} → {token.strip()}")
close("T tokens give T questions, each with its answer", len(surprise(sentence)), len(tokens))

# %% [markdown]
# The text is its own answer sheet: the **label** of each position is the next token. So all that
# was ever written can serve, and our SmolLM2 has read about two trillion tokens. Learning from
# plain text comes first and is called pretraining; examples of a task, written by people or by a
# larger model, come afterwards and in small amounts. This second step is **fine-tuning**. Our
# model has had it too, for conversation, mostly with dialogues that larger models wrote; the
# *Instruct* in its full name says so.
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
# Let us see what ours makes of one of each; nothing is changed, but long answers are cut off.


# %%
def reply(question, length):
    """The chat model's answer of at most `length` tokens, always taking the likeliest one."""
    chat = [{"role": "user", "content": question}]
    inputs = tokenizer.apply_chat_template(
        chat, add_generation_prompt=True, return_tensors="pt", return_dict=True
    ).to(run.device)
    out = model.generate(
        **inputs, max_new_tokens=length, do_sample=False, pad_token_id=tokenizer.eos_token_id
    )
    return tokenizer.decode(out[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)


REQUESTS = {
    "classification": 'Is this review positive or negative? "The plot grinds on with yawn '
    'provoking dullness." Answer with one word.',
    "tagging": 'Which words in this sentence are nouns? "The old man opened the heavy door."',
    "extraction": 'Who wrote the book? "Jane Austen wrote Emma in 1815." Answer with the name only.',
    "generation": "Write one sentence about a lighthouse.",
    "translation": 'Translate into French: "The cat sleeps on the chair."',
    "dialogue": "I cannot sleep before exams. What can I do? Answer in one sentence.",
}

# %% tags=["nbval-ignore-output"]
asked = list(REQUESTS)[: run.size(smoke=1, cpu=6, gpu=6)]
replies = {task: reply(REQUESTS[task], run.size(smoke=3, cpu=32, gpu=40)) for task in asked}
for task, text in replies.items():
    print(f"{task}: {REQUESTS[task]}\n    → {text}\n")

# %%
check("The review is called negative", "negative" in replies["classification"].lower())
extracted = replies.get("extraction", "").strip(' ."')
check("The extraction does not name Jane Austen", not extracted.endswith("Austen"))
check("Tagging gives the sentence back", "heavy" in replies.get("tagging", ""))
check(
    "There is no cat in the French sentence", "chat" not in replies.get("translation", "").lower()
)

# %% [markdown]
# It gets the label, though not in one word, and it writes prettily about lighthouses. Asked to tag, it
# repeats the sentence; asked to extract or to translate, it answers without hesitation, and wrongly;
# the advice mixes up sleeping and not sleeping. Remember that when a far larger model answers just
# as smoothly. And do not judge from one example! Let us measure one family.
#
# ### One task, measured
#
# No training, two words: after a review we compare the probabilities of a praising and a blaming
# word. This is called **zero-shot classification**. We show two of four wordings that we tried,
# one that does well and one that does not; beforehand we should have trusted both alike.

# %% tags=["nbval-ignore-output"]
n = run.size(smoke=2, cpu=60, gpu=400)
praise = np.array(reviews["label"][:n]) == 2  # [N]
WORDINGS = {
    "Review: … Sentiment: positive / negative": (
        "Review: {}\nSentiment:",
        " positive",
        " negative",
    ),
    "… All in all, it was great / terrible": ("{} All in all, it was", " great", " terrible"),
}
scores = {}  # log of how many times likelier the praising word is
for name, (template, *options) in WORDINGS.items():
    good, bad = (tokenizer(word)["input_ids"][0] for word in options)
    p = [next_probabilities(encode(template.format(text))) for text in reviews["text"][:n]]
    scores[name] = np.array([float(torch.log2(q[good] / q[bad])) for q in p])  # [N]
    print(name, bootstrap_mean((scores[name] > 0) == praise), sep="\n    accuracy ")
print(f"always the commoner label: {max(praise.mean(), 1 - praise.mean()):.3f}")

# %% mystnb={"image": {"alt": "For each of two wordings the scores of the sentences as dots, praising ones in blue above and blaming ones in orange below, with a vertical line at zero where the decision changes. In both, the blue dots lie further right than the orange ones. With the second wording almost all dots of both colours lie right of the line, so nearly everything is called positive."}}
figure, axes = plt.subplots(2, 1, figsize=(6.4, 3.8), sharex=True)
jitter = np.random.default_rng(SEED).uniform(-0.25, 0.25, n)
for ax, (name, score) in zip(axes, scores.items(), strict=True):
    ax.scatter(
        score, jitter + np.where(praise, 0, 1), s=18, color=np.where(praise, plot.BLUE, plot.ORANGE)
    )
    ax.axvline(0, color=plot.INK, linewidth=1)
    ax.set_yticks([0, 1], ["praise", "blame"])
    ax.set(ylim=(1.5, -0.5), title=name)
axes[1].set_xlabel("score in bits   (right of the line the model says positive)")
plt.show()

# %%
first, second = scores.values()
for name, score in zip(["first", "second"], scores.values(), strict=True):
    order = mannwhitneyu(score[praise], score[~praise], alternative="greater")
    check(f"With the {name} wording praise scores higher than blame", order.pvalue < 0.01)
check("The second wording says positive nearly always", np.mean(second > 0) > 0.85)
gap = paired_bootstrap((first > 0) == praise, (second > 0) == praise)
check("and is right less often than the first", gap.low > 0)
share = abs(np.mean((second > 0) == praise) - praise.mean())
check("its accuracy is about the share of praise in the sample", share < 0.1)

# %% [markdown]
# With both wordings praise lies on the whole to the right of blame, so the model *has noticed* the
# difference. But after *it was* the model leans to *great* whatever came before, and the second
# wording is right about as often as a sentence happens to praise. What the model knows and what a
# question gets out of it are two things. To move the line a few labelled sentences would do.
# [Fine-tuning](../bert/finetune_sentiment.ipynb) goes further: a few thousand of them change the
# numbers inside an encoder.
#
# ## A map of the book

# %% mystnb={"image": {"alt": "Map of the book in three rows of boxes joined by arrows. First row, ideas: background (text and tokens) leads to probability (chain rule, softmax), which leads to n-grams (counting). From n-grams down to the second row, models: Transformer (attention, GPT) leads to pretraining (learning from plain text), which leads to BERT (fine-tuning). From BERT down to the third row, use: tasks (names, answers, translation) leads to applications (service, monitoring), which leads to deployment (smaller, faster, served). Probability also has an arrow to the Transformer. Pretraining and the whole third row have dashed outlines: they are planned."}}
MAP = [
    ("background", "text and tokens"), ("probability", "chain rule, softmax"), ("n-grams", "counting"),
    ("transformer", "attention, GPT"), ("pretraining", "from plain text"), ("BERT", "fine-tuning"),
    ("tasks", "names, answers, …"), ("applications", "service, alarms"), ("deployment", "small and fast"),
]  # fmt: skip
PLANNED = ["pretraining", "tasks", "applications", "deployment"]
ARROWS = [(0, 1), (1, 2), (2, 3), (1, 3), (3, 4), (4, 5), (5, 6), (6, 7), (7, 8)]
COLOURS = [plot.BLUE, plot.GREEN, plot.RED]

figure, ax = plt.subplots(figsize=(6.6, 4.2))
for i, (part, what) in enumerate(MAP):
    x, y, colour = i % 3 * 2.3, -(i // 3) * 1.7, COLOURS[i // 3]
    outline = {"linestyle": "--" if part in PLANNED else "-", "edgecolor": colour, "linewidth": 2}
    ax.add_patch(FancyBboxPatch((x, y), 1.7, 0.8, "round,pad=0.1", facecolor="white", **outline))
    ax.text(x + 0.85, y + 0.55, part, ha="center", va="center", weight="bold", fontsize=13)
    ax.text(x + 0.85, y + 0.18, what, ha="center", va="center", fontsize=11.5)
for start, end in ARROWS:
    (x, y), (u, v) = ((i % 3 * 2.3 + 0.85, -(i // 3) * 1.7 + 0.4) for i in (start, end))
    tail, tip = ((x + 0.97, y), (u - 0.97, v)) if y == v else ((x, y - 0.52), (u, v + 0.52))
    ax.annotate("", tip, tail, arrowprops={"arrowstyle": "-|>", "color": plot.INK})
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
# text, whose next token is the label. In that way it picks up much grammar, some facts and the
# look of a sum, and it never tells which of them it has. Models that read both sides turn words
# and sentences into vectors. What a model has noticed and what a prompt gets out of it are
# different things, so measure.
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
    """Bits of surprise for each character of the text that the tokens make up."""
    ...


exercises.bits_per_character(bits_per_character)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def bits_per_character(tokens, surprises):
    """Bits of surprise for each character of the text that the tokens make up."""
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
    """Probability of each candidate, [C], from the token log-probabilities of its sentence."""
    ...


exercises.gap(gap_probabilities)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 4
def gap_probabilities(candidates):
    """Probability of each candidate, [C], from the token log-probabilities of its sentence."""
    totals = np.array([np.sum(log_p) for log_p in candidates])
    p = np.exp(totals - totals.max())
    return p / p.sum()


exercises.gap(gap_probabilities)

# %% [markdown]
# ## Common mistakes
#
# *Taking likely for true*: the model forecasts texts, and texts contain errors and gaps. *Judging
# from one prompt or one example*: another wording can turn the result round, as we saw; count,
# and give an interval. *Forgetting the start mark*: without it the first token has no forecast,
# and its surprise is missing from the sum. *Comparing surprises per token between models with
# different tokens*: use characters. *Reading "it prefers" as "it knows"*: we measured
# probabilities and nothing else.
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
