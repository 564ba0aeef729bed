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
# - compare two classifiers as a statistician would: intervals, paired test, test set used once,
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
from unittest import mock

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import classification_report, confusion_matrix

from lmcourse import data, metrics, plot, pretrained, session
from lmcourse.claims import check, close, record
from lmcourse.exercises import bert as exercises
from lmcourse.train import LengthBuckets, fit, pad, schedule

run = session.start(PROFILE, SEED)

# %% [markdown]
# ## Praise or blame?
#
# Here are sentences from film reviews. Twenty people rated how positive each one is, from −4 to 4, and
# the rating is their mean. The question of this chapter: can a program tell praise from blame?

# %%
keep = run.size(smoke=96, cpu=None, gpu=None)  # None: all of them


def columns(task):
    """By split: the texts, their labels and their mean ratings."""
    splits = data.reviews(task)
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
# blame. The fourth blames without a single word that means *bad*, and whoever counts words will have a
# hard time with it.
#
# Sentences whose mean rating is nearly zero are left out for now; they return below as a third class.
# Three splits have three jobs. We learn from *training*, we make every choice on *validation*, and we
# look at *test* exactly once, because a test set that has guided a choice is no longer a test.
#
# ## What counting can do
#
# The humblest **baseline** always says what was most frequent in training. It is right about half of
# the time here, and it is where any report on accuracy has to begin.
#
# The next idea is older than machine learning: a **lexicon**, a list of words with a weight for the
# mood each carries. People have written such lists by hand. We can read one off the training data. Let
# $n_t^{+}$ of the $N^{+}$ sentences of praise contain the word $t$, and $n_t^{-}$ of the $N^{-}$
# sentences of blame. The weight of the word is its **log-odds ratio**, with half a sentence added
# everywhere so that nothing is divided by zero:
#
# $$w_t = \log\frac{n_t^{+} + \tfrac12}{N^{+} - n_t^{+} + \tfrac12}
# - \log\frac{n_t^{-} + \tfrac12}{N^{-} - n_t^{-} + \tfrac12} \tag{1}$$
#
# A word seen once has a large weight and no evidence behind it. The standard error of (1) is the root
# of the sum of the reciprocals of its four counts, so we keep the words with the largest $|w_t|$ in
# standard errors: those that surely lean one way.


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


def by_lexicon(texts):
    """1 where the weights of a text's words sum to more than zero, else 0."""
    return np.array([sum(lexicon.get(word, 0.0) for word in words_of(t)) > 0 for t in texts]) * 1


# %% mystnb={"image": {"alt": "Two bar charts of word weights. Left, the twelve words that most surely mean blame, among them too, bad, dull, but also no, to, or, and movie. Right, the twelve that most surely mean praise, among them best, funny, moving, but also film, of, a and and."}}
figure, axes = plt.subplots(1, 2, figsize=(6.8, 3.6))
for ax, side, color in ((axes[0], order[:12], plot.ORANGE), (axes[1], order[:-13:-1], plot.BLUE)):
    plot.bars(ax, vocabulary[side], weights[side], color=color, xlabel="log-odds ratio")
axes[0].set_title("surest signs of blame")
axes[1].set_title("surest signs of praise")
plt.show()

# %% [markdown]
# *Dull* and *moving* nobody doubts. But *movie* is a sign of blame and *film* one of praise! And
# *and*, which joins one merit to the next, praises. No one writing a lexicon by hand would have
# thought of it.

# %%
check("'movie' blames and 'film' praises", lexicon.get("movie", 0) < 0 < lexicon.get("film", 0))
check("'and' praises", lexicon.get("and", 0) > 0)

