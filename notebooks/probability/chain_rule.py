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
# How the probability of a whole text is cut into a chain of small guesses, and what is lost when
# each guess looks back only a little.
#
# Open a film review anywhere and cover the next word: which one would you bet on? Now suppose that
# the three words before it are *one of the*. Both bets can be settled by counting, and they are not
# the same bet.

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
import re
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
import scipy.special
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.reviews import load_reviews
from lmcourse.exercises.probability import chain_rule as exercises
from lmcourse.text.characters import ALPHABET

run = session.start(PROFILE, SEED)

# %%
reviews = load_reviews("text")
sentences = []  # each as a list of its words
for text in reviews["train"]["text"]:
    sentences.append(re.findall(r"[a-z']+", text.lower()))
words = Counter()
followers = Counter()  # of "one of the"
for sentence in sentences:
    words.update(sentence)
    for i in range(len(sentence) - 3):
        if sentence[i : i + 3] == ["one", "of", "the"]:
            followers[sentence[i + 3]] += 1

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two bar charts of words with their probability, one below the other, on the same axis. Above, over the whole text: the, a, and, of, to and other small words, the largest about one in twenty. Below, after the words one of the: most is the longest bar, about a quarter; best, year's, great and others follow."}}
figure, axes = plot.panels(2, height=2.6, sharex=True)
titles = ("anywhere", "after 'one of the'")
for ax, counts, title in zip(axes, (words, followers), titles, strict=True):
    top = counts.most_common(7)
    shares = [n / counts.total() for _, n in top]
    plot.bars(ax, [word for word, _ in top], shares)
    ax.set_title(title)
axes[1].set_xlabel("share of the words")
print(f"{words.total():,} words in {len(sentences):,} sentences")
print(f"{followers.total()} words after 'one of the'")
plt.show()

# %% [markdown]
# Without a context the small words win, and not even the best bet is a good one. These three words
# bring other words to the top and make the best bet several times as good (a rough share, from so few cases). A
# language model makes such bets, one symbol after another; this chapter puts them together into the probability of a text.

# %% [markdown]
# **You will**
#
# - compute conditional probabilities by counting in real text,
# - check the chain rule on every sequence of a small world, with the product starting and ending
#   where it must,
# - read a language model as a graph, and tell from the graph alone which letters must be independent,
# - measure that the letters of these reviews are not a chain of pairs,
# - derive that maximum likelihood means counting.
#
# **You need** Python with NumPy, and from school probabilities, logarithms and the tangent of a curve.
# What a language model is good for is shown in
# [what is a language model?](../background/what_is_a_language_model.ipynb)

# %% [markdown]
# ## Given what came before
#
# The lower picture is a **conditional probability**: among the cases in which the condition $a$
# holds, the share in which $b$ holds as well.
#
# $$P(b \mid a) = \frac{P(a, b)}{P(a)} \tag{1}$$
#
# The bar reads *given*. In twelve cases of which $a$ holds in four, and $b$ too in three of these four,
# $P(a) = 4/12$, $P(a, b) = 3/12$, and $P(b \mid a) = 3/4$: the twelve cancel, and only two counts
# remain. Take pairs of neighbouring words, and ask in both directions:
# how likely is *comedy* after *romantic*, and how likely was *romantic* before *comedy*? For the
# second question we turn every pair round.


# %%
def conditional(pairs, a, b):
    """P(second is b | first is a) from a Counter of pairs."""
    with_a = sum(n for (first, _), n in pairs.items() if first == a)
    return pairs[a, b] / with_a


pairs = Counter()
for sentence in sentences:
    pairs.update(itertools.pairwise(sentence))
turned = Counter({(b, a): n for (a, b), n in pairs.items()})

forward = conditional(pairs, "romantic", "comedy")
backward = conditional(turned, "comedy", "romantic")

# %% tags=["hide-input"]
both = pairs["romantic", "comedy"]
print("'romantic comedy' occurs", both, "times")
print(f"P(next is comedy | this is romantic)  = {forward:.3f}")
print(f"P(last was romantic | this is comedy) = {backward:.3f}")

# %% [markdown]
# It is one and the same count above the line, and two different ones below it. Confusing the two
# directions is known in courts as the prosecutor's fallacy.

# %% tags=["claims"]
best_anywhere = words.most_common(1)[0][1] / words.total()
best_after = followers.most_common(1)[0][1] / followers.total()
check(
    "'one of the' makes the best bet at least three times as good",
    best_after > 3 * best_anywhere,
)
check(
    "The two directions differ by a factor of at least two",
    forward > 2 * backward,
)

