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
# # Attention at work
#
# What a table of attention weights costs, how to do without it, what it shows in a real model, and
# whether one may believe it.
#
# *The film bored the critic after an hour.* A pretrained Transformer reads this sentence, and each
# token looks at the others. At which of them does it look the most?

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
import collections
import math
import os
import time
from itertools import pairwise

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from lmcourse import live, plot, session
from lmcourse.claims import check, close
from lmcourse.data import download
from lmcourse.data.catalogue import ENCODER
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation import intervals
from lmcourse.exercises.transformer import attention_at_work as exercises
from lmcourse.models.attention import scaled_dot_product_attention
from scipy.stats import spearmanr
from torch import nn
from torch.profiler import profile
from torch.utils.flop_counter import FlopCounterMode

run = session.start(PROFILE, SEED)

# %% [markdown]
# The model is MiniLM, a small relative of BERT that was trained to turn sentences into vectors. It lies in a
# folder of files; on the model hub it is `sentence-transformers/all-MiniLM-L6-v2`. *Eager* asks for the plain computation, which can hand out its weights.

# %% tags=["nbval-ignore-output"]
from transformers import AutoModel, AutoTokenizer

folder = download.file(ENCODER, "config.json").parent
tokenizer = AutoTokenizer.from_pretrained(folder)
encoder = AutoModel.from_pretrained(folder, attn_implementation="eager")
encoder = encoder.eval()  # no dropout

# %%
sentence = "The film bored the critic after an hour."
inputs = tokenizer(sentence, return_tensors="pt")
with torch.no_grad():
    result = encoder(**inputs, output_attentions=True)
tokens = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
print(tokens)
print(result.last_hidden_state.shape, "one vector a token")  # [1, T, d_model]
print(len(result.attentions), "layers of")  # L
print(result.attentions[0].shape, "weights")  # [1, H, T, T]

# %% [markdown]
# Six layers (`L`) of twelve heads (`H`): 72 tables, in which row $t$ says how token $t$ divides its attention. Here is
# the mean of all of them. ([CLS] and [SEP] are put around every text by the tokenizer.)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Heat map of eleven rows and eleven columns, the mean of all 72 attention tables of one sentence. The first column, CLS, is the darkest cell of every row; all the other cells are pale."}}
tables = torch.cat(result.attentions)  # [L, H, T, T]
figure, ax = plot.panels(height=3.6)
plot.heatmap(ax, tables.mean(dim=(0, 1)), tokens, tokens, vmin=0, vmax=0.7)
ax.tick_params(axis="x", labelrotation=90)
ax.set(xlabel="is looked at", ylabel="looks")
plt.show()

# %% [markdown]
# Every row is darkest at [CLS], a token that the writer of the sentence never wrote. Is it so important?

# %% tags=["claims"]
check(
    "In every row of the mean table [CLS] has the largest weight",
    (tables.mean(dim=(0, 1)).argmax(dim=-1) == 0).all(),
)

# %% [markdown]
# **You will**
#
# - count what attention costs, and check the count on a real layer,
# - compute attention from a stream, without ever having the table,
# - write cross-attention that agrees with PyTorch's,
# - find heads with a given habit on some sentences and judge them on others,
# - change a model in two ways, and measure what its weights had to say about it.
#
# **You need** [attention](attention.ipynb): queries, keys, values, masks, heads.

# %% [markdown]
# ## What the table costs
#
# Take three tokens ($T = 3$), vectors of two numbers ($d = 2$) and one head. Each of the nine scores is a dot
# product of two pairs of numbers: 2 multiplications. Each of the three outputs has two numbers, and each of these
# is a weighted sum of three values: 3 multiplications.

# %%
T, d = 3, 2
print("four matrices (Q, K, V, mixing)", 4 * T * d * d)
print("scores                         ", T * T * d)
print("weighted sums                  ", T * d * T)

# %% [markdown]
# In general the four matrices take $4Td^2$ multiplications and the two kinds of looking $2T^2d$. With each multiplication goes an addition (sums begin at zero). Together they are counted as floating-point operations, **FLOPs**. With $d = d_{\text{model}}$, and nothing counted but matrix products,
#
# $$\text{FLOPs} = \underbrace{8\,T d^2}_{\text{matrices}} + \underbrace{4\,T^2 d}_{\text{looking}} \tag{1}$$
#
# The number of heads $h$ (`H` in the code) does not occur: each head works in $d/h$ dimensions. PyTorch can count
# the products that really run, here in the first layer of the model.


# %%
def attention_flops(T, d_model):
    """Operations of one multi-head attention layer on T tokens."""
    return 8 * T * d_model**2 + 4 * T**2 * d_model


# %% tags=["hide-input"]
layer, d_model = encoder.encoder.layer[0].attention, 384
room = encoder.config.max_position_embeddings  # most tokens of a text
counted = {}
print("   T        counted      formula (1)  looking")
for T in (32, 128, room):
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        layer(torch.zeros(1, T, d_model))
    counted[T] = counter.get_total_flops()
    formula = attention_flops(T, d_model)
    looking = 4 * T**2 * d_model / formula
    print(f"{T:4} {counted[T]:14,} {formula:16,} {looking:8.2f}")

# %% [markdown]
# The last column is the share of the looking, $T/(T + 2d)$: one half at $T = 2d$. MiniLM has room for 512 tokens,
# and even there the famous square is the smaller part.
#
# Memory is another matter. The scores of one text are $h\,T^2$ numbers, the weights as many again; now $h$ does
# occur. Twelve heads and 2,048 tokens make about fifty million numbers, for one layer and one text. Must they ever
# exist?

# %% tags=["claims"]
expected = [attention_flops(T, d_model) for T in counted]
close(
    "The operations counted are those of formula (1)",
    [*counted.values()],
    expected,
    atol=0.5,
)

