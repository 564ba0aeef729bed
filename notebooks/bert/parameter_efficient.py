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
# # Parameter-efficient fine-tuning
#
# Freeze all that was pretrained, learn a small change beside it, and keep a file of less than a megabyte
# for each new task.
#
# [Fine-tuning](finetune_sentiment.ipynb) gave us a classifier of film reviews. Suppose that we want
# ten classifiers: for reviews, for questions, for spam … How much has to be stored?

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
import time

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation import intervals as statistics
from lmcourse.exercises.bert import parameter_efficient as exercises
from lmcourse.models import (
    adalora,
    adapter,
    classifier,
    lora,
    prefix,
    pretrained,
)
from lmcourse.records import record, sweep
from lmcourse.text.labelled import encode
from lmcourse.training.classification import fine_tune, padded, scores

run = session.start(PROFILE, SEED)

# %%
model = classifier.fresh(2, SEED)  # the pretrained encoder, a fresh head


def numbers_in(module):
    """How many numbers a part of a model has."""
    return sum(p.numel() for p in module.parameters())


total = numbers_in(model)

# %% tags=["hide-input"]
parts = {
    "embeddings": numbers_in(model.encoder.embeddings),
    "six layers": numbers_in(model.encoder.encoder.layer),
    "head": numbers_in(model.head),
    "together": total,
    "for ten tasks": 10 * total,
}
for part, n in parts.items():
    print(f"{part:<13} {n:12,} numbers {4 * n / 1e6:8.3f} MB")

# %% [markdown]
# A number takes four bytes, and ten fine-tuned copies, each kept whole, take ten times the whole. Yet all ten begin with
# the same weights. Could we store these once, and for each task only how it differs?
#
# **You will**
#
# - write LoRA, a change of low rank beside a frozen matrix, and follow it through small numbers,
# - put it into BERT, count what is trained, and check your layer against the library `peft`,
# - merge the change into the weights, and keep it in a small file that knows its base model,
# - see what adapters, prefix tuning and AdaLoRA do instead,
# - judge on a test set what is lost against full fine-tuning, and say what is not saved.
#
# **You need** [fine-tuning](finetune_sentiment.ipynb) and
# [attention](../transformer/attention.ipynb).

# %% [markdown]
# ## A change with few numbers
#
# Here is a frozen matrix $W$ of four rows and four columns, and a vector $x$. Beside $W$ stand one
# column $B$ and one row $A$. Their product $BA$ has sixteen entries, each a product of one number of $B$ and one of
# $A$. Work out $W x$, $A x$ and $B\,(A x)$ on paper:

# %%
W = torch.tensor([[1.0, 0, 2, 0], [0, 1, 0, 1], [3, 0, 1, 0], [0, 2, 0, 1]])
B = torch.tensor([[1.0], [0], [2], [-1]])  # [4, 1]
A = torch.tensor([[0.5, -1, 0, 1]])  # [1, 4]
x = torch.tensor([2.0, 1, 0, 3])  # [4]
beside = W @ x + B @ (A @ x)  # the change is never formed
inside = (W + B @ A) @ x  # the change is added to W first

# %% tags=["hide-input"]
print("B A =")
for row in (B @ A).tolist():
    print("  ", "".join(f"{value + 0.0:6.1f}" for value in row))
for name, value in {
    "W x": W @ x,
    "A x": A @ x,
    "B (A x)": B @ (A @ x),
    "W x + B (A x)": beside,
    "(W + B A) x": inside,
}.items():
    print(f"{name:<14}", "".join(f"{v:6.1f}" for v in value.tolist()))
print("numbers:", W.numel(), "in W,", A.numel() + B.numel(), "in A and B")

# %% [markdown]
# The lines of $Wx + B(Ax)$ and $(W + BA)x$ agree, as they must: the change can be computed beside $W$ or added into it.
#
# The **rank** of a matrix is the smallest number of such products, a column times a row, that sum to it. So $BA$ has
# rank one. With $r$ columns in $B$ and $r$ rows in $A$ it has rank $r$ at most, and this is
# **LoRA**, *low-rank adaptation*: for frozen $W$ and $b$, with $A$ of size $r \times d_{\text{in}}$ and $B$ of size
# $d_{\text{out}} \times r$,
#
# $$y = W x + b + \frac{\alpha}{r}\, B\,(A x) \tag{1}$$
#
# where $\alpha$, a number that we choose, sets the size of the change; we take $\alpha = r$, so that the factor is one. Only $A$ and $B$
# are trained. Instead of $d_{\text{out}}\, d_{\text{in}}$ numbers that is
#
# $$n = r\,(d_{\text{in}} + d_{\text{out}}) \tag{2}$$
#
# At first $A$ is drawn at random and $B$ is zero. So the change is zero too, and training begins at the pretrained model.
#
# Not every change can be written with few columns and rows: to become zero, our $W$ would need a change of rank four. That
# low rank is enough is a bet. At the end we see what such a change of queries and values loses, not how much of that is due to the rank.

# %% tags=["claims"]
close("Beside or inside: the same y", beside, inside)
rank = torch.linalg.matrix_rank(B @ A).item()
check("B A has rank one, W has rank four", rank == 1 and torch.det(W) != 0)


# %% [markdown]
# ## The layer, and its place in BERT
#
# The layer keeps the old linear one, frozen, and adds (1):


# %%
class LoRALinear(torch.nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)  # W and b
        self.scale = alpha / rank
        bound = 1 / math.sqrt(linear.in_features)
        A = torch.empty(rank, linear.in_features).uniform_(-bound, bound)
        self.A = torch.nn.Parameter(A)  # [r, d_in]
        B = torch.zeros(linear.out_features, rank)
        self.B = torch.nn.Parameter(B)  # [d_out, r]

    def forward(self, x):  # [..., d_in]
        low = x @ self.A.T  # [..., r]
        return self.linear(x) + self.scale * low @ self.B.T  # [..., d_out]

    def change(self):
        return self.scale * self.B @ self.A  # [d_out, d_in]


