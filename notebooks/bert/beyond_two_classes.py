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
# # Beyond two classes
#
# What to ask of an encoder when the answers have an order and when one class is rare, and what a label is worth when
# the people who made it do not agree.
#
# Every sentence of our film reviews was rated by 15 to 29 people, from −4 to 4. So far we have used
# the mean alone, and cut it into *praise* and *blame*. Means nearer to zero than half a point were
# left out. Call them *neutral*. Here are two such sentences, picked from the training data, with all
# of their ratings.

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
import textwrap

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from lmcourse import live, plot, session
from lmcourse.claims import check, close
from lmcourse.data.ratings import load_ratings
from lmcourse.evaluation.intervals import Interval
from lmcourse.exercises.bert import beyond_two_classes as exercises
from lmcourse.models import pretrained
from lmcourse.models.classifier import AS_TRAINED, mean_of_tokens
from lmcourse.records import record, sweep
from lmcourse.text.batches import LengthBuckets, by_length, pad
from lmcourse.training.loop import fit
from scipy.special import softmax
from scipy.stats import rankdata
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_union

run = session.start(PROFILE, SEED)

# %%
data = load_ratings()  # the splits of load_reviews, with every single rating
two = [data["train"][i] for i in (1468, 1122)]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two bar charts, one below the other, of how many people gave each rating from minus four to four. Above, all ratings of the first sentence are minus one, zero or one, zero most often. Below, those of the second are spread from minus three to four, with a hill on either side of zero and a single zero."}}
figure, axes = plot.panels(2, height=2.0, sharex=True)
for ax, row in zip(axes, two, strict=True):
    print(f"{row['score']:+.2f}  {row['text']}")
    values, counts = np.unique(row["ratings"], return_counts=True)
    ax.bar(values, counts, color=plot.BLUE)
    ax.set(title=row["text"][:45] + " …", ylabel="people", xlim=(-4.6, 4.6))
    ax.locator_params(axis="y", integer=True)
axes[1].set_xlabel("rating")
plt.show()

# %% [markdown]
# Both means are almost zero. But nobody feels strongly about the first sentence, and on the second people
# quarrel! Is either of the two a usual neutral sentence? And what should a model be told: a class,
# an order of classes, or the number?
#
# **You will**
#
# - ask the single ratings what a label is worth, and how well one of them predicts the others,
# - train one encoder with four losses: for three names, for an order, for numbers, for nine names,
# - see a rare class vanish, and see how little a border chosen on validation is worth,
# - give an encoder two texts at once, and see what segment ids do.
#
# **You need** [fine-tuning for two classes](finetune_sentiment.ipynb) and
# [softmax](../probability/softmax.ipynb).

# %% [markdown]
# ## What a label is worth
#
# Half a point from zero is where the classes part.


# %%
def classes(means):
    """0 blame, 1 neutral (nearer to zero than half a point), 2 praise."""
    return np.where(np.abs(means) < 0.5, 1, np.where(means > 0, 2, 0))


# %% tags=["hide-input"]
# @title Texts, mean ratings, classes and single ratings of each split
keep = run.size(smoke=120, cpu=None, gpu=None)  # None: all of them
texts, scores, labels, ratings = {}, {}, {}, {}
for name, rows in data.items():
    texts[name] = list(rows["text"])[:keep]
    scores[name] = np.array(rows["score"])[:keep]  # mean ratings [N]
    labels[name] = classes(scores[name])  # [N]
    ratings[name] = [np.array(given) for given in rows["ratings"]][:keep]

# %% tags=["hide-input"]
names = ["blame", "neutral", "praise"]
for name, of_split in labels.items():
    share = np.bincount(of_split, minlength=3) / len(of_split)
    print(f"{name:<10} {len(of_split):>5,} sentences", end="")
    for k in range(3):
        print(f"   {share[k]:.3f} {names[k]}", end="")
    print()
people = [len(given) for of_split in ratings.values() for given in of_split]
print(f"people who rated a sentence: {min(people)} to {max(people)}")

# %% [markdown]
# One sentence in twenty is neutral. How far do the ratings of such sentences spread? Asked of the
# ratings that made them neutral, the question could be circular. So we split the raters of each
# sentence at random into two halves. The first says *where* a sentence lies, and the second is
# asked how much it disagrees there.

# %%
rng = np.random.default_rng(SEED)
first, halves = [], []
for given in ratings["train"]:
    one_half, other_half = np.array_split(rng.permutation(given), 2)
    first.append(one_half.mean())
    halves.append(other_half)
first = np.array(first)  # [N]
again = np.array([half.mean() for half in halves])  # [N]
spread = np.array([half.std(ddof=1) for half in halves])  # standard deviation
zeros = np.array([np.mean(half == 0) for half in halves])  # shares

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two lines against the distance from zero of the mean rating in one half of the raters, measured in the other half. Above: the standard deviation, highest next to zero, falling to a plateau from one and a half points on. Below: the share of zeros among the ratings, about a fifth next to zero and almost nothing from two points on."}}
edges = [0, 0.5, 1, 1.5, 2, 2.5, 4.1]
bands = list(itertools.pairwise(edges))
distance = np.abs(first)
spread_at, zeros_at = [], []
for low, high in bands:
    inside = (distance >= low) & (distance < high)
    spread_at.append(np.mean(spread[inside]))
    zeros_at.append(np.mean(zeros[inside]))
centres = [low + 0.25 for low, _ in bands]
figure, axes = plot.panels(2, height=2.3, sharex=True)
for ax, values in zip(axes, (spread_at, zeros_at), strict=True):
    ax.plot(centres, values, "o-")
    ax.set_ylim(0, 1.15 * max(values))
axes[0].set_ylabel("standard deviation")
axes[1].set_ylabel("share of zeros")
axes[1].set_xlabel("distance from zero of the first half's mean")
plt.show()

# %% [markdown]
# Near zero people give more zeros than elsewhere, but most of their ratings are something else. And
# they disagree *more* than far from zero.
#
# Is either of our two sentences usual, then? Take the sentences that the first half calls neutral,
# and ask the second half. How many of its ratings are within one point of zero? In how many
# sentences are all of them, as in our first? And in how many is a quarter of the ratings at −2 or
# below, and another at 2 or above, as in our second? For the firmness of the label, we let each half
# name the class of every sentence.

# %% tags=["hide-input"]
print("                 the second half says")
print("first half says  blame  neutral  praise")
same = np.zeros((3, 3))  # shares; each row sums to one
for k in range(3):
    counts = np.bincount(classes(again[classes(first) == k]), minlength=3)
    same[k] = counts / max(counts.sum(), 1)
    print(f"{names[k]:<15}  {same[k, 0]:5.2f}  {same[k, 1]:7.2f}", end="")
    print(f"  {same[k, 2]:6.2f}")
near_zero = [
    half for half, k in zip(halves, classes(first), strict=True) if k == 1
]
within = np.array([np.mean(np.abs(half) <= 1) for half in near_zero])
both_sides = np.mean([half.min() < 0 < half.max() for half in near_zero])
apart = np.mean(
    [min(np.mean(half <= -2), np.mean(half >= 2)) >= 0.25 for half in near_zero]
)
print("neutral in the first half; in the second")
print(f"  within one point of zero: {within.mean():.2f} of the ratings")
print(f"  all of them: {np.mean(within == 1):.2f} of the sentences")
print(f"  a quarter at two or beyond, on each side: {apart:.2f}")
print(f"  at least one rating on each side: {both_sides:.2f}")

