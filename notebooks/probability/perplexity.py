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
# # Perplexity, bits per character, and how sure they are
#
# Here a language model is judged by the bits that a text costs it: the fewer, the better. This chapter builds that
# number, shows which of its relatives must not be compared, and puts an honest interval around it.
#
# Four models have read the same film reviews and are tested on the same thousand other sentences. All
# are tables of pairs, smoothed (Witten–Bell) so that nothing is impossible: the next piece of text is predicted from the last one. They differ in what
# a piece is. The first reads single characters (256 byte values and an end mark). The others read pieces that byte pair encoding has made
# by joining frequent neighbours inside words, 250, 1,000 or 4,000 times. Papers report *perplexity*, and lower is better.

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

import matplotlib.pyplot as plt
import numpy as np
import scipy.stats
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.imdb import load_imdb
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation import intervals, metrics, scoring
from lmcourse.exercises.probability import perplexity as exercises
from lmcourse.models.ngram import NGram
from lmcourse.text.byte_pairs import BytePairTokenizer, learn_merges
from lmcourse.text.characters import ALPHABET, CharTokenizer

run = session.start(PROFILE, SEED)

# %% tags=["hide-input"]
# @title Four tables of pairs
reviews = load_reviews("text")
limit = run.size(smoke=400, cpu=20_000, gpu=20_000)
train = reviews["train"]["text"][:limit]
held_out = reviews["validation"]["text"][:limit]
merges = learn_merges(train, 4000)

tokenizers, models, rows = {}, {}, {}
for n_merges in (0, 250, 1000, 4000):  # 0: bytes, here characters
    cutter = BytePairTokenizer(merges[:n_merges])
    model = NGram(2, cutter.vocab_size)  # a table of pairs
    models[n_merges] = model.fit(cutter.encode(text) for text in train)
    rows[n_merges] = [cutter.encode(text) for text in held_out]
    tokenizers[n_merges] = cutter

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four bars of perplexity on the same held-out sentences. Characters have about 12. With 250, 1,000 and 4,000 merges the bars grow to about 40, 75 and 165."}}
own = {n: model.nll(rows[n]) / np.log(2) for n, model in models.items()}
n_pieces = {n: sum(len(row) - 1 for row in rows[n]) for n in models}
perplexities = {n: 2 ** (own[n].sum() / n_pieces[n]) for n in models}
labels = [f"{n:,} merges" if n else "characters" for n in models]
figure, ax = plot.panels(height=2.3)
plot.bars(ax, labels, list(perplexities.values()), fmt=".1f")
ax.set_xlabel("perplexity on held-out sentences")
plt.show()

# %% [markdown]
# So the humble table of character pairs seems far ahead, and each larger vocabulary seems to make
# things worse. Would you buy that?

# %% [markdown]
# **You will**
#
# - carry entropy, cross-entropy and the price of a wrong model through by hand, in bits,
# - turn the bits of a text into perplexity and into bits per character, and say which of them can be
#   compared between models,
# - add up the probability of a text over *all* ways to cut it into pieces,
# - put an interval on bits per character, and find out by simulation whether its 95 % are 95 %,
# - compare two models on the same sentences, and the best of many without fooling yourself.
#
# **You need** [softmax and cross-entropy](softmax.ipynb) and [the chain rule](chain_rule.ipynb), and from
# school mean and standard deviation.

# %% [markdown]
# ## The price of a throw
#
# A die is loaded. Its faces come with the probabilities below; whoever knows that can write long
# series of throws in few zeros and ones, by giving frequent faces short codes. (No code is the beginning of another, so no
# commas are needed: `0100` is a one and a two.)

# %%
faces = np.array([1 / 2, 1 / 8, 1 / 8, 1 / 8, 1 / 16, 1 / 16])  # [6]
codes = ["0", "100", "101", "110", "1110", "1111"]
throws = [1] * 8 + [2, 2, 3, 3, 4, 4, 5, 6]  # 16 throws, as expected
written = "".join(codes[face - 1] for face in throws)

# %% tags=["hide-input"]
print("face           " + "".join(f"{face:>7}" for face in range(1, 7)))
print("probability    " + "".join(f"{p:7.4f}" for p in faces))
print("surprise, bits " + "".join(f"{-np.log2(p):7.0f}" for p in faces))
print("code           " + "".join(f"{code:>7}" for code in codes))
print(f"16 throws take {len(written)} binary digits, {len(written) / 16} each")

# %% [markdown]
# Each code is as long as the face's surprise $-\log_2 p$ (which comes out even since all are powers of one half). The average is the *entropy* of the die: the bits that
# a throw costs one who knows the probabilities. One who believes something else, $p$ instead of the
# true $f$, pays the *cross-entropy*, which is [never less](chain_rule.ipynb):
#
# $$H(f, p) = -\sum_i f_i \log_2 p_i = \underbrace{-\sum_i f_i \log_2 f_i}_{\text{entropy } H(f)}
# + \underbrace{\sum_i f_i \log_2 \frac{f_i}{p_i}}_{D_{\mathrm{KL}}(f \,\|\, p)\; \ge\; 0} \tag{1}$$


# %%
def cross_entropy(f, p):
    """Bits a draw from f costs one who believes p; no p is zero."""
    return -(f * np.log2(p)).sum()


# %% tags=["hide-input"]
beliefs = {"the truth": faces, "a fair die": np.full(6, 1 / 6)}
beliefs["loaded, but towards the six"] = faces[::-1]
print("believed                     bits a throw = entropy + price")
for name, p in beliefs.items():
    bits, entropy = cross_entropy(faces, p), cross_entropy(faces, faces)
    print(f"{name:<28} {bits:12.3f} = {entropy:7.3f} + {bits - entropy:.3f}")

