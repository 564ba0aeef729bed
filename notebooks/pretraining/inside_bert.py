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
# # Inside BERT
#
# Open a pretrained encoder, read its vectors layer by layer, and find out how much of what you read was
# put there by your own reading.
#
# Two sentences, alike but for two words. Each ends in a full stop, at the same place. What becomes of the
# full stop on its way through the six layers?

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
import torch
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.editorials import load_editorials
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation import intervals
from lmcourse.exercises.pretraining import inside_bert as exercises
from lmcourse.models import pretrained
from lmcourse.text.batches import by_length, pad
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

run = session.start(PROFILE, SEED)

# %%
from transformers import AutoConfig, AutoModel, AutoTokenizer

threadpool_limits(limits=1, user_api="blas")  # one thread for the small fits
folder = pretrained.encoder_folder()
tokenizer = AutoTokenizer.from_pretrained(folder)
options = {"add_pooling_layer": False, "attn_implementation": "eager"}
bert = AutoModel.from_pretrained(folder, **options).eval().to(run.device)

two = [
    "The plot is dull and the jokes are old.",
    "The plot is good and the jokes are new.",
]
ids = tokenizer(two, return_tensors="pt")["input_ids"].to(run.device)  # [2, T]
with torch.inference_mode():
    layers = bert(ids, output_hidden_states=True).hidden_states
print(len(layers), "layers, each", list(layers[0].shape))

# %% tags=["hide-input", "nbval-ignore-output"]
pieces = tokenizer.convert_ids_to_tokens(ids[0])
places = {word: pieces.index(word) for word in ("plot", "dull", "and", ".")}
print("cosine of the two sentences' vectors, layer by layer")
print(f"{'':<10}", *(f"{k:6}" for k in range(7)))
between = {}
for word, t in places.items():
    first, second = torch.stack(layers)[:, :, t].unbind(1)  # [7, d] each
    between[word] = torch.cosine_similarity(first, second, dim=1)  # [7]
    name = "dull/good" if word == "dull" else word
    print(f"{name:<10}", *(f"{c:6.2f}" for c in between[word]))

# %% [markdown]
# The cosine of two vectors is 1 when they point the same way and 0 when they are perpendicular. At layer 0
# the two full stops are one and the same vector. At the top they are not: the rest of
# the sentence has come in. But *what* has come in, and who says so?

# %% tags=["claims"]
close("At layer 0 the two full stops agree", between["."][0], 1.0, atol=1e-5)
check("At the top they do not", between["."][-1] < 0.97)

# %% [markdown]
# **You will**
#
# - get the vectors of every layer of an encoder, and rebuild the lowest layer yourself,
# - train a *probe*, a small classifier that reads a property from a vector, and see it score where there is
#   nothing to read,
# - set controls that tell what lies in a vector from what the probe has learned,
# - measure how vectors are spread over directions, and compare sentence vectors with counting.
#
# **You need** [attention at work](../transformer/attention_at_work.ipynb), which looked at attention
# patterns, and [fine-tuning BERT](../bert/finetune_sentiment.ipynb), which introduced this encoder and TF-IDF.

# %% [markdown]
# ## Seven vectors for every token
#
# The encoder is all-MiniLM-L6-v2: six blocks, 384 numbers a token. It is a small, distilled
# relative of BERT, trained further on sentence pairs
# ([model card](https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2)) to make the mean of
# a sentence's top vectors useful. Keep that in mind: what we find layer by layer, we find of this
# model. `output_hidden_states=True` returns what goes into the first block, called layer 0, and
# what comes out of each block.
#
# Layer 0 knows no context. It adds one vector for the word piece $w_t$, one for the position $t$, and one that is the same
# for all tokens here (it tells two sentences of a pair apart), and normalizes the sum:
#
# $$h^{(0)}_t = \mathrm{LayerNorm}(W_{w_t} + P_t + S_0) \tag{1}$$


# %%
def layer_zero(model, ids):
    """Layer 0 [B, T, d] of ids [B, T], from the three tables."""
    tables = model.embeddings
    words = tables.word_embeddings.weight[ids]  # [B, T, d]
    positions = tables.position_embeddings.weight[: ids.shape[1]]  # [T, d]
    segment = tables.token_type_embeddings.weight[0]  # [d]
    return tables.LayerNorm(words + positions + segment)


with torch.inference_mode():
    lowest = layer_zero(bert, ids)  # [2, T, d]
    next_one = bert.encoder.layer[0](layers[0], None)  # [2, T, d]
    if isinstance(next_one, tuple):  # so it is in some versions
        next_one = next_one[0]

# %% tags=["claims"]
close("Formula (1) is layer 0", lowest, layers[0], atol=1e-5)
close("The first block makes layer 1 of it", next_one, layers[1], atol=1e-4)

# %% [markdown]
# Now many sentences. We take film reviews from the book's three splits that are not rated neutral
# and end in their only full stop. *Training* trains the probes, *validation* chooses how strongly
# they penalize large weights, *test* judges.


# %% tags=["hide-input"]
# @title The sentences
def one_stop(text):
    """Whether the text ends in its only full stop."""
    return text.endswith(".") and text.count(".") == 1


sizes = run.size(
    smoke=(60, 30, 40), cpu=(1300, 400, 1200), gpu=(4000, 700, 2000)
)
texts, praise = {}, {}
for split, most in zip(("train", "validation", "test"), sizes, strict=True):
    rows = [
        row for row in load_reviews("binary")[split] if one_stop(row["text"])
    ]
    drawn = np.random.default_rng(SEED).permutation(len(rows))[:most]
    texts[split] = [rows[i]["text"] for i in drawn]
    praise[split] = np.array([rows[i]["score"] > 0 for i in drawn])  # [N]
    print(f"{split:<10} {len(drawn):>5,} sentences")


# %%
@torch.inference_mode()
def read(model, texts):
    """For each text its vectors in all layers, an array [layers, T, d]."""
    rows = tokenizer(texts)["input_ids"]
    found = [None] * len(rows)
    for chosen in by_length([len(row) for row in rows], 64):
        ids = pad([rows[i] for i in chosen], 0).to(run.device)  # [B, T]
        real = pad([[1] * len(rows[i]) for i in chosen], 0).to(run.device)
        hidden = model(ids, real, output_hidden_states=True).hidden_states
        stacked = torch.stack(hidden).half().cpu().numpy()  # 16 bits a number
        for column, i in enumerate(chosen):
            length = len(rows[i])
            found[i] = stacked[:, column, :length].copy()  # no padding
    return found


