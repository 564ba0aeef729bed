"""Typos, synonyms and negations: seeded, of the announced size, and nothing but what they say."""

import itertools
import re
from collections import Counter

import numpy as np
import pytest

from lmcourse.data.reviews import load_reviews
from lmcourse.text.perturbations import (
    NEIGHBOURS,
    SHORTEST,
    SYNONYMS,
    negations,
    slip,
    with_synonyms,
    with_typos,
)


@pytest.fixture(scope="module")
def texts():
    return list(load_reviews("binary")["validation"]["text"])


@pytest.mark.parametrize(
    ("kind", "place", "wrong"),
    [
        ("swap", 1, "wnoderful"),
        ("drop", 0, "onderful"),
        ("double", 8, "wonderfull"),
        ("neighbour", 2, "wobderful"),
    ],
)
def test_a_slip_by_hand(kind, place, wrong):
    assert slip("wonderful", kind, place) == wrong


def test_a_letter_at_the_left_edge_slips_to_the_right_and_neighbours_are_mutual():
    assert slip("also", "neighbour", 0) == "slso"
    for letter, near in NEIGHBOURS.items():
        assert 1 <= len(near) <= 2
        assert all(letter in NEIGHBOURS[other] for other in near)


@pytest.mark.parametrize(("kind", "place"), [("swap", 3), ("drop", 4), ("double", -1), ("turn", 1)])
def test_a_slip_that_cannot_be_is_refused(kind, place):
    with pytest.raises(ValueError, match=r"place|kind"):
        slip("film", kind, place)


def words(text):
    return re.findall("[A-Za-z]+", text)


def test_typos_depend_on_the_seed_alone_and_on_it(texts):
    assert with_typos(texts, 0.3, 1) == with_typos(texts, 0.3, 1)
    assert with_typos(texts, 0.3, 1) != with_typos(texts, 0.3, 2)


def test_no_typos_at_share_zero_and_one_in_nearly_every_long_word_at_share_one(texts):
    assert with_typos(texts, 0, 0) == texts
    old = [word for text in texts for word in words(text)]
    new = [word for text in with_typos(texts, 1, 0) for word in words(text)]
    assert len(old) == len(new)
    for before, after in zip(old, new, strict=True):
        assert before[0] == after[0]
        assert len(before) >= SHORTEST or before == after
        more, less = Counter(after) - Counter(before), Counter(before) - Counter(after)
        assert more.total() + less.total() <= 1
    long = [a != b for a, b in zip(old, new, strict=True) if len(a) >= SHORTEST]
    assert np.mean(long) > 0.95  # the rest are swaps of twin letters


def test_the_share_is_the_share_of_long_words(texts):
    old = [word for text in texts for word in words(text)]
    new = [word for text in with_typos(texts, 0.2, 0) for word in words(text)]
    long = [a != b for a, b in zip(old, new, strict=True) if len(a) >= SHORTEST]
    assert np.mean(long) == pytest.approx(0.2, abs=0.02)


def test_no_typo_makes_a_known_word(texts):
    known = {word.lower() for text in texts for word in words(text)}
    for kinds in (("swap", "drop", "double"), ("neighbour",)):
        changed = with_typos(texts, 1, 0, known, kinds)
        for before, after in zip(texts, changed, strict=True):
            for old, new in zip(words(before), words(after), strict=True):
                assert old == new or new.lower() not in known


def test_a_share_that_is_none_is_refused():
    with pytest.raises(ValueError, match="from 0 to 1"):
        with_typos(["film"], 1.5, 0)


def test_synonyms_are_exchanged_whole_and_keep_their_capital():
    assert with_synonyms(["A movie. Movie-goers? MOVIE!"], {"movie": "film"}) == [
        "A film. Film-goers? MOVIE!"
    ]
    assert with_synonyms(["moviegoer"], {"movie": "film"}) == ["moviegoer"]
    assert with_synonyms(["dull, boring"], {"dull": "boring", "boring": "dull"}) == ["boring, dull"]


def test_synonyms_keep_a_and_an_and_nothing_else_changes(texts):
    for before, after in zip(texts, with_synonyms(texts, SYNONYMS), strict=True):
        pairs = list(zip(words(before), words(after), strict=True))
        for (word, _), (old, new) in itertools.pairwise([("", ""), *pairs]):
            assert old == new or SYNONYMS[old.lower()] == new.lower()
            if word.lower() in ("a", "an"):
                assert (old[0].lower() in "aeiou") == (new[0].lower() in "aeiou"), before


def test_negations_turn_the_label_of_the_plain_sentence_round():
    found = {form: {} for form in ("plain", "not", "never")}
    for text, label, form in negations():
        found[form][text.split()[-1]] = label
        assert (f" {form} " in text) == (form != "plain")
    assert [len(x) for x in found.values()] == [20, 20, 20]
    assert sum(found["plain"].values()) == 10
    for form in ("not", "never"):
        assert found[form] == {word: 1 - label for word, label in found["plain"].items()}