# %% [markdown]
# Knowing nothing costs a little. Believing in the wrong face costs more here.
#
# ## As if so many equal choices
#
# A fair die with $k$ faces costs $\log_2 k$ bits. Turned round, a cost of so many bits a throw is as hard as a
# fair choice among $2^{\text{bits}}$ things. For $N$ predicted symbols that cost $B$ bits together, this is the
# **perplexity** (Jelinek et al. 1977):
#
# $$\mathrm{PPL} = 2^{B / N}, \qquad B = -\sum_{n=1}^{N} \log_2 p_n \tag{2}$$


# %%
def perplexity(bits, n_symbols):
    """Size of the fair choice that is as hard as each of the symbols."""
    return 2 ** (bits / n_symbols)


# %% tags=["hide-input"]
in_bits = -np.log2(faces[np.array(throws) - 1])  # [16]
print(f"fair die   {perplexity(16 * np.log2(6), 16):.3f} equal choices")
print(f"loaded die {perplexity(in_bits.sum(), 16):.3f} equal choices")

# %% tags=["claims"]
uneven = np.random.default_rng(SEED).dirichlet(np.ones(6))  # another die
price = scipy.stats.entropy(uneven, faces, base=2)  # SciPy's divergence
close(
    "(1) holds for another die",
    cross_entropy(uneven, faces),
    cross_entropy(uneven, uneven) + price,
)
close(
    "Our perplexity is the library's, which takes nats",
    perplexity(in_bits.sum(), 16),
    metrics.perplexity(-in_bits * np.log(2)),
)
close("The digits of 16 throws are their bits", len(written), in_bits.sum())

# %% [markdown]
# ## Per what?
#
# Suppose a model gives a text the probability $2^{-24}$. The text has eleven characters and an end mark, and the
# tokenizer cuts it into two pieces and the end mark. Per character that is 24 bits over 12, a perplexity
# of 4. Per piece it is 24 over 3, a perplexity of 256. *The same model, the same text, the same probability.* The bits
# belong to the text; what perplexity divides them by belongs to the tokenizer.
#
# So we divide by something that no tokenizer can change. For sentences $i$ of $T_i$ characters that cost $B_i$ bits:
#
# $$\text{bits per character} = \frac{\sum_i B_i}{\sum_i (T_i + 1)} \tag{3}$$
#
# The $+1$ is the end mark, which not everybody counts; in plain ASCII, with the end mark as a byte, this is bits per byte, too. Where a sentence ends has to be predicted too, its bits stand above the line, and
# so it counts below. Then a model that knows nothing but 96 symbols (95 signs and the end mark) costs exactly $\log_2 96$
# bits per character, whatever the sentences.


# %%
def bits_per_char(bits, chars):
    """Bits of all sentences over their characters, end marks included."""
    return bits.sum() / chars.sum()


chars = np.array([len(text) + 1 for text in held_out])  # [N]

# %% tags=["hide-input"]
print("              characters a piece  perplexity  bits per character")
for label, n in zip(labels, models, strict=True):
    mean = chars.sum() / n_pieces[n]
    bpc = bits_per_char(own[n], chars)
    print(f"{label:<12} {mean:19.2f}  {perplexities[n]:10.1f}  {bpc:18.3f}")

# %% [markdown]
# Upside down. What had the lowest perplexity costs the most bits, and of these four the model with the largest vocabulary is the
# best. (One reason may be that its pairs of pieces span more of the text.) As they stand, perplexities can
# be compared between models that cut the text in the same way, and between no others. (All these numbers also depend on how much
# context a prediction may see.)

# %% tags=["claims"]
by_chars = [bits_per_char(own[n], chars) for n in models]
by_pieces = list(perplexities.values())
check("Perplexity rises with every step", (np.diff(by_pieces) > 1).all())
check("Bits per character fall", (np.diff(by_chars) < -0.05).all())
uniform = NGram(2, 96, "add_k", k=1e12).fit([[0, 0]])  # no count matters
plain = [CharTokenizer().encode(text) for text in held_out]
close(
    "A uniform model has log2 96 bits per character",
    bits_per_char(uniform.nll(plain) / np.log(2), chars),
    np.log2(96),
)
close("The library counts as we do", scoring.n_predicted(plain), chars)
close(
    "and divides as we do",
    metrics.bits_per_char(own[0] * np.log(2), chars),
    bits_per_char(own[0], chars),
)

# %% [markdown]
# ## All the ways to cut
#
# One doubt is left. A model of pieces gives a probability to every *sequence of pieces*, and a text can
# be cut into pieces in many ways. Its probability is the sum over all of them (the model writes one or
# another, never two), and we have counted only the cut that the tokenizer makes.
#
# By hand: the pieces are *a*, *b* and *ab*. A text opens with *a* half of the time and with *ab*
# a quarter of the time. After *a* comes *b* half of the time. After *b*, and after *ab*, the text
# ends half of the time. So *ab* in two pieces has $\frac12 \cdot \frac12 \cdot \frac12 = \frac18$, in one piece
# $\frac14 \cdot \frac12 = \frac18$: three bits in either way, two bits together.
#
# Here is a word, taken as a text of its own and chosen as an extreme, with all its cuts. (`cuts` calls itself: a first piece, then each cut of the
# rest. `yield` hands them out one after the other.)


# %%
def cuts(text, number):
    """All ways to cut a text, as lists of ids; number: piece -> id."""
    if not text:
        yield []
    for end in range(1, len(text) + 1):
        if text[:end] in number:
            for rest in cuts(text[end:], number):
                yield [number[text[:end]], *rest]