# %% [markdown]
# Where does it go? Any linear layer would do. We follow the paper and change the queries and the values of
# attention, in all layers. Everything else in the encoder is frozen; the head is new and is trained too.


# %%
def with_lora(seed, rank, alpha):
    """The book's classifier with LoRA at queries and values."""
    model = classifier.fresh(2, seed)
    model.encoder.requires_grad_(False)
    for layer in model.encoder.encoder.layer:
        attention = layer.attention.self
        attention.query = LoRALinear(attention.query, rank, alpha)
        attention.value = LoRALinear(attention.value, rank, alpha)
    return model


RANK = 16
ours = with_lora(SEED, RANK, alpha=RANK)
trained_numbers = sum(p.numel() for p in ours.parameters() if p.requires_grad)

# %% [markdown]
# Which numbers are trained? Here and below: all that take a gradient, those of the head among them. Three things should
# be true. Their count is that of (2), summed over the changed matrices, and that of the head. With $B = 0$ no score changes. And
# with a $B$ that is not zero, slopes arrive at exactly these tensors.

# %% tags=["hide-input"]
# @title Does the untrained change do nothing, and who receives a gradient?
from transformers import AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(pretrained.encoder_folder())
pair = encode(["An unforgettably overwrought mess.", "Go see it."], tokenizer)
ids, mask = padded(pair, torch.device("cpu"))  # [2, T] each
with torch.inference_mode():
    plain = model(ids, mask)  # [2, 2]
    untrained = ours(ids, mask)
generator = run.generator()
for layer in ours.modules():  # a change to test with
    if isinstance(layer, LoRALinear):
        layer.B.data = 0.1 * torch.randn(layer.B.shape, generator=generator)
F.cross_entropy(ours(ids, mask), torch.tensor([0, 1])).backward()
reached = {
    n for n, p in ours.named_parameters() if p.grad is not None and p.grad.any()
}
added = [n for n in reached if n.rpartition(".")[2] in ("A", "B")]
head = [n for n in reached if n.startswith("head.")]

# %% tags=["hide-input"]
width = model.encoder.config.hidden_size
layers = model.encoder.config.num_hidden_layers
by_formula = 2 * layers * RANK * (width + width)  # (2), two matrices a layer
head_numbers = numbers_in(model.head)
share = trained_numbers / total
print(f"trained: {trained_numbers:,}, {100 * share:.2f} % of the whole")
print(f"by (2): 2 · {layers} · {RANK} · ({width} + {width}) = {by_formula:,}")
print(f"in the head: {head_numbers}")
print(
    "with B = 0, scores equal to the last bit:",
    bool((plain == untrained).all()),
)
print(f"tensors with a gradient: {len(added)} A and B, {len(head)} of the head")

# %% [markdown]
# `lmcourse.models.lora` has the same with more checks of what it is given, and Hugging Face's `peft` has it too. With our $A$ and
# $B$ written into theirs, do all three give the same scores?

# %% tags=["hide-input"]
# @title The same numbers in the package's layer and in peft's
import warnings

import peft

config = peft.LoraConfig(
    r=RANK, lora_alpha=RANK, target_modules=["query", "value"]
)
fresh = classifier.fresh(2, SEED)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # peft uses an old name of transformers
    theirs = peft.get_peft_model(fresh.encoder, config).eval()
package = lora.LoRA(classifier.fresh(2, SEED), RANK).eval()
for name, layer in ours.encoder.named_modules():
    if isinstance(layer, LoRALinear):
        copy = theirs.base_model.model.get_submodule(name)
        copy.lora_A["default"].weight.data = layer.A.data
        copy.lora_B["default"].weight.data = layer.B.data
        package.layers[name].A.data = layer.A.data
        package.layers[name].B.data = layer.B.data
fresh.encoder = theirs
with torch.inference_mode():
    from_ours = ours(ids, mask)  # [2, 2]
    from_package = package(ids, mask)
    from_peft = fresh(ids, mask)

# %% tags=["hide-input", "nbval-ignore-output"]
for name, z in {
    "without a change": plain,
    "our layer": from_ours,
    "lmcourse": from_package,
    "peft": from_peft,
}.items():
    print(f"{name:<17}", " ".join(f"{value:+.4f}" for value in z.flatten()))

# %% tags=["claims"]
check("B = 0 changes no bit of the scores", torch.equal(plain, untrained))
check(
    "The trained numbers are those of formula (2) and of the head",
    trained_numbers == by_formula + head_numbers,
)
check("They are below 1 % of the model", share < 0.01)
check(
    "Gradients reach each A and B, the head, and nothing else",
    (len(added), len(head), len(reached)) == (4 * layers, 2, 4 * layers + 2),
)
close("The package's LoRA agrees", from_package, from_ours, atol=1e-5)
close("peft agrees", from_peft, from_ours, atol=1e-5)

# %% [markdown]
# ## Training
#
# The sentences, splits and settings are those of [fine-tuning](finetune_sentiment.ipynb): one epoch, and
# `fine_tune`, the loop taught there, which trains what takes a gradient. The learning rate is another one: a search on
# validation has chosen it, and we come to its record below.

# %% tags=["nbval-ignore-output"]
keep = run.size(smoke=64, cpu=None, gpu=None)  # None: all of them
data = load_reviews("binary")
rows, labels = {}, {}
for name in ("train", "validation"):
    rows[name] = encode(list(data[name]["text"])[:keep], tokenizer, 128)
    labels[name] = np.array(data[name]["label"])[:keep]

LEARNING_RATE = 2e-3  # full fine-tuning: 2e-4
trained = lora.LoRA(classifier.fresh(2, SEED), RANK, seed=SEED)
history = fine_tune(
    trained,
    rows["train"],
    labels["train"],
    session=run,
    learning_rate=LEARNING_RATE,
)

