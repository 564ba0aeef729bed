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
# # Public weights in our own code
#
# Put the weights of two public models into code you wrote yourself, see equal numbers layer by layer, and
# learn to find the one mistake that spoils them.
#
# Somebody else's program goes on with a sentence:

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
import torch.nn.functional as F
from lmcourse import plot, session
from lmcourse.claims import check, close
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation import intervals, metrics, scoring
from lmcourse.exercises.transformer import real_weights as exercises
from lmcourse.generation.sampling import sample
from lmcourse.models import llama, pretrained
from lmcourse.models.attention import scaled_dot_product_attention
from lmcourse.models.block import RMSNorm, SwiGLU
from lmcourse.models.positions import rotate
from lmcourse.records import record, sweep
from torch import nn

run = session.start(PROFILE, SEED)

# %%
tokenizer, reference = pretrained.causal_lm()
reference = reference.to(run.device)

# %% tags=["hide-input"]
# @title What the reference writes
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

PROMPT = "The film was so boring that I"
prompt = tokenizer(PROMPT, return_tensors="pt")["input_ids"].to(run.device)
with torch.no_grad():
    written = reference.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=16,
        do_sample=False,
    )[0].tolist()
print(tokenizer.decode(written))

# %% [markdown]
# That was SmolLM2 in the library `transformers`, our *reference*: the version tuned for chat, from a file in which most weights are rounded to 4 bits.
# Sixteen times it took the likeliest token. Would
# your own code, with the same weights, write the same? And if not: where is the mistake, in a model of
# 135 million numbers?
#
# **You will**
#
# - rename the tensors of a public model and put them into your own,
# - write a BERT encoder whose every layer equals the reference's,
# - write a Llama-type decoder, with keys that heads share, and get the reference's logits,
# - find mistakes: the first layer that differs, then the first part of it,
# - measure SmolLM2 on the book's sentences, and ask whether it knows them by heart.
#
# **You need** [attention](attention.ipynb), [the GPT](gpt.ipynb), [positions](positions.ipynb) for `rotate`,
# and [the block](block.ipynb) for `RMSNorm` and `SwiGLU`.

# %% [markdown]
# ## Arithmetic, and a table of numbers with names
#
# A trained model is two things. One is a table of numbers with names:

# %%
theirs = {
    "dense.kernel": torch.tensor([[1.0, 2.0], [3.0, 4.0]]),
    "dense.bias": torch.tensor([0.5, 0.0]),
    "scale": torch.tensor([10.0, 1.0]),
}


# %% [markdown]
# The other is arithmetic. To own the model you write the
# arithmetic, with your names, and a second table that says which of them is which of theirs.


# %%
def tiny(w, x):
    return w["gain"] * (w["weight"] @ x + w["bias"])


names = {"weight": "dense.kernel", "bias": "dense.bias", "gain": "scale"}
ours = {name: theirs[there] for name, there in names.items()}

# %% tags=["hide-input"]
x = torch.tensor([1.0, 0.0])
right = tiny(ours, x)
turned = tiny({**ours, "weight": ours["weight"].T}, x)
print("as it is    gain · (W x + b) =", right.tolist())
print("transposed  gain · (W x + b) =", turned.tolist())

# %% [markdown]
# By hand: $Wx$ is the first column $(1, 3)$, plus the bias $(1.5, 3)$, times the gain $(15, 3)$.
#
# Some programs store a matrix as [in, out], others as [out, in]. Transposed, our square $W$ has the same shape, and
# nothing complains: the second number is wrong, the first is right by luck. Loading can check names and
# shapes, but not that the numbers *mean* what the code takes them for. For that we compare outputs.

# %% tags=["claims"]
close("By hand: (15, 3)", right, [15.0, 3.0])
check(
    "Transposed, the tiny model keeps its first number and not its second",
    turned[0] == right[0] and turned[1] != right[1],
)

# %% [markdown]
# ## An encoder
#
# MiniLM is a BERT with 6 layers. Its block has
# the parts of our GPT's in another order. The GPT norms what a branch *reads*; BERT adds first and norms the sum
# ([post-norm](block.ipynb), as in the first Transformer):
#
# $$h = \mathrm{LN}\big(x + \mathrm{attention}(x)\big), \qquad
# y = \mathrm{LN}\big(h + \mathrm{feedforward}(h)\big) \tag{1}$$
#
# Here we need no second table, for we write the arithmetic with their names. `w` is the table, and `real` is False at padding.


# %% tags=["hide-input"]
# @title Helpers: a linear layer and a norm by name, and a part of the table
def linear(w, name, x):
    return F.linear(x, w[name + ".weight"], w[name + ".bias"])


def norm(w, name, x):
    weight, bias = w[name + ".weight"], w[name + ".bias"]
    return F.layer_norm(x, weight.shape, weight, bias, eps=1e-12)


def below(w, start):
    """The tensors whose names begin so, under the rest of their names."""
    return {
        name.removeprefix(start): tensor
        for name, tensor in w.items()
        if name.startswith(start)
    }


# %%
def encoder_block(w, x, real, n_heads):
    """Formula (1): x [B, T, C], real [B, T] to [B, T, C]."""
    query, key, value = (
        linear(w, f"attention.self.{part}", x)
        .unflatten(-1, (n_heads, -1))  # [B, T, n_heads, d]
        .transpose(1, 2)  # [B, n_heads, T, d]
        for part in ("query", "key", "value")
    )
    mask = real[:, None, None, :]  # [B, 1, 1, T]
    heads, _ = scaled_dot_product_attention(query, key, value, mask)
    mixed = heads.transpose(1, 2).flatten(2)  # [B, T, C]
    x = x + linear(w, "attention.output.dense", mixed)
    x = norm(w, "attention.output.LayerNorm", x)
    wide = F.gelu(linear(w, "intermediate.dense", x))  # [B, T, 4 C]
    x = x + linear(w, "output.dense", wide)
    return norm(w, "output.LayerNorm", x)