# %% [markdown]
# The third baseline is the one to fear: **TF-IDF** with logistic regression. Each sentence becomes a
# sparse vector with one entry for each word and each pair of neighbouring words, larger the rarer the
# word; a linear model learns a weight for every entry at once. It sees *not good* as a pair, and it
# shares credit between words that occur together, which the lexicon cannot. Its one knob, the strength
# $C$ with which the weights may grow, is chosen on validation.

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
# Three things were added. `[CLS]` stands in front of every text. It means nothing itself; through
# attention it can gather from all other positions, and its final vector is what the classifier will
# read. `[SEP]` closes the text. `[PAD]` fills the shorter sentence up, because a batch must be a
# rectangle; the **attention mask** is zero there. The **segment ids** tell a first text from a second
# when BERT reads a pair. We have single sentences, so they are all zero, which is also what the model
# assumes when we leave them out.
#
# ## Where the time goes
#
# Tutorials pad every text to the same length, often 128. How much of the computation is then spent on
# nothing? It depends on who shares a batch with whom. **Length buckets** shuffle the sentences, sort
# them by length within large chunks, cut batches from these, and shuffle the batches.

# %%
BATCH = 32
LONGEST = 256 if data.source() == "hub" else 128
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
short_texts = lengths.max() < LONGEST  # not so for the long reviews of LMCOURSE_SOURCE=hub
check("In length buckets nearly all positions are useful", useful["length buckets"] > 0.9)
check(
    "Padded to the limit, most of the work is for nothing",
    useful["every text to the limit"] < 0.5 or not short_texts,
)

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
# > **Note.** Our encoder is MiniLM, a BERT distilled to a smaller one and then trained to give similar
# > sentences similar vectors. It has not seen our labels. It may have read some of these reviews,
# > without the ratings, as any model may that has read the web. With `LMCOURSE_SOURCE=hub` the chapter
# > takes bert-base and the long reviews of IMDB for its two classes instead.


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
# Does the mask do its work? Many a published loop forgets it, and the loss goes down all the same.
# So we do not trust, we disturb. The short sentence must get the same scores alone as beside a long
# one, and also when we write random words into its padding. Without the mask, it must not.

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
# What does the model know before training? The encoder knows much about English. The head is random,
# so its forecast should be worth as much as a coin.


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


before = predict(model, rows["validation"]).argmax(axis=1) == labels["validation"]  # [N]
check("Before training BERT is no better than a coin", abs(before.mean() - 0.5) < 0.1)

# %% [markdown]
# ## The loop, by hand
#
# The loss is the mean **cross-entropy** of the batch, the surprise at the true labels $y_n$:
#
# $$L = -\frac1B \sum_{n=1}^{B} \log \frac{e^{z^{(n)}_{y_n}}}{\sum_k e^{z^{(n)}_k}} \tag{3}$$


# %%
def cross_entropy(logits, labels):
    """Mean surprise in nats at labels [B], from logits [B, K]."""
    log_p = logits.log_softmax(dim=-1)  # [B, K]
    return -log_p.gather(1, labels[:, None]).mean()


targets = torch.tensor([1, 0])  # [B]
close("It is PyTorch's", cross_entropy(z, targets), F.cross_entropy(z, targets))

# %% [markdown]
# **AdamW** gives every weight its own step size, so that in one step each weight moves by roughly the
# learning rate $\eta$, however small its slope. That is why **fine-tuning** uses small ones: the weights
# that pretraining found are of the order of a few hundredths, and a few hundred steps of a thousandth
# each, AdamW's default, could carry all of them beyond recognition. We compared $5\cdot10^{-5}$, $10^{-4}$ and $2\cdot10^{-4}$ on
# validation, an epoch each: the accuracies were too close to tell, the middle one had the lowest loss.
# AdamW also pulls matrices a little towards zero at each step (**weight decay**; biases and norms are
# spared).
#
# Nor do we start at full speed. At first the head is random, and so is the direction in which it pulls
# the encoder; and Adam has seen too few slopes to judge their size. The learning rate therefore rises
# over the first tenth $W$ of the $S$ steps (**warm-up**), then falls, so that the last steps only polish:
#
# $$\eta_s = \eta \cdot \min\left(\frac{s+1}{W},\; \frac{S-s}{S-W}\right),
# \qquad s = 0, \dots, S-1 \tag{4}$$
#
# The last ingredient is **autocast**. Matrix products run in `bf16`, sixteen bits with the range of a
# 32-bit float but only about three digits, much faster on hardware that has it; sums, losses
# and the weights themselves stay in 32 bits. Where the hardware has no such units,
# `run.autocast()` does nothing.

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
# `lmcourse.train.fit` is this loop with a progress bar and checkpoints. We start again from the same
# weights and the same seed, and train for one pass over the data, an **epoch** (three in the `gpu`
# profile). Is it the same loop? Then its first losses must be those that we found by hand.


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
check("The second half has a lower loss", np.mean(history.losses[half:]) < history.losses[0] - 0.2)

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
# The encoder learned to tell praise from blame. How far did it have to go? Compare its weights with
# those from which it started.

