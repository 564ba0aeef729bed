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
# # What twice as much buys
#
# Fit a curve to small models, let it foretell a large one that it has not seen, and count how far off it is as a part of
# the answer.
#
# Made-up numbers first. Three models are trained, each four times as large as the one before. They need 3 bits per character, 2, and 1.5. What will
# the next one need, and is it worth its price?

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
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation.metrics import bits_per_char
from lmcourse.evaluation.scoring import n_predicted, nll
from lmcourse.exercises.transformer import scaling as exercises
from lmcourse.models.llama import LlamaConfig
from lmcourse.models.ngram import NGram
from lmcourse.records import sweep
from lmcourse.text.batches import batches
from lmcourse.text.characters import CharTokenizer
from lmcourse.training.best import BestWeights
from lmcourse.training.bf16 import fit_bf16
from lmcourse.training.language_model import next_symbol_loss
from lmcourse.weights import llama_recipe

run = session.start(PROFILE, SEED)

# %% [markdown]
# Look at the gains. From 3 to 2 it is one bit, from 2 to 1.5 half a bit: each gain is half of the one before. If that goes on, the next is a quarter,
# and the fourth model needs 1.25. The one after it needs 1.125, and so on, towards 1. Never below.

# %%
sizes = np.array([1, 4, 16, 64])  # millions of parameters, say
toy = np.array([3, 2, 1.5, 1.25])  # bits per character; the last foretold
print("above 1 bit:", *(toy - 1))

# %% [markdown]
# What lies above that floor is halved whenever the size grows fourfold: 2, 1, $\frac12$, $\frac14$. Both axes logarithmic, this is a straight line that falls by $\log 2$ while
# it goes $\log 4$ to the right: slope $-\frac12$.
#
# **You will**
#
# - find the floor and the slope of such a line with a pencil, then by least squares,
# - train one model of a record of many, and get what the record says,
# - fit the law to small models and to little text, foretell what was held out, and compare with simpler guesses,
# - measure whether a Transformer or a table of counts makes more of more text.
#
# **You need** [GPT](gpt.ipynb), with its rival, the counts; parameters and 6ND are counted in [the block chapter](block.ipynb).

# %% [markdown]
# ## The law
#
# With $n$ for what there is more and more of, parameters or characters to learn from, and $n_0$ for the smallest amount:
#
# $$L(n) = E + A \left(\frac{n}{n_0}\right)^{-\alpha} \tag{1}$$
#
# $E$ is the floor, $A$ what lies above it at $n_0$, and twice as much of $n$ leaves $2^{-\alpha}$ of what lay above. This is a **scaling law**. Nobody has derived it for
# networks like ours; it is a form that was found to fit, by Hestness et al. (2017), Kaplan et al. (2020) and others, over many powers of ten.
#
# Three models in equal ratio are enough for its three numbers. Their parts above the floor are in equal ratio, too: $(L_2 - E)^2 = (L_1 - E)(L_3 - E)$. Multiply out, $E^2$ cancels, and
#
# $$E = \frac{L_1 L_3 - L_2^2}{L_1 + L_3 - 2 L_2} \tag{2}$$


# %%
def floor_of(first, second, third):
    """Formula (2): the floor, from three models in equal ratio."""
    return (first * third - second**2) / (first + third - 2 * second)


print("floor", floor_of(3, 2, 1.5), "   with 1.52 for 1.5:", end=" ")
print(round(floor_of(3, 2, 1.52), 3))

# %% [markdown]
# Two hundredths of a bit in the last model move the floor by more. That is the first warning: a floor is
# where nobody has measured, and small errors are stretched on the way there.
#
# With more than three points, and errors in each, we take the law that misses least. If we knew $\alpha$, then (1) would be a straight line over $x = (n/n_0)^{-\alpha}$, with
# intercept $E$ and slope $A$: linear regression. So we try many $\alpha$. Misses are counted in parts of the measured value, much as on a logarithmic axis.

# %%
ALPHAS = np.geomspace(0.05, 1.5, 400)


def power(n, n_0, alpha):
    """What A is multiplied by in (1)."""
    return (np.asarray(n) / n_0) ** -alpha


