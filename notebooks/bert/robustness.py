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
# # Robustness
#
# A classifier is good on sentences like those it has learned from. What is it worth on others: with
# typing errors, about another subject, by other people?
#
# Here are four sentences and their mean ratings from −4 to 4. People rated all of them in the
# same way: how positive is the text? Our classifier will learn from film reviews, and only the first is one.

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
import re
import textwrap

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.domains import DOMAINS, load_domain
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation import calibration
from lmcourse.evaluation.intervals import Interval
from lmcourse.exercises.bert import robustness as exercises
from lmcourse.models import classifier, pretrained
from lmcourse.models.classifier import mean_of_tokens
from lmcourse.records import sweep
from lmcourse.text import perturbations
from lmcourse.text.labelled import encode
from lmcourse.training.classification import fine_tune, padded, scores
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression

run = session.start(PROFILE, SEED)

# %% tags=["hide-input"]
KINDS = ["films", *DOMAINS]
data = {"films": load_reviews("score")}  # packaged sentences, always
data |= {kind: load_domain(kind) for kind in DOMAINS}


def clear(rows):
    """Texts, labels and ratings of the rows that are not neutral."""
    ratings = np.array(rows["score"])
    kept = np.abs(ratings) >= 0.5
    texts = [
        text for text, keep in zip(rows["text"], kept, strict=True) if keep
    ]
    return texts, (ratings[kept] > 0).astype(int), ratings[kept]


for kind, i in zip(KINDS, [42, 56, 58, 15], strict=True):
    texts, _, ratings = clear(data[kind]["validation"])
    print(f"{kind:<10} {ratings[i]:+.1f}  {texts[i]}")

# %% [markdown]
# The second complains without a bad word, and the fourth reports disgust and blames no film.
#
# **You will**
#
# - ask one classifier about four kinds of text, and tell a bad order from a bad threshold,
# - disturb sentences by typos and synonyms, and turn them round with *not*,
# - compare four cures at the same cost,
# - find out whether a probability means what it says, and mend it.
#
# **You need** [fine-tuning for two classes](finetune_sentiment.ipynb).

# %% [markdown]
# ## What was trained
#
# We need many runs, so we train on 2,000 film sentences only, the same for all.
# `benchmarks/sweep_robustness.py` of the book's repository has done it, with three seeds for each way of training the encoder, and
# stored all answers, rounded. The penalty of the linear rivals and the length of an
# adversarial step were chosen on validation. The learning rate is $2 \cdot 10^{-4}$; the
# table of word vectors stays as it is. Here is one of its runs again: MiniLM, each sentence seen once.

# %%
from transformers import AutoTokenizer

SENTENCES = run.size(smoke=96, cpu=2000, gpu=2000)
LENGTH = run.size(smoke=6, cpu=128, gpu=128)  # tokens of a text, at most
train_texts, train_labels, _ = clear(data["films"]["train"])
order = np.random.default_rng(0).permutation(len(train_texts))[:SENTENCES]
tokenizer = AutoTokenizer.from_pretrained(pretrained.encoder_folder())
rows = encode([train_texts[i] for i in order], tokenizer, LENGTH)

model = classifier.fresh(2, SEED)
history = fine_tune(model, rows, train_labels[order], session=run)

# %% [markdown]
# From its two scores we need only the **margin** $z$, the score of praise minus that of blame. It is
# positive where the model says praise, and the softmax of the two scores gives praise the probability
# $\sigma(z) = 1/(1 + e^{-z})$: one half at $z = 0$, almost three quarters at 1, more than nine tenths at 3.


# %%
def margins(texts):
    """Score of praise minus score of blame [N]."""
    out = scores(model, encode(texts, tokenizer, LENGTH), run)  # [N, 2]
    return (out[:, 1] - out[:, 0]).numpy()


def sigmoid(z):
    """The probability of praise at margin z."""
    return 1 / (1 + np.exp(-z))


# %% tags=["hide-input"]
# @title The stored answers: margins of each model, seed and set of texts
record = sweep("bert/robustness")
stored = {}  # (training, set): one array of margins a seed
for trial in sorted(record["runs"], key=lambda trial: trial["seed"]):
    if not trial.get("pilot"):
        for name, numbers in trial["margins"].items():
            found = np.array(numbers.split(), dtype=float) / 100  # [N]
            stored.setdefault((trial["training"], name), []).append(found)
held_out, truth, _ = clear(data["films"]["validation"])

# %% tags=["hide-input", "nbval-ignore-output"]
here = np.mean((margins(held_out) > 0) == truth)
there = [np.mean((z > 0) == truth) for z in stored["once", "validation"]]
print(f"accuracy on validation: here {here:.3f}; on record", end=" ")
print(", ".join(f"{x:.3f}" for x in there), "for seeds 0, 1, 2")
print(record["command"], record["date"])
print({name: record["versions"][name] for name in ("torch", "transformers")})

# %% tags=["claims"]
if model.encoder.config.hidden_size == 384:  # not the hub's larger model
    check(
        "The run here lies within 0.03 of the mean on record",
        abs(here - np.mean(there)) < 0.03,
    )

# %% [markdown]
# ## Four kinds of text
#
# A classifier that always says *positive*
# is right in 90 of 100 texts if 90 of them are positive. So we take the mean of two shares: of the $N_1$ positive texts that are
# answered rightly, and of the $N_0$ negative ones. With $h_i = 1$ for a right answer and 0 for a wrong one,
# this **balanced accuracy** is
#
# $$A = \frac12 \left( \frac{1}{N_1}\sum_{i:\,y_i = 1} h_i + \frac{1}{N_0}\sum_{i:\,y_i = 0} h_i \right) \tag{1}$$
#
# In the example, *always positive* has (1 + 0)/2: one half, a coin.


# %%
def balanced_accuracy(right, labels):
    """Formula (1): right answers [N] of texts with labels [N]."""
    return (right[labels == 1].mean() + right[labels == 0].mean()) / 2


# %% [markdown]
# Each answer of MiniLM counts with its mean over the three seeds. The intervals are 95 % bootstrap intervals: both classes
# are drawn again and again from their texts, with replacement, and the middle 95 of 100 results make the interval. It knows nothing
# of other seeds, nor that several sentences come from one review.
# The rivals have learned from the same sentences: TF-IDF with words and pieces of words, and
# logistic regression on the mean vectors of the encoder as it was, *frozen*.


