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

import matplotlib.pyplot as plt
import numpy as np
import scipy.special
import torch
import torch.nn.functional as F
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.first_names import load_names
from lmcourse.evaluation import intervals
from lmcourse.exercises.ngrams import bigram_network as exercises
from lmcourse.text.characters import CharTokenizer

run = session.start(PROFILE, SEED)

# %% [markdown]
# The data are first names of the US census of 1990, each once however many bear it, over 27 symbols:
# the letters and the line break ↵, which `encode` puts before and after each name. We lay all pairs of neighbours (`itertools.pairwise` lists them) in two long columns: the
# symbol before, `x`, and the symbol to be predicted, `y`.

# %%
names = load_names()
tokenizer = CharTokenizer("\n" + string.ascii_lowercase)
symbols = ["↵", *string.ascii_lowercase]
V = tokenizer.vocab_size  # 27


def pair_columns(names):
    """All pairs of neighbours in the names: ids before and after, [N]."""
    pairs = []
    for name in names:
        pairs += itertools.pairwise(tokenizer.encode(name))
    return np.array(pairs).T


x, y = pair_columns(names["train"]["name"])  # [N], [N]

# %% tags=["hide-input"]
first = [symbols[x[i]] + symbols[y[i]] for i in range(6)]
print(f"{len(x):,} pairs, the first ones:", *first)

# %% [markdown]
# And here is a whole network, with nothing of ours in it: a table of 27 × 27 numbers, all zero at
# first. In each round PyTorch compares its forecasts with all pairs and moves the numbers a little
# downhill: `zero_grad` forgets the old slopes, `backward` computes the new ones, `step` moves the numbers against them. We
# keep what it says before each round.

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

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three curves over the training round on a logarithmic axis, each with a dotted line of its colour where counting puts it. The probability of n after a meets its line within thirty rounds. That of a after j comes close to its line at the end. That of u after q is still below its line, nearly one, when the picture ends."}}
figure, ax = plot.panels(height=3.3)
rounds = np.arange(1, len(said) + 1)
for pair, color in [("qu", plot.RED), ("ja", plot.ORANGE), ("an", plot.BLUE)]:
    a, b = tokenizer.encode(pair)[1:3]
    counted = np.mean(y[x == a] == b)
    label = f"{pair[1]} after {pair[0]}, which comes {np.sum(x == a):,} times"
    ax.plot(rounds, [p[a, b] for p in said], color=color, label=label)
    ax.axhline(counted, color=color, linestyle=":", linewidth=1.4)
ax.set(xscale="log", xlabel="training round", ylabel="probability")
ax.legend()
plt.show()

# %% [markdown]
# All three curves start at one in 27 and head for their dotted lines, the answers of the counts.
# That *n* follows *a* is nearly known within thirty rounds; the forecast after *q*, which is rare, is still on
# its way when the picture ends. Must a curve arrive, and why is this one so late?

# %% [markdown]
# **You will**
#
# - follow one pair through the network in numbers, from the symbol to its surprise,
# - see that a one-hot vector times a matrix is the lookup of a row,
# - derive the gradient of softmax regression and check it against two judges that do not know our derivation,
# - watch training approach a floor that you can compute beforehand, and predict how much is still left on what never follows,
# - expose a formula that calls itself the probability of a sentence and need not be one.
#
# **You need** [bigram counts](bigram_counts.ipynb) and the gradient $p - y$ from
# [softmax and cross-entropy](../probability/softmax.ipynb).

# %% [markdown]
# ## One pair through the network
#
# What does the network do with a *q*? It looks up row *q* of its table, 27 numbers, the **logits**. The
# softmax makes probabilities of them, and the surprise is minus the logarithm of the one that belongs
# to the letter that came. Here is the network as the loop has left it, and the letters *u*, *a* and *↵*.

# %% tags=["nbval-ignore-output"]
learned = network.weight.detach().double().numpy()  # [V, V]
q, u = symbols.index("q"), symbols.index("u")
row = learned[q]  # [V], the logits after q
powers = np.exp(row)  # [V]
print("          logit    exp  / sum = probability  nats")
for b in (u, symbols.index("a"), 0):
    p = powers[b] / powers.sum()
    numbers = f"{row[b]:9.3f} {powers[b]:6.3f} / {powers.sum():5.2f}"
    print(f"q then {symbols[b]} {numbers} {p:9.3f} {-np.log(p):10.3f}")

