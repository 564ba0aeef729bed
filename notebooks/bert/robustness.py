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

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.domains import DOMAINS, load_domain
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation import calibration
from lmcourse.evaluation.intervals import Interval, bootstrap_mean
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
# The second complains without a bad word, and the fourth reports disgust and blames no film. Can what was learned from reviews
# of films be of use there?
#
# **You will**
#
# - ask one classifier about four kinds of text, and take apart what the kind does and what weak ratings do,
# - disturb sentences so that people would still judge them as before: typos, synonyms; and turn them round with *not*,
# - compare four cures at the same cost,
# - find out whether a probability means what it says, and mend it with one number or two.
#
# **You need** [fine-tuning for two classes](finetune_sentiment.ipynb).

# %% [markdown]
# ## What was trained
#
# To tell a method from a lucky run we need many runs, so we train on 2,000 film sentences only.
# `benchmarks/sweep_robustness.py` of the book's repository has done it, with three seeds for each way of training the encoder, and
# stored all answers, rounded. What had to be chosen (the penalty of the linear rivals, the length of an
# adversarial step) was chosen on validation. All seeds see the same 2,000 sentences. Here is one of its runs again: MiniLM, each sentence seen once.

# %%
from transformers import AutoTokenizer

SENTENCES = run.size(smoke=96, cpu=2000, gpu=2000)
train_texts, train_labels, _ = clear(data["films"]["train"])
order = np.random.default_rng(0).permutation(len(train_texts))[:SENTENCES]
tokenizer = AutoTokenizer.from_pretrained(pretrained.encoder_folder())
rows = encode([train_texts[i] for i in order], tokenizer, 128)

model = classifier.fresh(2, SEED)
history = fine_tune(model, rows, train_labels[order], session=run)

# %% [markdown]
# From its two scores we need only the **margin** $z$, the score of praise minus that of blame. It is
# positive where the model says praise, and the softmax of the two scores gives praise the probability
# $\sigma(z) = 1/(1 + e^{-z})$: one half at $z = 0$, almost three quarters at 1, more than nine tenths at 3.


# %%
def margins(texts):
    """Score of praise minus score of blame [N]."""
    out = scores(model, encode(texts, tokenizer, 128), run)  # [N, 2]
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
# Of our tweets two in three are positive, of our editorials fewer than half. A classifier that always says *positive*
# is right in 90 of 100 texts if 90 of them are positive. So we take the mean of two shares: of the $N_1$ positive texts that are
# answered rightly, and of the $N_0$ negative ones. With $r_i = 1$ for a right answer and 0 for a wrong one,
# this **balanced accuracy** is
#
# $$A = \frac12 \left( \frac{1}{N_1}\sum_{i:\,y_i = 1} r_i + \frac{1}{N_0}\sum_{i:\,y_i = 0} r_i \right) \tag{1}$$
#
# In the example, *always positive* has (1 + 0)/2: one half, a coin.


# %%
def balanced_accuracy(right, labels):
    """Formula (1): right answers [N] of texts with labels [N]."""
    return (right[labels == 1].mean() + right[labels == 0].mean()) / 2


# %% [markdown]
# Each answer of MiniLM counts with its mean over the three seeds. The intervals are 95 % bootstrap intervals: both classes
# are drawn again and again from their texts, with replacement, and the middle 95 of 100 results make the interval. It knows nothing
# of other seeds. (Texts are taken as independent, though several sentences come from one review.)
# The rivals have learned from the same 2,000 sentences: TF-IDF with words and pieces of words, and
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


# %% tags=["hide-input"]
found = {}  # balanced accuracies
print("            texts  positive  called so  mean strength")
for kind in KINDS:
    texts, labels, ratings = test[kind]
    called = np.mean([np.mean(z > 0) for z in stored["once", kind]])
    print(
        f"{kind:<10} {len(texts):6,} {labels.mean():9.2f} {called:10.2f}",
        end="",
    )
    print(f" {np.abs(ratings).mean():14.2f}")
    for name, training in SYSTEMS.items():
        found[name, kind] = estimate(right(training, kind, labels), labels)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four panels, films, products, tweets and editorials, each with the balanced accuracy of TF-IDF, of the frozen encoder and of the fine-tuned one, with intervals. On films the fine-tuned encoder leads and TF-IDF is last. TF-IDF is last in all four panels. On tweets the intervals of the frozen and the fine-tuned encoder overlap."}}
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
# Look at the tweets: the frozen encoder does no worse there than on films, though its logistic regression has learned from films. And
# the fine-tuned one? The same texts, fine-tuned minus frozen:

# %% tags=["hide-input"]
ahead = {}
print("fine-tuned minus frozen          seed 0   seed 1   seed 2")
for kind in KINDS:
    labels = test[kind][1]
    still = right("frozen", kind, labels)  # [N]
    ahead[kind] = estimate(right("once", kind, labels) - still, labels)
    print(f"{kind:<10} {ahead[kind]}", end="")
    for z in stored["once", kind]:
        one = ((z > 0) == labels) - still
        print(f"{balanced_accuracy(one, labels):+9.3f}", end="")
    print()

