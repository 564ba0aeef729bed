"""The longer training: the weights in the package, and the command that makes them."""

import json
from dataclasses import asdict
from importlib import resources

import pytest
import torch

from lmcourse import session, weights
from lmcourse.text.characters import ALPHABET
from lmcourse.weights import char_gpt, on_reviews


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


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(session, "_fast_bf16", lambda device: False)
    monkeypatch.setenv("TQDM_DISABLE", "1")
    monkeypatch.setattr(char_gpt, "SIZE", {"n_layers": 1, "n_heads": 1, "d_model": 8})
    monkeypatch.setattr(char_gpt, "TRAINING", {**char_gpt.TRAINING, "batch_size": 2})
    tiny = {"text": ["A film.", "Dull!"]}
    monkeypatch.setattr(
        on_reviews, "load_reviews", lambda task: {"train": tiny, "validation": tiny}
    )
    measured, nll = [], on_reviews.nll

    def spy(model, rows):
        measured.extend((p - p.half().float()).abs().max().item() for p in model.parameters())
        return nll(model, rows)

    monkeypatch.setattr(on_reviews, "nll", spy)
    progress = tmp_path / "progress.pt"
    folder = tmp_path / "weights"
    char_gpt.main(
        ["--seed", "2", "--steps", "3", "--folder", str(folder), "--progress", str(progress)]
    )
    model, recipe = char_gpt.load(folder)
    assert recipe["command"] == "python -m lmcourse.weights.char_gpt --seed 2 --steps 3"
    assert recipe["training"]["looks"] == 3
    assert max(measured) == 0  # the recipe's score is that of the weights as they are stored
    assert model.config.d_model == 8
    assert f"{recipe['validation_bits']:.4f} bits per character" in capsys.readouterr().out
    assert [file.name for file in tmp_path.iterdir()] == ["weights"]  # no progress is left
    with pytest.raises(SystemExit) as stop:
        char_gpt.main(["--step", "one"])
    assert stop.value.code == 2