def nearest(columns, bits):
    """Of tables of columns [G, n, k], the one whose weighted sum fits best.

    Its number, and its k weights; none of them below zero.
    """
    scaled = columns / bits[:, None]  # [G, n, k]; the sum should be 1
    weights = np.linalg.pinv(scaled).sum(axis=-1)  # [G, k] least squares
    sums = (scaled @ weights[:, :, None])[:, :, 0]  # [G, n]
    misses = ((sums - 1) ** 2).sum(axis=1)  # [G]
    misses[(weights < 0).any(axis=1)] = math.inf
    return misses.argmin(), weights[misses.argmin()]


def fitted(n, bits):
    """The law (1) that misses bits [n] least: (E, A, alpha)."""
    tables = [
        np.stack([np.ones(len(n)), power(n, n[0], alpha)], axis=1)
        for alpha in ALPHAS
    ]  # [G] of [n, 2]
    best, (E, A) = nearest(np.array(tables), bits)
    return E, A, ALPHAS[best]


def foretell(law, n, n_0):
    """Formula (1)."""
    E, A, alpha = law
    return E + A * power(n, n_0, alpha)


# %% [markdown]
# (The pseudo-inverse `pinv` of a table of columns, applied to a row of ones, is the least-squares solution, and NumPy takes all 400 tables at once.) On our three numbers:

# %%
E, A, alpha = fitted(sizes[:3], toy[:3])
print(f"E {E:.3f}   A {A:.3f}   alpha {alpha:.3f}")
print(f"the fourth: {foretell((E, A, alpha), 64, 1):.3f}")

# %% tags=["claims"]
close("Formula (2) finds the floor", floor_of(3, 2, 1.5), 1)
close("So does the fit", fitted(sizes[:3], toy[:3])[0], 1, atol=0.02)
close("The fourth is foretold", foretell((E, A, alpha), 64, 1), 1.25, atol=0.01)
moved = floor_of(3, 2, 1.52) - floor_of(3, 2, 1.5)
check("The floor moves further than the point", moved > 0.02)

# %% [markdown]
# ## The record
#
# Now real ones. Seven sizes of the Llama that made [the book's best GPT](gpt.ipynb), from 25 thousand to 8 million parameters (tables not counted), learn the characters of the
# review sentences; three of the sizes also learn from a half, a quarter, an eighth and a sixteenth of the sentences. Three seeds each: a seed draws the first weights and the sentences of
# the share. `benchmarks/sweep_scaling.py` made the record on a GPU, and named what is held out before anything was trained:
#
# - the largest model, for the law over sizes,
# - the full text, for the law over text.
#
# All have one recipe, whose length depends on the share alone. For each size and share the dropout was chosen on validation, of three or four values, and so was the moment at which to stop. What we fit and
# foretell are bits per character on the test sentences. Beside the networks stand counts: n-grams with modified Kneser–Ney smoothing, of the order that is best on validation.

# %% tags=["hide-input"]
# @title Reading the record
record = sweep("transformer/scaling")
SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1)
HELD_OUT = record["held_out"]["sizes"][0]["size"]
MAIN = record["held_out"]["shares"][0]["size"]  # of the law over text


def cell(size, share):
    """The runs of one size on one share, by their settings: lists of runs."""
    key = "order" if size == "counts" else "dropout"
    found = {}
    for trial in record["runs"]:
        here = (trial["size"], trial["share"]) == (size, share)
        if here and trial.get("rate", 1) == 1:
            found.setdefault(trial[key], []).append(trial)
    return found


def chosen(size, share):
    """The runs with the setting that is best on validation, one a seed."""
    return min(cell(size, share).values(), key=lambda runs: mean_of(runs)[0])


def mean_of(runs, *keys):
    """Means over the runs of the values under the keys."""
    keys = keys or ("validation",)
    return [float(np.mean([trial[key] for trial in runs])) for key in keys]


def bits_of(size, share):
    """Bits per character on test, one a seed: [3]."""
    return np.array([trial["test"] for trial in chosen(size, share)])


# %% tags=["hide-input"]
SIZES = sorted(
    {trial["size"] for trial in record["runs"]} - {"counts"},
    key=lambda s: chosen(s, 1)[0]["parameters"],
)
N = np.array([chosen(s, 1)[0]["parameters"] for s in SIZES])  # [7]
print("parameters   dropout   test, by seed              training")
for s, parameters in zip(SIZES, N, strict=True):
    runs = chosen(s, 1)
    row = "  ".join(f"{bits:.3f}" for bits in bits_of(s, 1))
    if s == HELD_OUT:
        row = "(held out)"
    else:
        row += f"{mean_of(runs, 'train')[0]:15.3f}"
    print(f"{parameters:10,}{runs[0]['dropout']:10}   {row}")

