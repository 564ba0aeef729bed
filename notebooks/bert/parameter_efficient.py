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
# ten: for reviews, for questions, for spam … How much has to be stored?

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
model = classifier.fresh(2, SEED)  # MiniLM, word embeddings frozen, fresh head
sizes = {}  # numbers by part of the model
for name, p in model.named_parameters():
    layer = ".".join(name.split(".")[1:4]) if "layer." in name else None
    part = layer or ("head" if "head" in name else "embeddings")
    sizes[part] = sizes.get(part, 0) + p.numel()

# %% tags=["hide-input"]
for part, n in sizes.items():
    print(f"{part:<16} {n:12,} numbers {4 * n / 1e6:8.3f} MB")
total = sum(sizes.values())
print(f"{'together':<16} {total:12,} numbers {4 * total / 1e6:8.3f} MB")
print(
    f"{'for ten tasks':<16} {10 * total:12,} numbers {40 * total / 1e6:8.3f} MB"
)

# %% [markdown]
# A number takes four bytes, and ten fine-tuned copies, each kept whole, take ten times the whole. Yet all ten begin with
# the same weights. Could we store these once, and for each task only how it differs?
#
# **You will**
#
# - write LoRA, a change of low rank beside a frozen matrix, and follow it through small numbers,
# - put it into BERT, count what is trained, and check your layer against the library `peft`,
# - merge the change into the weights, and keep it in a small file that knows its base model,
# - see where adapters, prefix tuning and AdaLoRA put their numbers instead,
# - judge on a test set what is lost against full fine-tuning, and what is not saved.
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
# The last two lines agree, as they must: the change can be computed beside $W$ or added into it. A change
# of one column times one row has **rank** one (or is zero). With $r$ columns and $r$ rows it has rank $r$ at most, and this is
# **LoRA**, *low-rank adaptation*: for frozen $W$ and $b$, with $A$ of size $r \times d_{\text{in}}$ and $B$ of size
# $d_{\text{out}} \times r$,
#
# $$y = W x + b + \frac{\alpha}{r}\, B\,(A x) \tag{1}$$
#
# where $\alpha$ is a number that we choose; we take $\alpha = r$, so that the factor is one. Only $A$ and $B$
# are trained. Instead of $d_{\text{out}}\, d_{\text{in}}$ numbers that is
#
# $$n = r\,(d_{\text{in}} + d_{\text{out}}) \tag{2}$$
#
# At first $A$ is drawn at random and $B$ is zero. So the model answers at first exactly as the pretrained one does.
#
# Not every change can be written like this: to become zero, $W$ above would need a change of rank four. That a change of low
# rank is enough is a bet. We look at the end whether it was won.

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
count = sum(p.numel() for p in ours.parameters() if p.requires_grad)
count -= sum(p.numel() for p in ours.head.parameters())
share = count / total

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
reached = {n for n, p in ours.named_parameters() if p.grad is not None}
added = [n for n in reached if n.rpartition(".")[2] in ("A", "B")]
head = [n for n in reached if n.startswith("head.")]

# %% tags=["hide-input"]
width = model.encoder.config.hidden_size
layers = model.encoder.config.num_hidden_layers
by_formula = 2 * layers * RANK * (width + width)  # (2), two matrices a layer
print(f"trained beside the head: {count:,}, {100 * share:.2f} % of the whole")
print(f"by formula (2): 2 · {layers} · {RANK} · ({width} + {width})", end=" ")
print(f"= {by_formula:,}")
print(
    "with B = 0, scores equal to the last bit:",
    bool((plain == untrained).all()),
)
print(f"tensors with a gradient: {len(added)} A and B, {len(head)} of the head")