# %% [markdown]
# ## The same answer without the table
#
# One query, four keys. The scores are $\ln 2, \ln 1, \ln 4, \ln 1$, so that their exponentials are 2, 1, 4, 1, and
# the values are the numbers 8, 16, 4, 24. Attention gives
# $(2 \cdot 8 + 1 \cdot 16 + 4 \cdot 4 + 1 \cdot 24)/8 = 9$.
#
# Now let the pairs of score $z$ and value $v$ arrive one at a time, to be forgotten at once. It is enough to keep the
# largest score so far, $m$; the sum $\ell$ (`l` in the code) of the exponentials, taken relative to $e^m$ so that none
# overflows; and the weighted sum $a$ of the values, a vector as long as a value. When a larger score arrives, both sums
# were taken relative to the wrong number, and a factor corrects them:
#
# $$m' = \max(m, z), \qquad \ell' = e^{m - m'}\ell + e^{z - m'}, \qquad a' = e^{m - m'}a + e^{z - m'}v \tag{2}$$
#
# At the end $a/\ell$ is the output. We begin with $m = -\infty$, $\ell = a = 0$.


# %%
def step(state, score, value):
    """The state (m, l, a) after one more score and its value."""
    largest, total, weighted = state
    new = max(largest, score)
    old, now = math.exp(largest - new), math.exp(score - new)
    return new, old * total + now, old * weighted + now * value


# %% tags=["hide-input"]
state = (-math.inf, 0.0, 0.0)
print("e^z  value   e^m  factor  sum  weighted  answer")
for size, value in [(2, 8), (1, 16), (4, 4), (1, 24)]:
    before = state[0]
    state = step(state, math.log(size), value)
    factor = math.exp(before - state[0])
    m, total, weighted = math.exp(state[0]), state[1], state[2]
    print(f"{size:3} {value:6} {m:5.0f} {factor:7.1f}", end=" ")
    print(f"{total:5.2f} {weighted:8.1f} {weighted / total:8.2f}")

# %% [markdown]
# In the third line $e^m$ rises from 2 to 4, and both sums are halved before the new pair is added. The last answer is 9.
#
# The same works for all queries at once, and for blocks of keys instead of single ones. The largest table then has
# $T$ rows and as many columns as a block has keys.


# %%
def streamed(query, key, value, size=128):
    """Attention [..., T, d_v] from blocks of keys and values."""
    largest = query.new_full((*query.shape[:-1], 1), -math.inf)
    total, weighted = 0.0, 0.0
    for k, v in zip(key.split(size, -2), value.split(size, -2), strict=True):
        scores = query @ k.mT / math.sqrt(query.shape[-1])  # [..., T, size]
        new = scores.amax(dim=-1, keepdim=True).maximum(largest)
        old, now = (largest - new).exp(), (scores - new).exp()
        total = old * total + now.sum(dim=-1, keepdim=True)  # [..., T, 1]
        weighted = old * weighted + now @ v  # [..., T, d_v]
        largest = new  # [..., T, 1]
    return weighted / total


# %% [markdown]
# (`amax` is the largest along an axis, `maximum` the larger of two, number by number, and `.mT` transposes the last two
# axes.) A **fused kernel** works in this way, in blocks of queries too (FlashAttention, Dao et al. 2022); according to
# its documentation, PyTorch's `F.scaled_dot_product_attention` can call one. How large is the largest piece of memory that one step of each allocates and leaves behind? We ask PyTorch, for twelve heads of width 32, as in MiniLM, and random
# queries, keys and values.


# %% tags=["hide-input"]
# @title The largest piece of memory, and the time
def plain(query, key, value):
    """Attention with its whole table."""
    return scaled_dot_product_attention(query, key, value)[0]


@torch.no_grad()
def largest_piece(attend, inputs):
    """Bytes of the largest piece that a step allocates and keeps."""
    with profile(profile_memory=True) as profiled:
        attend(*inputs)
    return max(event.self_cpu_memory_usage for event in profiled.events())


