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
# # The same curve, cheaper
#
# Cut a batch in parts, compute layers twice, halve the bits, use two processes, kill the training and go on: and check each time
# whether it is still the same training.
#
# Two machines share one step. The first reads a sentence with two letters to foretell, the second a sentence with
# eight. Each reports the *mean* loss of its letters. What is the loss of the step?

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
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import torch
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation.intervals import seeds_interval
from lmcourse.exercises.transformer import training_at_scale as exercises
from lmcourse.models.gpt import GPT, GPTConfig
from lmcourse.records import sweep
from lmcourse.text.batches import batches, shifted
from lmcourse.text.characters import CharTokenizer
from lmcourse.training.language_model import next_symbol_loss
from lmcourse.training.loop import fit
from lmcourse.training.processes import ProcessDied, launch
from torch import nn

torch.set_num_threads(1)  # all times are of one thread
run = session.start(PROFILE, SEED)

# %%
first, second = [4.0, 4.0], [1.0] * 8  # nats, letter by letter
print("mean of the two means ", (np.mean(first) + np.mean(second)) / 2)
print("mean of the ten letters", np.mean(first + second))

# %% [markdown]
# The loss of this book is the second: every letter counts alike. A program that takes the first does not stop. Training at scale is full of such offers: *the same training,
# only cheaper*. Less memory, fewer bits, more machines. How does one find out whether an offer is true? Not by watching
# whether the loss falls. One asks for *equality*, before anything is timed.
#
# **You will**
#
# - get the gradient of a large batch from small parts, and from two processes,
# - keep less for the way back, and compute it twice,
# - show that two optimizers that are the same for plain descent are not the same for Adam,
# - make a training faster, one change at a time, and compare its losses each time,
# - kill a training, and bring it back bit by bit.
#
# **You need** [the GPT](gpt.ipynb), which has the training step, the schedule and clipping, and [the block](block.ipynb) for what is multiplied.

# %% [markdown]
# ## One batch in parts
#
# The text is that of the GPT chapter, and so is the model, in a small size. (*Letter* is short for any symbol: blanks, points and the end of a sentence are
# foretold as well.)

# %%
tokenizer = CharTokenizer()
texts = load_reviews("text")["train"]["text"]
rows = [tokenizer.encode(text) for text in texts]


def fresh(n_layers=2, d_model=64, dropout=0.0):
    """A GPT with the same first weights every time."""
    torch.manual_seed(SEED)
    sizes = {"n_layers": n_layers, "d_model": d_model}
    return GPT(GPTConfig(tokenizer.vocab_size, dropout=dropout, **sizes))


# %% [markdown]
# A batch may be too large for the memory. So we read it in parts. Part $k$ has $n_k$ letters to foretell, and the *sum* of
# their losses is $S_k$. The loss of the whole batch and its slope for the weights $w$ are
#
# $$L = \frac{\sum_k S_k}{\sum_k n_k}, \qquad
# \frac{\partial L}{\partial w} = \frac{1}{\sum_k n_k} \sum_k \frac{\partial S_k}{\partial w} \tag{1}$$
#
# `backward` adds to the slopes that are there already. So the sum over parts needs no code: do not
# call `zero_grad` in between, and divide at the end. This is **gradient accumulation**.


# %%
def total_loss(model, inputs, targets):
    """The sum of the losses in nats, and of how many letters."""
    hidden = model.hidden(inputs)  # [B, T, C]
    logits = hidden @ model.tokens.weight.T  # [B, T, V]
    total = nn.functional.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), reduction="sum"
    )  # targets of -100, the padding, add nothing
    return total, (targets != -100).sum()


def accumulate(model, parts):
    """Formula (1): returns L, and leaves the slopes in .grad."""
    model.zero_grad()
    loss, n = 0.0, 0
    for inputs, targets in parts:  # [B, T] each
        total, count = total_loss(model, inputs, targets)
        total.backward()  # adds to .grad
        loss, n = loss + total.item(), n + count.item()
    for weight in model.parameters():
        weight.grad /= n
    return loss / n


# %% [markdown]
# Take sixteen sentences, at once or in four parts of four; as they come, and of similar length (`batches`). The rival
# takes the mean of each part and averages the four means. We also count what the forward pass keeps for the way back. (Without dropout, which would draw other masks for the parts, and all in 64-bit
# numbers, so that rounding hides nothing. `model(inputs)` would round the logits to 32 bits; that is why `total_loss` computes them itself.)


# %% tags=["hide-input"]
# @title The rival, and the slopes in one row
def mean_of_means(model, parts):
    """The usual mistake: each part counts alike."""
    model.zero_grad()
    for inputs, targets in parts:
        total, count = total_loss(model, inputs, targets)
        (total / count / len(parts)).backward()


def slopes(model):
    """All slopes in one row: [parameters]."""
    return torch.cat([p.grad.flatten() for p in model.parameters()])


# %% tags=["hide-input"]
# @title What a forward pass keeps
def kept_bytes(model, compute):
    """Bytes of the tensors that compute() keeps, weights apart."""
    kept = {}

    def note(tensor):
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        result = compute()  # it holds what is kept
    own = {p.untyped_storage().data_ptr() for p in model.parameters()}
    del result
    return sum(size for place, size in kept.items() if place not in own)


# %% tags=["hide-input"]
# @title Sentences in parts, and how far two rows of slopes are apart
def in_parts(sentences, n_parts=4):
    """Their (inputs, targets), part by part."""
    size = len(sentences) // n_parts
    return [
        shifted(sentences[i : i + size]) for i in range(0, len(sentences), size)
    ]


def distance(a, b):
    """How far a is from b, as a share of b."""
    return float((a - b).norm() / b.norm())


# %% tags=["hide-input"]
# @title Sixteen sentences at once, in parts, and the mistaken way
model = fresh().double()
alike = batches(rows, 16, SEED)
off = {"as they come": [], "of similar length": []}
memory = {}
for draw in range(3):
    start = 16 * draw
    mixed = [rows[i] for i in range(start, start + 16)]
    inputs, targets = alike(draw)  # [16, T] each
    sorted_ones = list(zip(inputs.split(4), targets.split(4), strict=True))
    for name, whole, parts in (
        ("as they come", shifted(mixed), in_parts(mixed)),
        ("of similar length", (inputs, targets), sorted_ones),
    ):
        accumulate(model, [whole])
        at_once = slopes(model)
        accumulate(model, parts)
        summed = distance(slopes(model), at_once)
        mean_of_means(model, parts)
        off[name].append((summed, distance(slopes(model), at_once)))
        memory[name] = [
            max(kept_bytes(model, lambda b=b: total_loss(model, *b)) for b in c)
            for c in ([whole], parts)
        ]

