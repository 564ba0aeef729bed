"""The stored LSTM: the weights in the package."""

import json
from dataclasses import asdict
from importlib import resources

import torch

from lmcourse import weights
from lmcourse.text.characters import ALPHABET
from lmcourse.weights import lstm


def test_the_packaged_weights_have_a_whole_recipe():
    model, recipe = lstm.load()
    folder = resources.files(weights)
    assert len((folder / "lstm.safetensors").read_bytes()) <= 4_000_000
    assert recipe == json.loads((folder / "lstm.json").read_text(encoding="utf8"))
    steps = lstm.TRAINING["steps"]
    assert recipe["command"] == f"python -m lmcourse.weights.lstm --seed 0 --steps {steps}"
    assert recipe["training"] == lstm.TRAINING
    assert recipe["config"].items() >= lstm.SIZE.items()
    assert asdict(model.config) == recipe["config"]
    assert model.config.vocab_size == len(ALPHABET)
    assert recipe["best_step"] == int(
        min(recipe["validation_curve"], key=recipe["validation_curve"].get)
    )
    assert not model.training
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
