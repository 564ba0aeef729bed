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
# # With few labels
#
# Labels cost somebody's time. You will measure how many of them it takes until one way of using a
# pretrained model overtakes another.
#
# Here are eight sentences from film reviews, with labels. Suppose that they are all the labels you
# have: what could a program learn from them about the next sentence?

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
import math
import re

import matplotlib.pyplot as plt
import numpy as np
import torch
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation import intervals as statistics
from lmcourse.exercises.bert import few_labels as exercises
from lmcourse.models import classifier, pretrained, prompting
from lmcourse.records import record, sweep
from lmcourse.text.labelled import encode
from lmcourse.training import classification
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_union

run = session.start(PROFILE, SEED)

# %%
keep = run.size(smoke=400, cpu=None, gpu=None)  # None: all of them
texts, labels = {}, {}
for name, split in load_reviews("binary").items():
    texts[name] = list(split["text"])[:keep]
    labels[name] = np.array(split["label"])[:keep]  # 0 blame, 1 praise


def draw(n, seed):
    """Numbers of n training sentences: n/2 of blame, then n/2 of praise."""
    order = np.random.default_rng(seed).permutation(len(labels["train"]))
    halves = []
    for label in (0, 1):
        of_this = order[labels["train"][order] == label]
        halves.append(of_this[: n // 2])
    return np.concatenate(halves)  # [n]


# %% tags=["hide-input"]
for i in draw(8, SEED):
    side = "praise" if labels["train"][i] == 1 else "blame"
    print(f"{side:<7} {texts['train'][i][:200]}\n")

# %% [markdown]
# How many words of a new sentence stand anywhere in the eight? And in sixteen, in a thousand?


# %% tags=["hide-input"]
# @title The share of a text's words that labelled sentences contain
def words_of(text):
    """The different words of a text, in lower case."""
    return set(re.findall(r"[a-z']+", text.lower()))


def share_known(chosen, some):
    """Share of the words in some texts that stand in chosen training texts."""
    known = set().union(*(words_of(texts["train"][i]) for i in chosen))
    found = [word in known for text in some for word in words_of(text)]
    return np.mean(found)


SIZES = run.size(
    smoke=(8, 16, 32),
    cpu=(8, 16, 32, 64, 128, 256, 512, 1024),
    gpu=(8, 16, 32, 64, 128, 256, 512, 1024),
)
SIX = range(6)  # draws
known = np.array(
    [[share_known(draw(n, s), texts["validation"]) for n in SIZES] for s in SIX]
)  # [draws, sizes]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Share of the words of validation sentences that stand in the labelled ones, against the number of labels on a logarithmic axis, a dot for each of six draws: about three tenths with 8 labels, rising to about four fifths with 1,024."}}
figure, ax = plot.panels(height=2.8)
for s in SIX:
    ax.plot(SIZES, known[s], ".", color=plot.SKY)
ax.plot(SIZES, known.mean(axis=0), color=plot.BLUE)
ax.set(xscale="log", xlabel="labelled sentences", ylabel="share of words known")
ax.set(ylim=(0, 1))
ax.set_xticks(SIZES, SIZES)
ax.minorticks_off()
plt.show()
for n, share in zip(SIZES, known.mean(axis=0), strict=True):
    print(f"{n:>5} labels: {share:.2f} of the words known")

# %% [markdown]
# With eight labels, more than half of the words that come are new. A
# pretrained model has met words elsewhere. How many labels is that worth?
#
# **You will**
#
# - draw labels again and again, and see how far one draw can mislead,
# - ask a language model for a label with no training at all, by a prompt and two words,
# - say after how many labels one system overtakes another, with an interval,
# - look whether sentences *without* labels help.
#
# **You need** [fine-tuning BERT](finetune_sentiment.ipynb): its data, TF-IDF, the frozen encoder and the
# training loop come from there.

# %% tags=["claims"]
check("8 labels: less than half of the words is known", known[:, 0].max() < 0.5)

# %% [markdown]
# ## Draw, and draw again
#
# `draw` above takes the same number from each class; and since it takes the *first* of a seeded order, the
# draw of sixteen holds the draw of eight. Such **nested draws** make curves in which a system is given
# more labels, not other ones.
#
# Training sentences that are not drawn keep their texts and lose their labels: unlabelled text is
# cheap. Take two simple systems. TF-IDF learns from all training texts how rare a word or a piece of a word is; the
# frozen encoder gives each sentence its mean vector. Logistic regression then sees the labelled ones only.

# %% tags=["hide-input"]
# @title Counts and mean vectors of all sentences
from transformers import AutoTokenizer

words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
pieces = TfidfVectorizer(
    analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True
)
counter = make_union(words, pieces).fit(texts["train"])  # reads no label

tokenizer = AutoTokenizer.from_pretrained(pretrained.encoder_folder())
encoder = classifier.fresh(2, SEED).to(run.device)
encoder.head = torch.nn.Identity()  # so its scores are the mean vectors
counted, vectors = {}, {}
for name in ("train", "test"):
    counted[name] = counter.transform(texts[name])  # sparse [N, V]
    rows = encode(texts[name], tokenizer, 128)
    found = classification.scores(encoder, rows, run)  # [N, d]
    vectors[name] = found.numpy()


# %%
def accuracy(features, C, chosen):
    """Accuracy on test of logistic regression on chosen labels."""
    regression = LogisticRegression(C=C, max_iter=5000)
    regression.fit(features["train"][chosen], labels["train"][chosen])
    return regression.score(features["test"], labels["test"])


# %% [markdown]
# How strong should the penalty be (the smaller $C$, the stronger)? With eight labels nobody has a validation set. But one who
# compares *systems* should not favour one. So the settings of these two and of fine-tuning were fixed by
# `benchmarks/sweep_few_labels.py` in the book's repository: on draws of their own, with the validation
# split. It made the larger results below, too.

# %% tags=["hide-input"]
# @title What the record holds
story = sweep("bert/few_labels")
runs = story["runs"]


def recorded(part, system, key="accuracy"):
    """Results by draw and number of labels, from the record."""
    found = {}
    for trial in runs:
        if (trial["part"], trial["system"]) == (part, system):
            found[trial["seed"], trial["labels"]] = trial[key]
    return found


def curves(system):
    """Accuracy on test [draws, sizes]."""
    found = recorded("curve", system)
    seeds = sorted({seed for seed, _ in found})
    return np.array([[found[s, n] for n in ALL] for s in seeds])


ALL = story["sizes"]
NAMES = {"tf-idf": "TF-IDF", "frozen": "frozen", "tuned": "fine-tuned"}
curve = {system: curves(system) for system in NAMES}  # [draws, sizes] each


# %% tags=["hide-input"]
# @title Fine-tuning, with settings of their own for many labels
FURTHER = [512, 1024, 2048]
FAR = sorted({*ALL, *FURTHER})
beyond = recorded("further", "tuned")
few_steps = recorded("curve", "tuned")
far = np.array(
    [
        [beyond[s, n] if n in FURTHER else few_steps[s, n] for n in FAR]
        for s in range(len(curve["tuned"]))
    ]
)  # [draws, more sizes]
again = {}  # accuracies on validation by settings
(labels_again,) = {t["labels"] for t in runs if t["part"] == "choose again"}
for trial in runs:
    if trial["part"] == "choose again":
        again.setdefault(str(trial["options"]), []).append(trial["accuracy"])


# %% tags=["hide-input"]
# @title The settings that were tried, and the two best of each system
choices = {}  # accuracies on validation by system and settings
used_settings = set()  # those of the curves below
for trial in runs:
    if "options" in trial:
        settings = ", ".join(f"{k} {v}" for k, v in trial["options"].items())
        if trial["part"] == "choose":
            key = trial["system"], settings
            choices.setdefault(key, []).append(trial["accuracy"])
        elif trial["part"] == "curve":
            used_settings.add((settings, trial["system"]))
best = {}
print("accuracy on validation, mean over 32 and 256 labels and draws")
for system in ("tf-idf", "frozen", "tuned"):
    means = {
        s: np.mean(v) for (name, s), v in choices.items() if name == system
    }
    ordered = sorted(means, key=means.get, reverse=True)
    best[system] = ordered[0]
    print(f"\n{system}: {len(means)} settings tried")
    for settings in ordered[:2]:
        print(f"  {means[settings]:.3f}  {settings}")

# %% [markdown]
# The first line of each is taken for all sizes; fine-tuning alone gets a second choice below, for 512 labels and more, which may favour it there. TF-IDF's $C$ and both choices of
# fine-tuning lie at an edge of what was offered. Now let 32 labels be drawn twenty times:

# %%
C = {"TF-IDF": 100, "frozen": 0.1}
TWENTY = range(run.size(smoke=3, cpu=20, gpu=20))
live = {"TF-IDF": [], "frozen": []}
for seed in TWENTY:
    chosen = draw(32, seed)
    live["TF-IDF"].append(accuracy(counted, C["TF-IDF"], chosen))
    live["frozen"].append(accuracy(vectors, C["frozen"], chosen))

# %% tags=["hide-input", "nbval-ignore-output"]
print("32 labels, accuracy on test")
print("          lowest  mean  highest draw")
for name, values in live.items():
    low, high = min(values), max(values)
    print(f"{name:<8} {low:7.3f} {np.mean(values):6.3f} {high:7.3f}")
gap = statistics.seeds_interval(np.subtract(live["frozen"], live["TF-IDF"]))
print("frozen minus TF-IDF, paired by draw, 95 % interval:", gap)

# %% [markdown]
# Whoever labels 32 sentences once sees one such draw. So all that learns from labels is repeated below over draws, and two systems that both learn are subtracted within a draw. (The interval is Student's, for the mean over draws; all draws are judged on the same test
# sentences.)

# %% tags=["claims"]
if run.profile != "smoke":
    pairs = {"tf-idf": "TF-IDF", "frozen": "frozen"}
    for system, name in pairs.items():
        first = best[system].split(", ")
        check(f"{name}: C is the choice on record", f"C {C[name]}" in first)
        kept = recorded("curve", system)
        before = [kept[seed, 32] for seed in TWENTY]
        close(
            f"{name}: draws nearly as on record", live[name], before, atol=0.01
        )
    for name, values in live.items():
        check(
            f"{name}: the draws differ by more than two points",
            np.ptp(values) > 0.02,
        )
tried = [settings for system, settings in choices if system == "tf-idf"]
largest = max(float(s.split(",")[0].removeprefix("C ")) for s in tried)

# %% tags=["claims"]
seeds = {
    part: {t["seed"] for t in runs if t["part"] == part}
    for part in ("choose", "choose again", "curve", "further")
}
check(
    "Other draws chose than those judged",
    not (seeds["choose"] | seeds["choose again"])
    & (seeds["curve"] | seeds["further"]),
)
check("TF-IDF: no larger C was offered", largest == C["TF-IDF"])
tuned = [t for t in runs if t["system"] == "tuned"]
offers = [t["options"] for t in tuned if t["part"] == "choose"]
(taken,) = {str(t["options"]) for t in tuned if t["part"] == "curve"}
lowest = {k: min(offer[k] for offer in offers) for k in ("rate", "steps")}
check("Fine-tuned: lowest rate and fewest steps", taken == str(lowest))

# %% [markdown]
# Here are the whole **learning curves**, accuracy against the number of labels, with fine-tuning as the
# third system: the loop of [fine-tuning BERT](finetune_sentiment.ipynb), with as many steps for 8 labels as for 1,024. So few steps may be too few
# for many labels. For 512 and more, rate and number of passes were therefore chosen once more, on validation, with 1,024 labels (dashed):

# %% tags=["hide-input"] mystnb={"image": {"alt": "Accuracy on test against the number of labels on a logarithmic axis, 8 to 1,024 with bands for three systems. TF-IDF lies lowest, the frozen encoder above it, and fine-tuning starts beside the frozen encoder and ends highest; dashed, with other settings, it rises further, up to 2,048 labels."}}
COLORS = {"tf-idf": plot.ORANGE, "frozen": plot.SKY, "tuned": plot.BLUE}
figure, ax = plot.panels(height=3.6)
for (system, name), marker in zip(NAMES.items(), "osD", strict=True):
    values = curve[system]
    spans = [statistics.seeds_interval(column) for column in values.T]
    mean, low, high = np.array(spans).T
    color = COLORS[system]
    label = f"{name}, {len(values)} draws"
    ax.plot(ALL, mean, marker=marker, color=color, label=label)
    ax.fill_between(ALL, low, high, color=color, alpha=0.25, linewidth=0)
from_here = FAR.index(FURTHER[0])
mean = far.mean(axis=0)[from_here:]
ax.plot(FURTHER, mean, "D--", color=plot.GREY, label="fine-tuned, chosen again")
ax.set(xscale="log", xlabel="labelled sentences", ylabel="accuracy on test")
ax.set_xticks(FAR, FAR, rotation=30)
ax.minorticks_off()
ax.legend(loc="upper left")
plt.show()

# %% tags=["hide-input"]
print("bands: 95 % interval (Student) for the mean over draws")
print(f"\nfine-tuned, {labels_again:,} labels: accuracy on validation, mean")
for options, values in again.items():
    print(f"  {np.mean(values):.3f}, {len(values)} draws  {options}")
print(f"on record, {story['date']}: {story['command']}")

# %% tags=["hide-input"]
# @title One of these trainings here: the eight labels of the opening
chosen = draw(8, SEED)
tuned_here = classifier.fresh(2, SEED)
classification.fine_tune(
    tuned_here,
    encode([texts["train"][i] for i in chosen], tokenizer, 128),
    labels["train"][chosen],
    session=run,
    learning_rate=1e-4,
    epochs=run.size(smoke=2, cpu=40, gpu=40),  # 40 steps of all eight
)
test_rows = encode(texts["test"], tokenizer, 128)
answers = classification.scores(tuned_here, test_rows, run).argmax(dim=-1)
right = float(np.mean(answers.numpy() == labels["test"]))

# %% tags=["hide-input", "nbval-ignore-output"]
told = few_steps.get((SEED, 8), math.nan)
print(f"fine-tuned on the first eight: {right:.3f}, on record {told:.3f}")

# %% [markdown]
# On average over draws the frozen encoder is ahead of counting at every size. With 1,024 labels fine-tuning
# is ahead of both, in every draw, with the few steps already.

# %% tags=["claims"]
if run.profile != "smoke" and (SEED, 8) in few_steps:
    check(
        "Fine-tuned here: within 0.05 of the record", abs(right - told) < 0.05
    )
for system in NAMES:
    used = {t for t, name in used_settings if name == system}
    check(f"{NAMES[system]}: settings as chosen", used == {best[system]})
taken = {str(t["options"]) for t in runs if t["part"] == "further"}
winner = max(again, key=lambda options: np.mean(again[options]))
check("Fine-tuned, 512 labels and more: as chosen again", taken == {winner})
lead = curve["frozen"] - curve["tf-idf"]  # [draws, sizes]
lows = [statistics.seeds_interval(column).low for column in lead.T]
check("Record: at every size frozen is ahead on average", min(lows) > 0)
for system in ("tf-idf", "frozen"):
    lead = curve["tuned"][:, -1] - curve[system][: len(curve["tuned"]), -1]
    check(
        f"Record, 1,024 labels: fine-tuned above {NAMES[system]} in each draw",
        lead.min() > 0,
    )

# %% [markdown]
# ## No label at all
#
# A language model gives each next piece of text a probability. That can be turned into a classifier
# without training: write the sentence into a **template** that ends where a judgement would stand, and
# compare the probabilities of two words there. The words that stand for the classes are the
# **verbalizer**. Let us do it once by hand.

# %%
TEMPLATE = "Review: {text}\nSentiment:"
VERBALIZER = (" negative", " positive")  # blame, praise; with their space
reader, language_model = pretrained.causal_lm()  # its tokenizer; SmolLM2
if run.precision == "bf16":
    language_model = language_model.bfloat16()

prompt = TEMPLATE.replace("{text}", "Go see it.")
ids = reader(prompt, return_tensors="pt")["input_ids"]  # [1, T]
with torch.inference_mode():
    logits = language_model(input_ids=ids).logits[0, -1]  # [V]
p = logits.float().softmax(dim=-1)  # [V], over all pieces
word_ids = [reader(word)["input_ids"][0] for word in VERBALIZER]
by_hand = p[word_ids].log()  # [2]

# %% tags=["hide-input", "nbval-ignore-output"]
print(prompt, "…\n")
for i in p.topk(4).indices:
    print(f"  {p[i]:.3f} {reader.decode(i)!r}")
print("\nlabel word   piece      P   log P")
for word, i, log_p in zip(VERBALIZER, word_ids, by_hand, strict=True):
    print(f"{word!r:<12} {i:5} {log_p.exp():6.3f} {log_p:7.2f}")
print(f"log P(praise) - log P(blame) = {by_hand[1] - by_hand[0]:+.2f}")

# %% [markdown]
# Call the template $T$, the word of praise $v^{+}$ and that of blame $v^{-}$. The score of a text $x$ is
#
# $$s(x) = \log P(v^{+} \mid T(x)) - \log P(v^{-} \mid T(x)) \tag{1}$$
#
# and above zero the model says praise. Without a label this is a **zero-shot** classifier.
# `class_log_probabilities` gives the two logarithms for many texts in batches. It refuses a template without a place for the text, and a label
# word of several pieces, whose probability would be that of its beginning:


# %%
def score(texts, template=TEMPLATE, words=VERBALIZER):
    """Formula (1) for each text [N]."""
    found = prompting.class_log_probabilities(
        language_model, reader, template, words, texts
    )  # [N, 2]
    return (found[:, 1] - found[:, 0]).numpy()


# %% tags=["hide-input"]
def outcome(template, words):
    """The message of the error."""
    try:
        score(["Go see it."], template, words)
    except ValueError as error:
        return f"ValueError: {error}"


print(outcome("Review:\nSentiment:", VERBALIZER))
print(outcome(TEMPLATE, (" unwatchable", " good")))

# %% [markdown]
# Now five sentences:

# %% tags=["hide-input", "nbval-ignore-output"]
own = [
    "Go see it.",
    "I would rather watch paint dry.",
    "Not bad at all.",
    "Two hours long.",
    "N/A",
]
for text, s in zip(own, score(own), strict=True):
    print(f"{s:+6.2f}  {text}")

# %% tags=["claims"]
close(
    "By hand as by the package",
    score(own[:1]),
    by_hand[1:] - by_hand[:1],
    atol=0.1,
)

# %% [markdown]
# The last one says nothing at all, and still its score is not zero. Zhao et al. (2021) correct the answers
# by those to such empty texts, several of them (**contextual calibration**); with one of them and two classes this subtracts its
# score. If there are $M$ sentences $u_j$ without labels one can subtract their mean instead, which *centres* the scores (close to Zhou et al. 2024):
#
# $$s'(x) = s(x) - \frac1M \sum_{j=1}^{M} s(u_j) \tag{2}$$
#
# This supposes that about half of the sentences are praise, and scores alike on both sides (exercise 1 asks for other shares).
#
# Is it the model that we measure, or our wording? Five templates, each with three pairs of words,
# each with no correction and with both:

# %% tags=["hide-input"] mystnb={"image": {"alt": "Fifteen rows, one for each template and pair of label words, with three markers for accuracy on test: as asked, less the score of an empty text, and centred. As asked the median row lies near one half and the best far to the right of it; centred each lies further right than as asked."}}
WAYS = {"plain": "as asked", "empty": "less N/A", "mean": "centred"}
asked = {}  # accuracies of the three ways by template and pair
for trial in runs:
    if trial["part"] == "prompt":
        for pair, found in zip(
            ("negative/positive", "bad/good", "terrible/great"),
            trial["found"],
            strict=True,
        ):
            asked[trial["template"], pair] = found
figure, ax = plot.panels(height=4.8)
places = np.arange(len(asked))
for way, marker, color in zip(WAYS, "xsD", plot.COLORS[1:4], strict=True):
    values = [found[way] for found in asked.values()]
    style = {"color": color, "marker": marker, "label": WAYS[way]}
    ax.plot(values, places, linestyle="", **style)
ax.set_yticks(places, [f"{t}: {pair}" for t, pair in asked])
ax.invert_yaxis()
ax.axvline(0.5, color=plot.GREY, linestyle=":")
ax.set_xlabel("accuracy on test, no labels")
ax.legend(loc="lower center", bbox_to_anchor=(0.3, 1.0), ncol=3)
plt.show()

# %% tags=["hide-input"]
print("accuracy over 15 prompts   lowest  median  highest")
for way, name in WAYS.items():
    values = [found[way] for found in asked.values()]
    low, middle, high = np.quantile(values, [0, 0.5, 1])
    print(f"{name:<24} {low:8.3f} {middle:7.3f} {high:8.3f}")
yes = [found["says praise"] for found in asked.values()]
print(
    "as asked, prompts that say praise to more than 4 sentences in 5:", end=" "
)
print(sum(share > 0.8 for share in yes))

# %% [markdown]
# As asked, the wording decides a great deal, and most prompts say praise to more than four sentences in five. Centred, each of the
# fifteen does better. The empty text is no sure help. (With the first prompt N/A scored below zero; sentences, on average, score above.)
#
# From here on we keep the first prompt (settled before anything was measured), centred. The correction was picked after results on test
# were seen: a row of a table below has the prompt as asked, too. A piece of it again:


# %%
def less_the_mean(scores, others):
    """Formula (2): scores [N] minus the mean of others [M]."""
    return scores - np.mean(others)


# %% tags=["hide-input"]
# @title Scores of sentences without labels, and of some test sentences
N_TRAIN = len(texts["train"])
M = run.size(smoke=8, cpu=200, gpu=200)
unlabelled = np.random.default_rng(0).choice(N_TRAIN, M, replace=False)
FEW = run.size(smoke=8, cpu=60, gpu=60)
others = score([texts["train"][i] for i in unlabelled])  # [M]
some = score(texts["test"][:FEW])  # [FEW]
says_praise = less_the_mean(some, others) > 0

# %% tags=["hide-input", "nbval-ignore-output"]
kept = asked["sentiment", "negative/positive"]
right = np.mean(says_praise == labels["test"][:FEW])
print(f"mean of {M} sentences without labels: {others.mean():+.2f}")
print(f"{right:.3f} of the first {FEW} test sentences labelled rightly")
print(f"{kept['mean']:.3f} of all, on record")

# %% tags=["claims"]
by_way = {w: [found[w] for found in asked.values()] for w in WAYS}
plain, less = by_way["plain"], by_way["mean"]
check(
    "Record: centred, each prompt does better", np.all(np.array(less) > plain)
)
check("As asked, most say praise to over 4 in 5", np.median(yes) > 0.8)
gaps = np.abs(some - kept["scores"][:FEW])
check(
    "Half of these scores are within 0.2 of the record", np.median(gaps) < 0.2
)
gap = abs(others.mean() - kept["level"])
check("The mean of the others is within 0.1 of the record", gap < 0.1)

# %% [markdown]
# > **Warning.** We have not looked whether SmolLM2 or the encoder has read these reviews. "No labels" means: none of *ours*. And these are two models: no verdict on prompting.
#
# ## A few labels, shown
#
# A language model can be given labels without training it: we write labelled sentences before the
# question, each with its label word. That is **in-context learning**.


# %%
def shown(k, seed):
    """The template after k labelled sentences of a draw, in random order."""
    order = np.random.default_rng(seed).permutation(draw(k, seed))
    told = []
    for i in order:
        word = VERBALIZER[labels["train"][i]]
        told.append(TEMPLATE.replace("{text}", texts["train"][i]) + word)
    return "\n\n".join([*told, TEMPLATE])


print(shown(2, SEED))

# %% tags=["hide-input", "nbval-ignore-output"]
with_two = score(texts["test"][: FEW // 2], shown(2, SEED))
told = recorded("shown", "shown", "scores").get((SEED, 2), with_two)
told = np.array(told[: FEW // 2])
print(f"first {len(told)} test sentences, these two shown: the score differs")
print(f"from the record by {np.median(abs(with_two - told)):.2f} in the middle")

# %% [markdown]
# This stands before *each* test sentence. On record are six draws.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Accuracy on test against the number of labelled sentences in the prompt, none, 2, 4 and 8, a dot for each draw, as asked and centred. As asked the dots scatter widely; centred they mostly lie higher and closer together."}}
figure, ax = plot.panels(height=3.2)
levels = {}  # accuracies [draws, 3] by way
for way, color, shift in (
    ("plain", plot.ORANGE, -0.1),
    ("mean", plot.BLUE, 0.1),
):
    found = recorded("shown", "shown", way)
    levels[way] = np.array([[found[s, k] for k in (2, 4, 8)] for s in SIX])
    ax.plot([shift], [kept[way]], "D", color=color)
    for row in levels[way]:
        ax.plot(np.array([1, 2, 3]) + shift, row, ".", color=color)
    places = np.array([1, 2, 3]) + shift
    means = levels[way].mean(axis=0)
    ax.plot(places, means, "_", color=color, markersize=16)
    ax.plot([], [], "o", color=color, label=WAYS[way])
ax.set_xticks(range(4), ["none", "2", "4", "8"])
ax.set(xlabel="labelled sentences in the prompt", ylabel="accuracy on test")
ax.legend(loc="lower left")
plt.show()

# %% tags=["hide-input"]
print("accuracy minus that with none shown, 95 % interval over draws")
gain = {}
for way, values in levels.items():
    for k, column in zip((2, 4, 8), values.T, strict=True):
        gain[way, k] = statistics.seeds_interval(column - kept[way])
        print(f"{WAYS[way]:<9} {k} shown  {gain[way, k]}")

# %% [markdown]
# As asked, four and eight shown sentences hurt. Centred, two helped on average; for eight we cannot tell. (Six intervals, and one
# of them only just misses zero: do not build on it.)

# %% tags=["claims"]
gaps = np.abs(with_two - told)
check("Two shown: half are within 0.2 of the record", np.median(gaps) < 0.2)
for k in (4, 8):
    check(f"{k} shown, as asked: below zero", gain["plain", k].high < 0)
check("Two shown, centred: above zero on average", gain["mean", 2].low > 0)
eight = gain["mean", 8]
check("Eight shown, centred: zero lies inside", eight.low < 0 < eight.high)

# %% [markdown]
# ## Where do two curves cross?
#
# How many labels until fine-tuning beats the prompt? Take a small example. With 8, 16 and 32 labels the
# challenger is ahead by −0.02, −0.01 and +0.03. It passes zero between 16 and 32. On the logarithmic axis, a quarter
# of the way: $0.01 / (0.01 + 0.03)$. So the **crossing** lies at $16 \cdot 2^{1/4} \approx 19$ labels.
#
# In general, let $g_i$ be the lead with $n_i$ labels and $i$ the *last* place where it is not positive:
#
# $$n^{*} = n_i \left(\frac{n_{i+1}}{n_i}\right)^{-g_i / (g_{i+1} - g_i)} \tag{3}$$
#
# If the challenger leads from the first size on, we know only that the crossing lies at or below it, if there is one; if it does not lead at the last, above it, if anywhere. Such values are called **censored**. We write 0 and infinity for them.


# %%
def crossing(sizes, lead):
    """Formula (3); 0 if ahead from the first size, inf if not at the last."""
    behind = np.flatnonzero(np.asarray(lead) <= 0)  # places
    if len(behind) == 0:
        return 0.0
    i = behind[-1]
    if i == len(sizes) - 1:
        return math.inf
    part = -lead[i] / (lead[i + 1] - lead[i])  # of the way, from 0 to 1
    return sizes[i] * (sizes[i + 1] / sizes[i]) ** part


# %% [markdown]
# Each draw has its crossing. A mean of numbers of which some are infinite is useless, but a median is
# not. How sure is it? Each of $S$ draws falls above the true median or below, like a coin. The
# $k$-th smallest and the $k$-th largest value have the median between them, unless fewer than $k$ draws fall
# below it, or fewer than $k$ above:
#
# $$P(\text{median inside}) = 1 - 2 \sum_{j=0}^{k-1} \binom{S}{j} 2^{-S} \tag{4}$$
#
# It assumes that the draws are independent, and nothing about their shape. Where values are equal, as censored ones
# are, it is a lower bound (a value equal to the median lies inside). We take the largest $k$ for which (4) is at least 0.95.


# %%
def coverage(S, k):
    """Formula (4)."""
    return 1 - 2 * sum(math.comb(S, j) for j in range(k)) / 2**S


def median_interval(values):
    """(Lower) median of S values, and bounds that hold the true one."""
    ordered, S = sorted(values), len(values)
    k = max([k for k in range(1, S) if coverage(S, k) >= 0.95], default=1)
    return ordered[(S - 1) // 2], ordered[k - 1], ordered[-k]


# %% tags=["hide-input"]
# @title Who is to overtake whom
def written(n, last):
    """A number of labels, or that it is censored."""
    if n == 0:
        return f"<= {ALL[0]}"
    return f"> {last}" if math.isinf(n) else f"{n:.0f}"


# %% tags=["hide-input"]
# @title Rivals
MIDDLE = np.median([found["mean"] for found in asked.values()])
n_test = len(load_reviews("binary")["test"])
half = 1.96 * np.sqrt(kept["mean"] * (1 - kept["mean"]) / n_test)
COUNTED = curve["tf-idf"][:, -1:]  # with all 1,024 labels
rivals = {
    "frozen over TF-IDF": (curve["frozen"], curve["tf-idf"]),
    "fine-tuned over TF-IDF": (curve["tuned"], curve["tf-idf"]),
    "fine-tuned over frozen": (curve["tuned"], curve["frozen"]),
    "frozen over TF-IDF with 1,024": (curve["frozen"], COUNTED),
    "fine-tuned over TF-IDF with 1,024": (far, COUNTED),
    "TF-IDF over the prompt": (curve["tf-idf"], kept["mean"]),
    "frozen over the prompt": (curve["frozen"], kept["mean"]),
    "fine-tuned over the prompt": (far, kept["mean"]),
    "fine-tuned over the prompt's lower bound": (far, kept["mean"] - half),
    "fine-tuned over the prompt's upper bound": (far, kept["mean"] + half),
    "fine-tuned over the prompt as asked": (far, kept["plain"]),
    "TF-IDF over the middle prompt": (curve["tf-idf"], MIDDLE),
    "frozen over the middle prompt": (curve["frozen"], MIDDLE),
    "fine-tuned over the middle prompt": (far, MIDDLE),
    "fine-tuned over the best prompt": (far, max(less)),
    "fine-tuned over 2 shown": (far, levels["mean"][:, :1]),
}

# %% tags=["hide-input"]
# @title All crossings, by draw
crossings, last_size = {}, {}
for name, (ours, theirs) in rivals.items():
    n = min(len(ours), len(theirs)) if np.ndim(theirs) else len(ours)
    rival = theirs[:n] if np.ndim(theirs) else theirs
    leads = ours[:n] - rival  # [draws, sizes]
    sizes = FAR[: leads.shape[1]]
    crossings[name] = [crossing(sizes, lead) for lead in leads]
    last_size[name] = sizes[-1]

# %% tags=["hide-input"]
print(
    "draws: all, and of them censored, below the first size or above the last"
)
print(" " * 40 + "all  <=  >  median  interval      level")
for name, values in crossings.items():
    S = len(values)
    below, above = values.count(0), values.count(math.inf)
    found = median_interval(values)
    middle, low, high = (written(n, last_size[name]) for n in found)
    k = max([k for k in range(1, S) if coverage(S, k) >= 0.95], default=1)
    print(f"{name:<40} {S:2} {below:3} {above:2} {middle:>7}", end="")
    print(f"  {low + ' to ' + high:<14} {coverage(S, k):.2f}")

# %% [markdown]
# How many labels is a pretrained model worth? The rows *over TF-IDF with 1,024* ask how few the encoder needs to be as good: less than half as many, in every draw.
#
# Fine-tuning gets ahead of counting, of the frozen encoder and of the prompt in every draw; it was the only one to be
# given more than 1,024 labels, and settings of its own for many. With 1,024, counting and the frozen encoder are ahead of
# the prompt in no draw. But the kept prompt is the best of the fifteen as asked. The *middle prompt*, which has their
# median accuracy, centred, is overtaken by the frozen encoder in every draw. The best of the fifteen, and two shown sentences, both centred, some draws of fine-tuning
# did not overtake with 2,048.
#
# (The draws take their labels from one pool; the test sentences are the same for all. The
# *bounds* are those of a 95 % interval for the prompt's accuracy over test sentences, unpaired. Medians are the
# lower of the two in the middle.)

# %% tags=["claims"]
for rival in ("TF-IDF", "frozen", "the prompt"):
    name = f"fine-tuned over {rival}"
    check(f"{name}: in each draw", max(crossings[name]) < math.inf)
for ours in ("frozen", "fine-tuned"):
    few = max(crossings[f"{ours} over TF-IDF with 1,024"])
    check(f"{ours}: as TF-IDF's 1,024 with under half, each draw", few < 512)
middle = crossings["frozen over the middle prompt"]
check("frozen over the middle prompt: in each draw", max(middle) < math.inf)
check("As asked, the kept prompt is the best", kept["plain"] == max(plain))
for rival in ("the best prompt", "2 shown"):
    above = max(crossings[f"fine-tuned over {rival}"])
    check(f"fine-tuned over {rival}: not in each draw", above == math.inf)
for ours in ("TF-IDF", "frozen"):
    censored = crossings[f"{ours} over the prompt"]
    check(f"{ours} over the prompt: in no draw", min(censored) == math.inf)
by_hand = crossing([8, 16, 32], [-0.02, -0.01, 0.03])
close("(3) by hand", by_hand, 16 * 2**0.25)

# %% [markdown]
# ## Sentences without labels
#
# The other training sentences have lost their labels. Can they replace some? In
# **self-training** a classifier labels the sentences of which it is surest, takes its own answers for
# true, and learns again. Here it takes 100 of each side, then 200, up to 500 (and 20 to 100):


# %% tags=["hide-input"]
# @title Logistic regression on frozen vectors
def fit(chosen, targets):
    """Logistic regression on frozen vectors of chosen sentences."""
    regression = LogisticRegression(C=C["frozen"], max_iter=5000)
    return regression.fit(vectors["train"][chosen], targets)


def on_test(regression):
    """Accuracy on test."""
    return regression.score(vectors["test"], labels["test"])


# %%
def self_train(n, seed, each=100, rounds=5):
    """Accuracy before and after, and share of its own labels right."""
    chosen = draw(n, seed)
    known = labels["train"][chosen]  # [n]
    rest = np.setdiff1d(np.arange(len(labels["train"])), chosen)
    regression = fit(chosen, known)
    before = on_test(regression)
    for k in range(each, (rounds + 1) * each, each):
        order = rest[
            np.argsort(regression.decision_function(vectors["train"][rest]))
        ]
        sure = np.concatenate([order[:k], order[-k:]])  # blame, praise
        own = np.repeat([0, 1], k)  # the labels it gives them
        regression = fit(
            np.concatenate([chosen, sure]), np.concatenate([known, own])
        )
    return before, on_test(regression), np.mean(labels["train"][sure] == own)


# %% [markdown]
# **Active learning** spends labels instead: it asks for those of the sentences about which the classifier
# is *least* sure, sixteen at a time. Its rival asks for sixteen at random.


# %%
def ask_for(sizes, seed, by_doubt):
    """Accuracy with each number of labels, 16 drawn, the rest asked for."""
    chosen, found = draw(16, seed), []
    rng = np.random.default_rng([seed, 1])
    while len(chosen) < sizes[-1]:
        rest = np.setdiff1d(np.arange(len(labels["train"])), chosen)
        if by_doubt:
            regression = fit(chosen, labels["train"][chosen])
            doubt = np.abs(regression.decision_function(vectors["train"][rest]))
            new = rest[np.argsort(doubt)[:16]]
        else:
            new = rng.choice(rest, 16, replace=False)
        chosen = np.concatenate([chosen, new])
        if len(chosen) in sizes:
            found.append(on_test(fit(chosen, labels["train"][chosen])))
    return found


# %% tags=["hide-input"]
# @title Both, over all draws
FEWER = run.size(smoke=(16,), cpu=(16, 64), gpu=(16, 64, 256))
EACH = run.size(smoke=(10,), cpu=(20, 100), gpu=(20, 100, 500))
taught = {
    (n, each): np.array([self_train(n, seed, each) for seed in TWENTY])
    for n in FEWER
    for each in EACH
}  # [draws, 3]
MORE = run.size(smoke=(32,), cpu=(32, 64, 128), gpu=(32, 64, 128, 256))
SIXTY = range(run.size(smoke=3, cpu=60, gpu=60))
doubtful = np.array(
    [[ask_for(MORE, s, True), ask_for(MORE, s, False)] for s in SIXTY]
)  # [draws, 2, sizes]

# %% tags=["hide-input", "nbval-ignore-output"]
print("self-training: after minus before, 95 % interval over draws")
helped = {}
for (n, each), values in taught.items():
    helped[n, each] = statistics.seeds_interval(values[:, 1] - values[:, 0])
    print(f"{n:4} labels, {each:3} a side and round  {helped[n, each]}", end="")
    print(f"   own labels right {values[:, 2].mean():.2f}")
print(f"\nactive learning: by doubt minus at random, {len(SIXTY)} draws")
for n, column in zip(MORE, (doubtful[:, 0] - doubtful[:, 1]).T, strict=True):
    print(f"{n:4} labels  {statistics.seeds_interval(column)}")

# %% [markdown]
# In none of these settings does self-training gain a point on average, though most of the labels of its last round
# are right. Asking by doubt is ahead on average with 128 labels.
#
# This section is a look and not a test: results on test were seen before its code and its words were final,
# this kind of self-training is one of five that were tried, and for active learning forty draws were added to twenty.

# %% tags=["claims"]
check(
    "Self-training: no mean gain reaches a point",
    max(interval.value for interval in helped.values()) < 0.01,
)
if run.profile != "smoke":
    lead = statistics.seeds_interval(doubtful[:, 0, 2] - doubtful[:, 1, 2])
    check("By doubt: ahead on average with 128 labels", lead.low > 0)
most = min(values[:, 2].mean() for values in taught.values())
check("More than half of the last round's labels are right", most > 0.5)

# %% tags=["hide-input", "nbval-ignore-output"]
# @title Two rungs are recorded
n_language = sum(p.numel() for p in language_model.parameters())
a = kept["mean"]
rung = {"ladder": "classification", "parameters": n_language, "seconds": 0.0}
record(
    "few_labels.accuracy_zero_shot",
    a,
    "accuracy",
    (a - half, a + half),
    label="SmolLM2, prompt, no labels",
    note="centred by sentences without labels; interval over sentences",
    **rung,
)
level = statistics.seeds_interval(levels["mean"][:, 2])
record(
    "few_labels.accuracy_few_shot",
    level.value,
    "accuracy",
    level[1:],
    label="SmolLM2, 8 labels in the prompt",
    note="centred by sentences without labels; interval over draws",
    **rung,
)

# %% [markdown]
# ## Summary
#
# How many labels is a pretrained model worth? Read through frozen vectors, it was ahead of counting on average
# with each number of labels tried. Fine-tuned, it got ahead of counting and of the frozen vectors in every draw. The
# place can differ from draw to draw, so a crossing comes with an interval, and with the number of draws in which there
# was none. A small language model, asked by one prompt, the best of fifteen as asked, and corrected by the mean of sentences without labels, was
# overtaken by counting and by frozen vectors with 1,024 labels in no draw, by fine-tuning, with up to 2,048, in
# every one; the middle one of fifteen prompts by frozen vectors, too.
#
# ## Exercises
#
# > **Exercise 1.** A share that is known (★☆☆, 5 minutes). Formula (2) puts the threshold at the mean score. Suppose
# > you know that a given share of the sentences is praise. Write `threshold_for(scores, share)`: the
# > number above which that share of the scores lies.
#
# <details><summary>Hint</summary>
#
# `np.quantile(scores, q)` is the number *below* which a share `q` lies.
#
# </details>


# %% tags=["exercise"]
def threshold_for(scores, share):
    """The number above which the given share of scores [N] lies."""
    ...


exercises.threshold(threshold_for)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def threshold_for(scores, share):
    """The number above which the given share of scores [N] lies."""
    return np.quantile(scores, 1 - share)


exercises.threshold(threshold_for)

# %% [markdown]
# > **Exercise 2.** How many draws, with pencil (★★☆, 10 minutes). Take $k = 1$ in (4): the lowest and the
# > highest value. What is the smallest number of draws $S$ for which they hold the median with at least 95 %? Let
# > `draws_needed()` return it.
#
# <details><summary>Hint</summary>
#
# The sum has one term. When is $2 \cdot 2^{-S}$ at most one in twenty?
#
# </details>


# %% tags=["exercise"]
def draws_needed():
    """The smallest number of draws, found on paper."""
    ...


exercises.draws(draws_needed)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def draws_needed():
    """The smallest number of draws, found on paper."""
    return 6  # 2 / 2**5 is 1/16, too much; 2 / 2**6 is 1/32


exercises.draws(draws_needed)

# %% [markdown]
# > **Exercise 3.** An experiment: labels as they come (★★☆, 20 minutes). Our draws take the same number
# > from each class, which nobody can do who has not yet labelled anything. Write `draw_any(labels, n, seed)`: n
# > numbers of sentences, at random, the larger draw of a seed holding the smaller. Guess what it costs, then compare
# > the frozen encoder on both kinds of draw, twenty of each, with 8 labels and with 64.
#
# <details><summary>Hint</summary>
#
# The first n of a seeded order. A draw in which one class is missing cannot be learned from: leave it
# out and say how many there were.
#
# </details>


# %% tags=["exercise"]
def draw_any(labels, n, seed):
    """n numbers of sentences with these labels [N], drawn at random."""
    ...


exercises.unbalanced(draw_any)


# %% tags=["solution", "hide-cell", "nbval-ignore-output"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def draw_any(labels, n, seed):
    """n numbers of sentences with these labels [N], drawn at random."""
    return np.random.default_rng(seed).permutation(len(labels))[:n]


y = labels["train"]
for n in (8, 64):
    lost = []
    for seed in TWENTY:
        some = draw_any(y, n, seed)
        if len({*y[some]}) == 2:
            both = [
                accuracy(vectors, C["frozen"], c) for c in (draw(n, seed), some)
            ]
            lost.append(both[0] - both[1])
    loss = statistics.seeds_interval(lost)
    print(f"{n} labels, balanced minus any: {loss}, {len(lost)} draws")
exercises.unbalanced(draw_any)

# %% [markdown]
# ## Common mistakes
#
# - *One draw of few labels*: two programs can change places with another draw. Draw several times, compare
#   within a draw, give the interval.
# - *The prompt is chosen on the test set*: with fifteen prompts the best one may flatter itself. Settle it
#   before, or choose on labelled data and count those labels.
# - *Hundreds of validation labels beside eight training labels*: count all labels that guided a choice.
# - *A label word of several pieces*: code like that by hand above compares the first alone. Look at what the tokenizer makes of it,
#   with its space.
# - *A method for unlabelled data is compared with nothing*: the rival is the same classifier without it,
#   and, for labels asked for, asking at random.
#
# ## Further reading
#
# - Schick and Schütze (2021),
#   [Exploiting cloze questions for few-shot text classification](https://aclanthology.org/2021.eacl-main.20/):
#   templates and verbalizers, with training.
# - Zhou et al. (2024), [Batch calibration](https://arxiv.org/abs/2309.17249): the correction by a mean of texts without labels.
# - Brown et al. (2020), [Language models are few-shot learners](https://arxiv.org/abs/2005.14165):
#   examples in the prompt.
# - Zhao et al. (2021), [Calibrate before use](https://arxiv.org/abs/2102.09690): how order and wording sway
#   the answers, and the correction by an empty text.
# - Le Scao and Rush (2021),
#   [How many data points is a prompt worth?](https://aclanthology.org/2021.naacl-main.208/): the question of
#   this chapter, for fine-tuning with and without a prompt.
# - Perez, Kiela and Cho (2021), [True few-shot learning with language models](https://arxiv.org/abs/2105.11447):
#   what is left when no hidden validation set chooses.
# - Lewis and Gale (1994), [A sequential algorithm for training text classifiers](https://arxiv.org/abs/cmp-lg/9407020):
#   asking for the labels of which the classifier is least sure.
# - Yarowsky (1995), [Unsupervised word sense disambiguation rivaling supervised methods](https://aclanthology.org/P95-1026/):
#   a classifier that learns from its own answers.