@torch.no_grad()
def milliseconds(attend, inputs):
    """The shortest of three forward passes."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        attend(*inputs)
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


# %% tags=["hide-input", "nbval-ignore-output"]
os.environ["KINETO_LOG_LEVEL"] = "99"  # the profiler prints no notes
random, H, d_k = run.generator(), 12, 32
ways = {"plain": plain, "streamed": streamed}
ways["fused"] = F.scaled_dot_product_attention
sizes = [256, 512, 1024, 2048]
pieces = {name: [] for name in ways}
print("   T    output " + "".join(f"{name:>21}" for name in ways))
for T in sizes:
    three = torch.randn(3, 1, H, T, d_k, generator=random)  # query, key, value
    print(f"{T:5} {three[0].nbytes:9,}", end="")
    for name, attend in ways.items():
        pieces[name].append(largest_piece(attend, three))
        print(f"{pieces[name][-1]:12,}", end=" ")
        print(f"{milliseconds(attend, three):5.1f} ms", end="")
    print()
with torch.no_grad():
    outputs = {name: attend(*three) for name, attend in ways.items()}

# %% [markdown]
# (Bytes, first those of the output itself. The milliseconds are of this machine at this moment.) When the text doubles,
# the plain piece grows fourfold, since it is one set of tables, $4hT^2$ bytes; those of the other two at most double.
#
# Training needs more: what the backward pass uses must be kept. Autograd can tell what that is for the fused kernel:
# `saved_tensors_hooks` names a function that is called on each tensor it keeps.

# %% tags=["hide-input"]
query, key, value = three[..., :16, :].clone().requires_grad_()
kept = []


def keep(tensor):
    kept.append(tensor)
    return tensor


with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
    F.scaled_dot_product_attention(query, key, value)
print("T = 16, 12 heads of width 32:", *(list(tensor.shape) for tensor in kept))

# %% [markdown]
# Four tensors of the shape of queries, keys, values and outputs, and one number a row. No table. That number is $m + \ln \ell$, the logarithm of the sum
# of all exponentials of the row, and it is enough: $e^{z - (m + \ln \ell)}$ is the weight. So the table can be made
# again, block by block, in the backward pass; Dao et al. do that, and compute twice instead of keeping. The price is
# that there is no table to hand out; hence *eager* above.

# %% tags=["claims"]
close("The stream by hand ends in 9", weighted / total, 9.0)
for name in ("streamed", "fused"):
    close(
        f"{name}: the output of plain attention",
        outputs[name],
        outputs["plain"],
        atol=1e-5,
    )
    check(
        f"{name}: when the text doubles, the piece at most doubles",
        all(b <= 2.05 * a for a, b in pairwise(pieces[name])),
    )
close(
    "Plain: the largest piece is 4 h T² bytes",
    pieces["plain"],
    [4 * H * T**2 for T in sizes],
)
scores = query @ key.mT / math.sqrt(d_k)  # [1, H, 16, 16]
row = next(tensor for tensor in kept if tensor.dim() == 3)  # [1, H, 16]
close(
    "From what is kept: the weights",
    (scores - row[..., None]).exp(),
    scores.softmax(dim=-1),
    atol=1e-5,
)

# %% [markdown]
# ## A table between two texts
#
# So far a text looked at itself. In **cross-attention** the queries come from one text, $X$ with $T$ tokens, and keys
# and values from another, $Y$ with $S$ tokens. A translator's decoder looks at the sentence to be translated in this way. Each head
# computes
#
# $$\text{head}_i = \operatorname{Attention}(XW_i^Q,\; YW_i^K,\; YW_i^V) \tag{3}$$
#
# and the heads are joined and mixed as before. The table is $T \times S$, and padding in $Y$ must be masked.


# %%
class CrossAttention(nn.Module):
    """x [B, T, d_model] looks at memory [B, S, d_model]."""

    def __init__(self, d_model, n_heads):
        super().__init__()
        self.n_heads = n_heads
        self.query = nn.Linear(d_model, d_model)
        self.key = nn.Linear(d_model, d_model)
        self.value = nn.Linear(d_model, d_model)
        self.mix = nn.Linear(d_model, d_model)

    def split(self, x):
        heads = x.unflatten(-1, (self.n_heads, -1))  # [B, T, H, d_k]
        return heads.transpose(1, 2)  # [B, H, T, d_k]

    def forward(self, x, memory, real):
        query = self.split(self.query(x))  # [B, H, T, d_k]
        key = self.split(self.key(memory))  # [B, H, S, d_k]
        value = self.split(self.value(memory))  # [B, H, S, d_k]
        heads, weights = scaled_dot_product_attention(
            query, key, value, real[:, None, None, :]
        )  # [B, H, T, d_k], [B, H, T, S]
        return self.mix(heads.transpose(1, 2).flatten(2)), weights


# %% [markdown]
# (`real` [B, S] is true where `memory` has a token.) Does it agree with PyTorch's layer, weights copied? And who can
# influence whom? We change one token of $X$, then the padding of $Y$, at random.

# %% tags=["hide-input"]
# @title The same weights for PyTorch's layer, and two perturbations
torch.manual_seed(SEED)
ours = CrossAttention(32, 4)
torchs = nn.MultiheadAttention(32, 4, batch_first=True)
three = (ours.query, ours.key, ours.value)
torchs.in_proj_weight.data = torch.cat([part.weight for part in three])
torchs.in_proj_bias.data = torch.cat([part.bias for part in three])
torchs.out_proj.load_state_dict(ours.mix.state_dict())
x = torch.randn(2, 5, 32, generator=random)  # [B, T, d_model]
memory = torch.randn(2, 7, 32, generator=random)  # [B, S, d_model]
real = torch.tensor([[True] * 7, [True] * 4 + [False] * 3])  # [B, S]
other_x, other_memory = x.clone(), memory.clone()
other_x[:, 2] += torch.randn(32, generator=random)
other_memory[~real] += torch.randn(3, 32, generator=random)
with torch.no_grad():
    output, weights = ours(x, memory, real)
    theirs, _ = torchs(x, memory, memory, key_padding_mask=~real)
    moved = (ours(other_x, memory, real)[0] - output).abs().amax(dim=(0, 2))
    padded, _ = ours(x, other_memory, real)

# %%
print("weights", list(weights.shape), " output", list(output.shape))
print("token 3 of x changed, outputs move by", moved.numpy().round(2))

# %% [markdown]
# Only its own output moves: the tokens of $X$ meet the other text, not each other.
#
# What does such a table look like? Take two short texts that say the same, let MiniLM make a vector of each token, and let
# one look at the other. We leave out the matrices: $X$ itself serves as queries, $Y$ as keys.


# %% tags=["hide-input"]
# @title A vector for each token of a text
@torch.no_grad()
def token_vectors(text, level=-1):
    """Tokens, and their vectors [T, d_model]; level 0: before any layer."""
    inputs = tokenizer(text, return_tensors="pt")
    result = encoder(**inputs, output_hidden_states=True)
    tokens = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
    return tokens, result.hidden_states[level][0]


# %%
rows, X = token_vectors("The film bored the critic.")  # [T, d_model]
columns, Y = token_vectors("The reviewer found the movie dull.")
weights = (X @ Y.T / math.sqrt(d_model)).softmax(dim=-1)  # [T, S]
found_words = {rows[t]: columns[weights[t].argmax()] for t in (2, 3, 5)}

# %% tags=["hide-input"] mystnb={"image": {"alt": "Heat map, tokens of one sentence against tokens of another. Film looks at movie, bored at dull and critic at reviewer with dark cells; the, the full stop and SEP spread their attention in pale cells."}}
figure, ax = plot.panels(height=3.4)
plot.heatmap(ax, weights, rows, columns, vmin=0, vmax=1)
ax.tick_params(axis="x", labelrotation=45)
ax.set(xlabel="is looked at", ylabel="looks")
plt.show()

# %% [markdown]
# *Film* finds *movie*, *bored* finds *dull*, *critic* finds *reviewer*, though they stand in another order. One pair of texts is
# an example. For six others the code says which words belong together. The control is level 0, the vectors *before* the
# first layer, which know of a word and its place only.

# %% tags=["hide-input"]
# @title Six pairs of texts, and which words belong together
PAIRS = [
    ("The old king ruled the country with his wife."),
    ("Together with the queen, the aged monarch governed the nation."),
    ("old-aged king-monarch ruled-governed country-nation wife-queen"),
    ("A thief stole the jewels from the museum."),
    ("From the gallery a robber took the gems."),
    ("thief-robber stole-took jewels-gems museum-gallery"),
    ("The teacher praised her pupils for the essay."),
    ("For their text the students were applauded by the instructor."),
    ("teacher-instructor pupils-students essay-text"),
    ("Our plane landed late because of fog."),
    ("Mist delayed the arrival of the aircraft."),
    ("plane-aircraft landed-arrival late-delayed fog-mist"),
    ("The comedy amused a small audience."),
    ("A handful of viewers laughed at the funny film."),
    ("comedy-film amused-laughed audience-viewers small-handful"),
    ("The farmer sold two horses at the market."),
    ("At the fair a peasant got money for a pair of ponies."),
    ("farmer-peasant sold-got market-fair two-pair"),
]


# %% tags=["hide-input"]
# @title Counting the links that are found
def found_links(first, second, links, level):
    """For each link, if it has the largest weight; and what guesses find."""
    rows, X = token_vectors(first, level)  # [T, d_model]
    columns, Y = token_vectors(second, level)  # [S, d_model]
    best = (X @ Y.T).argmax(dim=-1)  # [T]; scaling and softmax keep the order
    found = []
    for link in links.split():
        word, partner = link.split("-")
        found.append(columns[best[rows.index(word)]] == partner)
    return found, len(found) / len(columns)


hits = {}
for level in range(len(encoder.encoder.layer) + 1):
    results = [
        found_links(*PAIRS[i : i + 3], level) for i in range(0, len(PAIRS), 3)
    ]
    hits[level] = sum(sum(found) for found, _ in results)
links = sum(len(found) for found, _ in results)
guesses = sum(guess for _, guess in results)
_, X0 = token_vectors("The film bored the critic.", level=0)
_, Y0 = token_vectors("The reviewer found the movie dull.", level=0)
best = (X0 @ Y0.T).argmax(dim=-1)  # [T]
found_before = {rows[t]: columns[best[t]] for t in (2, 3, 5)}

# %% tags=["hide-input", "nbval-ignore-output"]
print("level        " + "".join(f"{level:4}" for level in hits))
print("links found  " + "".join(f"{found:4}" for found in hits.values()))
print(f"of {links}; guessing would find {guesses:.1f}")

# %% [markdown]
# The last layer finds most of the links, and so does the control, which finds the three of the example as well: a table
# that looks right need not owe it to the last layer.

# %% tags=["claims"]
close("Cross-attention as PyTorch's", output, theirs, atol=1e-5)
close("Changed padding changes nothing", padded, output)
check(
    "A changed token of X moves its own output, no other",
    moved[2] > 0.01 and moved[[0, 1, 3, 4]].max() < 1e-5,
)
expected = {"film": "movie", "bored": "dull", "critic": "reviewer"}
check("The three words find their partners", found_words == expected)
check("They do before the first layer too", found_before == expected)
check(
    "Every level finds more than 15 of the 24 links",
    min(hits.values()) > 15 and links == 24,
)

# %% [markdown]
# ## What real heads look at
#
# Back to texts that look at themselves. It is tempting to leaf through 72 tables until one looks meaningful. Let us rather fix four
# habits beforehand: looking at the previous token, the next, [CLS], [SEP]. Each head gets a score for each, the mean weight.
#
# Our sentences are validation reviews of 40 to 90 characters. The best head for each habit is chosen on the first of them
# and judged on the *last*.

# %% tags=["hide-input", "nbval-ignore-output"]
# @title Scoring all heads on two sets of sentences
HABITS = ["previous", "next", "[CLS]", "[SEP]"]


def habits(weights):
    """Mean weight [4, L, H] on the previous and next token, [CLS] and [SEP].

    weights [L, H, T, T]; row t of the last two axes is how token t looks
    """
    previous = weights.diagonal(-1, -2, -1).mean(dim=-1)  # [L, H]
    following = weights.diagonal(1, -2, -1).mean(dim=-1)  # [L, H]
    first = weights[..., 1:, 0].mean(dim=-1)  # [L, H], [CLS] itself left out
    last = weights[..., :-1, -1].mean(dim=-1)  # [L, H], [SEP] itself left out
    return torch.stack([previous, following, first, last])


@torch.no_grad()
def read(text):
    """Token ids [T], weights [L, H, T, T], vectors [L + 1, T, d_model]."""
    inputs = tokenizer(text, return_tensors="pt")
    result = encoder(
        **inputs, output_attentions=True, output_hidden_states=True
    )
    vectors = torch.cat(result.hidden_states)
    return inputs["input_ids"][0], torch.cat(result.attentions), vectors


# %% tags=["hide-input", "nbval-ignore-output"]
reviews = load_reviews("text")["validation"]["text"]
sentences = [text for text in reviews if 40 <= len(text) <= 90]
N = run.size(smoke=3, cpu=48, gpu=140)
first_half = [read(text) for text in sentences[:N]]
second_half = [read(text) for text in sentences[-N:]]
chosen_on = torch.stack([habits(weights) for _, weights, _ in first_half])
judged_on = torch.stack([habits(weights) for _, weights, _ in second_half])
print(f"of {len(sentences)} sentences the first {N} and the last {N}")

# %% [markdown]
# A head that looks everywhere alike would give each token one over their number; "above uniform" subtracts that, sentence by
# sentence. The brackets are 95 % intervals: the sentences are drawn again with replacement ten thousand times (the
# bootstrap), and the middle 95 % of the means are kept. The last column is the median of all heads.

# %% tags=["hide-input", "nbval-ignore-output"]
uniform = torch.tensor([1 / len(ids) for ids, *_ in second_half])  # [N]
L, H = tables.shape[:2]
median_head = judged_on.mean(dim=0).flatten(1).median(dim=1).values  # [4]
chosen, above = {}, {}
print("habit    layer head  weight   above uniform         median head")
for number, name in enumerate(HABITS):
    best = chosen_on[:, number].mean(dim=0).argmax().item()
    chosen[name] = divmod(best, H)  # layer and head, both from 0
    fresh = judged_on[:, number].flatten(1)[:, best]  # [N]
    above[name] = intervals.paired_bootstrap(fresh, uniform, seed=run.seed)
    print(f"{name:<9} {chosen[name][0] + 1:4} {chosen[name][1] + 1:4}", end="")
    print(f"{fresh.mean():8.2f}   {above[name]}  {median_head[number]:8.2f}")

# %% tags=["hide-input", "nbval-ignore-output"] mystnb={"image": {"alt": "Two heat maps of attention weights in one review sentence, token against token. In the first a dark line runs just below the diagonal: each token after the first looks at the one before. In the second the first column, CLS, is dark in nearly every row."}}
short = [reading for reading in second_half if len(reading[0]) <= 15]
ids, weights, _ = (short or second_half)[0]
words = tokenizer.convert_ids_to_tokens(ids)
figure, axes = plot.panels(2, height=3.3, sharex=True)
for ax, name in zip(axes, ["previous", "[CLS]"], strict=True):
    plot.heatmap(ax, weights[chosen[name]], words, words, vmin=0, vmax=1)
    ax.set(title=f"chosen for: {name}", ylabel="looks")
axes[1].tick_params(axis="x", labelrotation=90)
plt.show()

# %% [markdown]
# Three chosen heads keep their habits on sentences that had no part in the choice. (For [SEP] there is hardly a habit to find.)
# On these short sentences the median head gives [CLS] more than a third of the other tokens' attention. Clark et al.
# (2019) found many heads of BERT-base that look at [SEP] most; there both the model and the texts, longer and in
# pairs, were others.

# %% tags=["claims"]
for number, name in enumerate(HABITS[:3]):
    first, second = (
        half[:, number, *chosen[name]].mean() for half in (chosen_on, judged_on)
    )
    check(
        f"{name}: the same on both sets, within 0.05",
        abs(first - second) < 0.05,
    )
    check(
        f"{name}: more than 0.3 above the median head",
        second > median_head[number] + 0.3,
    )
check("The median head gives [CLS] more than a third", median_head[2] > 1 / 3)
check("[SEP]: less than 0.1 above uniform", above["[SEP]"].value < 0.1)

# %% [markdown]
# ## May one believe it?
#
# *The model decided as it did because it looked at [CLS].* What could we change, to find out? Take one row of a table by hand: weights
# 0.8, 0.1, 0.1 on values 0, 4, 8. The output is $o = 1.2$. Here are two ways to remove a token $s$.
#
# - *Silence* it: the weights stay, its value becomes zero. The output loses the term $w_s v_s$.
# - *Hide* it: its score becomes $-\infty$, as under a mask, and the others share its weight among them. The output is then
#   $(o - w_s v_s)/(1 - w_s)$.
#
# $$\Delta_{\text{silence}} = -\,w_s v_s, \qquad
# \Delta_{\text{hide}} = \frac{w_s}{1 - w_s}\,(o - v_s) \tag{4}$$


# %%
def removed(weights, values, s):
    """Changes of weights [S] @ values [S, d_v]: s silenced, s hidden."""
    output = weights @ values  # [d_v]
    silence = -weights[s] * values[s]  # [d_v]
    hide = weights[s] / (1 - weights[s]) * (output - values[s])  # [d_v]
    return silence, hide


# %% tags=["hide-input"]
weights = torch.tensor([0.8, 0.1, 0.1])  # [S]
values = torch.tensor([[0.0], [4.0], [8.0]])  # [S, 1]
print("weight  value  silence   hide")
for s in range(3):
    silence, hide = removed(weights, values, s)
    print(f"{weights[s]:6.1f} {values[s, 0]:6.1f}", end=" ")
    print(f"{silence[0] + 0:8.2f} {hide[0]:6.2f}")

# %% [markdown]
# The token with the largest weight has no effect at all when it is silenced, and the largest of all when it is hidden. Both
# answers are right, to different questions, and the weight alone gives neither: in (4) it stands before $v_s$, or $o - v_s$.
#
# Zero is one value to put in; a mean value is another choice. Hiding is as if one put in the mean of the other values, weighted as in the row.

# %% tags=["claims"]
masks = torch.eye(3).bool()  # row s hides token s
hidden = weights.log().masked_fill(masks, -math.inf).softmax(dim=-1) @ values
silent = torch.stack([weights @ (values * ~mask[:, None]) for mask in masks])
both = [removed(weights, values, s) for s in range(3)]
output = weights @ values  # [1]
close(
    "Silenced, in (4): as with a value of zero",
    torch.stack([output + silence for silence, _ in both]),
    silent,
)
close(
    "Hidden, in (4): as in a softmax with a mask",
    torch.stack([output + hide for _, hide in both]),
    hidden,
)
means = values * ~masks[..., None] + hidden[:, None] * masks[..., None]
close("Hidden: as with the others' mean value", weights @ means, hidden)

# %% [markdown]
# Has [CLS] such short values? For every head of the model we compare its share in the weights with its share in the lengths of the
# terms, $\lVert w_{ts}\,v_s W^O \rVert$, as Kobayashi et al. (2020) do; what a token gives itself is left out. (The heads lie side by side before they are mixed, so
# each meets a slice of $W^O$ of its own.)


# %% tags=["hide-input"]
# @title Lengths of the weighted values
@torch.no_grad()
def carried(layer, vectors, weights):
    """Lengths [H, T, T] of all terms.

    vectors [T, d_model] go into the layer, weights [H, T, T] come out
    """
    value = layer.attention.self.value(vectors)  # [T, d_model]
    mix = layer.attention.output.dense.weight  # [d_model, d_model]
    d_k = value.shape[-1] // len(weights)
    terms = []
    for head, weight in enumerate(weights):
        part = slice(head * d_k, (head + 1) * d_k)  # this head's columns
        length = (value[:, part] @ mix[:, part].T).norm(dim=-1)  # [T]
        terms.append(weight * length)  # [T, T]
    return torch.stack(terms)


# %% tags=["hide-input"]
# @title What each token receives
def received(tables):
    """What each token gets from the other tokens, mean [L, H, T]."""
    T = tables.shape[-1]
    others = 1 - torch.eye(T)  # [T, T]
    return (tables * others).sum(dim=-2) / (T - 1)


def received_lengths(vectors, weights):
    """The lengths [L, H, T] that come from each token in each head."""
    layers = zip(encoder.encoder.layer, vectors[:L], weights, strict=True)
    return received(torch.stack([carried(*layer) for layer in layers]))


looks, carries, lengths = [], [], []  # [L, H, T] for each sentence
for _, weights, vectors in second_half:
    equal = torch.full_like(weights, 1 / weights.shape[-1])
    looks.append(received(weights))
    carries.append(received_lengths(vectors, weights))
    lengths.append(received_lengths(vectors, equal))


# %% tags=["hide-input"]
# @title Shares of [CLS]
def share_of_cls(parts):
    """Share [L, H] of the first token, mean over sentences."""
    shares = [part[..., 0] / part.sum(dim=-1) for part in parts]
    return torch.stack(shares).mean(dim=0)


share, carry = share_of_cls(looks), share_of_cls(carries)  # [L, H]

# %% tags=["hide-input", "nbval-ignore-output"]
# @title For the site's widget: every head on the first sentence, some rows
UNIT = 1_000_000  # weights are stored as whole numbers of so many parts
_, weights, vectors = read(sentence)  # [L, H, T, T], [L + 1, T, d_model]
inside = list(zip(encoder.encoder.layer, vectors[:L], strict=True))
terms = [carried(*pair, w) for pair, w in zip(inside, weights, strict=True)]
alone = [carried(*pair, torch.ones_like(weights[0]))[:, 0] for pair in inside]
whole = (UNIT * weights).round().int().flatten(2).tolist()  # [L, H, T · T]
stored = [[" ".join(map(str, table)) for table in layer] for layer in whole]
sunk = divmod((share - carry).argmax().item(), H)  # layer and head
heads = [[*chosen, "farthest below the diagonal"], [*chosen.values(), sunk]]
critic = tokens.index("critic")
rows = [(*sunk, critic), (0, 11, 3), (5, 0, 10), (2, 9, 0), (4, 4, 7)]
examples = []
for layer, head, token in rows:
    weight, term = weights[layer, head, token], terms[layer][head, token]  # [T]
    answer = {"layer": layer, "head": head, "token": token, "weights": weight}
    answer |= {"lengths": alone[layer][head], "carried": term}
    shares = [weight[0], term[0] / term.sum()]
    examples.append(answer | {"shares": shares})

# %% tags=["hide-input", "nbval-ignore-output"] mystnb={"image": {"alt": "Scatter plot with a dot for each of 72 heads: the share of CLS in the attention weights against its share in the lengths of the weighted values. All but a few dots lie far below the dotted diagonal; for most heads CLS has more than a third of the weights and less than a tenth of the lengths."}}
figure, ax = plot.panels(height=3.0)
ax.plot([0, 1], [0, 1], color=plot.GREY, linestyle=":", linewidth=1)
ax.plot(share.flatten(), carry.flatten(), "o", alpha=0.6)
ax.set(xlabel="share of [CLS] in the weights")
ax.set(ylabel="share in the lengths", ylim=(0, 1))
shown = {"tokens": tokens, "unit": UNIT, "weights": stored, "lengths": alone}
live.show("heads", **shown, heads=heads, examples=examples)

# %% [markdown]
# In more than four heads of five the share in the lengths is less than half of that in the weights. Xiao et al. (2024), in
# left-to-right models, call a token that collects attention without need for what it says an **attention sink**, and suppose
# that it takes what a head does not want to spend, since a softmax must add up to one. That is a hypothesis; what follows
# does not decide it.
#
# ### Change it and measure
#
# Now the whole model. Of a sentence of $T$ tokens we read $T$ copies; in copy $s$ token $s$ is removed in all layers.
#
# The attention mask hides it. To silence it we use a *hook*, a function that PyTorch calls on what a layer gives out: it
# sets the whole value to zero, with its bias.
#
# The effect is how far this moves the sentence vector, the mean of the final vectors of all *other* tokens. (Both changes
# may bring the model into states that it has not met in training; that is part of what is measured.)


# %%
@torch.no_grad()
def effects(encoder, ids):
    """How far the sentence vector moves: each token hidden, silenced."""
    T = len(ids)
    copies = ids.expand(T, T)  # row s is copy s
    everyone = torch.ones(T, T)
    others = 1 - torch.eye(T)  # row s: all tokens but s

    def silence(module, inputs, value):
        return value * others[:, :, None]  # [T, T, d_model]

    plain = encoder(copies[:1], everyone[:1]).last_hidden_state  # [1, T, …]
    hidden = encoder(copies, others).last_hidden_state  # [T, T, d_model]
    parts = [layer.attention.self.value for layer in encoder.encoder.layer]
    hooks = [part.register_forward_hook(silence) for part in parts]
    silent = encoder(copies, everyone).last_hidden_state  # [T, T, d_model]
    for hook in hooks:
        hook.remove()
    moves = []
    for changed in (hidden, silent):
        total = ((changed - plain) * others[:, :, None]).sum(dim=1)
        moves.append((total / (T - 1)).norm(dim=-1))  # [T]
    return moves


# %% tags=["hide-input"]
# @title All effects in all sentences
hiding, silencing = [], []  # [T] for each sentence
for ids, _, _ in second_half:
    hide, silence = effects(encoder, ids)
    hiding.append(hide)
    silencing.append(silence)

# %% [markdown]
# How do [CLS] and [SEP] compare with the median of the tokens between them? We call these the words, though full stops and
# pieces of words are among them. In that unit, with 95 % intervals over the sentences:

# %% tags=["hide-input", "nbval-ignore-output"]
mean_looks = [part.mean(dim=(0, 1)) for part in looks]  # [T] each
mean_carries = [part.mean(dim=(0, 1)) for part in carries]  # [T] each
measures = {
    "mean weight it receives": mean_looks,
    "mean length it carries": mean_carries,
    "effect of hiding it": hiding,
    "effect of silencing it": silencing,
}
in_words = {}
print(f"{'':<25} {'[CLS]':<23} [SEP]")
for name, rows in measures.items():
    ratios = [row[[0, -1]] / row[1:-1].median() for row in rows]
    in_words[name] = torch.stack(ratios)  # [N, 2]
    both = [intervals.bootstrap_mean(ratio) for ratio in in_words[name].T]
    print(f"{name:<25} {both[0]!s:<23} {both[1]}")

# %% [markdown]
# In every sentence [CLS] gets the largest weight, on average fifteen times that of the median word. In most, hiding it moves the sentence vector more than hiding any word, and silencing it less than silencing the median word. (These are reviews of 40 to 90 characters; try longer ones.) For [CLS] the two questions have different answers, and no one ranking can give both.
#
# And the words themselves? In each sentence we rank them by what the tables say and by the effect, and take the rank
# correlation (Spearman's: 1 if both orders are the same, 0 on average if they are unrelated). There are two rivals: the lengths
# without the weights, as if all weights were equal; and, without a model, how *rare* a token is in the training reviews.

# %% tags=["hide-input"]
# @title Rank correlations within each sentence
train = load_reviews("text")["train"]["text"]
ids_of_all = tokenizer(list(train))["input_ids"]
counts = collections.Counter(i for ids in ids_of_all for i in ids)
rare = [
    torch.tensor([-counts[i] for i in ids.tolist()]) for ids, *_ in second_half
]


def agreement(guesses, moves):
    """Spearman's rank correlation over the words of each sentence, [N]."""
    pairs = zip(guesses, moves, strict=True)
    return [spearmanr(a[1:-1], b[1:-1]).statistic for a, b in pairs]