# %% [markdown]
# Before the blocks stand three embeddings: of the word, the position and the segment (0 for a single text).
# Each block gets its part of the table, under names without the number of the layer.


# %%
def encode(w, ids, real, n_heads, n_layers):
    """The outputs of layer 0 (the embeddings) and of each block."""
    x = w["embeddings.word_embeddings.weight"][ids]  # [B, T, C]
    x = x + w["embeddings.position_embeddings.weight"][: ids.shape[1]]
    x = x + w["embeddings.token_type_embeddings.weight"][0]
    states = [norm(w, "embeddings.LayerNorm", x)]
    for i in range(n_layers):
        own = below(w, f"encoder.layer.{i}.")
        states.append(encoder_block(own, states[-1], real, n_heads))
    return states


# %% [markdown]
# Is it MiniLM? Both programs read sixteen validation sentences of different lengths, padding
# included, once in fp32 (about seven digits) and once in float64 (about sixteen).

# %% tags=["hide-input"]
# @title The same sentences through both programs
texts = list(load_reviews("text")["validation"]["text"])
pieces, bert = pretrained.encoder()
bert = bert.to(run.device)
batch = pieces(texts[:16], padding=True, return_tensors="pt").to(run.device)
ids, real = batch["input_ids"], batch["attention_mask"].bool()  # [16, T]
sizes = bert.config.num_attention_heads, bert.config.num_hidden_layers
both = {}
for dtype in (torch.float32, torch.float64):
    bert = bert.to(dtype)
    with torch.no_grad():
        hidden = bert(**batch, output_hidden_states=True).hidden_states
        states = encode(bert.state_dict(), ids, real, *sizes)
    pairs = zip(states, hidden, strict=True)
    both[dtype] = [(a[real], b[real]) for a, b in pairs]  # real tokens

# %% tags=["hide-input", "nbval-ignore-output"]
largest = {
    dtype: [float((a - b).abs().max()) for a, b in layers]
    for dtype, layers in both.items()
}
print("layer   largest number      largest difference")
print("                            fp32       float64")
for i, pair in enumerate(zip(*largest.values(), strict=True)):
    number = both[torch.float32][i][1].abs().max()
    print(f"{i:5}   {number:14.2f}   {pair[0]:10.0e}   {pair[1]:10.0e}")

# %% [markdown]
# Equal, but not to the last digit. Is that rounding, since two programs need not add in the same order? Then finer rounding must shrink the
# differences. In float64 they are gone but for the last digits, as differences of rounding should be.

# %% tags=["claims"]
for i, (a, b) in enumerate(both[torch.float32]):
    close(f"fp32, layer {i}: equal to 1e-4", a, b, atol=1e-4)
for i, (a, b) in enumerate(both[torch.float64]):
    close(f"float64, layer {i}: equal to 1e-12", a, b, atol=1e-12)

# %% [markdown]
# ## A decoder, and keys that are shared
#
# SmolLM2 is built much like Llama (Touvron et al. 2023). What is new?
#
# | part | our GPT | SmolLM2 |
# |:--|:--|:--|
# | position | a learned vector, added at the bottom | queries and keys turned in every layer (`rotate`) |
# | norm | LayerNorm | RMS norm: no mean, no bias |
# | feed-forward | GELU | SwiGLU: one more matrix, as a gate |
# | biases | in every linear layer of a block | none |
# | heads | each has its own keys | three query heads share one |
#
# The first rows have been explained. In the last, **grouped-query attention** (Ainslie et al. 2023), a group of query heads looks into
# the same keys and values. Take three tokens, two query heads, one head of keys and values; the last
# token asks, and nothing is scaled.

# %% tags=["hide-input"]
# @title Three keys and values, two questions
key = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])  # [T, d]
value = torch.tensor([1.0, 2.0, 3.0])  # [T]
asked = {"head 0": torch.tensor([2.0, 0]), "head 1": torch.tensor([0, 2.0])}

# %% tags=["hide-input"]
print("keys", key.tolist(), " values", value.tolist())
print("questions", [query.tolist() for query in asked.values()])
print("        scores        e^score            weights            answer")
answers = []
for head, query in asked.items():
    scores = key @ query  # [T]
    weights = scores.softmax(-1)  # [T]
    answers.append(float(weights @ value))
    columns = (
        " ".join(f"{s:3.0f}" for s in scores),
        " ".join(f"{s.exp():5.2f}" for s in scores),
        " ".join(f"{w:5.2f}" for w in weights),
    )
    print(head, "  ".join(columns), f"{answers[-1]:8.2f}", sep="  ")

# %% [markdown]
# Two questions, one set of keys, two answers. In letters, for query head $h$, with $r$ query heads in a group, each position looking at itself and those before:
#
# $$o_h = \mathrm{softmax}\!\Big(\frac{q_h k_g^\top}{\sqrt d}\Big)\, v_g, \qquad g = \lfloor h / r \rfloor \tag{2}$$
#
# What for? A model that writes keeps the keys and values of all tokens so far, and shared ones take less memory (Exercise 1).


# %%
def grouped(query, key, value, scale):
    """Formula (2), causal: query [B, H, T, d], key and value [B, G, T, d]."""
    r = query.shape[1] // key.shape[1]  # query heads in a group
    key = key.repeat_interleave(r, dim=1)  # [B, H, T, d]: 0 0 0 1 1 1 …
    value = value.repeat_interleave(r, dim=1)  # [B, H, T, d]
    scores = query @ key.transpose(-2, -1) * scale  # [B, H, T, T]
    future = torch.ones_like(scores[0, 0]).triu(1).bool()  # [T, T]
    weights = scores.masked_fill(future, -torch.inf).softmax(dim=-1)
    return weights @ value  # [B, H, T, d]