# %% tags=["hide-input"]
# @title Right answers, and the interval of a mean over both classes
test = {kind: clear(data[kind]["test"]) for kind in KINDS}
SYSTEMS = {"TF-IDF": "TF-IDF", "frozen": "frozen", "fine-tuned": "once"}


def right(training, name, labels):
    """Share of seeds that answer rightly, [N]."""
    answers = [(z > 0) == labels for z in stored[training, name]]
    return np.mean(answers, axis=0)


def estimate(values, labels, n=2000):
    """Formula (1) of values [N] with its bootstrap interval."""
    rng = np.random.default_rng(0)
    halves = []
    for label in (0, 1):
        own = values[labels == label]
        drawn = rng.integers(len(own), size=(n, len(own)))
        halves.append(own[drawn].mean(axis=1))  # [n]
    low, high = np.quantile((halves[0] + halves[1]) / 2, [0.025, 0.975])
    return Interval(balanced_accuracy(values, labels), low, high)


# %% [markdown]
# *Called so* is the share that a model calls positive, *strength* the mean distance of the ratings from zero:

# %% tags=["hide-input"]
found, called = {}, {}  # balanced accuracies; shares called positive
print("                            called so")
print("            texts  positive  frozen  fine-tuned  strength")
for kind in KINDS:
    texts, labels, ratings = test[kind]
    for name, training in SYSTEMS.items():
        found[name, kind] = estimate(right(training, kind, labels), labels)
        called[name, kind] = [np.mean(z > 0) for z in stored[training, kind]]
    print(f"{kind:<10} {len(texts):6,} {labels.mean():9.2f}", end="")
    print(f" {called['frozen', kind][0]:7.2f}", end="")
    print(f" {np.mean(called['fine-tuned', kind]):11.2f}", end="")
    print(f" {np.abs(ratings).mean():9.2f}")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four panels, films, products, tweets and editorials, each with the balanced accuracy of TF-IDF, of the frozen encoder and of the fine-tuned one, with intervals. On films the fine-tuned encoder leads and TF-IDF is last. TF-IDF is last in all four panels. On films the intervals of the frozen and the fine-tuned encoder are apart; on the three other kinds they overlap, and on tweets the dot of the frozen one lies further right."}}
figure, axes = plot.panels(4, height=1.25, sharex=True)
colors = [plot.ORANGE, plot.SKY, plot.BLUE]
for ax, kind in zip(axes, KINDS, strict=True):
    some = [found[name, kind] for name in SYSTEMS]
    plot.intervals(ax, list(SYSTEMS), some, color=colors)
    ax.set_title(kind)
    ax.axvline(0.5, color=plot.GREY, linestyle=":")
axes[-1].set_xlabel("balanced accuracy (dotted: a coin), 95 % bootstrap")
plt.show()

# %% [markdown]
# On films the fine-tuned encoder leads; on tweets its lead seems gone. But look at *called so*: on the three other kinds both encoders call
# fewer texts positive than are, the fine-tuned one even fewer. Are the texts in a bad order, or is only the threshold in a bad place?
#
# Take a positive and a negative text at random: how often has the positive one the larger margin? This share of pairs, called **AUC**,
# asks for no threshold. If positive texts have the margins −1 and −3 and negative ones −2 and −5, all are called negative, yet three
# of the four pairs are in order, so it is three quarters.


# %%
def in_order(z, y):
    """1 for each pair in order, 1/2 for equal margins, [N_1, N_0]."""
    gaps = z[y == 1][:, None] - z[y == 0]
    return (np.sign(gaps) + 1) / 2


# %% tags=["hide-input"]
# @title AUC, and the interval of a difference
def estimate_pairs(table, n=2000):
    """Mean of a table [N_1, N_0] with its bootstrap interval."""
    rng = np.random.default_rng(0)
    N1, N0 = table.shape
    rows = rng.multinomial(N1, np.full(N1, 1 / N1), n)  # times drawn
    columns = rng.multinomial(N0, np.full(N0, 1 / N0), n)
    means = ((rows @ table) * columns).sum(axis=1) / (N1 * N0)
    return Interval(table.mean(), *np.quantile(means, [0.025, 0.975]))


# %% [markdown]
# The last column averages the seeds; its interval draws positive and negative texts anew.

# %% tags=["hide-input"]
auc, auc_ahead = {}, {}
orders = {}  # (training, kind): a table of pairs in order for each seed
print("AUC         frozen  fine-tuned, 3 seeds    fine-tuned minus frozen")
for kind in KINDS:
    labels = test[kind][1]
    for training in ("frozen", "once"):
        pairs = [in_order(z, labels) for z in stored[training, kind]]
        orders[training, kind] = pairs
        auc[training, kind] = [table.mean() for table in pairs]
    gain = np.mean(orders["once", kind], axis=0) - orders["frozen", kind][0]
    auc_ahead[kind] = estimate_pairs(gain)
    shown = " ".join(f"{a:.3f}" for a in auc["once", kind])
    print(f"{kind:<10} {auc['frozen', kind][0]:7.3f}  {shown}", end="")
    print(f"      {auc_ahead[kind]}")

# %% [markdown]
# On all four kinds each seed orders the texts better than the frozen encoder. We come back to the tilt to one side.
#
# ### Harder, or rated more weakly?
#
# Editorials have the lowest AUC. But look at *strength*: they are rated weakly, and film sentences
# with weak ratings are [harder](finetune_sentiment.ipynb) too. So each text of another kind gets as *twins* the 20 film test sentences of the same
# label with the nearest ratings. In place of a pair of texts we take the 400 pairs of their twins: what share of them is in order?


# %%
def film_twins(label, rating, n=20):
    """Places of the n film test sentences of a label rated most alike."""
    _, labels, ratings = test["films"]
    own = np.flatnonzero(labels == label)
    distance = np.abs(ratings[own] - rating)
    return own[np.argsort(distance, kind="stable")[:n]]


# %% tags=["hide-input"]
texts, labels, ratings = test["editorials"]
print(f"{ratings[51]:+.1f}  {texts[51]}")
for j in film_twins(labels[51], ratings[51])[:2]:
    line = f"   twin {test['films'][2][j]:+.1f}  {test['films'][0][j]}"
    print(textwrap.fill(line, 78, subsequent_indent=" " * 14))

# %% [markdown]
# And what could be reached? The frozen encoder is also taught by 1,000 training texts of the kind itself, *own kind*, instead of
# 2,000 of films.

