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
# # The chain rule
#
# The probability of a whole text sounds like something that nobody could know; this chapter cuts it
# into a chain of small guesses, and says exactly what is lost when each guess looks back only a
# little.
#
# **You will**
#
# - compute conditional probabilities by counting in real text,
# - check the chain rule on every sequence of a small world, with the product starting and ending
#   where it must,
# - read a language model as a graph, and tell from the graph alone which letters must be independent,
# - measure that English is not a chain of letter pairs,
# - derive that maximum likelihood means counting.
#
# **You need** Python with NumPy, and from school: probabilities, logarithms.

# %% tags=["install"]
if not __import__("importlib").util.find_spec("lmcourse"):
    get_ipython().run_line_magic(
        "pip", 'install -q "lmcourse @ git+https://github.com/OWNER/language-models"'
    )

# %% tags=["parameters"]
PROFILE = "cpu"
SEED = 0

# %%
import itertools
import re
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np

from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.reviews import load_reviews
from lmcourse.exercises.probability import chain_rule as exercises
from lmcourse.text.characters import ALPHABET

run = session.start(PROFILE, SEED)

# %% [markdown]
# ## What comes after *one of the*?
#
# Here are sentences from film reviews. Which word is likely in them? And which word is likely after
# *one of the*? These are two different questions, and counting answers both.

# %%
reviews = load_reviews("text")
sentences = [re.findall(r"[a-z']+", text.lower()) for text in reviews["train"]["text"]]
words = Counter(word for sentence in sentences for word in sentence)

context = ("one", "of", "the")
followers = Counter(
    sentence[i + 3]
    for sentence in sentences
    for i in range(len(sentence) - 3)
    if tuple(sentence[i : i + 3]) == context
)
print(
    f"{len(sentences):,} sentences, {words.total():,} words; {followers.total()} after 'one of the'"
)

# %% mystnb={"image": {"alt": "Two bar charts of words with their probability. Left, over the whole text: the, a, and, of, to and other small words, each rare. Right, after the words one of the: most, best, year's, great and others; most stands far out."}}
figure, axes = plt.subplots(1, 2, figsize=(6.8, 3.0), sharex=True)
for ax, counts, title in zip(
    axes, (words, followers), ("anywhere", "after 'one of the'"), strict=True
):
    top = counts.most_common(7)
    plot.bars(ax, [word for word, _ in top], [n / counts.total() for _, n in top])
    ax.set(title=title, xlabel="probability")
plt.show()

# %%
top_any = words.most_common(1)[0][1] / words.total()
top_after = followers.most_common(1)[0][1] / followers.total()
check("The context makes the best guess more than four times as likely", top_after > 4 * top_any)

# %% [markdown]
# Knowing three words has turned a flat crowd of small words into words of praise. The right picture is a
# **conditional probability**: among the cases in which the condition $a$ holds, the share in which
# $b$ holds as well.
#
# $$P(b \mid a) = \frac{P(a, b)}{P(a)} \tag{1}$$
#
# The bar reads *given*. Both numbers on the right are shares of the same whole, so that the whole
# cancels and only two counts remain.


# %%
def conditional(pairs, a, b):
    """P(second is b | first is a) from a Counter of pairs."""
    p_joint = pairs[a, b] / pairs.total()
    p_first = sum(n for (first, _), n in pairs.items() if first == a) / pairs.total()
    return p_joint / p_first


pairs = Counter(pair for sentence in sentences for pair in itertools.pairwise(sentence))
forward = conditional(pairs, "romantic", "comedy")
backward = conditional(Counter({(b, a): n for (a, b), n in pairs.items()}), "comedy", "romantic")
print(f"P(comedy | romantic) = {forward:.3f}")
print(f"P(romantic | comedy) = {backward:.3f}")
check("After romantic, comedy is likely; before comedy, romantic is not", forward > 0.5 > backward)

# %% [markdown]
# Whoever writes *romantic* is quite likely to go on with *comedy*. But a comedy is mostly not a romantic
# one. Confusing the two directions is a common mistake, known in courts as the prosecutor's fallacy.
#
# ## A text is a chain of guesses
#
# Multiply (1) by its denominator: $P(a, b) = P(a)\,P(b \mid a)$. The probability of two things is the
# probability of the first times that of the second *given* the first. Three things? Take the first
# two together as $a$ and use the rule once more. For a text of $T$ symbols this gives
#
# $$P(x_1, \dots, x_T) = \prod_{t=1}^{T} P(x_t \mid x_1, \dots, x_{t-1}) \tag{2}$$
#
# This is the **chain rule**. Every symbol gets a factor, the first included: its condition is empty,
# so its factor is simply $P(x_1)$. The proof is one look at the fractions: each numerator
# $P(x_1, \dots, x_t)$ is the next denominator, everything cancels, and only the last numerator is
# left. Nothing was assumed, except that no denominator is zero. Let us check it on every text of a
# small world: three letters, texts of four, a random probability for each of the 81.