vectors = {split: read(bert, texts[split]) for split in texts}

# %% [markdown]
# ## A reader that learns by heart
#
# Can a vector tell how its word ends: in *-ing*, *-ed*, *-ly* or *-s*? BERT reads a word of its list as one number,
# its place there, and does not see the letters. (Other words it reads in pieces; we leave them out.)
#
# A **probe** is a small classifier trained on vectors that stay as they are; ours is
# logistic regression. If it scores well, people say that the vector "knows" the property. But look at what
# a probe can do with no knowledge to read. Two words, two numbers each:
#
# | word | vector | label A | label B | label C |
# |:--|:--|--:|--:|--:|
# | films | (1, 2) | +1 | +1 | +1 |
# | seeing | (2, 1) | −1 | +1 | 0 |
#
# A weight for each number and a sum: weights $(-1, 1)$ give label A, $(\tfrac13, \tfrac13)$ label B, $(-\tfrac13, \tfrac23)$ label C.
# Any labels can be had; the weights solve two equations with two unknowns. With 384 numbers a word the
# same goes for 384 words, if no vector is a sum of multiples of the others. Here are 384 word pieces drawn from BERT's list,
# with labels thrown by a coin:

# %%
generator = run.generator(1)
table = bert.embeddings.word_embeddings.weight.detach().cpu()  # [V, d]
some = torch.randperm(len(table), generator=generator)[:384]
known = table[some].double()  # [384, 384]
coin = 2.0 * torch.randint(2, (384,), generator=generator).double() - 1
weights = torch.linalg.solve(known, coin)  # [384]
learned = (known @ weights).sign() == coin  # [384]
print(f"right on {int(learned.sum())} of {len(coin)} pieces")

# %% tags=["claims"]
check("A weighted sum gives the 384 coin throws", learned.all())

# %% [markdown]
# So with up to 384 such training words a probe can be right on all, whatever their labels. Hewitt
# and Liang (2019) turn this into a measure. A **control task** gives every word type a label at
# random, and the same one wherever the word comes up. There is nothing to know about it but the
# list itself. The **selectivity** of a probe is its accuracy on the true labels minus that on the
# control's, here the mean of three:
#
# $$\text{selectivity} = a_{\text{true}} - \tfrac13 \sum_{r=1}^{3} a_{\text{control } r} \tag{2}$$
#
# Our labels come from letters alone: words of five letters or more, ending in *-ing*, *-ed*, *-ly* or *-s* (not *-ss*, *-us*, *-is*).
# The rule is no linguist: *thing* counts as *-ing*. For the control we shuffle the labels among the word types, so that as many types have each label as before.


# %% tags=["hide-input"]
# @title The rule
ENDINGS = ("ing", "ed", "ly", "s")


def ending(word):
    """The number of the word's ending, or None."""
    if not re.fullmatch("[a-z]{5,}", word) or re.search("(ss|us|is)$", word):
        return None
    for number, end in enumerate(ENDINGS):
        if word.endswith(end):
            return number
    return None


# %% tags=["hide-input"]
# @title Find the words
def find_words(texts):
    """(sentence, place, word) for every whole word with such an ending."""
    found = []
    for i, text in enumerate(texts):
        pieces = tokenizer.convert_ids_to_tokens(tokenizer(text)["input_ids"])
        for t in range(1, len(pieces) - 1):
            whole = not pieces[t + 1].startswith("##")
            if whole and ending(pieces[t]) is not None:
                found.append((i, t, pieces[t]))
    return found


words = {split: find_words(texts[split]) for split in texts}


# %%
def shuffled(labels, seed):
    """The labels {word: number}, dealt anew among the words."""
    numbers = np.random.default_rng(seed).permutation(list(labels.values()))
    return dict(zip(labels, numbers, strict=True))


def selectivity_of(true, control):
    """True minus mean control, word by word [N]; control is [3, N]."""
    return true - control.mean(axis=0)


types = sorted({word for split in words for *_, word in words[split]})
truth = {word: ending(word) for word in types}
controls = [shuffled(truth, [SEED, r]) for r in range(3)]

# %% tags=["hide-input"]
print("word        true  control 1  control 2  control 3")
for word in [
    w for w in ("being", "loved", "films", "only", "really") if w in truth
]:
    dealt = [ENDINGS[control[word]] for control in controls]
    print(f"{word:<10} {ENDINGS[truth[word]]:>5}", *(f"{d:>10}" for d in dealt))
print(f"\n{len(types):,} word types")
for split in words:
    print(f"{split:<10} {len(words[split]):>5,} words")

# %% [markdown]
# The probe: every coordinate is brought to mean 0 and spread 1; logistic regression is trained with
# three strengths of its penalty (weaker for larger $C$); validation picks one.


# %%
def probe(train, validation, test):
    """Validation accuracy, and the labels predicted on test [N].

    Each argument is a pair: vectors [n, d], labels [n].
    """
    scale = StandardScaler().fit(train[0])
    best = -1.0
    for C in (0.01, 0.1, 1.0):
        reader = LogisticRegression(C=C, max_iter=1000)
        reader.fit(scale.transform(train[0]), train[1])
        score = reader.score(scale.transform(validation[0]), validation[1])
        if score > best:
            best, chosen = score, reader
    return best, chosen.predict(scale.transform(test[0]))


# %% tags=["hide-input"]
# @title A probe for words
def word_data(split, vector, labels):
    """Vectors [n, d] by vector(split, sentence, place, word), labels [n]."""
    X = [vector(split, *word) for word in words[split]]
    y = [labels[word] for *_, word in words[split]]
    return np.array(X, dtype=np.float32), np.array(y)


def predict_words(vector, labels):
    """Labels that the probe predicts for the test words, and theirs."""
    data = [
        word_data(split, vector, labels)
        for split in ("train", "validation", "test")
    ]
    return probe(*data)[1], data[-1][1]


def in_layer(k):
    """Reads layer k at the place of the word."""

    def vector(split, i, t, word):
        return vectors[split][i][k, t]

    return vector


# %% tags=["hide-input"]
# @title Probe all layers for endings, true and dealt
predicted, right, right_dealt = {}, {}, {}  # layer: [N], [N], [3, N]


