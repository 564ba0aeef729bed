"""Words of a text, and the vocabulary of the frequent ones."""

import pytest

from lmcourse.text.words import Vocabulary, words


def test_words_are_lower_case_and_keep_inner_apostrophes():
    assert words("It's 'GOOD', isn't it? 24/7 -- o'clock") == [
        *("it's", "good", "isn't", "it", "24", "7", "o'clock")
    ]
    assert words("") == words("... -- !") == []


def test_the_most_frequent_comes_first_and_the_rare_are_left_out():
    vocabulary = Vocabulary([["b", "a", "c"], ["a", "b", "d"], ["a"]], min_count=2)
    assert (vocabulary.words, vocabulary.counts) == (["a", "b"], [3, 2])
    assert len(vocabulary) == 2
    assert "a" in vocabulary
    assert "c" not in vocabulary
    assert vocabulary.encode([["b", "c", "a"], ["c"], []]) == [[1, 0], [], []]


@pytest.mark.parametrize("texts", [[], [[]], [["a", "b"]]])
def test_a_text_without_frequent_words_is_refused(texts):
    with pytest.raises(ValueError, match="no word of the texts occurs 2 times"):
        Vocabulary(texts, min_count=2)


def test_an_unknown_word_is_named_with_the_nearest():
    vocabulary = Vocabulary([["movie", "film"]], min_count=1)
    with pytest.raises(ValueError, match=r"'movies' is not in .*; did you mean 'movie'\?"):
        vocabulary.id("movies")
    with pytest.raises(ValueError, match=r"'xyz' is not in the vocabulary$"):
        vocabulary.id("xyz")
