"""The longer pretraining: the weights in the package, and the command that makes them."""

import json
import math
from dataclasses import asdict
from importlib import resources

import numpy as np
import pytest
import torch

from lmcourse import session, weights
from lmcourse.text.batches import IGNORED
from lmcourse.text.pieces import CLS, MASK, SEP, SPECIAL, word_pieces
from lmcourse.weights import small_bert

ARTICLES = {1: {1: "A tax is due.", 2: "It is high.", 4: "Who pays?"}, 2: {1: "Rain.", 2: "Sun."}}
FILMS = {"text": ["A good film.", "A dull film, and long."]}


def test_the_packaged_weights_have_a_whole_recipe():
    model, recipe = small_bert.load()
    folder = resources.files(weights)
    assert len((folder / "small_bert.safetensors").read_bytes()) <= 4_000_000
    assert recipe == json.loads((folder / "small_bert.json").read_text(encoding="utf8"))
    steps = small_bert.STEPS
    command = f"python -m lmcourse.weights.small_bert --profile gpu --seed 0 --steps {steps}"
    assert recipe["command"] == command
    wanted = {"device", "pieces", "rows", "seed", "precision", "seconds", "date", "versions"}
    assert wanted <= recipe.keys()
    assert asdict(model.config) == recipe["config"]
    assert recipe["training"] == small_bert.TRAINING | {"steps": steps}
    assert recipe["config"].items() >= small_bert.SIZE.items()
    assert len(recipe["pieces"].split(" ")) == model.config.vocab_size == small_bert.PIECES
    assert max(map(int, recipe["validation_curve"])) == steps
    assert not model.training
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_the_packaged_weights_reach_about_what_the_recipe_says():
    """Other gaps in the validation rows, one row at a time, with torch's own loss."""
    model, recipe = small_bert.load()
    tokenizer = word_pieces(recipe["pieces"].split(" "))
    rng, nats, asked = np.random.default_rng(0), 0.0, 0
    for row in small_bert.rows("validation", tokenizer, 1):
        ids = torch.tensor(row.ids)
        hidden = (ids >= len(SPECIAL)) & torch.from_numpy(rng.random(len(ids)) < 0.15)
        segments = (torch.arange(len(ids)) >= row.second).long()[None]
        read = ids.where(~hidden, torch.tensor(MASK))[None]
        with torch.no_grad():
            logits = model.words(model(read, segments, torch.ones_like(read).bool()))[0, hidden]
        nats += torch.nn.functional.cross_entropy(logits, ids[hidden], reduction="sum").item()
        asked += int(hidden.sum())
    bits = nats / asked / math.log(2)
    assert bits == pytest.approx(recipe["validation"]["bits per piece"], abs=0.2)


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(session, "_fast_bf16", lambda device: False)
    monkeypatch.setenv("TQDM_DISABLE", "1")
    monkeypatch.setattr(small_bert, "SIZE", {"n_layers": 1, "n_heads": 1, "d_model": 8})
    monkeypatch.setattr(small_bert, "PIECES", 60)
    monkeypatch.setattr(small_bert, "TRAINING", {"batch_size": 2, "learning_rate": 1e-3})
    articles = {"train": ARTICLES, "validation": ARTICLES}
    monkeypatch.setattr(small_bert, "load_editorials", lambda: articles)
    films = {"train": FILMS, "validation": FILMS}
    monkeypatch.setattr(small_bert, "load_reviews", lambda task: films)
    monkeypatch.setattr(small_bert, "load_imdb", lambda: (("One.", "Two.", "Three."),))


def test_pairs_are_not_taken_across_a_gap(tiny):
    films, runs = small_bert.texts("train")
    assert films == FILMS["text"]
    assert runs == [["A tax is due.", "It is high."], ["Who pays?"], ["Rain.", "Sun."]]


def test_imdb_is_for_training_alone(tiny):
    tokenizer = word_pieces([*SPECIAL, "a", "film", "one", "tax", "."])
    train, held_out = (small_bert.rows(split, tokenizer, 0) for split in ("train", "validation"))
    paired = [sum(row.follows != IGNORED for row in rows) for rows in (train, held_out)]
    assert paired == [1 + 1 + 2, 1 + 1]
    for row in train + held_out:
        assert row.ids[0] == CLS
        assert row.ids[-1] == SEP
        assert len(row.ids) <= small_bert.POSITIONS


def test_rows_stand_in_the_order_of_the_texts(tiny):
    tokenizer = word_pieces([*SPECIAL, "film", "tax", "rain", "one", "two", "."])
    firsts = [*FILMS["text"], "A tax is due.", "Rain.", "One.", "Two."]
    rows = small_bert.rows("train", tokenizer, 0)
    assert [row.ids[1 : row.second - 1] for row in rows] == [
        tokenizer.encode(sentence).ids for sentence in firsts
    ]


def test_the_command(tiny, tmp_path, monkeypatch, capsys):
    measured, reached = [], small_bert.reached

    def spy(model, held_out, run):
        measured.append(max((p - p.half().float()).abs().max().item() for p in model.parameters()))
        return reached(model, held_out, run)

    monkeypatch.setattr(small_bert, "reached", spy)
    progress, folder = tmp_path / "progress.pt", tmp_path / "weights"
    options = ["--profile", "cpu", "--seed", "2", "--steps", "3"]
    small_bert.main([*options, "--folder", str(folder), "--progress", str(progress)])
    model, recipe = small_bert.load(folder)
    assert recipe["command"].endswith("small_bert --profile cpu --seed 2 --steps 3")
    assert measured[-1] == 0  # the recipe's score is that of the weights as they are stored
    assert model.config.d_model == 8
    assert str(recipe["validation"]["bits per piece"]) in capsys.readouterr().out
    assert [file.name for file in tmp_path.iterdir()] == ["weights"]  # no progress is left
    with pytest.raises(SystemExit) as stop:
        small_bert.main(["--profile", "smoke"])
    assert stop.value.code == 2