# %% tags=["hide-input", "nbval-ignore-output"]
print("three batches       parts, summed    mean of means")
for name, pairs in off.items():
    for summed, means in pairs:
        print(f"{name:<19} {summed:.0e} off {means:14.1%} off")
whole_bytes, part_bytes = memory["as they come"]
print(f"kept at once {whole_bytes / 1e6:.0f} MB", end=", ")
print(f"for the largest part {part_bytes / 1e6:.0f} MB")

# %% [markdown]
# Summed, the parts give the slopes of the whole batch, and what must be kept at one time is less. The mean of means gives
# others, even where the sentences are of similar length. Formula (1) asks for one thing: *count letters, not parts*.

# %% tags=["claims"]
check(
    "Sums over parts: the slopes of the batch, to 1e-12",
    max(pair[0] for pairs in off.values() for pair in pairs) < 1e-12,
)
check(
    "As they come, the mean of means is off by more than a hundredth",
    min(pair[1] for pair in off["as they come"]) > 0.01,
)
check(
    "Of similar length, by more than 1e-4",
    min(pair[1] for pair in off["of similar length"]) > 1e-4,
)
check("The largest part keeps less than half", part_bytes < whole_bytes / 2)

# %% [markdown]
# ## Two processes
#
# Formula (1) does not say *where* the parts are computed. Let two processes have the same weights, and each read every second sentence of the batch. An
# **all-reduce** gives both of them the sum of what each has: of the letters, then of the slopes, weight by weight. Then both make the same step.
# This is **data parallelism**. Here is the whole program. First the processes meet:

# %%
MEETING = """
import sys
import torch
import torch.distributed as dist

model, batches = torch.load(sys.argv[1], weights_only=False)
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
dist.init_process_group("gloo")  # finds the others
rank, n_processes = dist.get_rank(), dist.get_world_size()
curve = []
"""

# %% [markdown]
# Then the steps, which are `accumulate` in two places at once:

# %%
STEPS = """
for step, (inputs, targets) in enumerate(batches):
    mine = slice(rank, None, n_processes)  # every second sentence
    hidden = model.hidden(inputs[mine])  # [B / 2, T, C]
    logits = hidden @ model.tokens.weight.T  # [B / 2, T, V]
    total = torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), targets[mine].flatten(), reduction="sum"
    )
    count = (targets[mine] != -100).sum().double()
    optimizer.zero_grad()
    total.backward()
    total = total.detach()
    dist.all_reduce(total)  # now the sum over processes
    dist.all_reduce(count)
    for weight in model.parameters():
        dist.all_reduce(weight.grad)
        weight.grad /= count
    optimizer.step()
    curve.append(float(total / count))
if rank == 0:
    print(*curve)
dist.destroy_process_group()
"""

# %% [markdown]
# `torchrun` starts the processes and tells each its number; `launch` of the package calls it and hands back what they print.
# Does the curve of two equal that of one? The one is our `accumulate` with whole batches. And what does the mean of
# the two means do? For that, one line is added: `total, count = total / count, count / count`.

# %% tags=["hide-input"]
# @title The model, twelve batches, and three versions of the program
import tempfile
from pathlib import Path