# %% tags=["hide-input", "nbval-ignore-output"]
z = scores(trained, rows["validation"], run)  # [N, 2]
right = (z.argmax(dim=1).numpy() == labels["validation"]).mean()
quarters = np.array_split(history.losses, min(4, len(history.losses)))
for i, part in enumerate(quarters):
    print(f"quarter {i + 1} of the steps: mean loss {np.mean(part):.3f}")
print(f"accuracy on validation: {right:.3f}")

# %% [markdown]
# ### What is not saved
#
# Few numbers are trained. Is training then fast? Every step still runs forward through the whole encoder. And
# the slope of the loss at a low layer comes from the layers above it, so the backward pass goes down through all of them as well. It leaves out the slopes of the frozen matrices. `FlopCounterMode` of PyTorch counts the multiplications and additions of
# all matrix products in one step for the two sentences from above. Beside them stands the time of these two passes for 32 sentences:


# %% tags=["hide-input"]
# @title Milliseconds of one step, forward and backward
from torch.utils.flop_counter import FlopCounterMode


def one_step(model, step, batch_size=32):
    """Milliseconds (forward, backward) of a batch."""
    chosen = range(batch_size * step, batch_size * (step + 1))
    chosen = [i % len(rows["train"]) for i in chosen]
    ids, mask = padded([rows["train"][i] for i in chosen], run.device)
    target = torch.tensor(labels["train"][chosen], device=run.device)
    model.zero_grad()
    clock = [time.perf_counter()]
    with run.autocast():
        loss = F.cross_entropy(model(ids, mask).float(), target)
    clock.append(time.perf_counter())
    loss.backward()
    clock.append(time.perf_counter())
    return 1000 * np.diff(clock)


# %% tags=["hide-input"]
# @title Products of one step, forward and backward
def products(model):
    """Multiplications and additions (forward, backward) of a pair."""
    a, b = ids.to(run.device), mask.to(run.device)
    with FlopCounterMode(display=False) as forward:
        loss = F.cross_entropy(model(a, b), torch.zeros_like(a[:, 0]))
    with FlopCounterMode(display=False) as backward:
        loss.backward()
    return np.array([f.get_total_flops() for f in (forward, backward)])


# %% tags=["hide-input", "nbval-ignore-output"]
rivals = {"full": model, "LoRA": lora.LoRA(classifier.fresh(2, SEED), RANK)}
times = {name: [] for name in rivals}
for step in range(run.size(smoke=1, cpu=8, gpu=30)):
    for name, rival in rivals.items():  # in turn, so that both see the same
        times[name].append(one_step(rival.to(run.device).train(), step))
work = {name: products(rival) for name, rival in rivals.items()}
print("        millions of operations        ms, median")
print("        forward    backward     forward  backward")
for name in rivals:
    print(f"{name:<5}", "".join(f"{n / 1e6:11.0f}" for n in work[name]), end="")
    print("".join(f"{t:11.0f}" for t in np.median(times[name], axis=0)))
moving = sum(p.numel() for p in model.parameters() if p.requires_grad)
print(f"trained numbers: full {moving:,}, LoRA {trained_numbers:,}")
model = model.cpu().eval()

# %% [markdown]
# LoRA computes slightly more than full fine-tuning in the forward pass and about half as much in the backward pass. Together, about a third of these operations are saved (AdamW's own are not counted, and the milliseconds are those of one machine). What shrinks in proportion to the trained numbers is what training keeps for each of
# them: its slope, and AdamW's two running means.

# %% tags=["claims"]
forward, backward = work["LoRA"] / work["full"]
whole = work["LoRA"].sum() / work["full"].sum()
check("LoRA's forward pass has more operations", 1 < forward < 1.1)
check("Its backward pass has about half of them", 0.4 < backward < 0.6)
check("A step has between 0.6 and 0.7 of the operations", 0.6 < whole < 0.7)

# %% [markdown]
# ## Merged, and kept in a small file
#
# For answers, the change can be added into the weights, as `inside` did above. Then an answer needs no change beside the matrices. Subtracting the change undoes it, up to
# rounding.

# %% tags=["nbval-ignore-output"]
trained = trained.cpu()
with torch.inference_mode():
    unmerged = trained(ids, mask)  # [2, 2]
    trained.merge()  # W becomes W + α/r B A
    merged = trained(ids, mask)
    trained.unmerge()
    again = trained(ids, mask)
print("largest difference of a score:", float((merged - unmerged).abs().max()))

# %% [markdown]
# Only what was trained is saved, with a hash (a short fingerprint) of the frozen weights that it belongs to. A colleague loads
# it over the same base. Over another base of the same size all shapes would fit too; so the hash is compared.

# %% tags=["nbval-ignore-output"]
import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp())  # any folder
trained.save(folder / "praise.safetensors")
file_bytes = (folder / "praise.safetensors").stat().st_size
loaded = lora.LoRA(classifier.fresh(2, SEED), RANK).eval()
loaded.load(folder / "praise.safetensors")
with torch.inference_mode():
    from_file = loaded(ids, mask)
print(f"{file_bytes / 1e6:.2f} MB instead of {4 * total / 1e6:.0f} MB")
changed = 4 * (total - model.encoder.embeddings.word_embeddings.weight.numel())
print(f"or {changed / 1e6:.0f} MB, without the word embeddings, frozen here")


# %% tags=["hide-input"]
# @title What is refused
def refusal(function, *arguments, **options):
    """The message of the error, without the folder."""
    try:
        return str(function(*arguments, **options))
    except ValueError as error:
        return str(error).replace(f"{folder}/", "")


other = classifier.fresh(2, SEED)
with torch.no_grad():
    other.encoder.embeddings.LayerNorm.bias[0] += 0.001  # another base model
stranger = lora.LoRA(other, RANK)
refusals = {
    "another base": refusal(stranger.load, folder / "praise.safetensors"),
    "rank 385": refusal(lora.LoRA, model, 385),
    "prefix of 512": refusal(prefix.Prefix, model, 512),
}