# %% [markdown]
# Neither is usual: in few sentences all ratings are within a point of zero, in hardly any a quarter goes far to each side. And while
# praise stays praise and blame stays blame, of the sentences that one half calls neutral the other
# half calls about every second one something else. Our labels rest on both halves together; that
# makes their standard error smaller by a factor of $\sqrt{2}$ (Exercise 2).
#
# How well does *one* rating do? We take one of each sentence, at random, and compare it with
# the mean of the others. Such a number is often called a **human ceiling**, though nothing forbids a
# model to come closer to the mean of many ratings than one rating does.

# %% tags=["hide-input"]
# @title One rating against the mean of the others
one = np.array([rng.choice(given) for given in ratings["train"]])  # [N]
sums = np.array([given.sum() for given in ratings["train"]])  # [N]
numbers = np.array([len(given) for given in ratings["train"]])  # [N]
others = (sums - one) / (numbers - 1)  # the mean of all others [N]
print("one rating and the mean of the others:")
print(f"correlation   {np.corrcoef(one, others)[0, 1]:.3f}")
print(f"squared error {np.mean((one - others) ** 2):.3f}")
print(f"always the overall mean: {others.var():.3f}")

# %% tags=["claims"]
check("Next to zero they disagree most", max(spread_at) == spread_at[0])
check("by more than a sixth over 1.5 to 2", spread_at[0] > 7 / 6 * spread_at[3])
check("Zeros are most frequent there", max(zeros_at) == zeros_at[0])
check("and still fewer than a third", zeros_at[0] < 1 / 3)
check("Neutral is confirmed in 35 to 60 of 100 cases", 0.35 < same[1, 1] < 0.6)
check("In most of these some are on each side", both_sides > 0.6)
check(
    "In fewer than a quarter all are within a point",
    np.mean(within == 1) < 0.25,
)
check("In fewer than a tenth a quarter goes far to each side", apart < 0.1)
check(
    "Praise and blame in more than 9 of 10", min(same[0, 0], same[2, 2]) > 0.9
)

# %% [markdown]
# ## What to tell a model
#
# Take a sentence of blame, rated −3, and two forecasts. Both give
# *blame* the probability 0.2. The first puts the rest mostly on *neutral*, the second on *praise*.

# %% tags=["hide-input"]
# @title Two forecasts
near_miss, far_miss = np.array([0.2, 0.7, 0.1]), np.array([0.2, 0.1, 0.7])
for p in (near_miss, far_miss):
    surprise = -np.log(p[0])
    print(f"{p}: surprise at blame {surprise:.3f}", end="")
    print(f", p(above blame) {p[1] + p[2]:.1f}, p(above neutral) {p[2]:.1f}")

# %% [markdown]
# **Names.** The cross-entropy sees the probability of the true class alone. Whether the model
# hesitated towards *neutral* or *praise*, it costs the same.
#
# **Order.** This **ordinal loss** asks two yes-or-no questions instead: is the sentence above
# *blame*? Is it above *neutral*? Both are answered from a single number, the score $s$, with two
# thresholds $\theta_1 < \theta_2$, and $\sigma(x) = 1/(1 + e^{-x})$:
#
# $$P(y > 0) = \sigma(s - \theta_1), \qquad P(y > 1) = \sigma(s - \theta_2) \tag{1}$$
#
# The probabilities of the three classes are differences of these. The loss is the surprise at both
# answers: with $a_k = 1$ if $y \ge k$ and 0 otherwise,
#
# $$\mathcal{L} = -\frac1B \sum_{n=1}^{B} \sum_{k=1}^{2}
# \Big[a_k^{(n)} \log \sigma(s^{(n)} - \theta_k)
# + (1 - a_k^{(n)}) \log\big(1 - \sigma(s^{(n)} - \theta_k)\big)\Big] \tag{2}$$
#
# **Numbers.** The **squared error** asks for the rating $r$ itself, which is called **regression**:
#
# $$\mathcal{L} = \frac1B\sum_{n=1}^{B} \left(s^{(n)} - r^{(n)}\right)^2 \tag{3}$$
#
# **Nine names.** Numbers tell more than names in two ways: they are ordered, and they are finer. To
# tell these apart, a fourth loss has finer names and no order: one name for each whole rating from
# −4 to 4, and again the cross-entropy.


# %%
def ordinal_loss(s, labels, thresholds):
    """Surprise at the answers to both questions: (2)."""
    logits = s[:, None] - thresholds.to(s.device)  # [B, 2]
    lower = torch.arange(2, device=s.device)  # y > 0 says y >= 1, y > 1 y >= 2
    answers = (labels[:, None] > lower).float()  # [B, 2]
    surprise = -F.logsigmoid(logits) * answers
    surprise = surprise - F.logsigmoid(-logits) * (1 - answers)
    return surprise.sum(dim=1).mean()


def squared_error(s, ratings):
    """Mean squared error of scores [B] against ratings [B]: (3)."""
    return ((s - ratings) ** 2).mean()


# %% [markdown]
# By hand: the second answer of the near miss costs $-\log 0.9$, that of the far miss $-\log 0.3$.
# For numbers, suppose that the classes lie at −2, 0 and 2. Then the near miss forecasts
# $0.2 \cdot (-2) + 0.1 \cdot 2 = -0.2$, and the squared error to −3 is $2.8^2 = 7.84$.


# %% tags=["hide-input"]
# @title The probabilities (1) of the classes, and three losses of two misses
def class_probabilities(s, thresholds):
    """Probabilities [B, 3] from scores s [B] and two thresholds: (1)."""
    above = torch.sigmoid(s[:, None] - thresholds)  # [B, 2]
    always, never = torch.ones(len(s), 1), torch.zeros(len(s), 1)
    at_least = torch.cat([always, above, never], dim=1)  # [B, 4]
    return at_least[:, :-1] - at_least[:, 1:]


cuts = torch.tensor([-1.0, 1.0])
by_threshold = class_probabilities(torch.tensor([1.0]), cuts)[0]  # [3]
print("classes for s = 1:", by_threshold.numpy().round(2))
for kind, p in (("near", near_miss), ("far", far_miss)):
    ordinal = -np.log(p[0]) - np.log(1 - p[2])  # above blame? above neutral?
    rating = p @ [-2, 0, 2]
    print(f"{kind:<4} miss: names {-np.log(p[0]):.3f}", end="")
    print(f", order {ordinal:.3f}, numbers {(rating + 3) ** 2:.2f}")

# %% [markdown]
# Order, numbers and nine names each tell the model more than three names do. Does it learn more?
#
# ## One encoder, twelve times
#
# One run of each loss would show one draw of luck. We want three, each on training sentences of its
# own. To pay for twelve runs we freeze the encoder (all-MiniLM-L6-v2) but for its top layer: what the
# lower layers say about a sentence never changes, so it is computed once. The top layer and a fresh
# head are trained, for every loss from the same top layer.

# %%
from transformers import AutoModel, AutoTokenizer

folder = pretrained.encoder_folder()
tokenizer = AutoTokenizer.from_pretrained(folder)
encoder = AutoModel.from_pretrained(folder, **AS_TRAINED)  # without dropout
PAD = tokenizer.pad_token_id
layers = encoder.encoder.layer  # a list: one module for each layer
sample = tokenizer(["Go and see it."], return_tensors="pt")
with torch.inference_mode():
    whole = encoder(**sample).last_hidden_state  # [1, T, d_model]
encoder.encoder.layer = layers[:-1]  # from here on: all but the top one
encoder = encoder.to(run.device)


# %%
class Top(torch.nn.Module):
    """The top layer and, on the mean of the tokens, a fresh head."""

    def __init__(self, n_outputs, texts=1):
        super().__init__()
        self.layer = copy.deepcopy(layers[-1])
        width = encoder.config.hidden_size
        self.head = torch.nn.Linear(texts * width, n_outputs)

    def encode(self, hidden, mask):  # [B, T, d_model], [B, T]
        closed = torch.where(mask, 0.0, -1e9)  # added to scores: no weight
        closed = closed[:, None, None, :]  # for all heads, all queries
        return self.layer(hidden, closed)  # [B, T, d_model]

    def forward(self, hidden, mask):
        mean = mean_of_tokens(self.encode(hidden, mask), mask)  # [B, d_model]
        return self.head(mean).float()  # [B, n_outputs]


