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
# Every neural language model ends in the same two lines of code; after this chapter you could have
# invented both, and you know how they go wrong.
#
# **You will**
#
# - turn arbitrary scores into probabilities, and say which demand leaves only the exponential,
# - compute with scores of a thousand without overflow, and with probabilities of nearly zero
#   without losing them,
# - derive the gradient $p - y$ and check it against finite differences,
# - see that maximum likelihood and the smallest Kullback–Leibler divergence are one and the same aim,
# - say what label smoothing changes, and what it does not.
#
# **You need** Python with NumPy, and from school the exponential function and the derivative. The
# words *conditional probability* and *maximum likelihood* come from
# [the chain rule](chain_rule.ipynb).

# %% tags=["install"]
if not __import__("importlib").util.find_spec("lmcourse"):
    get_ipython().run_line_magic(
        "pip", 'install -q "lmcourse @ git+https://github.com/OWNER/language-models"'
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

# %% [markdown]
# ## From scores to probabilities
#
# A model reads *the film was* and gives each word that might follow a **score**, any real number,
# higher for what fits better. Such raw scores are called **logits**. Suppose there are only four
# words in the world.

# %%
words = ["wonderful", "boring", "long", "purple"]
logits = np.array([2.0, 1.0, 0.5, -1.5])  # [V]

# %% [markdown]
# A probability must not be negative, and the four together must make one. How do we get from the
# one to the other? Dividing by the sum is the obvious try.

# %%
print(logits / logits.sum())
print((logits - 1) / (logits - 1).sum())

# %% [markdown]
# It fails twice. A negative score gives a negative probability. And the second line, in which every
# word lost one point, turned the order upside down, although nothing about the *comparison* of the
# words has changed. Squaring would cure the sign and make the word with the worst score likelier
# than one in the middle.
#
# So let us ask for what we want. How many times likelier one word is than another should depend only
# on the *difference* of their scores:
#
# $$\frac{p_i}{p_j} = f(z_i - z_j).$$
#
# Going from $i$ to $j$ and on to $k$ multiplies the ratios and adds the differences, so
# $f(a + b) = f(a)\,f(b)$. The continuous increasing functions that turn sums into products are the
# exponentials, $f(a) = e^{a/\tau}$ with some $\tau > 0$. Under this demand the exponential is the
# only one left. (Other demands lead elsewhere: *sparsemax* gives hopeless words exactly zero.) With
# $\tau = 1$ and the sum fixed to one, this is the **softmax**:
#
# $$p_i = \operatorname{softmax}(z)_i = \frac{e^{z_i}}{\sum_{j=1}^{V} e^{z_j}} \tag{1}$$


# %%
def naive_softmax(logits):
    """Softmax over the last axis, as the formula says."""
    exponentials = np.exp(logits)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


probabilities = naive_softmax(logits)  # [V]
for word, score, p in zip(words, logits, probabilities, strict=True):
    print(f"{word:<10} score {score:5.1f}   probability {p:.3f}")

# %% [markdown]
# The picture shows what the exponential does to the steps between the scores: a *step* becomes a
# *factor*. From *wonderful* to *boring* it is one point and a factor of $e$; from *long* to
# *purple*, two points and a factor of $e^2$, wherever on the scale they lie.

# %% mystnb={"image": {"alt": "Two bar charts of the same four words side by side. Left: the scores, which fall from 2 to below zero. Right: the softmax probabilities, all positive; the best word takes more than half and the worst almost nothing."}}
figure, (left, right) = plt.subplots(1, 2, figsize=(6.8, 2.6), sharey=True)
plot.bars(left, words, logits, color=plot.GREY, xlabel="score")
plot.bars(right, words, probabilities, xlabel="probability", fmt=".2f")
left.axvline(0, color=plot.INK, linewidth=0.8)
plt.show()

# %%
close("The probabilities sum to one", probabilities.sum(), 1.0)
close("Adding 100 to every score changes nothing", naive_softmax(logits + 100), probabilities)
close("One point of score is a factor of e", probabilities[0] / probabilities[1], np.e)
close("Two points are a factor of e²", probabilities[2] / probabilities[3], np.e**2)

# %% [markdown]
# The second check deserves a pause. Softmax cannot see the level of the scores, only their
# differences: four scores carry three numbers' worth of information. We will use that freedom to
# cure the overflow below.
#
# ## Temperature
#
# The constant $\tau$ that we set to one is the **temperature**. Dividing all scores by $\tau$ before
# the softmax changes how much the differences count.


# %%
def entropy(p):
    """Entropy in bits; outcomes of probability zero contribute nothing."""
    return float(scipy.special.entr(p).sum() / np.log(2))


temperatures = np.geomspace(0.05, 50, 60)
by_temperature = np.array([naive_softmax(logits / tau) for tau in temperatures])  # [60, V]
entropies = np.array([entropy(p) for p in by_temperature])

# %% mystnb={"image": {"alt": "Four curves, the probability of each word against the temperature on a logarithmic axis. At low temperature the best word has probability one and the others zero; at high temperature all four curves meet at one quarter."}}
figure, ax = plt.subplots()
for word, curve in zip(words, by_temperature.T, strict=True):
    ax.plot(temperatures, curve, label=word)
ax.axhline(1 / len(words), color=plot.GREY, linewidth=1, linestyle=":")
ax.set(xscale="log", xlabel="temperature τ", ylabel="probability")
ax.legend()
plt.show()

# %% [markdown]
# Cold, the softmax picks the best word: it is a soft version of the *argmax*, in spite of its name
# (the smooth version of the maximum itself will appear below). Hot, it forgets the scores and becomes
# uniform. The **entropy**, the average of $-\log_2 p$, measures in **bits** how open the choice is; it
# rises from nearly zero to $\log_2 V$. The order of the words never changes. This is the knob that a
# chatbot calls *temperature*.

# %%
close("Cold: all probability on the best word", by_temperature[0], [1, 0, 0, 0])
close("Hot: nearly uniform", by_temperature[-1], 0.25, atol=0.02)
check("Entropy rises with the temperature", (np.diff(entropies) > -1e-12).all())
check("from nearly zero", entropies[0] < 1e-3)
check("to nearly log2 V", entropies[-1] > 0.999 * np.log2(len(words)))
check("The order of the words never changes", (np.diff(by_temperature, axis=1) < 0).all())

# %% [markdown]
# ## Overflow, shown and cured
#
# The formula is right and the function that implements it is broken. Real models produce scores of
# a hundred now and then, and in 32 bits a number cannot exceed about $3 \cdot 10^{38} \approx e^{88.7}$.

# %%
large = np.array([100.0, 99.0, 98.0], dtype=np.float32)
with np.errstate(over="ignore", invalid="ignore"):
    print(np.exp(large))
    print(naive_softmax(large))

# %% [markdown]
# Infinity divided by infinity is *not a number*, and one such value in a batch turns every parameter
# of a network into the same. The cure is the freedom that we met above: subtract the largest score
# first. The result is the same in exact arithmetic; now the largest exponent is zero, so nothing
# overflows, and what underflows to zero is too small to matter in a sum that is at least one.


# %%
def softmax(logits):
    """Softmax over the last axis, safe for scores of any size."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


print(softmax(large).round(3))
close("Safe and naive agree where the naive one works", softmax(logits), naive_softmax(logits))
close("Safe softmax equals SciPy's on large scores", softmax(large), scipy.special.softmax(large))

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
    return largest + np.log(np.exp(logits - largest).sum(axis=-1, keepdims=True))


def log_softmax(logits):
    """Logarithms of the softmax probabilities, without forming the probabilities."""
    return logits - logsumexp(logits)


print("log-softmax:   ", log_softmax(apart))
close("The lost logarithm is back", log_softmax(apart)[1], -200.0)
close("Log-sum-exp equals SciPy's", logsumexp(large)[0], scipy.special.logsumexp(large), atol=1e-5)

# %% [markdown]
# Log-sum-exp is also the smooth version of the maximum, and that is a good way to remember it: it
# lies between $\max_j z_j$ and $\max_j z_j + \log V$, close to the first when one score stands out,
# at the second when all are equal.

# %%
scores = np.random.default_rng(SEED).normal(scale=5, size=(1000, 4))  # [1000, V]
excess = logsumexp(scores)[:, 0] - scores.max(axis=1)  # [1000]
check("max ≤ lse ≤ max + log V in a thousand trials", ((excess >= 0) & (excess <= np.log(4))).all())
close("lse of equal scores is max + log V", logsumexp(np.zeros(4)), [np.log(4)])

# %% [markdown]
# ## Cross-entropy: how surprised was the model?
#
# The text goes on, and the next word was *boring*. How good was the forecast? The model gave that
# word the probability $p_y$. A fair mark is its **surprise** $-\log p_y$, in **nats**, the unit of the
# natural logarithm (a bit is $\log 2$ nats): zero if the model was certain and right, and unbounded as
# the probability goes to zero. Averaged over $N$ observed words, it is the **cross-entropy**, the loss
# that nearly every language model is trained on:
#
# $$L = -\frac{1}{N}\sum_{n=1}^{N} \log p^{(n)}_{y_n}
# = \frac{1}{N}\sum_{n=1}^{N} \left(\operatorname{lse}(z^{(n)}) - z^{(n)}_{y_n}\right) \tag{3}$$
#
# Minimizing it is maximum likelihood, since the sum of the logarithms is the logarithm of the
# probability of the whole text.

# %% mystnb={"image": {"alt": "The curve of minus the logarithm of p against p from zero to one. It falls steeply from the upper left and reaches zero at p equal to one. Dots mark the four words; purple, the least likely, lies highest."}}
figure, ax = plt.subplots(figsize=(6.4, 3.2))
p = np.linspace(0.005, 1, 300)
ax.plot(p, -np.log(p), color=plot.GREY)
for i, word in enumerate(words):
    ax.plot(probabilities[i], -np.log(probabilities[i]), "o", color=plot.COLORS[i], label=word)
ax.set(xlabel="probability the model gave to what happened", ylabel="surprise in nats")
ax.legend()
plt.show()


# %%
def cross_entropy(logits, targets):
    """Mean surprise in nats; logits [N, V], targets [N] of ids."""
    log_p = log_softmax(logits)  # [N, V]
    return -log_p[np.arange(len(targets)), targets].mean()


targets = np.array([0, 1, 1, 3])
batch = scores[: len(targets)]  # [4, V]
reference = F.cross_entropy(torch.tensor(batch), torch.tensor(targets))
close("Our cross-entropy equals PyTorch's", cross_entropy(batch, targets), reference)
observed = log_softmax(batch)[np.arange(len(targets)), targets]  # [N]
ours = cross_entropy(batch, targets)
close("and the book's helper agrees", ours, metrics.cross_entropy(observed))

# %% [markdown]
# > **Common mistake.** `F.cross_entropy` takes *logits*. It applies the softmax itself. Feeding it
# > probabilities runs without complaint and the loss even goes down, but it applies the softmax
# > twice, and the result can no longer become small.
#
# How small can it become then? Probabilities differ by at most one, so the second softmax can prefer
# the right word by a factor of at most $e$, however sure the model is. With $V$ words the loss cannot
# fall below $\log(1 + (V - 1)/e)$: nearly ten nats for fifty thousand.

# %%
certain = torch.tensor([[50.0, 0.0, 0.0, 0.0]])  # [1, V]
right = torch.tensor([0])
once = F.cross_entropy(certain, right)
twice = F.cross_entropy(certain.softmax(dim=-1), right)
close("A certain and right model has no loss", once, 0.0)
close("With two softmaxes its loss stays at log(1 + 3/e)", twice, np.log(1 + 3 / np.e))

# %% [markdown]
# ## The gradient is p − y
#
# Training moves the logits downhill, so we need the slope of the loss in each logit. Write $y$ for
# the vector with a one at the word that occurred and zeros elsewhere. For a single prediction
# $L = \operatorname{lse}(z) - z_y$, and three short lines do it:
#
# $$\frac{\partial}{\partial z_i}\operatorname{lse}(z) = \frac{e^{z_i}}{\sum_j e^{z_j}} = p_i,
# \qquad \frac{\partial z_y}{\partial z_i} = y_i,
# \qquad \frac{\partial L}{\partial z_i} = p_i - y_i \tag{4}$$
#
# Forecast minus fact. The logarithm and the exponential have cancelled, and what is left cannot
# vanish as long as the forecast is wrong. Compare a squared error on the probabilities, whose
# gradient carries a factor $p_i(1-p_i)$ and is nearly flat exactly where the model is certain *and*
# wrong.


# %%
def gradient(logits, target):
    """Slope of the cross-entropy of one prediction in each logit: p − y, [V]."""
    y = np.eye(len(logits))[target]  # [V]
    return softmax(logits) - y


wrong = torch.tensor([20.0, 0.0, 0.0, 0.0], dtype=torch.float64, requires_grad=True)
F.mse_loss(wrong.softmax(dim=-1), torch.eye(4, dtype=torch.float64)[1]).backward()
check("Certain and wrong, squared error has no slope", wrong.grad.abs().max().item() < 1e-6)
steepest = np.abs(gradient(wrong.detach().numpy(), target=1)).max()
check("and cross-entropy has the steepest there is", steepest > 0.99)

# %%
slopes = gradient(logits, target=1)
print(dict(zip(words, slopes.round(3).tolist(), strict=True)))

# %% [markdown]
# A derivation on paper deserves a check that knows nothing of it. A **finite difference** moves one
# logit a little up and a little down and looks at what the loss does.

# %%
step = 1e-5
numeric = np.zeros_like(logits)
for i in range(len(logits)):
    nudge = step * np.eye(len(logits))[i]
    above = cross_entropy((logits + nudge)[None], [1])
    below = cross_entropy((logits - nudge)[None], [1])
    numeric[i] = (above - below) / (2 * step)

leaf = torch.tensor(logits, requires_grad=True)
F.cross_entropy(leaf[None], torch.tensor([1])).backward()
close("p − y equals the finite differences", slopes, numeric, atol=1e-8)
close("p − y equals PyTorch's automatic differentiation", slopes, leaf.grad)
close("The slopes sum to zero: the level of the scores stays free", slopes.sum(), 0.0)

# %% mystnb={"image": {"alt": "Horizontal bars of the slope for each of the four words. The word that occurred, boring, has a long negative bar; the other three have positive bars in proportion to the probability they were given."}}
figure, ax = plt.subplots(figsize=(6.4, 2.4))
plot.bars(ax, words, slopes, color=[plot.ORANGE if s > 0 else plot.BLUE for s in slopes])
ax.axvline(0, color=plot.INK, linewidth=0.8)
ax.set_xlabel("slope of the loss in the score")
plt.show()

# %% [markdown]
# Read the picture as a budget. Downhill, *boring* is pushed up by what it lacked, and the others pay
# for it, each in proportion to the probability that it had claimed. *Wonderful* pays most.
#
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

# %%
z = np.zeros(len(letters))  # [V]
losses = []
for _ in range(3000):
    p = softmax(z)  # [V]
    losses.append(-(frequencies * np.log(p)).sum())
    z -= 5.0 * (p - frequencies)  # 5.0 is the step size: how far to go down the slope

floor = -(frequencies * np.log(frequencies)).sum()
excess = softmax(z) / frequencies  # [V]
check("Training ends within a thousandth of a nat of the entropy", 0 < losses[-1] - floor < 1e-3)
check("The loss falls at every step and stays above it", (np.diff(losses) < 0).all())
rarest = frequencies[excess.argmax()] == frequencies.min()
check("Furthest off, in proportion, is a rarest one", rarest)

# %% [markdown]
# In three thousand steps it has come very close to what *counting* gives at once; the rarest
# characters arrive last, since their slopes are tiny. That is no accident, and it will return with a
# whole network in [the bigram as a network](../ngrams/bigram_network.ipynb). Split the
# loss in two to see why:
#
# $$\underbrace{-\sum_i f_i \log p_i}_{\text{cross-entropy}}
# = \underbrace{-\sum_i f_i \log f_i}_{\text{entropy } H(f)}
# + \underbrace{\sum_i f_i \log \frac{f_i}{p_i}}_{D_{\mathrm{KL}}(f \,\|\, p)} \tag{5}$$
#
# The first part belongs to the text, and no model can change it. The second, the
# **Kullback–Leibler divergence**, is never negative ([proof](chain_rule.ipynb)) and is zero only where
# $p = f$. So whoever
# maximizes the likelihood minimizes the divergence between the data and the model, and has reached
# the bottom when the model's probabilities are the observed frequencies.


# %%
def kl_divergence(f, p):
    """Kullback–Leibler divergence of p from f in nats; infinite where p is zero and f is not."""
    return float(scipy.special.rel_entr(f, p).sum())


start = np.full(len(letters), 1 / len(letters))
divergence = kl_divergence(frequencies, start)
close("Cross-entropy = entropy + divergence at the start", losses[0], floor + divergence)
close("The first loss is log V: all characters equally likely", losses[0], np.log(len(letters)))
random_pairs = np.random.default_rng(SEED).dirichlet(np.ones(5), size=(1000, 2))  # [1000, 2, V]
positive = all(kl_divergence(f, p) > 0 for f, p in random_pairs)
check("The divergence is positive for a thousand random pairs", positive)
close("and zero for p = f", kl_divergence(frequencies, frequencies), 0.0)

# %% mystnb={"image": {"alt": "The loss against the training step on a logarithmic axis. The curve starts at log V and falls towards a horizontal line, the entropy of the text. The shaded gap between curve and line is the divergence, which shrinks to nothing."}}
figure, ax = plt.subplots()
steps = np.arange(1, len(losses) + 1)
ax.plot(steps, losses, label="cross-entropy")
ax.axhline(floor, color=plot.GREEN, label="entropy of the text")
ax.fill_between(steps, floor, losses, color=plot.SKY, alpha=0.35, label="divergence")
ax.set(xscale="log", xlabel="training step", ylabel="nats per character")
ax.legend()
plt.show()

# %% [markdown]
# The divergence is not a distance: exchanging its two arguments changes it. Where the data has
# something that the model excludes, it is infinite; where the model expects something that never
# comes, the price is mild. A language model must therefore not rule out anything, which is the
# whole subject of smoothing.

# %%
p, q = np.array([0.5, 0.5, 0.0]), np.array([0.4, 0.4, 0.2])
print(f"D(p‖q) = {kl_divergence(p, q):.3f}   D(q‖p) = {kl_divergence(q, p)}")
check("The divergence is not symmetric", kl_divergence(p, q) < kl_divergence(q, p) == np.inf)

# %% [markdown]
# ## Label smoothing
#
# Back to a single prediction. Its target is a one and otherwise zeros, and with (4) the loss only
# stops pulling when $p$ is exactly that: the score of the right word must run away to infinity. A
# network that can afford it becomes certain of everything, its mistakes included. **Label
# smoothing** (Szegedy et al. 2016) asks for a little less. A share $\varepsilon$ of the target is spread
# evenly over all $V$ words. The slope follows as before: the new targets $q_i$ sum to one too, so
# $L_\varepsilon = \operatorname{lse}(z) - \sum_i q_i z_i$, whose slope in $z_i$ is $p_i - q_i$.
#
# $$q_i = (1 - \varepsilon)\, y_i + \frac{\varepsilon}{V}, \qquad
# L_\varepsilon = -\sum_{i=1}^{V} q_i \log p_i, \qquad
# \frac{\partial L_\varepsilon}{\partial z_i} = p_i - q_i \tag{6}$$


# %%
def smoothed_cross_entropy(logits, target, epsilon):
    """Cross-entropy of one prediction with a target that gives ε/V to every word."""
    vocab_size = len(logits)
    q = (1 - epsilon) * np.eye(vocab_size)[target] + epsilon / vocab_size  # [V]
    return -(q * log_softmax(logits)).sum()


ours = smoothed_cross_entropy(logits, 1, 0.1)
theirs = F.cross_entropy(torch.tensor(logits)[None], torch.tensor([1]), label_smoothing=0.1)
close("Our smoothed loss equals PyTorch's", ours, theirs)
q = 0.9 * np.eye(4)[1] + 0.1 / 4  # [V]
numeric = [
    (smoothed_cross_entropy(logits + d, 1, 0.1) - smoothed_cross_entropy(logits - d, 1, 0.1))
    / (2 * step)
    for d in step * np.eye(4)
]
close("Its slope is p − q", softmax(logits) - q, numeric, atol=1e-8)

# %% [markdown]
# Let the right word's score lead the others by a margin and watch both losses as the margin grows.

# %% mystnb={"image": {"alt": "Two curves of loss against the lead of the right word. Plain cross-entropy falls towards zero for ever. The smoothed loss has a lowest point at a moderate lead, marked by a dotted vertical line, and rises again beyond it."}}
margins = np.linspace(-2, 12, 200)
lead = margins[:, None] * np.eye(4)[0]  # [200, V]: the right word, number 0, leads by the margin
plain = np.array([smoothed_cross_entropy(row, 0, 0.0) for row in lead])
smooth = np.array([smoothed_cross_entropy(row, 0, 0.1) for row in lead])
best = np.log((1 - 0.1 + 0.1 / 4) / (0.1 / 4))

figure, ax = plt.subplots(figsize=(6.4, 3.2))
ax.plot(margins, plain, label="plain")
ax.plot(margins, smooth, label="smoothed, ε = 0.1")
ax.axvline(best, color=plot.GREY, linestyle=":", linewidth=1, label="p = q")
ax.set(xlabel="lead of the right word's score over the others", ylabel="loss in nats")
ax.legend()
plt.show()

# %%
check("Plain cross-entropy rewards every further lead", (np.diff(plain) < 0).all())
lowest = margins[smooth.argmin()]
close("The smoothed loss is lowest where p = q", lowest, best, atol=margins[1] - margins[0])
check("Beyond that it punishes certainty", smooth[-1] > smooth.min())

# %% [markdown]
# Smoothing puts the best lead at a finite, known place, $\log\frac{1-\varepsilon+\varepsilon/V}{\varepsilon/V}$.
# It does not change which word is the best guess. And its loss is no longer the mean surprise. So
# **perplexity**, $e$ to the mean surprise, must be computed with $\varepsilon = 0$, whatever the model
# was trained with.
#
# ## Summary
#
# If the ratio of two probabilities may depend only on the difference of their two scores, softmax is
# forced on us, up to the temperature. Subtract the maximum before exponentials, and stay in logarithms as long as you can. Cross-entropy is the mean surprise; its
# slope is forecast minus fact. Its lowest value is the entropy of the data, reached where the model
# repeats the observed frequencies, because maximum likelihood *is* the smallest divergence. Label
# smoothing replaces the unreachable target by one that can be reached.
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
    """Softmax probability of the second of two classes, [N], from logits [N, 2]."""
    ...


exercises.two_classes(probability_of_second)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def probability_of_second(logits):
    """Softmax probability of the second of two classes, [N], from logits [N, 2]."""
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
    """Mean surprise in nats over targets other than pad; logits [N, V], targets [N]."""
    ...


exercises.masked(masked_cross_entropy)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 4
def masked_cross_entropy(logits, targets, pad):
    """Mean surprise in nats over targets other than pad; logits [N, V], targets [N]."""
    real = targets != pad
    return cross_entropy(logits[real], targets[real])


exercises.masked(masked_cross_entropy)

# %% [markdown]
# ## Common mistakes
#
# *Softmax before a loss that expects logits*: the loss has a floor that no training removes, as we
# saw. *The logarithm of a softmax*: fine for years, then minus infinity; use the log-softmax. *Softmax
# over the wrong axis*: the rows of a batch compete with each other and every column sums to one;
# look at the sums once. *Perplexity of a smoothed loss*: it measures the smoothing as well.
#
# ## Further reading
#
# - Bridle (1990), [Probabilistic interpretation of feedforward classification network outputs](https://doi.org/10.1007/978-3-642-76153-9_28), where the softmax got its name.
# - Kullback and Leibler (1951), [On information and sufficiency](https://doi.org/10.1214/aoms/1177729694).
# - Szegedy et al. (2016), [Rethinking the Inception architecture](https://arxiv.org/abs/1512.00567), section 7: label smoothing.
# - Blanchard, Higham and Higham (2021), [Accurately computing the log-sum-exp and softmax functions](https://doi.org/10.1093/imanum/draa038): the error analysis behind "subtract the maximum".
