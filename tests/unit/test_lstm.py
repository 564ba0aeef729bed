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
    assert len((folder / "lstm.safetensors").read_bytes()) <= 8_000_000
    assert recipe == json.loads((folder / "lstm.json").read_text(encoding="utf8"))
    setting, steps = recipe["setting"], lstm.TRAINING["steps"]
    options = f"--profile gpu --seed 0 --steps {steps} --settings '{setting}'"
    assert recipe["command"] == f"python -m lmcourse.weights.lstm {options}"
    assert recipe["training"] == lstm.TRAINING
    assert recipe["config"].items() >= (lstm.SIZE | lstm.SETTINGS[setting]).items()
    assert asdict(model.config) == recipe["config"]
    assert model.config.vocab_size == len(ALPHABET)
    assert recipe["tried"][setting] == recipe["validation_bits"] == min(recipe["tried"].values())
    assert recipe["tried"].keys() <= lstm.SETTINGS.keys()
    assert recipe["best_step"] == int(
        min(recipe["validation_curve"], key=recipe["validation_curve"].get)
    )
    assert not model.training
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setenv("TQDM_DISABLE", "1")
    monkeypatch.setattr(session, "_fast_bf16", lambda device: False)
    monkeypatch.setattr(lstm, "TRAINING", {**lstm.TRAINING, "batch_size": 2})
    few = {"n_layers": 1, "d_model": 8, "dropout": 0.2, "weight_drop": 0.2}
    monkeypatch.setattr(lstm, "SETTINGS", {"one": few, "two": few | {"n_layers": 2}})
    texts = {"text": ["A film.", "Dull!"]}
    monkeypatch.setattr(
        on_reviews, "load_reviews", lambda task: {"train": texts, "validation": texts}
    )


def test_the_command(tiny, tmp_path, capsys):
    progress, folder = tmp_path / "progress.pt", tmp_path / "weights"
    options = ["--profile", "cpu", "--seed", "2", "--steps", "3"]
    lstm.main([*options, "--folder", str(folder), "--progress", str(progress)])
    model, recipe = lstm.load(folder)
    assert recipe["tried"].keys() == {"one", "two"}
    best = min(recipe["tried"], key=recipe["tried"].get)
    assert recipe["setting"] == best
    assert recipe["command"].endswith(f"--profile cpu --seed 2 --steps 3 --settings '{best}'")
    assert recipe["validation_bits"] == recipe["tried"][best]
    assert model.config.n_layers == {"one": 1, "two": 2}[best]
    assert f"{recipe['validation_bits']:.4f} bits per character" in capsys.readouterr().out
    assert [file.name for file in tmp_path.iterdir()] == ["weights"]  # no progress is left
    with pytest.raises(SystemExit) as stop:
        lstm.main(["--settings", "three"])
    assert stop.value.code == 2


def test_no_setting_is_begun_that_would_not_be_done_in_time(tiny, tmp_path):
    progress, folder = tmp_path / "progress.pt", tmp_path / "weights"
    options = ["--profile", "cpu", "--steps", "1", "--seconds", "0"]
    lstm.main([*options, "--folder", str(folder), "--progress", str(progress)])
    assert lstm.load(folder)[1]["tried"].keys() == {"one"}