# %% [markdown]
# Is the record what it says? We make one of its runs again: the smallest size on a sixteenth of the sentences, in the library's public calls. (The record trained
# several models at once, in one large product of matrices, and drew its batches a little differently.)

# %%
reviews = load_reviews("text")
tokenizer = CharTokenizer()
rows = {
    split: [tokenizer.encode(text) for text in some["text"]]
    for split, some in reviews.items()
}


def drawn(share, seed):
    """The training rows of a share, as the record draws them."""
    order = np.random.default_rng([seed, 1]).permutation(len(rows["train"]))
    return [rows["train"][i] for i in order[: round(share * len(order))]]


def bits(model, some):
    """Bits per character of rows."""
    return bits_per_char(nll(model, some), n_predicted(some))


# %%
seed = SEED % 3  # the record has three
again = chosen("25k", 1 / 16)[seed]
torch.manual_seed(seed)
model = llama_recipe.fresh(
    LlamaConfig(
        tokenizer.vocab_size,
        context_length=288,
        n_layers=2,
        n_heads=2,
        n_kv_heads=2,
        d_model=32,
        d_hidden=88,
        rotary_base=1000.0,
        dropout=again["dropout"],
    )
)
steps = run.size(smoke=4, cpu=again["steps"], gpu=again["steps"])
batch_at = batches(drawn(1 / 16, seed), record["batch"], seed)

# %% tags=["nbval-ignore-output"]
best = BestWeights(
    model, lambda: bits(model, rows["validation"][::2]), steps=steps, looks=4
)
fit_bf16(
    model,
    next_symbol_loss,
    lambda step: llama_recipe.few_shapes(*batch_at(step)),
    steps=steps,
    matrix_rate=record["matrix_rate"],
    learning_rate=record["rate"],
    session=run,
    label="25k on a sixteenth",
    on_step=best,
)
best.restore()
live = bits(model, rows["test"][::4])
print(f"on a quarter of the test sentences: {live:.3f}")
print(f"the record, on all of them:         {again['test']:.3f}")

# %% tags=["claims"]
inside = sum(weight.numel() for weight in model.blocks.parameters())
check("As many parameters as the record says", inside == again["parameters"])
check("Just trained: near the record", abs(live - again["test"]) < 0.08)

# %% [markdown]
# ## More parameters
#
# We fit (1) to the six smaller sizes, and ask it for the seventh. How sure is it? A first answer is a [bootstrap](../ngrams/bigram_counts.ipynb) over runs: draw, for each size, three of its three runs with repetition, fit again, foretell again, 300 times; 95 % of the answers lie in
# the interval. It tells what the luck of the seeds does (and with three seeds a little less than that). It cannot tell what happens if the law is wrong.
#
# Three rivals that need no law: the seventh will do **as well as the sixth**; the bits fall on a straight line **without a floor**, both axes logarithmic; the gain **per doubling** from the fifth to the sixth goes on.


# %% tags=["hide-input"]
# @title Fits to runs drawn anew
def resampled(points, seed=0, n=300):
    """Means [n, points] of runs drawn with repetition, from points [P, 3]."""
    rng = np.random.default_rng(seed)
    picks = rng.integers(points.shape[1], size=(n, *points.shape))
    return np.take_along_axis(points[None], picks, axis=2).mean(axis=2)


def foretold(n, points, new):
    """The law's answer for `new`, and its interval over runs drawn anew."""
    middle = foretell(fitted(n, points.mean(axis=1)), new, n[0])
    spread = [
        foretell(fitted(n, some), new, n[0]) for some in resampled(points)
    ]
    return middle, *np.quantile(spread, [0.025, 0.975])


def simpler(n, means, new):
    """What three simpler rules say."""
    slope, height = np.polyfit(np.log(n), np.log(means), 1)
    doublings = math.log(n[-1] / n[-2])
    gain = (means[-2] - means[-1]) / doublings
    return {
        "as the last": means[-1],
        "line, no floor": math.exp(height + slope * math.log(new)),
        "gain goes on": means[-1] - gain * math.log(new / n[-1]),
    }