# %% tags=["claims"]
shown = torch.stack([*asked.values()])[None, :, None]  # [1, 2, 1, d]
shown = shown.expand(1, 2, 3, 2)  # the same question at each position
last = grouped(shown, key[None, None], value[None, None, :, None], 1.0)[
    0, :, -1, 0
]
close("`grouped` gives both answers of the table", last, answers)


# %% [markdown]
# Now the module. Its constants, such as the base of the angles and the scale, come from the
# reference's configuration `c`: no tensor holds them.


# %%
class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        C, self.d = c.hidden_size, c.head_dim
        self.base, self.scale = c.rope_parameters["rope_theta"], self.d**-0.5
        H, G = c.num_attention_heads, c.num_key_value_heads
        self.query = nn.Linear(C, H * self.d, bias=False)
        self.key = nn.Linear(C, G * self.d, bias=False)
        self.value = nn.Linear(C, G * self.d, bias=False)
        self.projection = nn.Linear(H * self.d, C, bias=False)

    def forward(self, x):  # [B, T, C] to [B, T, C]
        query, key, value = (
            part(x).unflatten(-1, (-1, self.d)).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )  # [B, H, T, d], twice [B, G, T, d]
        query, key = rotate(query, base=self.base), rotate(key, base=self.base)
        heads = grouped(query, key, value, self.scale)  # [B, H, T, d]
        return self.projection(heads.transpose(1, 2).flatten(2))


# %% tags=["hide-input"]
# @title The block, as in the chapter on it
class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.norm_1 = RMSNorm(c.hidden_size, c.rms_norm_eps)
        self.attention = Attention(c)
        self.norm_2 = RMSNorm(c.hidden_size, c.rms_norm_eps)
        self.feed_forward = SwiGLU(c.hidden_size, c.intermediate_size)

    def forward(self, x):  # [B, T, C] to [B, T, C]
        x = x + self.attention(self.norm_1(x))
        return x + self.feed_forward(self.norm_2(x))


# %%
class Decoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.tokens = nn.Embedding(c.vocab_size, c.hidden_size)
        layers = range(c.num_hidden_layers)
        self.blocks = nn.ModuleList(Block(c) for _ in layers)
        self.norm = RMSNorm(c.hidden_size, c.rms_norm_eps)

    def forward(self, ids):  # [B, T] to [B, T, V]
        x = self.tokens(ids)  # [B, T, C]
        for block in self.blocks:
            x = block(x)
        return F.linear(self.norm(x), self.tokens.weight)  # tied


# %% [markdown]
# Modules have names of their own, so here is the second table; `{}` is the number of the layer.

# %% tags=["hide-input"]
# @title Our names and theirs
PARTS = {
    "tokens": "model.embed_tokens",
    "blocks.{}": "model.layers.{}",
    "blocks.{}.norm_1": "model.layers.{}.input_layernorm",
    "blocks.{}.attention.query": "model.layers.{}.self_attn.q_proj",
    "blocks.{}.attention.key": "model.layers.{}.self_attn.k_proj",
    "blocks.{}.attention.value": "model.layers.{}.self_attn.v_proj",
    "blocks.{}.attention.projection": "model.layers.{}.self_attn.o_proj",
    "blocks.{}.norm_2": "model.layers.{}.post_attention_layernorm",
    "blocks.{}.feed_forward.gate": "model.layers.{}.mlp.gate_proj",
    "blocks.{}.feed_forward.up": "model.layers.{}.mlp.up_proj",
    "blocks.{}.feed_forward.down": "model.layers.{}.mlp.down_proj",
    "norm": "model.norm",
}
modules = {
    name.format(i): there.format(i)
    for i in range(reference.config.num_hidden_layers)
    for name, there in PARTS.items()
}
for name, there in PARTS.items():
    print(f"{name:<32}{there}")

# %% [markdown]
# Loading must account for every tensor on both sides. What theirs lacks is a `KeyError`; what is left
# over is returned.


# %%
def take(model, state):
    """Puts the tensors of `state` into the model; the names left over."""
    left, found = dict(state), {}
    for name in model.state_dict():  # such as "blocks.0.norm_1.weight"
        module, kind = name.rsplit(".", 1)
        found[name] = left.pop(modules[module] + "." + kind)
    model.load_state_dict(found, assign=True)
    return list(left)


state = reference.state_dict()
with torch.device("meta"):  # shapes, without memory for numbers
    decoder = Decoder(reference.config)
left = take(decoder, state)
print("left over:", left)

# %% [markdown]
# `assign=True` takes the tensors themselves, not copies. Left
# over is the output layer, which is the table of tokens again (tied). And the sixteen tokens?

# %% tags=["hide-input"]
# @title Logits, and sixteen tokens of our own
with torch.no_grad():
    logits = decoder(prompt)  # [1, T, V]
    expected = reference(prompt).logits


def next_logits(ids):
    """What the decoder says comes after one row of ids, [V]."""
    with torch.no_grad():
        return decoder(torch.tensor([ids], device=run.device))[0, -1]


ours = sample(next_logits, prompt[0].tolist(), 16, temperature=0, stop=None)
library = llama.from_reference(state, llama.reference_config(reference.config))
with torch.no_grad():
    theirs = library(prompt)

# %% tags=["hide-input", "nbval-ignore-output"]
gap = (logits - expected).abs().max()
print(tokenizer.decode(ours))
print(f"largest logit {expected.abs().max():.1f}, largest difference {gap:.0e}")

# %% [markdown]
# The same text. `lmcourse.models.llama` is this decoder for later chapters, with a
# cache of keys and values.

