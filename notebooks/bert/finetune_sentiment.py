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
# # Fine-tuning BERT on film reviews
#
# Take an encoder that has read a great deal and knows nothing of your task, add one small layer, show
# it a few thousand examples once: after this chapter you can do that, and prove what it was worth.
#
# **You will**
#
# - build the baselines that a neural network has to beat before it deserves attention,
# - follow a sentence through WordPiece, padding, mask, encoder and head, and test each of them,
# - write the training loop by hand, and know the reason for every line of it,
# - compare two classifiers as a statistician would: intervals, paired test, test set opened last,
# - move from two classes to three and to the rating itself, and see what accuracy hides.
#
# **You need** [softmax and cross-entropy](../probability/softmax.ipynb) and
# [attention](../transformer/attention.ipynb).

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
import time
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import classification_report, confusion_matrix

from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation import intervals as statistics
from lmcourse.exercises.bert import finetune_sentiment as exercises
from lmcourse.models import pretrained
from lmcourse.records import record
from lmcourse.text.batches import LengthBuckets, pad
from lmcourse.training.loop import fit, schedule

run = session.start(PROFILE, SEED)

# %% [markdown]
# ## Praise or blame?
#
# Here are sentences from film reviews. About twenty people rated how positive each one is, from
# −4 to 4, and the rating is their mean. Can a program tell praise from blame?

# %%
keep = run.size(smoke=96, cpu=None, gpu=None)  # None: all of them


def columns(task):
    """By split: the texts, their labels and their mean ratings."""
    splits = load_reviews(task)
    texts = {name: list(split["text"])[:keep] for name, split in splits.items()}
    labels = {name: np.array(split["label"])[:keep] for name, split in splits.items()}
    ratings = {name: np.array(split["score"])[:keep] for name, split in splits.items()}
    return texts, labels, ratings


texts, labels, ratings = columns("binary")  # 0 blame, 1 praise
for name in texts:
    print(f"{name:<10} {len(texts[name]):>6,} sentences, {labels[name].mean():.3f} of them praise")
for i in (1, 4, 11, 0):
    print(f"\n{ratings['train'][i]:+.1f}  {texts['train'][i][:300]}")

# %% [markdown]
# The first one is easy. The second turns round at *but*. The third begins with praise and ends in
# blame. The fourth blames without saying so; what betrays it are small words, *rip off*, *only*.
#
# Sentences whose mean rating is nearly zero are left out for now; they return below as a third
# class. We learn from *training*, compare on *validation*, and open *test* when all is chosen: a
# test set that has guided a choice is no longer a test.
#
# ## What counting can do
#
# The humblest **baseline** always says what was most frequent in training: right about half of
# the time here, and where any report on accuracy has to begin.
#
# The next idea is older than machine learning: a **lexicon**, a list of words with a weight for
# the mood each carries. We read one off the training data. Let $n_t^{+}$ of the $N^{+}$ sentences
# of praise contain the word $t$, and $n_t^{-}$ of the $N^{-}$ sentences of blame. The weight of
# the word is its **log-odds ratio**, with half a sentence added everywhere so that nothing is
# divided by zero:
#
# $$w_t = \log\frac{n_t^{+} + \tfrac12}{N^{+} - n_t^{+} + \tfrac12}
# - \log\frac{n_t^{-} + \tfrac12}{N^{-} - n_t^{-} + \tfrac12} \tag{1}$$
#
# A word seen once has a large weight and no evidence behind it. The standard error of (1) is the
# root of the sum of the reciprocals of its four counts, so we keep the words with the largest
# $|w_t|$ in standard errors, two hundred a side: a list that one can still read, though
# validation would choose a longer one.


# %%
def log_odds(in_praise, n_praise, in_blame, n_blame):
    """Log-odds ratio of each word [V] and its standard error, from counts of sentences."""
    a, b = in_praise + 0.5, n_praise - in_praise + 0.5
    c, d = in_blame + 0.5, n_blame - in_blame + 0.5
    return np.log(a / b) - np.log(c / d), np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)


def words_of(text):
    """The different words of a text, in lower case."""
    return set(re.findall(r"[a-z']+", text.lower()))


began = time.perf_counter()
praise, blame = Counter(), Counter()
for text, label in zip(texts["train"], labels["train"], strict=True):
    (praise if label else blame).update(words_of(text))
vocabulary = np.array(sorted(praise | blame))  # [V]
in_praise = np.array([praise[word] for word in vocabulary])  # [V]
in_blame = np.array([blame[word] for word in vocabulary])  # [V]
n_praise = int(labels["train"].sum())
weights, errors = log_odds(in_praise, n_praise, in_blame, len(labels["train"]) - n_praise)

# %%
PER_SIDE = 200
order = np.argsort(weights / errors)  # surest blame first, surest praise last
chosen = np.concatenate([order[:PER_SIDE], order[-PER_SIDE:]])
lexicon = dict(zip(vocabulary[chosen].tolist(), weights[chosen].tolist(), strict=True))
lexicon_seconds = time.perf_counter() - began


def by_words(texts, weights):
    """1 where the weights of a text's words sum to more than zero, else 0."""
    return np.array([sum(weights.get(word, 0.0) for word in words_of(t)) > 0 for t in texts]) * 1


def by_lexicon(texts):
    """Labels from the weights of the lexicon's words."""
    return by_words(texts, lexicon)


# %% mystnb={"image": {"alt": "Two bar charts of word weights. Left, the twelve words that most surely mean blame, among them too, bad, dull, but also no, to, or, and movie. Right, the twelve that most surely mean praise, among them best, funny, moving, but also film, of, a and and."}}
figure, axes = plt.subplots(1, 2, figsize=(6.8, 3.6))
for ax, side, color in ((axes[0], order[:12], plot.ORANGE), (axes[1], order[:-13:-1], plot.BLUE)):
    plot.bars(ax, vocabulary[side], weights[side], color=color, xlabel="log-odds ratio")
axes[0].set_title("surest signs of blame")
axes[1].set_title("surest signs of praise")
plt.show()

# %% [markdown]
# The bars show the weights, the order is that of certainty: frequent words stand high with short
# bars. *Dull* and *moving* nobody doubts. But *movie* blames, *film* praises, and so does *and*!