# %% tags=["hide-input"]
# @title The mean of all tables, its rivals, and single heads
rankings = {
    "mean weight": mean_looks,
    "mean length carried": mean_carries,
    "lengths alone": [part.mean(dim=(0, 1)) for part in lengths],
    "rarity": rare,
}
ways = {"hide": hiding, "silence": silencing}
agrees = {
    (name, way): agreement(rows, moves)
    for name, rows in rankings.items()
    for way, moves in ways.items()
}
single = {}  # [L · H] for each way
for way, moves in ways.items():
    heads = [[look[divmod(i, H)] for look in looks] for i in range(L * H)]
    ranks = [agreement(head, moves) for head in heads]
    single[way] = torch.tensor(ranks).nanmean(dim=1)

# %% tags=["hide-input", "nbval-ignore-output"]
print(f"{'':<22} {'hidden':<22} silenced")
for name in rankings:
    both = [intervals.bootstrap_mean(agrees[name, way]) for way in ways]
    print(f"{name:<22} {both[0]!s:<22} {both[1]}")
for name, pick in {"median": torch.median, "best": torch.max}.items():
    both = [f"{pick(single[way]):.3f}" for way in ways]
    print(f"{'weight, ' + name + ' head':<22} {both[0]:<22} {both[1]}")

# %% [markdown]
# Among words the mean of all 72 tables is a guide; so are both rivals. A single table of weights is a poorer one: the median head has less than half the correlation of the mean table, and even the best head, chosen on these very sentences, has less than the mean table. The lengths of the
# weighted values are a better guide than the weights or the lengths alone; none of them is the effect.
#
# A heat map is a good question about a model. To answer it, change something and measure; and say what you changed, since that
# was a choice too. What follows from such experiments is argued over by Jain and Wallace (2019) and Wiegreffe and Pinter (2019).

