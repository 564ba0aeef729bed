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
from lmcourse.evaluation.intervals import Interval
from lmcourse.exercises.bert import robustness as exercises
from lmcourse.models import classifier, pretrained
from lmcourse.models.classifier import mean_of_tokens
from lmcourse.records import sweep
from lmcourse.text import perturbations
from lmcourse.text.labelled import encode
from lmcourse.training.classification import fine_tune, padded, scores
from scipy.optimize import minimize_scalar

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
# - find out whether a probability means what it says, and mend it with a single number.
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
# Look at the tweets: the frozen encoder does no worse there than on films, though its logistic regression has learned from films, and
# fine-tuning seems to add nothing. The same texts, fine-tuned minus frozen:

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
# The gain on films is there in every seed. On tweets it is smaller if there is any: the interval holds zero. The film
# test set could not tell us.
#
# And is it the kind of text that makes films easier? Look at *mean strength* in the table, the mean distance of the ratings from
# zero. Among films, sentences with weak ratings are [harder](finetune_sentiment.ipynb). So we ask how *film* sentences
# would fare if they were rated like an editorial's. For each text of another kind we take the 20 film test sentences of the same
# label with the nearest ratings, and their share of right answers stands in for its own.


# %%
def film_twins(kind, right_films, n=20):
    """Share of right answers among film sentences rated alike, [N]."""
    _, film_labels, film_ratings = test["films"]
    shares = []
    for label, rating in zip(*test[kind][1:], strict=True):
        own = film_labels == label
        distance = np.abs(film_ratings[own] - rating)
        nearest = np.argsort(distance, kind="stable")[:n]
        shares.append(right_films[own][nearest].mean())
    return np.array(shares)


# %% tags=["hide-input"]
lost = {}
print("                         films   alike  itself   alike minus itself")
for kind in DOMAINS:
    labels = test[kind][1]
    for name, training in SYSTEMS.items():
        on_films = right(training, "films", test["films"][1])
        twins, own = film_twins(kind, on_films), right(training, kind, labels)
        lost[name, kind] = estimate(twins - own, labels)
        print(
            f"{kind:<10}  {name:<11} {found[name, 'films'].value:6.3f}", end=""
        )
        print(f"  {balanced_accuracy(twins, labels):6.3f}", end="")
        print(f"  {balanced_accuracy(own, labels):6.3f}   {lost[name, kind]}")

# %% [markdown]
# This surprised us. Both encoders do *better* on tweets and editorials than on film sentences with ratings as weak; on products their
# intervals hold zero. A strange subject costs them nothing here that we could show. TF-IDF does pay a price, on products. (Only label
# and strength were made alike: length, for one, was not. The intervals take the film sentences as given.)
#
# There is more in the first table. Compare *positive* and *called so*: of products and tweets the fine-tuned model calls far
# fewer positive than are. We come back to that.

# %% tags=["claims"]
check(
    "Fine-tuned minus frozen: on films above the whole interval of tweets",
    ahead["films"].low > ahead["tweets"].high,
)
check("Fine-tuned minus frozen: zero within on tweets", ahead["tweets"].low < 0)
for name in ("frozen", "fine-tuned"):
    for kind in ("tweets", "editorials"):
        ends = lost[name, kind].high
        check(f"{name}: {kind} easier than films rated alike", ends < 0)
    low, high = lost[name, "products"][1:]
    check(f"{name}: products minus films alike hold zero", low < 0 < high)
on_films = right("once", "films", test["films"][1])
for kind, n in itertools.product(("tweets", "editorials"), (5, 50)):
    twins = balanced_accuracy(film_twins(kind, on_films, n), test[kind][1])
    own = found["fine-tuned", kind].value
    check(f"{kind}: also easier than the {n} films nearest", own > twins)
check("TF-IDF: products harder by 0.03", lost["TF-IDF", "products"].low > 0.03)

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
# We read the word all the same, but the tokenizer cuts it into crumbs. (The last kind, a key beside the right one, we keep
# for later.) Now all over a text: each word of four letters or more is hit with chance $k$, at
# a letter that is neither its first nor its last. A word that became another, such as *boring* that
# turns to *boing*, could change the meaning: a result that is in BERT's vocabulary or among the words of all training sentences
# is taken back. We fixed $k$ at one fifth before measuring anything.


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
print()
for text in [typed[1], *(np.array(exchanged)[touched][:2])]:
    print(text)

# %% [markdown]
# How many points does this cost? Each sentence is compared with itself:

# %% tags=["hide-input"]
drops = {}
print("balanced accuracy lost, 95 % bootstrap")
for name, training in SYSTEMS.items():
    base = right(training, "films", film_labels)  # [N]
    first = film_labels[:TYPED]
    for change in ("typos", "neighbour"):
        loss = base[:TYPED] - right(training, change, first)
        drops[name, change] = estimate(loss, first)
    some = film_labels[touched]
    loss = base[touched] - right(training, "synonyms", some)
    drops[name, "synonyms"] = estimate(loss, some)
    for change in ("typos", "synonyms"):
        print(f"{name:<10}  {change:<9} {drops[name, change]}")

# %% [markdown]
# Typos cost both encoders something; for TF-IDF, which also reads pieces of words, no loss is shown. Fine-tuned MiniLM is still the best
# of the three on the sentences with typos. For the exchanged words no interval lies above zero.
#
# A third change turns the label round. Ten words of praise and ten of blame stand in *The film is …*,
# in *The film is not …* and in *The film is never …*. Only here are texts constructed: they say nothing about
# how often such sentences occur.

# %% tags=["hide-input"]
built = perturbations.negations()  # (text, label, form)
sides = np.array([label for _, label, _ in built])
forms = np.array([form for _, _, form in built])
for text, label, _ in (built[0], built[20], built[40]):
    print(label, text)
print("\nright of 20    plain    not  never    called blame of the 40 negated")
by_form, blamed = {}, {}
for name, training in SYSTEMS.items():
    for z in stored[training, "negations"]:
        hits = (z > 0) == sides
        counts = [
            int(hits[forms == form].sum()) for form in ("plain", "not", "never")
        ]
        by_form.setdefault(name, []).append(counts)
        blamed.setdefault(name, []).append(int((z[20:] < 0).sum()))
        shown = "  ".join(f"{count:5}" for count in counts)
        print(f"{name:<13} {shown}  {blamed[name][-1]:14}")

# %% [markdown]
# Both encoders call every sentence with *not* or *never* blame, *never boring* too, as if these were bad words themselves. So they are right
# on just half of them. Three seeds agree on it (one pass over the sentences, remember), and the film test set, where fine-tuned MiniLM
# is right in more than four of five sentences, does not show it.

# %% tags=["claims"]
same = perturbations.with_typos(film_texts[:TYPED], record["share"], 0, known)
check("The package makes the same typos", same == typed)
for name in ("frozen", "fine-tuned"):
    check(f"Typos cost: {name}", drops[name, "typos"].low > 0)
check("Typos, TF-IDF: zero within", drops["TF-IDF", "typos"].low < 0)
first = film_labels[:TYPED]
level = {
    name: balanced_accuracy(right(training, "typos", first), first)
    for name, training in SYSTEMS.items()
}
check(
    "With typos the fine-tuned one leads by 0.02",
    level["fine-tuned"] > 0.02 + max(level["TF-IDF"], level["frozen"]),
)
starts = [drops[name, "synonyms"].low for name in SYSTEMS]
check("Synonyms: no interval above zero", max(starts) < 0)
for name in ("frozen", "fine-tuned"):
    check(f"All forty negated are blame: {name}", set(blamed[name]) == {40})

# %% [markdown]
# ## Four cures at one price
#
# What helps? Every cure may pass 4,000 sentences forward and backward, two for each of the 2,000:
#
# - *twice*: the plain rival, two passes over the same sentences;
# - *typos*: once as they are, once with typos, which is **augmentation**;
# - *two models*: two seeds, each trained once, and the mean of their margins, an **ensemble**;
# - *adversarial*: each sentence once as it is and once *moved against the model*.
#
# Equal passes are not all: *adversarial* and each of *two models* change the weights about half as often as the others, and two models take
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
# An optimizer's step with these gradients is all of it. Is such a step worse for the model than a random one of its length? On 64
# validation sentences:

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
# How long should the step be in training? The last line tells of one run for each $\lambda$. With the two longest the model ended at a
# coin; whether another seed would fare better we do not know. We took the best, which is the shortest we tried, and on validation not
# better than *once* with that seed: one shorter still might be.

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

# %% tags=["hide-input"] mystnb={"image": {"alt": "Six panels: films, films with typos, films with slips to the neighbouring key, products, tweets and editorials. Each shows with intervals by how much training with typos, two models and adversarial training are better or worse than training twice, a dotted line at zero. On films all three intervals hold zero. On films with typos, training with typos lies right of the line and its interval begins at it. On products the interval of adversarial training is left of the line, on tweets those of adversarial training and of training with typos. On editorials those of training with typos and of two models are right of it. All points lie within four hundredths of it."}}
columns = ["films", "typos", "neighbour", *DOMAINS]
others = [cure for cure in CURES if cure != "twice"]
gains = {}
figure, axes = plot.panels(6, height=1.15, sharex=True)
for ax, name in zip(axes, columns, strict=True):
    base = rightness["twice", name]
    for cure in others:
        gain = rightness[cure, name] - base
        gains[cure, name] = estimate(gain, sets[name])
    some = [gains[cure, name] for cure in others]
    plot.intervals(ax, others, some, color=colors[: len(others)])
    shown = "films, " + name if name in ("typos", "neighbour") else name
    ax.set_title(f"{shown} (twice: {balanced_accuracy(base, sets[name]):.3f})")
    ax.axvline(0, color=plot.GREY, linestyle=":")
