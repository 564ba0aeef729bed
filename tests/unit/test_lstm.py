"""The stored LSTM: the weights in the package, and the command that makes them."""

import json
from dataclasses import asdict
from importlib import resources

import pytest
import torch

from lmcourse import session, weights
from lmcourse.text.characters import ALPHABET
from lmcourse.weights import lstm, on_reviews


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


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TQDM_DISABLE", "1")
    monkeypatch.setattr(session, "_fast_bf16", lambda device: False)
    monkeypatch.setattr(lstm, "TRAINING", {**lstm.TRAINING, "batch_size": 2})
    monkeypatch.setattr(lstm, "SIZE", {**lstm.SIZE, "d_model": 8})
    texts = {"text": ["A film.", "Dull!"]}
    monkeypatch.setattr(
        on_reviews, "load_reviews", lambda task: {"train": texts, "validation": texts}
    )
    progress, folder = tmp_path / "progress.pt", tmp_path / "weights"
    options = ["--seed", "2", "--steps", "3"]
    lstm.main([*options, "--folder", str(folder), "--progress", str(progress)])
    model, recipe = lstm.load(folder)
    assert recipe["command"] == "python -m lmcourse.weights.lstm --seed 2 --steps 3"
    assert (model.config.kind, model.config.d_model) == ("lstm", 8)
    assert f"{recipe['validation_bits']:.4f} bits per character" in capsys.readouterr().out
    assert [file.name for file in tmp_path.iterdir()] == ["weights"]  # no progress is left
    with pytest.raises(SystemExit) as stop:
        lstm.main(["--step", "one"])
    assert stop.value.code == 2