# %% [markdown]
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
# left. Nothing was assumed, except that no denominator is zero.
#
# Let us try it on every text of a small world: three letters, texts of four, and for each of the
# 81 texts a random probability, their *joint* table. (`dirichlet` draws positive numbers that sum to one.)
# The probability of a *beginning*, a *marginal*, is the sum over everything that may follow it.

# %%
V, T = 3, 4
rng = np.random.default_rng(SEED)
numbers = rng.dirichlet(np.ones(V**T))  # [81]
joint = numbers.reshape(V, V, V, V)  # joint[0, 2, 1, 1] is P(0, 2, 1, 1)


def marginal(joint, length):
    """Probabilities of all beginnings of `length` symbols."""
    return joint.sum(axis=tuple(range(length, joint.ndim)))


def factors_of(joint, text):
    """The conditional probability of each symbol of a text, [T]."""
    factors = []
    for t in range(1, len(text) + 1):
        now, before = tuple(text[:t]), tuple(text[: t - 1])
        # marginal(joint, 0) is one number; the empty tuple () picks it
        factors.append(marginal(joint, t)[now] / marginal(joint, t - 1)[before])
    return factors


def chain_rule(joint, text):
    """Probability of a text as the product of T conditional probabilities."""
    return np.prod(factors_of(joint, text))


# %% tags=["hide-input"]
print("text   four factors              product   in the table")
for text in [(0, 0, 0, 0), (0, 2, 1, 1), (2, 1, 0, 2)]:
    factors = " ".join(f"{factor:.3f}" for factor in factors_of(joint, text))
    name = "".join(map(str, text))
    print(f"{name}   {factors}  {chain_rule(joint, text):.5f}", end="")
    print(f"   {joint[text]:.5f}")

# %% [markdown]
# > **Common mistake.** Suppose the product is printed with the limits $\prod_{t=1}^{T-1}$. It looks
# > harmless: one factor less. But then the products over all texts no longer sum to one.
#
# Leave out the last factor, or the first, and see what all 81 texts together add up to.

# %% tags=["hide-input"]
texts = list(itertools.product(range(V), repeat=T))
products = np.array([chain_rule(joint, text) for text in texts])  # [81]
first = np.array([marginal(joint, 1)[text[0]] for text in texts])  # [81]
too_late = products / first
too_short = np.array([chain_rule(joint, text[:-1]) for text in texts])
print(f"all factors:              {products.sum():.3f}")
print(f"the first factor missing: {too_late.sum():.3f}")
print(f"the last factor missing:  {too_short.sum():.3f}")

# %% [markdown]
# Without its last factor, every text receives the probability of its beginning, and each beginning
# is counted once for each of the $V$ ways to end. The same total comes out when the first factor is
# missing: whichever factor is left out, the sum over its symbol gives $V$ instead of one. A score computed so is too high by a factor of one
# divided by the factor left out.
#
# Is left to right the only way? By no means. The rule does not know what the symbols are, so we may
# ask for the last first.

# %% tags=["hide-input"]
turned_joint = joint.transpose(3, 2, 1, 0)
text = (0, 2, 1, 1)
print("left to right:", np.round(factors_of(joint, text), 3))
print("right to left:", np.round(factors_of(turned_joint, text[::-1]), 3))
backwards = [chain_rule(turned_joint, text[::-1]) for text in texts]  # [81]

# %% [markdown]
# The factors are others; the product is the same. Left to right is a choice; it lets a model go on from a
# given beginning.

# %% tags=["claims"]
close("The chain rule gives each of the 81 texts", products, joint.ravel())
close("So it does from right to left", backwards, products)
close("Without the last factor the total is V", too_short.sum(), V)
close("Without the first factor it is V as well", too_late.sum(), V)

# %% [markdown]
# ### A text must be able to end
#
# Texts have different lengths. If we say nothing about the end, then the texts of one letter alone
# sum to one, those of two letters sum to one, and all texts together to infinity. What helps is a symbol that means *the end*, guessed like any other.
#
# Take a small model in which the next symbol depends on the last one only: `start[a]` is the
# probability that a text begins with $a$, `step[a, b]` that $b$ follows $a$, and symbol 0 is the
# end. Do all texts of all lengths sum to one? We follow the probability of being at each symbol. In
# each round, what has arrived at symbol 0 is finished, and the rest is spread by one step: the new
# share of $b$ is $\sum_{a \ne 0} \text{alive}_a\,\text{step}_{ab}$, a product of a row with a table.