# %% tags=["claims"]
output = state["lm_head.weight"]
check(
    "The one tensor left over, the output layer, is the table of tokens",
    torch.equal(output, state["model.embed_tokens.weight"])
    and left == ["lm_head.weight"],
)
table = state["model.embed_tokens.weight"]
check(
    "Both models hold one table of tokens, no copy",
    decoder.tokens.weight.data_ptr() == table.data_ptr(),
)
close("The logits equal the reference's to 1e-3", logits, expected, atol=1e-3)
check(
    "Both take the same sixteen tokens",
    ours == written and len(ours) == prompt.shape[1] + 16,
)
close("The package's decoder agrees with ours", theirs, logits, atol=1e-3)

# %% [markdown]
# ## Six mistakes
#
# Suppose it had not come out equal. Here are six mistakes that are easy to make, each in a fresh decoder:
#
# - *other base*: 10,000 as in the first Llama, where SmolLM2 has 100,000,
# - *no scale*: $\sqrt d$ forgotten,
# - *norms swapped*: the two norms of every block exchanged in the table of names,
# - *transposed*: one square matrix, the queries of layer 20, stored the other way round,
# - *alphabetical*: layers in the order of their names as text: 0, 1, 10, 11, …, 2, 20, …,
# - *other eps*: in the RMS norm, $10^{-6}$ for $10^{-5}$.


# %% tags=["hide-input"]
# @title The mistakes
def other_base(model):
    for block in model.blocks:
        block.attention.base = 10_000.0


def no_scale(model):
    for block in model.blocks:
        block.attention.scale = 1.0


def norms_swapped(model):
    for block in model.blocks:
        block.norm_1, block.norm_2 = block.norm_2, block.norm_1


def transposed(model):
    query = model.blocks[20].attention.query
    query.weight = nn.Parameter(query.weight.T)


# %% tags=["hide-input"]
# @title The mistakes, continued
def alphabetical(model):
    order = sorted(range(len(model.blocks)), key=str)
    model.blocks = nn.ModuleList(model.blocks[i] for i in order)


def other_eps(model):
    for module in model.modules():
        if isinstance(module, RMSNorm):
            module.eps = 1e-6


def with_mistake(mistake):
    """A fresh decoder that shares the reference's tensors, and one mistake."""
    with torch.device("meta"):
        model = Decoder(reference.config)
    take(model, state)
    if mistake is not None:
        mistake(model)
    return model


# %% tags=["hide-input"]
# @title A decoder for each
MISTAKES = [other_base, no_scale, norms_swapped, transposed, alphabetical]
MISTAKES.append(other_eps)
models = {"no mistake": with_mistake(None)}
for mistake in MISTAKES:
    models[mistake.__name__.replace("_", " ")] = with_mistake(mistake)

# %% [markdown]
# None of them raises an error. What does one notice? We let each write, and take its bits per character on
# a dozen validation sentences.

# %% tags=["hide-input"]
# @title What each writes, and its bits per character
between = tokenizer.convert_tokens_to_ids("<|endoftext|>")
few = texts[100 : 100 + run.size(smoke=1, cpu=12, gpu=48)]
rows = [[between, *tokenizer(text)["input_ids"]] for text in few]
chars = [len(text) for text in few]
noticed = {}
for name, model in models.items():
    bits = metrics.bits_per_char(scoring.nll(model, rows, 12), chars)
    ids = prompt[0].tolist()
    for _ in range(run.size(smoke=2, cpu=12, gpu=12)):
        with torch.no_grad():
            scores = model(torch.tensor([ids], device=run.device))[0, -1]
        ids.append(int(scores.argmax()))
    noticed[name] = bits, tokenizer.decode(ids[prompt.shape[1] :])

# %% tags=["hide-input", "nbval-ignore-output"]
print(f"{'':<15}bits/char   {PROMPT} …")
for name, (bits, text) in noticed.items():
    print(f"{name:<15}{bits:9.3f}   {text.replace(chr(10), '↵')[:56]}")

# %% [markdown]
# (These bits are without a mark at the end.) On this prompt three soon write nonsense; they cost many bits. The other three go on writing sentences; with *other eps*
# the text is the same and the bits hardly differ. This sample does not betray
# these; the bits betray two of them, and only to those who know the right ones.

# %% tags=["claims"]
cost = {
    name: bits - noticed["no mistake"][0] for name, (bits, _) in noticed.items()
}
for name in ("no scale", "norms swapped", "alphabetical"):
    check(f"{name}: at least 0.3 bits more", cost[name] > 0.3)
for name in ("other base", "transposed"):
    check(f"{name}: more bits, by less than 0.2", 0 < cost[name] < 0.2)
check(
    "other eps: less than 0.005 bits apart, and the same text",
    abs(cost["other eps"]) < 0.005
    and noticed["other eps"][1] == noticed["no mistake"][1],
)

# %% [markdown]
# ## The first layer that differs
#
# The table of names pairs the *modules* of both programs as well, and so it says where to listen. A **forward hook** is a
# function that PyTorch calls whenever a module has run, with what went in and what came out.


# %%
def outputs(model, paths, ids):
    """What goes into and comes out of the modules, in the order they run."""
    seen = {}

    def listen(name):  # makes a hook that remembers its name
        def hook(module, into, out):
            seen["into " + name], seen[name] = into[0], out

        return model.get_submodule(paths[name]).register_forward_hook(hook)

    hooks = [listen(name) for name in paths]
    with torch.no_grad():
        model(ids)
    for hook in hooks:
        hook.remove()
    return seen


# %% tags=["hide-input"]
# @title How far apart two programs are after each block
LAYERS = [f"blocks.{i}" for i in range(reference.config.num_hidden_layers)]
CLEAR = 1e-4  # rounding is far below, these mistakes above
mine = {name: name for name in modules}


