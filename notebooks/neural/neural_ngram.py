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
# Build the network of Bengio et al. (2003), which reads the last few letters; look at it before and during training; and find out
# whether, and where, it predicts better than a table of counts.
#
# A table of counts knows what follows *the fil* if it has read *the fil*. How often is there such a memory? Below: at
# how many places of held-out sentences the last letters, exactly these, stood somewhere in the training sentences too. (At the start of a sentence, line breaks fill up.)

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
from lmcourse.evaluation import intervals, metrics, scoring
from lmcourse.exercises.neural import neural_ngram as exercises
from lmcourse.models import neural_ngram as library
from lmcourse.models.ngram import NGram
from lmcourse.records import record, sweep
from lmcourse.text.batches import batches
from lmcourse.text.characters import CharTokenizer
from lmcourse.weights import char_neural_ngram
from torch import nn

run = session.start(PROFILE, SEED)

# %% tags=["hide-input"]
# @title The sentences, as text and as ids
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


seen = {}  # at each place of the validation sentences, for each k
for k in range(1, LONGEST + 1):
    known = set(contexts(texts["train"], k))
    here = contexts(texts["validation"], k)
    seen[k] = np.array([letters in known for letters in here])
share_seen = {k: seen[k].mean() for k in seen}

# %% tags=["hide-input"] mystnb={"image": {"alt": "Bars over the number of letters, one to twelve: the share of places in the validation sentences whose last letters stand in the training sentences. It is nearly one up to four letters, three quarters at seven and about a quarter at twelve."}}
figure, ax = plot.panels(height=2.8)
ax.bar(list(share_seen), list(share_seen.values()), color=plot.BLUE)
ax.set_xticks(list(share_seen))
ax.set(xlabel="letters in front", ylabel="share of places seen", ylim=(0, 1))
ax.grid(axis="x", visible=False)
plt.show()

# %% [markdown]
# Four letters have nearly always been seen. From seven letters on a good part of the places has a past that the training sentences do not hold, and at twelve letters most
# places have. There the table has nothing of its own to say and falls back on fewer letters. But *the flim* is nearly *the film*.
# A network that turns letters into vectors could make use of that. Does it predict better there than a table?

# %% tags=["claims"]
check(
    "Seen: over 97 % of places at 4 letters, under 80 % at 7, under 40 % at 12",
    share_seen[4] > 0.97 and share_seen[7] < 0.8 and share_seen[12] < 0.4,
)

# %% [markdown]
# **You will**
#
# - follow a window of two letters through the network in numbers, and build the network,
# - predict its first loss, and recognize a start that is too loud,
# - train it and watch how far each step moves the weights,
# - compare it with counts at several lengths of the window, and where the past was seen and where it was not,
# - set its rung of [the ladder](../../book/results.md), alone and mixed with counts.
#
# **You need** [the bigram as a network](../ngrams/bigram_network.ipynb), and modified Kneser–Ney from
# [smoothing](../ngrams/smoothing.ipynb).

# %% [markdown]
# ## One window in numbers
#
# A world of three symbols, ↵, *a* and *b*. Each has a vector of two numbers, its *embedding*: (0, 0),
# (1, 0) and (0, 1). The window is *ab*, and the question is what comes next.

# %%
E = np.array([[0.0, 0], [1, 0], [0, 1]])  # [V, d]: one row a symbol
W = np.array([[2.0, 0, 0, 1], [0, 1, 1, -1]])  # [H, 2d]
U = np.array([[0.0, 1], [1, 0], [0, -1]])  # [V, H]


def logits_of(window, E, W, b, U, c):
    """Logits [V] of what follows the ids in `window`, formula (1)."""
    x = np.concatenate([E[i] for i in window])  # [(n - 1)d]
    return U @ np.tanh(W @ x + b) + c


p_of = {}
for name, window in (("ab", [1, 2]), ("ba", [2, 1])):
    x = np.concatenate([E[i] for i in window])  # [4]
    z = logits_of(window, E, W, 0, U, 0)  # [3]
    p = p_of[name] = np.exp(z) / np.exp(z).sum()  # [3]
    print(name, "side by side", x, " times W", W @ x)
    print("   tanh", np.round(np.tanh(W @ x), 3), " logits", np.round(z, 3))
    print("   probabilities of ↵, a, b:", np.round(p, 3))