# %% [markdown]
# *Qu* surprises it a little, *qa* a good deal, and *q↵* as much (neither ever came). Over all pairs of the training names the mean of such
# surprises is the loss that the loop made smaller.
#
# What would be the best row? Put the logarithms of the counts there. The exponential undoes the
# logarithm, the sum is the total of the row, and what comes out is the count table: logits are
# *log-counts*, up to a constant for each row.

# %%
counts = np.zeros((V, V))
np.add.at(counts, (x, y), 1)  # counts[a, b] grows by one for each pair
table = counts / counts.sum(axis=1, keepdims=True)  # [V, V]
with np.errstate(divide="ignore"):  # the logarithm of 0 is -inf
    log_counts = np.log(counts)  # [V, V]

# %% tags=["hide-input"]
exponentials = np.exp(log_counts[q])
print("q then u, counted: ", int(counts[q, u]), "of", int(counts[q].sum()))
print(f"from log-counts:    {exponentials[u] / exponentials.sum():.3f}")

# %% [markdown]
# ## Where it must end
#
# From [bigram counts](bigram_counts.ipynb) we know the best possible table: counts divided by the sum of their row. Its
# loss on the training names is a floor. No bigram model of any kind can get below it there.


# %%
def predict(W):
    """Probabilities [V, V] of weights W [V, V]; each row sums to one."""
    return scipy.special.softmax(W, axis=1)


def loss(W, counts):
    """Mean surprise in nats of the text whose pair counts are given."""
    log_p = scipy.special.log_softmax(W, axis=1)  # [V, V]
    return -(counts * log_p).sum() / counts.sum()


seen = counts > 0  # pairs that occur
floor = -(counts[seen] * np.log(table[seen])).sum() / counts.sum()

# %% tags=["hide-input"]
print(f"without training   {loss(np.zeros((V, V)), counts):.4f} nats")
print(f"log 27             {np.log(V):.4f} nats")
print(f"floor              {floor:.4f} nats", end=" ")
print(f"= {floor / np.log(2):.4f} bits per character")

# %% [markdown]
# In letters, with $c(a, b)$ the count of a pair and $N$ the number of all pairs:
#
# $$p(b \mid a) = \frac{e^{W_{ab}}}{\sum_{b'} e^{W_{ab'}}} \tag{1}$$
#
# $$L(W) = -\frac{1}{N}\sum_{n=1}^{N} \log p(y_n \mid x_n)
# = -\frac{1}{N}\sum_{a,b} c(a,b) \log p(b \mid a) \tag{2}$$
#
# The second form of (2) gathers equal pairs. So the network sees the names only through the counts:
# it is handed the same information as the table, and not a bit more.

# %% [markdown]
# ## One-hot times a matrix
#
# Is a table of rows a *network*? A network computes with vectors. The number of a letter will not do
# as an input: *z* is not 26 times *a*. The way out that takes nothing for granted is one place for each
# symbol: a **one-hot vector** of length $V$, with a one in the symbol's place and zeros elsewhere, times
# a matrix $W$ of weights. Here are the five inputs of *anna*. (`np.eye(V)` is the matrix with ones on
# its diagonal; its row $i$ is the one-hot vector of symbol $i$.)

# %%
inputs = tokenizer.encode("anna")[:-1]  # 5 ids
one_hot = np.eye(V)[inputs]  # [5, V]
logits = one_hot @ learned  # [5, V]

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
# PyTorch calls it an *embedding*. One need not build the one-hot vectors; but since the lookup is a linear
# layer, what follows about gradients holds for it. A linear layer and a softmax on top are called
# **softmax regression**, or multinomial logistic regression.

# %% tags=["claims"]
looked_up = network(torch.tensor(inputs))  # [5, V]
close("One-hot times W is the row of W", logits, learned[inputs])
close("and it is what PyTorch calls an embedding", logits, looked_up)
close("Log-counts give the count table", predict(log_counts), table)
close("Without training the loss is log V", loss(0 * counts, counts), np.log(V))