axes[-1].set_xlabel("balanced accuracy minus that of twice, 95 % bootstrap")
plt.show()

# %% [markdown]
# To the right of the dotted line a cure is better than *twice*. These intervals are about texts. And the seeds?

# %% tags=["hide-input"]
# @title Balanced accuracies of single seeds
by_seed = {}  # balanced accuracy of each seed
print("balanced accuracy, least and largest of three seeds (or pairs)")
print(" " * 11, "".join(f"{cure:>15}" for cure in ("once", *CURES)))
for name in columns:
    print(f"{name:<10}", end="  ")
    for cure in ("once", *CURES):
        answers = stored["once" if cure == "two models" else cure, name]
        if cure == "two models":
            answers = [a + b for a, b in itertools.combinations(answers, 2)]
        some = [
            balanced_accuracy((z > 0) == sets[name], sets[name])
            for z in answers
        ]
        by_seed[cure, name] = np.array(some)
        print(f"{min(some):9.3f}–{max(some):.3f}", end="")
    print()

# %% [markdown]
# We find no winner. On films as they are, all three intervals hold zero. Does a cure help with what it was made for? On typos, each
# seed trained with typos is ahead of the same seed of *twice*. But the interval begins at about zero, and for slips to the neighbouring
# key, which were not in training, it holds zero. The pair of models is a little ahead of the mean of its members, *once*, on all six sets, by
# less than a hundredth.
#
# On the other kinds of text five intervals miss zero: three below it on products and tweets, two above it on editorials. Yet in each of
# the five the best seed of the side that is behind beats the worst of the other. Three seeds are too few for a ranking.

# %% tags=["claims"]
for (cure, name), gain in gains.items():
    one, two = by_seed[cure, name], by_seed["twice", name]
    if name in DOMAINS and not gain.low < 0 < gain.high:
        check(
            f"{cure} and twice, {name}: the seeds overlap",
            min(one) < max(two) and min(two) < max(one),
        )
for cure in others:
    low, high = gains[cure, "films"][1:]
    check(f"Films: {cure} minus twice holds zero", low < 0 < high)
ahead_by = by_seed["typos", "typos"] - by_seed["twice", "typos"]
check("Trained with typos, on typos: each seed ahead", min(ahead_by) > 0)
low, high = gains["typos", "neighbour"][1:]
check("Trained with typos, neighbouring keys: zero within", low < 0 < high)
pair_gains = [
    by_seed["two models", name].mean() - by_seed["once", name].mean()
    for name in columns
]
check("Two models: ahead of their members, six times", min(pair_gains) > 0)
check("Two models: by less than 0.01", max(pair_gains) < 0.01)

# %% [markdown]
# And the sentences with *not* and *never*?

# %% tags=["hide-input"]
print("right of the 40 negated sentences, a seed a number")
negated = {}
for cure in ("once", *CURES):
    if cure != "two models":
        hits = [(z > 0) == sides for z in stored[cure, "negations"]]
        negated[cure] = [int(hit[20:].sum()) for hit in hits]
        print(f"{cure:<12}", *negated[cure])

# %% [markdown]
# A surprise: in each seed *twice* is right on more than half of them: the blindness that we saw above does
# not survive a second pass in full. For *adversarial*, with as many steps of the optimizer as *once*, all forty are still blame.

# %% tags=["claims"]
check("Twice: more than half of the negated", min(negated["twice"]) > 20)
blame = [z[20:].max() for z in stored["adversarial", "negations"]]
check("Adversarial: all negated are blame", max(blame) < 0)

# %% [markdown]
# ## What a probability is worth
#
# Of a hundred sentences for which the model says 0.8, about eighty should be praise. Take ten: for five of them it says 0.9, and four are praise, a share of 0.8; for the
# other five it says 0.3, and two are praise, a share of 0.4. Each bin is off by 0.1, and so is their mean, weighted by the number of sentences.
#
# In general the probabilities (ours are of praise; often they are of the answer given) are sorted into $B$ bins of equal width. With $n_b$ of $N$ texts in bin $b$, their mean probability
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
y = np.array([1, 1, 1, 1, 0, 1, 1, 0, 0, 0])
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


