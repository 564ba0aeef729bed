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
# # A window and a hidden layer
#
# Build the network of Bengio et al. that reads the last few letters, look at it before and during training, and find out where it foretells better than a table of counts and where it does not.
#
# A table of counts knows what followed *the fil* because it has seen *the fil*. How often is there such a
# memory? Below: how many places of held-out sentences have letters in front of them that stood in the training sentences, just so.

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

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation import metrics, scoring
from lmcourse.models import neural_ngram as library
from lmcourse.models.ngram import NGram
from lmcourse.records import sweep
from lmcourse.text.batches import batches
from lmcourse.text.characters import CharTokenizer
from torch import nn

run = session.start(PROFILE, SEED)

# %% tags=["hide-input"]
tokenizer = CharTokenizer()
V = tokenizer.vocab_size
reviews = load_reviews("text")
limit = run.size(smoke=120, cpu=None, gpu=None)  # None: all of them
texts = {split: reviews[split]["text"][:limit] for split in reviews}
rows = {s: [tokenizer.encode(t) for t in texts[s]] for s in texts}

# %% tags=["hide-input"]
# @title How many of the last letters have been seen
LONGEST = 12


def contexts(sentences, k):
    """The k letters before every place, line breaks before the start."""
    for sentence in sentences:
        padded = "\n" * k + sentence
        for i in range(len(sentence) + 1):
            yield padded[i : i + k]


share_seen = {}
for k in range(1, LONGEST + 1):
    known = set(contexts(texts["train"], k))
    share_seen[k] = np.mean(
        [c in known for c in contexts(texts["validation"], k)]
    )

# %% tags=["hide-input"] mystnb={"image": {"alt": "Bars over the number of letters, one to twelve: the share of places in the validation sentences whose last letters stand in the training sentences. It is one up to four letters, three quarters at seven and about a quarter at twelve."}}
figure, ax = plot.panels(height=2.8)
ax.bar(list(share_seen), list(share_seen.values()), color=plot.BLUE)
ax.set_xticks(list(share_seen))
ax.set(xlabel="letters in front", ylabel="share of places seen", ylim=(0, 1))
ax.grid(axis="x", visible=False)
plt.show()

# %% [markdown]
# At seven letters a quarter of the places have a past that never was, and at twelve most have. There the table has nothing of its own
# to say and falls back on fewer letters. But *the flim* is nearly *the film*, and *the show* could stand where it
# stands. Can a model learn from what is *similar*, not only from what is the same?

# %% [markdown]
# **You will**
#
# - follow a window of two letters through the network in numbers, and build the network,
# - foretell its first loss, and see what becomes of a start that is too loud,
# - train it and watch how far each step moves the weights,
# - compare it with counts at every length of the window, and ask where each is better.
#
# **You need** [the bigram as a network](../ngrams/bigram_network.ipynb), and what smoothing does from
# [bigram counts](../ngrams/bigram_counts.ipynb).

# %% [markdown]
# ## One window in numbers
#
# A world of three symbols, ↵, *a* and *b*. Each has a vector of two numbers, an **embedding**: (0, 0),
# (1, 0) and (0, 1). The window is *ab*, and the question is what comes next.

# %%
E = np.array([[0.0, 0], [1, 0], [0, 1]])  # [V, d]: one row a symbol
W = np.array([[2.0, 0, 0, 1], [0, 1, 1, -1]])  # [H, 2d]
U = np.array([[0.0, 1], [1, 0], [0, -1]])  # [V, H]


def logits_of(window, E, W, b, U, c):
    """Logits [V] of what follows the ids in `window`, formula (1)."""
    x = np.concatenate([E[i] for i in window])  # [(n - 1)d]
    return U @ np.tanh(W @ x + b) + c


for name, window in (("ab", [1, 2]), ("ba", [2, 1])):
    x = np.concatenate([E[i] for i in window])  # [4]
    z = logits_of(window, E, W, 0, U, 0)  # [3]
    p = np.exp(z) / np.exp(z).sum()  # [3]
    print(name, "side by side", x, " times W", W @ x)
    print("   tanh", np.round(np.tanh(W @ x), 3), " logits", np.round(z, 3))
    print("   probabilities of ↵, a, b:", np.round(p, 3))