# %%
def total_up_to(step, start, longest):
    """Probability of all texts of 0, 1, …, `longest` symbols and the end."""
    totals = []
    alive = start.copy()  # [V]: probability of being at each symbol
    for _ in range(longest + 1):
        totals.append(alive[0])  # these texts are finished
        alive = alive[1:] @ step[1:]  # [V − 1] @ [V − 1, V] → [V]
    return np.cumsum(totals)


# %%
start = np.full(4, 0.25)  # [V]
step = rng.dirichlet([2, 2, 2, 2], size=4)  # [V, V]; row 0 is never used
totals = total_up_to(step, start, longest=1000)
for longest in (0, 6, 20, 100):
    print(f"texts of up to {longest:3} symbols: {totals[longest]:.4f}")


# %% tags=["hide-input"]
# @title The short texts one by one
def text_probability(text, step, start):
    """Probability of one text of symbols 1…V−1, its end included."""
    path = [*text, 0]
    steps = [step[a, b] for a, b in itertools.pairwise(path)]
    return start[path[0]] * np.prod(steps)


one_by_one = 0.0
for length in range(7):
    for text in itertools.product((1, 2, 3), repeat=length):
        one_by_one += text_probability(text, step, start)
print(f"up to 6 symbols, one by one: {one_by_one:.4f}")

# %% [markdown]
# Here the end symbol is enough: each round finishes at least a fixed share of what is left, the smallest
# of the chances to end. It is not enough when the chance to end fades away fast. Suppose it is a quarter
# at first and is halved with every symbol. The chances to end then sum to at most ½, so at least half of the texts never end:

# %% tags=["hide-input"]
hesitant = 0.25 * 0.5 ** np.arange(601)  # chance to end after 0, 1, …
unfinished = np.cumprod(1 - hesitant)  # [601]
for longest in (6, 60, 600):
    print(f"not ended after {longest:3} symbols: {unfinished[longest]:.4f}")

# %% [markdown]
# In the book's alphabet of characters a line break ends each sentence.

# %% tags=["claims"]
close("Six symbols, one by one", totals[6], one_by_one)
close("Texts of up to 1000 symbols together make one", totals[-1], 1.0)
check("With halved chances more than half never end", unfinished[-1] > 0.5)

# %% [markdown]
# ### Add logarithms
#
# A page has two thousand characters. Multiply two thousand factors of around one tenth and the
# computer answers *zero*. The logarithm turns the product into a sum, which is
# an ordinary number.

# %% tags=["hide-input"]
factors = np.full(2000, 0.1)
print("product:          ", np.prod(factors))
print("sum of logarithms:", round(np.log(factors).sum(), 1))

# %% [markdown]
# ## The price of a long memory
#
# The chain rule is exact, and useless as a table: one for the last factor needs a row for every
# possible beginning. With 96 characters and a sentence of a hundred that is $96^{99}$, about $10^{196}$
# rows. So we forget. A **Markov model of order $k$** looks back $k$ symbols and no further:
#
# $$P(x_1, \dots, x_T) = \prod_{t=1}^{T} P(x_t \mid x_{t-k}, \dots, x_{t-1}) \tag{3}$$
#
# (symbols before the first are taken as the start mark). In a model of text the same table serves every
# position. For full contexts it has $V^k$ rows with $V - 1$ free numbers each, since each row must sum to one.
#
# Ask a practical question: when we meet a context of
# $k$ characters in new text, did it occur in the training text at all?


# %%
def markov_parameters(vocab_size, order):
    """Free probabilities of a Markov model of the given order."""
    return vocab_size**order * (vocab_size - 1)


# %% tags=["hide-input"]
# @title Counting the contexts that were seen before
def contexts(texts, order):
    """Every run of `order` characters inside the texts."""
    runs = []
    for text in texts:
        runs += [text[i : i + order] for i in range(len(text) - order + 1)]
    return runs


orders = range(1, 13)
train = reviews["train"]["text"][: run.size(smoke=300, cpu=None, gpu=None)]
held_out = reviews["validation"]["text"]
n_characters = sum(map(len, train))
print(f"{n_characters:,} characters of training text")

table = [markov_parameters(len(ALPHABET), k) for k in orders]
known = []  # share of the held-out contexts that the training text has
for k in orders:
    seen = set(contexts(train, k))
    known.append(np.mean([c in seen for c in contexts(held_out, k)]))

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels, one below the other, against the order k from 1 to 12. Above, on a logarithmic scale, the numbers in the table grow as a straight line and reach the number of training characters, a dotted line, at order two. Below, the share of held-out contexts that occur in the training text falls slowly at first and then steeply."}}
figure, (above, below) = plot.panels(2, height=2.6, sharex=True)
above.semilogy(orders, table, "o-")
above.axhline(n_characters, color=plot.GREY, linestyle=":")
above.text(5, n_characters / 60, "training characters", color=plot.GREY)
above.set_ylabel("numbers in the table")
below.plot(orders, known, "o-", color=plot.ORANGE)
below.set(xlabel="order k", ylabel="share seen in training", ylim=(0, 1.03))
below.set_xticks(orders[1::2])
plt.show()