# %% tags=["nbval-ignore-output"]
_, original = pretrained.encoder()
start = dict(original.named_parameters())
moved = size = 0.0
for name, parameter in model.bert.named_parameters():
    moved += (parameter.detach().cpu() - start[name]).square().sum().item()
    size += start[name].detach().square().sum().item()
del original, start
print(f"the weights moved by {(moved / size) ** 0.5:.1%} of their length")

# %%
check("The encoder has hardly moved", (moved / size) ** 0.5 < 0.1)

# %% [markdown]
# That is what makes fine-tuning cheap, and why it works with a few thousand examples: what had to be
# learned was mostly there.
#
# ## The test, once
#
# Everything is chosen: words, $C$, learning rate, epochs. Now each system answers the test sentences.


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
# How far can such a number be trusted? If the same model met another $N$ sentences of this kind, its
# accuracy $\hat a$ would scatter as the share of heads in $N$ throws of a bent coin:
#
# $$\hat a \pm 1.96 \sqrt{\frac{\hat a\,(1 - \hat a)}{N}} \tag{5}$$
#
# The bootstrap, which draws the test sentences again and again, says the same without a formula.


# %%
def accuracy_interval(correct):
    """Accuracy of answers that are right or wrong [N], with its normal 95 % interval."""
    accuracy = np.mean(correct)
    half = 1.96 * np.sqrt(accuracy * (1 - accuracy) / len(correct))
    return metrics.Interval(float(accuracy), float(accuracy - half), float(accuracy + half))


by_formula = {name: accuracy_interval(right) for name, right in correct.items()}
intervals = {name: metrics.bootstrap_mean(right) for name, right in correct.items()}
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
# Two intervals side by side waste something: both systems answered the *same* sentences. Where both
# are right or both wrong, nothing can be learned about which is better. Only the others count: the $b$
# sentences that BERT alone gets right and the $c$ that TF-IDF alone gets right. If the two were
# equally good, each of these would be the throw of a fair coin, and **McNemar's test** asks how often
# a fair coin would be as lopsided as this:
#
# $$p = \min\left(1,\; 2\sum_{k=0}^{\min(b,c)} \binom{b+c}{k}\, 2^{-(b+c)}\right) \tag{6}$$

# %% tags=["nbval-ignore-output"]
difference = metrics.paired_bootstrap(bert, tfidf)
p_value = metrics.mcnemar(bert, tfidf)
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
# The difference is real. It is also smaller than fame suggests. Logistic regression over words and pairs
# gets most sentences right, and some that BERT gets wrong.
#
# One seed is one draw, of the head, of the order of the sentences and of the dropout. `lmcourse seeds
# bert/finetune_sentiment` runs this chapter with several, and the [results page](../../book/results.md)
# shows their interval. What the test resamples is sentences; it cannot speak for seeds.

# %% tags=["nbval-ignore-output"]
answers = np.where(bert, labels["test"], 1 - labels["test"])  # [N]
print(classification_report(labels["test"], answers, target_names=["blame", "praise"], digits=3))