# %% tags=["hide-input"]
small = np.array([bits_of(s, 1) for s in SIZES[:-1]])  # [6, 3]
size_law = fitted(N[:-1], small.mean(axis=1))
answer = foretold(N[:-1], small, N[-1])
found = bits_of(HELD_OUT, 1)  # [3], opened here
truth = found.mean()
print("E {:.3f}   A {:.3f}   alpha {:.3f}\n".format(*size_law))
print("the law foretells {:.3f} [{:.3f}, {:.3f}]".format(*answer))
print("measured         ", *(f"{each:.3f}" for each in found))
said = {"the law": answer[0], **simpler(N[:-1], small.mean(axis=1), N[-1])}
print(f"\n{'':<16}foretold     miss")
for name, value in said.items():
    print(f"{name:<16}{value:8.3f} {value - truth:+8.3f}")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Bits per character over parameters, logarithmic axis from twenty thousand to eight million. Six dots fall ever more slowly along a curve that is drawn through them and on to the right, towards a dashed line, its floor. The hollow dot of the largest model lies to the right of them, near the curve."}}
figure, ax = plot.panels(height=3.4)
wide = np.geomspace(N[0], 4 * N[-1], 100)
ax.plot(wide, foretell(size_law, wide, N[0]), color=plot.BLUE)
ax.plot(N[:-1], small.mean(axis=1), "o", color=plot.INK)
ax.plot(N[-1], truth, "o", mfc=plot.PAPER, color=plot.RED)
ax.axhline(size_law[0], color=plot.GREY, lw=1, ls="--")
ax.text(N[0], size_law[0] + 0.01, "floor of the law", color=plot.GREY)
ax.set(xscale="log", xlabel="parameters", ylabel="bits per character")
plt.show()

# %% [markdown]
# PROSE ON THE RESULT.
#
# ### How far off is it, usually?
#
# One held-out point is one. But the law could have been asked earlier: fit the first three sizes and foretell the fourth, then four for the fifth, and so on. Each time it looks one step ahead, of about two and a half times the parameters.

# %% tags=["hide-input"]
means = np.array([bits_of(s, 1).mean() for s in SIZES])  # [7]
steps_ahead = {name: [] for name in said}
print("foretold for " + "".join(f"{name:>16}" for name in said))
for known in range(3, 7):
    law = fitted(N[:known], means[:known])
    value = foretell(law, N[known], N[0])
    rules = simpler(N[:known], means[:known], N[known])
    for name, guess in {"the law": value, **rules}.items():
        steps_ahead[name].append(guess - means[known])
    row = (f"{steps_ahead[name][-1]:+16.3f}" for name in said)
    print(f"{N[known]:12,} " + "".join(row))
usual = {
    name: float(np.sqrt(np.mean(np.square(misses))))
    for name, misses in steps_ahead.items()
}
row = "".join(f"{value:16.3f}" for value in usual.values())
print(f"{'usual miss':<13}{row}")

# %% [markdown]
# (The last line is the root of the mean square.) PROSE.

# %% tags=["claims"]
law_miss = abs(said["the law"] - truth)
for name in list(said)[1:]:
    check(
        f"The seventh size: the law misses by less than '{name}'",
        law_miss < abs(said[name] - truth),
    )
    check(
        f"One step ahead: the law's usual miss is below that of '{name}'",
        usual["the law"] < usual[name],
    )

# %% [markdown]
# ## More text
#
# The same for characters to learn from. The network is the one with 3 million parameters, the rival a table of counts. Both see the same shares. The law is fitted to the
# four smaller ones, and the full text is held out.

# %% tags=["hide-input"]
D = np.array([mean_of(chosen(MAIN, s), "chars")[0] for s in SHARES])  # [5]
curves = {
    name: np.array([bits_of(name, share) for share in SHARES])
    for name in (MAIN, "counts")
}  # [5, 3] each
names = {MAIN: "network", "counts": "counts"}
data_laws, text_said = {}, {}
for name, points in curves.items():
    law = data_laws[name] = fitted(D[:-1], points[:-1].mean(axis=1))
    answer = foretold(D[:-1], points[:-1], D[-1])
    rules = simpler(D[:-1], points[:-1].mean(axis=1), D[-1])
    text_said[name] = {"the law": answer[0], **rules}
    print(names[name], " E {:.2f}  A {:.2f}  alpha {:.2f}".format(*law))
    print("   by share", *(f"{x:.3f}" for x in points.mean(axis=1)))
    print("   foretold for all {:.3f} [{:.3f}, {:.3f}]".format(*answer))
    for rule, value in text_said[name].items():
        print(f"   {rule:<15}{value - points[-1].mean():+.3f}")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Bits per character over characters to learn from, logarithmic axis from fifty thousand to two million. Two falling curves, network and counts, with dots at the sixteenth, eighth, quarter and half; hollow dots at the full text. The curves go on to twice the text as dotted lines."}}