# %% [markdown]
# Take *ab* by hand. The vectors side by side are (1, 0, 0, 1). The first row of $W$ makes 2 + 1 = 3 of it, the second −1. The **hyperbolic tangent** squeezes any number into (−1, 1), and leaves
# small ones nearly as they are. The two numbers that it makes of 3 and −1 are the **hidden layer**. The three rows of $U$ make the logits, the softmax makes probabilities. *ba* has the same letters at other places,
# meets other columns of $W$, and gets another answer.
#
# With $n - 1$ symbols in the window, $d$ numbers a symbol and $H$ hidden ones:
#
# $$z = U \tanh\bigl(W\,[e_{x_{t-n+1}}; \dots; e_{x_{t-1}}] + b\bigr) + c \tag{1}$$
#
# The brackets put the vectors side by side, oldest first; $b$ and $c$ are learned numbers added to the sums (above they are zero). This is the **neural n-gram** of Bengio et al. (2003; theirs is over words, and may have one more matrix that leads from the vectors straight to the logits). How large is it? The vectors, the first matrix with $b$, the second with $c$:
#
# $$N = Vd + \bigl((n-1)d + 1\bigr) H + (H + 1)V \tag{2}$$
#
# One letter more in the window costs $dH$ numbers. A table with a row for each context would grow by a factor of $V$.


# %%
def n_parameters(V, n, d, H):
    """How many numbers the network has, formula (2)."""
    return V * d + ((n - 1) * d + 1) * H + (H + 1) * V


# %% tags=["hide-input"]
print("d = 32, H = 512")
print("   n   network       full table")
for n in (2, 3, 5, 8):
    print(
        f"{n:4} {n_parameters(V, n, 32, 512):9,} {V ** (n - 1) * (V - 1):16.1e}"
    )

# %% [markdown]
# (In each row of a full table the last probability follows from the others. A real table stores only the rows that were seen.)
#
# ## The network
#
# One pass is to answer at every place of a text. `F.pad` puts line breaks, id 0, in front: only $n - 2$ of them, as the row begins with one of its own. `unfold(1, n - 1, 1)` cuts along the text (axis 1) windows of
# $n - 1$ ids, each one place further, and `flatten(2)` makes one axis of the last two, which puts the vectors side by side.


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

# %% tags=["hide-input"]
# @title Nine places by formula (1), by our network and by the package's
ids = torch.tensor([tokenizer.encode("A film.")]).to(run.device)  # [1, 9]
E_, W_, b_, U_, c_ = (w.detach().cpu().numpy() for w in model.parameters())
padded = [0] * (n - 2) + ids[0].tolist()
by_hand = [
    logits_of(padded[t : t + n - 1], E_, W_, b_, U_, c_) for t in range(9)
]
config = library.NeuralNGramConfig(V, n, d, H)
packaged = library.NeuralNGram(config).to(run.device)
packaged.load_state_dict(model.state_dict())

# %% tags=["claims"]
e = np.exp(np.array([-math.tanh(1), math.tanh(3), math.tanh(1)]))
close("By hand: the probabilities after ab", p_of["ab"], e / e.sum())
close("Ours is formula (1) at each place", model(ids)[0], by_hand, atol=1e-5)
close("and the package's", model(ids), packaged(ids))
check(
    "Its size is formula (2)",
    sum(w.numel() for w in model.parameters()) == n_parameters(V, n, d, H),
)

# %% [markdown]
# ## Before the first step
#
# What should the loss be before anything is learned? A network that knows nothing should say so: all symbols equally probable, $\ln V$ nats. But its logits are random numbers, not zeros. If they spread around their mean like a
# normal distribution with standard deviation $\sigma$, the mean loss is, for many symbols and a $\sigma$ that is not large, about
#
# $$L_0 \approx \ln V + \frac{\sigma^2}{2} \tag{3}$$
#
# Random opinions cost something. (Measured from the mean of the logits, the mean of $e^{z}$ is then $e^{\sigma^2/2}$, so the sum in the softmax is near $V e^{\sigma^2/2}$;
# and over many starts the letter that comes has, on average, a logit like any other.) Here are three starts of the same network: the package's, whose output layer begins very small; PyTorch's own; and, the
# loud one, every weight from the standard normal distribution.


# %% tags=["hide-input"]
# @title Formula (3), and the other two starts
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
# @title The starts, looked at on one batch
STARTS = ("the package's", "PyTorch's", "standard normal")
inputs, targets = batches(rows["train"], 32, SEED)(0)  # [B, T]
real = targets >= 0  # not padding


def first_look(start, seed, louder=1):
    """Loss, spread and saturation; output weights times `louder`."""
    torch.manual_seed(seed)
    network = library.NeuralNGram(library.NeuralNGramConfig(V, 9, d_hidden=128))
    begin(network, start)
    with torch.no_grad():
        network.output.weight.mul_(louder)
        logits = network(inputs)[real]  # [N, V]
        hidden = network.activations(inputs)[real]  # [N, H]
    loss = F.cross_entropy(logits, targets[real]).item()
    sigma = logits.std().item()
    saturated = (hidden.abs() > 0.97).double().mean().item()
    return np.array([loss, sigma, first_loss(V, sigma), saturated])