# %% tags=["claims"]
check(
    "In four heads of five [CLS] has less than half the share in the lengths",
    (carry < share / 2).float().mean() > 0.8,
)
firsts = torch.stack([row.argmax() == 0 for row in mean_looks])
check("[CLS] has the largest mean weight in every sentence", firsts.all())
firsts = torch.stack([row.argmax() == 0 for row in hiding]).float()
check("and the largest effect when hidden in 9 of 10", firsts.mean() > 0.9)
quiet = (in_words["effect of silencing it"][:, 0] < 1).float()  # [N]
check("Silenced: less than the median word, in 4 of 5", quiet.mean() > 0.8)
for way in ways:
    for name in ("mean weight", "lengths alone", "rarity"):
        guide = intervals.bootstrap_mean(agrees[name, way])
        check(f"{way}: {name} is a guide, interval above 0", guide.low > 0)
    for name in ("mean weight", "lengths alone"):
        gain = intervals.paired_bootstrap(
            agrees["mean length carried", way], agrees[name, way]
        )
        check(f"{way}: lengths carried, better than {name}", gain.low > 0)
    mean = torch.tensor(agrees["mean weight", way]).mean()
    check(f"{way}: no single head reaches the mean", single[way].max() < mean)
    check(
        f"{way}: the median head is below half of it",
        single[way].median() < mean / 2,
    )