# %% tags=["hide-input"]
# @title Bits of one cut; names of the pieces; each table as a matrix
def bits_of(ids, log_p):
    """Bits of one cut, end mark included; log_p [V, V], base two."""
    path = [0, *ids, 0]  # 0 opens and closes a text
    return -sum(log_p[a, b] for a, b in itertools.pairwise(path))


number, tables = {}, {}
for n, model in models.items():
    tokens = [token.decode("latin1") for token in tokenizers[n].tokens]
    number[n] = {token: i for i, token in enumerate(tokens) if i > 0}
    tables[n] = np.log2([model.next([v]) for v in range(len(tokens))])

# %% tags=["hide-input"]
word = "screens"
of_word = list(cuts(word, number[1000]))
costs = np.array([bits_of(ids, tables[1000]) for ids in of_word])
shares = 2.0**-costs / (2.0**-costs).sum()
chosen = tokenizers[1000].encode(word)[1:-1]
names = {i: piece for piece, i in number[1000].items()}
print(f"{len(of_word)} cuts; the four likeliest")
for i in np.argsort(costs)[:4]:
    mark = "<- the tokenizer's" if of_word[i] == chosen else ""
    cut = "|".join(names[v] for v in of_word[i])
    print(f"{cut:<12} {costs[i]:6.2f} bits, share {shares[i]:.3f} {mark}")
print(f"all together {-np.log2((2.0**-costs).sum()):5.2f} bits")

# %% tags=["hide-input"] mystnb={"image": {"alt": "The seven letters of screens in a row. Above them an arc for every piece of the vocabulary that fits: one for each letter, longer ones for several letters. Three thick blue arcs mark the likeliest cut: sc, reen, s. Three thick orange arcs below the letters mark the tokenizer's cut: sc, re, ens."}}
figure, ax = plot.panels(height=2.6)
turns = np.linspace(0, np.pi, 40)


def arc(start, end, side, color, width):
    """Half a circle above (side 1) or below (side -1) the letters."""
    half = (end - start) / 2
    x, y = start + half * (1 - np.cos(turns)), side * half * np.sin(turns)
    ax.plot(x, y + 0.3 * side, color=color, linewidth=width)


for start, end in itertools.combinations(range(len(word) + 1), 2):
    if word[start:end] in number[1000]:
        arc(start, end, 1, plot.GREY, 0.8)
likeliest = of_word[costs.argmin()]
for ids, side, color in ((likeliest, 1, plot.BLUE), (chosen, -1, plot.ORANGE)):
    ends = np.cumsum([0] + [len(names[v]) for v in ids])
    for start, end in itertools.pairwise(ends):
        arc(start, end, side, color, 2.6)
for i, letter in enumerate(word):
    ax.text(i + 0.5, 0, letter, ha="center", va="center")
ax.set(xlim=(-0.1, len(word) + 0.1), ylim=(-2, 2.5))
ax.set_axis_off()
plt.show()

# %% [markdown]
# Every path of arcs from left to right is a cut; blue is the likeliest, orange the tokenizer's. The tokenizer joins what it learned to join first. It does not ask the model, and here it took a cut to
# which the model gives hardly any of the word's probability.
#
# An ordinary sentence has too many cuts to list; we shall count them. But our model looks back one piece only, so all cuts
# that arrive at the same place with the same last piece have the same future, and one number is enough for
# them. Let $\alpha_t(w)$ be the probability of all cuts of the first $t$ characters that end in the piece $w$, which has $|w|$
# characters. The piece before it, $v$, ends where $w$ begins:
#
# $$\alpha_t(w) = \sum_{v} \alpha_{t - |w|}(v)\, P(w \mid v), \qquad
# P(\text{text}) = \sum_{w} \alpha_T(w)\, P(\text{end} \mid w) \tag{4}$$
#
# It begins with $\alpha_0(\text{start}) = 1$. In the example, $\alpha_1(a) = \frac12$, $\alpha_2(b) = \frac12 \cdot \frac12$ and $\alpha_2(ab) = \frac14$; each
# ends half of the time, which makes $\frac14$ together.
#
# This is *dynamic programming*. We [stay in logarithms](softmax.ipynb): `np.logaddexp2.reduce` adds numbers
# that are given by their logarithms to base two, and `log_p[v, w]` with a list `v` has one entry for each of its pieces.
# `reached[t]` is a pair: the pieces that can end at $t$, and the $\log \alpha$ of each.


# %%
def bits_of_all_cuts(text, number, log_p):
    """Bits of a text, its probability summed over all its cuts."""
    longest = max(len(piece) for piece in number)
    reached = [([0], np.zeros(1))]  # the start, log of 1
    for end in range(1, len(text) + 1):
        last, alphas = [], []
        for start in range(max(0, end - longest), end):
            w = number.get(text[start:end])
            if w is not None:
                v, before = reached[start]
                alpha = np.logaddexp2.reduce(before + log_p[v, w])
                last.append(w)
                alphas.append(alpha)
        reached.append((last, np.array(alphas)))
    last, alphas = reached[-1]
    return -np.logaddexp2.reduce(alphas + log_p[last, 0])


summed = {}
for n in models:
    each = [bits_of_all_cuts(text, number[n], tables[n]) for text in held_out]
    summed[n] = np.array(each)  # [N]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels. Above, bits per character of the four vocabularies, once with the tokenizer's own cut and once with all cuts: the two dots of each vocabulary nearly coincide. Below, for the three vocabularies of pieces, the sorted gap in bits of a sentence on a logarithmic axis: most sentences lose far less than a bit, a few lose ten or more."}}