# %% [markdown]
# **Precision** is how many of those called praise are praise; **recall**, how many of the praise were
# found; **F1** is their harmonic mean. With balanced classes they say the same as the accuracy. That
# will change below.
#
# ## What does it get wrong?
#
# Whoever reads the errors on test and then improves the model has used the test up. So we read the
# errors on validation: those of which BERT was most certain.

# %% tags=["nbval-ignore-output"]
p_praise = torch.tensor(predict(model, rows["validation"])).softmax(dim=-1)[:, 1].numpy()  # [N]
wrong = np.flatnonzero((p_praise > 0.5) != labels["validation"])
worst = wrong[np.argsort(-np.abs(p_praise[wrong] - 0.5))]
for i in worst[:8]:
    rating, text = ratings["validation"][i], texts["validation"][i]
    print(f"p(praise) {p_praise[i]:.2f}, people {rating:+.1f}: {text[:200]}")

# %% [markdown]
# Read them aloud. You will probably meet irony, which says the opposite of what it means; faint praise;
# a verdict that hangs on knowing something outside the sentence; and now and then a rating that you
# would dispute yourself. Is there a pattern that can be measured? If errors come from sentences
# that are themselves half-hearted, accuracy must rise with the strength of the human rating.

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
    value, low, high = np.array([metrics.bootstrap_mean(r, n=2000) for _, r in filled]).T
    ax.errorbar(centre, value, [value - low, high - value], color=color, marker="o", label=name)
ax.set(xlabel="strength of the mean human rating", ylabel="accuracy on test")
ax.legend(loc="lower right")
plt.show()

# %%
weak = strength <= np.quantile(strength, 1 / 3)
strong = strength >= np.quantile(strength, 2 / 3)
graded = np.ptp(strength) > 0  # IMDB (LMCOURSE_SOURCE=hub) has no graded ratings
clearer = bert[strong].mean() - bert[weak].mean()
check("Where people are clear, BERT errs far less often", clearer > 0.08 or not graded)

# %% [markdown]
# A good part of the errors is thus not the model's alone: two classes were cut from a scale, and near
# the cut the label is close to a coin itself. We come back to this at the end.
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
# Graded ratings exist in the packaged reviews only, whatever the source of the rest.
with mock.patch.dict("os.environ", LMCOURSE_SOURCE="assets"):
    texts, labels, ratings = columns("three")  # 0 blame, 1 neutral, 2 praise
rows = {name: encode(texts[name]) for name in texts}
prior = np.bincount(labels["train"], minlength=3) / len(labels["train"])  # [3]
names = ["blame", "neutral", "praise"]
print(" · ".join(f"{name} {share:.3f}" for name, share in zip(names, prior, strict=True)))

# %% tags=["nbval-ignore-output"]
graded_run = {"label": "graded", "epochs": run.size(smoke=1, cpu=2 / 3, gpu=3)}
_, model = pretrained.classifier(3, SEED)
fine_tune(model, classification_loss, rows["train"], labels["train"], **graded_run)
three = {name: predict(model, rows[name]) for name in ("validation", "test")}  # [N, 3]
three_answers = three["test"].argmax(axis=1)  # [N]
report = {"target_names": names, "labels": [0, 1, 2], "digits": 3, "zero_division": 0}
print(classification_report(labels["test"], three_answers, **report))

# %% mystnb={"image": {"alt": "A confusion matrix of three classes, rows what people said, columns what BERT said, each cell a number of sentences. Blame and praise have large counts on the diagonal. The column neutral is empty or nearly so: the neutral sentences were spread over the other two columns."}}
figure, ax = plt.subplots(figsize=(4.6, 3.2))
counts = confusion_matrix(labels["test"], three_answers, labels=[0, 1, 2])
plot.heatmap(ax, counts, names, names, fmt=".0f")
ax.set(xlabel="BERT says", ylabel="people say")
plt.show()