# %% [markdown]
# `lmcourse.models.lora` has the same with checks, and Hugging Face's `peft` has it too. With our $A$ and
# $B$ written into theirs, all three must give the same scores:

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
check("The count is that of formula (2)", count == by_formula)
check("It is below 1 % of the model", share < 0.01)
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
# `fine_tune`, the loop taught there. It trains what takes a gradient. Only the learning rate is another one: small new
# matrices may need other steps than old large ones. A search on validation has chosen it, and we come to its record below.

# %% tags=["nbval-ignore-output"]
keep = run.size(smoke=64, cpu=None, gpu=None)  # None: all of them
data = load_reviews("binary")
rows, labels = {}, {}
for name in ("train", "validation"):
    rows[name] = encode(list(data[name]["text"])[:keep], tokenizer, 128)
    labels[name] = np.array(data[name]["label"])[:keep]

LEARNING_RATE = 2e-3
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
for i, part in enumerate(np.array_split(history.losses, 4)):
    print(f"quarter {i + 1} of the steps: mean loss {np.mean(part):.3f}")
print(f"accuracy on validation: {right:.3f}")

# %% [markdown]
# ### What is not saved
#
# Few numbers are trained. Is training then fast? Every step still runs through the whole encoder. And
# the slope of the loss at a low layer comes from the layers above, so the backward pass goes down through all of them as well. What it
# leaves out are the slopes of the frozen matrices themselves. `FlopCounterMode` of PyTorch counts the multiplications and additions of
# all matrix products; beside them, the time of the same steps:


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
print("        millions of products          ms, median")
print("        forward    backward     forward  backward")
for name in rivals:
    print(f"{name:<5}", "".join(f"{n / 1e6:11.0f}" for n in work[name]), end="")
    print("".join(f"{t:11.0f}" for t in np.median(times[name], axis=0)))
moving = sum(p.numel() for p in model.parameters() if p.requires_grad)
small = count + 2 * width + 2  # with the head
print(f"numbers that AdamW keeps: full {2 * moving:,}, LoRA {2 * small:,}")
model = model.cpu().eval()

# %% [markdown]
# The products are those of the pair from above, the times those of batches of 32. LoRA's forward pass has slightly more to compute, its backward pass about half. About a
# third of the products of a step are saved. What shrinks in proportion to the trained numbers is what must be kept for each of
# them: its slope, and AdamW's two running means.

# %% tags=["claims"]
forward, backward = work["LoRA"] / work["full"]
whole = work["LoRA"].sum() / work["full"].sum()
check("LoRA's forward pass has more products", 1 < forward < 1.1)
check("Its backward pass has about half of them", 0.4 < backward < 0.6)
check("A step has between 0.6 and 0.7 of the products", 0.6 < whole < 0.7)

# %% [markdown]
# ## Merged, and kept in a small file
#
# For answers, the change can be added into the weights, as `inside` did above. Then the model has its
# old shape, and costs what it cost before. Subtracting the change undoes it, up to
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
# Only what was trained is saved, with a hash of the frozen weights that it belongs to. A colleague loads
# it over the same base. Over another one of the same size nothing would fail, and the answers would be
# others; so the hash is compared.

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
# Three more ways leave the encoder frozen. Two put their numbers elsewhere, and the third shares out LoRA's in
# another way:

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
    style = {
        "arrowstyle": "->",
        "color": plot.GREY,
        "shrinkA": 16,
        "shrinkB": 18,
    }
    ax.annotate("", (x1, y1), (x0, y0), arrowprops=style)
for x0, y0, text in boxes.values():
    frame = {"boxstyle": "round", "facecolor": "none", "edgecolor": plot.INK}
    ax.text(x0, y0, text, ha="center", va="center", fontsize=9, bbox=frame)
for x0, y0, text, color in marks:
    ax.text(x0, y0, text, ha="center", va="center", fontsize=9, color=color)
ax.set(xlim=(-3, 10.8), ylim=(0.4, 3.5))
ax.axis("off")
plt.show()

