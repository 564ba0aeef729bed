"""The longer training: the weights in the package."""

import json
from dataclasses import asdict
from importlib import resources

import torch

from lmcourse import weights
from lmcourse.text.characters import ALPHABET
from lmcourse.weights import char_gpt


def test_the_packaged_weights_have_a_whole_recipe():
    model, recipe = char_gpt.load()
    folder = resources.files(weights)
    assert len((folder / "char_gpt.safetensors").read_bytes()) <= 4_000_000
    assert recipe == json.loads((folder / "char_gpt.json").read_text(encoding="utf8"))
    assert recipe["command"] == "python -m lmcourse.weights.char_gpt --seed 0 --steps 13000"
    wanted = {"config", "training", "seed", "precision", "seconds", "date", "versions"}
    assert wanted <= recipe.keys()
    assert asdict(model.config) == recipe["config"]
    assert (model.config.vocab_size, model.config.context_length) == (len(ALPHABET), 288)
    assert recipe["training"] == char_gpt.TRAINING
    assert recipe["config"].items() >= char_gpt.SIZE.items()
    assert recipe["best_step"] == int(
        min(recipe["validation_curve"], key=recipe["validation_curve"].get)
    )
    assert not model.training
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