PROGRAM = MEETING + STEPS
folder = tempfile.mkdtemp()
n_steps = run.size(smoke=3, cpu=12, gpu=12)
mixed = [shifted(rows[16 * i : 16 * i + 16]) for i in range(n_steps)]
model = fresh().double()
torch.save((model, mixed), f"{folder}/data.pt")
ADDED = {
    "sums": ("", ""),
    "means": (
        "    optimizer.zero_grad()",
        "    total, count = total / count, count / count",
    ),
    "killed": (
        "    mine =",
        "    if rank == 1 and step == 2:\n"
        "        import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    ),
}
for name, (before, line) in ADDED.items():
    text = PROGRAM.replace(before, f"{line}\n{before}") if line else PROGRAM
    Path(folder, f"{name}.py").write_text(text, encoding="utf8")

# %% tags=["hide-input"]
# @title Run both
printed = {
    way: launch(f"{folder}/{way}.py", 2, f"{folder}/data.pt")
    for way in ("sums", "means")
}

# %% tags=["hide-input", "nbval-ignore-output"]
# @title One process, and the three curves
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
alone = []
for batch in mixed:
    alone.append(accumulate(model, [batch]))
    optimizer.step()
together = {
    way: np.array([float(number) for number in text.split()])
    for way, text in printed.items()
}
gaps = {way: np.abs(curve - alone) for way, curve in together.items()}
print("step   one process   two, sums   two, means   (nats a letter)")
for step in (0, 1, n_steps // 2, n_steps - 1):
    print(
        f"{step + 1:>4} {alone[step]:13.5f} {together['sums'][step]:11.5f}"
        f" {together['means'][step]:12.5f}"
    )
print(f"sums: largest difference {gaps['sums'].max():.0e}")

# %% [markdown]
# The sums give the curve of one process, up to the rounding of 64-bit numbers. With the mean of means
# the numbers are others (its column is another quantity, so lower would be no merit), and they fall as well. (`DistributedDataParallel`, PyTorch's own wrapper, averages over processes; who wants letters to
# count alike weights the losses first. Li et al. 2020 describe it.)
#
# And if one process dies in the middle? `launch` comes back, and says who was killed:

# %% tags=["hide-input", "nbval-ignore-output"]
try:
    launch(f"{folder}/killed.py", 2, f"{folder}/data.pt")
    message = "it ended as if nothing had happened"
except ProcessDied as error:
    message = str(error).partition(";")[0]
print(message)

# %% tags=["claims"]
check(
    "Two processes, sums: the curve of one, to 1e-9", gaps["sums"].max() < 1e-9
)
check(
    "Means: at some step the printed number is over 0.0001 nats off",
    gaps["means"].max() > 1e-4,
)
check("Its curve falls, too", together["means"][-1] < together["means"][0])
check(
    "Who died is named",
    message.startswith("process 1 of 2 was killed by SIGKILL"),
)

# %% [markdown]
# ## Compute it twice
#
# Each layer keeps what its slopes will need, and the memory grows with every layer. It could forget all of that,
# keep nothing but its *input*, and compute itself a second time when the slopes come back. This is **activation checkpointing**
# (Chen et al. 2016):


# %%
class Recomputed(torch.autograd.Function):
    """A block that keeps its input and nothing else."""

    @staticmethod
    def forward(ctx, x, block):  # x [B, T, C]
        ctx.block = block
        ctx.save_for_backward(x)
        return block(x)  # inside of a Function nothing else is kept

    @staticmethod
    def backward(ctx, slope):  # of the loss for the block's output
        x = ctx.saved_tensors[0].detach().requires_grad_()
        with torch.enable_grad():
            y = ctx.block(x)  # the second time
        y.backward(slope)  # the block's weights get their slopes here
        return x.grad, None


# %% [markdown]
# How much less is kept, and how much more is multiplied? And are the slopes the same?

# %% tags=["hide-input"]
# @title A block, called in one of three ways
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode


class Wrapped(nn.Module):
    """A block, called through `how`."""

    def __init__(self, block, how):
        super().__init__()
        self.block, self.how = block, how

    def forward(self, x):
        return self.how(x, self.block)


def torchs(x, block):
    return checkpoint(block, x, use_reentrant=False)


HOW = {
    "plain": lambda x, block: block(x),
    "recomputed": Recomputed.apply,
    "torch's": torchs,
}


# %% tags=["hide-input"]
# @title Models of 2, 4 and 8 layers, plain and recomputed
def measured(how, n_layers, dropout=0.0):
    """Slopes, bytes kept, and multiplications of one step."""
    model = fresh(n_layers, dropout=dropout)
    model.blocks = nn.ModuleList(Wrapped(b, HOW[how]) for b in model.blocks)
    batch = shifted(rows[:8])
    kept = kept_bytes(model, lambda: total_loss(model, *batch))
    torch.manual_seed(SEED)  # for the dropout
    with FlopCounterMode(display=False) as counter:
        accumulate(model, [batch])
    return slopes(model), kept, counter.get_total_flops() // 2


steps_of = {
    (how, n): measured(how, n)
    for n in (2, 4, 8)
    for how in ("plain", "recomputed")
}

# %% tags=["hide-input"]
print("layers     plain          recomputed    products with weights")
for n in (2, 4, 8):
    plain, ours = steps_of["plain", n], steps_of["recomputed", n]
    print(
        f"{n:>6} {plain[1] / 1e6:6.1f} MB kept {ours[1] / 1e6:7.1f} MB kept"
        f" {ours[2] / plain[2]:10.2f} times"
    )
one_input = shifted(rows[:8])[0].numel() * 64 * 4  # bytes of x [B, T, C]
growth = {
    how: (steps_of[how, 8][1] - steps_of[how, 4][1]) / 4 / one_input
    for how in ("plain", "recomputed")
}
for how, inputs_kept in growth.items():
    print(f"a further layer, {how}: {inputs_kept:.1f} times its input")

# %% [markdown]
# Recomputed, each further layer keeps its input and nothing more. (By construction of `backward`: while a block is computed again, its own tensors are there, one block's at a time.) The price is paid in products: the way back has two
# for every one on the way forward (one for the slopes of the input, one for those of the weights), and
# now the blocks' way forward is gone twice: four instead of three. (Attention's own products are not counted here.)
#
# Is it equal always? Put dropout into the blocks. It draws at random which numbers are silenced, and the second time it draws *others*.

# %% tags=["hide-input", "nbval-ignore-output"]
dropped = {how: measured(how, 2, dropout=0.1)[0] for how in HOW}
apart = {how: distance(s, dropped["plain"]) for how, s in dropped.items()}
for how in ("recomputed", "torch's"):
    print(f"with dropout, {how:<10} {apart[how]:8.1%} off")

# %% [markdown]
# Ours mixes two draws. Torch's version puts the random generator back
# before the second time. An offer that is an equality in one setting need not be one in the next: test it in yours.

# %% tags=["claims"]
for n in (2, 4, 8):
    close(
        f"{n} layers: the slopes are the same",
        steps_of["recomputed", n][0],
        steps_of["plain", n][0],
        atol=1e-6,
    )
close("A further layer keeps its input and no more", growth["recomputed"], 1.0)
check(
    "Products with weights: more than 5/4, at most 4/3",
    all(
        15 < 12 * steps_of["recomputed", n][2] / steps_of["plain", n][2] <= 16
        for n in (2, 4, 8)
    ),
)
check("With dropout, ours is off", apart["recomputed"] > 0.01)
check("Torch's is not", apart["torch's"] < 1e-5)

# %% [markdown]
# ## Equal, or only called so
#
# Two ways to pull weights towards zero. Add $\lambda w$ to the slope (*L2*: the slope of a penalty
# $\tfrac{\lambda}{2} w^2$), or shrink the weight itself in each step (*weight decay*). For plain descent with the rate $\eta$ that is one
# and the same:
#
# $$w - \eta\,(g + \lambda w) = (1 - \eta\lambda)\,w - \eta\, g$$
#
# **Adam** (Kingma and Ba 2015) divides: it keeps a running mean $m$ of the slopes and one, $v$, of their squares, corrects both for having begun at zero,
# and steps by the first over the root of the second. At step $t$:
#
# $$\begin{gathered}
# m \leftarrow 0.9\, m + 0.1\, g, \quad v \leftarrow 0.999\, v + 0.001\, g^2, \\
# w \leftarrow w - \eta\,\frac{m / (1 - 0.9^t)}{\sqrt{v / (1 - 0.999^t)} + \varepsilon}
# \end{gathered} \tag{2}$$
#
# With L2, $g$ is $g + \lambda w$ everywhere in (2). **AdamW** (Loshchilov and Hutter 2019) leaves $g$ alone and shrinks the weight (in PyTorch's form):
#
# $$w \leftarrow (1 - \eta\lambda)\, w \quad \text{before (2)} \tag{3}$$


# %%
def adam(w, gradients, rate, decay, decoupled):
    """w [n] after each step: (3) and (2) if decoupled, else L2 and (2)."""
    m, v, path = torch.zeros_like(w), torch.zeros_like(w), []
    for t, g in enumerate(gradients, 1):  # g [n]
        if decoupled:
            w = (1 - rate * decay) * w
        else:
            g = g + decay * w
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        step = (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt() + 1e-8)
        w = w - rate * step
        path.append(w)
    return torch.stack(path)  # [steps, n]


# %% [markdown]
# One step by hand: two weights of 1, slopes 0.01 and 10, rate 0.1, and a strong pull, $\lambda = 0.5$. At the first step the corrected means
# are $g$ and $g^2$, and $g$ over the root of $g^2$ is 1 (or −1): Adam steps by 0.1 whatever the slope (but for $\varepsilon$). With L2 the slopes are 0.51
# and 10.5, and that is 1 *again*. Both weights go to 0.9: the pull has no effect at all. AdamW first
# shrinks to 0.95, then takes the same step.
#
# What comes later? Let the slopes change their sign at each step, so that they add up to nothing. Which
# weight will be pulled more?

# %% tags=["hide-input"]
# @title Two weights, one step and three hundred
ones = torch.ones(2, dtype=torch.double)
sizes = torch.tensor([0.01, 10.0], dtype=torch.double)
one_step = {
    "Adam with L2": adam(ones, [sizes], 0.1, 0.5, decoupled=False)[0],
    "AdamW": adam(ones, [sizes], 0.1, 0.5, decoupled=True)[0],
}
signs = [(-1) ** t * sizes for t in range(300)]
paths = {
    "Adam with L2": adam(ones, signs, 0.01, 0.1, decoupled=False),
    "AdamW": adam(ones, signs, 0.01, 0.1, decoupled=True),
}

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two weights over 300 steps, starting at 1. Under AdamW both fall together, slowly, to about three quarters. Under Adam with L2 the weight with small slopes falls steeply, nearly to zero within 200 steps, and the weight with large slopes stays near 1."}}
for name, w in one_step.items():
    print(f"{name:<13} after one step", *(f"{x:.4f}" for x in w.tolist()))
figure, ax = plot.panels(height=3.2)
for (name, path), style in zip(paths.items(), ("-", "--"), strict=True):
    for i, color in enumerate((plot.BLUE, plot.ORANGE)):
        label = f"{name}, slopes ±{sizes[i]:g}"
        ax.plot(range(1, 301), path[:, i], style, color=color, label=label)
ax.set(xlabel="step", ylabel="weight", ylim=(-0.25, 1.1))
ax.legend()
plt.show()

# %% [markdown]
# L2 under Adam pulls the weight with small slopes hard, and the other hardly: in (2) the pull is divided together with the slope. AdamW pulls both alike (its two lines coincide). In
# PyTorch both are called `weight_decay`: in `Adam` it is by default L2, in `AdamW` it is (3).

# %% tags=["hide-input"]
# @title Ours and torch's, on fifty random slopes


def torchs_path(optimizer_class, w, gradients, **options):
    weight = w.clone().requires_grad_()
    optimizer = optimizer_class([weight], **options)
    for g in gradients:
        weight.grad = g.clone()
        optimizer.step()
    return weight.detach()


# %% tags=["hide-input"]
# @title Three ways down, by torch and by hand
generator = run.generator()
random_ones = torch.randn(50, 6, generator=generator, dtype=torch.double)
at_first = torch.randn(6, generator=generator, dtype=torch.double)
settings = {"lr": 0.03, "weight_decay": 0.2}
from_torch = {
    decoupled: torchs_path(kind, at_first, random_ones, **settings)
    for decoupled, kind in (
        (True, torch.optim.AdamW),
        (False, torch.optim.Adam),
    )
}
by_descent = torchs_path(torch.optim.SGD, at_first, random_ones, **settings)
shrunk = at_first
for g in random_ones:
    shrunk = (1 - 0.03 * 0.2) * shrunk - 0.03 * g

# %% tags=["claims"]
for decoupled, name in ((True, "AdamW"), (False, "Adam with L2")):
    close(
        f"Fifty steps: ours is torch's {name}",
        adam(at_first, random_ones, 0.03, 0.2, decoupled)[-1],
        from_torch[decoupled],
        atol=1e-10,
    )
close(
    "Plain descent: torch's L2 is weight decay",
    by_descent,
    shrunk,
    atol=1e-12,
)
small, large = paths["Adam with L2"][-1].abs().tolist()
check("L2: small slopes near 0, large near 1", small < 0.1 and large > 0.9)
w = paths["AdamW"][-1]
check("AdamW: both weights within 0.01", abs(w[0] - w[1]) < 0.01)

# %% [markdown]
# ## Half the bits
#
# A number in **bf16** has 16 bits: one for the sign, the eight of the exponent as in fp32, and seven instead of 23 after the leading one. So from $2^e$ to
# $2^{e+1}$ its neighbours are
#
# $$2^{e-7} \text{ apart} \tag{4}$$


# %% tags=["hide-input"]
# @title Formula (4) as a function
def gap(x):
    """Formula (4): from x > 0 to the next larger number in bf16."""
    e = math.floor(math.log2(x))
    return 2.0 ** (e - 7)


# %%
ends = {}
for dtype in (torch.float32, torch.bfloat16):
    weight = torch.tensor(0.5, dtype=dtype)
    for _ in range(1000):
        weight = weight + 0.001
    ends[dtype] = weight.item()

# %% tags=["hide-input"]
print(f"after 0.5 comes {0.5 + gap(0.5):.5f}")
for dtype, end in ends.items():
    print(f"0.5, a thousand times + 0.001, {dtype!s:<15} {end:.4f}")

# %% [markdown]
# A step of 0.001 is less than half of the gap, and rounding takes it back, each time. Such steps are one reason that Micikevicius et al. (2018) give for *mixed precision*:
# the weights and the optimizer's means stay in fp32, products are computed in 16 bits (in bf16: Kalamkar et al. 2019). In PyTorch, `torch.autocast` does that.
#
# How far off are the slopes, and compared with what? With those of another batch, at the same weights.

# %% tags=["hide-input"]
# @title Slopes in bf16 and of another batch, against fp32


def slopes_of(model, batch, bf16=False):
    """All slopes of the loss of the batch: [parameters]."""
    model.zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        loss = next_symbol_loss(model, batch)
    loss.backward()
    return slopes(model)


model, rounded, elsewhere = fresh(), [], []
optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
for step in range(run.size(smoke=2, cpu=20, gpu=20)):
    exact = slopes_of(model, alike(step))
    if step % 5 == 0:
        in_bf16 = slopes_of(model, alike(step), bf16=True)
        rounded.append(distance(in_bf16, exact))
        elsewhere.append(distance(slopes_of(model, alike(step + 50)), exact))
        slopes_of(model, alike(step))
    optimizer.step()

# %% tags=["hide-input", "nbval-ignore-output"]
print("after step      " + "".join(f"{5 * i:>8}" for i in range(len(rounded))))
for name, shares in (("in bf16", rounded), ("another batch", elsewhere)):
    print(f"{name:<15} " + "".join(f"{share:8.2%}" for share in shares), "off")

# %% [markdown]
# Is it the same curve, then? On record are five trainings for each of three seeds
# (`benchmarks/sweep_training_at_scale.py`; two layers of width 64, 1,200 steps at the rate 0.006, where the loss still falls): all in fp32, *products* in bf16, *all* in bf16 (weights, slopes, Adam's means, what flows between layers; in both, the product of the logits and the loss stay in fp32); and as controls fp32 again, from first weights that are *nudged*, each by
# about a millionth of itself, or *rounded* to bf16 once and never again. A seed draws the same first weights, before they are nudged or rounded, and the same batches for all five. Validation is scored in fp32 every time.

# %% tags=["hide-input"]
# @title The record
PRECISIONS = (
    "fp32",
    "bf16 products",
    "all bf16",
    "fp32, nudged",
    "fp32, rounded",
)
on_record = sweep("transformer/training_at_scale")
by_precision = {
    name: [trial for trial in on_record["runs"] if trial["precision"] == name]
    for name in PRECISIONS
}
tenths = np.array(
    [[t["tenths"] for t in by_precision[name]] for name in PRECISIONS]
)  # [5, seeds, 10]: mean loss in each tenth of the steps
bits = np.array(
    [[t["bits"] for t in by_precision[name]] for name in PRECISIONS]
)


# %% tags=["hide-input"]
# @title The first tenth of the steps of seed 0, once more
losses_seen = []


def noted_loss(model, batch):
    loss = next_symbol_loss(model, batch)
    losses_seen.append(loss.item() / math.log(2))
    return loss


def first_tenth(precision):
    """Mean loss in bits."""
    losses_seen.clear()
    started, steps = session.start(PROFILE, 0), on_record["steps"]
    sizes = {"n_layers": on_record["layers"], "d_model": on_record["width"]}
    model = GPT(GPTConfig(tokenizer.vocab_size, dropout=0.0, **sizes))
    batch_at = batches(rows, on_record["batch"], 0)
    options = {"steps": steps, "learning_rate": on_record["rate"]}
    options["session"] = replace(started, precision=precision)
    options["on_step"] = stop
    try:
        fit(model, noted_loss, batch_at, **options)
    except Enough:
        return float(np.mean(losses_seen))


# %% tags=["hide-input"]
# @title Stop after a tenth
class Enough(Exception):
    """As many steps as we wanted to see."""


def stop(step):
    steps = on_record["steps"]
    if step == run.size(smoke=3, cpu=steps // 10, gpu=steps // 10):
        raise Enough


# %% tags=["hide-input", "nbval-ignore-output"]
print("minus fp32, in bits, seeds 0 to 2    first tenth of the steps")
for i, name in enumerate(PRECISIONS[1:], 1):
    gaps = tenths[i, :, 0] - tenths[0, :, 0]
    print(f"{name:<36}", *(f"{gap:+8.4f}" for gap in gaps))
print("                                     at the end, bits on validation")
for i, name in enumerate(PRECISIONS[1:], 1):
    interval = seeds_interval(bits[i] - bits[0])
    shown = (f"{gap:+8.4f}" for gap in bits[i] - bits[0])
    print(f"{name:<36}", *shown)
    print(f"  mean {interval}")
print("fp32 itself                         ", *(f"{x:8.4f}" for x in bits[0]))
took = {
    name: [t["seconds"] for t in by_precision[name]] for name in PRECISIONS[:3]
}
for name, seconds in took.items():
    print(f"{name:<30}took", *(f"{x:7.0f} s" for x in seconds))
again = {name: first_tenth(name) for name in ("fp32", "bf16")}
for i, (name, here) in enumerate(again.items()):
    print(
        f"first tenth of seed 0, {name}: {here:.3f},"
        f" on record {tenths[i, 0, 0]:.3f}"
    )

# %% [markdown]
# (The intervals are Student's, at 95 %, over three seeds: if such triples were run again and again, about 95 % of the intervals would hold the true mean, provided that
# the differences are normal.)
#
# bf16 is not the same curve. With products in bf16 the ends lie by up to a tenth of a bit from those of fp32, to either side; the interval
# has zero in it, and it is wide: three seeds show no cost, and do not exclude one of a tenth of a bit. The controls say how to read that. Rounding the *first weights* once moves the
# end by hundredths, to either side, though everything after is in fp32; and even a nudge of a millionth moves one of three ends by more than a hundredth. So a
# mean this small is no verdict on the products. With weights and means in bf16, too, all three ends are worse than fp32's, and two of three worse than those of the rounded control; the interval has zero in it, too, and the parts we have not tried one by one.
#
# Nor is it cheaper here: on record the trainings in bf16 took longer than those in fp32 (the lines *took*). Why, we have not tried; one suspect is that they meet many different lengths, where the ladder below has five.

# %% tags=["claims"]
check(
    "The next number after 0.5 in bf16 is (4) away",
    torch.tensor(0.5 + gap(0.5)).bfloat16().item() == 0.5 + gap(0.5)
    and torch.tensor(0.5 + 0.49 * gap(0.5)).bfloat16().item() == 0.5,
)
check(
    "bf16's slopes are off by less than a tenth of another batch's",
    all(10 * a < b for a, b in zip(rounded, elsewhere, strict=True)),
)
# %% tags=["claims"]
by_products = bits[1] - bits[0]  # [seeds]
check(
    "Products in bf16: better with some seed, worse with some, by 0.1 at most",
    by_products.min() < 0 < by_products.max() and abs(by_products).max() < 0.1,
)
interval = seeds_interval(by_products)
check("The interval has zero in it", interval.low < 0 < interval.high)
check(
    "On record the loss falls to the last tenth, in each training",
    (tenths[:, :, -1] < tenths[:, :, -2]).all(),
)

# %% tags=["claims"]
by_rounding = bits[4] - bits[0]  # [seeds]
check(
    "Rounded once: ends move by more than 0.03 bits, to either side",
    by_rounding.min() < -0.03 and by_rounding.max() > 0.03,
)
check(
    "Nudged by a millionth: some end moves by more than 0.01 bits",
    abs(bits[3] - bits[0]).max() > 0.01,
)
check(
    "On record bf16 took longer with each seed, in products and in all",
    min(took["bf16 products"] + took["all bf16"]) > max(took["fp32"]),
)
by_all = bits[2] - bits[0]  # [seeds]
check(
    "All bf16: worse with each seed, zero in the interval",
    by_all.min() > 0 > seeds_interval(by_all).low,
)

# %% tags=["claims"]
off_record = {
    name: abs(here - tenths[i, 0, 0])
    for i, (name, here) in enumerate(again.items())
}
check(
    "fp32: the first tenth is that on record, to 0.003 bits",
    off_record["fp32"] < 0.003,
)
# How bf16 products round depends on the instructions; the record is of AMX,
# matrix instructions of newer Intel processors.
amx = getattr(torch.cpu, "_is_amx_tile_supported", lambda: False)()
check(
    "bf16: too, where the processor has AMX as on record, else to 0.02",
    off_record["bf16"] < (0.003 if amx else 0.02)
    and (run.precision == "fp32" or again["bf16"] != again["fp32"]),
)

# %% [markdown]
# ## A ladder of speed
#
# Now we may ask for time. We climb from a plain loop to a fast one, change *one* thing at a step, and compare every loss with that of the rung before. The
# model is wider here (256).
#
# 1. *padded*: every batch is filled up to the 288 places of the model; fp32, PyTorch's plain AdamW.
# 2. *to the longest*: filled up to its own longest sentence.
# 3. *fused AdamW*: one call for all weights in place of several for each.
# 4. *bf16*: products in bf16.
# 5. *two products*: attention as it is defined, two products and a softmax, in place of PyTorch's fused kernel:


# %% tags=["hide-input"]
# @title Attention as two products and a softmax


class TwoProducts(nn.Module):
    """Causal attention with the weights of a given one."""

    def __init__(self, attention):
        super().__init__()
        self.n_heads = attention.n_heads
        self.qkv, self.projection = attention.qkv, attention.projection

    def forward(self, x):  # [B, T, C]
        B, T, C = x.shape
        heads = self.qkv(x).view(B, T, 3, self.n_heads, C // self.n_heads)
        query, key, value = heads.permute(2, 0, 3, 1, 4)  # [B, heads, T, d]
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
        future = torch.ones(T, T, dtype=torch.bool).triu(1)
        weights = scores.masked_fill(future, -torch.inf).softmax(-1)
        return self.projection((weights @ value).transpose(1, 2).flatten(2))


# %% [markdown]
# What rung 2 saves depends on which sentences are together in a batch. `batches` puts those of similar length together: it shuffles, sorts long
# chunks by length, cuts them into batches and shuffles those. How many places of an epoch's batches are padding can be counted:

# %% tags=["hide-input"]
lengths = np.array([len(row) - 1 for row in rows])  # letters to foretell
shuffled = np.random.default_rng(SEED).permutation(len(rows))
as_they_come = [shuffled[i : i + 16] for i in range(0, len(rows), 16)]
to_the_longest = sum(lengths[b].max() * len(b) for b in as_they_come)
bucketed = batches(rows, 16, SEED)
n_batches = math.ceil(len(rows) / 16)
in_buckets = sum(bucketed(step)[0].numel() for step in range(n_batches))
places = {
    "all filled up to 288": 288 * len(rows),
    "random batches, to their longest": to_the_longest,
    "batches of similar length": in_buckets,
}
for name, count in places.items():
    print(f"{name:<33} {1 - lengths.sum() / count:4.0%} padding")

# %% tags=["hide-input"]
# @title What each rung changes
RUNGS = {  # places, fused, bf16, two products
    "padded": (288, False, False, False),
    "to the longest": (None, False, False, False),
    "fused AdamW": (None, True, False, False),
    "bf16": (None, True, True, False),
    "two products": (None, True, True, True),
}


# %% tags=["hide-input"]
# @title Five batches of an epoch, from short to long
by_length = sorted(range(n_batches), key=lambda i: bucketed(i)[0].shape[1])
picked = by_length[n_batches // 10 :: n_batches // 5]
places_of = [bucketed(i)[0].shape[1] for i in picked]
print("places of the five batches:", places_of)


def filled_up(inputs, targets, places):
    """Both [B, places], padded behind; None leaves them as they are."""
    more = (0, 0 if places is None else places - inputs.shape[1])
    targets = nn.functional.pad(targets, more, value=-100)
    return nn.functional.pad(inputs, more), targets


# %% tags=["hide-input"]
# @title The same batches from the same weights
def climb(places, fused, bf16, products, steps):
    """The loss of each step; letters a CPU second, the first step left out."""
    model = fresh(2, run.size(smoke=32, cpu=256, gpu=256)).train()
    if products:
        for block in model.blocks:
            block.attention = TwoProducts(block.attention)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, fused=fused)
    losses, letters, seconds = [], 0, 0.0
    for i, step in enumerate([picked[0], *picked[:steps]]):
        inputs, targets = filled_up(*bucketed(step), places)
        begun = time.process_time()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss = next_symbol_loss(model, (inputs, targets))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        if i > 0:
            seconds += time.process_time() - begun
            letters += int((targets != -100).sum())
    return losses, letters / seconds


# %% tags=["hide-input", "nbval-ignore-output"]
n_steps = run.size(smoke=2, cpu=5, gpu=5)
curves, speed = {}, {name: [] for name in RUNGS}
for _ in range(run.size(smoke=1, cpu=3, gpu=3)):
    for name, rung in RUNGS.items():
        curves[name], letters_per_second = climb(*rung, n_steps)
        speed[name].append(letters_per_second)
median = {name: np.median(speeds) for name, speeds in speed.items()}
names, apart_by = list(RUNGS), {}
print("                letters a CPU second, median    a loss differs by")
for below, name in zip([names[0], *names], names, strict=False):
    gaps = np.abs(np.array(curves[name]) - np.array(curves[below]))
    apart_by[name] = gaps.max()
    low, high = min(speed[name]), max(speed[name])
    print(
        f"{name:<15}{low:7,.0f} to {high:6,.0f} {median[name]:8,.0f}"
        f"{apart_by[name]:14.0e} nats"
    )

# %% tags=["hide-input", "nbval-ignore-output"] mystnb={"image": {"alt": "Five horizontal bars, one a rung, with letters a CPU second. The bar of the padded loop is by far the shortest; that of the fastest rung is several times as long."}}
figure, ax = plot.panels(height=2.6)
plot.bars(
    ax,
    names,
    [median[name] for name in names],
    xlabel="letters a CPU second, median of three runs",
    fmt=",.0f",
)
plt.show()

# %% [markdown]
# The second and third rung change the losses in the last digits of fp32; the fourth and fifth compute in bf16, and change them more. The largest gain of one
# rung is the plainest: not to compute on padding. What the three others gain or lose may depend on the processor, on sizes and on how many different lengths there are; the table has the lowest and the highest of three runs on this machine. (Dao et al. 2022 made a fused kernel for GPUs that is faster there than the two products.)

# %% tags=["claims"]
check(
    "Padding and fused AdamW change no loss by 0.00001 nats",
    max(apart_by["to the longest"], apart_by["fused AdamW"]) < 1e-5,
)
check(
    "bf16 and two products change some more, none by 0.02 nats",
    min(apart_by["bf16"], apart_by["two products"]) > 1e-5
    and max(apart_by["bf16"], apart_by["two products"]) < 0.02,
)
check(
    "Without padding: more than 1.3 times the letters a CPU second",
    median["to the longest"] > 1.3 * median["padded"],
)
gains = np.diff(np.log([median[name] for name in names]))  # [4], per rung
check("No other rung gains as much", gains.argmax() == 0)
check(
    "Similar lengths leave the least padding, a tenth at most",
    min(places, key=places.get) == "batches of similar length"
    and lengths.sum() > 0.9 * in_buckets,
)

# %% [markdown]
# ## Killed, and brought back
#
# A long training may be interrupted. The package's `fit` writes a *checkpoint* every few steps: a file with all that the next step depends
# on. What is that, apart from the weights? We kill a training in its own process at step 17, without warning. The last file is of
# step 10.

# %% tags=["hide-input"]
# @title The program that is killed
TRAINING = """
import os, signal, sys
import torch
from lmcourse import session
from lmcourse.models.gpt import GPT, GPTConfig
from lmcourse.training.language_model import next_symbol_loss
from lmcourse.training.loop import fit

folder, seed, deadly = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(1)
run = session.start("cpu", seed)
_, batches = torch.load(f"{folder}/data.pt", weights_only=False)
model = GPT(GPTConfig(int(sys.argv[4]), n_layers=2, d_model=64, dropout=0.1))

def die(step):
    print(step)
    if step == deadly:
        os.kill(os.getpid(), signal.SIGKILL)

fit(model, next_symbol_loss, lambda step: batches[step % 3],
    steps=30, learning_rate=3e-3, session=run, on_step=die,
    checkpoint=f"{folder}/run.pt", checkpoint_every=10)
torch.save(model.state_dict(), f"{folder}/weights.pt")
"""

# %% tags=["hide-input"]
# @title Its first run
import subprocess
import sys

script = Path(folder, "training.py")
script.write_text(TRAINING, encoding="utf8")


def in_its_own_process(deadly):
    """Runs the program, which kills itself at the deadly step."""
    options = [str(SEED), str(deadly), str(tokenizer.vocab_size)]
    command = [sys.executable, script, folder, *options]
    return subprocess.run(command, capture_output=True)


killed = in_its_own_process(17)
saved = torch.load(f"{folder}/run.pt")
print(f"exit code {killed.returncode}, checkpoint of step {saved['step']}")

# %% [markdown]
# The same program, without the kill, goes on from the file. Beside it, in this process, we run the training that was never interrupted; and twice more
# we go on from the file, but with one thing replaced in it first: Adam's own state (means and step), or the state of the random generator, which draws the dropout.

# %% tags=["hide-input"]
# @title Go on
resumed = in_its_own_process(0)


def finished(path=None):
    """The weights after all steps, from the checkpoint if there is one."""
    started = session.start("cpu", SEED)
    sizes = {"n_layers": 2, "d_model": 64, "dropout": 0.1}
    model = GPT(GPTConfig(tokenizer.vocab_size, **sizes))
    fit(
        model,
        next_symbol_loss,
        lambda step: mixed[step % 3],
        steps=30,
        learning_rate=3e-3,
        session=started,
        checkpoint=path,
    )
    return torch.cat([p.detach().flatten() for p in model.parameters()])


# %% tags=["hide-input"]
# @title A checkpoint with one thing replaced
def without(name):
    """A checkpoint like `saved`, with one thing replaced."""
    state = dict(saved)
    if name == "Adam's state":
        state["optimizer"] = dict(saved["optimizer"], state={})
    if name == "random state":
        other = torch.Generator().manual_seed(SEED + 99).get_state()
        state["random"] = dict(saved["random"], torch=other)
    path = f"{folder}/{name[:4]}.pt"
    torch.save(state, path)
    return path


# %% tags=["hide-input"]
# @title The training that was never interrupted, and the three that were
unbroken = finished()
brought_back = {"nothing": torch.load(f"{folder}/weights.pt")}
brought_back["nothing"] = torch.cat(
    [w.flatten() for w in brought_back["nothing"].values()]
)
for name in ("Adam's state", "random state"):
    brought_back[name] = finished(without(name))

# %% tags=["hide-input", "nbval-ignore-output"]
print("replaced        largest difference of a weight")
for name, weights in brought_back.items():
    print(f"{name:<15} {float((weights - unbroken).abs().max()):.2g}")

# %% [markdown]
# Brought back whole, all weights are equal, *bit for bit*. With either thing replaced it is another training. (The file
# also has the number of the step: it sets the rate and the batch.)

# %% tags=["claims"]
check("The training was killed, by SIGKILL", killed.returncode == -9)
check("The checkpoint is of step 10", saved["step"] == 10)
check(
    "It went on from step 11 to 30",
    resumed.stdout.split() == [b"%d" % step for step in range(11, 31)],
)
check(
    "Brought back: every bit of every weight is equal",
    resumed.returncode == 0 and torch.equal(brought_back["nothing"], unbroken),
)
check(
    "With one thing replaced it is not",
    all(
        (brought_back[name] - unbroken).abs().max() > 1e-4
        for name in ("Adam's state", "random state")
    ),
)

# %% [markdown]
# ## What is no equality
#
# Two habits of large training promise none. *Warm-up* lets the rate rise from small values (Goyal et al. 2017, for large batches); *clipping*
# shortens slopes that are too long (Pascanu et al. 2013). They change the curve on purpose. [Hyperparameters](../bert/hyperparameters.ipynb) and [the block](block.ipynb) try warm-up with several seeds.

# %% [markdown]
# ## Summary
#
# - A batch in parts, or on two processes, gives the slopes of the whole batch, if nothing is dropped and losses are *summed* and divided by the number of *letters*.
# - Checkpointing keeps the input of each layer and computes the layer twice: equal slopes (with dropout, if the random generator is put back), fewer bytes kept, at most 4/3 of the products with weights.
# - For plain descent L2 is weight decay. For Adam it is not.
# - bf16 is no equality. Its slopes were, in the first steps here, off by less than a tenth of what another batch's were; where its trainings end is to be compared with where others of fp32 end.
# - A checkpoint has the weights, the optimizer's means, the random state and the step: with all of them our training went on bit for bit.
#
# ## Exercises
#
# > **Exercise 1.** With pencil (★☆☆, 5 minutes). Three processes have losses that sum to 12, 6 and 2 nats, for 4, 12 and 4 letters. Let
# > `on_paper()` return two numbers: the loss of the whole batch, and the mean of the three means.
#
# <details><summary>Hint</summary>
#
# Formula (1) for the first number. For the second, 12/4, 6/12 and 2/4.
#
# </details>


# %% tags=["exercise"]
def on_paper():
    """(loss of the whole batch, mean of the means), in nats a letter."""
    ...


exercises.on_paper(on_paper)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def on_paper():
    """(loss of the whole batch, mean of the means), in nats a letter."""
    return 20 / 20, (3 + 0.5 + 0.5) / 3


exercises.on_paper(on_paper)

# %% [markdown]
# > **Exercise 2.** Where to clip (★★☆, 15 minutes). Write `clipped(sums, counts, longest)`: `sums` is a list of arrays, the slopes of $S_k$ for
# > each part, `counts` the numbers $n_k$. Return the slopes of $L$, shortened to the length `longest` if they are longer.
#
# <details><summary>Hint</summary>
#
# One division and one clipping, both at the end. The length is the root of the sum of squares.
#
# </details>


# %% tags=["exercise"]
def clipped(sums, counts, longest):
    """The slopes of the whole batch, of length `longest` at most."""
    ...


exercises.clipped(clipped)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def clipped(sums, counts, longest):
    """The slopes of the whole batch, of length `longest` at most."""
    slope = sum(sums) / sum(counts)
    length = np.sqrt(np.sum(slope**2))
    return slope if length <= longest else slope * longest / length


exercises.clipped(clipped)

# %% [markdown]
# > **Exercise 3.** An experiment: two short numbers for one weight (★★☆, 15 minutes). Repeat the thousand steps of 0.001 from 0.5 in bf16, but
# > with a second bf16 number, `lost`, which remembers what rounding took away: add the step to `lost`, add `lost` to the weight, and subtract
# > from `lost` what really arrived. Return where the weight ends without `lost` and with it.
#
# <details><summary>Hint</summary>
#
# `new = weight + lost`, then `lost = lost - (new - weight)`, then `weight = new`. All of them are bf16 tensors.
#
# </details>


# %% tags=["exercise"]
def two_numbers():
    """[the end without `lost`, the end with it]."""
    ...


exercises.two_numbers(two_numbers)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
weight = torch.tensor(0.5, dtype=torch.bfloat16)
lost = torch.tensor(0.0, dtype=torch.bfloat16)
for _ in range(1000):
    lost = lost + 0.001
    new = weight + lost
    lost = lost - (new - weight)
    weight = new
ends_found = [0.5, 1.5]  # places for two numbers; the next line fills them
ends_found[:] = [ends[torch.bfloat16], weight.item()]
print(ends_found)


def two_numbers():
    """[the end without `lost`, the end with it]."""
    return ends_found


exercises.two_numbers(two_numbers)

# %% [markdown]
# ## Common mistakes
#
# - *The mean of means*: in parts, over processes, over the batches of an evaluation. Sum, count, divide once.
# - *Clipping each part*: the sum of clipped slopes is not the clipped sum. Clip after the last part, or after the all-reduce.
# - *The same dropout in every process*: with one seed for all of them, they would draw the same numbers. Seed by rank, after the weights are drawn.
# - *A checkpoint of the weights alone*: it is good for using the model, not for going on with the same training.
# - *A time without an equality*: a faster program that computes something else has first to show that it ends as well.
#
# ## Further reading
#
# - Kingma and Ba (2015), [Adam: a method for stochastic optimization](https://arxiv.org/abs/1412.6980).
# - Loshchilov and Hutter (2019), [Decoupled weight decay regularization](https://arxiv.org/abs/1711.05101): AdamW, and why L2 is something else.
# - Chen, Xu, Zhang and Guestrin (2016), [Training deep nets with sublinear memory cost](https://arxiv.org/abs/1604.06174): checkpointing, with segments of several layers.
# - Micikevicius et al. (2018), [Mixed precision training](https://arxiv.org/abs/1710.03740): fp32 weights beside 16-bit products.
# - Kalamkar et al. (2019), [A study of BFLOAT16 for deep learning training](https://arxiv.org/abs/1905.12322).
# - Dao et al. (2022), [FlashAttention](https://arxiv.org/abs/2205.14135): attention as one kernel.
# - Li et al. (2020), [PyTorch distributed: experiences on accelerating data parallel training](https://arxiv.org/abs/2006.15704).
# - Goyal et al. (2017), [Accurate, large minibatch SGD: training ImageNet in 1 hour](https://arxiv.org/abs/1706.02677): warm-up, and the rate for large batches.
# - Pascanu, Mikolov and Bengio (2013), [On the difficulty of training recurrent neural networks](https://arxiv.org/abs/1211.5063): clipping.