def apart(a, b):
    """Relative distance of two vectors: the largest over positions."""
    return float(((a - b).norm(dim=-1) / b.norm(dim=-1)).max())


def encoded(text):
    """Token ids [1, T]."""
    return tokenizer(text, return_tensors="pt")["input_ids"].to(run.device)


def by_layer(expected, found):
    """Distance after each block, [layers]."""
    return [apart(found[layer], expected[layer]) for layer in LAYERS]


# %% tags=["hide-input"]
# @title Listening to the reference and to each decoder
heard = outputs(reference, modules, prompt)
with torch.no_grad():
    last = reference(prompt, output_hidden_states=True).hidden_states[-1]
ours_heard = {name: outputs(m, mine, prompt) for name, m in models.items()}
distance = {name: by_layer(heard, found) for name, found in ours_heard.items()}

# %% tags=["hide-input", "nbval-ignore-output"] mystnb={"image": {"alt": "Relative distance from the reference after each of the 30 blocks, on a logarithmic axis, for seven decoders. Without a mistake the line stays below one in a million in all layers. Four mistakes are far above it from layer 0 on, other eps the lowest of them at about one in a thousand. Alphabetical order runs with the correct decoder until layer 1 and jumps at layer 2; the transposed matrix jumps at layer 20."}}
figure, ax = plot.panels(height=4.2)
colors = [plot.INK, *plot.COLORS]
for color, (name, line) in zip(colors, distance.items(), strict=False):
    ax.plot(line, ".-", color=color, label=name)
ax.axhline(CLEAR, color=plot.GREY, linestyle=":")
ax.set(yscale="log", xlabel="block", ylabel="relative distance")
ax.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
plt.show()

# %% [markdown]
# The distance is relative, and taken at each position by itself, for in this stream stand numbers above a
# thousand, beside which an absolute difference says little. Rounding stays far below the dotted line; each mistake jumps over
# it and does not come back. *Which* layer is telling: 2 for the order of the alphabet, which has 10 after 1;
# 20 for the transposed matrix; 0 for what is wrong everywhere. (If no block differs and the logits do, look behind the last.)
#
# ## The first part that differs
#
# Inside that layer the same question again: of its parts, in the order in which they run, which is the first that differs?


# %% tags=["hide-input"]
# @title The first layer, and the first part of it
def first_clear(distances):
    """The first name whose distance is clear; None when there is none."""
    return next((name for name, far in distances.items() if far > CLEAR), None)


def diagnose(expected, found):
    """First layer that differs, its first part, the part's distance."""
    layers = dict(zip(LAYERS, by_layer(expected, found), strict=True))
    layer = first_clear(layers)
    if layer is None:
        return None, None, max(layers.values())
    inside = [name for name in found if f"{layer}." in name]
    parts = {name: apart(found[name], expected[name]) for name in inside}
    part = first_clear(parts)
    if part is None:
        return layer, "a sum of its parts", max(parts.values())
    return layer, part.replace(layer + ".", ""), parts[part]


# %% tags=["hide-input", "nbval-ignore-output"]
diagnoses = {n: diagnose(heard, found) for n, found in ours_heard.items()}
print(f"{'mistake':<16}{'first layer':<13}{'first part of it':<28}distance")
for name, (layer, part, far) in diagnoses.items():
    print(f"{name:<16}{layer or '–':<13}{part or '–':<28}{far:.0e}")

# %% [markdown]
# If the first part that differs is a module with a tensor, and what went into it agreed, look at the tensor and whether it belongs
# there: *norms swapped*, *transposed*, *alphabetical*. *Other eps* differs first at
# a norm too, but by less than a hundredth: not what one expects of another tensor, so look at the constants.
#
# *Other base* and *no scale* agree in queries, keys and values, and differ in what goes *into* the projection. Between
# these stand lines without a tensor: heads are cut, turned, `grouped` and joined. We do the turning alone, on the
# reference's queries and keys, against the reference's function.

# %% tags=["hide-input"]
# @title The rotation alone
query, key = (
    heard[f"blocks.0.attention.{part}"]  # [1, T, H d]
    .unflatten(-1, (-1, reference.config.head_dim))
    .transpose(1, 2)
    for part in ("query", "key")
)
positions = torch.arange(prompt.shape[1], device=run.device)[None]  # [1, T]
cos, sin = reference.model.rotary_emb(query, positions)  # [1, T, d] each
expected = apply_rotary_pos_emb(query, key, cos, sin)  # [1, H, T, d] each
turning = {}
for name in ("other base", "no scale"):
    base = models[name].blocks[0].attention.base
    turned = rotate(query, base=base), rotate(key, base=base)
    turning[name] = max(map(apart, turned, expected))

# %% tags=["hide-input", "nbval-ignore-output"]
for name, far in turning.items():
    print(f"{name:<12} turned queries and keys differ by {far:.0e}")

# %% [markdown]
# One is the rotation. The other turns rightly. What remains are a few lines to read: the cut, which heads share, the scale, the mask, the softmax, the sum, the joining.
# On five more sentences the diagnosis finds the same places.

# %% tags=["hide-input"]
# @title What the table says, and the same on other sentences
WHERE = {
    "no mistake": (None, None),
    "other base": ("blocks.0", "into attention.projection"),
    "no scale": ("blocks.0", "into attention.projection"),
    "norms swapped": ("blocks.0", "norm_1"),
    "transposed": ("blocks.20", "attention.query"),
    "alphabetical": ("blocks.2", "norm_1"),
    "other eps": ("blocks.0", "norm_1"),
}
again = {}
for text in texts[SEED + 200 :][: run.size(smoke=1, cpu=5, gpu=5)]:
    expected = outputs(reference, modules, encoded(text))
    again[text] = {
        name: diagnose(expected, outputs(model, mine, encoded(text)))[:2]
        for name, model in models.items()
    }

