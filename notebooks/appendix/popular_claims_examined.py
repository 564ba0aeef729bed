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
# # Popular claims, examined
#
# Sixteen sentences and programs, in our own words, each run in small and corrected, each with a short test that would
# have caught it.
#
# A classifier has answered 500 questions, 400 of them rightly. The program below is to compute its accuracy, batch by
# batch. What will it report?

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
import math
import os
import tempfile

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.reviews import load_reviews
from lmcourse.exercises.appendix import popular_claims_examined as exercises
from lmcourse.models import pretrained
from lmcourse.text.batches import IGNORED, LengthBuckets, pad
from lmcourse.text.masking import masked, masked_loss
from torch import nn

run = session.start(PROFILE, SEED)


# %%
def accuracy_as_claimed(batches):
    for batch in batches:
        logits, labels = batch  # [B, K], [B]
        predictions = logits.argmax(dim=-1)  # [B]
    return (predictions == labels).float().mean().item()


# %% tags=["hide-input"]
# @title 500 questions, 400 answered rightly, in 200 orders
labels = torch.arange(500) % 2  # [500]
answers = torch.where(torch.arange(500) < 400, labels, 1 - labels)  # [500]
logits = F.one_hot(answers, 2).float()  # [500, 2]


def in_batches(seed, size=32):
    """The same questions in a new order, cut into batches."""
    order = torch.randperm(500, generator=run.generator(seed))  # [500]
    return [(logits[part], labels[part]) for part in order.split(size)]


reported = [accuracy_as_claimed(in_batches(seed)) for seed in range(200)]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Histogram of the accuracy that the program reports for 200 orders of the same 500 answers: the bars lie on both sides of a dotted line at the true accuracy of eight tenths, from little more than a half to one."}}
figure, ax = plot.panels(height=2.2)
values, counts = np.unique(np.round(reported, 2), return_counts=True)
ax.bar(values, counts, width=0.03)
ax.axvline(400 / 500, color=plot.INK, linestyle=":")
ax.set(xlabel="reported accuracy (dotted: the true one)", ylabel="orders")
plt.show()
print(f"batches: {len(in_batches(0))}, the last of {len(in_batches(0)[-1][1])}")

# %% [markdown]
# It depends on the order of the questions. Every batch overwrites `predictions`: only the last batch is judged. No exception, no warning. A test finds it without reading a line: *shuffle the questions ten times;
# the accuracy must not change.*
#
# **You will**
#
# - add up all texts to see whether a formula is a probability of texts,
# - compare loss, masks and optimizer steps with numbers made by hand,
# - read what an exception says, and mend the line,
# - write tests for programs that run and are wrong: count, reorder, rename.
#
# **You need** the [chain rule](../probability/chain_rule.ipynb), [objectives](../pretraining/objectives.ipynb) and
# [fine-tuning](../bert/finetune_sentiment.ipynb).


# %% tags=["claims"]
check(
    "Overwritten: orders differ by more than three tenths",
    max(reported) - min(reported) > 0.3,
)
tens = [reported[i : i + 10] for i in range(191)]
check(
    "Overwritten: any ten orders in a row disagree",
    all(max(ten) - min(ten) > 1e-3 for ten in tens),
)


# %% [markdown]
# ## Sentences about probability
#
# *Test: add up all texts.* If all texts of a world have the same length, their probabilities sum to one. In a world of two symbols,
# *a* and *b*, that can be done by hand. Let a text begin with *a* with probability ¾; let the next symbol be *a* with
# probability ⅓ after *a*, and ½ after *b*.

# %%
start = np.array([3 / 4, 1 / 4])  # a, b
follow = np.array([[1 / 3, 2 / 3], [1 / 2, 1 / 2]])  # [before, after]


def product(text, factors):
    """The product of the first so many factors P(x_i | x_1 … x_(i-1))."""
    chances = [start[text[0]]]
    for before, after in itertools.pairwise(text):
        chances.append(follow[before, after])
    return math.prod(chances[:factors])


def total(score, length, vocab_size=2):
    """The sum of score(text) over all texts of this length."""
    texts = itertools.product(range(vocab_size), repeat=length)
    return sum(score(text) for text in texts)


# %% [markdown]
# ### 1. One factor short
#
# *Claim: the probability of a text $x_1 \dots x_n$ is the product, for $i$ from 1 to $n - 1$, of the probabilities of $x_i$ given what stands
# before it.*


# %% tags=["hide-input"]
def summed(length, factors):
    """The sum of the products of so many factors over all texts."""
    return total(lambda text: product(text, factors), length)


print("text  up to n - 1  up to n")
for text in itertools.product(range(2), repeat=2):
    name = "".join("ab"[i] for i in text)
    print(f"{name:<4}  {product(text, 1):11.3f}  {product(text, 2):7.3f}")
print("\nsum over all texts")
for n in (2, 3, 6):
    print(f"n = {n} {summed(n, n - 1):11.3f}  {summed(n, n):7.3f}")

# %% [markdown]
# The claimed product never asks for the last symbol: *aa* and *ab* get the same number. So each beginning is counted once for every
# symbol that may come last, and the sum is the number of symbols in the vocabulary. Corrected, with as many factors as symbols:
#
# $$P(x_1, \dots, x_n) = \prod_{i=1}^{n} P(x_i \mid x_1, \dots, x_{i-1}) \tag{1}$$
#
# ### 2. Sigmoids, multiplied
#
# *Claim: a network gives each word a number by a sigmoid, and their product is the joint probability of the text.*
#
# [Bigrams as a network](../ngrams/bigram_network.ipynb) takes such a formula apart. Here are two models that differ in one function. `W[before, after]` is a
# score; symbols *a* and *b* are rows 0 and 1, and row 2 is for the first symbol, before which nothing stands.


# %%
def joint(text, W, share):
    """`share` makes numbers of scores; multiply one for each symbol."""
    rows = [2, *text[:-1]]  # before each symbol; 2: nothing yet
    return math.prod(share(W[b])[x] for b, x in zip(rows, text, strict=True))