def probe_endings(name, vector):
    """Probe for the true labels and for the three controls."""
    predicted[name], labels = predict_words(vector, truth)
    right[name] = predicted[name] == labels
    dealt = [predict_words(vector, labels) for labels in controls]
    right_dealt[name] = np.array([guess == own for guess, own in dealt])


for k in range(7):
    probe_endings(k, in_layer(k))

# %% [markdown]
# One more control: a vector of 384 random numbers for every word type, the same wherever the word
# comes up. And we look apart at test words whose type never came up in training: these nobody can
# have learned by heart.

# %% tags=["hide-input"]
# @title The same for random vectors; which test words are new
normal = np.random.default_rng([SEED, 9]).standard_normal((len(types), 384))
drawn = dict(zip(types, normal, strict=True))  # a random vector a word
probe_endings("random", lambda split, i, t, word: drawn[word])
trained_on = {word for *_, word in words["train"]}
new = np.array([word not in trained_on for *_, word in words["test"]])  # [N]
sentence = np.array([i for i, *_ in words["test"]])  # [N]


# %% tags=["hide-input"]
# @title Accuracies with their intervals
def by_sentence(values):
    """Mean of values [N] with its interval, bootstrap over sentences."""
    top = np.bincount(sentence, values)
    bottom = np.bincount(sentence)
    return intervals.bootstrap_ratio(
        top[bottom > 0], bottom[bottom > 0], n=2000
    )


accuracy, selectivity = {}, {}
for k, true in right.items():
    control = right_dealt[k]  # [3, N]
    selectivity[k] = by_sentence(selectivity_of(true, control))
    accuracy[k] = {
        "true": true.mean(),
        "control": control.mean(),
        "true, new": true[new].mean(),
        "control, new": control[:, new].mean(),
    }


# %% tags=["hide-input"]
# @title Always the most frequent label
def majority(labels):
    """Accuracy of the most frequent training label: all words, new words."""
    most = np.bincount([labels[word] for *_, word in words["train"]]).argmax()
    same = np.array([labels[word] == most for *_, word in words["test"]])
    return same.mean(), same[new].mean()


frequent, frequent_new = majority(truth)
dealt, dealt_new = np.mean([majority(c) for c in controls], axis=0)

# %% tags=["hide-input", "nbval-ignore-output"]
print("               all test words                      new words")
print("layer     true  control  selectivity             true  control")
for k, a in accuracy.items():
    print(f"{k!s:<8} {a['true']:5.3f}    {a['control']:5.3f}", end="  ")
    print(
        f"{selectivity[k]}  {a['true, new']:5.3f}    {a['control, new']:5.3f}"
    )
print(f"frequent {frequent:5.3f}    {dealt:5.3f}", end="")
print(f"{frequent_new:30.3f}    {dealt_new:5.3f}")
print("(frequent: always the most frequent label of training)")
print(f"{new.sum()} of {len(new):,} test words are new")

# %% [markdown]
# The brackets are 95 % intervals by the bootstrap: sentences are drawn anew, with replacement, and the number
# computed again, two thousand times; the interval holds the middle 95 % of the results. The encoder, the probes and the three controls stay as they are.
#
# What does the table say? First, *control*: in every layer, labels that mean nothing are read better than by always saying the most frequent one. Second,
# *random*: from vectors that hold nothing about endings a probe reads the true endings about as well as it reads dealt labels. It has learned a list by heart.
#
# We set the margins in this chapter's checks, such as three points or a quarter, after seeing
# results on the test sentences.

# %% tags=["claims"]
check(
    "In each layer the control is above the most frequent label by 3 points",
    min(accuracy[k]["control"] for k in range(7)) > dealt + 0.03,
)
a = accuracy["random"]
check(
    "On random vectors true and control differ by less than 6 points",
    abs(a["true"] - a["control"]) < 0.06,
)

# %% [markdown]
# Third, the new words. There neither the control nor the probe on random vectors is clearly better than always saying the most frequent
# label. BERT's layers stay high: something that goes with endings lies in the vectors themselves. Is it the letters? Look at the new words that the
# probe gets wrong at layer 0:

# %% tags=["hide-input", "nbval-ignore-output"]
wrong = {}  # {word: what the probe says}
for n in np.flatnonzero(new & ~right[0]):
    wrong[words["test"][n][2]] = ENDINGS[predicted[0][n]]
says = [f"{word} → {end}" for word, end in wrong.items()]
for start in range(0, min(len(says), 20), 5):
    print(", ".join(says[start : start + 5]))

# %% [markdown]
# Word class might be enough: in English, endings go with word classes, and *friendly*, an
# adjective, has an ending that is more usual elsewhere. Our experiment does not tell the two apart.
#
# Fourth, a trap. At layer 6 the true accuracy is lower than at layer 0, but the control is lower by
# more, so the selectivity is *higher*. Which layer "knows" more about endings? That depends on the
# measure; on new words the lowest layer is ahead of the top.

# %% tags=["claims"]
check(
    "New words: no mean of the controls is 5 points above the most frequent",
    max(accuracy[k]["control, new"] for k in right) < dealt_new + 0.05,
)
check(
    "New words: nor are the true labels, on random vectors",
    accuracy["random"]["true, new"] < frequent_new + 0.05,
)
check(
    "New words: each layer of BERT is 30 points above it",
    min(accuracy[k]["true, new"] for k in range(7)) > frequent_new + 0.3,
)
for name in ("true", "control", "true, new"):
    check(
        f"Endings, {name}: layer 0 is 2 points above layer 6",
        accuracy[0][name] > accuracy[6][name] + 0.02,
    )
check(
    "The interval of selectivity in layer 6 lies above that of layer 0",
    selectivity[6].low > selectivity[0].high,
)

# %% [markdown]
# ## What a full stop knows
#
# An ending belongs to the word. Back to the full stop: at layer 0, by (1), its vector depends on
# its position alone. We ask its vector for two properties of the sentence. Is it praise or blame
# (the sign of the human mean rating)? And does it contain a negation (*not*, *no*, *never*, *n't*
# and a few more)? The second is defined by a list of words.
#
# Two rivals. The first has no blocks: the *mean of layer 0* over all tokens of the sentence, all
# but a bag of words (positions are in it, too). The second is an encoder with BERT's trained layer
# 0 under blocks of **random weights**, as the library draws them for a new model. We draw three
# such stacks, of two blocks each.