figure, ax = plot.panels(height=3.4)
wide = np.geomspace(D[0], 2 * D[-1], 100)
for name, color in ((MAIN, plot.BLUE), ("counts", plot.ORANGE)):
    middle = curves[name].mean(axis=1)
    ax.plot(wide, foretell(data_laws[name], wide, D[0]), color=color)
    ax.plot(D[:-1], middle[:-1], "o", color=color)
    ax.plot(D[-1], middle[-1], "o", mfc=plot.PAPER, color=color)
    end = foretell(data_laws[name], wide[-1], D[0])
    ax.text(wide[-1] * 1.05, end, names[name], color=color, va="center")
ax.set(xscale="log", xlabel="characters", ylabel="bits per character")
ax.set_xlim(right=4 * D[-1])
plt.show()

# %% [markdown]
# PROSE.
#
# ### Who makes more of twice the text?
#
# The gain of each doubling, seed by seed (both learn from the same sentences), and the share at which the network overtakes the counts. Between two shares we draw a straight line; the interval is of the runs drawn anew.


# %% tags=["hide-input"]
# @title Where two curves cross
def crossing(gaps):
    """Characters at which a gap [5] in bits first falls to zero, or nan."""
    for i in range(4):
        if gaps[i] > 0 >= gaps[i + 1]:
            part = gaps[i] / (gaps[i] - gaps[i + 1])
            return D[i] * (D[i + 1] / D[i]) ** part
    return math.nan


# %% tags=["hide-input"]
gains = {name: points[:-1] - points[1:] for name, points in curves.items()}
print("gain from      1/16 to 1/8   to 1/4   to 1/2   to all")
for name, gained in gains.items():
    row = "".join(f"{x:9.3f}" for x in gained.mean(axis=1))
    print(f"{names[name]:<16}{row}")
gap = curves[MAIN] - curves["counts"]  # [5, 3]
print("network - counts", *(f"{x:+.3f}" for x in gap.mean(axis=1)))
crossings = np.array([crossing(some) for some in resampled(gap)])
at = crossing(gap.mean(axis=1))
low, high = np.nanquantile(crossings, [0.025, 0.975])
print(f"\nthey cross at {at:,.0f} characters [{low:,.0f}, {high:,.0f}]")

# %% tags=["claims"]
last = gains[MAIN][-1] - gains["counts"][-1]  # [3]
check("The last doubling, every seed: the network gains more", last.min() > 0)
check("The least text, every seed: counts are ahead", gap[0].min() > 0)
check("All of the text, every seed: the network is ahead", gap[-1].max() < 0)
check("Every resampled pair of curves crosses", not np.isnan(crossings).any())

# %% [markdown]
# ## Both at once
#
# What is the next doubling better spent on? A law of both says that each adds its own part above one floor (Hoffmann et al. 2022):
#
# $$L(N, D) = E + A \left(\frac{N}{N_0}\right)^{-\alpha} + B \left(\frac{D}{D_0}\right)^{-\beta} \tag{3}$$
#
# We fit it to all sizes and shares but two: the model of 8 million parameters and the one of 3 million, both on the full text.


# %%
def fitted_jointly(n, d, bits):
    """The law (3) that misses bits [P] least: E, A, B, alpha, beta."""
    some = ALPHAS[::10]  # 40 exponents each
    pairs = [(alpha, beta) for alpha in some for beta in some]
    tables = [
        np.stack(
            [np.ones(len(n)), power(n, N[0], alpha), power(d, D[0], beta)],
            axis=1,
        )
        for alpha, beta in pairs
    ]  # [G] of [P, 3]
    best, weights = nearest(np.array(tables), bits)
    return *weights, *pairs[best]