# %% tags=["hide-input"]
# @title Sigmoids and softmax
def sigmoids(scores):
    return 1 / (1 + np.exp(-scores))


def softmax(scores):
    return np.exp(scores) / np.exp(scores).sum()


# %% tags=["hide-input"]
def sum_of_joint(seed, share):
    """Draw scores; add up the products of all texts of four symbols."""
    W = np.random.default_rng(seed).normal(size=(3, 2))
    return total(lambda text: joint(text, W, share), 4)


sums = {
    "sigmoids": [sum_of_joint(seed, sigmoids) for seed in range(5)],
    "softmax": [sum_of_joint(seed, softmax) for seed in range(5)],
}
print("sum over all texts of four symbols, five sets of scores")
for name, found in sums.items():
    print(f"{name:<9}" + "".join(f"{value:7.3f}" for value in found))

# %% [markdown]
# The sums of the sigmoids change with the scores. Corrected: a softmax, whose shares sum to one, after every beginning.
#
# ### 3. Only with labels
#
# *Claim: to train a language model one needs data that people have labelled.*
#
# *Test: take the labels away.* Here are the film reviews without their ratings; count which letter or sign follows
# which. As a control, count the pairs of the same text after shuffling all its symbols.

# %% tags=["hide-input"]
# @title Read the reviews as text
reviews = load_reviews("text").remove_columns("score")  # the ratings
train, held_out = (
    "\n".join(reviews[s]["text"]) for s in ("train", "validation")
)
symbols = sorted(set(train))
number = {symbol: i for i, symbol in enumerate(symbols)}


# %%
def bits(counted, judged):
    """Bits a symbol, by the counts of pairs (each plus one)."""
    counts = np.ones((len(symbols), len(symbols)))  # [before, after]
    np.add.at(counts, (counted[:-1], counted[1:]), 1)
    chances = counts / counts.sum(axis=1, keepdims=True)
    return -np.log2(chances[judged[:-1], judged[1:]]).mean()


# %% tags=["hide-input"]
ids = np.array([number[s] for s in train])
judged = np.array([number[s] for s in held_out if s in number])
mixed = np.random.default_rng(SEED).permutation(ids)
learned = bits(ids, judged)
control = bits(mixed, judged)
print("columns that are left:", reviews["train"].column_names)
even = math.log2(len(symbols))
print(f"guessing evenly               {even:.2f} bits a symbol")
print(f"pairs of shuffled text        {control:.2f}")
print(f"pairs of the text             {learned:.2f}")

# %% [markdown]
# The ratings were gone before the counting began, and the table has learned: how often
# each symbol comes, which the shuffled text keeps, and something about their order.
# Corrected: the text is enough: the answer for each symbol is the symbol after it.
#
# ### 4. What fine-tuning makes
#
# *Claim: a language model is what one gets by fine-tuning a pretrained model on a task.*
#
# *Test: take the fine-tuning away.* The table just now, with a share for the first symbol, gives probabilities to texts, and nothing was pretrained or fine-tuned.
#
# What does fine-tuning make? Take a world of three symbols and 27 texts, and a small causal network with two tops: one
# for the next symbol, one for *yes* or *no*. Pretrain it on the nine texts
# that end as they begin; if all texts had the same chance, these would get a third; how much they get then shows whether it has learned.
#
# Then fine-tune it, with the second top, to spot the nine texts that begin with symbol 0, and add up its
# probabilities of *yes*.

# %% tags=["hide-input"]
# @title A causal network and two tops
import transformers

torch.manual_seed(SEED)
config = transformers.GPT2Config(
    vocab_size=3,
    n_embd=16,
    n_layer=1,
    n_head=2,
    bos_token_id=0,
    eos_token_id=0,
)
texts = torch.tensor([*itertools.product(range(3), repeat=3)])  # [27, 3]
begun = F.pad(texts, (1, 0))  # [27, 4]: symbol 0 in front, as a beginning
body = transformers.GPT2Model(config).eval()
next_symbol, yes_or_no = nn.Linear(16, 3), nn.Linear(16, 2)


# %% tags=["hide-input"]
# @title The chances of texts, and of yes
def chances_of_texts():
    """P(text) by the chain rule, [27]."""
    hidden = body(begun).last_hidden_state[:, :-1]  # [27, 3, 16]
    logs = next_symbol(hidden).log_softmax(dim=-1)  # [27, 3, 3]
    return logs.gather(2, texts[:, :, None]).sum(dim=(1, 2)).exp()  # [27]


def chances_of_yes():
    """P(yes | text), [27]."""
    last = body(begun).last_hidden_state[:, -1]  # [27, 16]
    return yes_or_no(last).softmax(dim=-1)[:, 1]  # [27]


# %% tags=["hide-input"]
# @title Pretrain it, then fine-tune it with the new top
def train_on(loss, top):
    weights = [*body.parameters(), *top.parameters()]
    optimizer = torch.optim.AdamW(weights, lr=1e-2)
    for _ in range(100):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()


circular, wanted = texts[:, 0] == texts[:, 2], texts[:, 0] == 0  # [27]
train_on(lambda: -chances_of_texts()[circular].log().mean(), next_symbol)
on_circular = chances_of_texts()[circular].sum().item()
totals = {"pretrained, next symbol": chances_of_texts().sum().item()}
train_on(
    lambda: F.binary_cross_entropy(chances_of_yes(), wanted.float()), yes_or_no
)
right = ((chances_of_yes() > 0.5) == wanted).sum().item()
totals["fine-tuned, yes"] = chances_of_yes().sum().item()
totals["fine-tuned, next symbol"] = chances_of_texts().sum().item()

# %% tags=["hide-input", "nbval-ignore-output"]
print(f"pretrained: {on_circular:.2f} on texts that end as they begin")
print(f"fine-tuned: the classifier is right on {right} of 27 texts")
print("\nsum over all 27 texts")
for name, value in totals.items():
    print(f"{name:<28}{value:.4f}")