figure, (above, below) = plot.panels(2, height=2.7)
places = np.arange(len(models))
above.plot(by_chars, places, "o", label="the tokenizer's cut")
all_cuts = [bits_per_char(summed[n], chars) for n in models]
above.plot(all_cuts, places, "|", markersize=16, label="all cuts")
above.set_yticks(places, labels)
above.set(xlabel="bits per character", ylim=(3.5, -0.5))
above.legend(loc="lower right")
share = np.linspace(0, 100, len(held_out))
for label, n in list(zip(labels, models, strict=True))[1:]:
    lost = np.sort(np.maximum(own[n] - summed[n], 1e-3))
    below.plot(share, lost, label=label)
below.set(yscale="log", xlabel="percent of the sentences")
below.set_ylabel("bits lost by a sentence\n(at least 0.001)")
below.legend()
plt.show()

# %% tags=["hide-input"]
print("              all cuts   own cut   lost    median share of own cut")
for label, n in zip(labels, models, strict=True):
    a, b = bits_per_char(summed[n], chars), bits_per_char(own[n], chars)
    part = np.median(2.0 ** (summed[n] - own[n]))
    print(f"{label:<13} {a:8.4f}  {b:8.4f}  {b - a:.4f}  {part:8.3f}")

# %% [markdown]
# So bits per character of a single cut are an upper bound, and here a close one: in all less than one percent is lost, more with a larger
# vocabulary, and far less than what lies between the vocabularies. With each vocabulary half of the sentences lose less than an eighth of a bit; with merges
# some lose more than five bits.
#
# In a model that remembers everything, such as a GPT, cuts that meet do not have the same future. Estimates by
# sampling put the loss at half a percent or less in most cases (Chirkova et al. 2023), and higher on text unlike that of training (Cao and
# Rimell 2021).
#
# The ladder of this book uses the tokenizer's cut: where a rung reads pieces, its number is an upper bound.

# %% [markdown]
# Is the recursion right? The shortest sentences have so few cuts that all of them can be listed and added up. (And to count cuts, give every
# one the weight $1$, a logarithm of zero.)

# %% tags=["hide-input"]
# @title The shortest sentences, every cut listed
listed, most_cuts = {}, 0
short = [i for i, text in enumerate(held_out) if len(text) < 22]
for n in (250, 4000):
    listed[n] = []
    for i in short:
        ways = list(cuts(held_out[i], number[n]))
        each = [-bits_of(ids, tables[n]) for ids in ways]
        listed[n].append(-np.logaddexp2.reduce(each))
        most_cuts = max(most_cuts, len(ways))