# %% [markdown]
# The accuracy looks fine, and a whole class is missing: the neutral column is empty. No bug. A class
# that is one in twenty is hardly ever the *most likely* one, and always betting on the likelier of the other two
# costs almost no accuracy. A number that treats all classes alike shows it. With $TP_k$ sentences of
# class $k$ found, $FP_k$ wrongly called $k$ and $FN_k$ missed,
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
# Why cut the scale at all? A rating is a number, so let the head have *one* output $s$ and train it with
# the **squared error** against the mean rating $r$:
#
# $$L = \frac1B\sum_{n=1}^{B} \left(s_n - r_n\right)^2 \tag{8}$$
#
# Cross-entropy knows the classes as names: calling a mild blame *praise* costs as much as calling a
# furious one so. Squared error knows that they lie on a line, and large misses cost most. Their slopes
# are close relatives. For cross-entropy it is forecast minus fact, $p - y$, as in
# [the softmax chapter](../probability/softmax.ipynb); for (8) it is $2(s - r)$, forecast minus fact
# again.


# %%
def squared_error(predicted, ratings):
    """Mean squared error of predicted [B] against ratings [B]."""
    return ((predicted - ratings) ** 2).mean()


def score_loss(model, batch):
    ids, ratings = batch
    return squared_error(outputs(model, ids)[:, 0], ratings.float())


s = torch.tensor([1.5, -0.5], requires_grad=True)
squared_error(s, torch.tensor([2.0, -3.0])).backward()
close("Its slope is 2(s − r)/B", s.grad, [2 * (1.5 - 2.0) / 2, 2 * (-0.5 + 3.0) / 2])

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
# forecasts, which never reach the human extremes. And the neutral sentences, in the shaded strip, do
# not gather at zero. Their scores are strewn over the whole height. A mean near zero can be twenty
# people who shrug, or ten who praise and ten who blame, and the model takes a side.
#
# From the score the classes come back by two cuts. The neutral class was *defined* by cutting the
# human scale half a point from zero, so that is the first try. The forecast of a mean is cautious,
# though, and its best cut need not be that of the human scale: a second try chooses it on validation,
# for the best macro-F1. To be fair, the three-class model gets a second try as well: dividing its
# probabilities by the classes' frequencies, so that the rare class is not outvoted by its rarity alone.


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
    "cross-entropy, / frequency": (three["test"] - np.log(prior)).argmax(axis=1),
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
# The cut score finds some of the neutral sentences, pays for them in accuracy, and still misses many.
# Dividing by the frequencies can only help as far as the model tells neutral sentences from others at
# all, and after so little training it gives even them little probability of being neutral. The rare
# class was not only outvoted, it is hard: what makes a sentence neutral is often not written in it.
# Which row is *best*? That depends on what a missed neutral sentence costs, and no table
# can tell you that; but you must have looked at more than the first column to ask.

# %%
likeliest, half_point = "cross-entropy, likeliest", "score, cut at ±0.5"
check("The cut score finds more of the neutral ones", recall[half_point] > recall[likeliest] + 0.05)
check("It pays in accuracy", accuracy[half_point] < accuracy[likeliest] - 0.01)
check("Macro-F1 rises, on average", np.mean(list(f1.values())[2:]) > f1[likeliest] + 0.01)
check("Every remedy misses many of the neutral ones", max(recall.values()) < 0.7)
check("Most neutral sentences do not score near zero", recall[half_point] < 0.5)
p_neutral = torch.tensor(three["test"]).softmax(dim=-1)[:, 1].numpy()  # [N]
check("Even they get little probability", p_neutral[labels["test"] == 1].mean() < 0.25)

# %% [markdown]
# So which loss is the better one? The three-class model has a forecast of the rating too: the mean
# rating of each class, weighted with its probability. Compare the two models on what each could know:
# on which *side* of zero a sentence lies, and *how far*.

# %%
centres = np.array([ratings["train"][labels["train"] == k].mean() for k in range(3)])  # [3]
expected = torch.tensor(three["test"]).softmax(dim=-1).numpy() @ centres  # [N]
clear = labels["test"] != 1  # [N]
truth = ratings["test"][clear] > 0
side_score = (scores["test"][clear] > 0) == truth
side_three = (three["test"][clear, 2] > three["test"][clear, 0]) == truth