# %% [markdown]
# The top for the next symbol shares out one among all texts: its sums are one by construction. The classifier shares out one between *yes* and *no* for each text, so its *yes* may sum to anything between 0 and 27. Here it is about nine: nine texts are to be accepted. Corrected: a language model, in this book, is what gives
# probabilities to texts, whatever the history of its weights.

# %% tags=["claims"]
for n in (2, 3, 6):
    close(f"n - 1 factors, n = {n}, two symbols: two", summed(n, n - 1), 2)
    close(f"n factors, n = {n}: the sum is one", summed(n, n), 1)
W = np.random.default_rng(SEED).normal(size=(3, 3))  # a world of three symbols
short, full = (
    total(lambda text, k=k: joint(text[:k], W, softmax), 4, vocab_size=3)
    for k in (3, 4)
)
close("n - 1 factors, n = 4, three symbols: three", short, 3)
close("n factors, n = 4, three symbols: one", full, 1)

# %% tags=["claims"]
close("Softmax: one, for all five sets of scores", sums["softmax"], 1)
gaps = [abs(value - 1) for value in sums["sigmoids"]]
check("Sigmoids: none of the five within a hundredth", min(gaps) > 0.01)
check(
    "Pairs of the text beat those of shuffled text by half a bit",
    learned < control - 0.5,
)
check(
    "Pairs of shuffled text beat guessing evenly by half a bit",
    control < even - 0.5,
)
asked_next = [v for name, v in totals.items() if "next" in name]
close("Next symbol: the sum is one, both times", asked_next, 1, atol=1e-5)
check("After pretraining: over 0.8 on circular texts", on_circular > 0.8)
check("The classifier is right on all texts", right == 27)
yes = totals["fine-tuned, yes"]
close("The sum of the classifier's yes is about nine", yes, 9, atol=0.1)

# %% [markdown]
# ## Sentences about BERT and its training
#
# ### 5. Which word is asked for?
#
# *Claim: in "the cat in the hat", hide "in the"; BERT is then trained to predict "hat".*
#
# *Test: ask what a copying machine would score.* It puts nearly all probability on the symbol that it reads, `[MASK]` included.
# `IGNORED` says: no target here, and `masked_loss` is that of [objectives](../pretraining/objectives.ipynb).

# %%
text = torch.tensor([[0, 1, 2, 0, 3]])  # the cat in the hat
inputs = torch.tensor([[0, 1, 4, 4, 3]])  # the cat [MASK] [MASK] hat
copying = 9.0 * F.one_hot(inputs, 5)  # [1, 5, 5]: logits
as_claimed = torch.where(text == 3, text, IGNORED)  # [1, 5]: hat
as_in_bert = torch.where(inputs == 4, text, IGNORED)  # [1, 5]: in, the

# %% tags=["hide-input"]
spoiled = copying.clone()
spoiled[0, 4] = torch.randn(5, generator=run.generator())  # at "hat"
rows = (
    ("hat, which stands there", as_claimed),
    ("the hidden words", as_in_bert),
)
print("targets                   copying  answer at hat spoiled")
losses = {}
for name, targets in rows:
    losses[name] = [masked_loss(x, targets).item() for x in (copying, spoiled)]
    print(f"{name:<24}  {losses[name][0]:7.4f}  {losses[name][1]:11.4f}")
batch = masked(
    text.tolist() * 200,
    vocab_size=5,
    mask_id=4,
    mask_share=1,
    random_share=0,
    generator=run.generator(),
)
asked = batch.targets != IGNORED  # [200, 5]
covered = int((batch.inputs[asked] == 4).sum())
print(f"\n{asked.sum()} targets drawn; {covered} hidden")

# %% [markdown]
# With *hat* as the target the machine is all but perfect, without knowing a word of English. With the hidden words as targets it fails, and what it
# says at *hat* counts for nothing. Corrected: choose *hat* to have it predicted; targets are the symbols that were chosen.
# (The draw below the
# table hides all of these. BERT hides eight in ten, and swaps or leaves the others.)
#
# ### 6. Compress and reconstruct?
#
# *Claim: BERT is an encoder that compresses the text and a decoder that reconstructs it.*
#
# An *encoder* makes a vector for each symbol of a text. A *decoder*, as meant here, is a second part that reads the encoder's vectors by attention of
# its own, and may work on a text of another length.
#
# *Test: count the numbers between the layers.* Beside a small BERT stand a network that gets narrower, as compression would, and BART, which has both parts.