# %% tags=["hide-input"]
# @title Pairs of twins, and logistic regression taught by the own kind
OWN = run.size(smoke=100, cpu=1000, gpu=1000)
reader = classifier.fresh(2, 0)
reader.head = torch.nn.Identity()  # gives the mean vectors


def taught_by(kind):
    """Margins of test texts; frozen vectors, texts of the kind itself."""
    texts, labels, _ = clear(data[kind]["train"])
    own = scores(reader, encode(texts[:OWN], tokenizer, LENGTH), run)
    fitted = LogisticRegression(max_iter=5000).fit(own, labels[:OWN])
    new = scores(reader, encode(test[kind][0], tokenizer, LENGTH), run)
    return fitted.decision_function(new)


def of_twins(table, kind):
    """Pairs [N_1, N_0] of a kind, from the table of pairs of films."""
    film_labels, labels = test["films"][1], test[kind][1]
    # the place of each film sentence among those of its label
    place = np.where(film_labels, film_labels.cumsum() - 1, 0)
    place += np.where(film_labels, 0, (1 - film_labels).cumsum() - 1)
    rows = place[twins[kind][labels == 1]]  # [N_1, 20]
    columns = place[twins[kind][labels == 0]]  # [N_0, 20]
    return table[rows].mean(axis=1)[:, columns].mean(axis=2)


# %% tags=["hide-input"]
twins, ahead, own_ahead = {}, {}, {}
print("AUC        frozen                   fine-tuned, 3 seeds")
print("           twins  itself  own kind  twins              itself")
for kind in DOMAINS:
    pairs = zip(*test[kind][1:], strict=True)
    twins[kind] = np.array([film_twins(*pair) for pair in pairs])  # [N, 20]
    own = in_order(taught_by(kind), test[kind][1])
    own_ahead[kind] = estimate_pairs(own - orders["frozen", kind][0])
    columns = []
    for training in ("frozen", "once"):
        itself = np.array(orders[training, kind])  # [seeds, N_1, N_0]
        alike = np.array([of_twins(t, kind) for t in orders[training, "films"]])
        gaps = itself - alike
        interval = estimate_pairs(gaps.mean(axis=0))
        ahead[training, kind] = gaps.mean(axis=(1, 2)), interval
        for tables in (alike, itself):
            columns.append(" ".join(f"{t.mean():.3f}" for t in tables))
    columns.insert(2, f"{own.mean():.3f}   ")
    print(f"{kind:<10}", "  ".join(columns))

# %% [markdown]
# That surprised us. The frozen encoder and each seed of the fine-tuned one order tweets and editorials *better* than film sentences with
# ratings as weak; on products none is behind its twins by more than two hundredths. (Only label and strength were made alike, strength as nearly as films allow; not length, for one. The encoder had been trained on pairs of texts,
# [comments from Reddit among them](https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2). And our tweets
# are only "inspired by" public ones, some 200 of 4,200 made up.)
#
# *No harder* does not mean that nothing was lost: taught by half as many texts of the own kind, the frozen encoder orders
# each kind better than taught by films (products: of the same five ones, though).

# %% tags=["claims"]
for kind in KINDS:
    least, still = min(auc["once", kind]), auc["frozen", kind][0]
    check(f"AUC on {kind}: each seed above frozen", least > still)
    check(f"AUC on {kind}: so is the interval", auc_ahead[kind].low > 0)
for training, kind in ahead:
    gaps, interval = ahead[training, kind]
    if kind == "products":
        check(f"{kind}, {training}: none is behind by 0.02", min(gaps) > -0.02)
    else:
        check(f"{kind}, {training}: each seed ahead of twins", min(gaps) > 0)
        check(f"{kind}, {training}: so is the interval", interval.low > 0)
for kind in DOMAINS:
    share, still = test[kind][1].mean(), called["frozen", kind][0]
    most = max(called["fine-tuned", kind])
    check(f"{kind}: too few are called positive", most < still < share)
    if reader.encoder.config.hidden_size == 384:  # not the hub's larger one
        low = own_ahead[kind].low
        check(f"{kind}: frozen, own kind above films, and interval", low > 0)

# %% [markdown]
# ## Slips of the finger
#
# Here are three ways to make a typing error, at the third letter of *wonderful* (place 2, counted from 0):


# %%
def slip(word, kind, place):
    """The word with one typing error at a letter."""
    before, letter, after = word[:place], word[place], word[place + 1 :]
    if kind == "swap":
        return before + after[0] + letter + after[1:]
    if kind == "drop":
        return before + after
    return before + letter + letter + after  # double


# %% tags=["hide-input"]
tries = {kind: slip("wonderful", kind, 2) for kind in perturbations.SLIPS}
tries["as it was"] = "wonderful"
for kind, word in tries.items():
    print(f"{kind:<10} {word:<11} {' '.join(tokenizer.tokenize(word))}")

# %% [markdown]
# The tokenizer cuts all three into crumbs. Now all over a text: each word of four letters or more
# is hit with chance $k$, never at its first letter. A word that became another, such as *bring* for
# *boring*, could change the meaning: a result that is in BERT's vocabulary or among the words of
# all training sentences is taken back. We fixed $k$ at one fifth before measuring anything, and
# drew the typos once.


# %%
def with_typos(texts, k, seed, known):
    """Each long word has a slip with chance k, if that makes no word."""
    rng = np.random.default_rng(seed)

    def typed(match):
        word = match[0]
        if len(word) < 4 or rng.random() >= k:
            return word
        kind = ("swap", "drop", "double")[rng.integers(3)]
        wrong = slip(word, kind, rng.integers(1, len(word) - 1))
        return word if wrong.lower() in known else wrong

    return [re.sub("[A-Za-z]+", typed, text) for text in texts]


# %% tags=["hide-input"]
# @title The known words, and the disturbed test sentences
known = {piece for piece in tokenizer.get_vocab() if piece.isalpha()}
for text in train_texts:
    for word in text.lower().split():
        known.add("".join(filter(str.isalpha, word)))
film_texts, film_labels, _ = test["films"]
TYPED = 1000  # the first sentences of test
typed = with_typos(film_texts[:TYPED], record["share"], 0, known)
exchanged = perturbations.with_synonyms(film_texts, perturbations.SYNONYMS)
touched = np.array(
    [a != b for a, b in zip(film_texts, exchanged, strict=True)]
)  # [N]

# %% [markdown]
# **Synonyms** are the second disturbance. We wrote a short list and read its words in the validation and test sentences, where we saw none
# that would change its label; what a pair did to the accuracy we had not seen then.

