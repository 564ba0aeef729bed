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
# # The bigram as a network
#
# A neural network learns the table of bigram counts the hard way; and because we know where it must
# end, we see what training does and what it does not.
#
# Which letter follows *q* in a first name? A table of counts needs one line to answer. A network
# knows nothing at first and only corrects its mistakes, a little at a time. Does it end up with the
# same answer, and how long does that take?

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
import string
import time

import matplotlib.pyplot as plt
import numpy as np
import scipy.optimize
import scipy.special
import torch
import torch.nn.functional as F
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.first_names import load_names
from lmcourse.evaluation.intervals import paired_bootstrap
from lmcourse.exercises.ngrams import bigram_network as exercises
from lmcourse.text.characters import CharTokenizer

run = session.start(PROFILE, SEED)

# %% [markdown]
# The data are first names over 27 symbols, the letters and the line break ↵ that opens and closes a
# name. We lay all pairs of neighbours (`itertools.pairwise` lists them) in two long columns: the
# symbol before, `x`, and the symbol to be predicted, `y`.

# %%
names = load_names()
tokenizer = CharTokenizer("\n" + string.ascii_lowercase)
symbols = ["↵", *string.ascii_lowercase]
V = tokenizer.vocab_size
rows = {
    split: [tokenizer.encode(name) for name in names[split]["name"]]
    for split in names
}


def pair_columns(rows):
    """All pairs of neighbours in the rows: ids before [N] and after [N]."""
    pairs = [pair for row in rows for pair in itertools.pairwise(row)]
    return np.array(pairs).T


x, y = pair_columns(rows["train"])  # [N], [N]
first = [symbols[x[i]] + symbols[y[i]] for i in range(6)]
print(f"{len(x):,} pairs, the first ones:", *first)

# %% [markdown]
# And here is a whole network, with nothing of ours in it: a table of 27 × 27 numbers, all zero at
# first. In each round PyTorch compares its forecasts with all pairs and moves the numbers a little
# downhill. We keep what it says after each round.

# %%
x_ids, y_ids = torch.tensor(x), torch.tensor(y)  # [N], [N]
network = torch.nn.Embedding(V, V)
torch.nn.init.zeros_(network.weight)
optimizer = torch.optim.SGD(network.parameters(), lr=20.0)
said = []  # one [V, V] a round
for _ in range(run.size(smoke=20, cpu=300, gpu=300)):
    said.append(network.weight.detach().softmax(dim=1).numpy().copy())
    objective = F.cross_entropy(network(x_ids), y_ids)
    optimizer.zero_grad()
    objective.backward()
    optimizer.step()
said = np.array(said)  # [rounds, V, V]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three curves over the training round on a logarithmic axis, each with a dotted line of its colour where counting puts it. The probability of n after a meets its line within thirty rounds. That of a after j comes close to its line at the end. That of u after q is still below its line, nearly one, when the picture ends."}}
figure, ax = plot.panels(height=3.3)
rounds = np.arange(1, len(said) + 1)
for pair, color in [("qu", plot.RED), ("ja", plot.ORANGE), ("an", plot.BLUE)]:
    a, b = tokenizer.encode(pair)[1:3]
    counted = np.mean(y[x == a] == b)
    label = f"{pair[1]} after {pair[0]}, seen {np.sum(x == a):,} times"
    ax.plot(rounds, said[:, a, b], color=color, label=label)
    ax.axhline(counted, color=color, linestyle=":", linewidth=1.4)
ax.set(xscale="log", xlabel="training round", ylabel="probability")
ax.legend()
plt.show()

# %% [markdown]
# All three curves start at one in 27 and head for their dotted lines, the answers of the counts.
# What follows *a* is nearly known within thirty rounds; the forecast after *q*, which is rare, is still on
# its way when the picture ends. Must a curve arrive, and why is this one so late?

# %% [markdown]
# **You will**
#
# - see that a one-hot vector times a matrix is the lookup of a row, as nearly every neural language model begins,
# - derive the gradient of softmax regression and check it against two judges that do not know the derivation,
# - watch training approach a floor that you can compute beforehand, and say which contexts arrive last,
# - recognize early stopping, weight decay and add-k smoothing as three forms of the same idea,
# - expose a popular formula that calls itself a language model and is none.
#
# **You need** [bigram counts](bigram_counts.ipynb) and the gradient $p - y$ from
# [softmax and cross-entropy](../probability/softmax.ipynb).

# %% [markdown]
# ## Where it must end
#
# From the last chapter we know the best possible table: counts divided by the sum of their row. Its
# loss on the training names is a floor. No bigram model of any kind can get below it there. To count
# all pairs at once, we number the cells of the table row by row, so that the pair of ids $a, b$ has
# the number $27a + b$; `np.bincount` counts how often each number occurs.


# %%
def count_pairs(x, y):
    """Counts [V, V] of the pairs in two columns of ids below 27."""
    cells = np.bincount(x * 27 + y, minlength=27 * 27)  # [V · V]
    return cells.reshape(27, 27)


x_held_out, y_held_out = pair_columns(rows["validation"])
counts = count_pairs(x, y)  # [V, V], row = before
held_out = count_pairs(x_held_out, y_held_out)  # [V, V]
table = counts / counts.sum(axis=1, keepdims=True)  # [V, V]
floor = -scipy.special.xlogy(counts, table).sum() / counts.sum()
print(f"floor: {floor:.4f} nats = {floor / np.log(2):.4f} bits per character")

# %% [markdown]
# ## One-hot times a matrix
#
# A network computes with vectors, and a letter is not one. Its number will not do as an input: *z*
# is not 26 times *a*. The way out that takes nothing for granted is one place for each symbol: a
# **one-hot vector** of length $V$, with a one in the symbol's place and zeros elsewhere. All
# symbols are equally far from each other.
#
# The smallest network there is multiplies this vector with a matrix $W$ of weights and calls the
# result logits. Here are the five inputs of *anna* and what comes out of them. (`np.eye(V)` is the
# matrix with ones on its diagonal; its row $i$ is the one-hot vector of symbol $i$.)

