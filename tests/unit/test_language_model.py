"""The character GPT's training, scoring and storing, on rows small enough to check by hand."""

import math

import numpy as np
import pytest
import torch
from lmcourse.nn import GPT, GPTConfig
from lmcourse.train import fit

from lmcourse import char_gpt, longer, session

CONFIG = GPTConfig(vocab_size=5, context_length=8, n_layers=1, n_heads=2, d_model=8, dropout=0.1)
ROWS = [[0, 1, 2, 3, 0], [0, 2, 0], [0, 4, 4, 4, 4, 0], [0, 0], [0, 3, 1, 0]]
SETTINGS = {"steps": 6, "batch_size": 2, "learning_rate": 1e-2}


@pytest.fixture(autouse=True)
def _fp32(monkeypatch):
    monkeypatch.setattr(session, "_fast_bf16", lambda device: False)
    monkeypatch.setenv("TQDM_DISABLE", "1")


def train(rows=ROWS, validation=ROWS, **changes):
    run = session.start("smoke", 0)
    return char_gpt.train_char_gpt(CONFIG, rows, validation, session=run, **SETTINGS | changes)


def test_targets_are_the_next_symbols():
    inputs, targets = char_gpt.shifted([[0, 3, 1, 0], [0, 2, 0]])
    assert inputs.tolist() == [[0, 3, 1], [0, 2, 0]]
    assert targets.tolist() == [[3, 1, 0], [2, 0, -100]]


def test_every_row_comes_once_an_epoch():
    at = char_gpt.batches(ROWS, 2, seed=3)
    seen = [tuple(i for i in row if i != -100) for step in range(3) for row in at(step)[1].tolist()]
    assert sorted(seen) == sorted(tuple(row[1:]) for row in ROWS)


def test_log_probs_are_those_of_each_row_alone():
    torch.manual_seed(0)
    model = GPT(CONFIG)  # in training mode: dropout must not count
    together = char_gpt.log_probs(model, ROWS, batch_size=3)
    assert model.training
    with pytest.raises(ValueError, match="context"):
        char_gpt.log_probs(model, [[0] * 20])
    assert model.training
    model.eval()
    for row, ours in zip(ROWS, together, strict=True):
        by_hand = [
            model(torch.tensor([row[:t]]))[0, -1].log_softmax(-1)[row[t]].item()
            for t in range(1, len(row))
        ]
        np.testing.assert_allclose(ours, by_hand, atol=1e-5)
    np.testing.assert_allclose(char_gpt.nll(model, ROWS), [-p.sum() for p in together])
    assert char_gpt.characters(ROWS).tolist() == [4, 2, 5, 1, 3]


def test_the_weights_that_did_best_on_validation_are_kept():
    strange = [[0, 4, 4, 4, 0]]  # the more is learned of the other row, the worse
    trained = train([[0, 1, 2, 1, 2, 1, 2, 0]], strange, looks=6)
    assert list(trained.curve) == [1, 2, 3, 4, 5, 6]
    assert trained.best_step == 1
    bits = char_gpt.nll(trained.model, strange).sum() / math.log(2) / 4
    assert bits == pytest.approx(trained.curve[1], rel=1e-6)
    assert bits < min(trained.curve[step] for step in range(2, 7))
    assert not trained.model.training


def test_training_depends_on_the_seed_and_not_on_what_was_drawn_before():
    run = session.start("smoke", 0)
    first = char_gpt.train_char_gpt(CONFIG, ROWS, ROWS, session=run, **SETTINGS)
    torch.rand(3)
    again = char_gpt.train_char_gpt(CONFIG, ROWS, ROWS, session=run, **SETTINGS)
    assert first.history.losses == again.history.losses


def test_an_interrupted_training_ends_like_an_uninterrupted_one(tmp_path, monkeypatch):
    whole = train(looks=3)
    path = tmp_path / "run.pt"

    def killed(*args, on_step, **options):
        def step(done):
            on_step(done)
            if done == 5:
                raise KeyboardInterrupt

        return fit(*args, on_step=step, **options)

    monkeypatch.setattr(char_gpt, "fit", killed)
    with pytest.raises(KeyboardInterrupt):
        train(looks=3, checkpoint=path, checkpoint_every=2)
    monkeypatch.setattr(char_gpt, "fit", fit)
    resumed = train(looks=3, checkpoint=path, checkpoint_every=2)
    assert resumed.curve == whole.curve
    assert resumed.history.losses == whole.history.losses
    for key, value in whole.model.state_dict().items():
        torch.testing.assert_close(resumed.model.state_dict()[key], value, atol=0, rtol=0)


@pytest.mark.parametrize("looks", [0, 7])
def test_refused_looks(looks):
    with pytest.raises(ValueError, match=rf"looks must be from 1 to steps \(6\), got {looks}"):
        train(looks=looks)


def test_a_single_look_is_the_last():
    assert list(train(looks=1).curve) == [6]


def test_stored_and_loaded(tmp_path):
    torch.manual_seed(0)
    model = GPT(CONFIG).eval()
    char_gpt.save(tmp_path, "tiny", model, {"seed": 0})
    loaded, recipe = char_gpt.load("tiny", tmp_path)
    assert recipe["seed"] == 0
    assert loaded.config == CONFIG
    assert not loaded.training
    ids = torch.tensor([ROWS[0]])
    torch.testing.assert_close(loaded(ids), model(ids), atol=1e-3, rtol=1e-2)
    with pytest.raises(ValueError, match="unknown checkpoint 'gtp': The choices are tiny"):
        char_gpt.load("gtp", tmp_path)


def test_the_checkpoint_in_the_package():
    model, recipe = char_gpt.load("gpt")
    folder = char_gpt.resources.files(char_gpt.checkpoints)
    assert len((folder / "gpt.safetensors").read_bytes()) <= 4_000_000
    assert recipe["command"].startswith("python -m lmcourse.longer gpt")
    wanted = {"config", "training", "seed", "precision", "seconds", "date", "versions"}
    assert wanted <= recipe.keys()
    assert 1.5 < recipe["validation_bits"] < 3.0
    assert model.config.context_length == 288


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(longer, "GPT_SIZE", {"n_layers": 1, "n_heads": 1, "d_model": 8})
    monkeypatch.setattr(longer, "GPT_TRAINING", {**longer.GPT_TRAINING, "batch_size": 2})
    sentences = {"text": ["A film.", "Dull!"]}
    splits = dict.fromkeys(("train", "validation", "test"), sentences)
    monkeypatch.setattr(longer.data, "reviews", lambda task: splits)
    progress = tmp_path / "progress.pt"
    longer.main(
        ["gpt", "--steps", "3", "--folder", str(tmp_path), "--progress", str(progress)]
    )  # fmt: skip
    _, recipe = char_gpt.load("gpt", tmp_path)
    assert recipe["command"] == "python -m lmcourse.longer gpt --seed 0 --steps 3"
    assert f"{recipe['validation_bits']:.4f} bits per character" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        longer.main(["gtp"])
    assert stop.value.code == 2