print(f"{len(short)} sentences, with up to {most_cuts:,} cuts")
middle = held_out[np.argsort(chars)[len(chars) // 2]]
weight = bits_of_all_cuts(middle, number[1000], np.zeros_like(tables[1000]))
print(f"a sentence of {len(middle)} characters: {2.0**-weight:.0e} cuts")

# %% tags=["claims"]
for n, each in listed.items():
    close(f"{n} merges: (4) equals all cuts listed", summed[n][short], each)
close("Characters can be cut in one way only", summed[0], own[0])

# %% tags=["claims"]
lost = {n: bits_per_char(own[n] - summed[n], chars) for n in models}
check(
    "Less than 1 % is lost",
    all(lost[n] < 0.01 * bits_per_char(own[n], chars) for n in models),
)
steps = -np.diff(by_chars)  # from each vocabulary to the next, [3]
check(
    "and less than a tenth of the step between any two vocabularies",
    max(lost.values()) < 0.1 * min(steps),
)
check("More with each larger one", (np.diff(list(lost.values())) > 0.001).all())
typical = [np.median(own[n] - summed[n]) for n in models]
check("Half of the sentences lose less than 1/8 bit", max(typical) < 1 / 8)
worst = [(own[n] - summed[n]).max() for n in (250, 1000, 4000)]
check("and some more than 5", min(worst) > 5)
check(
    "The tokenizer's cut of our word has under 2 %",
    shares[of_word.index(chosen)] < 0.02,
)

# %% [markdown]
# ## How sure is the number?
#
# A thousand other sentences would have given another number. How far away? Five sentences by hand, of 20, 30, 24, 60 and 46 bits and of
# 10, 14, 12, 32 and 22 characters:

# %% tags=["hide-input"]
five_bits = np.array([20.0, 30.0, 24.0, 60.0, 46.0])
five_chars = np.array([10.0, 14.0, 12.0, 32.0, 22.0])
ratio = five_bits.sum() / five_chars.sum()  # 180 / 90
print("bits per character:  ", ratio)
print("off by so many bits: ", five_bits - ratio * five_chars)

# %% [markdown]
# If every character cost 2 bits, the sentences would cost 20, 28, 24, 64 and 44. What is left over, here
# $0, 2, 0, -4, 2$, are the **residuals** $r_i = B_i - R\,C_i$, where $R$ is the ratio and $C_i$ the characters of sentence $i$. They sum to zero.
# Measured against the true ratio they would not sum to zero: ours is off by their mean over the mean length. Their spread we take from ours. And the
# spread of a mean shrinks with the root of the number of items. So the **standard error**, the typical distance from what
# endless test sentences would give, is
#
# $$\mathrm{SE}(R) \approx \frac{s_r}{\sqrt{n}\;\bar C},
# \qquad s_r^2 = \frac{1}{n-1} \sum_{i=1}^{n} (B_i - R\,C_i)^2 \tag{5}$$
#
# Our five have $s_r = \sqrt{24/4}$ and $\bar C = 18$. Note what (3) is *not*: the mean of the sentences' own
# ratios, which would let a short sentence weigh as much as a long one.
#
# The other way needs no formula. The **bootstrap** (Efron 1979) takes the test sentences for the world, draws as many
# from them with replacement, computes the ratio, and does so again and again. The range of the middle
# 95 % of these ratios is the interval (a *percentile* interval). (`bits[drawn]` with a matrix of numbers is a matrix: each row one drawn test set.)


# %%
def standard_error(bits, chars):
    """Standard error of bits.sum() / chars.sum(), over sentences."""
    residuals = bits - bits.sum() / chars.sum() * chars
    n = len(bits)
    spread = np.sqrt((residuals**2).sum() / (n - 1))
    return spread / np.sqrt(n) / chars.mean()


def interval(bits, chars, rng, n_draws=500):
    """95 % percentile bootstrap interval of bits.sum() / chars.sum()."""
    n = len(bits)
    drawn = rng.integers(n, size=(n_draws, n))  # numbers of sentences
    ratios = bits[drawn].sum(axis=1) / chars[drawn].sum(axis=1)
    return np.quantile(ratios, [0.025, 0.975])


# %% [markdown]
# The model is now a count model, which predicts a character from the six before it, with a smoothing (modified Kneser–Ney) that a later
# chapter explains.

# %%
reader = CharTokenizer()
train_rows = [reader.encode(text) for text in train]
model = NGram(7, reader.vocab_size, "kneser_ney").fit(train_rows)
bits = model.nll(plain) / np.log(2)  # [N]
value = bits_per_char(bits, chars)
error = standard_error(bits, chars)
drawn = interval(bits, chars, np.random.default_rng(SEED), 10_000)

# %% tags=["hide-input"]
formula = value - 1.96 * error, value + 1.96 * error
by_hand = standard_error(five_bits, five_chars)
print(f"five sentences: standard error {by_hand:.3f}")
print(f"{len(bits):,} sentences: {value:.3f} bits per character")
print("95 %, formula (5), ± 1.96 SE: [{:.3f}, {:.3f}]".format(*formula))
print("95 %, bootstrap:              [{:.3f}, {:.3f}]".format(*drawn))

# %% tags=["claims"]
library = intervals.bootstrap_ratio(bits, chars, seed=SEED)
close("Our interval is the library's, with the same seed", drawn, library[1:])
close("Formula and bootstrap differ by under 0.002", formula, drawn, atol=0.002)

# %% [markdown]
# ## Do 95 % mean 95 %?
#
# The 95 % are a promise about the *method*: of many test sets, each with its own interval, 95 in a
# hundred intervals contain the true value. A promise can be tested where the truth is known. We make a world of long IMDb
# reviews, twenty sentences of each; its ratio, over all of them, is the truth. From this world we draw a
# thousand test sets of 400 sentences, compute an interval for each, and count the hits.
#
# Two kinds of test sets. In the first, every sentence is drawn on its own. In the second, we draw reviews and take $m$ sentences of
# each, as one does when one cuts reviews into sentences. Still 400 sentences; but sentences of one review
# share an author, a film, a style.

# %% tags=["hide-input"]
# @title The world: 1,000 reviews of IMDb, 20 sentences of each
n_reviews, n_each = run.size(smoke=50, cpu=1000, gpu=1000), 20
rng = np.random.default_rng(SEED)
usable = []  # reviews long enough, in the book's symbols
for review in load_imdb():
    if len(review) >= n_each and set("".join(review)) <= set(ALPHABET[1:]):
        usable.append(review)
world = []
for i in rng.permutation(len(usable))[:n_reviews]:
    for j in rng.permutation(len(usable[i]))[:n_each]:
        world.append(reader.encode(usable[i][j]))
world_bits = model.nll(world).reshape(-1, n_each) / np.log(2)  # [R, 20]
world_chars = np.reshape([len(row) - 1 for row in world], (-1, n_each))
truth = bits_per_char(world_bits, world_chars)


# %% tags=["hide-input"]
# @title A test set of m sentences from each of size / m reviews
def draw(m, rng, size=400):
    """A test set of m sentences from each of size // m reviews."""
    who = rng.integers(len(world_bits), size=size // m)
    first = rng.integers(n_each, size=size // m)
    # neighbouring columns, from the last on to the first: a window that wraps
    which = (first[:, None] + np.arange(m)) % n_each  # [size // m, m]
    return world_bits[who[:, None], which], world_chars[who[:, None], which]


# %%
def coverage(m, rng, n_sets):
    """Estimates, and the share of intervals that contain the truth."""
    found, hits = [], np.zeros(2)
    for _ in range(n_sets):
        b, c = draw(m, rng)  # [reviews, m]
        found.append(b.sum() / c.sum())
        over_sentences = interval(b.ravel(), c.ravel(), rng)
        over_reviews = interval(b.sum(axis=1), c.sum(axis=1), rng)
        for i, (low, high) in enumerate((over_sentences, over_reviews)):
            hits[i] += low <= truth <= high
    return np.array(found), hits / n_sets


# %% [markdown]
# The two intervals differ in what they draw. `over_sentences` draws sentences as if they had come one by one. `over_reviews`,
# the **cluster bootstrap**, calls the same function on the sums of each review, and so draws whole reviews.

# %% tags=["hide-input"]
# @title A thousand test sets for each m
rng = np.random.default_rng(SEED)
sizes = [1, 2, 5, 10, 20]
n_sets = run.size(smoke=20, cpu=1000, gpu=1000)
results = [coverage(m, rng, n_sets) for m in sizes]
hits = np.array([shares for _, shares in results])  # [5, 2]
variances = np.array([found.var() for found, _ in results])  # [5]
many = 0  # five times as many reviews
for _ in range(n_sets):
    b, c = draw(20, rng, size=2000)  # [100, 20]
    low, high = interval(b.sum(axis=1), c.sum(axis=1), rng)
    many += low <= truth <= high

# %% tags=["hide-input", "nbval-ignore-output"] mystnb={"image": {"alt": "The share of intervals that contain the truth against the number of sentences drawn from each review. The bootstrap over reviews stays between about 91 and 95 percent. The bootstrap over sentences starts at the same height and falls to about two thirds at 20 sentences a review. A dotted line marks 95 percent."}}
figure, ax = plot.panels(height=3.2)
for name, column in zip(("sentences", "reviews"), hits.T, strict=True):
    ax.plot(sizes, 100 * column, "o-", label=f"bootstrap over {name}")
ax.axhline(95, color=plot.GREY, linestyle=":", linewidth=1)
ax.set_xscale("log")
ax.set_xticks(sizes, sizes)
ax.minorticks_off()
ax.set(xlabel="sentences from each review", ylim=(55, 100))
ax.set_ylabel("intervals that hold the truth, %")
ax.legend(loc="lower left")
plt.show()
print(f"20 sentences of 100 reviews, over reviews: {many / n_sets:.1%}")

# %% [markdown]
# With independent sentences the promise is kept. With several sentences of one review the interval that knows nothing of reviews
# is too short, and the more so the more there are. Drawing reviews repairs most of it. What is missing at twenty
# sentences of only twenty reviews is a matter of few items, as with Student's $t$: with a hundred reviews it comes closer (last line).
#
# How much wider must it be? By the root of the growth of the variance. Let $\rho$ be the correlation of the residuals of two sentences of one review. In the
# variance of the sum of $m$ residuals every sentence brings its own variance and $m - 1$ covariances, each
# $\rho$ times as large. So the variance grows by the **design effect**
#
# $$\mathrm{deff} = 1 + (m - 1)\,\rho \tag{6}$$


# %%
def design_effect(m, rho):
    """How many times the variance of m independent sentences."""
    return 1 + (m - 1) * rho


residuals = world_bits - truth * world_chars  # [R, 20]
squares = (residuals**2).sum()
products = (residuals.sum(axis=1) ** 2).sum() - squares  # all pairs i != j
rho = products / (n_each - 1) / squares

# %% tags=["hide-input", "nbval-ignore-output"]
print(f"correlation within a review: {rho:.3f}")
# (5) squared: the variance of 400 independent sentences
of_400 = squares / world_bits.size / 400 / world_chars.mean() ** 2
print("sentences a review   variance, measured   by (6)")
for m, grown in zip(sizes, variances / of_400, strict=True):
    print(f"{m:18} {grown:20.2f} {design_effect(m, rho):8.2f}")

# %% [markdown]
# Measured and computed differ by less than a fifth.
#
# Of the book's own sentences it is not recorded which review or film they come from, so we cannot draw by cluster. Sentences about one
# film may be correlated; read no meaning into a bound that just misses zero.

# %% tags=["claims"]
check(
    "Independent sentences: they hold the truth in 92.5 to 97 % of the sets",
    hits[0].min() > 0.925 and hits[0].max() < 0.97,
)
check("Over sentences, 5 of a review: under 92 %", hits[2, 0] < 0.92)
check("20 of a review: under 80 %", hits[4, 0] < 0.80)
check(
    "and falling with each m from 5 on",
    (np.diff(hits[[0, 2, 3, 4], 0]) < -0.02).all(),
)
check(
    "Over reviews: at least 90 % up to 10 of a review",
    (hits[:4, 1] > 0.90).all(),
)
short_by = 0.95 - hits  # [5, 2]
check(
    "From 5 on, over reviews, less than half of what misses over sentences",
    (short_by[2:, 1] < short_by[2:, 0] / 2).all(),
)
check(
    "100 reviews of 20 come closer than 20",
    abs(many / n_sets - 0.95) < abs(hits[4, 1] - 0.95),
)

# %% tags=["claims"]
predicted = design_effect(np.array(sizes), rho)  # [5]
check(
    "Measured and computed variance differ by under 20 %",
    np.abs(variances / of_400 / predicted - 1).max() < 0.2,
)

# %% [markdown]
# ## Two models on the same sentences
#
# Is a memory of seven characters better than one of six? Each model has its interval, and the two overlap. But both
# have read the *same* sentences: where one suffers from a hard sentence, so does the other, and this common
# part says nothing about which is better. So we take the difference sentence by sentence and put the interval around that. This
# is the **paired bootstrap** (Koehn 2004). (Errors of independent numbers add in squares: `hypot`.)

# %%
rival = NGram(8, reader.vocab_size, "kneser_ney").fit(train_rows)
rival_bits = rival.nll(plain) / np.log(2)  # [N]
paired = standard_error(bits - rival_bits, chars)
unpaired = np.hypot(error, standard_error(rival_bits, chars))

# %% tags=["hide-input"]
kept = {"six": bits, "seven": rival_bits, "difference": bits - rival_bits}
for name, b in kept.items():
    estimate = intervals.bootstrap_ratio(b, chars, seed=SEED)
    print(f"{name:<11} {estimate}")
left = [b - bits_per_char(b, chars) * chars for b in (bits, rival_bits)]
correlation = np.corrcoef(left)[0, 1]
print(f"correlation of the residuals of the two: {correlation:.3f}")
print(f"standard error of the difference: paired {paired:.4f},", end=" ")
print(f"unpaired {unpaired:.4f}, {unpaired / paired:.0f} times as large")

# %% [markdown]
# (All intervals 95 %, bootstrap over sentences. They are for these two fitted tables, not for other training sentences or, in a
# network, other seeds.) Overlapping intervals do not mean *no difference*. Taken as
# independent, the two models could not be told apart; on the same sentences they can. To shrink an interval as much
# without pairing, one would need the *square* of that factor as many sentences.

# %% tags=["claims"]
six, seven, difference = (
    intervals.bootstrap_ratio(b, chars, seed=SEED) for b in kept.values()
)
check("The intervals of six and seven overlap", six.low < seven.high < six.high)
check("That of the difference lies above zero", difference.low > 0)
check("± 1.96 unpaired errors include zero", difference.value < 1.96 * unpaired)
check("Pairing divides the error by at least 5", unpaired > 5 * paired)

# %% [markdown]
# ## The best of twenty
#
# You try twenty variants of a model, keep the one that does best on the test sentences, and report that it beats the old
# model, the interval lies beyond zero. How often does this happen when *none of them is better*?
#
# We make such a case. Twenty tables are fitted to twenty random halves of the training sentences and compared with one
# fitted to yet another half. From each variant's differences we take off what makes it better or worse per character, so that over our thousand sentences, now the
# world, all twenty are exactly as good as the old model. Then we draw test sets from this world. Each variant's difference is divided by its
# standard error (by a formula like (5) with $R$ as zero, which it is here, for speed); below $-1.96$ the interval lies on the side of *better*.

# %% tags=["hide-input"]
# @title Twenty models that are exactly as good as the first
rng = np.random.default_rng(SEED)
scores = []
for _ in range(21):
    half = rng.permutation(len(train_rows))[: len(train_rows) // 2]
    table = NGram(4, reader.vocab_size).fit([train_rows[i] for i in half])
    scores.append(table.nll(plain) / np.log(2))
ahead = np.array(scores[1:]) - scores[0]  # [20, N], bits
mean = ahead.sum(axis=1, keepdims=True) / chars.sum()  # [20, 1]
equal = (ahead - mean * chars).T  # [N, 20], columns sum to zero


# %%
def differences(world, rng):
    """Differences in standard errors [20] on a test set drawn from [N, 20]."""
    drawn = world[rng.integers(len(world), size=len(world))]  # [N, 20]
    error = drawn.std(axis=0, ddof=1) / np.sqrt(len(drawn))
    return drawn.mean(axis=0) / error


# %% tags=["hide-input"]
# @title Four thousand times: choose and judge
strict = scipy.stats.norm.ppf(0.025 / 20)  # Bonferroni
shuffled = rng.permuted(equal, axis=0)  # each column by itself
found, times = np.zeros(5), run.size(smoke=50, cpu=4000, gpu=4000)
for _ in range(times):
    z, fresh = differences(equal, rng), differences(equal, rng)
    apart = differences(shuffled, rng)
    best = z.argmin()
    found += [
        z[0] < -1.96,
        z[best] < -1.96,
        z[best] < strict,
        fresh[best] < -1.96,
        apart.min() < -1.96,
    ]
found /= times

# %% tags=["hide-input", "nbval-ignore-output"]
cases = [
    "one variant, fixed beforehand",
    "the best of twenty",
    "the best of twenty, level 2.5 % / 20",
    "the best of twenty, on fresh sentences",
    "the best of twenty, each column shuffled",
]
for name, share in zip(cases, found, strict=True):
    print(f"{name:<40} 'better' in {share:6.1%} of the cases")

# %% [markdown]
# Luck has twenty tickets. (They are not independent: all variants are compared with one old model. When each variant's differences are shuffled among the sentences, so
# that luck does not come to all at once, there are more hits: last line.)
#
# Two cures work. Divide the level by the number of comparisons (**Bonferroni correction**),
# if you must choose and judge on the same data. Or choose on one set and judge on another: so choose on
# validation sentences, and open the test sentences once.

# %% tags=["claims"]
together = np.corrcoef(equal.T)  # [20, 20]
check("Any two variants' differences are correlated", together.min() > 0.2)
check("Shuffled, there are more hits", found[4] > found[1] + 0.05)
close("No variant is better or worse", equal.sum(axis=0), np.zeros(20))
check("Fixed beforehand: 1.5 to 4 %", 0.015 < found[0] < 0.04)
check("The best of twenty: over four times that", found[1] > 4 * found[0])
check("Bonferroni, fresh sentences: under 4 %", (found[2:4] < 0.04).all())

# %% [markdown]
# ## Summary
#
# A language model is judged by the bits that a text costs it. Divided by the tokenizer's pieces and put into an exponent these are a
# perplexity, comparable for one tokenizer only; divided by characters they are comparable for all that predict the same text. A single cut
# of the text gives an upper bound, in our models within one percent. The ratio has a standard error and a bootstrap interval,
# whose 95 % are close to 95 % if what you draw is independent, and not too little. Differences are taken sentence by sentence, and what was chosen
# is judged on data that did not choose it.
#
# ## Exercises
#
# > **Exercise 1.** On paper (★☆☆, 5 minutes). A text of five characters is cut into two pieces. A model gives them and the end mark the
# > probabilities $\frac14$, $\frac18$ and $\frac12$. Return the bits of the text, the perplexity, and the bits per character.
#
# <details><summary>Hint</summary>
#
# Three predictions, six characters with the end mark.
#
# </details>


# %% tags=["exercise"]
def on_paper():
    """Bits of the text, perplexity per piece, bits per character."""
    ...


exercises.on_paper(on_paper)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def on_paper():
    """Bits of the text, perplexity per piece, bits per character."""
    total = 2 + 3 + 1
    return total, 2 ** (total / 3), total / 6


exercises.on_paper(on_paper)

# %% [markdown]
# > **Exercise 2.** The best cut (★★☆, 20 minutes). Write `bits_of_best_cut(text, number, log_p)`: the bits of the likeliest single cut,
# > without listing the cuts. Then measure on a hundred held-out sentences: of what the tokenizer's cut loses against
# > all cuts, how much does the best cut win back?
#
# <details><summary>Hint</summary>
#
# In (4), put the largest term in place of the sum. Two places of the code change.
#
# </details>


# %% tags=["exercise"]
def bits_of_best_cut(text, number, log_p):
    """Bits of the likeliest cut of a text, end mark included."""
    ...


exercises.best_cut(bits_of_best_cut)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def bits_of_best_cut(text, number, log_p):
    """Bits of the likeliest cut of a text, end mark included."""
    reached = [([0], np.zeros(1))]
    for end in range(1, len(text) + 1):
        last, alphas = [], []
        for start in range(end):
            w = number.get(text[start:end])
            if w is not None:
                v, before = reached[start]
                last.append(w)
                alphas.append((before + log_p[v, w]).max(initial=-np.inf))
        reached.append((last, np.array(alphas)))
    last, alphas = reached[-1]
    return -(alphas + log_p[last, 0]).max(initial=-np.inf)


some = held_out[:100]
best = sum(bits_of_best_cut(t, number[1000], tables[1000]) for t in some)
whole, single = summed[1000][:100].sum(), own[1000][:100].sum()
print(f"won back: {(single - best) / (single - whole):.0%}")
exercises.best_cut(bits_of_best_cut)

# %% [markdown]
# > **Exercise 3.** How few are too few (★★☆, 20 minutes). An experiment. Write `held(bits, chars, n, n_sets, rng)`: draw `n_sets` test
# > sets of `n` sentences from a world `bits`, `chars` (both `[N]`), and return the share of their `interval`s that contain the world's
# > ratio. Then call it for 5, 10, 20 and 50 sentences of `world_bits.ravel()`. Guess first.
#
# <details><summary>Hint</summary>
#
# `drawn = rng.integers(len(bits), size=n)`, and the same numbers for bits and characters.
#
# </details>


# %% tags=["exercise"]
def held(bits, chars, n, n_sets, rng):
    """Share of intervals of n drawn sentences that hold the truth."""
    ...


exercises.held(held)


# %% tags=["solution", "hide-cell", "nbval-ignore-output"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def held(bits, chars, n, n_sets, rng):
    """Share of intervals of n drawn sentences that hold the truth."""
    true, hits = bits.sum() / chars.sum(), 0
    for _ in range(n_sets):
        drawn = rng.integers(len(bits), size=n)
        low, high = interval(bits[drawn], chars[drawn], rng)
        hits += low <= true <= high
    return hits / n_sets


for n in (5, 10, 20, 50):
    rng = np.random.default_rng(SEED)
    share = held(world_bits.ravel(), world_chars.ravel(), n, 1000, rng)
    print(f"{n:3} sentences: {share:.1%} of the intervals hold the truth")
exercises.held(held)

# %% [markdown]
# > **Exercise 4.** More sentences or more reviews (★★☆, 10 minutes). Pencil and thought. A test set has 100 reviews and five sentences of each, with
# > $\rho = \frac1{10}$. How many *independent* sentences give an interval of the same width? By what factor is the naive interval too narrow?
# > And if you cut ever more sentences from the same 100 reviews, how many independent sentences will they never exceed?
#
# <details><summary>Hint</summary>
#
# $n$ sentences with the design effect (6) are worth $n / \mathrm{deff}$. Let $m$ grow in $100\,m / (1 + (m-1)\rho)$.
#
# </details>


# %% tags=["exercise"]
def worth():
    """Independent sentences, factor of the width, limit for many sentences."""
    ...


exercises.worth(worth)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 4
def worth():
    """Independent sentences, factor of the width, limit for many sentences."""
    deff = 1 + (5 - 1) / 10
    return 500 / deff, np.sqrt(deff), 100 / (1 / 10)


exercises.worth(worth)

# %% [markdown]
# ## Common mistakes
#
# - *Comparing perplexities of models with different tokenizers*: look at what the exponent was divided by; go back to bits per character.
# - *Averaging the perplexities of sentences*: the exponential of a mean is not the mean of exponentials. Add bits, add counts, divide once.
# - *Leaving out the end marks on one side*: the uniform model must come out at exactly $\log_2 V$.
# - *An "unknown" symbol for rare words*: the bits of their letters are missing, and the text is another one. Use pieces that can spell every word.
# - *Drawing sentences where documents were collected*: draw documents.
# - *Reading overlap of two intervals as equality*: take the difference on the same sentences.
#
# ## Further reading
#
# - Shannon (1948), [A mathematical theory of communication](https://doi.org/10.1002/j.1538-7305.1948.tb01338.x): entropy, and why codes cannot be shorter.
# - Jelinek et al. (1977), [Perplexity: a measure of the difficulty of speech recognition tasks](https://doi.org/10.1121/1.2016299), where the word comes from.
# - Cao and Rimell (2021), [You should evaluate your language model on marginal likelihood over tokenisations](https://aclanthology.org/2021.emnlp-main.161/).
# - Chirkova et al. (2023), [Should you marginalize over possible tokenizations?](https://aclanthology.org/2023.acl-short.1/).
# - Efron (1979), [Bootstrap methods: another look at the jackknife](https://doi.org/10.1214/aos/1176344552).
# - Cameron, Gelbach and Miller (2008), [Bootstrap-based improvements for inference with clustered errors](https://doi.org/10.1162/rest.90.3.414): what to do with few clusters.
# - Koehn (2004), [Statistical significance tests for machine translation evaluation](https://aclanthology.org/W04-3250/): the paired bootstrap.
# - Dror et al. (2018), [The hitchhiker's guide to testing statistical significance in natural language processing](https://aclanthology.org/P18-1128/).
