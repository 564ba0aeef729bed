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
# # Softmax and cross-entropy
#
# How scores become probabilities, what a wrong forecast costs, and why the slope that training
# follows is simply *forecast minus fact*.
#
# A model reads *the film was* and gives each word that might follow a score: two points for
# *wonderful*, one for *boring*, half a point for *long*, and one and a half below zero for
# *purple*. How likely is each of the four? Dividing by the sum of the scores seems the obvious
# answer.

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
import re

import matplotlib.pyplot as plt
import numpy as np
import scipy.special
import torch
import torch.nn.functional as F
from lmcourse import live, plot, session
from lmcourse.claims import check, close
from lmcourse.data.reviews import load_reviews
from lmcourse.exercises.probability import softmax as exercises

run = session.start(PROFILE, SEED)

# %% tags=["hide-input"]
# @title Four words, their scores, and scores divided by their sum
words = ["wonderful", "boring", "long", "purple"]
logits = np.array([2.0, 1.0, 0.5, -1.5])  # [V], V = 4 words
lower = logits - 1  # every word loses one point

shares = logits / logits.sum()
lower_shares = lower / lower.sum()

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two bar charts of the four words, one below the other: the scores divided by their sum. With the scores as given, wonderful has 1.00, boring 0.50, long 0.25 and purple minus 0.75. After every word has lost one point the order is upside down: purple has 1.25, long 0.25, boring zero and wonderful minus 0.50."}}
figure, axes = plot.panels(2, height=2.3, sharex=True)
plot.bars(axes[0], words, shares, color=plot.GREY, fmt=".2f")
plot.bars(axes[1], words, lower_shares + 0.0, color=plot.GREY, fmt=".2f")
axes[0].set_title("scores divided by their sum")
axes[1].set_title("the same, after every word lost one point")
for ax in axes:
    ax.axvline(0, color=plot.INK, linewidth=0.8)
    ax.set_xlim(-1.2, 1.7)
plt.show()

# %% [markdown]
# It fails twice. *Purple* gets a negative probability. And when every word loses one point, the
# order turns upside down, although nothing about the *comparison* of the words has changed. What
# should take the place of the division?

# %% [markdown]
# **You will**
#
# - turn arbitrary scores into probabilities, and say which demands leave only the exponential,
# - compute with large scores without overflow, and with probabilities of nearly zero
#   without losing them,
# - derive the gradient $p - y$ and check it against finite differences,
# - train a model with inputs, $z = Wx + b$, and judge it on text it has not seen,
# - see that maximum likelihood and the smallest Kullback–Leibler divergence are one and the same aim.
#
# **You need** Python with NumPy, and from school the exponential function and the derivative. The
# words *conditional probability* and *maximum likelihood* come from
# [the chain rule](chain_rule.ipynb).

# %% [markdown]
# ## From scores to probabilities
#
# The raw scores of a model, any real numbers, higher for what fits better, are called **logits**.
# A probability must not be negative, and the four together must make one. Squaring before we divide
# would cure the sign, but make *purple*, the word with the worst score, likelier than *boring*.
#
# So let us ask for what we want. How many times likelier one word is than another should depend only
# on the *difference* of their scores:
#
# $$\frac{p_i}{p_j} = f(z_i - z_j).$$
#
# Take three words. Going from $i$ to $j$ and on to $k$ multiplies the ratios and adds the
# differences, so $f(a + b) = f(a)\,f(b)$. The continuous increasing functions that turn sums into
# products are the exponentials, $f(a) = e^{a/\tau}$ with some $\tau > 0$: $f(2) = f(1)^2$, $f(\tfrac12) = \sqrt{f(1)}$, and so on for every fraction; without jumps, that fixes the rest. Under these demands the
# exponential is the only one left. With $\tau = 1$ and the sum fixed to one, this is the **softmax**:
#
# $$p_i = \operatorname{softmax}(z)_i = \frac{e^{z_i}}{\sum_{j=1}^{V} e^{z_j}} \tag{1}$$
#
# In code, `axis=-1` means that the last axis holds the words, and `keepdims=True` leaves that axis
# in place with length one, so that a whole batch of rows can be divided at once.


# %%
def naive_softmax(logits):
    """Softmax over the last axis, as the formula says."""
    exponentials = np.exp(logits)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


probabilities = naive_softmax(logits)  # [V]
shifted = naive_softmax(logits + 100)  # [V]
# %% tags=["hide-input"]
print("           score  probability  with 100 points more")
for i, word in enumerate(words):
    row = f"{logits[i]:5.1f}  {probabilities[i]:11.3f}  {shifted[i]:20.3f}"
    print(f"{word:<10} {row}")

# %% [markdown]
# The exponential turns a *step* between scores into a *factor* between probabilities: one point from
# *wonderful* to *boring* is a factor of $e$.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two bar charts of the same four words, one below the other. Above: the scores, which fall from 2 to below zero. Below: the softmax probabilities, all positive; the best word takes more than half and the worst almost nothing."}}
figure, (above, below) = plot.panels(2, height=2.4)
plot.bars(above, words, logits, color=plot.GREY, xlabel="score")
plot.bars(below, words, probabilities, xlabel="probability", fmt=".2f")
above.axvline(0, color=plot.INK, linewidth=0.8)
plt.show()

# %% [markdown]
# Now the last column. A hundred more points for every word put the same
# factor $e^{100}$ above and below the line of (1), where it cancels. Softmax cannot see the level of
# the scores, only their differences. We will use that freedom to cure an overflow.