# %% tags=["claims"]
close(
    "hidden_states[-1] of the reference is behind its final norm",
    last,
    heard["norm"],
    atol=1e-3,
)
check(
    "In the stream stand numbers above a thousand",
    max(float(heard[layer].abs().max()) for layer in LAYERS) > 1000,
)
check(
    "Without a mistake all layers are below 1e-5",
    max(distance["no mistake"]) < 1e-5,
)
for name in list(WHERE)[1:]:
    first = LAYERS.index(WHERE[name][0])
    check(
        f"{name}: from the first layer on above 1e-4, before it below 1e-5",
        min(distance[name][first:]) > CLEAR
        and max([0.0, *distance[name][:first]]) < 1e-5,
    )

# %% tags=["claims"]
check(
    "other eps: norm_1 differs by less than a hundredth",
    diagnoses["other eps"][2] < 0.01,
)
check("Turned queries: other base differs", turning["other base"] > 0.01)
check("Turned queries: no scale does not", turning["no scale"] < 1e-5)

# %% tags=["claims"]
for name, where in WHERE.items():
    check(
        f"{name}: found in {where[0] or 'no layer'}, {where[1] or 'no part'}",
        diagnoses[name][:2] == where,
    )
check(
    "The same in five other sentences",
    len(again) == 5 and all(found == WHERE for found in again.values()),
)

# %% [markdown]
# ## Its place on the ladder, and what it may have read
#
# How well does SmolLM2 foretell the book's test sentences? It predicts tokens, but the ruler can be ours: the bits of all
# tokens of a sentence and of the mark that ends it, over the number of its characters and one for the end.
#
# What stands before the sentence is our choice; we read a record (`benchmarks/sweep_real_weights.py`).

# %% tags=["hide-input", "nbval-ignore-output"]
runs = sweep("transformer/real_weights")["runs"]
chosen = [r for r in runs if r["part"] == "choose"]
labels = {None: "nothing", 0: "“Movie reviews:”"}
print(
    "100 validation sentences       bits per character, by draw of the reviews"
)
for shown in dict.fromkeys(r["shown"] for r in chosen):
    label = labels.get(shown, f"that and {shown} training reviews")
    bits = "  ".join(f"{r['bits']:.3f}" for r in chosen if r["shown"] == shown)
    print(f"{label:<30} {bits}")
nothing, title = (
    next(r["bits"] for r in chosen if r["shown"] == k) for k in (None, 0)
)

# %% [markdown]
# SmolLM2's weights are the same in every row. With a title the bits are fewer, and with a few examples of what is coming fewer still. (After nothing the mark that ends a sentence is `<|endoftext|>`, in the other rows a line break; so the first difference mixes opening and mark, and we do not part them.) We take the
# best opening on validation, and then, once, the test sentences: after it, and after nothing for a question below.

# %% tags=["hide-input"]
# @title The test sentences of the record
test = list(load_reviews("text")["test"]["text"])
n_chars = np.array([len(text) + 1 for text in test])


def numbers(shown, seed, name):
    """What the record holds for the test sentences after an opening."""
    wanted = {"part": "test", "shown": shown, "seed": seed}
    found = [r for r in runs if wanted.items() <= r.items()]
    found.sort(key=lambda r: r["first"])
    return np.array(" ".join(r[name] for r in found).split(), dtype=float)


best = min(chosen, key=lambda r: r["bits"])
OPENINGS = {"nothing": (None, 0), "best": (best["shown"], best["seed"])}
nats = {n: numbers(*opening, "nats") for n, opening in OPENINGS.items()}
bits = {
    n: intervals.bootstrap_ratio(found / math.log(2), n_chars, seed=SEED)
    for n, found in nats.items()
}

# %% tags=["hide-input", "nbval-ignore-output"]
# @title Records for the results page
size = sum(p.numel() for p in library.parameters())
record(
    "real_weights.bits_smollm2",
    bits["best"].value,
    "bits/char",
    bits["best"],
    ladder="language",
    label=f"SmolLM2-135M, shown {best['shown']} reviews",
    parameters=size,
    note="Instruct, mostly 4-bit weights; pretrained on other text, no "
    "training here; may have read the test sentences",
)
record(
    "real_weights.bits_smollm2_alone",
    bits["nothing"].value,
    "bits/char",
    bits["nothing"],
    note="nothing before the sentence",
)

# %% [markdown]
# The brackets are 95 % intervals (bootstrap over sentences, as for the [GPT](gpt.ipynb), for this draw of reviews); [the ladder](../../book/results.md) has the neighbours. To trust
# the record, we compute some of its sentences again, with the package's cache: it reads the reviews once, and for each
# sentence it is cut back to them.

# %% tags=["hide-input"]
# @title Eight sentences again
train = list(load_reviews("text")["train"]["text"])
drawn = np.random.default_rng(best["seed"]).choice(
    len(train), best["shown"], replace=False
)
opening = "Movie reviews:\n" + "".join(train[i] + "\n" for i in drawn)
before = [between, *tokenizer(opening)["input_ids"]]
cache = llama.Cache(len(before) + 200)
n_again = run.size(smoke=1, cpu=8, gpu=200)
nats_again = []
with torch.no_grad():
    library.hidden(torch.tensor([before[:-1]], device=run.device), cache)
    for text in test[:n_again]:
        cache.cut(len(before) - 1)
        row = [before[-1], *tokenizer(text + "\n")["input_ids"]]
        ids = torch.tensor([row], device=run.device)  # [1, T + 1]
        scores = library(ids[:, :-1], cache)[0]  # [T, V]
        nats_again.append(F.cross_entropy(scores, ids[0, 1:], reduction="sum"))