# %%
def random_blocks(seed, n_blocks=2):
    """BERT's own layer 0 under blocks with fresh random weights."""
    config = AutoConfig.from_pretrained(folder, num_hidden_layers=n_blocks)
    torch.manual_seed(seed)
    model = AutoModel.from_config(config, **options).eval()
    model.embeddings.load_state_dict(bert.embeddings.state_dict())
    return model.to(run.device)


# %% tags=["hide-input"]
# @title Which sentences contain a negation?
NEGATION = r"\b(not|no|never|nothing|nobody|none|nor|neither|cannot)\b|n't\b"
negated = {
    split: np.array(
        [bool(re.search(NEGATION, t.lower())) for t in texts[split]]
    )
    for split in texts
}
questions = {"praise or blame": praise, "a negation": negated}


# %% tags=["hide-input"]
# @title Probe the full stops
def probe_sentences(vector, states, labels):
    """Validation accuracy, right or wrong on test; vector([7, T, d])."""
    data = [
        (np.array([vector(h) for h in states[s]], np.float32), labels[s])
        for s in ("train", "validation", "test")
    ]
    best, guess = probe(*data)
    return best, guess == labels["test"]


def last_but_one(k):
    """Reads layer k at the full stop, which stands before [SEP]."""
    return lambda hidden: hidden[k, -2]


stops, bags, random_stops = {}, {}, {}
for name, labels in questions.items():
    stops[name] = [
        probe_sentences(last_but_one(k), vectors, labels) for k in range(7)
    ]
    bags[name] = probe_sentences(
        lambda h: h[0].astype(np.float32).mean(axis=0), vectors, labels
    )

# %% tags=["hide-input"]
# @title The same over three stacks of random blocks
random_stops = {name: [] for name in questions}
for r in range(3):
    blocks = random_blocks(3 * SEED + r)
    states = {split: read(blocks, texts[split]) for split in texts}
    for name, labels in questions.items():
        random_stops[name].append(
            [probe_sentences(last_but_one(k), states, labels) for k in (1, 2)]
        )

# %% tags=["hide-input", "nbval-ignore-output"] mystnb={"image": {"alt": "Two panels of accuracy by layer for the vector of the full stop, with intervals. Praise or blame: at layer 0 one half, then rising to about three quarters in the upper layers; the dashed line of the mean of layer 0 lies at the height of the upper layers; crosses for random blocks lie a little below it, already at layers 1 and 2. A negation: layer 0 at the majority, highest at layers 2 and 3, lower above; dashed line and crosses lie higher than every layer."}}
figure, axes = plot.panels(2, height=2.9, sharex=True)
for ax, name in zip(axes, questions, strict=True):
    estimates = [intervals.bootstrap_mean(r, n=2000) for _, r in stops[name]]
    value, low, high = np.array(estimates).T  # [7] each
    ax.errorbar(range(7), value, [value - low, high - value], capsize=3)
    ax.plot([], [], color=plot.BLUE, label="trained blocks")
    for found in random_stops[name]:
        means = [ok.mean() for _, ok in found]
        ax.plot((1, 2), means, "x", color=plot.RED)
    ax.plot([], [], "x", color=plot.RED, label="random blocks, three draws")
    ax.axhline(
        bags[name][1].mean(), color=plot.GREEN, ls="--", label="mean of layer 0"
    )
    share = questions[name]["test"].mean()
    ax.axhline(max(share, 1 - share), color=plot.GREY, ls=":", label="majority")
    ax.set(ylabel="accuracy on test", title=name)
axes[0].legend(loc="lower right", bbox_to_anchor=(1, 0.17))
axes[1].set_xlabel("layer (95 % bootstrap intervals over sentences)")
plt.show()


# %% tags=["hide-input", "nbval-ignore-output"]
def liked(found):
    """Of (validation accuracy, [N]) in some layers: the best one's place."""
    return max(range(len(found)), key=lambda k: found[k][0])


gap = {}
for name in questions:
    chosen = liked(stops[name])
    trained = stops[name][chosen][1]  # [N], of the layer validation likes best
    random = np.mean([d[liked(d)][1] for d in random_stops[name]], axis=0)
    for rival, ok in (
        ("random blocks", random),
        ("mean of layer 0", bags[name][1]),
    ):
        gap[name, rival] = intervals.paired_bootstrap(trained, ok, n=2000)
        print(f"{name:<16} layer {chosen} minus {rival:<16}", end="")
        print(gap[name, rival])

# %% [markdown]
# The full stop, at layer 0 near the majority on both, tells praise from blame further up. One could
# write: *BERT gathers the mood of the sentence in its punctuation*. Now the controls. Random blocks
# take the full stop more than half of the way from the majority to the best trained layer; the mean
# of layer 0 goes at least four fifths of it. And for the negation, with the penalty that validation
# picks, random blocks are on average *better* than every trained layer. For praise the layer picked
# on validation stays ahead of them, by little. The words' own vectors, at layer 0, say much about
# both properties already.
#
# The printed differences are paired: each sentence counts the layer's answer minus the rival's (for the random blocks, the mean of three draws). Their layers
# are picked by accuracy on validation (*the best trained layer* above is the best on test). The intervals are about other test sentences, not about other draws of blocks.
#
# > **Note.** A probe that succeeds shows at most that a property *can be read* from a vector. It does not show
# > that the layer worked it out, nor that the model uses it.

# %% tags=["claims"]
name = "praise or blame"
low = max(questions[name]["test"].mean(), 1 - questions[name]["test"].mean())
means = [ok.mean() for _, ok in stops[name]]
check(
    "Praise or blame: at layer 0 the stop is not 3 points above the majority",
    means[0] < low + 0.03,
)
check(
    "Praise or blame: from layer 3 on it is 15 points above the majority",
    min(means[3:]) > low + 0.15,
)

# %% tags=["claims"]
random = np.array([[ok.mean() for _, ok in d] for d in random_stops[name]])
check(
    "Praise or blame: all random blocks are more than half of the way up",
    random.min() - low > 0.5 * (max(means) - low),
)
check(
    "Praise or blame: the mean of layer 0 is four fifths up or more",
    bags[name][1].mean() - low > 0.8 * (max(means) - low),
)

