"""How the book trains a Llama: the sizes of fresh weights, and padding that adds nothing."""

import math

import torch

from lmcourse.models.llama import LlamaConfig
from lmcourse.text.batches import IGNORED
from lmcourse.weights import llama_recipe


def test_fresh_matrices_have_the_sizes_that_are_said():
    torch.manual_seed(0)
    model = llama_recipe.fresh(LlamaConfig(20, 8, 2, 2, 2, 64, 96))
    sizes = {
        name: weight.detach().std().item() for name, weight in model.blocks[1].named_parameters()
    }
    for name in ("attention.query", "attention.value", "feed_forward.gate", "feed_forward.up"):
        assert math.isclose(sizes[f"{name}.weight"], 0.5 / 8, rel_tol=0.1)
    for name in ("attention.projection", "feed_forward.down"):
        assert math.isclose(sizes[f"{name}.weight"], 0.5 / 8 / 2, rel_tol=0.1)


def test_padding_to_few_lengths_adds_nothing_that_counts():
    inputs, targets = llama_recipe.few_shapes(torch.ones(2, 17).long(), torch.ones(2, 17).long())
    assert inputs.shape == targets.shape == (2, 32)
    assert (targets[:, 17:] == IGNORED).all()
    assert (targets[:, :17] == 1).all()
    assert llama_recipe.few_shapes(inputs, targets)[0].shape == (2, 32)