# %% [markdown]
# ## Summary
#
# Attention costs $8Td^2$ operations for its matrices and $4T^2d$ for the looking. The table of weights need not exist: a running maximum, a
# sum and a weighted vector give the same output from a stream, and with queries and keys, one number a row is enough to make the weights again. Cross-attention is
# the same with two texts, and its table is $T \times S$. In MiniLM three habits of heads hold on fresh sentences. But a weight
# says neither how long the vector is that it multiplies, nor what happens when it is given to others.
#
# ## Exercises
#
# > **Exercise 1.** On paper: when the square wins (★☆☆, 5 minutes). In a Transformer a feed-forward part of $16Td^2$ operations follows
# > the attention. At which number of tokens $T$ is the looking exactly half of all operations of both? Write it as `half_at(d_model)`.
#
# <details><summary>Hint</summary>
#
# Half of all means: as much as everything else together.
#
# </details>


# %% tags=["exercise"]
def half_at(d_model):
    """Tokens at which looking is half the work of a Transformer layer."""
    ...


exercises.half_at(half_at)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def half_at(d_model):
    """Tokens at which looking is half the work of a Transformer layer."""
    return 6 * d_model  # 4 T² d = 8 T d² + 16 T d²


exercises.half_at(half_at)

# %% [markdown]
# > **Exercise 2.** Two halves of a stream (★★☆, 15 minutes). Two machines have each read one half of the keys and values, and report their
# > states $(m, \ell, a)$, as in (2). Write `merge(first, second)`: the state of the whole.
#
# <details><summary>Hint</summary>
#
# Both sums of either state are relative to its own maximum. Which factor makes them relative to the larger one?
#
# </details>