# %% [markdown]
# **Adapters** came first. A **bottleneck** presses a vector $h$ of the stream through $m$ numbers, bends these, and adds
# the result to $h$:
#
# $$h' = h + U\,\operatorname{gelu}(D h + d) + u \tag{3}$$
#
# Unlike LoRA's change it is no linear map, so it cannot be merged into a matrix: it stays, and its products are computed for
# every answer.
#
# **Prefix tuning** leaves the layers as they are, and lets every token attend to $L$ learned positions besides those of the text. With
# learned keys $P_K$ and values $P_V$ stacked above the text's own,
#
# $$y = \operatorname{softmax}\!\left(\frac{q\,[P_K; K]^{\top}}{\sqrt{d}}\right) [P_V; V] \tag{4}$$


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
# **AdaLoRA** asks whether every matrix needs the same rank. It writes the change as $P \Lambda Q$ with $\Lambda$ diagonal:
# a sum of *triplets*, each a column of $P$, one number $\lambda$ and a row of $Q$. A penalty keeps the columns of $P$,
# and the rows of $Q$, nearly orthonormal. Training begins with more triplets than the budget allows. From time to time all
# triplets of *all* matrices are ranked, and the least important get $\lambda = 0$.
#
# How important is a number $w$? If it were set to zero, the loss would change by about $|w \cdot \partial \text{loss} / \partial w|$;
# from this, smoothed over the steps and multiplied by how much it scatters, the paper makes a score $s(w)$. The importance of triplet $i$ takes the mean over column and row, of $d_{\text{out}}$ and
# $d_{\text{in}}$ numbers:
#
# $$S_i = s(\lambda_i) + \frac{1}{d_{\text{out}}} \sum_j s(P_{ji}) + \frac{1}{d_{\text{in}}} \sum_j s(Q_{ij}) \tag{5}$$
#
# Two matrices with three triplets each and a budget of four: which ranks are left?


# %%
def triplets(s_P, s_L, s_Q):
    """Formula (5); s_P [d_out, r], s_L [r], s_Q [r, d_in]."""
    return s_L + s_P.mean(dim=0) + s_Q.mean(dim=1)  # [r]


def kept(importances, budget):
    """Which triplets of all matrices [n, r] are among the best."""
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
# Now in earnest, with three triplets at queries and values of every layer. After some steps of training (without the penalty;
# $P$ and $Q$ begin orthonormal) we take a budget of two on average:

# %% tags=["hide-input", "nbval-ignore-output"]
# @title One decision of AdaLoRA
shared = adalora.AdaLoRA(classifier.fresh(2, SEED), rank=3, kept=2, seed=SEED)
STEPS = run.size(smoke=2, cpu=20, gpu=20)
fine_tune(
    shared,
    rows["train"],
    labels["train"],
    session=run,
    learning_rate=8e-3,
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


# %% tags=["hide-input"]
# @title Formulas (3) and (4) against package and encoder
from transformers import DynamicCache

small_one = adapter.Bottleneck(8, 3, run.generator())
small_one.up.weight.data.normal_(generator=run.generator(1))
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
close("Formula (5) is the package's importance", mine, importances, atol=1e-9)
check("The package prunes the same triplets", torch.equal(alive_there, choice))
close("The toy's ranks", alive.sum(dim=1), [3, 1])

# %% [markdown]
# ## Was the bet won?
#
# Four ways with equally many numbers within 5 % (AdaLoRA begins with half as many again), and three rivals: the head alone, the top layer alone, and full
# fine-tuning (of all but the word embeddings). `benchmarks/sweep_parameter_efficient.py` of the book's repository has
# trained them all. First it searched for a learning rate, one run each with a seed that is not used again:

# %% tags=["hide-input"]
search = sweep("bert/parameter_efficient")
tried, final = {}, {}
for trial in search["runs"]:
    where = tried if trial["stage"] == "search" else final
    where.setdefault(trial["way"], []).append(trial)
print(search["command"])
print(f"mean surprise on validation, {search['sentences']:,} sentences once")
for way, trials in tried.items():
    best = min(trials, key=lambda r: r["surprise"])
    shown = [
        f"{r['rate']:g}: {r['surprise']:.3f}" + ("*" if r is best else " ")
        for r in trials
    ]
    print(f"{way:<10}", "   ".join(shown))

# %% [markdown]
# The star marks the rate that was taken. (Full fine-tuning keeps the rate that its [own chapter](finetune_sentiment.ipynb) found.) Then each was
# trained for one epoch over all sentences with three seeds, and answered the test sentences. The
# difference to full fine-tuning is taken sentence by sentence: for each, the mean over the
# seeds of right answers, minus that of full fine-tuning. A bootstrap over the sentences, drawn again and again with replacement, gives a 95 % interval. It knows nothing of other seeds;
# the three stand beside it.

# %% tags=["hide-input"]
# @title Right answers, differences, intervals
tested = search["tested"]


def right_answers(trial):
    """One for a right answer to a test sentence, else zero, [N]."""
    packed = np.frombuffer(bytes.fromhex(trial["right"]), dtype=np.uint8)
    return np.unpackbits(packed)[:tested]


order = ["head", "top layer", "adapters", "prefix", "LoRA", "AdaLoRA", "full"]
answers = {
    way: np.array([right_answers(trial) for trial in final[way]])
    for way in order
    if way in final
}  # [seeds, N] each
means = {way: a.mean(axis=0) for way, a in answers.items()}  # [N] each
accuracies = {w: statistics.bootstrap_mean(m) for w, m in means.items()}
gaps = {
    way: statistics.paired_bootstrap(m, means["full"])
    for way, m in means.items()
    if way != "full" and "full" in means
}

# %% tags=["hide-input"]
print("way          trained   of all   accuracy by seed      minus full, 95 %")
for way, a in answers.items():
    n = final[way][0]["trained"]
    seeds = " ".join(f"{value:.3f}" for value in a.mean(axis=1))
    print(f"{way:<10} {n:9,} {100 * n / total:7.2f} %   {seeds}", end="")
    print(f"   {gaps[way]}" if way in gaps else "")
for trial in final.get("AdaLoRA", [])[:1]:
    print(f"AdaLoRA has {trial['used']:,} left at the end.")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Accuracy on test minus that of full fine-tuning, in points, for six ways, each a dot with an interval, and a vertical line at zero for full fine-tuning."}}
figure, ax = plot.panels(height=3)
in_points = [[100 * v for v in gap] for gap in gaps.values()]
if gaps:
    plot.intervals(ax, list(gaps), in_points)
ax.axvline(0, color=plot.INK, linestyle=":")
ax.set_xlabel("points of accuracy on test, minus full fine-tuning (95 %)")
plt.show()

# %% [markdown]
# These rungs go to [the ladder](../../book/results.md), with the numbers that were trained.

# %% tags=["hide-input"]
# @title The rungs are recorded
labels_of = {
    "top layer": ("top_layer", "Top layer of MiniLM"),
    "adapters": ("adapters", "Adapters in MiniLM"),
    "prefix": ("prefix", "Prefix tuning of MiniLM"),
    "LoRA": ("lora", "LoRA on MiniLM"),
    "AdaLoRA": ("adalora", "AdaLoRA on MiniLM"),
}
for way, (key, label) in labels_of.items():
    if way not in final:
        continue
    value, *bounds = accuracies[way]
    rung = {"ladder": "classification", "label": label}
    rung["parameters"] = (
        final[way][0]["trained"] + 2 * width + 2
    )  # with the head
    rung["seconds"] = float(np.mean([t["seconds"] for t in final[way]]))
    rung["note"] = "mean of three seeds; trained numbers; processor seconds"
    record(f"parameter_efficient.{key}", value, "accuracy", bounds, **rung)

# %% tags=["claims"]
if len(final) == len(order):
    alike = ("adapters", "prefix", "LoRA", "AdaLoRA")
    numbers = [final[way][0] for way in alike]
    spent = [n.get("used", n["trained"]) for n in numbers]
    most = max(n["trained"] for n in numbers)
    check(
        "Record: the four budgets agree within 5 %",
        max(spent) < 1.05 * min(spent),
    )
    check("Record: each of the four trains at most 1 %", most <= 0.01 * total)
    best = min(tried["LoRA"], key=lambda r: r["surprise"])["rate"]
    check("Our rate is the one that the search took", best == LEARNING_RATE)
    recorded = np.mean([trial["accuracy"] for trial in final["LoRA"]])
    check(
        "Our run is within 3 points of the record on validation",
        abs(right - recorded) < 0.03,
    )

# %% [markdown]
# ## Summary
#
# Freeze $W$, learn $BA$ beside it: the change costs $r\,(d_{\text{in}} + d_{\text{out}})$ numbers, does nothing at first, can be merged
# at the end, and fits into a small file that belongs to one base model. Forward pass and a good part of the
# backward pass are paid as before. Adapters and prefix spend such a budget at other places, and
# AdaLoRA shares it out between the matrices.
#
# ## Exercises
#
# > **Exercise 1.** When does it stop to be small (★☆☆, 5 minutes). The way up of a feed-forward part in our encoder is a matrix of 1,536 rows
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
# > **Exercise 2.** Two zeros (★★☆, 10 minutes). $B$ starts at zero, and $A$ does not. Think about the very first step:
# > which of the two receives a slope that is not zero? And if $A$ were zero and $B$ drawn? If both were zero? Write
# > `moving(a_is_zero, b_is_zero)`, which gives two truth values: does $A$ move, and does $B$?
#
# <details><summary>Hint</summary>
#
# In $B\,(A x)$, how much does the result change when $A$ is nudged a little, and $B$ is zero?
#
# </details>


# %% tags=["exercise"]
def moving(a_is_zero, b_is_zero):
    """Whether A moves in the first step, and whether B does."""
    ...


exercises.moving(moving)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def moving(a_is_zero, b_is_zero):
    """Whether A moves in the first step, and whether B does."""
    a_moves = not b_is_zero  # the slope of A passes through B
    b_moves = not a_is_zero  # the slope of B is a multiple of A x
    return a_moves, b_moves


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
# > (`torch.linalg.svd`) writes a matrix as a sum of matrices of rank one, the largest first; the first $k$ of them are the nearest
# > matrix of rank $k$. Write `cut(change, k)`, that nearest matrix. Then guess how much accuracy is lost when every change in `trained`
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
# - *Both A and B start at zero*: nothing moves. See exercise 2.
# - *The head is frozen too*: it is new, and its random numbers are then never trained.
# - *A merged layer still adds its change*: it is counted twice. Ask for the scores before and after.
# - *The file is loaded over another base model of the same shape*: no error, and wrong answers. Keep a hash.
# - *The learning rate of full fine-tuning is kept*: search it anew.
#
# ## Further reading
#
# - Houlsby et al. (2019), [Parameter-efficient transfer learning for NLP](https://arxiv.org/abs/1902.00751): adapters.
# - Li and Liang (2021), [Prefix-tuning](https://aclanthology.org/2021.acl-long.353/): learned keys and values, for generation.
# - Hu et al. (2022), [LoRA](https://arxiv.org/abs/2106.09685): the low-rank change, and where to put it.
# - Zhang et al. (2023), [AdaLoRA](https://arxiv.org/abs/2303.10512): one budget for all matrices, and the smoothing in its scores.
# - Aghajanyan, Gupta and Zettlemoyer (2021),
#   [Intrinsic dimensionality](https://aclanthology.org/2021.acl-long.568/): why a small change may be enough.