# %%
check("'movie' blames and 'film' praises", lexicon.get("movie", 0) < 0 < lexicon.get("film", 0))
check("'and' praises", lexicon.get("and", 0) > 0)
everything = dict(zip(vocabulary.tolist(), weights.tolist(), strict=True))
held_out = texts["validation"], labels["validation"]
short, full = (
    (by_words(held_out[0], words) == held_out[1]).mean() for words in (lexicon, everything)
)
check("On validation all words do better than the surest", full > short + 0.01)

# %% [markdown]
# The third baseline is the one to fear: **TF-IDF** with logistic regression, a linear model under
# a softmax. Each sentence becomes a sparse vector with one entry for each word and each pair of
# neighbouring words, larger the rarer the word; all weights are learned at once. So *not good*
# has a weight of its own, and words that occur together share credit, which the lexicon cannot
# do. The penalty on large weights, weaker for larger $C$, is chosen on validation.

# %% tags=["nbval-ignore-output"]
began = time.perf_counter()
vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
features = {"train": vectorizer.fit_transform(texts["train"])}  # sparse [N, number of features]
features["validation"] = vectorizer.transform(texts["validation"])
fitted = {}
for C in (0.3, 1, 3, 10, 30, 100):
    candidate = LogisticRegression(C=C, max_iter=2000).fit(features["train"], labels["train"])
    fitted[C] = candidate, candidate.score(features["validation"], labels["validation"])
    print(f"C = {C:<5} accuracy on validation {fitted[C][1]:.3f}")
linear = max(fitted.values(), key=lambda pair: pair[1])[0]
linear_seconds = time.perf_counter() - began


def by_tfidf(texts):
    """Labels from TF-IDF and logistic regression."""
    return linear.predict(vectorizer.transform(texts))


# %% [markdown]
# ## What BERT reads
#
# A BERT encoder does not read words. It reads pieces from a fixed list, its **WordPiece** vocabulary:
# frequent words whole, rare ones in parts, the continuing parts marked with `##`. So hardly any word is
# unknown.

# %%
tokenizer, model = pretrained.classifier(2, SEED)
sample = tokenizer(["An unforgettably overwrought mess.", "Go see it."], padding=True)
for ids in sample["input_ids"]:
    print(" ".join(tokenizer.convert_ids_to_tokens(ids)))
print("mask    ", sample["attention_mask"][1])
print("segment ", sample["token_type_ids"][1])

# %% [markdown]
# Three things were added. `[CLS]` stands in front of every text; through attention it gathers
# from all other positions, and its final vector is what the classifier reads. `[SEP]` closes the
# text. `[PAD]` fills the short sentence up to a rectangle; the **attention mask** is zero there.
# The **segment ids** tell the two texts of a pair apart; for single sentences they are zero and
# may be left out.
#
# ## Where the time goes
#
# Tutorials pad every text to the same length, often 128. How much of the computation is then spent on
# nothing? It depends on who shares a batch with whom. **Length buckets** shuffle the sentences, sort
# them by length within large chunks, cut batches from these, and shuffle the batches.

# %%
BATCH = 32
short_texts = max(map(len, texts["train"])) < 1000  # LMCOURSE_SOURCE=hub brings whole reviews
LONGEST = 128 if short_texts else 256
PAD = tokenizer.pad_token_id


def encode(texts):
    """Rows of WordPiece ids, [CLS] in front and [SEP] at the end."""
    return tokenizer(list(texts), truncation=True, max_length=LONGEST)["input_ids"]


rows = {name: encode(texts[name]) for name in texts}
lengths = np.array([len(row) for row in rows["train"]])  # [N]
buckets = LengthBuckets(lengths, BATCH, seed=SEED)
shuffled = np.random.default_rng(SEED).permutation(len(lengths))
batches = {
    "length buckets": [buckets(step) for step in range(buckets.batches_per_epoch)],
    "random batches": np.array_split(shuffled, buckets.batches_per_epoch),
}
computed = {name: sum(len(b) * lengths[b].max() for b in bs) for name, bs in batches.items()}
computed["every text to the limit"] = len(lengths) * LONGEST
useful = {name: lengths.sum() / positions for name, positions in computed.items()}
for name, share in useful.items():
    print(f"{name:<24} {share:.2f} of the computed positions hold a token")

# %% mystnb={"image": {"alt": "Left: a histogram of sentence lengths in tokens, a hump between ten and fifty, far below the limit of 128, which is marked by a dotted line. Right: bars of computed positions per sentence for three ways of padding, split into tokens and padding. Length buckets have almost no padding, random batches about as much padding as tokens, padding to the limit several times more padding than tokens."}}
figure, (left, right) = plt.subplots(1, 2, figsize=(6.8, 2.8), width_ratios=[1, 1.1])
left.hist(lengths, bins=range(0, LONGEST + 4, 4), color=plot.BLUE)
left.axvline(LONGEST, color=plot.INK, linestyle=":")
left.set(xlabel="tokens in a sentence", ylabel="sentences")
per_sentence = np.array(list(computed.values())) / len(lengths)
plot.bars(right, ["buckets", "random", "limit"], per_sentence, color=plot.ORANGE)
plot.bars(right, ["buckets", "random", "limit"], np.full(3, lengths.mean()), color=plot.BLUE)
right.set_xlabel("positions per sentence (orange: padding)")
plt.show()

# %%
check("In length buckets nearly all positions are useful", useful["length buckets"] > 0.9)
if short_texts:
    wasted = 1 - useful["every text to the limit"]
    check("Padded to the limit, most of the work is for nothing", wasted > 0.5)

# %% [markdown]
# ## One new layer
#
# The encoder turns a sentence into a vector $h$ at `[CLS]`. On top go the **pooler**, a dense layer
# with tanh that comes with BERT, and the **head**, the only part that is new:
#
# $$z = W \tanh(W_p h + b_p) + b \tag{2}$$
#
# One score for each class; the softmax of the scores is the forecast.
#
# > **Note.** What we call BERT is MiniLM, a small encoder distilled from a larger one and then
# > trained to give similar sentences similar *mean* vectors (Exercise 2); `[CLS]` and pooler had
# > no part in that. It has not seen our labels, though perhaps some of the reviews.
# > `LMCOURSE_SOURCE=hub` takes bert-base instead, and the long reviews of IMDB for two classes.


# %%
def head_logits(model, h):
    """Scores [B, K] of the classes from the encoder's vectors h [B, d_model] at [CLS]."""
    pooler, head = model.bert.pooler.dense, model.classifier
    pooled = torch.tanh(h @ pooler.weight.T + pooler.bias)  # [B, d_model]
    return pooled @ head.weight.T + head.bias  # [B, K]