# %%
V, T = 3, 4
rng = np.random.default_rng(SEED)
joint = rng.dirichlet(np.ones(V**T)).reshape((V,) * T)  # [V, V, V, V]: one number for every text


def marginal(joint, length):
    """Probability of the first `length` symbols: sum over everything that may follow."""
    return joint.sum(axis=tuple(range(length, joint.ndim)))


def chain_rule(joint, text):
    """Probability of a text as the product of T conditional probabilities."""
    product = 1.0
    for t in range(1, len(text) + 1):
        prefix = tuple(text[:t])
        product *= marginal(joint, t)[prefix] / marginal(joint, t - 1)[prefix[:-1]]
    return product


# %%
texts = list(itertools.product(range(V), repeat=T))
products = np.array([chain_rule(joint, text) for text in texts])
close("The chain rule gives the probability of each of the 81 texts", products, joint.ravel())
close("So the products sum to one", products.sum(), 1.0)

# %% [markdown]
# > **Common mistake.** Tutorials often print the product with the limits $\prod_{i=1}^{n-1}$. It looks
# > harmless: one factor less. But then the factors no longer make a distribution.
#
# Leave out the last factor and see what all texts together add up to.

# %%
too_short = np.array([chain_rule(joint, text[:-1]) for text in texts])
print(f"all texts together, the last factor missing: {too_short.sum():.3f}")
close("Without the last factor the total is V, not one", too_short.sum(), V)
too_late = products / np.array([marginal(joint, 1)[text[0]] for text in texts])
close("Without the first factor it is V as well", too_late.sum(), V)
check("No text is scored lower than it should be", (too_short >= products).all())

# %% [markdown]
# Every text has received the probability of its beginning, and each beginning was counted once for
# each of the $V$ ways to end. The same total comes out when the first factor is missing. Such a
# formula flatters every model: a text's score is too high by one divided by the factor left out.
#
# Is left to right the only way? By no means. The rule does not know what the symbols are, so we may
# ask for the last first. The product is the same; the factors are not.

# %%
reversed_joint = joint.transpose(3, 2, 1, 0)
backwards = [chain_rule(reversed_joint, text[::-1]) for text in texts]
close("Right to left gives the same probabilities", backwards, products)
first_factor, last_factor = marginal(joint, 1), marginal(reversed_joint, 1)
check("although the single factors differ", np.abs(first_factor - last_factor).max() > 1e-3)

# %% [markdown]
# Left to right is a choice for *use*: whoever guesses the next symbol can also write, by drawing it
# and going on. Models that fill gaps in the middle choose otherwise.
#
# ### A text must be able to end
#
# Texts have different lengths. If we say nothing about the end, then the texts of one letter alone
# sum to one, those of two letters sum to one, and all texts together to infinity. The cure is a
# symbol that means *the end*, guessed like any other. Take a small model in which the next symbol
# depends on the last one only: `start[a]` is the probability that a text begins with $a$,
# `step[a, b]` that $b$ follows $a$, and symbol 0 is the end. Do all texts of all lengths sum to one?


# %%
def total_up_to(step, start, longest):
    """Probability of all texts of 0, 1, …, `longest` symbols before the end, symbol 0."""
    totals, alive = [], start.copy()  # alive[i]: probability of being at symbol i, not yet ended
    for _ in range(longest + 1):
        totals.append(alive[0])
        alive = alive[1:] @ step[1:]
    return np.cumsum(totals)


def text_probability(text, step, start):
    """Probability of one text of symbols 1…V−1, its end included."""
    path = [*text, 0]
    return start[path[0]] * np.prod([step[a, b] for a, b in itertools.pairwise(path)])