# %% tags=["claims"]
name = "a negation"
random = np.array([[ok.mean() for _, ok in d] for d in random_stops[name]])
check(
    "A negation: random blocks, on average, are above every trained layer",
    random.mean() > max(ok.mean() for _, ok in stops[name]),
)
check(
    "A negation: the interval of layer minus random blocks lies below zero",
    gap[name, "random blocks"].high < 0,
)
check(
    "A negation: so does that of layer minus mean of layer 0",
    gap[name, "mean of layer 0"].high < 0,
)

# %% [markdown]
# What "can be read" also depends on who reads. We vary the strength of the penalty, on validation:
# first the endings at layer 0, true and dealt; below them the negation in the full stop, from a
# trained and a random layer.

# %% tags=["hide-input"]
# @title Probes by the strength of their penalty
STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0)


def by_strength(train, validation):
    """Validation accuracy for each C; each argument is (X, labels)."""
    scale = StandardScaler().fit(train[0])
    X, X_new = scale.transform(train[0]), scale.transform(validation[0])
    readers = [LogisticRegression(C=C, max_iter=1000) for C in STRENGTHS]
    return [r.fit(X, train[1]).score(X_new, validation[1]) for r in readers]


def stop_data(states, k):
    """The full stop's vectors in layer k and the negations, two splits."""
    return [
        (np.array([h[k, -2] for h in states[s]], np.float32), negated[s])
        for s in ("train", "validation")
    ]


# %% tags=["hide-input"]
# @title The two pairs of curves
lines = {"true endings": truth, "dealt endings": controls[0]}
reading = {
    name: by_strength(
        *(word_data(s, in_layer(0), labels) for s in ("train", "validation"))
    )
    for name, labels in lines.items()
}
reading["trained, layer 2"] = by_strength(*stop_data(vectors, 2))
reading["random, layer 2"] = by_strength(*stop_data(states, 2))

# %% tags=["hide-input", "nbval-ignore-output"] mystnb={"image": {"alt": "Two panels of validation accuracy by C from 0.001 to 10. Above, endings at layer 0: the true ones near one from C = 0.01 on, the dealt ones rise with C. Below, a negation read from the full stop: the trained layer is higher at small C, the random layer rises with C and ends above it."}}
figure, axes = plot.panels(2, height=2.4, sharex=True)
for name, line in reading.items():
    ax = axes[0] if "endings" in name else axes[1]
    ax.semilogx(STRENGTHS, line, marker="o", label=name)
for ax, title in zip(axes, ("endings, layer 0", "a negation"), strict=True):
    ax.set(title=title, ylabel="accuracy on validation")
    ax.legend()
axes[1].set_xlabel("C (the penalty is weaker to the right)")
plt.show()

# %% [markdown]
# Endings: at $C = 1$ the probe has learned more of the dealt labels by heart than at $C = 0.001$, and the selectivity (here with one control) is smaller. Negation: the order turns, for this one draw and these validation sentences. At $C = 0.01$
# more of the negation is read from the trained layer, at $C = 10$ from the random one. That one is best at $C = 1$, the largest that our probes may choose, or beyond.
# "Random blocks are better" is said of a probe that may use large weights, not of the vectors alone.

# %% tags=["claims"]
dealt_by_C = np.array(reading["dealt endings"])
by_C = reading["true endings"] - dealt_by_C  # selectivity, one control
check(
    "Dealt endings: more is learned at C = 1 than at 0.001, by 3 points",
    dealt_by_C[3] > dealt_by_C[0] + 0.03,
)
check(
    "Endings, layer 0: the selectivity is smaller at C = 1, by 3 points",
    by_C[3] < by_C[0] - 0.03,
)
ahead = np.array(reading["random, layer 2"]) - reading["trained, layer 2"]
check("A negation, C = 0.01: the trained layer is ahead", ahead[1] < 0)
check("A negation, C = 10: the random layer is ahead", ahead[-1] > 0)
check(
    "A negation: the random layer is best at C = 1 or 10",
    np.argmax(reading["random, layer 2"]) >= 3,
)

# %% [markdown]
# ## Where do the blocks look?
#
# Between tokens, only attention carries anything: in each of a block's twelve heads a token spreads weights of sum one, its *look*, over all tokens. We take the
# tokens of test sentences, special ones aside, and ask how much of their look, on average over heads, falls on themselves, their two neighbours, `[CLS]`, `[SEP]` and
# the full stop. Controls: an *even* look, and three stacks of random blocks.

# %% tags=["hide-input"]
# @title Shares of the look
KINDS = ("itself", "neighbours", "[CLS]", "[SEP]", "full stop")


@torch.inference_mode()
def looks(model):
    """Mean share of the look by block and kind [6, 5]; an even look's [5]."""
    total, even, n = 0.0, 0.0, 0
    for text in texts["test"][: run.size(smoke=10, cpu=100, gpu=300)]:
        ids = torch.tensor([tokenizer(text)["input_ids"]], device=run.device)
        attentions = model(ids, output_attentions=True).attentions
        look = torch.stack(attentions)[:, 0].mean(1).cpu()  # [6, T, T]
        T = ids.shape[1]
        distance = (torch.arange(T)[:, None] - torch.arange(T)).abs()  # [T, T]
        place = torch.arange(T).expand(T, T)  # of what is looked at
        ends = [place == p for p in (0, T - 1, T - 2)]
        kinds = torch.stack([distance == 0, distance == 1, *ends]).float()
        inner = slice(1, -1)  # special tokens aside
        look, kinds = look[:, inner], kinds[:, inner]
        total = total + torch.einsum("lts,kts->lk", look, kinds)
        even, n = even + kinds.sum((1, 2)) / T, n + T - 2
    return (total / n).numpy(), (even / n).numpy()


# %% tags=["hide-input", "nbval-ignore-output"]
look, even = looks(bert)
random_looks = [looks(random_blocks(3 * SEED + r, 6))[0] for r in range(3)]
print("share of the look of a token that falls on (mean of twelve heads)")
print(f"{'':<14}", *(f"{kind:>10}" for kind in KINDS))
for k, row in enumerate(look, 1):
    print(f"block {k:<8}", *(f"{share:10.3f}" for share in row))
print(f"{'even look':<14}", *(f"{share:10.3f}" for share in even))
apart = np.abs(np.array(random_looks) - even).max()  # of all blocks and draws
print(
    f"random blocks: none of these differs from even by more than {apart:.3f}"
)

# %% [markdown]
# In these averages random blocks look evenly. Trained ones do not: in blocks 1 and 2 the neighbours get more than twice their even share, in block 6 less than half of what they get in
# block 2; and from block 2 on `[CLS]` gets the most of the five. The full stop gets less than its even share, but for block 4. What such weights do
# *not* show is in [attention at work](../transformer/attention_at_work.ipynb).

