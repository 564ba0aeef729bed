"""The longer training of the neural n-gram: the weights in the package, and their command."""

import json
from dataclasses import asdict
from importlib import resources

import pytest
import torch

from lmcourse import weights
from lmcourse.weights import char_neural_ngram


def test_the_packaged_weights_have_a_whole_recipe():
    model, recipe = char_neural_ngram.load()
    folder = resources.files(weights)
    assert len((folder / "char_neural_ngram.safetensors").read_bytes()) <= 4_000_000
    assert recipe == json.loads((folder / "char_neural_ngram.json").read_text(encoding="utf8"))
    steps = char_neural_ngram.TRAINING["steps"]
    assert (
        recipe["command"]
        == f"python -m lmcourse.weights.char_neural_ngram --seed 0 --steps {steps}"
    )
    wanted = {"config", "training", "seed", "precision", "seconds", "date", "versions"}
    assert wanted <= recipe.keys()
    assert asdict(model.config) == recipe["config"]
    assert recipe["training"] == char_neural_ngram.TRAINING
    assert recipe["config"].items() >= char_neural_ngram.SIZE.items()
    curve = recipe["validation_curve"]
    assert recipe["best_step"] == int(min(curve, key=curve.get))
    assert recipe["validation_bits"] == pytest.approx(min(curve.values()), abs=1e-3)
    assert not model.training
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