# %%
start, step = np.full(4, 0.25), rng.dirichlet([2, 2, 2, 2], size=4)  # [V], [V, V]
totals = total_up_to(step, start, longest=1000)
every = [text for length in range(7) for text in itertools.product((1, 2, 3), repeat=length)]
one_by_one = sum(text_probability(text, step, start) for text in every)
print("up to 0, 6, 20, 100 symbols:", totals[[0, 6, 20, 100]].round(4))
close(f"The {len(every)} texts of up to 6 symbols, one by one", totals[6], one_by_one)
close("With an end symbol all texts of all lengths together make one", totals[-1], 1.0)
hesitant = 0.5 ** np.arange(2, 60)  # the chance to end after 0, 1, … symbols, halved each time
check("If ending becomes ever less likely, they do not", 1 - np.prod(1 - hesitant) < 0.5)

# %% [markdown]
# An end symbol is enough as long as the chance to end does not fade away. That is why each sentence in this book is followed by a line break, and why that line break counts as
# a character when we score a model.
#
# ### Add logarithms
#
# A page has two thousand characters. Multiply two thousand factors of around one tenth and the
# computer answers *zero*, for all pages alike. The logarithm turns the product into a sum, which is
# an ordinary number.

# %%
factors = np.full(2000, 0.1)
print("product:", np.prod(factors), "  sum of logarithms:", round(np.log(factors).sum(), 1))
close("The product has underflowed to zero", np.prod(factors), 0.0, atol=0.0)

# %% [markdown]
# ## The price of a long memory
#
# The chain rule is exact, and useless as it stands: a table for the last factor needs a row for every
# possible beginning. With 96 characters and a sentence of a hundred, that is more rows than there
# are atoms. So we forget. A **Markov model of order $k$** looks back $k$ symbols and no further:
#
# $$P(x_1, \dots, x_T) \approx \prod_{t=1}^{T} P(x_t \mid x_{t-k}, \dots, x_{t-1}) \tag{3}$$
#
# (symbols before the first are taken as the start mark). In text the same table serves every
# position. It has $V^k$ rows with $V - 1$ free numbers each, since each row must sum to one. How far can we go, if our text has not even a
# million characters? Ask a practical question: when we meet a context of $k$ characters in new text,
# how often did we see it in the training text at all?


# %%
def markov_parameters(vocab_size, order):
    """Free probabilities of a Markov model of the given order."""
    return vocab_size**order * (vocab_size - 1)


def contexts(texts, order):
    """Every run of `order` characters inside the texts."""
    return [text[i : i + order] for text in texts for i in range(len(text) - order + 1)]


orders = range(1, 13)
train = reviews["train"]["text"][: run.size(smoke=300, cpu=None, gpu=None)]
held_out = reviews["validation"]["text"]
seen = [set(contexts(train, k)) for k in orders]
known = [
    np.mean([c in s for c in contexts(held_out, k)]) for k, s in zip(orders, seen, strict=True)
]
table = [markov_parameters(len(ALPHABET), k) for k in orders]

# %% mystnb={"image": {"alt": "Two panels against the order k from 1 to 12. Left, on a logarithmic scale, the numbers in the table grow as a straight line and pass the number of training characters, a dotted line, at about order two. Right, the share of held-out contexts that occur in the training text falls slowly at first and then steeply."}}
figure, (left, right) = plt.subplots(1, 2, figsize=(6.8, 3.0))
left.semilogy(orders, table, "o-")
left.axhline(sum(map(len, train)), color=plot.GREY, linestyle=":")
left.text(4, sum(map(len, train)) / 40, "training characters", color=plot.GREY)
left.set(xlabel="order k", ylabel="numbers in the table")
right.plot(orders, known, "o-", color=plot.ORANGE)
right.set(xlabel="order k", ylabel="share seen in training", ylim=(0, 1.03))
for ax in (left, right):
    ax.set_xticks(orders[1::2])
plt.show()

# %%
check(
    "Already order 3 has more numbers than the text has characters", table[2] > sum(map(len, train))
)
check("The text has fewer than a million characters", sum(map(len, train)) < 1e6)
check("Nearly every context of 2 characters is known", known[1] > 0.99)
check("Of those of 12 characters fewer than a third are", known[11] < 1 / 3)
print(np.round(known, 3))
check("The share only falls with the order", (np.diff(known) <= 0).all())