# %% [markdown]
# Both curves speak against a long memory kept as a table: most rows stay empty, and new text asks for empty rows. The lower
# curve is lenient: the next character must have been seen after the context, too.

# %% tags=["claims"]
rows_of_four = len(ALPHABET) ** 4
check(
    "Order 4 has more rows than the text characters",
    rows_of_four > n_characters,
)
check("Of contexts of 12 fewer than half are known", known[11] < 1 / 2)

# %% [markdown]
# ## A language model is a graph
#
# What exactly do we claim when we forget? Draw each symbol as a node and join two when one stands
# in the other's condition. For a Markov model of order $k$ these are the pairs at most $k$ apart.
# Such a picture is a **probabilistic graphical model**; with plain lines, as here, it is a **Markov
# network**.


# %% tags=["hide-input"] mystnb={"image": {"alt": "Three rows of six circles x1 to x6. First row, order 1: each circle is joined to the next only. Second row, order 2: arcs also skip one circle. Third row, the full chain rule: every circle is joined to every later one."}}
def draw_network(ax, order, length=6):
    """Nodes x1…xT in a row, with a line for each pair at most `order` apart."""
    for i, j in itertools.combinations(range(length), 2):
        if j - i <= order:
            bend = "arc3,rad=-0.32" if j - i > 1 else "arc3,rad=0"
            line = {"arrowstyle": "-", "connectionstyle": bend}
            line |= {"color": plot.GREY, "shrinkA": 13, "shrinkB": 13}
            ax.annotate("", (j, 0), (i, 0), arrowprops=line)
    nodes = {"s": 560, "color": plot.SKY, "edgecolor": plot.INK, "zorder": 3}
    ax.scatter(range(length), [0] * length, **nodes)
    for i in range(length):
        ax.text(i, 0, f"$x_{i + 1}$", ha="center", va="center", zorder=4)
    ax.set(xlim=(-0.5, length - 0.5), ylim=(-0.35, 1))
    ax.axis("off")


figure, axes = plot.panels(
    3, height=1.33, gridspec_kw={"height_ratios": [1, 1.1, 1.5]}
)
names = ("order 1", "order 2", "no assumption")
for ax, order, name in zip(axes, (1, 2, 5), names, strict=True):
    draw_network(ax, order)
    ax.set_title(name)
plt.show()

# %% [markdown]
# The graph is more than decoration. Cover some nodes with your hand: whatever is known. If every path
# from $x_i$ to $x_j$ now passes under the hand, the two are **separated**, and the model makes them
# independent once the covered ones are known. For order 1 and three symbols that is one line: by (3)
# $P(x_1, x_3 \mid x_2) = \frac{P(x_1) P(x_2 \mid x_1)}{P(x_2)} P(x_3 \mid x_2)$, and by (1) the fraction is $P(x_1 \mid x_2)$. This is **conditional independence**:
#
# $$P(x_i, x_j \mid S) = P(x_i \mid S)\,P(x_j \mid S) \quad\text{for all values} \tag{4}$$
#
# Whether (4) holds can be measured by the **conditional mutual information**: the average, weighted with $P(x_i, x_j, S)$, of
# $\log \frac{P(x_i, x_j \mid S)}{P(x_i \mid S)\,P(x_j \mid S)}$, which says how much $x_i$ tells about
# $x_j$ beyond what $S$ has told already. It is zero exactly when (4) holds (shown below (5)). With the natural
# logarithm its unit is the **nat**; divided by $\log 2$, it is in **bits**.
#
# The code writes the three conditional probabilities as fractions by (1). All of them have $P(S)$
# below the line, and the ratio becomes
# $\frac{P(x_i, x_j, S)\,P(S)}{P(x_i, S)\,P(x_j, S)}$. Each factor is a sum over the axes of the
# full table; `keepdims=True` keeps the axes in place, so that the factors fit together. Entries of
# probability zero add nothing to the average: their ratio is left at one, whose logarithm is zero.