# %% [markdown]
# May this rung stand beside the others? SmolLM2 was pretrained on about two
# trillion tokens, most of them from the web (Ben Allal et al. 2025). Test sentences in the training data are
# **contamination**: they can flatter. Whether it read ours we cannot look up here. But we can ask whether it knows
# them *by heart*: how many tokens in the second half of a sentence are the likeliest, given all before?
#
# A test that finds nothing proves little unless it can find something. So we ask the same of twelve passages that
# are copied everywhere.

# %% tags=["hide-input"]
# @title Twelve passages
PASSAGES = [
    "We hold these truths to be self-evident, that all men are created equal, "
    "that they are endowed by their Creator with certain unalienable Rights",
    "Four score and seven years ago our fathers brought forth on this "
    "continent, a new nation, conceived in Liberty, and dedicated to the "
    "proposition that all men are created equal.",
    "We the People of the United States, in Order to form a more perfect "
    "Union, establish Justice, insure domestic Tranquility",
    "It was the best of times, it was the worst of times, it was the age of "
    "wisdom, it was the age of foolishness",
    "It is a truth universally acknowledged, that a single man in possession "
    "of a good fortune, must be in want of a wife.",
    "To be, or not to be, that is the question: Whether 'tis nobler in the "
    "mind to suffer the slings and arrows of outrageous fortune",
]

# %% tags=["hide-input"]
# @title Twelve passages, continued
PASSAGES += [
    "Our Father which art in heaven, Hallowed be thy name. Thy kingdom come. "
    "Thy will be done in earth, as it is in heaven.",
    "In the beginning God created the heaven and the earth. And the earth was "
    "without form, and void; and darkness was upon the face of the deep.",
    "Happy families are all alike; every unhappy family is unhappy in its own "
    "way.",
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod "
    "tempor incididunt ut labore et dolore magna aliqua.",
    "Permission is hereby granted, free of charge, to any person obtaining a "
    "copy of this software and associated documentation files",
    'THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, '
    "EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF "
    "MERCHANTABILITY",
]


