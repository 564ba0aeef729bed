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
import matplotlib.pyplot as plt
import numpy as np
import scipy.special
import torch
import torch.nn.functional as F
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation import metrics
from lmcourse.exercises.probability import softmax as exercises

run = session.start(PROFILE, SEED)

# %%
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
# should take the place of the division, and what else can go wrong on the way from scores to a
# trained model?

# %% [markdown]
# **You will**
#
# - turn arbitrary scores into probabilities, and say which demand leaves only the exponential,
# - compute with large scores without overflow, and with probabilities of nearly zero
#   without losing them,
# - derive the gradient $p - y$ and check it against finite differences,
# - see that maximum likelihood and the smallest Kullback–Leibler divergence are one and the same aim,
# - say what label smoothing changes, and what it does not.
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
# products are the exponentials, $f(a) = e^{a/\tau}$ with some $\tau > 0$. Under this demand the
# exponential is the only one left. (Other demands lead elsewhere: *sparsemax* gives hopeless words
# exactly zero.) With $\tau = 1$ and the sum fixed to one, this is the **softmax**:
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
# The picture shows what the exponential does to the steps between the scores: a *step* becomes a
# *factor*. From *wonderful* to *boring* it is one point and a factor of $e$; from *long* to
# *purple*, two points and a factor of $e^2$, wherever on the scale they lie.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two bar charts of the same four words, one below the other. Above: the scores, which fall from 2 to below zero. Below: the softmax probabilities, all positive; the best word takes more than half and the worst almost nothing."}}
figure, (above, below) = plot.panels(2, height=2.4)
plot.bars(above, words, logits, color=plot.GREY, xlabel="score")
plot.bars(below, words, probabilities, xlabel="probability", fmt=".2f")
above.axvline(0, color=plot.INK, linewidth=0.8)
plt.show()

# %% [markdown]
# The last column of the table deserves a pause. A hundred more points for every word put the same
# factor $e^{100}$ above and below the line of (1), where it cancels. Softmax cannot see the level of
# the scores, only their differences: four scores carry three numbers' worth of information. We will
# use that freedom to cure an overflow.

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
# the softmax changes how much the differences count. How open the choice is, the **entropy**
# measures: the average of $-\log_2 p$, in **bits**. We compute both at sixty temperatures that grow
# by equal factors (`np.geomspace`).


# %%
def entropy(p):
    """Entropy in bits; outcomes of probability zero contribute nothing."""
    return float(scipy.special.entr(p).sum() / np.log(2))


temperatures = np.geomspace(0.05, 50, 60)
by_temperature = np.array(
    [naive_softmax(logits / tau) for tau in temperatures]
)  # [60, V]
entropies = np.array([entropy(p) for p in by_temperature])  # [60]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels over the temperature on a logarithmic axis. Above, four curves, the probability of each word: at low temperature the best word has probability one and the others zero; at high temperature all four curves meet at one quarter. Below, the entropy in bits rises from zero to the dotted line at two bits."}}
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
# Cold, the softmax picks the best word: it is a soft version of the *argmax*, in spite of its name
# (the smooth version of the maximum itself will appear below). Hot, it forgets the scores and becomes
# uniform. The entropy rises from nearly zero to $\log_2 V$. The order of the words never changes.
# This is the knob that a chatbot calls *temperature*.

# %% tags=["claims"]
most = np.log2(len(words))
check("Entropy rises with the temperature", (np.diff(entropies) > 0).all())
check(
    "from nearly zero to nearly log2 V",
    entropies[0] < 1e-3 and 0.999 * most < entropies[-1] < most,
)
in_order = by_temperature[:, :-1] > by_temperature[:, 1:]  # [60, V − 1]
check("The order of the words never changes", in_order.all())

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
# Infinity divided by infinity is *not a number*, and so is whatever is computed from it: a loss, a
# gradient, the parameters after the next step. The cure is the freedom that we met above: subtract
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
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - logsumexp(shifted)


print("log-softmax:   ", log_softmax(apart))