# %% [markdown]
# The gain on films is there in every seed. On tweets the interval holds zero. But compare *called so* with *positive* in the table: of tweets
# and products the fine-tuned model calls far fewer positive than are. Does it put the texts in a bad order, or only the threshold in
# a bad place?
#
# Take a positive and a negative text at random: how often has the positive one the larger margin? This share of pairs, called **AUC**,
# asks for no threshold. If positive texts have the margins −1 and −3 and negative ones −2 and −5, all are called negative, yet three
# of the four pairs are in order: 0.75.


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


# %% tags=["hide-input"]
auc, auc_ahead = {}, {}
print("AUC         frozen  fine-tuned, 3 seeds    fine-tuned minus frozen")
for kind in KINDS:
    labels = test[kind][1]
    tables = {
        training: [in_order(z, labels) for z in stored[training, kind]]
        for training in ("frozen", "once")
    }
    for training, pairs in tables.items():
        auc[training, kind] = [table.mean() for table in pairs]
    gain = np.mean(tables["once"], axis=0) - tables["frozen"][0]
    auc_ahead[kind] = estimate_pairs(gain)
    shown = " ".join(f"{a:.3f}" for a in auc["once", kind])
    print(f"{kind:<10} {auc['frozen', kind][0]:7.3f}  {shown}", end="")
    print(f"      {auc_ahead[kind]}")

# %% [markdown]
# On all four kinds each seed orders the texts better than the frozen encoder. Fine-tuning was worth something on tweets too, and balanced
# accuracy at margin zero did not show it. We come back to this lean to one side.
#
# And is it the kind of text that makes films easier? Look at *mean strength*, the mean distance of the ratings from
# zero. Among films, sentences with weak ratings are [harder](finetune_sentiment.ipynb). So we ask how *film* sentences
# would fare if they were rated like an editorial's. Each text of another kind gets as *twins* the 20 film test sentences of the same
# label with the nearest ratings, and their share of right answers stands in for its own.


# %%
def film_twins(label, rating, n=20):
    """Places of the n film test sentences of a label rated most alike."""
    _, labels, ratings = test["films"]
    own = np.flatnonzero(labels == label)
    distance = np.abs(ratings[own] - rating)
    return own[np.argsort(distance, kind="stable")[:n]]


# %% tags=["hide-input"]
texts, labels, ratings = test["editorials"]
i = 51
twins = film_twins(labels[i], ratings[i])
of_films = right("once", "films", test["films"][1])  # share of seeds
print(f"{ratings[i]:+.1f}  {texts[i]}")
for j in twins[:2]:
    print(f"   twin {test['films'][2][j]:+.1f}  {test['films'][0][j]}")
own, alike = right("once", "editorials", labels)[i], of_films[twins].mean()
print("right answers, 20 twins minus itself:", end=" ")
print(f"{alike:.2f} − {own:.2f} = {alike - own:+.2f}")

# %% [markdown]
# Now all texts, with 20 twins and with 50, as nobody can say how near is near enough:

# %% tags=["hide-input"]
twins, lost = {}, {}
print(" " * 21, "balanced accuracy    twins minus itself")
print(" " * 21, "films twins itself   20 twins                50 twins")
for kind in DOMAINS:
    labels, ratings = test[kind][1:]
    pairs = zip(labels, ratings, strict=True)
    twins[kind] = np.array([film_twins(*pair, 50) for pair in pairs])
    for name, training in SYSTEMS.items():
        of_films = right(training, "films", test["films"][1])
        own = right(training, kind, labels)
        alike = {
            n: of_films[twins[kind][:, :n]].mean(axis=1) for n in (20, 50)
        }  # [N] each
        for n, theirs in alike.items():
            lost[name, kind, n] = estimate(theirs - own, labels)
        print(f"{kind:<10} {name:<10}", end="")
        print(f" {found[name, 'films'].value:.3f}", end=" ")
        print(f"{balanced_accuracy(alike[20], labels):.3f}", end="  ")
        print(f"{found[name, kind].value:.3f}", end="  ")
        print(f"{lost[name, kind, 20]}  {lost[name, kind, 50]}")

# %% [markdown]
# That surprised us. On tweets and editorials neither encoder does worse than on film sentences with ratings as weak, and the frozen one
# does clearly *better*. On products the fine-tuned one pays between nothing and a few points, and TF-IDF more. (Only label and
# strength were made alike: length, for one, was not. The intervals take the film sentences as given.)
#
# Nor is all of it new to the encoder: before we got it, it was trained on pairs of texts, comments from Reddit and
# questions of Amazon's customers among them. And our tweets
# are only "inspired by" public ones, some 200 of the 4,200 made up.