def guessed_share(text):
    """Share of likeliest tokens in the second half of the text."""
    row = torch.tensor([[between, *tokenizer(text)["input_ids"]]])
    row = row.to(run.device)  # [1, T + 1]
    with torch.no_grad():
        hits = library(row[:, :-1])[0].argmax(-1) == row[0, 1:]  # [T]
    return float(hits[len(hits) // 2 :].double().mean())


# %% tags=["hide-input"]
# @title Shares of all sentences that are long enough
SHORTEST = 16  # tokens; half of fewer is too coarse a share
shares = np.array([guessed_share(text) for text in PASSAGES])
tokens = numbers(None, 0, "tokens") - 1  # without the end
long = np.flatnonzero(tokens >= SHORTEST)
half = tokens - tokens // 2
review_shares = (numbers(None, 0, "guessed") / half)[long]
middle = np.median(shares)
standing_out = int((review_shares >= middle).sum())
highest = test[long[review_shares.argmax()]]

# %% tags=["hide-input", "nbval-ignore-output"] mystnb={"image": {"alt": "Two rows of dots over the share of the second half that are the likeliest tokens. Twelve passages lie mostly between a half and four fifths; well over a thousand test reviews lie mostly between a fifth and a half, a few of them higher, one alone near nine tenths."}}
figure, ax = plot.panels(height=2.2)
rng = np.random.default_rng(SEED)
for y, values in enumerate((shares, review_shares)):
    height = y + 0.5 * (rng.random(len(values)) - 0.5)
    ax.plot(values, height, ".", color=plot.COLORS[y], alpha=0.5)
ax.axvline(middle, color=plot.GREY, linestyle=":")
ax.set_yticks([0, 1], ["passages", "test reviews"])
ax.invert_yaxis()
ax.set(xlabel="share of the second half that is the likeliest")
plt.show()
for name, found in (("passages", shares), ("reviews", review_shares)):
    print(f"mean of the {name:<9} {intervals.bootstrap_mean(found)}")
print(f"{standing_out} of {len(long):,} reviews reach the passages' median")
print("highest:", highest)

# %% [markdown]
# On average the passages lie far higher (that they are merely easier to guess we do not rule out). Of the reviews fewer than one in thirty reach the passages' median
# (dotted), and in the highest of all the second half repeats the first. So this weak test finds no sign that SmolLM2
# knows the test sentences, as a body, by heart. That it read none of them this does not show, and the rung carries the warning.

# %% tags=["claims"]
mean = [intervals.bootstrap_mean(found) for found in (shares, review_shares)]
check(
    "The interval of the passages' mean lies above 1.5 times the reviews'",
    mean[0].low > 1.5 * mean[1].high,
)
check(
    "Fewer than one review in thirty reaches the passages' median",
    standing_out < len(long) / 30,
)
n = len(highest) // 2
check(
    "The review with the highest share says everything twice",
    highest[:n].strip() == highest[n:].strip(),
)
check(
    "On validation fewer bits with reviews than without",
    max(r["bits"] for r in chosen if r["shown"]) < title < nothing,
)
close(
    "The sentences computed again have the record's nats, to 0.05",
    torch.stack(nats_again).cpu(),
    nats["best"][:n_again],
    atol=0.05,
)

# %% [markdown]
# ## Summary
#
# A model is arithmetic plus a table of numbers with names. Write the arithmetic, account for every name, and public weights
# run in your own code. That it loads and writes sentences proves nothing; that every layer equals the reference's on several texts, and the logits, is strong evidence. If
# a layer does not: same input, after each block the first layer, part by part the first part; between
# the last thing that agrees and the first that does not lies a mistake as large as these, in a tensor, a constant or a line of code.
#
# ## Exercises
#
# > **Exercise 1.** What sharing saves, with pencil (★☆☆, 5 minutes). SmolLM2 has 30 layers, 9 query heads of width 64, and 3 heads
# > of keys and values. A cache holds the keys and values of each token read. Let `cache_numbers()` return two numbers: how many
# > numbers it holds for one token, and how many it would hold if each query head had its own keys and values.
#
# <details><summary>Hint</summary>
#
# In each layer and each head of keys and values stand two vectors for a token.
#
# </details>


# %% tags=["exercise"]
def cache_numbers():
    """(numbers for a token with 3 heads, with 9 heads), found on paper."""
    ...


exercises.cache_numbers(cache_numbers)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 1
def cache_numbers():
    """(numbers for a token with 3 heads, with 9 heads), found on paper."""
    return 30 * 2 * 3 * 64, 30 * 2 * 9 * 64


exercises.cache_numbers(cache_numbers)

# %% [markdown]
# > **Exercise 2.** The first position, by thought (★★☆, 5 minutes). Which of the six mistakes leave the output of *layer 0* at *position 0*
# > exactly as it was? Let `unseen_at_first()` return their names, as in the table.
#
# <details><summary>Hint</summary>
#
# At position 0 a token sees itself alone. What are its weights, whatever the score? And by which angle is it turned?
#
# </details>


# %% tags=["exercise"]
def unseen_at_first():
    """Names of mistakes, such as ["other eps"]; found by thought."""
    ...


exercises.unseen_at_first(unseen_at_first)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 2
def unseen_at_first():
    """Names of mistakes, such as ["other eps"]; found by thought."""
    # One weight, and it is 1. Layer 20 and layer 2 come later.
    return ["other base", "no scale", "transposed", "alphabetical"]


exercises.unseen_at_first(unseen_at_first)

# %% [markdown]
# > **Exercise 3.** An experiment: a mistake that you do not know (★★☆, 15 minutes). `exercises.spoil(model)` puts one mistake into
# > a decoder. Make a fresh one with `with_mistake(exercises.spoil)` and find it. Let `found()` return the number of the layer and
# > the part, such as `(4, "norm_2")`.
#
# <details><summary>Hint</summary>
#
# `outputs(model, mine, prompt)` listens to your decoder, `heard` is the reference. `diagnose(heard, …)` compares.
#
# </details>


# %% tags=["exercise"]
def found():
    """(number of the layer, part of it)."""
    ...


exercises.found(found)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 3
place = [17, "attention.value"]  # places; the next lines fill them
spoiled = with_mistake(exercises.spoil)
layer, part, _ = diagnose(heard, outputs(spoiled, mine, prompt))
place[0], place[1] = int(layer.removeprefix("blocks.")), part
print(layer, part)


def found():
    """(number of the layer, part of it)."""
    return tuple(place)


exercises.found(found)

# %% [markdown]
# > **Exercise 4.** The other layout (★★★, 20 minutes). `rotate` pairs the numbers $i$ and $i + d/2$ of a head. Other programs, the first
# > Llama's and llama.cpp among them, pair neighbours, $2i$ and $2i + 1$, and store the rows of the query and key matrices
# > accordingly. Write `to_halves(weight, n_heads)`: it reorders the rows of such a matrix [n_heads · d, C] for `rotate`.
#
# <details><summary>Hint</summary>
#
# Head by head: first the rows of the even numbers, then those of the odd ones. `weight.unflatten(0, (n_heads, d // 2, 2))`
# gives each pair an axis of its own.
#
# </details>


# %% tags=["exercise"]
def to_halves(weight, n_heads):
    """Rows for pairs (2i, 2i + 1) to rows for pairs (i, i + d/2)."""
    ...


exercises.to_halves(to_halves)


# %% tags=["solution", "hide-cell"] cellView="form" jupyter={"source_hidden": true}
# @title Solution 4
def to_halves(weight, n_heads):
    """Rows for pairs (2i, 2i + 1) to rows for pairs (i, i + d/2)."""
    d = weight.shape[0] // n_heads
    pairs = weight.unflatten(0, (n_heads, d // 2, 2))  # [n_heads, d/2, 2, C]
    return pairs.transpose(1, 2).flatten(0, 2)  # [n_heads · d, C]


exercises.to_halves(to_halves)

# %% [markdown]
# ## Common mistakes
#
# - *"It loads, so it is right"*: a transposed square matrix loads, too. Compare outputs.
# - *"It writes English, so it is right"*: so did three of the six, on our prompt. Compare layers.
# - *Only the last layer differs*: in `transformers`, `hidden_states[-1]` of a Llama has been through the final norm. Listen to
#   the block itself.
# - *`strict=False` makes the error go away*: and leaves the numbers it was made with, or none, in what was not found. Account for every name.
#
# ## Further reading
#
# - Touvron et al. (2023), [LLaMA: open and efficient foundation language models](https://arxiv.org/abs/2302.13971): the
#   architecture that our decoder follows, but for shared keys and the tied table.
# - Ainslie et al. (2023), [GQA: training generalized multi-query Transformer models from multi-head checkpoints](https://arxiv.org/abs/2305.13245): grouped queries.
# - Ben Allal et al. (2025), [SmolLM2: when smol goes big](https://arxiv.org/abs/2502.02737): its data, and how it was trained.
# - Wang et al. (2020), [MiniLM: deep self-attention distillation for task-agnostic compression of pre-trained Transformers](https://arxiv.org/abs/2002.10957): how
#   such small encoders are distilled.
# - Devlin et al. (2019), [BERT: pre-training of deep bidirectional Transformers for language understanding](https://arxiv.org/abs/1810.04805): the encoder.
# - Reimers and Gurevych (2019), [Sentence-BERT](https://aclanthology.org/D19-1410/): sentence vectors, for which our
#   MiniLM was trained further.