# %% tags=["claims"]
check("Random blocks: every share is even, to a hundredth", apart < 0.01)
check(
    "Neighbours: more than twice the even share in blocks 1 and 2",
    min(look[:2, 1]) > 2 * even[1],
)
check(
    "Neighbours: in block 6 less than half of block 2",
    look[5, 1] < look[1, 1] / 2,
)
check(
    "[CLS]: the most of the five from block 2 on",
    set(look[1:].argmax(1)) == {2},
)
below = [k for k in range(1, 7) if look[k - 1, 4] < even[4]]
check("Full stop: below even in all blocks but 4", below == [1, 2, 3, 5, 6])

# %% [markdown]
# ## Which way do the vectors point?
#
# Take two vectors of $d$ numbers, each drawn from a normal distribution around 0. Their cosine is 0 on average, and
# it spreads around 0 by $1/\sqrt d$: with 384 numbers two random directions are nearly perpendicular as a rule. Vectors
# that favour some directions are called **anisotropic**; a mean cosine above 0 is a sign of it.
#
# Three unit vectors make it countable: $(1, 0)$, $(0, 1)$ and $(0, 1)$. The cosines of the three pairs are 0, 0 and 1, on average $\tfrac13$.
# There is a way without pairs. The mean vector is $\bar u = (\tfrac13, \tfrac23)$, its squared length $\tfrac59$; and
# $(3 \cdot \tfrac59 - 1) / 2 = \tfrac13$, too. In general, for $n$ vectors $x_i$ scaled to length one,
#
# $$\bar c = \frac{1}{n(n-1)} \sum_{i \ne j} u_i \cdot u_j
# = \frac{n \lVert \bar u \rVert^2 - 1}{n - 1}, \qquad u_i = \frac{x_i}{\lVert x_i \rVert},
# \quad \bar u = \frac1n \sum_i u_i \tag{3}$$


# %%
def unit(X):
    """Rows of X [n, d] scaled to length one; rows of zeros stay zero."""
    return X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-12)


def mean_cosine(X):
    """The mean cosine of all pairs of different rows of X [n, d]."""
    n = len(X)
    mean = unit(X).mean(axis=0)  # [d]
    return (n * mean @ mean - 1) / (n - 1)


# %% [markdown]
# We draw one token from each training sentence (special tokens aside) and look at each layer in three ways: as it is; with
# the mean of all these vectors subtracted; and with 3 of the 384 coordinates set to zero, those whose mean is
# farthest from zero (for comparison 3 of the others, drawn at random; the mean over twenty draws).
#
# What did training do to the directions? Encoders without trained blocks give different answers. We
# take three, with six blocks, and three draws of each: MiniLM's own layer 0 under random blocks;
# everything random; and everything random but with $S_0 = 0$. They read four hundred of the
# sentences.


# %% tags=["hide-input"]
# @title One token a sentence
rng = np.random.default_rng([SEED, 5])
place = [int(rng.integers(1, h.shape[1] - 1)) for h in vectors["train"]]


def tokens(states, k):
    """Layer k of the drawn tokens, [n, d]."""
    drawn = zip(states, place, strict=False)
    return np.array([h[k, t] for h, t in drawn], dtype=np.float32)


def without(X, coordinates):
    """X [N, d] with some coordinates set to zero."""
    kept = X.copy()
    kept[:, coordinates] = 0
    return kept


def by_mean(X):
    """The coordinates, those of largest mean last."""
    return np.argsort(np.abs(X.mean(axis=0)))


# %% tags=["hide-input"]
# @title The same tokens through random encoders
def all_random(seed, shared=True):
    """An encoder of random weights; unless `shared`, with S_0 = 0."""
    torch.manual_seed(seed)
    config = AutoConfig.from_pretrained(folder)
    model = AutoModel.from_config(config, **options).eval()
    if not shared:
        model.embeddings.token_type_embeddings.weight.data.zero_()
    return model.to(run.device)


def cosines_of(model):
    """Mean cosine in each layer, [7]."""
    states = read(model, texts["train"][:400])
    return [mean_cosine(tokens(states, k)) for k in range(7)]


# %% tags=["hide-input"]
# @title Three kinds of encoders without trained blocks, three draws of each
makers = {
    "random blocks": lambda seed: random_blocks(seed, 6),
    "all random": all_random,
    "S_0 = 0": lambda seed: all_random(seed, shared=False),
}
untrained = {
    name: np.array([cosines_of(make(3 * SEED + r)) for r in range(3)])
    for name, make in makers.items()
}  # [3, 7] each

# %% tags=["hide-input", "nbval-ignore-output"]
spread = {n: [] for n in ("as it is", "centred", "without 3", "3 others")}
for k in range(7):
    X = tokens(vectors["train"], k)  # [n, d]
    *others, _, _, _ = by_mean(X)
    some = [rng.choice(others, 3, replace=False) for _ in range(20)]
    spread["as it is"].append(mean_cosine(X))
    spread["centred"].append(mean_cosine(X - X.mean(axis=0)))
    spread["without 3"].append(mean_cosine(without(X, by_mean(X)[-3:])))
    spread["3 others"].append(
        np.mean([mean_cosine(without(X, three)) for three in some])
    )
print("mean cosine of tokens from different sentences")
print(f"{'MiniLM':>22}{'no trained blocks, mean of 3 draws':>53}")
print("layer", "  ".join(spread), " ", "  ".join(untrained))
for k in range(7):
    row = [f"{spread[n][k]:{len(n)}.3f}" for n in spread]
    row += [f"{untrained[n][:, k].mean():{len(n)}.3f}" for n in untrained]
    print(f"{k:<5}", "  ".join(row))
normal = rng.standard_normal((500, 384))
cosines = (unit(normal) @ unit(normal).T)[np.triu_indices(500, 1)]
print(f"normal vectors: mean {cosines.mean():.3f}, spread {cosines.std():.3f}")
print(f"1 / √384 = {384**-0.5:.3f}")

