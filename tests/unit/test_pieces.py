"""Word pieces: learning does not depend on the run, and words are cut by the longest match."""

import pytest

from lmcourse.text.pieces import CLS, MASK, PAD, SEP, SPECIAL, UNK, learn_pieces, word_pieces

TEXTS = ["The acting is acting.", "Acting, acted, react!", "A film is a film."] * 4


def longest_first(word, pieces):
    """The greedy cut of WordPiece, written anew."""
    found, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = ("##" if start else "") + word[start:end]
            if piece in pieces:
                found.append(piece)
                start = end
                break
        else:
            return ["[UNK]"]
    return found


def test_the_special_pieces_come_first():
    pieces = learn_pieces(TEXTS, 40)
    assert tuple(pieces[:5]) == SPECIAL
    assert [pieces[i] for i in (PAD, UNK, CLS, SEP, MASK)] == list(SPECIAL)
    assert pieces[5:] == sorted(pieces[5:])
    assert len(pieces) <= 40


def test_learning_twice_gives_the_same_pieces():
    assert learn_pieces(TEXTS, 40) == learn_pieces(iter(TEXTS), 40)


def test_words_are_cut_by_the_longest_match_in_lower_case():
    pieces = learn_pieces(TEXTS, 45)
    tokenizer = word_pieces(pieces)
    for word in ("acting", "reacting", "films", "actor", "a", "zebra"):
        assert tokenizer.encode(word.upper()).tokens == longest_first(word, {*pieces})
    assert tokenizer.encode("zebra").ids == [UNK]
    assert tokenizer.encode("").ids == []
    assert CLS not in tokenizer.encode("film").ids


@pytest.mark.parametrize("pieces", [["a"], [*SPECIAL, "a", "a"], [*SPECIAL[::-1], "a"], []])
def test_lists_that_are_no_vocabulary_are_refused(pieces):
    with pytest.raises(ValueError, match="pieces must begin with"):
        word_pieces(pieces)