# %% [markdown]
# ## The gradient by hand
#
# For one prediction the slope in the logits is forecast minus fact, $p - y$. The pair $(x_n, y_n)$
# touches only row $x_n$ of $W$. So the slope in row $a$ collects the pairs that have $a$ in front:
#
# $$\begin{aligned} \frac{\partial L}{\partial W_{ab}}
# &= \frac{1}{N} \sum_{n:\,x_n = a} \bigl(p(b \mid a) - [y_n = b]\bigr) \\
# &= \frac{c(a)}{N}\,\bigl(p(b \mid a) - \hat p(b \mid a)\bigr) \end{aligned} \tag{3}$$
#
# with $[y_n = b]$ one where that holds and zero elsewhere, $c(a)$ the number of pairs that begin
# with $a$, and $\hat p$ the table of the counts. Read the last line aloud. The gradient is zero if
# and only if the network's table *is* the count table: there, and nowhere else, can training come to
# rest. (Where $\hat p$ is zero, that place lies infinitely far away. We shall see what
# that does.)


# %%
def gradient(W, counts):
    """Slope [V, V] of the loss in each weight: p − p̂ times c(a)/N."""
    context = counts.sum(axis=1, keepdims=True)  # [V, 1]
    return (context * predict(W) - counts) / counts.sum()


by_hand = gradient(learned, counts)  # [V, V]

# %% [markdown]
# Two judges that know nothing of our derivation: PyTorch's automatic differentiation, which gets
# the long columns and the one-hot vectors, and finite differences of the loss (2), for a few of the weights.

# %% tags=["hide-input"]
# @title The gradient by autograd, and by finite differences
weights = torch.tensor(learned, requires_grad=True)  # [V, V]
x_hot = F.one_hot(x_ids, V).double()  # [N, V]
F.cross_entropy(x_hot @ weights, y_ids).backward()
automatic = weights.grad.numpy()  # [V, V]

step = 1e-5
places = [(0, 1), (17, 21), (14, 14), (26, 0)]
numeric = []
for a, b in places:
    nudge = np.zeros((V, V))  # [V, V]
    nudge[a, b] = step
    difference = loss(learned + nudge, counts) - loss(learned - nudge, counts)
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
# again, plain descent as at the beginning. The **learning rate** says how far. Twenty looks
# enormous, but (3) carries the factor $c(a)/N$. We look at the loss at steps spaced evenly on a logarithmic axis, on the training names and on names not trained on.

# %%
steps = run.size(smoke=300, cpu=10_000, gpu=10_000)
learning_rate = 20.0
held_out = np.zeros((V, V))
np.add.at(held_out, tuple(pair_columns(names["validation"]["name"])), 1)

stops = np.unique(np.geomspace(1, steps, 60).astype(int))
W, curve, tables = np.zeros((V, V)), [], {}  # from zero once more
for step in range(1, steps + 1):
    W -= learning_rate * gradient(W, counts)
    if step in stops:
        curve.append((loss(W, counts), loss(W, held_out)))
        tables[step] = predict(W)  # [V, V]
curve = np.array(curve) / np.log(2)  # [stops, 2], bits

# %% tags=["hide-input"] mystnb={"image": {"alt": "Bits per character against the training step, logarithmic, from 200 on. The training curve falls towards the dotted floor and ends just above it. The validation curve starts slightly below the training curve, has its lowest point, marked by a dot, between one and three thousand steps, and rises again."}}
best_stop = curve[:, 1].argmin()
floor_bits = floor / np.log(2)
lowest = stops[best_stop], curve[best_stop, 1]
lowest_table = tables[stops[best_stop]]  # [V, V]
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
# The floor holds. (It is the floor of the training names. Other names may be easier: their floor is
# another one.) And on these validation names the curve turns upward, a little. Some pairs never occur
# among the training names. For the training loss zero is best for them, and the network moves there without ever arriving. What do they contribute, from the lowest point on?

# %% tags=["hide-input", "nbval-ignore-output"]
change = held_out * np.log2(lowest_table / predict(W)) / held_out.sum()
change_unseen, change_seen = change[~seen].sum(), change[seen].sum()
print(f"pairs never seen in training {change_unseen:+.4f} bits per character")
print(f"all other pairs              {change_seen:+.4f} bits per character")

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
    "From there on pairs never seen cost bits, and the others save some",
    change_unseen > 0 > change_seen,
)

