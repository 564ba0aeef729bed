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
# # Tokenization: a compressor that counts pairs
#
# A tokenizer turns text into numbers. You learn one by counting pairs, cut any text with it, and put it back
# together byte for byte.
#
# How many signs should a model read for *The film is unwatchably dull.*? Twenty-nine characters, or five
# words and a full stop, one of which it may never have seen? Here is the same sentence cut into bytes, and with
# three lists learned from film reviews.

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
import lzma
import zlib
from collections import Counter
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from lmcourse import plot, session
from lmcourse.claims import check
from lmcourse.data.reviews import load_reviews
from lmcourse.data.ui_strings import load_ui_strings
from lmcourse.evaluation.intervals import bootstrap_ratio
from lmcourse.exercises.background import tokenization as exercises
from lmcourse.models import pretrained
from lmcourse.models.gpt import GPT, GPTConfig
from lmcourse.text.byte_pairs import (
    BYTES,
    WORDS,
    BytePairTokenizer,
    learn_merges,
)
from lmcourse.text.pieces import learn_pieces
from matplotlib.patches import Rectangle

run = session.start(PROFILE, SEED)

# %% tags=["hide-input"]
# @title Learn from the reviews; one tokenizer for each size
reviews = load_reviews("text")
n_texts = run.size(smoke=1000, cpu=10_000, gpu=10_000)
train = reviews["train"]["text"][:n_texts]
held_out = reviews["validation"]["text"][:n_texts]
# 257 ids are there before any merge: 256 bytes and a boundary (see below)
learned = learn_merges(train, 2**14 - 257)
by_size = {}
for bits in range(9, 15):
    n_merges = 2**bits - 257
    by_size[2**bits] = BytePairTokenizer(learned[:n_merges])

# %% tags=["hide-input"] mystnb={"image": {"alt": "The sentence The film is unwatchably dull, four times, one row below the other, with frames around its tokens. With 257 ids every character has its own frame. With 512 The, film and is are whole, unwatchably is cut into un, w, at, ch, ab and ly. With 1,024 it is un, w, atch and ably. With 4,096 it is unw, atch and ably, and dull is whole."}}
sentence = "The film is unwatchably dull."
rows = {257: BytePairTokenizer([])} | by_size
sizes = [257, 512, 1024, 4096]
figure, ax = plot.panels(height=2.4)
for y, size in enumerate(sizes):
    ids, x = rows[size].encode(sentence)[1:-1], 0
    for i in ids:
        text = rows[size].tokens[i].decode()
        frame = Rectangle((x, y - 0.32), len(text), 0.64)
        frame.set(facecolor="none", edgecolor=plot.BLUE, linewidth=1.2)
        ax.add_patch(frame)
        for j, letter in enumerate(text):
            place = {"ha": "center", "va": "center", "family": "monospace"}
            ax.text(x + j + 0.5, y, letter, **place)
        x += len(text)
    ax.text(x + 0.8, y, f"{len(ids)} tokens", va="center", size=plot.SMALL)
ax.set_yticks(range(len(sizes)), [f"{size:,}" for size in sizes])
ax.set(xlim=(-0.3, 36), ylim=(3.6, -0.6), xticks=[])
ax.set(ylabel="ids in the vocabulary", xlabel="a frame is a token")
ax.grid(visible=False)
plt.show()

# %% [markdown]
# A short list and a long row, or a long list and a short row. (The 257 are 256 bytes and a boundary, explained below.) Nobody wrote the three lists: a program that counts did.

# %% [markdown]
# **You will**
#
# - measure what goes wrong with characters and with words,
# - learn merges by hand, in thirty lines, and with the library `tokenizers`, and get the same tokens,
# - cut any text, also emoji, and restore it exactly,
# - choose a vocabulary as one chooses a compressor, and measure how far it is from the shortest cut,
# - tell byte pairs from BERT's word pieces.
#
# **You need** what a token is, from [What is a language model?](what_is_a_language_model.ipynb), and Python.

# %% [markdown]
# ## Words run out
#
# The sentences come from film reviews; a part of them is *held out*: nothing is learned from it. Suppose every word of the
# training sentences gets a number. (`WORDS` cuts text into words and signs; it is explained below.) How much of the held-out text has no number? A
# word that is not in the list is an **unknown word**. We also ask with an eighth, a quarter and a half of the training
# sentences.


# %% tags=["hide-input"]
# @title Which held-out words are unknown
def words_of(text):
    """The words and signs of a text, without the spaces around them."""
    return [word.strip() for word in WORDS.findall(text)]


def is_unknown(training, texts):
    """For each text a list: is this word missing in the training texts?"""
    known = {word for text in training for word in words_of(text)}
    return [[word not in known for word in words_of(text)] for text in texts]