# %% tags=["claims"]
check(
    "Fine-tuned minus frozen: on films above the whole interval of tweets",
    ahead["films"].low > ahead["tweets"].high,
)
check("Fine-tuned minus frozen: zero within on tweets", ahead["tweets"].low < 0)
for kind in KINDS:
    least, still = min(auc["once", kind]), auc["frozen", kind][0]
    check(f"AUC on {kind}: each seed above frozen", least > still)
    check(f"AUC on {kind}: so is the interval", auc_ahead[kind].low > 0)
for kind, n in itertools.product(("tweets", "editorials"), (20, 50)):
    high = lost["fine-tuned", kind, n].high
    check(f"Fine-tuned on {kind}: {n} twins are not easier", high < 0.01)
    high = lost["frozen", kind, n].high
    check(f"Frozen on {kind}: better than {n} twins by 0.05", high < -0.05)
for n in (20, 50):
    low, high = lost["fine-tuned", "products", n][1:]
    check(
        f"Fine-tuned on products: {n} twins easier by 0 to 0.05, within 0.01",
        low > -0.01 and high < 0.05,
    )
    low = lost["TF-IDF", "products", n].low
    check(f"Products, {n} twins: TF-IDF pays more than the other", low > high)

# %% [markdown]
# ## Slips of the finger
#
# How does one make a typing error? Four ways, at the third letter of *wonderful* (place 2, counted from 0):


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
tries["neighbour"] = perturbations.slip("wonderful", "neighbour", 2)
tries["as it was"] = "wonderful"
for kind, word in tries.items():
    print(f"{kind:<10} {word:<11} {' '.join(tokenizer.tokenize(word))}")

# %% [markdown]
# We read the word all the same, but the tokenizer cuts it into crumbs. (The last kind, a key beside the right one, will not be
# trained on.) Now all over a text: each word of four letters or more is hit with chance $k$, never at its first letter.
# A word that became another, such as *boring* that
# turns to *bring*, could change the meaning: a result that is in BERT's vocabulary or among the words of all training sentences
# is taken back. We fixed $k$ at one fifth before measuring anything, and drew the typos once.


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
# How many points does this cost? Each sentence is compared with itself:

# %% tags=["hide-input"]
drops, left = {}, {}
print("balanced accuracy lost, 95 % bootstrap")
for name, training in SYSTEMS.items():
    base = right(training, "films", film_labels)  # [N]
    first = film_labels[:TYPED]
    for change in ("typos", "neighbour"):
        loss = base[:TYPED] - right(training, change, first)
        drops[name, change] = estimate(loss, first)
    left[name] = balanced_accuracy(right(training, "typos", first), first)
    some = film_labels[touched]
    loss = base[touched] - right(training, "synonyms", some)
    drops[name, "synonyms"] = estimate(loss, some)
    for change in ("typos", "neighbour", "synonyms"):
        print(f"{name:<10}  {change:<9} {drops[name, change]}", end="")
        print(f"   left: {left[name]:.3f}" if change == "typos" else "")

# %% [markdown]
# Typos cost both encoders something; for TF-IDF, which also reads pieces of words, no loss is shown. Fine-tuned MiniLM is still the best
# of the three on the sentences with typos. For the exchanged words no interval lies above zero.
#
# ### Turned round by *not*
#
# A third change turns the label round. Ten words of praise and ten of blame stand in *The film is …*,
# in *The film is not …* and in *The film is never …*; *not boring* we call praise. Only here are texts constructed: they say nothing about
# how often such sentences occur. We ask one model more, trained *twice*: two passes over the same 2,000 sentences. AUC, form by
# form, tells whether *not boring* is put above *not funny*: 1 if all such pairs are in order, 0 if none is.

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
        orders = [
            in_order(z[forms == form], sides[forms == form]).mean()
            for form in ("plain", "not", "never")
        ]
        turned.setdefault(name, []).append(orders)
        blamed.setdefault(name, []).append(int((z[20:] < 0).sum()))
        shown = "  ".join(f"{order:5.2f}" for order in orders)
        print(f"{name:<13} {shown}  {blamed[name][-1]:14}")

# %% [markdown]
# Both encoders call all forty blame, *never boring* too. In each of the three seeds *not boring* stands mostly below *not funny* after one pass: the
# label has turned round, the order has not. After a second pass the order has turned too, in each
# seed, though most of the forty are still called blame.
#
# Does the film test set show it? Its accuracy does not. But we can pick out its praise that holds *not*, *never* or *n't*, and compare
# it with the 20 sentences of other praise that are rated most alike:

# %% tags=["hide-input"]
negating = np.array(
    [bool(re.search(r"\b(not|never)\b|n't\b", t.lower())) for t in film_texts]
)
ratings = test["films"][2]
praise = np.flatnonzero(negating & (film_labels == 1))
others = np.flatnonzero(~negating & (film_labels == 1))
near = [
    others[np.argsort(abs(ratings[others] - ratings[i]), kind="stable")[:20]]
    for i in praise
]  # 20 places a sentence
natural, constructed = {}, {}
print(f"right of {len(praise)} sentences of praise with a negation")
for name, training in (SYSTEMS | {"twice": "twice"}).items():
    answers = right(training, "films", film_labels)
    alike = np.array([answers[places].mean() for places in near])
    natural[name] = bootstrap_mean(answers[praise] - alike)
    print(f"{name:<10} {answers[praise].mean():.3f}, alike", end=" ")
    print(f"{alike.mean():.3f}, difference {natural[name]}", end="")
    ours = (forms != "plain") & (sides == 1)  # such as "not boring"
    seeds = [(z > 0)[ours].mean() for z in stored[training, "negations"]]
    constructed[name] = answers[praise].mean(), max(seeds)
    print("; ours", " ".join(f"{x:.2f}" for x in seeds))