# %% [markdown]
# ## Who arrives last?
#
# Every context but *e* has symbols that never follow it. What becomes of them? After *q* these are
# $m = 25$ symbols, and $s = 2$ were seen, *u* and *i*. Suppose that late in training the seen ones stand nearly in their right
# proportions and keep them, and that a small probability $p$ is left on each of the others, $m p$ being small. By (3), a step of size $\eta$
# lowers the logit of each unseen symbol by $\eta\frac{c(a)}{N}\,p$.
#
# The slopes of a row sum to zero. So what $m$ symbols lose, the $s$ seen ones gain, and if they
# are to keep their proportions each gains the same, $\frac{m}{s}$ times as much as an unseen one loses. The lead
# of the seen over the unseen, the difference of their logits, grows by $\eta\frac{c(a)}{N}\,p\,(1 + \frac{m}{s})$ a step.
#
# A lead that grows by a small $d$ lowers $p$ by the factor $e^{-d} \approx 1 - d$. Since $\frac{1}{1 - d} \approx 1 + d$, this raises
# $\frac1p$ by about $\frac{d}{p}$; and $d$ contains $p$, which cancels: in every step by the same amount, $\eta\frac{c(a)}{N}(1 + \frac{m}{s})$. After $t$ steps
#
# $$p \approx \frac{N}{\eta\, c(a)\, t}\cdot\frac{1}{1 + m/s} \tag{4}$$


# %%
def left_over(rate, t, context, total, unseen, followers):
    """Formula (4): late probability of a symbol that never follows."""
    return total / (rate * context * t) / (1 + unseen / followers)


# %% tags=["hide-input"]
# @title Predicted and measured, for each context
context = counts.sum(axis=1)  # [V], c(a)
followers = seen.sum(axis=1)  # [V], s
unseen = V - followers  # [V], m
some = unseen > 0  # [V]
predicted = left_over(
    learning_rate, steps, context, len(x), unseen, followers
)  # [V]
remaining = np.where(seen, 0, predict(W)).sum(axis=1)  # [V]
measured = remaining / np.maximum(unseen, 1)  # [V], mean of a symbol
last = symbols[remaining.argmax()]
times = context[remaining.argmax()]
print(f"most is left after {last}, which comes {times:.0f} times", end=" ")
print(f"(the fewest of all: {context.min():.0f})")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Probability left on a symbol that never follows, measured against predicted by formula 4, one dot for each context but e, both axes logarithmic. All blue dots but that of q lie on or close to the diagonal; q lies somewhat above. Orange crosses, the same without the factor of m and s, lie to the right of it, q furthest away."}}
figure, ax = plot.panels(height=3.6)
careless = left_over(learning_rate, steps, context, len(x), 0 * unseen, 1)
ax.loglog(predicted[some], measured[some], "o", label="formula (4)")
label = "without its last factor"
ax.loglog(careless[some], measured[some], "x", color=plot.ORANGE, label=label)
ends = np.array([predicted[some].min(), careless[some].max()])
ax.plot(ends, ends, color=plot.GREY, linestyle=":")
for a in (q, symbols.index("x"), symbols.index("a")):
    place = {"xytext": (-12, 4), "textcoords": "offset points"}
    ax.annotate(symbols[a], (predicted[a], measured[a]), **place)
ax.set(xlabel="predicted probability", ylabel="measured after training")
ax.legend()
plt.show()

# %% [markdown]
# Nothing was fitted. For *q*, which comes 44 times, it is $25384 / (20 \cdot 44 \cdot 10000)$ divided by
# $1 + 25/2$. (*q* lies above the line: (4) supposes that its *i*, seen once, has its proportion, and it has not yet. With as many *i* as *u*, *q* would lie close.) So the probability of such a
# symbol never arrives at zero; and by (4), late enough, a context that is seen ten times less often is, with the same $m$ and $s$, ten times
# further from home. Add one to every count, and no share is zero: now the same number of steps comes much closer to its goal.
#
# The factor $c(a)/N$ comes from the loss, a mean over pairs; it made the forecast after *q* so late. Since no two rows share a weight, we may
# divide each row of (3) by it without moving the goal, and then it no longer matters how often a context
# comes:

# %%
fair = np.zeros((V, V))
for _ in range(2000):
    fair -= 2.0 * (predict(fair) - table)

# %% tags=["hide-input"]
# @title The control: one more of each pair
goal = (counts + 1) / (counts + 1).sum(axis=1, keepdims=True)  # [V, V]
control = np.zeros((V, V))
for _ in range(steps):  # contexts as frequent as before, only the shares change
    error = predict(control) - goal  # [V, V]
    control -= learning_rate * context[:, None] / len(x) * error


def train_row(goal, times, steps):
    """Probabilities [V] of one row that comes so many times."""
    logits = np.zeros(V)
    for _ in range(steps):
        error = scipy.special.softmax(logits) - goal
        logits -= learning_rate * times / len(x) * error
    return scipy.special.softmax(logits)


i = symbols.index("i")
as_many = np.zeros(V)  # as many i as u after q
as_many[[u, i]] = 1 / 2
even = train_row(as_many, context[q], steps)  # [V]
frequent = train_row(table[q], context[symbols.index("a")], 300)  # [V]
control_gap = np.abs(predict(control) - goal).max()

# %% tags=["hide-input", "nbval-ignore-output"]
plain_gap, fair_gap = np.abs(predict(W) - table), np.abs(predict(fair) - table)
print(f"largest error after {steps:,} plain steps {plain_gap.max():11.1e}")
print(f"    with one more of each pair {control_gap:15.1e}")
print(f"largest error after 2,000 divided steps {fair_gap.max():6.1e}")
print(f"u after q in 300 rounds, did q come as often as a: {frequent[u]:.3f}")

# %% tags=["claims"]
ratio = measured[some] / predicted[some]
but_q = ratio[np.arange(V)[some] != q]
e = symbols.index("e")
check(
    "Every context but e has such symbols",
    np.flatnonzero(seen.all(axis=1)).tolist() == [e],
)
check(
    "The i after q is over a tenth below its share",
    0 < predict(W)[q, i] < 0.9 * table[q, i],
)
check(
    "With as many i as u (4) is right for q to a tenth",
    abs(even[e] / predicted[q] - 1) < 0.1,
)
check("As frequent as a, q would be near its line", frequent[u] > 0.95)
check(
    "After all steps (4) is right to a factor of 1.2 in every context but q",
    but_q.max() < 1.2 and but_q.min() > 1 / 1.2,
)
check(
    "and for q to a factor of 1.5", 1 / 1.5 < measured[q] / predicted[q] < 1.5
)

# %% tags=["claims"]
check(
    "With one more of each pair the error is over twenty times smaller",
    control_gap < plain_gap.max() / 20,
)
check(
    "Without its last factor it is wrong by a factor of more than 5 for q",
    careless[q] > 5 * measured[q],
)
close(
    "After divided steps all 729 probabilities agree with the counts to 0.001",
    predict(fair),
    table,
    atol=1e-3,
)

# %% [markdown]
# ## Nearly the same names
#
# What do two tables write that agree to a thousandth? Let both draw letter by letter,
# with random numbers from the same seed. (`rng.choice` picks a symbol with the given probabilities.)


# %%
def write_names(table, how_many, seed):
    """Names drawn letter by letter from a table [V, V]."""
    rng = np.random.default_rng(seed)
    written = []
    while len(written) < how_many:
        row = [0]
        while row[-1] != 0 or len(row) == 1:
            row.append(rng.choice(V, p=table[row[-1]]))
        written.append(tokenizer.decode(row))
    return written


counted_names = write_names(table, 10, SEED)
network_names = write_names(predict(fair), 10, SEED)

# %% tags=["hide-input", "nbval-ignore-output"]
print("counts: ", ", ".join(counted_names))
print("network:", ", ".join(network_names))

# %% [markdown]
# Here not one letter differs (with another seed they may part).

