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


def test_the_sum_of_surprises_is_that_of_the_product_and_all_texts_sum_to_one(chapter):
    total = [chapter["surprise"](text).sum() for text in texts(3)]
    expected = [-math.log2(product(chapter["model"], text)) for text in texts(3)]
    np.testing.assert_allclose(total, expected, atol=1e-5)
    assert sum(2.0**-bits for bits in total) == pytest.approx(1)


def test_a_later_token_changes_no_earlier_surprise(chapter):
    np.testing.assert_array_equal(chapter["surprise"]("cab"), chapter["surprise"]("caba")[:3])


def test_extra_bits_are_log2_ratios_of_joint_probabilities(chapter):
    left, right = "ab", "ca"
    joint = np.array([product(chapter["model"], left + letter + right) for letter in LETTERS])
    expected = np.log2(joint.max() / joint)
    np.testing.assert_allclose(chapter["extra_bits"](left, LETTERS, right), expected, atol=1e-5)


def test_shuffling_keeps_the_words_and_both_ends(chapter):
    text = "one two three four five six"
    mixed = chapter["shuffled"](text, np.random.default_rng(0)).split()
    assert sorted(mixed) == sorted(text.split())
    assert (mixed[0], mixed[-1]) == ("one", "six")


def test_cosine_against_numpy(chapter):
    a, b = torch.tensor([1.0, 2.0, 2.0]), torch.tensor([2.0, 0.0, 1.0])
    assert chapter["cosine"](a, b) == pytest.approx(4 / (3 * math.sqrt(5)))
    assert chapter["cosine"](a, -3 * a) == pytest.approx(-1)


def test_common_words_are_counted_without_case_and_full_stop(chapter):
    row = ["The cat ran.", "A dog ran.", "the cat", "Birds fly."]
    assert chapter["common"](row) == [1, 2, 0]


@pytest.mark.parametrize(("steps", "later"), [(8, 16), (16, 0), (16, 8)])
def test_rounding_leaves_few_values_in_a_block_and_moves_none_by_more_than_half_a_step(
    chapter, steps, later
):
    weights = torch.randn(4, 64, generator=torch.Generator().manual_seed(0))
    new = chapter["rounded"](weights, steps, later)
    before, after = (w.reshape(-1).roll(-later).reshape(-1, 32) for w in (weights, new))
    for old, block in zip(before, after, strict=True):
        assert len(block.unique()) <= steps
        half = (old.max() - old.min()) / (steps - 1) / 2
        assert (block - old).abs().max() <= half + 1e-6
    again = chapter["rounded"](new, steps, later)
    torch.testing.assert_close(again, new)  # a second time: nothing moves