fresh = {start: first_look(start, SEED) for start in STARTS}
times_four = [first_look("PyTorch's", seed, 4) for seed in range(5)]
fresh["PyTorch's, U times 4"] = np.mean(times_four, axis=0)

# %% tags=["hide-input", "nbval-ignore-output"]
print(
    f"ln V = {math.log(V):.2f}              first loss  sigma     (3) saturated"
)
for start, (loss, sigma, by_formula, share) in fresh.items():
    print(
        f"{start:<21}{loss:15.2f} {sigma:6.2f} {by_formula:7.2f} {share:9.2f}"
    )

# %% [markdown]
# *Saturated* is the share of hidden numbers beyond ±0.97. There the tangent is nearly flat, its slope $1 - 0.97^2$ or less, so
# only a small part of any correction gets through to the weights under it. The two quiet starts are near $\ln V$; the second term of (3) hardly counts there. The last line shows it: PyTorch's start with $U$ times four, the mean of five draws, meets (3) to within a tenth. The loud one is far above $\ln V$, and most of its hidden numbers are saturated. (Formula (3) does not hold for it; its $\sigma$ is large.)
# A first loss far above $\ln V$ is a sign that costs one batch to see.
#
# Does training mend a bad start? From the record of `benchmarks/sweep_neural_ngram.py`: a window of eight letters, a hidden layer of 128, the same steps and
# the same learning rate, which rises over the first tenth of the steps and then falls to zero; each line is one training.

# %% tags=["claims"]
for start in STARTS[:2]:
    check(
        f"{start}: the first loss is within 0.1 of ln V, under 1 % saturated",
        abs(fresh[start][0] - math.log(V)) < 0.1 and fresh[start][3] < 0.01,
    )
loss, _, by_formula, _ = fresh["PyTorch's, U times 4"]
check(
    "U times 4: (3) is over 0.4 above ln V, the mean loss within 0.1 of it",
    by_formula > math.log(V) + 0.4 and abs(loss - by_formula) < 0.1,
)
random = np.random.default_rng(SEED).normal(size=(20_000, V))  # sigma 1
close(
    "Normal logits, sigma 1: (3) is the mean loss, to 0.03 nats",
    np.log(np.exp(random).sum(axis=1)).mean() - random[:, 0].mean(),
    first_loss(V, 1),
    atol=0.03,
)
loud = fresh[STARTS[2]]
check(
    "standard normal: over twice ln V, over half is saturated",
    loud[0] > 2 * math.log(V) and loud[3] > 0.5,
)

# %% tags=["hide-input"]
# @title The record of the three starts
on_record = sweep("neural/neural_ngram")
runs, STEPS = on_record["runs"], on_record["steps"]
plain = [r for r in runs if r["question"] == "order"]
longer = [r for r in runs if r["question"] == "longer"]
by_start = {STARTS[0]: [r["curve"] for r in plain if r["order"] == 9]}
for start in STARTS[1:]:
    by_start[start] = [r["curve"] for r in runs if r["start"] == start]
ended = {start: [c[-1] for c in by_start[start]] for start in STARTS}

# %% tags=["hide-input"] mystnb={"image": {"alt": "Bits per character on validation over the steps, one line a training. Five lines, of the package's and PyTorch's starts, lie close together and fall from about three to below 2.7. Two lines of the standard normal start lie far above them, at 4.5 first and at about 3.5 at the end."}}
figure, ax = plot.panels(height=3)
looks = len(by_start[STARTS[0]][0])
at = STEPS * np.arange(1, looks + 1) / looks
for start, color in zip(STARTS, (plot.BLUE, plot.GREEN, plot.RED), strict=True):
    for i, curve in enumerate(by_start[start]):
        ax.plot(at, curve, color=color, label=None if i else start)
ax.legend(title="start")
ax.set(xlabel="steps", ylabel="bits per character, validation")
plt.show()

# %% [markdown]
# The two quiet starts end close together, the loud one far behind in both trainings. So many steps have not mended it.

# %% tags=["claims"]
quiet = ended[STARTS[0]] + ended[STARTS[1]]
check("The quiet starts end within 0.1 bits", max(quiet) - min(quiet) < 0.1)
check(
    "Both loud starts end over 0.5 bits behind each of the quiet ones",
    len(ended[STARTS[2]]) == 2 and min(ended[STARTS[2]]) > max(quiet) + 0.5,
)

