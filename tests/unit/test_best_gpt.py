"""The best GPT: the weights in the package, and the command that makes them."""

import json
from dataclasses import asdict
from importlib import resources

import torch

from lmcourse import weights
from lmcourse.text.characters import ALPHABET
from lmcourse.weights import best_gpt, on_reviews


def test_the_packaged_weights_have_a_whole_recipe():
    model, recipe = best_gpt.load()
    folder = resources.files(weights)
    assert len((folder / "best_gpt.safetensors").read_bytes()) <= 12_000_000
    assert recipe == json.loads((folder / "best_gpt.json").read_text(encoding="utf8"))
    steps = best_gpt.TRAINING["steps"]
    assert recipe["command"] == f"python -m lmcourse.weights.best_gpt --seed 0 --steps {steps}"
    assert recipe["training"] == best_gpt.TRAINING
    assert recipe["config"].items() >= best_gpt.SIZE.items()
    assert asdict(model.config) == recipe["config"]
    assert model.config.vocab_size == len(ALPHABET)
    assert recipe["cpu_seconds"] <= 2 * 2 * 3600  # two hours on two cores
    assert recipe["best_step"] == int(
        min(recipe["validation_curve"], key=recipe["validation_curve"].get)
    )
    assert not model.training
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TQDM_DISABLE", "1")
    small = {"n_layers": 1, "n_heads": 1, "n_kv_heads": 1, "d_model": 8, "d_hidden": 12}
    monkeypatch.setattr(best_gpt, "SIZE", best_gpt.SIZE | small)
    monkeypatch.setattr(best_gpt, "TRAINING", {**best_gpt.TRAINING, "batch_size": 2})
    tiny = {"text": ["A film.", "Dull!"]}
    monkeypatch.setattr(
        on_reviews, "load_reviews", lambda task: {"train": tiny, "validation": tiny}
    )
    progress, folder = tmp_path / "progress.pt", tmp_path / "weights"
    best_gpt.main(
        ["--seed", "2", "--steps", "3", "--folder", str(folder), "--progress", str(progress)]
    )
    model, recipe = best_gpt.load(folder)
    assert recipe["command"] == "python -m lmcourse.weights.best_gpt --seed 2 --steps 3"
    assert model.config.d_model == 8
    assert f"{recipe['validation_bits']:.4f} bits per character" in capsys.readouterr().out
    assert [file.name for file in tmp_path.iterdir()] == ["weights"]  # no progress is left