# %% [markdown]
# Two curves pull in opposite directions, and every language model is a way to live with that: counts
# with smoothing blend short and long contexts, networks let similar contexts share their numbers.
#
# ## A language model is a graph
#
# What exactly do we claim when we forget? Draw each symbol as a node and join two when one stands
# in the other's condition. For a Markov model of order $k$ these are the pairs at most $k$ apart.
# Such a picture is a **probabilistic graphical model**; without arrowheads it is a **Markov
# network**. (With them it would be a *Bayesian network*, which has a different rule for reading off
# independence. Here both rules agree, because any two symbols that stand together in a condition
# are themselves joined.)


# %%
def draw_network(ax, order, length=6):
    """Nodes x1…xT in a row, with a line for each pair at most `order` apart."""
    for i, j in itertools.combinations(range(length), 2):
        if j - i <= order:
            bend = "arc3,rad=-0.32" if j - i > 1 else "arc3,rad=0"
            line = {"arrowstyle": "-", "connectionstyle": bend, "color": plot.GREY}
            ax.annotate("", (j, 0), (i, 0), arrowprops=line | {"shrinkA": 13, "shrinkB": 13})
    ax.scatter(range(length), [0] * length, s=560, color=plot.SKY, edgecolor=plot.INK, zorder=3)
    for i in range(length):
        ax.text(i, 0, f"$x_{i + 1}$", ha="center", va="center", zorder=4)
    ax.set(xlim=(-0.5, length - 0.5), ylim=(-0.35, 1))
    ax.axis("off")


# %% mystnb={"image": {"alt": "Three rows of six circles x1 to x6. First row, order 1: each circle is joined to the next only. Second row, order 2: arcs also skip one circle. Third row, the full chain rule: every circle is joined to every later one."}}
figure, axes = plt.subplots(3, 1, figsize=(6.4, 4.0), gridspec_kw={"height_ratios": [1, 1.1, 1.5]})
for ax, order, name in zip(axes, (1, 2, 5), ("order 1", "order 2", "no assumption"), strict=True):
    draw_network(ax, order)
    ax.set_title(name)
plt.show()

# %% [markdown]
# The graph is more than decoration. Cover some nodes with your hand: whatever is known. If every path
# from $x_i$ to $x_j$ now passes under the hand, the two are **separated**, and the model makes them
# independent once the covered ones are known. This is **conditional independence**:
#
# $$P(x_i, x_j \mid S) = P(x_i \mid S)\,P(x_j \mid S) \quad\text{for all values} \tag{4}$$
#
# Whether (4) holds can be measured by the **conditional mutual information**: the average of
# $\log \frac{P(x_i, x_j \mid S)}{P(x_i \mid S)\,P(x_j \mid S)}$, which says how much $x_i$ tells about
# $x_j$ beyond what $S$ has told already. It is zero exactly when (4) holds. With the natural
# logarithm its unit is the **nat**; divided by $\log 2$, it is in **bits**.


# %%
def conditional_mutual_information(joint, i, j, given=()):
    """I(x_i; x_j | given) in nats, by summing over a full table of probabilities."""
    others = tuple(axis for axis in range(joint.ndim) if axis not in (i, j, *given))
    p = joint.sum(axis=others, keepdims=True)  # P(x_i, x_j, S)
    p_i, p_j = p.sum(axis=j, keepdims=True), p.sum(axis=i, keepdims=True)
    p_s = p_i.sum(axis=i, keepdims=True)
    ratio = np.where(p > 0, p * p_s / np.where(p > 0, p_i * p_j, 1), 1)
    return float((p * np.log(ratio)).sum())


def separated(i, j, given, order, length):
    """Whether the nodes in `given` cut every path from i to j in the Markov network."""
    reached, frontier = {i}, [i]
    while frontier:
        here = frontier.pop()
        for node in range(max(0, here - order), min(length, here + order + 1)):
            if node not in reached and node not in given:
                reached.add(node)
                frontier.append(node)
    return j not in reached


# %% [markdown]
# The first function knows nothing of graphs and the second nothing of probabilities. The theory
# promises one direction: what is separated is independent. The other direction is not a law, since
# the numbers of a model can happen to cancel, but numbers drawn at random practically never do. So
# we expect both functions to agree on every question. We build the joint table of a random Markov
# model with three letters and texts of five, and ask all of them: each pair of positions, given
# each set of others.


# %%
def markov_joint(order, length, vocab_size, rng):
    """Full table [V, …, V] of a Markov model with a random table for each position."""
    joint = rng.dirichlet(np.ones(vocab_size))  # [V]: the first symbol
    for t in range(1, length):
        k = min(order, t)
        step = rng.dirichlet(np.ones(vocab_size), size=(vocab_size,) * k)  # [V]*k + [V]
        joint = joint[..., None] * step.reshape((1,) * (t - k) + step.shape)
    return joint