errors, ideal, tilt = {}, {}, {}  # a number a seed, or quantiles
for kind in KINDS:
    answers = [sigmoid(z) for z in stored["once", kind]]  # [N] a seed
    labels = test[kind][1]
    errors[kind] = [calibration_error(p, labels) for p in answers]
    tilt[kind] = [p.mean() - labels.mean() for p in answers]
    ideal[kind] = np.quantile(perfect(answers[0]), [0.5, 0.975])

# %% tags=["hide-input"]
print("            ECE, a seed a number  perfect: 50 %  97.5 %", end="")
print("   mean p minus share")
for kind in KINDS:
    shown = " ".join(f"{x:.3f}" for x in errors[kind])
    print(f"{kind:<10}  {shown:<20} {ideal[kind][0]:14.3f}", end="")
    print(f" {ideal[kind][1]:7.3f}   ", end="")
    print(" ".join(f"{x:+.3f}" for x in tilt[kind]))

# %% [markdown]
# On films the error is a little above that of a perfect model. On products and tweets it is far above, and the last columns say how: the
# mean probability lies below the share of praise by nearly all of the error. The model errs to one side. From films to tweets, balanced accuracy falls by a few points;
# the calibration error is more than three times as large.

# %% tags=["claims"]
check("ECE on films: below 0.05 in each seed", max(errors["films"]) < 0.05)
for kind in ("products", "tweets"):
    check(
        f"ECE on {kind}: above three times that",
        min(errors[kind]) > 3 * max(errors["films"]),
    )
    sides_of = np.array(tilt[kind]) / errors[kind]  # -1: all to one side
    check(f"{kind}: at least nine tenths are tilt", sides_of.max() < -0.9)

# %% [markdown]
# ## One number that mends
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
# Now in earnest: $T$ from the validation sentences of the films, for each way of training and each seed, and the calibration error on test
# before and after.

# %% tags=["hide-input"]
# @title Temperatures from validation, calibration errors on test
temperatures, after = {}, {}
for training in ("once", "twice"):
    for seed, z in enumerate(stored[training, "validation"]):
        T = best_temperature(z, truth)
        temperatures.setdefault(training, []).append(T)
        for kind in KINDS:
            z_test, labels = stored[training, kind][seed], test[kind][1]
            pair = [
                calibration_error(sigmoid(z_test / t), labels) for t in (1, T)
            ]
            after.setdefault((training, kind), []).append(pair)

# %% tags=["hide-input"]
for training, found_T in temperatures.items():
    print(f"{training}: T =", ", ".join(f"{T:.2f}" for T in found_T))
    for kind in KINDS:
        before, mended = np.mean(after[training, kind], axis=0)
        print(f"   {kind:<10} ECE {before:.3f} → {mended:.3f}")

# %% [markdown]
# After one pass $T$ is near one: by the film sentences there was little to mend. After two passes the model is too sure, with $T$
# well above one in each seed, and one number takes away more than a third of the error on films and on editorials, which it has not seen.
# On products and tweets more than two thirds stay, in each seed: dividing by $T$ makes all probabilities more or less sure, but each stays on its
# side of one half. What leans to one side, leans on.

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
left = {}  # the share of the error that stays, a number a seed
for kind in KINDS:
    pairs = np.array(after["twice", kind])  # [seeds, 2]
    left[kind] = pairs[:, 1] / pairs[:, 0]
for kind in ("films", "editorials"):
    check(f"Twice, {kind}: a third of the error goes", max(left[kind]) < 2 / 3)
for kind in ("products", "tweets"):
    check(f"Twice, {kind}: two thirds stay", min(left[kind]) > 2 / 3)

# %% [markdown]
# ## Summary
#
# The test set of films told us what to expect on films. What fine-tuning is worth on tweets, that after one pass *never boring* is taken for
# blame, and that probabilities on products and tweets lean to one side: for each of these we had to ask with other texts. Before a new
# kind of text is called difficult, its ratings should be compared with the old one's: for neither encoder could we show that
# another subject was harder than films rated as weakly. And at an equal price no cure was shown to do better on films, as they are,
# than a second pass.
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
# - Guo et al. (2017), [On calibration of modern neural networks](https://arxiv.org/abs/1706.04599): temperature scaling.
# - Lakshminarayanan, Pritzel and Blundell (2017), [Simple and scalable predictive uncertainty estimation using deep ensembles](https://arxiv.org/abs/1612.01474):
#   several seeds as one model.
# - Desai and Durrett (2020), [Calibration of pre-trained transformers](https://aclanthology.org/2020.emnlp-main.21/): temperatures of
#   fine-tuned BERT, within and across kinds of text.