# %% tags=["hide-input", "nbval-ignore-output"]
for name, message in refusals.items():
    print(f"{name}:\n    {message}")

# %% tags=["claims"]
close("Merged equals unmerged", merged, unmerged, atol=1e-4)
close("Unmerged again: the same scores", again, unmerged, atol=1e-4)
close("From the file: the same scores", from_file, unmerged, atol=1e-5)
check(
    "The file is below 1 % of the model's bytes", file_bytes < 0.01 * 4 * total
)
check(
    "Another base is refused, and both are named",
    stranger.base in refusals["another base"]
    and trained.base in refusals["another base"],
)

# %% [markdown]
# ## Three relatives
#
# Three more ways leave the encoder frozen. Where in a layer of BERT do they put their numbers?

# %% tags=["hide-input"]
# @title Boxes and marks of the picture
boxes = {  # centre x, centre y, text
    "q": (0.8, 3, "query"),
    "k": (0.8, 2, "key"),
    "v": (0.8, 1, "value"),
    "a": (2.6, 2, "atten-\ntion"),
    "d": (4.2, 2, "dense"),
    "n": (6.2, 2, "sum,\nnorm"),
    "f": (7.9, 2, "feed-\nforward"),
    "m": (10, 2, "sum,\nnorm"),
}
marks = [  # x, y, text, colour
    (-1.6, 3, "LoRA, AdaLoRA", plot.BLUE),
    (-1.6, 2, "prefix", plot.ORANGE),
    (-1.6, 1.15, "LoRA, AdaLoRA", plot.BLUE),
    (-1.6, 0.8, "prefix", plot.ORANGE),
    (5.2, 1.3, "adapter", plot.GREEN),
    (8.9, 1.3, "adapter", plot.GREEN),
]

# %% tags=["hide-input"] mystnb={"image": {"alt": "A layer of BERT drawn as boxes from left to right: queries, keys and values, then attention, its dense layer, a sum and norm, the feed-forward part, and another sum and norm. Coloured marks show the additions: LoRA and AdaLoRA at queries and values, prefix at keys and values, adapters after the dense layer and after the feed-forward part."}}
figure, ax = plot.panels(height=2.3)
arrows = ["qa", "ka", "va", "ad", "dn", "nf", "fm"]
for start, end in arrows:
    (x0, y0, _), (x1, y1, _) = boxes[start], boxes[end]
    style = {"arrowstyle": "->", "color": plot.GREY}
    style["shrinkB"] = {"f": 27, "d": 23}.get(end, 19)  # points, up to the box
    ax.annotate("", (x1, y1), (x0, y0), arrowprops=style)
frame = {"boxstyle": "round", "facecolor": plot.PAPER, "edgecolor": plot.INK}
for x0, y0, text in boxes.values():
    ax.text(x0, y0, text, ha="center", va="center", fontsize=9.3, bbox=frame)
for x0, y0, text, color in marks:
    ax.text(x0, y0, text, ha="center", va="center", fontsize=9.3, color=color)
ax.set(xlim=(-3, 10.8), ylim=(0.4, 3.5))
ax.axis("off")
plt.show()

# %% [markdown]
# **Adapters** came first of the four. A **bottleneck** presses a vector $h$ through $m$ numbers, bends these, and adds
# the result to $h$:
#
# $$h' = h + U\,\operatorname{gelu}(D h + d) + u \tag{3}$$
#
# Unlike LoRA's change this is no linear map, so it cannot be merged into a matrix: its products are computed for
# every answer. (The paper trains the norms too; we do not.)
#
# **Prefix tuning** leaves the layers as they are, and lets every token attend to $L$ learned positions besides those of the text. With
# learned keys $P_K$ and values $P_V$ stacked above the text's own, one head computes for the queries $q$
#
# $$y = \operatorname{softmax}\!\left(\frac{q\,[P_K; K]^{\top}}{\sqrt{d}}\right) [P_V; V] \tag{4}$$
#
# (The paper makes $P_K$ and $P_V$ by a second network while it trains; we train the numbers themselves.)


# %%
def bottleneck(h, D, d, U, u):
    """Formula (3); h [..., width], D [m, width], U [width, m]."""
    return h + F.gelu(h @ D.T + d) @ U.T + u


def with_prefix(q, K, V, PK, PV):
    """Formula (4) for one head; q, K, V [T, d] and PK, PV [L, d]."""
    keys, values = torch.cat([PK, K]), torch.cat([PV, V])  # [L + T, d]
    weights = (q @ keys.T / q.shape[-1] ** 0.5).softmax(dim=-1)
    return weights @ values  # [T, d]


# %% [markdown]
# **AdaLoRA** sits where LoRA does (in the paper at the other matrices as well), and asks whether every matrix needs the same rank. It writes the change as $P \Lambda Q$ with $\Lambda$ diagonal:
# a sum of *triplets*, each a column of $P$, one number $\lambda$ and a row of $Q$.
#
# A penalty pulls the columns of $P$,
# and the rows of $Q$, towards length one and right angles. Training begins with more triplets than the budget allows. From time to time the
# triplets of *all* matrices are ranked together, and the least important get $\lambda = 0$.
#
# How important is a number $w$? To first order, setting it to zero changes the loss by $|w \cdot \partial \text{loss} / \partial w|$.
# The paper smooths this over the steps, multiplies it by how much it scatters, and calls the result $s(w)$; we take $s$ from the package. The
# importance of triplet $i$ is the sum of three: $s$ of its $\lambda$, and the means of $s$ over its column and over its row,
#
# $$S_i = s(\lambda_i) + \frac{1}{d_{\text{out}}} \sum_j s(P_{ji}) + \frac{1}{d_{\text{in}}} \sum_j s(Q_{ij}) \tag{5}$$
#
# Here are the importances of three triplets in each of two matrices. The budget is four triplets: which ranks are left?