ids = torch.tensor(sample["input_ids"])  # [2, T]
mask = torch.tensor(sample["attention_mask"])  # [2, T]
with torch.inference_mode():
    h = model.bert(input_ids=ids, attention_mask=mask).last_hidden_state[:, 0]  # [2, d_model]
    z = model(input_ids=ids, attention_mask=mask).logits  # [2, K]
    segments = torch.zeros_like(ids)
    z_segments = model(input_ids=ids, attention_mask=mask, token_type_ids=segments).logits
    close("Formula (2) gives the model's own scores", head_logits(model, h), z, atol=1e-5)
    close("Segment ids left out are zeros", z, z_segments)
new = sum(p.numel() for p in model.classifier.parameters())
total = sum(p.numel() for p in model.parameters())
print(f"{model.config.num_hidden_layers} layers, width {model.config.hidden_size}")
print(f"{total:,} parameters, {new} of them new")

# %% [markdown]
# Does the mask do its work? Many a published loop forgets it, and the loss goes down all the
# same. The short sentence must get the same scores alone as beside a long one, and also when we
# write random words into its padding. Without the mask, it must not.

# %%
noise = torch.randint(1000, 20_000, ids.shape, generator=run.generator())  # [2, T]
noisy = torch.where(mask.bool(), ids, noise)
with torch.inference_mode():
    alone = model(input_ids=ids[1:, : mask[1].sum()]).logits[0]
    disturbed = model(input_ids=noisy, attention_mask=mask).logits[1]
    unmasked = model(input_ids=ids, attention_mask=torch.ones_like(mask)).logits[1]
close("Padding does not change the scores", z[1], alone, atol=1e-5)
close("Not even random words in its place", disturbed, alone, atol=1e-5)
leak = (unmasked - alone).abs().max() / (z[1] - alone).abs().max().clamp(min=1e-7)
check("Without the mask the scores move a hundred times as much", leak.item() > 100)

# %% [markdown]
# What does the model know before training? The head is random, so its forecast should be worth as
# much as a coin.


# %%
def outputs(model, ids):
    """Outputs [B, K] of the model for padded ids [B, T], in single precision."""
    return model(input_ids=ids, attention_mask=ids != PAD).logits.float()