def questions(length):
    """Every pair of positions with every set of other positions."""
    for i, j in itertools.combinations(range(length), 2):
        rest = [node for node in range(length) if node not in (i, j)]
        for size in range(len(rest) + 1):
            yield from ((i, j, given) for given in itertools.combinations(rest, size))


# %%
for order in (1, 2, 3):
    joint = markov_joint(order, 5, 3, rng)
    asked = list(questions(5))
    measured = [conditional_mutual_information(joint, *question) < 1e-12 for question in asked]
    predicted = [separated(*question, order, 5) for question in asked]
    check(
        f"Order {order}: graph and brute force agree on all {len(asked)} questions "
        f"({sum(predicted)} independent)",
        measured == predicted,
    )

# %% [markdown]
# One of the answers is worth spelling out, since it is so often told wrongly. In a model of order 1 the
# third symbol is *not* independent of the first. It only becomes so when the second is known.

# %%
joint = markov_joint(1, 5, 3, rng)
check("x1 tells something about x3", conditional_mutual_information(joint, 0, 2) > 1e-4)
close("but nothing once x2 is known", conditional_mutual_information(joint, 0, 2, (1,)), 0.0)

# %% [markdown]
# ## Is English a chain of letter pairs?
#
# Now the real thing. If English were such a model of order 1, with one table for all positions, the
# letter before the last would tell nothing about the next one, given the last. We keep letters, turn
# everything between them into one space, count all runs of three characters and measure.
#
# A warning first: from a finite text, the mutual information never comes out as exactly zero, even where
# there is none, because random counts are a little uneven. So we need to know what *nothing* looks
# like. Shuffle: for each middle character, deal out the next characters to the places anew. That
# destroys every link across the middle and keeps all pairs as they were.


# %%
def triple_table(triples, size):
    """Relative frequencies [V, V, V] of an array [N, 3] of ids."""
    table = np.zeros((size, size, size))
    np.add.at(table, tuple(triples.T), 1)
    return table / len(triples)


def shuffled(triples, rng):
    """The same pairs of middle and next character, dealt out anew within each middle character."""
    triples = triples[rng.permutation(len(triples))]
    triples = triples[np.argsort(triples[:, 1], kind="stable")]
    dealt = triples[rng.permutation(len(triples))]
    dealt = dealt[np.argsort(dealt[:, 1], kind="stable")]
    return np.column_stack([triples[:, :2], dealt[:, 2]])


# %%
letters = " abcdefghijklmnopqrstuvwxyz"
plain = [re.sub(r"[^a-z]+", " ", text.lower()) for text in train]
kept = [[letters.index(c) for c in text] for text in plain]
triples = np.concatenate(
    [np.lib.stride_tricks.sliding_window_view(t, 3) for t in kept if len(t) > 2]
)

real = conditional_mutual_information(triple_table(triples, 27), 0, 2, (1,)) / np.log(2)
nothing = [
    conditional_mutual_information(triple_table(shuffled(triples, rng), 27), 0, 2, (1,)) / np.log(2)
    for _ in range(20)
]
print(f"measured {real:.3f} bits; what nothing looks like: up to {max(nothing):.3f} bits")
check("The letter before the last tells more than chance could", real > 10 * max(nothing))

# %% mystnb={"image": {"alt": "A narrow grey band of dots close to zero, the twenty shuffled texts, and far to the right a single orange dot, the real text, on an axis of bits per character."}}
figure, ax = plt.subplots(figsize=(6.4, 1.9))
ax.scatter(nothing, np.zeros(20), color=plot.GREY, alpha=0.5, label="shuffled, 20 times")
ax.scatter([real], [0], color=plot.ORANGE, s=70, label="English")
ax.set(xlabel="bits the letter before the last tells, given the last", yticks=[], xlim=(0, None))
ax.legend(loc="upper center", ncols=2)
plt.show()