# %%
def triplets(s_P, s_L, s_Q):
    """Formula (5); s_P [d_out, r], s_L [r], s_Q [r, d_in]."""
    return s_L + s_P.mean(dim=0) + s_Q.mean(dim=1)  # [r]


def kept(importances, budget):
    """Which triplets of all matrices [n, r] are among the best (no ties)."""
    ranked = importances.flatten().sort(descending=True).values
    return importances >= ranked[budget - 1]


toy = torch.tensor([[0.9, 0.4, 0.3], [0.2, 0.5, 0.1]])
alive = kept(toy, budget=4)

# %% tags=["hide-input"]
for i, (row, stays) in enumerate(zip(toy, alive, strict=True)):
    shown = [
        f"{value:.1f}" + ("  " if stay else " ×")
        for value, stay in zip(row, stays, strict=True)
    ]
    print(f"matrix {i}: {'  '.join(shown)}   rank {int(stays.sum())}")

# %% [markdown]
# Now in BERT, with three triplets at queries and values of every layer. After some steps of training (without the penalty, to keep the
# code short) two a matrix may stay on average. Will each matrix keep two?

# %% tags=["hide-input", "nbval-ignore-output"]
# @title One decision of AdaLoRA
shared = adalora.AdaLoRA(classifier.fresh(2, SEED), rank=3, kept=2, seed=SEED)
STEPS = run.size(smoke=2, cpu=20, gpu=20)
fine_tune(
    shared,
    rows["train"],
    labels["train"],
    session=run,
    learning_rate=1.6e-2,
    epochs=STEPS / math.ceil(len(rows["train"]) / 32),
    on_step=lambda step: shared.observe(),  # the gradients of each step
)
s = shared.number_scores()
found = {
    name: triplets(s[f"{name}.P"], s[f"{name}.L"], s[f"{name}.Q"])
    for name in shared.layers
}
choice = kept(torch.stack([*found.values()]), shared.left)  # [12, 3]
shared.prune(shared.left)

# %% tags=["hide-input", "nbval-ignore-output"]
unit = max(float(v.max()) for v in found.values())
print("importance of each triplet, the largest as 100")
for (name, values), stays in zip(found.items(), choice, strict=True):
    parts = name.split(".")
    label = f"layer {parts[2]} {parts[-1]}"
    shown = [
        f"{100 * v / unit:7.3f}" + ("  " if stay else " ×")
        for v, stay in zip(values, stays, strict=True)
    ]
    print(f"{label:<14} {' '.join(shown)}   rank {int(stays.sum())}")

# %% [markdown]
# They do not. (This is one decision after a few steps of one run. In training, the decision is made again and again, and a $\lambda$ set to zero goes on receiving slopes, so its triplet may come back, until the last three tenths of the steps, in which the choice stands.) Before we go on, are (3), (4) and, given $s$, (5) what package and encoder compute?

# %% tags=["hide-input"]
# @title Formulas (3) and (4) against package and encoder
from transformers import DynamicCache

small_one = adapter.Bottleneck(8, 3, run.generator())
for place, numbers in enumerate(small_one.parameters()):
    numbers.data.normal_(generator=run.generator(10 + place))
h = torch.randn(5, 8, generator=run.generator(2))
down, up = small_one.down, small_one.up
by_hand = bottleneck(h, down.weight, down.bias, up.weight, up.bias)
by_package = small_one(h)

own = model.encoder.encoder.layer[0].attention.self
PK, PV = torch.randn(2, 1, 1, 4, 32, generator=run.generator(3)).expand(
    2, 1, model.encoder.config.num_attention_heads, 4, 32
)
past = DynamicCache()
past.update(PK, PV, 0)
with torch.inference_mode():
    hidden = model.encoder.embeddings(ids[:1])  # [1, T, d]
    mixed = own(hidden, past_key_values=past)[0][0, :, :32]  # first head
    q, K, V = (f(hidden)[0, :, :32] for f in (own.query, own.key, own.value))
    by_formula_4 = with_prefix(q, K, V, PK[0, 0], PV[0, 0])

# %% tags=["claims"]
close("Formula (3) is the package's bottleneck", by_hand, by_package, atol=1e-5)
close("Formula (4) is the encoder's attention", by_formula_4, mixed, atol=1e-4)
alive_there = torch.stack([*shared.alive.values()])
importances = torch.stack([*shared.importance().values()])
mine = torch.stack([*found.values()])
ratio = mine / importances  # [12, 3]
close("Formula (5) is the package's importance", ratio, 1.0, atol=1e-4)
check("The package prunes the same triplets", torch.equal(alive_there, choice))
ranks = choice.sum(dim=1)  # [12]
check("This decision gives different ranks", ranks.min() < ranks.max())

# %% [markdown]
# ## What is lost?
#
# Four ways add equally many numbers within 5 % (AdaLoRA at its end; it begins with half as many again), and have four rivals: the head
# alone, the biases and the head (BitFit; Ben Zaken et al. 2022), the top layer and the head, and full fine-tuning (of all but the word embeddings). `benchmarks/sweep_parameter_efficient.py` of
# the book's repository has trained each for one epoch. First it searched for a learning rate, one run for each, with a seed
# that is not used again. Where the best rate was the highest or the lowest, the next was tried too. (Adapters have $m = 15$, the prefix $L = 32$, LoRA
# $r = 16$, AdaLoRA 24 triplets a matrix and then 16 on average; all compute in 16 bits where the machine can.)

# %% tags=["hide-input"]
search = sweep("bert/parameter_efficient")
tried, final = {}, {}
for trial in search["runs"]:
    where = tried if trial["stage"] == "search" else final
    where.setdefault(trial["way"], []).append(trial)
best = {
    way: min(trials, key=lambda trial: trial["surprise"])
    for way, trials in tried.items()
}
print(search["command"])
print(f"mean surprise on validation, {search['sentences']:,} sentences once")
for way, trials in tried.items():
    shown = [
        f"{t['rate']:g}: {t['surprise']:.3f}" + ("*" if t is best[way] else " ")
        for t in sorted(trials, key=lambda trial: trial["rate"])
    ]
    print(f"{way:<9}", " ".join(shown))

