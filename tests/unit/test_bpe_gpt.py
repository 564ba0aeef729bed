"""The GPT over pieces: the weights in the package, and the command that makes them."""

import json
from importlib import resources

from lmcourse import weights
from lmcourse.weights import best_gpt, bpe_gpt, on_reviews


def test_the_packaged_weights_have_a_whole_recipe():
    model, recipe, tokenizer = bpe_gpt.load()
    folder = resources.files(weights)
    assert len((folder / "bpe_gpt.safetensors").read_bytes()) <= 12_000_000
    assert recipe == json.loads((folder / "bpe_gpt.json").read_text(encoding="utf8"))
    assert recipe["command"].startswith("python -m lmcourse.weights.bpe_gpt --profile ")
    assert f"--merges {bpe_gpt.MERGES} " in recipe["command"]
    assert len(tokenizer.merges) == bpe_gpt.MERGES
    assert model.config.vocab_size == tokenizer.vocab_size
    assert recipe["best_step"] == int(
        min(recipe["validation_curve"], key=recipe["validation_curve"].get)
    )
    assert not model.training


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TQDM_DISABLE", "1")
    small = {"n_layers": 1, "n_heads": 1, "n_kv_heads": 1, "d_model": 8, "d_hidden": 12}
    monkeypatch.setattr(best_gpt, "SIZE", best_gpt.SIZE | small)
    monkeypatch.setattr(best_gpt, "TRAINING", {**best_gpt.TRAINING, "batch_size": 2})
    tiny = {"text": ["A film.", "Dull, dull!"]}
    for module in (bpe_gpt, on_reviews):
        monkeypatch.setattr(
            module, "load_reviews", lambda task: {"train": tiny, "validation": tiny}
        )
    given = ["--profile", "cpu", "--seed", "2", "--steps", "3", "--merges", "2"]
    progress, folder = tmp_path / "progress.pt", tmp_path / "weights"
    bpe_gpt.main([*given, "--folder", str(folder), "--progress", str(progress)])
    model, recipe, tokenizer = bpe_gpt.load(folder)
    assert recipe["command"].startswith(
        "python -m lmcourse.weights.bpe_gpt --profile cpu --seed 2 --steps 3 --merges 2 "
    )
    assert tokenizer.merges == [(b"l", b"l"), (b"u", b"ll")]  # of a tie the smaller ids
    assert model.config.d_model == 8
    assert f"{recipe['validation_bits']:.4f} bits per character" in capsys.readouterr().out
    assert [file.name for file in tmp_path.iterdir()] == ["weights"]  # no progress is left