# %% [markdown]
# In MiniLM the mean cosine grows from layer 0 to layer 5 and drops at the top. Without the mean
# vector hardly anything of it is left; but the mean was taken from the same vectors. In layers 1 to
# 5, more than a quarter of it is lost without the three coordinates; three others, on average over
# the draws, change next to nothing.
#
# Do random blocks reach as high (layer 0 the same, but for the sentences read)? No: in layers 1 to 5 each draw stays at least a quarter below MiniLM. And yet an encoder in which all is random
# has a larger mean cosine than any layer of MiniLM, because of its $S_0$: with $S_0 = 0$ it, too, stays below MiniLM in layers 1 to 5.
# At layer 0 the reason can be computed: (1) adds three random vectors of about one length, and
# two tokens of different words and positions share one of the three, $S_0$. That makes a cosine of about $\tfrac13$ (Exercise 2).

# %% tags=["claims"]
X = tokens(vectors["train"], 6)[:200].astype(float)
pairs = (unit(X) @ unit(X).T)[np.triu_indices(len(X), 1)]
check("Normal vectors spread by 1/√d", abs(cosines.std() - 384**-0.5) < 0.002)
close("Formula (3) is the mean over all pairs", mean_cosine(X), pairs.mean())
three = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
close("For the three unit vectors it is a third", mean_cosine(three), 1 / 3)

# %% tags=["claims"]
as_is = np.array(spread["as it is"])
check(
    "The mean cosine grows from layer 0 to layer 5",
    (np.diff(as_is[:6]) > 0).all(),
)
check(
    "At layer 6 it is less than half that of layer 5", as_is[6] < as_is[5] / 2
)
share = np.array(spread["without 3"])[1:6] / as_is[1:6]
check("Without 3 coordinates layers 1 to 5 lose a quarter", share.max() < 0.75)
share = np.array(spread["3 others"])[1:6] / as_is[1:6]
check(
    "Without 3 others, on average, they change by less than a tenth",
    abs(share - 1).max() < 0.1,
)

# %% tags=["claims"]
for name in ("random blocks", "S_0 = 0"):
    check(
        f"{name}: each draw is below MiniLM in layers 1 to 5, by a quarter",
        (untrained[name][:, 1:6] < 0.75 * as_is[1:6]).all(),
    )
check(
    "All random is above MiniLM's highest layer",
    untrained["all random"].min() > as_is.max(),
)
check(
    "All random, layer 0: a third, within 0.05",
    abs(untrained["all random"][:, 0] - 1 / 3).max() < 0.05,
)

# %% [markdown]
# ## One vector for a sentence
#
# Often a whole sentence must be one vector: the mean over its tokens, or the vector of `[CLS]`. From which layer? We need a question
# whose answers nobody picked by hand. The archive of our reviews also holds newspaper editorials, cut into sentences, with the
# number of the article and of the sentence. Take the first sentence of an article. Among the
# second sentences of all articles, which has the largest cosine with it? If that is the one from its own article,
# and no other ties with it, it counts as found. (In the code `>=` counts the own answer itself and all that reach it, so the sum must be 1.)


# %% tags=["hide-input"]
# @title The pairs of sentences
articles = {}  # {article: {place: sentence}}
for part in load_editorials().values():
    articles.update(part)
pairs = [(a[1], a[2]) for _, a in sorted(articles.items()) if {1, 2} <= {*a}]
pairs = pairs[: run.size(smoke=30, cpu=None, gpu=None)]
asked, answers = map(list, zip(*pairs, strict=True))
everything = [t for a in articles.values() for t in a.values()]
print(f"{len(pairs)} articles; by chance 1 in {len(pairs)} is found")
print("asked: ", asked[30 % len(pairs)][:66], "…")
print("answer:", answers[30 % len(pairs)][:66], "…")


# %%
def found(questions, answers):
    """True where a row's own answer has the one highest cosine, [N]."""
    cosines = unit(questions) @ unit(answers).T  # [N, N]
    own = np.diag(cosines)[:, None]  # [N, 1]
    return (cosines >= own).sum(axis=1) == 1


# %% [markdown]
# Counting is the rival, as in [fine-tuning](../bert/finetune_sentiment.ipynb): TF-IDF of words, counted in all sentences of the
# editorials. So it sees all texts, but not which belong together. We also take the mean of layer 0 with each token weighted by how rare
# it is in these sentences.

# %% tags=["hide-input"]
# @title Sentence vectors of all kinds
tfidf = TfidfVectorizer(sublinear_tf=True).fit(everything)
matched = {
    "TF-IDF": found(*(tfidf.transform(t).toarray() for t in (asked, answers)))
}
counts = np.ones(tokenizer.vocab_size)
for row in tokenizer(everything)["input_ids"]:
    counts[list(set(row))] += 1
rarity = np.log((1 + len(everything)) / counts)  # [V]


def weighted(texts, states):
    """Mean of layer 0 weighted by rarity, [N, d]."""
    rows = tokenizer(texts)["input_ids"]
    return np.array(
        [
            rarity[row[1:-1]] @ h[0, 1:-1].astype(np.float32)
            for row, h in zip(rows, states, strict=True)
        ]
    )


# %% tags=["hide-input"]
# @title What each of them finds
both = [read(bert, asked), read(bert, answers)]
matched["layer 0, rare words more"] = found(
    weighted(asked, both[0]), weighted(answers, both[1])
)
for k in range(7):
    mean = [
        np.array([h[k].astype(np.float32).mean(0) for h in s]) for s in both
    ]
    matched[f"mean of layer {k}"] = found(*mean)
cls = [np.array([h[6, 0] for h in s], dtype=np.float32) for s in both]
matched["[CLS] of layer 6"] = found(*cls)

# %% tags=["hide-input", "nbval-ignore-output"] mystnb={"image": {"alt": "Share of articles found, with intervals, for ten kinds of sentence vectors. TF-IDF finds about one in six; the means of layers 0 to 5 find fewer; the mean of layer 6 finds nearly one in three, the vector of CLS at layer 6 lies between it and TF-IDF."}}
figure, ax = plot.panels(height=4.0)
estimates = [intervals.bootstrap_mean(ok, n=2000) for ok in matched.values()]
colors = [plot.ORANGE if n == "TF-IDF" else plot.BLUE for n in matched]
plot.intervals(ax, list(matched), estimates, color=colors)
ax.set_xlim(left=0)
ax.set_xlabel("share found (95 % bootstrap over articles)")
plt.show()

# %% tags=["hide-input", "nbval-ignore-output"]
ahead = {
    name: intervals.paired_bootstrap(ok, matched["TF-IDF"], n=2000)
    for name, ok in matched.items()
    if name != "TF-IDF"
}
for name, difference in ahead.items():
    print(f"{name:<25} minus TF-IDF {difference}")