def foretell_jointly(law, n, d):
    """Formula (3)."""
    E, A, B, alpha, beta = law
    return E + A * power(n, N[0], alpha) + B * power(d, D[0], beta)


# %% tags=["hide-input"]
grid = [(s, share) for s in SIZES for share in SHARES if cell(s, share)]
kept = [c for c in grid if c not in ((HELD_OUT, 1), (MAIN, 1))]


def amounts(cells):
    """Parameters and characters of cells."""
    some = [mean_of(chosen(*c), "parameters", "chars") for c in cells]
    return np.array(some).T  # [2, P]


points = np.array([bits_of(*c) for c in kept])  # [P, 3]
joint = fitted_jointly(*amounts(kept), points.mean(axis=1))
draws = [
    fitted_jointly(*amounts(kept), some) for some in resampled(points, n=60)
]
print(
    "E {:.2f}   A {:.2f}   B {:.2f}   alpha {:.2f}   beta {:.2f}".format(*joint)
)
inside = foretell_jointly(joint, *amounts(kept)) - points.mean(axis=1)
print(f"usual miss on the {len(kept)} fitted {np.sqrt((inside**2).mean()):.3f}")
joint_miss = {}
for s in (MAIN, HELD_OUT):
    where = amounts([(s, 1)])[:, 0]
    value, real = foretell_jointly(joint, *where), bits_of(s, 1).mean()
    low, high = np.quantile(
        [foretell_jointly(law, *where) for law in draws], [0.025, 0.975]
    )
    joint_miss[s] = value - real
    print(f"{s}: foretold {value:.3f} [{low:.3f}, {high:.3f}]", end="")
    print(f", measured {real:.3f}, miss {value - real:+.3f}")

# %% tags=["hide-input"]
n, d = amounts([(HELD_OUT, 1)])[:, 0]
spend = {"parameters": (2 * n, d), "text": (n, 2 * d), "both": (2 * n, 2 * d)}
print("from 8M parameters and all of the text, the law (3) foretells")
bought = {}
for what, there in spend.items():
    drop = [
        foretell_jointly(law, n, d) - foretell_jointly(law, *there)
        for law in (joint, *draws)
    ]
    bought[what] = drop[0], *np.quantile(drop[1:], [0.025, 0.975])
    print(
        f"twice the {what:<11} {bought[what][0]:.3f} bits less "
        "[{:.3f}, {:.3f}]".format(*bought[what][1:])
    )

# %% [markdown]
# PROSE.

# %% tags=["claims"]
check(
    "Twice the text is foretold to buy more than twice the parameters",
    bought["text"][1] > bought["parameters"][2],
)

# %% [markdown]
# ## What the law does not say
#
# - *One text, one recipe.* Sentences of film reviews in characters, at most 8 million parameters, 15 to 70 passes over the text. Kaplan et al. and Hoffmann et al. read each text about once; there, too little text shows in another way.
# - *The recipe was not tuned at every size.* Rates were taken from the best GPT. As a control, the record holds each size at half and at twice its rates, with one seed:

# %% tags=["hide-input"]
print("parameters   half the rates   as chosen   twice the rates")
shifts = []
for s, parameters in zip(SIZES, N, strict=True):
    tried = {
        trial["rate"]: trial["validation"]
        for trial in record["runs"]
        if (trial["size"], trial["share"], trial["seed"]) == (s, 1, 0)
        and trial["dropout"] == sorted(cell(s, 1))[1]  # the control's
    }
    shifts.append(tried[1] - min(tried.values()))
    print(f"{parameters:10,}{tried[0.5]:16.3f}{tried[1]:12.3f}{tried[2]:15.3f}")

# %% [markdown]
# PROSE.
# - *No statement about the best use of a budget.* A budget is spent on parameters times characters read, about 6ND operations ([block](block.ipynb)). We did not vary how long a model trains, so we cannot say what is optimal.
# - *A fit is delicate.* Besiroglu et al. (2024) fitted the published points of Hoffmann et al. again, and got other numbers and wider intervals.

