"""What the weights trained on the reviews share: their text, and a recipe of what is stored."""

import itertools
import json
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from lmcourse import session
from lmcourse.data.reviews import load_reviews
from lmcourse.evaluation.metrics import bits_per_char
from lmcourse.text.characters import CharTokenizer
from lmcourse.weights import best_gpt, bpe_gpt, char_gpt, on_reviews


@dataclass
class Sizes:
    vocab_size: int


class Table(nn.Module):
    """Logits that look at the last symbol alone."""

    def __init__(self, V):
        super().__init__()
        torch.manual_seed(0)
        self.weight = nn.Parameter(torch.randn(V, V))

    def forward(self, ids):
        return self.weight[ids]


def test_rows_are_the_sentences_of_training_and_validation():
    tokenizer = CharTokenizer()
    training, validation = on_reviews.rows(tokenizer)
    reviews = load_reviews("text")
    for rows, split in ((training, "train"), (validation, "validation")):
        assert len(rows) == len(reviews[split]["text"])
        assert tokenizer.decode(rows[7]) == reviews[split]["text"][7]


def test_what_is_measured_is_what_is_stored(tmp_path, capsys):
    model, rows = Table(5), [[0, 1, 2, 3, 0], [0, 4, 0]]
    on_reviews.finish(tmp_path, "table", model, Sizes(5), rows, [4, 2], {"seed": 3})
    recipe = json.loads((tmp_path / "table.json").read_text(encoding="utf8"))
    half = model.weight.detach().numpy().astype(np.float16).astype(np.float64)
    assert np.array_equal(half, model.weight.detach().numpy())
    chances = np.exp(half) / np.exp(half).sum(axis=1, keepdims=True)
    pairs = [pair for row in rows for pair in itertools.pairwise(row)]
    by_hand = -np.mean([np.log2(chances[a, b]) for a, b in pairs])
    assert recipe["validation_bits"] == pytest.approx(by_hand, abs=1e-4)
    assert recipe["config"] == {"vocab_size": 5}
    assert recipe["seed"] == 3
    assert f"{by_hand:.4f}" in capsys.readouterr().out


def test_a_recipe_says_how_it_was_made():
    run = session.start("cpu", 4)
    made = on_reviews.made("a command", run, 12.4, {10: 2.34567})
    assert (made["command"], made["seed"], made["seconds"]) == ("a command", 4, 12)
    assert made["validation_curve"] == {10: 2.3457}
    assert made["versions"]["torch"] == torch.__version__


@pytest.mark.parametrize("stored", [char_gpt, best_gpt, bpe_gpt])
def test_the_packaged_weights_reach_about_what_the_recipe_says(stored):
    """The first 100 of 1,000 validation sentences, one at a time with torch's own loss."""
    model, recipe, *own = stored.load()
    (tokenizer,) = own or [CharTokenizer()]
    nats, symbols = [], []
    for sentence in load_reviews("text")["validation"]["text"][:100]:
        ids = torch.tensor(tokenizer.encode(sentence))
        with torch.no_grad():
            loss = torch.nn.functional.cross_entropy(model(ids[None, :-1])[0], ids[1:])
        nats.append(loss.item() * (len(ids) - 1))
        symbols.append(len(sentence) + 1)
    assert bits_per_char(nats, symbols) == pytest.approx(recipe["validation_bits"], abs=0.1)