# %% [markdown]
# Below the top no layer's mean finds as many as counting words does. The mean of the top layer finds more. That should
# not surprise: to make this mean useful is what MiniLM was trained further for. About an encoder without that training these
# numbers say nothing. And weights matter: with rare words weighted more, and `[CLS]` and `[SEP]` not at all, even layer 0 finds more than by its plain mean.

# %% tags=["claims"]
check(
    "Layers 0 to 5: the interval of mean minus TF-IDF lies below zero",
    all(ahead[f"mean of layer {k}"].high < 0 for k in range(6)),
)
check(
    "Layer 0 finds more with rare words weighted more",
    matched["layer 0, rare words more"].mean()
    > matched["mean of layer 0"].mean(),
)
check(
    "Layer 6: the interval of mean minus TF-IDF lies above zero",
    ahead["mean of layer 6"].low > 0,
)
check(
    "The mean of layer 6 finds more than its [CLS]",
    matched["mean of layer 6"].mean() > matched["[CLS] of layer 6"].mean(),
)

# %% [markdown]
# ## Summary
#
# A probe reads, and a probe learns by heart; labels dealt at random and words never seen in training tell the two
# apart. A property that can be read in a layer need not have been worked out there: ask blocks with random weights, and the mean of layer 0.
# Mean cosines and sentence vectors need the same care: an all-random encoder has high cosines through one shared vector; MiniLM's, in layers 1 to 5, are higher than under random blocks; and counting found more than the plain means of the lower layers.
#
# ## Exercises
#
# > **Exercise 1.** By heart, with pencil (★☆☆, 5 minutes). In a test, 4 of 5 words are of types that came up in
# > training. A probe knows the control labels of these by heart. For the others it guesses, and each of four
# > labels is equally likely. On the true labels it is right on 97 of 100 words. Let `by_heart()` return two
# > numbers: the accuracy on the control that you expect, and the selectivity.
#
# <details><summary>Hint</summary>
#
# How many of 100 words does it know, and how many of the rest does it guess?
#
# </details>


# %% tags=["exercise"]
def by_heart():
    """(accuracy on the control, selectivity), found on paper."""
    ...


exercises.by_heart(by_heart)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def by_heart():
    """(accuracy on the control, selectivity), found on paper."""
    control = 4 / 5 + 1 / 5 * 1 / 4
    return control, 0.97 - control


exercises.by_heart(by_heart)

# %% [markdown]
# > **Exercise 2.** What is shared, with pencil (★★☆, 10 minutes). An untrained layer 0 adds three random vectors: for the
# > word, the position and the segment. Take all of them as perpendicular and of length one, and leave LayerNorm out. Let
# > `shared()` return three cosines: of two tokens with different words at different positions; of the same word at different
# > positions; and of different words at the same position in two different *segments*.
#
# <details><summary>Hint</summary>
#
# Multiply out $(a + b + c) \cdot (a' + b' + c')$: a product of different vectors is 0, of equal ones 1. How long is a sum of
# three?
#
# </details>


# %% tags=["exercise"]
def shared():
    """Three cosines, found on paper."""
    ...


exercises.shared(shared)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def shared():
    """Three cosines, found on paper."""
    return 1 / 3, 2 / 3, 1 / 3


exercises.shared(shared)

# %% [markdown]
# > **Exercise 3.** An experiment on length (★★☆, 15 minutes). By (1), the full stop's vector at layer 0 depends on its position, and so
# > on the length of the sentence. What do you expect further up? Write `length_read()`: the test accuracy of the probe that reads from the full stop
# > whether its sentence has more tokens than the median training sentence, at layer 0 and at layer 6, as two numbers.
#
# <details><summary>Hint</summary>
#
# `vectors[split][i].shape[1]` is the number of tokens of a sentence. `probe_sentences(last_but_one(k), vectors, labels)`
# takes labels as `{split: array of True and False}` and returns right or wrong second.
#
# </details>


# %% tags=["exercise"]
def length_read():
    """Test accuracies (layer 0, layer 6)."""
    ...


exercises.length_read(length_read)


# %% tags=["solution", "hide-cell", "nbval-ignore-output"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
accuracies = [0.99, 0.9]  # places for two numbers; the loop fills them
lengths = {s: np.array([h.shape[1] for h in vectors[s]]) for s in vectors}
median = np.median(lengths["train"])
long = {s: lengths[s] > median for s in lengths}
for i, k in enumerate((0, 6)):
    read_right = probe_sentences(last_but_one(k), vectors, long)[1]
    accuracies[i] = read_right.mean()
print("layer 0 {:.3f}, layer 6 {:.3f}".format(*accuracies))


def length_read():
    """Test accuracies (layer 0, layer 6)."""
    return accuracies


exercises.length_read(length_read)

# %% [markdown]
# ## Common mistakes
#
# - *A probe's accuracy is reported alone*: add the majority, dealt labels, and random vectors or blocks.
# - *Train and test share their words*: give the accuracy on new words as well.
# - *"Layer k computes it"*: look whether layer 0, or a mean of layer 0, says it already.
# - *A mean cosine is read as a fault of training*: compute it for untrained blocks over the same layer 0, too.
#
# ## Further reading
#
# - Hewitt and Liang (2019), [Designing and interpreting probes with control tasks](https://aclanthology.org/D19-1275/):
#   control tasks and selectivity.
# - Zhang and Bowman (2018), [Language modeling teaches you more than translation does](https://aclanthology.org/W18-5448/):
#   untrained encoders as a control.
# - Tenney, Das and Pavlick (2019), [BERT rediscovers the classical NLP pipeline](https://aclanthology.org/P19-1452/):
#   which layers are best for which linguistic task.
# - Belinkov (2022), [Probing classifiers](https://aclanthology.org/2022.cl-1.7/): promises, shortcomings and advances.
# - Ethayarajh (2019), [How contextual are contextualized word representations?](https://aclanthology.org/D19-1006/):
#   mean cosines by layer.
# - Timkey and van Schijndel (2021), [All bark and no bite](https://aclanthology.org/2021.emnlp-main.372/): a few
#   coordinates dominate the cosine.
# - Reimers and Gurevych (2019), [Sentence-BERT](https://aclanthology.org/D19-1410/): training an encoder for sentence vectors.