# %% tags=["hide-input"]
# @title A small BERT, a narrow network, and a small BART
small = {"vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 3}
small |= {"num_attention_heads": 2, "intermediate_size": 32}
config = transformers.BertConfig(**small)
bert = transformers.BertForMaskedLM(config).eval()
narrow = nn.Sequential(nn.Linear(16, 2), nn.Linear(2, 16))
bart_config = transformers.BartConfig(
    vocab_size=50, d_model=16, encoder_layers=2, decoder_layers=2
)
bart = transformers.BartModel(bart_config).eval()


def looking_across(model):
    """Attention layers of one part that look into another part."""
    names = [name.rpartition(".")[2] for name, _ in model.named_modules()]
    return sum(name in ("crossattention", "encoder_attn") for name in names)


# %%
five, two = torch.arange(5, 10)[None], torch.arange(2)[None]  # [1, 5], [1, 2]
layers = bert.bert(five, output_hidden_states=True).hidden_states
sizes = [layer.numel() for layer in layers]  # each [1, 5, 16]
squeezed = narrow[0](layers[0])  # [1, 5, 2]
narrow_sizes = [x.numel() for x in (layers[0], squeezed, narrow[1](squeezed))]

# %% tags=["hide-input"]
print("numbers between the layers, five symbols")
print("  BERT  ", sizes)
print("  narrow", narrow_sizes)
found = bart(five, decoder_input_ids=two)
encoded = found.encoder_last_hidden_state.shape[1]
decoded = found.last_hidden_state.shape[1]
print(f"BART: {encoded} vectors of the encoder, {decoded} of the decoder")
across = {"BERT": looking_across(bert), "BART": looking_across(bart)}
print("attention layers that look into another part:", across)

# %% [markdown]
# No Transformer layer of BERT gives fewer numbers to the next than it got, and there is no second part. Corrected: BERT is an encoder; in pretraining, a head turns its vectors into scores of symbols. (In `transformers` a linear layer of that head is called
# `decoder`.)
#
# ### 7. Adam plus L2
#
# *Claim: AdamW is Adam with an L2 penalty on the weights.*
#
# *Test: one step by hand.* The penalty $\tfrac{\lambda}{2} w^2$ adds $\lambda w$ to the slope $g$. In its first step, Adam divides the slope by its size (a tiny $\epsilon$ avoids a division by zero). So it moves by the learning rate $\eta$, up or down; where the slope is 0, it stays. The W in AdamW, **decoupled weight decay**, takes $\eta \lambda w$ from the weight (as in torch) and leaves the slope alone:
#
# $$w - \eta \frac{g + \lambda w}{|g + \lambda w| + \epsilon} \quad\text{(L2)}, \qquad w - \eta \lambda w - \eta \frac{g}{|g| + \epsilon} \quad\text{(AdamW)} \tag{2}$$
#
# With $w = 1$, $\eta = \lambda = 0.1$:


# %%
def first_step(w, g, lr, l2=0.0, decay=0.0, eps=1e-8):
    """w after the first step of Adam; l2 joins the slope, decay does not."""
    slope = g + l2 * w
    return w - lr * decay * w - lr * slope / (abs(slope) + eps)


# %% tags=["hide-input"]
# @title The first step of an optimizer of torch
def torch_step(optimizer, w, g, **settings):
    """The weight w after one step of it at slope g."""
    weight = nn.Parameter(torch.tensor(w, dtype=torch.float64))
    weight.grad = torch.tensor(g, dtype=torch.float64)
    optimizer([weight], **settings).step()
    return weight.item()


# %% tags=["hide-input"]
Adam, AdamW = torch.optim.Adam, torch.optim.AdamW
print("slope   Adam  Adam + L2  AdamW   torch: Adam + L2  AdamW")
for g in (10.0, 0.2, 0.0):
    by_hand = [
        first_step(1.0, g, 0.1),
        first_step(1.0, g, 0.1, l2=0.1),
        first_step(1.0, g, 0.1, decay=0.1),
    ]
    of_torch = [
        torch_step(kind, 1.0, g, lr=0.1, weight_decay=0.1)
        for kind in (Adam, AdamW)
    ]
    print("{:5}  {:5.2f}  {:9.2f}  {:5.2f}".format(g, *by_hand), end="   ")
    print("{:16.2f}  {:5.2f}".format(*of_torch))

# %% [markdown]
# For slopes 10 and 0.2 the penalty changes nothing in this step: what it adds to the slope is divided away. For slope 0
# it makes a whole step. AdamW takes the same
# hundredth from the weight in each row, beside the step of Adam. (In plain gradient descent, penalty and decay are the same: $w - \eta(g + \lambda w) = (1 - \eta\lambda) w - \eta g$.) Corrected: `torch.optim.AdamW(…, weight_decay=…)`
# where decay is meant. In `torch.optim.Adam`, `weight_decay` is by default the penalty.

# %% tags=["claims"]
claimed, in_bert = losses.values()
check("Copying: near 0 where hat is the target", claimed[0] < 0.01)
check("Copying: over 5 nats where hidden words are", in_bert[0] > 5)
check("What is said at hat does not count there", in_bert[0] == in_bert[1])
original = text.expand(200, 5)
check(
    "Drawn: the targets are the hidden symbols, and no others",
    torch.equal(
        batch.targets, torch.where(batch.inputs == 4, original, IGNORED)
    ),
)
check(
    "Drawn: some are hidden, all others keep their symbol",
    0 < covered < 1000 and (batch.inputs == original)[~asked].all().item(),
)

# %% tags=["claims"]
check("BERT: one size after all layers", len(set(sizes)) == 1)
check(
    "BERT looks into no other part; BART does",
    0 == across["BERT"] < across["BART"],
)
last_of_head = bert.cls.predictions.decoder
check("`decoder` is one linear layer", isinstance(last_of_head, nn.Linear))
check("The narrow network is found", min(narrow_sizes) < narrow_sizes[0])
for g in (10.0, 0.2, 0.0, -3.0, -0.05):
    close(
        f"Slope {g}: the first steps are those of torch",
        [first_step(1.0, g, 0.1, l2=0.1), first_step(1.0, g, 0.1, decay=0.1)],
        [
            torch_step(kind, 1.0, g, lr=0.1, weight_decay=0.1)
            for kind in (Adam, AdamW)
        ],
    )
    sgd = torch_step(torch.optim.SGD, 1.0, g, lr=0.1, weight_decay=0.1)
    decayed = (1 - 0.1 * 0.1) - 0.1 * g
    close(f"Slope {g}: in plain descent the penalty is a decay", sgd, decayed)

# %% [markdown]
# ## Programs that stop
#
# *Test: run the program on a few lines of data before you publish it.* The next four stop with an exception. `attempt` runs
# `program(*inputs)` and prints how it ends.


# %% tags=["hide-input"]
# @title Run a program and say how it ends
def attempt(program, *inputs):
    """Returns "runs", or the name of the exception."""
    try:
        print("runs:", program(*inputs))
    except Exception as error:
        first_line = str(error).splitlines()[0].partition(" (")[0]
        print(f"{type(error).__name__}: {first_line}")
        return type(error).__name__
    return "runs"


# %% [markdown]
# ### 8. An import that has gone
#
# *Claim: AdamW is imported from `transformers`.* Python's `exec` runs a line that we put together.

# %%
imports = {}
for package in ("transformers", "torch.optim"):
    imports[package] = attempt(exec, f"from {package} import AdamW")

# %% [markdown]
# Corrected: `torch.optim.AdamW`. (The `None` is what `exec` returns.) Pin the versions of your packages: the next one may remove something else.
#
# ### 9. Flattened too far
#
# *Claim: `loss_fn(logits.view(-1), labels.view(-1))` is the loss of a network that gives each of $T$ symbols $V$ scores.*

# %%
V = 7
scores = torch.zeros(2, 5, V)  # [B, T, V]: a network that prefers nothing
targets = torch.randint(V, (2, 5), generator=run.generator())  # [B, T]
loss_fn = nn.CrossEntropyLoss()
one_row = attempt(loss_fn, scores.view(-1), targets.view(-1))
ten_rows = attempt(loss_fn, scores.view(-1, V), targets.view(-1))
print(f"the logarithm of {V}: {math.log(V):.4f}")

# %% [markdown]
# `view(-1)` makes one row of all 70 scores, and torch takes it for one question with 70 choices, which has one target, not ten. Corrected, the scores of a symbol stay together. *A second test: a
# known loss.* A network that prefers nothing pays $\ln V$.
#
# ### 10. A `Trainer` fed with tuples
#
# *Claim: a `TensorDataset` of ids and labels can be given to `Trainer`.* It yields tuples.


# %% tags=["hide-input"]
# @title A Trainer that is silent and takes two steps
from transformers import Trainer, TrainingArguments


def train_two_steps(dataset, collator=None):
    config = transformers.BertConfig(**small)
    trainer = Trainer(
        transformers.BertForSequenceClassification(config),
        TrainingArguments(
            tempfile.mkdtemp(),
            max_steps=2,
            report_to="none",
            save_strategy="no",
            disable_tqdm=True,
            use_cpu=True,
        ),
        train_dataset=dataset,
        data_collator=collator,
    )
    trainer.remove_callback(transformers.PrinterCallback)
    return f"{trainer.train().global_step} steps"


# %% tags=["hide-input"]
# @title Eight texts and labels
ids = torch.randint(50, (8, 6), generator=run.generator())  # [N, T]
marks = torch.arange(8) % 2  # [N]: labels

# %%
tuples = torch.utils.data.TensorDataset(ids, marks)
named = [{"input_ids": x, "labels": y} for x, y in tuples]
fed_tuples = attempt(train_two_steps, tuples)
fed_names = attempt(train_two_steps, named)


# %% tags=["hide-input"]
# @title Tuples, with a collator that names their parts
def name_parts(items):
    parts = zip(("input_ids", "labels"), zip(*items, strict=True), strict=True)
    return {name: torch.stack(part) for name, part in parts}


with_collator = attempt(train_two_steps, tuples, name_parts)

# %% [markdown]
# `Trainer` calls `model(input_ids=…, labels=…)`. Unless a collator of yours gives these names, it takes them from the items; tuples have none. Corrected: each item is a
# dictionary whose keys are parameters of the model's `forward`, or a `data_collator` makes one of the tuples of a batch.
#
# ### 11. A split that is not there
#
# *Claim: the validation data are `data["validation"]`.* Some data sets come with *train* and *test* alone.

# %% tags=["hide-input"]
# @title A data set of two splits
from datasets import Dataset, DatasetDict

data = DatasetDict(
    train=Dataset.from_dict({"text": [f"film {i}" for i in range(100)]}),
    test=Dataset.from_dict({"text": [f"play {i}" for i in range(20)]}),
)

# %%
print("there are:", list(data))
absent = attempt(lambda: len(data["validation"]))
parts = data["train"].train_test_split(test_size=0.2, seed=0)
print("rows held back:", len(parts["test"]))

# %% [markdown]
# *Test: print the names first.* Corrected: cut validation data out of the training data; here they are in `parts["test"]`, and training goes on with
# `parts["train"]`. To call *test* the validation data would run as well, and choices would be made on the test set.

# %% tags=["claims"]
loss = loss_fn(scores.view(-1, V), targets.view(-1))
close("A network without preferences pays ln V", loss, math.log(V))
loss = loss_fn(scores.view(-1), targets[0, 0])
close("One row and one target: a choice of 70", loss, math.log(70))
check(
    "The four programs stop, each with its exception",
    [imports["transformers"], one_row, fed_tuples, absent]
    == ["ImportError", "ValueError", "TypeError", "KeyError"],
)
check(
    "Corrected, they run",
    {imports["torch.optim"], ten_rows, fed_names} == {"runs"},
)
check(
    "Tuples train with a collator that names their parts",
    with_collator == "runs",
)
cut = [set(parts[name]["text"]) for name in ("train", "test")]
check("Training and validation share no text", not cut[0] & cut[1])
check(
    "Both come from the training data",
    cut[0] | cut[1] == set(data["train"]["text"]),
)

# %% [markdown]
# ## Programs that run, and are wrong
#
# ### 12. One answer for all
#
# *Claim: `logits.argmax()` gives the predicted classes.* Four questions, three classes:

# %%
four = torch.tensor(
    [[2.0, 0.1, 0.3], [0.2, 0.4, 3.0], [0.5, 1.5, 0.2], [0.1, 0.2, 0.9]]
)  # [4, 3]
right_ones = torch.tensor([0, 2, 1, 2])  # [4]
for predicted in (four.argmax(), four.argmax(dim=-1)):
    score = (predicted == right_ones).float().mean()
    print(f"{predicted.tolist()!s:<13} accuracy {score:.2f}")

# %% [markdown]
# Without `dim`, the twelve numbers are one row, and the largest has place 5 in it, counted from 0: no class has that
# number. Comparing one number with four labels raises no exception. *Test: as many answers as questions*, `predicted.shape == right_ones.shape`,
# in a batch of another size than the number of classes (or `argmax(dim=0)` passes as well).
#
# ### 13. Overwritten predictions
#
# *Claim: the program at the beginning computes the accuracy.* Corrected, it keeps counts of all batches:


# %%
def accuracy(batches):
    right = questions = 0
    for logits, labels in batches:  # [B, K], [B]
        right += (logits.argmax(dim=-1) == labels).sum().item()
        questions += len(labels)
    return right / questions


# %% tags=["hide-input"]
corrected = [accuracy(in_batches(seed)) for seed in range(200)]
for name, values in (("as claimed", reported), ("corrected", corrected)):
    print(f"{name}: from {min(values):.2f} to {max(values):.2f} in 200 orders")

# %% [markdown]
# *Test: a few other orders, other sizes of batch, the same result.* (The mean of the batches' accuracies does not pass: the
# last batch is smaller, and weighs as much as the others.)

# %% tags=["claims"]
means = [
    np.mean([accuracy([batch]) for batch in in_batches(seed)])
    for seed in range(200)
]
check("Means of batches change with the order", max(means) - min(means) > 1e-3)
check("argmax(): one number, and it is no class", four.argmax().item() >= 3)
check(
    "argmax(dim=-1): as many answers as questions",
    four.argmax(dim=-1).shape == right_ones.shape,
)
check(
    "argmax(dim=0) passes with three questions, not with four",
    four[:3].argmax(dim=0).shape == right_ones[:3].shape
    and four.argmax(dim=0).shape != right_ones.shape,
)
close("Corrected: one accuracy in 200 orders", corrected, 400 / 500)
close(
    "Corrected: the same in batches of 1, 7 and 500",
    [accuracy(in_batches(1, size=s)) for s in (1, 7, 500)],
    0.8,
)

# %% [markdown]
# ### 14. "BERT" without embeddings
#
# *Claim: this is BERT in Keras: token ids go into dense layers, and a sigmoid says the class.* The ids are names. *Test: rename.* If all words get
# other numbers, in training and test alike, the task stays the same.
#
# Our task: forty words, half of them good. A text has five words; is the majority good? At first the good words are
# those with numbers 20 to 39; then all words are renumbered at random.
#
# In Keras, `Sequential` chains layers (`Rescaling` maps the ids to numbers from −1 to 0.95), `compile` chooses optimizer and loss, and `fit` trains.

# %%
os.environ["KERAS_BACKEND"] = "torch"  # Keras reads it when imported
os.environ["KERAS_TORCH_DEVICE"] = run.device.type
import keras

L = keras.layers


def on_ids():
    return [L.Rescaling(1 / 20, offset=-1)]  # ids 0 … 39 to -1 … 0.95


def one_hot():
    return [L.Lambda(lambda ids: keras.ops.one_hot(ids, 40)), L.Flatten()]


def embedded():
    return [L.Embedding(40, 8), L.Flatten()]  # 8 learned numbers for each id


def dense_layers():
    hidden = [L.Dense(32, activation="relu") for _ in range(2)]
    return [*hidden, L.Dense(1, activation="sigmoid")]


# %% tags=["hide-input"]
# @title Train on 1,500 texts, test on 1,500 others
N, EPOCHS = run.size(smoke=(100, 1), cpu=(1500, 25), gpu=(1500, 25))


def accuracy_of(first, seed, renumber):
    generator = np.random.default_rng(seed)
    texts = generator.integers(40, size=(2 * N, 5))  # [2N, 5]
    good = (texts >= 20).sum(axis=1) > 2  # [2N]
    if renumber:
        texts = generator.permutation(40)[texts]
    keras.utils.set_random_seed(seed)
    layers = [keras.Input((5,)), *first(), *dense_layers()]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    model.fit(texts[:N], good[:N], batch_size=100, epochs=EPOCHS, verbose=0)
    guesses = model.predict(texts[N:], batch_size=500, verbose=0)[:, 0] > 0.5
    return float((guesses == good[N:]).mean())


# %% tags=["hide-input", "nbval-ignore-output"]
keras_scores = {}
for first in (on_ids, one_hot, embedded):
    for renumber in (False, True):
        found = [accuracy_of(first, SEED + s, renumber) for s in range(3)]
        keras_scores[first, renumber] = np.array(found)
        numbers = "renumbered" if renumber else "in order"
        print(f"{first.__name__:<9} {numbers:<11}", np.round(found, 2))

# %% [markdown]
# Three seeds each, for data and weights; half right is chance. In order, dense layers on ids seem to work. Renumbered,
# they lose more than half of their lead over
# chance. Corrected: ids are taken as names, by one-hot vectors or, as usual, by an embedding, which has a row of
# learned numbers for each word. The same kind of dense layers then
# answers nearly all questions rightly under either numbering. (That is not yet a [BERT](../pretraining/bert_from_scratch.ipynb).)
#
# ### 15. Early stopping in one epoch
#
# *Claim: a callback for early stopping guards one epoch of training against overfitting.* With [early stopping](../bert/three_ways_to_train.ipynb) the
# training ends once the validation loss has failed to improve; the callback of Keras looks after each epoch (here its
# patience
# is one look).
# *Test: give it a case in which it has to stop, and count the looks.* The validation labels are all turned round: what is learned
# makes the validation loss rise.

# %% tags=["hide-input"]
# @title Fit a line to 400 points, with labels turned round in validation
points = np.random.default_rng(SEED).normal(size=(400, 2)).astype("float32")
above = (points.sum(axis=1) > 0).astype("float32")  # [400]


def fit(restore=False, **settings):
    """Returns updates, losses found by looking, and the loss at the end."""
    keras.utils.set_random_seed(SEED)
    model = keras.Sequential([keras.Input((2,)), L.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.Adam(0.1), "binary_crossentropy")
    seen = model.fit(
        validation_data=(points, 1 - above),
        callbacks=[
            keras.callbacks.EarlyStopping(
                patience=1, restore_best_weights=restore
            )
        ],
        verbose=0,
        **settings,
    )
    at_end = model.evaluate(points, 1 - above, verbose=0)
    return int(model.optimizer.iterations), seen.history["val_loss"], at_end


# %% tags=["hide-input"]
# @title Forty batches, again and again
def batches_without_end():
    """Ten points each, for as long as one asks."""
    while True:
        for i in range(0, 400, 10):
            yield points[i : i + 10], above[i : i + 10]


def short_epochs():
    batches = batches_without_end()
    return {"x": batches, "steps_per_epoch": 5, "epochs": 8, "shuffle": False}


# %%
guarded = {
    "one epoch of 40 updates": fit(x=points, y=above, batch_size=10, epochs=1),
    "8 epochs of 5 updates": fit(**short_epochs()),
}

# %% tags=["hide-input"]
for name, (updates, losses, _) in guarded.items():
    print(f"{name:<24} updates done: {updates:2}, looks: {len(losses)}")

# %% tags=["hide-input"]
# @title The best weights brought back
restored = fit(restore=True, **short_epochs())

# %% tags=["hide-input"]
# @title The same guard in a Trainer
transformers.logging.set_verbosity_error()
arguments = {"learning_rate": 1e-2, "max_steps": 100, "seed": SEED}
arguments |= {"eval_strategy": "steps", "eval_steps": 5}
arguments |= {"metric_for_best_model": "eval_loss"}
silent = {"report_to": "none", "save_strategy": "no", "disable_tqdm": True}


# %% tags=["hide-input"]
# @title With right labels and with labels turned round
trainer_steps = {}
for labels_of, turned in (("right", False), ("turned round", True)):
    torch.manual_seed(SEED)
    trainer = Trainer(
        transformers.BertForSequenceClassification(config),
        TrainingArguments(
            tempfile.mkdtemp(), use_cpu=True, **arguments, **silent
        ),
        train_dataset=named,
        eval_dataset=[
            {"input_ids": x, "labels": 1 - y if turned else y}
            for x, y in tuples
        ],
        callbacks=[transformers.EarlyStoppingCallback(1)],
    )
    trainer.remove_callback(transformers.PrinterCallback)
    trainer_steps[labels_of] = trainer.train().global_step
print("Trainer, of 100 steps, a look at every fifth; validation labels")
for labels_of, steps in trainer_steps.items():
    print(f"{labels_of:<13} {steps:3} steps done")

# %% [markdown]
# In one epoch of Keras there is one look, and all 40 updates were done: nothing was stopped. Corrected: look every few
# updates. In Keras one can call five updates an
# epoch; `Trainer` takes an `EarlyStoppingCallback`, with `metric_for_best_model`, `eval_strategy="steps"` and `eval_steps`. In Keras stopping leaves the last weights, and
# `restore_best_weights=True` brings back the best.

# %% tags=["claims"]
in_order, renumbered = (keras_scores[on_ids, b] for b in (False, True))
check("Dense on ids, in order: over 0.8, three seeds", min(in_order) > 0.8)
check(
    "Dense on ids, renumbered: less than half of the lead over chance",
    all(renumbered - 0.5 < (in_order - 0.5) / 2),
)
for first in (one_hot, embedded):
    both = [*keras_scores[first, False], *keras_scores[first, True]]
    name = first.__name__
    check(f"{name}: over 0.95 under both numberings", min(both) > 0.95)
updates, losses, at_end = guarded["8 epochs of 5 updates"]
check(
    "Short epochs: stopped at the second look, a worse one",
    updates == 10 and len(losses) == 2 and losses[1] > losses[0] + 0.01,
)

# %% tags=["claims"]
once, look, _ = guarded["one epoch of 40 updates"]
check("One epoch: all 40 updates, and one look", (once, len(look)) == (40, 1))
close("Stopped: the last weights stay", at_end, losses[1], atol=1e-3)
_, losses, at_end = restored
close("restore_best_weights: the best return", at_end, losses[0], atol=1e-3)
check("`Trainer`, right labels: not stopped", trainer_steps["right"] == 100)
check(
    "`Trainer`, labels turned round: stopped before 100",
    trainer_steps["turned round"] < 100,
)

# %% [markdown]
# ## Waste
#
# ### 16. Everything padded to 128
#
# *Claim: all texts have to be padded to 128 tokens.* A batch is a rectangle: short texts need some padding. *Test: pad more, and the answers must
# stay; then count the positions that hold nothing.* Three sentences, padded to the longest of them and to 128, go through a small BERT.

# %% tags=["hide-input"]
# @title Sentences as ids, and a small BERT
folder = pretrained.encoder_folder()
tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
sentences = list(load_reviews("binary")["validation"]["text"])
rows = tokenizer(sentences, truncation=True, max_length=128)["input_ids"]
three = [[i % 50 for i in row] for row in rows[:3]]  # for a vocabulary of 50
wide = transformers.BertModel(transformers.BertConfig(**small)).eval()


# %%
@torch.no_grad()
def answers_at(length, use_mask=True):
    padded = F.pad(pad(three, 0), (0, length - max(map(len, three))))  # [3, L]
    mask = F.pad(pad([[1] * len(r) for r in three], 0), (0, length))[:, :length]
    mask = mask if use_mask else torch.ones_like(mask)  # [3, L]
    return wide(padded, attention_mask=mask).last_hidden_state[:, 0]  # [3, 16]


# %% tags=["hide-input", "nbval-ignore-output"]
longest = max(map(len, three))
for use_mask in (True, False):
    gap = (answers_at(128, use_mask) - answers_at(longest, use_mask)).abs()
    print(f"largest difference, mask {use_mask!s:<5}  {gap.max():.4f}")
lengths = [len(row) for row in rows]
plain = [range(i, min(i + 32, len(rows))) for i in range(0, len(rows), 32)]
buckets = LengthBuckets(lengths, 32, SEED)
alike = [buckets(i) for i in range(buckets.batches_per_epoch)]


def used(batches):
    """The share of positions that hold a token, padded to the longest."""
    room = sum(len(b) * max(lengths[i] for i in b) for b in batches)
    return sum(lengths) / room


shares = {
    "128": sum(lengths) / (128 * len(rows)),
    "the longest of the batch": used(plain),
    "the same, of similar length": used(alike),
}
print(f"\n{len(rows):,} sentences, batches of 32, padded to")
for name, share in shares.items():
    print(f"{name:<28} {share:6.1%} of the positions hold a token")

# %% [markdown]
# With the attention mask the padding changes no answer (here the vector of the first symbol) beyond rounding; without it, it does. So 128 is not wrong, and not
# needed: for these sentences most
# positions would be computed for nothing. Corrected: pad to the longest of each batch, and batch sentences of similar
# length. (`benchmarks/finetune.py` measures the time that this saves.)

# %% tags=["claims"]
same_answers = (answers_at(128) - answers_at(longest)).abs().max()
without_mask = (answers_at(128, False) - answers_at(longest, False)).abs().max()
check("With the mask: the same answers to 1e-5", same_answers < 1e-5)
check("Without the mask: answers differ by more than 1e-4", without_mask > 1e-4)
check("At 128, most positions hold no token", shares["128"] < 1 / 2)

# %% [markdown]
# ## Summary
#
# | Test | What it found here |
# |:--|:--|
# | add up all texts | a missing factor, sigmoids |
# | take away what is said to be needed | learning without labels, a language model without fine-tuning |
# | shuffle what must not matter | overwritten predictions |
# | score a machine that cheats | a target that stands in the input |
# | print shapes and names, count answers | a decoder that is not there, a missing split, one answer for all |
# | one step by hand | Adam with L2 |
# | run it on a few lines | an import that has gone, scores flattened too far, tuples |
# | rename | ids read as quantities |
# | pad more, then count positions | padding that is not needed |
# | a case in which a guard has to act | early stopping that cannot stop |
#
# None of these tests needed a large model.
#
# ## Exercises
#
# > **Exercise 1.** One step with a pencil (★★☆, 8 minutes). A weight stands at 2, the slope is −0.5, the learning rate 0.01 and $\lambda = 0.5$. Where does the first step of Adam
# > with L2 take it, and where that of AdamW? (Take $\epsilon = 0$.)
#
# <details><summary>Hint</summary>
#
# With L2, what is the sign of the slope after the penalty has joined it?
#
# </details>


# %% tags=["exercise"]
def two_weights():
    """The weight after a step of Adam with L2, and of AdamW, as a list."""
    ...


exercises.two_weights(two_weights)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def two_weights():
    """The weight after a step of Adam with L2, and of AdamW, as a list."""
    # L2: the slope becomes -0.5 + 0.5 · 2 = 0.5; one step down.
    # AdamW: 0.01 · 0.5 · 2 = 0.01 down, and one step of 0.01 up.
    return [2 - 0.01, 2 - 0.01 + 0.01]


exercises.two_weights(two_weights)

# %% [markdown]
# > **Exercise 2.** Find the wrong lines (★★☆, 10 minutes). This program is to give the share of right answers. There are two mistakes in it. Write
# > it correctly.
# >
# > ```
# > def share_right(batches):
# >     results = []
# >     for logits, labels in batches:            # [B, K], [B]
# >         predictions = logits.argmax()
# >         results.append((predictions == labels).float().mean())
# >     return sum(results) / len(results)
# > ```
#
# <details><summary>Hint</summary>
#
# Count the answers, then try batches of different sizes.
#
# </details>


# %% tags=["exercise"]
def share_right(batches):
    """The share of right answers among all questions of all batches."""
    ...


exercises.share_right(share_right)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def share_right(batches):
    """The share of right answers among all questions of all batches."""
    results = []
    for logits, labels in batches:  # [B, K], [B]
        predictions = logits.argmax(dim=-1)  # [B]
        results.append((predictions == labels).float())
    return torch.cat(results).mean().item()


exercises.share_right(share_right)

# %% [markdown]
# > **Exercise 3.** Which of them read names as quantities? (★★★, 20 minutes). `exercises.learners()` is a dictionary of six programs. Each takes training texts (ids
# > `[N, T]`), their labels `[N]` and test texts `[M, T]`, and returns labels `[M]`. Experiment: which of them answer differently when all ids are renumbered? (None of them draws at random.)
#
# <details><summary>Hint</summary>
#
# `rename = generator.permutation(40)`, and then `rename[train]` and `rename[test]`. One renumbering can leave a guilty one
# unchanged by luck: try several, on enough test texts.
#
# </details>


# %% tags=["exercise"]
def readers_of_numbers(learners):
    """Names of the learners whose answers depend on the numbering."""
    ...


exercises.readers_of_numbers(readers_of_numbers)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def readers_of_numbers(learners):
    """Names of the learners whose answers depend on the numbering."""
    generator, guilty = np.random.default_rng(0), set()
    for _ in range(5):
        train = generator.integers(40, size=(100, 5))  # [100, 5]
        test = generator.integers(40, size=(200, 5))  # [200, 5]
        labels = generator.integers(2, size=100)  # [100]
        rename = generator.permutation(40)  # [40]
        for name, learn in learners.items():
            before = learn(train, labels, test)
            after = learn(rename[train], labels, rename[test])
            if (before != after).any():
                guilty.add(name)
    return sorted(guilty)


exercises.readers_of_numbers(readers_of_numbers)

# %% [markdown]
# ## Further reading
#
# - Loshchilov and Hutter (2019), [Decoupled weight decay regularization](https://arxiv.org/abs/1711.05101): what the penalty does in Adam, and AdamW.
# - Devlin et al. (2019), [BERT](https://aclanthology.org/N19-1423/): an encoder, and which symbols are its targets.
# - Lewis et al. (2020), [BART](https://aclanthology.org/2020.acl-main.703/): an encoder and a decoder, pretrained to undo damage to a text.
# - Prechelt (1998), [Early stopping, but when?](https://doi.org/10.1007/3-540-49430-8_3): what it trades, measured.