# %%
rng = np.random.default_rng(SEED)
W = rng.normal(size=(V, V))  # [V, V]
inputs = tokenizer.encode("anna")[:-1]  # 5 ids
one_hot = np.eye(V)[inputs]  # [5, V]
logits = one_hot @ W  # [5, V]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Above: five one-hot rows for the inputs line break, a, n, n, a; each row is empty except for one dark cell. Below: the five rows of logits that come out, of 27 values each. The two rows for n are identical, and so are the two rows for a."}}
figure, axes = plot.panels(2, height=2.1)
letters = [symbols[i] for i in inputs]
plot.heatmap(axes[0], one_hot, letters, symbols)
plot.heatmap(axes[1], logits, letters, symbols)
for ax in axes:
    ax.set_xticks([0, 1, 14], ["↵", "  a", "n"])
axes[0].set(title="one-hot inputs", xlabel="place of the symbol")
axes[1].set(title="times W", xlabel="logit of the symbol that follows")
plt.show()

# %% [markdown]
# Equal inputs, equal outputs. But more is true: of the 27 terms in each sum, 26 are multiplied by
# zero. What survives is the row of $W$ that belongs to the symbol. The product is a *lookup*, and
# PyTorch calls it an *embedding*.

# %%
looked_up = F.embedding(torch.tensor(inputs), torch.tensor(W))  # [5, V]
print("one-hot @ W, first numbers for a:", logits[1, :4].round(3))
print("row of W,    first numbers for a:", W[inputs[1], :4].round(3))
print("embedding,   first numbers for a:", looked_up[1, :4].numpy().round(3))

# %% [markdown]
# One rarely builds the one-hot vectors. The first layer of nearly every neural language model, up to the largest, is this lookup under the name of *embedding*. It is a linear layer all
# the same, and what follows about gradients holds for it. A linear layer and a softmax on top are
# called **softmax regression**.
#
# So our network is a table too, a table of logits. The softmax turns row $a$ into
#
# $$p(b \mid a) = \frac{e^{W_{ab}}}{\sum_{b'} e^{W_{ab'}}} \tag{1}$$
#
# Every table without zeros can be written like this, with $W_{ab} = \log p(b \mid a)$. The network
# can therefore say whatever the counts say, or come as near as we like, and never exactly zero. Its
# loss is the cross-entropy
#
# $$L(W) = -\frac{1}{N}\sum_{n=1}^{N} \log p(y_n \mid x_n)
# = -\frac{1}{N}\sum_{a,b} c(a,b) \log p(b \mid a), \tag{2}$$
#
# where the second form gathers equal pairs. So the network sees the names only through the counts:
# it is handed the same information as the table, and not a bit more.


# %%
def predict(W):
    """Probabilities [V, V] of weights W [V, V]; each row sums to one."""
    return scipy.special.softmax(W, axis=1)


def loss(W, counts):
    """Mean surprise in nats of the text whose pair counts are given."""
    log_p = scipy.special.log_softmax(W, axis=1)  # [V, V]
    return -(counts * log_p).sum() / counts.sum()


untrained = loss(np.zeros((V, V)), counts)
print(f"without training: {untrained:.4f} nats, log V = {np.log(V):.4f}")

# %% tags=["claims"]
close("One-hot times W is the row of W", logits, W[inputs])
close("and it is what PyTorch calls an embedding", logits, looked_up)
close("Without training the loss is log V", untrained, np.log(V))

# %% [markdown]
# ## The gradient by hand
#
# For one prediction the slope in the logits is forecast minus fact, $p - y$. The pair $(x_n, y_n)$
# touches only row $x_n$ of $W$. So the slope in row $a$ collects the pairs that have $a$ in front:
#
# $$\frac{\partial L}{\partial W_{ab}}
# = \frac{1}{N} \sum_{n:\,x_n = a} \bigl(p(b \mid a) - [y_n = b]\bigr)
# = \frac{c(a)}{N}\,\bigl(p(b \mid a) - \hat p(b \mid a)\bigr) \tag{3}$$
#
# with $[y_n = b]$ one where that holds and zero elsewhere, $c(a)$ the number of pairs that begin
# with $a$, and $\hat p$ the table of the counts. Read the right side aloud. The gradient is zero if
# and only if the network's table *is* the count table. The question where training ends is answered
# before it has begun; there is one place to rest. (Where $\hat p$ is zero, that place lies
# infinitely far away. We shall see what that does.)


# %%
def gradient(W, counts):
    """Slope [V, V] of the loss in each weight: p − p̂ times c(a)/N."""
    context = counts.sum(axis=1, keepdims=True)  # [V, 1]
    return (context * predict(W) - counts) / counts.sum()


by_hand = gradient(W, counts)  # [V, V]

# %% [markdown]
# Two judges that know nothing of the derivation: PyTorch's automatic differentiation, which gets
# the long columns and the one-hot vectors, and finite differences, for a few of the weights.

# %% tags=["hide-input"]
# @title The gradient by autograd, and by finite differences
weights = torch.tensor(W, requires_grad=True)  # [V, V]
x_hot = F.one_hot(x_ids, V).double()  # [N, V]
F.cross_entropy(x_hot @ weights, y_ids).backward()
automatic = weights.grad.numpy()  # [V, V]

step = 1e-5
places = [(0, 1), (17, 21), (14, 14), (26, 0)]
numeric = []
for a, b in places:
    nudge = np.zeros((V, V))  # [V, V]
    nudge[a, b] = step
    difference = loss(W + nudge, counts) - loss(W - nudge, counts)
    numeric.append(difference / (2 * step))
# %% tags=["hide-input"]
print("pair   by hand  automatic  finite difference")
for (a, b), found in zip(places, numeric, strict=True):
    both = f"{by_hand[a, b]:9.6f}  {automatic[a, b]:9.6f}"
    print(f"{symbols[a] + symbols[b]}   {both}  {found:17.6f}")