# %% tags=["hide-input"]
print(", ".join(f"{a} → {b}" for a, b in perturbations.SYNONYMS.items()))
print(f"\nThey change {touched.sum()} of {len(touched):,} test sentences.\n")
for text in [typed[1], *(np.array(exchanged)[touched][:2])]:
    print(text)

# %% [markdown]
# What does this cost? Each sentence is compared with itself; *left* is what remains with typos:

# %% tags=["hide-input"]
drops, left = {}, {}
print("balanced accuracy  typos: lost               left   synonyms: lost")
first, some = film_labels[:TYPED], film_labels[touched]
for name, training in SYSTEMS.items():
    base = right(training, "films", film_labels)  # [N]
    with_slips = right(training, "typos", first)
    drops[name, "typos"] = estimate(base[:TYPED] - with_slips, first)
    left[name] = balanced_accuracy(with_slips, first)
    loss = base[touched] - right(training, "synonyms", some)
    drops[name, "synonyms"] = estimate(loss, some)
    print(f"{name:<17}  {drops[name, 'typos']!s:<25} {left[name]:.3f}", end="")
    print(f"  {drops[name, 'synonyms']}")

# %% [markdown]
# Typos cost both encoders something; for TF-IDF no loss is shown. Fine-tuned MiniLM is still the best
# of the three on the sentences with typos. For the exchanged words no interval lies above zero.
#
# ### Turned round by *not*
#
# A third change turns the label round. Ten words of praise and ten of blame stand in *The film is …*,
# in *The film is not …* and in *The film is never …*; *not boring* we call praise. These sentences are constructed and tell nothing of
# how often such ones occur. We ask one model more, trained *twice*: two passes over the same 2,000 sentences. AUC, form by
# form, tells whether *not boring* is put above *not funny*: 1 if all such pairs are in order, 0 if none is. One line is one seed:

# %% tags=["hide-input"]
built = perturbations.negations()  # (text, label, form)
sides = np.array([label for _, label, _ in built])
forms = np.array([form for _, _, form in built])
for text, label, _ in (built[0], built[20], built[40]):
    print(label, text)
print("\nAUC           plain    not  never    called blame of the 40 negated")
turned, blamed = {}, {}
for name, training in (SYSTEMS | {"twice": "twice"}).items():
    for z in stored[training, "negations"]:
        by_form = [
            in_order(z[forms == form], sides[forms == form]).mean()
            for form in ("plain", "not", "never")
        ]
        turned.setdefault(name, []).append(by_form)
        blamed.setdefault(name, []).append(int((z[20:] < 0).sum()))
        shown = "  ".join(f"{order:5.2f}" for order in by_form)
        print(f"{name:<13} {shown}  {blamed[name][-1]:14}")

# %% [markdown]
# Both encoders call all forty blame, *never boring* too. After one pass each seed puts *never
# boring* mostly below *never funny*. After a second pass most pairs are in order, by *not* and by
# *never*, in each seed, though more than the twenty that should be are still called blame.

# %% tags=["claims"]
same = perturbations.with_typos(film_texts[:TYPED], record["share"], 0, known)
check("The package makes the same typos", same == typed)
for name in ("frozen", "fine-tuned"):
    check(f"Typos cost: {name}", drops[name, "typos"].low > 0)
low, high = drops["TF-IDF", "typos"][1:]
check("Typos, TF-IDF: zero within", low < 0 < high)
check(
    "With typos the fine-tuned one leads by 0.02",
    left["fine-tuned"] > 0.02 + max(left["TF-IDF"], left["frozen"]),
)
starts = [drops[name, "synonyms"].low for name in SYSTEMS]
check("Synonyms: no interval above zero", max(starts) < 0)
for name in ("frozen", "fine-tuned"):
    check(f"All forty negated are blame: {name}", set(blamed[name]) == {40})
once, twice = np.array(turned["fine-tuned"]), np.array(turned["twice"])
check("Once: fewer than half of *never* in order", once[:, 2].max() < 0.5)
check("Twice: more than half of the negated in order", twice[:, 1:].min() > 0.5)
check("Twice: most of the 40 are blame", min(blamed["twice"]) > 20)

# %% [markdown]
# ## Four cures at one price
#
# What helps? Every cure may pass 4,000 sentences forward and backward, two for each of the 2,000:
#
# - *twice*, as above: the plain rival;
# - *typos*: once as they are, once with typos, which is **augmentation**;
# - *two models*: two seeds, each trained once, and the mean of their margins, an **ensemble**;
# - *adversarial*: each sentence once as it is and once *moved against the model*.
#
# Equal passes are not all: *adversarial* and each of *two models* change the weights half as often, and two models take
# twice as long to answer.
#
# The last works like this. The encoder reads word vectors, one for each of $L$ tokens, all together $v$. The slope $g$ of the loss
# at $v$ says in which direction the loss grows fastest. **Adversarial training** steps there,
#
# $$r = \lambda\, \lVert v \rVert\, \frac{g}{\lVert g \rVert} \tag{2}$$
#
# and learns from $v + r$ as well. With $v = (3, 4)$, $g = (0.8, -0.6)$ and $\lambda = 0.1$: $\lVert v \rVert$ is 5, $\lVert g \rVert$ is 1,
# so $r = (0.4, -0.3)$.
#
# In the code, the mask makes the vectors of padding zero; `detach` cuts the vectors from the table
# that they come from, so that with `requires_grad_` they get a slope of their own; `inputs_embeds` hands them to the encoder.


# %%
def step_against(vectors, slope, length):
    """Formula (2) for each of B texts: r [B, L, d]."""
    size = vectors.flatten(1).norm(dim=1)  # [B]
    steep = slope.flatten(1).norm(dim=1)  # [B]
    return (length * size / steep).reshape(-1, 1, 1) * slope


def loss_at(model, vectors, mask, targets):
    """Cross-entropy of texts given by their word vectors [B, L, d]."""
    out = model.encoder(inputs_embeds=vectors, attention_mask=mask)
    mean = mean_of_tokens(out.last_hidden_state, mask)  # [B, d]
    return F.cross_entropy(model.head(model.dropout(mean)), targets)


def adversarial_slopes(model, ids, mask, targets, length):
    """Adds to the weights' gradients those at v and at v + r."""
    embed = model.encoder.embeddings.word_embeddings
    vectors = (embed(ids) * mask[:, :, None]).detach().requires_grad_()
    loss_at(model, vectors, mask, targets).backward()
    r = step_against(vectors.detach(), vectors.grad, length)
    loss_at(model, vectors.detach() + r, mask, targets).backward()
    return vectors.detach(), r