# %% tags=["hide-input"]
# @title The lower layers and the top one put together again
with torch.inference_mode():
    sample = sample.to(run.device)
    lower_states = encoder(**sample).last_hidden_state  # [1, T, d_model]
    top = Top(1).to(run.device).eval()
    rebuilt = top.encode(lower_states, sample["attention_mask"].bool())


# %% tags=["hide-input"]
# @title The lower layers' answers, kept for all sentences; batches of them
def encode(texts):
    """Rows of WordPiece ids."""
    return tokenizer(list(texts), truncation=True, max_length=128)["input_ids"]


@torch.inference_mode()
def lower(rows):
    """For each row of ids the states [T, d_model] below the top layer."""
    states = [None] * len(rows)
    for chosen in by_length([len(row) for row in rows], 64):
        ids = pad([rows[i] for i in chosen], PAD).to(run.device)
        with run.autocast():
            found = encoder(input_ids=ids, attention_mask=ids != PAD)
        for i, state in zip(chosen, found.last_hidden_state, strict=True):
            states[i] = state[: len(rows[i])].bfloat16().cpu()
    return states


def padded(states):
    """States [B, T, d_model], short ones filled up, and their mask [B, T]."""
    lengths = torch.tensor([len(state) for state in states])
    rows = torch.nn.utils.rnn.pad_sequence(states, batch_first=True)
    rows = F.pad(rows, (0, 0, 0, -rows.shape[1] % 16))  # fewer lengths: faster
    return rows.float(), torch.arange(rows.shape[1]) < lengths[:, None]


# %% [markdown]
# We train on three parts of the training sentences; no sentence is in two parts. The head's bias
# starts near the best constant answer: the logarithms of the classes' overall frequencies, or the mean rating.
# The thresholds, often learned as well, stay where a score of zero gives the classes their
# frequencies. So close together, they give *neutral* 0.06 at the most: neutral is called where the score lies between them.

# %% tags=["hide-input"]
# @title The three parts
PART = run.size(smoke=40, cpu=1500, gpu=1500)
order = np.random.default_rng(SEED).permutation(len(texts["train"]))
parts = [order[i * PART : (i + 1) * PART] for i in range(3)]
used = order[: 3 * PART].tolist()
kept_states = lower(encode([texts["train"][i] for i in used]))
states = dict(zip(used, kept_states, strict=True))

# %% tags=["hide-input"]
# @title The four losses, and where each starts
prior = np.bincount(labels["train"], minlength=3) / len(labels["train"])  # [3]
above = torch.tensor([prior[1:].sum(), prior[2]])  # P(y > 0), P(y > 1)
THRESHOLDS = -torch.logit(above).float()  # [2]: s = 0 gives these frequencies
y = torch.tensor(labels["train"])  # [N]
r = torch.tensor(scores["train"]).float()  # [N]
log_prior = torch.tensor(prior).log().float()  # [3]


def nine(ratings):
    """0 to 8: the whole ratings nearest to these."""
    return ratings.round().long() + 4


log_nine = torch.bincount(nine(r), minlength=9).add(1).log()  # [9]
half_gap = (THRESHOLDS[1] - THRESHOLDS[0]).item() / 2
most = 2 / (1 + np.exp(-half_gap)) - 1  # P(neutral), halfway between them
print(f"order: thresholds {2 * half_gap:.2f} apart, neutral at most {most:.3f}")
LOSSES = {  # the loss of outputs [B, K], labels and ratings; the first bias
    "names": (lambda out, y, r: F.cross_entropy(out, y), log_prior),
    "order": (lambda out, y, r: ordinal_loss(out[:, 0], y, THRESHOLDS), [0]),
    "numbers": (lambda out, y, r: squared_error(out[:, 0], r), [r.mean()]),
    "nine names": (lambda out, y, r: F.cross_entropy(out, nine(r)), log_nine),
}

# %%
BATCH = 32


def train(kind, part, seed, rate):
    """Top layer and head after one pass over a part, with one loss."""
    loss, bias = LOSSES[kind]
    torch.manual_seed(SEED + seed)  # draws the head
    model = Top(len(bias))
    model.head.bias.data = torch.as_tensor(bias).float()
    lengths = [len(states[i]) for i in part]
    buckets = LengthBuckets(lengths, BATCH, seed=SEED + seed)

    def batch_at(step):
        chosen = part[buckets(step)]  # numbers of B sentences
        return *padded([states[i] for i in chosen]), y[chosen], r[chosen]

    def loss_of(model, batch):
        hidden, mask, labels, ratings = batch
        return loss(model(hidden, mask), labels, ratings)

    steps = buckets.batches_per_epoch
    settings = {"steps": steps, "learning_rate": rate, "session": run}
    fit(model, loss_of, batch_at, **settings)
    return model


# %% tags=["hide-input"]
# @title Answers of the models to sentences
@torch.inference_mode()
def predict(model, states):
    """Outputs [N, K] in the order of the states."""
    found = [None] * len(states)
    for chosen in by_length([len(state) for state in states], 128):
        hidden, mask = padded([states[i] for i in chosen])
        with run.autocast():
            out = model(hidden.to(run.device), mask.to(run.device)).cpu()
        for i, row in zip(chosen, out.numpy(), strict=True):
            found[i] = row
    return np.array(found)


# %% [markdown]
# How high a learning rate? Each loss was tried with four on validation, three runs of each. We keep the
# rate with the lowest mean of the loss itself.

# %% tags=["hide-input"]
search = sweep("bert/beyond_two_classes")
tried = {}  # losses on validation, by kind and rate
for trial in search["runs"]:
    key = trial["kind"], trial["rate"]
    tried.setdefault(key, []).append(trial["loss"])
rates = sorted({rate for _, rate in tried})
RATES = {}  # the best by kind
print("loss on validation, mean of three runs", search["command"], sep="\n")
print(" " * 10, *(f"{rate:8g}" for rate in rates))
for kind in LOSSES:
    means = [np.mean(tried[kind, rate]) for rate in rates]
    RATES[kind] = rates[int(np.argmin(means))]
    print(f"{kind:<10}", *(f"{mean:8.3f}" for mean in means))

# %%
models = {
    kind: [train(kind, part, i, RATES[kind]) for i, part in enumerate(parts)]
    for kind in LOSSES
}

# %% [markdown]
# A rival without an encoder: ridge regression, squared error with a penalty on
# large weights, on TF-IDF features of words and of pieces of words. It sees the same three
# parts, and its penalty is chosen on validation.


# %% tags=["hide-input"]
# @title Ridge regression on words and characters
def ridge(part):
    """A function from texts to ratings; the penalty that validates best."""
    words = {"ngram_range": (1, 2), "sublinear_tf": True, "min_df": 2}
    pieces = words | {"analyzer": "char_wb", "ngram_range": (2, 4)}
    features = make_union(TfidfVectorizer(**words), TfidfVectorizer(**pieces))
    seen = features.fit_transform([texts["train"][i] for i in part])
    held_out = features.transform(texts["validation"])
    fits = [
        Ridge(alpha).fit(seen, scores["train"][part]) for alpha in (1, 3, 10)
    ]
    errors = [
        np.mean((f.predict(held_out) - scores["validation"]) ** 2) for f in fits
    ]
    best = fits[int(np.argmin(errors))]
    return lambda texts: best.predict(features.transform(texts))[:, None]


# %% tags=["hide-input"]
# @title What they say of the validation sentences
ridges = [ridge(part) for part in parts]