# %%
def conditional_mutual_information(joint, i, j, given=()):
    """I(x_i; x_j | given) in nats, by summing over a full table."""
    kept = (i, j, *given)
    others = tuple(axis for axis in range(joint.ndim) if axis not in kept)
    p_ij = joint.sum(axis=others, keepdims=True)  # P(x_i, x_j, S)
    p_i = p_ij.sum(axis=j, keepdims=True)  # P(x_i, S)
    p_j = p_ij.sum(axis=i, keepdims=True)  # P(x_j, S)
    p_s = p_i.sum(axis=i, keepdims=True)  # P(S)
    ratio = np.ones_like(p_ij)
    np.divide(p_ij * p_s, p_i * p_j, out=ratio, where=p_ij > 0)
    return float((p_ij * np.log(ratio)).sum())


# %% [markdown]
# Separation needs no numbers, only a walk: start at $x_i$, step to every neighbour that is not
# covered, go on from there, and see whether $x_j$ was reached.


# %%
def separated(i, j, given, order, length):
    """Whether the nodes in `given` cut every path from i to j."""
    reached, frontier = {i}, [i]
    while frontier:
        here = frontier.pop()
        neighbours = range(max(0, here - order), min(length, here + order + 1))
        for node in neighbours:
            if node not in reached and node not in given:
                reached.add(node)
                frontier.append(node)
    return j not in reached


# %% [markdown]
# The first function knows nothing of graphs and the second nothing of probabilities. The theory
# promises one direction: what is separated is independent. The other direction is not a law: in a
# table whose rows are all equal nothing depends on anything. Ours are drawn at random. Do both functions agree on
# every question?
#
# We build the joint table of a random Markov model with three letters and texts of five, symbol by
# symbol: the table of the symbols so far times a random $P(x_t \mid x_{t-k}, \dots, x_{t-1})$, one for each position.
# Then we ask everything: each pair of positions, given each set
# of others.


# %% tags=["hide-input"]
# @title A random Markov model, and all questions about it
def markov_joint(order, length, vocab_size, rng):
    """Full table [V, …, V] of a random Markov model, tables by position."""
    joint = rng.dirichlet(np.ones(vocab_size))  # [V]: the first symbol
    for t in range(1, length):
        k = min(order, t)  # how many symbols back
        rows = (vocab_size,) * k
        step = rng.dirichlet(np.ones(vocab_size), size=rows)  # [V]·k + [V]
        # the same number of axes: [V, V, V, 1] times [1, 1, V, V], say
        step = step.reshape((1,) * (t - k) + step.shape)
        joint = joint[..., None] * step  # [V]·(t + 1)
    return joint


def questions(length):
    """Every pair of positions with every set of other positions."""
    asked = []
    for i, j in itertools.combinations(range(length), 2):
        rest = [node for node in range(length) if node not in (i, j)]
        for size in range(len(rest) + 1):
            for given in itertools.combinations(rest, size):
                asked.append((i, j, given))
    return asked


# %% tags=["hide-input"]
print("order  questions  independent: by the graph  by brute force")
predicted, measured = {}, {}
for order in (1, 2, 3):
    joint = markov_joint(order, 5, 3, rng)
    predicted[order] = [separated(*q, order, 5) for q in questions(5)]
    measured[order] = [
        conditional_mutual_information(joint, *q) < 1e-12 for q in questions(5)
    ]
    by_graph, by_force = sum(predicted[order]), sum(measured[order])
    print(f"{order:5}  {len(measured[order]):9}  {by_graph:25}  {by_force:14}")

# %% [markdown]
# One kind of answer is worth spelling out. In a model of order 1 the
# third symbol is in general *not* independent of the first. It only becomes so when the second is
# known.

# %%
joint = markov_joint(1, 5, 3, rng)
unknown = conditional_mutual_information(joint, 0, 2)
known_second = conditional_mutual_information(joint, 0, 2, (1,))
print(f"x1 tells about x3:                 {unknown:.4f} nats")
print(f"x1 tells about x3, x2 being known: {abs(known_second):.4f} nats")

# %% tags=["claims"]
check("Graph and brute force agree on every question", predicted == measured)
check("In the model of order 1, x1 tells something about x3", unknown > 1e-12)
close("but nothing once x2 is known", known_second, 0.0)

# %% [markdown]
# ## Is English a chain of letter pairs?
#
# Now the real thing. If English were such a model of order 1, with one table for all positions, the
# letter before the last would tell nothing about the next one, given the last. We keep letters, turn
# everything between them into one space, count all runs of three characters and measure.
#
# A warning first: from a finite text, the mutual information practically never comes out as exactly
# zero, even where there is none, because random counts are a little uneven. So we need to know what
# *nothing* looks like. Shuffle: for each middle character, deal out the next characters to the places
# anew. That leaves only chance links across the middle and keeps the counts of all pairs of neighbours. In code: sort the
# runs by their middle character twice, each time after mixing them (a *stable* sort leaves the mixed
# order alone within each middle character), and take the last column from the second.