# %% [markdown]
# ## What does the network buy?
#
# Here: nearly the same probabilities, from the same counts, after a search whose destination we knew. If you can
# count, count. But with ten letters of context the table would have $27^{10}$ rows, nearly all of them
# empty, and each would learn for itself. A network need not give each context its own row: it can compute
# the logits from parts that contexts *share*. The loss and its gradient in the logits stay what they are
# here; what changes is how the logits are computed. Whether that pays, later chapters measure.

# %% [markdown]
# ## A formula that need not be a distribution
#
# Suppose someone offers another network for the probability of a sentence. Each
# word goes as a one-hot vector $e_{x_t}$ through two layers with sigmoids, $\sigma(z) = 1/(1 + e^{-z})$,
# the result, a number between zero and one, is called the probability of the word, and the numbers
# are multiplied:
#
# $$S(x) = \prod_{t=1}^{T} g(x_t), \qquad g(v) = \sigma\bigl(W_2\,\sigma(W_1 e_v)\bigr) \tag{5}$$
#
# How would you find out whether it is a probability? A probability has to be shared out. Read as the probability
# that a text *begins* with these words, it could not sum to more than one over all strings of the same number of words. With three words in the world we can write all
# sentences of a few words down (`itertools.product` lists them). Multiplying out the right side gives
# every sentence once, so the sum is a power:
#
# $$\sum_{x_1, \dots, x_T} S(x) = \Bigl(\sum_{v} g(v)\Bigr)^{T} \tag{6}$$


# %%
def factors(W1, W2):
    """g(v) of formula (5) for every word, [V]; W1 e_v is column v of W1."""
    return scipy.special.expit(W2 @ scipy.special.expit(W1))  # [V]


def total(length, g):
    """Sum of S(x) over all sentences of the given length, one by one."""
    sentences = itertools.product(range(len(g)), repeat=length)
    return sum(np.prod(g[list(sentence)]) for sentence in sentences)


def closed_form(length, g):
    """The same sum by formula (6)."""
    return float(g.sum() ** length)


tiny = np.random.default_rng(4)
g = factors(tiny.normal(size=(4, 3)), tiny.normal(size=4))  # [3]
lengths = range(1, 9)
totals = [total(length, g) for length in lengths]

# %% tags=["hide-input"]
print("words  sentences  sum of S  formula (6)")
for length, found in zip(lengths, totals, strict=True):
    power = closed_form(length, g)
    print(f"{length:5}  {3**length:9,}  {found:8.5f}  {power:11.5f}")

# %% [markdown]
# Even for a single word the three sigmoids sum to more than one with these weights (with $W_2$ far below zero, to less); why should they not? Each
# is free to be anything between zero and one. In the softmax every bit of probability that
# one word gains is taken from the others. That competition is what the sum in the denominator is for.
#
# > **Note.** Two tests need no look at the code. Sum over all continuations of a context, the end included: anything but
# > one is wrong. And compare the loss on the whole training text with the floor of its kind: a bigram
# > that does better there than the best bigram does not measure what you think.

# %% tags=["claims"]
by_formula = [closed_form(length, g) for length in lengths]
close("Summing over all sentences agrees with (6)", totals, by_formula)
check("The three sigmoids sum to more than two", g.sum() > 2)

# %% [markdown]
# ## Summary
#
# One-hot times a matrix is a lookup; softmax regression on it is a bigram model, whose best logits are
# log-counts up to a constant a row. Its gradient is forecast minus frequency, weighted by how often the
# context occurs, and it is zero only where the network's table is the count table. The floor is known in advance and
# holds. After our steps a symbol that never follows was about as probable as (4) says, and by (4) more is left the rarer the context, other things equal. Counting gives at once what training approaches. And a product of numbers between zero and one is not yet a probability.
#
# A network that reads more letters is the [neural n-gram](../neural/neural_ngram.ipynb).
#
# ## Exercises
#
# > **Exercise 1.** On paper (★☆☆, 10 minutes). Of eight pairs four begin with *a*: three times *b* follows,
# > once *c*, never *d*. These three are all the letters there are, and all weights are zero. What are the
# > slopes (3) in $W_{ab}$, $W_{ac}$ and $W_{ad}$? Let `on_paper()` return the three numbers.
#
# <details><summary>Hint</summary>
#
# With equal logits each letter has the probability 1/3. Half of all pairs begin with *a*.
#
# </details>