# %% [markdown]
# Each of the four does worse there, though none is as bad as on our constructed praise.

# %% tags=["claims"]
same = perturbations.with_typos(film_texts[:TYPED], record["share"], 0, known)
check("The package makes the same typos", same == typed)
for name in ("frozen", "fine-tuned"):
    check(f"Typos cost: {name}", drops[name, "typos"].low > 0)
check("Typos, TF-IDF: zero within", drops["TF-IDF", "typos"].low < 0)
check(
    "With typos the fine-tuned one leads by 0.02",
    left["fine-tuned"] > 0.02 + max(left["TF-IDF"], left["frozen"]),
)
starts = [drops[name, "synonyms"].low for name in SYSTEMS]
check("Synonyms: no interval above zero", max(starts) < 0)
for name in ("frozen", "fine-tuned"):
    check(f"All forty negated are blame: {name}", set(blamed[name]) == {40})
once, twice = np.array(turned["fine-tuned"]), np.array(turned["twice"])
check("Once: fewer than half of the negated in order", once[:, 1:].max() < 0.5)
check("Twice: three in five of the negated in order", twice[:, 1:].min() > 0.6)
check("Twice: more than 25 of the 40 are blame", min(blamed["twice"]) > 25)
for name, (theirs, ours) in constructed.items():
    check(f"{name}: praise with a negation is harder", natural[name].high < 0)
    check(f"{name}: ours is harder still by 0.2", ours < theirs - 0.2)

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
# The last needs explaining. The encoder reads word vectors $e_t$, one for each of $T$ tokens, all together $e$. The slope $g$ of the loss
# at $e$ says in which direction the loss grows fastest. **Adversarial training** steps there,
#
# $$r = \lambda\, \lVert e \rVert\, \frac{g}{\lVert g \rVert} \tag{2}$$
#
# and learns from $e + r$ as well. With $e = (3, 4)$, $g = (0.8, -0.6)$ and $\lambda = 0.1$: $\lVert e \rVert$ is 5, $\lVert g \rVert$ is 1,
# so $r = (0.4, -0.3)$.


# %%
def step_against(vectors, slope, length):
    """Formula (2) for each of B texts: r [B, T, d]."""
    size = vectors.flatten(1).norm(dim=1)  # [B]
    steep = slope.flatten(1).norm(dim=1)  # [B]
    return (length * size / steep).reshape(-1, 1, 1) * slope


def loss_at(model, vectors, mask, targets):
    """Cross-entropy of texts given by their word vectors [B, T, d]."""
    out = model.encoder(inputs_embeds=vectors, attention_mask=mask)
    mean = mean_of_tokens(out.last_hidden_state, mask)  # [B, d]
    return F.cross_entropy(model.head(model.dropout(mean)), targets)


def adversarial_slopes(model, ids, mask, targets, length):
    """Adds to the weights' gradients those at e and at e + r."""
    embed = model.encoder.embeddings.word_embeddings
    vectors = (embed(ids) * mask[:, :, None]).detach().requires_grad_()
    loss_at(model, vectors, mask, targets).backward()
    r = step_against(vectors.detach(), vectors.grad, length)
    loss_at(model, vectors.detach() + r, mask, targets).backward()
    return vectors.detach(), r


# %% [markdown]
# The two calls of `backward` add up: PyTorch sums the slopes of the weights until an optimizer's step uses them.
# Is a move against the model worse for it than a random one of its length? On 64 validation sentences:

# %% tags=["hide-input", "nbval-ignore-output"]
ids, mask = padded(encode(held_out[:64], tokenizer, 128), run.device)
targets = torch.tensor(truth[:64], device=run.device)
model.eval()
e, unit = adversarial_slopes(model, ids, mask, targets, 1.0)
model.zero_grad()
noise = torch.randn(e.shape, generator=run.generator()).to(e)
noise = step_against(e, noise * mask[:, :, None], 1.0)
print("length    along the slope    in a random direction")
curve = {}
with torch.inference_mode():
    for length in (0, 0.03, 0.1, 0.3):
        pair = [
            loss_at(model, e + length * step, mask, targets).item()
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
# How long should the step be in training? The last line has one run for each $\lambda$. The two longest ended at a
# coin. We took the best, the shortest we tried; it is no better on
# validation than *once* with that seed, and one shorter still might be.

# %% tags=["claims"]
at_rest = curve[0][0]
along = [curve[length][0] - at_rest for length in (0.03, 0.1, 0.3)]
aside = [abs(curve[length][1] - at_rest) for length in (0.03, 0.1, 0.3)]
check(
    "The loss rises along the slope with each length",
    np.diff([0, *along]).min() > 0,
)
check(
    "Aside it changes by less than a fifth of that",
    max(np.divide(aside, along)) < 0.2,
)
coins = [pilots[length] for length in pilots if length >= 0.1]
check(
    "The two runs with longer steps end within 0.05 of a coin",
    np.abs(np.array(coins) - 0.5).max() < 0.05,
)

# %% [markdown]
# Now the cures, all minus *twice*:


# %% tags=["hide-input"]
# @title Answers of the cures, ensembles too
def two_models(name, labels):
    """Share of the pairs of seeds that answer rightly, [N]."""
    pairs = itertools.combinations(stored["once", name], 2)
    return np.mean([(a + b > 0) == labels for a, b in pairs], axis=0)


CURES = ["twice", "typos", "two models", "adversarial"]
sets = {kind: test[kind][1] for kind in KINDS}
sets |= {"typos": film_labels[:TYPED], "neighbour": film_labels[:TYPED]}
rightness = {}  # [N] by cure and set
for name, labels in sets.items():
    rightness["two models", name] = two_models(name, labels)
    for cure in CURES:
        if cure != "two models":
            rightness[cure, name] = right(cure, name, labels)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three panels, typos, two models and adversarial, each with six rows: films, films with typos, films with slips to the neighbouring key, products, tweets and editorials. Points with intervals show by how much the cure is better or worse than training twice, a dotted line at zero. On films all three intervals hold zero. Training with typos is right of the line on films with typos, where its interval begins at it, and on editorials, and left of it on tweets. Two models are right of it on editorials only. Adversarial training is left of it on products and tweets. All points lie within four hundredths of it."}}
columns = ["films", "typos", "neighbour", *DOMAINS]
shown = [f"films, {x}" if x in columns[1:3] else x for x in columns]
others = [cure for cure in CURES if cure != "twice"]
gains = {}
figure, axes = plot.panels(3, height=1.9, sharex=True)
for ax, cure, color in zip(axes, others, colors, strict=True):
    for name in columns:
        gain = rightness[cure, name] - rightness["twice", name]
        gains[cure, name] = estimate(gain, sets[name])
    some = [gains[cure, name] for name in columns]
    plot.intervals(ax, shown, some, color=color)
    ax.set_title(cure)
    ax.axvline(0, color=plot.GREY, linestyle=":")
axes[-1].set_xlabel("balanced accuracy minus that of twice, 95 % bootstrap")
plt.show()

# %% [markdown]
# To the right of the dotted line a cure is better than *twice*. These intervals are about texts. And the seeds? Each is compared with the
# same seed of *twice*, a pair of models with its two members:


# %% tags=["hide-input"]
# @title Balanced accuracies of single seeds
def level_of(z, labels):
    """Balanced accuracy of margins [N]."""
    return balanced_accuracy((z > 0) == labels, labels)


paired, pair_gains = {}, {}  # a number a seed, or a pair of seeds
for name in columns:
    level = {
        training: [level_of(z, sets[name]) for z in stored[training, name]]
        for training in ("once", "twice", "typos", "adversarial")
    }
    for cure in ("typos", "adversarial"):
        paired[cure, name] = np.subtract(level[cure], level["twice"])
    singles = stored["once", name]
    pair_gains[name] = np.array(
        [
            level_of(singles[a] + singles[b], sets[name])
            - (level["once"][a] + level["once"][b]) / 2
            for a, b in itertools.combinations(range(3), 2)
        ]
    )

# %% tags=["hide-input"]
print(f"{'minus twice:':<18}{'typos':<25}{'adversarial':<25}pair minus members")
for name, of in zip(columns, shown, strict=True):
    rows = paired["typos", name], paired["adversarial", name], pair_gains[name]
    numbers = [" ".join(f"{x:+.3f}" for x in row) for row in rows]
    print(f"{of:<17} " + "    ".join(numbers))
signs = [abs(np.sign(gaps).sum()) for gaps in paired.values()]
print(f"\nthree seeds on one side: {signs.count(3)} of {len(signs)} times")
missing = sum(
    gain.low > 0 or gain.high < 0
    for (_, name), gain in gains.items()
    if name in DOMAINS
)  # intervals of the picture that miss zero

# %% [markdown]
# We find no winner. On films as they are, all three intervals hold zero. Does a cure help with what it was made for? On typos, each
# seed trained with typos is ahead. But the interval begins at about zero, and for slips to the neighbouring
# key, which were not in training, it holds zero. The pairs of models are ahead of their members every time, on the average of each set by
# less than a hundredth. (The three pairs share their three members.)
#
# On the other kinds of text five intervals miss zero. Do they tell of the cure, or of its seeds? If no cure
# changed anything, three seeds would still lie on one side in two of eight cases, so three times in twelve. The last line
# has a few more. Three seeds are too few for a ranking.

# %% tags=["claims"]
for cure in others:
    low, high = gains[cure, "films"][1:]
    check(f"Films: {cure} minus twice holds zero", low < 0 < high)
ahead_by = paired["typos", "typos"]
check("Trained with typos, on typos: each seed ahead", min(ahead_by) > 0)
edge = gains["typos", "typos"].low
check("Trained with typos, on typos: interval from zero", abs(edge) < 0.004)
low, high = gains["typos", "neighbour"][1:]
check("Trained with typos, neighbouring keys: zero within", low < 0 < high)
check("Other kinds of text: five intervals miss zero", missing == 5)
least = min(gaps.min() for gaps in pair_gains.values())
check("Pairs of models: ahead of their members each time", least > 0)
most = max(gaps.mean() for gaps in pair_gains.values())
check("Pairs of models: by less than 0.01 on each set", most < 0.01)
check("Seeds on one side: 4 to 6 of 12 times", 4 <= signs.count(3) <= 6)

# %% [markdown]
# ## What a probability is worth
#
# Of a hundred sentences for which the model says 0.8, about eighty should be praise. Take ten: for five of them it says 0.9, and four are praise, a share of 0.8; for the
# other five it says 0.3, and two are praise, a share of 0.4. Each bin is off by 0.1, and so is their mean, weighted by the number of sentences.
#
# In general the probabilities are sorted into $B$ bins of equal width. With $n_b$ of $N$ texts in bin $b$, their mean probability
# $\bar p_b$ and their share of praise $\bar y_b$, the **expected calibration error** is
#
# $$\mathrm{ECE} = \sum_{b=1}^{B} \frac{n_b}{N} \left| \bar p_b - \bar y_b \right| \tag{3}$$


# %%
def calibration_error(p, y, bins=10):
    """Formula (3): probabilities [N] of praise, labels [N]."""
    place = np.minimum((p * bins).astype(int), bins - 1)  # [N]
    total = 0.0
    for b in np.unique(place):
        inside = place == b
        gap = p[inside].mean() - y[inside].mean()
        total += inside.mean() * abs(gap)
    return total


# %% tags=["hide-input"]
p = np.array([0.9] * 5 + [0.3] * 5)
y = np.array([1, 1, 1, 1, 0, 1, 1, 0, 0, 0])  # shares: 0.8 and 0.4
print(f"the ten sentences: {calibration_error(p, y):.2f}")

# %% [markdown]
# Would a perfect model have zero? No: of five sentences with probability 0.9 perhaps four or five are praise, never four and a half. To see what is
# left for it, we draw new labels from the model's own probabilities. By these it is perfect.

# %% tags=["hide-input"]
# @title Calibration errors, and those of a perfect model


def perfect(p, n=500):
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
    ideal[kind] = np.quantile(perfect(answers[0]), [0.5, 0.975])
    if kind in DOMAINS:
        tilt_of_twins[kind] = [
            sigmoid(z)[twins[kind][:, :20]].mean() - labels.mean()
            for z in stored["once", "films"]
        ]

# %% tags=["hide-input"]
print("            ECE, 3 seeds      perfect: 50 % 97.5 %", end="")
print("  mean p minus share   so its twins")
for kind in KINDS:
    shown = " ".join(f"{x:.3f}" for x in errors[kind])
    print(f"{kind:<10}  {shown:<18} {ideal[kind][0]:12.3f}", end="")
    print(f" {ideal[kind][1]:6.3f}  ", end="")
    print(" ".join(f"{x:+.3f}" for x in tilt[kind]), end=" ")
    print("", " ".join(f"{x:+.3f}" for x in tilt_of_twins.get(kind, [])))

# %% tags=["hide-input"] mystnb={"image": {"alt": "Share of praise over mean probability in ten bins, a line for each of three seeds. The lines of films stay near the dotted diagonal. Those of tweets lie far above it in the middle: at a probability of 0.35 about eight in ten are praise. At both ends they meet the diagonal."}}
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
# Each line is a seed; on the dotted one probabilities mean what they say. On films the error is a little above that of a
# perfect model. On products and tweets it is more than three times as large, and *mean p minus share* says how: the
# mean probability lies below the share of praise by nearly all of the error. The model tilts to one side.
#
# Is it the kind of text? Film twins have the same labels and strengths, and those of the tweets tilt to the same side by about half as
# much. So about half of that tilt is not the tweets' own. The twins of products tilt much less than products.

# %% tags=["claims"]
check("ECE on films: below 0.05 in each seed", max(errors["films"]) < 0.05)
for kind in ("products", "tweets"):
    check(
        f"ECE on {kind}: above three times that",
        min(errors[kind]) > 3 * max(errors["films"]),
    )
    sides_of = np.array(tilt[kind]) / errors[kind]  # -1: all to one side
    check(f"{kind}: at least nine tenths are tilt", sides_of.max() < -0.9)
parts = {kind: np.divide(tilt_of_twins[kind], tilt[kind]) for kind in DOMAINS}
low, high = parts["tweets"].min(), parts["tweets"].max()
check("Tilt of tweets: their twins have about half", 0.4 < low <= high < 0.65)
check("Tilt of products: twins below 0.4", parts["products"].max() < 0.4)

# %% [markdown]
# ## One number that mends, or two
#
# **Temperature scaling** divides every margin by one number $T$, chosen on validation so that the mean surprise at the labels is
# least ($s_i$ is 1 for praise and −1 for blame):
#
# $$L(T) = \frac1N \sum_i \log\left(1 + e^{-s_i z_i / T}\right) \tag{4}$$
#
# No answer changes, as no margin changes its sign; only how sure it is.


# %%
def surprise_at(T, z, y):
    """Formula (4): mean surprise at labels y [N] of margins z [N]."""
    s = 2 * y - 1
    return np.logaddexp(0, -s * z / T).mean()


def best_temperature(z, y):
    """The T between 0.05 and 20 with the least surprise."""
    found = minimize_scalar(
        lambda t: surprise_at(np.exp(t), z, y),
        bounds=(np.log(0.05), np.log(20)),
        method="bounded",
    )
    return float(np.exp(found.x))


# %% [markdown]
# Can we trust it? We need a case whose answer is known. Let praise and blame be equally frequent, and the margins of praise normally
# distributed around $\mu$, those of blame around $-\mu$, both with standard deviation $\sigma$. By Bayes, the log odds of praise at
# margin $z$ are
#
# $$\log\frac{e^{-(z-\mu)^2/2\sigma^2}}{e^{-(z+\mu)^2/2\sigma^2}} = \frac{2\mu}{\sigma^2}\, z, \qquad\text{so}\qquad
# T = \frac{\sigma^2}{2\mu} \tag{5}$$
#
# is the temperature at which the probabilities are true.


# %%
def gaussian_temperature(mu, sigma):
    """Formula (5)."""
    return sigma**2 / (2 * mu)


# %% tags=["hide-input"]
rng = np.random.default_rng(0)
y = rng.integers(0, 2, 50_000)
for mu, sigma in [(1, 1), (1, 2), (3, 2)]:
    z = rng.normal(mu * (2 * y - 1), sigma)
    print(f"μ = {mu}, σ = {sigma}: formula (5)", end=" ")
    print(f"{gaussian_temperature(mu, sigma):.2f}, ", end="")
    print(f"found {best_temperature(z, y):.2f}")

# %% [markdown]
# Now $T$ from the validation sentences of films, and the calibration error on test before and after:

# %% tags=["hide-input"]
# @title Temperatures from validation, calibration errors on test
temperatures, after = {}, {}
for training in ("once", "twice"):
    for seed, z in enumerate(stored[training, "validation"]):
        T = best_temperature(z, truth)
        temperatures.setdefault(training, []).append(T)
        for kind in KINDS:
            z_test, labels = stored[training, kind][seed], test[kind][1]
            p = sigmoid(z_test / T)
            numbers = [
                calibration_error(sigmoid(z_test), labels),
                calibration_error(p, labels),
                p.mean() - labels.mean(),
            ]
            after.setdefault((training, kind), []).append(numbers)

# %% tags=["hide-input"]
print("mean of three seeds")
for training, found_T in temperatures.items():
    print(f"{training}: T =", ", ".join(f"{T:.2f}" for T in found_T))
    for kind in KINDS:
        before, mended, lean = np.mean(after[training, kind], axis=0)
        print(f"   {kind:<10} ECE {before:.3f} → {mended:.3f}", end="")
        print(f"   mean p minus share, after: {lean:+.3f}")

# %% [markdown]
# After one pass $T$ is near one: by the film sentences there was little to mend. After two passes the model is too sure, with $T$
# well above one in each seed, and one number takes away more than a third of the error on films and on editorials, which it has not seen.
# On products and tweets more than two thirds stay, in each seed, and nearly all of what stays is tilt: dividing by $T$ makes all
# probabilities more or less sure, but each stays on its side of one half.
#
# Against a tilt one needs a second number, which moves all margins: $\sigma(az + b)$, known as *Platt scaling*. And one needs
# texts of the new kind. We draw 100 of its test texts at random, fit on these, judge on the others, and take the mean of 20 draws:


# %% tags=["hide-input"]
# @title One number or two from a hundred rated texts
def platt(z, y):
    """a and b of the probability sigmoid(a z + b), least surprise."""
    fitted = LogisticRegression(C=1000).fit(z[:, None], y)
    return fitted.coef_[0, 0], fitted.intercept_[0]


def fitted_on(z, y, films, draws=20, n=100):
    """Errors as they are, a, b of films, T, a, b of n texts; accuracies."""
    a_films, b_films = platt(films, truth)
    numbers = []
    for draw in range(draws):
        places = np.random.default_rng(draw).permutation(len(z))
        own, rest = places[:n], places[n:]
        T, (a, b) = best_temperature(z[own], y[own]), platt(z[own], y[own])
        moved = [z, a_films * z + b_films, z / T, a * z + b]
        numbers.append(
            [calibration_error(sigmoid(x[rest]), y[rest]) for x in moved]
            + [level_of(x[rest], y[rest]) for x in (z, moved[-1])]
        )
    return np.mean(numbers, axis=0)  # [6]


# %% tags=["hide-input"]
mended = {}
print(" " * 17, "ECE                                 balanced accuracy")
print(" " * 17, "as it is  films: a, b  T    a, b      before  after")
for kind, training in [
    *((kind, "once") for kind in DOMAINS),
    ("tweets", "frozen"),
]:
    mended[training, kind] = np.array(
        [
            fitted_on(z, test[kind][1], films)
            for z, films in zip(
                stored[training, kind],
                stored[training, "validation"],
                strict=True,
            )
        ]
    )  # [seeds, 6]
    line = zip(
        mended[training, kind].mean(axis=0), (8, 11, 6, 6, 11, 7), strict=True
    )
    print(f"{kind:<10} {training:<7}", end="")
    print("".join(f"{x:{width}.3f} " for x, width in line))

# %% [markdown]
# On products and tweets the two numbers take away more than half of the error, in each seed. Two from films do not, nor does one from the
# same hundred. The answers get better too: on tweets each seed is now above the frozen encoder, be it with two numbers of its
# own or without: here is the gain that AUC promised. On editorials the error stays about what it was.

# %% tags=["claims"]
p, y = sigmoid(stored["once", "tweets"][0]), test["tweets"][1]
ours = calibration_error(p, y)
close("The package's error is ours", calibration.calibration_error(p, y), ours)
z = stored["once", "validation"][0]
both = np.stack([0 * z, z], axis=1)  # [N, 2], scores of blame and praise
T = calibration.fit_temperature(both, truth)
close("So is its temperature", T, temperatures["once"][0], atol=0.01)
off = np.abs(np.log(temperatures["once"]))
check("Once: each T within a tenth of one", max(off) < 0.1)
check("Twice: each T above 1.3", min(temperatures["twice"]) > 1.3)

# %% tags=["claims"]
for kind in KINDS:
    before, later, lean = np.array(after["twice", kind]).T  # [seeds] each
    stays, leans = later / before, -lean / later
    if kind in ("films", "editorials"):
        check(f"Twice, {kind}: a third of the error goes", max(stays) < 2 / 3)
    else:
        check(f"Twice, {kind}: two thirds stay", min(stays) > 2 / 3)
        check(f"Twice, {kind}: nine tenths of it tilt", min(leans) > 0.9)
for kind in ("products", "tweets"):
    raw, films, one, two, zero, moved = mended["once", kind].T
    check(f"{kind}: a and b of 100, half the error", max(two / raw) < 0.5)
    check(f"{kind}: not so T of 100", min(one / raw) > 0.75)
    check(f"{kind}: nor a and b of films", min(films / raw) > 0.75)
    check(f"{kind}: better answers with a and b", min(moved - zero) > 0.01)
each, frozen = mended["once", "tweets"][:, 5], mended["frozen", "tweets"]
check(
    "Tweets, a and b: each seed above frozen", min(each) > frozen[0, 4:].max()
)
raw, *_, two, _, _ = mended["once", "editorials"].mean(axis=0)
check("Editorials: a and b change the error by < 0.01", abs(two - raw) < 0.01)

# %% [markdown]
# ## Summary
#
# The accuracy on films shows none of this: fine-tuning orders tweets better than *frozen* does, behind a lean to one side; after one pass
# *never boring* is taken for blame; probabilities on products and tweets lie too low. Before a new
# kind of text is called difficult, its ratings should be compared with the old one's: tweets and editorials were no harder for either
# encoder than films rated as weakly. At an equal price no cure was shown to do better on films than a second pass. And on
# products and tweets a hundred rated texts of the new kind mended more of the calibration error than all validation sentences of films.
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
# > model from above on validation sentences. (With no list of known words a typo may make another word.)
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
# > blame around −1.5, both with standard deviation 3, and both are equally frequent. What is $T$ by formula (5)? Then somebody doubles
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
# - *Accuracies of sets with different shares of the classes are compared*: print what always giving one answer would reach, or
#   take balanced accuracy.
# - *A cure is compared with a model that was trained less*: give the plain model the same passes first.
# - *A calibration error is read as if a perfect model had zero*: draw labels from the model's own probabilities and see what is left.
# - *The temperature is fitted on test*: fit it on validation; it is a choice like any other.
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
# - Guo et al. (2017), [On calibration of modern neural networks](https://arxiv.org/abs/1706.04599): temperature scaling, Platt's two
#   numbers, and pictures like ours of what probabilities are worth.
# - Lakshminarayanan, Pritzel and Blundell (2017), [Simple and scalable predictive uncertainty estimation using deep ensembles](https://arxiv.org/abs/1612.01474):
#   several seeds as one model.
# - Desai and Durrett (2020), [Calibration of pre-trained transformers](https://aclanthology.org/2020.emnlp-main.21/): temperatures of
#   fine-tuned BERT, within and across kinds of text.