# %% [markdown]
# Take *ab* by hand. The vectors side by side are (1, 0, 0, 1). The first row of $W$ makes 2 + 1 = 3 of it, the second −1. The **hyperbolic tangent** squeezes any number into (−1, 1), and leaves
# small ones nearly as they are. The three rows of $U$ make the logits, the softmax makes probabilities. *ba* has the same letters at other places,
# meets other columns of $W$, and gets another answer.
#
# With $n - 1$ symbols in the window, $d$ numbers a symbol and $H$ hidden ones:
#
# $$z = U \tanh\bigl(W\,[e_{x_{t-n+1}}; \dots; e_{x_{t-1}}] + b\bigr) + c \tag{1}$$
#
# This is the **neural n-gram** of Bengio et al. (2003). How large is it? The vectors, the first matrix with $b$, the second with $c$:
#
# $$N = Vd + \bigl((n-1)d + 1\bigr) H + (H + 1)V \tag{2}$$
#
# Look at what $n$ does. One letter more costs $dH$ numbers. For a table that has a row for each context it costs a factor of $V$.


# %%
def n_parameters(V, n, d, H):
    """How many numbers the network has, formula (2)."""
    return V * d + ((n - 1) * d + 1) * H + (H + 1) * V


# %% tags=["hide-input"]
print("   n   network       full table")
for n in (2, 3, 5, 8):
    print(
        f"{n:4} {n_parameters(V, n, 32, 512):9,} {V ** (n - 1) * (V - 1):16.1e}"
    )

# %% [markdown]
# (A table stores only the rows that were seen, which is why it can be had at all.)
#
# ## The network
#
# `unfold` cuts the windows of all places of a text at once, so that one pass answers at every place.
# In front of the first letter stand line breaks, id 0.


# %%
class OurNeuralNGram(nn.Module):
    def __init__(self, V, n, d, H):
        super().__init__()
        self.n = n
        self.embedding = nn.Embedding(V, d)
        self.hidden = nn.Linear((n - 1) * d, H)
        self.output = nn.Linear(H, V)

    def forward(self, ids):  # [B, T] to logits [B, T, V]
        padded = F.pad(ids, (self.n - 2, 0))
        windows = padded.unfold(1, self.n - 1, 1)  # [B, T, n - 1]
        x = self.embedding(windows).flatten(2)  # [B, T, (n - 1)d]
        return self.output(self.hidden(x).tanh())


n, d, H = 5, 24, 128
torch.manual_seed(SEED)
model = OurNeuralNGram(V, n, d, H).to(run.device)

# %% tags=["claims"]
ids = torch.tensor([tokenizer.encode("A film.")]).to(run.device)  # [1, 9]
weights = [w.detach().cpu().double().numpy() for w in model.parameters()]
E_, W_, b_, U_, c_ = weights
padded = [0] * (n - 2) + ids[0].tolist()
by_hand = [
    logits_of(padded[t : t + n - 1], E_, W_, b_, U_, c_) for t in range(9)
]
with torch.no_grad():
    close(
        "Ours is formula (1) at every place", model(ids)[0], by_hand, atol=1e-5
    )
    config = library.NeuralNGramConfig(V, n, d, H)
    packaged = library.NeuralNGram(config).to(run.device)
    packaged.load_state_dict(model.state_dict())
    close("and the package's", model(ids), packaged(ids))
check(
    "Its size is formula (2)",
    sum(w.numel() for w in model.parameters()) == n_parameters(V, n, d, H),
)

# %% [markdown]
# ## Before the first step
#
# What should the loss be before anything is learned? A network that knows nothing should say so: every symbol equally probable, $\ln V$ nats. But its logits are random numbers, not zeros. If they spread around their mean like a
# normal distribution with standard deviation $\sigma$, the mean loss is, for many symbols and a $\sigma$ that is not large, about
#
# $$L_0 \approx \ln V + \frac{\sigma^2}{2} \tag{3}$$
#
# Random opinions cost something. (The mean of $e^{z}$ is then $e^{\sigma^2/2}$, so the sum in the softmax is near $V e^{\sigma^2/2}$;
# and the letter that comes has, on average, a logit like any other.) Here are three starts of the same network: the package's, whose output layer begins very small; PyTorch's own; and
# every weight from the standard normal distribution.