# %% [markdown]
# ## Summary
#
# A law is a line through points, above a floor; what it is worth shows at a point that it has not seen, beside guesses that need no law. PROSE.
#
# ## Exercises
#
# > **Exercise 1.** With a pencil (★☆☆, 5 minutes). Three models, each *nine* times as large as the one before, need 4.5, 3 and 2.5 bits. What will the fourth need, if the law (1) holds, where is the floor, and what is $\alpha$?
#
# <details><summary>Hint</summary>
#
# Look at the two gains. Which part of the first is the second? Then the floor by (2). Nine times as much leaves $9^{-\alpha}$ of what lay above it.
#
# </details>


# %% tags=["exercise"]
def three_points():
    """[bits of the fourth, floor, alpha]."""
    ...


exercises.pencil(three_points)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def three_points():
    """[bits of the fourth, floor, alpha]."""
    # Gains 1.5 and 0.5, next 0.5 / 3. Floor (11.25 - 9) / 1. 9^-alpha = 1/3.
    return [2.5 - 0.5 / 3, 2.25, 0.5]


exercises.pencil(three_points)

# %% [markdown]
# > **Exercise 2.** How much more would it take? (★★☆, 10 minutes). Write `needed(law, n_0, target)`: the amount $n$ at which the law (1), given as (E, A, alpha), reaches the target; infinity if it never does.
#
# <details><summary>Hint</summary>
#
# Solve $L(n) = \text{target}$ for $n$. When has it no solution?
#
# </details>


# %% tags=["exercise"]
def needed(law, n_0, target):
    """The n at which E + A (n / n_0)^-alpha is the target."""
    ...


exercises.inverse(needed)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def needed(law, n_0, target):
    """The n at which E + A (n / n_0)^-alpha is the target."""
    E, A, alpha = law
    if target <= E:
        return math.inf
    return n_0 * (A / (target - E)) ** (1 / alpha)


exercises.inverse(needed)

# %% [markdown]
# > **Exercise 3.** A table that is full (★★☆, 15 minutes). An experiment: fit n-grams with `"kneser_ney"` of order 3 and of order 7 to half of the training rows and to all of them. What does the last doubling
# > gain for each, in bits per character on validation? Think first: which of them has more to learn?
#
# <details><summary>Hint</summary>
#
# `NGram(order, tokenizer.vocab_size, "kneser_ney").fit(drawn(1 / 2, 0))`, and `bits(model, rows["validation"])`.
#
# </details>


# %% tags=["exercise"]
def last_doubling():
    """[gain of order 3, gain of order 7], as measured."""
    ...


exercises.doubling(last_doubling)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
found_gains = [0.01, 0.1]  # places for two numbers
for i, order in enumerate((3, 7)):
    half, whole = (
        bits(
            NGram(order, tokenizer.vocab_size, "kneser_ney").fit(drawn(s, 0)),
            rows["validation"],
        )
        for s in (1 / 2, 1)
    )
    found_gains[i] = half - whole
print("order 3: {:.3f}, order 7: {:.3f}".format(*found_gains))


def last_doubling():
    """[gain of order 3, gain of order 7], as measured."""
    return found_gains


exercises.doubling(last_doubling)

# %% [markdown]
# ## Common mistakes
#
# - *Fitting a line without a floor*: it looks straight over a short stretch, and promises zero bits at the end. Ask it for a point that it has not seen.
# - *Reading the floor as a fact about language*: it is where this recipe, this text and this form end. See how it moves when one point moves.
# - *An interval over seeds taken for the error of a forecast*: it holds what seeds do, not what a wrong form does. Foretell points that you know, one step ahead.
# - *Comparing sizes at one dropout*: the small ones are held back, the large ones run free. Each gets its own, chosen on validation.
# - *Choosing the law after looking*: write down what is held out before the first run.
#
# ## Further reading
#
# - Hestness et al. (2017), [Deep learning scaling is predictable, empirically](https://arxiv.org/abs/1712.00409): power laws in data, in four fields.
# - Kaplan et al. (2020), [Scaling laws for neural language models](https://arxiv.org/abs/2001.08361): sizes, text and compute over many powers of ten.
# - Hoffmann et al. (2022), [Training compute-optimal large language models](https://arxiv.org/abs/2203.15556): the form (3), and more text for each parameter.
# - Muennighoff et al. (2023), [Scaling data-constrained language models](https://arxiv.org/abs/2305.16264): what repeating a text is worth.
# - Besiroglu, Erdil, Barnett and You (2024), [Chinchilla scaling: a replication attempt](https://arxiv.org/abs/2404.10102): the fit of Hoffmann et al. made again.