def answers(name):
    """By kind of model: the outputs [N, K] of its three runs on a split."""
    kept = lower(encode(texts[name]))
    found = {kind: [predict(m, kept) for m in models[kind]] for kind in models}
    return found | {"ridge": [forecast(texts[name]) for forecast in ridges]}


on_validation = answers("validation")

# %% [markdown]
# ## A class that is seldom the likeliest
#
# How do three classes come out of the outputs? From the names, the likeliest is taken. Nine names
# give a score as well, the expected rating. A score is
# neutral between its thresholds, or closer to zero than half a point. Each rule has the same form: it
# has a side, and calls a sentence neutral when a number, its *doubt*, exceeds a *border*. The doubt
# of names is the logit of *neutral* less the larger of the two others; the doubt of a score is
# minus its distance from the middle. (Logits 1, 0.4, −1: the side is blame, the doubt −0.6; with border 0 that is blame. The score 0.3 has the doubt −0.3; with border −0.5 that is neutral.)


# %% tags=["hide-input"]
# @title Side and doubt, and the borders as trained
def side_and_doubt(kind, out):
    """From outputs [N, K]: a score, above zero for praise, and a doubt [N]."""
    if kind == "names":
        strongest = np.maximum(out[:, 0], out[:, 2])
        return out[:, 2] - out[:, 0], out[:, 1] - strongest
    if kind == "nine names":
        out = softmax(out, axis=1) @ np.arange(-4, 5)[:, None]  # [N, 1]
    middle = THRESHOLDS.mean().item() if kind == "order" else 0.0
    score = out[:, 0] - middle
    return score, -np.abs(score)


BORDERS = {"names": 0.0, "order": -half_gap}  # else half a point from zero
BORDERS |= dict.fromkeys(("numbers", "nine names", "ridge"), -0.5)


# %%
def three(kind, out, border):
    """Classes [N] from outputs [N, K]."""
    score, doubt = side_and_doubt(kind, out)
    return np.where(doubt > border, 1, np.where(score > 0, 2, 0))


# %% tags=["hide-input", "nbval-ignore-output"]
# @title Accuracy on validation with the borders as trained
truth = labels["validation"]
accuracy, recall, called = {}, {}, {}
print("on validation, mean of three runs")
print("           accuracy  called neutral  neutral ones found")
for kind, runs in on_validation.items():
    found = [three(kind, out, BORDERS[kind]) for out in runs]
    accuracy[kind] = np.mean([np.mean(f == truth) for f in found])
    recall[kind] = np.mean([np.mean(f[truth == 1] == 1) for f in found])
    called[kind] = np.mean([np.mean(f == 1) for f in found])
    print(f"{kind:<10} {accuracy[kind]:8.3f}  {called[kind]:14.3f}", end="")
    print(f"  {recall[kind]:18.3f}")

# %% tags=["hide-input", "nbval-ignore-output"] mystnb={"image": {"alt": "Four confusion matrices side by side, rows the true class, columns the class called, shares of each row on validation. Names: blame and praise dark on the diagonal, the column of neutral empty. Order: nearly the same, with a few in the column of neutral. Numbers and nine names: the column of neutral is filled in every row."}}
figure, axes = plot.panels(4, height=2.7, beside=True, sharey=True)
for ax, kind in zip(axes, LOSSES, strict=True):
    table = np.zeros((3, 3))
    for out in on_validation[kind]:
        np.add.at(table, (truth, three(kind, out, BORDERS[kind])), 1)
    table /= np.maximum(table.sum(axis=1, keepdims=True), 1)
    plot.heatmap(ax, table, names, names, fmt=".2f", vmin=0, vmax=1)
    ax.tick_params(axis="x", labelrotation=90)
    ax.set(title=kind, xlabel="called")
axes[0].set_ylabel("is")
plt.show()

# %% tags=["hide-input", "nbval-ignore-output"]
out = on_validation["names"][0]
doubt = side_and_doubt("names", out)[1]  # [N]
print("neutral, and names (run 1) is surest that they are not:")
for i in np.flatnonzero(truth == 1)[np.argsort(doubt[truth == 1])[:4]]:
    text = textwrap.fill(texts["validation"][i], 58, subsequent_indent=10 * " ")
    print(f"  {names[out[i].argmax()]:<7} {text}")

# %% [markdown]
# As trained, the best accuracy belongs to names, which has lost a class: in the picture, the empty column. (The rules differ as well as the losses:
# look how often each says *neutral*.) Our class is one in twenty, and never to
# name it costs no more than that one in twenty.
#
# The share of a class that was found is its **recall**; the share that is right of what was called
# so, its **precision**. F1 is their harmonic mean, and macro-F1 the mean over the classes, each
# counted alike. With $TP_k$ sentences of class $k$ found, $FP_k$ wrongly called
# $k$ and $FN_k$ missed,
#
# $$F_k = \frac{2\,TP_k}{2\,TP_k + FP_k + FN_k}, \qquad
# \text{macro-}F_1 = \frac13 \sum_{k=0}^{2} F_k \tag{4}$$
#
# For six sentences with the classes 0 0 1 1 2 2 and the answers 0 0 2 1 2 2: $F_0 = 4/4$,
# $F_1 = 2/3$, $F_2 = 4/5$.


# %%
def macro_f1(truth, found):
    """Mean F1 of three classes; a class that nobody names counts as zero."""
    scores = []
    for k in range(3):
        right = np.sum((truth == k) & (found == k))
        wrong = np.sum((truth == k) != (found == k))  # false and missed
        scores.append(2 * right / max(2 * right + wrong, 1))
    return float(np.mean(scores))


# %% tags=["hide-input"]
example = macro_f1(np.array([0, 0, 1, 1, 2, 2]), np.array([0, 0, 2, 1, 2, 2]))
print(f"{example:.4f} = {(1 + 2 / 3 + 4 / 5) / 3:.4f}")

# %% [markdown]
# The border is ours to choose. We let each model call the most doubtful one, two, … thirty per cent
# of the validation sentences neutral, and keep for each run the border with the best macro-F1.

# %% tags=["hide-input"]
# @title Thirty borders
SHARES = np.arange(1, 31) / 100


def borders(kind, out):
    """For each share the border that calls so many of these neutral."""
    return np.quantile(side_and_doubt(kind, out)[1], 1 - SHARES)  # [30]


# %%
def curve(kind, out, truth):
    """Macro-F1 with each of these borders."""
    return [macro_f1(truth, three(kind, out, b)) for b in borders(kind, out)]


def best_border(kind, out, truth):
    """The border with the highest of them."""
    return borders(kind, out)[np.argmax(curve(kind, out, truth))]


# %% tags=["hide-input", "nbval-ignore-output"]
# @title The best border of each run
curves, chosen_border, picked = {}, {}, {}  # macro-F1 [3, 30]; one for each run
print("called neutral with the best border, per cent of validation")
for kind, runs in on_validation.items():
    curves[kind] = np.array([curve(kind, out, truth) for out in runs])
    chosen_border[kind] = [best_border(kind, out, truth) for out in runs]
    picked[kind] = 1 + curves[kind].argmax(axis=1)  # per cent [3]
    print(f"{kind:<10}", picked[kind], end="   macro-F1, best of the mean: ")
    print(f"{curves[kind].mean(axis=0).max():.3f}")