# %% [markdown]
# ## Training, with an eye on the steps
#
# Now train ours, with a window of four letters. `batch_at` gives sentences of similar length, padded, with targets of −100 where there is only
# padding, which `cross_entropy` leaves out; AdamW moves the weights: like gradient descent, with a step of its own for each weight. At each step we note how far the output matrix $U$ moves, as a share of its own length (the root of the sum of squares). This is the **update-to-weight ratio**.


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
        U = model.output.weight.detach().clone()  # [V, H], a copy of now
        optimizer.step()
        change = model.output.weight.detach() - U
        losses.append(loss.item())
        moved.append((change.norm() / U.norm()).item())
    return np.array(losses), np.array(moved)


# %% [markdown]
# A rule of thumb for plain gradient descent wants each step to move the weights by about a thousandth (Karpathy 2022). Ours is another optimizer: AdamW divides an average of the last gradients by their usual size. Does the rule help here too? We try two learning rates, from two starts each, and judge them on a quarter of the validation sentences.

# %%
steps = run.size(smoke=10, cpu=300, gpu=300)
some = rows["validation"][::4]
trained = {}
for rate in (0.001, 0.01):
    for seed in (SEED, SEED + 1):
        torch.manual_seed(seed)
        model = OurNeuralNGram(V, n, d, H).to(run.device)
        losses, moved = train(model, rate, steps)
        nats = scoring.nll(model, some)
        bits = metrics.bits_per_char(nats, scoring.n_predicted(some))
        trained[rate, seed] = losses, moved, bits