# %% [markdown]
# The star marks the rate that was taken; the 7,221 sentences are those of training, each seen once. Full fine-tuning keeps the rate of its [own chapter](finetune_sentiment.ipynb).
#
# Then each was trained with three seeds, and answered the test sentences. The difference to full fine-tuning has two intervals of 95 %.
# *Over sentences*: for each test sentence the share of three runs that are right, minus that of full fine-tuning; a bootstrap draws the sentences again and again
# with replacement. *Over seeds*: Student's $t$ over the three differences between runs of the same seed. The first interval holds the runs fixed, the second the sentences; neither counts that the rates were chosen.

# %% tags=["hide-input"]
# @title Which test sentences did each run get right?
tested = search["tested"]


def right_answers(trial):
    """One for a right answer to a test sentence, else zero, [N]."""
    packed = np.frombuffer(bytes.fromhex(trial["right"]), dtype=np.uint8)
    return np.unpackbits(packed)[:tested].astype(float)


order = [
    *("head", "biases", "top layer", "adapters", "prefix", "LoRA", "AdaLoRA"),
    "full",
]
answers = {
    way: np.array([right_answers(trial) for trial in final[way]])
    for way in order
}  # [seeds, N] each
numbers = {way: final[way][0]["trained"] + head_numbers for way in order}
used = final["AdaLoRA"][0]["used"] + head_numbers


# %% tags=["hide-input"]
# @title Differences in points and their two intervals
def difference(way, other):
    """In points: by seed, and both intervals."""
    a, b = 100 * answers[way], 100 * answers[other]
    by_seed = (a - b).mean(axis=1)  # [seeds]
    paired = statistics.paired_bootstrap(a.mean(axis=0), b.mean(axis=0))
    return by_seed, paired, statistics.seeds_interval(by_seed)


gaps = {way: difference(way, "full") for way in order[:-1]}

# %% tags=["hide-input"]
print("             trained   of all   accuracy by seed")
for way in order:
    seeds = " ".join(f"{value:.3f}" for value in answers[way].mean(axis=1))
    share = 100 * numbers[way] / total
    print(f"{way:<9} {numbers[way]:10,} {share:6.3f} %   {seeds}")
print(f"AdaLoRA has {used:,} left at the end.")


# %% tags=["hide-input"]
heading = f"{'points':<29} by seed    mean  over sentences   over seeds"


def show(name, by_seed, paired, seeds):
    """One line of a table of differences."""
    shown = " ".join(f"{value:+5.1f}" for value in by_seed)
    spans = [f"[{i.low:+5.1f}, {i.high:+5.1f}]" for i in (paired, seeds)]
    print(f"{name:<21} {shown} {paired.value:+7.1f}  {'  '.join(spans)}")


print(heading)
for way, gap in gaps.items():
    show(f"{way} - full", *gap)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Seven ways below each other on an axis of points of accuracy minus full fine-tuning, with a dotted line at zero. Each has a dot with an interval, and three short marks below it for the seeds (those of AdaLoRA fall on each other). The head lies far to the left, near minus nine. The top layer, prefix and AdaLoRA lie between minus three and minus four, the biases near minus two, LoRA and adapters near minus one. All intervals lie left of zero."}}
figure, ax = plot.panels(height=3)
plot.intervals(ax, list(gaps), [paired for _, paired, _ in gaps.values()])
for place, (by_seed, _, _) in enumerate(gaps.values()):
    marks = {"marker": "|", "color": plot.ORANGE, "s": 90, "zorder": 4}
    ax.scatter(by_seed, [place + 0.25] * len(by_seed), **marks)
ax.axvline(0, color=plot.INK, linestyle=":")
ax.set_xlabel(
    "points of accuracy minus full fine-tuning\n"
    "(dot: mean, 95 % over sentences; marks: seeds)"
)
plt.show()

# %% [markdown]
# LoRA trains less than a hundredth of the model's numbers. It is behind full fine-tuning with each of the three seeds. Its interval over
# sentences lies below zero; the one over seeds, from three of them, reaches just past it. By how much is LoRA behind? Both intervals hold a
# loss of one point, and smaller and larger ones. That it comes within one point is neither shown by these runs nor excluded. Adapters too are behind with each seed; whether they come within one point is open as well.
#
# And do ways with equally many numbers differ? We take the ways in pairs, and some against the top layer and the biases:

# %% tags=["hide-input"]
pairs = [("LoRA", "adapters"), ("prefix", "AdaLoRA")]
ahead = [
    (way, other)
    for way in ("LoRA", "adapters")
    for other in ("prefix", "AdaLoRA", "top layer")
] + [("biases", "top layer"), ("adapters", "biases")]
close_to = [("LoRA", "biases"), ("biases", "prefix"), ("biases", "AdaLoRA")]
between = {pair: difference(*pair) for pair in [*pairs, *ahead, *close_to]}
print(heading)
for (way, other), gap in between.items():
    show(f"{way} - {other}", *gap)
print("\ntriplets that AdaLoRA kept, by seed")
for i in range(layers):
    print(f"layer {i}", end="")
    for name in ("query", "value"):
        key = f"encoder.layer.{i}.attention.self.{name}"
        ranks = [f"{trial['ranks'][key]:2}" for trial in final["AdaLoRA"]]
        print(f"   {name}", *ranks, end="")
    print()