def within_sides(forecast):
    """Mean of the correlations with the rating among praise alone and among blame alone."""
    sides = [labels["test"] == k for k in (0, 2)]
    return np.mean([np.corrcoef(forecast[side], ratings["test"][side])[0, 1] for side in sides])


by_loss = {"cross-entropy": expected, "squared error": scores["test"]}
r_all = {name: np.corrcoef(f, ratings["test"])[0, 1] for name, f in by_loss.items()}
r_within = {name: within_sides(f) for name, f in by_loss.items()}

# %% tags=["nbval-ignore-output"]
print(
    "side right: squared error minus cross-entropy",
    metrics.paired_bootstrap(side_score, side_three),
)
for name in by_loss:
    print(f"{name:<14} correlation {r_all[name]:.3f}, within the sides {r_within[name]:.3f}")

# %%
check("On the side squared error loses nothing", side_score.mean() > side_three.mean() - 0.03)
check("Squared error knows the rating better", r_all["squared error"] > r_all["cross-entropy"])
check("Also within one side", r_within["squared error"] > r_within["cross-entropy"])
check("There both know much less", max(r_within.values()) < min(r_all.values()) - 0.1)

# %% [markdown]
# For the side, nothing is lost by learning the whole scale. For the degree, something is gained, as it
# should be: squared error was told how far, cross-entropy was not. Most of the fine correlation is
# telling the two sides apart, though; within a side both models are much less sure of themselves. The
# first question of a project is therefore not *which model* but *which target*.
#
# ## Summary
#
# Fine-tuning is a pretrained encoder, one fresh layer, a small learning rate and a short loop. It beat
# a strong linear baseline, by a margin that a paired test tells from luck and that fame would have put
# higher, at a price that the table shows. Masks and padding were tested by disturbing them, not trusted.
# Length buckets and 16-bit products made the run short. Accuracy hid a missing class; macro-F1 showed
# it. And the same encoder with another last layer and another loss answers another question, so the
# question deserves the first thought.
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


exercises.finetune_discordant(discordant)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def discordant(first, second, truth):
    """Counts (b, c): first right and second wrong, second right and first wrong; arrays [N]."""
    right, also = first == truth, second == truth  # [N] each
    return int((right & ~also).sum()), int((also & ~right).sum())


exercises.finetune_discordant(discordant)

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


exercises.finetune_mean_pool(mean_pool)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def mean_pool(hidden, mask):
    """Mean [B, d_model] of the vectors [B, T, d_model] where mask [B, T] is one."""
    real = mask[..., None].float()  # [B, T, 1]
    return (hidden * real).sum(dim=1) / real.sum(dim=1)


exercises.finetune_mean_pool(mean_pool)

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


exercises.finetune_weighted(weighted_cross_entropy)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def weighted_cross_entropy(logits, labels, weights):
    """Weighted mean surprise; logits [B, K], labels [B], weights [K]."""
    surprise = -logits.log_softmax(dim=-1).gather(1, labels[:, None])[:, 0]  # [B]
    weight = weights[labels]  # [B]
    return (weight * surprise).sum() / weight.sum()


exercises.finetune_weighted(weighted_cross_entropy)

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


exercises.finetune_budget(by_budget)


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


exercises.finetune_budget(by_budget)

# %% [markdown]
# ## Common mistakes
#
# Batches are padded and the mask is not passed on: the model trains, a little worse, and its answer
# depends on its neighbours. The model stays in training mode at the test, so that dropout draws
# another answer each time. The learning rate is left at the default of the optimizer, ten times too
# high, and the loss may never leave that of a coin. The best of many epochs, thresholds or seeds is
# picked on test and reported as if nothing had been picked. Two systems are compared by two accuracies
# without a word on chance. And the baseline is missing, so that nobody can tell what the network added.
#
# ## Further reading
#
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