@torch.inference_mode()
def predict(model, rows):
    """Outputs [N, K] as an array, in the order of rows, computed in batches of similar length."""
    model.to(run.device).eval()
    order = np.argsort([len(row) for row in rows], kind="stable")  # [N]
    found = np.zeros((len(rows), model.config.num_labels))  # [N, K]
    for chosen in np.array_split(order, -(-len(rows) // 64)):
        with run.autocast():
            ids = pad([rows[i] for i in chosen], PAD).to(run.device)  # [B, T]
            found[chosen] = outputs(model, ids).cpu()
    return found


# %% tags=["nbval-ignore-output"]
before = predict(model, rows["validation"]).argmax(axis=1) == labels["validation"]  # [N]
print(f"validation accuracy before training {before.mean():.3f}")

# %%
check("Before training BERT is no better than a coin", abs(before.mean() - 0.5) < 0.1)

# %% [markdown]
# ## The loop, by hand
#
# The loss is the mean **cross-entropy** of the batch, the surprise at the true labels $y_n$:
#
# $$\mathcal{L} = -\frac1B \sum_{n=1}^{B} \log \frac{e^{z^{(n)}_{y_n}}}{\sum_k e^{z^{(n)}_k}} \tag{3}$$


# %%
def cross_entropy(logits, labels):
    """Mean surprise in nats at labels [B], from logits [B, K]."""
    log_p = logits.log_softmax(dim=-1)  # [B, K]
    return -log_p.gather(1, labels[:, None]).mean()


targets = torch.tensor([1, 0])  # [B]
close("It is PyTorch's", cross_entropy(z, targets), F.cross_entropy(z, targets))

# %% [markdown]
# **AdamW** gives every weight its own step size: however small its slope, a weight moves by about
# the learning rate $\eta$ if its slopes agree, by less if they do not. The weights that
# pretraining found are of the order of a few hundredths; some hundred steps of a thousandth,
# AdamW's default, could carry them beyond recognition. **Fine-tuning** therefore uses small
# rates. We tried $5\cdot10^{-5}$, $10^{-4}$ and $2\cdot10^{-4}$ on validation; they differed no
# more than two seeds do, and we took the middle one. AdamW also pulls matrices a little towards
# zero (**weight decay**).
#
# Nor do we start at full speed: at first the head pulls the encoder in a random direction, and
# Adam has seen too few slopes to judge their size. The learning rate rises over the first tenth
# of the $S$ steps, the $S_w$ steps of **warm-up**, then falls:
#
# $$\eta_s = \eta \cdot \min\left(\frac{s+1}{S_w},\; \frac{S-s}{S-S_w}\right),
# \qquad s = 0, \dots, S-1 \tag{4}$$
#
# The last ingredient is **autocast**: matrix products run in `bf16`, sixteen bits with the range
# of a 32-bit float but fewer than three digits; losses and weights stay in 32 bits. Where the
# hardware has no units for it, `run.autocast()` does nothing.

# %%
EPOCHS = run.size(smoke=1, cpu=1, gpu=3)
STEPS = EPOCHS * buckets.batches_per_epoch
LEARNING_RATE = 1e-4
y = torch.tensor(labels["train"])  # [N]

model.to(run.device).train()
optimizer = torch.optim.AdamW(
    [
        {"params": [p for p in model.parameters() if p.dim() >= 2], "weight_decay": 0.01},
        {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0.0},
    ]
)

# %% [markdown]
# And this is all of fine-tuning. Choose sentences of similar length, pad, mask, forecast, measure the
# surprise, follow the slope.

# %%
torch.manual_seed(SEED)  # dropout draws its numbers here
by_hand = []
for step in range(min(8, STEPS)):
    chosen = buckets(step)  # B numbers of sentences of similar length
    ids = pad([rows["train"][i] for i in chosen], PAD).to(run.device)  # [B, T]
    with run.autocast():
        logits = model(input_ids=ids, attention_mask=ids != PAD).logits  # [B, 2]
        loss = cross_entropy(logits.float(), y[chosen].to(run.device))
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # one odd batch must not wreck all
    for group in optimizer.param_groups:
        group["lr"] = LEARNING_RATE * schedule(step, STEPS, warmup=0.1)
    optimizer.step()
    by_hand.append(loss.item())

check("The first loss is about log 2: a coin's surprise", abs(by_hand[0] - np.log(2)) < 0.05)

# %% [markdown]
# ## The real run
#
# `lmcourse.train.fit` is this loop with a progress bar and checkpoints. From the same weights and
# seed we train for one pass over the data, an **epoch** (three in the `gpu` profile). If it is
# the same loop, its first losses are those that we found by hand.


# %%
def batches_of(rows, targets):
    """The function of the step that `fit` wants: ids [B, T] and targets [B]."""
    buckets = LengthBuckets([len(row) for row in rows], BATCH, seed=SEED)
    targets = torch.as_tensor(targets)  # [N]

    def batch_at(step):
        chosen = buckets(step)
        return pad([rows[i] for i in chosen], PAD), targets[chosen]

    return batch_at


def classification_loss(model, batch):
    ids, labels = batch
    return cross_entropy(outputs(model, ids), labels)


def fine_tune(model, loss, rows, targets, label, epochs):
    """Train for so many epochs with the settings of this chapter."""
    torch.manual_seed(SEED)
    steps = round(epochs * -(-len(rows) // BATCH))
    settings = {"steps": steps, "learning_rate": LEARNING_RATE, "session": run, "label": label}
    history = fit(model, loss, batches_of(rows, targets), **settings)
    model.zero_grad()  # as large as the model, and no longer needed
    return history


# %% tags=["nbval-ignore-output"]
del optimizer
_, model = pretrained.classifier(2, SEED)
history = fine_tune(
    model, classification_loss, rows["train"], labels["train"], "two classes", EPOCHS
)
print(f"{history.steps} steps in {history.seconds:.0f} s on {run.device} in {run.precision}:")
print(f"{EPOCHS * len(lengths) / history.seconds:.0f} sentences a second")

# %%
same = history.losses[: len(by_hand)]
close("fit repeats the losses of the loop by hand", same, by_hand, atol=1e-3)
half = len(history.losses) // 2
check(
    "The second half is well below the first loss",
    np.mean(history.losses[half:]) < history.losses[0] - 0.2,
)

# %% mystnb={"image": {"alt": "The training loss against the step: faint dots for single batches, which scatter widely, and a line for their running mean. It stays at log 2 during the warm-up, then drops quickly and keeps falling slowly to about half of that."}}
figure, ax = plt.subplots(figsize=(6.4, 3))
steps = np.arange(1, history.steps + 1)
window = max(1, history.steps // 12)
smooth = np.convolve(history.losses, np.ones(window) / window, mode="valid")
ax.plot(steps, history.losses, ".", color=plot.SKY, markersize=4, label="batch")
ax.plot(steps[window - 1 :], smooth, label=f"mean of {window} batches")
ax.axhline(np.log(2), color=plot.GREY, linestyle=":", label="log 2: a coin")
ax.set(xlabel="step", ylabel="cross-entropy in nats", ylim=(0, 1))
ax.legend(ncols=3, loc="upper right", fontsize=9)
plt.show()

# %% [markdown]
# ## The test
#
# Everything is chosen. Now each system answers the test sentences.


# %%
def by_bert(texts):
    """Labels from the fine-tuned encoder."""
    return predict(model, encode(texts)).argmax(axis=1)


def by_majority(texts):
    """The label that is most frequent in training."""
    return np.full(len(texts), np.bincount(labels["train"]).argmax())


systems = {"majority": by_majority, "lexicon": by_lexicon}
systems |= {"TF-IDF + logistic regression": by_tfidf, "fine-tuned BERT": by_bert}
correct, bulk_ms = {}, {}
for name, system in systems.items():
    began = time.perf_counter()
    answers = system(texts["test"])  # [N]
    bulk_ms[name] = 1000 * (time.perf_counter() - began) / len(answers)
    correct[name] = answers == labels["test"]  # [N]

# %% [markdown]
# How far can such a number be trusted? Accuracy scatters from one set of $N$ such sentences to
# the next like the share of heads in $N$ throws of a bent coin. For 95 of 100 such sets the
# interval around the measured $\hat a$
#
# $$\hat a \pm 1.96 \sqrt{\frac{\hat a\,(1 - \hat a)}{N}} \tag{5}$$
#
# holds the accuracy that the model would have on endlessly many. The bootstrap, which draws the
# test sentences again and again with replacement, says the same without a formula.


# %%
def accuracy_interval(correct):
    """Accuracy of answers that are right or wrong [N], with its normal 95 % interval."""
    accuracy = np.mean(correct)
    half = 1.96 * np.sqrt(accuracy * (1 - accuracy) / len(correct))
    return statistics.Interval(float(accuracy), float(accuracy - half), float(accuracy + half))


by_formula = {name: accuracy_interval(right) for name, right in correct.items()}
intervals = {name: statistics.bootstrap_mean(right) for name, right in correct.items()}
gaps = [np.subtract(by_formula[name], intervals[name]) for name in systems]
check("Formula and bootstrap agree", np.abs(gaps).max() < 0.005)

# %% mystnb={"image": {"alt": "Accuracy on the test set with intervals for four systems on one axis. The majority class lies near one half, the lexicon near three quarters, TF-IDF with logistic regression a little above it, and fine-tuned BERT clearly to the right of all; its interval does not touch the others."}}
figure, ax = plt.subplots(figsize=(6.6, 2.6))
names = ["majority", "lexicon", "TF-IDF + LR", "fine-tuned BERT"]
colors = [plot.GREY, plot.GREEN, plot.ORANGE, plot.BLUE]
plot.intervals(ax, names, list(intervals.values()), color=colors, xlabel="accuracy on test")
plt.show()

# %% tags=["nbval-ignore-output"]
sizes = [1, len(lexicon), linear.coef_.size, total]
seconds = [0.0, lexicon_seconds, linear_seconds, history.seconds]
keys = ["majority", "lexicon", "tfidf", "minilm"]
shown = [
    "Majority class",
    "Lexicon from counts",
    "TF-IDF + logistic regression",
    "Fine-tuned MiniLM",
]
for key, label, name, n, s in zip(keys, shown, systems, sizes, seconds, strict=True):
    value, *bounds = intervals[name]
    options = {"ladder": "classification", "label": label, "parameters": n, "seconds": s}
    record(f"finetune.accuracy_{key}", value, "accuracy", bounds, **options)

# %%
bert, tfidf = correct["fine-tuned BERT"], correct["TF-IDF + logistic regression"]  # [N] each
check("BERT reaches at least 0.82", bert.mean() >= 0.82)
check("The lexicon beats the majority", intervals["lexicon"].low > intervals["majority"].high)
check("Every baseline's interval lies below BERT's", max(
    intervals[name].high for name in systems if name != "fine-tuned BERT"
) < intervals["fine-tuned BERT"].low)  # fmt: skip

# %% [markdown]
# Two intervals side by side waste something: both systems answered the *same* sentences. Those
# that both get right, or both wrong, say nothing about which is better. There remain the $b$ that
# BERT alone gets right and the $c$ that TF-IDF alone gets right. If the two were equally good,
# each would be the throw of a fair coin; **McNemar's test** asks how often such throws are at
# least as lopsided:
#
# $$p = \min\left(1,\; 2\sum_{k=0}^{\min(b,c)} \binom{b+c}{k}\, 2^{-(b+c)}\right) \tag{6}$$

# %% tags=["nbval-ignore-output"]
difference = statistics.paired_bootstrap(bert, tfidf)
p_value = statistics.mcnemar(bert, tfidf)
print(f"BERT alone right: {(bert & ~tfidf).sum()}, TF-IDF alone right: {(tfidf & ~bert).sum()}")
print(f"both wrong: {(~bert & ~tfidf).sum()}, p = {p_value:.1g}")
note = f"fine-tuned MiniLM minus TF-IDF + LR, exact McNemar p = {p_value:.1g}"
bounds = (difference.low, difference.high)
record("finetune.paired_difference", difference.value, "accuracy", bounds, note=note)

# %%
check("BERT is better than TF-IDF: the interval excludes zero", difference.low > 0)
check("McNemar's test agrees: p below one in a thousand", p_value < 1e-3)
check("Yet TF-IDF alone is right on many sentences", (tfidf & ~bert).mean() > 0.02)

# %% [markdown]
# The difference is not luck of the test sentences. Yet logistic regression over words and pairs
# gets most of them right, some where BERT is wrong. And this is one seed, one draw of head, order
# and dropout (random zeros in training): `lmcourse seeds bert/finetune_sentiment` runs several,
# and the [results page](../../book/results.md) shows their interval.

# %% tags=["nbval-ignore-output"]
answers = np.where(bert, labels["test"], 1 - labels["test"])  # [N]
print(classification_report(labels["test"], answers, target_names=["blame", "praise"], digits=3))

# %% [markdown]
# **Precision** is how many of those called praise are praise; **recall**, how many of the praise
# were found; **F1** is their harmonic mean. With balanced classes and about as many errors on
# either side they come out near the accuracy. That will change below.
#
# ## What does it get wrong?
#
# Errors read on test guide the next choice, and the test is used up. So we read those on
# validation of which BERT was most certain.

# %% tags=["nbval-ignore-output"]
p_praise = torch.tensor(predict(model, rows["validation"])).softmax(dim=-1)[:, 1].numpy()  # [N]
wrong = np.flatnonzero((p_praise > 0.5) != labels["validation"])
worst = wrong[np.argsort(-np.abs(p_praise[wrong] - 0.5))]
for i in worst[:8]:
    rating, text = ratings["validation"][i], texts["validation"][i]
    print(f"p(praise) {p_praise[i]:.2f}, people {rating:+.1f}: {text[:200]}")

# %% [markdown]
# Read them aloud. You will probably meet irony; faint praise; a verdict that hangs on knowing
# something outside the sentence; and now and then a rating that you would dispute. If many errors
# come from half-hearted sentences, accuracy must rise with the strength of the human rating.

# %% mystnb={"image": {"alt": "Accuracy on test with intervals against the strength of the human rating, from half a point to four, for BERT and for TF-IDF. Both rise from left to right, from two thirds or less for weak ratings to about nine tenths for strong ones, BERT above TF-IDF everywhere."}}
strength = np.abs(ratings["test"])  # [N]
bands = [(0.5, 1), (1, 1.5), (1.5, 2), (2, 2.5), (2.5, 4.1)]
inside = {band: (strength >= band[0]) & (strength < band[1]) for band in bands}
figure, ax = plt.subplots(figsize=(6.4, 3.2))
for right, name, color, shift in (
    (bert, "BERT", plot.BLUE, -0.03),
    (tfidf, "TF-IDF", plot.ORANGE, 0.03),
):
    filled = [(np.mean(band), right[chosen]) for band, chosen in inside.items() if chosen.any()]
    centre = np.array([x for x, _ in filled]) + shift
    value, low, high = np.array([statistics.bootstrap_mean(r, n=2000) for _, r in filled]).T
    ax.errorbar(centre, value, [value - low, high - value], color=color, marker="o", label=name)
ax.set(xlabel="strength of the mean human rating", ylabel="accuracy on test")
ax.legend(loc="lower right")
plt.show()

# %%
weak = strength <= np.quantile(strength, 1 / 3)
strong = strength >= np.quantile(strength, 2 / 3)
graded = np.ptp(strength) > 0  # IMDB (LMCOURSE_SOURCE=hub) has no graded ratings
clearer = bert[strong].mean() - bert[weak].mean()
if graded:
    check("Where people are clear, BERT errs far less often", clearer > 0.08)

# %% [markdown]
# Many of the errors are thus sentences that moved their raters little, or in opposite directions.
# Two classes were cut from a scale, and a label does not say how near the cut it lies. We come
# back to this at the end.
#
# ## What it costs
#
# Accuracy is one axis. What does an answer cost, alone and in bulk?


# %%
def milliseconds(system, texts):
    """Median time of one answer, one text at a time."""
    times = []
    for text in texts:
        began = time.perf_counter()
        system([text])
        times.append(time.perf_counter() - began)
    return 1000 * float(np.median(times))


some = texts["validation"][: run.size(smoke=3, cpu=40, gpu=200)]
one_ms = {name: milliseconds(system, some) for name, system in systems.items()}

# %% tags=["nbval-ignore-output"]
print(f"{'':<30}{'accuracy':>9}{'parameters':>12}{'training':>10}{'one text':>10}{'in bulk':>10}")
for name, n, s in zip(systems, sizes, seconds, strict=True):
    print(f"{name:<30}{correct[name].mean():>9.3f}{n:>12,}{s:>8.1f} s", end="")
    print(f"{one_ms[name]:>7.2f} ms{bulk_ms[name]:>7.2f} ms")

# %%
slower = one_ms["fine-tuned BERT"] / one_ms["TF-IDF + logistic regression"]
check("For one text BERT takes more than twice the time of TF-IDF", slower > 2)
check("And it has over a hundred times the parameters", total > 100 * linear.coef_.size)

# %% [markdown]
# Whether the gain is worth that is not a question of statistics but of what an error costs you.
#
# ## Three classes, and what accuracy hides
#
# Now the sentences near zero come back as a third class, *neutral*. In code, the head gets a third row.
# To keep the chapter short, this run and the next see two thirds of the sentences once (in the `gpu`
# profile, all of them three times).

# %%
texts, labels, ratings = columns("three")  # 0 blame, 1 neutral, 2 praise
rows = {name: encode(texts[name]) for name in texts}
prior = np.bincount(labels["train"], minlength=3) / len(labels["train"])  # [3]
names = ["blame", "neutral", "praise"]
print(" · ".join(f"{name} {share:.3f}" for name, share in zip(names, prior, strict=True)))

# %% tags=["nbval-ignore-output"]
graded_run = {"label": "graded", "epochs": run.size(smoke=1, cpu=2 / 3, gpu=3)}
_, model = pretrained.classifier(3, SEED)
fine_tune(model, classification_loss, rows["train"], labels["train"], **graded_run)
three = predict(model, rows["test"])  # [N, 3]
three_answers = three.argmax(axis=1)  # [N]
report = {"target_names": names, "labels": [0, 1, 2], "digits": 3, "zero_division": 0}
print(classification_report(labels["test"], three_answers, **report))

# %% mystnb={"image": {"alt": "A confusion matrix of three classes, rows what people said, columns what BERT said, each cell a number of sentences. Blame and praise have large counts on the diagonal. The column neutral is empty or nearly so: the neutral sentences were spread over the other two columns."}}
figure, ax = plt.subplots(figsize=(4.6, 3.2))
counts = confusion_matrix(labels["test"], three_answers, labels=[0, 1, 2])
plot.heatmap(ax, counts, names, names, fmt=".0f")
ax.set(xlabel="BERT says", ylabel="people say")
plt.show()

# %% [markdown]
# The accuracy looks fine, and a class is missing: the neutral column is empty or nearly so. No
# bug. A class that is one in twenty is hardly ever the *most likely* one, and betting on the
# other two costs almost no accuracy. A number that treats all classes alike shows it. With $TP_k$
# sentences of class $k$ found, $FP_k$ wrongly called $k$ and $FN_k$ missed,
#
# $$F_k = \frac{2\,TP_k}{2\,TP_k + FP_k + FN_k}, \qquad
# \text{macro-}F_1 = \frac1K \sum_{k=1}^{K} F_k \tag{7}$$


# %%
def macro_f1(truth, predicted, n_classes=3):
    """Mean of the classes' F1; a class that is never found counts as zero."""
    scores = []
    for k in range(n_classes):
        found = np.sum((truth == k) & (predicted == k))
        false, missed = (
            np.sum((truth != k) & (predicted == k)),
            np.sum((truth == k) & (predicted != k)),
        )
        scores.append(2 * found / max(2 * found + false + missed, 1))
    return float(np.mean(scores))


three_accuracy = np.mean(three_answers == labels["test"])
neutral_recall = np.mean(three_answers[labels["test"] == 1] == 1)
check("The accuracy of three classes looks fine", three_accuracy > 0.75)
check("And the neutral class is hardly ever found", neutral_recall < 0.1)
check("Macro-F1 tells", macro_f1(labels["test"], three_answers) < three_accuracy - 0.1)

# %% [markdown]
# ## The rating itself
#
# Why cut the scale at all? A rating is a number, so let the head have *one* output $\hat r$ and train
# it with the **squared error** against the mean rating $r$:
#
# $$\mathcal{L} = \frac1B\sum_{n=1}^{B} \left(\hat r_n - r_n\right)^2 \tag{8}$$
#
# Cross-entropy knows the classes as names: calling a mild blame *praise* costs as much as calling
# a furious one so. Squared error knows that they lie on a line, and large misses cost most. Their
# slopes are close relatives, forecast minus fact: $p - y$ for cross-entropy, as in [the softmax
# chapter](../probability/softmax.ipynb), $2(\hat r - r)$ here, both divided by $B$.


# %%
def squared_error(predicted, ratings):
    """Mean squared error of predicted [B] against ratings [B]."""
    return ((predicted - ratings) ** 2).mean()


def score_loss(model, batch):
    ids, ratings = batch
    return squared_error(outputs(model, ids)[:, 0], ratings.float())


s = torch.tensor([1.5, -0.5], requires_grad=True)
squared_error(s, torch.tensor([2.0, -3.0])).backward()
close("Its slope is 2(forecast − rating)/B", s.grad, [2 * (1.5 - 2.0) / 2, 2 * (-0.5 + 3.0) / 2])

# %% [markdown]
# Same encoder, same sentences, same steps, same seed; one output instead of three. Two baselines come
# along: the mean of the training ratings, which is the best constant under squared error, and ridge
# regression on TF-IDF, its penalty chosen on validation.

# %% tags=["nbval-ignore-output"]
_, model = pretrained.classifier(1, SEED)
fine_tune(model, score_loss, rows["train"], ratings["train"], **graded_run)
scores = {name: predict(model, rows[name])[:, 0] for name in ("validation", "test")}  # [N]

vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
features = {"train": vectorizer.fit_transform(texts["train"])}
features |= {name: vectorizer.transform(texts[name]) for name in ("validation", "test")}
ridges = [Ridge(alpha=alpha).fit(features["train"], ratings["train"]) for alpha in (0.3, 1, 3, 10)]
ridge = min(
    ridges, key=lambda r: squared_error(r.predict(features["validation"]), ratings["validation"])
)
forecasts = {
    "training mean": np.full(len(ratings["test"]), ratings["train"].mean()),
    "TF-IDF + ridge": ridge.predict(features["test"]),
    "fine-tuned BERT": scores["test"],
}
mse = {name: squared_error(s, ratings["test"]) for name, s in forecasts.items()}
r = {name: np.corrcoef(s, ratings["test"])[0, 1] for name, s in list(forecasts.items())[1:]}
for name in mse:
    print(f"{name:<16} squared error {mse[name]:.2f}, correlation {r.get(name, 0):.2f}")
record("finetune.score_correlation", r["fine-tuned BERT"], "correlation")

# %%
check("BERT's squared error is the smallest", min(mse, key=mse.get) == "fine-tuned BERT")
check("It explains over half of the variance", mse["fine-tuned BERT"] < mse["training mean"] / 2)
check("It correlates better than ridge", r["fine-tuned BERT"] > r["TF-IDF + ridge"] + 0.03)
farthest = np.abs(scores["test"]).max()
check("It never goes to the ends of the scale", farthest < np.abs(ratings["test"]).max())

# %% mystnb={"image": {"alt": "A cloud of test sentences, the human rating across and BERT's score upwards. It rises along the diagonal in two dense patches, praise at the upper right and blame at the lower left, and ends at the same height on either side, well short of the ends of the scale. The few neutral sentences, in a shaded strip, are spread over the whole height; a thin scatter lies in the two wrong quadrants."}}
figure, ax = plt.subplots(figsize=(5.2, 4))
ax.plot(ratings["test"], scores["test"], ".", color=plot.BLUE, alpha=0.25, markersize=5)
ax.plot([-4, 4], [-4, 4], color=plot.GREY, linestyle=":")
ax.axvspan(-0.5, 0.5, color=plot.ORANGE, alpha=0.15)
ax.set(xlabel="mean human rating (shaded: neutral)", ylabel="BERT's score")
plt.show()

# %% [markdown]
# Two things are worth seeing. The cloud is flattened at its ends: squared error makes cautious
# forecasts, and after so little training mild and glowing praise get nearly the same score. And
# the neutral sentences, in the shaded strip, do not gather at zero but are strewn over the whole
# height. Most of their raters did not shrug: some praised, some blamed, and the model takes a
# side.
#
# From the score the classes come back by two cuts: half a point from zero, where the neutral
# class was *defined*, or at the distance that is best for macro-F1 on validation. The three-class
# model gets a second try as well: its probabilities divided by the classes' frequencies, so that
# the rare class is not outvoted by its rarity alone.


# %%
def cut(scores, threshold):
    """Classes 0, 1, 2 [N]: below −threshold, between, from threshold on."""
    return np.digitize(scores, [-threshold, threshold])


cuts = np.linspace(0.05, 1.5, 30)
on_validation = [macro_f1(labels["validation"], cut(scores["validation"], t)) for t in cuts]
best_cut = cuts[int(np.argmax(on_validation))]
tries = {
    "majority": np.full(len(three_answers), prior.argmax()),
    "cross-entropy, likeliest": three_answers,
    "cross-entropy, / frequency": (three - np.log(prior)).argmax(axis=1),
    "score, cut at ±0.5": cut(scores["test"], 0.5),
    "score, cut on validation": cut(scores["test"], best_cut),
}
accuracy = {name: np.mean(found == labels["test"]) for name, found in tries.items()}
f1 = {name: macro_f1(labels["test"], found) for name, found in tries.items()}
recall = {name: np.mean(found[labels["test"] == 1] == 1) for name, found in tries.items()}

# %% tags=["nbval-ignore-output"]
print(f"{'':<28}{'accuracy':>9}{'macro-F1':>10}{'recall of neutral':>19}")
for name in tries:
    print(f"{name:<28}{accuracy[name]:>9.3f}{f1[name]:>10.3f}{recall[name]:>19.3f}")

# %% [markdown]
# The cut score finds some of the neutral sentences, pays for them in accuracy, and still misses
# many. Dividing by the frequencies helps only as far as the model tells neutral sentences from
# others, and so little training has hardly taught it that. Which remedy is *best*? So few
# sentences are neutral that macro-F1 is uncertain by about as much as the remedies differ, and
# another seed may pick quite another cut. What a missed neutral sentence costs, no table can tell
# you; but look beyond the first column.

# %%
likeliest, half_point = "cross-entropy, likeliest", "score, cut at ±0.5"
check("The cut score finds more of the neutral ones", recall[half_point] > recall[likeliest] + 0.05)
check("It pays in accuracy", accuracy[half_point] < accuracy[likeliest] - 0.01)
check(
    "The mean macro-F1 of the three remedies is higher",
    np.mean(list(f1.values())[2:]) > f1[likeliest] + 0.01,
)
check("Every remedy misses many of the neutral ones", max(recall.values()) < 0.7)
check("Most neutral sentences do not score near zero", recall[half_point] < 0.5)
p_neutral = torch.tensor(three).softmax(dim=-1)[:, 1].numpy()  # [N]
neutral = labels["test"] == 1  # [N]
check(
    "Neutral sentences get hardly more p(neutral) than others",
    p_neutral[neutral].mean() < 1.5 * p_neutral[~neutral].mean(),
)

# %% [markdown]
# So which loss is the better one? The three-class model forecasts the rating too: the mean rating
# of each class, weighted with its probability. Compare on which *side* of zero a sentence lies,
# and *how far*.

# %%
centres = np.array([ratings["train"][labels["train"] == k].mean() for k in range(3)])  # [3]
expected = torch.tensor(three).softmax(dim=-1).numpy() @ centres  # [N]
clear = labels["test"] != 1  # [N]
truth = ratings["test"][clear] > 0
side_score = (scores["test"][clear] > 0) == truth
side_three = (three[clear, 2] > three[clear, 0]) == truth


def within_sides(forecast, chosen=slice(None)):
    """Mean of the correlations with the rating among praise alone and among blame alone."""
    f, r, y = forecast[chosen], ratings["test"][chosen], labels["test"][chosen]
    return np.mean([np.corrcoef(f[y == k], r[y == k])[0, 1] for k in (0, 2)])


by_loss = {"cross-entropy": expected, "squared error": scores["test"]}
r_all = {name: np.corrcoef(f, ratings["test"])[0, 1] for name, f in by_loss.items()}
r_within = {name: within_sides(f) for name, f in by_loss.items()}
draws = np.random.default_rng(SEED).integers(len(expected), size=(1000, len(expected)))
gains = [within_sides(scores["test"], d) - within_sides(expected, d) for d in draws]

# %% tags=["nbval-ignore-output"]
print(
    "side right: squared error minus cross-entropy",
    statistics.paired_bootstrap(side_score, side_three),
)
print(
    "degree within a side:",
    statistics.Interval(
        r_within["squared error"] - r_within["cross-entropy"], *np.quantile(gains, [0.025, 0.975])
    ),
)
for name in by_loss:
    print(f"{name:<14} correlation {r_all[name]:.3f}, within the sides {r_within[name]:.3f}")

# %%
check("On the side they are close", abs(side_score.mean() - side_three.mean()) < 0.03)
check("Squared error knows the rating better", r_all["squared error"] > r_all["cross-entropy"])
check("Also within one side: the interval excludes zero", np.quantile(gains, 0.025) > 0)
check("There both know much less", max(r_within.values()) < min(r_all.values()) - 0.1)

# %% [markdown]
# For the side no loss can be shown: the difference is small, and another seed may turn its sign.
# For the degree something is gained: squared error was told how far, cross-entropy was not. Most
# of the correlation is telling the two sides apart, though; within a side both know much less.
# The target decides which questions a model can answer: choose it first.
#
# ## Summary
#
# Fine-tuning is a pretrained encoder, one fresh layer, a small learning rate and a short loop. It
# beat a strong linear baseline by a margin that a paired test tells from luck, at a price that
# the table shows. The mask was tested by disturbing what it hides. Accuracy hid a missing class;
# macro-F1 showed it. Another last layer and another loss make the same encoder answer another
# question.
#
# ## Exercises
#
# > **Exercise 1.** Who alone is right (★☆☆, 5 minutes). McNemar's test needs two counts. Write
# > `discordant(first, second, truth)` for three arrays of class numbers, of any number of classes: how
# > many items the first alone gets right, and how many the second alone.
#
# <details><summary>Hint</summary>
#
# With three classes two answers can differ and both be wrong.
#
# </details>


# %% tags=["exercise"]
def discordant(first, second, truth):
    """Counts (b, c): first right and second wrong, second right and first wrong; arrays [N]."""
    ...


exercises.discordant(discordant)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def discordant(first, second, truth):
    """Counts (b, c): first right and second wrong, second right and first wrong; arrays [N]."""
    right, also = first == truth, second == truth  # [N] each
    return int((right & ~also).sum()), int((also & ~right).sum())


exercises.discordant(discordant)

# %% [markdown]
# > **Exercise 2.** Another summary than [CLS] (★★☆, 10 minutes). Many encoders, ours among them, were
# > trained to put the meaning of a sentence into the *mean* of its token vectors. Write
# > `mean_pool(hidden, mask)`: for `hidden` of shape `[B, T, d_model]` and a `mask` `[B, T]` of ones and
# > zeros, the mean over the real tokens of each row.
#
# <details><summary>Hint</summary>
#
# `mask[..., None]` has the shape `[B, T, 1]`. Two things must leave the padding out.
#
# </details>


# %% tags=["exercise"]
def mean_pool(hidden, mask):
    """Mean [B, d_model] of the vectors [B, T, d_model] where mask [B, T] is one."""
    ...


exercises.mean_pool(mean_pool)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def mean_pool(hidden, mask):
    """Mean [B, d_model] of the vectors [B, T, d_model] where mask [B, T] is one."""
    real = mask[..., None].float()  # [B, T, 1]
    return (hidden * real).sum(dim=1) / real.sum(dim=1)


exercises.mean_pool(mean_pool)

# %% [markdown]
# > **Exercise 3.** A rare class made dear (★★☆, 10 minutes). One can also act in training and count each
# > surprise with the weight of its class. Write `weighted_cross_entropy(logits, labels, weights)`: the
# > weighted *mean* surprise, with one weight for each of the `K` classes.
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
    surprise = -logits.log_softmax(dim=-1).gather(1, labels[:, None])[:, 0]  # [B]
    weight = weights[labels]  # [B]
    return (weight * surprise).sum() / weight.sum()


exercises.weighted(weighted_cross_entropy)

# %% [markdown]
# > **Exercise 4.** A budget of tokens (★★★, 20 minutes). A fixed number of sentences makes batches of
# > long ones expensive and of short ones wasteful. Write `by_budget(lengths, budget)`: batches (lists of
# > sentence numbers) such that the padded size of each, its number of sentences times its longest
# > length, is at most `budget`, with as little padding as sorting allows. No length exceeds the budget.
#
# <details><summary>Hint</summary>
#
# Go through the sentences from short to long. Then the longest of a batch is the one that you are
# just adding. Close the batch if adding it would cost too much.
#
# </details>


# %% tags=["exercise"]
def by_budget(lengths, budget):
    """Lists of item numbers; len(batch) * longest length in it is at most budget."""
    ...


exercises.budget(by_budget)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 4
def by_budget(lengths, budget):
    """Lists of item numbers; len(batch) * longest length in it is at most budget."""
    batches, batch = [], []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if (len(batch) + 1) * lengths[i] > budget:
            batches.append(batch)
            batch = []
        batch.append(i)
    return [*batches, batch]


exercises.budget(by_budget)

# %% [markdown]
# ## Common mistakes
#
# Batches are padded and the mask is not passed on: the model trains, and its answer depends on
# its neighbours. The model stays in training mode at the test, so that dropout draws another
# answer each time. The learning rate is left at the default of the optimizer, ten times ours. The
# best of many epochs, thresholds or seeds is picked on test. Two accuracies are compared without
# a word on chance.
#
# ## Further reading
#
# - Hutto and Gilbert (2014), [VADER](https://doi.org/10.1609/icwsm.v8i1.14550): where the ratings come
#   from.
# - Devlin et al. (2019), [BERT](https://aclanthology.org/N19-1423/): pretraining and the recipe used
#   here.
# - Wang et al. (2020), [MiniLM](https://arxiv.org/abs/2002.10957), and Reimers and Gurevych (2019),
#   [Sentence-BERT](https://aclanthology.org/D19-1410/): where our small encoder comes from.
# - Mosbach, Andriushchenko and Klakow (2021),
#   [On the stability of fine-tuning BERT](https://arxiv.org/abs/2006.04884): why some runs fail, and what
#   warm-up and more steps do about it.
# - Dodge et al. (2020),
#   [Fine-tuning pretrained language models](https://arxiv.org/abs/2002.06305): how much the seed alone
#   can do.
# - Wang and Manning (2012), [Baselines and bigrams](https://aclanthology.org/P12-2018/): simple models
#   that are hard to beat.
# - Monroe, Colaresi and Quinn (2008), [Fightin' words](https://doi.org/10.1093/pan/mpn018): weights of
#   words with their standard errors.
# - Pang and Lee (2005), [Seeing stars](https://aclanthology.org/P05-1015/): ratings as a scale.
# - Menon et al. (2021),
#   [Long-tail learning via logit adjustment](https://arxiv.org/abs/2007.07314): rare classes.
# - Dror et al. (2018),
#   [The hitchhiker's guide to testing statistical significance](https://aclanthology.org/P18-1128/).