# %% [markdown]
# Log-sum-exp is also the smooth version of the maximum, and that is a good way to remember it: it
# lies between $\max_j z_j$ and $\max_j z_j + \log V$, close to the first when one score stands out,
# at the second when all are equal. A thousand random rows of four scores stay between the two.

# %%
scores = np.random.default_rng(SEED).normal(
    scale=5, size=(1000, 4)
)  # [1000, V]
above_max = logsumexp(scores)[:, 0] - scores.max(axis=1)  # [1000]
print(f"lse − max: from {above_max.min():.3f} to {above_max.max():.3f}")
print(f"log V:     {np.log(4):.3f}")

# %% tags=["claims"]
close(
    "Safe and naive softmax agree where the naive one works",
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
check(
    "max ≤ lse ≤ max + log V in a thousand trials",
    above_max.min() >= 0 and above_max.max() <= np.log(4),
)
close("lse of equal scores is max + log V", logsumexp(np.zeros(4)), [np.log(4)])

# %% [markdown]
# ## Cross-entropy: how surprised was the model?
#
# The text goes on, and the next word was *boring*. How good was the forecast? The model gave that
# word the probability $p_y$. One mark is its **surprise** $-\log p_y$, in **nats**, the unit of the
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
# Averaged over $N$ observed words, the surprise is the **cross-entropy**, the loss that nearly every
# language model is trained on:
#
# $$L = -\frac{1}{N}\sum_{n=1}^{N} \log p^{(n)}_{y_n}
# = \frac{1}{N}\sum_{n=1}^{N} \left(\operatorname{lse}(z^{(n)}) - z^{(n)}_{y_n}\right) \tag{3}$$
#
# Minimizing it is maximum likelihood, since the sum of the logarithms is the logarithm of the
# probability of the whole text.
#
# In code the $N$ predictions are the rows of a matrix. Indexing it with two lists of equal length,
# `log_p[rows, targets]`, picks one entry from each row: from row 0 the entry in column `targets[0]`,
# and so on.


# %%
def cross_entropy(logits, targets):
    """Mean surprise in nats; logits [N, V], targets [N] of ids."""
    log_p = log_softmax(logits)  # [N, V]
    rows = np.arange(len(targets))  # 0, 1, …, N − 1
    return -log_p[rows, targets].mean()


targets = np.array([0, 1, 1, 3])
batch = scores[:4]  # [4, V]
ours = cross_entropy(batch, targets)
theirs = F.cross_entropy(torch.tensor(batch), torch.tensor(targets))
print(f"cross-entropy {ours:.6f} nats, PyTorch's {theirs:.6f}")

# %% [markdown]
# > **Common mistake.** `F.cross_entropy` takes *logits*. It applies the softmax itself. Feeding it
# > probabilities runs without complaint, but it applies the softmax twice, and the result can no longer become small.
#
# How small can it become then? Probabilities differ by at most one, so the second softmax can prefer
# the right word by a factor of at most $e$, however sure the model is. With $V$ words the loss cannot
# fall below $\log(1 + (V - 1)/e)$: nearly ten nats for fifty thousand. With our four words, and a
# model that is as good as certain of the right one:

# %%
certain = torch.tensor([[50.0, 0.0, 0.0, 0.0]])  # [1, V]
right = torch.tensor([0])
once = F.cross_entropy(certain, right)
twice = F.cross_entropy(certain.softmax(dim=-1), right)
print(f"one softmax {once:.3f}, two softmaxes {twice:.3f}")

# %% tags=["claims"]
observed = log_softmax(batch)[np.arange(4), targets]  # [4]
close("Our cross-entropy equals PyTorch's", ours, theirs)
close("and the book's helper agrees", metrics.cross_entropy(observed), ours)
close(
    "Two softmaxes over four words leave log(1 + 3/e)",
    twice,
    np.log(1 + 3 / np.e),
)

# %% [markdown]
# ## The gradient is p − y
#
# Training moves the logits downhill, so we need the slope of the loss in each logit while the others
# stay where they are; all slopes together are the *gradient*. Write $y$ for the vector with a one at
# the word that occurred and zeros elsewhere. For a single prediction
# $L = \operatorname{lse}(z) - z_y$, and three short lines do it:
#
# $$\frac{\partial}{\partial z_i}\operatorname{lse}(z) = \frac{e^{z_i}}{\sum_j e^{z_j}} = p_i,
# \qquad \frac{\partial z_y}{\partial z_i} = y_i,
# \qquad \frac{\partial L}{\partial z_i} = p_i - y_i \tag{4}$$
#
# Forecast minus fact. The logarithm and the exponential have cancelled, and what is left cannot
# vanish as long as the forecast is wrong.


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

# %%
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

# %% tags=["hide-input"] mystnb={"image": {"alt": "Horizontal bars of the slope for each of the four words. The word that occurred, boring, has a long negative bar; the other three have positive bars in proportion to the probability they were given."}}
figure, ax = plot.panels(height=2.4)
colors = [plot.ORANGE if slope > 0 else plot.BLUE for slope in slopes]
plot.bars(ax, words, slopes, color=colors)
ax.axvline(0, color=plot.INK, linewidth=0.8)
ax.set_xlabel("slope of the loss in the score")
plt.show()

# %% [markdown]
# Read the picture as a budget. Downhill, *boring* is pushed up by what it lacked, and the others pay
# for it, each in proportion to the probability that it had claimed. *Wonderful* pays most.
#
# Compare a squared error on the probabilities: once the model is certain and *wrong*, it has next to no slope. We let PyTorch find that slope: `requires_grad_()` says that we shall want it, `backward()` computes it, and it lies in `.grad`. The model is certain of the first word, and
# the second one came.

# %%
wrong = torch.tensor([20.0, 0, 0, 0], dtype=torch.float64)  # [V]
wrong.requires_grad_()
came = torch.tensor([0.0, 1, 0, 0], dtype=torch.float64)  # [V]
F.mse_loss(wrong.softmax(dim=-1), came).backward()
squared = wrong.grad.numpy()  # [V]
ours = gradient(wrong.detach().numpy(), target=1)  # [V]
print(f"steepest slope: squared error {np.abs(squared).max():.0e}", end=", ")
print(f"cross-entropy {np.abs(ours).max():.2f}")

# %% tags=["claims"]
leaf = torch.tensor([[2.0, 1.0, 0.5, -1.5]], requires_grad=True)  # [1, V]
F.cross_entropy(leaf, torch.tensor([1])).backward()
close("p − y equals the finite differences", slopes, numeric, atol=1e-8)
close("and PyTorch's automatic differentiation", slopes, leaf.grad[0])
close("The slopes sum to zero", slopes.sum(), 0.0)
check(
    "Wrong by 20 points: squared error has under a millionth of the slope",
    np.abs(squared).max() < 1e-6 * np.abs(ours).max(),
)

# %% [markdown]
# ## Where does training end? Maximum likelihood and KL
#
# Put the gradient to work on real data. The simplest language model of all has one score for each
# character and no context whatever. We train it on film reviews by walking down the gradient, from
# all scores equal.

# %%
reviews = load_reviews("text")["train"]["text"]
chosen = reviews[: run.size(smoke=50, cpu=500, gpu=5000)]
text = "".join(sentence + "\n" for sentence in chosen).lower()
letters = sorted(set(text))
counts = np.array([text.count(letter) for letter in letters])  # [V]
frequencies = counts / counts.sum()  # [V]
print(f"{len(text):,} characters, {len(letters)} different ones")

# %% [markdown]
# The mean of the gradients (4) over the whole text is $p - f$, where $f$ are the relative
# frequencies: forecast minus what happened on average. So the loop does not need the text any more.
# The step size 3 says how far to go down the slope each time.

# %%
z = np.zeros(len(letters))  # [V]
losses = []
for _ in range(3000):
    p = softmax(z)  # [V]
    losses.append(-(frequencies * log_softmax(z)).sum())
    z -= 3.0 * (p - frequencies)

# %% [markdown]
# Where does the loss go, and can it fall for ever? Split it in two:
#
# $$\underbrace{-\sum_i f_i \log p_i}_{\text{cross-entropy}}
# = \underbrace{-\sum_i f_i \log f_i}_{\text{entropy } H(f)}
# + \underbrace{\sum_i f_i \log \frac{f_i}{p_i}}_{D_{\mathrm{KL}}(f \,\|\, p)} \tag{5}$$
#
# The first part belongs to the text, and no model can change it. The second, the
# **Kullback–Leibler divergence**, is never negative ([proof](chain_rule.ipynb)) and is zero only where
# $p = f$.


# %%
def kl_divergence(f, p):
    """Divergence of f from p in nats; infinite where p excludes what f has."""
    return float(scipy.special.rel_entr(f, p).sum())


floor = -(frequencies * np.log(frequencies)).sum()  # entropy of the text
uniform = np.full(len(letters), 1 / len(letters))  # [V], where we started
parts = {"start": (losses[0], kl_divergence(frequencies, uniform))}
parts["end"] = (losses[-1], kl_divergence(frequencies, p))
# %% tags=["hide-input"]
print("       cross-entropy = entropy + divergence, in nats per character")
for when, (loss, divergence) in parts.items():
    print(f"{when:<6} {loss:13.4f} = {floor:7.4f} + {divergence:10.4f}")

# %% tags=["hide-input"] mystnb={"image": {"alt": "The loss against the training step on a logarithmic axis. The curve starts at log V and falls towards a horizontal line, the entropy of the text. The shaded gap between curve and line is the divergence, which shrinks to nothing."}}
figure, ax = plot.panels(height=3.3)
steps = np.arange(1, len(losses) + 1)
ax.plot(steps, losses, label="cross-entropy")
ax.axhline(floor, color=plot.GREEN, label="entropy of the text")
ax.fill_between(
    steps, floor, losses, color=plot.SKY, alpha=0.35, label="divergence"
)
ax.set(xscale="log", xlabel="training step", ylabel="nats per character")
ax.legend()
plt.show()

# %% [markdown]
# So whoever maximizes the likelihood minimizes the divergence between the data and the model, and
# has reached the bottom when the model's probabilities are the observed frequencies. In three
# thousand steps the loop has come very close to what *counting* gives at once. That is no accident,
# and it will return with a whole network in
# [the bigram as a network](../ngrams/bigram_network.ipynb). Which characters are furthest from their
# goal?

# %%
times_too_high = p / frequencies  # [V]
order = np.argsort(-times_too_high)  # ids, furthest off first
# %% tags=["hide-input"]
print("character  times seen  probability / frequency")
for i in [*order[:3], counts.argmax()]:
    print(f"{letters[i]!r:<9} {counts[i]:11,} {times_too_high[i]:24.3f}")

# %% [markdown]
# Furthest off, in proportion, are characters that the text has hardly ever; the last line is the
# commonest one, the space. (Their slope $p - f$ is tiny.)
#
# The divergence is not a distance: exchanging its two arguments changes it. Where the data has
# something that the model excludes, it is infinite; where the model expects something that never
# comes, it can stay finite. A language model must therefore not rule out anything, which smoothing sees to.

# %%
data, model = np.array([0.5, 0.5, 0.0]), np.array([0.4, 0.4, 0.2])
print(f"expects what never comes:    D = {kl_divergence(data, model):.3f}")
print(f"excludes what does come:     D = {kl_divergence(model, data):.3f}")

# %% tags=["claims"]
for when, (loss, divergence) in parts.items():
    close(
        f"Cross-entropy = entropy + KL at the {when}", loss, floor + divergence
    )
check(
    "Training ends within a thousandth of a nat of the entropy",
    0 < losses[-1] - floor < 1e-3,
)
check("and the loss falls at every step", (np.diff(losses) < 0).all())
check(
    "Furthest off, in proportion, is a rarest character",
    counts[order[0]] == counts.min(),
)

# %% [markdown]
# ## Label smoothing
#
# Back to a single prediction. Its target is a one and otherwise zeros, and with (4) the loss only
# stops pulling when $p$ is exactly that: its lead over the others must grow without end.
# In **label smoothing** (Szegedy et al. 2016) one asks for a little less. A share $\varepsilon$ of the
# target is spread evenly over all $V$ words. The slope follows as before: the new targets $q_i$ sum
# to one too, so $L_\varepsilon = \operatorname{lse}(z) - \sum_i q_i z_i$, whose slope in $z_i$ is
# $p_i - q_i$.
#
# $$q_i = (1 - \varepsilon)\, y_i + \frac{\varepsilon}{V}, \qquad
# L_\varepsilon = -\sum_{i=1}^{V} q_i \log p_i, \qquad
# \frac{\partial L_\varepsilon}{\partial z_i} = p_i - q_i \tag{6}$$


# %%
def smoothed_cross_entropy(logits, target, epsilon):
    """Loss of one prediction, with a target that gives ε/V to every word."""
    vocab_size = len(logits)
    q = np.full(vocab_size, epsilon / vocab_size)  # [V]
    q[target] += 1 - epsilon
    return -(q * log_softmax(logits)).sum()


# %% [markdown]
# Let the right word's score lead the others by a margin and watch both losses as the margin grows.

# %%
margins = np.linspace(-2, 12, 200)
lead = np.zeros((200, 4))  # [200, V]
lead[:, 0] = margins  # the right word is number 0
plain = np.array([smoothed_cross_entropy(row, 0, 0.0) for row in lead])
smooth = np.array([smoothed_cross_entropy(row, 0, 0.1) for row in lead])
best = np.log((1 - 0.1 + 0.1 / 4) / (0.1 / 4))  # here p = q
lowest = margins[smooth.argmin()]
print(f"p = q at the lead {best:.2f}, lowest point of the curve {lowest:.2f}")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two curves of loss against the lead of the right word. Plain cross-entropy falls towards zero for ever. The smoothed loss has a lowest point at a moderate lead, marked by a dotted vertical line, and rises again beyond it."}}
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
# beyond it, certainty is punished. The largest target is still the right word's. And its loss is
# no longer the mean surprise. So **perplexity**, $e$ to the mean surprise, must be computed with
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
# surprise; its slope is forecast minus fact. Without context, its lowest value is the entropy of the data, reached
# where the model repeats the observed frequencies, because maximum likelihood *is* the smallest
# divergence. Label smoothing replaces the unreachable target by one that can be reached.
#
# ## Exercises
#
# > **Exercise 1.** Temperature (★☆☆, 5 minutes). Write `soften(logits, temperature)`: the softmax over
# > the last axis at that temperature, safe for large scores.
#
# <details><summary>Hint</summary>
#
# A high temperature must make the result flatter. Which does that, multiplying the scores by
# the temperature or dividing them?
#
# </details>


# %% tags=["exercise"]
def soften(logits, temperature):
    """Softmax of logits [..., V] at a temperature."""
    ...


exercises.temperature(soften)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def soften(logits, temperature):
    """Softmax of logits [..., V] at a temperature."""
    return softmax(np.asarray(logits) / temperature)


exercises.temperature(soften)

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
# > **Exercise 3.** The gradient of a batch (★★☆, 10 minutes). Write `batch_gradient(logits, targets)`:
# > the slope of the *mean* cross-entropy (3) in each entry of `logits` of shape `[N, V]`.
#
# <details><summary>Hint</summary>
#
# Row $n$ only influences the $n$-th term of the mean. What is in front of the sum?
#
# </details>


# %% tags=["exercise"]
def batch_gradient(logits, targets):
    """Gradient [N, V] of the mean cross-entropy; targets [N] are ids."""
    ...


exercises.batch_gradient(batch_gradient)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def batch_gradient(logits, targets):
    """Gradient [N, V] of the mean cross-entropy; targets [N] are ids."""
    y = np.eye(logits.shape[1])[targets]  # [N, V]
    return (softmax(logits) - y) / len(targets)


exercises.batch_gradient(batch_gradient)

# %% [markdown]
# > **Exercise 4.** Padding (★★★, 15 minutes). In a batch of texts of different length the short ones are
# > filled up with a padding id. Write `masked_cross_entropy(logits, targets, pad)`: the mean surprise
# > over the targets that are not `pad`. It is easy to get wrong.
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