# %% [markdown]
# PyTorch adds up the slopes of the weights from both calls of `backward`. The sweep trains so, with
# their mean. Is a move against the model worse for it than a random one of its length? On 64
# validation sentences:

# %% tags=["hide-input", "nbval-ignore-output"]
ids, mask = padded(encode(held_out[:64], tokenizer, LENGTH), run.device)
targets = torch.tensor(truth[:64], device=run.device)
model.eval()
v, unit = adversarial_slopes(model, ids, mask, targets, 1.0)
model.zero_grad()
noise = torch.randn(v.shape, generator=run.generator()).to(v)
noise = step_against(v, noise * mask[:, :, None], 1.0)
print("length    along the slope    in a random direction")
curve = {}
with torch.inference_mode():
    for length in (0, 0.03, 0.1, 0.3):
        pair = [
            loss_at(model, v + length * step, mask, targets).item()
            for step in (unit, noise)
        ]
        curve[length] = pair
        print(f"{length:<8} {pair[0]:15.3f} {pair[1]:20.3f}")
pilots = {
    t["length"]: t["validation"] for t in record["runs"] if t.get("pilot")
}
print("\ntrained with λ: accuracy on validation (one seed)", end=" ")
print(", ".join(f"{k:g}: {pilots[k]:.3f}" for k in sorted(pilots)))

# %% [markdown]
# The loss is the mean surprise at the true labels. Along the slope it rises with every length; the random step hardly changes it.
#
# The last line has one run of training for each $\lambda$. We took the best, the shortest we tried; one
# shorter still might be better, so what follows is no fair trial of adversarial training.

# %% tags=["claims"]
at_rest = curve[0][0]
along = [curve[length][0] - at_rest for length in (0.03, 0.1, 0.3)]
aside = [abs(curve[length][1] - at_rest) for length in (0.03, 0.1, 0.3)]
check(
    "The loss rises along the slope with each length",
    np.diff([0, *along]).min() > 0,
)
check(
    "Aside it changes by less than a fiftieth of that",
    max(np.divide(aside, along)) < 0.02,
)

# %% [markdown]
# What does the second pass give, and what does another cure give instead? Each circle compares one seed of a cure with the
# same seed of its rival, or a pair of models with the mean of two seeds of *twice*. The dot is their mean, with its interval over texts:


# %% tags=["hide-input"]
# @title Differences of cures, seed by seed
def level_of(z, labels):
    """Balanced accuracy of margins [N]."""
    return balanced_accuracy((z > 0) == labels, labels)


CURES = {"twice": "once", "typos": "twice"}
CURES |= {"two models": "twice", "adversarial": "twice"}  # cure: rival
columns = ["films", "typos", *DOMAINS]
sets = {kind: test[kind][1] for kind in KINDS}
sets["typos"] = film_labels[:TYPED]
PAIRS = list(itertools.combinations(range(3), 2))

# %% tags=["hide-input"]
# @title The differences on each set
gains, paired = {}, {}  # interval; a number a seed or a pair of seeds
over_members = {}  # pairs of models minus the mean of their members
for name, labels in sets.items():
    models = {
        t: stored[t, name] for t in [*CURES, "once"] if (t, name) in stored
    }
    once = models["once"]
    models["two models"] = [once[a] + once[b] for a, b in PAIRS]
    level, share, members = {}, {}, {}
    for training, answers in models.items():
        level[training] = [level_of(z, labels) for z in answers]
        share[training] = np.mean([(z > 0) == labels for z in answers], axis=0)
        pairs = [[level[training][i] for i in pair] for pair in PAIRS]
        members[training] = np.mean(pairs, axis=1)
    for cure, rival in CURES.items():
        gains[cure, name] = estimate(share[cure] - share[rival], labels)
        than = members[rival] if cure == "two models" else level[rival]
        paired[cure, name] = np.subtract(level[cure], than)
    over_members[name] = np.subtract(level["two models"], members["once"])

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four panels, twice minus once, and typos, two models and adversarial minus twice, each with five rows: films, films with typos, products, tweets and editorials. A dot with an interval and three circles, for seeds or pairs of seeds, in each row (one is hidden by its dot), a dotted line at zero. On films all four intervals hold zero. The circles of tweets reach from seven hundredths below zero to five above."}}
shown = [name if name != "typos" else "films, typos" for name in columns]
figure, axes = plot.panels(4, height=1.6, sharex=True)
for ax, (cure, rival) in zip(axes, CURES.items(), strict=True):
    some = [gains[cure, name] for name in columns]
    plot.intervals(ax, shown, some)
    for place, name in enumerate(columns):
        ax.plot(
            paired[cure, name], [place] * 3, "o", mfc="none", color=plot.ORANGE
        )
    ax.set_title(f"{cure} minus {rival}")
    ax.axvline(0, color=plot.GREY, linestyle=":")
axes[-1].set_xlabel("difference of balanced accuracy")
plt.show()

# %% [markdown]
# On these film sentences no gain of the second pass is shown, and none of the three other cures over it: their intervals
# hold zero or end below it. Even on typos like those it was taught, that of *typos* only just lies above zero. Six intervals elsewhere miss zero, and in four of these rows all three circles lie on one side. But the intervals know nothing of other seeds, and three are too few to rank.
#
# On films, with typos and without, each of the three pairs of models (they share their members) is
# ahead of the mean of its own two.

# %% tags=["claims"]
for cure, rival in CURES.items():
    low = gains[cure, "films"].low
    check(f"Films: interval of {cure} minus {rival} not above zero", low < 0)
ahead_by = np.concatenate([over_members["films"], over_members["typos"]])
check("Films, typos: pairs ahead of their members", ahead_by.min() > 0)
low = gains["typos", "typos"].low
check("Trained with typos, on typos: just above zero", 0 < low < 0.005)

# %% [markdown]
# ## What a probability is worth
#
# Of a hundred sentences for which the model says 0.8, about eighty should be praise. Take ten: for
# five it says 0.9, and four are praise, a share of 0.8; for the other five it says 0.3, and two are
# praise, a share of 0.4. Each bin is off by 0.1, and so is their mean, weighted by the number of
# sentences.
#
# In general the probabilities of praise are sorted into $M$ bins of equal width. With $n_m$ of $N$ texts in bin $m$, their mean probability
# $\bar p_m$ and their share of praise $\bar y_m$, the **expected calibration error** is
#
# $$\mathrm{ECE} = \sum_{m=1}^{M} \frac{n_m}{N} \left| \bar p_m - \bar y_m \right| \tag{3}$$