# %% tags=["exercise"]
def merge(first, second):
    """The state (m, l, a) of both parts; a may be a NumPy vector."""
    ...


exercises.merge(merge)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def merge(first, second):
    """The state (m, l, a) of both parts; a may be a NumPy vector."""
    m1, l1, a1 = first
    m2, l2, a2 = second
    largest = max(m1, m2)
    f1, f2 = math.exp(m1 - largest), math.exp(m2 - largest)
    return largest, f1 * l1 + f2 * l2, f1 * a1 + f2 * a2


exercises.merge(merge)

# %% [markdown]
# > **Exercise 3.** On paper: the sink (★★☆, 10 minutes). A token has the weight $w$, and its value is zero. When it is hidden, the output becomes
# > `factor` times as long. Which weight does that? Write `sink_weight(factor)`.
#
# <details><summary>Hint</summary>
#
# The output after hiding is $o + \Delta_{\text{hide}}$. Put $v_s = 0$ into (4).
#
# </details>


# %% tags=["exercise"]
def sink_weight(factor):
    """Weight of a token of value zero whose hiding multiplies the output."""
    ...


exercises.sink_weight(sink_weight)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
def sink_weight(factor):
    """Weight of a token of value zero whose hiding multiplies the output."""
    return 1 - 1 / factor  # o + o w / (1 - w) = o / (1 - w)