# %% tags=["hide-input"]
# @title Dealing out the next characters anew
def triple_table(triples, size):
    """Relative frequencies [V, V, V] of an array [N, 3] of ids."""
    table = np.zeros((size, size, size))
    np.add.at(table, tuple(triples.T), 1)  # also counts repeated triples
    return table / len(triples)


def mixed_by_middle(triples, rng):
    """The rows [N, 3] sorted by the middle, in random order within each."""
    mixed = triples[rng.permutation(len(triples))]
    return mixed[np.argsort(mixed[:, 1], kind="stable")]


def shuffled(triples, rng):
    """The next characters dealt out anew within each middle character."""
    once, again = mixed_by_middle(triples, rng), mixed_by_middle(triples, rng)
    return np.column_stack([once[:, :2], again[:, 2]])


# %% tags=["hide-input"]
# @title Runs of three characters, and pairs
letters = " abcdefghijklmnopqrstuvwxyz"
triples, couples = [], []
for text in train:
    plain = re.sub(r"[^a-z]+", " ", text.lower())
    ids = [letters.index(character) for character in plain]
    triples += [ids[i : i + 3] for i in range(len(ids) - 2)]
    couples += [ids[i : i + 2] for i in range(len(ids) - 1)]
triples, couples = np.array(triples), np.array(couples)  # [N, 3], [M, 2]
joined = re.sub(r"[^a-z]+", " ", " ".join(train).lower())
all_ids = np.array([letters.index(character) for character in joined])


# %%
def told(triples):
    """Bits that the first character tells about the third, given the second."""
    table = triple_table(triples, len(letters))
    return conditional_mutual_information(table, 0, 2, (1,)) / np.log(2)


real = told(triples)
nothing = [told(shuffled(triples, rng)) for _ in range(20)]

# %% tags=["hide-input"]
pair_shares = triple_table(triples, len(letters)).sum(axis=0)  # [27, 27]
last_shares = pair_shares.sum(axis=1)  # [27]
bits_of_pairs = scipy.special.entr(pair_shares).sum() / np.log(2)
bits_of_last = scipy.special.entr(last_shares).sum() / np.log(2)
print(f"English:           {real:.4f} bits")
print(f"shuffled, mean:    {np.mean(nothing):.4f} bits")
print(f"shuffled, largest: {max(nothing):.4f} bits")
uncertain = bits_of_pairs - bits_of_last
print(f"uncertain, given the last letter: {uncertain:.2f} bits")

# %% tags=["hide-input"] mystnb={"image": {"alt": "The twenty texts of shuffled runs as grey dots on one spot close to zero, and far to the right a single orange dot, the real text, on an axis of bits per character."}}
figure, ax = plot.panels(height=2.1)
grey = {"color": plot.GREY, "alpha": 0.5, "label": "shuffled, 20 times"}
ax.scatter(nothing, np.zeros(20), **grey)
ax.scatter([real], [0], color=plot.ORANGE, s=70, label="English")
ax.set(xlabel="bits told by the letter before the last", yticks=[])
ax.set_xlim(0, None)
ax.legend(loc="upper center", ncols=2)
plt.show()

# %% [markdown]
# So for these reviews, reduced to letters and spaces, the assumption behind letter pairs is false. *Uncertain* is the average of
# $\log_2 \frac{1}{P(\text{next} \mid \text{last})}$ (`entr(p)` is $-p \log p$). What the letter before the last tells is what a table of triples saves over a table of pairs, in bits for each character, on the text from which both were
# counted: conditional mutual information is the uncertainty before (the last line) minus the uncertainty after. As much as the shuffled
# texts show may be chance.

# %% tags=["claims"]
check(
    "English lies ten times higher than the highest of the shuffled texts",
    real > 10 * max(nothing),
)
before = triple_table(triples, len(letters))  # [27, 27, 27]
after = triple_table(shuffled(triples, rng), len(letters))
close(
    "Shuffling keeps the counts of the pairs in front",
    after.sum(2),
    before.sum(2),
)
close("and of those behind", after.sum(0), before.sum(0))
bits_of_triples = scipy.special.entr(before).sum() / np.log(2)
bits_in_front = scipy.special.entr(before.sum(axis=2)).sum() / np.log(2)
close(
    "What is told: uncertainty before less uncertainty after",
    real,
    uncertain - (bits_of_triples - bits_in_front),
)