# %% tags=["claims"]
ratios = probabilities[:-1] / probabilities[1:]  # [V − 1]
steps = logits[:-1] - logits[1:]  # [V − 1]
close("The probabilities sum to one", probabilities.sum(), 1.0)
close("Adding 100 to every score changes nothing", shifted, probabilities)
close("Each step of s points is a factor of e^s", ratios, np.exp(steps))

# %% [markdown]
# ## Temperature
#
# The constant $\tau$ that we set to one is the **temperature**. Dividing all scores by $\tau$ before
# the softmax changes how much the differences count. The **entropy** measures how open the choice is: $-\sum_i p_i \log_2 p_i$, in **bits**. We compute the probabilities and their entropy at sixty temperatures that grow
# by equal factors (`np.geomspace`); `temperatures[:, None]` stands them up as a column, so that each
# row of the result has its own.


# %%
def entropy(p):
    """Entropy in bits; outcomes of probability zero contribute nothing."""
    return float(scipy.special.entr(p).sum() / np.log(2))  # entr: −p ln p


temperatures = np.geomspace(0.05, 50, 60)
by_temperature = naive_softmax(logits / temperatures[:, None])  # [60, V]
entropies = np.array([entropy(p) for p in by_temperature])  # [60]

# %% tags=["hide-input"]
print("temperature ", " ".join(f"{word:>9}" for word in words), "  entropy")
for tau in (0.2, 1.0, 5.0):
    row = naive_softmax(logits / tau)
    shown = " ".join(f"{p:9.3f}" for p in row)
    print(f"{tau:11} {shown}  {entropy(row):.2f} bits")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels over the temperature on a logarithmic axis. Above, four curves, the probability of each word: at low temperature the best word has nearly all the probability; at high temperature all four curves come close to one quarter. Below, the entropy in bits rises from nearly zero to the dotted line at two bits."}}
figure, (above, below) = plot.panels(
    2, height=2.8, sharex=True, height_ratios=[3, 2]
)
for word, curve in zip(words, by_temperature.T, strict=True):
    above.plot(temperatures, curve, label=word)
above.axhline(1 / len(words), color=plot.GREY, linewidth=1, linestyle=":")
above.set(xscale="log", ylabel="probability")
above.legend()
below.plot(temperatures, entropies, color=plot.INK)
below.axhline(np.log2(len(words)), color=plot.GREY, linewidth=1, linestyle=":")
below.set(xlabel="temperature τ", ylabel="entropy in bits")
plt.show()

# %% [markdown]
# At a low temperature the best word gets nearly all. In spite of its name, softmax is a soft *argmax*, the place of the largest. Hot, it comes close to uniform. The entropy rises from nearly zero to nearly $\log_2 V$. The order of the words never changes.
# This is the knob that a chatbot calls *temperature*.

# %% tags=["claims"]
most = np.log2(len(words))
check("Entropy rises from each to the next", (np.diff(entropies) > 0).all())
check(
    "from nearly zero to nearly log2 V",
    entropies[0] < 1e-3 and 0.999 * most < entropies[-1] < most,
)
in_order = by_temperature[:, :-1] > by_temperature[:, 1:]  # [60, V − 1]
check("The order of the words is the same at all sixty", in_order.all())

# %% [markdown]
# ## Overflow, shown and cured
#
# The formula is right and the function that implements it is broken. Three scores of about a hundred
# are enough: in 32 bits a number cannot exceed about $3.4 \cdot 10^{38} \approx e^{88.7}$. (The `with`
# line only silences NumPy's warnings, which here are justified.)

# %%
large = np.array([100.0, 99.0, 98.0], dtype=np.float32)
with np.errstate(over="ignore", invalid="ignore"):
    print("exponentials: ", np.exp(large))
    print("naive softmax:", naive_softmax(large))

# %% [markdown]
# Infinity divided by infinity is *not a number* (`nan`), and arithmetic with it gives `nan` again. The cure is the freedom that we met above: subtract
# the largest score first. The result is the same in exact arithmetic; now the largest exponent is
# zero, so nothing overflows, and what underflows to zero is too small to matter in a sum that is at
# least one.