# %% tags=["hide-input", "nbval-ignore-output"]
# @title For the site's widget: who is called neutral from which per cent on
PERCENT = np.arange(31)
stored, examples, gains = {kind: [] for kind in LOSSES}, [], []
for kind, i in itertools.product(LOSSES, range(3)):
    out = on_validation[kind][i]
    score, doubt = side_and_doubt(kind, out)
    cuts = np.quantile(doubt, 1 - PERCENT / 100)  # [31]
    since = np.sum(doubt <= cuts[:, None], axis=0)  # [N]; 31: never
    rule = [BORDERS[kind], 100 * np.mean(doubt > BORDERS[kind])]
    written = {"sides": "".join("02"[side] for side in (score > 0).astype(int))}
    written["since"] = "".join(np.base_repr(n, 32) for n in since)
    stored[kind].append(written | {"borders": cuts.round(5), "rule": rule})
    found = [three(kind, out, cut) for cut in cuts]
    both = [[np.mean(f == truth), macro_f1(truth, f)] for f in found]
    both = np.array(both)  # accuracy and macro-F1 [31, 2]
    gains.append(both.max(axis=0) - both[0])  # over none
    percent = [0, 5, 30][i]
    counts = np.zeros((3, 3), dtype=int)
    np.add.at(counts, (truth, found[percent]), 1)
    sizes = counts.sum(axis=0) + counts.sum(axis=1)  # [3], as is and as called
    answer = {"loss": kind, "run": i, "per cent": percent, "counts": counts}
    answer |= {"border": cuts[percent], "rule": rule}
    answer["f1"] = 2 * counts.diagonal() / np.maximum(sizes, 1)
    answer |= {"scores": both[percent], "best": both.max(axis=0)}
    examples.append(answer | {"best at": both.argmax(axis=0)})

# %% tags=["hide-input", "nbval-ignore-output"] mystnb={"image": {"alt": "Two panels against the share of validation sentences called neutral, from one to thirty per cent, with lines for four losses and ridge regression. Above, macro-F1: the lines of the four losses run within a few hundredths of each other, rise a little, unevenly, and are lower again at thirty per cent, ridge well below. Below, accuracy: all lines fall steadily."}}
figure, (above_panel, below_panel) = plot.panels(2, height=2.5, sharex=True)
accuracy_at = {
    kind: np.mean(
        [
            [np.mean(three(kind, out, b) == truth) for b in borders(kind, out)]
            for out in runs
        ],
        axis=0,
    )
    for kind, runs in on_validation.items()
}  # [30] each
colors = [plot.BLUE, plot.ORANGE, plot.GREEN, plot.PINK, plot.GREY]
for (kind, f1s), color in zip(curves.items(), colors, strict=True):
    above_panel.plot(100 * SHARES, f1s.mean(axis=0), color=color)
    below_panel.plot(100 * SHARES, accuracy_at[kind], color=color, label=kind)
above_panel.set_ylabel("macro-F1")
below_panel.legend(loc="lower left", ncols=2)
below_panel.set(ylabel="accuracy", xlabel="called neutral, per cent")
digits = "".join(map(str, truth))
live.show("cut", truth=digits, runs=stored, examples=examples)

# %% [markdown]
# Accuracy falls. In no run of the four losses does any of these shares add a hundredth to the accuracy with none, and in each macro-F1 is best with some. The best of the four
# mean curves lie within 0.03. The best share can differ by five points and more between the runs of a loss, and rests on some fifty neutral sentences.

# %% tags=["claims"]
close("Lower and upper layers make the encoder", rebuilt, whole, atol=1e-4)
best_of = {kind: f1s.mean(axis=0).max() for kind, f1s in curves.items()}
trained = {kind: best_of[kind] for kind in LOSSES}
check("Order gives neutral 0.06 at most", most < 0.06)
check(
    "The best accuracy goes with names",
    accuracy["names"] == max(accuracy.values()),
)
check("whose rule finds fewer than 1 in 20 neutral", recall["names"] < 0.05)
check("and calls fewer than 1 in 100 neutral", called["names"] < 0.01)
spread_of_losses = max(trained.values()) - min(trained.values())
check("The best of the four curves lie within 0.03", spread_of_losses < 0.03)
accuracy_gains, f1_gains = np.transpose(gains)  # [12] each
check("No share adds a hundredth of accuracy", accuracy_gains.max() < 0.01)
check("Some share adds to macro-F1, in every run", f1_gains.min() > 0)
widest = max(np.ptp(picked[kind]) for kind in LOSSES)
check("The runs of some loss pick shares 5 points apart", widest >= 5)

# %% [markdown]
# ## Two texts at once
#
# Which of two sentences is the more positive? One way to ask is to score each and to compare. The
# other is to show the encoder both at once. `[SEP]` closes the first text and the second, and the
# **segment ids** tell of each token to which of the two it belongs. Each id adds a learned vector of
# its own to the token's vector. BERT was pretrained on pairs; all-MiniLM-L6-v2 was tuned to encode
# sentences one by one.

# %% tags=["hide-input"]
pair = tokenizer(["Go and see it."], ["A dull mess."])
for token, segment in zip(
    pair.tokens(), pair["token_type_ids"][0], strict=True
):
    print(f"{token}:{segment}", end=" ")

# %% [markdown]
# The head gets the mean over the tokens of the first text and the mean over those of the second. If
# $w$ are the weights of the first model for numbers, the new head starts with $w$ for the first text
# and $-w$ for the second: a difference of two scores, each read in the company of the other text.
# Then it is trained on pairs of the first part: is the first text rated higher? (Its learning rate was not searched.)


# %% tags=["hide-input"]
# @title The top layer and the head for pairs
class TopOfPairs(Top):
    """One logit for a pair: is the first text the more positive?"""

    def __init__(self):
        super().__init__(1, texts=2)

    def forward(self, hidden, mask, segments):  # [B, T, d_model], [B, T] twice
        hidden = self.encode(hidden, mask)
        first = mean_of_tokens(hidden, mask & (segments == 0))  # [B, d_model]
        second = mean_of_tokens(hidden, mask & (segments == 1))
        return self.head(torch.cat([first, second], dim=1)).float()[:, 0]


# %% tags=["hide-input"]
# @title Pairs through the lower layers
@torch.inference_mode()
def lower_pairs(name, first, second, change=lambda segments: segments):
    """States and segment ids of pairs; `change` what the encoder is told."""
    some = texts[name]
    limit = {"truncation": True, "max_length": 160}
    both = [[some[i] for i in chosen] for chosen in (first, second)]
    rows = tokenizer(*both, **limit)
    kept = [None] * len(first)
    for chosen in by_length([len(row) for row in rows["input_ids"]], 64):
        ids = pad([rows["input_ids"][i] for i in chosen], PAD)  # [B, T]
        told = pad([rows["token_type_ids"][i] for i in chosen], 0)  # [B, T]
        inputs = {"input_ids": ids, "token_type_ids": change(told)}
        inputs["attention_mask"] = (ids != PAD).long()
        inputs = {key: value.to(run.device) for key, value in inputs.items()}
        with run.autocast():
            found = encoder(**inputs).last_hidden_state  # [B, T, d_model]
        for i, state in zip(chosen, found, strict=True):
            segments = torch.tensor(rows["token_type_ids"][i])
            kept[i] = (state[: len(segments)].bfloat16().cpu(), segments)
    return kept