# %% [markdown]
# ## Maximum likelihood means counting
#
# We chose relative frequencies as our probabilities without a word of justification. Here it is. The
# **likelihood** of a model is the probability that it gives to the text we saw, and **maximum
# likelihood** chooses the model for which it is largest. Each context $h$ has a row of its own, so
# take one row at a time: $c_w = c(h, w)$ observations of the symbol $w$, $N = c(h)$ in all. The
# logarithm of its likelihood is $\sum_w c_w \log p_w$. Write $f_w = c_w / N$ and compare any $p$
# with $f$, summing over the symbols that were seen:
#
# $$\begin{aligned}
# \sum_w c_w \log f_w - \sum_w c_w \log p_w
# &= N \sum_w f_w \log \frac{f_w}{p_w} \;\ge\; 0 \\
# \Longrightarrow\qquad \hat P(w \mid h) &= \frac{c(h, w)}{c(h)}
# \end{aligned} \tag{5}$$
#
# The sum on the right is a Kullback–Leibler divergence, which
# [the next chapter](softmax.ipynb) takes up. That it is never negative takes one line. The logarithm
# lies below its tangent at 1 and touches it there alone, $\log u \le u - 1$, so
# $\sum_w f_w \log\frac{f_w}{p_w} = -\sum_w f_w \log\frac{p_w}{f_w}$ is at least $-\sum_w f_w\left(\frac{p_w}{f_w} - 1\right)$, and that
# is $1 - \sum_w p_w \ge 0$, since the $p_w$ of the seen symbols make one at most. Equality needs
# $p = f$ everywhere: nothing beats the counts. (With $P(x_i, x_j \mid S)$ for $f$ and the product in (4) for $p$, this is
# the promise made there.)
#
# As an example, take what follows the letter *t*.


# %%
def maximum_likelihood(counts):
    """Relative frequencies: the largest likelihood of the counts [V]."""
    return np.asarray(counts) / np.sum(counts)


after_t = couples[couples[:, 0] == letters.index("t"), 1]
counts = np.bincount(after_t, minlength=27)  # [27]
best = maximum_likelihood(counts)  # [27]

# %% tags=["hide-input"]
for i in np.argsort(-best)[:5]:
    print(f"P({letters[i]!r} | 't') = {counts[i]} / {counts.sum()}", end="")
    print(f" = {best[i]:.3f}")

# %% [markdown]
# To see that the counts sit on a peak, walk away from them. Mix these frequencies with a random
# distribution, from none of it to a fifth, in a hundred random directions.


# %% tags=["hide-input"]
# @title Leaving the maximum in a hundred directions
def log_likelihood(counts, p):
    """Log-probability in nats of the counted observations in their order."""
    counts, p = np.asarray(counts), np.asarray(p)
    seen = counts > 0
    return float((counts[seen] * np.log(p[seen])).sum())


mixes = np.linspace(0, 0.2, 21)
others = rng.dirichlet(np.ones(27), size=100)  # [100, 27]
curves = np.array(
    [
        [log_likelihood(counts, (1 - m) * best + m * other) for m in mixes]
        for other in others
    ]
)  # [100, 21], nats
change = curves - curves[:, :1]  # against the counts themselves
change_in_bits = change / counts.sum() / np.log(2)  # for each symbol

# %% tags=["hide-input"] mystnb={"image": {"alt": "A hundred thin curves that all start at zero at the left and fall to the right: the change of the log-likelihood per symbol when the relative frequencies are mixed with a random distribution. None rises above zero."}}
figure, ax = plot.panels(height=3.2)
ax.plot(mixes, change_in_bits.T, color=plot.BLUE, alpha=0.25, linewidth=1)
ax.axhline(0, color=plot.INK, linewidth=0.8)
ax.set_xlabel("share of another distribution mixed in")
ax.set_ylabel("change in bits per symbol")
plt.show()

# %% [markdown]
# Best for the text we *saw*, that is. A symbol that was never seen after this context gets the probability zero, and a new
# text that contains it there becomes impossible. How to repair that is the subject of
# [bigram counts](../ngrams/bigram_counts.ipynb).

# %% tags=["claims"]
check(
    "No step in any of the hundred directions is an improvement",
    (change_in_bits[:, 1:] < 0).all(),
)

# %% [markdown]
# ## Summary
#
# The chain rule turns the probability of a text into $T$ guesses of one symbol, exactly, wherever no denominator is zero; lose the first or the last factor and it is no distribution any more. Looking back $k$ symbols is an
# assumption, and the graph of the model says which: what is separated is independent given what
# separates it. The letters of these reviews violate it measurably for pairs with one table for all positions. The conditional probabilities of
# largest likelihood are relative frequencies.
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
    total = 0.0
    for t, symbol in enumerate(text):
        total += np.log(conditional(tuple(text[:t]), symbol))
    return total