# %%
def softmax(logits):
    """Softmax over the last axis that does not overflow."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


print("safe softmax: ", softmax(large).round(3))

# %% [markdown]
# That cures probabilities. But what training needs is their *logarithm*, and there the small ones
# matter a great deal. Take two scores that are 200 apart.

# %%
apart = np.array([200.0, 0.0], dtype=np.float32)
with np.errstate(divide="ignore"):
    print("log of softmax:", np.log(softmax(apart)))

# %% [markdown]
# The true answer for the second word is $-200$, a perfectly ordinary number. It was lost because the
# probability $e^{-200}$ underflowed to zero *before* the logarithm was taken. The way out is never
# to form the probability. Taking the logarithm of (1) on paper gives $\log p_i = z_i -
# \operatorname{lse}(z)$ with the **log-sum-exp** below. In its second form $m$ may be any number: write
# $e^{z_j} = e^m e^{z_j - m}$, take $e^m$ out of the sum, and the logarithm makes it $+\,m$. The largest
# score is the safe choice.
#
# $$\operatorname{lse}(z) = \log \sum_{j=1}^{V} e^{z_j} = m + \log \sum_{j=1}^{V} e^{z_j - m},
# \qquad m = \max_j z_j \tag{2}$$


# %%
def logsumexp(logits):
    """log of the sum of exponentials over the last axis, which is kept."""
    largest = logits.max(axis=-1, keepdims=True)
    total = np.exp(logits - largest).sum(axis=-1, keepdims=True)
    return largest + np.log(total)


def log_softmax(logits):
    """Logarithms of the softmax probabilities, never forming them."""
    # first, so that the difference of two large numbers keeps its digits
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - logsumexp(shifted)


print("log-softmax:   ", log_softmax(apart))

# %% tags=["claims"]
close(
    "Safe and naive softmax agree on our four scores",
    softmax(logits),
    naive_softmax(logits),
)
close(
    "The safe one equals SciPy's on scores that overflow",
    softmax(large),
    scipy.special.softmax(large),
)
close(
    "Log-softmax equals SciPy's on scores that are 200 apart",
    log_softmax(apart),
    scipy.special.log_softmax(apart),
)
huge = np.array([1e6 + 0.3, 1e6], dtype=np.float32)  # few digits are left
close(
    "and on scores of a million",
    log_softmax(huge),
    scipy.special.log_softmax(huge),
)

# %% [markdown]
# ## Cross-entropy: how surprised was the model?
#
# The text goes on, and the next word was *boring*. How good was the forecast? The model gave that
# word the probability $p_t$. One mark is its **surprise** $-\log p_t$, in **nats**, the unit of the
# natural logarithm (a bit is $\log 2$ nats): zero if the model was certain and right, and unbounded as
# the probability goes to zero.

# %% tags=["hide-input"]
print("           probability  surprise in nats")
for word, p in zip(words, probabilities, strict=True):
    print(f"{word:<10} {p:11.3f}  {-np.log(p):16.3f}")

# %% tags=["hide-input"] mystnb={"image": {"alt": "The curve of minus the logarithm of p against p from zero to one. It falls steeply from the upper left and reaches zero at p equal to one. Dots mark the four words; purple, the least likely, lies highest."}}
figure, ax = plot.panels(height=3)
p = np.linspace(0.005, 1, 300)
ax.plot(p, -np.log(p), color=plot.GREY)
for i, word in enumerate(words):
    here = probabilities[i]
    ax.plot(here, -np.log(here), "o", color=plot.COLORS[i], label=word)
ax.set_xlabel("probability the model gave to what happened")
ax.set_ylabel("surprise in nats")
ax.legend()
plt.show()

# %% [markdown]
# Averaged over $N$ observed words, the surprise is the **cross-entropy**, the usual loss of language
# models:
#
# $$L = -\frac{1}{N}\sum_{n=1}^{N} \log p^{(n)}_{t_n}
# = \frac{1}{N}\sum_{n=1}^{N} \left(\operatorname{lse}(z^{(n)}) - z^{(n)}_{t_n}\right) \tag{3}$$
#
# Logarithms add where probabilities multiply: $\log\tfrac12 + \log\tfrac18 = \log\tfrac1{16}$. So the first sum in (3) is the logarithm of the probability of the whole text, and minimizing $L$ is maximum likelihood.
#
# In code the $N$ predictions are the rows of a matrix. Indexing it with two lists, `log_p[rows, targets]`, picks one entry from each row: from row 0 the entry in column `targets[0]`.


# %%
def cross_entropy(logits, targets):
    """Mean surprise in nats; logits [N, V], targets [N] of ids."""
    log_p = log_softmax(logits)  # [N, V]
    rows = np.arange(len(targets))  # 0, 1, …, N − 1
    return -log_p[rows, targets].mean()


batch = np.array([logits, logits, [0.0, 3.0, 0.0, 0.0]])  # [3, V]
targets = np.array([1, 3, 1])  # boring, purple, boring
ours = cross_entropy(batch, targets)
theirs = F.cross_entropy(torch.tensor(batch), torch.tensor(targets))

# %% tags=["hide-input"]
each = [cross_entropy(batch[n : n + 1], targets[n : n + 1]) for n in range(3)]
print("three surprises:", " ".join(f"{surprise:.3f}" for surprise in each))
print(f"their mean:      {ours:.3f} nats = {ours / np.log(2):.3f} bits")
print(f"PyTorch's:       {theirs:.3f} nats")

# %% [markdown]
# > **Common mistake.** `F.cross_entropy` takes *logits*. It applies the softmax itself. Feeding it
# > probabilities runs without complaint, but it applies the softmax twice, and the result can no longer become small.
#
# How small can it become then? Probabilities differ by at most one, so the second softmax can prefer
# the right word by a factor of at most $e$, however sure the model is. With $V$ words the loss cannot
# fall below $\log(1 + (V - 1)/e)$: nearly ten nats for fifty thousand. With our four words, and a
# model that is as good as certain of the right one:

# %% tags=["hide-input"]
certain = torch.tensor([[50.0, 0.0, 0.0, 0.0]])  # [1, V]
right = torch.tensor([0])
once = F.cross_entropy(certain, right)
twice = F.cross_entropy(certain.softmax(dim=-1), right)
print(f"one softmax {once:.3f}, two softmaxes {twice:.3f}")

# %% tags=["claims"]
close("Our cross-entropy equals PyTorch's", ours, theirs)
close(
    "Two softmaxes over four words leave log(1 + 3/e)",
    twice,
    np.log(1 + 3 / np.e),
)

# %% [markdown]
# ## The gradient is p − y
#
# Training moves the logits downhill, so we need the slope of the loss in each logit while the others
# stay where they are; all slopes together are the *gradient*. Call the word that occurred $t$, and write
# $y$ for the vector with a one there and zeros elsewhere. For a single prediction
# $L = \operatorname{lse}(z) - z_t$. The slope of $\log u$ is that of $u$ divided by $u$, and in the sum
# only one term moves with $z_i$, so
#
# $$\frac{\partial}{\partial z_i}\operatorname{lse}(z) = \frac{e^{z_i}}{\sum_j e^{z_j}} = p_i,
# \qquad \frac{\partial z_t}{\partial z_i} = y_i,
# \qquad \frac{\partial L}{\partial z_i} = p_i - y_i \tag{4}$$
#
# Forecast minus fact: a slope of zero everywhere needs $p = y$. (The curly $\partial$ says that only
# this one logit moves.)


# %%
def gradient(logits, target):
    """Slope of the loss of one prediction in each logit: p − y, [V]."""
    y = np.zeros(len(logits))  # [V]
    y[target] = 1
    return softmax(logits) - y


slopes = gradient(logits, target=1)  # what occurred was "boring"

# %% [markdown]
# A derivation on paper deserves a check that knows nothing of it. A **finite difference** moves one
# logit a little up and a little down and looks at what the loss does. (`[logits + nudge]` makes a batch of one row.)

# %% tags=["hide-input"]
# @title Finite differences
step = 1e-5
numeric = np.zeros(4)
for i in range(4):
    nudge = np.zeros(4)
    nudge[i] = step
    loss_up = cross_entropy(np.array([logits + nudge]), [1])
    loss_down = cross_entropy(np.array([logits - nudge]), [1])
    numeric[i] = (loss_up - loss_down) / (2 * step)
# %% tags=["hide-input"]
print("            p − y  finite difference")
for word, slope, found in zip(words, slopes, numeric, strict=True):
    print(f"{word:<10} {slope:6.3f}  {found:17.3f}")

# %% tags=["hide-input"]
# @title What the site's widget has to show for three inputs
answers = []
for z, tau, came in [
    (logits, 1.0, 1),
    (np.array([-3.0, 4.5, 4.4, 0.0]), 0.1, 2),
    (np.array([5.0, -5.0, 0.3, 1.2]), 10.0, 0),
]:
    p = softmax(z / tau)  # [V]
    answer = {"scores": z, "tau": tau, "came": came, "p": p}
    answer["slopes"] = gradient(z / tau, came) / tau
    answer["entropy"], answer["surprise"] = entropy(p), -np.log(p[came])
    answers.append(answer)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Horizontal bars of the slope for each of the four words. The word that occurred, boring, has a long negative bar; the other three have positive bars in proportion to the probability they were given."}}
figure, ax = plot.panels(height=2.4)
colors = [plot.ORANGE if slope > 0 else plot.BLUE for slope in slopes]
plot.bars(ax, words, slopes, color=colors)
ax.axvline(0, color=plot.INK, linewidth=0.8)
ax.set_xlabel("slope of the loss in the score")
live.show("sharpness", words=words, examples=answers)

# %% [markdown]
# Downhill, *boring* is pushed up by what it lacked, and the others pay for it, each in proportion to
# the probability that it had claimed.

# %% tags=["claims"]
leaf = torch.tensor([[2.0, 1.0, 0.5, -1.5]], requires_grad=True)  # [1, V]
F.cross_entropy(leaf, torch.tensor([1])).backward()  # PyTorch finds slopes
close("p − y equals the finite differences", slopes, numeric, atol=1e-8)
close("and PyTorch's automatic differentiation", slopes, leaf.grad[0])
close("The slopes sum to zero", slopes.sum(), 0.0)

# %% [markdown]
# ## Where does training end? Maximum likelihood and KL
#
# Put the gradient to work on real text: sentences from film reviews in small letters, every run of other characters
# turned into one space. A very simple language model has 27 parameters for training to adjust, one score for each symbol, and no context whatever.

# %%
symbols = " abcdefghijklmnopqrstuvwxyz"
reviews = load_reviews("text")


def encode(sentences):
    """Symbol numbers [N] of the sentences, joined by spaces."""
    plain = re.sub(r"[^a-z]+", " ", " ".join(sentences).lower())
    return np.array([symbols.index(character) for character in plain])


limit = run.size(smoke=100, cpu=3000, gpu=3000)
train = encode(reviews["train"]["text"][:limit])  # [N]
held_out = encode(reviews["validation"]["text"])
counts = np.bincount(train, minlength=27)  # [27]
frequencies = counts / counts.sum()  # [27]

# %% [markdown]
# The mean of the gradients (4) over the whole text is $p - f$, where $f$ are the relative
# frequencies: forecast minus what happened on average. So this loop does not need the text any more; its loss is (3) with equal
# symbols collected.
# The step size 3 says how far to go down the slope each time.

# %%
b = np.zeros(27)  # one score a symbol
losses = []
for _ in range(3000):
    losses.append(-(frequencies * log_softmax(b)).sum())
    b = b - 3.0 * (softmax(b) - frequencies)

# %% [markdown]
# Where does the loss go, and can it fall for ever? Split it in two:
#
# $$\underbrace{-\sum_i f_i \log p_i}_{\text{cross-entropy}}
# = \underbrace{-\sum_i f_i \log f_i}_{\text{entropy } H(f)}
# + \underbrace{\sum_i f_i \log \frac{f_i}{p_i}}_{D_{\mathrm{KL}}(f \,\|\, p)} \tag{5}$$
#
# The first part belongs to the frequencies, and no choice of $p$ changes it. The second, the
# **Kullback–Leibler divergence**, is never negative ([proof](chain_rule.ipynb)) and is zero only where
# $p = f$.


# %%
def kl_divergence(f, p):
    """D(f ‖ p) in nats; infinite where p excludes what f has."""
    return float(scipy.special.rel_entr(f, p).sum())  # sum of f ln(f/p)


# %% tags=["hide-input"]
floor = -(frequencies * np.log(frequencies)).sum()  # of the frequencies
uniform = np.full(27, 1 / 27)  # [27], where we started
parts = {"start": (losses[0], kl_divergence(frequencies, uniform))}
last = -(frequencies * log_softmax(b)).sum()
parts["end"] = (last, kl_divergence(frequencies, softmax(b)))
print("       cross-entropy = entropy + divergence, in nats per symbol")
for when, (loss, divergence) in parts.items():
    print(f"{when:<6} {loss:13.4f} = {floor:7.4f} + {divergence:10.4f}")
print(f"the end in bits: {last / np.log(2):.2f}")

# %% tags=["hide-input"] mystnb={"image": {"alt": "The loss against the training step on a logarithmic axis. The curve starts at log V and falls towards a horizontal line, the entropy of the frequencies. The shaded gap between curve and line is the divergence, which shrinks to nothing."}}
figure, ax = plot.panels(height=3.1)
steps = np.arange(1, len(losses) + 1)
ax.plot(steps, losses, label="cross-entropy")
ax.axhline(floor, color=plot.GREEN, label="entropy of the frequencies")
ax.fill_between(
    steps, floor, losses, color=plot.SKY, alpha=0.35, label="divergence"
)
ax.set(xscale="log", xlabel="training step", ylabel="nats per symbol")
ax.legend()
plt.show()

# %% [markdown]
# So to maximize the likelihood is to minimize $D_{\mathrm{KL}}(f \,\|\, p)$. The data stand first. In three
# thousand steps the loop has come very close to what *counting* gives at once.
#
# The divergence is not a distance: exchange its arguments and it may change. Let the data have the shares
# ½, ½, 0 and the model 0.4, 0.4, 0.2, and then the other way round:

# %% tags=["hide-input"]
data, other = np.array([0.5, 0.5, 0.0]), np.array([0.4, 0.4, 0.2])
print(
    f"the model expects what never comes:  D = {kl_divergence(data, other):.3f}"
)
print(
    f"the model excludes what does come:   D = {kl_divergence(other, data):.3f}"
)

# %% tags=["claims"]
for when, (loss, divergence) in parts.items():
    close(
        f"Cross-entropy = entropy + KL at the {when}", loss, floor + divergence
    )
close(
    "The loop ends at the observed frequencies",
    softmax(b),
    frequencies,
    atol=1e-5,
)

# %% [markdown]
# ## A model with inputs
#
# Now let the scores depend on something. The input $x$ is the two letters before (a space counts as one), each as a row of 27
# numbers with a single one (*one-hot*), 54 numbers in all. Each symbol's score is a sum of weights, one
# for every number of $x$, and a **bias**:
#
# $$z = W x + b, \qquad \frac{\partial L}{\partial W_{ij}} = (p_i - y_i)\,x_j,
# \qquad \frac{\partial L}{\partial b_i} = p_i - y_i \tag{6}$$
#
# The slopes come from (4): if $W_{ij}$ grows by a little, $z_i$ grows by $x_j$ times as much, and no
# other score moves. Nearly all of $x$ is zero; after *th*, each symbol's score is one weight for the
# *t*, one for the *h*, and its bias.
#
# Here is the whole of training. Each step draws 500 places of the text at random, makes the
# predictions, and goes down the mean slope by a step that shrinks to zero. (`@` is the matrix product,
# `.T` turns a matrix over, so that row $n$ of `x @ W.T` is $W$ times row $n$ of `x`. An array of numbers as
# an index picks that many rows: `one_hot[targets]` is one row for each target. Row $i$ of `error.T @ x` averages $(p_i - y_i)\,x$ over the batch, as (6) asks.)


# %%
one_hot = np.eye(27)  # row i has its one at place i


def pair_before(ids, places):
    """The two symbols before each place as inputs, [N, 54]."""
    first, second = one_hot[ids[places - 2]], one_hot[ids[places - 1]]
    return np.concatenate([first, second], axis=1)


def slopes_of(x, targets, W, b):
    """Slopes of the mean loss in W [V, D] and in b [V]; x [N, D]."""
    p = softmax(x @ W.T + b)  # [N, V]
    error = (p - one_hot[targets]) / len(targets)  # [N, V]
    return error.T @ x, error.sum(axis=0)


# %%
def train_model(inputs, width, steps=2000):
    """Weights [V, width] and bias [V], trained on random places."""
    rng = np.random.default_rng(SEED)
    W, b = np.zeros((27, width)), np.zeros(27)
    for step in range(steps):
        places = rng.integers(10, len(train), size=500)  # 10: for exercise 3
        x, targets = inputs(train, places), train[places]
        slope_W, slope_b = slopes_of(x, targets, W, b)
        size = 100 * (1 - step / steps)
        W, b = W - size * slope_W, b - size * slope_b
    return W, b


W, b = train_model(pair_before, 54)

# %% [markdown]
# What does it say after *th*, and how often does the text go on in that way?

# %% tags=["hide-input", "nbval-ignore-output"]
t, h = symbols.index("t"), symbols.index("h")
after_th = softmax(W[:, t] + W[:, 27 + h] + b)  # [27]
here = (train[:-2] == t) & (train[1:-1] == h)  # [N − 2]
shares = np.bincount(train[2:][here], minlength=27) / here.sum()  # [27]
print("              model  counted")
for i in np.argsort(after_th)[::-1][:4]:  # the four likeliest
    row = f"{after_th[i]:.3f}  {shares[i]:7.3f}"
    print(f"P({symbols[i]!r} | 'th')  {row}")

# %% [markdown]
# And how good is it on all of the held-out sentences? The rivals are as simple as can be: tables of counts
# that look at no letter, at the last one, and at the last two, with half a count added everywhere so that
# nothing is impossible. Two more models of our kind are controls: one sees the last letter
# only; the other sees the last two as *one* of $27^2$ pairs, with one input for each pair.


# %% tags=["hide-input"]
# @title Tables of counts, and bits per symbol
def table_bits(k):
    """Held-out bits of a table that looks at the last k symbols."""
    table = np.full((27,) * (k + 1), 0.5)  # k + 1 axes of 27
    windows = [train[i : len(train) - k + i] for i in range(k + 1)]
    np.add.at(table, tuple(windows), 1)  # one more for each window
    p = table / table.sum(axis=-1, keepdims=True)
    windows = [held_out[i : len(held_out) - k + i] for i in range(k + 1)]
    return -np.log2(p[tuple(windows)]).mean()


def model_bits(ids, inputs, W, b):
    """Bits per symbol of a model on a text."""
    places = np.arange(10, len(ids))
    logits = inputs(ids, places) @ W.T + b  # [N, V]
    return cross_entropy(logits, ids[places]) / np.log(2)


def last_before(ids, places):
    """The symbol before each place as inputs, [N, 27]."""
    return one_hot[ids[places - 1]]


# %% tags=["hide-input"]
# @title The last two as one of 729 pairs
one_hot_pair = np.eye(27 * 27)


def as_one(ids, places):
    """The two symbols before each place as one of 729 pairs, [N, 729]."""
    return one_hot_pair[27 * ids[places - 2] + ids[places - 1]]


# %% tags=["hide-input"]
# @title All models on the held-out text
W_one, b_one = train_model(last_before, 27)
W_pair, b_pair = train_model(as_one, 27 * 27)
bits = {"uniform": np.log2(27)}
bits["counts, no letter"] = table_bits(0)
bits["counts, the last letter"] = table_bits(1)
bits["model, the last letter"] = model_bits(held_out, last_before, W_one, b_one)
bits["model, the last two"] = model_bits(held_out, pair_before, W, b)
bits["model, one input a pair"] = model_bits(held_out, as_one, W_pair, b_pair)
bits["counts, the last two"] = table_bits(2)
on_training_text = model_bits(train, pair_before, W, b)

# %% tags=["hide-input", "nbval-ignore-output"] mystnb={"image": {"alt": "Horizontal bars of bits per symbol on held-out text, from longest to shortest: uniform; counts of no letter; counts of the last letter and, as long, the model that sees it; the model that sees two letters; the model with one input for each pair; counts of the last two letters."}}
figure, ax = plot.panels(height=2.8)
plot.bars(ax, list(bits), list(bits.values()), fmt=".2f")
ax.set_xlabel("bits per symbol on held-out sentences")
print(f"{len(train):,} symbols of training text,", end=" ")
print(f"{len(held_out):,} held out; on the training text")
print(f"the model of the last two has {on_training_text:.2f} bits")
plt.show()

# %% [markdown]
# With one letter, model and table are as good as equal. With two, the model gains, and loses to the table
# that sees the same two letters. Look at (6) to see what it cannot say. After *th*, the lead of *e* over *a* is a part from *t*, a part from *h* and a part from the biases. The part from *t* is the same before every second letter; the table has a row of its own for each pair. Give the model an input of its own for each pair,
# and nearly all of the gap is gone. (But each further letter adds 27 columns to $W$, and makes the table 27 times as large.)
#
# Where is its favourite wrong? Take the pairs of letters that occur at least 200 times in the held-out part. For how many of them is the commonest next symbol the same in both parts, but not the model's favourite? And in which of these was the model surest?


# %% tags=["hide-input", "nbval-ignore-output"]
def commonest(ids, pair):
    """The commonest symbol after a pair, and how often the pair comes."""
    here = (ids[:-2] == pair[0]) & (ids[1:-1] == pair[1])  # [N − 2]
    followers = np.bincount(ids[2:][here], minlength=27)  # [27]
    return followers.argmax(), here.sum()


frequent, mistakes = 0, []
for pair in np.ndindex(27, 27):
    came, times = commonest(held_out, pair)
    p = softmax(W[:, pair[0]] + W[:, 27 + pair[1]] + b)  # [27]
    in_both = came == commonest(train, pair)[0]
    frequent += times >= 200
    if times >= 200 and in_both and came != p.argmax():
        mistakes.append((p.max(), pair, p.argmax(), came))
print(f"{len(mistakes)} of {frequent} pairs; the four where it was surest:")
print("after  favourite  its probability  what comes most")
for most, (a, c), favourite, came in sorted(mistakes, reverse=True)[:4]:
    after, its = symbols[a] + symbols[c], symbols[favourite]
    print(f"{after!r:<6} {its!r:<10} {most:15.2f}  {symbols[came]!r}")

# %% tags=["claims"]
weights = torch.tensor(W, requires_grad=True)  # [27, 54]
bias = torch.tensor(b, requires_grad=True)  # [27]
x_few, targets = pair_before(train, np.arange(10, 60)), train[10:60]
theirs = torch.tensor(x_few) @ weights.T + bias  # [50, 27]
F.cross_entropy(theirs, torch.tensor(targets)).backward()
ours_W, ours_b = slopes_of(x_few, targets, W, b)
close("The slopes in W are PyTorch's", ours_W, weights.grad)
close("and those in b", ours_b, bias.grad)

# %% tags=["claims"]
check(
    "With one letter model and table differ by less than 0.03 bits",
    abs(bits["model, the last letter"] - bits["counts, the last letter"])
    < 0.03,
)
check(
    "With two the model gains over 0.1 bits",
    bits["model, the last two"] < bits["model, the last letter"] - 0.1,
)
check(
    "and the table of the last two beats it by over 0.2 bits",
    bits["counts, the last two"] < bits["model, the last two"] - 0.2,
)
gap = bits["model, the last two"] - bits["counts, the last two"]
check(
    "With one input for each pair nine tenths of that are gone",
    bits["model, one input a pair"] < bits["model, the last two"] - 0.9 * gap,
)

# %% [markdown]
# ## Label smoothing
#
# Back to a single prediction. Its target is a one and otherwise zeros. By (4) the loss stops pulling only at $p = y$, which no finite scores reach: a greater lead of the right word always lowers the loss.
# In **label smoothing** (Szegedy et al. 2016) one asks for a little less. A share $\varepsilon$ of the
# target is spread evenly over all $V$ words. The slope follows as before: the new targets $q_i$ sum
# to one too, so $L_\varepsilon = \operatorname{lse}(z) - \sum_i q_i z_i$, whose slope in $z_i$ is
# $p_i - q_i$.
#
# $$q_i = (1 - \varepsilon)\, y_i + \frac{\varepsilon}{V}, \qquad
# L_\varepsilon = -\sum_{i=1}^{V} q_i \log p_i, \qquad
# \frac{\partial L_\varepsilon}{\partial z_i} = p_i - q_i \tag{7}$$


# %%
def smoothed_cross_entropy(logits, target, epsilon):
    """Loss of one prediction, with a target that gives ε/V to every word."""
    vocab_size = len(logits)
    q = np.full(vocab_size, epsilon / vocab_size)  # [V]
    q[target] += 1 - epsilon
    return -(q * log_softmax(logits)).sum()


# %% [markdown]
# Let the right word's score lead the others by a margin and watch both losses as the margin grows.

# %% tags=["hide-input"]
# @title Both losses as the margin grows
margins = np.linspace(-2, 12, 200)
lead = np.zeros((200, 4))  # [200, V]
lead[:, 0] = margins  # the right word is number 0
plain = np.array([smoothed_cross_entropy(row, 0, 0.0) for row in lead])
smooth = np.array([smoothed_cross_entropy(row, 0, 0.1) for row in lead])
best = np.log((1 - 0.1 + 0.1 / 4) / (0.1 / 4))  # here p = q
lowest = margins[smooth.argmin()]

# %% tags=["hide-input"]
print(f"p = q at the lead {best:.2f}, lowest point of the curve {lowest:.2f}")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two curves of loss against the lead of the right word. Plain cross-entropy falls towards zero all the way. The smoothed loss has a lowest point at a moderate lead, marked by a dotted vertical line, and rises again beyond it."}}
figure, ax = plot.panels(height=3)
ax.plot(margins, plain, label="plain")
ax.plot(margins, smooth, label="smoothed, ε = 0.1")
ax.axvline(best, color=plot.GREY, linestyle=":", linewidth=1, label="p = q")
ax.set_xlabel("lead of the right word's score over the others")
ax.set_ylabel("loss in nats")
ax.legend()
plt.show()

# %% [markdown]
# Smoothing puts the best lead at a finite, known place, $\log\frac{1-\varepsilon+\varepsilon/V}{\varepsilon/V}$;
# beyond it, certainty is punished. And its loss is
# no longer the mean surprise: **perplexity**, $e$ to the mean surprise, is computed with
# $\varepsilon = 0$, whatever the model was trained with.

# %% tags=["claims"]
leaf = torch.tensor([[2.0, 1.0, 0.5, -1.5]], requires_grad=True)  # [1, V]
theirs = F.cross_entropy(leaf, torch.tensor([1]), label_smoothing=0.1)
theirs.backward()
q = np.array([0.025, 0.925, 0.025, 0.025])  # ε = 0.1
ours = smoothed_cross_entropy(logits, 1, 0.1)
close("Our smoothed loss equals PyTorch's", ours, theirs)
close("Its slope is p − q", softmax(logits) - q, leaf.grad[0])
check(
    "Plain loss falls with every further lead that we tried",
    (np.diff(plain) < 0).all(),
)
close(
    "The smoothed loss is lowest where p = q",
    lowest,
    best,
    atol=margins[1] - margins[0],
)

# %% [markdown]
# ## Summary
#
# If the ratio of two probabilities may depend only on the difference of their two scores, then with three words or more, no jumps, and higher scores likelier, softmax is forced on us, up to the temperature. Subtract the
# maximum before exponentials, and stay in logarithms as long as you can. Cross-entropy is the mean
# surprise; its slope is forecast minus fact. Without context, its lowest value is the entropy of the observed frequencies, reached where the model repeats them: maximum likelihood *is* the smallest
# $D_{\mathrm{KL}}(f \,\|\, p)$. With inputs the same slope, times the input, trains the weights. With two
# letters our sum of weights lost to a table that has a row for each pair.
#
# ## Exercises
#
# > **Exercise 1.** On paper (★☆☆, 10 minutes). Three words have the scores $0$, $\ln 2$ and $\ln 5$. What
# > is the probability of the third? How many *bits* of surprise does the second bring? And if the second
# > comes, what is the slope of the loss in the third score? Let `on_paper()` return the three numbers.
#
# <details><summary>Hint</summary>
#
# $e^{\ln 5} = 5$. Everything is a small fraction, and the surprise is a whole number of bits.
#
# </details>


# %% tags=["exercise"]
def on_paper():
    """P(third), bits of surprise at the second, slope in the third."""
    ...


exercises.on_paper(on_paper)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def on_paper():
    """P(third), bits of surprise at the second, slope in the third."""
    total = 1 + 2 + 5
    return 5 / total, -np.log2(2 / total), 5 / total - 0


exercises.on_paper(on_paper)

# %% [markdown]
# > **Exercise 2.** Two classes (★☆☆, 10 minutes). With two words only one difference is left. Write
# > `probability_of_second(logits)` for logits of shape `[N, 2]` with the logistic function
# > `scipy.special.expit` (the *sigmoid* $1/(1+e^{-x})$) and without any softmax.
#
# <details><summary>Hint</summary>
#
# Divide the numerator and the denominator of (1) by $e^{z_2}$.
#
# </details>


# %% tags=["exercise"]
def probability_of_second(logits):
    """Softmax probability of the second class, [N]; logits [N, 2]."""
    ...


exercises.two_classes(probability_of_second)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def probability_of_second(logits):
    """Softmax probability of the second class, [N]; logits [N, 2]."""
    return scipy.special.expit(logits[:, 1] - logits[:, 0])


exercises.two_classes(probability_of_second)

# %% [markdown]
# > **Exercise 3.** More letters (★★★, 25 minutes). Would the model gain from a longer memory? Write
# > `windows(ids, places, k)`: the inputs `[N, 27 * k]` for the `k` symbols before each place, the oldest
# > first. Then call `train_model`, `model_bits` and `table_bits` for `k` from 1 to 4. Guess first: at which `k` will the table, with its half count, hardly gain over one letter less?
#
# <details><summary>Hint</summary>
#
# `pair_before` is the case $k = 2$. The symbol `back` places before is `ids[places - back]`. Hand over
# `lambda ids, places: windows(ids, places, 2)`, say.
#
# </details>


# %% tags=["exercise"]
def windows(ids, places, k):
    """One-hot inputs [N, 27 * k] of the k symbols before each place."""
    ...


exercises.windows(windows)


# %% tags=["solution", "hide-cell", "nbval-ignore-output"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def windows(ids, places, k):
    """One-hot inputs [N, 27 * k] of the k symbols before each place."""
    one_hot = np.eye(27)
    rows = [one_hot[ids[places - back]] for back in range(k, 0, -1)]
    return np.concatenate(rows, axis=1)


for k in range(1, 5):

    def inputs(ids, places, k=k):
        return windows(ids, places, k)

    found = train_model(inputs, 27 * k)
    both = table_bits(k), model_bits(held_out, inputs, *found)
    print(f"{k} letters: table {both[0]:.2f}, model {both[1]:.2f} bits")
exercises.windows(windows)

# %% [markdown]
# > **Exercise 4.** Padding (★★☆, 15 minutes). In a batch of texts of different length the short ones are
# > filled up with a padding id. Write `masked_cross_entropy(logits, targets, pad)`: the mean surprise
# > over the targets that are not `pad`.
#
# <details><summary>Hint</summary>
#
# Two things must leave the padding out: the sum, and the number that you divide it by.
#
# </details>


# %% tags=["exercise"]
def masked_cross_entropy(logits, targets, pad):
    """Mean surprise in nats of the targets [N] but pad; logits [N, V]."""
    ...


exercises.masked(masked_cross_entropy)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 4
def masked_cross_entropy(logits, targets, pad):
    """Mean surprise in nats of the targets [N] but pad; logits [N, V]."""
    real = targets != pad
    return cross_entropy(logits[real], targets[real])


exercises.masked(masked_cross_entropy)

# %% [markdown]
# ## Common mistakes
#
# - *Softmax before a loss that expects logits*: the loss has a floor that no training removes, as we
#   saw. Look at what the loss function takes, and hand over the logits.
# - *The logarithm of a softmax*: minus infinity once a probability underflows. Use the log-softmax.
# - *Softmax over the wrong axis*: the rows of a batch compete with each other and every column sums
#   to one. Look at the sums once.
# - *Perplexity of a smoothed loss*: it measures the smoothing as well. Compute it with
#   $\varepsilon = 0$.
#
# ## Further reading
#
# - Bridle (1990), [Probabilistic interpretation of feedforward classification network outputs](https://doi.org/10.1007/978-3-642-76153-9_28), where the softmax got its name.
# - Kullback and Leibler (1951), [On information and sufficiency](https://doi.org/10.1214/aoms/1177729694).
# - Szegedy et al. (2016), [Rethinking the Inception architecture](https://arxiv.org/abs/1512.00567), section 7: label smoothing.
# - Blanchard, Higham and Higham (2021), [Accurately computing the log-sum-exp and softmax functions](https://doi.org/10.1093/imanum/draa038): the error analysis behind "subtract the maximum".