# %% [markdown]
# LoRA and adapters are not separated by these intervals, nor are prefix and AdaLoRA. But LoRA is ahead of both prefix and AdaLoRA with each seed and in both intervals, and so are
# adapters. Both are ahead of the top layer as well, which trains more than ten times as many numbers.
#
# The biases surprised us. They train less than a fifth of LoRA's numbers. They are ahead of the top layer. They are also ahead of prefix and AdaLoRA with each seed, though not in all intervals.
#
# LoRA is ahead of them with each seed,
# by less than a point on average: the interval over sentences just reaches zero, the one over seeds does not. Adapters are ahead of them. (None of all these intervals is corrected for their number.)
#
# This holds for one epoch, one task, and the places chosen here. AdaLoRA spends part of this epoch on triplets that it drops; whether any of these ways would catch up
# in a longer training, or with other settings than the rate, was not tried. What it kept is uneven: with all three seeds, values kept more than queries in the first three layers and in the last, and queries more than values in the last but one.

# %% [markdown]
# All but the head and full fine-tuning become rungs of [the ladder](../../book/results.md), each with the mean of its three seeds. As for the other rungs, its parameters are all numbers of the
# model as it is trained, the frozen ones too; the note has those that were trained. (Intervals: 95 %, bootstrap over sentences, of the mean.)

# %% tags=["hide-input"]
# @title The rungs are recorded
labels_of = {
    "biases": ("biases", "Biases of MiniLM"),
    "top layer": ("top_layer", "Top layer of MiniLM"),
    "adapters": ("adapters", "Adapters in MiniLM"),
    "prefix": ("prefix", "Prefix tuning of MiniLM"),
    "LoRA": ("lora", "LoRA on MiniLM"),
    "AdaLoRA": ("adalora", "AdaLoRA on MiniLM"),
}
for way, (key, label) in labels_of.items():
    value, *bounds = statistics.bootstrap_mean(answers[way].mean(axis=0))
    own = way in ("top layer", "biases")  # they train what is there
    beside = 0 if own else numbers[way] - head_numbers
    note = f"{numbers[way]:,} numbers trained; mean of three seeds; "
    rung = {"ladder": "classification", "label": label}
    rung["parameters"] = total + beside
    rung["seconds"] = float(np.mean([t["seconds"] for t in final[way]]))
    rung["note"] = note + "seconds of one processor"
    record(f"parameter_efficient.{key}", value, "accuracy", bounds, **rung)

# %% tags=["claims"]
alike = ("adapters", "prefix", "LoRA", "AdaLoRA")
spent = {**numbers, "AdaLoRA": used}
added_numbers = [spent[way] - head_numbers for way in alike]
check(
    "Record: the four budgets agree within 5 % at the end",
    max(added_numbers) < 1.05 * min(added_numbers),
)
check(
    "Record: each of the four trains at most 1 %",
    max(numbers[way] for way in alike) <= 0.01 * total,
)

# %% tags=["claims"]
for way, (by_seed, paired, _) in gaps.items():
    check(
        f"Record, {way}: behind full with each seed and over sentences",
        max(by_seed) < 0 and paired.high < 0,
    )
for way in ("LoRA", "adapters"):
    _, paired, seeds = gaps[way]
    check(
        f"Record, {way}: both intervals hold a loss of one point",
        max(paired.low, seeds.low) < -1 < min(paired.high, seeds.high),
    )
    check(
        f"Record, {way}: the interval over seeds holds zero",
        seeds.low < 0 < seeds.high,
    )

# %% tags=["claims"]
for (way, other), (by_seed, paired, seeds) in between.items():
    lowest, highest = max(paired.low, seeds.low), min(paired.high, seeds.high)
    if (way, other) in close_to:
        label = f"Record, {way} minus {other}"
        check(f"{label}: each seed above zero", min(by_seed) > 0)
        reaches = min(paired.low, seeds.low)
        check(f"{label}: an interval reaches zero", reaches < 0)
    elif (way, other) in ahead:
        label = f"Record, {way} minus {other}: each seed and both intervals"
        above = min(*by_seed, paired.low, seeds.low) > 0
        check(f"{label} above zero", above)
    else:
        label = f"Record, {way} minus {other}: zero lies in both intervals"
        check(label, lowest < 0 < highest)

# %% tags=["claims"]
kept_there = [
    np.array([*trial["ranks"].values()]).reshape(-1, 2)
    for trial in final["AdaLoRA"]
]  # [6, 2], query and value, each
more = np.array([ranks[:, 1] > ranks[:, 0] for ranks in kept_there])  # [3, 6]
check(
    "Record: values kept more in layers 0, 1, 2 and 5, queries in 4",
    more[:, [0, 1, 2, 5]].all() and not more[:, 4].any(),
)
times_more = numbers["top layer"] / max(numbers["LoRA"], numbers["adapters"])
check("The top layer trains over ten times LoRA's numbers", times_more > 10)
check(
    "Biases: below a fifth of LoRA's", 5 * numbers["biases"] < numbers["LoRA"]
)

# %% tags=["claims"]
rates = {way: {trial["rate"] for trial in final[way]} for way in best}
check(
    "Record: each way searched here was tested at its rate",
    all(rates[way] == {best[way]["rate"]} for way in best),
)
check(
    "Our LoRA has the rate that the search took",
    best["LoRA"]["rate"] == LEARNING_RATE,
)
recorded = np.mean([trial["accuracy"] for trial in final["LoRA"]])
check(
    "Our LoRA is within 2 points of the record on validation",
    abs(right - recorded) < 0.02,
)
seeds_of = [
    {t["seed"] for way in best for t in found[way]} for found in (tried, final)
]
check(
    "No seed of the searches here was tested",
    seeds_of[0].isdisjoint(seeds_of[1]),
)

# %% [markdown]
# ## Summary
#
# Freeze $W$, learn $BA$ beside it: the change costs $r\,(d_{\text{in}} + d_{\text{out}})$ numbers, does nothing at first, can be merged
# at the end, and fits into a small file that belongs to one base model. Forward pass and about half of the
# backward pass are paid as before. Adapters and prefix spend such a budget at other places, and
# AdaLoRA shares it out between the matrices. After one epoch on our reviews, full fine-tuning was ahead of all of them in each of our
# three runs: by less over LoRA and adapters than over prefix and AdaLoRA. The biases with the head lay between.
#
# ## Exercises
#
# > **Exercise 1.** When does it stop being small (★☆☆, 5 minutes). The way up of a feed-forward part in our encoder is a matrix of 1,536 rows
# > and 384 columns. What is the largest rank at which LoRA still has fewer numbers than the matrix? Find it on
# > paper, by (2), and let `largest_rank()` return it.
#
# <details><summary>Hint</summary>
#
# Set $r\,(384 + 1536)$ equal to $384 \cdot 1536$ and round in the right direction.
#
# </details>