# %% tags=["claims"]
close("Our gradient is autograd's", by_hand, automatic, atol=1e-12)
four = [by_hand[place] for place in places]
close("and that of the finite differences", four, numeric, atol=1e-9)

# %% [markdown]
# ## Walking downhill
#
# Now train with the gradient of our own: start from zero, and move all weights against it, again and
# again. The **learning rate** says how far. Twenty looks enormous, but (3) carries the small factor
# $c(a)/N$, and a softmax bends by at most one half: any rate below $4N / \max_a c(a)$ goes downhill.
# We look at the loss at steps that grow like powers, on the training names and on names that the
# network does not train on.

# %%
steps = run.size(smoke=300, cpu=10_000, gpu=10_000)
learning_rate = 20.0
stops = np.unique(np.geomspace(1, steps, 60).astype(int))
W = np.zeros((V, V))  # [V, V]
curve, snapshots = [], {}
for step in range(1, steps + 1):
    W -= learning_rate * gradient(W, counts)
    if step in stops:
        curve.append((loss(W, counts), loss(W, held_out)))
        snapshots[step] = predict(W)  # [V, V]
curve = np.array(curve) / np.log(2)  # [stops, 2], bits
best_stop = curve[:, 1].argmin()
floor_bits = floor / np.log(2)
limit = 4 * counts.sum() / counts.sum(axis=1).max()
print(f"learning rate {learning_rate}, limit {limit:.1f}")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Bits per character against the training step, logarithmic, from 200 on. The training curve falls to the dotted floor and stays just above it. The validation curve starts slightly below it, has its lowest point, marked by a dot, between one and three thousand steps, and rises again."}}
lowest = stops[best_stop], curve[best_stop, 1]
figure, ax = plot.panels(height=3.4)
ax.plot(stops, curve[:, 0], label="training names")
ax.plot(stops, curve[:, 1], label="validation names")
ax.plot(*lowest, "o", color=plot.RED, label="lowest point")
ax.axhline(
    floor_bits, color=plot.GREEN, linestyle=":", label="floor: the count table"
)
ax.set(xscale="log", xlim=(200, 1.1 * steps), ylim=(3.36, 3.41))
ax.set(xlabel="training step", ylabel="bits per character")
ax.legend()
plt.show()

# %% [markdown]
# The floor holds. (It is the floor of the training names. Other names have their own, and these happen
# to be a little easier at first.) And the validation curve turns upward. We know why, and need no
# theory of networks for it: some pairs never occur among the training names. Their best probability
# is zero, the network moves there without ever arriving, and each new name that contains such a pair
# becomes a greater surprise. We can split the rise between the lowest point and the end by pairs.

# %%
unseen = counts == 0  # [V, V]
best_table, last_table = snapshots[stops[best_stop]], snapshots[steps]
rise = held_out * np.log2(best_table / last_table)  # [V, V], bits

# %% tags=["hide-input"]
print(
    f"training names end {curve[-1, 0] - floor_bits:.4f} bits above the floor"
)
print("surprise of the validation names since the lowest point, in bits:")
print(f"    pairs never seen in training {rise[unseen].sum():+7.1f}")
print(f"    all other pairs              {rise[~unseen].sum():+7.1f}")

# %% [markdown]
# Train for ever, and the validation loss is infinite, as it was for the counts.

# %% tags=["claims"]
above_floor = curve[:, 0] - floor_bits  # [stops]
check("At none of the stops is training below the floor", above_floor.min() > 0)
check("and comes within 0.01 bits of it", above_floor[-1] < 0.01)
check(
    "The validation loss turns and rises before training ends",
    0 < best_stop < len(stops) - 5,
)
check(
    "Pairs never seen cause the rise; the others together still fall",
    rise[unseen].sum() > rise.sum() > 0 > rise[~unseen].sum(),
)

# %% [markdown]
# ## Who arrives last?
#
# How far is the network from the count table after all these steps? Look at each context by itself:
# the largest error among its 27 probabilities, against how often the context was seen.