exercises.log_probability(log_probability)

# %% [markdown]
# > **Exercise 2.** On paper (★☆☆, 10 minutes). A language has the letters a and b and the end ↵. A text
# > begins with a, b or ↵ with probability 1/2, 1/4 and 1/4. After a come a, b, ↵ with 1/2, 1/4 and 1/4;
# > after b come b and ↵ with 1/2 each. What is the probability of the whole text *ab*? What is the
# > probability that the second symbol is b? And given that it is b, that the first was a? Let
# > `on_paper()` return your three numbers.
#
# <details><summary>Hint</summary>
#
# A whole text ends. For the second question add up the two ways to get there; the third is formula (1).
#
# </details>


# %% tags=["exercise"]
def on_paper():
    """Three numbers: P(ab↵), P(second is b), P(first a | second b)."""
    ...


exercises.on_paper(on_paper)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def on_paper():
    """Three numbers: P(ab↵), P(second is b), P(first a | second b)."""
    whole = 1 / 2 * 1 / 4 * 1 / 2  # a, then b, then the end
    second_b = 1 / 2 * 1 / 4 + 1 / 4 * 1 / 2  # by way of a, by way of b
    return whole, second_b, (1 / 2 * 1 / 4) / second_b


exercises.on_paper(on_paper)

# %% [markdown]
# > **Exercise 3.** How far back (★★★, 25 minutes). Write `told_at(ids, distance)`: how many bits the
# > character `distance` places before the next one tells about it, given the last one, *less* what
# > shuffled runs tell on average. (`told` and `shuffled` from above may help; distance 2 is nearly what we measured, less chance.) Then try distances 2 to 8 on `all_ids`, the reviews: what do
# > you expect, and what do you find?
#
# <details><summary>Hint</summary>
#
# Three shifted views of the same array: `ids[distance:]` are the next characters, `ids[:-distance]`
# those that far back. Which are the last ones?
#
# </details>


# %% tags=["exercise"]
def told_at(ids, distance):
    """Bits beyond chance that ids[t − distance] tells about ids[t]."""
    ...


exercises.told_at(told_at)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def told_at(ids, distance):
    """Bits beyond chance that ids[t − distance] tells about ids[t]."""
    ids = np.asarray(ids)
    columns = [ids[:-distance], ids[distance - 1 : -1], ids[distance:]]
    runs = np.column_stack(columns)  # [N, 3]
    rng = np.random.default_rng(0)
    chance = np.mean([told(shuffled(runs, rng)) for _ in range(5)])
    return told(runs) - chance


for distance in (2, 3, 5, 8):
    print(f"distance {distance}: {told_at(all_ids, distance):.3f} bits")
exercises.told_at(told_at)

# %% [markdown]
# > **Exercise 4.** The wall (★★☆, 15 minutes). In a Markov model of order $k$, which smallest set of
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
    """Positions that separate x_t and what follows from all before."""
    ...


exercises.wall(wall)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 4
def wall(t, order):
    """Positions that separate x_t and what follows from all before."""
    return list(range(max(1, t - order), t))


exercises.wall(wall)

# %% [markdown]
# ## Common mistakes
#
# - *Exchanging the condition*: $P(a \mid b)$ is not $P(b \mid a)$. Say aloud which of the two is known.
# - *A factor too few*: the probabilities of all texts then sum to more than one. The product runs from
#   1 to $T$.
# - *No end symbol*: the texts of each length sum to one, and all texts together to infinity.
#   They do not belong to one distribution; let every text end in a symbol.
# - *"Order 1 means that distant letters are independent"*: in general they are so only once a letter between them is known.
# - *Zero mutual information from data*: the estimate is practically never zero; compare it with
#   shuffled data.
#
# ## Further reading
#
# - Shannon (1948), [A mathematical theory of communication](https://doi.org/10.1002/j.1538-7305.1948.tb01338.x): English as Markov models of rising order, by hand.
# - Markov (1913), [An example of statistical investigation of the text Eugene Onegin](https://doi.org/10.1017/S0269889706001074): twenty thousand letters, counted.
# - Koller and Friedman (2009), [Probabilistic Graphical Models](https://mitpress.mit.edu/9780262013192/): separation and independence, with proofs.
# - Jurafsky and Martin, [Speech and Language Processing](https://web.stanford.edu/~jurafsky/slp3/), chapter on n-gram language models.