# %%
def calibration_error(p, y, bins=10):
    """Formula (3): probabilities [N] of praise, labels [N]."""
    place = np.minimum((p * bins).astype(int), bins - 1)  # [N]
    total = 0.0
    for m in np.unique(place):
        inside = place == m
        gap = p[inside].mean() - y[inside].mean()
        total += inside.mean() * abs(gap)
    return total


# %% tags=["hide-input"]
p = np.array([0.9] * 5 + [0.3] * 5)
y = np.array([1, 1, 1, 1, 0, 1, 1, 0, 0, 0])  # shares: 0.8 and 0.4
print(f"the ten sentences: {calibration_error(p, y):.2f}")

# %% [markdown]
# Would a perfect model have zero? No: of five sentences with probability 0.9 perhaps four or five are praise, never four and a half. So we draw new
# labels from the model's own probabilities. By these it is perfect.

# %% tags=["hide-input"]
# @title Calibration errors, and those of a perfect model


def perfect(p, n=300):
    """Calibration errors [n] for labels drawn from p [N] itself."""
    rng = np.random.default_rng(0)
    drawn = rng.random((n, len(p))) < p  # [n, N]
    return np.array([calibration_error(p, y) for y in drawn])


errors, ideal, tilt, tilt_of_twins = {}, {}, {}, {}  # by kind
for kind in KINDS:
    answers = [sigmoid(z) for z in stored["once", kind]]  # [N] a seed
    labels = test[kind][1]
    errors[kind] = [calibration_error(p, labels) for p in answers]
    tilt[kind] = [p.mean() - labels.mean() for p in answers]
    ideal[kind] = [np.median(perfect(p)) for p in answers]
    if kind in DOMAINS:
        tilt_of_twins[kind] = [
            sigmoid(z)[twins[kind]].mean() - labels.mean()
            for z in stored["once", "films"]
        ]

# %% [markdown]
# For three seeds of *once*: the error, the median error of such a perfect model; the mean probability of praise minus the share of praise, and
# the same for the film twins.

# %% tags=["hide-input"]
print("           ECE                perfect            ", end="")
print("  mean p minus share    that of twins")
for kind in KINDS:
    print(f"{kind:<10}", end="")
    for numbers in (errors[kind], ideal[kind]):
        print("", " ".join(f"{x:.3f}" for x in numbers), end=" ")
    for numbers in (tilt[kind], tilt_of_twins.get(kind, [])):
        print(" ", " ".join(f"{x:+.3f}" for x in numbers), end=" ")
    print()

# %% tags=["hide-input"] mystnb={"image": {"alt": "Share of praise over mean probability in ten bins, a line for each of three seeds. The lines of films stay near the dotted diagonal. Those of tweets lie far above it in the middle: at a probability of 0.35 about eight in ten are praise. At both ends they come near the diagonal."}}
figure, ax = plot.panels(height=3.2)
for kind, color in (("films", plot.BLUE), ("tweets", plot.ORANGE)):
    for seed, z in enumerate(stored["once", kind]):
        p, y = sigmoid(z), test[kind][1]
        place = np.minimum((10 * p).astype(int), 9)
        bins = [place == b for b in range(10)]
        stated = [p[inside].mean() for inside in bins]
        share = [y[inside].mean() for inside in bins]
        label = None if seed else kind
        ax.plot(stated, share, "o-", color=color, ms=4, lw=1, label=label)
ax.plot([0, 1], [0, 1], color=plot.GREY, linestyle=":")
ax.set_xlabel("mean probability in a bin")
ax.set_ylabel("share of praise")
ax.legend()
plt.show()

# %% [markdown]
# Each line is a seed; on the dotted one probabilities mean what they say. On products and tweets the error is more than three times that on films,
# in each seed. *Mean p minus share* says how: the
# mean probability lies below the share of praise by nearly all of the error. The model tilts to one side.
#
# Is it the kind of text? Not alone: the film twins of the tweets tilt to the same side by about half as much, those of products
# by less than half as much, those of editorials to the other side.
#
# The twins have the tweets' shares of praise and blame, and the nearest ratings that films offer. Where nothing changes but
# the shares, one speaks of *label shift*.

# %% tags=["claims"]
for kind in ("products", "tweets"):
    times = np.divide(errors[kind], errors["films"])
    check(f"ECE on {kind}: above three times that of films", min(times) > 3)
    sides_of = np.array(tilt[kind]) / errors[kind]  # -1: all to one side
    check(f"{kind}: at least nine tenths are tilt", sides_of.max() < -0.9)
parts = {kind: np.divide(tilt_of_twins[kind], tilt[kind]) for kind in DOMAINS}
low, high = parts["tweets"].min(), parts["tweets"].max()
check("Tilt of tweets: their twins have about half", 0.35 < low <= high < 0.65)
check("Tilt of products: twins below half", parts["products"].max() < 0.5)
check("Editorials: to the other side", parts["editorials"].max() < 0)

# %% [markdown]
# ## One number that mends, or two
#
# **Temperature scaling** divides every margin by one number $T$, chosen on validation so that the mean surprise at the labels is
# least ($u_i$ is 1 for praise and −1 for blame):
#
# $$S(T) = \frac1N \sum_i \log\left(1 + e^{-u_i z_i / T}\right) \tag{4}$$
#
# No answer changes, as no margin changes its sign; only how sure it is.


# %%
def surprise_at(T, z, y):
    """Formula (4): mean surprise at labels y [N] of margins z [N]."""
    u = 2 * y - 1
    return np.logaddexp(0, -u * z / T).mean()


def lowest(cost, low, high):
    """The place between low and high where the cost is least."""
    found = minimize_scalar(cost, bounds=(low, high), method="bounded")
    return float(found.x)


def best_temperature(z, y):
    """The T between 1/20 and 20 with the least surprise."""
    return lowest(lambda T: surprise_at(T, z, y), 1 / 20, 20)


# %% [markdown]
# Can we trust it? Take a case whose answer is known. Let praise and blame be equally frequent, and the margins of praise normally
# distributed around $\mu$, those of blame around $-\mu$, both with standard deviation $s$. By Bayes, the log odds of praise at
# margin $z$ are
#
# $$\log\frac{e^{-(z-\mu)^2/2s^2}}{e^{-(z+\mu)^2/2s^2}} = \frac{2\mu}{s^2}\, z, \qquad\text{so}\qquad
# T = \frac{s^2}{2\mu} \tag{5}$$
#
# is the temperature at which the probabilities are true.