# %% tags=["hide-input"]
# @title Pairs of sentences side by side, batches of them, and the answers
def pairs_of(numbers):
    return np.array_split(numbers[: len(numbers) // 2 * 2], 2)


def padded_pairs(kept):
    """States [B, T, d_model], mask [B, T] and segment ids [B, T]."""
    states, segments = zip(*kept, strict=True)
    hidden, mask = padded(states)
    told = pad([row.tolist() for row in segments], 0)
    return hidden, mask, F.pad(told, (0, mask.shape[1] - told.shape[1]))


@torch.inference_mode()
def predict_pairs(model, kept, exchanged=False):
    """Logits [N]; `exchanged`: the head takes each text for the other."""
    model.eval()
    found = np.zeros(len(kept))
    for chosen in by_length([len(segments) for _, segments in kept], 128):
        hidden, mask, segments = padded_pairs([kept[i] for i in chosen])
        segments = 1 - segments if exchanged else segments
        inputs = [t.to(run.device) for t in (hidden, mask, segments)]
        with run.autocast():
            found[chosen] = model(*inputs).cpu()
    return found


# %% tags=["hide-input"]
# @title The start
def start_of_pairs():
    """Layer of the first model for numbers; its head once plus, once minus."""
    model, scorer = TopOfPairs(), models["numbers"][0]
    model.layer.load_state_dict(scorer.layer.state_dict())
    weight = scorer.head.weight.data.cpu()  # [1, d_model]
    model.head.weight.data = torch.cat([weight, -weight], dim=1)
    model.head.bias.data.zero_()
    return model.to(run.device)


# %% tags=["hide-input"]
# @title Training on pairs
def train_pairs(first, second):
    """The model of pairs after one pass over them."""
    torch.manual_seed(SEED)
    model = start_of_pairs()
    kept = lower_pairs("train", first, second)
    target = (r[first] > r[second]).float()  # [N]
    buckets = LengthBuckets([len(s) for _, s in kept], BATCH, seed=SEED)

    def batch_at(step):
        chosen = buckets(step)
        return *padded_pairs([kept[i] for i in chosen]), target[chosen]

    def loss_of(model, batch):
        *inputs, target = batch
        return F.binary_cross_entropy_with_logits(model(*inputs), target)

    steps = buckets.batches_per_epoch
    fit(model, loss_of, batch_at, steps=steps, learning_rate=1e-4, session=run)
    return model


# %% [markdown]
# Who knows which text is which? On validation we disturb one thing at a time, before and after
# training: the two texts change places; the ids that the encoder gets are all zero; the head takes
# each text for the other.

# %% tags=["hide-input", "nbval-ignore-output"]
# @title Validation pairs, before and after training
start, pair_model = start_of_pairs(), train_pairs(*pairs_of(parts[0]))
first, second = pairs_of(np.arange(len(texts["validation"]))[:600])
gap = scores["validation"][first] - scores["validation"][second]
as_given = lower_pairs("validation", first, second)
blind = lower_pairs("validation", first, second, change=torch.zeros_like)
swapped = lower_pairs("validation", second, first)
turned, right, moved = {}, {}, {}
print(f"{len(parts[0]) // 2} training pairs; share of right answers", end="")
print("  turned by")
print("          as given  ids zero  head exchanged  changing places")
for moment, model in (("before", start), ("after", pair_model)):
    plain = predict_pairs(model, as_given)
    logits = [plain, predict_pairs(model, blind)]
    logits.append(predict_pairs(model, as_given, exchanged=True))
    right[moment] = [np.mean(((x > 0) == (gap > 0))[gap != 0]) for x in logits]
    turned[moment] = np.mean((plain > 0) != (predict_pairs(model, swapped) > 0))
    moved[moment] = np.abs(plain - logits[1]).max()
    a, b, c = right[moment]
    print(f"{moment:<6} {a:11.3f} {b:9.3f} {c:15.3f}", end="")
    print(f" {turned[moment]:16.3f}")

# %% [markdown]
# The head knows which text is which, by construction, and already before training: changing places turns most answers, and told the wrong way round the head is mostly wrong. The ids reach the encoder too, and with zeros
# logits move. But about as many answers are right. (The head still has its own ids, and `[SEP]` and the positions could tell the encoder.)

# %% tags=["claims"]
check("Changing places turns most answers", min(turned.values()) > 0.6)
wrong_way = max(of[2] for of in right.values())
check("With the head's ids exchanged it is mostly wrong", wrong_way < 0.4)
moves = min(moved.values())
check("With zero ids for the encoder logits move", moves > 1e-3)
change = max(abs(a - b) for a, b, _ in right.values())
check("and the share of right answers by less than 0.03", change < 0.03)

# %% [markdown]
# ## The test set, once
#
# Everything is settled: losses, rates, borders, penalty, pairs. Now the test set is opened, with three
# questions.
#
# - *Side*: is it right, neutral sentences left out?
# - *Degree*: are the sentences of a side in the right order? We take the correlation of ranks (Spearman's, ranked once, within each side; the
#   scores have different scales) among those of praise and among those of blame, and average.
# - *Macro-F1*, with the border chosen on validation.
#
# One rating of each sentence answers too. For it the truth is the mean of the *other* ratings, and
# the class of that mean; where the rating is zero, a coin decides the side.
#
# Intervals are 95 %, from a bootstrap: the test sentences are drawn again and again with
# replacement, as if they were independent, and the middle 95 % of the results are kept. A loss's result is the mean of its
# three runs on the sentences drawn. Trainings and borders are not drawn again.


# %% tags=["hide-input"]
# @title The bootstrap
DRAWS = run.size(smoke=20, cpu=500, gpu=500)


def bootstrap(statistic, n):
    """The statistic of all n sentences and its 95 % bootstrap interval."""
    rng = np.random.default_rng(SEED)
    drawn = [statistic(rng.integers(n, size=n)) for _ in range(DRAWS)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(float(statistic(np.arange(n))), float(low), float(high))


# %% tags=["hide-input"]
# @title The three questions, for a draw of test sentences
def entry(score, found, target, truth):
    """What the questions need of one run; ranks are taken within each class."""
    ranks = np.zeros((2, len(truth)))
    for k in range(3):
        ranks[0, truth == k] = rankdata(score[truth == k])
        ranks[1, truth == k] = rankdata(target[truth == k])
    return {"side": score > 0, "found": found, "ranks": ranks, "truth": truth}


def ask(asked, run_of_system, drawn):
    """One question to one run, on the sentences drawn."""
    t = run_of_system["truth"][drawn]
    if asked == "macro-F1":
        return macro_f1(t, run_of_system["found"][drawn])
    if asked == "side":
        return np.mean((run_of_system["side"][drawn] == (t == 2))[t != 1])
    a, b = run_of_system["ranks"][:, drawn]
    return np.mean([np.corrcoef(a[t == k], b[t == k])[0, 1] for k in (0, 2)])


# %% tags=["hide-input"]
# @title The answers of the models and of one rating on test
on_test = answers("test")
truth, target = labels["test"], scores["test"]
systems = {}  # by name: three runs
for kind, runs in on_test.items():
    systems[kind] = []
    for out, border in zip(runs, chosen_border[kind], strict=True):
        score, _ = side_and_doubt(kind, out)
        found = three(kind, out, border)
        system = entry(score, found, target, truth)
        system["trained"] = three(kind, out, BORDERS[kind])
        systems[kind].append(system)
rng, people = np.random.default_rng(SEED), []
raters = np.array([len(given) for given in ratings["test"]])  # [N]
for _ in range(3):
    one = np.array([rng.choice(given) for given in ratings["test"]])  # [N]
    others = (raters * target - one) / (raters - 1)
    coin = rng.choice([-0.01, 0.01], len(one))  # a zero takes no side
    side = np.where(one == 0, coin, one)
    people.append(entry(side, classes(one), others, classes(others)))
systems["one rating"] = people

# %% tags=["hide-input", "nbval-ignore-output"]
# @title Three questions to six systems
QUESTIONS = ("side", "degree", "macro-F1")


def mean_of_runs(name, asked):
    """The statistic of a system: the mean of its runs on a draw."""
    return lambda drawn: np.mean([ask(asked, s, drawn) for s in systems[name]])


results = {}
print("            side right            degree within         macro-F1")
for name in systems:
    print(f"{name:<10}", end="")
    for asked in QUESTIONS:
        found = bootstrap(mean_of_runs(name, asked), len(truth))
        results[name, asked] = found
        print(f"  {found}", end="")
    print()

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three panels of dots with intervals for names, order, numbers, nine names, ridge and one rating. Side right: the rating far to the right of the losses, which lie together, ridge to the left of them. Degree within a side: numbers and nine names to the right of names and order, the rating further right, ridge far to the left. Macro-F1: the four losses lie together with overlapping intervals, the rating far to the right."}}
figure, axes = plot.panels(3, height=2.0)
for ax, asked in zip(axes, QUESTIONS, strict=True):
    some = [results[name, asked] for name in systems]
    plot.intervals(ax, list(systems), some, color=[*colors, plot.RED])
    ax.set_xlabel({"degree": "degree within a side"}.get(asked, asked))
plt.show()

# %% [markdown]
# The losses share their test sentences and their training sentences, so we compare them in pairs:
# the difference on the same draw, and in each of the three runs.


# %% tags=["hide-input", "nbval-ignore-output"]
# @title Each loss minus names; nine names minus numbers
def differences(name, other, asked):
    """Of two systems, on the same draws: the mean of the runs, and each run."""
    a, b = (mean_of_runs(of, asked) for of in (name, other))
    gain = bootstrap(lambda drawn: a(drawn) - b(drawn), len(truth))
    everyone = np.arange(len(truth))
    runs = zip(systems[name], systems[other], strict=True)
    each = [ask(asked, a, everyone) - ask(asked, b, everyone) for a, b in runs]
    print(f"{asked:<9} {name:<10}  {gain}", end="")
    print("".join(f"  {of_run:+.3f}" for of_run in each))
    return gain, each


gains, by_run = {}, {}
print("minus names             mean of three runs       run 1   run 2   run 3")
for asked, name in itertools.product(QUESTIONS, list(LOSSES)[1:]):
    found = differences(name, "names", asked)
    gains[name, asked], by_run[name, asked] = found
print("minus numbers")
finer, _ = differences("nine names", "numbers", "degree")


# %% tags=["hide-input"]
# @title The neutral test sentences, with the borders chosen on validation
def at_random(found, score):
    """Macro-F1 when as many, drawn at random, are called neutral."""
    rng, sides = np.random.default_rng(SEED), np.where(score, 2, 0)
    drawn = [np.where(rng.permutation(found == 1), 1, sides) for _ in range(50)]
    return np.mean([macro_f1(truth, of_draw) for of_draw in drawn])


# %% tags=["hide-input", "nbval-ignore-output"]
neutral = {}  # by loss: the six numbers of the table
print(f"neutral: {np.mean(truth == 1):.3f} of the sentences")
print("           neutral found with        precision  macro-F1, neutral by")
print("           border trained  chosen    of chosen  chosen  chance  never")
for kind in LOSSES:
    rows = []
    for system in systems[kind]:
        found = system["found"]
        both = np.sum((found == 1) & (truth == 1))
        shares = [both / max(np.sum(x == 1), 1) for x in (truth, found)]
        shares.insert(0, np.mean(system["trained"][truth == 1] == 1))
        never = macro_f1(truth, np.where(system["side"], 2, 0))
        chance = at_random(found, system["side"])
        rows.append([*shares, macro_f1(truth, found), chance, never])
    neutral[kind] = np.mean(rows, axis=0)
    a, b, c, d, e, f = neutral[kind]
    print(f"{kind:<10} {a:14.3f}  {b:6.3f}  {c:11.3f}", end="")
    print(f"  {d:6.3f}  {e:6.3f}  {f:5.3f}")

# %% [markdown]
# The losses hardly differ in the side, and in macro-F1 none is shown to be ahead of three names. A difference is shown in the degree: how
# good is good. In the order within a side, averaged over both, the models that were told numbers or nine names
# are ahead of those that were told three names, in each of the three runs. The order of the
# classes alone showed no gain.
#
# The nine names surprised us. Their loss does not know that four is close to three; the order comes in only
# afterwards, with the expected rating. Yet in the degree they are ahead of the numbers. So here
# a loss that knows the order was not needed.
#
# One rating is ahead of every model in all three questions, and ridge regression, without an encoder, behind every loss in side
# and degree. With names the border brings a few neutral sentences back. Numbers and nine names had
# called more of them neutral, and the border gives over a third of these up. What is called neutral is wrong in more than nine of ten. In macro-F1 that
# gains less than 0.05 over calling as many neutral at random, or over calling none.

# %% tags=["claims"]
side, degree, f1 = (
    {name: results[name, asked] for name in systems} for asked in QUESTIONS
)
sides = [gains[name, "side"] for name in ("order", "numbers", "nine names")]
close_by = all(of.low > -0.03 and of.high < 0.03 for of in sides)
check("Side, minus names: intervals within 0.03 of zero", close_by)
others = ("order", "numbers", "nine names")
not_ahead = all(gains[name, "macro-F1"].low < 0 for name in others)
check("Macro-F1, minus names: no interval above zero", not_ahead)
gain, of_order = gains["numbers", "degree"], gains["order", "degree"]
check("Numbers minus names, degree: interval above zero", gain.low > 0)
check("and above zero in each run", min(by_run["numbers", "degree"]) > 0)
of_nine = gains["nine names", "degree"]
check("Nine names minus names: interval above zero", of_nine.low > 0)
check("and above zero in each run", min(by_run["nine names", "degree"]) > 0)
check("Nine names minus numbers: interval above zero", finer.low > 0)
check("Order minus names: zero is inside", of_order.low < 0 < of_order.high)
check("and all of it below numbers minus names", of_order.high < gain.low)

# %% tags=["claims"]
models_high = [
    max(of[name].high for name in on_test) for of in (side, degree, f1)
]
ahead = [
    of["one rating"].low > high
    for of, high in zip((side, degree, f1), models_high, strict=True)
]
check("The intervals of one rating lie above all others", all(ahead))
behind = [
    of["ridge"].high < min(of[kind].low for kind in LOSSES)
    for of in (side, degree)
]
check("Side and degree: ridge lies below every loss", all(behind))
_, found, precise, with_border, *rivals = np.array(list(neutral.values())).T
trained, chosen = neutral["names"][:2]
check("Names: the border finds more than as trained", chosen > trained + 0.01)
trained, chosen = np.array([neutral["numbers"], neutral["nine names"]]).T[:2]
given_up = bool(np.all(chosen < 2 / 3 * trained))
check("Numbers, nine names: it gives up over a third", given_up)
check("Called neutral: wrong in more than 9 of 10", precise.max() < 0.1)
worth = with_border - rivals  # [2, 4]
check("Against chance and never they gain less than 0.05", worth.max() < 0.05)

# %% [markdown]
# And the pairs? Their rival needs no pair: the difference of two scores, each from the
# first model for numbers, from which the model of pairs began.

# %% tags=["hide-input", "nbval-ignore-output"]
# @title Pairs of test sentences
first, second = pairs_of(np.arange(len(truth)))
gap = target[first] - target[second]
unequal = np.flatnonzero(gap)
score = on_test["numbers"][0][:, 0]
by_difference = ((score[first] > score[second]) == (gap > 0))[unequal]
kept = lower_pairs("test", first, second)
test_logits = predict_pairs(pair_model, kept)
at_start = ((predict_pairs(start, kept) > 0) == (gap > 0))[unequal]
by_pair = ((test_logits > 0) == (gap > 0))[unequal]
pair_gain = bootstrap(
    lambda d: np.mean(by_pair[d]) - np.mean(by_difference[d]), len(unequal)
)
n = len(unequal)
print("pairs before training  ", bootstrap(lambda d: np.mean(at_start[d]), n))
print("pair model right       ", bootstrap(lambda d: np.mean(by_pair[d]), n))
rival = bootstrap(lambda d: np.mean(by_difference[d]), n)
print("difference of two right", rival)
print("pair model minus rival ", pair_gain, "(one training)")

# %% tags=["hide-input", "nbval-ignore-output"]
# @title The numbers are recorded
for kind in LOSSES:
    value, *bounds = results[kind, "macro-F1"]
    name = f"beyond.macro_f1_{kind.replace(' ', '_')}"
    record(name, value, "macro-F1", bounds)


def correlation(drawn):
    """Mean over the runs of the correlation of score and rating."""
    runs = [out[drawn, 0] for out in on_test["numbers"]]
    return np.mean([np.corrcoef(out, target[drawn])[0, 1] for out in runs])


value, *bounds = bootstrap(correlation, len(truth))
record("beyond.correlation_numbers", value, "correlation", bounds)
value, *bounds = results["one rating", "macro-F1"]
record("beyond.macro_f1_person", value, "macro-F1", bounds)
for kind in ("numbers", "nine names"):
    value, *bounds = gains[kind, "degree"]
    name = f"beyond.degree_gain_{kind.replace(' ', '_')}"
    record(name, value, "rank correlation", bounds)
value, *bounds = pair_gain
record("beyond.pair_gain", value, "accuracy", bounds)

# %% [markdown]
# Reading both texts at once was less often right than two scores and a subtraction, before this one short training and after it, and
# the training changed that share little; another may do better. It also costs more: to compare each of a thousand sentences with each takes a thousand
# scores, but half a million pairs. Pairs may be worth it for questions that two separate answers
# cannot settle: does the one text answer the other, follow from it, say the same?

# %% tags=["claims"]
check("After training, pairs are behind in this run", pair_gain.value < 0)
before = np.mean(at_start)
check("and before it", before < np.mean(by_difference))
check(
    "Training moved them by less than 0.05",
    abs(np.mean(by_pair) - before) < 0.05,
)

# %% [markdown]
# ## Summary
#
# A label is a summary of people. Near zero some ratings lie on each side in most sentences, and of the sentences that
# one half called neutral the other half confirmed about every second. A model can be told three names, their order,
# a number, or nine names. In one pass over 1,500 sentences, the two finer ones taught more about the degree, nine names most; the
# order alone, with thresholds so close, showed no gain. Accuracy hid a lost class that its recall showed. A border chosen on
# validation, with three names, found a few of it again, among many false ones. Segment ids
# tell which of two texts a token belongs to: told the wrong way round, the head was mostly wrong.
#
# ## Exercises
#
# > **Exercise 1.** Always blame (★☆☆, 5 minutes). With pencil and paper: 48 of 100 sentences are
# > blame, 4 neutral, 48 praise, and somebody always says *blame*. Let `always_blame()` return the
# > accuracy and the macro-F1 that you found.
#
# <details><summary>Hint</summary>
#
# For blame, $TP = 48$ and $FP = 52$. What is the F1 of a class that is never named?
#
# </details>


# %% tags=["exercise"]
def always_blame():
    """Accuracy and macro-F1, as found on paper."""
    ...


exercises.always_blame(always_blame)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def always_blame():
    """Accuracy and macro-F1, as found on paper."""
    f1_of_blame = 2 * 48 / (2 * 48 + 52 + 0)
    return 0.48, (f1_of_blame + 0 + 0) / 3


exercises.always_blame(always_blame)

# %% [markdown]
# > **Exercise 2.** How many people (★★☆, 10 minutes). For thought: single ratings of a sentence
# > scatter around its true mean with a variance of one. With how many people is the standard error
# > of the mean at most a quarter of a point? And how many more people make it half as large? Let
# > `people_needed()` return both numbers.
#
# <details><summary>Hint</summary>
#
# The variance of the mean of $n$ independent ratings is $1/n$. How many people are there in all when
# the error is halved?
#
# </details>


# %% tags=["exercise"]
def people_needed():
    """People for an error of 1/4, and how many more for half of that."""
    ...


exercises.people_needed(people_needed)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def people_needed():
    """People for an error of 1/4, and how many more for half of that."""
    first = 16  # the square root of 1/16 is 1/4
    return first, 4 * first - first


exercises.people_needed(people_needed)

# %% [markdown]
# > **Exercise 3.** A rare class made dear (★★☆, 10 minutes). One can also act in training and count
# > each surprise with the weight of its class. Write `weighted_cross_entropy(logits, labels,
# > weights)`: the weighted *mean* surprise, with one weight for each of the `K` classes.
#
# <details><summary>Hint</summary>
#
# If all weights were ten, the loss should be what it was with all weights one.
#
# </details>


# %% tags=["exercise"]
def weighted_cross_entropy(logits, labels, weights):
    """Weighted mean surprise; logits [B, K], labels [B], weights [K]."""
    ...


exercises.weighted(weighted_cross_entropy)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def weighted_cross_entropy(logits, labels, weights):
    """Weighted mean surprise; logits [B, K], labels [B], weights [K]."""
    log_p = logits.log_softmax(dim=-1)  # [B, K]
    surprise = -log_p.gather(1, labels[:, None])[:, 0]  # [B]
    weight = weights[labels]  # [B]
    return (weight * surprise).sum() / weight.sum()


exercises.weighted(weighted_cross_entropy)

# %% [markdown]
# > **Exercise 4.** A crowd against the others (★★★, 20 minutes). An experiment: how much better
# > than one person do $k$ people predict what the others say? Write `crowd(ratings, k, rng)`: draw
# > `k` ratings of each sentence at random, and return the correlation, over the sentences, of their
# > mean with the mean of *the remaining ones*. Then print it for `k` from 1 to 7 on
# > `ratings["train"]`. Why does it not rise to one?
#
# <details><summary>Hint</summary>
#
# `rng.permutation(given)` shuffles the ratings of a sentence; its first `k` are a random draw.
#
# </details>


# %% tags=["exercise"]
def crowd(ratings, k, rng):
    """Correlation of the mean of k ratings with the mean of the others."""
    ...


exercises.crowd(crowd)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 4
def crowd(ratings, k, rng):
    """Correlation of the mean of k ratings with the mean of the others."""
    some, rest = [], []
    for given in ratings:
        shuffled = rng.permutation(given)
        some.append(shuffled[:k].mean())
        rest.append(shuffled[k:].mean())
    return np.corrcoef(some, rest)[0, 1]


# One reason: both means scatter, that of the k and that of the others.
for k in range(1, 8):
    print(k, round(crowd(ratings["train"], k, np.random.default_rng(0)), 3))
exercises.crowd(crowd)

# %% [markdown]
# ## Common mistakes
#
# - *Only accuracy is reported for unequal classes*: give macro-F1 or the recall of each class, with an
#   interval.
# - *The border is chosen on test*: choose on validation.
# - *Ratings are averaged and forgotten*: keep the single ones; they say what the label is worth.
# - *A pair is passed without its segment ids*: compare the answers with and without.
#
# ## Further reading
#
# - Hutto and Gilbert (2014), [VADER](https://doi.org/10.1609/icwsm.v8i1.14550): where the ratings come
#   from.
# - McCullagh (1980),
#   [Regression models for ordinal data](https://doi.org/10.1111/j.2517-6161.1980.tb01109.x): one score
#   and several thresholds.
# - Cao, Mirjalili and Raschka (2020),
#   [Rank consistent ordinal regression](https://arxiv.org/abs/1901.07884): the loss (2) on a neural
#   network.
# - Pang and Lee (2005), [Seeing stars](https://aclanthology.org/P05-1015/): ratings as a scale.
# - Plank (2022),
#   [The "problem" of human label variation](https://arxiv.org/abs/2211.02570): what to do
#   when annotators disagree.
# - Reimers and Gurevych (2019), [Sentence-BERT](https://aclanthology.org/D19-1410/): pairs against
#   separate vectors.
