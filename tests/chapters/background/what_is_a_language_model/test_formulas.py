"""Formulas of background/what_is_a_language_model on a toy model whose every number is known.

The chapter's functions ask a model and a tokenizer. Here both are replaced by ones small enough
for brute force: four tokens, and a table of random scores for every beginning.
"""

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.chapter import functions

LETTERS = "#abc"  # id 0 is the start mark


class ToyModel:
    """Scores for the next token that depend on the whole beginning."""

    def __call__(self, ids):
        rows = [[self.scores(text[: t + 1]) for t in range(len(text))] for text in ids.tolist()]
        return SimpleNamespace(logits=torch.tensor(np.array(rows)))

    @staticmethod
    def scores(beginning):
        number = sum(token * 4**t for t, token in enumerate(beginning))
        return np.random.default_rng(number).normal(scale=2, size=4)

    def probabilities(self, text):
        """P(next token | start mark, text) by the formula of the softmax."""
        scores = self.scores([0, *map(LETTERS.index, text)])
        powers = [math.exp(score) for score in scores]
        return [power / sum(powers) for power in powers]


@pytest.fixture
def chapter():
    names = functions("background/what_is_a_language_model")
    names["model"] = ToyModel()
    names["tokenizer"] = lambda text: {"input_ids": [LETTERS.index(letter) for letter in text]}
    names["run"] = SimpleNamespace(device="cpu")
    return names


def texts(length):
    return ["".join(text) for text in itertools.product(LETTERS, repeat=length)]


def product(model, text):
    """Probability of a text, multiplied together token by token."""
    factors = [
        model.probabilities(text[:t])[LETTERS.index(letter)] for t, letter in enumerate(text)
    ]
    return math.prod(factors)


@pytest.mark.formula(1, "chapter:next_probabilities")
@pytest.mark.parametrize("text", ["", "a", "cab"])
def test_next_probabilities_are_a_distribution(chapter, text):
    p = chapter["next_probabilities"](chapter["encode"](text))
    assert p.shape == (len(LETTERS),)
    assert (p >= 0).all()
    assert p.sum().item() == pytest.approx(1)
    np.testing.assert_allclose(p, chapter["model"].probabilities(text), atol=1e-6)


@pytest.mark.formula(2, "chapter:surprise")
@pytest.mark.parametrize("text", ["a", "cab", "bbca"])
def test_surprise_is_minus_log2_of_each_token_given_those_before(chapter, text):
    model = chapter["model"]
    expected = [
        -math.log2(model.probabilities(text[:t])[LETTERS.index(letter)])
        for t, letter in enumerate(text)
    ]
    np.testing.assert_allclose(chapter["surprise"](text), expected, atol=1e-5)


@pytest.mark.formula(3, "chapter:total_surprise")
def test_total_surprise_is_that_of_the_text_and_all_texts_sum_to_one(chapter):
    total = [chapter["total_surprise"](text) for text in texts(3)]
    expected = [-math.log2(product(chapter["model"], text)) for text in texts(3)]
    np.testing.assert_allclose(total, expected, atol=1e-5)
    assert sum(2.0**-bits for bits in total) == pytest.approx(1)


def test_a_later_token_changes_no_earlier_surprise(chapter):
    np.testing.assert_array_equal(chapter["surprise"]("cab"), chapter["surprise"]("caba")[:3])


@pytest.mark.formula(4, "chapter:fill_gap")
def test_fill_gap_equals_the_conditional_of_the_joint(chapter):
    left, right = "ab", "ca"
    joint = {text: product(chapter["model"], text) for text in texts(5)}
    whole = sum(p for text, p in joint.items() if text[:2] == left and text[3:] == right)
    expected = [joint[left + letter + right] / whole for letter in LETTERS]
    np.testing.assert_allclose(chapter["fill_gap"](left, LETTERS, right), expected, atol=1e-6)
    alone = chapter["fill_gap"](left, LETTERS, "")
    np.testing.assert_allclose(alone, chapter["model"].probabilities(left), atol=1e-6)


def test_shuffling_keeps_the_words_and_both_ends(chapter):
    text = "one two three four five six"
    mixed = chapter["shuffled"](text, np.random.default_rng(0)).split()
    assert sorted(mixed) == sorted(text.split())
    assert (mixed[0], mixed[-1]) == ("one", "six")


def test_cosines_and_same_sense():
    chapter = functions("background/what_is_a_language_model")
    vectors = torch.tensor([[1.0, 0.0], [2.0, 0.1], [0.0, 3.0], [0.2, 1.0]])
    cosines = chapter["cosines"](vectors)
    np.testing.assert_allclose(np.diag(cosines), 1, atol=1e-6)
    assert cosines[0, 1] == pytest.approx(2 / math.sqrt(4.01))
    assert chapter["same_sense"](cosines).all()
    assert not chapter["same_sense"](cosines[[0, 2, 1, 3]][:, [0, 2, 1, 3]]).any()


def test_padding_does_not_enter_a_sentence_vector(chapter):
    ids = torch.tensor([[1, 2, 0, 0], [1, 2, 3, 3]])
    table = torch.tensor([[9.0, 9.0], [1.0, 0.0], [0.0, 1.0], [2.0, 2.0]])  # row 0: padding
    batch = {"input_ids": ids, "attention_mask": (ids > 0).long()}
    chapter["encoder_tokenizer"] = lambda sentences, **_: batch
    chapter["encoder"] = lambda input_ids, **_: SimpleNamespace(last_hidden_state=table[input_ids])
    vectors = chapter["sentence_vectors"](["ab", "abcc"])
    torch.testing.assert_close(vectors, torch.tensor([[0.5, 0.5], [1.25, 1.25]]))