# %% tags=["exercise"]
def on_paper():
    """The slopes of the loss in the logits of b, c and d after a."""
    ...


exercises.on_paper(on_paper)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def on_paper():
    """The slopes of the loss in the logits of b, c and d after a."""
    share = 4 / 8
    frequencies = np.array([3 / 4, 1 / 4, 0])
    return share * (1 / 3 - frequencies)


exercises.on_paper(on_paper)

# %% [markdown]
# > **Exercise 2.** Stop in time (★★☆, 25 minutes). Stopping early is a kind of smoothing. Is it as good
# > as the other kind? Write `stopped_early(counts, held_out, rate, steps)`: the table of probabilities,
# > among those after each of the `steps` steps of plain descent from zero, whose loss on `held_out` is
# > lowest. Then compare its bits on the *test* names with those of the add-k table,
# > $(c(a,b) + k)/(c(a) + kV)$, that is best on `held_out`. What do you find?
#
# <details><summary>Hint</summary>
#
# Keep the best loss so far and a *copy* of the table that had it.
#
# </details>


# %% tags=["exercise"]
def stopped_early(counts, held_out, rate, steps):
    """Probabilities [V, V] with the lowest held-out loss on the way."""
    ...


exercises.stopped_early(stopped_early)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def stopped_early(counts, held_out, rate, steps):
    """Probabilities [V, V] with the lowest held-out loss on the way."""
    W = np.zeros(counts.shape)
    best, kept = np.inf, None
    for _ in range(steps):
        W = W - rate * gradient(W, counts)
        if loss(W, held_out) < best:
            best, kept = loss(W, held_out), predict(W)
    return kept


more = [counts + k for k in np.geomspace(0.01, 10, 12)]
smooth = [c / c.sum(axis=1, keepdims=True) for c in more]
add_k = min(smooth, key=lambda p: loss(np.log(p), held_out))
pair = stopped_early(counts, held_out, 20.0, 3000), add_k
rows = [tokenizer.encode(name) for name in names["test"]["name"]]
sizes = [len(row) - 1 for row in rows]
early, smoothed = np.array(
    [[-np.log2(p[row[:-1], row[1:]]).sum() for row in rows] for p in pair]
)  # [names] each
gap = intervals.bootstrap_ratio(early - smoothed, sizes)
print("test: bits of early less add-k, 95 % bootstrap over names:", gap)
exercises.stopped_early(stopped_early)

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


for n in (1, 2, 3):
    mass = total_mass(scipy.special.expit(learned), n)
    print(f"the sigmoid's total over all strings of {n}: {mass:.1f}")
exercises.total_mass(total_mass)

# %% [markdown]
# ## Common mistakes
#
# - *Feeding the id as a number* into a linear layer: as a float it runs, and claims that *z* is 26 times
#   *a*. Look the row up instead.
# - *Building one-hot tensors* for a vocabulary of thirty thousand: correct, and thousands of times
#   the memory of the ids. Look the rows up.
# - *Training longer because the training loss still falls*: here we know what it falls towards, and
#   that the validation loss does not follow. Stop where the validation loss is lowest.
# - *Comparing the weights* of two networks: softmax leaves every row a free constant. Compare
#   probabilities.
# - *A training loss below the floor* of the model's own kind: never a success: look for a leak or a wrong formula. (On other text, or on one batch, the floor is another one.)
#
# ## Further reading
#
# - Soudry et al. (2018), [The implicit bias of gradient descent on separable data](https://arxiv.org/abs/1710.10345): where logits have nowhere to stop, they grow with the logarithm of time (shown for separable data; ours are not).
# - Bengio et al. (2003), [A neural probabilistic language model](https://www.jmlr.org/papers/v3/bengio03a.html): the network that shares between contexts.
# - LeCun et al. (2006), [A tutorial on energy-based learning](http://yann.lecun.com/exdb/publis/pdf/lecun-06.pdf): what one may do with scores that do not sum to one.
# - Karpathy (2022), [Neural networks: zero to hero](https://github.com/karpathy/nn-zero-to-hero), lecture 2: bigrams of names by counting and by a network.