# %%
def first_loss(V, sigma):
    """Mean surprise in nats of random logits, by formula (3)."""
    return math.log(V) + sigma**2 / 2


def begin(network, start):
    """Draws the weights of both layers anew."""
    for layer in (network.hidden, network.output):
        if start == "standard normal":
            nn.init.normal_(layer.weight)
            nn.init.normal_(layer.bias)
        elif start == "PyTorch's":
            layer.reset_parameters()


# %% tags=["hide-input"]
# @title Three starts, looked at on one batch
STARTS = ("the library's", "PyTorch's", "standard normal")
inputs, targets = batches(rows["train"], 32, SEED)(0)  # [B, T]
real = targets >= 0  # not padding
fresh = {}
for start in STARTS:
    torch.manual_seed(SEED)
    network = library.NeuralNGram(library.NeuralNGramConfig(V, 8))
    begin(network, start)
    with torch.no_grad():
        logits = network(inputs)[real]  # [N, V]
        hidden = network.activations(inputs)[real]  # [N, H]
    fresh[start] = {
        "loss": F.cross_entropy(logits, targets[real]).item(),
        "sigma": logits.std().item(),
        "pressed": (hidden.abs() > 0.97).double().mean().item(),
    }

# %% tags=["hide-input"]
print(f"ln V = {math.log(V):.2f}          first loss  sigma     (3)  pressed")
for start, found in fresh.items():
    loss, sigma, pressed = found.values()
    by_formula = first_loss(V, sigma)
    print(
        f"{start:<18}{loss:15.2f} {sigma:6.2f} {by_formula:7.2f} {pressed:8.2f}"
    )

# %% [markdown]
# *Pressed* is the share of hidden numbers beyond ±0.97. There the tangent is nearly flat, its slope below 0.06, so hardly any correction gets through to the weights
# under it. The loud start fails both ways. (Formula (3) does not hold for it: $\sigma$ is large, and its logits are not independent.) A first loss far above $\ln V$ is a sign that costs one batch to see.
#
# Does a bad start matter in the end, or does training mend it? From the record of `benchmarks/sweep_neural_ngram.py`: windows of seven letters, a hidden layer of 512, three seeds each.

# %% tags=["hide-input"]
# @title The record of the three starts
on_record = sweep("neural/neural_ngram")
runs, STEPS = on_record["runs"], on_record["steps"]
by_start = {
    start: np.array(
        [
            r["curve"]
            for r in runs
            if r["start"] == start
            and (r["question"], r["order"]) in {("order", 8), ("start", 8)}
        ]
    )
    for start in STARTS
}  # each [seeds, looks]

# %% tags=["hide-input"] mystnb={"image": {"alt": "PLACEHOLDER"}}
figure, ax = plot.panels(height=3)
looks = by_start[STARTS[0]].shape[1]
at = STEPS * np.arange(1, looks + 1) / looks
for start, color in zip(STARTS, (plot.BLUE, plot.GREEN, plot.RED), strict=True):
    ax.plot(at, by_start[start].T, color=color, lw=1.2, label=start)
handles, labels = ax.get_legend_handles_labels()
unique = dict(zip(labels, handles, strict=True))
ax.legend(unique.values(), unique.keys())
ax.set(xlabel="steps", ylabel="bits per character, validation")
plt.show()

# %% [markdown]
# ## Training, with an eye on the steps
#
# Now train ours, with a window of four letters. `batch_at` gives sentences of similar length, padded, with targets of −100 where there is only
# padding, which `cross_entropy` leaves out; AdamW moves the weights. At each step we note how far the output matrix $U$ moves, as a share of its own length (the root of the sum of squares).