# %% tags=["exercise"]
def largest_rank():
    """The rank found on paper."""
    ...


exercises.largest_rank(largest_rank)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def largest_rank():
    """The rank found on paper."""
    return math.floor(384 * 1536 / (384 + 1536))


exercises.largest_rank(largest_rank)

# %% [markdown]
# > **Exercise 2.** Two zeros (★★☆, 10 minutes). $B$ starts at zero, and $A$ does not. Think about the slopes of the very first step:
# > which of the two receives a slope that is not zero? And if $A$ were zero and $B$ drawn? If both were zero? Write
# > `moving(a_is_zero, b_is_zero)`, which gives two truth values: does $A$ receive such a slope, and does $B$?
#
# <details><summary>Hint</summary>
#
# In $B\,(A x)$, how much does the result change when $A$ is nudged a little, and $B$ is zero?
#
# </details>


# %% tags=["exercise"]
def moving(a_is_zero, b_is_zero):
    """Whether a slope reaches A in the first step, and B."""
    ...


exercises.moving(moving)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def moving(a_is_zero, b_is_zero):
    """Whether a slope reaches A in the first step, and B."""
    to_a = not b_is_zero  # the slope of A passes through B
    to_b = not a_is_zero  # the slope of B is a multiple of A x
    return to_a, to_b


exercises.moving(moving)

# %% [markdown]
# > **Exercise 3.** Merge by hand (★★☆, 10 minutes). Write `merged(W, A, B, alpha)`: the matrix that does alone what (1) does with $W$, $A$
# > and $B$. The rank is to be read from the shapes.
#
# <details><summary>Hint</summary>
#
# The rank is the number of rows of `A`.
#
# </details>


# %% tags=["exercise"]
def merged(W, A, B, alpha):
    """W [d_out, d_in] with the change of A [r, d_in] and B [d_out, r]."""
    ...


exercises.merged(merged)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def merged(W, A, B, alpha):
    """W [d_out, d_in] with the change of A [r, d_in] and B [d_out, r]."""
    return W + alpha / len(A) * B @ A


exercises.merged(merged)

# %% [markdown]
# > **Exercise 4.** Rank sixteen or less (★★★, 20 minutes). An experiment. The singular value decomposition
# > (`torch.linalg.svd`) writes a matrix as a sum of matrices of rank one, the largest first; by a theorem of Eckart and Young (1936) the first $k$ of them are the nearest matrix of rank $k$, by the sum of squared differences. Write `cut(change, k)`, that nearest matrix. Then guess how much accuracy is lost when every change in `trained`
# > is cut to rank one, and measure it on validation. (A matrix cut to $k = 16$ must lose nothing.)
#
# <details><summary>Hint</summary>
#
# `U, S, V = torch.linalg.svd(change, full_matrices=False)`; columns of `U` and rows of `V` belong to the entries of `S`. To test
# a cut change, write `layer.linear.weight + cut(layer.change(), k)` into the weight and set `layer.merged = True`.
#
# </details>


# %% tags=["exercise"]
def cut(change, k):
    """The nearest matrix of rank k."""
    ...


exercises.cut(cut)


# %% tags=["solution", "hide-cell", "nbval-ignore-output"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 4
def cut(change, k):
    """The nearest matrix of rank k."""
    U, S, V = torch.linalg.svd(change, full_matrices=False)
    return U[:, :k] * S[:k] @ V[:k]


trained.to(run.device)
for k in (1, 2, 4, 16):
    frozen = {n: m.linear.weight.clone() for n, m in trained.layers.items()}
    with torch.no_grad():
        for layer in trained.layers.values():
            layer.linear.weight += cut(layer.change(), k)
            layer.merged = True
    z = scores(trained, rows["validation"], run)
    hits = (z.argmax(dim=1).numpy() == labels["validation"]).mean()
    print(f"rank {k:2}: accuracy {hits:.3f} on validation")
    for name, layer in trained.layers.items():  # as it was
        layer.linear.weight.data, layer.merged = frozen[name], False
exercises.cut(cut)

# %% [markdown]
# ## Common mistakes
#
# - *Both A and B start at zero*: neither ever moves. See exercise 2.
# - *The head is frozen too*: it is new, and its random numbers are then never trained.
# - *A merged layer still adds its change*: it is counted twice. Ask for the scores before and after.
# - *The file is loaded over another base model of the same shape*: without a hash no error, and scores that nobody has tested.
# - *The learning rate of full fine-tuning is kept*: search it anew; none of our seven ways took it.
#
# ## Further reading
#
# - Houlsby et al. (2019), [Parameter-efficient transfer learning for NLP](https://arxiv.org/abs/1902.00751): adapters.
# - Li and Liang (2021), [Prefix-tuning](https://aclanthology.org/2021.acl-long.353/): learned keys and values, for generation.
# - Ben Zaken, Goldberg and Ravfogel (2022), [BitFit](https://aclanthology.org/2022.acl-short.1/): the biases alone.
# - Hu et al. (2022), [LoRA](https://arxiv.org/abs/2106.09685): the low-rank change, and where to put it.
# - Zhang et al. (2023), [AdaLoRA](https://arxiv.org/abs/2303.10512): one budget for all matrices, and the smoothing in its scores.
# - Aghajanyan, Gupta and Zettlemoyer (2021),
#   [Intrinsic dimensionality](https://aclanthology.org/2021.acl-long.568/): why a small change may be enough.