unknown = {}
for part in (8, 4, 2, 1):
    seen = train[: len(train) // part]
    unknown[f"1/{part}"] = is_unknown(seen, held_out)
small = [[text.lower() for text in texts] for texts in (train, held_out)]
unknown["1/1, small letters"] = is_unknown(*small)

# %% tags=["hide-input"]
shares, with_one = {}, {}
lengths = [len(row) for row in unknown["1/1"]]
print("training            unknown, 95 % interval   sentences with one")
for part, found in unknown.items():
    shares[part] = bootstrap_ratio([sum(row) for row in found], lengths, SEED)
    with_one[part] = np.mean([any(row) for row in found])
    low, high = shares[part].low, shares[part].high
    print(
        f"{part:<20} {shares[part].value:5.1%} [{low:.1%}, {high:.1%}]", end=""
    )
    print(f"{with_one[part]:18.0%}")
known = Counter(word for text in train for word in words_of(text))
once = np.mean([times == 1 for times in known.values()])
print(f"words in the list {len(known):,}, of them seen once {once:.0%}")
print(f"a sentence has {np.mean(lengths):.0f} words or signs and ", end="")
print(f"{np.mean([len(text) for text in held_out]):.0f} characters")

# %% [markdown]
# (The intervals come from the bootstrap over sentences: draw as many held-out sentences again and again, with replacement, and see
# how the share varies.) Twice the text does not halve the share, about half of the list was seen a single time, and even
# in small letters about half of the sentences have a hole. No character of the held-out text is unknown (accents and odd signs of the reviews were replaced by plain letters, so that is easy), but there are more than four times as many of
# them. What we want lies between: common words whole, rare ones in parts that are
# known.

# %% tags=["claims"]
values = [share.value for share in shares.values()][:4]
check(
    "More than half of the sentences have a hole; in small letters 45 to 55 %",
    with_one["1/1"] > 0.5 and abs(with_one["1/1, small letters"] - 0.5) < 0.05,
)
signs, new = ({*"".join(texts)} for texts in (train, held_out))
check("No held-out character is unknown", new <= signs)
check("All characters are ASCII", "".join(signs | new).isascii())
check(
    "Each doubling of the training text leaves more than half of the share",
    all(b > a / 2 for a, b in pairwise(values)),
)
check("Of the list 45 to 55 % was seen once", abs(once - 0.5) < 0.05)
check(
    "There are at least four times as many characters as words",
    sum(map(len, held_out)) > 4 * sum(lengths),
)

# %% [markdown]
# ## Four words by hand
#
# A text consists of *tea* (5 times), *team* (3), *steam* (2) and *meat* (4). At first every letter is a token. Which
# pair of neighbours is the most frequent? *ea* is in all four words, $5+3+2+4=14$ times; *te* in three, 10 times.
# So *ea* becomes a token, and we count again. This is **byte pair encoding** (BPE), invented to compress
# files (Gage 1994) and brought to words by Sennrich et al. (2016). (`pairwise` lists the neighbours.)


# %%
def count_pairs(words):
    """How often each pair of neighbours stands in {tokens: times}."""
    counts = Counter()
    for tokens, times in words.items():
        for pair in pairwise(tokens):
            counts[pair] += times
    return counts


def merge(tokens, pair):
    """The tokens with each such pair, from left to right, made one."""
    merged = []
    for token in tokens:
        if merged and (merged[-1], token) == pair:
            merged[-1] += token
        else:
            merged.append(token)
    return tuple(merged)


toy = {"tea": 5, "team": 3, "steam": 2, "meat": 4}

# %% tags=["hide-input"]
words = {tuple(word): times for word, times in toy.items()}
for pair in [("e", "a"), ("t", "ea"), ("tea", "m"), ("m", "ea")]:
    shown = ["|".join(tokens) + f" {times}" for tokens, times in words.items()]
    print("   ".join(shown))
    counts = count_pairs(words).most_common()
    print("     ", "  ".join(f"{a}+{b} {n}" for (a, b), n in counts))
    words = {merge(tokens, pair): n for tokens, n in words.items()}
    print("      merge", "+".join(pair))
print("   ".join("|".join(tokens) + f" {n}" for tokens, n in words.items()))

# %% [markdown]
# At the fourth step two pairs are equal, *m+ea* and *ea+t*. A rule must decide, or two programs would learn different
# lists. Number the tokens: first the alphabet in its order, then what is made, by age. The pair with the smaller left
# number wins, then the one with the smaller right number. In letters: with $n_w$ for how often the word $w = w_1 w_2 \dots$ occurs,
# count
#
# $$c(a, b) = \sum_w n_w \cdot \#\{i : w_i = a,\ w_{i+1} = b\}, \tag{1}$$
#
# make the pair with the largest count one token, and repeat. Python compares tuples from the left, so that `min` of
# (−count, left number, right number, pair) is the rule; its last entry is the pair.


# %%
def learn(words, alphabet, n_merges):
    """The merges of words {tuple of tokens: times}, in order."""
    number = {token: i for i, token in enumerate(alphabet)}
    merges = []
    for _ in range(n_merges):
        counts = count_pairs(words)
        best = min(
            (-count, number[a], number[b], (a, b))
            for (a, b), count in counts.items()
        )[-1]
        number[best[0] + best[1]] = len(number)
        merges.append(best)
        words = {merge(tokens, best): n for tokens, n in words.items()}
    return merges


letters = {tuple(word): times for word, times in toy.items()}
toy_merges = learn(letters, "aemst", 5)
print(toy_merges)

# %% [markdown]
# New words are cut by doing the merges again, in the order in which they were learned.


# %%
def cut(tokens, merges):
    """Tokens after all merges, each done wherever it applies."""
    for pair in merges:
        tokens = merge(tokens, pair)
    return tokens


for word in ("team", "teammate", "seat", "teameat"):
    print(f"{word:<9}", "|".join(cut(tuple(word), toy_merges)))

# %% [markdown]
# *teammate* was never seen, and nothing is unknown: in the worst case its letters remain. Keep *teameat* in mind.

# %% tags=["claims"]
check(
    "By hand and by program: ea, tea, team, mea, meat",
    [a + b for a, b in toy_merges] == ["ea", "tea", "team", "mea", "meat"],
)
check(
    "The words of the text are single tokens, but for steam",
    [len(cut(tuple(word), toy_merges)) for word in toy] == [1, 1, 2, 1],
)

# %% [markdown]
# ## Bytes, so that nothing is unknown
#
# Which alphabet? There are more than a hundred thousand characters, and more are added. A file stores all of them as bytes,
# numbers from 0 to 255, in the code UTF-8: one byte for a letter of English, up to four for others. GPT-2
# begins with these 256 (Radford et al. 2019). Here they get the numbers 1 to 256, in GPT-2's order, and 0 is the *boundary*, which opens and closes
# every text.

# %%
for sign in "aé电🙂":
    print(sign, list(sign.encode("utf8")))

# %% [markdown]
# And what is a word? GPT-2 does not let pairs reach over spaces; it cuts the text first, by a
# pattern: endings such as *'t*; letters (`\p{L}`), digits or other signs, with the *space in front*; white space, all but the last space, which stays with the word. This is
# **pre-tokenization**. The pieces together are the text.

# %%
print(WORDS.pattern)
print(WORDS.findall("It isn't tea, is it?  Tea: 2 cups…"))

# %% [markdown]
# Now the reviews. Our function counts anew for every merge, so it learns a few merges from a
# part of the sentences. The one of the package, `learn_merges`, keeps the counts and updates only the words that have the pair; it
# must find the same.


# %%
def as_bytes(word):
    """A word as a tuple of single bytes."""
    return tuple(bytes([byte]) for byte in word.encode("utf8"))


alphabet = [bytes([byte]) for byte in BYTES]  # as GPT-2 numbers them
n_few, few = run.size(smoke=5, cpu=40, gpu=40), train[:1000]
times = Counter(word for text in few for word in WORDS.findall(text))
words = {as_bytes(word): n for word, n in times.items()}
ours = learn(words, alphabet, n_few)

# %% [markdown]
# Number the tokens: the boundary (no byte), the 256, the merges by age. To *encode* is to look the numbers up; to
# *decode* is to join the bytes of all tokens and then read them as UTF-8.

# %%
made = [b"", *alphabet, *(a + b for a, b in ours)]
number_of = {token: i for i, token in enumerate(made)}


def encode(text):
    """The numbers of the tokens of a text, between two boundaries."""
    words = [cut(as_bytes(word), ours) for word in WORDS.findall(text)]
    return [0, *(number_of[token] for word in words for token in word), 0]


def decode(ids):
    """The text: all bytes together are read as UTF-8."""
    return b"".join(made[i] for i in ids).decode()


ids = encode("the tea in 🙂")
print(ids, [made[i] for i in ids], decode(ids), sep="\n")

# %% [markdown]
# And a third opinion, the library that Hugging Face wrote in Rust.

# %% tags=["hide-input"]
# @title Learn with the library, and encode a sentence with both
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

peer = Tokenizer(models.BPE())
# GPT-2's pattern and its 256 bytes; no space put before the text
peer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
trainer = trainers.BpeTrainer(
    vocab_size=4096,
    special_tokens=["<boundary>"],
    initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    show_progress=False,
)
peer.train_from_iterator(train, trainer)

tokenizer = by_size[4096]
text = held_out[0]
print(text)
print("package:", tokenizer.encode(text))
# the library's 0 is there, too, but it does not set it by itself
print("library:", [0, *peer.encode(text).ids, 0])

# %% [markdown]
# The same numbers.

# %% tags=["hide-input"]
# @title Compare all held-out sentences, and restore odd texts
same_ids = [
    tokenizer.encode(text) == [0, *peer.encode(text).ids, 0]
    for text in [*held_out, *train]
]
sample = sorted({word for text in held_out for word in WORDS.findall(text)})
sample = sample[:: run.size(smoke=200, cpu=20, gpu=20)]
by_hand = [cut(as_bytes(word), tokenizer.merges) for word in sample]
by_package = [
    tuple(tokenizer.tokens[i] for i in tokenizer.encode(word)[1:-1])
    for word in sample
]
ODD = [
    *("", " ", "  tea\n\n", "\x00\t"),
    *("naïve café", "电影很好看", "👍🏽 👩‍👩‍👧"),
]
everything = [*ODD, *held_out, *train]
restored = [tokenizer.decode(tokenizer.encode(text)) for text in everything]
short = [*ODD, *held_out[:100]]
by_us = [encode(text) for text in short]
small_one = BytePairTokenizer(ours)

# %% tags=["claims"]
check(
    f"learn_merges finds our {n_few} merges of {len(few):,} sentences",
    ours == learn_merges(few, n_few),
)
check(
    "All sentences have the ids of the library, with 4,096 ids", all(same_ids)
)
check(
    "cut and the package agree on a sample of held-out words",
    by_hand == by_package,
)

# %% tags=["claims"]
check(
    "Our encode gives the package's ids, and our decode gives the texts back",
    by_us == [small_one.encode(text) for text in short]
    and [decode(ids) for ids in by_us] == short,
)
check(
    "All sentences and the odd texts are restored exactly",
    restored == everything,
)
check(
    "No token of the 16,384 has a space after its first byte, but for those"
    " of white space alone",
    not any(
        b" " in token[1:] and token.strip() for token in by_size[16_384].tokens
    ),
)

# %% [markdown]
# ## What it has learned
#
# Which tokens come first, and which are the longest? And how are the same letters cut without a space in front, after one, with a capital?

# %% tags=["hide-input"]


def pieces(text):
    """The tokens of a text as readable strings; � is part of a character."""
    tokens = [tokenizer.tokens[i] for i in tokenizer.encode(text)[1:-1]]
    return [token.decode("utf8", "replace") for token in tokens]


first = [(a + b).decode() for a, b in learned[:24]]
print("first made:", " ".join(token.replace(" ", "␣") for token in first))
longest = sorted(tokenizer.tokens, key=len)[-5:]
print("longest:   ", ", ".join(token.decode().strip() for token in longest))
for text in (
    " film",
    "film",
    " Film",
    " FILM",
    "  film",
    "a good ",
    " café",
    "电影",
    "👍",
):
    print(f"{text!r:>9} {len(pieces(text)):3}", pieces(text))

# %% [markdown]
# To the model " film" and "film" are strangers: they do not share a single number. And how many pieces do
# other words take without their space? Take all words that the training sentences have at least a hundred times, in small letters after a space, and write them
# otherwise.

# %% tags=["hide-input"]
common = Counter(word for text in train for word in WORDS.findall(text))
common = [w for w, n in common.items() if n >= 100 and w[0] == " "]
common = [word for word in common if word[1:].isalpha() and word.islower()]
ways = {
    "after a space": common,
    "no space in front": [word[1:] for word in common],
    "Capital": [" " + word[1:].capitalize() for word in common],
    "CAPITALS": [word.upper() for word in common],
}
n_pieces = {way: [len(pieces(w)) for w in words] for way, words in ways.items()}
print(f"{len(common)} common words     mean number of tokens   in one token")
for way, numbers in n_pieces.items():
    whole = np.mean(np.array(numbers) == 1)
    print(f"{way:<20} {np.mean(numbers):20.2f} {whole:18.0%}")

# %% [markdown]
# With these 4,096 ids each of these words costs one token after a space; without the space, or with a capital, most are
# cut, and in capitals nearly all. And 电影, *film* in Chinese, costs one token a byte.

# %% tags=["claims"]
check(
    "film after a space and without one share no token",
    not {*pieces(" film")} & {*pieces("film")},
)
check(
    "With 4,096 ids these words are one token each after a space",
    set(n_pieces["after a space"]) == {1},
)
check(
    "Without a space and with a capital most are cut, in capitals 9 of 10",
    all(
        np.mean(np.array(n_pieces[way]) > 1) > share
        for way, share in [
            ("no space in front", 0.5),
            ("Capital", 0.5),
            ("CAPITALS", 0.9),
        ]
    ),
)
check("A space at the end is a token of its own", pieces("a good ")[-1] == " ")
check("电影 costs one token a byte", len(pieces("电影")) == 6)

# %% [markdown]
# ## How large?
#
# The longer the list, the shorter the text. What does it cost? A model keeps a vector for each token: at width 128 that is
# $128\,V$ numbers. And if we take the compressor at its word, a
# file must hold the list as well as the text. With $V = 2^k$ tokens a number takes $k$ bits. A text of $T$ tokens and a list of $M$
# merges, two numbers each, make
#
# $$\text{bits} = k\,(T + 2M). \tag{2}$$
#
# How large is the file of the training sentences?


# %%
def file_bits(n_tokens, n_merges, k):
    """Bits of a file of tokens and merges, each number in k bits."""
    return k * (n_tokens + 2 * n_merges)


# %% tags=["hide-input"]
# @title Tokens in a sentence and size of the file, for each vocabulary
raw = "".join(text + "\n" for text in train).encode()
per_100, file_size = {}, {}
n_bytes = [
    sum(len(text.encode()) for text in texts) for texts in (train, held_out)
]
for size, one in by_size.items():
    # one boundary a sentence stays, as its line break
    n_train = sum(len(one.encode(text)) - 1 for text in train)
    n_held = sum(len(one.encode(text)) - 1 for text in held_out)
    inside = n_train - len(train), n_held - len(held_out)  # no boundaries
    per_100[size] = 100 * np.array(inside) / n_bytes
    k = size.bit_length() - 1  # 9 for 512 = 2 ** 9
    file_size[size] = file_bits(n_train, len(one.merges), k) / len(raw)
by_zlib = 8 * len(zlib.compress(raw, 9)) / len(raw)
by_lzma = 8 * len(lzma.compress(raw)) / len(raw)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels over the size of the vocabulary, from 512 to 16,384, doubling. Upper: tokens per 100 bytes fall from about 48 to above 20, in ever smaller steps; the curve of the held-out sentences runs on that of the training sentences and slowly parts from it, to end one above it. Lower: bits a byte of the file with text and list of merges fall from above four to a minimum below 3.4 at 4,096 and 8,192 and rise again at 16,384; two horizontal lines mark zlib, just below the minimum, and lzma, far below."}}
figure, (above, below) = plot.panels(2, height=2.5, sharex=True)
sizes = list(by_size)
for i, name in enumerate(["training", "held out"]):
    values = [per_100[size][i] for size in sizes]
    above.plot(sizes, values, "o-" if i else "s--", label=name)
above.set(ylabel="tokens per 100 bytes", ylim=(0, None))
above.legend()
below.plot(sizes, [file_size[size] for size in sizes], "o-", color=plot.RED)
below.axhline(by_zlib, color=plot.GREY, linestyle="--")
below.axhline(by_lzma, color=plot.GREY, linestyle=":")
for name, value in {"zlib": by_zlib, "lzma": by_lzma}.items():
    below.text(512, value, name, va="bottom", size=plot.SMALL)
below.set(xscale="log", xlabel="tokens in the vocabulary")
below.set(ylabel="bits a byte, list included")
below.set_xticks(sizes, [f"{size:,}" for size in sizes], minor=False)
below.minorticks_off()
plt.show()

# %% tags=["hide-input"]
print("vocabulary   tokens per 100 bytes   table at width 128   file")
print("             training  held out     (numbers)       (bits a byte)")
for size, (seen, new) in per_100.items():
    print(f"{size:10,} {seen:10.1f} {new:9.1f}", end="")
    print(f"{128 * size:15,} {file_size[size]:17.2f}")
print(f"zlib {by_zlib:.2f}, lzma {by_lzma:.2f} bits a byte")
layers = GPT(GPTConfig(vocab_size=1)).blocks
in_layers = sum(p.numel() for p in layers.parameters())
print(f"the {len(layers)} layers of a GPT of width 128: {in_layers:,} numbers")

# %% [markdown]
# Each doubling gives less, and in the last three new text gains a little less than the text that was counted. The file is smallest at 8,192, with hardly a difference to 4,096; beyond, it grows. It comes within a few
# per cent of `zlib`; `lzma` does better. For a model the price is another one, the table: the largest has two million numbers,
# where four layers of a [GPT](../transformer/gpt.ipynb) of this width together have fewer than one million. Which size is best depends on what
# a token and an entry cost.

# %% tags=["claims"]
files = [file_size[size] for size in sizes]
falls = np.array([a - b for a, b in pairwise(per_100.values())])  # [5, 2]
check(
    "Each doubling takes fewer tokens off the held-out text than the last",
    all(a > b > 0 for a, b in pairwise(falls[:, 1])),
)
check(
    "The last three take more off the training text than off the held-out",
    (falls[2:, 0] > falls[2:, 1]).all(),
)
check(
    "The file is smallest at 4,096 or 8,192, these two within 2 %",
    min(files) in files[3:5] and abs(files[3] / files[4] - 1) < 0.02,
)
check("It grows again at 16,384, by over 2 %", files[5] > 1.02 * min(files))
check("At its best it is within 5 % of zlib", min(files) < 1.05 * by_zlib)
check("lzma is smaller by a tenth at least", by_lzma < 0.9 * min(files))
check(
    "The largest table has over two million numbers, the layers under one",
    128 * sizes[-1] > 2e6 and in_layers < 1e6,
)

# %% [markdown]
# ## How far from the shortest?
#
# Merging is greedy twice. It takes the best pair now, whatever comes later; and it cuts new words in the order of
# learning. *teameat* became *team|ea|t*, and the vocabulary has *tea|meat*. How much is lost?
#
# The fewest tokens can be found exactly. Let $f(e)$ be the fewest that make the first $e$ letters of a word
# $x$, so that $f(0) = 0$. The last of them begins somewhere, after letter $s$, and is in the vocabulary $\mathcal V$:
#
# $$f(e) = 1 + \min_{s < e,\ x_{s+1} \dots x_e \in \mathcal V} f(s) \tag{3}$$


# %%
def fewest(word, vocabulary, longest):
    """Fewest tokens, none longer than `longest`, that make the word."""
    f = [0]
    for end in range(1, len(word) + 1):
        starts = range(max(0, end - longest), end)
        f.append(1 + min(f[s] for s in starts if word[s:end] in vocabulary))
    return f[-1]


toy_tokens = set("aemst") | {a + b for a, b in toy_merges}
print("teameat:", fewest("teameat", toy_tokens, longest=4))

# %% [markdown]
# (Another approach, *Unigram* (Kudo 2018), cuts in this way with a price for each token, −log of its probability, in place of the 1.)
#
# Formula (3) answers the second half: the same vocabulary, cut otherwise. What merging loses against the *best* list stays open; we ask only whether three simple lists of 4,096 beat it.
# The three rivals, bytes and: the most frequent *words*; the most frequent *strings* of 2 to 16 bytes inside
# words; frequent words, and frequent strings of the *other* words. The last one's number of words is chosen on the training sentences. All are
# allowed the fewest tokens. (Intervals: bootstrap over sentences, the same for both numbers of a ratio.)


# %% tags=["hide-input"]
# @title Rival vocabularies of the same size
def strings_of(words, size):
    """The most frequent strings of 2 to 16 bytes in {word: times}."""
    found = Counter()
    for word, n in words.items():
        for start in range(len(word)):
            for end in range(start + 2, min(len(word), start + 16) + 1):
                found[word[start:end]] += n
    return [string for string, _ in found.most_common(size)]


seen = Counter(word.encode() for t in train for word in WORDS.findall(t))
n_made = len(tokenizer.merges)
whole = [word for word, _ in seen.most_common() if len(word) > 1]
mixed = {}
for n_words in (1500, 2000, 2500, 3000, 3500):
    first = {*whole[:n_words]}
    rest = {word: n for word, n in seen.items() if word not in first}
    parts = [s for s in strings_of(rest, n_made) if s not in first]
    mixed[n_words] = [*first, *parts[: n_made - len(first)]]


# %% tags=["hide-input"]
# @title Choose the mixture, and count tokens in each held-out sentence
def fewest_of(words, tokens):
    """The fewest tokens for each word, bytes included."""
    vocabulary, longest = {*alphabet, *tokens}, max(map(len, tokens))
    return {word: fewest(word, vocabulary, longest) for word in words}


on_train = {}
for n_words, tokens in mixed.items():
    n_of = fewest_of(seen, tokens)
    on_train[n_words] = sum(n_of[word] * n for word, n in seen.items())
n_words = min(on_train, key=on_train.get)
rivals = {
    "byte pairs": tokenizer.tokens[257:],
    "frequent words": whole[:n_made],
    "frequent strings": strings_of(seen, n_made),
    "words and strings": mixed[n_words],
}
held_words = [[w.encode() for w in WORDS.findall(text)] for text in held_out]
merged = [len(tokenizer.encode(text)) - 2 for text in held_out]
per_text = {"byte pairs, as merged": merged}
for name, tokens in rivals.items():
    n_of = fewest_of({word for row in held_words for word in row}, tokens)
    numbers = [sum(n_of[word] for word in row) for row in held_words]
    per_text[f"{name}, fewest"] = numbers

# %% tags=["hide-input"]
print(f"words and strings: {n_words:,} words of {list(mixed)}")
base = per_text["byte pairs, as merged"]
extra = {}
print(f"{'':28}tokens a sentence   of those as merged, 95 %")
for name, numbers in per_text.items():
    extra[name] = bootstrap_ratio(numbers, base, SEED)
    low, high = extra[name].low, extra[name].high
    print(f"{name:<28} {np.mean(numbers):12.2f}", end="")
    print(f"{extra[name].value:14.3f} [{low:.3f}, {high:.3f}]")

# %% [markdown]
# Here cutting in the order of learning costs less than one per cent against the shortest cut. Words alone
# and strings alone need over a tenth more. But words with strings for the rest, cut as well as can be, come within a few per cent of merging: merging gives a mixture, too, without a number to choose.

# %% tags=["claims"]
check(
    "The shortest cut of teameat has two tokens, merging makes three",
    fewest("teameat", toy_tokens, 4) == 2
    and len(cut(tuple("teameat"), toy_merges)) == 3,
)
check(
    "The fewest tokens save less than 1 % with the same vocabulary",
    extra["byte pairs, fewest"].low > 0.99
    and extra["byte pairs, fewest"].high < 1,
)
check(
    "Words alone and strings alone need over a tenth more, with intervals",
    min(extra[f"frequent {what}, fewest"].low for what in ("words", "strings"))
    > 1.1,
)

# %% tags=["claims"]
mixture = extra["words and strings, fewest"]
check(
    "Words with strings for the rest are within 3 %, interval included",
    mixture.low > 0.97 and mixture.high < 1.03,
)
check(
    "Of the tokens that merging made 40 to 60 % are training words",
    0.4 < np.mean([token in seen for token in rivals["byte pairs"]]) < 0.6,
)
check(
    "The rivals have as many tokens as byte pairs",
    {len({*alphabet, *tokens}) for tokens in rivals.values()} == {4095},
)

# %% [markdown]
# ## Whose text it was
#
# Messages of a program, the same in English and in Chinese. How many tokens do the held-out ones take, with 1,000 merges
# that were learned from the reviews, from other English messages, from Chinese ones, or from both? And with none? (Intervals: bootstrap over
# messages.)

# %% tags=["hide-input"]
# @title The same messages in two languages, with five tokenizers
ui = load_ui_strings()
sources = {
    "nothing (bytes)": [],
    "English reviews": train,
    "English messages": ui["train"]["english"],
    "Chinese messages": ui["train"]["chinese"],
    "both messages": [*ui["train"]["english"], *ui["train"]["chinese"]],
}
lengths, ratios = {}, {}
for name, texts in sources.items():
    one = BytePairTokenizer(learn_merges(texts, 1000))
    lengths[name] = {
        language: [len(one.encode(t)) - 2 for t in ui["validation"][language]]
        for language in ("english", "chinese")
    }
    english, chinese = lengths[name].values()
    ratios[name] = bootstrap_ratio(chinese, english, SEED)

# %% tags=["hide-input"]
print("merges from          English  Chinese   Chinese / English, 95 %")
for name, found in lengths.items():
    low, high = ratios[name].low, ratios[name].high
    english, chinese = (sum(numbers) for numbers in found.values())
    print(f"{name:<18} {english:9,} {chinese:8,}", end="")
    print(f"{ratios[name].value:9.2f} [{low:.2f}, {high:.2f}]")

# %% [markdown]
# In bytes the two differ little. Cut by English merges, the Chinese messages are about two to three times as long; by merges from both, they are the shorter ones. The
# messages are the same, the list is not. If you pay by the token, your price depends on the text from which somebody learned a list (Petrov et al. 2023 counted tokens
# in many languages for well-known models).

# %% tags=["claims"]
check(
    "With merges from English, Chinese takes 1.8 to 3.3 times as many tokens",
    min(ratios[f"English {what}"].low for what in ("reviews", "messages")) > 1.8
    and max(ratios[f"English {what}"].high for what in ("reviews", "messages"))
    < 3.3,
)
check(
    "In bytes the two differ by less than a tenth, interval included",
    0.9 < ratios["nothing (bytes)"].low < ratios["nothing (bytes)"].high < 1.1,
)
check(
    "With merges from both it takes fewer, interval included",
    ratios["both messages"].high < 1,
)

# %% [markdown]
# ## The pieces of BERT
#
# BERT's tokenizer, *WordPiece*, begins with characters, here in small letters, and cuts off punctuation. It cuts a word in another way than GPT-2. It marks what *continues* a word with ## instead of marking the space; it
# cuts with the longest piece that fits, then the longest that fits the rest; and a word with a part that it does not have becomes
# `[UNK]` as a whole. The cutting, compared with the tokenizer of the book's encoder:


# %%
def longest_match(word, vocabulary):
    """The pieces of WordPiece: always the longest that fits."""
    found, start = [], 0
    while start < len(word):
        mark = "##" if start else ""
        ends = range(len(word), start, -1)  # the longest first
        fit = [e for e in ends if mark + word[start:e] in vocabulary]
        if not fit:
            return ["[UNK]"]
        found.append(mark + word[start : fit[0]])
        start = fit[0]
    return found


from transformers import AutoTokenizer

bert = AutoTokenizer.from_pretrained(pretrained.encoder_folder())
vocabulary = bert.get_vocab()
for word in ("film", "unwatchably", "teameat", "film👍"):
    print(f"{word:<12}", longest_match(word, vocabulary))

# %% [markdown]
# How are pieces learned? Schuster and Nakajima (2012) choose by likelihood. Another rule is given by [Hugging Face's course](https://huggingface.co/learn/llm-course/chapter6/6), as its best guess: divide the count by
# the counts of both parts,
#
# $$\text{score}(a, b) = \frac{c(a, b)}{c(a)\,c(b)}. \tag{4}$$
#
# In the toy text, with _ for the start of a word instead of ## for its continuation, *_s* is followed by *t* both times, and *t* inside a word stands 6 times (*steam* 2, *meat* 4): $2/(2 \cdot 6)$ is $1/6$. And *e+a*, seen
# 14 times, gets $14/(14 \cdot 14) = 1/14$. The rare pair wins.
#
# Count and score now learn from the same
# sentences, cut into words by BERT's tokenizer, and we ask how many tokens are left. By this measure the count has the advantage: at each step it takes away the most (but for *aaa*: two pairs, one merge).


# %% tags=["hide-input"]
# @title The score of each pair
def scores(words):
    """Formula (4) for each pair in words {tokens: times}."""
    single = Counter()
    for tokens, times in words.items():
        for token in tokens:
            single[token] += times
    return {
        (a, b): count / (single[a] * single[b])
        for (a, b), count in count_pairs(words).items()
    }


# %% tags=["hide-input"]
# @title Learn with each rule, and count the tokens that remain
def marked(word):
    """Letters; the first one carries the mark of a beginning."""
    return ("_" + word[0], *word[1:])


bert_cut = bert.backend_tokenizer.pre_tokenizer.pre_tokenize_str
lower = Counter(word for text in few for word, _ in bert_cut(text.lower()))
n_rule = run.size(smoke=5, cpu=40, gpu=40)
rules = {"count": count_pairs, "score": scores}
chosen, left = {}, {}
for name, rule in rules.items():
    words, chosen[name] = {marked(w): n for w, n in lower.items()}, []
    for _ in range(n_rule):
        value, best = max((v, p) for p, v in rule(words).items())
        chosen[name].append((best, count_pairs(words)[best]))
        words = {merge(tokens, best): n for tokens, n in words.items()}
    left[name] = sum(len(tokens) * n for tokens, n in words.items())

# %% tags=["hide-input"]
toy_scores = scores({marked(word): n for word, n in toy.items()})
print("toy:", {"+".join(p): round(v, 3) for p, v in toy_scores.items()})
start = sum(len(word) * n for word, n in lower.items())
print(f"letters in {len(few):,} sentences: {start:,}")
print(f"tokens after {n_rule} merges by each rule, and the first pairs")
for name, merges in chosen.items():
    shown = [f"{a}+{b} {n}" for (a, b), n in merges[:5]]
    print(f"{name:<6} {left[name]:,}  ", "  ".join(shown))

# %% [markdown]
# Taken at its word, the score spends its first merges here on digits that hardly occur, and the text hardly shrinks. What does the library `tokenizers` do under the name `WordPieceTrainer`? It counts: its pieces are,
# up to one in a hundred, those of its trainer for pairs, `BpeTrainer`, with ## switched on.

# %% tags=["hide-input"]
# @title WordPieceTrainer against BpeTrainer with the mark ##
from lmcourse.text.pieces import SPECIAL, word_pieces

wordpiece = word_pieces(SPECIAL)
counted = Tokenizer(models.BPE(continuing_subword_prefix="##"))
counted.normalizer = wordpiece.normalizer
counted.pre_tokenizer = wordpiece.pre_tokenizer
trainer = trainers.BpeTrainer(
    vocab_size=2000,
    special_tokens=list(SPECIAL),
    continuing_subword_prefix="##",
    show_progress=False,
)
counted.train_from_iterator(train, trainer)
by_counts, by_trainer = {*counted.get_vocab()}, {*learn_pieces(train, 2000)}
plain = {word.lower() for text in held_out for word in words_of(text)}
plain = ["film👍", *sorted(w for w in plain if w.isalpha())]
match = [
    longest_match(word, vocabulary) == bert.tokenize(word) for word in plain
]

# %% tags=["claims"]
check(
    "Our longest match is BERT's on all held-out words of letters, made small",
    all(match),
)
check(
    "BERT's tokenizer cuts Film?! into small letters and signs",
    bert.tokenize("Film?!") == ["film", "?", "!"],
)

# %% tags=["claims"]
check(
    "In the toy text s+t scores highest",
    max(toy_scores, key=toy_scores.get) == ("_s", "t"),
)
check(
    "By the score over 0.99 of the letters are left, by the count under 0.8",
    left["score"] > 0.99 * start and left["count"] < 0.8 * start,
)
check(
    "The first pairs of the score are digits, seen five times at most",
    all(
        (a + b).strip("_").isdigit() and n <= 5 for (a, b), n in chosen["score"]
    ),
)
check(
    "Each merge by the count took away as many tokens as it had counted",
    start - left["count"] == sum(n for _, n in chosen["count"]),
)
check(
    "WordPieceTrainer and BpeTrainer have the same pieces, up to 1 %",
    len(by_counts ^ by_trainer) <= 0.01 * len(by_counts),
)

# %% [markdown]
# ## Summary
#
# - Words run out: a list from all training sentences still leaves a hole in more than half of the new ones. Characters make long
#   rows.
# - Byte pair encoding makes the most frequent pair of neighbours one token, again and again. From bytes it can
#   cut any text, and restores it exactly.
# - As a compressor with equal bits for each token it has a best size. For a model the list costs a
#   table.
# - With 4,096 tokens the greedy cut of held-out reviews is within one per cent of the shortest one. As a vocabulary of this size, frequent words with strings for the rest come within a few per
#   cent; words alone or strings alone are worse.
# - A tokenizer carries the text it was learned from: spaces, capitals, languages.
# - WordPiece cuts by the longest match and has `[UNK]`; what `tokenizers` trains under its name counts pairs, as `BpeTrainer` does.
#
# ## Exercises
#
# > **Exercise 1.** Bananas (★☆☆, 10 minutes). On paper. A text has *banana* twice and *ban* three times. Learn three
# > merges; the alphabet is a, b, n, in this order. Return how often the first pair was counted, the token that the third merge makes, and
# > into how many tokens the three merges cut *nana*.
#
# <details><summary>Hint</summary>
#
# In *banana* some pairs stand twice. At the third step two pairs are equally frequent: number the tokens a, b, n and
# then the two that were made.
#
# </details>


# %% tags=["exercise"]
def bananas():
    """Count of the first pair, third token made, tokens in nana."""
    ...


exercises.bananas(bananas)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def bananas():
    """Count of the first pair, third token made, tokens in nana."""
    # a+n: twice in banana, 2 * 2, and once in ban, 3. Then b+an: 5.
    # ban|an|a and ban: ban+an and an+a both 2; an is number 3, ban 4.
    # nana: n|an|a, then n|ana.
    return 7, "ana", 2


exercises.bananas(bananas)

# %% [markdown]
# > **Exercise 2.** Print while it writes (★★☆, 15 minutes). A model gives one token after the other, and each shall appear on
# > the screen at once. But a token can end inside a character. Write `stream(tokens)`: for each of the tokens
# > (bytes) the string that can be printed after it, unfinished bytes being kept back until they are a character.
# > Together the strings must be the text.
#
# <details><summary>Hint</summary>
#
# `codecs.getincrementaldecoder("utf8")("replace")` is an object whose method `decode` remembers unfinished bytes.
#
# </details>


# %% tags=["exercise"]
def stream(tokens):
    """What can be printed after each token, a list of strings."""
    ...


exercises.stream(stream)

# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
import codecs


def stream(tokens):
    """What can be printed after each token, a list of strings."""
    decoder = codecs.getincrementaldecoder("utf8")("replace")
    return [decoder.decode(token) for token in tokens]


tea = [tokenizer.tokens[i] for i in tokenizer.encode("Tea 🙂")[1:-1]]
print(stream(tea))
exercises.stream(stream)

# %% [markdown]
# > **Exercise 3.** Less text, smaller list? (★★☆, 20 minutes). An experiment. With all training sentences the file (2) was
# > smallest near 8,192 tokens. Guess first: where is it smallest for an eighth of them, `train[: len(train) // 8]`, if the merges are learned from these alone?
# > Return the size, one of 512, 1,024, …, 16,384.
#
# <details><summary>Hint</summary>
#
# Learn once, as many merges as there are, and use the first 2ᵏ − 257 for each size. The text must be that eighth, too. (It has too few merges for 16,384.)
#
# </details>


# %% tags=["exercise"]
def smallest_file():
    """The size of the vocabulary with the smallest file."""
    ...


exercises.smallest_file(smallest_file)

# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
eighth = train[: len(train) // 8]
eighth_merges = learn_merges(eighth, 2**14 - 257)  # fewer are found
print(f"{len(eighth_merges):,} merges in all")
bits = {}
for k in (9, 10, 11, 12, 13):
    one = BytePairTokenizer(eighth_merges[: 2**k - 257])
    n_tokens = sum(len(one.encode(text)) - 1 for text in eighth)
    bits[2**k] = file_bits(n_tokens, len(one.merges), k)
    print(f"{2**k:6,} {bits[2**k]:10,} bits")


def smallest_file():
    """The size of the vocabulary with the smallest file."""
    return 2048  # read off


check(
    "The other sizes, up to 8,192, give larger files",
    min(bits, key=bits.get) == smallest_file(),
)
check("16,384 ids need more merges", len(eighth_merges) < 2**14 - 257)
exercises.smallest_file(smallest_file)

# %% [markdown]
# > **Exercise 4.** Neither is always shorter (★★★, 15 minutes). For thought. Four merges were learned, in this order: b+c, a+b, c+d, bc+e.
# > Find a word that `cut` cuts into more tokens than cutting by the longest token that fits, from left to right,
# > and a word for which it is the other way round. (Without marks such as ##; letters a to e.)
#
# <details><summary>Hint</summary>
#
# For the first: which merge destroys two others? For the second: where does the longest token that begins here take a
# letter away from a longer one that begins later?
#
# </details>


# %% tags=["exercise"]
def two_words():
    """A word longer when merged, a word longer by longest match."""
    ...


exercises.two_words(two_words)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 4
def two_words():
    """A word longer when merged, a word longer by longest match."""
    # a|bc|d against ab|cd; a|bce against ab|c|e
    return ["abcd", "abce"]


exercises.two_words(two_words)

# %% [markdown]
# ## Common mistakes
#
# - *Doing the merges in another order, or the longest first*: the tokens exist, but for some words the ids are others than the model was trained with.
#   Compare the ids of a page of text with those of the original.
# - *A space at the end of a prompt*: the model was trained on " film", and the space becomes a token of its own, as in "a good " above. Leave it out.
# - *Decoding ids one by one*: characters of several bytes come apart into �. Join the bytes first, or keep them
#   back as in exercise 2.
# - *Comparing the loss per token of models with different tokenizers*: their tokens are of different length. Divide by
#   characters or bytes.
#
# ## Further reading
#
# - Gage (1994), [A new algorithm for data compression](http://www.pennelynn.com/Documents/CUJ/HTML/94HTML/19940045.HTM): byte pairs, to make files smaller.
# - Sennrich et al. (2016), [Neural machine translation of rare words with subword units](https://aclanthology.org/P16-1162/): merges against unknown words.
# - Radford et al. (2019), [Language models are unsupervised multitask learners](https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf): GPT-2, which begins with bytes.
# - Schuster and Nakajima (2012), [Japanese and Korean voice search](https://doi.org/10.1109/ICASSP.2012.6289079): the word pieces that BERT took over.
# - Karpathy (2024), [minbpe](https://github.com/karpathy/minbpe): byte pairs in plain Python, up to the ids of GPT-4.
# - Zouhar et al. (2023), [A formal perspective on byte-pair encoding](https://aclanthology.org/2023.findings-acl.38/): how far the greedy choice of merges can be from the best one.
# - Kudo (2018), [Subword regularization: improving neural network translation models with multiple subword candidates](https://aclanthology.org/P18-1007/): Unigram, which begins with many tokens and removes; also in the library SentencePiece.
# - Petrov et al. (2023), [Language model tokenizers introduce unfairness between languages](https://arxiv.org/abs/2305.15425): the same text in many languages, counted in tokens.