# %%
def train(model, rate, steps):
    """Losses in nats, and how far each step moves U, as a share of it."""
    batch_at = batches(rows["train"], 16, SEED)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    losses, moved = [], []
    for step in range(steps):
        inputs, targets = (tensor.to(run.device) for tensor in batch_at(step))
        logits = model(inputs)  # [B, T, V]
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        U = model.output.weight.detach().clone()  # [V, H]
        optimizer.step()
        change = model.output.weight.detach() - U
        losses.append(loss.item())
        moved.append((change.norm() / U.norm()).item())
    return np.array(losses), np.array(moved)


# %% [markdown]
# A rule of thumb that one hears wants each step to move the weights by about a thousandth (Karpathy 2022). We try two learning rates, and judge them on a quarter of the validation sentences.

# %%
steps = run.size(smoke=10, cpu=300, gpu=300)
some = rows["validation"][::4]
trained = {}
for rate in (0.001, 0.01):
    torch.manual_seed(SEED)
    model = OurNeuralNGram(V, n, d, H).to(run.device)
    losses, moved = train(model, rate, steps)
    nats = scoring.nll(model, some)
    bits = metrics.bits_per_char(nats, scoring.n_predicted(some))
    trained[rate] = losses, moved, bits

# %% tags=["hide-input"]
for rate, (_, moved, bits) in trained.items():
    late = np.median(moved[steps // 2 :])
    print(f"rate {rate:<6} a late step moves U by {late:.4f}; {bits:.2f} bits")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels over the training step, for two learning rates. Above, the loss of each batch falls from the dotted line of a uniform guess, faster and further with the larger rate. Below, on a logarithmic axis, the share by which a step moves U falls steeply at first and then slowly, for both rates, about ten times apart; a dotted line marks a thousandth, and only the smaller rate comes near it."}}
figure, axes = plot.panels(2, height=2.4, sharex=True)
for color, (rate, (losses, moved, _)) in zip(
    (plot.ORANGE, plot.BLUE), trained.items(), strict=True
):
    axes[0].plot(losses / math.log(2), color=color, lw=1)
    axes[1].plot(moved, color=color, lw=1, label=f"rate {rate}")
axes[0].axhline(math.log2(V), color=plot.GREY, linestyle=":")
axes[0].set(ylabel="bits per letter", title="loss of each batch")
axes[1].axhline(0.001, color=plot.GREY, linestyle=":")
axes[1].set(yscale="log", xlabel="step", title="step of U, as a share of U")
axes[1].legend()
plt.show()

# %% [markdown]
# The rate that keeps near the rule is the slow one here; with steps ten times as long the same number of them gets further. So the number is worth a look, to see a matrix that hardly moves or one that is thrown about, but a rule of thumb is not a law.

# %% [markdown]
# ## How long a window?
#
# The same network with windows of one to fifteen letters, from the record, against the best table of counts, modified Kneser–Ney ([what it does](../transformer/gpt.ipynb)), which we fit here. Both see the same training sentences and are judged on the same validation sentences.

# %% tags=["hide-input"]
# @title Both at every order
by_order = {}
for r in runs:
    if (r["question"], r["d_hidden"]) == ("order", 512):
        by_order.setdefault(r["order"], []).append(r["bits"])
n_validation = scoring.n_predicted(rows["validation"])
tables, table_bits = {}, {}
for order in (2, 3, 4, 5, 6, 7, 8, 9):  # V**10 is above 2**63
    tables[order] = NGram(order, V, "kneser_ney").fit(rows["train"])
    nats = scoring.nll(tables[order], rows["validation"])
    table_bits[order] = metrics.bits_per_char(nats, n_validation)

# %% tags=["hide-input"] mystnb={"image": {"alt": "PLACEHOLDER"}}
figure, ax = plot.panels(height=3.3)
for order, bits in by_order.items():
    ax.plot([order - 1] * len(bits), bits, ".", color=plot.BLUE)
means = {order: np.mean(bits) for order, bits in sorted(by_order.items())}
lengths = np.array(list(means)) - 1
ax.plot(lengths, list(means.values()), color=plot.BLUE, label="network")
lengths = np.array(list(table_bits)) - 1
ax.plot(
    lengths, list(table_bits.values()), "o-", color=plot.RED, label="counts"
)
ax.set(xlabel="letters in the window", ylabel="bits per character, validation")
ax.legend()
plt.show()