exercises.sink_weight(sink_weight)

# %% [markdown]
# > **Exercise 4.** An experiment: another question (★★★, 20 minutes). There is a third way to remove a token: replace it by `[MASK]` in the text. Write
# > `replacing(encoder, ids, mask_id)`, the effect of that for each token, measured as in `effects`. Then try it: hidden, [CLS] had the largest effect in most sentences. On which place is it now? And in other sentences?
#
# <details><summary>Hint</summary>
#
# `copies = ids.repeat(T, 1)` can be written to; row $s$ needs a new token at place $s$. Nothing is hidden.
#
# </details>


# %% tags=["exercise"]
def replacing(encoder, ids, mask_id):
    """How far [T] the mean vector of the others moves; ids [T]."""
    ...


exercises.replacing(replacing)


# %% tags=["solution", "hide-cell", "nbval-ignore-output"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 4
@torch.no_grad()
def replacing(encoder, ids, mask_id):
    """How far [T] the mean vector of the others moves; ids [T]."""
    T = len(ids)
    copies = ids.repeat(T, 1)  # [T, T]
    copies[torch.arange(T), torch.arange(T)] = mask_id
    before = encoder(ids[None]).last_hidden_state  # [1, T, d_model]
    after = encoder(copies).last_hidden_state  # [T, T, d_model]
    others = 1 - torch.eye(T)  # [T, T]
    total = ((after - before) * others[:, :, None]).sum(dim=1)  # [T, d_model]
    return (total / (T - 1)).norm(dim=-1)  # [T]


for ids, *_ in second_half[:5]:
    moves = replacing(encoder, ids, tokenizer.mask_token_id)  # [T]
    place = 1 + (moves > moves[0]).sum().item()
    print("[CLS] is on place", place, "of", len(ids))
exercises.replacing(replacing)

# %% [markdown]
# ## Common mistakes
#
# - *Reading weights as reasons*: a large weight may carry little. Change something and measure, and say what you changed.
# - *Leafing through the heads until one looks right*: that is a choice out of 72. Choose on one half, judge on the other.
# - *Weights from a fused kernel*: it hands out none. Load the model with `attn_implementation="eager"`.
# - *Forgetting to rescale the weighted sum*: the stream is right until the maximum rises. Test with rising scores.
# - *Masking the wrong text*: in cross-attention the padding mask belongs to the keys, not to the queries. Change the padding: nothing may move.
#
# ## Further reading
#
# - Milakov and Gimelshein (2018), [Online normalizer calculation for softmax](https://arxiv.org/abs/1805.02867): the running maximum and sum.
# - Dao et al. (2022), [FlashAttention](https://arxiv.org/abs/2205.14135): the stream form as a kernel, forward and backward.
# - Clark et al. (2019), [What does BERT look at?](https://arxiv.org/abs/1906.04341): habits of heads.
# - Kobayashi et al. (2020), [Attention is not only a weight](https://arxiv.org/abs/2004.10102): the lengths of the terms.
# - Xiao et al. (2024), [Efficient streaming language models with attention sinks](https://arxiv.org/abs/2309.17453).
# - Jain and Wallace (2019), [Attention is not explanation](https://arxiv.org/abs/1902.10186), and the answer of Wiegreffe and Pinter (2019), [Attention is not not explanation](https://arxiv.org/abs/1908.04626).
# - Vaswani et al. (2017), [Attention is all you need](https://arxiv.org/abs/1706.03762): cross-attention between decoder and encoder in section 3.2.3.