# %% [markdown]
# So the assumption behind letter pairs is false, and we know what one letter more would be worth, in
# bits. Letters further back add to that, so it is a lower bound: a model of letter pairs is at
# least this far from the truth. That does not make it useless.
#
# ## Maximum likelihood means counting
#
# We chose relative frequencies as our probabilities without a word of justification. Here it is. The
# **likelihood** of a model is the probability that it gives to the text we saw, and **maximum
# likelihood** chooses the model for which it is largest. Each context $h$ has a row of its own, so
# take one row at a time: $c_w = c(h, w)$ observations of the symbol $w$, $N = c(h)$ in all. The
# logarithm of its likelihood is $\sum_w c_w \log p_w$. Write $f_w = c_w / N$ and compare any $p$
# with $f$, summing over the symbols that were seen:
#
# $$\sum_w c_w \log f_w - \sum_w c_w \log p_w = N \sum_w f_w \log \frac{f_w}{p_w} \;\ge\; 0
# \qquad\Longrightarrow\qquad \hat P(w \mid h) = \frac{c(h, w)}{c(h)} \tag{5}$$
#
# The sum on the right is a Kullback–Leibler divergence, which the next chapter takes up. That it is
# never negative takes one line. The logarithm lies below its tangent, $\log u \le u - 1$, so
# $-\sum_w f_w \log\frac{p_w}{f_w}$ is at least $-\sum_w f_w\left(\frac{p_w}{f_w} - 1\right)$, and that
# is $1 - \sum_w p_w \ge 0$, since the $p_w$ of the seen symbols make one at most. Equality needs
# $p = f$ everywhere. No calculus is needed: nothing beats the counts.


# %%
def maximum_likelihood(counts):
    """Relative frequencies: the distribution with the largest likelihood of the counts [V]."""
    return np.asarray(counts) / np.sum(counts)


def log_likelihood(counts, p):
    """Logarithm of the probability of the counted observations in their order, in nats."""
    seen = np.asarray(counts) > 0
    return float((np.asarray(counts)[seen] * np.log(np.asarray(p)[seen])).sum())


def followers_of(letter):
    """How often each of the 27 characters follows the letter, [27]."""
    return np.bincount(triples[triples[:, 0] == letters.index(letter), 1], minlength=27)


counts, after_q = followers_of("t"), followers_of("q")
best = maximum_likelihood(counts)
check("After q comes u, nearly always", maximum_likelihood(after_q)[letters.index("u")] > 0.9)

# %% [markdown]
# To see that the counts sit on a peak, walk away from them. Mix the frequencies of what follows *t* with
# a random distribution, from none of it to a fifth, in a hundred random directions.

# %%
mixes = np.linspace(0, 0.2, 21)
others = rng.dirichlet(np.ones(27), size=100)  # [100, 27]
curves = np.array([[log_likelihood(counts, (1 - m) * best + m * q) for m in mixes] for q in others])
loss_per_symbol = (curves - curves[:, :1]) / counts.sum() / np.log(2)  # [100, 21], bits

# %% mystnb={"image": {"alt": "A hundred thin curves that all start at zero at the left and fall to the right: the log-likelihood per symbol lost when the relative frequencies are mixed with a random distribution. None rises above zero."}}
figure, ax = plt.subplots(figsize=(6.4, 3.0))
ax.plot(mixes, loss_per_symbol.T, color=plot.BLUE, alpha=0.25, linewidth=1)
ax.axhline(0, color=plot.INK, linewidth=0.8)
ax.set(xlabel="share of another distribution mixed in", ylabel="change in bits per symbol")
plt.show()

# %%
check(
    "No step in any of the hundred directions is an improvement", (loss_per_symbol[:, 1:] < 0).all()
)

# %% [markdown]
# Best for the text we *saw*, that is. A symbol that was never seen gets the probability zero, and a new
# text that contains it becomes impossible. How to repair that is the subject of
# [bigram counts](../ngrams/bigram_counts.ipynb).
#
# ## Summary
#
# The chain rule turns the probability of a text into $T$ guesses of one symbol, exactly and without
# any assumption; lose a factor and it is no distribution any more. Looking back $k$ symbols is an
# assumption, and the graph of the model says which: what is separated is independent given what
# separates it. English violates it measurably. The conditional probabilities of largest likelihood are
# relative frequencies.
#
# ## Exercises
#
# > **Exercise 1.** A chain of logarithms (★☆☆, 5 minutes). Write `log_probability(text, conditional)`: the
# > log-probability of a sequence of symbols, where `conditional(prefix, symbol)` gives
# > $P(\text{symbol} \mid \text{prefix})$ for a tuple `prefix`, which may be empty.
#
# <details><summary>Hint</summary>
#
# There is one factor for each symbol. What is the prefix of the very first?
#
# </details>


