"""Shannon's game, against games that are played out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lmcourse.evaluation.guessing import code_lengths, forecasts, play, widget
from lmcourse.models.gpt import GPT, GPTConfig
from lmcourse.models.ngram import NGram
from lmcourse.text.characters import CharTokenizer

TOKENIZER = CharTokenizer("\nabc ")
TEXTS = ["abba abba abba", "cab cab abc cab", "abc cabba abba"]


def counts(order: int) -> NGram:
    return NGram(order, TOKENIZER.vocab_size).fit([TOKENIZER.encode(text) for text in TEXTS])


def network() -> GPT:
    torch.manual_seed(0)
    size = GPTConfig(TOKENIZER.vocab_size, context_length=16, n_layers=1, n_heads=1, d_model=8)
    return GPT(size).eval()


@pytest.mark.parametrize("model", [counts(1), counts(3), network()], ids=["1", "3", "gpt"])
def test_a_game_is_that_of_guessing_until_it_is_right(model):
    text = TEXTS[1]
    bits, guesses = play(model, TOKENIZER, text)
    for t, letter in enumerate(text):
        before = TOKENIZER.encode(text[:t])[:-1]
        if isinstance(model, NGram):
            p = model.next(before)
        else:
            p = model(torch.tensor([before]))[0, -1].softmax(dim=-1).detach().numpy()
        assert bits[t] == pytest.approx(-np.log2(p[TOKENIZER.encode(letter)[1]]), abs=1e-5)
        order = sorted(TOKENIZER.alphabet[1:], key=lambda c: -p[TOKENIZER.encode(c)[1]])
        assert guesses[t] == order.index(letter) + 1


def test_forecasts_sum_to_one():
    for model in (counts(2), network()):
        p = forecasts(model, TOKENIZER.encode(TEXTS[0]))
        assert p.shape == (len(TEXTS[0]) + 1, TOKENIZER.vocab_size)
        assert p.sum(axis=1) == pytest.approx(np.ones(len(p)))


def test_bits_of_guess_numbers_are_those_of_a_code():
    bits = code_lengths(np.array([1, 1, 1, 2]), 4)
    assert bits == pytest.approx(-np.log2(np.array([3.5, 1.5, 0.5, 0.5]) / 6))


def test_no_further_guess_saves_bits():
    bits = code_lengths(np.array([1, 1, 1, 3, 3, 3, 4]), 4)  # the second and third share 4 cases
    assert bits == pytest.approx(-np.log2(np.array([3.5, 2, 2, 1.5]) / 9))


def test_the_widget_is_given_the_games_from_the_first_words_on():
    by_guess = np.array([1.0, 2.0, 3.0, 4.0])
    given = widget({"one": counts(1), "three": counts(3)}, TOKENIZER, TEXTS, by_guess)
    assert given["starts"] == [10, 12, 10]
    bits, guesses = play(counts(3), TOKENIZER, TEXTS[1])
    three = given["rungs"][1]
    assert three["name"] == "three"
    assert three["bits"][1] == pytest.approx(bits[12:])
    assert (three["guesses"][1] == guesses[12:]).all()
    by_hand = sorted(TOKENIZER.alphabet[1:], key=lambda c: -sum(t.count(c) for t in TEXTS))
    assert [*given["frequent"]] == by_hand
    example = next(e for e in given["examples"] if e["text"] == 1 and e["letters"] == 9)
    told = guesses[12 : 12 + 9]
    assert example["rungs"][1] == pytest.approx(
        [np.mean(told == 1), np.mean(by_guess[told - 1]), np.mean(bits[12 : 12 + 9])]
    )