# %% tags=["hide-input"]
# @title The closed form against temperatures that are found
def gaussian_temperature(mu, s):
    """Formula (5)."""
    return s**2 / (2 * mu)


rng = np.random.default_rng(0)
y = rng.integers(0, 2, 50_000)
for mu, s in [(1, 1), (1, 2), (3, 2)]:
    z = rng.normal(mu * (2 * y - 1), s)
    print(f"μ = {mu}, s = {s}: formula (5)", end=" ")
    print(f"{gaussian_temperature(mu, s):.2f}, ", end="")
    print(f"found {best_temperature(z, y):.2f}")

# %% [markdown]
# Now $T$ from the validation sentences of films, and the calibration error on test before and after, for two ways of training:

# %% tags=["hide-input"]
# @title Temperatures from validation, calibration errors on test
temperatures, after = {}, {}
for training in ("once", "twice"):
    for seed, z in enumerate(stored[training, "validation"]):
        T = best_temperature(z, truth)
        temperatures.setdefault(training, []).append(T)
        for kind in KINDS:
            z_test, labels = stored[training, kind][seed], test[kind][1]
            numbers = [
                calibration_error(sigmoid(z_test), labels),
                calibration_error(sigmoid(z_test / T), labels),
            ]
            after.setdefault((training, kind), []).append(numbers)

# %% tags=["hide-input"]
print("ECE, mean of three seeds:    ", *KINDS)
for training, found_T in temperatures.items():
    print(f"{training}, T =", ", ".join(f"{T:.2f}" for T in found_T))
    levels = {kind: np.mean(after[training, kind], axis=0) for kind in KINDS}
    for step, words in enumerate(("as it is", "margins divided by T")):
        print(f"   {words:<25}", end="")
        for kind in KINDS:
            print(f"{levels[kind][step]:{len(kind) + 1}.3f}", end="")
        print()

# %% [markdown]
# After two passes the model is too sure: $T$ is well above one in each seed, and the error on films
# falls. On products and tweets more than two thirds of it stay.
#
# A number that moves all margins to one side is made for a tilt: $\sigma(z + c)$. With a factor too, $\sigma(az + c)$, this is *Platt scaling*.


# %%
def best_shift(z, y):
    """The c with the least surprise of z + c."""
    return lowest(lambda c: surprise_at(1, z + c, y), -10, 10)


def platt(z, y):
    """a and c of sigmoid(a z + c), least surprise, hardly any penalty."""
    fitted = LogisticRegression(C=1000).fit(z[:, None], y)
    return fitted.coef_[0, 0], fitted.intercept_[0]


# %% [markdown]
# Films hardly tilt (table above), so we learn it from texts of the new kind. The sweep kept answers for its test texts alone, so we divide these: whole reviews or articles are drawn until
# a hundred texts are there (a tweet stands alone). We fit on the hundred, judge on what was not drawn, and take the mean of 20 draws. *Surprise* is
# $S(1)$, *accuracy* the balanced one:


# %% tags=["hide-input"]
# @title The review or article that a text is from
def documents(kind):
    """For each clear test text the number of its review or article."""
    rows = data[kind]["test"]
    kept = np.abs(np.array(rows["score"])) >= 0.5
    return np.unique(np.array(rows["document"])[kept], return_inverse=True)[1]


# %% tags=["hide-input"]
# @title Fitted on a hundred texts, judged on the others
def fitted_on(z, y, document, draws=20, n=100):
    """[3, 4]: error, surprise, balanced accuracy; as is, T, c, a and c."""
    numbers = []
    for draw in range(draws):
        rng = np.random.default_rng(draw)
        turn = rng.permutation(document.max() + 1)[document]  # [N]
        own = np.argsort(turn, kind="stable")[:n]
        rest = turn > turn[own[-1]]
        T, c = best_temperature(z[own], y[own]), best_shift(z[own], y[own])
        a, both = platt(z[own], y[own])
        moved = [x[rest] for x in (z, z / T, z + c, a * z + both)]
        numbers.append(
            [
                [calibration_error(sigmoid(x), y[rest]) for x in moved],
                [surprise_at(1, x, y[rest]) for x in moved],
                [level_of(x, y[rest]) for x in moved],
            ]
        )
    return np.mean(numbers, axis=0)


# %% tags=["hide-input"]
mended = {}
print("mean of 3 seeds        as it is      T      c   a, c")
for kind in DOMAINS:
    answers, labels, document = (
        stored["once", kind],
        test[kind][1],
        documents(kind),
    )
    mended[kind] = np.array([fitted_on(z, labels, document) for z in answers])
    for name, line in zip(
        ("ECE", "surprise", "accuracy"), mended[kind].mean(axis=0), strict=True
    ):
        print(f"{kind:<10} {name:<12}", end="")
        print(
            "".join(
                f"{x:{w}.3f}" for x, w in zip(line, (8, 7, 7, 7), strict=True)
            )
        )

# %% [markdown]
# On products and tweets $c$ alone takes away more than two fifths of the error in each seed, and $T$ less than a third. On tweets, $a$ and
# $c$ together bring it lower still. The shift moves the threshold too, so answers change: with $a$ and $c$ the balanced accuracy on products and
# tweets is higher in each seed. For editorials both error and surprise get worse in the table.

# %% tags=["claims"]
p, y = sigmoid(stored["once", "tweets"][0]), test["tweets"][1]
ours = calibration_error(p, y)
close("The package's error is ours", calibration.calibration_error(p, y), ours)
z = stored["once", "validation"][0]
both = np.stack([0 * z, z], axis=1)  # [N, 2], scores of blame and praise
T = calibration.fit_temperature(both, truth)
close("So is its temperature", T, temperatures["once"][0], atol=0.01)
check("Twice: each T above 1.3", min(temperatures["twice"]) > 1.3)
for kind in ("films", "products", "tweets"):
    before, later = np.array(after["twice", kind]).T  # [seeds] each
    stays = later / before
    if kind == "films":
        check("Twice, films: less error in each seed", max(stays) < 1)
    else:
        check(f"Twice, {kind}: two thirds stay", min(stays) > 2 / 3)
