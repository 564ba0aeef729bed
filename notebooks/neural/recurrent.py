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
# # Recurrent
#
# One sentence that promises what the reader will understand or be able to
# build at the end.
#
# Then something concrete that the reader can look at, and a question about it:
# in a short text, *the* stands three times, *film* twice and *boring* once. How
# much of the text is each of them?

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
import torch
from lmcourse import session
from lmcourse.models.recurrent import RecurrentConfig, RecurrentLM
from torch import nn

run = session.start(PROFILE, SEED)

# %%
SIZES = {"rnn": 300, "gru": 178, "lstm": 150}  # about as many parameters


def fresh(kind, V):
    """A language model with one recurrent layer, not yet trained."""
    return RecurrentLM(RecurrentConfig(V, kind, 1, 64, SIZES[kind]))


# %%
def slopes_back(model, ids, longest):
    """How long the slope of the last surprise is, at each letter before it.

    ids is [B, T + 1]; 0 … longest places back, as shares of the slope at the
    last letter read; geometric mean over the B texts.
    """
    x = model.tokens(ids[:, :-1]).detach().requires_grad_()  # [B, T, E]
    states, _ = model.layers[0](x)  # [B, T, H]
    logits = model.output(states[:, -1])  # [B, V]
    surprise = nn.functional.cross_entropy(logits, ids[:, -1], reduction="sum")
    (slope,) = torch.autograd.grad(surprise, x)  # [B, T, E]
    length = slope.norm(dim=-1).flip(1)[:, : longest + 1]  # [B, longest + 1]
    return (length / length[:, :1]).log().mean(0).exp()  # [longest + 1]