# %% tags=["exercise"]
def log_probability(text, conditional):
    """Log-probability in nats of a sequence, by the chain rule."""
    ...


exercises.log_probability(log_probability)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def log_probability(text, conditional):
    """Log-probability in nats of a sequence, by the chain rule."""
    return sum(np.log(conditional(tuple(text[:t]), symbol)) for t, symbol in enumerate(text))


exercises.log_probability(log_probability)

# %% [markdown]
# > **Exercise 2.** Counting what is free (★☆☆, 5 minutes). Write `free_parameters(vocab_size, order)` for
# > a Markov model in which the contexts at the beginning of a text, which are shorter than the order,
# > have rows of their own.
#
# <details><summary>Hint</summary>
#
# Contexts of length $0, 1, \dots, k$. And in each row the last probability is fixed by the others.
#
# </details>


# %% tags=["exercise"]
def free_parameters(vocab_size, order):
    """Free probabilities of a Markov model with separate rows for short contexts."""
    ...


exercises.parameters(free_parameters)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def free_parameters(vocab_size, order):
    """Free probabilities of a Markov model with separate rows for short contexts."""
    return sum(vocab_size**length for length in range(order + 1)) * (vocab_size - 1)


exercises.parameters(free_parameters)

# %% [markdown]
# > **Exercise 3.** Pairs by counting (★★☆, 10 minutes). Write `pair_probabilities(text, symbols)`: the matrix
# > $\hat P(b \mid a)$ of maximum likelihood for the pairs of neighbours in a string; rows and columns
# > in the order of `symbols`. A symbol that is never followed by anything gets a row of zeros.
#
# <details><summary>Hint</summary>
#
# The denominator $c(a)$ is how often $a$ was *followed by something*. For the last symbol of the text
# that is not the same as how often it occurs.
#
# </details>


# %% tags=["exercise"]
def pair_probabilities(text, symbols):
    """Matrix [V, V] of P(next is column | this is row) by maximum likelihood."""
    ...


exercises.pairs(pair_probabilities)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def pair_probabilities(text, symbols):
    """Matrix [V, V] of P(next is column | this is row) by maximum likelihood."""
    counts = np.zeros((len(symbols), len(symbols)))
    for a, b in itertools.pairwise(text):
        counts[symbols.index(a), symbols.index(b)] += 1
    totals = counts.sum(axis=1, keepdims=True)
    return counts / np.where(totals > 0, totals, 1)


exercises.pairs(pair_probabilities)

# %% [markdown]
# > **Exercise 4.** The wall (★★★, 15 minutes). In a Markov model of order $k$, which smallest set of
# > symbols before $x_t$ must be known so that $x_t$ and everything after it is independent of all
# > other symbols before $x_t$? Write `wall(t, order)`: the positions of that set, counted from 1.
#
# <details><summary>Hint</summary>
#
# Look at the drawing for order 2. Cover nodes until no arc leads from left of your hand to $x_t$ or
# beyond. Near the beginning there may be less to cover.
#
# </details>


# %% tags=["exercise"]
def wall(t, order):
    """Positions that separate x_t and all that follows from everything before them."""
    ...


exercises.wall(wall)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 4
def wall(t, order):
    """Positions that separate x_t and all that follows from everything before them."""
    return list(range(max(1, t - order), t))


exercises.wall(wall)

# %% [markdown]
# ## Common mistakes
#
# *Exchanging the condition*: $P(a \mid b)$ is not $P(b \mid a)$. *A factor too few*: the product runs from 1 to
# $T$. *No end symbol*: probabilities of texts of different length cannot be compared. *Order 1 means
# that distant letters are independent*: only given what lies between. *Zero mutual information from
# data*: the estimate is practically never zero; compare it with shuffled data.
#
# ## Further reading
#
# - Shannon (1948), [A mathematical theory of communication](https://doi.org/10.1002/j.1538-7305.1948.tb01338.x): English as Markov models of rising order, by hand.
# - Markov (1913), [An example of statistical investigation of the text Eugene Onegin](https://doi.org/10.1017/S0269889706001074): twenty thousand letters, counted.
# - Koller and Friedman (2009), [Probabilistic Graphical Models](https://mitpress.mit.edu/9780262013192/): separation and independence, with proofs.
# - Jurafsky and Martin, [Speech and Language Processing](https://web.stanford.edu/~jurafsky/slp3/), chapter on n-gram language models.