# %%
early_stop = stops[len(stops) * 3 // 5]  # after a few hundred steps
seen = counts.sum(axis=1)  # [V]
early = np.abs(snapshots[early_stop] - table).max(axis=1)  # [V]
late = np.abs(snapshots[steps] - table).max(axis=1)  # [V]
# %% tags=["hide-input", "nbval-ignore-output"]
print(f"context  seen  error after {early_stop} steps  after {steps:,} steps")
for a in [symbols.index(letter) for letter in "aenzqx"]:
    errors = f"{early[a]:21.1e}  {late[a]:18.1e}"
    print(f"{symbols[a]:<7} {seen[a]:5,}  {errors}")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Largest error of each context against how often the context was seen, both axes logarithmic. Orange dots after a few hundred steps lie higher than blue dots at the end. In both clouds the error falls as the context is more frequent; x and q, the rarest, have the largest errors. At the end the frequent contexts lie below the dotted line at one thousandth, and a single blue dot, e, lies many orders of magnitude below all others."}}
figure, ax = plot.panels(height=3.6)
few = "after a few hundred steps"
ax.loglog(seen, early, "o", color=plot.ORANGE, label=few)
ax.loglog(seen, late, "o", color=plot.BLUE, label="at the end")
for a in [symbols.index(letter) for letter in "xqe"]:
    place = {"xytext": (7, 3), "textcoords": "offset points"}
    ax.annotate(symbols[a], (seen[a], late[a]), **place)
ax.axhline(1e-3, color=plot.GREY, linestyle=":", label="one thousandth")
ax.set(xlabel="times the context was seen", ylim=(1e-13, 1))
ax.set_ylabel("largest error of a probability")
ax.legend(loc="lower left")
plt.show()

# %% [markdown]
# The factor $c(a)/N$ in (3) makes the steps of a rare context small. At the end all contexts but one
# lie about on a falling line: what is seen ten times less often is about ten times further off. The
# table of counts has no such trouble; one division serves *q* as well as *a*.
#
# The outlier far below is *e*. It is the only context that every symbol follows somewhere in the training names. Its best logits are finite numbers, and gradient descent gets there at an exponential pace.
# All other contexts have a cell that must become zero, so a logit that must become minus infinity.
# There $\hat p = 0$, and the slope (3) is $\frac{c(a)}{N}\,p$: the step shrinks with what is left to
# do. The very zeros that spoil the count table slow the network down.

# %% tags=["claims"]
check(
    "Contexts seen 300 times or more: every probability within 0.001",
    late[seen >= 300].max() < 1e-3,
)
rarest = np.argsort(seen)[:2]
check(
    "The two rarest, x and q, are more than 0.001 off",
    late[rarest].min() > 1e-3,
)
full = (counts > 0).all(axis=1)  # [V]: every symbol was seen after it
slope = np.polyfit(np.log(seen[~full]), np.log(late[~full]), 1)[0]
check(
    "Ten times as frequent is on average ten times closer", abs(slope + 1) < 0.1
)
check(
    "Only e was followed by every symbol, and it is closest by far",
    [symbols[a] for a in np.flatnonzero(full)] == ["e"]
    and late[full].max() < 1e-3 * late[~full].min(),
)

# %% [markdown]
# ## All the way
#
# Was it the optimizer's fault, then, and not the network's? Gradient descent knows the slope and
# nothing about how the slope changes. **Newton's method** asks for that, too: it divides the slope
# by the curvature, and the factor $c(a)/N$, which both of them carry, cancels. The curvature of row
# $a$ is what we get by differentiating (3) once more. From
# $\log p_b = W_{ab} - \log\sum_{b'} e^{W_{ab'}}$ follows
# $\partial p_b / \partial W_{ab'} = p_b\,([b = b'] - p_{b'})$, times $c(a)/N$. Applied to a direction $d$
# this is $\frac{c(a)}{N}\, p_b\, \bigl(d_b - \sum_{b'} p_{b'} d_{b'}\bigr)$. That is all SciPy wants to
# know; it keeps the steps within a region in which the curvature can be trusted. For later use there
# is a penalty on large weights, switched off for now.


# %% tags=["hide-input"]
# @title Penalized loss, gradient and curvature
def penalized(W, counts, decay):
    """Loss plus decay/2 times the sum of squares, and its gradient [V, V]."""
    value = loss(W, counts) + decay / 2 * (W**2).sum()
    return value, gradient(W, counts) + decay * W


def bend(W, direction, counts, decay):
    """How the gradient changes in a direction [V, V]: curvature times it."""
    share = counts.sum(axis=1, keepdims=True) / counts.sum()  # [V, 1]
    p = predict(W)  # [V, V]
    mean = (p * direction).sum(axis=1, keepdims=True)  # [V, 1]
    return share * p * (direction - mean) + decay * direction


# %% [markdown]
# SciPy's minimizer works on one long vector, so three small functions inside `fit` lay the weights
# out flat (`ravel`) and fold them up again (`reshape`).


# %% tags=["hide-input"]
# @title Newton steps by SciPy
def fit(counts, decay=0.0, start=None):
    """Weights [V, V] at the lowest penalized loss; Newton steps; products."""
    shape = counts.shape

    def value_and_slope(flat):
        value, slope = penalized(flat.reshape(shape), counts, decay)
        return value, slope.ravel()

    def curvature(flat, direction):
        W, direction = flat.reshape(shape), direction.reshape(shape)
        return bend(W, direction, counts, decay).ravel()

    found = scipy.optimize.minimize(
        value_and_slope,
        np.zeros(counts.size) if start is None else start.ravel(),
        jac=True,  # the first function returns the slope too
        hessp=curvature,
        method="trust-ncg",
        options={"gtol": 1e-8, "maxiter": 500},
    )
    return found.x.reshape(shape), found.nit, found.nhev


# %%
fitted, newton_steps, products = fit(counts)  # [V, V], int, int
another, *_ = fit(counts, start=rng.normal(size=(V, V)))  # [V, V]
apart = another - fitted  # [V, V]

# %% tags=["hide-input", "nbval-ignore-output"]
print(f"{newton_steps} Newton steps, {products:,} products inside", end="; ")
print(f"plain descent: {steps:,} steps")

e = symbols.index("e")
off = np.abs(predict(fitted) - table).max()
off_between = np.abs(predict(another) - predict(fitted)).max()
print(f"largest difference of a probability from the counts: {off:.0e}")
print(f"from a random start, of a probability: {off_between:.0e}")
print(f"                     of a weight:      {np.abs(apart).max():.1f}")
print(f"    in the row of e from {apart[e].min():.4f} to {apart[e].max():.4f}")

# %% [markdown]
# Not only the frequent contexts: all of them, and in few steps. The steps are dear, though. To divide
# by a matrix that it never writes down, SciPy multiplies it with one direction after another, and
# each product costs about as much as a gradient. The network and the count table are one model,
# reached by two roads. The loss is convex in $W$, as log-sum-exp is: in no direction does it curve
# downward, so there is no second valley to get lost in. The weights differ between two starts
# although the probabilities agree: softmax does not see a constant that is added to a whole row, and the
# logits of unseen pairs have no finite place to go. In the row of *e* the difference is a constant.

# %% tags=["claims"]
close(
    "All 729 probabilities agree with the counts to 0.001",
    predict(fitted),
    table,
    atol=1e-3,
)
close("From a random start too", predict(another), table, atol=1e-3)
check("by way of different weights", np.abs(apart).max() > 0.1)
close(
    "that in the row of e differ by one constant",
    np.ptp(apart[e]),
    0,
    atol=0.01,
)

# %% [markdown]
# ## Regularization is smoothing
#
# So the network inherits the zero problem of the counts, in slow motion. It also inherits the cure.
# Add-k smoothing was counting with $k$ invented occurrences of every pair. Give the network the same
# invented pairs as training data, and it learns the smoothed table:

# %%
k = 0.25
pseudo = counts + k  # [V, V]
smoothed = pseudo / pseudo.sum(axis=1, keepdims=True)  # [V, V]
learned = predict(fit(pseudo)[0])  # [V, V]
print(f"p(u|q): add-k {smoothed[17, 21]:.3f}, network {learned[17, 21]:.3f}")

# %% [markdown]
# That is exact. The usual device is **weight decay**: a penalty that
# pulls all weights towards zero, with a strength $\lambda$,
#
# $$L_\lambda(W) = L(W) + \frac{\lambda}{2} \sum_{a,b} W_{ab}^2, \qquad
# \frac{\partial L_\lambda}{\partial W_{ab}} = \frac{\partial L}{\partial W_{ab}} + \lambda W_{ab}. \tag{4}$$
#
# What is a row of zeros? By (1), the uniform distribution. So weight decay, too, pulls every
# context towards uniform, and contexts seen rarely are pulled most, since their part of the
# gradient is small. It is smoothing, though not the *same* smoothing: it pulls
# the logarithms of the probabilities, not the probabilities. Does that matter? Both have one knob,
# which we turn from nothing to far too much.


# %%
def bits(p, counts):
    """Bits per character of a table of probabilities on counted text."""
    return -scipy.special.xlogy(counts, p).sum() / counts.sum() / np.log(2)


def add_k(counts, k):
    """Table [V, V] of probabilities with k added to every count."""
    return (counts + k) / (counts + k).sum(axis=1, keepdims=True)


n_values = run.size(smoke=5, cpu=15, gpu=15)
ks = np.geomspace(1e-4, 1e3, n_values)
decays = np.geomspace(1e-8, 1e-1, n_values)
with_k = [add_k(counts, k) for k in ks]  # each [V, V]
with_decay = [predict(fit(counts, decay)[0]) for decay in decays]
k_curve = [bits(p, held_out) for p in with_k]
decay_curve = [bits(p, held_out) for p in with_decay]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels, one below the other, of validation bits per character. Above against k, below against the weight decay, both logarithmic. Both curves fall slowly to a shallow valley at nearly the same height, its lowest point marked in red, and then rise steeply out of the picture."}}
figure, axes = plot.panels(2, height=2.7, sharey=True)
axes[0].semilogx(ks, k_curve, "o-", color=plot.BLUE)
axes[1].semilogx(decays, decay_curve, "o-", color=plot.ORANGE)
for ax, knob, values in zip(
    axes, (ks, decays), (k_curve, decay_curve), strict=True
):
    best = int(np.argmin(values))
    ax.semilogx(knob[best], values[best], "o", color=plot.RED)
    ax.set(ylim=(3.36, 3.52), ylabel="bits per character,\nvalidation names")
axes[0].set_xlabel("k added to every count")
axes[1].set_xlabel("weight decay λ")
plt.show()

# %% [markdown]
#  To the left both approach the counts and climb, slowly, to infinity; to
# the right, above the picture, both approach the uniform model. In the middle we compare the best of
# each, name by name, and we add a third candidate that needs no penalty at all: plain gradient
# descent, stopped where its validation curve was lowest (**early stopping**). It smooths for a reason
# that we have met: training starts at the uniform table, and by (3) the rare contexts are the slowest
# to leave it. Every name is scored by all three models, so we look at the differences within names;
# `paired_bootstrap` gives their mean with a 95 % interval, found by drawing the names anew with
# replacement, ten thousand times.

# %% tags=["hide-input"]
# @title The three on the same validation names
candidates = {
    "add-k": with_k[int(np.argmin(k_curve))],
    "weight decay": with_decay[int(np.argmin(decay_curve))],
    "early stopping": snapshots[stops[best_stop]],
}
per_name = {}  # bits of each name under each candidate
for label, p in candidates.items():
    per_name[label] = np.array(
        [-np.log2(p[row[:-1], row[1:]]).sum() for row in rows["validation"]]
    )
differences = {
    (one, other): paired_bootstrap(per_name[one], per_name[other])
    for one, other in itertools.combinations(candidates, 2)
}

# %% [markdown]
# How much does each of them move a row away from the counts? The table below gives the sum of the
# changes of its 27 probabilities, for the five rarest and the five commonest contexts on average.

# %%
by_rarity = np.argsort(seen)  # ids of the contexts, rarest first
moved = {}
for label, p in candidates.items():
    change = np.abs(p - table).sum(axis=1)[by_rarity]  # [V]
    moved[label] = change[:5].mean(), change[-5:].mean()

# %% tags=["hide-input", "nbval-ignore-output"]
print("                bits/char  p(u|q)  rarest moved  commonest moved")
for label, p in candidates.items():
    score_and_q = f"{bits(p, held_out):9.4f}  {p[17, 21]:6.2f}"
    print(f"{label:<15} {score_and_q}  {moved[label][0]:12.3f}", end="")
    print(f"  {moved[label][1]:15.4f}")
print()
for (one, other), d in differences.items():
    print(f"{one} minus {other}: {d} bits a name")

# %% [markdown]
# Early stopping, weight decay, invented data: three devices, and on held-out names it hardly matters
# which of them you take. All of them say *do not believe the counts to the last digit*, most of all
# in the rare contexts. There they differ, too: add-k spreads the same amount over *qu* and *qx*, while
# weight decay, which works on logarithms, leaves the one strong pair its lead.
#
# (All three knobs were turned on the validation names that we quote here, so these numbers flatter
# all three. For a result that would not do.)

# %% tags=["claims"]
close(
    "On k invented pairs of each kind it is add-k", learned, smoothed, atol=1e-3
)
widest = max(max(-d.low, d.high) for d in differences.values())
check(
    "Each pair of the three agrees to 0.02 bits a name, at 95 %", widest < 0.02
)
check(
    "On average the five rarest rows move ten times as far as the commonest",
    all(rare > 10 * common for rare, common in moved.values()),
)
u_after_q = {label: p[17, 21] for label, p in candidates.items()}
check(
    "On the rare context q add-k takes more from u than weight decay",
    u_after_q["weight decay"] - u_after_q["add-k"] > 0.03,
)

# %% [markdown]
# ## What does the network buy?
#
# Here: nothing. The same probabilities, from the same counts, after a search that knew its
# destination. What does it cost? We time the division of the counts, and a network trained the
# usual way, as at the beginning but with the optimizer Adam, until it is within a hundredth of a bit
# of the floor.

# %%
torch.manual_seed(SEED)
network = torch.nn.Embedding(V, V)
optimizer = torch.optim.Adam(network.parameters(), lr=0.1)
losses = [np.inf]
started = time.perf_counter()
while losses[-1] > floor + 0.01 * np.log(2) and len(losses) < 1000:
    objective = F.cross_entropy(network(x_ids), y_ids)
    optimizer.zero_grad()
    objective.backward()
    optimizer.step()
    losses.append(objective.item())
training_seconds = time.perf_counter() - started

# %% tags=["hide-input", "nbval-ignore-output"]
started = time.perf_counter()
for _ in range(100):
    again = count_pairs(x, y)
    again = again / again.sum(axis=1, keepdims=True)  # [V, V]
counting_seconds = (time.perf_counter() - started) / 100

print(f"training {training_seconds:8.2f} s, {len(losses) - 1} steps")
print(f"counting {counting_seconds:8.5f} s")
print(f"ratio    {training_seconds / counting_seconds:8,.0f}")

# %% [markdown]
# Most of the ratio is due to the way the names are handed over: this loop reads the whole list of
# pairs at each step, where the 27 × 27 counts would do. But if you can count, count. A network
# can pay when the table becomes too large to fill. With ten letters of context the table
# would have $27^{10}$ rows, nearly all of them empty, and each would learn for itself. A network need
# not give each context its own row: it can compute the logits from parts that contexts *share*. The
# loss and its gradient stay what they are here; what changes is how the logits are computed.

# %% tags=["claims"]
check(
    "The network arrives within a hundredth of a bit",
    losses[-1] < floor + 0.01 * np.log(2),
)
check(
    "Counting is more than a hundred times as fast as this loop",
    training_seconds > 100 * counting_seconds,
)

# %% [markdown]
# ## A formula that is no distribution
#
# Some tutorials offer another network "for the probability of a sentence". Each
# word goes as a one-hot vector $e_{x_t}$ through two layers with sigmoids, $\sigma(z) = 1/(1 + e^{-z})$,
# the result, a number between zero and one, is called the probability of the word, and the numbers
# are multiplied:
#
# $$S(x) = \prod_{t=1}^{T} g(x_t), \qquad g(v) = \sigma\bigl(W_2\,\sigma(W_1 e_v)\bigr). \tag{5}$$
#
# How would you find out whether it is a probability? A probability has to be shared out: over all
# sentences *of one length* it must sum to one. (A closing symbol, as in the last chapter, would also
# share it out among the lengths; (5) has none.) With three words in the world we can write all
# sentences of a few words down; `itertools.product` lists them.


# %%
def factors(W1, W2):
    """g(v) of formula (5) for every word, [V]; W1 [H, V], W2 [H]."""
    return scipy.special.expit(W2 @ scipy.special.expit(W1))  # [V]


def score(row, g):
    """S(x) of formula (5): the product of g over the words of a row."""
    return float(np.prod(g[list(row)]))


def total(length, vocab_size, value):
    """Sum of value(row) over all rows of the given length."""
    rows = itertools.product(range(vocab_size), repeat=length)
    return sum(value(row) for row in rows)


# %% [markdown]
# Beside it we put a softmax bigram of the same tiny world, with random weights too: `opening` for the
# first word, `conditional` for the words that follow. For the sigmoids the sum is a power,
#
# $$\sum_{x_1, \dots, x_T} S(x) = \Bigl(\sum_{v} g(v)\Bigr)^{T}, \tag{6}$$
#
# since multiplying out the right side gives every sentence once.


# %% tags=["hide-input"]
# @title Both sums on a tiny vocabulary
def closed_form(length, g):
    """Sum of S(x) over all rows of the given length, formula (6)."""
    return float(g.sum() ** length)


tiny = np.random.default_rng(0)
g = factors(tiny.normal(size=(4, 3)), tiny.normal(size=4))  # [3]
conditional = predict(tiny.normal(size=(3, 3)))  # [3, 3]
opening = predict(tiny.normal(size=(1, 3)))[0]  # [3]


def sigmoid_product(row):
    """S(x) of a row with the tiny sigmoids."""
    return score(row, g)


def softmax_probability(row):
    """Probability of a row under the tiny softmax bigram."""
    links = [conditional[a, b] for a, b in itertools.pairwise(row)]
    return float(opening[row[0]] * np.prod(links))


# %%
lengths = range(1, 9)
sigmoid_totals = [total(n, 3, sigmoid_product) for n in lengths]
softmax_totals = [total(n, 3, softmax_probability) for n in lengths]
powers = [closed_form(n, g) for n in lengths]
# %% tags=["hide-input"]
print("words  sentences  sigmoid product  formula (6)  softmax")
for i, n in enumerate(lengths):
    ours = f"{sigmoid_totals[i]:15.5f}  {powers[i]:11.5f}"
    print(f"{n:5}  {3**n:9,}  {ours}  {softmax_totals[i]:7.5f}")

# %% [markdown]
# Even for a single word the three sigmoids do not sum to one; why should they? Each is free to be
# anything between zero and one. For longer sentences the sum runs away to infinity or to nothing,
# unless the sum of the sigmoids happens to be one. The softmax bigram gives one for every length, as
# the first $T$ steps of any language model do.
#
# Is that more than pedantry? Train it and see. The likelihood of the names is to become as large as
# possible, as always. The picture draws its loss beside that of the softmax network.

# %% tags=["hide-input"]
# @title Training the sigmoids
generator = run.generator()
W1 = torch.randn(8, V, generator=generator, requires_grad=True)  # [H, V]
W2 = 0.1 * torch.randn(8, generator=generator)  # [H]
W2.requires_grad_()  # the slope in W2 is wanted too
share = counts.sum(axis=0) / counts.sum()  # [V], of each symbol
share = torch.tensor(share, dtype=torch.float32)
sigmoid_adam = torch.optim.Adam([W1, W2], lr=0.1)
sigmoid_curve = []
for _ in range(run.size(smoke=100, cpu=300, gpu=300)):
    log_g = F.logsigmoid(W2 @ torch.sigmoid(W1))  # [V]
    sigmoid_loss = -(share * log_g).sum()
    sigmoid_curve.append(sigmoid_loss.item() / np.log(2))
    sigmoid_adam.zero_grad()
    sigmoid_loss.backward()
    sigmoid_adam.step()

# %% tags=["hide-input"] mystnb={"image": {"alt": "Bits per character against the training step, logarithmic. The softmax network falls towards the floor and stays above it. The sigmoid product starts below the floor already, before any training, and goes to zero."}}
figure, ax = plot.panels(height=3.4)
ax.plot(stops, curve[:, 0], label="softmax network")
rounds = np.arange(1, len(sigmoid_curve) + 1)
ax.plot(rounds, sigmoid_curve, color=plot.RED, label="sigmoid product")
ax.axhline(
    floor_bits,
    color=plot.GREEN,
    linestyle=":",
    label="floor of every bigram model",
)
ax.set(xscale="log", ylim=(-0.1, 4.9))
ax.set(xlabel="training step", ylabel='"bits per character"')
ax.legend()
plt.show()

# %% [markdown]
# It beats the best of all bigram tables before its first step. The weights of the last layer start
# small, the sigmoid of a small number is about one half, hence about one bit a letter, no matter how
# many letters there are. And
# then it goes to zero. Whoever reports that number has found a language model without any surprise.
# What has it learned?

# %% tags=["hide-input", "nbval-ignore-output"]
g = factors(W1.detach().double().numpy(), W2.detach().double().numpy())  # [V]
for text in ["anna", "naan", "jacqueline", "xqzxqjv"]:
    print(f"{text:<11} S = {score(tokenizer.encode(text)[1:], g):.3f}")

random_strings = np.random.default_rng(SEED).integers(1, V, size=(1000, 8))
worst_name = min(score(row[1:], g) for row in rows["validation"])
worst_string = min(score(row, g) for row in random_strings)
print(f"lowest S of a validation name: {worst_name:.3f}")
print(f"lowest S of a thousand random strings: {worst_string:.3f}")
print(f"sum of the 27 'probabilities' of one symbol: {g.sum():.2f}")

# %% [markdown]
# It has learned to say *yes*. Each factor answers the question "is this a word?", and the training
# data contain no case in which the answer is no. In the softmax every bit of probability that one
# word gains is taken from the others. That competition is what the sum in the denominator is for, and
# with a large vocabulary it costs a good deal, since all words must be scored to predict one. Formula
# (5) is cheap because it leaves out what would make it a distribution.
#
# Can it be repaired? Divide (5) by (6), and every factor becomes $g(v)/\sum_u g(u)$: a unigram
# model, in a roundabout way. Giving each factor sight of the word before and one sigmoid for each
# possible next word does not tie these sigmoids together either; exercise 4 lets you audit that.
# Sigmoids are honest when the question is yes or no and the examples include both answers: trained
# like that, each of them would end at $\hat p(b \mid a)$, and the sum at one.
#
# > **Note.** Two tests expose such a formula without reading its code. Sum it over all
# > continuations of a context: anything but one is wrong. And compare its training loss with the
# > floor of its kind: a bigram that does better than the best bigram has stopped measuring what you
# > think.

# %% tags=["claims"]
close("Summing over all sentences agrees with (6)", sigmoid_totals, powers)
close("The softmax bigram sums to one at every length", softmax_totals, 1.0)
check("The sigmoids start near one bit", 0.5 < sigmoid_curve[0] < 2)
check("which is far below the floor", sigmoid_curve[0] < floor_bits - 1)
check(
    "All validation names and a thousand random strings score above 0.99",
    min(worst_name, worst_string) > 0.99,
)
check("The 27 numbers for one symbol sum to nearly 27", 26.9 < g.sum() < 27)

# %% [markdown]
# ## Summary
#
# One-hot times a matrix is a lookup; softmax regression on it is a bigram model. Its gradient is
# forecast minus frequency, weighted by how often the context occurs, and so its only place of rest
# is the count table: frequent contexts get there soon, rare ones late, all of them with a good
# optimizer. The floor is known in advance and holds. Extra data, weight decay and early stopping
# all smooth, about equally well. Counting is faster and gives the
# model that training approaches; networks can pay where contexts must share. And a product of numbers between zero and one is
# not yet a probability.
#
# ## Exercises
#
# > **Exercise 1.** Backwards through a lookup (★★☆, 10 minutes). The output of a lookup is
# > `W[ids]`, `[N, D]`. Training hands you the slope of the loss in that output. Write
# > `lookup_gradient(slopes, ids, vocab_size)`: its slope in `W`, `[vocab_size, D]`.
#
# <details><summary>Hint</summary>
#
# A row that was looked up twice influences the loss twice. What does `G[ids] += slopes` do when an
# id appears twice? Or go back to the one-hot matrix $X$: the output is $XW$, so the slope is
# $X^\top$ times the slopes.
#
# </details>


# %% tags=["exercise"]
def lookup_gradient(slopes, ids, vocab_size):
    """Slope [vocab_size, D] of the loss in W; slopes [N, D] in W[ids]."""
    ...


exercises.lookup(lookup_gradient)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def lookup_gradient(slopes, ids, vocab_size):
    """Slope [vocab_size, D] of the loss in W; slopes [N, D] in W[ids]."""
    G = np.zeros((vocab_size, slopes.shape[1]))  # [vocab_size, D]
    np.add.at(G, ids, slopes)
    return G


exercises.lookup(lookup_gradient)

# %% [markdown]
# > **Exercise 2.** A fair step for everyone (★★☆, 15 minutes). Gradient descent with (3) is slow
# > for rare contexts. Write `fair_step(W, counts)`: the weights after one step with learning rate
# > 1, in which each context's row moves by $\hat p - p$, its mean fact minus forecast, however rare
# > it is. Contexts that never occur stay where they are.
#
# <details><summary>Hint</summary>
#
# Each row of (3) carries the factor $c(a)/N$. Which number must it be divided by? Mind $c(a) = 0$.
#
# </details>


# %% tags=["exercise"]
def fair_step(W, counts):
    """Weights [V, V] after one step: each context seen moves by p̂ − p."""
    ...


exercises.fair_step(fair_step)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def fair_step(W, counts):
    """Weights [V, V] after one step: each context seen moves by p̂ − p."""
    share = counts.sum(axis=1, keepdims=True) / counts.sum()  # [V, 1]
    return W - gradient(W, counts) / np.where(share > 0, share, 1)


W = np.zeros((V, V))  # [V, V]
for _ in range(2000):
    W = fair_step(W, counts)
fair_error = np.abs(predict(W) - table).max()
check("Two thousand fair steps: all contexts agree to 0.001", fair_error < 1e-3)
exercises.fair_step(fair_step)

# %% [markdown]
# > **Exercise 3.** Label smoothing is not add-k (★★☆, 15 minutes). Train the network with label
# > smoothing $\varepsilon$ (see [softmax](../probability/softmax.ipynb)) and it ends at
# > $(1-\varepsilon)\,\hat p(b \mid a) + \varepsilon/V$ in every row. Add-k would give the same row
# > with a $k$ that depends on the row. Write `equivalent_k(counts, epsilon)`: this $k$ for every
# > row, `[V]`.
#
# <details><summary>Hint</summary>
#
# Add-k gives the uniform distribution the share $kV / (c(a) + kV)$. Set it equal to $\varepsilon$
# and solve for $k$.
#
# </details>


# %% tags=["exercise"]
def equivalent_k(counts, epsilon):
    """The k of each row, [V], that makes add-k label smoothing."""
    ...


exercises.label_smoothing(equivalent_k)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def equivalent_k(counts, epsilon):
    """The k of each row, [V], that makes add-k label smoothing."""
    return epsilon * counts.sum(axis=1) / (counts.shape[1] * (1 - epsilon))


exercises.label_smoothing(equivalent_k)

# %% [markdown]
# So label smoothing takes as large a share from a context seen thousands of times as from one seen
# once, where add-k takes less and less.
#
# > **Exercise 4.** The auditor (★★★, 20 minutes). A formula multiplies factors `factors[a, b]`, one
# > for each symbol $b$ after $a$. It starts after symbol 0. Write `total_mass(factors, n)`: the sum
# > of the products over all $V^n$ strings of $n$ symbols, in time that grows like $nV^2$. Then
# > audit the network with a sigmoid in place of the softmax, $\sigma(W_{ab})$.
#
# <details><summary>Hint</summary>
#
# Keep, for every symbol, the total over all strings so far that *end in it*. One more symbol is a
# product of this vector with the matrix.
#
# </details>


# %% tags=["exercise"]
def total_mass(factors, n):
    """Sum of the products of factors [V, V] over all n-symbol strings."""
    ...


exercises.total_mass(total_mass)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 4
def total_mass(factors, n):
    """Sum of the products of factors [V, V] over all n-symbol strings."""
    mass = np.eye(len(factors))[0]  # [V], by last symbol
    for _ in range(n):
        mass = mass @ factors  # [V]
    return mass.sum()


close(
    "The count table passes for strings of any length",
    [total_mass(table, n) for n in (1, 5, 50)],
    1.0,
)
audited = total_mass(scipy.special.expit(another), 10)
check(
    "The same network with sigmoids for the softmax does not",
    not 0.5 < audited < 2,
)
exercises.total_mass(total_mass)

# %% [markdown]
# ## Common mistakes
#
# - *Feeding the id as a number* into a linear layer: it runs, and claims that *z* is 26 times *a*.
#   Look the row up instead.
# - *Building one-hot tensors* for a vocabulary of thirty thousand: correct, and thousands of times
#   the memory of the ids. Look the rows up.
# - *Training longer because the training loss still falls*: here we know what it falls towards, and
#   that the validation loss does not follow. Stop where the validation loss is lowest.
# - *Comparing the weights* of two networks: softmax leaves every row a free constant. Compare
#   probabilities.
# - *A training loss below the floor* of the model's own kind: never a success, always a leak or a
#   wrong formula. (On other text the floor is another one.)
#
# ## Further reading
#
# - Bengio et al. (2003), [A neural probabilistic language model](https://www.jmlr.org/papers/v3/bengio03a.html): the network that shares between contexts.
# - Steihaug (1983), [The conjugate gradient method and trust regions in large scale optimization](https://doi.org/10.1137/0720042): the Newton steps.
# - Chen and Rosenfeld (2000), [A survey of smoothing techniques for ME models](https://doi.org/10.1109/89.817452): weight decay as smoothing, compared with the count methods.
# - Kunstner et al. (2024), [Heavy-tailed class imbalance and why Adam outperforms gradient descent on language models](https://arxiv.org/abs/2402.19449): rare words as the thing to be predicted (here rare contexts are the slow ones), at full scale.
# - LeCun et al. (2006), [A tutorial on energy-based learning](http://yann.lecun.com/exdb/publis/pdf/lecun-06.pdf): what one may do with scores that do not sum to one.
# - Karpathy (2022), [makemore](https://github.com/karpathy/makemore): bigrams by counting and by a network, side by side.
