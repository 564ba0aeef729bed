"""The commands that make weights from the characters of the reviews."""

from __future__ import annotations

from types import ModuleType

import pytest

from lmcourse import session
from lmcourse.weights import char_gpt, char_neural_ngram, lstm, on_reviews

SIZES = {  # of models that are trained in no time
    char_gpt: {"n_layers": 1, "n_heads": 1, "d_model": 8},
    char_neural_ngram: {"order": 3, "d_model": 2, "d_hidden": 4},
    lstm: {"kind": "lstm", "n_layers": 1, "d_embedding": 4, "d_model": 8},
}
TEXTS = {"text": ["A film.", "Dull!"]}


@pytest.fixture(params=SIZES, ids=lambda module: module.NAME)
def made(request, monkeypatch) -> ModuleType:
    """A module whose command trains a tiny model on two sentences."""
    monkeypatch.setenv("TQDM_DISABLE", "1")
    monkeypatch.setattr(session, "_fast_bf16", lambda device: False)
    monkeypatch.setattr(request.param, "SIZE", SIZES[request.param])
    monkeypatch.setattr(request.param, "TRAINING", {**request.param.TRAINING, "batch_size": 2})
    monkeypatch.setattr(
        on_reviews, "load_reviews", lambda task: {"train": TEXTS, "validation": TEXTS}
    )
    return request.param


def run(module: ModuleType, folder, seed: int = 2):
    """What the command leaves in a folder: the model and its recipe."""
    places = ["--folder", str(folder / "weights"), "--progress", str(folder / "progress.pt")]
    module.main(["--seed", str(seed), "--steps", "3", *places])
    return module.load(folder / "weights")


def test_the_command_leaves_weights_and_recipe(made, tmp_path, monkeypatch, capsys):
    measured, nll = [], on_reviews.nll

    def spy(model, rows):
        measured.extend((p - p.half().float()).abs().max().item() for p in model.parameters())
        return nll(model, rows)

    monkeypatch.setattr(on_reviews, "nll", spy)
    model, recipe = run(made, tmp_path)
    command = f"python -m lmcourse.weights.{made.NAME} --seed 2 --steps 3"
    assert (recipe["command"], recipe["seed"]) == (command, 2)
    assert recipe["training"]["looks"] == 3
    assert max(measured) == 0  # the recipe's score is that of the weights as they are stored
    for name, size in SIZES[made].items():
        assert getattr(model.config, name) == size
    assert f"{recipe['validation_bits']:.4f} bits per character" in capsys.readouterr().out
    assert [file.name for file in tmp_path.iterdir()] == ["weights"]  # no progress is left


def test_the_seed_draws_the_first_weights(made, tmp_path):
    models = [run(made, tmp_path / f"{i}", seed)[0] for i, seed in enumerate((2, 2, 3))]
    one, again, other = (next(model.parameters()).detach() for model in models)
    assert one.equal(again)
    assert not one.equal(other)


def test_a_number_that_is_none_is_refused(made):
    with pytest.raises(SystemExit) as stop:
        made.main(["--steps", "one"])
    assert stop.value.code == 2


def test_the_neural_ngram_is_trained_in_fp32(tmp_path, monkeypatch):
    monkeypatch.setattr(session, "_fast_bf16", lambda device: True)
    seen = []
    monkeypatch.setattr(on_reviews, "train", lambda *_, run, **__: seen.append(run.precision))
    char_neural_ngram.main([])
    char_gpt.main([])
    assert seen == ["fp32", "bf16"]