for kind in ("products", "tweets"):
    raw, by_T, by_c, by_both = mended[kind][:, 0].T  # [seeds] each
    check(f"{kind}: c takes two fifths of the error", max(by_c / raw) < 0.6)
    check(f"{kind}: T less than a third", min(by_T / raw) > 2 / 3)
    raw, *_, by_a_and_c = mended[kind][:, 2].T
    check(f"{kind}: better answers with a and c", min(by_a_and_c - raw) > 0)
raw, by_T, by_c, by_both = mended["tweets"][:, 0].T
check("Tweets: a and c lower than c alone", min(by_c - by_both) > 0)

# %% [markdown]
# ## Summary
#
# Fine-tuning on films ordered all four kinds of text better than *frozen* did; on new kinds both call too few texts positive. Before a new
# kind of text is called difficult, compare its ratings with the old one's: tweets and editorials were ordered no worse
# by both encoders than films rated as weakly. Still, the frozen encoder did better when texts of the kind itself taught it than when films did. *Never boring*
# was taken for blame after one pass. With equal passes none of the three other cures was shown to do better than a second pass on films without typos. On
# products and tweets a shift, learned from a hundred rated texts of the kind, mended more of the calibration error than a temperature.
#
# ## Exercises
#
# > **Exercise 1.** More classes (★☆☆, 5 minutes). Write `macro_recall(answers, labels)` for arrays of class
# > numbers: formula (1) for any number of classes, the mean, over the classes that occur in `labels`, of the share
# > of their texts that is answered rightly.
#
# <details><summary>Hint</summary>
#
# `np.unique(labels)` gives the classes that occur.
#
# </details>


# %% tags=["exercise"]
def macro_recall(answers, labels):
    """Mean over classes of the share answered rightly; arrays [N]."""
    ...


exercises.recall(macro_recall)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def macro_recall(answers, labels):
    """Mean over classes of the share answered rightly; arrays [N]."""
    shares = [np.mean(answers[labels == k] == k) for k in np.unique(labels)]
    return float(np.mean(shares))


exercises.recall(macro_recall)

# %% [markdown]
# > **Exercise 2.** An experiment on typing (★★☆, 15 minutes). How does the damage grow with the chance $k$ of a typo? Guess the
# > accuracy when every long word has one. Then write `typing_curve(classify, texts, labels, chances)`, the list of accuracies
# > on the texts with typos, made by `perturbations.with_typos(texts, k, seed=0)`, for each $k$ of `chances`. Call it with the
# > model from above on validation sentences.
#
# <details><summary>Hint</summary>
#
# `classify = lambda texts: (margins(texts) > 0).astype(int)`; 300 sentences will do.
#
# </details>


# %% tags=["exercise"]
def typing_curve(classify, texts, labels, chances):
    """Accuracies on the texts with typos at each chance."""
    ...


exercises.typing(typing_curve)


# %% tags=["solution", "hide-cell", "nbval-ignore-output"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def typing_curve(classify, texts, labels, chances):
    """Accuracies on the texts with typos at each chance."""
    accuracies = []
    for k in chances:
        wrong = perturbations.with_typos(texts, k, seed=0)
        accuracies.append(float(np.mean(classify(wrong) == labels)))
    return accuracies


def by_margin(texts):
    """1 for praise, 0 for blame."""
    return (margins(texts) > 0).astype(int)


chances = [0, 0.25, 0.5, 1]
some = held_out[:300], truth[:300]
for k, accuracy in zip(
    chances, typing_curve(by_margin, *some, chances), strict=True
):
    print(f"k = {k:<5} accuracy {accuracy:.3f}")
exercises.typing(typing_curve)

# %% [markdown]
# > **Exercise 3.** Temperature with pencil (★★☆, 10 minutes). The margins of praise are normally distributed around 1.5, those of
# > blame around −1.5, both with standard deviation $s = 3$, and both are equally frequent. What is $T$ by formula (5)? Then somebody doubles
# > all margins. What is $T$ now? Let `two_temperatures()` return the two numbers.
#
# <details><summary>Hint</summary>
#
# Doubling doubles the means and the standard deviation. Does the answer fit with what dividing by $T$ is for?
#
# </details>


# %% tags=["exercise"]
def two_temperatures():
    """The two temperatures found on paper."""
    ...


exercises.temperatures(two_temperatures)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def two_temperatures():
    """The two temperatures found on paper."""
    return 3**2 / (2 * 1.5), 6**2 / (2 * 3)


exercises.temperatures(two_temperatures)

# %% [markdown]
# ## Common mistakes
#
# - *One test set speaks for all texts*: ask what the texts will be for which the model is used, and rate a few hundred of those.
# - *Accuracies of sets with different shares of the classes are compared*: take balanced accuracy, or AUC.
# - *A cure is compared with a model that was trained less*: give both the same passes.
# - *A calibration error is read as if a perfect model had zero*: draw labels from the model's own probabilities and see what is left.
#
# ## Further reading
#
# - Hutto and Gilbert (2014), [VADER](https://doi.org/10.1609/icwsm.v8i1.14550): where all four kinds of rated sentences come from.
# - Ribeiro et al. (2020), [Beyond accuracy: behavioral testing of NLP models with CheckList](https://aclanthology.org/2020.acl-main.442/):
#   lists of constructed sentences as tests, negation among them.
# - Belinkov and Bisk (2018), [Synthetic and natural noise both break neural machine translation](https://arxiv.org/abs/1711.02173):
#   typing errors, and training with them.
# - Miyato, Dai and Goodfellow (2017), [Adversarial training methods for semi-supervised text classification](https://arxiv.org/abs/1605.07725):
#   steps on word vectors as in formula (2), of fixed length.
# - Naeini, Cooper and Hauskrecht (2015), [Obtaining well calibrated probabilities using Bayesian binning](https://doi.org/10.1609/aaai.v29i1.9602):
#   the expected calibration error of formula (3).
# - Lipton, Wang and Smola (2018), [Detecting and correcting for label shift with black box predictors](https://arxiv.org/abs/1802.03916):
#   what to do when the shares of the classes change.
# - Guo et al. (2017), [On calibration of modern neural networks](https://arxiv.org/abs/1706.04599): temperature
#   scaling, and the two numbers of Platt (1999). Their error is that of the probability of the answer; ours is that of praise.
# - Lakshminarayanan, Pritzel and Blundell (2017), [Simple and scalable predictive uncertainty estimation using deep ensembles](https://arxiv.org/abs/1612.01474):
#   several seeds as one model.