# %% tags=["hide-input", "nbval-ignore-output"]
late = {}
for (rate, seed), (_, moved, bits) in trained.items():
    late[rate, seed] = np.median(moved[steps // 2 :])
    print(f"rate {rate:<5} seed {seed}: ", end="")
    print(f"a late step moves U by {late[rate, seed]:.4f}; {bits:.2f} bits")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels over the training step, for two learning rates. Above, the loss of each batch falls from the dotted line of a uniform guess, faster and further with the larger rate. Below, on a logarithmic axis, the share by which a step moves U falls in the first hundred steps and then hardly, to about a hundredth for the larger rate and a fifth of that for the smaller; a dotted line marks a thousandth, which neither reaches."}}
figure, axes = plot.panels(2, height=2.4, sharex=True)
for rate, color in ((0.001, plot.ORANGE), (0.01, plot.BLUE)):
    losses, moved, _ = trained[rate, SEED]
    axes[0].plot(losses / math.log(2), color=color, lw=1)
    axes[1].plot(moved, color=color, lw=1, label=f"rate {rate}")
axes[0].axhline(math.log2(V), color=plot.GREY, linestyle=":")
axes[0].set(ylabel="bits per letter", title="loss of each batch")
axes[1].axhline(0.001, color=plot.GREY, linestyle=":")
axes[1].set(yscale="log", xlabel="step", title="step of U, as a share of U")
axes[1].legend()
plt.show()

# %% [markdown]
# From both starts the rate whose later steps are nearer to the rule is the slower one here: with the larger of the two the same number of steps gets further.

# %% tags=["claims"]
for seed in (SEED, SEED + 1):
    check(
        f"Seed {seed}: late steps are over three times as large at rate 0.01",
        late[0.01, seed] > 3 * late[0.001, seed],
    )
    check(
        f"Seed {seed}: rate 0.01 ends over 0.2 bits lower than 0.001",
        trained[0.01, seed][2] < trained[0.001, seed][2] - 0.2,
    )
    check(
        f"Seed {seed}: those at rate 0.001 are nearer to 0.001, as a ratio",
        abs(math.log(late[0.001, seed] / 0.001))
        < abs(math.log(late[0.01, seed] / 0.001)),
    )

# %% [markdown]
# ## How long a window?
#
# Now the package's network with windows of 1, 2, 4, 8 and 11 letters, three trainings each, from the record. Each has 32 numbers a letter, a hidden layer of 128 and a short training, 800 batches of eight sentences, which is less than one pass. All have the same learning rate; half and twice of it were tried once each at eight letters, and are worse. Gradients longer than 1 are shortened to that.
#
# The rival is the table with modified Kneser–Ney smoothing, which we fit here to all training sentences, up to order 9, as far as its codes fit into 64 bits; 9 is also the best of them. Networks and tables are judged on the validation sentences.

# %% tags=["hide-input"]
# @title Both at each order


def bits_by_order(some):
    """The bits of all seeds at each order, shortest first."""
    found = {r["order"]: [] for r in sorted(some, key=lambda r: r["order"])}
    for r in some:
        found[r["order"]].append(r["bits"])
    return found


by_order, by_longer = bits_by_order(plain), bits_by_order(longer)
n_validation = scoring.n_predicted(rows["validation"])
tables, table_bits = {}, {}
for order in range(2, 10):
    tables[order] = NGram(order, V, "kneser_ney").fit(rows["train"])
    nats = scoring.nll(tables[order], rows["validation"])
    table_bits[order] = metrics.bits_per_char(nats, n_validation)
stored, recipe = char_neural_ngram.load()

# %% tags=["hide-input"] mystnb={"image": {"alt": "Bits per character on validation over the letters in the window. Counts fall from 3.5 at one letter to about 1.9 at five and change little after that. The network of 800 steps is close to the counts at one and two letters, lowest at four with about 2.6, and rises again. That of 3,200 steps lies at about 2.4 at four and eight letters. A star at eight letters, the stored network, lies at about 2.2."}}
figure, ax = plot.panels(height=3.3)
for found, color, label in (
    (by_order, plot.BLUE, "network, 800 steps"),
    (by_longer, plot.ORANGE, "network, 3,200 steps"),
):
    for order, bits in found.items():
        ax.plot([order - 1] * len(bits), bits, ".", color=color)
    means = [np.mean(bits) for bits in found.values()]
    ax.plot(np.array(list(found)) - 1, means, color=color, label=label)
at_most = stored.config.order - 1, recipe["validation_bits"]
ax.plot(*at_most, "*", ms=12, color=plot.GREEN, label="network, stored")
lengths = np.array(list(table_bits)) - 1
ax.plot(
    lengths, list(table_bits.values()), "o-", color=plot.RED, label="counts"
)
ax.set(xlabel="letters in the window", ylabel="bits per character, validation")
ax.legend()
plt.show()

# %% [markdown]
# With one or two letters in the window the table is ahead of the network by less than a tenth of a bit. With four and with eight it is far ahead; from five letters on it changes by less than a tenth of a bit. Of these five lengths four letters are the network's best after so short a training, in
# all three trainings. With four times as many steps, over which the rate falls four times as slowly, four and eight letters are equal to within a few hundredths of a bit, in each of three pairs of trainings with the same seed. So how far the longer window falls behind depends on how long one trains.
#
# The star is the network that we keep: eight letters, to match the table of order 9, a hidden layer of 512, a little dropout (some hidden numbers are set to zero at random in training), and
# many more passes over the sentences. `python -m lmcourse.weights.char_neural_ngram` made it; its recipe lies beside its weights. It is the best network here, and does not reach the table of the same order. But it is one training, and its sizes were not searched for.

# %% tags=["claims"]
rates = [r["bits"] for r in runs if r["question"] == "rate"]
check("Half and twice the rate are worse", min(rates) > max(by_order[9]))
gaps = {n: np.array(by_order[n]) - table_bits[n] for n in (2, 3, 5, 9)}
check(
    "One and two letters: the table is ahead of all, by less than 0.1 bits",
    min(gaps[2].min(), gaps[3].min()) > 0
    and max(gaps[2].max(), gaps[3].max()) < 0.1,
)
check(
    "Four and eight letters: the table is over 0.3 bits ahead of all of them",
    min(gaps[5].min(), gaps[9].min()) > 0.3,
)
check(
    "From five letters on the table changes by less than 0.1 bits",
    np.ptp([table_bits[n] for n in range(6, 10)]) < 0.1,
)
check("Order 9 is the best", min(table_bits.values()) == table_bits[9])
check(
    "In each of the three trainings four letters are best of the five lengths",
    len(by_order[5]) == 3
    and max(by_order[5]) < min(min(by_order[n]) for n in (2, 3, 9, 12)),
)

# %% tags=["claims"]
for seed, (four, eight) in enumerate(zip(*by_longer.values(), strict=True)):
    check(
        f"Seed {seed}, four times the steps: 4 and 8 letters within 0.04",
        abs(four - eight) < 0.04,
    )
before, after = (
    np.array(found[9]) - found[5] for found in (by_order, by_longer)
)
check(
    "In each of three pairs eight letters catch up by over 0.02 bits",
    len(after) == 3 and (before - after > 0.02).all(),
)
check(
    "All on record have 32 numbers a letter and a hidden layer of 128",
    all(r["parameters"] == n_parameters(V, r["order"], 32, 128) for r in runs),
)
check(
    "All but those that ask for the rate have the same one",
    len({r["rate"] for r in runs if r["question"] != "rate"}) == 1,
)
check(
    "Four times the steps",
    all(r["steps"] == 4 * STEPS for r in longer),
)

# %% tags=["claims"]
lowest = min(r["bits"] for r in runs)
check(
    "The stored network: below all on record, over 0.1 bits above the table",
    table_bits[9] + 0.1 < recipe["validation_bits"] < lowest,
)
short = on_record["steps"] * on_record["batch"]
long = recipe["best_step"] * recipe["training"]["batch_size"]
check(
    "800 steps are less than one pass over the sentences, its own over five",
    on_record["steps"] == 800 and short < len(rows["train"]) < long / 5,
)

# %% [markdown]
# ## Where the past was never seen
#
# Is the table ahead everywhere? Take the places of the validation sentences apart by how many of the last letters stood in the
# training sentences together: all eight, the last seven, and so on. At each place we subtract the surprise of the table of order 9 from that of the stored network, which looks at eight letters too. (The network's weights are the best of ten looks at these same sentences; if that favours one of the two, then the network.) To see how sure a group's mean is, we
# draw whole sentences with replacement, ten thousand times; the middle 95 % of the means are the interval ([percentile bootstrap](../probability/perplexity.ipynb)). `np.bincount` adds up what belongs to one sentence.


# %%
def compare(a, b, places, lengths):
    """Mean of a - b [N] where places [N] is true; draws whole sentences."""
    sentence = np.repeat(np.arange(len(lengths)), lengths)  # [N]
    apart = np.bincount(sentence, np.where(places, a - b, 0.0))
    return intervals.bootstrap_ratio(apart, np.bincount(sentence, places))


# %% tags=["hide-input", "nbval-ignore-output"]
# @title By how much of the past was seen


def surprises(model, split):
    """Surprise in bits at all places of a split, [N]."""
    return -np.concatenate(scoring.log_probs(model, rows[split])) / math.log(2)


stored.to(run.device)
table, window = tables[9], stored.config.order - 1
bits = {"network": surprises(stored, "validation")}
bits["table"] = surprises(table, "validation")
longest = sum(seen[k].astype(int) for k in range(1, window + 1))  # [N]
by_seen, costs = {}, []
print("last letters seen   places   network   table   network - table")
for k in range(4, window + 1):
    places = longest <= 4 if k == 4 else longest == k
    by_seen[k] = compare(bits["network"], bits["table"], places, n_validation)
    name = "4 or fewer" if k == 4 else f"{k}"
    means = [bits[who][places].mean() for who in ("network", "table")]
    print(f"{name:<17} {places.mean():8.3f}", end="")
    print(f"{means[0]:10.2f} {means[1]:7.2f}   {by_seen[k]}")
    costs.append(means)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Five dots with intervals: the network's bits minus the table's. All lie right of zero. The dot of four or fewer letters seen lies furthest to the right, at about a half; the more letters were seen, the nearer to zero, and the dot of all eight is at about 0.2."}}
figure, ax = plot.panels(height=2.8)
names = ["4 or fewer", *(f"the last {k}" for k in range(5, window)), "all 8"]
label = "bits, network minus table (above 0: the table is better)"
plot.intervals(ax, names, list(by_seen.values()), xlabel=label)
ax.axvline(0, color=plot.GREY, linestyle=":")
plt.show()

# %% [markdown]
# The table is ahead in all five groups. Both pay more where less was seen. And the network is *least* far behind where all eight letters were
# seen together. So for this network and this table: also where the eight letters were never seen together, the table does better.

# %% tags=["claims"]
check(
    "In all five groups the table is ahead: the intervals are above zero",
    len(by_seen) == 5 and all(found.low > 0 for found in by_seen.values()),
)
check(
    "The more was seen, the less each pays",
    (np.diff(np.array(costs), axis=0) < 0).all(),
)
rest = [found.low for k, found in by_seen.items() if k != window]
check(
    "All eight seen: less far behind than in each other group, intervals apart",
    by_seen[window].high < min(rest),
)

# %% [markdown]
# ## The test sentences
#
# Network and table can also answer together, with the mean of their probabilities: a share $\lambda$ for the network and the rest for the table. The share is chosen on validation. As a control, the table is mixed in the same way with one of order 6 (a length that we did not search for). And, to see what it adds to both tables, the network is mixed into that mixture.


# %%
def mix(share, a, b):
    """Surprise in bits of averaged probabilities, from two surprises."""
    return -np.log2(share * 2.0**-a + (1 - share) * 2.0**-b)


# %% tags=["hide-input"]
# @title The shares, chosen on validation
def best_share(a, b):
    """The share with the smallest mean surprise."""
    shares = np.arange(0.01, 1, 0.01)
    return shares[np.argmin([mix(s, a, b).mean() for s in shares])]


partners = {"network": stored, "order 6": tables[6]}
bits["order 6"] = surprises(tables[6], "validation")
shares = {who: best_share(bits[who], bits["table"]) for who in partners}
counts = mix(shares["order 6"], bits["order 6"], bits["table"])  # [N]
third = best_share(bits["network"], counts)

# %% [markdown]
# All choices are made. Now, once, the test sentences.

# %% tags=["hide-input"]
# @title Bits on the test sentences, alone and mixed
n_test = scoring.n_predicted(rows["test"])
everywhere = np.ones(n_test.sum(), dtype=bool)
on_test = {"table": surprises(table, "test")}
for who, model in partners.items():
    on_test[who] = surprises(model, "test")
    mixed = mix(shares[who], on_test[who], on_test["table"])
    on_test[f"{who} + table"] = mixed
on_test["all three"] = mix(third, on_test["network"], mixed)
alone, against = {}, {}
for who, found in on_test.items():
    alone[who] = compare(found, 0 * found, everywhere, n_test)
    against[who] = compare(found, on_test["table"], everywhere, n_test)
added = compare(on_test["all three"], mixed, everywhere, n_test)

# %% tags=["hide-input", "nbval-ignore-output"]
# @title Records for the results page
size = sum(w.numel() for w in stored.parameters())
read = recipe["best_step"] * recipe["training"]["batch_size"]
record(
    "neural_ngram.bits",
    alone["network"].value,
    "bits/char",
    alone["network"],
    ladder="language",
    label=f"neural n-gram of order {window + 1}",
    parameters=size,
    seconds=recipe["seconds"],
    note=f"{read / len(reviews['train']):.0f} passes over the same sentences",
)
both = alone["network + table"]
record(
    "neural_ngram.bits_mixture",
    both.value,
    "bits/char",
    both,
    ladder="language",
    label="neural n-gram and Kneser–Ney, mixed",
    parameters=size + table.parameters,
    note=f"share of the network {shares['network']:.2f}, chosen on validation",
)

# %% tags=["hide-input", "nbval-ignore-output"]
print("bits per character minus those of the table, and the 95 % interval")
for who, difference in list(against.items())[1:]:
    print(f"{who:<16} {difference}")
for who, share in shares.items():
    print(f"share of {who} in its mixture with the table: {share:.2f}")
print(f"share of the network in all three: {third:.2f}")
print(f"all three minus order 6 + table: {added}")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Six dots with intervals, bits per character on the test sentences. The table lies below 1.9, the network far to the right at about 2.2, the table of order 6 a little right of the table, and the three mixtures close to each other, just left of the table."}}
figure, ax = plot.panels(height=2.6)
colors = [plot.BLUE if "network" in who else plot.ORANGE for who in alone]
colors[0], colors[-1] = plot.RED, plot.GREEN
label = "bits per character on the test sentences"
plot.intervals(
    ax, list(alone), list(alone.values()), color=colors, xlabel=label
)
plt.show()

# %% [markdown]
# Alone, the network is far behind the table. Mixed with it, it makes the table a little better. But so does a second table, of order 6, and by about as much. Mixed into the two tables, the network still gains a little, its interval below zero. So it says something that this mixture of them does not. (The intervals are 95 % percentile bootstraps over sentences: they speak of other test sentences, not of another training or another size of the network.)
#
# Over the words of the Brown corpus, Bengio et al. (2003) report the opposite: the network ahead of the best n-gram. A network that does beat
# the table on our sentences comes with [GPT](../transformer/gpt.ipynb).

# %% tags=["claims"]
check(
    "The network is over 0.2 bits behind the table, by its interval",
    against["network"].low > 0.2,
)
mixtures = [f"{who} + table" for who in partners]
check(
    "Both mixtures are better than the table, by less than 0.05 bits",
    all(against[m].low > -0.05 and against[m].high < 0 for m in mixtures),
)
apart = compare(*(on_test[m] for m in mixtures), everywhere, n_test)
check(
    "They differ from each other by less than 0.005 bits, by the interval",
    max(-apart.low, apart.high) < 0.005,
)
check(
    "Mixed into both tables the network gains, by less than 0.02 bits",
    added.low > -0.02 and added.high < 0,
)

# %% [markdown]
# ## Summary
#
# The letters of a window become vectors side by side, a hidden layer and a softmax make probabilities of them; one letter more costs $dH$ numbers, where the full table grows by a factor of $V$. For a quiet start the first loss is near $\ln V$; a much larger one is a sign of
# a start that is too loud, before any training. The update-to-weight ratio says how far a step moves a matrix. With one or two letters the network comes within a tenth of a bit of the table;
# with four and with eight the table stays far ahead of the networks here, and ahead of the stored one also where the past was never seen. Mixed into two tables, that one still adds a little.
#
# ## Exercises
#
# > **Exercise 1.** With a pencil (★☆☆, 10 minutes). A network of order 8 has 96 symbols and 32 numbers a symbol. (a) From how many hidden
# > numbers on has it at least 100,000 parameters? (b) With so many: how many more parameters does one more letter in the window cost? Return both numbers.
#
# <details><summary>Hint</summary>
#
# Put the numbers into formula (2) and collect what stands beside $H$. For (b), where does $n$ stand?
#
# </details>


# %% tags=["exercise"]
def on_paper():
    """The two whole numbers, (a) and (b)."""
    ...


exercises.on_paper(on_paper)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def on_paper():
    """(a) 3,072 + 225·H + 96·H + 96 ≥ 100,000; (b) W is 32 columns wider."""
    return 302, 32 * 302


exercises.on_paper(on_paper)

# %% [markdown]
# > **Exercise 2.** Windows without `unfold` (★★☆, 15 minutes). Write `windows(row, n)` with a plain loop: for a row of ids, which opens with 0, the list of the windows, $n - 1$ ids each, from which an n-gram predicts `row[1:]`. In front of the row stand as many zeros as are needed.
#
# <details><summary>Hint</summary>
#
# How many windows are there for a row of six ids? The first one ends in `row[0]`.
#
# </details>


# %% tags=["exercise"]
def windows(row, n):
    """A list of windows, one for each of row[1:]."""
    ...


exercises.windows(windows)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def windows(row, n):
    """A list of windows, one for each of row[1:]."""
    padded = [0] * (n - 2) + list(row)
    return [padded[t : t + n - 1] for t in range(len(row) - 1)]


exercises.windows(windows)

# %% [markdown]
# > **Exercise 3.** Without the hidden layer (★★☆, 20 minutes). An experiment: take the hidden layer out, so that one `nn.Linear` leads from the vectors side by side to the logits, and train with the chapter's rate of 0.01 and its steps (`cpu` profile). Each letter of the window then votes for the next one by
# > itself; no two of them can say together what neither says alone. Return two numbers, in bits per character on the same quarter of the validation sentences: without the hidden layer, and what the chapter's network reached with it.
#
# <details><summary>Hint</summary>
#
# `train` looks at `model.output.weight`, so call the new layer `output`. What is its input size? The quarter of the sentences is `some`, and `trained[0.01, SEED][2]` holds what the chapter's network reached.
#
# </details>


# %% tags=["exercise"]
def without_hidden_layer():
    """[bits without the hidden layer, bits with it], as you measured them."""
    ...


exercises.without_hidden_layer(without_hidden_layer)


# %% tags=["solution", "hide-cell", "nbval-ignore-output"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
class Direct(OurNeuralNGram):
    def forward(self, ids):
        padded = F.pad(ids, (self.n - 2, 0))
        windows = padded.unfold(1, self.n - 1, 1)  # [B, T, n - 1]
        return self.output(self.embedding(windows).flatten(2))


torch.manual_seed(SEED)
direct = Direct(V, n, d, H).to(run.device)
direct.output = nn.Linear((n - 1) * d, V).to(run.device)
train(direct, 0.01, steps)
nats = scoring.nll(direct, some)
found = [3.4, 2.8]  # places for two numbers, filled below
without = metrics.bits_per_char(nats, scoring.n_predicted(some))
found[:] = [without, trained[0.01, SEED][2]]
print("without {:.2f}, with {:.2f}".format(*found))


def without_hidden_layer():
    """Each letter votes by itself."""
    return found


exercises.without_hidden_layer(without_hidden_layer)

# %% [markdown]
# ## Common mistakes
#
# - *A window that holds the answer*: shifted by one place too few, it contains the letter to be predicted, and the loss can fall towards zero. Print one window and its target.
# - *A first loss that nobody looks at*: a start that is too loud can still be behind many steps later. Compare the first batch with $\ln V$.
# - *Vectors added up where they should stand side by side*: then *ab* and *ba* are the same window.
# - *A rival that nobody tuned*: take Kneser–Ney, its order chosen on validation.
# - *More context taken for free*: choose the length of the window on validation, with more than one seed, and name the training that goes with it.
#
# ## Further reading
#
# - Bengio, Ducharme, Vincent and Jauvin (2003), [A neural probabilistic language model](https://www.jmlr.org/papers/v3/bengio03a.html): the network of this chapter, over words.
# - Chen and Goodman (1999), [An empirical study of smoothing techniques for language modeling](https://doi.org/10.1006/csla.1999.0128): modified Kneser–Ney, the rival.
# - Glorot and Bengio (2010), [Understanding the difficulty of training deep feedforward neural networks](https://proceedings.mlr.press/v9/glorot10a.html): activations that saturate, and how loud a start should be.
# - Karpathy (2022), [Neural networks: zero to hero](https://github.com/karpathy/nn-zero-to-hero): such a network built on names, with the diagnostics of this chapter.
# - Sun and Iyyer (2021), [Revisiting simple neural probabilistic language models](https://aclanthology.org/2021.naacl-main.407/): how far a modern version of it gets.
